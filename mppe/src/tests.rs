//! Links of both halves, and packets of real peers.

#![expect(clippy::arithmetic_side_effects, clippy::integer_division, reason = "a test may fail")]

mod batch;
mod captured;
mod edges;
mod edges_batch;
mod edges_loss;
mod edges_stateful;
mod hostile;
mod link;
mod liveness;
mod model;
mod texts;

use alloc::vec::Vec;

use crate::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};

/// Creates a link of two ends that trust each other.
fn ends(strength: Strength, config: Config) -> (Encryptor, Decryptor) {
    let start = StartKey::from_bytes(strength, *b"start key of 16.");
    (Encryptor::new(&start, &config), Decryptor::new(&start, &config))
}

const STRENGTHS: [Strength; 3] = [Strength::Bits40, Strength::Bits56, Strength::Bits128];
const MODES: [Mode; 2] = [Mode::Stateless, Mode::Stateful];

/// Returns an IPv4 packet of `length` bytes, at least 20, with `mark` in it.
fn ip(mark: u32, length: usize) -> Vec<u8> {
    let mut packet: Vec<u8> = (0u8..=255).cycle().take(length.max(20)).collect();
    packet[0] = 0x45;
    let length = u16::try_from(packet.len()).unwrap();
    packet[2..4].copy_from_slice(&length.to_be_bytes());
    packet[12..16].copy_from_slice(&mark.to_be_bytes());
    packet
}

/// Returns the encrypted packet.
fn sealed(encryptor: &mut Encryptor, payload: &[u8]) -> Vec<u8> {
    let mut buf = alloc::vec![0; payload.len() + 4];
    encryptor.encrypt(0x0021, payload, &mut buf).unwrap();
    buf
}
