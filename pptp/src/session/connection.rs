//! One control connection and the calls on it: what client and server have in common.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use mppe::Side;
use ppp_fsm::{Random, link};
use pptp_wire::code::StopReason;
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, CloseReason, CommandError, Connection, Event as Control, Refusal, State,
};
use pptp_wire::message::OutgoingCallRequest;

use super::{Batch, BufferTooSmall, Call, Config, Credentials, Event, Reason, ReceiveError, Received, SendError};

/// What has happened on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoreEvent {
    Established,
    Call(CallId, Event),
    Closed(CloseReason),
}

/// A control connection with at most `CALLS` calls.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one step that was taken")]
pub(crate) struct Core<const CALLS: usize> {
    now: Duration,
    random: Random,
    config: Config,
    link: link::Config,
    side: Side,
    /// What a client proves itself with, until its call takes it.
    credentials: Option<Credentials>,
    connection: Connection<CALLS>,
    calls: Vec<Box<Call>>,
    /// The call that is asked first next time.
    turn: usize,
    is_established: bool,
    /// Everything is to end.
    wants_close: bool,
    /// For how long a server keeps a connection without a call.
    idle_timeout: Duration,
    idle_deadline: Option<Duration>,
    /// How many more calls may be accepted.
    allowance: usize,
    /// Why the client's call did not even begin.
    refused: Option<CallCloseReason>,
    /// Not told yet.
    established: bool,
    /// Not told yet.
    closed: Option<CloseReason>,
    /// It was told that everything is over.
    is_over: bool,
}

impl<const CALLS: usize> Core<CALLS> {
    pub(crate) fn new(
        side: Side,
        config: &Config,
        link: &link::Config,
        credentials: Option<Credentials>,
        idle_timeout: Duration,
        entropy: [u8; 32],
    ) -> Self {
        let mut random = Random::new(entropy);
        let is_server = side == Side::Server;
        let control = config.connection(is_server);
        let connection = if is_server {
            Connection::receiver(control, random.entropy())
        } else {
            Connection::originator(control, random.entropy())
        };
        Self {
            now: Duration::ZERO,
            random,
            config: config.clone(),
            link: link.clone(),
            side,
            credentials,
            connection,
            calls: Vec::new(),
            turn: 0,
            is_established: false,
            wants_close: false,
            idle_timeout,
            idle_deadline: None,
            allowance: usize::MAX,
            refused: None,
            established: false,
            closed: None,
            is_over: false,
        }
    }

    pub(crate) const fn connection(&self) -> &Connection<CALLS> {
        &self.connection
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.iter().map(|call| &**call)
    }

    pub(crate) fn call(&self, id: CallId) -> Option<&Call> {
        self.calls().find(|call| call.id() == id)
    }

    pub(crate) fn call_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.iter_mut().map(|call| &mut **call).find(|call| call.id() == id)
    }

    /// Why the client's call did not even begin.
    pub(crate) const fn refused(&self) -> Option<CallCloseReason> {
        self.refused
    }

    /// The latest time seen.
    pub(crate) fn advance(&mut self, now: Duration) -> Duration {
        self.now = self.now.max(now);
        self.now
    }

    pub(crate) fn open(&mut self, now: Duration) {
        self.advance(now);
        // Once is enough.
        let _ = self.connection.open(now);
        self.settle();
    }

    /// Ends all calls, then the connection.
    pub(crate) fn close(&mut self, now: Duration) {
        let now = self.advance(now);
        self.wants_close = true;
        for call in &mut self.calls {
            call.close(now, Reason::Closed);
        }
        self.settle();
    }

    pub(crate) fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        let now = self.advance(now);
        let mut rest = octets;
        loop {
            let taken = self.connection.handle_stream(now, rest);
            let events = self.settle();
            rest = rest.get(taken..).unwrap_or_default();
            if rest.is_empty() || (taken == 0 && !events) {
                return octets.len().saturating_sub(rest.len());
            }
        }
    }

    pub(crate) fn handle_disconnect(&mut self, now: Duration) {
        let now = self.advance(now);
        self.connection.handle_disconnect(now);
        self.settle();
    }

    pub(crate) fn handle_gre<'p>(
        &'p mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<(CallId, Received<'p>), ReceiveError> {
        let now = self.advance(now);
        // What is shorter is no packet of any call.
        let Some([_, _, _, _, _, _, high, low]) = packet.first_chunk::<8>() else {
            let error = pptp_gre::Packet::decode(packet).err().map(pptp_gre::ReceiveError::from);
            return Err(error.map_or(ReceiveError::UnknownCall { call_id: 0 }, ReceiveError::from));
        };
        let call_id = u16::from_be_bytes([*high, *low]);
        let id = CallId::new(call_id);
        let call = self.live_call(id).ok_or(ReceiveError::UnknownCall { call_id })?;
        Ok((id, call.handle_gre(now, packet)?))
    }

    /// A call that GRE packets may be of; one is coming.
    pub(crate) fn live_call(&mut self, id: CallId) -> Option<&mut Call> {
        let Self { calls, connection, now, .. } = self;
        let call = calls.iter_mut().find(|call| call.id() == id && !call.is_cleared())?;
        if !call.has_seen_data() {
            connection.handle_data_seen(*now, id);
        }
        Some(call)
    }

    pub(crate) fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<(CallId, &'b [u8])>, BufferTooSmall> {
        let now = self.advance(now);
        let mut found = None;
        for call in &mut self.calls {
            if let Some(range) = call.poll_receive(now, buf)? {
                found = Some((call.id(), range));
                break;
            }
        }
        Ok(found.map(|(id, range)| (id, buf.get(range).unwrap_or_default())))
    }

    pub(crate) fn send_ip<'b>(
        &'b mut self,
        now: Duration,
        call: Option<CallId>,
        buf: &'b mut [u8],
    ) -> Result<&'b [u8], SendError> {
        let now = self.advance(now);
        self.call_to_send(call).ok_or(SendError::NoCall)?.send_ip(now, buf)
    }

    /// A call that packets may be sent by: this one, or the only one of a client.
    pub(crate) fn call_to_send(&mut self, call: Option<CallId>) -> Option<&mut Call> {
        let is_it = |found: &&mut Box<Call>| !found.is_cleared() && call.is_none_or(|call| call == found.id());
        self.calls.iter_mut().find(is_it).map(|call| &mut **call)
    }

    pub(crate) fn send_ip_batch(
        &mut self,
        now: Duration,
        call: Option<CallId>,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        let now = self.advance(now);
        match self.call_to_send(call) {
            Some(call) => call.send_ip_batch(now, batch, packets, each),
            None => (0..packets.len()).for_each(|index| each(index, Err(SendError::NoCall))),
        }
    }

    /// Each run of packets of one call is a batch.
    pub(crate) fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<(CallId, Received<'_>), ReceiveError>),
    ) {
        let now = self.advance(now);
        let call_id =
            |packet: &[u8]| packet.first_chunk::<8>().map(|[.., high, low]| u16::from_be_bytes([*high, *low]));
        let mut first = 0_usize;
        for run in packets.chunk_by_mut(|one, other| call_id(one) == call_id(other)) {
            let count = run.len();
            let id = run.first().and_then(|packet| call_id(packet)).map(CallId::new);
            match id.and_then(|id| Some((id, self.live_call(id)?))) {
                Some((id, call)) => {
                    call.handle_gre_batch(now, batch, run, &mut |index: usize, received| {
                        each(first.saturating_add(index), received.map(|received| (id, received)));
                    });
                }
                // One by one, for the reason.
                None => {
                    for (index, packet) in (first..).zip(run) {
                        each(index, self.handle_gre(now, packet));
                    }
                }
            }
            first = first.saturating_add(count);
        }
    }

    pub(crate) fn poll_control<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let now = self.advance(now);
        self.settle();
        let result = self.connection.poll_transmit(now, buf);
        result.map_err(|error| BufferTooSmall { needed: error.needed, available: error.available })
    }

    pub(crate) fn poll_tunnel<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<(CallId, &'b [u8])>, BufferTooSmall> {
        let now = self.advance(now);
        let mut found = None;
        for step in 0..self.calls.len() {
            let index = self.turn.saturating_add(step).checked_rem(self.calls.len()).unwrap_or_default();
            let Some(call) = self.calls.get_mut(index) else { break };
            if let Some(range) = call.poll_tunnel(now, buf)? {
                // Each call in turn.
                self.turn = index.saturating_add(1);
                found = Some((call.id(), range));
                break;
            }
        }
        self.settle();
        Ok(found.map(|(id, range)| (id, buf.get(range).unwrap_or_default())))
    }

    pub(crate) fn poll_event(&mut self) -> Option<CoreEvent> {
        self.settle();
        // A call that is over could be looked at until now.
        self.calls.retain(|call| !call.is_over());
        if core::mem::take(&mut self.established) {
            return Some(CoreEvent::Established);
        }
        let now = self.now;
        let event = self.calls.iter_mut().find_map(|call| {
            let event = call.poll_event(now)?;
            Some(CoreEvent::Call(call.id(), event))
        });
        if event.is_some() {
            self.settle();
            return event;
        }
        let closed = if self.calls.is_empty() { self.closed.take() } else { None };
        self.is_over |= closed.is_some();
        closed.map(CoreEvent::Closed)
    }

    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many more calls may be accepted.
    pub(crate) const fn set_allowance(&mut self, calls: usize) {
        self.allowance = calls;
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let calls = self.calls.iter().filter_map(|call| call.poll_timeout());
        calls.chain(self.connection.poll_timeout()).chain(self.idle_deadline).min()
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        let now = self.advance(now);
        self.connection.handle_timeout(now);
        for call in &mut self.calls {
            call.handle_timeout(now);
        }
        if self.idle_deadline.is_some_and(|deadline| deadline <= now) {
            self.idle_deadline = None;
            self.wants_close = true;
        }
        self.settle();
    }

    /// Lets the connection know what happened in the calls, and the calls what happened on it. Whether anything did.
    pub(crate) fn settle(&mut self) -> bool {
        let mut is_any = false;
        loop {
            let mut is_more = false;
            while let Some(event) = self.connection.poll_event() {
                self.control_event(event);
                is_more = true;
            }
            is_more |= self.clear_calls();
            is_any |= is_more;
            if !is_more {
                break;
            }
        }
        let has_calls = !self.calls.is_empty();
        let is_wanted = self.side == Side::Server && self.connection.state() == State::Established && !has_calls;
        self.idle_deadline =
            if is_wanted { self.idle_deadline.or_else(|| self.now.checked_add(self.idle_timeout)) } else { None };
        is_any
    }

    /// Ends on the control connection what is over in the tunnel. Whether anything was.
    fn clear_calls(&mut self) -> bool {
        let now = self.now;
        let mut is_any = false;
        for call in &mut self.calls {
            if !call.wants_clearing() {
                continue;
            }
            let reason = call.reason().unwrap_or(Reason::Closed);
            match self.connection.clear_call(now, call.id(), reason.disconnect()) {
                Ok(()) => {
                    call.asked_for_clearing();
                    is_any = true;
                }
                // There is room when messages were polled.
                Err(CommandError::Busy) => {}
                Err(_) => {
                    call.cleared(now, reason);
                    is_any = true;
                }
            }
        }
        let is_quiet = self.calls.iter().all(|call| call.is_cleared());
        let is_open = !matches!(self.connection.state(), State::WaitStopReply | State::Closed);
        if self.wants_close && is_quiet && is_open && self.is_established {
            self.connection.close(now, StopReason::STOP_LOCAL_SHUTDOWN);
            is_any = true;
        } else if self.wants_close && !self.is_established && self.connection.state() != State::Closed {
            self.connection.close(now, StopReason::STOP_LOCAL_SHUTDOWN);
            // Before it is open, it does not tell that it is closed.
            is_any = self.connection.state() == State::Closed;
        }
        is_any
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what else there is means nothing here")]
    fn control_event(&mut self, event: Control) {
        let now = self.now;
        match event {
            Control::Established => {
                (self.is_established, self.established) = (true, true);
                if self.side == Side::Client && !self.wants_close {
                    let request = OutgoingCallRequest {
                        packet_receive_window_size: self.config.receive_window,
                        ..OutgoingCallRequest::new(0, 0)
                    };
                    // A new connection has room.
                    let _ = self.connection.place_call(now, request);
                }
            }
            Control::CallRequested { call } => {
                // The end of an earlier call that nobody has polled takes its place.
                let has_room = self.calls.len() < CALLS && self.allowance > 0 && !self.wants_close;
                let answer = Answer::new().with_window(self.config.receive_window);
                // What was asked a moment ago is still asked, and there is room for the answer.
                let _ = if has_room {
                    self.allowance = self.allowance.saturating_sub(1);
                    self.connection.accept_call(now, call, answer)
                } else {
                    self.connection.refuse_call(now, call, Refusal::BUSY)
                };
            }
            Control::CallConnected { call, peer_call_id, parameters } => {
                let entropy = self.random.entropy();
                let ids = (call, peer_call_id);
                let mut new = Call::new(now, ids, &parameters, self.side, &self.config, &self.link, entropy);
                if let Some(credentials) = self.credentials.take() {
                    new.set_credentials(credentials);
                }
                if self.wants_close {
                    new.close(now, Reason::Closed);
                }
                self.calls.push(new);
            }
            Control::ControlUpButNoData { call, elapsed } => {
                if let Some(call) = self.call_mut(call) {
                    call.no_data(elapsed);
                }
            }
            Control::CallClosed { call, reason } => self.call_closed(call, reason),
            Control::Closed { reason } => {
                self.closed = Some(reason);
                let reason = Reason::of_connection(reason);
                for call in self.calls.iter_mut().filter(|call| !call.is_cleared()) {
                    call.cleared(now, reason);
                }
            }
            _ => {}
        }
    }

    fn call_closed(&mut self, id: CallId, reason: CallCloseReason) {
        let now = self.now;
        // A better reason follows, with the end of the connection.
        if matches!(reason, CallCloseReason::ConnectionClosed { .. }) {
            return;
        }
        match self.call_mut(id) {
            Some(call) => call.cleared(now, Reason::Call(reason)),
            None => self.refused = self.refused.or(Some(reason)),
        }
        if self.side == Side::Client {
            self.wants_close = true;
        }
    }
}
