//! Reading fields in the order of the wire.

use crate::{DecodeError, Field};

/// Bytes not yet read, and where they start.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// Starts with bytes that lie `offset` behind the start of the packet.
    pub(crate) const fn at(bytes: &'a [u8], offset: usize) -> Self {
        Self { rest: bytes, offset }
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    /// Takes the next `N` bytes, which are `field`.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self, field: Field) -> Result<[u8; N], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.truncated(N, field));
        };
        self.offset = self.offset.wrapping_add(N);
        self.rest = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(crate) fn u16(&mut self, field: Field) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_be_bytes)
    }

    /// Takes the next `needed` bytes, which are `field`.
    #[inline]
    pub(crate) fn take(&mut self, needed: usize, field: Field) -> Result<&'a [u8], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(needed) else {
            return Err(self.truncated(needed, field));
        };
        self.offset = self.offset.wrapping_add(needed);
        self.rest = rest;
        Ok(bytes)
    }

    #[cold]
    const fn truncated(&self, needed: usize, field: Field) -> DecodeError {
        DecodeError::Truncated { field, offset: self.offset, needed, available: self.rest.len() }
    }
}
