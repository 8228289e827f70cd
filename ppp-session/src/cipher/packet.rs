//! The header of a packet of RFC 3078 or RFC 2118.

/// The header of RFC 3078 and of RFC 2118, in bytes: flags and coherency count.
pub(crate) const HEADER: usize = 2;

/// Where an inner packet lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The last bytes of the frame that it came in.
    Suffix(usize),
    /// The last bytes that were decompressed.
    #[cfg_attr(not(feature = "mppc"), expect(dead_code, reason = "nothing is compressed then"))]
    Decompressed(usize),
}

/// An inner packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) protocol: u16,
    pub(crate) place: Place,
    /// Losses before it have no effect any more.
    pub(crate) is_synchronized: bool,
}

impl From<mppe::Decrypted<'_>> for Opened {
    fn from(decrypted: mppe::Decrypted<'_>) -> Self {
        Self {
            protocol: decrypted.protocol(),
            place: Place::Suffix(decrypted.payload().len()),
            is_synchronized: decrypted.header.flags.contains(mppe::Flags::FLUSHED),
        }
    }
}
