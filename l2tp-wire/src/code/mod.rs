//! The numbers in headers and AVPs: one type for each meaning.
//!
//! A number that no RFC defines is a value like any other: it survives a round trip and is printed. Results, errors
//! and causes have a sentence besides their name, for people.
//!
//! ```
//! use l2tp_wire::code::{ControlConnectionResult, SessionResult};
//!
//! // The same number means something else in StopCCN and in CDN.
//! assert_eq!(ControlConnectionResult::new(4).to_string(), "not authorized (4)");
//! assert_eq!(SessionResult::new(4).to_string(), "no facilities for now (4)");
//! assert_eq!(SessionResult::new(999).to_string(), "unknown (999)");
//! assert_eq!(SessionResult::BUSY.sentence(), "The called number is busy.");
//! ```

/// A number with names for some of its values.
macro_rules! number {
    (
        $(#[$attribute:meta])*
        pub struct $number:ident($integer:ident);
        $($(#[$constant_attribute:meta])* $constant:ident = $value:literal, $name:literal;)+
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        pub struct $number($integer);

        impl $number {
            $($(#[$constant_attribute])* pub const $constant: Self = Self($value);)+

            /// Returns the value with this number, known or not.
            #[must_use]
            pub const fn new(number: $integer) -> Self {
                Self(number)
            }

            /// Returns the number on the wire.
            #[must_use]
            pub const fn get(self) -> $integer {
                self.0
            }

            /// Returns the name of a known value.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$constant => Some($name),)+
                    _ => None,
                }
            }
        }

        impl core::fmt::Display for $number {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{} ({})", self.name().unwrap_or("unknown"), self.0)
            }
        }

        wire_number!($number($integer));
    };
}

/// A number whose known values have a name and a sentence.
macro_rules! explained_number {
    (
        $(#[$attribute:meta])*
        pub struct $number:ident($integer:ident);
        $($(#[$constant_attribute:meta])* $constant:ident = $value:literal, $name:literal, $sentence:literal;)+
    ) => {
        number! {
            $(#[$attribute])*
            pub struct $number($integer);
            $(#[doc = $sentence] $(#[$constant_attribute])* $constant = $value, $name;)+
        }

        impl $number {
            /// Returns the meaning of the number, as a sentence for people.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$constant => $sentence,)+
                    _ => "No RFC says what this number means.",
                }
            }
        }
    };
}

/// The parts that all numbers have in common.
macro_rules! wire_number {
    ($number:ident($integer:ident)) => {
        impl core::fmt::Debug for $number {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($number), "({})"), self)
            }
        }

        impl From<$integer> for $number {
            fn from(number: $integer) -> Self {
                Self(number)
            }
        }

        impl From<$number> for $integer {
            fn from(number: $number) -> Self {
                number.0
            }
        }
    };
}

// Behind the macros, which they use.
mod attribute_type;
mod cause;
mod kind;
mod message_type;
mod result;
mod set;

pub use attribute_type::AttributeType;
pub use cause::{DisconnectCode, DisconnectDirection, Q931Cause};
pub use kind::{
    DataSequencing, DigestType, ProtocolVersion, ProxyAuthenticationType, PseudowireType, SublayerType, VendorId,
};
pub use message_type::MessageType;
pub use result::{ControlConnectionResult, ErrorCode, SessionResult};
pub use set::{Accm, Bearer, CircuitStatus, Framing};

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::*;

    /// RFC 2661 section 4.4.2, RFC 3931 section 5.4.2, RFC 3145 section 3: which numbers there are.
    #[test]
    fn known_numbers_are_those_of_the_rfcs() {
        let known =
            |name: fn(u16) -> Option<&'static str>| (0..=u16::MAX).filter(move |number| name(*number).is_some());
        assert!(known(|number| ControlConnectionResult::new(number).name()).eq(1..=7));
        assert!(known(|number| SessionResult::new(number).name()).eq((1..=11).chain(13..=16)));
        assert!(known(|number| ErrorCode::new(number).name()).eq(0..=9));
        assert!(known(|number| DisconnectCode::new(number).name()).eq(0..=20));
        assert!(known(|number| MessageType::new(number).name()).eq((1..=4).chain(6..=12).chain(14..=16).chain([20])));
    }

    #[test]
    fn known_numbers_have_a_sentence_and_others_say_so() {
        for number in 0..200 {
            let sentences = [
                (ControlConnectionResult::new(number).name(), ControlConnectionResult::new(number).sentence()),
                (SessionResult::new(number).name(), SessionResult::new(number).sentence()),
                (ErrorCode::new(number).name(), ErrorCode::new(number).sentence()),
                (DisconnectCode::new(number).name(), DisconnectCode::new(number).sentence()),
                (Q931Cause::new(number).name(), Q931Cause::new(number).sentence()),
            ];
            for (name, sentence) in sentences {
                assert!(sentence.ends_with('.') && sentence.starts_with(|first: char| first.is_ascii_uppercase()));
                assert_eq!(name.is_none(), sentence == "No RFC says what this number means.", "{number}");
            }
        }
    }

    #[test]
    fn unknown_values_survive_and_are_printed() {
        assert_eq!(u16::from(SessionResult::from(0xabcd)), 0xabcd);
        assert_eq!(format!("{:?}", SessionResult::new(12)), "SessionResult(unknown (12))");
        assert_eq!(Framing::from_bits(5).to_string(), "sync+0x4");
        assert_eq!(CircuitStatus::NONE.to_string(), "none");
        assert!(Bearer::ANY.intersects(Bearer::ANALOG) && !Bearer::DIGITAL.intersects(Bearer::ANALOG));
        assert_eq!(ProtocolVersion::new(0x0203).to_string(), "2.3");
        assert!(MessageType::CALL_DISCONNECT_NOTIFY.is_of_session());
        assert!(!MessageType::EXPLICIT_ACKNOWLEDGEMENT.is_of_session() && !MessageType::HELLO.is_of_session());
    }
}
