//! The loop of the server.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::time::Duration;

use pptp::ppp::ipv6cp::InterfaceIdentifier;
use pptp::server::{ConnectionId, Server};
use pptp::session::{HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use rustix::event::{PollFd, PollFlags};

use crate::arguments::Arguments;
use crate::calls::Calls;
use crate::complain;
use crate::host::clock::Clock;
use crate::host::control::Control;
use crate::host::device::Device;
use crate::host::failure::{Failure, status};
use crate::host::gre::Gre;
use crate::host::signals::Signals;
use crate::host::{BURST, entropy};
use crate::inquiry::{Inquiries, Verdict};
use crate::state::{State, Verifier, say};
use crate::users::Users;

/// How long the end of all sessions may take, whatever the clients do.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// Room for any packet: of the network, or of the device.
const PACKET: usize = 2048;

/// Takes calls until a signal comes, and ends all sessions.
///
/// # Errors
///
/// [`Failure`].
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let verifier = verifier(arguments)?;
    let gre = Gre::open()?;
    let device = Device::create(arguments.tun.as_deref(), arguments.options.ipv6)?;
    let failed = |error| Failure::of_system(&format!("listening at {}", arguments.listen), error);
    let listener = TcpListener::bind(arguments.listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    if !arguments.listen.ip().is_unspecified() {
        gre.bind(*arguments.listen.ip()).map_err(|error| failed(error.into()))?;
    }
    // One identifier for all tunnels: the device has one address.
    let identifier = u64::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default());
    let identifier = InterfaceIdentifier(identifier);
    let config = arguments.config(identifier);
    let failed = |error| Failure::of_system("the network interface", error);
    device.set_up(arguments.options.session("server").mtu()).map_err(failed)?;
    device.add_address(arguments.address.into(), None, 32).map_err(failed)?;
    if arguments.options.ipv6 {
        device.add_address(identifier.link_local().into(), None, 64).map_err(failed)?;
    }
    say(&format_args!("listening at {}, interface {}, {}", arguments.listen, device.name(), arguments.address));
    let calls = Calls::new(arguments.pool, arguments.address);
    let gateway = Gateway {
        arguments,
        clock: Clock::start(),
        server: Server::new(config, arguments.limits()),
        controls: BTreeMap::new(),
        listener,
        gre,
        state: State { verifier, calls, device, spoofed: BTreeMap::new() },
        outgoing: Box::new([0; HEADROOM + PACKET]),
        buf: Box::new([0; PACKET]),
    };
    gateway.run()
}

fn verifier(arguments: &Arguments) -> Result<Verifier, Failure> {
    if let (Some(server), Some(secret)) = (arguments.radius, &arguments.radius_secret) {
        let inquiries = Inquiries::new(server, secret, arguments.radius_strict, arguments.address);
        return inquiries.map(Verifier::Radius).map_err(|error| Failure::of_system(&server.to_string(), error));
    }
    let path = arguments.users.clone().unwrap_or_default();
    Users::open(&path).map(Verifier::Users).map_err(|error| Failure::of_system(&path.display().to_string(), error))
}

/// All sessions, and what they are between.
struct Gateway<'a> {
    arguments: &'a Arguments,
    clock: Clock,
    server: Server,
    controls: BTreeMap<ConnectionId, Control>,
    listener: TcpListener,
    gre: Gre,
    state: State,
    outgoing: Box<[u8; HEADROOM + PACKET]>,
    buf: Box<[u8; PACKET]>,
}

/// What has come, and where.
#[expect(clippy::struct_excessive_bools, reason = "each is a place where something has come, or nothing")]
struct Come {
    listener: bool,
    gre: bool,
    device: bool,
    radius: bool,
    controls: Vec<ConnectionId>,
}

impl Gateway<'_> {
    fn run(mut self) -> Result<(), Failure> {
        let (stop, report) = (Signals::of_the_end()?, Signals::of_reports()?);
        let mut next_report = self.arguments.status_interval;
        let mut close_deadline: Option<Duration> = None;
        let mut stops = 0;
        loop {
            self.settle();
            if close_deadline.is_some_and(|deadline| self.server.is_empty() || deadline <= self.clock.now()) {
                return Ok(());
            }
            let come = self.wait(&stop, &report, [next_report, close_deadline])?;
            let now = self.clock.now();
            if come.listener {
                self.accept(now, close_deadline.is_some())?;
            }
            // GRE first: how a call ends there says more than how it ends on the control connection.
            if come.gre {
                self.receive(now);
            }
            for id in come.controls {
                self.read(now, id);
            }
            if come.device {
                self.send(now);
            }
            if come.radius {
                self.hear(now, Inquiries::receive);
            }
            self.handle_timeout(now);
            let signals = stop.take();
            if signals > 0 {
                stops += signals;
                if stops > 1 {
                    return Err(Failure { status: status::INTERRUPTED, text: "quit without hanging up".to_owned() });
                }
                say(&"ending all sessions");
                self.close(now);
                close_deadline = now.checked_add(CLOSE_TIMEOUT);
            }
            if report.take() > 0 {
                self.report(now);
            }
            if next_report.is_some_and(|next| next <= now) {
                self.report(now);
                next_report = self.arguments.status_interval.and_then(|interval| now.checked_add(interval));
            }
        }
    }

    /// Waits until something has come.
    fn wait(&self, stop: &Signals, report: &Signals, deadlines: [Option<Duration>; 2]) -> Result<Come, Failure> {
        let mut fds = vec![
            PollFd::new(&self.listener, PollFlags::IN),
            PollFd::new(&self.gre, PollFlags::IN),
            PollFd::new(&self.state.device, PollFlags::IN),
            PollFd::new(stop, PollFlags::IN),
            PollFd::new(report, PollFlags::IN),
        ];
        let mut deadline = deadlines.into_iter().flatten().chain(self.server.poll_timeout()).min();
        let radius = match &self.state.verifier {
            Verifier::Radius(inquiries) => {
                deadline = deadline.into_iter().chain(inquiries.poll_timeout()).min();
                fds.push(PollFd::new(inquiries, PollFlags::IN));
                true
            }
            Verifier::Users(_) => false,
        };
        let fixed = fds.len();
        fds.extend(self.controls.values().map(|control| PollFd::new(control, control.interest())));
        self.clock.wait(&mut fds, deadline).map_err(|error| Failure::of_system("poll", error.into()))?;
        let mut come = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut next = || come.next().unwrap_or(false);
        let (listener, gre, device, _, _) = (next(), next(), next(), next(), next());
        let radius = radius && next();
        let controls = fds.iter().skip(fixed).zip(self.controls.keys());
        let controls = controls.filter(|(fd, _)| !fd.revents().is_empty()).map(|(_, id)| *id).collect();
        Ok(Come { listener, gre, device, radius, controls })
    }

    /// Takes TCP connections.
    fn accept(&mut self, now: Duration, is_closing: bool) -> Result<(), Failure> {
        for _ in 0..BURST {
            let (tcp, peer) = match self.listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => break,
                Err(error) => {
                    // Too many files, or a client that has gone.
                    complain(&format!("accepting: {error}"));
                    break;
                }
            };
            if is_closing {
                continue;
            }
            match (self.server.accept(now, peer.ip(), entropy()?), Control::new(tcp)) {
                (Ok(id), Ok(control)) => drop(self.controls.insert(id, control)),
                (Ok(id), Err(_)) => self.server.remove(id),
                (Err(error), _) => complain(&format!("{peer}: {error}")),
            }
        }
        Ok(())
    }

    /// From TCP.
    fn read(&mut self, now: Duration, id: ConnectionId) {
        let Some(control) = self.controls.get_mut(&id) else { return };
        control.flush();
        if control.read() {
            self.server.handle_disconnect(now, id);
        }
        // It is polled once more: TCP may have room again.
        drop(self.server.session_mut(id));
    }

    /// Sends what the sessions have to send, and hears what they have to tell, until there is nothing more.
    fn settle(&mut self) {
        let mut buf = [0; MAX_TRANSMIT];
        let now = self.clock.now();
        let Self { server, controls, gre, state, .. } = self;
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            let (id, peer) = (session.id(), session.peer());
            while let Some(event) = session.poll_event() {
                state.event(now, &mut session, event);
            }
            // What ends a call in the tunnel is to arrive before what ends it on the control connection, or the client does
            // not hear why. At the beginning it is the other way round: the client waits for the reply to its call.
            let is_new = session
                .calls()
                .any(|call| session.statistics(call).is_some_and(|statistics| statistics.tunnel.packets_received == 0));
            for is_control in [is_new, !is_new] {
                if is_control {
                    let Some(control) = controls.get_mut(&id) else { continue };
                    // The buffer is long enough.
                    while let (true, Ok(Some(octets))) = (control.has_room(), session.poll_control(now, &mut buf)) {
                        control.send(octets);
                    }
                } else if let IpAddr::V4(peer) = peer {
                    while let Ok(Some(packet)) = session.poll_tunnel(now, &mut buf) {
                        gre.send_to(peer, packet);
                    }
                }
            }
            let mut buf = [0; MAX_RECEIVE];
            while let Ok(Some((call, packet))) = session.poll_receive(now, &mut buf) {
                state.deliver((id, call), packet);
            }
            let is_closed = session.is_closed();
            drop(session);
            let Some(control) = controls.get_mut(&id) else { continue };
            if is_closed {
                server.remove(id);
                if let Some(control) = controls.remove(&id) {
                    control.finish();
                }
            } else if control.has_room() {
                // A client that does not read is not heard either.
                control.give(|octets| server.handle_stream(now, id, octets));
            }
        }
    }

    /// From the network to the device.
    fn receive(&mut self, now: Duration) {
        let Self { server, gre, state, buf, .. } = self;
        let (mut waiting, mut is_any) = ([0; MAX_RECEIVE], false);
        for _ in 0..BURST {
            let Some((peer, packet)) = gre.receive(&mut buf[..]) else { break };
            // What cannot be read or decrypted is counted by the sessions, and happens on every path.
            let Ok((id, call, received)) = server.handle_gre(now, IpAddr::V4(peer), packet) else { continue };
            if let Some(packet) = received.ip() {
                state.deliver((id, call), packet);
            }
            is_any |= matches!(received, Received::Held);
            if !is_any {
                continue;
            }
            // What waited for this one goes before the next one, or that has to wait too.
            let Some(mut session) = server.session_mut(id) else { continue };
            while let Ok(Some((call, packet))) = session.poll_receive(now, &mut waiting) {
                state.deliver((id, call), packet);
            }
        }
    }

    /// From the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { server, gre, state, outgoing, .. } = self;
        for _ in 0..BURST {
            let (_, room) = outgoing.split_at_mut(HEADROOM);
            let Some(length) = state.device.receive(room) else { break };
            let Some((id, call)) = room.get(..length).and_then(|packet| state.calls.route(packet)) else { continue };
            let Some(buf) = outgoing.get_mut(..HEADROOM + length) else { continue };
            let Some(mut session) = server.session_mut(id) else { continue };
            let IpAddr::V4(peer) = session.peer() else { continue };
            // When the window of one client is full, others must not wait: the packet is lost, as on a full line.
            if let Ok(packet) = session.send_ip(now, call, buf) {
                gre.send_to(peer, packet);
            }
        }
    }

    /// From the RADIUS server: all that `next` gives.
    fn hear(&mut self, now: Duration, next: impl Fn(&mut Inquiries) -> Option<Verdict>) {
        loop {
            let Verifier::Radius(inquiries) = &mut self.state.verifier else { return };
            let Some(verdict) = next(inquiries) else { return };
            if let Some(mut session) = self.server.session_mut(verdict.call.0) {
                self.state.apply(now, &mut session, verdict);
            }
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.server.handle_timeout(now);
        self.hear(now, |inquiries| inquiries.handle_timeout(now));
    }

    fn close(&mut self, now: Duration) {
        let all: Vec<_> = self.server.connections().collect();
        for id in all {
            if let Some(mut session) = self.server.session_mut(id) {
                session.close(now);
            }
        }
    }

    fn report(&self, now: Duration) {
        for id in self.server.connections() {
            let (Some(session), Some(peer)) = (self.server.session(id), self.server.peer(id)) else { continue };
            for call in session.calls() {
                self.state.report(now, session, (id, call), peer);
            }
        }
        say(&format_args!("{} connections", self.server.len()));
    }
}
