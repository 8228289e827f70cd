//! The side that has to prove itself.

use core::time::Duration;

use super::answer::{AnswerError, Secret};
use super::exchange::{Exchange, md5_response, whole_packet};
use super::{Config, Failure, MAX_PACKET_LEN, Method, Methods, Refused, Status, Ticket};
use crate::buffer::Buffer;
use crate::random::Random;
use crate::{BufferTooSmall, Text, Words, chap, eap, pap};

#[cfg(feature = "mschap")]
mod attempt;
mod extensible;
#[cfg(feature = "mschap")]
mod extensible_microsoft;
#[cfg(feature = "mschap")]
mod microsoft;
mod packet;

/// A demand of a [`Peer`] on its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand {
    /// A name and its secret: [`Peer::prove`].
    Proof {
        /// The ticket that the answer has to carry.
        ticket: Ticket,
        /// The method agreed.
        method: Method,
        /// Whether the last ones were refused and others may be tried.
        is_retry: bool,
    },
    /// The password has expired; the link ends without a new one: `Peer::change_password`.
    NewPassword(Ticket),
    /// An EAP request for another end of EAP: [`Peer::eap_request`], [`Peer::send_eap`].
    Eap(Ticket),
}

impl Demand {
    /// Returns what the answer has to carry.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        match self {
            Self::Proof { ticket, .. } | Self::NewPassword(ticket) | Self::Eap(ticket) => *ticket,
        }
    }
}

/// RFC 1334, RFC 1994, RFC 2433, RFC 2759, RFC 3748: the peer of one link, whatever the method.
///
/// Once accepted, it stays so. A forger can send a Challenge, and a Failure of the answer to it. An authenticator that
/// refuses ends the link itself (RFC 1994 section 4.2), and then [`refusal`](Self::refusal) is the reason.
///
/// It asks its user for name and secret when they are needed, and keeps neither: Challenges in the running session are
/// asked for again. It keeps no clock: each `now` must not be earlier than the one before. Its answers are repeated until there is an answer. An example is at
/// [`Authenticator`](super::Authenticator).
#[derive(Debug)]
pub struct Peer {
    config: Config,
    #[cfg_attr(not(feature = "mschap"), expect(dead_code, reason = "MS-CHAP alone draws numbers"))]
    random: Random,
    method: Option<Method>,
    /// RFC 3748 section 5.3.1: the types of EAP that this side takes.
    types: Methods,
    state: State,
    history: History,
    exchange: Exchange,
    /// The last request: a Challenge's value, or a whole EAP packet.
    received: Buffer<MAX_PACKET_LEN>,
    /// Of the request before that, which may come late once more.
    earlier: Option<u32>,
    name: Buffer<255>,
    /// The authenticator's message at the end.
    message: Buffer<112>,
    /// Of the last demand.
    ticket: u32,
    #[cfg(feature = "mschap")]
    microsoft: attempt::Microsoft,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    /// Waits for the authenticator: for its request, or for what it says to the answer.
    Waiting,
    /// Waits for the user.
    Asking {
        demand: Demand,
        is_reported: bool,
    },
    Accepted,
    Failed(Failure),
}

/// The outcome of the proofs so far.
#[derive(Debug, Clone, Copy)]
enum History {
    /// None was answered.
    New,
    /// The last one was not taken, and the authenticator offered to hear another one. Or it wants a
    /// type of EAP that this side does not have, and was asked for another.
    Refused(Failure),
    /// One was taken. A later one may have been refused, as the authenticator or somebody else says.
    Accepted { refusal: Option<Failure> },
}

impl Peer {
    /// Returns a peer that does nothing yet. `entropy` must be unpredictable: its own challenges come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        Self {
            config: config.clone(),
            random: Random::new(entropy),
            method: None,
            types: Methods::NONE,
            state: State::Idle,
            history: History::New,
            exchange: Exchange::new(0),
            received: Buffer::default(),
            earlier: None,
            name: Buffer::default(),
            message: Buffer::default(),
            ticket: 0,
            #[cfg(feature = "mschap")]
            microsoft: attempt::Microsoft::default(),
        }
    }

    /// Returns where the authentication is.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.state {
            State::Idle => Status::Idle,
            State::Waiting => Status::Waiting,
            State::Asking { .. } => Status::Asking,
            State::Accepted => Status::Accepted,
            State::Failed(failure) => Status::Failed(failure),
        }
    }

    /// Returns how the last proof was refused when another one was offered to be heard, or one was taken before, until
    /// one is taken. It is also the type of EAP that this side could not do, until there is one that it can.
    /// The authenticator that hangs up has this reason.
    #[must_use]
    pub const fn refusal(&self) -> Option<Failure> {
        match self.history {
            History::Refused(failure) => Some(failure),
            History::Accepted { refusal } => refusal,
            History::New => None,
        }
    }

    /// Returns the method agreed.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        self.method
    }

    /// Returns the text that came with the last Success or Failure, cut to 112 bytes. It stays until the next
    /// [`start`](Self::start), so that it can be shown when the link is over.
    #[must_use]
    pub fn message(&self) -> Text<'_> {
        Text(self.message.as_bytes())
    }

    /// Starts with the method that LCP agreed on, and forgets what was before.
    ///
    /// There may be several methods of EAP, the most wanted first. A request of another type is answered with a Nak that names
    /// them (RFC 3748 section 5.3.1). Methods of another option of LCP than the first are left out.
    pub fn start(&mut self, now: Duration, methods: impl Into<Methods>) {
        self.stop();
        self.message.clear();
        let methods = methods.into();
        let Some(method) = methods.iter().next() else { return };
        self.method = Some(method);
        self.types = methods.alike(method);
        #[cfg(not(feature = "mschap"))]
        {
            self.types = self.types.without(Method::EapMsChapV2);
        }
        if method == Method::Pap {
            // RFC 1334 section 2.1: the peer begins.
            self.demand_proof(method, false);
        } else {
            self.state = State::Waiting;
            self.exchange.wait(now, &self.config);
        }
    }

    /// Stops: the link is down, and nothing is sent or taken.
    pub fn stop(&mut self) {
        self.method = None;
        self.state = State::Idle;
        self.history = History::New;
        self.exchange.clear();
        self.received.clear();
        self.earlier = None;
        self.name.clear();
        #[cfg(feature = "mschap")]
        self.microsoft.clear();
    }

    /// Returns what is needed from the user, once. A demand that is void when it is polled is left out.
    pub const fn poll_demand(&mut self) -> Option<Demand> {
        if let State::Asking { demand, is_reported: is_reported @ false } = &mut self.state {
            *is_reported = true;
            return Some(*demand);
        }
        None
    }

    /// Returns the EAP packet that is demanded an answer to.
    #[must_use]
    pub fn eap_request(&self) -> Option<&[u8]> {
        let is_asking = matches!(self.state, State::Asking { .. });
        let is_eap = self.method.is_some_and(|method| method.eap_type().is_some());
        (is_eap && is_asking).then(|| self.received.as_bytes())
    }

    /// Takes a packet of the protocol of the method.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, bytes: &[u8]) -> Result<(), Refused> {
        let bytes = whole_packet(bytes)?;
        match self.method {
            None => Err(Refused::NotAgreed),
            Some(Method::Pap) => self.handle_pap(bytes),
            Some(Method::Eap | Method::EapMsChapV2) => self.handle_eap(now, bytes),
            Some(method @ (Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2)) => self.handle_chap(method, bytes),
        }
    }

    /// Answers [`Demand::Proof`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`]: nothing has changed.
    pub fn prove(
        &mut self,
        now: Duration,
        ticket: Ticket,
        name: &[u8],
        secret: &Secret<'_>,
    ) -> Result<(), AnswerError> {
        let State::Asking { demand: Demand::Proof { method, ticket: asked, .. }, .. } = self.state else {
            return Err(AnswerError::NotAsked);
        };
        // The demand of before was replaced by another one, and the answer is late.
        if asked != ticket {
            return Err(AnswerError::NotAsked);
        }
        match method {
            Method::Pap => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                let identifier = self.exchange.identifier.wrapping_add(1);
                let request =
                    pap::Request { peer_id: Text(name), password: pap::Password::new(password), trailing: &[] };
                let message = pap::Message::AuthenticateRequest(request);
                self.exchange.put(&pap::Packet { identifier, message })?;
                self.exchange.identifier = identifier;
            }
            Method::ChapMd5 => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                let hash = md5_response(self.exchange.identifier, password, self.received.as_bytes());
                self.put_response(&hash, name)?;
            }
            Method::Eap | Method::EapMsChapV2 => self.prove_eap(name, secret)?,
            #[cfg(feature = "mschap")]
            Method::MsChapV1 | Method::MsChapV2 => self.prove_microsoft(method, name, secret)?,
            #[cfg(not(feature = "mschap"))]
            Method::MsChapV1 | Method::MsChapV2 => return Err(AnswerError::Unsuitable),
        }
        self.name.set(name);
        self.sent(now);
        Ok(())
    }

    /// Answers any [`Demand`] with a no: the user has no proof, no other one, or no new password. The authentication
    /// fails, with the refusal of the last proof if there was one.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`]: nothing has changed.
    pub fn decline(
        &mut self,
        #[cfg_attr(not(feature = "mschap"), expect(unused_variables, reason = "MS-CHAP acknowledges a refusal"))]
        now: Duration,
        ticket: Ticket,
    ) -> Result<(), AnswerError> {
        if !matches!(self.state, State::Asking { demand, .. } if demand.ticket() == ticket) {
            return Err(AnswerError::NotAsked);
        }
        match (self.history, self.method) {
            // The authenticator of EAP-MSCHAPv2 waits for an acknowledgment, and has the last word.
            #[cfg(feature = "mschap")]
            (History::Refused(_), Some(Method::EapMsChapV2)) if self.acknowledge_refusal(now) => {}
            (History::Refused(failure), _) => self.fail(failure),
            (History::New, Some(method)) => self.fail(Failure::Declined { method }),
            // Nothing shows that the authenticator has sent this demand: as with one that nobody answers for.
            (History::Accepted { .. }, _) => {
                self.state = State::Accepted;
            }
            (History::New, None) => debug_assert!(false, "a demand has a method"),
        }
        Ok(())
    }

    /// Answers [`Demand::Eap`] with a packet of another end of EAP.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]: nothing has changed.
    pub fn send_eap(&mut self, now: Duration, ticket: Ticket, packet: &[u8]) -> Result<(), AnswerError> {
        if !matches!(self.state, State::Asking { demand: Demand::Eap(asked), .. } if asked == ticket) {
            return Err(AnswerError::NotAsked);
        }
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        let is_response = matches!(decoded.message, eap::Message::Response(_));
        // RFC 3748 section 4.1: the identifier of a response is that of its request.
        if packet.len() <= MAX_PACKET_LEN && (!is_response || decoded.identifier != self.exchange.identifier) {
            return Err(AnswerError::Unsuitable);
        }
        self.exchange.put_bytes(packet)?;
        self.sent(now);
        Ok(())
    }

    /// Writes the next packet to send into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_PACKET_LEN`] is always enough.
    pub fn poll_transmit<'b>(&mut self, _now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.exchange.poll_transmit(buf)
    }

    /// Returns whether there is something to send.
    #[must_use]
    pub const fn has_output(&self) -> bool {
        self.exchange.has_output()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        self.exchange.poll_timeout()
    }

    /// Processes an expired timer. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        if !self.exchange.handle_timeout(now, &self.config) {
            return;
        }
        #[cfg(feature = "mschap")]
        if self.is_proved_in_eap() {
            // EAP's Success, which nobody repeats, was lost: both sides have proved themselves.
            self.let_in();
            return;
        }
        match (self.history, self.method) {
            // The authenticator that was asked last has said nothing: what it said before stands.
            (History::Accepted { .. }, _) => self.state = State::Accepted,
            (History::Refused(failure), _) => self.fail(failure),
            (History::New, Some(method)) => self.fail(Failure::NoAnswer { method }),
            (History::New, None) => debug_assert!(false, "a timer has a method"),
        }
    }

    fn demand_proof(&mut self, method: Method, is_retry: bool) {
        self.demand(|ticket| Demand::Proof { ticket, method, is_retry });
    }

    fn demand(&mut self, demand: impl FnOnce(Ticket) -> Demand) {
        self.ticket = self.ticket.wrapping_add(1);
        self.state = State::Asking { demand: demand(Ticket(self.ticket)), is_reported: false };
        self.exchange.pause();
    }

    /// Notes that an answer lies ready to be sent.
    fn sent(&mut self, now: Duration) {
        self.state = State::Waiting;
        self.exchange.send(now, &self.config);
    }

    fn put_response(&mut self, value: &[u8], name: &[u8]) -> Result<(), AnswerError> {
        let message = chap::Message::Response(chap::Value { value, name: Text(name) });
        self.exchange.put(&chap::Packet { identifier: self.exchange.identifier, message })
    }

    fn accepted(&mut self, message: &[u8]) {
        self.message.set(message);
        self.let_in();
    }

    fn let_in(&mut self) {
        self.state = State::Accepted;
        self.history = History::Accepted { refusal: None };
        self.exchange.pause();
        if self.method == Some(Method::Pap) {
            // The password has done its work.
            self.exchange.forget();
        }
    }

    fn refused(&mut self, message: &[u8], code: Option<u32>, words: &[u8]) {
        let Some(method) = self.method else { return };
        let failure = Failure::Refused { method, code, words: Words::new(words) };
        if matches!(self.history, History::Accepted { .. }) {
            self.note_refusal(failure, message);
            // Nothing proves a Failure. RFC 1994 section 4.2: the authenticator terminates the link, if it was its own.
            self.state = State::Accepted;
            self.exchange.pause();
        } else {
            self.message.set(message);
            self.fail(failure);
        }
    }

    /// Keeps the refusal for the end of the link.
    fn note_refusal(&mut self, failure: Failure, message: &[u8]) {
        self.message.set(message);
        self.history = match self.history {
            History::Accepted { .. } => History::Accepted { refusal: Some(failure) },
            History::New | History::Refused(_) => History::Refused(failure),
        };
    }

    fn fail(&mut self, failure: Failure) {
        self.state = State::Failed(failure);
        self.exchange.clear();
    }

    /// Returns whether an answer of this side waits for the authenticator.
    fn has_answered(&self) -> bool {
        matches!(self.state, State::Waiting) && self.exchange.has_packet()
    }

    /// Returns whether a copy of the last request gets a copy of the last answer: another one would
    /// not fit the authenticator's.
    fn can_repeat(&self) -> bool {
        matches!(self.state, State::Waiting | State::Accepted) && self.exchange.has_packet()
    }
}
