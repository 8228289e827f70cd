//! Messages out of a TCP stream.

use crate::{DecodeError, Header, Message, StreamError};

/// RFC 2637 section 1.4: takes the bytes of a control connection in pieces of any size, and gives
/// its messages.
///
/// It holds at most one message that is not whole yet, in 220 bytes of its own. Each field of the
/// header is checked as soon as its last byte is there. That is the length after two bytes, the
/// magic cookie after eight, the length against the type after ten. A wrong one ends the stream: it
/// cannot be known where the next message starts, and RFC 2637 forbids to look for another cookie.
///
/// ```
/// use pptp_wire::message::EchoRequest;
/// use pptp_wire::{Message, Reassembler};
///
/// // Two messages, and half of a third one.
/// let bytes = b"\
///     \x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00\x00\x00\x01\
///     \x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x05\x00\x00\x00\x00\x00\x02\
///     \x00\x10\x00\x01\x1a\x2b\x3c\x4d";
/// let mut stream = Reassembler::new();
/// let mut input = &bytes[..];
/// let mut identifiers = vec![];
/// while let Some(message) = stream.next_message(&mut input)? {
///     if let Message::EchoRequest(EchoRequest { identifier, .. }) = message {
///         identifiers.push(identifier);
///     }
/// }
/// assert_eq!(identifiers, [1, 2]);
/// assert!(input.is_empty());
/// assert_eq!(stream.pending().len(), 8);
/// # Ok::<(), pptp_wire::StreamError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Reassembler {
    /// The start of a message.
    buffer: [u8; Message::MAX_LEN],
    /// How much of the buffer is filled.
    filled: usize,
    /// Bytes of the messages given before.
    message_offset: u64,
    error: Option<StreamError>,
}

impl Reassembler {
    /// Creates a reassembler at the start of a stream.
    #[must_use]
    pub const fn new() -> Self {
        Self { buffer: [0; Message::MAX_LEN], filled: 0, message_offset: 0, error: None }
    }

    /// Takes bytes off the front of `input` until a message is whole, and gives it; or takes all of
    /// them, and gives `None` when more are needed.
    ///
    /// Bytes behind the message stay in `input`: call again until `None`, or later, with the same
    /// bytes first.
    ///
    /// # Errors
    ///
    /// [`StreamError`] when a field of a header is wrong, never with [`DecodeError::Truncated`]. The stream is dead
    /// then: each later call gives the same error and takes nothing.
    pub fn next_message(&mut self, input: &mut &[u8]) -> Result<Option<Message>, StreamError> {
        // Without its length nobody knows where the next message begins (RFC 2637 section 1.4), so
        // an error lasts.
        if let Some(error) = self.error {
            return Err(error);
        }
        loop {
            let needed = match Header::decode(self.pending()) {
                Ok(header) => usize::from(header.length),
                // The header is looked at again when its next field is whole.
                Err(DecodeError::Truncated { offset, needed, .. }) => offset.saturating_add(needed),
                Err(error) => return Err(self.fail(error)),
            };
            if needed == self.filled {
                return self.take_message().map(Some);
            }
            if input.is_empty() {
                return Ok(None);
            }
            self.fill(needed, input);
        }
    }

    /// Returns the next message as [`next_message`](Self::next_message) does, from a `bytes::Buf`.
    ///
    /// ```
    /// use bytes::{Buf, BytesMut};
    /// use pptp_wire::{Message, Reassembler, message::EchoRequest};
    ///
    /// let mut received = BytesMut::new();
    /// Message::from(EchoRequest::new(7)).encode_to(&mut received)?;
    /// let tail = received.split_off(5);
    ///
    /// let mut stream = Reassembler::new();
    /// let message = stream.next_message_from(&mut received.chain(tail))?;
    /// assert_eq!(message, Some(EchoRequest::new(7).into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`next_message`](Self::next_message).
    #[cfg(feature = "bytes")]
    #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
    pub fn next_message_from(&mut self, input: &mut impl bytes::Buf) -> Result<Option<Message>, StreamError> {
        loop {
            let mut chunk = input.chunk();
            let available = chunk.len();
            let result = self.next_message(&mut chunk);
            let taken = available.saturating_sub(chunk.len());
            input.advance(taken);
            // A `Buf` may consist of many pieces; an empty one is the end of it.
            match result {
                Ok(None) if taken != 0 => {}
                done => return done,
            }
        }
    }

    /// Returns the bytes taken of a message that is not whole yet. When the stream has ended and
    /// there are any, it was cut.
    ///
    /// After an error, they are those of the message that is wrong.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        debug_assert!(self.filled <= self.buffer.len(), "no message is longer than the buffer");
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Returns how many bytes of the stream were taken.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.message_offset.saturating_add(widen(self.filled))
    }

    /// Returns what ended the stream, if anything did.
    #[must_use]
    pub const fn error(&self) -> Option<StreamError> {
        self.error
    }

    /// Moves bytes from the input to the buffer until it has `needed` of them or the input is
    /// empty.
    fn fill(&mut self, needed: usize, input: &mut &[u8]) {
        debug_assert!((self.filled..=self.buffer.len()).contains(&needed), "headers are checked first");
        let room = self.buffer.get_mut(self.filled..needed).unwrap_or_default();
        let (bytes, rest) = input.split_at_checked(room.len()).unwrap_or((input, &[]));
        // Not `copy_from_slice`: its check of the lengths is a panic that the optimiser does not
        // remove.
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.filled = self.filled.saturating_add(bytes.len());
        *input = rest;
    }

    fn take_message(&mut self) -> Result<Message, StreamError> {
        match Message::decode(self.pending()) {
            Ok((message, _)) => {
                self.message_offset = self.offset();
                self.filled = 0;
                Ok(message)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    fn fail(&mut self, error: DecodeError) -> StreamError {
        let error = StreamError { offset: self.message_offset.saturating_add(widen(error.offset())), error };
        self.error = Some(error);
        error
    }
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new()
    }
}

/// Widens to `u64`, which is at least as wide as `usize` on every target of Rust.
fn widen(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
