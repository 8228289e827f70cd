//! PPP: frames, packets, options.

use ppp_fsm::{DecodeError, Frame, Options, Packet, ccp, chap, eap, ipcp, ipv6cp, lcp, pap};

/// Asserts that any bytes give an error, or a frame that is written back to the same bytes.
///
/// # Panics
///
/// When that does not hold.
pub fn frame(data: &[u8]) {
    let Ok(frame) = Frame::decode(data) else { return };
    assert!(frame.protocol.is_valid());
    assert_eq!(frame.to_vec().as_deref(), Ok(data));
    packets(frame.information);
}

/// Asserts that any bytes give a packet of each protocol, or an error.
///
/// # Panics
///
/// When that does not hold.
pub fn packet(data: &[u8]) {
    packets(data);
}

fn packets(data: &[u8]) {
    let packet = Packet::decode(data);
    if let Ok(packet) = packet {
        assert_eq!(packet.to_vec().as_deref(), Ok(data));
        shown(&packet);
        check_options(packet.data);
    }
    // A value that is read again after it was written is the same; padding is left out.
    if let Ok(packet) = lcp::Packet::decode(data) {
        let bytes = packet.to_vec().expect("what was read can be written");
        assert_eq!(lcp::Packet::decode(&bytes), Ok(packet));
        shown(&packet);
    }
    if let Ok(packet) = chap::Packet::decode(data) {
        let bytes = packet.to_vec().expect("what was read can be written");
        assert_eq!(chap::Packet::decode(&bytes), Ok(packet));
        shown(&packet);
    }
    if let Ok(packet) = pap::Packet::decode(data) {
        let bytes = packet.to_vec().expect("what was read can be written");
        assert!(pap::Packet::decode(&bytes).is_ok());
        assert!(data.starts_with(&bytes));
        shown(&packet);
    }
    if let Ok(packet) = eap::Packet::decode(data) {
        let bytes = packet.to_vec().expect("what was read can be written");
        assert_eq!(eap::Packet::decode(&bytes), Ok(packet));
        shown(&packet);
        if let eap::Message::Request(method) | eap::Message::Response(method) = packet.message {
            let _ = method.md5_challenge();
            assert!(method.desired_types().count() <= method.data.len());
        }
    }
    if let Some(termination) = lcp::MicrosoftTermination::decode(data) {
        assert!(data.starts_with(&termination.to_bytes()));
    }
}

/// Asserts that text from a peer is printed escaped.
fn shown(value: &(impl std::fmt::Display + std::fmt::Debug)) {
    for text in [value.to_string(), format!("{value:?}")] {
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
    }
}

/// Asserts that any bytes give options of each protocol and an end, and nothing after an error.
///
/// # Panics
///
/// When that does not hold.
pub fn options(data: &[u8]) {
    check_options(data);
}

fn check_options(data: &[u8]) {
    let mut options = Options::new(data);
    let mut length = 0;
    // Each option is two bytes at least.
    for _ in 0..=data.len() / 2 + 1 {
        assert_eq!(options.offset(), length);
        match options.next() {
            Some(Ok(raw)) => {
                length += raw.data.len() + 2;
                macro_rules! check {
                    ($protocol:ident) => {
                        match $protocol::ConfigurationOption::decode(raw) {
                            Ok(option) => {
                                // A length that the RFC does not know may be written as it should be.
                                let bytes = option.to_vec().expect("what was read can be written");
                                let again = Options::new(&bytes).next().expect("an option").expect("a whole one");
                                assert_eq!($protocol::ConfigurationOption::decode(again), Ok(option));
                                shown(&option);
                            }
                            Err(error) => assert!(matches!(error, DecodeError::OptionLength { .. }), "{error}"),
                        }
                    };
                }
                check!(lcp);
                check!(ipcp);
                check!(ipv6cp);
                check!(ccp);
            }
            Some(Err(_)) => {
                assert_eq!(options.next(), None);
                return;
            }
            None => {
                assert_eq!(length, data.len());
                return;
            }
        }
    }
    panic!("more options than bytes");
}
