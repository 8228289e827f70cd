//! The user's secrets: passwords, hashes, keys.

use alloc::vec::Vec;

use mppe::{StartKey, Strength};
use mschap::{LmHash, NamePolicy, NtHash, Password};

/// The secrets that an [`Inspector`](super::Inspector) may use to check proofs and to decrypt.
///
/// Bounded by what the caller puts in.
///
/// ```
/// use pptp::inspect::Secrets;
///
/// let secrets = Secrets::new()
///     .with_password(Some("alice"), "wonderland")
///     .with_nt_hash(None, [0x5a; 16]);
/// assert_eq!(format!("{secrets:?}"), "Secrets(2 users, 0 start keys)");
/// ```
pub struct Secrets {
    pub(super) credentials: Vec<Credential>,
    pub(super) start_keys: Vec<StartKey>,
    pub(super) search_depth: u64,
}

/// Packets that may have been sent before the first one of a link whose start was not captured, unless it is set.
const SEARCH_DEPTH: u64 = 16 << 12;

/// A password, as far as it is known.
pub(super) struct Credential {
    user: Option<Vec<u8>>,
    /// RFC 1994 needs the password itself; `None` when only its hash was given.
    pub(super) password: Option<Plain>,
    /// Each way in which the password may have been hashed.
    pub(super) nt_hashes: Vec<NtHash>,
    pub(super) lm_hash: Option<LmHash>,
}

/// The bytes of a password. Wiped when it is dropped.
pub(super) struct Plain(Vec<u8>);

impl Plain {
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(feature = "zeroize")]
impl Drop for Plain {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.0);
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self { credentials: Vec::new(), start_keys: Vec::new(), search_depth: SEARCH_DEPTH }
    }
}

impl Secrets {
    /// Creates empty secrets.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a password, of everybody or of one user, whose name is compared without its domain and
    /// in either case.
    ///
    /// A password that is not ASCII is tried as Windows hashes it and as pppd does.
    #[must_use]
    pub fn with_password(mut self, user: Option<&str>, password: &str) -> Self {
        let mut nt_hashes = Vec::from([NtHash::from_password(password)]);
        if !password.is_ascii() {
            nt_hashes.push(NtHash::from_password(Password::WidenedBytes(password.as_bytes())));
        }
        let lm_hash = LmHash::from_password(password).ok();
        let password = Some(Plain(password.as_bytes().to_vec()));
        self.credentials.push(Credential { user: owned(user), password, nt_hashes, lm_hash });
        self
    }

    /// Sets the NT hash of a password. Keys of 40 and 56 bits after MS-CHAPv1 need the password
    /// where the peers follow RFC 3079.
    #[must_use]
    pub fn with_nt_hash(mut self, user: Option<&str>, hash: [u8; 16]) -> Self {
        let nt_hashes = Vec::from([NtHash::from_bytes(hash)]);
        self.credentials.push(Credential { user: owned(user), password: None, nt_hashes, lm_hash: None });
        self
    }

    /// Adds the start key of one direction, whichever it is: 16 bytes for 128 bit, 8 for 40 and 56
    /// bit. Others are ignored.
    ///
    /// It is tried where the authentication does not give the keys, also in the middle of a session.
    #[must_use]
    pub fn with_start_key(mut self, key: &[u8]) -> Self {
        let strengths: &[Strength] = match key.len() {
            16 => &[Strength::Bits128],
            8 => &[Strength::Bits40, Strength::Bits56],
            _ => &[],
        };
        self.start_keys.extend(strengths.iter().map(|strength| StartKey::from_radius(*strength, key)));
        self
    }

    /// Sets how many encrypted packets of one direction may have been sent before the first that was captured, in a
    /// link whose start was not. The default is 65,536.
    ///
    /// Applies to stateless encryption. Costs at most so many key changes, of about half a microsecond each, once for
    /// each key and direction.
    #[must_use]
    pub const fn with_search_depth(mut self, packets: u64) -> Self {
        self.search_depth = packets;
        self
    }

    /// Returns the passwords that may be `name`'s.
    pub(super) fn of<'s>(&'s self, name: &'s [u8]) -> impl Iterator<Item = &'s Credential> {
        self.credentials.iter().filter(|credential| credential.may_be(name))
    }
}

impl Credential {
    fn may_be(&self, name: &[u8]) -> bool {
        self.user.as_ref().is_none_or(|user| {
            let cut = NamePolicy::default();
            user.eq_ignore_ascii_case(name) || cut.user(user).eq_ignore_ascii_case(cut.user(name))
        })
    }
}

fn owned(user: Option<&str>) -> Option<Vec<u8>> {
    user.map(|user| user.as_bytes().to_vec())
}

impl core::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Secrets({} users, {} start keys)", self.credentials.len(), self.start_keys.len())
    }
}
