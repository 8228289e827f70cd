//! The rules of CCP about Microsoft's option.

use core::fmt;

use crate::negotiate::{ControlProtocol, Verdict};
use crate::{EncodeError, OptionWriter, RawOption};

use super::{ConfigurationOption, MicrosoftCompression, OptionType};

/// Whether packets have to be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "must, may, may when asked, must not")]
pub enum Encryption {
    /// In both directions, or the link ends.
    #[default]
    Required,
    /// If the peer wants it as well.
    Preferred,
    /// If the peer asks for it: this side waits for the peer to begin, as Cisco's `passive`.
    Passive,
    /// Not at all.
    Refused,
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
            Self::Passive => "passive",
            Self::Refused => "refused",
        })
    }
}

/// RFC 3078 sections 7 and 10: whether keys change with every packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there are two modes, and two orders")]
pub enum Modes {
    /// Stateless alone, which loses nothing when a packet is lost. The default.
    #[default]
    Stateless,
    /// Stateless if the peer can, else stateful.
    PreferStateless,
    /// Stateful if the peer can, else stateless.
    PreferStateful,
}

/// RFC 2118, RFC 3078: the wishes of this side, and what the peer may have.
///
/// ```
/// use ppp_fsm::ccp::{Config, Encryption, MicrosoftCompression, Modes};
///
/// // The default is the strict one: 128 bits, stateless, or no link.
/// let strict = Config::default();
/// // What old peers need.
/// let lenient = Config::default()
///     .with_encryption(Encryption::Preferred)
///     .with_strengths(MicrosoftCompression::STRENGTHS)
///     .with_modes(Modes::PreferStateless);
/// // The modes of the two directions are negotiated apart: stateful from the peer alone.
/// let mixed = Config::default().with_receive_modes(Modes::PreferStateful);
/// # let _ = (strict, lenient, mixed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    encryption: Encryption,
    strengths: MicrosoftCompression,
    send_modes: Modes,
    receive_modes: Modes,
    compression: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            // RFC 3078 section 9: an attacker could switch encryption off in the negotiation, so it
            // is required unless the user says otherwise.
            encryption: Encryption::Required,
            strengths: MicrosoftCompression::MPPE_128,
            // RFC 3078 section 9: stateful mode "SHOULD NOT be used in lossy network environments".
            send_modes: Modes::Stateless,
            receive_modes: Modes::Stateless,
            compression: false,
        }
    }
}

impl Config {
    /// Sets whether packets have to be encrypted. Default: they have to.
    #[must_use]
    pub const fn with_encryption(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Sets the lengths of keys that are allowed; other bits are ignored (RFC 3078 section 2).
    /// Default: 128 bits.
    ///
    /// Keys of 40 and 56 bits are found by trying all of them.
    #[must_use]
    pub const fn with_strengths(mut self, strengths: MicrosoftCompression) -> Self {
        self.strengths = strengths.intersection(MicrosoftCompression::STRENGTHS);
        self
    }

    /// Sets whether keys change with every packet, in both directions (RFC 3078 section 2).
    /// Default: always.
    #[must_use]
    pub const fn with_modes(self, modes: Modes) -> Self {
        self.with_send_modes(modes).with_receive_modes(modes)
    }

    /// Sets whether the keys of packets that this side sends change with every packet (RFC 3078
    /// section 2). Default: always.
    ///
    /// Each side asks for the mode in which it receives, so that this decides about what the peer asks for.
    #[must_use]
    pub const fn with_send_modes(mut self, modes: Modes) -> Self {
        self.send_modes = modes;
        self
    }

    /// Sets whether the keys of packets that this side receives change with every packet (RFC 3078
    /// section 2). Default: always.
    #[must_use]
    pub const fn with_receive_modes(mut self, modes: Modes) -> Self {
        self.receive_modes = modes;
        self
    }

    /// Sets whether compression is asked for and taken (RFC 2118). Default: no.
    #[doc(alias = "MPPC")]
    #[must_use]
    pub const fn with_compression(mut self, wanted: bool) -> Self {
        self.compression = wanted;
        self
    }

    /// Returns whether packets have to be encrypted.
    #[must_use]
    pub const fn encryption(&self) -> Encryption {
        self.encryption
    }

    /// Returns the lengths of keys that are allowed.
    #[must_use]
    pub const fn strengths(&self) -> MicrosoftCompression {
        self.strengths
    }

    /// Returns whether there is anything to negotiate that this side begins with.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        match self.encryption {
            Encryption::Required | Encryption::Preferred => true,
            Encryption::Passive => false,
            Encryption::Refused => self.compression,
        }
    }
}

/// RFC 3078 section 2: what was agreed, for each direction of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub struct Agreed {
    /// How this side sends: what it acknowledged.
    pub send: MicrosoftCompression,
    /// How this side receives: what the peer acknowledged.
    pub receive: MicrosoftCompression,
}

impl Agreed {
    /// Returns whether both directions are encrypted.
    #[must_use]
    pub const fn is_encrypted(&self) -> bool {
        self.send.intersects(MicrosoftCompression::STRENGTHS)
            && self.receive.intersects(MicrosoftCompression::STRENGTHS)
    }
}

/// Why CCP cannot open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// Encryption is required, and the peer and this side have nothing in common.
    #[error("encryption required: we allow {allowed}, the peer {}", Offer(*.offered))]
    EncryptionRequired {
        /// The bits that this side allows, in the mode that it prefers.
        allowed: MicrosoftCompression,
        /// The bits that the peer named last; `None` when it does not know the option, or does not
        /// want it.
        offered: Option<MicrosoftCompression>,
    },
    /// Encryption is required, and the authentication has left no keys.
    #[error("encryption required, but there are no keys")]
    NoKeys,
}

/// Prints what the peer offers.
struct Offer(Option<MicrosoftCompression>);

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(bits) if bits != MicrosoftCompression::NONE => write!(f, "offers {bits}"),
            Some(_) | None => f.write_str("offers none"),
        }
    }
}

/// RFC 2118, RFC 3078 section 2: Microsoft's option as a [`ControlProtocol`], for
/// [`Negotiation`](crate::negotiate::Negotiation).
///
/// * Everything that is allowed is asked for; the peer names one strength, and is asked for that.
/// * Of what a peer asks for, the strongest that is allowed is named; alone it is taken.
/// * Each direction has its own strength and its own mode.
/// * An option without any bit, or no option at all, is taken unless encryption is required.
/// * Other algorithms are rejected.
///
/// ```
/// use core::time::Duration;
/// use ppp_fsm::ccp::{Config, MicrosoftCompression, Negotiator};
/// use ppp_fsm::{Packet, negotiate};
///
/// let now = Duration::ZERO;
/// let mut ccp = Negotiator::new(&Config::default());
/// ccp.set_keys(MicrosoftCompression::STRENGTHS);
/// let mut machine = negotiate::Negotiation::new(ccp, &negotiate::Config::default());
/// machine.open(now);
/// machine.up(now);
/// let mut buf = [0; 16];
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x01\x01\x00\x0a\x12\x06\x01\x00\x00\x40"[..])
/// );
///
/// // What Windows 2000 offers: everything.
/// machine
///     .handle_packet(now, &Packet::decode(b"\x01\x05\x00\x0a\x12\x06\x01\x00\x00\xf1")?)?;
/// assert_eq!(
///     machine.poll_transmit(now, &mut buf)?,
///     Some(&b"\x03\x05\x00\x0a\x12\x06\x01\x00\x00\x40"[..])
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiator {
    config: Config,
    /// The lengths of keys that there are.
    keys: MicrosoftCompression,
    /// The bits that the next request asks for; `None` for no option.
    wanted: Option<MicrosoftCompression>,
    judged: MicrosoftCompression,
    agreed: Agreed,
    offered: Option<MicrosoftCompression>,
    /// Whether the peer was asked for the mode that is preferred.
    mode_was_asked: bool,
    failure: Option<Failure>,
}

/// From the strongest to the weakest.
const BY_STRENGTH: [MicrosoftCompression; 3] =
    [MicrosoftCompression::MPPE_128, MicrosoftCompression::MPPE_56, MicrosoftCompression::MPPE_40];

/// Returns the strongest of these (RFC 3078 section 2.1).
fn strongest(bits: MicrosoftCompression) -> MicrosoftCompression {
    BY_STRENGTH.into_iter().find(|strength| bits.contains(*strength)).unwrap_or(MicrosoftCompression::NONE)
}

/// Returns the bit of the mode that goes with these strengths, when the other side says that of
/// `theirs`.
fn mode(modes: Modes, bits: MicrosoftCompression, theirs: MicrosoftCompression) -> MicrosoftCompression {
    // Without encryption the bit has no meaning (RFC 3078 section 2).
    if !bits.intersects(MicrosoftCompression::STRENGTHS) {
        return MicrosoftCompression::NONE;
    }
    match modes {
        Modes::Stateless => MicrosoftCompression::STATELESS,
        Modes::PreferStateless | Modes::PreferStateful => theirs & MicrosoftCompression::STATELESS,
    }
}

/// Returns the mode that this side names first.
fn preferred_mode(modes: Modes, bits: MicrosoftCompression) -> MicrosoftCompression {
    let theirs = match modes {
        Modes::Stateless | Modes::PreferStateless => MicrosoftCompression::STATELESS,
        Modes::PreferStateful => MicrosoftCompression::NONE,
    };
    mode(modes, bits, theirs)
}

impl Negotiator {
    /// Creates CCP with these wishes and without keys: nothing is encrypted before
    /// [`set_keys`](Self::set_keys).
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut new = Self {
            config: config.clone(),
            keys: MicrosoftCompression::NONE,
            wanted: None,
            judged: MicrosoftCompression::NONE,
            agreed: Agreed::default(),
            offered: None,
            mode_was_asked: false,
            failure: None,
        };
        new.restart();
        new
    }

    /// Sets the lengths of keys that the authentication has left; other bits are ignored. To be set
    /// before the negotiation.
    pub fn set_keys(&mut self, keys: MicrosoftCompression) {
        self.keys = keys & MicrosoftCompression::STRENGTHS;
        self.restart();
    }

    /// Returns what was set.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Returns what was agreed. It holds while the negotiation is open.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Returns what the peer named last, in a request or a Nak.
    #[must_use]
    pub const fn offered(&self) -> Option<MicrosoftCompression> {
        self.offered
    }

    /// Returns what this side asks for first: all that it allows and has keys for, in the mode that
    /// it prefers.
    #[must_use]
    pub fn wishes(&self) -> MicrosoftCompression {
        let allowed = self.allowed();
        allowed | preferred_mode(self.config.receive_modes, allowed)
    }

    /// Returns all bits that this side may agree to, but that of the mode.
    fn allowed(&self) -> MicrosoftCompression {
        let strengths = match self.config.encryption {
            Encryption::Required | Encryption::Preferred | Encryption::Passive => self.config.strengths & self.keys,
            Encryption::Refused => MicrosoftCompression::NONE,
        };
        if self.config.compression { strengths | MicrosoftCompression::MPPC } else { strengths }
    }

    fn is_required(&self) -> bool {
        self.config.encryption == Encryption::Required
    }

    /// Returns what the peer would have to ask for, when it asks for this.
    fn answer_to(&self, bits: MicrosoftCompression) -> MicrosoftCompression {
        let allowed = self.allowed();
        // RFC 3078 section 2: "the option selected SHOULD be the strongest option offered".
        let mut strength = strongest(bits & allowed);
        let names_any = bits.intersects(MicrosoftCompression::STRENGTHS);
        if strength == MicrosoftCompression::NONE && (self.is_required() || names_any) {
            strength = strongest(allowed);
        }
        let compression = bits & allowed & MicrosoftCompression::MPPC;
        let answer = strength | compression;
        let is_first = !self.mode_was_asked;
        // The peer asks for the way in which it receives, and this side sends.
        let modes = self.config.send_modes;
        let mode = if is_first { preferred_mode(modes, answer) } else { mode(modes, answer, bits) };
        answer | mode
    }

    fn fail(&mut self) {
        self.failure = Some(Failure::EncryptionRequired { allowed: self.wishes(), offered: self.offered });
    }
}

impl ControlProtocol for Negotiator {
    type Failure = Failure;

    fn restart(&mut self) {
        let allowed = self.allowed();
        self.wanted = Some(self.wishes()).filter(|bits| *bits != MicrosoftCompression::NONE);
        self.judged = MicrosoftCompression::NONE;
        self.agreed = Agreed::default();
        self.offered = None;
        self.mode_was_asked = false;
        let has_keys = allowed.intersects(MicrosoftCompression::STRENGTHS);
        // No keys, no encryption: this shows before a packet is sent.
        self.failure = (self.is_required() && !has_keys).then_some(Failure::NoKeys);
    }

    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
        self.wanted.map_or(Ok(()), |bits| options.push(&ConfigurationOption::Microsoft(bits)))
    }

    fn begin_request(&mut self) {
        self.judged = MicrosoftCompression::NONE;
    }

    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        let Ok(ConfigurationOption::Microsoft(bits)) = ConfigurationOption::decode(option) else {
            return Verdict::Reject;
        };
        self.offered = Some(bits);
        let answer = self.answer_to(bits);
        // RFC 3078 section 2 has no meaning for the mode of what is not encrypted.
        if bits == answer || (bits == MicrosoftCompression::STATELESS && answer == MicrosoftCompression::NONE) {
            self.judged = answer;
            return Verdict::Accept;
        }
        // Archer C9 offers option 18 with all bits zero, which means no encryption: where that is
        // allowed it is taken above.
        if answer == MicrosoftCompression::NONE {
            return Verdict::Reject;
        }
        // Behind this Nak the peer's own choice of mode counts, where it is allowed, so that the
        // negotiation ends.
        self.mode_was_asked = true;
        if nak.push(&ConfigurationOption::Microsoft(answer)).is_ok() { Verdict::Nak } else { Verdict::Reject }
    }

    fn judge_missing(&mut self, nak: &mut OptionWriter<'_>) {
        let is_encrypted = self.judged.intersects(MicrosoftCompression::STRENGTHS);
        if self.is_required() && !is_encrypted && nak.as_bytes().is_empty() {
            // Without room the request is acknowledged, and fails then.
            let _ = nak.push(&ConfigurationOption::Microsoft(self.answer_to(MicrosoftCompression::STATELESS)));
        }
    }

    fn accept_request(&mut self) {
        self.agreed.send = self.judged;
        if self.is_required() && !self.judged.intersects(MicrosoftCompression::STRENGTHS) {
            self.fail();
        }
    }

    fn accept(&mut self) {
        let bits = self.wanted.unwrap_or_default();
        // An answer to several strengths should be a Nak; who acknowledges them means the strongest.
        let strength = strongest(bits);
        self.agreed.receive =
            MicrosoftCompression::from_bits(bits.difference(MicrosoftCompression::STRENGTHS).bits() | strength.bits());
        if self.is_required() && strength == MicrosoftCompression::NONE {
            self.fail();
        }
    }

    fn nak(&mut self, option: RawOption<'_>) {
        let Ok(ConfigurationOption::Microsoft(bits)) = ConfigurationOption::decode(option) else { return };
        self.offered = Some(bits);
        let common = bits & self.allowed();
        let strength = strongest(common);
        if strength == MicrosoftCompression::NONE && self.is_required() {
            // Asked for again, until Max-Failure.
            return;
        }
        let answer = strength | (common & MicrosoftCompression::MPPC);
        self.wanted = Some(answer | mode(self.config.receive_modes, answer, bits))
            .filter(|bits| *bits != MicrosoftCompression::NONE);
    }

    fn reject(&mut self, option: RawOption<'_>) {
        if OptionType(option.option_type) == OptionType::MICROSOFT {
            self.wanted = None;
            if self.is_required() {
                self.fail();
            }
        }
    }

    fn check(&self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }
}
