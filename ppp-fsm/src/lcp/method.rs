//! Methods of authentication as an option of LCP.

use super::AuthenticationProtocol;
use crate::Protocol;
use crate::auth::{Method, Methods};
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
            // RFC 3748: EAP negotiates its method by itself, later.
            Self::Eap | Self::EapMsChapV2 => AuthenticationProtocol::EAP,
        }
    }

    /// Returns the method of these that an option of LCP asks for, or any other that it asks for.
    pub(super) fn among(methods: Methods, option: &AuthenticationProtocol<'_>) -> Option<Self> {
        methods.iter().find(|method| method.option() == *option).or_else(|| Self::from_option(option))
    }

    /// Returns the method that an option of LCP asks for (RFC 1661 section 6.2). `None` when this
    /// crate does not have it. EAP's type is not in the option: [`Eap`](Self::Eap) stands for all.
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
