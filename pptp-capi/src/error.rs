//! Numbers of errors, and a sentence for each.

use core::fmt;

/// Why a function has failed. Functions return it as a negative number; `pptp_error_text` has a
/// sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum Error {
    /// Nothing has failed.
    None = 0,
    /// A pointer is NULL that must not be.
    NullPointer = -1,
    /// The handle is of another kind, was freed, or is no handle.
    WrongHandle = -2,
    /// The handle is in use: by another thread, or by the function whose callback this is.
    Busy = -3,
    /// A number or a pointer is out of range: not aligned, too long, or buffers that overlap.
    Argument = -4,
    /// A text is not UTF-8, or is too long.
    Text = -5,
    /// The buffer is too small. Nothing was written and nothing is lost.
    BufferTooSmall = -6,
    /// Memory has run out. The call had no effect; it may be made again.
    NoMemory = -7,
    /// A fault of the library. The handle cannot be used any more but to be freed.
    Internal = -8,
    /// The allocator was set after memory was taken, or the library was built without one.
    TooLate = -9,
    /// The function is for PPTP alone, or for L2TP alone, and the handle is of the other.
    OtherProtocol = -10,
    /// There is no such connection, or no such call.
    NotFound = -11,
    /// The peer's window is full: the event `PPTP_EVENT_KIND_WRITABLE` follows.
    WouldBlock = -12,
    /// IP packets cannot be sent yet, or not any more.
    NotConnected = -13,
    /// The packet is longer than the MTU.
    TooLong = -14,
    /// The bytes are not an IP packet, or not a packet of a protocol that may be encrypted.
    NotIp = -15,
    /// The packet was refused: repeated, forged, malformed, of somebody else, or in the clear.
    Refused = -16,
    /// There are as many connections as there may be.
    Full = -17,
    /// Nothing was asked that this answers: the ticket is an old one.
    NotAsked = -18,
    /// The answer does not fit the question, or lacks what it must have.
    Unsuitable = -19,
    /// The configuration lacks something that this needs: a name, an address.
    Incomplete = -20,
    /// Packets wait for a `poll_receive` function: call it until it returns 0, and give this packet
    /// again.
    PollFirst = -21,
}

impl Error {
    /// All errors.
    pub const ALL: [Self; 22] = [
        Self::None,
        Self::NullPointer,
        Self::WrongHandle,
        Self::Busy,
        Self::Argument,
        Self::Text,
        Self::BufferTooSmall,
        Self::NoMemory,
        Self::Internal,
        Self::TooLate,
        Self::OtherProtocol,
        Self::NotFound,
        Self::WouldBlock,
        Self::NotConnected,
        Self::TooLong,
        Self::NotIp,
        Self::Refused,
        Self::Full,
        Self::NotAsked,
        Self::Unsuitable,
        Self::Incomplete,
        Self::PollFirst,
    ];

    /// Returns the number that functions return.
    #[must_use]
    #[expect(clippy::as_conversions, reason = "the numbers of the enum are those of C")]
    pub const fn code(self) -> i32 {
        self as i32
    }

    /// Returns the error of a number.
    #[must_use]
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.code() == code)
    }
}

impl core::error::Error for Error {}

/// A sentence without a full stop.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no error",
            Self::NullPointer => "a pointer is NULL that must not be",
            Self::WrongHandle => "the handle is of another kind, or was freed",
            Self::Busy => "the handle is in use by another thread or by a callback",
            Self::Argument => "a number or a pointer is out of range",
            Self::Text => "a text is not UTF-8, or is too long",
            Self::BufferTooSmall => "the buffer is too small",
            Self::NoMemory => "memory has run out",
            Self::Internal => "a fault of the library: free the handle",
            Self::TooLate => "the allocator can only be set before the first call",
            Self::OtherProtocol => "the function is for the other one of PPTP and L2TP",
            Self::NotFound => "there is no such connection or call",
            Self::WouldBlock => "the peer's receive window is full",
            Self::NotConnected => "IP packets cannot be sent now",
            Self::TooLong => "the packet is longer than the MTU",
            Self::NotIp => "the bytes are not a packet that can be sent",
            Self::Refused => "the packet was refused",
            Self::Full => "there are as many connections as there may be",
            Self::NotAsked => "nothing was asked that this answers",
            Self::Unsuitable => "the answer does not fit the question",
            Self::PollFirst => "packets wait to be taken first",
            Self::Incomplete => "the configuration lacks a name or an address",
        })
    }
}
