//! One call, and the room for all of them.

use core::time::Duration;

use super::output::Output;
use super::time::{between, deadline};
use super::{CallCloseReason, CallId, CallParameters, CallState, Config, Event, Refusal};
use crate::message::{
    IncomingCallConnected, IncomingCallReply, IncomingCallRequest, OutgoingCallReply, OutgoingCallRequest,
};
use crate::{Message, Text};

/// RFC 2637 section 1.2: which side of a call we are. It follows from the side that asks for the
/// call, and may differ from call to call.
///
/// A VPN client is the PNS of outgoing calls, a VPN server their PAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a call has two sides")]
pub enum Role {
    /// PPTP Network Server: where PPP ends. It asks for outgoing calls, and answers incoming ones.
    #[doc(alias = "PPTP Network Server")]
    Pns,
    /// PPTP Access Concentrator: where the telephone line is, or would be. It answers outgoing calls, and asks for
    /// incoming ones.
    #[doc(alias = "PPTP Access Concentrator")]
    Pac,
}

/// RFC 2637 sections 2.7 and 2.9: the message that asked for a call, ours or the peer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has two kinds of calls")]
pub enum CallRequest {
    /// From the PNS.
    Outgoing(OutgoingCallRequest),
    /// From the PAC.
    Incoming(IncomingCallRequest),
}

impl CallRequest {
    /// Returns the number that both sides put in their logs.
    #[must_use]
    pub const fn call_serial_number(&self) -> u16 {
        match self {
            Self::Outgoing(request) => request.call_serial_number,
            Self::Incoming(request) => request.call_serial_number,
        }
    }

    /// Returns the id that the sender chose.
    pub(super) const fn call_id(&self) -> u16 {
        match self {
            Self::Outgoing(request) => request.call_id,
            Self::Incoming(request) => request.call_id,
        }
    }

    /// Returns the message itself.
    pub(super) fn to_message(self) -> Message {
        match self {
            Self::Outgoing(request) => request.into(),
            Self::Incoming(request) => request.into(),
        }
    }

    /// Returns the message that refuses it.
    pub(super) fn refusal(&self, refusal: Refusal) -> Message {
        match self {
            Self::Outgoing(request) => OutgoingCallReply {
                cause_code: refusal.cause,
                ..OutgoingCallReply::refused(request.call_id, refusal.result, refusal.error)
            }
            .into(),
            Self::Incoming(request) => {
                IncomingCallReply::refused(request.call_id, refusal.incoming_result(), refusal.error).into()
            }
        }
    }
}

/// RFC 2637 section 3.2: a call of a [`Connection`](super::Connection), as
/// [`Connection::call`](super::Connection::call) shows it.
///
/// ```
/// use core::time::Duration;
/// use pptp_wire::connection::{CallState, Config, Connection, Identity, Role};
/// use pptp_wire::message::{OutgoingCallRequest, StartControlConnectionReply};
/// use pptp_wire::{Message, Text, code::StartResult};
///
/// let now = Duration::ZERO;
/// let mut client: Connection =
///     Connection::originator(Config::new(Identity::WINDOWS), [1; 32]);
/// client.open(now)?;
/// let reply =
///     StartControlConnectionReply::new(StartResult::SUCCESSFUL, Text::EMPTY, Text::EMPTY);
/// assert_eq!(client.handle_stream(now, Message::from(reply).encode(&mut [0; 156])?), 156);
///
/// let id = client.place_call(now, OutgoingCallRequest::new(0, 0))?;
/// let call = client.call(id).unwrap();
/// assert_eq!((call.id(), call.role(), call.state()), (id, Role::Pns, CallState::WaitReply));
/// assert_eq!(call.peer_call_id(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Call {
    pub(super) id: CallId,
    pub(super) peer_call_id: Option<u16>,
    pub(super) role: Role,
    pub(super) request: CallRequest,
    /// As a PNS, what the peer's Call-Disconnect-Notify says; as a PAC, what ours will say.
    pub(super) statistics: Text<128>,
    pub(super) stage: CallStage,
}

/// The stage of a call, with what belongs to it alone: the state of RFC 2637 sections 3.2.3 and 3.2.4, and what of its
/// end the user knows.
///
/// A stage that has to be left in time has the deadline for it; `None` is too far away for the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallStage {
    /// A PNS was asked for an incoming call, and its user has to answer.
    Asked { until: Option<Duration> },
    /// A PAC was asked for an outgoing call, and its user has to answer.
    WaitCsAns { until: Option<Duration> },
    /// A PNS waits for the Outgoing-Call-Reply.
    WaitOutgoingReply { until: Option<Duration> },
    /// A PAC waits for the Incoming-Call-Reply, which it will answer with `connected`.
    WaitIncomingReply { until: Option<Duration>, connected: IncomingCallConnected },
    /// A PNS waits for the Incoming-Call-Connected.
    WaitConnect { until: Option<Duration> },
    /// Data may flow.
    Established {
        since: Duration,
        /// When the lack of data is reported to the user.
        no_data_deadline: Option<Duration>,
        /// When WAN-Error-Notify may be sent again.
        next_wan_errors: Duration,
    },
    /// A PNS has sent the Call-Clear-Request of this number: the order of those that wait for an answer.
    WaitDisconnect { until: Option<Duration>, number: u64 },
    /// It is over, and the event `CallClosed` waits to be polled.
    Ended,
    /// The event was polled. The user has read the end; the rest can be read until the place is
    /// needed.
    Left,
}

impl CallStage {
    pub(super) const fn deadline(&self) -> Option<Duration> {
        match self {
            Self::Asked { until }
            | Self::WaitCsAns { until }
            | Self::WaitOutgoingReply { until }
            | Self::WaitIncomingReply { until, .. }
            | Self::WaitConnect { until }
            | Self::WaitDisconnect { until, .. } => *until,
            Self::Established { .. } | Self::Ended | Self::Left => None,
        }
    }

    pub(super) const fn no_data_deadline(&self) -> Option<Duration> {
        if let Self::Established { no_data_deadline, .. } = self { *no_data_deadline } else { None }
    }

    /// Returns the message that answers an Incoming-Call-Reply, where one is waited for.
    pub(super) const fn announced(&self) -> Option<IncomingCallConnected> {
        if let Self::WaitIncomingReply { connected, .. } = self { Some(*connected) } else { None }
    }

    /// Returns the number of the Call-Clear-Request that waits for its answer.
    pub(super) const fn clear_request(&self) -> Option<u64> {
        if let Self::WaitDisconnect { number, .. } = self { Some(*number) } else { None }
    }

    /// Returns whether the user of this side has to answer the peer's request.
    pub(super) const fn waits_for_user(&self) -> bool {
        matches!(self, Self::Asked { .. } | Self::WaitCsAns { .. })
    }
}

impl Call {
    /// Creates a call that begins. `peer_call_id` is known if the peer asked for it.
    pub(super) const fn new(
        id: CallId,
        peer_call_id: Option<u16>,
        role: Role,
        request: CallRequest,
        stage: CallStage,
    ) -> Self {
        Self { id, peer_call_id, role, request, statistics: Text::EMPTY, stage }
    }

    /// Returns our id of the call.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    /// Returns the peer's id of it, the key of GRE packets that go out; `None` as long as it is not
    /// known. It may be zero.
    #[must_use]
    pub const fn peer_call_id(&self) -> Option<u16> {
        self.peer_call_id
    }

    /// Returns which side we are.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Returns the state, with the RFC's name. Idle, once it is over.
    #[must_use]
    pub const fn state(&self) -> CallState {
        match self.stage {
            CallStage::Asked { .. } | CallStage::Ended | CallStage::Left => CallState::Idle,
            CallStage::WaitCsAns { .. } => CallState::WaitCsAns,
            CallStage::WaitOutgoingReply { .. } | CallStage::WaitIncomingReply { .. } => CallState::WaitReply,
            CallStage::WaitConnect { .. } => CallState::WaitConnect,
            CallStage::Established { .. } => CallState::Established,
            CallStage::WaitDisconnect { .. } => CallState::WaitDisconnect,
        }
    }

    /// Returns the message that asked for it: speeds, types, numbers.
    #[must_use]
    pub const fn request(&self) -> &CallRequest {
        &self.request
    }

    /// Returns the statistics of the peer's Call-Disconnect-Notify, as a PNS, after the call. As a
    /// PAC: those that were [set](super::Connection::set_call_statistics).
    #[must_use]
    pub const fn statistics(&self) -> &Text<128> {
        &self.statistics
    }

    pub(super) const fn is_live(&self) -> bool {
        !matches!(self.stage, CallStage::Ended | CallStage::Left)
    }

    /// Enters the state established, with the id that the peer has given the call.
    pub(super) fn connect<const CALLS: usize>(
        &mut self,
        now: Duration,
        config: &Config,
        peer_call_id: u16,
        parameters: CallParameters,
        output: &mut Output<CALLS>,
    ) {
        // GRE is another path than TCP. A NAT or a firewall on it can let the control connection
        // live and drop all data, which users see as error 619 or 806.
        self.peer_call_id = Some(peer_call_id);
        self.stage = CallStage::Established {
            since: now,
            no_data_deadline: deadline(now, config.no_data_timeout),
            next_wan_errors: now,
        };
        output.tell(Event::CallConnected { call: self.id, peer_call_id, parameters });
    }

    /// Reports to the user that no data came.
    pub(super) fn tell_no_data<const CALLS: usize>(&mut self, now: Duration, output: &mut Output<CALLS>) {
        if let CallStage::Established { since, no_data_deadline, .. } = &mut self.stage {
            *no_data_deadline = None;
            output.tell(Event::ControlUpButNoData { call: self.id, elapsed: between(*since, now) });
        }
    }

    /// Ends the call.
    pub(super) fn end<const CALLS: usize>(&mut self, reason: CallCloseReason, output: &mut Output<CALLS>) {
        self.stage = CallStage::Ended;
        output.tell(Event::CallClosed { call: self.id, reason });
    }
}

/// The calls of a connection.
#[derive(Debug)]
pub(super) struct Calls<const CALLS: usize> {
    places: [Option<Call>; CALLS],
}

impl<const CALLS: usize> Calls<CALLS> {
    pub(super) const fn new() -> Self {
        Self { places: [const { None }; CALLS] }
    }

    /// Returns all that are not over.
    pub(super) fn live(&self) -> impl Iterator<Item = &Call> {
        self.places.iter().flatten().filter(|call| call.is_live())
    }

    pub(super) fn live_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        self.places.iter_mut().flatten().filter(|call| call.is_live())
    }

    /// Returns the call with this id of ours, over or not.
    pub(super) fn get(&self, id: CallId) -> Option<&Call> {
        self.places.iter().flatten().find(|call| call.id == id)
    }

    /// Returns the call that is not over, with this id of ours, if we are this side of it.
    pub(super) fn ours(&mut self, role: Role, id: u16) -> Option<&mut Call> {
        self.live_mut().find(|call| call.role == role && call.id.get() == id)
    }

    /// Returns the call that is not over, with this id of the peer's, if we are this side of it.
    pub(super) fn peers(&mut self, role: Role, id: u16) -> Option<&mut Call> {
        self.live_mut().find(|call| call.role == role && call.peer_call_id == Some(id))
    }

    pub(super) fn has_room(&self) -> bool {
        self.places.iter().any(|place| is_free(place.as_ref()))
    }

    /// Returns whether there would be room if the end of a call were polled.
    pub(super) fn waits_for_room(&self) -> bool {
        !self.has_room() && self.places.iter().flatten().any(|call| call.stage == CallStage::Ended)
    }

    /// Returns whether a new call must not get this id of ours: another one has it, or has left it
    /// behind.
    pub(super) fn is_taken(&self, id: u16) -> bool {
        self.places.iter().flatten().any(|call| call.id.get() == id)
    }

    /// Puts a call in a free place.
    pub(super) fn insert(&mut self, call: Call) {
        let free = self.places.iter_mut().find(|place| is_free(place.as_ref()));
        debug_assert!(free.is_some(), "a call without room");
        if let Some(place) = free {
            *place = Some(call);
        }
    }

    /// Forgets a call whose end the user knows.
    pub(super) fn leave(&mut self, id: CallId) {
        let ended = self.places.iter_mut().flatten().find(|call| call.id == id && call.stage == CallStage::Ended);
        if let Some(call) = ended {
            call.stage = CallStage::Left;
        }
    }
}

fn is_free(place: Option<&Call>) -> bool {
    place.is_none_or(|call| call.stage == CallStage::Left)
}
