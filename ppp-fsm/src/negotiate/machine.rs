//! States, timer, counters and identifiers.

mod packet;

use core::time::Duration;

use super::config::{Config, Opening};
use super::outcome::{Event, Reason, Refused};
use super::protocol::ControlProtocol;
use super::reply::{Answer, CAPACITY, Reply};
use super::request::Request;
use super::timer::Timer;
use crate::automaton::{self, Action, Note, State, Transition};
use crate::buffer::Short;
use crate::events::Events;
use crate::time;
use crate::{BufferTooSmall, Code, EncodeError, OptionWriter, Packet};

/// RFC 1661 section 4: the machine of one control protocol.
///
/// It holds one answer of at most 512 bytes of data, on the heap with the feature `alloc`. It sends one packet for each
/// that it takes, at most two, and a few when its timer expires, so that no peer can make it busy. An example is at
/// [`ControlProtocol`].
///
/// It keeps no clock: each `now` must not be earlier than the one before. [`Link`](crate::link::Link) sees to that.
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
/// * A side that lets the peer begin has three cells of its own: [`State::on_passive`].
#[derive(Debug)]
pub struct Negotiation<P: ControlProtocol> {
    protocol: P,
    config: Config,
    state: State,
    timer: Timer,
    restart_count: u8,
    /// Of the last packet that is no answer.
    identifier: u8,
    request: Request,
    failures: Failures,
    reply: Reply,
    terminate_ack: Option<u8>,
    terminate_data: Short<48>,
    limit: usize,
    end: End<P::Failure>,
    events: Events<Event<P::Failure>, 4>,
}

/// The counts for Max-Failure, since the negotiation began.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    /// Whether the peer has sent a request, which says that it listens.
    peer_has_begun: bool,
    sent: u8,
    received: u8,
    /// Copies of the request that was refused last.
    copies: u8,
}

/// This-Layer-Finished, which is reported once in each negotiation.
#[derive(Debug, Clone, Copy)]
enum End<F> {
    /// Nothing ends.
    None,
    /// The negotiation is about to end for this reason.
    Coming(Reason<F>),
    /// It was reported.
    Reported,
}

/// The data of an event for the actions that answer it.
#[derive(Clone, Copy)]
enum Occasion<'a> {
    /// A command, or time: there is nothing to answer.
    Own,
    /// A packet that sta or scj answers.
    Packet(&'a Packet<'a>),
    /// A Configure-Request, and what it is answered with if the automaton says so.
    Request(&'a Packet<'a>, &'a Answer),
    /// A copy of the request that was refused last: the same answer once more.
    Copy,
}

impl<P: ControlProtocol> Negotiation<P> {
    /// The most bytes that [`poll_transmit`](Self::poll_transmit) needs: header (4), options (512).
    pub const MAX_TRANSMIT: usize = CAPACITY.saturating_add(Packet::HEADER_LEN);

    /// This many copies of one refused request are answered.
    const MAX_COPIES: u8 = 100;

    /// The longest data of a packet that is looked at.
    const MAX_DATA_LEN: usize = 2048;

    /// Returns a negotiation in the state Initial.
    #[must_use]
    pub fn new(protocol: P, config: &Config) -> Self {
        Self {
            protocol,
            config: config.clone(),
            state: State::Initial,
            timer: Timer::Off,
            restart_count: 0,
            identifier: config.identifier.wrapping_sub(1),
            request: Request::None,
            failures: Failures::default(),
            reply: Reply::default(),
            terminate_ack: None,
            terminate_data: Short::EMPTY,
            limit: usize::MAX,
            end: End::None,
            events: Events::default(),
        }
    }

    /// Returns the state of the automaton.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Returns whether both sides have agreed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Opened
    }

    /// Returns the options.
    #[must_use]
    pub const fn protocol(&self) -> &P {
        &self.protocol
    }

    /// Returns the options, to change wishes before a negotiation begins. During one, an answer to the request on the
    /// way may not fit any more, and is dropped then.
    pub const fn protocol_mut(&mut self) -> &mut P {
        &mut self.protocol
    }

    /// Sets the longest packet that the peer takes, header included: Code-Rejects are cut to it. Default: no limit.
    pub const fn set_limit(&mut self, length: usize) {
        self.limit = length;
    }

    /// Sets what the next Terminate-Requests say, up to 48 bytes: a text, or
    /// [`MicrosoftTermination`](crate::lcp::MicrosoftTermination). Default: nothing.
    pub fn set_terminate_data(&mut self, data: &[u8]) {
        self.terminate_data = Short::new(data);
    }

    /// Returns a new identifier, for a packet of a protocol's own.
    pub(crate) fn next_identifier(&mut self) -> u8 {
        self.identifier = self.identifier.wrapping_add(1);
        self.identifier
    }

    /// Signals that the lower layer is ready (RFC 1661 section 4.3).
    pub fn up(&mut self, now: Duration) {
        self.apply(now, automaton::Event::Up, Occasion::Own);
    }

    /// Signals that the lower layer is gone (RFC 1661 section 4.3).
    pub fn down(&mut self, now: Duration) {
        self.apply(now, automaton::Event::Down, Occasion::Own);
    }

    /// Begins as soon as the lower layer is ready (RFC 1661 section 4.3).
    pub fn open(&mut self, now: Duration) {
        let note = self.transition(automaton::Event::Open).and_then(|transition| transition.note);
        // RFC 1661 section 4.4, footnote r.
        if note == Some(Note::Restart) && self.config.restart {
            self.apply(now, automaton::Event::Down, Occasion::Own);
            self.apply(now, automaton::Event::Up, Occasion::Own);
        } else {
            self.apply(now, automaton::Event::Open, Occasion::Own);
        }
    }

    /// Ends the negotiation and what was agreed (RFC 1661 section 4.3).
    pub fn close(&mut self, now: Duration) {
        self.close_because(now, Reason::Closed);
    }

    /// Reports that the peer does not know the protocol: it sent a Protocol-Reject.
    pub fn reject_protocol(&mut self, now: Duration) {
        self.will_end(Reason::Rejected);
        self.apply(now, automaton::Event::ReceiveRejectFatal, Occasion::Own);
    }

    /// Takes a packet: codes 1 to 7. Any other is answered with a Code-Reject, so a protocol that has more codes takes
    /// those out before.
    ///
    /// # Errors
    ///
    /// [`Refused`]: the packet was not taken, and nothing has changed.
    pub fn handle_packet(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        // RFC 1661 section 4.1: no packet can come in these states.
        if matches!(self.state, State::Initial | State::Starting) {
            return Err(Refused::Down);
        }
        let length = packet.data.len();
        if length > Self::MAX_DATA_LEN {
            return Err(Refused::TooLong { length });
        }
        match packet.code {
            Code::CONFIGURE_REQUEST => self.handle_request(now, packet),
            Code::CONFIGURE_ACK | Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT => self.handle_answer(now, packet),
            Code::TERMINATE_REQUEST => {
                // When both terminate, this side's reason stays.
                if !matches!(self.state, State::Closing | State::Stopping) {
                    self.will_end(Reason::PeerClosed);
                }
                self.apply(now, automaton::Event::ReceiveTerminateRequest, Occasion::Packet(packet));
                Ok(())
            }
            Code::TERMINATE_ACK => {
                self.apply(now, automaton::Event::ReceiveTerminateAck, Occasion::Own);
                Ok(())
            }
            Code::CODE_REJECT => self.handle_code_reject(now, packet),
            // A Code-Reject that waits would be overwritten, so the packet is refused and may come
            // again.
            _ if self.reply.is_due() => Err(Refused::Busy),
            _ => {
                self.apply(now, automaton::Event::ReceiveUnknownCode, Occasion::Packet(packet));
                Ok(())
            }
        }
    }

    /// Writes the next packet to send into `buf`: code, identifier, length and data, without a frame.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, _now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        // An own Configure-Request goes first: RFC 1661 does it so in every cell that has both.
        if let Request::Configure { identifier, is_due: true } = self.request {
            let mut scratch = [0; CAPACITY];
            if let Ok(data) = self.own_request(&mut scratch) {
                let written = encode(Code::CONFIGURE_REQUEST, identifier, data, buf)?;
                self.request.settle();
                return Ok(Some(written));
            }
            // A protocol whose options do not fit sends nothing: `ControlProtocol::write_request` says so.
            self.request.settle();
        }
        if let Some((code, identifier, data)) = self.reply.due() {
            let written = encode(code, identifier, data, buf)?;
            self.reply.settle();
            return Ok(Some(written));
        }
        if let Some(identifier) = self.terminate_ack {
            let written = encode(Code::TERMINATE_ACK, identifier, &[], buf)?;
            self.terminate_ack = None;
            return Ok(Some(written));
        }
        if let Request::Terminate { identifier, is_due: true } = self.request {
            let written = encode(Code::TERMINATE_REQUEST, identifier, self.terminate_data.as_bytes(), buf)?;
            self.request.settle();
            return Ok(Some(written));
        }
        Ok(None)
    }

    /// Returns the next event, in order.
    ///
    /// Events that wait are kept by kind. Of several Started, Down or Finished the latest is
    /// reported. An Up that was over before it was polled is left out, and the Down after it too,
    /// unless an earlier Up was reported.
    pub fn poll_event(&mut self) -> Option<Event<P::Failure>> {
        self.events.pop()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        self.timer.deadline()
    }

    /// Processes an expired timer (RFC 1661 section 4.6). Early, late and repeated calls are
    /// harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        if !time::is_due(self.timer.deadline(), now) {
            return;
        }
        // The counter at zero makes of a time-out the last one (RFC 1661 section 4.6).
        let is_last = self.restart_count == 0 && matches!(self.timer, Timer::Restart(_));
        if !is_last {
            self.apply(now, automaton::Event::Timeout, Occasion::Own);
            return;
        }
        let is_opening = matches!(self.state, State::RequestSent | State::AckReceived | State::AckSent);
        if is_opening && matches!(self.end, End::None) {
            self.will_end(Reason::NoAnswer);
        }
        self.apply(now, automaton::Event::TimeoutLast, Occasion::Own);
    }

    /// Returns whether this is the first request of the peer since this side has begun.
    pub(crate) fn is_first_request(&self, packet: &Packet<'_>) -> bool {
        packet.code == Code::CONFIGURE_REQUEST && self.state == State::RequestSent && !self.failures.peer_has_begun
    }

    /// Sends the Configure-Request of this side once more, without waiting for the timer: what was sent before came too
    /// early. Nothing when it was answered already.
    pub(crate) fn repeat_request(&mut self, now: Duration) {
        if !matches!(self.state, State::RequestSent | State::AckSent) {
            return;
        }
        match &mut self.request {
            Request::Configure { is_due, .. } => *is_due = true,
            // The peer has taken back what it had acknowledged.
            Request::None if self.restart_count > 0 => self.send_configure_request(now),
            Request::None | Request::Terminate { .. } => {}
        }
    }

    /// Returns whether the answer to the peer's request is all that there is to send, while that of
    /// this side has none.
    pub(crate) fn has_early_answer(&self) -> bool {
        let is_requesting = matches!(self.request, Request::Configure { is_due: false, .. });
        let is_answer = self.reply.due().is_some_and(|(code, ..)| {
            [Code::CONFIGURE_ACK, Code::CONFIGURE_NAK, Code::CONFIGURE_REJECT].contains(&code)
        });
        matches!(self.state, State::RequestSent | State::AckSent) && is_requesting && is_answer
    }

    /// Returns the reason that will be reported at the end, if that comes now. A peer that ends a
    /// negotiation before it has come to a result is waited for, since it may begin another one.
    pub(crate) const fn ending(&self) -> Option<Reason<P::Failure>> {
        match (self.end, self.state) {
            (_, State::Initial | State::Starting | State::Opened) | (End::None | End::Reported, _) => None,
            (End::Coming(reason), _) => Some(reason),
        }
    }

    /// Closes for a reason that is reported at the end.
    fn close_because(&mut self, now: Duration, reason: Reason<P::Failure>) {
        self.will_end(reason);
        self.apply(now, automaton::Event::Close, Occasion::Own);
    }

    /// Notes the latest reason, which is reported unless the end was.
    fn will_end(&mut self, reason: Reason<P::Failure>) {
        if !matches!(self.end, End::Reported) {
            self.end = End::Coming(reason);
        }
    }

    fn own_request<'b>(&self, scratch: &'b mut [u8; CAPACITY]) -> Result<&'b [u8], EncodeError> {
        let mut options = OptionWriter::new(scratch);
        self.protocol.write_request(&mut options)?;
        Ok(options.finish())
    }

    /// Begins a negotiation.
    fn begin(&mut self) {
        self.failures = Failures::default();
        self.reply.forget();
        self.request = Request::None;
        self.end = End::None;
        self.protocol.restart();
    }

    fn transition(&self, event: automaton::Event) -> Option<Transition> {
        match self.config.opening {
            Opening::Active => self.state.on(event),
            Opening::Wait(_) | Opening::Silent => self.state.on_passive(event),
        }
    }

    /// Performs one cell of the table (RFC 1661 section 4.1). This is the only place where the
    /// state changes and where answers are put. An event that cannot happen does nothing.
    fn apply(&mut self, now: Duration, event: automaton::Event, occasion: Occasion<'_>) {
        let Some(transition) = self.transition(event) else { return };
        let before = self.state;
        self.state = transition.state;
        self.leave(now, before);
        for action in transition.actions.iter() {
            match action {
                Action::ThisLayerUp => self.events.push(Event::Up),
                Action::ThisLayerDown => self.events.push(Event::Down),
                Action::ThisLayerStarted => {
                    self.end = End::None;
                    self.events.push(Event::Started);
                }
                Action::ThisLayerFinished => self.finish(transition.note),
                Action::InitializeRestartCount => {
                    let is_closing = is_closing(self.state);
                    // RFC 1661 section 4.6: Max-Terminate counts ends, Max-Configure beginnings.
                    self.restart_count = if is_closing { self.config.max_terminate } else { self.config.max_configure };
                }
                Action::ZeroRestartCount => {
                    self.restart_count = 0;
                    // Action zrc: the peer ends, and gets one period to do so.
                    self.timer = Timer::restart(now, self.config.restart_timeout);
                }
                Action::SendConfigureRequest => {
                    // A request of the peer in Stopped or Opened has begun a negotiation before it was judged.
                    if is_beginning(before, event) {
                        self.begin();
                    }
                    self.send_configure_request(now);
                }
                Action::SendTerminateRequest => {
                    let identifier = self.next_identifier();
                    self.request = Request::Terminate { identifier, is_due: true };
                    self.use_try(now);
                }
                Action::SendConfigureAck | Action::SendConfigureNak => match occasion {
                    Occasion::Request(request, answer) => self.reply.put_answer(request, answer),
                    Occasion::Copy => self.reply.repeat(),
                    Occasion::Own | Occasion::Packet(_) => debug_assert!(false, "a request has its answer"),
                },
                Action::SendTerminateAck => match occasion {
                    Occasion::Packet(packet) | Occasion::Request(packet, _) => {
                        self.terminate_ack = Some(packet.identifier);
                    }
                    Occasion::Own | Occasion::Copy => debug_assert!(false, "a packet is answered"),
                },
                Action::SendCodeReject => match occasion {
                    Occasion::Packet(packet) => {
                        let identifier = self.next_identifier();
                        self.reply.put_code_reject(identifier, packet, self.limit);
                    }
                    Occasion::Own | Occasion::Request(..) | Occasion::Copy => {
                        debug_assert!(false, "a packet is rejected");
                    }
                },
                // RFC 1661 section 5.8: echoes are LCP's alone, and the link answers them.
                Action::SendEchoReply => debug_assert!(false, "no event here is RXR"),
            }
        }
    }

    /// Clears everything that a change of state takes away.
    fn leave(&mut self, now: Duration, before: State) {
        if is_closing(self.state) && !is_closing(before) {
            // The earlier agreement and request are void.
            self.request = Request::None;
            self.reply.settle();
        }
        if matches!(self.state, State::Initial | State::Starting) {
            // Nothing can be sent.
            self.reply.settle();
            self.terminate_ack = None;
        }
        if !self.state.has_timer() {
            self.request = Request::None;
            if self.state != before || self.state != State::Stopped {
                self.timer = Timer::Off;
            }
        }
        // The cells of a passive opening: the peer is waited for.
        if self.state == State::Stopped && matches!(before, State::Starting | State::Closed) {
            self.end = End::None;
            self.timer = Timer::listen(now, self.config.opening);
        }
    }

    /// Finishes the layer (RFC 1661 action tlf).
    fn finish(&mut self, note: Option<Note>) {
        let reason = match self.end {
            End::None => Reason::Closed,
            End::Coming(reason) => reason,
            // Said when it was stopped, and once is enough.
            End::Reported => return,
        };
        // Footnote p: a peer that does not answer is waited for.
        let is_patient = note == Some(Note::Passive) && self.config.passive;
        self.end = if is_patient { End::None } else { End::Reported };
        if !is_patient {
            self.events.push(Event::Finished(reason));
        }
    }

    /// Sends a Configure-Request (RFC 1661 action scr).
    fn send_configure_request(&mut self, now: Duration) {
        let identifier = match self.request {
            Request::Configure { identifier, .. } => identifier,
            Request::None | Request::Terminate { .. } => self.next_identifier(),
        };
        self.request = Request::Configure { identifier, is_due: true };
        self.use_try(now);
    }

    fn use_try(&mut self, now: Duration) {
        match self.restart_count.checked_sub(1) {
            Some(left) => self.restart_count = left,
            // TO- comes in place of TO+ when none is left, and irc is in front of every other request.
            None => debug_assert!(false, "a request needs a try"),
        }
        self.timer = Timer::restart(now, self.config.restart_timeout);
    }
}

const fn is_closing(state: State) -> bool {
    matches!(state, State::Closing | State::Stopping)
}

/// Returns whether the Configure-Request that this event sends is the first of a negotiation.
fn is_beginning(before: State, event: automaton::Event) -> bool {
    matches!(before, State::Starting | State::Closed)
        || (before == State::Opened && event == automaton::Event::ReceiveTerminateAck)
        || (before == State::Stopped && event == automaton::Event::Timeout)
}

fn encode<'b>(code: Code, identifier: u8, data: &[u8], buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
    match (Packet { code, identifier, data, padding: &[] }).encode(buf) {
        Ok(bytes) => Ok(bytes),
        Err(EncodeError::BufferTooSmall(error)) => Err(error),
        Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => {
            debug_assert!(false, "512 bytes are never too long");
            Ok(&[])
        }
    }
}
