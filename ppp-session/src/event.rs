//! The events of a session, and the contents of a frame.

use core::convert::Infallible;
use core::fmt;
use core::net::Ipv4Addr;

use ppp_fsm::auth::{Demand, Question};
use ppp_fsm::{ccp, ipcp, ipv6cp, negotiate};

use crate::memory::List;
use crate::{Reason, Status};

/// An event of a session. Longer bytes stay in the session, and are borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The session is in another state: dialing, verifying the password, connected.
    Status(Status),
    /// Server: a client presents something. [`Link::presented`](ppp_fsm::link::Link::presented)
    /// shows what, [`Session::answer`](crate::Session::answer) says whether it is good, now or
    /// later.
    Authenticate(Question),
    /// Client: this side has to prove itself once more, since the server refused it and lets it try
    /// again, or with a method of EAP of the user's own. The first proof is given without a
    /// question.
    Prove(Demand),
    /// Client: the password is right and has expired (error 648).
    /// [`Session::change_password`](crate::Session::change_password) goes on; otherwise the session
    /// ends.
    PasswordExpired,
    /// Server: the client has proved itself. Again with each further challenge.
    PeerAuthenticated,
    /// CCP agreed: packets are encrypted or compressed so from now on, with new keys.
    EncryptionUp(ccp::Agreed),
    /// Nothing is encrypted any more. Packets that must be encrypted are not sent.
    EncryptionDown,
    /// RFC 1332 section 3.3: the client asks for this address after it was assigned another one. If
    /// it insists, it asks again: a server that has the address free gives it by
    /// [`Session::assign_address`](crate::Session::assign_address). Reported once for each wish
    /// that differs from the one before.
    AddressWanted(Ipv4Addr),
    /// IPv4 packets may flow.
    IpUp(ipcp::Agreed),
    /// IPv4 packets may not flow any more.
    IpDown,
    /// IPv4 was not agreed on.
    IpFailed(negotiate::Reason<ipcp::Failure>),
    /// IPv6 packets may flow.
    Ipv6Up(ipv6cp::Agreed),
    /// IPv6 packets may not flow any more.
    Ipv6Down,
    /// IPv6 was not agreed on.
    Ipv6Failed(negotiate::Reason<Infallible>),
    /// So many packets in a row decrypted to nonsense that the keys must differ, or somebody forges
    /// packets.
    CoherencyLost,
    /// RFC 1570 section 1.1: the peer says who it is:
    /// [`Link::peer_identification`](ppp_fsm::link::Link::peer_identification).
    Identification,
    /// RFC 1570 section 1.2: the session will end in so many seconds.
    TimeRemaining {
        /// Seconds; `u32::MAX` means without end.
        seconds: u32,
    },
    /// The session is over. The last event of it.
    Closed(Reason),
}

/// Events of one kind replace each other while they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Status,
    Authenticate,
    Prove,
    PeerAuthenticated,
    Encryption,
    AddressWanted,
    Ip,
    Ipv6,
    CoherencyLost,
    Identification,
    TimeRemaining,
    Closed,
}

impl Kind {
    const COUNT: usize = 12;

    const fn of(event: &Event) -> Self {
        match event {
            Event::Status(_) => Self::Status,
            Event::Authenticate(_) => Self::Authenticate,
            Event::Prove(_) | Event::PasswordExpired => Self::Prove,
            Event::PeerAuthenticated => Self::PeerAuthenticated,
            Event::EncryptionUp(_) | Event::EncryptionDown => Self::Encryption,
            Event::AddressWanted(_) => Self::AddressWanted,
            Event::IpUp(_) | Event::IpDown | Event::IpFailed(_) => Self::Ip,
            Event::Ipv6Up(_) | Event::Ipv6Down | Event::Ipv6Failed(_) => Self::Ipv6,
            Event::CoherencyLost => Self::CoherencyLost,
            Event::Identification => Self::Identification,
            Event::TimeRemaining { .. } => Self::TimeRemaining,
            Event::Closed(_) => Self::Closed,
        }
    }
}

impl Event {
    /// Returns whether `later` takes the place of this event when both wait to be polled: they are
    /// of one kind.
    ///
    /// This is the whole rule of coalescing. Of each kind the latest waits, in the order in which
    /// they happened. These kinds concern the authentication: authenticate; prove and expired
    /// password; peer authenticated. These concern the layers: encryption up or down; address
    /// wanted; IPv4 up, down or failed; the same of IPv6; coherency lost. The others are: status;
    /// identification; time remaining; closed.
    ///
    /// ```
    /// use ppp_session::Event;
    ///
    /// assert!(Event::EncryptionDown.is_replaced_by(&Event::EncryptionDown));
    /// assert!(!Event::IpDown.is_replaced_by(&Event::Ipv6Down));
    /// ```
    #[must_use]
    pub fn is_replaced_by(&self, later: &Self) -> bool {
        Kind::of(self) == Kind::of(later)
    }
}

/// Events in the order in which they happened, the latest of each kind. There is room for all
/// kinds, so that no event is lost and none allocates.
#[derive(Debug)]
pub(crate) struct Events(List<Event, { Kind::COUNT }>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(List::with_room())
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.0.retain(|waiting| !waiting.is_replaced_by(&event));
        let pushed = self.0.push(event);
        debug_assert!(pushed.is_ok(), "every kind has its place");
    }

    pub(crate) fn pop(&mut self) -> Option<Event> {
        // They are few. `Vec::remove` and `VecDeque` have ways to panic that the compiler cannot rule out.
        let mut first = None;
        self.0.retain(|event| {
            let is_later = first.is_some();
            first = first.or(Some(*event));
            is_later
        });
        first
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The contents of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'p> {
    /// An IP packet, in the memory of the frame, or in the scratch buffer where it was
    /// decompressed.
    Ip(&'p [u8]),
    /// It was for the session: negotiation.
    Consumed,
}

impl<'p> Received<'p> {
    /// Returns the IP packet, if there is one.
    #[must_use]
    pub const fn ip(&self) -> Option<&'p [u8]> {
        match self {
            Self::Ip(packet) => Some(packet),
            Self::Consumed => None,
        }
    }
}

/// Lengths, not bytes.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(packet) => write!(f, "Ip({} bytes)", packet.len()),
            Self::Consumed => f.write_str("Consumed"),
        }
    }
}
