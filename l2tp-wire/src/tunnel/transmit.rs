//! The packets that go out.

use core::time::Duration;

use super::config::Versions;
use super::counters::Counters;
use super::machine::{Transmit, TransmitResult, Tunnel};
use super::stage::Stage;
use crate::code::MessageType;
use crate::header::{Control, ControlHeader, Recipient};
use crate::hide::Hiding;
use crate::message::{EncodeOptions, v3};
use crate::{EncodeError, Message, Version};

/// RFC 3931 section 4.1.1.1: what precedes a control message directly over IP.
const ZERO_SESSION: [u8; 4] = [0; 4];

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Returns the next packet to send, written to the start of `buf`, and where it goes.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::BufferTooSmall`] when `buf` is too short: nothing is lost, call again
    /// with more room. [`MAX_TRANSMIT`](Self::MAX_TRANSMIT) is always enough.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> TransmitResult<'b> {
        self.enter(now, move |tunnel, now| {
            let Some(destination) = tunnel.address else {
                return Ok(None);
            };
            if matches!(tunnel.stage, Stage::Closed { .. }) {
                return Ok(None);
            }
            let Some(next) = tunnel.channel.next(now) else {
                return Ok(None);
            };
            let Some(packet) = tunnel.channel.packet(next) else {
                return Ok(None);
            };
            let prefix: &[u8] = if destination.is_ip() { &ZERO_SESSION } else { &[] };
            let (ns, nr, available) = (packet.ns, packet.nr, buf.len());
            let short = EncodeError::BufferTooSmall { needed: Self::MAX_TRANSMIT, available };
            let (front, rest) = buf.split_at_mut_checked(prefix.len()).ok_or(short)?;
            front.copy_from_slice(prefix);
            let length = match packet.message {
                Some(stored) => {
                    let message = rest.get_mut(..stored.len()).ok_or(short)?;
                    message.copy_from_slice(stored);
                    // The ids are those of when it was queued; only an SCCRQ is older than the peer's id.
                    let recipient =
                        Control::decode(message).map_or_else(|_| tunnel.recipient(0), |old| old.header.recipient);
                    ControlHeader { recipient, ns, nr }.overwrite(message)?;
                    message.len()
                }
                None => tunnel.write_acknowledgment(ControlHeader { recipient: tunnel.recipient(0), ns, nr }, rest)?,
            };
            let message = rest.get_mut(..length).ok_or(short)?;
            let is_request = is_request(message);
            // Each transmission has other numbers, and so another digest.
            let signed = tunnel.proof.sign(message, is_request);
            debug_assert!(signed.is_ok(), "every message is queued with room for its digest: {signed:?}");
            // Only now, when it has fitted the buffer.
            tunnel.channel.mark_sent(now, next);
            Counters::add(&mut tunnel.counters.bytes_sent, length);
            let payload = buf.get(..prefix.len().saturating_add(length)).unwrap_or_default();
            Ok(Some(Transmit { destination, payload }))
        })
    }

    /// Writes an acknowledgment: in version 2 a message without AVPs, in version 3 one that can
    /// carry a digest (RFC 2661 section 5.8).
    fn write_acknowledgment(&self, header: ControlHeader, buf: &mut [u8]) -> Result<usize, EncodeError> {
        match self.version {
            Version::V2 => {
                let available = buf.len();
                let short = EncodeError::BufferTooSmall { needed: ControlHeader::LEN, available };
                let message = buf.get_mut(..ControlHeader::LEN).ok_or(short)?;
                header.overwrite(message)?;
                Ok(message.len())
            }
            Version::V3 => {
                // With or without a digest: RFC 3931 section 4.2 wants it instead of a message without AVPs.
                let message = Message::from(v3::ExplicitAcknowledgement::new());
                message.encode(&header, &self.options(), buf).map(|message| message.len())
            }
        }
    }

    /// Returns the options of a message, hiding apart.
    fn options(&self) -> EncodeOptions<'static> {
        match self.proof.digest_type() {
            Some(digest_type) => EncodeOptions::new().with_digest(digest_type),
            None => EncodeOptions::new(),
        }
    }

    /// Returns the ids that the peer chose, for messages to it; 0 while they are not known.
    pub(super) fn recipient(&self, session_id: u16) -> Recipient {
        let tunnel_id = self.peer.as_ref().map_or(0, |peer| peer.tunnel_id);
        match self.version {
            Version::V2 => {
                let [.., high, low] = tunnel_id.to_be_bytes();
                Recipient::V2 { tunnel_id: u16::from_be_bytes([high, low]), session_id }
            }
            Version::V3 => Recipient::V3 { control_connection_id: tunnel_id },
        }
    }

    /// Queues a message for the peer's session with this id (0: for the tunnel). Returns whether
    /// there was room.
    pub(super) fn send(&mut self, session_id: u16, message: &Message<'_>) -> bool {
        self.send_within(self.room(), session_id, message)
    }

    pub(super) fn send_within(&mut self, limit: usize, session_id: u16, message: &Message<'_>) -> bool {
        let header = ControlHeader { recipient: self.recipient(session_id), ns: 0, nr: 0 };
        let vector: [u8; 16] = self.random.bytes();
        let padding: [u8; 16] = self.random.bytes();
        // A length that nobody can foresee: RFC 2661 section 4.3 wants that of the value concealed.
        let padding = padding.split_first().and_then(|(first, rest)| rest.get(..usize::from(first & 0x0f)));
        // In a request that both versions understand, each would have a key of its own.
        let is_for_both = self.peer.is_none() && self.config.versions() == Versions::Both;
        let hides = self.config.hidden && !is_for_both;
        let key = self.proof.hiding_key(&self.config, self.version).filter(|_| hides);
        let mut options = self.options();
        if let Some(key) = &key {
            options = options.with_hiding(Hiding::new(key, &vector).with_padding(padding.unwrap_or_default()));
        }
        self.channel.push_with(|free| {
            let room = free.len().min(limit);
            message.encode(&header, &options, free.get_mut(..room)?).ok().map(|message| message.len())
        })
    }
}

/// Returns whether a message is an SCCRQ.
pub(super) fn is_request(message: &[u8]) -> bool {
    let message_type = Control::decode(message).and_then(|control| control.avps().message_type());
    matches!(message_type, Ok((MessageType::START_CONTROL_CONNECTION_REQUEST, _)))
}
