//! Many packets of one call at once.

use alloc::boxed::Box;
use core::ops::Range;
use core::time::Duration;

use mppe::{Decryptor, Encryptor, Incoming, Outgoing, Receiving, Sending};
use ppp_fsm::Protocol;
use pptp_gre::Unproven;

use super::Call;
use super::receive::Arrived;
use super::send::encapsulate;
use crate::session::cipher::{INNER, OUTER, Opened, Receiver, Sender};
use crate::session::{Batch, ReceiveError, Received, SendError};

/// How many packets are worked on at once.
const LANES: usize = 8;

/// A frame to be decrypted with others.
struct Lane {
    unproven: Unproven,
    /// Where in the packet the encrypted octets lie.
    sealed: Range<usize>,
}

impl Call {
    /// Sends many packets, in order.
    pub(crate) fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        let mut first = 0_usize;
        for chunk in packets.chunks_mut(LANES) {
            if matches!(self.sender, Sender::Encrypted(_)) {
                self.send_lanes(now, batch, first, chunk, each);
            } else {
                for (index, buf) in (first..).zip(chunk.iter_mut()) {
                    each(index, self.send_ip(now, buf));
                }
            }
            first = first.saturating_add(LANES);
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
        let mut starts = [Err(SendError::NoCall); LANES];
        for (start, buf) in starts.iter_mut().zip(chunk.iter_mut()) {
            *start = self.begin(now, buf);
        }
        if let Sender::Encrypted(encryptor) = &mut self.sender {
            let mut jobs = starts.iter().zip(chunk.iter_mut());
            let mut outgoing: [Outgoing<'_>; LANES] = core::array::from_fn(|_| match jobs.next() {
                Some((Ok(_), buf)) => {
                    let end = buf.len();
                    Outgoing::new(buf, INNER..end)
                }
                // There is nothing to encrypt.
                _ => Outgoing::new(&mut [], 0..0),
            });
            batch.cipher.encrypt(&mut [Sending::new(encryptor, &mut outgoing)]);
        }
        for (index, (start, buf)) in (first..).zip(starts.iter().zip(chunk.iter())) {
            each(index, start.map(|start| buf.get(start..).unwrap_or_default()));
        }
    }

    /// Takes many packets, in order. What is no encrypted data is handled where it comes.
    pub(crate) fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut first = 0_usize;
        let mut rest = packets;
        while !rest.is_empty() {
            let mut lanes: [Option<Lane>; LANES] = [const { None }; LANES];
            let mut count = 0_usize;
            let mut other = None;
            // A run of packets to decrypt, and the one that ends it.
            for (lane, packet) in lanes.iter_mut().zip(rest.iter()) {
                let arrived = self.arrive(now, packet);
                let sealed = match (&arrived, &self.receiver) {
                    (Ok(Some(Arrived::Frame(unproven))), Receiver::Encrypted(_)) => self.lane(unproven, packet),
                    _ => None,
                };
                if sealed.is_none() {
                    other = Some(arrived);
                    break;
                }
                *lane = sealed;
                count = count.saturating_add(1);
            }
            let (run, behind) = core::mem::take(&mut rest).split_at_mut_checked(count).unwrap_or_default();
            self.open_lanes(now, batch, first, run, &lanes, each);
            first = first.saturating_add(count);
            rest = behind;
            let Some(arrived) = other else { continue };
            if let Some((packet, behind)) = core::mem::take(&mut rest).split_first_mut() {
                self.handle_arrived(now, first, packet, arrived, each);
                first = first.saturating_add(1);
                rest = behind;
            }
        }
        self.settle(now);
    }

    /// What there is to decrypt in a frame, if that is what it is for.
    fn lane(&self, unproven: &Unproven, packet: &[u8]) -> Option<Lane> {
        let frame = unproven.range();
        let sealed = self.sealed(packet.get(frame.clone()).unwrap_or_default())?;
        Some(Lane { unproven: unproven.clone(), sealed: frame.start.saturating_add(sealed.start)..frame.end })
    }

    fn open_lanes(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        first: usize,
        run: &mut [&mut [u8]],
        lanes: &[Option<Lane>; LANES],
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut opened: [Result<Opened, ReceiveError>; LANES] = [Err(ReceiveError::Implausible); LANES];
        if let Receiver::Encrypted(decryptor) = &mut self.receiver {
            let count = run.len();
            let mut jobs = lanes.iter().flatten().zip(run.iter_mut());
            let mut incoming: [Incoming<'_>; LANES] = core::array::from_fn(|_| match jobs.next() {
                Some((lane, packet)) => Incoming::new(packet.get_mut(lane.sealed.clone()).unwrap_or_default()),
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
        let lanes = lanes.iter().flatten();
        for (index, ((opened, lane), packet)) in (first..).zip(opened.into_iter().zip(lanes).zip(run.iter())) {
            let frame = packet.get(lane.sealed.clone()).unwrap_or_default();
            let place = self.conclude(now, &lane.unproven, opened);
            each(index, place.map(|place| Received::Ip(self.locate(frame, place))));
        }
    }

    /// A packet that the tunnel has taken, and that is not to be decrypted with others.
    fn handle_arrived(
        &mut self,
        now: Duration,
        index: usize,
        packet: &mut [u8],
        arrived: Result<Option<Arrived>, ReceiveError>,
        each: &mut impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let unproven = match arrived {
            Ok(Some(Arrived::Frame(unproven))) => unproven,
            Ok(Some(Arrived::Held)) => return each(index, Ok(Received::Held)),
            Ok(None) => return each(index, Ok(Received::Consumed)),
            Err(error) => return each(index, Err(error)),
        };
        let frame = packet.get_mut(unproven.range()).unwrap_or_default();
        let taken = self.take(now, &unproven, frame);
        self.settle(now);
        each(
            index,
            taken.map(|place| place.map_or(Received::Consumed, |place| Received::Ip(self.locate(frame, place)))),
        );
    }
}

/// A packet whose decryptor was taken out of its call, to be decrypted together with packets of other calls.
pub(crate) struct Lent<'p> {
    decryptor: Box<Decryptor>,
    packet: &'p mut [u8],
    lane: Lane,
    opened: Result<Opened, ReceiveError>,
}

impl Call {
    /// Begins with a packet that may be decrypted with those of other calls.
    pub(crate) fn lend<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Lent<'p>> {
        let arrived = self.arrive(now, packet);
        let lane = match &arrived {
            Ok(Some(Arrived::Frame(unproven))) => self.lane(unproven, packet),
            _ => None,
        };
        match (core::mem::take(&mut self.receiver), lane) {
            (Receiver::Encrypted(decryptor), Some(lane)) => {
                return Some(Lent { decryptor, packet, lane, opened: Err(ReceiveError::Implausible) });
            }
            (receiver, _) => self.receiver = receiver,
        }
        self.handle_arrived(now, 0, packet, arrived, &mut |_, received| each(received));
        None
    }

    /// Takes the decryptor back, and what it has made of the packet.
    pub(crate) fn take_back(
        &mut self,
        now: Duration,
        lent: Lent<'_>,
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) {
        self.receiver = Receiver::Encrypted(lent.decryptor);
        let place = self.conclude(now, &lent.lane.unproven, lent.opened);
        self.settle(now);
        let frame = lent.packet.get(lent.lane.sealed).unwrap_or_default();
        each(place.map(|place| Received::Ip(self.locate(frame, place))));
    }
}

impl Lent<'_> {
    /// Decrypts four packets of four calls side by side.
    pub(crate) fn open_all(batch: &mut Batch, lent: [&mut Self; 4]) {
        let mut parts = lent.map(|lent| {
            let sealed = lent.packet.get_mut(lent.lane.sealed.clone()).unwrap_or_default();
            (&mut lent.decryptor, [Incoming::new(sealed)], &mut lent.opened)
        });
        let mut jobs = parts.each_mut().map(|(decryptor, incoming, _)| Receiving::new(decryptor, incoming));
        batch.cipher.decrypt(&mut jobs);
        for (_, [incoming], opened) in &mut parts {
            if let Some(decrypted) = incoming.decrypted() {
                **opened = decrypted.map(Opened::from).map_err(ReceiveError::from);
            }
        }
    }

    /// Decrypts one packet.
    pub(crate) fn open(&mut self) {
        let sealed = self.packet.get_mut(self.lane.sealed.clone()).unwrap_or_default();
        self.opened = self.decryptor.decrypt(sealed).map(Opened::from).map_err(ReceiveError::from);
    }
}

/// A packet whose encryptor was taken out of its call, to be encrypted together with packets of other calls.
pub(crate) struct Sealing<'p> {
    encryptor: Box<Encryptor>,
    buf: &'p mut [u8],
    /// Where the GRE packet starts.
    start: usize,
}

impl Call {
    /// Begins with a packet that may be encrypted with those of other calls.
    pub(crate) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        if !matches!(self.sender, Sender::Encrypted(_)) {
            each(self.send_ip(now, buf));
            return None;
        }
        let begun = self.begin(now, buf);
        match (begun, core::mem::take(&mut self.sender)) {
            (Ok(start), Sender::Encrypted(encryptor)) => return Some(Sealing { encryptor, buf, start }),
            (begun, sender) => {
                self.sender = sender;
                each(Err(begun.err().unwrap_or(SendError::NoCall)));
            }
        }
        None
    }

    /// Takes the encryptor back.
    pub(crate) fn take_back_sealed(&mut self, sealing: Sealing<'_>, each: &mut impl FnMut(Result<&[u8], SendError>)) {
        self.sender = Sender::Encrypted(sealing.encryptor);
        each(Ok(sealing.buf.get(sealing.start..).unwrap_or_default()));
    }

    /// Lays the headers in front of a packet that is encrypted afterwards, and says where the GRE packet starts.
    fn begin(&mut self, now: Duration, buf: &mut [u8]) -> Result<usize, SendError> {
        self.prepare(now, buf)?;
        let packet = encapsulate(now, &self.link, &mut self.tunnel, Protocol::COMPRESSED, buf, OUTER)?.len();
        Ok(buf.len().saturating_sub(packet))
    }
}

impl Sealing<'_> {
    /// Encrypts four packets of four calls side by side.
    pub(crate) fn seal_all(batch: &mut Batch, sealing: [&mut Self; 4]) {
        let mut parts = sealing.map(|sealing| {
            let end = sealing.buf.len();
            (&mut sealing.encryptor, [Outgoing::new(sealing.buf, INNER..end)])
        });
        let mut jobs = parts.each_mut().map(|(encryptor, outgoing)| Sending::new(encryptor, outgoing));
        batch.cipher.encrypt(&mut jobs);
    }

    /// Encrypts one packet.
    pub(crate) fn seal(&mut self) {
        let end = self.buf.len();
        // All that could be wrong was checked.
        let _ = self.encryptor.encrypt_in_place(self.buf, INNER..end);
    }
}
