//! The end of every way to panic: a function that does not exist.
//!
//! Each program in `src/bin` is named for a published crate and calls all of it, without std, without alloc, with values
//! that the compiler does not know. It links only when the optimiser has proved that no call can panic. Of libc it takes
//! `memcpy` and the like. `.ci/link-proof` builds them all, and shows that none links with the feature `panic`.
//!
//! # Sessions on a heap
//!
//! `ppp-session`, `pptp` and `l2tp-session` are proved twice: without an allocator as all others, and
//! with one.
//!
//! `alloc` itself can panic when memory is over: `handle_alloc_error` of `alloc/src/alloc.rs`
//! panics where there is no std. It also panics when a collection would be longer than `isize::MAX`
//! bytes, by `handle_error` and `capacity_overflow` of `alloc/src/raw_vec`. No caller can rule out
//! the first, and the compiler cannot rule out the second, which documented bounds do. With the
//! feature `alloc` a program therefore links with a panic in it, and the proof is read from the
//! disassembly. Nothing calls a function of core that panics, but these functions of `alloc`. Its
//! allocator never fails.
//!
//! Not shown are `pptp::server`, `pptp::inspect` and `pptp::report`, and `vpdn`, a program with std. The
//! first two hold `BTreeMap`s, the third is `fmt`. Linked with Rust 1.95, a program that calls all of
//! `pptp::server` has 62 calls that panic. At least 47 are in `alloc/src/collections/btree`: asserts,
//! indices and `unwrap`s of `node.rs` (lines 618, 1027, 1232, 1414, 1491, 1537, 1538, 1600, 1876 and some
//! without a line) and `remove.rs`. Two are the allocator's. The compiler has merged the others, so that
//! they have no line.
//!
//! # Functions of core
//!
//! Core has ways to panic in functions that never do, where the compiler cannot see why. The
//! replacements that the crates use:
//!
//! | core | way to panic | in its place |
//! |---|---|---|
//! | `Duration::checked_sub`, `saturating_sub` | `expect` of `Duration::new` | a sum of the earlier and the interval; nanoseconds as numbers |
//! | `slice::copy_within` | bounds | cells, one by one |
//! | `slice::chunk_by_mut` | `split_at_mut` | a count, and `split_at_mut_checked` |
//! | `Vec::remove`, `VecDeque::retain` | bounds | `Vec::retain` |
//! | `slice::rotate_left`, `rotate_right` | bounds | the same, once the slice is known not to be empty |
//!
//! To add a crate, write `src/bin/<crate>.rs` with `#[unsafe(no_mangle)] extern "C" fn _start() -> !`.
#![no_std]

#[cfg(not(feature = "end"))]
unsafe extern "C" {
    /// Names a function that exists nowhere, so that a program with a way to panic does not link.
    fn a_way_to_panic_is_left() -> !;
}

#[cfg(feature = "alloc")]
mod memory {
    use core::alloc::{GlobalAlloc, Layout};

    struct Unknown;

    // SAFETY: it is never run.
    unsafe impl GlobalAlloc for Unknown {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            let memory = core::hint::black_box(core::ptr::null_mut::<u8>());
            while memory.is_null() {}
            memory
        }

        unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
            core::hint::black_box(memory);
        }
    }

    #[global_allocator]
    static MEMORY: Unknown = Unknown;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(not(feature = "end"))]
    // SAFETY: it is never linked.
    unsafe {
        a_way_to_panic_is_left()
    }
    // The program has to link, so that it can be looked at.
    #[cfg(feature = "end")]
    loop {}
}

/// Stands for what the compiler's own functions would need if they could unwind.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Returns a value that the compiler does not know. With the feature `panic` it might panic.
pub fn unknown<T>(value: T) -> T {
    #[cfg(feature = "panic")]
    if core::hint::black_box(false) {
        panic!("put in");
    }
    core::hint::black_box(value)
}

/// Returns the first bytes of a slice, as many as the compiler does not know.
pub fn some(bytes: &[u8], length: usize) -> &[u8] {
    bytes.get(..unknown(length)).unwrap_or(&[])
}
