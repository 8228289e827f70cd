//! Tunnels that this side begins, and the classes of L2TP.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use serde::Deserialize;

use super::group::Protocol;
use super::template::Method;
use super::value::{CookieText, Mppe, Network, NtHashText, Secret};

/// The tunnel that `vpdn-client` begins: RouterOS' `pptp-client`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Client {
    /// Name or address of the server, with `:PORT` if it is not the protocol's own: an address of IPv6 has brackets then.
    pub connect_to: String,
    /// The name of the `virtual-ppp` that says what is not said here. Default: the only one, where there is no `connect-to`.
    pub virtual_ppp: Option<String>,
    /// Which protocol. Default: PPTP.
    pub protocol: Option<Protocol>,
    /// The user's name, with the domain in front where there is one: `DOMAIN\name`.
    pub user: String,
    /// The password.
    pub password: Option<Secret>,
    /// A file with the password in its first line.
    pub password_file: Option<PathBuf>,
    /// The NT hash of the password.
    pub nt_hash: Option<NtHashText>,
    /// The new password for when the old one has expired.
    pub new_password: Option<Secret>,
    /// A file with the new password in its first line.
    pub new_password_file: Option<PathBuf>,
    /// The name of the `virtual-template`. Default: the first one, or one with the defaults of all keys.
    pub virtual_template: Option<String>,
    /// The name of the `pseudowire-class`, for L2TP.
    pub pseudowire_class: Option<String>,
    /// The number of the circuit that a session of L2TPv3 is for, which the server has too: Cisco's VCID. Default: none.
    pub vcid: Option<u32>,
    /// The session of a `pseudowire-class` whose `protocol` is `none`.
    pub manual: Option<ManualSession>,
    /// An address to ask for. Default: the server gives one.
    pub address: Option<Ipv4Addr>,
    /// Whether all packets go through the tunnel. Default: no.
    pub add_default_route: bool,
    /// Networks that go through the tunnel.
    pub routes: Vec<Network>,
    /// Whether the name servers of the tunnel become those of the system, by `resolvconf`. Default: no.
    pub use_peer_dns: bool,
    /// A script for when the tunnel is up. It gets pppd's arguments and environment.
    pub ip_up: Option<PathBuf>,
    /// A script for when the tunnel is down.
    pub ip_down: Option<PathBuf>,
    /// How often the server is dialed again after the tunnel has ended or failed. Default: never.
    pub reconnect: Option<u32>,
    /// The longest pause before that, in seconds. The first is a second, each next one is twice as long. Default: 60.
    pub reconnect_max_pause: Option<u64>,
    /// Where it is noted what has to be restored if the client is killed. Default: `/run/vpdn-client`.
    pub state_folder: Option<PathBuf>,
}

impl Client {
    /// Returns whether the tunnel carries Ethernet, and no PPP.
    #[must_use]
    pub fn carries_ethernet(&self) -> bool {
        self.manual.as_ref().is_some_and(|manual| manual.circuit == Circuit::Ethernet)
    }
}

/// A session that nobody sets up: Cisco's `l2tp id` and `l2tp cookie`, Linux' `ip l2tp add session`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct ManualSession {
    /// The number of the session in packets that come here.
    pub local_id: u32,
    /// The number of the session in packets that leave.
    pub remote_id: u32,
    /// The cookie in packets that come here, 4 or 8 bytes in hexadecimal digits. Default: none.
    pub local_cookie: Option<CookieText>,
    /// The cookie in packets that leave, 4 or 8 bytes in hexadecimal digits. Default: none.
    pub remote_cookie: Option<CookieText>,
    /// The port of UDP that packets come to. Default: 1701.
    pub local_port: Option<u16>,
    /// The payload of the session. Default: PPP, whose client this side is.
    #[serde(default)]
    pub circuit: Circuit,
}

/// The payload of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Circuit {
    /// PPP, whose client this side is.
    #[default]
    Ppp,
    /// Ethernet frames, to and from a network interface of Ethernet.
    Ethernet,
}

/// Cisco's `l2tp-class`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct L2tpClass {
    /// Whether the peer has to prove that it knows the password. Default: no.
    pub authentication: bool,
    /// The name that this side gives itself. Default: `hostname`.
    pub hostname: Option<String>,
    /// Whether values are hidden in messages. Default: no.
    pub hidden: bool,
    /// The password that both sides know.
    pub password: Option<Secret>,
    /// The password before this one: peers that still use it are let in while it changes. Default: none.
    pub old_password: Option<Secret>,
    /// The hash of version 3's message digests, where `authentication` asks for them. Default: `md5`.
    pub digest: DigestHash,
    /// How many control messages the peer may send before it waits for an acknowledgment. Default: 8.
    pub receive_window: Option<u16>,
    /// How control messages are sent again.
    pub retransmit: Retransmit,
    /// After how many seconds a tunnel that is not up is given up, 60 to 6000. Default: 120.
    pub timeout_setup: Option<u64>,
    /// After how many seconds of silence the peer is asked for a sign of life. 0: never. Default: 60.
    pub hello: Option<u64>,
}

/// Cisco's `digest hash`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum DigestHash {
    /// HMAC-MD5.
    #[default]
    Md5,
    /// HMAC-SHA-1.
    Sha,
}

/// Cisco's `retransmit`.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Retransmit {
    /// How often the first message is sent again. Default: 2.
    pub initial_retries: Option<u8>,
    /// How often others are. Default: 10.
    pub retries: Option<u8>,
    /// How long an acknowledgment is waited for.
    pub timeout: RetransmitTimeout,
}

/// How long an acknowledgment is waited for: the time doubles each time.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RetransmitTimeout {
    /// The first time, in seconds, 1 to 8. Default: 1.
    pub min: Option<u64>,
    /// The longest time, in seconds, 1 to 8. Default: 8.
    pub max: Option<u64>,
}

/// In which direction packets carry sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Sequencing {
    /// In none.
    #[default]
    Off,
    /// Those that we send.
    Transmit,
    /// Those that we receive.
    Receive,
    /// All.
    Both,
}

/// Cisco's `ip tos`: the type of service of the outer packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TypeOfService {
    /// That of the inner packet.
    Reflect,
    /// This one.
    Value(u8),
}

/// Cisco's `pseudowire-class`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct PseudowireClass {
    /// The form of data packets: `l2tpv2` or `l2tpv3`.
    pub encapsulation: L2tpVersion,
    /// The protocol that sets sessions up: `l2tpv2`, `l2tpv3` or `none`. Default: as
    /// `encapsulation`.
    pub protocol: Option<Signaling>,
    /// The name of the `l2tp-class`. Default: one with the defaults of all keys.
    pub l2tp_class: Option<String>,
    /// The carrier of packets of version 3: UDP, or IP itself. Default: UDP.
    #[serde(default)]
    pub ip_protocol: IpProtocol,
    /// How many bytes of cookie this side wants in packets of version 3, 0, 4 or 8. Default: 0.
    #[serde(default)]
    pub cookie_size: u8,
    /// Whether this side wants the sublayer in packets of version 3, which Linux has and Cisco has not. Default: no, unless
    /// packets carry sequence numbers.
    #[serde(default)]
    pub sublayer: bool,
    /// The interface whose address the packets of a client come from. Default: as the route says.
    pub ip_local_interface: Option<String>,
    /// Whether a client asks the path for its longest packet, and sends nothing that would be fragmented. Default: no.
    #[serde(default)]
    pub ip_pmtu: bool,
    /// The type of service of the outer packets. Default: 0.
    pub ip_tos: Option<TypeOfService>,
    /// Whether outer packets must not be fragmented. Default: no.
    #[serde(default)]
    pub ip_dfbit_set: bool,
    /// The time to live of outer packets. Default: 255.
    pub ip_ttl: Option<u8>,
    /// Which packets carry sequence numbers. Default: none.
    #[serde(default)]
    pub sequencing: Sequencing,
}

/// Cisco's `ip protocol`: what carries packets of version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum IpProtocol {
    /// UDP.
    #[default]
    Udp,
    /// IP itself, as protocol 115.
    L2tp,
}

/// A version of L2TP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum L2tpVersion {
    /// RFC 2661.
    L2tpv2,
    /// RFC 3931.
    L2tpv3,
}

/// The protocol that sets sessions up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Signaling {
    /// RFC 2661.
    L2tpv2,
    /// RFC 3931.
    L2tpv3,
    /// Nothing: the numbers are configured on both sides.
    None,
}

/// Cisco's `interface virtual-ppp`: what `vpdn-client` dials by, unless it has arguments and keys of
/// its own. The number is a part of the name of the network interface, `virtual-ppp1`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct VirtualPpp {
    /// This side's address: that of Cisco's `ip unnumbered`. Default: the peer gives one.
    pub ip_address: Option<Ipv4Addr>,
    /// The methods of authentication, the most wanted first.
    #[serde(default)]
    pub ppp_authentication: Vec<Method>,
    /// Encryption. Default: `128 required`.
    pub ppp_encrypt_mppe: Option<Mppe>,
    /// The name of this side in CHAP. Default: `hostname`.
    pub ppp_chap_hostname: Option<String>,
    /// The other end.
    pub pseudowire: Pseudowire,
    /// Networks that go through the tunnel: Cisco's `ip route`.
    #[serde(default)]
    pub ip_route: Vec<Network>,
}

/// Cisco's `pseudowire`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Pseudowire {
    /// The address of the peer.
    pub peer: IpAddr,
    /// The number of the circuit, which both sides have.
    pub vcid: u32,
    /// The name of the `pseudowire-class`.
    pub pw_class: String,
    /// Which packets carry sequence numbers. Default: as the class says.
    pub sequencing: Option<Sequencing>,
}
