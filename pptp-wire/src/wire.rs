//! Reading and writing fields in the order of the wire.

use core::fmt;

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

    pub(crate) const fn offset(&self) -> usize {
        self.offset
    }

    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Returns the next `needed` bytes, which are `field`.
    pub(crate) fn take(&mut self, needed: usize, field: Field) -> Result<&'a [u8], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(needed) else {
            return Err(self.truncated(needed, field));
        };
        self.advance(needed, rest);
        Ok(bytes)
    }

    /// Returns the next `N` bytes, which are `field`.
    pub(crate) fn array<const N: usize>(&mut self, field: Field) -> Result<[u8; N], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk() else {
            return Err(self.truncated(N, field));
        };
        self.advance(N, rest);
        Ok(*bytes)
    }

    fn advance(&mut self, taken: usize, rest: &'a [u8]) {
        self.offset = self.offset.saturating_add(taken);
        self.rest = rest;
    }

    const fn truncated(&self, needed: usize, field: Field) -> DecodeError {
        DecodeError::Truncated { field, offset: self.offset, needed, available: self.rest.len() }
    }
}

/// Room not yet written to. The caller has checked that the room is enough.
pub(crate) struct Writer<'a> {
    room: core::slice::IterMut<'a, u8>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        Self { room: room.iter_mut() }
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) {
        for (from, to) in bytes.iter().zip(&mut self.room) {
            *to = *from;
        }
    }
}

/// The value of a field.
pub(crate) trait Value: Sized + fmt::Display {
    fn read(reader: &mut Reader<'_>, field: Field) -> Result<Self, DecodeError>;

    fn write(&self, writer: &mut Writer<'_>);

    /// Returns whether all bytes of the field are zero.
    fn is_zero(&self) -> bool;

    /// Writes the value as a trace shows it.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt(f)
    }
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl Value for $integer {
            fn read(reader: &mut Reader<'_>, field: Field) -> Result<Self, DecodeError> {
                reader.array(field).map(Self::from_be_bytes)
            }

            fn write(&self, writer: &mut Writer<'_>) {
                writer.put(&self.to_be_bytes());
            }

            fn is_zero(&self) -> bool {
                *self == 0
            }
        }
    )+};
}

integers!(u8, u16, u32);
