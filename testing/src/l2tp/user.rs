//! The user of a session: takes its events, and answers its questions.

use std::time::Duration;

use l2tp_session::ppp_session::Event as PppEvent;
use l2tp_session::ppp_session::ppp::auth::Answer;
use l2tp_session::session::{CallEvent, Event, MAX_RECEIVE, Reason, Received, Session, SessionId};

use super::{ADDRESS, PASSWORD};
use crate::Output;

/// The record of the user of one session.
#[derive(Debug)]
pub struct User {
    /// All events, the earliest first.
    pub events: Vec<Event>,
    /// IP packets and frames that came in.
    pub packets: Vec<Vec<u8>>,
    /// The calls whose IP, or whose frames, flow.
    pub connected: Vec<SessionId>,
    /// Why calls ended.
    pub ended: Vec<(SessionId, Reason)>,
    /// Why it is over.
    pub reason: Option<Reason>,
    /// Whether nothing is left of it.
    pub is_drained: bool,
    /// The password of all clients.
    pub password: String,
    /// Whether questions are answered.
    pub answers: bool,
}

impl Default for User {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            packets: Vec::new(),
            connected: Vec::new(),
            ended: Vec::new(),
            reason: None,
            is_drained: false,
            password: PASSWORD.to_owned(),
            answers: true,
        }
    }
}

impl User {
    /// Takes what a packet held.
    pub fn take(&mut self, received: Received<'_>) {
        self.packets.extend(received.ip().or(received.frame()).map(<[u8]>::to_vec));
    }

    /// Polls a session until it has nothing more. Returns whether there was anything.
    pub fn settle<const N: usize>(&mut self, now: Duration, session: &mut Session<N>, output: &mut Output) -> bool {
        let mut is_any = false;
        let mut buf = [0; MAX_RECEIVE];
        while let Some(received) = session.poll_receive(now, &mut buf).unwrap() {
            self.take(received);
            is_any = true;
        }
        while let Some(event) = session.poll_event() {
            self.event(now, session, event);
            is_any = true;
        }
        while let Some(packet) = session.poll_transmit(now, &mut buf).unwrap() {
            output.datagrams.push(packet.payload.to_vec());
            is_any = true;
        }
        is_any
    }

    fn event<const N: usize>(&mut self, now: Duration, session: &mut Session<N>, event: Event) {
        assert!(!self.is_drained, "{event:?} after the last event");
        self.events.push(event);
        match event {
            Event::Closed(reason) => self.reason = Some(reason),
            Event::Drained => self.is_drained = true,
            Event::Call { call, event } => self.call_event(now, session, call, event),
            _ => {}
        }
    }

    fn call_event<const N: usize>(&mut self, now: Duration, session: &mut Session<N>, id: SessionId, event: CallEvent) {
        match event {
            CallEvent::Connected if session.call(id).is_some_and(|call| call.ppp().is_none()) => {
                self.connected.push(id);
            }
            CallEvent::Ppp(PppEvent::Authenticate(question)) if self.answers => {
                let mut call = session.call_mut(id).unwrap();
                call.assign_address(ADDRESS);
                let _ = call.answer(now, question.ticket(), &Answer::Password(self.password.as_bytes()));
            }
            CallEvent::Ppp(PppEvent::IpUp(_)) => self.connected.push(id),
            CallEvent::Closed(reason) => {
                self.connected.retain(|connected| *connected != id);
                self.ended.push((id, reason));
            }
            _ => {}
        }
    }
}
