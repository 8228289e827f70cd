//! How long to wait for an acknowledgment.

use core::time::Duration;

/// RFC 2637 section 4.4: how long an acknowledgment is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AcknowledgmentTimeout {
    /// Section 4.4.1: four deviations more than the measured round trip, within bounds.
    #[non_exhaustive]
    Adaptive {
        /// MinTimeOut.
        minimum: Duration,
        /// MaxTimeOut. A smaller one than `minimum` is taken for `minimum`.
        maximum: Duration,
    },
    /// Always the same, as Cisco's `pptp flow-control static-rtt`.
    Static(Duration),
}

impl AcknowledgmentTimeout {
    /// The default MinTimeOut, 600 ms: peers delay a lone acknowledgment by up to half a second.
    pub const DEFAULT_MINIMUM: Duration = Duration::from_millis(600);
    /// The default MaxTimeOut, 3 s.
    pub const DEFAULT_MAXIMUM: Duration = Duration::from_secs(3);
    /// The default of Cisco's static time-out, 1500 ms.
    pub const CISCO: Self = Self::Static(Duration::from_millis(1500));

    /// Creates an adaptive time-out between two bounds.
    #[must_use]
    pub const fn adaptive(minimum: Duration, maximum: Duration) -> Self {
        Self::Adaptive { minimum, maximum }
    }
}

impl Default for AcknowledgmentTimeout {
    fn default() -> Self {
        Self::adaptive(Self::DEFAULT_MINIMUM, Self::DEFAULT_MAXIMUM)
    }
}

/// RFC 2637 section 4.4.1: the round trip as measured, and the time-out that follows from it.
///
/// Alpha is 1/8, beta 1/4, chi 4, delta 2. The estimate is seeded with the peer's Packet Processing Delay.
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::{AcknowledgmentTimeout, RoundTrip};
///
/// let bounds =
///     AcknowledgmentTimeout::adaptive(Duration::from_millis(50), Duration::from_secs(3));
/// let mut round_trip = RoundTrip::new(bounds, 4); // 0.4 s
/// round_trip.sample(Duration::from_millis(80));
/// assert_eq!(round_trip.estimate(), Duration::from_millis(360)); // 400 - 320 / 8
/// assert_eq!(round_trip.deviation(), Duration::from_millis(80)); // 320 / 4
/// assert_eq!(round_trip.timeout(), Duration::from_millis(680)); // 360 + 4 * 80
/// round_trip.back_off();
/// assert_eq!(round_trip.timeout(), Duration::from_millis(1040)); // 720 + 4 * 80
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundTrip {
    bounds: AcknowledgmentTimeout,
    /// RTT in microseconds, eight times, so that alpha needs no division.
    estimate_by_8: u64,
    /// DEV in microseconds, four times: beta, and chi times it, need none either.
    deviation_by_4: u64,
    sampled: bool,
    timeout: Duration,
}

impl RoundTrip {
    /// The least first estimate: most peers state a processing delay of 0, and twice nothing is no back-off.
    pub const MINIMUM_SEED: Duration = Duration::from_millis(100);
    /// An hour, in microseconds: longer samples are cut.
    const LONGEST: u64 = 3_600_000_000;

    /// Creates the estimate before anything was measured. The first estimate is the peer's Packet
    /// Processing Delay, in tenths of a second, but at least [`MINIMUM_SEED`](Self::MINIMUM_SEED).
    #[must_use]
    #[doc(alias = "PPD")]
    pub fn new(bounds: AcknowledgmentTimeout, packet_processing_delay: u16) -> Self {
        let seed = Duration::from_millis(u64::from(packet_processing_delay).saturating_mul(100));
        // Most peers state a delay of 0 (pptp-linux, pptpd, accel-ppp), and twice nothing is no
        // back-off.
        let seed = micros(seed.max(Self::MINIMUM_SEED));
        let mut round_trip =
            Self { bounds, estimate_by_8: seed << 3, deviation_by_4: 0, sampled: false, timeout: Duration::ZERO };
        round_trip.update();
        round_trip
    }

    /// Takes the time from a packet to its acknowledgment into the estimate (RFC 2637 section
    /// 4.4.1).
    pub fn sample(&mut self, sample: Duration) {
        let sample = micros(sample);
        let estimate = self.estimate_by_8 >> 3;
        // The estimate before this sample is used, as in the RFC's DIFF[n].
        let difference = sample.abs_diff(estimate);
        let deviation = self.deviation_by_4 >> 2;
        self.deviation_by_4 = self.deviation_by_4.saturating_sub(deviation).saturating_add(difference);
        self.estimate_by_8 = self.estimate_by_8.saturating_sub(estimate).saturating_add(sample);
        self.sampled = true;
        self.update();
    }

    /// Backs the time-out off after it occurred (RFC 2637 section 4.4.2). The estimate doubles, up
    /// to MaxTimeOut.
    #[doc(alias = "delta")]
    pub fn back_off(&mut self) {
        if let AcknowledgmentTimeout::Adaptive { minimum, maximum } = self.bounds {
            // Section 4.4.2 doubles the estimate; the bound keeps it from growing over a long
            // silence.
            let most = micros(maximum.max(minimum)) << 3;
            let doubled = self.estimate_by_8 << 1;
            self.estimate_by_8 = doubled.min(most.max(self.estimate_by_8));
            self.update();
        }
    }

    /// Returns RTT, the estimated round trip.
    #[must_use]
    #[doc(alias = "RTT")]
    pub const fn estimate(&self) -> Duration {
        Duration::from_micros(self.estimate_by_8 >> 3)
    }

    /// Returns DEV, the estimated mean deviation.
    #[must_use]
    #[doc(alias = "DEV")]
    pub const fn deviation(&self) -> Duration {
        Duration::from_micros(self.deviation_by_4 >> 2)
    }

    /// Returns whether anything was measured, or the estimate is the seed still.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// Returns ATO, how long an acknowledgment is waited for.
    #[must_use]
    #[doc(alias = "ATO")]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    fn update(&mut self) {
        self.timeout = match self.bounds {
            AcknowledgmentTimeout::Static(timeout) => timeout,
            AcknowledgmentTimeout::Adaptive { minimum, maximum } => {
                let adaptive = Duration::from_micros((self.estimate_by_8 >> 3).saturating_add(self.deviation_by_4));
                // The RFC takes the minimum with MaxTimeOut first: MinTimeOut wins when both are
                // set against each other.
                adaptive.min(maximum).max(minimum)
            }
        };
    }
}

/// Converts to microseconds, at most an hour.
fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(RoundTrip::LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn ms(count: u32) -> Duration {
        MS.saturating_mul(count)
    }

    #[test]
    fn section_4_4_1_follows_the_recurrence() {
        let mut round_trip = RoundTrip::new(AcknowledgmentTimeout::adaptive(MS, ms(3_600_000)), 10);
        let (mut rtt, mut dev) = (1_000_000_f64, 0_f64);
        for sample in [900, 1100, 50, 3000, 70, 70, 70, 10_000, 1] {
            round_trip.sample(ms(sample));
            let difference = f64::from(sample) * 1000.0 - rtt;
            dev += (difference.abs() - dev) / 4.0;
            rtt += difference / 8.0;
            assert!((round_trip.estimate().as_secs_f64() * 1e6 - rtt).abs() < 20.0, "RTT after {sample} ms");
            assert!((round_trip.deviation().as_secs_f64() * 1e6 - dev).abs() < 20.0, "DEV after {sample} ms");
            let ato = rtt + 4.0 * dev;
            assert!((round_trip.timeout().as_secs_f64() * 1e6 - ato).abs() < 60.0, "ATO after {sample} ms");
        }
    }

    #[test]
    fn section_4_4_1_settles_on_a_steady_round_trip() {
        let mut round_trip = RoundTrip::new(AcknowledgmentTimeout::adaptive(ms(12), ms(3000)), 640);
        for _ in 0..200 {
            round_trip.sample(ms(30));
        }
        assert!(round_trip.estimate().abs_diff(ms(30)) < MS, "{round_trip:?}");
        assert!(round_trip.timeout() < ms(32), "{round_trip:?}");
    }

    #[test]
    fn section_4_4_bounds_hold_at_the_extremes() {
        for (minimum, maximum) in [(0, 0), (12, 3000), (3000, 12)] {
            let mut round_trip = RoundTrip::new(AcknowledgmentTimeout::adaptive(ms(minimum), ms(maximum)), u16::MAX);
            for step in 0..1000 {
                if step % 3 == 0 {
                    round_trip.sample(Duration::MAX);
                }
                round_trip.back_off();
                let timeout = round_trip.timeout();
                assert!(timeout >= ms(minimum) && timeout <= ms(maximum.max(minimum)), "{timeout:?}");
            }
            round_trip.sample(Duration::ZERO);
        }
    }

    #[test]
    fn section_4_4_2_doubles_the_round_trip_alone() {
        let mut round_trip = RoundTrip::new(AcknowledgmentTimeout::adaptive(MS, ms(3000)), 0);
        round_trip.sample(ms(180));
        assert_eq!((round_trip.estimate(), round_trip.deviation()), (ms(110), ms(20)));
        round_trip.back_off();
        assert_eq!((round_trip.estimate(), round_trip.deviation()), (ms(220), ms(20)));
        assert_eq!(round_trip.timeout(), ms(300));
        for _ in 0..10 {
            round_trip.back_off();
        }
        assert_eq!((round_trip.estimate(), round_trip.deviation(), round_trip.timeout()), (ms(3000), ms(20), ms(3000)));
    }

    #[test]
    fn a_static_timeout_stays() {
        let mut round_trip = RoundTrip::new(AcknowledgmentTimeout::CISCO, 64);
        round_trip.sample(ms(1));
        round_trip.back_off();
        assert_eq!(round_trip.timeout(), ms(1500));
        assert!(round_trip.is_sampled());
    }
}
