//! The cases.

use std::time::Duration;

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

    /// Returns how often a call may be tried: on a clean path once.
    pub const fn tries(&self) -> usize {
        match self.expected {
            Expected::Up { netem, .. } if !netem.is_empty() => 4,
            Expected::Up { .. } | Expected::Refused { .. } => 1,
        }
    }

    /// Returns whether a call to our server may be over before it is up, for this reason. Where packets are lost, any
    /// may be it. Where they are reordered, it is that of a negotiation out of order.
    pub fn may_end_early(&self, reason: &str) -> bool {
        match self.expected {
            Expected::Up { netem, .. } => netem.contains("loss") || reason.contains("MPPE disabled"),
            Expected::Refused { .. } => false,
        }
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
