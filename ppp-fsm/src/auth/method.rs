//! Methods of authentication, and ordered lists of them.

use core::fmt;

use crate::Protocol;

/// RFC 1661 section 6.2: a method that LCP can agree on.
///
/// ```
/// use ppp_fsm::auth::Method;
/// use ppp_fsm::lcp::AuthenticationProtocol;
///
/// assert_eq!(Method::from_option(&AuthenticationProtocol::MS_CHAP_V2), Some(Method::MsChapV2));
/// assert_eq!(Method::ChapMd5.to_string(), "CHAP-MD5");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// RFC 1334: the password in the clear.
    Pap,
    /// RFC 1994: CHAP with MD5.
    ChapMd5,
    /// RFC 2433: MS-CHAP, version 1. The client alone proves itself.
    ///
    /// RFC 3079 section 2 makes one key of it for both directions, so that both are encrypted with
    /// one key stream. Anyone who records a session has the difference of two plain packets, of one
    /// direction each, without searching for a key.
    MsChapV1,
    /// RFC 2759: MS-CHAP, version 2, the only one in which both sides prove themselves.
    MsChapV2,
    /// RFC 3748: EAP.
    Eap,
}

impl Method {
    /// Returns the protocol of its packets.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Pap => Protocol::PAP,
            Self::ChapMd5 | Self::MsChapV1 | Self::MsChapV2 => Protocol::CHAP,
            Self::Eap => Protocol::EAP,
        }
    }

    /// Returns whether it leaves keys for encryption behind. EAP may: that depends on what it carries.
    #[must_use]
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::MsChapV1 | Self::MsChapV2)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pap => "PAP",
            Self::ChapMd5 => "CHAP-MD5",
            Self::MsChapV1 => "MS-CHAP",
            Self::MsChapV2 => "MS-CHAP-V2",
            Self::Eap => "EAP",
        })
    }
}

/// Methods, the most wanted first, each once.
///
/// ```
/// use ppp_fsm::auth::{Method, Methods};
///
/// let methods = Methods::new(&[Method::MsChapV2, Method::Eap, Method::MsChapV2]);
/// assert_eq!(methods.to_string(), "MS-CHAP-V2, EAP");
/// assert!(methods.contains(Method::Eap) && !methods.contains(Method::Pap));
/// assert_eq!(Methods::NONE.to_string(), "none");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Methods([Option<Method>; 5]);

impl Methods {
    /// No method.
    pub const NONE: Self = Self([None; 5]);

    /// Returns these methods in this order.
    #[must_use]
    pub fn new(methods: &[Method]) -> Self {
        let mut list = Self::NONE;
        for method in methods {
            if !list.contains(*method) {
                if let Some(place) = list.0.iter_mut().find(|place| place.is_none()) {
                    *place = Some(*method);
                }
            }
        }
        list
    }

    /// Returns the methods in order.
    pub fn iter(&self) -> impl Iterator<Item = Method> + use<> {
        self.0.into_iter().flatten()
    }

    /// Returns whether a method is in the list.
    #[must_use]
    pub fn contains(&self, method: Method) -> bool {
        self.iter().any(|found| found == method)
    }

    /// Returns whether it has no method.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns those after which there are keys for encryption: the versions of MS-CHAP, for which the NT hash of a
    /// password is enough.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        for place in &mut self.0 {
            *place = place.filter(|found| found.has_keys());
        }
        self
    }

    /// Creates the list without a method.
    pub(crate) fn without(mut self, method: Method) -> Self {
        for place in &mut self.0 {
            *place = place.filter(|found| *found != method);
        }
        self
    }
}

/// The names, the most wanted first.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        let mut separator = "";
        for method in self.iter() {
            write!(f, "{separator}{method}")?;
            separator = ", ";
        }
        Ok(())
    }
}
