//! The authenticator of version 2: who sends a challenge and decides.

use super::{AuthenticatorResponse, CHALLENGE_LEN, ChangePassword, Response};
use crate::authenticator::{Core, Kind, identify, verdict};
use crate::{
    Account, AuthenticatorError, Awaits, ChallengeResponse, ChangeError, Failure, FailureChallenge, FailureCode,
    MasterKey, NamePolicy, NewPassword, NtHashHash, Reply,
};

/// RFC 2759 section 9.1: an authenticator that works from stored NT hashes.
///
/// ```
/// use mschap::{Account, FailureCode, NtHash, v2};
///
/// let stored = NtHash::from_password("clientPass");
/// // Challenges must be unpredictable. The peer may try once more after a wrong password.
/// let mut authenticator = v2::Authenticator::new([0x11; 16], 1);
/// let challenge = *authenticator.challenge(); // goes out in a Challenge packet
///
/// // A Response packet comes: its Value and its Name.
/// let challenges = v2::Challenges { authenticator: challenge, peer: [0x22; 16] };
/// let (peer, response) = v2::Peer::respond(&stored, &challenges, b"alice");
/// let name = br"CORP\alice";
/// let verdict = authenticator.handle_response(
///     &response.encode(),
///     name,
///     &Account::new(&stored),
///     [0x33; 16],
/// )?;
/// let v2::Verdict::Accepted(accepted) = verdict else { panic!("refused") };
/// assert_eq!(accepted.user, b"alice"); // what was hashed
///
/// // The reply proves to the peer that the authenticator knows the hash.
/// let mut buf = [0; 64];
/// let message = authenticator.reply().unwrap().with_message("Welcome").encode(&mut buf)?;
/// peer.handle_success(message)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// * The peer that got [`PASSWORD_EXPIRED`](FailureCode::PASSWORD_EXPIRED) may change its password
///   once.
/// * A packet that comes again, because its reply was lost, is [`Verdict::Duplicate`]: [`reply`](Self::reply) is sent
///   again, and no try is lost.
/// * RFC 2759 section 10 wants the number of tries to be limited; across sessions that is up to the caller.
#[derive(Debug)]
pub struct Authenticator {
    core: Core<CHALLENGE_LEN>,
    name_policy: NamePolicy,
}

/// The verdict of an [`Authenticator`] on a response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict<'n> {
    /// The peer has proved that it knows the password.
    Accepted(Accepted<'n>),
    /// The peer is refused, with this message.
    Refused(Failure<'static>),
    /// The packet was handled before: the last reply is sent again.
    Duplicate,
}

/// The verdict of an [`Authenticator`] on a change of password.
#[derive(Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "rare, short-lived, and there is no heap to put it on")]
pub enum ChangeVerdict<'n> {
    /// The peer knows the old password and has proved the new one. The caller stores the new hash and sends the
    /// [`reply`](Authenticator::reply), or calls [`reject_change`](Authenticator::reject_change) before.
    Changed {
        /// The peer, proved with the new password.
        accepted: Accepted<'n>,
        /// The new password; its [`nt_hash`](NewPassword::nt_hash) is what to store.
        new_password: NewPassword,
    },
    /// The change is refused, for this reason and with this message.
    Refused {
        /// Why.
        reason: ChangeError,
        /// The message for the peer.
        failure: Failure<'static>,
    },
    /// The packet was handled before: the last reply is sent again.
    Duplicate,
}

/// A peer that has proved itself, and what its keys are made from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Accepted<'n> {
    /// The name as it was hashed.
    pub user: &'n [u8],
    /// The Windows domain that was cut off in front of it.
    pub domain: Option<&'n [u8]>,
    /// The hash of the stored hash.
    pub hash: NtHashHash,
    /// The peer's proof.
    pub nt_response: ChallengeResponse,
    /// The authenticator's proof, which the reply carries.
    pub proof: AuthenticatorResponse,
    /// Whether the peer takes text in the reply: not with [`Response::NO_MESSAGE`] in its flags.
    pub takes_message: bool,
}

impl Accepted<'_> {
    /// Returns the key from which MPPE gets its start keys (RFC 3079 section 3).
    #[must_use]
    pub fn master_key(&self) -> MasterKey {
        MasterKey::new(&self.hash, &self.nt_response)
    }
}

impl Authenticator {
    /// Creates an authenticator that has sent this challenge, which must be unpredictable.
    ///
    /// After a wrong password the peer may try `retries` times more.
    #[must_use]
    pub const fn new(challenge: [u8; CHALLENGE_LEN], retries: u8) -> Self {
        Self { core: Core::new(challenge, retries), name_policy: NamePolicy::CutBehindLastBackslash }
    }

    /// Sets which part of the name is hashed. Default: [`NamePolicy::CutBehindLastBackslash`].
    #[must_use]
    pub const fn with_name_policy(mut self, policy: NamePolicy) -> Self {
        self.name_policy = policy;
        self
    }

    /// Returns the challenge that the next packet of the peer answers.
    #[must_use]
    pub const fn challenge(&self) -> &[u8; CHALLENGE_LEN] {
        &self.core.challenge
    }

    /// Begins again with another challenge, which must be unpredictable: RFC 1994 section 2 has challenges in a running
    /// session too.
    pub fn restart(&mut self, challenge: [u8; CHALLENGE_LEN], retries: u8) {
        self.core.restart(challenge, retries);
    }

    /// Returns what the peer may send next.
    #[must_use]
    pub const fn awaits(&self) -> Awaits {
        self.core.awaits()
    }

    /// Returns whether another try that somebody else's Failure offers, such as a RADIUS server's, is one that is left
    /// here.
    #[must_use]
    pub fn may_offer(&self, failure: &Failure<'_>) -> bool {
        matches!(failure.challenge, Some(FailureChallenge::V2(_))) && self.core.may_offer(failure)
    }

    /// Takes somebody else's refusal, such as a RADIUS server's, in place of an own decision.
    ///
    /// The tries are counted here. The next packet of the peer answers the challenge in the Failure; without one there
    /// is no next packet (RFC 2759 section 6).
    pub fn refuse_as(&mut self, failure: &Failure<'_>) {
        let challenge = match failure.challenge {
            Some(FailureChallenge::V2(challenge)) => Some(challenge),
            _ => None,
        };
        self.core.refuse_as(failure, challenge);
    }

    /// Returns what to send: the reply to the packet handled last.
    #[must_use]
    pub fn reply(&self) -> Option<Reply<'static>> {
        self.core.reply()
    }

    /// Takes the Value and Name fields of a Response packet (RFC 2759 section 4).
    ///
    /// `next_challenge`, 16 new unpredictable bytes, goes into the Failure message if there is one.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_response<'n>(
        &mut self,
        value: &[u8],
        name: &'n [u8],
        account: &Account<'_>,
        next_challenge: [u8; CHALLENGE_LEN],
    ) -> Result<Verdict<'n>, AuthenticatorError> {
        let id = identify(Kind::Response, value, name);
        // The Success was lost. A second decision would count the tries twice.
        if self.core.is_duplicate(Kind::Response, &id)? {
            return Ok(Verdict::Duplicate);
        }
        let response = Response::decode(value)?;
        let user = self.name_policy.user(name);
        // The same work for names that do not exist, so that time does not give them away.
        let (hash, exists) = account.hash_or_dummy();
        let proved = response.verify(hash, &self.core.challenge, user) && exists;
        // A restriction is disclosed only to a peer that knows the password.
        if let Err(code) = verdict(proved, account.restriction) {
            let failure = self.failure(code, next_challenge);
            self.core.refused(id, failure);
            return Ok(Verdict::Refused(failure));
        }
        let challenge = response.challenges(&self.core.challenge).hash(user);
        let hash = hash.hash();
        let proof = AuthenticatorResponse::new(&hash, &response.nt_response, &challenge);
        self.core.accepted(id, Some(proof.clone()));
        Ok(Verdict::Accepted(Accepted {
            user,
            domain: self.name_policy.domain(name),
            hash,
            nt_response: response.nt_response,
            proof,
            // Windows 98 sets this flag: it takes no text behind the proof.
            takes_message: response.flags & Response::NO_MESSAGE == 0,
        }))
    }

    /// Takes what follows the header of a Change-Password packet, with the name of the Response
    /// packet before it (RFC 2759 section 7).
    ///
    /// `account` is that of the name, with the old hash. `next_challenge` as in
    /// [`handle_response`](Self::handle_response); the peer gets no other try.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_change_password<'n>(
        &mut self,
        bytes: &[u8],
        name: &'n [u8],
        account: &Account<'_>,
        next_challenge: [u8; CHALLENGE_LEN],
    ) -> Result<ChangeVerdict<'n>, AuthenticatorError> {
        let id = identify(Kind::ChangePassword, bytes, name);
        if self.core.is_duplicate(Kind::ChangePassword, &id)? {
            return Ok(ChangeVerdict::Duplicate);
        }
        let packet = ChangePassword::decode(bytes)?;
        let user = self.name_policy.user(name);
        let (stored, exists) = account.hash_or_dummy();
        // A name that does not exist has failed, even if the packet fits the stand-in.
        let opened = packet
            .open(stored, &self.core.challenge, user)
            .and_then(|new| if exists { Ok(new) } else { Err(ChangeError::OldHash) });
        let new_password = match opened {
            Ok(new) => new,
            Err(reason) => {
                let failure = self.failure(FailureCode::CHANGING_PASSWORD, next_challenge);
                self.core.refused(id, failure);
                return Ok(ChangeVerdict::Refused { reason, failure });
            }
        };
        let challenge = packet.challenges(&self.core.challenge).hash(user);
        let hash = new_password.nt_hash().hash();
        let proof = AuthenticatorResponse::new(&hash, &packet.nt_response, &challenge);
        self.core.accepted(id, Some(proof.clone()));
        let accepted = Accepted {
            user,
            domain: self.name_policy.domain(name),
            hash,
            nt_response: packet.nt_response,
            proof,
            takes_message: true,
        };
        Ok(ChangeVerdict::Changed { accepted, new_password })
    }

    /// Refuses a new password that was [`Changed`](ChangeVerdict::Changed), because of rules for passwords, or because
    /// it could not be stored. [`reply`](Self::reply) then says so.
    ///
    /// After anything else this does nothing, and returns `false`.
    pub fn reject_change(&mut self, next_challenge: [u8; CHALLENGE_LEN]) -> bool {
        let has_changed = self.core.has_changed_password();
        if has_changed {
            let failure = self.failure(FailureCode::CHANGING_PASSWORD, next_challenge);
            self.core.take_back(failure);
        }
        has_changed
    }

    fn failure(&mut self, code: FailureCode, next_challenge: [u8; CHALLENGE_LEN]) -> Failure<'static> {
        // RFC 2759 section 6: the next try answers a new challenge.
        let retry = self.core.refuse(code);
        self.core.challenge = next_challenge;
        Failure {
            code: Some(code),
            retry: Some(retry),
            challenge: Some(FailureChallenge::V2(next_challenge)),
            version: Some(ChangePassword::VERSION),
            message: None,
        }
    }
}
