//! `debug ppp negotiation`: packets of tunnels as they pass by, for listeners on the control
//! socket.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use l2tp_session::wire::Address as Peer;
use l2tp_session::wire::code::PseudowireType;
use l2tp_session::wire::header::Carrier as Layer3;
use pptp::inspect::{ControlInput, Direction, Inspector, Record, Secrets};

use super::fair::lock;
use crate::capture::outer::{Address, CONTROL_PORT, Carrier};
use crate::capture::{Item, Place};
use crate::inspect::{self, Payload, Tunnels};
use crate::show::Trace;

/// Which tunnels are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All.
    All,
    /// Those of a peer.
    Peer(IpAddr),
    /// The tunnel with this number of ours, as `show vpdn` has it.
    Tunnel(u64),
}

/// The tunnel that a packet is of.
#[derive(Clone, Copy)]
pub(super) struct Whose {
    /// Our number of it, where it has one already.
    pub(super) id: Option<u64>,
    pub(super) peer: IpAddr,
    /// Our own address.
    pub(super) own: IpAddr,
}

/// The input that is shown.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// Bytes of a control connection of PPTP.
    Control(&'a [u8]),
    /// A GRE packet.
    Gre(&'a [u8]),
    /// A packet of L2TP, with our port and the address of the peer.
    L2tp(u16, Peer, &'a [u8]),
}

/// The traces of all listeners, by the number of the listener, which all shards feed. Each has the bounds of its
/// inspectors.
#[derive(Default)]
pub(super) struct Debugs {
    /// Whether anybody listens: packets that nobody wants to see cost no lock.
    is_used: AtomicBool,
    by_listener: Mutex<BTreeMap<u64, Debug>>,
}

impl Debugs {
    pub(super) fn is_empty(&self) -> bool {
        !self.is_used.load(Ordering::Relaxed)
    }

    /// Returns whether there are lines for a listener.
    pub(super) fn has_lines(&self) -> bool {
        !self.is_empty() && lock(&self.by_listener).values().any(|debug| !debug.trace.out.is_empty())
    }

    /// Shows a listener what passes from now on.
    pub(super) fn add(&self, listener: u64, wanted: Wanted) {
        let mut by_listener = lock(&self.by_listener);
        by_listener.insert(listener, Debug::new(wanted));
        self.is_used.store(true, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, listener: u64) {
        let mut by_listener = lock(&self.by_listener);
        by_listener.remove(&listener);
        self.is_used.store(!by_listener.is_empty(), Ordering::Relaxed);
    }

    /// Shows a packet to all who want to see it.
    pub(super) fn show(&self, now: Duration, whose: Whose, direction: Direction, input: Input<'_>) {
        if self.is_empty() {
            return;
        }
        for debug in lock(&self.by_listener).values_mut() {
            if debug.wants(whose) {
                debug.give(now, whose, direction, input);
            }
        }
    }

    /// Returns the lines since the last time, of those listeners who have any.
    pub(super) fn take(&self) -> Vec<(u64, Vec<u8>)> {
        let mut by_listener = lock(&self.by_listener);
        let lines = by_listener.iter_mut().map(|(id, debug)| (*id, std::mem::take(&mut debug.trace.out)));
        lines.filter(|(_, lines)| !lines.is_empty()).collect()
    }
}

/// A trace of packets. It has no keys: what is encrypted or hidden stays so.
struct Debug {
    inspector: Inspector,
    tunnels: Tunnels,
    trace: Trace<Vec<u8>>,
    wanted: Wanted,
    number: u64,
}

impl Debug {
    fn new(wanted: Wanted) -> Self {
        let inspector = Inspector::new(Secrets::new());
        Self { inspector, tunnels: Tunnels::new(), trace: Trace::new(Vec::new()), wanted, number: 0 }
    }

    fn wants(&self, whose: Whose) -> bool {
        match self.wanted {
            Wanted::All => true,
            Wanted::Peer(peer) => whose.peer == peer,
            Wanted::Tunnel(id) => whose.id == Some(id),
        }
    }

    fn give(&mut self, now: Duration, whose: Whose, direction: Direction, input: Input<'_>) {
        self.number += 1;
        let Whose { id, peer, own } = whose;
        let (source, destination) = way(direction, peer, own);
        let path = (Address::Ip(source), Address::Ip(destination));
        let time = (now.as_secs(), now.subsec_nanos());
        let place = Place { number: self.number, time, path: Some(path), carrier: None };
        let Self { inspector, trace, number, .. } = self;
        // Memory takes all.
        let mut sink = |record: Record<'_>| drop(trace.item(&place, Item::Record(&record)));
        match input {
            Input::Control(bytes) => {
                // The inspector identifies connections of one address by their ports; a number of ours will do.
                let port = u16::try_from(id.unwrap_or_default() & 0xffff).unwrap_or_default();
                let ends = (SocketAddr::new(peer, port), SocketAddr::new(own, CONTROL_PORT));
                let (source, destination) = way(direction, ends.0, ends.1);
                inspector.handle_control(*number, source, destination, ControlInput::Bytes(bytes), &mut sink);
            }
            Input::Gre(packet) => inspector.handle_gre(*number, source, destination, packet, &mut sink),
            Input::L2tp(port, peer, packet) => {
                let (carrier, own_port) = if peer.is_ip() { (Layer3::Ip, 0) } else { (Layer3::Udp, port) };
                let client = SocketAddr::new(peer.host(), peer.port().unwrap_or(0));
                self.l2tp(&place, carrier, way(direction, client, SocketAddr::new(own, own_port)), packet);
            }
        }
        drop(self.trace.item(&place, Item::FrameEnd));
    }

    /// Shows a packet of L2TP, and the PPP frame in it.
    fn l2tp(&mut self, place: &Place, carrier: Layer3, path: inspect::Path, packet: &[u8]) {
        let Self { inspector, tunnels, trace, number, .. } = self;
        let mut sink = |record: inspect::Record<'_>| drop(trace.item(place, Item::L2tp(&record)));
        let payload = tunnels.handle(*number, carrier, path, packet, &mut sink);
        let Some(Payload { session, direction, pseudowire: PseudowireType::PPP, bytes, .. }) = payload else { return };
        let place = Place { carrier: Some(Carrier::L2tp(session, direction)), ..*place };
        let mut sink = |record: Record<'_>| drop(trace.item(&place, Item::Record(&record)));
        inspector.handle_frame(*number, session.0, Some(direction), bytes, &mut sink);
    }
}

/// Returns the sender and the receiver.
fn way<A>(direction: Direction, client: A, server: A) -> (A, A) {
    match direction {
        Direction::ToServer => (client, server),
        Direction::ToClient => (server, client),
    }
}
