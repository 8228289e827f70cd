//! The peer's reading of the answer to its response.

use crate::{DecodeError, Failure};

/// An authenticator's no, and what the peer may do now.
///
/// `N` is the length of a challenge: 8 bytes in version 1, 16 in version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "there is what was said and what follows")]
pub struct Refusal<'a, const N: usize> {
    /// The authenticator's message.
    pub failure: Failure<'a>,
    /// The step that the peer may take.
    pub next: Next<N>,
}

/// The step that a peer may take after a Failure. The CHAP identifier of what it sends then is that
/// of the Failure plus 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Next<const N: usize> {
    /// Ask for another password and answer this challenge: `R=1`.
    ///
    /// Some authenticators say so and hang up nevertheless.
    Retry {
        /// The challenge to answer.
        challenge: [u8; N],
    },
    /// The password was right but has expired: change it.
    ChangePassword {
        /// The challenge that the change of password answers.
        challenge: [u8; N],
        /// The version of the change that the authenticator takes: 1, 2, or 3 (which is version 2's only one).
        version: u32,
    },
    /// Nothing: the session ends.
    Stop,
}

/// Why a peer does not take a Success of version 2: it must end the session, since the authenticator may be anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// There is no `S=`.
    #[error("the authenticator has not proved that it knows the password")]
    Missing,
    /// `S=` is there but is not what it must be.
    #[error(transparent)]
    Malformed(#[from] DecodeError),
    /// It is the proof of somebody who has another password, another user name or other challenges.
    #[error(
        "the authenticator's proof is wrong: it does not know the password, or has hashed another form of the name"
    )]
    Wrong,
}
