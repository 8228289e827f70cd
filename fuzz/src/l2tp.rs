//! Packets, AVPs and messages of L2TP, of both versions.

use l2tp_wire::authenticate::{DigestKey, Nonces, verify};
use l2tp_wire::avp::{Avps, Value, Visibility};
use l2tp_wire::code::{DigestType, MessageType};
use l2tp_wire::header::{Carrier, Control, ControlHeader, CookieSize, Recipient, SessionHeader, SessionLayout};
use l2tp_wire::hide::{Hiding, HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, MessageWriter};
use l2tp_wire::{Message, Packet, Secret, Version};

const SECRET: &[u8] = b"opensesame";

/// Asserts that any bytes give an error, or a control message that keeps its meaning however it is
/// written again.
///
/// Written in the clear, hidden with another random vector, and signed; a reader with other nonces
/// refuses the signed message.
///
/// # Panics
///
/// When that does not hold.
pub fn control(data: &[u8]) {
    let Ok(control) = Control::decode(data) else { return };
    let (header, version) = (control.header, control.version());
    assert!(control.bytes().len() >= ControlHeader::LEN && data.starts_with(control.bytes()));
    let secret = Secret::new(SECRET).expect("short");
    let key = match version {
        Version::V2 => HidingKey::v2(&secret),
        Version::V3 => HidingKey::v3(&secret),
    };
    let mut bytes = data.to_vec();
    let (revealed, avps) = reveal(&mut bytes, &key).expect("it is a control message");
    assert_eq!(revealed, header);
    let Ok(decoded) = Message::decode(version, avps) else { return };
    let digest = DigestKey::new(&secret);
    let nonces = Nonces { sender: b"mine", receiver: b"the peer's" };
    let hiding = Hiding::new(&key, b"another vector").with_padding(b"pad");
    let signed = EncodeOptions::new().with_two_digests(DigestType::HMAC_MD5, DigestType::HMAC_SHA1);
    for options in [EncodeOptions::new(), EncodeOptions::new().with_hiding(hiding), signed, signed.with_hiding(hiding)]
    {
        // Hiding and padding can make a value too long.
        let Ok(mut written) = decoded.message.to_vec(&header, &options) else { continue };
        if digest.sign(nonces, &mut written).is_ok() {
            assert_eq!(verify(&[&digest], nonces, &written), Ok(()));
            assert!(verify(&[&digest], nonces.reversed(), &written).is_err());
        }
        let (again, avps) = reveal(&mut written, &key).expect("it is a control message");
        assert_eq!(again, header);
        let again = Message::decode(version, avps).expect("it has been read before");
        assert_eq!((again.message, again.refusal), (decoded.message, None));
    }
}

/// Asserts that AVPs lie within the bytes, one behind the other, and are written back to the same
/// bytes.
///
/// # Panics
///
/// When that does not hold.
pub fn avps(data: &[u8]) {
    let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: 1 }, ns: 0, nr: 0 };
    let mut end = 0;
    let mut avps = Avps::new(data);
    for avp in avps.by_ref() {
        let Ok(avp) = avp else { break };
        assert_eq!(avp.offset, end);
        end = avp.offset + 6 + avp.value.len();
        let original = &data[avp.offset..end];
        for message_type in [MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION, MessageType::CALL_DISCONNECT_NOTIFY] {
            let Ok(value) = avp.decode(message_type) else { continue };
            assert_eq!(value.attribute_type(), avp.attribute_type);
            let mut buf = [0; 1100];
            let mut writer = MessageWriter::new(header, &mut buf).expect("room");
            writer.put(&value).expect("room");
            let written = &writer.finish().expect("short")[12..];
            // The M bit becomes that of the RFC, hidden values of unknown AVPs lose the H bit, reserved bits are 0.
            assert_eq!(written[0] & 3, original[0] & 3);
            assert_eq!(written[1..6], original[1..6]);
            let ignored = match value {
                Value::CallErrors(_) | Value::CircuitErrors(_) | Value::Accm(_) => 2,
                // The length says the type.
                Value::MessageDigest(_) => 1,
                _ => 0,
            };
            assert_eq!(written[6 + ignored..], original[6 + ignored..], "{value:?}");
            assert!(avp.visibility == Visibility::Clear || matches!(value, Value::Unknown(_)));
        }
    }
    assert!(avps.next().is_none());
}

/// Asserts that any bytes give an error, or a data packet that is written back but for reserved
/// bits and padding.
///
/// # Panics
///
/// When that does not hold.
pub fn data(data: &[u8]) {
    if let Ok(Packet::DataV2 { header, payload }) = Packet::decode_udp(data) {
        let mut buf = vec![0; header.len()];
        let written = header.encode(payload.len(), &mut buf).expect("it has been read");
        let behind = &data[written.len()..];
        assert!(behind.starts_with(payload));
        let again = [&*written, payload].concat();
        assert_eq!(Packet::decode_udp(&again), Ok(Packet::DataV2 { header, payload }));
        // With a Length, what lies behind it is cut off.
        assert!(header.has_length || behind == payload);
    }
    for (carrier, packet) in [(Carrier::Udp, Packet::decode_udp(data)), (Carrier::Ip, Packet::decode_ip(data))] {
        let Ok(Packet::DataV3 { session_id, rest }) = packet else { continue };
        for cookie_size in [CookieSize::Zero, CookieSize::Four, CookieSize::Eight] {
            for has_sublayer in [false, true] {
                let layout = SessionLayout { cookie_size, has_sublayer };
                let Ok((cookie, sublayer, payload)) = layout.decode(carrier, rest) else { continue };
                let header = SessionHeader { session_id, cookie, sublayer };
                let mut buf = [0; SessionHeader::MAX_LEN];
                let written = header.encode(carrier, &mut buf).expect("room");
                // The flags and the reserved bytes of UDP are always the same.
                let start = if carrier == Carrier::Udp { 4 } else { 0 };
                assert_eq!([&written[start..], payload].concat(), data[start..]);
            }
        }
    }
}
