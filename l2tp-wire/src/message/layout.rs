//! How messages are made of AVPs: one macro for all.

use crate::avp::{Avp, Avps, Value};
use crate::code::MessageType;
use crate::error::DecodeError;
use crate::message::writer::MessageWriter;
use crate::{EncodeError, Version};

/// The AVPs behind the Message Type of a known message.
pub(super) trait Body<'a>: Sized {
    const TYPE: MessageType;

    /// Reads all AVPs; `refusal` becomes the first one that is not known and must be understood.
    fn read(avps: Avps<'a>, refusal: &mut Option<DecodeError>) -> Result<Self, DecodeError>;

    /// Writes all AVPs but Message Type.
    fn write(&self, writer: &mut MessageWriter<'_, '_>) -> Result<(), EncodeError>;
}

/// Reads an AVP of a message; `None` for one that is to be ignored.
///
/// RFC 2661 section 4.1: an unknown AVP without M bit is ignored. A known AVP is judged by its number: an optional one
/// with an impossible value is ignored too, whatever its M bit.
#[inline]
pub(super) fn understand<'a>(
    avp: &Avp<'a>,
    message_type: MessageType,
    version: Version,
    refusal: &mut Option<DecodeError>,
) -> Result<Option<Value<'a>>, DecodeError> {
    match avp.decode(message_type) {
        Ok(Value::Unknown(avp)) => {
            // RFC 2661 section 4.1: an unknown AVP with M set ends the session or the tunnel. The
            // others are read first, since they say which.
            if avp.is_mandatory && refusal.is_none() {
                let Avp { vendor_id, attribute_type, offset, .. } = avp;
                *refusal = Some(DecodeError::UnknownMandatory { vendor_id, attribute_type, offset });
            }
            Ok(None)
        }
        Ok(value) => Ok(Some(value)),
        // Judged by the attribute and not by its M bit, which xl2tpd, Huawei and Windows set
        // wrongly.
        Err(error) if avp.attribute_type.is_mandatory(version) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Refuses an id of 0 where the RFC wants another.
pub(super) fn check_assigned(id: impl Into<u32>, avp: &Avp<'_>) -> Result<(), DecodeError> {
    let found = id.into();
    if found == 0 {
        return Err(DecodeError::Value { attribute_type: avp.attribute_type, offset: avp.offset, found });
    }
    Ok(())
}

/// Defines a message: its struct, how it is made, read and written.
///
/// The groups are in the order of the wire. `assumed` has a value to go on with when the peer sends none; `required`
/// must be there; `assigned` too, and must not be 0.
macro_rules! message {
    (
        $(#[$attribute:meta])*
        pub struct $message:ident $(<$lifetime:lifetime>)? = $version:ident $type:ident;
        assumed { $($(#[$assumed_attribute:meta])* $assumed:ident: $assumed_type:ty = $assumed_value:ident or $default:expr;)* }
        required { $($(#[$required_attribute:meta])* $required:ident: $required_type:ty = $required_value:ident $required_constant:ident;)* }
        assigned { $($(#[$assigned_attribute:meta])* $assigned:ident: $assigned_type:ty = $assigned_value:ident $assigned_constant:ident;)* }
        optional { $($(#[$optional_attribute:meta])* $optional:ident: $optional_type:ty = $optional_value:ident;)* }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[expect(clippy::exhaustive_structs, reason = "the RFC has no other AVPs")]
        pub struct $message $(<$lifetime>)? {
            $($(#[$assumed_attribute])* pub $assumed: $assumed_type,)*
            $($(#[$required_attribute])* pub $required: $required_type,)*
            $($(#[$assigned_attribute])* pub $assigned: $assigned_type,)*
            $($(#[$optional_attribute])* pub $optional: Option<$optional_type>,)*
        }

        impl $(<$lifetime>)? $message $(<$lifetime>)? {
            /// Returns the message with its indispensable AVPs. All others are left out, or have the value that their
            /// field names.
            #[must_use]
            pub const fn new(
                $($required: $required_type,)*
                $($assigned: $assigned_type,)*
            ) -> $message $(<$lifetime>)? {
                Self { $($assumed: $default,)* $($required,)* $($assigned,)* $($optional: None,)* }
            }
        }

        $crate::message::layout::default_of! { $message $(<$lifetime>)?; $($required)* $($assigned)* }

        impl<'a> $crate::message::layout::Body<'a> for $message $(<$lifetime>)? {
            const TYPE: $crate::code::MessageType = $crate::code::MessageType::$type;

            #[inline]
            fn read(
                avps: $crate::avp::Avps<'a>,
                refusal: &mut Option<$crate::DecodeError>,
            ) -> Result<Self, $crate::DecodeError> {
                $(let mut $assumed: Option<$assumed_type> = None;)*
                $(let mut $required: Option<$required_type> = None;)*
                $(let mut $assigned: Option<$assigned_type> = None;)*
                $(let mut $optional: Option<$optional_type> = None;)*
                for avp in avps {
                    let avp = avp?;
                    let version = $crate::Version::$version;
                    let value = $crate::message::layout::understand(&avp, Self::TYPE, version, refusal)?;
                    // The first of several counts.
                    match value {
                        $(Some($crate::avp::Value::$assumed_value(value)) => _ = $assumed.get_or_insert(value),)*
                        $(Some($crate::avp::Value::$required_value(value)) => _ = $required.get_or_insert(value),)*
                        $(Some($crate::avp::Value::$assigned_value(value)) => {
                            $crate::message::layout::check_assigned(value, &avp)?;
                            $assigned.get_or_insert(value);
                        })*
                        $(Some($crate::avp::Value::$optional_value(value)) => _ = $optional.get_or_insert(value),)*
                        _ => {}
                    }
                }
                Ok(Self {
                    $($assumed: $assumed.unwrap_or($default),)*
                    $($required: $required.ok_or($crate::DecodeError::Missing {
                        message_type: Self::TYPE,
                        attribute_type: $crate::code::AttributeType::$required_constant,
                    })?,)*
                    $($assigned: $assigned.ok_or($crate::DecodeError::Missing {
                        message_type: Self::TYPE,
                        attribute_type: $crate::code::AttributeType::$assigned_constant,
                    })?,)*
                    $($optional,)*
                })
            }

            fn write(&self, writer: &mut $crate::message::MessageWriter<'_, '_>) -> Result<(), $crate::EncodeError> {
                // Some messages have nothing but their type.
                _ = &writer;
                $(writer.put(&$crate::avp::Value::$assumed_value(self.$assumed))?;)*
                $(writer.put(&$crate::avp::Value::$required_value(self.$required))?;)*
                $(writer.put(&$crate::avp::Value::$assigned_value(self.$assigned))?;)*
                $(if let Some(value) = self.$optional {
                    writer.put(&$crate::avp::Value::$optional_value(value))?;
                })*
                Ok(())
            }
        }
    };
}

/// Gives a message a default, unless it must have something.
macro_rules! default_of {
    ($message:ident $(<$lifetime:lifetime>)?;) => {
        impl $(<$lifetime>)? Default for $message $(<$lifetime>)? {
            fn default() -> $message $(<$lifetime>)? {
                Self::new()
            }
        }
    };
    ($message:ident $(<$lifetime:lifetime>)?; $($must:ident)+) => {};
}

/// Defines the enum of all messages of a version.
macro_rules! messages {
    (
        $(#[$attribute:meta])*
        borrowing { $($(#[$borrowing_attribute:meta])* $borrowing:ident;)+ }
        owning { $($(#[$owning_attribute:meta])* $owning:ident;)+ }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
        #[non_exhaustive]
        pub enum Message<'a> {
            $($(#[$borrowing_attribute])* $borrowing($borrowing<'a>),)+
            $($(#[$owning_attribute])* $owning($owning),)+
        }

        impl<'a> Message<'a> {
            /// Reads the AVPs of a message of this type; `None` if the RFC has no such message.
            #[inline]
            pub(super) fn read(
                message_type: $crate::code::MessageType,
                avps: $crate::avp::Avps<'a>,
                refusal: &mut Option<$crate::DecodeError>,
            ) -> Result<Option<Self>, $crate::DecodeError> {
                use $crate::message::layout::Body;
                $(if message_type == $borrowing::<'a>::TYPE {
                    return Ok(Some(Self::$borrowing(Body::read(avps, refusal)?)));
                })+
                $(if message_type == $owning::TYPE {
                    return Ok(Some(Self::$owning(Body::read(avps, refusal)?)));
                })+
                Ok(None)
            }

            pub(super) fn write(
                &self,
                writer: &mut $crate::message::MessageWriter<'_, '_>,
            ) -> Result<(), $crate::EncodeError> {
                match self {
                    $(Self::$borrowing(message) => $crate::message::layout::Body::write(message, writer),)+
                    $(Self::$owning(message) => $crate::message::layout::Body::write(message, writer),)+
                }
            }

            /// Returns the message type.
            #[must_use]
            pub const fn message_type(&self) -> $crate::code::MessageType {
                use $crate::message::layout::Body;
                match self {
                    $(Self::$borrowing(_) => $borrowing::<'a>::TYPE,)+
                    $(Self::$owning(_) => $owning::TYPE,)+
                }
            }
        }

        $(
            impl<'a> From<$borrowing<'a>> for Message<'a> {
                fn from(message: $borrowing<'a>) -> Self {
                    Self::$borrowing(message)
                }
            }
        )+
        $(
            impl From<$owning> for Message<'_> {
                fn from(message: $owning) -> Self {
                    Self::$owning(message)
                }
            }
        )+
    };
}

pub(super) use {default_of, message, messages};
