//! The keys that the method leaves to others than MPPE.

use crate::MasterKey;
use crate::secret::secret;
use crate::write::array;

secret! {
    /// RFC 3748 section 7.10: the Master Session Key, as [MS-CHAP] section 3.1.5.1 makes it of MPPE's keys.
    ///
    /// The first 16 bytes are what the peer encrypts with, the next 16 what the authenticator encrypts with (RFC 3079
    /// section 3.4); 32 zeros follow. IKEv2 takes all of it. PPP takes the two keys one by one:
    /// [`MasterKey::peer_to_authenticator`], [`MasterKey::authenticator_to_peer`].
    ///
    /// ```
    /// use mschap::{MasterKey, eap::MasterSessionKey};
    ///
    /// let master = MasterKey::from_bytes([7; 16]);
    /// let key = MasterSessionKey::new(&master);
    /// assert_eq!(key.as_bytes()[..16], *master.peer_to_authenticator().as_bytes());
    /// assert_eq!(key.as_bytes()[32..], [0; 32]);
    /// ```
    ///
    /// ```compile_fail,E0369
    /// # use mschap::eap::MasterSessionKey;
    /// let same = MasterSessionKey::from_bytes([0; 64]) == MasterSessionKey::from_bytes([0; 64]);
    /// ```
    ///
    /// [MS-CHAP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-chap
    #[doc(alias = "MSK")]
    MasterSessionKey, 64
}

impl MasterSessionKey {
    /// Makes the key of one authentication.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        let (receive, send) = (master.peer_to_authenticator(), master.authenticator_to_peer());
        Self(array(receive.as_bytes().iter().chain(send.as_bytes()).copied()))
    }
}
