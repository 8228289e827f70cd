//! Memory that is searched for secrets after its value was dropped.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr;

/// A value in memory of its own, which can be searched when it is gone.
#[derive(Debug)]
pub struct Place<T> {
    at: *mut T,
    is_dropped: bool,
}

impl<T> Place<T> {
    /// Moves a value there.
    ///
    /// # Panics
    ///
    /// There is no memory.
    #[must_use]
    #[expect(unsafe_code, reason = "memory is looked at after its value was dropped")]
    pub fn new(value: T) -> Self {
        // SAFETY: the layout is that of T, which is not empty; the memory is written before it is used as one.
        let at = unsafe { alloc_zeroed(Layout::new::<T>()) }.cast::<T>();
        assert!(!at.is_null());
        // SAFETY: `at` is not null, aligned, and ours alone.
        unsafe { at.write(value) };
        Self { at, is_dropped: false }
    }

    /// Returns the value.
    ///
    /// # Panics
    ///
    /// It was dropped.
    #[expect(unsafe_code, reason = "memory is looked at after its value was dropped")]
    pub fn get(&mut self) -> &mut T {
        assert!(!self.is_dropped);
        // SAFETY: the value is there until `drop_value`, and `self` is borrowed.
        unsafe { &mut *self.at }
    }

    /// Drops the value where it lies.
    ///
    /// # Panics
    ///
    /// It was dropped before.
    #[expect(unsafe_code, reason = "memory is looked at after its value was dropped")]
    pub fn drop_value(&mut self) {
        assert!(!self.is_dropped);
        self.is_dropped = true;
        // SAFETY: the value is there, and is not touched any more.
        unsafe { ptr::drop_in_place(self.at) };
    }

    /// Returns the bytes of the memory, whatever they mean.
    #[expect(unsafe_code, reason = "memory is looked at after its value was dropped")]
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let bytes = self.at.cast::<u8>();
        // SAFETY: the memory was zeroed as a whole when it was allocated, and is ours.
        (0..size_of::<T>()).map(|place| unsafe { bytes.add(place).read_volatile() }).collect()
    }

    /// Returns how often each secret is there.
    #[must_use]
    pub fn count(&self, secrets: &[Vec<u8>]) -> Vec<usize> {
        let bytes = self.bytes();
        secrets.iter().map(|secret| bytes.windows(secret.len()).filter(|found| found == secret).count()).collect()
    }
}

impl<T> Drop for Place<T> {
    #[expect(unsafe_code, reason = "memory is looked at after its value was dropped")]
    fn drop(&mut self) {
        if !self.is_dropped {
            self.drop_value();
        }
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.at.cast(), Layout::new::<T>()) };
    }
}

/// The bytes of a value as it was used, and after it was dropped in place.
#[derive(Debug)]
pub struct Memory {
    /// Before the drop.
    pub used: Vec<u8>,
    /// After it.
    pub dropped: Vec<u8>,
}

impl Memory {
    /// Uses a value in memory of its own, and drops it there.
    pub fn of<T>(value: T, use_it: impl FnOnce(&mut T)) -> Self {
        let mut place = Place::new(value);
        use_it(place.get());
        let used = place.bytes();
        place.drop_value();
        Self { used, dropped: place.bytes() }
    }

    /// Asserts that these bytes were in the value, and are not any more.
    ///
    /// # Panics
    ///
    /// They never were, or are still.
    #[track_caller]
    pub fn had(&self, secret: &[u8]) {
        let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
        assert!(secret.len() >= 8 && secret.iter().any(|byte| *byte != 0), "too little to look for");
        assert!(is_in(&self.used), "the value never held it, so the test shows nothing");
        assert!(!is_in(&self.dropped), "it is left after the drop");
    }
}
