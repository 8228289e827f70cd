//! Writes the corpora of the fuzz targets, `fuzz/corpus`, from our captures.
//!
//! `cargo run -p pptp-interop --example corpus`

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::Path;

use ppp_fsm::{Protocol, chap};
use pptp::inspect::{Content, Inspector, Secrets};
use pptp_interop::{about, capture_names, captures};
use vpdn::capture::{self as reader, Item};

/// The most inputs of one kind in a corpus.
const MAX_OF_A_KIND: usize = 3;

#[derive(Default)]
struct Corpora {
    /// Target and kind of input, and the inputs.
    inputs: BTreeMap<(&'static str, String), Vec<Vec<u8>>>,
}

impl Corpora {
    fn add(&mut self, target: &'static str, kind: impl ToString, input: &[u8]) {
        let inputs = self.inputs.entry((target, kind.to_string())).or_default();
        if inputs.len() < MAX_OF_A_KIND && !inputs.iter().any(|known| known == input) {
            inputs.push(input.to_vec());
        }
    }

    fn add_content(&mut self, content: &Content<'_>) {
        match *content {
            Content::Control { message, .. } => {
                let bytes = message.to_vec();
                self.add("wire_decode", message.name(), &bytes);
                self.add("wire_roundtrip", message.name(), &bytes);
            }
            Content::Gre { packet: Ok(packet), bytes, .. } => {
                let kind = packet.header.flags();
                self.add("gre_pair", kind, bytes);
                self.add("gre_decode", kind, bytes);
                self.add("gre_roundtrip", kind, bytes);
            }
            Content::Frame { frame: Ok(frame), bytes } => {
                for target in ["ppp_hdlc", "ppp_authentication", "ppp_link", "ppp_pair"] {
                    self.add(target, frame.protocol, bytes);
                }
                self.add("ppp_frame", format!("{} {}", frame.protocol, frame.address_control), bytes);
                // Sessions are slow, so that one of a kind has to do: after a set-up of so many steps, at one of the sides.
                let is_known = self.inputs.contains_key(&("session_pair", frame.protocol.to_string()));
                for (rounds, step) in [(4, 0x11), (9, 0x01), (23, 0x11)].into_iter().filter(|_| !is_known) {
                    let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
                    let input = [&[0, 2, rounds, step, length][..], bytes, &[0x0f, 0x1f, 8, 50]].concat();
                    self.add("session_hostile", format!("{} {rounds}", frame.protocol), &input);
                }
                if !is_known {
                    // A schedule as good as any.
                    self.add("session_pair", frame.protocol, &[&[0, 2], bytes, &bytes[..bytes.len() / 2]].concat());
                }
            }
            Content::ControlProtocol { protocol, packet: Ok(packet), bytes } => {
                self.add("ppp_packet", format!("{protocol} {}", packet.code), bytes);
                if packet.code.has_options() && protocol != Protocol::CDPCP {
                    self.add("ppp_options", format!("{protocol} {}", packet.code), packet.data);
                }
            }
            Content::Chap { packet: Ok(packet), bytes } => {
                self.add("ppp_packet", format!("CHAP {}", packet.message.code()), bytes);
                match packet.message {
                    chap::Message::Success(text) => self.add("mschap_text", "success", text.0),
                    chap::Message::Failure(text) => self.add("mschap_text", "failure", text.0),
                    chap::Message::Challenge(value) | chap::Message::Response(value) => {
                        self.add("mschap_response", value.value.len(), value.value);
                    }
                    _ => {}
                }
            }
            Content::Pap { bytes, .. } => self.add("ppp_packet", "PAP", bytes),
            Content::CompressedData { header: Some(header), bytes } => {
                self.add("mppe_header", header.flags, bytes);
            }
            _ => {}
        }
    }
}

/// Adds the packets of our L2TP recordings, from what tshark reads in them.
fn add_l2tp(corpora: &mut Corpora) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures-l2tp/expected");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for line in files.iter().flat_map(|file| pptp_interop::json_lines(file)) {
        let (Some(raw), Some(version)) = (line["raw"].as_str(), line["version"].as_u64()) else { continue };
        // Those of version 2 over "IP" are quotations in ICMP.
        if line["carrier"] == "ip" && version == 2 {
            continue;
        }
        let bytes = hex::decode(raw).unwrap();
        if line["control"] == true {
            let hidden = line["avps"].as_array().is_some_and(|avps| avps.iter().any(|avp| avp[1] == 1));
            let kind = format!("{version} {} {hidden}", line["message"]);
            corpora.add("l2tp_control", &kind, &bytes);
            corpora.add("l2tp_avp", &kind, bytes.get(12..).unwrap_or_default());
        } else {
            let kind = format!("{version} {} {} {}", line["carrier"], line["flags"], line["cookie"]);
            corpora.add("l2tp_data", kind, &bytes[..bytes.len().min(64)]);
        }
    }
}

/// The longest input that is a whole dialog, in bytes: many are tried for each.
const DIALOG: usize = 700;

/// Adds the beginning of each of our L2TP recordings as an input of the inspector: for each packet
/// the way that it travels, its length, its bytes. Strangers and forgers send between them.
fn add_dialogs(corpora: &mut Corpora) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures-l2tp/expected");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let (mut dialog, mut first) = (Vec::new(), None);
        let mut add = |how: u8, bytes: &[u8]| {
            dialog.push(how);
            dialog.extend(u16::try_from(bytes.len()).unwrap().to_be_bytes());
            dialog.extend(bytes);
            dialog.len()
        };
        for line in pptp_interop::json_lines(&file) {
            let (Some(raw), Some(source)) = (line["raw"].as_str(), line["src"].as_str()) else { continue };
            let client = first.get_or_insert_with(|| source.to_owned());
            let how = u8::from(line["carrier"] == "ip") | u8::from(source != client) << 1;
            let bytes = hex::decode(raw).unwrap();
            if bytes.len() < 100 {
                add(how | 1 << 3, &bytes);
            }
            // A Hello, and data, for ids that are a guess.
            add(how | 2 << 3, &[2, 0x77, 0x55, 0x33, 0x11, 0, 1, 0, 1]);
            add(how | 2 << 3, &[1, 0x77, 0x55, 0x33, 0x11, 0xff, 3, 0xc0, 0x21, 9]);
            if add(how, &bytes) > DIALOG {
                break;
            }
        }
        if !dialog.is_empty() {
            let kind = file.file_stem().unwrap().to_string_lossy()[..2].to_owned();
            corpora.add("l2tp_inspect", kind, &dialog);
        }
    }
}

fn main() {
    let mut corpora = Corpora::default();
    for capture in capture_names() {
        let mut streams: BTreeMap<_, Vec<u8>> = BTreeMap::new();
        let mut encrypted = Vec::new();
        let secrets = Secrets::new().with_password(None, &about(&capture, "password"));
        let mut inspector = Inspector::new(secrets);
        let file = File::open(captures().join(&capture).join("client.pcap")).unwrap();
        let report = reader::read(file, &mut inspector, |_, item| {
            let Item::Record(record) = item else { return };
            corpora.add_content(&record.content);
            if let Content::Control { source, message, .. } = record.content {
                streams.entry(source).or_default().extend(message.to_vec());
            }
            if let Content::CompressedData { bytes, .. } = record.content {
                encrypted.extend(bytes.iter().take(64).copied());
            }
        });
        assert_eq!(report.outcome, Ok(()));
        // The start of the capture, and of one that is read packet by packet.
        let bytes = fs::read(captures().join(&capture).join("client.pcap")).unwrap();
        let start = &bytes[..bytes.len().min(4096)];
        corpora.add("inspect_capture", &capture[..1], start);
        corpora.add("inspect_packets", &capture[..1], &start[24..]);
        for (index, stream) in streams.into_values().enumerate() {
            // The first byte says how the stream is cut.
            let stream = [&[13], &stream[..]].concat();
            corpora.add("wire_stream", index, &stream);
            corpora.add("control_stream", index, &stream);
            corpora.add("control_ops", index, &stream);
        }
        encrypted.truncate(640);
        if !encrypted.is_empty() {
            corpora.add("mppe_garbage", "packets", &[&[64], &encrypted[..]].concat());
        }
    }
    add_l2tp(&mut corpora);
    add_dialogs(&mut corpora);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for ((target, _), inputs) in corpora.inputs {
        let folder = folder.join(target);
        fs::create_dir_all(&folder).unwrap();
        for input in inputs {
            let mut hasher = DefaultHasher::new();
            input.hash(&mut hasher);
            fs::write(folder.join(format!("{:016x}", hasher.finish())), input).unwrap();
        }
    }
}
