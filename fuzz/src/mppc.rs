//! Oracles of the MPPC targets.

use mppc::{Compressor, Decompressor, Expansion, Flags, Receiver, level};
use testing::mppc::{self as reference, Reference};

/// Takes the next piece of fuzz input: one byte of choice, two of length, and so many bytes or what is left.
fn piece(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[choice, high, low], rest) = data.split_first_chunk()?;
    let length = usize::from(u16::from_be_bytes([high & 0x1f, low])).min(rest.len());
    let (piece, rest) = rest.split_at_checked(length)?;
    Some((choice, piece, rest))
}

/// Asserts that packets give data within the limit, or an error, and then nothing until a flush
/// (target `mppc_decompress`).
pub fn decompress(data: &[u8]) {
    let mut decompressor = Decompressor::new();
    let mut receiver = Receiver::new();
    let mut rest = data;
    while let Some((choice, payload, behind)) = piece(rest) {
        rest = behind;
        let flags = Flags::from_bits(choice);
        let limit = usize::from(choice & 0x0f) << 7;
        let taken = decompressor.is_synchronized() || flags.contains(Flags::FLUSHED);
        let decoded = decompressor.decompress(flags, payload, limit).map(<[u8]>::len);
        assert!(decoded.is_err() || taken);
        assert!(decoded.is_ok_and(|length| length <= limit) || decoded.is_err());
        assert_eq!(decompressor.is_synchronized(), decoded.is_ok());
        if let Ok(inner) = receiver.decapsulate(payload, limit) {
            assert!(inner.len() <= limit);
            assert!(!receiver.needs_reset());
        }
    }
}

/// Asserts that decoder and model read every level's packets, which keep all rules of senders
/// (target `mppc_roundtrip`).
pub fn round_trip(data: &[u8]) {
    levels(level::Fast, data);
    levels(level::Default, data);
    levels(level::Max, data);
}

fn levels<L: level::Level>(level: L, data: &[u8]) {
    let Some((&setup, mut rest)) = data.split_first() else {
        return;
    };
    let expansion = if setup & 1 == 0 { Expansion::Flush } else { Expansion::Keep };
    let look_back = setup & 2 == 0;
    let mut compressor = Compressor::new(level).with_expansion(expansion).with_look_back(look_back);
    let mut decompressor = Decompressor::new();
    let mut model = Reference::new();
    while let Some((choice, packet, behind)) = piece(rest) {
        rest = behind;
        // Short inputs make long packets too.
        let packet = packet.repeat(1 + usize::from(choice >> 4 & 3) * usize::from(choice & 0x0f));
        if choice & 0x80 != 0 {
            compressor.flush();
        }
        let mut buf = vec![0; packet.len()];
        let Ok(sent) = compressor.compress(&packet, &mut buf) else {
            panic!("a buffer as long as the packet is enough");
        };
        assert!(sent.payload.len() <= packet.len());
        assert!(sent.flags.contains(Flags::FLUSHED) || choice & 0x80 == 0);
        let decoded = decompressor.decompress(sent.flags, sent.payload, packet.len());
        assert_eq!(decoded, Ok(&packet[..]));
        let expected = model.decode(sent.flags.bits(), sent.payload, packet.len());
        assert_eq!(reference::same(&decoded, &expected), Ok(()));
        assert!(model.broken_rules.is_empty(), "{:?}", model.broken_rules);
        assert!(look_back || model.over_the_front == 0);
    }
}

/// Asserts that decoder and model agree on any packets and errors (target `mppc_diff`).
pub fn diff(data: &[u8]) {
    let mut decompressor = Decompressor::new();
    let mut model = Reference::new();
    let mut rest = data;
    while let Some((choice, payload, behind)) = piece(rest) {
        rest = behind;
        // Without C there is nothing to find: mostly with.
        let flags = if choice & 1 == 0 { choice | 0x20 } else { choice };
        let limit = if choice & 2 == 0 { 8192 } else { usize::from(choice & 0x0c) << 6 };
        let expected = model.decode(flags & 0xf0, payload, limit);
        let decoded = decompressor.decompress(Flags::from_bits(flags), payload, limit);
        assert_eq!(reference::same(&decoded, &expected), Ok(()));
    }
}
