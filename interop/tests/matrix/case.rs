//! A case of the matrix and its outcome.

use std::fmt;
use std::time::{Duration, Instant};

use crate::lab::Measured;

/// One call between an example and the programs of a guest.
pub struct Case {
    /// For the table.
    pub what: &'static str,
    /// Arguments of the example.
    pub ours: &'static str,
    /// Options of pppd.
    pub theirs: &'static str,
    pub expected: Expected,
}

/// The outcome that a case must have.
pub enum Expected {
    /// Packets flow, encoded so.
    Up { encoding: &'static str, end: End, netem: &'static str },
    /// Nobody comes in.
    Refused {
        /// The text that our side prints.
        text: &'static str,
        /// Our client's exit status; that of the pppd that called our server.
        status: i32,
        /// The line in the log of the other side.
        log: &'static str,
    },
}

/// The side that ends the session.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    /// The example gets a signal.
    Ours,
    /// pppd gets one.
    Pppd,
    /// pptpctrl or pptp gets one.
    Pptp,
}

impl Case {
    /// Creates a session on a clean line, which our side ends.
    pub const fn up(what: &'static str, ours: &'static str, theirs: &'static str, encoding: &'static str) -> Self {
        Self { what, ours, theirs, expected: Expected::Up { encoding, end: End::Ours, netem: "" } }
    }

    pub fn ended_by(mut self, by: End) -> Self {
        if let Expected::Up { end, .. } = &mut self.expected {
            *end = by;
        }
        self
    }

    pub fn on(mut self, line: &'static str) -> Self {
        if let Expected::Up { netem, .. } = &mut self.expected {
            *netem = line;
        }
        self
    }

    pub const fn refused(
        what: &'static str,
        ours: &'static str,
        theirs: &'static str,
        (status, text): (i32, &'static str),
        log: &'static str,
    ) -> Self {
        Self { what, ours, theirs, expected: Expected::Refused { text, status, log } }
    }
}

/// A line of the table.
pub struct Row {
    pub order: (u8, Instant),
    pub side: &'static str,
    pub what: String,
    pub came: String,
    pub up: Duration,
    pub measured: Option<Measured>,
    pub down: Option<Duration>,
}

impl Row {
    /// Creates a record before anything has come.
    pub fn new(order: (u8, Instant), side: &'static str, what: &str) -> Self {
        let (what, came) = (what.to_owned(), String::new());
        Self { order, side, what, came, up: Duration::ZERO, measured: None, down: None }
    }

    pub const HEAD: &str = "| ours | case | what came | up, s | ping, ms | to it, MB/s | from it, MB/s | end, s |\n\
                            |---|---|---|--:|--:|--:|--:|--:|";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, what, came, up, .. } = self;
        write!(f, "| {side} | {what} | {came} | {:.1} |", up.as_secs_f64())?;
        match self.measured {
            Some(Measured { ping, sent, received, length }) => {
                let rate = |time: Duration| length as f64 / 1e6 / time.as_secs_f64();
                write!(f, " {:.1} | {:.2} | {:.2} |", ping.as_secs_f64() * 1e3, rate(sent), rate(received))?;
            }
            None => write!(f, " | | |")?,
        }
        match self.down {
            Some(down) => write!(f, " {:.1} |", down.as_secs_f64()),
            None => write!(f, " |"),
        }
    }
}
