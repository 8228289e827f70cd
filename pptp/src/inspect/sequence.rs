//! GRE sequence numbers of one direction: which are new, late, repeated or missing.

/// Numbers that are remembered one by one, behind the highest.
const WINDOW: u32 = 64;

/// The numbers that were seen of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequence {
    /// The highest number so far, and which of the 64 up to it were seen: bit 0 is the highest itself.
    highest: Option<(u32, u64)>,
    /// From the first number to the highest.
    span: u64,
    distinct: u64,
    repeated: u64,
    late: u64,
}

impl Sequence {
    /// Takes note of a number, and returns whether it was seen before.
    pub(super) fn note(&mut self, number: u32) -> bool {
        let Some((highest, seen)) = self.highest else {
            self.highest = Some((number, 1));
            self.span = 1;
            self.distinct = 1;
            return false;
        };
        let ahead = number.wrapping_sub(highest);
        let behind = highest.wrapping_sub(number);
        if ahead != 0 && ahead <= u32::MAX >> 1 {
            let seen = seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = Some((number, seen));
            self.span = self.span.saturating_add(ahead.into());
        } else if behind < WINDOW {
            let bit = 1u64.checked_shl(behind).unwrap_or(0);
            if seen & bit != 0 {
                self.repeated = self.repeated.saturating_add(1);
                return true;
            }
            self.highest = Some((highest, seen | bit));
            self.late = self.late.saturating_add(1);
            // It came before the first one did.
            self.span = self.span.max(u64::from(behind).saturating_add(1));
        } else {
            // Too old to be remembered: taken for late, as a receiver does.
            self.late = self.late.saturating_add(1);
        }
        self.distinct = self.distinct.saturating_add(1);
        false
    }

    pub(super) const fn repeated(&self) -> u64 {
        self.repeated
    }

    pub(super) const fn late(&self) -> u64 {
        self.late
    }

    /// Returns how many numbers between the first and the highest were not seen.
    pub(super) const fn missing(&self) -> u64 {
        self.span.saturating_sub(self.distinct)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[u32]) -> ([bool; 8], Sequence) {
        let mut sequence = Sequence::default();
        let mut repeated = [false; 8];
        for (repeated, number) in repeated.iter_mut().zip(numbers) {
            *repeated = sequence.note(*number);
        }
        (repeated, sequence)
    }

    #[test]
    fn tells_repeated_from_late_and_missing() {
        let (repeated, sequence) = after(&[0, 1, 4, 4, 2, 2, 0]);
        assert_eq!(repeated[..7], [false, false, false, true, false, true, true]);
        assert_eq!((sequence.repeated(), sequence.late(), sequence.missing()), (3, 1, 1));
    }

    #[test]
    fn goes_around_the_wrap() {
        let (repeated, sequence) = after(&[u32::MAX - 1, 0, u32::MAX, 1, 0]);
        assert_eq!(repeated[..5], [false, false, false, false, true]);
        assert_eq!((sequence.late(), sequence.missing()), (1, 0));
    }

    #[test]
    fn takes_what_came_before_the_first() {
        let (_, sequence) = after(&[5, 3]);
        assert_eq!((sequence.late(), sequence.missing()), (1, 1));
    }

    #[test]
    fn remembers_no_more_than_the_window() {
        let (repeated, sequence) = after(&[0, 1_000_000, 0, 999_999]);
        assert_eq!(repeated[..4], [false; 4]);
        assert_eq!((sequence.late(), sequence.missing()), (2, 999_997));
    }
}
