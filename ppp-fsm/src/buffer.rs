//! Bytes of limited length: in place, or on the heap where there is one.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;

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

/// Overwrites bytes that may be secret.
fn wipe(bytes: &mut [u8]) {
    #[cfg(feature = "zeroize")]
    zeroize::Zeroize::zeroize(bytes);
    #[cfg(not(feature = "zeroize"))]
    bytes.fill(0);
}

/// Bytes that may be secret, at most N, in place: wiped when they are replaced or dropped.
struct Inline<const N: usize> {
    bytes: [u8; N],
    /// No packet is longer than this counts.
    length: u16,
}

impl<const N: usize> Inline<N> {
    const EMPTY: Self = Self { bytes: [0; N], length: 0 };

    fn as_bytes(&self) -> &[u8] {
        filled(&self.bytes, usize::from(self.length))
    }

    #[cfg(not(feature = "alloc"))]
    fn set(&mut self, bytes: &[u8]) {
        self.clear();
        for (to, byte) in self.bytes.iter_mut().zip(bytes) {
            *to = *byte;
            self.length = self.length.wrapping_add(1);
        }
    }

    fn write(&mut self, write: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>) -> Result<(), EncodeError> {
        let length = write(&mut self.bytes)?;
        debug_assert!(length <= N, "an encoder says how much it wrote");
        debug_assert!(u16::try_from(N).is_ok(), "the length of a packet has two bytes");
        self.length = u16::try_from(length.min(N)).unwrap_or(u16::MAX);
        Ok(())
    }

    fn clear(&mut self) {
        wipe(&mut self.bytes);
        self.length = 0;
    }
}

impl<const N: usize> Drop for Inline<N> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Bytes that may be secret, at most N: wiped when they are replaced or dropped.
///
/// On the heap they take as much as there are, and none when there are none. A link that is up has few of the bytes that
/// it needed to negotiate.
#[cfg(feature = "alloc")]
#[derive(Default)]
pub(crate) struct Buffer<const N: usize>(Box<[u8]>);

#[cfg(not(feature = "alloc"))]
pub(crate) struct Buffer<const N: usize>(Inline<N>);

#[cfg(not(feature = "alloc"))]
impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self(Inline::EMPTY)
    }
}

#[cfg(feature = "alloc")]
impl<const N: usize> Buffer<N> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        wipe(&mut self.0);
        self.0 = Box::default();
    }

    /// Stores these bytes, cut to what fits.
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.clear();
        self.0 = bytes.get(..N).unwrap_or(bytes).into();
    }

    /// Stores what is written, or nothing when that fails.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>,
    ) -> Result<(), EncodeError> {
        self.clear();
        let mut room = Inline::<N>::EMPTY;
        room.write(write)?;
        self.set(room.as_bytes());
        Ok(())
    }
}

#[cfg(not(feature = "alloc"))]
impl<const N: usize> Buffer<N> {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Stores these bytes, cut to what fits.
    pub(crate) fn set(&mut self, bytes: &[u8]) {
        self.0.set(bytes);
    }

    /// Stores what is written, or nothing when that fails.
    pub(crate) fn write(
        &mut self,
        write: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>,
    ) -> Result<(), EncodeError> {
        self.clear();
        self.0.write(write)
    }
}

impl<const N: usize> Buffer<N> {
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

#[cfg(feature = "alloc")]
impl<const N: usize> Drop for Buffer<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Prints the length alone, since there may be a password.
impl<const N: usize> core::fmt::Debug for Buffer<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} bytes", self.as_bytes().len())
    }
}

/// Computes FNV-1a, to recognize a copy. Another packet with the same sum is taken for a copy,
/// which harms who made it.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
