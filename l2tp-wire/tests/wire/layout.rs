//! RFC 2661 section 4.4, RFC 3145, RFC 3931 section 5.4: the length, the bits and the bytes of every attribute.

use l2tp_wire::Version;
use l2tp_wire::avp::{Avp, Value, Visibility};
use l2tp_wire::code::{AttributeType, MessageType, VendorId};
use l2tp_wire::header::{ControlHeader, Recipient};
use l2tp_wire::message::MessageWriter;

/// Lengths that a value can have.
enum Lengths {
    /// Exactly these.
    Only(&'static [usize]),
    /// This, and more.
    From(usize),
    /// Any even one.
    Even,
}

/// The text of the RFCs: attribute, lengths, M and H in version 2, M and H in version 3.
///
/// `M`, `H`: the M bit is to be set; the value may be hidden.
const ATTRIBUTES: &[(u16, Lengths, &str, &str)] = {
    use Lengths::{Even, From, Only};
    &[
        (0, Only(&[2]), "M", "M"),
        // Result Code alone has 2 or 4 and more; see below.
        (2, Only(&[2]), "M", "MH"),
        (3, Only(&[4]), "MH", "MH"),
        (4, Only(&[4]), "MH", "MH"),
        (5, Only(&[8]), "", "M"),
        (6, Only(&[2]), "H", "H"),
        (7, From(0), "M", "M"),
        (8, From(0), "H", "H"),
        (9, Only(&[2]), "MH", "MH"),
        (10, Only(&[2]), "M", "M"),
        (11, From(0), "MH", "MH"),
        (12, From(3), "M", "MH"),
        (13, Only(&[16]), "MH", "MH"),
        (14, Only(&[2]), "MH", "MH"),
        (15, Only(&[4]), "MH", "H"),
        (16, Only(&[4]), "MH", "MH"),
        (17, Only(&[4]), "MH", "MH"),
        (18, Only(&[4]), "MH", "MH"),
        (19, Only(&[4]), "MH", "MH"),
        (21, From(0), "MH", "MH"),
        (22, From(0), "MH", "MH"),
        (23, From(0), "MH", "MH"),
        (24, Only(&[4]), "MH", "MH"),
        (25, Only(&[4]), "H", "H"),
        (26, From(0), "H", "H"),
        (27, From(0), "H", "H"),
        (28, From(0), "H", "H"),
        (29, Only(&[2]), "H", "H"),
        (30, From(0), "H", "H"),
        (31, From(0), "H", "H"),
        (32, Only(&[2]), "H", "H"),
        (33, From(0), "H", "H"),
        (34, Only(&[18, 26]), "MH", "H"),
        (35, Only(&[10]), "MH", "MH"),
        (36, From(0), "M", "M"),
        (37, From(0), "H", "H"),
        (38, Only(&[4]), "H", "H"),
        (39, Only(&[0]), "M", "MH"),
        (46, From(5), "H", "H"),
        (58, From(6), "H", "H"),
        (59, Only(&[17, 21]), "H", "M"),
        (60, Only(&[4]), "H", "M"),
        (61, Only(&[4]), "H", "MH"),
        (62, Even, "H", "MH"),
        (63, Only(&[4]), "H", "MH"),
        (64, Only(&[4]), "H", "MH"),
        (65, Only(&[0, 4, 8]), "H", "MH"),
        (66, From(0), "H", "MH"),
        (68, Only(&[2]), "H", "MH"),
        (69, Only(&[2]), "H", "MH"),
        (70, Only(&[2]), "H", "MH"),
        (71, Only(&[2]), "H", "MH"),
        (72, From(0), "H", "H"),
        (73, From(0), "H", "M"),
        (74, Only(&[8]), "H", "H"),
        (75, Only(&[8]), "H", "H"),
    ]
};

fn avp(attribute_type: u16, value: &[u8]) -> Avp<'_> {
    Avp {
        is_mandatory: true,
        visibility: Visibility::Clear,
        reserved: 0,
        vendor_id: VendorId::IETF,
        attribute_type: AttributeType::new(attribute_type),
        value,
        offset: 12,
    }
}

/// Returns the bytes of an AVP with this value.
fn written(value: &Value<'_>, version: Version) -> Vec<u8> {
    let recipient = match version {
        Version::V2 => Recipient::V2 { tunnel_id: 1, session_id: 2 },
        Version::V3 => Recipient::V3 { control_connection_id: 1 },
    };
    let mut buf = [0; 1100];
    let mut writer = MessageWriter::new(ControlHeader { recipient, ns: 0, nr: 0 }, &mut buf).unwrap();
    writer.put(value).unwrap();
    writer.finish().unwrap()[12..].to_vec()
}

#[test]
fn every_attribute_with_every_length() {
    let bytes: Vec<u8> = (0..64).map(|byte| if byte < 2 { 0 } else { byte }).collect();
    for (attribute_type, lengths, _, _) in ATTRIBUTES {
        for length in 0..bytes.len() {
            let avp = avp(*attribute_type, &bytes[..length]);
            let expected = match lengths {
                Lengths::Only(lengths) => lengths.contains(&length),
                Lengths::From(shortest) => length >= *shortest,
                Lengths::Even => length % 2 == 0,
            };
            let result = avp.decode(MessageType::HELLO);
            assert_eq!(result.is_ok(), expected, "{} with {length} bytes: {result:?}", avp.attribute_type);
            let Ok(value) = result else { continue };
            assert!(!matches!(value, Value::Unknown(_)));
            assert_eq!(value.attribute_type(), avp.attribute_type);
            let again = written(&value, Version::V2);
            // The digest type comes out as what the length says.
            let digest_type = usize::from(*attribute_type == 59);
            assert_eq!(again[6 + digest_type..], bytes[digest_type..length], "{}", avp.attribute_type);
        }
    }
}

/// RFC 2661 section 4.4.2: without error code, with one, with a text.
#[test]
fn result_code_has_two_or_four_bytes_and_more() {
    for (length, good) in [(0, false), (1, false), (2, true), (3, false), (4, true), (5, true), (900, true)] {
        for message_type in [MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION, MessageType::CALL_DISCONNECT_NOTIFY] {
            let bytes = vec![7; length];
            let result = avp(1, &bytes).decode(message_type);
            assert_eq!(result.is_ok(), good, "{length}");
            if let Ok(value) = result {
                assert_eq!(written(&value, Version::V2)[6..], bytes);
                let stop = matches!(value, Value::ControlConnectionResult(_));
                assert_eq!(stop, message_type == MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION);
            }
        }
    }
}

#[test]
fn every_attribute_with_the_bits_of_its_rfc() {
    for (attribute_type, _, v2, v3) in ATTRIBUTES {
        let attribute_type = AttributeType::new(*attribute_type);
        for (version, bits) in [(Version::V2, v2), (Version::V3, v3)] {
            assert_eq!(attribute_type.is_mandatory(version), bits.contains('M'), "{attribute_type} in {version}");
            assert_eq!(attribute_type.may_be_hidden(version), bits.contains('H'), "{attribute_type} in {version}");
        }
        assert!(attribute_type.name().is_some());
    }
    // Result Code is the one that is not in the table.
    assert_eq!(
        (0..=u16::MAX).filter(|number| AttributeType::new(*number).name().is_some()).count(),
        ATTRIBUTES.len() + 1
    );
    for number in [20, 40, 57, 67, 76, u16::MAX] {
        let bytes = [1, 2, 3];
        let value = avp(number, &bytes).decode(MessageType::HELLO).unwrap();
        assert!(matches!(value, Value::Unknown(_)));
        // With the M bit that it had.
        assert_eq!(written(&value, Version::V2)[..2], [0x80, 9]);
    }
}

/// RFC 2661 section 4.1: whose attribute it is comes first.
#[test]
fn vendors_have_numbers_of_their_own() {
    for number in 0..100 {
        let avp = Avp { vendor_id: VendorId::CISCO, is_mandatory: false, ..avp(number, b"\x01\x02") };
        let value = avp.decode(MessageType::HELLO).unwrap();
        assert_eq!(value, Value::Unknown(avp));
        let bytes = written(&value, Version::V3);
        assert_eq!(bytes, [&[0, 8, 0, 9], &number.to_be_bytes()[..], &[1, 2]].concat());
    }
}

/// RFC 2661 section 4.1: ten bits of length.
#[test]
fn a_value_has_at_most_1017_bytes() {
    let bytes = [0x5a; 1018];
    assert_eq!(written(&Value::Challenge(&bytes[..1017]), Version::V2)[..2], [0x83, 0xff]);
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 1, session_id: 2 }, ns: 0, nr: 0 };
    let mut buf = [0; 2000];
    let mut writer = MessageWriter::new(header, &mut buf).unwrap();
    let error = writer.put(&Value::Challenge(&bytes)).unwrap_err();
    assert_eq!(error.to_string(), "Challenge (11) has a value of 1018 bytes, more than 1017");
    // A refused AVP has left nothing behind.
    writer.put(&Value::MessageType(MessageType::HELLO)).unwrap();
    assert_eq!(writer.finish().unwrap().len(), 20);
}

#[test]
fn a_short_buffer_is_refused_at_every_length() {
    use l2tp_wire::message::{EncodeOptions, v2};
    let message = l2tp_wire::Message::from(v2::StartControlConnectionRequest::new("lac".into(), 7));
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let whole = message.encode(&header, &EncodeOptions::new(), &mut [0; 100]).unwrap().len();
    for length in 0..=whole {
        let result = message.encode(&header, &EncodeOptions::new(), &mut vec![0; length]).map(|bytes| bytes.len());
        assert_eq!(result.is_ok(), length == whole, "{result:?}");
    }
    let other = ControlHeader { recipient: Recipient::V3 { control_connection_id: 0 }, ..header };
    assert!(message.encode(&other, &EncodeOptions::new(), &mut [0; 100]).is_err());
}
