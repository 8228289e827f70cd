//! Packets, and what their buffers have to be.

use core::mem::MaybeUninit;

use crate::address::Address;

/// Room in front of an IP packet that is to be sent, in bytes, whatever carries it.
pub const HEADROOM: usize = 64;

/// The length of a buffer that is enough for every function that fills one, in bytes.
pub const BUFFER_LENGTH: usize = 2048;

/// Unpredictable bytes that a session or a server is made of.
pub const ENTROPY_LENGTH: usize = 32;

/// "No deadline": what `poll_timeout` functions return when nothing is to be waited for.
pub const NO_DEADLINE: u64 = u64::MAX;

// The header has numbers, so the numbers of the crates are checked here.
const _: () = assert!(HEADROOM >= pptp::session::HEADROOM && HEADROOM >= l2tp_session::session::HEADROOM);
const _: () =
    assert!(BUFFER_LENGTH >= pptp::session::MAX_TRANSMIT && BUFFER_LENGTH >= l2tp_session::session::MAX_TRANSMIT);
const _: () =
    assert!(BUFFER_LENGTH >= pptp::session::MAX_RECEIVE && BUFFER_LENGTH >= l2tp_session::session::MAX_RECEIVE);

/// Bytes that a function has left in the caller's buffer.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Packet {
    /// The first byte, within the buffer that the function was given: not always its start.
    pub data: *mut u8,
    /// The length in bytes.
    pub length: usize,
    /// Of a server: the connection (PPTP) or tunnel (L2TP). 0 of a client.
    pub connection: u64,
    /// The id of the call, where the packet belongs to one.
    pub call: u32,
    /// Where an L2TP packet is to be sent. Of PPTP, and of a packet that was received, version 0.
    pub address: Address,
}

/// A packet within a buffer of the caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lent<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) call: u32,
    pub(crate) address: Address,
}

impl Lent<'_> {
    /// Makes what C gets of it. The bytes lie in a buffer that the caller may write to.
    pub(crate) const fn packet(&self, connection: u64) -> Packet {
        Packet {
            data: self.bytes.as_ptr().cast_mut(),
            length: self.bytes.len(),
            connection,
            call: self.call,
            address: self.address,
        }
    }
}

/// Writes a packet where C wants it. Without one it has no bytes, and the connection, which C polls next. Returns 1 for a
/// packet, and 0 for none.
///
/// The place is asked for before anything is polled: what was polled must not be lost for a wrong
/// pointer.
pub(crate) fn give(to: &mut MaybeUninit<Packet>, connection: u64, found: Option<Lent<'_>>) -> i32 {
    let none = Lent { bytes: &[], call: 0, address: Address::NONE };
    to.write(found.unwrap_or(none).packet(connection));
    i32::from(found.is_some())
}
