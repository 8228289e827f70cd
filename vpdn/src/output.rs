//! Lines for people: on the standard output, and on the standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line, or some, to the standard output. If nobody reads it, that is no reason to stop.
pub(crate) fn say(text: &dyn Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes a line, or some, to the standard error, each with the name of the program in front.
pub(crate) fn complain(program: &str, text: &str) {
    for line in text.lines() {
        let _ = writeln!(io::stderr(), "{program}: {line}");
    }
}
