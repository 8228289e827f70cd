//! Counters of one session.

use ppp_fsm::link::EchoStatistics;

/// The counters of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Of the encryption, since CCP opened last; `None` without one.
    pub mppe: Option<mppe::Statistics>,
    /// Of LCP's Echo-Requests: round trips, losses.
    pub echo: EchoStatistics,
    /// IP packets that came in the clear where they have to be encrypted. They were dropped.
    pub cleartext_dropped: u64,
    /// Frames that PPP or the encryption did not take, those in the clear included.
    pub refused: u64,
}
