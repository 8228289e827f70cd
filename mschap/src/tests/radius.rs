//! RFC 2548 against real packets, and every way in which an attribute can be wrong.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks at the attributes that it is about")]

use alloc::vec;
use alloc::vec::Vec;

use super::radius_vectors::{Record, records, values};
use super::{array, bytes};
use crate::radius::*;
use crate::{Account, ChangeError, EncryptedPassword, MasterKey, NamePolicy, NtHash, v1, v2};

/// Returns the values of the attributes of type 26 in a packet.
fn vendor_specific(packet: &[u8]) -> Vec<&[u8]> {
    let mut rest = &packet[20..];
    let mut values = Vec::new();
    while let [kind, length, ..] = *rest {
        let (attribute, behind) = rest.split_at(length.into());
        if kind == VENDOR_SPECIFIC {
            values.push(&attribute[2..]);
        }
        rest = behind;
    }
    values
}

pub(super) fn one(value: &[u8]) -> Attribute<'_> {
    let mut attributes = attributes(value).unwrap();
    let attribute = attributes.next().unwrap().unwrap();
    assert!(attributes.next().is_none());
    attribute
}

pub(super) fn encoded(attribute: &Attribute<'_>) -> Vec<u8> {
    attribute.encode(&mut [0; Attribute::MAX_LEN]).unwrap().to_vec()
}

fn exchanges() -> impl Iterator<Item = Record> {
    records("request")
}

#[test]
fn real_requests() {
    assert_eq!(exchanges().count(), 9);
    for exchange in exchanges() {
        let request = exchange.bytes("request");
        let hash = NtHash::from_password(exchange.text("password"));
        let name = exchange.bytes("name");
        let user = NamePolicy::default().user(&name);
        let (mut challenge, mut verified) = (None, 0);
        let mut values = vendor_specific(&request);
        assert_eq!(values.len(), 2);
        // The challenge first, whatever their order.
        values.sort_by_key(|value| value[4] != VendorType::CHALLENGE.0);
        for value in values {
            let attribute = one(value);
            assert_eq!(encoded(&attribute)[2..], *value);
            match attribute {
                Attribute::Challenge(value) => challenge = Some(value),
                Attribute::ChapResponse(attribute) => {
                    let challenge = v1::decode_challenge(challenge.unwrap()).unwrap();
                    assert!(attribute.response.verify(&hash, &challenge), "{}", exchange.text("password"));
                    verified += 1;
                }
                Attribute::Chap2Response(attribute) => {
                    let challenge = v2::decode_challenge(challenge.unwrap()).unwrap();
                    assert!(attribute.response.verify(&hash, &challenge, user), "{}", exchange.text("password"));
                    verified += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(verified, 1);
    }
}

#[test]
fn real_replies() {
    for exchange in exchanges() {
        let (request, reply) = (exchange.bytes("request"), exchange.bytes("reply"));
        let (secret, authenticator) = (exchange.bytes("secret"), array(&hex::encode(&request[4..20])));
        let hiding = Hiding::new(&secret, &authenticator);
        let accept = AccessAccept::decode(vendor_specific(&reply), &hiding).unwrap();
        assert_eq!(accept.encryption_policy, Some(EncryptionPolicy(exchange.number("policy"))));
        assert_eq!(accept.encryption_types, Some(EncryptionTypes(exchange.number("types"))));

        let hash = NtHash::from_password(exchange.text("password"));
        let mut challenge = None;
        let mut response = None;
        for value in vendor_specific(&request) {
            match one(value) {
                Attribute::Challenge(value) => challenge = Some(value),
                Attribute::Chap2Response(attribute) => response = Some(attribute),
                _ => {}
            }
        }
        let expected = values::<2>(exchange.text("keys")).map(bytes);
        if exchange.number("version") == 1 {
            let keys = accept.mppe_keys.as_ref().unwrap();
            assert_eq!(keys.lm_key.as_bytes()[..], expected[0]);
            assert_eq!(keys.nt_key.as_bytes()[..], expected[1]);
            assert!(keys.nt_key.ct_eq(&hash.hash()) && keys.lm_key.is_empty());
            let challenge = v1::decode_challenge(challenge.unwrap()).unwrap();
            let start_key = accept.v1_start_key(&challenge).unwrap();
            assert_eq!(start_key.as_bytes()[..], exchange.bytes("start_key"));
            assert_eq!(accept.start_keys().unwrap_err(), KeysMissing::SendKey);
        } else {
            let response = response.unwrap();
            let challenges = response.response.challenges(&v2::decode_challenge(challenge.unwrap()).unwrap());
            let name = exchange.bytes("name");
            let hashed = challenges.hash(NamePolicy::default().user(&name));
            let nt_response = &response.response.nt_response;
            let proof = v2::AuthenticatorResponse::new(&hash.hash(), nt_response, &hashed);
            let success = accept.success.as_ref().unwrap();
            assert_eq!(success.ident, response.ident);
            assert!(success.proof.ct_eq(&proof));

            let derived = StartKeys::from_master_key(&MasterKey::new(&hash.hash(), nt_response));
            let sent = accept.start_keys().unwrap();
            assert!(sent.send.ct_eq(&derived.send) && sent.receive.ct_eq(&derived.receive));
            assert_eq!(sent.send.as_bytes()[..], expected[0]);
            assert_eq!(sent.receive.as_bytes()[..], expected[1]);
            assert_eq!(accept.v1_start_key(&[0; 8]).unwrap_err(), KeysMissing::MppeKeys);
        }
        // Each attribute is written as it was, and a key with the same salt is hidden as it was.
        for value in vendor_specific(&reply) {
            let attribute = one(value);
            assert_eq!(encoded(&attribute)[2..], *value);
            match attribute {
                Attribute::SendKey(key) | Attribute::RecvKey(key) => {
                    let clear = key.reveal(&hiding).unwrap();
                    let mut buf = [0; HiddenKey::MAX_STRING_LEN];
                    let again = HiddenKey::hide(clear.as_bytes(), key.salt, &hiding, &mut buf).unwrap();
                    assert_eq!(again.string, key.string);
                }
                Attribute::MppeKeys(keys) => {
                    assert!(keys.reveal(&hiding).unwrap().hide(&hiding).ct_eq(&keys));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn keys_of_other_lengths() {
    assert_eq!(records("salted").count(), 5);
    for sample in records("salted") {
        let (secret, authenticator) = (sample.bytes("secret"), array(sample.text("request_authenticator")));
        let hiding = Hiding::new(&secret, &authenticator);
        for [salt, key, wire] in sample.all("salted").map(values) {
            let (key, wire) = (bytes(key), bytes(wire));
            for vendor_type in [VendorType::SEND_KEY, VendorType::RECV_KEY] {
                let attribute = Attribute::decode(vendor_type, &wire).unwrap();
                let (Attribute::SendKey(hidden) | Attribute::RecvKey(hidden)) = attribute else {
                    panic!("{attribute:?}");
                };
                assert_eq!(hidden.salt, array(salt));
                let clear = hidden.reveal(&hiding).unwrap();
                assert_eq!(clear.as_bytes(), key);
                assert_eq!(clear.start_key().is_some(), key.len() >= 16);
            }
            let mut buf = [0; HiddenKey::MAX_STRING_LEN];
            assert_eq!(HiddenKey::hide(&key, array(salt), &hiding, &mut buf).unwrap().string, &wire[2..]);
        }
        let [lm_key, nt_key, wire] = values(sample.text("mppe_keys"));
        let keys = HiddenMppeKeys::from_bytes(array(wire)).reveal(&hiding).unwrap();
        assert_eq!(keys.lm_key.as_bytes()[..], bytes(lm_key));
        assert_eq!(keys.nt_key.as_bytes()[..], bytes(nt_key));
        assert_eq!(keys.hide(&hiding).as_bytes()[..], bytes(wire));
    }
}

/// FreeRADIUS/freeradius-server, src/tests/modules/mschap/auth_mschapv2.attrs and src/tests/digest/mschapv1.txt.
#[test]
fn responses_of_freeradius() {
    let value = bytes(concat!(
        "0001502feeee9495a353cddbd1efc40072820000000000000000",
        "e866286bb30d0215ed16cf425b6a29d206667a9853e23ca4",
    ));
    let attribute = Attribute::decode(VendorType::CHAP2_RESPONSE, &value).unwrap();
    let Attribute::Chap2Response(attribute) = attribute else { panic!("{attribute:?}") };
    assert_eq!((attribute.ident, attribute.response.flags), (0, 1));
    let challenge = array("16d2833f4239256dd2b2bb26f2ecb2a3");
    assert!(attribute.response.verify(&NtHash::from_password("secret"), &challenge, b"john"));

    let value = bytes(concat!(
        "b901000000000000000000000000000000000000000000000000",
        "7a42408782f745ef90a86fd21b0d9294132750f4af66a419",
    ));
    let attribute = Attribute::decode(VendorType::CHAP_RESPONSE, &value).unwrap();
    let Attribute::ChapResponse(attribute) = attribute else { panic!("{attribute:?}") };
    assert_eq!((attribute.ident, attribute.response.flags), (0xb9, 1));
    let hash = NtHash::from_password("bob");
    assert!(attribute.response.verify(&hash, &array("b9634adc358b2ab3")));

    // Its MS-CHAP-MPPE-Keys in the clear: the LM-Key is set, and the NT-Key is the hash of the hash.
    let clear: [u8; 24] = array("4318b176c3d8e3de9a936faf344359a0f1e3c9b5585b9f1f");
    assert_eq!(LmKey::new(&crate::LmHash::from_password("bob").unwrap()).as_bytes(), &clear[..8]);
    assert_eq!(hash.hash().as_bytes(), &clear[8..]);
}

/// FreeRADIUS/freeradius-server, src/tests/modules/mschap/pwdchange_local.attrs: three pieces, numbered from 1.
#[test]
fn change_of_password_of_freeradius() {
    let value = bytes(concat!(
        "070082143fd0bc9564ad7be1c430d2f272cdc9cb418bc880211f2d4b0a07dc5424bc0000000000000000",
        "a58ce3f219fa2436dab93bd4a3f1a2708cb0ec5cfd598dce0000",
    ));
    let Ok(Attribute::Chap2Cpw(cpw)) = Attribute::decode(VendorType::CHAP2_CPW, &value) else { panic!("not it") };
    let password = bytes(super::change_password::ENCRYPTED_PASSWORD);
    let mut rest = &password[..];
    let values: Vec<Vec<u8>> = (1..)
        .zip([200, 200, 116])
        .map(|(number, length)| {
            let (piece, behind) = rest.split_at(length);
            rest = behind;
            [&[6, 0, 0, number], piece].concat()
        })
        .collect();
    let pieces = values.iter().map(|value| match Attribute::decode(VendorType::NT_ENC_PW, value) {
        Ok(Attribute::NtEncPw(piece)) => piece,
        other => panic!("{other:?}"),
    });
    let packet = cpw.into_packet(EncPw::join(0, pieces).unwrap());
    let new = packet.open(&NtHash::from_password("secret"), &array("65e2ea00a29bddd36cfbad2d76979ac9"), b"john");
    assert!(new.unwrap().nt_hash().ct_eq(&NtHash::from_password("SuperSecret")));
}

#[test]
fn change_of_password() {
    let (old, challenges) = (NtHash::from_password("old"), v2::Challenges { authenticator: [1; 16], peer: [2; 16] });
    let packet = v2::ChangePassword::new(&old, "neu", &challenges, b"User", &[3; 512]).unwrap();
    let mut sent = vec![encoded(&Attribute::Chap2Cpw(Chap2Cpw::new(9, &packet)))];
    sent.extend(EncPw::split(9, &packet.encrypted_password).map(|piece| encoded(&Attribute::NtEncPw(piece))));
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [76, 184, 184, 184]);
    assert_eq!(sent[0][6..10], [27, 70, 7, 9]);
    for (number, piece) in (1..).zip(&sent[1..]) {
        assert_eq!(piece[6..12], [6, 178, 6, 9, 0, number]);
    }
    let (mut cpw, mut pieces) = (None, Vec::new());
    for attribute in &sent {
        match one(&attribute[2..]) {
            Attribute::Chap2Cpw(attribute) => cpw = Some(attribute),
            Attribute::NtEncPw(piece) => pieces.push(piece),
            other => panic!("{other:?}"),
        }
    }
    let password = EncPw::join(9, pieces.iter().copied()).unwrap();
    let received = cpw.unwrap().into_packet(password);
    assert_eq!(received.encode(), packet.encode());
    assert!(received.open(&old, &challenges.authenticator, b"User").is_ok());
}

#[test]
fn changes_of_password_of_version_1() {
    let (old, challenge) = (NtHash::from_password("old"), [7; 8]);
    let account = Account::new(&old);
    let packet = v1::ChangePassword2::new(&old, "neu", &challenge, &[3; 512]).unwrap();
    let attribute = encoded(&Attribute::Cpw2(Cpw2::new(9, &packet)));
    assert_eq!(attribute[6..10], [4, 86, 6, 9]);
    let Attribute::Cpw2(received) = one(&attribute[2..]) else { panic!("not it") };
    let password = EncPw::join(9, EncPw::split(9, &packet.encrypted_password)).unwrap();
    let received = received.into_packet(password, None);
    assert_eq!(received.encode(), packet.encode());
    assert!(received.open(&account, &challenge).is_ok());

    let packet = v1::ChangePassword1::new(&old, &NtHash::from_password("neu"), &challenge);
    let attribute = encoded(&Attribute::Cpw1(Cpw1 { ident: 9, change: packet }));
    assert_eq!(attribute[6..10], [3, 72, 5, 9]);
    let Attribute::Cpw1(received) = one(&attribute[2..]) else { panic!("not it") };
    assert!(received.change.open(&account, &challenge).is_ok());
    assert_eq!(received.change.open(&account, &[0; 8]).unwrap_err(), ChangeError::OldHash);
}

#[test]
fn pieces_that_do_not_fit_together() {
    let password = EncryptedPassword::from_bytes([5; 516]);
    let pieces: Vec<EncPw<'_>> = EncPw::split(9, &password).collect();
    let join = |pieces: &[EncPw<'_>]| EncPw::join(9, pieces.iter().copied()).map(|joined| joined.ct_eq(&password));
    assert_eq!(join(&pieces), Ok(true));
    assert_eq!(join(&[]), Err(ChunkError::Length { found: 0 }));
    assert_eq!(join(&pieces[..2]), Err(ChunkError::Length { found: 344 }));
    assert_eq!(join(&pieces[1..]), Err(ChunkError::Length { found: 0 }));
    assert_eq!(join(&[pieces[0], pieces[2]]), Err(ChunkError::Length { found: 172 }));
    let numbered = |first: u16| -> Vec<EncPw<'_>> {
        pieces.iter().map(|piece| EncPw { sequence_number: piece.sequence_number - 1 + first, ..*piece }).collect()
    };
    assert_eq!(join(&numbered(0)), Ok(true));
    assert_eq!(join(&numbered(2)), Err(ChunkError::Length { found: 0 }));
    assert_eq!(join(&numbered(u16::MAX - 2)), Err(ChunkError::Length { found: 0 }));
    let more = [&pieces[..], &[EncPw { ident: 9, sequence_number: 4, bytes: &[1; 200] }]].concat();
    assert_eq!(join(&more), Err(ChunkError::Length { found: 517 }));
    let empty = [&pieces[..1], &[EncPw { ident: 9, sequence_number: 2, bytes: &[] }]].concat();
    assert_eq!(join(&empty), Err(ChunkError::Length { found: 172 }));
    let other = [&pieces[..2], &[EncPw { ident: 8, ..pieces[2] }]].concat();
    assert_eq!(join(&other), Err(ChunkError::Ident { needed: 9, found: 8 }));
}
