//! Handles, by which a C program holds objects of this library.

use alloc::boxed::Box;
use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::border::guard;
use crate::error::Error;
use crate::memory;

/// An object with a handle, which any thread may use.
pub(crate) trait Object: Sized + Send {
    /// The type that C sees, which has no members.
    type Opaque;

    /// The first word of its handles, unlike that of every other type.
    const TAG: usize;
}

/// Nobody uses the object.
const FREE: u8 = 0;
/// A call is in progress.
const IN_USE: u8 = 1;
/// A panic has left it half done.
const BROKEN: u8 = 2;

/// An object in the heap, with a word in front by which handles differ.
#[repr(C)]
pub(crate) struct Handle<T> {
    tag: AtomicUsize,
    state: AtomicU8,
    object: UnsafeCell<T>,
}

/// The right to use an object, for the time of a call.
pub(crate) struct Lease<'h, T>(&'h Handle<T>);

impl<T: Object> Handle<T> {
    /// Puts an object into the heap, and returns what C gets.
    pub(crate) fn create(object: T) -> *mut T::Opaque {
        memory::retain();
        let handle = Self { tag: T::TAG.into(), state: FREE.into(), object: UnsafeCell::new(object) };
        Box::into_raw(Box::new(handle)).cast()
    }

    /// Finds the object of a handle.
    ///
    /// # Safety
    ///
    /// `pointer` is NULL, or a handle that was not freed, or has a word at least that is not a tag.
    unsafe fn at<'h>(pointer: *const T::Opaque) -> Result<&'h Self, Error> {
        let handle = pointer.cast::<Self>();
        if handle.is_null() {
            return Err(Error::NullPointer);
        }
        if !handle.is_aligned() {
            return Err(Error::WrongHandle);
        }
        // SAFETY: the word in front is there in handles of every kind, and only it is looked at.
        let tag = unsafe { (*pointer.cast::<AtomicUsize>()).load(Ordering::Relaxed) };
        if tag != T::TAG {
            return Err(Error::WrongHandle);
        }
        // SAFETY: the tag says that this is such a handle, and the caller that it was not freed.
        Ok(unsafe { &*handle })
    }

    fn lease(&self) -> Result<Lease<'_, T>, Error> {
        // Two users at a time would be two mutable references: an error is better than that.
        match self.state.compare_exchange(FREE, IN_USE, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Lease(self)),
            Err(IN_USE) => Err(Error::Busy),
            Err(_) => Err(Error::Internal),
        }
    }
}

impl<T> Deref for Lease<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: the state says that this lease is the only user.
        unsafe { &*self.0.object.get() }
    }
}

impl<T> DerefMut for Lease<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the state says that this lease is the only user.
        unsafe { &mut *self.0.object.get() }
    }
}

impl<T> Drop for Lease<'_, T> {
    fn drop(&mut self) {
        // A panic may have stopped anywhere: what it left behind must not be used.
        let state = if std::thread::panicking() { BROKEN } else { FREE };
        self.0.state.store(state, Ordering::Release);
    }
}

/// Runs the work of a function that makes a handle, once the memory for it is there.
pub(crate) fn build(work: impl FnOnce() -> Result<i32, Error>) -> i32 {
    guard(|| {
        // Without a handle there is no reserve, so the work counts as one.
        memory::retain();
        let result = memory::ensure().and_then(|()| work());
        memory::release();
        result
    })
}

/// Runs a function's work on the object of a handle, once the memory that it may need is there.
///
/// # Safety
///
/// As for [`Handle::at`].
pub(crate) unsafe fn with<T: Object>(
    pointer: *const T::Opaque,
    work: impl FnOnce(&mut T) -> Result<i32, Error>,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise.
        let handle = unsafe { Handle::<T>::at(pointer)? };
        let mut object = handle.lease()?;
        // Rust ends the program when an allocation fails, so it is seen to before that there is memory.
        memory::ensure()?;
        work(&mut object)
    })
}

/// Runs work that takes no memory, and returns something else than a number of errors.
///
/// # Safety
///
/// As for [`Handle::at`].
pub(crate) unsafe fn ask<T: Object, R>(pointer: *const T::Opaque, none: R, work: impl FnOnce(&T) -> R) -> R {
    let mut answer = none;
    guard(|| {
        // SAFETY: the caller's promise.
        let handle = unsafe { Handle::<T>::at(pointer)? };
        answer = work(&*handle.lease()?);
        Ok(0)
    });
    answer
}

/// Frees the object of a handle. NULL is nothing.
///
/// # Safety
///
/// As for [`Handle::at`]. Afterwards the handle must not be used.
pub(crate) unsafe fn free<T: Object>(pointer: *mut T::Opaque) -> i32 {
    if pointer.is_null() {
        return 0;
    }
    guard(|| {
        // SAFETY: the caller's promise.
        let handle = unsafe { Handle::<T>::at(pointer)? };
        if handle.state.swap(IN_USE, Ordering::Acquire) == IN_USE {
            // Its user goes on, and must find it.
            return Err(Error::Busy);
        }
        // A second call is an error as long as the memory is not used again.
        handle.tag.store(0, Ordering::Relaxed);
        // SAFETY: it was made of a box, and nobody uses it.
        drop(unsafe { Box::from_raw(pointer.cast::<Handle<T>>()) });
        memory::release();
        Ok(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    pub(crate) struct Opaque;

    impl Object for u32 {
        type Opaque = Opaque;
        const TAG: usize = 0x7070_00ff;
    }

    #[test]
    fn a_panic_ends_at_the_border_and_breaks_its_handle_alone() {
        let (one, other) = (Handle::create(1_u32), Handle::create(2_u32));
        // SAFETY: both are handles, until they are freed at the end.
        unsafe {
            let add = |number: &mut u32| {
                *number = number.saturating_add(1);
                i32::try_from(*number).map_err(|_| Error::Argument)
            };
            assert_eq!(with(one, add), 2);
            assert_eq!(with(one, |_: &mut u32| panic!("as a fault of the library")), Error::Internal.code());
            assert_eq!(with(one, add), Error::Internal.code());
            assert_eq!(ask(one, 7, |number: &u32| *number), 7);
            assert_eq!(with(other, add), 3);
            assert_eq!(ask(other, 7, |number: &u32| *number), 3);
            assert_eq!((free::<u32>(one), free::<u32>(other)), (0, 0));
        }
    }

    #[test]
    fn a_handle_that_is_in_use_is_busy() {
        let handle = Handle::create(1_u32);
        // SAFETY: it is a handle, until it is freed at the end.
        unsafe {
            let inner = |_: &mut u32| Ok(with(handle, |_: &mut u32| Ok(0)));
            assert_eq!(with(handle, inner), Error::Busy.code());
            let freed = |_: &mut u32| Ok(free::<u32>(handle));
            assert_eq!(with(handle, freed), Error::Busy.code());
            assert_eq!(free::<u32>(handle), 0);
        }
    }
}
