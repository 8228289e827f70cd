//! Numbers that wrap.

/// RFC 2637 section 4.1: a sequence or acknowledgment number, compared over the wrap from 4294967295 to 0.
///
/// Of two numbers the one that is reached by counting up less than 2³¹ steps is the later (RFC 1982). It has no
/// `Ord`, since that order has no beginning.
///
/// ```
/// use pptp_gre::SequenceNumber;
///
/// let last = SequenceNumber::new(u32::MAX);
/// let first = last.next();
/// assert_eq!(first.get(), 0);
/// assert!(first.is_after(last) && !last.is_after(first));
/// assert_eq!(first.plus(2).distance_from(last), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct SequenceNumber(u32);

impl SequenceNumber {
    /// Half of all numbers: what is this far from a number is before it.
    const HALF: u32 = 1 << 31;

    /// Creates the number of a header's field.
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number for a header's field.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Creates the number behind this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// Creates the number `steps` behind this one.
    #[must_use]
    pub const fn plus(self, steps: u32) -> Self {
        Self(self.0.wrapping_add(steps))
    }

    /// Creates the number `steps` before this one.
    #[must_use]
    pub const fn minus(self, steps: u32) -> Self {
        Self(self.0.wrapping_sub(steps))
    }

    /// Returns how many steps up from `origin` this number is: 2³¹ and more when it is before
    /// `origin`.
    #[must_use]
    pub const fn distance_from(self, origin: Self) -> u32 {
        self.0.wrapping_sub(origin.0)
    }

    /// Returns whether this number is later than `other`.
    #[must_use]
    pub const fn is_after(self, other: Self) -> bool {
        !self.is_before(other) && self.0 != other.0
    }

    /// Returns whether this number is earlier than `other`.
    #[must_use]
    pub const fn is_before(self, other: Self) -> bool {
        self.distance_from(other) >= Self::HALF
    }
}

impl core::fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_over_the_wrap() {
        for origin in [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX - 1, u32::MAX] {
            let origin = SequenceNumber::new(origin);
            for steps in [1, 2, 64, 0x7fff_ffff] {
                let later = origin.plus(steps);
                assert!(later.is_after(origin) && origin.is_before(later), "{origin} + {steps}");
                assert!(!origin.is_after(later) && !later.is_before(origin), "{origin} + {steps}");
                assert_eq!(later.distance_from(origin), steps);
                assert_eq!(later.minus(steps), origin);
            }
            assert!(!origin.is_after(origin) && !origin.is_before(origin));
            // The number opposite is before, from both sides.
            let opposite = origin.plus(1 << 31);
            assert!(opposite.is_before(origin) && origin.is_before(opposite));
            assert!(!opposite.is_after(origin) && !origin.is_after(opposite));
        }
    }
}
