//! RFC 2118, alone and under the encryption of RFC 3078, with which it shares the header.

use alloc::boxed::Box;
use alloc::vec::Vec;

use mppc::{CoherencyCount, Compressed, Compressor, Decompressor, Expansion, Flags, Header, level};
use mppe::{Decryptor, Encryptor};
use ppp_fsm::{Frame, Protocol};

use super::packet::{HEADER, Opened, Place};
use crate::{Compression, ReceiveError};

/// A compressor of any level.
#[derive(Debug)]
enum AnyLevel {
    Fast(Box<Compressor<level::Fast>>),
    Default(Box<Compressor<level::Default>>),
    Max(Box<Compressor<level::Max>>),
}

/// The sender's half: a history, and room for what becomes of a packet.
#[derive(Debug)]
pub(crate) struct Compressing {
    compressor: AnyLevel,
    /// RFC 3078 section 3.1: stateless encryption makes a history of each packet.
    per_packet: bool,
    /// Of packets that are compressed alone.
    count: CoherencyCount,
    /// The header, and the longest packet with its protocol.
    room: Vec<u8>,
}

impl Compressing {
    pub(super) fn new(compression: Compression, per_packet: bool, is_encrypted: bool, mtu: u16) -> Self {
        // In stateful encryption a flush would start the key stream again under the same key.
        let expansion = if is_encrypted { Expansion::Keep } else { Expansion::Flush };
        let compressor = match compression {
            Compression::Off | Compression::Fast => {
                AnyLevel::Fast(Box::new(Compressor::new(level::Fast).with_expansion(expansion)))
            }
            Compression::Default => {
                AnyLevel::Default(Box::new(Compressor::new(level::Default).with_expansion(expansion)))
            }
            Compression::Max => AnyLevel::Max(Box::new(Compressor::new(level::Max).with_expansion(expansion))),
        };
        let room = alloc::vec![0; HEADER.saturating_add(2).saturating_add(mtu.into())];
        Self { compressor, per_packet, count: CoherencyCount::new(0), room }
    }

    /// Empties the history; the next packet says so.
    pub(super) fn flush(&mut self) {
        match &mut self.compressor {
            AnyLevel::Fast(compressor) => compressor.flush(),
            AnyLevel::Default(compressor) => compressor.flush(),
            AnyLevel::Max(compressor) => compressor.flush(),
        }
    }

    /// Compresses, or copies data that does not become shorter. Returns the flags, and where the
    /// payload ends in the room.
    fn compress(&mut self, inner: &[u8]) -> Option<(Flags, usize)> {
        let body = self.room.get_mut(HEADER..)?;
        let Compressed { flags, payload } = match &mut self.compressor {
            AnyLevel::Fast(compressor) => compressor.compress(inner, body),
            AnyLevel::Default(compressor) => compressor.compress(inner, body),
            AnyLevel::Max(compressor) => compressor.compress(inner, body),
        }
        .ok()?;
        Some((flags, HEADER.saturating_add(payload.len())))
    }

    /// Makes a packet that is not encrypted (RFC 2118 section 3). Returns where it ends in `buf`.
    pub(super) fn seal(&mut self, buf: &mut [u8], inner: usize) -> Option<usize> {
        let (flags, end) = self.compress(buf.get(inner..)?)?;
        let header = Header { flags, count: self.count }.to_bytes();
        self.count = self.count.next();
        self.room.first_chunk_mut().map(|place| *place = header)?;
        self.put_back(end, buf, inner)
    }

    /// Compresses first, then encrypts, under one header (RFC 3078 section 3, implementation note).
    /// Returns where the packet ends in `buf`.
    pub(super) fn seal_with(&mut self, encryptor: &mut Encryptor, buf: &mut [u8], inner: usize) -> Option<usize> {
        let is_flag = encryptor.statistics().next_tx_coherency.is_flag();
        // RFC 3078 section 7.2: a flag packet begins the key stream again with bit A, which flushes
        // the history as well.
        if self.per_packet || is_flag {
            self.flush();
        }
        let (flags, end) = self.compress(buf.get(inner..)?)?;
        // The shared bit A means both: where the history is flushed, the key stream has to begin
        // again too.
        if flags.contains(Flags::FLUSHED) && !is_flag {
            encryptor.flush_next();
        }
        let mut bits = mppe::Flags::empty();
        if flags.contains(Flags::AT_FRONT) {
            bits = bits | mppe::Flags::AT_FRONT;
        }
        if flags.contains(Flags::COMPRESSED) {
            bits = bits | mppe::Flags::COMPRESSED;
        }
        let sealed = self.room.get_mut(..end)?;
        encryptor.encrypt_compressed_in_place(sealed, HEADER..end, bits).ok()?;
        self.put_back(end, buf, inner)
    }

    /// Copies what was made to the caller's buffer, where the packet was: it is never longer than
    /// that.
    fn put_back(&self, length: usize, buf: &mut [u8], inner: usize) -> Option<usize> {
        let start = inner.checked_sub(HEADER)?;
        let end = start.checked_add(length)?;
        buf.get_mut(start..end)?.copy_from_slice(self.room.get(..length)?);
        Some(end)
    }
}

/// Returns the bits that a header of RFC 3078 has for the decompressor of RFC 2118.
///
/// ```
/// let bits = mppe::Flags::FLUSHED | mppe::Flags::ENCRYPTED;
/// assert_eq!(ppp_session::compression_flags(bits), mppc::Flags::FLUSHED);
/// ```
#[must_use]
pub fn compression_flags(bits: mppe::Flags) -> Flags {
    let pairs = [
        (mppe::Flags::FLUSHED, Flags::FLUSHED),
        (mppe::Flags::AT_FRONT, Flags::AT_FRONT),
        (mppe::Flags::COMPRESSED, Flags::COMPRESSED),
    ];
    let set = pairs.into_iter().filter(|(bit, _)| bits.contains(*bit));
    set.fold(Flags::empty(), |flags, (_, flag)| flags | flag)
}

/// The receiver's half under encryption.
#[derive(Debug)]
pub(crate) struct Decompressing(Decompressor);

impl Decompressing {
    pub(super) const fn new() -> Self {
        Self(Decompressor::new())
    }

    pub(super) const fn needs_reset(&self) -> bool {
        !self.0.is_synchronized()
    }

    pub(super) fn latest(&self, length: usize) -> &[u8] {
        self.0.latest(length).unwrap_or_default()
    }

    /// Opens a packet; count and key of the decryptor move only when it can be right.
    pub(super) fn open(
        &mut self,
        decryptor: &mut Decryptor,
        information: &mut [u8],
        limit: usize,
    ) -> Result<Opened, ReceiveError> {
        let pending = decryptor.decrypt_pending(information)?;
        let bits = pending.header().flags;
        let is_flushed = bits.contains(mppe::Flags::FLUSHED);
        let flags = compression_flags(bits);
        // The history moves with the attempt, unlike the count: a forged packet costs the history,
        // and a flush.
        let inner = self.0.decompress(flags, pending.plaintext(), limit).map_err(mppc::ReceiveError::from)?;
        let Some(opened) = judge(inner, flags.contains(Flags::COMPRESSED), is_flushed) else {
            // Its bytes are in the history.
            self.0.desynchronize();
            return Err(ReceiveError::Implausible);
        };
        pending.commit();
        Ok(opened)
    }
}

/// Returns a packet that is not encrypted (RFC 2118 section 3).
pub(super) fn open(receiver: &mut mppc::Receiver, information: &[u8], limit: usize) -> Result<Opened, ReceiveError> {
    let is_compressed = Header::decode(information).is_ok_and(|(header, _)| header.flags.contains(Flags::COMPRESSED));
    let inner = receiver.decapsulate(information, limit)?;
    let opened = judge(inner, is_compressed, true).ok_or(ReceiveError::Implausible)?;
    Ok(Opened { is_synchronized: !receiver.needs_reset(), ..opened })
}

/// Returns what lies in a decompressed packet, if that can be right: an IP packet of the version
/// that its protocol says.
fn judge(inner: &[u8], is_compressed: bool, is_synchronized: bool) -> Option<Opened> {
    // Random bytes decompress to something, so the result is judged as the plaintext of an
    // uncompressed packet is.
    let frame = Frame::decode(inner).ok()?;
    let version = frame.information.first().map(|byte| byte >> 4);
    let is_ip = matches!((frame.protocol, version), (Protocol::IP, Some(4)) | (Protocol::IPV6, Some(6)));
    let length = frame.information.len();
    let place = if is_compressed { Place::Decompressed(length) } else { Place::Suffix(length) };
    is_ip.then_some(Opened { protocol: frame.protocol.0, place, is_synchronized })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use mppe::{StartKey, Strength};
    use ppp_fsm::ccp::MicrosoftCompression as Bits;

    use super::super::{Receiver, Sender};
    use super::*;
    use crate::{Config, HEADROOM};

    /// Packets of any length, which compress or do not, through every mode and level.
    #[test]
    fn sealed_packets_are_opened() {
        const INNER: usize = HEADROOM - 2;
        let key = StartKey::from_bytes(Strength::Bits128, [7; 16]);
        for bits in [Bits::MPPC, Bits::MPPC | Bits::MPPE_128, Bits::MPPC | Bits::MPPE_128 | Bits::STATELESS] {
            for compression in [Compression::Fast, Compression::Default, Compression::Max] {
                let config = Config::strict().with_compression(compression);
                let key = Some(&key).filter(|_| bits.contains(Bits::MPPE_128));
                let mut sender = Sender::new(bits, key, &config, 1500);
                let mut receiver = Receiver::new(bits, key, &config);
                let mut random = fastrand::Rng::with_seed(9);
                for count in 0..600 {
                    let length = 20 + usize::from(random.u8(..)) * 5;
                    let is_noise = random.bool();
                    let text: [u8; 7] = core::array::from_fn(|_| random.u8(..));
                    let mut buf = std::vec![0; HEADROOM];
                    buf[INNER..].copy_from_slice(&[0, 0x21]);
                    buf.extend_from_slice(&[0x45, 0, 0, 0]);
                    while buf.len() < HEADROOM + length {
                        let noise: [u8; 7] = core::array::from_fn(|_| random.u8(..));
                        buf.extend_from_slice(if is_noise { &noise } else { &text });
                    }
                    let total = u16::try_from(buf.len() - HEADROOM).unwrap();
                    buf[HEADROOM + 2..HEADROOM + 4].copy_from_slice(&total.to_be_bytes());
                    let packet: Vec<u8> = buf[HEADROOM..].to_vec();
                    let end = sender.seal(&mut buf, INNER).unwrap();
                    let sealed = &mut buf[INNER - HEADER..end];
                    let opened = receiver.open(sealed, 1502);
                    let opened =
                        opened.unwrap_or_else(|error| panic!("{bits} {compression:?} {count} {length}: {error}"));
                    let found = match opened.place {
                        Place::Suffix(length) => &sealed[sealed.len() - length..],
                        Place::Decompressed(length) => receiver.latest(length),
                    };
                    assert!(found == packet, "{bits} {compression:?} {count}");
                }
            }
        }
    }
}
