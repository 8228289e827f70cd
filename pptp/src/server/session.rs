//! The calls of one control connection.

use alloc::boxed::Box;
use core::net::Ipv4Addr;
use core::time::Duration;

use mppe::Side;
use ppp_fsm::auth::{Answer, AnswerError, Outcome, Presented, Ticket};
use ppp_fsm::link::Link;
use pptp_wire::connection::{CallId, CloseReason, Connection};

use super::Config;
use crate::session::{
    self, Batch, BufferTooSmall, Call, ClientStatus, Core, CoreEvent, ExternalKeys, Lent, MppeReport, Reason,
    ReceiveError, Received, Sealing, SendError, SessionReport, Statistics, Status,
};

/// What has happened on a server's control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The control connection is up. [`Session::connection`] tells who the peer says it is.
    Established,
    /// Something has happened on a call. Its first event says that there is one.
    Call {
        /// Our id of the call.
        call: CallId,
        /// What.
        event: session::Event,
    },
    /// The control connection is over, and so are its calls. The last event: send what
    /// [`poll_control`](Session::poll_control) still gives, and close the TCP connection.
    Closed(CloseReason),
}

/// One control connection and its calls, at most `CALLS` at a time; one more is refused.
///
/// It belongs to one TCP connection. A connection takes 4.5 KiB and 800 octets for each of `CALLS`; a call that is up about
/// 24 KiB, [more](session::Compression) where packets are compressed, and up to 64 KiB more for packets that wait for an
/// earlier one, which are kept when they were needed once.
///
/// The example of [`session`](crate::session) has one in conversation.
#[derive(Debug)]
pub struct Session<const CALLS: usize = 4> {
    core: Box<Core<CALLS>>,
}

impl<const CALLS: usize> Session<CALLS> {
    /// A session that has not begun. `entropy` must be unpredictable: call ids, challenges and identifiers come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let core = Core::new(Side::Server, &config.session, &config.link(), None, config.idle_timeout, entropy);
        Self { core: Box::new(core) }
    }

    /// The TCP connection is open.
    pub fn open(&mut self, now: Duration) {
        self.core.open(now);
    }

    /// Ends all calls, then the control connection. [`Event::Closed`] follows, after some seconds at most.
    pub fn close(&mut self, now: Duration) {
        self.core.close(now);
    }

    /// Ends one call. Its [`Closed`](session::Event::Closed) follows, after some seconds at most.
    pub fn close_call(&mut self, now: Duration, call: CallId) {
        let now = self.core.advance(now);
        if let Some(call) = self.core.call_mut(call) {
            call.close(now, Reason::Closed);
        }
        self.core.settle();
    }

    /// The number of a call is one that cannot be told from another call's.
    pub(super) fn abandon(&mut self, call: CallId) {
        let now = self.core.advance(Duration::ZERO);
        self.close_call(now, call);
    }

    /// Octets from TCP. How many were taken: less than all when events or output have to be polled first.
    pub fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        self.core.handle_stream(now, octets)
    }

    /// The TCP connection has ended.
    pub fn handle_disconnect(&mut self, now: Duration) {
        self.core.handle_disconnect(now);
    }

    /// The payload of an IP packet of protocol 47 from the peer, and of which call it is. It is decrypted where it lies.
    ///
    /// After it, [`poll_receive`](Self::poll_receive) may have packets that follow.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_gre<'p>(
        &'p mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<(CallId, Received<'p>), ReceiveError> {
        self.core.handle_gre(now, packet)
    }

    /// The next IP packet that waited for an earlier one, written to `buf`, though not always to its start.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_RECEIVE`](session::MAX_RECEIVE) is enough, or the MRU and 2 if that is more. Nothing is lost.
    pub fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<(CallId, &'b [u8])>, BufferTooSmall> {
        self.core.poll_receive(now, buf)
    }

    /// Sends the IP packet that `buf` has from [`HEADROOM`](session::HEADROOM) on by a call: encrypts it where it lies, and
    /// gives the GRE packet around it, the payload of an IP packet of protocol 47 to the peer.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The packet is as it was.
    pub fn send_ip<'b>(&'b mut self, now: Duration, call: CallId, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        self.core.send_ip(now, Some(call), buf)
    }

    /// As [`send_ip`](Self::send_ip) for many packets of a call, in order. What became of each is told to `each`, with its
    /// index.
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        call: CallId,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        self.core.send_ip_batch(now, Some(call), batch, packets, &mut each);
    }

    /// As [`handle_gre`](Self::handle_gre) for many packets, in the order in which they came; not for more than may wait for
    /// a missing one ([`with_reordering`](session::Config::with_reordering)) before `poll_receive` is asked. What each gave
    /// is told to `each`, with its index. [`Server::handle_gre_batch`](super::Server::handle_gre_batch) is for packets of many sessions.
    pub fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<(CallId, Received<'_>), ReceiveError>),
    ) {
        self.core.handle_gre_batch(now, batch, packets, &mut each);
    }

    /// Begins with a packet that may be decrypted with those of other calls.
    pub(super) fn lend<'p>(
        &mut self,
        now: Duration,
        call: CallId,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Lent<'p>> {
        let now = self.core.advance(now);
        let Some(call) = self.core.live_call(call) else {
            each(Err(ReceiveError::UnknownCall { call_id: call.get() }));
            return None;
        };
        call.lend(now, packet, each)
    }

    /// Gives a call back what it has lent.
    pub(super) fn take_back(
        &mut self,
        now: Duration,
        call: CallId,
        lent: Lent<'_>,
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) {
        let now = self.core.advance(now);
        if let Some(call) = self.core.live_call(call) {
            call.take_back(now, lent, each);
        }
    }

    /// Begins with a packet that may be encrypted with those of other calls.
    pub(super) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        call: CallId,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        let now = self.core.advance(now);
        let Some(call) = self.core.call_to_send(Some(call)) else {
            each(Err(SendError::NoCall));
            return None;
        };
        call.lend_to_send(now, buf, each)
    }

    /// Gives a call back what it has lent.
    pub(super) fn take_back_sealed(
        &mut self,
        call: CallId,
        sealing: Sealing<'_>,
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) {
        if let Some(call) = self.core.call_mut(call) {
            call.take_back_sealed(sealing, each);
        }
    }

    /// The next octets for TCP, written to the start of `buf`.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](session::MAX_TRANSMIT) is enough. Nothing is lost.
    pub fn poll_control<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.core.poll_control(now, buf)
    }

    /// The next GRE packet that is no data: negotiation, acknowledgments. It is written to `buf`, though not always to its
    /// start.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_TRANSMIT`](session::MAX_TRANSMIT) is enough. Nothing is lost.
    pub fn poll_tunnel<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        Ok(self.core.poll_tunnel(now, buf)?.map(|(_, packet)| packet))
    }

    /// What has happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        Some(match self.core.poll_event()? {
            CoreEvent::Established => Event::Established,
            CoreEvent::Call(call, event) => Event::Call { call, event },
            CoreEvent::Closed(reason) => Event::Closed(reason),
        })
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.core.poll_timeout()
    }

    /// The time has come, or not yet, or came long ago.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.core.handle_timeout(now);
    }

    /// What the client of a call presents, while [`Authenticate`](session::Event::Authenticate) waits for an answer.
    #[must_use]
    pub fn presented(&self, call: CallId) -> Option<Presented<'_>> {
        self.link(call)?.presented()
    }

    /// Answers [`Authenticate`](session::Event::Authenticate), now or later.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn answer(
        &mut self,
        now: Duration,
        call: CallId,
        ticket: Ticket,
        answer: &Answer<'_>,
    ) -> Result<Outcome, AnswerError> {
        self.with_call(now, call, |call, now| call.with_link(now, |link| link.answer(now, ticket, answer)))
    }

    /// Answers [`Authenticate`](session::Event::Authenticate) for somebody else who has found the proof good, and has made keys
    /// from it: a RADIUS server. `message` is what the client is told, of MS-CHAP version 2 the `S=…` of MS-CHAP2-Success.
    ///
    /// Without keys nothing is encrypted; where it has to be, the call ends with a reason that says so (Windows' error 742).
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn accept(
        &mut self,
        now: Duration,
        call: CallId,
        ticket: Ticket,
        message: &[u8],
        keys: Option<ExternalKeys>,
    ) -> Result<Outcome, AnswerError> {
        self.with_call(now, call, |call, now| call.accept(now, ticket, message, keys))
    }

    /// RFC 2759 section 7: the new password that the last answer gave
    /// ([`Outcome::PasswordChanged`]) could not be stored, or is not good enough: the client is told (error 709), and the call
    /// ends. To be called right after that answer.
    pub fn reject_change(&mut self, now: Duration, call: CallId) {
        // Without such a call there is nothing to reject.
        let _ = self.with_call(now, call, |call, now| {
            call.with_link(now, |link| link.reject_change(now));
            Ok(())
        });
    }

    /// RFC 1332 section 3.3: the address that the client of a call has to take. To be said before the answer that lets it in.
    pub fn assign_address(&mut self, call: CallId, address: Ipv4Addr) {
        let now = self.core.advance(Duration::ZERO);
        // Without such a call nobody needs it.
        let _ = self.with_call(now, call, |call, now| {
            call.with_link(now, |link| link.set_peer_address(address));
            Ok(())
        });
    }

    /// RFC 1994 section 2: challenges the client of a call again.
    pub fn rechallenge(&mut self, now: Duration, call: CallId) {
        let _ = self.with_call(now, call, |call, now| {
            call.with_link(now, |link| link.rechallenge(now));
            Ok(())
        });
    }

    /// RFC 1570 section 1.2: tells the client of a call when the session will end.
    pub fn send_time_remaining(&mut self, now: Duration, call: CallId, seconds: u32) {
        let _ = self.with_call(now, call, |call, now| {
            call.with_link(now, |link| link.send_time_remaining(now, seconds));
            Ok(())
        });
    }

    fn with_call<T>(
        &mut self,
        now: Duration,
        call: CallId,
        command: impl FnOnce(&mut Call, Duration) -> Result<T, AnswerError>,
    ) -> Result<T, AnswerError> {
        let now = self.core.advance(now);
        let call = self.core.call_mut(call).ok_or(AnswerError::NotAsked)?;
        let result = command(call, now);
        self.core.settle();
        result
    }

    /// Whether [`Event::Closed`] was told.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core.is_over()
    }

    /// How many more calls may be accepted; the rest is refused as busy. Default: any number, as long as there are no more
    /// than `CALLS` at a time.
    pub fn set_call_allowance(&mut self, calls: usize) {
        self.core.set_allowance(calls);
    }

    /// The calls. One whose end was polled is there, to be looked at, until the next [`poll_event`](Self::poll_event).
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        self.core.calls().map(Call::id)
    }

    /// The PPP link of a call.
    #[must_use]
    pub fn link(&self, call: CallId) -> Option<&Link> {
        self.core.call(call).map(Call::link)
    }

    /// The control connection.
    #[must_use]
    pub fn connection(&self) -> &Connection<CALLS> {
        self.core.connection()
    }

    /// Where a call is.
    #[must_use]
    pub fn status(&self, call: CallId) -> Option<Status> {
        self.core.call(call).map(Call::status)
    }

    /// Where a call is, for how long it is connected, and how packets are encoded: what a client's
    /// [`status`](crate::client::Session::status) shows.
    #[must_use]
    pub fn call_status(&self, now: Duration, call: CallId) -> Option<ClientStatus> {
        self.core.call(call).map(|call| ClientStatus::of_call(call, now))
    }

    /// The longest IP packet that may be sent by a call, in octets: the MTU of a network interface.
    #[must_use]
    pub fn mtu(&self, call: CallId) -> Option<u16> {
        self.core.call(call).map(Call::mtu)
    }

    /// The counters of a call.
    #[must_use]
    pub fn statistics(&self, call: CallId) -> Option<Statistics> {
        self.core.call(call).map(Call::statistics)
    }

    /// What `show vpdn session all` shows of a call.
    #[must_use]
    pub fn session_report(&self, now: Duration, call: CallId) -> Option<SessionReport<'_>> {
        Some(SessionReport::new(self.core.connection(), self.core.call(call)?, now))
    }

    /// What `show ppp mppe` shows of a call, while packets are encrypted.
    #[must_use]
    pub fn mppe_report<'s>(&self, call: CallId, interface: &'s str) -> Option<MppeReport<'s>> {
        MppeReport::new(self.core.call(call)?, interface)
    }
}
