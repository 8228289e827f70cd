//! The loop of the client.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use pptp::client::Session;
use pptp::inspect::Direction;
use pptp::ppp::{ipcp, ipv6cp};
use pptp::session::{Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError, SendError};
use rustix::event::{PollFd, PollFlags};

use crate::arguments::{Arguments, Secret, contains};
use crate::host::clock::Clock;
use crate::host::control::Control;
use crate::host::device::Device;
use crate::host::failure::{Failure, sentence, status};
use crate::host::gre::Gre;
use crate::host::signals::Signals;
use crate::host::{BURST, entropy};
use crate::trace::Tracer;

/// How long the server has to answer TCP.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long hanging up may take, whatever the server does.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// Room for any packet: of the network, or of the device.
const PACKET: usize = 2048;

/// Dials, carries packets until one side hangs up, and hangs up.
///
/// # Errors
///
/// [`Failure`]: all but a hang-up of this side.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let server = arguments.server()?;
    if let Some((network, prefix)) = arguments.routes.iter().find(|route| contains(**route, *server.ip())) {
        let text =
            format!("the route {network}/{prefix} has the server in it: its own packets would go into the tunnel");
        return Err(Failure::other(text));
    }
    let secret = arguments.secret()?;
    // What needs permission comes first: nobody is dialed in vain.
    let gre = Gre::open()?;
    let device = Device::create(arguments.tun.as_deref(), arguments.options.ipv6)?;
    let tcp = dial(server)?;
    gre.connect(*server.ip()).map_err(|error| unreachable_server(server, &error.into()))?;
    let failed = |error| Failure::of_system("the TCP connection", error);
    let own = tcp.local_addr().map_err(failed)?;
    let trace = arguments.trace.then(|| Tracer::new(own, SocketAddr::V4(server), &secret));
    let control = Control::new(tcp).map_err(failed)?;
    let session = Session::new(&arguments.config(&secret), entropy()?);
    let client = Client {
        arguments,
        clock: Clock::start(),
        session,
        control,
        gre,
        device,
        trace,
        addresses: None,
        held: None,
        outgoing: Box::new([0; HEADROOM + PACKET]),
        buf: Box::new([0; PACKET]),
        clear: 0,
        has_expired: false,
    };
    client.run(&secret)
}

fn dial(server: SocketAddrV4) -> Result<TcpStream, Failure> {
    TcpStream::connect_timeout(&SocketAddr::V4(server), CONNECT_TIMEOUT)
        .map_err(|error| unreachable_server(server, &error))
}

/// Why there is no connection, in words of the user's.
fn unreachable_server(server: SocketAddrV4, error: &io::Error) -> Failure {
    let text = match error.kind() {
        ErrorKind::ConnectionRefused => format!("{server} refuses the connection: no PPTP server listens there"),
        ErrorKind::TimedOut => format!("{server} does not answer: a firewall may stop TCP port {}", server.port()),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => format!("there is no route to {}", server.ip()),
        _ => format!("no connection to {server}: {error}"),
    };
    Failure { status: status::NO_CONNECTION, text }
}

/// A session and what it is between.
struct Client<'a> {
    arguments: &'a Arguments,
    clock: Clock,
    session: Session,
    control: Control,
    gre: Gre,
    device: Device,
    trace: Option<Tracer>,
    /// The addresses of the device: its own, and the server's.
    addresses: Option<(Ipv4Addr, Option<Ipv4Addr>)>,
    /// The length of a packet in `outgoing` that waits for the window of the server.
    held: Option<usize>,
    outgoing: Box<[u8; HEADROOM + PACKET]>,
    buf: Box<[u8; PACKET]>,
    /// Packets that came in the clear and were dropped.
    clear: u64,
    /// The password has expired, and there is no new one.
    has_expired: bool,
}

impl Client<'_> {
    fn run(mut self, secret: &Secret) -> Result<(), Failure> {
        let (stop, report) = (Signals::of_the_end()?, Signals::of_reports()?);
        let can_change = self.arguments.new_password.is_some() && matches!(secret, Secret::Password(_));
        let mut next_status = self.arguments.status_interval;
        let mut close_deadline = None;
        let mut stops = 0;
        say(&self.session.status(Duration::ZERO));
        self.session.open(self.clock.now());
        loop {
            if let Some(reason) = self.settle(can_change)? {
                return self.finish(&reason);
            }
            let deadlines = [self.session.poll_timeout(), next_status, close_deadline];
            let [control, gre, device] = self.wait(&stop, &report, deadlines.into_iter().flatten().min())?;
            let now = self.clock.now();
            // GRE first: how a call ends there says more than how it ends on the control connection.
            if gre {
                self.receive(now);
            }
            if control {
                self.control.flush();
                if self.control.read() {
                    self.session.handle_disconnect(now);
                }
            }
            if device {
                self.send(now);
            }
            self.session.handle_timeout(now);
            self.deliver(now);
            let signals = stop.take();
            if signals > 0 {
                stops += signals;
                if stops > 1 {
                    return Err(Failure { status: status::INTERRUPTED, text: "quit without hanging up".to_owned() });
                }
                self.session.close(now);
                close_deadline = now.checked_add(CLOSE_TIMEOUT);
            }
            if close_deadline.is_some_and(|deadline| deadline <= now) {
                return self.finish(&Reason::Closed);
            }
            if report.take() > 0 {
                self.report(now);
            }
            if next_status.is_some_and(|next| next <= now) {
                say(&self.session.status(now));
                next_status = self.arguments.status_interval.and_then(|interval| now.checked_add(interval));
            }
        }
    }

    /// Waits until something has come, and says where: TCP, GRE, the device.
    fn wait(&self, stop: &Signals, report: &Signals, deadline: Option<Duration>) -> Result<[bool; 3], Failure> {
        // While a packet waits for the window, later ones wait in the kernel.
        let device = if self.held.is_some() { PollFlags::empty() } else { PollFlags::IN };
        // What comes before the reply to our call waits there too: it would be a packet of no call.
        let gre = if self.session.link().is_none() { PollFlags::empty() } else { PollFlags::IN };
        let mut fds = [
            PollFd::new(&self.control, self.control.interest()),
            PollFd::new(&self.gre, gre),
            PollFd::new(&self.device, device),
            PollFd::new(stop, PollFlags::IN),
            PollFd::new(report, PollFlags::IN),
        ];
        self.clock.wait(&mut fds, deadline).map_err(|error| Failure::of_system("poll", error.into()))?;
        let [control, gre, device, ..] = fds.map(|fd| !fd.revents().is_empty());
        Ok([control, gre, device])
    }

    /// Sends what the session has to send, and hears what it has to tell, until there is nothing more. Why it is over, if it
    /// is.
    fn settle(&mut self, can_change: bool) -> Result<Option<Reason>, Failure> {
        let mut buf = [0; MAX_TRANSMIT];
        loop {
            let now = self.clock.now();
            let Self { session, control, gre, trace, .. } = self;
            // The buffer is long enough. What ends the call in the tunnel goes before what ends it on the control connection.
            while let Ok(Some(packet)) = session.poll_tunnel(now, &mut buf) {
                if let Some(trace) = trace {
                    trace.gre(now, Direction::ToServer, packet);
                }
                gre.send(packet);
            }
            while let (true, Ok(Some(octets))) = (control.has_room(), session.poll_control(now, &mut buf)) {
                if let Some(trace) = trace {
                    trace.control(now, Direction::ToServer, octets);
                }
                control.send(octets);
            }
            let mut is_quiet = true;
            while let Some(event) = self.session.poll_event() {
                is_quiet = false;
                if let Event::Closed(reason) = event {
                    return Ok(Some(reason));
                }
                self.event(now, event, can_change)?;
            }
            let Self { session, control, trace, .. } = self;
            is_quiet &= !control.give(|octets| {
                let taken = session.handle_stream(now, octets);
                if let (Some(trace), Some(octets)) = (trace, octets.get(..taken)) {
                    trace.control(now, Direction::ToClient, octets);
                }
                taken
            });
            if is_quiet {
                break;
            }
        }
        if let Some(trace) = &mut self.trace {
            trace.flush().map_err(|error| Failure::of_system("the output", error))?;
        }
        Ok(None)
    }

    /// From the network to the device.
    fn receive(&mut self, now: Duration) {
        let Self { session, gre, device, trace, buf, clear, .. } = self;
        let mut waiting = [0; MAX_RECEIVE];
        for _ in 0..BURST {
            let Some((_, packet)) = gre.receive(&mut buf[..]) else { break };
            if let Some(trace) = trace {
                trace.gre(now, Direction::ToClient, packet);
            }
            match session.handle_gre(now, packet) {
                Ok(received) => {
                    if let Some(packet) = received.ip() {
                        device.send(packet);
                    }
                }
                // It happens on every path. What is counted is what an attacker or a wrong configuration makes.
                Err(ReceiveError::Link(_)) => *clear += 1,
                Err(_) => {}
            }
            // What waited for this one goes before the next one, or that has to wait too.
            while let Ok(Some(packet)) = session.poll_receive(now, &mut waiting) {
                device.send(packet);
            }
        }
    }

    /// What waited for an earlier packet long enough, to the device.
    fn deliver(&mut self, now: Duration) {
        let mut buf = [0; MAX_RECEIVE];
        while let Ok(Some(packet)) = self.session.poll_receive(now, &mut buf) {
            self.device.send(packet);
        }
    }

    /// From the device to the network. No packet costs an allocation, here or in `receive`.
    fn send(&mut self, now: Duration) {
        let Self { session, gre, device, trace, outgoing, held, .. } = self;
        for _ in 0..BURST {
            let (_, room) = outgoing.split_at_mut(HEADROOM);
            let Some(length) = held.take().or_else(|| device.receive(room)) else { break };
            let Some(buf) = outgoing.get_mut(..HEADROOM + length) else { break };
            match session.send_ip(now, buf) {
                Ok(packet) => {
                    if let Some(trace) = trace {
                        trace.gre(now, Direction::ToServer, packet);
                    }
                    gre.send(packet);
                }
                Err(SendError::WouldBlock) => {
                    *held = Some(length);
                    break;
                }
                // The call is not up yet, or no longer; or the packet is none that goes through it.
                Err(_) => {}
            }
        }
    }

    fn event(&mut self, now: Duration, event: Event, can_change: bool) -> Result<(), Failure> {
        match event {
            Event::Status(_) => say(&self.session.status(now)),
            // Where encryption is preferred, it may come after the first packets.
            Event::EncryptionUp(_) if self.session.status(now).uptime.is_some() => say(&self.session.status(now)),
            Event::IpUp(agreed) => self.ip_up(agreed)?,
            Event::IpDown => self.ip_down(),
            Event::IpFailed(reason) => say(&format_args!("  no IPv4: {reason}")),
            Event::Ipv6Up(agreed) => self.ipv6_up(agreed)?,
            Event::Ipv6Failed(reason) => say(&format_args!("  no IPv6: {reason}")),
            Event::EncryptionDown => say(&"  encryption: ended"),
            Event::PasswordExpired => {
                if let (true, Some(new)) = (can_change, &self.arguments.new_password) {
                    say(&"  the password has expired: changing it");
                    if let Err(error) = self.session.change_password(now, new) {
                        say(&format_args!("  the new password: {error}"));
                    }
                } else {
                    self.has_expired = true;
                    self.session.close(now);
                }
            }
            Event::Writable => self.send(now),
            Event::NoData { elapsed } => {
                let seconds = elapsed.as_secs();
                say(&format_args!("  no GRE packet after {seconds} s: does a firewall stop IP protocol 47?"));
            }
            Event::FlowAlarm { is_raised: true } => {
                say(&"  flow control alarm: packets are lost, or their acknowledgments");
            }
            Event::CoherencyLost => say(&"  packets decrypt to nonsense"),
            _ => {}
        }
        Ok(())
    }

    /// The addresses are agreed on: the device gets them, and the routes.
    fn ip_up(&mut self, agreed: ipcp::Agreed) -> Result<(), Failure> {
        let Some(own) = agreed.own_address else {
            return Err(Failure { status: status::NO_AGREEMENT, text: "the server gave no address".to_owned() });
        };
        self.ip_down();
        let failed = |error| Failure::of_system("the network interface", error);
        let device = &self.device;
        device.add_address(own.into(), agreed.peer_address.map(IpAddr::V4), 32).map_err(failed)?;
        self.addresses = Some((own, agreed.peer_address));
        device.set_up(self.session.mtu()).map_err(failed)?;
        for (network, prefix) in &self.arguments.routes {
            let what = format!("the route to {network}/{prefix}");
            let added = device.add_route((IpAddr::V4(*network), *prefix), None);
            added.map_err(|error| Failure::of_system(&what, error))?;
        }
        let name = self.device.name();
        say(&format_args!("  interface: {name}, MTU {}", self.session.mtu()));
        say(&format_args!("  local-address: {own}"));
        if let Some(peer) = agreed.peer_address {
            say(&format_args!("  remote-address: {peer}"));
        }
        for (what, servers) in [("dns", agreed.name_servers), ("nbns", agreed.netbios_name_servers)] {
            for server in servers.into_iter().flatten() {
                say(&format_args!("  {what}: {server}"));
            }
        }
        Ok(())
    }

    fn ip_down(&mut self) {
        if let Some((own, peer)) = self.addresses.take() {
            // With its address the routes go.
            let _ = self.device.remove_address(own.into(), peer.map(IpAddr::V4), 32);
        }
    }

    fn ipv6_up(&mut self, agreed: ipv6cp::Agreed) -> Result<(), Failure> {
        let Some(own) = agreed.own else { return Ok(()) };
        let failed = |error| Failure::of_system("the network interface", error);
        self.device.set_up(self.session.mtu()).map_err(failed)?;
        self.device.add_address(own.link_local().into(), None, 64).map_err(failed)?;
        say(&format_args!("  local-ipv6-address: {own}"));
        if let Some(peer) = agreed.peer {
            say(&format_args!("  remote-ipv6-address: {peer}"));
        }
        Ok(())
    }

    fn report(&self, now: Duration) {
        let name = self.device.name();
        if let Some(report) = self.session.session_report(now) {
            say(&report.with_interface(name));
        }
        if let Some(report) = self.session.mppe_report(name) {
            say(&report);
        }
        say(&format_args!("Refused frames {}", self.clear));
    }

    /// Says goodbye on TCP, and why.
    fn finish(mut self, reason: &Reason) -> Result<(), Failure> {
        let now = self.clock.now();
        let mut buf = [0; MAX_TRANSMIT];
        while let Ok(Some(octets)) = self.session.poll_control(now, &mut buf) {
            if let Some(trace) = &mut self.trace {
                trace.control(now, Direction::ToServer, octets);
            }
            self.control.send(octets);
        }
        if let Some(trace) = &mut self.trace {
            // The session is over anyway.
            let _ = trace.flush();
        }
        say(&self.session.status(now));
        let mut failure = Failure::of_reason(reason);
        if self.has_expired {
            let text = "the password has expired (error 648): --new-password changes it".to_owned();
            failure = Some(Failure { status: status::NOT_AUTHENTICATED, text });
        }
        if failure.is_none() {
            say(&format_args!("  {}", sentence(reason)));
        }
        self.control.finish();
        failure.map_or(Ok(()), Err)
    }
}

/// Writes a line, or some, to the standard output. If nobody reads it, that is no reason to hang up.
fn say(text: &dyn std::fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
