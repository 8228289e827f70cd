//! The text format 0.0.4 of Prometheus.

use std::fmt::Write as _;

use pptp::ppp_session::{Session as Ppp, Status};
use pptp::server::Server;

use super::super::key::Kind;
use super::super::l2tp::kind;
use super::View;

/// The sums of the calls of one kind that there are. They fall when one ends: gauges, not counters.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    tunnels: u64,
    sessions: u64,
    up: u64,
    sent_bytes: u64,
    received_bytes: u64,
    sent_packets: u64,
    received_packets: u64,
    lost: u64,
    in_the_clear: u64,
}

impl Sums {
    /// Adds a call: the bytes that were sent and received, the packets, and those that were lost.
    fn add(&mut self, ppp: Option<&Ppp>, bytes: [u64; 2], packets: [u64; 2], lost: u64) {
        let ([sent_bytes, received_bytes], [sent_packets, received_packets]) = (bytes, packets);
        self.sessions += 1;
        if let Some(ppp) = ppp {
            self.up += u64::from(ppp.status() == Status::Connected);
            self.in_the_clear = self.in_the_clear.saturating_add(ppp.statistics().cleartext_dropped);
        }
        self.sent_bytes = self.sent_bytes.saturating_add(sent_bytes);
        self.received_bytes = self.received_bytes.saturating_add(received_bytes);
        self.sent_packets = self.sent_packets.saturating_add(sent_packets);
        self.received_packets = self.received_packets.saturating_add(received_packets);
        self.lost = self.lost.saturating_add(lost);
    }
}

/// A metric: its name, its help, and its value in the sums of a kind.
type Gauge = (&'static str, &'static str, fn(&Sums) -> u64);

const GAUGES: [Gauge; 9] = [
    ("tunnels", "Control connections.", |sums| sums.tunnels),
    ("sessions", "Calls.", |sums| sums.sessions),
    ("sessions_up", "Calls in which IP flows.", |sums| sums.up),
    ("sent_bytes", "Bytes sent in the calls that there are.", |sums| sums.sent_bytes),
    ("received_bytes", "Bytes received in the calls that there are.", |sums| sums.received_bytes),
    ("sent_packets", "Packets sent in the calls that there are.", |sums| sums.sent_packets),
    ("received_packets", "Packets received in the calls that there are.", |sums| sums.received_packets),
    ("lost_packets", "Packets that did not come, of the calls that there are.", |sums| sums.lost),
    ("cleartext_dropped_packets", "Packets in the clear that were dropped.", |sums| sums.in_the_clear),
];

impl View<'_> {
    /// Returns all metrics. Those of tunnels have a value for each kind of tunnel, zeros included.
    pub(super) fn metrics(&self) -> String {
        let sums = Kind::ALL.map(|kind| (kind, self.sums(kind)));
        let mut text = String::new();
        for (name, help, value) in GAUGES {
            let _ = writeln!(text, "# HELP vpdn_{name} {help}\n# TYPE vpdn_{name} gauge");
            for (kind, sums) in &sums {
                let _ = writeln!(text, "vpdn_{name}{{protocol=\"{}\"}} {}", kind.name(), value(sums));
            }
        }
        let questions = u64::try_from(self.questions).unwrap_or(u64::MAX);
        for (name, help, kind, value) in [
            ("radius_questions", "Questions to RADIUS servers that are open.", "gauge", questions),
            ("accept_pauses_total", "How often descriptors ran out.", "counter", self.pauses),
        ] {
            let _ = writeln!(text, "# HELP vpdn_{name} {help}\n# TYPE vpdn_{name} {kind}\nvpdn_{name} {value}");
        }
        text
    }

    fn sums(&self, wanted: Kind) -> Sums {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut sums = Sums::default();
        if wanted == Kind::Pptp {
            sums.tunnels = count(self.shards.iter().filter_map(|shard| shard.pptp).map(Server::len).sum());
            for (_, call) in self.pptp_calls() {
                let tunnel = call.statistics().tunnel;
                let bytes = [tunnel.bytes_sent, tunnel.bytes_received];
                sums.add(Some(call.ppp()), bytes, [tunnel.packets_sent, tunnel.packets_received], tunnel.lost);
            }
            return sums;
        }
        sums.tunnels = count(self.l2tp_tunnels().filter(|tunnel| kind(tunnel.session) == wanted).count());
        for (_, call) in self.l2tp_calls().filter(|(tunnel, _)| kind(tunnel.session) == wanted) {
            let counters = call.counters();
            let bytes = [counters.bytes_sent, counters.bytes_received];
            sums.add(call.ppp(), bytes, [counters.packets_sent, counters.packets_received], counters.lost);
        }
        sums
    }
}
