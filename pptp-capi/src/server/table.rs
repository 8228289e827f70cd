//! The table of sessions of either carrier.

use core::net::IpAddr;
use core::time::Duration;

use l2tp_session::server as l2tp;
use ppp_session::table::Id;
use pptp::server as pptp;

use crate::address::Address;
use crate::config::Settings;
use crate::error::Error;
use crate::machine::{self, Machine};
use crate::memory;
use crate::packet::Lent;

/// Connections of PPTP, or tunnels of L2TP.
#[expect(clippy::large_enum_variant, reason = "there is one in a handle, which is in the heap")]
pub(super) enum Gateway {
    Pptp(pptp::Server),
    L2tp(l2tp::Server),
}

/// Returns the reserve of a server: its queues grow with the number of its connections, by doubling.
const fn reserve(connections: usize) -> usize {
    memory::RESERVE.saturating_add(connections.saturating_mul(32))
}

impl Gateway {
    pub(super) fn pptp(settings: &Settings) -> Result<Self, Error> {
        let (connections, per_address, calls) = settings.limits();
        memory::want(reserve(connections))?;
        let limits = pptp::Limits::default()
            .with_connections(connections)
            .with_connections_per_address(per_address)
            .with_calls(calls);
        let config = pptp::Config::new(settings.server_address()?)
            .with_session(settings.pptp())
            .with_server(|server| server.with_name_servers(settings.name_servers()));
        Ok(Self::Pptp(pptp::Server::new(config, limits)))
    }

    pub(super) fn l2tp(settings: &Settings, entropy: [u8; 32]) -> Result<Self, Error> {
        let (tunnels, per_address, calls) = settings.limits();
        memory::want(reserve(tunnels))?;
        let limits =
            l2tp::Limits::default().with_tunnels(tunnels).with_tunnels_per_address(per_address).with_calls(calls);
        let group = l2tp::Group::new(settings.l2tp(), settings.server_address()?)
            .with_server(|server| server.with_name_servers(settings.name_servers()));
        Ok(Self::L2tp(l2tp::Server::new(group, limits, entropy)))
    }

    pub(super) fn accept(&mut self, now: Duration, peer: IpAddr, entropy: [u8; 32]) -> Result<u64, Error> {
        match self {
            Self::Pptp(server) => server.accept(now, peer, entropy).map(Id::get).map_err(|_| Error::Full),
            Self::L2tp(_) => Err(Error::OtherProtocol),
        }
    }

    pub(super) fn handle_stream(&mut self, now: Duration, connection: u64, bytes: &[u8]) -> Result<usize, Error> {
        match self {
            Self::Pptp(server) => {
                // The bytes of a connection that is not there would count as taken.
                server.session(Id::new(connection)).ok_or(Error::NotFound)?;
                Ok(server.handle_stream(now, Id::new(connection), bytes))
            }
            Self::L2tp(_) => Err(Error::OtherProtocol),
        }
    }

    pub(super) fn handle_packet<'p>(
        &mut self,
        now: Duration,
        source: &Address,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<(u64, Option<Lent<'p>>), Error> {
        match self {
            Self::Pptp(server) => {
                let (id, call, received) = server.handle_gre(now, source.host()?, packet, scratch)?;
                Ok((id.get(), received.ip().map(|bytes| machine::pptp::lent(bytes, call.get().into()))))
            }
            Self::L2tp(server) => {
                let (id, received) = server.handle_datagram(now, source.l2tp()?, packet, scratch)?;
                Ok((id.get(), machine::l2tp::ip(received)))
            }
        }
    }

    pub(super) fn poll_ready(&mut self) -> u64 {
        let id = match self {
            Self::Pptp(server) => server.poll_ready().map(|session| session.id()),
            Self::L2tp(server) => server.poll_ready().map(|session| session.id()),
        };
        id.map_or(0, Id::get)
    }

    /// Polls a session. It is not ready again for that.
    pub(super) fn poll<R>(
        &mut self,
        connection: u64,
        work: impl FnOnce(&mut dyn Machine) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let id = Id::new(connection);
        match self {
            Self::Pptp(server) => work(&mut **server.polled_mut(id).as_mut().ok_or(Error::NotFound)?),
            Self::L2tp(server) => work(&mut **server.polled_mut(id).as_mut().ok_or(Error::NotFound)?),
        }
    }

    /// Changes a session. It is ready afterwards.
    pub(super) fn change<R>(
        &mut self,
        connection: u64,
        work: impl FnOnce(&mut dyn Machine) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let id = Id::new(connection);
        match self {
            Self::Pptp(server) => work(&mut **server.session_mut(id).as_mut().ok_or(Error::NotFound)?),
            Self::L2tp(server) => work(&mut **server.session_mut(id).as_mut().ok_or(Error::NotFound)?),
        }
    }

    /// Returns a session, to look at.
    pub(super) fn look(&self, connection: u64) -> Result<&dyn Machine, Error> {
        let id = Id::new(connection);
        match self {
            Self::Pptp(server) => Ok(server.session(id).ok_or(Error::NotFound)?),
            Self::L2tp(server) => Ok(server.session(id).ok_or(Error::NotFound)?),
        }
    }

    pub(super) fn remove(&mut self, now: Duration, connection: u64) {
        match self {
            Self::Pptp(server) => server.remove(Id::new(connection)),
            Self::L2tp(server) => server.remove(now, Id::new(connection)),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        match self {
            Self::Pptp(server) => server.poll_timeout(),
            Self::L2tp(server) => server.poll_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        match self {
            Self::Pptp(server) => server.handle_timeout(now),
            Self::L2tp(server) => server.handle_timeout(now),
        }
    }
}
