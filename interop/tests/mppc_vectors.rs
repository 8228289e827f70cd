//! MPPC streams of other implementations, and ours for all their inputs.

use mppc::{Compressor, Decompressor, Expansion, Flags, level};
use pptp_interop::{json_file, shared};
use serde_json::Value;
use testing::mppc::{self as reference, Reference};

fn hex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn flags(packet: &Value) -> u8 {
    u8::try_from(packet["flags"].as_u64().unwrap()).unwrap()
}

/// Returns what was sent of a packet of an input: left out in the file where it is the packet
/// itself.
fn payload(packet: &Value, plain: &[u8]) -> Vec<u8> {
    if flags(packet) & 0x20 == 0 { plain.to_vec() } else { hex(&packet["payload"]) }
}

/// Returns the plain packets of an input.
fn input(file: &Value, name: &str) -> Vec<Vec<u8>> {
    file["inputs"][name].as_array().unwrap().iter().map(hex).collect()
}

/// Reads one packet with the decoder and the model, which have to agree.
struct Reader {
    decompressor: Box<Decompressor>,
    model: Reference,
}

impl Reader {
    fn new() -> Self {
        Self { decompressor: Box::new(Decompressor::new()), model: Reference::new() }
    }

    fn read(&mut self, flags: u8, payload: &[u8]) -> Option<Vec<u8>> {
        let decoded = self.decompressor.decompress(Flags::from_bits(flags), payload, 8192);
        let expected = self.model.decode(flags, payload, 8192);
        assert_eq!(reference::same(&decoded, &expected), Ok(()));
        decoded.ok().map(<[u8]>::to_vec)
    }
}

#[test]
fn streams_of_other_implementations_are_read() {
    let Some(shared) = shared() else { return };
    let mut packets = 0;
    for file in ["mppc/peers.json", "mppc/freerdp-tests.json"] {
        let file = json_file(&shared.join("vectors").join(file));
        for case in file["cases"].as_array().unwrap() {
            let id = case["id"].as_str().unwrap();
            let plain = case["input"].as_str().map(|name| input(&file, name));
            let mut reader = Reader::new();
            for (index, packet) in case["packets"].as_array().unwrap().iter().enumerate() {
                let expected = match &plain {
                    Some(plain) => plain[index].clone(),
                    None => hex(&packet["plain"]),
                };
                let payload = if plain.is_some() { payload(packet, &expected) } else { hex(&packet["payload"]) };
                assert_eq!(reader.read(flags(packet), &payload), Some(expected), "{id}, packet {index}");
                packets += 1;
            }
        }
    }
    pptp_interop::say!("{packets} packets read");
    assert!(packets > 500);
}

#[test]
fn malformed_packets_are_refused() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/mppc/peers.json"));
    let cases = file["malformed"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let id = case["id"].as_str().unwrap();
        let mut reader = Reader::new();
        let (last, good) = case["packets"].as_array().unwrap().split_last().unwrap();
        for packet in good {
            assert!(reader.read(flags(packet), &hex(&packet["payload"])).is_some(), "{id}");
        }
        assert_eq!(reader.read(flags(last), &hex(&last["payload"])), None, "{id}");
        assert!(!reader.decompressor.is_synchronized());
    }
}

#[test]
fn our_streams_for_all_inputs_are_read_and_keep_the_rules() {
    fn check<L: level::Level>(name: &str, mut compressor: Compressor<L>, packets: &[Vec<u8>], flush: bool) -> usize {
        let mut reader = Reader::new();
        let mut buf = [0; 8192];
        let mut total = 0;
        for packet in packets {
            if flush {
                compressor.flush();
            }
            let sent = compressor.compress(packet, &mut buf).unwrap();
            assert_eq!(reader.read(sent.flags.bits(), sent.payload).as_ref(), Some(packet), "{name}");
            assert_eq!((&reader.model.broken_rules, name), (&Vec::new(), name));
            total += sent.payload.len();
        }
        total
    }
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/mppc/peers.json"));
    for name in file["inputs"].as_object().unwrap().keys() {
        let packets = input(&file, name);
        for flush in [false, true] {
            for expansion in [Expansion::Flush, Expansion::Keep] {
                let fast = Compressor::new(level::Fast).with_expansion(expansion);
                let default = Compressor::new(level::Default).with_expansion(expansion);
                let max = Compressor::new(level::Max).with_expansion(expansion);
                let no_look_back = Compressor::new(level::Max).with_expansion(expansion).with_look_back(false);
                let plain: usize = packets.iter().map(Vec::len).sum();
                let fast = check(name, fast, &packets, flush);
                let default = check(name, default, &packets, flush);
                let max = check(name, max, &packets, flush);
                check(name, no_look_back, &packets, flush);
                pptp_interop::say!("{name:12} flush {flush:5} {expansion:?}: {plain} bytes, {fast} {default} {max}");
            }
        }
    }
}

/// Every stream that somebody made of an input is longer than ours.
#[test]
fn nobody_makes_smaller_packets() {
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/mppc/peers.json"));
    let mut compared = 0;
    for case in file["cases"].as_array().unwrap() {
        let Some(name) = case["input"].as_str() else { continue };
        let theirs: usize = case["packets"]
            .as_array()
            .unwrap()
            .iter()
            .zip(input(&file, name))
            .map(|(packet, plain)| payload(packet, &plain).len())
            .sum();
        let mut compressor = Compressor::new(level::Max);
        let mut buf = [0; 8192];
        let ours =
            input(&file, name).iter().zip(case["packets"].as_array().unwrap()).fold(0, |total, (plain, packet)| {
                // Where they flushed, we do.
                if flags(packet) & 0x80 != 0 {
                    compressor.flush();
                }
                total + compressor.compress(plain, &mut buf).unwrap().payload.len()
            });
        assert!(ours <= theirs, "{}: {ours}, theirs {theirs}", case["id"]);
        compared += 1;
    }
    assert!(compared > 30);
}

#[test]
fn samples_of_the_rfc() {
    fn payload(bits: &str) -> Vec<u8> {
        let value =
            |byte: &[u8]| byte.iter().enumerate().fold(0, |value, (index, bit)| value | (bit & 1) << (7 - index));
        bits.as_bytes().chunks(8).map(value).collect()
    }
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let Some(shared) = shared() else { return };
    let file = json_file(&shared.join("vectors/rfc.json"));
    let samples = &file["rfc2118_mppc"];
    for sample in samples["literals"].as_array().unwrap() {
        let stream = payload(sample["bits"].as_str().unwrap());
        assert_eq!(Reader::new().read(0x20, &stream), Some(hex(&sample["octet"])));
    }
    for sample in samples["offsets"].as_array().unwrap() {
        // As many different literals as the offset says, then a copy of three.
        let offset = number(&sample["offset"]);
        let literals: Vec<u8> = (0..=127).cycle().take(offset).collect();
        let copy = payload(&format!("{}0", sample["bits"].as_str().unwrap()));
        let read = Reader::new().read(0x20, &[&literals[..], &copy].concat());
        assert_eq!(read, Some([&literals[..], &literals[..3]].concat()));
    }
    for sample in samples["lengths"].as_array().unwrap() {
        let stream = payload(&format!("011000011111000001{}", sample["bits"].as_str().unwrap()));
        assert_eq!(Reader::new().read(0x20, &stream), Some(vec![b'a'; 1 + number(&sample["length"])]));
    }
    let example = &samples["string_example"];
    assert_eq!(Reader::new().read(0xe0, &hex(&example["wire_payload_derived"])), Some(hex(&example["plain"])));
}
