//! IP packets in the clear, before, in and after a session that is encrypted.

use pptp::ppp_session;
use std::time::Duration;

use pptp::ppp::ccp::Encryption;
use pptp::ppp::link;
#[cfg(feature = "mppc")]
use pptp::session::Compression;
use pptp::session::{CallEvent, Config, ReceiveError, SendError};

use testing::pptp::{PASSWORD, Pair, To, decode_frame, encode_packet, frame, honest, numbered_ip};

use crate::{client_config, server_config};

const IP: u16 = 0x0021;
const IPV6: u16 = 0x0057;
#[cfg(feature = "mppc")]
const COMPRESSED: u16 = 0x00fd;
const CCP: u16 = 0x80fd;

fn ipv6() -> Vec<u8> {
    let mut packet = vec![0; 60];
    packet[0] = 0x60;
    packet
}

/// Returns frames in the clear of every kind, with long and short headers.
fn cleartext() -> Vec<Vec<u8>> {
    vec![
        frame(IP, &numbered_ip(100, 7)),
        frame(IPV6, &ipv6()),
        [&[0x21][..], &numbered_ip(40, 7)].concat(),
        [&[0xff, 3, 0x21][..], &numbered_ip(40, 7)].concat(),
        [&[0, 0x21][..], &numbered_ip(40, 7)].concat(),
        [&[0x57][..], &ipv6()].concat(),
    ]
}

#[test]
fn cleartext_in_a_session_is_dropped_and_counted() {
    let mut pair = Pair::strict();
    pair.assert_alive();
    for to in To::BOTH {
        for round in 1..=100 {
            for frame in cleartext() {
                let error = pair.inject(to, &frame).unwrap_err();
                assert!(
                    matches!(
                        error,
                        ReceiveError::Ppp(ppp_session::ReceiveError::Link(link::Refused::NotEncrypted { .. }))
                    ),
                    "{error}"
                );
            }
            assert_eq!(pair.statistics(to).ppp.cleartext_dropped, round * 6);
        }
        assert!(pair.nothing_delivered());
    }
    pair.assert_alive();
    pair.assert_nothing_in_the_clear();
}

#[test]
fn cleartext_in_every_step_of_the_setup_is_never_delivered() {
    for to in To::BOTH {
        let mut pair = Pair::new(&client_config(), &server_config());
        // With each frame of the negotiation, cleartext of every kind goes to one side.
        pair.between = Box::new(move |genuine, bytes| {
            let mut frames = vec![(genuine, bytes.to_vec())];
            frames.extend(cleartext().into_iter().map(|frame| (to, frame)));
            frames
        });
        pair.run();
        pair.assert_connected();
        assert!(pair.nothing_delivered());
        assert!(pair.statistics(to).ppp.cleartext_dropped >= 30);
        pair.between = honest();
        pair.assert_alive();
    }
}

#[test]
fn cleartext_after_the_end_of_encryption_is_dropped() {
    for to in To::BOTH {
        let mut pair = Pair::strict();
        pair.assert_alive();
        let _ = pair.inject(to, &frame(CCP, &encode_packet(5, 77, b"")));
        for frame in cleartext() {
            assert!(pair.inject(to, &frame).is_err());
        }
        assert!(pair.nothing_delivered());
        // Nothing is sent in the clear either, in no step of the end.
        for _ in 0..40 {
            for to in To::BOTH {
                if let Ok(sealed) = pair.seal(to, &numbered_ip(100, 1)) {
                    assert!(!sealed.windows(80).any(|part| part == &numbered_ip(100, 1)[20..]));
                }
            }
            pair.elapse(Duration::from_secs(1));
        }
        assert!(pair.reasons().iter().all(Option::is_some), "{:?}", pair.reasons());
        assert!(pair.nothing_delivered());
        pair.assert_nothing_in_the_clear();
    }
}

#[test]
fn nothing_is_sent_in_the_clear_at_any_step_of_the_setup() {
    let mut pair = Pair::new(&client_config(), &server_config());
    let mut buf = [0; pptp::session::MAX_TRANSMIT];
    let mut sent = 0;
    // One packet at a time, an attempt to send after each, and events left alone as long as possible.
    let mut flight = testing::Flight::default();
    for _ in 0..600 {
        let now = pair.now;
        for to in To::BOTH {
            match pair.seal(to, &numbered_ip(100, 9)) {
                Ok(sealed) => {
                    sent += 1;
                    assert!(!sealed.windows(60).any(|part| part == &numbered_ip(100, 9)[20..80]), "in the clear");
                }
                Err(error) => assert!(
                    matches!(error, SendError::NoCall | SendError::Ppp(ppp_session::SendError::NotConnected { .. })),
                    "{error}"
                ),
            }
        }
        let control = pair.client.session.poll_control(now, &mut buf).unwrap().map(<[u8]>::to_vec);
        if let Some(bytes) = control {
            let _ = pair.server.with(|session| session.handle_stream(now, &bytes));
            continue;
        }
        let control = pair.server.with(|session| session.poll_control(now, &mut buf).unwrap().map(<[u8]>::to_vec));
        if let Some(bytes) = control {
            let _ = pair.client.session.handle_stream(now, &bytes);
            continue;
        }
        while let Some(packet) = pair.client.session.poll_tunnel(now, &mut buf).unwrap() {
            flight.put(testing::SERVER, packet.to_vec());
        }
        while let Some(packet) =
            pair.server.with(|session| session.poll_tunnel(now, &mut buf).unwrap().map(<[u8]>::to_vec))
        {
            flight.put(testing::CLIENT, packet);
        }
        if let Some((to, mut packet)) = flight.take_any() {
            if to == testing::SERVER {
                let _ = pair.server.handle_gre(now, &mut packet);
            } else {
                let _ = pair.client.session.handle_gre(now, &mut packet, &mut []);
            }
            continue;
        }
        let event = pair.server.with(pptp::server::Session::poll_event);
        if let Some(pptp::session::Event::Call {
            call,
            event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)),
        }) = event
        {
            let answer = pptp::ppp::auth::Answer::Password(PASSWORD.as_bytes());
            pair.server
                .with(|session| session.call_mut(call).unwrap().answer(now, question.ticket(), &answer))
                .unwrap();
        } else if event.is_none() {
            // An answer that a client holds for a moment.
            pair.elapse_alone(Duration::from_millis(100));
        }
    }
    assert!(sent > 50);
}

/// The peer says who it is, again and again, so that the events of the session are full when encryption comes up.
#[test]
fn a_flood_of_events_that_nobody_polls_opens_no_gap_for_cleartext() {
    for to in To::BOTH {
        for flood in 0..20 {
            let mut pair = Pair::new(&client_config(), &server_config());
            // CCP is held up.
            pair.between =
                Box::new(|to, bytes| if decode_frame(bytes).0 == CCP { vec![] } else { vec![(to, bytes.to_vec())] });
            pair.run();
            pair.between = honest();
            pair.set_polls(false);
            for _ in 0..flood {
                let _ = pair.inject(to, &frame(0xc021, &encode_packet(12, 1, b"\0\0\0\0who")));
            }
            for _ in 0..10 {
                pair.elapse(Duration::from_secs(1));
                for direction in To::BOTH {
                    if let Ok(sealed) = pair.seal(direction, &numbered_ip(100, 9)) {
                        let is_clear = sealed.windows(60).any(|part| part == &numbered_ip(100, 9)[20..80]);
                        assert!(!is_clear, "{direction:?} sends in the clear after {flood} events at {to:?}");
                    }
                }
            }
            // Everything goes on as soon as somebody looks.
            pair.set_polls(true);
            pair.elapse(Duration::from_secs(10));
            pair.assert_connected();
            pair.assert_alive();
            pair.assert_nothing_in_the_clear();
        }
    }
}

#[test]
fn preferred_encryption_that_was_agreed_on_is_as_good_as_required() {
    let config = Config::strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Preferred));
    let mut pair = Pair::connected(&config);
    for to in To::BOTH {
        for frame in cleartext() {
            assert!(pair.inject(to, &frame).is_err());
        }
        assert_eq!(pair.statistics(to).ppp.cleartext_dropped, 6);
    }
    assert!(pair.nothing_delivered());
    pair.assert_alive();
    pair.assert_nothing_in_the_clear();
}

#[test]
#[cfg(feature = "mppc")]
fn compressed_packets_that_are_not_encrypted_are_dropped() {
    for compression in [Compression::Off, Compression::Fast] {
        let mut pair = Pair::connected(&Config::strict().with_ppp(|ppp| ppp.with_compression(compression)));
        for to in To::BOTH {
            // Headers of RFC 2118 with every combination of bits but the one of encryption, and
            // literal bytes behind.
            for bits in (0..16u8).filter(|bits| bits & 1 == 0) {
                for count in [0, 1, 7] {
                    let sealed = [&[bits << 4, count][..], &[0, 0x21], &numbered_ip(60, 3)].concat();
                    assert!(pair.inject(to, &frame(COMPRESSED, &sealed)).is_err());
                }
            }
        }
        assert!(pair.nothing_delivered());
        pair.assert_alive();
    }
    // Without CCP, too.
    let mut pair = Pair::new(&client_config(), &server_config());
    pair.server.answers = false;
    pair.run();
    for to in To::BOTH {
        assert!(pair.inject(to, &frame(COMPRESSED, &[0x20, 0, 0, 0x21, 0x45])).is_err());
    }
    assert!(pair.nothing_delivered());
}
