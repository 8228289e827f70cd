//! The data path of one call.

use core::ops::Range;
use core::time::Duration;

use l2tp_wire::Address;
use l2tp_wire::data::{self, Datagram, OuterHeader, Position};
use l2tp_wire::session::SessionId;

use super::{Machine, Path, Payload};
use crate::session::channel::Channel;
use crate::session::{BufferTooSmall, HEADROOM, MAX_RECEIVE, ReceiveError, Received, SendError, Transmit};

/// The part of the headroom that is PPP's.
const PPP_HEADROOM: usize = ppp_session::HEADROOM;

/// Where in the caller's buffer a packet lies that goes out.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) destination: Address,
    pub(crate) range: Range<usize>,
    pub(crate) outer: OuterHeader,
}

impl Place {
    /// Returns the place of a packet that ends there in its buffer.
    pub(super) const fn before(end: usize, packet: &Transmit<'_>) -> Self {
        let range = end.saturating_sub(packet.payload.len())..end;
        Self { destination: packet.destination, range, outer: packet.outer }
    }

    /// Returns the packet in the buffer that it was written to.
    pub(crate) fn lay(self, buf: &[u8]) -> Transmit<'_> {
        let Self { destination, range, outer } = self;
        Transmit { destination, payload: buf.get(range).unwrap_or_default(), outer }
    }
}

/// The proof that a packet gives of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// As much as a packet of the call can: where data has to be encrypted, that it could be
    /// decrypted.
    Genuine,
    /// Less.
    Nothing,
}

/// A packet whose number was taken, before its frame has proved anything.
#[derive(Debug)]
pub(super) struct Unproven {
    /// Where the peer's numbers stood before.
    before: Position,
    pub(super) frame: Range<usize>,
}

/// Returns the proof of a packet's sender, by what PPP has made of its frame. The number of a packet
/// that proves nothing is taken back.
#[inline]
pub(super) fn judge(
    channel: &mut Channel,
    unproven: &Unproven,
    expects_sealed: bool,
    received: &Result<ppp_session::Received<'_>, ppp_session::ReceiveError>,
) -> Proof {
    // Where data has to be encrypted, what is in the clear proves nothing: anybody can send it.
    let proof = match received {
        Ok(received) if received.ip().is_some() || !expects_sealed => Proof::Genuine,
        Ok(_) | Err(_) => Proof::Nothing,
    };
    let is_forged = received.as_ref().is_err_and(ppp_session::ReceiveError::is_forgery);
    // Genuine packets must not be late because of it.
    if is_forged || proof == Proof::Nothing && !channel.position().follows(&unproven.before) {
        channel.restore(unproven.before);
    }
    proof
}

/// Returns what PPP has made of a frame, as a packet of this call.
#[inline]
pub(super) fn of_ppp(call: SessionId, received: ppp_session::Received<'_>) -> Received<'_> {
    received.ip().map_or(Received::Consumed, |packet| Received::Ip { call, packet })
}

impl Machine {
    /// Takes a data packet with the ids of this call.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    pub(crate) fn handle_packet<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<(Received<'p>, Proof), ReceiveError> {
        // A number of the channel must not move for a packet that is refused for want of room.
        if let Payload::Ppp(ppp) = &self.payload {
            BufferTooSmall::check(ppp.scratch_len(), scratch.len()).map_err(ppp_session::ReceiveError::from)?;
        }
        self.enter(|call| {
            let Some(unproven) = call.arrive(now, packet)? else { return Ok((Received::Held, Proof::Nothing)) };
            let frame = packet.get_mut(unproven.frame.clone()).unwrap_or_default();
            let Self { id, payload, channel, .. } = call;
            let Payload::Ppp(ppp) = payload else {
                return Ok((Received::Frame { call: *id, frame }, Proof::Genuine));
            };
            let expects_sealed = ppp.expects_sealed();
            let received = ppp.handle_frame(now, frame, scratch);
            let proof = judge(channel, &unproven, expects_sealed, &received);
            Ok((of_ppp(*id, received?), proof))
        })
    }

    /// Takes the number of a packet. Returns where its frame lies, unless it waits for an earlier
    /// one.
    #[inline]
    pub(super) fn arrive(&mut self, now: Duration, packet: &[u8]) -> Result<Option<Unproven>, ReceiveError> {
        // The number is kept, so that a forged packet can be taken back.
        let before = self.channel.position();
        let data::Received::Frame(frame) = self.channel.decapsulate(now, packet)? else { return Ok(None) };
        self.path = Path::Heard;
        Ok(Some(Unproven { before, frame }))
    }

    /// Writes the next packet that waited and need not wait any more to the start of `buf`. Returns
    /// its length.
    pub(crate) fn poll_receive(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<usize>, BufferTooSmall> {
        let scratch = self.ppp().map_or(0, ppp_session::Session::scratch_len);
        BufferTooSmall::check(MAX_RECEIVE.max(scratch), buf.len())?;
        Ok(self.enter(|call| {
            while let Some(frame) = call.channel.poll_receive(now) {
                call.path = Path::Heard;
                let Payload::Ppp(ppp) = &mut call.payload else {
                    buf.get_mut(..frame.len())?.copy_from_slice(frame);
                    return Some(frame.len());
                };
                // A refused frame is counted there.
                if let Ok(Some(length)) = ppp.handle_frame_into(now, frame, buf) {
                    return Some(length);
                }
            }
            None
        }))
    }

    /// Returns what the bytes of a packet of this call are.
    pub(crate) const fn received<'b>(&self, bytes: &'b [u8]) -> Received<'b> {
        match self.payload {
            Payload::Ppp(_) => Received::Ip { call: self.id, packet: bytes },
            Payload::Frames => Received::Frame { call: self.id, frame: bytes },
        }
    }

    pub(crate) fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        self.enter(|call| {
            let type_of_service = call.check_send(buf)?;
            let Payload::Ppp(ppp) = &mut call.payload else { return Err(SendError::OtherPayload) };
            let frame = ppp.send_ip(now, buf, HEADROOM)?;
            call.encapsulate(buf, frame, type_of_service)
        })
    }

    /// Checks everything before a key moves. Returns the packet's type of service, which is not to
    /// be read afterwards.
    #[inline]
    pub(super) fn check_send(&mut self, buf: &[u8]) -> Result<Option<u8>, SendError> {
        let Payload::Ppp(ppp) = &self.payload else { return Err(SendError::OtherPayload) };
        let packet = buf.get(HEADROOM..).unwrap_or_default();
        // L2TP's own check: after PPP has sealed the packet, its key has moved. PPP's comes first where this one may
        // fail, since its reasons say more; it makes its check again before it seals.
        if self.channel.bounds_length() {
            ppp.check_ip(buf, HEADROOM)?;
            self.channel.check(packet.len().saturating_add(overhead(ppp)))?;
        }
        Ok(inner_type_of_service(packet))
    }

    pub(crate) fn send_frame<'b>(&mut self, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        let Payload::Frames = self.payload else { return Err(SendError::OtherPayload) };
        BufferTooSmall::check(HEADROOM, buf.len()).map_err(ppp_session::SendError::from)?;
        let frame = HEADROOM..buf.len();
        self.encapsulate(buf, frame, None)
    }

    /// Lays the header of L2TP in front of a frame.
    pub(super) fn encapsulate<'b>(
        &mut self,
        buf: &'b mut [u8],
        frame: Range<usize>,
        type_of_service: Option<u8>,
    ) -> Result<Transmit<'b>, SendError> {
        let start = frame.start.saturating_sub(data::HEADROOM);
        let packet = buf.get_mut(start..frame.end).unwrap_or_default();
        Ok(self.channel.encapsulate(type_of_service, packet).map(Transmit::from)?)
    }

    /// Writes the next packet that is no data, and returns where in `buf` it lies, and where it is
    /// to go.
    pub(crate) fn poll_transmit(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<Place>, BufferTooSmall> {
        if self.is_cleared() {
            return Ok(None);
        }
        let available = buf.len();
        let length = self.enter(|call| {
            let Payload::Ppp(ppp) = &mut call.payload else { return Ok(None) };
            BufferTooSmall::check(data::HEADROOM, available)?;
            match ppp.poll_transmit(now, buf.get_mut(data::HEADROOM..).unwrap_or_default()) {
                Ok(frame) => Ok(frame.map(<[u8]>::len)),
                Err(error) => {
                    BufferTooSmall::check(error.needed.saturating_add(data::HEADROOM), available).map(|()| None)
                }
            }
        })?;
        let Some(length) = length else { return Ok(None) };
        let end = data::HEADROOM.saturating_add(length);
        // A frame that the path does not carry is sent again, in vain, until PPP's own timers end the call.
        let packet = self.channel.encapsulate(None, buf.get_mut(..end).unwrap_or_default());
        Ok(packet.ok().map(|packet| Place::before(end, &packet.into())))
    }
}

impl<'b> From<Datagram<'b>> for Transmit<'b> {
    fn from(datagram: Datagram<'b>) -> Self {
        let Datagram { destination, payload, outer, .. } = datagram;
        Self { destination, payload, outer }
    }
}

/// Returns how many bytes PPP may lay in front of an IP packet as it is sent now.
pub(crate) fn overhead(ppp: &ppp_session::Session) -> usize {
    let encoding = ppp.sending();
    let is_clear = encoding.encryption.is_none() && !encoding.is_compressed;
    // Address, control and protocol; what is sealed has a header and its own protocol besides.
    if is_clear { 4 } else { PPP_HEADROOM }
}

/// Returns the type of service, or traffic class, of an IP packet (RFC 791, RFC 8200).
fn inner_type_of_service(packet: &[u8]) -> Option<u8> {
    let &[first, second] = packet.first_chunk::<2>()?;
    match first >> 4 {
        4 => Some(second),
        6 => Some(first << 4 | second >> 4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_service_is_that_of_the_packet_within() {
        assert_eq!(inner_type_of_service(&[0x45, 0xb8, 0]), Some(0xb8));
        assert_eq!(inner_type_of_service(&[0x6b, 0x80, 0]), Some(0xb8));
        assert_eq!(inner_type_of_service(&[0x45]), None);
        assert_eq!(inner_type_of_service(&[0x15, 0xb8]), None);
    }
}
