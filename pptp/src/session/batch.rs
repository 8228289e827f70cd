//! Many packets at once.

use alloc::boxed::Box;

/// Room in which many packets are encrypted or decrypted side by side, which is faster than one by one.
///
/// It holds nothing between two calls, so one does for all sessions of a thread. 2.5 KiB, on the heap.
///
/// ```
/// use pptp::session::Batch;
/// # use core::time::Duration;
/// # let mut session = pptp::client::Session::new(&pptp::client::Config::new("alice", "wonderland"), [1; 32]);
/// # let now = Duration::ZERO;
///
/// let mut batch = Batch::new();
/// // Some packets from a raw socket.
/// let (mut first, mut second) = ([0x30; 60], [0x30; 60]);
/// session.handle_gre_batch(now, &mut batch, &mut [&mut first, &mut second], |index, received| match received {
///     Ok(received) => println!("packet {index}: {received:?}"),
///     Err(error) => println!("packet {index}: {error}"),
/// });
/// ```
#[derive(Default)]
pub struct Batch {
    pub(crate) cipher: Box<mppe::Batch>,
}

impl Batch {
    /// Room, and nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl core::fmt::Debug for Batch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}
