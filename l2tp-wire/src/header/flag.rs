//! The bits of the first two bytes: RFC 2661 section 3.1.

use crate::{DecodeError, Version};

/// T: a control message.
pub(super) const CONTROL: u16 = 0x8000;
/// L: there is a Length field.
pub(super) const LENGTH: u16 = 0x4000;
/// S: there are Ns and Nr.
pub(super) const SEQUENCE: u16 = 0x0800;
/// O: there is an Offset Size.
pub(super) const OFFSET: u16 = 0x0200;
/// P: the packet is to be preferred.
pub(super) const PRIORITY: u16 = 0x0100;
/// The version.
pub(super) const VERSION: u16 = 0x000f;

/// Reads the version out of the flags.
pub(super) const fn version_of(flags: u16) -> Result<Version, DecodeError> {
    match flags & VERSION {
        2 => Ok(Version::V2),
        3 => Ok(Version::V3),
        _ => {
            let [_, low] = flags.to_be_bytes();
            Err(DecodeError::Version { found: low & 0x0f })
        }
    }
}
