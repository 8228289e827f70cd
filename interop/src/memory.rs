//! Memory that is searched for secrets after its value was dropped.

use std::alloc::{GlobalAlloc, Layout, System, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::ptr;

/// The heap of a program, on which a value's own blocks are searched: for `#[global_allocator]`.
#[derive(Debug)]
pub struct Heap;

/// The blocks of this thread since a value is used, by place and length. Of those that are given back while the value is
/// dropped, the bytes are kept.
struct Blocks {
    live: Vec<(usize, usize)>,
    dropped: Option<Vec<u8>>,
}

thread_local! {
    static BLOCKS: RefCell<Option<Blocks>> = const { RefCell::new(None) };
}

/// Changes the blocks that are known. Memory for this list is not noted, since the list is borrowed then.
fn note(change: impl FnOnce(&mut Option<Blocks>)) {
    let _ = BLOCKS.try_with(|blocks| blocks.try_borrow_mut().map(|mut blocks| change(&mut blocks)));
}

/// Returns the bytes of a block.
#[expect(unsafe_code, reason = "memory of the heap is looked at")]
fn block((at, length): (usize, usize)) -> impl Iterator<Item = u8> {
    let bytes = ptr::with_exposed_provenance::<u8>(at);
    // SAFETY: the block is still allocated, and was zeroed when it was.
    (0..length).map(move |place| unsafe { bytes.add(place).read_volatile() })
}

// SAFETY: all is done by the system's allocator.
#[expect(unsafe_code, reason = "memory of the heap is looked at")]
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise. Zeroed, so that all of it can be read.
        let at = unsafe { System.alloc_zeroed(layout) };
        note(|blocks| {
            if let Some(blocks) = blocks {
                blocks.live.push((at.expose_provenance(), layout.size()));
            }
        });
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        note(|blocks| {
            let Some(Blocks { live, dropped }) = blocks else { return };
            let Some(index) = live.iter().position(|(found, _)| *found == at.addr()) else { return };
            let found = live.swap_remove(index);
            if let Some(dropped) = dropped {
                dropped.extend(block(found));
            }
        });
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) };
    }
}

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

/// The bytes of a value as it was used, and after it was dropped in place. With [`Heap`] they include those of its blocks on
/// the heap.
#[derive(Debug)]
pub struct Memory {
    /// Before the drop.
    pub used: Vec<u8>,
    /// After it.
    pub dropped: Vec<u8>,
}

impl Memory {
    /// Uses a value in memory of its own, and drops it there. Blocks that it had before are not searched.
    pub fn of<T>(value: T, use_it: impl FnOnce(&mut T)) -> Self {
        let mut place = Place::new(value);
        BLOCKS.set(Some(Blocks { live: Vec::new(), dropped: None }));
        use_it(place.get());
        // Blocks of this function are none of the value's.
        let live = BLOCKS.take().map(|blocks| blocks.live).unwrap_or_default();
        let mut used = place.bytes();
        used.extend(live.iter().copied().flat_map(block));
        BLOCKS.set(Some(Blocks { live, dropped: Some(Vec::new()) }));
        place.drop_value();
        let blocks = BLOCKS.take();
        let mut dropped = place.bytes();
        dropped.extend(blocks.and_then(|blocks| blocks.dropped).unwrap_or_default());
        Self { used, dropped }
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
