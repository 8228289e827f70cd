//! A line of the table.

use std::fmt;
use std::time::{Duration, Instant};

use super::Measured;

/// A line of the table.
#[derive(Debug)]
pub struct Row {
    /// Its place in the table.
    pub order: (u8, Instant),
    /// Which side is ours.
    pub side: &'static str,
    /// The case.
    pub what: String,
    /// The outcome.
    pub came: String,
    /// How long it took until it was up, or refused.
    pub up: Duration,
    /// The figures of the traffic.
    pub measured: Option<Measured>,
    /// How long its end took.
    pub down: Option<Duration>,
}

impl Row {
    /// Makes a row of which nothing has come yet.
    #[must_use]
    pub fn new(order: (u8, Instant), side: &'static str, what: &str) -> Self {
        let (what, came) = (what.to_owned(), String::new());
        Self { order, side, what, came, up: Duration::ZERO, measured: None, down: None }
    }

    /// Notes that call `number` is made, since the one before is over for this reason.
    pub fn again(&mut self, number: usize, reason: &str) {
        crate::say!("{}, {}: call {number}, since: {reason}", self.side, self.what);
        self.came = format!("call {number}: ");
    }

    /// The head of the table.
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
