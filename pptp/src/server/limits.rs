//! The bounds of a server of many connections.

/// Limits that peers cannot exceed.
///
/// ```
/// use pptp::server::Limits;
///
/// let small = Limits::default().with_connections(100).with_connections_per_address(2);
/// # let _ = small;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    pub(super) connections: usize,
    pub(super) connections_per_address: usize,
    pub(super) calls: usize,
}

impl Default for Limits {
    /// Returns limits of 10 000 connections, 64 of them from one address, and 20 000 calls.
    fn default() -> Self {
        Self { connections: 10_000, connections_per_address: 64, calls: 20_000 }
    }
}

impl Limits {
    /// Sets how many control connections there may be. Default: 10 000.
    #[must_use]
    pub const fn with_connections(mut self, count: usize) -> Self {
        self.connections = count;
        self
    }

    /// Sets how many control connections one address may have; behind a NAT there are many clients.
    /// Default: 64.
    #[must_use]
    pub const fn with_connections_per_address(mut self, count: usize) -> Self {
        self.connections_per_address = count;
        self
    }

    /// Sets how many calls there may be in all. Default: 20 000. Each needs about 8.5 KiB, and what
    /// a [`Session`](crate::session::Session) says that it may need besides.
    #[must_use]
    pub const fn with_calls(mut self, count: usize) -> Self {
        self.calls = count;
        self
    }
}
