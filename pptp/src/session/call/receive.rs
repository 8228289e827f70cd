//! Packets that come in.

use core::ops::Range;
use core::time::Duration;

use mppe::DecryptError;
use ppp_fsm::link::{Received as Link, Refused};
use ppp_fsm::{Frame, Protocol, lcp};

use super::Call;
use crate::session::cipher::Place;
use crate::session::{BufferTooSmall, Event, MAX_RECEIVE, ReceiveError, Received};

impl Call {
    /// A GRE packet with the id of this call.
    pub(crate) fn handle_gre<'p>(
        &'p mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        let received = self.tunnel.decapsulate_in_place(now, packet);
        self.has_seen_data = true;
        let (frame, place) = match received {
            Ok(pptp_gre::Received::Frame(frame) | pptp_gre::Received::LateFrame(frame)) => {
                let taken = self.take(now, frame);
                self.settle(now);
                match taken? {
                    Some(place) => (frame, place),
                    None => return Ok(Received::Consumed),
                }
            }
            Ok(other) => {
                self.settle(now);
                let is_held = other == pptp_gre::Received::Held;
                return Ok(if is_held { Received::Held } else { Received::Consumed });
            }
            Err(error) => {
                self.settle(now);
                return Err(error.into());
            }
        };
        Ok(Received::Ip(match place {
            Place::Suffix(length) => suffix(frame, length),
            Place::Decompressed(length) => self.receiver.latest(length),
        }))
    }

    /// The next IP packet that waited and need not wait any more, and where in `buf` it lies.
    pub(crate) fn poll_receive(
        &mut self,
        now: Duration,
        buf: &mut [u8],
    ) -> Result<Option<Range<usize>>, BufferTooSmall> {
        BufferTooSmall::check(MAX_RECEIVE.max(self.limit()), buf.len())?;
        loop {
            let Some(frame) = self.tunnel.poll_receive(now) else { return Ok(None) };
            // No longer one waits.
            let Some(copy) = buf.get_mut(..frame.len()) else { continue };
            copy.copy_from_slice(frame);
            let taken = self.take(now, copy);
            let end = copy.len();
            self.settle(now);
            match taken {
                Ok(Some(Place::Suffix(length))) => return Ok(Some(end.saturating_sub(length)..end)),
                Ok(Some(Place::Decompressed(length))) => {
                    let packet = buf.get_mut(..length).unwrap_or_default();
                    packet.copy_from_slice(self.receiver.latest(length));
                    return Ok(Some(0..length));
                }
                // Counted.
                Ok(None) | Err(_) => {}
            }
        }
    }

    /// Takes a frame, and says where the IP packet in it lies.
    fn take(&mut self, now: Duration, frame: &mut [u8]) -> Result<Option<Place>, ReceiveError> {
        if !self.receiver.is_clear() && self.is_current() {
            if let Ok(Frame { protocol: Protocol::COMPRESSED, information, .. }) = Frame::decode(frame) {
                let start = frame.len().saturating_sub(information.len());
                let sealed = frame.get_mut(start..).unwrap_or_default();
                self.link.note_traffic();
                return self.take_sealed(now, sealed).map(Some);
            }
        }
        let result = match self.link.handle_frame(now, frame) {
            Ok(Link::Network { packet, .. }) => return Ok(Some(Place::Suffix(packet.len()))),
            Ok(Link::Consumed) => return Ok(None),
            // CCP is open, and its event waits for room.
            Ok(_) => Err(Refused::Busy),
            Err(refused) => Err(refused),
        };
        if matches!(result, Err(Refused::NotEncrypted { .. })) {
            self.cleartext_dropped = self.cleartext_dropped.saturating_add(1);
        }
        self.refused = self.refused.saturating_add(1);
        result.map_err(ReceiveError::from)
    }

    /// The content of a frame of protocol 0x00fd.
    fn take_sealed(&mut self, now: Duration, sealed: &mut [u8]) -> Result<Place, ReceiveError> {
        let opened = match self.receiver.open(sealed, self.limit()) {
            Ok(opened) => opened,
            Err(error) => {
                if matches!(error, ReceiveError::Decrypt(DecryptError::CoherencyLost { .. })) {
                    self.tell(Event::CoherencyLost);
                }
                if self.receiver.wants_reset(now) {
                    self.link.request_reset(now);
                }
                self.refused = self.refused.saturating_add(1);
                return Err(error);
            }
        };
        if opened.is_synchronized {
            self.link.synchronized();
            self.receiver.teach(&mut self.sender);
        }
        // Whether the protocol is open; the packet itself does not matter.
        match self.link.handle_decrypted(now, Protocol(opened.protocol), &[]) {
            Ok(_) => Ok(opened.place),
            Err(refused) => {
                self.refused = self.refused.saturating_add(1);
                Err(refused.into())
            }
        }
    }

    /// The most octets that a packet may have when it is decompressed, its protocol field included.
    fn limit(&self) -> usize {
        usize::from(self.config.mru().max(lcp::Config::DEFAULT_MRU)).saturating_add(2)
    }
}

/// The last octets.
fn suffix(octets: &[u8], length: usize) -> &[u8] {
    octets.get(octets.len().saturating_sub(length)..).unwrap_or_default()
}
