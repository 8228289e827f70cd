//! The kinds of packets.

use super::control::{Control, Recipient};
use super::data::DataHeader;
use super::flag;
use crate::reader::Reader;
use crate::{DecodeError, Field, Version};

/// RFC 2661 section 3.1, RFC 3931 section 4.1: a packet of any kind.
///
/// ```
/// use l2tp_wire::Packet;
///
/// // Data of version 2 from xl2tpd: an LCP frame for session 0xe7b0 of tunnel 0x1c2a.
/// let packet = Packet::decode_udp(b"\x00\x02\x1c\x2a\xe7\xb0\xff\x03\xc0\x21")?;
/// let Packet::DataV2 { header, payload } = packet else { panic!("not data") };
/// assert_eq!((header.tunnel_id, header.session_id), (0x1c2a, 0xe7b0));
/// assert_eq!(payload, b"\xff\x03\xc0\x21");
///
/// // Data of version 3 directly over IP. The session decides how the rest is to be read.
/// let packet = Packet::decode_ip(b"\x00\x00\x96\x52\xca\xfe\xba\xbepayload")?;
/// assert_eq!(packet, Packet::DataV3 { session_id: 0x9652, rest: b"\xca\xfe\xba\xbepayload" });
/// # Ok::<(), l2tp_wire::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the RFCs have no other packets")]
pub enum Packet<'a> {
    /// A control message of either version.
    Control(Control<'a>),
    /// Data of version 2.
    DataV2 {
        /// The header.
        header: DataHeader,
        /// A PPP frame. Bytes behind the Length, if there is one, have been cut off.
        payload: &'a [u8],
    },
    /// Data of version 3. [`SessionLayout::decode`](super::SessionLayout::decode) reads on, once the session is known.
    DataV3 {
        /// The session, by the id that the receiver chose. 0 belongs to no session.
        session_id: u32,
        /// Cookie, sublayer and payload.
        rest: &'a [u8],
    },
}

impl<'a> Packet<'a> {
    /// Reads the payload of a UDP datagram, of either version.
    ///
    /// Reserved bits are ignored, as both RFCs want it.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::Version`] for other versions, [`DecodeError::ControlFlags`] for a control message whose
    /// flags cannot be, [`DecodeError::Length`] for an impossible Length and [`DecodeError::Truncated`] when the bytes
    /// end within the header.
    #[inline]
    pub fn decode_udp(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        // Nearly all packets are like this: data of version 2, without or with Ns and Nr.
        if let [0 | 8, 2, ..] = bytes {
            return DataHeader::decode(bytes).map(|(header, payload)| Self::DataV2 { header, payload });
        }
        Self::decode_any_udp(bytes)
    }

    fn decode_any_udp(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let flags = Reader::new(bytes).u16(Field::Flags)?;
        if flags & flag::CONTROL != 0 {
            return Control::decode(bytes).map(Self::Control);
        }
        match flag::version_of(flags)? {
            Version::V2 => DataHeader::decode(bytes).map(|(header, payload)| Self::DataV2 { header, payload }),
            Version::V3 => {
                let mut reader = Reader::new(bytes);
                reader.u16(Field::Flags)?;
                reader.u16(Field::Reserved)?;
                Self::data_v3(&mut reader)
            }
        }
    }

    /// Reads the payload of an IP packet of protocol 115: version 3 only.
    ///
    /// Offsets of errors in control messages do not count the session id of zero, which is not part of the message.
    ///
    /// # Errors
    ///
    /// Those of [`decode_udp`](Self::decode_udp), and [`DecodeError::Version`] for a control message of version 2.
    pub fn decode_ip(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        if let Some((&[0, 0, 0, 0], message)) = bytes.split_first_chunk::<4>() {
            let control = Control::decode(message)?;
            return match control.header.recipient {
                // Over IP there is only version 3 (RFC 3931 section 4.1.1).
                Recipient::V3 { .. } => Ok(Self::Control(control)),
                Recipient::V2 { .. } => Err(DecodeError::Version { found: 2 }),
            };
        }
        Self::data_v3(&mut reader)
    }

    fn data_v3(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        let session_id = u32::from_be_bytes(reader.array(Field::SessionId)?);
        Ok(Self::DataV3 { session_id, rest: reader.rest() })
    }
}
