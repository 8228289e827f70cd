//! A call of a session, to send by and to command.

use core::time::Duration;

#[cfg(feature = "alloc")]
use ppp_session::Batch;
use pptp_wire::connection::CallId;

use super::call::Machine;
use super::{SendError, Session};

/// A call of a [`Session`], to send by and to command. It is borrowed again for each use, as a
/// stream of a connection.
#[derive(Debug)]
pub struct CallMut<'s, const CALLS: usize> {
    session: &'s mut Session<CALLS>,
    /// Its place in the session.
    index: usize,
    id: CallId,
}

impl<const CALLS: usize> Session<CALLS> {
    /// Returns a call, to send by and to command.
    pub fn call_mut(&mut self, id: CallId) -> Option<CallMut<'_, CALLS>> {
        let index = self.calls().position(|call| call.id() == id)?;
        Some(CallMut::new(self, index, id))
    }

    /// Returns the oldest call, to send by and to command: a client has no other.
    pub fn first_call_mut(&mut self) -> Option<CallMut<'_, CALLS>> {
        let id = self.first_call()?.id();
        Some(CallMut::new(self, 0, id))
    }
}

impl<'s, const CALLS: usize> CallMut<'s, CALLS> {
    const fn new(session: &'s mut Session<CALLS>, index: usize, id: CallId) -> Self {
        Self { session, index, id }
    }

    /// Returns our id of the call.
    #[must_use]
    pub const fn id(&self) -> CallId {
        self.id
    }

    fn with_ppp<T>(&mut self, now: Duration, work: impl FnOnce(&mut ppp_session::Session, Duration) -> T) -> Option<T> {
        self.session.enter_call(now, self.index, |call, now| call.with_ppp(now, |ppp| work(ppp, now)))
    }

    /// Sends the IP packet that `buf` has from [`HEADROOM`](super::HEADROOM) on, encrypted in
    /// place. Returns the GRE packet around it, which is the payload of an IP packet of protocol 47
    /// to the peer.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The packet is as it was.
    pub fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        let sent = self.session.enter_call(now, self.index, |call, now| {
            if call.is_cleared() { Err(SendError::NoCall) } else { call.send_ip(now, buf) }
        });
        sent.unwrap_or(Err(SendError::NoCall))
    }

    /// Sends many packets, in order, as [`send_ip`](Self::send_ip) does. The result of each goes to
    /// `each`, with its index.
    #[cfg(feature = "alloc")]
    #[cfg_attr(docsrs, doc(cfg(feature = "alloc")))]
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        self.session.enter_call(now, self.index, |call, now| {
            if call.is_cleared() {
                (0..packets.len()).for_each(|index| each(index, Err(SendError::NoCall)));
            } else {
                call.send_ip_batch(now, batch, packets, &mut each);
            }
        });
    }

    /// Ends this call. Its [`Closed`](super::CallEvent::Closed) follows, after some seconds at
    /// most.
    pub fn close(&mut self, now: Duration) {
        self.session.enter_call(now, self.index, Machine::close);
    }

    ppp_session::call_commands!();
}
