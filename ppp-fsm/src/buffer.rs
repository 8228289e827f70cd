//! Bytes of limited length, without a heap.

use crate::EncodeError;

/// Bytes that are not secret, at most N.
#[derive(Clone, Copy)]
pub(crate) struct Short<const N: usize> {
    /// Zeros behind the length, so that equal ones are equal as a whole.
    bytes: [u8; N],
    /// No packet is longer than this counts.
    length: u16,
}

impl<const N: usize> Short<N> {
    pub(crate) const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    /// Keeps what fits.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut short = Self::EMPTY;
        short.extend(bytes);
        short
    }

    /// Adds what fits.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let Some(place) = self.bytes.get_mut(usize::from(self.length)) else { return };
            *place = *byte;
            self.length = self.length.wrapping_add(1);
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        filled(&self.bytes, usize::from(self.length))
    }
}

impl<const N: usize> Default for Short<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> PartialEq for Short<N> {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl<const N: usize> Eq for Short<N> {}

impl<const N: usize> core::fmt::Debug for Short<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// Returns the part of an array that is in use.
fn filled<const N: usize>(bytes: &[u8; N], length: usize) -> &[u8] {
    debug_assert!(length <= N, "the length counts what was stored");
    bytes.get(..length).unwrap_or(bytes)
}

/// Bytes that may be secret, at most N: wiped when they are replaced or dropped.
pub(crate) struct Buffer<const N: usize> {
    bytes: [u8; N],
    /// No packet is longer than this counts.
    length: u16,
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self { bytes: [0; N], length: 0 }
    }
}

impl<const N: usize> Buffer<N> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        filled(&self.bytes, usize::from(self.length))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn clear(&mut self) {
        #[cfg(feature = "zeroize")]
        zeroize::Zeroize::zeroize(&mut self.bytes);
        #[cfg(not(feature = "zeroize"))]
        self.bytes.fill(0);
        self.length = 0;
    }

    /// Stores these bytes, cut to what fits.
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.clear();
        for (to, byte) in self.bytes.iter_mut().zip(bytes) {
            *to = *byte;
            self.length = self.length.wrapping_add(1);
        }
    }

    /// Stores what is written, or nothing when that fails.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>,
    ) -> Result<(), EncodeError> {
        self.clear();
        let length = write(&mut self.bytes)?;
        debug_assert!(length <= N, "an encoder says how much it wrote");
        debug_assert!(u16::try_from(N).is_ok(), "the length of a packet has two bytes");
        self.length = u16::try_from(length.min(N)).unwrap_or(u16::MAX);
        Ok(())
    }
}

impl<const N: usize> Drop for Buffer<N> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Prints the length alone, since there may be a password.
impl<const N: usize> core::fmt::Debug for Buffer<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

/// Computes FNV-1a, to recognize a copy. Another packet with the same sum is taken for a copy,
/// which harms who made it.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
