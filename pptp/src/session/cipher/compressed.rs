//! RFC 2118, alone and under the encryption of RFC 3078, with which it shares the header.

use alloc::boxed::Box;
use alloc::vec::Vec;

use mppc::{CoherencyCount, Compressed, Compressor, Decompressor, Expansion, Flags, Header, level};
use mppe::{Decryptor, Encryptor};
use ppp_fsm::{Frame, Protocol};

use super::{INNER, OUTER, Opened, Place};
use crate::session::{Compression, ReceiveError};

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
    /// Headroom, and the longest packet.
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
        let room = alloc::vec![0; INNER.saturating_add(2).saturating_add(mtu.into())];
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

    /// Compresses, or copies what does not become shorter. The flags, and where the payload ends.
    fn compress(&mut self, inner: &[u8]) -> Option<(Flags, usize)> {
        let body = self.room.get_mut(INNER..)?;
        let Compressed { flags, payload } = match &mut self.compressor {
            AnyLevel::Fast(compressor) => compressor.compress(inner, body),
            AnyLevel::Default(compressor) => compressor.compress(inner, body),
            AnyLevel::Max(compressor) => compressor.compress(inner, body),
        }
        .ok()?;
        Some((flags, INNER.saturating_add(payload.len())))
    }

    /// RFC 2118 section 3: a packet that is not encrypted.
    pub(super) fn seal(&mut self, inner: &[u8]) -> Option<&mut [u8]> {
        let (flags, end) = self.compress(inner)?;
        let sealed = self.room.get_mut(..end)?;
        let header = sealed.get_mut(OUTER..)?.first_chunk_mut()?;
        *header = Header { flags, count: self.count }.to_octets();
        self.count = self.count.next();
        Some(sealed)
    }

    /// RFC 3078 section 3, implementation note: compressed first, then encrypted, under one header.
    pub(super) fn seal_with(&mut self, encryptor: &mut Encryptor, inner: &[u8]) -> Option<&mut [u8]> {
        let is_flag = encryptor.statistics().next_tx_coherency.is_flag();
        if self.per_packet || is_flag {
            self.flush();
        }
        let (flags, end) = self.compress(inner)?;
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
        encryptor.encrypt_compressed_in_place(sealed, INNER..end, bits).ok()?;
        Some(sealed)
    }
}

/// The bits that the header of RFC 3078 has for the decompressor.
pub(crate) fn compression_flags(bits: mppe::Flags) -> Flags {
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

    /// Count and key of the decryptor move only when the packet is one that can be right.
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
        let inner = self.0.decompress(flags, pending.plaintext(), limit).map_err(mppc::ReceiveError::from)?;
        let Some(opened) = judge(inner, flags.contains(Flags::COMPRESSED), is_flushed) else {
            // Its octets are in the history.
            self.0.desynchronize();
            return Err(ReceiveError::Implausible);
        };
        pending.commit();
        Ok(opened)
    }
}

/// RFC 2118 section 3: a packet that is not encrypted.
pub(super) fn open(receiver: &mut mppc::Receiver, information: &[u8], limit: usize) -> Result<Opened, ReceiveError> {
    let is_compressed = Header::decode(information).is_ok_and(|(header, _)| header.flags.contains(Flags::COMPRESSED));
    let inner = receiver.decapsulate(information, limit)?;
    let opened = judge(inner, is_compressed, true).ok_or(ReceiveError::Implausible)?;
    Ok(Opened { is_synchronized: !receiver.needs_reset(), ..opened })
}

/// What lies in a decompressed packet, if that can be right: an IP packet of the version that its protocol says.
fn judge(inner: &[u8], is_compressed: bool, is_synchronized: bool) -> Option<Opened> {
    let frame = Frame::decode(inner).ok()?;
    let version = frame.information.first().map(|octet| octet >> 4);
    let is_ip = matches!((frame.protocol, version), (Protocol::IP, Some(4)) | (Protocol::IPV6, Some(6)));
    let length = frame.information.len();
    let place = if is_compressed { Place::Decompressed(length) } else { Place::Suffix(length) };
    is_ip.then_some(Opened { protocol: frame.protocol.0, place, is_synchronized })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use mppe::{StartKey, Strength};
    use ppp_fsm::Random;
    use ppp_fsm::ccp::MicrosoftCompression as Bits;

    use super::super::{Receiver, Sender};
    use super::*;
    use crate::session::{Config, HEADROOM};

    /// Packets of any length, which compress or do not, through every mode and level.
    #[test]
    fn what_is_sealed_is_opened() {
        let key = StartKey::from_octets(Strength::Bits128, [7; 16]);
        for bits in [Bits::MPPC, Bits::MPPC | Bits::MPPE_128, Bits::MPPC | Bits::MPPE_128 | Bits::STATELESS] {
            for compression in [Compression::Fast, Compression::Default, Compression::Max] {
                let config = Config::strict().with_compression(compression);
                let key = Some(&key).filter(|_| bits.contains(Bits::MPPE_128));
                let mut sender = Sender::new(bits, key, &config, 1500);
                let mut receiver = Receiver::new(bits, key, &config);
                let mut random = Random::new([9; 32]);
                for count in 0..600 {
                    let entropy = random.entropy();
                    let length = 20 + usize::from(entropy[0]) * 5;
                    let mut buf = std::vec![0; HEADROOM];
                    buf[INNER..].copy_from_slice(&[0, 0x21]);
                    buf.extend_from_slice(&[0x45, 0, 0, 0]);
                    while buf.len() < HEADROOM + length {
                        let noise = random.entropy();
                        buf.extend_from_slice(if entropy[1] % 2 == 0 { &noise } else { &entropy[..7] });
                    }
                    let total = u16::try_from(buf.len() - HEADROOM).unwrap();
                    buf[HEADROOM + 2..HEADROOM + 4].copy_from_slice(&total.to_be_bytes());
                    let packet: Vec<u8> = buf[HEADROOM..].to_vec();
                    let sealed = sender.seal(&mut buf).unwrap();
                    let opened = receiver.open(&mut sealed[OUTER..], 1502);
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
