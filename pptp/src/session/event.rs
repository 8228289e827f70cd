//! The events of a session, and the contents of a packet.

use core::fmt;
use core::time::Duration;

use pptp_wire::connection::CallId;

use super::Reason;

/// An event of a control connection, or of a call on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The control connection is up: [`Session::connection`](super::Session::connection) has the
    /// peer's names.
    Established,
    /// Something has happened on a call. A server learns of a call by its first event.
    Call {
        /// Our id of the call.
        call: CallId,
        /// The event of the call.
        event: CallEvent,
    },
    /// The session is over. The last event: send what
    /// [`poll_control`](super::Session::poll_control) still gives, and close the TCP connection. Of
    /// a client, the reason is why its call ended, or never began.
    Closed(Reason),
}

/// An event of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallEvent {
    /// Something has happened in PPP: authentication, encryption, IP.
    Ppp(ppp_session::Event),
    /// The call is up for so long, and no GRE packet has come: a firewall or a NAT on the path most
    /// likely stops IP protocol 47. The session goes on trying.
    NoData {
        /// How long.
        elapsed: Duration,
    },
    /// RFC 2637 section 4.4: the flow control alarm goes on or off. Packets or acknowledgments are
    /// lost: the peer was [asked](super::Config::with_echo_for_acknowledgment) for the first one that
    /// was late, and has not answered in time either. Nothing is withheld meanwhile. See [`FlowAlarmPolicy`](super::FlowAlarmPolicy).
    FlowAlarm {
        /// Whether it is on.
        is_raised: bool,
    },
    /// A packet may be sent again, after [`SendError::WouldBlock`](super::SendError::WouldBlock).
    Writable,
    /// The call is over. The last event of it.
    Closed(Reason),
}

impl CallEvent {
    /// Returns whether `later` takes the place of this event when both wait to be polled: of each
    /// kind the latest waits.
    #[must_use]
    pub fn is_replaced_by(&self, later: &Self) -> bool {
        match (self, later) {
            (Self::Ppp(event), Self::Ppp(later)) => event.is_replaced_by(later),
            _ => core::mem::discriminant(self) == core::mem::discriminant(later),
        }
    }
}

/// Events of the tunnel and the control connection that wait, the latest of each kind.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    no_data: Option<Duration>,
    alarm: Option<bool>,
    is_writable: bool,
}

impl Waiting {
    pub(super) const fn no_data(&mut self, elapsed: Duration) {
        self.no_data = Some(elapsed);
    }

    pub(super) const fn alarm(&mut self, is_raised: bool) {
        self.alarm = Some(is_raised);
    }

    pub(super) const fn writable(&mut self) {
        self.is_writable = true;
    }

    /// Returns the events in the order in which they are declared.
    pub(super) fn pop(&mut self) -> Option<CallEvent> {
        if let Some(elapsed) = self.no_data.take() {
            return Some(CallEvent::NoData { elapsed });
        }
        if let Some(is_raised) = self.alarm.take() {
            return Some(CallEvent::FlowAlarm { is_raised });
        }
        core::mem::take(&mut self.is_writable).then_some(CallEvent::Writable)
    }
}

/// The contents of a GRE packet.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<'p> {
    /// An IP packet, in the memory of the GRE packet, or in the scratch buffer where it was
    /// decompressed.
    Ip(&'p [u8]),
    /// It waits for an earlier one: `poll_receive` gives it in time.
    Held,
    /// It was for the session: negotiation, an acknowledgment.
    Consumed,
}

impl<'p> Received<'p> {
    /// Returns the IP packet, if there is one.
    #[must_use]
    pub const fn ip(&self) -> Option<&'p [u8]> {
        match self {
            Self::Ip(packet) => Some(packet),
            Self::Held | Self::Consumed => None,
        }
    }
}

impl<'p> From<ppp_session::Received<'p>> for Received<'p> {
    fn from(received: ppp_session::Received<'p>) -> Self {
        received.ip().map_or(Self::Consumed, Self::Ip)
    }
}

/// Lengths, not bytes.
impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(packet) => write!(f, "Ip({} bytes)", packet.len()),
            Self::Held => f.write_str("Held"),
            Self::Consumed => f.write_str("Consumed"),
        }
    }
}
