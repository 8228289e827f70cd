//! Reset-Request and Reset-Ack: RFC 1962 section 3, RFC 3078 section 8.2.

use core::time::Duration;

use crate::{BufferTooSmall, Code, EncodeError, Packet, time};

/// RFC 1962 section 3: asks the peer to start afresh when data was lost, and answers when the peer asks.
///
/// RFC 3078 needs no Reset-Ack: the next packet says that it was flushed. Linux waits for one
/// nevertheless, so it is sent, unless the peer rejected it: Windows does not know it.
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
    request: Request,
    answer: Answer,
}

/// The Reset-Request of this side.
#[derive(Debug, Clone, Copy, Default)]
enum Request {
    /// Nothing is asked.
    #[default]
    None,
    /// The peer was asked, or is about to be, and is asked again at a time.
    Waiting { identifier: u8, is_due: bool, at: Option<Duration> },
    /// The peer does not know Reset-Requests.
    Rejected,
}

/// The Reset-Ack of this side.
#[derive(Debug, Clone, Copy, Default)]
enum Answer {
    #[default]
    None,
    /// It has to be sent, with the identifier of the request.
    Due { identifier: u8 },
    /// The peer does not know Reset-Acks.
    Rejected,
}

impl Reset {
    /// How long to wait for the peer before it is asked again.
    pub const TIMEOUT: Duration = Duration::from_secs(1);

    /// Takes a Reset-Request or Reset-Ack. Returns whether it was a request: the next packet sent has to be flushed.
    ///
    /// Other packets, and acknowledgements of what was not asked for, are left alone.
    pub fn handle_packet(&mut self, packet: &Packet<'_>) -> bool {
        match (packet.code, self.request) {
            // An Ack of an earlier request would come before its flushed packet.
            (Code::RESET_ACK, Request::Waiting { identifier, .. }) if identifier == packet.identifier => {
                self.synchronized();
            }
            // Windows Code-Rejects a Reset-Ack. RFC 3078 section 8.2 needs none, but Linux waits
            // for it.
            (Code::RESET_REQUEST, _) if !matches!(self.answer, Answer::Rejected) => {
                self.answer = Answer::Due { identifier: packet.identifier };
            }
            _ => {}
        }
        packet.code == Code::RESET_REQUEST
    }

    /// Takes a Code-Reject of the peer.
    pub fn handle_code_reject(&mut self, packet: &Packet<'_>) {
        match packet.data.first().copied().map(Code) {
            Some(Code::RESET_ACK) => self.answer = Answer::Rejected,
            Some(Code::RESET_REQUEST) => self.request = Request::Rejected,
            _ => {}
        }
    }

    /// Asks the peer to start afresh, since data was lost, unless it was asked already.
    pub fn request(&mut self, now: Duration, identifier: u8) {
        if matches!(self.request, Request::None) {
            self.request = Request::Waiting { identifier, is_due: true, at: time::after(now, Self::TIMEOUT) };
        }
    }

    /// Reports that a flushed packet came: the peer has started afresh.
    pub const fn synchronized(&mut self) {
        if matches!(self.request, Request::Waiting { .. }) {
            self.request = Request::None;
        }
    }

    /// Forgets what is asked and answered: CCP is not open any more.
    pub const fn clear(&mut self) {
        self.synchronized();
        if matches!(self.answer, Answer::Due { .. }) {
            self.answer = Answer::None;
        }
    }

    /// Writes the next packet to send into `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost; 4 bytes are enough.
    pub fn poll_transmit<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        if let Answer::Due { identifier } = self.answer {
            let written = header(Code::RESET_ACK, identifier, buf)?;
            self.answer = Answer::None;
            return Ok(Some(written));
        }
        if let Request::Waiting { identifier, is_due: is_due @ true, .. } = &mut self.request {
            let written = header(Code::RESET_REQUEST, *identifier, buf)?;
            *is_due = false;
            return Ok(Some(written));
        }
        Ok(None)
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Duration> {
        match self.request {
            Request::Waiting { at, .. } => at,
            Request::None | Request::Rejected => None,
        }
    }

    /// Sends the request again, with the same identifier, when its time has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        if let Request::Waiting { is_due, at, .. } = &mut self.request {
            if time::is_due(*at, now) {
                *is_due = true;
                *at = time::after(now, Self::TIMEOUT);
            }
        }
    }
}

/// Writes a packet without data.
fn header(code: Code, identifier: u8, buf: &mut [u8]) -> Result<&[u8], BufferTooSmall> {
    match (Packet { code, identifier, data: &[], padding: &[] }).encode(buf) {
        Ok(bytes) => Ok(bytes),
        Err(EncodeError::BufferTooSmall(error)) => Err(error),
        Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => {
            debug_assert!(false, "a header has no length that could be too long");
            Ok(&[])
        }
    }
}
