//! The configuration of a session, from a template and a group.

use std::time::Duration;

use l2tp_session::session::Config as L2tp;
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::data::TypeOfService;
use l2tp_session::wire::header::CookieSize;
use l2tp_session::wire::session::Terms;
use l2tp_session::wire::tunnel::{self, Authentication, DigestHash, Versions};
use l2tp_session::wire::{Secret, channel};
use pptp::gre::AcknowledgmentTimeout;
use pptp::ppp::auth::Methods;
use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use pptp::ppp::link::Keepalive;
use pptp::ppp_session::{self, Compression as Mppc, IpVersions};
use pptp::session::Config as Session;
use pptp::wire::Text;
use pptp::wire::connection::{EchoPolicy, Identity};

use crate::config::{
    self, Compression, KeyChange, L2tpClass, Method, Mppe, PseudowireClass, Sequencing, Strength, VirtualTemplate,
    VpdnGroup, Wanted,
};
use crate::host::Failure;

/// Returns what sessions are like. `name` is what this side calls itself.
pub(crate) fn session(template: &VirtualTemplate, group: Option<&VpdnGroup>, name: &str) -> Session {
    let session = if template.interop { Session::interop() } else { Session::strict() };
    // The configuration was checked: it is short enough.
    let name = Text::new(name).unwrap_or(Text::EMPTY);
    let session = session.with_identity(Identity::new(name, Text::EMPTY));
    let session = session.with_ppp(|ppp| link(security(ppp, template), template));
    match group {
        Some(group) => tuned(session, group),
        None => session,
    }
}

/// Adds what clients are given beside their address.
pub(crate) fn server(server: ppp_session::Server, template: &VirtualTemplate) -> ppp_session::Server {
    let two = |servers: &[_]| [servers.first().copied(), servers.get(1).copied()];
    server.with_name_servers(two(&template.dns)).with_netbios_name_servers(two(&template.nbns))
}

fn security(mut ppp: ppp_session::Config, template: &VirtualTemplate) -> ppp_session::Config {
    use pptp::ppp::auth::Method as Protocol;

    if let Some(methods) = &template.ppp_authentication {
        let protocol = |method: &Method| match method {
            Method::MsChapV2 => Protocol::MsChapV2,
            Method::MsChapV1 => Protocol::MsChapV1,
            Method::Chap => Protocol::ChapMd5,
            Method::Pap => Protocol::Pap,
            Method::Eap => Protocol::Eap,
            Method::EapMsChapV2 => Protocol::EapMsChapV2,
        };
        ppp = ppp.with_authentication(Methods::new(&methods.iter().map(protocol).collect::<Vec<_>>()));
    }
    // Without the setting the preset decides.
    let Some(Mppe { strength, wanted, key_change }) = template.ppp_encrypt_mppe else { return ppp };
    ppp.with_encryption(match wanted {
        Wanted::Offered => Encryption::Preferred,
        Wanted::Passive => Encryption::Passive,
        Wanted::Required => Encryption::Required,
        Wanted::Refused => Encryption::Refused,
    })
    .with_strengths(match strength {
        Strength::Auto => MicrosoftCompression::STRENGTHS,
        Strength::Bits40 => MicrosoftCompression::MPPE_40,
        Strength::Bits56 => MicrosoftCompression::MPPE_56,
        Strength::Bits128 => MicrosoftCompression::MPPE_128,
    })
    .with_modes(match key_change {
        KeyChange::Stateless => Modes::Stateless,
        KeyChange::StatefulAllowed => Modes::PreferStateless,
        KeyChange::Stateful => Modes::PreferStateful,
    })
}

fn link(mut ppp: ppp_session::Config, template: &VirtualTemplate) -> ppp_session::Config {
    ppp = ppp.with_ip_versions(if template.ipv6 { IpVersions::Both } else { IpVersions::V4 });
    ppp = ppp.with_compression(match template.compress_mppc {
        Compression::Off => Mppc::Off,
        Compression::Fast => Mppc::Fast,
        Compression::Default => Mppc::Default,
        Compression::Max => Mppc::Max,
    });
    if let Some(mtu) = template.mtu {
        ppp = ppp.with_mtu(mtu);
    }
    if let Some(mru) = template.mru {
        ppp = ppp.with_mru(mru);
    }
    match template.keepalive_timeout {
        None => ppp,
        // Zero switches it off.
        Some(0) => ppp.with_keepalive(None),
        Some(seconds) => ppp.with_keepalive(Some(Keepalive::new(Duration::from_secs(seconds)).with_adaptive(false))),
    }
}

/// Returns what sessions of L2TP are like. `name` is what this side calls itself.
///
/// # Errors
///
/// A password of the tunnel is too long.
pub(crate) fn l2tp(
    template: &VirtualTemplate,
    (class, pseudowire): (&L2tpClass, Option<&PseudowireClass>),
    versions: Versions,
    name: &str,
) -> Result<L2tp, Failure> {
    let name = class.hostname.as_deref().unwrap_or(name);
    let config = if template.interop { L2tp::interop(name) } else { L2tp::strict(name) };
    let config = config.with_ppp(|ppp| link(security(ppp, template), template));
    let config = config.with_tunnel(|tunnel| control(tunnel, class, versions));
    let config = match pseudowire {
        Some(pseudowire) => outer(config, pseudowire).with_terms(|terms| wishes(terms, pseudowire)),
        None => config,
    };
    let [password, old] = [&class.password, &class.old_password].map(|password| {
        let secret = password.as_ref().map(|password| Secret::new(password.expose().as_bytes()));
        secret.transpose().map_err(|error| Failure::other(format!("a password of the l2tp-class: {error}")))
    });
    let (password, old) = (password?, old?);
    Ok(config.with_tunnel(|tunnel| {
        let tunnel = password.into_iter().fold(tunnel, tunnel::Config::with_password);
        old.into_iter().fold(tunnel, tunnel::Config::with_old_password)
    }))
}

/// Applies all of Cisco's `l2tp-class` but its passwords.
fn control(mut tunnel: tunnel::Config, class: &L2tpClass, versions: Versions) -> tunnel::Config {
    let authentication = match (class.authentication, versions) {
        (false, _) => Authentication::None,
        // Where both versions are spoken, a digest would shut version 2 out.
        (true, Versions::V2 | Versions::Both) => Authentication::Challenge,
        (true, Versions::V3) => Authentication::Digest(match class.digest {
            config::DigestHash::Md5 => DigestHash::Md5,
            config::DigestHash::Sha => DigestHash::Sha1,
        }),
    };
    tunnel = tunnel.with_versions(versions).with_authentication(authentication).with_hidden(class.hidden);
    if let Some(seconds) = class.timeout_setup {
        tunnel = tunnel.with_setup_timeout(Duration::from_secs(seconds));
    }
    if let Some(seconds) = class.hello {
        tunnel = tunnel.with_hello_interval((seconds != 0).then(|| Duration::from_secs(seconds)));
    }
    tunnel.with_channel(channel(class))
}

/// Returns what this side wants of data packets.
fn wishes(terms: Terms, pseudowire: &PseudowireClass) -> Terms {
    let cookie = match pseudowire.cookie_size {
        4 => CookieSize::Four,
        8 => CookieSize::Eight,
        _ => CookieSize::Zero,
    };
    let terms = terms.with_cookie(cookie).with_sublayer(pseudowire.sublayer);
    // A wish is for both directions: the tunnel has no word for one alone.
    if pseudowire.sequencing == Sequencing::Off { terms } else { terms.with_sequencing(DataSequencing::ALL) }
}

/// Applies Cisco's `ip ttl`, `ip dfbit set` and `ip tos`.
fn outer(config: L2tp, pseudowire: &PseudowireClass) -> L2tp {
    let config = config.with_dont_fragment(pseudowire.ip_dfbit_set);
    let config = match pseudowire.ip_ttl {
        Some(ttl) => config.with_ttl(ttl),
        None => config,
    };
    match pseudowire.ip_tos {
        Some(config::TypeOfService::Reflect) => config.with_type_of_service(TypeOfService::Reflect),
        Some(config::TypeOfService::Value(value)) => config.with_type_of_service(TypeOfService::Value(value)),
        None => config,
    }
}

/// Returns the settings of Cisco's `receive-window` and `retransmit`.
fn channel(class: &L2tpClass) -> channel::Config {
    let mut channel = channel::Config::new();
    if let Some(messages) = class.receive_window {
        channel = channel.with_receive_window(messages);
    }
    if let Some(retries) = class.retransmit.initial_retries {
        channel = channel.with_initial_retries(retries);
    }
    if let Some(retries) = class.retransmit.retries {
        channel = channel.with_retries(retries);
    }
    if let Some(seconds) = class.retransmit.timeout.min {
        channel = channel.with_timeout_min(Duration::from_secs(seconds));
    }
    if let Some(seconds) = class.retransmit.timeout.max {
        channel = channel.with_timeout_max(Duration::from_secs(seconds));
    }
    channel
}

/// Applies Cisco's "Tuning PPTP".
fn tuned(session: Session, group: &VpdnGroup) -> Session {
    let session = session.with_gre(|mut gre| {
        if let Some(packets) = group.pptp_flow_control_receive_window {
            gre = gre.with_receive_window(packets);
        }
        if let Some(milliseconds) = group.pptp_flow_control_static_rtt {
            gre = gre.with_acknowledgment_timeout(AcknowledgmentTimeout::Static(Duration::from_millis(milliseconds)));
        }
        gre
    });
    let echo = match group.pptp_tunnel_echo {
        None => return session,
        Some(0) => EchoPolicy::Off,
        Some(seconds) => EchoPolicy::Deadline { idle: Duration::from_secs(seconds), reply: EchoPolicy::REPLY },
    };
    session.with_control(|control| control.with_echo(echo))
}
