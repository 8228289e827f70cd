//! The receiver's half.

mod ahead;
mod late;
mod state;
mod stateful;
mod stateless;

pub use state::Decryptor;

use crate::algorithm::{Algorithm, KEY_LEN, Mode};
use crate::cipher::{Cipher, HEAD_LEN};
use crate::config::Config;
use crate::error::DecryptError;
use crate::header::{Flags, Header};
use crate::key::StartKey;
use crate::protocol::{self, Proof};
use crate::secret::Secret;
use crate::statistics::DecryptorStatistics;
use state::{Kind, Plan};

/// A decrypted packet, in the memory of the encrypted one.
///
/// ```
/// use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits56, [1; 16]);
/// let config = Config::new(Mode::Stateless);
/// let mut buf = [0; 6];
/// Encryptor::new(&start, &config).encrypt(0x0057, &[0x60, 0], &mut buf)?;
/// let decrypted = Decryptor::new(&start, &config).decrypt(&mut buf)?;
/// assert_eq!((decrypted.protocol(), decrypted.payload()), (0x0057, &[0x60, 0][..]));
/// assert_eq!(decrypted.plaintext, [0x00, 0x57, 0x60, 0]);
/// assert_eq!(decrypted.header.count.get(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decrypted<'p> {
    /// The header.
    pub header: Header,
    /// The plaintext: inner protocol field and packet, or what a compressor made of them.
    pub plaintext: &'p [u8],
}

impl<'p> Decrypted<'p> {
    /// Returns the inner PPP protocol. Without meaning when the packet is compressed.
    #[must_use]
    pub fn protocol(&self) -> u16 {
        protocol::split(self.plaintext).map_or(0, |(protocol, _)| protocol)
    }

    /// Returns what is behind the inner protocol field of one or two bytes: an IP packet.
    #[must_use]
    pub fn payload(&self) -> &'p [u8] {
        protocol::split(self.plaintext).map_or(&[], |(_, payload)| payload)
    }
}

/// A decrypted packet that the caller judges: count and key move with [`commit`](Self::commit). Dropped, they stay, and
/// the packet counts as nonsense.
///
/// ```
/// use mppe::{Config, Decryptor, Encryptor, Flags, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let config = Config::new(Mode::Stateless);
/// let (mut encryptor, mut decryptor) =
///     (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
/// let mut buf = *b"--compressed";
/// let flags = Flags::COMPRESSED | Flags::AT_FRONT;
/// encryptor.encrypt_compressed_in_place(&mut buf, 2..12, flags)?;
/// let pending = decryptor.decrypt_pending(&mut buf)?;
/// assert!(pending.header().flags.contains(flags));
/// assert_eq!(pending.plaintext(), b"compressed");
/// // It decompresses well: take it.
/// pending.commit();
/// assert_eq!(decryptor.statistics().next_rx_coherency.get(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "the packet is refused when this is dropped"]
pub struct Pending<'d, 'p, const LATE: usize = 64> {
    decryptor: &'d mut Decryptor<LATE>,
    plan: Option<Plan>,
    header: Header,
    plaintext: &'p mut [u8],
}

impl<'p, const LATE: usize> Pending<'_, 'p, LATE> {
    /// Returns the header, with the compressor's bits.
    #[must_use]
    pub const fn header(&self) -> Header {
        self.header
    }

    /// Returns the plaintext: protocol field and packet, or what a compressor made of them.
    #[must_use]
    pub const fn plaintext(&self) -> &[u8] {
        self.plaintext
    }

    /// Commits the packet, whose plaintext is right: count and key move on.
    #[expect(clippy::must_use_candidate, reason = "the decompressed packet is elsewhere")]
    pub fn commit(mut self) -> Decrypted<'p> {
        if let Some(plan) = self.plan.take() {
            self.decryptor.commit(&plan);
        }
        let plaintext = core::mem::take(&mut self.plaintext);
        Decrypted { header: self.header, plaintext }
    }
}

impl<const LATE: usize> Drop for Pending<'_, '_, LATE> {
    fn drop(&mut self) {
        if let Some(plan) = self.plan.take() {
            self.decryptor.take_back(&plan, self.plaintext.len());
            let error = DecryptError::Implausible { count: self.header.count };
            self.decryptor.refuse(error);
        }
    }
}

impl<const LATE: usize> core::fmt::Debug for Pending<'_, '_, LATE> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pending").field("header", &self.header).finish_non_exhaustive()
    }
}

impl<const LATE: usize> Decryptor<LATE> {
    /// Creates a decryptor that joins a link when `position` packets have been sent, and no reset
    /// has been asked for: for an observer who has missed the start. In stateful mode it takes
    /// nothing before a FLUSHED packet.
    ///
    /// It costs a key change for each packet in stateless mode, one for 256 packets in stateful mode.
    ///
    /// ```
    /// use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};
    ///
    /// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
    /// let config = Config::new(Mode::Stateless);
    /// let mut encryptor = Encryptor::new(&start, &config);
    /// let mut buf = [0; 16];
    /// for _ in 0..5000 {
    ///     encryptor.encrypt(0x0021, &[0x45, 0, 0, 4], &mut buf)?;
    /// }
    /// // Packet 4999 has the count 903.
    /// let mut decryptor = Decryptor::<64>::joining(&start, &config, 4999);
    /// assert_eq!(decryptor.count().get(), 903);
    /// assert_eq!(decryptor.decrypt(&mut buf[..8])?.payload(), [0x45, 0, 0, 4]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn joining(start: &StartKey, config: &Config, position: u64) -> Self {
        let mut decryptor = Self::with_late_keys(start, config);
        let changes = match config.mode() {
            Mode::Stateless => position,
            Mode::Stateful => position >> 8,
        };
        for _ in 0..changes {
            decryptor.key = Secret(decryptor.chain.next(&decryptor.key.0));
        }
        decryptor.chain.changes = 0;
        decryptor.position = position;
        // Bytes of the stream were used before, and their number is unknown: only a FLUSHED packet
        // helps.
        if config.mode() == Mode::Stateful && position != 0 {
            decryptor.want_reset();
        }
        decryptor
    }

    /// Returns key length and mode.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        Algorithm { strength: self.chain.strength(), mode: self.config.mode() }
    }

    /// Decrypts `packet`, which starts with the MPPE header, where it lies (RFC 3078 section 6).
    ///
    /// # Errors
    ///
    /// [`DecryptError`]; then nothing has changed, the bytes included.
    pub fn decrypt<'p>(&mut self, packet: &'p mut [u8]) -> Result<Decrypted<'p>, DecryptError> {
        let (header, data) = self.split(packet)?;
        // Without the decompressor nothing in a compressed packet shows whether it is genuine.
        if header.flags.contains(Flags::COMPRESSED) {
            return Err(self.refuse(DecryptError::Compressed));
        }
        let plan = self.plan(header, data, true)?;
        self.apply(&plan, data);
        self.commit(&plan);
        Ok(Decrypted { header, plaintext: data })
    }

    /// Decrypts as [`decrypt`](Self::decrypt) does, for a link with MPPC (RFC 3078 section 3,
    /// implementation note). A compressed packet is not judged here but by the caller, who then
    /// says whether count and key move. One that is not compressed has been judged, and only waits
    /// for the caller's word.
    ///
    /// # Errors
    ///
    /// As [`decrypt`](Self::decrypt).
    pub fn decrypt_pending<'d, 'p>(&'d mut self, packet: &'p mut [u8]) -> Result<Pending<'d, 'p, LATE>, DecryptError> {
        let (header, plaintext) = self.split(packet)?;
        let plan = self.plan(header, plaintext, !header.flags.contains(Flags::COMPRESSED))?;
        self.apply(&plan, plaintext);
        Ok(Pending { decryptor: self, plan: Some(plan), header, plaintext })
    }

    fn split<'p>(&mut self, packet: &'p mut [u8]) -> Result<(Header, &'p mut [u8]), DecryptError> {
        let available = packet.len();
        match packet.split_first_chunk_mut() {
            Some((header, data)) if !data.is_empty() => {
                let header = Header::from_bytes(*header);
                // RFC 3078 section 9: an attacker may invert "the value of the 'D' bit".
                if header.flags.contains(Flags::ENCRYPTED) {
                    Ok((header, data))
                } else {
                    Err(self.refuse(DecryptError::NotEncrypted))
                }
            }
            // Header (2), inner protocol (1).
            _ => Err(self.refuse(DecryptError::Truncated { needed: 3, available })),
        }
    }

    /// Returns whether a packet can be one of a batch's lanes: the expected one, of a stateless
    /// link.
    pub(crate) fn is_lane(&self, packet: &[u8]) -> bool {
        const BITS: Flags = Flags::FLUSHED.union(Flags::ENCRYPTED);
        Header::decode(packet).is_ok_and(|(header, data)| {
            let bits = header.flags.contains(BITS) && !header.flags.contains(Flags::COMPRESSED);
            bits && header.count == self.count() && !data.is_empty() && self.config.mode() == Mode::Stateless
        })
    }

    /// Returns the keys of the expected packet's tables, for a batch in stateless mode;
    /// [`lane_done`](Self::lane_done) must follow.
    pub(crate) fn lane_keys(&mut self) -> &[[u8; KEY_LEN]; 2] {
        self.chain.keys(&self.key.0)
    }

    /// Judges the packet by the heads of both streams, in stateless mode, and makes the next key.
    pub(crate) fn lane_done(&mut self, [head, stream]: &[[u8; HEAD_LEN]; 2], data: &[u8]) -> Result<(), DecryptError> {
        self.candidate.0 = self.chain.finish(stream);
        // Count and key move after the proof: a forged packet must not make genuine ones late.
        if self.is_plausible(head, data, Proof::Expected) {
            self.commit(&Plan { head: *head, position: self.position, kind: Kind::Expected });
            return Ok(());
        }
        let count = self.count();
        Err(self.refuse(DecryptError::Implausible { count }))
    }

    /// Returns whether the stateful stream runs through a packet.
    pub(crate) fn is_running(&self, packet: &[u8]) -> bool {
        Header::decode(packet).is_ok_and(|(header, data)| {
            let other = Flags::FLUSHED.union(Flags::COMPRESSED);
            let bits = header.flags.contains(Flags::ENCRYPTED) && header.flags.intersection(other) == Flags::empty();
            // FLUSHED and flag packets start the stream again; they are planned alone.
            let turn = header.count == self.count() && !header.count.is_flag();
            bits && turn && !data.is_empty() && self.config.mode() == Mode::Stateful
        })
    }

    /// Judges and takes a packet that the stream runs through, in stateful mode, and returns the
    /// head of its stream.
    pub(crate) fn run_into(&mut self, packet: &[u8]) -> Result<[u8; HEAD_LEN], DecryptError> {
        let (header, data) = Header::decode(packet)?;
        let plan = self.plan(header, data, true)?;
        self.commit(&plan);
        Ok(plan.head)
    }

    /// Returns the stream that runs through the packets in stateful mode.
    pub(crate) const fn running(&mut self) -> &mut Cipher {
        &mut self.stream
    }

    fn plan(&mut self, header: Header, data: &[u8], judged: bool) -> Result<Plan, DecryptError> {
        let plan = match self.config.mode() {
            Mode::Stateless => self.plan_stateless(header, data, judged),
            Mode::Stateful => self.plan_stateful(header, data, judged),
        };
        plan.map_err(|error| self.refuse(error))
    }

    fn apply(&mut self, plan: &Plan, data: &mut [u8]) {
        let Some((first, rest)) = data.split_first_chunk_mut::<HEAD_LEN>() else {
            for (byte, stream) in data.iter_mut().zip(plan.head) {
                *byte ^= stream;
            }
            if matches!(plan.kind, Kind::Restarted { .. }) {
                // The stream goes on behind a packet that is shorter than the head that was made.
                self.chain.rewind(HEAD_LEN.saturating_sub(data.len()));
            }
            return;
        };
        *first = (u128::from_ne_bytes(*first) ^ u128::from_ne_bytes(plan.head)).to_ne_bytes();
        match plan.kind {
            Kind::Running => self.stream.apply(rest),
            Kind::Expected | Kind::Ahead { .. } | Kind::Late | Kind::Restarted { .. } => self.chain.apply(rest),
        }
    }

    /// Undoes `plan`, whose stream has run over `length` bytes.
    fn take_back(&mut self, plan: &Plan, length: usize) {
        if matches!(plan.kind, Kind::Running) {
            self.stream.rewind(length);
        }
    }

    fn commit(&mut self, plan: &Plan) {
        match plan.kind {
            Kind::Expected => self.commit_expected(plan.position),
            Kind::Ahead { passed_from } => self.commit_ahead(plan.position, passed_from),
            Kind::Late => {
                self.late.forget(plan.position);
                self.statistics.rx_out_of_order_packets = self.statistics.rx_out_of_order_packets.wrapping_add(1);
            }
            Kind::Running => self.position = plan.position.wrapping_add(1),
            Kind::Restarted { changes, rule } => self.commit_restarted(plan.position, changes, rule),
        }
        self.implausible_run = 0;
        self.statistics.packets_decrypted = self.statistics.packets_decrypted.wrapping_add(1);
    }

    /// Counts a refused packet, and says so when it fills a run of nonsense.
    fn refuse(&mut self, error: DecryptError) -> DecryptError {
        let statistics = &mut self.statistics;
        let count = |counter: &mut u64| *counter = counter.wrapping_add(1);
        count(&mut statistics.rx_packets_dropped);
        match error {
            DecryptError::NotEncrypted => count(&mut statistics.not_encrypted),
            DecryptError::NotFlushed => count(&mut statistics.not_flushed),
            DecryptError::Repeated { .. } => count(&mut statistics.rx_out_of_order_packets),
            DecryptError::Implausible { count: coherency_count } => {
                count(&mut statistics.implausible);
                self.implausible_run = self.implausible_run.saturating_add(1);
                // RFC 3078 section 8.2: only a FLUSHED packet repairs the stream, and the peer
                // sends one when asked.
                if self.config.mode() == Mode::Stateful {
                    self.want_reset();
                }
                // Once a run, not with each packet: the caller ends the link for it.
                if self.implausible_run == self.config.implausible_limit().max(1) {
                    return DecryptError::CoherencyLost { count: coherency_count };
                }
            }
            DecryptError::AwaitingFlushed { .. } => self.want_reset(),
            DecryptError::CatchingUp { .. }
            | DecryptError::CoherencyLost { .. }
            | DecryptError::Compressed
            | DecryptError::Truncated { .. } => {}
        }
        error
    }

    /// Returns whether the last packets, as many as [`Config::with_implausible_limit`] says or
    /// more, were nonsense. A packet that is decrypted ends it. Forged packets lead to it as well
    /// as differing keys.
    #[must_use]
    pub fn is_coherency_lost(&self) -> bool {
        self.implausible_run >= self.config.implausible_limit().max(1)
    }

    /// Returns the counters.
    #[must_use]
    pub const fn statistics(&self) -> DecryptorStatistics {
        DecryptorStatistics {
            next_rx_coherency: self.count(),
            rx_key_changes: match self.config.mode() {
                Mode::Stateless => self.position,
                Mode::Stateful => self.generation,
            },
            rx_key_changes_computed: self.chain.changes,
            ..self.statistics
        }
    }
}

impl<const LATE: usize> core::fmt::Debug for Decryptor<LATE> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decryptor")
            .field("algorithm", &format_args!("{}", self.algorithm()))
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
