//! Where packets wait for a missing one: inline, lent by the caller, or on the heap.

use core::time::Duration;

/// A place for one thing that waits.
///
/// ```
/// use pptp_gre::{InlineFrame, Slot};
///
/// // Four places for frames of up to 1500 bytes, to be lent to a tunnel.
/// let slots: [Slot<InlineFrame<1500>>; 4] = core::array::from_fn(|_| Slot::default());
/// assert_eq!(slots.len(), 4);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Slot<T> {
    /// When the packet that waits here, or the one missing before it, was first known to be missed; `None`: free.
    pub(crate) since: Option<Duration>,
    pub(crate) item: T,
}

impl<T> Slot<T> {
    /// Creates a free place, with what is to be filled when it is taken.
    pub const fn new(item: T) -> Self {
        Self { since: None, item }
    }
}

/// Places for what waits: `[Slot<T>; N]`, `&mut [Slot<T>]`, and with the feature `alloc` `Vec<Slot<T>>` and
/// [`LazySlots`].
///
/// A number that is no power of two is rounded down to one. With none, nothing waits.
pub trait Slots {
    /// The item that waits.
    type Item;

    /// Returns the places: always equally many, or none while nothing has waited yet.
    fn slots(&self) -> &[Slot<Self::Item>];

    /// Returns the places, always equally many.
    fn slots_mut(&mut self) -> &mut [Slot<Self::Item>];

    /// Returns how many places [`slots_mut`](Self::slots_mut) gives.
    fn count(&self) -> usize {
        self.slots().len()
    }
}

impl<T, const N: usize> Slots for [Slot<T>; N] {
    type Item = T;

    fn slots(&self) -> &[Slot<T>] {
        self
    }

    fn slots_mut(&mut self) -> &mut [Slot<T>] {
        self
    }
}

impl<T> Slots for &mut [Slot<T>] {
    type Item = T;

    fn slots(&self) -> &[Slot<T>] {
        self
    }

    fn slots_mut(&mut self) -> &mut [Slot<T>] {
        self
    }
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T> Slots for alloc::vec::Vec<Slot<T>> {
    type Item = T;

    fn slots(&self) -> &[Slot<T>] {
        self
    }

    fn slots_mut(&mut self) -> &mut [Slot<T>] {
        self
    }
}

/// Places on the heap that are made when the first packet has to wait, and kept then.
///
/// ```
/// use pptp_gre::{CallIds, Config, LazySlots, Tunnel};
///
/// // Up to 32 frames wait, each in as much memory as it needs.
/// let slots: LazySlots<Vec<u8>> = LazySlots::new(32);
/// let tunnel = Tunnel::new(Config::new(CallIds { local: 7, peer: 9 }), slots);
/// # let _ = tunnel;
/// ```
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
#[derive(Debug, Clone, Default)]
pub struct LazySlots<T> {
    count: usize,
    /// None of them, or all.
    made: alloc::vec::Vec<Slot<T>>,
}

#[cfg(feature = "alloc")]
impl<T> LazySlots<T> {
    /// Creates no place yet, of `count`.
    #[must_use]
    pub const fn new(count: usize) -> Self {
        Self { count, made: alloc::vec::Vec::new() }
    }
}

#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl<T: Default> Slots for LazySlots<T> {
    type Item = T;

    fn slots(&self) -> &[Slot<T>] {
        &self.made
    }

    fn slots_mut(&mut self) -> &mut [Slot<T>] {
        if self.made.is_empty() {
            self.made = (0..self.count).map(|_| Slot::default()).collect();
        }
        &mut self.made
    }

    fn count(&self) -> usize {
        self.count
    }
}

/// No places: a tunnel that never waits for a missing packet, as the Linux kernel's.
pub type NoSlots = [Slot<InlineFrame<0>>; 0];

/// `SLOTS` places for frames of up to `FRAME` bytes, inline.
pub type InlineSlots<const SLOTS: usize, const FRAME: usize> = [Slot<InlineFrame<FRAME>>; SLOTS];

/// A buffer into which a frame is copied while it waits.
pub trait FrameBuffer {
    /// Copies the frame in, in place of what was there. `false`: it is too long, and what was there may be lost.
    fn store(&mut self, frame: &[u8]) -> bool;

    /// Returns the frame that was stored last.
    fn frame_mut(&mut self) -> &mut [u8];
}

/// A frame of up to `N` bytes, inline.
///
/// ```
/// use pptp_gre::{FrameBuffer, InlineFrame};
///
/// let mut buffer = InlineFrame::<4>::default();
/// assert!(buffer.store(b"abc"));
/// assert_eq!(buffer.frame_mut(), b"abc");
/// assert!(!buffer.store(b"abcde"));
/// ```
#[derive(Clone)]
pub struct InlineFrame<const N: usize> {
    length: usize,
    bytes: [u8; N],
}

impl<const N: usize> Default for InlineFrame<N> {
    fn default() -> Self {
        Self { length: 0, bytes: [0; N] }
    }
}

impl<const N: usize> core::fmt::Debug for InlineFrame<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("InlineFrame").field("length", &self.length).finish_non_exhaustive()
    }
}

impl<const N: usize> FrameBuffer for InlineFrame<N> {
    fn store(&mut self, frame: &[u8]) -> bool {
        copy(&mut self.bytes, &mut self.length, frame)
    }

    fn frame_mut(&mut self) -> &mut [u8] {
        debug_assert!(self.length <= self.bytes.len(), "a frame that was stored has room");
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }
}

/// A frame in bytes that the caller lent.
///
/// ```
/// use pptp_gre::{FrameBuffer, LentFrame};
///
/// let mut memory = [0; 1500];
/// let mut buffer = LentFrame::new(&mut memory);
/// assert!(buffer.store(b"frame"));
/// assert_eq!(buffer.frame_mut(), b"frame");
/// ```
#[derive(Default)]
pub struct LentFrame<'a> {
    length: usize,
    bytes: &'a mut [u8],
}

impl<'a> LentFrame<'a> {
    /// Creates a slot for frames as long as `bytes`.
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { length: 0, bytes }
    }
}

impl core::fmt::Debug for LentFrame<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LentFrame").field("length", &self.length).finish_non_exhaustive()
    }
}

impl FrameBuffer for LentFrame<'_> {
    fn store(&mut self, frame: &[u8]) -> bool {
        copy(self.bytes, &mut self.length, frame)
    }

    fn frame_mut(&mut self) -> &mut [u8] {
        debug_assert!(self.length <= self.bytes.len(), "a frame that was stored has room");
        self.bytes.get_mut(..self.length).unwrap_or_default()
    }
}

/// A frame on the heap: it grows to the longest frame that waited in it, at most 65,535 bytes.
#[cfg(feature = "alloc")]
#[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
impl FrameBuffer for alloc::vec::Vec<u8> {
    fn store(&mut self, frame: &[u8]) -> bool {
        self.clear();
        self.extend_from_slice(frame);
        true
    }

    fn frame_mut(&mut self) -> &mut [u8] {
        self
    }
}

fn copy(bytes: &mut [u8], length: &mut usize, frame: &[u8]) -> bool {
    let Some(to) = bytes.get_mut(..frame.len()) else {
        return false;
    };
    to.copy_from_slice(frame);
    *length = frame.len();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each keeps the last frame that fits, and nothing of the one before.
    #[test]
    fn buffers_keep_the_last_frame_that_fits() {
        fn check(buffer: &mut impl FrameBuffer, is_bounded: bool) {
            assert!(buffer.store(b"long") && buffer.frame_mut() == b"long");
            assert!(buffer.store(b"ab") && buffer.frame_mut() == b"ab");
            assert_eq!(buffer.store(b"too long"), !is_bounded);
            assert_eq!(buffer.frame_mut(), if is_bounded { &b"ab"[..] } else { b"too long" });
        }
        check(&mut InlineFrame::<4>::default(), true);
        check(&mut LentFrame::new(&mut [0; 4]), true);
        #[cfg(feature = "alloc")]
        check(&mut alloc::vec::Vec::new(), false);
    }
}
