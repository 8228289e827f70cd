//! RFC 2759 by itself: for RADIUS servers, login checkers, and other carriers.

use core::ffi::c_char;

use mschap::v2::{self, AuthenticatorResponse, Challenges, Response, Verdict};
use mschap::{Account, MasterKey, NamePolicy, NtHash, Success};

use crate::border::{array, bytes, guard, place, text};
use crate::error::Error;

/// Bytes of an MS-CHAPv2 challenge.
pub const MSCHAP_CHALLENGE_LENGTH: usize = 16;
/// Bytes of an MS-CHAPv2 response: the Value field of RFC 2759 section 4.
pub const MSCHAP_RESPONSE_LENGTH: usize = 49;
/// Bytes of an NT hash, and of a key.
pub const MSCHAP_HASH_LENGTH: usize = 16;

/// The proof and the keys that an MS-CHAPv2 exchange leaves behind. They are secret: overwrite them when they were used.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct MschapKeys {
    /// The authenticator's proof, `S=` and 40 digits, with a zero at its end: MS-CHAP2-Success of
    /// RADIUS without the identifier in front.
    pub authenticator_response: [c_char; 43],
    /// RFC 3079 section 3.4: the master key.
    pub master_key: [u8; 16],
    /// The key that this side encrypts with (MPPE, 128 bits): MS-MPPE-Send-Key of RADIUS.
    pub send_key: [u8; 16],
    /// The key that this side decrypts with: MS-MPPE-Recv-Key of RADIUS.
    pub receive_key: [u8; 16],
}

impl MschapKeys {
    const EMPTY: Self =
        Self { authenticator_response: [0; 43], master_key: [0; 16], send_key: [0; 16], receive_key: [0; 16] };

    fn fill(&mut self, proof: &AuthenticatorResponse, master: &MasterKey, is_authenticator: bool) {
        for (to, from) in self.authenticator_response.iter_mut().zip(proof.to_text()) {
            *to = c_char::from_ne_bytes([from]);
        }
        // RFC 3079 section 3.4: what one side sends with is what the other receives with.
        let (send, receive) = if is_authenticator {
            (master.authenticator_to_peer(), master.peer_to_authenticator())
        } else {
            (master.peer_to_authenticator(), master.authenticator_to_peer())
        };
        self.master_key = *master.as_bytes();
        self.send_key = *send.as_bytes();
        self.receive_key = *receive.as_bytes();
    }
}

/// Computes the NT hash of a password: MD4 of its UTF-16 form (RFC 2759 section 8.3).
///
/// `password`: UTF-8 with a zero at its end. `hash`: room for 16 bytes, which are as secret as the
/// password.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mschap_nt_hash(password: *const c_char, hash: *mut u8) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise: a text, and room for 16 bytes.
        let (password, place) = unsafe { (text(password)?, place(hash.cast::<[u8; 16]>())?) };
        place.write(*NtHash::from_password(password).as_bytes());
        Ok(0)
    })
}

/// Answers an MS-CHAPv2 challenge, as the peer that proves itself (RFC 2759 section 8.1).
///
/// `name`, `name_length`: the name, from which a domain in front (`DOMAIN\name`) is cut before it
/// is hashed. `nt_hash`: 16 bytes. `authenticator_challenge`: the 16 bytes that were received.
/// `peer_challenge`: 16 unpredictable bytes of your own. `response`: room for the 49 bytes that are
/// to be sent. `keys`: gets the keys, and the proof that the authenticator has to show.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mschap_v2_respond(
    name: *const u8,
    name_length: usize,
    nt_hash: *const u8,
    authenticator_challenge: *const u8,
    peer_challenge: *const u8,
    response: *mut u8,
    keys: *mut MschapKeys,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise: bytes of these lengths.
        let (name, hash, authenticator, peer, to, keys) = unsafe {
            (
                bytes(name, name_length)?,
                NtHash::from_bytes(array(nt_hash)?),
                array(authenticator_challenge)?,
                array(peer_challenge)?,
                place(response.cast::<[u8; MSCHAP_RESPONSE_LENGTH]>())?,
                place(keys)?,
            )
        };
        let challenges = Challenges { authenticator, peer };
        let user = NamePolicy::default().user(name);
        let answer = Response::new(&hash, &challenges, user);
        let proof = AuthenticatorResponse::new(&hash.hash(), &answer.nt_response, &challenges.hash(user));
        let master = MasterKey::new(&hash.hash(), &answer.nt_response);
        keys.write(MschapKeys::EMPTY).fill(&proof, &master, false);
        to.write(answer.encode());
        Ok(0)
    })
}

/// Checks the message of an MS-CHAPv2 Success packet, as the peer that has proved itself: whether
/// the authenticator knows the password, too (RFC 2759 section 5).
///
/// `keys`: of `pptp_mschap_v2_respond`. `message`, `length`: `S=` with 40 digits, and whatever
/// follows. The comparison takes the same time for every wrong proof.
///
/// Returns 1 if it knows it, 0 if not, in which case nothing must be sent to it; or a negative
/// `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mschap_v2_check_success(
    keys: *const MschapKeys,
    message: *const u8,
    length: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise: a struct, and bytes of this length.
        let (keys, message) = unsafe { (crate::border::structure(keys)?, bytes(message, length)?) };
        let mut own = [0; AuthenticatorResponse::TEXT_LEN];
        for (to, from) in own.iter_mut().zip(keys.authenticator_response) {
            let [byte] = from.to_ne_bytes();
            *to = byte;
        }
        let proof = |message| Success::decode(message).ok().and_then(|success| success.authenticator_response);
        let expected = proof(&own).ok_or(Error::Argument)?;
        Ok(i32::from(proof(message).is_some_and(|found| found.ct_eq(&expected))))
    })
}

/// Checks an MS-CHAPv2 response, as the authenticator: a RADIUS server, or a checker of logins (RFC
/// 2759 section 8).
///
/// `name`, `name_length`: the name that came with the response, from which a domain in front
/// (`DOMAIN\name`) is cut before it is hashed. `nt_hash`: the 16 bytes that are stored for the
/// name, or NULL when there is no such name. The same work is done then, so that time does not give
/// names away. `authenticator_challenge`: the 16 bytes that were sent. `response`, `length`: what
/// came, 49 bytes. `keys`: gets the proof for the peer and the keys, where the response is right;
/// otherwise it is filled with zeros.
///
/// Returns 1 if the response is right, 0 if it is wrong (answer with error 691), or a negative
/// `pptp_error`: `PPTP_ERROR_REFUSED` when it is not 49 bytes long.
///
/// ```text
/// struct pptp_mschap_keys keys;
/// if (pptp_mschap_v2_verify(name, name_length, hash, challenge, response, 49, &keys) == 1)
///     printf("%s\n", keys.authenticator_response);
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_mschap_v2_verify(
    name: *const u8,
    name_length: usize,
    nt_hash: *const u8,
    authenticator_challenge: *const u8,
    response: *const u8,
    length: usize,
    keys: *mut MschapKeys,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's promise: bytes of these lengths, NULL for a name that there is not.
        let (name, hash, challenge, value, keys) = unsafe {
            let hash = if nt_hash.is_null() { None } else { Some(NtHash::from_bytes(array(nt_hash)?)) };
            (bytes(name, name_length)?, hash, array(authenticator_challenge)?, bytes(response, length)?, place(keys)?)
        };
        let keys = keys.write(MschapKeys::EMPTY);
        let account = hash.as_ref().map_or(Account::unknown(), Account::new);
        // Without another try, the next challenge is never sent.
        let mut authenticator = v2::Authenticator::new(challenge, 0);
        match authenticator.handle_response(value, name, &account, [0; MSCHAP_CHALLENGE_LENGTH]) {
            Ok(Verdict::Accepted(accepted)) => {
                keys.fill(&accepted.proof, &accepted.master_key(), true);
                Ok(1)
            }
            Ok(_) => Ok(0),
            Err(_) => Err(Error::Refused),
        }
    })
}
