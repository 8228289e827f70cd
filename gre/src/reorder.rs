//! The order of received packets: which is next, which waits, which was there before.

use core::time::Duration;

use crate::{SequenceNumber, Slot, Slots};

/// The place of a packet that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Arrival {
    /// It is the next one: deliver it.
    Next,
    /// It waits for one that is missing before it.
    Held,
    /// Later ones were delivered already. It is new, and one of the last 64.
    Late,
    /// Later ones were delivered already, more than 64 of them. Whether it is new is not known any more.
    TooLate,
    /// It arrived before.
    Duplicate,
    /// It is [`Reorder::FAR`] or more ahead, so likely not of this call; the one behind it is believed after silence.
    FarAhead,
    /// Only from [`Reorder::arrive_unproven`]: nothing has moved. [`Reorder::confirm`] moves it when its content is right.
    Unproven,
    /// Those that were released have to be taken first: see [`Reorder::release`]. The same packet may come again then.
    Busy,
    /// It would have to wait, but what it was to be stored in refused it.
    Refused,
}

/// How many packets had which fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ReorderCounters {
    /// Packets that came after one with a higher number, repetitions not counted.
    pub out_of_order: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Numbers that were given up, and did not come later either.
    pub lost: u64,
    /// Packets that came after they were given up.
    pub late: u64,
    /// Packets that were too far ahead to be believed.
    pub far_ahead: u64,
    /// How often there was no room, or the packet was too long for its slot.
    pub overflows: u64,
    /// How often the peer's numbers were taken to have started again.
    pub restarts: u64,
}

/// RFC 2637 section 4.3: puts packets in order, bounded in packets (by the slots) and in time (by the caller's
/// time-out).
///
/// It is generic over what waits: the caller stores a frame, or a handle of it, in the slot it is given. The machine
/// for frames is [`Tunnel`](crate::Tunnel).
///
/// * The first number that arrives is the start, whatever it is.
/// * A missing number is waited for from when a later one arrived until the time-out, or until the slots do not reach.
/// * A number [`FAR`](Self::FAR) or more ahead is believed only when no number was believed for
///   [`SILENCE`](Self::SILENCE) and the next arrival confirms it. So damaged or forged packets do
///   not make all true ones late.
/// * When nothing but late packets came for [`SILENCE`](Self::SILENCE) and two of them follow each
///   other, the numbers are taken to have started again from there. A network that delays packets
///   for longer than that is mistaken for it.
///
/// A caller that can prove what a packet holds, by decrypting it, need not believe numbers at all.
/// With [`arrive_unproven`](Self::arrive_unproven) a number moves the others only when the packet
/// is [confirmed](Self::confirm). A [refused](Self::refuse) packet leaves its number to the genuine
/// one.
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::{Arrival, Reorder, SequenceNumber, Slot};
///
/// const WAIT: Duration = Duration::from_millis(300);
/// let mut order = Reorder::new([const { Slot::new("") }; 8]);
/// let mut arrive = |now, number, frame| {
///     order.arrive(Duration::from_millis(now), SequenceNumber::new(number), |slot| {
///         *slot = frame;
///         true
///     })
/// };
/// assert_eq!(arrive(0, 7, "seven"), Arrival::Next);
/// assert_eq!(arrive(1, 9, "nine"), Arrival::Held);
/// assert_eq!(arrive(2, 9, "nine"), Arrival::Duplicate);
/// assert_eq!(order.release(Duration::from_millis(300), WAIT), None);
/// assert_eq!(order.deadline(WAIT), Some(Duration::from_millis(301)));
/// assert_eq!(order.release(Duration::from_millis(301), WAIT).copied(), Some("nine"));
/// assert_eq!(order.counters().lost, 1);
/// ```
#[derive(Debug, Clone)]
pub struct Reorder<S> {
    slots: S,
    /// How many numbers the slots reach: a power of two, or 0.
    reach: u32,
    /// The lowest number that is neither delivered nor given up; `None` before the first arrival.
    next: Option<SequenceNumber>,
    /// The highest number that was believed.
    highest: SequenceNumber,
    /// Bit i: number `next - 1 - i` arrived.
    history: u64,
    /// Bit i: the packet that arrived with number `next - 1 - i` may be forged.
    doubted: u64,
    /// How many of the bits of `history` mean something.
    remembered: u32,
    held: u32,
    /// Since when the next number is missed, if one behind it waits.
    missed_since: Option<Duration>,
    /// Missing numbers before this one are not waited for: there was no room for a packet that is far behind them.
    abandoned: Option<SequenceNumber>,
    /// The number that would follow the last arrival that was not believed.
    suspected: Option<SequenceNumber>,
    /// When a number was last believed.
    believed: Duration,
    counters: ReorderCounters,
}

impl<S> Reorder<S> {
    /// From how far ahead of the next one a number needs a second one that confirms it.
    pub const FAR: u32 = 1024;
    /// How long nothing but late packets must have come before numbers are taken to have started
    /// again.
    pub const SILENCE: Duration = Duration::from_secs(2);
    /// How far behind the suspected number its confirmation may be.
    const CONFIRMS: u32 = 16;
    /// How many numbers before the next one are remembered.
    const MEMORY: u32 = u64::BITS;
    const HALF: u32 = 1 << 31;

    /// Returns the number that is to be delivered next; `None` before the first arrival.
    #[must_use]
    pub const fn next(&self) -> Option<SequenceNumber> {
        self.next
    }

    /// Returns how many numbers the slots reach, from the next one on: a power of two, or 0.
    #[must_use]
    pub const fn reach(&self) -> u32 {
        self.reach
    }

    /// Returns the highest number that arrived and was believed: what RFC 2637 section 4.1
    /// acknowledges.
    #[must_use]
    pub const fn highest(&self) -> Option<SequenceNumber> {
        match self.next {
            Some(_) => Some(self.highest),
            None => None,
        }
    }

    /// Returns how many wait.
    #[must_use]
    pub const fn held(&self) -> u32 {
        self.held
    }

    /// Returns what happened so far.
    #[must_use]
    pub const fn counters(&self) -> ReorderCounters {
        self.counters
    }

    fn confirms(&self, number: SequenceNumber) -> bool {
        self.suspected.is_some_and(|suspected| number.distance_from(suspected) < Self::CONFIRMS)
    }

    /// Moves over `lost` numbers that are given up.
    fn give_up(&mut self, next: SequenceNumber, lost: u32) {
        self.counters.lost = self.counters.lost.saturating_add(lost.into());
        self.history = self.history.checked_shl(lost).unwrap_or(0);
        self.doubted = self.doubted.checked_shl(lost).unwrap_or(0);
        self.remembered = self.remembered.saturating_add(lost);
        self.next = Some(next.plus(lost));
    }

    /// Moves over the next number, which arrived.
    const fn pass(&mut self, next: SequenceNumber) {
        self.history = self.history << 1 | 1;
        self.doubted <<= 1;
        self.remembered = self.remembered.saturating_add(1);
        self.next = Some(next.next());
    }
}

impl<S: Slots> Reorder<S> {
    /// Creates the order before anything has arrived. The content of the slots is not looked at.
    #[must_use]
    pub fn new(mut slots: S) -> Self {
        free(&mut slots);
        let reach = u32::try_from(slots.count()).unwrap_or(u32::MAX).min(Self::FAR);
        Self {
            slots,
            // A power of two, so that a number finds its slot by a mask, also where numbers wrap.
            reach: reach.checked_ilog2().map_or(0, |log| 1 << log),
            next: None,
            highest: SequenceNumber::new(0),
            history: 0,
            doubted: 0,
            remembered: 0,
            held: 0,
            missed_since: None,
            abandoned: None,
            suspected: None,
            believed: Duration::ZERO,
            counters: ReorderCounters::default(),
        }
    }

    /// Takes the number of a packet that arrived at `now`, and says what is to be done with the packet.
    ///
    /// `store` is called only when the packet has to wait. It puts it into the slot it is given, or gives `false`.
    pub fn arrive(
        &mut self,
        now: Duration,
        number: SequenceNumber,
        store: impl FnOnce(&mut S::Item) -> bool,
    ) -> Arrival {
        // Section 4.1 begins with 0; Linux and pptp-linux begin with 1, and a receiver may join
        // late. So any first number is taken.
        let Some(next) = self.next else {
            self.restart(now, number);
            return Arrival::Next;
        };
        let ahead = number.distance_from(next);
        // Serial arithmetic: less than half of all numbers ahead is ahead, the rest is behind.
        if ahead >= Self::HALF {
            return self.behind(now, next, number);
        }
        // One packet with a forged number far ahead would make all genuine ones late. So a second
        // one has to follow it, and the genuine ones must have fallen silent.
        if ahead >= Self::FAR && !(self.confirms(number) && self.is_silent(now)) {
            self.suspected = Some(number.next());
            self.counters.far_ahead = self.counters.far_ahead.saturating_add(1);
            return Arrival::FarAhead;
        }
        let arrival = self.ahead(now, next, number, store);
        if matches!(arrival, Arrival::Next | Arrival::Held) {
            self.believe(now);
        }
        arrival
    }

    /// Takes a number as [`arrive`](Self::arrive) does, for a caller that finds out whether the packet is genuine, and
    /// then calls [`confirm`](Self::confirm) or [`refuse`](Self::refuse) with its number.
    ///
    /// [`Arrival::Unproven`] says that nothing has moved, and that the content of the packet decides. It is given for the
    /// first number, for those behind which others would be given up, and after [`SILENCE`](Self::SILENCE) for those that
    /// are [too late](Arrival::TooLate). A packet that waits holds its number until it is released, forged or not.
    pub fn arrive_unproven(
        &mut self,
        now: Duration,
        number: SequenceNumber,
        store: impl FnOnce(&mut S::Item) -> bool,
    ) -> Arrival {
        // Before the first number is believed, any is possible: the content decides.
        let Some(next) = self.next else { return Arrival::Unproven };
        let ahead = number.distance_from(next);
        if ahead >= Self::HALF {
            let arrival = self.look_back(next, number);
            // A peer that has restarted counts from 0 again, which looks like packets that are too
            // late.
            return if arrival == Arrival::TooLate && self.is_silent(now) { Arrival::Unproven } else { arrival };
        }
        // While packets wait, a jump within reach of a burst makes room first, which moves nothing that is proven.
        let is_jump = ahead >= Self::FAR || self.held == 0 && ahead >= self.reach.max(1);
        if is_jump { Arrival::Unproven } else { self.ahead(now, next, number, store) }
    }

    /// Believes the number of a packet whose content proved to be genuine, wherever the number is.
    ///
    /// Call it for packets that were [`Next`](Arrival::Next), [`Late`](Arrival::Late),
    /// [`TooLate`](Arrival::TooLate) or [`Unproven`](Arrival::Unproven). A number that is too late
    /// has the peer's numbers start again from it. One that is far ahead moves nothing while others
    /// wait.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use pptp_gre::{Arrival, Reorder, SequenceNumber, Slot};
    ///
    /// let now = Duration::ZERO;
    /// let mut order = Reorder::new([const { Slot::new(()) }; 8]);
    /// let (forged, genuine) = (SequenceNumber::new(77), SequenceNumber::new(0));
    /// assert_eq!(order.arrive_unproven(now, forged, |()| true), Arrival::Unproven);
    /// // It decrypts to nonsense, so it counts for nothing.
    /// order.refuse(forged);
    /// assert_eq!(order.arrive_unproven(now, genuine, |()| true), Arrival::Unproven);
    /// order.confirm(now, genuine);
    /// assert_eq!(order.next(), Some(genuine.next()));
    /// ```
    pub fn confirm(&mut self, now: Duration, number: SequenceNumber) {
        let Some(next) = self.next else { return self.restart(now, number) };
        self.believe(now);
        self.doubted &= !Self::bit(next, number);
        let ahead = number.distance_from(next);
        if ahead >= Self::HALF {
            // Far behind, and yet genuine: the peer counts from 0 again.
            if next.minus(1).distance_from(number) >= Self::MEMORY {
                self.restart(now, number);
                self.counters.restarts = self.counters.restarts.saturating_add(1);
            }
        } else if self.held == 0 {
            self.note(number);
            self.give_up(next, ahead);
            self.pass(number);
        }
    }

    /// Frees the number of a packet whose content proved not to be genuine, for the genuine one.
    ///
    /// Call it where [`confirm`](Self::confirm) would be called otherwise.
    pub fn refuse(&mut self, number: SequenceNumber) {
        let Some(next) = self.next else { return };
        let bit = Self::bit(next, number);
        // It did not arrive here, or is too old to be remembered: no place to free.
        if self.history & bit == 0 {
            return;
        }
        self.history &= !bit;
        // Those before the first number were never lost.
        if next.minus(1).distance_from(number) < self.remembered {
            self.counters.lost = self.counters.lost.saturating_add(1);
        }
        // No packet waits behind it, so the genuine one can still be delivered in its place.
        if self.held == 0 {
            self.take_back(next);
        }
    }

    /// Leaves a number to the packet that has it, and to a genuine one that may come with the same
    /// number. [`is_doubted`](Self::is_doubted) is true until one is [confirmed](Self::confirm).
    ///
    /// Other packets do not wait for the number, as they would after [`refuse`](Self::refuse).
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use pptp_gre::{Arrival, Reorder, SequenceNumber, Slot};
    ///
    /// let now = Duration::ZERO;
    /// let mut order = Reorder::new([const { Slot::new(()) }; 8]);
    /// let (first, second) = (SequenceNumber::new(0), SequenceNumber::new(1));
    /// order.confirm(now, first);
    /// assert_eq!(order.arrive_unproven(now, second, |()| true), Arrival::Next);
    /// order.doubt(second);
    /// assert_eq!(order.arrive_unproven(now, second, |()| true), Arrival::Duplicate);
    /// assert!(order.is_doubted(second) && !order.is_doubted(first));
    /// ```
    pub fn doubt(&mut self, number: SequenceNumber) {
        if let Some(next) = self.next {
            self.doubted |= Self::bit(next, number) & self.history;
        }
    }

    /// Returns whether the packet with this number was [doubted](Self::doubt), and none with it was
    /// confirmed since. Only the last 64 numbers are remembered.
    #[must_use]
    pub fn is_doubted(&self, number: SequenceNumber) -> bool {
        self.next.is_some_and(|next| self.doubted & Self::bit(next, number) != 0)
    }

    /// Returns the next packet that does not wait any more, in order: all before it were delivered,
    /// or missed for `timeout`.
    ///
    /// The packet given stays in its slot until another packet takes it.
    pub fn release(&mut self, now: Duration, timeout: Duration) -> Option<&mut S::Item> {
        self.release_numbered(now, timeout).map(|(_, item)| item)
    }

    /// Releases as [`release`](Self::release) does, and returns the packet's number too: for [`confirm`](Self::confirm) and
    /// [`refuse`](Self::refuse).
    pub fn release_numbered(&mut self, now: Duration, timeout: Duration) -> Option<(SequenceNumber, &mut S::Item)> {
        if self.held == 0 {
            return None;
        }
        // The wait ends by time alone: a lost packet is never sent again (RFC 2637 section 4.2).
        if let Some(since) = self.missed_since {
            if now < since.saturating_add(timeout) {
                return None;
            }
            self.skip_gap();
        }
        let next = self.next?;
        self.held = self.held.saturating_sub(1);
        self.pass(next);
        if let Some(slot) = self.slot_mut(next) {
            slot.since = None;
        }
        self.look();
        self.slot_mut(next).map(|slot| (next, &mut slot.item))
    }

    /// Returns when the next missing packet is given up, if one is waited for.
    #[must_use]
    pub fn deadline(&self, timeout: Duration) -> Option<Duration> {
        self.missed_since.map(|since| since.saturating_add(timeout))
    }

    /// Gives up the next missing packet if it was missed for `timeout`; the ones behind it are released.
    pub fn expire(&mut self, now: Duration, timeout: Duration) {
        if self.deadline(timeout).is_some_and(|deadline| deadline <= now) {
            self.skip_gap();
        }
    }

    fn ahead(
        &mut self,
        now: Duration,
        next: SequenceNumber,
        number: SequenceNumber,
        store: impl FnOnce(&mut S::Item) -> bool,
    ) -> Arrival {
        let reach = self.reach;
        let mut ahead = number.distance_from(next);
        if ahead == 0 && self.held == 0 {
            self.note(number);
            self.pass(next);
            return Arrival::Next;
        }
        // Section 4.3: "A robust implementation will silently discard duplicate GRE packets".
        if ahead < reach && self.since(number).is_some() {
            self.counters.duplicates = self.counters.duplicates.saturating_add(1);
            return Arrival::Duplicate;
        }
        if ahead == 0 {
            self.note(number);
            self.pass(next);
            self.look();
            return Arrival::Next;
        }
        if ahead >= reach {
            // Nothing waits that could be overtaken, so a burst of losses costs no time.
            if self.held == 0 {
                self.note(number);
                self.give_up(next, ahead);
                self.pass(number);
                return Arrival::Next;
            }
            // The reach is bounded, as memory is. The first gap is given up before others.
            self.skip_gap();
            ahead = number.distance_from(self.next.unwrap_or(next));
            if ahead >= reach {
                // Still too far. Gaps before the reach of this number are not waited for, so that
                // room comes soon.
                self.abandoned = Some(number.next().minus(reach));
                self.counters.overflows = self.counters.overflows.saturating_add(1);
                return Arrival::Busy;
            }
        }
        // The wait for a missing packet began when the first one behind it came, not with this one.
        let since = if number.is_after(self.highest) { now } else { self.since_above(number).unwrap_or(now) };
        let stored = self.slot_mut(number).is_some_and(|slot| {
            let stored = store(&mut slot.item);
            slot.since = stored.then_some(since);
            stored
        });
        if !stored {
            self.counters.overflows = self.counters.overflows.saturating_add(1);
            return Arrival::Refused;
        }
        self.note(number);
        if self.held == 0 {
            self.missed_since = Some(since);
        }
        self.held = self.held.saturating_add(1);
        Arrival::Held
    }

    fn behind(&mut self, now: Duration, next: SequenceNumber, number: SequenceNumber) -> Arrival {
        let is_known = self.history & Self::bit(next, number) != 0;
        // Two numbers in a row, none of them seen before, after silence: the peer has started
        // again.
        if !is_known && self.confirms(number) && self.is_silent(now) {
            self.restart(now, number);
            self.counters.restarts = self.counters.restarts.saturating_add(1);
            return Arrival::Next;
        }
        if !is_known {
            self.suspected = Some(number.next());
        }
        self.look_back(next, number)
    }

    /// Returns whether a number behind the next one is new, as far as is remembered.
    fn look_back(&mut self, next: SequenceNumber, number: SequenceNumber) -> Arrival {
        let bit = Self::bit(next, number);
        if self.history & bit != 0 {
            self.counters.duplicates = self.counters.duplicates.saturating_add(1);
            return Arrival::Duplicate;
        }
        self.history |= bit;
        self.counters.late = self.counters.late.saturating_add(1);
        self.counters.out_of_order = self.counters.out_of_order.saturating_add(1);
        // Older numbers are not remembered, so they may be duplicates: RFC 2637 section 4.3 has
        // both discarded.
        if next.minus(1).distance_from(number) >= self.remembered.min(Self::MEMORY) {
            return Arrival::TooLate;
        }
        // It was counted as lost when it was passed over.
        self.counters.lost = self.counters.lost.saturating_sub(1);
        Arrival::Late
    }

    /// Returns the bit of `history` that stands for a number behind the next one; 0 when it is too
    /// far behind.
    fn bit(next: SequenceNumber, number: SequenceNumber) -> u64 {
        1u64.checked_shl(next.minus(1).distance_from(number)).unwrap_or(0)
    }

    /// Expects the numbers right before the next one that did not arrive again. Nothing waits.
    fn take_back(&mut self, next: SequenceNumber) {
        // Numbers that were given up are expected again only as far as the memory is sure of them.
        let steps = self.history.trailing_zeros().min(self.remembered).min(Self::MEMORY);
        self.history = self.history.checked_shr(steps).unwrap_or(0);
        self.doubted = self.doubted.checked_shr(steps).unwrap_or(0);
        self.remembered = self.remembered.saturating_sub(steps);
        self.counters.lost = self.counters.lost.saturating_sub(steps.into());
        let next = next.minus(steps);
        self.next = Some(next);
        // The number that is acknowledged must be one that arrived.
        if !self.highest.is_before(next) {
            self.highest = next.minus(1);
        }
    }

    /// Returns whether no number was believed for [`SILENCE`](Self::SILENCE).
    fn is_silent(&self, now: Duration) -> bool {
        now >= self.believed.saturating_add(Self::SILENCE)
    }

    fn restart(&mut self, now: Duration, number: SequenceNumber) {
        // The waiting packets belong to numbers of the past.
        free(&mut self.slots);
        self.held = 0;
        self.missed_since = None;
        self.abandoned = None;
        self.history = 1;
        self.doubted = 0;
        self.remembered = 1;
        self.next = Some(number.next());
        self.highest = number;
        self.believed = now;
        self.suspected = None;
    }

    /// Notes that a number arrived that is not behind the next one.
    const fn note(&mut self, number: SequenceNumber) {
        if number.is_after(self.highest) {
            self.highest = number;
        } else {
            self.counters.out_of_order = self.counters.out_of_order.saturating_add(1);
        }
    }

    const fn believe(&mut self, now: Duration) {
        self.believed = now;
        self.suspected = None;
    }

    /// Gives up what is missing before the first one that waits.
    fn skip_gap(&mut self) {
        if let (Some(next), Some((gap, _))) = (self.next, self.first_held()) {
            self.give_up(next, gap);
            self.missed_since = None;
        }
    }

    /// Looks whether the next number, which has moved, is missed.
    fn look(&mut self) {
        self.missed_since = None;
        if self.held == 0 {
            self.abandoned = None;
            return;
        }
        let (Some(next), Some((gap, since))) = (self.next, self.first_held()) else {
            return;
        };
        if gap == 0 {
            return;
        }
        self.missed_since = Some(since);
        if let Some(abandoned) = self.abandoned {
            let ahead = abandoned.distance_from(next);
            if abandoned.is_before(next) || ahead == 0 {
                self.abandoned = None;
                return;
            }
            // Nothing before the abandoned number is waited for: a packet far behind it found no
            // room.
            self.give_up(next, gap.min(ahead));
            if gap <= ahead {
                self.missed_since = None;
            }
        }
    }

    /// Returns how far behind the next number the first one is that waits, and since when the one
    /// before it is missed.
    fn first_held(&self) -> Option<(u32, Duration)> {
        let next = self.next?;
        (0..self.reach).find_map(|gap| Some((gap, self.since(next.plus(gap))?)))
    }

    /// Returns since when `number` is missed, as recorded by the first packet behind it that waits.
    fn since_above(&self, number: SequenceNumber) -> Option<Duration> {
        let until = self.highest.distance_from(number).min(self.reach);
        (1..=until).find_map(|steps| self.since(number.plus(steps)))
    }

    fn since(&self, number: SequenceNumber) -> Option<Duration> {
        self.slots.slots().get(self.index(number))?.since
    }

    fn slot_mut(&mut self, number: SequenceNumber) -> Option<&mut Slot<S::Item>> {
        let index = self.index(number);
        self.slots.slots_mut().get_mut(index)
    }

    fn index(&self, number: SequenceNumber) -> usize {
        let mask = self.reach.saturating_sub(1);
        usize::try_from(number.get() & mask).unwrap_or(usize::MAX)
    }
}

/// Frees all places. Those that were not made are free.
fn free(slots: &mut impl Slots) {
    if !slots.slots().is_empty() {
        for slot in slots.slots_mut() {
            slot.since = None;
        }
    }
}

#[cfg(test)]
mod tests;
