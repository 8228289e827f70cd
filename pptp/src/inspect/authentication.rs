//! The client's identity, its proof, and the keys that follow.

use alloc::vec::Vec;
use core::fmt;

use md5::{Digest, Md5};
use mppe::{Direction as KeyDirection, MasterKey, MsChapV1, ShortKeySource, Side, StartKey, Strength};
use mschap::{Failure, LmHash, NamePolicy, NtHash, Password, Success, v1, v2};
use ppp_fsm::{chap, pap};

use super::secret::{Credential, Secrets};
use super::{NotDecrypted, Proof};

/// How the client is authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// RFC 1334: the password in the clear.
    Pap,
    /// RFC 1994: CHAP, with MD5.
    ChapMd5,
    /// CHAP, of an algorithm that was not seen.
    Chap,
    /// RFC 2433.
    MsChapV1,
    /// RFC 2759.
    MsChapV2,
    /// RFC 3748, of whatever type.
    Eap,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pap => "PAP",
            Self::ChapMd5 => "CHAP-MD5",
            Self::Chap => "CHAP",
            Self::MsChapV1 => "MS-CHAP",
            Self::MsChapV2 => "MS-CHAP-V2",
            Self::Eap => "EAP",
        })
    }
}

/// The outcome of an authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth outcome")]
pub enum Outcome {
    /// No answer was seen.
    Pending,
    /// The authenticator accepted the client.
    Accepted,
    /// The authenticator refused the client, with MS-CHAP's error number where it gave one.
    Refused {
        /// 691 for a wrong name or password.
        code: Option<u32>,
    },
}

/// Whether the secrets that were given fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// There was none for this user, or the method cannot be checked.
    Unchecked,
    /// The challenge of this proof was not captured, so no secret can be checked.
    ChallengeNotSeen,
    /// One fits.
    Fits,
    /// None fits, as this proof shows.
    DoesNotFit(Proof),
}

/// The authentication of a session's client.
///
/// ```
/// use pptp::inspect::{Inspector, Outcome, Secrets, Verdict};
/// # use core::net::{IpAddr, Ipv4Addr};
///
/// # let [client, server] = [1, 2].map(|host| IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)));
/// # let frame = |frame: &[u8], number: u8| {
/// #     let mut packet = vec![0x30, 1, 0x88, 0x0b, 0, frame.len() as u8, 0, 7, 0, 0, 0, number];
/// #     packet.extend(frame);
/// #     packet
/// # };
/// # let request = frame(b"\xc0\x23\x01\x01\x00\x0e\x05alice\x03abc", 0);
/// # let ack = frame(b"\xc0\x23\x02\x01\x00\x05\x00", 0);
/// let mut inspector = Inspector::new(Secrets::new());
/// inspector.handle_gre(1, client, server, &request, &mut |_| {});
/// inspector.handle_gre(2, server, client, &ack, &mut |_| {});
/// let session = inspector.sessions().next().unwrap();
/// let authentication = session.authentication().unwrap();
/// assert_eq!(authentication.to_string(), r#"PAP of "alice", accepted"#);
/// assert_eq!(authentication.outcome(), Outcome::Accepted);
/// assert_eq!(authentication.verdict(), Verdict::Unchecked);
/// ```
pub struct Authentication {
    method: Method,
    name: Vec<u8>,
    outcome: Outcome,
    verdict: Verdict,
    identifier: u8,
    proof: Option<v2::AuthenticatorResponse>,
    keys: Option<Keys>,
    missing: Option<Missing>,
}

/// The half of an authentication that was not captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// The Response was seen, not its Challenge.
    Challenge,
    /// The end was seen, not the Response or Authenticate-Request, so that the name is not known.
    Proof,
}

/// The source of start keys.
enum Keys {
    V1(MsChapV1),
    V2(MasterKey),
}

/// A challenge that was seen, to be answered.
pub(super) struct Challenge {
    pub(super) identifier: u8,
    /// The name of the side that asks.
    pub(super) name: Vec<u8>,
    value: Vec<u8>,
}

impl Challenge {
    pub(super) fn new(identifier: u8, value: &chap::Value<'_>) -> Self {
        Self { identifier, name: value.name.0.to_vec(), value: value.value.to_vec() }
    }
}

impl Authentication {
    pub(super) fn new(method: Method, identifier: u8, name: &[u8]) -> Self {
        Self {
            method,
            name: name.to_vec(),
            outcome: Outcome::Pending,
            verdict: Verdict::Unchecked,
            identifier,
            proof: None,
            keys: None,
            missing: None,
        }
    }

    /// Creates a Response whose Challenge was not captured.
    pub(super) fn without_challenge(identifier: u8, value: &chap::Value<'_>) -> Self {
        let method = match value.value.len() {
            v2::Response::LEN if is_v2(value.value) => Method::MsChapV2,
            v1::Response::LEN => Method::MsChapV1,
            16 => Method::ChapMd5,
            _ => Method::Chap,
        };
        let verdict = Verdict::ChallengeNotSeen;
        let missing = Some(Missing::Challenge);
        Self { verdict, missing, ..Self::new(method, identifier, value.name.0) }
    }

    /// Creates the end of an authentication of which nothing else was captured.
    pub(super) fn without_proof(method: Method, identifier: u8) -> Self {
        let verdict = Verdict::ChallengeNotSeen;
        Self { verdict, missing: Some(Missing::Proof), ..Self::new(method, identifier, &[]) }
    }

    /// Creates the response to a challenge, which is checked with the secrets.
    pub(super) fn of_response(challenge: &Challenge, value: &chap::Value<'_>, secrets: &Secrets) -> Self {
        let name = value.name.0;
        let authenticate = |method| Self::new(method, challenge.identifier, name);
        // The algorithm was negotiated in LCP, which may not have been captured: the lengths of
        // both values say the same.
        if let (Ok(response), Ok(authenticator)) =
            (v2::Response::decode(value.value), v2::decode_challenge(&challenge.value))
        {
            let mut authentication = authenticate(Method::MsChapV2);
            authentication.check_v2(&response, &authenticator, secrets);
            return authentication;
        }
        if let (Ok(response), Ok(challenge)) =
            (v1::Response::decode(value.value), v1::decode_challenge(&challenge.value))
        {
            let mut authentication = authenticate(Method::MsChapV1);
            authentication.check_v1(&response, challenge, secrets);
            return authentication;
        }
        // MD5 has a challenge of any length (RFC 1994 section 4.1), so it comes last.
        let mut authentication = authenticate(Method::ChapMd5);
        authentication.check_md5(challenge, value, secrets);
        authentication
    }

    /// Checks MD5 of identifier, password and challenge (RFC 1994 section 4.1, and RFC 3748 section
    /// 5.4).
    pub(super) fn check_md5(&mut self, challenge: &Challenge, value: &chap::Value<'_>, secrets: &Secrets) {
        let passwords = secrets.of(&self.name).filter_map(|credential| credential.password.as_ref());
        let mut verdict = Verdict::Unchecked;
        for password in passwords {
            let digest = Md5::new()
                .chain_update([challenge.identifier])
                .chain_update(password.as_bytes())
                .chain_update(&challenge.value)
                .finalize();
            if digest.as_slice() == value.value {
                self.verdict = Verdict::Fits;
                return;
            }
            // Another password of the same name may still fit.
            verdict = Verdict::DoesNotFit(Proof::Client);
        }
        self.verdict = verdict;
    }

    /// Compares the password that was sent with those that were given (RFC 1334 section 2).
    pub(super) fn of_pap(identifier: u8, request: &pap::Request<'_>, secrets: &Secrets) -> Self {
        let mut authentication = Self::new(Method::Pap, identifier, request.peer_id.0);
        let sent = request.password.as_bytes();
        let sent = match core::str::from_utf8(sent) {
            // The bytes may be of any code page; UTF-8 can be recognized.
            Ok(text) => NtHash::from_password(text),
            Err(_) => NtHash::from_password(Password::WidenedBytes(sent)),
        };
        for hash in hashes(secrets.of(request.peer_id.0)) {
            if hash.ct_eq(&sent) {
                authentication.verdict = Verdict::Fits;
                return authentication;
            }
            authentication.verdict = Verdict::DoesNotFit(Proof::Password);
        }
        authentication
    }

    fn check_v2(&mut self, response: &v2::Response, authenticator: &[u8; 16], secrets: &Secrets) {
        let challenges = response.challenges(authenticator);
        // Both ends hash one form of the name, and which one cannot be seen.
        let policies = [NamePolicy::default(), NamePolicy::CutBehindFirstBackslash, NamePolicy::Whole];
        let name = self.name.clone();
        for hash in hashes(secrets.of(&name)) {
            self.verdict = Verdict::DoesNotFit(Proof::Client);
            for user in policies.map(|policy| policy.user(&name)) {
                if response.verify(hash, authenticator, user) {
                    let hash_hash = hash.hash();
                    let challenge = challenges.hash(user);
                    self.proof = Some(v2::AuthenticatorResponse::new(&hash_hash, &response.nt_response, &challenge));
                    let nt_response = response.nt_response.as_bytes();
                    self.keys = Some(Keys::V2(MasterKey::from_ms_chap_v2(hash_hash.as_bytes(), nt_response)));
                    self.verdict = Verdict::Fits;
                    return;
                }
            }
        }
    }

    fn check_v1(&mut self, response: &v1::Response, challenge: [u8; 8], secrets: &Secrets) {
        let name = self.name.clone();
        for credential in secrets.of(&name) {
            self.verdict = Verdict::DoesNotFit(Proof::Client);
            let lm_hash = credential.lm_hash.as_ref();
            let fits = |hash: &&NtHash| response.verify(hash, &challenge);
            // An LM response proves the account too, and the NT hash of it then makes the keys.
            let lm_fits = || lm_hash.is_some_and(|hash| response.verify_lm(hash, &challenge));
            let nt_hash =
                credential.nt_hashes.iter().find(fits).or_else(|| credential.nt_hashes.first().filter(|_| lm_fits()));
            if let Some(hash) = nt_hash {
                let mut known = MsChapV1::new(challenge).with_nt_password_hash_hash(*hash.hash().as_bytes());
                if let Some(lm_hash) = lm_hash {
                    known = known.with_lm_password_hash(*LmHash::as_bytes(lm_hash));
                }
                self.keys = Some(Keys::V1(known));
                self.verdict = Verdict::Fits;
                return;
            }
        }
    }

    /// Takes the authenticator's acceptance, and checks its proof.
    pub(super) fn accept(&mut self, message: &[u8]) {
        self.outcome = Outcome::Accepted;
        if let Some(expected) = &self.proof {
            let found = Success::decode(message).ok().and_then(|success| success.authenticator_response);
            if !found.is_some_and(|found| found.ct_eq(expected)) {
                self.verdict = Verdict::DoesNotFit(Proof::Server);
            }
        }
    }

    /// Takes the authenticator's refusal.
    pub(super) fn refuse(&mut self, message: &[u8]) {
        let code = match self.method {
            Method::MsChapV1 | Method::MsChapV2 => Failure::decode(message).code.map(|code| code.0),
            Method::Pap | Method::ChapMd5 | Method::Chap | Method::Eap => None,
        };
        self.outcome = Outcome::Refused { code };
    }

    /// Returns the start keys that this direction may use: one, or two where peers differ.
    pub(super) fn start_keys(&self, strength: Strength, from_client: bool) -> Result<Vec<StartKey>, NotDecrypted> {
        let direction = if from_client { KeyDirection::Send } else { KeyDirection::Receive };
        match (&self.keys, self.verdict) {
            (Some(Keys::V2(master)), _) => Ok(Vec::from([master.start_key(strength, Side::Client, direction)])),
            (Some(Keys::V1(known)), _) => {
                // RFC 3079 and pppd differ for short keys, so both are tried on the packets.
                let sources: &[ShortKeySource] = match strength {
                    Strength::Bits40 | Strength::Bits56 => &[ShortKeySource::LmHash, ShortKeySource::NtHash],
                    Strength::Bits128 => &[ShortKeySource::NtHash],
                };
                // Where the hash for one of them is not known, the other one is tried.
                Ok(sources.iter().filter_map(|source| known.start_key(strength, *source).ok()).collect())
            }
            // The secret is known to be wrong, which says more than that keys are missing.
            (None, Verdict::DoesNotFit(_)) => Err(NotDecrypted::WrongSecret),
            (None, verdict) => Err(match self.method {
                Method::MsChapV1 | Method::MsChapV2 | Method::Chap if verdict == Verdict::ChallengeNotSeen => {
                    NotDecrypted::ChallengeNotSeen
                }
                Method::MsChapV1 | Method::MsChapV2 | Method::Chap => NotDecrypted::NoSecret,
                Method::Pap | Method::ChapMd5 | Method::Eap => NotDecrypted::NoKeys,
            }),
        }
    }

    /// Returns how the client is authenticated.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Returns the name of the client, as it sent it: at most 255 bytes, of whatever kind. Empty
    /// when it was not seen.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Returns what the authenticator said.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns whether the secrets that were given fit.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    pub(super) const fn identifier(&self) -> u8 {
        self.identifier
    }
}

/// Returns whether a Response of 49 bytes is that of version 2. RFC 2759 section 4: the eight bytes
/// behind the peer's challenge, and the last one, are zero. RFC 2433 section 4: an LM response that
/// is not used is all zero, and the last byte 1.
fn is_v2(value: &[u8]) -> bool {
    match value.split_first_chunk() {
        Some((challenge, rest)) => {
            *challenge != [0; 16] && rest.first_chunk() == Some(&[0; 8]) && rest.last() == Some(&0)
        }
        None => false,
    }
}

/// Returns all hashes of all passwords.
fn hashes<'s>(credentials: impl Iterator<Item = &'s Credential>) -> impl Iterator<Item = &'s NtHash> {
    credentials.flat_map(|credential| &credential.nt_hashes)
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.missing {
            Some(Missing::Proof) => write!(f, "{}, ", self.method)?,
            Some(Missing::Challenge) | None => write!(f, "{} of \"{}\", ", self.method, self.name.escape_ascii())?,
        }
        match self.outcome {
            // A capture may end before the answer.
            Outcome::Pending => f.write_str("no answer was seen")?,
            Outcome::Accepted => f.write_str("accepted")?,
            Outcome::Refused { code: None } => f.write_str("refused")?,
            Outcome::Refused { code: Some(code) } => write!(f, "refused with error {code}")?,
        }
        match (self.missing, self.verdict) {
            (Some(Missing::Challenge), _) => {
                f.write_str("; its Challenge was not captured, so that no secret can be checked")
            }
            (Some(Missing::Proof), _) => f.write_str("; what the peer proved itself with was not captured"),
            (None, Verdict::Unchecked | Verdict::ChallengeNotSeen) => Ok(()),
            (None, Verdict::Fits) => f.write_str("; the given secret fits"),
            (None, Verdict::DoesNotFit(proof)) => write!(f, "; the given secret does not fit {}", proof.of()),
        }
    }
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authentication({self})")
    }
}
