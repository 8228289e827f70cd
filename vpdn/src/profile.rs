//! The configuration of a session, from a template and a group.

use std::time::Duration;

use pptp::gre::AcknowledgmentTimeout;
use pptp::ppp::auth::Methods;
use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use pptp::ppp::link::Keepalive;
use pptp::ppp_session::{self, Compression as Mppc, IpVersions};
use pptp::session::Config as Session;
use pptp::wire::Text;
use pptp::wire::connection::{EchoPolicy, Identity};

use crate::config::{Compression, KeyChange, Method, Mppe, Strength, VirtualTemplate, VpdnGroup, Wanted};

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

fn security(mut ppp: ppp_session::Config, template: &VirtualTemplate) -> ppp_session::Config {
    use pptp::ppp::auth::Method as Protocol;

    if let Some(methods) = &template.ppp_authentication {
        let protocol = |method: &Method| match method {
            Method::MsChapV2 => Protocol::MsChapV2,
            Method::MsChapV1 => Protocol::MsChapV1,
            Method::Chap => Protocol::ChapMd5,
            Method::Pap => Protocol::Pap,
            Method::Eap => Protocol::Eap,
        };
        ppp = ppp.with_authentication(Methods::new(&methods.iter().map(protocol).collect::<Vec<_>>()));
    }
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
        Some(0) => ppp.with_keepalive(None),
        Some(seconds) => ppp.with_keepalive(Some(Keepalive::new(Duration::from_secs(seconds)).with_adaptive(false))),
    }
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
