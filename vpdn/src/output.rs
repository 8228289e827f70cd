//! Lines for people: on the standard output, and on the standard error.

use std::fmt::Display;
use std::io::{self, Write};

/// Writes a line, or some, to the standard output. If nobody reads it, that is no reason to stop.
pub(crate) fn say(text: &dyn Display) {
    // Whole, since each line, and each part of one, would be a system call.
    let text = format!("{text}\n");
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line, or some, to the standard error, each with the name of the program in front.
pub(crate) fn complain(program: &str, text: &str) {
    let lines: String = text.lines().flat_map(|line| [program, ": ", line, "\n"]).collect();
    let _ = io::stderr().write_all(lines.as_bytes());
}
