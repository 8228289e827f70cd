//! The TCP port of PPTP: it is one for all shards, and so are the limits of connections.

use std::io::ErrorKind;
use std::net::{SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use pptp::server::AcceptError;

use super::come::LISTENER;
use super::output::complain;
use super::seats::{Seat, Seats};
use crate::config::Limits;
use crate::host::{BURST, Failure, Interest, Poller};

/// How many connections may wait to be accepted. The system has a limit of its own, 4096 usually.
const BACKLOG: i32 = 1024;
/// How long the server listens to nobody new when descriptors have run out.
const PAUSE: Duration = Duration::from_millis(500);
/// How long nothing more is said of that.
const QUIET: Duration = Duration::from_secs(10);

/// Whether new connections are taken.
enum Accepting {
    Open,
    /// Descriptors have run out: later again.
    Paused {
        until: Duration,
    },
    /// The server ends.
    Closing,
}

/// The socket that clients connect to.
pub(super) struct Listener {
    socket: TcpListener,
    accepting: Accepting,
    seats: Arc<Seats>,
    /// How often descriptors ran out.
    pauses: u64,
    /// Until when nothing more is said of that.
    quiet_until: Duration,
}

/// A connection that was accepted, and its place among all.
pub(super) struct Arrival {
    pub(super) tcp: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) seat: Seat,
}

impl Listener {
    /// Listens at an address.
    ///
    /// # Errors
    ///
    /// It is taken, or a permission is missing.
    pub(super) fn open(address: SocketAddrV4, limits: Limits) -> Result<Self, Failure> {
        let failed = |error| Failure::of_system(&format!("listening at {address}"), &error);
        let socket = TcpListener::bind(address).map_err(failed)?;
        // Again, for more than the standard library allows to wait: with 128, the clients of one burst are late by a second.
        rustix::net::listen(&socket, BACKLOG).map_err(|error| failed(error.into()))?;
        socket.set_nonblocking(true).map_err(failed)?;
        let seats = Seats::new(limits.connections, limits.connections_per_address);
        Ok(Self { socket, accepting: Accepting::Open, seats, pauses: 0, quiet_until: Duration::ZERO })
    }

    pub(super) fn wait_by(&self, poller: &Poller) -> std::io::Result<()> {
        poller.add(&self.socket, LISTENER, Interest::Read)
    }

    /// Returns how often descriptors ran out.
    pub(super) const fn pauses(&self) -> u64 {
        self.pauses
    }

    pub(super) const fn poll_timeout(&self) -> Option<Duration> {
        match self.accepting {
            Accepting::Paused { until } => Some(until),
            Accepting::Open | Accepting::Closing => None,
        }
    }

    /// Listens again after a pause.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn handle_timeout(&mut self, now: Duration, poller: &Poller) -> Result<(), Failure> {
        match self.accepting {
            Accepting::Paused { until } if until <= now => {
                self.accepting = Accepting::Open;
                self.listen(poller, Interest::Read)
            }
            _ => Ok(()),
        }
    }

    /// Takes the connections that have come, [`BURST`] at most.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn accept(&mut self, now: Duration, poller: &Poller) -> Result<Vec<Arrival>, Failure> {
        let mut arrivals = Vec::new();
        for _ in 0..BURST {
            let (tcp, peer) = match self.socket.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // A client that has gone in the meantime.
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => continue,
                // The connection stays in the queue, so that asking again at once would not help.
                Err(error) => {
                    self.pause(now, &error, poller)?;
                    break;
                }
            };
            // No new sessions while the old ones end.
            if let Accepting::Closing = self.accepting {
                continue;
            }
            match self.seats.take(peer.ip()) {
                Ok(seat) => arrivals.push(Arrival { tcp, peer, seat }),
                Err(full) => complain(&format!("{peer}: {}", AcceptError::from(full))),
            }
        }
        Ok(arrivals)
    }

    /// Descriptors have run out: nobody new for a moment, and not a line for each time.
    fn pause(&mut self, now: Duration, error: &std::io::Error, poller: &Poller) -> Result<(), Failure> {
        self.pauses += 1;
        if now >= self.quiet_until {
            complain(&format!("no new connections for a moment: {error}"));
            self.quiet_until = now.saturating_add(QUIET);
        }
        if let Accepting::Open = self.accepting {
            self.accepting = Accepting::Paused { until: now.saturating_add(PAUSE) };
            self.listen(poller, Interest::Nothing)?;
        }
        Ok(())
    }

    fn listen(&self, poller: &Poller, interest: Interest) -> Result<(), Failure> {
        let changed = poller.modify(&self.socket, LISTENER, interest);
        changed.map_err(|error| Failure::of_system("epoll", &error))
    }

    /// Takes no more connections: those that come are closed.
    pub(super) fn close(&mut self) {
        self.accepting = Accepting::Closing;
    }
}
