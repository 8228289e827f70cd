//! The bounds of a server of many tunnels.

/// Limits that peers cannot exceed.
///
/// ```
/// use l2tp_session::server::Limits;
///
/// let small = Limits::default().with_tunnels(100).with_tunnels_per_address(2);
/// # let _ = small;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub(super) tunnels: usize,
    pub(super) tunnels_per_address: usize,
    pub(super) half_open: usize,
    pub(super) half_open_per_address: usize,
    pub(super) calls: usize,
}

impl Default for Limits {
    /// Returns limits of 10 000 tunnels, 64 of them of one address; 1024 half-open ones, 8 of them
    /// of one address; and 20 000 calls.
    fn default() -> Self {
        Self { tunnels: 10_000, tunnels_per_address: 64, half_open: 1024, half_open_per_address: 8, calls: 20_000 }
    }
}

impl Limits {
    /// The most tunnels that a server can have: half of the ids of version 2, so that a free one is
    /// found soon.
    pub const MAX_TUNNELS: usize = 32_768;

    /// Sets how many tunnels there may be, half-open ones included. Default: 10 000; more than
    /// [`MAX_TUNNELS`](Self::MAX_TUNNELS) is taken as that.
    #[must_use]
    pub const fn with_tunnels(mut self, count: usize) -> Self {
        self.tunnels = if count > Self::MAX_TUNNELS { Self::MAX_TUNNELS } else { count };
        self
    }

    /// Sets how many tunnels one address may have; behind a NAT there are many clients. Default: 64.
    #[must_use]
    pub const fn with_tunnels_per_address(mut self, count: usize) -> Self {
        self.tunnels_per_address = count;
        self
    }

    /// Sets how many tunnels may be half-open, all together and of one address: their peer has not
    /// shown that it receives. For one more, the oldest is forgotten, so that a flood of requests
    /// under false addresses keeps nobody out for long. Default: 1024 and 8. Each needs about 12
    /// KiB.
    #[must_use]
    pub const fn with_half_open(mut self, all: usize, of_address: usize) -> Self {
        self.half_open = all;
        self.half_open_per_address = of_address;
        self
    }

    /// Sets how many calls there may be in all. Default: 20 000.
    #[must_use]
    pub const fn with_calls(mut self, count: usize) -> Self {
        self.calls = count;
        self
    }
}
