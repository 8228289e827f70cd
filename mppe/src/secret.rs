//! Bytes that nobody sees by accident, and that do not outlive their owner.

/// `N` secret bytes: redacted, not comparable, wiped on drop (feature `zeroize`).
#[derive(Clone)]
pub(crate) struct Secret<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Drop for Secret<N> {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl<const N: usize> core::fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Overwrites what a drop would leave behind.
pub(crate) fn wipe<const N: usize>(bytes: &mut [u8; N]) {
    #[cfg(feature = "zeroize")]
    zeroize::Zeroize::zeroize(bytes);
    #[cfg(not(feature = "zeroize"))]
    let _ = bytes;
}
