//! Writing fields in the order of the wire.

/// Room not yet written to. Its maker has checked that there is enough.
pub(crate) struct Room<'b>(&'b mut [u8]);

impl<'b> Room<'b> {
    pub(crate) fn new(room: &'b mut [u8]) -> Self {
        Self(room)
    }

    /// Writes the next `N` bytes.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let Some((place, rest)) = core::mem::take(&mut self.0).split_first_chunk_mut() else {
            debug_assert!(false, "the length was checked");
            return;
        };
        *place = bytes;
        self.0 = rest;
    }

    /// Returns the room that is left.
    pub(crate) fn rest(self) -> &'b mut [u8] {
        self.0
    }
}
