//! Configuration options of any protocol: type, length, data.

use core::fmt;

use crate::text::Hex;
use crate::wire::{Put, Wire};
use crate::{DecodeError, EncodeError, ExpectedLength, Field};

/// RFC 1661 section 6: an option as it is on the wire, whatever its type means.
///
/// ```
/// use ppp_fsm::RawOption;
///
/// let option = RawOption { option_type: 1, data: &[0x05, 0x78] };
/// assert_eq!(option.encode(&mut [0; 8])?, [1, 4, 0x05, 0x78]);
/// assert_eq!(option.to_string(), "0x01040578");
/// # Ok::<(), ppp_fsm::EncodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "an option has no other parts")]
pub struct RawOption<'a> {
    /// The type, which each protocol numbers for itself.
    pub option_type: u8,
    /// The bytes behind type and length, which the length counts.
    pub data: &'a [u8],
}

impl<'a> RawOption<'a> {
    /// Type (1), length (1).
    pub const HEADER_LEN: usize = 2;

    /// The most data that the length can count.
    pub const MAX_DATA_LEN: usize = 0xff_usize.saturating_sub(Self::HEADER_LEN);

    encode_methods!("option");

    /// Returns the data, when it is N bytes.
    pub(crate) fn exactly<const N: usize>(self) -> Result<[u8; N], DecodeError> {
        self.data.try_into().map_err(|_| self.length_error(ExpectedLength::Exactly(N.saturating_add(Self::HEADER_LEN))))
    }

    /// Returns the first N bytes of the data, and the others.
    pub(crate) fn at_least<const N: usize>(self) -> Result<([u8; N], &'a [u8]), DecodeError> {
        let (first, rest) = self.data.split_first_chunk().ok_or_else(|| self.shorter_than(N))?;
        Ok((*first, rest))
    }

    /// Returns the error of data that has less bytes than `needed`.
    pub(crate) fn shorter_than(self, needed: usize) -> DecodeError {
        self.length_error(ExpectedLength::AtLeast(needed.saturating_add(Self::HEADER_LEN)))
    }

    fn length_error(self, expected: ExpectedLength) -> DecodeError {
        DecodeError::OptionLength { option_type: self.option_type, found: self.encoded_len(), expected }
    }
}

impl fmt::Display for RawOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = u8::try_from(self.encoded_len()).unwrap_or(u8::MAX);
        write!(f, "{}", Hex(&[self.option_type, length]))?;
        self.data.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RawOption<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawOption").field("option_type", &self.option_type).field("data", &Hex(self.data)).finish()
    }
}

/// Type and data of an option, the data in two pieces: what all types of options are written from.
pub(crate) trait Parts {
    fn parts<R>(&self, take: impl FnOnce(u8, [&[u8]; 2]) -> R) -> R;
}

impl Parts for RawOption<'_> {
    fn parts<R>(&self, take: impl FnOnce(u8, [&[u8]; 2]) -> R) -> R {
        take(self.option_type, [self.data, &[]])
    }
}

impl<T: Parts> Wire for T {
    fn wire_len(&self) -> usize {
        self.parts(|_, [first, second]| RawOption::HEADER_LEN.saturating_add(first.len()).saturating_add(second.len()))
    }

    fn check(&self) -> Result<(), EncodeError> {
        let length = self.wire_len().saturating_sub(RawOption::HEADER_LEN);
        if length > RawOption::MAX_DATA_LEN {
            return Err(EncodeError::TooLong { field: Field::OptionData, length, maximum: RawOption::MAX_DATA_LEN });
        }
        Ok(())
    }

    fn write(&self, out: &mut impl Put) {
        let length = u8::try_from(self.wire_len()).unwrap_or(u8::MAX);
        self.parts(|option_type, [first, second]| {
            out.put(&[option_type, length]);
            out.put(first);
            out.put(second);
        });
    }
}

/// RFC 1661 section 6: the options of a packet, one after the other.
///
/// An option whose length is below 2 or beyond the bytes is given as an error and is the last item,
/// since nothing behind it can be found. There are never more items than half the bytes, rounded
/// up.
///
/// ```
/// use ppp_fsm::{DecodeError, Field, Options, RawOption};
///
/// let mut options = Options::new(&[7, 2, 1, 4, 0x05, 0x78, 200, 0, 8, 2]);
/// assert_eq!(options.next(), Some(Ok(RawOption { option_type: 7, data: &[] })));
/// assert_eq!(options.next(), Some(Ok(RawOption { option_type: 1, data: &[0x05, 0x78] })));
/// let bad = DecodeError::LengthTooSmall {
///     field: Field::OptionLength,
///     offset: 7,
///     found: 0,
///     minimum: 2,
/// };
/// assert_eq!(options.next(), Some(Err(bad)));
/// assert_eq!(options.next(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Options<'a> {
    /// Creates the options in the data of a packet, with offsets from the first of them.
    #[must_use]
    pub const fn new(data: &'a [u8]) -> Self {
        Self::with_offset(data, 0)
    }

    pub(crate) const fn with_offset(data: &'a [u8], offset: usize) -> Self {
        Self { rest: data, offset }
    }

    /// Returns where the next option starts.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = Result<RawOption<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Nothing is left behind an error.
        let bytes = core::mem::take(&mut self.rest);
        let offset = self.offset;
        let truncated =
            |field, offset, needed, available| Some(Err(DecodeError::Truncated { field, offset, needed, available }));
        let Some((&[option_type, length], rest)) = bytes.split_first_chunk() else {
            return if bytes.is_empty() {
                None
            } else {
                truncated(Field::OptionHeader, offset, RawOption::HEADER_LEN, bytes.len())
            };
        };
        // A length of 0 or 1 would loop. npppd acknowledges 0, and accel-ppp takes 1.
        let Some(needed) = usize::from(length).checked_sub(RawOption::HEADER_LEN) else {
            return Some(Err(DecodeError::LengthTooSmall {
                field: Field::OptionLength,
                offset: offset.saturating_add(1),
                found: length.into(),
                minimum: RawOption::HEADER_LEN,
            }));
        };
        let Some((data, rest)) = rest.split_at_checked(needed) else {
            return truncated(Field::OptionData, offset.saturating_add(RawOption::HEADER_LEN), needed, rest.len());
        };
        self.rest = rest;
        self.offset = offset.saturating_add(length.into());
        Some(Ok(RawOption { option_type, data }))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::from(!self.rest.is_empty()), Some(self.rest.len().div_ceil(RawOption::HEADER_LEN)))
    }
}

impl core::iter::FusedIterator for Options<'_> {}

/// An option that [`OptionWriter`] can write. All option types of this crate are; a protocol of your own may have more.
///
/// ```
/// use ppp_fsm::{EncodeError, EncodeOption, OptionWriter, RawOption};
///
/// /// Option 1 of a protocol that is not in this crate.
/// struct Speed(u8);
///
/// impl EncodeOption for Speed {
///     fn encode_option<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
///         RawOption { option_type: 1, data: &[self.0] }.encode(buf)
///     }
/// }
///
/// let mut buf = [0; 8];
/// let mut options = OptionWriter::new(&mut buf);
/// options.push(&Speed(9))?;
/// assert_eq!(options.finish(), [1, 3, 9]);
/// # Ok::<(), EncodeError>(())
/// ```
pub trait EncodeOption {
    /// Writes type, length and data to the start of `buf`, and gives the bytes written.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the buffer is too small or the data is longer than the length can say.
    fn encode_option<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError>;
}

impl<T: Parts> EncodeOption for T {
    fn encode_option<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        crate::wire::encode(self, buf)
    }
}

/// Writes options one after the other into the caller's buffer.
///
/// ```
/// use ppp_fsm::{Code, OptionWriter, Packet, lcp};
///
/// let mut buf = [0; 64];
/// let mut options = OptionWriter::new(&mut buf);
/// options.push(&lcp::ConfigurationOption::MaximumReceiveUnit(1400))?;
/// options.push(&lcp::ConfigurationOption::MagicNumber(0x1020_3040))?;
/// let data = options.finish();
///
/// let request = Packet { code: Code::CONFIGURE_REQUEST, identifier: 1, data, padding: &[] };
/// assert_eq!(
///     request.encode(&mut [0; 64])?,
///     *b"\x01\x01\x00\x0e\x01\x04\x05\x78\x05\x06\x10\x20\x30\x40"
/// );
/// # Ok::<(), ppp_fsm::EncodeError>(())
/// ```
#[derive(Debug)]
pub struct OptionWriter<'b> {
    buf: &'b mut [u8],
    written: usize,
}

impl<'b> OptionWriter<'b> {
    /// Creates a writer that starts at the start of `buf`.
    #[must_use]
    pub const fn new(buf: &'b mut [u8]) -> Self {
        Self { buf, written: 0 }
    }

    /// Writes one more option.
    ///
    /// # Errors
    ///
    /// As [`EncodeOption::encode_option`]; what was written before stays as it is.
    pub fn push(&mut self, option: &impl EncodeOption) -> Result<(), EncodeError> {
        let room = self.buf.get_mut(self.written..).unwrap_or_default();
        let length = option.encode_option(room)?.len();
        self.written = self.written.saturating_add(length);
        Ok(())
    }

    /// Returns the options written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.buf.get(..self.written).unwrap_or_default()
    }

    /// Returns the options written, for as long as the buffer is lent.
    #[must_use]
    pub fn finish(self) -> &'b [u8] {
        self.buf.get(..self.written).unwrap_or_default()
    }
}
