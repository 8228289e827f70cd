#![doc = include_str!("../../JSON.md")]

mod l2tp;

use std::borrow::Cow;
use std::fmt;

use ppp_fsm::{Code, Frame, Protocol, ProtocolKind, chap, eap, pap};
use pptp::inspect::Cut;
use pptp_wire::Message;
use serde_json::{Map, Value, json};

pub use l2tp::l2tp;

/// An object, whose members are in alphabetical order.
pub type Object = Map<String, Value>;

fn object(kind: &str, bytes: Option<&[u8]>) -> Object {
    let mut object = Object::new();
    object.insert("k".into(), kind.into());
    if let Some(bytes) = bytes {
        object.insert("raw".into(), hexadecimal(bytes));
    }
    object
}

fn hexadecimal(bytes: &[u8]) -> Value {
    hex::encode(bytes).into()
}

/// Adds a member of bytes unless there are none.
fn insert_bytes(object: &mut Object, name: &str, bytes: &[u8]) {
    if !bytes.is_empty() {
        object.insert(name.into(), hexadecimal(bytes));
    }
}

fn insert_length(object: &mut Object, name: &str, bytes: &[u8]) {
    object.insert(name.into(), format!("{:02x}", bytes.len()).into());
}

/// Returns an object for what cannot be read: `k` is that of its layer, or `ppp` for a frame.
#[must_use]
pub fn refused(kind: &str, bytes: &[u8], error: impl fmt::Display) -> Object {
    let mut object = object(kind, Some(bytes));
    object.insert("error".into(), error.to_string().into());
    object
}

/// Returns an object for a packet whose end was not captured: of kind `cut`, or, where a header is whole, of its own.
#[must_use]
pub fn not_captured(cut: &Cut<'_>) -> Option<Object> {
    let mut object = match cut {
        Cut::Gre { bytes, .. } => gre(bytes)?,
        Cut::Control { header, .. } => {
            let mut object = object("cut", None);
            object.insert("layer".into(), "pptp".into());
            if let Some(number) = header.and_then(|header| header.control_message_type) {
                object.insert("control_message_type".into(), number.get().into());
            }
            object
        }
        Cut::Frame { protocol, bytes } => {
            let mut object = object("cut", Some(bytes));
            object.insert("layer".into(), "ppp".into());
            if let Some(protocol) = protocol {
                object.insert("protocol".into(), protocol.0.into());
            }
            object
        }
        _ => return None,
    };
    object.insert("cut".into(), true.into());
    Some(object)
}

/// Returns an object for a GRE packet of any version: its flags, and what stands in the header.
#[must_use]
pub fn gre(bytes: &[u8]) -> Option<Object> {
    let (&[f0, f1, p0, p1], rest) = bytes.split_first_chunk()?;
    let flags = pptp_gre::Flags::from_bits(u16::from_be_bytes([f0, f1]));
    let mut object = object("gre", Some(bytes));
    let mut insert = |name: &str, value: Value| drop(object.insert(name.into(), value));
    insert("flags", flags.bits().into());
    insert("checksum", u8::from(flags.checksum_present()).into());
    insert("routing", u8::from(flags.routing_present()).into());
    insert("key", u8::from(flags.key_present()).into());
    insert("sequence_number", u8::from(flags.sequence_number_present()).into());
    insert("strict_source_route", u8::from(flags.strict_source_route()).into());
    insert("recursion_control", flags.recursion_control().into());
    insert("reserved", flags.reserved().into());
    insert("version", flags.version().into());
    insert("proto", u16::from_be_bytes([p0, p1]).into());
    // RFC 2637 section 4.1: the acknowledgment is in version 1 alone.
    if flags.version() == 1 {
        insert("ack", u8::from(flags.acknowledgment_number_present()).into());
        if let Ok((header, payload_length, _)) = pptp_gre::Header::decode(bytes) {
            insert("payload_length", payload_length.into());
            insert("call_id", header.call_id.into());
            if let Some(number) = header.sequence_number {
                insert("seq", number.into());
            }
            if let Some(number) = header.acknowledgment_number {
                insert("ack_number", number.into());
            }
        } else if let Some(&[l0, l1, c0, c1]) = rest.first_chunk() {
            insert("payload_length", u16::from_be_bytes([l0, l1]).into());
            insert("call_id", u16::from_be_bytes([c0, c1]).into());
        }
    }
    Some(object)
}

/// Returns an object for a PPP frame; `bytes` where the carrier has a length of its own.
#[must_use]
pub fn frame(frame: &Frame<'_>, via: &str, bytes: Option<&[u8]>) -> Object {
    let mut object = object("ppp", bytes);
    object.insert("acf".into(), frame.address_control.into());
    object.insert("pfc".into(), frame.compressed.into());
    object.insert("protocol".into(), frame.protocol.0.into());
    object.insert("via".into(), via.into());
    object
}

/// Returns the name of a control protocol whose packets are `cp` objects: LCP, and every network control protocol,
/// since RFC 1661 section 2 gives them one format.
#[must_use]
pub fn control_protocol_name(protocol: Protocol) -> Option<Cow<'static, str>> {
    let name = match protocol {
        Protocol::LCP => "lcp",
        Protocol::IPCP => "ipcp",
        Protocol::IPV6CP => "ipv6cp",
        Protocol::CCP => "ccp",
        Protocol::CDPCP => "cdpcp",
        Protocol(0x8023) => "osinlcp",
        Protocol(0x8029) => "atcp",
        Protocol(0x802b) => "ipxcp",
        Protocol(0x8031) => "bcp",
        Protocol(0x803f) => "nbfcp",
        Protocol(0x8053) => "ecp",
        Protocol(0x8281) => "mplscp",
        Protocol(number) if protocol.kind() == ProtocolKind::NetworkControl => {
            return Some(format!("{number:04x}").into());
        }
        _ => return None,
    };
    Some(name.into())
}

/// Returns an object for a packet of a control protocol. The number of bytes that its length says
/// is given, also when there are less.
#[must_use]
pub fn control_protocol(name: &str, bytes: &[u8]) -> Option<Object> {
    let (&[code, identifier, high, low], rest) = bytes.split_first_chunk()?;
    let length = u16::from_be_bytes([high, low]);
    // RFC 1661 section 5: bytes behind the Length are padding.
    let data = rest.get(..usize::from(length).saturating_sub(4)).unwrap_or(rest);
    let code = Code(code);
    let mut object = object("cp", Some(bytes.get(..usize::from(length)).unwrap_or(bytes)));
    object.insert("proto".into(), name.into());
    object.insert("code".into(), code.0.into());
    object.insert("id".into(), identifier.into());
    object.insert("length".into(), length.into());
    if code.has_options() {
        let options = ppp_fsm::Options::new(data).map_while(Result::ok);
        let options =
            options.map(|option| json!([option.option_type, option.data.len() + 2, hex::encode(option.data)]));
        object.insert("options".into(), options.collect());
    } else {
        object.insert("data".into(), hexadecimal(data));
        // RFC 1661 section 5.8 and RFC 1570 section 2.1: these begin with the Magic-Number.
        let has_magic = [Code::ECHO_REQUEST, Code::ECHO_REPLY, Code::DISCARD_REQUEST, Code::IDENTIFICATION];
        if let (true, Some(magic)) = (name == "lcp" && has_magic.contains(&code), data.first_chunk::<4>()) {
            object.insert("magic".into(), hexadecimal(magic));
        }
    }
    Some(object)
}

/// Returns code, identifier and length of a packet of an authentication protocol.
fn authentication(kind: &str, code: u8, identifier: u8, bytes: &[u8]) -> Object {
    let length = bytes.get(2..).and_then(<[u8]>::first_chunk).map_or(0, |length| u16::from_be_bytes(*length));
    let mut object = object(kind, Some(bytes.get(..usize::from(length)).unwrap_or(bytes)));
    object.insert("code".into(), code.into());
    object.insert("id".into(), identifier.into());
    object.insert("length".into(), length.into());
    object
}

/// Returns an object for a packet of CHAP.
#[must_use]
pub fn chap(packet: &chap::Packet<'_>, bytes: &[u8]) -> Object {
    let mut object = authentication("chap", packet.message.code().0, packet.identifier, bytes);
    match packet.message {
        chap::Message::Challenge(value) | chap::Message::Response(value) => {
            object.insert("value_size".into(), value.value.len().into());
            insert_bytes(&mut object, "value", value.value);
            insert_bytes(&mut object, "name", value.name.0);
        }
        chap::Message::Success(text) | chap::Message::Failure(text) => {
            insert_bytes(&mut object, "message", text.0);
        }
        chap::Message::Other { data, .. } => insert_bytes(&mut object, "data", data),
        _ => {}
    }
    object
}

/// Returns an object for a packet of PAP.
#[must_use]
pub fn pap(packet: &pap::Packet<'_>, bytes: &[u8]) -> Object {
    let mut object = authentication("pap", packet.message.code().0, packet.identifier, bytes);
    match packet.message {
        pap::Message::AuthenticateRequest(request) => {
            object.insert("peer_id.length".into(), request.peer_id.0.len().into());
            insert_bytes(&mut object, "peer_id", request.peer_id.0);
            insert_length(&mut object, "password.length", request.password.as_bytes());
            insert_bytes(&mut object, "password", request.password.as_bytes());
        }
        pap::Message::AuthenticateAck(reply) | pap::Message::AuthenticateNak(reply) => {
            // Some peers leave the message of RFC 1334 section 2.2.2 away.
            if let pap::Reply::Message { message, .. } = reply {
                insert_length(&mut object, "message.length", message.0);
                insert_bytes(&mut object, "message", message.0);
            }
        }
        pap::Message::Other { data, .. } => insert_bytes(&mut object, "data", data),
        _ => {}
    }
    object
}

/// Returns an object for a packet of EAP.
#[must_use]
pub fn eap(packet: &eap::Packet<'_>, bytes: &[u8]) -> Object {
    let mut object = authentication("eap", packet.message.code().0, packet.identifier, bytes);
    // RFC 3748 section 4: Success and Failure have no Type.
    if let eap::Message::Request(method) | eap::Message::Response(method) = packet.message {
        object.insert("type".into(), method.method_type.0.into());
        if method.method_type == eap::Type::IDENTITY {
            insert_bytes(&mut object, "identity", method.data);
        }
        if let Ok(Some(value)) = method.md5_challenge() {
            insert_length(&mut object, "md5.value_size", value.value);
            insert_bytes(&mut object, "md5.value", value.value);
            insert_bytes(&mut object, "md5.extra_data", value.name.0);
        }
    }
    object
}

/// Returns an object for compressed or encrypted data, protocol 0x00fd: what MPPE's header says, whether it is MPPE or
/// not, as tshark has it.
#[must_use]
pub fn compressed_data(bytes: &[u8]) -> Option<Object> {
    let &[high, low] = bytes.first_chunk()?;
    let mut object = object("comp", Some(bytes));
    object.insert("flags".into(), (high >> 4).into());
    object.insert("count".into(), mppe::CoherencyCount::new(u16::from_be_bytes([high, low])).get().into());
    object.insert("size".into(), bytes.len().into());
    Some(object)
}

/// Returns an object for a message of the control connection, with the names of its fields in RFC 2637.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a line a field, an arm a message")]
pub fn control(message: &Message) -> Object {
    let mut buf = [0; Message::MAX_LEN];
    let bytes = message.encode(&mut buf).unwrap_or_default();
    let mut object = object("pptp", Some(bytes));
    let mut insert = |name: &str, value: Value| drop(object.insert(name.into(), value));
    insert("length", bytes.len().into());
    insert("type", message.message_type().get().into());
    insert("magic_cookie", pptp_wire::MAGIC_COOKIE.into());
    if let Some(number) = message.control_message_type() {
        insert("control_message_type", number.get().into());
    }
    match message {
        Message::StartControlConnectionRequest(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("protocol_version", m.protocol_version.get().into());
            insert("framing_capabilities", m.framing_capabilities.bits().into());
            insert("bearer_capabilities", m.bearer_capabilities.bits().into());
            insert("maximum_channels", m.maximum_channels.into());
            insert("firmware_revision", m.firmware_revision.into());
            insert("host_name", text(&m.host_name));
            insert("vendor_name", text(&m.vendor_name));
        }
        Message::StartControlConnectionReply(m) => {
            insert("reserved", json!([m.reserved0]));
            insert("protocol_version", m.protocol_version.get().into());
            insert("control_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
            insert("framing_capabilities", m.framing_capabilities.bits().into());
            insert("bearer_capabilities", m.bearer_capabilities.bits().into());
            insert("maximum_channels", m.maximum_channels.into());
            insert("firmware_revision", m.firmware_revision.into());
            insert("host_name", text(&m.host_name));
            insert("vendor_name", text(&m.vendor_name));
        }
        Message::StopControlConnectionRequest(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1, m.reserved2]));
            insert("reason", m.reason.get().into());
        }
        Message::StopControlConnectionReply(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("stop_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
        }
        Message::EchoRequest(m) => {
            insert("reserved", json!([m.reserved0]));
            insert("identifier", m.identifier.into());
        }
        Message::EchoReply(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("identifier", m.identifier.into());
            insert("echo_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
        }
        Message::OutgoingCallRequest(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("call_id", m.call_id.into());
            insert("call_serial_number", m.call_serial_number.into());
            insert("minimum_bps", m.minimum_bps.into());
            insert("maximum_bps", m.maximum_bps.into());
            insert("bearer_type", m.bearer_type.bits().into());
            insert("framing_type", m.framing_type.bits().into());
            insert("packet_receive_window_size", m.packet_receive_window_size.into());
            insert("packet_processing_delay", m.packet_processing_delay.into());
            insert("phone_number_length", m.phone_number_length.into());
            insert("phone_number", text(&m.phone_number));
            insert("subaddress", text(&m.subaddress));
        }
        Message::OutgoingCallReply(m) => {
            insert("reserved", json!([m.reserved0]));
            insert("call_id", m.call_id.into());
            insert("peer_call_id", m.peer_call_id.into());
            insert("out_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
            insert("cause", m.cause_code.get().into());
            insert("connect_speed", m.connect_speed.into());
            insert("packet_receive_window_size", m.packet_receive_window_size.into());
            insert("packet_processing_delay", m.packet_processing_delay.into());
            insert("physical_channel_id", m.physical_channel_id.into());
        }
        Message::IncomingCallRequest(m) => {
            insert("reserved", json!([m.reserved0]));
            insert("call_id", m.call_id.into());
            insert("call_serial_number", m.call_serial_number.into());
            insert("bearer_type", m.bearer_type.bits().into());
            insert("physical_channel_id", m.physical_channel_id.into());
            insert("dialed_number_length", m.dialed_number_length.into());
            insert("dialing_number_length", m.dialing_number_length.into());
            insert("dialed_number", text(&m.dialed_number));
            insert("dialing_number", text(&m.dialing_number));
            insert("subaddress", text(&m.subaddress));
        }
        Message::IncomingCallReply(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("call_id", m.call_id.into());
            insert("peer_call_id", m.peer_call_id.into());
            insert("in_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
            insert("packet_receive_window_size", m.packet_receive_window_size.into());
            insert("packet_processing_delay", m.packet_transmit_delay.into());
        }
        Message::IncomingCallConnected(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("peer_call_id", m.peer_call_id.into());
            insert("connect_speed", m.connect_speed.into());
            insert("packet_receive_window_size", m.packet_receive_window_size.into());
            insert("packet_processing_delay", m.packet_transmit_delay.into());
            insert("framing_type", m.framing_type.bits().into());
        }
        Message::CallClearRequest(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("call_id", m.call_id.into());
        }
        Message::CallDisconnectNotify(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("call_id", m.call_id.into());
            insert("disc_result", m.result_code.get().into());
            insert("error", m.error_code.get().into());
            insert("cause", m.cause_code.get().into());
            insert("call_Statistics", text(&m.call_statistics));
        }
        Message::WanErrorNotify(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("peer_call_id", m.peer_call_id.into());
            insert("crc_errors", m.crc_errors.into());
            insert("framing_errors", m.framing_errors.into());
            insert("hardware_overruns", m.hardware_overruns.into());
            insert("buffer_overruns", m.buffer_overruns.into());
            insert("timeout_errors", m.timeout_errors.into());
            insert("alignment_errors", m.alignment_errors.into());
        }
        Message::SetLinkInfo(m) => {
            insert("reserved", json!([m.reserved0, m.reserved1]));
            insert("peer_call_id", m.peer_call_id.into());
            insert("send_accm", m.send_accm.get().into());
            insert("receive_accm", m.receive_accm.get().into());
        }
        _ => {}
    }
    object
}

/// Returns a text and the size of its field. Bytes that are not ASCII are taken for Latin-1.
fn text<const N: usize>(text: &pptp_wire::Text<N>) -> Value {
    let characters: String = text.as_bytes().iter().copied().map(char::from).collect();
    json!({ "size": N, "text": characters })
}
