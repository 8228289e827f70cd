//! The output of `show`: as Cisco's IOS has it, as JSON, and for Prometheus.

mod connections;
mod metrics;
mod tunnels;

use std::fmt::Write as _;
use std::time::Duration;

use l2tp_session::server::Server as L2tpServer;
use pptp::ppp_session::Session as Ppp;
use pptp::report::{ClientStatus, MppeReport};
use serde_json::{Value, json};

use super::l2tp::CALLS;

/// All that there is, to be shown.
pub(super) struct View<'v> {
    pub(super) pptp: Option<&'v pptp::server::Server>,
    pub(super) l2tp: Option<&'v L2tpServer<CALLS>>,
    pub(super) interface: &'v str,
    pub(super) now: Duration,
    /// Questions to RADIUS servers that are open.
    pub(super) questions: usize,
    /// How often descriptors ran out.
    pub(super) pauses: u64,
}

impl View<'_> {
    /// Returns the text for the words behind `show`. `None`: there is no such thing.
    pub(super) fn show(&self, words: &[&str], json: bool) -> Option<String> {
        // The words of Cisco's commands, which operators know. L2TP goes before PPTP, as in their manuals.
        let value: Value = match words {
            ["metrics"] => return Some(self.metrics()),
            ["vpdn"] if !json => return Some(format!("{}\n{}", self.l2tp_text(), self.pptp_text())),
            ["vpdn", "session", "all"] if !json => {
                return Some(format!("{}\n{}", self.l2tp_sessions_text(), self.pptp_sessions_text()));
            }
            ["vpdn", "session", "window"] if !json => {
                return Some(format!("{}\n{}", self.l2tp_windows_text(), self.pptp_windows_text()));
            }
            ["ppp", "mppe", ..] if !json => return Some(self.mppe_text()),
            ["l2tun", "tunnel", "all"] if !json => return Some(self.l2tun_tunnels_text()),
            ["l2tun", "session", "all"] if !json => return Some(self.l2tp_sessions_text()),
            ["vpdn"] => self.l2tp_tunnels_json().chain(self.pptp_tunnels_json()).collect(),
            ["vpdn", "session", "all" | "window"] => self.l2tp_calls_json().chain(self.pptp_calls_json()).collect(),
            ["ppp", "mppe", ..] => self.all_ppp().filter_map(|(id, ppp)| mppe_json(self.interface, id, ppp)).collect(),
            ["l2tun", "tunnel", "all"] => self.l2tp_tunnels_json().collect(),
            ["l2tun", "session", "all"] => self.l2tp_calls_json().collect(),
            _ => return None,
        };
        Some(format!("{value:#}\n"))
    }

    /// Returns PPP of all calls, each with our number of the call.
    fn all_ppp(&self) -> impl Iterator<Item = (u32, &Ppp)> {
        let of_l2tp = self.l2tp_calls().filter_map(|(_, call)| Some((call.id().get(), call.ppp()?)));
        of_l2tp.chain(self.pptp_calls().map(|(_, call)| (call.id().get().into(), call.ppp())))
    }

    fn mppe_text(&self) -> String {
        let mut text = String::new();
        for report in self.all_ppp().filter_map(|(_, ppp)| MppeReport::of_ppp(ppp, self.interface)) {
            let _ = writeln!(text, "{report}\n");
        }
        if text.is_empty() { "No session is encrypted\n".to_owned() } else { text }
    }

    /// Returns what is shown of PPP in JSON, in every protocol.
    fn ppp_json(&self, ppp: &Ppp, mtu: u16) -> Value {
        let status = ClientStatus::of_ppp(ppp, self.now);
        json!({
            "user": ppp.link().peer_name().to_string(),
            "status": status.status.to_string(),
            "since-seconds": self.now.saturating_sub(ppp.changed_at()).as_secs(),
            "interface": self.interface,
            "client-address": ppp.ip().and_then(|agreed| agreed.peer_address).map(|address| address.to_string()),
            "mtu": mtu,
            "encoding": status.send.to_string(),
            "cleartext-dropped": ppp.statistics().cleartext_dropped,
        })
    }
}

fn mppe_json(interface: &str, id: u32, ppp: &Ppp) -> Option<Value> {
    let report = MppeReport::of_ppp(ppp, interface)?;
    Some(json!({
        "call-id": id,
        "interface": interface,
        "bits": report.algorithm.strength.bits(),
        "mode": format!("{:?}", report.algorithm.mode).to_lowercase(),
        "text": report.statistics.to_string(),
    }))
}

/// Returns an object with the members of both.
fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(one), Value::Object(other)) = (&mut one, other) {
        one.extend(other);
    }
    one
}

/// Returns the line above a table of one protocol.
fn heading(what: &str, tunnels: usize, sessions: usize) -> String {
    format!("{what} (Total tunnels={tunnels} sessions={sessions})\n")
}
