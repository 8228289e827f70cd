//! Room for frames that wait for an earlier one.

#[cfg(feature = "alloc")]
mod heap {
    use alloc::vec::Vec;

    use pptp_gre::{FrameBuffer, LazySlots};

    use crate::session::MAX_RECEIVE;

    /// A frame that waits: memory is taken when it is needed, and kept.
    #[derive(Debug, Default)]
    pub(crate) struct Frame(Vec<u8>);

    impl FrameBuffer for Frame {
        fn store(&mut self, frame: &[u8]) -> bool {
            frame.len() <= MAX_RECEIVE && self.0.store(frame)
        }

        fn frame_mut(&mut self) -> &mut [u8] {
            &mut self.0
        }
    }

    pub(crate) type Slots = LazySlots<Frame>;

    pub(crate) fn new(count: u16) -> Slots {
        LazySlots::new(count.into())
    }
}

#[cfg(not(feature = "alloc"))]
mod none {
    /// Without a heap, 32 packets of 2 KiB would be in place in each call, and most never wait.
    pub(crate) type Slots = pptp_gre::NoSlots;

    pub(crate) const fn new(_: u16) -> Slots {
        []
    }
}

#[cfg(feature = "alloc")]
pub(super) use heap::{Slots, new};
#[cfg(not(feature = "alloc"))]
pub(super) use none::{Slots, new};
