//! Reset-Request and Reset-Ack: RFC 1962 section 3, RFC 3078 section 8.2.

use core::time::Duration;

use crate::{BufferTooSmall, Code, EncodeError, Packet};

/// RFC 1962 section 3: asks the peer to start afresh when data was lost, and answers when the peer asks.
///
/// RFC 3078 needs no Reset-Ack: the next packet says that it was flushed. Linux waits for one all the same, so it is sent,
/// unless the peer rejected it: Windows does not know it.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::Packet;
/// use ppp_fsm::ccp::Reset;
///
/// let now = Duration::ZERO;
/// let mut reset = Reset::default();
/// // The peer lost something.
/// assert!(reset.handle_packet(&Packet::decode(&[14, 9, 0, 4])?));
/// let mut buf = [0; 8];
/// assert_eq!(reset.poll_transmit(&mut buf)?, Some(&[15, 9, 0, 4][..]));
///
/// // This side lost something.
/// reset.request(now, 3);
/// assert_eq!(reset.poll_transmit(&mut buf)?, Some(&[14, 3, 0, 4][..]));
/// assert_eq!(reset.poll_timeout(), Some(Duration::from_secs(1)));
/// reset.synchronized();
/// assert_eq!(reset.poll_timeout(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Reset {
    /// The identifier of the request that waits for an answer.
    waiting: Option<u8>,
    request_pending: bool,
    timer: Option<Duration>,
    ack: Option<u8>,
    peer_rejects_ack: bool,
    peer_rejects_request: bool,
}

impl Reset {
    /// How long to wait for the peer before it is asked again.
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// Takes a Reset-Request or Reset-Ack. Whether it was a request: the next packet sent has to be flushed.
    ///
    /// Other packets, and acknowledgements of what was not asked for, are left alone.
    pub fn handle_packet(&mut self, packet: &Packet<'_>) -> bool {
        if packet.code == Code::RESET_ACK && self.waiting == Some(packet.identifier) {
            self.synchronized();
        }
        let is_request = packet.code == Code::RESET_REQUEST;
        if is_request && !self.peer_rejects_ack {
            self.ack = Some(packet.identifier);
        }
        is_request
    }

    /// Takes a Code-Reject of the peer.
    pub fn handle_code_reject(&mut self, packet: &Packet<'_>) {
        match packet.data.first().copied().map(Code) {
            Some(Code::RESET_ACK) => (self.peer_rejects_ack, self.ack) = (true, None),
            Some(Code::RESET_REQUEST) => {
                self.peer_rejects_request = true;
                self.synchronized();
            }
            _ => {}
        }
    }

    /// Data was lost: the peer is asked to start afresh, unless it was asked already.
    pub fn request(&mut self, now: Duration, identifier: u8) {
        if self.waiting.is_none() && !self.peer_rejects_request {
            (self.waiting, self.request_pending) = (Some(identifier), true);
            self.timer = Some(now.saturating_add(Self::TIMEOUT));
        }
    }

    /// A flushed packet came: the peer has started afresh.
    pub fn synchronized(&mut self) {
        (self.waiting, self.request_pending, self.timer) = (None, false, None);
    }

    /// CCP is not open any more: nothing is asked, and nothing is answered.
    pub fn clear(&mut self) {
        self.synchronized();
        self.ack = None;
    }

    /// Writes the next packet to send into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost; 4 octets are enough.
    pub fn poll_transmit<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let (code, identifier) = match (self.ack, self.waiting) {
            (Some(identifier), _) => (Code::RESET_ACK, identifier),
            (None, Some(identifier)) if self.request_pending => (Code::RESET_REQUEST, identifier),
            (None, _) => return Ok(None),
        };
        let packet = Packet { code, identifier, data: &[], padding: &[] };
        match packet.encode(buf) {
            Ok(octets) => {
                if code == Code::RESET_ACK {
                    self.ack = None;
                } else {
                    self.request_pending = false;
                }
                Ok(Some(octets))
            }
            Err(EncodeError::BufferTooSmall(error)) => Err(error),
            // A header has no length that could be too long.
            Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => Ok(None),
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        self.timer
    }

    /// The request is sent again, with the same identifier.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.timer.is_some_and(|timer| timer <= now) {
            self.request_pending = true;
            self.timer = Some(now.saturating_add(Self::TIMEOUT));
        }
    }
}
