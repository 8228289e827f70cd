//! The hashes that a change of password stores.

use crate::{LmHash, NtHash};

/// The hashes of a new password.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "there are two kinds")]
pub struct NewHashes {
    /// The NT hash, if the packet has one.
    pub nt: Option<NtHash>,
    /// The LAN Manager hash, if the packet has one.
    pub lm: Option<LmHash>,
}
