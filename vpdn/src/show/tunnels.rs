//! The fate of each tunnel of L2TP, and whether the secret fits.

use std::io::{self, Write};
use std::net::SocketAddr;

use l2tp_wire::header::{Carrier, SessionLayout};
use pptp::inspect::Direction;

use super::verdict::{SUCCESS, WRONG_SECRET};
use crate::inspect::{Evidence, Layout, Session, Tunnel, Tunnels, Verdict};

/// Writes a paragraph for each tunnel, and for sessions without one.
///
/// # Errors
///
/// Those of writing.
pub fn write(out: &mut impl Write, tunnels: &Tunnels) -> io::Result<()> {
    for tunnel in tunnels.tunnels() {
        write_tunnel(out, tunnel)?;
        for session in tunnels.sessions().filter(|session| session.tunnel() == Some(tunnel.number())) {
            write_session(out, session, "  session")?;
        }
    }
    // A capture may begin in the middle of a session.
    for session in tunnels.sessions().filter(|session| session.tunnel().is_none()) {
        write_session(out, session, "\nL2TP session without control messages")?;
    }
    match tunnels.forgotten() {
        0 => Ok(()),
        count => writeln!(out, "\n{count} more tunnels and sessions of L2TP were seen and forgotten"),
    }
}

/// A name for each end, and which way its packets go.
const ENDS: [(&str, Direction); 2] = [("initiator", Direction::ToServer), ("responder", Direction::ToClient)];

fn write_tunnel(out: &mut impl Write, tunnel: &Tunnel) -> io::Result<()> {
    let carrier = if tunnel.carrier() == Carrier::Udp { "UDP" } else { "IP" };
    write!(out, "\ntunnel {}: {} over {carrier}", tunnel.number().0, tunnel.version())?;
    let ((one, other), (one_id, other_id)) = (tunnel.addresses(), tunnel.ids());
    for ((name, direction), (address, id)) in ENDS.into_iter().zip([(one, one_id), (other, other_id)]) {
        write!(out, ", {name} {}", shown(address))?;
        let host = tunnel.host_name(direction);
        if !host.is_empty() {
            write!(out, " \"{host}\"")?;
        }
        match id {
            Some(id) => write!(out, " id {id}")?,
            None => write!(out, " id not captured")?,
        }
    }
    writeln!(out)?;
    // A guess is called one.
    if !tunnel.is_start_seen() {
        writeln!(out, "  which end asked for it: a guess, the start was not captured")?;
    }
    for (name, direction) in ENDS {
        let (messages, repeated) = tunnel.messages(direction);
        write!(out, "  {name}: {messages} control messages, {repeated} of them repeated")?;
        let shown = Evidence::ALL.map(|evidence| (evidence, tunnel.verdict(direction, evidence)));
        for (evidence, verdict) in shown {
            if let Some(verdict) = verdict {
                write!(out, "; {evidence}: {verdict}")?;
            }
        }
        // Only where an answer was due.
        if tunnel.is_challenged(direction) && tunnel.verdict(direction, Evidence::ChallengeResponse).is_none() {
            write!(out, "; no answer to the Challenge was captured")?;
        }
        writeln!(out)?;
    }
    match tunnel.end() {
        Some(end) => writeln!(out, "  end: {end}"),
        None => writeln!(out, "  end: not captured"),
    }
}

fn shown(address: SocketAddr) -> String {
    if address.port() == 0 { address.ip().to_string() } else { address.to_string() }
}

fn write_session(out: &mut impl Write, session: &Session, name: &str) -> io::Result<()> {
    let (own, far) = session.ids();
    let id = |id: Option<u32>| id.map_or_else(|| "?".to_owned(), |id| id.to_string());
    let (one, other) = session.addresses();
    write!(out, "{name}: caller {one} id {}, called {other} id {}", id(own), id(far))?;
    if let Some(pseudowire) = session.pseudowire() {
        write!(out, ", {pseudowire}")?;
    }
    if !session.remote_end_id().is_empty() {
        write!(out, ", for \"{}\"", session.remote_end_id())?;
    }
    for (end, direction) in [("caller", Direction::ToServer), ("called", Direction::ToClient)] {
        let (packets, bytes) = session.packets(direction);
        let layout = layout(session.layout(direction));
        write!(out, "; {end} sent {packets} packets, {bytes} bytes{layout}")?;
    }
    match session.end() {
        Some(end) => writeln!(out, "; ended {end}"),
        None => writeln!(out),
    }
}

fn layout(layout: Layout) -> String {
    let words = |layout: SessionLayout| {
        let sublayer = if layout.has_sublayer { "sublayer" } else { "no sublayer" };
        match layout.cookie_size.len() {
            0 => format!("no cookie, {sublayer}"),
            length => format!("cookie of {length} bytes, {sublayer}"),
        }
    };
    match layout {
        Layout::Unknown => String::new(),
        Layout::Signalled(layout) => format!(" ({})", words(layout)),
        Layout::Given(layout) => format!(" ({}: given)", words(layout)),
        Layout::Found(layout) => format!(" ({}: found out)", words(layout)),
    }
}

/// Returns the exit status that the tunnels ask for, and what the user should know of the secret that was given.
#[must_use]
pub fn judge(tunnels: &Tunnels) -> (u8, Vec<String>) {
    let (mut status, mut sentences, mut was_of_use) = (SUCCESS, Vec::new(), false);
    for tunnel in tunnels.tunnels() {
        for (direction, evidence, verdict) in tunnel.verdicts() {
            was_of_use |= verdict != Verdict::NotSeen;
            let end = if direction == Direction::ToServer { "initiator" } else { "responder" };
            let number = tunnel.number().0;
            match verdict {
                // An end that was refused may have another secret than the one that was given.
                Verdict::DoesNotFit => {
                    status = WRONG_SECRET;
                    sentences.push(format!(
                        "wrong tunnel secret: it does not fit the {evidence} of the {end} in tunnel {number}"
                    ));
                }
                Verdict::FitsEmpty => {
                    sentences.push(format!("the {end} of tunnel {number} uses the empty secret"));
                }
                _ => {}
            }
        }
    }
    if tunnels.has_secret() && !was_of_use {
        sentences.push("no tunnel asks for a secret: the tunnel secret was not needed".into());
    }
    (status, sentences)
}
