//! Two connections where there must be one.

use core::net::IpAddr;
use core::time::Duration;

use super::{CloseReason, Connection, Stage};

/// Returns whose connection stays when both sides have opened one (RFC 2637 section 3.1.3).
///
/// It is that of the side with the greater address, compared as an unsigned number. `None` if the addresses are the
/// same: then the RFC does not decide, and both connections stay.
///
/// ```
/// use pptp_wire::connection::{Winner, winner};
///
/// let (first, second) = ("192.33.45.17".parse()?, "192.33.45.89".parse()?);
/// assert_eq!(winner(first, second), Some(Winner::Theirs));
/// assert_eq!(winner(second, first), Some(Winner::Ours));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn winner(ours: IpAddr, theirs: IpAddr) -> Option<Winner> {
    match ours.cmp(&theirs) {
        core::cmp::Ordering::Greater => Some(Winner::Ours),
        core::cmp::Ordering::Less => Some(Winner::Theirs),
        core::cmp::Ordering::Equal => None,
    }
}

/// RFC 2637 section 3.1.3: whose connection stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two sides")]
pub enum Winner {
    /// The one that we opened.
    Ours,
    /// The one that the peer opened.
    Theirs,
}

impl<const CALLS: usize> Connection<CALLS> {
    /// Handles a collision: the peer has opened a connection to us while ours to it waits for its
    /// reply (RFC 2637 section 3.1.3).
    ///
    /// Call it on *both* connections, with the address of this side and of the peer, before the peer's
    /// Start-Control-Connection-Request is given to the one it opened. (A server that also originates connections to
    /// its peers sets [`manual_start`](super::Config::with_manual_start), looks for a connection in
    /// [`WaitCtlReply`](super::State::WaitCtlReply) to the same peer at
    /// [`StartRequested`](super::Event::StartRequested), and calls this before
    /// [`accept_start`](Self::accept_start).)
    ///
    /// On the side that loses, the connection that it opened is closed, without a message. On the side that wins,
    /// nothing is sent on the connection that the peer opened; it is closed when the peer closes it, or when the start
    /// time-out runs out. In any other state nothing happens: there is no collision then.
    ///
    /// ```
    /// use core::time::Duration;
    /// use pptp_wire::connection::{CloseReason, Config, Connection, Event, Identity};
    ///
    /// let now = Duration::ZERO;
    /// let mut opened: Connection =
    ///     Connection::originator(Config::new(Identity::WINDOWS), [1; 32]);
    /// opened.open(now)?;
    /// // The peer, whose address is greater, has opened a connection at the same time.
    /// opened.handle_collision(now, "10.0.0.1".parse()?, "10.0.0.2".parse()?);
    /// assert_eq!(opened.poll_event(), Some(Event::Closed { reason: CloseReason::CollisionLost }));
    /// assert_eq!(opened.poll_transmit(now, &mut [0; 256])?, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn handle_collision(&mut self, now: Duration, ours: IpAddr, theirs: IpAddr) {
        self.enter(now, |connection| match (connection.stage, winner(ours, theirs)) {
            // The loser closes its connection "without sending any further PPTP control messages on
            // it" (RFC 2637 section 3.1.3), so what waits to be sent goes too.
            (Stage::WaitReply { .. }, Some(Winner::Theirs)) => {
                connection.output.drop_messages();
                connection.end(CloseReason::CollisionLost);
            }
            // "The winner MUST NOT send any messages on the connection the loser initiated" (RFC
            // 2637 section 3.1.3).
            (Stage::WaitRequest { until } | Stage::StartRequested { until }, Some(Winner::Ours)) => {
                connection.stage = Stage::Silenced { until };
                // Kept bytes are not read any more, and TCP may have ended behind them.
                if connection.intake.has_ended() {
                    connection.end_of_stream();
                }
            }
            _ => {}
        });
    }
}
