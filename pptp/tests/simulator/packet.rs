//! IP packets whose contents follow from their index, so that a wrong octet is found.

use super::Random;

/// Where the index is: behind the header of IPv4, or in the source address of IPv6.
const INDEX: usize = 20;

/// The packet of this index and direction. Every second one can be compressed.
pub(crate) fn ip_packet(direction: usize, index: u32, length: usize, is_ipv6: bool) -> Vec<u8> {
    let length = length.max(28);
    let total = u16::try_from(length).unwrap();
    let mut packet = vec![0; 20];
    if is_ipv6 {
        packet[0] = 0x60;
        packet[4..6].copy_from_slice(&total.saturating_sub(40).to_be_bytes());
    } else {
        packet[0] = 0x45;
        packet[2..4].copy_from_slice(&total.to_be_bytes());
    }
    packet.extend_from_slice(&index.to_be_bytes());
    packet.extend_from_slice(&total.to_be_bytes());
    let mut random = Random(u64::from(index) << 1 | u64::try_from(direction).unwrap());
    let words = [random.next(), random.next()].map(u64::to_be_bytes);
    while packet.len() < length {
        if index % 2 == 0 {
            packet.extend_from_slice(&random.next().to_be_bytes());
        } else {
            packet.extend_from_slice(&words[random.index(2)]);
        }
    }
    packet.truncate(length);
    packet
}

/// The index of a packet of this direction.
///
/// # Panics
///
/// If it is none.
pub(crate) fn index_of(direction: usize, packet: &[u8]) -> u32 {
    let index = u32::from_be_bytes(*packet[INDEX..].first_chunk().unwrap());
    let expected = ip_packet(direction, index, packet.len(), packet[0] >> 4 == 6);
    assert!(packet == expected, "packet {index} came as another one");
    index
}
