//! Methods of authentication, and ordered lists of them.

use core::fmt;

use crate::{Protocol, eap};

/// RFC 1661 section 6.2: a method that LCP can agree on.
///
/// ```
/// use ppp_fsm::auth::Method;
/// use ppp_fsm::lcp::AuthenticationProtocol;
///
/// assert_eq!(
///     Method::from_option(&AuthenticationProtocol::MS_CHAP_V2),
///     Some(Method::MsChapV2)
/// );
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
    /// RFC 3748: EAP, by MD5-Challenge, or passed through to another end of EAP.
    Eap,
    /// RFC 3748: EAP, by MS-CHAP version 2 as a method of it, type 26.
    ///
    /// It is as weak as [`MsChapV2`](Self::MsChapV2): who records a session can search for the password. LCP says EAP
    /// for this and for [`Eap`](Self::Eap); with both in a list, the peer's Nak chooses, the most wanted first.
    #[doc(alias = "EAP-MSCHAPv2")]
    EapMsChapV2,
}

impl Method {
    /// Returns the protocol of its packets.
    #[must_use]
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Pap => Protocol::PAP,
            Self::ChapMd5 | Self::MsChapV1 | Self::MsChapV2 => Protocol::CHAP,
            Self::Eap | Self::EapMsChapV2 => Protocol::EAP,
        }
    }

    /// Returns whether it leaves keys for encryption behind. EAP that is passed through may: that depends on its type.
    #[must_use]
    pub const fn has_keys(self) -> bool {
        matches!(self, Self::MsChapV1 | Self::MsChapV2 | Self::EapMsChapV2)
    }

    /// Returns whether LCP asks for both by the same option.
    pub(crate) fn is_like(self, other: Self) -> bool {
        self == other || (self.protocol() == Protocol::EAP && other.protocol() == Protocol::EAP)
    }

    /// Returns the type of EAP. `None` for other methods.
    #[must_use]
    pub const fn eap_type(self) -> Option<eap::Type> {
        match self {
            Self::Eap => Some(eap::Type::MD5_CHALLENGE),
            Self::EapMsChapV2 => Some(eap::Type::MS_CHAP_V2),
            Self::Pap | Self::ChapMd5 | Self::MsChapV1 | Self::MsChapV2 => None,
        }
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
            Self::EapMsChapV2 => "EAP-MS-CHAP-V2",
        })
    }
}

impl From<Method> for Methods {
    fn from(method: Method) -> Self {
        Self::new(&[method])
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
pub struct Methods([Option<Method>; 6]);

impl Methods {
    /// No method.
    pub const NONE: Self = Self([None; 6]);

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

    /// Returns those after which there are keys for encryption: MS-CHAP, by itself or in EAP, for which the NT hash
    /// of a password is enough.
    #[must_use]
    pub fn with_keys(mut self) -> Self {
        for place in &mut self.0 {
            *place = place.filter(|found| found.has_keys());
        }
        self
    }

    /// Returns the methods that LCP asks for by the same option as for this one: of EAP there are several.
    #[must_use]
    pub fn alike(mut self, method: Method) -> Self {
        for place in &mut self.0 {
            *place = place.filter(|found| found.is_like(method));
        }
        self
    }

    /// Returns the types of EAP, in order.
    #[must_use]
    pub fn eap_types(&self) -> eap::Types {
        self.iter().filter_map(Method::eap_type).fold(eap::Types::new(&[]), eap::Types::with)
    }

    /// Returns the method of a type of EAP, if it is in the list.
    pub(crate) fn of_eap_type(self, eap_type: eap::Type) -> Option<Method> {
        self.iter().find(|method| method.eap_type() == Some(eap_type))
    }

    /// Creates the list without the methods that LCP asks for by the same option.
    pub(crate) fn without_alike(mut self, method: Method) -> Self {
        for place in &mut self.0 {
            *place = place.filter(|found| !found.is_like(method));
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
