//! What happens in sessions, and what follows: addresses, routes, answers, reports.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::net::IpAddr;
use std::time::Duration;

use pptp::ppp::auth::{Answer, Outcome, Question};
use pptp::server::{Event, Session, SessionMut};
use pptp::session;

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

    fn call_event(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, event: session::Event) {
        let (id, call) = key;
        let say = |text: fmt::Arguments<'_>| say(&format_args!("connection {id} call {call}: {text}"));
        match event {
            session::Event::Authenticate(question) => self.authenticate(now, session, key, peer, question),
            session::Event::PeerAuthenticated => {
                let name = session.link(call).map(|link| link.peer_name().to_string()).unwrap_or_default();
                say(format_args!("{name} is who it says"));
            }
            session::Event::IpUp(_) => {
                let Some(address) = self.calls.address(key) else { return };
                let route = (IpAddr::V4(address), 32);
                if let Err(error) = self.device.add_route(route, session.mtu(call)) {
                    say(format_args!("no route to {address}: {error}"));
                }
                say(format_args!("{address}, MTU {}", session.mtu(call).unwrap_or_default()));
                if let Some(status) = session.call_status(now, call) {
                    say(format_args!("status\n{status}"));
                }
            }
            // Where encryption is preferred, it may come after the first packets.
            session::Event::EncryptionUp(_) => {
                if let Some(status) = session.call_status(now, call).filter(|status| status.uptime.is_some()) {
                    say(format_args!("status\n{status}"));
                }
            }
            session::Event::EncryptionDown => say(format_args!("encryption: ended")),
            session::Event::IpDown => self.remove_route(key),
            session::Event::Ipv6Up(agreed) => {
                if let Some(identifier) = agreed.peer {
                    self.calls.add(key, identifier.link_local());
                    say(format_args!("{identifier}"));
                }
            }
            session::Event::FlowAlarm { is_raised: true } => say(format_args!("flow control alarm")),
            session::Event::CoherencyLost => say(format_args!("packets decrypt to nonsense")),
            session::Event::NoData { .. } => say(format_args!("no GRE packet has come")),
            session::Event::Closed(reason) => {
                say(format_args!("over: {}", sentence(&reason)));
                if let Some(statistics) = session.statistics(call) {
                    say(format_args!("counters\n{}", statistics.tunnel));
                }
                self.remove_route(key);
                self.calls.remove(key);
                self.spoofed.remove(&key);
            }
            _ => {}
        }
    }

    /// A client presents itself, or a new password.
    fn authenticate(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, question: Question) {
        let (id, call) = key;
        let Some(address) = self.calls.assign(key) else {
            complain("all addresses of the pool are taken");
            // RAS: the account has no permission to dial in.
            let _ =
                session.answer(now, call, question.ticket(), &Answer::Reject(b"E=649 R=0 V=3 M=No address is free"));
            return;
        };
        session.assign_address(call, address);
        match &mut self.verifier {
            Verifier::Users(users) => match users.answer(now, session, call, question) {
                Ok(Outcome::PasswordChanged(_)) => say(&format_args!("connection {id} call {call}: password changed")),
                // Who is not let in keeps no address until its call is over.
                Ok(Outcome::Refused { goes_on: false }) => self.calls.remove(key),
                Ok(_) => {}
                Err(error) => complain(&format!("connection {id} call {call}: {error}")),
            },
            Verifier::Radius(inquiries) => {
                let Some(presented) = session.presented(call) else { return };
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
        if let Some(report) = session.session_report(now, call) {
            let tunnel = u32::try_from(id.get()).unwrap_or(u32::MAX);
            say(&report.with_tunnel_id(tunnel).with_address(peer).with_interface(name));
        }
        if let Some(report) = session.mppe_report(call, name) {
            say(&report);
        }
        if let Some(statistics) = session.statistics(call) {
            let spoofed = self.spoofed.get(&key).copied().unwrap_or(0);
            let (refused, clear) = (statistics.refused, statistics.cleartext_dropped);
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
