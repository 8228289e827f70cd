//! Packets that go out.

use core::ops::Range;
use core::time::Duration;

use ppp_fsm::{Frame, Protocol};

use super::{Life, Session};
use crate::cipher::HEADER;
use crate::{BufferTooSmall, HEADROOM, SendError};

/// The inner protocol field of an encrypted or compressed packet, in bytes: it is never shortened.
const INNER: usize = 2;

/// Returns the PPP protocol of an IP packet.
fn protocol_of(packet: &[u8]) -> Option<Protocol> {
    match packet.first()? >> 4 {
        4 => Some(Protocol::IP),
        6 => Some(Protocol::IPV6),
        _ => None,
    }
}

impl Session {
    /// Sends the IP packet that `buf` has from `start` on: encrypts it in place, makes the frame
    /// around it, and returns where that lies in `buf`. In front of it there is room for a
    /// carrier's header: all that `start` exceeds [`HEADROOM`] by, or more.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use ppp_session::{Client, Config, HEADROOM, SendError, Session};
    ///
    /// # let now = Duration::ZERO;
    /// let mut session =
    ///     Session::client(&Config::strict(), &Client::new("alice", "wonderland"), [1; 32]);
    /// // Four bytes for the carrier's header, room for PPP, an IP packet.
    /// let mut buf = [0; 4 + HEADROOM + 20];
    /// buf[4 + HEADROOM] = 0x45;
    /// // IP does not flow yet.
    /// let error = session.send_ip(now, &mut buf, 4 + HEADROOM).unwrap_err();
    /// assert!(matches!(error, SendError::NotConnected { .. }));
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The packet is as it was.
    #[inline]
    pub fn send_ip(&mut self, now: Duration, buf: &mut [u8], start: usize) -> Result<Range<usize>, SendError> {
        self.enter(now, |session, _| {
            let protocol = session.check(buf, start)?;
            session.make_frame(buf, start, protocol)
        })
    }

    /// Returns an error when a packet would not be sent now. Nothing changes.
    ///
    /// # Errors
    ///
    /// [`SendError`], that of [`send_ip`](Self::send_ip).
    pub fn check_ip(&self, buf: &[u8], start: usize) -> Result<(), SendError> {
        self.check(buf, start).map(|_| ())
    }

    /// Checks everything before a key moves.
    pub(super) fn check(&self, buf: &[u8], start: usize) -> Result<Protocol, SendError> {
        BufferTooSmall::check(HEADROOM, start)?;
        BufferTooSmall::check(start.saturating_add(1), buf.len())?;
        let packet = buf.get(start..).unwrap_or_default();
        let protocol = protocol_of(packet).ok_or(SendError::NotIp)?;
        // RFC 3078 section 9: nothing goes out before the negotiation is complete.
        if !self.may_send(protocol) {
            return Err(SendError::NotConnected { protocol });
        }
        let (length, mtu) = (packet.len(), self.mtu());
        if length > usize::from(mtu) {
            return Err(SendError::TooLong { length, mtu });
        }
        Ok(protocol)
    }

    /// Returns whether packets of this protocol may flow.
    #[must_use]
    pub fn may_send(&self, protocol: Protocol) -> bool {
        matches!(self.life, Life::Up) && self.link.may_send(protocol)
    }

    /// Makes the frame of a packet that was checked.
    fn make_frame(&mut self, buf: &mut [u8], start: usize, protocol: Protocol) -> Result<Range<usize>, SendError> {
        if self.sender.is_clear() {
            let front = self.lay_header(buf, start, protocol);
            return Ok(front..buf.len());
        }
        let front = self.lay_headers(buf, start, protocol);
        // Every check was made: a sender that is not clear seals every IP packet.
        let end = self.sender.seal(buf, start.saturating_sub(INNER)).ok_or(SendError::NotConnected { protocol })?;
        Ok(front..end)
    }

    /// Lays the inner protocol and the header of a sealed frame in front of a packet, with room
    /// between them. Returns where the frame begins.
    pub(super) fn lay_headers(&self, buf: &mut [u8], start: usize, protocol: Protocol) -> usize {
        let inner = start.saturating_sub(INNER);
        if let Some(place) = buf.get_mut(inner..).and_then(<[u8]>::first_chunk_mut) {
            *place = protocol.0.to_be_bytes();
        }
        self.lay_header(buf, inner.saturating_sub(HEADER), Protocol::COMPRESSED)
    }

    /// Lays address, control and protocol in front of `start`, as the peer agreed to. Returns where
    /// they begin.
    fn lay_header(&self, buf: &mut [u8], start: usize, protocol: Protocol) -> usize {
        let mut room = [0; Frame::MAX_HEADER_LEN];
        // The room is the longest header's, so that this cannot fail.
        let header = self.link.frame(protocol, &[]).encode_header(&mut room).unwrap_or_default();
        debug_assert!(!header.is_empty(), "the longest header fits");
        let Some(front) = start.checked_sub(header.len()) else {
            debug_assert!(false, "there is headroom");
            return start;
        };
        if let Some(place) = buf.get_mut(front..).and_then(|buf| buf.get_mut(..header.len())) {
            place.copy_from_slice(header);
        }
        front
    }
}
