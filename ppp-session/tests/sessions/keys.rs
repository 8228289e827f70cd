//! Keys that encrypted a packet never start another stream.

use std::time::Duration;

use ppp_session::ppp::auth::{Method, Methods};
use ppp_session::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use ppp_session::ppp::link;
use ppp_session::{Config, Event, ExternalKeys, Reason};

use crate::pair::{CLIENT, Pair, SERVER, frame, read};

/// Asserts that no two of the same IP packets were sealed to the same bytes. The directions are apart, since MS-CHAP version 1
/// has one key for both (RFC 3079 section 2.4).
fn assert_all_differ(pair: &Pair, what: &dyn core::fmt::Debug) {
    for sealed in &pair.sealed {
        let mut all = sealed.clone();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), sealed.len(), "a key stream began again: {what:?}");
    }
}

/// Asserts that the same IP packet is encrypted differently before and after CCP opens again. Under
/// one key stream, it would be the same bytes.
fn assert_no_stream_twice(config: &Config, strength: u8) {
    for to in [CLIENT, SERVER] {
        let mut pair = Pair::connected(config);
        pair.assert_alive();
        // A forged Configure-Request of CCP.
        let mode = u8::from(pair.ends[CLIENT].sending().to_string().contains("stateless"));
        pair.inject(to, &frame(0x80fd, &[1, 200, 0, 10, 18, 6, mode, 0, 0, strength]));
        for _ in 0..10 {
            pair.elapse(Duration::from_secs(1));
            for from in [CLIENT, SERVER] {
                pair.send(from);
            }
        }
        assert!(pair.sealed.iter().all(|sealed| !sealed.is_empty()));
        assert_all_differ(&pair, config);
    }
}

#[test]
fn no_policy_version_strength_or_mode_lets_a_stream_begin_again() {
    for encryption in [Encryption::Required, Encryption::Preferred] {
        for method in [Method::MsChapV2, Method::MsChapV1, Method::EapMsChapV2] {
            for (strength, bits) in [
                (MicrosoftCompression::MPPE_128, 0x40),
                (MicrosoftCompression::MPPE_56, 0x80),
                (MicrosoftCompression::MPPE_40, 0x20),
            ] {
                for modes in [Modes::Stateless, Modes::PreferStateful] {
                    let config = Config::strict()
                        .with_encryption(encryption)
                        .with_authentication(Methods::new(&[method]))
                        .with_strengths(strength)
                        .with_modes(modes);
                    assert_no_stream_twice(&config, bits);
                }
            }
        }
    }
}

/// RFC 3079 makes short keys of MS-CHAP version 1 from the password alone, so that another authentication makes them again.
#[test]
fn keys_of_the_password_alone_do_not_start_after_another_authentication() {
    let config = Config::strict()
        .with_encryption(Encryption::Preferred)
        .with_authentication(Methods::new(&[Method::MsChapV1]))
        .with_strengths(MicrosoftCompression::MPPE_40);
    let mut pair = Pair::connected(&config);
    pair.assert_alive();
    // LCP begins again, of its own.
    pair.inject(SERVER, &frame(0xc021, &[1, 77, 0, 4]));
    for _ in 0..20 {
        pair.elapse(Duration::from_secs(1));
        pair.send(CLIENT);
    }
    assert_all_differ(&pair, &"short keys of MS-CHAP version 1");
}

/// Where encryption is preferred, LCP begins again, and new keys carry on.
#[test]
fn a_session_with_preferred_encryption_goes_on_with_new_keys() {
    for to in [CLIENT, SERVER] {
        let mut pair = Pair::connected(&Config::strict().with_encryption(Encryption::Preferred));
        pair.assert_alive();
        pair.inject(to, &frame(0x80fd, &[1, 200, 0, 10, 18, 6, 1, 0, 0, 0x40]));
        pair.elapse(Duration::from_secs(20));
        assert_eq!(pair.reasons(), [None, None]);
        for (end, events) in pair.ends.iter().zip(&pair.events) {
            assert_eq!(end.sending().to_string(), "MPPE 128 bit, stateless");
            let ups = events.iter().filter(|event| matches!(event, Event::EncryptionUp(_))).count();
            assert!(ups >= 2 && !events.iter().any(|event| matches!(event, Event::Closed(_))), "{events:?}");
        }
        pair.assert_alive();
    }
}

/// Where encryption is required, the session ends and says why.
#[test]
fn a_session_with_required_encryption_ends() {
    let mut pair = Pair::connected(&Config::strict());
    pair.assert_alive();
    pair.inject(SERVER, &frame(0x80fd, &[1, 200, 0, 10, 18, 6, 1, 0, 0, 0x40]));
    pair.elapse(Duration::from_secs(20));
    assert!(pair.reasons().contains(&Some(Reason::Link(link::Reason::EncryptionLost))), "{:?}", pair.reasons());
}

/// Keys from outside that were used start nothing again, also when they come with another authentication.
#[test]
fn keys_from_elsewhere_that_come_again_start_nothing() {
    let keys = ExternalKeys::new(&[7; 16], &[8; 16]);
    let config =
        Config::strict().with_authentication(Methods::new(&[Method::Pap])).with_encryption(Encryption::Preferred);
    let mut server = crate::pair::server_of(&config);
    let mut client = crate::pair::client_of(&config.clone().with_encryption(Encryption::Refused));
    // The client's own encryption does not matter: CCP of the server is answered by hand.
    let mut ups = 0;
    for round in 0..2_u8 {
        let now = Duration::from_secs(u64::from(round) * 40);
        if round == 0 {
            client.open(now);
            server.open(now);
        } else {
            let _ = server.handle_frame(now, &mut frame(0xc021, &[1, 77, 0, 4]), &mut []);
        }
        let mut buf = [0; ppp_session::MAX_TRANSMIT];
        for _ in 0..20 {
            let frames: Vec<_> =
                std::iter::from_fn(|| server.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec)).collect();
            for sent in frames {
                match read(&sent) {
                    // Yes to all that the server asks of CCP, and the same asked of it.
                    (0x80fd, mut information) if information[0] == 1 => {
                        information[0] = 2;
                        let _ = server.handle_frame(now, &mut frame(0x80fd, &information), &mut []);
                        let request = [1, 9 + round, 0, 10, 18, 6, 1, 0, 0, 0x40];
                        let _ = server.handle_frame(now, &mut frame(0x80fd, &request), &mut []);
                    }
                    (0x80fd, _) => {}
                    _ => drop(client.handle_frame(now, &mut sent.clone(), &mut []).is_ok()),
                }
            }
            let frames: Vec<_> =
                std::iter::from_fn(|| client.poll_transmit(now, &mut buf).unwrap().map(<[u8]>::to_vec)).collect();
            for mut sent in frames.into_iter().filter(|sent| read(sent).0 != 0x80fd) {
                let _ = server.handle_frame(now, &mut sent, &mut []);
            }
            while let Some(event) = server.poll_event() {
                match event {
                    Event::Authenticate(question) => {
                        server.assign_address(std::net::Ipv4Addr::new(10, 0, 0, 2));
                        server.accept(now, question.ticket(), b"", Some(keys.clone())).unwrap();
                    }
                    Event::EncryptionUp(_) => ups += 1,
                    _ => {}
                }
            }
            while client.poll_event().is_some() {}
        }
        if round == 0 {
            assert_eq!(ups, 1);
            let _ = crate::pair::seal(&mut server, now, &crate::pair::ip(60, 1)).unwrap();
        }
    }
    assert_eq!(ups, 1, "the same keys started again");
}
