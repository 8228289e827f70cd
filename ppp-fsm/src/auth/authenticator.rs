//! The side that asks the peer to prove itself.

use core::time::Duration;

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::answer::{Answer, AnswerError, Outcome, Presented};
use super::{Config, Failure, MAX_PACKET_LEN, Method, Refused, Status, Ticket};
use crate::buffer::Buffer;
use crate::random::Random;
use crate::wire::Wire;
use crate::{BufferTooSmall, EncodeError, Packet, Text, chap, eap, pap};

mod extensible;
#[cfg(feature = "mschap")]
mod microsoft;
mod packet;

/// What an [`Authenticator`] asks its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Whether what the peer [presents](Authenticator::presented) is good.
    Proof(Ticket),
    /// Whether the peer may have the new password that it presents.
    NewPassword(Ticket),
}

impl Question {
    /// What the answer has to carry.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        match self {
            Self::Proof(ticket) | Self::NewPassword(ticket) => *ticket,
        }
    }
}

/// RFC 1334, RFC 1994, RFC 2433, RFC 2759, RFC 3748: the authenticator of one link, whatever the method.
///
/// It sends Challenges, repeats them, and repeats the last answer when it was lost. What the peer presents is judged by
/// the user, at any later time.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::auth::{Answer, Authenticator, Config, Method, Outcome, Peer, Secret, Status};
///
/// let now = Duration::ZERO;
/// let mut server = Authenticator::new(&Config::default(), [1; 32]); // unpredictable octets
/// let mut client = Peer::new(&Config::default(), [2; 32]);
/// server.start(now, Method::ChapMd5);
/// client.start(now, Method::ChapMd5);
///
/// let mut buf = [0; 1024];
/// let challenge = server.poll_transmit(now, &mut buf)?.unwrap();
/// client.handle_packet(now, challenge)?;
/// let demand = client.poll_demand().unwrap();
/// client.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland"))?;
///
/// let response = client.poll_transmit(now, &mut buf)?.unwrap();
/// server.handle_packet(now, response)?;
/// let question = server.poll_question().unwrap();
/// assert_eq!(server.presented().unwrap().name().unwrap().0, b"alice");
/// assert!(matches!(server.answer(now, question.ticket(), &Answer::Password(b"wonderland"))?, Outcome::Accepted));
///
/// let success = server.poll_transmit(now, &mut buf)?.unwrap();
/// client.handle_packet(now, success)?;
/// assert_eq!(client.status(), Status::Accepted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Authenticator {
    config: Config,
    random: Random,
    now: Duration,
    method: Option<Method>,
    status: Status,
    core: Core,
    /// Of the last Challenge, Request or reply.
    identifier: u8,
    received: Buffer<MAX_PACKET_LEN>,
    /// The name in the last Response: a change of password has none.
    name: Buffer<255>,
    outgoing: Buffer<MAX_PACKET_LEN>,
    pending: bool,
    timer: Option<Duration>,
    tries: u8,
    retries: u8,
    question: Option<Question>,
    /// Of the last question.
    ticket: u32,
    /// Whether the peer was told of a failure, and may send something else.
    phase: Phase,
    rechallenge: Option<Duration>,
    #[cfg(feature = "mschap")]
    keys: Option<super::Keys>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The first Challenge.
    First,
    /// After a Failure with another try.
    Retry,
    /// After a Failure because the password has expired.
    ChangePassword,
}

#[derive(Debug)]
enum Core {
    None,
    Md5([u8; 16]),
    #[cfg(feature = "mschap")]
    V1(mschap::v1::Authenticator),
    #[cfg(feature = "mschap")]
    V2(mschap::v2::Authenticator),
}

impl Core {
    /// What the peer has to answer.
    const fn challenge(&self) -> Option<&[u8]> {
        match self {
            Self::None => None,
            Self::Md5(challenge) => Some(challenge),
            #[cfg(feature = "mschap")]
            Self::V1(core) => Some(core.challenge()),
            #[cfg(feature = "mschap")]
            Self::V2(core) => Some(core.challenge()),
        }
    }
}

impl Authenticator {
    /// An authenticator that does nothing yet. `entropy` must be unpredictable: Challenges come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let [identifier] = random.octets();
        Self {
            config: *config,
            random,
            now: Duration::ZERO,
            method: None,
            status: Status::Idle,
            core: Core::None,
            identifier,
            received: Buffer::default(),
            name: Buffer::default(),
            outgoing: Buffer::default(),
            pending: false,
            timer: None,
            tries: 0,
            retries: config.retries,
            question: None,
            ticket: 0,
            phase: Phase::First,
            rechallenge: None,
            #[cfg(feature = "mschap")]
            keys: None,
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// The method agreed.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        self.method
    }

    /// The name that the peer presented last. Empty if there is none.
    #[must_use]
    pub fn peer_name(&self) -> Text<'_> {
        Text(self.name.as_octets())
    }

    /// RFC 3079: what keys are made from: of the first proof that was good, since later ones change no keys.
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    #[must_use]
    pub const fn keys(&self) -> Option<&super::Keys> {
        self.keys.as_ref()
    }

    /// LCP agreed on this method, or on another one after the link was down: what was before is forgotten.
    ///
    /// MS-CHAP without the feature `mschap` fails at once.
    pub fn start(&mut self, now: Duration, method: Method) {
        self.stop();
        self.now = self.now.max(now);
        self.method = Some(method);
        self.retries = self.config.retries;
        self.challenge();
    }

    /// The link is down: nothing is sent or taken.
    pub fn stop(&mut self) {
        (self.method, self.status, self.core) = (None, Status::Idle, Core::None);
        self.received.clear();
        self.name.clear();
        self.outgoing.clear();
        (self.pending, self.timer, self.question, self.rechallenge) = (false, None, None, None);
        #[cfg(feature = "mschap")]
        {
            self.keys = None;
        }
    }

    /// RFC 1994 section 2: challenges the peer again, in the running session. Nothing before it was accepted, and
    /// nothing with PAP.
    pub fn rechallenge(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.status == Status::Accepted && self.method != Some(Method::Pap) {
            self.challenge();
        }
    }

    /// Takes a packet of the protocol of the method.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, octets: &[u8]) -> Result<(), Refused> {
        self.now = self.now.max(now);
        let raw = Packet::decode(octets)?;
        let whole = raw.encoded_len();
        let length = whole;
        let octets = octets.get(..whole).unwrap_or_default();
        if length > MAX_PACKET_LEN {
            return Err(Refused::TooLong { length });
        }
        match self.method {
            None => Err(Refused::NotAgreed),
            Some(Method::Pap) => self.handle_pap(octets),
            Some(Method::Eap) => self.handle_eap(octets),
            Some(Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2) => self.handle_chap(octets),
        }
    }

    /// What to ask the user, once.
    pub fn poll_question(&mut self) -> Option<Question> {
        self.question.take()
    }

    /// What the peer presents, while it is asked about.
    #[must_use]
    pub fn presented(&self) -> Option<Presented<'_>> {
        if self.status != Status::Asking {
            return None;
        }
        let octets = self.received.as_octets();
        let name = Text(self.name.as_octets());
        match self.method? {
            Method::Pap => match pap::Packet::decode(octets).ok()?.message {
                pap::Message::AuthenticateRequest(request) => Some(Presented::Pap { name, password: request.password }),
                pap::Message::AuthenticateAck(_) | pap::Message::AuthenticateNak(_) | pap::Message::Other { .. } => {
                    None
                }
            },
            Method::Eap => {
                let packet = eap::Packet::decode(octets).ok()?;
                let eap::Message::Response(method) = packet.message else { return None };
                match (&self.core, method.md5_challenge()) {
                    (Core::Md5(challenge), Ok(Some(value))) if !self.config.eap_pass_through => {
                        let (identifier, response) = (packet.identifier, value.value);
                        Some(Presented::Md5 { name, identifier, challenge, response })
                    }
                    _ => Some(Presented::Eap { packet: octets, method_type: method.method_type }),
                }
            }
            Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2 => {
                let packet = chap::Packet::decode(octets).ok()?;
                let identifier = packet.identifier;
                match (packet.message, &self.core) {
                    (chap::Message::Response(value), Core::Md5(challenge)) => {
                        Some(Presented::Md5 { name, identifier, challenge, response: value.value })
                    }
                    #[cfg(feature = "mschap")]
                    (chap::Message::Response(value), Core::V1(core)) => {
                        let (challenge, response) = (core.challenge(), value.value);
                        Some(Presented::MsChap { version: 1, name, identifier, challenge, response })
                    }
                    #[cfg(feature = "mschap")]
                    (chap::Message::Response(value), Core::V2(core)) => {
                        let (challenge, response) = (core.challenge(), value.value);
                        Some(Presented::MsChap { version: 2, name, identifier, challenge, response })
                    }
                    (chap::Message::Other { code, data }, core) => {
                        let challenge = core.challenge()?;
                        Some(Presented::ChangePassword { code, name, identifier, challenge, packet: data })
                    }
                    _ => None,
                }
            }
        }
    }

    /// Answers what was asked.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]: the question stands, but when what the peer sent is [malformed](AnswerError::Malformed). An answer
    /// to an earlier question is refused.
    pub fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
        self.now = self.now.max(now);
        if self.status != Status::Asking || ticket.0 != self.ticket {
            return Err(AnswerError::NotAsked);
        }
        let outcome = match *answer {
            Answer::Accept(message) => self.reply(true, message).map(|()| Outcome::Accepted),
            Answer::Reject(message) => {
                self.reply(false, message).map(|()| Outcome::Refused { goes_on: self.status == Status::Waiting })
            }
            Answer::EapRequest(packet) => self.send_eap(packet),
            Answer::Password(password) => match self.verify(password) {
                Some(is_right) => self.decide(is_right),
                #[cfg(feature = "mschap")]
                None => self.answer_password(password),
                #[cfg(not(feature = "mschap"))]
                None => Err(AnswerError::Unsuitable),
            },
            #[cfg(feature = "mschap")]
            Answer::Account(account) => self.answer_account(account),
        };
        if self.status != Status::Asking {
            self.question = None;
        }
        outcome
    }

    /// Writes the next packet to send into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_PACKET_LEN`] is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.now = self.now.max(now);
        if !self.pending {
            return Ok(None);
        }
        let octets = self.outgoing.as_octets();
        let (needed, available) = (octets.len(), buf.len());
        let written = buf.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
        written.copy_from_slice(octets);
        self.pending = false;
        Ok(Some(written))
    }

    /// Whether this is the challenge that was sent to the peer: who sends it back wants to have it answered for itself.
    pub(crate) fn has_sent(&self, challenge: &[u8]) -> bool {
        self.core.challenge() == Some(challenge)
    }

    /// Whether there is something to send.
    #[must_use]
    pub const fn has_output(&self) -> bool {
        self.pending
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.timer.into_iter().chain(self.rechallenge).min()
    }

    /// The time has come, or not yet, or came long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = self.now.max(now);
        if self.rechallenge.is_some_and(|at| at <= self.now) {
            self.rechallenge = None;
            self.challenge();
        }
        if self.timer.is_none_or(|timer| timer > self.now) {
            return;
        }
        if self.tries == 0 {
            self.timer = None;
            if let Some(method) = self.method {
                self.status = Status::Failed(Failure::NoAnswer { method });
            }
        } else {
            self.tries = self.tries.saturating_sub(1);
            self.pending = true;
            self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
        }
    }

    /// Begins, or begins again.
    fn challenge(&mut self) {
        let Some(method) = self.method else { return };
        self.identifier = self.identifier.wrapping_add(1);
        (self.status, self.phase, self.question) = (Status::Waiting, Phase::First, None);
        let is_sent = match method {
            Method::Pap => {
                // The peer begins.
                (self.tries, self.pending) = (0, false);
                self.timer = Some(self.now.saturating_add(self.config.patience));
                return;
            }
            Method::ChapMd5 => {
                let challenge: [u8; 16] = self.random.octets();
                self.core = Core::Md5(challenge);
                self.send_challenge(&challenge)
            }
            Method::Eap => {
                self.core = Core::None;
                let message = eap::Message::Request(eap::Method { method_type: eap::Type::IDENTITY, data: &[] });
                self.put(&eap::Packet { identifier: self.identifier, message })
            }
            #[cfg(feature = "mschap")]
            Method::MsChapV1 => {
                let challenge = self.random.octets();
                self.core = Core::V1(mschap::v1::Authenticator::new(challenge, self.retries));
                self.send_challenge(&challenge)
            }
            #[cfg(feature = "mschap")]
            Method::MsChapV2 => {
                let challenge = self.random.octets();
                self.core = Core::V2(mschap::v2::Authenticator::new(challenge, self.retries));
                self.send_challenge(&challenge)
            }
            #[cfg(not(feature = "mschap"))]
            Method::MsChapV1 | Method::MsChapV2 => false,
        };
        self.pending = is_sent;
        if is_sent {
            self.tries = self.config.max_tries.saturating_sub(1);
            self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
        } else {
            self.status = Status::Failed(Failure::RefusedPeer { method, code: None });
        }
    }

    fn send_challenge(&mut self, value: &[u8]) -> bool {
        let config = self.config;
        let value = chap::Value { value, name: Text(config.name()) };
        self.put(&chap::Packet { identifier: self.identifier, message: chap::Message::Challenge(value) })
    }

    fn put(&mut self, packet: &impl Wire) -> bool {
        self.outgoing.write(|buf| crate::wire::encode(packet, buf).map(<[u8]>::len))
    }

    fn ask(&mut self, octets: &[u8], name: Option<Text<'_>>, question: fn(Ticket) -> Question) {
        self.ticket = self.ticket.wrapping_add(1);
        let question = question(Ticket(self.ticket));
        self.received.set(octets);
        if let Some(name) = name {
            self.name.set(name.0);
        }
        (self.status, self.question) = (Status::Asking, Some(question));
        (self.timer, self.pending) = (None, false);
    }

    /// Whether the password is right, where this can be said here.
    fn verify(&self, password: &[u8]) -> Option<bool> {
        match self.presented()? {
            Presented::Pap { password: presented, .. } => Some(presented.matches(password)),
            Presented::Md5 { identifier, challenge, response, .. } => {
                let hash =
                    Md5::new().chain_update([identifier]).chain_update(password).chain_update(challenge).finalize();
                Some(hash.as_slice().ct_eq(response).into())
            }
            Presented::MsChap { .. } | Presented::ChangePassword { .. } | Presented::Eap { .. } => None,
        }
    }

    /// Tells the peer, without a text.
    fn decide(&mut self, is_good: bool) -> Result<Outcome, AnswerError> {
        self.reply(is_good, b"")?;
        Ok(if is_good { Outcome::Accepted } else { Outcome::Refused { goes_on: self.status == Status::Waiting } })
    }

    /// Tells the peer, and goes on or not.
    fn reply(&mut self, is_good: bool, message: &[u8]) -> Result<(), AnswerError> {
        let method = self.method.ok_or(AnswerError::NotAsked)?;
        #[cfg(feature = "mschap")]
        let mut buf = [0; 256];
        #[cfg(feature = "mschap")]
        let message = if is_good { message } else { self.as_it_is(message, &mut buf) };
        let text = Text(message);
        let is_put = match method {
            Method::Pap => self.put_pap_reply(is_good, message),
            Method::Eap => self.put_eap_end(is_good, message),
            Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2 => {
                let message = if is_good { chap::Message::Success(text) } else { chap::Message::Failure(text) };
                let packet = chap::Packet { identifier: self.identifier, message };
                if self.put(&packet) { Ok(()) } else { Err(AnswerError::TooLong) }
            }
        };
        is_put?;
        self.received.clear();
        if is_good {
            self.accept();
        } else if method == Method::Pap && self.retries > 0 {
            self.retries = self.retries.saturating_sub(1);
            self.wait_for_retry(Phase::Retry);
        } else {
            #[cfg(feature = "mschap")]
            self.refuse_as_told(&mschap::Failure::decode(message));
            #[cfg(not(feature = "mschap"))]
            self.refuse(None);
        }
        self.pending = true;
        Ok(())
    }

    fn accept(&mut self) {
        (self.status, self.timer) = (Status::Accepted, None);
        self.rechallenge = match self.method {
            Some(Method::Pap) | None => None,
            Some(_) => self.config.rechallenge.map(|interval| self.now.saturating_add(interval)),
        };
    }

    fn refuse(&mut self, code: Option<u32>) {
        if let Some(method) = self.method {
            (self.status, self.timer) = (Status::Failed(Failure::RefusedPeer { method, code }), None);
        }
    }

    /// The peer may try again, without being asked to.
    fn wait_for_retry(&mut self, phase: Phase) {
        (self.status, self.phase, self.tries) = (Status::Waiting, phase, 0);
        self.timer = Some(self.now.saturating_add(self.config.patience));
    }
}

impl From<EncodeError> for AnswerError {
    fn from(_: EncodeError) -> Self {
        Self::TooLong
    }
}
