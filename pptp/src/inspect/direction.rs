//! Sessions by number, and the two directions of one.

/// The number of a session, from 1, in the order in which they were first seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct SessionId(pub u64);

/// Where a packet of a session goes.
///
/// [`Session::roles`](super::Session::roles) says what has shown which end is the client. The
/// evidence may come late. Then an [`Event::Roles`](super::Event::Roles) says so, and records from
/// then on, counters and the end have the right directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two directions")]
pub enum Direction {
    /// From the client.
    ToServer,
    /// From the server.
    ToClient,
}

impl Direction {
    /// Creates the other one.
    pub(super) const fn reversed(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}
