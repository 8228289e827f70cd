//! GRE sequence numbers of one direction: which are new, late, repeated or missing.
//!
//! A packet with a number that was seen is a repeated one only if its payload is the same. Otherwise somebody has sent
//! one of the two who is no end of the session, and it is not known which of them.

/// Numbers that are remembered one by one, behind the highest.
const WINDOW: u32 = 64;

/// Bytes of a payload that are compared.
const DIGESTED: usize = 64;

/// The numbers that were seen of one direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sequence {
    /// The highest number so far, and which of the 64 up to it were seen: bit 0 is the highest itself.
    highest: Option<(u32, u64)>,
    /// Of the latest payloads with these 64 numbers, at the places that the lowest bits of the numbers say.
    digests: [u32; 64],
    /// From the first number to the highest.
    span: u64,
    distinct: u64,
    repeated: u64,
    contradicting: u64,
    late: u64,
}

impl Default for Sequence {
    fn default() -> Self {
        Self { highest: None, digests: [0; 64], span: 0, distinct: 0, repeated: 0, contradicting: 0, late: 0 }
    }
}

impl Sequence {
    /// Takes note of a packet's number and payload, and returns whether both were seen before.
    pub(super) fn note(&mut self, number: u32, payload: &[u8]) -> bool {
        let digest = core::mem::replace(self.digest_mut(number), digest(payload));
        let is_same = digest == *self.digest_mut(number);
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
                let counter = if is_same { &mut self.repeated } else { &mut self.contradicting };
                *counter = counter.saturating_add(1);
                return is_same;
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

    /// Returns the digest at the place of a number.
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "a remainder of 64, among 64")]
    const fn digest_mut(&mut self, number: u32) -> &mut u32 {
        &mut self.digests[(number % WINDOW) as usize]
    }

    pub(super) const fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Returns how many packets had the number of another one.
    pub(super) const fn contradicting(&self) -> u64 {
        self.contradicting
    }

    pub(super) const fn late(&self) -> u64 {
        self.late
    }

    /// Returns how many numbers between the first and the highest were not seen.
    pub(super) const fn missing(&self) -> u64 {
        self.span.saturating_sub(self.distinct)
    }
}

/// Returns a number that differs for different payloads, but for one pair in 2^32 (FNV-1a). Only the first bytes are
/// looked at: those of encrypted packets differ, and so do those of packets that negotiate.
fn digest(payload: &[u8]) -> u32 {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let step = |hash: u32, part: u32| (hash ^ part).wrapping_mul(0x0100_0193);
    payload.iter().take(DIGESTED).map(|byte| u32::from(*byte)).fold(step(0x811c_9dc5, length), step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(numbers: &[u32]) -> ([bool; 8], Sequence) {
        let mut sequence = Sequence::default();
        let mut repeated = [false; 8];
        for (repeated, number) in repeated.iter_mut().zip(numbers) {
            *repeated = sequence.note(*number, &number.to_be_bytes());
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
    fn a_number_with_another_payload_is_not_repeated() {
        let mut sequence = Sequence::default();
        let forged_and_genuine = [&b"forged"[..], b"genuine", b"genuine", b"forged"];
        assert_eq!(forged_and_genuine.map(|payload| sequence.note(7, payload)), [false, false, true, false]);
        assert_eq!((sequence.repeated(), sequence.contradicting(), sequence.missing()), (1, 2, 0));
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
