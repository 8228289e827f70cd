//! A server that is not the one it says it is, and a client that is not.

use pptp::ppp_session;
use std::time::Duration;

use pptp::ppp::auth::{Failure, Method, Methods};
use pptp::ppp::ccp::Encryption;
use pptp::ppp::link;
use pptp::session::{CallEvent, Config, ExternalKeys, Reason};

use testing::pptp::{Host, PASSWORD, Pair, To, decode_frame, decode_gre, encode_packet, frame, numbered_ip};

use crate::{client_config, server_config};

const LCP: u16 = 0xc021;
const PAP: u16 = 0xc023;
const CHAP: u16 = 0xc223;
const EAP: u16 = 0xc227;
const EVERYTHING: Duration = Duration::from_secs(90);

fn ended(pair: &mut Pair) -> [Option<Reason>; 2] {
    let packets = pair.elapse(EVERYTHING);
    assert!(packets < 500, "{packets} packets");
    assert!(pair.client.events.iter().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::IpUp(_)))));
    pair.reasons()
}

/// Asserts that no frame to the server holds the password.
fn assert_password_kept(pair: &Pair) {
    for packet in pair.recorded.iter().flatten() {
        assert!(!packet.windows(10).any(|part| part == PASSWORD.as_bytes()));
    }
}

#[test]
fn a_server_that_wants_the_password_in_the_clear_does_not_get_it() {
    for method in [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::Eap] {
        let weak = Config::interop()
            .with_ppp(|ppp| ppp.with_authentication(Methods::new(&[method])).with_encryption(Encryption::Refused));
        let mut pair = Pair::new(&client_config(), &server_config().with_session(weak.clone()));
        let reasons = ended(&mut pair);
        assert!(reasons.iter().all(Option::is_some), "{method} {reasons:?}");
        assert_password_kept(&pair);
        // Nor is anything of the method sent.
        for packet in &pair.recorded[1] {
            let (_, _, payload) = decode_gre(packet);
            assert!(payload.is_empty() || ![PAP, CHAP, EAP].contains(&decode_frame(payload).0), "{method}");
        }
    }
}

/// Somebody on the path changes the method that the server asks for.
#[test]
fn a_request_for_pap_in_the_name_of_the_server_is_refused() {
    let mut pair = Pair::new(&client_config(), &server_config());
    pair.between = Box::new(|to, bytes| {
        let (protocol, mut information) = decode_frame(bytes);
        if let Some(at) = information.windows(4).position(|part| part == [3, 5, 0xc2, 0x23]) {
            if protocol == LCP && to == To::Client && information[0] == 1 {
                information.splice(at..at + 5, [3, 4, 0xc0, 0x23]);
                information[3] -= 1;
                return vec![(to, frame(LCP, &information))];
            }
        }
        vec![(to, bytes.to_vec())]
    });
    let reasons = ended(&mut pair);
    assert!(reasons.iter().all(Option::is_some), "{reasons:?}");
    assert_password_kept(&pair);
}

#[test]
fn a_server_that_asks_for_no_authentication_is_left() {
    let open = Config::strict()
        .with_ppp(|ppp| ppp.with_authentication(Methods::new(&[])).with_encryption(Encryption::Refused));
    let mut pair = Pair::new(&client_config(), &server_config().with_session(open.clone()));
    let reasons = ended(&mut pair);
    assert_eq!(reasons[0].unwrap().windows_error(), Some(742), "{reasons:?}");
}

/// RFC 2759 section 5: who does not know the password cannot say `S=…`.
#[test]
fn a_server_without_the_proof_of_its_own_is_left_with_error_778() {
    let proofs: [&[u8]; 6] = [
        b"",
        b"welcome",
        b"S=",
        b"S=0000000000000000000000000000000000000000",
        b"S=00000000000000000000000000000000000000000000 M=welcome",
        b"M=welcome",
    ];
    for proof in proofs {
        let mut pair = Pair::new(&client_config(), &server_config());
        pair.between = Box::new(move |to, bytes| {
            let (protocol, information) = decode_frame(bytes);
            if protocol == CHAP && information[0] == 3 {
                return vec![(to, frame(CHAP, &encode_packet(3, information[1], proof)))];
            }
            vec![(to, bytes.to_vec())]
        });
        let reasons = ended(&mut pair);
        let expected = Reason::Ppp(ppp_session::Reason::Link(link::Reason::Authentication(Failure::NoMutualProof)));
        assert_eq!(reasons[0], Some(expected), "{}", proof.escape_ascii());
        assert_eq!(expected.windows_error(), Some(778));
    }
    // A Success before anything was proved is none.
    let mut pair = Pair::new(&client_config(), &server_config());
    pair.between = Box::new(|to, bytes| {
        let (protocol, information) = decode_frame(bytes);
        match protocol {
            CHAP if information[0] == 1 => {
                let success = encode_packet(3, information[1], b"S=0000000000000000000000000000000000000000");
                vec![(to, frame(CHAP, &success)), (to, bytes.to_vec())]
            }
            _ => vec![(to, bytes.to_vec())],
        }
    });
    pair.run();
    pair.assert_connected();
}

#[test]
fn a_challenge_that_is_reflected_is_not_answered() {
    let mut pair = Pair::new(&client_config(), &server_config());
    // The server gets its own question, and no answer to it.
    pair.between = Box::new(|to, bytes| match decode_frame(bytes).0 {
        CHAP if to == To::Client => vec![(To::Server, bytes.to_vec())],
        _ => vec![(to, bytes.to_vec())],
    });
    let reasons = ended(&mut pair);
    assert!(reasons.iter().all(Option::is_some), "{reasons:?}");
    for packet in &pair.recorded[0] {
        let (_, _, payload) = decode_gre(packet);
        // The server has sent questions, and no answer (2).
        assert!(payload.is_empty() || decode_frame(payload).0 != CHAP || decode_frame(payload).1[0] == 1);
    }
    assert!(
        pair.server.call_events().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::PeerAuthenticated)))
    );
}

#[test]
fn an_answer_that_was_recorded_is_no_proof_in_another_session() {
    let recorded = Pair::strict().recorded;
    let answers: Vec<_> = recorded[1].iter().map(|packet| decode_gre(packet).2.to_vec()).collect();
    let answer = answers.into_iter().find(|payload| !payload.is_empty() && decode_frame(payload).0 == CHAP).unwrap();
    let mut pair = Pair::new(&client_config(), &server_config());
    // Another server, with another question.
    pair.server = Host::new(&server_config(), [99; 32], false);
    pair.between = Box::new(move |to, bytes| match decode_frame(bytes).0 {
        CHAP if to == To::Server => vec![(to, answer.clone())],
        _ => vec![(to, bytes.to_vec())],
    });
    let reasons = ended(&mut pair);
    assert!(reasons.iter().all(Option::is_some), "{reasons:?}");
    assert!(
        pair.server.call_events().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::PeerAuthenticated)))
    );
}

/// Network protocols before the proof: nothing of them is answered, and no address is given away.
#[test]
fn a_client_that_does_not_prove_itself_gets_nothing() {
    let mut pair = Pair::new(&client_config(), &server_config());
    pair.server.answers = false;
    pair.run();
    let before = pair.recorded[0].len();
    for number in 0..100 {
        for protocol in [0x8021, 0x80fd, 0x8057] {
            let _ = pair.inject(To::Server, &frame(protocol, &encode_packet(1, number, b"")));
            let _ = pair.inject(To::Server, &frame(protocol, &encode_packet(2, number, b"")));
        }
        let _ = pair.inject(To::Server, &frame(CHAP, &encode_packet(3, number, b"S=")));
        let _ = pair.inject(To::Server, &frame(0x0021, &numbered_ip(60, 1)));
    }
    pair.run();
    assert!(pair.nothing_delivered());
    assert!(pair.recorded[0].len() - before < 10);
    let reasons = ended(&mut pair);
    assert!(reasons[1].is_some(), "{reasons:?}");
}

/// Keys of one user are not those of the next: LCP begins again, and another way to the keys is taken.
#[test]
fn keys_from_elsewhere_end_with_the_authentication_that_they_came_with() {
    let config = Config::strict().with_ppp(|ppp| ppp.with_authentication(Methods::new(&[Method::MsChapV1])));
    let mut pair =
        Pair::new(&client_config().with_session(config.clone()), &server_config().with_session(config.clone()));
    pair.server.answers = false;
    pair.run();
    let (call, question) = pair.server.question.take().unwrap();
    // The proof is taken for good, and the keys are not the client's.
    let keys = ExternalKeys::new(&[7; 16], &[9; 16]);
    let now = pair.now;
    pair.server
        .with(|session| session.call_mut(call).unwrap().accept(now, question.ticket(), b"", Some(keys)))
        .unwrap();
    pair.run();
    pair.assert_connected();
    pair.send(To::Server, &numbered_ip(60, 1));
    assert!(pair.nothing_delivered());
    // Again, and this time with the password.
    pair.server.answers = true;
    let _ = pair.inject(To::Client, &frame(LCP, &encode_packet(1, 9, &[5, 6, 9, 9, 9, 9])));
    pair.elapse(Duration::from_secs(5));
    pair.assert_connected();
    pair.assert_alive();
}
