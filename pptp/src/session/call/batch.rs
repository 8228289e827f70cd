//! Many packets of one call at once, and one each of many calls.

use core::ops::Range;
use core::time::Duration;

use ppp_session::Batch;
use pptp_gre::Unproven;

use super::Machine;
use super::data::{Arrived, judge};
use crate::session::{HEADROOM, ReceiveError, Received, SendError};

/// How many packets are worked on at once.
const LANES: usize = 8;

impl Machine {
    /// Sends many packets, in order.
    pub(in crate::session) fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        let mut first = 0_usize;
        for chunk in packets.chunks_mut(LANES) {
            let indices = first..;
            first = first.saturating_add(LANES);
            if self.ppp.seals_in_place() {
                self.enter(|call| call.send_lanes(now, batch, indices.start, chunk, each), now);
            } else {
                for (index, buf) in indices.zip(chunk) {
                    each(index, self.send_ip(now, buf));
                }
            }
        }
    }

    fn send_lanes(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        first: usize,
        chunk: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        // The headers come first: the window and the numbers of the tunnel go packet by packet.
        let mut begun: [Result<(usize, Range<usize>), SendError>; LANES] = [const { Err(SendError::NoCall) }; LANES];
        for (begun, buf) in begun.iter_mut().zip(chunk.iter_mut()) {
            *begun = self.begin(now, buf);
        }
        let mut pairs = begun.iter().zip(chunk.iter_mut());
        let mut frames: [&mut [u8]; LANES] = core::array::from_fn(|_| match pairs.next() {
            Some((Ok((_, frame)), buf)) => buf.get_mut(frame.clone()).unwrap_or_default(),
            _ => &mut [],
        });
        self.ppp.seal(batch, &mut frames);
        for (index, (begun, buf)) in (first..).zip(begun.into_iter().zip(chunk)) {
            each(index, begun.map(|(start, frame)| buf.get(start..frame.end).unwrap_or_default()));
        }
    }

    /// Makes a packet that is encrypted afterwards. Returns where it begins, and where the frame in
    /// it lies.
    fn begin(&mut self, now: Duration, buf: &mut [u8]) -> Result<(usize, Range<usize>), SendError> {
        self.check_window(now, buf)?;
        let frame = self.ppp.begin_ip(buf, HEADROOM)?;
        let length = self.encapsulate(now, buf, frame.clone())?.len();
        Ok((frame.end.saturating_sub(length), frame))
    }

    /// Takes many packets, in order.
    pub(in crate::session) fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut first = 0_usize;
        for chunk in packets.chunks_mut(LANES) {
            self.enter(|call| call.take_lanes(now, batch, first, chunk, each), now);
            first = first.saturating_add(LANES);
        }
    }

    fn take_lanes(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        first: usize,
        chunk: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut arrived: [Result<Arrived, ReceiveError>; LANES] = [const { Ok(Arrived::Consumed) }; LANES];
        for (arrived, packet) in arrived.iter_mut().zip(chunk.iter()) {
            *arrived = self.arrive(now, packet);
        }
        let count = chunk.len();
        let mut lanes = arrived.iter().zip(chunk.iter_mut()).filter_map(|(arrived, packet)| match arrived {
            Ok(Arrived::Frame(unproven)) => Some(packet.get_mut(unproven.range()).unwrap_or_default()),
            _ => None,
        });
        let mut frames: [&mut [u8]; LANES] = core::array::from_fn(|_| lanes.next().unwrap_or_default());
        let frame_count = arrived.iter().filter(|arrived| matches!(arrived, Ok(Arrived::Frame(_)))).count();
        let frames = frames.get_mut(..frame_count).unwrap_or_default();
        // The order of the results is that of the packets.
        // A packet without a frame is handed out in its turn.
        let mut turns = (first..).zip(arrived.into_iter().take(count));
        let mut until_frame = |each: &mut dyn FnMut(usize, Result<Received<'_>, ReceiveError>)| {
            for (index, arrived) in turns.by_ref() {
                match arrived {
                    Ok(Arrived::Frame(unproven)) => return Some((index, unproven)),
                    Ok(Arrived::Held) => each(index, Ok(Received::Held)),
                    Ok(Arrived::Consumed) => each(index, Ok(Received::Consumed)),
                    Err(error) => each(index, Err(error)),
                }
            }
            None
        };
        let Self { ppp, tunnel, .. } = self;
        let expects_sealed = ppp.expects_sealed();
        ppp.handle_frames(now, batch, frames, &mut |_, received| {
            let Some((index, unproven)) = until_frame(each) else { return };
            judge(tunnel, now, &unproven, expects_sealed, &received);
            each(index, received.map(Received::from).map_err(ReceiveError::from));
        });
        let rest = until_frame(each);
        debug_assert!(rest.is_none(), "each frame has its result");
    }
}

/// A packet whose decryptor was lent, to be decrypted together with packets of other calls.
pub(crate) struct Opening<'p> {
    ppp: ppp_session::Opening<'p>,
    unproven: Unproven,
}

impl<'p> AsMut<ppp_session::Opening<'p>> for Opening<'p> {
    fn as_mut(&mut self) -> &mut ppp_session::Opening<'p> {
        &mut self.ppp
    }
}

/// A packet whose encryptor was lent, to be encrypted together with packets of other calls.
pub(crate) struct Sealing<'p> {
    ppp: ppp_session::Sealing<'p>,
    packet: Range<usize>,
}

impl<'p> AsMut<ppp_session::Sealing<'p>> for Sealing<'p> {
    fn as_mut(&mut self) -> &mut ppp_session::Sealing<'p> {
        &mut self.ppp
    }
}

impl Machine {
    /// Begins with a packet that may be decrypted with those of other calls.
    pub(in crate::session) fn lend<'p>(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Opening<'p>> {
        self.enter(
            |call| {
                let unproven = match call.arrive(now, packet) {
                    Ok(Arrived::Frame(unproven)) => unproven,
                    Ok(Arrived::Held) => {
                        each(Ok(Received::Held));
                        return None;
                    }
                    Ok(Arrived::Consumed) => {
                        each(Ok(Received::Consumed));
                        return None;
                    }
                    Err(error) => {
                        each(Err(error));
                        return None;
                    }
                };
                let frame = packet.get_mut(unproven.range()).unwrap_or_default();
                let Self { ppp, tunnel, .. } = call;
                match ppp.lend_decryptor(frame) {
                    Ok(ppp) => Some(Opening { ppp, unproven }),
                    Err(frame) => {
                        let expects_sealed = ppp.expects_sealed();
                        ppp.handle_frames(now, batch, &mut [frame], &mut |_, received| {
                            judge(tunnel, now, &unproven, expects_sealed, &received);
                            each(received.map(Received::from).map_err(ReceiveError::from));
                        });
                        None
                    }
                }
            },
            now,
        )
    }

    /// Takes the decryptor back, and what it has made of the packet.
    pub(in crate::session) fn take_back<'p>(
        &mut self,
        now: Duration,
        opening: Opening<'p>,
    ) -> Result<Received<'p>, ReceiveError> {
        self.enter(
            |call| {
                let received = call.ppp.take_back(now, opening.ppp);
                judge(&mut call.tunnel, now, &opening.unproven, true, &received);
                Ok(received?.into())
            },
            now,
        )
    }

    /// Begins with a packet that may be encrypted with those of other calls.
    pub(in crate::session) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        if !self.ppp.seals_in_place() {
            // This sender cannot be lent: its packets do not stay in place.
            each(self.send_ip(now, buf));
            return None;
        }
        self.enter(
            |call| {
                let lent = call.check_window(now, buf);
                let lent = lent.and_then(|()| Ok(call.ppp.lend_encryptor(buf, HEADROOM)?));
                let (mut ppp, frame) = match lent {
                    Ok(lent) => lent,
                    Err(error) => {
                        each(Err(error));
                        return None;
                    }
                };
                match call.encapsulate(now, ppp.buf_mut(), frame.clone()).map(<[u8]>::len) {
                    Ok(length) => Some(Sealing { ppp, packet: frame.end.saturating_sub(length)..frame.end }),
                    Err(error) => {
                        call.ppp.take_back_sealed(ppp);
                        each(Err(error));
                        None
                    }
                }
            },
            now,
        )
    }

    /// Takes the encryptor back, and returns the packet.
    pub(in crate::session) fn take_back_sealed<'p>(&mut self, sealing: Sealing<'p>) -> &'p [u8] {
        let buf = self.ppp.take_back_sealed(sealing.ppp);
        buf.get(sealing.packet).unwrap_or_default()
    }
}
