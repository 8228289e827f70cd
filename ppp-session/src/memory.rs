//! The places of the parts of a session: on the heap, or in their owner without one.
//!
//! For this crate and the carriers of its family; nothing of it is promised to others.

#[cfg(feature = "alloc")]
use alloc::{boxed::Box, vec::Vec};
use core::ops::{Deref, DerefMut};

/// A value in a place of its own on the heap, or in its owner.
#[derive(Default)]
pub struct Own<T>(#[cfg(feature = "alloc")] Box<T>, #[cfg(not(feature = "alloc"))] T);

impl<T> Own<T> {
    /// Puts a value there.
    #[inline]
    #[must_use]
    pub fn new(value: T) -> Self {
        #[cfg(feature = "alloc")]
        return Self(Box::new(value));
        #[cfg(not(feature = "alloc"))]
        return Self(value);
    }

    /// Returns the value.
    #[inline]
    #[must_use]
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// Returns the value, to change it.
    #[inline]
    pub const fn get_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Deref for Own<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.get()
    }
}

impl<T> DerefMut for Own<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.get_mut()
    }
}

impl<T: core::fmt::Debug> core::fmt::Debug for Own<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.get().fmt(f)
    }
}

/// At most `N` values in a row: on the heap as many as there are, or room for all in their owner.
#[derive(Debug)]
pub struct List<T, const N: usize>(
    #[cfg(feature = "alloc")] Vec<T>,
    #[cfg(not(feature = "alloc"))] arrayvec::ArrayVec<T, N>,
);

impl<T, const N: usize> List<T, N> {
    /// Makes an empty one.
    #[must_use]
    pub const fn new() -> Self {
        #[cfg(feature = "alloc")]
        return Self(Vec::new());
        #[cfg(not(feature = "alloc"))]
        return Self(arrayvec::ArrayVec::new_const());
    }

    /// Makes an empty one, with room for all.
    #[must_use]
    pub fn with_room() -> Self {
        #[cfg(feature = "alloc")]
        return Self(Vec::with_capacity(N));
        #[cfg(not(feature = "alloc"))]
        return Self::new();
    }

    /// Adds a value behind the others. Gives it back when there are `N` already.
    ///
    /// # Errors
    ///
    /// The value that found no room.
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), T> {
        #[cfg(feature = "alloc")]
        {
            if self.0.len() >= N {
                return Err(value);
            }
            self.0.push(value);
            Ok(())
        }
        #[cfg(not(feature = "alloc"))]
        self.0.try_push(value).map_err(arrayvec::CapacityError::element)
    }

    /// Removes what is not to be kept. The others stay in order.
    #[inline]
    pub fn retain(&mut self, is_kept: impl FnMut(&T) -> bool) {
        #[cfg(feature = "alloc")]
        self.0.retain(is_kept);
        #[cfg(not(feature = "alloc"))]
        {
            let mut is_kept = is_kept;
            self.0.retain(|value| is_kept(&*value));
        }
    }
}

impl<T, const N: usize> Default for List<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> Deref for List<T, N> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> DerefMut for List<T, N> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<'l, T, const N: usize> IntoIterator for &'l mut List<T, N> {
    type Item = &'l mut T;
    type IntoIter = core::slice::IterMut<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_list_gives_a_value_back_and_keeps_the_others_in_order() {
        let mut list: List<u8, 3> = List::with_room();
        assert!((1..=3).all(|value| list.push(value).is_ok()));
        assert_eq!(list.push(4), Err(4));
        list.retain(|value| *value != 2);
        assert_eq!(*list, [1, 3]);
        assert_eq!(list.push(4), Ok(()));
        assert_eq!(*list, [1, 3, 4]);
    }
}
