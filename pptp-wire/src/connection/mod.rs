//! RFC 2637 section 3: the control connection as a machine without IO.
//!
//! A [`Connection`] is one control connection, on either side of it, with all its calls. It is driven by these verbs,
//! in any order:
//!
//! | verb | effect |
//! |---|---|
//! | [`open`](Connection::open) | says that the TCP connection is open |
//! | [`handle_stream`](Connection::handle_stream), [`handle_disconnect`](Connection::handle_disconnect) | take what TCP gives: bytes, the end |
//! | [`place_call`](Connection::place_call), [`accept_call`](Connection::accept_call), [`clear_call`](Connection::clear_call), [`close`](Connection::close), … | are commands of the user |
//! | [`poll_transmit`](Connection::poll_transmit) | gives the bytes to send, one message at a time |
//! | [`poll_event`](Connection::poll_event) | gives what has happened |
//! | [`poll_timeout`](Connection::poll_timeout), [`handle_timeout`](Connection::handle_timeout) | say when to come back, and take that it is time |
//!
//! * **Time** is a [`Duration`] since a moment that the caller picks, always the first argument, always called `now`. A
//!   `now` that goes back is taken as the latest seen.
//! * **Memory** is all in the object, for a fixed number of calls and of events and messages that wait. A connection
//!   that has not been polled for too long says no with [`wants_read`](Connection::wants_read), so that TCP holds the
//!   peer up, and says [`Busy`](CommandError::Busy) to commands. Nothing is lost.
//! * **Errors** are for commands that make no sense now. Whatever the peer does is an [`Event`].
//! * The same calls give the same results, on every platform.
//!
//! ```
//! use core::time::Duration;
//! use pptp_wire::connection::{Config, Connection, Event, Identity};
//!
//! let mut server: Connection<4> = Connection::receiver(Config::new(Identity::PPTPD), [1; 32]);
//! server.open(Duration::ZERO)?;
//! // Nobody says anything: the machine tells when to come back, and then that it is over.
//! let deadline = server.poll_timeout().unwrap();
//! assert_eq!(deadline, Duration::from_secs(60));
//! server.handle_timeout(deadline);
//! let Some(Event::Closed { reason }) = server.poll_event() else { panic!("not closed") };
//! assert_eq!(
//!     reason.to_string(),
//!     "the peer has not started the connection in time: is it a PPTP peer?"
//! );
//! # Ok::<(), pptp_wire::connection::CommandError>(())
//! ```
//!
//! # Calls
//!
//! The roles follow from the side that asks for the call, whichever side opened the TCP connection:
//!
//! | | asks | answers | ends it |
//! |---|---|---|---|
//! | outgoing call, all VPNs | PNS: [`place_call`](Connection::place_call) | PAC: [`accept_call`](Connection::accept_call) | both: [`clear_call`](Connection::clear_call) |
//! | incoming call, dial-in | PAC: [`announce_call`](Connection::announce_call) | PNS: [`accept_call`](Connection::accept_call) | both: [`clear_call`](Connection::clear_call) |

use core::time::Duration;

use crate::{BufferTooSmall, Message};

mod call;
mod call_id;
mod collision;
mod command;
mod config;
mod echo;
mod error;
mod event;
mod identity;
mod intake;
mod output;
mod parameter;
mod queue;
mod random;
mod reason;
mod receive;
mod receive_call;
mod state;
mod time;
mod timer;

pub use call::{Call, CallRequest, Role};
pub use call_id::{CallId, CallIdStyle};
pub use collision::{Winner, winner};
pub use config::{Config, Quirks};
pub use echo::EchoPolicy;
pub use error::CommandError;
pub use event::{CallParameters, Event};
pub use identity::Identity;
pub use parameter::{Answer, Disconnect, Refusal, WanErrors};
pub use reason::{CallCloseReason, CloseReason, Fault};
pub use state::{CallState, State};

use call::Calls;
use call_id::CallIds;
use echo::Echo;
use intake::Intake;
use output::Output;
use random::Random;

/// RFC 2637 section 3: one control connection with at most `CALLS` calls. See the [module](self) for how to drive it.
///
/// For one TCP connection: when it is over, make another one. It holds everything inline: at most
/// 800 bytes for each call, and 4 KiB. A client with one call at a time has `Connection<1>`. The
/// work for a message or a time-out grows with `CALLS`, since calls are looked for one by one.
///
/// ```
/// use core::time::Duration;
/// use pptp_wire::code::{GeneralError, StartResult};
/// use pptp_wire::connection::{Config, Connection, Event, Identity, State};
///
/// let now = Duration::ZERO;
/// let mut buf = [0; Connection::<1>::MAX_TRANSMIT];
/// let mut client: Connection<1> =
///     Connection::originator(Config::new(Identity::PPTP_LINUX), [1; 32]);
/// client.open(now)?;
/// assert_eq!(client.state(), State::WaitCtlReply);
/// let request = client.poll_transmit(now, &mut buf)?.unwrap();
///
/// // A server that wants to see who it is.
/// let config = Config::new(Identity::PPTPD).with_manual_start(true);
/// let mut server: Connection<100> = Connection::receiver(config, [2; 32]);
/// server.open(now)?;
/// assert_eq!(server.handle_stream(now, request), request.len());
/// assert_eq!(server.poll_event(), Some(Event::StartRequested));
/// assert_eq!(server.peer(), Some(&Identity::PPTP_LINUX));
/// server.refuse_start(now, StartResult::NOT_AUTHORIZED, GeneralError::NONE)?;
///
/// let reply = server.poll_transmit(now, &mut buf)?.unwrap();
/// assert_eq!(client.handle_stream(now, reply), reply.len());
/// let Some(Event::Closed { reason }) = client.poll_event() else { panic!("not closed") };
/// assert_eq!(
///     reason.to_string(),
///     "the peer does not accept the connection: Requester not authorized (4)"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Connection<const CALLS: usize = 16> {
    config: Config,
    stage: Stage,
    /// The latest time seen.
    now: Duration,
    intake: Intake,
    peer: Option<Identity>,
    calls: Calls<CALLS>,
    call_ids: CallIds,
    next_serial_number: u16,
    /// How many calls were cleared by Call-Clear-Request.
    cleared: u64,
    echo: Echo,
    output: Output<CALLS>,
}

/// The side that opens the TCP connection, or the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Originator,
    Receiver,
}

/// The stage of a connection, with what belongs to it alone: the state of RFC 2637 section 3.1, and what this side
/// knows besides.
///
/// A stage that has to be left in time has the deadline for it; `None` is too far away for the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// There is no TCP connection yet.
    NoTcp(Side),
    /// The receiver waits for the Start-Control-Connection-Request.
    WaitRequest { until: Option<Duration> },
    /// The user has to say whether the peer is accepted.
    StartRequested { until: Option<Duration> },
    /// After a collision: nothing may be sent, and nothing is read.
    Silenced { until: Option<Duration> },
    /// The originator waits for the Start-Control-Connection-Reply.
    WaitReply { until: Option<Duration> },
    /// Calls are possible.
    Established,
    /// This side waits for the Stop-Control-Connection-Reply.
    Stopping { until: Option<Duration>, reason: CloseReason },
    /// It is over.
    Closed,
}

impl Stage {
    const fn state(self) -> State {
        match self {
            Self::NoTcp(_) | Self::WaitRequest { .. } | Self::StartRequested { .. } | Self::Silenced { .. } => {
                State::Idle
            }
            Self::WaitReply { .. } => State::WaitCtlReply,
            Self::Established => State::Established,
            Self::Stopping { .. } => State::WaitStopReply,
            Self::Closed => State::Closed,
        }
    }

    const fn deadline(self) -> Option<Duration> {
        match self {
            Self::WaitRequest { until }
            | Self::StartRequested { until }
            | Self::Silenced { until }
            | Self::WaitReply { until }
            | Self::Stopping { until, .. } => until,
            Self::NoTcp(_) | Self::Established | Self::Closed => None,
        }
    }

    /// Returns why the connection is over when nothing more comes, where that is settled already.
    const fn settled_reason(self) -> Option<CloseReason> {
        match self {
            Self::Stopping { reason, .. } => Some(reason),
            Self::Silenced { .. } => Some(CloseReason::CollisionWon),
            Self::NoTcp(_)
            | Self::WaitRequest { .. }
            | Self::StartRequested { .. }
            | Self::WaitReply { .. }
            | Self::Established
            | Self::Closed => None,
        }
    }
}

impl<const CALLS: usize> Connection<CALLS> {
    /// The bytes that [`poll_transmit`](Self::poll_transmit) needs at most: the longest message.
    pub const MAX_TRANSMIT: usize = Message::MAX_LEN;

    /// Creates the side that opens the TCP connection, to port [`TCP_PORT`](crate::TCP_PORT) (RFC
    /// 2637 section 3.1.1).
    ///
    /// `entropy` makes call ids, the first serial number and the first echo identifier. It must be random and not be
    /// used twice: who knows it can forge GRE packets of the calls without seeing any.
    #[must_use]
    pub fn originator(config: Config, entropy: [u8; 32]) -> Self {
        Self::new(&config, entropy, Side::Originator)
    }

    /// Creates the side that accepts the TCP connection (RFC 2637 section 3.1.2). `entropy` as for
    /// [`originator`](Self::originator).
    #[must_use]
    pub fn receiver(config: Config, entropy: [u8; 32]) -> Self {
        Self::new(&config, entropy, Side::Receiver)
    }

    fn new(&config: &Config, entropy: [u8; 32], side: Side) -> Self {
        let mut random = Random::new(entropy);
        let [i0, i1, i2, i3, s0, s1] = random.bytes();
        Self {
            config,
            stage: Stage::NoTcp(side),
            now: Duration::ZERO,
            intake: Intake::new(),
            peer: None,
            calls: Calls::new(),
            call_ids: CallIds::new(config.quirks.call_id_style, random.bytes()),
            next_serial_number: u16::from_le_bytes([s0, s1]),
            cleared: 0,
            echo: Echo::new(config.echo, u32::from_le_bytes([i0, i1, i2, i3])),
            output: Output::new(),
        }
    }

    /// Returns the state, with the RFC's name.
    #[must_use]
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    /// Returns the identity that the peer claims, once it has sent it.
    #[must_use]
    pub const fn peer(&self) -> Option<&Identity> {
        self.peer.as_ref()
    }

    /// Returns the call with this id. One that is over can be seen until the next call needs its
    /// place, which is never before its [`CallClosed`](Event::CallClosed) was polled.
    #[must_use]
    pub fn call(&self, call: CallId) -> Option<&Call> {
        self.calls.get(call)
    }

    /// Returns all calls that are not over.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.calls.live()
    }

    /// Returns how long the last answered Echo-Request took to be answered.
    #[must_use]
    pub const fn echo_round_trip(&self) -> Option<Duration> {
        self.echo.round_trip()
    }

    /// Returns the next message to send, written to the start of `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost, call again with more room. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always
    /// enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.enter(now, |connection| {
            let Some(message) = connection.output.front_message() else {
                return Ok(None);
            };
            // The message stays in the queue until it fits, so that a short buffer loses nothing.
            let bytes = message.encode(buf)?;
            connection.output.drop_front_message();
            Ok(Some(bytes))
        })
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        // Bytes that waited for room are read before the event leaves, not behind it: they may hold a new call. The
        // place of a call is given away at the next poll, so that no event names a call that cannot be looked up.
        self.enter(Duration::ZERO, |_| ());
        let event = self.output.next_event()?;
        if let Event::CallClosed { call, .. } = event {
            self.calls.leave(call);
        }
        Some(event)
    }

    /// Takes the time forward, does the work, and handles bytes that waited for the room that it made: the one way in.
    fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Self) -> T) -> T {
        self.now = self.now.max(now);
        let result = work(self);
        // A message or an event may have left its queue: what was held up for want of room can be read now.
        self.read(&mut &[][..]);
        result
    }

    /// Ends everything, without a message.
    fn end(&mut self, reason: CloseReason) {
        self.end_calls(&reason);
        self.stage = Stage::Closed;
        self.output.tell(Event::Closed { reason });
    }

    fn end_calls(&mut self, reason: &CloseReason) {
        for call in self.calls.live_mut() {
            // The Call-Disconnect-Notify would have been the answer to our own Call-Clear-Request.
            let reason = if call.state() == CallState::WaitDisconnect {
                CallCloseReason::Local
            } else {
                CallCloseReason::ConnectionClosed { fault: reason.fault() }
            };
            call.end(reason, &mut self.output);
        }
    }
}
