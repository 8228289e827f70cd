//! Why a packet was not taken.

use ppp_fsm::Protocol;

/// The caller's buffer cannot hold the octets; nothing was written, and nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} octets, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Octets that are needed.
    pub needed: usize,
    /// Octets that were lent.
    pub available: usize,
}

impl BufferTooSmall {
    /// `Err` when there are fewer octets than are needed.
    pub(crate) const fn check(needed: usize, available: usize) -> Result<(), Self> {
        if available < needed { Err(Self { needed, available }) } else { Ok(()) }
    }
}

/// Why an IP packet was not sent. No key and no number has moved; the packet is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no call, or none with this id.
    #[error("there is no such call")]
    NoCall,
    /// The peer's window is full: [`Event::Writable`](super::Event::Writable) follows.
    #[error("the peer's receive window is full")]
    WouldBlock,
    /// It is no IP packet.
    #[error("neither an IPv4 nor an IPv6 packet")]
    NotIp,
    /// Packets of this version may not be sent: it was not agreed on, or not yet, or they would not be encrypted.
    #[error("{protocol} may not be sent now")]
    NotConnected {
        /// The protocol.
        protocol: Protocol,
    },
    /// The packet is longer than the peer takes, or than the configuration allows. A router answers its sender with
    /// "packet too big" and this MTU.
    #[error("packet of {length} octets: at most {mtu} may be sent")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest that is sent.
        mtu: u16,
    },
    /// The buffer has no [`HEADROOM`](super::HEADROOM), and a packet behind it.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
}

/// Why a GRE packet gave nothing. The session goes on: this happens on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// No call has this id. A raw socket sees the packets of all programs of the host.
    #[error("GRE packet of unknown call {call_id}")]
    UnknownCall {
        /// The id.
        call_id: u16,
    },
    /// The tunnel refused it: malformed, repeated, late, or too far ahead.
    #[error(transparent)]
    Tunnel(#[from] pptp_gre::ReceiveError),
    /// PPP refused it: not now, not known, or in the clear where it has to be encrypted.
    #[error(transparent)]
    Link(#[from] ppp_fsm::link::Refused),
    /// It cannot be decrypted.
    #[error(transparent)]
    Decrypt(#[from] mppe::DecryptError),
    /// It cannot be decompressed.
    #[cfg(feature = "mppc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "mppc")))]
    #[error(transparent)]
    Decompress(#[from] mppc::ReceiveError),
    /// It was decompressed, and is no packet that is expected.
    #[error("decompressed to what is no IP packet")]
    Implausible,
}
