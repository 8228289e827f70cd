//! A call of a session, to send by and to command.

use core::net::Ipv4Addr;
use core::time::Duration;

use ppp_session::ppp::auth::{Answer, AnswerError, Outcome, Secret, Ticket};
use ppp_session::{Batch, ExternalKeys};
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

    /// Reports that the new password of the last answer could not be stored:
    /// [`ppp_session::Session::reject_change`] (RFC 2759 section 7).
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

    /// Answers [`Event::PasswordExpired`](ppp_session::Event::PasswordExpired):
    /// [`ppp_session::Session::change_password`] (RFC 2759 section 7).
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
