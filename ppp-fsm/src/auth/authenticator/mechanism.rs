//! The differences between the methods: what the peer has to answer, and how often.

#[cfg(feature = "mschap")]
use mschap::{Awaits, Failure, FailureCode, eap, v1, v2};

use super::super::{Config, Method};
use crate::chap;
use crate::random::Random;

/// The method, with what is kept for it.
#[derive(Debug)]
pub(super) enum Mechanism {
    /// LCP agreed on none.
    None,
    /// RFC 1334, and how often the peer may try again.
    Pap { retries: u8 },
    /// RFC 1994, and the challenge.
    ChapMd5([u8; 16]),
    /// RFC 3748: the name comes first. Or another end of EAP decides.
    EapIdentity(Method),
    /// RFC 3748 section 5.4, and the challenge.
    EapMd5([u8; 16]),
    /// RFC 2433.
    #[cfg(feature = "mschap")]
    V1(v1::Authenticator),
    /// RFC 2759.
    #[cfg(feature = "mschap")]
    V2(v2::Authenticator),
    /// RFC 2759 as a method of EAP.
    #[cfg(feature = "mschap")]
    EapV2(eap::Authenticator),
    /// MS-CHAP without the feature.
    #[cfg(not(feature = "mschap"))]
    Missing(Method),
}

impl Mechanism {
    /// Creates a method from its beginning.
    pub(super) fn new(method: Method, config: &Config, random: &mut Random) -> Self {
        match method {
            Method::Pap => Self::Pap { retries: config.retries },
            Method::ChapMd5 => Self::ChapMd5(random.bytes()),
            Method::EapMsChapV2 if !config.eap_pass_through => Self::EapIdentity(method),
            Method::Eap | Method::EapMsChapV2 => Self::EapIdentity(Method::Eap),
            #[cfg(feature = "mschap")]
            Method::MsChapV1 => Self::V1(v1::Authenticator::new(random.bytes(), config.retries)),
            #[cfg(feature = "mschap")]
            Method::MsChapV2 => Self::V2(v2::Authenticator::new(random.bytes(), config.retries)),
            #[cfg(not(feature = "mschap"))]
            Method::MsChapV1 | Method::MsChapV2 => Self::Missing(method),
        }
    }

    /// Restarts the same method from its beginning, in place.
    pub(super) fn restart(&mut self, config: &Config, random: &mut Random) {
        match self {
            // RFC 1994 section 2.3: "Each challenge value SHOULD be unique".
            Self::ChapMd5(challenge) => *challenge = random.bytes(),
            Self::EapMd5(_) => *self = Self::EapIdentity(Method::Eap),
            #[cfg(feature = "mschap")]
            // In place, and without asking for the name again: RFC 3748 section 2 leaves that open.
            Self::EapV2(core) => core.restart(random.bytes(), core.identifier().wrapping_add(1), config.retries),
            Self::Pap { retries } => *retries = config.retries,
            #[cfg(feature = "mschap")]
            Self::V1(core) => core.restart(random.bytes(), config.retries),
            #[cfg(feature = "mschap")]
            Self::V2(core) => core.restart(random.bytes(), config.retries),
            Self::None | Self::EapIdentity(_) => {}
            #[cfg(not(feature = "mschap"))]
            Self::Missing(_) => {}
        }
    }

    pub(super) const fn method(&self) -> Option<Method> {
        Some(match self {
            Self::None => return None,
            Self::Pap { .. } => Method::Pap,
            Self::ChapMd5(_) => Method::ChapMd5,
            Self::EapIdentity(method) => *method,
            Self::EapMd5(_) => Method::Eap,
            #[cfg(feature = "mschap")]
            Self::EapV2(_) => Method::EapMsChapV2,
            #[cfg(feature = "mschap")]
            Self::V1(_) => Method::MsChapV1,
            #[cfg(feature = "mschap")]
            Self::V2(_) => Method::MsChapV2,
            #[cfg(not(feature = "mschap"))]
            Self::Missing(method) => *method,
        })
    }

    /// Returns what the peer has to answer.
    pub(super) const fn challenge(&self) -> Option<&[u8]> {
        match self {
            Self::None | Self::Pap { .. } | Self::EapIdentity(_) => None,
            Self::ChapMd5(challenge) | Self::EapMd5(challenge) => Some(challenge),
            #[cfg(feature = "mschap")]
            Self::V1(core) => Some(core.challenge()),
            #[cfg(feature = "mschap")]
            Self::V2(core) => Some(core.challenge()),
            #[cfg(feature = "mschap")]
            Self::EapV2(core) => Some(core.challenge()),
            #[cfg(not(feature = "mschap"))]
            Self::Missing(_) => None,
        }
    }

    /// Returns whether what the peer sends next has the identifier after the one of the last packet
    /// (RFC 2759 section 6). Only MS-CHAP has more than one Response to a Challenge.
    pub(super) const fn follows_failure(&self) -> bool {
        match self {
            #[cfg(feature = "mschap")]
            Self::V1(core) => matches!(core.awaits(), Awaits::AnotherResponse | Awaits::ChangePassword),
            #[cfg(feature = "mschap")]
            Self::V2(core) => matches!(core.awaits(), Awaits::AnotherResponse | Awaits::ChangePassword),
            #[cfg(feature = "mschap")]
            Self::EapV2(core) => matches!(core.awaits(), Awaits::AnotherResponse | Awaits::ChangePassword),
            Self::None | Self::Pap { .. } | Self::ChapMd5(_) | Self::EapIdentity(_) | Self::EapMd5(_) => false,
            #[cfg(not(feature = "mschap"))]
            Self::Missing(_) => false,
        }
    }

    /// Returns whether packets of this code change the password (RFC 2433 sections 9 and 10, RFC
    /// 2759 section 7).
    pub(super) fn changes_password(&self, code: chap::Code) -> bool {
        match self.method() {
            Some(Method::MsChapV1) => [chap::Code::CHANGE_PASSWORD_1, chap::Code::CHANGE_PASSWORD_2].contains(&code),
            Some(Method::MsChapV2) => code == chap::Code::CHANGE_PASSWORD_3,
            _ => false,
        }
    }

    /// Returns whether the peer may change its password now.
    pub(super) const fn awaits_change(&self) -> bool {
        match self {
            #[cfg(feature = "mschap")]
            Self::V1(core) => matches!(core.awaits(), Awaits::ChangePassword),
            #[cfg(feature = "mschap")]
            Self::V2(core) => matches!(core.awaits(), Awaits::ChangePassword),
            #[cfg(feature = "mschap")]
            Self::EapV2(core) => matches!(core.awaits(), Awaits::ChangePassword),
            Self::None | Self::Pap { .. } | Self::ChapMd5(_) | Self::EapIdentity(_) | Self::EapMd5(_) => false,
            #[cfg(not(feature = "mschap"))]
            Self::Missing(_) => false,
        }
    }

    /// Takes the user's refusal, with the text that the peer gets, and of EAP-MSCHAPv2 the identifier that is answered.
    /// Returns the error number in the text, and whether the peer may try again or may change its password.
    pub(super) fn refuse(
        &mut self,
        #[cfg_attr(not(feature = "mschap"), expect(unused_variables, reason = "MS-CHAP reads it"))] message: &[u8],
        #[cfg_attr(not(feature = "mschap"), expect(unused_variables, reason = "MS-CHAP in EAP has it"))] identifier: u8,
    ) -> (Option<u32>, bool) {
        match self {
            Self::Pap { retries } => match retries.checked_sub(1) {
                Some(left) => {
                    *retries = left;
                    (None, true)
                }
                None => (None, false),
            },
            #[cfg(feature = "mschap")]
            Self::V1(core) => {
                let failure = Failure::decode(message);
                core.refuse_as(&failure);
                (failure.code.map(|code| code.0), self.follows_failure())
            }
            #[cfg(feature = "mschap")]
            Self::V2(core) => {
                let failure = Failure::decode(message);
                core.refuse_as(&failure);
                (failure.code.map(|code| code.0), self.follows_failure())
            }
            #[cfg(feature = "mschap")]
            Self::EapV2(core) => {
                let failure = Failure::decode(message);
                core.refuse_as(identifier, &failure);
                (failure.code.map(|code| code.0), self.follows_failure())
            }
            Self::None | Self::ChapMd5(_) | Self::EapIdentity(_) | Self::EapMd5(_) => (None, false),
            #[cfg(not(feature = "mschap"))]
            Self::Missing(_) => (None, false),
        }
    }
}

#[cfg(feature = "mschap")]
impl Mechanism {
    /// Removes from another server's Failure text the promise of another try where it is missing
    /// (RFC 2759 section 6, `R=`).
    pub(super) fn without_empty_promise<'m>(&self, message: &'m [u8], buf: &'m mut [u8]) -> &'m [u8] {
        let mut failure = Failure::decode(message);
        let is_kept = match self {
            Self::V1(core) => core.may_offer(&failure),
            Self::V2(core) => core.may_offer(&failure),
            Self::EapV2(core) => core.may_offer(&failure),
            Self::None | Self::Pap { .. } | Self::ChapMd5(_) | Self::EapIdentity(_) | Self::EapMd5(_) => {
                return message;
            }
        };
        // An expired password is changed first, whatever `R=` says.
        let is_expired = failure.code == Some(FailureCode::PASSWORD_EXPIRED);
        if !failure.retry_allowed() || is_expired || is_kept {
            return message;
        }
        failure.retry = Some(false);
        // A text that does not fit the buffer goes out as it is.
        failure.encode(buf).unwrap_or(message)
    }
}
