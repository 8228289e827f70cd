//! RFC 2661 section 4.3: which vector hides which AVP, and what becomes of those that nobody can read.

use l2tp_wire::avp::{Avp, Visibility};
use l2tp_wire::code::{AttributeType, MessageType, VendorId};
use l2tp_wire::error::Unreadable;
use l2tp_wire::header::Control;
use l2tp_wire::hide::{HidingKey, reveal};
use l2tp_wire::message::v2;
use l2tp_wire::{DecodeError, Message, Secret, Version};

const SECRET: &[u8] = b"opensesame";

/// Returns one AVP: bits (8 is M, 4 is H), vendor, attribute, value.
fn avp(bits: u8, vendor: u8, attribute: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len() + 6).unwrap() | u16::from(bits) << 12;
    [&length.to_be_bytes()[..], &[0, vendor, 0, attribute], value].concat()
}

/// Returns a hidden AVP of vendor 0.
fn hidden(bits: u8, attribute: u8, vector: &[u8], value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    let mut plain = [&length, value, b"padding"].concat();
    let key = HidingKey::v2(&Secret::new(SECRET).unwrap());
    key.hide(AttributeType::new(attribute.into()), vector, &mut plain);
    avp(bits | 4, 0, attribute, &plain)
}

fn message(avps: &[Vec<u8>]) -> Vec<u8> {
    let body = avps.concat();
    let length = u16::try_from(body.len() + 12).unwrap().to_be_bytes();
    [&[0xc8, 2], &length[..], &[0; 8], &body].concat()
}

/// Returns the AVPs of a message, with the secret.
fn revealed(bytes: &mut [u8]) -> Vec<Avp<'_>> {
    let key = HidingKey::v2(&Secret::new(SECRET).unwrap());
    let (_, avps) = reveal(bytes, &key).unwrap();
    avps.map(Result::unwrap).collect()
}

#[test]
fn the_closest_vector_before_an_avp_counts() {
    let mut bytes = message(&[
        avp(8, 0, 0, &[0, 1]),
        avp(8, 0, 36, b"first"),
        hidden(8, 9, b"first", &[0x1c, 0x2a]),
        avp(8, 0, 36, b"the second one"),
        hidden(0, 8, b"the second one", b"xelerance.com"),
        avp(8, 0, 7, b"lac"),
        // A vendor's attribute 36 is no Random Vector.
        avp(0, 9, 36, b"another"),
        hidden(8, 3, b"the second one", &[0, 0, 0, 3]),
        // RFC 2661 section 4.4.1: one of no bytes is one, too.
        avp(8, 0, 36, b""),
        hidden(0, 6, b"", &[6, 0x90]),
    ]);
    let key = HidingKey::v2(&Secret::new(SECRET).unwrap());
    let (_, avps) = reveal(&mut bytes, &key).unwrap();
    let Message::V2(v2::Message::StartControlConnectionRequest(request)) =
        Message::decode(Version::V2, avps).unwrap().message
    else {
        panic!("another message")
    };
    assert_eq!(request.assigned_tunnel_id, 0x1c2a);
    assert_eq!(request.vendor_name.unwrap().as_bytes(), b"xelerance.com");
    assert_eq!(request.framing_capabilities.bits(), 3);
    assert_eq!(request.firmware_revision, Some(0x690));
}

#[test]
fn without_a_secret_only_the_mandatory_matter() {
    let vector = avp(8, 0, 36, b"vector");
    let optional = [
        avp(8, 0, 0, &[0, 1]),
        avp(8, 0, 7, b"lac"),
        avp(8, 0, 9, &[0, 7]),
        vector.clone(),
        hidden(8, 8, b"vector", b"name"),
    ];
    let bytes = message(&optional);
    let decoded = Message::decode(Version::V2, Control::decode(&bytes).unwrap().avps()).unwrap();
    assert_eq!(decoded.message, v2::StartControlConnectionRequest::new("lac".into(), 7).into());
    assert_eq!(decoded.refusal, None);

    let bytes = message(&[avp(8, 0, 0, &[0, 1]), avp(8, 0, 7, b"lac"), vector, hidden(8, 9, b"vector", &[0, 7])]);
    let error = Message::decode(Version::V2, Control::decode(&bytes).unwrap().avps()).unwrap_err();
    let text = "L2TP Assigned Tunnel ID (9) at offset 41: it is hidden and not deciphered";
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_wrong_secret_is_found_by_the_length() {
    let mut found = 0;
    for number in 0..1000u16 {
        let vector = number.to_be_bytes();
        let mut bytes = message(&[avp(8, 0, 0, &[0, 1]), avp(8, 0, 36, &vector), hidden(8, 9, &vector, &[0x1c, 0x2a])]);
        let (_, mut avps) = reveal(&mut bytes, &HidingKey::v2(&Secret::new(b"another").unwrap())).unwrap();
        let avp = avps.nth(2).unwrap().unwrap();
        found += u16::from(
            matches!(avp.visibility, Visibility::Unreadable(Unreadable::Length { length, available: 9 }) if length > 9),
        );
        // Whatever the noise, it is read as no more than there is.
        assert!(avp.value.len() <= 11);
    }
    // Ten lengths of 65536 would be taken.
    assert!(found >= 995, "{found}");
}

/// RFC 2661 sections 4.4.1 and RFC 3931 section 5.4.1: these are needed before anything can be deciphered.
#[test]
fn avps_that_must_not_be_hidden_are_not_deciphered() {
    let mut bytes = message(&[avp(8, 0, 0, &[0, 6]), avp(8, 0, 36, b"vector"), hidden(8, 36, b"vector", b"other")]);
    let avps = revealed(&mut bytes);
    assert_eq!(avps[2].visibility, Visibility::Unreadable(Unreadable::NotAllowed));
    for attribute in [0, 36, 59] {
        let mut bytes = message(&[avp(8, 0, 36, b"vector"), hidden(8, attribute, b"vector", &[0, 6])]);
        let avp = revealed(&mut bytes)[1];
        assert_eq!(avp.visibility, Visibility::Unreadable(Unreadable::NotAllowed));
        let error = avp.decode(MessageType::HELLO).unwrap_err();
        assert!(error.to_string().ends_with("it must not be hidden"), "{error}");
    }
    // A hidden Message Type is none.
    let bytes = message(&[hidden(8, 0, b"", &[0, 6])]);
    let error = Message::decode(Version::V2, Control::decode(&bytes).unwrap().avps()).unwrap_err();
    assert!(matches!(error, DecodeError::Hidden { attribute_type: AttributeType::MESSAGE_TYPE, offset: 12, .. }));
}

/// A vendor's hidden AVP is deciphered with its own number; a vendor's message is a vendor's.
#[test]
fn vendors_may_hide_and_have_messages() {
    let mut bytes = hidden(0, 5, b"vector", b"cisco");
    bytes[3] = 9;
    let mut bytes = message(&[avp(8, 0, 0, &[0, 6]), avp(8, 0, 36, b"vector"), bytes]);
    let avps = revealed(&mut bytes);
    assert_eq!(
        (avps[2].visibility, avps[2].vendor_id, avps[2].value),
        (Visibility::Revealed, VendorId::CISCO, &b"cisco"[..])
    );

    for is_mandatory in [false, true] {
        let bytes = message(&[avp(if is_mandatory { 8 } else { 0 }, 9, 0, &[0, 1])]);
        let error = Message::decode(Version::V3, Control::decode(&bytes).unwrap().avps()).unwrap_err();
        let message_type = MessageType::START_CONTROL_CONNECTION_REQUEST;
        assert_eq!(error, DecodeError::UnknownMessage { vendor_id: VendorId::CISCO, message_type, is_mandatory });
    }
}
