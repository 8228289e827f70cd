//! The wishes of LCP.

use crate::auth::Methods;

/// RFC 1661 section 6: the wishes of this side, and what the peer may have.
///
/// ```
/// use ppp_fsm::auth::{Method, Methods};
/// use ppp_fsm::lcp::Config;
///
/// // A server: the peer proves itself with MS-CHAP version 2 or, if it must, version 1.
/// let server = Config::default()
///     .with_peer_authentication(Methods::new(&[Method::MsChapV2, Method::MsChapV1]));
/// // A client.
/// let client = Config::default()
///     .with_own_authentication(Methods::new(&[Method::MsChapV2]))
///     .with_mru(1400);
/// # let _ = (server, client);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub(super) mru: u16,
    pub(super) control_characters: Option<u32>,
    pub(super) peer_authentication: Methods,
    pub(super) own_authentication: Methods,
    pub(super) magic_number: bool,
    pub(super) header: HeaderCompression,
    pub(super) takes_compressions: bool,
}

/// The options that this side asks for, so that headers to it are short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HeaderCompression {
    /// RFC 1661 section 6.5.
    pub(super) protocol: bool,
    /// RFC 1661 section 6.6.
    pub(super) address_control: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            mru: Self::DEFAULT_MRU,
            control_characters: None,
            peer_authentication: Methods::NONE,
            own_authentication: Methods::NONE,
            // Magic numbers show a line that leads back to its own end (RFC 1661 section 6.4).
            magic_number: true,
            header: HeaderCompression { protocol: true, address_control: true },
            takes_compressions: true,
        }
    }
}

impl Config {
    /// RFC 1661 section 6.1: the MRU that holds without an option.
    pub const DEFAULT_MRU: u16 = 1500;
    /// The smallest MRU that is taken, as Linux has it.
    pub const MIN_MRU: u16 = 128;

    /// Sets the most bytes of information that this side wants to get (RFC 1661 section 6.1).
    /// Default: 1500, which needs no option. At least 128.
    ///
    /// Frames up to 1500 have to be taken nevertheless.
    #[doc(alias = "MRU")]
    #[must_use]
    pub fn with_mru(mut self, bytes: u16) -> Self {
        self.mru = bytes.max(Self::MIN_MRU);
        self
    }

    /// Sets the control characters that have to be escaped to this side (RFC 1662 section 7.1).
    /// Default: the option is not sent. Where there are no escapes, as in tunnels, it means
    /// nothing.
    #[doc(alias = "ACCM")]
    #[must_use]
    pub const fn with_control_characters(mut self, map: u32) -> Self {
        self.control_characters = Some(map);
        self
    }

    /// Sets how the peer has to authenticate itself, the most wanted first (RFC 1661 section 6.2).
    /// Default: not at all.
    ///
    /// Without one of these the link does not open.
    #[must_use]
    pub const fn with_peer_authentication(mut self, methods: Methods) -> Self {
        self.peer_authentication = methods;
        self
    }

    /// Sets how this side authenticates itself when the peer asks for it, the most wanted first
    /// (RFC 1661 section 6.2). Default: not at all.
    #[must_use]
    pub const fn with_own_authentication(mut self, methods: Methods) -> Self {
        self.own_authentication = methods;
        self
    }

    /// Sets whether to send a magic number, without which a loop is not found (RFC 1661 section
    /// 6.4). Default: yes.
    #[must_use]
    pub const fn with_magic_number(mut self, send: bool) -> Self {
        self.magic_number = send;
        self
    }

    /// Sets whether to ask for protocols of one byte (RFC 1661 section 6.5). Default: yes.
    #[doc(alias = "PFC")]
    #[must_use]
    pub const fn with_protocol_compression(mut self, wanted: bool) -> Self {
        self.header.protocol = wanted;
        self
    }

    /// Sets whether to ask for frames without address and control (RFC 1661 section 6.6). Default:
    /// yes.
    #[doc(alias = "ACFC")]
    #[must_use]
    pub const fn with_address_control_compression(mut self, wanted: bool) -> Self {
        self.header.address_control = wanted;
        self
    }

    /// Sets whether this side sends so when the peer asks for it (RFC 1661 sections 6.5 and 6.6).
    /// Default: yes.
    #[must_use]
    pub const fn with_compressions_taken(mut self, taken: bool) -> Self {
        self.takes_compressions = taken;
        self
    }

    /// Returns how the peer has to authenticate itself.
    #[must_use]
    pub const fn peer_authentication(&self) -> Methods {
        self.peer_authentication
    }

    /// Returns how this side authenticates itself.
    #[must_use]
    pub const fn own_authentication(&self) -> Methods {
        self.own_authentication
    }
}
