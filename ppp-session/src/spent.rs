//! Keys that encrypted a packet never start another stream.

use mppe::StartKey;
use subtle::ConstantTimeEq;

use crate::keys::Start;
use crate::memory::List;

/// How many keys are remembered. Afterwards only keys of MS-CHAP version 2 start, which cannot
/// come again.
const LIMIT: usize = 16;

/// The keys that encrypted packets, in all of a session.
///
/// RFC 3078 starts RC4 with the same key whenever CCP opens. A stream that begins again shows the
/// XOR of two plaintexts to everybody on the path, who can make CCP open again with one forged
/// request.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    /// The keys of this authentication.
    current: Current,
    /// Keys of earlier authentications that could be made again, wiped on drop.
    recurring: List<StartKey, LIMIT>,
}

/// The keys of this authentication.
#[derive(Debug, Default)]
enum Current {
    /// They have not encrypted anything.
    #[default]
    Unused,
    /// They are in use, and may have encrypted packets. Those that could be made again.
    InUse([Option<StartKey>; 2]),
    /// They have encrypted packets.
    Used,
}

/// Why keys may not start a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The keys of this authentication have encrypted packets: another one makes other keys.
    Spent,
    /// Another authentication has made the keys of an earlier one.
    Recurring,
}

impl Spent {
    /// Begins another authentication, which makes other keys.
    pub(crate) fn begin_authentication(&mut self) {
        self.current = Current::Unused;
    }

    /// Takes keys for in use, if encryption may start with them.
    pub(crate) fn start(&mut self, keys: [Option<&Start>; 2]) -> Result<(), Refusal> {
        if !matches!(self.current, Current::Unused) {
            return Err(Refusal::Spent);
        }
        // Keys of MS-CHAP version 1 are the same in every session, so one that was used must not
        // start a stream again.
        let recurring = keys.map(|start| start.filter(|start| start.may_recur).map(|start| &start.key));
        let is_known = |key: &StartKey| self.recurring.iter().any(|other| is_same(key, other));
        let has_room = self.recurring.len().saturating_add(recurring.iter().flatten().count()) <= LIMIT;
        if recurring.into_iter().flatten().any(is_known) || !has_room {
            return Err(Refusal::Recurring);
        }
        self.current = Current::InUse(recurring.map(Option::<&StartKey>::cloned));
        Ok(())
    }

    /// Ends encryption. The keys are spent if they encrypted a packet of either side.
    pub(crate) fn end(&mut self, has_encrypted: bool) {
        match core::mem::take(&mut self.current) {
            // Keys that encrypted nothing gave no key stream away.
            Current::InUse(keys) if has_encrypted => {
                for key in keys.into_iter().flatten() {
                    let pushed = self.recurring.push(key);
                    debug_assert!(pushed.is_ok(), "there was room when they started");
                }
                self.current = Current::Used;
            }
            Current::Used => self.current = Current::Used,
            Current::Unused | Current::InUse(_) => {}
        }
    }
}

fn is_same(one: &StartKey, other: &StartKey) -> bool {
    one.strength() == other.strength() && bool::from(one.expose_bytes().ct_eq(other.expose_bytes()))
}

#[cfg(test)]
mod tests {
    use mppe::Strength;

    use super::*;

    fn key(number: u8, may_recur: bool) -> Start {
        Start { key: StartKey::from_bytes(Strength::Bits128, [number; 16]), may_recur }
    }

    #[test]
    fn keys_that_encrypted_do_not_start_again_within_an_authentication() {
        for may_recur in [false, true] {
            let (send, receive) = (key(1, may_recur), key(2, may_recur));
            let mut spent = Spent::default();
            assert!(spent.start([Some(&send), Some(&receive)]).is_ok());
            spent.end(false);
            assert!(spent.start([Some(&send), Some(&receive)]).is_ok(), "nothing was encrypted with them");
            spent.end(true);
            assert!(spent.start([Some(&send), Some(&receive)]).is_err());
            spent.end(false);
            assert!(spent.start([Some(&key(3, false)), None]).is_err(), "one guard for all strengths and directions");
        }
    }

    #[test]
    fn keys_that_can_be_made_again_do_not_start_after_another_authentication() {
        let mut spent = Spent::default();
        assert!(spent.start([Some(&key(1, true)), Some(&key(1, true))]).is_ok());
        spent.end(true);
        spent.begin_authentication();
        assert!(spent.start([Some(&key(1, true)), None]).is_err());
        assert!(spent.start([None, Some(&key(1, true))]).is_err());
        assert!(spent.start([Some(&key(2, true)), Some(&key(3, true))]).is_ok());
        spent.end(true);
        spent.begin_authentication();
        assert!(spent.start([Some(&key(4, false)), None]).is_ok());
    }

    #[test]
    fn a_full_memory_lets_only_keys_start_that_cannot_come_again() {
        let mut spent = Spent::default();
        for number in 0..8 {
            spent.begin_authentication();
            assert!(spent.start([Some(&key(number, true)), Some(&key(number + 100, true))]).is_ok());
            spent.end(true);
        }
        spent.begin_authentication();
        assert!(spent.start([Some(&key(50, true)), None]).is_err());
        assert!(spent.start([Some(&key(50, false)), None]).is_ok());
    }
}
