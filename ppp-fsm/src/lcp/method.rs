//! Methods of authentication as an option of LCP.

use super::AuthenticationProtocol;
use crate::Protocol;
use crate::auth::Method;
use crate::chap::Algorithm;

impl Method {
    /// Returns the option of LCP that asks for the method (RFC 1661 section 6.2).
    #[must_use]
    pub const fn option(self) -> AuthenticationProtocol<'static> {
        match self {
            Self::Pap => AuthenticationProtocol::PAP,
            Self::ChapMd5 => AuthenticationProtocol::CHAP_MD5,
            Self::MsChapV1 => AuthenticationProtocol::MS_CHAP,
            Self::MsChapV2 => AuthenticationProtocol::MS_CHAP_V2,
            Self::Eap => AuthenticationProtocol::EAP,
        }
    }

    /// Returns the method that an option of LCP asks for (RFC 1661 section 6.2). `None` when this
    /// crate does not have it.
    #[must_use]
    pub fn from_option(option: &AuthenticationProtocol<'_>) -> Option<Self> {
        Some(match (option.protocol, option.data) {
            (Protocol::PAP, []) => Self::Pap,
            (Protocol::EAP, []) => Self::Eap,
            (Protocol::CHAP, _) => match option.algorithm()? {
                Algorithm::MD5 => Self::ChapMd5,
                Algorithm::MS_CHAP => Self::MsChapV1,
                Algorithm::MS_CHAP_V2 => Self::MsChapV2,
                _ => return None,
            },
            _ => return None,
        })
    }
}
