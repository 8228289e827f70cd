//! RFC 2661 section 4, RFC 3931 section 5: attribute value pairs, of which control messages consist.
//!
//! [`Avps`] walks over the AVPs of a message and keeps everything, vendors' and unknown ones too. [`Value`] is the
//! meaning of an AVP of the IETF. [`MessageWriter`](crate::message::MessageWriter) writes them.

mod composite;
mod cursor;
mod value;
mod wire;

pub use composite::{CallErrors, ChallengeResponse, CircuitErrors, Detail, Digest, ExtendedVendor, LinkAccm};
pub use composite::{PppDisconnectCause, Pseudowires, Q931CauseCode, ResultCode, SequencingRequired, TieBreaker};
pub use cursor::MAX_HIDDEN;
pub use cursor::{Avp, Avps, Visibility};
pub(crate) use cursor::{Concealment, bit};
pub use value::Value;
