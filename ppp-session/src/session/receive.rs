//! Packets that come in.

use core::ops::Range;
use core::time::Duration;

use mppe::DecryptError;
use ppp_fsm::link::{Received as OfLink, Refused};
use ppp_fsm::{Frame, Protocol, lcp};

use super::{Life, Session};
use crate::cipher::{Opened, Place};
use crate::{BufferTooSmall, Event, ReceiveError, Received};

impl Session {
    /// Takes a frame, decrypts it where it lies, and lends the IP packet in it. A compressed packet
    /// is written to `scratch`, which may be empty while nothing is compressed:
    /// [`scratch_len`](Self::scratch_len).
    ///
    /// The result borrows the frame and the scratch buffer, never the session.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    #[inline]
    pub fn handle_frame<'p>(
        &mut self,
        now: Duration,
        frame: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        BufferTooSmall::check(self.scratch_len(), scratch.len())?;
        self.enter(now, |session, now| {
            let place = session.take(now, frame)?;
            Ok(place.map_or(Received::Consumed, |place| Received::Ip(session.locate(frame, place, scratch))))
        })
    }

    /// Takes a frame as [`handle_frame`](Self::handle_frame) does, and copies the IP packet in it
    /// to the start of `out`: for frames that waited in memory of the carrier's. Returns the length
    /// of the packet, if there is one.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing. `out` has to be as long as the frame, and as
    /// [`scratch_len`](Self::scratch_len).
    pub fn handle_frame_into(
        &mut self,
        now: Duration,
        frame: &mut [u8],
        out: &mut [u8],
    ) -> Result<Option<usize>, ReceiveError> {
        BufferTooSmall::check(self.scratch_len().max(frame.len()), out.len())?;
        self.enter(now, |session, now| {
            let Some(place) = session.take(now, frame)? else { return Ok(None) };
            let packet = match place {
                Place::Suffix(length) => frame.get(frame.len().saturating_sub(length)..).unwrap_or_default(),
                Place::Decompressed(length) => session.receiver.latest(length),
            };
            if let Some(copy) = out.get_mut(..packet.len()) {
                copy.copy_from_slice(packet);
            }
            Ok(Some(packet.len()))
        })
    }

    /// Returns how long the scratch buffer of [`handle_frame`](Self::handle_frame) has to be, in
    /// bytes: 0 while nothing is compressed, otherwise 1502 or more.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        if self.receiver.decompresses() { self.limit() } else { 0 }
    }

    /// Returns whether data has to be encrypted or compressed to be taken now. Then a frame in the
    /// clear proves nothing about its sender, since anybody on the path can make one.
    #[must_use]
    pub const fn expects_sealed(&self) -> bool {
        !self.receiver.is_clear()
    }

    /// Returns where in a frame something has to be decrypted or decompressed, if it is such a
    /// frame.
    pub(super) fn sealed(&self, frame: &[u8]) -> Option<Range<usize>> {
        if self.receiver.is_clear() {
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
    pub(super) fn take(&mut self, now: Duration, frame: &mut [u8]) -> Result<Option<Place>, ReceiveError> {
        if let Some(sealed) = self.sealed(frame) {
            let limit = self.limit();
            let opened = self.receiver.open(frame.get_mut(sealed).unwrap_or_default(), limit);
            return self.conclude(now, opened).map(Some);
        }
        let result = match self.link.handle_frame(now, frame) {
            // The network is gone already, whatever PPP still takes.
            Ok(OfLink::Network { protocol, .. }) if matches!(self.life, Life::Ended(_)) => {
                Err(Refused::NotNow { protocol })
            }
            Ok(OfLink::Network { packet, .. }) => return Ok(Some(Place::Suffix(packet.len()))),
            Ok(OfLink::Consumed) => return Ok(None),
            // CCP is open, and this side has no keys for it.
            Ok(_) => Err(Refused::NotNow { protocol: Protocol::COMPRESSED }),
            Err(refused) => Err(refused),
        };
        if matches!(result, Err(Refused::NotEncrypted { .. })) {
            self.cleartext_dropped = self.cleartext_dropped.saturating_add(1);
        }
        self.refused = self.refused.saturating_add(1);
        result.map_err(ReceiveError::from)
    }

    /// Takes what was decrypted or decompressed, or was not, and what that means for the link.
    pub(super) fn conclude(
        &mut self,
        now: Duration,
        opened: Result<Opened, ReceiveError>,
    ) -> Result<Place, ReceiveError> {
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                // A run of nonsense: other keys at both ends, which no waiting repairs.
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
        // Only what could be decrypted is a sign of life: anybody can send the rest.
        self.link.note_traffic();
        if opened.is_synchronized {
            self.link.synchronized();
            self.receiver.teach(&mut self.sender);
        }
        match self.link.accepts(Protocol(opened.protocol)) {
            Ok(()) => Ok(opened.place),
            // Decrypted, but of a protocol that was not agreed on: never answered by a
            // Protocol-Reject, which would leak it in the clear.
            Err(refused) => {
                self.refused = self.refused.saturating_add(1);
                Err(refused.into())
            }
        }
    }

    /// Returns the IP packet of a frame. A decompressed packet is copied, so that the session's
    /// memory is free.
    #[inline]
    pub(super) fn locate<'p>(&self, frame: &'p [u8], place: Place, scratch: &'p mut [u8]) -> &'p [u8] {
        match place {
            Place::Suffix(length) => frame.get(frame.len().saturating_sub(length)..).unwrap_or_default(),
            Place::Decompressed(length) => {
                let latest = self.receiver.latest(length);
                let copy = scratch.get_mut(..latest.len()).unwrap_or_default();
                debug_assert_eq!(copy.len(), length, "the scratch buffer was checked");
                copy.copy_from_slice(latest.get(..copy.len()).unwrap_or_default());
                copy
            }
        }
    }

    /// Returns the most bytes that a packet may have when it is decompressed, its protocol field
    /// included.
    pub(super) fn limit(&self) -> usize {
        usize::from(self.config.mru().max(lcp::Config::DEFAULT_MRU)).saturating_add(2)
    }
}
