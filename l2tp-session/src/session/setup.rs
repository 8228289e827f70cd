//! The parts of a session.

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};
use core::time::Duration;

use l2tp_wire::code::PseudowireType;
use l2tp_wire::data;
use l2tp_wire::session::{CallRequest, Direction};

use super::Config;

/// The parts of a session: made from [`client::Config`](crate::client::Config) or a
/// [`server::Group`](crate::server::Group), for [`Session::dial`](super::Session::dial) and
/// [`Session::listen`](super::Session::listen).
#[derive(Debug, Clone)]
pub struct Setup {
    pub(crate) config: Config,
    pub(crate) carried: Carried,
    pub(crate) role: Role,
}

/// The payload of the calls.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub(crate) enum Carried {
    /// PPP, whose client this side is.
    PppClient(ppp_session::Client),
    /// PPP, whose server this side is; and frames where a call says so.
    PppServer(ppp_session::Server),
    /// Frames that are the caller's.
    Frames,
}

/// The part of a client in setting up its call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dialing {
    /// Asks for it (ICRQ).
    Announce(CallRequest),
    /// Waits until the LNS asks for it (OCRQ).
    Await,
}

/// The payloads that a server takes calls with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// PPP, which proves who the peer is.
    Ppp,
    /// Ethernet frames as well: nobody proves anything in such a call.
    PppAndEthernet,
}

impl Served {
    const fn has(self, pseudowire: PseudowireType) -> bool {
        match pseudowire {
            PseudowireType::PPP => true,
            PseudowireType::ETHERNET => matches!(self, Self::PppAndEthernet),
            _ => false,
        }
    }
}

/// Which side of the tunnel this is.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// Asks for the tunnel.
    Client(Dialing),
    /// Is asked for the tunnel.
    Server {
        /// The payloads of calls.
        served: Served,
        /// The circuits that calls of version 3 may be connected to; empty: any.
        #[cfg(feature = "alloc")]
        remote_end_ids: Vec<String>,
        /// For how long a tunnel without a call is kept.
        idle_timeout: Option<Duration>,
    },
}

impl Role {
    /// Returns whether calls to the circuit of a request are allowed. Without a heap there is no list of them.
    #[cfg_attr(
        not(feature = "alloc"),
        expect(clippy::unused_self, clippy::missing_const_for_fn, reason = "on the heap there is a list")
    )]
    fn has_circuit(&self, request: &CallRequest) -> bool {
        #[cfg(feature = "alloc")]
        if let Self::Server { remote_end_ids, .. } = self {
            let wanted = request.remote_end_id;
            let is_named = |id: &String| !wanted.is_cut() && id.as_bytes() == wanted.as_bytes();
            return remote_end_ids.is_empty() || remote_end_ids.iter().any(is_named);
        }
        let _ = request;
        true
    }
}

impl Setup {
    pub(crate) const fn client(config: Config, carried: Carried, dialing: Dialing) -> Self {
        Self { config, carried, role: Role::Client(dialing) }
    }

    pub(super) const fn is_client(&self) -> bool {
        matches!(self.role, Role::Client(_))
    }

    /// Returns whether a call that the peer asks for is one that this side wants.
    pub(super) fn accepts(&self, direction: Direction, request: &CallRequest) -> bool {
        match (&self.role, direction) {
            (Role::Client(Dialing::Await), Direction::Outgoing) => match self.carried {
                Carried::Frames => request.pseudowire == PseudowireType::ETHERNET,
                Carried::PppClient(_) | Carried::PppServer(_) => request.pseudowire == PseudowireType::PPP,
            },
            // A VPN server dials nobody, and a client is not called unless it waits for that.
            (Role::Client(_), _) | (Role::Server { .. }, Direction::Outgoing) => false,
            // A call without PPP is one without authentication, so that a peer must not choose it.
            (Role::Server { served, .. }, Direction::Incoming) => {
                served.has(request.pseudowire) && self.role.has_circuit(request)
            }
        }
    }

    /// Makes PPP for a call; `None` for frames.
    pub(super) fn ppp(
        &self,
        pseudowire: PseudowireType,
        data: &data::Config,
        entropy: [u8; 32],
    ) -> Option<ppp_session::Session> {
        let config = self.config.ppp_of(data);
        match &self.carried {
            _ if pseudowire != PseudowireType::PPP => None,
            Carried::PppClient(client) => Some(ppp_session::Session::client(&config, client, entropy)),
            Carried::PppServer(server) => Some(ppp_session::Session::server(&config, server, entropy)),
            Carried::Frames => None,
        }
    }
}
