//! Many packets of one session at once, and the cipher lent for packets of many sessions.

use core::ops::Range;
use core::time::Duration;

use mppe::{Incoming, Outgoing, Receiving, Sending};
use ppp_fsm::Protocol;

use super::Session;
use crate::batch::{Batch, Opening, Sealing};
use crate::cipher::{HEADER, Opened, Receiver, Sender};
use crate::{ReceiveError, Received, SendError};

/// How many packets are worked on at once.
const LANES: usize = 8;

impl Session {
    /// Takes many frames, in the order in which they came, as [`handle_frame`](Self::handle_frame)
    /// does. The result of each goes to `each`, with its index.
    pub fn handle_frames(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        frames: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut first = 0_usize;
        let mut rest = frames;
        while !rest.is_empty() {
            // A run of frames to decrypt, and the one that ends it.
            let mut starts = [0; LANES];
            let mut count = 0_usize;
            for (start, frame) in starts.iter_mut().zip(rest.iter()) {
                // With MPPC each packet needs the history of the one before, so it goes alone.
                let sealed = if matches!(self.receiver, Receiver::Encrypted(_)) { self.sealed(frame) } else { None };
                let Some(sealed) = sealed else { break };
                *start = sealed.start;
                count = count.saturating_add(1);
            }
            let (run, behind) = core::mem::take(&mut rest).split_at_mut_checked(count).unwrap_or_default();
            if count > 0 {
                self.open_lanes(now, batch, first, run, &starts, each);
                first = first.saturating_add(count);
            }
            rest = behind;
            // The frame that ended the run is handled in its turn, between those before and behind
            // it.
            if count < LANES {
                if let Some((frame, behind)) = core::mem::take(&mut rest).split_first_mut() {
                    let length = self.scratch_len();
                    if batch.scratch.len() < length {
                        batch.scratch.resize(length, 0);
                    }
                    each(first, self.handle_frame(now, frame, &mut batch.scratch));
                    first = first.saturating_add(1);
                    rest = behind;
                }
            }
        }
    }

    fn open_lanes(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        first: usize,
        run: &mut [&mut [u8]],
        starts: &[usize; LANES],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut opened: [Result<Opened, ReceiveError>; LANES] = [Err(ReceiveError::Implausible); LANES];
        if let Receiver::Encrypted(decryptor) = &mut self.receiver {
            let count = run.len();
            let mut jobs = starts.iter().zip(run.iter_mut());
            let mut incoming: [Incoming<'_>; LANES] = core::array::from_fn(|_| match jobs.next() {
                Some((start, frame)) => Incoming::new(frame.get_mut(*start..).unwrap_or_default()),
                None => Incoming::new(&mut []),
            });
            let jobs = incoming.get_mut(..count).unwrap_or_default();
            batch.cipher.decrypt(&mut [Receiving::new(decryptor, jobs)]);
            for (opened, incoming) in opened.iter_mut().zip(jobs) {
                if let Some(decrypted) = incoming.decrypted() {
                    *opened = decrypted.map(Opened::from).map_err(ReceiveError::from);
                }
            }
        }
        self.enter(now, |session, now| {
            for (index, (opened, frame)) in (first..).zip(opened.into_iter().zip(run.iter())) {
                let place = session.conclude(now, opened);
                each(index, place.map(|place| Received::Ip(session.locate(frame, place, &mut []))));
            }
        });
    }

    /// Sends many packets, in order, each of which its buffer has from `start` on. The result of
    /// each goes to `each`, with its index and buffer: where the frame lies in that, as
    /// [`send_ip`](Self::send_ip) says.
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        bufs: &mut [&mut [u8]],
        start: usize,
        each: &mut impl FnMut(usize, &mut [u8], Result<Range<usize>, SendError>),
    ) {
        let mut first = 0_usize;
        for chunk in bufs.chunks_mut(LANES) {
            let indices = first..;
            first = first.saturating_add(LANES);
            if !self.seals_in_place() {
                for (index, buf) in indices.zip(chunk) {
                    let sent = self.send_ip(now, buf, start);
                    each(index, buf, sent);
                }
                continue;
            }
            let mut begun = [const { Ok(0..0) }; LANES];
            for (begun, buf) in begun.iter_mut().zip(chunk.iter_mut()) {
                // Every check comes before a key moves.
                *begun = self.begin_ip(buf, start);
            }
            let mut pairs = begun.iter().zip(chunk.iter_mut());
            let mut frames: [&mut [u8]; LANES] = core::array::from_fn(|_| match pairs.next() {
                Some((Ok(frame), buf)) => buf.get_mut(frame.clone()).unwrap_or_default(),
                _ => &mut [],
            });
            self.seal(batch, &mut frames);
            for (index, (begun, buf)) in indices.zip(begun.into_iter().zip(chunk)) {
                each(index, buf, begun);
            }
        }
    }

    /// Encrypts frames that [`begin_ip`](Self::begin_ip) made, in order. Empty ones are left out.
    pub fn seal(&mut self, batch: &mut Batch, frames: &mut [&mut [u8]]) {
        let inner = self.sealed_header_len();
        let Sender::Encrypted(encryptor) = &mut self.sender else { return };
        for chunk in frames.chunks_mut(LANES) {
            let mut frames = chunk.iter_mut();
            let mut outgoing: [Outgoing<'_>; LANES] = core::array::from_fn(|_| match frames.next() {
                Some(frame) if !frame.is_empty() => {
                    let end = frame.len();
                    Outgoing::new(frame, inner..end)
                }
                // There is nothing to encrypt.
                _ => Outgoing::new(&mut [], 0..0),
            });
            batch.cipher.encrypt(&mut [Sending::new(encryptor, &mut outgoing)]);
        }
    }

    /// Lends the decryptor for one frame, to be decrypted together with frames of other sessions.
    ///
    /// # Errors
    ///
    /// The frame, when it is not one that is only decrypted: for
    /// [`handle_frame`](Self::handle_frame).
    pub fn lend_decryptor<'p>(&mut self, frame: &'p mut [u8]) -> Result<Opening<'p>, &'p mut [u8]> {
        let Some(sealed) = self.sealed(frame) else { return Err(frame) };
        let receiver = core::mem::take(&mut self.receiver);
        if let Receiver::Encrypted(decryptor) = receiver {
            return Ok(Opening { decryptor, frame, sealed: sealed.start, opened: Err(ReceiveError::Implausible) });
        }
        // A compressed packet is not lent.
        self.receiver = receiver;
        Err(frame)
    }

    /// Takes a decryptor back, and returns what it has made of the frame.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn take_back<'p>(&mut self, now: Duration, opening: Opening<'p>) -> Result<Received<'p>, ReceiveError> {
        let Opening { decryptor, frame, opened, .. } = opening;
        self.receiver = Receiver::Encrypted(decryptor);
        self.enter(now, |session, now| {
            let place = session.conclude(now, opened)?;
            Ok(Received::Ip(session.locate(frame, place, &mut [])))
        })
    }

    /// Lends the encryptor for one packet, to be encrypted together with packets of other sessions:
    /// as [`begin_ip`](Self::begin_ip). Returns where the frame lies in the buffer, too.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was lent.
    pub fn lend_encryptor<'p>(
        &mut self,
        buf: &'p mut [u8],
        start: usize,
    ) -> Result<(Sealing<'p>, Range<usize>), SendError> {
        let frame = self.begin_ip(buf, start)?;
        let inner = frame.start.saturating_add(self.sealed_header_len());
        let sender = core::mem::take(&mut self.sender);
        if let Sender::Encrypted(encryptor) = sender {
            return Ok((Sealing { encryptor, buf, inner }, frame));
        }
        debug_assert!(false, "no frame was begun without an encryptor");
        self.sender = sender;
        Err(SendError::NotConnected { protocol: Protocol::COMPRESSED })
    }

    /// Takes an encryptor back, and returns the buffer with what it has made of the packet.
    pub fn take_back_sealed<'p>(&mut self, sealing: Sealing<'p>) -> &'p mut [u8] {
        self.sender = Sender::Encrypted(sealing.encryptor);
        sealing.buf
    }

    /// Returns whether packets are sealed in place, without compression: then
    /// [`begin_ip`](Self::begin_ip) and [`lend_encryptor`](Self::lend_encryptor) serve batches.
    #[must_use]
    pub const fn seals_in_place(&self) -> bool {
        matches!(self.sender, Sender::Encrypted(_))
    }

    /// Makes the frame of a packet as [`send_ip`](Self::send_ip) does, but leaves it to
    /// [`seal`](Self::seal) to encrypt it. No key moves. For carriers that lay their headers and
    /// count before many packets are sealed at once. To be called only while the session [seals in
    /// place](Self::seals_in_place).
    ///
    /// # Errors
    ///
    /// [`SendError`]: there is no frame. The packet is as it was.
    pub fn begin_ip(&self, buf: &mut [u8], start: usize) -> Result<Range<usize>, SendError> {
        let protocol = self.check(buf, start)?;
        if !self.seals_in_place() {
            return Err(SendError::NotConnected { protocol });
        }
        let front = self.lay_headers(buf, start, protocol);
        Ok(front..buf.len())
    }

    /// Returns how many bytes the header of a sealed frame has, up to the inner protocol.
    fn sealed_header_len(&self) -> usize {
        self.link.frame(Protocol::COMPRESSED, &[]).encoded_len().saturating_add(HEADER)
    }
}
