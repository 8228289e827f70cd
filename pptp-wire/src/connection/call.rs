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
    pub(super) state: CallState,
    pub(super) request: CallRequest,
    /// As a PNS, what the peer's Call-Disconnect-Notify says; as a PAC, what ours will say.
    pub(super) statistics: Text<128>,
    /// As a PAC of an incoming call, what is sent when the peer wants it answered.
    pub(super) connected: Option<IncomingCallConnected>,
    /// When the state has to have changed.
    pub(super) deadline: Option<Duration>,
    /// When the lack of data is reported to the user.
    pub(super) no_data_deadline: Option<Duration>,
    /// When it was connected.
    connected_at: Duration,
    /// When WAN-Error-Notify may be sent again.
    pub(super) next_wan_errors: Duration,
    /// When the Call-Clear-Request was sent: the order of those that wait for an answer.
    pub(super) cleared: u64,
    pub(super) life: Life,
}

/// Whether a place is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// The event `CallClosed` waits to be polled.
    Ended,
    /// The event was polled. The user has read the end; the rest can be read until the place is
    /// needed.
    Left,
}

impl Call {
    /// Creates a call that begins. `peer_call_id` is known if the peer asked for it.
    pub(super) const fn new(id: CallId, peer_call_id: Option<u16>, role: Role, request: CallRequest) -> Self {
        Self {
            id,
            peer_call_id,
            role,
            state: CallState::Idle,
            request,
            statistics: Text::EMPTY,
            connected: None,
            deadline: None,
            no_data_deadline: None,
            connected_at: Duration::ZERO,
            next_wan_errors: Duration::ZERO,
            cleared: 0,
            life: Life::Live,
        }
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
        self.state
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
        matches!(self.life, Life::Live)
    }

    /// Enters a state that has to be left in time.
    pub(super) fn wait(&mut self, state: CallState, now: Duration, timeout: Duration) {
        self.state = state;
        self.deadline = deadline(now, timeout);
    }

    /// Enters the state established.
    pub(super) fn connect<const CALLS: usize>(
        &mut self,
        now: Duration,
        config: &Config,
        parameters: CallParameters,
        output: &mut Output<CALLS>,
    ) {
        self.state = CallState::Established;
        self.deadline = None;
        self.connected_at = now;
        // GRE is another path than TCP. A NAT or a firewall on it can let the control connection
        // live and drop all data, which users see as error 619 or 806.
        self.no_data_deadline = deadline(now, config.no_data_timeout);
        // A call is connected by a message that has the peer's id, so the default is never taken.
        let peer_call_id = self.peer_call_id.unwrap_or_default();
        output.tell(Event::CallConnected { call: self.id, peer_call_id, parameters });
    }

    /// Reports to the user that no data came.
    pub(super) fn tell_no_data<const CALLS: usize>(&mut self, now: Duration, output: &mut Output<CALLS>) {
        self.no_data_deadline = None;
        let elapsed = between(self.connected_at, now);
        output.tell(Event::ControlUpButNoData { call: self.id, elapsed });
    }

    /// Ends the call.
    pub(super) fn end<const CALLS: usize>(&mut self, reason: CallCloseReason, output: &mut Output<CALLS>) {
        self.state = CallState::Idle;
        self.life = Life::Ended;
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
        !self.has_room() && self.places.iter().flatten().any(|call| call.life == Life::Ended)
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
        let ended = self.places.iter_mut().flatten().find(|call| call.id == id && call.life == Life::Ended);
        if let Some(call) = ended {
            call.life = Life::Left;
        }
    }
}

fn is_free(place: Option<&Call>) -> bool {
    place.is_none_or(|call| call.life == Life::Left)
}
