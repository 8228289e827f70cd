//! A call of a session, to send by and to command.

use core::time::Duration;

use l2tp_wire::session::SessionId;

use super::call::Machine;
use super::{SendError, Session, Transmit};

/// A call of a [`Session`], to send by and to command. It is borrowed for each use, as a stream of
/// a connection.
#[derive(Debug)]
pub struct CallMut<'s, const CALLS: usize> {
    session: &'s mut Session<CALLS>,
    /// Its place in the session.
    index: usize,
    id: SessionId,
}

impl<const CALLS: usize> Session<CALLS> {
    /// Returns a call, to send by and to command.
    pub fn call_mut(&mut self, id: SessionId) -> Option<CallMut<'_, CALLS>> {
        let index = self.calls().position(|call| call.id() == id)?;
        Some(CallMut { session: self, index, id })
    }

    /// Returns the oldest call, to send by and to command: a client has no other.
    pub fn first_call_mut(&mut self) -> Option<CallMut<'_, CALLS>> {
        let id = self.first_call()?.id();
        Some(CallMut { session: self, index: 0, id })
    }
}

impl<const CALLS: usize> CallMut<'_, CALLS> {
    /// Returns our session id of the call.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    fn with_ppp<T>(&mut self, now: Duration, work: impl FnOnce(&mut ppp_session::Session, Duration) -> T) -> Option<T> {
        self.session.enter_call(now, self.index, |call, now| call.with_ppp(|ppp| work(ppp, now))).flatten()
    }

    /// Sends the IP packet that `buf` has from [`HEADROOM`](super::HEADROOM) on: encrypts it in
    /// place, and returns the packet around it.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The packet is as it was.
    pub fn send_ip<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        let sent = self.session.enter_call(now, self.index, |call, now| {
            if call.is_cleared() { Err(SendError::NoCall) } else { call.send_ip(now, buf) }
        });
        sent.unwrap_or(Err(SendError::NoCall))
    }

    /// Sends the frame that `buf` has from [`HEADROOM`](super::HEADROOM) on, by a call that carries
    /// no PPP (RFC 4719). Returns the packet around it.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The frame is as it was.
    pub fn send_frame<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        let sent = self.session.enter_call(now, self.index, |call, _| {
            if call.is_ending() { Err(SendError::NoCall) } else { call.send_frame(buf) }
        });
        sent.unwrap_or(Err(SendError::NoCall))
    }

    /// Ends this call. Its [`Closed`](super::CallEvent::Closed) follows, after some seconds at most.
    pub fn close(&mut self, now: Duration) {
        self.session.enter_call(now, self.index, Machine::close);
    }

    ppp_session::call_commands!();
}
