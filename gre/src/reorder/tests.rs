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
fn what_was_confirmed_and_found_no_room_need_not_be_confirmed_again() {
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
