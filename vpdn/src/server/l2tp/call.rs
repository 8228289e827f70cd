//! Calls of L2TP: what is asked of them, and what happens in them.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use l2tp_session::server::{Session, SessionMut};
use l2tp_session::session::{CallEvent, Event, Reason, SessionId};
use l2tp_session::wire::session::CloseReason as CallEnd;
use l2tp_session::wire::tunnel::CloseReason;
use l2tp_session::wire::{Address, Version, data};
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Ticket};
use pptp::ppp_session::{ExternalKeys, Session as Ppp};

use super::super::admission::cause_of;
use super::super::key::{Key, Kind};
use super::super::line::{Line, Visit, commands};
use super::super::output::say;
use super::super::state::State;
use crate::radius::{Counters, TerminateCause};

/// How many calls a tunnel may have.
pub(crate) const CALLS: usize = 4;

/// A call of a tunnel.
struct L2tpLine<'s> {
    session: &'s mut Session,
    call: SessionId,
}

impl Line for L2tpLine<'_> {
    commands!();

    fn ppp(&self) -> Option<&Ppp> {
        self.session.call(self.call)?.ppp()
    }

    fn mtu(&self) -> u16 {
        self.session.call(self.call).map_or(0, |call| call.mtu())
    }

    fn usage(&self) -> Counters {
        self.session.call(self.call).map(|call| usage(&call.counters())).unwrap_or_default()
    }

    fn counters(&self) -> Option<String> {
        let counters = self.session.call(self.call)?.counters();
        let data::Counters { packets_sent, packets_received, bytes_sent, bytes_received, .. } = counters;
        let data::Counters { out_of_order, lost, wrong_cookie, receive_dropped, exceeded_mtu, .. } = counters;
        Some(format!(
            "{packets_sent} packets sent, {packets_received} received, {bytes_sent} bytes sent, {bytes_received} \
             received\n{out_of_order} out of order packets, {lost} lost, {wrong_cookie} with a wrong cookie, \
             {receive_dropped} dropped, {exceeded_mtu} too long"
        ))
    }
}

/// Returns what passed through a call.
pub(super) fn usage(counters: &data::Counters) -> Counters {
    Counters {
        time: Duration::ZERO,
        input_bytes: counters.bytes_received,
        output_bytes: counters.bytes_sent,
        input_packets: counters.packets_received,
        output_packets: counters.packets_sent,
    }
}

/// Does something with a call.
pub(super) fn visit(session: &mut SessionMut<'_, CALLS>, call: SessionId, act: impl FnOnce(&mut Visit<'_>)) {
    let (key, kind) = (Key::L2tp(session.id(), call), kind(session));
    // A tunnel with a call has a peer.
    let peer = session.tunnel().address().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Address::host);
    act(&mut Visit { key, kind, peer, line: &mut L2tpLine { session, call } });
}

/// Handles an event of a tunnel.
pub(super) fn hear(now: Duration, session: &mut SessionMut<'_, CALLS>, state: &mut State, event: Event) {
    let id = session.id();
    match event {
        Event::Established => {
            let address = session.tunnel().address().map(|address| address.to_string()).unwrap_or_default();
            let (name, version) = (host_name(session), session.tunnel().version());
            say(&format_args!("tunnel {id}: {address}, \"{name}\", {version}"));
        }
        Event::Call { call, event } => visit(session, call, |visit| match event {
            CallEvent::Ppp(event) => state.ppp_event(now, visit, event),
            CallEvent::Closed(reason) => state.closed(now, visit, &reason, cause(&reason)),
            _ => {}
        }),
        Event::Closed(reason) => say(&format_args!("tunnel {id}: over: {reason}")),
        _ => {}
    }
}

/// Returns the cause in the words of RFC 2866 section 5.10.
fn cause(reason: &Reason) -> TerminateCause {
    match reason {
        Reason::Closed => TerminateCause::ADMIN_RESET,
        Reason::Ppp(reason) => cause_of(reason),
        Reason::Call(CallEnd::PeerCleared { .. }) | Reason::Tunnel(CloseReason::PeerStopped { .. }) => {
            TerminateCause::USER_REQUEST
        }
        Reason::NoData | Reason::Tunnel(_) => TerminateCause::LOST_CARRIER,
        _ => TerminateCause::PORT_ERROR,
    }
}

/// Returns our id of a tunnel, as `show vpdn` has it.
pub(super) fn number(session: &Session) -> u64 {
    let (tunnel, ids) = (session.tunnel(), session.tunnel().ids());
    match tunnel.version() {
        Version::V2 => ids.v2.into(),
        Version::V3 => ids.v3.into(),
    }
}

/// Returns the name that a peer gives itself.
pub(crate) fn host_name(session: &Session) -> String {
    session.tunnel().peer().map(|peer| peer.host_name.to_string()).unwrap_or_default()
}

/// Returns the kind of a tunnel.
pub(crate) const fn kind(session: &Session) -> Kind {
    Kind::of(session.tunnel().version())
}
