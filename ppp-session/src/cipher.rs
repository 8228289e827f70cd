//! RFC 3078, RFC 2118: encryption and compression of one session, each direction of its own.

use core::time::Duration;

use mppe::{Decryptor, Encryptor, Mode, ProtocolSet, StartKey};
use ppp_fsm::ccp::MicrosoftCompression;

use crate::memory::Own;
use crate::{Config, Encoding, ReceiveError};

#[cfg(feature = "mppc")]
mod compressed;
mod packet;
#[cfg(feature = "mppc")]
pub use compressed::compression_flags;
#[cfg(feature = "mppc")]
use compressed::{Compressing, Decompressing};
pub(crate) use packet::{HEADER, Opened, Place};

/// Returns the mode that the bits of a direction say.
fn mode(bits: MicrosoftCompression) -> Mode {
    if bits.contains(MicrosoftCompression::STATELESS) { Mode::Stateless } else { Mode::Stateful }
}

fn encryption_config(bits: MicrosoftCompression, config: &Config) -> mppe::Config {
    // A wrong key is recognized by its plaintext, so only the protocols that this link carries are
    // plausible.
    let mut protocols = ProtocolSet::new();
    if config.ip_versions.has_v4() {
        protocols = protocols.with(ProtocolSet::IPV4);
    }
    if config.ip_versions.has_v6() {
        protocols = protocols.with(ProtocolSet::IPV6);
    }
    mppe::Config::new(mode(bits)).with_flushed_rule(config.flushed_rule).with_protocols(protocols)
}

/// How packets are sent.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub(crate) enum Sender {
    /// As they are.
    #[default]
    Clear,
    Encrypted(Own<Encryptor>),
    #[cfg(feature = "mppc")]
    Compressed(Own<Compressing>),
    #[cfg(feature = "mppc")]
    Both(Own<(Encryptor, Compressing)>),
}

impl Sender {
    /// Makes a sender for what was agreed on. The key is there when a bit of encryption is.
    pub(crate) fn new(bits: MicrosoftCompression, key: Option<&StartKey>, config: &Config, mtu: u16) -> Self {
        let encryptor = key.map(|key| Encryptor::new(key, &encryption_config(bits, config)));
        #[cfg(feature = "mppc")]
        if bits.contains(MicrosoftCompression::MPPC) {
            // RFC 3078 section 3.1: stateless mode "applies to both MPPC and MPPE", so each packet
            // begins with an empty history.
            let per_packet = encryptor.is_some() && mode(bits) == Mode::Stateless;
            let compressing = Compressing::new(config.compression, per_packet, encryptor.is_some(), mtu);
            return match encryptor {
                Some(encryptor) => Self::Both(Own::new((encryptor, compressing))),
                None => Self::Compressed(Own::new(compressing)),
            };
        }
        let _ = mtu;
        encryptor.map_or(Self::Clear, |encryptor| Self::Encrypted(Own::new(encryptor)))
    }

    pub(crate) const fn is_clear(&self) -> bool {
        matches!(self, Self::Clear)
    }

    /// Makes the content of a frame of protocol 0x00fd out of the inner protocol and the packet,
    /// which `buf` has from `inner` on. It begins [`HEADER`] bytes in front of that; where it ends
    /// is returned. `None` when packets are sent as they are.
    pub(crate) fn seal(&mut self, buf: &mut [u8], inner: usize) -> Option<usize> {
        let end = buf.len();
        match self {
            Self::Clear => None,
            Self::Encrypted(encryptor) => encryptor.encrypt_in_place(buf, inner..end).ok().map(|_| end),
            #[cfg(feature = "mppc")]
            Self::Compressed(compressing) => compressing.seal(buf, inner),
            #[cfg(feature = "mppc")]
            Self::Both(both) => {
                let (encryptor, compressing) = &mut **both;
                compressing.seal_with(encryptor, buf, inner)
            }
        }
    }

    /// Handles a Reset-Request of the peer (RFC 3078 section 8.2, RFC 1962 section 5.3).
    pub(crate) fn handle_reset_request(&mut self) {
        match self {
            Self::Clear => {}
            Self::Encrypted(encryptor) => encryptor.handle_reset_request(),
            #[cfg(feature = "mppc")]
            Self::Compressed(compressing) => compressing.flush(),
            #[cfg(feature = "mppc")]
            Self::Both(both) => {
                both.0.handle_reset_request();
                both.1.flush();
            }
        }
    }

    /// Sets what the peer has shown that it takes FLUSHED packets for.
    fn set_flushed_rule(&mut self, rule: mppe::FlushedRule) {
        match self {
            Self::Encrypted(encryptor) => encryptor.set_flushed_rule(rule),
            #[cfg(feature = "mppc")]
            Self::Both(both) => both.0.set_flushed_rule(rule),
            _ => {}
        }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        match self {
            Self::Clear => Encoding::default(),
            Self::Encrypted(encryptor) => Encoding::new(Some(encryptor.algorithm()), false),
            #[cfg(feature = "mppc")]
            Self::Compressed(_) => Encoding::new(None, true),
            #[cfg(feature = "mppc")]
            Self::Both(both) => Encoding::new(Some(both.0.algorithm()), true),
        }
    }

    pub(crate) fn statistics(&self) -> Option<mppe::EncryptorStatistics> {
        match self {
            Self::Encrypted(encryptor) => Some(encryptor.statistics()),
            #[cfg(feature = "mppc")]
            Self::Both(both) => Some(both.0.statistics()),
            _ => None,
        }
    }
}

/// How packets are received.
#[derive(Debug, Default)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub(crate) enum Receiver {
    /// As they are.
    #[default]
    Clear,
    Encrypted(Own<Decryptor>),
    #[cfg(feature = "mppc")]
    Compressed(Own<mppc::Receiver>),
    #[cfg(feature = "mppc")]
    Both(Own<(Decryptor, Decompressing)>),
}

impl Receiver {
    /// Makes a receiver for what was agreed on. The key is there when a bit of encryption is.
    pub(crate) fn new(bits: MicrosoftCompression, key: Option<&StartKey>, config: &Config) -> Self {
        let decryptor = key.map(|key| Decryptor::new(key, &encryption_config(bits, config)));
        #[cfg(feature = "mppc")]
        if bits.contains(MicrosoftCompression::MPPC) {
            return match decryptor {
                Some(decryptor) => Self::Both(Own::new((decryptor, Decompressing::new()))),
                None => Self::Compressed(Own::default()),
            };
        }
        decryptor.map_or(Self::Clear, |decryptor| Self::Encrypted(Own::new(decryptor)))
    }

    pub(crate) const fn is_clear(&self) -> bool {
        matches!(self, Self::Clear)
    }

    /// Decrypts and decompresses the content of a frame of protocol 0x00fd to at most `limit`
    /// bytes.
    pub(crate) fn open(&mut self, information: &mut [u8], limit: usize) -> Result<Opened, ReceiveError> {
        let _ = limit;
        match self {
            Self::Clear => {
                // CCP is not open, and no key has been started: such a packet can be nothing but
                // late, or forged.
                let protocol = ppp_fsm::Protocol::COMPRESSED;
                Err(ppp_fsm::link::Refused::NotNow { protocol }.into())
            }
            Self::Encrypted(decryptor) => Ok(Opened::from(decryptor.decrypt(information)?)),
            #[cfg(feature = "mppc")]
            Self::Compressed(receiver) => compressed::open(receiver, information, limit),
            #[cfg(feature = "mppc")]
            Self::Both(both) => {
                let (decryptor, decompressing) = &mut **both;
                decompressing.open(decryptor, information, limit)
            }
        }
    }

    /// Returns whether packets may be decompressed, into memory of their own.
    pub(crate) const fn decompresses(&self) -> bool {
        match self {
            Self::Clear | Self::Encrypted(_) => false,
            #[cfg(feature = "mppc")]
            Self::Compressed(_) | Self::Both(_) => true,
        }
    }

    /// Returns the last bytes that were decompressed.
    pub(crate) fn latest(&self, length: usize) -> &[u8] {
        let _ = length;
        match self {
            Self::Clear | Self::Encrypted(_) => &[],
            #[cfg(feature = "mppc")]
            Self::Compressed(receiver) => receiver.latest(length).unwrap_or_default(),
            #[cfg(feature = "mppc")]
            Self::Both(both) => both.1.latest(length),
        }
    }

    /// Returns whether the peer has to be asked for a flushed packet (RFC 3078 section 8.2).
    pub(crate) fn wants_reset(&mut self, now: Duration) -> bool {
        match self {
            Self::Clear => false,
            Self::Encrypted(decryptor) => decryptor.poll_reset_request(now).is_some(),
            #[cfg(feature = "mppc")]
            Self::Compressed(receiver) => receiver.needs_reset(),
            #[cfg(feature = "mppc")]
            Self::Both(both) => both.0.poll_reset_request(now).is_some() || both.1.needs_reset(),
        }
    }

    /// Lets the other direction know what FLUSHED packets mean to the peer, as soon as this one has
    /// seen it.
    pub(crate) fn teach(&self, sender: &mut Sender) {
        let decryptor = match self {
            Self::Encrypted(decryptor) => decryptor.get(),
            #[cfg(feature = "mppc")]
            Self::Both(both) => &both.0,
            _ => return,
        };
        // Only after the peer's own packets have shown the rule: a guess would lose packets.
        if let Some(rule) = decryptor.observed_rule() {
            sender.set_flushed_rule(rule);
        }
    }

    pub(crate) fn encoding(&self) -> Encoding {
        match self {
            Self::Clear => Encoding::default(),
            Self::Encrypted(decryptor) => Encoding::new(Some(decryptor.algorithm()), false),
            #[cfg(feature = "mppc")]
            Self::Compressed(_) => Encoding::new(None, true),
            #[cfg(feature = "mppc")]
            Self::Both(both) => Encoding::new(Some(both.0.algorithm()), true),
        }
    }

    pub(crate) fn statistics(&self) -> Option<mppe::DecryptorStatistics> {
        match self {
            Self::Encrypted(decryptor) => Some(decryptor.statistics()),
            #[cfg(feature = "mppc")]
            Self::Both(both) => Some(both.0.statistics()),
            _ => None,
        }
    }
}
