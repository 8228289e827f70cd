//! The peer's own words are in the reason, escaped and cut.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::{Failure, Method, Methods, Secret};
use crate::link::{Config, Event, Link, Reason};
use crate::{Words, eap, ipcp, lcp};

const NOW: Duration = Duration::ZERO;

/// A client whose LCP is open, and what it has sent.
struct Client {
    link: Link,
    sent: Vec<Vec<u8>>,
    closed: Option<Reason>,
}

impl Client {
    /// `wanted` is the server's option of LCP for authentication.
    fn new(wanted: &[u8]) -> Self {
        let methods = [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap];
        let lcp = lcp::Config::default().with_own_authentication(Methods::new(&methods));
        let config = Config::default().with_lcp(lcp).with_ipcp(ipcp::Config::default());
        let mut client = Self { link: Link::new(&config, [1; 32]), sent: Vec::new(), closed: None };
        client.link.open(NOW);
        client.link.up(NOW);
        client.settle();
        client.acknowledge(0xc021);
        client.hear(0xc021, 1, 7, wanted);
        client
    }

    /// Takes what the server sends.
    fn hear(&mut self, protocol: u16, code: u8, identifier: u8, data: &[u8]) {
        let length = u16::try_from(data.len() + 4).unwrap().to_be_bytes();
        let frame = [&[0xff, 3][..], &protocol.to_be_bytes(), &[code, identifier], &length, data].concat();
        self.link.handle_frame(NOW, &frame).unwrap();
        self.settle();
    }

    fn settle(&mut self) {
        let mut buf = [0; Link::MAX_TRANSMIT];
        loop {
            while let Some(frame) = self.link.poll_transmit(NOW, &mut buf).unwrap() {
                self.sent.push(frame.to_vec());
            }
            match self.link.poll_event() {
                None => return,
                Some(Event::Prove(demand)) => {
                    // An expired password is not replaced, and nobody tries another one.
                    let _ = self.link.prove(NOW, demand.ticket(), b"alice", &Secret::Password(b"wonderland"));
                }
                Some(Event::Closed(reason)) => self.closed = Some(reason),
                Some(_) => {}
            }
        }
    }

    /// The last packet of a protocol: code, identifier, data.
    fn last(&self, protocol: u16) -> (u8, u8, Vec<u8>) {
        let found = self.sent.iter().rev().find_map(|frame| {
            let frame = crate::Frame::decode(frame).unwrap();
            (frame.protocol.0 == protocol).then(|| frame.information.to_vec())
        });
        let packet = found.expect("a packet of that protocol");
        (packet[0], packet[1], packet[4..].to_vec())
    }

    /// Acknowledges the last Configure-Request.
    fn acknowledge(&mut self, protocol: u16) {
        let (code, identifier, options) = self.last(protocol);
        assert_eq!(code, 1);
        self.hear(protocol, 2, identifier, &options);
    }

    /// Takes the line away: why it was at its end.
    fn reason(mut self) -> Reason {
        self.link.down(NOW);
        self.settle();
        self.closed.expect("the end")
    }
}

fn said(text: &[u8]) -> Reason {
    let mut client = Client::new(&[]);
    client.hear(0xc021, 5, 9, text);
    client.reason()
}

#[test]
fn rfc1661_section_5_5_the_text_of_a_terminate_request_is_in_the_reason() {
    // The last has the zero of a C string.
    for text in [&b"MPPE required but not available"[..], b"User request", b"User request\0", b"User request\r\n"] {
        let expected = core::str::from_utf8(text).unwrap().trim_end_matches(['\0', '\r', '\n']);
        let reason = said(text);
        assert_eq!(reason, Reason::PeerClosed { error: None, words: Words::new(expected.as_bytes()) });
        assert_eq!(reason.to_string(), alloc::format!("closed by the peer: \"{expected}\""));
        assert_eq!(reason.windows_error(), None);
    }
    assert_eq!(said(b"").to_string(), "closed by the peer");
    assert_eq!(said(b"\0\0").to_string(), "closed by the peer");
}

#[test]
fn words_are_escaped_and_cut() {
    assert_eq!(said(b"\x1b[2J\"\xff").to_string(), r#"closed by the peer: "\x1b[2J\"\xff""#);
    let Reason::PeerClosed { words, .. } = said(&[b'x'; 1400]) else { panic!("another reason") };
    assert_eq!(words.as_bytes(), [b'x'; Words::MAX_LEN]);
    assert_eq!(alloc::format!("{:?}", Words::new(b"a\nb")), r#""a\nb""#);
}

/// Microsoft's number is no text.
#[test]
fn a_number_of_microsoft_is_a_number_and_no_words() {
    let data = *b"\x00\x00\x00\x01\x00\x3c\xcd\x74\x00\x00\x02\x00";
    assert_eq!(said(&data), Reason::PeerClosed { error: Some(0x0200), words: Words::NONE });
}

#[test]
fn rfc1334_section_2_2_2_the_text_of_a_nak_is_in_the_reason() {
    let mut client = Client::new(&[3, 4, 0xc0, 0x23]);
    let (_, identifier, _) = client.last(0xc023);
    client.hear(0xc023, 3, identifier, b"\x0fLogin incorrect");
    let reason = client.reason();
    let words = Words::new(b"Login incorrect");
    assert_eq!(reason, Reason::Authentication(Failure::Refused { method: Method::Pap, code: None, words }));
    assert_eq!(reason.to_string(), "the peer refused our authentication by PAP: \"Login incorrect\"");
    assert_eq!(reason.windows_error(), Some(691));
}

#[test]
fn rfc1994_section_4_2_the_text_of_a_failure_is_in_the_reason() {
    let mut client = Client::new(&[3, 5, 0xc2, 0x23, 5]);
    client.hear(0xc223, 1, 3, b"\x10ABCDEFGHIJKLMNOPserver");
    client.hear(0xc223, 4, 3, b"No dial-in after six");
    let reason = client.reason();
    assert_eq!(reason.to_string(), "the peer refused our authentication by CHAP-MD5: \"No dial-in after six\"");
}

/// Whether it ends at once, or the server hangs up though it would hear another proof: the first refusal and its words stay.
#[cfg(feature = "mschap")]
#[test]
fn rfc2759_section_6_the_message_of_a_failure_is_in_the_reason() {
    for (text, hangs_up, expected) in [
        (
            &b"E=691 R=0 C=00112233445566778899aabbccddeeff V=3 M=Access denied"[..],
            false,
            ", error 691: \"Access denied\"",
        ),
        (b"E=691 R=1 C=00112233445566778899aabbccddeeff V=3 M=Access denied", true, ", error 691: \"Access denied\""),
        (b"E=647 R=0 V=3 M=Ask Carol", false, ", error 647: \"Ask Carol\""),
        (b"E=691 R=0", false, ", error 691"),
        (b"Authentication failure", false, ": \"Authentication failure\""),
    ] {
        let mut client = Client::new(&[3, 5, 0xc2, 0x23, 0x81]);
        client.hear(0xc223, 1, 3, b"\x10ABCDEFGHIJKLMNOPserver");
        client.hear(0xc223, 4, 3, text);
        if hangs_up {
            client.hear(0xc021, 5, 9, b"Authentication failed");
        }
        let text = alloc::format!("the peer refused our authentication by MS-CHAP-V2{expected}");
        assert_eq!(client.reason().to_string(), text);
    }
}

/// RFC 3748 section 4.2: Failure has no text. A Notification before it has the text for people.
#[test]
fn rfc3748_section_5_2_the_last_notification_is_in_the_reason() {
    let mut client = Client::new(&[3, 4, 0xc2, 0x27]);
    client.hear(0xc227, 1, 3, b"\x01");
    client.hear(0xc227, 1, 4, b"\x02Your time is up");
    client.hear(0xc227, 4, 4, b"");
    assert_eq!(client.reason().to_string(), "the peer refused our authentication by EAP: \"Your time is up\"");
}

/// pppd ends a link when its EAP is answered with a Nak.
#[test]
fn rfc3748_section_5_3_1_a_server_that_hangs_up_behind_a_nak_had_no_common_type() {
    for goodbye in [&b""[..], b"Authentication failed"] {
        let mut client = Client::new(&[3, 4, 0xc2, 0x27]);
        client.hear(0xc227, 1, 0, b"\x01");
        client.hear(0xc227, 1, 1, &[eap::Type::TLS.0, 0x20]);
        assert_eq!(client.last(0xc227), (2, 1, [eap::Type::NAK.0, eap::Type::MD5_CHALLENGE.0].to_vec()));
        client.hear(0xc021, 5, 9, goodbye);
        let reason = client.reason();
        assert!(matches!(reason, Reason::Authentication(Failure::NoCommonEapType { .. })), "{reason}");
        assert_eq!(reason.to_string(), "no common type of EAP: we offer MD5-Challenge, the peer TLS");
    }
}

/// When the server takes the type that the Nak names, what comes of that is the reason.
#[test]
fn rfc3748_section_5_3_1_a_type_that_was_given_up_is_no_reason() {
    let mut client = Client::new(&[3, 4, 0xc2, 0x27]);
    client.hear(0xc227, 1, 1, &[eap::Type::TLS.0, 0x20]);
    client.hear(0xc227, 1, 2, &[&[eap::Type::MD5_CHALLENGE.0, 16][..], &[5; 16]].concat());
    client.hear(0xc021, 5, 9, b"Lunch");
    assert_eq!(client.reason().to_string(), "closed by the peer: \"Lunch\"");
}

/// pppd says there why it has no use for IPCP.
#[test]
fn rfc1661_section_5_5_the_text_of_ipcps_terminate_request_is_in_the_reason() {
    let mut client = Client::new(&[]);
    client.hear(0x8021, 1, 1, &[3, 6, 10, 0, 0, 1]);
    let (_, identifier, _) = client.last(0x8021);
    client.hear(0x8021, 3, identifier, &[3, 6, 10, 0, 0, 2]);
    client.acknowledge(0x8021);
    assert!(client.link.ip().is_some());
    client.hear(0x8021, 5, 9, b"Unauthorized remote IP address");
    while client.closed.is_none() {
        let at = client.link.poll_timeout().expect("a deadline");
        client.link.handle_timeout(at);
        client.settle();
        if at > Duration::from_secs(60) {
            break;
        }
    }
    let words = Words::new(b"Unauthorized remote IP address");
    assert_eq!(client.closed, Some(Reason::IpClosed { words }));
    let text = client.closed.unwrap().to_string();
    assert_eq!(text, "IPCP: closed by the peer: \"Unauthorized remote IP address\"");
}
