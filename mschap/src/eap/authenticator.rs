//! The side that sends challenges and decides.

use super::{End, Request, Response};
use crate::{
    Account, AuthenticatorError, Awaits, BufferTooSmall, Failure, NamePolicy, Reply,
    v2::{self, CHALLENGE_LEN, ChangeVerdict, Verdict},
};

/// The authenticator of EAP-MSCHAPv2: [`v2::Authenticator`] in the requests and responses of EAP.
///
/// 1. Send [`request`](Self::request) by EAP, as often as EAP's layer wants.
/// 2. Give the peer's response to the method that takes it: [`read`](Self::read) says which. An error leaves all as it
///    was: the response is dropped.
/// 3. Send the next [`request`](Self::request), until [`handle_acknowledgment`](Self::handle_acknowledgment) returns
///    the [`End`].
///
/// The [module](super) has an example. The peer is let in by its acknowledgment of the Success, not before: until then
/// it has not found the authenticator's proof good.
#[derive(Debug)]
pub struct Authenticator {
    core: v2::Authenticator,
    /// MS-CHAPv2-ID: of the Challenge, then of the response that was decided on last.
    identifier: u8,
    stage: Stage,
}

/// Which request the peer has to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Challenge,
    Success,
    /// The core says what may follow besides the acknowledgment.
    Failure,
    Ended(End),
}

impl Authenticator {
    /// Returns an authenticator that has to send this challenge, which must be unpredictable.
    ///
    /// `identifier` is the MS-CHAPv2-ID, most often the identifier of the EAP request. After a wrong password the peer
    /// may try `retries` times more.
    #[must_use]
    pub const fn new(challenge: [u8; CHALLENGE_LEN], identifier: u8, retries: u8) -> Self {
        Self { core: v2::Authenticator::new(challenge, retries), identifier, stage: Stage::Challenge }
    }

    /// Sets which part of the name is hashed. Default: [`NamePolicy::CutBehindLastBackslash`].
    #[must_use]
    pub fn with_name_policy(self, policy: NamePolicy) -> Self {
        let Self { core, identifier, stage } = self;
        Self { core: core.with_name_policy(policy), identifier, stage }
    }

    /// Begins again, in place, with another challenge, which must be unpredictable.
    pub fn restart(&mut self, challenge: [u8; CHALLENGE_LEN], identifier: u8, retries: u8) {
        self.core.restart(challenge, retries);
        self.identifier = identifier;
        self.stage = Stage::Challenge;
    }

    /// Returns the MS-CHAPv2-ID of the request that the peer has to answer.
    #[must_use]
    pub const fn identifier(&self) -> u8 {
        self.identifier
    }

    /// Returns the challenge that the next Response or Change-Password answers.
    #[must_use]
    pub const fn challenge(&self) -> &[u8; CHALLENGE_LEN] {
        self.core.challenge()
    }

    /// Returns whether the first Response is awaited: RFC 3748 section 5.3.1 allows a Nak until then.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        matches!(self.stage, Stage::Challenge)
    }

    /// Returns what the peer may send next besides an acknowledgment.
    #[must_use]
    pub const fn awaits(&self) -> Awaits {
        match self.stage {
            Stage::Challenge | Stage::Failure => self.core.awaits(),
            Stage::Success | Stage::Ended(_) => Awaits::Nothing,
        }
    }

    /// Returns how the method has ended, once the peer has acknowledged it.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        match self.stage {
            Stage::Ended(end) => Some(end),
            Stage::Challenge | Stage::Success | Stage::Failure => None,
        }
    }

    /// Writes the type-data of the request that the peer has to answer: Challenge, Success or Failure.
    ///
    /// `name` goes into the Challenge. After [`accept_as`](Self::accept_as) and [`refuse_as`](Self::refuse_as), and at
    /// the end, there is nothing to write: what is returned is empty.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`].
    pub fn request<'b>(&self, name: &[u8], buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
        let identifier = self.identifier;
        let mut text = [0; 128];
        match (self.stage, self.core.reply()) {
            (Stage::Challenge, _) => {
                let challenge = *self.core.challenge();
                Request::Challenge { identifier, challenge, name: name.into() }.encode(buf)
            }
            (Stage::Success, Some(reply @ Reply::Success(_))) => {
                Request::Success { identifier, message: reply.encode(&mut text)? }.encode(buf)
            }
            (Stage::Failure, Some(reply @ Reply::Failure(_))) => {
                Request::Failure { identifier, message: reply.encode(&mut text)? }.encode(buf)
            }
            // Somebody else, such as a RADIUS server, has the words for it.
            (Stage::Success | Stage::Failure | Stage::Ended(_), _) => Ok(&[]),
        }
    }

    /// Reads a response, and checks that the peer may send it now. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet cannot be read, has another MS-CHAPv2-ID, or is out of place.
    pub fn read<'d>(&self, data: &'d [u8]) -> Result<Response<'d>, AuthenticatorError> {
        let response = Response::decode(data)?;
        let is_right = match response {
            Response::Response { identifier, .. } => match self.awaits() {
                // The MS-CHAPv2-ID ties a response to this challenge.
                Awaits::Response => identifier == self.identifier,
                Awaits::AnotherResponse => self.follows_failure(identifier),
                Awaits::ChangePassword | Awaits::Nothing => false,
            },
            // RFC 2759 section 6: behind a Failure the identifier is the next one.
            Response::ChangePassword { identifier, .. } => {
                self.awaits() == Awaits::ChangePassword && self.follows_failure(identifier)
            }
            Response::SuccessReceived => self.stage == Stage::Success,
            Response::FailureReceived => self.stage == Stage::Failure,
            // FreeRADIUS has met peers that acknowledge a Success by 0.
            Response::Other { operation, .. } => {
                operation == super::Operation::ACKNOWLEDGMENT && self.stage == Stage::Success
            }
        };
        if is_right { Ok(response) } else { Err(AuthenticatorError::NotNow) }
    }

    /// RFC 2759 section 6 wants the next identifier after a Failure; not every peer counts on.
    const fn follows_failure(&self, identifier: u8) -> bool {
        identifier == self.identifier || identifier == self.identifier.wrapping_add(1)
    }

    /// RFC 2759 section 4: takes a Response.
    ///
    /// `account` is that of the [name](Response::name) in it. `next_challenge`, 16 new unpredictable bytes, goes into the
    /// Failure if there is one.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_response<'d>(
        &mut self,
        data: &'d [u8],
        account: &Account<'_>,
        next_challenge: [u8; CHALLENGE_LEN],
    ) -> Result<Verdict<'d>, AuthenticatorError> {
        let Response::Response { identifier, value, name } = self.read(data)? else {
            return Err(AuthenticatorError::NotNow);
        };
        let verdict = self.core.handle_response(value, name.as_bytes(), account, next_challenge)?;
        // The same bytes as before, with another identifier: nothing was decided again.
        if !matches!(verdict, Verdict::Duplicate) {
            self.decided(identifier, matches!(verdict, Verdict::Accepted(_)));
        }
        Ok(verdict)
    }

    /// RFC 2759 section 7: takes a Change-Password, with the name of the Response before it.
    ///
    /// `account` is that of the name, with the old hash. `next_challenge` as in
    /// [`handle_response`](Self::handle_response).
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is not answered.
    pub fn handle_change_password<'n>(
        &mut self,
        data: &[u8],
        name: &'n [u8],
        account: &Account<'_>,
        next_challenge: [u8; CHALLENGE_LEN],
    ) -> Result<ChangeVerdict<'n>, AuthenticatorError> {
        // EAP repeats requests by itself, so a packet out of turn is dropped, never answered.
        let Response::ChangePassword { identifier, packet } = self.read(data)? else {
            return Err(AuthenticatorError::NotNow);
        };
        let verdict = self.core.handle_change_password(packet, name, account, next_challenge)?;
        if !matches!(verdict, ChangeVerdict::Duplicate) {
            self.decided(identifier, matches!(verdict, ChangeVerdict::Changed { .. }));
        }
        Ok(verdict)
    }

    /// Takes the acknowledgment of the Success or Failure. Returns what EAP's own last packet has to say.
    ///
    /// # Errors
    ///
    /// [`AuthenticatorError`]: the packet is no acknowledgment, or not the one of what was sent.
    pub fn handle_acknowledgment(&mut self, data: &[u8]) -> Result<End, AuthenticatorError> {
        let end = match self.read(data)? {
            Response::SuccessReceived | Response::Other { .. } => End::Accepted,
            Response::FailureReceived => End::Refused,
            Response::Response { .. } | Response::ChangePassword { .. } => return Err(AuthenticatorError::NotNow),
        };
        self.stage = Stage::Ended(end);
        Ok(end)
    }

    /// Refuses a new password that was [`Changed`](ChangeVerdict::Changed), as
    /// [`v2::Authenticator::reject_change`] does. Returns whether there was one.
    pub fn reject_change(&mut self, next_challenge: [u8; CHALLENGE_LEN]) -> bool {
        let is_rejected = self.stage == Stage::Success && self.core.reject_change(next_challenge);
        if is_rejected {
            self.stage = Stage::Failure;
        }
        is_rejected
    }

    /// Returns whether another try that somebody else's Failure offers is one that is left here.
    #[must_use]
    pub fn may_offer(&self, failure: &Failure<'_>) -> bool {
        self.core.may_offer(failure)
    }

    /// Takes somebody else's acceptance of a Response or Change-Password with this MS-CHAPv2-ID, such as a RADIUS
    /// server's. The caller sends that one's message in a [`Request::Success`].
    pub fn accept_as(&mut self, identifier: u8) {
        self.decided(identifier, true);
    }

    /// Takes somebody else's refusal of a Response or Change-Password with this MS-CHAPv2-ID, as
    /// [`v2::Authenticator::refuse_as`] does. The caller sends that one's message in a [`Request::Failure`].
    pub fn refuse_as(&mut self, identifier: u8, failure: &Failure<'_>) {
        self.core.refuse_as(failure);
        self.decided(identifier, false);
    }

    const fn decided(&mut self, identifier: u8, is_good: bool) {
        self.identifier = identifier;
        self.stage = if is_good { Stage::Success } else { Stage::Failure };
    }
}
