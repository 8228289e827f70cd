//! Errors of data packets.

use crate::{DecodeError, EncodeError};

/// The reason for which a frame is not sent. Nothing was written, and no number is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// It is longer than the path carries whole.
    #[error("frame of {length} bytes, the session carries {mtu}")]
    ExceedsMtu {
        /// The length of the frame.
        length: usize,
        /// The value of [`session_mtu`](super::DataChannel::session_mtu).
        mtu: usize,
    },
    /// The buffer is too short, or the frame longer than a packet can be.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// The reason for which a packet holds no frame for this session. It changed nothing but a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is no L2TP data packet.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is of another session, or a control message.
    #[error("L2TP packet of another session")]
    OtherSession,
    /// RFC 3931 section 4.1: its cookie is not the one that this end assigned.
    #[error("L2TP packet with a wrong cookie")]
    WrongCookie,
    /// It came after a later one, or twice.
    #[error("L2TP packet {number} came too late")]
    Late {
        /// Its number.
        number: u32,
    },
    /// Its number is too far ahead to be believed, unless more follow it.
    #[error("L2TP packet {number} is too far ahead")]
    FarAhead {
        /// Its number.
        number: u32,
    },
    /// The frames that [`poll_receive`](super::DataChannel::poll_receive) has come first. Take
    /// them, then give the packet again.
    #[error("L2TP packet has to wait for earlier ones to be taken")]
    Busy,
}
