//! The sentence of an error, for C.

use core::ffi::c_char;
use core::fmt;

use crate::border::{guard, write_text};
use crate::error::Error;

/// Writes the sentence of an error, in English and with a zero at its end.
///
/// `code`: what a function returned. `buffer`, `length`: room for the text, which is cut where it
/// does not fit. A `length` of 0 asks for the length alone; `buffer` may be NULL then.
///
/// Returns the length of the whole text without the zero, as `snprintf` does, or a negative
/// `pptp_error`. A number that is no error of this library gives "unknown error".
///
/// ```text
/// char text[64];
/// pptp_error_text(error, text, sizeof text);
/// fprintf(stderr, "%s\n", text);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_error_text(code: i32, buffer: *mut c_char, length: usize) -> i32 {
    guard(|| {
        let text: &dyn fmt::Display = match &Error::from_code(code) {
            Some(error) => &error.clone(),
            None => &"unknown error",
        };
        // SAFETY: the caller lends `length` bytes at `buffer`.
        unsafe { write_text(buffer, length, text) }
    })
}
