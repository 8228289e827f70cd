//! One tunnel: a session between TCP, a raw socket and the device.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::time::Duration;

use pptp::client::Session;
use pptp::inspect::Direction;
use pptp::ppp_session::{self, Batch, Status};
use pptp::report::{ClientStatus, MppeReport, SessionReport};
use pptp::session::{CallEvent, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError, SendError};

use super::context::Context;
use super::output::say;
use super::ppp::{self, Follow};
use super::trace::Tracer;
use crate::host::{BURST, Failure, Gre, Interest, Packets, Poller, Stream, sentence, status};

/// How long the server has to answer TCP.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long hanging up may take, whatever the server does.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// How many packets are decrypted at once: as many as may wait for a missing one.
const LOT: usize = 16;

/// How a tunnel ended.
pub(super) enum End {
    /// A signal has ended it.
    ByUs,
    /// It has ended otherwise.
    Failed(Failure),
}

/// A tunnel, and what it is between.
pub(super) struct Tunnel<'t, 'c> {
    context: &'t mut Context<'c>,
    session: Session,
    control: Stream,
    gre: Gre,
    poller: Poller,
    interests: [Interest; 3],
    trace: Option<Tracer>,
    batch: Batch,
    /// The packets that came from the device. The rest waits for the window of the server.
    outgoing: Packets,
    /// Packets that came in the clear and were dropped.
    clear: u64,
    /// The password has expired, and there is no new one.
    has_expired: bool,
}

/// Numbers of descriptors.
const CONTROL: u64 = 0;
const GRE: u64 = 1;
const DEVICE: u64 = 2;
const SIGNALS: u64 = 3;

impl<'t, 'c> Tunnel<'t, 'c> {
    /// Connects to the server.
    ///
    /// # Errors
    ///
    /// It is not there, or a socket cannot be had.
    pub(super) fn dial(context: &'t mut Context<'c>, server: SocketAddrV4, entropy: [u8; 32]) -> Result<Self, Failure> {
        // Opened before TCP: the server's first packet may come at once, and this step needs
        // permission.
        let gre = Gre::open()?;
        let tcp = TcpStream::connect_timeout(&SocketAddr::V4(server), CONNECT_TIMEOUT)
            .map_err(|error| unreachable_server(server, &error))?;
        // A connected socket gets packets of this server alone.
        gre.connect(*server.ip()).map_err(|error| unreachable_server(server, &error))?;
        let failed = |error| Failure::of_system("the TCP connection", &error);
        let own = tcp.local_addr().map_err(failed)?;
        let trace = context.trace.then(|| Tracer::new(own, SocketAddr::V4(server), &context.secret));
        let control = Stream::new(tcp).map_err(failed)?;
        let session = Session::new(&context.session(), entropy);
        let failed = |error| Failure::of_system("epoll", &error);
        let poller = Poller::new().map_err(failed)?;
        let interests = [Interest::Read, Interest::Nothing, Interest::Read];
        poller.add(&control, CONTROL, Interest::Read).map_err(failed)?;
        poller.add(&gre, GRE, Interest::Nothing).map_err(failed)?;
        poller.add(&context.interface.device, DEVICE, Interest::Read).map_err(failed)?;
        poller.add(&context.stop, SIGNALS, Interest::Read).map_err(failed)?;
        poller.add(&context.report, SIGNALS, Interest::Read).map_err(failed)?;
        let (batch, outgoing) = (Batch::new(), Packets::new(HEADROOM));
        Ok(Self {
            context,
            session,
            control,
            gre,
            poller,
            interests,
            trace,
            batch,
            outgoing,
            clear: 0,
            has_expired: false,
        })
    }

    /// Carries packets until one side hangs up, and hangs up.
    ///
    /// # Errors
    ///
    /// The system refuses something.
    pub(super) fn run(mut self) -> Result<End, Failure> {
        let interval = self.context.config.status_interval.map(Duration::from_secs);
        let begun = self.context.clock.now();
        let mut next_status = interval.and_then(|interval| begun.checked_add(interval));
        let (mut close_deadline, mut stops) = (None, 0);
        say(&self.status(begun));
        self.session.open(begun);
        loop {
            if let Some(reason) = self.settle()? {
                return Ok(self.finish(&reason));
            }
            let deadlines = [self.session.poll_timeout(), next_status, close_deadline];
            self.wait(deadlines.into_iter().flatten().min())?;
            let now = self.context.clock.now();
            self.session.handle_timeout(now);
            self.deliver(now);
            if self.context.stop.take_end(&mut stops)? {
                self.session.close(now);
                close_deadline = now.checked_add(CLOSE_TIMEOUT);
            }
            if close_deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(self.finish(&Reason::Closed));
            }
            if self.context.report.take() > 0 {
                self.report(now);
            }
            if next_status.is_some_and(|next| next <= now) {
                say(&self.status(now));
                next_status = interval.and_then(|interval| now.checked_add(interval));
            }
        }
    }

    /// Waits until something has come, and takes it.
    fn wait(&mut self, deadline: Option<Duration>) -> Result<(), Failure> {
        let failed = |error| Failure::of_system("epoll", &error);
        let wanted = [
            self.control.interest(),
            // Packets that come before the reply to our call wait in the kernel: they would be
            // packets of no call.
            if self.session.first_call().is_none() { Interest::Nothing } else { Interest::Read },
            // While packets wait for the window, later ones wait in the kernel.
            if self.outgoing.is_empty() { Interest::Read } else { Interest::Nothing },
        ];
        for (index, (wanted, interest)) in wanted.into_iter().zip(&mut self.interests).enumerate() {
            if std::mem::replace(interest, wanted) == wanted {
                continue;
            }
            match index {
                0 => self.poller.modify(&self.control, CONTROL, wanted),
                1 => self.poller.modify(&self.gre, GRE, wanted),
                _ => self.poller.modify(&self.context.interface.device, DEVICE, wanted),
            }
            .map_err(failed)?;
        }
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.context.clock.now()));
        let (mut control, mut gre, mut device) = (false, false, false);
        for number in self.poller.wait(timeout).map_err(failed)? {
            match number {
                CONTROL => control = true,
                GRE => gre = true,
                DEVICE => device = true,
                _ => {}
            }
        }
        let now = self.context.clock.now();
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
        Ok(())
    }

    /// Sends what the session has to send, and hears its events, until there is nothing more. Returns why it is over, if it
    /// is.
    fn settle(&mut self) -> Result<Option<Reason>, Failure> {
        let mut buf = [0; MAX_TRANSMIT];
        loop {
            let now = self.context.clock.now();
            let Self { session, control, gre, trace, .. } = self;
            // The buffer is long enough. The end of the call in the tunnel goes before the end on
            // the control connection.
            while let Ok(Some(packet)) = session.poll_tunnel(now, &mut buf) {
                if let Some(trace) = trace {
                    trace.gre(now, Direction::ToServer, packet);
                }
                gre.send(packet);
            }
            gre.flush();
            // A server that does not read its messages gets no more of them.
            while let (true, Ok(Some(bytes))) = (control.has_room(), session.poll_control(now, &mut buf)) {
                if let Some(trace) = trace {
                    trace.control(now, Direction::ToServer, bytes);
                }
                control.send(bytes);
            }
            let mut is_quiet = true;
            while let Some(event) = self.session.poll_event() {
                is_quiet = false;
                match event {
                    Event::Call { event, .. } => self.event(now, event)?,
                    Event::Closed(reason) => return Ok(Some(reason)),
                    _ => {}
                }
            }
            let Self { session, control, trace, .. } = self;
            is_quiet &= !control.give(|bytes| {
                let taken = session.handle_stream(now, bytes);
                if let (Some(trace), Some(bytes)) = (trace, bytes.get(..taken)) {
                    trace.control(now, Direction::ToClient, bytes);
                }
                taken
            });
            if is_quiet {
                break;
            }
        }
        self.context.interface.device.flush();
        if let Some(trace) = &mut self.trace {
            trace.flush().map_err(|error| Failure::of_system("the output", &error))?;
        }
        Ok(None)
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration) {
        let Self { session, gre, context, trace, clear, batch, .. } = self;
        let device = &mut context.interface.device;
        let mut waiting = [0; MAX_RECEIVE];
        let mut packets: Vec<_> = gre.receive().map(|(_, packet)| packet).collect();
        if let Some(trace) = trace {
            for packet in &packets {
                trace.gre(now, Direction::ToClient, packet);
            }
        }
        for packets in packets.chunks_mut(LOT) {
            session.handle_gre_batch(now, batch, packets, |_, received| match received {
                Ok((_, received)) => {
                    if let Some(packet) = received.ip() {
                        device.send(packet);
                    }
                }
                // It happens on every path. Packets of an attacker or of a wrong configuration are
                // counted.
                Err(ReceiveError::Ppp(ppp_session::ReceiveError::Link(_))) => *clear += 1,
                Err(_) => {}
            });
            // A packet that waited for one of these goes before the next ones, or they have to wait
            // too.
            while let Ok(Some((_, packet))) = session.poll_receive(now, &mut waiting) {
                device.send(packet);
            }
        }
        device.flush();
    }

    /// Gives the device the packets that have waited long enough for an earlier one.
    fn deliver(&mut self, now: Duration) {
        let mut buf = [0; MAX_RECEIVE];
        while let Ok(Some((_, packet))) = self.session.poll_receive(now, &mut buf) {
            self.context.interface.device.send(packet);
        }
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { session, gre, context, trace, outgoing, batch, .. } = self;
        let mut count = 0;
        while count < BURST && (!outgoing.is_empty() || context.interface.device.receive(outgoing)) {
            let (mut packets, mut blocked): (Vec<_>, _) = (outgoing.iter_mut().collect(), None);
            // Without a call there is nowhere to send them.
            let Some(mut call) = session.first_call_mut() else {
                let count = packets.len();
                outgoing.take(count);
                break;
            };
            call.send_ip_batch(now, batch, &mut packets, |index, sent| match sent {
                Ok(packet) => {
                    if let Some(trace) = trace {
                        trace.gre(now, Direction::ToServer, packet);
                    }
                    gre.send(packet);
                }
                Err(SendError::WouldBlock) => {
                    blocked.get_or_insert(index);
                }
                // The call is not up yet, or no longer; or the packet is none that goes through it.
                Err(_) => {}
            });
            let taken = blocked.unwrap_or(packets.len());
            outgoing.take(taken);
            count += taken;
            // The window is full: the rest waits until it opens.
            if blocked.is_some() {
                break;
            }
        }
        gre.flush();
    }

    fn event(&mut self, now: Duration, event: CallEvent) -> Result<(), Failure> {
        match event {
            CallEvent::Ppp(event) => self.ppp_event(now, event)?,
            CallEvent::Writable => self.send(now),
            CallEvent::NoData { elapsed } => {
                let seconds = elapsed.as_secs();
                say(&format_args!("  no GRE packet after {seconds} s: does a firewall stop IP protocol 47?"));
            }
            // The alarm is no line: peers that do not acknowledge a lone packet, as Linux, raise it all the time.
            _ => {}
        }
        Ok(())
    }

    fn ppp_event(&mut self, now: Duration, event: ppp_session::Event) -> Result<(), Failure> {
        let name = self.session.first_call().map(|call| call.ppp().link().peer_name().to_string()).unwrap_or_default();
        let (is_connected, mtu) = (self.status(now).status == Status::Connected, self.mtu());
        match ppp::event(&mut self.context.interface, event, is_connected, &name, mtu)? {
            Follow::Nothing => {}
            Follow::Status => say(&self.status(now)),
            Follow::IpDown => self.ip_down(now),
            Follow::ChangePassword => self.change_password(now),
            // There is nobody to ask for another password: the first refusal is why the program ends.
            Follow::Decline(ticket) => {
                let declined = self.session.first_call_mut().map(|mut call| call.decline(now, ticket));
                debug_assert!(declined.is_none_or(|result| result.is_ok()), "the demand was just polled");
            }
        }
        Ok(())
    }

    fn status(&self, now: Duration) -> ClientStatus {
        ClientStatus::of_session(&self.session, now)
    }

    /// Returns the longest packet that may be sent.
    fn mtu(&self) -> u16 {
        self.session.first_call().map_or(self.session.mtu(), |call| call.mtu())
    }

    fn change_password(&mut self, now: Duration) {
        let Self { context, session, .. } = self;
        let change = |new: &str| session.first_call_mut().map(|mut call| call.change_password(now, new));
        if !ppp::change_password(context.new_password.as_ref(), change) {
            self.has_expired = true;
            self.session.close(now);
        }
    }

    fn ip_down(&mut self, now: Duration) {
        let used = self.session.first_call().map(|call| {
            let tunnel = call.statistics().tunnel;
            (self.status(now).uptime.unwrap_or_default(), tunnel.bytes_sent, tunnel.bytes_received)
        });
        self.context.interface.ip_down(used);
    }

    fn report(&self, now: Duration) {
        let name = self.context.interface.device.name();
        if let Some(call) = self.session.first_call() {
            say(&SessionReport::of_call(call, now).with_interface(name));
            if let Some(report) = MppeReport::of_call(call, name) {
                say(&report);
            }
        }
        say(&format_args!("Refused frames {}", self.clear));
    }

    /// Says goodbye on TCP, and why.
    fn finish(mut self, reason: &Reason) -> End {
        let now = self.context.clock.now();
        let mut buf = [0; MAX_TRANSMIT];
        while let Ok(Some(bytes)) = self.session.poll_control(now, &mut buf) {
            if let Some(trace) = &mut self.trace {
                trace.control(now, Direction::ToServer, bytes);
            }
            self.control.send(bytes);
        }
        if let Some(trace) = &mut self.trace {
            // The session is over anyway.
            let _ = trace.flush();
        }
        self.ip_down(now);
        say(&self.status(now));
        // RFC 2637 section 3.1.1: TCP is closed once the last message has been pushed out.
        self.control.finish();
        if self.has_expired {
            return End::Failed(ppp::expired());
        }
        let Some(failure) = Failure::of_reason(reason) else {
            say(&format_args!("  {}", sentence(reason)));
            return End::ByUs;
        };
        End::Failed(failure)
    }
}

/// Returns why there is no connection, in words of the user's.
fn unreachable_server(server: SocketAddrV4, error: &io::Error) -> Failure {
    let text = match error.kind() {
        ErrorKind::ConnectionRefused => format!("{server} refuses the connection: no PPTP server listens there"),
        ErrorKind::TimedOut => format!("{server} does not answer: a firewall may stop TCP port {}", server.port()),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => format!("there is no route to {}", server.ip()),
        _ => format!("no connection to {server}: {error}"),
    };
    Failure { status: status::NO_CONNECTION, text }
}
