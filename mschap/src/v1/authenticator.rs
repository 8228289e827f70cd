//! The authenticator of version 1: who sends a challenge and decides.

use super::{CHALLENGE_LEN, ChangePassword1, ChangePassword2, NewHashes, Response, implied_challenge};
use crate::authenticator::{Core, Kind, identify, verdict};
use crate::{
    Account, AuthenticatorError, Awaits, ChangeError, Failure, FailureChallenge, FailureCode, NewPassword, NtHash,
    NtHashHash, Reply, StartKey,
};

/// RFC 2433 section B.1: an authenticator that works from stored hashes.
///
/// ```
/// use mschap::{Account, NtHash, v1};
///
/// let stored = NtHash::from_password("clientPass");
/// let mut authenticator = v1::Authenticator::new([0x11; 8], 1); // unpredictable
/// let (_, wrong) = v1::Peer::respond(&NtHash::from_password("?"), authenticator.challenge());
/// let account = Account::new(&stored);
/// let verdict =
///     authenticator.handle_response(&wrong.encode(), b"alice", &account, Some([0x22; 8]))?;
/// assert!(matches!(verdict, v1::Verdict::Refused(_)));
/// let mut buf = [0; 64];
/// assert_eq!(
///     authenticator.reply().unwrap().encode(&mut buf)?,
///     b"E=691 R=1 C=2222222222222222 V=2"
/// );
///
/// let (_, right) = v1::Peer::respond(&stored, authenticator.challenge());
/// let verdict = authenticator.handle_response(&right.encode(), b"alice", &account, None)?;
/// let v1::Verdict::Accepted(accepted) = verdict else { panic!("refused") };
/// assert!(accepted.start_key().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// * The peer that got [`PASSWORD_EXPIRED`](FailureCode::PASSWORD_EXPIRED) may change its password
///   once.
/// * A packet that comes again, because its reply was lost, is [`Verdict::Duplicate`]: [`reply`](Self::reply) is sent
///   again, and no try is lost.
/// * Version 1 does not hash the name, so who has one account's response to the challenge has that of every account
///   with the same password.
#[derive(Debug)]
pub struct Authenticator {
    core: Core<CHALLENGE_LEN>,
    takes_change_1: bool,
}

/// The verdict of an [`Authenticator`] on a response.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The peer has proved that it knows the password.
    Accepted(Accepted),
    /// The peer is refused, with this message.
    Refused(Failure<'static>),
    /// The packet was handled before: the last reply is sent again.
    Duplicate,
}

/// The verdict of an [`Authenticator`] on a change of password.
#[derive(Debug)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "rare, short-lived, and there is no heap to put it on")]
pub enum ChangeVerdict {
    /// The peer knows the old password. The caller stores the new hashes and sends the
    /// [`reply`](Authenticator::reply), or calls [`reject_change`](Authenticator::reject_change) before.
    Changed {
        /// The peer, with the new password.
        accepted: Accepted,
        /// The hashes to store.
        hashes: NewHashes,
        /// The new password itself, which version 1 of the packet does not have.
        new_password: Option<NewPassword>,
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
pub struct Accepted {
    /// The hash of the account's NT hash; none if the account has no NT hash.
    pub hash: Option<NtHashHash>,
    /// The challenge that was answered.
    pub challenge: [u8; CHALLENGE_LEN],
}

impl Accepted {
    /// Returns the key that 128-bit MPPE starts from, in both directions (RFC 3079 section 2.3).
    #[must_use]
    pub fn start_key(&self) -> Option<StartKey> {
        self.hash.as_ref().map(|hash| StartKey::from_v1(hash, &self.challenge))
    }
}

impl Authenticator {
    /// Creates an authenticator that has sent this challenge, which must be unpredictable.
    ///
    /// After a wrong password the peer may try `retries` times more.
    #[must_use]
    pub const fn new(challenge: [u8; CHALLENGE_LEN], retries: u8) -> Self {
        Self { core: Core::new(challenge, retries), takes_change_1: false }
    }

    /// Allows version 1 of the change of password too. Default: it is refused with `V=2`, and
    /// unanswered if it comes.
    ///
    /// Anyone who listens to it learns the new hash.
    #[must_use]
    pub const fn with_change_password_1(mut self) -> Self {
        self.takes_change_1 = true;
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
        self.core.may_offer(failure)
    }

    /// Takes somebody else's refusal, such as a RADIUS server's, in place of an own decision.
    ///
    /// The tries are counted here. The next packet of the peer answers the challenge in the
    /// Failure, or, when it is missing, what [`handle_response`](Self::handle_response) would make
    /// of the last one (RFC 2433 section 8).
    pub fn refuse_as(&mut self, failure: &Failure<'_>) {
        let challenge = match failure.challenge {
            Some(FailureChallenge::V1(challenge)) => challenge,
            // RFC 2433 section 8: another try answers another challenge, a change of password the same.
            _ if self.core.may_offer(failure) => implied_challenge(&self.core.challenge),
            _ => self.core.challenge,
        };
        self.core.refuse_as(failure, Some(challenge));
    }

    /// Returns what to send: the reply to the packet handled last.
    #[must_use]
    pub fn reply(&self) -> Option<Reply<'static>> {
        self.core.reply()
    }

    /// Takes the Value and Name fields of a Response packet (RFC 2433 section 6).
    ///
    /// `next_challenge`, 8 new unpredictable bytes, goes into the Failure message if there is one.
    /// Without it the peer adds 23 to the first byte of the last one, as old peers expect, and so
    /// does this.
    ///
    /// The LAN Manager response is used if the flag asks for it or the account has no NT hash, and if the account
    /// [has that hash](Account::with_lm_hash).
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_response(
        &mut self,
        value: &[u8],
        name: &[u8],
        account: &Account<'_>,
        next_challenge: Option<[u8; CHALLENGE_LEN]>,
    ) -> Result<Verdict, AuthenticatorError> {
        let id = identify(Kind::Response, value, name);
        // The Success or Failure was lost, and the peer sends its Response again: pppd, npppd and
        // accel-ppp answer such a one again, too.
        if self.core.is_duplicate(Kind::Response, &id)? {
            return Ok(Verdict::Duplicate);
        }
        let response = Response::decode(value)?;
        // An unknown name costs as much work as a wrong password, so that time does not give names
        // away.
        let (hash, exists) = account.hash_or_dummy();
        let proved_nt = response.verify(hash, &self.core.challenge) && exists;
        let proved = match account.lm_hash {
            // The LAN Manager response is taken only where the account asks for it, and the peer
            // offers no better one.
            Some(lm_hash) if !(exists && response.uses_nt()) => response.verify_lm(lm_hash, &self.core.challenge),
            _ => proved_nt,
        };
        if let Err(code) = verdict(proved, account.restriction) {
            let failure = self.failure(code, next_challenge);
            self.core.refused(id, failure);
            return Ok(Verdict::Refused(failure));
        }
        self.core.accepted(id, None);
        Ok(Verdict::Accepted(Accepted { hash: account.hash.map(NtHash::hash), challenge: self.core.challenge }))
    }

    /// Takes what follows the header of a Change Password packet of version 1, with the name of the
    /// Response packet before it (RFC 2433 section 9).
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered; also without
    /// [`with_change_password_1`](Self::with_change_password_1).
    pub fn handle_change_password_1(
        &mut self,
        bytes: &[u8],
        name: &[u8],
        account: &Account<'_>,
    ) -> Result<ChangeVerdict, AuthenticatorError> {
        // Version 1 of the packet encrypts with keys that all who listen know, so it has to be
        // asked for.
        if !self.takes_change_1 {
            return Err(AuthenticatorError::NotNow);
        }
        let id = identify(Kind::ChangePassword, bytes, name);
        if self.core.is_duplicate(Kind::ChangePassword, &id)? {
            return Ok(ChangeVerdict::Duplicate);
        }
        let opened = ChangePassword1::decode(bytes)?.open(account, &self.core.challenge);
        Ok(self.decide(id, opened.map(|hashes| (hashes, None))))
    }

    /// Takes what follows the header of a Change Password packet of version 2, with the name of the
    /// Response packet before it (RFC 2433 section 10).
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_change_password_2(
        &mut self,
        bytes: &[u8],
        name: &[u8],
        account: &Account<'_>,
    ) -> Result<ChangeVerdict, AuthenticatorError> {
        let id = identify(Kind::ChangePassword, bytes, name);
        if self.core.is_duplicate(Kind::ChangePassword, &id)? {
            return Ok(ChangeVerdict::Duplicate);
        }
        let opened = ChangePassword2::decode(bytes)?.open(account, &self.core.challenge);
        Ok(self.decide(id, opened.map(|new| (NewHashes { nt: Some(new.nt_hash()), lm: None }, Some(new)))))
    }

    /// Refuses a new password that was [`Changed`](ChangeVerdict::Changed), because of rules for passwords, or because
    /// it could not be stored. [`reply`](Self::reply) then says so.
    ///
    /// After anything else this does nothing, and returns `false`.
    pub fn reject_change(&mut self) -> bool {
        let has_changed = self.core.has_changed_password();
        if has_changed {
            let failure = self.failure(FailureCode::CHANGING_PASSWORD, None);
            self.core.take_back(failure);
        }
        has_changed
    }

    fn decide(&mut self, id: [u8; 20], opened: Result<(NewHashes, Option<NewPassword>), ChangeError>) -> ChangeVerdict {
        match opened {
            Ok((hashes, new_password)) => {
                // The change itself proves who the peer is (RFC 2433 section 9).
                self.core.accepted(id, None);
                let hash = hashes.nt.as_ref().map(NtHash::hash);
                let accepted = Accepted { hash, challenge: self.core.challenge };
                ChangeVerdict::Changed { accepted, hashes, new_password }
            }
            Err(reason) => {
                let failure = self.failure(FailureCode::CHANGING_PASSWORD, None);
                self.core.refused(id, failure);
                ChangeVerdict::Refused { reason, failure }
            }
        }
    }

    fn failure(&mut self, code: FailureCode, next_challenge: Option<[u8; CHALLENGE_LEN]>) -> Failure<'static> {
        let retry = self.core.refuse(code);
        // RFC 2433 section 8: without a challenge in the Failure, the peer answers the old one
        // "plus decimal 23 in the first octet".
        if let Some(challenge) = next_challenge {
            self.core.challenge = challenge;
        } else if retry {
            self.core.challenge = implied_challenge(&self.core.challenge);
        }
        Failure {
            code: Some(code),
            retry: Some(retry),
            challenge: next_challenge.map(FailureChallenge::V1),
            version: Some(ChangePassword2::VERSION),
            message: None,
        }
    }
}
