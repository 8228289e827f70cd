//! `debug ppp negotiation`: packets of sessions as they pass by, for listeners on the control
//! socket.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use pptp::inspect::{ControlInput, Direction, Inspector, Record, Secrets};
use pptp::server::ConnectionId;

use crate::capture::outer::Address;
use crate::capture::{Item, Place};
use crate::show::Trace;

/// A trace of the packets of one connection or of all. It has no keys: what is encrypted stays so.
pub(super) struct Debug {
    inspector: Inspector,
    trace: Trace<Vec<u8>>,
    /// `None`: of all.
    peer: Option<IpAddr>,
    own: IpAddr,
    number: u64,
}

/// The input that is shown.
#[derive(Clone, Copy)]
pub(super) enum Input<'a> {
    /// Bytes of the control connection.
    Control(&'a [u8]),
    /// A GRE packet.
    Gre(&'a [u8]),
}

impl Debug {
    /// Shows what passes from now on.
    pub(super) fn new(own: IpAddr, peer: Option<IpAddr>) -> Self {
        Self { inspector: Inspector::new(Secrets::new()), trace: Trace::new(Vec::new()), peer, own, number: 0 }
    }

    /// Shows a packet.
    pub(super) fn give(
        &mut self,
        now: Duration,
        (id, peer): (ConnectionId, IpAddr),
        direction: Direction,
        input: Input<'_>,
    ) {
        if self.peer.is_some_and(|wanted| wanted != peer) {
            return;
        }
        self.number += 1;
        // The inspector identifies connections of one address by their ports; a number of ours will
        // do.
        let port = u16::try_from(id.get() & 0xffff).unwrap_or_default();
        let (client, server) = (SocketAddr::new(peer, port), SocketAddr::new(self.own, 1723));
        let (source, destination) = match direction {
            Direction::ToServer => (client, server),
            Direction::ToClient => (server, client),
        };
        let path = (Address::Ip(source.ip()), Address::Ip(destination.ip()));
        let time = (now.as_secs(), now.subsec_nanos());
        let place = Place { number: self.number, time, path: Some(path), carrier: None };
        let Self { inspector, trace, number, .. } = self;
        // Memory takes all.
        let mut sink = |record: Record<'_>| drop(trace.item(&place, Item::Record(&record)));
        match input {
            Input::Control(bytes) => {
                inspector.handle_control(*number, source, destination, ControlInput::Bytes(bytes), &mut sink);
            }
            Input::Gre(packet) => inspector.handle_gre(*number, source.ip(), destination.ip(), packet, &mut sink),
        }
        drop(trace.item(&place, Item::FrameEnd));
    }

    /// Returns the lines since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.trace.out)
    }
}
