//! Damaged packets for the decoder: a long run of the property that the fuzz targets look for.

use mppc::{Compressor, Decompressor, Flags, level};

use super::corpus::{self, Numbers};
use super::send;

/// Good packets that are damaged.
const PACKETS: usize = 512;

/// Gives the decoder so many damaged packets, and as many good ones between them. Each is a good
/// one with one to four changes: a byte replaced, a bit turned, a piece cut off, put in or doubled,
/// or other flags. A decoded packet has to fit the limit; after a refused packet all must be
/// refused until a flush. Prints how many were.
pub fn run(count: u64) {
    let mut streams = Vec::new();
    for (index, corpus) in corpus::compressible().iter().chain(&corpus::extreme()).enumerate() {
        let packets = corpus.packets(if index % 2 == 0 { 160 } else { 400 });
        let packets: Vec<_> = packets.into_iter().take(PACKETS).collect();
        streams.push(send(&mut Box::new(Compressor::new(level::Fast)), &packets, false));
        streams.push(send(&mut Box::new(Compressor::new(level::Max)), &packets, index % 3 == 0));
    }
    let mut numbers = Numbers(count);
    let mut decompressor = Box::new(Decompressor::new());
    let mut damaged = Vec::new();
    let (mut decoded, mut refused, mut ignored, mut bytes) = (0_u64, 0_u64, 0_u64, 0_u64);
    let (mut number, mut harmed) = (0_u64, 0_u64);
    while harmed < count {
        number += 1;
        let stream = &streams[usize::try_from(number / 64).expect("an index") % streams.len()];
        // Packets in a row, so that the history is filled.
        let (flags, payload) = &stream[usize::try_from(number).expect("an index") % stream.len()];
        damaged.clear();
        damaged.extend_from_slice(payload);
        let mut flags = *flags;
        // Half of the time the packet stays good, or every one would be the last of its history.
        let changes = numbers.below(8).saturating_sub(3);
        harmed += u64::from(changes != 0);
        for _ in 0..changes {
            change(&mut damaged, &mut flags, &mut numbers);
        }
        if !decompressor.is_synchronized() && numbers.below(2) == 0 {
            flags |= Flags::FLUSHED.bits();
        }
        let flags = Flags::from_bits(flags);
        let limit = if numbers.below(16) == 0 { usize::from(numbers.next_number().to_be_bytes()[0]) } else { 1500 };
        let may_be_taken = decompressor.is_synchronized() || flags.contains(Flags::FLUSHED);
        let result = decompressor.decompress(flags, &damaged, limit).map(<[u8]>::len);
        match result {
            Ok(length) => {
                assert!(may_be_taken && length <= limit);
                decoded += 1;
                bytes += length as u64;
            }
            Err(_) if may_be_taken => refused += 1,
            Err(_) => ignored += 1,
        }
        assert_eq!(decompressor.is_synchronized(), result.is_ok());
    }
    println!(
        "{harmed} damaged packets of {number}: {decoded} decoded to {bytes} bytes, {refused} refused, {ignored} ignored until a flush; \
         no panic"
    );
}

fn change(payload: &mut Vec<u8>, flags: &mut u8, numbers: &mut Numbers) {
    let at = usize::try_from(numbers.below(payload.len() as u64 + 1)).expect("an index");
    let byte = numbers.next_number().to_be_bytes()[0];
    match numbers.below(16) {
        0..5 => {
            if let Some(place) = payload.get_mut(at) {
                *place = byte;
            }
        }
        5..9 => {
            if let Some(place) = payload.get_mut(at) {
                *place ^= 1 << (byte & 7);
            }
        }
        9 | 10 => payload.truncate(at),
        // Ones make copies, and long ones.
        11 => payload.insert(at, 0xff),
        12 => payload.insert(at, byte),
        13 => {
            let piece: Vec<u8> = payload[at..].iter().copied().take(16).collect();
            payload.extend(piece);
        }
        14 => {
            payload.truncate(at);
            payload.extend(std::iter::repeat_n(byte, 8));
        }
        _ => *flags ^= byte & 0x60,
    }
}
