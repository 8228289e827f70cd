//! The outcome of each session.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::IpAddr;

use mppe::FlushedRule;
use pptp::inspect::{Counters, Direction, Inspector, Protection, Roles, Session, Start};

/// Returns what a side that follows a rule does.
#[must_use]
pub const fn rule(rule: FlushedRule) -> &'static str {
    match rule {
        FlushedRule::Rfc3078 => "keeps its key at a FLUSHED packet, as RFC 3078 says",
        FlushedRule::Linux => "changes its key at a FLUSHED packet, as Linux does",
    }
}

/// Writes a paragraph for each session.
///
/// # Errors
///
/// Those of writing.
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
    // A serial line has no addresses.
    if !session.has_directions() {
        writeln!(out, "  directions: the capture does not say which end has sent a frame")?;
    } else if session.roles() < Roles::CallRequest {
        writeln!(out, "  which is the client: {}", session.roles())?;
    }
    writeln!(out, "  authentication: {}", authentication(session))?;
    // Without directions, both sides are counted as one.
    let both = [("both", Direction::ToServer)];
    let each = [("client", Direction::ToServer), ("server", Direction::ToClient)];
    for (name, direction) in if session.has_directions() { &each[..] } else { &both[..] } {
        let direction = *direction;
        let counters = session.counters(direction);
        writeln!(out, "  {name}: {}; {}", protection(session, direction), count(&counters))?;
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
        None => writeln!(out, "  end: not captured"),
    }
}

/// Returns what was captured of the authentication, and why there is not more.
fn authentication(session: &Session) -> String {
    if let Some(authentication) = session.authentication() {
        return authentication.to_string();
    }
    if let Some(name) = session.unanswered_challenge() {
        return format!("a Challenge of \"{}\" was captured, and no whole Response", name.escape_ascii());
    }
    match (session.start(), session.agreed_authentication()) {
        (_, Some(protocol)) => format!("{protocol} was agreed on; no packet of it was captured"),
        (Start::Seen, None) => "none: LCP agreed on none for the client".into(),
        (Start::OneDirection, None) => "not captured: there are packets of one direction only".into(),
        (_, None) => "not captured: nor was the whole start of the link".into(),
    }
}

fn protection(session: &Session, direction: Direction) -> String {
    match session.protection(direction) {
        Protection::Mppe(algorithm) => algorithm.to_string(),
        Protection::AgreementNotSeen => "encrypted or compressed; the agreement on it was not captured".into(),
        Protection::OtherCompression { option_type } => format!("CCP option {option_type}, which is not MPPE"),
        Protection::None => "not encrypted".into(),
        _ => "no packet of data was captured".into(),
    }
}

fn count(counters: &Counters) -> String {
    let mut text = format!("{} frames", counters.frames);
    // Counters of zero would hide the others.
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
    add(counters.not_captured, "not captured to their end");
    add(counters.acknowledgments, "acknowledgments alone");
    add(counters.missing, "lost");
    add(counters.repeated, "repeated");
    add(counters.late, "late");
    add(counters.reset_requests, "reset requests");
    text
}
