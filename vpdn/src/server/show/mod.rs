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

/// The sessions of a shard.
#[derive(Clone, Copy)]
pub(super) struct Shown<'v> {
    pub(super) pptp: Option<&'v pptp::server::Server>,
    pub(super) l2tp: Option<&'v L2tpServer<CALLS>>,
    pub(super) interface: &'v str,
}

/// All that there is, to be shown: one listing of all shards.
pub(super) struct View<'v> {
    pub(super) shards: Vec<Shown<'v>>,
    pub(super) now: Duration,
    /// Questions to RADIUS servers that are open.
    pub(super) questions: usize,
    /// How often descriptors ran out.
    pub(super) pauses: u64,
}

impl<'v> View<'v> {
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
            ["ppp", "mppe", ..] => {
                self.all_ppp().filter_map(|(id, interface, ppp)| mppe_json(interface, id, ppp)).collect()
            }
            ["l2tun", "tunnel", "all"] => self.l2tp_tunnels_json().collect(),
            ["l2tun", "session", "all"] => self.l2tp_calls_json().collect(),
            _ => return None,
        };
        Some(format!("{value:#}\n"))
    }

    /// Returns PPP of all calls, each with our number of the call and its interface.
    fn all_ppp(&self) -> impl Iterator<Item = (u32, &'v str, &'v Ppp)> {
        let of_l2tp = self.l2tp_calls().filter_map(|(tunnel, call)| {
            let ppp = call.ppp()?;
            Some((call.id().get(), tunnel.interface, ppp))
        });
        of_l2tp.chain(self.pptp_calls().map(|(tunnel, call)| (call.id().get().into(), tunnel.interface, call.ppp())))
    }

    fn mppe_text(&self) -> String {
        let mut text = String::new();
        for report in self.all_ppp().filter_map(|(_, interface, ppp)| MppeReport::of_ppp(ppp, interface)) {
            let _ = writeln!(text, "{report}\n");
        }
        if text.is_empty() { "No session is encrypted\n".to_owned() } else { text }
    }

    /// Returns what is shown of PPP in JSON, in every protocol.
    fn ppp_json(&self, ppp: &Ppp, mtu: u16, interface: &str) -> Value {
        let status = ClientStatus::of_ppp(ppp, self.now);
        json!({
            "user": ppp.link().peer_name().to_string(),
            "status": status.status.to_string(),
            "since-seconds": self.now.saturating_sub(ppp.changed_at()).as_secs(),
            "interface": interface,
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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use pptp::server::{Config, Limits, Server, Shard};

    use super::*;

    /// Connections of two shards are one listing, by their numbers, and one sum.
    #[test]
    fn all_shards_are_one_listing() {
        let shards = [0, 1].map(|index| Shard::new(index, 2).unwrap());
        let config = Config::new(Ipv4Addr::new(10, 0, 0, 1));
        let mut servers = shards.map(|shard| Server::new(config.clone(), Limits::default()).with_shard(shard));
        for (server, last) in [(1, 1), (1, 2), (0, 3)] {
            let peer = IpAddr::from([192, 0, 2, last]);
            servers[server].accept(Duration::ZERO, peer, [last; 32]).unwrap();
        }
        let shown = |server| Shown { pptp: Some(server), l2tp: None, interface: "vpn" };
        let view = View { shards: servers.iter().map(shown).collect(), now: Duration::ZERO, questions: 0, pauses: 0 };
        let text = view.show(&["vpdn"], false).unwrap();
        assert!(text.contains("PPTP Tunnel and Session Information (Total tunnels=3 sessions=0)"), "{text}");
        let json: Value = serde_json::from_str(&view.show(&["vpdn"], true).unwrap()).unwrap();
        let tunnels = json.as_array().unwrap().iter().map(|tunnel| (&tunnel["id"], &tunnel["remote-address"]));
        let expected = [(1, "192.0.2.3"), (2, "192.0.2.1"), (4, "192.0.2.2")];
        assert!(
            tunnels.eq(expected.map(|(id, peer)| (Value::from(id), Value::from(peer))).iter().map(|(a, b)| (a, b)))
        );
        let metrics = view.show(&["metrics"], false).unwrap();
        assert!(metrics.contains("\nvpdn_tunnels{protocol=\"pptp\"} 3\n"), "{metrics}");
        assert_eq!(view.show(&["nothing"], false), None);
    }
}
