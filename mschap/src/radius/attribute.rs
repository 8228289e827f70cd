//! The attributes of a Vendor-Specific attribute.

use core::net::Ipv4Addr;

use super::{
    AttributeError, Chap2Cpw, Chap2Response, Chap2Success, ChapError, ChapResponse, Cpw1, Cpw2, Domain, EncPw,
    EncodeError, EncryptionPolicy, EncryptionTypes, HiddenKey, HiddenMppeKeys, VENDOR_ID, VENDOR_SPECIFIC, VendorType,
};
use crate::write::{Writer, length, write};

/// RFC 2548: an attribute of Microsoft.
///
/// ```
/// use mschap::radius::{self, Attribute, EncryptionPolicy};
///
/// let mut buf = [0; Attribute::MAX_LEN];
/// let bytes = Attribute::EncryptionPolicy(EncryptionPolicy::REQUIRED).encode(&mut buf)?;
/// assert_eq!(bytes, [26, 12, 0, 0, 1, 0x37, 7, 6, 0, 0, 0, 2]);
///
/// // A RADIUS library takes the type and the length off.
/// let mut attributes = radius::attributes(&bytes[2..])?;
/// let Some(Ok(Attribute::EncryptionPolicy(policy))) = attributes.next() else {
///     panic!("not it")
/// };
/// assert!(policy.is_required() && attributes.next().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// MS-CHAP-Response (1).
    ChapResponse(ChapResponse),
    /// MS-CHAP-Error (2).
    ChapError(ChapError<'a>),
    /// MS-CHAP-CPW-1 (3).
    Cpw1(Cpw1),
    /// MS-CHAP-CPW-2 (4).
    Cpw2(Cpw2),
    /// MS-CHAP-LM-Enc-PW (5).
    LmEncPw(EncPw<'a>),
    /// MS-CHAP-NT-Enc-PW (6).
    NtEncPw(EncPw<'a>),
    /// MS-MPPE-Encryption-Policy (7).
    EncryptionPolicy(EncryptionPolicy),
    /// MS-MPPE-Encryption-Types (8).
    EncryptionTypes(EncryptionTypes),
    /// MS-CHAP-Domain (10).
    Domain(Domain<'a>),
    /// MS-CHAP-Challenge (11), of either version:
    /// [`v1::decode_challenge`](crate::v1::decode_challenge),
    /// [`v2::decode_challenge`](crate::v2::decode_challenge). At least one byte.
    Challenge(&'a [u8]),
    /// MS-CHAP-MPPE-Keys (12).
    MppeKeys(HiddenMppeKeys),
    /// MS-MPPE-Send-Key (16): what the RADIUS client encrypts with.
    SendKey(HiddenKey<'a>),
    /// MS-MPPE-Recv-Key (17): what the RADIUS client decrypts with.
    RecvKey(HiddenKey<'a>),
    /// MS-CHAP2-Response (25).
    Chap2Response(Chap2Response),
    /// MS-CHAP2-Success (26).
    Chap2Success(Chap2Success),
    /// MS-CHAP2-CPW (27).
    Chap2Cpw(Chap2Cpw),
    /// MS-Primary-DNS-Server (28).
    PrimaryDnsServer(Ipv4Addr),
    /// MS-Secondary-DNS-Server (29).
    SecondaryDnsServer(Ipv4Addr),
    /// MS-Primary-NBNS-Server (30).
    PrimaryNbnsServer(Ipv4Addr),
    /// MS-Secondary-NBNS-Server (31).
    SecondaryNbnsServer(Ipv4Addr),
    /// An attribute that this crate does not know.
    Other {
        /// Its type.
        vendor_type: VendorType,
        /// Its value.
        value: &'a [u8],
    },
}

impl<'a> Attribute<'a> {
    /// The longest RADIUS attribute.
    pub const MAX_LEN: usize = 255;

    /// The longest value: the longest attribute without Type (1), Length (1), Vendor-Id (4), Vendor-Type (1) and
    /// Vendor-Length (1).
    pub const MAX_VALUE_LEN: usize = 247;

    /// Reads the value of an attribute: what is behind Vendor-Type and Vendor-Length.
    ///
    /// # Errors
    ///
    /// [`AttributeError`]: a length or a code is not that of the RFC.
    pub fn decode(vendor_type: VendorType, value: &'a [u8]) -> Result<Self, AttributeError> {
        Ok(match vendor_type {
            VendorType::CHAP_RESPONSE => Self::ChapResponse(ChapResponse::decode(exactly(vendor_type, value)?)),
            VendorType::CHAP_ERROR => Self::ChapError(ChapError::decode(value)?),
            VendorType::CPW_1 => Self::Cpw1(Cpw1::decode(exactly(vendor_type, value)?)?),
            VendorType::CPW_2 => Self::Cpw2(Cpw2::decode(exactly(vendor_type, value)?)?),
            VendorType::LM_ENC_PW => Self::LmEncPw(EncPw::decode(vendor_type, value)?),
            VendorType::NT_ENC_PW => Self::NtEncPw(EncPw::decode(vendor_type, value)?),
            VendorType::ENCRYPTION_POLICY => Self::EncryptionPolicy(EncryptionPolicy(number(vendor_type, value)?)),
            VendorType::ENCRYPTION_TYPES => Self::EncryptionTypes(EncryptionTypes(number(vendor_type, value)?)),
            VendorType::DOMAIN => Self::Domain(Domain::decode(value)?),
            // RFC 2548 section 2.1.2 has a challenge of one byte at least.
            VendorType::CHALLENGE if value.is_empty() => {
                return Err(AttributeError::TooShort { vendor_type, needed: 1, found: 0 });
            }
            VendorType::CHALLENGE => Self::Challenge(value),
            VendorType::MPPE_KEYS => Self::MppeKeys(HiddenMppeKeys::from_bytes(*exactly(vendor_type, value)?)),
            VendorType::SEND_KEY => Self::SendKey(hidden_key(vendor_type, value)?),
            VendorType::RECV_KEY => Self::RecvKey(hidden_key(vendor_type, value)?),
            VendorType::CHAP2_RESPONSE => Self::Chap2Response(Chap2Response::decode(exactly(vendor_type, value)?)),
            VendorType::CHAP2_SUCCESS => Self::Chap2Success(Chap2Success::decode(exactly(vendor_type, value)?)?),
            VendorType::CHAP2_CPW => Self::Chap2Cpw(Chap2Cpw::decode(exactly(vendor_type, value)?)?),
            VendorType::PRIMARY_DNS_SERVER => Self::PrimaryDnsServer(address(vendor_type, value)?),
            VendorType::SECONDARY_DNS_SERVER => Self::SecondaryDnsServer(address(vendor_type, value)?),
            VendorType::PRIMARY_NBNS_SERVER => Self::PrimaryNbnsServer(address(vendor_type, value)?),
            VendorType::SECONDARY_NBNS_SERVER => Self::SecondaryNbnsServer(address(vendor_type, value)?),
            _ => Self::Other { vendor_type, value },
        })
    }

    /// Returns the type of the attribute.
    #[must_use]
    pub const fn vendor_type(&self) -> VendorType {
        match self {
            Self::ChapResponse(_) => VendorType::CHAP_RESPONSE,
            Self::ChapError(_) => VendorType::CHAP_ERROR,
            Self::Cpw1(_) => VendorType::CPW_1,
            Self::Cpw2(_) => VendorType::CPW_2,
            Self::LmEncPw(_) => VendorType::LM_ENC_PW,
            Self::NtEncPw(_) => VendorType::NT_ENC_PW,
            Self::EncryptionPolicy(_) => VendorType::ENCRYPTION_POLICY,
            Self::EncryptionTypes(_) => VendorType::ENCRYPTION_TYPES,
            Self::Domain(_) => VendorType::DOMAIN,
            Self::Challenge(_) => VendorType::CHALLENGE,
            Self::MppeKeys(_) => VendorType::MPPE_KEYS,
            Self::SendKey(_) => VendorType::SEND_KEY,
            Self::RecvKey(_) => VendorType::RECV_KEY,
            Self::Chap2Response(_) => VendorType::CHAP2_RESPONSE,
            Self::Chap2Success(_) => VendorType::CHAP2_SUCCESS,
            Self::Chap2Cpw(_) => VendorType::CHAP2_CPW,
            Self::PrimaryDnsServer(_) => VendorType::PRIMARY_DNS_SERVER,
            Self::SecondaryDnsServer(_) => VendorType::SECONDARY_DNS_SERVER,
            Self::PrimaryNbnsServer(_) => VendorType::PRIMARY_NBNS_SERVER,
            Self::SecondaryNbnsServer(_) => VendorType::SECONDARY_NBNS_SERVER,
            Self::Other { vendor_type, .. } => *vendor_type,
        }
    }

    /// Writes a whole RADIUS attribute, with this attribute alone in it, to the start of `buf`, and
    /// gives the bytes written. Its first two bytes are type and length, which some libraries write
    /// themselves.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: the value does not fit an attribute, or the attribute does not fit `buf`.
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<&'b [u8], EncodeError> {
        let vendor_type = self.vendor_type();
        let length = length(|writer| self.put_value(writer));
        // The outer and the inner length are bytes, and the outer one counts six more.
        let (Some(outer), Some(inner)) = (length_field(length, 8), length_field(length, 2)) else {
            return Err(EncodeError::TooLong { vendor_type, length });
        };
        Ok(write(buf, |writer| {
            writer.put([VENDOR_SPECIFIC, outer]);
            writer.put(VENDOR_ID.to_be_bytes());
            writer.put([vendor_type.0, inner]);
            self.put_value(writer);
        })?)
    }

    fn put_value(&self, writer: &mut Writer<'_>) {
        match self {
            Self::ChapResponse(value) => writer.put(value.bytes()),
            Self::ChapError(value) => writer.put(value.bytes()),
            Self::Cpw1(value) => writer.put(value.bytes()),
            Self::Cpw2(value) => writer.put(value.bytes()),
            Self::LmEncPw(value) | Self::NtEncPw(value) => writer.put(value.value()),
            Self::EncryptionPolicy(value) => writer.put(value.0.to_be_bytes()),
            Self::EncryptionTypes(value) => writer.put(value.0.to_be_bytes()),
            Self::Domain(value) => writer.put(value.bytes()),
            Self::Challenge(value) | Self::Other { value, .. } => writer.put_slice(value),
            Self::MppeKeys(value) => writer.put_slice(value.as_bytes()),
            Self::SendKey(value) | Self::RecvKey(value) => {
                writer.put(value.salt);
                writer.put_slice(value.string);
            }
            Self::Chap2Response(value) => writer.put(value.bytes()),
            Self::Chap2Success(value) => writer.put(value.bytes()),
            Self::Chap2Cpw(value) => writer.put(value.bytes()),
            Self::PrimaryDnsServer(value)
            | Self::SecondaryDnsServer(value)
            | Self::PrimaryNbnsServer(value)
            | Self::SecondaryNbnsServer(value) => writer.put(value.octets()),
        }
    }
}

fn length_field(length: usize, header: usize) -> Option<u8> {
    // The outer length is the larger one: both fit or none.
    (length <= Attribute::MAX_VALUE_LEN).then(|| u8::try_from(length.saturating_add(header)).ok()).flatten()
}

fn exactly<const N: usize>(vendor_type: VendorType, value: &[u8]) -> Result<&[u8; N], AttributeError> {
    value.try_into().map_err(|_| AttributeError::Length { vendor_type, needed: N, found: value.len() })
}

fn number(vendor_type: VendorType, value: &[u8]) -> Result<u32, AttributeError> {
    exactly(vendor_type, value).copied().map(u32::from_be_bytes)
}

fn address(vendor_type: VendorType, value: &[u8]) -> Result<Ipv4Addr, AttributeError> {
    exactly::<4>(vendor_type, value).copied().map(Ipv4Addr::from)
}

fn hidden_key(vendor_type: VendorType, value: &[u8]) -> Result<HiddenKey<'_>, AttributeError> {
    match value.split_first_chunk() {
        Some((salt, string)) if !string.is_empty() => Ok(HiddenKey { salt: *salt, string }),
        _ => Err(AttributeError::TooShort { vendor_type, needed: 3, found: value.len() }),
    }
}

/// Returns the attributes of Microsoft in the value of a RADIUS attribute of type 26
/// (Vendor-Specific) (RFC 2548 section 2).
///
/// Most senders put one attribute into each; the RFC allows more.
///
/// ```
/// use mschap::radius;
///
/// let value = [0, 0, 1, 0x37, 7, 6, 0, 0, 0, 2, 8, 6, 0, 0, 0, 4]; // policy and types together
/// let types: Vec<u8> =
///     radius::attributes(&value)?.flatten().map(|attribute| attribute.vendor_type().0).collect();
/// assert_eq!(types, [7, 8]);
/// # Ok::<(), radius::AttributeError>(())
/// ```
///
/// # Errors
///
/// [`AttributeError::OtherVendor`], [`AttributeError::NoVendorId`].
pub fn attributes(value: &[u8]) -> Result<Attributes<'_>, AttributeError> {
    match value.split_first_chunk() {
        None => Err(AttributeError::NoVendorId { available: value.len() }),
        Some((vendor, rest)) if u32::from_be_bytes(*vendor) == VENDOR_ID => {
            Ok(Attributes { rest, offset: vendor.len() })
        }
        Some((vendor, _)) => Err(AttributeError::OtherVendor { found: u32::from_be_bytes(*vendor) }),
    }
}

/// The attributes of Microsoft in a Vendor-Specific attribute, one by one. See [`attributes`].
///
/// Behind a length that cannot be, nothing more comes; behind a value that cannot be, the next attribute.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, AttributeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = core::mem::take(&mut self.rest);
        let offset = self.offset;
        let (vendor_type, found) = match bytes {
            [] => return None,
            [_] => return Some(Err(AttributeError::Truncated { offset })),
            [vendor_type, length, ..] => (VendorType(*vendor_type), *length),
        };
        // A length of 0 or 1 would loop, and a long one would read beyond the value. Faults of that
        // kind were found in pppd's plugin and in accel-ppp.
        let (Some([_, _, value @ ..]), Some(rest)) = (bytes.get(..found.into()), bytes.get(found.into()..)) else {
            let available = bytes.len();
            return Some(Err(AttributeError::VendorLength { vendor_type, offset, found, available }));
        };
        self.rest = rest;
        self.offset = offset.saturating_add(found.into());
        Some(Attribute::decode(vendor_type, value))
    }
}
