//! RADIUS servers.

use std::net::{Ipv4Addr, SocketAddr};

use serde::Deserialize;

use super::value::Secret;

/// Cisco's `radius-server`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct RadiusSettings {
    /// Servers that say who may come in, the most wanted first.
    pub authentication: Vec<RadiusServer>,
    /// Servers that keep accounts, the most wanted first. Default: none.
    #[serde(default)]
    pub accounting: Vec<RadiusServer>,
    /// How many seconds one try waits for an answer, 1 to 60. Default: 2.
    pub timeout: Option<u64>,
    /// How often a server is asked before the next one is, 1 to 10. Default: 3.
    pub retransmit: Option<u8>,
    /// For how many seconds a server that does not answer is asked last. Default: 120.
    pub deadtime: Option<u64>,
    /// Refuses answers without a Message-Authenticator, which an attacker on the path can forge (CVE-2024-3596).
    /// Default: yes.
    pub require_message_authenticator: Option<bool>,
    /// Passes EAP through to these servers, whatever its type (RFC 3579), where `ppp-authentication` has `eap`. Without it,
    /// `eap` is MD5-Challenge. Default: no.
    #[serde(default)]
    pub eap_pass_through: bool,
    /// Our address in the questions: NAS-IP-Address. Default: the server's address in the tunnels.
    pub nas_ip_address: Option<Ipv4Addr>,
    /// Our name in the questions: NAS-Identifier. Default: none.
    pub nas_identifier: Option<String>,
    /// After how many seconds an account is reported while the session is up, at least 60. A server can say
    /// otherwise. Default: never.
    pub interim_interval: Option<u64>,
}

/// One server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct RadiusServer {
    /// Address and port: 1812 usually for authentication, 1813 for accounting.
    pub address: SocketAddr,
    /// The shared secret.
    pub secret: Secret,
}
