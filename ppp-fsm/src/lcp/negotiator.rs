//! The rules of LCP.

use crate::auth::{Method, Methods};
use crate::negotiate::{ControlProtocol, Verdict};
use crate::random::Random;
use crate::{EncodeError, OptionWriter, RawOption};

use super::{Config, ConfigurationOption, OptionType};

/// RFC 1661 section 6: what holds for the frames that one side sends, because the other side asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Agreed {
    /// The most bytes of information that the receiver takes.
    pub mru: u16,
    /// The control characters that have to be escaped.
    pub control_characters: u32,
    /// How the sender has to authenticate itself.
    pub authentication: Option<Method>,
    /// The receiver's magic number, 0 if it has none.
    pub magic_number: u32,
    /// Whether protocols may be one byte.
    pub protocol_compression: bool,
    /// Whether address and control may be left out.
    pub address_control_compression: bool,
}

impl Default for Agreed {
    fn default() -> Self {
        Self {
            mru: Config::DEFAULT_MRU,
            control_characters: u32::MAX,
            authentication: None,
            magic_number: 0,
            protocol_compression: false,
            address_control_compression: false,
        }
    }
}

/// Why LCP cannot open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// RFC 1661 section 6.4: the line leads back to this side.
    #[error("the link is looped back: the peer's magic numbers are our own")]
    Loopback,
    /// The peer takes none of the methods with which it would have to authenticate itself.
    #[error("no common authentication: we require {required}, the peer {}", Offer(*.offered))]
    AuthenticationRefused {
        /// The methods that this side takes.
        required: Methods,
        /// The method that the peer named last, if it is known here.
        offered: Option<Method>,
    },
    /// The peer wants this side to authenticate itself by a method that is not allowed here, and goes without it.
    #[error("no common authentication: the peer requires {}, we offer {allowed}", Wanted(*.wanted))]
    AuthenticationNotAllowed {
        /// The methods by which this side may authenticate itself.
        allowed: Methods,
        /// The method that the peer wanted last, if it is known here.
        wanted: Option<Method>,
    },
}

struct Wanted(Option<Method>);

impl core::fmt::Display for Wanted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(method) => write!(f, "{method}"),
            None => f.write_str("another one"),
        }
    }
}

struct Offer(Option<Method>);

impl core::fmt::Display for Offer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(method) => write!(f, "offers {method}"),
            None => f.write_str("offers none"),
        }
    }
}

/// RFC 1661 section 6: LCP as a [`ControlProtocol`], for [`Negotiation`](crate::negotiate::Negotiation).
///
/// | option | asked for | of the peer |
/// |---|---|---|
/// | MRU | if not 1500 | taken from 128 on |
/// | ACCM | if set | taken |
/// | authentication | if set; then what the peer prefers of the list, then the next | taken if allowed, else the first of the list is named; without a list rejected |
/// | magic number | yes | taken; 0 and our own are not, five of our own are a loop |
/// | PFC, ACFC | if set | taken, unless set otherwise |
/// | all others | no | rejected: callback, multilink, endpoint discriminator, link quality … |
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::lcp::{Config, Negotiator};
/// use ppp_fsm::{Packet, negotiate};
///
/// let now = Duration::ZERO;
/// let lcp = Negotiator::new(&Config::default(), [7; 32]); // unpredictable bytes
/// let mut machine = negotiate::Negotiation::new(lcp, &negotiate::Config::default());
/// machine.open(now);
/// machine.up(now);
/// let mut buf = [0; 64];
/// machine.poll_transmit(now, &mut buf)?;
///
/// // A Windows 2000 client wants a callback and multilink.
/// let request = b"\x01\x01\x00\x17\x05\x06\x35\xbe\x1c\xb0\x07\x02\x08\x02\
///     \x0d\x03\x06\x11\x04\x06\x4e\x12\x02";
/// machine.handle_packet(now, &Packet::decode(request)?)?;
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x04\x01\x00\x0d\x0d\x03\x06\x11\x04\x06\x4e\x12\x02"[..])
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiator {
    config: Config,
    random: Random,
    /// The options of the next request: how the peer has to send.
    wishes: Wishes,
    /// Methods that the peer has not refused.
    methods: Methods,
    judged: Agreed,
    sending: Agreed,
    receiving: Agreed,
    loops: u8,
    peer_method: Option<Method>,
    /// The last request of the peer had a method that was not taken.
    is_refused: bool,
    /// A method that leaves keys was named in place of one that does not, or need not be.
    keys: KeysWanted,
    insistence: Insistence,
    failure: Option<Failure>,
}

/// Whether the peer was asked once more for a method in whose place it had named one that is not allowed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Insistence {
    NotYet,
    Done,
}

/// Whether the peer is asked for a method that leaves keys when it wants one that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeysWanted {
    No,
    Yes,
    /// It was asked, and is not asked again.
    Asked,
}

#[derive(Debug, Clone, Copy)]
struct Wishes {
    mru: Option<u16>,
    control_characters: Option<u32>,
    magic_number: Option<u32>,
    protocol_compression: bool,
    address_control_compression: bool,
}

impl Negotiator {
    /// RFC 1661 section 6.4: this many own magic numbers from the peer are a loop.
    const MAX_LOOPS: u8 = 5;

    /// Creates LCP with these wishes. `entropy` gives the magic numbers, and has to differ from the
    /// peer's.
    #[must_use]
    pub fn new(config: &Config, entropy: [u8; 32]) -> Self {
        let mut random = Random::new(entropy);
        let wishes = Wishes::new(config, &mut random);
        Self {
            config: config.clone(),
            random,
            wishes,
            methods: config.peer_authentication,
            judged: Agreed::default(),
            sending: Agreed::default(),
            receiving: Agreed::default(),
            loops: 0,
            peer_method: None,
            is_refused: false,
            keys: KeysWanted::No,
            insistence: Insistence::NotYet,
            failure: None,
        }
    }

    /// Prefers methods that leave keys for encryption. A peer that asks for PAP or CHAP with MD5 is
    /// asked once for the first such method that this side
    /// [allows](Config::with_own_authentication), and gets its own if it insists.
    pub const fn prefer_keys(&mut self) {
        self.keys = KeysWanted::Yes;
    }

    /// Returns what was set.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns what this side has to keep to when it sends; in it, how it has to authenticate
    /// itself.
    #[must_use]
    pub const fn sending(&self) -> &Agreed {
        &self.sending
    }

    /// Returns what the peer has to keep to when it sends; in it, how it has to authenticate
    /// itself.
    #[must_use]
    pub const fn receiving(&self) -> &Agreed {
        &self.receiving
    }

    /// Returns the method that the peer asked this side for last, whether it was taken or not.
    #[must_use]
    pub const fn peer_method(&self) -> Option<Method> {
        self.peer_method
    }

    /// Returns what a peer that gives up now gives up for, as far as this side is concerned: the
    /// method of its last request was not taken.
    #[must_use]
    pub fn refusal(&self) -> Option<Failure> {
        let (allowed, wanted) = (self.config.own_authentication, self.peer_method);
        self.is_refused.then_some(Failure::AuthenticationNotAllowed { allowed, wanted })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever else there is or will be is rejected")]
    fn judge_known(&mut self, option: &ConfigurationOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        let mut suggest = |option: &ConfigurationOption<'_>| {
            if nak.push(option).is_ok() { Verdict::Nak } else { Verdict::Reject }
        };
        match option {
            // A smaller unit would not carry the packets of the negotiation.
            ConfigurationOption::MaximumReceiveUnit(bytes) if *bytes < Config::MIN_MRU => {
                suggest(&ConfigurationOption::MaximumReceiveUnit(Config::MIN_MRU))
            }
            ConfigurationOption::MaximumReceiveUnit(bytes) => {
                self.judged.mru = *bytes;
                Verdict::Accept
            }
            // In GRE the map means nothing, but pppd sends it always.
            ConfigurationOption::AsyncControlCharacterMap(map) => {
                self.judged.control_characters = *map;
                Verdict::Accept
            }
            ConfigurationOption::AuthenticationProtocol(wanted) => {
                let own = self.config.own_authentication;
                self.peer_method = Method::among(own, wanted);
                if let Some(better) = self.better_method(own) {
                    // A method with keys is asked for once, since encryption is required.
                    self.keys = KeysWanted::Asked;
                    self.is_refused = true;
                    return suggest(&ConfigurationOption::AuthenticationProtocol(better.option()));
                }
                self.is_refused = self.peer_method.is_none_or(|method| !own.contains(method));
                match (self.peer_method, own.iter().next()) {
                    (Some(method), _) if own.contains(method) => {
                        self.judged.authentication = Some(method);
                        Verdict::Accept
                    }
                    (_, Some(first)) => suggest(&ConfigurationOption::AuthenticationProtocol(first.option())),
                    // RFC 1661 section 5.4: this end proves itself by no method.
                    (_, None) => Verdict::Reject,
                }
            }
            ConfigurationOption::MagicNumber(number) => {
                let is_own = self.wishes.magic_number == Some(*number);
                // RFC 1661 section 6.4: a number that comes back may be chance, several are a loop.
                if is_own {
                    self.loops = self.loops.saturating_add(1);
                    if self.loops >= Self::MAX_LOOPS {
                        self.failure = Some(Failure::Loopback);
                    }
                } else {
                    self.loops = 0;
                }
                if is_own || *number == 0 {
                    return suggest(&ConfigurationOption::MagicNumber(self.random.magic_number()));
                }
                self.judged.magic_number = *number;
                Verdict::Accept
            }
            ConfigurationOption::ProtocolFieldCompression if self.config.takes_compressions => {
                self.judged.protocol_compression = true;
                Verdict::Accept
            }
            ConfigurationOption::AddressAndControlFieldCompression if self.config.takes_compressions => {
                self.judged.address_control_compression = true;
                Verdict::Accept
            }
            // Callback, MRRU, endpoint and the other options of Windows are rejected, and Windows
            // goes on without.
            _ => Verdict::Reject,
        }
    }

    /// Returns a method that leaves keys, when the peer wants one that does not, and was not asked
    /// yet.
    fn better_method(&self, own: Methods) -> Option<Method> {
        let is_keyless = matches!(self.peer_method, Some(Method::Pap | Method::ChapMd5));
        let is_wanted = self.keys == KeysWanted::Yes && is_keyless;
        own.iter().find(|method| is_wanted && method.has_keys())
    }

    /// Notes that the peer does not take the method asked for. It may have named another one.
    fn method_refused(&mut self, named: Option<Method>) {
        let Some(current) = self.methods.iter().next() else { return };
        // A peer that prefers a method with keys may take this one when it hears that there is no other: `prefer_keys`.
        let is_foreign = named.is_some_and(|named| !self.methods.contains(named));
        if is_foreign && self.insistence == Insistence::NotYet {
            self.insistence = Insistence::Done;
            return;
        }
        let left = self.methods.without_alike(current);
        self.methods = match named {
            // The one that both take comes first.
            Some(named) if left.contains(named) => {
                let mut list = [named; 6];
                let rest = left.alike(named).iter().chain(left.without_alike(named).iter());
                list.iter_mut().zip(rest).for_each(|(place, method)| *place = method);
                Methods::new(&list)
            }
            _ => left,
        };
        if self.methods.is_empty() {
            let required = self.config.peer_authentication;
            self.failure = Some(Failure::AuthenticationRefused { required, offered: named });
        }
    }
}

impl Wishes {
    fn new(config: &Config, random: &mut Random) -> Self {
        Self {
            // RFC 1661 section 6.1: the default need not be said, and some peers reject the option.
            mru: Some(config.mru).filter(|mru| *mru != Config::DEFAULT_MRU),
            control_characters: config.control_characters,
            magic_number: config.magic_number.then(|| random.magic_number()),
            protocol_compression: config.header.protocol,
            address_control_compression: config.header.address_control,
        }
    }
}

impl ControlProtocol for Negotiator {
    type Failure = Failure;

    fn restart(&mut self) {
        self.wishes = Wishes::new(&self.config, &mut self.random);
        self.methods = self.config.peer_authentication;
        self.judged = Agreed::default();
        self.sending = Agreed::default();
        self.receiving = Agreed::default();
        self.loops = 0;
        self.peer_method = None;
        self.is_refused = false;
        if self.keys == KeysWanted::Asked {
            self.keys = KeysWanted::Yes;
        }
        self.insistence = Insistence::NotYet;
        self.failure = None;
    }

    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
        if let Some(bytes) = self.wishes.mru {
            options.push(&ConfigurationOption::MaximumReceiveUnit(bytes))?;
        }
        if let Some(map) = self.wishes.control_characters {
            options.push(&ConfigurationOption::AsyncControlCharacterMap(map))?;
        }
        if let Some(method) = self.methods.iter().next() {
            options.push(&ConfigurationOption::AuthenticationProtocol(method.option()))?;
        }
        if let Some(number) = self.wishes.magic_number {
            options.push(&ConfigurationOption::MagicNumber(number))?;
        }
        if self.wishes.protocol_compression {
            options.push(&ConfigurationOption::ProtocolFieldCompression)?;
        }
        if self.wishes.address_control_compression {
            options.push(&ConfigurationOption::AddressAndControlFieldCompression)?;
        }
        Ok(())
    }

    fn begin_request(&mut self) {
        self.judged = Agreed::default();
        self.is_refused = false;
    }

    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        match ConfigurationOption::decode(option) {
            Ok(option) => self.judge_known(&option, nak),
            Err(_) => Verdict::Reject,
        }
    }

    fn accept_request(&mut self) {
        self.sending = self.judged;
    }

    fn accept(&mut self) {
        self.receiving = Agreed {
            mru: self.wishes.mru.unwrap_or(Config::DEFAULT_MRU),
            control_characters: self.wishes.control_characters.unwrap_or(u32::MAX),
            authentication: self.methods.iter().next(),
            magic_number: self.wishes.magic_number.unwrap_or(0),
            protocol_compression: self.wishes.protocol_compression,
            address_control_compression: self.wishes.address_control_compression,
        };
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what was not asked for is not taken up")]
    fn nak(&mut self, option: RawOption<'_>) {
        let Ok(option) = ConfigurationOption::decode(option) else { return };
        match option {
            ConfigurationOption::MaximumReceiveUnit(bytes) => {
                // Larger units than configured would not fit the caller's buffers.
                let possible = Config::MIN_MRU..=self.config.mru.max(Config::DEFAULT_MRU);
                self.wishes.mru = Some(bytes).filter(|bytes| possible.contains(bytes)).or(self.wishes.mru);
            }
            ConfigurationOption::AsyncControlCharacterMap(map) => {
                // To escape more than was asked harms nobody.
                let wanted = self.wishes.control_characters.unwrap_or(u32::MAX);
                self.wishes.control_characters = Some(wanted | map);
            }
            ConfigurationOption::AuthenticationProtocol(named) => {
                self.method_refused(Method::among(self.methods, &named));
            }
            ConfigurationOption::MagicNumber(_) if self.config.magic_number => {
                self.wishes.magic_number = Some(self.random.magic_number());
            }
            // Some peers say so where they should reject.
            ConfigurationOption::ProtocolFieldCompression => self.wishes.protocol_compression = false,
            ConfigurationOption::AddressAndControlFieldCompression => {
                self.wishes.address_control_compression = false;
            }
            _ => {}
        }
    }

    fn reject(&mut self, option: RawOption<'_>) {
        match OptionType(option.option_type) {
            OptionType::MAXIMUM_RECEIVE_UNIT => self.wishes.mru = None,
            OptionType::ASYNC_CONTROL_CHARACTER_MAP => self.wishes.control_characters = None,
            OptionType::AUTHENTICATION_PROTOCOL => {
                // RFC 1661 section 6.2: such a peer does not prove itself by any method.
                self.methods = Methods::NONE;
                let required = self.config.peer_authentication;
                self.failure = Some(Failure::AuthenticationRefused { required, offered: None });
            }
            OptionType::MAGIC_NUMBER => self.wishes.magic_number = None,
            OptionType::PROTOCOL_FIELD_COMPRESSION => self.wishes.protocol_compression = false,
            OptionType::ADDRESS_AND_CONTROL_FIELD_COMPRESSION => self.wishes.address_control_compression = false,
            _ => {}
        }
    }

    fn check(&self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}
