//! What a session tells, and what it found in a packet.

use core::convert::Infallible;
use core::fmt;
use core::time::Duration;

use ppp_fsm::auth::{Demand, Question};
use ppp_fsm::{ccp, ipcp, ipv6cp, negotiate};

use super::{Reason, Status};

/// What has happened on a call. Longer octets stay in the session, and are borrowed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The call is in another state: dialing, verifying the password, connected.
    Status(Status),
    /// Server: a client presents something. `presented` shows what, `answer` says whether it is good, now or later.
    Authenticate(Question),
    /// Client: this side has to prove itself once more, since the server refused it and lets it try again, or with a
    /// method of EAP of the user's own. The first proof is given without being asked for.
    Prove(Demand),
    /// Client: the password is right and has expired (error 648). `change_password` goes on; else the session ends.
    PasswordExpired,
    /// Server: the client has proved itself. Again with each further challenge.
    PeerAuthenticated,
    /// CCP agreed: packets are encrypted or compressed so from now on, with new keys.
    EncryptionUp(ccp::Agreed),
    /// Nothing is encrypted any more. What has to be is not sent.
    EncryptionDown,
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
    /// A packet may be sent again, after [`SendError::WouldBlock`](super::SendError::WouldBlock).
    Writable,
    /// RFC 2637 section 4.4: the flow control alarm goes on or off. Packets or acknowledgments are lost, or the peer does
    /// not acknowledge. See [`FlowAlarmPolicy`](super::FlowAlarmPolicy).
    FlowAlarm {
        /// Whether it is on.
        is_raised: bool,
    },
    /// The call is up for so long, and no GRE packet has come: a firewall or a NAT on the path most likely stops IP
    /// protocol 47. The session goes on trying.
    NoData {
        /// How long.
        elapsed: Duration,
    },
    /// So many packets in a row decrypted to nonsense that the keys must differ, or somebody forges packets.
    CoherencyLost,
    /// RFC 1570 section 1.1: the peer says who it is: `link(…).peer_identification()`.
    Identification,
    /// RFC 1570 section 1.2: the session will end in so many seconds.
    TimeRemaining {
        /// Seconds; `u32::MAX` is for ever.
        seconds: u32,
    },
    /// The call is over. The last event of it. Send what `poll_control` still gives.
    Closed(Reason),
}

/// What was in a GRE packet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'p> {
    /// An IP packet, in the memory of the GRE packet, or in the session's where it was decompressed.
    Ip(&'p [u8]),
    /// It waits for an earlier one: `poll_receive` gives it in time.
    Held,
    /// It was for the session: negotiation, an acknowledgment.
    Consumed,
}

impl Received<'_> {
    /// The IP packet, if there is one.
    #[must_use]
    pub const fn ip(&self) -> Option<&[u8]> {
        match self {
            Self::Ip(packet) => Some(packet),
            Self::Held | Self::Consumed => None,
        }
    }
}

/// Lengths, not octets.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(packet) => write!(f, "Ip({} octets)", packet.len()),
            Self::Held => f.write_str("Held"),
            Self::Consumed => f.write_str("Consumed"),
        }
    }
}
