//! The guests, their networks in the tunnels, and bounds of the test.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp_interop::matrix::{Lab, Plan};

/// For all together.
pub const LIMIT: Duration = Duration::from_secs(900);

/// For any one thing to happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const PLAN: Plan = Plan {
    // The commands of L2TP, then those of every guest with tunnels.
    script: concat!(include_str!("../../uml/l2tp"), include_str!("../../uml/tunnels")),
    modules: &["l2tp_ppp"],
    life: LIMIT,
    patience: PATIENCE,
    ping: Duration::from_secs(5),
    long: 4_000_000,
    short: 256_000,
};

/// Returns an address of the tunnels: the guests have different networks.
pub fn in_tunnel(lab: &Lab<'_>, last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 99, u8::try_from(lab.number).unwrap(), last)
}

/// Returns the address of the server in the tunnels.
pub fn gateway(lab: &Lab<'_>) -> Ipv4Addr {
    in_tunnel(lab, 1)
}
