//! The attributes that carry a change of password.

use super::{AttributeError, VendorType};
use crate::write::array;
use crate::{ChallengeResponse, EncryptedHash, EncryptedPassword, v1, v2};

/// RFC 2548 section 2.1.6: MS-CHAP-CPW-1, version 1 of the change of password of MS-CHAP version 1.
///
/// ```
/// use mschap::radius::Cpw1;
/// use mschap::{Account, NtHash, v1};
///
/// let (old, new) = (NtHash::from_password("old"), NtHash::from_password("new"));
/// let attribute = Cpw1 { ident: 46, change: v1::ChangePassword1::new(&old, &new, &[7; 8]) };
/// assert!(attribute.change.open(&Account::new(&old), &[7; 8]).is_ok());
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Cpw1 {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// The content of the CHAP packet.
    pub change: v1::ChangePassword1,
}

impl Cpw1 {
    /// Code (1), Ident (1), the packet without its header.
    pub(super) const LEN: usize = 2 + v1::ChangePassword1::LEN;

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Result<Self, AttributeError> {
        let [found, ident, change @ ..] = value;
        code(VendorType::CPW_1, v1::ChangePassword1::CODE, *found)?;
        Ok(Self { ident: *ident, change: v1::ChangePassword1::decode(change)? })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [v1::ChangePassword1::CODE, self.ident].into_iter().chain(self.change.encode())
    }
}

/// RFC 2548 section 2.1.7: MS-CHAP-CPW-2, version 2 of the change of password of MS-CHAP version 1, without the
/// passwords, which are in MS-CHAP-NT-Enc-PW and MS-CHAP-LM-Enc-PW ([`EncPw`]).
///
/// ```
/// use mschap::radius::{Cpw2, EncPw};
/// use mschap::{Account, NtHash, v1};
///
/// // Client: one packet becomes attributes.
/// let old = NtHash::from_password("old");
/// let packet = v1::ChangePassword2::new(&old, "new", &[7; 8], &[3; 512])?;
/// let attribute = Cpw2::new(46, &packet);
/// let chunks = EncPw::split(46, &packet.encrypted_password);
///
/// // Server: and back.
/// let password = EncPw::join(attribute.ident, chunks)?;
/// let packet = attribute.into_packet(password, None);
/// assert!(packet.open(&Account::new(&old), &[7; 8]).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Cpw2 {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// Old-NT-Hash: encrypted with the new NT hash.
    pub old_nt_hash: EncryptedHash,
    /// Old-LM-Hash: encrypted with the new NT hash.
    pub old_lm_hash: EncryptedHash,
    /// LM-Response.
    pub lm_response: ChallengeResponse,
    /// NT-Response.
    pub nt_response: ChallengeResponse,
    /// Flags, as in [`v1::ChangePassword2`].
    pub flags: u16,
}

impl Cpw2 {
    /// Code (1), Ident (1), two hashes (16 each), two responses (24 each), Flags (2).
    pub(super) const LEN: usize = 84;

    /// Creates the attribute for a packet; its passwords go into [`EncPw`]s.
    #[must_use]
    pub fn new(ident: u8, packet: &v1::ChangePassword2) -> Self {
        Self {
            ident,
            old_nt_hash: packet.encrypted_hash.clone(),
            old_lm_hash: packet.lm_encrypted_hash.clone(),
            lm_response: packet.lm_response.clone(),
            nt_response: packet.nt_response.clone(),
            flags: packet.flags,
        }
    }

    /// Returns the packet, with the [joined](EncPw::join) passwords.
    #[must_use]
    pub fn into_packet(
        self,
        encrypted_password: EncryptedPassword,
        lm_encrypted_password: Option<EncryptedPassword>,
    ) -> v1::ChangePassword2 {
        v1::ChangePassword2 {
            encrypted_password,
            encrypted_hash: self.old_nt_hash,
            // Most peers leave the LAN Manager form out.
            lm_encrypted_password: lm_encrypted_password.unwrap_or(EncryptedPassword::empty()),
            lm_encrypted_hash: self.old_lm_hash,
            lm_response: self.lm_response,
            nt_response: self.nt_response,
            flags: self.flags,
        }
    }

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Result<Self, AttributeError> {
        let [found, ident, ..] = *value;
        code(VendorType::CPW_2, v1::ChangePassword2::CODE, found)?;
        let mut fields = value.iter().copied().skip(2);
        Ok(Self {
            ident,
            old_nt_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            old_lm_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            lm_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            nt_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            flags: u16::from_be_bytes(array(fields)),
        })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [v1::ChangePassword2::CODE, self.ident]
            .into_iter()
            .chain(*self.old_nt_hash.as_bytes())
            .chain(*self.old_lm_hash.as_bytes())
            .chain(*self.lm_response.as_bytes())
            .chain(*self.nt_response.as_bytes())
            .chain(self.flags.to_be_bytes())
    }
}

/// RFC 2548 section 2.3.4: MS-CHAP2-CPW, the change of password of MS-CHAP version 2, without the password, which is in
/// MS-CHAP-NT-Enc-PW ([`EncPw`]).
///
/// ```
/// use mschap::radius::{Chap2Cpw, EncPw};
/// use mschap::{NtHash, v2};
///
/// // Client: one packet becomes attributes.
/// let old = NtHash::from_password("old");
/// let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
/// let packet = v2::ChangePassword::new(&old, "new", &challenges, b"User", &[3; 512])?;
/// let attribute = Chap2Cpw::new(46, &packet);
/// let chunks = EncPw::split(46, &packet.encrypted_password);
///
/// // Server: and back.
/// let packet = attribute.clone().into_packet(EncPw::join(attribute.ident, chunks)?);
/// assert!(packet.open(&old, &challenges.authenticator, b"User").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct Chap2Cpw {
    /// The identifier of the CHAP packet.
    pub ident: u8,
    /// Encrypted-Hash: the old NT hash, encrypted with the new one.
    pub encrypted_hash: EncryptedHash,
    /// Peer-Challenge.
    pub peer_challenge: [u8; v2::CHALLENGE_LEN],
    /// The eight reserved bytes that the RFC's picture has behind the Peer-Challenge.
    pub reserved: [u8; 8],
    /// NT-Response.
    pub nt_response: ChallengeResponse,
    /// Flags: zero is sent, what comes is ignored.
    pub flags: u16,
}

impl Chap2Cpw {
    /// Code (1), Ident (1), Encrypted-Hash (16), Peer-Challenge (16), Reserved (8), NT-Response (24), Flags (2).
    pub(super) const LEN: usize = 68;

    /// Creates the attribute for a packet; its password goes into [`EncPw`]s.
    #[must_use]
    pub fn new(ident: u8, packet: &v2::ChangePassword) -> Self {
        Self {
            ident,
            encrypted_hash: packet.encrypted_hash.clone(),
            peer_challenge: packet.peer_challenge,
            reserved: packet.reserved,
            nt_response: packet.nt_response.clone(),
            flags: packet.flags,
        }
    }

    /// Returns the packet, with the [joined](EncPw::join) password.
    #[must_use]
    pub fn into_packet(self, encrypted_password: EncryptedPassword) -> v2::ChangePassword {
        v2::ChangePassword {
            encrypted_password,
            encrypted_hash: self.encrypted_hash,
            peer_challenge: self.peer_challenge,
            reserved: self.reserved,
            nt_response: self.nt_response,
            flags: self.flags,
        }
    }

    pub(super) fn decode(value: &[u8; Self::LEN]) -> Result<Self, AttributeError> {
        let [found, ident, ..] = *value;
        code(VendorType::CHAP2_CPW, v2::ChangePassword::CODE, found)?;
        let mut fields = value.iter().copied().skip(2);
        Ok(Self {
            ident,
            encrypted_hash: EncryptedHash::from_bytes(array(fields.by_ref().take(EncryptedHash::LEN))),
            peer_challenge: array(fields.by_ref().take(v2::CHALLENGE_LEN)),
            reserved: array(fields.by_ref().take(8)),
            nt_response: ChallengeResponse::from_bytes(array(fields.by_ref().take(ChallengeResponse::LEN))),
            flags: u16::from_be_bytes(array(fields)),
        })
    }

    pub(super) fn bytes(&self) -> impl Iterator<Item = u8> + '_ {
        [v2::ChangePassword::CODE, self.ident]
            .into_iter()
            .chain(*self.encrypted_hash.as_bytes())
            .chain(self.peer_challenge)
            .chain(self.reserved)
            .chain(*self.nt_response.as_bytes())
            .chain(self.flags.to_be_bytes())
    }
}

/// RFC 2548 sections 2.1.8 and 2.2: MS-CHAP-LM-Enc-PW and MS-CHAP-NT-Enc-PW, a piece of an encrypted new password.
///
/// ```
/// use mschap::EncryptedPassword;
/// use mschap::radius::{ChunkError, EncPw};
///
/// let password = EncryptedPassword::from_bytes([7; 516]);
/// let chunks: Vec<EncPw> = EncPw::split(46, &password).collect();
/// assert_eq!(chunks.len(), 3);
///
/// // The order in the packet does not matter.
/// let joined = EncPw::join(46, chunks.iter().rev().copied())?;
/// assert!(joined.ct_eq(&password));
/// let missing = EncPw::join(46, chunks.iter().take(2).copied());
/// assert_eq!(missing.unwrap_err(), ChunkError::Length { found: 344 });
/// # Ok::<(), ChunkError>(())
/// ```
#[derive(Clone, Copy)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "the RFC has no other fields")]
pub struct EncPw<'a> {
    /// The identifier of the CHAP packet: the same in all pieces, and in the attribute with the hashes.
    pub ident: u8,
    /// Sequence-Number. Real ones count from 1.
    pub sequence_number: u16,
    /// The piece. At least one byte.
    pub bytes: &'a [u8],
}

impl<'a> EncPw<'a> {
    /// 516 bytes in three equal pieces: FreeRADIUS takes three and nothing else.
    const PIECE: usize = 172;

    /// Where joining stops.
    const TOO_LONG: usize = EncryptedPassword::LEN + 1;

    /// Returns the pieces of an encrypted password, numbered from 1.
    pub fn split(ident: u8, password: &'a EncryptedPassword) -> impl Iterator<Item = Self> + Clone + 'a {
        let pieces = password.as_bytes().chunks(Self::PIECE);
        (1..).zip(pieces).map(move |(sequence_number, bytes)| Self { ident, sequence_number, bytes })
    }

    /// Joins pieces in the order of their numbers, from 1 on, or from 0 on if there is a piece 0.
    /// Bytes of a number that comes twice are taken once.
    ///
    /// # Errors
    ///
    /// [`ChunkError`]: pieces of another packet, or a sum of other than 516 bytes, also because a
    /// number is missing.
    pub fn join(ident: u8, pieces: impl Iterator<Item = Self> + Clone) -> Result<EncryptedPassword, ChunkError> {
        // Pieces of two packets would join to a password that nobody sent.
        if let Some(other) = pieces.clone().find(|piece| piece.ident != ident) {
            return Err(ChunkError::Ident { needed: ident, found: other.ident });
        }
        let pieces = pieces.filter(|piece| !piece.bytes.is_empty());
        let piece = |number| pieces.clone().find(|piece| piece.sequence_number == number).map(|piece| piece.bytes);
        // RFC 2548 sections 2.1.8 and 2.2 do not say with which number the pieces begin; FreeRADIUS
        // expects 1.
        let first = u16::from(piece(0).is_none());
        // Bounded: a peer with 65 536 pieces is stopped at one byte too many.
        let joined = (first..=u16::MAX).map_while(piece).flatten().copied().take(Self::TOO_LONG);
        let found = joined.clone().count();
        if found != EncryptedPassword::LEN {
            return Err(ChunkError::Length { found });
        }
        Ok(EncryptedPassword::from_bytes(array(joined)))
    }

    pub(super) fn decode(vendor_type: VendorType, value: &'a [u8]) -> Result<Self, AttributeError> {
        let [found, ident, high, low, bytes @ ..] = value else {
            return Err(AttributeError::TooShort { vendor_type, needed: 5, found: value.len() });
        };
        if bytes.is_empty() {
            return Err(AttributeError::TooShort { vendor_type, needed: 5, found: value.len() });
        }
        code(vendor_type, v1::ChangePassword2::CODE, *found)?;
        Ok(Self { ident: *ident, sequence_number: u16::from_be_bytes([*high, *low]), bytes })
    }

    pub(super) fn value(&self) -> impl Iterator<Item = u8> + '_ {
        [v1::ChangePassword2::CODE, self.ident]
            .into_iter()
            .chain(self.sequence_number.to_be_bytes())
            .chain(self.bytes.iter().copied())
    }
}

impl core::fmt::Debug for EncPw<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EncPw")
            .field("ident", &self.ident)
            .field("sequence_number", &self.sequence_number)
            .field("bytes", &format_args!("{} bytes", self.bytes.len()))
            .finish()
    }
}

/// Why pieces are not an encrypted password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// A piece has another Ident than the attribute with the hashes.
    #[error("piece of an encrypted password with ident {found}, not {needed}")]
    Ident {
        /// The Ident of the other attribute.
        needed: u8,
        /// That of the piece.
        found: u8,
    },
    /// The pieces in unbroken order do not have 516 bytes.
    #[error("pieces of an encrypted password have {found} bytes, not 516")]
    Length {
        /// How many they have; 517 stands for 517 or more.
        found: usize,
    },
}

fn code(vendor_type: VendorType, needed: u8, found: u8) -> Result<(), AttributeError> {
    if found == needed { Ok(()) } else { Err(AttributeError::Code { vendor_type, needed, found }) }
}
