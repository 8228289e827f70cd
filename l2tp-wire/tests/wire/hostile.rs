//! Every prefix of every packet, every length field with its extremes: a value or an error, and which one.

use l2tp_wire::authenticate::{DigestError, DigestKey, Nonces, verify};
use l2tp_wire::avp::{Avps, Visibility};
use l2tp_wire::error::Unreadable;
use l2tp_wire::header::{Carrier, Control, CookieSize, SessionLayout};
use l2tp_wire::hide::{HidingKey, MAX_HIDDEN, reveal};
use l2tp_wire::{DecodeError, Field, Message, Packet, Secret};

use crate::recordings::Row;

/// Reads bytes in every way there is, and returns what the first one that fails says.
fn read(bytes: &[u8], carrier: Carrier) -> Result<(), DecodeError> {
    let packet = match carrier {
        Carrier::Udp => Packet::decode_udp(bytes)?,
        Carrier::Ip => Packet::decode_ip(bytes)?,
    };
    match packet {
        Packet::Control(control) => read_control(control.bytes()),
        Packet::DataV2 { payload, .. } => {
            assert!(payload.len() < bytes.len());
            Ok(())
        }
        Packet::DataV3 { rest, .. } => {
            for cookie_size in [CookieSize::Zero, CookieSize::Four, CookieSize::Eight] {
                for has_sublayer in [false, true] {
                    let layout = SessionLayout { cookie_size, has_sublayer };
                    let needed = cookie_size.len() + if has_sublayer { 4 } else { 0 };
                    assert_eq!(layout.decode(carrier, rest).is_ok(), rest.len() >= needed);
                }
            }
            Ok(())
        }
    }
}

fn read_control(bytes: &[u8]) -> Result<(), DecodeError> {
    let secret = Secret::new(b"opensesame").unwrap();
    _ = verify(&[&DigestKey::new(&secret)], Nonces::NONE, bytes);
    let mut revealed = bytes.to_vec();
    let (_, avps) = reveal(&mut revealed, &HidingKey::v2(&secret))?;
    check_bounds(avps.clone(), bytes.len());
    let control = Control::decode(bytes)?;
    check_bounds(control.avps(), bytes.len());
    if !control.is_zero_length_body() {
        Message::decode(control.version(), avps.clone())?;
    }
    // A message can be whole for its purpose and still end in half an AVP of which nobody knows the number.
    avps.into_iter().try_for_each(|avp| avp.map(|_| ()))
}

/// Asserts that nothing lies outside the message, and that every step goes forward.
fn check_bounds(avps: Avps<'_>, length: usize) {
    let mut last = 11;
    for avp in avps.map_while(Result::ok) {
        assert!(avp.offset > last && avp.offset + 6 + avp.value.len() <= length);
        last = avp.offset;
    }
}

/// Returns all packets worth cutting: each control message, and each kind of data.
fn packets() -> Vec<Row> {
    let mut rows = super::recorded();
    rows.retain(|row| row.json["control"] == true || row.json["n"].as_u64() < Some(20));
    rows
}

#[test]
fn every_prefix_of_every_packet() {
    let (mut prefixes, mut refused) = (0, 0);
    for row in packets() {
        let is_control = row.json["control"] == true;
        for length in 0..=row.bytes.len() {
            let prefix = &row.bytes[..length];
            let whole = length == row.bytes.len();
            match read(prefix, row.carrier) {
                Ok(()) => assert!(whole || !is_control, "{}", row.json),
                Err(error) => {
                    assert!(!whole, "{error}: {}", row.json);
                    assert!(error.offset() <= length);
                    refused += 1;
                }
            }
            prefixes += 1;
            if is_control && length >= 12 {
                // The same with a Length that agrees: half an AVP is found, wherever it is cut.
                let mut cut = prefix.to_vec();
                cut[2..4].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
                let result = read(&cut, row.carrier);
                let at_a_boundary =
                    Control::decode(&row.bytes).unwrap().avps().any(|avp| avp.unwrap().offset == length);
                if !whole && !at_a_boundary {
                    let error = result.unwrap_err();
                    let named = matches!(error, DecodeError::AvpLength { .. } | DecodeError::Truncated { .. });
                    assert!(named, "{error}: {}", row.json);
                }
            }
        }
    }
    say!("{prefixes} prefixes, {refused} refused");
    assert!(prefixes > 20_000 && refused > 10_000);
}

/// RFC 2661 sections 3.1 and 4.1: the Length of a message, and that of each AVP.
#[test]
fn every_length_with_its_extremes() {
    let mut tried = 0;
    for row in packets().iter().filter(|row| row.json["control"] == true) {
        let control = Control::decode(&row.bytes).unwrap();
        let length = u16::try_from(row.bytes.len()).unwrap();
        for found in [0, 1, 11, length - 1, length + 1, u16::MAX] {
            let mut changed = row.bytes.clone();
            changed[2..4].copy_from_slice(&found.to_be_bytes());
            let result = read(&changed, row.carrier);
            if (12..=length).contains(&found) {
                let is_cut = matches!(result, Err(DecodeError::AvpLength { .. } | DecodeError::Truncated { .. }));
                assert!(is_cut, "{result:?}");
            } else {
                let available = row.bytes.len();
                assert_eq!(result, Err(DecodeError::Length { found, minimum: 12, available }));
            }
            tried += 1;
        }
        for avp in control.avps() {
            let avp = avp.unwrap();
            let whole = u16::try_from(avp.value.len() + 6).unwrap();
            for found in [0, 1, 5, whole - 1, whole + 1, 1023] {
                let mut changed = row.bytes.clone();
                let bits = u16::from_be_bytes([changed[avp.offset], changed[avp.offset + 1]]) & 0xfc00;
                changed[avp.offset..avp.offset + 2].copy_from_slice(&(bits | found).to_be_bytes());
                let result = read(&changed, row.carrier);
                let available = row.bytes.len() - avp.offset;
                if found < 6 || usize::from(found) > available {
                    let offset = avp.offset;
                    // An AVP before it that has become wrong would be found first; none has.
                    assert_eq!(result, Err(DecodeError::AvpLength { offset, found, available }), "{}", row.json);
                }
                tried += 1;
            }
        }
    }
    say!("{tried} lengths");
    assert!(tried > 5_000);
}

/// RFC 2661 section 3.1: the Length and Offset Size of data.
#[test]
fn lengths_of_data() {
    let packet = |length: u16, offset: u16| {
        [&[0x42, 2][..], &length.to_be_bytes(), &[0, 1, 0, 2], &offset.to_be_bytes(), b"xxpayload"].concat()
    };
    let decode = |bytes: &[u8]| match Packet::decode_udp(bytes)? {
        Packet::DataV2 { payload, .. } => Ok(payload.to_vec()),
        other @ (Packet::Control(_) | Packet::DataV3 { .. }) => panic!("{other:?}"),
    };
    assert_eq!(decode(&packet(19, 2)).unwrap(), b"payload");
    assert_eq!(decode(&packet(18, 2)).unwrap(), b"payloa");
    assert_eq!(decode(&packet(12, 2)).unwrap(), b"");
    assert_eq!(decode(&packet(19, 0)).unwrap(), b"xxpayload");
    assert_eq!(decode(&packet(19, 9)).unwrap(), b"");
    for found in [0, 1, 11, 20, u16::MAX] {
        assert_eq!(decode(&packet(found, 2)), Err(DecodeError::Length { found, minimum: 12, available: 19 }));
    }
    for needed in [10, 11, 65535] {
        let offset = u16::try_from(needed).unwrap();
        let error = DecodeError::Truncated { field: Field::OffsetPad, offset: 10, needed, available: 9 };
        assert_eq!(decode(&packet(19, offset)), Err(error));
    }
}

/// RFC 3931 section 4.1: what a v3 packet is too short for is named.
#[test]
fn lengths_of_version_3_data() {
    let layout = SessionLayout { cookie_size: CookieSize::Eight, has_sublayer: true };
    for length in 0..20 {
        let packet = &[0, 3, 0, 0, 0, 0, 7, 0xd0, 1, 2, 3, 4, 5, 6, 7, 8, 0x40, 0, 0, 1][..length];
        let error = match Packet::decode_udp(packet) {
            Err(error) => error,
            Ok(Packet::DataV3 { rest, .. }) => layout.decode(Carrier::Udp, rest).unwrap_err(),
            Ok(other) => panic!("{other:?}"),
        };
        let fields =
            [(0, Field::Flags), (2, Field::Reserved), (4, Field::SessionId), (8, Field::Cookie), (16, Field::Sublayer)];
        let (offset, field) = fields.into_iter().rfind(|(offset, _)| *offset <= length).unwrap();
        let DecodeError::Truncated { field: found, offset: at, .. } = error else { panic!("{error}") };
        assert_eq!((found, at), (field, offset), "{length} bytes");
    }
}

/// RFC 2661 section 4.3: two bytes of a hidden value are a length, and all of its values are tried.
#[test]
fn every_hidden_length() {
    let key = HidingKey::v2(&Secret::new(b"s").unwrap());
    for length in 0..=u16::MAX {
        let mut value = [0x55; 20];
        value[..2].copy_from_slice(&length.to_be_bytes());
        key.hide(l2tp_wire::code::AttributeType::VENDOR_NAME, b"vector", &mut value);
        let mut message =
            *b"\xc8\x02\0\x32\0\0\0\0\0\0\0\0\x80\x0c\0\0\0\x24vector\xc0\x1a\0\0\0\x08--------------------";
        message[30..].copy_from_slice(&value);
        let (_, mut avps) = reveal(&mut message, &key).unwrap();
        let avp = avps.nth(1).unwrap().unwrap();
        if length <= 18 {
            assert_eq!((avp.visibility, avp.value.len()), (Visibility::Revealed, length.into()));
        } else {
            let reason = Unreadable::Length { length, available: 18 };
            assert_eq!(avp.visibility, Visibility::Unreadable(reason));
        }
        assert_eq!(avps.next(), None);
    }
}

/// Each hidden AVP costs a hash over the random vector: 64 KiB of them with a long one would be 8 MiB of hashing.
#[test]
fn work_of_revealing_is_bounded() {
    let key = HidingKey::v2(&Secret::new(b"s").unwrap());
    let vector = [&[0x83, 0xff, 0, 0, 0, 36][..], &[7; 1017]].concat();
    let hidden = [0x40, 8, 0, 0, 0, 8, 1, 1].repeat(8000);
    let body = [&[0x80, 8, 0, 0, 0, 0, 0, 6][..], &vector, &hidden].concat();
    let length = u16::try_from(body.len() + 12).unwrap().to_be_bytes();
    let mut message = [&[0xc8, 2], &length[..], &[0; 8], &body].concat();
    let untouched = message.clone();
    let (_, avps) = reveal(&mut message, &key).unwrap();
    let too_many = Visibility::Unreadable(Unreadable::TooMany);
    let states: Vec<_> = avps.clone().skip(2).map(|avp| avp.unwrap().visibility).collect();
    assert_eq!(states.len(), 8000);
    assert!(states[..MAX_HIDDEN.into()].iter().all(|state| *state != too_many));
    assert!(states[MAX_HIDDEN.into()..].iter().all(|state| *state == too_many));
    // Vendor Name need not be understood, so the message still is one.
    Message::decode(l2tp_wire::Version::V2, avps).unwrap();
    let changed = message.iter().zip(&untouched).filter(|(now, before)| now != before).count();
    assert!(changed <= 2 * usize::from(MAX_HIDDEN));
}

/// RFC 2661 section 4.1: forged or strange AVPs do not change what genuine ones of the same message mean.
#[test]
fn avps_that_need_not_be_understood_change_nothing() {
    use l2tp_wire::message::v2;
    let sccrq = b"\x80\x08\0\0\0\0\0\x01\x80\x08\0\0\0\x02\x01\0\x80\x09\0\0\0\x07lac\x80\x08\0\0\0\x09\x1c\x2a";
    let expected = v2::StartControlConnectionRequest::new("lac".into(), 0x1c2a);
    let decode = |more: &[u8]| {
        let body = [&sccrq[..], more].concat();
        let length = u16::try_from(body.len() + 12).unwrap().to_be_bytes();
        let message = [&[0xc8, 2], &length[..], &[0; 8], &body].concat();
        let control = Control::decode(&message).unwrap();
        let decoded = Message::decode(control.version(), control.avps())?;
        assert_eq!(decoded.message, expected.into());
        Ok::<_, DecodeError>(decoded.refusal)
    };
    let ignored: [&[u8]; 8] = [
        b"",
        // A vendor's 7 and 9 are no host name and no tunnel id.
        b"\0\x0a\x0d\xe9\0\x07evil",
        b"\0\x08\x01\x37\0\x09\0\x05",
        // A second host name and tunnel id.
        b"\x80\x0a\0\0\0\x07evil\x80\x08\0\0\0\x09\0\x05",
        // Unknown, and M = 0.
        b"\0\x07\0\0\x03\xe7x",
        // Reserved bits, and M = 0.
        b"\x04\x0a\0\0\0\x07evil",
        // A Vendor Name that nobody can decipher, a Firmware Revision of one byte.
        b"\x40\x0a\0\0\0\x08....\0\x07\0\0\0\x06x",
        // A Called Number, which belongs to calls.
        b"\x80\x07\0\0\0\x157",
    ];
    for more in ignored {
        assert_eq!(decode(more), Ok(None), "{more:?}");
    }
    // With M the RFC wants an end; permissive peers still have the message.
    for more in [&b"\x80\x07\0\0\x03\xe7x"[..], b"\x84\x0a\0\0\0\x07evil", b"\x80\x0a\x0d\xe9\0\x07evil"] {
        let refusal = decode(more).unwrap().unwrap();
        assert!(matches!(refusal, DecodeError::UnknownMandatory { offset: 45, .. }), "{refusal}");
    }
    // A known, mandatory AVP must be right at any place.
    let error = decode(b"\0\x07\0\0\0\x0ax").unwrap_err();
    assert_eq!(error.to_string(), "L2TP Receive Window Size (10) at offset 45 has a value of 1 bytes, not 2");
}

/// RFC 3931 section 5.4.1: digests count only right behind the Message Type.
#[test]
fn a_digest_elsewhere_is_none() {
    let key = DigestKey::new(&Secret::new(b"cisco").unwrap());
    let message = |body: &[u8]| {
        let length = u16::try_from(body.len() + 12).unwrap().to_be_bytes();
        [&[0xc8, 3], &length[..], &[0; 8], body].concat()
    };
    let hello: &[u8] = b"\x80\x08\0\0\0\0\0\x06";
    let digest: &[u8] = b"\x80\x17\0\0\0\x3b\0----------------";
    let other: &[u8] = b"\x80\x09\0\0\0\x07lac";
    let mut good = message(&[hello, digest].concat());
    key.sign(Nonces::NONE, &mut good).unwrap();
    assert_eq!(verify(&[&key], Nonces::NONE, &good), Ok(()));
    for body in [[hello, other, digest].concat(), hello.to_vec()] {
        let mut late = message(&body);
        assert_eq!(key.sign(Nonces::NONE, &mut late), Err(DigestError::Missing));
        assert_eq!(verify(&[&key], Nonces::NONE, &late), Err(DigestError::Missing));
    }
    // A ZLB has no digest and cannot have one.
    assert!(verify(&[&key], Nonces::NONE, &message(b"")).is_err());
    // Bytes behind the Length are not part of the message.
    good.extend_from_slice(b"more");
    assert_eq!(verify(&[&key], Nonces::NONE, &good), Ok(()));
}
