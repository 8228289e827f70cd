//! One session of L2TP, between a socket and the device.

use std::net::SocketAddr;
use std::time::Duration;

use l2tp_session::ppp_session::{self, Status};
use l2tp_session::session::{Call, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Reason, ReceiveError, Received};

use super::context::{self, Context};
use super::line::{Line, News, ethernet_mtu};
use super::output::say;
use super::ppp::{self, Follow};
use super::tunnel::End;
use crate::host::{BURST, Carrier, Device, Failure, Interest, Packets, PathMtu, Poller};

/// How long hanging up may take, whatever the server does.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest packet outside, in bytes: Ethernet's.
const OUTSIDE: u16 = 1500;
/// How often the system is asked for the longest packet of the path.
const PATH_INTERVAL: Duration = Duration::from_secs(1);

/// Numbers of descriptors.
const NETWORK: u64 = 0;
const DEVICE: u64 = 1;
const SIGNALS: u64 = 2;

/// A tunnel, and what it is between.
pub(super) struct Tunnel<'t, 'c> {
    context: &'t mut Context<'c>,
    session: Line,
    network: Carrier,
    poller: Poller,
    outgoing: Packets,
    /// Packets that came in the clear and were dropped.
    clear: u64,
    /// The password has expired, and there is no new one.
    has_expired: bool,
    /// `None` where the path is not asked.
    path: Option<Watched>,
}

/// The path to the peer, whose longest packet is asked for now and then.
struct Watched {
    path: PathMtu,
    mtu: u16,
    next: Duration,
}

/// Whether the session goes on.
enum Stage {
    Running,
    /// Its reason is known; the server has to learn it before this deadline.
    Ending {
        reason: Reason,
        deadline: Duration,
    },
}

impl<'t, 'c> Tunnel<'t, 'c> {
    /// Prepares to ask a server for a tunnel.
    ///
    /// # Errors
    ///
    /// A socket cannot be had.
    pub(super) fn dial(context: &'t mut Context<'c>, server: SocketAddr) -> Result<Self, Failure> {
        let (session, network) = Line::dial(context, server)?;
        let failed = |error| Failure::of_system("epoll", &error);
        let poller = Poller::new().map_err(failed)?;
        network.wait_by(&poller, NETWORK).map_err(failed)?;
        poller.add(&context.interface.device, DEVICE, Interest::Read).map_err(failed)?;
        poller.add(&context.stop, SIGNALS, Interest::Read).map_err(failed)?;
        poller.add(&context.report, SIGNALS, Interest::Read).map_err(failed)?;
        let outgoing = Packets::new(HEADROOM);
        let path = context.asks_for_path_mtu().then(|| PathMtu::to(server.ip())).transpose();
        let path = path.map_err(|error| Failure::of_system("the path to the server", &error))?;
        // Until the system has an answer, the path is one of Ethernet.
        let path = path.map(|path| Watched { path, mtu: OUTSIDE, next: Duration::ZERO });
        Ok(Self { context, session, network, poller, outgoing, clear: 0, has_expired: false, path })
    }

    /// Asks the system for the longest packet of the path, when it is time, and changes the device
    /// when there is another answer.
    fn watch_path(&mut self, now: Duration) -> Result<(), Failure> {
        let Some(watched) = self.path.as_mut().filter(|watched| watched.next <= now) else { return Ok(()) };
        watched.next = now.saturating_add(PATH_INTERVAL);
        let Some(mtu) = watched.path.get().map(|mtu| mtu.min(OUTSIDE)).filter(|mtu| *mtu != watched.mtu) else {
            return Ok(());
        };
        watched.mtu = mtu;
        self.session.handle_path_mtu(mtu);
        say(&format_args!("  path MTU: {mtu}"));
        let Some(call) = self.session.call() else { return Ok(()) };
        match call.ppp() {
            None => self.ethernet_up(),
            // The device is set up when its addresses are known.
            Some(ppp) if ppp.ip().is_some() => self.context.interface.change_mtu(call.mtu()),
            Some(_) => Ok(()),
        }
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
        let (mut stage, mut stops) = (Stage::Running, 0);
        self.show_status(begun);
        self.session.open(begun)?;
        loop {
            if let Some(reason) = self.settle()? {
                // RFC 2661 section 5.7: the peer repeats its StopCCN until it is acknowledged, so
                // the socket stays a moment longer.
                let deadline = self.context.clock.now().saturating_add(CLOSE_TIMEOUT);
                stage = Stage::Ending { reason, deadline };
            }
            let now = self.context.clock.now();
            let close_deadline = match &stage {
                Stage::Running => None,
                Stage::Ending { reason, deadline } if self.session.is_acknowledged() || *deadline <= now => {
                    return Ok(self.finish(reason));
                }
                Stage::Ending { deadline, .. } => Some(*deadline),
            };
            let next_look = self.path.as_ref().map(|watched| watched.next);
            let deadlines = [self.session.poll_timeout(), next_status, close_deadline, next_look];
            self.wait(deadlines.into_iter().flatten().min())?;
            let now = self.context.clock.now();
            self.watch_path(now)?;
            self.session.handle_timeout(now);
            self.deliver(now);
            if self.context.stop.take_end(&mut stops)? {
                self.session.close(now);
            }
            if self.context.report.take() > 0 {
                self.report();
            }
            if next_status.is_some_and(|next| next <= now) {
                self.show_status(now);
                next_status = interval.and_then(|interval| now.checked_add(interval));
            }
        }
    }

    /// Waits until something has come, and takes it.
    fn wait(&mut self, deadline: Option<Duration>) -> Result<(), Failure> {
        let timeout = deadline.map(|deadline| deadline.saturating_sub(self.context.clock.now()));
        let come = self.poller.wait(timeout).map_err(|error| Failure::of_system("epoll", &error))?;
        let numbers: Vec<_> = come.collect();
        let now = self.context.clock.now();
        if numbers.contains(&NETWORK) {
            self.receive(now);
        }
        if numbers.contains(&DEVICE) {
            self.send(now);
        }
        Ok(())
    }

    /// Sends what the session has to send, and hears its events. Returns why it is over, once that is known.
    fn settle(&mut self) -> Result<Option<Reason>, Failure> {
        let mut buf = [0; MAX_TRANSMIT];
        let mut over = None;
        loop {
            let now = self.context.clock.now();
            // The buffer is long enough.
            while let Ok(Some(packet)) = self.session.poll_transmit(now, &mut buf) {
                self.network.push(None, &packet);
            }
            self.network.flush();
            let mut is_quiet = true;
            while let Some(event) = self.session.poll_event() {
                is_quiet = false;
                match event {
                    News::Established(name) => say(&format_args!("  tunnel: {name}")),
                    News::Frames => self.ethernet_up()?,
                    News::Ppp(event) => self.ppp_event(now, event)?,
                    News::Over(reason) => over = Some(reason),
                    News::Other => {}
                }
            }
            if is_quiet {
                break;
            }
        }
        self.context.interface.device.flush();
        Ok(over)
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration) {
        let Self { session, network, context, clear, .. } = self;
        let device = &mut context.interface.device;
        let (mut scratch, mut waiting) = ([0; MAX_RECEIVE], [0; MAX_RECEIVE]);
        network.receive(|source, packet| {
            match session.handle_datagram(now, source, packet, &mut scratch) {
                Ok(received) => give(device, &received),
                // Errors happen on every path. Only those of an attacker or a wrong configuration are counted.
                Err(ReceiveError::Ppp(ppp_session::ReceiveError::Link(_))) => *clear += 1,
                Err(_) => {}
            }
            while let Ok(Some(received)) = session.poll_receive(now, &mut waiting) {
                give(device, &received);
            }
        });
        device.flush();
    }

    /// Carries packets that waited for an earlier one long enough to the device.
    fn deliver(&mut self, now: Duration) {
        let mut buf = [0; MAX_RECEIVE];
        while let Ok(Some(received)) = self.session.poll_receive(now, &mut buf) {
            give(&mut self.context.interface.device, &received);
        }
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { session, network, context, outgoing, .. } = self;
        // In bursts, so that the other direction gets its turn.
        for _ in 0..BURST {
            if !context.interface.device.receive(outgoing) {
                break;
            }
            for packet in outgoing.iter_mut() {
                // Without a call, and before IP is up, there is nowhere to send them.
                if let Ok(sent) = session.send(now, packet) {
                    network.push(None, &sent);
                }
            }
            let count = outgoing.iter_mut().count();
            outgoing.take(count);
        }
        network.flush();
    }

    fn ppp_event(&mut self, now: Duration, event: ppp_session::Event) -> Result<(), Failure> {
        let call = self.session.call();
        let mtu = call.as_ref().map_or(0, Call::mtu);
        let name = call.and_then(|call| Some(call.ppp()?.link().peer_name().to_string())).unwrap_or_default();
        let is_connected = self.status() == Status::Connected;
        match ppp::event(&mut self.context.interface, event, is_connected, &name, mtu)? {
            Follow::Nothing => {}
            Follow::Status => self.show_status(now),
            Follow::IpDown => self.ip_down(now),
            Follow::ChangePassword => self.change_password(now),
            // There is nobody to ask for another password: the first refusal is why the program ends.
            Follow::Decline(ticket) => self.session.decline(now, ticket),
        }
        Ok(())
    }

    fn ethernet_up(&mut self) -> Result<(), Failure> {
        let Some(call) = self.session.call() else { return Ok(()) };
        let template = context::template(self.context.config, self.context.client);
        let outside = self.path.as_ref().map_or(OUTSIDE, |watched| watched.mtu);
        let mtu = template.mtu.unwrap_or_else(|| ethernet_mtu(call.data_config(), outside));
        self.context.interface.ethernet_up(mtu)
    }

    fn change_password(&mut self, now: Duration) {
        let Self { context, session, .. } = self;
        let change = |new: &str| session.change_password(now, new);
        if !ppp::change_password(context.new_password.as_ref(), change) {
            self.has_expired = true;
            self.session.close(now);
        }
    }

    fn ip_down(&mut self, now: Duration) {
        let used = self.session.call().map(|call| {
            let counters = call.counters();
            (now.saturating_sub(call.since()), counters.bytes_sent, counters.bytes_received)
        });
        self.context.interface.ip_down(used);
    }

    fn status(&self) -> Status {
        self.session.ppp().map(ppp_session::Session::status).unwrap_or_default()
    }

    fn show_status(&self, now: Duration) {
        say(&ppp::shown(self.session.ppp(), now));
    }

    fn report(&self) {
        if let Some(call) = self.session.call() {
            say(&format_args!("session {}: {:?}", call.id(), call.counters()));
        }
        say(&format_args!("Refused frames {}", self.clear));
    }

    fn finish(mut self, reason: &Reason) -> End {
        let now = self.context.clock.now();
        self.ip_down(now);
        say(&format_args!("  status: {}", Status::Terminated));
        if self.has_expired {
            return End::Failed(ppp::expired());
        }
        let Some(failure) = Failure::of_l2tp(reason) else {
            say(&format_args!("  {reason}"));
            return End::ByUs;
        };
        End::Failed(failure)
    }
}

/// Gives the device what a packet of the session carries: IP, or Ethernet.
fn give(device: &mut Device, received: &Received<'_>) {
    if let Some(bytes) = received.ip().or_else(|| received.frame()) {
        device.send(bytes);
    }
}
