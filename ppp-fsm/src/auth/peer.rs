//! The side that has to prove itself.

use core::time::Duration;

use md5::{Digest, Md5};

use super::answer::{AnswerError, Secret};
use super::{Config, Failure, MAX_PACKET_LEN, Method, Refused, Status, Ticket};
use crate::buffer::{Buffer, checksum};
use crate::random::Random;
use crate::wire::Wire;
use crate::{BufferTooSmall, Packet, Text, chap, eap, pap};

#[cfg(feature = "mschap")]
mod microsoft;

/// What a [`Peer`] needs from its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demand {
    /// A name and its secret: [`Peer::prove`].
    Proof {
        /// What the answer has to carry.
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
    /// What the answer has to carry.
    #[must_use]
    pub const fn ticket(&self) -> Ticket {
        match self {
            Self::Proof { ticket, .. } | Self::NewPassword(ticket) | Self::Eap(ticket) => *ticket,
        }
    }
}

/// RFC 1334, RFC 1994, RFC 2433, RFC 2759, RFC 3748: the peer of one link, whatever the method.
///
/// It asks its user for name and secret when they are needed, and keeps neither: Challenges in the running session are
/// asked for again. Its answers are repeated until there is an answer. An example is at
/// [`Authenticator`](super::Authenticator).
#[derive(Debug)]
pub struct Peer {
    config: Config,
    #[cfg_attr(not(feature = "mschap"), expect(dead_code, reason = "MS-CHAP alone draws numbers"))]
    random: Random,
    now: Duration,
    method: Option<Method>,
    status: Status,
    identifier: u8,
    /// The last request: a Challenge's value, or a whole EAP packet.
    received: Buffer<MAX_PACKET_LEN>,
    /// Of the request before that, which may come late once more.
    earlier: Option<u32>,
    name: Buffer<255>,
    outgoing: Buffer<MAX_PACKET_LEN>,
    /// What the authenticator said at the end.
    message: Buffer<255>,
    pending: bool,
    timer: Option<Duration>,
    tries: u8,
    demand: Option<Demand>,
    asked: Option<Demand>,
    /// Of the last demand.
    ticket: u32,
    /// The last proof was not taken, and the authenticator offered to hear another one.
    refusal: Option<Failure>,
    #[cfg(feature = "mschap")]
    microsoft: microsoft::State,
}

impl Peer {
    /// A peer that does nothing yet. `entropy` must be unpredictable: its own challenges come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        Self {
            config: *config,
            random: Random::new(entropy),
            now: Duration::ZERO,
            method: None,
            status: Status::Idle,
            identifier: 0,
            received: Buffer::default(),
            earlier: None,
            name: Buffer::default(),
            outgoing: Buffer::default(),
            message: Buffer::default(),
            pending: false,
            timer: None,
            tries: 0,
            demand: None,
            asked: None,
            ticket: 0,
            refusal: None,
            #[cfg(feature = "mschap")]
            microsoft: microsoft::State::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// How the last proof was refused when another one was offered to be heard, until one is taken. Some authenticators
    /// offer that and hang up at once: then this is why.
    #[must_use]
    pub const fn refusal(&self) -> Option<Failure> {
        self.refusal
    }

    /// The method agreed.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        self.method
    }

    /// The text that came with the last Success or Failure, cut to 255 octets.
    #[must_use]
    pub fn message(&self) -> Text<'_> {
        Text(self.message.as_octets())
    }

    /// LCP agreed on this method, or on another one after the link was down: what was before is forgotten.
    pub fn start(&mut self, now: Duration, method: Method) {
        self.stop();
        self.now = self.now.max(now);
        self.method = Some(method);
        if method == Method::Pap {
            self.demand_proof(method, false);
        } else {
            self.status = Status::Waiting;
            self.wait();
        }
    }

    /// The link is down: nothing is sent or taken.
    pub fn stop(&mut self) {
        (self.method, self.status, self.earlier, self.refusal) = (None, Status::Idle, None, None);
        self.received.clear();
        self.name.clear();
        self.outgoing.clear();
        self.message.clear();
        (self.pending, self.timer, self.demand, self.asked) = (false, None, None, None);
        #[cfg(feature = "mschap")]
        {
            self.microsoft = microsoft::State::default();
        }
    }

    /// What is needed from the user, once.
    pub fn poll_demand(&mut self) -> Option<Demand> {
        self.demand.take()
    }

    /// The EAP packet that is demanded an answer to.
    #[must_use]
    pub fn eap_request(&self) -> Option<&[u8]> {
        (self.method == Some(Method::Eap) && self.asked.is_some()).then(|| self.received.as_octets())
    }

    /// Takes a packet of the protocol of the method.
    ///
    /// # Errors
    ///
    /// [`Refused`]: nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, octets: &[u8]) -> Result<(), Refused> {
        self.now = self.now.max(now);
        let length = Packet::decode(octets)?.encoded_len();
        let octets = octets.get(..length).unwrap_or_default();
        if length > MAX_PACKET_LEN {
            return Err(Refused::TooLong { length });
        }
        match self.method {
            None => Err(Refused::NotAgreed),
            Some(Method::Pap) => self.handle_pap(octets),
            Some(Method::Eap) => self.handle_eap(octets),
            Some(method @ (Method::ChapMd5 | Method::MsChapV1 | Method::MsChapV2)) => self.handle_chap(method, octets),
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
        self.now = self.now.max(now);
        let method = match self.asked {
            Some(Demand::Proof { method, ticket: asked, .. }) if asked == ticket => method,
            _ => return Err(AnswerError::NotAsked),
        };
        match method {
            Method::Pap => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                let identifier = self.identifier.wrapping_add(1);
                let request =
                    pap::Request { peer_id: Text(name), password: pap::Password::new(password), trailing: &[] };
                let message = pap::Message::AuthenticateRequest(request);
                self.put(&pap::Packet { identifier, message })?;
                self.identifier = identifier;
            }
            Method::ChapMd5 => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                let hash = md5(self.identifier, password, self.received.as_octets());
                self.put_response(&hash, name)?;
            }
            Method::Eap => self.prove_eap(name, secret)?,
            #[cfg(feature = "mschap")]
            Method::MsChapV1 | Method::MsChapV2 => self.prove_microsoft(method, name, secret)?,
            #[cfg(not(feature = "mschap"))]
            Method::MsChapV1 | Method::MsChapV2 => return Err(AnswerError::Unsuitable),
        }
        self.name.set(name);
        self.sent();
        Ok(())
    }

    /// Answers [`Demand::Eap`] with a packet of another end of EAP.
    ///
    /// # Errors
    ///
    /// [`AnswerError`]: nothing has changed.
    pub fn send_eap(&mut self, now: Duration, ticket: Ticket, packet: &[u8]) -> Result<(), AnswerError> {
        self.now = self.now.max(now);
        if self.asked != Some(Demand::Eap(ticket)) {
            return Err(AnswerError::NotAsked);
        }
        let decoded = eap::Packet::decode(packet).map_err(|_| AnswerError::Unsuitable)?;
        if packet.len() > MAX_PACKET_LEN {
            return Err(AnswerError::TooLong);
        }
        if !matches!(decoded.message, eap::Message::Response(_)) || decoded.identifier != self.identifier {
            return Err(AnswerError::Unsuitable);
        }
        self.outgoing.set(packet);
        self.sent();
        Ok(())
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

    /// Whether there is something to send.
    #[must_use]
    pub const fn has_output(&self) -> bool {
        self.pending
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        self.timer
    }

    /// The time has come, or not yet, or came long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.now = self.now.max(now);
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

    /// Waits for the authenticator to begin, or to go on.
    fn wait(&mut self) {
        self.tries = 0;
        self.timer = Some(self.now.saturating_add(self.config.patience));
    }

    fn demand_proof(&mut self, method: Method, is_retry: bool) {
        self.demand(|ticket| Demand::Proof { ticket, method, is_retry });
    }

    fn demand(&mut self, demand: impl FnOnce(Ticket) -> Demand) {
        self.ticket = self.ticket.wrapping_add(1);
        let demand = demand(Ticket(self.ticket));
        (self.demand, self.asked, self.status) = (Some(demand), Some(demand), Status::Asking);
        (self.timer, self.pending) = (None, false);
    }

    /// An answer is in its place.
    fn sent(&mut self) {
        (self.asked, self.demand, self.status, self.pending) = (None, None, Status::Waiting, true);
        self.tries = self.config.max_tries.saturating_sub(1);
        self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
    }

    fn put(&mut self, packet: &impl Wire) -> Result<(), AnswerError> {
        if self.outgoing.write(|buf| crate::wire::encode(packet, buf).map(<[u8]>::len)) {
            Ok(())
        } else {
            Err(AnswerError::TooLong)
        }
    }

    fn put_response(&mut self, value: &[u8], name: &[u8]) -> Result<(), AnswerError> {
        let message = chap::Message::Response(chap::Value { value, name: Text(name) });
        self.put(&chap::Packet { identifier: self.identifier, message })
    }

    fn accepted(&mut self, message: &[u8]) {
        self.message.set(message);
        (self.status, self.timer, self.pending, self.refusal) = (Status::Accepted, None, false, None);
        if self.method == Some(Method::Pap) {
            // The password has done its work.
            self.outgoing.clear();
        }
    }

    fn refused(&mut self, message: &[u8], code: Option<u32>) {
        let Some(method) = self.method else { return };
        self.message.set(message);
        (self.status, self.timer, self.pending) = (Status::Failed(Failure::Refused { method, code }), None, false);
        self.outgoing.clear();
    }

    /// Whether an answer of this side waits for the authenticator.
    fn has_answered(&self) -> bool {
        self.status == Status::Waiting && !self.outgoing.is_empty()
    }

    /// Whether a copy of the last request gets a copy of the last answer: another one would not fit the authenticator's.
    fn can_repeat(&self) -> bool {
        matches!(self.status, Status::Waiting | Status::Accepted) && !self.outgoing.is_empty()
    }

    fn handle_pap(&mut self, octets: &[u8]) -> Result<(), Refused> {
        let packet = pap::Packet::decode(octets)?;
        let is_matched = self.has_answered() && packet.identifier == self.identifier;
        match packet.message {
            pap::Message::AuthenticateAck(reply) if is_matched => self.accepted(reply.text().0),
            pap::Message::AuthenticateNak(reply) if is_matched => self.refused(reply.text().0, None),
            pap::Message::AuthenticateRequest(_)
            | pap::Message::AuthenticateAck(_)
            | pap::Message::AuthenticateNak(_)
            | pap::Message::Other { .. } => return Err(Refused::Unmatched),
        }
        Ok(())
    }

    fn handle_chap(&mut self, method: Method, octets: &[u8]) -> Result<(), Refused> {
        let packet = chap::Packet::decode(octets)?;
        match packet.message {
            chap::Message::Challenge(value) => {
                #[cfg(feature = "mschap")]
                microsoft::check_challenge(method, value.value)?;
                #[cfg(not(feature = "mschap"))]
                if method != Method::ChapMd5 {
                    return Err(Refused::NotAgreed);
                }
                if matches!(self.status, Status::Failed(_)) {
                    return Err(Refused::Unmatched);
                }
                let is_copy = packet.identifier == self.identifier && self.received.as_octets() == value.value;
                if is_copy && self.can_repeat() {
                    self.pending = true;
                } else if !(is_copy && self.status == Status::Asking) {
                    self.identifier = packet.identifier;
                    self.received.set(value.value);
                    self.demand_proof(method, false);
                }
                Ok(())
            }
            chap::Message::Success(text) if self.is_answer_to(&packet) => {
                self.handle_success(method, text.0);
                Ok(())
            }
            chap::Message::Failure(text) if self.is_answer_to(&packet) => {
                self.handle_failure(method, text.0);
                Ok(())
            }
            chap::Message::Response(_)
            | chap::Message::Success(_)
            | chap::Message::Failure(_)
            | chap::Message::Other { .. } => Err(Refused::Unmatched),
        }
    }

    fn is_answer_to(&self, packet: &chap::Packet<'_>) -> bool {
        self.has_answered() && packet.identifier == self.identifier
    }

    #[cfg(not(feature = "mschap"))]
    fn handle_success(&mut self, _: Method, text: &[u8]) {
        self.accepted(text);
    }

    #[cfg(not(feature = "mschap"))]
    fn handle_failure(&mut self, _: Method, text: &[u8]) {
        self.refused(text, None);
    }

    fn handle_eap(&mut self, octets: &[u8]) -> Result<(), Refused> {
        let packet = eap::Packet::decode(octets)?;
        let method = match packet.message {
            eap::Message::Request(method) => method,
            // RFC 3748 section 4.2: the identifier is that of the last response; nothing proves it, as with PAP.
            eap::Message::Success(_) if self.has_answered() && packet.identifier == self.identifier => {
                self.accepted(b"");
                return Ok(());
            }
            eap::Message::Failure(_) if self.has_answered() && packet.identifier == self.identifier => {
                self.refused(b"", None);
                return Ok(());
            }
            eap::Message::Response(_)
            | eap::Message::Success(_)
            | eap::Message::Failure(_)
            | eap::Message::Other { .. } => return Err(Refused::Unmatched),
        };
        if matches!(self.status, Status::Failed(_)) || self.earlier == Some(checksum(octets)) {
            return Err(Refused::Unmatched);
        }
        let is_copy = packet.identifier == self.identifier && self.received.as_octets() == octets;
        if is_copy && self.can_repeat() {
            self.pending = true;
            return Ok(());
        }
        if is_copy && self.status == Status::Asking {
            return Ok(());
        }
        if method.method_type == eap::Type::MD5_CHALLENGE && !self.config.eap_pass_through {
            method.md5_challenge()?;
        }
        self.identifier = packet.identifier;
        if !is_copy {
            self.earlier = Some(checksum(self.received.as_octets()));
        }
        self.received.set(octets);
        if self.config.eap_pass_through {
            self.demand(Demand::Eap);
            return Ok(());
        }
        match method.method_type {
            eap::Type::IDENTITY | eap::Type::MD5_CHALLENGE => self.demand_proof(Method::Eap, false),
            eap::Type::NOTIFICATION => {
                self.message.set(method.data);
                self.respond_eap(eap::Type::NOTIFICATION, &[]);
            }
            _ => self.respond_eap(eap::Type::NAK, &[eap::Type::MD5_CHALLENGE.0]),
        }
        Ok(())
    }

    fn respond_eap(&mut self, method_type: eap::Type, data: &[u8]) {
        let message = eap::Message::Response(eap::Method { method_type, data });
        if self.put(&eap::Packet { identifier: self.identifier, message }).is_ok() {
            self.sent();
            // The authenticator repeats what it wants to hear.
            self.wait();
        }
    }

    /// Identity needs the name, MD5-Challenge both.
    fn prove_eap(&mut self, name: &[u8], secret: &Secret<'_>) -> Result<(), AnswerError> {
        let packet = eap::Packet::decode(self.received.as_octets()).map_err(|_| AnswerError::Malformed)?;
        let identifier = packet.identifier;
        let eap::Message::Request(request) = packet.message else { return Err(AnswerError::Malformed) };
        let mut data = [0; 17 + 255];
        let (method_type, length) = match request.md5_challenge() {
            Ok(Some(challenge)) => {
                let password = secret.password().ok_or(AnswerError::Unsuitable)?;
                let hash = md5(identifier, password, challenge.value);
                let parts = [16].iter().chain(&hash).chain(name);
                (eap::Type::MD5_CHALLENGE, data.iter_mut().zip(parts).map(|(to, octet)| *to = *octet).count())
            }
            _ => (eap::Type::IDENTITY, data.iter_mut().zip(name).map(|(to, octet)| *to = *octet).count()),
        };
        let data = data.get(..length).unwrap_or_default();
        let message = eap::Message::Response(eap::Method { method_type, data });
        self.put(&eap::Packet { identifier, message })
    }
}

fn md5(identifier: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    Md5::new().chain_update([identifier]).chain_update(password).chain_update(challenge).finalize().into()
}
