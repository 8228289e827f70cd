//! The part of an Access-Accept that a RADIUS client takes out, and a server puts in.

use core::net::Ipv4Addr;

use super::{
    Attribute, AttributeError, Chap2Success, Domain, EncodeError, EncryptionPolicy, EncryptionTypes, HiddenKey, Hiding,
    KeyError, KeysMissing, MppeKeys, SessionKey, VendorType, attributes,
};
use crate::{BufferTooSmall, MasterKey, StartKey};

/// RFC 2548 section 3: all that the attributes of Microsoft in an Access-Accept say.
///
/// ```
/// use mschap::radius::{AccessAccept, Attribute, Hiding, KeysMissing, StartKeys};
/// use mschap::{MasterKey, StartKey};
///
/// let hiding = Hiding::new(b"secret", &[0x5a; 16]);
/// // The server: two attributes with keys.
/// let keys = StartKeys::from_master_key(&MasterKey::from_bytes([7; 16]));
/// let mut buf = [0; StartKeys::ENCODED_LEN];
/// let bytes = keys.encode(&hiding, [[0x80, 1], [0x80, 2]], &mut buf)?;
///
/// // The client: the values of the attributes of type 26.
/// let (send, recv) = bytes.split_at(bytes.len() / 2);
/// let accept = AccessAccept::decode([&send[2..], &recv[2..]], &hiding)?;
/// assert!(accept.start_keys()?.send.ct_eq(&keys.send));
///
/// // What is missing has a name.
/// let accept = AccessAccept::decode([&send[2..]], &hiding)?;
/// assert_eq!(accept.start_keys().unwrap_err(), KeysMissing::RecvKey);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AccessAccept<'a> {
    /// The proof that goes to the peer of version 2.
    pub success: Option<Chap2Success>,
    /// The Windows domain in which the user was authenticated.
    pub domain: Option<Domain<'a>>,
    /// The keys of version 1.
    pub mppe_keys: Option<MppeKeys>,
    /// The key of version 2 that the client encrypts with.
    pub send_key: Option<SessionKey>,
    /// The key of version 2 that the client decrypts with.
    pub recv_key: Option<SessionKey>,
    /// Whether encryption is required. If the server does not say, that is up to the client.
    pub encryption_policy: Option<EncryptionPolicy>,
    /// Which encryption is allowed. If the server does not say, that is up to the client.
    pub encryption_types: Option<EncryptionTypes>,
    /// An address that IPCP gives the peer.
    pub primary_dns_server: Option<Ipv4Addr>,
    /// An address that IPCP gives the peer.
    pub secondary_dns_server: Option<Ipv4Addr>,
    /// An address that IPCP gives the peer.
    pub primary_nbns_server: Option<Ipv4Addr>,
    /// An address that IPCP gives the peer.
    pub secondary_nbns_server: Option<Ipv4Addr>,
}

impl<'a> AccessAccept<'a> {
    /// Reads the values of the attributes of type 26 (Vendor-Specific) of an Access-Accept.
    ///
    /// Other vendors and other attributes are passed over. Of an attribute that comes twice the first counts.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: an attribute or a key in it cannot be read. The session must not go on as if it were not there.
    pub fn decode<I>(vendor_specific: I, hiding: &Hiding<'_>) -> Result<Self, AcceptError>
    where
        I: IntoIterator<Item = &'a [u8]>,
    {
        let mut accept = Self::default();
        for value in vendor_specific {
            match attributes(value) {
                Ok(attributes) => {
                    for attribute in attributes {
                        accept.add(attribute?, hiding)?;
                    }
                }
                // An Access-Accept has attributes of other vendors, which are not for us.
                Err(AttributeError::OtherVendor { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(accept)
    }

    fn add(&mut self, attribute: Attribute<'a>, hiding: &Hiding<'_>) -> Result<(), AcceptError> {
        let vendor_type = attribute.vendor_type();
        let key_error = |error| AcceptError::Key { vendor_type, error };
        match attribute {
            Attribute::Chap2Success(value) => keep(&mut self.success, value),
            Attribute::Domain(value) => keep(&mut self.domain, value),
            Attribute::MppeKeys(value) => keep(&mut self.mppe_keys, value.reveal(hiding).map_err(key_error)?),
            Attribute::SendKey(value) => keep(&mut self.send_key, value.reveal(hiding).map_err(key_error)?),
            Attribute::RecvKey(value) => keep(&mut self.recv_key, value.reveal(hiding).map_err(key_error)?),
            Attribute::EncryptionPolicy(value) => keep(&mut self.encryption_policy, value),
            Attribute::EncryptionTypes(value) => keep(&mut self.encryption_types, value),
            Attribute::PrimaryDnsServer(value) => keep(&mut self.primary_dns_server, value),
            Attribute::SecondaryDnsServer(value) => keep(&mut self.secondary_dns_server, value),
            Attribute::PrimaryNbnsServer(value) => keep(&mut self.primary_nbns_server, value),
            Attribute::SecondaryNbnsServer(value) => keep(&mut self.secondary_nbns_server, value),
            // RFC 2548 section 3 has none of these in an Access-Accept.
            Attribute::ChapResponse(_)
            | Attribute::ChapError(_)
            | Attribute::Cpw1(_)
            | Attribute::Cpw2(_)
            | Attribute::LmEncPw(_)
            | Attribute::NtEncPw(_)
            | Attribute::Challenge(_)
            | Attribute::Chap2Response(_)
            | Attribute::Chap2Cpw(_)
            | Attribute::Other { .. } => {}
        }
        Ok(())
    }

    /// Returns the start keys of 128-bit MPPE after version 2, or after a method of EAP.
    ///
    /// # Errors
    ///
    /// [`KeysMissing`]: which key is not there, or is too short.
    pub fn start_keys(&self) -> Result<StartKeys, KeysMissing> {
        // RFC 3079 section 3.3: a key for each direction, or no encryption at all.
        let send = self.send_key.as_ref().ok_or(KeysMissing::SendKey)?;
        let receive = self.recv_key.as_ref().ok_or(KeysMissing::RecvKey)?;
        let too_short = |key: &SessionKey| KeysMissing::TooShort { length: key.as_bytes().len() };
        Ok(StartKeys {
            send: send.start_key().ok_or_else(|| too_short(send))?,
            receive: receive.start_key().ok_or_else(|| too_short(receive))?,
        })
    }

    /// Returns the start key of 128-bit MPPE after version 1, for both directions, from the
    /// challenge that the peer answered.
    ///
    /// # Errors
    ///
    /// [`KeysMissing`]: there are no keys, or no NT-Key.
    pub fn v1_start_key(&self, challenge: &[u8; 8]) -> Result<StartKey, KeysMissing> {
        self.mppe_keys.as_ref().ok_or(KeysMissing::MppeKeys)?.start_key(challenge)
    }
}

fn keep<T>(field: &mut Option<T>, value: T) {
    if field.is_none() {
        *field = Some(value);
    }
}

/// The keys that MPPE starts from, one for each direction, as the RADIUS client (the authenticator of PPP) uses them.
///
/// ```
/// use mschap::MasterKey;
/// use mschap::radius::StartKeys;
///
/// let keys = StartKeys::from_master_key(&MasterKey::from_bytes([7; 16]));
/// // An MPPE implementation takes these bytes.
/// let (encrypt, decrypt): (&[u8; 16], &[u8; 16]) =
///     (keys.send.as_bytes(), keys.receive.as_bytes());
/// assert_ne!(encrypt, decrypt);
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "there are two directions")]
pub struct StartKeys {
    /// The key that the RADIUS client encrypts with: MS-MPPE-Send-Key.
    pub send: StartKey,
    /// The key that the RADIUS client decrypts with: MS-MPPE-Recv-Key.
    pub receive: StartKey,
}

impl StartKeys {
    /// The length of both attributes: for each Type, Length (1 each), Vendor-Id (4), Vendor-Type, Vendor-Length (1
    /// each), Salt (2), String (32).
    pub const ENCODED_LEN: usize = 84;

    /// Creates the keys of an authentication of version 2.
    #[must_use]
    pub fn from_master_key(master_key: &MasterKey) -> Self {
        Self { send: master_key.authenticator_to_peer(), receive: master_key.peer_to_authenticator() }
    }

    /// Writes MS-MPPE-Send-Key and MS-MPPE-Recv-Key, two whole RADIUS attributes, to the start of `buf`.
    ///
    /// Salts are unpredictable, have their first bit set, and differ from each other and from all others of the packet.
    ///
    /// # Errors
    ///
    /// [`AcceptError`]: `buf` is too small, or the salts are not as they have to be.
    pub fn encode<'b>(
        &self,
        hiding: &Hiding<'_>,
        salts: [[u8; 2]; 2],
        buf: &'b mut [u8],
    ) -> Result<&'b [u8], AcceptError> {
        let [send_salt, receive_salt] = salts;
        let available = buf.len();
        let too_small = EncodeError::from(BufferTooSmall { needed: Self::ENCODED_LEN, available });
        let bytes = buf.get_mut(..Self::ENCODED_LEN).ok_or(too_small)?;
        // RFC 2548 section 2.4.2: two attributes of one packet with the same salt share their pad.
        if send_salt == receive_salt {
            let error = KeyError::SameSalt { found: receive_salt };
            return Err(AcceptError::Key { vendor_type: VendorType::RECV_KEY, error });
        }
        let mut string = [0; 32];
        let mut halves = bytes.chunks_exact_mut(Self::ENCODED_LEN.div_ceil(2));
        for (key, salt, vendor_type) in
            [(&self.send, send_salt, VendorType::SEND_KEY), (&self.receive, receive_salt, VendorType::RECV_KEY)]
        {
            let hidden = HiddenKey::hide(key.as_bytes(), salt, hiding, &mut string)
                .map_err(|error| AcceptError::Key { vendor_type, error })?;
            let attribute = match vendor_type {
                VendorType::SEND_KEY => Attribute::SendKey(hidden),
                _ => Attribute::RecvKey(hidden),
            };
            attribute.encode(halves.next().unwrap_or_default())?;
        }
        Ok(bytes)
    }
}

/// Why the attributes of an Access-Accept cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// An attribute cannot be read.
    #[error(transparent)]
    Attribute(#[from] AttributeError),
    /// An attribute cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A key cannot be hidden or revealed.
    #[error("{vendor_type}: {error}")]
    Key {
        /// The attribute.
        vendor_type: VendorType,
        /// Why.
        error: KeyError,
    },
}
