//! The rules of IPCP.

use core::net::Ipv4Addr;

use crate::negotiate::{ControlProtocol, Verdict};
use crate::{EncodeError, OptionWriter, RawOption};

use super::{ConfigurationOption, OptionType};

/// RFC 1332, RFC 1877: the addresses of both sides.
///
/// ```
/// use core::net::Ipv4Addr;
/// use ppp_fsm::ipcp::Config;
///
/// // A client asks for an address, and for name servers.
/// let client = Config::default().with_name_servers_wanted(true);
/// // A server has them.
/// let server = Config::new(Ipv4Addr::new(10, 0, 0, 1))
///     .with_peer_address(Ipv4Addr::new(10, 0, 0, 2))
///     .with_name_servers([Some(Ipv4Addr::new(10, 0, 0, 1)), None]);
/// # let _ = (client, server);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    own: Option<Ipv4Addr>,
    takes_other: bool,
    peer: Option<Ipv4Addr>,
    name_servers_wanted: bool,
    netbios_name_servers_wanted: bool,
    servers: Servers,
}

/// First and second name server, first and second NetBIOS name server.
type Servers = [Option<Ipv4Addr>; 4];

const SERVER_TYPES: [OptionType; 4] =
    [OptionType::PRIMARY_DNS, OptionType::SECONDARY_DNS, OptionType::PRIMARY_NBNS, OptionType::SECONDARY_NBNS];

impl Config {
    /// Creates the configuration of a side that has an address. The default has none, and asks for
    /// one.
    #[must_use]
    pub fn new(address: Ipv4Addr) -> Self {
        Self::default().with_own_address(address)
    }

    fn with_own_address(mut self, address: Ipv4Addr) -> Self {
        self.own = Some(address).filter(|address| !address.is_unspecified());
        self
    }

    /// Allows another address when the peer insists. Default: no.
    #[must_use]
    pub const fn with_other_address_taken(mut self, taken: bool) -> Self {
        self.takes_other = taken;
        self
    }

    /// Sets the address that the peer has to take (RFC 1332 section 3.3). Default: the peer says
    /// which it has.
    #[must_use]
    pub const fn with_peer_address(mut self, address: Ipv4Addr) -> Self {
        self.peer = Some(address);
        self
    }

    /// Sets whether to ask for name servers (RFC 1877 sections 1.1 and 1.3). Default: no.
    #[doc(alias = "DNS")]
    #[must_use]
    pub const fn with_name_servers_wanted(mut self, wanted: bool) -> Self {
        self.name_servers_wanted = wanted;
        self
    }

    /// Sets whether to ask for NetBIOS name servers (RFC 1877 sections 1.2 and 1.4). Default: no.
    #[doc(alias = "NBNS")]
    #[doc(alias = "WINS")]
    #[must_use]
    pub const fn with_netbios_name_servers_wanted(mut self, wanted: bool) -> Self {
        self.netbios_name_servers_wanted = wanted;
        self
    }

    /// Sets the name servers that the peer is given (RFC 1877 sections 1.1 and 1.3). Default: none,
    /// the peer's wish is rejected.
    #[doc(alias = "DNS")]
    #[must_use]
    pub const fn with_name_servers(mut self, [first, second]: [Option<Ipv4Addr>; 2]) -> Self {
        let [_, _, third, fourth] = self.servers;
        self.servers = [first, second, third, fourth];
        self
    }

    /// Sets the NetBIOS name servers that the peer is given (RFC 1877 sections 1.2 and 1.4).
    /// Default: none.
    #[doc(alias = "NBNS")]
    #[doc(alias = "WINS")]
    #[must_use]
    pub const fn with_netbios_name_servers(mut self, [third, fourth]: [Option<Ipv4Addr>; 2]) -> Self {
        let [first, second, _, _] = self.servers;
        self.servers = [first, second, third, fourth];
        self
    }
}

/// RFC 1332, RFC 1877: what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Agreed {
    /// The address of this side, if the peer let it be said.
    pub own_address: Option<Ipv4Addr>,
    /// The address of the peer, if it said one.
    pub peer_address: Option<Ipv4Addr>,
    /// The name servers that the peer gave.
    pub name_servers: [Option<Ipv4Addr>; 2],
    /// The NetBIOS name servers that the peer gave.
    pub netbios_name_servers: [Option<Ipv4Addr>; 2],
}

/// Why IPCP cannot open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// This side needs an address, and the peer gives none.
    #[error("the peer gives us no address")]
    NoAddress,
    /// The peer does not take the address of this side.
    #[error("the peer refuses our address {own}{}", Wanted(*.wanted))]
    AddressRefused {
        /// The address of this side.
        own: Ipv4Addr,
        /// The address that the peer wants it to be.
        wanted: Option<Ipv4Addr>,
    },
    /// The peer insists on another address than the one that it has to take.
    #[error("the peer does not take the address {given}, it wants {wanted}")]
    PeerAddressRefused {
        /// The address that it has to take.
        given: Ipv4Addr,
        /// The address that it asked for last.
        wanted: Ipv4Addr,
    },
}

struct Wanted(Option<Ipv4Addr>);

impl core::fmt::Display for Wanted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.map_or(Ok(()), |wanted| write!(f, ", it wants {wanted}"))
    }
}

/// RFC 1332 and RFC 1877 as a [`ControlProtocol`], for [`Negotiation`](crate::negotiate::Negotiation).
///
/// Compressed headers and the old option with both addresses are rejected. A peer that does not say its address is asked
/// to when it has to take one.
///
/// ```
/// use core::net::Ipv4Addr;
/// use core::time::Duration;
/// use ppp_fsm::ipcp::{Config, Negotiator};
/// use ppp_fsm::{Packet, negotiate};
///
/// let now = Duration::ZERO;
/// let server = Config::new(Ipv4Addr::new(172, 16, 10, 100))
///     .with_peer_address(Ipv4Addr::new(172, 16, 10, 1));
/// let mut machine =
///     negotiate::Negotiation::new(Negotiator::new(&server), &negotiate::Config::default());
/// machine.open(now);
/// machine.up(now);
/// let mut buf = [0; 16];
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x01\x01\x00\x0a\x03\x06\xac\x10\x0a\x64"[..])
/// );
///
/// // The client asks for an address, and is told one.
/// machine.handle_packet(now, &Packet::decode(b"\x01\x08\x00\x0a\x03\x06\0\0\0\0")?)?;
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x03\x08\x00\x0a\x03\x06\xac\x10\x0a\x01"[..])
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiator {
    config: Config,
    /// The address to ask for; `None` when the peer rejects the option.
    own: Option<Ipv4Addr>,
    wanted: Servers,
    judged_peer: Option<Ipv4Addr>,
    /// The address that the peer stated and may not have.
    refused_peer: Option<Ipv4Addr>,
    peer_wants: Option<Ipv4Addr>,
    agreed: Agreed,
    failure: Option<Failure>,
}

impl Negotiator {
    /// Creates IPCP with these addresses.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut new = Self {
            config: config.clone(),
            own: None,
            wanted: Servers::default(),
            judged_peer: None,
            refused_peer: None,
            peer_wants: None,
            agreed: Agreed::default(),
            failure: None,
        };
        new.restart();
        new
    }

    /// Returns what was agreed. It holds while the negotiation is open.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Returns the address that the peer asked for last, when it was given another one (RFC 1332
    /// section 3.3).
    #[must_use]
    pub const fn peer_wish(&self) -> Option<Ipv4Addr> {
        self.refused_peer
    }

    /// Sets the address that the peer has to take, as soon as it is known who the peer is. A peer that insists on its
    /// [wish](Self::peer_wish) asks again, and may have it then.
    pub const fn set_peer_address(&mut self, address: Ipv4Addr) {
        self.config.peer = Some(address);
    }

    /// Sets the address of this side, as soon as it is known who the peer is. The next request has it; set before
    /// the first one, it is the only one that the peer sees.
    pub fn set_own_address(&mut self, address: Ipv4Addr) {
        self.config = self.config.clone().with_own_address(address);
        // A peer that has rejected the option does not want any address.
        self.own = self.own.and(Some(address));
    }

    /// Sets the name servers that the peer is given (RFC 1877 sections 1.1 and 1.3), as soon as it is known who the
    /// peer is.
    pub fn set_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
        self.config = self.config.clone().with_name_servers(servers);
    }

    /// Sets the NetBIOS name servers that the peer is given (RFC 1877 sections 1.2 and 1.4), as soon as it is known
    /// who the peer is.
    pub fn set_netbios_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
        self.config = self.config.clone().with_netbios_name_servers(servers);
    }

    /// Returns the option of a server, if it is one.
    fn server(option_type: u8) -> Option<usize> {
        SERVER_TYPES.iter().position(|server| server.0 == option_type)
    }

    fn with_address(option_type: OptionType, address: Ipv4Addr, options: &mut OptionWriter<'_>) -> Verdict {
        let option = RawOption { option_type: option_type.0, data: &address.octets() };
        if options.push(&option).is_ok() { Verdict::Nak } else { Verdict::Reject }
    }
}

impl ControlProtocol for Negotiator {
    type Failure = Failure;

    fn restart(&mut self) {
        // RFC 1332 section 3.3: an address of zero asks the peer for one.
        self.own = Some(self.config.own.unwrap_or(Ipv4Addr::UNSPECIFIED));
        let ask = |wanted: bool| wanted.then_some(Ipv4Addr::UNSPECIFIED);
        let (dns, nbns) = (ask(self.config.name_servers_wanted), ask(self.config.netbios_name_servers_wanted));
        self.wanted = [dns, dns, nbns, nbns];
        self.judged_peer = None;
        self.refused_peer = None;
        self.peer_wants = None;
        self.agreed = Agreed::default();
        self.failure = None;
    }

    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
        if let Some(address) = self.own {
            options.push(&ConfigurationOption::IpAddress(address))?;
        }
        for (option_type, address) in SERVER_TYPES.iter().zip(self.wanted) {
            if let Some(address) = address {
                options.push(&RawOption { option_type: option_type.0, data: &address.octets() })?;
            }
        }
        Ok(())
    }

    fn begin_request(&mut self) {
        self.judged_peer = None;
    }

    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        let Ok(decoded) = ConfigurationOption::decode(option) else { return Verdict::Reject };
        if let ConfigurationOption::IpAddress(address) = decoded {
            return match self.config.peer {
                Some(given) if given != address => {
                    // The peer's own wish is reported, so that a server may give in to it.
                    self.refused_peer = Some(address).filter(|address| !address.is_unspecified());
                    Self::with_address(OptionType::IP_ADDRESS, given, nak)
                }
                // RFC 1332 section 3.3: zero asks us for an address, and we have none to give.
                None if address.is_unspecified() => Verdict::Reject,
                Some(_) | None => {
                    self.judged_peer = Some(address);
                    Verdict::Accept
                }
            };
        }
        let Some(index) = Self::server(option.option_type) else { return Verdict::Reject };
        match self.config.servers.get(index).copied().flatten() {
            // RFC 1877: a server that has none of these rejects the option, so that the peer stops
            // asking.
            None => Verdict::Reject,
            Some(given) if given.octets() == option.data => Verdict::Accept,
            Some(given) => Self::with_address(OptionType(option.option_type), given, nak),
        }
    }

    fn judge_missing(&mut self, nak: &mut OptionWriter<'_>) {
        // Yamaha's peers leave the option out. A Nak may add it (RFC 1661 section 5.3).
        if let (Some(given), None) = (self.config.peer, self.judged_peer) {
            if Options::contains(nak, OptionType::IP_ADDRESS) {
                return;
            }
            Self::with_address(OptionType::IP_ADDRESS, given, nak);
        }
    }

    fn accept_request(&mut self) {
        self.agreed.peer_address = self.judged_peer;
        // It was rejected in the end, and would go on with an address that nothing is sent to.
        if let (Some(given), None, Some(wanted)) = (self.config.peer, self.judged_peer, self.refused_peer) {
            self.failure = Some(Failure::PeerAddressRefused { given, wanted });
        }
    }

    fn accept(&mut self) {
        let given = |address: Option<Ipv4Addr>| address.filter(|address| !address.is_unspecified());
        let [first, second, third, fourth] = self.wanted.map(given);
        self.agreed.own_address = given(self.own);
        self.agreed.name_servers = [first, second];
        self.agreed.netbios_name_servers = [third, fourth];
        // Without an address of its own this end cannot send a packet.
        if self.config.own.is_none() && self.agreed.own_address.is_none() {
            self.failure = Some(Failure::NoAddress);
        }
    }

    fn nak(&mut self, option: RawOption<'_>) {
        if let Some(index) = Self::server(option.option_type) {
            if let (Some(wanted), Ok(bytes)) = (self.wanted.get_mut(index), <[u8; 4]>::try_from(option.data)) {
                // Not what was not asked for.
                *wanted = wanted.map(|_| bytes.into());
            }
        } else if let Ok(ConfigurationOption::IpAddress(address)) = ConfigurationOption::decode(option) {
            self.peer_wants = Some(address);
            // A user who has set an address wants that or nothing, unless other ones are allowed.
            let may_change = self.config.own.is_none() || self.config.takes_other;
            if may_change && !address.is_unspecified() {
                self.own = Some(address);
            }
        }
    }

    fn reject(&mut self, option: RawOption<'_>) {
        if let Some(wanted) = Self::server(option.option_type).and_then(|index| self.wanted.get_mut(index)) {
            *wanted = None;
        } else if OptionType(option.option_type) == OptionType::IP_ADDRESS {
            self.failure = match (self.config.own, self.peer_wants) {
                (None, _) => Some(Failure::NoAddress),
                (Some(own), wanted @ Some(_)) => Some(Failure::AddressRefused { own, wanted }),
                // It does not want to know.
                (Some(_), None) => self.failure,
            };
            self.own = None;
        }
    }

    fn check(&self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}

struct Options;

impl Options {
    fn contains(options: &OptionWriter<'_>, option_type: OptionType) -> bool {
        crate::Options::new(options.as_bytes()).flatten().any(|option| option.option_type == option_type.0)
    }
}
