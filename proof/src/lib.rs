//! The end of every way to panic: a function that does not exist.
//!
//! Each program in `src/bin` is named for a published crate and calls all of it, without std, without alloc, with values
//! that the compiler does not know. It links only when the optimiser has proved that no call can panic. Of libc it takes
//! `memcpy` and the like. `.ci/link-proof` builds them all, and shows that none links with the feature `panic`.
//!
//! To add a crate, write `src/bin/<crate>.rs` with `#[unsafe(no_mangle)] extern "C" fn _start() -> !`.
#![no_std]

unsafe extern "C" {
    /// Nowhere.
    fn a_way_to_panic_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it is never linked.
    unsafe { a_way_to_panic_is_left() }
}

/// What the compiler's own functions would need, if they could unwind.
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
