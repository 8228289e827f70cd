//! The samples of the RFCs, corrected, and vectors out of other projects' test suites: every value, at every step.

use md4::{Digest, Md4};
use mppe::{Direction, MasterKey, MsChapV1, ShortKeySource, Side, StartKey, Strength};
use mschap::{LmHash, NamePolicy, NtHash, Password, des, v1, v2};
use pptp_interop::vector::Vector;
use pptp_interop::{json_file, shared};
use sha1::Sha1;

fn strength(bits: u64) -> Strength {
    match bits {
        40 => Strength::Bits40,
        56 => Strength::Bits56,
        128 => Strength::Bits128,
        bits => panic!("{bits} bits"),
    }
}

fn assert_all_seen(file: &str, vectors: &Vector<'_>) {
    let (seen, forgotten) = vectors.summary();
    pptp_interop::say!("{file}: {seen} values agree");
    assert!(forgotten.is_empty(), "{file}: not looked at: {forgotten:#?}");
}

#[test]
fn samples_of_the_rfcs() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/rfc.json"));
    let vectors = Vector::new(&file);
    vectors.at("about").pass_over();
    vectors.at("errata").pass_over();
    vectors.at("no_samples_in").pass_over();
    // The subjects of other tests: these need the digest of CHAP, HDLC framing and MPPC.
    for other in ["rfc1321_md5", "rfc1662_hdlc", "rfc2118_mppc"] {
        vectors.at(other).pass_over();
    }

    for vector in vectors.at("rfc1320_md4").each() {
        assert_eq!(*Md4::digest(vector.at("message").text()), vector.at("digest").array::<16>());
    }
    for vector in vectors.at("rfc3174_sha1").each() {
        let repeat = usize::try_from(vector.at("repeat").number()).unwrap();
        assert_eq!(*Sha1::digest(vector.at("message").text().repeat(repeat)), vector.at("digest").array::<20>());
    }

    let rfc2433 = vectors.at("rfc2433");
    let sample = rfc2433.at("hash_example");
    let password = sample.at("password").text();
    assert_eq!(Password::Text(password).bytes().collect::<Vec<_>>(), sample.at("password_utf16le").bytes());
    let hash = NtHash::from_password(password);
    assert_eq!(hash.as_bytes(), &sample.at("nt_password_hash").array());
    let response = hash.challenge_response(&sample.at("challenge").array());
    assert_eq!(response.as_bytes(), &sample.at("nt_challenge_response").array());
    for message in rfc2433.at("failure_messages").each() {
        let mut buf = [0; 64];
        assert_eq!(
            mschap::Failure::decode(message.text().as_bytes()).encode(&mut buf).unwrap(),
            message.text().as_bytes()
        );
    }
    for rfc in [rfc2433, vectors.at("rfc2759")] {
        for vector in rfc.at("des_keys").each() {
            assert_eq!(des::expand_key(&vector.at("raw").array()), vector.at("parity_corrected").array());
        }
    }

    authentication_v2(&vectors.at("rfc2759").at("hash_example"));

    // RFC 3078 section 8.1: a packet whose count is 5 after one whose count is 2 needs three key changes.
    let example = vectors.at("rfc3078").at("stateless_example");
    let count = |member| mppe::CoherencyCount::new(u16::try_from(example.at(member).number()).unwrap());
    assert_eq!(u64::from(count("received_count").since(count("last_count"))), example.at("key_changes").number());

    for vector in vectors.at("rfc3079").at("from_mschap_v1").each() {
        let strength = strength(vector.at("bits").number());
        let password = vector.at("password").text();
        let mut known = MsChapV1::new(vector.get("challenge").map_or([0; 8], |challenge| challenge.array()));
        if let Some(hash) = vector.get("lm_password_hash") {
            let lm = LmHash::from_password(password).unwrap();
            assert_eq!(lm.as_bytes(), &hash.array());
            known = known.with_lm_password_hash(*lm.as_bytes());
        } else {
            let nt = NtHash::from_password(password);
            assert_eq!(nt.as_bytes(), &vector.at("nt_password_hash").array());
            assert_eq!(nt.hash().as_bytes(), &vector.at("nt_password_hash_hash").array());
            known = known.with_nt_password_hash_hash(*nt.hash().as_bytes());
        }
        let start = known.start_key(strength, ShortKeySource::LmHash).unwrap();
        assert_eq!(start.expose_bytes(), vector.at("start_key").bytes());
        let interim = start.initial_interim_key();
        assert_eq!(interim.expose_bytes(), vector.at("session_key_before_reduction").bytes());
        assert_eq!(interim.reduced().expose_bytes(), vector.at("session_key").bytes());
    }
    for vector in vectors.at("rfc3079").at("from_mschap_v2").each() {
        authentication_v2(&vector);
        let hash = NtHash::from_password(vector.at("password").text());
        let master = MasterKey::from_ms_chap_v2(hash.hash().as_bytes(), &vector.at("nt_response").array());
        assert_eq!(master.expose_bytes(), &vector.at("master_key").array());
        let strength = strength(vector.at("bits").number());
        let start = master.start_key(strength, Side::Server, Direction::Send);
        assert_eq!(start.expose_bytes(), vector.at("server_send_start_key").bytes());
        let session = start.initial_session_key();
        assert_eq!(session.expose_bytes(), vector.at("server_send_session_key").bytes());
        let mut message = *b"test message";
        session.apply_keystream(&mut message);
        assert_eq!(message, vector.at("rc4_of_test_message").array());
    }
    assert_all_seen("rfc.json", &vectors);
}

/// Checks RFC 2759's steps from password to authenticator response, as many as the vector has.
fn authentication_v2(vector: &Vector<'_>) {
    let user = vector.at("user_name").bytes();
    assert_eq!(user, vector.at("user_name_text").text().as_bytes());
    let password = vector.at("password").text();
    if let Some(utf16) = vector.get("password_utf16le") {
        assert_eq!(Password::Text(password).bytes().collect::<Vec<_>>(), utf16.bytes());
    }
    let challenges = v2::Challenges {
        authenticator: vector.at("authenticator_challenge").array(),
        peer: vector.at("peer_challenge").array(),
    };
    let challenge = challenges.hash(&user);
    assert_eq!(challenge, vector.at("challenge").array());
    let hash = NtHash::from_password(password);
    assert_eq!(hash.as_bytes(), &vector.at("password_hash").array());
    assert_eq!(hash.hash().as_bytes(), &vector.at("password_hash_hash").array());
    let response = v2::Response::new(&hash, &challenges, &user);
    assert_eq!(response.nt_response.as_bytes(), &vector.at("nt_response").array());
    if let Some(text) = vector.get("authenticator_response") {
        let proof = v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenge);
        assert_eq!(proof.to_text(), text.text().as_bytes());
    }
}

#[test]
fn vectors_of_other_projects() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/peers.json"));
    let vectors = Vector::new(&file);
    vectors.at("about").pass_over();
    // The subjects of other tests: these need the digest of CHAP, and the change of a password.
    for other in ["chap_md5", "change_password"] {
        vectors.at(other).pass_over();
    }

    for vector in vectors.at("mschap_v2").each() {
        let name = vector.at("name_on_wire").bytes();
        let user = NamePolicy::default().user(&name);
        assert_eq!(user, vector.at("user_in_hash").bytes());
        let challenges = v2::Challenges {
            authenticator: vector.at("auth_challenge").array(),
            peer: vector.at("peer_challenge").array(),
        };
        let hash = NtHash::from_password(vector.at("password").text());
        let response = v2::Response::new(&hash, &challenges, user);
        assert_eq!(response.nt_response.as_bytes(), &vector.at("nt_response").array());
        assert!(response.verify(&hash, &challenges.authenticator, user));
        if let Some(text) = vector.get("authenticator_response") {
            let proof = v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenges.hash(user));
            assert_eq!(proof.to_text(), text.text().as_bytes());
        }
        if let Some(value) = vector.get("radius_ms_chap2_response") {
            // Identifier and flags come first there, not last.
            let [_, flags, value @ ..] = value.array::<50>();
            let mut bytes = response.encode();
            bytes[48] = flags;
            assert_eq!(bytes[..48], value);
            let decoded = v2::Response::decode(&bytes).unwrap();
            assert!(decoded.verify(&hash, &challenges.authenticator, user));
            assert_eq!(decoded.encode(), bytes);
        }
    }

    for vector in vectors.at("mschap_v1").each() {
        let challenge = vector.at("challenge").array();
        let password = vector.at("password").text();
        if let Some(response) = vector.get("nt_response") {
            let hash = NtHash::from_password(password);
            assert_eq!(hash.challenge_response(&challenge).as_bytes(), &response.array());
            let response = v1::Response::decode(&v1::Response::new(&hash, &challenge).encode()).unwrap();
            assert!(response.verify(&hash, &challenge));
            if let Some(value) = vector.get("radius_ms_chap_response") {
                // Identifier and flags come first there, not last.
                let [_, flags, value @ ..] = value.array::<50>();
                let mut bytes = response.encode();
                bytes[48] = flags;
                assert_eq!(bytes[..48], value);
            }
            if let Some(keys) = vector.get("ms_chap_mppe_keys_plain") {
                let keys = keys.array::<32>();
                assert_eq!(LmHash::from_password(password).unwrap().as_bytes()[..8], keys[..8]);
                assert_eq!(hash.hash().as_bytes(), &keys[8..24]);
                assert_eq!(keys[24..], [0; 8]);
            }
        }
        if let Some(response) = vector.get("lm_response") {
            let hash = LmHash::from_password(password).unwrap();
            assert_eq!(hash.challenge_response(&challenge).as_bytes(), &response.array());
        }
        if let Some(user) = vector.get("user") {
            assert!(!user.text().is_empty());
        }
    }

    for vector in vectors.at("hashes").each() {
        if let Some(password) = vector.get("password") {
            assert_eq!(NtHash::from_password(password.text()).as_bytes(), &vector.at("nt_hash").array());
            assert_eq!(LmHash::from_password(password.text()).unwrap().as_bytes(), &vector.at("lm_hash").array());
        } else {
            let challenges = v2::Challenges {
                authenticator: vector.at("auth_challenge").array(),
                peer: vector.at("peer_challenge").array(),
            };
            let name = vector.at("name_on_wire").bytes();
            assert_eq!(challenges.hash(NamePolicy::default().user(&name)), vector.at("challenge_hash").array());
        }
    }
    assert_all_seen("peers.json", &vectors);
}

/// The attributes MS-CHAP-MPPE-Keys and MS-MPPE-Send-Key of `peers.json` and the RFC lead to the same keys.
#[test]
fn start_keys_of_a_radius_server_are_those_of_the_password() {
    let start = StartKey::from_radius(Strength::Bits40, &[0x76, 0xa1, 0x52, 0x93, 0x60, 0x96, 0xd7, 0x83]);
    let lm = LmHash::from_password("clientPass").unwrap();
    let known = MsChapV1::new([0; 8]).with_lm_password_hash(*lm.as_bytes());
    let from_password = known.start_key(Strength::Bits40, ShortKeySource::LmHash).unwrap();
    assert_eq!(start.expose_bytes(), from_password.expose_bytes());
}
