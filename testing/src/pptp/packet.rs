//! Packets of all layers, made by hand.

use pptp::gre;
use pptp::ppp::Frame;

use crate::Random;

/// Where the index of an IP packet is: behind the header of IPv4, or in the source address of IPv6.
const INDEX: usize = 20;

/// Returns the IP packet of this index and direction: its contents follow from them, so that a wrong byte is found.
///
/// Every second one can be compressed.
#[must_use]
pub fn ip_packet(direction: usize, index: u32, length: usize, is_ipv6: bool) -> Vec<u8> {
    let length = length.max(28);
    let total = u16::try_from(length).unwrap();
    let mut packet = vec![0; INDEX];
    if is_ipv6 {
        packet[0] = 0x60;
        packet[4..6].copy_from_slice(&total.saturating_sub(40).to_be_bytes());
    } else {
        packet[0] = 0x45;
        packet[2..4].copy_from_slice(&total.to_be_bytes());
    }
    packet.extend_from_slice(&index.to_be_bytes());
    packet.extend_from_slice(&total.to_be_bytes());
    let mut random = Random::new(u64::from(index) << 1 | u64::try_from(direction).unwrap());
    let words = [random.number(), random.number()].map(u64::to_be_bytes);
    while packet.len() < length {
        if index % 2 == 0 {
            packet.extend_from_slice(&random.number().to_be_bytes());
        } else {
            packet.extend_from_slice(&words[random.index(2)]);
        }
    }
    packet.truncate(length);
    packet
}

/// Returns the index of a packet of this direction. Panics if it is another one.
#[must_use]
pub fn index_of(direction: usize, packet: &[u8]) -> u32 {
    let index = u32::from_be_bytes(*packet[INDEX..].first_chunk().unwrap());
    let expected = ip_packet(direction, index, packet.len(), packet[0] >> 4 == 6);
    assert!(packet == expected, "packet {index} came as another one");
    index
}

/// Returns an IPv4 packet of this length that is filled with a number.
#[must_use]
pub fn numbered_ip(length: usize, number: u8) -> Vec<u8> {
    let mut packet = vec![number; length.max(20)];
    let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
    packet[..4].copy_from_slice(&[0x45, 0, high, low]);
    packet
}

/// The protocol field of compressed and encrypted frames.
pub const PROTOCOL_COMPRESSED: [u8; 2] = [0x00, 0xfd];

/// Returns a GRE packet for a call.
#[must_use]
pub fn encode_gre(call: u16, sequence: Option<u32>, acknowledgment: Option<u32>, payload: &[u8]) -> Vec<u8> {
    let bits = 0x20 | if sequence.is_some() { 0x10 } else { 0 };
    let mut packet = vec![bits, if acknowledgment.is_some() { 0x81 } else { 0x01 }, 0x88, 0x0b];
    packet.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
    packet.extend(call.to_be_bytes());
    packet.extend(sequence.into_iter().chain(acknowledgment).flat_map(u32::to_be_bytes));
    packet.extend(payload);
    packet
}

/// Returns sequence number, acknowledgment number and payload of a GRE packet.
#[must_use]
pub fn decode_gre(packet: &[u8]) -> (Option<u32>, Option<u32>, &[u8]) {
    let packet = gre::Packet::decode(packet).unwrap();
    (packet.header.sequence_number, packet.header.acknowledgment_number, packet.payload)
}

/// Returns a PPP frame of this protocol, with address and control field.
#[must_use]
pub fn frame(protocol: u16, information: &[u8]) -> Vec<u8> {
    [&[0xff, 3][..], &protocol.to_be_bytes(), information].concat()
}

/// Returns a packet of LCP and its like.
#[must_use]
pub fn encode_packet(code: u8, identifier: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 4).unwrap();
    [&[code, identifier][..], &length.to_be_bytes(), data].concat()
}

/// Returns the protocol of a frame, and its information.
#[must_use]
pub fn decode_frame(bytes: &[u8]) -> (u16, Vec<u8>) {
    let frame = Frame::decode(bytes).unwrap();
    (frame.protocol.0, frame.information.to_vec())
}

/// Returns the protocol of the PPP frame in a GRE packet, if there is a frame.
#[must_use]
pub fn protocol_of(packet: &[u8]) -> Option<u16> {
    let (sequence, _, payload) = decode_gre(packet);
    sequence.map(|_| Frame::decode(payload).unwrap().protocol.0)
}
