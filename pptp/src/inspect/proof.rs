//! Checks that show that a secret is the right one.

/// The data that a secret is checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are three proofs")]
pub enum Proof {
    /// The client's, in its Response.
    Client,
    /// The server's, in its Success of MS-CHAP version 2: `S=`.
    Server,
    /// The password in the clear, in the client's Authenticate-Request of PAP.
    Password,
}

impl Proof {
    /// Returns the packet that it is in.
    #[must_use]
    pub const fn of(self) -> &'static str {
        match self {
            Self::Client => "the client's Response",
            Self::Server => "the server's Success",
            Self::Password => "the client's Authenticate-Request",
        }
    }
}
