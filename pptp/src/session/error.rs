//! Why a packet was not taken.

pub use ppp_session::BufferTooSmall;

/// Why an IP packet was not sent. No key and no number has moved; the packet is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no call, or none with this id.
    #[error("there is no such call")]
    NoCall,
    /// The peer's window is full: [`CallEvent::Writable`](super::CallEvent::Writable) follows.
    #[error("the peer's receive window is full")]
    WouldBlock,
    /// PPP does not send it: not IP, not now, or too long.
    #[error(transparent)]
    Ppp(#[from] ppp_session::SendError),
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
    /// PPP refused it: not now, in the clear where it has to be encrypted, or it cannot be
    /// decrypted.
    #[error(transparent)]
    Ppp(#[from] ppp_session::ReceiveError),
}
