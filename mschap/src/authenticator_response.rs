//! RFC 2759 section 8.7: the proof that an authenticator of version 2 gives.

use crate::digest::sha1;
use crate::secret::{Scratch, secret};
use crate::write::{array, hex};
use crate::{ChallengeResponse, NtHashHash};

secret! {
    /// RFC 2759 section 8.7: `GenerateAuthenticatorResponse()`, the authenticator's proof that it knows the hash too.
    ///
    /// It is sent as `S=` and 40 digits in a [`Success`](crate::Success) message. The peer makes its own and compares
    /// with [`ct_eq`](Self::ct_eq), which is `CheckAuthenticatorResponse()` of section 8.8.
    ///
    /// ```
    /// use mschap::{NtHash, Success, v2};
    ///
    /// let hash = NtHash::from_password("clientPass");
    /// let challenges =
    ///     v2::Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
    /// let response = v2::Response::new(&hash, &challenges, b"User");
    ///
    /// let expected = v2::AuthenticatorResponse::new(
    ///     &hash.hash(),
    ///     &response.nt_response,
    ///     &challenges.hash(b"User"),
    /// );
    /// let success = Success::decode(b"S=407A5589115FD0D6209F510FE9C04566932CDA56 M=welcome")?;
    /// assert!(success.authenticator_response.is_some_and(|proof| proof.ct_eq(&expected)));
    /// # Ok::<(), mschap::DecodeError>(())
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::v2::AuthenticatorResponse;
    /// let one = AuthenticatorResponse::from_bytes([0; 20]);
    /// let other = AuthenticatorResponse::from_bytes([0; 20]);
    /// let same = one == other;
    /// ```
    #[doc(alias = "GenerateAuthenticatorResponse")]
    #[doc(alias = "CheckAuthenticatorResponse")]
    #[doc(alias = "auth_string")]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    AuthenticatorResponse, 20
}

impl AuthenticatorResponse {
    /// Hexadecimal digits of the text form.
    pub const DIGITS: usize = 40;

    /// Bytes of the text form: `S=` (2), digits (40).
    pub const TEXT_LEN: usize = 42;

    /// RFC 2759 section 8.7: what the password's hash and the response are hashed with.
    const MAGIC_1: [u8; 39] = *b"Magic server to client signing constant";
    /// RFC 2759 section 8.7: what the first digest and the challenge are hashed with.
    const MAGIC_2: [u8; 41] = *b"Pad to make it do more than one iteration";

    /// Creates the proof, from the hash of the hash, the peer's proof, and the
    /// [hash](crate::v2::Challenges::hash) of challenges and user.
    #[must_use]
    pub fn new(hash: &NtHashHash, nt_response: &ChallengeResponse, challenge: &[u8; 8]) -> Self {
        let first = Scratch(Self::first_digest(hash, nt_response));
        Self(sha1::<2, 20, 8, 41>(&first.0, challenge, &Self::MAGIC_2))
    }

    /// Returns the first of the two digests, which does not depend on the challenge.
    #[must_use]
    pub fn first_digest(hash: &NtHashHash, nt_response: &ChallengeResponse) -> [u8; 20] {
        sha1::<2, 16, 24, 39>(hash.as_bytes(), nt_response.as_bytes(), &Self::MAGIC_1)
    }

    /// Returns `S=` and 40 upper-case digits.
    #[must_use]
    pub fn to_text(&self) -> [u8; Self::TEXT_LEN] {
        array(b"S=".iter().copied().chain(hex(&self.0)))
    }
}
