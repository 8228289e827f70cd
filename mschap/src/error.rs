//! An error in bytes from the other side.

/// The value that was decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// The challenge value of MS-CHAP version 1, 8 bytes.
    V1Challenge,
    /// The response value of MS-CHAP version 1, 49 bytes.
    V1Response,
    /// The challenge value of MS-CHAP version 2, 16 bytes.
    V2Challenge,
    /// The response value of MS-CHAP version 2, 49 bytes.
    V2Response,
    /// The Change Password packet of version 1 of it, 68 bytes behind the CHAP header.
    ChangePassword1,
    /// The Change Password packet of version 2 of it, 1114 bytes behind the CHAP header.
    ChangePassword2,
    /// The Change-Password packet of MS-CHAP version 2, 582 bytes behind the CHAP header.
    ChangePassword,
}

impl core::fmt::Display for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::V1Challenge => "MS-CHAPv1 challenge",
            Self::V1Response => "MS-CHAPv1 response",
            Self::V2Challenge => "MS-CHAPv2 challenge",
            Self::V2Response => "MS-CHAPv2 response",
            Self::ChangePassword1 => "MS-CHAPv1 change of password, version 1,",
            Self::ChangePassword2 => "MS-CHAPv1 change of password, version 2,",
            Self::ChangePassword => "MS-CHAPv2 change of password",
        })
    }
}

/// Why bytes from the other side cannot be read.
///
/// ```
/// use mschap::{DecodeError, Value, v2};
///
/// // Some peers agree on version 2 and then answer with the 16 bytes of CHAP with MD5.
/// let error = v2::Response::decode(&[0; 16]).unwrap_err();
/// assert_eq!(error, DecodeError::Length { value: Value::V2Response, needed: 49, found: 16 });
/// assert_eq!(error.to_string(), "MS-CHAPv2 response of 16 bytes, not 49");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The value has another length than its RFC says.
    #[error("{value} of {found} bytes, not {needed}")]
    Length {
        /// The value that was decoded.
        value: Value,
        /// The length that it has.
        needed: usize,
        /// The length found.
        found: usize,
    },
    /// `S=` in a Success message is not followed by 40 hexadecimal digits.
    #[error("MS-CHAPv2 authenticator response of {digits} hexadecimal digits, not 40")]
    AuthenticatorResponse {
        /// How many digits there are; 41 stands for 41 or more.
        digits: usize,
    },
    /// A packet of EAP-MSCHAPv2 ends before a field of it.
    #[error("EAP-MSCHAPv2 packet of {found} bytes, at least {needed} are needed")]
    EapTruncated {
        /// The bytes up to the end of the field.
        needed: usize,
        /// The bytes there are.
        found: usize,
    },
    /// MS-Length of a packet of EAP-MSCHAPv2 is not its length.
    #[error("EAP-MSCHAPv2 packet of {found} bytes that says it has {stated}")]
    EapLength {
        /// MS-Length.
        stated: u16,
        /// The bytes there are.
        found: usize,
    },
}

/// The caller's buffer cannot hold what is to be written; nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("buffer too small: needs {needed} bytes, has {available}")]
#[non_exhaustive]
pub struct BufferTooSmall {
    /// Bytes that are needed.
    pub needed: usize,
    /// Bytes that were lent.
    pub available: usize,
}

/// Reads a value of exactly `N` bytes.
pub(crate) fn exactly<const N: usize>(value: Value, bytes: &[u8]) -> Result<&[u8; N], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::Length { value, needed: N, found: bytes.len() })
}
