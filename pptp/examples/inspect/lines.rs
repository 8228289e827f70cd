//! JSON lines: an object a layer of a packet.

use std::io::{self, Write};

use ppp_fsm::Protocol;
use pptp::inspect::{Content, Record};
use serde_json::{Value, json};

use crate::feed::{Item, Place};
use crate::json::{self, Object};
use crate::outer::{Address, Path};

/// Writes JSON lines.
pub struct Lines<W> {
    /// Where the lines go.
    pub out: W,
    /// The objects of the frame at hand: their addresses are known when all of it was seen.
    objects: Vec<Object>,
    path: Option<Path>,
}

impl<W: Write> Lines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, objects: Vec::new(), path: None }
    }

    /// Takes an item; a frame is written when it has ended.
    pub fn item(&mut self, place: &Place, item: Item<'_>) -> io::Result<()> {
        match item {
            Item::Record(record) => {
                self.path = place.path;
                self.objects.extend(object(place, record).map(|mut object| {
                    object.insert("n".into(), record.tag.into());
                    object
                }));
                // The addresses are those of the innermost IP header in the clear.
                if let Content::Datagram { protocol: Protocol::IP, octets, decrypted: None } = record.content {
                    if let Ok(header) = etherparse::Ipv4HeaderSlice::from_slice(octets) {
                        let [source, destination] = [header.source_addr(), header.destination_addr()];
                        self.path = Some((Address::Ip(source.into()), Address::Ip(destination.into())));
                    }
                }
            }
            Item::Fragment => {
                self.path = place.path;
                self.objects.push(Object::from_iter([
                    ("k".to_owned(), Value::from("frag")),
                    ("frag".to_owned(), true.into()),
                    ("n".to_owned(), place.number.into()),
                ]));
            }
            Item::Tunnelled => self.path = place.path,
            Item::FrameEnd => {
                for mut object in self.objects.drain(..) {
                    if let Some((source, destination)) = self.path {
                        object.insert("src".into(), source.to_string().into());
                        object.insert("dst".into(), destination.to_string().into());
                    }
                    serde_json::to_writer(&mut self.out, &object)?;
                    self.out.write_all(b"\n")?;
                }
                self.path = None;
            }
        }
        Ok(())
    }
}

/// The object that a record is written as, if it is a layer of a packet.
pub fn object(place: &Place, record: &Record<'_>) -> Option<Object> {
    match record.content {
        Content::Control { message, .. } => Some(json::control(message)),
        Content::Gre { octets, .. } => json::gre(octets),
        Content::Frame { frame: Ok(frame), octets } => {
            let carrier = place.carrier;
            // A serial frame is the captured frame.
            let has_octets = carrier.is_none_or(crate::outer::Carrier::has_own_length);
            let via = carrier.map_or("gre", crate::outer::Carrier::name);
            Some(json::frame(&frame, via, has_octets.then_some(octets)))
        }
        Content::ControlProtocol { protocol, octets, .. } => {
            json::control_protocol(json::control_protocol_name(protocol)?, octets)
        }
        Content::Chap { packet: Ok(packet), octets } => Some(json::chap(&packet, octets)),
        Content::Pap { packet: Ok(packet), octets } => Some(json::pap(&packet, octets)),
        Content::Eap { packet: Ok(packet), octets } => Some(json::eap(&packet, octets)),
        Content::CompressedData { octets, .. } => json::compressed_data(octets),
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
