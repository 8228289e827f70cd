//! The numbers in messages: one type for each meaning.
//!
//! A number that RFC 2637 does not define is a value like any other: it survives a round trip and is printed.
//!
//! ```
//! use pptp_wire::code::{DisconnectResult, IncomingCallResult, OutgoingCallResult};
//!
//! // The same number means something else in each message.
//! assert_eq!(OutgoingCallResult::new(3).to_string(), "No Carrier (3)");
//! assert_eq!(IncomingCallResult::new(3).to_string(), "Do Not Accept (3)");
//! assert_eq!(DisconnectResult::new(3), DisconnectResult::ADMIN_SHUTDOWN);
//! assert_eq!(DisconnectResult::new(200).to_string(), "unknown (200)");
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

            /// Creates the value with this number, known or not.
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

/// The common traits of all numbers.
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

        impl $crate::wire::Value for $number {
            fn read(reader: &mut $crate::wire::Reader<'_>, field: $crate::Field) -> Result<Self, $crate::DecodeError> {
                $crate::wire::Value::read(reader, field).map(Self)
            }

            fn write(&self, writer: &mut $crate::wire::Writer<'_>) {
                $crate::wire::Value::write(&self.0, writer);
            }

            fn is_zero(&self) -> bool {
                self.0 == 0
            }
        }
    };
}

// Behind the macros, which they use.
mod cause;
mod kind;
mod result;
mod set;
mod version;

pub use cause::{CauseCode, GeneralError, StopReason};
pub use kind::{ControlMessageType, MessageType};
pub use result::{DisconnectResult, EchoResult, IncomingCallResult, OutgoingCallResult, StartResult, StopResult};
pub use set::{Accm, Bearer, Framing};
pub use version::ProtocolVersion;

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    use super::*;

    /// Returns the names of all known values, in the order of their numbers.
    fn names<N: From<u8> + ToString>() -> Vec<String> {
        let names = (0..=u8::MAX).map(|number| N::from(number).to_string());
        names.filter(|name| !name.starts_with("unknown (")).collect()
    }

    #[test]
    fn result_codes_are_those_of_the_rfc() {
        assert_eq!(
            names::<StartResult>(),
            [
                "Successful channel establishment (1)",
                "General error (2)",
                "Command channel already exists (3)",
                "Requester not authorized (4)",
                "Protocol version not supported (5)"
            ]
        );
        assert_eq!(names::<StopResult>(), ["OK (1)", "General Error (2)"]);
        assert_eq!(names::<EchoResult>(), ["OK (1)", "General Error (2)"]);
        assert_eq!(
            names::<OutgoingCallResult>(),
            [
                "Connected (1)",
                "General Error (2)",
                "No Carrier (3)",
                "Busy (4)",
                "No Dial Tone (5)",
                "Time-out (6)",
                "Do Not Accept (7)"
            ]
        );
        assert_eq!(names::<IncomingCallResult>(), ["Connect (1)", "General Error (2)", "Do Not Accept (3)"]);
        assert_eq!(
            names::<DisconnectResult>(),
            ["Lost Carrier (1)", "General Error (2)", "Admin Shutdown (3)", "Request (4)"]
        );
    }

    #[test]
    fn reasons_and_errors_are_those_of_the_rfc() {
        assert_eq!(names::<StopReason>(), ["None (1)", "Stop-Protocol (2)", "Stop-Local-Shutdown (3)"]);
        assert_eq!(
            names::<GeneralError>(),
            [
                "None (0)",
                "Not-Connected (1)",
                "Bad-Format (2)",
                "Bad-Value (3)",
                "No-Resource (4)",
                "Bad-Call ID (5)",
                "PAC-Error (6)"
            ]
        );
    }

    #[test]
    fn unknown_values_survive_and_are_printed() {
        for number in 0..=u8::MAX {
            assert_eq!(StopReason::new(number).get(), number);
            assert_eq!(u8::from(StopReason::from(number)), number);
        }
        assert_eq!(StopReason::new(0).name(), None);
        assert_eq!(format!("{:?}", StopReason::new(0)), "StopReason(unknown (0))");
        assert_eq!(format!("{:?}", StopReason::NONE), "StopReason(None (1))");
        assert_eq!(CauseCode::new(0xffff).to_string(), "unknown (65535)");
        assert_eq!(format!("{:?}", CauseCode::USER_BUSY), "CauseCode(User busy (17))");
        assert_eq!(ControlMessageType::new(16).to_string(), "unknown (16)");
        assert_eq!(MessageType::new(2), MessageType::MANAGEMENT);
    }

    #[test]
    fn lengths_by_type_are_those_of_the_rfc() {
        let lengths = [156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24];
        for (number, length) in (1..).zip(lengths) {
            assert_eq!(ControlMessageType::new(number).message_len(), Some(length));
        }
        for number in [0, 16, 17, 0xff, 0x100, 0x101, 0xffff] {
            assert_eq!(ControlMessageType::new(number).message_len(), None);
        }
    }

    #[test]
    fn sets_print_what_they_hold() {
        assert_eq!(Framing::from_bits(0).to_string(), "none");
        assert_eq!(Framing::ANY.to_string(), "async+sync");
        assert_eq!(Framing::from_bits(0x8000_0001).to_string(), "async+0x80000000");
        assert_eq!(Framing::from_bits(4).to_string(), "0x4");
        assert_eq!(Bearer::ANY.to_string(), "analog+digital");
        assert_eq!(format!("{:?}", Bearer::DIGITAL), "Bearer(digital)");
        assert_eq!(Accm::ALL.to_string(), "0xffffffff");
        assert_eq!(format!("{:?}", Accm::new(0x000a_0000)), "Accm(0x000a0000)");
    }

    #[test]
    fn versions_are_ordered() {
        assert_eq!(ProtocolVersion::V1_0.get(), 0x0100);
        assert_eq!(ProtocolVersion::new(0x0203), ProtocolVersion::from_parts(2, 3));
        assert!(ProtocolVersion::V1_0 < ProtocolVersion::from_parts(1, 1));
        assert!(ProtocolVersion::from_parts(1, 255) < ProtocolVersion::from_parts(2, 0));
        assert_eq!(format!("{:?}", ProtocolVersion::V1_0), "ProtocolVersion(1.0)");
    }
}
