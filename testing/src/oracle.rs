//! The promise of every machine about its events.

use std::fmt::Debug;

use crate::Random;

/// Returns the events that are left when each takes the place of the earlier ones that it replaces.
pub fn keep_latest<E>(events: Vec<E>, is_replaced_by: impl Fn(&E, &E) -> bool) -> Vec<E> {
    let mut kept: Vec<E> = Vec::new();
    for event in events {
        kept.retain(|earlier| !is_replaced_by(earlier, &event));
        kept.push(event);
    }
    kept
}

/// Asserts that events are not lost when they are polled late.
///
/// The same steps run on several machines. The first is polled after each step; another one only at
/// the end; the others after some of the steps. A late poll must give the events of the first
/// machine in all the steps since the poll before it, up to `coalesce`. That is the machine's
/// documented rule, which turns events into their shortest form (`|events| events` where nothing is
/// ever coalesced).
///
/// A step must not depend on events. `apply` also takes what the machine has to send. Its outcome, such as what was
/// sent and whether a command was taken, must be the same for both machines.
///
/// ```
/// use std::collections::VecDeque;
///
/// let push = |queue: &mut VecDeque<u8>, step: &u8| queue.push_back(*step);
/// testing::assert_late_polls_lose_nothing(
///     7,
///     &[1, 2, 3],
///     VecDeque::new,
///     push,
///     VecDeque::pop_front,
///     |events| events,
/// );
/// ```
pub fn assert_late_polls_lose_nothing<M, S: Debug, O: Debug + PartialEq, E: Debug + PartialEq>(
    seed: u64,
    steps: &[S],
    make: impl Fn() -> M,
    apply: impl Fn(&mut M, &S) -> O,
    poll: impl Fn(&mut M) -> Option<E>,
    coalesce: impl Fn(Vec<E>) -> Vec<E>,
) {
    let mut random = Random::new(seed);
    // Chances of a thousand that a step is followed by a poll.
    for chance in [0, 10, 100, 500] {
        let (mut prompt, mut late) = (make(), make());
        let mut expected = Vec::new();
        let mut begin = 0;
        for (place, step) in steps.iter().enumerate() {
            let outcome = apply(&mut prompt, step);
            expected.extend(std::iter::from_fn(|| poll(&mut prompt)));
            assert_eq!(apply(&mut late, step), outcome, "seed {seed}: left polled late, right at once, {step:?}");
            if place + 1 == steps.len() || random.per_mille(chance) {
                let found = std::iter::from_fn(|| poll(&mut late)).collect();
                let (found, wanted) = (coalesce(found), coalesce(std::mem::take(&mut expected)));
                assert_eq!(found, wanted, "seed {seed}: left late, right at once, after {:?}", &steps[begin..=place]);
                begin = place + 1;
            }
        }
    }
}
