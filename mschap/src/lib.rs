#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(test)]
extern crate alloc;
// `Arbitrary` cannot do without it.
#[cfg(any(test, feature = "arbitrary"))]
extern crate std;

mod account;
mod authenticator;
mod authenticator_response;
pub mod des;
mod digest;
pub mod eap;
mod encrypted_hash;
mod encrypted_password;
mod error;
mod failure;
mod failure_code;
mod hash;
mod lm_hash;
mod name;
mod password;
mod peer;
#[cfg(feature = "radius")]
#[cfg_attr(docsrs, doc(cfg(feature = "radius")))]
pub mod radius;
mod response;
mod secret;
mod start_key;
mod success;
mod text;
pub mod v1;
pub mod v2;
mod write;

pub use account::Account;
pub use authenticator::{AuthenticatorError, Awaits, Reply};
pub use encrypted_hash::EncryptedHash;
pub use encrypted_password::{ChangeError, EncryptedPassword, NewPassword, PasswordError};
pub use error::{BufferTooSmall, DecodeError, Value};
pub use failure::{Failure, FailureChallenge};
pub use failure_code::FailureCode;
pub use hash::{NtHash, NtHashHash};
pub use lm_hash::{LmHash, LmHashError};
pub use name::NamePolicy;
pub use password::{Password, PasswordBytes};
pub use peer::{Next, ProofError, Refusal};
pub use response::ChallengeResponse;
pub use start_key::{MasterKey, StartKey};
pub use success::Success;
pub use text::Text;

#[cfg(test)]
mod tests;
