//! Memory: from the allocator of the C program, or from malloc, with a reserve.
//!
//! Rust ends the program when an allocation fails. So each call that may allocate sees to it first
//! that the reserve is there, more than any call takes. When an allocation fails within the call,
//! the reserve is given back, and the allocation has its place. The next call asks for a new
//! reserve, and returns an error when it cannot be had.

use core::ffi::c_void;

/// Functions that give memory, and take it back.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Allocator {
    /// Passed to both functions as it is.
    pub context: *mut c_void,
    /// Returns `size` bytes at a multiple of `alignment`, which is a power of two, or NULL when
    /// there is no memory. `malloc(size)` does for an `alignment` up to that of `max_align_t`; more
    /// is never asked for. It may be called by every thread that calls this library.
    pub allocate: Option<unsafe extern "C" fn(context: *mut c_void, size: usize, alignment: usize) -> *mut c_void>,
    /// Takes back what `allocate` returned, with the same numbers.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void, memory: *mut c_void, size: usize, alignment: usize)>,
}

/// Has all memory come from the functions of the program, rather than from malloc.
///
/// `allocator`: copied. Its `context` must stay for as long as the library is used.
///
/// Call it once, before every other function. Returns 0, `PPTP_ERROR_TOO_LATE` when the library has
/// taken memory before, or another negative `pptp_error`.
///
/// Besides what its handles take, the library keeps a reserve of 128 KiB while there are handles,
/// and 256 KiB once a configuration allows compression. It is what lets functions return
/// `PPTP_ERROR_NO_MEMORY` where a program in Rust would end. Other threads, which take memory in the
/// same moment, can be in the way of that; the program ends then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_set_allocator(allocator: *const Allocator) -> i32 {
    crate::border::guard(|| {
        // SAFETY: the caller's promise.
        let allocator = unsafe { crate::border::structure(allocator)? };
        imp::set(allocator)
    })
}

pub(crate) use imp::{ensure, release, retain, want};

/// The length of the reserve in bytes, which is more than any one call takes. A call that comes up takes
/// 30 KiB, and packets that wait for an earlier one 64 KiB.
pub(crate) const RESERVE: usize = 128 << 10;
/// The same where packets may be compressed, which takes 98 KiB more.
pub(crate) const RESERVE_WITH_COMPRESSION: usize = 256 << 10;

#[cfg(feature = "allocator")]
mod imp {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ffi::c_void;
    use core::ptr::null_mut;
    use core::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
    use std::alloc::System;
    use std::sync::OnceLock;

    use crate::error::Error;
    use crate::memory::{Allocator, RESERVE};

    /// Where memory comes from: settled by the first allocation.
    #[derive(Debug)]
    enum Source {
        Malloc,
        Program(Program),
    }

    /// The functions of a program.
    #[derive(Debug)]
    struct Program {
        context: *mut c_void,
        allocate: unsafe extern "C" fn(*mut c_void, usize, usize) -> *mut c_void,
        release: unsafe extern "C" fn(*mut c_void, *mut c_void, usize, usize),
    }

    // SAFETY: the context is only passed on, and the header says that every thread may do so.
    unsafe impl Send for Program {}
    // SAFETY: as above.
    unsafe impl Sync for Program {}

    static SOURCE: OnceLock<Source> = OnceLock::new();
    /// The block that is kept for the moment when there is no memory. Its first word is its length.
    static KEPT: AtomicPtr<usize> = AtomicPtr::new(null_mut());
    static WANTED: AtomicUsize = AtomicUsize::new(RESERVE);
    /// The reserve is there for as long as there are handles.
    static HANDLES: AtomicUsize = AtomicUsize::new(0);

    struct Global;

    #[global_allocator]
    static GLOBAL: Global = Global;

    pub(super) fn set(allocator: &Allocator) -> Result<i32, Error> {
        let (Some(allocate), Some(release)) = (allocator.allocate, allocator.release) else {
            return Err(Error::NullPointer);
        };
        let program = Program { context: allocator.context, allocate, release };
        SOURCE.set(Source::Program(program)).map_err(|_| Error::TooLate)?;
        Ok(0)
    }

    fn source() -> &'static Source {
        SOURCE.get_or_init(|| Source::Malloc)
    }

    /// Takes memory, without the reserve.
    fn take(layout: Layout) -> *mut u8 {
        match source() {
            // SAFETY: both callers ask for a size that is not zero.
            Source::Malloc => unsafe { System.alloc(layout) },
            Source::Program(program) => {
                // SAFETY: the program's promise.
                unsafe { (program.allocate)(program.context, layout.size(), layout.align()) }.cast()
            }
        }
    }

    /// Gives memory back.
    ///
    /// # Safety
    ///
    /// `take` has returned it for this layout.
    unsafe fn give_back(memory: *mut u8, layout: Layout) {
        match source() {
            // SAFETY: the caller's promise.
            Source::Malloc => unsafe { System.dealloc(memory, layout) },
            Source::Program(program) => {
                // SAFETY: the program's promise.
                unsafe { (program.release)(program.context, memory.cast(), layout.size(), layout.align()) }
            }
        }
    }

    // SAFETY: memory comes from malloc or from the program's functions, which give what was asked for.
    unsafe impl GlobalAlloc for Global {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let memory = take(layout);
            // This is what the reserve is for.
            if memory.is_null() && drop_reserve() { take(layout) } else { memory }
        }

        unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
            // SAFETY: the caller's promise.
            unsafe { give_back(memory, layout) }
        }
    }

    /// Returns the layout of a reserve.
    fn layout(length: usize) -> Option<Layout> {
        Layout::from_size_align(length.max(size_of::<usize>()), align_of::<usize>()).ok()
    }

    /// Gives the reserve back. Returns whether there was one.
    fn drop_reserve() -> bool {
        give_back_block(KEPT.swap(null_mut(), Ordering::AcqRel))
    }

    /// Sees to it that the reserve is there.
    #[inline]
    pub(crate) fn ensure() -> Result<(), Error> {
        if KEPT.load(Ordering::Acquire).is_null() { refill() } else { Ok(()) }
    }

    #[cold]
    fn refill() -> Result<(), Error> {
        let block = take_block(WANTED.load(Ordering::Relaxed))?;
        if KEPT.compare_exchange(null_mut(), block, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            // Another thread was faster.
            give_back_block(block);
        }
        Ok(())
    }

    /// Takes a block for a reserve of this length, and writes it there.
    #[expect(clippy::cast_ptr_alignment, reason = "the layout has the alignment")]
    fn take_block(length: usize) -> Result<*mut usize, Error> {
        let block = take(layout(length).ok_or(Error::NoMemory)?).cast::<usize>();
        if block.is_null() {
            return Err(Error::NoMemory);
        }
        // SAFETY: it is this long, and aligned.
        unsafe { block.write(length) };
        Ok(block)
    }

    /// Gives a block back, which nobody else has. Returns whether it was one.
    fn give_back_block(block: *mut usize) -> bool {
        if block.is_null() {
            return false;
        }
        // SAFETY: its first word was written.
        let Some(layout) = layout(unsafe { block.read() }) else { return false };
        // SAFETY: it was taken with this layout.
        unsafe { give_back(block.cast(), layout) };
        true
    }

    /// Makes the reserve at least so long.
    pub(crate) fn want(length: usize) -> Result<(), Error> {
        if length <= WANTED.load(Ordering::Relaxed) {
            return ensure();
        }
        // The new one first: when it cannot be had, all stays as it is.
        let block = take_block(length)?;
        WANTED.fetch_max(length, Ordering::Relaxed);
        give_back_block(KEPT.swap(block, Ordering::AcqRel));
        Ok(())
    }

    /// Counts a handle.
    pub(crate) fn retain() {
        HANDLES.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one handle less. With the last one the reserve goes.
    pub(crate) fn release() {
        if HANDLES.fetch_sub(1, Ordering::AcqRel) == 1 {
            drop_reserve();
        }
    }
}

#[cfg(not(feature = "allocator"))]
mod imp {
    use crate::error::Error;
    use crate::memory::Allocator;

    pub(super) const fn set(_: &Allocator) -> Result<i32, Error> {
        Err(Error::TooLate)
    }

    #[expect(clippy::unnecessary_wraps, reason = "with an allocator of its own it can fail")]
    pub(crate) const fn ensure() -> Result<(), Error> {
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "with an allocator of its own it can fail")]
    pub(crate) const fn want(_: usize) -> Result<(), Error> {
        Ok(())
    }

    pub(crate) const fn retain() {}

    pub(crate) const fn release() {}
}
