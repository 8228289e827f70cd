//! The loop of the server.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use pptp::inspect::Direction;
use pptp::ppp::ipv6cp::InterfaceIdentifier;
use pptp::ppp_session::Batch;
use pptp::server::{Config as ServerConfig, ConnectionId, Limits, Server};
use pptp::session::{HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};

use super::calls::{Calls, Key};
use super::debug::{Debug, Input};
use super::ledger::Ledger;
use super::output::{complain, say};
use super::radius::{NUMBERS as RADIUS, Radius};
use super::show::View;
use super::state::State;
use super::users::Users;
use crate::config::{Config, Protocol, VirtualTemplate, VpdnGroup};
use crate::control::{self, Connection, Listener, MAX_CLIENTS, Request};
use crate::host::{BURST, Clock, Device, Failure, Gre, Interest, Packets, Poller, Signals, Stream, entropy};
use crate::profile;
use crate::radius::TerminateCause;

/// TCP port of RFC 2637 section 3.
const PORT: u16 = 1723;
/// How many connections may wait to be accepted. The system has a limit of its own, 4096 usually.
const BACKLOG: i32 = 1024;
/// How long the end of all sessions may take, whatever the clients do.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the server listens to nobody new when descriptors have run out.
const PAUSE: Duration = Duration::from_millis(500);
/// How long nothing more is said of that.
const QUIET: Duration = Duration::from_secs(10);
/// How many packets are decrypted at once: as many as may wait for a missing one.
const LOT: usize = 16;

/// Numbers of descriptors. Those of connections and of controls have the id in the low half.
const LISTENER: u64 = 0;
const DEVICE: u64 = 2;
const SIGNALS: u64 = 3;
const CONTROL: u64 = 4;
const CONNECTIONS: u64 = 2 << 32;
const CONTROLS: u64 = 3 << 32;
/// With the bits of an address of ours in the low half.
const GRES: u64 = 4 << 32;

/// Takes calls until a signal comes, and ends all sessions.
///
/// # Errors
///
/// [`Failure`].
pub(super) fn run(config: &Config) -> Result<(), Failure> {
    let (group, template) = config
        .accepting(Protocol::Pptp)
        .ok_or_else(|| Failure::other("no vpdn-group accepts tunnels of PPTP".to_owned()))?;
    let own = template.ip_address.ok_or_else(|| Failure::other("the server has no `ip-address`".to_owned()))?;
    let (state, address) = (state(config, group, template)?, config.listen.with_default_port(PORT));
    // Steps that need permission come first. Each of our addresses has a socket of its own, later.
    drop(Gre::open()?);
    let failed = |error| Failure::of_system(&format!("listening at {address}"), &error);
    let listener = TcpListener::bind(address).map_err(failed)?;
    // Again, for more than the standard library allows to wait: with 128, the clients of one burst are late by a second.
    rustix::net::listen(&listener, BACKLOG).map_err(|error| failed(error.into()))?;
    listener.set_nonblocking(true).map_err(failed)?;
    // One identifier for all tunnels: the device has one address.
    let identifier = InterfaceIdentifier(u64::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default()));
    let name = group.local_name.as_deref().unwrap_or(config.hostname());
    let is_passed = config.radius.as_ref().is_some_and(|radius| radius.eap_pass_through);
    let session = profile::session(template, Some(group), name).with_ppp(|ppp| ppp.with_eap_pass_through(is_passed));
    let failed = |error| Failure::of_system("the network interface", &error);
    state.device.set_up(session.mtu()).map_err(failed)?;
    state.device.add_address(own.into(), None, 32).map_err(failed)?;
    if template.ipv6 {
        state.device.add_address(identifier.link_local().into(), None, 64).map_err(failed)?;
    }
    let server = ServerConfig::new(own)
        .with_session(session)
        .with_server(|server| profile::server(server, template).with_interface_identifier(identifier));
    let limits = Limits::default()
        .with_connections(config.limits.connections)
        .with_connections_per_address(config.limits.connections_per_address)
        .with_calls(config.limits.calls);
    let control = config
        .control_socket
        .as_deref()
        .map(|path| Listener::bind(path).map_err(|error| Failure::of_system(&path.display().to_string(), &error)));
    let poller = Poller::new().map_err(|error| Failure::of_system("epoll", &error))?;
    let gateway = Gateway {
        config,
        clock: Clock::start(),
        server: Server::new(server, limits),
        connections: BTreeMap::new(),
        listener,
        accepting: Accepting::Open,
        pauses: 0,
        quiet_until: Duration::ZERO,
        gres: BTreeMap::new(),
        poller,
        state,
        batch: Batch::new(),
        outgoing: Packets::new(HEADROOM),
        control: control.transpose()?,
        controls: BTreeMap::new(),
        next_control: 0,
        debugs: BTreeMap::new(),
    };
    say(&format_args!("listening at {address}, interface {}, {own}", gateway.state.device.name()));
    gateway.run()
}

/// Returns what the program knows beside the sessions.
fn state(config: &Config, group: &VpdnGroup, template: &VirtualTemplate) -> Result<State, Failure> {
    let failed = |error| Failure::of_system("the users", &error);
    let users = Users::open(&config.user, config.users.as_deref(), entropy()?).map_err(failed)?;
    let own = template.ip_address.unwrap_or(Ipv4Addr::UNSPECIFIED);
    let radius = config.radius.as_ref().map(|settings| Radius::new(config, settings, own)).transpose()?;
    if radius.is_none() && users.is_empty() {
        return Err(Failure::other("nobody may come in: there are no users, and no RADIUS server".to_owned()));
    }
    let run = u32::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default());
    Ok(State {
        users,
        radius,
        calls: Calls::new(config.pool(template), own),
        device: Device::create(config.interface.as_deref(), template.ipv6)?,
        accepted: BTreeMap::new(),
        ledger: Ledger::default(),
        spoofed: BTreeMap::new(),
        run,
        terminate_from: group.terminate_from.clone(),
        session_timeout: template.session_timeout.map(Duration::from_secs),
        own,
    })
}

/// A TCP connection, and what is waited for there.
struct Tcp {
    id: ConnectionId,
    /// Which of our addresses the client has called: GRE leaves from there too, or the client does not take it.
    own: Ipv4Addr,
    stream: Stream,
    interest: Interest,
}

/// Whether new connections are taken.
enum Accepting {
    Open,
    /// Descriptors have run out: later again.
    Paused {
        until: Duration,
    },
    /// The server ends.
    Closing {
        deadline: Duration,
    },
}

/// All sessions, and what they are between.
struct Gateway<'c> {
    config: &'c Config,
    clock: Clock,
    server: Server,
    /// By their numbers for the poller.
    connections: BTreeMap<u64, Tcp>,
    listener: TcpListener,
    accepting: Accepting,
    /// How often descriptors ran out.
    pauses: u64,
    /// Until when nothing more is said of that.
    quiet_until: Duration,
    gres: BTreeMap<Ipv4Addr, Gre>,
    poller: Poller,
    state: State,
    batch: Batch,
    outgoing: Packets,
    control: Option<Listener>,
    controls: BTreeMap<u64, (Connection, Interest)>,
    next_control: u64,
    /// By the number of the control connection.
    debugs: BTreeMap<u64, Debug>,
}

/// The events that have come, and where.
#[derive(Default)]
struct Come {
    numbers: Vec<u64>,
}

impl Come {
    fn has(&self, number: u64) -> bool {
        self.numbers.contains(&number)
    }

    /// Returns the ids of a range of numbers.
    fn of(&self, first: u64) -> impl Iterator<Item = u64> {
        let range = first..first + (1 << 32);
        self.numbers.iter().filter(move |number| range.contains(number)).map(move |number| number - first)
    }
}

impl Gateway<'_> {
    fn run(mut self) -> Result<(), Failure> {
        let (stop, report) = (Signals::of_the_end()?, Signals::of_reports()?);
        let failed = |error| Failure::of_system("epoll", &error);
        self.poller.add(&self.listener, LISTENER, Interest::Read).map_err(failed)?;
        self.poller.add(&self.state.device, DEVICE, Interest::Read).map_err(failed)?;
        self.poller.add(&stop, SIGNALS, Interest::Read).map_err(failed)?;
        self.poller.add(&report, SIGNALS, Interest::Read).map_err(failed)?;
        if let Some(control) = &self.control {
            self.poller.add(control, CONTROL, Interest::Read).map_err(failed)?;
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let interval = self.config.status_interval.map(Duration::from_secs);
        let mut next_report = interval;
        let mut stops = 0;
        loop {
            self.settle();
            if self.is_over() {
                return Ok(());
            }
            let come = self.wait(next_report)?;
            let now = self.clock.now();
            if come.has(LISTENER) {
                self.accept(now)?;
            }
            // GRE first: how a call ends there says more than how it ends on the control connection.
            for bits in come.of(GRES) {
                self.receive(now, u32::try_from(bits).map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from_bits));
            }
            for id in come.of(CONNECTIONS) {
                self.read(now, id);
            }
            if come.has(DEVICE) {
                self.send(now);
            }
            self.hear(now, &come);
            self.handle_timeout(now)?;
            self.serve(now, &come);
            if stop.take_end(&mut stops)? {
                self.close_all(now);
            }
            if report.take() > 0 || next_report.is_some_and(|next| next <= now) {
                self.report(now);
                next_report = interval.and_then(|interval| now.checked_add(interval));
            }
        }
    }

    fn is_over(&self) -> bool {
        let Accepting::Closing { deadline } = self.accepting else { return false };
        let is_reporting = self.state.radius.as_ref().is_some_and(Radius::is_reporting);
        (self.server.is_empty() && !is_reporting) || deadline <= self.clock.now()
    }

    /// Waits until something has come.
    fn wait(&mut self, next_report: Option<Duration>) -> Result<Come, Failure> {
        let accepting = match self.accepting {
            Accepting::Open => None,
            Accepting::Paused { until: deadline } | Accepting::Closing { deadline } => Some(deadline),
        };
        let radius = self.state.radius.as_ref().and_then(Radius::poll_timeout);
        let deadlines = [next_report, accepting, radius, self.server.poll_timeout(), self.state.ledger.poll_timeout()];
        let timeout = deadlines.into_iter().flatten().min().map(|deadline| deadline.saturating_sub(self.clock.now()));
        let come = self.poller.wait(timeout).map_err(|error| Failure::of_system("epoll", &error))?;
        Ok(Come { numbers: come.collect() })
    }

    /// Takes TCP connections.
    fn accept(&mut self, now: Duration) -> Result<(), Failure> {
        for _ in 0..BURST {
            let (tcp, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // A client that has gone in the meantime.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => continue,
                // The connection stays in the queue, so that asking again at once would not help.
                Err(error) => return self.pause(now, &error),
            };
            // No new sessions while the old ones end.
            if let Accepting::Closing { .. } = self.accepting {
                continue;
            }
            let own = match self.own_address(&tcp) {
                Ok(own) => own,
                Err(failure) => {
                    complain(&format!("{peer}: {failure}"));
                    continue;
                }
            };
            match (self.server.accept(now, peer.ip(), entropy()?), Stream::new(tcp)) {
                (Ok(id), Ok(stream)) => {
                    let interest = stream.interest();
                    if let Err(error) = self.poller.add(&stream, CONNECTIONS | number(id), interest) {
                        complain(&format!("{peer}: {error}"));
                        self.server.remove(id);
                        continue;
                    }
                    self.connections.insert(number(id), Tcp { id, own, stream, interest });
                }
                (Ok(id), Err(_)) => self.server.remove(id),
                (Err(error), _) => complain(&format!("{peer}: {error}")),
            }
        }
        Ok(())
    }

    /// Returns the address that a client has called, and makes sure that it has a socket for GRE.
    fn own_address(&mut self, tcp: &TcpStream) -> Result<Ipv4Addr, Failure> {
        let failed = |error| Failure::of_system("a connection", &error);
        let SocketAddr::V4(own) = tcp.local_addr().map_err(failed)? else {
            return Err(Failure::other("PPTP has IPv4 addresses only".to_owned()));
        };
        let own = *own.ip();
        if !self.gres.contains_key(&own) {
            let gre = Gre::open()?;
            gre.bind(own).map_err(failed)?;
            self.poller.add(&gre, GRES | u64::from(own.to_bits()), Interest::Read).map_err(failed)?;
            self.gres.insert(own, gre);
        }
        Ok(own)
    }

    /// Descriptors have run out: nobody new for a moment, and not a line for each time.
    fn pause(&mut self, now: Duration, error: &std::io::Error) -> Result<(), Failure> {
        self.pauses += 1;
        if now >= self.quiet_until {
            complain(&format!("no new connections for a moment: {error}"));
            self.quiet_until = now.saturating_add(QUIET);
        }
        if let Accepting::Open = self.accepting {
            self.accepting = Accepting::Paused { until: now.saturating_add(PAUSE) };
            let changed = self.poller.modify(&self.listener, LISTENER, Interest::Nothing);
            changed.map_err(|error| Failure::of_system("epoll", &error))?;
        }
        Ok(())
    }

    /// Reads from TCP.
    fn read(&mut self, now: Duration, number: u64) {
        let Some(&mut Tcp { id, ref mut stream, interest, .. }) = self.connections.get_mut(&number) else { return };
        stream.flush();
        // Nothing was waited for, and something has come: it is broken. The rest of its output was
        // not taken, and stays so.
        let is_broken = interest == Interest::Nothing;
        if stream.read() || is_broken {
            self.server.handle_disconnect(now, id);
        }
        // It is polled once more: TCP may have room again.
        drop(self.server.session_mut(id));
    }

    /// Sends what the sessions have to send, and hears their events, until there is nothing more.
    fn settle(&mut self) {
        let now = self.clock.now();
        loop {
            let Some(mut session) = self.server.poll_ready() else { break };
            let (id, peer) = (session.id(), session.peer());
            let Self { connections, gres, state, debugs, .. } = self;
            while let Some(event) = session.poll_event() {
                state.event(now, &mut session, event);
            }
            // The end of a call in the tunnel is to arrive before the end on the control
            // connection, or the client does not learn the reason. At the beginning it is the other
            // way round: the client waits for the reply to its call.
            let is_new = session.calls().any(|call| call.statistics().tunnel.packets_received == 0);
            let mut buf = [0; MAX_TRANSMIT];
            for is_control in [is_new, !is_new] {
                if is_control {
                    let Some(Tcp { stream, .. }) = connections.get_mut(&number(id)) else { continue };
                    // The buffer is long enough.
                    while let (true, Ok(Some(bytes))) = (stream.has_room(), session.poll_control(now, &mut buf)) {
                        show(debugs, now, (id, peer), Direction::ToClient, Input::Control(bytes));
                        stream.send(bytes);
                    }
                } else if let (IpAddr::V4(address), Some(gre)) = (peer, gre_of(connections, gres, id)) {
                    while let Ok(Some(packet)) = session.poll_tunnel(now, &mut buf) {
                        show(debugs, now, (id, peer), Direction::ToClient, Input::Gre(packet));
                        gre.send_to(address, packet);
                    }
                    // Before TCP has the reply.
                    gre.flush();
                }
            }
            let mut buf = [0; MAX_RECEIVE];
            while let Ok(Some((call, packet))) = session.poll_receive(now, &mut buf) {
                state.deliver((id, call), packet);
            }
            let is_closed = session.is_closed();
            drop(session);
            self.settle_stream(now, (id, peer), is_closed);
        }
        self.state.device.flush();
        if let Some(radius) = &mut self.state.radius {
            radius.flush(&self.poller);
        }
        self.stream_debugs();
    }

    /// Gives a session what TCP has, or closes TCP with it.
    fn settle_stream(&mut self, now: Duration, (id, peer): (ConnectionId, IpAddr), is_closed: bool) {
        let Self { server, connections, debugs, poller, .. } = self;
        if is_closed {
            server.remove(id);
            if let Some(Tcp { stream, .. }) = connections.remove(&number(id)) {
                stream.finish();
            }
            return;
        }
        let Some(Tcp { stream, interest, .. }) = connections.get_mut(&number(id)) else { return };
        if stream.has_room() {
            // A client that does not read is not heard either.
            stream.give(|bytes| {
                let taken = server.handle_stream(now, id, bytes);
                show(debugs, now, (id, peer), Direction::ToServer, Input::Control(bytes.get(..taken).unwrap_or(bytes)));
                taken
            });
        }
        let wanted = stream.interest();
        if std::mem::replace(interest, wanted) != wanted {
            if let Err(error) = poller.modify(&*stream, CONNECTIONS | number(id), wanted) {
                complain(&format!("connection {id}: {error}"));
            }
        }
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration, own: Ipv4Addr) {
        let Self { server, gres, state, batch, debugs, .. } = self;
        let Some(gre) = gres.get_mut(&own) else { return };
        let (mut waiting, mut held) = ([0; MAX_RECEIVE], Vec::new());
        let mut packets: Vec<_> = gre.receive().map(|(peer, packet)| (IpAddr::V4(peer), packet)).collect();
        if !debugs.is_empty() {
            for (peer, packet) in &packets {
                let id = server.connections().find(|id| server.peer(*id) == Some(*peer));
                if let Some(id) = id {
                    show(debugs, now, (id, *peer), Direction::ToServer, Input::Gre(packet));
                }
            }
        }
        for packets in packets.chunks_mut(LOT) {
            server.handle_gre_batch(now, batch, packets, |_, outcome| match outcome {
                Ok((id, call, Received::Held)) => held.push((id, call)),
                Ok((id, call, received)) => {
                    if let Some(packet) = received.ip() {
                        state.deliver((id, call), packet);
                    }
                }
                // Packets that cannot be read or decrypted are counted by the sessions, and happen
                // on every path.
                Err(_) => {}
            });
            // A packet that waited for one of these goes before the next ones, or they have to wait
            // too.
            for (id, _) in &held {
                let Some(mut session) = server.session_mut(*id) else { continue };
                while let Ok(Some((call, packet))) = session.poll_receive(now, &mut waiting) {
                    state.deliver((*id, call), packet);
                }
            }
        }
        state.device.flush();
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { server, connections, gres, state, outgoing, batch, debugs, .. } = self;
        // In bursts, so that the other direction gets its turn.
        for _ in 0..BURST {
            if !state.device.receive(outgoing) {
                break;
            }
            let mut packets: Vec<_> = outgoing
                .iter_mut()
                .filter_map(|buf| {
                    let (id, call) = state.calls.route(buf.get(HEADROOM..)?)?;
                    Some((id, call, buf))
                })
                .collect();
            let peers: Vec<_> = packets.iter().map(|(id, ..)| (*id, server.peer(*id))).collect();
            // When the window of one client is full, others must not wait: the packet is lost, as on a full line.
            server.send_ip_batch(now, batch, &mut packets, |index, sent| {
                if let (Some((id, Some(IpAddr::V4(peer)))), Ok(packet)) = (peers.get(index), sent) {
                    show(debugs, now, (*id, IpAddr::V4(*peer)), Direction::ToClient, Input::Gre(packet));
                    if let Some(gre) = gre_of(connections, gres, *id) {
                        gre.send_to(*peer, packet);
                    }
                }
            });
        }
        gres.values_mut().for_each(Gre::flush);
    }

    /// Takes replies of the RADIUS servers.
    fn hear(&mut self, now: Duration, come: &Come) {
        let Some(radius) = &mut self.state.radius else { return };
        for number in come.of(RADIUS) {
            radius.receive(now, RADIUS + number);
        }
        self.apply_verdicts(now);
    }

    fn apply_verdicts(&mut self, now: Duration) {
        while let Some(verdict) = self.state.radius.as_mut().and_then(|radius| radius.inquiries.poll_verdict()) {
            if let Some(mut session) = self.server.session_mut(verdict.call.0) {
                self.state.apply(now, &mut session, verdict);
            }
        }
    }

    fn handle_timeout(&mut self, now: Duration) -> Result<(), Failure> {
        self.server.handle_timeout(now);
        if let Some(radius) = &mut self.state.radius {
            radius.handle_timeout(now);
        }
        self.apply_verdicts(now);
        loop {
            let server = &self.server;
            let find = |(id, call): Key| server.session(id)?.call(call);
            let Some((id, call)) = self.state.poll_end(now, find) else { break };
            say(&format_args!("connection {id} call {call}: its time is over"));
            if let Some(mut session) = self.server.session_mut(id) {
                if let Some(mut call) = session.call_mut(call) {
                    call.close(now);
                }
            }
        }
        if let Accepting::Paused { until } = self.accepting {
            if until <= now {
                self.accepting = Accepting::Open;
                let changed = self.poller.modify(&self.listener, LISTENER, Interest::Read);
                changed.map_err(|error| Failure::of_system("epoll", &error))?;
            }
        }
        Ok(())
    }

    fn close_all(&mut self, now: Duration) {
        say(&"ending all sessions");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        self.accepting = Accepting::Closing { deadline: now.saturating_add(CLOSE_TIMEOUT) };
        self.close(now, TerminateCause::ADMIN_REBOOT, |_, _, _| true);
    }

    /// Ends connections, and returns how many.
    fn close(
        &mut self,
        now: Duration,
        cause: TerminateCause,
        is_wanted: impl Fn(ConnectionId, IpAddr, &str) -> bool,
    ) -> usize {
        let all: Vec<_> = self.server.connections().collect();
        let mut count = 0;
        for id in all {
            let Some(mut session) = self.server.session_mut(id) else { continue };
            let name = session.connection().peer().map_or_else(String::new, |peer| peer.host_name().to_string());
            if is_wanted(id, session.peer(), &name) {
                // RFC 2866 section 5.10: the account says why the session has ended.
                session.calls().for_each(|call| self.state.ledger.set_cause((id, call.id()), cause));
                session.close(now);
                count += 1;
            }
        }
        count
    }

    fn report(&self, now: Duration) {
        for id in self.server.connections() {
            let (Some(session), Some(peer)) = (self.server.session(id), self.server.peer(id)) else { continue };
            for call in session.calls() {
                self.state.report(now, call, (id, call.id()), peer);
            }
        }
        say(&format_args!("{} connections", self.server.len()));
    }

    /// Serves the clients of the control socket.
    fn serve(&mut self, now: Duration, come: &Come) {
        if come.has(CONTROL) {
            while let Some(connection) = self.control.as_ref().and_then(Listener::accept) {
                // One more is closed at once.
                if self.controls.len() < MAX_CLIENTS {
                    let (id, interest) = (self.next_control, connection.interest());
                    self.next_control = (id + 1) & u64::from(u32::MAX);
                    if self.poller.add(&connection, CONTROLS | id, interest).is_ok() {
                        self.controls.insert(id, (connection, interest));
                    }
                }
            }
        }
        for id in come.of(CONTROLS) {
            let request = self.controls.get_mut(&id).and_then(|(connection, _)| connection.handle_ready());
            if let Some(request) = request {
                self.answer(now, id, &request);
            }
        }
        self.settle_controls();
    }

    fn settle_controls(&mut self) {
        let Self { controls, debugs, poller, .. } = self;
        controls.retain(|id, (connection, interest)| {
            let wanted = connection.interest();
            let is_changed = std::mem::replace(interest, wanted) != wanted;
            let is_kept =
                !connection.is_over() && (!is_changed || poller.modify(&*connection, CONTROLS | *id, wanted).is_ok());
            if !is_kept {
                debugs.remove(id);
            }
            is_kept
        });
    }

    fn answer(&mut self, now: Duration, id: u64, request: &Request) {
        let words: Vec<_> = request.words.iter().map(String::as_str).collect();
        let text = match &words[..] {
            ["show", what @ ..] => {
                let questions = self.state.radius.as_ref().map_or(0, |radius| radius.inquiries.client.open());
                let interface = self.state.device.name();
                let view = View { server: &self.server, interface, now, questions, pauses: self.pauses };
                view.show(what, request.json)
            }
            ["clear", "vpdn", "all"] => Some(self.clear(now, |_, _, _| true)),
            ["clear", "vpdn", "tunnel", "id", wanted] => {
                Some(self.clear(now, |id, _, _| wanted.parse() == Ok(id.get())))
            }
            ["clear", "vpdn", "tunnel", "pptp", wanted] => {
                Some(self.clear(now, |_, peer, name| name == *wanted || peer.to_string() == *wanted))
            }
            ["debug", "ppp", "negotiation", rest @ ..] => {
                let peer = rest.first().map(|peer| peer.parse::<IpAddr>());
                match peer.transpose() {
                    Ok(peer) => {
                        self.debugs.insert(id, Debug::new(self.state.own.into(), peer));
                        return;
                    }
                    Err(error) => Some(format!("{}: {error}\n", rest.join(" "))),
                }
            }
            _ => None,
        };
        let text = text.unwrap_or_else(|| format!("there is no command `{}`\n", request.words.join(" ")));
        if let Some((connection, _)) = self.controls.get_mut(&id) {
            connection.answer(&if request.http { control::http(&text) } else { text });
        }
    }

    fn clear(&mut self, now: Duration, is_wanted: impl Fn(ConnectionId, IpAddr, &str) -> bool) -> String {
        let count = self.close(now, TerminateCause::ADMIN_RESET, is_wanted);
        format!("{count} tunnels cleared\n")
    }

    /// Sends what the traces have to those who listen.
    fn stream_debugs(&mut self) {
        if self.debugs.is_empty() {
            return;
        }
        for (id, debug) in &mut self.debugs {
            let lines = debug.take();
            if let Some((connection, _)) = self.controls.get_mut(id).filter(|_| !lines.is_empty()) {
                connection.stream(&lines);
            }
        }
        self.settle_controls();
    }
}

/// Returns the socket that a connection's packets leave by.
fn gre_of<'g>(
    connections: &BTreeMap<u64, Tcp>,
    gres: &'g mut BTreeMap<Ipv4Addr, Gre>,
    id: ConnectionId,
) -> Option<&'g mut Gre> {
    gres.get_mut(&connections.get(&number(id))?.own)
}

/// Returns the number of a connection for the poller: ids are given one after the other.
fn number(id: ConnectionId) -> u64 {
    id.get() & u64::from(u32::MAX)
}

/// Shows a packet to all who want to see it.
fn show(
    debugs: &mut BTreeMap<u64, Debug>,
    now: Duration,
    connection: (ConnectionId, IpAddr),
    direction: Direction,
    input: Input<'_>,
) {
    for debug in debugs.values_mut() {
        debug.give(now, connection, direction, input);
    }
}
