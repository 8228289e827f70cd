//! Which control messages of one end were seen.

/// RFC 2661 section 5.8: the last 64 numbers Ns of one end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    seen: Option<Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    highest: u16,
    /// The lowest bit is that of the highest number.
    bits: u64,
}

impl Numbers {
    pub(super) const NEW: Self = Self { seen: None };

    /// Takes note of a number, and returns whether it was seen before.
    pub(super) fn note(&mut self, ns: u16) -> bool {
        let Some(Seen { highest, bits }) = self.seen else {
            self.seen = Some(Seen { highest: ns, bits: 1 });
            return false;
        };
        let ahead = ns.wrapping_sub(highest);
        let behind = highest.wrapping_sub(ns);
        if ahead != 0 && ahead <= u16::MAX / 2 {
            let bits = bits.checked_shl(ahead.into()).unwrap_or(0) | 1;
            self.seen = Some(Seen { highest: ns, bits });
            return false;
        }
        // A number further behind was seen, or has come too late for anybody to take it.
        let Some(bit) = 1_u64.checked_shl(behind.into()) else { return true };
        self.seen = Some(Seen { highest, bits: bits | bit });
        bits & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use super::Numbers;

    #[test]
    fn numbers_that_come_late_are_new_and_repeated_ones_are_not() {
        let mut numbers = Numbers::NEW;
        let seen: Vec<bool> =
            [65_534, 65_535, 1, 0, 0, 65_535, 1, 200, 199, 100, 200].map(|ns| numbers.note(ns)).into();
        // 100 is further behind than is remembered.
        assert_eq!(seen, [false, false, false, false, true, true, true, false, false, true, true]);
    }
}
