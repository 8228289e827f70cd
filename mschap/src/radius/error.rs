//! The errors of an attribute.

use super::VendorType;
use crate::{BufferTooSmall, DecodeError};

/// Why bytes are not attributes of RFC 2548.
///
/// ```
/// use mschap::radius::{self, AttributeError, VendorType};
///
/// // An MS-CHAP-Challenge that says that it has 6 bytes, of which there are 4.
/// let error = radius::attributes(&[0, 0, 1, 0x37, 11, 6, 1, 2])?.next().unwrap().unwrap_err();
/// let vendor_type = VendorType::CHALLENGE;
/// assert_eq!(
///     error,
///     AttributeError::VendorLength { vendor_type, offset: 4, found: 6, available: 4 }
/// );
/// assert_eq!(
///     error.to_string(),
///     "MS-CHAP-Challenge (11) at offset 4 states 6 bytes where there are 4"
/// );
/// # Ok::<(), AttributeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttributeError {
    /// The value of the Vendor-Specific attribute is too short for a Vendor-Id.
    #[error("vendor-specific attribute with a value of {available} bytes: needs 4 and more")]
    NoVendorId {
        /// How many bytes there are.
        available: usize,
    },
    /// The vendor is not Microsoft.
    #[error("vendor {found}, not 311")]
    OtherVendor {
        /// The Vendor-Id.
        found: u32,
    },
    /// A single byte is left, which cannot be an attribute.
    #[error("attribute cut short at offset {offset}: needs 2 bytes, has 1")]
    Truncated {
        /// Where it is, in the value of the Vendor-Specific attribute.
        offset: usize,
    },
    /// The Vendor-Length is below 2, or goes beyond the Vendor-Specific attribute.
    #[error("{vendor_type} at offset {offset} states {found} bytes where there are {available}")]
    VendorLength {
        /// Which attribute.
        vendor_type: VendorType,
        /// Where it starts, in the value of the Vendor-Specific attribute.
        offset: usize,
        /// The Vendor-Length.
        found: u8,
        /// How many bytes there are, with Vendor-Type and Vendor-Length.
        available: usize,
    },
    /// The value has another length than the RFC says.
    #[error("{vendor_type} with a value of {found} bytes, not {needed}")]
    Length {
        /// Which attribute.
        vendor_type: VendorType,
        /// The length that it has, without Vendor-Type and Vendor-Length.
        needed: usize,
        /// The length found.
        found: usize,
    },
    /// The value is shorter than the RFC says.
    #[error("{vendor_type} with a value of {found} bytes: needs {needed} and more")]
    TooShort {
        /// Which attribute.
        vendor_type: VendorType,
        /// How many bytes it has at least.
        needed: usize,
        /// The length found.
        found: usize,
    },
    /// The Code of a change of password is not that of its version.
    #[error("{vendor_type} with code {found}, not {needed}")]
    Code {
        /// Which attribute.
        vendor_type: VendorType,
        /// The code that it has.
        needed: u8,
        /// The code found.
        found: u8,
    },
    /// MS-CHAP2-Success does not start with `S=`.
    #[error("MS-CHAP2-Success without an authenticator response")]
    NoProof,
    /// The content of the attribute cannot be read.
    #[error(transparent)]
    Content(#[from] DecodeError),
}

/// Why an attribute cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The buffer is too small.
    #[error(transparent)]
    BufferTooSmall(#[from] BufferTooSmall),
    /// The value is too long for a RADIUS attribute.
    #[error("{vendor_type} with a value of {length} bytes: at most 247 fit")]
    TooLong {
        /// Which attribute.
        vendor_type: VendorType,
        /// The length of its value.
        length: usize,
    },
}

/// Why there are no start keys. Users see "encryption required but not available".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysMissing {
    /// The server sent no MS-MPPE-Send-Key.
    #[error("the RADIUS server sent no MS-MPPE-Send-Key")]
    SendKey,
    /// The server sent no MS-MPPE-Recv-Key.
    #[error("the RADIUS server sent no MS-MPPE-Recv-Key")]
    RecvKey,
    /// The server sent no MS-CHAP-MPPE-Keys.
    #[error("the RADIUS server sent no MS-CHAP-MPPE-Keys")]
    MppeKeys,
    /// The NT-Key of MS-CHAP-MPPE-Keys is empty.
    #[error("the RADIUS server sent MS-CHAP-MPPE-Keys without an NT-Key")]
    NtKey,
    /// A key has fewer than 16 bytes. Its bytes may do for 40-bit or 56-bit MPPE.
    #[error("the RADIUS server sent a key of {length} bytes: 128-bit MPPE needs 16")]
    TooShort {
        /// Its length.
        length: usize,
    },
}
