//! Frames to bytes of the line.

use super::fcs::CheckSequence;
use super::{COMPLEMENT, Config, ESCAPE, FLAG, Fcs};
use crate::BufferTooSmall;

/// RFC 1662 section 4.2: gives a frame as bytes of the line, one by one or as many as a buffer
/// takes.
///
/// ```
/// use ppp_fsm::hdlc::{Config, Encoder};
///
/// let mut encoder =
///     Encoder::new(b"\xc2\x23\x03\x01\x00\x04", Config::default()).without_leading_flag();
/// // A port that takes four bytes at a time.
/// let mut room = [0; 4];
/// let mut line = Vec::new();
/// loop {
///     let bytes = encoder.fill(&mut room);
///     if bytes.is_empty() {
///         break;
///     }
///     line.extend_from_slice(bytes);
/// }
/// assert_eq!(line, b"\xc2\x23\x7d\x23\x7d\x21\x7d\x20\x7d\x24\xc2\xbc\x7e");
/// ```
#[derive(Debug, Clone)]
pub struct Encoder<'f> {
    config: Config,
    frame: &'f [u8],
    check: CheckSequence,
    check_sent: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    LeadingFlag,
    Body,
    Escaped(u8),
    Finished,
}

impl<'f> Encoder<'f> {
    /// Starts with a frame: address or protocol to the last byte of information, see
    /// [`Frame`](crate::Frame).
    #[must_use]
    pub fn new(frame: &'f [u8], config: Config) -> Self {
        let check = config.fcs.of(frame);
        Self { config, frame, check, check_sent: 0, stage: Stage::LeadingFlag }
    }

    /// Leaves the first flag out: the one behind the frame before is enough when no pause is between them.
    #[must_use]
    pub fn without_leading_flag(mut self) -> Self {
        if self.stage == Stage::LeadingFlag {
            self.stage = Stage::Body;
        }
        self
    }

    /// Writes the next bytes, as many as there are and as `buf` takes. Empty when the frame is
    /// finished.
    pub fn fill<'b>(&mut self, buf: &'b mut [u8]) -> &'b [u8] {
        let mut written = 0_usize;
        for (to, byte) in buf.iter_mut().zip(self) {
            *to = byte;
            written = written.saturating_add(1);
        }
        buf.get(..written).unwrap_or_default()
    }

    fn next_of_body(&mut self) -> Option<u8> {
        if let Some((&byte, rest)) = self.frame.split_first() {
            self.frame = rest;
            return Some(byte);
        }
        let byte = self.check.byte(self.check_sent)?;
        self.check_sent = self.check_sent.saturating_add(1);
        Some(byte)
    }
}

impl Iterator for Encoder<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        match self.stage {
            Stage::LeadingFlag => {
                self.stage = Stage::Body;
                Some(FLAG)
            }
            Stage::Body => Some(match self.next_of_body() {
                // RFC 1662 section 4.2: flag and escape always, and what the peer's map names.
                Some(byte) if self.config.is_escaped(byte) => {
                    self.stage = Stage::Escaped(byte);
                    ESCAPE
                }
                Some(byte) => byte,
                None => {
                    self.stage = Stage::Finished;
                    FLAG
                }
            }),
            Stage::Escaped(byte) => {
                self.stage = Stage::Body;
                Some(byte ^ COMPLEMENT)
            }
            Stage::Finished => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        if self.stage == Stage::Finished {
            return (0, Some(0));
        }
        // Frame, check sequence and last flag are still to come, at least.
        let check = self.check.as_bytes().len().saturating_sub(self.check_sent);
        let least = self.frame.len().saturating_add(check).saturating_add(1);
        (least, Some(least.saturating_mul(2).saturating_add(1)))
    }
}

impl core::iter::FusedIterator for Encoder<'_> {}

/// Returns the most bytes that a frame of this length becomes: everything escaped, between two
/// flags.
#[must_use]
pub const fn max_encoded_len(frame_len: usize) -> usize {
    frame_len.saturating_add(Fcs::MAX_LEN).saturating_mul(2).saturating_add(2)
}

/// Writes a frame as bytes of the line, with a flag on both sides, into `buf` (RFC 1662 section
/// 4.2).
///
/// # Errors
///
/// [`BufferTooSmall`]; what is in `buf` then has no meaning. [`max_encoded_len`] is always enough.
///
/// ```
/// use ppp_fsm::hdlc::{self, Config};
///
/// let frame = b"\xff\x03\x80\xfd\x01\x01\x00\x0a\x12\x06\x01\x00\x00\x40";
/// let mut buf = [0; hdlc::max_encoded_len(14)];
/// let line = hdlc::encode(frame, Config::default().with_control_characters(0), &mut buf)?;
/// assert_eq!(
///     line,
///     b"\x7e\xff\x03\x80\xfd\x01\x01\x00\x0a\x12\x06\x01\x00\x00\x40\x93\xfc\x7e"
/// );
/// # Ok::<(), ppp_fsm::BufferTooSmall>(())
/// ```
pub fn encode<'b>(frame: &[u8], config: Config, buf: &'b mut [u8]) -> Result<&'b [u8], BufferTooSmall> {
    let mut encoder = Encoder::new(frame, config);
    let available = buf.len();
    let written = encoder.fill(buf);
    match encoder.count() {
        0 => Ok(written),
        missing => Err(BufferTooSmall { needed: available.saturating_add(missing), available }),
    }
}
