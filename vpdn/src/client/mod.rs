//! The program `vpdn-client`.

mod arguments;
mod interface;
mod l2tp;
mod ppp;
mod run;
mod secret;
mod trace;
mod tunnel;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use crate::host::status;

/// Does what the command line says, until a signal or the server ends it.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let config = match arguments.config() {
        Ok(config) => config,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(status::WRONG_CONFIGURATION);
        }
    };
    if arguments.source.check {
        return ExitCode::SUCCESS;
    }
    match run::run(&config, arguments.trace) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.text);
            ExitCode::from(failure.status)
        }
    }
}

fn complain(text: &str) {
    for line in text.lines() {
        let _ = writeln!(io::stderr(), "vpdn-client: {line}");
    }
}

/// Writes a line, or some, to the standard output. If nobody reads it, that is no reason to hang up.
fn say(text: &dyn std::fmt::Display) {
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
