//! Lines of L2TP.

use std::io::{self, Write};

use l2tp_wire::avp::{Avp, Value, Visibility};
use l2tp_wire::code::MessageType;
use l2tp_wire::header::{ControlHeader, DataHeader, Recipient};
use pptp::inspect::Direction;

use super::{BAD, DIM, GOOD, NAME, Trace, path};
use crate::capture::Place;
use crate::inspect::{Content, Event, Evidence, Record, Verdict};

impl<W: Write> Trace<W> {
    pub(super) fn l2tp(&mut self, place: &Place, record: &Record<'_>) -> io::Result<()> {
        match &record.content {
            Content::Control { header, message_type, avps, .. } => {
                let name = message_type.map_or_else(|| "message without type".into(), |known| known.to_string());
                let repeated = if record.repeated { " repeated" } else { "" };
                let (header, path) = (numbers(header), path(place));
                self.l2tp_line(place, record, &format!("{name}{repeated} {header}{path}"))?;
                // Some values are read by the message that they stand in.
                let message_type = message_type.unwrap_or(MessageType::new(0));
                // The first one is the Message Type, which the line above has.
                for avp in avps.clone().skip(1) {
                    match avp {
                        Ok(avp) => writeln!(self.out, "{:>34}{}", "", describe(&avp, message_type))?,
                        Err(error) => writeln!(self.out, "{:>34}{BAD}{error}{BAD:#}", "")?,
                    }
                }
                Ok(())
            }
            Content::Acknowledgment { header } => {
                let text = format!("acknowledgment {}", numbers(header));
                self.l2tp_line(place, record, &text)
            }
            // The line is that of the frame in it.
            Content::Data { header } => {
                self.note_l2tp(header);
                Ok(())
            }
            Content::SessionData { session_id, layout, payload } => {
                let length = payload.len();
                let text = match layout {
                    None => format!("session {session_id}, {length} bytes: how its data looks is not known"),
                    Some((cookie, sublayer)) => {
                        let cookie = if cookie.size().is_empty() { String::new() } else { format!(" cookie {cookie}") };
                        let number = sublayer.and_then(l2tp_wire::header::Sublayer::sequence);
                        let number = number.map_or_else(String::new, |number| format!(" seq {number}"));
                        format!("session {session_id}{cookie}{number}, {length} bytes")
                    }
                };
                self.l2tp_line(place, record, &text)
            }
            Content::Unreadable { error: Some(error) } => {
                self.l2tp_line(place, record, &format!("{BAD}{} bytes: {error}{BAD:#}", record.bytes.len()))
            }
            Content::Unreadable { error: None } => {
                self.l2tp_line(place, record, "data of session 0, which is reserved")
            }
            Content::NotCaptured => self.l2tp_line(place, record, "the rest was not captured"),
            Content::Event(event) => self.l2tp_event(record, event),
        }
    }

    /// Sets the note behind the line of the frame in the packet.
    fn note_l2tp(&mut self, header: &DataHeader) {
        self.gre.clear();
        if let Some(sequence) = header.sequence {
            self.gre = format!("seq {}", sequence.ns);
        }
    }

    fn l2tp_event(&mut self, record: &Record<'_>, event: &Event<'_>) -> io::Result<()> {
        let from = match record.direction {
            Some(Direction::ToServer) => "initiator",
            Some(Direction::ToClient) => "responder",
            None => "sender",
        };
        write!(self.out, "{:>18}{DIM}    -- {DIM:#}", "")?;
        match event {
            Event::Proved { evidence, verdict } => writeln!(self.out, "{}", proved(*evidence, *verdict, from)),
            Event::Ends(end) if record.session.is_some() => writeln!(self.out, "the L2TP session ends, {end}"),
            Event::Ends(end) => writeln!(self.out, "the tunnel ends, {end}"),
        }
    }

    fn l2tp_line(&mut self, place: &Place, record: &Record<'_>, text: &str) -> io::Result<()> {
        let direction = match record.direction {
            Some(Direction::ToServer) => "I ",
            Some(Direction::ToClient) => "O ",
            None => "",
        };
        let (number, (seconds, microseconds)) = (record.tag, self.since_start(place.time));
        write!(self.out, "{DIM}{number:>6} {seconds:>4}.{microseconds:06}{DIM:#}    ")?;
        writeln!(self.out, " {NAME}L2TP{NAME:#}: {direction}{text}")
    }
}

/// Puts a verdict on an end of a tunnel into a sentence.
pub(crate) fn proved(evidence: Evidence, verdict: Verdict, from: &str) -> String {
    let (colour, text) = match verdict {
        Verdict::Fits => (GOOD, "the given tunnel secret fits"),
        Verdict::DoesNotFit => (BAD, "the given tunnel secret does not fit"),
        Verdict::FitsEmpty => (BAD, "the secret is empty, which everybody knows, says"),
        Verdict::NoSecret => (DIM, "no tunnel secret was given to verify"),
        Verdict::NotSeen => (DIM, "not enough was captured to verify"),
    };
    format!("{colour}{text} the {evidence} of the {from}{colour:#}")
}

fn numbers(header: &ControlHeader) -> String {
    let ControlHeader { recipient, ns, nr } = header;
    match recipient {
        Recipient::V2 { tunnel_id, session_id: 0 } => format!("tunnel {tunnel_id} Ns {ns} Nr {nr}"),
        Recipient::V2 { tunnel_id, session_id } => format!("tunnel {tunnel_id} session {session_id} Ns {ns} Nr {nr}"),
        Recipient::V3 { control_connection_id: id } => format!("control connection {id} Ns {ns} Nr {nr}"),
    }
}

/// Describes an AVP in a few words.
fn describe(avp: &Avp<'_>, message_type: MessageType) -> String {
    let name = if avp.is_ietf() {
        avp.attribute_type.to_string()
    } else {
        format!("{} attribute {}", avp.vendor_id, avp.attribute_type.get())
    };
    let hidden = match avp.visibility {
        Visibility::Clear => String::new(),
        Visibility::Revealed => " (was hidden)".into(),
        // A hidden value without the secret has nothing to show.
        Visibility::Unreadable(reason) => return format!("{name} {DIM}{reason}{DIM:#}"),
    };
    let value = match avp.decode(message_type) {
        Err(error) => return format!("{name} {BAD}{error}{BAD:#}"),
        Ok(value) => in_words(&value).unwrap_or_else(|| format!("0x{}", hex::encode(avp.value))),
    };
    format!("{name} {value}{hidden}")
}

/// Puts a value into words, where they say more than its bytes.
fn in_words(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::HostName(text)
        | Value::VendorName(text)
        | Value::CalledNumber(text)
        | Value::CallingNumber(text)
        | Value::SubAddress(text)
        | Value::ProxyAuthenName(text)
        | Value::RemoteEndId(text)
        | Value::PreferredLanguage(text) => format!("\"{text}\""),
        Value::ProtocolVersion(version) => version.to_string(),
        Value::FramingCapabilities(framing) | Value::FramingType(framing) => framing.to_string(),
        Value::BearerCapabilities(bearer) | Value::BearerType(bearer) => bearer.to_string(),
        Value::AssignedTunnelId(id) | Value::AssignedSessionId(id) => id.to_string(),
        Value::AssignedControlConnectionId(id) | Value::LocalSessionId(id) | Value::RemoteSessionId(id) => {
            id.to_string()
        }
        Value::ReceiveWindowSize(number) => number.to_string(),
        Value::CallSerialNumber(number) | Value::TxConnectSpeedBps(number) | Value::RxConnectSpeedBps(number) => {
            number.to_string()
        }
        Value::ControlConnectionResult(result) => result.to_string(),
        Value::SessionResult(result) => result.to_string(),
        Value::ProxyAuthenType(number) => number.to_string(),
        Value::PppDisconnectCause(cause) => format!("{} {} {}", cause.code, cause.direction, cause.message),
        Value::AssignedCookie(cookie) => cookie.to_string(),
        Value::PseudowireType(number) => number.to_string(),
        Value::L2SpecificSublayer(number) => number.to_string(),
        Value::DataSequencing(number) => number.to_string(),
        Value::CircuitStatus(status) => status.to_string(),
        _ => return None,
    })
}
