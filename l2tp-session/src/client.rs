//! A client: the LAC of a voluntary tunnel, which is its own end of PPP.
//!
//! [`session`] says how a session is driven, with a whole loop.

use l2tp_wire::code::PseudowireType;
use l2tp_wire::session::CallRequest;

use crate::session::{self, Carried, Dialing, Setup};

/// The account of a client, and its wishes.
///
/// ```
/// use l2tp_session::ppp_session::Client;
/// use l2tp_session::wire::tunnel::Versions;
/// use l2tp_session::{client, session};
///
/// // Cisco's `pseudowire PEER 15` with `encapsulation l2tpv3` and `ppp chap hostname peer1`.
/// let account = Client::new("peer1", "wonderland");
/// let config = client::Config::new(account, session::Config::strict("branch"))
///     .with_remote_end_id("15")
///     .with_session(|session| {
///         session.with_tunnel(|tunnel| tunnel.with_versions(Versions::V3))
///     });
/// // Passwords are not shown.
/// assert!(!format!("{config:?}").contains("wonderland"));
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    session: session::Config,
    carried: Carried,
    request: CallRequest,
    dials: Dials,
}

/// The side that asks for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dials {
    Client,
    Server,
}

impl Config {
    /// Makes a client of PPP: IP packets flow.
    #[must_use]
    pub const fn new(client: ppp_session::Client, session: session::Config) -> Self {
        Self { session, carried: Carried::PppClient(client), request: CallRequest::new(), dials: Dials::Client }
    }

    /// Makes a client of an Ethernet pseudowire of version 3 (RFC 4719): Ethernet frames flow, and
    /// their content is the caller's. Nothing is negotiated, and nobody proves who it is, but by
    /// the tunnel's own authentication.
    #[must_use]
    pub fn ethernet(session: session::Config) -> Self {
        let request = CallRequest::new().with_pseudowire(PseudowireType::ETHERNET);
        Self { session, carried: Carried::Frames, request, dials: Dials::Client }
    }

    /// Changes what both sides may set.
    #[must_use]
    pub fn with_session(self, change: impl FnOnce(session::Config) -> session::Config) -> Self {
        Self { session: change(self.session), ..self }
    }

    /// Changes what the request for the session says (RFC 2661 section 6.6): numbers for the
    /// peer's logs.
    #[must_use]
    pub fn with_request(self, change: impl FnOnce(CallRequest) -> CallRequest) -> Self {
        Self { request: change(self.request), ..self }
    }

    /// Sets the circuit of the other end that the session is for, where the version is 3: Cisco's
    /// VCID (RFC 3931 section 5.4.4). Default: none.
    #[must_use]
    pub fn with_remote_end_id(self, id: &str) -> Self {
        Self { request: self.request.with_remote_end_id(id), ..self }
    }

    /// Waits for the LNS to ask for the call (OCRQ), rather than asking for it (RFC 2661 section
    /// 7.5). The LAC has no telephone line: the call is up at once.
    #[must_use]
    pub fn with_outgoing_call_awaited(self) -> Self {
        Self { dials: Dials::Server, ..self }
    }
}

impl From<&Config> for Setup {
    fn from(config: &Config) -> Self {
        let dialing = match config.dials {
            Dials::Client => Dialing::Announce(config.request),
            Dials::Server => Dialing::Await,
        };
        Self::client(config.session.clone(), config.carried.clone(), dialing)
    }
}

/// One dialed session and its tunnel.
pub type Session = session::Session<1>;
