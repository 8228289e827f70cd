//! The program `vpdn-server`.

mod addresses;
mod admission;
mod arguments;
mod budget;
mod calls;
mod come;
mod command;
mod controls;
mod crew;
mod debug;
mod fair;
mod front;
mod gateway;
mod inquiry;
mod key;
mod l2tp;
mod ledger;
mod line;
mod listener;
mod output;
mod pptp;
mod radius;
mod routes;
mod seats;
mod settings;
mod shard;
mod show;
mod state;
mod users;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use crate::control::{self, Request};
use crate::host::status;
use arguments::{Arguments, Command, Words};
use output::complain;

/// Does what the command line says, until a signal ends it.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let (verb, words) = match &arguments.command {
        None => return run(&arguments),
        Some(Command::Show(words)) => ("show", words),
        Some(Command::Clear(words)) => ("clear", words),
        Some(Command::Debug(words)) => ("debug", words),
    };
    ask(verb, words)
}

fn run(arguments: &Arguments) -> ExitCode {
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
    match gateway::run(&config, arguments.only(), &|| arguments.config()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(&failure.text);
            ExitCode::from(failure.status)
        }
    }
}

fn ask(verb: &str, Words { what, json, control_socket }: &Words) -> ExitCode {
    let all = [verb].into_iter().chain(what.iter().map(String::as_str)).map(str::to_owned).collect();
    match control::ask(control_socket, &Request::new(all, *json), &mut anstream::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{}: {error}", control_socket.display()));
            ExitCode::FAILURE
        }
    }
}
