//! A PPP frame: address and control or not, protocol, information.

use core::fmt;

use crate::wire::{Put, Wire, encode};
use crate::{DecodeError, EncodeError, Field, Protocol};

/// RFC 1661 section 2, RFC 1662 section 3.1: a frame without its framing: no flags, no escapes, no checksum.
///
/// It reads both forms of both compressions at any time, as peers send them: with and without
/// address and control, and the protocol in one byte or two.
///
/// ```
/// use ppp_fsm::{Frame, Protocol};
///
/// let short = Frame::decode(&[0x21, 0x45, 0x00])?;
/// assert_eq!((short.protocol, short.information), (Protocol::IP, &[0x45, 0x00][..]));
/// assert!(short.compressed && !short.address_control);
///
/// let mut buf = [0; 16];
/// let long = Frame { address_control: true, compressed: false, ..short };
/// assert_eq!(long.encode(&mut buf)?, [0xff, 0x03, 0x00, 0x21, 0x45, 0x00]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` gives the length of the information, not its bytes, which may be somebody's password.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a frame has no other parts")]
pub struct Frame<'a> {
    /// Whether the address ff and the control field 03 are in front. They may be left out once the receiver has
    /// agreed to ACFC, but never of LCP.
    #[doc(alias = "ACFC")]
    pub address_control: bool,
    /// Whether the protocol is one byte. To write, it is allowed once the receiver has agreed to
    /// PFC; a protocol that is not [compressible](Protocol::is_compressible) is written as two
    /// bytes nevertheless.
    #[doc(alias = "PFC")]
    pub compressed: bool,
    /// The protocol.
    pub protocol: Protocol,
    /// The packet or datagram, and padding: each protocol knows where its packet ends.
    pub information: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The longest header: address (1), control (1), protocol (2).
    pub const MAX_HEADER_LEN: usize = 4;

    /// RFC 1662 section 3.1: the address of all stations, the only one.
    const ADDRESS: u8 = 0xff;
    /// RFC 1662 section 3.1: unnumbered information, the only control field.
    const CONTROL: u8 = 0x03;

    /// Reads a frame.
    ///
    /// # Errors
    ///
    /// No bytes, an address without control, a protocol cut short, or a protocol that RFC 1661 does
    /// not allow.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        // RFC 1661 section 6.6: both forms are taken at any time, whatever was negotiated. Linux
        // and pppd mix them.
        let (address_control, offset, rest) = match bytes {
            [Self::ADDRESS, Self::CONTROL, rest @ ..] => (true, 2, rest),
            // Behind ff only 03 is defined (RFC 1662 section 3.1), and no protocol begins with ff.
            [Self::ADDRESS, found, ..] => return Err(DecodeError::Control { offset: 1, found: *found }),
            [Self::ADDRESS] => {
                return Err(DecodeError::Truncated { field: Field::Control, offset: 1, needed: 1, available: 0 });
            }
            rest => (false, 0, rest),
        };
        let truncated =
            |needed, available| DecodeError::Truncated { field: Field::Protocol, offset, needed, available };
        let (compressed, protocol, information) = match rest {
            [] => return Err(truncated(1, 0)),
            // RFC 1661 section 2: the last byte of a protocol is odd, and so is a compressed one's
            // only byte.
            [low, information @ ..] if low & 1 != 0 => (true, u16::from(*low), information),
            [_] => return Err(truncated(2, 1)),
            [high, low, information @ ..] => (false, u16::from_be_bytes([*high, *low]), information),
        };
        let protocol = Protocol(protocol);
        // RFC 1661 section 6.5: a number whose first byte is not zero "MUST NOT" be compressed.
        if !protocol.is_valid() || (compressed && !protocol.is_compressible()) {
            return Err(DecodeError::InvalidProtocol { offset, found: protocol });
        }
        Ok(Self { address_control, compressed, protocol, information })
    }

    /// Reads a frame, and gives its protocol and its information, which shares the memory of `bytes`.
    ///
    /// ```
    /// use ppp_fsm::{Frame, Protocol};
    ///
    /// let (protocol, information) =
    ///     Frame::decode_bytes(&bytes::Bytes::from_static(b"\xff\x03\xc0\x21rest"))?;
    /// assert_eq!((protocol, &information[..]), (Protocol::LCP, &b"rest"[..]));
    /// # Ok::<(), ppp_fsm::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn decode_bytes(bytes: &bytes::Bytes) -> Result<(Protocol, bytes::Bytes), DecodeError> {
        let frame = Frame::decode(bytes)?;
        Ok((frame.protocol, bytes.slice_ref(frame.information)))
    }

    /// Writes what is in front of the information, for a caller who has that in its place already.
    ///
    /// ```
    /// use ppp_fsm::{Frame, Protocol};
    ///
    /// let frame = Frame {
    ///     address_control: true,
    ///     compressed: true,
    ///     protocol: Protocol::IP,
    ///     information: &[],
    /// };
    /// assert_eq!(frame.encode_header(&mut [0; Frame::MAX_HEADER_LEN])?, [0xff, 0x03, 0x21]);
    /// # Ok::<(), ppp_fsm::EncodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_header<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        encode(&Self { information: &[], ..*self }, buf)
    }

    encode_methods!("frame");
}

impl Wire for Frame<'_> {
    fn wire_len(&self) -> usize {
        let protocol = if self.compressed && self.protocol.is_compressible() { 1 } else { 2 };
        let header: usize = if self.address_control { 2 } else { 0 };
        header.saturating_add(protocol).saturating_add(self.information.len())
    }

    fn check(&self) -> Result<(), EncodeError> {
        let found = self.protocol;
        if found.is_valid() { Ok(()) } else { Err(EncodeError::InvalidProtocol { found }) }
    }

    fn write(&self, out: &mut impl Put) {
        if self.address_control {
            out.put(&[Self::ADDRESS, Self::CONTROL]);
        }
        let [high, low] = self.protocol.0.to_be_bytes();
        if self.compressed && self.protocol.is_compressible() {
            out.put(&[low]);
        } else {
            out.put(&[high, low]);
        }
        out.put(self.information);
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("address_control", &self.address_control)
            .field("compressed", &self.compressed)
            .field("protocol", &self.protocol)
            .field("information", &format_args!("{} bytes", self.information.len()))
            .finish()
    }
}
