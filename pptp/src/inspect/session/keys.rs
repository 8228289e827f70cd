//! Start keys, and how much they have to show.

use alloc::boxed::Box;
use alloc::vec::Vec;

use mppe::{Algorithm, StartKey};

use super::super::encryption::Encryption;
use super::super::evidence;
use super::super::mppe_link::Mppe;
use super::super::trial::Trial;

/// Start keys of which at most one is right.
pub(super) struct Keys {
    pub(super) keys: Vec<StartKey>,
    /// Whether they come from a password that fits the authentication.
    pub(super) proved: bool,
}

impl Keys {
    /// Returns how a direction encrypts with these keys from the start of the link on.
    pub(super) fn encryption(self, algorithm: Algorithm) -> Encryption {
        let Self { keys, proved } = self;
        match <[_; 1]>::try_from(keys) {
            // The password is right, so its key is.
            Ok([key]) if proved => Encryption::Mppe(Box::new(Mppe::new(key, algorithm.mode))),
            keys => {
                let keys = keys.map_or_else(|keys| keys, Vec::from);
                Encryption::Trial(Box::new(Trial::new(keys, algorithm, needed(proved))))
            }
        }
    }
}

/// Returns how much the packets have to show.
pub(super) const fn needed(proved: bool) -> u32 {
    if proved { evidence::OF_A_PROVEN_PASSWORD } else { evidence::OF_A_GIVEN_KEY }
}
