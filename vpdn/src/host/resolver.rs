//! Name servers of the system, by the program `resolvconf`.

use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

/// The name servers of an interface, until this is dropped.
#[derive(Debug)]
pub struct Resolver {
    program: String,
    /// How `resolvconf` knows them.
    record: String,
}

impl Resolver {
    /// Makes name servers those of the system.
    ///
    /// # Errors
    ///
    /// There is no `resolvconf`, or it fails: what it says, in a sentence.
    pub fn set(program: &str, interface: &str, servers: &[Ipv4Addr]) -> Result<Self, String> {
        let resolver = Self { program: program.to_owned(), record: format!("{interface}.vpdn") };
        let mut lines = String::new();
        for server in servers {
            lines.push_str("nameserver ");
            lines.push_str(&server.to_string());
            lines.push('\n');
        }
        resolver.call("-a", &lines)?;
        Ok(resolver)
    }

    /// Returns the record of `resolvconf` that has to be removed.
    #[must_use]
    pub fn record(&self) -> &str {
        &self.record
    }

    /// Removes what an earlier run has left.
    ///
    /// # Errors
    ///
    /// As of [`Resolver::set`].
    pub fn remove(program: &str, record: &str) -> Result<(), String> {
        Self { program: program.to_owned(), record: record.to_owned() }.call("-d", "")
        // Dropping it does the same once more, which changes nothing.
    }

    fn call(&self, option: &str, input: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.program);
        let mut command = Command::new(&self.program);
        let mut child = command.args([option, &self.record]).stdin(Stdio::piped()).spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        if status.success() { Ok(()) } else { Err(format!("{} {option} {}: {status}", self.program, self.record)) }
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        // Nobody is left to hear of it.
        let _ = self.call("-d", "");
    }
}
