//! The user's secret, and the new one.

use std::path::Path;

use mschap::NtHash;
use zeroize::Zeroizing;

use crate::config::Client;
use crate::host::Failure;

/// How the user proves itself.
pub(super) enum Secret {
    /// By the password.
    Password(Zeroizing<String>),
    /// By its hash: enough for MS-CHAP.
    NtHash(NtHash),
}

impl Secret {
    /// Reads the secret.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) fn of(client: &Client) -> Result<Self, Failure> {
        if let Some(hash) = &client.nt_hash {
            return Ok(Self::NtHash(hash.hash().clone()));
        }
        let password = text(client.password.as_ref(), client.password_file.as_deref())?;
        Ok(Self::Password(password.unwrap_or_default()))
    }

    /// Reads what the password is changed to when it has expired. A hash alone cannot be changed.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) fn new_password(&self, client: &Client) -> Result<Option<Zeroizing<String>>, Failure> {
        let new = text(client.new_password.as_ref(), client.new_password_file.as_deref())?;
        Ok(new.filter(|_| matches!(self, Self::Password(_))))
    }
}

/// Returns a text, or the first line of a file.
fn text(secret: Option<&crate::config::Secret>, file: Option<&Path>) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(secret) = secret {
        return Ok(Some(Zeroizing::new(secret.expose().to_owned())));
    }
    let Some(path) = file else { return Ok(None) };
    let all = std::fs::read_to_string(path).map_err(|error| Failure::other(format!("{}: {error}", path.display())))?;
    let all = Zeroizing::new(all);
    Ok(Some(Zeroizing::new(all.lines().next().unwrap_or_default().to_owned())))
}
