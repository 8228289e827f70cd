//! What became of each session.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use mppe::FlushedRule;
use pptp::inspect::{Counters, Direction, Inspector, Session};

/// What a side that follows a rule does.
pub fn rule(rule: FlushedRule) -> &'static str {
    match rule {
        FlushedRule::Rfc3078 => "keeps its key at a FLUSHED packet, as RFC 3078 says",
        FlushedRule::Linux => "changes its key at a FLUSHED packet, as Linux does",
    }
}

/// Writes a paragraph for each session.
pub fn write(out: &mut impl Write, inspector: &Inspector) -> io::Result<()> {
    for session in inspector.sessions() {
        write_session(out, session)?;
    }
    match inspector.forgotten_sessions() {
        0 => Ok(()),
        count => writeln!(out, "\n{count} more sessions were seen and forgotten"),
    }
}

fn write_session(out: &mut impl Write, session: &Session) -> io::Result<()> {
    let address = |address: Option<IpAddr>| address.map_or("?".into(), |address| address.to_string());
    let (client, server) = (address(session.client()), address(session.server()));
    write!(out, "\nsession {}: client {client}", session.id().0)?;
    let (client_id, server_id) = session.call_ids();
    if let Some(id) = client_id {
        write!(out, " call {id}")?;
    }
    write!(out, ", server {server}")?;
    if let Some(id) = server_id {
        write!(out, " call {id}")?;
    }
    writeln!(out)?;
    match session.authentication() {
        Some(authentication) => writeln!(out, "  authentication: {authentication}")?,
        None => writeln!(out, "  authentication: none was seen")?,
    }
    for (name, direction) in [("client", Direction::ToServer), ("server", Direction::ToClient)] {
        let encryption = session.encryption(direction).map_or("no MPPE".into(), |algorithm| algorithm.to_string());
        writeln!(out, "  {name}: {encryption}; {}", counters(&session.counters(direction)))?;
        if let Some(flushed) = session.flushed_rule(direction) {
            writeln!(out, "    it {}", rule(flushed))?;
        }
    }
    match session.end() {
        Some(end) => {
            write!(out, "  end: {end}")?;
            match end.windows_error() {
                Some(code) => writeln!(out, " (Windows shows error {code})"),
                None => writeln!(out),
            }
        }
        None => writeln!(out, "  end: not seen"),
    }
}

fn counters(counters: &Counters) -> String {
    let mut text = format!("{} frames", counters.frames);
    let mut add = |count, what: &str| {
        if count != 0 {
            let _ = write!(text, ", {count} {what}");
        }
    };
    add(counters.compressed, "encrypted or compressed");
    add(counters.decrypted, "decrypted");
    add(counters.recovered, "of them after a loss");
    add(counters.after_loss, "not to be decrypted after a loss");
    add(counters.nonsense, "that no key fits");
    add(counters.clear, "datagrams in the clear");
    add(counters.acknowledgments, "acknowledgments alone");
    add(counters.missing, "lost");
    add(counters.repeated, "repeated");
    add(counters.late, "late");
    add(counters.reset_requests, "reset requests");
    text
}
