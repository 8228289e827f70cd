//! Authentication: PAP, CHAP, MS-CHAP and EAP, for both sides of it.
//!
//! [`Authenticator`] asks the peer to prove itself, and its user whether the proof is good; the answer may come later,
//! from a table, a RADIUS server or a person. [`Peer`] asks its user for name and password when they are needed. Neither
//! keeps a password, and both work on any carrier of PPP packets.

mod answer;
mod authenticator;
mod config;
mod exchange;
mod failure;
mod method;
mod peer;

#[cfg(feature = "mschap")]
#[cfg_attr(docsrs, doc(cfg(feature = "mschap")))]
pub use answer::Keys;
pub use answer::{Answer, AnswerError, Outcome, Presented, Secret};
pub use authenticator::{Authenticator, Question};
pub use config::Config;
pub use failure::{Failure, Refused, Status};
pub use method::{Method, Methods};
pub use peer::{Demand, Peer};

/// Says to which question an answer belongs. One that comes late, when the link has begun again and somebody else is
/// asked about, is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(u32);

impl Ticket {
    /// Takes the number of a ticket back, from a place that types of Rust cannot go to: another
    /// process, or a program in C.
    ///
    /// ```
    /// use ppp_fsm::auth::Ticket;
    ///
    /// assert_eq!(Ticket::new(7).get(), 7);
    /// ```
    #[must_use]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The longest packet of authentication that is taken or sent: header (4) and RFC 2433's change of a password (1114).
/// EAP needs 1020 (RFC 3748 section 3.1).
pub const MAX_PACKET_LEN: usize = 1118;

#[cfg(all(test, feature = "mschap"))]
impl Ticket {
    /// Creates the ticket of the first question of a machine.
    pub(crate) const fn first() -> Self {
        Self(1)
    }
}
