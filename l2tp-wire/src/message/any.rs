//! Any message of either version.

use super::writer::MessageWriter;
use super::{v2, v3};
use crate::avp::{Avps, Digest, Value};
use crate::code::{DigestType, MessageType, VendorId};
use crate::header::ControlHeader;
use crate::hide::Hiding;
use crate::{DecodeError, EncodeError, Version};

/// A control message of either version.
///
/// ```
/// use l2tp_wire::Message;
/// use l2tp_wire::header::{Control, ControlHeader, Recipient};
/// use l2tp_wire::message::{EncodeOptions, v2};
///
/// let header = ControlHeader {
///     recipient: Recipient::V2 { tunnel_id: 9, session_id: 0 },
///     ns: 1,
///     nr: 1,
/// };
/// let reply = v2::StartControlConnectionConnected::new();
/// let mut buf = [0; 128];
/// let bytes = Message::from(reply).encode(&header, &EncodeOptions::new(), &mut buf)?;
///
/// let control = Control::decode(bytes)?;
/// let decoded = Message::decode(control.version(), control.avps())?;
/// assert_eq!(decoded.message, Message::from(reply));
/// assert_eq!(decoded.refusal, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum Message<'a> {
    /// RFC 2661.
    V2(v2::Message<'a>),
    /// RFC 3931.
    V3(v3::Message<'a>),
}

impl<'a> From<v2::Message<'a>> for Message<'a> {
    fn from(message: v2::Message<'a>) -> Self {
        Self::V2(message)
    }
}

impl<'a> From<v3::Message<'a>> for Message<'a> {
    fn from(message: v3::Message<'a>) -> Self {
        Self::V3(message)
    }
}

/// Makes each message of a version convertible into a [`Message`].
macro_rules! from_each {
    ($version:ident, $module:ident, borrowing { $($borrowing:ident)+ }, owning { $($owning:ident)+ }) => {
        $(
            impl<'a> From<$module::$borrowing<'a>> for Message<'a> {
                fn from(message: $module::$borrowing<'a>) -> Self {
                    Self::$version(message.into())
                }
            }
        )+
        $(
            impl From<$module::$owning> for Message<'_> {
                fn from(message: $module::$owning) -> Self {
                    Self::$version(message.into())
                }
            }
        )+
    };
}

from_each! {
    V2, v2,
    borrowing {
        StartControlConnectionRequest StartControlConnectionReply
        StopControlConnectionNotification IncomingCallRequest
        IncomingCallConnected OutgoingCallRequest
        CallDisconnectNotify
    },
    owning {
        StartControlConnectionConnected Hello
        IncomingCallReply OutgoingCallReply
        OutgoingCallConnected WanErrorNotify
        SetLinkInfo
    }
}

from_each! {
    V3, v3,
    borrowing {
        StartControlConnectionRequest StartControlConnectionReply
        StopControlConnectionNotification IncomingCallRequest
        OutgoingCallRequest CallDisconnectNotify
    },
    owning {
        StartControlConnectionConnected Hello
        ExplicitAcknowledgement IncomingCallReply
        IncomingCallConnected OutgoingCallReply
        OutgoingCallConnected WanErrorNotify
        SetLinkInfo
    }
}

/// A message that was understood, and the first AVP in it that was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded<'a> {
    /// The message.
    pub message: Message<'a>,
    /// The first AVP that is not known and has the M bit. RFC 2661 section 4.1: the session or
    /// tunnel that the message is about must end then, with result 2 and error 8. Permissive peers
    /// go on nevertheless.
    pub refusal: Option<DecodeError>,
}

impl<'a> Message<'a> {
    /// Reads the AVPs of a message, as [`Control::avps`](crate::header::Control::avps) or
    /// [`reveal`](crate::hide::reveal) return them.
    ///
    /// The order of AVPs does not matter, and the first of several counts. AVPs that are known but belong to other
    /// messages are ignored, and so are optional ones with an impossible value.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::UnknownMessage`] for a message that the RFC does not define, and
    /// [`DecodeError::Missing`] when an indispensable AVP is missing. Otherwise returns the first
    /// error of an AVP: a length, a hidden value that cannot be read, an id of 0. The ids of such a
    /// message are still in its header, or can be found with [`Avps::find`].
    pub fn decode(version: Version, avps: Avps<'a>) -> Result<Decoded<'a>, DecodeError> {
        let (message_type, is_mandatory) = avps.message_type()?;
        let mut refusal = None;
        let message = match version {
            Version::V2 => v2::Message::read(message_type, avps, &mut refusal)?.map(Self::V2),
            Version::V3 => v3::Message::read(message_type, avps, &mut refusal)?.map(Self::V3),
        };
        match message {
            Some(message) => Ok(Decoded { message, refusal }),
            None => Err(DecodeError::UnknownMessage { vendor_id: VendorId::IETF, message_type, is_mandatory }),
        }
    }

    /// Writes the message to the start of `buf`, and returns the bytes written.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::Version`] when the header is of the other version, and the errors of
    /// [`MessageWriter::put`].
    pub fn encode<'b>(
        &self,
        header: &ControlHeader,
        options: &EncodeOptions<'_>,
        buf: &'b mut [u8],
    ) -> Result<&'b mut [u8], EncodeError> {
        let message_type = self.message_type();
        if header.recipient.version() != self.version() {
            return Err(EncodeError::Version { message_type });
        }
        let mut writer = MessageWriter::new(*header, buf)?;
        writer.put(&Value::MessageType(message_type))?;
        // RFC 3931 section 5.4.1: right behind the message type, before anything that may be
        // hidden.
        for digest_type in options.digests.into_iter().flatten() {
            writer.put(&Value::MessageDigest(Digest::placeholder(digest_type)))?;
        }
        if let Some(hiding) = options.hiding {
            writer.hide(hiding)?;
        }
        match self {
            Self::V2(message) => message.write(&mut writer)?,
            Self::V3(message) => message.write(&mut writer)?,
        }
        writer.finish()
    }

    /// Returns the message as a vector.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode) but for the buffer, which is as large as needed.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    pub fn to_vec(
        &self,
        header: &ControlHeader,
        options: &EncodeOptions<'_>,
    ) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        let mut buf = alloc::vec![0; usize::from(u16::MAX)];
        let length = self.encode(header, options, &mut buf)?.len();
        buf.truncate(length);
        buf.shrink_to_fit();
        Ok(buf)
    }

    /// Appends the message to `buf`.
    ///
    /// # Errors
    ///
    /// Those of [`encode`](Self::encode); nothing is appended then.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn encode_to(
        &self,
        header: &ControlHeader,
        options: &EncodeOptions<'_>,
        mut buf: impl bytes::BufMut,
    ) -> Result<(), EncodeError> {
        let message = self.to_vec(header, options)?;
        let (needed, available) = (message.len(), buf.remaining_mut());
        if available < needed {
            return Err(EncodeError::BufferTooSmall { needed, available });
        }
        buf.put_slice(&message);
        Ok(())
    }

    /// Returns the version.
    #[must_use]
    pub const fn version(&self) -> Version {
        match self {
            Self::V2(_) => Version::V2,
            Self::V3(_) => Version::V3,
        }
    }

    /// Returns the message type.
    #[must_use]
    pub const fn message_type(&self) -> MessageType {
        match self {
            Self::V2(message) => message.message_type(),
            Self::V3(message) => message.message_type(),
        }
    }
}

/// Additions to a message when it is written: hidden values, room for digests.
///
/// ```
/// use l2tp_wire::code::DigestType;
/// use l2tp_wire::message::EncodeOptions;
///
/// let plain = EncodeOptions::new();
/// let signed = EncodeOptions::new().with_digest(DigestType::HMAC_MD5);
/// # _ = (plain, signed);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct EncodeOptions<'a> {
    hiding: Option<Hiding<'a>>,
    digests: [Option<DigestType>; 2],
}

impl<'a> EncodeOptions<'a> {
    /// Adds nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { hiding: None, digests: [None; 2] }
    }

    /// Hides all values that may be hidden.
    #[must_use]
    pub const fn with_hiding(mut self, hiding: Hiding<'a>) -> Self {
        self.hiding = Some(hiding);
        self
    }

    /// Leaves room for a digest behind the Message Type, which
    /// [`DigestKey::sign`](crate::authenticate::DigestKey::sign) fills in. RFC 3931 section 5.4.1.
    #[must_use]
    pub const fn with_digest(mut self, digest_type: DigestType) -> Self {
        self.digests = [Some(digest_type), None];
        self
    }

    /// Leaves room for two digests, while a secret or hash is being changed.
    #[must_use]
    pub const fn with_two_digests(mut self, first: DigestType, second: DigestType) -> Self {
        self.digests = [Some(first), Some(second)];
        self
    }
}
