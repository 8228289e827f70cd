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
    /// Bytes of a packet.
    pub size: usize,
    /// Every packet with an empty history.
    pub flush: bool,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes, {}", self.size, if self.flush { "flushed each" } else { "one history" })
    }
}

/// The four settings of the goals.
pub const SETTINGS: [Setting; 4] = [
    Setting { size: 1400, flush: false },
    Setting { size: 1400, flush: true },
    Setting { size: 512, flush: false },
    Setting { size: 512, flush: true },
];

/// Returns what somebody sends of packets.
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

/// Returns what FreeRDP sends of packets.
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

/// Returns IronRDP's codec with the 8 KiB history.
#[must_use]
pub fn ironrdp() -> BulkCompressor {
    BulkCompressor::new(CompressionType::Rdp4).expect("a known type")
}

/// Packets that are handled a call, so that a call is short.
const CALL: u32 = 4;

/// Does the work of a call with the next few items, over and over.
fn in_turn<T: 'static>(items: &Rc<Vec<T>>, mut work: impl FnMut(&T) + 'static) -> impl FnMut() + 'static {
    let items = Rc::clone(items);
    let mut next = 0;
    move || {
        for _ in 0..CALL {
            work(&items[next]);
            next = if next + 1 == items.len() { 0 } else { next + 1 };
        }
    }
}

type Packets = Rc<Vec<Vec<u8>>>;

fn compress<L: Level + 'static>(level: L, packets: &Packets, flush: bool) -> impl FnMut() + 'static {
    let mut compressor = Box::new(Compressor::new(level));
    let mut buf = vec![0; 8192];
    in_turn(packets, move |packet| {
        if flush {
            compressor.flush();
        }
        black_box(compressor.compress(packet, &mut buf).expect("room for the packet"));
    })
}

fn compress_freerdp(packets: &Packets, flush: bool) -> Option<impl FnMut() + 'static> {
    let mut context = FreeRdp::load()?.context(true);
    let mut buf = vec![0; 8192];
    Some(in_turn(packets, move |packet| {
        if flush {
            context.flush();
        }
        black_box(context.compress(packet, &mut buf));
    }))
}

/// Returns its reset also empties the histories of other codecs, so that it is not asked to flush.
fn compress_ironrdp(packets: &Packets, flush: bool) -> Option<impl FnMut() + 'static> {
    let mut codec = ironrdp();
    let work = in_turn(packets, move |packet| {
        black_box(codec.compress(packet).expect("a packet"));
    });
    (!flush).then_some(work)
}

fn compress_zlib(packets: &Packets, flush: bool) -> Option<impl FnMut() + 'static> {
    let mut stream = Zlib::load()?.deflater(1);
    let mut buf = vec![0; 16384];
    Some(in_turn(packets, move |packet| {
        if flush {
            stream.reset();
        }
        black_box(stream.compress(packet, &mut buf));
    }))
}

fn compression(family: &str, corpus: &corpus::Corpus, setting: Setting) -> Group {
    let packets: Packets = Rc::new(corpus.packets(setting.size));
    let flush = setting.flush;
    Group::new(format!("mppc {family}, {setting}, {}", corpus.name), CALL)
        .of_family(format!("mppc {family}, {setting}"))
        .with("Fast", compress(level::Fast, &packets, flush))
        .with("Default", compress(level::Default, &packets, flush))
        .with("Max", compress(level::Max, &packets, flush))
        .with_maybe("FreeRDP", compress_freerdp(&packets, flush))
        .with_maybe("IronRDP", compress_ironrdp(&packets, flush))
        .with_maybe("zlib level 1", compress_zlib(&packets, flush))
}

/// Measures decompression of FreeRDP's stream, or else of that of [`level::Fast`]. It starts with a
/// flush, so that it can be read again and again.
fn decompression(corpus: &corpus::Corpus, setting: Setting) -> Group {
    let packets = corpus.packets(setting.size);
    let library = FreeRdp::load();
    let stream = Rc::new(match library {
        Some(library) => send_freerdp(&mut library.context(true), &packets, setting.flush),
        None => send(&mut Box::new(Compressor::new(level::Fast)), &packets, setting.flush),
    });
    let mut decompressor = Box::new(Decompressor::new());
    let ours = in_turn(&stream, move |(flags, payload)| {
        black_box(decompressor.decompress(Flags::from_bits(*flags), payload, 1500).expect("a good packet"));
    });
    let freerdp = library.map(|library| {
        let mut context = library.context(false);
        in_turn(&stream, move |(flags, payload)| {
            black_box(context.decompress(*flags, payload).expect("a good packet"));
        })
    });
    let mut codec = ironrdp();
    let ironrdp = in_turn(&stream, move |(flags, payload)| {
        black_box(codec.decompress(payload, u32::from(*flags)).expect("a good packet"));
    });
    Group::new(format!("mppc decompress, {setting}, {}", corpus.name), CALL)
        .of_family(format!("mppc decompress, {setting}"))
        .with("decompress", ours)
        .with_maybe("FreeRDP", freerdp)
        .with("IronRDP", ironrdp)
        .goal("decompress", "FreeRDP", 2.0)
        .goal("decompress", "IronRDP", 1.5)
}

/// Returns all groups that are measured, with the goals.
#[must_use]
pub fn groups() -> Vec<Group> {
    let compressible = corpus::compressible();
    let random: Vec<_> = corpus::extreme().into_iter().filter(|corpus| corpus.name == "random").collect();
    let mut groups = Vec::new();
    for setting in SETTINGS {
        for corpus in &compressible {
            groups.push(
                compression("compress", corpus, setting)
                    .goal("Fast", "FreeRDP", if setting.flush { 1.7 } else { 1.5 })
                    .goal("Default", "FreeRDP", 0.42)
                    .goal("Default", "zlib level 1", 1.35)
                    .goal("Max", "FreeRDP", 0.07),
            );
            groups.push(decompression(corpus, setting));
        }
        for corpus in &random {
            groups.push(
                compression("incompressible", corpus, setting)
                    .goal("Fast", "FreeRDP", 5.0)
                    .goal("Default", "FreeRDP", 5.0)
                    .goal("Max", "FreeRDP", 5.0),
            );
        }
    }
    groups
}
