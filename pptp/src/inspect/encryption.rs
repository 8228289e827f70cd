//! One direction's encryption: passive, so it can only follow.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use mppe::{Algorithm, Config, DecryptError, Decryptor, Flags, FlushedRule, Header, Mode, ProtocolSet, StartKey};

use super::NotDecrypted;
use super::recover::Place;

/// Stateful: packets that wait for an earlier one, and their octets. With more, the earlier one is taken as lost.
const MAX_HELD: usize = 32;
const MAX_HELD_OCTETS: usize = 1 << 15;

/// A session whose start was not seen: how many packets of a direction may have been sent before, and with how many packets
/// the place is looked for. Each time costs as many key changes for each key.
const MAX_POSITION: u64 = 16 << 12;
const MAX_SEARCHES: u8 = 3;

/// How one direction encrypts.
#[derive(Default)]
pub(super) enum Encryption {
    /// Not at all, as far as was seen.
    #[default]
    None,
    /// With something else than MPPE.
    Other {
        option_type: u8,
    },
    /// With MPPE, but there are no keys.
    NoKeys {
        algorithm: Algorithm,
        reason: NotDecrypted,
    },
    Mppe(Box<Mppe>),
}

/// MPPE, with keys.
pub(super) struct Mppe {
    /// Several as long as it is not known which one is right.
    candidates: Vec<Candidate>,
    /// Whether a packet was decrypted.
    pub(super) settled: bool,
    /// How often the place in a link whose start was not seen may still be looked for.
    searches: u8,
    /// Stateful: packets that came too early.
    held: VecDeque<Held>,
    held_octets: usize,
    /// Stateful: a packet is lost, and none with FLUSHED has come since.
    after_loss: bool,
    /// Stateful: where the stream stands, to go on after a loss.
    place: Place,
    missed: u64,
    rule: Option<FlushedRule>,
    /// Made with the first packet that is compressed.
    #[cfg(feature = "mppc")]
    decompressor: Option<Box<mppc::Decompressor>>,
}

/// A key that may be right, and its decryptor.
struct Candidate {
    start: StartKey,
    decryptor: Decryptor,
}

struct Held {
    tag: u64,
    packet: Vec<u8>,
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

impl Encryption {
    /// What an algorithm needs: decryptors for each of the keys, or the reason why there are none.
    pub(super) fn new(algorithm: Algorithm, keys: Result<Vec<StartKey>, NotDecrypted>) -> Self {
        match keys {
            Ok(keys) => Self::Mppe(Box::new(Mppe::new(keys.into_iter().map(|key| (key, algorithm.mode))))),
            Err(reason) => Self::NoKeys { algorithm, reason },
        }
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::None | Self::Other { .. } => None,
            Self::NoKeys { algorithm, .. } => Some(*algorithm),
            Self::Mppe(mppe) => mppe.candidates.first().map(|candidate| candidate.decryptor.algorithm()),
        }
    }
}

impl Mppe {
    /// Decryptors at the start of a link.
    pub(super) fn new(keys: impl Iterator<Item = (StartKey, Mode)>) -> Self {
        let candidate = |(start, mode): (StartKey, Mode)| {
            let protocols = ProtocolSet::IP.with(ProtocolSet::VJ_COMPRESSED).with(ProtocolSet::VJ_UNCOMPRESSED);
            // Whatever was lost or not seen: no packet is refused for being far ahead.
            let config = Config::new(mode).with_protocols(protocols).with_key_change_budget(4096);
            Candidate { decryptor: Decryptor::new(&start, &config), start }
        };
        Self {
            candidates: keys.map(candidate).collect(),
            settled: false,
            searches: 0,
            held: VecDeque::new(),
            held_octets: 0,
            after_loss: false,
            place: Place::default(),
            missed: 0,
            rule: None,
            #[cfg(feature = "mppc")]
            decompressor: None,
        }
    }

    /// The same, for a link whose start was not seen.
    pub(super) fn joining(keys: impl Iterator<Item = (StartKey, Mode)>) -> Self {
        Self { searches: MAX_SEARCHES, ..Self::new(keys) }
    }

    /// What FLUSHED packets have shown.
    pub(super) const fn rule(&self) -> Option<FlushedRule> {
        self.rule
    }

    /// Decrypts a packet into `plain`, or holds it, or says why neither.
    pub(super) fn handle(&mut self, tag: u64, packet: &[u8], plain: &mut Vec<u8>) -> Result<Decrypted, NotDecrypted> {
        if let Some(missing) = self.must_wait(packet) {
            if self.held.len() < MAX_HELD && self.held_octets.saturating_add(packet.len()) <= MAX_HELD_OCTETS {
                self.held_octets = self.held_octets.saturating_add(packet.len());
                self.held.push_back(Held { tag, packet: packet.to_vec() });
                return Err(NotDecrypted::Held { missing });
            }
            self.give_up();
        }
        self.decrypt(packet, plain)
    }

    /// In stateful mode a packet can only be decrypted after all before it.
    fn must_wait(&self, packet: &[u8]) -> Option<mppe::CoherencyCount> {
        let [Candidate { decryptor, .. }] = &self.candidates[..] else { return None };
        let (header, _) = Header::decode(packet).ok()?;
        let ahead = header.count.since(decryptor.count());
        let early =
            decryptor.algorithm().mode == Mode::Stateful && ahead != 0 && ahead < mppe::CoherencyCount::SPACE >> 1;
        (early && self.settled && !self.after_loss).then(|| decryptor.count())
    }

    /// Whether packets wait.
    pub(super) fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    /// The earlier packet is lost.
    pub(super) fn give_up(&mut self) {
        self.after_loss = true;
    }

    /// A held packet whose turn has come: the next one in order, or, once the gap is given up, each.
    pub(super) fn handle_held(&mut self, plain: &mut Vec<u8>) -> Option<(u64, Result<Decrypted, NotDecrypted>)> {
        let expected = self.candidates.first()?.decryptor.count();
        let count = |held: &Held| Header::decode(&held.packet).map_or(0, |(header, _)| header.count.since(expected));
        let (index, ahead) = self.held.iter().map(count).enumerate().min_by_key(|(_, ahead)| *ahead)?;
        if ahead != 0 && !self.after_loss {
            return None;
        }
        let Held { tag, packet } = self.held.remove(index)?;
        self.held_octets = self.held_octets.saturating_sub(packet.len());
        Some((tag, self.decrypt(&packet, plain)))
    }

    fn decrypt(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> Result<Decrypted, NotDecrypted> {
        let mut failure = NotDecrypted::NoKeys;
        for index in 0..self.candidates.len() {
            plain.clear();
            plain.extend_from_slice(packet);
            let tried = self.candidates.get_mut(index).map(|candidate| {
                let pending = candidate.decryptor.decrypt_pending(plain)?;
                Ok(pending.commit().header)
            });
            match tried {
                Some(Ok(header)) => {
                    self.candidates.swap(0, index);
                    self.candidates.truncate(1);
                    plain.drain(..Header::LEN.min(plain.len()));
                    let decrypted = self.decrypted(header, plain.len())?;
                    self.decompress(&decrypted, plain)?;
                    return Ok(decrypted);
                }
                Some(Err(error)) => failure = self.failure(error),
                None => {}
            }
        }
        let unfit = matches!(failure, NotDecrypted::Nonsense | NotDecrypted::Repeated);
        if unfit && !self.settled && self.searches > 0 {
            self.searches = self.searches.saturating_sub(1);
            if let Some(candidate) = self.search(packet) {
                self.candidates = Vec::from([candidate]);
                return self.decrypt(packet, plain);
            }
        }
        if failure == NotDecrypted::AfterLoss {
            return self.recover(packet, plain).ok_or(failure);
        }
        Err(failure)
    }

    /// The stateless key, and the place after more packets than the count can tell, with which a packet makes sense.
    fn search(&self, packet: &[u8]) -> Option<Candidate> {
        let (header, encrypted) = Header::decode(packet).ok()?;
        let config = config(Mode::Stateless);
        for candidate in
            self.candidates.iter().filter(|candidate| candidate.decryptor.algorithm().mode == Mode::Stateless)
        {
            let start = &candidate.start;
            let mut key = start.initial_session_key();
            for position in 0..MAX_POSITION {
                key = start.next_session_key(&key);
                if position & 0xfff != u64::from(header.count.get()) {
                    continue;
                }
                let mut plain = encrypted.to_vec();
                key.apply_keystream(&mut plain);
                if is_ip(&plain) {
                    let decryptor = Decryptor::joining(start, &config, position);
                    return Some(Candidate { start: start.clone(), decryptor });
                }
            }
        }
        None
    }

    /// After a loss in stateful mode.
    fn recover(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> Option<Decrypted> {
        let Candidate { start, decryptor } = self.candidates.first()?;
        let header = self.place.find(start, packet, plain)?;
        // What a compressor made of a packet cannot be told from garbage.
        if header.flags.contains(Flags::COMPRESSED) {
            return None;
        }
        Some(Decrypted { header, algorithm: decryptor.algorithm(), missed: 0, recovered: true, rule: None })
    }

    fn decrypted(&mut self, header: Header, length: usize) -> Result<Decrypted, NotDecrypted> {
        let Some(Candidate { decryptor, .. }) = self.candidates.first() else { return Err(NotDecrypted::NoKeys) };
        let restarted = header.flags.contains(Flags::FLUSHED) || header.count.is_flag();
        self.place.advance(header.count, decryptor.statistics().rx_key_changes, length, restarted);
        (self.settled, self.after_loss) = (true, false);
        let missed = decryptor.statistics().rx_missed_packets;
        let rule = decryptor.observed_rule().filter(|rule| self.rule != Some(*rule));
        self.rule = rule.or(self.rule);
        let newly_missed = missed.saturating_sub(self.missed);
        self.missed = missed;
        Ok(Decrypted { header, algorithm: decryptor.algorithm(), missed: newly_missed, recovered: false, rule })
    }

    /// RFC 3078 section 3, implementation note: what a compressor made of a packet before it was encrypted.
    #[cfg(feature = "mppc")]
    fn decompress(&mut self, decrypted: &Decrypted, plain: &mut Vec<u8>) -> Result<(), NotDecrypted> {
        /// Longer ones than any link takes.
        const LONGEST: usize = 1 << 13;
        let is_compressed = decrypted.header.flags.contains(Flags::COMPRESSED);
        if !is_compressed && self.decompressor.is_none() {
            return Ok(());
        }
        let decompressor = self.decompressor.get_or_insert_default();
        if decrypted.missed != 0 {
            // Until the next one that is flushed.
            decompressor.desynchronize();
        }
        let flags = ppp_session::compression_flags(decrypted.header.flags);
        let packet = decompressor.decompress(flags, plain, LONGEST).map(<[u8]>::to_vec);
        match packet {
            Ok(packet) if is_compressed => *plain = packet,
            // What is not compressed needs no history.
            Ok(_) => {}
            Err(_) if !is_compressed => {}
            Err(_) => return Err(NotDecrypted::Compressed),
        }
        Ok(())
    }

    #[cfg(not(feature = "mppc"))]
    #[expect(clippy::unused_self, clippy::ptr_arg, reason = "as with the feature mppc")]
    fn decompress(&mut self, decrypted: &Decrypted, _: &mut Vec<u8>) -> Result<(), NotDecrypted> {
        let is_compressed = decrypted.header.flags.contains(Flags::COMPRESSED);
        if is_compressed { Err(NotDecrypted::Compressed) } else { Ok(()) }
    }

    fn failure(&mut self, error: DecryptError) -> NotDecrypted {
        match error {
            DecryptError::AwaitingFlushed { .. } => {
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

/// How all decryptors are configured.
fn config(mode: Mode) -> Config {
    let protocols = ProtocolSet::IP.with(ProtocolSet::VJ_COMPRESSED).with(ProtocolSet::VJ_UNCOMPRESSED);
    // Whatever was lost or not seen: no packet is refused for being far ahead.
    Config::new(mode).with_protocols(protocols).with_key_change_budget(4096)
}

/// Whether a plaintext is an IP packet, by protocol, version and length.
fn is_ip(plain: &[u8]) -> bool {
    match *plain {
        [0x00, 0x21, 0x45..=0x4f, _, high, low, ..] => {
            usize::from(u16::from_be_bytes([high, low])).saturating_add(2) == plain.len()
        }
        [0x00, 0x57, 0x60..=0x6f, _, _, _, high, low, ..] => {
            // The length is that of what is behind the header of 40 octets.
            usize::from(u16::from_be_bytes([high, low])).saturating_add(42) == plain.len()
        }
        _ => false,
    }
}
