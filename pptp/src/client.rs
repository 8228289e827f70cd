//! A client: it dials a server, proves who it is, and carries IP packets.
//!
//! How a session is driven is said in [`session`], with a whole loop.

use alloc::boxed::Box;
use core::net::Ipv4Addr;
use core::time::Duration;

use mppe::Side;
use mschap::NtHash;
use ppp_fsm::auth::{AnswerError, Secret, Ticket};
use ppp_fsm::link::Link;
use ppp_fsm::negotiate::Opening;
use ppp_fsm::{Text, ipcp, ipv6cp, lcp};
use pptp_wire::connection::{CallId, Connection};

use crate::session::{
    self, Batch, BufferTooSmall, Call, ClientStatus, Core, CoreEvent, Credentials, Event, MppeReport, Reason,
    ReceiveError, Received, SendError, SessionReport, Statistics, Status,
};

/// Who a client is, and what it wants.
///
/// ```
/// use core::net::Ipv4Addr;
/// use pptp::{client, session};
///
/// let config = client::Config::new("alice", "wonderland")
///     .with_session(session::Config::interop())
///     .with_address(Ipv4Addr::new(10, 0, 0, 7));
/// // Passwords are not shown.
/// assert!(!format!("{config:?}").contains("wonderland"));
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    session: session::Config,
    credentials: Credentials,
    address: Option<Ipv4Addr>,
    name_servers_wanted: bool,
}

impl Config {
    /// A name, with its domain in front where there is one (`DOMAIN\name`), and its password.
    #[must_use]
    pub fn new(name: &str, password: &str) -> Self {
        Self::with_credentials(Credentials::with_password(name.as_bytes(), password.as_bytes()))
    }

    /// The same for who has the NT hash of the password alone: MS-CHAP needs no more.
    #[must_use]
    pub fn with_nt_hash(name: &str, hash: NtHash) -> Self {
        Self::with_credentials(Credentials::with_nt_hash(name.as_bytes(), hash))
    }

    fn with_credentials(credentials: Credentials) -> Self {
        Self { session: session::Config::strict(), credentials, address: None, name_servers_wanted: true }
    }

    /// What both sides may set. Default: [`session::Config::strict`].
    #[must_use]
    pub fn with_session(self, session: session::Config) -> Self {
        Self { session, ..self }
    }

    /// RFC 1332 section 3.3: an address to ask for; another one is taken when the server insists. Default: what the server
    /// gives.
    #[must_use]
    pub fn with_address(self, address: Ipv4Addr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// RFC 1877: whether to ask for name servers, DNS and NBNS. Default: yes.
    #[must_use]
    pub fn with_name_servers_wanted(self, wanted: bool) -> Self {
        Self { name_servers_wanted: wanted, ..self }
    }
}

/// One dialed call and its control connection.
///
/// It belongs to one TCP connection: to dial again, make another one. It takes 5.5 KiB, about 29 KiB once the call is up,
/// [more](session::Compression) where packets are compressed, and up to 64 KiB more for packets that wait for an earlier
/// one, which are kept when they were needed once.
///
/// ```
/// use core::time::Duration;
/// use pptp::client::{Config, Session};
/// use pptp::session::{Event, MAX_TRANSMIT};
/// use pptp::wire::Message;
///
/// let now = Duration::ZERO;
/// let mut session = Session::new(&Config::new("alice", "wonderland"), [7; 32]); // unpredictable octets
/// session.open(now);
/// // The first octets for TCP.
/// let mut buf = [0; MAX_TRANSMIT];
/// let octets = session.poll_control(now, &mut buf)?.unwrap();
/// assert_eq!(Message::decode(octets)?.0.name(), "Start-Control-Connection-Request");
///
/// // Nobody answers.
/// let deadline = session.poll_timeout().unwrap();
/// assert_eq!(deadline, Duration::from_secs(10));
/// session.handle_timeout(deadline);
/// let Some(Event::Closed(reason)) = session.poll_event() else { panic!("not closed") };
/// assert_eq!(reason.to_string(), "the peer has not started the connection in time: is it a PPTP peer?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Session {
    core: Box<Core<1>>,
    /// Why the call ended, until the control connection has ended too.
    reason: Option<Reason>,
    is_over: bool,
}

impl Session {
    /// A session that has not begun. `entropy` must be unpredictable: call ids, challenges and identifiers come from it.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let lcp = lcp::Config::default().with_own_authentication(config.session.authentication);
        let ipcp = match config.address {
            Some(address) => ipcp::Config::new(address).with_other_address_taken(true),
            None => ipcp::Config::default(),
        };
        let ipcp = ipcp
            .with_name_servers_wanted(config.name_servers_wanted)
            .with_netbios_name_servers_wanted(config.name_servers_wanted);
        let link = config.session.link(lcp, ipcp, ipv6cp::Config::default(), Opening::Active);
        let credentials = Some(config.credentials.clone());
        let core = Box::new(Core::new(Side::Client, &config.session, &link, credentials, Duration::MAX, entropy));
        Self { core, reason: None, is_over: false }
    }

    /// The TCP connection to port 1723 is open.
    pub fn open(&mut self, now: Duration) {
        self.core.open(now);
    }

    /// Hangs up: PPP first, then the call, then the control connection. [`Event::Closed`] follows, after some seconds at
    /// most.
    pub fn close(&mut self, now: Duration) {
        self.core.close(now);
    }

    /// Octets from TCP. How many were taken: less than all when events or output have to be polled first.
    pub fn handle_stream(&mut self, now: Duration, octets: &[u8]) -> usize {
        self.core.handle_stream(now, octets)
    }

    /// The TCP connection has ended.
    pub fn handle_disconnect(&mut self, now: Duration) {
        self.core.handle_disconnect(now);
    }

    /// The payload of an IP packet of protocol 47 from the server. It is decrypted where it lies.
    ///
    /// After it, [`poll_receive`](Self::poll_receive) may have packets that follow.
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]: it gave nothing.
    pub fn handle_gre<'p>(&'p mut self, now: Duration, packet: &'p mut [u8]) -> Result<Received<'p>, ReceiveError> {
        self.core.handle_gre(now, packet).map(|(_, received)| received)
    }

    /// The next IP packet that waited for an earlier one, written to `buf`, though not always to its start.
    ///
    /// # Errors
    ///
    /// [`BufferTooSmall`]: [`MAX_RECEIVE`](session::MAX_RECEIVE) is enough, or the MRU and 2 if that is more. Nothing is lost.
    pub fn poll_receive<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        Ok(self.core.poll_receive(now, buf)?.map(|(_, packet)| packet))
    }

    /// Sends the IP packet that `buf` has from [`HEADROOM`](session::HEADROOM) on: encrypts it where it lies, and gives the
    /// GRE packet around it, the payload of an IP packet of protocol 47 to the server.
    ///
    /// # Errors
    ///
    /// [`SendError`]: nothing was sent. The packet is as it was.
    pub fn send_ip<'b>(&'b mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        self.core.send_ip(now, None, buf)
    }

    /// As [`send_ip`](Self::send_ip) for many packets, in order. What became of each is told to `each`, with its index.
    pub fn send_ip_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<&[u8], SendError>),
    ) {
        self.core.send_ip_batch(now, None, batch, packets, &mut each);
    }

    /// As [`handle_gre`](Self::handle_gre) for many packets, in the order in which they came; not for more than may wait for
    /// a missing one ([`with_reordering`](session::Config::with_reordering)) before `poll_receive` is asked. What each gave
    /// is told to `each`, with its index.
    pub fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<Received<'_>, ReceiveError>),
    ) {
        let mut each = |index: usize, received: Result<(CallId, Received<'_>), ReceiveError>| {
            each(index, received.map(|(_, received)| received));
        };
        self.core.handle_gre_batch(now, batch, packets, &mut each);
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

    /// What has happened. [`Event::Closed`] is the last: send what [`poll_control`](Self::poll_control) still gives, and
    /// close the TCP connection.
    pub fn poll_event(&mut self) -> Option<Event> {
        while let Some(event) = self.core.poll_event() {
            match event {
                CoreEvent::Established => {}
                CoreEvent::Call(_, Event::Closed(reason)) => self.reason = Some(reason),
                CoreEvent::Call(_, event) => return Some(event),
                CoreEvent::Closed(control) => {
                    self.is_over = true;
                    let refused = self.core.refused().map(Reason::Call);
                    let reason = self.reason.or(refused).unwrap_or(Reason::of_connection(control));
                    self.reason = Some(reason);
                    return Some(Event::Closed(reason));
                }
            }
        }
        None
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

    fn call(&self) -> Option<&Call> {
        self.core.calls().next()
    }

    fn with_call<T>(&mut self, command: impl FnOnce(&mut Call) -> Result<T, AnswerError>) -> Result<T, AnswerError> {
        let id = self.call().map(Call::id).ok_or(AnswerError::NotAsked)?;
        let result = self.core.call_mut(id).ok_or(AnswerError::NotAsked).and_then(command);
        self.core.settle();
        result
    }

    /// Answers [`Event::Prove`] with another name or password.
    ///
    /// # Errors
    ///
    /// [`AnswerError`].
    pub fn prove(&mut self, now: Duration, ticket: Ticket, name: &str, secret: &Secret<'_>) -> Result<(), AnswerError> {
        let now = self.core.advance(now);
        self.with_call(|call| call.with_link(now, |link| link.prove(now, ticket, name.as_bytes(), secret)))
    }

    /// RFC 2759 section 7: answers [`Event::PasswordExpired`]. The new password is proved with from now on; when the server
    /// does not take it, the session ends with error 709.
    ///
    /// # Errors
    ///
    /// [`AnswerError::NotAsked`], or [`AnswerError::TooLong`] for more than 256 characters.
    pub fn change_password(&mut self, now: Duration, new: &str) -> Result<(), AnswerError> {
        let now = self.core.advance(now);
        self.with_call(|call| call.change_password(now, new))
    }

    /// RFC 1661 section 5.8: asks the server for an Echo-Reply now.
    pub fn ping(&mut self, now: Duration) {
        let now = self.core.advance(now);
        // Without a call there is nobody to ask.
        let _ = self.with_call(|call| {
            call.with_link(now, |link| link.ping(now));
            Ok(())
        });
    }

    /// What IPCP agreed on, while IPv4 flows.
    #[must_use]
    pub fn ip(&self) -> Option<ipcp::Agreed> {
        self.link()?.ip()
    }

    /// What IPV6CP agreed on, while IPv6 flows.
    #[must_use]
    pub fn ipv6(&self) -> Option<ipv6cp::Agreed> {
        self.link()?.ipv6()
    }

    /// The longest IP packet that may be sent, in octets: the MTU of a network interface.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.call().map_or(self.core.config().mtu(), Call::mtu)
    }

    /// The PPP link, once the call is up.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        self.call().map(Call::link)
    }

    /// The control connection.
    #[must_use]
    pub fn connection(&self) -> &Connection<1> {
        self.core.connection()
    }

    /// Why the session ended, if it has.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.reason.filter(|_| self.is_over)
    }

    /// What `monitor` shows.
    #[must_use]
    pub fn status(&self, now: Duration) -> ClientStatus {
        let call = self.call().map(|call| ClientStatus::of_call(call, now));
        let dialing = ClientStatus::default();
        match call {
            _ if self.is_over => ClientStatus { status: Status::Terminated, ..dialing },
            Some(status) => status,
            None => dialing,
        }
    }

    /// The counters, once the call is up.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        self.call().map(Call::statistics)
    }

    /// What `show vpdn session all` shows, once the call is up.
    #[must_use]
    pub fn session_report(&self, now: Duration) -> Option<SessionReport<'_>> {
        Some(SessionReport::new(self.core.connection(), self.call()?, now))
    }

    /// What `show ppp mppe` shows, while packets are encrypted.
    #[must_use]
    pub fn mppe_report<'s>(&self, interface: &'s str) -> Option<MppeReport<'s>> {
        MppeReport::new(self.call()?, interface)
    }

    /// RFC 1570 section 1.1: who the server says it is.
    #[must_use]
    pub fn peer_identification(&self) -> Text<'_> {
        self.link().map(Link::peer_identification).unwrap_or_default()
    }
}
