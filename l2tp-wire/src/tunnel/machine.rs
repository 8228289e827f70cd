//! The tunnel itself: its parts, and how they are made, shown and moved on.

use core::time::Duration;

use super::config::{Config, MAX_HOST_NAME, Versions};
use super::counters::Counters;
use super::event::Event;
use super::peer::Peer;
use super::prove::Proof;
use super::reason::CloseReason;
use super::sessions::Sessions;
use super::stage::{Stage, State};
use crate::channel::{self, ControlChannel};
use crate::data;
use crate::random::Random;
use crate::session::{Session, SessionId};
use crate::{Address, EncodeError, Name, TunnelIds, Version};

/// The bytes of messages that may wait to be acknowledged.
const QUEUE: usize = 4096;
/// The part of that which is left for the message that ends the tunnel.
const STOP_ROOM: usize = 256;
/// The bytes of early messages that are kept.
pub(super) const EARLY: usize = 2048;

/// A packet that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit<'b> {
    /// The destination. If the peer's first answer came from another port than the one that was
    /// asked, it is that.
    pub destination: Address,
    /// The payload of UDP, or of IP protocol 115.
    pub payload: &'b [u8],
}

/// RFC 2661 section 5.1: one tunnel with at most `SESSIONS` sessions. See the [module](super) for
/// how to drive it.
///
/// It is for one control connection: when it is over, make another one, with other ids. It holds
/// everything inline: at most 400 bytes for each session, and 9 KiB, 6 KiB of which are queues. A
/// message or a time-out costs work in proportion to `SESSIONS`, since sessions are looked for one
/// by one.
///
/// ```
/// use core::time::Duration;
/// use l2tp_wire::session::{CallRequest, Terms};
/// use l2tp_wire::tunnel::{Config, Event, Tunnel};
/// use l2tp_wire::{Address, TunnelIds};
///
/// let now = Duration::ZERO;
/// let (client_address, server_address) =
///     (Address::udp("192.0.2.1:1701".parse()?), Address::udp("192.0.2.2:1701".parse()?));
/// let ids = TunnelIds::new([1; 32]);
/// let mut client: Tunnel<1> =
///     Tunnel::originator(Config::new("client"), ids, server_address, [2; 32]);
/// let mut server: Tunnel<8> =
///     Tunnel::receiver(Config::new("server"), TunnelIds::new([3; 32]), [4; 32]);
/// client.open(now)?;
/// let call = client.announce_call(now, CallRequest::new(), Terms::new())?;
///
/// let mut buf = [0; Tunnel::<1>::MAX_TRANSMIT];
/// let mut transmit =
///     |from: &mut Tunnel<1>, to: &mut Tunnel<8>| -> Result<(), Box<dyn std::error::Error>> {
///         while let Some(packet) = from.poll_transmit(now, &mut buf)? {
///             let mut bytes = packet.payload.to_vec();
///             let _ = to.handle_packet(now, client_address, &mut bytes)?;
///         }
///         Ok(())
///     };
/// transmit(&mut client, &mut server)?;
/// let mut reply = [0; 2048];
/// let packet = server.poll_transmit(now, &mut reply)?.unwrap();
/// assert_eq!(packet.destination, client_address);
/// let mut bytes = packet.payload.to_vec();
/// let _ = client.handle_packet(now, server_address, &mut bytes)?;
/// assert_eq!(client.poll_event(), Some(Event::Established));
/// transmit(&mut client, &mut server)?;
/// assert_eq!(server.poll_event(), Some(Event::Established));
/// assert_eq!(server.peer().unwrap().host_name.to_string(), "client");
/// # let _ = call;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Tunnel<const SESSIONS: usize = 4> {
    pub(super) config: Config,
    pub(super) ids: TunnelIds,
    pub(super) random: Random,
    /// The latest time seen.
    pub(super) clock: Duration,
    pub(super) version: Version,
    pub(super) stage: Stage,
    pub(super) since: Duration,
    /// The address of the peer; `None` as long as nobody has asked.
    pub(super) address: Option<Address>,
    pub(super) peer: Option<Peer>,
    pub(super) proof: Proof,
    pub(super) channel: ControlChannel<QUEUE, EARLY>,
    pub(super) sessions: Sessions<SESSIONS>,
    /// The time of the peer's last packet.
    pub(super) heard: Duration,
    /// The time of the peer's last data packet.
    pub(super) data_seen: Option<Duration>,
    pub(super) peer_message: Name<MAX_HOST_NAME>,
    notice: Notice,
    pub(super) counters: Counters,
}

/// The events of the tunnel itself that wait to be polled, in the order of the fields.
#[derive(Debug, Clone, Copy, Default)]
struct Notice {
    established: bool,
    stopped: bool,
    closed: bool,
}

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// The room that [`poll_transmit`](Self::poll_transmit) needs at most.
    pub const MAX_TRANSMIT: usize = 1500;

    /// Makes the end that asks for the tunnel, at `peer` (RFC 2661 section 7.2).
    ///
    /// `ids` are this end's: from [`TunnelIds::new`], or from a
    /// [`Demultiplexer`](crate::demultiplexer::Demultiplexer) if there are other tunnels on the
    /// socket. `entropy` makes session ids, cookies, challenges and what hides values: it must be
    /// random and not be used twice.
    #[must_use]
    pub fn originator(config: Config, ids: TunnelIds, peer: Address, entropy: [u8; 32]) -> Self {
        Self { address: Some(peer), ..Self::new(config, ids, entropy) }
    }

    /// Makes the end that is asked for the tunnel (RFC 2661 section 7.2). `ids` and `entropy` are
    /// as for [`originator`](Self::originator).
    #[must_use]
    pub fn receiver(config: Config, ids: TunnelIds, entropy: [u8; 32]) -> Self {
        Self::new(config, ids, entropy)
    }

    fn new(config: Config, ids: TunnelIds, entropy: [u8; 32]) -> Self {
        let version = match config.versions() {
            Versions::V2 | Versions::Both => Version::V2,
            Versions::V3 => Version::V3,
        };
        let mut random = Random::new(entropy);
        Self {
            ids,
            clock: Duration::ZERO,
            version,
            stage: Stage::Idle,
            since: Duration::ZERO,
            address: None,
            peer: None,
            proof: Proof::new(&config, random.bytes()),
            channel: ControlChannel::new(config.channel),
            sessions: Sessions::new(),
            heard: Duration::ZERO,
            data_seen: None,
            peer_message: Name::EMPTY,
            notice: Notice::default(),
            counters: Counters::default(),
            random,
            config,
        }
    }

    /// Returns the state, with the RFC's name.
    #[must_use]
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    /// Returns since when it is in that state.
    #[must_use]
    pub const fn since(&self) -> Duration {
        self.since
    }

    /// Returns the version that is spoken, once the tunnel is up; before, the one that is asked
    /// for.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Returns the ids that this end chose.
    #[must_use]
    pub const fn ids(&self) -> TunnelIds {
        self.ids
    }

    /// Returns where messages go: once the peer has answered, where it answered from. `None` before
    /// anybody has asked.
    #[must_use]
    pub const fn address(&self) -> Option<Address> {
        self.address
    }

    /// Returns who the peer says it is, once it has.
    #[must_use]
    pub const fn peer(&self) -> Option<&Peer> {
        self.peer.as_ref()
    }

    /// Returns the peer's words when it ended the tunnel, cut after 64 bytes.
    #[must_use]
    pub const fn peer_message(&self) -> &Name<MAX_HOST_NAME> {
        &self.peer_message
    }

    /// Returns why it is over, if it is.
    #[must_use]
    pub const fn close_reason(&self) -> Option<CloseReason> {
        self.stage.reason()
    }

    /// Returns whether the peer has shown that it receives. Before, at most three packets of at most
    /// 600 bytes go out for each request that comes in, so that nobody can have others flooded.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        !self.channel.is_limited()
    }

    /// Returns the session with this id. One that is over can be seen until its
    /// [`CallClosed`](Event::CallClosed) is polled.
    #[must_use]
    pub fn session(&self, session: SessionId) -> Option<&Session> {
        self.sessions.get(session)
    }

    /// Returns all sessions that are not over.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.live()
    }

    /// Returns how the data packets of an established session look.
    #[must_use]
    pub fn data_config(&self, session: SessionId) -> Option<data::Config> {
        let session =
            self.sessions.get(session).filter(|session| session.state() == crate::session::State::Established)?;
        let local = match self.version {
            Version::V2 => self.ids.v2.into(),
            Version::V3 => self.ids.v3,
        };
        Some(session.data(self.version, (local, self.peer.as_ref()?.tunnel_id), self.address?))
    }

    /// Returns what has passed, as `show l2tun tunnel all` prints it.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters { channel: self.channel.counters(), ..self.counters }
    }

    /// Returns the numbers of the reliable channel as they are now.
    #[must_use]
    pub fn channel_status(&self) -> channel::Status {
        self.channel.status()
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        // Established first: the sessions that follow need it.
        if core::mem::take(&mut self.notice.established) {
            return Some(Event::Established);
        }
        if let Some(event) = self.sessions.poll_event(self.clock) {
            return Some(event);
        }
        // The sessions end before the tunnel does, so no event refers to a tunnel that is gone.
        if core::mem::take(&mut self.notice.stopped) {
            return self.stage.reason().map(|reason| Event::Stopped { reason });
        }
        core::mem::take(&mut self.notice.closed).then_some(Event::Closed)
    }

    /// Takes the time forward, does the work, and lets the parts know what happened in the others: the one way in.
    pub(super) fn enter<T>(&mut self, now: Duration, work: impl FnOnce(&mut Self, Duration) -> T) -> T {
        self.clock = self.clock.max(now);
        let result = work(self, self.clock);
        self.pump();
        result
    }

    /// Moves to another stage: the only way.
    pub(super) fn move_to(&mut self, stage: Stage) {
        if stage.is_established() {
            self.notice.established = true;
        }
        // However often the end is asked for, sessions and the caller learn of it once.
        if stage.reason().is_some() && self.stage.reason().is_none() {
            self.sessions.end_all(self.clock);
            self.notice.stopped = true;
        }
        if matches!(stage, Stage::Closed { .. }) && self.stage.state() != State::Closed {
            self.notice.closed = true;
        }
        self.stage = stage;
        self.since = self.clock;
    }

    /// Returns the length of a message that can be queued, one for the end of the tunnel left
    /// aside.
    pub(super) const fn room(&self) -> usize {
        self.channel.room().saturating_sub(STOP_ROOM)
    }
}

/// Returns the time at which a time-out runs out.
pub(super) fn deadline(now: Duration, timeout: Duration) -> Duration {
    now.saturating_add(timeout)
}

/// The next packet, or why it does not fit.
pub(super) type TransmitResult<'b> = Result<Option<Transmit<'b>>, EncodeError>;
