//! Control connections and calls of PPTP, as they are shown.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use pptp::report::SessionReport;
use pptp::server::{ConnectionId, Session};
use pptp::session::Call;
use serde_json::{Value, json};

use super::super::pptp::{host_name, session_report};
use super::{Shown, View, heading, joined};

/// A connection with its peer, and the interface of its calls.
#[derive(Clone, Copy)]
pub(super) struct Tunnel<'v> {
    id: ConnectionId,
    peer: IpAddr,
    session: &'v Session,
    pub(super) interface: &'v str,
}

impl<'v> View<'v> {
    /// Returns the connections of all shards, by their numbers.
    fn pptp_tunnels(&self) -> impl Iterator<Item = Tunnel<'v>> {
        let of_shard = |&Shown { pptp, interface, .. }: &Shown<'v>| {
            let tunnel = move |server: &'v pptp::server::Server, id| {
                Some(Tunnel { id, peer: server.peer(id)?, session: server.session(id)?, interface })
            };
            pptp.into_iter().flat_map(move |server| server.connections().filter_map(move |id| tunnel(server, id)))
        };
        let mut tunnels: Vec<_> = self.shards.iter().flat_map(of_shard).collect();
        tunnels.sort_by_key(|tunnel| tunnel.id);
        tunnels.into_iter()
    }

    pub(super) fn pptp_calls(&self) -> impl Iterator<Item = (Tunnel<'v>, Call<'v>)> {
        self.pptp_tunnels().flat_map(|tunnel| tunnel.session.calls().map(move |call| (tunnel, call)))
    }

    fn pptp_heading(&self, what: &str) -> String {
        heading(what, self.pptp_tunnels().count(), self.pptp_calls().count())
    }

    pub(super) fn pptp_text(&self) -> String {
        let mut text = self.pptp_heading("PPTP Tunnel and Session Information");
        let _ = writeln!(text, "\n{:<7}{:<16}{:<8}{:<18}Sessions", "LocID", "Remote Name", "State", "Remote Address");
        for Tunnel { id, peer, session, .. } in self.pptp_tunnels() {
            let (name, state) = (host_name(session), state(session));
            let (id, peer, sessions) = (id.get(), peer.to_string(), session.calls().count());
            let _ = writeln!(text, "{id:<7}{name:<16}{state:<8}{peer:<18}{sessions}");
        }
        let _ = writeln!(
            text,
            "\n{:<7}{:<7}{:<7}{:<8}{:<16}{:<9}Last Chg",
            "LocID", "RemID", "TunID", "Intf", "Username", "State"
        );
        for (Tunnel { id, interface, .. }, call) in self.pptp_calls() {
            let report = SessionReport::of_call(call, self.now);
            let state = if report.is_established { "estabd" } else { "wt-vacc" };
            let user = report.user_name.to_string();
            let _ = writeln!(
                text,
                "{:<7}{:<7}{:<7}{:<8}{user:<16}{state:<9}{}",
                report.call_id,
                report.remote_call_id,
                id.get(),
                interface,
                clock(report.since)
            );
        }
        text
    }

    pub(super) fn pptp_sessions_text(&self) -> String {
        let mut text = self.pptp_heading("PPTP Session Information");
        for (Tunnel { id, peer, interface, .. }, call) in self.pptp_calls() {
            let _ = writeln!(text, "\n{}", session_report(self.now, (id, peer), call, interface));
        }
        text
    }

    pub(super) fn pptp_windows_text(&self) -> String {
        let mut text = self.pptp_heading("PPTP Session Information");
        let head = ["LocID", "RemID", "TunID", "ZLB-tx", "Window", "Outst.", "PeerRWS", "Full", "Congestion"];
        let _ = writeln!(text);
        for word in head {
            let _ = write!(text, "{word:<9}");
        }
        let _ = writeln!(text);
        for (Tunnel { id, .. }, call) in self.pptp_calls() {
            let tunnel = call.statistics().tunnel;
            let congestion = if tunnel.outstanding >= u32::from(tunnel.send_window) { "full" } else { "clear" };
            let numbers = [
                u64::from(call.id().get()),
                u64::from(call.peer_id()),
                id.get(),
                tunnel.packets_sent,
                u64::from(tunnel.send_window),
                u64::from(tunnel.outstanding),
                u64::from(tunnel.peer_rws),
                tunnel.window_full,
            ];
            for number in numbers {
                let _ = write!(text, "{number:<9}");
            }
            let _ = writeln!(text, "{congestion}");
        }
        text
    }

    pub(super) fn pptp_tunnels_json(&self) -> impl Iterator<Item = Value> {
        self.pptp_tunnels().map(|tunnel| {
            let Tunnel { id, peer, session, .. } = tunnel;
            json!({
                "protocol": "pptp",
                "id": id.get(),
                "remote-name": host_name(session),
                "remote-address": peer.to_string(),
                "state": state(session),
                "sessions": session.calls().map(|call| self.pptp_call_json(tunnel, call)).collect::<Vec<_>>(),
            })
        })
    }

    pub(super) fn pptp_calls_json(&self) -> impl Iterator<Item = Value> {
        self.pptp_calls().map(|(tunnel, call)| self.pptp_call_json(tunnel, call))
    }

    fn pptp_call_json(&self, of: Tunnel<'_>, call: Call<'_>) -> Value {
        let Tunnel { id, peer, interface, .. } = of;
        let tunnel = call.statistics().tunnel;
        let value = json!({
            "protocol": "pptp",
            "call-id": call.id().get(),
            "remote-call-id": call.peer_id(),
            "tunnel-id": id.get(),
            "remote-address": peer.to_string(),
            "packets-sent": tunnel.packets_sent,
            "packets-received": tunnel.packets_received,
            "bytes-sent": tunnel.bytes_sent,
            "bytes-received": tunnel.bytes_received,
            "send-window": tunnel.send_window,
            "outstanding": tunnel.outstanding,
            "peer-receive-window": tunnel.peer_rws,
            "window-full": tunnel.window_full,
            "out-of-order": tunnel.out_of_order,
            "lost": tunnel.lost,
        });
        joined(value, self.ppp_json(call.ppp(), call.mtu(), interface))
    }
}

fn state(session: &Session) -> &'static str {
    if session.connection().peer().is_some() { "estabd" } else { "wt-SCCRQ" }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
