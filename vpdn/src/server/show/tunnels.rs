//! Tunnels and sessions of L2TP, as they are shown.

use std::fmt::Write as _;

use l2tp_session::report::{SessionReport, TunnelReport, VpdnReport};
use l2tp_session::server::Session;
use l2tp_session::session::Call;
use l2tp_session::wire::Address;
use serde_json::{Value, json};

use super::super::l2tp::kind;
use super::{Shown, View, heading, joined};

/// A tunnel, and the interface of its calls.
#[derive(Clone, Copy)]
pub(super) struct Tunnel<'v> {
    pub(super) session: &'v Session,
    pub(super) interface: &'v str,
}

impl<'v> View<'v> {
    pub(super) fn l2tp_tunnels(&self) -> impl Iterator<Item = Tunnel<'v>> {
        self.shards.iter().flat_map(|&Shown { l2tp, interface, .. }| {
            let sessions = l2tp.into_iter().flat_map(|server| server.tunnels().filter_map(|id| server.session(id)));
            sessions.map(move |session| Tunnel { session, interface })
        })
    }

    pub(super) fn l2tp_calls(&self) -> impl Iterator<Item = (Tunnel<'v>, Call<'v>)> {
        self.l2tp_tunnels().flat_map(|tunnel| tunnel.session.calls().map(move |call| (tunnel, call)))
    }

    fn l2tp_heading(&self, what: &str) -> String {
        heading(what, self.l2tp_tunnels().count(), self.l2tp_calls().count())
    }

    pub(super) fn l2tp_text(&self) -> String {
        let mut report = VpdnReport::new();
        for Tunnel { session, interface } in self.l2tp_tunnels() {
            report.add(session, self.now, |_| Some(interface.to_owned()));
        }
        report.to_string()
    }

    pub(super) fn l2tp_sessions_text(&self) -> String {
        let mut text = self.l2tp_heading("L2TP Session Information");
        for (Tunnel { session, interface }, call) in self.l2tp_calls() {
            if let Some(report) = SessionReport::of_call(session, call.id(), self.now) {
                let _ = writeln!(text, "\n{}", report.with_circuit(interface));
            }
        }
        text
    }

    pub(super) fn l2tun_tunnels_text(&self) -> String {
        let mut text = self.l2tp_heading("L2TP Tunnel Information");
        for Tunnel { session, .. } in self.l2tp_tunnels() {
            let _ = writeln!(text, "\n{}", TunnelReport::of_session(session, self.now));
        }
        text
    }

    /// Returns the windows of control messages: data of L2TP has none (RFC 2661 section 5.4).
    pub(super) fn l2tp_windows_text(&self) -> String {
        let mut text = self.l2tp_heading("L2TP Tunnel Information");
        let head = ["LocID", "RemID", "Ns", "Nr", "LocalRWS", "RemoteRWS", "Window", "Threshold"];
        let _ = writeln!(text);
        for word in head {
            let _ = write!(text, "{word:<11}");
        }
        let _ = writeln!(text);
        for Tunnel { session, .. } in self.l2tp_tunnels() {
            let TunnelReport { tunnel_id, remote_tunnel_id, channel, .. } = TunnelReport::of_session(session, self.now);
            let _ = write!(text, "{tunnel_id:<11}{remote_tunnel_id:<11}{:<11}{:<11}", channel.next_ns, channel.next_nr);
            let _ = write!(text, "{:<11}{:<11}", channel.receive_window, channel.peer_window);
            let _ = writeln!(text, "{:<11}{}", channel.congestion_window, channel.slow_start_threshold);
        }
        text
    }

    pub(super) fn l2tp_tunnels_json(&self) -> impl Iterator<Item = Value> {
        self.l2tp_tunnels().map(|tunnel| {
            let Tunnel { session, .. } = tunnel;
            let report = TunnelReport::of_session(session, self.now);
            let (messages, channel) = (report.counters.channel, report.channel);
            let calls = session.calls().map(|call| self.l2tp_call_json(tunnel, call));
            json!({
                "protocol": kind(session).name(),
                "id": report.tunnel_id,
                "remote-id": report.remote_tunnel_id,
                "remote-name": report.remote_name.to_string(),
                "remote-address": report.address.map(|address| address.host().to_string()),
                "remote-port": report.address.and_then(Address::port),
                "state": report.state.to_string(),
                "since-seconds": report.since.as_secs(),
                "messages-sent": messages.sent,
                "messages-received": messages.received,
                "bytes-sent": report.counters.bytes_sent,
                "bytes-received": report.counters.bytes_received,
                "receive-window": channel.receive_window,
                "peer-receive-window": channel.peer_window,
                "congestion-window": channel.congestion_window,
                "slow-start-threshold": channel.slow_start_threshold,
                "sessions": calls.collect::<Vec<_>>(),
            })
        })
    }

    pub(super) fn l2tp_calls_json(&self) -> impl Iterator<Item = Value> {
        self.l2tp_calls().map(|(tunnel, call)| self.l2tp_call_json(tunnel, call))
    }

    fn l2tp_call_json(&self, tunnel: Tunnel<'_>, call: Call<'_>) -> Value {
        let Tunnel { session, interface } = tunnel;
        let Some(report) = SessionReport::of_call(session, call.id(), self.now) else { return Value::Null };
        let counters = report.counters;
        let value = json!({
            "protocol": kind(session).name(),
            "call-id": report.session_id,
            "remote-call-id": report.remote_session_id,
            "tunnel-id": report.tunnel_id,
            "remote-tunnel-id": report.remote_tunnel_id,
            "remote-address": session.tunnel().address().map(|address| address.host().to_string()),
            "serial-number": report.serial_number,
            "vcid": report.vcid.to_string(),
            "pseudowire": report.pseudowire.to_string(),
            "packets-sent": counters.packets_sent,
            "packets-received": counters.packets_received,
            "bytes-sent": counters.bytes_sent,
            "bytes-received": counters.bytes_received,
            "out-of-order": counters.out_of_order,
            "lost": counters.lost,
            "wrong-cookie": counters.wrong_cookie,
            "receive-dropped": counters.receive_dropped,
            "exceeded-mtu": counters.exceeded_mtu,
        });
        // A call of another pseudowire has no PPP.
        match call.ppp() {
            Some(ppp) => joined(value, self.ppp_json(ppp, call.mtu(), interface)),
            None => value,
        }
    }
}
