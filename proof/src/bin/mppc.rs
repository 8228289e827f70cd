//! No way to panic in `mppc`.
#![no_std]
#![no_main]

use core::hint::black_box;

use link_proof::{some, unknown};
use mppc::{Compressor, Decompressor, Expansion, Flags, Header, History, Receiver, Sender, level};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut decompressor = Decompressor::new();
    let mut receiver = Receiver::new();
    let mut fast = Compressor::new(level::Fast).with_expansion(unknown(Expansion::Keep)).with_look_back(unknown(true));
    let mut default = Compressor::new(level::Default);
    let mut max = Compressor::new(level::Max);
    let mut sender = Sender::new(level::Fast, unknown(History::PerPacket));
    loop {
        let (bytes, mut buf) = (unknown([7; 1600]), unknown([0; 1700]));
        let length = unknown(1400);
        let packet = some(&bytes, length);
        let _ = black_box(fast.compress(packet, buf.get_mut(..length).unwrap_or(&mut [])));
        let _ = black_box(default.compress(packet, buf.get_mut(..length).unwrap_or(&mut [])));
        let _ = black_box(max.compress(packet, buf.get_mut(..length).unwrap_or(&mut [])));
        fast.flush();
        let _ = black_box(sender.encapsulate(packet, &mut buf));
        sender.handle_reset_request();
        let _ = black_box(receiver.decapsulate(packet, unknown(1500)));
        black_box((receiver.needs_reset(), receiver.latest(unknown(9))));
        let _ = black_box(decompressor.decompress(Flags::from_bits(unknown(0xe0)), packet, unknown(1500)));
        black_box((decompressor.is_synchronized(), decompressor.latest(unknown(9))));
        let _ = black_box(Header::decode(packet));
    }
}
