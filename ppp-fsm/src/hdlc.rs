//! Asynchronous framing: RFC 1662 section 4, with the frame check sequences of its appendix C.
//!
//! The stream of a modem, a terminal or a pipe to a PPP daemon: frames between flags, with escaped
//! bytes and a check sequence. Both directions go byte by byte if they have to, and keep nothing
//! but the buffer that the caller lends.
//!
//! ```
//! use ppp_fsm::hdlc::{Config, Decoder, Encoder};
//!
//! let config = Config::default();
//! let frame = b"\xff\x03\xc0\x21\x09\x02\x00\x08\xde\xad\xbe\xef";
//! let line: Vec<u8> = Encoder::new(frame, config).collect();
//! assert_eq!(line[..6], *b"\x7e\xff\x7d\x23\xc0\x21");
//!
//! let mut buf = [0; 1508];
//! let mut decoder = Decoder::new(&mut buf, config);
//! let mut input = &line[..];
//! assert_eq!(decoder.decode(&mut input), Some(Ok(&frame[..])));
//! ```

mod decoder;
mod encoder;
mod fcs;

pub use decoder::{Decoder, FrameError};
pub use encoder::{Encoder, encode, max_encoded_len};
pub use fcs::{CheckSequence, Fcs};

/// RFC 1662 section 4.1: starts and ends frames.
const FLAG: u8 = 0x7e;
/// RFC 1662 section 4.2: the next byte is escaped.
const ESCAPE: u8 = 0x7d;
/// RFC 1662 section 4.2: what an escaped byte is changed with.
const COMPLEMENT: u8 = 0x20;

/// The settings that both ends of one direction have agreed on.
///
/// The default is all 32 control characters escaped and a check sequence of 16 bits. Every link
/// starts with it, and LCP packets with codes 1 to 7 are sent with it at any time (RFC 1662 section
/// 7.1, RFC 1570 section 2.1).
///
/// ```
/// use ppp_fsm::hdlc::{Config, Encoder};
///
/// // Both ends agreed that no control character has to be escaped: only 7d and 7e are.
/// let config = Config::default().with_control_characters(0);
/// let line: Vec<u8> = Encoder::new(&[0x21, 0x45, 0x7e, 0x11], config).collect();
/// assert_eq!(line[..6], [0x7e, 0x21, 0x45, 0x7d, 0x5e, 0x11]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    control_characters: u32,
    fcs: Fcs,
}

impl Default for Config {
    fn default() -> Self {
        Self { control_characters: u32::MAX, fcs: Fcs::Bits16 }
    }
}

impl Config {
    /// Sets the control characters that are escaped, bit 0 for 00 to bit 31 for 1f (RFC 1662
    /// section 7.1). Default: all.
    ///
    /// A receiver drops those that come without an escape: something on the way has put them in.
    #[doc(alias = "ACCM")]
    #[must_use]
    pub const fn with_control_characters(mut self, map: u32) -> Self {
        self.control_characters = map;
        self
    }

    /// Sets the frame check sequence (RFC 1570 section 2.1). Default: 16 bits.
    #[must_use]
    pub const fn with_fcs(mut self, fcs: Fcs) -> Self {
        self.fcs = fcs;
        self
    }

    /// Returns whether a byte is a control character of the map.
    fn is_mapped(self, byte: u8) -> bool {
        u32::from(byte) < u32::BITS && self.control_characters.wrapping_shr(byte.into()) & 1 != 0
    }

    /// Returns whether a byte is escaped.
    fn is_escaped(self, byte: u8) -> bool {
        matches!(byte, FLAG | ESCAPE) || self.is_mapped(byte)
    }
}
