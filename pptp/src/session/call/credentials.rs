//! What a client proves itself with.

use alloc::vec::Vec;
use core::time::Duration;

use mschap::{NtHash, Password};
use ppp_fsm::auth::{AnswerError, Secret, Ticket};
use ppp_fsm::link::Link;

/// A name and its secret. Wiped when dropped, with the feature `zeroize`.
#[derive(Clone)]
pub(crate) struct Credentials {
    name: Vec<u8>,
    secret: Stored,
    /// The demand for a new password that waits for one.
    expired: Option<Ticket>,
}

#[derive(Clone)]
enum Stored {
    Password(Wiped),
    NtHash(NtHash),
}

/// Octets that are wiped when dropped.
#[derive(Clone)]
struct Wiped(Vec<u8>);

#[cfg(feature = "zeroize")]
impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl Credentials {
    pub(crate) fn with_password(name: &[u8], password: &[u8]) -> Self {
        Self { name: name.to_vec(), secret: Stored::Password(Wiped(password.to_vec())), expired: None }
    }

    pub(crate) fn with_nt_hash(name: &[u8], hash: NtHash) -> Self {
        Self { name: name.to_vec(), secret: Stored::NtHash(hash), expired: None }
    }

    fn secret(&self) -> Secret<'_> {
        match &self.secret {
            Stored::Password(octets) => Secret::Password(&octets.0),
            Stored::NtHash(hash) => Secret::NtHash(hash),
        }
    }

    pub(super) fn prove(&self, now: Duration, link: &mut Link, ticket: Ticket) -> Result<(), AnswerError> {
        link.prove(now, ticket, &self.name, &self.secret())
    }

    pub(super) fn expired(&mut self, ticket: Ticket) {
        self.expired = Some(ticket);
    }

    /// Answers the demand for a new password, which is the secret from now on.
    pub(super) fn change(&mut self, now: Duration, link: &mut Link, new: &str) -> Result<(), AnswerError> {
        let ticket = self.expired.ok_or(AnswerError::NotAsked)?;
        link.change_password(now, ticket, &self.secret(), Password::Text(new))?;
        self.expired = None;
        self.secret = Stored::Password(Wiped(new.as_bytes().to_vec()));
        Ok(())
    }
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Credentials(\"{}\", redacted)", self.name.escape_ascii())
    }
}
