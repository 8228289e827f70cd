//! The order of packets at its edges.

use alloc::vec;
use alloc::vec::Vec;

use super::*;

const WAIT: Duration = Duration::from_millis(300);

type Order = Reorder<[Slot<u32>; 8]>;

fn order() -> Order {
    Reorder::new([const { Slot::new(0) }; 8])
}

fn arrive(order: &mut Order, millis: u64, number: u32) -> Arrival {
    order.arrive(Duration::from_millis(millis), SequenceNumber::new(number), |slot| {
        *slot = number;
        true
    })
}

fn release(order: &mut Order, millis: u64) -> Vec<u32> {
    let now = Duration::from_millis(millis);
    core::iter::from_fn(|| order.release(now, WAIT).copied()).collect()
}

#[test]
fn half_of_all_numbers_are_behind() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 0, 0x8000_0000), Arrival::FarAhead);
    assert_eq!(arrive(&mut order, 0, 0x8000_0001), Arrival::TooLate);
}

#[test]
fn far_is_1024() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 0, 1 + 1024), Arrival::FarAhead);
    assert_eq!(arrive(&mut order, 0, 1023 + 1), Arrival::Next);
    assert_eq!(order.counters().lost, 1023);
}

#[test]
fn a_gap_is_as_old_as_it_was_when_its_first_part_came() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 10, 6), Arrival::Held);
    assert_eq!(arrive(&mut order, 200, 3), Arrival::Held);
    assert_eq!(arrive(&mut order, 250, 7), Arrival::Held);
    assert_eq!(order.deadline(WAIT), Some(Duration::from_millis(310)));
    // The rest of it, 2 now, is missed since then still.
    assert_eq!(arrive(&mut order, 260, 1), Arrival::Next);
    assert_eq!(order.deadline(WAIT), Some(Duration::from_millis(310)));
    assert_eq!(release(&mut order, 309), []);
    assert_eq!(release(&mut order, 310), [3, 6, 7]);
}

#[test]
fn numbers_before_the_first_were_never_lost() {
    let mut order = order();
    arrive(&mut order, 0, 10);
    arrive(&mut order, 0, 12);
    assert_eq!(release(&mut order, 300), [12]);
    assert_eq!(arrive(&mut order, 300, 9), Arrival::TooLate);
    assert_eq!(order.counters().lost, 1);
    assert_eq!(arrive(&mut order, 300, 11), Arrival::Late);
    assert_eq!(order.counters().lost, 0);
}

#[test]
fn no_more_is_given_up_than_there_is_need_for() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 0, 2), Arrival::Held);
    assert_eq!(arrive(&mut order, 0, 8), Arrival::Held);
    assert_eq!(arrive(&mut order, 0, 12), Arrival::Busy);
    assert_eq!(release(&mut order, 0), [2]);
    // 5 to 12 are as many as there are slots.
    assert_eq!(order.next(), Some(SequenceNumber::new(5)));
    assert_eq!(arrive(&mut order, 0, 12), Arrival::Held);
    assert_eq!(arrive(&mut order, 0, 5), Arrival::Next);
    assert_eq!(release(&mut order, 300), [8, 12]);
}

#[test]
fn a_confirmed_packet_without_room_need_not_be_confirmed_again() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    arrive(&mut order, 0, 2);
    assert_eq!(arrive(&mut order, 2000, 5000), Arrival::FarAhead);
    assert_eq!(arrive(&mut order, 2000, 5001), Arrival::Busy);
    assert_eq!(release(&mut order, 2000), [2]);
    assert_eq!(arrive(&mut order, 2000, 5001), Arrival::Next);
}

#[test]
fn slots_are_used_up_to_a_power_of_two() {
    for (slots, reach) in [(0, 0), (1, 1), (2, 2), (3, 2), (63, 32), (64, 64), (5000, 1024)] {
        assert_eq!(Reorder::new(&mut vec![Slot::new(()); slots][..]).reach(), reach, "of {slots}");
    }
}

/// Mutation: `suspected` must be cleared when a number is believed.
#[test]
fn a_believed_number_ends_every_suspicion() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 10, 5000), Arrival::FarAhead);
    assert_eq!(arrive(&mut order, 20, 1), Arrival::Next);
    // It follows the suspected number and comes after silence, but a number was believed in between.
    assert_eq!(arrive(&mut order, 2020, 5001), Arrival::FarAhead);
    assert_eq!(arrive(&mut order, 2020, 5002), Arrival::Next);
}

fn unproven(order: &mut Order, millis: u64, number: u32) -> Arrival {
    order.arrive_unproven(Duration::from_millis(millis), SequenceNumber::new(number), |slot| {
        *slot = number;
        true
    })
}

fn confirm(order: &mut Order, millis: u64, number: u32) {
    order.confirm(Duration::from_millis(millis), SequenceNumber::new(number));
}

#[test]
fn a_confirmation_is_less_than_16_behind_the_suspected_number() {
    for (steps, expected) in [(0, Arrival::Next), (15, Arrival::Next), (16, Arrival::FarAhead)] {
        let mut order = order();
        arrive(&mut order, 0, 0);
        assert_eq!(arrive(&mut order, 10, 5000), Arrival::FarAhead);
        assert_eq!(arrive(&mut order, 2000, 5001 + steps), expected, "{steps}");
        assert_eq!(order.counters().far_ahead, if expected == Arrival::Next { 1 } else { 2 });
    }
}

#[test]
fn silence_counts_from_the_last_number_that_was_believed() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    arrive(&mut order, 5000, 1);
    for number in 9000..9004 {
        assert_eq!(arrive(&mut order, 6999, number), Arrival::FarAhead);
    }
    assert_eq!(arrive(&mut order, 7000, 9004), Arrival::Next);
    // Believed after silence, and so is the next jump only after another one.
    for number in 90_000..90_004 {
        assert_eq!(arrive(&mut order, 8999, number), Arrival::FarAhead);
    }
}

#[test]
fn one_late_number_after_silence_starts_nothing_anew() {
    let mut order = order();
    arrive(&mut order, 0, 10_000);
    assert_eq!(arrive(&mut order, 2000, 0), Arrival::TooLate);
    assert_eq!(arrive(&mut order, 2000, 1), Arrival::Next);
    assert_eq!(order.counters().restarts, 1);
}

#[test]
fn contents_of_slots_at_the_start_are_not_looked_at() {
    let mut slots = [const { Slot::new(0) }; 8];
    let mut order = Reorder::new(&mut slots[..]);
    for number in [0, 2, 3] {
        order.arrive(Duration::ZERO, SequenceNumber::new(number), |_| true);
    }
    assert_eq!(order.held(), 2);
    let mut order = Reorder::new(&mut slots[..]);
    order.arrive(Duration::ZERO, SequenceNumber::new(0), |_| true);
    assert_eq!(order.arrive(Duration::ZERO, SequenceNumber::new(2), |_| true), Arrival::Held);
}

#[cfg(feature = "alloc")]
#[test]
fn slots_that_are_made_when_needed_do_what_those_made_at_once_do() {
    let mut lazy = Reorder::new(crate::LazySlots::<u32>::new(8));
    let mut made = Reorder::new([const { Slot::new(0) }; 8]);
    assert_eq!(lazy.reach(), 8);
    let store = |number| {
        move |slot: &mut u32| {
            *slot = number;
            true
        }
    };
    let wait = Duration::from_millis(300);
    for (step, number) in [0, 1, 1, 3, 5, 2, 20, 4, 9, 5000, 5001, 6].into_iter().enumerate() {
        let now = Duration::from_millis(100 * u64::try_from(step).unwrap());
        let arrivals = [
            lazy.arrive(now, SequenceNumber::new(number), store(number)),
            made.arrive(now, SequenceNumber::new(number), store(number)),
        ];
        assert_eq!(arrivals[0], arrivals[1], "{number}");
        // Nothing has waited before the fourth arrival.
        assert_eq!(lazy.slots.slots().is_empty(), step < 3, "{number}");
        assert_eq!(lazy.deadline(wait), made.deadline(wait));
        loop {
            let released = lazy.release(now, wait).copied();
            assert_eq!(released, made.release(now, wait).copied(), "{number}");
            if released.is_none() {
                break;
            }
        }
    }
    assert!(lazy.counters().lost > 0 && lazy.counters() == made.counters());
}

/// Numbers begin again while packets of the old ones wait.
#[test]
fn nothing_of_the_old_numbers_is_left_after_a_restart() {
    let mut order = order();
    for (number, expected) in [(0, Arrival::Next), (2, Arrival::Held), (12, Arrival::Busy)] {
        assert_eq!(arrive(&mut order, 0, number), expected);
    }
    assert_eq!(order.counters().overflows, 1);
    // 80 numbers before the old ones, so that those given up then, to 5, would lie ahead now.
    let first = 0u32.wrapping_sub(80);
    assert_eq!(arrive(&mut order, 2000, first.wrapping_sub(1)), Arrival::TooLate);
    assert_eq!(arrive(&mut order, 2000, first), Arrival::Next);
    assert_eq!((order.held(), order.deadline(WAIT)), (0, None));
    assert_eq!(release(&mut order, 5000), []);
    // In the slot where 2 was.
    let held = first.wrapping_add(2);
    assert_eq!(held % 8, 2);
    assert_eq!(arrive(&mut order, 2000, held), Arrival::Held);
    assert_eq!(order.deadline(WAIT), Some(Duration::from_millis(2300)));
    let behind = first.wrapping_add(4);
    assert_eq!(arrive(&mut order, 2000, behind), Arrival::Held);
    assert_eq!(arrive(&mut order, 2000, first.wrapping_add(1)), Arrival::Next);
    assert_eq!(release(&mut order, 2000), [held]);
    assert_eq!(order.deadline(WAIT), Some(Duration::from_millis(2300)), "3 behind the first is waited for");
    // A number before the first was never lost.
    assert_eq!(arrive(&mut order, 2000, first.wrapping_sub(3)), Arrival::TooLate);
}

#[test]
fn packets_given_up_for_room_are_forgotten_when_nothing_waits() {
    let mut order = order();
    for (number, expected) in [(0, Arrival::Next), (2, Arrival::Held), (12, Arrival::Busy)] {
        assert_eq!(arrive(&mut order, 0, number), expected);
    }
    assert_eq!(release(&mut order, 0), [2]);
    // 12 does not come again. 3 and 4 are missed as any others.
    assert_eq!(arrive(&mut order, 0, 6), Arrival::Held);
    assert_eq!(arrive(&mut order, 0, 3), Arrival::Next);
    assert_eq!(arrive(&mut order, 0, 4), Arrival::Next);
    assert_eq!(release(&mut order, 0), []);
}

#[test]
fn giving_up_for_room_ends_where_a_packet_waits() {
    let mut order = order();
    for (number, expected) in [(0, Arrival::Next), (2, Arrival::Held), (5, Arrival::Held), (12, Arrival::Busy)] {
        assert_eq!(arrive(&mut order, 0, number), expected);
    }
    assert_eq!(release(&mut order, 0), [2, 5]);
    assert_eq!(arrive(&mut order, 0, 12), Arrival::Held);
    // And does not go on behind it.
    assert_eq!(arrive(&mut order, 0, 6), Arrival::Next);
    assert_eq!(arrive(&mut order, 0, 9), Arrival::Held);
    assert_eq!(arrive(&mut order, 0, 7), Arrival::Next);
    assert_eq!(release(&mut order, 0), []);
    assert_eq!(order.next(), Some(SequenceNumber::new(8)));
}

#[test]
fn a_number_a_reach_behind_one_that_is_due_finds_no_room() {
    let mut order = order();
    for (number, expected) in [(0, Arrival::Next), (2, Arrival::Held), (1, Arrival::Next), (10, Arrival::Busy)] {
        assert_eq!(arrive(&mut order, 0, number), expected);
    }
    assert_eq!(order.counters().out_of_order, 1);
    assert_eq!(release(&mut order, 0), [2]);
}

#[test]
fn packets_that_cannot_be_stored_are_counted() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(order.arrive(Duration::ZERO, SequenceNumber::new(2), |_| false), Arrival::Refused);
    assert_eq!((order.counters().overflows, order.held()), (1, 0));
}

#[test]
fn an_unproven_number_moves_nothing_from_the_reach_of_the_slots_on() {
    for (number, expected) in [(1, Arrival::Next), (8, Arrival::Held), (9, Arrival::Unproven)] {
        let mut order = order();
        confirm(&mut order, 0, 0);
        assert_eq!(unproven(&mut order, 0, number), expected, "{number}");
        assert_eq!(order.counters().lost, 0);
    }
    // While one waits, far is 1024 as ever; what is nearer makes room.
    for (number, expected) in [(1023, Arrival::Busy), (1024, Arrival::Busy), (1025, Arrival::Unproven)] {
        let mut order = order();
        confirm(&mut order, 0, 0);
        assert_eq!(unproven(&mut order, 0, 2), Arrival::Held);
        assert_eq!(unproven(&mut order, 0, number), expected, "{number}");
    }
}

#[test]
fn half_of_all_unproven_numbers_are_behind() {
    let mut order = order();
    confirm(&mut order, 0, 0);
    assert_eq!(unproven(&mut order, 0, 0x8000_0000), Arrival::Unproven);
    assert_eq!(unproven(&mut order, 1999, 0x8000_0001), Arrival::TooLate);
    confirm(&mut order, 1999, 0x8000_0001);
    assert_eq!((order.counters().restarts, order.counters().lost), (1, 0));
}

#[test]
fn a_confirmed_number_ends_the_silence() {
    let mut order = order();
    confirm(&mut order, 0, 1000);
    assert_eq!(unproven(&mut order, 5000, 1001), Arrival::Next);
    confirm(&mut order, 5000, 1001);
    assert_eq!(unproven(&mut order, 6999, 0), Arrival::TooLate);
    assert_eq!(unproven(&mut order, 7000, 1), Arrival::Unproven);
    // Numbers that begin again do as well.
    confirm(&mut order, 7000, 1);
    assert_eq!(unproven(&mut order, 8999, 0x9000_0000), Arrival::TooLate);
}

#[test]
fn a_confirmed_number_more_than_64_behind_starts_the_numbers_anew() {
    for (number, restarts) in [(36, 0), (35, 1)] {
        let mut order = order();
        confirm(&mut order, 0, 99);
        confirm(&mut order, 0, number);
        assert_eq!(order.counters().restarts, restarts, "{number}");
    }
}

#[test]
fn a_refused_number_counts_as_lost_where_it_was_missed() {
    let mut order = order();
    confirm(&mut order, 0, 10);
    unproven(&mut order, 0, 12);
    assert_eq!(release(&mut order, 300), [12]);
    assert_eq!(order.counters().lost, 1);
    // It did not come, so there is nothing to refuse.
    order.refuse(SequenceNumber::new(11));
    assert_eq!((order.counters().lost, order.next()), (1, Some(SequenceNumber::new(13))));
    assert_eq!(unproven(&mut order, 300, 11), Arrival::Late);
    assert_eq!(order.counters().lost, 0);
    order.refuse(SequenceNumber::new(11));
    assert_eq!(order.counters().lost, 1);
    // Those before the first were never lost.
    assert_eq!(unproven(&mut order, 300, 9), Arrival::TooLate);
    order.refuse(SequenceNumber::new(9));
    assert_eq!(order.counters().lost, 1);
}

/// RFC 2637 section 4.1: what is acknowledged is what arrived.
#[test]
fn a_refused_number_is_not_acknowledged() {
    let mut order = order();
    confirm(&mut order, 0, 10);
    assert_eq!(unproven(&mut order, 0, 11), Arrival::Next);
    assert_eq!(order.highest(), Some(SequenceNumber::new(11)));
    order.refuse(SequenceNumber::new(11));
    assert_eq!((order.highest(), order.next()), (Some(SequenceNumber::new(10)), Some(SequenceNumber::new(11))));
    // As far back as before: 9 is before the first.
    assert_eq!(unproven(&mut order, 0, 9), Arrival::TooLate);
}

#[test]
fn a_doubted_number_is_one_of_the_last_64_until_it_is_confirmed() {
    let is_doubted = |order: &Order, number| order.is_doubted(SequenceNumber::new(number));
    let mut order = order();
    assert!(!is_doubted(&order, 0), "nothing has arrived");
    confirm(&mut order, 0, 0);
    for number in 1..=3 {
        assert_eq!(unproven(&mut order, 0, number), Arrival::Next);
    }
    order.doubt(SequenceNumber::new(2));
    // One that has not arrived is no one's.
    order.doubt(SequenceNumber::new(9));
    assert_eq!([0, 1, 2, 3, 4, 9].map(|number| is_doubted(&order, number)), [false, false, true, false, false, false]);
    // It moves with the others: by one, over a gap, and back.
    unproven(&mut order, 0, 4);
    confirm(&mut order, 0, 7);
    assert!(is_doubted(&order, 2) && !is_doubted(&order, 1) && !is_doubted(&order, 3));
    order.refuse(SequenceNumber::new(7));
    assert_eq!(order.next(), Some(SequenceNumber::new(5)));
    assert!(is_doubted(&order, 2) && !is_doubted(&order, 1) && !is_doubted(&order, 3));
    confirm(&mut order, 0, 2);
    assert!(!is_doubted(&order, 2));
    // Numbers that begin again are other numbers.
    order.doubt(SequenceNumber::new(4));
    confirm(&mut order, 0, 0x9000_0000);
    assert!(!is_doubted(&order, 0x9000_0000) && !is_doubted(&order, 4));
}

#[test]
fn the_highest_number_goes_over_a_gap_that_is_given_up() {
    let mut order = order();
    arrive(&mut order, 0, 0);
    assert_eq!(arrive(&mut order, 0, 100), Arrival::Next);
    assert_eq!(order.highest(), Some(SequenceNumber::new(100)));
}

#[test]
fn a_restart_ends_the_wait_the_memory_and_the_silence() {
    let mut order = order();
    for number in 1000..1100 {
        arrive(&mut order, 0, number);
    }
    assert_eq!(arrive(&mut order, 0, 1101), Arrival::Held);
    assert!(order.deadline(WAIT).is_some());
    assert_eq!(arrive(&mut order, 5000, 5), Arrival::TooLate);
    assert_eq!(arrive(&mut order, 5000, 6), Arrival::Next);
    assert_eq!(order.deadline(WAIT), None);
    // The hundred numbers before are those of other packets.
    assert_eq!(arrive(&mut order, 5000, 3), Arrival::TooLate);
    for number in 9000..9003 {
        assert_eq!(arrive(&mut order, 6999, number), Arrival::FarAhead);
    }
}

#[test]
fn a_gap_behind_what_was_given_up_for_room_is_waited_for() {
    let mut order = order();
    for (number, expected) in [(0, Arrival::Next), (2, Arrival::Held), (5, Arrival::Held), (12, Arrival::Busy)] {
        assert_eq!(arrive(&mut order, 0, number), expected);
    }
    assert_eq!(order.release(Duration::ZERO, WAIT).copied(), Some(2));
    assert_eq!(arrive(&mut order, 0, 12), Arrival::Held);
    assert_eq!(release(&mut order, 0), [5]);
    assert_eq!(order.next(), Some(SequenceNumber::new(6)));
}
