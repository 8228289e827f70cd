//! PPTP in one shard: TCP connections, GRE, and the sessions between them and the device.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use pptp::inspect::Direction;
use pptp::ppp_session::Batch;
use pptp::report::SessionReport;
use pptp::server::{ConnectionId, Limits, Server, SessionMut, Shard};
use pptp::session::{Call, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received};
use pptp::wire::connection::CallId;

use super::come::{CONNECTIONS, Come, GRES};
use super::command::Selection;
use super::debug::{Debugs, Input, Whose};
use super::key::{Key, Kind};
use super::ledger::Ledger;
use super::line::Visit;
use super::listener::Arrival;
use super::output::complain;
use super::seats::Seat;
use super::settings::PptpSettings;
use super::state::State;
use crate::config::Limits as Configured;
use crate::host::{Failure, Gre, Interest, Poller, Stream, entropy};
use crate::radius::{Counters, TerminateCause};
use call::{hear, usage, visit};

pub(super) use call::host_name;

mod call;

/// TCP port of RFC 2637 section 3.
pub(super) const PORT: u16 = 1723;
/// The room that a packet has to have in front, in bytes.
pub(super) const ROOM: usize = HEADROOM;
/// How many packets are decrypted at once: as many as may wait for a missing one.
const LOT: usize = 16;

/// A TCP connection, and what is waited for there.
struct Tcp {
    id: ConnectionId,
    /// Which of our addresses the client has called: GRE leaves from there too, or the client does not take it.
    own: Ipv4Addr,
    stream: Stream,
    interest: Interest,
    _seat: Seat,
}

/// The control connections of a shard, and their calls.
pub(super) struct Pptp {
    server: Server,
    limits: Limits,
    shard: Shard,
    /// How many calls there were at the end of the last turn.
    calls: usize,
    terminate_from: Option<String>,
    /// By their numbers for the poller.
    connections: BTreeMap<u64, Tcp>,
    gres: BTreeMap<Ipv4Addr, Gre>,
    batch: Batch,
}

/// A packet for a call, behind [`ROOM`].
pub(super) type Packet<'p> = (ConnectionId, CallId, &'p mut [u8]);

impl Pptp {
    /// Knows no connection yet. The limits are those of all shards together.
    ///
    /// # Errors
    ///
    /// A permission is missing.
    pub(super) fn new(settings: PptpSettings, limits: Configured, shard: Shard) -> Result<Self, Failure> {
        // Steps that need permission come first. Each of our addresses has a socket of its own, later.
        drop(Gre::open()?);
        // Calls are allowed turn by turn.
        let limits = Limits::default()
            .with_connections(limits.connections)
            .with_connections_per_address(limits.connections_per_address)
            .with_calls(0);
        Ok(Self {
            server: Server::new(settings.config, limits.clone()).with_shard(shard),
            limits,
            shard,
            calls: 0,
            terminate_from: settings.terminate_from,
            connections: BTreeMap::new(),
            gres: BTreeMap::new(),
            batch: Batch::new(),
        })
    }

    /// Allows so many more calls in this turn.
    pub(super) fn begin_turn(&mut self, spare: usize) {
        self.server.set_limits(self.limits.clone().with_calls(self.calls.saturating_add(spare)));
    }

    /// Returns how many calls there were at the end of the last turn, and how many there are now.
    pub(super) fn end_turn(&mut self) -> (usize, usize) {
        let now = self.server.calls();
        (std::mem::replace(&mut self.calls, now), now)
    }

    /// Has new connections begin with these settings. The others keep theirs.
    pub(super) fn set(&mut self, settings: PptpSettings) {
        self.server.set_config(settings.config);
        self.terminate_from = settings.terminate_from;
    }

    /// Returns the sessions, to look at.
    pub(super) const fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.server.poll_timeout()
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        self.server.handle_timeout(now);
    }

    /// Takes bytes and packets from the network.
    pub(super) fn receive(&mut self, now: Duration, come: &Come, state: &mut State, debugs: &Debugs) {
        // GRE first: how a call ends there says more than how it ends on the control connection.
        for bits in come.of(GRES) {
            let own = u32::try_from(bits).map_or(Ipv4Addr::UNSPECIFIED, Ipv4Addr::from_bits);
            self.receive_gre(now, own, state, debugs);
        }
        for number in come.of(CONNECTIONS) {
            self.read(now, CONNECTIONS | number);
        }
    }

    /// Takes a connection over.
    ///
    /// # Errors
    ///
    /// The system's: the connection is closed.
    pub(super) fn take(&mut self, now: Duration, arrival: Arrival, poller: &Poller) -> Result<(), Failure> {
        let Arrival { tcp, peer, seat } = arrival;
        let failed = |error| Failure::of_system("a connection", &error);
        let own = self.own_address(&tcp, poller)?;
        let stream = Stream::new(tcp).map_err(failed)?;
        let accepted = self.server.accept(now, peer.ip(), entropy()?);
        let id = accepted.map_err(|error| Failure::other(error.to_string()))?;
        let interest = stream.interest();
        if let Err(error) = poller.add(&stream, number(id), interest) {
            self.server.remove(id);
            return Err(failed(error));
        }
        self.connections.insert(number(id), Tcp { id, own, stream, interest, _seat: seat });
        Ok(())
    }

    /// Returns the address that a client has called, and makes sure that it has a socket for GRE.
    fn own_address(&mut self, tcp: &TcpStream, poller: &Poller) -> Result<Ipv4Addr, Failure> {
        let failed = |error| Failure::of_system("a connection", &error);
        let SocketAddr::V4(own) = tcp.local_addr().map_err(failed)? else {
            return Err(Failure::other("PPTP has IPv4 addresses only".to_owned()));
        };
        let own = *own.ip();
        if let Entry::Vacant(place) = self.gres.entry(own) {
            let gre = Gre::open()?;
            // Each shard gets the packets of its own calls.
            if self.shard != Shard::ALL {
                gre.filter(self.shard).map_err(failed)?;
            }
            gre.bind(own).map_err(failed)?;
            poller.add(&gre, GRES | u64::from(own.to_bits()), Interest::Read).map_err(failed)?;
            place.insert(gre);
        }
        Ok(own)
    }

    /// Reads from TCP.
    fn read(&mut self, now: Duration, number: u64) {
        let Some(&mut Tcp { id, ref mut stream, interest, .. }) = self.connections.get_mut(&number) else { return };
        stream.flush();
        // Nothing was waited for, and something has come: it is broken. The rest of its output was
        // not taken, and stays so.
        let is_broken = interest == Interest::Nothing;
        if stream.read() || is_broken {
            self.server.handle_disconnect(now, id);
        }
        // It is polled once more: TCP may have room again.
        drop(self.server.session_mut(id));
    }

    /// Sends what the sessions have to send, and hears their events, until there is nothing more.
    pub(super) fn settle(&mut self, now: Duration, poller: &Poller, state: &mut State, debugs: &Debugs) {
        loop {
            let Some(mut session) = self.server.poll_ready() else { break };
            let id = session.id();
            let Self { connections, gres, terminate_from, .. } = self;
            while let Some(event) = session.poll_event() {
                hear(now, &mut session, state, terminate_from.as_deref(), event);
            }
            let Some(Tcp { own, stream, .. }) = connections.get_mut(&number(id)) else {
                // Its TCP connection could not be waited for.
                session.remove();
                continue;
            };
            let whose = whose(&session, *own);
            // The end of a call in the tunnel is to arrive before the end on the control
            // connection, or the client does not learn the reason. At the beginning it is the other
            // way round: the client waits for the reply to its call.
            let is_new = session.calls().any(|call| call.statistics().tunnel.packets_received == 0);
            let mut buf = [0; MAX_TRANSMIT];
            for is_control in [is_new, !is_new] {
                if is_control {
                    // The buffer is long enough.
                    while let (true, Ok(Some(bytes))) = (stream.has_room(), session.poll_control(now, &mut buf)) {
                        debugs.show(now, whose, Direction::ToClient, Input::Control(bytes));
                        stream.send(bytes);
                    }
                } else if let (IpAddr::V4(address), Some(gre)) = (whose.peer, gres.get_mut(own)) {
                    while let Ok(Some(packet)) = session.poll_tunnel(now, &mut buf) {
                        debugs.show(now, whose, Direction::ToClient, Input::Gre(packet));
                        gre.send_to(address, packet);
                    }
                    // Before TCP has the reply.
                    gre.flush();
                }
            }
            deliver_waiting(now, &mut session, state);
            let is_closed = session.is_closed();
            drop(session);
            self.settle_stream(now, whose, (id, is_closed), poller, debugs);
        }
    }

    /// Gives a session what TCP has, or closes TCP with it.
    fn settle_stream(
        &mut self,
        now: Duration,
        whose: Whose,
        (id, is_closed): (ConnectionId, bool),
        poller: &Poller,
        debugs: &Debugs,
    ) {
        let Self { server, connections, .. } = self;
        if is_closed {
            server.remove(id);
            if let Some(Tcp { stream, .. }) = connections.remove(&number(id)) {
                stream.finish();
            }
            return;
        }
        let Some(Tcp { stream, interest, .. }) = connections.get_mut(&number(id)) else { return };
        if stream.has_room() {
            // A client that does not read is not heard either.
            stream.give(|bytes| {
                let taken = server.handle_stream(now, id, bytes);
                debugs.show(now, whose, Direction::ToServer, Input::Control(bytes.get(..taken).unwrap_or(bytes)));
                taken
            });
        }
        let wanted = stream.interest();
        if std::mem::replace(interest, wanted) != wanted {
            if let Err(error) = poller.modify(&*stream, number(id), wanted) {
                complain(&format!("connection {id}: {error}"));
            }
        }
    }

    /// Carries packets from the network to the device.
    fn receive_gre(&mut self, now: Duration, own: Ipv4Addr, state: &mut State, debugs: &Debugs) {
        let Self { server, gres, batch, .. } = self;
        let Some(gre) = gres.get_mut(&own) else { return };
        let mut packets: Vec<_> = gre.receive().map(|(peer, packet)| (IpAddr::V4(peer), packet)).collect();
        if !debugs.is_empty() {
            for (peer, packet) in &packets {
                let id = server.connections().find(|id| server.peer(*id) == Some(*peer));
                if let Some(id) = id {
                    let whose = Whose { id: Some(id.get()), peer: *peer, own: own.into() };
                    debugs.show(now, whose, Direction::ToServer, Input::Gre(packet));
                }
            }
        }
        for packets in packets.chunks_mut(LOT) {
            let mut held = Vec::new();
            server.handle_gre_batch(now, batch, packets, |_, outcome| match outcome {
                Ok((id, _, Received::Held)) => held.push(id),
                Ok((id, call, received)) => {
                    if let Some(packet) = received.ip() {
                        state.deliver(Key::Pptp(id, call), packet);
                    }
                }
                // Packets that cannot be read or decrypted are counted by the sessions, and happen
                // on every path.
                Err(_) => {}
            });
            // A packet that waited for one of these goes before the next ones, or they have to wait
            // too.
            for id in held {
                if let Some(mut session) = server.session_mut(id) {
                    deliver_waiting(now, &mut session, state);
                }
            }
        }
        state.device.flush();
    }

    /// Sends packets to clients. [`flush`](Self::flush) has them leave.
    pub(super) fn send(&mut self, now: Duration, packets: &mut [Packet<'_>], debugs: &Debugs) {
        let Self { server, connections, gres, batch, .. } = self;
        let peers: Vec<_> = packets.iter().map(|(id, ..)| (*id, server.peer(*id))).collect();
        // When the window of one client is full, others must not wait: the packet is lost, as on a full line.
        server.send_ip_batch(now, batch, packets, |index, sent| {
            let (Some((id, Some(IpAddr::V4(peer)))), Ok(packet)) = (peers.get(index), sent) else { return };
            let Some(Tcp { own, .. }) = connections.get(&number(*id)) else { return };
            let whose = Whose { id: Some(id.get()), peer: IpAddr::V4(*peer), own: IpAddr::V4(*own) };
            debugs.show(now, whose, Direction::ToClient, Input::Gre(packet));
            if let Some(gre) = gres.get_mut(own) {
                gre.send_to(*peer, packet);
            }
        });
    }

    /// Sends all that waits to be sent.
    pub(super) fn flush(&mut self) {
        self.gres.values_mut().for_each(Gre::flush);
    }

    /// Does something with a call, unless its connection is gone.
    pub(super) fn visit(&mut self, id: ConnectionId, call: CallId, act: impl FnOnce(&mut Visit<'_>)) {
        let Some(mut session) = self.server.session_mut(id) else { return };
        visit(&mut session, call, act);
    }

    /// Returns what passed through a call.
    pub(super) fn usage(&self, id: ConnectionId, call: CallId) -> Option<Counters> {
        Some(usage(&self.server.session(id)?.call(call)?.statistics().tunnel))
    }

    /// Ends connections for this cause, and returns how many.
    pub(super) fn close(
        &mut self,
        now: Duration,
        cause: TerminateCause,
        ledger: &mut Ledger,
        selection: Selection<'_>,
    ) -> usize {
        let all: Vec<_> = self.server.connections().collect();
        let mut count = 0;
        for id in all {
            let Some(mut session) = self.server.session_mut(id) else { continue };
            if selection.includes(Kind::Pptp, id.get(), Some(session.peer()), &host_name(&session)) {
                // RFC 2866 section 5.10: the account says why the session has ended.
                session.calls().for_each(|call| ledger.set_cause(Key::Pptp(id, call.id()), cause));
                session.close(now);
                count += 1;
            }
        }
        count
    }

    /// Begins the end of all.
    pub(super) fn close_all(&mut self, now: Duration, ledger: &mut Ledger) {
        self.close(now, TerminateCause::ADMIN_REBOOT, ledger, Selection::All);
    }

    /// Returns whether all are over.
    pub(super) fn is_over(&self) -> bool {
        self.server.is_empty()
    }

    /// Writes the counters of all calls.
    pub(super) fn report(&self, now: Duration, state: &State) {
        for id in self.server.connections() {
            let (Some(session), Some(peer)) = (self.server.session(id), self.server.peer(id)) else { continue };
            for call in session.calls() {
                let report = session_report(now, (id, peer), call, state.device.name());
                state.report(Key::Pptp(id, call.id()), &report, Some(call.ppp()));
            }
        }
    }
}

/// Carries packets to the device that had to wait for an earlier one.
fn deliver_waiting(now: Duration, session: &mut SessionMut<'_, 4>, state: &mut State) {
    let (id, mut buf) = (session.id(), [0; MAX_RECEIVE]);
    while let Ok(Some((call, packet))) = session.poll_receive(now, &mut buf) {
        state.deliver(Key::Pptp(id, call), packet);
    }
}

fn whose(session: &SessionMut<'_, 4>, own: Ipv4Addr) -> Whose {
    Whose { id: Some(session.id().get()), peer: session.peer(), own: own.into() }
}

/// Returns the report on a call of a connection.
pub(super) fn session_report<'c>(
    now: Duration,
    (id, peer): (ConnectionId, IpAddr),
    call: Call<'c>,
    interface: &'c str,
) -> SessionReport<'c> {
    let tunnel = u32::try_from(id.get()).unwrap_or(u32::MAX);
    SessionReport::of_call(call, now).with_tunnel_id(tunnel).with_address(peer).with_interface(interface)
}

/// Returns the number of a connection for the poller: ids are given one after the other.
fn number(id: ConnectionId) -> u64 {
    CONNECTIONS | (id.get() & u64::from(u32::MAX))
}
