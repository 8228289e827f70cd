//! Errors of commands and packets.

use crate::DecodeError;

/// The reason for which a command is refused. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The tunnel, or the session, is not in a state where that makes sense.
    #[error("that makes no sense in this state")]
    State,
    /// No session has this id.
    #[error("no such session")]
    NoSuchSession,
    /// All sessions are taken; those that are over count until their last event was polled.
    #[error("all {limit} sessions are taken")]
    NoRoom {
        /// The number of places.
        limit: usize,
    },
    /// Too many messages wait to be acknowledged: poll what is to be sent, and try again when
    /// something has come.
    #[error("too many messages wait to be acknowledged")]
    Busy,
    /// RFC 3931 section 5.4.4: the peer does not have this kind of pseudowire.
    #[error("the peer does not have this kind of pseudowire")]
    NoPseudowire,
    /// Version 3 over IP cannot fall back to version 2 (RFC 3931 section 4.7.1), and version 2
    /// needs UDP.
    #[error("version 2 needs UDP")]
    NeedsUdp,
}

/// The reason for which a packet is refused. It changed nothing but a counter, and gets no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// It is no control message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It is for another tunnel, or of another version.
    #[error("control message of another tunnel")]
    OtherTunnel,
    /// It comes from another address than the peer's.
    #[error("control message from another address")]
    OtherSource,
    /// RFC 3931 section 4.3: its digest is missing or wrong.
    #[error("control message whose digest is missing or wrong")]
    Digest,
    /// Its Ns or Nr are none that the peer can send now.
    #[error("control message with implausible numbers")]
    Numbers,
    /// The tunnel is closed.
    #[error("the tunnel is closed")]
    Closed,
}

/// The recipient of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was for this tunnel or not")]
#[must_use = "a request for another tunnel has to be given to another one"]
pub enum Handled {
    /// It was for this tunnel.
    Taken,
    /// It asks for another tunnel than this one: RFC 2661 section 7.2.1.
    OtherRequest,
}
