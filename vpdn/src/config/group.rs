//! Which tunnels are accepted.

use serde::Deserialize;

/// A protocol of tunnels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Protocol {
    /// RFC 2637.
    Pptp,
    /// RFC 2661.
    L2tp,
    /// RFC 3931.
    L2tpv3,
    /// Each of them.
    Any,
}

impl Protocol {
    /// Returns whether tunnels of another protocol are meant too.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == Self::Any || self == other
    }
}

/// Cisco's `vpdn-group`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VpdnGroup {
    /// A note for operators.
    pub description: Option<String>,
    /// Accepts tunnels of clients.
    pub accept_dialin: Option<AcceptDialin>,
    /// Begins tunnels.
    pub request_dialin: Option<RequestDialin>,
    /// The host name that a peer has to have in its first message. Default: any.
    pub terminate_from: Option<String>,
    /// The name that this side gives itself in these tunnels. Default: `hostname`.
    pub local_name: Option<String>,
    /// The `l2tp-class` of the tunnels. Default: that of the `pseudowire-class`.
    pub l2tp_class: Option<String>,
    /// The `pseudowire-class` of the sessions of L2TP. Default: one with the defaults of all keys.
    pub pseudowire_class: Option<String>,
    /// The circuits that sessions of L2TPv3 may be for: Cisco's VCID. Default: any.
    pub vcids: Vec<u32>,
    /// How many packets a peer may send before it waits for an acknowledgment, 1 to 65535. Default: 64.
    pub pptp_flow_control_receive_window: Option<u16>,
    /// After how many milliseconds without an acknowledgment a packet counts as lost, 100 to 5000. Default: measured.
    pub pptp_flow_control_static_rtt: Option<u64>,
    /// After how many seconds of silence the peer is asked for an echo. 0: never. Default: 60.
    pub pptp_tunnel_echo: Option<u64>,
}

/// Cisco's `accept-dialin`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct AcceptDialin {
    /// Which tunnels.
    pub protocol: Protocol,
    /// The name of their `virtual-template`.
    pub virtual_template: String,
}

/// Cisco's `request-dialin`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct RequestDialin {
    /// Which tunnels.
    pub protocol: Protocol,
    /// Name or address of the server.
    pub initiate_to: String,
    /// The name of their `virtual-template`. Default: one with the defaults of all keys.
    pub virtual_template: Option<String>,
}

/// Limits that peers cannot exceed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Limits {
    /// How many control connections there may be. Default: 10,000.
    pub connections: usize,
    /// How many of them one address may have. Default: 64.
    pub connections_per_address: usize,
    /// How many calls there may be. Default: 20,000.
    pub calls: usize,
    /// How many questions to RADIUS servers may be open for one address. Default: 64.
    pub questions_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 10_000, connections_per_address: 64, calls: 20_000, questions_per_address: 64 }
    }
}
