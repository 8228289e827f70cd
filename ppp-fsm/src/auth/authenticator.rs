//! The side that asks the peer to prove itself.

use core::time::Duration;

use subtle::ConstantTimeEq;

use super::answer::{Answer, AnswerError, Outcome, Presented};
use super::exchange::{Exchange, md5_response, whole_packet};
use super::{Config, Failure, MAX_PACKET_LEN, Method, Methods, Refused, Status, Ticket};
use crate::buffer::Buffer;
use crate::random::Random;
use crate::{BufferTooSmall, EncodeError, Text, chap, eap, pap, time};

mod extensible;
#[cfg(feature = "mschap")]
mod extensible_microsoft;
mod mechanism;
#[cfg(feature = "mschap")]
mod microsoft;
mod packet;

use mechanism::Mechanism;

/// A question of an [`Authenticator`] to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Whether what the peer [presents](Authenticator::presented) is good.
    Proof(Ticket),
    /// Whether the peer may have the new password that it presents.
    NewPassword(Ticket),
}

impl Question {
    /// Returns what the answer has to carry.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        match self {
            Self::Proof(ticket) | Self::NewPassword(ticket) => *ticket,
        }
    }
}

/// RFC 1334, RFC 1994, RFC 2433, RFC 2759, RFC 3748: the authenticator of one link, whatever the method.
///
/// It sends Challenges, repeats them, and repeats the last answer when it was lost. The user judges
/// the peer's proof, at any later time.
///
/// It keeps no clock: each `now` must not be earlier than the one before. [`Link`](crate::link::Link) sees to that.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::auth::{Answer, Authenticator, Config, Method, Outcome, Peer, Secret, Status};
///
/// let now = Duration::ZERO;
/// let mut server = Authenticator::new(&Config::default(), [1; 32]); // unpredictable bytes
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
/// assert!(matches!(
///     server.answer(now, question.ticket(), &Answer::Password(b"wonderland"))?,
///     Outcome::Accepted
/// ));
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
    mechanism: Mechanism,
    /// RFC 3748 section 5.3.1: the types of EAP that the peer may choose from.
    types: Methods,
    /// Those that the peer was not asked for yet.
    untried: Methods,
    state: State,
    exchange: Exchange,
    received: Buffer<MAX_PACKET_LEN>,
    /// The name in the last Response: a change of password has none.
    name: Buffer<255>,
    /// Whether that name was accepted on this link, and has to stay.
    is_known: bool,
    /// Of the last question.
    ticket: u32,
    rechallenge: Option<Duration>,
    #[cfg(feature = "mschap")]
    keys: Option<super::Keys>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    /// Waits for the peer. How it was refused, when it may try again.
    Waiting(Option<Failure>),
    /// Waits for the user.
    Asking {
        question: Question,
        is_reported: bool,
    },
    Accepted {
        is_reported: bool,
    },
    Failed(Failure),
}

impl Authenticator {
    /// Returns an authenticator that does nothing yet. `entropy` must be unpredictable: Challenges come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let [identifier] = random.bytes();
        Self {
            config: config.clone(),
            random,
            mechanism: Mechanism::None,
            types: Methods::NONE,
            untried: Methods::NONE,
            state: State::Idle,
            exchange: Exchange::new(identifier),
            received: Buffer::default(),
            name: Buffer::default(),
            is_known: false,
            ticket: 0,
            rechallenge: None,
            #[cfg(feature = "mschap")]
            keys: None,
        }
    }

    /// Returns where the authentication is.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.state {
            State::Idle => Status::Idle,
            State::Waiting(_) => Status::Waiting,
            State::Asking { .. } => Status::Asking,
            State::Accepted { .. } => Status::Accepted,
            State::Failed(failure) => Status::Failed(failure),
        }
    }

    /// Returns how the last proof was refused, while the peer may try again.
    #[must_use]
    pub const fn refusal(&self) -> Option<Failure> {
        match self.state {
            State::Waiting(refusal) => refusal,
            State::Idle | State::Asking { .. } | State::Accepted { .. } | State::Failed(_) => None,
        }
    }

    /// Returns the method agreed.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        self.mechanism.method()
    }

    /// Returns the name that the peer presented last. Empty if it is missing.
    #[must_use]
    pub fn peer_name(&self) -> Text<'_> {
        Text(self.name.as_bytes())
    }

    /// Returns what keys are made from: of the first proof that was good, since later ones change
    /// no keys (RFC 3079).
    #[cfg(feature = "mschap")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
    #[must_use]
    pub const fn keys(&self) -> Option<&super::Keys> {
        self.keys.as_ref()
    }

    /// Starts with the method that LCP agreed on, and forgets what was before.
    ///
    /// There may be several methods of EAP, the most wanted first. The peer is asked for the first of them, and after a
    /// Nak for the next that it names (RFC 3748 section 5.3.1). Methods of another option of LCP than the first are left
    /// out. MS-CHAP without the feature `mschap` fails at once.
    pub fn start(&mut self, now: Duration, methods: impl Into<Methods>) {
        self.stop();
        let methods = methods.into();
        let Some(method) = methods.iter().next() else { return };
        self.types = methods.alike(method);
        #[cfg(not(feature = "mschap"))]
        {
            self.types = self.types.without(Method::EapMsChapV2);
        }
        self.untried = self.types;
        self.mechanism = Mechanism::new(method, &self.config, &mut self.random);
        self.challenge(now, method);
    }

    /// Stops: the link is down, and nothing is sent or taken.
    pub fn stop(&mut self) {
        self.mechanism = Mechanism::None;
        self.state = State::Idle;
        self.received.clear();
        self.name.clear();
        self.is_known = false;
        self.exchange.clear();
        self.rechallenge = None;
        #[cfg(feature = "mschap")]
        {
            self.keys = None;
        }
    }

    /// Challenges the peer again, in the running session (RFC 1994 section 2). Nothing before it
    /// was accepted, and nothing with PAP.
    ///
    /// The peer has to stay who it is: a Response with another name is refused.
    pub fn rechallenge(&mut self, now: Duration) {
        // RFC 1334 has no challenge: a password cannot be asked for twice.
        let Some(method) = self.method().filter(|method| *method != Method::Pap) else { return };
        // Only in a session that stands: before that the first challenge is still open.
        if matches!(self.state, State::Accepted { .. }) {
            self.untried = self.types;
            self.mechanism.restart(&self.config, &mut self.random);
            self.challenge(now, method);
        }
    }

    /// Takes a packet of the protocol of the method.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, bytes: &[u8]) -> Result<(), Refused> {
        let bytes = whole_packet(bytes)?;
        match self.method() {
            None => Err(Refused::NotAgreed),
            Some(Method::Pap) => self.handle_pap(bytes),
            Some(Method::Eap | Method::EapMsChapV2) => self.handle_eap(now, bytes),
            Some(Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2) => self.handle_chap(bytes),
        }
    }

    /// Returns what to ask the user, once. A question that is void when it is polled is left out.
    pub const fn poll_question(&mut self) -> Option<Question> {
        if let State::Asking { question, is_reported: is_reported @ false } = &mut self.state {
            *is_reported = true;
            return Some(*question);
        }
        None
    }

    /// Returns whether the peer was accepted and that was not reported yet.
    pub(crate) const fn poll_accepted(&mut self) -> bool {
        if let State::Accepted { is_reported: is_reported @ false } = &mut self.state {
            *is_reported = true;
            return true;
        }
        false
    }

    /// Returns what the peer presents, while it is asked about.
    #[must_use]
    pub fn presented(&self) -> Option<Presented<'_>> {
        if !matches!(self.state, State::Asking { .. }) {
            return None;
        }
        let bytes = self.received.as_bytes();
        let name = Text(self.name.as_bytes());
        match self.method()? {
            Method::Pap => match pap::Packet::decode(bytes).ok()?.message {
                pap::Message::AuthenticateRequest(request) => Some(Presented::Pap { name, password: request.password }),
                pap::Message::AuthenticateAck(_) | pap::Message::AuthenticateNak(_) | pap::Message::Other { .. } => {
                    None
                }
            },
            #[cfg(feature = "mschap")]
            Method::EapMsChapV2 => self.presented_in_eap(),
            #[cfg(not(feature = "mschap"))]
            Method::EapMsChapV2 => None,
            Method::Eap => {
                let packet = eap::Packet::decode(bytes).ok()?;
                let eap::Message::Response(method) = packet.message else { return None };
                match (&self.mechanism, method.md5_challenge()) {
                    (Mechanism::EapMd5(challenge), Ok(Some(value))) if !self.config.eap_pass_through => {
                        let (identifier, response) = (packet.identifier, value.value);
                        Some(Presented::Md5 { name, identifier, challenge, response })
                    }
                    _ => Some(Presented::Eap { packet: bytes, method_type: method.method_type }),
                }
            }
            Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2 => {
                let packet = chap::Packet::decode(bytes).ok()?;
                let identifier = packet.identifier;
                match (packet.message, &self.mechanism) {
                    (chap::Message::Response(value), Mechanism::ChapMd5(challenge)) => {
                        Some(Presented::Md5 { name, identifier, challenge, response: value.value })
                    }
                    #[cfg(feature = "mschap")]
                    (chap::Message::Response(value), Mechanism::V1(core)) => {
                        let (challenge, response) = (core.challenge(), value.value);
                        Some(Presented::MsChap { version: 1, name, identifier, challenge, response })
                    }
                    #[cfg(feature = "mschap")]
                    (chap::Message::Response(value), Mechanism::V2(core)) => {
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
        if !matches!(self.state, State::Asking { question, .. } if question.ticket() == ticket) {
            return Err(AnswerError::NotAsked);
        }
        match *answer {
            // RFC 2759 section 5: without `S=` and 40 digits every client hangs up.
            Answer::Accept(message) if self.needs_proof() && !has_proof(message) => Err(AnswerError::NoProof),
            Answer::Accept(message) => self.reply(now, true, message),
            Answer::Reject(message) => self.reply(now, false, message),
            Answer::EapRequest(packet) => self.send_eap(now, packet),
            Answer::Password(password) => match self.verify(password) {
                Some(is_right) => self.reply(now, is_right, b""),
                #[cfg(feature = "mschap")]
                None => self.answer_password(now, password),
                #[cfg(not(feature = "mschap"))]
                None => Err(AnswerError::Unsuitable),
            },
            #[cfg(feature = "mschap")]
            Answer::Account(account) => self.answer_account(now, account),
        }
    }

    /// Returns whether the client expects a proof of this side in the Success.
    fn needs_proof(&self) -> bool {
        matches!(self.presented(), Some(Presented::MsChap { version: 2, .. }))
    }

    /// Writes the next packet to send into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_PACKET_LEN`] is always enough.
    pub fn poll_transmit<'b>(&mut self, _now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.exchange.poll_transmit(buf)
    }

    /// Returns whether this is the challenge that was sent to the peer: who sends it back wants to
    /// have it answered for itself.
    pub(crate) fn has_sent(&self, challenge: &[u8]) -> bool {
        self.mechanism.challenge() == Some(challenge)
    }

    /// Returns whether there is something to send.
    #[must_use]
    pub const fn has_output(&self) -> bool {
        self.exchange.has_output()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.exchange.poll_timeout().into_iter().chain(self.rechallenge).min()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        if time::is_due(self.rechallenge, now) {
            self.rechallenge(now);
        }
        if self.exchange.handle_timeout(now, &self.config) {
            if let (State::Waiting(refusal), Some(method)) = (self.state, self.method()) {
                // A peer that was refused, and does not try again, was refused.
                self.state = State::Failed(refusal.unwrap_or(Failure::NoAnswer { method }));
            }
        }
    }

    /// Begins, or begins again.
    fn challenge(&mut self, now: Duration, method: Method) {
        self.exchange.identifier = self.exchange.identifier.wrapping_add(1);
        // The identifier changes with each challenge (RFC 1994 section 4.1), or an old answer would
        // fit.
        self.exchange.forget();
        self.rechallenge = None;
        self.state = State::Waiting(None);
        if method == Method::Pap {
            // RFC 1334 section 2.1: the peer begins.
            self.exchange.wait(now, &self.config);
            return;
        }
        #[cfg(feature = "mschap")]
        if matches!(self.mechanism, Mechanism::EapV2(_)) {
            match self.put_reply_in_eap() {
                Ok(()) => self.exchange.send(now, &self.config),
                Err(_) => self.fail(Failure::RefusedPeer { method, code: None }),
            }
            return;
        }
        let identifier = self.exchange.identifier;
        let put = match self.mechanism.challenge() {
            Some(value) => {
                let value = chap::Value { value, name: Text(self.config.name.as_bytes()) };
                self.exchange.put(&chap::Packet { identifier, message: chap::Message::Challenge(value) })
            }
            None if method.eap_type().is_some() => {
                let message = eap::Message::Request(eap::Method { method_type: eap::Type::IDENTITY, data: &[] });
                self.exchange.put(&eap::Packet { identifier, message })
            }
            None => Err(AnswerError::Unsuitable),
        };
        match put {
            Ok(()) => self.exchange.send(now, &self.config),
            Err(_) => self.fail(Failure::RefusedPeer { method, code: None }),
        }
    }

    /// Asks the user about a packet.
    fn ask(&mut self, bytes: &[u8], name: Option<Text<'_>>, question: fn(Ticket) -> Question) -> Result<(), Refused> {
        if let Some(name) = name {
            self.name_peer(name)?;
        }
        self.received.set(bytes);
        self.ticket = self.ticket.wrapping_add(1);
        self.state = State::Asking { question: question(Ticket(self.ticket)), is_reported: false };
        // The user thinks, or asks a RADIUS server: meanwhile nothing is repeated.
        self.exchange.pause();
        Ok(())
    }

    /// Notes the peer's name; a peer that was accepted cannot change it.
    fn name_peer(&mut self, name: Text<'_>) -> Result<(), Refused> {
        if self.is_known && self.name.as_bytes() != name.0 {
            return Err(Refused::OtherName);
        }
        self.name.set(name.0);
        Ok(())
    }

    /// Returns whether the password is right, where this can be said here.
    fn verify(&self, password: &[u8]) -> Option<bool> {
        match self.presented()? {
            Presented::Pap { password: presented, .. } => Some(presented.matches(password)),
            Presented::Md5 { identifier, challenge, response, .. } => {
                // In constant time, so that the time says nothing of how much was right.
                Some(md5_response(identifier, password, challenge).ct_eq(response).into())
            }
            Presented::MsChap { .. } | Presented::ChangePassword { .. } | Presented::Eap { .. } => None,
        }
    }

    /// Answers the peer, and goes on or not.
    fn reply(&mut self, now: Duration, is_good: bool, message: &[u8]) -> Result<Outcome, AnswerError> {
        match self.method().ok_or(AnswerError::NotAsked)? {
            Method::Pap => self.put_pap_reply(is_good, message)?,
            #[cfg(feature = "mschap")]
            Method::EapMsChapV2 => return self.reply_in_eap(now, is_good, message),
            #[cfg(not(feature = "mschap"))]
            Method::EapMsChapV2 => return Err(AnswerError::Unsuitable),
            Method::Eap => self.put_eap_end(is_good, message)?,
            Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2 => {
                #[cfg(feature = "mschap")]
                let mut buf = [0; 256];
                #[cfg(feature = "mschap")]
                let message = if is_good { message } else { self.mechanism.without_empty_promise(message, &mut buf) };
                let text = Text(message);
                let message = if is_good { chap::Message::Success(text) } else { chap::Message::Failure(text) };
                self.exchange.put(&chap::Packet { identifier: self.exchange.identifier, message })?;
            }
        }
        self.received.clear();
        self.exchange.send_once();
        if is_good {
            self.accept(now);
            return Ok(Outcome::Accepted);
        }
        let (code, goes_on) = self.mechanism.refuse(message, self.exchange.identifier);
        self.refuse(now, code, goes_on);
        Ok(Outcome::Refused { goes_on })
    }

    fn accept(&mut self, now: Duration) {
        self.is_known = true;
        self.state = State::Accepted { is_reported: false };
        self.exchange.rest();
        self.rechallenge = match self.method() {
            // RFC 1334 section 2: PAP proves once, at the beginning.
            Some(Method::Pap) | None => None,
            Some(_) => self.config.rechallenge.and_then(|interval| time::after(now, interval)),
        };
    }

    /// Refuses the peer, which may or may not try again without being asked to.
    fn refuse(&mut self, now: Duration, code: Option<u32>, goes_on: bool) {
        let Some(method) = self.method() else { return };
        let refusal = Failure::RefusedPeer { method, code };
        if method == Method::EapMsChapV2 {
            // The peer answers a Failure in any case, at least by the acknowledgment of it.
            self.state = State::Waiting(Some(refusal));
            self.exchange.send_until(now, &self.config, goes_on);
        } else if goes_on {
            self.state = State::Waiting(Some(refusal));
            self.exchange.wait(now, &self.config);
        } else {
            self.fail(refusal);
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.state = State::Failed(failure);
        self.exchange.rest();
        self.rechallenge = None;
    }
}

impl From<EncodeError> for AnswerError {
    fn from(_: EncodeError) -> Self {
        Self::TooLong
    }
}

/// Returns whether a Success message has the authenticator's response (RFC 2759 section 5).
fn has_proof(message: &[u8]) -> bool {
    let digits = message.strip_prefix(b"S=").and_then(|rest| rest.get(..40));
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
