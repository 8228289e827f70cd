//! The two sessions, what they are driven with, and what is shown of them.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use pptp::inspect::{ControlInput, Inspector, Secrets};
use pptp::ppp::auth::Answer;
use pptp::session::{Config, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT};
use pptp::wire::connection::CallId;
use pptp::{client, server};
use vpdn::capture::{Item, Place};
use vpdn::show::Trace;

use crate::path::{Load, Path, Profile};
use crate::traffic::{self, Content, Transfer};

/// Outside of the tunnel.
const OUTER: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(198, 51, 100, 1)];
/// Inside of the tunnel.
const INNER: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 1)];
const NAME: &str = "alice";
const PASSWORD: &str = "wonderland";
/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(3600);

/// One of the two ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Client,
    Server,
}

impl End {
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

/// Everything.
pub struct World {
    now: Duration,
    client: client::Session,
    server: server::Session,
    call: Option<CallId>,
    path: Path,
    inspector: Inspector,
    /// Packets that were sent so far: their numbers in the trace.
    number: u64,
    is_shown: bool,
    trace: Trace<Vec<u8>>,
    transfer: Option<Transfer>,
    /// When each ping was sent, and how many were answered.
    pings: Vec<Duration>,
    answered: Vec<(u16, Duration)>,
    is_over: bool,
}

impl World {
    pub fn new(config: &Config, profile: Profile, seed: u64) -> Self {
        // A simulation wants the same octets each time; a real program takes unpredictable ones from the system.
        let mut random = fastrand::Rng::with_seed(seed);
        let mut entropy = || std::array::from_fn(|_| random.u8(..));
        let client = client::Config::new(NAME, PASSWORD).with_session(*config);
        let server = server::Config::new(End::Server.of(INNER))
            .with_session(*config)
            .with_name_servers([Some(End::Server.of(INNER)), None]);
        Self {
            now: Duration::ZERO,
            client: client::Session::new(&client, entropy()),
            server: server::Session::new(&server, entropy()),
            call: None,
            path: Path::new(profile, seed),
            inspector: Inspector::new(Secrets::new().with_password(Some(NAME), PASSWORD)),
            number: 0,
            is_shown: false,
            trace: Trace::new(Vec::new()),
            transfer: None,
            pings: Vec::new(),
            answered: Vec::new(),
            is_over: false,
        }
    }

    /// Whether each packet gets its lines.
    pub fn show_trace(&mut self, show: bool) {
        self.is_shown = show;
    }

    /// Dials, until IP flows.
    pub fn connect(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.client.open(self.now);
        self.server.open(self.now);
        self.run(out, |world| world.client.ip().is_some() && world.ready())?;
        writeln!(out, "{}", self.client.status(self.now))
    }

    /// Whether both ends may send.
    fn ready(&self) -> bool {
        self.call.and_then(|call| self.server.link(call)).is_some_and(|link| link.ip().is_some())
    }

    /// Pings from one end to the other, one a second.
    pub fn ping(&mut self, out: &mut impl Write, from: End, count: u16) -> io::Result<()> {
        for sequence in 0..count {
            self.pings.push(self.now);
            let packet = traffic::echo_request(from.of(INNER), from.other().of(INNER), sequence)?;
            self.send_ip(from, &packet)?;
            let end = self.now + Duration::from_secs(1);
            self.run_until(out, end, |world| world.now >= end)?;
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

    /// A file from one end to the other.
    pub fn transfer(&mut self, out: &mut impl Write, from: End, size: usize) -> io::Result<()> {
        let (begin, octets, packets, lost) = (self.now, self.path.octets, self.path.packets, self.path.lost);
        self.transfer = Some(Transfer::new(from.of(INNER), from.other().of(INNER), size));
        self.run(out, |world| world.transfer.as_ref().is_some_and(Transfer::is_done))?;
        let Some(transfer) = self.transfer.take() else { return Ok(()) };
        let same = if transfer.is_identical() { "identical" } else { "DIFFERENT" };
        let seconds = self.now.saturating_sub(begin).as_secs_f64();
        writeln!(
            out,
            "  {size} octets from the {} to the {}: {same}, in {seconds:.1} s of simulated time; {} octets in {} GRE \
             packets, {} of them lost, {} datagrams sent again",
            from.name(),
            from.other().name(),
            self.path.octets - octets,
            self.path.packets - packets,
            self.path.lost - lost,
            transfer.repeated,
        )?;
        if transfer.is_identical() { Ok(()) } else { Err(io::Error::other("the file arrived damaged")) }
    }

    /// What operators look at.
    pub fn report(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}\n", self.client.status(self.now))?;
        let Some(call) = self.call else { return Ok(()) };
        if let Some(report) = self.server.session_report(self.now, call) {
            let report = report.with_tunnel_id(1).with_interface("tunnel0");
            writeln!(out, "{}\n", report.with_address(IpAddr::V4(End::Client.of(OUTER))))?;
        }
        if let Some(report) = self.server.mppe_report(call, "tunnel0") {
            writeln!(out, "{report}")?;
        }
        Ok(())
    }

    /// The client hangs up, until both ends know that it is over.
    pub fn hang_up(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.client.close(self.now);
        self.run(out, |world| world.is_over)?;
        writeln!(out, "{}", self.client.status(self.now))
    }

    /// Lets time pass until something is so.
    fn run(&mut self, out: &mut impl Write, until: impl Fn(&Self) -> bool) -> io::Result<()> {
        self.run_until(out, self.now + PATIENCE, until)
    }

    /// The same; time does not pass beyond `end`.
    fn run_until(&mut self, out: &mut impl Write, end: Duration, until: impl Fn(&Self) -> bool) -> io::Result<()> {
        loop {
            self.drain(out)?;
            if until(self) {
                return Ok(());
            }
            let transfer = self.transfer.as_ref().and_then(Transfer::poll_timeout);
            if self.now >= end {
                return Err(io::Error::other("it takes too long"));
            }
            let timers = [self.path.next_arrival(), self.client.poll_timeout(), self.server.poll_timeout(), transfer];
            self.now = timers.into_iter().flatten().chain([end]).min().unwrap_or(end).max(self.now);
            self.client.handle_timeout(self.now);
            self.server.handle_timeout(self.now);
            while let Some((to, load)) = self.path.receive(self.now) {
                self.deliver(to, load)?;
            }
        }
    }

    /// Takes all that the two sessions have to send and to tell.
    fn drain(&mut self, out: &mut impl Write) -> io::Result<()> {
        let mut buf = [0; MAX_TRANSMIT];
        while let Some(packet) = self.next_datagram()? {
            let from = self.transfer_source();
            self.send_ip(from, &packet)?;
        }
        while let Some(octets) = self.client.poll_control(self.now, &mut buf).map_err(io::Error::other)? {
            let octets = octets.to_vec();
            self.send_tcp(End::Client, &octets);
        }
        while let Some(octets) = self.server.poll_control(self.now, &mut buf).map_err(io::Error::other)? {
            let octets = octets.to_vec();
            self.send_tcp(End::Server, &octets);
        }
        while let Some(packet) = self.client.poll_tunnel(self.now, &mut buf).map_err(io::Error::other)? {
            let packet = packet.to_vec();
            self.send_gre(End::Client, &packet);
        }
        while let Some(packet) = self.server.poll_tunnel(self.now, &mut buf).map_err(io::Error::other)? {
            let packet = packet.to_vec();
            self.send_gre(End::Server, &packet);
        }
        self.events()?;
        out.write_all(&std::mem::take(&mut self.trace.out))
    }

    fn events(&mut self) -> io::Result<()> {
        while let Some(event) = self.server.poll_event() {
            match event {
                server::Event::Call { call, event: Event::Authenticate(question) } => {
                    self.call = Some(call);
                    self.server.assign_address(call, End::Client.of(INNER));
                    let answer = Answer::Password(PASSWORD.as_bytes());
                    self.server.answer(self.now, call, question.ticket(), &answer).map_err(io::Error::other)?;
                }
                server::Event::Closed(_) => self.is_over = self.client.reason().is_some(),
                _ => {}
            }
        }
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Closed(reason) if reason.windows_error().is_some() => {
                    return Err(io::Error::other(format!("{reason}: {}", reason.advice())));
                }
                Event::Closed(_) => self.is_over = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn deliver(&mut self, to: End, load: Load) -> io::Result<()> {
        match (to, load) {
            (End::Client, Load::Tcp(octets)) => drop(self.client.handle_stream(self.now, &octets)),
            (End::Server, Load::Tcp(octets)) => drop(self.server.handle_stream(self.now, &octets)),
            // What is refused is counted, and shown in the report.
            (End::Client, Load::Gre(mut packet)) => {
                let ip = match self.client.handle_gre(self.now, &mut packet) {
                    Ok(received) => received.ip().map(<[u8]>::to_vec),
                    Err(_) => None,
                };
                self.handle_ip(to, ip)?;
            }
            (End::Server, Load::Gre(mut packet)) => {
                let ip = match self.server.handle_gre(self.now, &mut packet) {
                    Ok((_, received)) => received.ip().map(<[u8]>::to_vec),
                    Err(_) => None,
                };
                self.handle_ip(to, ip)?;
            }
        }
        // What waited for an earlier packet.
        let mut buf = [0; MAX_RECEIVE];
        loop {
            let waited = match to {
                End::Client => self.client.poll_receive(self.now, &mut buf).map_err(io::Error::other)?,
                End::Server => {
                    let waited = self.server.poll_receive(self.now, &mut buf).map_err(io::Error::other)?;
                    waited.map(|(_, packet)| packet)
                }
            };
            let Some(packet) = waited.map(<[u8]>::to_vec) else { return Ok(()) };
            self.handle_ip(to, Some(packet))?;
        }
    }

    /// An IP packet has come out of the tunnel.
    fn handle_ip(&mut self, to: End, packet: Option<Vec<u8>>) -> io::Result<()> {
        let Some(packet) = packet else { return Ok(()) };
        match traffic::read(&packet) {
            Content::EchoRequest { source, destination, sequence, payload } => {
                let reply = traffic::echo_reply(destination, source, sequence, &payload)?;
                self.send_ip(to, &reply)?;
            }
            Content::EchoReply { sequence } => self.answered.push((sequence, self.now)),
            Content::Data { number, octets } => {
                if let Some(transfer) = &mut self.transfer {
                    let acknowledgment = transfer.handle_data(number, octets)?;
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

    fn next_datagram(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.transfer.as_mut().map_or(Ok(None), |transfer| transfer.poll_transmit(self.now))
    }

    fn transfer_source(&self) -> End {
        let source = self.transfer.as_ref().map(Transfer::source);
        if source == Some(End::Client.of(INNER)) { End::Client } else { End::Server }
    }

    /// Puts an IP packet into the tunnel.
    fn send_ip(&mut self, from: End, packet: &[u8]) -> io::Result<()> {
        let mut buf = vec![0; HEADROOM];
        buf.extend(packet);
        let sent = match (from, self.call) {
            (End::Client, _) => self.client.send_ip(self.now, &mut buf),
            (End::Server, Some(call)) => self.server.send_ip(self.now, call, &mut buf),
            (End::Server, None) => return Ok(()),
        };
        let packet = sent.map_err(io::Error::other)?.to_vec();
        self.send_gre(from, &packet);
        Ok(())
    }

    fn send_tcp(&mut self, from: End, octets: &[u8]) {
        self.path.send_tcp(self.now, from.other(), octets);
        let ports = |end: End| SocketAddr::from((end.of(OUTER), if end == End::Client { 49_152 } else { 1723 }));
        let place = self.place();
        let Self { inspector, trace, is_shown, .. } = self;
        let input = ControlInput::Octets(octets);
        inspector.handle_control(place.number, ports(from), ports(from.other()), input, &mut |record| {
            if *is_shown {
                // To memory.
                let _ = trace.item(&place, Item::Record(&record));
            }
        });
        let _ = self.trace.item(&place, Item::FrameEnd);
    }

    fn send_gre(&mut self, from: End, packet: &[u8]) {
        self.path.send_gre(self.now, from.other(), packet);
        let (source, destination) = (from.of(OUTER).into(), from.other().of(OUTER).into());
        let place = self.place();
        let Self { inspector, trace, is_shown, .. } = self;
        inspector.handle_gre(place.number, source, destination, packet, &mut |record| {
            if *is_shown {
                let _ = trace.item(&place, Item::Record(&record));
            }
        });
        let _ = self.trace.item(&place, Item::FrameEnd);
    }

    fn place(&mut self) -> Place {
        self.number += 1;
        let time = (self.now.as_secs(), self.now.subsec_nanos());
        Place { number: self.number, time, path: None, carrier: None }
    }
}
