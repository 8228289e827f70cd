//! Why a program ends, in a sentence and a number.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind};

use pptp::ppp::link;
use pptp::ppp_session;
use pptp::session::Reason;
use pptp::wire::connection::Fault;

use crate::config::ConfigError;

/// Exit statuses.
pub mod status {
    /// Anything else.
    pub const OTHER: u8 = 1;
    /// The arguments or the configuration are wrong.
    pub const WRONG_CONFIGURATION: u8 = 2;
    /// A capability is missing.
    pub const NO_PERMISSION: u8 = 3;
    /// There is no TCP connection to be had: no route, nobody listens, no answer.
    pub const NO_CONNECTION: u8 = 4;
    /// TCP is there, but no GRE comes through: Windows' errors 619 and 806.
    pub const GRE_BLOCKED: u8 = 5;
    /// The name or the password is wrong (Windows' error 691), or has expired, or the server could not prove itself.
    pub const NOT_AUTHENTICATED: u8 = 6;
    /// The two sides did not agree on encryption: Windows' error 742.
    pub const NO_ENCRYPTION: u8 = 7;
    /// The other side has ended the session, or the connection broke.
    pub const HUNG_UP: u8 = 8;
    /// The two sides did not agree on something else.
    pub const NO_AGREEMENT: u8 = 9;
    /// A second Ctrl-C.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a program ends.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The exit status.
    pub status: u8,
    /// A sentence.
    pub text: String,
}

impl Failure {
    /// Says what has no number of its own.
    #[must_use]
    pub const fn other(text: String) -> Self {
        Self { status: status::OTHER, text }
    }

    /// Says that the operating system does not give what is needed.
    #[must_use]
    pub fn of_system(what: &str, error: &io::Error) -> Self {
        if error.kind() == ErrorKind::PermissionDenied {
            let text = format!(
                "no permission for {what}: it needs the capabilities CAP_NET_RAW and CAP_NET_ADMIN; run it as root, or \
                 with `setpriv` or `setcap cap_net_raw,cap_net_admin+ep`"
            );
            return Self { status: status::NO_PERMISSION, text };
        }
        Self::other(format!("{what}: {error}"))
    }

    /// Says why a session has ended; `None` when that was wanted.
    #[must_use]
    pub fn of_reason(reason: &Reason) -> Option<Self> {
        use ppp_session::Reason as Ppp;

        let status = match reason {
            Reason::Closed | Reason::Ppp(Ppp::Link(link::Reason::Closed)) => return None,
            Reason::GreBlocked | Reason::GreOneWay => status::GRE_BLOCKED,
            Reason::Ppp(Ppp::Link(link::Reason::Authentication(_))) => status::NOT_AUTHENTICATED,
            Reason::Ppp(
                Ppp::NotDecrypted
                | Ppp::Link(
                    link::Reason::EncryptionRequired { .. }
                    | link::Reason::EncryptionUnanswered
                    | link::Reason::NoKeys { .. }
                    | link::Reason::EncryptionLost,
                ),
            ) => status::NO_ENCRYPTION,
            Reason::Ppp(Ppp::Link(link::Reason::PeerClosed { error, .. })) => match error {
                Some(691 | 646..=649) => status::NOT_AUTHENTICATED,
                Some(741 | 742) => status::NO_ENCRYPTION,
                _ => status::HUNG_UP,
            },
            Reason::Ppp(Ppp::Link(link::Reason::PeerSilent | link::Reason::LowerLayerDown))
            | Reason::Call(_)
            | Reason::Control(_)
            | Reason::FlowAlarm => status::HUNG_UP,
            _ => status::NO_AGREEMENT,
        };
        Some(Self { status, text: sentence(reason) })
    }
}

/// Returns what happened, with the peer's own words, Windows' number for it, and what to do.
#[must_use]
pub fn sentence(reason: &Reason) -> String {
    let number = reason.windows_error();
    if number.is_none() && reason.fault() == Fault::Nobody {
        return reason.to_string();
    }
    advised(reason, number, reason.advice())
}

fn advised(reason: &dyn Display, number: Option<u32>, advice: &str) -> String {
    match number {
        Some(number) => format!("{reason} (error {number}): {advice}"),
        None => format!("{reason}: {advice}"),
    }
}

impl Failure {
    /// Says why a session of L2TP has ended; `None` when that was wanted.
    #[must_use]
    pub fn of_l2tp(reason: &l2tp_session::session::Reason) -> Option<Self> {
        use l2tp_session::session::Reason as L2tp;
        use l2tp_session::wire::tunnel::CloseReason as Tunnel;

        let status = match reason {
            L2tp::Closed => return None,
            L2tp::Ppp(reason) => return Self::of_ppp(*reason),
            L2tp::Tunnel(Tunnel::NoAnswer | Tunnel::SetupTimeout) => status::NO_CONNECTION,
            L2tp::Tunnel(
                Tunnel::NoPassword
                | Tunnel::NoProof
                | Tunnel::WrongPassword
                | Tunnel::EmptyPassword
                | Tunnel::ReflectedChallenge
                | Tunnel::HostName,
            ) => status::NOT_AUTHENTICATED,
            L2tp::Tunnel(Tunnel::PeerStopped { .. } | Tunnel::Silent) | L2tp::Call(_) | L2tp::NoData => status::HUNG_UP,
            _ => status::NO_AGREEMENT,
        };
        Some(Self { status, text: advised(reason, reason.windows_error(), reason.advice()) })
    }

    /// Says why PPP has ended; `None` when that was wanted.
    fn of_ppp(reason: ppp_session::Reason) -> Option<Self> {
        Self::of_reason(&Reason::Ppp(reason))
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self { status: status::WRONG_CONFIGURATION, text: error.to_string() }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
