//! MS-CHAP: the attributes of RADIUS, changes of a password, and both authenticators beside a plain model.

use arbitrary::{Arbitrary, Unstructured};
use mschap::radius::{self, AccessAccept, Attribute, AttributeError, EncPw, HiddenKey, Hiding, StartKeys};
use mschap::{
    Account, AuthenticatorError, ChangeError, EncryptedHash, EncryptedPassword, FailureCode, Next, NtHash, Password,
    PasswordError, Reply, v1, v2,
};

const SECRET: &[u8] = b"shared secret";

/// Reads the bytes as a Vendor-Specific attribute of RADIUS and asserts that its values round-trip.
/// The bytes are also the seed of an attribute, which is written and read again.
///
/// # Panics
///
/// When that does not hold.
pub fn attributes(data: &[u8]) {
    let authenticator = [0x5a; 16];
    let hiding = Hiding::new(SECRET, &authenticator);
    let mut alone = Vec::new();
    let mut pieces = Vec::new();
    match radius::attributes(data) {
        Ok(attributes) => {
            let mut count = 0;
            for attribute in attributes {
                count += 1;
                let Ok(attribute) = attribute else { continue };
                keys_are_hidden_again(&attribute, &hiding);
                if let Attribute::NtEncPw(piece) | Attribute::LmEncPw(piece) = attribute {
                    pieces.push(piece);
                }
                alone.extend(written_back(&attribute));
            }
            // One for each length that is possible, and one error for the first that is not.
            let (mut rest, mut expected) = (&data[4..], 0);
            while let [_, others @ ..] = rest {
                expected += 1;
                let length = usize::from(others.first().copied().unwrap_or(0));
                rest = if length < 2 { &[] } else { rest.get(length..).unwrap_or(&[]) };
            }
            assert_eq!(count, expected);
        }
        Err(AttributeError::NoVendorId { available }) => assert!(available == data.len() && available < 4),
        Err(AttributeError::OtherVendor { found }) => assert_eq!(data.first_chunk(), Some(&found.to_be_bytes())),
        Err(error) => panic!("{error}"),
    }
    if let Some(piece) = pieces.first() {
        if let Ok(joined) = EncPw::join(piece.ident, pieces.iter().copied()) {
            assert!(pieces.iter().all(|other| other.ident == piece.ident));
            let again = EncPw::join(piece.ident, EncPw::split(piece.ident, &joined)).expect("516 bytes");
            assert!(again.ct_eq(&joined));
        }
    }

    // One behind the other or each in an attribute of its own: the same.
    if let Ok(accept) = AccessAccept::decode([data], &hiding) {
        let accept_alone = AccessAccept::decode(alone.iter().map(Vec::as_slice), &hiding).expect("the same attributes");
        let keys = accept.start_keys();
        assert_eq!(keys.as_ref().err(), accept_alone.start_keys().as_ref().err());
        assert_eq!(accept.encryption_policy, accept_alone.encryption_policy);
        assert_eq!(accept.v1_start_key(&[1; 8]).is_ok(), accept_alone.v1_start_key(&[1; 8]).is_ok());
        if let (Ok(keys), Ok(keys_alone)) = (keys, accept_alone.start_keys()) {
            assert!(keys.send.ct_eq(&keys_alone.send) && keys.receive.ct_eq(&keys_alone.receive));
            let mut buf = [0; StartKeys::ENCODED_LEN];
            let bytes = keys.encode(&hiding, [[0x80, 1], [0x80, 2]], &mut buf).expect("there is room");
            let again = AccessAccept::decode([&bytes[2..42], &bytes[44..]], &hiding).expect("what was written");
            assert!(again.start_keys().is_ok_and(|again| again.send.ct_eq(&keys.send)));
        }
    }

    if let Ok(made) = Attribute::arbitrary(&mut Unstructured::new(data)) {
        let mut buf = [0; Attribute::MAX_LEN];
        if let Ok(bytes) = made.encode(&mut buf) {
            assert_eq!(usize::from(bytes[1]), bytes.len());
            // Only what is shorter than its attribute allows, or carries what it must not, is not read again.
            if let Ok(read) = Attribute::decode(made.vendor_type(), &bytes[8..]) {
                assert_eq!(written_back(&read).expect("it was written before"), bytes[2..]);
            }
        }
    }
}

/// Returns the value of the Vendor-Specific attribute that an attribute becomes, if it fits.
fn written_back(attribute: &Attribute<'_>) -> Option<Vec<u8>> {
    let (mut buf, mut again) = ([0; Attribute::MAX_LEN], [0; Attribute::MAX_LEN]);
    let bytes = attribute.encode(&mut buf).ok()?;
    assert_eq!(usize::from(bytes[1]), bytes.len());
    let read = radius::attributes(&bytes[2..]).expect("ours").next().expect("one").expect("what was written is read");
    assert_eq!(read.encode(&mut again).expect("it fits again"), bytes);
    Some(bytes[2..].to_vec())
}

fn keys_are_hidden_again(attribute: &Attribute<'_>, hiding: &Hiding<'_>) {
    match attribute {
        Attribute::MppeKeys(hidden) => {
            if let Ok(keys) = hidden.reveal(hiding) {
                assert!(keys.hide(hiding).ct_eq(hidden));
            }
        }
        Attribute::SendKey(hidden) | Attribute::RecvKey(hidden) => {
            if let Ok(key) = hidden.reveal(hiding) {
                let mut buf = [0; HiddenKey::MAX_STRING_LEN];
                let again = HiddenKey::hide(key.as_bytes(), hidden.salt, hiding, &mut buf).expect("it was hidden");
                assert_eq!(again.string, hidden.string);
            }
        }
        Attribute::EncryptionPolicy(policy) => assert_eq!(policy.is_required(), policy.0 != 1),
        _ => {}
    }
}

/// Asserts that bytes of the right length are a change of a password and are written back. A change
/// that is made of the bytes gives the new password, and none with one byte changed gives another.
///
/// # Panics
///
/// When that does not hold.
pub fn change_password(data: &[u8]) {
    let old = NtHash::from_bytes([0x5a; 16]);
    let account = Account::new(&old);
    match v1::ChangePassword1::decode(data) {
        Ok(packet) => assert_eq!(packet.encode(), data),
        Err(_) => assert_ne!(data.len(), v1::ChangePassword1::LEN),
    }
    match v1::ChangePassword2::decode(data) {
        Ok(packet) => assert_eq!(packet.encode(), data),
        Err(_) => assert_ne!(data.len(), v1::ChangePassword2::LEN),
    }
    match v2::ChangePassword::decode(data) {
        Ok(packet) => {
            assert_eq!(packet.encode(), data);
            if let Ok(new) = packet.encrypted_password.open(&old) {
                assert!(new.utf16le().len() <= Password::MAX_BYTES && new.utf16le().len() % 2 == 0);
                assert!(new.chars().count() <= new.utf16le().len() / 2);
                // It is accepted just if hash and response are those of this password.
                let hash = new.nt_hash();
                let challenge = packet.challenges(&[1; 16]).hash(b"user");
                let right = packet.encrypted_hash.ct_eq(&EncryptedHash::seal(old.as_bytes(), &hash))
                    && packet.nt_response.ct_eq(&hash.challenge_response(&challenge));
                assert_eq!(packet.open(&old, &[1; 16], b"user").is_ok(), right);
            }
        }
        Err(_) => assert_ne!(data.len(), v2::ChangePassword::LEN),
    }

    let [high, low, flip, bytes @ ..] = data else { return };
    let padding = [0xa5; Password::MAX_BYTES];
    let new = Password::Utf16Le(bytes);
    let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
    let Ok(packet) = v2::ChangePassword::new(&old, new, &challenges, b"user", &padding) else {
        let error = EncryptedPassword::seal(new, &old, &padding).unwrap_err();
        let too_long = matches!(error, PasswordError::TooLong { length } if length > Password::MAX_BYTES);
        assert!(too_long || error == PasswordError::HalfCodeUnit { length: bytes.len() });
        return;
    };
    let at = usize::from(u16::from_be_bytes([*high, *low]));
    let unused = Password::MAX_BYTES - bytes.len();

    let mut sent = packet.encode();
    assert_eq!(packet.open(&old, &[1; 16], b"user").expect("it is genuine").utf16le(), bytes);
    if let Some(byte) = sent.get_mut(at) {
        *byte ^= flip;
        // Password and length (from `unused` to 516), hash and challenge (to 548), response (556 to 580) count.
        let harmless = *flip == 0 || at < unused || (548..556).contains(&at) || at >= 580;
        check_open(
            v2::ChangePassword::decode(&sent).expect("582 bytes").open(&old, &[1; 16], b"user"),
            harmless,
            bytes,
        );
    }

    let packet = v1::ChangePassword2::new(&old, new, &[3; 8], &padding).expect("it was sealed before");
    let mut sent = packet.encode();
    assert_eq!(packet.open(&account, &[3; 8]).expect("it is genuine").utf16le(), bytes);
    if let Some(byte) = sent.get_mut(at) {
        *byte ^= flip;
        // As above, with the LAN Manager fields between 532 and 1088, the response to 1112, and bit 0 of the flags.
        let harmless = match at {
            0..532 => *flip == 0 || at < unused,
            532..1088 | 1112 => true,
            1113 => flip & 1 == 0,
            _ => *flip == 0,
        };
        check_open(v1::ChangePassword2::decode(&sent).expect("1114 bytes").open(&account, &[3; 8]), harmless, bytes);
    }
}

fn check_open(opened: Result<mschap::NewPassword, ChangeError>, harmless: bool, expected: &[u8]) {
    match opened {
        Ok(new) => assert!(harmless && new.utf16le() == expected),
        Err(error) => assert!(!harmless, "{error}"),
    }
}

/// The verdict of an authenticator on a packet.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Outcome {
    Accepted,
    Refused(FailureCode),
    Duplicate,
    Malformed,
    NotNow,
}

impl From<AuthenticatorError> for Outcome {
    fn from(error: AuthenticatorError) -> Self {
        match error {
            AuthenticatorError::Malformed(_) => Self::Malformed,
            AuthenticatorError::NotNow => Self::NotNow,
            error => panic!("{error}"),
        }
    }
}

const OLD: [u8; 16] = [0x5a; 16];
const NEW: &str = "new password";

/// An authenticator of either version, and the peer that talked to it last.
enum Side {
    V1(Box<v1::Authenticator>, Option<v1::Peer>),
    V2(Box<v2::Authenticator>, Option<v2::Peer>),
}

impl Side {
    /// Returns a response of a peer with this hash to the challenge that is due.
    fn response(&mut self, hash: &NtHash, seed: u8) -> Vec<u8> {
        match self {
            Self::V1(authenticator, peer) => {
                let (made, response) = v1::Peer::respond(hash, authenticator.challenge());
                *peer = Some(made);
                response.encode().to_vec()
            }
            Self::V2(authenticator, peer) => {
                let challenges = v2::Challenges { authenticator: *authenticator.challenge(), peer: [seed; 16] };
                let (made, response) = v2::Peer::respond(hash, &challenges, b"user");
                *peer = Some(made);
                response.encode().to_vec()
            }
        }
    }

    /// Returns a change of password of a peer with this old hash.
    fn change(&mut self, old: &NtHash, seed: u8) -> Vec<u8> {
        let padding = [seed; Password::MAX_BYTES];
        match self {
            Self::V1(authenticator, peer) => {
                let made = v1::Peer::change_password_2(old, NEW, authenticator.challenge(), &padding);
                let (made, packet) = made.expect("a password");
                *peer = Some(made);
                packet.encode().to_vec()
            }
            Self::V2(authenticator, peer) => {
                let challenges = v2::Challenges { authenticator: *authenticator.challenge(), peer: [seed; 16] };
                let made = v2::Peer::change_password(old, NEW, &challenges, b"user", &padding);
                let (made, packet) = made.expect("a password");
                *peer = Some(made);
                packet.encode().to_vec()
            }
        }
    }

    fn handle_response(&mut self, value: &[u8], account: &Account<'_>, next: u8) -> Outcome {
        match self {
            Self::V1(authenticator, _) => {
                // Sometimes the peer has to add 23 by itself.
                let next = (next % 2 == 0).then_some([next; 8]);
                match authenticator.handle_response(value, b"user", account, next) {
                    Ok(v1::Verdict::Accepted(_)) => Outcome::Accepted,
                    Ok(v1::Verdict::Refused(failure)) => Outcome::Refused(failure.code.expect("a code")),
                    Ok(v1::Verdict::Duplicate) => Outcome::Duplicate,
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => error.into(),
                }
            }
            Self::V2(authenticator, _) => match authenticator.handle_response(value, b"user", account, [next; 16]) {
                Ok(v2::Verdict::Accepted(_)) => Outcome::Accepted,
                Ok(v2::Verdict::Refused(failure)) => Outcome::Refused(failure.code.expect("a code")),
                Ok(v2::Verdict::Duplicate) => Outcome::Duplicate,
                Ok(other) => panic!("{other:?}"),
                Err(error) => error.into(),
            },
        }
    }

    fn handle_change(&mut self, packet: &[u8], account: &Account<'_>, next: u8) -> Outcome {
        let new = NtHash::from_password(NEW);
        match self {
            Self::V1(authenticator, _) => match authenticator.handle_change_password_2(packet, b"user", account) {
                Ok(v1::ChangeVerdict::Changed { hashes, .. }) => {
                    assert!(hashes.nt.is_some_and(|hash| hash.ct_eq(&new)));
                    Outcome::Accepted
                }
                Ok(v1::ChangeVerdict::Refused { failure, .. }) => Outcome::Refused(failure.code.expect("a code")),
                Ok(v1::ChangeVerdict::Duplicate) => Outcome::Duplicate,
                Ok(other) => panic!("{other:?}"),
                Err(error) => error.into(),
            },
            Self::V2(authenticator, _) => {
                match authenticator.handle_change_password(packet, b"user", account, [next; 16]) {
                    Ok(v2::ChangeVerdict::Changed { new_password, .. }) => {
                        assert!(new_password.nt_hash().ct_eq(&new));
                        Outcome::Accepted
                    }
                    Ok(v2::ChangeVerdict::Refused { failure, .. }) => Outcome::Refused(failure.code.expect("a code")),
                    Ok(v2::ChangeVerdict::Duplicate) => Outcome::Duplicate,
                    Ok(other) => panic!("{other:?}"),
                    Err(error) => error.into(),
                }
            }
        }
    }

    fn reject_change(&mut self, next: u8) {
        // Whether there was anything to reject does not matter.
        let _ = match self {
            Self::V1(authenticator, _) => authenticator.reject_change(),
            Self::V2(authenticator, _) => authenticator.reject_change([next; 16]),
        };
    }

    fn reply(&self) -> Option<(bool, Vec<u8>)> {
        let reply = match self {
            Self::V1(authenticator, _) => authenticator.reply(),
            Self::V2(authenticator, _) => authenticator.reply(),
        }?;
        let mut buf = [0; 128];
        Some((matches!(reply, Reply::Success(_)), reply.encode(&mut buf).expect("there is room").to_vec()))
    }

    /// Returns what the peer that sent the last packet may do, as the reply says, and on which
    /// challenge it then works.
    fn peer_may(&self, message: &[u8]) -> Phase {
        let (next, due) = match self {
            Self::V1(authenticator, peer) => match peer.as_ref().expect("a peer").handle_failure(message).next {
                Next::Retry { challenge } => (Phase::Response, challenge == *authenticator.challenge()),
                Next::ChangePassword { challenge, version } => {
                    assert_eq!(version, v1::ChangePassword2::VERSION);
                    (Phase::Change, challenge == *authenticator.challenge())
                }
                _ => (Phase::Done, true),
            },
            Self::V2(authenticator, peer) => match peer.as_ref().expect("a peer").handle_failure(message).next {
                Next::Retry { challenge } => (Phase::Response, challenge == *authenticator.challenge()),
                Next::ChangePassword { challenge, version } => {
                    assert_eq!(version, v2::ChangePassword::VERSION);
                    (Phase::Change, challenge == *authenticator.challenge())
                }
                _ => (Phase::Done, true),
            },
        };
        assert!(due, "peer and authenticator disagree about the challenge");
        next
    }

    /// Returns whether the peer that sent the last packet takes this proof.
    fn peer_takes(&self, message: &[u8]) -> bool {
        match self {
            Self::V1(..) => true,
            Self::V2(_, peer) => peer.as_ref().expect("a peer").handle_success(message).is_ok(),
        }
    }

    /// Returns whether a byte of a genuine response may be changed by `flip` without harm.
    fn response_survives(&self, at: usize, flip: u8) -> bool {
        match self {
            // LM response; NT response; the flag, which must not become 0.
            Self::V1(..) => flip == 0 || at < 24 || (at == 48 && flip != 1),
            // Peer challenge; reserved; NT response; flags.
            Self::V2(..) => flip == 0 || (16..24).contains(&at) || at == 48,
        }
    }
}

/// The kind of packet that the peer is to send.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Phase {
    Response,
    Change,
    Done,
}

/// Runs operations on an authenticator and compares it with a model. The authenticator does what a
/// plain model does, and lets its peer know what it then expects.
///
/// # Panics
///
/// When that does not hold.
pub fn authenticator(data: &[u8]) {
    let [version, retries, restriction, operations @ ..] = data else { return };
    let mut side = match version % 2 {
        0 => Side::V1(Box::new(v1::Authenticator::new([0x11; 8], *retries)), None),
        _ => Side::V2(Box::new(v2::Authenticator::new([0x11; 16], *retries)), None),
    };
    let restriction = match restriction % 4 {
        0 => None,
        1 | 2 => Some(FailureCode::PASSWORD_EXPIRED),
        _ => Some(FailureCode::ACCOUNT_DISABLED),
    };
    let (hash, wrong) = (NtHash::from_bytes(OLD), NtHash::from_bytes([0; 16]));
    let account = restriction.map_or(Account::new(&hash), |code| Account::new(&hash).with_restriction(code));

    let (mut phase, mut left, mut rejectable) = (Phase::Response, *retries, false);
    let mut last: Option<(Phase, Vec<u8>)> = None;
    for (number, operation) in operations.chunks_exact(3).take(64).enumerate() {
        let &[what, at, flip] = operation else { return };
        // No packet is like one before, unless it is meant to be.
        let seed = u8::try_from(number).expect("64 at most");
        let next = seed.wrapping_mul(3).wrapping_add(0x80);
        let before = side.reply();
        let (kind, packet, right) = match what % 8 {
            0 => (Phase::Response, side.response(&hash, seed), true),
            1 => (Phase::Response, side.response(&wrong, seed), false),
            2 => {
                let mut value = side.response(&hash, seed);
                let at = usize::from(at) % value.len();
                value[at] ^= flip;
                (Phase::Response, value, side.response_survives(at, flip))
            }
            3 => (Phase::Change, side.change(&hash, seed), true),
            4 => (Phase::Change, side.change(&wrong, seed), false),
            5 => {
                let mut packet = side.change(&hash, seed);
                // In the hash, which is behind the password in both versions.
                packet[516 + usize::from(at) % 16] ^= flip;
                (Phase::Change, packet, flip == 0)
            }
            6 => match last.clone() {
                Some((kind, packet)) => (kind, packet, false),
                None => (Phase::Response, operation.to_vec(), false),
            },
            _ => {
                side.reject_change(next);
                if rejectable {
                    rejectable = false;
                    let (success, message) = side.reply().expect("there is one");
                    assert!(!success && message.starts_with(b"E=709 R=0"), "{}", message.escape_ascii());
                    assert_eq!(side.peer_may(&message), Phase::Done);
                } else {
                    assert_eq!(side.reply(), before);
                }
                continue;
            }
        };
        let short = packet.len() == operation.len();
        let expected = match (phase, restriction) {
            _ if last.as_ref().is_some_and(|last| *last == (kind, packet.clone())) => Outcome::Duplicate,
            _ if phase != kind => Outcome::NotNow,
            _ if short => Outcome::Malformed,
            (Phase::Change, _) if right => Outcome::Accepted,
            (Phase::Change, _) => Outcome::Refused(FailureCode::CHANGING_PASSWORD),
            (_, Some(code)) if right => Outcome::Refused(code),
            _ if right => Outcome::Accepted,
            _ => Outcome::Refused(FailureCode::AUTHENTICATION_FAILURE),
        };
        let found = match kind {
            Phase::Change => side.handle_change(&packet, &account, next),
            _ => side.handle_response(&packet, &account, next),
        };
        assert_eq!(found, expected, "operation {number}: {operation:?}");
        match found {
            Outcome::Accepted => {
                rejectable = kind == Phase::Change;
                phase = Phase::Done;
                let (success, message) = side.reply().expect("there is one");
                assert!(success && side.peer_takes(&message), "{}", message.escape_ascii());
            }
            Outcome::Refused(code) => {
                phase = match code {
                    FailureCode::PASSWORD_EXPIRED => Phase::Change,
                    FailureCode::AUTHENTICATION_FAILURE if left > 0 => Phase::Response,
                    _ => Phase::Done,
                };
                left = if phase == Phase::Response { left - 1 } else { 0 };
                let (success, message) = side.reply().expect("there is one");
                assert!(!success);
                assert_eq!(side.peer_may(&message), phase, "{}", message.escape_ascii());
            }
            Outcome::Duplicate | Outcome::Malformed | Outcome::NotNow => {
                assert_eq!(side.reply(), before);
                continue;
            }
        }
        last = Some((kind, packet));
    }
}
