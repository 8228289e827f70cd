//! Passwords and control characters of a peer are never printed.

use alloc::format;
use alloc::string::String;

use crate::{Frame, Packet, Protocol, Text, chap, eap, lcp, pap};

const SECRET: &str = "wonderland";
/// Linux pppd's Authenticate-Request with the password "wonderland".
const REQUEST: &[u8] = b"\x01\x01\x00\x15\x05alice\x0awonderland";

fn shows_secret(text: &str) -> bool {
    let decimal = format!("{:?}", SECRET.as_bytes());
    text.contains(SECRET) || text.contains(&hex::encode(SECRET)) || text.contains(decimal.trim_matches(['[', ']']))
}

#[test]
fn a_password_is_not_printed_by_any_layer() {
    let pap = pap::Packet::decode(REQUEST).unwrap();
    let frame = Frame { address_control: false, compressed: false, protocol: Protocol::PAP, information: REQUEST };
    let reject = lcp::ProtocolReject { protocol: Protocol::PAP, information: REQUEST };
    let reject = lcp::Packet { identifier: 1, message: lcp::Message::ProtocolReject(reject) };
    let code_reject = lcp::Packet { identifier: 1, message: lcp::Message::CodeReject(REQUEST) };
    let token = eap::Method { method_type: eap::Type::GENERIC_TOKEN_CARD, data: SECRET.as_bytes() };
    let token = eap::Packet { identifier: 1, message: eap::Message::Response(token) };
    // A request whose password length is too small by two leaves a piece of the password behind it.
    let short: &[u8] = b"\x01\x01\x00\x15\x05alice\x00wonderland";
    let short = pap::Packet::decode(short).unwrap();
    let printed = [
        format!("{pap:?} {pap} {:?}", pap.message),
        format!("{frame:?}"),
        format!("{:?} {}", Packet::decode(REQUEST).unwrap(), Packet::decode(REQUEST).unwrap()),
        format!("{reject:?} {reject}"),
        format!("{code_reject:?} {code_reject}"),
        format!("{token:?} {token}"),
        format!("{short:?} {short}"),
    ];
    for text in &printed {
        assert!(!shows_secret(text), "{text}");
    }
    assert!(shows_secret(&format!("{:?}", SECRET.as_bytes())), "the test can see it");
}

#[test]
fn control_characters_are_escaped() {
    let evil: &[u8] = b"\x1b[2J\r\n\x00\xff\"";
    let text = Text(evil);
    let value = chap::Value { value: evil, name: text };
    let request = pap::Request { peer_id: text, password: pap::Password::new(evil), trailing: evil };
    let identification = lcp::Identification { magic_number: 1, message: text };
    let remaining = lcp::TimeRemaining { magic_number: 1, seconds: u32::MAX, message: text };
    let callback = lcp::Callback { operation: lcp::CallbackOperation::LOCATION, message: evil };
    let mut printed = [
        format!("{text} {text:?}"),
        format!("{value:?}"),
        format!("{:?}", chap::Message::Failure(text)),
        format!("{}", chap::Packet { identifier: 1, message: chap::Message::Failure(text) }),
        format!("{}", chap::Packet { identifier: 1, message: chap::Message::Response(value) }),
        format!("{request:?} {:?}", pap::Reply::new(text)),
        format!("{}", pap::Packet { identifier: 1, message: pap::Message::AuthenticateNak(pap::Reply::new(text)) }),
        format!("{}", pap::Packet { identifier: 1, message: pap::Message::AuthenticateRequest(request) }),
        format!("{identification:?} {}", lcp::Message::Identification(identification)),
        format!("{remaining:?} {}", lcp::Message::TimeRemaining(remaining)),
        format!("{callback:?} {callback}"),
        format!("{:?} {}", lcp::Message::TerminateRequest(evil), lcp::Message::TerminateAck(evil)),
        String::new(),
    ];
    let [.., last] = &mut printed;
    *last = format!("{:?}", lcp::Message::CodeReject(evil));
    for text in &printed {
        assert!(text.chars().all(|character| character.is_ascii_graphic() || character == ' '), "{text:?}");
    }
}
