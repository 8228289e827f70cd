//! Where start keys come from: the authentication that went before.

use sha1::{Digest, Sha1};

use crate::algorithm::{KEY_LEN, Strength};
use crate::error::KeyError;
use crate::key::StartKey;
use crate::secret::Secret;

/// Which end of the authentication a program is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two ends")]
pub enum Side {
    /// The one whose password was used: the peer of the PPP authenticator, the one that dialled.
    Client,
    /// The authenticator.
    Server,
}

/// Which way packets go, as seen from one [`Side`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two directions")]
pub enum Direction {
    /// Away from this side: the encryptor's.
    Send,
    /// Towards this side: the decryptor's.
    Receive,
}

impl Direction {
    const fn is_from_client(self, side: Side) -> bool {
        matches!((side, self), (Side::Client, Self::Send) | (Side::Server, Self::Receive))
    }
}

/// RFC 3079 section 3.4: the master key of MS-CHAPv2, from which both directions' start keys come.
///
/// ```
/// use mppe::{Direction, MasterKey, Side, Strength};
///
/// # let password_hash_hash = *b"\x41\xc0\x0c\x58\x4b\xd2\xd9\x1c\x40\x17\xa2\xa1\x2f\xa5\x9f\x3f";
/// # let nt_response = *b"\x82\x30\x9e\xcd\x8d\x70\x8b\x5e\xa0\x8f\xaa\x39\x81\xcd\x83\x54\x42\x33\x11\x4a\x3d\x85\xd6\xdf";
/// let master = MasterKey::from_ms_chap_v2(&password_hash_hash, &nt_response);
/// let sent = master.start_key(Strength::Bits128, Side::Client, Direction::Send);
/// let received = master.start_key(Strength::Bits128, Side::Server, Direction::Receive);
/// assert_eq!(sent.expose_bytes(), received.expose_bytes());
/// ```
#[derive(Clone)]
pub struct MasterKey(Secret<KEY_LEN>);

impl MasterKey {
    /// Derives the key from MD4 of the NT password hash and the NT-Response of the first
    /// authentication (RFC 3079 section 3.4, `GetMasterKey`).
    #[must_use]
    #[doc(alias = "GetMasterKey")]
    pub fn from_ms_chap_v2(password_hash_hash: &[u8; 16], nt_response: &[u8; 24]) -> Self {
        Self(digest(&[password_hash_hash, nt_response, b"This is the MPPE Master Key"]))
    }

    /// Creates the master key whose bytes are known.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(Secret(bytes))
    }

    /// Derives the start key of one direction (RFC 3079 section 3.4, `GetAsymmetricStartKey`).
    #[must_use]
    #[doc(alias = "GetAsymmetricStartKey")]
    pub fn start_key(&self, strength: Strength, side: Side, direction: Direction) -> StartKey {
        let text: &[u8] = if direction.is_from_client(side) {
            b"On the client side, this is the send key; on the server side, it is the receive key."
        } else {
            b"On the client side, this is the receive key; on the server side, it is the send key."
        };
        StartKey::of(strength, &digest(&[&self.0.0, &[0; 40], text, &[0xf2; 40]]).0)
    }

    /// Returns the 16 bytes of the key.
    #[must_use]
    pub const fn expose_bytes(&self) -> &[u8; KEY_LEN] {
        &self.0.0
    }
}

impl core::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("MasterKey(redacted)")
    }
}

/// The source of MS-CHAPv1's keys of 40 and 56 bits: documents and programs differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShortKeySource {
    /// RFC 3079 sections 2.1 and 2.2: the LAN Manager hash of the password. The keys are the same in every session.
    LmHash,
    /// pppd and lwIP: the first eight bytes of the start key of 128 bits, made from the NT hash and
    /// the challenge.
    NtHash,
}

/// RFC 3079 section 2: what MS-CHAPv1's start keys are made from. Both directions have the same.
///
/// The known hashes depend on their source. A password gives both, and an account store the NT
/// hash. A RADIUS server's MS-CHAP-MPPE-Keys give the first eight bytes of the LM hash, or zeros,
/// and the NT hash's hash.
///
/// ```
/// use mppe::{KeyError, MsChapV1, ShortKeySource, Strength};
///
/// // RFC 3079 section 2.5.3.
/// let known = MsChapV1::new(*b"\x10\x2d\xb5\xdf\x08\x5d\x30\x41").with_nt_password_hash_hash(
///     *b"\x41\xc0\x0c\x58\x4b\xd2\xd9\x1c\x40\x17\xa2\xa1\x2f\xa5\x9f\x3f",
/// );
/// let start = known.start_key(Strength::Bits128, ShortKeySource::LmHash)?;
/// assert_eq!(start.expose_bytes()[..4], [0xa8, 0x94, 0x78, 0x50]);
/// // Without the LM hash there are no short keys as the RFC makes them.
/// let short = known.start_key(Strength::Bits40, ShortKeySource::LmHash);
/// assert_eq!(short.unwrap_err(), KeyError::LmHashUnknown { strength: Strength::Bits40 });
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MsChapV1 {
    challenge: [u8; 8],
    lm_key: Option<Secret<8>>,
    nt_password_hash_hash: Option<Secret<16>>,
}

impl MsChapV1 {
    /// Creates the source of keys from the challenge that the authenticator sent in the first
    /// authentication.
    #[must_use]
    pub const fn new(challenge: [u8; 8]) -> Self {
        Self { challenge, lm_key: None, nt_password_hash_hash: None }
    }

    /// Adds the LAN Manager hash of the password.
    #[must_use]
    pub fn with_lm_password_hash(self, hash: [u8; 16]) -> Self {
        match hash.first_chunk() {
            Some(key) => self.with_lm_key(*key),
            None => self,
        }
    }

    /// Adds the LM-Key, which is the first eight bytes of the LAN Manager hash (RFC 2548 section
    /// 2.4.1). Eight zeros, which servers send that do not know it, are as if it were not given.
    #[must_use]
    #[doc(alias = "MS-CHAP-MPPE-Keys")]
    pub fn with_lm_key(mut self, key: [u8; 8]) -> Self {
        self.lm_key = (key != [0; 8]).then_some(Secret(key));
        self
    }

    /// Adds MD4 of the NT password hash, which is the NT-Key of RFC 2548 section 2.4.1.
    #[must_use]
    pub fn with_nt_password_hash_hash(mut self, hash: [u8; 16]) -> Self {
        self.nt_password_hash_hash = Some(Secret(hash));
        self
    }

    /// Returns the start key of both directions.
    ///
    /// # Errors
    ///
    /// [`KeyError`] names the hash that is needed and not known.
    pub fn start_key(&self, strength: Strength, short_keys: ShortKeySource) -> Result<StartKey, KeyError> {
        match (strength, short_keys) {
            (Strength::Bits40 | Strength::Bits56, ShortKeySource::LmHash) => {
                // RFC 3079 sections 2.1 and 2.2: short keys of MS-CHAP come from the LM hash, which
                // nobody should have any more.
                let key = self.lm_key.as_ref().ok_or(KeyError::LmHashUnknown { strength })?;
                Ok(StartKey::from_radius(strength, &key.0))
            }
            // RFC 3079 section 2.3 for 128 bits. pppd and lwIP use the NT hash for the shorter ones
            // too.
            (Strength::Bits128, _) | (Strength::Bits40 | Strength::Bits56, ShortKeySource::NtHash) => {
                let hash = self.nt_password_hash_hash.as_ref().ok_or(KeyError::NtHashUnknown { strength })?;
                Ok(StartKey::of(strength, &digest(&[&hash.0, &hash.0, &self.challenge]).0))
            }
        }
    }
}

impl StartKey {
    /// Creates the start key of one direction from the 64 bytes of an EAP method's master session
    /// key. The first half is for packets from the client, the second for packets to it (RFC 3079
    /// section 4, RFC 5216 section 2.3).
    ///
    /// This is EAP-TLS's layout. EAP-MSCHAPv2 makes its keys as MS-CHAPv2 does: [`MasterKey`].
    ///
    /// ```
    /// use mppe::{Direction, Side, StartKey, Strength};
    ///
    /// let mut msk = [1; 64];
    /// msk[32..].fill(2);
    /// let key = StartKey::from_eap(Strength::Bits128, &msk, Side::Server, Direction::Send);
    /// assert_eq!(key.expose_bytes(), [2; 16]);
    /// ```
    #[must_use]
    #[doc(alias = "MSK")]
    pub fn from_eap(strength: Strength, msk: &[u8; 64], side: Side, direction: Direction) -> Self {
        let (from_client, to_client) = msk.split_at(32);
        Self::from_radius(strength, if direction.is_from_client(side) { from_client } else { to_client })
    }
}

/// Returns the first 16 bytes of SHA-1 over the parts.
fn digest(parts: &[&[u8]]) -> Secret<KEY_LEN> {
    let mut hasher = Sha1::new();
    for part in parts {
        hasher.update(part);
    }
    let mut key = Secret([0; KEY_LEN]);
    for (to, from) in key.0.iter_mut().zip(hasher.finalize()) {
        *to = from;
    }
    key
}
