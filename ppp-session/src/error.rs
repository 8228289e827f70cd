//! Why a packet was not taken.

use ppp_fsm::Protocol;

/// The caller's buffer cannot hold the bytes; nothing was written, and nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

impl BufferTooSmall {
    /// Returns an error when fewer bytes are available than are needed. For carriers, which have
    /// buffers of their own.
    ///
    /// # Errors
    ///
    /// The error itself.
    ///
    /// ```
    /// use ppp_session::BufferTooSmall;
    ///
    /// assert!(BufferTooSmall::check(4, 4).is_ok());
    /// let error = BufferTooSmall::check(5, 4).unwrap_err();
    /// assert_eq!(error.to_string(), "buffer too small: needs 5 bytes, has 4");
    /// ```
    pub const fn check(needed: usize, available: usize) -> Result<(), Self> {
        if available < needed { Err(Self { needed, available }) } else { Ok(()) }
    }
}

impl ReceiveError {
    /// Returns whether the content of the frame shows that it is not genuine, so that a carrier's
    /// number for it is free for the genuine one.
    ///
    /// A frame that a link does not take now may well be genuine: a request that comes twice, data
    /// before CCP is open, a protocol that is not known. So may be a packet that waits for a reset
    /// (RFC 3078 section 8.2).
    #[must_use]
    pub const fn is_forgery(&self) -> bool {
        match self {
            // A packet that waits for a FLUSHED one may well be genuine.
            Self::Decrypt(error) => !matches!(error, mppe::DecryptError::AwaitingFlushed { .. }),
            Self::Link(refused) => {
                matches!(refused, ppp_fsm::link::Refused::Malformed(_) | ppp_fsm::link::Refused::NotEncrypted { .. })
            }
            #[cfg(feature = "mppc")]
            Self::Decompress(_) => true,
            Self::Implausible => true,
            Self::BufferTooSmall(_) => false,
        }
    }
}

impl From<ppp_fsm::BufferTooSmall> for BufferTooSmall {
    fn from(error: ppp_fsm::BufferTooSmall) -> Self {
        Self { needed: error.needed, available: error.available }
    }
}

/// Why an IP packet was not sent. No key and no number has moved; the packet is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The bytes are no IP packet.
    #[error("neither an IPv4 nor an IPv6 packet")]
    NotIp,
    /// Packets of this version may not be sent: it was not agreed on, or not yet, or they would not
    /// be encrypted.
    #[error("{protocol} may not be sent now")]
    NotConnected {
        /// The protocol.
        protocol: Protocol,
    },
    /// The packet is longer than the peer takes, or than the configuration allows. A router answers
    /// its sender with "packet too big" and this MTU.
    #[error("packet of {length} bytes: at most {mtu} may be sent")]
    TooLong {
        /// Its length, in bytes.
        length: usize,
        /// The longest that is sent, in bytes.
        mtu: u16,
    },
    /// The buffer has no [`HEADROOM`](crate::HEADROOM), or no packet behind it.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
}

/// Why a frame gave nothing. The session goes on: this happens on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// PPP refused it: not now, not known, or in the clear where it has to be encrypted.
    #[error(transparent)]
    Link(#[from] ppp_fsm::link::Refused),
    /// It cannot be decrypted.
    #[error(transparent)]
    Decrypt(#[from] mppe::DecryptError),
    /// It cannot be decompressed.
    #[cfg(feature = "mppc")]
    #[error(transparent)]
    Decompress(#[from] mppc::ReceiveError),
    /// It was decompressed, and is not a packet that is expected.
    #[error("decompressed to what is not an IP packet")]
    Implausible,
    /// The scratch buffer is shorter than [`Session::scratch_len`](crate::Session::scratch_len).
    /// The frame is as it was.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
}
