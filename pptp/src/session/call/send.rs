//! Packets that go out.

use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use ppp_fsm::link::Link;
use ppp_fsm::{Frame, Protocol};
use pptp_gre::{Slot, Tunnel};

use super::{Call, Waiting};
use crate::session::cipher::{INNER, OUTER};
use crate::session::{BufferTooSmall, HEADROOM, SendError};

/// The PPP protocol of an IP packet.
pub(crate) fn protocol_of(packet: &[u8]) -> Option<Protocol> {
    match packet.first()? >> 4 {
        4 => Some(Protocol::IP),
        6 => Some(Protocol::IPV6),
        _ => None,
    }
}

impl Call {
    /// Checks all that can be wrong with a packet, before a key or a number moves, and lays the inner protocol in front of
    /// it.
    pub(crate) fn prepare(&mut self, now: Duration, buf: &mut [u8]) -> Result<Protocol, SendError> {
        BufferTooSmall::check(HEADROOM.saturating_add(1), buf.len())?;
        let packet = buf.get(HEADROOM..).unwrap_or_default();
        let protocol = protocol_of(packet).ok_or(SendError::NotIp)?;
        if !self.may_send(protocol) {
            return Err(SendError::NotConnected { protocol });
        }
        let (length, mtu) = (packet.len(), self.mtu());
        if length > usize::from(mtu) {
            return Err(SendError::TooLong { length, mtu });
        }
        self.tunnel.check_writable(now).map_err(|_| SendError::WouldBlock)?;
        if let Some(inner) = buf.get_mut(INNER..).and_then(<[u8]>::first_chunk_mut) {
            *inner = protocol.0.to_be_bytes();
        }
        Ok(protocol)
    }

    pub(crate) fn send_ip<'b>(&'b mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        let protocol = self.prepare(now, buf)?;
        let Self { sender, link, tunnel, .. } = self;
        if sender.is_clear() {
            return encapsulate(now, link, tunnel, protocol, buf, HEADROOM);
        }
        // All that could be wrong was checked.
        let sealed = sender.seal(buf).ok_or(SendError::NotConnected { protocol })?;
        encapsulate(now, link, tunnel, Protocol::COMPRESSED, sealed, OUTER)
    }

    /// The next GRE packet that is no data, and where in `buf` it lies.
    pub(crate) fn poll_tunnel(
        &mut self,
        now: Duration,
        buf: &mut [u8],
    ) -> Result<Option<Range<usize>>, BufferTooSmall> {
        if self.is_cleared() {
            return Ok(None);
        }
        let available = buf.len();
        let too_small = |needed: usize| BufferTooSmall { needed: needed.saturating_add(pptp_gre::HEADROOM), available };
        if self.tunnel.is_writable() {
            let frame = buf.get_mut(pptp_gre::HEADROOM..).ok_or(too_small(Frame::MAX_HEADER_LEN))?;
            let frame = self.link.poll_transmit(now, frame).map_err(|error| too_small(error.needed))?;
            let length = frame.map(<[u8]>::len);
            self.settle(now);
            if let Some(length) = length {
                let end = pptp_gre::HEADROOM.saturating_add(length);
                let packet = self.tunnel.encapsulate_in_place(now, buf.get_mut(..end).unwrap_or_default());
                // What cannot be sent now is sent again by the link's own timers.
                return Ok(packet.ok().map(|packet| end.saturating_sub(packet.len())..end));
            }
        } else {
            // The user is told when there is room again.
            let _ = self.tunnel.check_writable(now);
        }
        let packet = self.tunnel.poll_transmit(now, buf);
        let packet = packet.map_err(|error| BufferTooSmall { needed: error.needed, available })?;
        Ok(packet.map(|packet| 0..packet.len()))
    }
}

/// Lays PPP and GRE in front of what `buf` has from `start` on, and gives the packet.
pub(crate) fn encapsulate<'b>(
    now: Duration,
    link: &Link,
    tunnel: &mut Tunnel<Vec<Slot<Waiting>>>,
    protocol: Protocol,
    buf: &'b mut [u8],
    start: usize,
) -> Result<&'b [u8], SendError> {
    let mut octets = [0; Frame::MAX_HEADER_LEN];
    let header = link.frame(protocol, &[]).encode_header(&mut octets).unwrap_or_default();
    let front = start.saturating_sub(header.len());
    if let Some(place) = buf.get_mut(front..start) {
        place.copy_from_slice(header);
    }
    let packet = buf.get_mut(front.saturating_sub(pptp_gre::HEADROOM)..).unwrap_or_default();
    // Window and length were checked.
    tunnel.encapsulate_in_place(now, packet).map_err(|_| SendError::WouldBlock)
}
