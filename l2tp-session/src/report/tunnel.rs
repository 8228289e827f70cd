//! `show l2tun tunnel all`.

use core::fmt;
use core::time::Duration;

use l2tp_wire::tunnel::{Counters, MAX_HOST_NAME, State};
use l2tp_wire::{Address, Name, TunnelIds, Version, channel};

use super::Clock;
use crate::session::Session;

/// Returns the id of a tunnel in the version that it speaks.
pub(super) const fn local_id(version: Version, ids: TunnelIds) -> u32 {
    match version {
        Version::V2 => {
            // As Cisco prints them: the id of version 2 is a number of 16 bits.
            let [high, low] = ids.v2.to_be_bytes();
            u32::from_be_bytes([0, 0, high, low])
        }
        Version::V3 => ids.v3,
    }
}

/// The paragraph of one tunnel in `show l2tun tunnel all`.
///
/// ```
/// use core::time::Duration;
/// use l2tp_session::client::{Config, Session};
/// use l2tp_session::ppp_session::Client;
/// use l2tp_session::report::TunnelReport;
/// use l2tp_session::session;
/// use l2tp_session::wire::{Address, TunnelIds};
///
/// let server = Address::udp("192.0.2.1:1701".parse()?);
/// let config =
///     Config::new(Client::new("alice", "wonderland"), session::Config::strict("laptop"));
/// let mut session = Session::dial(&config, server, TunnelIds::new([6; 32]), [7; 32]);
/// session.open(Duration::ZERO)?;
/// let text = TunnelReport::of_session(&session, Duration::from_secs(3)).to_string();
/// assert!(text.contains("is not up, remote id is 0, 1 active sessions\n"));
/// assert!(text.contains("Tunnel state is wait-ctl-reply, time since change 00:00:03\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TunnelReport {
    /// Our id.
    pub tunnel_id: u32,
    /// The peer's id; 0 until it is known.
    pub remote_tunnel_id: u32,
    /// The version.
    pub version: Version,
    /// The state.
    pub state: State,
    /// For how long it is in that state.
    pub since: Duration,
    /// The name that the peer gives itself.
    pub remote_name: Name<MAX_HOST_NAME>,
    /// The peer's address; `None` until it is known.
    pub address: Option<Address>,
    /// How many sessions there are.
    pub sessions: usize,
    /// The counters.
    pub counters: Counters,
    /// The reliable channel as it is now.
    pub channel: channel::Status,
}

impl TunnelReport {
    /// Reports on the tunnel of a session.
    #[must_use]
    pub fn of_session<const CALLS: usize>(session: &Session<CALLS>, now: Duration) -> Self {
        let tunnel = session.tunnel();
        let peer = tunnel.peer();
        Self {
            tunnel_id: local_id(tunnel.version(), tunnel.ids()),
            remote_tunnel_id: peer.map_or(0, |peer| peer.tunnel_id),
            version: tunnel.version(),
            state: tunnel.state(),
            since: now.saturating_sub(tunnel.since()),
            remote_name: peer.map_or(Name::EMPTY, |peer| peer.host_name),
            address: tunnel.address(),
            sessions: tunnel.sessions().count(),
            counters: tunnel.counters(),
            channel: tunnel.channel_status(),
        }
    }
}

/// The lines of Cisco's IOS.
impl fmt::Display for TunnelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tunnel_id, remote_tunnel_id, sessions, counters, channel, .. } = self;
        let is_up = if self.state == State::Established { "is up" } else { "is not up" };
        writeln!(f, "Tunnel id {tunnel_id} {is_up}, remote id is {remote_tunnel_id}, {sessions} active sessions")?;
        writeln!(f, "  Tunnel state is {}, time since change {}", self.state, Clock(self.since))?;
        let transport = match self.address {
            Some(address) if address.is_ip() => "IP (115)",
            _ => "UDP (17)",
        };
        writeln!(f, "  Tunnel transport is {transport}, protocol is {}", self.version)?;
        writeln!(f, "  Remote tunnel name is {}", self.remote_name)?;
        match self.address {
            Some(address) => {
                writeln!(f, "    Internet Address {}, port {}", address.host(), address.port().unwrap_or(0))?;
            }
            None => writeln!(f, "    Internet Address unknown")?,
        }
        let messages = counters.channel;
        writeln!(f, "  {} messages sent, {} received", messages.sent, messages.received)?;
        writeln!(f, "  {} bytes sent, {} received", counters.bytes_sent, counters.bytes_received)?;
        writeln!(f, "  Control Ns {}, Nr {}", channel.next_ns, channel.next_nr)?;
        writeln!(f, "  Local RWS {}, Remote RWS {}", channel.receive_window, channel.peer_window)?;
        let (window, threshold) = (channel.congestion_window, channel.slow_start_threshold);
        writeln!(f, "  Congestion window {window}, slow start threshold {threshold}")?;
        writeln!(f, "  Retransmission time {} ms", channel.retransmission_timeout.as_millis())?;
        writeln!(f, "  Unsent queuesize {}, resend queuesize {}", channel.unsent, channel.unacknowledged)?;
        writeln!(f, "  Total resends {}, ZLB ACKs sent {}", messages.retransmitted, messages.acknowledgments_sent)?;
        write!(f, "  Hellos sent {}, received {}", counters.hellos_sent, counters.hellos_received)
    }
}
