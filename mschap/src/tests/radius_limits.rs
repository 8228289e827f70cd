//! Every way in which an attribute can be wrong.

use alloc::vec;
use alloc::vec::Vec;
use core::net::Ipv4Addr;

use md5::{Digest, Md5};
use proptest::prelude::*;

use super::radius::{encoded, one};
use crate::radius::*;
use crate::{FailureCode, LmHash, NtHashHash, StartKey};

const KNOWN: [(VendorType, usize, bool); 20] = [
    // The length of the value, and whether it is the only one.
    (VendorType::CHAP_RESPONSE, 50, true),
    (VendorType::CHAP_ERROR, 2, false),
    (VendorType::CPW_1, 70, true),
    (VendorType::CPW_2, 84, true),
    (VendorType::LM_ENC_PW, 5, false),
    (VendorType::NT_ENC_PW, 5, false),
    (VendorType::ENCRYPTION_POLICY, 4, true),
    (VendorType::ENCRYPTION_TYPES, 4, true),
    (VendorType::DOMAIN, 2, false),
    (VendorType::CHALLENGE, 1, false),
    (VendorType::MPPE_KEYS, 32, true),
    (VendorType::SEND_KEY, 3, false),
    (VendorType::RECV_KEY, 3, false),
    (VendorType::CHAP2_RESPONSE, 50, true),
    (VendorType::CHAP2_SUCCESS, 43, true),
    (VendorType::CHAP2_CPW, 68, true),
    (VendorType::PRIMARY_DNS_SERVER, 4, true),
    (VendorType::SECONDARY_DNS_SERVER, 4, true),
    (VendorType::PRIMARY_NBNS_SERVER, 4, true),
    (VendorType::SECONDARY_NBNS_SERVER, 4, true),
];

fn value_of(vendor_type: VendorType, length: usize) -> Vec<u8> {
    let mut value = vec![b'0'; length];
    let code = match vendor_type {
        VendorType::CPW_1 => Some(5),
        VendorType::CPW_2 | VendorType::LM_ENC_PW | VendorType::NT_ENC_PW => Some(6),
        VendorType::CHAP2_CPW => Some(7),
        _ => None,
    };
    for (to, from) in value.iter_mut().zip(code) {
        *to = from;
    }
    if vendor_type == VendorType::CHAP2_SUCCESS {
        for (to, from) in value.iter_mut().skip(1).zip(b"S=") {
            *to = *from;
        }
    }
    value
}

#[test]
fn every_length_of_every_attribute() {
    for (vendor_type, needed, exact) in KNOWN {
        for found in 0..=Attribute::MAX_VALUE_LEN {
            let value = value_of(vendor_type, found);
            match Attribute::decode(vendor_type, &value) {
                Ok(attribute) => {
                    assert!(if exact { found == needed } else { found >= needed }, "{vendor_type} of {found}");
                    assert_eq!(attribute.vendor_type(), vendor_type);
                    assert_eq!(encoded(&attribute)[8..], value);
                }
                Err(error) if exact => {
                    assert_ne!(found, needed);
                    assert_eq!(error, AttributeError::Length { vendor_type, needed, found });
                }
                Err(error) => {
                    assert!(found < needed, "{vendor_type} of {found}");
                    assert_eq!(error, AttributeError::TooShort { vendor_type, needed, found });
                }
            }
        }
    }
}

#[test]
fn other_codes_are_refused() {
    for (vendor_type, length, _) in KNOWN {
        let mut value = value_of(vendor_type, length);
        let good = value[0];
        if !(5..=7).contains(&good) {
            continue;
        }
        for code in (0..=255).filter(|code| *code != good) {
            value[0] = code;
            let error = Attribute::decode(vendor_type, &value).unwrap_err();
            assert_eq!(error, AttributeError::Code { vendor_type, needed: good, found: code });
        }
    }
}

#[test]
fn a_success_without_proof_is_refused() {
    let mut value = value_of(VendorType::CHAP2_SUCCESS, 43);
    value[42] = b'g';
    let error = Attribute::decode(VendorType::CHAP2_SUCCESS, &value).unwrap_err();
    assert!(matches!(error, AttributeError::Content(_)));
    value[1] = b's';
    let error = Attribute::decode(VendorType::CHAP2_SUCCESS, &value).unwrap_err();
    assert_eq!(error, AttributeError::NoProof);
}

#[test]
fn every_vendor_length() {
    // Policy, then types.
    let good = [0, 0, 1, 0x37, 7, 6, 0, 0, 0, 2, 8, 6, 0, 0, 0, 4];
    assert_eq!(attributes(&good).unwrap().count(), 2);
    for length in 0..good.len() {
        let results: Option<Vec<_>> = attributes(&good[..length]).ok().map(Iterator::collect);
        match (length, results) {
            (0..4, None) => {
                assert_eq!(attributes(&good[..length]).unwrap_err(), AttributeError::NoVendorId { available: length });
            }
            (4, Some(results)) => assert!(results.is_empty()),
            (5 | 11, Some(results)) => {
                assert!(
                    matches!(results.last(), Some(Err(AttributeError::Truncated { offset })) if *offset == length - 1)
                );
            }
            (10, Some(results)) => assert!(matches!(results[..], [Ok(Attribute::EncryptionPolicy(_))])),
            (_, Some(results)) => {
                assert!(matches!(results.last(), Some(Err(AttributeError::VendorLength { .. }))));
            }
            (_, None) => panic!("{length}"),
        }
    }
    for found in 0..=255 {
        let mut bytes = good;
        bytes[5] = found;
        let first = attributes(&bytes).unwrap().next().unwrap();
        let vendor_type = VendorType::ENCRYPTION_POLICY;
        let expected = match found {
            6 => None,
            0 | 1 | 13..=255 => Some(AttributeError::VendorLength { vendor_type, offset: 4, found, available: 12 }),
            _ => Some(AttributeError::Length { vendor_type, needed: 4, found: usize::from(found) - 2 }),
        };
        assert_eq!(first.err(), expected, "{found}");
        assert!(attributes(&bytes).unwrap().count() <= 6);
    }
    for vendor in [0u32, 9, 310, 312, u32::MAX] {
        let mut bytes = good;
        bytes[..4].copy_from_slice(&vendor.to_be_bytes());
        assert_eq!(attributes(&bytes).unwrap_err(), AttributeError::OtherVendor { found: vendor });
    }
}

#[test]
fn every_attribute_costs_two_bytes() {
    // A type and a length are the shortest; a length that is wrong is the last.
    for length in 0..=255_u8 {
        let mut bytes = vec![0, 0, 1, 0x37];
        bytes.extend([1, length].repeat(125));
        let count = attributes(&bytes).unwrap().count();
        assert!(count <= 125, "{length}: {count}");
        assert!(length != 2 || count == 125, "{count}");
    }
}

#[test]
fn hidden_keys_that_cannot_be() {
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let salt = [0x80, 0];
    // Every stated length in one, two and fifteen blocks.
    for blocks in [1usize, 2, 15] {
        for stated in 0..=255u8 {
            let mut string = vec![0; blocks * 16];
            string[0] = stated;
            // The effect of the RFC's salted hiding on a key of its own choice: hide the clear text
            // by hand.
            let mut previous: [u8; 16] =
                { Md5::new().chain_update(b"secret").chain_update([9; 16]).chain_update(salt).finalize().into() };
            for block in string.chunks_mut(16) {
                for (byte, pad) in block.iter_mut().zip(previous) {
                    *byte ^= pad;
                }
                previous = Md5::new().chain_update(b"secret").chain_update(&block[..]).finalize().into();
            }
            let length = usize::from(stated);
            let room = blocks * 16 - 1;
            let revealed = HiddenKey { salt, string: &string }.reveal(&hiding);
            if length >= 1 && length <= room && room - length <= 15 {
                assert_eq!(revealed.unwrap().as_bytes(), vec![0; length]);
            } else {
                assert_eq!(revealed.unwrap_err(), KeyError::KeyLength { stated: length, available: room });
            }
        }
    }
    for found in 0..300 {
        let string = vec![0; found];
        let error = HiddenKey { salt, string: &string }.reveal(&hiding).unwrap_err();
        let impossible = found == 0 || found % 16 != 0 || found > 240;
        assert_eq!(error == KeyError::StringLength { found }, impossible, "{found}: {error:?}");
    }
    let mut buf = [0; HiddenKey::MAX_STRING_LEN];
    for length in 0..300 {
        let key = vec![0xab; length];
        let hidden = HiddenKey::hide(&key, salt, &hiding, &mut buf);
        match hidden {
            Ok(hidden) => {
                assert!((1..=239).contains(&length));
                assert_eq!(hidden.reveal(&hiding).unwrap().as_bytes(), key);
            }
            Err(error) => {
                assert!(!(1..=239).contains(&length));
                assert_eq!(error, KeyError::KeyLength { stated: length, available: 240 });
            }
        }
    }
    assert!(HiddenKey::hide(&[1; 16], salt, &hiding, &mut [0; 31]).is_err());
    for high in 0..0x80 {
        let found = [high, 0xff];
        let error = HiddenKey { salt: found, string: &[0; 32] }.reveal(&hiding).unwrap_err();
        assert_eq!(error, KeyError::Salt { found });
        assert_eq!(HiddenKey::hide(&[1; 16], found, &hiding, &mut buf).unwrap_err(), KeyError::Salt { found });
    }
}

#[test]
fn another_secret_or_request_is_noticed() {
    let keys = MppeKeys { lm_key: LmKey::empty(), nt_key: NtHashHash::from_bytes([0xab; 16]) };
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let hidden = keys.hide(&hiding);
    let mut buf = [0; HiddenKey::MAX_STRING_LEN];
    let salted = HiddenKey::hide(&[0xab; 16], [0x80, 1], &hiding, &mut buf).unwrap();
    for secret in [&b"Secret"[..], b"secret ", b""] {
        let other = Hiding::new(secret, &[9; 16]);
        assert_eq!(hidden.reveal(&other).unwrap_err(), KeyError::Padding);
        assert!(salted.reveal(&other).is_err());
    }
    let other = Hiding::new(b"secret", &[8; 16]);
    assert!(salted.reveal(&other).is_err());
    // The padding of MS-CHAP-MPPE-Keys does not depend on the request.
    assert!(!hidden.reveal(&other).unwrap().nt_key.ct_eq(&keys.nt_key));
    let other_salt = HiddenKey { salt: [0x80, 2], ..salted };
    assert!(other_salt.reveal(&hiding).is_err());
}

#[test]
fn a_missing_attribute_has_a_name() {
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let accept = |attributes: &[Attribute<'_>]| {
        let bytes: Vec<Vec<u8>> = attributes.iter().map(encoded).collect();
        let accept = AccessAccept::decode(bytes.iter().map(|bytes| &bytes[2..]), &hiding).unwrap();
        (accept.start_keys().err(), accept.v1_start_key(&[0; 8]).err())
    };
    let mut buf = [0; 240];
    let long = HiddenKey::hide(&[1; 32], [0x80, 1], &hiding, &mut buf).unwrap();
    let mut buf = [0; 240];
    let short = HiddenKey::hide(&[1; 8], [0x80, 2], &hiding, &mut buf).unwrap();
    let empty = MppeKeys { lm_key: LmKey::empty(), nt_key: NtHashHash::from_bytes([0; 16]) };
    assert_eq!(accept(&[]), (Some(KeysMissing::SendKey), Some(KeysMissing::MppeKeys)));
    assert_eq!(accept(&[Attribute::RecvKey(long)]).0, Some(KeysMissing::SendKey));
    assert_eq!(accept(&[Attribute::SendKey(long)]).0, Some(KeysMissing::RecvKey));
    let too_short = Some(KeysMissing::TooShort { length: 8 });
    assert_eq!(accept(&[Attribute::SendKey(short), Attribute::RecvKey(long)]).0, too_short);
    assert_eq!(accept(&[Attribute::SendKey(long), Attribute::RecvKey(short)]).0, too_short);
    assert_eq!(accept(&[Attribute::SendKey(long), Attribute::RecvKey(long)]).0, None);
    assert_eq!(accept(&[Attribute::MppeKeys(empty.hide(&hiding))]).1, Some(KeysMissing::NtKey));
}

#[test]
fn an_accept_is_read_whole() {
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let address = Ipv4Addr::new(10, 0, 0, 1);
    let written = [
        Attribute::Domain(Domain { ident: 3, name: "BIGCO".into() }),
        Attribute::PrimaryDnsServer(address),
        Attribute::SecondaryDnsServer(Ipv4Addr::new(10, 0, 0, 2)),
        Attribute::PrimaryNbnsServer(Ipv4Addr::new(10, 0, 0, 3)),
        Attribute::SecondaryNbnsServer(Ipv4Addr::new(10, 0, 0, 4)),
        Attribute::EncryptionTypes(EncryptionTypes::BITS_40 | EncryptionTypes::BITS_128),
        Attribute::Other { vendor_type: VendorType(13), value: &[1] },
        // The first counts.
        Attribute::PrimaryDnsServer(Ipv4Addr::UNSPECIFIED),
    ];
    let mut bytes: Vec<Vec<u8>> = written.iter().map(encoded).collect();
    bytes.push(vec![26, 8, 0, 0, 0, 9, 1, 2]); // Cisco
    let accept = AccessAccept::decode(bytes.iter().map(|bytes| &bytes[2..]), &hiding).unwrap();
    assert_eq!(accept.domain.unwrap().name.as_bytes(), b"BIGCO");
    assert_eq!(accept.primary_dns_server, Some(address));
    assert_eq!(accept.secondary_nbns_server, Some(Ipv4Addr::new(10, 0, 0, 4)));
    assert_eq!(accept.encryption_types.map(EncryptionTypes::mppe_supported_bits), Some(0x60));
    assert!(accept.encryption_policy.is_none());

    // One that cannot be read is not passed over.
    let bad = [0, 0, 1, 0x37, 16, 4, 0, 0];
    assert!(matches!(AccessAccept::decode([&bad[..]], &hiding), Err(AcceptError::Attribute(_))));
    let bad = [[0, 0, 1, 0x37, 16, 20, 0x80, 1].to_vec(), vec![0; 16]].concat();
    let vendor_type = VendorType::SEND_KEY;
    assert!(matches!(
        AccessAccept::decode([&bad[..]], &hiding),
        Err(AcceptError::Key { vendor_type: found, .. }) if found == vendor_type
    ));
}

#[test]
fn start_keys_are_written_with_two_salts() {
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let keys = StartKeys { send: StartKey::from_bytes([1; 16]), receive: StartKey::from_bytes([2; 16]) };
    let error = keys.encode(&hiding, [[0x80, 1]; 2], &mut [0; 84]).unwrap_err();
    assert!(matches!(error, AcceptError::Key { error: KeyError::SameSalt { found: [0x80, 1] }, .. }));
    let error = keys.encode(&hiding, [[0x80, 1], [0, 1]], &mut [0; 84]).unwrap_err();
    assert!(matches!(error, AcceptError::Key { error: KeyError::Salt { found: [0, 1] }, .. }));
    for length in 0..84 {
        let error = keys.encode(&hiding, [[0x80, 1], [0x80, 2]], &mut [0; 84][..length]).unwrap_err();
        assert!(matches!(error, AcceptError::Encode(EncodeError::BufferTooSmall(_))));
    }
}

/// RFC 2548 sections 2.4.2 and 2.4.3.
#[test]
fn start_keys_are_written_as_they_are_read() {
    let hiding = Hiding::new(b"secret", &[9; 16]);
    let keys = StartKeys { send: StartKey::from_bytes([1; 16]), receive: StartKey::from_bytes([2; 16]) };
    let mut buf = [0; StartKeys::ENCODED_LEN + 1];
    let bytes = keys.encode(&hiding, [[0x80, 1], [0x80, 2]], &mut buf).unwrap();
    let attributes: Vec<_> = bytes.chunks(42).collect();
    // Vendor-Specific, its length, Microsoft; MS-MPPE-Send-Key and MS-MPPE-Recv-Key with their lengths and salts.
    assert_eq!(attributes[0][..10], [26, 42, 0, 0, 1, 0x37, 16, 36, 0x80, 1]);
    assert_eq!(attributes[1][..10], [26, 42, 0, 0, 1, 0x37, 17, 36, 0x80, 2]);
    let read = AccessAccept::decode(attributes.iter().map(|attribute| &attribute[2..]), &hiding).unwrap();
    let read = read.start_keys().unwrap();
    assert!(read.send.ct_eq(&keys.send) && read.receive.ct_eq(&keys.receive));
}

/// RFC 2548 section 2.4.1: servers leave the LM-Key empty.
#[test]
fn a_key_of_zeros_alone_is_an_empty_one() {
    assert!(LmKey::empty().is_empty());
    assert!(!LmKey::new(&LmHash::from_password("clientPass").unwrap()).is_empty());
}

/// RFC 2548 sections 2.4.4 and 2.4.5, and the bits of RFC 3078 section 2.
#[test]
fn policies_are_read_strictly_and_types_bit_by_bit() {
    for policy in 0..4 {
        assert_eq!(EncryptionPolicy(policy).is_required(), policy != 1);
    }
    for (types, allows, bits) in [
        (EncryptionTypes(0), (false, false), 0),
        (EncryptionTypes::BITS_40, (true, false), 0x20),
        (EncryptionTypes::BITS_128, (false, true), 0x40),
        (EncryptionTypes::BITS_40 | EncryptionTypes::BITS_128, (true, true), 0x60),
        (EncryptionTypes(!6), (false, false), 0),
    ] {
        assert_eq!((types.allows_40_bit(), types.allows_128_bit()), allows, "{types:?}");
        assert_eq!(types.mppe_supported_bits(), bits, "{types:?}");
    }
    assert_eq!(EncryptionTypes::BITS_40 | EncryptionTypes::BITS_40, EncryptionTypes::BITS_40);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    let long = [0; 300];
    for length in 0..300 {
        let attribute = Attribute::Other { vendor_type: VendorType(99), value: &long[..length] };
        let written = attribute.encode(&mut [0; 300]).map(<[u8]>::len);
        let expected = if length <= 247 {
            Ok(length + 8)
        } else {
            Err(EncodeError::TooLong { vendor_type: VendorType(99), length })
        };
        assert_eq!(written, expected);
    }
}

#[test]
fn error_text_is_read_and_printed_escaped() {
    let attribute = Attribute::decode(VendorType::CHAP_ERROR, b"\x2eE=648 R=0 V=3 M=\x1b[2J").unwrap();
    let Attribute::ChapError(error) = attribute else { panic!("{attribute:?}") };
    assert_eq!(error.failure().code, Some(FailureCode::PASSWORD_EXPIRED));
    assert!(alloc::format!("{error:?}").contains(r"M=\x1b[2J"));
}

proptest! {
    #[test]
    fn decodes_anything(bytes in prop::collection::vec(any::<u8>(), 0..=253), known in 0..20usize, likely in any::<bool>()) {
        let mut bytes = bytes;
        if likely && bytes.len() > 6 {
            bytes[..4].copy_from_slice(&[0, 0, 1, 0x37]);
            bytes[4] = KNOWN[known].0.0;
            bytes[5] = u8::try_from(bytes.len().saturating_sub(4)).unwrap();
        }
        let hiding = Hiding::new(b"secret", &[9; 16]);
        if let Ok(found) = attributes(&bytes) {
            for attribute in found.flatten() {
                let again = encoded(&attribute);
                prop_assert!(Attribute::decode(attribute.vendor_type(), &again[8..]).is_ok());
                if let Attribute::SendKey(key) | Attribute::RecvKey(key) = &attribute {
                    let _ = key.reveal(&hiding);
                }
            }
        }
        let _ = AccessAccept::decode([&bytes[..]], &hiding);
    }

    #[test]
    fn keys_travel(key in prop::collection::vec(any::<u8>(), 1..240), salt in any::<[u8; 2]>(), secret in any::<Vec<u8>>(), request in any::<[u8; 16]>()) {
        let hiding = Hiding::new(&secret, &request);
        let salt = [salt[0] | 0x80, salt[1]];
        let mut buf = [0; HiddenKey::MAX_STRING_LEN];
        let hidden = HiddenKey::hide(&key, salt, &hiding, &mut buf).unwrap();
        let attribute = encoded(&Attribute::SendKey(hidden));
        let Attribute::SendKey(hidden) = one(&attribute[2..]) else { panic!("not it") };
        let revealed = hidden.reveal(&hiding).unwrap();
        prop_assert_eq!(revealed.as_bytes(), &key);
    }
}
