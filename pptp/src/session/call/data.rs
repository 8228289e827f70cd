//! The data path of one call.

use core::ops::Range;
use core::time::Duration;

use pptp_gre::{Tunnel, Unproven};

use super::Machine;
use super::slots::Slots;
use crate::session::{BufferTooSmall, HEADROOM, MAX_RECEIVE, ReceiveError, Received, SendError};

/// The contents of a GRE packet.
pub(super) enum Arrived {
    /// A frame, which nothing proves yet.
    Frame(Unproven),
    /// It waits.
    Held,
    /// It was for the tunnel.
    Consumed,
}

impl Machine {
    /// Takes a GRE packet with the id of this call.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    pub(in crate::session) fn handle_gre<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        // A number of the tunnel must not move for a packet that is refused for want of room.
        BufferTooSmall::check(self.ppp.scratch_len(), scratch.len()).map_err(ppp_session::ReceiveError::from)?;
        self.enter(
            |call| match call.arrive(now, packet)? {
                Arrived::Held => Ok(Received::Held),
                Arrived::Consumed => Ok(Received::Consumed),
                Arrived::Frame(unproven) => {
                    let frame = packet.get_mut(unproven.range()).unwrap_or_default();
                    let expects_sealed = call.ppp.expects_sealed();
                    let received = call.ppp.handle_frame(now, frame, scratch);
                    judge(&mut call.tunnel, now, &unproven, expects_sealed, &received);
                    Ok(received?.into())
                }
            },
            now,
        )
    }

    /// Takes the tunnel's part of a packet.
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever is no frame was for the tunnel")]
    #[inline]
    pub(super) fn arrive(&mut self, now: Duration, packet: &[u8]) -> Result<Arrived, ReceiveError> {
        Ok(match self.tunnel.decapsulate_unproven(now, packet)? {
            pptp_gre::Received::Frame(frame) | pptp_gre::Received::LateFrame(frame) => Arrived::Frame(frame),
            pptp_gre::Received::Held => Arrived::Held,
            _ => Arrived::Consumed,
        })
    }

    /// Writes the next IP packet that waited and need not wait any more to the start of `buf`.
    #[inline]
    pub(in crate::session) fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        let scratch = self.ppp.scratch_len();
        BufferTooSmall::check(MAX_RECEIVE.max(scratch), buf.len())?;
        if self.tunnel.holds_frames() { Ok(self.release(now, buf)) } else { Ok(None) }
    }

    /// Takes the frames that waited, until one of them has an IP packet.
    fn release<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Option<&'b [u8]> {
        let length = self.enter(
            |call| {
                while let Some((unproven, frame)) = call.tunnel.poll_receive_unproven(now) {
                    let expects_sealed = call.ppp.expects_sealed();
                    let length = call.ppp.handle_frame_into(now, frame, buf);
                    // Case by case: of nested closures the compiler makes a look at the length in front of that at the
                    // error, which valgrind reports to users of the C interface.
                    let received = match length {
                        Ok(Some(length)) => Ok(match buf.get(..length) {
                            Some(packet) => ppp_session::Received::Ip(packet),
                            None => ppp_session::Received::Consumed,
                        }),
                        Ok(None) => Ok(ppp_session::Received::Consumed),
                        Err(error) => Err(error),
                    };
                    judge(&mut call.tunnel, now, &unproven, expects_sealed, &received);
                    // A refused frame is counted there.
                    if let Ok(Some(length)) = length {
                        return Some(length);
                    }
                }
                None
            },
            now,
        );
        length.and_then(|length| buf.get(..length))
    }

    /// Returns an error when the window of the peer is full, or the packet could not be sent
    /// anyway.
    pub(super) fn check_window(&mut self, now: Duration, buf: &[u8]) -> Result<(), SendError> {
        if self.tunnel.check_writable(now).is_ok() {
            return Ok(());
        }
        // A packet that can never be sent is refused at once.
        self.ppp.check_ip(buf, HEADROOM)?;
        Err(SendError::WouldBlock)
    }

    pub(in crate::session) fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        self.enter(
            |call| {
                // Before a key moves.
                call.check_window(now, buf)?;
                let frame = call.ppp.send_ip(now, buf, HEADROOM)?;
                call.encapsulate(now, buf, frame)
            },
            now,
        )
    }

    /// Lays the header of GRE in front of a frame, and returns the packet.
    pub(super) fn encapsulate<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
        frame: Range<usize>,
    ) -> Result<&'b [u8], SendError> {
        let start = frame.start.saturating_sub(pptp_gre::HEADROOM);
        let packet = buf.get_mut(start..frame.end).unwrap_or_default();
        // Window and length were checked.
        self.tunnel.encapsulate_in_place(now, packet).map_err(|_| SendError::WouldBlock)
    }

    /// Writes the next GRE packet that is no data, and returns where in `buf` it lies.
    pub(in crate::session) fn poll_tunnel(
        &mut self,
        now: Duration,
        buf: &mut [u8],
    ) -> Result<Option<Range<usize>>, BufferTooSmall> {
        if self.is_cleared() {
            return Ok(None);
        }
        self.enter(|call| call.next_packet(now, buf), now)
    }

    fn next_packet(&mut self, now: Duration, buf: &mut [u8]) -> Result<Option<Range<usize>>, BufferTooSmall> {
        let available = buf.len();
        // PPP's own packets take part in the window, as all data does (RFC 2637 section 4.2).
        if self.tunnel.is_writable() {
            BufferTooSmall::check(pptp_gre::HEADROOM, available)?;
            let frame = buf.get_mut(pptp_gre::HEADROOM..).unwrap_or_default();
            let length = match self.ppp.poll_transmit(now, frame) {
                Ok(frame) => frame.map(<[u8]>::len),
                Err(error) => {
                    let needed = error.needed.saturating_add(pptp_gre::HEADROOM);
                    return BufferTooSmall::check(needed, available).map(|()| None);
                }
            };
            if let Some(length) = length {
                let end = pptp_gre::HEADROOM.saturating_add(length);
                let packet = self.tunnel.encapsulate_in_place(now, buf.get_mut(..end).unwrap_or_default());
                // A frame that cannot be sent now is sent again by PPP's own timers.
                return Ok(packet.ok().map(|packet| end.saturating_sub(packet.len())..end));
            }
        } else {
            // The user gets an event when there is room again.
            let _ = self.tunnel.check_writable(now);
        }
        // RFC 2637 section 4.1: an acknowledgment alone, when no data could carry it.
        match self.tunnel.poll_transmit(now, buf) {
            Ok(packet) => Ok(packet.map(|packet| 0..packet.len())),
            Err(error) => BufferTooSmall::check(error.needed, available).map(|()| None),
        }
    }
}

/// Lets the tunnel know what PPP found: numbers far from the others are believed only when the
/// frame is proved.
///
/// Where data has to be encrypted, what is in the clear proves nothing: anybody can send it. The
/// genuine packet of the same number is not lost for it.
#[inline]
pub(super) fn judge(
    tunnel: &mut Tunnel<Slots>,
    now: Duration,
    unproven: &Unproven,
    expects_sealed: bool,
    received: &Result<ppp_session::Received<'_>, ppp_session::ReceiveError>,
) {
    match received {
        // An IP packet was decrypted, or could only be sent by the peer.
        Ok(ppp_session::Received::Ip(_)) => tunnel.confirm(now, unproven),
        Ok(_) if !expects_sealed => tunnel.confirm(now, unproven),
        // A frame that is not genuine must not make the genuine one of the same number late.
        Err(error) if error.is_forgery() => tunnel.refuse(now, unproven),
        Ok(_) | Err(_) if expects_sealed => tunnel.doubt(now, unproven),
        Ok(_) | Err(_) => {}
    }
}
