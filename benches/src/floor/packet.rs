//! Rows whose operation is a packet.

use std::hint::black_box;
use std::time::Duration;

use l2tp_wire::header::DataHeader;
use mppc::level::{self, Level};
use mppc::{Compressor, Decompressor, Flags};
use mppe::{Batch, Config, Decryptor, Encryptor, Mode, Outgoing, Sending, StartKey, Strength};
use pptp::session;
use pptp_gre::{CallIds, Config as GreConfig, HEADROOM, InlineSlots, Tunnel, WindowPolicy};

use super::Row;
use crate::carrier::{Carrier, Header, L2tp, Pptp};
use crate::mppc::corpus;

/// Packets of one call of the work.
const PACKETS: usize = 64;
/// The time between two of them.
const PACE: Duration = Duration::from_micros(10);

/// All of them.
pub(super) const ROWS: &[fn() -> Row] = &[
    || encrypt(64),
    || encrypt(1400),
    || decrypt(64),
    || decrypt(1400),
    || encrypt_for_eight(64),
    || encrypt_for_eight(1400),
    gre_out,
    gre_in,
    l2tp_encode,
    l2tp_decode,
    || path("path PPTP, MPPE, 64", Pptp::new(&session::Config::strict(), 64)),
    || path("path PPTP, MPPE, 1400", Pptp::new(&session::Config::strict(), 1400)),
    || path("path PPTP, clear, 64", Pptp::in_the_clear(64)),
    || path("path L2TP version 2, clear, 64", L2tp::in_the_clear(Header::V2, 64)),
    || path("path L2TP version 2 with Ns, clear, 64", L2tp::in_the_clear(Header::V2Numbered, 64)),
    || path("path L2TP version 3 with cookie, clear, 64", L2tp::in_the_clear(Header::V3Cookie, 64)),
    || compress("MPPC compress, fast, 1400", level::Fast),
    || compress("MPPC compress, default, 1400", level::Default),
    || compress("MPPC compress, max, 1400", level::Max),
    decompress,
];

fn start(number: u8) -> StartKey {
    StartKey::from_bytes(Strength::Bits128, [number; 16])
}

/// Returns room for the header of MPPE, the inner protocol, and a payload.
fn plain(length: usize) -> Vec<u8> {
    let mut packet = vec![0x45; 4 + length];
    packet[..4].copy_from_slice(&[0, 0, 0x00, 0x21]);
    packet
}

fn encrypt(length: usize) -> Row {
    let mut encryptor = Encryptor::new(&start(7), &Config::new(Mode::Stateless));
    let mut packet = plain(length);
    Row::new(format!("MPPE encrypt, {length}"), PACKETS, move || {
        for _ in 0..PACKETS {
            packet[2..4].copy_from_slice(&[0x00, 0x21]);
            let end = packet.len();
            encryptor.encrypt_in_place(black_box(&mut packet), 2..end).expect("a packet");
        }
    })
}

fn decrypt(length: usize) -> Row {
    let config = Config::new(Mode::Stateless);
    let (mut encryptor, mut decryptor) = (Encryptor::new(&start(7), &config), Decryptor::new(&start(7), &config));
    // The first call, which is not measured, and the second one.
    let sealed = (0..2 * PACKETS).map(|_| {
        let mut packet = plain(length);
        let end = packet.len();
        encryptor.encrypt_in_place(&mut packet, 2..end).expect("a packet");
        packet
    });
    let mut sealed: Vec<_> = sealed.collect();
    let mut first = 0;
    Row::new(format!("MPPE decrypt, {length}"), PACKETS, move || {
        for packet in &mut sealed[first..first + PACKETS] {
            assert!(decryptor.decrypt(black_box(packet)).is_ok());
        }
        first += PACKETS;
    })
}

/// Returns a batch of a packet of each of eight sessions.
fn encrypt_for_eight(length: usize) -> Row {
    let mut encryptors: Vec<_> =
        (0..8).map(|number| Encryptor::new(&start(number), &Config::new(Mode::Stateless))).collect();
    let mut packets = vec![plain(length); 8];
    let mut batch = Batch::new();
    Row::new(format!("MPPE encrypt for 8 sessions, {length}"), PACKETS, move || {
        for _ in 0..PACKETS / 8 {
            for packet in &mut packets {
                packet[2..4].copy_from_slice(&[0x00, 0x21]);
            }
            let mut outgoing: Vec<_> =
                packets.iter_mut().map(|packet| [Outgoing::new(packet, 2..4 + length)]).collect();
            let sessions = encryptors.iter_mut().zip(&mut outgoing);
            let mut sessions: Vec<_> = sessions.map(|(encryptor, packets)| Sending::new(encryptor, packets)).collect();
            batch.encrypt(black_box(&mut sessions));
        }
    })
}

fn tunnel() -> Tunnel<InlineSlots<64, 1500>> {
    Tunnel::inline(GreConfig::new(CallIds { local: 7, peer: 7 }).with_window_policy(WindowPolicy::Ignore))
}

fn gre_out() -> Row {
    let (mut tunnel, mut now) = (tunnel(), Duration::ZERO);
    let mut buf = vec![0x55; HEADROOM + 64];
    Row::new("GRE out, 64", PACKETS, move || {
        for _ in 0..PACKETS {
            now += PACE;
            assert!(tunnel.encapsulate_in_place(now, black_box(&mut buf)).is_ok());
        }
    })
}

fn gre_in() -> Row {
    let (mut sender, mut receiver, mut now) = (tunnel(), tunnel(), Duration::ZERO);
    let packets = (0..2 * PACKETS).map(|_| {
        let mut buf = vec![0x55; HEADROOM + 64];
        sender.encapsulate_in_place(now, &mut buf).expect("the window is ignored").to_vec()
    });
    let packets: Vec<_> = packets.collect();
    let (mut buf, mut first) = ([0; 64], 0);
    Row::new("GRE in, 64", PACKETS, move || {
        for packet in &packets[first..first + PACKETS] {
            now += PACE;
            assert!(receiver.decapsulate(now, black_box(packet)).is_ok());
            assert!(receiver.poll_receive(now).is_none());
        }
        first += PACKETS;
        assert!(receiver.poll_transmit(now, &mut buf).is_ok());
    })
}

fn l2tp_encode() -> Row {
    let mut buf = [0; 80];
    let header = DataHeader::new(0x1c2a, 0xe7b0).with_sequence(1);
    Row::new("L2TP encode data with Ns", PACKETS, move || {
        for _ in 0..PACKETS {
            assert!(black_box(header).encode(64, black_box(&mut buf)).is_ok());
        }
    })
}

fn l2tp_decode() -> Row {
    let mut buf = [0x55; 80];
    DataHeader::new(0x1c2a, 0xe7b0).with_sequence(1).encode(64, &mut buf).expect("room");
    Row::new("L2TP decode data with Ns", PACKETS, move || {
        for _ in 0..PACKETS {
            let (header, payload) = DataHeader::decode(black_box(&buf)).expect("a header");
            assert!(black_box(header).tunnel_id == 0x1c2a && !black_box(payload).is_empty());
        }
    })
}

fn path(name: &str, mut carrier: impl Carrier + 'static) -> Row {
    Row::new(name, PACKETS, move || {
        for _ in 0..PACKETS {
            carrier.carry();
        }
        carrier.settle();
    })
}

/// Returns text that compresses well, the same on every machine.
fn text() -> Vec<Vec<u8>> {
    let mut packets = corpus::from_seed().packets(1400);
    packets.truncate(2 * PACKETS);
    assert_eq!(packets.len(), 2 * PACKETS);
    packets
}

fn compress<L: Level + 'static>(name: &str, level: L) -> Row {
    let mut compressor = Box::new(Compressor::new(level));
    let packets = text();
    let (mut buf, mut first) = (vec![0; 4096], 0);
    Row::new(name, PACKETS, move || {
        for packet in &packets[first..first + PACKETS] {
            assert!(compressor.compress(black_box(packet), &mut buf).is_ok());
        }
        first += PACKETS;
    })
}

fn decompress() -> Row {
    let mut compressor = Box::new(Compressor::new(level::Fast));
    let mut decompressor = Box::new(Decompressor::new());
    let stream = crate::mppc::send(&mut compressor, &text(), false);
    let mut first = 0;
    Row::new("MPPC decompress, 1400", PACKETS, move || {
        for (flags, payload) in &stream[first..first + PACKETS] {
            let plain = decompressor.decompress(Flags::from_bits(*flags), black_box(payload), 1500);
            assert_eq!(plain.map(<[u8]>::len), Ok(1400));
        }
        first += PACKETS;
    })
}
