//! IP packets: pings, and a file in UDP datagrams that are sent again until they are acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use etherparse::{
    Icmpv4Header, Icmpv4Type, IpHeaders, NetSlice, PacketBuilder, PacketBuilderStep, SlicedPacket, TransportSlice,
};

/// Bytes of the file in one datagram.
const CHUNK: usize = 1400;
/// How many datagrams are underway at most.
const WINDOW: usize = 64;
/// After which time one is sent again.
const AGAIN: Duration = Duration::from_millis(250);
/// The port of both ends.
const PORT: u16 = 4000;

/// The subject of an IP packet.
pub enum Content {
    EchoRequest { source: Ipv4Addr, destination: Ipv4Addr, sequence: u16, payload: Vec<u8> },
    EchoReply { sequence: u16 },
    Data { number: u32, bytes: Vec<u8> },
    Acknowledgment { number: u32 },
    Other,
}

/// Reads an IP packet.
pub fn read(packet: &[u8]) -> Content {
    let Ok(sliced) = SlicedPacket::from_ip(packet) else { return Content::Other };
    let Some(NetSlice::Ipv4(ip)) = &sliced.net else { return Content::Other };
    let (source, destination) = (ip.header().source_addr(), ip.header().destination_addr());
    match &sliced.transport {
        Some(TransportSlice::Icmpv4(icmp)) => match icmp.icmp_type() {
            Icmpv4Type::EchoRequest(header) => {
                let payload = icmp.payload().to_vec();
                Content::EchoRequest { source, destination, sequence: header.seq, payload }
            }
            Icmpv4Type::EchoReply(header) => Content::EchoReply { sequence: header.seq },
            _ => Content::Other,
        },
        Some(TransportSlice::Udp(udp)) => match udp.payload().split_first_chunk() {
            Some((number, [])) => Content::Acknowledgment { number: u32::from_be_bytes(*number) },
            Some((number, bytes)) => Content::Data { number: u32::from_be_bytes(*number), bytes: bytes.to_vec() },
            None => Content::Other,
        },
        _ => Content::Other,
    }
}

/// Returns an ICMP Echo-Request.
pub fn echo_request(source: Ipv4Addr, destination: Ipv4Addr, sequence: u16) -> io::Result<Vec<u8>> {
    whole(ip(source, destination).icmpv4_echo_request(1, sequence), &[0x5a; 56])
}

/// Returns the answer to one.
pub fn echo_reply(source: Ipv4Addr, destination: Ipv4Addr, sequence: u16, payload: &[u8]) -> io::Result<Vec<u8>> {
    whole(ip(source, destination).icmpv4_echo_reply(1, sequence), payload)
}

fn ip(source: Ipv4Addr, destination: Ipv4Addr) -> PacketBuilderStep<IpHeaders> {
    PacketBuilder::ipv4(source.octets(), destination.octets(), 64)
}

fn whole(builder: PacketBuilderStep<Icmpv4Header>, payload: &[u8]) -> io::Result<Vec<u8>> {
    let mut packet = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut packet, payload).map_err(io::Error::other)?;
    Ok(packet)
}

fn datagram(source: Ipv4Addr, destination: Ipv4Addr, number: u32, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let builder = ip(source, destination).udp(PORT, PORT);
    let payload = [&number.to_be_bytes(), bytes].concat();
    let mut packet = Vec::with_capacity(builder.size(payload.len()));
    builder.write(&mut packet, &payload).map_err(io::Error::other)?;
    Ok(packet)
}

/// Returns a file of lines, no two of them the same.
pub fn file(size: usize) -> Vec<u8> {
    let mut file = Vec::with_capacity(size + 64);
    let mut line = 0_u32;
    while file.len() < size {
        line += 1;
        file.extend(format!("line {line}: all work and no play makes {} a dull boy\n", line % 97).bytes());
    }
    file.truncate(size);
    file
}

/// A file that is carried from one end to the other.
pub struct Transfer {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    file: Vec<u8>,
    /// The first chunk that was not sent yet.
    next: u32,
    /// Chunks that were sent, and when they are to be sent again.
    underway: BTreeMap<u32, Duration>,
    received: BTreeMap<u32, Vec<u8>>,
    acknowledged: BTreeSet<u32>,
    /// How many datagrams were sent again.
    pub repeated: u64,
}

impl Transfer {
    pub fn new(source: Ipv4Addr, destination: Ipv4Addr, size: usize) -> Self {
        Self {
            source,
            destination,
            file: file(size),
            next: 0,
            underway: BTreeMap::new(),
            received: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            repeated: 0,
        }
    }

    /// Returns whose file it is.
    pub fn source(&self) -> Ipv4Addr {
        self.source
    }

    fn chunk(&self, number: u32) -> Option<&[u8]> {
        self.file.chunks(CHUNK).nth(usize::try_from(number).ok()?)
    }

    /// Returns the next packet that the sender has to send.
    pub fn poll_transmit(&mut self, now: Duration) -> io::Result<Option<Vec<u8>>> {
        let late = self.underway.iter().find(|(_, again)| **again <= now).map(|(number, _)| *number);
        let number = match late {
            Some(number) => {
                self.repeated += 1;
                number
            }
            None if self.underway.len() < WINDOW && self.chunk(self.next).is_some() => {
                self.next += 1;
                self.next - 1
            }
            None => return Ok(None),
        };
        self.underway.insert(number, now + AGAIN);
        let bytes = self.chunk(number).unwrap_or_default();
        datagram(self.source, self.destination, number, bytes).map(Some)
    }

    /// Returns when the sender has something to send again.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.underway.values().min().copied()
    }

    /// Returns the receiver got a chunk: its acknowledgment.
    pub fn handle_data(&mut self, number: u32, bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        self.received.insert(number, bytes);
        datagram(self.destination, self.source, number, &[])
    }

    /// Handles an acknowledgment at the sender.
    pub fn handle_acknowledgment(&mut self, number: u32) {
        self.underway.remove(&number);
        self.acknowledged.insert(number);
    }

    /// Returns whether everything has arrived and the sender knows it.
    pub fn is_done(&self) -> bool {
        self.acknowledged.len() == self.file.chunks(CHUNK).len()
    }

    /// Returns whether what has arrived is the file.
    pub fn is_identical(&self) -> bool {
        self.received.values().flatten().eq(&self.file)
    }
}
