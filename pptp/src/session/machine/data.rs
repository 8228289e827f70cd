//! The data path of a session.

use core::time::Duration;

use pptp_wire::connection::CallId;

use super::Session;
use crate::session::{BufferTooSmall, ReceiveError, Received};

/// Returns the call id of a GRE packet, the lower half of its key (RFC 2637 section 4.1).
///
/// # Errors
///
/// [`ReceiveError`]: it is too short to have one.
pub(crate) fn call_id(packet: &[u8]) -> Result<CallId, ReceiveError> {
    match packet.first_chunk::<8>() {
        Some([.., high, low]) => Ok(CallId::new(u16::from_be_bytes([*high, *low]))),
        None => Err(pptp_gre::Packet::decode(packet)
            .err()
            .map_or(ReceiveError::UnknownCall { call_id: 0 }, |error| pptp_gre::ReceiveError::from(error).into())),
    }
}

impl<const CALLS: usize> Session<CALLS> {
    /// Takes the payload of an IP packet of protocol 47 from the peer, and decrypts it where it
    /// lies. A compressed packet is written to `scratch`, which may be empty while nothing is
    /// compressed, and of [`MAX_RECEIVE`](crate::session::MAX_RECEIVE) bytes otherwise.
    ///
    /// The result borrows the packet and the scratch buffer, never the session. After it,
    /// [`poll_receive`](Self::poll_receive) may have packets that follow.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_gre<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<(CallId, Received<'p>), ReceiveError> {
        let id = call_id(packet)?;
        Ok((id, self.handle_gre_of(now, id, packet, scratch)?))
    }

    /// Takes a packet whose call id was read before.
    #[inline]
    pub(crate) fn handle_gre_of<'p>(
        &mut self,
        now: Duration,
        id: CallId,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        let index = self.live_call(now, id)?;
        let taken = self.enter_call(now, index, |call, now| call.handle_gre(now, packet, scratch));
        taken.unwrap_or(Err(ReceiveError::UnknownCall { call_id: id.get() }))
    }

    /// Returns the place of a call that GRE packets may be of; one is coming.
    #[inline]
    pub(super) fn live_call(&mut self, now: Duration, id: CallId) -> Result<usize, ReceiveError> {
        let mut calls = self.calls.iter_mut().enumerate();
        let found = calls.find(|(_, call)| call.id() == id && !call.is_cleared());
        let (index, call) = found.ok_or(ReceiveError::UnknownCall { call_id: id.get() })?;
        if call.is_first_packet() {
            self.connection.handle_data_seen(self.now.max(now), id);
        }
        Ok(index)
    }

    /// Writes the next IP packet that waited for an earlier one to the start of `buf`, and returns
    /// of which call it is.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_RECEIVE`](crate::session::MAX_RECEIVE) is enough, or the MRU and 2 if that is more. Nothing
    /// is lost.
    pub fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<(CallId, &'b [u8])>, BufferTooSmall> {
        let mut found = None;
        for index in 0..self.calls.len() {
            let polled = self.enter_call(now, index, |call, now| {
                call.poll_receive(now, buf).map(|packet| packet.map(|packet| (call.id(), packet.len())))
            });
            found = polled.transpose()?.flatten();
            if found.is_some() {
                break;
            }
        }
        Ok(found.and_then(|(id, length)| Some((id, buf.get(..length)?))))
    }

    /// Writes the next GRE packet that is no data into `buf`, though not always to its start:
    /// negotiation, acknowledgments.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](crate::session::MAX_TRANSMIT) is enough. Nothing is lost.
    pub fn poll_tunnel<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let mut found = None;
        let count = self.calls.len();
        for step in 0..count {
            let index = self.turn.wrapping_add(step).checked_rem(count).unwrap_or_default();
            found = self.enter_call(now, index, |call, now| call.poll_tunnel(now, buf)).transpose()?.flatten();
            if found.is_some() {
                // Each call in turn.
                self.turn = index.wrapping_add(1);
                break;
            }
        }
        Ok(found.and_then(|range| buf.get(range)))
    }
}
