//! The header of data packets of version 3.

use crate::code::SublayerType;
use crate::cookie::{Cookie, CookieSize};
use crate::reader::Reader;
use crate::room::Room;
use crate::{DecodeError, EncodeError, Field};

/// RFC 3931 section 4.1: the carrier of version 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_enums, reason = "RFC 3931 has no other")]
pub enum Carrier {
    /// UDP, section 4.1.2: four bytes of flags and reserved space precede the session id.
    Udp,
    /// IP protocol 115, section 4.1.1: the session id is the first field.
    Ip,
}

/// RFC 3931 section 4.6: the default L2-Specific Sublayer, four bytes.
///
/// ```
/// use l2tp_wire::header::Sublayer;
///
/// let sublayer = Sublayer::with_sequence(5);
/// assert_eq!(sublayer.to_bytes(), [0x40, 0, 0, 5]);
/// assert_eq!(sublayer.sequence(), Some(5));
/// assert_eq!(Sublayer::NONE.sequence(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Sublayer(u32);

impl Sublayer {
    /// The S bit: the sequence number means something.
    const SEQUENCE: u32 = 0x4000_0000;

    /// The highest sequence number; 0 follows it.
    pub const MAX_SEQUENCE: u32 = 0x00ff_ffff;

    /// No sequence number.
    pub const NONE: Self = Self(0);

    /// Returns the sublayer of a packet with this number, of which the lower 24 bits count.
    #[must_use]
    pub const fn with_sequence(sequence: u32) -> Self {
        Self(Self::SEQUENCE | (sequence & Self::MAX_SEQUENCE))
    }

    /// Returns the sublayer with these bits, reserved ones included.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_be_bytes(bytes))
    }

    /// Returns the bytes on the wire.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0.to_be_bytes()
    }

    /// Returns the number of the packet, if the S bit is set.
    #[must_use]
    pub const fn sequence(self) -> Option<u32> {
        if self.0 & Self::SEQUENCE == 0 { None } else { Some(self.0 & Self::MAX_SEQUENCE) }
    }
}

/// RFC 3931 section 4.1: how the data packets of one direction of a session look. Nothing in the packets says so.
///
/// Both ends must agree: two that differ in the sublayer lose or add four bytes to every frame, silently.
///
/// ```
/// use l2tp_wire::Packet;
/// use l2tp_wire::header::{
///     Carrier, Cookie, CookieSize, SessionHeader, SessionLayout, Sublayer,
/// };
///
/// // As Linux does it by default, with cookies of four bytes.
/// let layout = SessionLayout { cookie_size: CookieSize::Four, has_sublayer: true };
/// let header = SessionHeader {
///     session_id: 1000,
///     cookie: Cookie::Four([0xa1, 0xb2, 0xc3, 0xd4]),
///     sublayer: Some(Sublayer::with_sequence(1)),
/// };
/// let mut buf = [0; SessionHeader::MAX_LEN];
/// let bytes = header.encode(Carrier::Ip, &mut buf)?;
/// assert_eq!(bytes, b"\0\0\x03\xe8\xa1\xb2\xc3\xd4\x40\0\0\x01");
///
/// let Packet::DataV3 { session_id: 1000, rest } = Packet::decode_ip(bytes)? else {
///     panic!("not data")
/// };
/// let (cookie, sublayer, payload) = layout.decode(Carrier::Ip, rest)?;
/// assert_eq!((cookie, sublayer), (header.cookie, header.sublayer));
/// assert!(payload.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "RFC 3931 has nothing else")]
pub struct SessionLayout {
    /// How long the cookie is.
    pub cookie_size: CookieSize,
    /// Whether the default L2-Specific Sublayer follows it. Cisco, VPP and IOS XR have none, Linux has it.
    pub has_sublayer: bool,
}

impl SessionLayout {
    /// Reads the bytes behind the session id, and returns cookie, sublayer and payload.
    ///
    /// The cookie still has to be compared, and nothing may change before that. The carrier matters for the offsets
    /// of errors alone.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeError::Truncated`] when the bytes end within cookie or sublayer.
    #[inline]
    pub fn decode(self, carrier: Carrier, rest: &[u8]) -> Result<(Cookie, Option<Sublayer>, &[u8]), DecodeError> {
        let mut reader = Reader::at(rest, session_id_end(carrier));
        let cookie = match self.cookie_size {
            CookieSize::Zero => Cookie::Zero,
            CookieSize::Four => Cookie::Four(reader.array(Field::Cookie)?),
            CookieSize::Eight => Cookie::Eight(reader.array(Field::Cookie)?),
        };
        let sublayer =
            if self.has_sublayer { Some(Sublayer::from_bytes(reader.array(Field::Sublayer)?)) } else { None };
        Ok((cookie, sublayer, reader.rest()))
    }

    /// Returns the sublayer type to signal: [`SublayerType::DEFAULT`] or [`SublayerType::NONE`].
    #[must_use]
    pub const fn sublayer_type(self) -> SublayerType {
        if self.has_sublayer { SublayerType::DEFAULT } else { SublayerType::NONE }
    }
}

/// Returns where the session id of a data packet ends.
const fn session_id_end(carrier: Carrier) -> usize {
    match carrier {
        Carrier::Udp => 8,
        Carrier::Ip => 4,
    }
}

/// RFC 3931 section 4.1: the header of a data packet of version 3, 4 to 20 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "RFC 3931 has no other fields")]
pub struct SessionHeader {
    /// The session, by the id that the receiver chose. 0 is for control messages.
    pub session_id: u32,
    /// The cookie that the receiver assigned.
    pub cookie: Cookie,
    /// The default L2-Specific Sublayer, if the receiver wants it.
    pub sublayer: Option<Sublayer>,
}

impl SessionHeader {
    /// The longest header: flags and reserved (4), session id (4), cookie (8), sublayer (4).
    pub const MAX_LEN: usize = 20;

    /// Returns the length of the header in bytes.
    #[must_use]
    pub const fn len(&self, carrier: Carrier) -> usize {
        let sublayer: usize = if self.sublayer.is_some() { 4 } else { 0 };
        session_id_end(carrier).wrapping_add(self.cookie.size().len()).wrapping_add(sublayer)
    }

    /// Writes the header to the start of `buf`, and returns the bytes written.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::BufferTooSmall`] when `buf` is shorter than the header.
    #[inline]
    pub fn encode<'b>(&self, carrier: Carrier, buf: &'b mut [u8]) -> Result<&'b mut [u8], EncodeError> {
        let (needed, available) = (self.len(carrier), buf.len());
        let written = buf.get_mut(..needed).ok_or(EncodeError::BufferTooSmall { needed, available })?;
        let mut room = Room::new(written);
        if carrier == Carrier::Udp {
            room.put([0, 3, 0, 0]);
        }
        room.put(self.session_id.to_be_bytes());
        match self.cookie {
            Cookie::Zero => {}
            Cookie::Four(bytes) => room.put(bytes),
            Cookie::Eight(bytes) => room.put(bytes),
        }
        if let Some(sublayer) = self.sublayer {
            room.put(sublayer.to_bytes());
        }
        Ok(written)
    }
}
