//! Octets of limited length, wiped when they are replaced or dropped.

use crate::EncodeError;

pub(crate) struct Buffer<const N: usize> {
    octets: [u8; N],
    length: usize,
}

impl<const N: usize> Default for Buffer<N> {
    fn default() -> Self {
        Self { octets: [0; N], length: 0 }
    }
}

impl<const N: usize> Buffer<N> {
    pub(crate) fn as_octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(crate) fn clear(&mut self) {
        #[cfg(feature = "zeroize")]
        zeroize::Zeroize::zeroize(&mut self.octets);
        #[cfg(not(feature = "zeroize"))]
        self.octets.fill(0);
        self.length = 0;
    }

    /// Puts these octets, cut to what fits.
    pub(crate) fn set(&mut self, octets: &[u8]) {
        self.clear();
        for (to, octet) in self.octets.iter_mut().zip(octets) {
            *to = *octet;
            self.length = self.length.saturating_add(1);
        }
    }

    /// Puts what is written; nothing when that fails. Whether it did not.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut [u8]) -> Result<usize, EncodeError>) -> bool {
        self.clear();
        match write(&mut self.octets) {
            Ok(length) => {
                self.length = length.min(N);
                true
            }
            Err(_) => false,
        }
    }
}

impl<const N: usize> Drop for Buffer<N> {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The length alone: there may be a password.
impl<const N: usize> core::fmt::Debug for Buffer<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} octets", self.length)
    }
}

/// FNV-1a, to know a copy again. Another packet with the same sum is taken for a copy, which harms who made it.
pub(crate) fn checksum(octets: &[u8]) -> u32 {
    octets.iter().fold(0x811c_9dc5, |sum: u32, octet| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
}
