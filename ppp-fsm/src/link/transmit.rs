//! Frames that go out.

use core::time::Duration;

use super::machine::Link;
use super::outbox::Repeat;
use crate::auth::Method;
use crate::{BufferTooSmall, EncodeError, Frame, Protocol, Text, lcp};

impl Link {
    /// Writes the next frame to send into `buf`: with a header, without flags, escapes and check sequence.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let length = self.enter(now, |link, now| link.next_frame(now, buf))?;
        Ok(length.and_then(|length| buf.get(..length)))
    }

    /// Returns the length of the next frame: LCP first, then what has to be known before anything
    /// else is sent.
    fn next_frame(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<usize>, BufferTooSmall> {
        let header = self.frame(Protocol::LCP, &[]);
        if let Some(length) = framed(buf, &header, |buf| self.lcp.poll_transmit(now, buf))? {
            return Ok(Some(length));
        }
        // Nothing but LCP may be sent before LCP is open (RFC 1661 section 3.4).
        if !self.lcp.is_open() {
            return Ok(None);
        }
        if let Some(protocol) = self.peer.method().map(Method::protocol) {
            let header = self.frame(protocol, &[]);
            if let Some(length) = framed(buf, &header, |buf| self.peer.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        if let Some(protocol) = self.authenticator.method().map(Method::protocol) {
            let header = self.frame(protocol, &[]);
            if let Some(length) = framed(buf, &header, |buf| self.authenticator.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        if let Some(length) = self.next_of_lcp(now, buf, &header)? {
            return Ok(Some(length));
        }
        self.next_of_network(now, buf)
    }

    /// Writes the next packet of CCP, IPCP or IPV6CP.
    fn next_of_network(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<usize>, BufferTooSmall> {
        let header = self.frame(Protocol::CCP, &[]);
        let holds_answer = self.holds_ccp_answer();
        // accel-ppp starts its decryptor only after its request has left, and an Ack that comes
        // sooner finds none.
        if let Some(ccp) = self.ccp.as_mut().filter(|_| !holds_answer) {
            if let Some(length) = framed(buf, &header, |buf| ccp.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        if let Some(length) = framed(buf, &header, |buf| self.reset.poll_transmit(buf))? {
            return Ok(Some(length));
        }
        let header = self.frame(Protocol::IPCP, &[]);
        if let Some(ipcp) = &mut self.ipcp {
            if let Some(length) = framed(buf, &header, |buf| ipcp.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        let header = self.frame(Protocol::IPV6CP, &[]);
        let Some(ipv6cp) = &mut self.ipv6cp else { return Ok(None) };
        framed(buf, &header, |buf| ipv6cp.poll_transmit(now, buf))
    }

    /// Returns what LCP sends besides its negotiation: never longer than the peer takes.
    fn next_of_lcp(
        &mut self,
        now: Duration,
        buf: &mut [u8],
        header: &Frame<'_>,
    ) -> Result<Option<usize>, BufferTooSmall> {
        let magic_number = self.lcp.protocol().receiving().magic_number;
        if let Some(length) = self.next_repeat(buf, header, magic_number)? {
            return Ok(Some(length));
        }
        if let Some(identifier) = self.echo.due() {
            let message = lcp::Message::EchoRequest(lcp::Echo { magic_number, data: &[] });
            let length = written(buf, header, &lcp::Packet { identifier, message })?;
            self.echo.sent(now);
            return Ok(length);
        }
        // RFC 1570 section 1.1: once, when the link is up.
        if self.outbox.identification {
            let message = Text(self.config.identification.as_bytes());
            let message = lcp::Message::Identification(lcp::Identification { magic_number, message });
            let identifier = self.lcp.next_identifier();
            let length = written(buf, header, &lcp::Packet { identifier, message })?;
            self.outbox.identification = false;
            return Ok(length);
        }
        if let Some(seconds) = self.outbox.time_remaining {
            let time = lcp::TimeRemaining { magic_number, seconds, message: Text(&[]) };
            let identifier = self.lcp.next_identifier();
            let packet = lcp::Packet { identifier, message: lcp::Message::TimeRemaining(time) };
            let length = written(buf, header, &packet)?;
            self.outbox.time_remaining = None;
            return Ok(length);
        }
        Ok(None)
    }

    /// Returns an Echo-Reply or a Protocol-Reject, cut to the peer's MRU (RFC 1661 sections 5.7 and
    /// 5.8).
    fn next_repeat(
        &mut self,
        buf: &mut [u8],
        header: &Frame<'_>,
        magic_number: u32,
    ) -> Result<Option<usize>, BufferTooSmall> {
        let Some((repeat, bytes)) = self.outbox.repeat() else { return Ok(None) };
        // Header (4) and magic number (4), or header (4) and protocol (2), are in front of what is repeated.
        let room = usize::from(self.lcp.protocol().sending().mru).saturating_sub(8);
        let bytes = bytes.get(..room).unwrap_or(bytes);
        let packet = match repeat {
            Repeat::Echo { identifier } => {
                let message = lcp::Message::EchoReply(lcp::Echo { magic_number, data: bytes });
                lcp::Packet { identifier, message }
            }
            Repeat::ProtocolReject(protocol) => {
                let message = lcp::Message::ProtocolReject(lcp::ProtocolReject { protocol, information: bytes });
                lcp::Packet { identifier: self.lcp.next_identifier(), message }
            }
        };
        let length = written(buf, header, &packet)?;
        self.outbox.repeated();
        Ok(length)
    }
}

/// Writes a packet of LCP behind a header. The length of the frame.
fn written(buf: &mut [u8], header: &Frame<'_>, packet: &lcp::Packet<'_>) -> Result<Option<usize>, BufferTooSmall> {
    framed(buf, header, |buf| match packet.encode(buf) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(EncodeError::BufferTooSmall(error)) => Err(error),
        Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => {
            debug_assert!(false, "what is repeated is shorter than any length can say");
            Ok(None)
        }
    })
}

/// Writes a header, and behind it what is given. The length of the frame.
fn framed<'b>(
    buf: &'b mut [u8],
    header: &Frame<'_>,
    write: impl FnOnce(&'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall>,
) -> Result<Option<usize>, BufferTooSmall> {
    let length = header.encoded_len();
    let available = buf.len();
    // Without room for the header, an empty buffer: the error says then how much the whole needs.
    let (front, rest) = buf.split_at_mut_checked(length).unwrap_or_default();
    match write(rest) {
        Err(error) => Err(BufferTooSmall { needed: error.needed.saturating_add(length), available }),
        Ok(None) => Ok(None),
        Ok(Some(bytes)) => {
            let whole = length.saturating_add(bytes.len());
            let is_written = header.encode(front).is_ok();
            debug_assert!(is_written, "the header has its room");
            Ok(Some(whole))
        }
    }
}
