//! Arguments that both programs have: each is a key of the configuration.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use toml::Value;

use crate::config::{Config, ConfigError, Mppe, Overlay, Protocol};

/// A method of authentication.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MethodArgument {
    /// MS-CHAP version 2.
    Mschap2,
    /// MS-CHAP version 1: anybody can be the server.
    Mschap1,
    /// CHAP with MD5: leaves no keys for encryption.
    Chap,
    /// The password in the clear.
    Pap,
    /// EAP with MD5-Challenge: leaves no keys for encryption.
    Eap,
    /// EAP with MS-CHAP version 2.
    EapMschap2,
}

/// How hard packets are compressed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum CompressionArgument {
    /// Not at all.
    Off,
    /// Fast.
    Fast,
    /// A few per cent shorter.
    Default,
    /// As short as can be.
    Max,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// A file of configuration, in TOML. Arguments go over what it says.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Set any key of the configuration, as `virtual-template.1.mtu=1400`; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Say what is wrong with the configuration, and do nothing else.
    #[arg(long)]
    pub(crate) check: bool,
    /// The name of the network interface; without it, the system gives one.
    #[arg(long, value_name = "NAME")]
    tun: Option<String>,
    /// Write the status every so many seconds.
    #[arg(long, value_name = "SECONDS")]
    status_interval: Option<u32>,
}

impl Source {
    /// Adds what is set to arguments that are set already.
    pub(crate) fn add(&self, overlay: &mut Overlay) -> Result<(), ConfigError> {
        set(overlay, &["interface"], self.tun.as_deref());
        set(overlay, &["status-interval"], self.status_interval.map(i64::from));
        self.set.iter().try_for_each(|text| overlay.set_text(text))
    }
}

/// The settings of PPP: keys of a `virtual-template`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Security and link")]
pub(crate) struct Link {
    /// Start from what connects to most peers, and is weak, instead of from what is strict.
    #[arg(long)]
    interop: bool,
    /// The methods of authentication, the most wanted first. Without it: MS-CHAP version 2 alone.
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    auth: Option<Vec<MethodArgument>>,
    /// Encryption: `{auto|40|56|128} [passive|required] [stateful|stateful-allowed]`, or `none`. Without it: `128 required`.
    #[arg(long, value_name = "HOW", value_parser = mppe)]
    mppe: Option<String>,
    /// MPPC: whether packets are compressed, and how hard.
    #[arg(long, value_name = "HOW")]
    compression: Option<CompressionArgument>,
    /// Let IPv6 flow too.
    #[arg(long)]
    ipv6: bool,
    /// The longest IP packet in the tunnel, in bytes; without it, what fits into packets of 1500 bytes.
    #[arg(long, value_name = "BYTES")]
    mtu: Option<u16>,
    /// The longest IP packet that is received, in bytes.
    #[arg(long, value_name = "BYTES")]
    mru: Option<u16>,
    /// After how many seconds of silence in the tunnel the peer is asked for an echo; without it, after 30.
    #[arg(long, value_name = "SECONDS")]
    keepalive: Option<u32>,
}

impl Link {
    /// Sets the keys of a template.
    pub(crate) fn add(&self, overlay: &mut Overlay, template: &str) {
        let mut key = |key: &str, value: Option<Value>| set(overlay, &["virtual-template", template, key], value);
        let named = |value: &dyn ToString| Some(Value::String(value.to_string()));
        key("interop", self.interop.then_some(Value::Boolean(true)));
        key("ipv6", self.ipv6.then_some(Value::Boolean(true)));
        let name = |method: &MethodArgument| Value::String(value_name(method));
        key("ppp-authentication", self.auth.as_ref().map(|methods| Value::Array(methods.iter().map(name).collect())));
        key("ppp-encrypt-mppe", self.mppe.as_ref().and_then(|mppe| named(mppe)));
        key("compress-mppc", self.compression.as_ref().map(value_name).map(Value::String));
        key("mtu", self.mtu.map(|mtu| Value::Integer(mtu.into())));
        key("mru", self.mru.map(|mru| Value::Integer(mru.into())));
        key("keepalive-timeout", self.keepalive.map(|seconds| Value::Integer(seconds.into())));
    }
}

/// The settings of L2TP: keys of an `l2tp-class` and a `pseudowire-class`.
#[derive(Debug, Args)]
#[command(next_help_heading = "L2TP")]
pub(crate) struct L2tp {
    /// The secret of the tunnels: both ends prove that they know it.
    #[arg(long, value_name = "SECRET")]
    tunnel_secret: Option<String>,
    /// The secret before that one, which is taken as well while it changes.
    #[arg(long, value_name = "SECRET", requires = "tunnel_secret")]
    old_tunnel_secret: Option<String>,
    /// The hash of the proofs of version 3. Without it: `md5`.
    #[arg(long, value_name = "HASH", value_parser = ["md5", "sha"], requires = "tunnel_secret")]
    digest: Option<String>,
    /// Hide values in control messages.
    #[arg(long, requires = "tunnel_secret")]
    hidden: bool,
    /// The carrier of version 3: UDP, or IP itself as protocol 115. Without it: `udp`.
    #[arg(long, value_name = "PROTOCOL", value_parser = ["udp", "l2tp"])]
    ip_protocol: Option<String>,
    /// How many bytes of cookie packets of version 3 have to have: 0, 4 or 8.
    #[arg(long, value_name = "BYTES")]
    cookie_size: Option<u8>,
    /// Want the sublayer in packets of version 3.
    #[arg(long)]
    sublayer: bool,
    /// Which packets carry sequence numbers: `off`, `transmit`, `receive` or `both`.
    #[arg(long, value_name = "WHICH", value_parser = ["off", "transmit", "receive", "both"])]
    sequencing: Option<String>,
}

impl L2tp {
    /// Sets the keys of the classes of a client or of a group, whose keys have this `path`. `protocol` is what the tunnels
    /// are for.
    pub(crate) fn add(
        &self,
        overlay: &mut Overlay,
        file: &Config,
        path: &[&str],
        (l2tp, pseudowire): (Option<&str>, Option<&str>),
        protocol: Option<Protocol>,
    ) {
        let Self { tunnel_secret, old_tunnel_secret, digest, hidden, ip_protocol, cookie_size, sublayer, sequencing } =
            self;
        let is_of_tunnel = tunnel_secret.is_some();
        let is_of_sessions = ip_protocol.is_some() || cookie_size.is_some() || *sublayer || sequencing.is_some();
        if !is_of_tunnel && !is_of_sessions {
            return;
        }
        let name = pseudowire.unwrap_or("default");
        // A class without an encapsulation is none, so that comes first.
        if pseudowire.is_none() {
            // A class of version 2 has less settings. Where both are accepted, tunnels of version 2 pass over the rest.
            let is_v3 = matches!(protocol, Some(Protocol::L2tpv3 | Protocol::Any));
            overlay.set(&["pseudowire-class", name, "encapsulation"], if is_v3 { "l2tpv3" } else { "l2tpv2" });
            overlay.set(&[path, &["pseudowire-class"]].concat(), name);
        }
        let mut key = |key: &str, value: Option<Value>| set(overlay, &["pseudowire-class", name, key], value);
        let text = |text: &Option<String>| text.clone().map(Value::String);
        let yes = |is_set: bool| is_set.then_some(Value::Boolean(true));
        key("ip-protocol", text(ip_protocol));
        key("cookie-size", cookie_size.map(|bytes| Value::Integer(bytes.into())));
        key("sublayer", yes(*sublayer));
        key("sequencing", text(sequencing));
        if !is_of_tunnel {
            return;
        }
        let of_pseudowire = file.pseudowire_class.get(name).and_then(|class| class.l2tp_class.as_deref());
        let class = l2tp.or(of_pseudowire).unwrap_or("default");
        let mut key = |key: &str, value: Option<Value>| set(overlay, &["l2tp-class", class, key], value);
        key("password", text(tunnel_secret));
        key("old-password", text(old_tunnel_secret));
        key("authentication", yes(true));
        key("digest", text(digest));
        key("hidden", yes(*hidden));
        if l2tp.or(of_pseudowire).is_none() {
            overlay.set(&["pseudowire-class", name, "l2tp-class"], class);
        }
    }
}

/// Sets a key that has a value.
pub(crate) fn set(overlay: &mut Overlay, path: &[&str], value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        overlay.set(path, value);
    }
}

fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn mppe(text: &str) -> Result<String, String> {
    text.parse::<Mppe>().map(|_| text.to_owned())
}
