//! The settings of PPP.

use std::net::Ipv4Addr;

use serde::Deserialize;

use super::value::Mppe;

/// A method of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub enum Method {
    /// MS-CHAP version 2.
    #[serde(rename = "ms-chap-v2", alias = "mschap2")]
    MsChapV2,
    /// MS-CHAP version 1: anybody can be the server.
    #[serde(rename = "ms-chap", alias = "mschap1")]
    MsChapV1,
    /// CHAP with MD5. It leaves no keys for encryption.
    #[serde(rename = "chap")]
    Chap,
    /// The password in the clear.
    #[serde(rename = "pap")]
    Pap,
    /// EAP with MD5-Challenge, which leaves no keys for encryption; or what is passed through to RADIUS servers.
    #[serde(rename = "eap")]
    Eap,
    /// EAP with MS-CHAP version 2, which Windows calls "EAP-MSCHAP v2". It is as weak as MS-CHAP version 2.
    #[serde(rename = "eap-ms-chap-v2", alias = "eap-mschap2")]
    EapMsChapV2,
}

/// How hard packets are compressed, by MPPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    Off,
    /// Fast.
    Fast,
    /// A few per cent shorter.
    Default,
    /// As short as can be.
    Max,
}

/// Cisco's `interface virtual-template`, and the settings of a PPTP server or client of other
/// makers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct VirtualTemplate {
    /// The server's own address in the tunnels: that of Cisco's `ip unnumbered`.
    pub ip_address: Option<Ipv4Addr>,
    /// The name of the pool with the clients' addresses.
    pub peer_default_ip_address: Option<String>,
    /// The methods of authentication, the most wanted first. Default: MS-CHAP version 2 alone.
    pub ppp_authentication: Option<Vec<Method>>,
    /// The name of this side in CHAP. Default: `local-name` or `hostname`.
    pub ppp_chap_hostname: Option<String>,
    /// Encryption. Default: `128 required`.
    pub ppp_encrypt_mppe: Option<Mppe>,
    /// Compression. Default: off.
    pub compress_mppc: Compression,
    /// The longest IP packet that is sent, in bytes, 576 to 1500. Default: what fits into packets of 1500 bytes outside.
    pub mtu: Option<u16>,
    /// The longest IP packet that is received, in bytes, 576 to 1500. Default: as `mtu`.
    pub mru: Option<u16>,
    /// After how many seconds of silence in the tunnel the peer is asked for an echo. 0: never. Default: 30.
    pub keepalive_timeout: Option<u64>,
    /// Name servers for clients, two at most.
    pub dns: Vec<Ipv4Addr>,
    /// NetBIOS name servers for clients, two at most.
    pub nbns: Vec<Ipv4Addr>,
    /// Whether IPv6 flows too. Default: no.
    pub ipv6: bool,
    /// Begins with what connects to most peers, and is weak, where a key has no value. Default: no.
    pub interop: bool,
    /// After how many seconds a session ends. Default: never.
    pub session_timeout: Option<u64>,
}
