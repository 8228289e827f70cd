//! Call ids that cannot be guessed.

use core::fmt;

/// RFC 2637 section 3.2.2: the call id that *we* chose for a call, and by which all commands and events name it.
///
/// It is also the key of the GRE packets that come in for this call.
///
/// ```
/// use pptp_wire::connection::CallId;
///
/// let id = CallId::new(7);
/// assert_eq!((id.get(), id.to_string()), (7, "7".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct CallId(u16);

impl CallId {
    /// The id with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How call ids are chosen. Zero is never given, but is taken from peers: pptpd's first call has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CallIdStyle {
    /// In an order that follows from the entropy of the connection: who does not know it cannot guess an id, and so
    /// cannot forge GRE packets blindly.
    #[default]
    Unpredictable,
    /// One after the other, as accel-ppp does (from 1). For traces that are to be compared, not for real use.
    Sequential {
        /// The first id.
        first: u16,
    },
}

/// Gives call ids; none comes back before all others were given.
///
/// The unpredictable order is a permutation of all numbers of 16 bits: a Feistel network whose round function is
/// SipHash-2-4 under a key from the entropy, applied to 0, 1, 2, …
pub(super) struct CallIds {
    permutation: Option<Permutation>,
    next: u16,
}

impl CallIds {
    pub(super) fn new(style: CallIdStyle, key: [u8; 16]) -> Self {
        match style {
            CallIdStyle::Unpredictable => Self { permutation: Some(Permutation::new(key)), next: 0 },
            CallIdStyle::Sequential { first } => Self { permutation: None, next: first },
        }
    }

    /// The next id that is not taken. The search is as long as ids are taken in a row, and one longer for zero.
    pub(super) fn allocate(&mut self, is_taken: impl Fn(u16) -> bool) -> Option<CallId> {
        for _ in 0..=u16::MAX {
            let number = self.permutation.as_ref().map_or(self.next, |permutation| permutation.apply(self.next));
            self.next = self.next.wrapping_add(1);
            if number != 0 && !is_taken(number) {
                return Some(CallId(number));
            }
        }
        None
    }
}

/// Does not show the key.
impl fmt::Debug for CallIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallIds").field("next", &self.next).finish_non_exhaustive()
    }
}

struct Permutation {
    k0: u64,
    k1: u64,
}

impl Permutation {
    /// Luby and Rackoff need four rounds; so few values ask for more.
    const ROUNDS: u8 = 10;

    fn new(key: [u8; 16]) -> Self {
        let [k0 @ .., _, _, _, _, _, _, _, _] = key;
        let [_, _, _, _, _, _, _, _, k1 @ ..] = key;
        Self { k0: u64::from_le_bytes(k0), k1: u64::from_le_bytes(k1) }
    }

    fn apply(&self, number: u16) -> u16 {
        let [mut left, mut right] = number.to_be_bytes();
        for round in 0..Self::ROUNDS {
            let [octet, ..] = self.siphash([round, right]).to_le_bytes();
            (left, right) = (right, left ^ octet);
        }
        u16::from_be_bytes([left, right])
    }

    /// SipHash-2-4 of two octets, as Aumasson and Bernstein define it.
    fn siphash(&self, [first, second]: [u8; 2]) -> u64 {
        let mut v = [
            self.k0 ^ 0x736f_6d65_7073_6575,
            self.k1 ^ 0x646f_7261_6e64_6f6d,
            self.k0 ^ 0x6c79_6765_6e65_7261,
            self.k1 ^ 0x7465_6462_7974_6573,
        ];
        // The only block: the octets, then zeros, then the length of 2.
        let block = u64::from_le_bytes([first, second, 0, 0, 0, 0, 0, 2]);
        v[3] ^= block;
        v = sip_round(sip_round(v));
        v[0] ^= block;
        v[2] ^= 0xff;
        for _ in 0..4 {
            v = sip_round(v);
        }
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

const fn sip_round([mut v0, mut v1, mut v2, mut v3]: [u64; 4]) -> [u64; 4] {
    v0 = v0.wrapping_add(v1);
    v2 = v2.wrapping_add(v3);
    v1 = v1.rotate_left(13) ^ v0;
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.rotate_left(32);
    v2 = v2.wrapping_add(v1);
    v0 = v0.wrapping_add(v3);
    v1 = v1.rotate_left(17) ^ v2;
    v3 = v3.rotate_left(21) ^ v0;
    v2 = v2.rotate_left(32);
    [v0, v1, v2, v3]
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::vec::Vec;
    use core::hash::Hasher;

    use super::*;

    const KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn siphash_is_that_of_its_authors() {
        // `vectors_sip64` of the reference implementation: key 00 to 0f, message 00 01.
        let permutation = Permutation::new(KEY);
        assert_eq!(permutation.siphash([0, 1]).to_le_bytes(), [0x5a, 0x4f, 0xa9, 0xd9, 0x09, 0x80, 0x6c, 0x0d]);
        // The standard library still has it.
        for octets in [[0, 0], [7, 200], [255, 255]] {
            #[expect(deprecated, reason = "to compare with")]
            let mut hasher = core::hash::SipHasher::new_with_keys(permutation.k0, permutation.k1);
            hasher.write(&octets);
            assert_eq!(permutation.siphash(octets), hasher.finish());
        }
    }

    #[test]
    fn all_ids_but_zero_come_once_before_any_comes_again() {
        let mut ids = CallIds::new(CallIdStyle::Unpredictable, KEY);
        let first: Vec<_> = (0..65535).map(|_| ids.allocate(|_| false).unwrap().get()).collect();
        assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), 65535);
        assert!(!first.contains(&0));
        let second: Vec<_> = (0..65535).map(|_| ids.allocate(|_| false).unwrap().get()).collect();
        assert!(first == second, "the same order again");
    }

    #[test]
    fn the_order_follows_from_the_whole_key() {
        let order = |key| {
            let mut ids = CallIds::new(CallIdStyle::Unpredictable, key);
            (0..8).map(|_| ids.allocate(|_| false).unwrap().get()).collect::<Vec<_>>()
        };
        let mut orders = BTreeSet::from([order(KEY)]);
        for bit in 0..128_usize {
            let mut key = KEY;
            key[bit >> 3] ^= 1 << (bit & 7);
            orders.insert(order(key));
        }
        assert_eq!(orders.len(), 129);
        // No small steps, which a counter would have.
        assert!(orders.iter().all(|order| order.windows(2).any(|pair| pair[0].abs_diff(pair[1]) > 1000)));
    }

    #[test]
    fn taken_ids_are_left_out() {
        let mut ids = CallIds::new(CallIdStyle::Sequential { first: 65534 }, KEY);
        let given: Vec<_> = (0..4).map(|_| ids.allocate(|id| id == 65535 || id == 2).unwrap().get()).collect();
        assert_eq!(given, [65534, 1, 3, 4]);
        assert_eq!(ids.allocate(|_| true), None);
        assert!(!format!("{:?}", CallIds::new(CallIdStyle::Unpredictable, [0x5a; 16])).contains("90"));
    }
}
