//! Every packet of our recordings and of the public captures: what is read is what tshark reads, field by field.

use alloc::collections::BTreeMap;
use std::fs;
use std::path::Path;

use l2tp_wire::avp::{Avp, Value, Visibility};
use l2tp_wire::code::{AttributeType, MessageType, VendorId};
use l2tp_wire::header::{Carrier, Control, CookieSize, Recipient, SessionHeader, SessionLayout};
use l2tp_wire::hide::{HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, MessageWriter};
use l2tp_wire::{DecodeError, Message, Packet, Secret};
use serde_json::Value as Json;

/// One packet.
pub(crate) struct Row {
    /// The file it is from.
    pub(crate) file: String,
    /// The fields that tshark reads.
    pub(crate) json: Json,
    /// The packet, from the L2TP header on.
    pub(crate) bytes: Vec<u8>,
    /// The carrier of the packet.
    pub(crate) carrier: Carrier,
}

/// Returns all L2TP packets of a folder.
pub(crate) fn rows(folder: &Path) -> Vec<Row> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.retain(|file| !file.to_str().unwrap().contains("decrypted"));
    files.iter().flat_map(|file| rows_of(file)).collect()
}

fn rows_of(file: &Path) -> Vec<Row> {
    let text = fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let objects = text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let packets = objects.filter(|json| json["k"] == "l2tp").map(|json| {
        let mut bytes = hex::decode(json["raw"].as_str().unwrap()).unwrap();
        let mut carrier = if json["carrier"] == "udp" { Carrier::Udp } else { Carrier::Ip };
        if carrier == Carrier::Ip && json["version"] == 2 {
            // A datagram that met a closed port, quoted in ICMP (8) behind its IP (20) and UDP header (8).
            assert_eq!(bytes[..2], [3, 3]);
            bytes.drain(..8 + 20 + 8);
            carrier = Carrier::Udp;
        }
        Row { file: name.to_owned(), json, bytes, carrier }
    });
    packets.collect()
}

/// The number of comparisons.
#[derive(Default)]
struct Tally {
    packets: usize,
    fields: usize,
    avps: usize,
    messages: usize,
    zero_length_bodies: usize,
    data: usize,
    hidden: usize,
    refused: usize,
    /// Attributes whose M bit is not that of the RFC, and the bit.
    other_m: BTreeMap<(AttributeType, bool), usize>,
}

impl Tally {
    #[expect(clippy::needless_pass_by_value, reason = "all are small")]
    fn same<T: PartialEq + core::fmt::Debug>(&mut self, row: &Row, found: T, expected: T) {
        assert_eq!(found, expected, "{} {}", row.file, row.json);
        self.fields += 1;
    }

    fn number(&mut self, row: &Row, key: &str, found: impl Into<u64>) {
        self.same(row, Some(found.into()), row.json[key].as_u64());
    }
}

#[test]
fn every_packet_of_our_recordings() {
    let mut tally = Tally::default();
    for row in super::recorded() {
        check(&row, &mut tally);
    }
    finish("our recordings", &tally);
    assert_eq!((tally.packets, tally.refused), (1448, 0));
    // kl2tpd sets no M bit on Protocol Version. That must not change how it is read.
    assert!(tally.other_m.into_iter().eq([((AttributeType::PROTOCOL_VERSION, false), 2)]));
}

#[test]
fn every_packet_of_the_public_captures() {
    let Some(folder) = super::shared("captures/l2tp/expected") else { return };
    let mut tally = Tally::default();
    for row in rows(&folder) {
        check(&row, &mut tally);
    }
    finish("the public captures", &tally);
    // All sixteen of CVE-2017-13006 lack the S bit, and their Length is beyond the datagram.
    assert_eq!((tally.packets, tally.refused), (323, 16));
    assert!(tally.other_m.is_empty());
}

fn finish(what: &str, tally: &Tally) {
    say!(
        "{what}: {} packets ({} messages, {} ZLBs, {} data, {} refused), {} AVPs ({} hidden), {} fields, 0 differences",
        tally.packets,
        tally.messages,
        tally.zero_length_bodies,
        tally.data,
        tally.refused,
        tally.avps,
        tally.hidden,
        tally.fields
    );
    for ((attribute_type, is_mandatory), count) in &tally.other_m {
        say!("  {count} times {attribute_type} with M = {}", u8::from(*is_mandatory));
    }
}

fn check(row: &Row, tally: &mut Tally) {
    let packet = match row.carrier {
        Carrier::Udp => Packet::decode_udp(&row.bytes),
        Carrier::Ip => Packet::decode_ip(&row.bytes),
    };
    match packet {
        Ok(Packet::Control(control)) => check_control(row, &control, tally),
        Ok(Packet::DataV2 { .. }) => check_data(row, tally),
        Ok(Packet::DataV3 { session_id, rest }) => check_data_v3(row, session_id, rest, tally),
        Err(error) => {
            assert_eq!(row.file, "bad-l2tp-avp-overflow.pcap.jsonl");
            assert_eq!(error, DecodeError::ControlFlags { found: 0xf002 });
            tally.refused += 1;
        }
    }
    tally.packets += 1;
}

fn check_control(row: &Row, control: &Control<'_>, tally: &mut Tally) {
    tally.same(row, Some(true), row.json["control"].as_bool());
    tally.number(row, "length", u32::try_from(control.bytes().len()).unwrap());
    tally.number(row, "ns", control.header.ns);
    tally.number(row, "nr", control.header.nr);
    match control.header.recipient {
        Recipient::V2 { tunnel_id, session_id } => {
            tally.number(row, "version", 2u32);
            tally.number(row, "tunnel_id", tunnel_id);
            tally.number(row, "session_id", session_id);
        }
        Recipient::V3 { control_connection_id } => {
            tally.number(row, "version", 3u32);
            tally.number(row, "ccid", control_connection_id);
        }
    }
    tally.same(row, control.is_zero_length_body(), row.json["zlb"] == true);
    let mut avps = control.avps();
    for expected in row.json["avps"].as_array().unwrap() {
        let avp = avps.next().unwrap().unwrap();
        tally.same(row, u64::from(avp.is_mandatory), expected[0].as_u64().unwrap());
        tally.same(row, avp.visibility != Visibility::Clear, expected[1] == 1);
        // tshark says nothing of the vendor of a hidden AVP.
        if let Some(vendor) = expected[2].as_u64() {
            tally.same(row, u64::from(avp.vendor_id.get()), vendor);
        }
        tally.same(row, Some(u64::from(avp.attribute_type.get())), expected[3].as_u64());
        tally.same(row, Some(hex::encode(avp.value).as_str()), expected[4].as_str());
        tally.avps += 1;
    }
    assert!(avps.next().is_none());
    if control.is_zero_length_body() {
        tally.zero_length_bodies += 1;
        return;
    }
    let (message_type, _) = control.avps().message_type().unwrap();
    tally.number(row, "message", message_type.get());
    check_message(row, message_type, tally);
    tally.messages += 1;
}

/// Reads the message with the secret of the recordings that hide; writes it again, AVP by AVP and as a whole.
fn check_message(row: &Row, message_type: MessageType, tally: &mut Tally) {
    let mut bytes = row.bytes.clone();
    let (header, avps) = reveal(&mut bytes, &HidingKey::v2(&Secret::new(b"opensesame").unwrap())).unwrap();
    let version = header.recipient.version();
    let decoded = Message::decode(version, avps.clone()).unwrap();
    assert_eq!((decoded.message.message_type(), decoded.refusal), (message_type, None), "{}", row.json);
    let mut hidden = false;
    let mut buf = [0; 2048];
    let mut writer = MessageWriter::new(header, &mut buf).unwrap();
    for avp in avps {
        let avp = avp.unwrap();
        let value = avp.decode(message_type).unwrap();
        // Nothing that the RFCs define is read as unknown, and everything else is.
        let is_unknown = matches!(value, Value::Unknown(_));
        assert_eq!(is_unknown, avp.vendor_id != VendorId::IETF, "{avp:?}");
        if avp.visibility == Visibility::Revealed {
            tally.hidden += 1;
            hidden = true;
        }
        writer.put(&value).unwrap();
    }
    if !hidden {
        let written = writer.finish().unwrap();
        same_but_mandatory(row, written, tally);
    }
    // And as a whole: the order may change, and what belongs to no such message is left out.
    let mut buf = [0; 2048];
    let again = decoded.message.encode(&header, &EncodeOptions::new(), &mut buf).unwrap();
    let control = Control::decode(again).unwrap();
    assert_eq!(Message::decode(version, control.avps()).unwrap(), decoded, "{}", row.json);
}

/// Asserts that a message written again differs only in M bits, and only where the peer's are not
/// those of the RFC.
fn same_but_mandatory(row: &Row, written: &[u8], tally: &mut Tally) {
    let original = Control::decode(&row.bytes).unwrap();
    let again = Control::decode(written).unwrap();
    assert_eq!(again.header, original.header);
    assert_eq!(again.bytes().len(), original.bytes().len());
    for (again, original) in again.avps().zip(original.avps()) {
        let (again, original) = (again.unwrap(), original.unwrap());
        assert_eq!(Avp { is_mandatory: original.is_mandatory, ..again }, original);
        if again.is_mandatory != original.is_mandatory {
            *tally.other_m.entry((original.attribute_type, original.is_mandatory)).or_default() += 1;
        }
    }
}

fn check_data(row: &Row, tally: &mut Tally) {
    let Ok(Packet::DataV2 { header, payload }) = Packet::decode_udp(&row.bytes) else { panic!("not data") };
    tally.number(row, "version", 2u32);
    tally.same(row, Some(false), row.json["control"].as_bool());
    tally.number(row, "tunnel_id", header.tunnel_id);
    tally.number(row, "session_id", header.session_id);
    tally.same(row, header.sequence.map(|sequence| sequence.ns.into()), row.json["ns"].as_u64());
    tally.same(row, header.sequence.map(|sequence| sequence.nr.into()), row.json["nr"].as_u64());
    tally.same(row, header.offset_size.map(u64::from), row.json["offset"].as_u64());
    tally.same(row, header.has_length, row.json["length"].is_u64());
    let mut buf = [0; 32];
    let written = header.encode(payload.len(), &mut buf).unwrap();
    // Flags and Length too.
    assert_eq!([written, payload].concat(), row.bytes);
    tally.number(row, "flags", u16::from_be_bytes([written[0], written[1]]));
    tally.data += 1;
}

fn check_data_v3(row: &Row, session_id: u32, rest: &[u8], tally: &mut Tally) {
    tally.number(row, "version", 3u32);
    tally.number(row, "session_id", session_id);
    // No packet says how it looks; the file does.
    let cookie = row.json["cookie"].as_str();
    let cookie_size = match cookie.map(str::len) {
        None => CookieSize::Zero,
        Some(8) => CookieSize::Four,
        Some(16) => CookieSize::Eight,
        Some(other) => panic!("{other}"),
    };
    let layout = SessionLayout { cookie_size, has_sublayer: row.json["s"].is_u64() };
    let (found, sublayer, payload) = layout.decode(row.carrier, rest).unwrap();
    tally.same(row, found.to_string(), cookie.unwrap_or_default().to_owned());
    if let Some(sublayer) = sublayer {
        let number = u32::from_be_bytes(sublayer.to_bytes());
        tally.number(row, "s", number >> 30 & 1);
        tally.number(row, "sequence", number & 0x00ff_ffff);
        tally.same(row, sublayer.sequence().is_some(), row.json["s"] == 1);
    }
    let mut buf = [0; SessionHeader::MAX_LEN];
    let header = SessionHeader { session_id, cookie: found, sublayer };
    let written = header.encode(row.carrier, &mut buf).unwrap();
    assert_eq!([written, payload].concat(), row.bytes);
    tally.data += 1;
}
