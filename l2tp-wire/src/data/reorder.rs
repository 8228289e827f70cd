//! RFC 2661 section 5.4, RFC 3931 section 4.6: the order of data packets that carry sequence
//! numbers.

use core::time::Duration;

/// A place for one frame of up to `FRAME` bytes that waits.
#[derive(Clone)]
struct Slot<const FRAME: usize> {
    held: Held,
    bytes: [u8; FRAME],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Free,
    Frame { number: u32, since: Duration, length: usize },
}

/// The numbers of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Nothing has come: the first number is the start, whatever it is.
    Unknown,
    /// This number is next; one was last believed at that time.
    Next { next: u32, believed: Duration },
}

/// Numbers that are not believed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspect {
    None,
    Run { next: u32, length: u8 },
}

/// All that a frame which is delivered moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    order: Order,
    suspect: Suspect,
    lost: u64,
}

impl Numbers {
    /// Returns whether no number was given up or skipped since `earlier`, and none was far away.
    pub(super) const fn follows(self, earlier: Self) -> bool {
        match (earlier.order, self.order) {
            (Order::Unknown, _) => true,
            (Order::Next { next: before, .. }, Order::Next { next: after, .. }) => {
                self.lost == earlier.lost && after.wrapping_sub(before) <= 1
            }
            (Order::Next { .. }, Order::Unknown) => false,
        }
    }
}

/// The fate of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Deliver,
    Held,
    /// It came before, or after a later one was delivered.
    Late,
    /// It is too far ahead to be believed.
    FarAhead,
    /// The frames that are ready have to be taken first.
    NoRoom,
}

/// Puts frames in order. It is this crate's own, and smaller than that of `pptp-gre`: the two
/// protocols differ in the width of the numbers, and leaf crates do not depend on each other.
#[derive(Clone)]
pub(super) struct Reorder<const SLOTS: usize, const FRAME: usize> {
    /// The largest number: 16 bits in version 2, 24 in version 3.
    mask: u32,
    order: Order,
    suspect: Suspect,
    slots: [Slot<FRAME>; SLOTS],
    pub(super) lost: u64,
}

impl<const SLOTS: usize, const FRAME: usize> Reorder<SLOTS, FRAME> {
    /// From how far ahead a number has to be confirmed.
    const FAR: u32 = 1024;
    /// The length of a run of numbers that confirms them.
    const CONFIRMS: u8 = 5;
    /// The silence after which numbers may be taken to have started again.
    const SILENCE: Duration = Duration::from_secs(2);

    pub(super) const fn new(mask: u32) -> Self {
        Self {
            mask,
            order: Order::Unknown,
            suspect: Suspect::None,
            slots: [const { Slot { held: Held::Free, bytes: [0; FRAME] } }; SLOTS],
            lost: 0,
        }
    }

    pub(super) const fn numbers(&self) -> Numbers {
        Numbers { order: self.order, suspect: self.suspect, lost: self.lost }
    }

    pub(super) const fn set_numbers(&mut self, numbers: Numbers) {
        self.order = numbers.order;
        self.suspect = numbers.suspect;
        self.lost = numbers.lost;
    }

    pub(super) fn held(&self) -> usize {
        self.slots.iter().filter(|slot| slot.held != Held::Free).count()
    }

    /// Judges the frame with this number, and copies it if it has to wait.
    pub(super) fn arrive(&mut self, now: Duration, number: u32, frame: &[u8], timeout: Duration) -> Verdict {
        let Order::Next { next, believed } = self.order else {
            // Any first number is taken: packets before it may be lost.
            return self.deliver(now, number);
        };
        let ahead = self.distance(number, next);
        // Numbers wrap, so half of them are behind.
        if ahead > self.mask >> 1 {
            // A sum, since core's difference of two `Duration`s has a way to panic in it.
            let silent = believed.checked_add(Self::SILENCE).is_some_and(|end| end <= now);
            return if self.confirm(number) && silent { self.restart(now, number) } else { Verdict::Late };
        }
        if ahead >= Self::FAR {
            // One number far ahead may be forged; several in a row are a peer that lost that many.
            return if self.confirm(number) { self.restart(now, number) } else { Verdict::FarAhead };
        }
        self.suspect = Suspect::None;
        // A second packet with a number that waits is a repetition.
        if self.slot_of(number).is_some_and(|slot| matches!(slot.held, Held::Frame { number: n, .. } if n == number)) {
            return Verdict::Late;
        }
        if ahead == 0 {
            return self.deliver(now, number);
        }
        self.wait_or_skip(now, number, ahead, frame, timeout)
    }

    fn wait_or_skip(&mut self, now: Duration, number: u32, ahead: u32, frame: &[u8], timeout: Duration) -> Verdict {
        let waits = !timeout.is_zero() && usize::try_from(ahead).is_ok_and(|ahead| ahead < SLOTS);
        // Linux, without a time-out for order, drops everything behind a gap until five came in a
        // row. A gap is passed over here at once.
        if !waits || frame.len() > FRAME {
            if self.held() > 0 {
                // Those that wait are in front of it: they are released without waiting any longer.
                self.abandon_gap();
                return Verdict::NoRoom;
            }
            self.lost = self.lost.saturating_add(ahead.into());
            return self.deliver(now, number);
        }
        let Some(slot) = self.slot_of_mut(number) else {
            return Verdict::NoRoom;
        };
        if let Some(room) = slot.bytes.get_mut(..frame.len()) {
            // It fits, since longer frames were passed on above.
            room.copy_from_slice(frame);
            slot.held = Held::Frame { number, since: now, length: frame.len() };
        }
        Verdict::Held
    }

    /// Returns the next frame that need not wait any more.
    pub(super) fn release(&mut self, now: Duration, timeout: Duration) -> Option<&mut [u8]> {
        if self.deadline(timeout).is_some_and(|deadline| deadline <= now) {
            self.abandon_gap();
        }
        let Order::Next { next, .. } = self.order else {
            return None;
        };
        let Held::Frame { number, length, .. } = self.slot_of(next)?.held else {
            return None;
        };
        if number != next {
            return None;
        }
        self.deliver(now, next);
        let slot = self.slot_of_mut(next)?;
        slot.held = Held::Free;
        slot.bytes.get_mut(..length)
    }

    /// Returns the time at which the missing frame is given up.
    pub(super) fn deadline(&self, timeout: Duration) -> Option<Duration> {
        let (number, _) = self.first_held()?;
        let Order::Next { next, .. } = self.order else {
            return None;
        };
        if number == next {
            return None;
        }
        self.since_first().map(|since| since.saturating_add(timeout))
    }

    pub(super) fn expire(&mut self, now: Duration, timeout: Duration) {
        if self.deadline(timeout).is_some_and(|deadline| deadline <= now) {
            self.abandon_gap();
        }
    }

    /// Gives up what is missing in front of the first frame that waits.
    fn abandon_gap(&mut self) {
        if let (Some((number, ahead)), Order::Next { believed, .. }) = (self.first_held(), self.order) {
            self.lost = self.lost.saturating_add(ahead.into());
            self.order = Order::Next { next: number, believed };
        }
    }

    /// Returns the first number that waits, and how far it is from the next one.
    fn first_held(&self) -> Option<(u32, u32)> {
        let Order::Next { next, .. } = self.order else {
            return None;
        };
        self.slots
            .iter()
            .filter_map(|slot| match slot.held {
                Held::Free => None,
                Held::Frame { number, .. } => Some((number, self.distance(number, next))),
            })
            .min_by_key(|(_, ahead)| *ahead)
    }

    /// Returns since when something waits.
    fn since_first(&self) -> Option<Duration> {
        self.slots
            .iter()
            .filter_map(|slot| match slot.held {
                Held::Free => None,
                Held::Frame { since, .. } => Some(since),
            })
            .min()
    }

    fn deliver(&mut self, now: Duration, number: u32) -> Verdict {
        self.order = Order::Next { next: number.wrapping_add(1) & self.mask, believed: now };
        self.suspect = Suspect::None;
        Verdict::Deliver
    }

    fn restart(&mut self, now: Duration, number: u32) -> Verdict {
        for slot in &mut self.slots {
            slot.held = Held::Free;
        }
        self.deliver(now, number)
    }

    /// Returns whether numbers in a row lead up to this one.
    fn confirm(&mut self, number: u32) -> bool {
        let length = match self.suspect {
            Suspect::Run { next, length } if next == number => length.saturating_add(1),
            Suspect::Run { .. } | Suspect::None => 1,
        };
        self.suspect = Suspect::Run { next: number.wrapping_add(1) & self.mask, length };
        length >= Self::CONFIRMS
    }

    const fn distance(&self, number: u32, from: u32) -> u32 {
        number.wrapping_sub(from) & self.mask
    }

    fn index(number: u32) -> Option<usize> {
        usize::try_from(number).ok()?.checked_rem(SLOTS)
    }

    fn slot_of(&self, number: u32) -> Option<&Slot<FRAME>> {
        self.slots.get(Self::index(number)?)
    }

    fn slot_of_mut(&mut self, number: u32) -> Option<&mut Slot<FRAME>> {
        self.slots.get_mut(Self::index(number)?)
    }
}

impl<const SLOTS: usize, const FRAME: usize> core::fmt::Debug for Reorder<SLOTS, FRAME> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reorder").field("order", &self.order).field("held", &self.held()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(100);

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn released<const S: usize, const F: usize>(order: &mut Reorder<S, F>, now: u64) -> alloc::vec::Vec<u8> {
        core::iter::from_fn(|| order.release(ms(now), WAIT).map(|frame| frame[0])).collect()
    }

    #[test]
    fn a_missing_frame_is_waited_for_until_the_time_out() {
        let mut order = Reorder::<8, 16>::new(0xffff);
        assert_eq!(order.arrive(ms(0), 0xfffe, &[1], WAIT), Verdict::Deliver);
        assert_eq!(order.arrive(ms(1), 0, &[3], WAIT), Verdict::Held);
        assert_eq!(order.arrive(ms(2), 1, &[4], WAIT), Verdict::Held);
        assert_eq!(order.arrive(ms(2), 1, &[4], WAIT), Verdict::Late);
        assert_eq!((order.deadline(WAIT), released(&mut order, 2)), (Some(ms(101)), alloc::vec![]));
        assert_eq!(order.arrive(ms(3), 0xffff, &[2], WAIT), Verdict::Deliver);
        assert_eq!(released(&mut order, 3), [3, 4]);
        assert_eq!(order.arrive(ms(4), 3, &[6], WAIT), Verdict::Held);
        order.expire(ms(104), WAIT);
        assert_eq!((order.deadline(WAIT), released(&mut order, 104)), (None, alloc::vec![6]));
        assert_eq!(order.arrive(ms(105), 2, &[5], WAIT), Verdict::Late);
        assert_eq!(order.lost, 1);
    }

    #[test]
    fn without_room_or_time_gaps_are_skipped_at_once() {
        let mut order = Reorder::<0, 0>::new(0xff_ffff);
        for (number, verdict) in
            [(5, Verdict::Deliver), (7, Verdict::Deliver), (6, Verdict::Late), (8, Verdict::Deliver)]
        {
            assert_eq!(order.arrive(ms(0), number, &[0], WAIT), verdict, "{number}");
        }
        let mut order = Reorder::<8, 16>::new(0xff_ffff);
        for (number, verdict) in [(5, Verdict::Deliver), (7, Verdict::Deliver)] {
            assert_eq!(order.arrive(ms(0), number, &[0], Duration::ZERO), verdict, "{number}");
        }
    }

    #[test]
    fn numbers_that_are_set_back_are_free_again() {
        let mut order = Reorder::<0, 0>::new(0xffff);
        assert_eq!(order.arrive(ms(0), 0xffff, &[0], WAIT), Verdict::Deliver);
        let before = order.numbers();
        assert_eq!(order.arrive(ms(1), 500, &[0], WAIT), Verdict::Deliver);
        assert!(!order.numbers().follows(before));
        order.set_numbers(before);
        assert_eq!((order.lost, order.arrive(ms(2), 0, &[0], WAIT)), (0, Verdict::Deliver));
        assert!(order.numbers().follows(before));
    }

    #[test]
    fn a_frame_beyond_the_slots_releases_those_that_wait() {
        let mut order = Reorder::<4, 16>::new(0xffff);
        order.arrive(ms(0), 0, &[0], WAIT);
        assert_eq!(order.arrive(ms(0), 2, &[2], WAIT), Verdict::Held);
        assert_eq!(order.arrive(ms(0), 9, &[9], WAIT), Verdict::NoRoom);
        assert_eq!(released(&mut order, 0), [2]);
        assert_eq!(order.arrive(ms(0), 9, &[9], WAIT), Verdict::Deliver);
    }

    #[test]
    fn one_far_number_changes_nothing_and_five_in_a_row_are_believed() {
        let mut order = Reorder::<4, 16>::new(0xffff);
        order.arrive(ms(0), 10, &[0], WAIT);
        for forged in [5000, 5002, 30_000] {
            assert_eq!(order.arrive(ms(1), forged, &[0], WAIT), Verdict::FarAhead);
        }
        assert_eq!(order.arrive(ms(1), 11, &[0], WAIT), Verdict::Deliver);
        for number in 6000..6004 {
            assert_eq!(order.arrive(ms(1), number, &[0], WAIT), Verdict::FarAhead);
        }
        assert_eq!(order.arrive(ms(1), 6004, &[0], WAIT), Verdict::Deliver);
        // Started again: only after a silence, since late ones come in a row too.
        for number in 0..20 {
            assert_eq!(order.arrive(ms(1000), number, &[0], WAIT), Verdict::Late);
        }
        assert_eq!(order.arrive(ms(3000), 20, &[0], WAIT), Verdict::Deliver);
    }
}
