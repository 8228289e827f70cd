//! Packets that come in.

use core::ops::Range;
use core::time::Duration;

use mppe::DecryptError;
use ppp_fsm::link::{Received as Link, Refused};
use ppp_fsm::{Frame, Protocol, lcp};
use pptp_gre::Unproven;

use super::Call;
use crate::session::cipher::{Opened, Place};
use crate::session::{BufferTooSmall, Event, MAX_RECEIVE, ReceiveError, Received};

/// What came out of a GRE packet.
pub(crate) enum Arrived {
    /// The frame, which nothing vouches for yet.
    Frame(Unproven),
    /// It waits.
    Held,
}

impl Call {
    /// A GRE packet with the id of this call.
    pub(crate) fn handle_gre<'p>(
        &'p mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        let Some(arrived) = self.arrive(now, packet)? else {
            return Ok(Received::Consumed);
        };
        let Arrived::Frame(unproven) = arrived else { return Ok(Received::Held) };
        let frame = packet.get_mut(unproven.range()).unwrap_or_default();
        let taken = self.take(now, &unproven, frame);
        self.settle(now);
        Ok(taken?.map_or(Received::Consumed, |place| Received::Ip(self.locate(frame, place))))
    }

    /// The next IP packet that waited and need not wait any more, and where in `buf` it lies.
    pub(crate) fn poll_receive(
        &mut self,
        now: Duration,
        buf: &mut [u8],
    ) -> Result<Option<Range<usize>>, BufferTooSmall> {
        BufferTooSmall::check(MAX_RECEIVE.max(self.limit()), buf.len())?;
        loop {
            let Some((unproven, frame)) = self.tunnel.poll_receive_unproven(now) else { return Ok(None) };
            // No longer one waits.
            let Some(copy) = buf.get_mut(..frame.len()) else { continue };
            copy.copy_from_slice(frame);
            let taken = self.take(now, &unproven, copy);
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

    /// The tunnel's part: where the frame lies, if there is one.
    pub(crate) fn arrive(&mut self, now: Duration, packet: &[u8]) -> Result<Option<Arrived>, ReceiveError> {
        self.has_seen_data = true;
        match self.tunnel.decapsulate_unproven(now, packet) {
            Ok(pptp_gre::Received::Frame(unproven) | pptp_gre::Received::LateFrame(unproven)) => {
                Ok(Some(Arrived::Frame(unproven)))
            }
            Ok(received) => {
                self.settle(now);
                Ok((received == pptp_gre::Received::Held).then_some(Arrived::Held))
            }
            Err(error) => {
                self.settle(now);
                Err(error.into())
            }
        }
    }

    /// Where in a frame there is something to decrypt or to decompress, if that is what it is for.
    pub(crate) fn sealed(&self, frame: &[u8]) -> Option<Range<usize>> {
        if self.receiver.is_clear() || !self.is_current() {
            return None;
        }
        match Frame::decode(frame) {
            Ok(Frame { protocol: Protocol::COMPRESSED, information, .. }) => {
                Some(frame.len().saturating_sub(information.len())..frame.len())
            }
            _ => None,
        }
    }

    /// Takes a frame, and says where the IP packet in it lies.
    pub(crate) fn take(
        &mut self,
        now: Duration,
        unproven: &Unproven,
        frame: &mut [u8],
    ) -> Result<Option<Place>, ReceiveError> {
        if let Some(sealed) = self.sealed(frame) {
            let opened = self.receiver.open(frame.get_mut(sealed).unwrap_or_default(), self.limit());
            return self.conclude(now, unproven, opened).map(Some);
        }
        // In an encrypted call anyone can send what is in the clear, so it proves no number.
        let proves = self.receiver.is_clear();
        let result = match self.link.handle_frame(now, frame) {
            Ok(Link::Network { packet, .. }) => Ok(Some(Place::Suffix(packet.len()))),
            Ok(Link::Consumed) => Ok(None),
            // CCP is open, and its event waits for room.
            Ok(_) => Err(Refused::Busy),
            Err(refused) => Err(refused),
        };
        if result.is_err() {
            self.tunnel.refuse(now, unproven);
        } else if proves {
            self.tunnel.confirm(now, unproven);
        }
        if matches!(result, Err(Refused::NotEncrypted { .. })) {
            self.cleartext_dropped = self.cleartext_dropped.saturating_add(1);
        }
        if result.is_err() {
            self.refused = self.refused.saturating_add(1);
        }
        result.map_err(ReceiveError::from)
    }

    /// What was decrypted or decompressed, or was not, and what that means for the link.
    pub(crate) fn conclude(
        &mut self,
        now: Duration,
        unproven: &Unproven,
        opened: Result<Opened, ReceiveError>,
    ) -> Result<Place, ReceiveError> {
        let opened = match opened {
            Ok(opened) => {
                self.tunnel.confirm(now, unproven);
                // Only what was opened is a sign that the peer lives.
                self.link.note_traffic();
                opened
            }
            Err(error) => {
                // A packet that waits for a reset is genuine, as far as anyone can say.
                if !matches!(error, ReceiveError::Decrypt(DecryptError::AwaitingFlushed { .. })) {
                    self.tunnel.refuse(now, unproven);
                }
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

    /// An IP packet of a frame.
    pub(crate) fn locate<'p>(&'p self, frame: &'p [u8], place: Place) -> &'p [u8] {
        match place {
            Place::Suffix(length) => frame.get(frame.len().saturating_sub(length)..).unwrap_or_default(),
            Place::Decompressed(length) => self.receiver.latest(length),
        }
    }

    /// The most octets that a packet may have when it is decompressed, its protocol field included.
    fn limit(&self) -> usize {
        usize::from(self.config.mru().max(lcp::Config::DEFAULT_MRU)).saturating_add(2)
    }
}
