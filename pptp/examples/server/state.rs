//! What happens in sessions, and what follows: addresses, routes, answers, reports.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::ppp::auth::{Answer, Outcome, Question};
use pptp::ppp_session;
use pptp::report::{ClientStatus, MppeReport, SessionReport};
use pptp::server::{Session, SessionMut};
use pptp::session::{CallEvent, Event};

use crate::calls::{Calls, Key};
use crate::complain;
use crate::host::device::Device;
use crate::host::failure::sentence;
use crate::inquiry::{Inquiries, Verdict};
use crate::users::Users;

/// Who says who may come in.
pub enum Verifier {
    /// A file.
    Users(Users),
    /// A RADIUS server.
    Radius(Inquiries),
}

/// What the program knows beside the sessions.
pub struct State {
    /// Who says who may come in.
    pub verifier: Verifier,
    /// Which call has which address.
    pub calls: Calls,
    /// The interface of all tunnels.
    pub device: Device,
    /// Packets of each call that were dropped since their sender was not its client.
    pub spoofed: BTreeMap<Key, u64>,
}

impl State {
    /// Something has happened in a session.
    pub fn event(&mut self, now: Duration, session: &mut SessionMut<'_, 4>, event: Event) {
        let (id, peer) = (session.id(), session.peer());
        match event {
            Event::Established => {
                let name = session.connection().peer().map_or_else(String::new, |peer| peer.host_name().to_string());
                say(&format_args!("connection {id}: {peer}, \"{name}\""));
            }
            Event::Call { call, event } => self.call_event(now, session, (id, call), peer, event),
            Event::Closed(reason) => say(&format_args!("connection {id}: over: {reason}")),
            _ => {}
        }
    }

    fn call_event(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, event: CallEvent) {
        let (id, call) = key;
        let say = |text: fmt::Arguments<'_>| say(&format_args!("connection {id} call {call}: {text}"));
        match event {
            CallEvent::Ppp(ppp_session::Event::Authenticate(question)) => {
                self.authenticate(now, session, key, peer, question);
            }
            CallEvent::Ppp(ppp_session::Event::PeerAuthenticated) => {
                let name = session.call(call).map(|call| call.ppp().link().peer_name().to_string()).unwrap_or_default();
                say(format_args!("{name} is who it says"));
            }
            // The client asks for this one instead of the one that it was given.
            CallEvent::Ppp(ppp_session::Event::AddressWanted(wish)) => self.exchange(session, key, wish),
            CallEvent::Ppp(ppp_session::Event::IpUp(_)) => {
                let Some(address) = self.calls.address(key) else { return };
                let mtu = session.call(call).map(|call| call.mtu());
                let route = (IpAddr::V4(address), 32);
                if let Err(error) = self.device.add_route(route, mtu) {
                    say(format_args!("no route to {address}: {error}"));
                }
                say(format_args!("{address}, MTU {}", mtu.unwrap_or_default()));
                if let Some(status) = session.call(call).map(|call| ClientStatus::of_call(call, now)) {
                    say(format_args!("status\n{status}"));
                }
            }
            // Where encryption is preferred, it may come after the first packets.
            CallEvent::Ppp(ppp_session::Event::EncryptionUp(_)) => {
                if let Some(status) = session
                    .call(call)
                    .map(|call| ClientStatus::of_call(call, now))
                    .filter(|status| status.uptime.is_some())
                {
                    say(format_args!("status\n{status}"));
                }
            }
            CallEvent::Ppp(ppp_session::Event::EncryptionDown) => say(format_args!("encryption: ended")),
            CallEvent::Ppp(ppp_session::Event::IpDown) => self.remove_route(key),
            CallEvent::Ppp(ppp_session::Event::Ipv6Up(agreed)) => {
                if let Some(identifier) = agreed.peer {
                    self.calls.add(key, identifier.link_local());
                    say(format_args!("{identifier}"));
                }
            }
            CallEvent::FlowAlarm { is_raised: true } => say(format_args!("flow control alarm")),
            CallEvent::Ppp(ppp_session::Event::CoherencyLost) => say(format_args!("packets decrypt to nonsense")),
            CallEvent::NoData { .. } => say(format_args!("no GRE packet has come")),
            CallEvent::Closed(reason) => {
                say(format_args!("over: {}", sentence(&reason)));
                if let Some(statistics) = session.call(call).map(|call| call.statistics()) {
                    say(format_args!("counters\n{}", statistics.tunnel));
                }
                self.remove_route(key);
                self.calls.remove(key);
                self.spoofed.remove(&key);
            }
            _ => {}
        }
    }

    /// A client that insists on an address gets it, if it is free.
    fn exchange(&mut self, session: &mut Session, (id, call): Key, wish: Ipv4Addr) {
        if self.calls.exchange((id, call), wish) {
            say(&format_args!("connection {id} call {call}: {wish} as the client wants"));
            session.call_mut(call).into_iter().for_each(|mut call| call.assign_address(wish));
        }
    }

    /// A client presents itself, or a new password.
    fn authenticate(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, question: Question) {
        let (id, call) = key;
        let Some(address) = self.calls.assign(key) else {
            complain("all addresses of the pool are taken");
            // RAS: the account has no permission to dial in.
            if let Some(mut call) = session.call_mut(call) {
                let _ = call.answer(now, question.ticket(), &Answer::Reject(b"E=649 R=0 V=3 M=No address is free"));
            }
            return;
        };
        if let Some(mut call) = session.call_mut(call) {
            call.assign_address(address);
        }
        match &mut self.verifier {
            Verifier::Users(users) => match users.answer(now, session, call, question) {
                Ok(Outcome::PasswordChanged(_)) => say(&format_args!("connection {id} call {call}: password changed")),
                // Who is not let in keeps no address until its call is over.
                Ok(Outcome::Refused { goes_on: false }) => self.calls.remove(key),
                Ok(_) => {}
                Err(error) => complain(&format!("connection {id} call {call}: {error}")),
            },
            Verifier::Radius(inquiries) => {
                let Some(presented) = session.call(call).and_then(|call| call.ppp().presented()) else { return };
                if let Some(verdict) = inquiries.ask(now, key, question.ticket(), &presented, peer) {
                    self.apply(now, session, verdict);
                }
            }
        }
    }

    /// Tells a client what a RADIUS server says.
    pub fn apply(&mut self, now: Duration, session: &mut Session, verdict: Verdict) {
        let key = verdict.call;
        if let Ok(Outcome::Refused { goes_on: false }) = verdict.apply(now, session) {
            self.calls.remove(key);
        }
    }

    fn remove_route(&self, key: Key) {
        if let Some(address) = self.calls.address(key) {
            // It may never have been there.
            let _ = self.device.remove_route((IpAddr::V4(address), 32));
        }
    }

    /// Writes the counters of a call.
    pub fn report(&self, now: Duration, session: &Session, key: Key, peer: IpAddr) {
        let (id, call) = key;
        let name = self.device.name();
        if let Some(report) = session.call(call).map(|call| SessionReport::of_call(call, now)) {
            let tunnel = u32::try_from(id.get()).unwrap_or(u32::MAX);
            say(&report.with_tunnel_id(tunnel).with_address(peer).with_interface(name));
        }
        if let Some(report) = session.call(call).and_then(|call| MppeReport::of_call(call, name)) {
            say(&report);
        }
        if let Some(statistics) = session.call(call).map(|call| call.statistics()) {
            let spoofed = self.spoofed.get(&key).copied().unwrap_or(0);
            let (refused, clear) = (statistics.ppp.refused, statistics.ppp.cleartext_dropped);
            say(&format_args!("Refused frames {refused}, of them in the clear {clear}, of another sender {spoofed}"));
        }
    }

    /// From a call to the device, if the client may send it.
    pub fn deliver(&mut self, key: Key, packet: &[u8]) {
        if self.calls.may_send(key, packet) {
            self.device.send(packet);
        } else {
            *self.spoofed.entry(key).or_default() += 1;
        }
    }
}

/// Writes a line, or some, to the standard output. If nobody reads it, that is no reason to stop.
pub fn say(text: &dyn fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
