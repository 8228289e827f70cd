//! The border between C and Rust: pointers, texts, and panics that must not cross it.

use core::ffi::{CStr, c_char};
use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use core::time::Duration;

use crate::error::Error;

/// Runs the work of a function. A panic ends here: it becomes an error.
pub(crate) fn guard(work: impl FnOnce() -> Result<i32, Error>) -> i32 {
    // The lease marks the object as broken, so nothing that a panic left half done is seen later.
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => error.code(),
        Err(payload) => {
            // Dropping it could panic again.
            core::mem::forget(payload);
            Error::Internal.code()
        }
    }
}

/// Returns a length as functions return it.
pub(crate) fn length(count: usize) -> Result<i32, Error> {
    i32::try_from(count).map_err(|_| Error::Argument)
}

/// Returns the time that a caller gives.
pub(crate) const fn time(now_ms: u64) -> Duration {
    Duration::from_millis(now_ms)
}

/// Returns a deadline in milliseconds, rounded up so that it has passed at that time; `u64::MAX` is
/// none.
pub(crate) fn deadline(deadline: Option<Duration>) -> u64 {
    let Some(deadline) = deadline else { return u64::MAX };
    let rounded = deadline.saturating_add(Duration::from_nanos(999_999));
    u64::try_from(rounded.as_millis()).unwrap_or(u64::MAX)
}

/// Takes bytes of the caller.
///
/// # Safety
///
/// `pointer` is NULL, or has `length` bytes that nobody changes for `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, length: usize) -> Result<&'a [u8], Error> {
    match (length, pointer.is_null()) {
        (0, _) => Ok(&[]),
        (_, true) => Err(Error::NullPointer),
        _ if isize::try_from(length).is_err() => Err(Error::Argument),
        // SAFETY: not NULL, not longer than an object can be, and the caller's by its promise.
        _ => Ok(unsafe { core::slice::from_raw_parts(pointer, length) }),
    }
}

/// Takes a buffer of the caller.
///
/// # Safety
///
/// `pointer` is NULL, or has `length` bytes that nobody else uses for `'a`.
pub(crate) unsafe fn buffer<'a>(pointer: *mut u8, length: usize) -> Result<&'a mut [u8], Error> {
    match (length, pointer.is_null()) {
        (0, _) => Ok(&mut []),
        (_, true) => Err(Error::NullPointer),
        _ if isize::try_from(length).is_err() => Err(Error::Argument),
        // SAFETY: as in `bytes`. Bytes that the caller has not written are written before they are read.
        _ => Ok(unsafe { core::slice::from_raw_parts_mut(pointer, length) }),
    }
}

/// Takes two buffers of the caller, which must not overlap.
///
/// # Safety
///
/// As for [`buffer`].
pub(crate) unsafe fn buffers<'a>(
    one: (*mut u8, usize),
    other: (*mut u8, usize),
) -> Result<(&'a mut [u8], &'a mut [u8]), Error> {
    let begin = |(pointer, _): (*mut u8, usize)| pointer.addr();
    let end = |(pointer, length): (*mut u8, usize)| pointer.addr().saturating_add(length);
    // Two mutable slices of the same bytes are undefined, even if nobody uses both.
    if one.1 > 0 && other.1 > 0 && begin(one) < end(other) && begin(other) < end(one) {
        return Err(Error::Argument);
    }
    // SAFETY: they do not overlap, and are the caller's by its promise.
    unsafe { Ok((buffer(one.0, one.1)?, buffer(other.0, other.1)?)) }
}

/// Takes a place for a result. Its bytes may not have been written yet.
///
/// # Safety
///
/// `pointer` is NULL, or has room for a `T` that nobody else uses for `'a`.
pub(crate) unsafe fn place<'a, T>(pointer: *mut T) -> Result<&'a mut MaybeUninit<T>, Error> {
    if pointer.is_null() {
        return Err(Error::NullPointer);
    }
    if !pointer.is_aligned() {
        return Err(Error::Argument);
    }
    // SAFETY: not NULL, aligned, and the caller's by its promise.
    Ok(unsafe { &mut *pointer.cast::<MaybeUninit<T>>() })
}

/// Takes a struct that the caller has filled in.
///
/// # Safety
///
/// `pointer` is NULL, or has a `T` that nobody changes for `'a`.
pub(crate) unsafe fn structure<'a, T>(pointer: *const T) -> Result<&'a T, Error> {
    if pointer.is_null() {
        return Err(Error::NullPointer);
    }
    if !pointer.is_aligned() {
        return Err(Error::Argument);
    }
    // SAFETY: not NULL, aligned, and the caller's by its promise.
    Ok(unsafe { &*pointer })
}

/// Copies `N` bytes of the caller.
///
/// # Safety
///
/// `pointer` is NULL, or has `N` bytes.
pub(crate) unsafe fn array<const N: usize>(pointer: *const u8) -> Result<[u8; N], Error> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(pointer, N)? };
    bytes.try_into().map_err(|_| Error::Argument)
}

/// Takes a text of the caller that ends with a zero.
///
/// # Safety
///
/// `pointer` is NULL, or has a zero at the end of its bytes.
pub(crate) unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, Error> {
    if pointer.is_null() {
        return Err(Error::NullPointer);
    }
    // SAFETY: not NULL, and with a zero at its end by the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::Text)
}

/// A text on its way into a buffer: as much as there is room for, and the length of all.
struct Cut<'b> {
    room: &'b mut [u8],
    /// Bytes that were written.
    written: usize,
    /// Bytes of the whole text.
    length: usize,
}

impl fmt::Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // A text that was cut goes no further, or its end would be put together from pieces.
        let is_whole = self.written == self.length;
        self.length = self.length.saturating_add(text.len());
        let room = self.room.get_mut(self.written..).unwrap_or_default();
        let mut fits = if is_whole { text.len().min(room.len()) } else { 0 };
        // Half of a character is no UTF-8.
        while !text.is_char_boundary(fits) {
            fits = fits.saturating_sub(1);
        }
        for (to, from) in room.iter_mut().zip(text.bytes().take(fits)) {
            *to = from;
        }
        self.written = self.written.saturating_add(fits);
        Ok(())
    }
}

/// Writes a text with a zero at its end, cut where it does not fit. Returns its whole length.
///
/// # Safety
///
/// As for [`buffer`].
pub(crate) unsafe fn write_text(pointer: *mut c_char, length: usize, text: &dyn fmt::Display) -> Result<i32, Error> {
    // SAFETY: the caller's promise.
    let room = unsafe { buffer(pointer.cast(), length)? };
    let (text_room, end) = match room.len().checked_sub(1).and_then(|last| room.split_at_mut_checked(last)) {
        Some((text_room, end)) => (text_room, end.first_mut()),
        None => (&mut [][..], None),
    };
    let mut cut = Cut { room: text_room, written: 0, length: 0 };
    write!(cut, "{text}").map_err(|_| Error::Internal)?;
    let Cut { room, written, length } = cut;
    if let Some(place) = room.get_mut(written).or(end) {
        *place = 0;
    }
    self::length(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters_and_end_with_a_zero() {
        let text = "Grüße";
        for (room, expected) in [(0, &b""[..]), (1, b"\0"), (3, b"Gr\0"), (4, b"Gr\0"), (5, "Grü\0".as_bytes())] {
            let mut buffer = [0xff; 16];
            // SAFETY: the buffer is longer than the room.
            let length = unsafe { write_text(buffer.as_mut_ptr().cast(), room, &text) };
            assert_eq!(length, Ok(7));
            assert_eq!(buffer[..expected.len()], *expected, "{room}");
            assert!(buffer[room..].iter().all(|byte| *byte == 0xff), "{room}: written behind the room");
        }
    }

    #[test]
    fn deadlines_are_rounded_up_to_milliseconds() {
        assert_eq!(deadline(None), u64::MAX);
        assert_eq!(deadline(Some(Duration::from_nanos(1))), 1);
        assert_eq!(deadline(Some(Duration::from_millis(7))), 7);
        assert_eq!(deadline(Some(Duration::MAX)), u64::MAX);
    }

    #[test]
    fn buffers_that_overlap_are_refused() {
        let mut bytes = [0_u8; 8];
        let start = bytes.as_mut_ptr();
        let middle = start.wrapping_add(4);
        // SAFETY: both lie within the array, and are used one after the other.
        unsafe {
            assert!(buffers((start, 5), (middle, 4)).is_err());
            assert!(buffers((middle, 4), (start, 5)).is_err());
            assert!(buffers((start, 4), (middle, 4)).is_ok());
            assert!(buffers((start, 8), (middle, 0)).is_ok());
        }
    }
}
