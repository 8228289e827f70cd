//! The settings of a tunnel: Cisco's `l2tp-class`.

use core::time::Duration;

use crate::code::{Bearer, Framing, PseudowireType};
use crate::{Name, Secret, Version, channel};

/// The longest host name that is sent, and the longest that is kept of a peer's.
pub const MAX_HOST_NAME: usize = 64;

/// RFC 3931 section 4.7: which versions an end speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum Versions {
    /// RFC 2661 alone: Cisco's `encapsulation l2tpv2`.
    #[default]
    V2,
    /// RFC 3931 alone: Cisco's `encapsulation l2tpv3`.
    V3,
    /// RFC 3931 section 4.7.3: asks for version 3 in a message that a peer of version 2 understands
    /// too, and answers both. Over UDP only.
    Both,
}

impl Versions {
    pub(crate) const fn allows(self, version: Version) -> bool {
        match self {
            Self::V2 => matches!(version, Version::V2),
            Self::V3 => matches!(version, Version::V3),
            Self::Both => true,
        }
    }
}

/// The proof that the ends ask of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFCs have no other way")]
pub enum Authentication {
    /// The peer need prove nothing. If it asks for a proof, it gets one as long as there is a
    /// password.
    #[default]
    None,
    /// RFC 2661 section 5.1.1: the peer has to answer a challenge. It proves who set the tunnel up,
    /// and nothing about later messages. Anyone who sees one answer can try passwords.
    Challenge,
    /// RFC 3931 section 4.3: every message carries a digest, in version 3 alone. Messages without
    /// one have no effect at all, so version 2 is not spoken with it.
    Digest(DigestHash),
}

/// RFC 3931 section 5.4.1: the hash of message digests that are sent. Both are taken from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has no other")]
pub enum DigestHash {
    /// `hash md5`: HMAC-MD5, Cisco's default.
    #[default]
    Md5,
    /// `hash sha`: HMAC-SHA-1.
    Sha1,
}

/// RFC 2661 section 5.5: what shows that the peer lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignsOfLife {
    /// Control messages.
    Messages,
    /// Control messages and data packets.
    MessagesAndData,
}

/// RFC 2661 section 4.1: what an unknown AVP does that the peer says must be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnknownAvps {
    /// It ends the session or tunnel.
    Refused,
    /// Nothing.
    Ignored,
}

/// The settings of a tunnel. The names are those of Cisco's `l2tp-class`; each setter says where
/// its default comes from.
///
/// ```
/// use l2tp_wire::Secret;
/// use l2tp_wire::tunnel::{Authentication, Config, Versions};
///
/// let config = Config::new("branch-office")
///     .with_versions(Versions::Both)
///     .with_authentication(Authentication::Challenge)
///     .with_password(Secret::new(b"opensesame")?);
/// assert_eq!(config.host_name().to_string(), "branch-office");
/// # Ok::<(), l2tp_wire::SecretError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Config {
    pub(super) versions: Versions,
    pub(super) channel: channel::Config,
    pub(super) setup_timeout: Duration,
    pub(super) hello_interval: Option<Duration>,
    pub(super) signs_of_life: SignsOfLife,
    pub(super) authentication: Authentication,
    pub(super) host_name: Name<MAX_HOST_NAME>,
    pub(super) vendor_name: Name<MAX_HOST_NAME>,
    pub(super) terminate_from: Option<Name<MAX_HOST_NAME>>,
    pub(super) password: Option<Secret>,
    pub(super) old_password: Option<Secret>,
    pub(super) hidden: bool,
    pub(super) tie_breaker: bool,
    pub(super) unknown_avps: UnknownAvps,
    pub(super) framing: Framing,
    pub(super) bearer: Bearer,
    pub(super) router_id: u32,
    pub(super) pseudowires: [Option<PseudowireType>; 2],
}

impl Config {
    /// Returns the defaults, with the name by which this end is known.
    #[must_use]
    pub fn new(host_name: &str) -> Self {
        Self {
            versions: Versions::V2,
            channel: channel::Config::new(),
            setup_timeout: Duration::from_secs(60),
            hello_interval: Some(Duration::from_secs(60)),
            signs_of_life: SignsOfLife::Messages,
            authentication: Authentication::None,
            host_name: Name::from(host_name),
            vendor_name: Name::EMPTY,
            terminate_from: None,
            password: None,
            old_password: None,
            hidden: false,
            tie_breaker: false,
            unknown_avps: UnknownAvps::Refused,
            framing: Framing::ANY,
            bearer: Bearer::NONE,
            router_id: 0,
            pseudowires: [Some(PseudowireType::PPP), Some(PseudowireType::ETHERNET)],
        }
    }

    /// Sets `encapsulation`: the versions that are spoken. Default version 2, which every peer has.
    #[must_use]
    pub const fn with_versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// Sets `receive-window`, `retransmit …`: the reliable channel. The defaults are those of
    /// [`channel::Config`].
    #[must_use]
    pub const fn with_channel(mut self, channel: channel::Config) -> Self {
        self.channel = channel;
        self
    }

    /// Sets `timeout setup`: how long setting up a tunnel, or a session, may take; in both roles.
    ///
    /// Default 60 s, as mpd's reply time-out; Cisco's is said to be 300 s.
    #[must_use]
    pub const fn with_setup_timeout(mut self, timeout: Duration) -> Self {
        self.setup_timeout = timeout;
        self
    }

    /// Sets `hello`: how long the peer may be silent before it is sent a Hello (RFC 2661 section
    /// 5.5).
    ///
    /// Default 60 s (RFC, Cisco). `None` turns it off, as Cisco's `hello 0`.
    #[must_use]
    pub const fn with_hello_interval(mut self, interval: Option<Duration>) -> Self {
        self.hello_interval = interval;
        self
    }

    /// Counts data packets as signs of life, so that control messages that get lost do not end a
    /// tunnel whose sessions work. Default off, as the RFCs have it.
    #[must_use]
    pub const fn with_data_as_life(mut self, counts: bool) -> Self {
        self.signs_of_life = if counts { SignsOfLife::MessagesAndData } else { SignsOfLife::Messages };
        self
    }

    /// Sets `authentication`, `digest`: what the peer has to prove. Default nothing, as Cisco's.
    ///
    /// Without a password, a challenge cannot be answered, and a digest proves no more than that
    /// nothing was damaged.
    #[must_use]
    pub const fn with_authentication(mut self, authentication: Authentication) -> Self {
        self.authentication = authentication;
        self
    }

    /// Sets `password`, `digest secret`: the secret that both ends share. Default none.
    #[must_use]
    pub fn with_password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// Sets the password before it was changed (RFC 3931 section 5.4.1). A peer whose digests are made
    /// with it is let in too, and gets digests made with it, until it has changed the password as well. An
    /// end that asks for a tunnel begins with the new one. Default none.
    #[must_use]
    pub fn with_old_password(mut self, password: Secret) -> Self {
        self.old_password = Some(password);
        self
    }

    /// Sets `hidden`: whether the values of AVPs that may be hidden are hidden, which needs a
    /// password (RFC 2661 section 4.3). Default off, as Cisco's: xl2tpd, npppd and go-l2tp cannot
    /// read them.
    #[must_use]
    pub const fn with_hidden(mut self, hides: bool) -> Self {
        self.hidden = hides;
        self
    }

    /// Sets the name of the software's maker. Default none.
    #[must_use]
    pub fn with_vendor_name(mut self, name: &str) -> Self {
        self.vendor_name = Name::from(name);
        self
    }

    /// Sets `terminate-from hostname`: the only host name from which a tunnel is accepted. Default
    /// any.
    ///
    /// A name is no proof: only [`with_authentication`](Self::with_authentication) asks for one.
    #[must_use]
    pub fn with_terminate_from(mut self, host_name: &str) -> Self {
        self.terminate_from = Some(Name::from(host_name));
        self
    }

    /// Sends a tie breaker, so that of two tunnels that both ends set up at once one is left (RFC
    /// 2661 section 4.4.3). Default off: Yamaha RTX refuses what it does not expect.
    #[must_use]
    pub const fn with_tie_breaker(mut self, sends: bool) -> Self {
        self.tie_breaker = sends;
        self
    }

    /// Ignores unknown AVPs that the peer says must be understood, where the RFCs end the session
    /// or tunnel. Default off.
    #[must_use]
    pub const fn with_permissive(mut self, ignores: bool) -> Self {
        self.unknown_avps = if ignores { UnknownAvps::Ignored } else { UnknownAvps::Refused };
        self
    }

    /// Sets the framings that are announced (RFC 2661 section 4.4.3). Default both, as xl2tpd and
    /// accel-ppp.
    #[must_use]
    pub const fn with_framing_capabilities(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    /// Sets the kinds of lines that are announced (RFC 2661 section 4.4.3). Default none: there is
    /// no telephone line.
    #[must_use]
    pub const fn with_bearer_capabilities(mut self, bearer: Bearer) -> Self {
        self.bearer = bearer;
        self
    }

    /// Sets the router id; usually an IPv4 address (RFC 3931 section 5.4.3). Default 0.
    #[must_use]
    pub const fn with_router_id(mut self, router_id: u32) -> Self {
        self.router_id = router_id;
        self
    }

    /// Sets the pseudowires that version 3 takes (RFC 3931 section 5.4.3). Default PPP and
    /// Ethernet.
    #[must_use]
    pub const fn with_pseudowires(mut self, first: PseudowireType, second: Option<PseudowireType>) -> Self {
        self.pseudowires = [Some(first), second];
        self
    }

    /// Returns the name of this end.
    #[must_use]
    pub const fn host_name(&self) -> &Name<MAX_HOST_NAME> {
        &self.host_name
    }

    /// Returns the versions that are spoken.
    #[must_use]
    pub const fn versions(&self) -> Versions {
        match self.authentication {
            Authentication::Digest(_) => Versions::V3,
            Authentication::None | Authentication::Challenge => self.versions,
        }
    }

    pub(super) const fn counts_data_as_life(&self) -> bool {
        matches!(self.signs_of_life, SignsOfLife::MessagesAndData)
    }

    pub(super) const fn ignores_unknown_avps(&self) -> bool {
        matches!(self.unknown_avps, UnknownAvps::Ignored)
    }

    pub(super) fn has_pseudowire(&self, pseudowire: PseudowireType) -> bool {
        self.pseudowires.contains(&Some(pseudowire))
    }
}
