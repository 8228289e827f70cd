//! The 24 bytes that answer a challenge.

use crate::secret::secret;

secret! {
    /// RFC 2433 section A.7, RFC 2759 section 8.5: the 24 bytes with which a peer proves that it
    /// knows a hash.
    ///
    /// Version 1 sends one or two of them ([`v1::Response`](crate::v1::Response)), version 2 one
    /// ([`v2::Response`](crate::v2::Response)). They go over the wire, but a hash can be searched for with them, so
    /// they are not printed.
    ///
    /// ```
    /// let hash = mschap::NtHash::from_password("MyPw");
    /// let response = hash.challenge_response(&[0x10, 0x2d, 0xb5, 0xdf, 0x08, 0x5d, 0x30, 0x41]);
    /// assert_eq!(response.as_bytes()[..4], [0x4e, 0x9d, 0x3c, 0x8f]);
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::ChallengeResponse;
    /// let one = ChallengeResponse::from_bytes([0; 24]);
    /// let other = ChallengeResponse::from_bytes([0; 24]);
    /// let same = one == other;
    /// ```
    #[doc(alias = "NT-Response")]
    #[doc(alias = "NtResponse")]
    #[doc(alias = "LM-Response")]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    ChallengeResponse, 24
}

impl ChallengeResponse {
    /// Creates the field left empty: 24 zeros.
    #[must_use]
    pub const fn empty() -> Self {
        Self([0; Self::LEN])
    }

    /// Returns whether the field was left empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ct_eq(&Self::empty())
    }
}
