//! MPPC beside FreeRDP, IronRDP and zlib.
#![expect(
    clippy::exhaustive_structs,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::wildcard_enum_match_arm,
    reason = "nobody depends on this package, and its text is made before time is taken"
)]

pub mod corpus;
pub mod foreign;
pub mod mutations;
pub mod optimum;
pub mod sizes;

use std::hint::black_box;
use std::rc::Rc;

use ironrdp_bulk::{BulkCompressor, CompressionType};
use mppc::level::{self, Level};
use mppc::{Compressor, Decompressor, Flags};

use crate::ratio::Group;
use foreign::{Context, FreeRdp, Zlib};

/// Packets as they were sent: flags and payloads.
pub type Stream = Vec<(u8, Vec<u8>)>;

/// How the packets of a run are made and sent.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Octets of a packet.
    pub size: usize,
    /// Every packet with an empty history.
    pub flush: bool,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} octets, {}", self.size, if self.flush { "flushed each" } else { "one history" })
    }
}

/// The four settings of the goals.
pub const SETTINGS: [Setting; 4] = [
    Setting { size: 1400, flush: false },
    Setting { size: 1400, flush: true },
    Setting { size: 512, flush: false },
    Setting { size: 512, flush: true },
];

/// Packets of a corpus, in all settings about the same number of octets.
fn packets(corpus: &corpus::Corpus, setting: Setting) -> Vec<Vec<u8>> {
    let mut packets = corpus.packets(setting.size);
    packets.truncate(96 * 1024 / setting.size);
    packets
}

/// What somebody sends of packets.
pub fn send<L: Level>(compressor: &mut Compressor<L>, packets: &[Vec<u8>], flush: bool) -> Stream {
    let mut buf = vec![0; 8192];
    let send = |packet: &Vec<u8>| {
        if flush {
            compressor.flush();
        }
        let sent = compressor.compress(packet, &mut buf).expect("room for the packet");
        (sent.flags.bits(), sent.payload.to_vec())
    };
    packets.iter().map(send).collect()
}

/// What FreeRDP sends of packets.
pub fn send_freerdp(context: &mut Context, packets: &[Vec<u8>], flush: bool) -> Stream {
    let mut buf = vec![0; 8192];
    context.flush();
    let send = |packet: &Vec<u8>| {
        if flush {
            context.flush();
        }
        let (flags, payload) = context.compress(packet, &mut buf);
        (flags, payload.to_vec())
    };
    packets.iter().map(send).collect()
}

/// IronRDP's codec with the 8 KiB history.
#[must_use]
pub fn ironrdp() -> BulkCompressor {
    BulkCompressor::new(CompressionType::Rdp4).expect("a known type")
}

/// Packets of several corpora, each with its own history.
type Bodies = Rc<Vec<Vec<Vec<u8>>>>;

fn compress<L: Level + 'static>(level: L, bodies: &Bodies, flush: bool) -> impl FnMut() + 'static {
    let bodies = Rc::clone(bodies);
    let mut compressors: Vec<_> = bodies.iter().map(|_| Box::new(Compressor::new(level))).collect();
    let mut buf = vec![0; 8192];
    move || {
        for (packets, compressor) in bodies.iter().zip(&mut compressors) {
            for packet in packets {
                if flush {
                    compressor.flush();
                }
                black_box(compressor.compress(packet, &mut buf).expect("room for the packet"));
            }
        }
    }
}

fn compress_freerdp(bodies: &Bodies, flush: bool) -> Option<impl FnMut() + 'static> {
    let bodies = Rc::clone(bodies);
    let library = FreeRdp::load()?;
    let mut contexts: Vec<_> = bodies.iter().map(|_| library.context(true)).collect();
    let mut buf = vec![0; 8192];
    Some(move || {
        for (packets, context) in bodies.iter().zip(&mut contexts) {
            for packet in packets {
                if flush {
                    context.flush();
                }
                black_box(context.compress(packet, &mut buf));
            }
        }
    })
}

/// Its reset also empties the histories of other codecs, so that it is not asked to flush.
fn compress_ironrdp(bodies: &Bodies, flush: bool) -> Option<impl FnMut() + 'static> {
    let bodies = Rc::clone(bodies);
    let mut codecs: Vec<_> = bodies.iter().map(|_| ironrdp()).collect();
    (!flush).then_some(move || {
        for (packets, codec) in bodies.iter().zip(&mut codecs) {
            for packet in packets {
                black_box(codec.compress(packet).expect("a packet"));
            }
        }
    })
}

fn compress_zlib(bodies: &Bodies, flush: bool) -> Option<impl FnMut() + 'static> {
    let bodies = Rc::clone(bodies);
    let library = Zlib::load()?;
    let mut streams: Vec<_> = bodies.iter().map(|_| library.deflater(1)).collect();
    let mut buf = vec![0; 16384];
    Some(move || {
        for (packets, stream) in bodies.iter().zip(&mut streams) {
            for packet in packets {
                if flush {
                    stream.reset();
                }
                black_box(stream.compress(packet, &mut buf));
            }
        }
    })
}

fn compression(name: &str, corpora: &[corpus::Corpus], setting: Setting) -> Group {
    let bodies: Bodies = Rc::new(corpora.iter().map(|corpus| packets(corpus, setting)).collect());
    let count = u32::try_from(bodies.iter().map(Vec::len).sum::<usize>()).expect("a count");
    Group::new(format!("mppc {name}, {setting}"), count)
        .with("Fast", compress(level::Fast, &bodies, setting.flush))
        .with("Default", compress(level::Default, &bodies, setting.flush))
        .with("Max", compress(level::Max, &bodies, setting.flush))
        .with_maybe("FreeRDP", compress_freerdp(&bodies, setting.flush))
        .with_maybe("IronRDP", compress_ironrdp(&bodies, setting.flush))
        .with_maybe("zlib level 1", compress_zlib(&bodies, setting.flush))
}

/// The streams that FreeRDP makes, or else those of [`level::Fast`].
fn streams(corpora: &[corpus::Corpus], setting: Setting) -> Rc<Vec<Stream>> {
    let library = FreeRdp::load();
    let stream = |corpus: &corpus::Corpus| {
        let packets = packets(corpus, setting);
        match library {
            Some(library) => send_freerdp(&mut library.context(true), &packets, setting.flush),
            None => send(&mut Box::new(Compressor::new(level::Fast)), &packets, setting.flush),
        }
    };
    Rc::new(corpora.iter().map(stream).collect())
}

fn decompression(corpora: &[corpus::Corpus], setting: Setting) -> Group {
    let streams = streams(corpora, setting);
    let count = u32::try_from(streams.iter().map(Vec::len).sum::<usize>()).expect("a count");
    let ours = {
        let streams = Rc::clone(&streams);
        let mut decompressors: Vec<_> = streams.iter().map(|_| Box::new(Decompressor::new())).collect();
        move || {
            for (stream, decompressor) in streams.iter().zip(&mut decompressors) {
                for (flags, payload) in stream {
                    let packet = decompressor.decompress(Flags::from_bits(*flags), payload, 1500);
                    black_box(packet.expect("a good packet"));
                }
            }
        }
    };
    let freerdp = FreeRdp::load().map(|library| {
        let streams = Rc::clone(&streams);
        let mut contexts: Vec<_> = streams.iter().map(|_| library.context(false)).collect();
        move || {
            for (stream, context) in streams.iter().zip(&mut contexts) {
                for (flags, payload) in stream {
                    black_box(context.decompress(*flags, payload).expect("a good packet"));
                }
            }
        }
    });
    let ironrdp = {
        let streams = Rc::clone(&streams);
        let mut codecs: Vec<_> = streams.iter().map(|_| ironrdp()).collect();
        move || {
            for (stream, codec) in streams.iter().zip(&mut codecs) {
                for (flags, payload) in stream {
                    black_box(codec.decompress(payload, u32::from(*flags)).expect("a good packet"));
                }
            }
        }
    };
    Group::new(format!("mppc decompress, {setting}"), count)
        .with("decompress", ours)
        .with_maybe("FreeRDP", freerdp)
        .with("IronRDP", ironrdp)
        .goal("decompress", "FreeRDP", 2.0)
        .goal("decompress", "IronRDP", 1.5)
}

/// Everything that is measured, with the goals.
#[must_use]
pub fn groups() -> Vec<Group> {
    let compressible = corpus::compressible();
    let random: Vec<_> = corpus::extreme().into_iter().filter(|corpus| corpus.name == "random").collect();
    let mut groups = Vec::new();
    for setting in SETTINGS {
        groups.push(
            compression("compress", &compressible, setting)
                .goal("Fast", "FreeRDP", if setting.flush { 1.7 } else { 1.5 })
                .goal("Default", "FreeRDP", 0.42)
                .goal("Default", "zlib level 1", 1.35),
        );
    }
    for setting in SETTINGS {
        groups.push(decompression(&compressible, setting));
    }
    for setting in SETTINGS {
        groups.push(
            compression("incompressible", &random, setting)
                .goal("Fast", "FreeRDP", 5.0)
                .goal("Default", "FreeRDP", 5.0)
                .goal("Max", "FreeRDP", 5.0),
        );
    }
    groups
}
