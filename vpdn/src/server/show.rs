//! The output of `show`: as Cisco's IOS has it, as JSON, and for Prometheus.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use pptp::ppp_session::Status;
use pptp::report::{ClientStatus, MppeReport, SessionReport};
use pptp::server::{ConnectionId, Server, Session};
use pptp::session::Call;
use serde_json::{Value, json};

/// All that there is, to be shown.
pub(super) struct View<'v> {
    pub(super) server: &'v Server,
    pub(super) interface: &'v str,
    pub(super) now: Duration,
    /// Questions to RADIUS servers that are open.
    pub(super) questions: usize,
    /// How often descriptors ran out.
    pub(super) pauses: u64,
}

/// A connection with its peer.
type Tunnel<'v> = (ConnectionId, IpAddr, &'v Session);

impl<'v> View<'v> {
    /// Returns the text for the words behind `show`. `None`: there is no such thing.
    pub(super) fn show(&self, words: &[&str], json: bool) -> Option<String> {
        // The words of Cisco's commands, which operators know.
        let value = match words {
            ["vpdn"] if !json => return Some(self.tunnels_text()),
            ["vpdn", "session", "all"] if !json => return Some(self.sessions_text()),
            ["vpdn", "session", "window"] if !json => return Some(self.windows_text()),
            ["ppp", "mppe", ..] if !json => return Some(self.mppe_text()),
            ["metrics"] => return Some(self.metrics()),
            ["vpdn"] => self.tunnels().map(|tunnel| self.tunnel_json(tunnel)).collect(),
            ["vpdn", "session", "all" | "window"] => {
                self.all_calls().map(|(tunnel, call)| self.call_json(tunnel, call)).collect()
            }
            ["ppp", "mppe", ..] => self.all_calls().filter_map(|(_, call)| self.mppe_json(call)).collect(),
            _ => return None,
        };
        let value: Value = value;
        Some(format!("{value:#}\n"))
    }

    fn tunnels(&self) -> impl Iterator<Item = Tunnel<'v>> {
        let server = self.server;
        server.connections().filter_map(move |id| Some((id, server.peer(id)?, server.session(id)?)))
    }

    fn all_calls(&self) -> impl Iterator<Item = (Tunnel<'v>, Call<'v>)> {
        self.tunnels().flat_map(|tunnel| tunnel.2.calls().map(move |call| (tunnel, call)))
    }

    fn heading(&self, what: &str) -> String {
        let (tunnels, sessions) = (self.tunnels().count(), self.all_calls().count());
        format!("{what} (Total tunnels={tunnels} sessions={sessions})\n")
    }

    fn tunnels_text(&self) -> String {
        let mut text = self.heading("PPTP Tunnel and Session Information");
        let _ = writeln!(text, "\n{:<7}{:<16}{:<8}{:<18}Sessions", "LocID", "Remote Name", "State", "Remote Address");
        for (id, peer, session) in self.tunnels() {
            let (name, state) = (host_name(session), state(session));
            let (id, peer, sessions) = (id.get(), peer.to_string(), session.calls().count());
            let _ = writeln!(text, "{id:<7}{name:<16}{state:<8}{peer:<18}{sessions}");
        }
        let _ = writeln!(
            text,
            "\n{:<7}{:<7}{:<7}{:<8}{:<16}{:<9}Last Chg",
            "LocID", "RemID", "TunID", "Intf", "Username", "State"
        );
        for ((id, ..), call) in self.all_calls() {
            let report = SessionReport::of_call(call, self.now);
            let state = if report.is_established { "estabd" } else { "wt-vacc" };
            let user = report.user_name.to_string();
            let _ = writeln!(
                text,
                "{:<7}{:<7}{:<7}{:<8}{user:<16}{state:<9}{}",
                report.call_id,
                report.remote_call_id,
                id.get(),
                self.interface,
                clock(report.since)
            );
        }
        text
    }

    fn sessions_text(&self) -> String {
        let mut text = self.heading("PPTP Session Information");
        for ((id, peer, _), call) in self.all_calls() {
            let tunnel = u32::try_from(id.get()).unwrap_or(u32::MAX);
            let report = SessionReport::of_call(call, self.now).with_tunnel_id(tunnel).with_address(peer);
            let _ = writeln!(text, "\n{}", report.with_interface(self.interface));
        }
        text
    }

    fn windows_text(&self) -> String {
        let mut text = self.heading("PPTP Session Information");
        let head = ["LocID", "RemID", "TunID", "ZLB-tx", "Window", "Outst.", "PeerRWS", "Full", "Congestion"];
        let _ = writeln!(text);
        for word in head {
            let _ = write!(text, "{word:<9}");
        }
        let _ = writeln!(text);
        for ((id, ..), call) in self.all_calls() {
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

    fn mppe_text(&self) -> String {
        let mut text = String::new();
        for (_, call) in self.all_calls() {
            if let Some(report) = MppeReport::of_call(call, self.interface) {
                let _ = writeln!(text, "{report}\n");
            }
        }
        if text.is_empty() { "No session is encrypted\n".to_owned() } else { text }
    }

    fn tunnel_json(&self, tunnel: Tunnel<'_>) -> Value {
        let (id, peer, session) = tunnel;
        json!({
            "protocol": "pptp",
            "id": id.get(),
            "remote-name": host_name(session),
            "remote-address": peer.to_string(),
            "state": state(session),
            "sessions": session.calls().map(|call| self.call_json(tunnel, call)).collect::<Vec<_>>(),
        })
    }

    fn call_json(&self, (id, peer, _): Tunnel<'_>, call: Call<'_>) -> Value {
        let report = SessionReport::of_call(call, self.now);
        let status = ClientStatus::of_call(call, self.now);
        let tunnel = report.tunnel;
        json!({
            "call-id": report.call_id,
            "remote-call-id": report.remote_call_id,
            "tunnel-id": id.get(),
            "remote-address": peer.to_string(),
            "user": report.user_name.to_string(),
            "status": status.status.to_string(),
            "since-seconds": report.since.as_secs(),
            "interface": self.interface,
            "client-address": call.ppp().ip().and_then(|agreed| agreed.peer_address).map(|address| address.to_string()),
            "mtu": call.mtu(),
            "encoding": status.send.to_string(),
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
            "cleartext-dropped": call.statistics().ppp.cleartext_dropped,
        })
    }

    fn mppe_json(&self, call: Call<'_>) -> Option<Value> {
        let report = MppeReport::of_call(call, self.interface)?;
        Some(json!({
            "call-id": call.id().get(),
            "interface": self.interface,
            "bits": report.algorithm.strength.bits(),
            "mode": format!("{:?}", report.algorithm.mode).to_lowercase(),
            "text": report.statistics.to_string(),
        }))
    }

    /// Returns the text format 0.0.4 of Prometheus.
    fn metrics(&self) -> String {
        let mut text = String::new();
        let mut sums = [0_u64; 6];
        let mut up = 0_u64;
        for (_, call) in self.all_calls() {
            let (tunnel, ppp) = (call.statistics().tunnel, call.statistics().ppp);
            up += u64::from(ClientStatus::of_call(call, self.now).status == Status::Connected);
            let counts = [
                tunnel.bytes_sent,
                tunnel.bytes_received,
                tunnel.packets_sent,
                tunnel.packets_received,
                tunnel.lost,
                ppp.cleartext_dropped,
            ];
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        }
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let [sent, received, packets_sent, packets_received, lost, clear] = sums;
        // The sums are of the calls that there are, so that they fall when one ends: gauges, not counters.
        for (name, help, kind, value) in [
            ("tunnels", "Control connections.", "gauge", count(self.server.len())),
            ("sessions", "Calls.", "gauge", count(self.all_calls().count())),
            ("sessions_up", "Calls in which IP flows.", "gauge", up),
            ("sent_bytes", "Bytes sent in the calls that there are.", "gauge", sent),
            ("received_bytes", "Bytes received in the calls that there are.", "gauge", received),
            ("sent_packets", "Packets sent in the calls that there are.", "gauge", packets_sent),
            ("received_packets", "Packets received in the calls that there are.", "gauge", packets_received),
            ("lost_packets", "Packets that did not come, of the calls that there are.", "gauge", lost),
            ("cleartext_dropped_packets", "Packets in the clear that were dropped.", "gauge", clear),
            ("radius_questions", "Questions to RADIUS servers that are open.", "gauge", count(self.questions)),
            ("accept_pauses_total", "How often descriptors ran out.", "counter", self.pauses),
        ] {
            let _ = writeln!(text, "# HELP vpdn_{name} {help}\n# TYPE vpdn_{name} {kind}\nvpdn_{name} {value}");
        }
        text
    }
}

fn host_name(session: &Session) -> String {
    session.connection().peer().map_or_else(String::new, |peer| peer.host_name().to_string())
}

fn state(session: &Session) -> &'static str {
    if session.connection().peer().is_some() { "estabd" } else { "wt-SCCRQ" }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
