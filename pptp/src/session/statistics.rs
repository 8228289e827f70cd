//! Counters of one call.

/// The counters of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Of the GRE tunnel: packets, bytes, numbers, window, alarm.
    pub tunnel: pptp_gre::Statistics,
    /// Of PPP: encryption, echoes, refused frames.
    pub ppp: ppp_session::Statistics,
}
