//! The header of data packets of version 2.

use super::flag;
use crate::reader::Reader;
use crate::room::Room;
use crate::{DecodeError, EncodeError, Field, Version};

/// RFC 2661 section 3.1: the numbers of a data packet with S bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Sequence {
    /// The number of this packet within its session and direction.
    pub ns: u16,
    /// Reserved in data packets: 0 when sent, ignored when received.
    pub nr: u16,
}

/// RFC 2661 section 3.1: the header of a data packet of version 2, 6 to 14 bytes and the offset padding.
///
/// ```
/// use l2tp_wire::header::DataHeader;
///
/// let header = DataHeader::new(0x1c2a, 0xe7b0);
/// let mut buf = [0; DataHeader::MAX_LEN];
/// assert_eq!(header.encode(100, &mut buf)?, b"\x00\x02\x1c\x2a\xe7\xb0");
///
/// // Cisco sends an Offset Size of 0 with its LCP.
/// let (header, payload) = DataHeader::decode(b"\x03\x02\x00\x01\x00\x02\x00\x00\xff\x03")?;
/// assert_eq!(header.offset_size, Some(0));
/// assert!(header.is_priority);
/// assert_eq!(payload, b"\xff\x03");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct DataHeader {
    /// The tunnel, by the id that the receiver chose.
    pub tunnel_id: u16,
    /// The session, by the id that the receiver chose.
    pub session_id: u16,
    /// Whether the P bit is set: the packet is to be preferred in queues.
    pub is_priority: bool,
    /// Whether there is a Length field.
    pub has_length: bool,
    /// Ns and Nr, if there are any.
    pub sequence: Option<Sequence>,
    /// How many bytes of padding follow the Offset Size field, if there is one.
    pub offset_size: Option<u16>,
}

/// Writes a header to the start of a buffer, and returns it there.
fn put<const N: usize>(header: [u8; N], buf: &mut [u8]) -> Result<&mut [u8], EncodeError> {
    let available = buf.len();
    let place = buf.first_chunk_mut::<N>().ok_or(EncodeError::BufferTooSmall { needed: N, available })?;
    *place = header;
    Ok(place)
}

impl DataHeader {
    /// The longest header without offset padding: flags, length, ids, Ns, Nr and offset size.
    pub const MAX_LEN: usize = 14;

    /// Returns the shortest header, 6 bytes, as xl2tpd, accel-ppp and Linux send it.
    #[must_use]
    pub const fn new(tunnel_id: u16, session_id: u16) -> Self {
        Self { tunnel_id, session_id, is_priority: false, has_length: false, sequence: None, offset_size: None }
    }

    /// Sets the number of the packet.
    #[must_use]
    pub const fn with_sequence(mut self, ns: u16) -> Self {
        self.sequence = Some(Sequence { ns, nr: 0 });
        self
    }

    /// Adds the Length field, which Windows and Cisco send.
    #[must_use]
    pub const fn with_length(mut self) -> Self {
        self.has_length = true;
        self
    }

    /// Sets the P bit.
    #[must_use]
    pub const fn with_priority(mut self) -> Self {
        self.is_priority = true;
        self
    }

    /// Returns the length of the header in bytes, offset padding included.
    #[must_use]
    pub fn len(&self) -> usize {
        let length: usize = if self.has_length { 2 } else { 0 };
        let sequence: usize = if self.sequence.is_some() { 4 } else { 0 };
        let offset = self.offset_size.map_or(0, |size| usize::from(size).wrapping_add(2));
        length.wrapping_add(sequence).wrapping_add(offset).wrapping_add(6)
    }

    /// Returns `false`: no header is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        false
    }

    /// Reads the header from the flags on, and returns it and the payload.
    ///
    /// Bytes behind the Length are cut off. The content of the offset padding is ignored.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::Kind`] for a control message, and [`DecodeError::Version`] for
    /// another version. Returns [`DecodeError::Length`] when the Length is less than the header or
    /// more than the packet, and [`DecodeError::Truncated`] when the bytes end within the header or
    /// the offset padding.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        // Nearly all data packets are like this: no optional field, six bytes.
        if let Some((&[0, 2, tunnel, tunnel_low, session, session_low], payload)) = bytes.split_first_chunk::<6>() {
            let tunnel_id = u16::from_be_bytes([tunnel, tunnel_low]);
            return Ok((Self::new(tunnel_id, u16::from_be_bytes([session, session_low])), payload));
        }
        // And most of the others are like this: the same with Ns and Nr.
        if let Some((&[8, 2, tunnel, tunnel_low, session, session_low, ns @ .., nr, nr_low], payload)) =
            bytes.split_first_chunk::<10>()
        {
            let header =
                Self::new(u16::from_be_bytes([tunnel, tunnel_low]), u16::from_be_bytes([session, session_low]));
            let sequence = Sequence { ns: u16::from_be_bytes(ns), nr: u16::from_be_bytes([nr, nr_low]) };
            return Ok((Self { sequence: Some(sequence), ..header }, payload));
        }
        Self::decode_any(bytes)
    }

    fn decode_any(bytes: &[u8]) -> Result<(Self, &[u8]), DecodeError> {
        let mut reader = Reader::new(bytes);
        let flags = reader.u16(Field::Flags)?;
        if flag::version_of(flags)? == Version::V3 {
            return Err(DecodeError::Version { found: 3 });
        }
        if flags & flag::CONTROL != 0 {
            return Err(DecodeError::Kind { found: flags });
        }
        let length = if flags & flag::LENGTH == 0 { None } else { Some(reader.u16(Field::Length)?) };
        let tunnel_id = reader.u16(Field::TunnelId)?;
        let session_id = reader.u16(Field::SessionId)?;
        let sequence = if flags & flag::SEQUENCE == 0 {
            None
        } else {
            Some(Sequence { ns: reader.u16(Field::Ns)?, nr: reader.u16(Field::Nr)? })
        };
        let offset_size = if flags & flag::OFFSET == 0 { None } else { Some(reader.u16(Field::OffsetSize)?) };
        if let Some(size) = offset_size {
            // Cisco and H3C send an offset of 0; RFC 2661 section 3.1 leaves the padding undefined,
            // so it is not looked at.
            reader.take(size.into(), Field::OffsetPad)?;
        }
        let mut payload = reader.rest();
        if let Some(found) = length {
            // The Length counts the header too; without it, what is left is the payload.
            // Trailing bytes behind the Length occur, and are cut off.
            let cut = usize::from(found).checked_sub(reader.offset()).and_then(|length| payload.get(..length));
            let error = DecodeError::Length { found, minimum: reader.offset(), available: bytes.len() };
            payload = cut.ok_or(error)?;
        }
        let (is_priority, has_length) = (flags & flag::PRIORITY != 0, length.is_some());
        Ok((Self { tunnel_id, session_id, is_priority, has_length, sequence, offset_size }, payload))
    }

    /// Writes the header to the start of `buf`, and returns the bytes written.
    ///
    /// `payload_len` is how many bytes will follow; only the Length field depends on it. To put a header in front of a
    /// payload, lend the [`len`](Self::len) bytes in front of it.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::BufferTooSmall`] when `buf` is shorter than the header, [`EncodeError::TooLong`] when
    /// header and payload are longer than a Length field can say.
    #[inline]
    pub fn encode<'b>(&self, payload_len: usize, buf: &'b mut [u8]) -> Result<&'b mut [u8], EncodeError> {
        if let Self { is_priority: false, has_length: false, offset_size: None, .. } = self {
            let ([tunnel, tunnel_low], [session, session_low]) =
                (self.tunnel_id.to_be_bytes(), self.session_id.to_be_bytes());
            return match self.sequence {
                None => put([0, 2, tunnel, tunnel_low, session, session_low], buf),
                // RFC 2661 section 3.1: in data messages Nr is reserved.
                Some(Sequence { ns, nr }) => {
                    let ([number, number_low], [next, next_low]) = (ns.to_be_bytes(), nr.to_be_bytes());
                    put([8, 2, tunnel, tunnel_low, session, session_low, number, number_low, next, next_low], buf)
                }
            };
        }
        self.encode_any(payload_len, buf)
    }

    fn encode_any<'b>(&self, payload_len: usize, buf: &'b mut [u8]) -> Result<&'b mut [u8], EncodeError> {
        let (needed, available) = (self.len(), buf.len());
        let written = buf.get_mut(..needed).ok_or(EncodeError::BufferTooSmall { needed, available })?;
        let mut flags: u16 = 2;
        for (bit, is_set) in [
            (flag::LENGTH, self.has_length),
            (flag::SEQUENCE, self.sequence.is_some()),
            (flag::OFFSET, self.offset_size.is_some()),
            (flag::PRIORITY, self.is_priority),
        ] {
            if is_set {
                flags |= bit;
            }
        }
        let mut room = Room::new(written);
        room.put(flags.to_be_bytes());
        if self.has_length {
            let length = needed.saturating_add(payload_len);
            let length = u16::try_from(length).map_err(|_| EncodeError::TooLong { length })?;
            room.put(length.to_be_bytes());
        }
        room.put(self.tunnel_id.to_be_bytes());
        room.put(self.session_id.to_be_bytes());
        // RFC 2661 section 3.1: in data messages Nr is reserved.
        if let Some(sequence) = self.sequence {
            room.put(sequence.ns.to_be_bytes());
            room.put(sequence.nr.to_be_bytes());
        }
        if let Some(size) = self.offset_size {
            room.put(size.to_be_bytes());
        }
        // The RFC leaves the padding undefined; zeros give nothing away.
        room.rest().fill(0);
        Ok(written)
    }
}
