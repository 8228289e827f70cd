//! The configuration of both sides.

use core::time::Duration;

use ppp_fsm::auth::{Method, Methods};
use ppp_fsm::ccp::{Encryption, MicrosoftCompression, Modes};
use ppp_fsm::link::Keepalive;
use ppp_fsm::negotiate::Opening;
use ppp_fsm::{auth, ccp, ipcp, ipv6cp, lcp, link, negotiate};

/// RFC 2118: whether packets are compressed, and how hard.
///
/// The length of compressed packets reveals something of their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Packets are not compressed.
    #[default]
    Off,
    /// Fast: 50 KiB more for a session that agrees on it.
    Fast,
    /// A few per cent shorter, two to three times as long in the making: 98 KiB.
    Default,
    /// As short as can be: 98 KiB.
    Max,
}

/// Which versions of IP flow in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum IpVersions {
    /// RFC 1332: version 4 alone.
    #[default]
    V4,
    /// RFC 5072: version 6 alone.
    V6,
    /// Both.
    Both,
}

impl IpVersions {
    /// Returns whether version 4 is one of them.
    #[must_use]
    pub const fn has_v4(self) -> bool {
        matches!(self, Self::V4 | Self::Both)
    }

    /// Returns whether version 6 is one of them.
    #[must_use]
    pub const fn has_v6(self) -> bool {
        matches!(self, Self::V6 | Self::Both)
    }
}

/// The configuration of both sides. Weak choices have to be asked for by name.
///
/// ```
/// use ppp_session::Config;
/// use ppp_session::ppp::auth::{Method, Methods};
/// use ppp_session::ppp::ccp::{Encryption, MicrosoftCompression, Modes};
///
/// // As `ppp encrypt mppe auto` with `ppp authentication ms-chap-v2 ms-chap`.
/// let lenient = Config::strict()
///     .with_authentication(Methods::new(&[Method::MsChapV2, Method::MsChapV1]))
///     .with_encryption(Encryption::Preferred)
///     .with_strengths(MicrosoftCompression::STRENGTHS)
///     .with_modes(Modes::PreferStateless);
/// assert_eq!((lenient.mtu(), lenient.mru()), (1496, 1500));
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(crate) authentication: Methods,
    eap_pass_through: bool,
    pub(crate) encryption: Encryption,
    pub(crate) strengths: MicrosoftCompression,
    pub(crate) send_modes: Modes,
    pub(crate) receive_modes: Modes,
    pub(crate) compression: Compression,
    pub(crate) flushed_rule: mppe::FlushedRule,
    carrier_mru: u16,
    mtu: Option<u16>,
    mru: Option<u16>,
    pub(crate) ip_versions: IpVersions,
    keepalive: Option<Keepalive>,
    rechallenge_interval: Option<Duration>,
    pub(crate) authentication_retries: u8,
    restart_timeout: Duration,
    pub(crate) setup_timeout: Duration,
}

impl Default for Config {
    /// Returns [`Config::strict`].
    fn default() -> Self {
        Self::strict()
    }
}

impl Config {
    /// The default of [`with_restart_timeout`](Self::with_restart_timeout), 2.5 s.
    ///
    /// Not RFC 1661's 3 s, which most peers have. Two sides with the same timer repeat their
    /// requests at the same moment. The pppd of Linux (2.4.9) then takes the answer to its first
    /// request for one to its second, and cannot decrypt.
    pub const DEFAULT_RESTART_TIMEOUT: Duration = Duration::from_millis(2500);

    /// Returns the safest preset, which is the default: MS-CHAP version 2, encryption with 128
    /// bits, keys that change with every packet, or no session.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            authentication: Methods::new(&[Method::MsChapV2]),
            // A recording of MS-CHAP version 1 soon gives the password, and PAP has it in the
            // clear.
            eap_pass_through: false,
            encryption: Encryption::Required,
            strengths: MicrosoftCompression::MPPE_128,
            // RFC 3078 section 9 against stateful mode: "it is possible that two packets may be
            // encrypted using the same key".
            send_modes: Modes::Stateless,
            receive_modes: Modes::Stateless,
            // Compression before encryption leaks lengths, so it is asked for by name.
            compression: Compression::Off,
            flushed_rule: mppe::FlushedRule::Rfc3078,
            carrier_mru: lcp::Config::DEFAULT_MRU,
            mtu: None,
            mru: None,
            ip_versions: IpVersions::V4,
            keepalive: Some(Keepalive::new(Duration::from_secs(30))),
            rechallenge_interval: None,
            authentication_retries: 0,
            restart_timeout: Self::DEFAULT_RESTART_TIMEOUT,
            setup_timeout: Duration::from_secs(60),
        }
    }

    /// Returns the preset that connects to nearly every peer: every method of authentication but
    /// EAP, the strongest first; any encryption in any mode, if the peer can. An attacker on the
    /// path can have the password, and the session. After MS-CHAP version 1, both directions share
    /// one key stream, so that packets of one are read with those of the other
    /// ([`Method::MsChapV1`]).
    #[must_use]
    pub fn interop() -> Self {
        Self::strict()
            .with_authentication(Methods::new(&[Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap]))
            .with_encryption(Encryption::Preferred)
            .with_strengths(MicrosoftCompression::STRENGTHS)
            .with_modes(Modes::PreferStateless)
    }

    /// Sets how clients prove who they are, the most wanted first (RFC 1661 section 6.2). Default:
    /// MS-CHAP version 2 alone.
    ///
    /// Only MS-CHAP leaves keys for encryption, by itself or in EAP; a RADIUS server may give some. PAP
    /// sends the password in the clear, and MS-CHAP version 1 lets anybody be the server.
    #[must_use]
    pub fn with_authentication(mut self, methods: Methods) -> Self {
        self.authentication = methods;
        self
    }

    /// Sets whether a server passes EAP through to another end of it, such as a RADIUS server (RFC 3748 section 2.3).
    /// Default: no, [`Method::Eap`] is MD5-Challenge here, and [`Method::EapMsChapV2`] is MS-CHAP version 2.
    ///
    /// [`Event::Authenticate`](crate::Event::Authenticate) then shows each response as
    /// [`Presented::Eap`](ppp_fsm::auth::Presented::Eap), whatever its type. Any answer to it is the other end's own packet.
    /// Keys come by [`Session::accept`](crate::Session::accept).
    #[must_use]
    pub fn with_eap_pass_through(mut self, pass_through: bool) -> Self {
        self.eap_pass_through = pass_through;
        self
    }

    /// Sets whether packets have to be encrypted (RFC 3078). Default: they have to, or the session
    /// ends.
    ///
    /// CCP, which agrees on encryption, is not protected. When it opens again after packets were
    /// encrypted, the old keys must not start another stream, and new ones come only from another
    /// authentication. With [`Encryption::Required`] the session then ends with
    /// [`EncryptionLost`](ppp_fsm::link::Reason::EncryptionLost). Under every other policy LCP
    /// begins again: the peer proves itself once more, IP stops until then, and the new keys
    /// encrypt. Where even those are old, the session ends in the same way. Short keys of MS-CHAP
    /// version 1 come from the password alone, and a user may bring the same external keys again.
    #[doc(alias = "MPPE")]
    #[must_use]
    pub fn with_encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Sets which lengths of keys are allowed; the strongest that both sides allow is taken (RFC
    /// 3078 section 2). Default: 128 bits. "auto" is [`MicrosoftCompression::STRENGTHS`].
    #[must_use]
    pub fn with_strengths(mut self, strengths: MicrosoftCompression) -> Self {
        self.strengths = strengths;
        self
    }

    /// Sets whether keys change with every packet, in both directions (RFC 3078 sections 7 and 10).
    /// Default: always. Stateful encryption loses a round trip's packets with each one that is
    /// lost, and Linux does not agree with the RFC on it.
    #[must_use]
    pub fn with_modes(self, modes: Modes) -> Self {
        self.with_send_modes(modes).with_receive_modes(modes)
    }

    /// Sets whether keys change with every packet that this side sends (RFC 3078 section 2).
    /// Default: always.
    ///
    /// Each direction has a mode of its own, and there are peers that want another one in each.
    ///
    /// ```
    /// use ppp_session::Config;
    /// use ppp_session::ppp::ccp::Modes;
    ///
    /// // Stateful from the peer, if it can; what this side sends stays stateless.
    /// let mixed = Config::strict().with_receive_modes(Modes::PreferStateful);
    /// # let _ = mixed;
    /// ```
    #[must_use]
    pub fn with_send_modes(mut self, modes: Modes) -> Self {
        self.send_modes = modes;
        self
    }

    /// Sets whether keys change with every packet that this side receives (RFC 3078 section 2).
    /// Default: always.
    #[must_use]
    pub fn with_receive_modes(mut self, modes: Modes) -> Self {
        self.receive_modes = modes;
        self
    }

    /// Sets whether packets are compressed, if the peer can (RFC 2118). Default: off. Without the
    /// feature `mppc` it stays off.
    #[doc(alias = "MPPC")]
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets what a FLUSHED packet of stateful encryption does to the key, as long as the peer has
    /// not shown its own rule (RFC 3078 section 8.2). Default: the RFC's. Linux has another one.
    #[must_use]
    pub fn with_flushed_rule(mut self, rule: mppe::FlushedRule) -> Self {
        self.flushed_rule = rule;
        self
    }

    /// Sets the longest information field of PPP that the carrier has room for, in bytes. Default:
    /// 1500. The MTU and the MRU follow from it.
    #[must_use]
    pub fn with_carrier_mru(mut self, bytes: u16) -> Self {
        self.carrier_mru = bytes;
        self
    }

    /// Sets the longest IP packet that is sent, in bytes. Default: what fits into the carrier. The
    /// peer's own limit may be less.
    #[must_use]
    pub fn with_mtu(mut self, bytes: u16) -> Self {
        self.mtu = Some(bytes);
        self
    }

    /// Sets the longest information field that this side wants to get, in bytes; at least 128 (RFC
    /// 1661 section 6.1). Default: what fits into the carrier. With encryption the longest IP
    /// packet is four bytes less.
    #[must_use]
    pub fn with_mru(mut self, bytes: u16) -> Self {
        self.mru = Some(bytes);
        self
    }

    /// Sets which versions of IP flow. Default: 4 alone.
    #[must_use]
    pub fn with_ip_versions(mut self, versions: IpVersions) -> Self {
        self.ip_versions = versions;
        self
    }

    /// Sets when a silent peer is asked by LCP whether it is there (RFC 1661 section 5.8). Default:
    /// after 30 s, three times.
    #[must_use]
    pub fn with_keepalive(mut self, keepalive: Option<Keepalive>) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// Sets how often a client is challenged again in the running session (RFC 1994 section 2).
    /// Default: never.
    #[must_use]
    pub fn with_rechallenge_interval(mut self, interval: Option<Duration>) -> Self {
        self.rechallenge_interval = interval;
        self
    }

    /// Sets how often a client may try another name or password in one session (RFC 2759 section
    /// 6). A client asks its user by [`Event::Prove`](crate::Event::Prove) unless this is 0: then
    /// the first refusal ends the session. Default: never.
    #[must_use]
    pub fn with_authentication_retries(mut self, retries: u8) -> Self {
        self.authentication_retries = retries;
        self
    }

    /// Sets after which time PPP sends a request again (RFC 1661 section 4.6). Default: [2.5
    /// s](Self::DEFAULT_RESTART_TIMEOUT).
    #[must_use]
    pub fn with_restart_timeout(mut self, timeout: Duration) -> Self {
        self.restart_timeout = timeout;
        self
    }

    /// Sets how long a session may take until IP flows. Default: 60 s. It ends every endless
    /// negotiation.
    #[must_use]
    pub fn with_setup_timeout(mut self, timeout: Duration) -> Self {
        self.setup_timeout = timeout;
        self
    }

    /// Returns the longest IP packet that is sent, in bytes, as far as this side goes.
    #[must_use]
    pub fn mtu(&self) -> u16 {
        let may_encrypt = self.encryption != Encryption::Refused || self.compression != Compression::Off;
        // The header of encryption or compression (2), and the protocol within (2).
        let room = if may_encrypt { self.carrier_mru.saturating_sub(4) } else { self.carrier_mru };
        self.mtu.unwrap_or(room)
    }

    /// Returns the longest information field that this side wants to get, in bytes.
    #[must_use]
    pub fn mru(&self) -> u16 {
        self.mru.unwrap_or_else(|| self.carrier_mru.min(lcp::Config::DEFAULT_MRU))
    }

    /// Returns the configuration of a link.
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
            .with_eap_pass_through(self.eap_pass_through)
            .with_patience(self.setup_timeout);
        let compression = cfg!(feature = "mppc") && self.compression != Compression::Off;
        let ccp = ccp::Config::default()
            .with_encryption(self.encryption)
            .with_strengths(self.strengths)
            .with_send_modes(self.send_modes)
            .with_receive_modes(self.receive_modes)
            .with_compression(compression);
        let mut config = link::Config::default()
            .with_lcp(lcp.with_mru(self.mru()))
            .with_link_timers(timers.clone().with_opening(opening))
            .with_network_timers(timers)
            .with_authentication(authentication)
            .with_ccp(ccp);
        if self.ip_versions.has_v4() {
            config = config.with_ipcp(ipcp);
        }
        if self.ip_versions.has_v6() {
            config = config.with_ipv6cp(ipv6cp);
        }
        match &self.keepalive {
            Some(keepalive) => config.with_keepalive(keepalive.clone()),
            None => config,
        }
    }
}
