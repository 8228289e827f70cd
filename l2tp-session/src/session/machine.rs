//! A tunnel and its calls.

use core::time::Duration;

use l2tp_wire::session::SessionId;
use l2tp_wire::tunnel::{CommandError, State, Tunnel};
use l2tp_wire::{Address, TunnelIds};
use ppp_session::memory::{List, Own};
use ppp_session::ppp::Random;

use super::call::Machine;
use super::setup::{Dialing, Role, Setup};
use super::{Call, Event, Reason};

#[cfg(feature = "alloc")]
mod batch;
mod control;
mod data;

#[cfg(feature = "alloc")]
pub(crate) use data::{Target, target};

/// The stage of the tunnel, from its beginning to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It is being set up. [`Event::Established`] has not happened.
    Opening,
    /// It is up. A server ends it at the deadline, which it has while there is no call.
    Established { idle_deadline: Option<Duration> },
    /// Everything is to end: calls first, then the tunnel.
    Ending,
    /// The tunnel is over; [`Event::Closed`] waits until the events of the calls were polled.
    Closed(Reason),
    /// [`Event::Closed`] was polled; the tunnel lingers.
    Lingering(Reason),
    /// [`Event::Drained`] was polled.
    Drained(Reason),
}

/// Whether [`Event::Established`] waits to be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    None,
    Established,
}

/// One tunnel and its calls, at most `CALLS` at a time; one more is refused. A client has one.
///
/// It belongs to one tunnel: to dial again, make another one. A client's takes 10.5 KiB, and 7.5 KiB
/// more once the call is up, 10 KiB with encryption. [Compression](ppp_session::Compression) takes
/// more, and so do packets that [wait](super::Reordering) for an earlier one: 26 KiB. A server's
/// takes 12 KiB with four `CALLS`, 400 bytes for each further one, and as much as a client's for
/// each call that is up.
///
/// ```
/// use core::time::Duration;
/// use l2tp_session::client::{Config, Session};
/// use l2tp_session::ppp_session::Client;
/// use l2tp_session::session::{self, Event, MAX_TRANSMIT};
/// use l2tp_session::wire::{Address, TunnelIds};
///
/// let now = Duration::ZERO;
/// let server = Address::udp("192.0.2.1:1701".parse()?);
/// let config =
///     Config::new(Client::new("alice", "wonderland"), session::Config::strict("laptop"));
/// // Both unpredictable.
/// let mut session = Session::dial(&config, server, TunnelIds::new([6; 32]), [7; 32]);
/// session.open(now)?;
/// let mut buf = [0; MAX_TRANSMIT];
/// let request = session.poll_transmit(now, &mut buf)?.unwrap();
/// assert_eq!(request.destination, server);
///
/// // Nobody answers.
/// while let Some(deadline) = session.poll_timeout() {
///     session.handle_timeout(deadline);
///     while session.poll_transmit(deadline, &mut buf)?.is_some() {}
/// }
/// let Some(Event::Closed(reason)) = session.poll_event() else { panic!("not closed") };
/// assert!(reason.to_string().starts_with("the peer does not answer"));
/// assert_eq!(session.poll_event(), Some(Event::Drained));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session<const CALLS: usize> {
    now: Duration,
    random: Random,
    setup: Own<Setup>,
    tunnel: Own<Tunnel<CALLS>>,
    calls: List<Machine, CALLS>,
    /// The call that is asked first next time.
    turn: usize,
    stage: Stage,
    news: News,
    /// How many more calls may be accepted.
    allowance: usize,
    /// The longest IP packet that the path carries, as far as it is known.
    path_mtu: Option<u16>,
    /// Why a client's call is over, or never began.
    end_of_call: Option<Reason>,
}

impl<const CALLS: usize> Session<CALLS> {
    /// Makes a session that asks the peer at this address for a tunnel, once it is
    /// [opened](Self::open). `ids` are this end's, unlike those of other tunnels on the socket;
    /// `entropy` must be unpredictable: session ids, cookies and challenges come from it.
    #[must_use]
    pub fn dial(setup: impl Into<Setup>, peer: Address, ids: TunnelIds, entropy: [u8; 32]) -> Self {
        Self::new(setup.into(), entropy, |config, entropy| Tunnel::originator(config, ids, peer, entropy))
    }

    /// Makes a session that waits for any peer that asks for a tunnel. `ids` and `entropy` are as
    /// for [`dial`](Self::dial). [`server::Server`](crate::server::Server) makes one for each peer.
    #[must_use]
    pub fn listen(setup: impl Into<Setup>, ids: TunnelIds, entropy: [u8; 32]) -> Self {
        Self::new(setup.into(), entropy, |config, entropy| Tunnel::receiver(config, ids, entropy))
    }

    fn new(
        setup: Setup,
        entropy: [u8; 32],
        tunnel: impl FnOnce(l2tp_wire::tunnel::Config, [u8; 32]) -> Tunnel<CALLS>,
    ) -> Self {
        let mut random = Random::new(entropy);
        let tunnel = Own::new(tunnel(setup.config.tunnel.clone(), random.entropy()));
        Self {
            now: Duration::ZERO,
            random,
            setup: Own::new(setup),
            tunnel,
            calls: List::new(),
            turn: 0,
            stage: Stage::Opening,
            news: News::None,
            allowance: usize::MAX,
            path_mtu: None,
            end_of_call: None,
        }
    }

    /// Takes the time forward, does the work, and lets tunnel and calls know what happened: the one
    /// way in.
    fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Self, Duration) -> T) -> T {
        self.now = self.now.max(now);
        let result = work(self, self.now);
        self.pump();
        result
    }

    /// Enters one call. The tunnel has to know only when the call is over, so that a data packet
    /// costs nothing of it.
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
        // Data packets need no look at the tunnel; a call that is over does.
        if call.wants_clearing().is_some() {
            self.pump();
        }
        Some(result)
    }

    /// Asks the peer for the tunnel, and for the call.
    ///
    /// # Errors
    ///
    /// [`CommandError`]: this side waits to be asked, has asked before, or would speak version 2
    /// without UDP.
    pub fn open(&mut self, now: Duration) -> Result<(), CommandError> {
        self.enter(now, |session, now| {
            session.tunnel.open(now)?;
            // The request waits in the tunnel, and goes out with its last message of the set-up.
            if let Role::Client(Dialing::Announce(request)) = session.setup.role {
                session.tunnel.announce_call(now, request, session.setup.config.terms)?;
            }
            Ok(())
        })
    }

    /// Asks the peer for a call to the outside, as the LNS (OCRQ, RFC 2661 section 7.5); or for one
    /// call more, as a client (ICRQ).
    ///
    /// # Errors
    ///
    /// [`CommandError`]: the tunnel is over, or has no room.
    pub fn place_call(
        &mut self,
        now: Duration,
        request: l2tp_wire::session::CallRequest,
    ) -> Result<SessionId, CommandError> {
        self.enter(now, |session, now| {
            let terms = session.setup.config.terms;
            match (session.stage, &session.setup.role) {
                (Stage::Ending | Stage::Closed(_) | Stage::Lingering(_) | Stage::Drained(_), _) => {
                    Err(CommandError::State)
                }
                _ if !session.has_room() => Err(CommandError::NoRoom { limit: CALLS }),
                (_, Role::Client(_)) => session.tunnel.announce_call(now, request, terms),
                (_, Role::Server { .. }) => session.tunnel.place_call(now, request, terms),
            }
        })
    }

    /// Hangs up: PPP first, then the calls, then the tunnel. [`Event::Closed`] follows, after some
    /// seconds at most, and [`Event::Drained`] when the peer knows, or does not answer.
    pub fn close(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            // RFC 2661 section 5.7: calls end first, and PPP before them.
            session.end();
            for call in &mut session.calls {
                call.close(now);
            }
        });
    }

    /// Ends one call for a reason of this side, at the latest time seen.
    #[cfg(feature = "alloc")]
    pub(crate) fn end_call(&mut self, id: SessionId, reason: Reason) {
        if let Some(index) = self.calls.iter().position(|call| call.id() == id) {
            self.enter_call(Duration::ZERO, index, |call, now| call.end(now, reason));
        }
    }

    /// Begins the end of everything.
    const fn end(&mut self) {
        self.stage = match self.stage {
            Stage::Opening | Stage::Established { .. } | Stage::Ending => Stage::Ending,
            over @ (Stage::Closed(_) | Stage::Lingering(_) | Stage::Drained(_)) => over,
        };
    }

    /// Returns what has happened.
    ///
    /// [`Event::Established`] is first, then the events of the calls: that it is up, PPP's in the
    /// order in which they happened, the peer's reports, then the end of the call.
    /// [`Event::Closed`] and [`Event::Drained`] are the last. Events that wait are coalesced by one
    /// rule: of each kind the latest waits
    /// ([`CallEvent::is_replaced_by`](super::CallEvent::is_replaced_by)). Polling late loses
    /// nothing else.
    ///
    /// A call that is over is there, to be looked at, until the next call of this function.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.calls.retain(|call| !call.is_over());
        if core::mem::replace(&mut self.news, News::None) == News::Established {
            return Some(Event::Established);
        }
        let event = self.calls.iter_mut().find_map(|call| {
            let event = call.poll_event()?;
            Some(Event::Call { call: call.id(), event })
        });
        if event.is_some() {
            return event;
        }
        match self.stage {
            Stage::Closed(reason) => {
                self.stage = Stage::Lingering(reason);
                Some(Event::Closed(reason))
            }
            // The tunnel acknowledges the peer's repetitions for 31 s (RFC 2661 section 5.7), so it
            // is kept after its end.
            Stage::Lingering(reason) if self.tunnel.state() == State::Closed => {
                self.stage = Stage::Drained(reason);
                Some(Event::Drained)
            }
            Stage::Opening | Stage::Established { .. } | Stage::Ending | Stage::Lingering(_) | Stage::Drained(_) => {
                None
            }
        }
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let idle_deadline = match self.stage {
            Stage::Established { idle_deadline } => idle_deadline,
            Stage::Opening | Stage::Ending | Stage::Closed(_) | Stage::Lingering(_) | Stage::Drained(_) => None,
        };
        let calls = self.calls.iter().filter_map(Machine::poll_timeout);
        calls.chain(self.tunnel.poll_timeout()).chain(idle_deadline).min()
    }

    /// Processes expired timers. Early, late and repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.enter(now, |session, now| {
            session.tunnel.handle_timeout(now);
            for call in &mut session.calls {
                call.handle_timeout(now);
            }
            // A tunnel without calls is of no use, and holds a place.
            if matches!(session.stage, Stage::Established { idle_deadline: Some(deadline) } if deadline <= now) {
                session.end();
            }
        });
    }

    /// Takes what the path to the peer carries, from an ICMP message or the system: the length of a
    /// whole IP packet (`ip pmtu`). It has an effect where
    /// [`with_path_mtu`](super::Config::with_path_mtu) says so.
    pub fn handle_path_mtu(&mut self, mtu: u16) {
        self.path_mtu = Some(mtu);
        for call in &mut self.calls {
            call.channel_mut().handle_path_mtu(mtu);
        }
    }

    /// Returns whether the tunnel is over and the peer knows it, or was given up: a program that ends
    /// may drop the session now. One that goes on keeps it until [`Event::Drained`], to acknowledge
    /// what the peer repeats.
    #[must_use]
    pub const fn is_acknowledged(&self) -> bool {
        matches!(self.tunnel.get().state(), State::Lingering | State::Closed)
    }

    /// Returns whether [`Event::Drained`] was polled.
    #[must_use]
    pub const fn is_drained(&self) -> bool {
        matches!(self.stage, Stage::Drained(_))
    }

    /// Returns why the session is over, once [`Event::Closed`] was polled.
    #[must_use]
    pub const fn reason(&self) -> Option<Reason> {
        match self.stage {
            Stage::Lingering(reason) | Stage::Drained(reason) => Some(reason),
            Stage::Opening | Stage::Established { .. } | Stage::Ending | Stage::Closed(_) => None,
        }
    }

    /// Sets how many more calls may be accepted; the rest is refused for now. Default: any number,
    /// as long as there are no more than `CALLS` at a time.
    pub const fn set_call_allowance(&mut self, calls: usize) {
        self.allowance = calls;
    }

    /// Returns the tunnel: state, version, ids, the peer's names, counters.
    #[must_use]
    pub const fn tunnel(&self) -> &Tunnel<CALLS> {
        self.tunnel.get()
    }

    /// Returns the calls that are up, the oldest first.
    pub fn calls(&self) -> impl Iterator<Item = Call<'_>> {
        self.calls.iter().map(Call::new)
    }

    /// Returns a call, to look at.
    #[must_use]
    pub fn call(&self, id: SessionId) -> Option<Call<'_>> {
        self.calls().find(|call| call.id() == id)
    }

    /// Returns the oldest call: a client has no other.
    #[must_use]
    pub fn first_call(&self) -> Option<Call<'_>> {
        self.calls().next()
    }
}
