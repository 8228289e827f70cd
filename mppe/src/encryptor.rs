//! The sender's half.

use core::ops::Range;

use crate::algorithm::{Algorithm, KEY_LEN, Mode};
use crate::chain::Chain;
use crate::cipher::{Cipher, HEAD_LEN};
use crate::config::{Config, FlushedRule};
use crate::count::CoherencyCount;
use crate::error::{BufferTooSmall, EncryptError};
use crate::header::{Flags, Header};
use crate::key::StartKey;
use crate::protocol;
use crate::secret::Secret;
use crate::statistics::EncryptorStatistics;

/// RFC 3078: encrypts the packets of one direction, in less than 1.5 KiB of memory.
///
/// ```
/// use mppe::{Config, Encryptor, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
/// // In place: the inner protocol and its packet, with room for the header in front.
/// let mut buf = [0; 64];
/// buf[2..7].copy_from_slice(&[0x00, 0x21, 0x45, 0x00, 0x00]);
/// let packet = encryptor.encrypt_in_place(&mut buf, 2..7)?;
/// assert_eq!(packet.len(), 7);
/// assert_eq!(packet[..2], [0x90, 0x00]);
/// assert_eq!(encryptor.algorithm().to_string(), "MPPE 128 bit, stateless");
/// # Ok::<(), mppe::EncryptError>(())
/// ```
pub struct Encryptor {
    chain: Chain,
    mode: Mode,
    flushed_rule: FlushedRule,
    count: CoherencyCount,
    /// Stateless: the next packet's key. Stateful: the one in use.
    key: Secret<KEY_LEN>,
    /// Stateful: the stream that runs through the packets.
    stream: Cipher,
    flush: bool,
    packets: u64,
    resets: u64,
}

impl Encryptor {
    /// Creates an encryptor at the start of a link: count 0, initial session key. Of the
    /// configuration it needs the mode and the rule of FLUSHED packets.
    #[must_use]
    pub fn new(start: &StartKey, config: &Config) -> Self {
        let mut chain = start.chain();
        let mut key = Secret(*start.initial_session_key().widened());
        let stream = Cipher::new(&key.0);
        if config.mode() == Mode::Stateless {
            key = Secret(chain.next(&key.0));
        }
        Self {
            chain,
            mode: config.mode(),
            flushed_rule: config.flushed_rule(),
            count: CoherencyCount::default(),
            key,
            stream,
            flush: false,
            packets: 0,
            resets: 0,
        }
    }

    /// Returns key length and mode.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        Algorithm { strength: self.chain.strength(), mode: self.mode }
    }

    /// Handles a CCP Reset-Request of the peer (RFC 3078 section 8.2). In stateful mode the next
    /// packet is FLUSHED.
    pub fn handle_reset_request(&mut self) {
        self.resets = self.resets.wrapping_add(1);
        self.flush_next();
    }

    /// Makes the next packet of a stateful link FLUSHED without a Reset-Request, as a compressor wants that has cleared its
    /// history. Stateless packets always are.
    pub const fn flush_next(&mut self) {
        self.flush = true;
    }

    /// Changes what FLUSHED packets do to the key from now on, since the peer follows another rule than was thought
    /// ([`Decryptor::observed_rule`](crate::Decryptor::observed_rule)).
    pub const fn set_flushed_rule(&mut self, rule: FlushedRule) {
        self.flushed_rule = rule;
    }

    /// Writes header and ciphertext of `payload`, a packet of the PPP protocol `protocol`, to
    /// `out`, and gives the bytes written: four more than the payload (RFC 3078 section 6).
    ///
    /// # Errors
    ///
    /// [`EncryptError::Protocol`] when the protocol may not be encrypted, [`EncryptError::BufferTooSmall`].
    pub fn encrypt<'b>(&mut self, protocol: u16, payload: &[u8], out: &'b mut [u8]) -> Result<&'b [u8], EncryptError> {
        if !protocol::is_encryptable(protocol) {
            // RFC 3078 section 3: "Only packets with PPP Protocol numbers in the range 0x0021 to
            // 0x00FA are encrypted".
            return Err(EncryptError::Protocol { found: protocol });
        }
        // Header (2), protocol (2).
        let needed = payload.len().saturating_add(4);
        let available = out.len();
        let too_small = BufferTooSmall { needed, available };
        let buf = out.get_mut(..needed).ok_or(too_small)?;
        if let Some((front, body)) = buf.split_first_chunk_mut() {
            // Two bytes, also where Protocol-Field-Compression was agreed on: an early Linux sent
            // one and broke older peers.
            let [high, low] = protocol.to_be_bytes();
            *front = [0, 0, high, low];
            body.copy_from_slice(payload);
        }
        Ok(self.encrypt_packet(buf, Flags::empty()))
    }

    /// Encrypts `plaintext` where it lies (RFC 3078 section 6). It is a part of `buf` that starts
    /// with the inner protocol field of one or two bytes. Writes the header to the two bytes in
    /// front, and returns the packet.
    ///
    /// # Errors
    ///
    /// As [`encrypt`](Self::encrypt), and [`EncryptError::NoHeadroom`], [`EncryptError::NoProtocol`].
    pub fn encrypt_in_place<'b>(
        &mut self,
        buf: &'b mut [u8],
        plaintext: Range<usize>,
    ) -> Result<&'b [u8], EncryptError> {
        let packet = checked(buf, plaintext, Flags::empty())?;
        Ok(self.encrypt_packet(packet, Flags::empty()))
    }

    /// Encrypts as [`encrypt_in_place`](Self::encrypt_in_place) does what MPPC made of a packet,
    /// compressed or not (RFC 3078 section 3, implementation note). Of `flags` the bits B and C are
    /// sent; when the compressor has cleared its history (bit A) in a stateful link, call
    /// [`flush_next`](Self::flush_next) before.
    ///
    /// The protocol is looked at only when bit C is clear, since it is compressed as well.
    ///
    /// # Errors
    ///
    /// As [`encrypt_in_place`](Self::encrypt_in_place).
    pub fn encrypt_compressed_in_place<'b>(
        &mut self,
        buf: &'b mut [u8],
        plaintext: Range<usize>,
        flags: Flags,
    ) -> Result<&'b [u8], EncryptError> {
        let packet = checked(buf, plaintext, flags)?;
        Ok(self.encrypt_packet(packet, flags.intersection(Flags::COMPRESSION)))
    }

    pub(crate) fn encrypt_packet<'b>(&mut self, packet: &'b mut [u8], compression: Flags) -> &'b [u8] {
        let Some((header, data)) = packet.split_first_chunk_mut::<{ Header::LEN }>() else {
            return packet;
        };
        let flushed = match self.mode {
            Mode::Stateless => {
                self.encrypt_stateless(data);
                // RFC 3078 section 3.1: FLUSHED is on every packet in stateless mode.
                true
            }
            Mode::Stateful => self.encrypt_stateful(data),
        };
        *header = self.next_header(flushed, compression);
        packet
    }

    /// Returns the header of the packet that was encrypted; the count moves on.
    pub(crate) fn next_header(&mut self, flushed: bool, compression: Flags) -> [u8; Header::LEN] {
        let mut flags = Flags::ENCRYPTED | compression;
        if flushed {
            flags = flags | Flags::FLUSHED;
        }
        let header = Header { flags, count: self.count };
        self.count = self.count.next();
        self.packets = self.packets.wrapping_add(1);
        header.to_bytes()
    }

    /// Returns the keys of the next packet's tables, for a batch in stateless mode;
    /// [`lane_done`](Self::lane_done) must follow.
    pub(crate) fn lane_keys(&mut self) -> &[[u8; KEY_LEN]; 2] {
        self.chain.keys(&self.key.0)
    }

    /// Makes the next key of the head of the second table's stream, in stateless mode.
    pub(crate) fn lane_done(&mut self, stream: &[u8; HEAD_LEN]) {
        self.key.0 = self.chain.finish(stream);
    }

    /// Returns the stream that runs through the packets in stateful mode, if it runs through the
    /// next one.
    pub(crate) fn running(&mut self) -> Option<&mut Cipher> {
        let runs = self.mode == Mode::Stateful && !self.flush && !self.count.is_flag();
        runs.then_some(&mut self.stream)
    }

    pub(crate) const fn stream(&mut self) -> &mut Cipher {
        &mut self.stream
    }

    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    fn encrypt_stateless(&mut self, data: &mut [u8]) {
        let (head, next) = self.chain.open(&self.key.0);
        self.key.0 = next;
        if let Some((first, rest)) = data.split_first_chunk_mut::<HEAD_LEN>() {
            *first = (u128::from_ne_bytes(*first) ^ u128::from_ne_bytes(head)).to_ne_bytes();
            self.chain.apply(rest);
        } else {
            for (byte, stream) in data.iter_mut().zip(head) {
                *byte ^= stream;
            }
        }
    }

    /// Says whether the packet is FLUSHED.
    fn encrypt_stateful(&mut self, data: &mut [u8]) -> bool {
        let flag = self.count.is_flag();
        let flushed = flag || self.flush;
        if flushed {
            // RFC 3078 section 7.2 changes the key at flag packets; Linux does so at every FLUSHED
            // one.
            if flag || self.flushed_rule == FlushedRule::Linux {
                self.key.0 = self.chain.next(&self.key.0);
            }
            self.stream.restart(&self.key.0);
            self.flush = false;
        }
        self.stream.apply(data);
        flushed
    }

    /// Returns the counters.
    #[must_use]
    pub const fn statistics(&self) -> EncryptorStatistics {
        EncryptorStatistics {
            packets_encrypted: self.packets,
            ccp_resets_received: self.resets,
            next_tx_coherency: self.count,
            tx_key_changes: match self.mode {
                // The next packet's key is made beforehand.
                Mode::Stateless => self.packets,
                Mode::Stateful => self.chain.changes,
            },
        }
    }
}

/// Returns header and plaintext, if that may be encrypted.
pub(crate) fn checked(buf: &mut [u8], plaintext: Range<usize>, flags: Flags) -> Result<&mut [u8], EncryptError> {
    let Range { start, end } = plaintext;
    let front = start.checked_sub(Header::LEN).ok_or(EncryptError::NoHeadroom { start })?;
    if end <= start {
        return Err(EncryptError::NoProtocol);
    }
    let too_small = BufferTooSmall { needed: end, available: buf.len() };
    let packet = buf.get_mut(front..end).ok_or(too_small)?;
    // Behind MPPC no protocol can be seen; its input was checked.
    if !flags.contains(Flags::COMPRESSED) {
        let plaintext = packet.get(Header::LEN..).unwrap_or(&[]);
        let (protocol, _) = protocol::split(plaintext).ok_or(EncryptError::NoProtocol)?;
        if !protocol::is_encryptable(protocol) {
            return Err(EncryptError::Protocol { found: protocol });
        }
    }
    Ok(packet)
}

impl core::fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Encryptor")
            .field("algorithm", &format_args!("{}", self.algorithm()))
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
