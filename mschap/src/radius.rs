//! RFC 2548: what Microsoft adds to RADIUS for MS-CHAP and MPPE. Attributes as values; no packets, no transport.
//!
//! A RADIUS library gives the *values* of the attributes of type 26 (Vendor-Specific). [`attributes`] takes them apart,
//! [`Attribute::encode`] makes whole attributes for the library to append.
//!
//! The keys are hidden with MD5 and a secret that client and server share ([`Hiding`]). Nothing protects the rest: run
//! RADIUS inside TLS or IPsec.

mod accept;
mod attribute;
mod change;
mod chap;
mod error;
mod key;
mod policy;
mod vendor_type;

pub use accept::{AcceptError, AccessAccept, StartKeys};
pub use attribute::{Attribute, Attributes, attributes};
pub use change::{Chap2Cpw, ChunkError, Cpw1, Cpw2, EncPw};
pub use chap::{Chap2Response, Chap2Success, ChapError, ChapResponse, Domain};
pub use error::{AttributeError, EncodeError, KeysMissing};
pub use key::{HiddenKey, HiddenMppeKeys, Hiding, KeyError, LmKey, MppeKeys, SessionKey};
pub use policy::{EncryptionPolicy, EncryptionTypes};
pub use vendor_type::VendorType;

/// RFC 2865 section 5.26: the type of the attributes that carry all this.
pub const VENDOR_SPECIFIC: u8 = 26;

/// RFC 2548 section 2: the Vendor-Id of Microsoft.
pub const VENDOR_ID: u32 = 311;
