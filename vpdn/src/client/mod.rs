//! The program `vpdn-client`.

mod arguments;
mod context;
mod interface;
mod l2tp;
mod line;
mod output;
mod ppp;
mod run;
mod secret;
mod trace;
mod tunnel;

use std::process::ExitCode;

use clap::Parser;

use crate::host::status;
use output::complain;

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
