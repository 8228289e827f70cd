//! A case of the matrix.

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
