//! A call of a session, to send by and to command.

use core::net::Ipv4Addr;
use core::time::Duration;

use l2tp_wire::session::SessionId;
use ppp_session::ExternalKeys;
use ppp_session::ppp::auth::{Answer, AnswerError, Outcome, Secret, Ticket};

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
        self.session.enter_call(now, self.index, |call, now| call.with_ppp(now, |ppp| work(ppp, now))).flatten()
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

    /// Answers [`Event::Authenticate`](ppp_session::Event::Authenticate), now or later.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.answer(now, ticket, answer)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Answers [`Event::Authenticate`](ppp_session::Event::Authenticate) for a RADIUS server:
    /// [`ppp_session::Session::accept`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn accept(
        &mut self,
        now: Duration,
        ticket: Ticket,
        message: &[u8],
        keys: Option<ExternalKeys>,
    ) -> Result<Outcome, AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.accept(now, ticket, message, keys)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Reports that the new password of the last answer could not be stored (RFC 2759 section 7):
    /// [`ppp_session::Session::reject_change`].
    pub fn reject_change(&mut self, now: Duration) {
        self.with_ppp(now, ppp_session::Session::reject_change);
    }

    /// Sets the address that the client has to take (RFC 1332 section 3.3). Call it before the
    /// answer that lets it in; and again for a client that
    /// [wants](ppp_session::Event::AddressWanted) another address and may have it.
    pub fn assign_address(&mut self, address: Ipv4Addr) {
        self.with_ppp(Duration::ZERO, |ppp, _| ppp.assign_address(address));
    }

    /// Challenges the client again (RFC 1994 section 2).
    pub fn rechallenge(&mut self, now: Duration) {
        self.with_ppp(now, ppp_session::Session::rechallenge);
    }

    /// Sends the time in seconds until the session will end (RFC 1570 section 1.2).
    pub fn send_time_remaining(&mut self, now: Duration, seconds: u32) {
        self.with_ppp(now, |ppp, now| ppp.send_time_remaining(now, seconds));
    }

    /// Answers [`Event::Prove`](ppp_session::Event::Prove) with another name or password.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn prove(&mut self, now: Duration, ticket: Ticket, name: &str, secret: &Secret<'_>) -> Result<(), AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.prove(now, ticket, name, secret)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Answers [`Event::Prove`](ppp_session::Event::Prove) with a no:
    /// [`ppp_session::Session::decline`].
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`].
    pub fn decline(&mut self, now: Duration, ticket: Ticket) -> Result<(), AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.decline(now, ticket)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Answers [`Event::PasswordExpired`](ppp_session::Event::PasswordExpired) (RFC 2759 section
    /// 7): [`ppp_session::Session::change_password`].
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`], or [`AnswerError::TooLong`] for more than 256 characters.
    pub fn change_password(&mut self, now: Duration, new: &str) -> Result<(), AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.change_password(now, new)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Answers [`Event::Prove`](ppp_session::Event::Prove) with a packet of another end of EAP (RFC
    /// 3748).
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn send_eap(&mut self, now: Duration, ticket: Ticket, packet: &[u8]) -> Result<(), AnswerError> {
        self.with_ppp(now, |ppp, now| ppp.send_eap(now, ticket, packet)).unwrap_or(Err(AnswerError::NotAsked))
    }

    /// Asks the peer for an Echo-Reply now (RFC 1661 section 5.8).
    pub fn ping(&mut self, now: Duration) {
        self.with_ppp(now, ppp_session::Session::ping);
    }
}
