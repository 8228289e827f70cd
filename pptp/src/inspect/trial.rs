//! Keys that may be right: nothing is decrypted for the user before one of them is proved.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use mppe::{Algorithm, Decryptor, Flags, Header, Mode, StartKey};

use super::evidence;
use super::mppe_link::{Held, Mppe, config};

/// Packets that wait for a key to be proved, and their bytes. With more, the keys are taken not to fit.
const MAX_WAITING: usize = 32;
const MAX_WAITING_BYTES: usize = 1 << 15;

/// A link whose start was not seen: the place in it is looked for when so many packets wait.
const SEARCHED_WITH: usize = 3;

/// RFC 3078 section 3.1: the coherency count has 12 bits.
const MAX_COUNT: u64 = 0xfff;

/// One direction of a link, with keys of which at most one is right.
pub(super) struct Trial {
    candidates: Vec<Candidate>,
    /// The agreement of CCP, if it was seen.
    pub(super) agreed: Option<Algorithm>,
    /// Bits of evidence that the right key has to show.
    needed: u32,
    waiting: VecDeque<Held>,
    waiting_bytes: usize,
    search: Search,
}

/// Whether the place in the link has to be found.
#[derive(Clone, Copy)]
enum Search {
    /// The start of the link was seen, or the place was looked for already.
    Over,
    /// It was not: so many packets may have been sent before.
    Pending { depth: u64 },
}

/// A key that may be right, and what its packets have shown so far.
struct Candidate {
    start: StartKey,
    /// How many packets of the link were sent before the first that this candidate is tried on.
    position: u64,
    decryptor: Decryptor,
    evidence: u32,
}

/// The result of trying a packet.
pub(super) enum Tried {
    /// It waits with those before it.
    Waits,
    /// A key is proved: it decrypts this packet and those that have waited.
    Proved(Box<Mppe>),
    /// No key fits any of the packets that have waited.
    NoneFits(VecDeque<Held>),
}

impl Candidate {
    fn new(start: StartKey, mode: Mode, position: u64) -> Self {
        let decryptor = Decryptor::joining(&start, &config(mode), position);
        Self { start, position, decryptor, evidence: 0 }
    }

    fn mode(&self) -> Mode {
        self.decryptor.algorithm().mode
    }

    /// Decrypts a packet into `plain`; only what chance does not give moves the key.
    fn try_packet(&mut self, packet: &[u8], plain: &mut Vec<u8>) {
        plain.clear();
        plain.extend_from_slice(packet);
        let Ok(pending) = self.decryptor.decrypt_pending(plain) else { return };
        // A compressed packet shows nothing.
        let is_compressed = pending.header().flags.contains(Flags::COMPRESSED);
        let bits = if is_compressed { 0 } else { evidence::of_packet(pending.plaintext()) };
        if bits != 0 {
            // The pending count and key move only with evidence: a wrong key would run away from
            // the right place.
            pending.commit();
            self.evidence = self.evidence.saturating_add(bits);
        }
    }
}

impl Trial {
    /// Creates a trial of keys for a link whose start was seen.
    pub(super) fn new(keys: Vec<StartKey>, agreed: Algorithm, needed: u32) -> Self {
        let candidates = keys.into_iter().map(|key| Candidate::new(key, agreed.mode, 0)).collect();
        Self {
            candidates,
            agreed: Some(agreed),
            needed,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            search: Search::Over,
        }
    }

    /// Creates a trial of keys for a link whose agreement on MPPE was not seen, after up to `depth`
    /// packets.
    pub(super) fn joining(keys: &[StartKey], needed: u32, depth: u64) -> Self {
        let modes = [Mode::Stateless, Mode::Stateful];
        let candidates = keys.iter().flat_map(|key| modes.map(|mode| Candidate::new(key.clone(), mode, 0))).collect();
        Self {
            candidates,
            agreed: None,
            needed,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            search: Search::Pending { depth },
        }
    }

    /// Takes a packet.
    pub(super) fn handle(&mut self, tag: u64, packet: &[u8], plain: &mut Vec<u8>) -> Tried {
        self.waiting_bytes = self.waiting_bytes.saturating_add(packet.len());
        self.waiting.push_back(Held { tag, packet: packet.to_vec() });
        self.try_on_all(packet, plain);
        // Some packets are enough to find the place, and the search costs a key change for each
        // step.
        if self.waiting.len() == SEARCHED_WITH {
            self.look_for_the_place(plain);
        }
        if let Some(mppe) = self.proved() {
            return Tried::Proved(mppe);
        }
        // Bounded: what fits no key is given up.
        if self.waiting.len() < MAX_WAITING && self.waiting_bytes <= MAX_WAITING_BYTES {
            return Tried::Waits;
        }
        // Stateless keys fit any packet or none. One of stateful mode may fit the next that is FLUSHED.
        self.candidates.retain(|candidate| candidate.mode() == Mode::Stateful);
        Tried::NoneFits(self.take_waiting())
    }

    /// Finishes, since no more packets come.
    pub(super) fn finish(&mut self, plain: &mut Vec<u8>) -> Tried {
        self.look_for_the_place(plain);
        match self.proved() {
            Some(mppe) => Tried::Proved(mppe),
            None => Tried::NoneFits(self.take_waiting()),
        }
    }

    /// Returns whether a packet of stateful mode can be decrypted at all before the key is proved.
    fn can_try(candidate: &Candidate, packet: &[u8]) -> bool {
        let is_flushed = || Header::decode(packet).is_ok_and(|(header, _)| header.flags.contains(Flags::FLUSHED));
        candidate.mode() == Mode::Stateless || candidate.evidence != 0 || is_flushed() || {
            let expected = candidate.decryptor.count();
            Header::decode(packet).is_ok_and(|(header, _)| header.count == expected)
        }
    }

    fn try_on_all(&mut self, packet: &[u8], plain: &mut Vec<u8>) {
        for candidate in &mut self.candidates {
            if Self::can_try(candidate, packet) {
                candidate.try_packet(packet, plain);
            }
        }
    }

    fn take_waiting(&mut self) -> VecDeque<Held> {
        self.waiting_bytes = 0;
        core::mem::take(&mut self.waiting)
    }

    /// Returns the key that has shown enough, and its packets.
    fn proved(&mut self) -> Option<Box<Mppe>> {
        let index = self.candidates.iter().position(|candidate| candidate.evidence >= self.needed)?;
        let Candidate { start, position, decryptor, .. } = self.candidates.swap_remove(index);
        let mode = decryptor.algorithm().mode;
        Some(Box::new(Mppe::joining(start, mode, position, self.take_waiting())))
    }

    /// Looks for the place in the link after more packets than a count can tell, once.
    fn look_for_the_place(&mut self, plain: &mut Vec<u8>) {
        let Search::Pending { depth } = self.search else { return };
        if self.candidates.iter().any(|candidate| candidate.evidence != 0) {
            return;
        }
        self.search = Search::Over;
        for candidate in &mut self.candidates {
            if candidate.mode() == Mode::Stateful {
                continue;
            }
            let Some((index, position)) = find(&candidate.start, depth, &self.waiting, plain) else { continue };
            *candidate = Candidate::new(candidate.start.clone(), Mode::Stateless, position);
            for Held { packet, .. } in self.waiting.iter().skip(index) {
                candidate.try_packet(packet, plain);
            }
            return;
        }
    }
}

/// Returns the packet, by its index, and its place in the link, where the key makes an IP packet of
/// it.
fn find(start: &StartKey, depth: u64, waiting: &VecDeque<Held>, plain: &mut Vec<u8>) -> Option<(usize, u64)> {
    let heads: Vec<_> = waiting
        .iter()
        .enumerate()
        .filter_map(|(index, held)| Header::decode(&held.packet).ok().map(|(header, data)| (index, header, data)))
        .collect();
    let last = heads.iter().filter_map(|(_, header, _)| last_place(*header, depth)).max()?;
    let mut key = start.initial_session_key();
    for position in 0..=last {
        // In stateless mode the count is the position, modulo 4096 (RFC 3078 section 3.1).
        key = start.next_session_key(&key);
        for (index, header, encrypted) in &heads {
            if position & MAX_COUNT == u64::from(header.count.get()) {
                plain.clear();
                plain.extend_from_slice(encrypted);
                key.apply_keystream(plain);
                if evidence::of_packet(plain) != 0 {
                    return Some((*index, position));
                }
            }
        }
    }
    None
}

/// Returns the last place before `depth` at which a packet can have its count.
fn last_place(header: Header, depth: u64) -> Option<u64> {
    let last = depth.checked_sub(1)?;
    let ahead = last.wrapping_sub(u64::from(header.count.get())) & MAX_COUNT;
    last.checked_sub(ahead)
}
