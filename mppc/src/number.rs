//! The few changes of width that the standard library has no lossless name for.

/// Returns a position or length as an index.
#[inline(always)]
pub(crate) const fn wide(number: u32) -> usize {
    #[expect(clippy::as_conversions, reason = "an address has at least 32 bits wherever 16 KiB fit")]
    {
        number as usize
    }
}

/// Returns an index as a position: everything here is below 2^14, or wraps on purpose.
#[inline(always)]
pub(crate) const fn narrow(index: usize) -> u32 {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "positions count modulo 2^32")]
    {
        index as u32
    }
}

/// Returns the lower half.
#[inline(always)]
pub(crate) const fn low32(number: u64) -> u32 {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    {
        number as u32
    }
}

/// Returns the lower half, wrapping on purpose.
#[inline(always)]
pub(crate) const fn low16(number: u32) -> u16 {
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    {
        number as u16
    }
}
