//! How everything is written: a length that is checked once, then bytes into whatever takes them.

use crate::{BufferTooSmall, EncodeError};

/// Something that takes bytes. It has room for them: the length was checked before.
pub(crate) trait Put {
    fn put(&mut self, bytes: &[u8]);
}

/// Something that can be written.
pub(crate) trait Wire {
    /// Returns how many bytes `write` gives.
    fn wire_len(&self) -> usize;

    /// Returns whether the value fits the fields of the wire.
    fn check(&self) -> Result<(), EncodeError>;

    /// Gives all bytes, in order, for a value that `check` found right.
    fn write(&self, out: &mut impl Put);
}

struct Cursor<'b>(&'b mut [u8]);

impl Put for Cursor<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(bytes.len()) {
            to.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

pub(crate) fn encode<'b>(value: &impl Wire, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
    value.check()?;
    let (needed, available) = (value.wire_len(), buf.len());
    let bytes = buf.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
    value.write(&mut Cursor(bytes));
    Ok(bytes)
}

#[cfg(feature = "alloc")]
impl Put for alloc::vec::Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

#[cfg(feature = "alloc")]
pub(crate) fn to_vec(value: &impl Wire) -> Result<alloc::vec::Vec<u8>, EncodeError> {
    value.check()?;
    let mut bytes = alloc::vec::Vec::with_capacity(value.wire_len());
    value.write(&mut bytes);
    Ok(bytes)
}

#[cfg(feature = "bytes")]
struct Appended<B>(B);

#[cfg(feature = "bytes")]
impl<B: bytes::BufMut> Put for Appended<B> {
    fn put(&mut self, bytes: &[u8]) {
        self.0.put_slice(bytes);
    }
}

#[cfg(feature = "bytes")]
pub(crate) fn encode_to(value: &impl Wire, buf: impl bytes::BufMut) -> Result<(), EncodeError> {
    value.check()?;
    let (needed, available) = (value.wire_len(), buf.remaining_mut());
    if available < needed {
        return Err(BufferTooSmall { needed, available }.into());
    }
    value.write(&mut Appended(buf));
    Ok(())
}

/// The public methods of a type that is `Wire`.
macro_rules! encode_methods {
    ($what:literal) => {
        #[doc = concat!("The length of the ", $what, " on the wire.")]
        #[must_use]
        pub fn encoded_len(&self) -> usize {
            crate::wire::Wire::wire_len(self)
        }

        #[doc = concat!("Writes the ", $what, " to the start of `buf`, and gives the bytes written.")]
        ///
        /// # Errors
        ///
        /// [`EncodeError`](crate::EncodeError) when the buffer is too small, or a part is longer than its length field
        /// can say; nothing is written then.
        pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], crate::EncodeError> {
            crate::wire::encode(self, buf)
        }

        #[doc = concat!("The ", $what, " as a vector.")]
        ///
        /// # Errors
        ///
        /// [`EncodeError`](crate::EncodeError) when a part is longer than its length field can say.
        #[cfg(feature = "alloc")]
        #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
        pub fn to_vec(&self) -> Result<alloc::vec::Vec<u8>, crate::EncodeError> {
            crate::wire::to_vec(self)
        }

        #[doc = concat!("Appends the ", $what, " to `buf`.")]
        ///
        /// # Errors
        ///
        /// As [`encode`](Self::encode); nothing is written then.
        #[cfg(feature = "bytes")]
        #[cfg_attr(docsrs, doc(cfg(feature = "bytes")))]
        pub fn encode_to(&self, buf: impl bytes::BufMut) -> Result<(), crate::EncodeError> {
            crate::wire::encode_to(self, buf)
        }
    };
}
