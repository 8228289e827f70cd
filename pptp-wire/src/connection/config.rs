//! The settings of a connection.

use core::time::Duration;

use super::{CallIdStyle, EchoPolicy, Identity};

/// RFC 2637 section 3: how a [`Connection`](super::Connection) behaves.
///
/// A time-out of [`Duration::MAX`] never runs out.
///
/// ```
/// use core::time::Duration;
/// use pptp_wire::Text;
/// use pptp_wire::connection::{Config, EchoPolicy, Identity};
///
/// let server =
///     Config::new(Identity::new(Text::new("vpn.example.org")?, Text::new("example")?))
///         .with_outgoing_call_requests(true)
///         .with_echo(EchoPolicy::Misses { interval: Duration::from_secs(30), count: 3 });
/// let client = Config::new(Identity::PPTP_LINUX);
/// assert_ne!(server, client);
/// # Ok::<(), pptp_wire::TextError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    pub(super) identity: Identity,
    pub(super) echo: EchoPolicy,
    pub(super) start_timeout: Duration,
    pub(super) stop_timeout: Duration,
    pub(super) reply_timeout: Duration,
    pub(super) answer_timeout: Duration,
    pub(super) disconnect_timeout: Duration,
    pub(super) no_data_timeout: Duration,
    pub(super) manual_start: bool,
    pub(super) outgoing_call_requests: bool,
    pub(super) incoming_call_requests: bool,
    pub(super) quirks: Quirks,
}

impl Config {
    /// Section 3: how long to wait for whatever the peer has to send.
    pub const TIMEOUT: Duration = Duration::from_secs(60);

    /// How long this side's user may think about a call, unless set otherwise: less than the peer's patience.
    pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

    /// How long a connected call may be without a GRE packet before that is reported.
    pub const NO_DATA_TIMEOUT: Duration = Duration::from_secs(10);

    /// Creates a configuration with the time-outs of RFC 2637 and no calls but our own.
    #[must_use]
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            echo: EchoPolicy::default(),
            start_timeout: Self::TIMEOUT,
            stop_timeout: Self::TIMEOUT,
            reply_timeout: Self::TIMEOUT,
            answer_timeout: Self::ANSWER_TIMEOUT,
            disconnect_timeout: Self::TIMEOUT,
            no_data_timeout: Self::NO_DATA_TIMEOUT,
            manual_start: false,
            outgoing_call_requests: false,
            incoming_call_requests: false,
            quirks: Quirks::new(),
        }
    }

    /// Sets who this side says it is (section 2.1).
    #[must_use]
    pub const fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// Sets how a silent peer is asked whether it is alive (section 3.1.4). Default: after 60 s,
    /// with 20 s to answer. Each question costs both sides 16 and 20 bytes.
    #[must_use]
    pub const fn with_echo(self, echo: EchoPolicy) -> Self {
        Self { echo, ..self }
    }

    /// Sets how long the TCP connection may be open before it is established (section 3.1.4). Default: 60 s. It is also
    /// the time for which somebody who never sends a word holds a connection of a server, so 10 s or less is wise there.
    #[must_use]
    pub const fn with_start_timeout(self, timeout: Duration) -> Self {
        Self { start_timeout: timeout, ..self }
    }

    /// Sets how long to wait for the Stop-Control-Connection-Reply (section 3). Default: 60 s. Others have 3 s or 5 s.
    #[must_use]
    pub const fn with_stop_timeout(self, timeout: Duration) -> Self {
        Self { stop_timeout: timeout, ..self }
    }

    /// Sets how long the peer may take to answer our request for a call, or to connect it (section 3.2.1). Default:
    /// 60 s. If it does not, the whole control connection is closed; a PAC that really dials may need more.
    #[must_use]
    pub const fn with_reply_timeout(self, timeout: Duration) -> Self {
        Self { reply_timeout: timeout, ..self }
    }

    /// Sets how long this side's user may take to answer the peer's request for a call (section 3.2.1). Default: 30 s.
    /// Then the call is refused. If the peer, which has 60 s, loses its patience first, it closes the whole connection.
    #[must_use]
    pub const fn with_answer_timeout(self, timeout: Duration) -> Self {
        Self { answer_timeout: timeout, ..self }
    }

    /// Sets how long to wait for the Call-Disconnect-Notify after a Call-Clear-Request (section 3.2.1). Default: 60 s.
    /// If it does not come, the whole control connection is closed. pptpd never sends one, but closes TCP.
    #[must_use]
    pub const fn with_disconnect_timeout(self, timeout: Duration) -> Self {
        Self { disconnect_timeout: timeout, ..self }
    }

    /// Sets after which time without a GRE packet
    /// [`ControlUpButNoData`](super::Event::ControlUpButNoData) is reported. Default: 10 s. Not in
    /// the RFC.
    #[must_use]
    pub const fn with_no_data_timeout(self, timeout: Duration) -> Self {
        Self { no_data_timeout: timeout, ..self }
    }

    /// Sets whether the user decides if a peer may have a control connection (section 3.1.2), knowing its
    /// [`Identity`]. Default: no, all may. If so, the user answers each
    /// [`StartRequested`](super::Event::StartRequested) before the start time-out.
    #[must_use]
    pub const fn with_manual_start(self, manual_start: bool) -> Self {
        Self { manual_start, ..self }
    }

    /// Sets whether the peer may ask for outgoing calls, of which we are the PAC (section 3.2.4.1): a VPN server needs
    /// it. Default: no, Outgoing-Call-Request is answered with "do not accept", as pptp-linux does.
    #[must_use]
    pub const fn with_outgoing_call_requests(self, outgoing_call_requests: bool) -> Self {
        Self { outgoing_call_requests, ..self }
    }

    /// Sets whether the peer may announce incoming calls, of which we are the PNS (section 3.2.3.2): only a server for
    /// dial-in needs it. Default: no, Incoming-Call-Request is answered with "do not accept".
    #[must_use]
    pub const fn with_incoming_call_requests(self, incoming_call_requests: bool) -> Self {
        Self { incoming_call_requests, ..self }
    }

    /// Sets what certain peers need. Default: [`Quirks::new`].
    #[must_use]
    pub const fn with_quirks(self, quirks: Quirks) -> Self {
        Self { quirks, ..self }
    }
}

/// The needs of certain peers beyond RFC 2637, one setting for each.
///
/// ```
/// use pptp_wire::connection::{Config, Identity, Quirks};
///
/// let modem = Config::new(Identity::ORCKIT).with_quirks(Quirks::ORCKIT);
/// assert_eq!(Quirks::ORCKIT, Quirks::new().with_link_info_after_reply(true));
/// # let _ = modem;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    pub(super) call_id_style: CallIdStyle,
    pub(super) start_result_zero: bool,
    pub(super) link_info_after_reply: bool,
}

impl Quirks {
    /// Orckit ATUR3 modems. Use [`Identity::ORCKIT`] with it.
    pub const ORCKIT: Self = Self::new().with_link_info_after_reply(true);

    /// Creates quirks that are harmless everywhere: unpredictable call ids, start result 0 taken
    /// for success.
    #[must_use]
    pub const fn new() -> Self {
        Self { call_id_style: CallIdStyle::Unpredictable, start_result_zero: true, link_info_after_reply: false }
    }

    /// Sets how our call ids are chosen. Default: unpredictable. Others cost protection against forged GRE packets.
    #[must_use]
    pub const fn with_call_id_style(self, call_id_style: CallIdStyle) -> Self {
        Self { call_id_style, ..self }
    }

    /// Sets whether a Start-Control-Connection-Reply with result 0, which is not defined, is a success: some ADSL modems
    /// send it, and pptp-linux takes it. Default: yes.
    #[must_use]
    pub const fn with_start_result_zero(self, start_result_zero: bool) -> Self {
        Self { start_result_zero, ..self }
    }

    /// Sets whether Set-Link-Info with all bits set follows each Outgoing-Call-Reply: Orckit modems wait for it; other
    /// routers stop passing PPTP after it. Default: no.
    #[must_use]
    pub const fn with_link_info_after_reply(self, link_info_after_reply: bool) -> Self {
        Self { link_info_after_reply, ..self }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::new()
    }
}
