//! The rules of IPV6CP.

use crate::negotiate::{ControlProtocol, Verdict};
use crate::random::Random;
use crate::{EncodeError, OptionWriter, RawOption};

use super::{ConfigurationOption, InterfaceIdentifier, OptionType};

/// RFC 5072 section 4.1: the identifiers of both sides.
///
/// ```
/// use ppp_fsm::ipv6cp::{Config, InterfaceIdentifier};
///
/// // A server that is fe80::1 on every link.
/// let server = Config::default().with_own_identifier(InterfaceIdentifier(1));
/// # let _ = server;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    own: Option<InterfaceIdentifier>,
    peer: Option<InterfaceIdentifier>,
}

impl Config {
    /// Sets the identifier of this side. Default: from the entropy.
    #[must_use]
    pub const fn with_own_identifier(mut self, identifier: InterfaceIdentifier) -> Self {
        self.own = Some(identifier);
        self
    }

    /// Sets the identifier that the peer has to take. Default: the peer says which it has, or gets
    /// one from the entropy.
    #[must_use]
    pub const fn with_peer_identifier(mut self, identifier: InterfaceIdentifier) -> Self {
        self.peer = Some(identifier);
        self
    }
}

/// RFC 5072 section 4.1: what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Agreed {
    /// The identifier of this side, if the peer let it be said.
    pub own: Option<InterfaceIdentifier>,
    /// The identifier of the peer, if it said one.
    pub peer: Option<InterfaceIdentifier>,
}

/// RFC 5072 as a [`ControlProtocol`], for [`Negotiation`](crate::negotiate::Negotiation).
///
/// A peer that asks for an identifier, or that has the same, is given one. Compressed headers are rejected.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::ipv6cp::{Config, InterfaceIdentifier, Negotiator};
/// use ppp_fsm::{Packet, negotiate};
///
/// let now = Duration::ZERO;
/// let config = Config::default()
///     .with_own_identifier(InterfaceIdentifier(1))
///     .with_peer_identifier(InterfaceIdentifier(2));
/// let ipv6cp = Negotiator::new(&config, [7; 32]); // unpredictable bytes
/// let mut machine = negotiate::Negotiation::new(ipv6cp, &negotiate::Config::default());
/// machine.open(now);
/// machine.up(now);
/// let mut buf = [0; 32];
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x01\x01\x00\x0e\x01\x0a\0\0\0\0\0\0\0\x01"[..])
/// );
///
/// // The peer asks for an identifier.
/// machine
///     .handle_packet(now, &Packet::decode(b"\x01\x05\x00\x0e\x01\x0a\0\0\0\0\0\0\0\0")?)?;
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x03\x05\x00\x0e\x01\x0a\0\0\0\0\0\0\0\x02"[..])
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiator {
    config: Config,
    random: Random,
    own: Option<InterfaceIdentifier>,
    /// The identifier for a peer that has none.
    spare: InterfaceIdentifier,
    judged: Option<InterfaceIdentifier>,
    agreed: Agreed,
}

/// The bit that says whether an identifier is unique in the world, which one that was drawn is not.
const UNIVERSAL: u64 = 0x0200_0000_0000_0000;

impl Negotiator {
    /// Creates IPV6CP with these identifiers. `entropy` has to differ from the peer's.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let (own, spare) = (draw(&mut random), draw(&mut random));
        let own = Some(config.own.unwrap_or(own));
        let spare = config.peer.unwrap_or(spare);
        Self { config: config.clone(), random, own, spare, judged: None, agreed: Agreed::default() }
    }

    /// Returns what was agreed. It holds while the negotiation is open.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }
}

fn draw(random: &mut Random) -> InterfaceIdentifier {
    InterfaceIdentifier((u64::from_be_bytes(random.bytes()) & !UNIVERSAL).max(1))
}

impl ControlProtocol for Negotiator {
    type Failure = core::convert::Infallible;

    fn restart(&mut self) {
        let own = draw(&mut self.random);
        self.own = Some(self.config.own.or(self.own).unwrap_or(own));
        self.judged = None;
        self.agreed = Agreed::default();
    }

    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
        self.own.map_or(Ok(()), |own| options.push(&ConfigurationOption::InterfaceIdentifier(own)))
    }

    fn begin_request(&mut self) {
        self.judged = None;
    }

    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        let Ok(ConfigurationOption::InterfaceIdentifier(identifier)) = ConfigurationOption::decode(option) else {
            return Verdict::Reject;
        };
        let is_wrong = self.config.peer.is_some_and(|peer| peer != identifier);
        // RFC 5072 section 4.1: the identifiers differ, and zero asks for one.
        if is_wrong || identifier.0 == 0 || Some(identifier) == self.own {
            let option = ConfigurationOption::InterfaceIdentifier(self.spare);
            return if nak.push(&option).is_ok() { Verdict::Nak } else { Verdict::Reject };
        }
        self.judged = Some(identifier);
        Verdict::Accept
    }

    fn accept_request(&mut self) {
        self.agreed.peer = self.judged;
    }

    fn accept(&mut self) {
        self.agreed.own = self.own;
    }

    fn nak(&mut self, option: RawOption<'_>) {
        if let Ok(ConfigurationOption::InterfaceIdentifier(identifier)) = ConfigurationOption::decode(option) {
            let is_usable = identifier.0 != 0 && Some(identifier) != self.agreed.peer;
            self.own = Some(if is_usable { identifier } else { draw(&mut self.random) });
        }
    }

    fn reject(&mut self, option: RawOption<'_>) {
        if OptionType(option.option_type) == OptionType::INTERFACE_IDENTIFIER {
            self.own = None;
        }
    }
}
