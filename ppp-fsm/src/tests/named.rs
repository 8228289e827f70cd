//! The text of numbers, lists and errors, and values that leave the types of this crate.

use alloc::format;
use alloc::string::ToString;

use crate::auth::{Answer, Method, Methods, Presented, Secret, Ticket};
use crate::ccp::{Encryption, MicrosoftCompression};
use crate::lcp::{Echo, FcsAlternatives, Message, ProtocolReject, TimeRemaining};
use crate::negotiate::Reason;
use crate::{ExpectedLength, Field, Protocol, Text, ccp, eap, ipcp, lcp};

#[test]
fn every_field_has_its_name() {
    let names = [
        (Field::RejectedProtocol, "rejected protocol"),
        (Field::PeerIdLength, "peer id length"),
        (Field::PasswordLength, "password length"),
        (Field::Password, "password"),
    ];
    for (field, name) in names {
        assert_eq!(field.to_string(), name);
    }
    assert_eq!(ExpectedLength::AtLeast(3).to_string(), "at least 3");
}

/// RFC 1334 section 2.2.1: a request of PAP that is cut short says in which field.
#[test]
fn rfc1334_section_2_2_1_a_request_that_is_cut_short_names_the_field() {
    let whole: &[u8] = b"\x01\x01\x00\x0f\x05alice\x04abcd";
    for (length, field) in [(4, "peer id length"), (7, "peer id"), (10, "password length"), (12, "password")] {
        let mut cut = whole[..length].to_vec();
        cut[3] = u8::try_from(length).unwrap();
        let error = crate::pap::Packet::decode(&cut).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}

#[test]
fn policies_and_offers_are_printed() {
    let policies = [Encryption::Required, Encryption::Preferred, Encryption::Passive, Encryption::Refused];
    let names = policies.map(|policy| policy.to_string());
    assert_eq!(names, ["required", "preferred", "passive", "refused"]);
    assert_eq!(format!("{:>9}", Encryption::Passive), "  passive");
    let failure = ccp::Failure::EncryptionRequired { allowed: MicrosoftCompression::MPPE_128, offered: None };
    assert!(failure.to_string().ends_with("the peer offers none"));
    let required = Methods::new(&[Method::Pap]);
    let failure = lcp::Failure::AuthenticationRefused { required, offered: None };
    assert!(failure.to_string().ends_with("the peer offers none"), "{failure}");
    assert_eq!(Reason::<lcp::Failure>::PeerClosed.to_string(), "closed by the peer");
    assert_eq!(Methods::NONE.to_string(), "none");
}

#[test]
fn methods_with_keys_are_those_of_ms_chap_in_their_order() {
    let all = [Method::Pap, Method::MsChapV2, Method::Eap, Method::EapMsChapV2, Method::ChapMd5, Method::MsChapV1];
    let keyed = [Method::MsChapV2, Method::EapMsChapV2, Method::MsChapV1];
    assert!(Methods::new(&all).with_keys().iter().eq(keyed));
    assert!(Methods::new(&[Method::Pap]).with_keys().is_empty());
    assert_eq!(Method::MsChapV1.eap_type(), None);
    let types = Methods::new(&all).eap_types();
    assert!(types.contains(eap::Type::MD5_CHALLENGE) && !types.contains(eap::Type::IDENTITY));
}

#[test]
fn answers_and_secrets_are_not_printed() {
    let answers = [
        Answer::Password(b"wonderland"),
        Answer::Accept(b"wonderland"),
        Answer::Reject(b"wonderland"),
        Answer::EapRequest(b"wonderland"),
    ];
    assert_eq!(format!("{answers:?}"), "[Password(..), Accept(..), Reject(..), EapRequest(..)]");
    assert_eq!(format!("{:?}", Secret::Password(b"wonderland")), "Secret(..)");
}

/// RFC 3748 section 5.1: only an Identity says the name.
#[test]
fn rfc3748_section_5_1_a_response_of_another_type_has_no_name() {
    let packet: &[u8] = &[2, 1, 0, 6, 1, b'x'];
    let identity = Presented::Eap { packet, method_type: eap::Type::IDENTITY };
    assert_eq!(identity.name().map(|name| name.0), Some(&b"x"[..]));
    let other = Presented::Eap { packet, method_type: eap::Type::MD5_CHALLENGE };
    assert!(other.name().is_none());
}

#[test]
fn a_ticket_goes_to_another_process_and_back() {
    assert_eq!(Ticket::new(7).get(), 7);
    assert_ne!(Ticket::new(7), Ticket::new(8));
    assert_eq!(u16::from(Protocol::from(0xc021_u16)), 0xc021);
    let text = Text::from("alice");
    assert_eq!(text.as_ref(), b"alice");
}

/// RFC 1570 sections 1.2 and 2.1, RFC 1661 sections 5.7 and 5.8.
#[test]
fn packets_of_lcp_are_printed_without_the_bytes_of_others() {
    let remaining = TimeRemaining { magic_number: 1, seconds: 90, message: Text(b"soon") };
    assert_eq!(Message::TimeRemaining(remaining).to_string(), "magic 0x00000001 90 s \"soon\"");
    let reject = ProtocolReject { protocol: Protocol::PAP, information: b"wonderland" };
    assert_eq!(format!("{reject:?}"), "ProtocolReject { protocol: Protocol(0xc023 PAP), information: 10 bytes }");
    let echo = Echo { magic_number: 1, data: b"wonderland" };
    assert_eq!(format!("{echo:?}"), "Echo(magic 0x00000001, 10 bytes)");
}

/// RFC 1570 section 2.1: alternatives of the check sequence are bits.
#[test]
fn rfc1570_section_2_1_alternatives_are_printed_by_name_and_unknown_bits_as_a_number() {
    let both = FcsAlternatives::FCS_16.union(FcsAlternatives::FCS_32);
    assert_eq!(both.bits(), FcsAlternatives::FCS_16.bits() | FcsAlternatives::FCS_32.bits());
    assert_eq!(format!("{both:?}"), "FcsAlternatives(16 bit, 32 bit)");
    let unknown = FcsAlternatives::from_bits(0x10).union(FcsAlternatives::NULL);
    assert_eq!(unknown.to_string(), "null, 0x10");
    let option = lcp::ConfigurationOption::FcsAlternatives(both);
    assert_eq!(option.option_type(), lcp::OptionType::FCS_ALTERNATIVES);
}

/// RFC 1332 section 4: the slot id is compressed, or not, and other values survive.
#[test]
fn rfc1332_section_4_the_slot_id_of_van_jacobson_is_printed() {
    for (comp_slot_id, text) in
        [(0, "VJ 16 slots"), (1, "VJ 16 slots, slot id compressed"), (7, "VJ 16 slots, slot id compression 7")]
    {
        let protocol = ipcp::IpCompressionProtocol::VanJacobson { max_slot_id: 15, comp_slot_id };
        assert_eq!(protocol.to_string(), text);
    }
}
