//! The events of sessions, and their consequences: addresses, routes, answers, accounts.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Question, Ticket};
use pptp::ppp::link;
use pptp::ppp_session::{self, Event as Ppp, ExternalKeys};
use pptp::report::{ClientStatus, MppeReport, SessionReport};
use pptp::server::{Session, SessionMut};
use pptp::session::{Call, CallEvent, Event, Reason};
use pptp::wire::connection::CallId;

use super::calls::{Calls, Key};
use super::inquiry::{Decision, Verdict};
use super::ledger::{Due, Ledger, Terms, counters};
use super::output::{complain, say};
use super::radius::Radius;
use super::users::{Known, Users, Visitor};
use crate::config::Service;
use crate::host::{Device, sentence};
use crate::radius::{Account, Authorization, FramedAddress, TerminateCause};

/// The message for a client of MS-CHAP that is not let in: a wrong name or password, in every case.
const REFUSED: &[u8] = b"E=691 R=0 V=3";
/// RAS: the account has no permission to dial in. All addresses are taken.
const NO_ADDRESS: &[u8] = b"E=649 R=0 V=3 M=No address is free";

/// The state of the program beside the sessions.
pub(super) struct State {
    /// The users who may come in, from the configuration.
    pub(super) users: Users,
    /// The users who may come in, from others.
    pub(super) radius: Option<Radius>,
    /// Which call has which address.
    pub(super) calls: Calls,
    /// The interface of all tunnels.
    pub(super) device: Device,
    /// The users who were let in, until IP is up.
    pub(super) accepted: BTreeMap<Key, Accepted>,
    /// Sessions that are up.
    pub(super) ledger: Ledger,
    /// Packets of each call that were dropped since their sender was not its client.
    pub(super) spoofed: BTreeMap<Key, u64>,
    /// The first part of Acct-Session-Id: another one each time that the server starts.
    pub(super) run: u32,
    /// The name that a peer has to have.
    pub(super) terminate_from: Option<String>,
    /// Session-Timeout of the configuration.
    pub(super) session_timeout: Option<Duration>,
    pub(super) own: Ipv4Addr,
}

/// A call of a PPTP session, whose client presents itself.
struct Visit<'s> {
    session: &'s mut Session,
    call: CallId,
}

impl Visitor for Visit<'_> {
    fn presented(&self) -> Option<Presented<'_>> {
        self.session.call(self.call)?.ppp().presented()
    }

    fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
        self.session.call_mut(self.call).ok_or(AnswerError::NotAsked)?.answer(now, ticket, answer)
    }

    fn reject_change(&mut self, now: Duration) {
        if let Some(mut call) = self.session.call_mut(self.call) {
            call.reject_change(now);
        }
    }
}

/// Somebody who was let in.
#[derive(Default)]
pub(super) struct Accepted {
    authorization: Authorization,
    by_radius: bool,
}

impl State {
    /// Handles an event of a session.
    pub(super) fn event(&mut self, now: Duration, session: &mut SessionMut<'_, 4>, event: Event) {
        let (id, peer) = (session.id(), session.peer());
        match event {
            Event::Established => {
                let name = session.connection().peer().map_or_else(String::new, |peer| peer.host_name().to_string());
                say(&format_args!("connection {id}: {peer}, \"{name}\""));
                // The name is no proof: it chooses the group, and users still prove themselves.
                if self.terminate_from.as_ref().is_some_and(|wanted| *wanted != name) {
                    complain(&format!("connection {id}: no group terminates tunnels from \"{name}\""));
                    session.close(now);
                }
            }
            Event::Call { call, event } => self.call_event(now, session, (id, call), peer, event),
            Event::Closed(reason) => say(&format_args!("connection {id}: over: {reason}")),
            _ => {}
        }
    }

    fn call_event(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, event: CallEvent) {
        let (id, call) = key;
        match event {
            CallEvent::Ppp(event) => self.ppp_event(now, session, key, peer, event),
            CallEvent::NoData { .. } => say(&format_args!("connection {id} call {call}: no GRE packet has come")),
            CallEvent::Closed(reason) => self.closed(now, session, key, &reason),
            // The alarm is no line: peers that do not acknowledge a lone packet, as Linux, raise it all the time.
            _ => {}
        }
    }

    fn ppp_event(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, event: Ppp) {
        let (id, call) = key;
        let say = |text: fmt::Arguments<'_>| say(&format_args!("connection {id} call {call}: {text}"));
        match event {
            Ppp::Authenticate(question) => self.authenticate(now, session, key, peer, question),
            Ppp::PeerAuthenticated => {
                let name = session.call(call).map(|call| call.ppp().link().peer_name().to_string());
                say(format_args!("{} is who it says", name.unwrap_or_default()));
            }
            // RFC 1332 section 3.3: the client asks for this address instead of the one that it was given.
            Ppp::AddressWanted(wish) if self.calls.exchange(key, wish) => {
                say(format_args!("{wish} as the client wants"));
                session.call_mut(call).into_iter().for_each(|mut call| call.assign_address(wish));
            }
            Ppp::IpUp(_) => self.ip_up(now, session, key, peer),
            // Where encryption is preferred, it may come after the first packets.
            Ppp::EncryptionUp(_) => {
                let status = session.call(call).map(|call| ClientStatus::of_call(call, now));
                if let Some(status) = status.filter(|status| status.uptime.is_some()) {
                    say(format_args!("status\n{status}"));
                }
            }
            Ppp::EncryptionDown => say(format_args!("encryption: ended")),
            Ppp::IpDown => self.remove_routes(key),
            Ppp::Ipv6Up(agreed) => {
                if let Some(identifier) = agreed.peer {
                    self.calls.add(key, identifier.link_local());
                    say(format_args!("{identifier}"));
                }
            }
            Ppp::CoherencyLost => say(format_args!("packets decrypt to nonsense")),
            _ => {}
        }
    }

    /// Handles a client that presents itself, or a new password.
    fn authenticate(&mut self, now: Duration, session: &mut Session, key: Key, peer: IpAddr, question: Question) {
        if let Some(radius) = &mut self.radius {
            let Some(call) = session.call(key.1) else { return };
            let Some(presented) = call.ppp().presented() else { return };
            let name = call.ppp().link().peer_name().0;
            if let Some(verdict) = radius.inquiries.ask(now, key, question, &presented, name, peer) {
                self.apply(now, session, verdict);
            }
            return;
        }
        self.ask_users(now, session, key, question);
    }

    /// Asks the users of the file. Before the answer, an address is held: a client without one is
    /// not let in. It is given back when the proof is wrong.
    fn ask_users(&mut self, now: Duration, session: &mut Session, key: Key, question: Question) {
        let (id, call) = key;
        let had_one = self.calls.address(key).is_some();
        let Self { users, calls, .. } = self;
        let room = |known: &Known| calls.assign(key, known.address).is_some();
        match users.answer(now, &mut Visit { session, call }, Service::Pptp, question, room) {
            Ok((outcome @ (Outcome::Accepted | Outcome::PasswordChanged(_)), known)) => {
                if matches!(outcome, Outcome::PasswordChanged(_)) {
                    say(&format_args!("connection {id} call {call}: password changed"));
                }
                let own = known.own_address(&mut self.calls, &self.device);
                if let (Some(own), Some(mut call)) = (own, session.call_mut(call)) {
                    call.assign_own_address(own);
                }
                let Known { address, routes, .. } = known;
                let address = address.map_or(FramedAddress::Pool, FramedAddress::Given);
                let authorization = Authorization { address, routes, ..Authorization::default() };
                self.let_in(now, session, key, Accepted { authorization, by_radius: false });
            }
            Ok(_) => {
                if !had_one {
                    self.calls.remove(key);
                }
            }
            Err(error) => complain(&format!("connection {id} call {call}: {error}")),
        }
    }

    /// Lets in a client that has proved itself, and gives it its address.
    fn let_in(&mut self, now: Duration, session: &mut Session, key: Key, accepted: Accepted) {
        let Some(mut call) = session.call_mut(key.1) else { return };
        let Some(address) = self.address_for(key, &accepted.authorization) else {
            complain("all addresses of the pool are taken");
            call.close(now);
            return;
        };
        call.assign_address(address);
        // RFC 2548 sections 2.7.1 to 2.7.4: those of the user, where there are any, in place of the configuration's.
        let Authorization { name_servers, netbios_name_servers, .. } = accepted.authorization;
        if name_servers != [None; 2] {
            call.assign_name_servers(name_servers);
        }
        if netbios_name_servers != [None; 2] {
            call.assign_netbios_name_servers(netbios_name_servers);
        }
        self.accepted.insert(key, accepted);
    }

    fn address_for(&mut self, key: Key, authorization: &Authorization) -> Option<Ipv4Addr> {
        let wanted = match authorization.address {
            FramedAddress::Given(address) => Some(address),
            FramedAddress::Pool | FramedAddress::Client => None,
        };
        self.calls.assign(key, wanted)
    }

    /// Applies a RADIUS server's answer to a client.
    pub(super) fn apply(&mut self, now: Duration, session: &mut Session, verdict: Verdict) {
        let Verdict { call: key, question, decision } = verdict;
        match decision {
            Decision::Accept { message, keys, authorization } => {
                self.accept(now, session, key, question, &message, keys, *authorization);
            }
            Decision::Reject { message } => refuse(now, session, key, question, &message),
            Decision::EapRequest { packet } => {
                let Some(mut call) = session.call_mut(key.1) else { return };
                if let Err(error) = call.answer(now, question.ticket(), &Answer::EapRequest(&packet)) {
                    complain(&format!("the RADIUS server's request of EAP is not sent: {error}"));
                    refuse(now, session, key, question, b"");
                }
            }
            // As Cisco's `group radius local`: those of the configuration may come in when no server answers.
            Decision::Silence if !self.users.is_empty() => {
                complain("no RADIUS server answers: the users of the configuration are asked");
                self.ask_users(now, session, key, question);
            }
            Decision::Silence => {
                complain("no RADIUS server answers");
                refuse(now, session, key, question, b"");
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a verdict has in it")]
    fn accept(
        &mut self,
        now: Duration,
        session: &mut Session,
        key: Key,
        question: Question,
        message: &[u8],
        keys: Option<ExternalKeys>,
        authorization: Authorization,
    ) {
        // Before it is accepted: a client without an address is not let in.
        if self.address_for(key, &authorization).is_none() {
            complain("all addresses of the pool are taken");
            refuse(now, session, key, question, NO_ADDRESS);
            return;
        }
        let Some(mut call) = session.call_mut(key.1) else { return };
        match call.accept(now, question.ticket(), message, keys) {
            Ok(Outcome::Accepted | Outcome::PasswordChanged(_)) => {
                self.let_in(now, session, key, Accepted { authorization, by_radius: true });
            }
            // The client has gone in the meantime, or does not take it.
            Ok(_) | Err(_) => self.calls.remove(key),
        }
    }

    /// Sets routes and the account, since IP is up.
    fn ip_up(&mut self, now: Duration, session: &Session, key: Key, peer: IpAddr) {
        let (id, call) = key;
        let (Some(address), Some(handle)) = (self.calls.address(key), session.call(call)) else { return };
        let Accepted { authorization, by_radius } = self.accepted.remove(&key).unwrap_or_default();
        // RFC 2865 section 5.12: Framed-MTU bounds the packets to the client.
        let mtu = authorization.mtu.map_or(handle.mtu(), |mtu| mtu.min(handle.mtu()));
        for network in authorization.routes.iter().copied().chain(authorization.network) {
            self.calls.add_network(key, network);
        }
        for network in self.calls.reaches(key) {
            if let Err(error) = self.device.add_route(network, Some(mtu)) {
                say(&format_args!("connection {id} call {call}: no route to {network}: {error}"));
            }
        }
        say(&format_args!("connection {id} call {call}: {address}, MTU {mtu}"));
        say(&format_args!("connection {id} call {call}: status\n{}", ClientStatus::of_call(handle, now)));
        self.open_account(now, handle, key, peer, address, authorization, by_radius);
    }

    #[expect(clippy::too_many_arguments, reason = "what an account is made of")]
    fn open_account(
        &mut self,
        now: Duration,
        call: Call<'_>,
        key: Key,
        peer: IpAddr,
        address: Ipv4Addr,
        authorization: Authorization,
        by_radius: bool,
    ) {
        let (id, number) = key;
        // Unique over restarts of the program, as RFC 2866 section 5.5 wants.
        let session = format!("{:08x}-{id}-{number}", self.run);
        let user = call.ppp().link().peer_name().0.to_vec();
        let mut account = Account::new(session, &user, address, peer, self.own);
        account.class = authorization.class;
        account.by_radius = by_radius;
        let mut interim = authorization.interim_interval;
        if let Some(radius) = &self.radius {
            account.nas_address = radius.nas_address;
            account.nas_identifier.clone_from(&radius.nas_identifier);
            interim = interim.or(radius.interim_interval);
        }
        account.port = number.get().into();
        if let Some(radius) = &mut self.radius {
            radius.report(now, account.start());
        }
        // The shorter of the server's limit and our own holds.
        let session = [authorization.session_timeout, self.session_timeout].into_iter().flatten().min();
        self.ledger.begin(now, key, account, Terms { session, idle: authorization.idle_timeout, interim });
    }

    fn closed(&mut self, now: Duration, session: &Session, key: Key, reason: &Reason) {
        let (id, call) = key;
        say(&format_args!("connection {id} call {call}: over: {}", sentence(reason)));
        let tunnel = session.call(call).map(|call| call.statistics().tunnel);
        if let Some(tunnel) = &tunnel {
            say(&format_args!("connection {id} call {call}: counters\n{tunnel}"));
        }
        if let Some((account, since, cause)) = self.ledger.end(key) {
            let cause = cause.unwrap_or_else(|| cause_of(reason));
            let used = tunnel.map(|tunnel| counters(now.saturating_sub(since), &tunnel)).unwrap_or_default();
            if let Some(radius) = &mut self.radius {
                radius.report(now, account.stop(&used, cause));
            }
        }
        if let Some(radius) = &mut self.radius {
            radius.inquiries.forget(key);
        }
        self.remove_routes(key);
        self.calls.remove(key);
        self.accepted.remove(&key);
        self.spoofed.remove(&key);
    }

    fn remove_routes(&self, key: Key) {
        for network in self.calls.reaches(key) {
            // It may never have been there.
            let _ = self.device.remove_route(network);
        }
    }

    /// Reports accounts and names sessions whose time is over. `find` gives a session.
    pub(super) fn poll_end<'s>(&mut self, now: Duration, find: impl Fn(Key) -> Option<Call<'s>>) -> Option<Key> {
        loop {
            let packets = |key| {
                let tunnel = find(key).map(|call| call.statistics().tunnel);
                tunnel.map_or(0, |tunnel| tunnel.packets_received.saturating_add(tunnel.packets_sent))
            };
            match self.ledger.poll_due(now, packets)? {
                Due::End(key) => return Some(key),
                Due::Interim(key) => {
                    let (Some((account, since)), Some(call)) = (self.ledger.account(key), find(key)) else { continue };
                    let used = counters(now.saturating_sub(since), &call.statistics().tunnel);
                    let request = account.interim(&used);
                    if let Some(radius) = &mut self.radius {
                        radius.report(now, request);
                    }
                }
            }
        }
    }

    /// Writes the counters of a call.
    pub(super) fn report(&self, now: Duration, call: Call<'_>, key: Key, peer: IpAddr) {
        let name = self.device.name();
        let tunnel = u32::try_from(key.0.get()).unwrap_or(u32::MAX);
        say(&SessionReport::of_call(call, now).with_tunnel_id(tunnel).with_address(peer).with_interface(name));
        if let Some(report) = MppeReport::of_call(call, name) {
            say(&report);
        }
        let spoofed = self.spoofed.get(&key).copied().unwrap_or(0);
        let ppp_session::Statistics { refused, cleartext_dropped: clear, .. } = call.statistics().ppp;
        say(&format_args!("Refused frames {refused}, of them in the clear {clear}, of another sender {spoofed}"));
    }

    /// Carries a packet from a call to the device, if the client may send it.
    pub(super) fn deliver(&mut self, key: Key, packet: &[u8]) {
        if self.calls.may_send(key, packet) {
            self.device.send(packet);
        } else {
            *self.spoofed.entry(key).or_default() += 1;
        }
    }
}

/// Refuses a client.
fn refuse(now: Duration, session: &mut Session, key: Key, question: Question, message: &[u8]) {
    let presented = session.call(key.1).and_then(|call| call.ppp().presented());
    let is_microsoft = matches!(presented, Some(Presented::MsChap { .. } | Presented::ChangePassword { .. }));
    // PAP and CHAP have a text for people, which is empty when there is nothing to say.
    let message = if message.is_empty() && is_microsoft { REFUSED } else { message };
    if let Some(mut call) = session.call_mut(key.1) {
        // It may have gone.
        let _ = call.answer(now, question.ticket(), &Answer::Reject(message));
    }
}

/// Returns the cause in the words of RFC 2866 section 5.10.
fn cause_of(reason: &Reason) -> TerminateCause {
    match reason {
        Reason::Closed => TerminateCause::ADMIN_RESET,
        Reason::Ppp(ppp_session::Reason::Link(link::Reason::PeerClosed { .. })) | Reason::Call(_) => {
            TerminateCause::USER_REQUEST
        }
        Reason::Control(pptp::wire::connection::CloseReason::PeerStopped { .. }) => TerminateCause::USER_REQUEST,
        Reason::Control(_) | Reason::Ppp(ppp_session::Reason::Link(link::Reason::PeerSilent)) => {
            TerminateCause::LOST_CARRIER
        }
        _ => TerminateCause::PORT_ERROR,
    }
}
