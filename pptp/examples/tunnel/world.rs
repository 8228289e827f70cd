//! The two sessions, what they are driven with, and what is shown of them.

use std::cell::RefCell;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use pptp::inspect::{ControlInput, Inspector, Secrets};
use pptp::report::{ClientStatus, MppeReport, SessionReport};
use pptp::session::Config;
use testing::pptp::{Client, Host, NAME, PASSWORD, client_config, server_config};
use testing::{CLIENT, Profile, Random, SERVER};

use crate::traffic::{self, Content, Transfer};
use vpdn::capture::{Item, Place};
use vpdn::show::Trace;

/// Outside of the tunnel.
const OUTER: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1)];
/// Inside of the tunnel.
const INNER: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1)];
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Client,
    Server,
}

impl End {
    /// Returns the index of this side in the simulated network.
    fn index(self) -> usize {
        match self {
            Self::Client => CLIENT,
            Self::Server => SERVER,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    fn of(self, [client, server]: [Ipv4Addr; 2]) -> Ipv4Addr {
        match self {
            Self::Client => client,
            Self::Server => server,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// The inspector, which sees everything that is sent, and what it shows.
struct Shown {
    inspector: Inspector,
    /// Packets that were sent so far: their numbers in the trace.
    number: u64,
    is_on: bool,
    trace: Trace<Vec<u8>>,
}

impl Shown {
    fn see(&mut self, now: Duration, from: usize, bytes: &[u8], is_tcp: bool) {
        let (from, to) = if from == CLIENT { (End::Client, End::Server) } else { (End::Server, End::Client) };
        let address = |end: End| IpAddr::V4(end.of(OUTER));
        let ports = |end: End| SocketAddr::from((address(end), if end == End::Client { 49_152 } else { 1723 }));
        self.number += 1;
        let time = (now.as_secs(), now.subsec_nanos());
        let place = Place { number: self.number, time, path: None, carrier: None };
        let Self { inspector, trace, is_on, .. } = self;
        let mut show = |record: pptp::inspect::Record<'_>| {
            if *is_on {
                // To memory.
                let _ = trace.item(&place, Item::Record(&record));
            }
        };
        if is_tcp {
            let input = ControlInput::Bytes(bytes);
            inspector.handle_control(place.number, ports(from), ports(to), input, &mut show);
        } else {
            inspector.handle_gre(place.number, address(from), address(to), bytes, &mut show);
        }
        let _ = self.trace.item(&place, Item::FrameEnd);
    }
}

/// Everything.
pub struct World {
    /// The two sessions, and what lies between them.
    network: testing::pptp::World,
    shown: Rc<RefCell<Shown>>,
    transfer: Option<Transfer>,
    /// When each ping was sent, and how many were answered.
    pings: Vec<Duration>,
    answered: Vec<(u16, Duration)>,
}

impl World {
    pub fn new(config: &Config, profile: Profile, seed: u64) -> Self {
        // A simulation wants the same bytes each time; a real program takes unpredictable ones from
        // the system.
        let mut random = Random::new(seed);
        let client = Client::new(&client_config(config), random.entropy());
        let server =
            server_config(config).with_server(|server| server.with_name_servers([Some(End::Server.of(INNER)), None]));
        let mut network = testing::World::new(seed, profile, client, Host::new(&server, random.entropy(), false));
        let inspector = Inspector::new(Secrets::new().with_password(Some(NAME), PASSWORD));
        let shown = Shown { inspector, number: 0, is_on: false, trace: Trace::new(Vec::new()) };
        let shown = Rc::new(RefCell::new(shown));
        let see = |is_tcp| -> testing::Filter {
            let shown = shown.clone();
            Box::new(move |now, from, bytes| {
                shown.borrow_mut().see(now, from, bytes, is_tcp);
                false
            })
        };
        (network.lose_message, network.lose_datagram) = (Some(see(true)), Some(see(false)));
        Self { network, shown, transfer: None, pings: Vec::new(), answered: Vec::new() }
    }

    /// Sets whether each packet gets its lines.
    pub fn show_trace(&mut self, show: bool) {
        self.shown.borrow_mut().is_on = show;
    }

    /// Dials, until IP flows.
    pub fn connect(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.run(out, |world| world.network.is_up())?;
        writeln!(out, "{}", ClientStatus::of_session(&self.network.client.session, self.network.now))
    }

    /// Pings from one end to the other, one a second.
    pub fn ping(&mut self, out: &mut impl Write, from: End, count: u16) -> io::Result<()> {
        for sequence in 0..count {
            self.pings.push(self.network.now);
            let packet = traffic::echo_request(from.of(INNER), from.other().of(INNER), sequence)?;
            self.send_ip(from, &packet)?;
            let end = self.network.now + Duration::from_secs(1);
            self.run_until(out, end, |world| world.network.now >= end)?;
        }
        writeln!(out)?;
        for (sequence, sent) in (0..).zip(&self.pings) {
            match self.answered.iter().find(|(found, _)| *found == sequence) {
                Some((_, at)) => {
                    writeln!(out, "  ping {sequence}: {:.1} ms", at.saturating_sub(*sent).as_secs_f64() * 1e3)?;
                }
                None => writeln!(out, "  ping {sequence}: lost")?,
            }
        }
        Ok(())
    }

    /// Returns a file from one end to the other.
    pub fn transfer(&mut self, out: &mut impl Write, from: End, size: usize) -> io::Result<()> {
        let (begin, before) = (self.network.now, self.network.path.total());
        self.transfer = Some(Transfer::new(from.of(INNER), from.other().of(INNER), size));
        self.run(out, |world| world.transfer.as_ref().is_some_and(Transfer::is_done))?;
        let Some(transfer) = self.transfer.take() else { return Ok(()) };
        let same = if transfer.is_identical() { "identical" } else { "DIFFERENT" };
        let seconds = self.network.now.saturating_sub(begin).as_secs_f64();
        let after = self.network.path.total();
        writeln!(
            out,
            "  {size} bytes from the {} to the {}: {same}, in {seconds:.1} s of simulated time; {} bytes in {} GRE \
             packets, {} of them lost, {} datagrams sent again",
            from.name(),
            from.other().name(),
            after.bytes - before.bytes,
            after.datagrams - before.datagrams,
            after.lost - before.lost,
            transfer.repeated,
        )?;
        if transfer.is_identical() { Ok(()) } else { Err(io::Error::other("the file arrived damaged")) }
    }

    /// Returns what operators look at.
    pub fn report(&self, out: &mut impl Write) -> io::Result<()> {
        let (now, server) = (self.network.now, self.network.server.session());
        writeln!(out, "{}\n", ClientStatus::of_session(&self.network.client.session, now))?;
        let Some(call) = self.network.server.call() else { return Ok(()) };
        if let Some(report) = server.call(call).map(|call| SessionReport::of_call(call, now)) {
            let report = report.with_tunnel_id(1).with_interface("tunnel0");
            writeln!(out, "{}\n", report.with_address(IpAddr::V4(End::Client.of(OUTER))))?;
        }
        if let Some(report) = server.call(call).and_then(|call| MppeReport::of_call(call, "tunnel0")) {
            writeln!(out, "{report}")?;
        }
        Ok(())
    }

    /// Returns the client hangs up, until both ends know that it is over.
    pub fn hang_up(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.network.client.session.close(self.network.now);
        self.network.settle();
        self.run(out, |world| world.network.is_over())?;
        writeln!(out, "{}", ClientStatus::of_session(&self.network.client.session, self.network.now))
    }

    /// Lets time pass until something is so.
    fn run(&mut self, out: &mut impl Write, until: impl Fn(&Self) -> bool) -> io::Result<()> {
        self.run_until(out, self.network.now + PATIENCE, until)
    }

    /// Returns the same; time does not pass beyond `end`.
    fn run_until(&mut self, out: &mut impl Write, end: Duration, until: impl Fn(&Self) -> bool) -> io::Result<()> {
        loop {
            self.handle_received()?;
            self.send_file()?;
            out.write_all(&std::mem::take(&mut self.shown.borrow_mut().trace.out))?;
            if let Some(reason) = self.network.client.closed.filter(|reason| reason.windows_error().is_some()) {
                return Err(io::Error::other(format!("{reason}: {}", reason.advice())));
            }
            if until(self) {
                return Ok(());
            }
            if self.network.now >= end {
                return Err(io::Error::other("it takes too long"));
            }
            let transfer = self.transfer.as_ref().and_then(Transfer::poll_timeout);
            let limit = transfer.unwrap_or(end).clamp(self.network.now, end);
            if !self.network.step(limit) {
                self.network.now = limit;
            }
        }
    }

    /// Handles IP packets that have come out of the tunnel.
    fn handle_received(&mut self) -> io::Result<()> {
        for end in [End::Client, End::Server] {
            let log = self.network.side_mut(end.index()).log_mut();
            for packet in std::mem::take(&mut log.got.packets) {
                self.handle_ip(end, &packet)?;
            }
        }
        Ok(())
    }

    fn handle_ip(&mut self, to: End, packet: &[u8]) -> io::Result<()> {
        match traffic::read(packet) {
            Content::EchoRequest { source, destination, sequence, payload } => {
                let reply = traffic::echo_reply(destination, source, sequence, &payload)?;
                self.send_ip(to, &reply)?;
            }
            Content::EchoReply { sequence } => self.answered.push((sequence, self.network.now)),
            Content::Data { number, bytes } => {
                if let Some(transfer) = &mut self.transfer {
                    let acknowledgment = transfer.handle_data(number, bytes)?;
                    self.send_ip(to, &acknowledgment)?;
                }
            }
            Content::Acknowledgment { number } => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.handle_acknowledgment(number);
                }
            }
            Content::Other => {}
        }
        Ok(())
    }

    /// Returns the datagrams of the file that are due.
    fn send_file(&mut self) -> io::Result<()> {
        while let Some(transfer) = &mut self.transfer {
            let from = if transfer.source() == End::Client.of(INNER) { End::Client } else { End::Server };
            let Some(packet) = transfer.poll_transmit(self.network.now)? else { break };
            self.send_ip(from, &packet)?;
        }
        Ok(())
    }

    /// Puts an IP packet into the tunnel.
    fn send_ip(&mut self, from: End, packet: &[u8]) -> io::Result<()> {
        self.network.send_packet(from.index(), packet, None).map_err(io::Error::other)
    }
}
