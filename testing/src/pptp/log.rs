//! The view of one side.

use std::collections::BTreeSet;

use pptp::gre;
use pptp::ppp::{Frame, Protocol};
use pptp::session::ReceiveError;

/// The packets that a side has sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// All GRE packets.
    pub packets: u64,
    /// PPP frames with a control protocol.
    pub control: u64,
    /// IP packets in the clear.
    pub clear: u64,
    /// Frames of protocol 0x00fd.
    pub sealed: u64,
}

/// The packets that a side has got.
#[derive(Debug, Default, Clone)]
pub struct Got {
    /// The marks of the datagrams that arrived at least once.
    pub arrived: BTreeSet<u32>,
    /// The marks of those that the tunnel refused: late, repeated or too far ahead.
    pub late: BTreeSet<u32>,
    /// Other refusals.
    pub refused: Vec<ReceiveError>,
    /// IP packets that came out, in order.
    pub packets: Vec<Vec<u8>>,
}

/// Both.
#[derive(Debug, Default, Clone)]
pub struct Log {
    /// The packets sent.
    pub sent: Sent,
    /// The packets got.
    pub got: Got,
}

impl Log {
    /// Notes a GRE packet that is sent.
    pub fn note(&mut self, packet: &[u8]) {
        self.sent.packets += 1;
        let packet = gre::Packet::decode(packet).unwrap();
        if packet.payload.is_empty() {
            return;
        }
        match Frame::decode(packet.payload).unwrap().protocol {
            Protocol::COMPRESSED => self.sent.sealed += 1,
            Protocol::IP | Protocol::IPV6 => self.sent.clear += 1,
            _ => self.sent.control += 1,
        }
    }

    /// Notes what became of a datagram.
    pub(super) fn receive(&mut self, mark: Option<u32>, result: &Result<Option<Vec<u8>>, ReceiveError>) {
        self.got.arrived.extend(mark);
        match result {
            Ok(packet) => self.got.packets.extend(packet.clone()),
            Err(ReceiveError::Tunnel(_)) => self.got.late.extend(mark),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                self.got.refused.push(*error);
            }
        }
    }
}
