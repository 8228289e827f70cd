//! Samples of the RFCs and of other projects, at every intermediate step.

use alloc::format;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{array, bytes};
use crate::{
    ChallengeResponse, DecodeError, EncryptedHash, LmHash, LmHashError, NamePolicy, NtHash, NtHashHash, Password,
    Success, Value, des, v1, v2,
};

/// RFC 2433 section B.2.
#[test]
fn rfc2433_hash_example() {
    assert!(Password::Text("MyPw").bytes().eq(bytes("4d00790050007700")));
    let hash = NtHash::from_password("MyPw");
    assert_eq!(hash.as_bytes()[..], bytes("fc156af7edcd6c0edde3337d427f4eac"));
    let challenge = array("102db5df085d3041");
    let expected = bytes("4e9d3c8f9cfd385d5bf4d3246791956ca4c351ab409a3d61");
    assert_eq!(hash.challenge_response(&challenge).as_bytes()[..], expected);
    let response = v1::Response::new(&hash, &challenge);
    assert_eq!(response.encode()[24..48], expected);
    assert!(response.verify(&hash, &challenge));
}

/// RFC 2433 section B.3 and RFC 2759 section 9.3.
#[test]
fn des_keys() {
    assert_eq!(des::expand_key(&array("fc156af7edcd6c")), array("fd0b5b5e7f6e34d9"));
    assert_eq!(des::expand_key(&array("0edde3337d427f")), array("0e6e796737ea08fe"));
}

/// RFC 2759 section 9.2.
#[test]
fn rfc2759_hash_example() {
    assert!(Password::Text("clientPass").bytes().eq(bytes("63006c00690065006e0074005000610073007300")));
    let hash = NtHash::from_password("clientPass");
    assert_eq!(hash.as_bytes()[..], bytes("44ebba8d5312b8d611474411f56989ae"));
    assert_eq!(hash.hash().as_bytes()[..], bytes("41c00c584bd2d91c4017a2a12fa59f3f"));
    let challenges = v2::Challenges {
        authenticator: array("5b5d7c7d7b3f2f3e3c2c602132262628"),
        peer: array("21402324255e262a28295f2b3a337c7e"),
    };
    assert_eq!(challenges.hash(b"User"), array("d02e4386bce91226"));
    let response = v2::Response::new(&hash, &challenges, b"User");
    assert_eq!(response.nt_response.as_bytes()[..], bytes("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df"));
    let proof = v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenges.hash(b"User"));
    assert_eq!(&proof.to_text(), b"S=407A5589115FD0D6209F510FE9C04566932CDA56");
}

struct V2 {
    name: &'static [u8],
    user: &'static [u8],
    password: &'static str,
    authenticator: &'static str,
    peer: &'static str,
    nt_response: &'static str,
    proof: Option<&'static str>,
}

const V2: [V2; 9] = [
    // openwall/john, src/ntlmv1_mschapv2_fmt_plug.c.
    V2 {
        name: b"1111",
        user: b"1111",
        password: "2222",
        authenticator: "4c092fd3fd98236502e8591100046326",
        peer: "6a4915d0ce61d42be533640a75391925",
        nt_response: "b912ce522524d33123a982cf330a57f8e953fa7974042b5d",
        proof: None,
    },
    V2 {
        name: b"testuser1",
        user: b"testuser1",
        password: "Cricket8",
        authenticator: "d07054459a1fdbc266a006f0220e6fac",
        peer: "3545cb1d89b507a5de104435e81b14a4",
        nt_response: "33c8331a9b03b7e003f09dd253d740a2bead544143cc8bde",
        proof: None,
    },
    V2 {
        name: br"domain\fred",
        user: b"fred",
        password: "OMG!BBQ!11!one",
        authenticator: "56d64cbe7bad61349a0b752335100eaf",
        peer: "7f8a466cff2a6bf0c80218bbf56d76bc",
        nt_response: "d7d829d9545cef1d631b4e568ffb7586050fa3a4d02dbc0b",
        proof: None,
    },
    // The same, and a session of Windows 7 with pppd.
    V2 {
        name: b"lulu",
        user: b"lulu",
        password: "password",
        authenticator: "95a87fa62ebcd2e3c8b09e1b448a6c72",
        peer: "e2ae0995eaac6ceff0d9757428b51509",
        nt_response: "ed8cc90fd40faa2d6bcd0abd0b1f562fd777df6c5609c98b",
        proof: Some("S=460874E1CADF35FBD9F6E80C01A1ADC5746F0B6A M=Access granted"),
    },
    // FreeRADIUS/freeradius-server, src/tests/modules/mschap/auth_mschapv2.attrs.
    V2 {
        name: br"example\john",
        user: b"john",
        password: "secret",
        authenticator: "16d2833f4239256dd2b2bb26f2ecb2a3",
        peer: "502feeee9495a353cddbd1efc4007282",
        nt_response: "e866286bb30d0215ed16cf425b6a29d206667a9853e23ca4",
        proof: Some("S=68649B6763301DD65FC2559F2D172943196EA88A"),
    },
    // moxie0/chapcrack, the session of tests/Parse_Test.py.
    V2 {
        name: b"moxie",
        user: b"moxie",
        password: "bPCFyF2uL1p5Lg5yrKmqmY",
        authenticator: "258d4fc024f111512d0b61f9c375aee1",
        peer: "abfe01e6c759850155b4d8d6258cdb67",
        nt_response: "1c93abce815400686baeca315f348469256420598a73ad49",
        proof: Some("S=54644F81E5F18C0EE9E26776495D6BC7ADDFB767"),
    },
    // Recorded sessions of ours: pppd with a domain, pppd with accel-ppp.
    V2 {
        name: br"CORP\alice",
        user: b"alice",
        password: "wonderland",
        authenticator: "80b3f70ffea12aeda1475eaaece3bf8c",
        peer: "853bd26d7aaee51df30486b9d680a004",
        nt_response: "ddfe59d88d71f798861f2c4207223326dc60d7fa0943c6c2",
        proof: Some("S=9AAA4DD39A0515EB04894A198710FFB83F2BB26C M=Access granted"),
    },
    V2 {
        name: b"alice",
        user: b"alice",
        password: "wonderland",
        authenticator: "534e58f7c512e8456672c6f6bf9ce8de",
        peer: "3ba1a9b6eea2bb8051b0c1347d6a1f62",
        nt_response: "b8986280d3365eec9c392843c38fb25d1981b3966b6aa279",
        proof: Some("S=FC9B8E165FE0FA7E569AB941868A36674EBB8CF4 M=Authentication succeeded"),
    },
    // The password was wrong: the response is that of another one.
    V2 {
        name: b"alice",
        user: b"alice",
        password: "wrongland",
        authenticator: "5713c8efe4d4ecde6801bac6a652009f",
        peer: "0f71ee08c9544e02f13883dffa9f91e2",
        nt_response: "3fdc610a0102630c82b0da59f0c3ae87fcc0ccf6a8413d64",
        proof: None,
    },
];

#[test]
fn v2_of_other_projects() {
    for sample in V2 {
        for policy in [NamePolicy::CutBehindLastBackslash, NamePolicy::CutBehindFirstBackslash] {
            assert_eq!(policy.user(sample.name), sample.user);
        }
        let hash = NtHash::from_password(sample.password);
        let challenges = v2::Challenges { authenticator: array(sample.authenticator), peer: array(sample.peer) };
        let response = v2::Response::new(&hash, &challenges, sample.user);
        assert_eq!(response.nt_response.as_bytes()[..], bytes(sample.nt_response), "{}", sample.password);
        assert!(response.verify(&hash, &challenges.authenticator, sample.user));
        // A peer that hashes the whole name hashes something else, if there is a domain.
        assert_eq!(response.verify(&hash, &challenges.authenticator, sample.name), sample.name == sample.user);
        if let Some(message) = sample.proof {
            let proof =
                v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenges.hash(sample.user));
            let found = Success::decode(message.as_bytes()).unwrap().authenticator_response.unwrap();
            assert!(found.ct_eq(&proof), "{message}");
        }
    }
}

/// openwall/john, hashcat/hashcat and FreeRADIUS/freeradius-server, and a recorded session of pppd: password,
/// challenge, NT response.
const V1_NT: [(&str, &str, &str); 9] = [
    ("bPCFyF2uL1p5Lg5yrKmqmY", "6d0e1c056cd94d5f", "1c93abce815400686baeca315f348469256420598a73ad49"),
    ("g3rg3g3rg3g3rg3", "1122334455667788", "bfccaf26128ec95f9999c9792f49434267a1d9b0ef89bffb"),
    ("FooBarGerg", "1122334455667788", "35b62750e1b9b3205c50d6ba351092c12a1b9b3cdc65d44a"),
    ("cory21", "1122334455667788", "b2b2220790f40c88bcff347c652f67a7c4a70d3bebd70233"),
    ("hashcat", "48c5e69d0ac812d8", "0556d5297b5daa70eaffde82ef99293a3f3bb59b7c9704ea"),
    ("bob", "b9634adc358b2ab3", "7a42408782f745ef90a86fd21b0d9294132750f4af66a419"),
    ("supersecret", "696bcaff8f8bef29", "16c32819add27b3d29f6866506e6cc6548f50b6429518579"),
    ("wonderland", "6b47dec5161affbf", "42546450ee7970b07d474ab5350eb1e67d0bc49fba373bbd"),
    // openwall/john-samples, Radius/radius-sample-5.pcap.
    ("ThisIsThePassword", "9cfe6e183debe56d", "517e32e81fc99c2d05fc072ce33afe6eb5a01a782532c359"),
];

#[test]
fn v1_nt_of_other_projects() {
    for (password, challenge, expected) in V1_NT {
        let (hash, challenge) = (NtHash::from_password(password), array(challenge));
        let response = v1::Response::new(&hash, &challenge);
        assert_eq!(response.nt_response.as_bytes()[..], bytes(expected), "{password}");
        assert!(response.lm_response.is_empty());
        assert!(response.verify(&hash, &challenge));
    }
}

/// openwall/john, src/NETLM_fmt_plug.c.
#[test]
fn v1_lm_of_other_projects() {
    for (password, expected) in [
        ("CORY21", "0836f085b124f33895875fb1951905dd2f85252cc731bb25"),
        ("G3RG3P00!", "6e1ec36d3417ce9e09a4424309f116c4c991948daeb4adad"),
    ] {
        let challenge = array("1122334455667788");
        for password in [password, &password.to_ascii_lowercase()] {
            let hash = LmHash::from_password(password).unwrap();
            let response = v1::Response::new(&NtHash::from_password(password), &challenge).with_lm(&hash, &challenge);
            assert_eq!(response.lm_response.as_bytes()[..], bytes(expected), "{password}");
            assert!(response.verify_lm(&hash, &challenge));
        }
    }
}

/// FreeRADIUS/freeradius-server, src/tests/keywords/mschap; RFC 3079 section 2.5.1.
#[test]
fn hashes_of_other_projects() {
    assert_eq!(NtHash::from_password("testing_123").as_bytes()[..], bytes("fa782604f85eb3564f555648341b53e4"));
    for (password, expected) in
        [("testing_123", "2d5545077d7b7d2ae4343f96ab15c596"), ("clientPass", "76a152936096d7830e2390227404afd2")]
    {
        assert_eq!(LmHash::from_password(password).unwrap().as_bytes()[..], bytes(expected));
    }
    let challenges = v2::Challenges {
        authenticator: array("04408dc2a98dae1ce351dfc53f57d08e"),
        peer: array("0e93cfbfcef8d5b6af42d2b2ca5b4318"),
    };
    assert_eq!(challenges.hash(NamePolicy::default().user(br"EXAMPLE\bob")), array("ad18b6b8e1478b4c"));
}

/// openwall/john-samples, Radius/radius-sample-5.pcap: the password is longer than 14, the response that of an empty
/// one.
#[test]
fn lm_response_of_a_password_without_lm_hash() {
    let long = LmHash::from_password("ThisIsThePassword");
    assert_eq!(long.unwrap_err(), LmHashError::TooLong { length: 17 });
    let expected = bytes("a3b96f360bb1a61fb78f753f6a56c96c77fba3aff71a1abd");
    let challenge = array("c293b23e9fdc93ef");
    assert_eq!(LmHash::empty().challenge_response(&challenge).as_bytes()[..], expected);
    assert!(LmHash::empty().ct_eq(&LmHash::from_password("").unwrap()));
}

#[test]
fn lm_limits() {
    assert!(LmHash::from_password("12345678901234").is_ok());
    assert_eq!(LmHash::from_password("123456789012345").unwrap_err(), LmHashError::TooLong { length: 15 });
    assert_eq!(LmHash::from_password("ä").unwrap_err(), LmHashError::NotAscii { offset: 0 });
    // Code page 437: the caller makes its own letters upper case.
    let (lower, upper) = (LmHash::from_oem(b"\x84a").unwrap(), LmHash::from_oem(b"\x8ea").unwrap());
    assert!(!lower.ct_eq(&upper));
    assert!(upper.ct_eq(&LmHash::from_oem(b"\x8eA").unwrap()));
}

#[test]
fn every_flipped_byte_of_a_proof_is_refused() {
    let hash = NtHash::from_password("clientPass");
    let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
    let good = v2::Response::new(&hash, &challenges, b"User");
    let proof = v2::AuthenticatorResponse::new(&hash.hash(), &good.nt_response, &challenges.hash(b"User"));
    for bit in 0..8 {
        for place in 0..24 {
            let mut value = good.encode();
            value[24 + place] ^= 1 << bit;
            assert!(!v2::Response::decode(&value).unwrap().verify(&hash, &challenges.authenticator, b"User"));

            let good = v1::Response::new(&hash, &[3; 8]).with_lm(&LmHash::empty(), &[3; 8]);
            for (start, nt) in [(0, false), (24, true)] {
                let mut value = good.encode();
                value[start + place] ^= 1 << bit;
                let bad = v1::Response::decode(&value).unwrap();
                assert_eq!(bad.verify(&hash, &[3; 8]), !nt);
                assert_eq!(bad.verify_lm(&LmHash::empty(), &[3; 8]), nt);
            }
        }
        for place in 0..20 {
            let mut bytes = *proof.as_bytes();
            bytes[place] ^= 1 << bit;
            assert!(!v2::AuthenticatorResponse::from_bytes(bytes).ct_eq(&proof));
        }
        for place in 0..16 {
            let mut challenge = challenges.authenticator;
            challenge[place] ^= 1 << bit;
            assert!(!good.verify(&hash, &challenge, b"User"));
        }
    }
}

#[test]
fn an_nt_response_without_the_flag_is_not_used() {
    let hash = NtHash::from_password("clientPass");
    let mut response = v1::Response::new(&hash, &[0; 8]);
    response.flags = 0;
    assert!(!response.uses_nt() && !response.verify(&hash, &[0; 8]));
}

#[test]
fn flags_and_reserved_bytes_are_kept_and_ignored() {
    // FreeRADIUS/freeradius-server, src/tests/modules/mschap/auth_mschapv2.attrs, with the flags
    // byte 1.
    let value = bytes(
        "502feeee9495a353cddbd1efc4007282\
         0000000000000000e866286bb30d0215ed16cf425b6a29d206667a9853e23ca401",
    );
    let mut value: [u8; 49] = value.try_into().unwrap();
    value[16..24].copy_from_slice(&[9; 8]);
    let response = v2::Response::decode(&value).unwrap();
    assert_eq!((response.flags, response.reserved), (1, [9; 8]));
    assert!(response.verify(&NtHash::from_password("secret"), &array("16d2833f4239256dd2b2bb26f2ecb2a3"), b"john"));
    assert_eq!(response.encode(), value);
}

#[test]
fn other_lengths_are_refused() {
    for found in 0..=255 {
        let value = [0x5a; 255];
        let value = &value[..found];
        let refused = |what, needed| DecodeError::Length { value: what, needed, found };
        let errors = [
            (v1::Response::decode(value).err(), Value::V1Response, 49),
            (v2::Response::decode(value).err(), Value::V2Response, 49),
            (v1::decode_challenge(value).err(), Value::V1Challenge, 8),
            (v2::decode_challenge(value).err(), Value::V2Challenge, 16),
        ];
        for (error, what, needed) in errors {
            assert_eq!(error, (found != needed).then_some(refused(what, needed)));
        }
    }
}

#[test]
fn secrets_are_not_printed() {
    let hash = NtHash::from_bytes([0xab; 16]);
    let response = v2::Response::new(&hash, &v2::Challenges { authenticator: [0; 16], peer: [0; 16] }, b"User");
    let printed = format!(
        "{hash:?} {:?} {:?} {:?} {:?}",
        NtHashHash::from_bytes([0xab; 16]),
        LmHash::from_bytes([0xab; 16]),
        ChallengeResponse::from_bytes([0xab; 24]),
        v2::AuthenticatorResponse::from_bytes([0xab; 20]),
    );
    assert_eq!(printed, "NtHash(..) NtHashHash(..) LmHash(..) ChallengeResponse(..) AuthenticatorResponse(..)");
    assert!(format!("{response:?}").contains("nt_response: ChallengeResponse(..)"));
}

proptest! {
    #[test]
    fn values_round_trip(value in prop::collection::vec(any::<u8>(), 49)) {
        prop_assert_eq!(&v1::Response::decode(&value).unwrap().encode()[..], &value);
        prop_assert_eq!(&v2::Response::decode(&value).unwrap().encode()[..], &value);
    }

    #[test]
    fn des_keys_have_odd_parity_and_all_bits(key in any::<[u8; 7]>(), block in any::<[u8; 8]>()) {
        let expanded = des::expand_key(&key);
        prop_assert!(expanded.iter().all(|byte| byte.count_ones() % 2 == 1));
        let bits = expanded.iter().fold(0u64, |bits, byte| bits << 7 | u64::from(byte >> 1));
        prop_assert_eq!(&bits.to_be_bytes()[1..], &key);
        prop_assert_eq!(des::decrypt(&des::encrypt(&block, &key), &key), block);
    }

    /// The crate `des` is the oracle, with each lane's key and block alone.
    #[test]
    fn des_side_by_side_is_des_one_by_one(keys in any::<[[u8; 7]; 3]>(), blocks in any::<[[u8; 8]; 3]>(), hash in any::<[u8; 16]>()) {
        for (key, block) in keys.iter().zip(&blocks) {
            prop_assert_eq!(des::encrypt(block, key), oracle(true, *block, *key));
            prop_assert_eq!(des::decrypt(block, key), oracle(false, *block, *key));
        }
        let [challenge, ..] = blocks;
        let padded: Vec<u8> = hash.iter().copied().chain([0; 5]).collect();
        let expected: Vec<u8> =
            padded.chunks(7).flat_map(|key| oracle(true, challenge, key.try_into().unwrap())).collect();
        let response = des::challenge_response(&challenge, &hash);
        prop_assert_eq!(&response.as_bytes()[..], &expected);
        let key = NtHash::from_bytes(hash);
        let sealed = EncryptedHash::seal(blocks.as_flattened().first_chunk().unwrap(), &key);
        let expected: Vec<u8> =
            blocks.iter().zip(padded.chunks(7)).take(2).flat_map(|(block, key)| oracle(true, *block, key.try_into().unwrap())).collect();
        prop_assert_eq!(&sealed.as_bytes()[..], &expected);
        let opened = sealed.open(&key);
        prop_assert_eq!(&opened.as_bytes()[..], &blocks.as_flattened()[..16]);
    }
}

fn oracle(encrypts: bool, block: [u8; 8], key: [u8; 7]) -> [u8; 8] {
    use ::des::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

    let cipher = ::des::Des::new(&des::expand_key(&key).into());
    let mut block = block.into();
    if encrypts {
        cipher.encrypt_block(&mut block);
    } else {
        cipher.decrypt_block(&mut block);
    }
    block.into()
}

/// FIPS 46-3's parts, each seen alone: every bit of a key and of a block, and the weak keys, which hashes may be.
#[test]
fn des_with_single_bits_and_weak_keys() {
    let bit = |number: usize| 1_u64.rotate_right(u32::try_from(number + 1).unwrap());
    let mut keys: Vec<[u8; 7]> = (0..56).map(|number| *bit(number).to_be_bytes().first_chunk().unwrap()).collect();
    keys.extend([[0; 7], [0xff; 7], array("fffffff0000000"), array("0000000fffffff")]);
    for key in &keys {
        for block in (0..64).map(|number| bit(number).to_be_bytes()) {
            assert_eq!(des::encrypt(&block, key), oracle(true, block, *key));
            assert_eq!(des::decrypt(&block, key), oracle(false, block, *key));
        }
    }
}
