//! `show vpdn`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use l2tp_wire::tunnel::State;
use ppp_session::Status;

use super::Clock;
use super::session::SessionReport;
use super::tunnel::TunnelReport;
use crate::server::Server;
use crate::session::Session;

/// The part of `show vpdn` about L2TP: a table of tunnels, and one of sessions. A program that has
/// PPTP too prints that part behind it.
///
/// ```
/// use l2tp_session::report::VpdnReport;
///
/// assert_eq!(VpdnReport::new().to_string(), "% No active L2TP tunnels\n");
/// ```
#[derive(Debug, Clone, Default)]
pub struct VpdnReport {
    tunnels: Vec<TunnelReport>,
    sessions: Vec<Row>,
}

/// A row of the table of sessions.
#[derive(Debug, Clone)]
struct Row {
    ids: [u32; 3],
    interface: String,
    user_name: String,
    is_established: bool,
    since: Duration,
}

impl VpdnReport {
    /// Makes a report about nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { tunnels: Vec::new(), sessions: Vec::new() }
    }

    /// Reports on all tunnels of a server. `interface` names the network interface of a call, by the
    /// number of the tunnel and our session id.
    #[must_use]
    pub fn of_server<const CALLS: usize>(
        server: &Server<CALLS>,
        now: Duration,
        interface: impl Fn(u64, u32) -> Option<String>,
    ) -> Self {
        let mut report = Self::new();
        for id in server.tunnels() {
            if let Some(session) = server.session(id) {
                report.add(session, now, |call| interface(id.get(), call));
            }
        }
        report
    }

    /// Adds a tunnel and its calls.
    pub fn add<const CALLS: usize>(
        &mut self,
        session: &Session<CALLS>,
        now: Duration,
        interface: impl Fn(u32) -> Option<String>,
    ) {
        let tunnel = TunnelReport::of_session(session, now);
        for call in session.calls() {
            let Some(report) = SessionReport::of_call(session, call.id(), now) else { continue };
            let ppp = call.ppp();
            self.sessions.push(Row {
                ids: [report.session_id, report.remote_session_id, report.tunnel_id],
                interface: interface(report.session_id).unwrap_or_else(|| "-".into()),
                user_name: ppp.map_or_else(String::new, |ppp| ppp.link().peer_name().to_string()),
                is_established: ppp.is_none_or(|ppp| ppp.status() == Status::Connected),
                since: ppp.map_or(report.uptime, |ppp| now.saturating_sub(ppp.changed_at())),
            });
        }
        self.tunnels.push(tunnel);
    }
}

/// The tables of Cisco's IOS.
impl fmt::Display for VpdnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tunnels.is_empty() {
            return writeln!(f, "% No active L2TP tunnels");
        }
        let (tunnels, sessions) = (self.tunnels.len(), self.sessions.len());
        writeln!(f, "L2TP Tunnel and Session Information (Total tunnels={tunnels} sessions={sessions})\n")?;
        writeln!(f, "LocID      RemID      Remote Name     State           Remote Address  Port  Sessions")?;
        for tunnel in &self.tunnels {
            let state = if tunnel.state == State::Established { "estabd".into() } else { tunnel.state.to_string() };
            let (host, port) = match tunnel.address {
                Some(address) => (address.host().to_string(), address.port().unwrap_or(0)),
                None => ("-".into(), 0),
            };
            let name = tunnel.remote_name.to_string();
            let (local, remote) = (tunnel.tunnel_id, tunnel.remote_tunnel_id);
            writeln!(f, "{local:<11}{remote:<11}{name:<16}{state:<16}{host:<16}{port:<6}{}", tunnel.sessions)?;
        }
        if self.sessions.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nLocID      RemID      TunID      Intf       Username        State   Last Chg")?;
        for row in &self.sessions {
            let Row { ids, interface, user_name, since, .. } = row;
            ids.iter().try_for_each(|id| write!(f, "{id:<11}"))?;
            let state = if row.is_established { "estabd" } else { "wt-vacc" };
            writeln!(f, "{interface:<11}{user_name:<16}{state:<8}{}", Clock(*since))?;
        }
        Ok(())
    }
}
