//! The configuration of both sides.

use core::time::Duration;

use pptp_gre::{CallIds, IpVersion, Mtu};
use pptp_wire::Text;
use pptp_wire::connection::{self, Identity};

/// RFC 2637 section 4.4: what follows when acknowledgments do not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FlowAlarmPolicy {
    /// The user gets [`CallEvent::FlowAlarm`](super::CallEvent::FlowAlarm), and decides.
    #[default]
    Tell,
    /// Besides, the call is ended: for lines that have to be good.
    HangUp,
}

/// The configuration of both sides: those of the parts, and the settings of the session itself.
/// Weak choices have to be asked for by name.
///
/// ```
/// use core::time::Duration;
/// use pptp::ppp::ccp::{Encryption, MicrosoftCompression};
/// use pptp::session::Config;
///
/// let lenient = Config::strict()
///     // PPP: authentication, encryption, compression, addresses.
///     .with_ppp(|ppp| {
///         ppp.with_encryption(Encryption::Preferred)
///             .with_strengths(MicrosoftCompression::STRENGTHS)
///     })
///     // The GRE tunnel of each call: window, acknowledgments, order.
///     .with_gre(|gre| gre.with_reorder_timeout(Duration::from_millis(100)))
///     // The control connection: echoes, timeouts.
///     .with_control(|control| control.with_start_timeout(Duration::from_secs(5)));
/// assert_eq!(lenient.mtu(), 1456);
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) ppp: ppp_session::Config,
    pub(super) gre: pptp_gre::Config,
    pub(super) control: connection::Config,
    outer: Mtu,
    pub(super) reorder_packets: u16,
    pub(super) flow_alarm: FlowAlarmPolicy,
    pub(super) echo_for_acknowledgment: bool,
}

impl Default for Config {
    /// Returns [`Config::strict`].
    fn default() -> Self {
        Self::strict()
    }
}

impl Config {
    /// Returns the safest preset, which is the default: [`ppp_session::Config::strict`] over
    /// defaults of the carrier.
    #[must_use]
    pub fn strict() -> Self {
        Self::new(ppp_session::Config::strict())
    }

    /// Returns the preset that connects to nearly every peer: [`ppp_session::Config::interop`]. An
    /// attacker on the path can have the password, and the session; after MS-CHAP version 1, both
    /// directions share one key stream.
    #[must_use]
    pub fn interop() -> Self {
        Self::new(ppp_session::Config::interop())
    }

    fn new(ppp: ppp_session::Config) -> Self {
        let end_timeout = Duration::from_secs(5);
        // RFC 2637 section 3.1.4 has 60 s; a client's user will not wait that long.
        let control = connection::Config::new(Identity::new(Text::EMPTY, Text::EMPTY))
            .with_start_timeout(Duration::from_secs(10))
            .with_stop_timeout(end_timeout)
            .with_disconnect_timeout(end_timeout);
        Self {
            ppp,
            // Each call has ids of its own.
            gre: pptp_gre::Config::new(CallIds { local: 0, peer: 0 }),
            control,
            outer: Mtu::new(1500),
            reorder_packets: 32,
            flow_alarm: FlowAlarmPolicy::Tell,
            echo_for_acknowledgment: true,
        }
    }

    /// Changes the configuration of PPP.
    #[must_use]
    pub fn with_ppp(mut self, change: impl FnOnce(ppp_session::Config) -> ppp_session::Config) -> Self {
        self.ppp = change(self.ppp);
        self
    }

    /// Changes the configuration of the tunnels (RFC 2637 section 4). Call ids, and what the peer
    /// states of itself, are set for each call.
    #[must_use]
    pub fn with_gre(mut self, change: impl FnOnce(pptp_gre::Config) -> pptp_gre::Config) -> Self {
        self.gre = change(self.gre);
        self
    }

    /// Changes the configuration of the control connection (RFC 2637 section 2). Default: no name,
    /// no vendor; 10 s for the start, 5 s for the end of a call and of the connection.
    #[must_use]
    pub fn with_control(mut self, change: impl FnOnce(connection::Config) -> connection::Config) -> Self {
        self.control = change(self.control);
        self
    }

    /// Sets who this side says it is, for the peer's logs (RFC 2637 section 2.1). Default: no name,
    /// no vendor.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.control = self.control.with_identity(identity);
        self
    }

    /// Sets the MTU of the path between the two sides, in bytes, and the version of IP there: MTU
    /// and MRU of PPP follow from it. Default: 1500, version 4.
    #[must_use]
    pub fn with_outer_mtu(mut self, bytes: u16, version: IpVersion) -> Self {
        self.outer = Mtu::new(bytes).with_ip_version(version);
        self
    }

    /// Sets how many packets wait for a missing one (RFC 2637 section 4.3). Default: 32. A call
    /// needs at most two kilobytes for each of them. With none, later packets overtake. For how
    /// long they wait, [`with_gre`](Self::with_gre) says.
    #[must_use]
    pub fn with_reorder_packets(mut self, packets: u16) -> Self {
        self.reorder_packets = packets;
        self
    }

    /// Sets what follows when acknowledgments do not come in time. Default: the user gets an event.
    #[must_use]
    pub fn with_flow_alarm(mut self, policy: FlowAlarmPolicy) -> Self {
        self.flow_alarm = policy;
        self
    }

    /// Sets whether an acknowledgment that does not come in time is asked for with an Echo-Request
    /// of LCP: one for each time-out, and none for an Echo-Request. Default: yes.
    ///
    /// Some peers acknowledge only with data of their own (Linux's kernel). Some give a packet that
    /// follows a lost one to PPP no sooner than the next one comes (pptpd). The answer, or the
    /// request, is what they wait for.
    #[must_use]
    pub fn with_echo_for_acknowledgment(mut self, ask: bool) -> Self {
        self.echo_for_acknowledgment = ask;
        self
    }

    /// Returns the longest IP packet that is sent, in bytes, as far as this side goes.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        self.ppp().mtu()
    }

    /// Returns the configuration of PPP, with the room that the path has.
    pub(super) fn ppp(&self) -> ppp_session::Config {
        self.ppp.clone().with_carrier_mru(self.outer.packet())
    }
}
