//! Packets that are cut, that lie about lengths, or that are made to break a reader.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::captures::PACKETS;
use super::check;
use crate::{
    Code, DecodeError, ExpectedLength, Field, Frame, Options, Packet, Protocol, RawOption, ccp, chap, eap, ipcp,
    ipv6cp, lcp, pap,
};

/// Returns all packets of real peers, and one of each kind that no recording has.
fn packets() -> Vec<(Protocol, Vec<u8>)> {
    let made: [(Protocol, &[u8]); 6] = [
        (Protocol::LCP, b"\x0d\x01\x00\x0f\x00\x00\x00\x01\x00\x00\x0e\x10bye"),
        (Protocol::LCP, b"\x09\x01\x00\x0c\x00\x00\x00\x01ping"),
        (
            Protocol::LCP,
            b"\x01\x01\x00\x29\x04\x08\xc0\x25\0\0\x03\xe8\x09\x03\x06\x0a\x03\x08\x0d\x05\x0355\
              \x0f\x02\x12\x02\x13\x07\x02\x0a\0\0\x01\x17\x04\0\x07\xc8\x03\x09",
        ),
        (Protocol::IPCP, b"\x01\x01\x00\x12\x01\x0a\x0a\0\0\x01\x0a\0\0\x02\x02\x04\x00\x37"),
        (Protocol::IPV6CP, b"\x01\x01\x00\x08\x02\x04\x00\x61"),
        (Protocol::CHAP, b"\x07\x01\x00\x06\xab\xcd"),
    ];
    let real = PACKETS.iter().map(|(_, protocol, bytes, _)| (*protocol, hex::decode(bytes).unwrap()));
    real.chain(made.iter().map(|(protocol, bytes)| (*protocol, bytes.to_vec()))).collect()
}

#[test]
fn the_packets_made_here_are_right() {
    for (protocol, bytes) in packets() {
        check(protocol, &bytes).unwrap();
        let packet = Packet::decode(&bytes).unwrap();
        if packet.code.has_options() && !matches!(protocol, Protocol::CHAP | Protocol::PAP | Protocol::EAP) {
            for option in packet.options() {
                let raw = option.unwrap();
                match protocol {
                    Protocol::LCP => drop(lcp::ConfigurationOption::decode(raw).unwrap().to_string()),
                    Protocol::IPCP => drop(ipcp::ConfigurationOption::decode(raw).unwrap().to_string()),
                    Protocol::IPV6CP => drop(ipv6cp::ConfigurationOption::decode(raw).unwrap().to_string()),
                    Protocol::CCP => drop(ccp::ConfigurationOption::decode(raw).unwrap().to_string()),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn every_prefix_of_every_packet_is_refused() {
    for (protocol, bytes) in packets() {
        let whole = bytes.len() - Packet::decode(&bytes).unwrap().padding.len();
        for length in 0..whole {
            let Err(DecodeError::Truncated { field, offset, needed, available }) = check(protocol, &bytes[..length])
            else {
                panic!("{protocol}: prefix of {length} bytes not refused as truncated");
            };
            let expected = if length < 4 { (Field::Header, 0, 4) } else { (Field::Data, 4, whole - 4) };
            assert_eq!((field, offset, needed), expected, "{protocol}: prefix of {length} bytes");
            assert_eq!(available, length - offset);
        }
    }
}

/// Lists where the length bytes of one byte are: of options, names, values.
fn length_bytes(protocol: Protocol, bytes: &[u8]) -> Vec<usize> {
    match protocol {
        Protocol::PAP if bytes.len() > 4 => {
            let second = 5 + usize::from(bytes[4]);
            if bytes[0] == 1 { [4, second].into() } else { [4].into() }
        }
        Protocol::CHAP if bytes[0] <= 2 => [4].into(),
        Protocol::EAP if bytes.get(4) == Some(&4) => [5].into(),
        Protocol::PAP | Protocol::CHAP | Protocol::EAP => Vec::new(),
        _ => {
            let packet = Packet::decode(bytes).unwrap();
            let mut found = Vec::new();
            if packet.code.has_options() {
                let mut options = packet.options();
                loop {
                    let offset = options.offset();
                    if options.next().is_none() {
                        break found;
                    }
                    found.push(offset + 1);
                }
            } else {
                found
            }
        }
    }
}

#[test]
fn every_packet_length_gives_a_value_or_an_error() {
    for (protocol, bytes) in packets() {
        let length = u16::from_be_bytes([bytes[2], bytes[3]]);
        for lie in [0, 1, 2, 3, 4, length - 1, length + 1, u16::MAX] {
            let mut bytes = bytes.clone();
            bytes[2..4].copy_from_slice(&lie.to_be_bytes());
            let found = check(protocol, &bytes);
            if lie < 4 {
                let error =
                    DecodeError::LengthTooSmall { field: Field::Length, offset: 2, found: lie.into(), minimum: 4 };
                assert_eq!(found, Err(error));
            } else if usize::from(lie) > bytes.len() {
                let (needed, available) = (usize::from(lie) - 4, bytes.len() - 4);
                assert_eq!(found, Err(DecodeError::Truncated { field: Field::Data, offset: 4, needed, available }));
            }
        }
    }
}

#[test]
fn every_inner_length_gives_a_value_or_an_error() {
    let mut tried = 0;
    for (protocol, bytes) in packets() {
        for position in length_bytes(protocol, &bytes) {
            for lie in 0..=u8::MAX {
                let mut bytes = bytes.clone();
                bytes[position] = lie;
                // The asserts are in there: whatever was read is written back.
                match check(protocol, &bytes) {
                    Ok(()) => {}
                    Err(DecodeError::Truncated { offset, available, .. }) => {
                        assert_eq!(offset + available, bytes.len());
                    }
                    Err(other) => panic!("{protocol} length {lie} at {position}: {other}"),
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 100 * 256, "{tried} lengths tried");
}

#[test]
fn a_zero_length_option_ends_the_list() {
    let packet = Packet::decode(&[1, 1, 0, 10, 7, 2, 5, 0, 0, 0]).unwrap();
    let mut options = packet.options();
    assert_eq!(options.next(), Some(Ok(RawOption { option_type: 7, data: &[] })));
    let error = DecodeError::LengthTooSmall { field: Field::OptionLength, offset: 7, found: 0, minimum: 2 };
    assert_eq!(options.next(), Some(Err(error)));
    assert_eq!(options.next(), None);
}

#[test]
fn an_unknown_option_with_more_than_four_bytes_is_kept() {
    let bytes = [1, 1, 0, 13, 77, 9, 1, 2, 3, 4, 5, 6, 7];
    let raw = Packet::decode(&bytes).unwrap().options().next().unwrap().unwrap();
    assert_eq!(lcp::ConfigurationOption::decode(raw), Ok(lcp::ConfigurationOption::Other(raw)));
    assert_eq!(ipcp::ConfigurationOption::decode(raw), Ok(ipcp::ConfigurationOption::Other(raw)));
    assert_eq!(ipv6cp::ConfigurationOption::decode(raw), Ok(ipv6cp::ConfigurationOption::Other(raw)));
    assert_eq!(ccp::ConfigurationOption::decode(raw), Ok(ccp::ConfigurationOption::Other(raw)));
    check(Protocol::LCP, &bytes).unwrap();
}

#[test]
fn more_than_six_options_are_all_read() {
    let mut bytes = [2; 4 + 200];
    bytes[..4].copy_from_slice(&[1, 1, 0, 204]);
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!(packet.options().flatten().count(), 100);
    check(Protocol::LCP, &bytes).unwrap();
}

#[test]
fn a_truncated_option_in_a_nak_is_an_error() {
    let bytes = [3, 1, 0, 10, 5, 8, 1, 2, 3, 4];
    let packet = Packet::decode(&bytes).unwrap();
    assert_eq!(packet.code, Code::CONFIGURE_NAK);
    let error = DecodeError::Truncated { field: Field::OptionData, offset: 6, needed: 6, available: 4 };
    assert!(packet.options().eq([Err(error)]));
    assert_eq!(lcp::Packet::decode(&bytes).unwrap().to_string(), alloc::format!("CONFNAK id 1 len 10 ({error})"));
    // A type without its length is one as well.
    let error = DecodeError::Truncated { field: Field::OptionHeader, offset: 4, needed: 2, available: 1 };
    assert!(Packet::decode(&[3, 1, 0, 5, 5]).unwrap().options().eq([Err(error)]));
}

#[test]
fn a_header_length_below_four_is_an_error() {
    for length in 0..4 {
        let bytes = [1, 1, 0, length, 0, 0];
        let error = DecodeError::LengthTooSmall { field: Field::Length, offset: 2, found: length.into(), minimum: 4 };
        assert_eq!(Packet::decode(&bytes), Err(error));
        assert_eq!(lcp::Packet::decode(&bytes), Err(error));
        assert_eq!(chap::Packet::decode(&bytes), Err(error));
        assert_eq!(eap::Packet::decode(&bytes), Err(error));
        assert_eq!(pap::Packet::decode(&bytes).unwrap_err(), error);
    }
}

#[test]
fn every_option_of_a_fixed_length_is_refused_with_another() {
    use ExpectedLength::{AtLeast, Exactly};

    type Decode = fn(RawOption<'_>) -> Result<(), DecodeError>;
    let lcp: Decode = |raw| lcp::ConfigurationOption::decode(raw).map(drop);
    let ipcp: Decode = |raw| ipcp::ConfigurationOption::decode(raw).map(drop);
    let ipv6cp: Decode = |raw| ipv6cp::ConfigurationOption::decode(raw).map(drop);
    let ccp: Decode = |raw| ccp::ConfigurationOption::decode(raw).map(drop);
    let table: &[(Decode, &[u8], ExpectedLength)] = &[
        (lcp, &[1, 17, 23], Exactly(4)),
        (lcp, &[2, 5], Exactly(6)),
        (lcp, &[3, 4], AtLeast(4)),
        (lcp, &[7, 8, 15, 18], Exactly(2)),
        (lcp, &[9, 10], Exactly(3)),
        (lcp, &[13, 19], AtLeast(3)),
        (ipcp, &[1], Exactly(10)),
        (ipcp, &[2], AtLeast(4)),
        (ipcp, &[3, 129, 130, 131, 132], Exactly(6)),
        (ipv6cp, &[1], Exactly(10)),
        (ipv6cp, &[2], AtLeast(4)),
        (ccp, &[18], Exactly(6)),
    ];
    // All zero: an endpoint discriminator of the null class.
    let zeros = [0; 253];
    for (decode, types, expected) in table {
        for &option_type in *types {
            for found in 2..=255 {
                let raw = RawOption { option_type, data: &zeros[..found - 2] };
                let right = match *expected {
                    Exactly(length) => found == length,
                    AtLeast(length) => found >= length,
                };
                let error = DecodeError::OptionLength { option_type, found, expected: *expected };
                assert_eq!(decode(raw), if right { Ok(()) } else { Err(error) }, "option {option_type}, {found} bytes");
            }
        }
    }
}

#[test]
fn an_endpoint_discriminator_has_the_least_length_of_its_class() {
    for (class, minimum) in [(0, 0), (1, 1), (2, 4), (3, 6), (4, 4), (5, 1), (6, 0)] {
        let mut data = [0; 30];
        data[0] = class;
        for length in 0..20 {
            let raw = RawOption { option_type: 19, data: &data[..=length] };
            assert_eq!(lcp::ConfigurationOption::decode(raw).is_ok(), length >= minimum, "class {class}, {length}");
        }
    }
}

#[test]
fn every_malformed_frame_has_its_error() {
    let truncated = |field, offset, needed, available| DecodeError::Truncated { field, offset, needed, available };
    let table: [(&[u8], DecodeError); 11] = [
        (&[], truncated(Field::Protocol, 0, 1, 0)),
        (&[0xff], truncated(Field::Control, 1, 1, 0)),
        (&[0xff, 0x04, 0xc0, 0x21], DecodeError::Control { offset: 1, found: 4 }),
        (&[0xff, 0xff], DecodeError::Control { offset: 1, found: 0xff }),
        (&[0xff, 0x03], truncated(Field::Protocol, 2, 1, 0)),
        (&[0xff, 0x03, 0xc0], truncated(Field::Protocol, 2, 2, 1)),
        (&[0xc0], truncated(Field::Protocol, 0, 2, 1)),
        (&[0xc0, 0x22], DecodeError::InvalidProtocol { offset: 0, found: Protocol(0xc022) }),
        (&[0x00, 0x00], DecodeError::InvalidProtocol { offset: 0, found: Protocol(0) }),
        (&[0xff, 0x03, 0x80, 0x20], DecodeError::InvalidProtocol { offset: 2, found: Protocol(0x8020) }),
        (&[0xff, 0x03, 0xff, 0x03], DecodeError::InvalidProtocol { offset: 2, found: Protocol(0x00ff) }),
    ];
    for (bytes, error) in table {
        assert_eq!(Frame::decode(bytes), Err(error), "{bytes:02x?}");
    }
}

#[test]
fn inner_parts_cut_short_say_which() {
    let cut = |found: Result<(), DecodeError>| match found {
        Err(DecodeError::Truncated { field, offset, .. }) => (field, offset),
        other => panic!("{other:?}"),
    };
    let lcp = |bytes| cut(lcp::Packet::decode(bytes).map(drop));
    assert_eq!(lcp(&[9, 1, 0, 7, 0, 0, 0]), (Field::MagicNumber, 4));
    assert_eq!(lcp(&[12, 1, 0, 4]), (Field::MagicNumber, 4));
    assert_eq!(lcp(&[13, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0]), (Field::SecondsRemaining, 8));
    assert_eq!(lcp(&[8, 1, 0, 5, 0xc0]), (Field::RejectedProtocol, 4));
    let pap = |bytes| cut(pap::Packet::decode(bytes).map(drop));
    assert_eq!(pap(&[1, 1, 0, 4]), (Field::PeerIdLength, 4));
    assert_eq!(pap(&[1, 1, 0, 6, 2, 0]), (Field::PeerId, 5));
    assert_eq!(pap(&[1, 1, 0, 6, 1, 0]), (Field::PasswordLength, 6));
    assert_eq!(pap(&[1, 1, 0, 7, 1, 0, 1]), (Field::Password, 7));
    assert_eq!(pap(&[2, 1, 0, 5, 1]), (Field::Message, 5));
    let chap = |bytes| cut(chap::Packet::decode(bytes).map(drop));
    assert_eq!(chap(&[1, 1, 0, 4]), (Field::ValueSize, 4));
    assert_eq!(chap(&[2, 1, 0, 6, 2, 0]), (Field::Value, 5));
    let eap = |bytes| cut(eap::Packet::decode(bytes).map(drop));
    assert_eq!(eap(&[1, 1, 0, 4]), (Field::Type, 4));
    let method = eap::Method { method_type: eap::Type::MD5_CHALLENGE, data: &[16, 0] };
    assert_eq!(cut(method.md5_challenge().map(drop)), (Field::Value, 6));
}

#[test]
fn options_have_an_exact_upper_bound() {
    let bytes = [3; 7];
    let mut options = Options::new(&bytes);
    assert_eq!(options.size_hint(), (1, Some(4)));
    assert!(options.next().unwrap().is_ok());
    assert_eq!(options.size_hint(), (1, Some(2)));
    assert_eq!(options.by_ref().count(), 2);
    assert_eq!(options.size_hint(), (0, Some(0)));
}

#[test]
fn every_protocol_number_has_its_form() {
    for number in 0..=u16::MAX {
        let protocol = Protocol(number);
        let [high, low] = number.to_be_bytes();
        assert_eq!(protocol.is_valid(), high % 2 == 0 && low % 2 == 1, "{protocol:?}");
        assert_eq!(protocol.is_compressible(), high == 0 && low % 2 == 1 && low != 0xff, "{protocol:?}");
        let control = protocol.network_protocol().is_some();
        assert_eq!(control, (0x80..0xc0).contains(&high), "{protocol:?}");
        if high % 2 == 0 {
            assert_eq!(Frame::decode(&[high, low]).is_ok(), protocol.is_valid(), "{protocol:?}");
        }
    }
}

#[test]
fn a_password_matches_only_as_a_whole() {
    let right = b"wonderland";
    let password = pap::Password::new(right);
    assert!(password.matches(right));
    assert!(!password.matches(&right[..9]) && !password.matches(b"wonderland\0") && !password.matches(b""));
    for position in 0..right.len() {
        let mut wrong = *right;
        wrong[position] ^= 1;
        assert!(!password.matches(&wrong), "byte {position}");
    }
}
