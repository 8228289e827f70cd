//! Changes of password, both sides.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use rc4::{KeyInit, StreamCipher};

use super::{array, bytes};
use crate::{
    Account, ChallengeResponse, ChangeError, DecodeError, EncryptedHash, EncryptedPassword, LmHash, NtHash, Password,
    PasswordError, Success, Value, v1, v2,
};

/// FreeRADIUS/freeradius-server, src/tests/modules/mschap/pwdchange_local.attrs: `example\john` changes `secret` to
/// `SuperSecret`.
pub(super) const ENCRYPTED_PASSWORD: &str = concat!(
    "77cacaa2463c96a347788728c0bd61e79e7ebc0b7e78ea085dd118bab500581e155a28f881a475a8c6de930848190d9265b32609b4a4701c",
    "fa43e77019fc3e56dbcaf6fb7a2c3be95259721b5b676e4aa513942a23979610410b8779e50ddba76c2e1f055e7f1bcbe18db94a00a8f1f9",
    "7937bafef617f972ecc05db30d2511ddc4c48e9e65f9dba637f39e7803679f83ecb0b7257638f34bc07749bea3a38f3f2effa995248a3cef",
    "624d76fd4a49f305a9e3fce7e03754db034a557f0fbc14a0d8ce9fbb2abee8f87af34f5cd57691a3e0ca37c238fcaa17ccbae81c39e327d2",
    "c983c2b54e5cac56f53d066474ba205a6ab46f853e0d446799ffba67750e8e990add89609f1a89e1c406ff3a9ecc00e814d0f522db201bd9",
    "96e8d954b30fb79f6bb14a58afa03b1cfb0b121d600769f9f2941b32aa8e5bce0952524321f2be2f24a0c7d4c18b49ac754e831755a5ef2e",
    "09f5438e6a7657b898432fc2113cd8c64d6ec0c78b678b57458fa82adf52e50670f8ba02e2831349fb144de8805aad00d5c7137034bd29b1",
    "fbd0fb9200190d6365c48d08230d03fb4109020eb9071cc5bc953427b1d6ced6609d5bea13386ee12b72306e5baed22661fa46dc07a974aa",
    "5c0d98d0bd1b8a25edf7406643b5e46d9528cefd693c4918310c629b74b21fb54ef6c378fc842d41106512a5e8f223c73408377504f8d1c3",
    "f69095dc3be834058d960740",
);

fn sample() -> v2::ChangePassword {
    v2::ChangePassword {
        encrypted_password: EncryptedPassword::from_bytes(array(ENCRYPTED_PASSWORD)),
        encrypted_hash: EncryptedHash::from_bytes(array("82143fd0bc9564ad7be1c430d2f272cd")),
        peer_challenge: array("c9cb418bc880211f2d4b0a07dc5424bc"),
        reserved: [0; 8],
        nt_response: ChallengeResponse::from_bytes(array("a58ce3f219fa2436dab93bd4a3f1a2708cb0ec5cfd598dce")),
        flags: 0,
    }
}

const CHALLENGE: &str = "65e2ea00a29bddd36cfbad2d76979ac9";

#[test]
fn v2_of_freeradius_opens() {
    let old = NtHash::from_password("secret");
    let new = sample().open(&old, &array(CHALLENGE), b"john").unwrap();
    assert!(new.chars().eq("SuperSecret".chars().map(Ok)));
    let hash = NtHash::from_password("SuperSecret");
    assert!(new.nt_hash().ct_eq(&hash));

    let challenge = sample().challenges(&array(CHALLENGE)).hash(b"john");
    let proof = v2::AuthenticatorResponse::new(&hash.hash(), &sample().nt_response, &challenge);
    let sent = Success::decode(b"S=6A29BADB69B5E7CAD0F5989E947BD4D28026E63C").unwrap();
    assert!(sent.authenticator_response.unwrap().ct_eq(&proof));
}

#[test]
fn v2_of_freeradius_is_built() {
    let old = NtHash::from_password("secret");
    let mut clear: [u8; 516] = array(ENCRYPTED_PASSWORD);
    rc4::Rc4::new_from_slice(old.as_bytes()).unwrap().apply_keystream(&mut clear);
    // 11 characters: 22 bytes behind the random ones, and their number.
    assert_eq!(clear[490..512], bytes("5300750070006500720053006500630072006500740000")[..22]);
    assert_eq!(clear[512..], [22, 0, 0, 0]);

    let challenges = sample().challenges(&array(CHALLENGE));
    let padding = clear[..512].try_into().unwrap();
    let (_, packet) = v2::Peer::change_password(&old, "SuperSecret", &challenges, b"john", padding).unwrap();
    assert_eq!(packet.encode(), sample().encode());
}

#[test]
fn v2_every_flipped_byte_is_refused() {
    let old = NtHash::from_password("secret");
    let good = sample().encode();
    for place in 0..good.len() {
        for flip in [0x01, 0x80] {
            let mut bytes = good;
            bytes[place] ^= flip;
            let packet = v2::ChangePassword::decode(&bytes).unwrap();
            let error = packet.open(&old, &array(CHALLENGE), b"john").err();
            let as_expected = match place {
                // Random padding, reserved bytes, flags: of no meaning.
                0..490 | 548..556 | 580.. => error.is_none(),
                // The new password and its length: another password, or an impossible one.
                490..516 => matches!(error, Some(ChangeError::OldHash | ChangeError::PasswordLength { .. })),
                516..532 => error == Some(ChangeError::OldHash),
                // Peer challenge, response.
                532..548 | 556..580 => error == Some(ChangeError::Response),
            };
            assert!(as_expected, "byte {place}: {error:?}");
        }
    }
    for (stored, challenge, user) in [
        ("Secret", array(CHALLENGE), &b"john"[..]),
        ("secret", [0; 16], b"john"),
        ("secret", array(CHALLENGE), br"example\john"),
    ] {
        assert!(sample().open(&NtHash::from_password(stored), &challenge, user).is_err());
    }
}

#[test]
fn stated_lengths_are_checked() {
    let old = NtHash::from_password("secret");
    for length in [0u32, 1, 2, 3, 511, 512, 513, 514, 0x1_0000, u32::MAX - 1, u32::MAX] {
        let mut block = [0u8; 516];
        block[512..].copy_from_slice(&length.to_le_bytes());
        rc4::Rc4::new_from_slice(old.as_bytes()).unwrap().apply_keystream(&mut block);
        let opened = EncryptedPassword::from_bytes(block).open(&old);
        if length % 2 == 0 && length <= 512 {
            assert_eq!(opened.unwrap().utf16le().len(), usize::try_from(length).unwrap());
        } else {
            assert_eq!(opened.unwrap_err(), ChangeError::PasswordLength { found: length });
        }
    }
}

#[test]
fn new_passwords_that_do_not_fit_are_refused() {
    let old = NtHash::from_password("secret");
    let longest = "x".repeat(256);
    assert!(EncryptedPassword::seal(longest.as_str(), &old, &[0; 512]).is_ok());
    let error = |new| EncryptedPassword::seal(new, &old, &[0; 512]).unwrap_err();
    let too_long = "x".repeat(257);
    assert_eq!(error(Password::Text(&too_long)), PasswordError::TooLong { length: 514 });
    // 129 characters of two code units each.
    let too_long = "🔑".repeat(129);
    assert_eq!(error(Password::Text(&too_long)), PasswordError::TooLong { length: 516 });
    assert_eq!(error(Password::Utf16Le(b"abc")), PasswordError::HalfCodeUnit { length: 3 });
}

#[test]
fn v1_version_1() {
    let (old, new, challenge) = (NtHash::from_password("old"), NtHash::from_password("new"), [7; 8]);
    let (old_lm, new_lm) = (LmHash::from_password("old").unwrap(), LmHash::from_password("new").unwrap());
    let packet = v1::ChangePassword1::new(&old, &new, &challenge);
    assert!(packet.uses_nt() && !packet.uses_lm());
    assert_eq!(packet.encode()[64..], [0xff, 0xff, 0, 1]);
    let hashes = packet.open(&Account::new(&old), &challenge).unwrap();
    assert!(hashes.nt.unwrap().ct_eq(&new) && hashes.lm.is_none());
    // An account that has only the other hash.
    let lm_only = Account::unknown().with_lm_hash(&old_lm);
    assert_eq!(packet.open(&lm_only, &challenge).unwrap_err(), ChangeError::NoUsableFields);

    let both = packet.with_lm(&old_lm, &new_lm, 3, &challenge);
    assert_eq!(both.encode()[64..], [0, 3, 0, 1]);
    for account in [lm_only, Account::new(&old), Account::new(&old).with_lm_hash(&old_lm)] {
        let hashes = both.open(&account, &challenge).unwrap();
        assert!(hashes.nt.unwrap().ct_eq(&new) && hashes.lm.unwrap().ct_eq(&new_lm));
    }
    for account in [Account::new(&new), Account::unknown().with_lm_hash(&new_lm)] {
        assert_eq!(both.open(&account, &challenge).unwrap_err(), ChangeError::OldHash);
    }
    assert_eq!(both.open(&Account::unknown(), &challenge).unwrap_err(), ChangeError::NoUsableFields);

    // A LAN Manager password has 14 characters at most.
    for (length, uses_lm) in [(0, true), (14, true), (15, false)] {
        let packet = both.clone().with_lm(&old_lm, &new_lm, length, &challenge);
        assert_eq!(packet.uses_lm(), uses_lm, "{length}");
    }
    assert!(lm_only.lm_hash().unwrap().ct_eq(&old_lm) && Account::new(&old).lm_hash().is_none());

    let mut lm = both.clone();
    lm.flags = 0;
    assert_eq!(lm.open(&Account::new(&old), &challenge).unwrap_err(), ChangeError::NoUsableFields);
    assert!(lm.open(&lm_only, &challenge).unwrap().nt.is_none());

    // The old hash of each kind in each byte. The last byte of the challenge is no part of the key.
    for place in 0..64 {
        let mut bytes = both.encode();
        bytes[place] ^= 1;
        let bad = v1::ChangePassword1::decode(&bytes).unwrap();
        assert_eq!(bad.open(&lm_only, &challenge).is_err(), place < 16);
        assert_eq!(bad.open(&Account::new(&old), &challenge).is_err(), (32..48).contains(&place));
    }
}

#[test]
fn v1_version_2() {
    let (old, challenge) = (NtHash::from_password("old"), [7; 8]);
    let old_lm = LmHash::from_password("old").unwrap();
    let packet = v1::ChangePassword2::new(&old, "neu", &challenge, &[9; 512]).unwrap();
    let new = packet.open(&Account::new(&old), &challenge).unwrap();
    assert!(new.nt_hash().ct_eq(&NtHash::from_password("neu")));
    let bytes = packet.encode();
    assert!(bytes[532..1088].iter().all(|byte| *byte == 0));
    assert_eq!(bytes[1112..], [0, 1]);

    let lm_only = Account::unknown().with_lm_hash(&old_lm);
    assert_eq!(packet.open(&lm_only, &challenge).unwrap_err(), ChangeError::NoUsableFields);
    assert_eq!(packet.open(&Account::unknown(), &challenge).unwrap_err(), ChangeError::NoUsableFields);
    let both = packet.clone().with_lm(&old_lm, "neu", &[8; 512]).unwrap();
    assert_eq!(both.encode()[1112..], [0, 3]);
    assert_eq!(both.clone().with_lm(&old_lm, "neu", &[8; 512]).unwrap().encode()[1112..], [0, 3]);
    for account in [lm_only, Account::new(&old)] {
        let new = both.open(&account, &challenge).unwrap();
        assert!(new.nt_hash().ct_eq(&NtHash::from_password("neu")));
    }
    let mut no_nt = packet.clone();
    no_nt.flags = 0;
    assert_eq!(no_nt.open(&Account::new(&old), &challenge).unwrap_err(), ChangeError::NoUsableFields);

    for place in 0..bytes.len() {
        let mut bytes = both.encode();
        bytes[place] ^= 1;
        let bad = v1::ChangePassword2::decode(&bytes).unwrap();
        let nt = bad.open(&Account::new(&old), &challenge).is_err();
        let lm = bad.open(&lm_only, &challenge).is_err();
        let expected = match place {
            506..532 => (true, false),
            1038..1064 => (false, true),
            // The NT response, and the flag that it is to be used; 1112 has reserved flags alone.
            place if (1088..1112).contains(&place) || place == 1113 => (true, true),
            _ => (false, false),
        };
        assert_eq!((nt, lm), expected, "byte {place}");
    }
}

#[test]
fn other_lengths_are_refused() {
    for found in 0..1200 {
        let bytes = vec![0; found];
        let refused = |value, needed| (found != needed).then_some(DecodeError::Length { value, needed, found });
        assert_eq!(v1::ChangePassword1::decode(&bytes).err(), refused(Value::ChangePassword1, 68));
        assert_eq!(v1::ChangePassword2::decode(&bytes).err(), refused(Value::ChangePassword2, 1114));
        assert_eq!(v2::ChangePassword::decode(&bytes).err(), refused(Value::ChangePassword, 582));
    }
}

#[test]
fn hashes_are_encrypted_with_the_keys_of_the_rfc() {
    // RFC 2433 section B.3 prints the two keys; the blocks are those of any DES.
    let key = NtHash::from_password("MyPw");
    let hash: [u8; 16] = array("000102030405060708090a0b0c0d0e0f");
    let sealed = EncryptedHash::seal(&hash, &key);
    let halves = [
        crate::des::encrypt(&array("0001020304050607"), &array("fc156af7edcd6c")),
        crate::des::encrypt(&array("08090a0b0c0d0e0f"), &array("0edde3337d427f")),
    ];
    assert_eq!(sealed.as_bytes()[..], halves.concat());
    // Only 14 bytes of the key hash are used: only the proof beside it depends on the last two.
    let mut other = *key.as_bytes();
    other[15] ^= 0xff;
    assert!(sealed.ct_eq(&EncryptedHash::seal(&hash, &NtHash::from_bytes(other))));
}

proptest! {
    #[test]
    fn any_password_travels(new in any::<String>(), old in any::<[u8; 16]>(), seed in any::<u8>()) {
        let padding = core::array::from_fn(|place| u8::try_from(place % 251).unwrap() ^ seed);
        let old = NtHash::from_bytes(old);
        match EncryptedPassword::seal(new.as_str(), &old, &padding) {
            Ok(sealed) => {
                let opened = sealed.open(&old).unwrap();
                prop_assert!(opened.chars().eq(new.chars().map(Ok)));
                prop_assert!(opened.nt_hash().ct_eq(&NtHash::from_password(new.as_str())));
            }
            Err(_) => prop_assert!(new.encode_utf16().count() > 256),
        }
    }

    #[test]
    fn packets_round_trip(bytes in prop::collection::vec(any::<u8>(), 1114)) {
        prop_assert_eq!(&v1::ChangePassword2::decode(&bytes).unwrap().encode()[..], &bytes);
        prop_assert_eq!(&v2::ChangePassword::decode(&bytes[..582]).unwrap().encode()[..], &bytes[..582]);
        prop_assert_eq!(&v1::ChangePassword1::decode(&bytes[..68]).unwrap().encode()[..], &bytes[..68]);
    }

    /// Noise never changes a password.
    #[test]
    fn noise_is_refused(bytes in prop::collection::vec(any::<u8>(), 1114), hash in any::<[u8; 16]>()) {
        let stored = NtHash::from_bytes(hash);
        prop_assert!(v2::ChangePassword::decode(&bytes[..582]).unwrap().open(&stored, &[0; 16], b"user").is_err());
        prop_assert!(v1::ChangePassword2::decode(&bytes).unwrap().open(&Account::new(&stored), &[0; 8]).is_err());
        prop_assert!(v1::ChangePassword1::decode(&bytes[..68]).unwrap().open(&Account::new(&stored), &[0; 8]).is_err());
        let unit: Vec<u8> = bytes.iter().copied().take(16).collect();
        prop_assert_eq!(Password::Utf16Le(&unit).bytes().count(), 16);
    }
}
