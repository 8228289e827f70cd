//! The options of IPCP: RFC 1332 section 3, RFC 1877.

mod negotiator;

use core::fmt;
use core::net::Ipv4Addr;

use crate::option::Parts;
use crate::text::write_with_data;
use crate::{DecodeError, Protocol, RawOption};

pub use negotiator::{Agreed, Config, Failure, Negotiator};

number! {
    /// RFC 1332 section 3, RFC 1877 section 1: the type of an IPCP option.
    ///
    /// ```
    /// use ppp_fsm::ipcp::OptionType;
    ///
    /// assert_eq!(OptionType::IP_ADDRESS.to_string(), "IP-Address");
    /// ```
    pub struct OptionType(u8), "option", "{}";

    /// RFC 1172: both addresses in one option, no longer used.
    IP_ADDRESSES = 1 => "IP-Addresses";
    /// RFC 1332 section 3.2.
    IP_COMPRESSION_PROTOCOL = 2 => "IP-Compression-Protocol";
    /// RFC 1332 section 3.3.
    IP_ADDRESS = 3 => "IP-Address";
    /// RFC 2290.
    MOBILE_IPV4 = 4 => "Mobile-IPv4";
    /// RFC 1877 section 1.1.
    PRIMARY_DNS = 129 => "Primary-DNS-Address";
    /// RFC 1877 section 1.2.
    #[doc(alias = "WINS")]
    PRIMARY_NBNS = 130 => "Primary-NBNS-Address";
    /// RFC 1877 section 1.3.
    SECONDARY_DNS = 131 => "Secondary-DNS-Address";
    /// RFC 1877 section 1.4.
    #[doc(alias = "WINS")]
    SECONDARY_NBNS = 132 => "Secondary-NBNS-Address";
}

/// RFC 1332 section 3, RFC 1877 section 1: an IPCP option.
///
/// ```
/// use core::net::Ipv4Addr;
/// use ppp_fsm::RawOption;
/// use ppp_fsm::ipcp::ConfigurationOption;
///
/// let asked =
///     ConfigurationOption::decode(RawOption { option_type: 129, data: &[0, 0, 0, 0] })?;
/// assert_eq!(asked, ConfigurationOption::PrimaryDns(Ipv4Addr::UNSPECIFIED));
/// assert_eq!(asked.to_string(), "PrimaryDNS 0.0.0.0");
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ConfigurationOption<'a> {
    /// RFC 1172, type 1: the addresses of both ends. RFC 1332 replaced it by [`IpAddress`](Self::IpAddress).
    IpAddresses {
        /// The address of the sender.
        source: Ipv4Addr,
        /// The address of the other end.
        destination: Ipv4Addr,
    },
    /// RFC 1332 section 3.2, type 2: the sender takes compressed headers.
    IpCompressionProtocol(IpCompressionProtocol<'a>),
    /// RFC 1332 section 3.3, type 3: the sender's address; 0.0.0.0 asks for one.
    IpAddress(Ipv4Addr),
    /// RFC 1877 section 1.1, type 129: the first name server of the sender; 0.0.0.0 asks for one.
    PrimaryDns(Ipv4Addr),
    /// RFC 1877 section 1.2, type 130: the first NetBIOS name server of the sender; 0.0.0.0 asks for one.
    #[doc(alias = "WINS")]
    PrimaryNbns(Ipv4Addr),
    /// RFC 1877 section 1.3, type 131: the second name server of the sender; 0.0.0.0 asks for one.
    SecondaryDns(Ipv4Addr),
    /// RFC 1877 section 1.4, type 132: the second NetBIOS name server of the sender; 0.0.0.0 asks for one.
    #[doc(alias = "WINS")]
    SecondaryNbns(Ipv4Addr),
    /// An option of another type.
    Other(RawOption<'a>),
}

/// RFC 1332 section 3.2: a way to compress headers.
///
/// ```
/// use ppp_fsm::ipcp::IpCompressionProtocol;
///
/// let slots = IpCompressionProtocol::VanJacobson { max_slot_id: 15, comp_slot_id: 1 };
/// assert_eq!(slots.to_string(), "VJ 16 slots, slot id compressed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum IpCompressionProtocol<'a> {
    /// RFC 1332 section 4: the compression of RFC 1144, protocol [`Protocol::VJ_COMPRESSED`] with
    /// two bytes of data.
    #[doc(alias = "VJ")]
    VanJacobson {
        /// The highest slot, one less than there are.
        max_slot_id: u8,
        /// 1 when the slot may be left out, else 0.
        comp_slot_id: u8,
    },
    /// Another protocol, or another length.
    Other {
        /// The protocol.
        protocol: Protocol,
        /// The data that the protocol needs.
        data: &'a [u8],
    },
}

impl fmt::Display for IpCompressionProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VanJacobson { max_slot_id, comp_slot_id } => {
                write!(f, "VJ {} slots", u16::from(*max_slot_id).saturating_add(1))?;
                match comp_slot_id {
                    0 => Ok(()),
                    1 => f.write_str(", slot id compressed"),
                    other => write!(f, ", slot id compression {other}"),
                }
            }
            Self::Other { protocol, data } => write_with_data(f, protocol, data),
        }
    }
}

impl fmt::Debug for IpCompressionProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IpCompressionProtocol({self})")
    }
}

impl<'a> ConfigurationOption<'a> {
    /// Reads what an option of IPCP means; of a type that is not known here, nothing.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OptionLength`], with the right one.
    pub fn decode(raw: RawOption<'a>) -> Result<Self, DecodeError> {
        let address = || Ok(Ipv4Addr::from(raw.exactly::<4>()?));
        Ok(match OptionType(raw.option_type) {
            OptionType::IP_ADDRESSES => {
                let [s0, s1, s2, s3, d0, d1, d2, d3] = raw.exactly()?;
                Self::IpAddresses { source: Ipv4Addr::new(s0, s1, s2, s3), destination: Ipv4Addr::new(d0, d1, d2, d3) }
            }
            OptionType::IP_COMPRESSION_PROTOCOL => {
                let (protocol, data) = raw.at_least()?;
                Self::IpCompressionProtocol(match (Protocol(u16::from_be_bytes(protocol)), data) {
                    // RFC 1332 section 3.2: with any other length the option means a compression
                    // that has no name here.
                    (Protocol::VJ_COMPRESSED, &[max_slot_id, comp_slot_id]) => {
                        IpCompressionProtocol::VanJacobson { max_slot_id, comp_slot_id }
                    }
                    (protocol, data) => IpCompressionProtocol::Other { protocol, data },
                })
            }
            OptionType::IP_ADDRESS => Self::IpAddress(address()?),
            OptionType::PRIMARY_DNS => Self::PrimaryDns(address()?),
            OptionType::PRIMARY_NBNS => Self::PrimaryNbns(address()?),
            OptionType::SECONDARY_DNS => Self::SecondaryDns(address()?),
            OptionType::SECONDARY_NBNS => Self::SecondaryNbns(address()?),
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
        let (option_type, address) = match self {
            Self::IpAddresses { source, destination } => {
                return take(OptionType::IP_ADDRESSES.0, [&source.octets(), &destination.octets()]);
            }
            Self::IpCompressionProtocol(IpCompressionProtocol::VanJacobson { max_slot_id, comp_slot_id }) => {
                let protocol = Protocol::VJ_COMPRESSED.0.to_be_bytes();
                return take(OptionType::IP_COMPRESSION_PROTOCOL.0, [&protocol, &[*max_slot_id, *comp_slot_id]]);
            }
            Self::IpCompressionProtocol(IpCompressionProtocol::Other { protocol, data }) => {
                return take(OptionType::IP_COMPRESSION_PROTOCOL.0, [&protocol.0.to_be_bytes(), data]);
            }
            Self::IpAddress(address) => (OptionType::IP_ADDRESS, address),
            Self::PrimaryDns(address) => (OptionType::PRIMARY_DNS, address),
            Self::PrimaryNbns(address) => (OptionType::PRIMARY_NBNS, address),
            Self::SecondaryDns(address) => (OptionType::SECONDARY_DNS, address),
            Self::SecondaryNbns(address) => (OptionType::SECONDARY_NBNS, address),
            Self::Other(raw) => return raw.parts(take),
        };
        take(option_type.0, [&address.octets(), &[]])
    }
}

/// A name and a value, as traces of routers have them.
impl fmt::Display for ConfigurationOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IpAddresses { source, destination } => write!(f, "Addresses {source} {destination}"),
            Self::IpCompressionProtocol(protocol) => write!(f, "IPCompression {protocol}"),
            Self::IpAddress(address) => write!(f, "Address {address}"),
            Self::PrimaryDns(address) => write!(f, "PrimaryDNS {address}"),
            Self::PrimaryNbns(address) => write!(f, "PrimaryNBNS {address}"),
            Self::SecondaryDns(address) => write!(f, "SecondaryDNS {address}"),
            Self::SecondaryNbns(address) => write!(f, "SecondaryNBNS {address}"),
            Self::Other(raw) => write_with_data(f, &OptionType(raw.option_type), raw.data),
        }
    }
}
