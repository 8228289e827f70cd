//! Every record of the public captures, read by the codecs and compared field by field with what tshark reads.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use ppp_fsm::{Frame, chap, eap, pap};
use pptp_interop::{Tally, bytes, json_lines, shared};
use pptp_wire::Message;
use serde_json::Value;
use vpdn::capture::file;
use vpdn::capture::outer::{Carried, Outer};
use vpdn::show::json::{self, Object};

/// Members that say where a record is from, not what it is.
const PLACE: [&str; 3] = ["n", "src", "dst"];

/// Returns the PPP frames of a capture that are not in GRE, by the number of the captured frame:
/// the records of some carriers do not have their bytes.
fn frames(capture: &Path) -> BTreeMap<u64, Vec<Vec<u8>>> {
    let mut frames: BTreeMap<u64, Vec<Vec<u8>>> = BTreeMap::new();
    let mut outer = Outer::default();
    let (_, result) = file::read(File::open(capture).unwrap(), |frame| {
        outer.handle(&frame, &mut |carried| {
            if let Carried::Frame { bytes, .. } = carried {
                frames.entry(frame.number).or_default().push(bytes.to_vec());
            }
        });
    });
    assert_eq!(result, Ok(()), "{}", capture.display());
    frames
}

/// Returns what the codecs read in the bytes of a record.
fn read(expected: &Value, frames: &BTreeMap<u64, Vec<Vec<u8>>>) -> Result<Object, String> {
    let raw = expected.get("raw").map(|_| bytes(expected, "raw"));
    let raw = raw.as_deref();
    let bytes = raw.unwrap_or_default();
    match expected["k"].as_str().unwrap() {
        "pptp" => {
            let (message, rest) = Message::decode(bytes).map_err(|error| error.to_string())?;
            assert!(rest.is_empty());
            Ok(json::control(&message))
        }
        "gre" => {
            let refused = pptp_gre::Packet::decode(bytes).err();
            let expected = (expected["version"] == 0).then_some(pptp_gre::DecodeError::Version { found: 0 });
            assert_eq!(refused, expected, "a packet of another version, and no other, is refused");
            Ok(json::gre(bytes).unwrap())
        }
        "ppp" => {
            let number = expected["n"].as_u64().unwrap();
            let frame = raw.or_else(|| frames.get(&number)?.first().map(Vec::as_slice)).ok_or("no bytes")?;
            let frame = Frame::decode(frame).map_err(|error| error.to_string())?;
            Ok(json::frame(&frame, expected["via"].as_str().unwrap(), raw))
        }
        "cp" => {
            let packet = ppp_fsm::Packet::decode(bytes).map_err(|error| error.to_string())?;
            if packet.code.has_options() {
                // One packet of all has an option that goes past the end: those before it are read
                // nevertheless.
                let whole = packet.options().all(|option| option.is_ok());
                assert_eq!(whole, packet.data.len() < 1000, "{}", packet.data.len());
            }
            json::control_protocol(expected["proto"].as_str().unwrap(), bytes).ok_or_else(|| "no packet".into())
        }
        "chap" => Ok(json::chap(&chap::Packet::decode(bytes).map_err(|error| error.to_string())?, bytes)),
        "pap" => Ok(json::pap(&pap::Packet::decode(bytes).map_err(|error| error.to_string())?, bytes)),
        "eap" => Ok(json::eap(&eap::Packet::decode(bytes).map_err(|error| error.to_string())?, bytes)),
        "comp" => Ok(json::compressed_data(bytes).unwrap()),
        kind => panic!("a record of kind {kind}"),
    }
}

/// Returns what differs between two objects, member by member.
fn differences(expected: &Object, found: &Object) -> Vec<String> {
    let names = expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name)));
    let differs = |name: &&String| !PLACE.contains(&name.as_str()) && expected.get(*name) != found.get(*name);
    let show = |value: Option<&Value>| value.map_or("absent".to_owned(), ToString::to_string);
    let difference =
        |name: &String| format!("{name} is {} for us, {} for tshark", show(found.get(name)), show(expected.get(name)));
    names.filter(differs).map(difference).collect()
}

/// Returns why we read something differently, on purpose.
fn reason(difference: &str) -> Option<&'static str> {
    if difference.starts_with("bad-pap-truncated.pcap:1: pap: message.length is absent") {
        return Some("the packet's length is 4, so the next byte, 0x94, is padding and no message length");
    }
    if difference.starts_with("bad-ipcp-length.pcap:1: cp: options is [[2,218,") {
        return Some(
            "we list every option before the one that goes past the end, tshark only the one whose type it knows",
        );
    }
    None
}

#[test]
fn every_record_of_the_public_captures() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("captures/expected");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut tally = Tally::default();
    let mut passed_over = 0;
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let Some(capture) = name.strip_suffix(".jsonl").filter(|name| !name.ends_with(".decrypted")) else { continue };
        let frames = frames(&shared.join("captures").join(capture));
        for expected in json_lines(&file) {
            let kind = expected["k"].as_str().unwrap();
            // tshark's own complaints.
            if kind == "expert" {
                passed_over += 1;
                continue;
            }
            let place = format!("{capture}:{}", expected["n"]);
            match read(&expected, &frames) {
                Ok(found) => tally.record(kind, &place, &differences(expected.as_object().unwrap(), &found)),
                Err(error) => tally.record(kind, &place, &[error]),
            }
        }
    }
    pptp_interop::say!("passed over: {passed_over} complaints of tshark");
    tally.finish("public captures", reason);
    // As many as there are: none is lost on the way.
    assert_eq!(tally.total() + 2, 1206);
}
