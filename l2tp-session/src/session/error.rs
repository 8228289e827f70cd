//! Why a packet was not taken.

use l2tp_wire::{DecodeError, data, tunnel};

pub use ppp_session::BufferTooSmall;

/// Why a packet was not sent. No key and no number has moved; the packet is as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no call, or none with this id.
    #[error("there is no such call")]
    NoCall,
    /// The call carries PPP, and this is a frame; or the other way round.
    #[error("the call carries something else")]
    OtherPayload,
    /// PPP does not send it: not IP, not now, or too long.
    #[error(transparent)]
    Ppp(#[from] ppp_session::SendError),
    /// The data channel does not send it: the path cannot carry it whole, or the buffer has no
    /// headroom. A router answers the sender of a packet that is too long with "packet too big".
    #[error(transparent)]
    Data(#[from] data::SendError),
}

/// Why a packet gave nothing. The session goes on: this happens on every path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is no L2TP packet.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is of no tunnel that exists. It gets no answer.
    #[error("L2TP packet of an unknown tunnel")]
    UnknownTunnel,
    /// No call has this session id. It gets no answer.
    #[error("L2TP packet of unknown session {session_id}")]
    UnknownCall {
        /// The session id.
        session_id: u32,
    },
    /// It comes from another host than the peer's.
    #[error("L2TP packet from another source")]
    OtherSource,
    /// The server has no room for another tunnel.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    #[error(transparent)]
    Full(#[from] ppp_session::table::Full),
    /// The tunnel refused it: of another tunnel, not signed, or with implausible numbers.
    #[error(transparent)]
    Control(#[from] tunnel::PacketError),
    /// The call refused it: another cookie, late, or too far ahead.
    #[error(transparent)]
    Data(#[from] data::ReceiveError),
    /// PPP refused it: not now, in the clear where it has to be encrypted, or it cannot be
    /// decrypted.
    #[error(transparent)]
    Ppp(#[from] ppp_session::ReceiveError),
}
