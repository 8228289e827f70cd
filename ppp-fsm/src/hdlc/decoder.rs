//! Bytes of the line to frames.

use super::{COMPLEMENT, Config, ESCAPE, FLAG};

/// Why there is no frame between two flags. RFC 1662 wants such frames to be dropped without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// RFC 1662 section 4.3: the sender gave the frame up: an escape is followed by a flag.
    #[error("frame aborted by its sender")]
    Aborted,
    /// RFC 1662 section 4.3: less than a protocol and a check sequence. Not to be counted as an error of the line.
    #[error("frame of {length} bytes is too short")]
    TooShort {
        /// Bytes between the flags, without escapes.
        length: usize,
    },
    /// The frame is longer than the buffer lent; all of it was dropped.
    #[error("frame is longer than the buffer of {available} bytes")]
    TooLong {
        /// Bytes that were lent.
        available: usize,
    },
    /// RFC 1662 appendix C: the check sequence is not that of the frame.
    #[error("frame of {length} bytes with a wrong check sequence")]
    CheckSequence {
        /// Bytes between the flags, without escapes.
        length: usize,
    },
}

/// RFC 1662 section 4: finds frames in bytes of the line, which come in pieces of any length.
///
/// Bytes before the first flag are dropped, as are control characters that the sender would have
/// escaped, and empty frames. It holds no memory but the buffer lent, which has to take the
/// information (MRU), a header of 4 bytes and a check sequence of 4.
///
/// ```
/// use ppp_fsm::hdlc::{Config, Decoder, FrameError};
///
/// let mut buf = [0; 64];
/// let mut decoder = Decoder::new(&mut buf, Config::default());
///
/// // A modem speaks, a frame comes in two pieces, and one is given up.
/// let mut input = &b"CONNECT 9600\r\n\x7e\xc2\x23\x7d\x23\x7d\x21\x7d"[..];
/// assert_eq!(decoder.decode(&mut input), None);
/// let mut input = &b"\x20\x7d\x24\xc2\xbc\x7e\xc0\x21\x7d\x7e"[..];
/// assert_eq!(decoder.decode(&mut input), Some(Ok(&b"\xc2\x23\x03\x01\x00\x04"[..])));
/// assert_eq!(decoder.decode(&mut input), Some(Err(FrameError::Aborted)));
/// assert_eq!(decoder.decode(&mut input), None);
/// ```
pub struct Decoder<'b> {
    config: Config,
    buf: &'b mut [u8],
    length: usize,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Before the first flag.
    Hunting,
    Body,
    Escaped,
    /// The buffer is full: up to the next flag all is dropped.
    Overflow,
}

impl<'b> Decoder<'b> {
    /// Creates a decoder that puts frames together in `buf`.
    #[must_use]
    pub const fn new(buf: &'b mut [u8], config: Config) -> Self {
        Self { config, buf, length: 0, stage: Stage::Hunting }
    }

    /// Sets the configuration that both sides have agreed on, from the next frame on.
    pub const fn set_config(&mut self, config: Config) {
        self.config = config;
    }

    /// Takes bytes from the front of `input` up to the end of a frame, and gives that.
    ///
    /// `None`: all bytes were taken, and the frame is not at its end. Otherwise call again: there
    /// may be more.
    ///
    /// # Errors
    ///
    /// [`FrameError`]: the frame was dropped. The decoder goes on behind it.
    pub fn decode(&mut self, input: &mut &[u8]) -> Option<Result<&[u8], FrameError>> {
        let (stage, length) = self.read_to_flag(input)?;
        let received = self.buf.get(..length).unwrap_or_default();
        // An escape and a flag abort however long the frame is.
        if stage == Stage::Escaped {
            return Some(Err(FrameError::Aborted));
        }
        if stage == Stage::Overflow {
            return Some(Err(FrameError::TooLong { available: self.buf.len() }));
        }
        // RFC 1662 section 3: frames that are too short, or fail the check, are discarded in
        // silence.
        Some(match self.config.fcs.split(received) {
            None | Some(([], _)) => Err(FrameError::TooShort { length }),
            Some((_, false)) => Err(FrameError::CheckSequence { length }),
            Some((frame, true)) => Ok(frame),
        })
    }

    /// Reads to the flag behind a frame that is not empty, and says how it ended and how long it is.
    fn read_to_flag(&mut self, input: &mut &[u8]) -> Option<(Stage, usize)> {
        while let Some((&byte, rest)) = input.split_first() {
            *input = rest;
            match (byte, self.stage) {
                (FLAG, stage) => {
                    let length = core::mem::take(&mut self.length);
                    self.stage = Stage::Body;
                    // Two flags in a row are one (RFC 1662 section 4.4.1), and before the first
                    // flag there is half a frame.
                    if stage != Stage::Hunting && (length > 0 || stage != Stage::Body) {
                        return Some((stage, length));
                    }
                }
                (_, Stage::Hunting | Stage::Overflow) => {}
                // RFC 1662 section 4.2: a mapped character was put in by a modem.
                (byte, _) if self.config.is_mapped(byte) => {}
                (ESCAPE, Stage::Body) => self.stage = Stage::Escaped,
                (byte, Stage::Escaped) => self.put(byte ^ COMPLEMENT),
                (byte, Stage::Body) => self.put(byte),
            }
        }
        None
    }

    fn put(&mut self, byte: u8) {
        match self.buf.get_mut(self.length) {
            Some(to) => {
                *to = byte;
                self.length = self.length.saturating_add(1);
                self.stage = Stage::Body;
            }
            None => self.stage = Stage::Overflow,
        }
    }
}

/// Lengths, not bytes.
impl core::fmt::Debug for Decoder<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Decoder")
            .field("config", &self.config)
            .field("buf", &format_args!("{} bytes", self.buf.len()))
            .field("length", &self.length)
            .field("stage", &self.stage)
            .finish()
    }
}
