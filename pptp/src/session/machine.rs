//! A control connection and its calls.

use core::time::Duration;

use ppp_session::memory::{List, Own};
use ppp_session::ppp::Random;
use pptp_wire::connection::{CallId, Connection};

use super::call::Machine;
use super::setup::{Role, Setup};
use super::{BufferTooSmall, Call, Event, Reason};
use crate::shard::Shard;

#[cfg(feature = "alloc")]
mod batch;
mod control;
mod data;

#[cfg(feature = "alloc")]
pub(crate) use data::call_id;

/// Where the ids of calls come from.
#[derive(Debug, Clone, Copy)]
enum Numbers<const CALLS: usize> {
    /// The connection draws them.
    Own,
    /// A server of many connections keeps them apart from those of others, and these are free. All
    /// are of this shard.
    Reserved { free: [Option<CallId>; CALLS], shard: Shard },
}

impl<const CALLS: usize> Numbers<CALLS> {
    /// Returns the places of the numbers that are free.
    fn places(&mut self) -> impl Iterator<Item = &mut Option<CallId>> {
        match self {
            Self::Own => None,
            Self::Reserved { free, .. } => Some(free.iter_mut()),
        }
        .into_iter()
        .flatten()
    }
}

/// Where the control connection is. The later stages are last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is being started.
    Opening,
    /// It is up, and a client's call is requested as soon as there is room for the request.
    Calling,
    /// It is up. A server ends it at the deadline, which it has while there is no call.
    Established { idle_deadline: Option<Duration> },
    /// Everything is to end, and it was not up yet.
    Abandoning,
    /// Everything is to end: calls first, then the connection.
    Ending,
    /// It is closed; the last event waits until those of the calls were polled.
    Closed(Reason),
    /// The last event was polled.
    Over(Reason),
}

/// One control connection and its calls, at most `CALLS` at a time; one more is refused. A client
/// dials one call.
///
/// It belongs to one TCP connection: to dial again, make another one. A client's takes 2.3 KiB,
/// 8.5 KiB once the call is up, 11 KiB with encryption, and [more](ppp_session::Compression) where
/// packets are compressed. A server's takes 2 KiB and 400 bytes for each of `CALLS`, and 8.5 KiB
/// for a call that is up.
///
/// Memory that most sessions never need is taken when it is needed first, and kept then. The keys of
/// lost and late packets take 3.5 KiB, and packets that wait for an earlier one up to 64 KiB.
///
/// ```
/// use core::time::Duration;
/// use pptp::client::{Config, Session};
/// use pptp::session::{Event, MAX_TRANSMIT};
/// use pptp::wire::Message;
///
/// let now = Duration::ZERO;
/// // Of 32 unpredictable bytes.
/// let mut session = Session::new(&Config::new("alice", "wonderland"), [7; 32]);
/// session.open(now);
/// // The first bytes for TCP.
/// let mut buf = [0; MAX_TRANSMIT];
/// let bytes = session.poll_control(now, &mut buf)?.unwrap();
/// assert_eq!(Message::decode(bytes)?.0.name(), "Start-Control-Connection-Request");
///
/// // Nobody answers.
/// let deadline = session.poll_timeout().unwrap();
/// assert_eq!(deadline, Duration::from_secs(10));
/// session.handle_timeout(deadline);
/// let Some(Event::Closed(reason)) = session.poll_event() else { panic!("not closed") };
/// assert_eq!(
///     reason.to_string(),
///     "the peer has not started the connection in time: is it a PPTP peer?"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session<const CALLS: usize> {
    now: Duration,
    random: Random,
    setup: Own<Setup>,
    connection: Own<Connection<CALLS>>,
    calls: List<Own<Machine>, CALLS>,
    /// The call that is asked first next time.
    turn: usize,
    stage: Stage,
    /// How many more calls may be accepted.
    allowance: usize,
    numbers: Numbers<CALLS>,
    /// Why a client's call is over, or never began.
    end_of_call: Option<Reason>,
    /// [`Event::Established`] waits.
    is_established_waiting: bool,
}

impl<const CALLS: usize> Session<CALLS> {
    /// Makes a session that has not begun, from a [`client::Config`](crate::client::Config) or a
    /// [`server::Config`](crate::server::Config). `entropy` must be unpredictable: call ids,
    /// challenges and identifiers come from it.
    #[must_use]
    pub fn new(setup: impl Into<Setup>, entropy: [u8; 32]) -> Self {
        let setup: Setup = setup.into();
        let mut random = Random::new(entropy);
        // RFC 2637 section 3.2.4: the PNS asks for outgoing calls, and the VPN client is the PNS.
        let control = setup.config.control.with_outgoing_call_requests(!setup.is_client());
        let connection = match setup.role {
            Role::Client(_) => Connection::originator(control, random.entropy()),
            Role::Server { .. } => Connection::receiver(control, random.entropy()),
        };
        Self {
            now: Duration::ZERO,
            random,
            setup: Own::new(setup),
            connection: Own::new(connection),
            calls: List::new(),
            turn: 0,
            stage: Stage::Opening,
            allowance: usize::MAX,
            numbers: Numbers::Own,
            end_of_call: None,
            is_established_waiting: false,
        }
    }

    /// Returns the one way in: takes the time forward, does the work, and lets connection and calls
    /// know what happened.
    fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Self, Duration) -> T) -> T {
        self.now = self.now.max(now);
        let result = work(self, self.now);
        self.pump();
        result
    }

    /// Returns the way in for one call. The connection has to know only when the call is over, so
    /// that a data packet costs nothing of it.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    pub(super) fn enter_call<T>(
        &mut self,
        now: Duration,
        index: usize,
        work: impl FnOnce(&mut Machine, Duration) -> T,
    ) -> Option<T> {
        self.now = self.now.max(now);
        let call = self.calls.get_mut(index)?;
        let result = work(call, self.now);
        // Data packets need no look at the control connection; a call that is over does.
        if call.wants_clearing().is_some() {
            self.pump();
        }
        Some(result)
    }

    /// Begins, since the TCP connection is open.
    pub fn open(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            // Once is enough.
            let _ = session.connection.open(now);
        });
    }

    /// Hangs up: PPP first, then the calls, then the control connection. [`Event::Closed`] follows,
    /// after some seconds at most.
    pub fn close(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            session.end();
            for call in &mut session.calls {
                call.close(now);
            }
        });
    }

    /// Ends everything.
    fn end(&mut self) {
        self.stage = match self.stage {
            Stage::Opening | Stage::Abandoning => Stage::Abandoning,
            Stage::Calling | Stage::Established { .. } | Stage::Ending => Stage::Ending,
            over @ (Stage::Closed(_) | Stage::Over(_)) => over,
        };
    }

    /// How many bytes [`handle_stream`](Self::handle_stream) takes at least when
    /// [`wants_read`](Self::wants_read) says yes: a good size for a read from TCP.
    pub const READ_LEN: usize = Connection::<CALLS>::READ_LEN;

    /// Returns whether the TCP connection should be read now.
    ///
    /// When it says no, poll [`poll_control`](Self::poll_control) and events first. Meanwhile TCP
    /// holds the peer up. Before [`open`](Self::open) and after the end it says no, too.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.connection.wants_read()
    }

    /// Takes bytes from TCP. Returns how many were taken: less than all when events or output have
    /// to be polled first. Bytes that cannot be handled yet are kept, up to
    /// [`READ_LEN`](Self::READ_LEN).
    ///
    /// A caller that reads at most that many bytes at a time, and only when
    /// [`wants_read`](Self::wants_read) says yes, never has a rest to give again.
    pub fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        // Events that were handled make room for more.
        let mut is_stuck = false;
        while !rest.is_empty() {
            let taken = self.enter(now, |session, now| session.connection.handle_stream(now, rest));
            if taken == 0 && is_stuck {
                break;
            }
            is_stuck = taken == 0;
            rest = rest.get(taken..).unwrap_or_default();
        }
        bytes.len().saturating_sub(rest.len())
    }

    /// Takes the end of the TCP connection.
    pub fn handle_disconnect(&mut self, now: Duration) {
        self.enter(now, |session, now| session.connection.handle_disconnect(now));
    }

    /// Writes the next bytes for TCP to the start of `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](super::MAX_TRANSMIT) is enough. Nothing is lost.
    pub fn poll_control<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let available = buf.len();
        match self.enter(now, |session, now| session.connection.poll_transmit(now, buf)) {
            Ok(bytes) => Ok(bytes),
            Err(error) => BufferTooSmall::check(error.needed, available).map(|()| None),
        }
    }

    /// Returns the next event.
    ///
    /// [`Event::Established`] is first, then the events of the calls: PPP's in the order in which they happened, then those
    /// of the tunnel, then the end of the call. [`Event::Closed`] is the last. Events that wait are
    /// coalesced by one rule: of each kind the latest waits
    /// ([`CallEvent::is_replaced_by`](super::CallEvent::is_replaced_by)). Polling late loses
    /// nothing else.
    ///
    /// A call that is over is there, to be looked at, until the next call of this function.
    pub fn poll_event(&mut self) -> Option<Event> {
        // Its last event was polled.
        self.calls.retain(|call| !call.is_over());
        self.fill_numbers();
        // Before the events of calls, which need the connection.
        if core::mem::take(&mut self.is_established_waiting) {
            return Some(Event::Established);
        }
        let event = self.calls.iter_mut().find_map(|call| {
            let event = call.poll_event()?;
            Some(Event::Call { call: call.id(), event })
        });
        if event.is_some() {
            return event;
        }
        let Stage::Closed(reason) = self.stage else { return None };
        self.stage = Stage::Over(reason);
        Some(Event::Closed(reason))
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let idle_deadline = match self.stage {
            Stage::Established { idle_deadline } => idle_deadline,
            Stage::Opening | Stage::Calling | Stage::Abandoning | Stage::Ending | Stage::Closed(_) | Stage::Over(_) => {
                None
            }
        };
        let calls = self.calls.iter().filter_map(|call| call.poll_timeout());
        calls.chain(self.connection.poll_timeout()).chain(idle_deadline).min()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            session.connection.handle_timeout(now);
            for call in &mut session.calls {
                call.handle_timeout(now);
            }
            if matches!(session.stage, Stage::Established { idle_deadline: Some(deadline) } if deadline <= now) {
                session.end();
            }
        });
    }

    /// Returns whether [`Event::Closed`] was polled.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }

    /// Returns why the session is over, once [`Event::Closed`] was polled.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.stage {
            Stage::Over(reason) => Some(reason),
            Stage::Opening
            | Stage::Calling
            | Stage::Established { .. }
            | Stage::Abandoning
            | Stage::Ending
            | Stage::Closed(_) => None,
        }
    }

    /// Sets how many more calls may be accepted; the rest is refused as busy. Default: any number,
    /// as long as there are no more than `CALLS` at a time.
    pub fn set_call_allowance(&mut self, calls: usize) {
        self.allowance = calls;
    }

    /// Draws numbers for as many calls as there may be, before there are any (RFC 2637 section 4.1).
    /// From now on, calls have these numbers and those that follow them, all of this shard. The server
    /// drops the ones that other connections of the address have.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "a server of many connections needs an allocator"))]
    pub(crate) fn reserve_numbers(&mut self, shard: Shard) {
        self.numbers = Numbers::Reserved { free: [None; CALLS], shard };
        self.fill_numbers();
    }

    /// Draws numbers in the place of those that are missing. Returns whether some were.
    pub(crate) fn fill_numbers(&mut self) -> bool {
        let Numbers::Reserved { free, shard } = &self.numbers else { return false };
        let shard = *shard;
        let owned = self.calls.len().saturating_add(free.iter().flatten().count());
        if owned >= CALLS {
            return false;
        }
        let drawn = self.random.entropy();
        let numbers = drawn.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(*pair.first_chunk()?)));
        for number in numbers.map(|number| shard.nearest(number)).take(CALLS.saturating_sub(owned)) {
            // A number that is in use waits for the next draw.
            let Some(number) = number.filter(|number| !self.has_number(*number)) else { continue };
            if let Some(place) = self.numbers.places().find(|place| place.is_none()) {
                *place = Some(number);
            }
        }
        true
    }

    /// Returns whether this number is reserved, or a call's.
    fn has_number(&self, number: CallId) -> bool {
        self.numbers().any(|own| own == number)
    }

    /// Returns the numbers that are reserved, and those of calls.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = CallId> {
        let free = match &self.numbers {
            Numbers::Own => None,
            Numbers::Reserved { free, .. } => Some(free.iter().flatten().copied()),
        };
        free.into_iter().flatten().chain(self.calls.iter().map(|call| call.id()))
    }

    /// Drops a reserved number. Returns whether there was one.
    #[cfg_attr(not(feature = "alloc"), expect(dead_code, reason = "a server of many connections needs an allocator"))]
    pub(crate) fn drop_number(&mut self, number: CallId) -> bool {
        let place = self.numbers.places().find(|place| **place == Some(number));
        place.map(|place| *place = None).is_some()
    }

    /// Returns the control connection.
    #[must_use]
    pub const fn connection(&self) -> &Connection<CALLS> {
        self.connection.get()
    }

    /// Returns the calls, the oldest first.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.calls.iter().map(|call| Call::new(call, self.connection.peer()))
    }

    /// Returns a call, to look at.
    #[must_use]
    pub fn call(&self, id: CallId) -> Option<Call<'_>> {
        self.calls().find(|call| call.id() == id)
    }

    /// Returns the oldest call: a client has no other.
    #[must_use]
    pub fn first_call(&self) -> Option<Call<'_>> {
        self.calls().next()
    }

    /// Returns the longest IP packet that a call will send, in bytes, as far as this side goes: for
    /// an interface that is set up before the call is.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.setup.config.mtu()
    }
}
