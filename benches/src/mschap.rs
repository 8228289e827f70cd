//! The work of a server for one MS-CHAPv2 login, beside the same written with OpenSSL.
//!
//! It goes from the bytes of a Response packet and a stored NT hash to both start keys. Between
//! them are the challenge hash, the check of the NT response, the authenticator response and the
//! master key.

pub mod openssl;

use std::hint::black_box;

use mschap::{Account, MasterKey, NtHash, v2};

use crate::ratio::Group;
use openssl::{Evp, LowLevel, Primitives};

/// Logins of one call.
const LOGINS: usize = 16;
const USER: &[u8] = b"User";
const CHALLENGE: [u8; 16] = *b"[]|}{?/><,`!2&&(";

/// The results of a login: the proof for the peer, and the keys for MPPE.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keys {
    /// The authenticator response.
    pub proof: [u8; 20],
    /// The key that the server encrypts with.
    pub send: [u8; 16],
    /// The key that the server decrypts with.
    pub receive: [u8; 16],
}

/// Returns the stored hash and some responses to one challenge.
#[must_use]
pub fn logins() -> (NtHash, Vec<[u8; 49]>) {
    let hash = NtHash::from_password("clientPass");
    let responses = (0..LOGINS).map(|number| {
        let peer = [u8::try_from(number).expect("a few"); 16];
        v2::Response::new(&hash, &v2::Challenges { authenticator: CHALLENGE, peer }, USER).encode()
    });
    let responses = responses.collect();
    (hash, responses)
}

/// Authenticates with the functions of the crate.
#[must_use]
pub fn ours(hash: &NtHash, value: &[u8; 49]) -> Option<Keys> {
    let response = v2::Response::decode(value).ok()?;
    let challenge = response.challenges(&CHALLENGE).hash(USER);
    if !response.nt_response.ct_eq(&hash.challenge_response(&challenge)) {
        return None;
    }
    let hash = hash.hash();
    let proof = v2::AuthenticatorResponse::new(&hash, &response.nt_response, &challenge);
    Some(keys(&proof, &MasterKey::new(&hash, &response.nt_response)))
}

/// Authenticates with the crate's authenticator, which also recognizes repeated packets.
#[must_use]
pub fn authenticator(hash: &NtHash, value: &[u8; 49]) -> Option<Keys> {
    let mut authenticator = v2::Authenticator::new(CHALLENGE, 0);
    match authenticator.handle_response(value, USER, &Account::new(hash), [0; 16]) {
        Ok(v2::Verdict::Accepted(accepted)) => Some(keys(&accepted.proof, &accepted.master_key())),
        _ => None,
    }
}

fn keys(proof: &v2::AuthenticatorResponse, master: &MasterKey) -> Keys {
    Keys {
        proof: *proof.as_bytes(),
        send: *master.authenticator_to_peer().as_bytes(),
        receive: *master.peer_to_authenticator().as_bytes(),
    }
}

/// Authenticates with a library.
pub fn plain<P: Primitives>(library: &mut P, hash: &[u8; 16], value: &[u8; 49]) -> Option<Keys> {
    const MAGIC_1: &[u8] = b"Magic server to client signing constant";
    const MAGIC_2: &[u8] = b"Pad to make it do more than one iteration";
    const MASTER: &[u8] = b"This is the MPPE Master Key";
    const RECEIVE: &[u8] = b"On the client side, this is the send key; on the server side, it is the receive key.";
    const SEND: &[u8] = b"On the client side, this is the receive key; on the server side, it is the send key.";

    let nt_response = &value[24..48];
    let digest = library.sha1([&value[..16], &CHALLENGE, USER, &[]]);
    let challenge = digest.first_chunk().expect("20 bytes");
    let mut keys = [0; 21];
    keys[..16].copy_from_slice(hash);
    let mut expected = [0; 24];
    for (block, key) in expected.chunks_exact_mut(8).zip(keys.chunks_exact(7)) {
        block.copy_from_slice(&library.des(&spread(key), challenge));
    }
    if expected != nt_response {
        return None;
    }
    let hash = library.md4(hash);
    let first = library.sha1([&hash, nt_response, MAGIC_1, &[]]);
    let proof = library.sha1([&first, challenge, MAGIC_2, &[]]);
    let master = library.sha1([&hash, nt_response, MASTER, &[]]);
    let mut start = |magic| {
        let digest = library.sha1([&master[..16], &[0; 40], magic, &[0xf2; 40]]);
        *digest.first_chunk().expect("20 bytes")
    };
    Some(Keys { proof, send: start(SEND), receive: start(RECEIVE) })
}

/// Spreads 56 bits over a key of DES, whose parity bits are ignored.
fn spread(key: &[u8]) -> [u8; 8] {
    let bits = key.iter().fold(0, |bits: u64, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|at| ((bits >> (49 - 7 * at)) << 1 & 0xfe).to_le_bytes()[0])
}

const OURS: &str = "ours";
const EVP: &str = "OpenSSL EVP legacy";
const LOW: &str = "OpenSSL low level";
const EVP_EACH: &str = "OpenSSL EVP legacy, a context each time";

/// Returns one group, with the goal.
#[must_use]
pub fn groups() -> Vec<Group> {
    fn each(login: impl Fn(&NtHash, &[u8; 49]) -> Option<Keys>) -> impl FnMut() {
        let (hash, responses) = logins();
        move || {
            for response in &responses {
                black_box(login(black_box(&hash), black_box(response))).expect("the password is right");
            }
        }
    }
    fn each_plain<P: Primitives>(mut library: P) -> impl FnMut() {
        let (hash, responses) = logins();
        move || {
            for response in &responses {
                let keys = plain(&mut library, black_box(hash.as_bytes()), black_box(response));
                black_box(keys).expect("the password is right");
            }
        }
    }
    let group = Group::new("mschap v2 login, server", u32::try_from(LOGINS).expect("a few"))
        .with(OURS, each(ours))
        .with("ours, v2::Authenticator", each(authenticator))
        .with_maybe(EVP, Evp::load(true).map(each_plain))
        .with_maybe(EVP_EACH, Evp::load(false).map(each_plain))
        .with_maybe(LOW, LowLevel::load().map(each_plain))
        .goal(OURS, EVP, 1.2)
        .goal(OURS, EVP_EACH, 1.2)
        .goal(OURS, LOW, 1.3);
    vec![group]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_do_the_same_work() {
        let (hash, responses) = logins();
        let (evp, mut low) = ([Evp::load(true), Evp::load(false)], LowLevel::load());
        println!("OpenSSL EVP: {}, low level: {}", evp[0].is_some(), low.is_some());
        let mut evp: Vec<_> = evp.into_iter().flatten().collect();
        for mut response in responses {
            for right in [true, false] {
                let keys = ours(&hash, &response);
                assert_eq!(keys.is_some(), right);
                assert_eq!(authenticator(&hash, &response), keys);
                for evp in &mut evp {
                    assert_eq!(plain(evp, hash.as_bytes(), &response), keys);
                }
                if let Some(low) = &mut low {
                    assert_eq!(plain(low, hash.as_bytes(), &response), keys);
                }
                response[47] ^= 1;
            }
        }
    }
}
