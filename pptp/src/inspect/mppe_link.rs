//! MPPE of one direction, with the right key: passive, so it can only follow.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::compression::{Compression, Decompressed};
use mppe::{Algorithm, Config, DecryptError, Decryptor, Flags, FlushedRule, Header, Mode, ProtocolSet, StartKey};

use super::NotDecrypted;
use super::recover::Place;

/// Stateful: packets that wait for an earlier one, and their bytes. With more, the earlier one is
/// taken as lost.
const MAX_HELD: usize = 32;
const MAX_HELD_BYTES: usize = 1 << 15;

/// MPPE, with the right key.
pub(super) struct Mppe {
    start: StartKey,
    decryptor: Decryptor,
    /// Packets that waited for the key to be proved; they are decrypted first.
    replay: VecDeque<Held>,
    /// Whether a packet was decrypted.
    settled: bool,
    /// Stateful: packets that came too early.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// Stateful: a packet is lost, and none with FLUSHED has come since.
    after_loss: bool,
    /// Stateful: where the stream stands, to go on after a loss.
    place: Place,
    missed: u64,
    rule: Option<FlushedRule>,
    compression: Compression,
}

/// A packet that waits.
pub(super) struct Held {
    pub(super) tag: u64,
    pub(super) packet: Vec<u8>,
}

/// A packet that was decrypted into the caller's buffer.
pub(super) struct Decrypted {
    pub(super) header: Header,
    pub(super) algorithm: Algorithm,
    pub(super) missed: u64,
    /// Found in the stream after a loss, where the receiver could not decrypt it.
    pub(super) recovered: bool,
    /// A rule that was not known before.
    pub(super) rule: Option<FlushedRule>,
}

/// Whether RFC 1144's header compression may be in use in one direction.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum HeaderCompression {
    /// IPCP's agreement was not seen.
    #[default]
    NotSeen,
    /// IPCP agreed on it.
    Agreed,
    /// IPCP agreed, and not on it.
    NotAgreed,
}

impl Mppe {
    /// Creates a decryptor at the start of a link.
    pub(super) fn new(start: StartKey, mode: Mode) -> Self {
        Self::joining(start, mode, 0, VecDeque::new())
    }

    /// Creates a decryptor for a link of which so many packets were not seen, and what waits for
    /// it.
    pub(super) fn joining(start: StartKey, mode: Mode, position: u64, replay: VecDeque<Held>) -> Self {
        Self {
            decryptor: Decryptor::joining(&start, &config(mode), position),
            start,
            replay,
            settled: false,
            held: VecDeque::new(),
            held_bytes: 0,
            after_loss: false,
            place: Place::default(),
            missed: 0,
            rule: None,
            compression: Compression::default(),
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.decryptor.algorithm()
    }

    /// Returns what FLUSHED packets have shown.
    pub(super) const fn rule(&self) -> Option<FlushedRule> {
        self.rule
    }

    /// Decrypts a packet into `plain`, or holds it, or says why neither.
    pub(super) fn handle(
        &mut self,
        tag: u64,
        packet: &[u8],
        vj: HeaderCompression,
        plain: &mut Vec<u8>,
    ) -> Result<Decrypted, NotDecrypted> {
        if let Some(missing) = self.must_wait(packet) {
            // Bounded: with a hole in the capture the missing packet never comes.
            if self.held.len() < MAX_HELD && self.held_bytes.saturating_add(packet.len()) <= MAX_HELD_BYTES {
                self.held_bytes = self.held_bytes.saturating_add(packet.len());
                self.held.push_back(Held { tag, packet: packet.to_vec() });
                return Err(NotDecrypted::Held { missing });
            }
            // Waiting longer would hold back all that follows.
            self.give_up();
        }
        self.decrypt(packet, vj, plain)
    }

    /// Returns the count of a packet that can only be decrypted after all before it, as in stateful
    /// mode.
    fn must_wait(&self, packet: &[u8]) -> Option<mppe::CoherencyCount> {
        let (header, _) = Header::decode(packet).ok()?;
        let expected = self.decryptor.count();
        let ahead = header.count.since(expected);
        let early =
            self.decryptor.algorithm().mode == Mode::Stateful && ahead != 0 && ahead < mppe::CoherencyCount::SPACE >> 1;
        (early && self.settled && !self.after_loss).then_some(expected)
    }

    /// Returns whether packets wait.
    pub(super) fn has_held(&self) -> bool {
        !self.held.is_empty() || !self.replay.is_empty()
    }

    /// Gives the earlier packet up for lost.
    pub(super) fn give_up(&mut self) {
        self.after_loss = true;
    }

    /// Returns a held packet whose turn has come: the next one in order, or, once the gap is given
    /// up, each.
    pub(super) fn handle_held(
        &mut self,
        vj: HeaderCompression,
        plain: &mut Vec<u8>,
    ) -> Option<(u64, Result<Decrypted, NotDecrypted>)> {
        if let Some(Held { tag, packet }) = self.replay.pop_front() {
            let result = self.handle(tag, &packet, vj, plain);
            return Some((tag, result));
        }
        let expected = self.decryptor.count();
        let count = |held: &Held| Header::decode(&held.packet).map_or(0, |(header, _)| header.count.since(expected));
        let (index, ahead) = self.held.iter().map(count).enumerate().min_by_key(|(_, ahead)| *ahead)?;
        // In order where possible: RC4 in stateful mode goes on from packet to packet.
        if ahead != 0 && !self.after_loss {
            return None;
        }
        let Held { tag, packet } = self.held.remove(index)?;
        self.held_bytes = self.held_bytes.saturating_sub(packet.len());
        Some((tag, self.decrypt(&packet, vj, plain)))
    }

    fn decrypt(
        &mut self,
        packet: &[u8],
        vj: HeaderCompression,
        plain: &mut Vec<u8>,
    ) -> Result<Decrypted, NotDecrypted> {
        plain.clear();
        plain.extend_from_slice(packet);
        let expected = self.decryptor.count();
        let tried = match self.decryptor.decrypt_pending(plain) {
            // One byte of protocol is right by chance: it counts only where the link may have such packets.
            Ok(pending) if vj == HeaderCompression::NotAgreed && is_header_compressed(&pending) => {
                return Err(NotDecrypted::Nonsense);
            }
            Ok(pending) => {
                let header = pending.header();
                let has_hole = header.count != expected;
                match self.compression.try_packet(header.flags, pending.plaintext(), has_hole) {
                    Decompressed::Wrong => return Err(NotDecrypted::Nonsense),
                    // Nothing shows that it is genuine: it may be the next one, but none that is far ahead.
                    Decompressed::Unknown if has_hole => return Err(NotDecrypted::Compressed),
                    found @ (Decompressed::AsItIs | Decompressed::Packet(_) | Decompressed::Unknown) => {
                        pending.commit();
                        Ok((header, found))
                    }
                }
            }
            Err(error) => Err(error),
        };
        match tried {
            Ok((header, decompressed)) => {
                plain.drain(..Header::LEN.min(plain.len()));
                let decrypted = self.decrypted(header, plain.len());
                match decompressed {
                    Decompressed::Packet(packet) => *plain = packet,
                    Decompressed::Unknown => return Err(NotDecrypted::Compressed),
                    Decompressed::AsItIs | Decompressed::Wrong => {}
                }
                Ok(decrypted)
            }
            Err(error) => {
                let failure = self.failure(error);
                if failure == NotDecrypted::AfterLoss {
                    // Stateful mode: the key stream may be found again by the next IP header.
                    return self.recover(packet, plain).ok_or(failure);
                }
                Err(failure)
            }
        }
    }

    /// Recovers the stream after a loss in stateful mode.
    fn recover(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> Option<Decrypted> {
        let header = self.place.find(&self.start, packet, plain)?;
        // A compressed packet looks like garbage.
        if header.flags.contains(Flags::COMPRESSED) {
            return None;
        }
        let algorithm = self.decryptor.algorithm();
        Some(Decrypted { header, algorithm, missed: 0, recovered: true, rule: None })
    }

    fn decrypted(&mut self, header: Header, length: usize) -> Decrypted {
        let decryptor = &self.decryptor;
        // RC4 begins again at these packets, so the place in the stream is known there.
        let restarted = header.flags.contains(Flags::FLUSHED) || header.count.is_flag();
        self.place.advance(header.count, decryptor.statistics().rx_key_changes, length, restarted);
        self.settled = true;
        self.after_loss = false;
        let missed = decryptor.statistics().rx_missed_packets;
        let rule = decryptor.observed_rule().filter(|rule| self.rule != Some(*rule));
        self.rule = rule.or(self.rule);
        let newly_missed = missed.saturating_sub(self.missed);
        self.missed = missed;
        Decrypted { header, algorithm: decryptor.algorithm(), missed: newly_missed, recovered: false, rule }
    }

    fn failure(&mut self, error: DecryptError) -> NotDecrypted {
        match error {
            DecryptError::AwaitingFlushed { .. } => {
                // RFC 3078 section 8.2: until a FLUSHED packet the receiver has nothing.
                self.after_loss = true;
                NotDecrypted::AfterLoss
            }
            DecryptError::Repeated { .. } => NotDecrypted::Repeated,
            DecryptError::Truncated { .. } | DecryptError::NotEncrypted | DecryptError::NotFlushed => {
                NotDecrypted::NotMppe
            }
            DecryptError::Compressed
            | DecryptError::Implausible { .. }
            | DecryptError::CatchingUp { .. }
            | DecryptError::CoherencyLost { .. }
            | _ => NotDecrypted::Nonsense,
        }
    }
}

/// Returns how all decryptors are configured.
pub(super) fn config(mode: Mode) -> Config {
    let protocols = ProtocolSet::IP.with(ProtocolSet::VJ_COMPRESSED).with(ProtocolSet::VJ_UNCOMPRESSED);
    // Whatever was lost or not seen: no packet is refused for being far ahead.
    Config::new(mode).with_protocols(protocols).with_key_change_budget(4096)
}

fn is_header_compressed(pending: &mppe::Pending<'_, '_>) -> bool {
    let is_compressed = pending.header().flags.contains(Flags::COMPRESSED);
    match *pending.plaintext() {
        _ if is_compressed => false,
        [0x2d | 0x2f, ..] | [0, 0x2d | 0x2f, ..] => true,
        _ => false,
    }
}
