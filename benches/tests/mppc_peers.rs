//! Our MPPC streams, read by the decoders of FreeRDP and IronRDP and by the model; theirs, read by ours.
#![expect(clippy::unwrap_used, reason = "a test that goes wrong stops")]

use std::io::Write as _;

use mppc::level::{self, Level};
use mppc::{Compressor, Decompressor, Expansion, Flags};
use pptp_benches::mppc::corpus::{self, Corpus};
use pptp_benches::mppc::foreign::FreeRdp;
use pptp_benches::mppc::{SETTINGS, Setting, Stream, ironrdp, send, send_freerdp};
use testing::mppc::{self as reference, Reference};

/// Enough to go round the history dozens of times.
const PACKETS: usize = 300;

fn corpora() -> Vec<Corpus> {
    corpus::compressible().into_iter().chain(corpus::extreme()).collect()
}

fn freerdp() -> Option<FreeRdp> {
    let library = FreeRdp::load();
    if library.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: libfreerdp2.so.2 is not there (Debian: apt-get install libfreerdp2-2)"
        );
    }
    library
}

/// Checks that every decoder reads a stream of ours, and that the stream keeps the rules.
fn check(name: &str, stream: &Stream, packets: &[Vec<u8>], library: Option<FreeRdp>) {
    let mut decompressor = Box::new(Decompressor::new());
    let mut model = Reference::new();
    let mut ironrdp = ironrdp();
    let mut freerdp = library.map(|library| library.context(false));
    for (index, ((flags, payload), packet)) in stream.iter().zip(packets).enumerate() {
        let decoded = decompressor.decompress(Flags::from_bits(*flags), payload, packet.len());
        assert_eq!(reference::same(&decoded, &model.decode(*flags, payload, packet.len())), Ok(()), "{name}");
        assert!(decoded == Ok(packet), "{name}, packet {index}: our decoder");
        assert!(model.broken_rules.is_empty(), "{name}, packet {index}: {:?}", model.broken_rules);
        let decoded = ironrdp.decompress(payload, u32::from(*flags)).unwrap();
        assert!(decoded == packet, "{name}, packet {index}: IronRDP");
        if let Some(freerdp) = &mut freerdp {
            let decoded = freerdp.decompress(*flags, payload);
            assert!(decoded == Some(packet), "{name}, packet {index}: FreeRDP");
        }
    }
}

fn check_level<L: Level>(level: L, setting: Setting, corpus: &Corpus, packets: &[Vec<u8>], library: Option<FreeRdp>) {
    for expansion in [Expansion::Flush, Expansion::Keep] {
        for look_back in [true, false] {
            let compressor = Compressor::new(level).with_expansion(expansion).with_look_back(look_back);
            let stream = send(&mut Box::new(compressor), packets, setting.flush);
            let name = format!("{}, {setting}, {level:?}, {expansion:?}, look back {look_back}", corpus.name);
            check(&name, &stream, packets, library);
        }
    }
}

#[test]
fn everybody_reads_our_streams() {
    let library = freerdp();
    // Odd sizes meet the end of the ring at every distance.
    let odd = [97, 733, 1499].map(|size| Setting { size, flush: false });
    for setting in SETTINGS.into_iter().chain(odd) {
        for corpus in corpora() {
            let packets: Vec<_> = corpus.packets(setting.size).into_iter().take(PACKETS).collect();
            check_level(level::Fast, setting, &corpus, &packets, library);
            check_level(level::Default, setting, &corpus, &packets, library);
            check_level(level::Max, setting, &corpus, &packets, library);
        }
    }
}

#[test]
fn we_read_everybodys_streams() {
    let library = freerdp();
    for setting in SETTINGS {
        for corpus in corpora() {
            let packets: Vec<_> = corpus.packets(setting.size).into_iter().take(PACKETS).collect();
            let mut streams = Vec::new();
            if let Some(library) = library {
                streams.push(send_freerdp(&mut library.context(true), &packets, setting.flush));
            }
            let mut codec = ironrdp();
            let of_ironrdp = |packet: &Vec<u8>| {
                let (length, flags) = codec.compress(packet).unwrap();
                let compressed = flags & 0x20 != 0;
                let payload = if compressed { codec.compressed_data(length).to_vec() } else { packet.clone() };
                (u8::try_from(flags & 0xf0).unwrap(), payload)
            };
            streams.push(packets.iter().map(of_ironrdp).collect());
            for stream in streams {
                let mut decompressor = Box::new(Decompressor::new());
                for ((flags, payload), packet) in stream.iter().zip(&packets) {
                    let decoded = decompressor.decompress(Flags::from_bits(*flags), payload, packet.len());
                    assert!(decoded == Ok(packet), "{}, {setting}", corpus.name);
                }
            }
        }
    }
}

/// The inputs of the shared vectors, where they are: streams of ours for each are read by everybody.
#[test]
fn everybody_reads_our_streams_for_the_inputs_of_the_vectors() {
    let default = || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PPTP_SHARED").map_or_else(default, std::path::PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("vectors/mppc/peers.json")) else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no vectors at {}", folder.display());
        return;
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let library = freerdp();
    let inputs = file["inputs"].as_object().unwrap();
    for (name, packets) in inputs {
        let packets: Vec<Vec<u8>> =
            packets.as_array().unwrap().iter().map(|packet| hex::decode(packet.as_str().unwrap()).unwrap()).collect();
        for flush in [false, true] {
            for expansion in [Expansion::Flush, Expansion::Keep] {
                let stream = |level: usize| match level {
                    0 => send(&mut Box::new(Compressor::new(level::Fast).with_expansion(expansion)), &packets, flush),
                    1 => {
                        send(&mut Box::new(Compressor::new(level::Default).with_expansion(expansion)), &packets, flush)
                    }
                    _ => send(&mut Box::new(Compressor::new(level::Max).with_expansion(expansion)), &packets, flush),
                };
                for level in 0..3 {
                    check(name, &stream(level), &packets, library);
                }
            }
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{} inputs of the vectors, {} decoders",
        inputs.len(),
        3 + usize::from(library.is_some())
    );
}
