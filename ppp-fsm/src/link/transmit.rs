//! Frames that go out.

use core::time::Duration;

use super::machine::Link;
use crate::{BufferTooSmall, EncodeError, Frame, Protocol, Text, lcp};

impl Link {
    /// Writes the next frame to send into `buf`: with a header, without flags, escapes and check sequence.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: nothing is lost. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.advance(now);
        let length = match self.next_frame(buf)? {
            // The last packet of a failed authentication is out: the link may close now.
            None => {
                self.settle();
                self.next_frame(buf)?
            }
            length => length,
        };
        Ok(length.and_then(|length| buf.get(..length)))
    }

    /// The length of the next frame: LCP first, then what has to be known before anything else is sent.
    fn next_frame(&mut self, buf: &mut [u8]) -> Result<Option<usize>, BufferTooSmall> {
        let now = self.now;
        let header = self.frame(Protocol::LCP, &[]);
        if let Some(length) = framed(buf, &header, |buf| self.lcp.poll_transmit(now, buf))? {
            return Ok(Some(length));
        }
        if !self.lcp.is_open() {
            return Ok(None);
        }
        if let Some(protocol) = self.peer.method().map(crate::auth::Method::protocol) {
            let header = self.frame(protocol, &[]);
            if let Some(length) = framed(buf, &header, |buf| self.peer.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        if let Some(protocol) = self.authenticator.method().map(crate::auth::Method::protocol) {
            let header = self.frame(protocol, &[]);
            if let Some(length) = framed(buf, &header, |buf| self.authenticator.poll_transmit(now, buf))? {
                return Ok(Some(length));
            }
        }
        if let Some(length) = self.next_of_lcp(buf, &header)? {
            return Ok(Some(length));
        }
        let header = self.frame(Protocol::CCP, &[]);
        if let Some(ccp) = &mut self.ccp {
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

    /// What LCP sends besides its negotiation: never longer than the peer takes.
    fn next_of_lcp(&mut self, buf: &mut [u8], header: &Frame<'_>) -> Result<Option<usize>, BufferTooSmall> {
        let agreed = self.lcp.protocol();
        let magic_number = agreed.receiving().magic_number;
        // Header (4) and magic number (4), or header (4) and protocol (2), are in front of what is repeated.
        let room = usize::from(agreed.sending().mru).saturating_sub(8);
        let cut = |octets: &[u8]| octets.len().min(room);
        if let Some(identifier) = self.echo_reply {
            let data = self.echo_data.as_octets();
            let data = data.get(..cut(data)).unwrap_or_default();
            let message = lcp::Message::EchoReply(lcp::Echo { magic_number, data });
            let length = written(buf, header, &lcp::Packet { identifier, message })?;
            self.echo_reply = None;
            return Ok(Some(length));
        }
        if let Some(protocol) = self.protocol_reject {
            let information = self.rejected.as_octets();
            let information = information.get(..cut(information)).unwrap_or_default();
            let message = lcp::Message::ProtocolReject(lcp::ProtocolReject { protocol, information });
            let identifier = self.lcp.next_identifier();
            let length = written(buf, header, &lcp::Packet { identifier, message })?;
            self.protocol_reject = None;
            return Ok(Some(length));
        }
        if self.echo.pending {
            let message = lcp::Message::EchoRequest(lcp::Echo { magic_number, data: &[] });
            let length = written(buf, header, &lcp::Packet { identifier: self.echo.identifier, message })?;
            self.echo.sent(self.now);
            return Ok(Some(length));
        }
        if self.identification_pending {
            let message = Text(self.config.identification());
            let message = lcp::Message::Identification(lcp::Identification { magic_number, message });
            let identifier = self.lcp.next_identifier();
            let length = written(buf, header, &lcp::Packet { identifier, message })?;
            self.identification_pending = false;
            return Ok(Some(length));
        }
        if let Some(seconds) = self.time_remaining {
            let time = lcp::TimeRemaining { magic_number, seconds, message: Text(&[]) };
            let identifier = self.lcp.next_identifier();
            let packet = lcp::Packet { identifier, message: lcp::Message::TimeRemaining(time) };
            let length = written(buf, header, &packet)?;
            self.time_remaining = None;
            return Ok(Some(length));
        }
        Ok(None)
    }
}

/// Writes a packet of LCP behind a header. The length of the frame.
fn written(buf: &mut [u8], header: &Frame<'_>, packet: &lcp::Packet<'_>) -> Result<usize, BufferTooSmall> {
    let length = framed(buf, header, |buf| match packet.encode(buf) {
        Ok(octets) => Ok(Some(octets)),
        Err(EncodeError::BufferTooSmall(error)) => Err(error),
        // What is repeated is shorter than any length can say.
        Err(EncodeError::TooLong { .. } | EncodeError::InvalidProtocol { .. }) => Ok(None),
    })?;
    Ok(length.unwrap_or_default())
}

/// Writes a header, and behind it what is given. The length of the frame.
fn framed<'b>(
    buf: &'b mut [u8],
    header: &Frame<'_>,
    write: impl FnOnce(&'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall>,
) -> Result<Option<usize>, BufferTooSmall> {
    let length = header.encoded_len();
    let available = buf.len();
    // A header alone has to fit, for the error to say how much the whole needs.
    let (front, rest) = buf.split_at_mut_checked(length).unwrap_or_default();
    match write(rest) {
        Err(error) => Err(BufferTooSmall { needed: error.needed.saturating_add(length), available }),
        Ok(None) => Ok(None),
        Ok(Some(octets)) => {
            let whole = length.saturating_add(octets.len());
            let _ = header.encode(front);
            Ok(Some(whole))
        }
    }
}
