//! The texts that operators know: `show l2tun session all`, `show l2tun tunnel all`, `show vpdn`.
//!
//! Each is a value with public fields, printed in the layout of Cisco's IOS.

mod session;
mod tunnel;
#[cfg(feature = "alloc")]
mod vpdn;

pub use session::{SessionReport, Signalling};
pub use tunnel::TunnelReport;
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
pub use vpdn::VpdnReport;

use core::fmt;
use core::time::Duration;

/// Hours, minutes and seconds, with two digits each.
struct Clock(Duration);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let part =
            |unit: u64, of: u64| seconds.checked_div(unit).and_then(|count| count.checked_rem(of)).unwrap_or_default();
        write!(f, "{:02}:{:02}:{:02}", part(3600, u64::MAX), part(60, 60), part(1, 60))
    }
}
