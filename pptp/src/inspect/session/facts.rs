//! The facts that a capture shows of a session: counts, its start, how it is protected.

use mppe::Algorithm;

/// The counts of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// PPP frames, without repeated ones.
    pub frames: u64,
    /// GRE packets that acknowledge and carry nothing.
    pub acknowledgments: u64,
    /// Frames that came again: GRE packets with a sequence number that was seen, and the same payload.
    pub repeated: u64,
    /// GRE packets with the sequence number of another one whose payload differs: one of the two was not sent by an end
    /// of the session. Both are read.
    pub contradicting: u64,
    /// Frames that came after later ones.
    pub late: u64,
    /// Frames that were not seen, by GRE's sequence numbers.
    pub missing: u64,
    /// Datagrams in the clear.
    pub clear: u64,
    /// Packets of compressed data: encrypted, or compressed with something else.
    pub compressed: u64,
    /// Of these, the decrypted ones.
    pub decrypted: u64,
    /// Of these, the ones that came in stateful mode after a loss, and were decrypted nevertheless.
    pub recovered: u64,
    /// Of the compressed ones, those that came in stateful mode after a loss, and were not.
    pub after_loss: u64,
    /// Of the compressed ones, those that no key makes sense of.
    pub nonsense: u64,
    /// Packets that were not seen, by MPPE's coherency counts.
    pub missed: u64,
    /// CCP Reset-Requests that this side sent.
    pub reset_requests: u64,
    /// Frames whose end was not captured, so that they were not read.
    pub not_captured: u64,
}

/// The captured part of the start of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Start {
    /// LCP was seen to open in both directions: what was not seen to be agreed on afterwards did not happen.
    Seen,
    /// Packets of one direction only were captured.
    OneDirection,
    /// It began before the capture, or LCP never opened.
    NotSeen,
}

/// How the packets of one direction are protected, as far as that was captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// CCP agreed on MPPE, or a key has shown it.
    Mppe(Algorithm),
    /// Encrypted or compressed packets were seen, not the agreement on it.
    AgreementNotSeen,
    /// CCP agreed on something else, by the type of its option.
    OtherCompression {
        /// The type of the option.
        option_type: u8,
    },
    /// There are packets of data in the clear, and no others.
    None,
    /// No packet of data was captured, nor an agreement on how to protect it.
    NotSeen,
}
