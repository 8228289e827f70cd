//! A trace for people: a line a packet, its options below it.

mod l2tp;

use std::fmt::{self, Write as _};
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use etherparse::{LaxSlicedPacket, TransportSlice};
use ppp_fsm::{Code, Packet, Protocol, ProtocolKind, ccp, ipcp, ipv6cp, lcp};
use pptp::inspect::{Content, Cut, Decryption, Direction, Event, Record};

use crate::capture::outer::{Address, CONTROL_PORT};
use crate::capture::{Item, Place};

const DIM: Style = Style::new().dimmed();
const NAME: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();

/// Writes the trace: a line a packet, the options of a negotiation and what follows below it.
///
/// ```
/// use pptp::inspect::{Direction, Inspector, Secrets};
/// use vpdn::capture::{Item, Place};
/// use vpdn::show::Trace;
///
/// let mut inspector = Inspector::new(Secrets::new());
/// let mut trace = Trace::new(Vec::new());
/// let place = Place { number: 1, time: (0, 0), path: None, carrier: None };
/// let frame = b"\xc0\x21\x09\x01\x00\x08\x01\x02\x03\x04";
/// inspector.handle_frame(1, 0, Direction::ToServer, frame, &mut |record| {
///     trace.item(&place, Item::Record(&record)).unwrap();
/// });
/// assert!(String::from_utf8_lossy(&trace.out).contains("LCP"));
/// ```
#[derive(Debug)]
pub struct Trace<W> {
    /// Where the trace goes.
    pub out: W,
    /// When the first frame was captured.
    start: Option<(u64, u32)>,
    /// The line of the packet at hand, and whether it has been written.
    gre: String,
    packet: String,
    /// Whether it may be MPPE.
    is_mppe: bool,
}

impl<W: Write> Trace<W> {
    /// Writes to `out`, which takes the colours away where they are not wanted.
    pub fn new(out: W) -> Self {
        Self { out, start: None, gre: String::new(), packet: String::new(), is_mppe: true }
    }

    /// Writes what an item is about.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn item(&mut self, place: &Place, item: Item<'_>) -> io::Result<()> {
        self.start.get_or_insert(place.time);
        match item {
            Item::Record(record) => self.record(place, record),
            Item::L2tp(record) => self.l2tp(place, record),
            Item::Fragment => self.line(place, None, "IP", format_args!("fragment, not whole yet")),
            Item::FrameEnd => {
                self.gre.clear();
                Ok(())
            }
        }
    }

    fn record(&mut self, place: &Place, record: &Record<'_>) -> io::Result<()> {
        match record.content {
            Content::Control { message, .. } => {
                let repeated = if record.repeated { " (repeated)" } else { "" };
                let path = path(place);
                self.line(place, Some(record), "PPTP", format_args!("{message}{repeated}{path}"))
            }
            Content::ControlUnreadable { error, .. } => {
                self.line(place, Some(record), "PPTP", format_args!("{BAD}not readable: {error}{BAD:#}"))
            }
            Content::Gre { packet: Ok(packet), .. } => {
                let header = packet.header;
                self.note_numbers(&header, record.repeated);
                // No frame follows whose line could have the number.
                if packet.is_acknowledgment_only() {
                    let number = header.acknowledgment_number.unwrap_or(0);
                    self.gre.clear();
                    return self.line(place, Some(record), "GRE", format_args!("ack {number}"));
                }
                if packet.payload.is_empty() {
                    return self.line(place, Some(record), "GRE", format_args!("no payload"));
                }
                Ok(())
            }
            Content::Gre { packet: Err(error), bytes, .. } => {
                self.line(place, Some(record), "GRE", format_args!("{} bytes: {error}", bytes.len()))
            }
            Content::Frame { frame: Err(error), bytes } => {
                self.line(place, Some(record), "PPP", format_args!("{BAD}{} bytes: {error}{BAD:#}", bytes.len()))
            }
            Content::ControlProtocol { protocol, packet: Ok(packet), .. } => {
                self.control_protocol(place, record, protocol, &packet)
            }
            Content::ControlProtocol { protocol, packet: Err(error), .. } => {
                self.line(place, Some(record), &protocol.to_string(), format_args!("{BAD}{error}{BAD:#}"))
            }
            Content::Chap { packet, .. } => self.decoded(place, record, "CHAP", packet),
            Content::Pap { packet, .. } => self.decoded(place, record, "PAP", packet),
            Content::Eap { packet, .. } => self.decoded(place, record, "EAP", packet),
            Content::CompressedData { header, bytes } => {
                self.packet.clear();
                self.is_mppe = header.is_some();
                // The line is written with what was decrypted, and not here.
                let _ = match header {
                    Some(header) => {
                        write!(self.packet, "count {} {} {} bytes", header.count, header.flags, bytes.len())
                    }
                    None => write!(self.packet, "{} bytes", bytes.len()),
                };
                // A repeated packet is not decrypted again.
                if record.repeated {
                    let packet = std::mem::take(&mut self.packet);
                    return self.line(place, Some(record), self.compressed(), format_args!("{packet}"));
                }
                Ok(())
            }
            Content::Datagram { protocol, bytes, decrypted } => {
                self.datagram(place, record, protocol, bytes, decrypted)
            }
            Content::NotDecrypted { reason } => {
                let packet = std::mem::take(&mut self.packet);
                // A packet that has waited was shown when it came.
                let colon = if packet.is_empty() { "" } else { ": " };
                let text = format!("{packet}{colon}{BAD}not decrypted: {reason}{BAD:#}");
                self.line(place, Some(record), self.compressed(), format_args!("{text}"))
            }
            Content::NotCaptured(cut) => self.not_captured(place, record, &cut),
            Content::Event(event) => self.event(record, &event),
            _ => Ok(()),
        }
    }

    /// Returns what the packet of compressed data at hand is called.
    fn compressed(&self) -> &'static str {
        if self.is_mppe { "MPPE" } else { "Compressed" }
    }

    /// Notes what stands behind the line of a GRE packet's contents.
    fn note_numbers(&mut self, header: &pptp_gre::Header, repeated: bool) {
        self.gre.clear();
        if let Some(number) = header.sequence_number {
            let _ = write!(self.gre, "seq {number} ");
        }
        if let Some(number) = header.acknowledgment_number {
            let _ = write!(self.gre, "ack {number} ");
        }
        if repeated {
            self.gre.push_str("repeated ");
        }
    }

    fn not_captured(&mut self, place: &Place, record: &Record<'_>, cut: &Cut<'_>) -> io::Result<()> {
        const REST: &str = "the rest was not captured";
        match cut {
            Cut::Control { header, .. } => {
                let name = header.and_then(|header| header.control_message_type).map(|name| name.to_string());
                let (name, path) = (name.unwrap_or_else(|| "message".into()), path(place));
                self.line(place, Some(record), "PPTP", format_args!("{name}: {REST}{path}"))
            }
            // The line is that of the frame in it.
            Cut::Gre { header, .. } => {
                self.note_numbers(header, record.repeated);
                Ok(())
            }
            Cut::Frame { protocol, bytes } => {
                let name = protocol.map_or_else(|| "PPP".into(), |protocol| protocol.to_string());
                self.line(place, Some(record), &name, format_args!("{} bytes: {REST}", bytes.len()))
            }
            _ => Ok(()),
        }
    }

    fn decoded(
        &mut self,
        place: &Place,
        record: &Record<'_>,
        name: &str,
        packet: Result<impl fmt::Display, ppp_fsm::DecodeError>,
    ) -> io::Result<()> {
        match packet {
            Ok(packet) => self.line(place, Some(record), name, format_args!("{packet}")),
            Err(error) => self.line(place, Some(record), name, format_args!("{BAD}{error}{BAD:#}")),
        }
    }

    fn control_protocol(
        &mut self,
        place: &Place,
        record: &Record<'_>,
        protocol: Protocol,
        packet: &Packet<'_>,
    ) -> io::Result<()> {
        let name = protocol.to_string();
        // These have fields of their own, no options.
        if protocol == Protocol::LCP && !packet.code.has_options() {
            if let Ok(message) = lcp::Message::decode(packet.code, packet.data) {
                let packet = lcp::Packet { identifier: packet.identifier, message };
                return self.line(place, Some(record), &name, format_args!("{packet}"));
            }
        }
        if let Some(own) = own_code(protocol, packet) {
            let (identifier, length) = (packet.identifier, packet.data.len() + Packet::HEADER_LEN);
            return self.line(place, Some(record), &name, format_args!("{own} id {identifier} len {length}"));
        }
        // RFC 1661 section 5.5: what ends it may have a text, in every protocol.
        let has_text = matches!(packet.code, Code::TERMINATE_REQUEST | Code::TERMINATE_ACK);
        if has_text && !packet.data.is_empty() {
            let text = packet.data.escape_ascii();
            return self.line(place, Some(record), &name, format_args!("{packet} \"{text}\""));
        }
        self.line(place, Some(record), &name, format_args!("{packet}"))?;
        if !packet.code.has_options() {
            return Ok(());
        }
        for raw in packet.options() {
            let raw = match raw {
                Ok(raw) => raw,
                // Behind a wrong length nothing can be read.
                Err(error) => {
                    writeln!(self.out, "{:>34}{BAD}{error}{BAD:#}", "")?;
                    break;
                }
            };
            let option = match protocol {
                Protocol::LCP => lcp::ConfigurationOption::decode(raw).map(|option| option.to_string()),
                Protocol::IPCP => ipcp::ConfigurationOption::decode(raw).map(|option| option.to_string()),
                Protocol::IPV6CP => ipv6cp::ConfigurationOption::decode(raw).map(|option| option.to_string()),
                Protocol::CCP => ccp::ConfigurationOption::decode(raw).map(|option| option.to_string()),
                _ => Ok(format!("option {}", raw.option_type)),
            };
            let option = option.unwrap_or_else(|error| error.to_string());
            let length = raw.data.len() + 2;
            write!(self.out, "{:>34}{option} {DIM}(0x{:02X}{length:02X}", "", raw.option_type)?;
            for byte in raw.data {
                write!(self.out, "{byte:02X}")?;
            }
            writeln!(self.out, "){DIM:#}")?;
        }
        Ok(())
    }

    fn datagram(
        &mut self,
        place: &Place,
        record: &Record<'_>,
        protocol: Protocol,
        bytes: &[u8],
        decrypted: Option<Decryption<'_>>,
    ) -> io::Result<()> {
        let inner = Inner { protocol, bytes };
        let Some(decryption) = decrypted else {
            return self.line(place, Some(record), &protocol.to_string(), format_args!("{inner}"));
        };
        let header = decryption.header;
        // The packets before it were missing, so it could not be decrypted when it came.
        let late = if record.tag == place.number { "" } else { " (had waited)" };
        let missed = match decryption.missed {
            0 => String::new(),
            missed => format!(", {missed} missed before"),
        };
        let late = if decryption.recovered { " (after a loss)" } else { late };
        let text = format!("count {} {}{late}{missed}: {GOOD}{inner}{GOOD:#}", header.count, header.flags);
        self.line(place, Some(record), "MPPE", format_args!("{text}"))
    }

    fn event(&mut self, record: &Record<'_>, event: &Event<'_>) -> io::Result<()> {
        let session = record.session.map_or(0, |session| session.0);
        let from = match record.direction {
            Some(Direction::ToServer) => "the client",
            Some(Direction::ToClient) => "the server",
            None => "one side",
        };
        write!(self.out, "{:>18}{DIM}{session:>3} -- {DIM:#}", "")?;
        match event {
            Event::SecretFits { .. } => writeln!(self.out, "{GOOD}{event}{GOOD:#}"),
            Event::SecretDoesNotFit { .. } => writeln!(self.out, "{BAD}{event}{BAD:#}"),
            Event::Authenticated(_) => writeln!(self.out, "{event}"),
            Event::Encrypts { keys: Ok(()), .. } => writeln!(self.out, "{from} {event}"),
            Event::Encrypts { algorithm, keys: Err(reason) } => {
                writeln!(self.out, "{from} encrypts: {algorithm}; {BAD}no keys: {reason}{BAD:#}")
            }
            Event::FlushedRule(rule) => {
                let rule = super::summary::rule(*rule);
                writeln!(self.out, "{from} {rule}")
            }
            Event::Roles(roles) => {
                writeln!(self.out, "client and server are the other way round than in the lines above: {roles}")
            }
            Event::Ends(end) => writeln!(self.out, "the session ends, {end}"),
            _ => writeln!(self.out),
        }
    }

    /// Writes number of the frame, time, session, protocol, direction and the text.
    fn line(
        &mut self,
        place: &Place,
        record: Option<&Record<'_>>,
        name: &str,
        text: fmt::Arguments<'_>,
    ) -> io::Result<()> {
        let number = record.map_or(place.number, |record| record.tag);
        let session = record.and_then(|record| record.session).map_or(0, |session| session.0);
        let direction = match record.map(|record| (record.direction, record.content)) {
            // Without directions the port still says who asks.
            Some((Some(Direction::ToServer), _)) => "I ",
            Some((Some(Direction::ToClient), _)) => "O ",
            Some((
                None,
                Content::Control { destination, .. }
                | Content::ControlUnreadable { destination, .. }
                | Content::NotCaptured(Cut::Control { destination, .. }),
            )) => {
                if destination.port() == CONTROL_PORT {
                    "I "
                } else {
                    "O "
                }
            }
            _ => "",
        };
        let (seconds, microseconds) = self.since_start(place.time);
        write!(self.out, "{DIM}{number:>6} {seconds:>4}.{microseconds:06}{DIM:#}")?;
        // The session is not known before the call.
        match session {
            0 => write!(self.out, "    ")?,
            session => write!(self.out, " {session:>3}")?,
        }
        write!(self.out, " {NAME}{name}{NAME:#}: {direction}{text}")?;
        match self.gre.trim_end() {
            "" => writeln!(self.out),
            gre => writeln!(self.out, " {DIM}[{gre}]{DIM:#}"),
        }
    }

    fn since_start(&self, (seconds, nanoseconds): (u64, u32)) -> (u64, u32) {
        let (start_seconds, start_nanoseconds) = self.start.unwrap_or_default();
        let time = u128::from(seconds) * 1_000_000_000 + u128::from(nanoseconds);
        let start = u128::from(start_seconds) * 1_000_000_000 + u128::from(start_nanoseconds);
        let since = time.saturating_sub(start) / 1_000;
        (u64::try_from(since / 1_000_000).unwrap_or(0), u32::try_from(since % 1_000_000).unwrap_or(0))
    }
}

/// Protocols from 0xc000 on have codes of their own, but for LCP (RFC 1661 section 2). Their
/// packets are not LCP's.
fn own_code(protocol: Protocol, packet: &Packet<'_>) -> Option<String> {
    /// Callback Control Protocol, of Microsoft.
    const CALLBACK: Protocol = Protocol(0xc029);
    if protocol == Protocol::LCP || protocol.kind() != ProtocolKind::LinkControl {
        return None;
    }
    let name = match (protocol, packet.code.0) {
        (CALLBACK, 1) => "Callback-Request",
        (CALLBACK, 2) => "Callback-Response",
        (CALLBACK, 3) => "Callback-Ack",
        (_, code) => return Some(format!("code {code}")),
    };
    Some(name.into())
}

/// Returns the sender and the receiver of a message of the control connection.
fn path(place: &Place) -> String {
    match place.path {
        Some((Address::Ip(source), Address::Ip(destination))) => format!(" [{source} > {destination}]"),
        _ => String::new(),
    }
}

/// A datagram in a few words.
struct Inner<'a> {
    protocol: Protocol,
    bytes: &'a [u8],
}

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.bytes.len();
        let packet = match self.protocol {
            Protocol::IP | Protocol::IPV6 => LaxSlicedPacket::from_ip(self.bytes).ok(),
            _ => None,
        };
        let Some(packet) = packet else { return write!(f, "{} {length} bytes", self.protocol) };
        let (source, destination, next) = match &packet.net {
            Some(etherparse::LaxNetSlice::Ipv4(ip)) => {
                let header = ip.header();
                (header.source_addr().to_string(), header.destination_addr().to_string(), header.protocol())
            }
            Some(etherparse::LaxNetSlice::Ipv6(ip)) => {
                let header = ip.header();
                (header.source_addr().to_string(), header.destination_addr().to_string(), ip.payload().ip_number)
            }
            _ => return write!(f, "{} {length} bytes", self.protocol),
        };
        match &packet.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                let (from, to) = (tcp.source_port(), tcp.destination_port());
                write!(f, "TCP {source}:{from} > {destination}:{to} {length} bytes")
            }
            Some(TransportSlice::Udp(udp)) => {
                let (from, to) = (udp.source_port(), udp.destination_port());
                write!(f, "UDP {source}:{from} > {destination}:{to} {length} bytes")
            }
            Some(TransportSlice::Icmpv4(_) | TransportSlice::Icmpv6(_)) => {
                write!(f, "ICMP {source} > {destination} {length} bytes")
            }
            _ => write!(f, "IP protocol {} {source} > {destination} {length} bytes", next.0),
        }
    }
}
