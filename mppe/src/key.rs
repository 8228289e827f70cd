//! The keys of RFC 3079, one type for each step, so that a step cannot be left out or done twice.

use crate::algorithm::{KEY_LEN, Strength, reduce, widened};
use crate::chain::Chain;
use crate::cipher;
use crate::secret::Secret;

macro_rules! key_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            strength: Strength,
            /// A key of 8 bytes stands here twice: as an RC4 key that is the same.
            bytes: Secret<KEY_LEN>,
        }

        impl $name {
            /// Creates a key of `strength`: the first [`key_len`](Strength::key_len) bytes of
            /// `bytes`.
            pub(crate) fn of(strength: Strength, bytes: &[u8; KEY_LEN]) -> Self {
                Self { strength, bytes: Secret(widened(strength, bytes)) }
            }

            /// Returns how strong the key is, which gives its length.
            #[must_use]
            pub const fn strength(&self) -> Strength {
                self.strength
            }

            /// Returns the bytes of the key: 8 or 16.
            #[must_use]
            pub fn expose_bytes(&self) -> &[u8] {
                self.bytes.0.split_at_checked(self.strength.key_len()).map_or(&[], |(bytes, _)| bytes)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({}, redacted)", stringify!($name), self.strength)
            }
        }
    };
}

key_type! {
    /// RFC 3079: the key of one direction that all its session keys come from ("start key", "master session key",
    /// "initial session key" in the RFC's three chapters). It encrypts nothing.
    ///
    /// Made by [`MasterKey::start_key`](crate::MasterKey::start_key),
    /// [`MsChapV1::start_key`](crate::MsChapV1::start_key), or from bytes that a RADIUS server or
    /// an EAP method gives.
    ///
    /// ```
    /// use mppe::{StartKey, Strength};
    ///
    /// // RFC 3079 section 3.5.3, the server's send key.
    /// let start = StartKey::from_bytes(
    ///     Strength::Bits128,
    ///     *b"\x8b\x7c\xdc\x14\x9b\x99\x3a\x1b\xa1\x18\xcb\x15\x3f\x56\xdc\xcb",
    /// );
    /// let first = start.initial_session_key();
    /// assert_eq!(first.expose_bytes()[..4], [0x40, 0x5c, 0xb2, 0x24]);
    /// // Nothing prints it.
    /// assert_eq!(format!("{first:?}"), "SessionKey(128 bit, redacted)");
    /// ```
    StartKey
}

key_type! {
    /// RFC 3078 section 7.3: what `GetNewKeyFromSHA` gives, from which a session key is made.
    ///
    /// ```
    /// use mppe::{StartKey, Strength};
    ///
    /// // RFC 3079 section 2.5.1.
    /// let start = StartKey::from_radius(Strength::Bits40, b"\x76\xa1\x52\x93\x60\x96\xd7\x83");
    /// let interim = start.initial_interim_key();
    /// assert_eq!(interim.expose_bytes(), b"\xd8\x08\x01\x53\x8c\xec\x4a\x08");
    /// assert_eq!(interim.reduced().expose_bytes(), b"\xd1\x26\x9e\x53\x8c\xec\x4a\x08");
    /// ```
    InterimKey
}

key_type! {
    /// RFC 3078 section 5: a key that RC4 runs with.
    ///
    /// ```
    /// use mppe::{StartKey, Strength};
    ///
    /// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
    /// // The key of the first stateless packet is that after one key change.
    /// let first = start.next_session_key(&start.initial_session_key());
    /// let mut data = *b"plaintext";
    /// first.apply_keystream(&mut data);
    /// first.apply_keystream(&mut data);
    /// assert_eq!(data, *b"plaintext");
    /// ```
    SessionKey
}

impl StartKey {
    /// Creates the start key whose bytes are known. Keys of 8 bytes are the first 8.
    #[must_use]
    pub fn from_bytes(strength: Strength, bytes: [u8; KEY_LEN]) -> Self {
        Self::of(strength, &bytes)
    }

    /// Creates the start key that an attribute MS-MPPE-Send-Key or MS-MPPE-Recv-Key holds,
    /// decrypted (RFC 3079 section 4, RFC 2548 section 2.4). A shorter one gets zeros in front, of
    /// a longer one the first bytes are taken.
    ///
    /// The attributes are named as the access server sees them: its *send* key is the client's *receive* key.
    ///
    /// ```
    /// use mppe::{StartKey, Strength};
    ///
    /// let key = StartKey::from_radius(Strength::Bits40, &[7; 32]);
    /// assert_eq!(key.expose_bytes(), [7; 8]);
    /// let key = StartKey::from_radius(Strength::Bits40, &[7; 5]);
    /// assert_eq!(key.expose_bytes(), [0, 0, 0, 7, 7, 7, 7, 7]);
    /// ```
    #[must_use]
    #[doc(alias("MS-MPPE-Send-Key", "MS-MPPE-Recv-Key"))]
    pub fn from_radius(strength: Strength, attribute: &[u8]) -> Self {
        let mut bytes = Secret([0; KEY_LEN]);
        let padding = strength.key_len().saturating_sub(attribute.len());
        for (to, from) in bytes.0.iter_mut().skip(padding).zip(attribute) {
            *to = *from;
        }
        Self::of(strength, &bytes.0)
    }

    /// Computes the interim key of the start key and itself, which leads to the initial session key
    /// (RFC 3078 section 7.3, `GetNewKeyFromSHA`).
    #[must_use]
    #[doc(alias = "GetNewKeyFromSHA")]
    pub fn initial_interim_key(&self) -> InterimKey {
        self.interim(&self.bytes.0)
    }

    /// Computes the interim key of the start key and the session key that is to be changed (RFC
    /// 3078 section 7.3, `GetNewKeyFromSHA`).
    #[must_use]
    #[doc(alias = "GetNewKeyFromSHA")]
    pub fn interim_key(&self, current: &SessionKey) -> InterimKey {
        self.interim(&current.bytes.0)
    }

    fn interim(&self, current: &[u8; KEY_LEN]) -> InterimKey {
        let mut chain = self.chain();
        InterimKey::of(self.strength, chain.interim(current))
    }

    /// Returns the chain of session keys that comes of this key.
    pub(crate) fn chain(&self) -> Chain {
        Chain::new(self.strength, &self.bytes.0)
    }

    /// Returns the initial session key, *before* any key change (RFC 3079 sections 2.1 to 2.3, 3.1
    /// to 3.3, 4.1 to 4.3).
    #[must_use]
    pub fn initial_session_key(&self) -> SessionKey {
        self.initial_interim_key().reduced()
    }

    /// Returns one key change (RFC 3078 section 7.3).
    #[must_use]
    pub fn next_session_key(&self, current: &SessionKey) -> SessionKey {
        self.interim_key(current).encrypted_and_reduced()
    }
}

impl InterimKey {
    /// Returns the session key of these very bytes, but for those that a weaker strength makes
    /// known. So is the initial one made.
    #[must_use]
    pub fn reduced(&self) -> SessionKey {
        let mut bytes = self.bytes.clone();
        reduce(self.strength, &mut bytes.0);
        SessionKey { strength: self.strength, bytes }
    }

    /// Returns the session key that comes of RC4, keyed with these bytes, over these bytes, then
    /// reduced. So are all later ones made.
    #[must_use]
    pub fn encrypted_and_reduced(&self) -> SessionKey {
        let mut bytes = self.bytes.clone();
        let mut cipher = cipher::Cipher::new(&self.bytes.0);
        if let Some((key, _)) = bytes.0.split_at_mut_checked(self.strength.key_len()) {
            cipher.apply(key);
        }
        let mut key = SessionKey::of(self.strength, &bytes.0);
        reduce(self.strength, &mut key.bytes.0);
        key
    }
}

impl SessionKey {
    /// Creates the session key whose bytes are known. Keys of 8 bytes are the first 8.
    #[must_use]
    pub fn from_bytes(strength: Strength, bytes: [u8; KEY_LEN]) -> Self {
        Self::of(strength, &bytes)
    }

    /// Returns the 16 bytes that RC4 takes.
    pub(crate) const fn widened(&self) -> &[u8; KEY_LEN] {
        &self.bytes.0
    }

    /// Applies RC4, newly keyed, to `data`, which encrypts or decrypts a stateless packet (RFC 3078
    /// sections 5 and 6).
    ///
    /// ```
    /// use mppe::{SessionKey, Strength};
    ///
    /// // RFC 3079 section 3.5.1.
    /// let bytes = [0xd1, 0x26, 0x9e, 0xc4, 0x9f, 0xa6, 0x2e, 0x3e, 0, 0, 0, 0, 0, 0, 0, 0];
    /// let key = SessionKey::from_bytes(Strength::Bits40, bytes);
    /// let mut data = *b"test message";
    /// key.apply_keystream(&mut data);
    /// assert_eq!(data[..4], [0x92, 0x91, 0x37, 0x91]);
    /// ```
    pub fn apply_keystream(&self, data: &mut [u8]) {
        cipher::Cipher::new(&self.bytes.0).apply(data);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, MasterKey, MsChapV1, ShortKeySource, Side};

    fn bytes<const N: usize>(text: &str) -> [u8; N] {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    const CLIENT_PASS_HASH_HASH: &str = "41c00c584bd2d91c4017a2a12fa59f3f";

    fn shown(key: &[u8]) -> alloc::string::String {
        hex::encode(key)
    }

    /// RFC 3079 sections 2.5.1 to 2.5.3, with the misprint of step 3 put right.
    #[test]
    fn from_ms_chap_v1() {
        let source = MsChapV1::new(bytes("102db5df085d3041"))
            .with_lm_password_hash(bytes("76a152936096d7830e2390227404afd2"))
            .with_nt_password_hash_hash(bytes(CLIENT_PASS_HASH_HASH));
        let samples = [
            (Strength::Bits40, "76a152936096d783", "d80801538cec4a08", "d1269e538cec4a08"),
            (Strength::Bits56, "76a152936096d783", "d80801538cec4a08", "d10801538cec4a08"),
            (
                Strength::Bits128,
                "a8947850cfc0acc1d1789fb62ddcddb0",
                "59d159bc09f76f1da2a86a28ffec0b1e",
                "59d159bc09f76f1da2a86a28ffec0b1e",
            ),
        ];
        for (strength, start_key, interim, session) in samples {
            let start = source.start_key(strength, ShortKeySource::LmHash).unwrap();
            assert_eq!(shown(start.expose_bytes()), start_key);
            assert_eq!(shown(start.initial_interim_key().expose_bytes()), interim);
            assert_eq!(shown(start.initial_interim_key().reduced().expose_bytes()), session);
            assert_eq!(shown(start.initial_session_key().expose_bytes()), session);
        }
    }

    /// pppd's short keys are the first bytes of the long one; without a hash there is a reason.
    #[test]
    fn short_keys_of_ms_chap_v1_by_source() {
        let nt = MsChapV1::new(bytes("102db5df085d3041")).with_nt_password_hash_hash(bytes(CLIENT_PASS_HASH_HASH));
        for strength in [Strength::Bits40, Strength::Bits56] {
            let start = nt.start_key(strength, ShortKeySource::NtHash).unwrap();
            assert_eq!(shown(start.expose_bytes()), "a8947850cfc0acc1");
            // A RADIUS server that does not know the LM hash sends zeros.
            let zeros = nt.clone().with_lm_key([0; 8]);
            let refused = zeros.start_key(strength, ShortKeySource::LmHash).unwrap_err();
            assert_eq!(refused, crate::KeyError::LmHashUnknown { strength });
            let lm = MsChapV1::new([0; 8]).with_lm_key([7; 8]);
            let refused = lm.start_key(strength, ShortKeySource::NtHash).unwrap_err();
            assert_eq!(refused, crate::KeyError::NtHashUnknown { strength });
        }
    }

    /// RFC 3079 sections 3.5.1 to 3.5.3, with the misprint of the second encrypted message put right.
    #[test]
    fn from_ms_chap_v2() {
        let nt_response = bytes("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df");
        let master = MasterKey::from_ms_chap_v2(&bytes(CLIENT_PASS_HASH_HASH), &nt_response);
        assert_eq!(shown(master.expose_bytes()), "fdece3717a8c838cb388e527ae3cdd31");
        let samples = [
            (Strength::Bits40, "8b7cdc149b993a1b", "d1269ec49fa62e3e", "929137917e5803d668d75898"),
            (Strength::Bits56, "8b7cdc149b993a1b", "d15c00c49fa62e3e", "3f106833fa448da842bc57b8"),
            (
                Strength::Bits128,
                "8b7cdc149b993a1ba118cb153f56dccb",
                "405cb2247a7956e6e211007ae27b22d4",
                "81848317df68846272fb5abe",
            ),
        ];
        for (strength, start_key, session_key, message) in samples {
            for (side, direction) in [(Side::Server, Direction::Send), (Side::Client, Direction::Receive)] {
                let start = master.start_key(strength, side, direction);
                assert_eq!(shown(start.expose_bytes()), start_key);
                let session = start.initial_session_key();
                assert_eq!(shown(session.expose_bytes()), session_key);
                let mut data = *b"test message";
                session.apply_keystream(&mut data);
                assert_eq!(shown(&data), message);
            }
            let other = master.start_key(strength, Side::Server, Direction::Receive);
            let same = master.start_key(strength, Side::Client, Direction::Send);
            assert_eq!(other.expose_bytes(), same.expose_bytes());
            assert_ne!(shown(other.expose_bytes()), start_key);
        }
    }

    /// The reply of a RADIUS server (FreeRADIUS 3.2.1) for a password: the same start keys, seen
    /// from the access server.
    #[test]
    fn agree_with_a_radius_server() {
        let hash_hash = bytes("6e3c6383d08f854fa50e9b56551ee9c2");
        let nt_response = bytes("74b05a3331041d711428ffe202e93a48882a4550bd7139fb");
        let master = MasterKey::from_ms_chap_v2(&hash_hash, &nt_response);
        let send = StartKey::from_radius(Strength::Bits128, &bytes::<16>("bc495168652e52f29b235b0e513017ef"));
        let receive = StartKey::from_radius(Strength::Bits128, &bytes::<16>("970552dc8db300e204bc0b83ad3a33ce"));
        let made = |direction| master.start_key(Strength::Bits128, Side::Server, direction);
        assert_eq!(send.expose_bytes(), made(Direction::Send).expose_bytes());
        assert_eq!(receive.expose_bytes(), made(Direction::Receive).expose_bytes());

        // MS-CHAPv1: the NT-Key of MS-CHAP-MPPE-Keys, whose LM-Key is zero.
        let source = MsChapV1::new(bytes("25c7cbf2027bc30f"))
            .with_lm_key([0; 8])
            .with_nt_password_hash_hash(bytes("0297cb5e8b7dfb89880038a87b124ee5"));
        let start = source.start_key(Strength::Bits128, ShortKeySource::LmHash).unwrap();
        assert_eq!(shown(start.expose_bytes()), "2f266d5c71641ea2f67aa1bdc1c25013");
    }

    /// A key change, step by step, against SHA-1 and RC4 of other crates.
    #[test]
    fn changes_as_the_rfc_says() {
        use rc4::{KeyInit, Rc4, StreamCipher};
        use sha1::{Digest, Sha1};

        for strength in [Strength::Bits40, Strength::Bits56, Strength::Bits128] {
            let length = strength.key_len();
            let start = StartKey::from_bytes(strength, *b"0123456789abcdef");
            let mut session = start.initial_session_key();
            for _ in 0..100 {
                let digest = Sha1::new()
                    .chain_update(start.expose_bytes())
                    .chain_update([0; 40])
                    .chain_update(session.expose_bytes())
                    .chain_update([0xf2; 40])
                    .finalize();
                let interim = start.interim_key(&session);
                assert_eq!(interim.expose_bytes(), &digest[..length]);
                let mut expected = digest[..length].to_vec();
                Rc4::new_from_slice(&digest[..length]).unwrap().apply_keystream(&mut expected);
                let known = match strength {
                    Strength::Bits40 => &b"\xd1\x26\x9e"[..],
                    Strength::Bits56 => b"\xd1",
                    Strength::Bits128 => b"",
                };
                expected[..known.len()].copy_from_slice(known);
                session = start.next_session_key(&session);
                assert_eq!(session.expose_bytes(), expected);
            }
        }
    }

    #[test]
    fn from_radius_and_eap() {
        let long: [u8; 32] = core::array::from_fn(|at| u8::try_from(at).unwrap());
        assert_eq!(StartKey::from_radius(Strength::Bits128, &long).expose_bytes(), &long[..16]);
        assert_eq!(StartKey::from_radius(Strength::Bits56, &long).expose_bytes(), &long[..8]);
        assert_eq!(
            shown(StartKey::from_radius(Strength::Bits128, &[1, 2]).expose_bytes()),
            "00000000000000000000000000000102"
        );
        assert_eq!(StartKey::from_radius(Strength::Bits40, &[]).expose_bytes(), [0; 8]);
        let msk: [u8; 64] = core::array::from_fn(|at| u8::try_from(at).unwrap());
        let key =
            |side, direction| StartKey::from_eap(Strength::Bits128, &msk, side, direction).expose_bytes().to_vec();
        assert_eq!(key(Side::Client, Direction::Send), msk[..16]);
        assert_eq!(key(Side::Server, Direction::Receive), msk[..16]);
        assert_eq!(key(Side::Client, Direction::Receive), msk[32..48]);
        assert_eq!(key(Side::Server, Direction::Send), msk[32..48]);
    }

    #[test]
    fn nothing_prints_a_key() {
        let start = StartKey::from_bytes(Strength::Bits128, [0x77; 16]);
        let printed = alloc::format!(
            "{start:?} {:?} {:?} {:?} {:?}",
            start.initial_interim_key(),
            start.initial_session_key(),
            MasterKey::from_bytes([0x77; 16]),
            MsChapV1::new([1; 8]).with_nt_password_hash_hash([0x77; 16]),
        );
        assert!(!printed.contains("77") && !printed.contains("119"), "{printed}");
    }
}
