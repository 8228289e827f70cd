//! `show l2tun session all`.

use core::fmt;
use core::time::Duration;

use l2tp_wire::Name;
use l2tp_wire::code::PseudowireType;
use l2tp_wire::data::{self, Sequencing, TypeOfService, Wire};
use l2tp_wire::header::Cookie;
use l2tp_wire::session::MAX_LABEL;
use l2tp_wire::tunnel::MAX_HOST_NAME;

use super::Clock;
use crate::manual;
use crate::session::{Call, Session, SessionId};

/// The side that set a session up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a session has a tunnel or not")]
pub enum Signalling {
    /// A tunnel.
    Signalled,
    /// A person, by hand.
    Manual,
}

/// The paragraph of one session in `show l2tun session all`.
///
/// ```
/// use core::time::Duration;
/// use l2tp_session::manual::{Payload, Session};
/// use l2tp_session::report::SessionReport;
/// use l2tp_session::session::Config;
/// use l2tp_session::wire::Address;
/// use l2tp_session::wire::data::{self, SessionWire, Wire};
/// use l2tp_session::wire::header::Cookie;
///
/// // The example of Cisco's manual.
/// let wire = |session_id, last| SessionWire {
///     session_id,
///     cookie: Cookie::Eight([0, 0, 0, 0, 0, 0, 0, last]),
///     has_sublayer: false,
/// };
/// let wire = Wire::V3 { local: wire(111, 0x64), peer: wire(222, 0xc8) };
/// let wire = data::Config::new(Address::ip("2.0.0.1".parse()?), wire);
/// let config = Config::strict("unused").with_ttl(255);
/// let session = Session::new(Duration::ZERO, wire, &config, Payload::Ethernet, [1; 32]);
/// let now = Duration::from_secs(365);
/// let report = SessionReport::of_manual(&session, now).with_vcid("123").with_circuit("eth0");
/// let text = report.to_string();
/// assert!(text.starts_with("Session id 111 is up, tunnel id 0\nCall serial number is 0\n"));
/// assert!(text.contains("Session state is established, time since change 00:06:05\n"));
/// assert!(text.contains("  remote cookie, size 8 bytes, value 00 00 00 00 00 00 00 C8\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SessionReport<'s> {
    /// Our id of the session.
    pub session_id: u32,
    /// Our id of the tunnel; 0 without one.
    pub tunnel_id: u32,
    /// The peer's id of the session.
    pub remote_session_id: u32,
    /// The peer's id of the tunnel; 0 without one.
    pub remote_tunnel_id: u32,
    /// The number for both ends' logs.
    pub serial_number: u32,
    /// The name that the peer gives itself.
    pub remote_name: Name<MAX_HOST_NAME>,
    /// The side that set it up.
    pub signalling: Signalling,
    /// For how long it is up.
    pub uptime: Duration,
    /// The circuit at the other end: Cisco's VCID.
    pub vcid: Name<MAX_LABEL>,
    /// The kind of the payload.
    pub pseudowire: PseudowireType,
    /// The name of the network interface.
    pub circuit: &'s str,
    /// Ids, cookies and settings of the data packets.
    pub data: data::Config,
    /// The counters of the data packets.
    pub counters: data::Counters,
}

impl<'s> SessionReport<'s> {
    /// Reports on a call, if there is one with this id.
    #[must_use]
    pub fn of_call<const CALLS: usize>(session: &Session<CALLS>, id: SessionId, now: Duration) -> Option<Self> {
        let call = session.call(id)?;
        let tunnel = session.tunnel();
        let mut report = Self::new(call, now);
        // Cisco's word for a session with a control connection.
        report.signalling = Signalling::Signalled;
        report.tunnel_id = super::tunnel::local_id(tunnel.version(), tunnel.ids());
        if let Some(peer) = tunnel.peer() {
            report.remote_tunnel_id = peer.tunnel_id;
            report.remote_name = peer.host_name;
        }
        if let Some(wire) = tunnel.session(id) {
            report.serial_number = wire.request().serial_number;
            report.vcid = wire.request().remote_end_id;
            report.pseudowire = wire.request().pseudowire;
        }
        Some(report)
    }

    /// Reports on a session without a tunnel.
    #[must_use]
    pub fn of_manual(session: &manual::Session, now: Duration) -> Self {
        Self::new(session.call(), now)
    }

    fn new(call: Call<'_>, now: Duration) -> Self {
        let data = *call.data_config();
        let remote_session_id = match data.wire() {
            Wire::V2 { peer, .. } => peer.session_id.into(),
            Wire::V3 { peer, .. } => peer.session_id,
        };
        Self {
            session_id: call.id().get(),
            tunnel_id: 0,
            remote_session_id,
            remote_tunnel_id: 0,
            serial_number: 0,
            remote_name: Name::EMPTY,
            signalling: Signalling::Manual,
            uptime: now.saturating_sub(call.since()),
            vcid: Name::EMPTY,
            pseudowire: if call.ppp().is_some() { PseudowireType::PPP } else { PseudowireType::ETHERNET },
            circuit: "-",
            data,
            counters: call.counters(),
        }
    }

    /// Sets the name of the network interface. Default: a dash.
    #[must_use]
    pub const fn with_circuit(mut self, name: &'s str) -> Self {
        self.circuit = name;
        self
    }

    /// Sets the circuit at the other end, which a session without a tunnel does not know.
    #[must_use]
    pub fn with_vcid(mut self, vcid: &str) -> Self {
        self.vcid = Name::from(vcid);
        self
    }
}

/// Bytes in hexadecimal, as Cisco prints them.
struct Bytes<'b>(&'b [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, " {byte:02X}"))
    }
}

/// The lines of Cisco's IOS.
impl fmt::Display for SessionReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session_id, tunnel_id, serial_number, remote_name, counters, .. } = self;
        writeln!(f, "Session id {session_id} is up, tunnel id {tunnel_id}")?;
        writeln!(f, "Call serial number is {serial_number}")?;
        writeln!(f, "Remote tunnel name is {remote_name}")?;
        writeln!(f, "  Internet address is {}", self.data.peer().host())?;
        let signalling = match self.signalling {
            Signalling::Signalled => "signalled",
            Signalling::Manual => "manually signalled",
        };
        writeln!(f, "  Session is {signalling}")?;
        writeln!(f, "  Session state is established, time since change {}", Clock(self.uptime))?;
        writeln!(f, "    {} Packets sent, {} received", counters.packets_sent, counters.packets_received)?;
        writeln!(f, "    {} Bytes sent, {} received", counters.bytes_sent, counters.bytes_received)?;
        writeln!(f, "  Receive packets dropped:")?;
        writeln!(f, "    out-of-order:             {}", counters.out_of_order)?;
        writeln!(f, "    total:                    {}", counters.receive_dropped)?;
        writeln!(f, "  Send packets dropped:")?;
        writeln!(f, "    exceeded session MTU:     {}", counters.exceeded_mtu)?;
        writeln!(f, "    total:                    {}", counters.exceeded_mtu)?;
        writeln!(f, "Session vcid is {}", self.vcid)?;
        writeln!(f, "Session Layer 2 circuit, type is {}, name is {}", self.pseudowire, self.circuit)?;
        writeln!(f, "  Circuit state is UP")?;
        let Self { remote_session_id, remote_tunnel_id, .. } = self;
        writeln!(f, "    Remote session id is {remote_session_id}, remote tunnel id {remote_tunnel_id}")?;
        self.fmt_outer(f)
    }
}

impl SessionReport<'_> {
    /// Writes the lines about headers of data packets.
    fn fmt_outer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |is_on: bool| if is_on { "on" } else { "off" };
        let (reflect, value) = match self.data.type_of_service() {
            TypeOfService::System => ("disabled", 0),
            TypeOfService::Value(value) => ("disabled", value),
            TypeOfService::Reflect => ("enabled", 0),
        };
        write!(f, "  DF bit {}, ToS reflect {reflect}, ToS value {value}, ", on(self.data.dont_fragment()))?;
        match self.data.ttl() {
            Some(ttl) => writeln!(f, "TTL value {ttl}")?,
            None => writeln!(f, "TTL value system")?,
        }
        if let Wire::V3 { local, peer } = self.data.wire() {
            for (name, cookie) in [("local", local.cookie), ("remote", peer.cookie)] {
                if name == "local" {
                    writeln!(f, "  Session cookie information:")?;
                }
                fmt_cookie(f, name, cookie)?;
            }
        }
        let sequencing = match (self.data.sequencing(), self.data.wire()) {
            // RFC 2661 section 5.4: numbers are looked at if the peer sends any, which nobody asked for.
            (Sequencing::Off, _) | (Sequencing::Receive, Wire::V2 { .. }) => "off",
            (Sequencing::Transmit, _) => "on in direction out",
            (Sequencing::Receive, Wire::V3 { .. }) => "on in direction in",
            (Sequencing::Both, _) => "on",
        };
        write!(f, "  Sequencing is {sequencing}")
    }
}

fn fmt_cookie(f: &mut fmt::Formatter<'_>, name: &str, cookie: Cookie) -> fmt::Result {
    let bytes = cookie.as_bytes();
    write!(f, "  {name} cookie, size {} bytes", bytes.len())?;
    if bytes.is_empty() { writeln!(f) } else { writeln!(f, ", value{}", Bytes(bytes)) }
}
