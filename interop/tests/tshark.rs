//! Our captures, read by us and by tshark: every field of every frame that both know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::process::Command;

use ppp_fsm::{Code, Packet, Protocol, ccp, ipcp, ipv6cp, lcp};
use pptp::inspect::{Content, Inspector, Record, Secrets};
use pptp_interop::{Tally, capture_names, captures};
use serde_json::Value;
use vpdn::capture::{self as reader, Item, Place};
use vpdn::show::json::{self, Object};

/// How tshark prints a field.
#[derive(Clone, Copy)]
enum Form {
    Decimal,
    /// With so many digits.
    Hexadecimal(usize),
    /// As it is: text, or bytes in hexadecimal.
    Plain,
    /// Bytes in hexadecimal that are text.
    Text,
}
use Form::{Decimal, Hexadecimal, Plain, Text};

/// tshark's name of a field; the kind of our record and its member.
const FIELDS: &[(&str, &str, &str, Form)] = &[
    ("gre.flags_and_version", "gre", "flags", Hexadecimal(4)),
    ("gre.proto", "gre", "proto", Hexadecimal(4)),
    ("gre.key.payload_length", "gre", "payload_length", Decimal),
    ("gre.key.call_id", "gre", "call_id", Decimal),
    ("gre.sequence_number", "gre", "seq", Decimal),
    ("gre.ack_number", "gre", "ack_number", Decimal),
    ("ppp.protocol", "ppp", "protocol", Hexadecimal(4)),
    ("ppp.code", "cp", "code", Decimal),
    ("ppp.identifier", "cp", "id", Decimal),
    ("ppp.length", "cp", "length", Decimal),
    ("chap.code", "chap", "code", Decimal),
    ("chap.identifier", "chap", "id", Decimal),
    ("chap.length", "chap", "length", Decimal),
    ("chap.value_size", "chap", "value_size", Decimal),
    ("chap.value", "chap", "value", Plain),
    ("chap.name", "chap", "name", Text),
    ("chap.message", "chap", "message", Text),
    ("pap.code", "pap", "code", Decimal),
    ("pap.identifier", "pap", "id", Decimal),
    ("pap.length", "pap", "length", Decimal),
    ("pap.peer_id", "pap", "peer_id", Text),
    ("pap.password", "pap", "password", Text),
    ("pap.message", "pap", "message", Text),
    ("pptp.length", "pptp", "length", Decimal),
    ("pptp.type", "pptp", "type", Decimal),
    ("pptp.control_message_type", "pptp", "control_message_type", Decimal),
    ("pptp.protocol_version", "pptp", "protocol_version", Decimal),
    ("pptp.framing_capabilities", "pptp", "framing_capabilities", Decimal),
    ("pptp.bearer_capabilities", "pptp", "bearer_capabilities", Decimal),
    ("pptp.maximum_channels", "pptp", "maximum_channels", Decimal),
    ("pptp.firmware_revision", "pptp", "firmware_revision", Decimal),
    ("pptp.host_name", "pptp", "host_name", Plain),
    ("pptp.vendor_name", "pptp", "vendor_name", Plain),
    ("pptp.control_result", "pptp", "control_result", Decimal),
    ("pptp.stop_result", "pptp", "stop_result", Decimal),
    ("pptp.echo_result", "pptp", "echo_result", Decimal),
    ("pptp.out_result", "pptp", "out_result", Decimal),
    ("pptp.disc_result", "pptp", "disc_result", Decimal),
    ("pptp.error", "pptp", "error", Decimal),
    ("pptp.reason", "pptp", "reason", Decimal),
    ("pptp.identifier", "pptp", "identifier", Decimal),
    ("pptp.call_id", "pptp", "call_id", Decimal),
    ("pptp.peer_call_id", "pptp", "peer_call_id", Decimal),
    ("pptp.call_serial_number", "pptp", "call_serial_number", Decimal),
    ("pptp.minimum_bps", "pptp", "minimum_bps", Decimal),
    ("pptp.maximum_bps", "pptp", "maximum_bps", Decimal),
    ("pptp.framing_type", "pptp", "framing_type", Decimal),
    ("pptp.bearer_type", "pptp", "bearer_type", Decimal),
    ("pptp.packet_receive_window_size", "pptp", "packet_receive_window_size", Decimal),
    ("pptp.packet_processing_delay", "pptp", "packet_processing_delay", Decimal),
    ("pptp.cause", "pptp", "cause", Decimal),
    ("pptp.connect_speed", "pptp", "connect_speed", Decimal),
    ("pptp.physical_channel_id", "pptp", "physical_channel_id", Decimal),
];

/// Fields of options, which are read from the typed values.
const OPTION_FIELDS: &[&str] = &[
    "lcp.opt.type",
    "lcp.opt.length",
    "lcp.opt.mru",
    "lcp.opt.asyncmap",
    "lcp.opt.auth_protocol",
    "lcp.opt.algorithm",
    "lcp.opt.magic_number",
    "lcp.magic_number",
    "ipcp.opt.type",
    "ipcp.opt.length",
    "ipcp.opt.ip_address",
    "ipcp.opt.compress_proto",
    "ipcp.opt.pri_dns_address",
    "ipcp.opt.sec_dns_address",
    "ipcp.opt.pri_nbns_address",
    "ipcp.opt.sec_nbns_address",
    "ipv6cp.opt.type",
    "ipv6cp.opt.length",
    "ipv6cp.interface_identifier",
    "ccp.opt.type",
    "ccp.opt.length",
    "ccp.opt.supported_bits",
];

/// The values of each field of a frame, in order.
type Fields = BTreeMap<&'static str, Vec<String>>;

fn show(value: &Value, form: Form) -> String {
    match form {
        Decimal => value.to_string(),
        Hexadecimal(digits) => format!("{:#0width$x}", value.as_u64().unwrap(), width = digits + 2),
        Plain => value.get("text").unwrap_or(value).as_str().unwrap().to_owned(),
        Text => String::from_utf8(hex::decode(value.as_str().unwrap()).unwrap()).unwrap(),
    }
}

fn object(content: &Content<'_>) -> Option<Object> {
    match *content {
        Content::Control { message, .. } => Some(json::control(message)),
        Content::Gre { bytes, .. } => json::gre(bytes),
        Content::Frame { frame: Ok(frame), bytes } => Some(json::frame(&frame, "gre", Some(bytes))),
        Content::ControlProtocol { protocol, bytes, .. } => {
            json::control_protocol(&json::control_protocol_name(protocol)?, bytes)
        }
        Content::Chap { packet: Ok(packet), bytes } => Some(json::chap(&packet, bytes)),
        Content::Pap { packet: Ok(packet), bytes } => Some(json::pap(&packet, bytes)),
        _ => None,
    }
}

fn add(fields: &mut Fields, record: &Record<'_>) {
    if let Some(object) = object(&record.content) {
        for (field, kind, member, form) in FIELDS {
            if let Some(value) = object.get(*member).filter(|_| object["k"] == *kind) {
                let value = show(value, *form);
                // An empty text is no value for tshark.
                if !(value.is_empty() && matches!(form, Plain | Text)) {
                    fields.entry(field).or_default().push(value);
                }
            }
        }
    }
    if let Content::ControlProtocol { protocol, packet: Ok(packet), .. } = record.content {
        add_options(fields, protocol, &packet);
    }
}

/// Adds the addresses of the IP packet that carries the records, once a frame.
fn add_addresses(fields: &mut Fields, place: &Place) {
    if let Some((source, destination)) = place.path {
        fields.insert("ip.src", vec![source.to_string()]);
        fields.insert("ip.dst", vec![destination.to_string()]);
    }
}

fn add_options(fields: &mut Fields, protocol: Protocol, packet: &Packet<'_>) {
    let mut add = |field, value| fields.entry(field).or_default().push(value);
    if protocol == Protocol::LCP {
        let message = lcp::Message::decode(packet.code, packet.data);
        if let Ok(lcp::Message::EchoRequest(echo) | lcp::Message::EchoReply(echo)) = message {
            add("lcp.magic_number", format!("{:#010x}", echo.magic_number));
        }
    }
    if !packet.code.has_options() || packet.code == Code(0) {
        return;
    }
    for raw in packet.options().map(Result::unwrap) {
        let (kind, length) = match protocol {
            Protocol::LCP => ("lcp.opt.type", "lcp.opt.length"),
            Protocol::IPCP => ("ipcp.opt.type", "ipcp.opt.length"),
            Protocol::IPV6CP => ("ipv6cp.opt.type", "ipv6cp.opt.length"),
            Protocol::CCP => ("ccp.opt.type", "ccp.opt.length"),
            _ => continue,
        };
        add(kind, raw.option_type.to_string());
        add(length, (raw.data.len() + 2).to_string());
        match protocol {
            Protocol::LCP => match lcp::ConfigurationOption::decode(raw).unwrap() {
                lcp::ConfigurationOption::MaximumReceiveUnit(mru) => add("lcp.opt.mru", mru.to_string()),
                lcp::ConfigurationOption::AsyncControlCharacterMap(map) => {
                    add("lcp.opt.asyncmap", format!("{map:#010x}"));
                }
                lcp::ConfigurationOption::AuthenticationProtocol(authentication) => {
                    add("lcp.opt.auth_protocol", format!("{:#06x}", authentication.protocol.0));
                    if let Some(algorithm) = authentication.algorithm() {
                        add("lcp.opt.algorithm", algorithm.0.to_string());
                    }
                }
                lcp::ConfigurationOption::MagicNumber(magic) => add("lcp.opt.magic_number", format!("{magic:#010x}")),
                _ => {}
            },
            Protocol::IPCP => match ipcp::ConfigurationOption::decode(raw).unwrap() {
                ipcp::ConfigurationOption::IpAddress(address) => add("ipcp.opt.ip_address", address.to_string()),
                ipcp::ConfigurationOption::IpCompressionProtocol(_) => {
                    let &[high, low] = raw.data.first_chunk().unwrap();
                    add("ipcp.opt.compress_proto", format!("{:#06x}", u16::from_be_bytes([high, low])));
                }
                ipcp::ConfigurationOption::PrimaryDns(address) => add("ipcp.opt.pri_dns_address", address.to_string()),
                ipcp::ConfigurationOption::SecondaryDns(address) => {
                    add("ipcp.opt.sec_dns_address", address.to_string());
                }
                ipcp::ConfigurationOption::PrimaryNbns(address) => {
                    add("ipcp.opt.pri_nbns_address", address.to_string());
                }
                ipcp::ConfigurationOption::SecondaryNbns(address) => {
                    add("ipcp.opt.sec_nbns_address", address.to_string());
                }
                _ => {}
            },
            Protocol::IPV6CP => {
                let option = ipv6cp::ConfigurationOption::decode(raw).unwrap();
                if let ipv6cp::ConfigurationOption::InterfaceIdentifier(identifier) = option {
                    let bytes: Vec<_> = identifier.0.to_be_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
                    add("ipv6cp.interface_identifier", bytes.join(":"));
                }
            }
            Protocol::CCP => {
                if let Ok(ccp::ConfigurationOption::Microsoft(bits)) = ccp::ConfigurationOption::decode(raw) {
                    add("ccp.opt.supported_bits", format!("{:#010x}", bits.bits()));
                }
            }
            _ => {}
        }
    }
}

/// Returns what we read, by the number of the frame.
fn ours(capture: &Path) -> BTreeMap<u64, Fields> {
    let mut frames: BTreeMap<u64, Fields> = BTreeMap::new();
    let mut inspector = Inspector::new(Secrets::new());
    let report = reader::read(File::open(capture).unwrap(), &mut inspector, |place, item| {
        if let Item::Record(record) = item {
            let fields = frames.entry(record.tag).or_default();
            add(fields, record);
            if matches!(record.content, Content::Gre { .. } | Content::Control { .. }) {
                add_addresses(fields, place);
            }
        }
    });
    assert_eq!(report.outcome, Ok(()));
    frames
}

/// Returns what tshark reads; `None` where it is not installed.
fn theirs(capture: &Path) -> Option<BTreeMap<u64, Fields>> {
    let addresses = ["ip.src", "ip.dst"];
    let names: Vec<_> =
        FIELDS.iter().map(|(field, ..)| *field).chain(OPTION_FIELDS.iter().copied()).chain(addresses).collect();
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(capture).args(["-n", "-T", "fields", "-E", "separator=/t", "-E", "aggregator=;"]);
    tshark.args(["-Y", "gre || pptp", "-e", "frame.number"]);
    for name in &names {
        tshark.args(["-e", name]);
    }
    let output = tshark.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let frame = |line: &str| {
        let mut columns = line.split('\t');
        let number = columns.next().unwrap().parse().unwrap();
        let values =
            columns.map(|column| column.split(';').filter(|value| !value.is_empty()).map(str::to_owned).collect());
        let fields = names.iter().copied().zip(values).filter(|(_, values): &(_, Vec<String>)| !values.is_empty());
        // The first address is that of the packet that carries the others.
        let only_first = |(name, mut values): (&'static str, Vec<String>)| {
            if name.starts_with("ip.") {
                values.truncate(1);
            }
            (name, values)
        };
        (number, fields.map(only_first).collect())
    };
    Some(text.lines().map(frame).collect())
}

/// Returns why we read something differently, on purpose.
fn reason(difference: &str) -> Option<&'static str> {
    let retransmissions =
        ["i-loss/server.pcap:12: ", "x-accel-mschapv2-mppe128/client.pcap:118: ", "x-accel-wrongpass/client.pcap:31: "];
    let ours_alone = difference.ends_with("None for tshark");
    (ours_alone && retransmissions.iter().any(|place| difference.starts_with(place)))
        .then_some("the segment is a retransmission: we show its message, marked as repeated, tshark does not")
}

#[test]
fn our_captures_as_tshark_reads_them() {
    let mut tally = Tally::default();
    let mut fields_seen = BTreeSet::new();
    for capture in capture_names() {
        for name in ["client.pcap", "server.pcap"] {
            let path = captures().join(&capture).join(name);
            if !path.exists() {
                continue;
            }
            let Some(theirs) = theirs(&path) else {
                pptp_interop::say!("SKIPPED: tshark is not installed");
                return;
            };
            let ours = ours(&path);
            let numbers: BTreeSet<_> = theirs.keys().chain(ours.keys()).collect();
            for number in numbers {
                let empty = Fields::new();
                let (ours, theirs) = (ours.get(number).unwrap_or(&empty), theirs.get(number).unwrap_or(&empty));
                let place = format!("{capture}/{name}:{number}");
                for field in ours.keys().chain(theirs.keys().filter(|field| !ours.contains_key(*field))) {
                    let (our, their) = (ours.get(field), theirs.get(field));
                    let difference = (our != their).then(|| format!("{our:?} for us, {their:?} for tshark"));
                    tally.record(field, &place, difference.as_slice());
                    fields_seen.insert(*field);
                }
            }
        }
    }
    pptp_interop::say!("{} different fields", fields_seen.len());
    tally.finish("our captures", reason);
    assert!(tally.total() > 20_000);
}
