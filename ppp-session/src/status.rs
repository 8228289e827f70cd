//! Where a session is, and how it sends.

use core::fmt;

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Status {
    /// It negotiates, or has not begun.
    #[default]
    Dialing,
    /// One side proves itself, or both; addresses and encryption follow.
    VerifyingPassword,
    /// IP flows.
    Connected,
    /// It is over.
    Terminated,
}

/// In the words of RouterOS.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dialing => "Dialing",
            Self::VerifyingPassword => "Verifying password...",
            Self::Connected => "Connected",
            Self::Terminated => "Terminated",
        })
    }
}

/// How packets of one direction are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Encoding {
    /// Key length and mode.
    pub encryption: Option<mppe::Algorithm>,
    /// Whether packets are compressed with MPPC.
    pub is_compressed: bool,
}

impl Encoding {
    pub(crate) const fn new(encryption: Option<mppe::Algorithm>, is_compressed: bool) -> Self {
        Self { encryption, is_compressed }
    }
}

/// `MPPE 128 bit, stateless`, `MPPC`, both, or `none`.
impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.encryption, self.is_compressed) {
            (None, false) => f.write_str("none"),
            (None, true) => f.write_str("MPPC"),
            (Some(encryption), false) => encryption.fmt(f),
            (Some(encryption), true) => write!(f, "{encryption}, MPPC"),
        }
    }
}
