//! The options of IPV6CP: RFC 5072 section 4, RFC 5172.

mod negotiator;

use core::fmt;
use core::net::Ipv6Addr;

use crate::option::Parts;
use crate::text::write_with_data;
use crate::{DecodeError, Protocol, RawOption};

pub use negotiator::{Agreed, Config, Negotiator};

number! {
    /// RFC 5072 section 4: the type of an IPV6CP option.
    ///
    /// ```
    /// use ppp_fsm::ipv6cp::OptionType;
    ///
    /// assert_eq!(OptionType::INTERFACE_IDENTIFIER.to_string(), "Interface-Identifier");
    /// ```
    pub struct OptionType(u8), "option", "{}";

    /// RFC 5072 section 4.1.
    INTERFACE_IDENTIFIER = 1 => "Interface-Identifier";
    /// RFC 5172 section 2.
    IPV6_COMPRESSION_PROTOCOL = 2 => "IPv6-Compression-Protocol";
}

/// RFC 5072 section 4: an IPV6CP option.
///
/// ```
/// use ppp_fsm::RawOption;
/// use ppp_fsm::ipv6cp::ConfigurationOption;
///
/// let data = [0xdc, 0x15, 0x15, 0x9b, 0x59, 0x57, 0xc9, 0x6d];
/// let option = ConfigurationOption::decode(RawOption { option_type: 1, data: &data })?;
/// assert_eq!(option.to_string(), "InterfaceId fe80::dc15:159b:5957:c96d");
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ConfigurationOption<'a> {
    /// RFC 5072 section 4.1, type 1: the lower half of the sender's link-local address; zero asks for one.
    InterfaceIdentifier(InterfaceIdentifier),
    /// RFC 5172 section 2, type 2: the sender takes compressed headers.
    Ipv6CompressionProtocol {
        /// The protocol.
        protocol: Protocol,
        /// The data that the protocol needs.
        data: &'a [u8],
    },
    /// An option of another type.
    Other(RawOption<'a>),
}

/// RFC 5072 section 4.1: the lower half of an IPv6 address.
///
/// ```
/// use ppp_fsm::ipv6cp::InterfaceIdentifier;
///
/// let identifier = InterfaceIdentifier(0x0200_5eff_fe00_5301);
/// assert_eq!(identifier.link_local().to_string(), "fe80::200:5eff:fe00:5301");
/// assert_eq!(identifier.to_string(), identifier.link_local().to_string());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "an identifier is 64 bits")]
pub struct InterfaceIdentifier(pub u64);

impl InterfaceIdentifier {
    const LINK_LOCAL: [u8; 8] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0];

    /// Returns the link-local address of the interface (RFC 5072 section 5).
    #[must_use]
    pub fn link_local(self) -> Ipv6Addr {
        let upper = u128::from(u64::from_be_bytes(Self::LINK_LOCAL)) << u64::BITS;
        Ipv6Addr::from_bits(upper | u128::from(self.0))
    }
}

/// As a link-local address.
impl fmt::Display for InterfaceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.link_local())
    }
}

impl fmt::Debug for InterfaceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InterfaceIdentifier({:#018x})", self.0)
    }
}

impl<'a> ConfigurationOption<'a> {
    /// Reads what an option of IPV6CP means; of a type that is not known here, nothing.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OptionLength`], with the right one.
    pub fn decode(raw: RawOption<'a>) -> Result<Self, DecodeError> {
        Ok(match OptionType(raw.option_type) {
            OptionType::INTERFACE_IDENTIFIER => {
                Self::InterfaceIdentifier(InterfaceIdentifier(u64::from_be_bytes(raw.exactly()?)))
            }
            OptionType::IPV6_COMPRESSION_PROTOCOL => {
                let (protocol, data) = raw.at_least()?;
                Self::Ipv6CompressionProtocol { protocol: Protocol(u16::from_be_bytes(protocol)), data }
            }
            _ => Self::Other(raw),
        })
    }

    /// Returns the type of the option.
    #[must_use]
    pub fn option_type(&self) -> OptionType {
        self.parts(|option_type, _| OptionType(option_type))
    }

    encode_methods!("option");
}

impl Parts for ConfigurationOption<'_> {
    fn parts<R>(&self, take: impl FnOnce(u8, [&[u8]; 2]) -> R) -> R {
        match self {
            Self::InterfaceIdentifier(identifier) => {
                take(OptionType::INTERFACE_IDENTIFIER.0, [&identifier.0.to_be_bytes(), &[]])
            }
            Self::Ipv6CompressionProtocol { protocol, data } => {
                take(OptionType::IPV6_COMPRESSION_PROTOCOL.0, [&protocol.0.to_be_bytes(), data])
            }
            Self::Other(raw) => raw.parts(take),
        }
    }
}

/// A name and a value, as traces of routers have them.
impl fmt::Display for ConfigurationOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceIdentifier(identifier) => write!(f, "InterfaceId {identifier}"),
            Self::Ipv6CompressionProtocol { protocol, data } => {
                f.write_str("IPv6Compression ")?;
                write_with_data(f, protocol, data)
            }
            Self::Other(raw) => write_with_data(f, &OptionType(raw.option_type), raw.data),
        }
    }
}
