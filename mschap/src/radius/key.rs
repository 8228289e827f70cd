//! The attributes that carry keys, and how these are hidden.

use md5::{Digest, Md5};

use super::KeysMissing;
use crate::secret::{Scratch, secret};
use crate::write::array;
use crate::{NtHashHash, StartKey};

/// RFC 2865 section 3: what keys are hidden with: the shared secret, and the Authenticator of the Access-Request.
///
/// ```
/// use mschap::radius::Hiding;
///
/// let request_authenticator = [0x5a; 16]; // of the request, also when a reply is read
/// let hiding = Hiding::new(b"shared secret", &request_authenticator);
/// assert_eq!(format!("{hiding:?}"), "Hiding(..)");
/// ```
#[derive(Clone, Copy)]
pub struct Hiding<'a> {
    secret: &'a [u8],
    request_authenticator: &'a [u8; 16],
}

impl<'a> Hiding<'a> {
    /// Creates the hiding with this secret and Request Authenticator.
    #[must_use]
    pub const fn new(secret: &'a [u8], request_authenticator: &'a [u8; 16]) -> Self {
        Self { secret, request_authenticator }
    }

    /// Returns what the first 16 bytes are combined with (RFC 2865 section 5.2, RFC 2548 section
    /// 2.4.2).
    fn first_pad(&self, salt: &[u8]) -> Scratch<16> {
        let pad = Md5::new().chain_update(self.secret).chain_update(self.request_authenticator).chain_update(salt);
        Scratch(pad.finalize().into())
    }

    /// Returns the pad for 16 bytes behind others.
    fn next_pad(&self, hidden: &[u8]) -> Scratch<16> {
        Scratch(Md5::new().chain_update(self.secret).chain_update(hidden).finalize().into())
    }

    /// Hides whole blocks of 16 bytes in place.
    fn hide(&self, salt: &[u8], bytes: &mut [u8]) {
        let mut pad = self.first_pad(salt);
        for block in bytes.chunks_exact_mut(16) {
            xor(block, &pad.0);
            pad = self.next_pad(block);
        }
    }

    /// Reveals what `hide` hid.
    fn reveal(&self, salt: &[u8], bytes: &mut [u8]) {
        let mut pad = self.first_pad(salt);
        for block in bytes.chunks_exact_mut(16) {
            let next = self.next_pad(block);
            xor(block, &pad.0);
            pad = next;
        }
    }
}

fn xor(block: &mut [u8], pad: &[u8; 16]) {
    for (byte, pad) in block.iter_mut().zip(pad) {
        *byte ^= pad;
    }
}

impl core::fmt::Debug for Hiding<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hiding(..)")
    }
}

secret! {
    /// RFC 2548 section 2.4.1: the LM-Key of MS-CHAP-MPPE-Keys: the first eight bytes of the LAN
    /// Manager hash, or zero.
    ///
    /// ```
    /// use mschap::LmHash;
    /// use mschap::radius::LmKey;
    ///
    /// assert!(LmKey::empty().is_empty());
    /// assert!(!LmKey::new(&LmHash::from_password("clientPass")?).is_empty());
    /// # Ok::<(), mschap::LmHashError>(())
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::radius::LmKey;
    /// let same = LmKey::empty() == LmKey::empty();
    /// ```
    LmKey, 8
}

impl LmKey {
    /// Creates the key of an account with this hash.
    #[must_use]
    pub fn new(hash: &crate::LmHash) -> Self {
        Self(array(hash.as_bytes().iter().copied()))
    }

    /// Creates the key left empty: eight zeros, as most servers send it.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0; Self::LEN])
    }

    /// Returns whether the key was left empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ct_eq(&Self::empty())
    }
}

/// RFC 2548 section 2.4.1: what MS-CHAP-MPPE-Keys carries, for version 1.
///
/// ```
/// use mschap::NtHash;
/// use mschap::radius::{Hiding, LmKey, MppeKeys};
///
/// let hiding = Hiding::new(b"secret", &[0x5a; 16]);
/// let keys = MppeKeys { lm_key: LmKey::empty(), nt_key: NtHash::from_password("bob").hash() };
/// let sent = keys.hide(&hiding);
/// assert!(sent.reveal(&hiding)?.nt_key.ct_eq(&keys.nt_key));
/// assert!(sent.reveal(&Hiding::new(b"Secret", &[0x5a; 16])).is_err());
/// # Ok::<(), mschap::radius::KeyError>(())
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct MppeKeys {
    /// LM-Key: for 40 and 56 bits; often left empty.
    pub lm_key: LmKey,
    /// NT-Key: the hash of the NT hash, as servers really send it; the RFC's text names the hash itself.
    pub nt_key: NtHashHash,
}

impl MppeKeys {
    /// Hides the keys.
    #[must_use]
    pub fn hide(&self, hiding: &Hiding<'_>) -> HiddenMppeKeys {
        let clear = self.lm_key.as_bytes().iter().chain(self.nt_key.as_bytes()).copied();
        let mut hidden = HiddenMppeKeys(array(clear));
        hiding.hide(&[], &mut hidden.0);
        hidden
    }

    /// Returns the 128-bit start key of both directions, from the challenge that the peer answered
    /// (RFC 3079 section 2.3).
    ///
    /// # Errors
    ///
    /// [`KeysMissing::NtKey`] when the server left it empty.
    pub fn start_key(&self, challenge: &[u8; 8]) -> Result<StartKey, KeysMissing> {
        if self.nt_key.ct_eq(&NtHashHash::from_bytes([0; NtHashHash::LEN])) {
            return Err(KeysMissing::NtKey);
        }
        Ok(StartKey::from_v1(&self.nt_key, challenge))
    }
}

secret! {
    /// RFC 2548 section 2.4.1: MS-CHAP-MPPE-Keys, hidden as a User-Password is.
    ///
    /// ```compile_fail,E0369
    /// # use mschap::radius::HiddenMppeKeys;
    /// let same = HiddenMppeKeys::from_bytes([0; 32]) == HiddenMppeKeys::from_bytes([0; 32]);
    /// ```
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    HiddenMppeKeys, 32
}

impl HiddenMppeKeys {
    /// Returns the keys.
    ///
    /// # Errors
    ///
    /// [`KeyError::Padding`] when what is behind the keys is not zero: most often the secret is another one. A wrong
    /// Request Authenticator is not noticed.
    pub fn reveal(&self, hiding: &Hiding<'_>) -> Result<MppeKeys, KeyError> {
        let mut clear = Scratch(self.0);
        hiding.reveal(&[], &mut clear.0);
        let mut fields = clear.0.iter().copied();
        let lm_key = LmKey::from_bytes(array(fields.by_ref().take(LmKey::LEN)));
        let nt_key = NtHashHash::from_bytes(array(fields.by_ref().take(NtHashHash::LEN)));
        // Anything but zeros comes from a wrong secret, whose keys would be noise.
        if fields.any(|byte| byte != 0) {
            return Err(KeyError::Padding);
        }
        Ok(MppeKeys { lm_key, nt_key })
    }
}

/// RFC 2548 sections 2.4.2 and 2.4.3: MS-MPPE-Send-Key or MS-MPPE-Recv-Key, hidden with a salt.
///
/// ```
/// use mschap::radius::{HiddenKey, Hiding, KeyError};
///
/// let hiding = Hiding::new(b"secret", &[0x5a; 16]);
/// let mut buf = [0; HiddenKey::MAX_STRING_LEN];
/// let sent = HiddenKey::hide(&[0xab; 16], [0x80, 0x01], &hiding, &mut buf)?;
/// assert_eq!(sent.string.len(), 32);
/// assert_eq!(sent.reveal(&hiding)?.as_bytes(), [0xab; 16]);
///
/// // The first bit of a salt is set.
/// let error = HiddenKey::hide(&[0xab; 16], [0x7f, 0xff], &hiding, &mut buf).unwrap_err();
/// assert_eq!(error, KeyError::Salt { found: [0x7f, 0xff] });
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct HiddenKey<'a> {
    /// Salt: unpredictable, its first bit set, and another one for each attribute of a packet.
    pub salt: [u8; 2],
    /// String: length, key and padding, hidden. A multiple of 16 bytes.
    pub string: &'a [u8],
}

impl<'a> HiddenKey<'a> {
    /// The longest String that fits into a RADIUS attribute: 15 blocks of 16 bytes.
    pub const MAX_STRING_LEN: usize = 240;

    /// The longest key: the longest String without its Key-Length.
    pub const MAX_KEY_LEN: usize = 239;

    /// Hides a key into the start of `buf`, for which [`MAX_STRING_LEN`](Self::MAX_STRING_LEN) is always enough.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: the key is empty or too long for `buf`, or the first bit of the salt is not set.
    pub fn hide(key: &[u8], salt: [u8; 2], hiding: &Hiding<'_>, buf: &'a mut [u8]) -> Result<Self, KeyError> {
        // RFC 2548 section 2.4.2: "the most significant bit (leftmost) of the Salt field MUST be
        // set".
        check_salt(salt)?;
        let blocks = key.len().checked_add(1).map(|length| length.div_ceil(16));
        let length = blocks.and_then(|blocks| blocks.checked_mul(16)).filter(|length| *length <= Self::MAX_STRING_LEN);
        let stated = u8::try_from(key.len()).ok().filter(|length| *length != 0);
        let room = buf.len();
        let string = length.and_then(|length| buf.get_mut(..length));
        let (Some(string), Some(stated)) = (string, stated) else {
            return Err(KeyError::KeyLength { stated: key.len(), available: room.min(Self::MAX_STRING_LEN) });
        };
        string.fill(0);
        for (to, from) in string.iter_mut().zip([stated].iter().chain(key)) {
            *to = *from;
        }
        hiding.hide(&salt, string);
        Ok(Self { salt, string })
    }

    /// Returns the key.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: the attribute is not what a server may send, or the secret is another one.
    pub fn reveal(&self, hiding: &Hiding<'_>) -> Result<SessionKey, KeyError> {
        check_salt(self.salt)?;
        let found = self.string.len();
        // One block is 16 bytes, so any other length is no hidden key.
        if found == 0 || found % 16 != 0 || found > Self::MAX_STRING_LEN {
            return Err(KeyError::StringLength { found });
        }
        let mut clear: Scratch<{ HiddenKey::MAX_STRING_LEN }> = Scratch(array(self.string.iter().copied()));
        let Some(string) = clear.0.get_mut(..found) else { return Err(KeyError::StringLength { found }) };
        hiding.reveal(&self.salt, string);
        let [stated, rest @ ..] = &*string else { return Err(KeyError::StringLength { found }) };
        let stated = usize::from(*stated);
        let wrong_length = KeyError::KeyLength { stated, available: rest.len() };
        // The length was decrypted: with a wrong secret it is noise.
        let (key, padding) = rest.split_at_checked(stated).ok_or(wrong_length)?;
        if key.is_empty() || padding.len() > 15 {
            return Err(wrong_length);
        }
        if padding.iter().any(|byte| *byte != 0) {
            return Err(KeyError::Padding);
        }
        Ok(SessionKey { bytes: Scratch(array(key.iter().copied())), length: stated })
    }
}

impl core::fmt::Debug for HiddenKey<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [high, low] = self.salt;
        write!(f, "HiddenKey {{ salt: {high:02x}{low:02x}, string: {} bytes }}", self.string.len())
    }
}

fn check_salt(salt: [u8; 2]) -> Result<(), KeyError> {
    let [high, _] = salt;
    if high & 0x80 == 0 { Err(KeyError::Salt { found: salt }) } else { Ok(()) }
}

/// A key out of MS-MPPE-Send-Key or MS-MPPE-Recv-Key, 1 to 239 bytes. Not printed, and wiped when
/// dropped.
///
/// ```
/// use mschap::radius::{HiddenKey, Hiding};
///
/// let hiding = Hiding::new(b"secret", &[0x5a; 16]);
/// let mut buf = [0; 240];
/// // A method of EAP may give longer keys than MPPE takes.
/// let key = HiddenKey::hide(&[0xab; 32], [0x80, 0x01], &hiding, &mut buf)?.reveal(&hiding)?;
/// assert_eq!(key.as_bytes(), [0xab; 32]);
/// assert_eq!(format!("{key:?}"), "SessionKey(32 bytes)");
/// # Ok::<(), mschap::radius::KeyError>(())
/// ```
///
/// ```compile_fail,E0369
/// # fn same(one: mschap::radius::SessionKey, other: mschap::radius::SessionKey) -> bool {
/// one == other
/// # }
/// ```
pub struct SessionKey {
    bytes: Scratch<{ HiddenKey::MAX_KEY_LEN }>,
    length: usize,
}

impl SessionKey {
    /// Returns the bytes. Nothing else gives them out.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        debug_assert!(self.length <= self.bytes.0.len(), "the length was checked");
        self.bytes.0.get(..self.length).unwrap_or_default()
    }

    /// Returns the first 16 bytes, which are the start key of 128-bit MPPE. `None` if there are
    /// fewer.
    #[must_use]
    pub fn start_key(&self) -> Option<StartKey> {
        self.as_bytes().first_chunk().copied().map(StartKey::from_bytes)
    }
}

#[cfg(feature = "zeroize")]
impl zeroize::ZeroizeOnDrop for SessionKey {}

impl core::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "SessionKey({} bytes)", self.length)
    }
}

/// Why a key cannot be hidden or revealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The first bit of the salt is not set. A salt of zero stands for a key that is not hidden (RFC 2548 section
    /// 2.4.2).
    #[error("salt {:02x}{:02x} without its first bit", .found[0], .found[1])]
    Salt {
        /// The salt.
        found: [u8; 2],
    },
    /// Two attributes of one packet have the same salt, which shows how their keys differ.
    #[error("salt {:02x}{:02x} used twice", .found[0], .found[1])]
    SameSalt {
        /// The salt.
        found: [u8; 2],
    },
    /// The String is empty, not a multiple of 16 bytes, or longer than an attribute.
    #[error("hidden key of {found} bytes, not 16 to 240 in blocks of 16")]
    StringLength {
        /// Its length.
        found: usize,
    },
    /// The key is empty, too long, or followed by 16 bytes or more: when revealing, most often the
    /// secret is another one.
    #[error("key of {stated} bytes where {available} are")]
    KeyLength {
        /// The length of the key.
        stated: usize,
        /// How many bytes there are for it.
        available: usize,
    },
    /// The bytes behind the key are not zero: most often the secret is another one.
    #[error("padding behind the key that is not zero: another shared secret?")]
    Padding,
}
