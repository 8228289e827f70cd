//! The sessions of a batch: what is handled one by one, and what goes to a lane.

use super::packet::{Incoming, Outgoing, Verdict};
use crate::algorithm::Mode;
use crate::cipher::LANES;
use crate::decryptor::Decryptor;
use crate::encryptor::Encryptor;
use crate::header::Flags;

/// Packets of one session, in order, that a [`Batch`](crate::Batch) encrypts.
///
/// ```
/// use mppe::{Batch, Config, Encryptor, Mode, Outgoing, Sending, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut bufs = [[0, 0, 0x00, 0x21, 0x45, 0]; 3];
/// let mut packets = bufs.each_mut().map(|buf| Outgoing::new(buf, 2..6));
/// Batch::new().encrypt(&mut [Sending::new(&mut encryptor, &mut packets)]);
/// assert_eq!(encryptor.statistics().packets_encrypted, 3);
/// ```
#[derive(Debug)]
pub struct Sending<'a, 'p> {
    pub(super) encryptor: &'a mut Encryptor,
    pub(super) packets: &'a mut [Outgoing<'p>],
}

/// Packets of one session, in the order in which they came, that a [`Batch`](crate::Batch) decrypts.
///
/// ```
/// use mppe::{Config, Decryptor, Incoming, Mode, Receiving, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
/// let mut received = [[0x90, 0x00, 1, 2, 3], [0x90, 0x01, 4, 5, 6]];
/// let mut packets = received.each_mut().map(|packet| Incoming::new(packet));
/// let session = Receiving::new(&mut decryptor, &mut packets);
/// # assert!(format!("{session:?}").contains("Decryptor"));
/// ```
#[derive(Debug)]
pub struct Receiving<'a, 'p, const LATE: usize = 64> {
    pub(super) decryptor: &'a mut Decryptor<LATE>,
    pub(super) packets: &'a mut [Incoming<'p>],
}

/// Shorter packets of a stateful session are not worth carrying its table here and back.
const SHORT: usize = 192;

impl<'a, 'p> Sending<'a, 'p> {
    /// Creates the packets of one session.
    #[must_use]
    pub const fn new(encryptor: &'a mut Encryptor, packets: &'a mut [Outgoing<'p>]) -> Self {
        Self { encryptor, packets }
    }

    /// Returns the next packet that can be encrypted, with the compressor's bits.
    pub(super) fn take(&mut self) -> Option<(&'a mut [u8], Flags)> {
        while let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
            self.packets = rest;
            if let Some(taken) = first.take() {
                return Some(taken);
            }
        }
        None
    }

    /// Encrypts the next packets, as long as it is said so of them, one by one.
    fn encrypt_while(&mut self, mut holds: impl FnMut(&mut Encryptor, &[Outgoing<'p>]) -> bool) {
        while !self.packets.is_empty() && holds(self.encryptor, self.packets) {
            if let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
                self.packets = rest;
                first.encrypt(self.encryptor);
            }
        }
    }

    /// Returns whether the next packet is a long one that a stateful stream runs through. Those
    /// before are encrypted at once.
    pub(super) fn seek_running(&mut self) -> bool {
        if self.encryptor.mode() == Mode::Stateful {
            self.encrypt_while(|encryptor, packets| {
                let long = packets.first().is_some_and(|packet| packet.packet.len() >= SHORT);
                !long || encryptor.running().is_none()
            });
        }
        self.encryptor.mode() == Mode::Stateful && !self.packets.is_empty()
    }
}

impl<'a, 'p, const LATE: usize> Receiving<'a, 'p, LATE> {
    /// Creates the packets of one session.
    #[must_use]
    pub const fn new(decryptor: &'a mut Decryptor<LATE>, packets: &'a mut [Incoming<'p>]) -> Self {
        Self { decryptor, packets }
    }

    pub(super) fn take(&mut self) -> Option<(&'a mut [u8], &'a mut Verdict)> {
        let (first, rest) = core::mem::take(&mut self.packets).split_first_mut()?;
        self.packets = rest;
        Some((&mut *first.packet, &mut first.result))
    }

    /// Decrypts the next packets, as long as it is said so of them, one by one.
    fn decrypt_while(&mut self, mut holds: impl FnMut(&Decryptor<LATE>, &[Incoming<'p>]) -> bool) {
        while !self.packets.is_empty() && holds(self.decryptor, self.packets) {
            if let Some((first, rest)) = core::mem::take(&mut self.packets).split_first_mut() {
                self.packets = rest;
                first.decrypt(self.decryptor);
            }
        }
    }

    /// Returns the next packet that needs a lane of its own. Others are decrypted at once.
    pub(super) fn take_lane(&mut self) -> Option<(&'a mut [u8], &'a mut Verdict)> {
        self.decrypt_while(|decryptor, packets| packets.first().is_none_or(|packet| !decryptor.is_lane(packet.packet)));
        self.take()
    }

    /// Returns whether the next packet is a long one that a stateful stream runs through. Those
    /// before are decrypted at once.
    pub(super) fn seek_running(&mut self) -> bool {
        if self.decryptor.algorithm().mode == Mode::Stateful {
            self.decrypt_while(|decryptor, packets| {
                packets
                    .first()
                    .is_none_or(|Incoming { packet, .. }| packet.len() < SHORT || !decryptor.is_running(packet))
            });
        }
        self.decryptor.algorithm().mode == Mode::Stateful && !self.packets.is_empty()
    }
}

/// A session with packets left to be handled.
pub(super) trait Session {
    fn left(&self) -> usize;
    /// Returns whether it is a stateful one, and has packets that are worth a lane.
    fn runs(&self) -> bool;
    /// Handles one by one what lanes would not make faster, when there is no other session: short packets, and the last two
    /// unless lanes are filled already.
    fn handle_alone(&mut self, filled: usize);
}

impl Session for Sending<'_, '_> {
    fn left(&self) -> usize {
        self.packets.len()
    }

    fn runs(&self) -> bool {
        self.encryptor.mode() == Mode::Stateful && self.packets.iter().any(|packet| packet.packet.len() >= SHORT)
    }

    fn handle_alone(&mut self, filled: usize) {
        self.encrypt_while(|_, packets| match packets {
            [] | [_] | [_, _] if filled == 0 => true,
            [] => true,
            [first, ..] => first.packet.len() < SHORT,
        });
    }
}

impl<const LATE: usize> Session for Receiving<'_, '_, LATE> {
    fn left(&self) -> usize {
        self.packets.len()
    }

    fn runs(&self) -> bool {
        let stateful = self.decryptor.algorithm().mode == Mode::Stateful;
        stateful && self.packets.iter().any(|packet| packet.packet.len() >= SHORT)
    }

    fn handle_alone(&mut self, filled: usize) {
        self.decrypt_while(|_, packets| match packets {
            [] | [_] | [_, _] if filled == 0 => true,
            [] => true,
            [first, ..] => first.packet.len() < SHORT,
        });
    }
}

/// Returns whether there are stateful sessions for all lanes.
pub(super) fn are_many<S: Session>(sessions: &[S]) -> bool {
    sessions.len() >= LANES && sessions.iter().filter(|session| session.runs()).nth(LANES.saturating_sub(1)).is_some()
}

/// Leaves out the sessions at both ends that have nothing left.
pub(super) fn trim<S: Session>(sessions: &mut [S]) -> &mut [S] {
    let busy = |session: &S| session.left() != 0;
    let start = sessions.iter().position(busy).unwrap_or(sessions.len());
    let end = sessions.iter().rposition(busy).map_or(start, |last| last.saturating_add(1));
    sessions.get_mut(start..end).unwrap_or(&mut [])
}

/// Finds as many sessions as lanes whose next packet is for one, and leaves out those in front that have none.
pub(super) fn seek<S>(
    sessions: &mut [S],
    mut is_ready: impl FnMut(&mut S) -> bool,
) -> Option<(&mut [S], [usize; LANES])> {
    let unready = sessions.iter_mut().position(&mut is_ready)?;
    let (_, sessions) = sessions.split_at_mut_checked(unready)?;
    let mut ready = sessions.iter_mut().enumerate().filter_map(|(index, session)| is_ready(session).then_some(index));
    let mut members = [0; LANES];
    for member in &mut members {
        *member = ready.next()?;
    }
    Some((sessions, members))
}
