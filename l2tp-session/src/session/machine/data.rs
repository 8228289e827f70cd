//! The packets of a session: in by their ids, out in turn.

use core::time::Duration;

use l2tp_wire::data::OuterHeader;
use l2tp_wire::demultiplexer::Key;
use l2tp_wire::header::Recipient;
use l2tp_wire::session::SessionId;
use l2tp_wire::{Address, EncodeError, Packet};

use super::Session;
use crate::session::call::{Machine, Place, Proof};
use crate::session::{BufferTooSmall, ReceiveError, Received, Transmit};

/// The recipient of a packet, by the ids in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A control message of this tunnel.
    Tunnel(Key),
    /// A control message of a tunnel that has no id yet: RFC 2661 section 7.2.1.
    Request,
    /// Data of a session.
    Session(Key),
}

/// Returns the recipient of a packet (RFC 2661 section 3.1, RFC 3931 section 4.1). The source says
/// whether UDP or IP carried it.
pub(crate) fn target(source: Address, packet: &[u8]) -> Result<Target, ReceiveError> {
    let decoded = if source.is_ip() { Packet::decode_ip(packet)? } else { Packet::decode_udp(packet)? };
    Ok(match decoded {
        Packet::Control(control) => match control.header.recipient {
            Recipient::V2 { tunnel_id: 0, .. } | Recipient::V3 { control_connection_id: 0 } => Target::Request,
            Recipient::V2 { tunnel_id, .. } => Target::Tunnel(Key::TunnelV2(tunnel_id)),
            Recipient::V3 { control_connection_id } => Target::Tunnel(Key::TunnelV3(control_connection_id)),
        },
        Packet::DataV2 { header, .. } => Target::Session(Key::SessionV2(header.tunnel_id, header.session_id)),
        Packet::DataV3 { session_id, .. } => Target::Session(Key::SessionV3(session_id)),
    })
}

impl<const CALLS: usize> Session<CALLS> {
    /// Takes a packet from `source`: the payload of a UDP datagram, or of an IP packet of protocol
    /// 115. Data is decrypted where it lies. A compressed packet is written to `scratch`, which may
    /// be empty while nothing is compressed, and of [`MAX_RECEIVE`](crate::session::MAX_RECEIVE)
    /// bytes otherwise.
    ///
    /// The result borrows the packet and the scratch buffer, never the session. After it,
    /// [`poll_receive`](Self::poll_receive) may have packets that follow.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_datagram<'p>(
        &mut self,
        now: Duration,
        source: Address,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        match target(source, packet)? {
            Target::Session(key) => self.handle_data(now, source, key, packet, scratch),
            Target::Tunnel(_) | Target::Request => {
                // A session has one tunnel: a request for another one is nobody's.
                match self.handle_control(now, source, packet)? {
                    l2tp_wire::tunnel::Handled::Taken => Ok(Received::Consumed),
                    l2tp_wire::tunnel::Handled::OtherRequest => Err(ReceiveError::UnknownTunnel),
                }
            }
        }
    }

    /// Takes a data packet whose ids were read before.
    #[inline]
    pub(crate) fn handle_data<'p>(
        &mut self,
        now: Duration,
        source: Address,
        key: Key,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        let index = self.call_of(source, key)?;
        let taken = self.enter_call(now, index, |call, now| call.handle_packet(now, packet, scratch));
        let (received, proof) = taken.unwrap_or(Err(ReceiveError::UnknownTunnel))?;
        self.note(proof);
        Ok(received)
    }

    /// Returns the place of the call that a packet with these ids is of.
    #[inline]
    pub(super) fn call_of(&self, source: Address, key: Key) -> Result<usize, ReceiveError> {
        let session_id = match key {
            Key::SessionV2(tunnel, session) if tunnel == self.tunnel.ids().v2 => session.into(),
            Key::SessionV3(session) => session,
            Key::SessionV2(..) | Key::TunnelV2(_) | Key::TunnelV3(_) => return Err(ReceiveError::UnknownTunnel),
        };
        let index = self.live_call(SessionId::new(session_id))?;
        // RouterOS: "1701 only for link establishment, further traffic any port".
        let is_peer = |peer: Address| peer.host() == source.host() && peer.is_ip() == source.is_ip();
        if self.tunnel.address().is_some_and(is_peer) { Ok(index) } else { Err(ReceiveError::OtherSource) }
    }

    /// Takes note of what a data packet has proved.
    #[inline]
    pub(super) fn note(&mut self, proof: Proof) {
        // RFC 2661 section 5.5: data shows that the peer lives, and keeps a Hello from being sent.
        if proof == Proof::Genuine {
            self.tunnel.handle_data_seen(self.now);
        }
    }

    /// Returns the place of a call that data packets may be of.
    #[inline]
    fn live_call(&self, id: SessionId) -> Result<usize, ReceiveError> {
        let found = self.calls.iter().position(|call| call.id() == id && !call.is_cleared());
        found.ok_or(ReceiveError::UnknownCall { session_id: id.get() })
    }

    /// Writes the next packet that waited for an earlier one to the start of `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_RECEIVE`](crate::session::MAX_RECEIVE) is enough, or the MRU and 2
    /// if that is more. Nothing is lost.
    pub fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Received<'b>>, BufferTooSmall> {
        for index in 0..self.calls.len() {
            let polled = self.enter_call(now, index, |call, now| call.poll_receive(now, buf));
            if let Some(length) = polled.transpose()?.flatten() {
                let bytes = buf.get(..length).unwrap_or_default();
                return Ok(self.calls.get(index).map(|call| call.received(bytes)));
            }
        }
        Ok(None)
    }

    /// Writes the next packet that is no data into `buf`, though not always to its start: control
    /// messages, negotiation.
    ///
    /// The last frames of a call go before the message that ends it, and its first ones behind the
    /// message that begins it.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](crate::session::MAX_TRANSMIT) is enough. Nothing is
    /// lost.
    pub fn poll_transmit<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Transmit<'b>>, BufferTooSmall> {
        // Ending calls first: PPP's Terminate-Request must leave before the CDN takes the session
        // away.
        let found = match self.poll_calls(now, buf, Machine::is_ending)? {
            Some(found) => Some(found),
            None => match self.poll_tunnel(now, buf)? {
                Some(found) => Some(found),
                None => self.poll_calls(now, buf, |call| !call.is_ending())?,
            },
        };
        Ok(found.map(|place| place.lay(buf)))
    }

    fn poll_tunnel(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<Place>, BufferTooSmall> {
        let available = buf.len();
        let polled = self.enter(now, |session, now| match session.tunnel.poll_transmit(now, buf) {
            Ok(packet) => Ok(packet.map(|packet| (packet.destination, packet.payload.len()))),
            Err(error) => Err(error),
        });
        match polled {
            Ok(packet) => Ok(packet.map(|(destination, length)| Place {
                destination,
                range: 0..length,
                outer: OuterHeader::default(),
            })),
            Err(EncodeError::BufferTooSmall { needed, .. }) => BufferTooSmall::check(needed, available).map(|()| None),
            Err(error) => {
                debug_assert!(false, "every message was encoded when it was queued: {error}");
                Ok(None)
            }
        }
    }

    /// Writes the next packet of one of these calls, each in turn.
    fn poll_calls(
        &mut self,
        now: Duration,
        buf: &mut [u8],
        is_wanted: impl Fn(&Machine) -> bool,
    ) -> Result<Option<Place>, BufferTooSmall> {
        let count = self.calls.len();
        // In turn, so that one call with much to say does not hold the others up.
        for step in 0..count {
            let index = self.turn.wrapping_add(step).checked_rem(count).unwrap_or_default();
            if !self.calls.get(index).is_some_and(&is_wanted) {
                continue;
            }
            let polled = self.enter_call(now, index, |call, now| call.poll_transmit(now, buf));
            let found = polled.transpose()?.flatten();
            if found.is_some() {
                self.turn = index.wrapping_add(1);
                return Ok(found);
            }
        }
        Ok(None)
    }
}
