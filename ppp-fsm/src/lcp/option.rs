//! The options of LCP.

use core::fmt;

use super::{CallbackOperation, EndpointClass, FcsAlternatives, OptionType};
use crate::option::Parts;
use crate::text::{Hex, write_with_data};
use crate::{DecodeError, Protocol, RawOption, chap};

/// RFC 1661 section 6 and others: an LCP option.
///
/// ```
/// use ppp_fsm::RawOption;
/// use ppp_fsm::lcp::ConfigurationOption;
///
/// let option =
///     ConfigurationOption::decode(RawOption { option_type: 1, data: &[0x05, 0x78] })?;
/// assert_eq!(option, ConfigurationOption::MaximumReceiveUnit(1400));
/// assert_eq!(option.to_string(), "MRU 1400");
///
/// let wrong =
///     ConfigurationOption::decode(RawOption { option_type: 1, data: &[0x05] }).unwrap_err();
/// assert_eq!(wrong.to_string(), "PPP option 1 with length 3, not 4");
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ConfigurationOption<'a> {
    /// RFC 1661 section 6.1, type 1: the most bytes of information that the sender takes in a
    /// frame.
    #[doc(alias = "MRU")]
    MaximumReceiveUnit(u16),
    /// RFC 1662 section 7.1, type 2: the control characters that have to be escaped to the sender, bit 0 for 00.
    #[doc(alias = "ACCM")]
    AsyncControlCharacterMap(u32),
    /// RFC 1661 section 6.2, type 3: how the sender wants the other side to authenticate itself.
    AuthenticationProtocol(AuthenticationProtocol<'a>),
    /// RFC 1661 section 6.3, type 4: how the sender wants the link to be watched.
    QualityProtocol(QualityProtocol<'a>),
    /// RFC 1661 section 6.4, type 5: a random number, to find that a link leads back to its own end.
    MagicNumber(u32),
    /// RFC 1661 section 6.5, type 7: the sender takes protocols of one byte.
    #[doc(alias = "PFC")]
    ProtocolFieldCompression,
    /// RFC 1661 section 6.6, type 8: the sender takes frames without address and control.
    #[doc(alias = "ACFC")]
    AddressAndControlFieldCompression,
    /// RFC 1570 section 2.1, type 9: the frame check sequences that the sender takes.
    FcsAlternatives(FcsAlternatives),
    /// RFC 1570 section 2.2, type 10: the most bytes of padding that describes itself.
    SelfDescribingPadding(u8),
    /// RFC 1570 section 2.3, type 13: the sender wants to be called back.
    Callback(Callback<'a>),
    /// RFC 1570 section 2.4, type 15: the sender takes several packets in one frame.
    CompoundFrames,
    /// RFC 1990 section 5.1.1, type 17: the most bytes of a packet put together from fragments.
    #[doc(alias = "MRRU")]
    MultilinkMrru(u16),
    /// RFC 1990 section 5.1.2, type 18: the sender wants fragments with sequence numbers of 12 bits.
    #[doc(alias = "SSNHF")]
    MultilinkShortSequence,
    /// RFC 1990 section 5.1.3, type 19: which system the sender is.
    EndpointDiscriminator(EndpointDiscriminator<'a>),
    /// RFC 2125, type 23: which link of a bundle this is.
    LinkDiscriminator(u16),
    /// An option of another type.
    Other(RawOption<'a>),
}

/// RFC 1661 section 6.2: an authentication protocol, and what more the option says.
///
/// ```
/// use ppp_fsm::chap::Algorithm;
/// use ppp_fsm::lcp::AuthenticationProtocol;
///
/// let wanted = AuthenticationProtocol::MS_CHAP_V2;
/// assert_eq!(wanted.algorithm(), Some(Algorithm::MS_CHAP_V2));
/// assert_eq!(wanted.to_string(), "MS-CHAP-V2");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the option has no other parts")]
pub struct AuthenticationProtocol<'a> {
    /// The protocol: [`Protocol::PAP`], [`Protocol::CHAP`], [`Protocol::EAP`] …
    pub protocol: Protocol,
    /// The data that the protocol needs: for CHAP one byte, the algorithm.
    pub data: &'a [u8],
}

impl AuthenticationProtocol<'_> {
    /// RFC 1334: PAP.
    pub const PAP: Self = Self { protocol: Protocol::PAP, data: &[] };
    /// RFC 1994: CHAP with MD5.
    pub const CHAP_MD5: Self = Self { protocol: Protocol::CHAP, data: &[chap::Algorithm::MD5.0] };
    /// RFC 2433: MS-CHAP, version 1.
    pub const MS_CHAP: Self = Self { protocol: Protocol::CHAP, data: &[chap::Algorithm::MS_CHAP.0] };
    /// RFC 2759: MS-CHAP, version 2.
    pub const MS_CHAP_V2: Self = Self { protocol: Protocol::CHAP, data: &[chap::Algorithm::MS_CHAP_V2.0] };
    /// RFC 3748: EAP.
    pub const EAP: Self = Self { protocol: Protocol::EAP, data: &[] };

    /// Returns the algorithm of CHAP. `None` for other protocols, and when the data is not one
    /// byte.
    #[must_use]
    pub const fn algorithm(&self) -> Option<chap::Algorithm> {
        match (self.protocol, self.data) {
            (Protocol::CHAP, [algorithm]) => Some(chap::Algorithm(*algorithm)),
            _ => None,
        }
    }
}

impl fmt::Display for AuthenticationProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.algorithm() {
            Some(algorithm) => write!(f, "{algorithm}"),
            None => write_with_data(f, &self.protocol, self.data),
        }
    }
}

impl fmt::Debug for AuthenticationProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticationProtocol({self})")
    }
}

/// RFC 1661 section 6.3: a protocol that watches the link, and what more the option says.
///
/// ```
/// use ppp_fsm::Protocol;
/// use ppp_fsm::lcp::QualityProtocol;
///
/// let every_ten_seconds =
///     QualityProtocol { protocol: Protocol::LQR, data: &1000_u32.to_be_bytes() };
/// assert_eq!(every_ten_seconds.to_string(), "LQR 0x000003e8");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the option has no other parts")]
pub struct QualityProtocol<'a> {
    /// The protocol: [`Protocol::LQR`].
    pub protocol: Protocol,
    /// For LQR the longest time between reports, four bytes, in hundredths of a second (RFC 1989).
    pub data: &'a [u8],
}

impl fmt::Display for QualityProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_with_data(f, &self.protocol, self.data)
    }
}

impl fmt::Debug for QualityProtocol<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QualityProtocol({self})")
    }
}

/// RFC 1570 section 2.3: how to call back.
///
/// ```
/// use ppp_fsm::lcp::{Callback, CallbackOperation};
///
/// // What Windows clients ask for.
/// let callback = Callback { operation: CallbackOperation::CBCP, message: &[] };
/// assert_eq!(callback.to_string(), "6 CBCP");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the option has no other parts")]
pub struct Callback<'a> {
    /// The meaning of the message.
    pub operation: CallbackOperation,
    /// Where to call.
    pub message: &'a [u8],
}

impl fmt::Display for Callback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_number(f, self.operation.0, self.operation.name())?;
        if self.message.is_empty() { Ok(()) } else { write!(f, " {:?}", crate::Text(self.message)) }
    }
}

impl fmt::Debug for Callback<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback({self})")
    }
}

/// RFC 1990 section 5.1.3: which system the sender is, to put links of one system into one bundle.
///
/// ```
/// use ppp_fsm::lcp::{EndpointClass, EndpointDiscriminator};
///
/// let system = EndpointDiscriminator { class: EndpointClass::IP, address: &[192, 0, 2, 1] };
/// assert_eq!(system.to_string(), "2 IP 0xc0000201");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the option has no other parts")]
pub struct EndpointDiscriminator<'a> {
    /// The class of the address.
    pub class: EndpointClass,
    /// The address.
    pub address: &'a [u8],
}

impl EndpointDiscriminator<'_> {
    /// Returns the least bytes of address that the class allows; with less, the option is invalid.
    const fn minimum(class: EndpointClass) -> usize {
        match class {
            EndpointClass::LOCAL | EndpointClass::TELEPHONE_NUMBER => 1,
            EndpointClass::IP | EndpointClass::MAGIC_NUMBER_BLOCK => 4,
            EndpointClass::MAC => 6,
            _ => 0,
        }
    }
}

impl fmt::Display for EndpointDiscriminator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_number(f, self.class.0, self.class.name())?;
        if self.address.is_empty() { Ok(()) } else { write!(f, " {}", Hex(self.address)) }
    }
}

impl fmt::Debug for EndpointDiscriminator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointDiscriminator({self})")
    }
}

impl<'a> ConfigurationOption<'a> {
    /// Reads what an option of LCP means; of a type that is not known here, nothing.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OptionLength`], with the right one.
    pub fn decode(raw: RawOption<'a>) -> Result<Self, DecodeError> {
        Ok(match OptionType(raw.option_type) {
            OptionType::MAXIMUM_RECEIVE_UNIT => Self::MaximumReceiveUnit(u16::from_be_bytes(raw.exactly()?)),
            OptionType::ASYNC_CONTROL_CHARACTER_MAP => {
                Self::AsyncControlCharacterMap(u32::from_be_bytes(raw.exactly()?))
            }
            OptionType::AUTHENTICATION_PROTOCOL => {
                let (protocol, data) = raw.at_least()?;
                let protocol = Protocol(u16::from_be_bytes(protocol));
                Self::AuthenticationProtocol(AuthenticationProtocol { protocol, data })
            }
            OptionType::QUALITY_PROTOCOL => {
                let (protocol, data) = raw.at_least()?;
                Self::QualityProtocol(QualityProtocol { protocol: Protocol(u16::from_be_bytes(protocol)), data })
            }
            OptionType::MAGIC_NUMBER => Self::MagicNumber(u32::from_be_bytes(raw.exactly()?)),
            OptionType::PROTOCOL_FIELD_COMPRESSION => {
                raw.exactly::<0>()?;
                Self::ProtocolFieldCompression
            }
            OptionType::ADDRESS_AND_CONTROL_FIELD_COMPRESSION => {
                raw.exactly::<0>()?;
                Self::AddressAndControlFieldCompression
            }
            OptionType::FCS_ALTERNATIVES => {
                Self::FcsAlternatives(FcsAlternatives::from_bits(u8::from_be_bytes(raw.exactly()?)))
            }
            OptionType::SELF_DESCRIBING_PADDING => Self::SelfDescribingPadding(u8::from_be_bytes(raw.exactly()?)),
            OptionType::CALLBACK => {
                let ([operation], message) = raw.at_least()?;
                Self::Callback(Callback { operation: CallbackOperation(operation), message })
            }
            OptionType::COMPOUND_FRAMES => {
                raw.exactly::<0>()?;
                Self::CompoundFrames
            }
            OptionType::MULTILINK_MRRU => Self::MultilinkMrru(u16::from_be_bytes(raw.exactly()?)),
            OptionType::MULTILINK_SHORT_SEQUENCE => {
                raw.exactly::<0>()?;
                Self::MultilinkShortSequence
            }
            OptionType::ENDPOINT_DISCRIMINATOR => {
                let ([class], address) = raw.at_least()?;
                let class = EndpointClass(class);
                let minimum = EndpointDiscriminator::minimum(class);
                if address.len() < minimum {
                    return Err(raw.shorter_than(minimum.saturating_add(1)));
                }
                Self::EndpointDiscriminator(EndpointDiscriminator { class, address })
            }
            OptionType::LINK_DISCRIMINATOR => Self::LinkDiscriminator(u16::from_be_bytes(raw.exactly()?)),
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
        let (option_type, first, second): (_, &[u8], &[u8]) = match self {
            Self::MaximumReceiveUnit(unit) => (OptionType::MAXIMUM_RECEIVE_UNIT, &unit.to_be_bytes(), &[]),
            Self::AsyncControlCharacterMap(map) => (OptionType::ASYNC_CONTROL_CHARACTER_MAP, &map.to_be_bytes(), &[]),
            Self::AuthenticationProtocol(AuthenticationProtocol { protocol, data }) => {
                (OptionType::AUTHENTICATION_PROTOCOL, &protocol.0.to_be_bytes(), data)
            }
            Self::QualityProtocol(QualityProtocol { protocol, data }) => {
                (OptionType::QUALITY_PROTOCOL, &protocol.0.to_be_bytes(), data)
            }
            Self::MagicNumber(number) => (OptionType::MAGIC_NUMBER, &number.to_be_bytes(), &[]),
            Self::ProtocolFieldCompression => (OptionType::PROTOCOL_FIELD_COMPRESSION, &[], &[]),
            Self::AddressAndControlFieldCompression => (OptionType::ADDRESS_AND_CONTROL_FIELD_COMPRESSION, &[], &[]),
            Self::FcsAlternatives(alternatives) => (OptionType::FCS_ALTERNATIVES, &[alternatives.bits()], &[]),
            Self::SelfDescribingPadding(maximum) => (OptionType::SELF_DESCRIBING_PADDING, &[*maximum], &[]),
            Self::Callback(Callback { operation, message }) => (OptionType::CALLBACK, &[operation.0], message),
            Self::CompoundFrames => (OptionType::COMPOUND_FRAMES, &[], &[]),
            Self::MultilinkMrru(unit) => (OptionType::MULTILINK_MRRU, &unit.to_be_bytes(), &[]),
            Self::MultilinkShortSequence => (OptionType::MULTILINK_SHORT_SEQUENCE, &[], &[]),
            Self::EndpointDiscriminator(EndpointDiscriminator { class, address }) => {
                (OptionType::ENDPOINT_DISCRIMINATOR, &[class.0], address)
            }
            Self::LinkDiscriminator(number) => (OptionType::LINK_DISCRIMINATOR, &number.to_be_bytes(), &[]),
            Self::Other(raw) => return raw.parts(take),
        };
        take(option_type.0, [first, second])
    }
}

/// A name and a value, as traces of routers have them.
impl fmt::Display for ConfigurationOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaximumReceiveUnit(unit) => write!(f, "MRU {unit}"),
            Self::AsyncControlCharacterMap(map) => write!(f, "ACCM {map:#010x}"),
            Self::AuthenticationProtocol(protocol) => write!(f, "AuthProto {protocol}"),
            Self::QualityProtocol(protocol) => write!(f, "QualityProto {protocol}"),
            Self::MagicNumber(number) => write!(f, "MagicNumber {number:#010x}"),
            Self::ProtocolFieldCompression => f.write_str("PFC"),
            Self::AddressAndControlFieldCompression => f.write_str("ACFC"),
            Self::FcsAlternatives(alternatives) => write!(f, "FCS {alternatives}"),
            Self::SelfDescribingPadding(maximum) => write!(f, "SelfDescribingPad {maximum}"),
            Self::Callback(callback) => write!(f, "Callback {callback}"),
            Self::CompoundFrames => f.write_str("CompoundFrames"),
            Self::MultilinkMrru(unit) => write!(f, "MRRU {unit}"),
            Self::MultilinkShortSequence => f.write_str("ShortSequence"),
            Self::EndpointDiscriminator(system) => write!(f, "EndpointDisc {system}"),
            Self::LinkDiscriminator(number) => write!(f, "LinkDisc {number}"),
            Self::Other(raw) => write_with_data(f, &OptionType(raw.option_type), raw.data),
        }
    }
}

fn write_number(f: &mut fmt::Formatter<'_>, number: u8, name: Option<&str>) -> fmt::Result {
    write!(f, "{number}")?;
    name.map_or(Ok(()), |name| write!(f, " {name}"))
}
