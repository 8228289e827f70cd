//! What a session is like, from a template and a group.

use std::time::Duration;

use pptp::gre::AcknowledgmentTimeout;
use pptp::ppp::auth::Methods;
use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
use pptp::ppp::link::Keepalive;
use pptp::session::{Compression as Mppc, Config as Session};
use pptp::wire::Text;
use pptp::wire::connection::{EchoPolicy, Identity};

use crate::config::{Compression, KeyChange, Method, Mppe, Strength, VirtualTemplate, VpdnGroup, Wanted};

/// Returns what sessions are like. `name` is what this side calls itself.
pub(crate) fn session(template: &VirtualTemplate, group: Option<&VpdnGroup>, name: &str) -> Session {
    let session = if template.interop { Session::interop() } else { Session::strict() };
    // The configuration was checked: it is short enough.
    let name = Text::new(name).unwrap_or(Text::EMPTY);
    let session = session.with_identity(Identity::new(name, Text::EMPTY)).with_ip_versions(true, template.ipv6);
    let session = security(session, template);
    let session = link(session, template);
    match group {
        Some(group) => tuned(session, group),
        None => session,
    }
}

fn security(mut session: Session, template: &VirtualTemplate) -> Session {
    use pptp::ppp::auth::Method as Protocol;

    if let Some(methods) = &template.ppp_authentication {
        let protocol = |method: &Method| match method {
            Method::MsChapV2 => Protocol::MsChapV2,
            Method::MsChapV1 => Protocol::MsChapV1,
            Method::Chap => Protocol::ChapMd5,
            Method::Pap => Protocol::Pap,
        };
        session = session.with_authentication(Methods::new(&methods.iter().map(protocol).collect::<Vec<_>>()));
    }
    if let Some(Mppe { strength, wanted, key_change }) = template.ppp_encrypt_mppe {
        session = session
            .with_encryption(match wanted {
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
            });
    }
    session
}

fn link(mut session: Session, template: &VirtualTemplate) -> Session {
    session = session.with_compression(match template.compress_mppc {
        Compression::Off => Mppc::Off,
        Compression::Fast => Mppc::Fast,
        Compression::Default => Mppc::Default,
        Compression::Max => Mppc::Max,
    });
    if let Some(mtu) = template.mtu {
        session = session.with_mtu(mtu);
    }
    if let Some(mru) = template.mru {
        session = session.with_mru(mru);
    }
    match template.keepalive_timeout {
        None => session,
        Some(0) => session.with_keepalive(None),
        Some(seconds) => {
            session.with_keepalive(Some(Keepalive::new(Duration::from_secs(seconds)).with_adaptive(false)))
        }
    }
}

/// Cisco's "Tuning PPTP".
fn tuned(mut session: Session, group: &VpdnGroup) -> Session {
    if let Some(packets) = group.pptp_flow_control_receive_window {
        session = session.with_receive_window(packets);
    }
    if let Some(milliseconds) = group.pptp_flow_control_static_rtt {
        let timeout = AcknowledgmentTimeout::Static(Duration::from_millis(milliseconds));
        session = session.with_acknowledgment_timeout(timeout);
    }
    match group.pptp_tunnel_echo {
        None => session,
        Some(0) => session.with_echo(EchoPolicy::Off),
        Some(seconds) => {
            let idle = Duration::from_secs(seconds);
            session.with_echo(EchoPolicy::Deadline { idle, reply: EchoPolicy::REPLY })
        }
    }
}
