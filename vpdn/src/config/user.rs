//! The users who may come in.

use std::net::Ipv4Addr;

use serde::Deserialize;

use super::value::{Network, NtHashText, Secret};

/// Which tunnels a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Service {
    /// Each.
    #[default]
    Any,
    /// PPTP alone.
    Pptp,
    /// L2TP alone.
    L2tp,
}

/// A user: RouterOS' `ppp secret`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct User {
    /// The name. One that comes as `DOMAIN\name` is looked for with the domain, then without it.
    pub name: String,
    /// The password.
    pub password: Option<Secret>,
    /// Instead of the password, its NT hash: enough for MS-CHAP and PAP.
    pub nt_hash: Option<NtHashText>,
    /// Whether the password has to be changed with the next session: error 648 of MS-CHAP. Default: no.
    #[serde(default)]
    pub expired: bool,
    /// Which tunnels. Default: each.
    #[serde(default)]
    pub service: Service,
    /// The address of the server in the user's tunnel. Default: that of the template.
    pub local_address: Option<Ipv4Addr>,
    /// The user's own address. Default: one of the pool.
    pub remote_address: Option<Ipv4Addr>,
    /// Networks behind the user.
    #[serde(default)]
    pub routes: Vec<Network>,
}
