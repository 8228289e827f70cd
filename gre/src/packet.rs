//! A whole packet: header, payload, and what is behind it.

use crate::{BufferTooSmall, DecodeError, EncodeError, Field, Header};

/// RFC 2637 section 4.1: an enhanced GRE packet, borrowed from the payload of an IP packet.
///
/// A packet with an acknowledgment number alone has no payload:
///
/// ```
/// use pptp_gre::Packet;
///
/// let packet = Packet::decode(&[0x20, 0x81, 0x88, 0x0b, 0, 0, 0x0b, 0x74, 0, 0, 0, 3])?;
/// assert!(packet.is_acknowledgment_only());
/// assert_eq!(packet.header.acknowledgment_number, Some(3));
/// # Ok::<(), pptp_gre::DecodeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a packet has no other parts")]
pub struct Packet<'a> {
    /// The header.
    pub header: Header,
    /// As many bytes as the header's payload length says: a PPP frame, or nothing.
    pub payload: &'a [u8],
    /// Bytes behind the payload, of no meaning: a link layer's padding, or its checksum, which real captures have.
    pub trailing: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads the packet that an IP packet of protocol [`IP_PROTOCOL`](crate::IP_PROTOCOL) carries.
    ///
    /// # Errors
    ///
    /// Those of [`Header::decode`], and [`DecodeError::Truncated`] when there is less payload than the header says.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let (header, payload_length, rest) = Header::decode(bytes)?;
        // Captures have packets with a padding behind the stated length; it is no part of the
        // frame.
        let Some((payload, trailing)) = rest.split_at_checked(payload_length.into()) else {
            return Err(DecodeError::Truncated {
                field: Field::Payload,
                offset: header.len(),
                needed: payload_length.into(),
                available: rest.len(),
            });
        };
        Ok(Self { header, payload, trailing })
    }

    /// Returns whether the packet acknowledges and carries nothing.
    #[must_use]
    pub const fn is_acknowledgment_only(&self) -> bool {
        self.header.sequence_number.is_none() && self.header.acknowledgment_number.is_some()
    }

    /// Returns the length of the packet on the wire.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a packet is never empty")]
    pub const fn len(&self) -> usize {
        self.header.len().saturating_add(self.payload.len()).saturating_add(self.trailing.len())
    }

    /// Writes header, payload and trailing bytes to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the buffer is too small, the payload is too long, or it has no sequence number.
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let payload_length = self.payload_length()?;
        let too_small = BufferTooSmall { needed: self.len(), available: buf.len() };
        let bytes = buf.get_mut(..self.len()).ok_or(too_small)?;
        self.header.encode(payload_length, bytes)?;
        let body = bytes.get_mut(self.header.len()..).ok_or(too_small)?;
        // Not `copy_from_slice`: its check of the lengths is a panic that the optimiser does not
        // remove.
        for (to, from) in body.iter_mut().zip(self.payload.iter().chain(self.trailing)) {
            *to = *from;
        }
        Ok(bytes)
    }

    /// Returns the packet as a vector.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the payload is too long or has no sequence number.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    pub fn to_vec(&self) -> Result<alloc::vec::Vec<u8>, EncodeError> {
        let mut header = [0; Header::MAX_LEN];
        let header = self.header.encode(self.payload_length()?, &mut header)?;
        Ok([header, self.payload, self.trailing].concat())
    }

    /// Appends the packet to `buf`.
    ///
    /// ```
    /// use pptp_gre::{Header, Packet};
    ///
    /// let header = Header { call_id: 1, sequence_number: Some(0), acknowledgment_number: None };
    /// let mut buf = bytes::BytesMut::new();
    /// Packet { header, payload: b"frame", trailing: b"" }.encode_to(&mut buf)?;
    /// let (header, payload) = Packet::decode_bytes(&buf.freeze())?;
    /// assert_eq!((header.call_id, &payload[..]), (1, &b"frame"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode); nothing is written then.
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn encode_to(&self, mut buf: impl bytes::BufMut) -> Result<(), EncodeError> {
        let payload_length = self.payload_length()?;
        let (needed, available) = (self.len(), buf.remaining_mut());
        if available < needed {
            return Err(BufferTooSmall { needed, available }.into());
        }
        self.header.encode_to(payload_length, &mut buf)?;
        buf.put_slice(self.payload);
        buf.put_slice(self.trailing);
        Ok(())
    }

    /// Reads the packet, and gives the header and the payload, which shares the memory of `bytes`.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn decode_bytes(bytes: &bytes::Bytes) -> Result<(Header, bytes::Bytes), DecodeError> {
        let packet = Packet::decode(bytes)?;
        Ok((packet.header, bytes.slice_ref(packet.payload)))
    }

    fn payload_length(&self) -> Result<u16, EncodeError> {
        let length = self.payload.len();
        if length != 0 && self.header.sequence_number.is_none() {
            return Err(EncodeError::PayloadWithoutSequenceNumber);
        }
        u16::try_from(length).map_err(|_| EncodeError::PayloadTooLong { length })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::Flags;

    fn any_header() -> impl Strategy<Value = Header> {
        (any::<u16>(), any::<Option<u32>>(), any::<Option<u32>>()).prop_map(|(call_id, sequence, acknowledgment)| {
            Header { call_id, sequence_number: sequence, acknowledgment_number: acknowledgment }
        })
    }

    proptest! {
        #[test]
        fn round_trips(header in any_header(), payload in prop::collection::vec(any::<u8>(), 0..64), trailing in prop::collection::vec(any::<u8>(), 0..8)) {
            let payload = if header.sequence_number.is_some() { payload } else { Vec::new() };
            let packet = Packet { header, payload: &payload, trailing: &trailing };
            let mut buf = [0; 128];
            let bytes = packet.encode(&mut buf).unwrap();
            prop_assert_eq!(bytes.len(), packet.len());
            prop_assert_eq!(Packet::decode(bytes), Ok(packet));
            #[cfg(feature = "alloc")]
            prop_assert_eq!(packet.to_vec().unwrap(), bytes);
            #[cfg(feature = "bytes")]
            {
                let mut buf = bytes::BytesMut::new();
                packet.encode_to(&mut buf).unwrap();
                prop_assert_eq!(&buf[..], bytes);
                let (header, payload) = Packet::decode_bytes(&buf.freeze()).unwrap();
                prop_assert_eq!((header, &payload[..]), (packet.header, packet.payload));
            }
        }

        /// Any bytes that decode are written back unchanged.
        #[test]
        fn decodes_anything(bytes in prop::collection::vec(any::<u8>(), 0..48), make_valid in any::<bool>()) {
            let mut bytes = bytes;
            if make_valid && bytes.len() >= 8 {
                bytes[0] &= 0x10;
                bytes[0] |= 0x20;
                bytes[1] &= 0x80;
                bytes[1] |= 0x01;
                bytes[2..5].copy_from_slice(&[0x88, 0x0b, 0x00]);
                bytes[5] &= 0x1f;
            }
            if let Ok(packet) = Packet::decode(&bytes) {
                let mut buf = [0; 64];
                prop_assert_eq!(packet.encode(&mut buf), Ok(&bytes[..]));
            }
        }
    }

    #[test]
    fn every_prefix_is_refused_by_field() {
        let header = Header { call_id: 9, sequence_number: Some(1), acknowledgment_number: Some(2) };
        let mut buf = [0; 32];
        let bytes = Packet { header, payload: b"payload", trailing: b"" }.encode(&mut buf).unwrap();
        for length in 0..bytes.len() {
            let DecodeError::Truncated { field, offset, needed, available } =
                Packet::decode(&bytes[..length]).unwrap_err()
            else {
                panic!("prefix of {length} bytes: not refused as truncated");
            };
            let expected = match length {
                0..8 => (Field::FixedHeader, 0, 8),
                8..12 => (Field::SequenceNumber, 8, 4),
                12..16 => (Field::AcknowledgmentNumber, 12, 4),
                _ => (Field::Payload, 16, 7),
            };
            assert_eq!((field, offset, needed), expected, "prefix of {length} bytes");
            assert_eq!(available, length - offset);
        }
    }

    #[test]
    fn every_payload_length_is_bounded_by_the_packet() {
        let mut bytes = [0u8; 20];
        let header = Header { call_id: 1, sequence_number: Some(0), acknowledgment_number: None };
        for length in [0u16, 1, 7, 8, 9, u16::MAX] {
            header.encode(length, &mut bytes).unwrap();
            let decoded = Packet::decode(&bytes);
            if length <= 8 {
                let packet = decoded.unwrap();
                assert_eq!(packet.payload.len() + packet.trailing.len(), 8);
                assert_eq!(packet.payload.len(), usize::from(length));
            } else {
                assert!(matches!(decoded, Err(DecodeError::Truncated { field: Field::Payload, .. })));
            }
        }
    }

    #[test]
    fn refuses_every_forbidden_flag() {
        let good = Header { call_id: 1, sequence_number: Some(0), acknowledgment_number: Some(0) };
        for bit in 0..16 {
            let mut bytes = [0; 16];
            good.encode(0, &mut bytes).unwrap();
            let bits = good.flags().bits() ^ (1 << bit);
            bytes[..2].copy_from_slice(&bits.to_be_bytes());
            let found = Flags::from_bits(bits);
            let expected = match bit {
                0..=2 => Some(DecodeError::Version { found: found.version() }),
                13 => Some(DecodeError::NoKey),
                // S or A alone: the packet is shorter and what is left is behind it.
                7 | 12 => None,
                _ => Some(DecodeError::Flags { found }),
            };
            assert_eq!(Packet::decode(&bytes).err(), expected, "bit {bit}");
            assert_eq!(found.is_enhanced(), expected.is_none(), "bit {bit}");
        }
    }

    #[test]
    fn section_4_1_a_packet_without_payload_only_acknowledges() {
        for (sequence_number, acknowledgment_number, expected) in
            [(None, Some(3), true), (Some(1), Some(3), false), (Some(1), None, false), (None, None, false)]
        {
            let header = Header { call_id: 1, sequence_number, acknowledgment_number };
            assert_eq!(Packet { header, payload: b"", trailing: b"" }.is_acknowledgment_only(), expected);
        }
    }

    /// GRE of version 1 that carries another protocol than PPP.
    #[test]
    fn section_4_1_another_protocol_type_is_named() {
        let other = [0x30, 0x01, 0x08, 0x00, 0, 0, 0, 1, 0, 0, 0, 0];
        assert_eq!(Packet::decode(&other), Err(DecodeError::ProtocolType { found: 0x0800 }));
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn a_packet_is_appended_whole_or_not_at_all() {
        let header = Header { call_id: 1, sequence_number: Some(2), acknowledgment_number: Some(3) };
        let packet = Packet { header, payload: b"frame", trailing: b"padding" };
        let expected = packet.to_vec().unwrap();
        for (room, is_written) in [(expected.len() - 1, false), (expected.len(), true), (expected.len() + 1, true)] {
            let mut buf = vec![0; room];
            let mut rest = &mut buf[..];
            assert_eq!(packet.encode_to(&mut rest).is_ok(), is_written, "{room}");
            let left = rest.len();
            let written = buf.get(..room - left).unwrap();
            assert_eq!(written, if is_written { &expected[..] } else { &[] });
        }
        for (room, is_written) in [(15, false), (16, true)] {
            let mut buf = vec![0; room];
            assert_eq!(header.encode_to(5, &mut buf[..]).is_ok(), is_written);
            assert_eq!(buf[..room.min(16)] == expected[..room.min(16)], is_written);
        }
    }

    #[test]
    fn refuses_what_it_could_not_read_back() {
        let header = Header { call_id: 1, sequence_number: None, acknowledgment_number: Some(0) };
        let mut buf = [0; 64];
        let packet = Packet { header, payload: b"x", trailing: b"" };
        assert_eq!(packet.encode(&mut buf), Err(EncodeError::PayloadWithoutSequenceNumber));
        let header = Header { sequence_number: Some(0), ..header };
        let long = vec![0; 65536];
        let packet = Packet { header, payload: &long, trailing: b"" };
        assert_eq!(packet.encode(&mut buf), Err(EncodeError::PayloadTooLong { length: 65536 }));
        let packet = Packet { header, payload: &long[..49], trailing: b"" };
        assert_eq!(packet.encode(&mut buf), Err(BufferTooSmall { needed: 65, available: 64 }.into()));
    }

    #[cfg(feature = "arbitrary")]
    #[test]
    fn arbitrary_headers_round_trip() {
        use arbitrary::{Arbitrary, Unstructured};

        let mut seed = Unstructured::new(&[0x5a; 64]);
        let header = Header::arbitrary(&mut seed).unwrap();
        let mut buf = [0; Header::MAX_LEN];
        let bytes = header.encode(0, &mut buf).unwrap();
        assert_eq!(Header::decode(bytes), Ok((header, 0, &[][..])));
    }
}
