//! No way to panic in `mschap`.
#![no_std]
#![no_main]

use core::hint::black_box;

use link_proof::{some, unknown};
use mschap::radius::{HiddenKey, Hiding, attributes};
use mschap::{
    Account, EncryptedHash, EncryptedPassword, Failure, FailureCode, LmHash, MasterKey, NamePolicy, NtHash, Password,
    StartKey, Success, des, eap, v1, v2,
};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut authenticators = (
        v1::Authenticator::new(unknown([1; 8]), unknown(3)).with_change_password_1(),
        v2::Authenticator::new(unknown([1; 16]), unknown(3)).with_name_policy(unknown(NamePolicy::default())),
    );
    loop {
        let bytes = unknown([7; 700]);
        let hash = NtHash::from_password(Password::Utf16Le(some(&bytes, 20)));
        peers(&bytes, &hash);
        authenticate(&bytes, &hash, &mut authenticators);
        keys(&bytes, &hash);
        extensible(&bytes, &hash);
        codecs(&bytes);
    }
}

fn peers(bytes: &[u8; 700], hash: &NtHash) {
    let challenges = v2::Challenges { authenticator: unknown([1; 16]), peer: unknown([2; 16]) };
    let (peer, response) = v2::Peer::respond(hash, &challenges, some(bytes, 9));
    black_box(response.encode());
    let _ = black_box(peer.handle_success(some(bytes, 50)));
    black_box(peer.handle_failure(some(bytes, 50)));
    let padding = unknown([3; Password::MAX_BYTES]);
    let password = Password::Utf16Le(some(bytes, 20));
    if let Ok((_, packet)) = v2::Peer::change_password(hash, password, &challenges, some(bytes, 9), &padding) {
        black_box(packet.encode());
    }
    let (peer, response) = v1::Peer::respond(hash, &unknown([1; 8]));
    black_box(response.encode());
    black_box((peer.handle_success(some(bytes, 50)), peer.handle_failure(some(bytes, 50))));
    black_box(v1::Peer::change_password_1(hash, hash, &unknown([1; 8])).1.encode());
    if let Ok((_, packet)) = v1::Peer::change_password_2(hash, password, &unknown([1; 8]), &padding) {
        black_box(packet.encode());
    }
}

fn authenticate(bytes: &[u8; 700], hash: &NtHash, (one, two): &mut (v1::Authenticator, v2::Authenticator)) {
    let account = Account::new(hash).with_restriction(FailureCode(unknown(648)));
    let _ = black_box(one.handle_response(some(bytes, 49), some(bytes, 9), &account, unknown(Some([4; 8]))));
    let _ = black_box(one.handle_change_password_1(some(bytes, 72), some(bytes, 9), &account));
    let _ = black_box(one.handle_change_password_2(some(bytes, 618), some(bytes, 9), &account));
    one.reject_change();
    let _ = black_box(two.handle_response(some(bytes, 49), some(bytes, 9), &account, unknown([4; 16])));
    let _ = black_box(two.handle_change_password(some(bytes, 582), some(bytes, 9), &account, unknown([4; 16])));
    two.reject_change(unknown([4; 16]));
    let mut buf = unknown([0; 128]);
    for reply in [one.reply(), two.reply()].into_iter().flatten() {
        let _ = black_box(reply.encode(buf.get_mut(..unknown(100)).unwrap_or(&mut [])));
    }
}

fn extensible(bytes: &[u8; 700], hash: &NtHash) {
    let mut server = eap::Authenticator::new(unknown([1; 16]), unknown(7), unknown(3));
    let mut client = eap::Peer::new().with_name_policy(unknown(NamePolicy::default()));
    let account = Account::new(hash).with_restriction(FailureCode(unknown(648)));
    let (mut one, mut two) = (unknown([0; 700]), unknown([0; 700]));
    for _ in 0..unknown(9) {
        let _ = black_box(client.handle_request(some(bytes, 80)));
        if let Ok(request) = server.request(some(bytes, 9), one.get_mut(..unknown(100)).unwrap_or(&mut [])) {
            let _ = black_box(client.handle_request(request));
        }
        let padding = unknown([3; Password::MAX_BYTES]);
        let password = Password::Utf16Le(some(bytes, 20));
        let _ = black_box(client.prove(hash, some(bytes, 9), unknown([2; 16]), &mut two));
        let _ = black_box(client.change_password(hash, password, some(bytes, 9), unknown([2; 16]), &padding, &mut two));
        let _ = black_box((client.acknowledge(), client.decline(), client.end()));
        black_box(client.proved().map(|proved| eap::MasterSessionKey::new(&proved.master_key())));
        let data = some(bytes, 600);
        let _ = black_box(server.read(data));
        let _ = black_box(server.handle_response(data, &account, unknown([4; 16])));
        let _ = black_box(server.handle_change_password(data, some(bytes, 9), &account, unknown([4; 16])));
        let _ = black_box(server.handle_acknowledgment(data));
        let failure = Failure::decode(some(bytes, 50));
        black_box((server.reject_change(unknown([5; 16])), server.may_offer(&failure), server.awaits(), server.end()));
        if unknown(true) {
            server.refuse_as(unknown(1), &failure);
        } else {
            server.accept_as(unknown(1));
        }
        server.restart(unknown([1; 16]), unknown(7), unknown(3));
        if let Ok(request) = eap::Request::decode(data) {
            let _ = black_box(request.encode(&mut two));
        }
        if let Ok(response) = eap::Response::decode(data) {
            let _ = black_box(response.encode(&mut two));
        }
    }
}

fn keys(bytes: &[u8; 700], hash: &NtHash) {
    let response = hash.challenge_response(&unknown([1; 8]));
    let master = MasterKey::new(&hash.hash(), &response);
    black_box((master.authenticator_to_peer(), master.peer_to_authenticator()));
    black_box(StartKey::from_v1(&hash.hash(), &unknown([1; 8])));
    black_box(des::decrypt(&unknown([1; 8]), &unknown([2; 7])));
    let _ = black_box(LmHash::from_oem(some(bytes, 9)));
    black_box(EncryptedHash::seal(&unknown([1; 16]), hash).open(hash));
    let password = Password::Utf16Le(some(bytes, 20));
    if let Ok(sealed) = EncryptedPassword::seal(password, hash, &unknown([3; Password::MAX_BYTES])) {
        if let Ok(password) = sealed.open(hash) {
            black_box((password.nt_hash(), password.chars().count()));
        }
    }
}

fn codecs(bytes: &[u8; 700]) {
    let mut buf = unknown([0; 300]);
    let _ = black_box(v2::Response::decode(some(bytes, 49)));
    let _ = black_box(v1::Response::decode(some(bytes, 49)));
    let _ = black_box(Success::decode(some(bytes, 49)));
    let _ = black_box(Failure::decode(some(bytes, 49)).encode(&mut buf));
    let (secret, authenticator) = (some(bytes, 9), unknown([5; 16]));
    let hiding = Hiding::new(secret, &authenticator);
    if let Ok(hidden) = HiddenKey::hide(some(bytes, 32), unknown([0x80, 1]), &hiding, &mut buf) {
        let _ = black_box(hidden.reveal(&hiding));
    }
    if let Ok(attributes) = attributes(some(bytes, 200)) {
        let mut buf = unknown([0; 300]);
        for attribute in attributes.flatten() {
            let _ = black_box(attribute.encode(&mut buf));
        }
    }
}
