//! The loop of the server for L2TP: one UDP socket, and one device for all tunnels.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use l2tp_session::ppp_session::Event as Ppp;
use l2tp_session::server::{Config as ServerConfig, Group, Limits, Server, SessionMut, TunnelId};
use l2tp_session::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received, Session, SessionId};
use l2tp_session::wire::UDP_PORT;
use l2tp_session::wire::tunnel::Versions;
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Question, Ticket};

use super::calls::Calls;
use super::output::{complain, say};
use super::users::{Known, Users, Visitor};
use crate::config::{Config, ConfigError, IpProtocol, Network, Protocol, Service, VirtualTemplate, VpdnGroup};
use crate::host::{BURST, Carrier, Clock, Device, Failure, Interest, Packets, Poller, Signals, entropy};
use crate::profile;

/// How long the end of all sessions may take, whatever the clients do.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many calls a tunnel may have.
const CALLS: usize = 4;

/// Numbers of descriptors.
const NETWORK: u64 = 0;
const DEVICE: u64 = 1;
const SIGNALS: u64 = 2;

/// Reads the configuration again.
pub(super) type Reload<'r> = dyn Fn() -> Result<Config, ConfigError> + 'r;

/// A call of a tunnel.
type Key = (TunnelId, SessionId);

/// Returns the versions that a group accepts, if none accepts PPTP.
pub(super) fn wanted(config: &Config) -> Option<Versions> {
    if config.accepting(Protocol::Pptp).is_some() {
        return None;
    }
    let versions = [(Protocol::L2tp, Versions::V2), (Protocol::L2tpv3, Versions::V3)];
    versions.into_iter().find(|(protocol, _)| config.accepting(*protocol).is_some()).map(|(_, versions)| versions)
}

/// Returns the group that accepts tunnels of these versions, and its template.
///
/// # Errors
///
/// [`Failure`]: there is none.
fn accepting(config: &Config, versions: Versions) -> Result<(&VpdnGroup, &VirtualTemplate), Failure> {
    let protocol = if versions == Versions::V3 { Protocol::L2tpv3 } else { Protocol::L2tp };
    config.accepting(protocol).ok_or_else(|| Failure::other("no vpdn-group accepts tunnels of L2TP".to_owned()))
}

/// Takes calls until a signal comes, and ends all sessions. `reload` reads the configuration again.
///
/// # Errors
///
/// [`Failure`].
pub(super) fn run(config: &Config, versions: Versions, reload: &Reload<'_>) -> Result<(), Failure> {
    let (group, template) = accepting(config, versions)?;
    let own = template.ip_address.ok_or_else(|| Failure::other("the server has no `ip-address`".to_owned()))?;
    if config.radius.is_some() {
        return Err(Failure::other("users of L2TP are those of the configuration: RADIUS is for PPTP".to_owned()));
    }
    let failed = |error| Failure::of_system("the users", &error);
    let users = Users::open(&config.user, config.users.as_deref(), entropy()?).map_err(failed)?;
    if users.is_empty() {
        return Err(Failure::other("nobody may come in: there are no users".to_owned()));
    }
    let address = config.listen.with_default_port(UDP_PORT);
    let mut network = Carrier::udp(address.into())?;
    let pseudowire = config.classes(None, group.pseudowire_class.as_ref()).1;
    if pseudowire.is_some_and(|class| class.ip_protocol == IpProtocol::L2tp) {
        network = network.or(Carrier::ip((*address.ip()).into())?);
    }
    let (group, mtu) = settings(config, versions)?;
    let device = Device::create(config.interface.as_deref(), template.ipv6)?;
    let failed = |error| Failure::of_system("the network interface", &error);
    device.set_up(mtu).map_err(failed)?;
    device.add_address(own.into(), None, 32).map_err(failed)?;
    let limits = Limits::default()
        .with_tunnels(config.limits.connections)
        .with_tunnels_per_address(config.limits.connections_per_address)
        .with_calls(config.limits.calls);
    let gateway = Gateway {
        clock: Clock::start(),
        server: Server::new(ServerConfig::new(group), limits, entropy()?),
        network,
        state: State {
            users,
            calls: Calls::new(config.pool(template), own),
            device,
            behind: BTreeMap::new(),
            spoofed: 0,
        },
        outgoing: Packets::new(HEADROOM),
    };
    say(&format_args!("listening at {address}, interface {}, {own}", gateway.state.device.name()));
    gateway.run(&|| settings(&reload()?, versions).map(|(group, _)| group))
}

/// Returns the settings of all tunnels, and the MTU of the device.
///
/// # Errors
///
/// [`Failure`]: no group accepts such tunnels, or the password of the tunnels is too long.
fn settings(config: &Config, versions: Versions) -> Result<(Group, u16), Failure> {
    let (group, template) = accepting(config, versions)?;
    let own = template.ip_address.ok_or_else(|| Failure::other("the server has no `ip-address`".to_owned()))?;
    let (class, pseudowire) = config.classes(group.l2tp_class.as_ref(), group.pseudowire_class.as_ref());
    let name = group.local_name.as_deref().unwrap_or(config.hostname());
    let session = profile::l2tp(template, (&class, pseudowire), versions, name)?;
    let mtu = session.mtu();
    let mut settings = Group::new(session, own).with_server(|server| profile::server(server, template));
    if let Some(name) = &group.terminate_from {
        settings = settings.with_terminate_from(name);
    }
    for vcid in &group.vcids {
        settings = settings.with_remote_end_id(&vcid.to_string());
    }
    Ok((settings, mtu))
}

/// All tunnels, and what they are between.
struct Gateway {
    clock: Clock,
    server: Server<CALLS>,
    network: Carrier,
    state: State,
    outgoing: Packets,
}

/// The knowledge of the program beside the sessions.
struct State {
    users: Users,
    calls: Calls<Key>,
    device: Device,
    /// The networks behind clients that were let in, until IP is up.
    behind: BTreeMap<Key, Vec<Network>>,
    /// Packets that were dropped since their sender was not the client of their call.
    spoofed: u64,
}

/// Whether the server goes on.
enum Stage {
    Running,
    Closing { deadline: Duration },
}

impl Gateway {
    /// Runs until a signal. `reload` returns the settings for new tunnels.
    fn run(mut self, reload: &dyn Fn() -> Result<Group, Failure>) -> Result<(), Failure> {
        let (stop, report, reloads) = (Signals::of_the_end()?, Signals::of_reports()?, Signals::of_reloads()?);
        let failed = |error| Failure::of_system("epoll", &error);
        let mut poller = Poller::new().map_err(failed)?;
        self.network.wait_by(&poller, NETWORK).map_err(failed)?;
        poller.add(&self.state.device, DEVICE, Interest::Read).map_err(failed)?;
        poller.add(&stop, SIGNALS, Interest::Read).map_err(failed)?;
        poller.add(&report, SIGNALS, Interest::Read).map_err(failed)?;
        poller.add(&reloads, SIGNALS, Interest::Read).map_err(failed)?;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let (mut stage, mut stops) = (Stage::Running, 0);
        loop {
            self.settle();
            let deadline = match stage {
                Stage::Running => None,
                Stage::Closing { deadline } if self.is_over() || deadline <= self.clock.now() => return Ok(()),
                Stage::Closing { deadline } => Some(deadline),
            };
            let deadlines = [self.server.poll_timeout(), deadline];
            let timeout = deadlines.into_iter().flatten().min();
            let timeout = timeout.map(|deadline| deadline.saturating_sub(self.clock.now()));
            let come: Vec<_> = poller.wait(timeout).map_err(failed)?.collect();
            let now = self.clock.now();
            if come.contains(&NETWORK) {
                self.receive(now);
            }
            if come.contains(&DEVICE) {
                self.send(now);
            }
            self.server.handle_timeout(now);
            if stop.take_end(&mut stops)? {
                say(&"ending all sessions");
                self.close_all(now);
                stage = Stage::Closing { deadline: now.saturating_add(CLOSE_TIMEOUT) };
            }
            if report.take() > 0 {
                self.report();
            }
            if reloads.take() > 0 {
                self.reload(reload);
            }
        }
    }

    /// Has new tunnels begin with the settings that the configuration has now. The others keep theirs.
    fn reload(&mut self, reload: &dyn Fn() -> Result<Group, Failure>) {
        match reload() {
            Ok(group) => {
                self.server.set_config(group);
                say(&"the configuration was read again, for new tunnels");
            }
            Err(failure) => complain(&format!("the configuration stays as it was: {failure}")),
        }
    }

    fn close_all(&mut self, now: Duration) {
        let all: Vec<_> = self.server.tunnels().collect();
        for id in all {
            if let Some(mut session) = self.server.session_mut(id) {
                session.close(now);
            }
        }
    }

    /// Returns whether all peers know that their tunnels are over.
    fn is_over(&self) -> bool {
        self.server.tunnels().all(|id| {
            let session = self.server.session(id);
            session.is_none_or(Session::is_acknowledged)
        })
    }

    /// Sends the output of the sessions, and hears their events, until there is nothing more.
    fn settle(&mut self) {
        let now = self.clock.now();
        let Self { server, network, state, .. } = self;
        let mut buf = [0; MAX_TRANSMIT];
        let mut waiting = [0; MAX_RECEIVE];
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            let id = session.id();
            while let Some(event) = session.poll_event() {
                state.event(now, &mut session, event);
            }
            // The buffers are long enough.
            while let Ok(Some(packet)) = session.poll_transmit(now, &mut buf) {
                network.send(&packet);
            }
            while let Ok(Some(received)) = session.poll_receive(now, &mut waiting) {
                state.deliver(id, received);
            }
            let is_drained = session.is_drained();
            drop(session);
            if is_drained {
                server.remove(now, id);
            }
        }
        state.device.flush();
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration) {
        let Self { server, network, state, .. } = self;
        let mut scratch = [0; MAX_RECEIVE];
        network.receive(|source, packet| {
            // A packet that cannot be read is counted by its session. That happens on every path.
            if let Ok((id, received)) = server.handle_datagram(now, source, packet, &mut scratch) {
                state.deliver(id, received);
            }
        });
        state.device.flush();
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { server, network, state, outgoing, .. } = self;
        for _ in 0..BURST {
            if !state.device.receive(outgoing) {
                break;
            }
            for packet in outgoing.iter_mut() {
                let Some((id, call)) = packet.get(HEADROOM..).and_then(|packet| state.calls.route(packet)) else {
                    continue;
                };
                let Some(mut session) = server.session_mut(id) else { continue };
                let Some(mut call) = session.call_mut(call) else { continue };
                if let Ok(sent) = call.send_ip(now, packet) {
                    network.send(&sent);
                }
            }
            let count = outgoing.iter_mut().count();
            outgoing.take(count);
        }
    }

    fn report(&self) {
        for id in self.server.tunnels() {
            let Some(session) = self.server.session(id) else { continue };
            for call in session.calls() {
                say(&format_args!("tunnel {id} session {}: {:?}", call.id(), call.counters()));
            }
        }
        say(&format_args!("{} tunnels, {} packets of other senders", self.server.len(), self.state.spoofed));
    }
}

/// A call of a tunnel, whose client presents itself.
struct Visit<'s> {
    session: &'s mut Session<CALLS>,
    call: SessionId,
}

impl Visitor for Visit<'_> {
    fn presented(&self) -> Option<Presented<'_>> {
        self.session.call(self.call)?.ppp()?.presented()
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

impl State {
    fn event(&mut self, now: Duration, session: &mut SessionMut<'_, CALLS>, event: Event) {
        let id = session.id();
        match event {
            Event::Established => {
                let name = session.tunnel().peer().map(|peer| peer.host_name.to_string()).unwrap_or_default();
                let address = session.tunnel().address().map(|address| address.to_string()).unwrap_or_default();
                say(&format_args!("tunnel {id}: {address}, \"{name}\""));
            }
            Event::Call { call, event: CallEvent::Ppp(event) } => self.ppp_event(now, session, (id, call), event),
            Event::Call { call, event: CallEvent::Closed(reason) } => {
                say(&format_args!("tunnel {id} session {call}: over: {reason}"));
                if let Some(call) = session.call(call) {
                    say(&format_args!("tunnel {id} session {}: counters\n{:?}", call.id(), call.counters()));
                }
                self.remove_routes((id, call));
                self.calls.remove((id, call));
                self.behind.remove(&(id, call));
            }
            Event::Closed(reason) => say(&format_args!("tunnel {id}: over: {reason}")),
            _ => {}
        }
    }

    fn ppp_event(&mut self, now: Duration, session: &mut Session<CALLS>, key: Key, event: Ppp) {
        let (id, call) = key;
        let say = |text: fmt::Arguments<'_>| say(&format_args!("tunnel {id} session {call}: {text}"));
        match event {
            Ppp::Authenticate(question) => self.authenticate(now, session, key, question),
            Ppp::PeerAuthenticated => {
                let ppp = session.call(call).and_then(|call| call.ppp());
                say(format_args!(
                    "{} is who it says",
                    ppp.map_or_else(String::new, |ppp| ppp.link().peer_name().to_string())
                ));
            }
            // RFC 1332 section 3.3: the client asks for this address instead of the one that it was given.
            Ppp::AddressWanted(wish) if self.calls.exchange(key, wish) => {
                say(format_args!("{wish} as the client wants"));
                session.call_mut(call).into_iter().for_each(|mut call| call.assign_address(wish));
            }
            Ppp::IpUp(_) => self.ip_up(session, key),
            Ppp::IpDown => self.remove_routes(key),
            Ppp::EncryptionDown => say(format_args!("encryption: ended")),
            Ppp::CoherencyLost => say(format_args!("packets decrypt to nonsense")),
            _ => {}
        }
    }

    /// Asks the users of the configuration. The address is held only for the time of the answer, since nothing has been
    /// proved.
    fn authenticate(&mut self, now: Duration, session: &mut Session<CALLS>, key: Key, question: Question) {
        let (id, call) = key;
        let had_one = self.calls.address(key).is_some();
        let Self { users, calls, .. } = self;
        let room = |known: &Known| calls.assign(key, known.address).is_some();
        match users.answer(now, &mut Visit { session, call }, Service::L2tp, question, room) {
            Ok((Outcome::Accepted | Outcome::PasswordChanged(_), known)) => {
                let address = self.calls.assign(key, known.address);
                let Some(mut call) = session.call_mut(call) else { return };
                let Some(address) = address else {
                    complain("all addresses of the pool are taken");
                    call.close(now);
                    return;
                };
                call.assign_address(address);
                if let Some(own) = known.own_address(&mut self.calls, &self.device) {
                    call.assign_own_address(own);
                }
                self.behind.insert(key, known.routes);
            }
            Ok(_) => {
                if !had_one {
                    self.calls.remove(key);
                }
            }
            Err(error) => complain(&format!("tunnel {id} session {call}: {error}")),
        }
    }

    fn ip_up(&mut self, session: &Session<CALLS>, key: Key) {
        let (id, call) = key;
        let (Some(address), Some(handle)) = (self.calls.address(key), session.call(call)) else { return };
        for network in self.behind.remove(&key).unwrap_or_default() {
            self.calls.add_network(key, network);
        }
        let mtu = handle.mtu();
        for network in self.calls.reaches(key) {
            if let Err(error) = self.device.add_route(network, Some(mtu)) {
                say(&format_args!("tunnel {id} session {call}: no route to {network}: {error}"));
            }
        }
        let (send, receive) = handle.ppp().map(|ppp| (ppp.sending(), ppp.receiving())).unwrap_or_default();
        let encoding = if send == receive { send.to_string() } else { format!("{send}/{receive}") };
        say(&format_args!("tunnel {id} session {call}: {address}, MTU {mtu}, encoding: {encoding}"));
    }

    fn remove_routes(&self, key: Key) {
        for network in self.calls.reaches(key) {
            // It may never have been there.
            let _ = self.device.remove_route(network);
        }
    }

    /// Carries a packet from a call to the device, if the client may send it.
    fn deliver(&mut self, id: TunnelId, received: Received<'_>) {
        let Received::Ip { call, packet } = received else { return };
        if self.calls.may_send((id, call), packet) {
            self.device.send(packet);
        } else {
            self.spoofed = self.spoofed.saturating_add(1);
        }
    }
}
