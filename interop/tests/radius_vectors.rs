//! RADIUS packets of real servers, the change of a password, and CHAP with MD5: every value, read and written.

use md5::{Digest, Md5};
use mschap::radius::{
    AccessAccept, Attribute, Chap2Cpw, Chap2Response, Chap2Success, ChapResponse, EncPw, EncryptionPolicy,
    EncryptionTypes, HiddenKey, Hiding, LmKey, MppeKeys, StartKeys, attributes,
};
use mschap::{
    Account, ChallengeResponse, EncryptedHash, EncryptedPassword, MasterKey, NamePolicy, NtHash, NtHashHash, StartKey,
    v1, v2,
};
use pptp_interop::radius::{
    ACCESS_ACCEPT, ACCESS_REQUEST, NAS_IP_ADDRESS, Packet, REPLY_MESSAGE, USER_NAME, VENDOR_SPECIFIC,
};
use pptp_interop::vector::Vector;
use pptp_interop::{json_file, shared};

fn assert_all_seen(file: &str, vectors: &Vector<'_>) {
    let (seen, forgotten) = vectors.summary();
    pptp_interop::say!("{file}: {seen} values agree");
    assert!(forgotten.is_empty(), "{file}: not looked at: {forgotten:#?}");
}

/// Returns an attribute as our crate writes it.
fn written(attribute: &Attribute<'_>) -> Vec<u8> {
    attribute.encode(&mut [0; Attribute::MAX_LEN]).unwrap().to_vec()
}

/// Returns the value of the only attribute of Microsoft that `wanted` takes.
fn find<'a, T>(packet: &'a Packet, wanted: impl Fn(Attribute<'a>) -> Option<T>) -> T {
    let mut found = Vec::new();
    for value in packet.values(VENDOR_SPECIFIC) {
        found.extend(attributes(value).unwrap().filter_map(|attribute| wanted(attribute.unwrap())));
    }
    assert_eq!(found.len(), 1, "in {packet:?}");
    found.remove(0)
}

/// Asserts that all attributes of Microsoft come back the same when they are written again.
fn assert_round_trip(packet: &Packet) {
    for value in packet.values(VENDOR_SPECIFIC) {
        let mut bytes = Vec::new();
        for attribute in attributes(value).unwrap() {
            bytes.extend(written(&attribute.unwrap()));
        }
        assert_eq!(bytes[2..], *value);
    }
}

/// Returns key, salt and the value on the wire, of MS-MPPE-Send-Key or MS-MPPE-Recv-Key.
fn salted_key(vector: &Vector<'_>, hiding: &Hiding<'_>) -> (Vec<u8>, [u8; 2]) {
    let (key, salt, wire) = (vector.at("key").bytes(), vector.at("salt").array(), vector.at("wire").bytes());
    if let Some(padding) = vector.get("padding") {
        assert_eq!(padding.bytes(), vec![0; wire.len() - 3 - key.len()]);
    }
    let mut buf = [0; HiddenKey::MAX_STRING_LEN];
    let hidden = HiddenKey::hide(&key, salt, hiding, &mut buf).unwrap();
    assert_eq!([&hidden.salt, hidden.string].concat(), wire);
    let found = HiddenKey { salt: *wire.first_chunk().unwrap(), string: &wire[2..] };
    assert_eq!(found.reveal(hiding).unwrap().as_bytes(), key);
    (key, salt)
}

/// Returns the keys of MS-CHAP-MPPE-Keys.
fn mppe_keys(vector: &Vector<'_>, hiding: &Hiding<'_>) -> MppeKeys {
    let keys = MppeKeys {
        lm_key: LmKey::from_bytes(vector.at("lm_key").array()),
        nt_key: NtHashHash::from_bytes(vector.at("nt_key").array()),
    };
    let hidden = keys.hide(hiding);
    assert_eq!(hidden.as_bytes(), &vector.at("wire").array());
    let found = hidden.reveal(hiding).unwrap();
    assert!(found.lm_key.ct_eq(&keys.lm_key) && found.nt_key.ct_eq(&keys.nt_key));
    if let Some(plain) = vector.get("plain") {
        assert_eq!(plain.bytes(), [&keys.lm_key.as_bytes()[..], keys.nt_key.as_bytes(), &[0; 8]].concat());
    }
    if let Some(padding) = vector.get("padding") {
        assert_eq!(padding.bytes(), [0; 8]);
    }
    keys
}

/// One exchange, with what was sent and came back as packets.
struct Exchange {
    request: Packet,
    reply: Packet,
    secret: Vec<u8>,
    hash: NtHash,
    name: Vec<u8>,
}

impl Exchange {
    fn new(vector: &Vector<'_>) -> Self {
        let (request, reply) = (vector.at("request").bytes(), vector.at("reply").bytes());
        let exchange = Self {
            request: Packet::decode(&request),
            reply: Packet::decode(&reply),
            secret: vector.at("secret").bytes(),
            hash: NtHash::from_password(vector.at("password").text()),
            name: vector.at("name_on_wire").bytes(),
        };
        assert_eq!((exchange.request.encode(), exchange.reply.encode()), (request, reply));
        assert_eq!((exchange.request.code, exchange.reply.code), (ACCESS_REQUEST, ACCESS_ACCEPT));
        assert_eq!(exchange.request.authenticator, vector.at("request_authenticator").array());
        assert_eq!(exchange.request.values(USER_NAME).collect::<Vec<_>>(), [&exchange.name]);
        exchange.reply.assert_reply_to(&exchange.request, &exchange.secret);
        assert_round_trip(&exchange.request);
        assert_round_trip(&exchange.reply);
        exchange
    }

    fn hiding(&self) -> Hiding<'_> {
        Hiding::new(&self.secret, &self.request.authenticator)
    }

    fn accept(&self) -> AccessAccept<'_> {
        AccessAccept::decode(self.reply.values(VENDOR_SPECIFIC), &self.hiding()).unwrap()
    }

    fn user(&self) -> &[u8] {
        NamePolicy::default().user(&self.name)
    }

    /// Asserts that the request can be made again from its parts.
    fn assert_request(&self, challenge: &[u8], response: &Attribute<'_>) {
        let mut request = Packet::request(self.request.identifier, self.request.authenticator, &self.name);
        request.attributes.extend(written(&Attribute::Challenge(challenge)));
        request.attributes.extend(written(response));
        request.add(NAS_IP_ADDRESS, &[127, 0, 0, 1]);
        assert_eq!(request, self.request);
    }

    /// Asserts that the reply can be made again from these attributes.
    fn assert_reply(&self, attributes: &[Attribute<'_>]) {
        let mut reply = Packet { code: ACCESS_ACCEPT, attributes: Vec::new(), ..self.request.clone() };
        for value in self.reply.values(REPLY_MESSAGE) {
            reply.add(REPLY_MESSAGE, value);
        }
        for attribute in attributes {
            reply.attributes.extend(written(attribute));
        }
        reply.authenticator = reply.response_authenticator(&self.request.authenticator, &self.secret);
        assert_eq!(reply, self.reply);
    }

    /// Asserts that server and client derive the given keys from request and reply of version 1.
    fn assert_v1(&self, challenge: [u8; 8], ident: u8, keys: &MppeKeys, start: &[u8]) -> v1::Response {
        assert_eq!(
            find(&self.request, |attribute| match attribute {
                Attribute::Challenge(value) => Some(v1::decode_challenge(value).unwrap()),
                _ => None,
            }),
            challenge
        );
        let found = find(&self.request, |attribute| match attribute {
            Attribute::ChapResponse(value) => Some(value),
            _ => None,
        });
        assert_eq!(found.ident, ident);
        let mut authenticator = v1::Authenticator::new(challenge, 0);
        let value = found.response.encode();
        let verdict = authenticator.handle_response(&value, &self.name, &Account::new(&self.hash), None).unwrap();
        let v1::Verdict::Accepted(accepted) = verdict else { panic!("refused") };
        assert!(accepted.hash.as_ref().is_some_and(|hash| hash.ct_eq(&keys.nt_key)));
        assert_eq!(accepted.start_key().unwrap().as_bytes(), start);

        let accept = self.accept();
        let read = accept.mppe_keys.as_ref().unwrap();
        assert!(read.lm_key.ct_eq(&keys.lm_key) && read.nt_key.ct_eq(&keys.nt_key));
        assert_eq!(accept.v1_start_key(&challenge).unwrap().as_bytes(), start);
        found.response
    }

    /// Asserts the same for version 2. Gives the response and the proof.
    fn assert_v2(&self, challenge: [u8; 16], ident: u8, keys: &StartKeys) -> (v2::Response, Chap2Success) {
        assert_eq!(
            find(&self.request, |attribute| match attribute {
                Attribute::Challenge(value) => Some(v2::decode_challenge(value).unwrap()),
                _ => None,
            }),
            challenge
        );
        let found = find(&self.request, |attribute| match attribute {
            Attribute::Chap2Response(value) => Some(value),
            _ => None,
        });
        assert_eq!(found.ident, ident);
        let mut authenticator = v2::Authenticator::new(challenge, 0);
        let value = found.response.encode();
        let verdict = authenticator.handle_response(&value, &self.name, &Account::new(&self.hash), [0; 16]).unwrap();
        let v2::Verdict::Accepted(accepted) = verdict else { panic!("refused") };
        assert_eq!(accepted.user, self.user());
        let made = StartKeys::from_master_key(&accepted.master_key());
        assert!(made.send.ct_eq(&keys.send) && made.receive.ct_eq(&keys.receive));

        let challenges = v2::Challenges { authenticator: challenge, peer: found.response.peer_challenge };
        let (peer, response) = v2::Peer::respond(&self.hash, &challenges, self.user());
        assert!(response.nt_response.ct_eq(&found.response.nt_response));
        let accept = self.accept();
        let success = accept.success.clone().unwrap();
        peer.handle_success(&success.message()).unwrap();
        assert!(success.proof.ct_eq(&accepted.proof));
        assert_eq!(success.ident, ident);
        let read = accept.start_keys().unwrap();
        assert!(read.send.ct_eq(&keys.send) && read.receive.ct_eq(&keys.receive));
        let master = MasterKey::new(&self.hash.hash(), &response.nt_response);
        let master = mppe::MasterKey::from_bytes(*master.as_bytes());
        for (key, direction) in [(&read.send, mppe::Direction::Send), (&read.receive, mppe::Direction::Receive)] {
            let start = master.start_key(mppe::Strength::Bits128, mppe::Side::Server, direction);
            assert_eq!(start.expose_bytes(), key.as_bytes());
        }
        (found.response, success)
    }
}

fn number_u8(vector: &Vector<'_>, member: &str) -> u8 {
    vector.at(member).number().try_into().unwrap()
}

fn number_u32(vector: &Vector<'_>, member: &str) -> u32 {
    vector.at(member).number().try_into().unwrap()
}

/// Returns both keys of version 2, and their salts.
fn start_keys(vector: &Vector<'_>, hiding: &Hiding<'_>) -> (StartKeys, [[u8; 2]; 2]) {
    let key = |member| {
        let (key, salt) = salted_key(&vector.at(member), hiding);
        (StartKey::from_bytes(key.try_into().unwrap()), salt)
    };
    let ((send, send_salt), (receive, receive_salt)) = (key("ms_mppe_send_key"), key("ms_mppe_recv_key"));
    let keys = StartKeys { send, receive };
    // Together, as a server writes them.
    let mut buf = [0; StartKeys::ENCODED_LEN];
    let bytes = keys.encode(hiding, [send_salt, receive_salt], &mut buf).unwrap();
    let wires = ["ms_mppe_send_key", "ms_mppe_recv_key"].map(|member| vector.at(member).at("wire").bytes());
    assert_eq!((&bytes[8..42], &bytes[50..]), (&wires[0][..], &wires[1][..]));
    (keys, [send_salt, receive_salt])
}

fn hide<'b>(key: &StartKey, salt: [u8; 2], hiding: &Hiding<'_>, buf: &'b mut [u8]) -> HiddenKey<'b> {
    HiddenKey::hide(key.as_bytes(), salt, hiding, buf).unwrap()
}

#[test]
fn exchanges_with_radius_servers() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/radius.json"));
    let vectors = Vector::new(&file);
    vectors.at("about").pass_over();
    vectors.at("seed").pass_over();

    for vector in vectors.at("server").each() {
        // Where it stands and where the request came from.
        for member in ["id", "source_address"] {
            vector.at(member).pass_over();
        }
        let exchange = Exchange::new(&vector);
        let hiding = exchange.hiding();
        assert_eq!(exchange.user(), vector.at("account").text().as_bytes());
        assert_eq!(exchange.request.identifier, number_u8(&vector, "identifier"));
        let ident = number_u8(&vector, "chap_ident");
        let expect = vector.at("expect");
        let policy = EncryptionPolicy(number_u32(&expect, "ms_mppe_encryption_policy"));
        let types = EncryptionTypes(number_u32(&expect, "ms_mppe_encryption_types"));
        let accept = exchange.accept();
        assert_eq!((accept.encryption_policy, accept.encryption_types), (Some(policy), Some(types)));
        let last = [Attribute::EncryptionPolicy(policy), Attribute::EncryptionTypes(types)];
        if vector.at("version").number() == 1 {
            // Drawn for the other version; so below.
            for other in ["auth_challenge", "peer_challenge"] {
                vector.at(other).pass_over();
            }
            let challenge = vector.at("v1_challenge").array();
            let keys = mppe_keys(&expect.at("ms_chap_mppe_keys"), &hiding);
            let start = expect.at("v1_start_key_128").bytes();
            exchange.assert_v1(challenge, ident, &keys, &start);
            let (_, response) = v1::Peer::respond(&exchange.hash, &challenge);
            exchange.assert_request(&challenge, &Attribute::ChapResponse(ChapResponse { ident, response }));
            let [policy, types] = last;
            exchange.assert_reply(&[Attribute::MppeKeys(keys.hide(&hiding)), policy, types]);
        } else {
            vector.at("v1_challenge").pass_over();
            let authenticator = vector.at("auth_challenge").array();
            let challenges = v2::Challenges { authenticator, peer: vector.at("peer_challenge").array() };
            let (keys, [send_salt, receive_salt]) = start_keys(&expect, &hiding);
            let (_, success) = exchange.assert_v2(authenticator, ident, &keys);
            let (_, response) = v2::Peer::respond(&exchange.hash, &challenges, exchange.user());
            exchange.assert_request(&authenticator, &Attribute::Chap2Response(Chap2Response { ident, response }));
            assert_eq!(written(&Attribute::Chap2Success(success.clone()))[8..], expect.at("ms_chap2_success").bytes());
            let (mut one, mut other) = ([0; 32], [0; 32]);
            let [policy, types] = last;
            exchange.assert_reply(&[
                Attribute::Chap2Success(success),
                Attribute::RecvKey(hide(&keys.receive, receive_salt, &hiding, &mut one)),
                Attribute::SendKey(hide(&keys.send, send_salt, &hiding, &mut other)),
                policy,
                types,
            ]);
        }
    }

    for vector in vectors.at("made").each() {
        vector.at("id").pass_over();
        let (secret, authenticator) = (vector.at("secret").bytes(), vector.at("request_authenticator").array());
        let hiding = Hiding::new(&secret, &authenticator);
        salted_key(&vector.at("ms_mppe_send_key"), &hiding);
        salted_key(&vector.at("ms_mppe_recv_key"), &hiding);
        mppe_keys(&vector.at("ms_chap_mppe_keys"), &hiding);
    }

    vectors.at("real").at("source").pass_over();
    for vector in vectors.at("real").at("records").each() {
        // Where it is in the capture.
        vector.at("frames").pass_over();
        if let Some(note) = vector.get("lm_response_note") {
            note.pass_over();
        }
        let exchange = Exchange::new(&vector);
        let hiding = exchange.hiding();
        if vector.at("version").number() == 1 {
            let value = vector.at("ms_chap_response").bytes();
            let challenge = vector.at("challenge").array();
            let keys = mppe_keys(&vector.at("ms_chap_mppe_keys"), &hiding);
            let start = vector.at("v1_start_key_128").bytes();
            let response = exchange.assert_v1(challenge, value[0], &keys, &start);
            assert_eq!(written(&Attribute::ChapResponse(ChapResponse { ident: value[0], response }))[8..], value);
        } else {
            let value = vector.at("ms_chap2_response").bytes();
            let (keys, _) = start_keys(&vector, &hiding);
            let (response, success) = exchange.assert_v2(vector.at("challenge").array(), value[0], &keys);
            assert_eq!(written(&Attribute::Chap2Response(Chap2Response { ident: value[0], response }))[8..], value);
            assert_eq!(written(&Attribute::Chap2Success(success))[8..], vector.at("ms_chap2_success").bytes());
        }
    }
    assert_all_seen("radius.json", &vectors);
}

#[test]
fn change_of_a_password_and_chap_with_md5() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/peers.json"));
    let vectors = Vector::new(&file);
    // The subjects of another test.
    for other in ["about", "mschap_v1", "mschap_v2", "hashes"] {
        vectors.at(other).pass_over();
    }

    for vector in vectors.at("change_password").each() {
        let (old, new) = (NtHash::from_password(vector.at("old_password").text()), vector.at("new_password").text());
        let name = vector.at("name_on_wire").bytes();
        let user = NamePolicy::default().user(&name);
        let authenticator = vector.at("auth_challenge").array();
        let challenges = v2::Challenges { authenticator, peer: vector.at("peer_challenge").array() };
        let encrypted = vector.at("encrypted_password_516").array::<516>();
        let packet = v2::ChangePassword {
            encrypted_password: EncryptedPassword::from_bytes(encrypted),
            encrypted_hash: EncryptedHash::from_bytes(vector.at("encrypted_hash").array()),
            peer_challenge: challenges.peer,
            reserved: [0; 8],
            nt_response: ChallengeResponse::from_bytes(vector.at("nt_response").array()),
            flags: u16::from_be_bytes(vector.at("flags").array()),
        };
        let proof = vector.at("authenticator_response").text();

        // The authenticator, from bytes.
        let account = Account::new(&old).with_restriction(mschap::FailureCode::PASSWORD_EXPIRED);
        let mut server = v2::Authenticator::new([7; 16], 0);
        let first = v2::Challenges { authenticator: [7; 16], peer: [8; 16] };
        let (peer, response) = v2::Peer::respond(&old, &first, user);
        server.handle_response(&response.encode(), &name, &account, authenticator).unwrap();
        let mut buf = [0; 128];
        let message = server.reply().unwrap().encode(&mut buf).unwrap();
        let next = peer.handle_failure(message).next;
        assert_eq!(next, mschap::Next::ChangePassword { challenge: authenticator, version: 3 });
        let verdict = server.handle_change_password(&packet.encode(), &name, &account, [0; 16]).unwrap();
        let v2::ChangeVerdict::Changed { new_password, .. } = verdict else { panic!("refused") };
        assert!(new_password.chars().map(Result::unwrap).eq(new.chars()));
        assert_eq!(server.reply().unwrap().encode(&mut buf).unwrap(), proof.as_bytes());

        // The peer, with the same padding: the cipher is known from the empty password.
        let cipher = EncryptedPassword::seal("", &old, &[0; 512]).unwrap();
        let padding = std::array::from_fn(|at| encrypted[at] ^ cipher.as_bytes()[at]);
        let (peer, made) = v2::Peer::change_password(&old, new, &challenges, user, &padding).unwrap();
        assert_eq!(made.encode(), packet.encode());
        peer.handle_success(proof.as_bytes()).unwrap();

        // In RADIUS, and back.
        let mut sent = written(&Attribute::Chap2Cpw(Chap2Cpw::new(46, &packet)))[2..].to_vec();
        for piece in EncPw::split(46, &packet.encrypted_password) {
            sent.extend(&written(&Attribute::NtEncPw(piece))[6..]);
        }
        let (mut attribute, mut pieces) = (None, Vec::new());
        for found in attributes(&sent).unwrap() {
            match found.unwrap() {
                Attribute::Chap2Cpw(value) => attribute = Some(value),
                Attribute::NtEncPw(value) => pieces.push(value),
                other => panic!("{other:?}"),
            }
        }
        let password = EncPw::join(46, pieces.iter().copied()).unwrap();
        assert_eq!(attribute.unwrap().into_packet(password).encode(), packet.encode());
    }

    for vector in vectors.at("chap_md5").each() {
        let mut digest = Md5::new().chain_update([number_u8(&vector, "identifier")]);
        digest.update(vector.at("secret").text());
        digest.update(vector.at("challenge").bytes());
        assert_eq!(*digest.finalize(), vector.at("response").array::<16>());
    }
    assert_all_seen("peers.json", &vectors);
}

/// An authenticator's verdict on the RFCs' responses, and the keys that this crate makes. The other
/// test makes them.
#[test]
fn samples_of_the_rfcs_are_accepted() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/rfc.json"));
    let vectors = Vector::new(&file);

    for vector in vectors.at("rfc1321_md5").each() {
        assert_eq!(*Md5::digest(vector.at("message").text()), vector.at("digest").array::<16>());
    }

    let sample = vectors.at("rfc2433").at("hash_example");
    let challenge = sample.at("challenge").array();
    let nt_response = ChallengeResponse::from_bytes(sample.at("nt_challenge_response").array());
    let value = v1::Response { lm_response: ChallengeResponse::empty(), nt_response, flags: 1 }.encode();
    let hash = NtHash::from_bytes(sample.at("nt_password_hash").array());
    let mut authenticator = v1::Authenticator::new(challenge, 0);
    let verdict = authenticator.handle_response(&value, b"User", &Account::new(&hash), None).unwrap();
    assert!(matches!(verdict, v1::Verdict::Accepted(_)));

    for sample in vectors.at("rfc3079").at("from_mschap_v1").each() {
        if sample.at("bits").number() == 128 {
            let hash = NtHash::from_bytes(sample.at("nt_password_hash").array());
            let start = StartKey::from_v1(&hash.hash(), &sample.at("challenge").array());
            assert_eq!(start.as_bytes(), &sample.at("start_key").array());
        }
    }

    let samples = vectors.at("rfc3079").at("from_mschap_v2").each();
    for sample in samples.into_iter().chain([vectors.at("rfc2759").at("hash_example")]) {
        let user = sample.at("user_name").bytes();
        let challenge = sample.at("authenticator_challenge").array();
        let response = v2::Response {
            peer_challenge: sample.at("peer_challenge").array(),
            reserved: [0; 8],
            nt_response: ChallengeResponse::from_bytes(sample.at("nt_response").array()),
            flags: 0,
        };
        let hash = NtHash::from_bytes(sample.at("password_hash").array());
        let mut authenticator = v2::Authenticator::new(challenge, 0);
        let account = Account::new(&hash);
        let verdict = authenticator.handle_response(&response.encode(), &user, &account, [0; 16]).unwrap();
        let v2::Verdict::Accepted(accepted) = verdict else { panic!("refused") };
        assert_eq!(accepted.hash.as_bytes(), &sample.at("password_hash_hash").array());
        if let Some(proof) = sample.get("authenticator_response") {
            let (peer, _) = v2::Peer::respond(&hash, &response.challenges(&challenge), &user);
            peer.handle_success(proof.text().as_bytes()).unwrap();
            assert_eq!(accepted.proof.to_text(), proof.text().as_bytes());
        }
        if let Some(key) = sample.get("master_key") {
            let master = accepted.master_key();
            assert_eq!(master.as_bytes(), &key.array());
            let start = sample.at("server_send_start_key").bytes();
            assert!(master.authenticator_to_peer().as_bytes().starts_with(&start));
        }
    }
    pptp_interop::say!("rfc.json: {} values agree", vectors.summary().0);
}
