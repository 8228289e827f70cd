//! The options that client and server share: how to authenticate, encrypt, compress.

use std::time::Duration;

use clap::{Args, ValueEnum};
use pptp::ppp::auth::{Method, Methods};
use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use pptp::ppp::link::Keepalive;
use pptp::session::{Compression, Config, IpVersions};
use pptp::wire::Text;
use pptp::wire::connection::{EchoPolicy, Identity};

/// Whether packets have to be encrypted.
#[derive(Clone, Copy, ValueEnum)]
pub enum EncryptionOption {
    /// They have to be, or the session ends.
    Required,
    /// If the peer wants it as well.
    Preferred,
    /// If the peer asks for it.
    Passive,
    /// Not at all.
    Refused,
}

/// How long keys are.
#[derive(Clone, Copy, ValueEnum)]
pub enum StrengthOption {
    /// The longest that both sides have.
    Auto,
    /// 40 bits.
    #[value(name = "40")]
    Bits40,
    /// 56 bits.
    #[value(name = "56")]
    Bits56,
    /// 128 bits.
    #[value(name = "128")]
    Bits128,
}

/// Whether keys change with every packet.
#[derive(Clone, Copy, ValueEnum)]
pub enum ModeOption {
    /// Always.
    Stateless,
    /// If the peer can.
    PreferStateless,
    /// Only if the peer wants it.
    PreferStateful,
}

/// A method of authentication.
#[derive(Clone, Copy, ValueEnum)]
pub enum MethodOption {
    /// MS-CHAP version 2.
    Mschap2,
    /// MS-CHAP version 1: anybody can be the server.
    Mschap1,
    /// CHAP with MD5: leaves no keys for encryption.
    Chap,
    /// The password in the clear.
    Pap,
    /// EAP with MD5: leaves no keys for encryption.
    Eap,
}

/// How hard packets are compressed.
#[derive(Clone, Copy, ValueEnum)]
pub enum CompressionOption {
    /// Not at all.
    Off,
    /// Fast.
    Fast,
    /// A few per cent shorter.
    Default,
    /// As short as can be.
    Max,
}

/// Without any of these, MS-CHAP version 2 and 128 bits of stateless encryption are required.
#[derive(Args)]
#[command(next_help_heading = "Security and link")]
pub struct Options {
    /// Start from what connects to most peers, and is weak, instead of from what is strict.
    #[arg(long)]
    interop: bool,
    /// The methods of authentication, the most wanted first.
    #[arg(long, value_name = "METHODS", value_delimiter = ',')]
    auth: Option<Vec<MethodOption>>,
    /// Whether packets have to be encrypted.
    #[arg(long, value_name = "WHETHER")]
    encryption: Option<EncryptionOption>,
    /// The length of keys.
    #[arg(long, value_name = "BITS")]
    strength: Option<StrengthOption>,
    /// Whether keys change with every packet.
    #[arg(long)]
    mode: Option<ModeOption>,
    /// MPPC: whether packets are compressed, and how hard.
    #[arg(long, value_name = "HOW")]
    compression: Option<CompressionOption>,
    /// Let IPv6 flow too.
    #[arg(long)]
    pub ipv6: bool,
    /// The longest IP packet in the tunnel, in octets; without it, what fits into packets of 1500 octets.
    #[arg(long, value_name = "OCTETS", value_parser = clap::value_parser!(u16).range(576..=1500))]
    mtu: Option<u16>,
    /// After how many seconds of silence the peer is asked for an echo, on the control connection and in the tunnel; without
    /// it, after 60 s there and 30 s here.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    echo_interval: Option<Duration>,
}

impl Options {
    /// What a session is to be like. `name` is what this side calls itself.
    pub fn session(&self, name: &str) -> Config {
        let mut config = if self.interop { Config::interop() } else { Config::strict() };
        let versions = if self.ipv6 { IpVersions::Both } else { IpVersions::V4 };
        // The text is short enough.
        let name = Text::new(name).unwrap_or(Text::EMPTY);
        config = config.with_identity(Identity::new(name, Text::EMPTY)).with_ppp(|ppp| ppp.with_ip_versions(versions));
        if let Some(methods) = &self.auth {
            let methods: Vec<_> = methods.iter().map(|method| method.method()).collect();
            config = config.with_ppp(|ppp| ppp.with_authentication(Methods::new(&methods)));
        }
        if let Some(encryption) = self.encryption {
            config = config.with_ppp(|ppp| {
                ppp.with_encryption(match encryption {
                    EncryptionOption::Required => Encryption::Required,
                    EncryptionOption::Preferred => Encryption::Preferred,
                    EncryptionOption::Passive => Encryption::Passive,
                    EncryptionOption::Refused => Encryption::Refused,
                })
            });
        }
        if let Some(strength) = self.strength {
            config = config.with_ppp(|ppp| {
                ppp.with_strengths(match strength {
                    StrengthOption::Auto => MicrosoftCompression::STRENGTHS,
                    StrengthOption::Bits40 => MicrosoftCompression::MPPE_40,
                    StrengthOption::Bits56 => MicrosoftCompression::MPPE_56,
                    StrengthOption::Bits128 => MicrosoftCompression::MPPE_128,
                })
            });
        }
        if let Some(mode) = self.mode {
            config = config.with_ppp(|ppp| {
                ppp.with_modes(match mode {
                    ModeOption::Stateless => Modes::Stateless,
                    ModeOption::PreferStateless => Modes::PreferStateless,
                    ModeOption::PreferStateful => Modes::PreferStateful,
                })
            });
        }
        if let Some(compression) = self.compression {
            config = config.with_ppp(|ppp| {
                ppp.with_compression(match compression {
                    CompressionOption::Off => Compression::Off,
                    CompressionOption::Fast => Compression::Fast,
                    CompressionOption::Default => Compression::Default,
                    CompressionOption::Max => Compression::Max,
                })
            });
        }
        if let Some(mtu) = self.mtu {
            config = config.with_ppp(|ppp| ppp.with_mtu(mtu));
        }
        if let Some(interval) = self.echo_interval {
            let interval = interval.max(Duration::from_secs(1));
            config = config.with_control(|control| {
                control.with_echo(EchoPolicy::Deadline { idle: interval, reply: EchoPolicy::REPLY })
            });
            config = config.with_ppp(|ppp| ppp.with_keepalive(Some(Keepalive::new(interval).with_adaptive(false))));
        }
        config
    }
}

impl MethodOption {
    const fn method(self) -> Method {
        match self {
            Self::Mschap2 => Method::MsChapV2,
            Self::Mschap1 => Method::MsChapV1,
            Self::Chap => Method::ChapMd5,
            Self::Pap => Method::Pap,
            Self::Eap => Method::Eap,
        }
    }
}

/// A number of seconds on the command line.
///
/// # Errors
///
/// It is none.
pub fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|error: std::num::ParseIntError| error.to_string())
}
