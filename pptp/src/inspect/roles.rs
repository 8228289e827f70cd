//! Which end is the client: what has shown it.

use core::fmt;

/// The evidence for which end of a session is the client, the weakest first.
///
/// A session whose start was not captured begins with a guess. Better evidence corrects it, also in what was
/// counted before.
///
/// ```
/// use pptp::inspect::Roles;
///
/// assert!(Roles::Guessed < Roles::Authentication && Roles::Authentication < Roles::Port);
/// assert_eq!(Roles::Port.to_string(), "one end is at TCP port 1723");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Roles {
    /// Nothing: the end that was heard first is taken for the server.
    #[default]
    Guessed,
    /// LCP: one end asks the other to authenticate itself, and is taken for the server.
    AuthenticationAsked,
    /// CHAP, PAP or EAP: the end that authenticates the other is the server.
    Authentication,
    /// The end that asks for the call is the client.
    CallRequest,
    /// RFC 2637 section 2.1: the end that sends Start-Control-Connection-Request is the client.
    StartRequest,
    /// RFC 2637 section 3.1.1: the end at TCP port 1723 is the server.
    Port,
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guessed => "a guess: nothing that was captured shows it",
            Self::AuthenticationAsked => "one end asks the other to authenticate itself",
            Self::Authentication => "one end authenticates the other",
            Self::CallRequest => "one end asks for the call",
            Self::StartRequest => "one end asks for the control connection",
            Self::Port => "one end is at TCP port 1723",
        })
    }
}
