//! CCP and LCP are in the clear, and somebody on the path changes them: encryption stays, or the session ends.

use pptp::ppp_session;
use std::time::Duration;

use pptp::ppp::ccp::{Encryption, MicrosoftCompression};
use pptp::ppp::{Words, link};
use pptp::session::{CallEvent, Config, Reason};

use testing::pptp::{Between, Pair, To, decode_frame, decode_gre, encode_packet, frame, honest, numbered_ip};

use crate::{client_config, server_config};

const LCP: u16 = 0xc021;
const CCP: u16 = 0x80fd;
const EVERYTHING: Duration = Duration::from_secs(90);

/// Returns the one between changes the packets of one protocol that go one way, and may answer
/// them.
fn changing(protocol: u16, only: To, mut change: impl FnMut(&[u8]) -> Vec<(To, Vec<u8>)> + 'static) -> Between {
    Box::new(move |to, bytes| {
        let (found, information) = decode_frame(bytes);
        if found != protocol || to != only {
            return vec![(to, bytes.to_vec())];
        }
        change(&information).into_iter().map(|(to, information)| (to, frame(protocol, &information))).collect()
    })
}

fn other(to: To) -> To {
    if to == To::Client { To::Server } else { To::Client }
}

/// Returns each way of meddling with the negotiation ends without a packet in the clear, and
/// without IP.
fn fails(client: &Config, server: &Config, between: Between) -> [Option<Reason>; 2] {
    let mut pair =
        Pair::new(&client_config().with_session(client.clone()), &server_config().with_session(server.clone()));
    pair.between = between;
    let packets = pair.elapse(EVERYTHING);
    assert!(packets < 500, "{packets} packets");
    assert!(pair.client.events.iter().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::IpUp(_)))));
    assert!(pair.server.call_events().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::IpUp(_)))));
    for to in To::BOTH {
        assert!(pair.seal(to, &numbered_ip(60, 1)).is_err());
    }
    pair.assert_nothing_in_the_clear();
    assert!(pair.server.closed.is_some());
    pair.reasons()
}

fn is_about_encryption(reason: Option<Reason>) -> bool {
    reason.is_some_and(|reason| reason.windows_error() == Some(742))
}

#[test]
fn requests_for_weaker_keys_or_none_end_the_session() {
    let strict = Config::strict();
    for bits in [0u32, 1, 0x20, 0x80, 0xa0, 0x0100_0000, 0x0100_0001, 0x0100_0020, 0x0100_0080, 0x40] {
        for to in To::BOTH {
            // The request of the other side is changed on its way.
            let reasons = fails(
                &strict,
                &strict,
                changing(CCP, to, move |information| {
                    let mut information = information.to_vec();
                    if information[0] == 1 {
                        information.splice(4.., [&[0x12, 6][..], &bits.to_be_bytes()].concat());
                        information[3] = 10;
                    }
                    vec![(to, information)]
                }),
            );
            assert!(reasons.into_iter().any(is_about_encryption), "{bits:x} {to:?} {reasons:?}");
        }
    }
}

#[test]
fn empty_requests_rejects_and_naks_end_the_session() {
    let strict = Config::strict();
    // Nothing is asked for.
    for to in To::BOTH {
        let reasons = fails(
            &strict,
            &strict,
            changing(CCP, to, move |information| {
                let code = information[0];
                vec![(to, if code == 1 { encode_packet(1, information[1], b"") } else { information.to_vec() })]
            }),
        );
        assert!(reasons.into_iter().any(is_about_encryption), "{reasons:?}");
    }
    // The request is refused, in several ways.
    for (code, bits) in [(4, None), (3, Some(0u32)), (3, Some(1)), (3, Some(0x20)), (3, Some(0x0100_0080))] {
        for to in To::BOTH {
            let reasons = fails(
                &strict,
                &strict,
                changing(CCP, to, move |information| {
                    if information[0] != 1 {
                        return vec![(to, information.to_vec())];
                    }
                    let options = match bits {
                        None => information[4..].to_vec(),
                        Some(bits) => [&[0x12, 6][..], &bits.to_be_bytes()].concat(),
                    };
                    vec![(other(to), encode_packet(code, information[1], &options))]
                }),
            );
            assert!(reasons.into_iter().any(is_about_encryption), "{code} {bits:?} {to:?} {reasons:?}");
        }
    }
}

#[test]
fn a_server_that_has_no_ccp_or_no_encryption_is_left() {
    let strict = Config::strict();
    for encryption in [Encryption::Refused, Encryption::Passive] {
        let server = strict
            .clone()
            .with_ppp(|ppp| ppp.with_encryption(encryption).with_strengths(MicrosoftCompression::MPPE_40));
        let reasons = fails(&strict, &server, honest());
        assert!(is_about_encryption(reasons[0]), "{reasons:?}");
    }
    // Protocol-Reject, Code-Reject and Terminate-Request instead of an answer.
    for (protocol, answer) in [
        (LCP, encode_packet(8, 9, &[0x80, 0xfd, 1, 1, 0, 4])),
        (CCP, encode_packet(7, 9, &[1, 1, 0, 4])),
        (CCP, encode_packet(5, 9, b"")),
    ] {
        let reasons = fails(
            &strict,
            &strict,
            Box::new(move |to, bytes| match decode_frame(bytes) {
                (CCP, information) if information[0] == 1 => vec![(other(to), frame(protocol, &answer))],
                (CCP, _) => vec![],
                _ => vec![(to, bytes.to_vec())],
            }),
        );
        assert!(reasons.into_iter().any(is_about_encryption), "{reasons:?}");
    }
    // No answer.
    let reasons = fails(
        &strict,
        &strict,
        Box::new(|to, bytes| match decode_frame(bytes).0 {
            CCP => vec![],
            _ => vec![(to, bytes.to_vec())],
        }),
    );
    assert!(reasons.into_iter().any(is_about_encryption), "{reasons:?}");
}

/// In the running session: each of these packets ends it, or changes nothing.
#[test]
fn nothing_in_a_running_session_takes_encryption_away() {
    let option = |bits: u32| [&[0x12, 6][..], &bits.to_be_bytes()].concat();
    let mut packets = vec![
        (CCP, encode_packet(1, 200, b"")),
        (CCP, encode_packet(5, 200, b"")),
        (CCP, encode_packet(6, 200, b"")),
        (CCP, encode_packet(7, 200, &[1, 1, 0, 4])),
        (CCP, encode_packet(7, 200, &[14, 1, 0, 4])),
        (LCP, encode_packet(8, 200, &[0x80, 0xfd, 1, 1, 0, 4])),
        (LCP, encode_packet(8, 200, &[0x00, 0xfd, 1, 1, 0, 4])),
        (LCP, encode_packet(8, 200, &[0x80, 0x21, 1, 1, 0, 4])),
        (LCP, encode_packet(7, 200, &[1, 1, 0, 4])),
        (LCP, encode_packet(5, 200, b"")),
        (LCP, encode_packet(1, 200, b"")),
        (LCP, encode_packet(1, 200, &[5, 6, 1, 2, 3, 4])),
    ];
    for bits in [0, 1, 0x20, 0x40, 0x80, 0x0100_0000, 0x0100_0040, 0x0100_0020] {
        packets.extend([1, 2, 3, 4].map(|code| (CCP, encode_packet(code, 200, &option(bits)))));
    }
    let mut survived = 0;
    for (protocol, information) in packets {
        for to in To::BOTH {
            let mut pair = Pair::strict();
            pair.assert_alive();
            let _ = pair.inject(to, &frame(protocol, &information));
            for step in 0..20 {
                for to in To::BOTH {
                    // Cleartext of the attacker, and true packets: none of them goes through in the clear.
                    let _ = pair.inject(to, &frame(0x0021, &numbered_ip(90, 1)));
                    if pair.seal(to, &numbered_ip(80, step)).is_ok() {
                        pair.send(to, &numbered_ip(80, step));
                    }
                }
                pair.elapse(Duration::from_millis(700));
            }
            assert!(pair.take_delivered().iter().flatten().all(|packet| packet.len() == 80));
            pair.assert_nothing_in_the_clear();
            let reasons = pair.reasons();
            if reasons == [None, None] {
                survived += 1;
                pair.assert_alive();
            } else {
                assert!(reasons.iter().all(Option::is_some), "{information:x?} {reasons:?}");
            }
        }
    }
    assert!(survived > 20, "{survived}");
}

/// A key stream that is used twice shows what was sent: CCP that begins again with the same keys ends the session.
#[test]
fn ccp_that_begins_again_does_not_use_a_key_stream_twice() {
    for to in To::BOTH {
        let mut pair = Pair::strict();
        pair.assert_alive();
        let streams = |pair: &Pair| -> Vec<Vec<u8>> {
            let data = pair.recorded.iter().flatten().map(|packet| decode_gre(packet).2.to_vec());
            // Of the same IP packets, under the same coherency count.
            data.filter(|payload| !payload.is_empty() && decode_frame(payload).0 == 0x00fd).collect()
        };
        let request = encode_packet(1, 200, &[0x12, 6, 1, 0, 0, 0x40]);
        let _ = pair.inject(to, &frame(CCP, &request));
        pair.elapse(Duration::from_secs(5));
        for direction in To::BOTH {
            if pair.seal(direction, &numbered_ip(100, 0)).is_ok() {
                pair.send(direction, &numbered_ip(100, 0));
            }
        }
        let mut sealed = streams(&pair);
        let count = sealed.len();
        sealed.sort();
        sealed.dedup();
        assert_eq!(sealed.len(), count, "a packet was encrypted twice to the same bytes");
        let lost = Some(Reason::Ppp(ppp_session::Reason::Link(link::Reason::EncryptionLost)));
        assert!(pair.reasons().contains(&lost), "{:?}", pair.reasons());
    }
}

#[test]
fn reset_requests_in_any_number_are_answered_one_by_one() {
    for config in
        [Config::strict(), Config::strict().with_ppp(|ppp| ppp.with_modes(pptp::ppp::ccp::Modes::PreferStateful))]
    {
        let mut pair = Pair::connected(&config);
        for to in To::BOTH {
            for round in 0..2000u32 {
                let _ = pair.inject(to, &frame(CCP, &encode_packet(14, round as u8, b"")));
                if round % 100 == 0 {
                    assert!(pair.run() < 20);
                }
            }
            // Acknowledgments of what nobody asked for.
            for round in 0..2000u32 {
                let _ = pair.inject(to, &frame(CCP, &encode_packet(15, round as u8, b"")));
            }
            assert!(pair.run() < 20);
        }
        pair.assert_alive();
        pair.assert_nothing_in_the_clear();
    }
}

#[test]
fn lcp_in_mid_session_cannot_leave_authentication_out() {
    for to in To::BOTH {
        let mut pair = Pair::strict();
        pair.assert_alive();
        // From now on, no request for authentication arrives, and each is rejected in the name of the client.
        pair.between = Box::new(|to, bytes| {
            let (protocol, mut information) = decode_frame(bytes);
            if protocol != LCP || to != To::Client || information[0] != 1 {
                return vec![(to, bytes.to_vec())];
            }
            let Some(at) = information.windows(3).position(|part| part == [3, 5, 0xc2]) else {
                return vec![(to, bytes.to_vec())];
            };
            information.drain(at..at + 5);
            information[3] -= 5;
            vec![(to, frame(LCP, &information))]
        });
        let _ = pair.inject(to, &frame(LCP, &encode_packet(1, 99, b"")));
        pair.take_delivered();
        let packets = pair.elapse(EVERYTHING);
        assert!(packets < 500, "{packets}");
        assert!(pair.nothing_delivered());
        pair.assert_nothing_in_the_clear();
        assert!(pair.reasons().iter().all(Option::is_some), "{:?}", pair.reasons());
    }
}

/// Statements about encrypted packets by an attacker on the path, or by a peer that is broken.
const COMPLAINTS: [(u16, &[u8]); 2] = [(LCP, &[8, 7, 0, 8, 0x00, 0xfd, 0x90, 0]), (CCP, &[14, 7, 0, 4])];

#[test]
fn complaints_of_a_peer_that_decrypts_change_nothing() {
    for (protocol, complaint) in COMPLAINTS {
        let mut pair = Pair::strict();
        for round in 0..20 {
            for to in To::BOTH {
                // A peer whose CCP opens late may say so of everything, for a while.
                for _ in 0..if round % 2 == 0 { 10 } else { 1 } {
                    let _ = pair.inject(to, &frame(protocol, complaint));
                    pair.elapse(Duration::from_secs(1));
                    pair.assert_alive();
                }
            }
            pair.elapse(Duration::from_secs(4));
            pair.assert_alive();
        }
        assert_eq!(pair.reasons(), [None, None]);
        pair.assert_nothing_in_the_clear();
    }
}

/// pppd comes to this when packets of CCP are lost: its kernel decrypts with no key, or with another one. It says so of each
/// packet, or once a second, however many there are.
#[test]
fn a_peer_that_never_decrypts_is_left_with_a_reason() {
    for (protocol, complaint) in COMPLAINTS {
        for (deaf, pause) in To::BOTH.into_iter().flat_map(|to| [10, 400, 2000].map(|pause| (to, pause))) {
            let mut pair = Pair::strict();
            let mut waits = 0;
            pair.between = Box::new(move |to, bytes| {
                if decode_frame(bytes).0 != 0x00fd || to != deaf {
                    return vec![(to, bytes.to_vec())];
                }
                waits = if waits >= 1000 { 0 } else { waits + pause };
                if waits == 0 || pause > 400 { vec![(other(to), frame(protocol, complaint))] } else { Vec::new() }
            });
            let begin = pair.now;
            let mut end = None;
            while end.is_none() && pair.now < begin + Duration::from_secs(30) {
                if pair.seal(deaf, &numbered_ip(60, 1)).map(|packet| pair.relay(deaf, &packet)).is_err() {
                    end = Some(pair.now.saturating_sub(begin));
                }
                pair.elapse(Duration::from_millis(pause));
            }
            // It may have begun late: nothing is done about it at first.
            let end = end.expect("it goes on for ever");
            assert!((15..22).contains(&end.as_secs()), "{deaf:?} {pause} {end:?}");
            pair.elapse(Duration::from_secs(20));
            let reasons = pair.reasons();
            let (own, its) = if deaf == To::Server { (reasons[0], reasons[1]) } else { (reasons[1], reasons[0]) };
            assert_eq!(own, Some(Reason::Ppp(ppp_session::Reason::NotDecrypted)));
            assert_eq!(own.unwrap().windows_error(), Some(742));
            assert_eq!(
                its,
                Some(Reason::Ppp(ppp_session::Reason::Link(link::Reason::PeerClosed {
                    error: Some(742),
                    words: Words::NONE
                })))
            );
            pair.assert_nothing_in_the_clear();
        }
    }
}
