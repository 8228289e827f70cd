//! The keys that MPPE starts from.

use sha1::{Digest, Sha1};

use crate::digest::sha1;
use crate::secret::secret;
use crate::write::array;
use crate::{ChallengeResponse, NtHashHash};

secret! {
    /// RFC 3079: a 128-bit key of one direction, from which an MPPE implementation makes its session keys.
    ///
    /// A 40 or 56 bit session key of version 2 starts from its first 8 bytes.
    ///
    /// ```
    /// use mschap::{NtHash, StartKey};
    ///
    /// // Version 1: one key for both directions.
    /// let hash = NtHash::from_password("clientPass").hash();
    /// let key = StartKey::from_v1(&hash, &[0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41]);
    /// assert_eq!(key.as_bytes()[..4], [0xa8, 0x94, 0x78, 0x50]);
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::StartKey;
    /// let (one, other) = (StartKey::from_bytes([0; 16]), StartKey::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[doc(alias = "GetStartKey")]
    StartKey, 16
}

impl StartKey {
    /// Creates the 128-bit start key of version 1, from the challenge that was answered (RFC 3079
    /// section 2.3).
    #[must_use]
    pub fn from_v1(hash: &NtHashHash, challenge: &[u8; 8]) -> Self {
        let hash = hash.as_bytes();
        Self(array(Sha1::new().chain_update(hash).chain_update(hash).chain_update(challenge).finalize()))
    }
}

secret! {
    /// RFC 3079 section 3.4: `GetMasterKey()`, from which version 2 makes one start key for each direction.
    ///
    /// ```
    /// use mschap::{ChallengeResponse, MasterKey, NtHash, v2};
    ///
    /// let hash = NtHash::from_password("clientPass");
    /// let challenges =
    ///     v2::Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
    /// let response = v2::Response::new(&hash, &challenges, b"User");
    ///
    /// let master = MasterKey::new(&hash.hash(), &response.nt_response);
    /// assert_eq!(master.as_bytes()[..4], [0xfd, 0xec, 0xe3, 0x71]);
    /// assert_eq!(master.authenticator_to_peer().as_bytes()[..4], [0x8b, 0x7c, 0xdc, 0x14]);
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::MasterKey;
    /// let (one, other) = (MasterKey::from_bytes([0; 16]), MasterKey::from_bytes([0; 16]));
    /// let same = one == other;
    /// ```
    #[doc(alias = "GetMasterKey")]
    MasterKey, 16
}

impl MasterKey {
    const MAGIC_MASTER: [u8; 27] = *b"This is the MPPE Master Key";
    const MAGIC_CLIENT_SENDS: [u8; PADDED_LEN] =
        padded(b"On the client side, this is the send key; on the server side, it is the receive key.");
    const MAGIC_SERVER_SENDS: [u8; PADDED_LEN] =
        padded(b"On the client side, this is the receive key; on the server side, it is the send key.");

    /// Creates the master key of one authentication, from the hash of the hash and the peer's
    /// proof.
    #[must_use]
    pub fn new(hash: &NtHashHash, nt_response: &ChallengeResponse) -> Self {
        let digest = sha1::<2, 16, 24, 27>(hash.as_bytes(), nt_response.as_bytes(), &Self::MAGIC_MASTER);
        Self(array(digest))
    }

    /// Derives the key that the authenticator encrypts with and the peer decrypts with (RFC 3079
    /// section 3.4, `GetAsymmetricStartKey()`).
    #[must_use]
    #[doc(alias = "GetAsymetricStartKey")]
    pub fn authenticator_to_peer(&self) -> StartKey {
        self.start_key(&Self::MAGIC_SERVER_SENDS)
    }

    /// Derives the key that the peer encrypts with and the authenticator decrypts with (RFC 3079
    /// section 3.4, `GetAsymmetricStartKey()`).
    #[must_use]
    #[doc(alias = "GetAsymetricStartKey")]
    pub fn peer_to_authenticator(&self) -> StartKey {
        self.start_key(&Self::MAGIC_CLIENT_SENDS)
    }

    fn start_key(&self, magic: &[u8; PADDED_LEN]) -> StartKey {
        StartKey(array(sha1::<3, 16, PADDED_LEN, 0>(&self.0, magic, &[])))
    }
}

/// Zeros (40), text (84), 0xf2 (40).
const PADDED_LEN: usize = 164;

/// Returns a text between its paddings, joined beforehand because one long piece hashes faster than
/// three (RFC 3079 section 3.4).
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn padded(text: &[u8; 84]) -> [u8; PADDED_LEN] {
    let mut bytes = [0xf2; PADDED_LEN];
    let mut at = 0;
    while at < 124 {
        bytes[at] = if at < 40 { 0 } else { text[at - 40] };
        at += 1;
    }
    bytes
}
