//! Why a link ended.

use core::fmt;

use super::windows_error_text;
use crate::auth::{self, Method};
use crate::ccp::{self, MicrosoftCompression};
use crate::words::{Quoted, Words};
use crate::{ipcp, lcp, negotiate};

/// Why a link ended: what to do next time, and the number that Windows would show for it.
///
/// ```
/// use ppp_fsm::auth::Method;
/// use ppp_fsm::link::Reason;
///
/// let reason = Reason::NoKeys { method: Some(Method::Pap) };
/// assert_eq!(reason.to_string(), "encryption required, but no keys: authenticated by PAP");
/// assert_eq!(reason.windows_error(), Some(742));
/// assert_eq!(
///     reason.advice(),
///     "authenticate by MS-CHAP, or have a RADIUS server give the keys"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// This side closed.
    Closed,
    /// The peer closed, and may have said why.
    PeerClosed {
        /// [Microsoft's error number](lcp::MicrosoftTermination), if that is what its Terminate-Request had in it.
        error: Option<u32>,
        /// RFC 1661 section 5.5: what it said otherwise.
        words: Words,
    },
    /// The carrier of the frames is gone.
    LowerLayerDown,
    /// The peer does not answer LCP.
    NoAnswer,
    /// The peer does not answer Echo-Requests any more.
    PeerSilent,
    /// LCP does not come to an end: each side goes on refusing the other.
    NotConverging,
    /// The peer does not know LCP, or a part of it that has to be.
    LcpRejected,
    /// LCP has no hope: a loop, or no common authentication.
    Lcp(lcp::Failure),
    /// One side has not proved itself.
    Authentication(auth::Failure),
    /// Encryption is required here, and no kind of it is common to both sides.
    EncryptionRequired {
        /// The bits that this side allows, in the mode that it prefers.
        allowed: MicrosoftCompression,
        /// The bits that the peer named last.
        offered: Option<MicrosoftCompression>,
    },
    /// Encryption is required here, and the peer does not answer CCP at all.
    EncryptionUnanswered,
    /// Encryption is required here, and the authentication left no keys.
    NoKeys {
        /// How it was authenticated.
        method: Option<Method>,
    },
    /// Encryption is required here, was there, and the peer ended it.
    EncryptionLost,
    /// No network protocol is left, and IPCP ended for this reason: the peer does not answer or does not know it, or there
    /// was no agreement.
    NoIp(negotiate::Reason<ipcp::Failure>),
    /// No network protocol is left, and the peer has closed IPCP.
    IpClosed {
        /// The text of its Terminate-Request of IPCP (RFC 1661 section 5.5).
        words: Words,
    },
    /// No network protocol is left.
    NoNetwork,
}

impl Reason {
    /// RFC 1661 section 5.5: the reason that the data of the peer's Terminate-Request gives.
    pub(super) fn of_farewell(data: &[u8]) -> Self {
        lcp::MicrosoftTermination::decode(data).map_or_else(
            || Self::PeerClosed { error: None, words: Words::new(data) },
            |termination| Self::PeerClosed { error: Some(termination.error), words: Words::NONE },
        )
    }

    /// Returns the error number of Windows' Remote Access Service that fits, which is what its users report. It is never
    /// 0, which is no error.
    #[must_use]
    pub const fn windows_error(&self) -> Option<u32> {
        Some(match self {
            Self::Closed | Self::PeerClosed { error: None | Some(0), .. } => return None,
            Self::PeerClosed { error: Some(error), .. } => *error,
            Self::LowerLayerDown => 619,
            Self::NoAnswer | Self::PeerSilent => 721,
            Self::NotConverging | Self::LcpRejected | Self::Lcp(_) => 734,
            Self::Authentication(failure) => match failure {
                auth::Failure::NoAnswer { .. } => 718,
                auth::Failure::NoMutualProof => 778,
                auth::Failure::NoCommonEapType { .. } => 919,
                auth::Failure::Refused { code: None | Some(0), .. }
                | auth::Failure::RefusedPeer { code: None | Some(0), .. }
                | auth::Failure::Declined { .. } => 691,
                auth::Failure::Refused { code: Some(code), .. }
                | auth::Failure::RefusedPeer { code: Some(code), .. } => *code,
            },
            Self::EncryptionRequired { .. }
            | Self::EncryptionUnanswered
            | Self::NoKeys { .. }
            | Self::EncryptionLost => 742,
            Self::NoIp(_) | Self::IpClosed { .. } | Self::NoNetwork => 720,
        })
    }

    /// Returns what a person can do about it, in a sentence without a full stop.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Closed => "nothing has to be done",
            Self::PeerClosed { error, .. } => match error.and_then(windows_error_text) {
                Some(text) => text,
                None => "call again, and look at the peer's log if nobody there meant to hang up",
            },
            Self::LowerLayerDown => "see why the line went down, and call again",
            Self::NoAnswer => "see whether the peer runs PPP, and whether packets come through in both directions",
            Self::PeerSilent => "call again, and look at the peer and the path if it stays so",
            Self::NotConverging => "look at the trace for what the two sides do not agree on",
            Self::LcpRejected => "look at the peer, which does not speak PPP as RFC 1661 has it",
            Self::Lcp(lcp::Failure::Loopback) => "look at the line, which leads back to this side",
            Self::Lcp(lcp::Failure::AuthenticationRefused { .. }) => {
                "let this side take a method that the peer can prove itself with, or switch on another one there"
            }
            Self::Lcp(lcp::Failure::AuthenticationNotAllowed { .. }) => {
                "allow the method that the peer requires, or have it require another one"
            }
            Self::Authentication(failure) => advice_on_authentication(failure),
            Self::EncryptionRequired { .. } => {
                "switch on such encryption at the peer, or allow here what the peer offers"
            }
            Self::EncryptionUnanswered => "switch on encryption at the peer, or do without it here",
            Self::NoKeys { .. } => "authenticate by MS-CHAP, or have a RADIUS server give the keys",
            Self::EncryptionLost => "call again, and look at the peer's log for why it ended the encryption",
            Self::NoIp(reason) => advice_on_ip(reason),
            Self::IpClosed { .. } => advice_on_ip(&negotiate::Reason::PeerClosed),
            Self::NoNetwork => "switch on the same version of IP at both sides",
        }
    }
}

fn advice_on_authentication(failure: &auth::Failure) -> &'static str {
    match failure {
        auth::Failure::NoAnswer { .. } => "look at the peer's log, and see whether its RADIUS server answers",
        auth::Failure::Declined { .. } => "give the name and the password",
        auth::Failure::Refused { code, .. } | auth::Failure::RefusedPeer { code, .. } => {
            // Numbers that Windows does not have either are about the account, as all others are.
            let text = code.and_then(windows_error_text);
            text.unwrap_or("the user name or the password is wrong")
        }
        auth::Failure::NoMutualProof => {
            "look whether this is the right server: it does not know the password, or has a wrong one"
        }
        auth::Failure::NoCommonEapType { .. } => "allow a type of EAP that the other side has, or another method",
    }
}

fn advice_on_ip(reason: &negotiate::Reason<ipcp::Failure>) -> &'static str {
    match reason {
        negotiate::Reason::Failed(ipcp::Failure::NoAddress) => {
            "have the peer give an address to this user, or ask for a certain one"
        }
        negotiate::Reason::Failed(ipcp::Failure::AddressRefused { .. }) => {
            "take the address that the peer gives, or have it allow the one that is wanted here"
        }
        negotiate::Reason::Failed(ipcp::Failure::PeerAddressRefused { .. }) => {
            "have the peer take the address that it is given, or give it the one that it wants"
        }
        negotiate::Reason::Closed
        | negotiate::Reason::PeerClosed
        | negotiate::Reason::NoAnswer
        | negotiate::Reason::Rejected
        | negotiate::Reason::NotConverging => "see whether IPv4 is switched on at the peer, and look at its log",
    }
}

/// A sentence for people, with the wishes of both sides.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by us"),
            Self::PeerClosed { error: None | Some(0), words } => write!(f, "closed by the peer{}", Quoted(*words)),
            Self::PeerClosed { error: Some(error), words } => {
                write!(f, "closed by the peer, error {error}{}", Quoted(*words))
            }
            Self::LowerLayerDown => f.write_str("the line is down"),
            Self::NoAnswer => f.write_str("the peer does not answer LCP"),
            Self::PeerSilent => f.write_str("the peer does not answer echoes any more"),
            Self::NotConverging => f.write_str("the peer goes on refusing, or asking for what it cannot have"),
            Self::LcpRejected => f.write_str("the peer does not know a part of LCP that has to be"),
            Self::Lcp(failure) => write!(f, "{failure}"),
            Self::Authentication(failure) => write!(f, "{failure}"),
            Self::EncryptionRequired { allowed, offered } => {
                write!(f, "{}", ccp::Failure::EncryptionRequired { allowed: *allowed, offered: *offered })
            }
            Self::EncryptionUnanswered => f.write_str("encryption required, and the peer does not answer CCP"),
            Self::NoIp(reason) => write!(f, "IPCP: {reason}"),
            Self::IpClosed { words } => write!(f, "IPCP: closed by the peer{}", Quoted(*words)),
            Self::NoKeys { method: Some(method) } => {
                write!(f, "encryption required, but no keys: authenticated by {method}")
            }
            Self::NoKeys { method: None } => f.write_str("encryption required, but no keys: not authenticated"),
            Self::EncryptionLost => f.write_str("encryption required, and the peer ended it"),
            Self::NoNetwork => f.write_str("no network protocol is left"),
        }
    }
}
