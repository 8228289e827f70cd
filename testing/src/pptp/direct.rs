//! A client and a server's session without a network between them: what one sends, the other has at once.

use pptp::ppp_session;
use std::net::IpAddr;
use std::time::Duration;

use pptp::client;
use pptp::ppp::auth::Answer;
use pptp::server::{ConnectionId, Server, Session};
use pptp::session::{self, CallEvent, Event, MAX_RECEIVE, ReceiveError};
use pptp::wire::connection::CallId;

use super::{CLIENT_ADDRESS, OneCall as _, PASSWORD, client_config, server_config};
use crate::{CLIENT, Flight, SERVER};

/// Whatever has a server's session.
pub trait Peer<const N: usize> {
    /// Gives commands.
    fn with<R>(&mut self, command: impl FnOnce(&mut Session<N>) -> R) -> R;
    /// Hands over bytes from TCP.
    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize;
    /// Hands over a GRE packet; `take` looks at the IP packet in it.
    fn handle_gre<R>(
        &mut self,
        now: Duration,
        packet: &mut [u8],
        take: impl FnOnce(Result<Option<&[u8]>, ReceiveError>) -> R,
    ) -> R;
}

impl<const N: usize> Peer<N> for Session<N> {
    fn with<R>(&mut self, command: impl FnOnce(&mut Self) -> R) -> R {
        command(self)
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        Self::handle_stream(self, now, bytes)
    }

    fn handle_gre<R>(
        &mut self,
        now: Duration,
        packet: &mut [u8],
        take: impl FnOnce(Result<Option<&[u8]>, ReceiveError>) -> R,
    ) -> R {
        match Self::handle_gre(self, now, packet, &mut [0; MAX_RECEIVE]) {
            Ok((_, received)) => take(Ok(received.ip())),
            Err(error) => take(Err(error)),
        }
    }
}

/// One connection of a server of many.
#[derive(Debug)]
pub struct Guest<'s, const N: usize> {
    /// The server.
    pub server: &'s mut Server<N>,
    /// The connection.
    pub id: ConnectionId,
    /// The address of its client.
    pub peer: IpAddr,
}

impl<const N: usize> Peer<N> for Guest<'_, N> {
    fn with<R>(&mut self, command: impl FnOnce(&mut Session<N>) -> R) -> R {
        command(&mut self.server.session_mut(self.id).unwrap())
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.server.handle_stream(now, self.id, bytes)
    }

    fn handle_gre<R>(
        &mut self,
        now: Duration,
        packet: &mut [u8],
        take: impl FnOnce(Result<Option<&[u8]>, ReceiveError>) -> R,
    ) -> R {
        match self.server.handle_gre(now, self.peer, packet, &mut [0; MAX_RECEIVE]) {
            Ok((_, _, received)) => take(Ok(received.ip())),
            Err(error) => take(Err(error)),
        }
    }
}

/// The packets from one side to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried<'a> {
    /// Bytes of TCP.
    Stream(&'a [u8]),
    /// A GRE packet.
    Datagram(&'a [u8]),
}

/// Hands over what both have to send until neither has anything. `see` gets the sender and what it sends.
///
/// The server's user knows the password, and nothing is allowed to end.
pub fn exchange<const N: usize>(
    now: Duration,
    client: &mut client::Session,
    server: &mut impl Peer<N>,
    mut see: impl FnMut(usize, Carried<'_>),
) {
    let mut clock = now;
    while {
        hand_over(clock, client, server, &mut see);
        // A client may hold an answer for a moment, and a request that it refused meanwhile comes again.
        let next = client.poll_timeout().into_iter().chain(server.with(|session| session.poll_timeout())).min();
        clock = next.unwrap_or(Duration::MAX);
        let is_up = client.ip().is_some() && server.with(|session| session.ip().is_some());
        !is_up && clock <= now + Duration::from_secs(10)
    } {
        client.handle_timeout(clock);
        server.with(|session| session.handle_timeout(clock));
    }
}

fn hand_over<const N: usize>(
    now: Duration,
    client: &mut client::Session,
    server: &mut impl Peer<N>,
    see: &mut impl FnMut(usize, Carried<'_>),
) {
    let mut buf = [0; MAX_RECEIVE];
    let mut flight = Flight::default();
    let mut is_any = true;
    while std::mem::take(&mut is_any) {
        while let Some(bytes) = client.poll_control(now, &mut buf).unwrap() {
            see(CLIENT, Carried::Stream(bytes));
            assert_eq!(server.handle_stream(now, bytes), bytes.len());
            is_any = true;
        }
        while let Some(length) = server.with(|session| session.poll_control(now, &mut buf).unwrap().map(<[u8]>::len)) {
            see(SERVER, Carried::Stream(&buf[..length]));
            assert_eq!(client.handle_stream(now, &buf[..length]), length);
            is_any = true;
        }
        while let Some(packet) = client.poll_tunnel(now, &mut buf).unwrap() {
            see(CLIENT, Carried::Datagram(packet));
            flight.put(SERVER, packet.to_vec());
        }
        while let Some(packet) = server.with(|session| session.poll_tunnel(now, &mut buf).unwrap().map(<[u8]>::to_vec))
        {
            see(SERVER, Carried::Datagram(&packet));
            flight.put(CLIENT, packet);
        }
        // One packet at a time: a side that is not polled in between refuses the next one.
        if let Some((to, mut packet)) = flight.take_any() {
            let mut scratch = [0; MAX_RECEIVE];
            let is_ip = if to == CLIENT {
                let received = client.handle_gre(now, &mut packet, &mut scratch);
                received.is_ok_and(|(_, received)| received.ip().is_some())
            } else {
                server.handle_gre(now, &mut packet, |received| matches!(received, Ok(Some(_))))
            };
            assert!(!is_ip);
            is_any = true;
        }
        while let Some(event) = client.poll_event() {
            assert!(!matches!(event, Event::Closed(_) | Event::Call { event: CallEvent::Closed(_), .. }), "{event:?}");
            is_any = true;
        }
        is_any |= server.with(|session| answer(now, session));
    }
}

/// Takes the events of a server's session, whose user knows the password. Returns whether there were any.
pub fn answer<const N: usize>(now: Duration, session: &mut Session<N>) -> bool {
    let mut is_any = false;
    while let Some(event) = session.poll_event() {
        is_any = true;
        if let Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } = event {
            session.call_mut(call).unwrap().assign_address(CLIENT_ADDRESS);
            session
                .call_mut(call)
                .unwrap()
                .answer(now, question.ticket(), &Answer::Password(PASSWORD.as_bytes()))
                .unwrap();
        }
    }
    is_any
}

/// Returns the call of a session on which IP flows.
pub fn call_of<const N: usize>(server: &mut impl Peer<N>) -> CallId {
    server.with(|session| {
        let call = session.calls().next().map(|call| call.id()).unwrap();
        assert!(session.call(call).map(|call| call.ppp().link()).unwrap().ip().is_some());
        call
    })
}

/// Returns a client and a server with the same wishes, and the call that is up between them.
pub fn connected(
    now: Duration,
    config: &session::Config,
    see: impl FnMut(usize, Carried<'_>),
) -> (client::Session, Session, CallId) {
    let mut client = client::Session::new(&client_config(config), [1; 32]);
    let mut server: Session = Session::new(&server_config(config), [2; 32]);
    client.open(now);
    server.open(now);
    exchange(now, &mut client, &mut server, see);
    assert!(client.first_call().is_some_and(|call| call.ppp().ip().is_some()));
    let call = call_of(&mut server);
    (client, server, call)
}
