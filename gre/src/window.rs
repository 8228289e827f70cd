//! The window of packets that are sent and not acknowledged.

use core::time::Duration;

use crate::{AcknowledgmentTimeout, RoundTrip, SequenceNumber};

/// The meaning of a full send window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum WindowPolicy {
    /// RFC 2637 section 4.2: nothing is sent until an acknowledgment or a time-out opens the window.
    ///
    /// For peers that acknowledge as the RFC wants. One that never does gets a packet a time-out.
    Honour,
    /// As `Honour`, but after a time-out the window stands open until the peer acknowledges again: it delays a packet
    /// by one time-out at most.
    Hint,
    /// The window is measured, and never holds a packet back.
    ///
    /// This is the default, since the numbers that peers state mean nothing. The client of Linux,
    /// pptp-linux, states 3 and keeps 9 to 15 packets on the way. The servers pptpd and accel-ppp
    /// return the number that they got. No Linux peer keeps any window. At 3 packets a round trip
    /// of 50 ms the tunnel would carry 80 kilobytes a second. The Linux kernel never acknowledges
    /// without data of its own, so a flow in one direction would stop.
    #[default]
    Ignore,
}

/// The meaning of an acknowledgment number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acknowledged {
    /// Packets that were not acknowledged before.
    New,
    /// Nothing new.
    Again,
    /// Less than before: it was overtaken.
    Stale,
    /// A packet that was not sent yet.
    Impossible,
}

/// How acknowledgments come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Acknowledgments {
    /// In time.
    InTime,
    /// The last one did not. Linux never acknowledges without data of its own, so that this alone says nothing.
    Late,
    /// Another one did not either, though there was time to ask for it: the alarm is on.
    Missing,
}

/// RFC 2637 section 4.2: the sender's sliding window, its time-out and its alarm.
#[derive(Debug, Clone)]
pub(crate) struct SendWindow {
    policy: WindowPolicy,
    /// The number of the next packet.
    next: SequenceNumber,
    /// The lowest number that was never acknowledged.
    acknowledged: SequenceNumber,
    /// The lowest number that is awaited: `acknowledged`, or behind it after a time-out.
    awaited: SequenceNumber,
    /// The highest number that was acknowledged.
    remote: Option<SequenceNumber>,
    size: u16,
    maximum: u16,
    /// Packets acknowledged since the size changed.
    digested: u32,
    /// `Hint`: a time-out opened it.
    open: bool,
    round_trip: RoundTrip,
    /// When the oldest awaited packet was sent.
    oldest: Duration,
    /// When packets were sent, in microseconds: half of what as many `Duration`s would take.
    sent_at: [u64; SendWindow::TIMES],
    acknowledgments: Acknowledgments,
    pub(crate) alarms: u64,
    pub(crate) time_outs: u64,
    /// Packets beyond the window.
    pub(crate) exceeded: u64,
}

impl SendWindow {
    /// How many packets the time of sending is kept of: windows as large are measured exactly.
    const TIMES: usize = 64;
    const TIMES_KEPT: u32 = 64;
    /// Older packets are taken for acknowledged, so that numbers can always be compared.
    const OLDEST: u32 = 1 << 30;

    pub(crate) fn new(
        policy: WindowPolicy,
        first: SequenceNumber,
        maximum: u16,
        timeout: AcknowledgmentTimeout,
        packet_processing_delay: u16,
    ) -> Self {
        let maximum = maximum.max(1);
        Self {
            policy,
            next: first,
            acknowledged: first,
            awaited: first,
            remote: None,
            // Section 4.2.1: "set to half the maximum size the receiver requested, with a minimum
            // size of one packet".
            size: half(maximum),
            maximum,
            digested: 0,
            open: false,
            round_trip: RoundTrip::new(timeout, packet_processing_delay),
            oldest: Duration::ZERO,
            sent_at: [0; Self::TIMES],
            acknowledgments: Acknowledgments::InTime,
            alarms: 0,
            time_outs: 0,
            exceeded: 0,
        }
    }

    pub(crate) const fn next(&self) -> SequenceNumber {
        self.next
    }

    pub(crate) const fn remote(&self) -> Option<SequenceNumber> {
        self.remote
    }

    pub(crate) const fn size(&self) -> u16 {
        self.size
    }

    pub(crate) const fn maximum(&self) -> u16 {
        self.maximum
    }

    pub(crate) const fn round_trip(&self) -> &RoundTrip {
        &self.round_trip
    }

    /// Returns whether the alarm is on.
    pub(crate) const fn alarm(&self) -> bool {
        matches!(self.acknowledgments, Acknowledgments::Missing)
    }

    /// Returns how many packets await their acknowledgment.
    pub(crate) const fn outstanding(&self) -> u32 {
        self.next.distance_from(self.awaited)
    }

    /// Returns whether a packet may be sent.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        match self.policy {
            WindowPolicy::Ignore => true,
            WindowPolicy::Hint if self.open => true,
            WindowPolicy::Hint | WindowPolicy::Honour => self.outstanding() < self.size.into(),
        }
    }

    /// Takes the next number for a packet that is sent.
    #[inline]
    pub(crate) fn sent(&mut self, now: Duration) -> SequenceNumber {
        let number = self.next;
        let outstanding = self.outstanding();
        if outstanding == 0 {
            self.oldest = now;
        }
        if outstanding >= self.size.into() {
            self.exceeded = self.exceeded.saturating_add(1);
        }
        *self.time_mut(number) = micros(now);
        self.next = number.next();
        // A peer may never acknowledge: the distance of numbers must stay comparable.
        if self.next.distance_from(self.acknowledged) > Self::OLDEST {
            self.acknowledged = self.next.minus(Self::OLDEST);
            if self.awaited.is_before(self.acknowledged) {
                self.awaited = self.acknowledged;
            }
        }
        number
    }

    /// Acknowledges all packets up to `number` (RFC 2637 section 4.2.5).
    #[inline]
    pub(crate) fn acknowledge(&mut self, now: Duration, number: SequenceNumber) -> Acknowledged {
        // A number that was not sent yet is an error of the peer or forged. npppd drops such a
        // packet; we drop the acknowledgment alone.
        if !number.is_before(self.next) {
            return Acknowledged::Impossible;
        }
        let behind = number.next();
        if behind == self.acknowledged {
            return Acknowledged::Again;
        }
        if behind.is_before(self.acknowledged) {
            return Acknowledged::Stale;
        }
        // Section 4.2.5: the time of "the highest sequence number being acknowledged" is measured,
        // while it is known.
        if self.next.distance_from(number) <= Self::TIMES_KEPT {
            self.round_trip.sample(Duration::from_micros(micros(now).saturating_sub(self.time(number))));
        }
        let digested = behind.distance_from(self.acknowledged);
        self.acknowledged = behind;
        self.remote = Some(number);
        self.open = false;
        // One late acknowledgment is ordinary with Linux, so it is forgotten with the next.
        if let Acknowledgments::Late = self.acknowledgments {
            self.acknowledgments = Acknowledgments::InTime;
        }
        if self.awaited.is_before(behind) {
            self.awaited = behind;
        }
        if self.next.distance_from(self.awaited) <= Self::TIMES_KEPT {
            self.oldest = Duration::from_micros(self.time(self.awaited));
        } else {
            self.oldest = now;
        }
        self.digest(digested);
        Acknowledged::New
    }

    /// Returns when the acknowledgment of the oldest packet is taken for lost.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        (self.outstanding() > 0).then(|| self.oldest.saturating_add(self.round_trip.timeout()))
    }

    /// Shrinks the window and backs the time-out off when the deadline has passed; nothing on the
    /// way is awaited any more (RFC 2637 sections 4.2.2 and 4.4.2).
    pub(crate) fn handle_timeout(&mut self, now: Duration) -> bool {
        let expired = self.deadline().is_some_and(|deadline| deadline <= now);
        if expired {
            // Section 4.2.2: half, rounded up. Nothing is sent again; only the speed changes.
            self.size = half(self.size);
            self.digested = 0;
            // Lost packets are not awaited any more, or the window would stay closed.
            self.awaited = self.next;
            self.open = true;
            self.round_trip.back_off();
            self.time_outs = self.time_outs.saturating_add(1);
            self.acknowledgments = match self.acknowledgments {
                Acknowledgments::InTime => Acknowledgments::Late,
                Acknowledgments::Late => {
                    self.alarms = self.alarms.saturating_add(1);
                    Acknowledgments::Missing
                }
                Acknowledgments::Missing => Acknowledgments::Missing,
            };
        }
        expired
    }

    /// Makes the window larger by one for each window's worth of acknowledged packets (RFC 2637
    /// section 4.2.3).
    fn digest(&mut self, packets: u32) {
        self.digested = self.digested.saturating_add(packets);
        // Section 4.2.3: one packet more for each window that came through, up to what the peer
        // stated.
        while self.digested >= self.size.into() {
            self.digested = self.digested.saturating_sub(self.size.into());
            self.acknowledgments = Acknowledgments::InTime;
            if self.size == self.maximum {
                self.digested = 0;
                return;
            }
            self.size = self.size.saturating_add(1);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "the index is taken modulo the length")]
    fn time(&self, number: SequenceNumber) -> u64 {
        self.sent_at[index(number)]
    }

    #[expect(clippy::indexing_slicing, reason = "the index is taken modulo the length")]
    fn time_mut(&mut self, number: SequenceNumber) -> &mut u64 {
        &mut self.sent_at[index(number)]
    }
}

/// Returns a time in whole microseconds.
fn micros(time: Duration) -> u64 {
    time.as_secs().saturating_mul(1_000_000).saturating_add(time.subsec_micros().into())
}

/// Returns the place of a number's time.
fn index(number: SequenceNumber) -> usize {
    let [low, ..] = number.get().to_le_bytes();
    usize::from(low & 63)
}

/// Returns half of a window, rounded up (RFC 2637 sections 4.2.1 and 4.2.2).
fn half(size: u16) -> u16 {
    size.div_ceil(2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ms(count: u32) -> Duration {
        MS.saturating_mul(count)
    }

    fn window(policy: WindowPolicy, first: u32, maximum: u16) -> SendWindow {
        let timeout = AcknowledgmentTimeout::adaptive(ms(500), ms(3000));
        SendWindow::new(policy, SequenceNumber::new(first), maximum, timeout, 0)
    }

    /// Sends until the window is full, and gives how many that were.
    fn fill(window: &mut SendWindow, now: Duration) -> u32 {
        let before = window.next();
        while window.is_open() {
            window.sent(now);
        }
        window.next().distance_from(before)
    }

    #[test]
    fn section_4_2_1_starts_with_half_of_the_peers_window() {
        for (maximum, expected) in [(0, 1), (1, 1), (2, 1), (3, 2), (16, 8), (65535, 32768)] {
            let mut window = window(WindowPolicy::Honour, 0, maximum);
            assert_eq!(fill(&mut window, ms(0)), expected, "of {maximum}");
        }
    }

    #[test]
    fn section_4_2_2_halves_at_a_timeout_and_rounds_up() {
        let mut window = window(WindowPolicy::Honour, u32::MAX, 10);
        let mut now = ms(0);
        let mut sizes = [0; 5];
        for size in &mut sizes {
            *size = fill(&mut window, now);
            now = window.deadline().unwrap();
            assert!(!window.handle_timeout(now.saturating_sub(Duration::from_nanos(1))), "too early");
            assert!(window.handle_timeout(now));
            assert!(!window.handle_timeout(now), "only once");
            assert_eq!(window.deadline(), None);
        }
        assert_eq!(sizes, [5, 3, 2, 1, 1]);
        assert_eq!((window.time_outs, window.alarms, window.alarm()), (5, 1, true));
    }

    #[test]
    fn section_4_2_3_opens_by_one_for_each_window_acknowledged() {
        let mut window = window(WindowPolicy::Honour, 0, 5);
        let mut sizes = [0; 5];
        for size in &mut sizes {
            *size = fill(&mut window, ms(0));
            let last = window.next().minus(1);
            assert_eq!(window.acknowledge(ms(1), last), Acknowledged::New);
        }
        assert_eq!(sizes, [3, 4, 5, 5, 5]);
    }

    #[test]
    fn section_4_2_5_one_acknowledgment_is_for_all_before() {
        let mut window = window(WindowPolicy::Ignore, 0xffff_fffe, 16);
        for packet in 0..5 {
            window.sent(ms(packet));
        }
        assert_eq!(window.acknowledge(ms(10), SequenceNumber::new(1)), Acknowledged::New);
        assert_eq!((window.outstanding(), window.next().get()), (1, 3));
        // The sample is of the packet that the number names, sent at 3 ms.
        assert_eq!(window.round_trip().estimate(), Duration::from_micros(88_375));
    }

    #[test]
    fn section_4_2_tells_stale_repeated_and_impossible_acknowledgments() {
        let mut window = window(WindowPolicy::Honour, 0, 64);
        assert_eq!(window.acknowledge(ms(0), SequenceNumber::new(0)), Acknowledged::Impossible);
        assert_eq!(window.acknowledge(ms(0), SequenceNumber::new(u32::MAX)), Acknowledged::Again);
        for _ in 0..10 {
            window.sent(ms(1));
        }
        for (number, expected) in [
            (5, Acknowledged::New),
            (5, Acknowledged::Again),
            (4, Acknowledged::Stale),
            (10, Acknowledged::Impossible),
            (0x7fff_ffff, Acknowledged::Impossible),
            (0x8000_0010, Acknowledged::Stale),
            (u32::MAX, Acknowledged::Stale),
            (9, Acknowledged::New),
            (9, Acknowledged::Again),
        ] {
            assert_eq!(window.acknowledge(ms(2), SequenceNumber::new(number)), expected, "{number}");
        }
        assert_eq!((window.outstanding(), window.deadline()), (0, None));
    }

    #[test]
    fn section_4_4_times_the_oldest_packet_that_is_awaited() {
        let mut window = window(WindowPolicy::Honour, 0, 64);
        window.sent(ms(0));
        window.sent(ms(100));
        window.sent(ms(200));
        assert_eq!(window.deadline(), Some(ms(500)));
        window.acknowledge(ms(250), SequenceNumber::new(0));
        let timeout = window.round_trip().timeout();
        assert_eq!(window.deadline(), Some(timeout.saturating_add(ms(100))));
    }

    /// The times of so many packets are not kept: the deadline counts from the acknowledgment.
    #[test]
    fn section_4_4_times_from_the_acknowledgment_beyond_64_packets() {
        for (sent, from) in [(75, ms(0)), (76, ms(300))] {
            let mut window = window(WindowPolicy::Ignore, 0, 64);
            for _ in 0..sent {
                window.sent(ms(0));
            }
            window.acknowledge(ms(300), SequenceNumber::new(10));
            assert_eq!(window.deadline(), Some(window.round_trip().timeout().saturating_add(from)), "{sent}");
        }
    }

    #[test]
    fn an_acknowledgment_after_the_timeout_still_counts() {
        let mut window = window(WindowPolicy::Honour, 0, 4);
        fill(&mut window, ms(0));
        window.handle_timeout(ms(500));
        assert_eq!(window.size(), 1);
        assert_eq!(fill(&mut window, ms(600)), 1);
        // Of the first two, which are not awaited any more; the one sent since is.
        assert_eq!(window.acknowledge(ms(700), SequenceNumber::new(1)), Acknowledged::New);
        assert_eq!(window.outstanding(), 1);
        assert_eq!(window.remote(), Some(SequenceNumber::new(1)));
        assert!(window.round_trip().estimate() > ms(200));
    }

    #[test]
    fn a_peer_that_never_acknowledges_stalls_nothing() {
        for (policy, least) in [(WindowPolicy::Honour, 10), (WindowPolicy::Hint, 9_000), (WindowPolicy::Ignore, 30_000)]
        {
            let mut window = window(policy, 0, 16);
            let mut sent = 0;
            for packet in 0..30_000 {
                let now = ms(packet);
                window.handle_timeout(now);
                if window.is_open() {
                    window.sent(now);
                    sent += 1;
                }
            }
            assert!(sent >= least, "{policy:?}: {sent}");
            assert!(window.alarm() && window.time_outs >= 5, "{policy:?}");
        }
    }

    #[test]
    fn a_hint_delays_by_one_timeout_until_the_peer_acknowledges() {
        let mut window = window(WindowPolicy::Hint, 0, 4);
        assert_eq!(fill(&mut window, ms(0)), 2);
        window.handle_timeout(ms(500));
        for _ in 0..20 {
            assert!(window.is_open());
            window.sent(ms(501));
        }
        assert_eq!(window.acknowledge(ms(510), SequenceNumber::new(9)), Acknowledged::New);
        assert!(!window.is_open());
    }

    #[test]
    fn the_alarm_is_cleared_by_a_window_that_is_acknowledged() {
        let mut window = window(WindowPolicy::Honour, 0, 16);
        fill(&mut window, ms(0));
        window.handle_timeout(ms(500));
        assert_eq!((window.size(), window.alarm()), (4, false));
        window.sent(ms(600));
        assert!(window.handle_timeout(ms(10_000)));
        assert_eq!((window.size(), window.alarm()), (2, true));
        let first = window.sent(ms(10_600));
        window.acknowledge(ms(10_601), SequenceNumber::new(0));
        assert!(window.alarm(), "one packet is no window");
        window.acknowledge(ms(10_602), first);
        assert!(!window.alarm());
    }

    /// A Linux kernel acknowledges with data of its own alone: what it is asked by brings the acknowledgment.
    #[test]
    fn section_4_4_a_late_acknowledgment_that_comes_when_it_is_asked_for_is_no_alarm() {
        let mut window = window(WindowPolicy::Ignore, 0, 64);
        for round in 0..100 {
            let now = ms(10_000 * round);
            window.sent(now);
            let late = window.deadline().unwrap();
            assert!(window.handle_timeout(late) && window.is_open());
            // The packet that asks.
            let asking = window.sent(late);
            assert_eq!(window.acknowledge(late + MS, asking), Acknowledged::New);
        }
        assert_eq!((window.time_outs, window.alarms, window.alarm()), (100, 0, false));
    }

    #[test]
    fn unacknowledged_numbers_may_go_round() {
        let mut window = window(WindowPolicy::Ignore, 0, 8);
        window.sent(ms(0));
        // As after two thousand million packets more.
        window.next = SequenceNumber::new(0x7fff_ff00);
        for _ in 0..0x200 {
            window.sent(ms(1));
        }
        let last = window.next().minus(1);
        assert_eq!(window.acknowledge(ms(2), last), Acknowledged::New);
        assert_eq!(window.outstanding(), 0);
    }

    #[test]
    fn section_4_4_1_measures_the_last_64_packets() {
        for (sent, is_measured) in [(64, true), (65, false)] {
            let mut window = window(WindowPolicy::Ignore, 0, 64);
            for _ in 0..sent {
                window.sent(ms(0));
            }
            assert_eq!(window.acknowledge(ms(10), SequenceNumber::new(0)), Acknowledged::New);
            assert_eq!(window.round_trip().is_sampled(), is_measured, "{sent}");
        }
    }

    #[test]
    fn section_4_2_3_a_timeout_starts_the_count_anew() {
        let mut window = window(WindowPolicy::Honour, 0, 16);
        assert_eq!(fill(&mut window, ms(0)), 8);
        window.acknowledge(ms(1), SequenceNumber::new(6));
        window.handle_timeout(ms(5000));
        assert_eq!(fill(&mut window, ms(5000)), 4);
        window.acknowledge(ms(5001), SequenceNumber::new(8));
        assert_eq!(window.size(), 4, "two packets are no window");
    }

    #[test]
    fn packets_beyond_the_window_are_counted() {
        let mut window = window(WindowPolicy::Ignore, 0, 8);
        for packet in 0..10 {
            window.sent(ms(packet));
            assert_eq!(window.exceeded, u64::from(packet).saturating_sub(3), "half of 8 is the first window");
        }
    }

    /// After a time-out, earlier packets are acknowledged and not awaited again.
    #[test]
    fn section_4_4_2_packets_given_up_are_not_awaited_again() {
        let mut window = window(WindowPolicy::Ignore, 0, 8);
        for _ in 0..4 {
            window.sent(ms(0));
        }
        assert!(window.handle_timeout(ms(500)));
        window.sent(ms(500));
        assert_eq!(window.acknowledge(ms(501), SequenceNumber::new(1)), Acknowledged::New);
        assert_eq!(window.outstanding(), 1);
        // Nor when so many are unacknowledged that the oldest are taken for acknowledged.
        window.next = SequenceNumber::new(SendWindow::OLDEST);
        assert!(window.handle_timeout(ms(5000)));
        for _ in 0..4 {
            window.sent(ms(5000));
        }
        assert_eq!(window.outstanding(), 4);
    }
}
