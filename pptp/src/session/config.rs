//! What both sides may set.

use core::time::Duration;

use ppp_fsm::auth::{Method, Methods};
use ppp_fsm::ccp::{Encryption, MicrosoftCompression, Modes};
use ppp_fsm::link::Keepalive;
use ppp_fsm::negotiate::Opening;
use ppp_fsm::{auth, ccp, ipcp, ipv6cp, lcp, link, negotiate};
use pptp_gre::{AcknowledgmentTimeout, IpVersion, Mtu, WindowPolicy};
use pptp_wire::Text;
use pptp_wire::connection::{self, EchoPolicy, Identity};

/// RFC 2118: whether packets are compressed, and how hard.
///
/// Whoever sees how long compressed packets are learns about what is in them: see the crate [`mppc`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    Off,
    /// Fast: 50 KiB more for a call that agrees on it.
    Fast,
    /// A few per cent shorter, two to three times as long in the making: 98 KiB.
    Default,
    /// As short as can be: 98 KiB.
    Max,
}

/// RFC 2637 section 4.4: what follows when acknowledgments do not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum FlowAlarmPolicy {
    /// The user is told with [`Event::FlowAlarm`](super::Event::FlowAlarm), and decides.
    #[default]
    Tell,
    /// Besides, the call is ended: for lines that have to be good.
    HangUp,
}

/// What both sides may set. Weak choices have to be asked for by name.
///
/// ```
/// use core::time::Duration;
/// use pptp::ppp::auth::{Method, Methods};
/// use pptp::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
/// use pptp::session::Config;
///
/// // As `ppp encrypt mppe auto` with `ppp authentication ms-chap-v2 ms-chap`.
/// let lenient = Config::strict()
///     .with_authentication(Methods::new(&[Method::MsChapV2, Method::MsChapV1]))
///     .with_encryption(Encryption::Preferred)
///     .with_strengths(MicrosoftCompression::STRENGTHS)
///     .with_modes(Modes::PreferStateless);
/// assert_eq!(lenient.mtu(), 1456);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one choice")]
pub struct Config {
    pub(crate) identity: Identity,
    pub(crate) authentication: Methods,
    pub(crate) encryption: Encryption,
    pub(crate) strengths: MicrosoftCompression,
    pub(crate) modes: Modes,
    pub(crate) compression: Compression,
    pub(crate) flushed_rule: mppe::FlushedRule,
    outer: Mtu,
    mtu: Option<u16>,
    mru: Option<u16>,
    pub(crate) receive_window: u16,
    pub(crate) window_policy: WindowPolicy,
    pub(crate) acknowledgment_timeout: AcknowledgmentTimeout,
    pub(crate) flow_alarm: FlowAlarmPolicy,
    pub(crate) reorder_packets: u16,
    pub(crate) reorder_timeout: Duration,
    pub(crate) late_packets: bool,
    pub(crate) ipv4: bool,
    pub(crate) ipv6: bool,
    keepalive: Option<Keepalive>,
    pub(crate) echo_for_acknowledgment: bool,
    rechallenge_interval: Option<Duration>,
    authentication_retries: u8,
    restart_timeout: Duration,
    pub(crate) setup_timeout: Duration,
    echo: EchoPolicy,
    start_timeout: Duration,
    end_timeout: Duration,
    no_data_timeout: Duration,
}

impl Default for Config {
    /// [`Config::strict`].
    fn default() -> Self {
        Self::strict()
    }
}

impl Config {
    /// The default of [`with_restart_timeout`](Self::with_restart_timeout), 2.5 s.
    ///
    /// Not RFC 1661's 3 s, which most peers have. Two sides with the same timer repeat their requests at the same moment;
    /// pppd on Linux (2.4.9) then takes the answer to its first request for one to its second, and cannot decrypt.
    pub const DEFAULT_RESTART_TIMEOUT: Duration = Duration::from_millis(2500);

    /// The preset that is safe as far as PPTP can be, and the default: MS-CHAP version 2, encryption with 128 bits, keys
    /// that change with every packet, or no session.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            identity: Identity::new(Text::EMPTY, Text::EMPTY),
            authentication: Methods::new(&[Method::MsChapV2]),
            encryption: Encryption::Required,
            strengths: MicrosoftCompression::MPPE_128,
            modes: Modes::Stateless,
            compression: Compression::Off,
            flushed_rule: mppe::FlushedRule::Rfc3078,
            outer: Mtu::new(1500),
            mtu: None,
            mru: None,
            receive_window: pptp_gre::Config::DEFAULT_RECEIVE_WINDOW,
            window_policy: WindowPolicy::Ignore,
            acknowledgment_timeout: AcknowledgmentTimeout::adaptive(
                AcknowledgmentTimeout::DEFAULT_MINIMUM,
                AcknowledgmentTimeout::DEFAULT_MAXIMUM,
            ),
            flow_alarm: FlowAlarmPolicy::Tell,
            reorder_packets: 32,
            reorder_timeout: pptp_gre::Config::DEFAULT_REORDER_TIMEOUT,
            late_packets: false,
            ipv4: true,
            ipv6: false,
            keepalive: Some(Keepalive::new(Duration::from_secs(30))),
            echo_for_acknowledgment: true,
            rechallenge_interval: None,
            authentication_retries: 0,
            restart_timeout: Self::DEFAULT_RESTART_TIMEOUT,
            setup_timeout: Duration::from_secs(60),
            echo: EchoPolicy::default(),
            start_timeout: Duration::from_secs(10),
            end_timeout: Duration::from_secs(5),
            no_data_timeout: connection::Config::NO_DATA_TIMEOUT,
        }
    }

    /// The preset that connects to what there is: every method of authentication but EAP, the strongest first; any
    /// encryption in any mode, if the peer can. An attacker on the path can have the password, and the session.
    #[must_use]
    pub fn interop() -> Self {
        Self::strict()
            .with_authentication(Methods::new(&[Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap]))
            .with_encryption(Encryption::Preferred)
            .with_strengths(MicrosoftCompression::STRENGTHS)
            .with_modes(Modes::PreferStateless)
    }

    /// RFC 2637 section 2.1: who this side says it is, for the peer's logs. Default: no name, no vendor.
    #[must_use]
    pub const fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// RFC 1661 section 6.2: how clients prove who they are, the most wanted first. Default: MS-CHAP version 2 alone.
    ///
    /// Only MS-CHAP leaves keys for encryption, or a RADIUS server or a method of EAP may. PAP sends the password in the
    /// clear, and MS-CHAP version 1 lets anybody be the server.
    #[must_use]
    pub const fn with_authentication(mut self, methods: Methods) -> Self {
        self.authentication = methods;
        self
    }

    /// RFC 3078: whether packets have to be encrypted. Default: they have to, or the session ends.
    #[doc(alias = "MPPE")]
    #[must_use]
    pub const fn with_encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// RFC 3078 section 2: which lengths of keys are allowed; the strongest that both sides allow is taken. Default: 128
    /// bits. "auto" is [`MicrosoftCompression::STRENGTHS`].
    #[must_use]
    pub const fn with_strengths(mut self, strengths: MicrosoftCompression) -> Self {
        self.strengths = strengths;
        self
    }

    /// RFC 3078 sections 7 and 10: whether keys change with every packet. Default: always. Stateful encryption loses a
    /// round trip's packets with each one that is lost, and Linux does not agree with the RFC on it.
    #[must_use]
    pub const fn with_modes(mut self, modes: Modes) -> Self {
        self.modes = modes;
        self
    }

    /// RFC 2118: whether packets are compressed, if the peer can. Default: off. Without the feature `mppc` it stays off.
    #[doc(alias = "MPPC")]
    #[must_use]
    pub const fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// RFC 3078 section 8.2: what a FLUSHED packet of stateful encryption does to the key, as long as the peer has not
    /// shown its own rule. Default: the RFC's. Linux has another one.
    #[must_use]
    pub const fn with_flushed_rule(mut self, rule: mppe::FlushedRule) -> Self {
        self.flushed_rule = rule;
        self
    }

    /// The MTU of the path between the two sides, in octets, and the version of IP there: MTU and MRU are computed from
    /// it. Default: 1500, version 4.
    #[must_use]
    pub const fn with_outer_mtu(mut self, octets: u16, version: IpVersion) -> Self {
        self.outer = Mtu::new(octets).with_ip_version(version);
        self
    }

    /// The longest IP packet that is sent, in octets. Default: what fits into the path, see
    /// [`with_outer_mtu`](Self::with_outer_mtu). What the peer takes may be less.
    #[must_use]
    pub const fn with_mtu(mut self, octets: u16) -> Self {
        self.mtu = Some(octets);
        self
    }

    /// RFC 1661 section 6.1: the longest information field that this side wants to get, in octets; at least 128. Default:
    /// what fits into the path, 1460 usually. With encryption the longest IP packet is four octets less.
    #[must_use]
    pub const fn with_mru(mut self, octets: u16) -> Self {
        self.mru = Some(octets);
        self
    }

    /// RFC 2637 section 4.2: how many packets the peer is told to send without an acknowledgment. Default: 64.
    #[must_use]
    pub const fn with_receive_window(mut self, packets: u16) -> Self {
        self.receive_window = packets;
        self
    }

    /// RFC 2637 section 4.2: what the peer's window means. Default: nothing, [`WindowPolicy::Ignore`] says why.
    #[must_use]
    pub const fn with_window_policy(mut self, policy: WindowPolicy) -> Self {
        self.window_policy = policy;
        self
    }

    /// RFC 2637 section 4.4: how long an acknowledgment is waited for: adaptive, or static as Cisco's `static-rtt`. Default:
    /// adaptive, 0.6 to 3 seconds.
    #[must_use]
    pub const fn with_acknowledgment_timeout(mut self, timeout: AcknowledgmentTimeout) -> Self {
        self.acknowledgment_timeout = timeout;
        self
    }

    /// What follows when acknowledgments do not come in time. Default: the user is told.
    #[must_use]
    pub const fn with_flow_alarm(mut self, policy: FlowAlarmPolicy) -> Self {
        self.flow_alarm = policy;
        self
    }

    /// RFC 2637 section 4.3: how many packets wait for a missing one, and for how long. Default: 32, 300 ms. A call needs
    /// at most two kilobytes for each of them. With none, later packets overtake.
    #[must_use]
    pub const fn with_reordering(mut self, packets: u16, timeout: Duration) -> Self {
        self.reorder_packets = packets;
        self.reorder_timeout = timeout;
        self
    }

    /// RFC 2637 section 4.3: whether packets that come too late are given out all the same, out of order, when they were
    /// encrypted without state and can be decrypted with a key that was kept: one of the last 64. Default: no, they are
    /// dropped as the RFC says.
    #[must_use]
    pub const fn with_late_packets(mut self, give_out: bool) -> Self {
        self.late_packets = give_out;
        self
    }

    /// Which versions of IP flow in the tunnel. Default: 4 alone.
    #[must_use]
    pub const fn with_ip_versions(mut self, ipv4: bool, ipv6: bool) -> Self {
        self.ipv4 = ipv4;
        self.ipv6 = ipv6;
        self
    }

    /// RFC 1661 section 5.8: when a silent peer is asked by LCP whether it is there. Default: after 30 s, three times.
    #[must_use]
    pub const fn with_keepalive(mut self, keepalive: Option<Keepalive>) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// Whether an acknowledgment that does not come in time is asked for with an Echo-Request of LCP: one for each time-out,
    /// and none for an Echo-Request. Default: yes.
    ///
    /// Some peers acknowledge only with data of their own (Linux' kernel), and some give a packet that follows a lost one
    /// to PPP no sooner than the next one comes (pptpd): the answer, or the request, is what they wait for.
    #[must_use]
    pub const fn with_echo_for_acknowledgment(mut self, ask: bool) -> Self {
        self.echo_for_acknowledgment = ask;
        self
    }

    /// RFC 1994 section 2: how often a client is challenged again in the running session. Default: never.
    #[must_use]
    pub const fn with_rechallenge_interval(mut self, interval: Option<Duration>) -> Self {
        self.rechallenge_interval = interval;
        self
    }

    /// How often a client may try another name or password on one call. Default: never.
    #[must_use]
    pub const fn with_authentication_retries(mut self, retries: u8) -> Self {
        self.authentication_retries = retries;
        self
    }

    /// RFC 1661 section 4.6: after which time PPP sends a request again. Default:
    /// [2.5 s](Self::DEFAULT_RESTART_TIMEOUT).
    #[must_use]
    pub const fn with_restart_timeout(mut self, timeout: Duration) -> Self {
        self.restart_timeout = timeout;
        self
    }

    /// How long a call may take until IP flows. Default: 60 s. It ends every endless negotiation.
    #[must_use]
    pub const fn with_setup_timeout(mut self, timeout: Duration) -> Self {
        self.setup_timeout = timeout;
        self
    }

    /// RFC 2637 section 3.1.4: when a silent peer is asked on the control connection. Default: after 60 s, with 20 s to
    /// answer.
    #[must_use]
    pub const fn with_echo(mut self, echo: EchoPolicy) -> Self {
        self.echo = echo;
        self
    }

    /// RFC 2637 section 3.1.4: how long the start of the control connection may take. Default: 10 s.
    #[must_use]
    pub const fn with_start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// How long the peer may take to confirm the end of a call, and of the control connection. Default: 5 s each.
    #[must_use]
    pub const fn with_end_timeout(mut self, timeout: Duration) -> Self {
        self.end_timeout = timeout;
        self
    }

    /// After which time without a GRE packet [`Event::NoData`](super::Event::NoData) is told. Default: 10 s.
    #[must_use]
    pub const fn with_no_data_timeout(mut self, timeout: Duration) -> Self {
        self.no_data_timeout = timeout;
        self
    }

    /// The longest IP packet that is sent, in octets, as far as this side goes.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        let may_encrypt = self.encryption != Encryption::Refused || self.compression != Compression::Off;
        self.mtu.unwrap_or_else(|| self.outer.with_encryption(may_encrypt).packet())
    }

    /// The longest information field that this side wants to get, in octets.
    #[must_use]
    pub fn mru(&self) -> u16 {
        self.mru.unwrap_or_else(|| self.outer.packet().min(lcp::Config::DEFAULT_MRU))
    }

    /// The configuration of the control connection.
    pub(crate) fn connection(&self, is_server: bool) -> connection::Config {
        connection::Config::new(self.identity)
            .with_echo(self.echo)
            .with_start_timeout(self.start_timeout)
            .with_stop_timeout(self.end_timeout)
            .with_disconnect_timeout(self.end_timeout)
            .with_no_data_timeout(self.no_data_timeout)
            .with_outgoing_call_requests(is_server)
    }

    /// The configuration of a link, but for addresses and authentication.
    ///
    /// The other side may know of the call a moment later than its own GRE packets tell: `opening` says who begins.
    pub(crate) fn link(
        &self,
        lcp: lcp::Config,
        ipcp: ipcp::Config,
        ipv6cp: ipv6cp::Config,
        opening: Opening,
    ) -> link::Config {
        let timers = negotiate::Config::default().with_restart_timeout(self.restart_timeout);
        let authentication = auth::Config::default()
            .with_restart_timeout(self.restart_timeout)
            .with_rechallenge_interval(self.rechallenge_interval)
            .with_retries(self.authentication_retries)
            .with_patience(self.setup_timeout);
        let compression = cfg!(feature = "mppc") && self.compression != Compression::Off;
        let ccp = ccp::Config::default()
            .with_encryption(self.encryption)
            .with_strengths(self.strengths)
            .with_modes(self.modes)
            .with_compression(compression);
        let mut config = link::Config::default()
            .with_lcp(lcp.with_mru(self.mru()))
            .with_link_timers(timers.clone().with_opening(opening))
            .with_network_timers(timers)
            .with_authentication(authentication)
            .with_ccp(ccp);
        if self.ipv4 {
            config = config.with_ipcp(ipcp);
        }
        if self.ipv6 {
            config = config.with_ipv6cp(ipv6cp);
        }
        match &self.keepalive {
            Some(keepalive) => config.with_keepalive(keepalive.clone()),
            None => config,
        }
    }
}
