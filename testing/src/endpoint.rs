//! An end that a simulation drives.

use std::time::Duration;

use crate::{Datagram, Random};

/// The output of an endpoint.
#[derive(Debug, Default)]
pub struct Output {
    /// How many messages of the stream may be polled.
    pub room: usize,
    /// Messages for the stream, in order.
    pub stream: Vec<Vec<u8>>,
    /// Datagrams for the path, in order.
    pub datagrams: Vec<Vec<u8>>,
}

/// A machine together with its user, who takes events and answers questions.
pub trait Endpoint {
    /// Takes a datagram from the path.
    fn handle_datagram(&mut self, now: Duration, datagram: Datagram);

    /// Takes bytes from the front of the stream. Returns how many.
    fn handle_stream(&mut self, _now: Duration, bytes: &[u8]) -> usize {
        panic!("no stream is expected: {bytes:?}")
    }

    /// Learns that the stream has ended.
    fn handle_stream_end(&mut self, _now: Duration) {}

    /// Polls everything, and lets the user handle the events. Returns whether there was anything.
    fn poll(&mut self, now: Duration, output: &mut Output) -> bool;

    /// Learns that the stream has room again.
    fn handle_room(&mut self) {}

    /// Returns when `handle_timeout` is due: for the machine, or for its user.
    fn poll_timeout(&self) -> Option<Duration>;

    /// Lets the machine, and its user, do what is due.
    fn handle_timeout(&mut self, now: Duration);

    /// Makes calls that must do no harm, with a time that lies back.
    fn disturb(&mut self, early: Duration, _random: &mut Random) {
        self.handle_timeout(early);
    }

    /// Returns whether the user has closed its side of the stream.
    fn has_closed(&self) -> bool {
        false
    }
}
