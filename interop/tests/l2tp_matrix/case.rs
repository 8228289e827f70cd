//! The cases, and a line of the table for each.

use std::fmt;
use std::time::Duration;

use crate::lab::Measured;

/// One call between a program of ours and xl2tpd.
pub struct Case {
    /// For the table.
    pub what: &'static str,
    /// Arguments of our program.
    pub ours: &'static str,
    /// The tunnel secret of the guest; `-` is none.
    pub secret: &'static str,
    /// Options of pppd, with a comma between each two.
    pub theirs: &'static str,
    pub expected: Expected,
}

/// The expected outcome.
#[derive(Clone, Copy)]
pub enum Expected {
    /// Packets flow, encoded so.
    Up { encoding: &'static str, end: End, netem: &'static str },
    /// Nobody comes in: our side says this, and a client ends with this status, within a second where it is the tunnel
    /// that is refused.
    Refused { status: i32, text: &'static str, within: Duration },
}

/// The program that ends the session.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    /// Our program gets a signal.
    Ours,
    /// pppd gets one.
    Pppd,
    /// xl2tpd gets one.
    Daemon,
    /// xl2tpd hangs up on a command.
    HangUp,
}

impl Case {
    /// Returns a session on a clean line, which our side ends.
    pub const fn up(what: &'static str, ours: &'static str, theirs: &'static str, encoding: &'static str) -> Self {
        let expected = Expected::Up { encoding, end: End::Ours, netem: "" };
        Self { what, ours, secret: "-", theirs, expected }
    }

    /// Returns a session that does not come up.
    pub const fn refused(
        what: &'static str,
        ours: &'static str,
        secret: &'static str,
        theirs: &'static str,
        (status, text, within): (i32, &'static str, Duration),
    ) -> Self {
        Self { what, ours, secret, theirs, expected: Expected::Refused { status, text, within } }
    }

    pub const fn with_secret(mut self, secret: &'static str) -> Self {
        self.secret = secret;
        self
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
}

/// A line of the table.
pub struct Row {
    pub side: &'static str,
    pub what: String,
    pub came: String,
    pub up: Duration,
    pub measured: Option<Measured>,
    pub down: Option<Duration>,
}

impl Row {
    pub const HEAD: &str = "| ours | case | what came | up, s | ping, ms | to it, MB/s | from it, MB/s | end, s |\n\
                            |---|---|---|--:|--:|--:|--:|--:|";

    /// Returns a row of which nothing has come yet.
    pub fn new(side: &'static str, what: &str) -> Self {
        Self { side, what: what.to_owned(), came: String::new(), up: Duration::ZERO, measured: None, down: None }
    }
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
