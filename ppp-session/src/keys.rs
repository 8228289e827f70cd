//! RFC 3079: from what an authentication left behind to the keys that encryption starts with.

use mppe::{Direction, MasterKey, MsChapV1, ShortKeySource, Side, StartKey, Strength};
use ppp_fsm::auth::Keys;
use ppp_fsm::ccp::MicrosoftCompression;

/// Keys from another place than an exchange of MS-CHAP in this process: from a RADIUS server, or
/// from a method of EAP.
///
/// Wiped when dropped, with the feature `zeroize`.
///
/// ```
/// use ppp_session::ExternalKeys;
///
/// // The contents of MS-MPPE-Send-Key and MS-MPPE-Recv-Key.
/// let keys = ExternalKeys::new(&[1; 16], &[2; 16]);
/// assert_eq!(keys.strengths().to_string(), "M S L 128/56/40 bit stateful");
/// // Eight bytes are enough for the weaker ones alone.
/// assert_eq!(
///     ExternalKeys::new(&[1; 8], &[2; 8]).strengths().to_string(),
///     "M L 56/40 bit stateful"
/// );
/// assert_eq!(format!("{keys:?}"), "ExternalKeys(redacted)");
/// ```
#[derive(Clone)]
pub struct ExternalKeys {
    send: [StartKey; 3],
    receive: [StartKey; 3],
    strengths: MicrosoftCompression,
}

/// The order of the keys in [`ExternalKeys`].
const STRENGTHS: [(Strength, MicrosoftCompression); 3] = [
    (Strength::Bits128, MicrosoftCompression::MPPE_128),
    (Strength::Bits56, MicrosoftCompression::MPPE_56),
    (Strength::Bits40, MicrosoftCompression::MPPE_40),
];

impl ExternalKeys {
    /// Takes what this side encrypts with, and what it decrypts with (RFC 2548 section 2.4). A
    /// RADIUS client, which is the server of the session, sends with MS-MPPE-Send-Key. After
    /// MS-CHAP version 1 both are the same.
    ///
    /// Bytes beyond the 16th are ignored, missing ones make keys of 128 bits (or, below eight, all
    /// keys) impossible.
    #[must_use]
    pub fn new(send: &[u8], receive: &[u8]) -> Self {
        let keys = |attribute| STRENGTHS.map(|(strength, _)| StartKey::from_radius(strength, attribute));
        // Keys of a RADIUS server may be shorter than 16 bytes, and then serve the weaker strengths
        // alone.
        let strengths = match send.len().min(receive.len()) {
            0..8 => MicrosoftCompression::NONE,
            8..16 => MicrosoftCompression::MPPE_56 | MicrosoftCompression::MPPE_40,
            16.. => MicrosoftCompression::STRENGTHS,
        };
        Self { send: keys(send), receive: keys(receive), strengths }
    }

    /// Takes the keys of an Access-Accept after MS-CHAP version 2 (RFC 2548 section 2.4).
    ///
    /// # Errors
    ///
    /// [`KeysMissing`](mschap::radius::KeysMissing): what the server did not send. With encryption required, that is
    /// Windows' error 742.
    #[cfg(feature = "radius")]
    pub fn from_radius(accept: &mschap::radius::AccessAccept<'_>) -> Result<Self, mschap::radius::KeysMissing> {
        accept.start_keys().map(|keys| Self::new(keys.send.as_bytes(), keys.receive.as_bytes()))
    }

    /// Takes the key of 128 bits in an Access-Accept after MS-CHAP version 1, from the challenge
    /// that the client answered (RFC 2548 section 2.4.1).
    ///
    /// # Errors
    ///
    /// [`KeysMissing`](mschap::radius::KeysMissing).
    #[cfg(feature = "radius")]
    pub fn from_radius_v1(
        accept: &mschap::radius::AccessAccept<'_>,
        challenge: &[u8; 8],
    ) -> Result<Self, mschap::radius::KeysMissing> {
        let key = accept.v1_start_key(challenge)?;
        let strengths = MicrosoftCompression::MPPE_128;
        Ok(Self { strengths, ..Self::new(key.as_bytes(), key.as_bytes()) })
    }

    /// Returns the lengths of keys that can be made of them.
    #[must_use]
    pub const fn strengths(&self) -> MicrosoftCompression {
        self.strengths
    }

    fn start_key(&self, strength: Strength, direction: Direction) -> Option<StartKey> {
        let keys = match direction {
            Direction::Send => &self.send,
            Direction::Receive => &self.receive,
        };
        let all = STRENGTHS.iter().zip(keys);
        all.filter(|((found, _), _)| *found == strength).map(|(_, key)| key.clone()).next()
    }
}

impl core::fmt::Debug for ExternalKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ExternalKeys(redacted)")
    }
}

/// Returns the one strength among the bits that were agreed on for a direction.
pub(crate) fn strength(bits: MicrosoftCompression) -> Option<Strength> {
    STRENGTHS.iter().find(|(_, bit)| bits.contains(*bit)).map(|(strength, _)| *strength)
}

/// A key that encryption of a direction starts with.
pub(crate) struct Start {
    pub(crate) key: StartKey,
    /// Whether the same key can come again from another authentication.
    pub(crate) may_recur: bool,
}

/// Returns the key that encryption of a direction starts with. `None` when nothing is left to make
/// it from.
pub(crate) fn start_key(
    keys: Option<&Keys>,
    external: Option<&ExternalKeys>,
    strength: Strength,
    side: Side,
    direction: Direction,
) -> Option<Start> {
    // The server's keys were given with its acceptance, and stand for what this side cannot
    // compute.
    if let Some(external) = external {
        return external.start_key(strength, direction).map(|key| Start { key, may_recur: true });
    }
    match keys? {
        // RFC 3079 sections 2.2 and 2.3: 40 and 56 bits come from the password alone, and the challenge is the server's.
        Keys::MsChapV1 { hash, challenge, lm_hash } => {
            let mut source = MsChapV1::new(*challenge).with_nt_password_hash_hash(*hash.as_bytes());
            if let Some(lm_hash) = lm_hash {
                source = source.with_lm_password_hash(*lm_hash.as_bytes());
            }
            let key = source.start_key(strength, ShortKeySource::LmHash).ok()?;
            Some(Start { key, may_recur: true })
        }
        // RFC 2759: the response covers 16 unpredictable bytes of each side, ours among them.
        Keys::MsChapV2 { hash, nt_response } => {
            let master = MasterKey::from_ms_chap_v2(hash.as_bytes(), nt_response.as_bytes());
            Some(Start { key: master.start_key(strength, side, direction), may_recur: false })
        }
        _ => None,
    }
}
