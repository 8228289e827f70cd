//! The errors, with their places.

use crate::algorithm::Strength;
use crate::count::CoherencyCount;

/// The caller's buffer cannot hold the bytes; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

/// Why a start key cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// MS-CHAPv1's short keys need the LAN Manager hash (RFC 3079 section 2), which an NT hash does not give.
    #[error("the LM hash is not known, which RFC 3079 makes MS-CHAPv1's keys of {strength} from")]
    LmHashUnknown {
        /// The strength that was asked for.
        strength: Strength,
    },
    /// The NT hash is needed.
    #[error("the NT hash is not known, which MS-CHAPv1's keys of {strength} are made from")]
    NtHashUnknown {
        /// The strength that was asked for.
        strength: Strength,
    },
}

/// Why a packet was not encrypted. Neither key nor count has moved.
///
/// ```
/// use mppe::{Config, EncryptError, Encryptor, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
/// // LCP stays in the clear.
/// let refused = encryptor.encrypt(0xc021, &[9, 1, 0, 4], &mut [0; 16]).unwrap_err();
/// assert_eq!(refused, EncryptError::Protocol { found: 0xc021 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// The buffer is too small.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
    /// There are no two bytes for the header in front of the plaintext.
    #[error("plaintext at offset {start}: the header in front of it needs 2 bytes")]
    NoHeadroom {
        /// Where the plaintext starts.
        start: usize,
    },
    /// The plaintext has no protocol field.
    #[error("plaintext without a protocol field")]
    NoProtocol,
    /// RFC 3078 section 3: only 0x0021 to 0x00fa may be encrypted.
    #[error("protocol {found:#06x} is not encrypted, only 0x0021 to 0x00fa are")]
    Protocol {
        /// The protocol field.
        found: u16,
    },
}

/// Why a packet was not decrypted. Its bytes, the key and the count are as before, and the next
/// packet is welcome.
///
/// ```
/// use mppe::{Config, DecryptError, Decryptor, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
/// let refused = decryptor.decrypt(&mut [0x80, 0x00, 0x21, 0x45]).unwrap_err();
/// assert_eq!(refused, DecryptError::NotEncrypted);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The packet has no header, or nothing behind it.
    #[error("MPPE packet of {available} bytes: needs {needed}")]
    Truncated {
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that there are.
        available: usize,
    },
    /// Bit D is clear.
    #[error("MPPE packet that says it is not encrypted")]
    NotEncrypted,
    /// Bit A is clear, which stateless mode wants set in every packet.
    #[error("stateless MPPE packet without the FLUSHED bit")]
    NotFlushed,
    /// Bit C is set, and the caller takes no compressed packets.
    #[error("MPPE packet that says it is compressed")]
    Compressed,
    /// A packet with this count came before, or it comes too late for its key.
    #[error("MPPE packet {count}: repeated, or too late")]
    Repeated {
        /// The count of the packet.
        count: CoherencyCount,
    },
    /// The plaintext is not a packet: it is forged, or the keys differ.
    #[error("MPPE packet {count} decrypts to nonsense")]
    Implausible {
        /// The count of the packet.
        count: CoherencyCount,
    },
    /// Stateless mode: the count is further ahead than the budget of key changes reaches. The decryptor has come nearer.
    #[error("MPPE packet {count} is {ahead} packets ahead: catching up")]
    CatchingUp {
        /// The count of the packet.
        count: CoherencyCount,
        /// How many key changes are still missing.
        ahead: u16,
    },
    /// Stateful mode: a packet was lost, and none can be read before the peer answers a Reset-Request.
    #[error("MPPE packet {count} waits for a reset")]
    AwaitingFlushed {
        /// The count of the packet.
        count: CoherencyCount,
    },
    /// As [`Implausible`](Self::Implausible), and the packet makes a run of them full
    /// ([`Config::with_implausible_limit`](crate::Config::with_implausible_limit)): reported once a run.
    #[error("MPPE packet {count} decrypts to nonsense, as many did before it: coherency is lost")]
    CoherencyLost {
        /// The count of the packet.
        count: CoherencyCount,
    },
}
