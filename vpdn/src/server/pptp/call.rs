//! Calls of PPTP: what is asked of them, and what happens in them.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::auth::{Answer, AnswerError, Outcome, Ticket};
use pptp::ppp_session::{ExternalKeys, Session as Ppp};
use pptp::server::{Session, SessionMut};
use pptp::session::{CallEvent, Event, Reason};
use pptp::wire::connection::{CallId, CloseReason};

use super::super::admission::cause_of;
use super::super::key::{Key, Kind};
use super::super::line::{Line, Visit, commands};
use super::super::output::{complain, say};
use super::super::state::State;
use crate::host::sentence;
use crate::radius::{Counters, TerminateCause};

/// A call of a control connection.
struct PptpLine<'s> {
    session: &'s mut Session,
    call: CallId,
}

impl Line for PptpLine<'_> {
    commands!();

    fn ppp(&self) -> Option<&Ppp> {
        self.session.call(self.call).map(|call| call.ppp())
    }

    fn mtu(&self) -> u16 {
        self.session.call(self.call).map_or(0, |call| call.mtu())
    }

    fn usage(&self) -> Counters {
        self.session.call(self.call).map(|call| usage(&call.statistics().tunnel)).unwrap_or_default()
    }

    fn counters(&self) -> Option<String> {
        self.session.call(self.call).map(|call| call.statistics().tunnel.to_string())
    }
}

/// Returns what passed through the tunnel of a call.
pub(super) fn usage(tunnel: &pptp::gre::Statistics) -> Counters {
    Counters {
        time: Duration::ZERO,
        input_bytes: tunnel.bytes_received,
        output_bytes: tunnel.bytes_sent,
        input_packets: tunnel.packets_received,
        output_packets: tunnel.packets_sent,
    }
}

/// Does something with a call.
pub(super) fn visit(session: &mut SessionMut<'_, 4>, call: CallId, act: impl FnOnce(&mut Visit<'_>)) {
    let (key, peer) = (Key::Pptp(session.id(), call), session.peer());
    act(&mut Visit { key, kind: Kind::Pptp, peer, line: &mut PptpLine { session, call } });
}

/// Handles an event of a session.
pub(super) fn hear(
    now: Duration,
    session: &mut SessionMut<'_, 4>,
    state: &mut State,
    terminate_from: Option<&str>,
    event: Event,
) {
    let id = session.id();
    match event {
        Event::Established => {
            let name = host_name(session);
            say(&format_args!("connection {id}: {}, \"{name}\"", session.peer()));
            // The name is no proof: it chooses the group, and users still prove themselves.
            if terminate_from.is_some_and(|wanted| *wanted != name) {
                complain(&format!("connection {id}: no group terminates tunnels from \"{name}\""));
                session.close(now);
            }
        }
        Event::Call { call, event } => visit(session, call, |visit| match event {
            CallEvent::Ppp(event) => state.ppp_event(now, visit, event),
            CallEvent::NoData { .. } => visit.say(format_args!("no GRE packet has come")),
            CallEvent::Closed(reason) => state.closed(now, visit, &sentence(&reason), cause(&reason)),
            // The alarm is no line: peers that do not acknowledge a lone packet, as Linux, raise it all the time.
            _ => {}
        }),
        Event::Closed(reason) => say(&format_args!("connection {id}: over: {reason}")),
        _ => {}
    }
}

/// Returns the cause in the words of RFC 2866 section 5.10.
fn cause(reason: &Reason) -> TerminateCause {
    match reason {
        Reason::Closed => TerminateCause::ADMIN_RESET,
        Reason::Ppp(reason) => cause_of(reason),
        Reason::Call(_) | Reason::Control(CloseReason::PeerStopped { .. }) => TerminateCause::USER_REQUEST,
        Reason::Control(_) => TerminateCause::LOST_CARRIER,
        _ => TerminateCause::PORT_ERROR,
    }
}

/// Returns the name that a peer gives itself.
pub(crate) fn host_name(session: &Session) -> String {
    session.connection().peer().map_or_else(String::new, |peer| peer.host_name().to_string())
}
