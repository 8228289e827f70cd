//! Sets of bits.

use core::fmt;

macro_rules! set {
    (
        $(#[$attribute:meta])*
        pub struct $set:ident;
        $($(#[$constant_attribute:meta])* $constant:ident = $bit:literal, $name:literal;)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        pub struct $set(u32);

        impl $set {
            /// Nothing: some servers say so in their Start-Control-Connection-Reply, and work.
            pub const NONE: Self = Self(0);
            $($(#[$constant_attribute])* pub const $constant: Self = Self($bit);)+
            /// Everything that RFC 2637 knows.
            pub const ANY: Self = Self($($bit)|+);

            /// Creates the set with these bits, known or not.
            #[must_use]
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// Returns the bits on the wire.
            #[must_use]
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Returns whether all of `other` is in this set.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Returns whether some of `other` is in this set.
            #[must_use]
            pub const fn intersects(self, other: Self) -> bool {
                self.0 & other.0 != 0
            }
        }

        impl core::ops::BitOr for $set {
            type Output = Self;

            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::ops::BitAnd for $set {
            type Output = Self;

            fn bitand(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
        }

        impl fmt::Display for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if self.0 == 0 {
                    return f.write_str("none");
                }
                let mut separator = "";
                $(
                    if self.contains(Self::$constant) {
                        write!(f, concat!("{}", $name), separator)?;
                        separator = "+";
                    }
                )+
                match self.0 & !Self::ANY.0 {
                    0 => Ok(()),
                    unknown => write!(f, "{separator}{unknown:#x}"),
                }
            }
        }

        wire_number!($set(u32));
    };
}

set! {
    /// RFC 2637 sections 2.1, 2.2, 2.7 and 2.11: kinds of PPP framing, as capabilities or as the type of a call.
    ///
    /// ```
    /// use pptp_wire::code::Framing;
    ///
    /// let capabilities = Framing::from_bits(3);
    /// assert!(capabilities.contains(Framing::SYNCHRONOUS));
    /// assert_eq!(capabilities, Framing::ASYNCHRONOUS | Framing::SYNCHRONOUS);
    /// assert_eq!(capabilities.to_string(), "async+sync");
    /// ```
    #[doc(alias = "Framing Capabilities")]
    #[doc(alias = "Framing Type")]
    pub struct Framing;
    /// Asynchronous framing.
    ASYNCHRONOUS = 1, "async";
    /// Synchronous framing.
    SYNCHRONOUS = 2, "sync";
}

set! {
    /// RFC 2637 sections 2.1, 2.2, 2.7 and 2.9: kinds of channels, as capabilities or as the type of a call.
    ///
    /// ```
    /// use pptp_wire::code::Bearer;
    ///
    /// assert_eq!(Bearer::ANY.bits(), 3);
    /// assert_eq!(Bearer::ANY & Bearer::DIGITAL, Bearer::DIGITAL);
    /// assert!(!Bearer::ANALOG.intersects(Bearer::DIGITAL));
    /// ```
    #[doc(alias = "Bearer Capabilities")]
    #[doc(alias = "Bearer Type")]
    pub struct Bearer;
    /// Analog access.
    ANALOG = 1, "analog";
    /// Digital access.
    DIGITAL = 2, "digital";
}

/// RFC 2637 section 2.15: an async control character map, as RFC 1662 section 7.1 has it.
///
/// Bit *n*, counted from the lowest, is set when the byte *n* is to be escaped on an asynchronous
/// line.
///
/// ```
/// use pptp_wire::code::Accm;
///
/// assert_eq!(Accm::ALL.get(), 0xffff_ffff);
/// assert_eq!(Accm::new(1 << 0x11).to_string(), "0x00020000");
/// ```
#[doc(alias = "Async Control Character Map")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Accm(u32);

impl Accm {
    /// No byte is escaped.
    pub const NONE: Self = Self(0);
    /// Bytes 0 to 31 are all escaped: what holds as long as no other map was set.
    pub const ALL: Self = Self(u32::MAX);

    /// Creates the map with these bits.
    #[must_use]
    pub const fn new(bits: u32) -> Self {
        Self(bits)
    }

    /// Returns the bits on the wire.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Accm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

wire_number!(Accm(u32));
