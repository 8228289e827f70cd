//! The options of CCP: RFC 1962 section 4, and Microsoft's of RFC 2118 and RFC 3078.

mod negotiator;
mod reset;

use core::fmt;

use crate::option::Parts;
use crate::text::write_with_data;
use crate::{DecodeError, RawOption};

pub use negotiator::{Agreed, Config, Encryption, Failure, Modes, Negotiator};
pub use reset::Reset;

number! {
    /// RFC 1962 section 4: the type of a CCP option.
    ///
    /// ```
    /// use ppp_fsm::ccp::OptionType;
    ///
    /// assert_eq!(OptionType::MICROSOFT.to_string(), "Microsoft-PPC");
    /// ```
    pub struct OptionType(u8), "option", "{}";

    /// RFC 1962 section 4.1: a vendor's own, by its IEEE number.
    OUI = 0 => "OUI";
    /// RFC 1978.
    PREDICTOR_1 = 1 => "Predictor-1";
    /// RFC 1978.
    PREDICTOR_2 = 2 => "Predictor-2";
    /// Puddle Jumper.
    PUDDLE_JUMPER = 3 => "Puddle-Jumper";
    /// Hewlett-Packard PPC.
    HEWLETT_PACKARD = 16 => "Hewlett-Packard-PPC";
    /// RFC 1974: Stac LZS.
    STAC_LZS = 17 => "Stac-LZS";
    /// RFC 2118, RFC 3078: Microsoft's compression and encryption.
    #[doc(alias = "MPPE")]
    #[doc(alias = "MPPC")]
    MICROSOFT = 18 => "Microsoft-PPC";
    /// RFC 1993: Gandalf FZA.
    GANDALF_FZA = 19 => "Gandalf-FZA";
    /// V.42bis.
    V42BIS = 20 => "V.42bis";
    /// RFC 1977: BSD LZW.
    BSD_LZW = 21 => "BSD-LZW";
    /// RFC 1967: LZS-DCP.
    LZS_DCP = 23 => "LZS-DCP";
    /// The number that Linux sends for Deflate as in a draft of its RFC, beside
    /// [`DEFLATE`](Self::DEFLATE). The number was assigned to RFC 1975, Magnalink.
    DEFLATE_DRAFT = 24 => "Deflate-Draft";
    /// RFC 1979: Deflate.
    DEFLATE = 26 => "Deflate";
    /// RFC 3051: V.44.
    V44 = 27 => "V.44";
}

/// RFC 2118 section 2, RFC 3078 section 2: the supported bits of Microsoft's option; unknown bits are kept.
///
/// | bit | constant | letter | meaning |
/// |---|---|---|---|
/// | `0x0100_0000` | [`STATELESS`](Self::STATELESS) | H | keys change with every packet |
/// | `0x0000_0080` | [`MPPE_56`](Self::MPPE_56) | M | encryption with keys of 56 bits |
/// | `0x0000_0040` | [`MPPE_128`](Self::MPPE_128) | S | encryption with keys of 128 bits |
/// | `0x0000_0020` | [`MPPE_40`](Self::MPPE_40) | L | encryption with keys of 40 bits |
/// | `0x0000_0010` | [`OBSOLETE`](Self::OBSOLETE) | D | no longer used; Windows 2000 sets it |
/// | `0x0000_0001` | [`MPPC`](Self::MPPC) | C | compression |
///
/// ```
/// use ppp_fsm::ccp::MicrosoftCompression;
///
/// let agreed = MicrosoftCompression::STATELESS | MicrosoftCompression::MPPE_128;
/// assert_eq!(agreed.bits(), 0x0100_0040);
/// assert_eq!(agreed.to_string(), "H S 128 bit stateless");
/// assert!(
///     agreed.contains(MicrosoftCompression::MPPE_128)
///         && !agreed.contains(MicrosoftCompression::MPPC)
/// );
///
/// // What Windows 2000 offers first.
/// let all = MicrosoftCompression::from_bits(0x0100_00f1);
/// assert_eq!(all.to_string(), "H M S L D C 128/56/40 bit stateless MPPC");
/// assert_eq!(
///     all & MicrosoftCompression::STRENGTHS & MicrosoftCompression::MPPE_40,
///     MicrosoftCompression::MPPE_40
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct MicrosoftCompression(u32);

impl MicrosoftCompression {
    /// No bit: neither compression nor encryption.
    pub const NONE: Self = Self(0);
    /// C: compression (RFC 2118).
    pub const MPPC: Self = Self(0x0000_0001);
    /// D: no longer used.
    pub const OBSOLETE: Self = Self(0x0000_0010);
    /// L: encryption with keys of 40 bits.
    pub const MPPE_40: Self = Self(0x0000_0020);
    /// S: encryption with keys of 128 bits.
    pub const MPPE_128: Self = Self(0x0000_0040);
    /// M: encryption with keys of 56 bits.
    pub const MPPE_56: Self = Self(0x0000_0080);
    /// H: stateless, keys change with every packet.
    pub const STATELESS: Self = Self(0x0100_0000);
    /// The three bits of encryption: S, M, L.
    pub const STRENGTHS: Self = Self(Self::MPPE_128.0 | Self::MPPE_56.0 | Self::MPPE_40.0);

    const LETTERS: [(Self, &'static str); 6] = [
        (Self::STATELESS, "H"),
        (Self::MPPE_56, "M"),
        (Self::MPPE_128, "S"),
        (Self::MPPE_40, "L"),
        (Self::OBSOLETE, "D"),
        (Self::MPPC, "C"),
    ];
    const STRENGTH_NAMES: [(Self, &'static str); 3] =
        [(Self::MPPE_128, "128"), (Self::MPPE_56, "56"), (Self::MPPE_40, "40")];

    /// Creates the four bytes of the option, big-endian.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Returns the four bytes for the option, big-endian.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Returns whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether a bit of `other` is set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Creates the bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Creates the bits that both have.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Creates the bits that `other` does not have.
    #[must_use]
    pub const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl core::ops::BitOr for MicrosoftCompression {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl core::ops::BitAnd for MicrosoftCompression {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        self.intersection(other)
    }
}

/// Letters of the bits, then what they mean.
impl fmt::Display for MicrosoftCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("none");
        }
        let mut separator = "";
        let mut unknown = *self;
        for (bit, letter) in Self::LETTERS {
            unknown = unknown.difference(bit);
            if self.contains(bit) {
                write!(f, "{separator}{letter}")?;
                separator = " ";
            }
        }
        if unknown != Self::NONE {
            write!(f, "{separator}{:#010x}", unknown.0)?;
        }
        if self.intersects(Self::STRENGTHS) {
            let mut separator = " ";
            for (_, strength) in Self::STRENGTH_NAMES.iter().filter(|(bit, _)| self.contains(*bit)) {
                write!(f, "{separator}{strength}")?;
                separator = "/";
            }
            f.write_str(if self.contains(Self::STATELESS) { " bit stateless" } else { " bit stateful" })?;
        }
        if self.contains(Self::MPPC) { f.write_str(" MPPC") } else { Ok(()) }
    }
}

impl fmt::Debug for MicrosoftCompression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MicrosoftCompression({:#010x} {self})", self.0)
    }
}

/// RFC 1962 section 4: a CCP option. Only Microsoft's is taken apart.
///
/// ```
/// use ppp_fsm::RawOption;
/// use ppp_fsm::ccp::{ConfigurationOption, MicrosoftCompression};
///
/// let option =
///     ConfigurationOption::decode(RawOption { option_type: 18, data: &[0x01, 0, 0, 0x40] })?;
/// let bits = MicrosoftCompression::STATELESS | MicrosoftCompression::MPPE_128;
/// assert_eq!(option, ConfigurationOption::Microsoft(bits));
/// assert_eq!(option.to_string(), "MS-PPC H S 128 bit stateless");
///
/// let deflate =
///     ConfigurationOption::decode(RawOption { option_type: 26, data: &[0x78, 0x00] })?;
/// assert_eq!(deflate.to_string(), "Deflate 0x7800");
/// # Ok::<(), ppp_fsm::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum ConfigurationOption<'a> {
    /// RFC 2118 section 2, RFC 3078 section 2, type 18: Microsoft's compression and encryption.
    #[doc(alias = "MPPE")]
    #[doc(alias = "MPPC")]
    Microsoft(MicrosoftCompression),
    /// An option of another type.
    Other(RawOption<'a>),
}

impl<'a> ConfigurationOption<'a> {
    /// Reads what an option of CCP means; of a type other than Microsoft's, nothing.
    ///
    /// # Errors
    ///
    /// [`DecodeError::OptionLength`], with the right one.
    pub fn decode(raw: RawOption<'a>) -> Result<Self, DecodeError> {
        Ok(match OptionType(raw.option_type) {
            OptionType::MICROSOFT => Self::Microsoft(MicrosoftCompression(u32::from_be_bytes(raw.exactly()?))),
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
            Self::Microsoft(bits) => take(OptionType::MICROSOFT.0, [&bits.0.to_be_bytes(), &[]]),
            Self::Other(raw) => raw.parts(take),
        }
    }
}

/// A name and a value, as traces of routers have them.
impl fmt::Display for ConfigurationOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Microsoft(bits) => write!(f, "MS-PPC {bits}"),
            Self::Other(raw) => write_with_data(f, &OptionType(raw.option_type), raw.data),
        }
    }
}
