//! JSON lines: an object a layer of a packet.

use std::io::{self, Write};

use pptp::inspect::{Content, Record};
use serde_json::{Value, json};

use super::json::{self, Object};
use crate::capture::outer::Carrier;
use crate::capture::{Item, Place};

/// Writes JSON lines, which the [module `json`](mod@json) describes.
#[derive(Debug)]
#[non_exhaustive]
pub struct Lines<W> {
    /// Where the lines go.
    pub out: W,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// Writes what an item is about, if it is a layer of a packet.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn item(&mut self, place: &Place, item: Item<'_>) -> io::Result<()> {
        let (object, number) = match item {
            Item::Record(record) => (object(place, record), record.tag),
            Item::L2tp(record) => (json::l2tp(record), record.tag),
            Item::Fragment => {
                let kind = ("k".to_owned(), Value::from("frag"));
                (Some(Object::from_iter([kind, ("frag".to_owned(), true.into())])), place.number)
            }
            _ => return Ok(()),
        };
        let Some(mut object) = object else { return Ok(()) };
        // The number of the frame, as tshark has it, to join both outputs.
        object.insert("n".into(), number.into());
        if let Some((source, destination)) = place.path {
            object.insert("src".into(), source.to_string().into());
            object.insert("dst".into(), destination.to_string().into());
        }
        serde_json::to_writer(&mut self.out, &object)?;
        self.out.write_all(b"\n")
    }
}

/// Returns the object that a record is written as, if it is a layer of a packet.
#[must_use]
pub fn object(place: &Place, record: &Record<'_>) -> Option<Object> {
    match record.content {
        Content::Control { message, .. } => Some(json::control(message)),
        Content::Gre { packet, bytes, .. } => {
            json::gre(bytes).or_else(|| Some(json::refused("gre", bytes, packet.err()?)))
        }
        Content::Frame { frame: Ok(frame), bytes } => {
            let carrier = place.carrier;
            // GRE and UDP have the length of the frame, so its bytes are those that were sent.
            // A serial frame is the captured frame.
            let has_bytes = carrier.is_none_or(Carrier::has_own_length);
            let via = carrier.map_or("gre", Carrier::name);
            Some(json::frame(&frame, via, has_bytes.then_some(bytes)))
        }
        Content::Frame { frame: Err(error), bytes } => Some(json::refused("ppp", bytes, error)),
        Content::ControlProtocol { protocol, packet, bytes } => {
            let name = json::control_protocol_name(protocol)?;
            // One whose options or length are wrong has all that tshark shows of it.
            json::control_protocol(&name, bytes).or_else(|| Some(json::refused("cp", bytes, packet.err()?)))
        }
        Content::Chap { packet: Ok(packet), bytes } => Some(json::chap(&packet, bytes)),
        Content::Pap { packet: Ok(packet), bytes } => Some(json::pap(&packet, bytes)),
        Content::Eap { packet: Ok(packet), bytes } => Some(json::eap(&packet, bytes)),
        Content::Chap { packet: Err(error), bytes } => Some(json::refused("chap", bytes, error)),
        Content::Pap { packet: Err(error), bytes } => Some(json::refused("pap", bytes, error)),
        Content::Eap { packet: Err(error), bytes } => Some(json::refused("eap", bytes, error)),
        Content::ControlUnreadable { error, .. } => Some(json::refused("pptp", &[], error)),
        Content::NotCaptured(cut) => json::not_captured(&cut),
        Content::CompressedData { bytes, .. } => json::compressed_data(bytes),
        Content::Datagram { decrypted: Some(decryption), .. } => {
            let algorithm = decryption.algorithm;
            let object = json!({
                "k": "plain",
                "count": decryption.header.count.get(),
                "bits": algorithm.strength.bits(),
                "stateless": algorithm.mode == mppe::Mode::Stateless,
                "lost": decryption.missed,
                "plain": hex::encode(decryption.plaintext),
            });
            object.as_object().cloned()
        }
        _ => None,
    }
}
