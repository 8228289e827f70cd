//! Every secret is wiped when it is dropped: these compile only if it is.

use zeroize::ZeroizeOnDrop;

use crate::{
    ChallengeResponse, EncryptedHash, EncryptedPassword, LmHash, MasterKey, NewPassword, NtHash, NtHashHash, StartKey,
    eap, v2,
};

fn is_wiped<T: ZeroizeOnDrop>() {}

#[test]
fn secrets() {
    is_wiped::<NtHash>();
    is_wiped::<NtHashHash>();
    is_wiped::<LmHash>();
    is_wiped::<ChallengeResponse>();
    is_wiped::<v2::AuthenticatorResponse>();
    is_wiped::<EncryptedHash>();
    is_wiped::<EncryptedPassword>();
    is_wiped::<NewPassword>();
    is_wiped::<MasterKey>();
    is_wiped::<StartKey>();
    is_wiped::<eap::MasterSessionKey>();
}

#[cfg(feature = "radius")]
#[test]
fn secrets_of_radius() {
    use crate::radius::{HiddenMppeKeys, LmKey, SessionKey};

    is_wiped::<HiddenMppeKeys>();
    is_wiped::<LmKey>();
    is_wiped::<SessionKey>();
}
