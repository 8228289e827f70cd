//! Sets of bits.

use core::fmt;

macro_rules! set {
    (
        $(#[$attribute:meta])*
        pub struct $set:ident($integer:ident);
        $($(#[$constant_attribute:meta])* $constant:ident = $bit:literal, $name:literal;)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        pub struct $set($integer);

        impl $set {
            /// Nothing.
            pub const NONE: Self = Self(0);
            $($(#[$constant_attribute])* pub const $constant: Self = Self($bit);)+
            /// Everything that the RFC knows.
            pub const ANY: Self = Self($($bit)|+);

            /// Returns the set with these bits, known or not.
            #[must_use]
            pub const fn from_bits(bits: $integer) -> Self {
                Self(bits)
            }

            /// Returns the bits on the wire.
            #[must_use]
            pub const fn bits(self) -> $integer {
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

        wire_number!($set($integer));
    };
}

set! {
    /// RFC 2661 sections 4.4.3 and 4.4.4: kinds of PPP framing, as capabilities or as the type of a call.
    ///
    /// Cisco sends none at all.
    ///
    /// ```
    /// use l2tp_wire::code::Framing;
    ///
    /// assert_eq!(Framing::from_bits(3).to_string(), "sync+async");
    /// assert!(Framing::ANY.contains(Framing::SYNCHRONOUS));
    /// ```
    #[doc(alias = "Framing Capabilities")]
    #[doc(alias = "Framing Type")]
    pub struct Framing(u32);
    /// Synchronous framing, the S bit. PPTP has the two bits the other way round.
    SYNCHRONOUS = 1, "sync";
    /// Asynchronous framing, the A bit.
    ASYNCHRONOUS = 2, "async";
}

set! {
    /// RFC 2661 sections 4.4.3 and 4.4.4: kinds of lines, as capabilities or as the type of a call.
    ///
    /// ```
    /// use l2tp_wire::code::Bearer;
    ///
    /// assert_eq!(Bearer::from_bits(2), Bearer::ANALOG);
    /// ```
    #[doc(alias = "Bearer Capabilities")]
    #[doc(alias = "Bearer Type")]
    pub struct Bearer(u32);
    /// Digital access, the D bit.
    DIGITAL = 1, "digital";
    /// Analog access, the A bit.
    ANALOG = 2, "analog";
}

set! {
    /// RFC 3931 section 5.4.5: the status of the circuit behind a session.
    ///
    /// ```
    /// use l2tp_wire::code::CircuitStatus;
    ///
    /// let first = CircuitStatus::ACTIVE | CircuitStatus::NEW;
    /// assert_eq!(first.to_string(), "active+new");
    /// ```
    pub struct CircuitStatus(u16);
    /// The circuit is up; otherwise no data may be sent towards the sender of the AVP.
    ACTIVE = 1, "active";
    /// It is the first time since the circuit was set up.
    NEW = 2, "new";
}

/// RFC 2661 section 4.4.6: an async control character map, as RFC 1662 section 7.1 has it.
///
/// Bit *n*, counted from the lowest, is set when the byte *n* is to be escaped on an asynchronous line.
///
/// ```
/// use l2tp_wire::code::Accm;
///
/// assert_eq!(Accm::new(1 << 0x11).to_string(), "0x00020000");
/// ```
#[doc(alias = "Async Control Character Map")]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Accm(u32);

impl Accm {
    /// No byte is escaped.
    pub const NONE: Self = Self(0);
    /// Bytes 0 to 31 are all escaped. This holds as long as no other map was set.
    pub const ALL: Self = Self(u32::MAX);

    /// Returns the map with these bits.
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
