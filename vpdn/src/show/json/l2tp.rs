//! Objects of L2TP.

use l2tp_wire::avp::{Avps, Visibility};
use l2tp_wire::header::{Carrier, Control, ControlHeader, DataHeader, Recipient};
use serde_json::{Value, json};

use super::{Object, hexadecimal, object, refused};
use crate::inspect::{Content, Record};

/// Returns an object for a packet of L2TP: its header, and the AVPs of a control message as they are on the wire.
#[must_use]
pub fn l2tp(record: &Record<'_>) -> Option<Object> {
    let mut object = object("l2tp", Some(record.bytes));
    let mut insert = |name: &str, value: Value| drop(object.insert(name.into(), value));
    let over_udp = record.carrier == Carrier::Udp;
    insert("carrier", if over_udp { "udp" } else { "ip" }.into());
    // RFC 3931 section 4.1.1: over IP there are no ports, and the Session ID stands first.
    if over_udp {
        insert("sport", record.source.port().into());
        insert("dport", record.destination.port().into());
        if let Some(flags) = record.bytes.first_chunk() {
            insert("flags", u16::from_be_bytes(*flags).into());
        }
    }
    let is_control = matches!(record.content, Content::Control { .. } | Content::Acknowledgment { .. });
    insert("control", is_control.into());
    match &record.content {
        Content::Control { header, message_type, avps, control } => {
            control_header(header, &mut insert);
            insert("length", control.bytes().len().into());
            if let Some(message_type) = message_type {
                insert("message", message_type.get().into());
            }
            // As they came, hidden or not; what is revealed stands beside them.
            insert("avps", on_the_wire(control));
            let revealed = revealed(avps.clone());
            if !revealed.is_empty() {
                insert("revealed", revealed.into());
            }
        }
        Content::Acknowledgment { header } => {
            control_header(header, &mut insert);
            // A message without AVPs has the header alone.
            insert("length", ControlHeader::LEN.into());
            insert("avps", json!([]));
            insert("zlb", true.into());
        }
        Content::Data { header } => data_header(header, record.bytes, &mut insert),
        Content::SessionData { session_id, layout, .. } => {
            insert("version", 3.into());
            insert("session_id", (*session_id).into());
            if let Some((cookie, sublayer)) = layout {
                // The size of the cookie is agreed on, and may be zero.
                if !cookie.size().is_empty() {
                    insert("cookie", hexadecimal(cookie.as_bytes()));
                }
                if let Some(sublayer) = sublayer {
                    // RFC 3931 section 4.6: the number has the last three bytes.
                    let [_, rest @ ..] = sublayer.to_bytes();
                    insert("s", u8::from(sublayer.sequence().is_some()).into());
                    insert("sequence", rest.iter().fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte)).into());
                }
            }
        }
        Content::Unreadable { error: Some(error) } => return Some(refused("l2tp", record.bytes, error)),
        // RFC 3931 section 4.1: Session ID 0 is for control messages.
        Content::Unreadable { error: None } => return Some(refused("l2tp", record.bytes, "session 0 is reserved")),
        Content::NotCaptured => {
            let mut object = super::object("cut", Some(record.bytes));
            object.insert("layer".into(), "l2tp".into());
            object.insert("cut".into(), true.into());
            return Some(object);
        }
        Content::Event(_) => return None,
    }
    Some(object)
}

fn control_header(header: &ControlHeader, insert: &mut impl FnMut(&str, Value)) {
    match header.recipient {
        Recipient::V2 { tunnel_id, session_id } => {
            insert("version", 2.into());
            insert("tunnel_id", tunnel_id.into());
            insert("session_id", session_id.into());
        }
        Recipient::V3 { control_connection_id } => {
            insert("version", 3.into());
            insert("ccid", control_connection_id.into());
        }
    }
    insert("ns", header.ns.into());
    insert("nr", header.nr.into());
}

fn data_header(header: &DataHeader, bytes: &[u8], insert: &mut impl FnMut(&str, Value)) {
    insert("version", 2.into());
    insert("tunnel_id", header.tunnel_id.into());
    insert("session_id", header.session_id.into());
    // RFC 2661 section 3.1: the L, S and O bits say which fields are there.
    if let (true, Some(length)) = (header.has_length, bytes.get(2..).and_then(<[u8]>::first_chunk)) {
        insert("length", u16::from_be_bytes(*length).into());
    }
    if let Some(sequence) = header.sequence {
        insert("ns", sequence.ns.into());
        insert("nr", sequence.nr.into());
    }
    if let Some(offset) = header.offset_size {
        insert("offset", offset.into());
    }
}

/// Lists M and H bit, vendor, attribute and value of each AVP.
fn on_the_wire(control: &Control<'_>) -> Value {
    let avps = control.avps().map_while(Result::ok).map(|avp| {
        let is_hidden = avp.visibility != Visibility::Clear;
        let (vendor, attribute) = (avp.vendor_id.get(), avp.attribute_type.get());
        json!([u8::from(avp.is_mandatory), u8::from(is_hidden), vendor, attribute, hex::encode(avp.value)])
    });
    avps.collect()
}

/// Lists attribute and value of each AVP that was hidden and is deciphered.
fn revealed(avps: Avps<'_>) -> Vec<Value> {
    let revealed = avps.map_while(Result::ok).filter(|avp| avp.visibility == Visibility::Revealed);
    revealed.map(|avp| json!([avp.attribute_type.get(), hex::encode(avp.value)])).collect()
}
