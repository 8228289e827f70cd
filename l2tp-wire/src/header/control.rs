//! The header of control messages.

use super::flag;
use crate::avp::Avps;
use crate::reader::Reader;
use crate::{DecodeError, EncodeError, Field, Version};

/// RFC 2661 section 3.1, RFC 3931 section 3.2.1: the recipient of a control message, by the ids
/// that the receiver chose.
///
/// All ids are 0 until the receiver's choice is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum Recipient {
    /// Version 2.
    V2 {
        /// The tunnel.
        tunnel_id: u16,
        /// The session within it; 0 for messages about the tunnel.
        session_id: u16,
    },
    /// Version 3. The session of a message is in its AVPs.
    V3 {
        /// The control connection.
        control_connection_id: u32,
    },
}

impl Recipient {
    /// Returns the version of the message.
    #[must_use]
    pub const fn version(self) -> Version {
        match self {
            Self::V2 { .. } => Version::V2,
            Self::V3 { .. } => Version::V3,
        }
    }
}

/// RFC 2661 section 3.1, RFC 3931 section 3.2.1: the header of a control message, 12 bytes in both versions.
///
/// ```
/// use l2tp_wire::header::{ControlHeader, Recipient};
///
/// let header = ControlHeader {
///     recipient: Recipient::V2 { tunnel_id: 1, session_id: 0 },
///     ns: 1,
///     nr: 1,
/// };
/// // A message without AVPs, a ZLB, is as long as its header.
/// assert_eq!(&header.to_bytes(12), b"\xc8\x02\x00\x0c\x00\x01\x00\x00\x00\x01\x00\x01");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFCs have no other fields")]
pub struct ControlHeader {
    /// Version and recipient of the message.
    pub recipient: Recipient,
    /// The number of this message.
    pub ns: u16,
    /// The number that the sender expects next; all before it have arrived.
    pub nr: u16,
}

impl ControlHeader {
    /// Flags (2), length (2), tunnel id and session id or control connection id (4), Ns (2), Nr (2).
    pub const LEN: usize = 12;

    /// Returns the header of a message of `length` bytes, header included.
    #[must_use]
    pub const fn to_bytes(&self, length: u16) -> [u8; Self::LEN] {
        let (version, [id, id_2, id_3, id_4]) = match self.recipient {
            Recipient::V2 { tunnel_id, session_id } => {
                let ([tunnel, tunnel_low], [session, session_low]) =
                    (tunnel_id.to_be_bytes(), session_id.to_be_bytes());
                (2, [tunnel, tunnel_low, session, session_low])
            }
            Recipient::V3 { control_connection_id } => (3, control_connection_id.to_be_bytes()),
        };
        let [length, length_low] = length.to_be_bytes();
        let ([sent, sent_low], [received, received_low]) = (self.ns.to_be_bytes(), self.nr.to_be_bytes());
        [0xc8, version, length, length_low, id, id_2, id_3, id_4, sent, sent_low, received, received_low]
    }

    /// Writes the header over that of `message`, which is a whole message. It is for a
    /// retransmission with a new Nr, or for the first transmission of a message that has waited for
    /// its number.
    ///
    /// A digest over the message has to be made again afterwards.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::BufferTooSmall`] when `message` is shorter than a header, [`EncodeError::TooLong`] when
    /// it is longer than 65535 bytes.
    ///
    /// ```
    /// use l2tp_wire::header::{Control, ControlHeader, Recipient};
    ///
    /// let mut message =
    ///     *b"\xc8\x02\x00\x14\x00\x01\x00\x00\x00\x01\x00\x01\x80\x08\x00\x00\x00\x00\x00\x06";
    /// let mut header = Control::decode(&message)?.header;
    /// header.nr = 7;
    /// header.overwrite(&mut message)?;
    /// assert_eq!(message[10..12], [0, 7]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn overwrite(&self, message: &mut [u8]) -> Result<(), EncodeError> {
        let available = message.len();
        let length = u16::try_from(available).map_err(|_| EncodeError::TooLong { length: available })?;
        let Some(place) = message.first_chunk_mut() else {
            return Err(EncodeError::BufferTooSmall { needed: Self::LEN, available });
        };
        *place = self.to_bytes(length);
        Ok(())
    }
}

/// A control message: its header, and its AVPs not yet read.
///
/// ```
/// use l2tp_wire::header::Control;
///
/// // A Hello of go-l2tp, with two bytes behind its end.
/// let packet =
///     b"\xc8\x02\x00\x14\x00\x01\x00\x00\x00\x01\x00\x01\x80\x08\x00\x00\x00\x00\x00\x06\x00\x00";
/// let control = Control::decode(packet)?;
/// assert_eq!(control.header.ns, 1);
/// assert_eq!(control.bytes().len(), 20);
/// assert!(!control.is_zero_length_body());
/// # Ok::<(), l2tp_wire::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Control<'a> {
    /// The header.
    pub header: ControlHeader,
    bytes: &'a [u8],
    body: &'a [u8],
}

impl<'a> Control<'a> {
    /// Reads a control message from its flags on. Bytes behind its Length are cut off.
    ///
    /// Taken as they are: reserved bits and the P bit. Refused: a message without L or S, or with O.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::Kind`] for data, and otherwise the errors of
    /// [`Packet::decode_udp`](crate::Packet::decode_udp) for control messages.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let flags = reader.u16(Field::Flags)?;
        if flags & flag::CONTROL == 0 {
            return Err(DecodeError::Kind { found: flags });
        }
        let version = flag::version_of(flags)?;
        // In version 3 the place of the O bit is reserved, and so ignored.
        let (checked, wanted) = match version {
            Version::V2 => (flag::LENGTH | flag::SEQUENCE | flag::OFFSET, flag::LENGTH | flag::SEQUENCE),
            Version::V3 => (flag::LENGTH | flag::SEQUENCE, flag::LENGTH | flag::SEQUENCE),
        };
        if flags & checked != wanted {
            return Err(DecodeError::ControlFlags { found: flags });
        }
        let length = reader.u16(Field::Length)?;
        let recipient = match version {
            Version::V2 => {
                Recipient::V2 { tunnel_id: reader.u16(Field::TunnelId)?, session_id: reader.u16(Field::SessionId)? }
            }
            Version::V3 => {
                Recipient::V3 { control_connection_id: u32::from_be_bytes(reader.array(Field::ControlConnectionId)?) }
            }
        };
        let header = ControlHeader { recipient, ns: reader.u16(Field::Ns)?, nr: reader.u16(Field::Nr)? };
        let whole = bytes.get(..length.into());
        let Some((bytes, (_, body))) = whole.and_then(|bytes| Some((bytes, bytes.split_at_checked(reader.offset())?)))
        else {
            return Err(DecodeError::Length { found: length, minimum: ControlHeader::LEN, available: bytes.len() });
        };
        Ok(Self { header, bytes, body })
    }

    /// Returns the version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.header.recipient.version()
    }

    /// Returns the message from its flags to its end: the input of a digest of version 3.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns whether there is no AVP: the message only acknowledges.
    #[doc(alias = "ZLB")]
    #[must_use]
    pub const fn is_zero_length_body(&self) -> bool {
        self.body.is_empty()
    }

    /// Returns the AVPs. Hidden ones are as on the wire; [`reveal`](crate::hide::reveal) deciphers them.
    #[must_use]
    pub const fn avps(&self) -> Avps<'a> {
        Avps::at(self.body, ControlHeader::LEN)
    }
}
