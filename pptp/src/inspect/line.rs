//! A record as one line of a trace.

use core::fmt::{self, Display as _};

use ppp_fsm::{DecodeError, Protocol};

use super::{Content, Cut, Direction, Event, Record};

/// One line: the tag, the session, who sent it, and the layer's own line. Names and passwords that were sent are in
/// it, bytes of packets are not.
///
/// ```
/// use pptp::inspect::{Direction, Inspector, Secrets};
///
/// let mut inspector = Inspector::new(Secrets::new());
/// let mut lines = Vec::new();
/// let frame = b"\xff\x03\xc0\x21\x09\x01\x00\x08\x12\x34\x56\x78"; // an Echo-Request of LCP
/// inspector.handle_frame(7, 1, Direction::ToServer, frame, &mut |record| {
///     lines.push(record.to_string())
/// });
/// assert_eq!(lines[0], "7 session 1, client: PPP LCP, 8 bytes");
/// assert_eq!(lines[1], "7 session 1, client: LCP ECHOREQ id 1 len 8");
/// ```
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.tag)?;
        if let Some(session) = self.session {
            write!(f, "session {}, ", session.0)?;
        }
        f.write_str(match self.direction {
            Some(Direction::ToServer) => "client: ",
            Some(Direction::ToClient) => "server: ",
            None => "one side: ",
        })?;
        self.content.fmt(f)?;
        if self.repeated { f.write_str(" (repeated)") } else { Ok(()) }
    }
}

/// The line of a layer, without what the record says of its place.
impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control { message, .. } => write!(f, "PPTP {message}"),
            Self::ControlUnreadable { error, .. } => write!(f, "PPTP not readable: {error}"),
            Self::Gre { packet: Ok(packet), .. } => gre(f, packet),
            Self::Gre { packet: Err(error), bytes, .. } => write!(f, "GRE {} bytes: {error}", bytes.len()),
            Self::Frame { frame: Ok(frame), .. } => {
                write!(f, "PPP {}, {} bytes", frame.protocol, frame.information.len())
            }
            Self::Frame { frame: Err(error), bytes } => write!(f, "PPP {} bytes: {error}", bytes.len()),
            Self::ControlProtocol { protocol, packet, .. } => control_protocol(f, *protocol, packet),
            Self::Chap { packet, .. } => layer(f, "CHAP", packet),
            Self::Pap { packet, .. } => layer(f, "PAP", packet),
            Self::Eap { packet, .. } => layer(f, "EAP", packet),
            Self::CompressedData { header: Some(header), bytes } => {
                write!(f, "MPPE count {} {} {} bytes", header.count, header.flags, bytes.len())
            }
            Self::CompressedData { header: None, bytes } => write!(f, "Compressed {} bytes", bytes.len()),
            Self::Datagram { protocol, bytes, decrypted: None } => write!(f, "{protocol}, {} bytes", bytes.len()),
            Self::Datagram { protocol, bytes, decrypted: Some(decryption) } => {
                write!(f, "MPPE count {} decrypted: {protocol}, {} bytes", decryption.header.count, bytes.len())
            }
            Self::NotDecrypted { reason } => write!(f, "not decrypted: {reason}"),
            Self::NotCaptured(cut) => cut.fmt(f),
            Self::Event(event) => event.fmt(f),
        }
    }
}

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control { .. } => f.write_str("PPTP message")?,
            Self::Gre { payload_length, .. } => write!(f, "GRE {payload_length} bytes of payload")?,
            Self::Frame { protocol: Some(protocol), .. } => write!(f, "PPP {protocol}")?,
            Self::Frame { protocol: None, .. } => f.write_str("PPP frame")?,
        }
        f.write_str(": the rest was not captured")
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretFits { proof } => write!(f, "the given secret fits {}", proof.of()),
            Self::SecretDoesNotFit { proof } => write!(f, "the given secret does not fit {}", proof.of()),
            Self::Authenticated(authentication) => authentication.fmt(f),
            Self::Encrypts { algorithm, keys: Ok(()) } => write!(f, "encrypts: {algorithm}"),
            Self::Encrypts { algorithm, keys: Err(reason) } => write!(f, "encrypts: {algorithm}; no keys: {reason}"),
            Self::FlushedRule(rule) => write!(f, "rule of FLUSHED packets: {rule:?}"),
            Self::Roles(roles) => write!(f, "{roles}"),
            Self::Ends(end) => write!(f, "ends: {end}"),
        }
    }
}

fn gre(f: &mut fmt::Formatter<'_>, packet: &pptp_gre::Packet<'_>) -> fmt::Result {
    write!(f, "GRE {} bytes", packet.payload.len())?;
    if let Some(number) = packet.header.sequence_number {
        write!(f, " seq {number}")?;
    }
    packet.header.acknowledgment_number.map_or(Ok(()), |number| write!(f, " ack {number}"))
}

fn control_protocol(
    f: &mut fmt::Formatter<'_>,
    protocol: Protocol,
    packet: &Result<ppp_fsm::Packet<'_>, DecodeError>,
) -> fmt::Result {
    write!(f, "{protocol} ")?;
    match packet {
        Ok(packet) => packet.fmt(f),
        Err(error) => error.fmt(f),
    }
}

fn layer(f: &mut fmt::Formatter<'_>, name: &str, packet: &Result<impl fmt::Display, DecodeError>) -> fmt::Result {
    match packet {
        Ok(packet) => write!(f, "{name} {packet}"),
        Err(error) => write!(f, "{name} {error}"),
    }
}
