//! States, timer, counters and identifiers.

mod packet;

use core::time::Duration;

use super::config::{Config, Opening};
use super::outcome::{Event, Reason, Refused, Signals};
use super::protocol::ControlProtocol;
use super::reply::{CAPACITY, Reply};
use crate::automaton::{self, Action, Note, State};
use crate::{BufferTooSmall, Code, EncodeError, OptionWriter, Packet};

/// RFC 1661 section 4: the machine of one control protocol.
///
/// It does not allocate, and holds one answer of at most 512 octets of data. It sends one packet for each that it takes,
/// at most two, and a few when its timer expires, so that no peer can make it busy. An example is at [`ControlProtocol`].
///
/// RFC 1661 where it is strict, with these readings:
///
/// * An Ack, Nak or Reject that was answered already is a stray copy, and is dropped, also in Opened.
/// * In Opened, a copy of the request that was acknowledged last is acknowledged again, without a new negotiation: the
///   first answer was lost.
/// * Copies of a request have the same identifier until there is an answer, so a slow link comes to an end.
/// * A copy of the request that was refused last gets the same answer, and does not count for Max-Failure.
/// * An option that is there twice is taken when both say the same; else the second is rejected.
/// * After Max-Failure Naks without an Ack between them, further ones are Rejects, in both directions; after twice as
///   many more the negotiation has failed.
#[derive(Debug)]
pub struct Negotiation<P: ControlProtocol> {
    protocol: P,
    config: Config,
    state: State,
    now: Duration,
    /// When the restart timer expires.
    timer: Option<Duration>,
    /// When it was waited long enough for the peer to begin.
    listening: Option<Duration>,
    restart_count: u8,
    /// Of the last packet that is no answer.
    identifier: u8,
    /// Of the last request.
    request_identifier: u8,
    /// Whether the last request has had an answer, so that the next one needs another identifier.
    is_answered: bool,
    refusals_sent: u8,
    refusals_received: u8,
    /// Of the request that was refused last.
    copies: u8,
    request: Option<Request>,
    reply: Reply,
    terminate_ack: Option<u8>,
    terminate_data: TerminateData,
    limit: usize,
    signals: Signals<P::Failure>,
    /// Whether it was told that the lower layer is not needed any more: once is enough.
    has_finished: bool,
    end: Option<Reason<P::Failure>>,
}

/// The request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Configure,
    Terminate,
}

#[derive(Debug, Clone, Copy)]
struct TerminateData {
    octets: [u8; TerminateData::CAPACITY],
    length: usize,
}

impl TerminateData {
    const CAPACITY: usize = 48;
    const NONE: Self = Self { octets: [0; Self::CAPACITY], length: 0 };
}

impl<P: ControlProtocol> Negotiation<P> {
    /// The most octets that [`poll_transmit`](Self::poll_transmit) needs: header (4), options (512).
    pub const MAX_TRANSMIT: usize = CAPACITY.saturating_add(Packet::HEADER_LEN);

    /// This many copies of one refused request are answered.
    const MAX_COPIES: u8 = 100;

    /// The longest data of a packet that is looked at.
    const MAX_DATA_LEN: usize = 2048;

    /// A negotiation in the state Initial.
    #[must_use]
    pub fn new(protocol: P, config: &Config) -> Self {
        Self {
            protocol,
            config: *config,
            state: State::Initial,
            now: Duration::ZERO,
            timer: None,
            listening: None,
            restart_count: 0,
            identifier: config.identifier.wrapping_sub(1),
            request_identifier: 0,
            is_answered: true,
            refusals_sent: 0,
            refusals_received: 0,
            copies: 0,
            request: None,
            reply: Reply::default(),
            terminate_ack: None,
            terminate_data: TerminateData::NONE,
            limit: usize::MAX,
            signals: Signals::default(),
            has_finished: false,
            end: None,
        }
    }

    /// The state of the automaton.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether both sides have agreed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Opened
    }

    /// The options.
    #[must_use]
    pub const fn protocol(&self) -> &P {
        &self.protocol
    }

    /// The options, to change wishes before a negotiation begins. During one, an answer to the request on the way may
    /// not fit any more, and is dropped then.
    pub const fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// The longest packet that the peer takes, header included: Code-Rejects are cut to it. Default: no limit.
    pub const fn set_limit(&mut self, octets: usize) {
        self.limit = octets;
    }

    /// What the next Terminate-Requests say, up to 48 octets: a text, or
    /// [`MicrosoftTermination`](crate::lcp::MicrosoftTermination). Default: nothing.
    pub fn set_terminate_data(&mut self, data: &[u8]) {
        self.terminate_data = TerminateData::NONE;
        for (to, octet) in self.terminate_data.octets.iter_mut().zip(data) {
            *to = *octet;
            self.terminate_data.length = self.terminate_data.length.saturating_add(1);
        }
    }

    /// A new identifier, for a packet of a protocol's own.
    pub(crate) fn next_identifier(&mut self) -> u8 {
        self.identifier = self.identifier.wrapping_add(1);
        self.identifier
    }

    /// RFC 1661 section 4.3: the lower layer is ready.
    pub fn up(&mut self, now: Duration) {
        self.advance(now);
        if self.state == State::Starting && self.config.opening != Opening::Active {
            self.listen();
        } else {
            self.event(automaton::Event::Up);
        }
    }

    /// RFC 1661 section 4.3: the lower layer is gone.
    pub fn down(&mut self, now: Duration) {
        self.advance(now);
        self.event(automaton::Event::Down);
        (self.request, self.terminate_ack, self.reply.pending) = (None, None, false);
    }

    /// RFC 1661 section 4.3: traffic is wanted.
    pub fn open(&mut self, now: Duration) {
        self.advance(now);
        let note = self.state.on(automaton::Event::Open).and_then(|transition| transition.note);
        if self.state == State::Closed && self.config.opening != Opening::Active {
            self.listen();
        } else if note == Some(Note::Restart) && self.config.restart {
            self.event(automaton::Event::Down);
            self.event(automaton::Event::Up);
        } else {
            self.event(automaton::Event::Open);
        }
    }

    /// RFC 1661 section 4.3: traffic is not wanted any more.
    pub fn close(&mut self, now: Duration) {
        self.advance(now);
        self.close_because(Reason::Closed);
    }

    /// The peer does not know the protocol: it sent a Protocol-Reject.
    pub fn reject_protocol(&mut self, now: Duration) {
        self.advance(now);
        self.end = Some(Reason::Rejected);
        self.event(automaton::Event::ReceiveRejectFatal);
    }

    /// Takes a packet: codes 1 to 7. Any other is answered with a Code-Reject, so a protocol that has more codes takes
    /// those out before.
    ///
    /// # Errors
    ///
    /// [`Refused`]: the packet was not taken, and nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        self.advance(now);
        if matches!(self.state, State::Initial | State::Starting) {
            return Err(Refused::Down);
        }
        let length = packet.data.len();
        if length > Self::MAX_DATA_LEN {
            return Err(Refused::TooLong { length });
        }
        match packet.code {
            Code::CONFIGURE_REQUEST => self.handle_request(packet),
            Code::CONFIGURE_ACK | Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT => self.handle_answer(packet),
            Code::TERMINATE_REQUEST => {
                self.terminate_ack = Some(packet.identifier);
                if !matches!(self.state, State::Closing | State::Stopping) {
                    self.end = Some(Reason::PeerClosed);
                }
                self.event(automaton::Event::ReceiveTerminateRequest);
                Ok(())
            }
            Code::TERMINATE_ACK => {
                self.event(automaton::Event::ReceiveTerminateAck);
                Ok(())
            }
            Code::CODE_REJECT => self.handle_code_reject(packet),
            _ => {
                if self.reply.pending {
                    return Err(Refused::Busy);
                }
                let identifier = self.next_identifier();
                self.reply.set_packet(Code::CODE_REJECT, identifier, packet, self.limit);
                self.event(automaton::Event::ReceiveUnknownCode);
                Ok(())
            }
        }
    }

    /// Writes the next packet to send into `buf`: code, identifier, length and data, without a frame.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.advance(now);
        let (code, identifier) = if self.request == Some(Request::Configure) {
            (Code::CONFIGURE_REQUEST, self.request_identifier)
        } else if self.reply.pending {
            (self.reply.code, self.reply.identifier)
        } else if let Some(identifier) = self.terminate_ack {
            (Code::TERMINATE_ACK, identifier)
        } else if self.request == Some(Request::Terminate) {
            (Code::TERMINATE_REQUEST, self.request_identifier)
        } else {
            return Ok(None);
        };
        let mut scratch = [0; CAPACITY];
        let data = match code {
            Code::CONFIGURE_REQUEST => {
                let Ok(data) = self.own_request(&mut scratch) else {
                    self.request = None;
                    return Ok(None);
                };
                data
            }
            Code::TERMINATE_ACK => &[],
            Code::TERMINATE_REQUEST => self.terminate_data.octets.get(..self.terminate_data.length).unwrap_or_default(),
            _ => self.reply.data(),
        };
        let packet = Packet { code, identifier, data, padding: &[] };
        let written = match packet.encode(buf) {
            Ok(octets) => octets,
            Err(EncodeError::BufferTooSmall(error)) => return Err(error),
            // The data fits 512 octets, so no length is too long.
            Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => return Ok(None),
        };
        match code {
            Code::CONFIGURE_REQUEST | Code::TERMINATE_REQUEST => self.request = None,
            Code::TERMINATE_ACK => self.terminate_ack = None,
            _ => self.reply.pending = false,
        }
        Ok(Some(written))
    }

    /// What happened. What was over before anybody asked is left out.
    pub fn poll_event(&mut self) -> Option<Event<P::Failure>> {
        self.signals.poll(self.state == State::Opened)
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        // Never both: one runs in Stopped alone, the other never there.
        self.timer.or(self.listening)
    }

    /// RFC 1661 section 4.6: the time has come, or not yet, or came long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        if self.poll_timeout().is_none_or(|timer| timer > self.now) {
            return;
        }
        self.timer = None;
        if self.listening.take().is_some() {
            self.state = State::Closed;
            self.event(automaton::Event::Open);
        } else if self.restart_count > 0 {
            self.event(automaton::Event::Timeout);
        } else {
            let is_opening = matches!(self.state, State::RequestSent | State::AckReceived | State::AckSent);
            if is_opening && self.end.is_none() {
                self.end = Some(Reason::NoAnswer);
            }
            self.event(automaton::Event::TimeoutLast);
        }
    }

    /// Waits for the peer to begin.
    fn listen(&mut self) {
        self.has_finished = false;
        self.state = State::Stopped;
        self.listening = match self.config.opening {
            Opening::Wait(time) => Some(self.now.saturating_add(time.max(Duration::from_millis(1)))),
            Opening::Active | Opening::Silent => None,
        };
    }

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// The reason that will be told at the end, if that comes now. A peer that ends a negotiation before it has come to a
    /// result is waited for, since it may begin another one.
    pub(crate) fn ending(&self) -> Option<Reason<P::Failure>> {
        self.end.filter(|_| !matches!(self.state, State::Initial | State::Starting | State::Opened))
    }

    /// Closes, for a reason that is told at the end.
    pub(crate) fn close_because(&mut self, reason: Reason<P::Failure>) {
        self.end = Some(reason);
        self.event(automaton::Event::Close);
    }

    fn own_request<'b>(&self, scratch: &'b mut [u8; CAPACITY]) -> Result<&'b [u8], EncodeError> {
        let mut options = OptionWriter::new(scratch);
        self.protocol.write_request(&mut options)?;
        Ok(options.finish())
    }

    /// A negotiation begins.
    fn begin(&mut self) {
        (self.refusals_sent, self.refusals_received, self.copies) = (0, 0, 0);
        self.reply.forget();
        (self.is_answered, self.end, self.has_finished) = (true, None, false);
        self.protocol.restart();
    }

    /// One cell of the table. What cannot happen does nothing.
    fn event(&mut self, event: automaton::Event) {
        let Some(transition) = self.state.on(event) else { return };
        let before = self.state;
        self.state = transition.state;
        let is_closing = matches!(self.state, State::Closing | State::Stopping);
        if is_closing && !matches!(before, State::Closing | State::Stopping) {
            // What was agreed or asked before is void.
            self.request = self.request.filter(|request| *request == Request::Terminate);
            self.reply.pending = false;
        }
        if !self.state.has_timer() {
            (self.timer, self.request) = (None, None);
        }
        if self.state != State::Stopped {
            self.listening = None;
        }
        for action in transition.actions.iter() {
            match action {
                Action::ThisLayerDown => self.signals.bounced = true,
                Action::ThisLayerStarted => (self.signals.started, self.has_finished) = (true, false),
                Action::ThisLayerFinished => {
                    let is_passive = transition.note == Some(Note::Passive) && self.config.passive;
                    let reason = self.end.take().unwrap_or(Reason::Closed);
                    if !is_passive && !self.has_finished {
                        (self.signals.finished, self.has_finished) = (Some(reason), true);
                    }
                }
                Action::InitializeRestartCount => {
                    self.restart_count = if is_closing { self.config.max_terminate } else { self.config.max_configure };
                }
                Action::ZeroRestartCount => {
                    self.restart_count = 0;
                    self.start_timer();
                }
                Action::SendConfigureRequest => {
                    let is_new = matches!(before, State::Starting | State::Closed)
                        || (before == State::Opened && event == automaton::Event::ReceiveTerminateAck);
                    if is_new {
                        self.begin();
                    }
                    self.send(Request::Configure);
                }
                Action::SendTerminateRequest => self.send(Request::Terminate),
                // These have been put in place already, or are told from the state.
                Action::ThisLayerUp
                | Action::SendConfigureAck
                | Action::SendConfigureNak
                | Action::SendTerminateAck
                | Action::SendCodeReject
                | Action::SendEchoReply => {}
            }
        }
    }

    fn send(&mut self, request: Request) {
        if self.is_answered || request == Request::Terminate {
            self.request_identifier = self.next_identifier();
            self.is_answered = false;
        }
        self.request = Some(request);
        self.restart_count = self.restart_count.saturating_sub(1);
        self.start_timer();
    }

    fn start_timer(&mut self) {
        self.timer = Some(self.now.saturating_add(self.config.restart_timeout));
    }
}
