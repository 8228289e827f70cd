//! The known facts about the encryption of one direction.

use alloc::boxed::Box;

use mppe::Algorithm;

use super::NotDecrypted;
use super::mppe_link::Mppe;
use super::trial::Trial;

/// How one direction encrypts.
#[derive(Default)]
pub(super) enum Encryption {
    /// Nothing of an agreement was seen.
    #[default]
    NotSeen,
    /// CCP agreed on no encryption and no compression.
    Without,
    /// CCP agreed on something else than MPPE.
    Other { option_type: u8 },
    /// With MPPE, but there are no keys.
    NoKeys {
        /// `None` when the agreement was not seen.
        algorithm: Option<Algorithm>,
        reason: NotDecrypted,
    },
    /// With MPPE, and keys of which none is proved yet.
    Trial(Box<Trial>),
    /// With MPPE, and its key.
    Mppe(Box<Mppe>),
}

impl Encryption {
    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::NotSeen | Self::Without | Self::Other { .. } => None,
            Self::NoKeys { algorithm, .. } => *algorithm,
            Self::Trial(trial) => trial.agreed,
            Self::Mppe(mppe) => Some(mppe.algorithm()),
        }
    }
}
