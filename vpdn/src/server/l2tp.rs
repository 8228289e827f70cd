//! L2TP of versions 2 and 3: UDP and IP protocol 115, and the tunnels between them and the device.

use std::net::SocketAddr;
use std::time::Duration;

use l2tp_session::server::{Limits, Server, SessionMut, TunnelId};
use l2tp_session::session::{Batch, Event, HEADROOM, MAX_RECEIVE, MAX_TRANSMIT, Received, Session, SessionId};
use l2tp_session::wire::Address;
use pptp::inspect::Direction;

use super::come::{Come, DATAGRAMS};
use super::command::Selection;
use super::debug::{Debugs, Input, Whose};
use super::key::Key;
use super::ledger::Ledger;
use super::line::Visit;
use super::output::say;
use super::settings::L2tpSettings;
use super::state::State;
use crate::config::Limits as Configured;
use crate::host::{Carrier, Failure, Poller, entropy};
use crate::radius::{Counters, TerminateCause};
use call::{hear, number, usage, visit};
use called::Called;

pub(super) use call::{CALLS, host_name, kind};

mod call;
mod called;

/// UDP port of RFC 2661 section 8.1.
pub(super) use l2tp_session::wire::UDP_PORT as PORT;
/// The room that a packet has to have in front, in bytes.
pub(super) const ROOM: usize = HEADROOM;
/// How many packets are decrypted at once: as many as may wait for a missing one.
const LOT: usize = 15;
/// How long the ends of all tunnels are repeated for peers that do not answer. PPP's end is shorter, two
/// Terminate-Requests of 2.5 s, so that every account is ended before.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(8);

/// Whether new tunnels are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Running,
    /// The server ends.
    Closing {
        deadline: Duration,
    },
}

/// All tunnels, and their calls.
pub(super) struct L2tp {
    server: Server<CALLS>,
    network: Carrier,
    /// Our own address and port of UDP.
    own: SocketAddr,
    called: Called,
    stage: Stage,
    batch: Batch,
}

/// A packet for a call, behind [`ROOM`].
pub(super) type Packet<'p> = (TunnelId, SessionId, &'p mut [u8]);

impl L2tp {
    /// Opens the sockets at an address.
    ///
    /// # Errors
    ///
    /// It is taken, or a permission is missing.
    pub(super) fn open(own: SocketAddr, settings: L2tpSettings, limits: Configured) -> Result<Self, Failure> {
        let mut network = Carrier::udp(own)?;
        if settings.has_ip {
            network = network.or(Carrier::ip(own.ip())?);
        }
        let limits = Limits::default()
            .with_tunnels(limits.connections)
            .with_tunnels_per_address(limits.connections_per_address)
            .with_calls(limits.calls);
        let server = Server::new(settings.config, limits, entropy()?);
        Ok(Self { server, network, own, called: Called::default(), stage: Stage::Running, batch: Batch::new() })
    }

    pub(super) fn wait_by(&self, poller: &Poller) -> std::io::Result<()> {
        self.network.wait_by(poller, DATAGRAMS)
    }

    /// Has new tunnels begin with these settings. The others keep theirs.
    pub(super) fn set(&mut self, settings: L2tpSettings) {
        self.server.set_config(settings.config);
    }

    /// Returns the tunnels, to look at.
    pub(super) const fn server(&self) -> &Server<CALLS> {
        &self.server
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        let end = match self.stage {
            Stage::Running => None,
            Stage::Closing { deadline } => Some(deadline),
        };
        self.server.poll_timeout().into_iter().chain(end).min()
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        self.server.handle_timeout(now);
    }

    /// Carries packets from the network to the device.
    pub(super) fn receive(&mut self, now: Duration, come: &Come, state: &mut State, debugs: &Debugs) {
        if !come.has(DATAGRAMS) {
            return;
        }
        let Self { server, network, own, called, batch, .. } = self;
        network.receive_all(|packets, own_addresses| {
            // They are decrypted where they lie.
            let copies = if debugs.is_empty() { Vec::new() } else { copies(packets) };
            let mut ids = vec![None; copies.len()];
            for (lot, packets) in packets.chunks_mut(LOT).enumerate() {
                let mut held = Vec::new();
                server.handle_datagrams(now, batch, packets, |index, outcome| {
                    // A packet that cannot be read is counted by its session. That happens on every path.
                    let Ok((id, received)) = outcome else { return };
                    if let Some(place) = ids.get_mut(lot * LOT + index) {
                        *place = Some(id);
                    }
                    match received {
                        Received::Held => held.push(id),
                        // The first message of a tunnel is one of these.
                        Received::Consumed => {
                            if let Some(Some(own)) = own_addresses.get(lot * LOT + index) {
                                called.keep(id, *own);
                            }
                        }
                        received => deliver(state, id, received),
                    }
                });
                // A packet that waited for one of these goes before the next ones.
                for id in held {
                    if let Some(mut session) = server.session_mut(id) {
                        deliver_waiting(now, &mut session, state);
                    }
                }
            }
            for (id, (source, packet)) in ids.into_iter().zip(copies) {
                let tunnel = id.and_then(|id| server.session(id)).map(number);
                show(debugs, now, (tunnel, *own, source), Direction::ToServer, &packet);
            }
        });
        called.prune(server.len(), |id| server.session(id).is_some());
        state.device.flush();
    }

    /// Sends what the tunnels have to send, and hears their events, until there is nothing more.
    pub(super) fn settle(&mut self, now: Duration, state: &mut State, debugs: &Debugs) {
        let Self { server, network, own, called, stage, .. } = self;
        let mut buf = [0; MAX_TRANSMIT];
        loop {
            let Some(mut session) = server.poll_ready() else { break };
            let id = session.id();
            while let Some(event) = session.poll_event() {
                hear(now, &mut session, state, event);
                // No new tunnels while the old ones end.
                if event == Event::Established && *stage != Stage::Running {
                    session.close(now);
                }
            }
            let tunnel = Some(number(&session));
            // The buffer is long enough.
            while let Ok(Some(packet)) = session.poll_transmit(now, &mut buf) {
                show(debugs, now, (tunnel, *own, packet.destination), Direction::ToClient, packet.payload);
                network.push(called.get(id), &packet);
            }
            deliver_waiting(now, &mut session, state);
            let is_drained = session.is_drained();
            drop(session);
            if is_drained {
                server.remove(now, id);
                called.remove(id);
            }
        }
        network.flush();
    }

    /// Sends packets to clients. [`flush`](Self::flush) has them leave.
    pub(super) fn send(&mut self, now: Duration, packets: &mut [Packet<'_>], debugs: &Debugs) {
        let Self { server, network, own, called, batch, .. } = self;
        let ids: Vec<_> = packets.iter().map(|(id, ..)| *id).collect();
        let tunnel = |(id, ..): &Packet<'_>| server.session(*id).map(number);
        let tunnels: Vec<_> = if debugs.is_empty() { Vec::new() } else { packets.iter().map(tunnel).collect() };
        server.send_ip_batch(now, batch, packets, |index, sent| {
            let Ok(sent) = sent else { return };
            if let Some(tunnel) = tunnels.get(index) {
                show(debugs, now, (*tunnel, *own, sent.destination), Direction::ToClient, sent.payload);
            }
            network.push(ids.get(index).and_then(|id| called.get(*id)), &sent);
        });
    }

    /// Sends all that waits to be sent.
    pub(super) fn flush(&mut self) {
        self.network.flush();
    }

    /// Does something with a call, unless its tunnel is gone.
    pub(super) fn visit(&mut self, id: TunnelId, call: SessionId, act: impl FnOnce(&mut Visit<'_>)) {
        let Some(mut session) = self.server.session_mut(id) else { return };
        visit(&mut session, call, act);
    }

    /// Returns what passed through a call.
    pub(super) fn usage(&self, id: TunnelId, call: SessionId) -> Option<Counters> {
        Some(usage(&self.server.session(id)?.call(call)?.counters()))
    }

    /// Ends tunnels for this cause, and returns how many.
    pub(super) fn close(
        &mut self,
        now: Duration,
        cause: TerminateCause,
        ledger: &mut Ledger,
        selection: Selection<'_>,
    ) -> usize {
        let all: Vec<_> = self.server.tunnels().collect();
        let mut count = 0;
        for id in all {
            let Some(mut session) = self.server.session_mut(id) else { continue };
            // One that is over lingers for the sake of its peer.
            let is_there = session.reason().is_none();
            let peer = session.tunnel().address().map(Address::host);
            if is_there && selection.includes(kind(&session), number(&session), peer, &host_name(&session)) {
                // RFC 2866 section 5.10: the account says why the session has ended.
                session.calls().for_each(|call| ledger.set_cause(Key::L2tp(id, call.id()), cause));
                session.close(now);
                count += 1;
            }
        }
        count
    }

    /// Begins the end of all: no new tunnels.
    pub(super) fn close_all(&mut self, now: Duration, ledger: &mut Ledger) {
        self.close(now, TerminateCause::ADMIN_REBOOT, ledger, Selection::All);
        self.stage = Stage::Closing { deadline: now.saturating_add(CLOSE_TIMEOUT) };
    }

    /// Returns whether all peers know that their tunnels are over, or were given time enough.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        let is_late = matches!(self.stage, Stage::Closing { deadline } if deadline <= now);
        is_late || self.server.tunnels().all(|id| self.server.session(id).is_none_or(Session::is_acknowledged))
    }

    /// Writes the counters of all calls.
    pub(super) fn report(&self, now: Duration, state: &State) {
        for id in self.server.tunnels() {
            let Some(session) = self.server.session(id) else { continue };
            for call in session.calls() {
                if let Some(report) = l2tp_session::report::SessionReport::of_call(session, call.id(), now) {
                    let report = report.with_circuit(state.device.name());
                    state.report(Key::L2tp(id, call.id()), &report, call.ppp());
                }
            }
        }
        say(&format_args!("{} tunnels", self.server.len()));
    }
}

/// Returns packets as they came, with their senders.
fn copies(packets: &[(Address, &mut [u8])]) -> Vec<(Address, Vec<u8>)> {
    packets.iter().map(|(source, packet)| (*source, packet.to_vec())).collect()
}

/// Carries packets to the device that had to wait for an earlier one.
fn deliver_waiting(now: Duration, session: &mut SessionMut<'_, CALLS>, state: &mut State) {
    let (id, mut buf) = (session.id(), [0; MAX_RECEIVE]);
    while let Ok(Some(received)) = session.poll_receive(now, &mut buf) {
        deliver(state, id, received);
    }
}

/// Carries a packet from a call to the device.
fn deliver(state: &mut State, id: TunnelId, received: Received<'_>) {
    // Frames of Ethernet have no interface here.
    if let Received::Ip { call, packet } = received {
        state.deliver(Key::L2tp(id, call), packet);
    }
}

/// Shows a packet of a tunnel to those who want to see it.
fn show(
    debugs: &Debugs,
    now: Duration,
    (tunnel, own, peer): (Option<u64>, SocketAddr, Address),
    direction: Direction,
    packet: &[u8],
) {
    let whose = Whose { id: tunnel, peer: peer.host(), own: own.ip() };
    debugs.show(now, whose, direction, Input::L2tp(own.port(), peer, packet));
}
