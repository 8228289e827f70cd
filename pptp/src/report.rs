//! Reports for operators, in the layouts of RouterOS and of Cisco's IOS.

use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use ppp_session::ppp::Text;
use ppp_session::{Encoding, Status};

use crate::session::{Call, Session};

/// How long something took: `4h35s`, without the parts that are zero.
struct Uptime(Duration);

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        if seconds == 0 {
            return f.write_str("0s");
        }
        let mut rest = seconds;
        for (unit, letter) in [(86_400, 'd'), (3600, 'h'), (60, 'm'), (1, 's')] {
            let count = rest.checked_div(unit).unwrap_or_default();
            rest = rest.checked_rem(unit).unwrap_or_default();
            if count != 0 {
                write!(f, "{count}{letter}")?;
            }
        }
        Ok(())
    }
}

/// The lines of `monitor` for a client: its status, for how long it is connected, and how packets
/// are encoded.
///
/// ```
/// use core::time::Duration;
/// use pptp::client::{Config, Session};
/// use pptp::report::ClientStatus;
///
/// let session = Session::new(&Config::new("alice", "wonderland"), [1; 32]);
/// assert_eq!(
///     ClientStatus::of_session(&session, Duration::ZERO).to_string(),
///     "  status: Dialing"
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ClientStatus {
    /// Where it is.
    pub status: Status,
    /// For how long IP flows, if it does.
    pub uptime: Option<Duration>,
    /// How packets are sent, if they are.
    pub send: Encoding,
    /// How packets are received.
    pub receive: Encoding,
}

impl ClientStatus {
    /// Reports on a client: on its call, once it is up.
    #[must_use]
    pub fn of_session<const CALLS: usize>(session: &Session<CALLS>, now: Duration) -> Self {
        match session.first_call() {
            _ if session.is_closed() => Self { status: Status::Terminated, ..Self::default() },
            Some(call) => Self::of_call(call, now),
            None => Self::default(),
        }
    }

    /// Reports on a call.
    #[must_use]
    pub fn of_call(call: Call<'_>, now: Duration) -> Self {
        Self::of_ppp(call.ppp(), now)
    }

    /// Reports on PPP of any carrier.
    #[must_use]
    pub fn of_ppp(ppp: &ppp_session::Session, now: Duration) -> Self {
        let status = ppp.status();
        let uptime = (status == Status::Connected).then(|| now.saturating_sub(ppp.changed_at()));
        Self { status, uptime, send: ppp.sending(), receive: ppp.receiving() }
    }
}

/// Two encodings are parted by `/`.
impl fmt::Display for ClientStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(uptime) = self.uptime {
            writeln!(f, "  uptime: {}", Uptime(uptime))?;
            write!(f, "  encoding: {}", self.send)?;
            if self.send != self.receive {
                write!(f, "/{}", self.receive)?;
            }
            writeln!(f)?;
        }
        write!(f, "  status: {}", self.status)
    }
}

/// The lines of `show vpdn session all` for a call.
///
/// The caller sets what the session does not know: the number of the tunnel, the address of the
/// peer, the name of the interface.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct SessionReport<'s> {
    /// Our id of the call.
    pub call_id: u16,
    /// The peer's id of the call.
    pub remote_call_id: u16,
    /// A number of the caller's for the control connection.
    pub tunnel_id: u32,
    /// The name that the peer gives itself.
    pub remote_name: pptp_wire::Text<64>,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// The name that the peer has proved, or claims.
    pub user_name: Text<'s>,
    /// Whether the call is up.
    pub is_established: bool,
    /// Since when the state is what it is.
    pub since: Duration,
    /// The name of the network interface.
    pub interface: &'s str,
    /// The counters of the tunnel.
    pub tunnel: pptp_gre::Statistics,
}

impl<'s> SessionReport<'s> {
    /// Reports on a call.
    #[must_use]
    pub fn of_call(call: Call<'s>, now: Duration) -> Self {
        let ppp = call.ppp();
        Self {
            call_id: call.id().get(),
            remote_call_id: call.peer_id(),
            tunnel_id: 0,
            remote_name: call.host_name(),
            address: None,
            user_name: ppp.link().peer_name(),
            is_established: ppp.status() == Status::Connected,
            since: now.saturating_sub(ppp.changed_at()),
            interface: "-",
            tunnel: call.statistics().tunnel,
        }
    }

    /// Sets the number of the control connection, among all of the program. Default: 0.
    #[must_use]
    pub const fn with_tunnel_id(self, tunnel_id: u32) -> Self {
        Self { tunnel_id, ..self }
    }

    /// Sets the peer's address. Default: unknown.
    #[must_use]
    pub const fn with_address(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// Sets the network interface. Default: a dash.
    #[must_use]
    pub const fn with_interface(self, interface: &'s str) -> Self {
        Self { interface, ..self }
    }
}

/// The lines of Cisco's IOS.
impl fmt::Display for SessionReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call_id, tunnel_id, remote_name, remote_call_id, interface, tunnel, .. } = self;
        let state = if self.is_established { "estabd" } else { "wt-vacc" };
        writeln!(f, "Call id {call_id} is up on tunnel id {tunnel_id}")?;
        writeln!(f, "Remote tunnel name is {remote_name}")?;
        match self.address {
            Some(address) => writeln!(f, "Internet Address is {address}")?,
            None => writeln!(f, "Internet Address is unknown")?,
        }
        if self.user_name.0.is_empty() {
            write!(f, "Session username is unknown")?;
        } else {
            write!(f, "Session username is {}", self.user_name)?;
        }
        writeln!(f, ", state is {state}")?;
        let seconds = self.since.as_secs();
        let part =
            |unit: u64, of: u64| seconds.checked_div(unit).and_then(|count| count.checked_rem(of)).unwrap_or_default();
        let (hours, minutes, seconds) = (part(3600, u64::MAX), part(60, 60), part(1, 60));
        writeln!(f, "Time since change {hours:02}:{minutes:02}:{seconds:02}, interface {interface}")?;
        writeln!(f, "Remote call id is {remote_call_id}")?;
        tunnel.fmt(f)
    }
}

/// The lines of `show ppp mppe` for a call that is encrypted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MppeReport<'s> {
    /// The name of the network interface.
    pub interface: &'s str,
    /// How packets are sent; the other direction may differ.
    pub algorithm: mppe::Algorithm,
    /// The counters.
    pub statistics: mppe::Statistics,
}

impl<'s> MppeReport<'s> {
    /// Reports on a call, while packets are encrypted.
    #[must_use]
    pub fn of_call(call: Call<'_>, interface: &'s str) -> Option<Self> {
        Self::of_ppp(call.ppp(), interface)
    }

    /// Reports on PPP of any carrier, while packets are encrypted.
    #[must_use]
    pub fn of_ppp(ppp: &ppp_session::Session, interface: &'s str) -> Option<Self> {
        let algorithm = ppp.sending().encryption.or(ppp.receiving().encryption)?;
        Some(Self { interface, algorithm, statistics: ppp.statistics().mppe? })
    }
}

impl fmt::Display for MppeReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.algorithm.mode {
            mppe::Mode::Stateless => "Stateless",
            mppe::Mode::Stateful => "Stateful",
        };
        writeln!(f, "Interface {} (current connection)", self.interface)?;
        writeln!(f, "Software encryption, {} bit encryption, {mode} mode", self.algorithm.strength.bits())?;
        self.statistics.fmt(f)
    }
}
