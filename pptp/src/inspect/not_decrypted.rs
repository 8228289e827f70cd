//! Why a packet stays encrypted.

use mppe::CoherencyCount;

/// Why compressed data was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotDecrypted {
    /// No password, hash or key was given that could help.
    #[error("no secret for this session")]
    NoSecret,
    /// The authentication leads to no keys: PAP, CHAP-MD5, EAP.
    #[error("no keys: the authentication that was seen makes none")]
    NoKeys,
    /// The authentication was not captured, so that no password leads to keys.
    #[error("no keys: the authentication was not captured")]
    AuthenticationNotSeen,
    /// The Challenge or the Response was not captured; the keys come from both.
    #[error("no keys: the Challenge or the Response that they come from was not captured")]
    ChallengeNotSeen,
    /// It waits until more packets show that the key is right; then it is decrypted.
    #[error("waits for more packets that show that a key is right")]
    Unproved,
    /// The secret that was given does not fit the authentication.
    #[error("the given secret does not fit this session")]
    WrongSecret,
    /// CCP agreed on something that is not MPPE, such as Deflate or BSD-Compress.
    #[error("compressed with CCP option {option_type}, not MPPE")]
    OtherCompression {
        /// The type of the option.
        option_type: u8,
    },
    /// It is compressed with MPPC, and refers to packets that are missing, or there is no feature `mppc`.
    #[error("compressed with MPPC, and what it refers to is missing")]
    Compressed,
    /// It waits for an earlier packet; it is tried again when that comes, or does not.
    #[error("waits for an earlier packet: {missing} is missing")]
    Held {
        /// The count of the packet that is missing.
        missing: CoherencyCount,
    },
    /// Stateful encryption, after a loss: no packet can be decrypted before one with the FLUSHED bit.
    #[error("stateful, after a loss: not before a FLUSHED packet")]
    AfterLoss,
    /// The right key makes no sense of it, or no key has shown that it is right.
    #[error("no key makes sense of it")]
    Nonsense,
    /// A packet with its count came before.
    #[error("its count came before")]
    Repeated,
    /// It is not a packet of MPPE: cut short, or not encrypted.
    #[error("not MPPE: cut short or not encrypted")]
    NotMppe,
}
