//! No secret is left in the memory of a value that was dropped where it lies.
#![expect(clippy::std_instead_of_core, reason = "a test of a program with std")]

use std::time::Duration;

use mppc::{Compressor, Decompressor};
use mppe::{Batch, Config, Decryptor, Encryptor, Mode, Outgoing, Sending, StartKey, Strength};
use mschap::{Account, NtHash, Password, v1, v2};
use pptp_interop::memory::{Heap, Memory};

#[global_allocator]
static HEAP: Heap = Heap;

fn start_key(strength: Strength) -> StartKey {
    StartKey::from_bytes(strength, *b"start key of 16.")
}

fn ip() -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 60];
    packet.resize(60, 0x11);
    packet
}

#[test]
fn the_test_itself_finds_what_is_left() {
    let memory = Memory::of(*b"sixteen secrets.", |_| {});
    assert_eq!(memory.used, memory.dropped);
    let secret = b"a secret on the heap";
    let memory = Memory::of(Vec::new(), |bytes: &mut Vec<u8>| bytes.extend_from_slice(secret));
    for bytes in [&memory.used, &memory.dropped] {
        assert!(bytes.windows(secret.len()).any(|part| part == secret));
    }
}

#[test]
fn keys_of_mppe_are_wiped() {
    for mode in [Mode::Stateless, Mode::Stateful] {
        let start = start_key(Strength::Bits128);
        let config = Config::new(mode);
        Memory::of(start.clone(), |_| {}).had(start.expose_bytes());
        let first = start.initial_session_key();
        Memory::of(first.clone(), |_| {}).had(first.expose_bytes());
        let (mut buf, mut keys) = ([0; 64], vec![first.clone()]);
        for _ in 0..400 {
            keys.push(start.next_session_key(keys.last().unwrap()));
        }
        let used = if mode == Mode::Stateless { &keys[11] } else { &keys[0] };
        let encryptor = Memory::of(Encryptor::new(&start, &config), |encryptor| {
            for _ in 0..10 {
                encryptor.encrypt(0x0021, &ip(), &mut buf).unwrap();
            }
        });
        encryptor.had(start.expose_bytes());
        encryptor.had(used.expose_bytes());
        let mut encryptor = Encryptor::new(&start, &config);
        let decryptor = Memory::of(Decryptor::new(&start, &config), |decryptor| {
            for number in 0..400 {
                encryptor.encrypt(0x0021, &ip(), &mut buf).unwrap();
                // Most are lost, so late keys and keys ahead are kept.
                if number < 10 || number == 60 {
                    let _ = decryptor.decrypt(&mut buf);
                }
            }
            let _ = decryptor.decrypt(&mut buf);
            let _ = decryptor.poll_reset_request(Duration::ZERO);
        });
        decryptor.had(start.expose_bytes());
        if mode == Mode::Stateless {
            // Late, expected, and a mark ahead.
            for number in [30, 62, 49] {
                decryptor.had(keys[number].expose_bytes());
            }
        }
    }
}

#[test]
fn tables_of_a_batch_are_wiped() {
    let config = Config::new(Mode::Stateless);
    let starts = [[1; 16], [2; 16]].map(|bytes| StartKey::from_bytes(Strength::Bits128, bytes));
    let mut encryptors = starts.each_ref().map(|start| Encryptor::new(start, &config));
    let mut packets = [(); 2].map(|()| [&[0, 0, 0x00, 0x21][..], &ip()].concat());
    let end = packets[0].len();
    let batch = Memory::of(Batch::new(), |batch| {
        let [first, second] = packets.each_mut().map(|buf| [Outgoing::new(buf, 2..end)]);
        let ([one, other], mut first, mut second) = (encryptors.each_mut(), first, second);
        batch.encrypt(&mut [Sending::new(one, &mut first), Sending::new(other, &mut second)]);
    });
    for start in &starts {
        batch.had(start.next_session_key(&start.initial_session_key()).expose_bytes());
    }
}

#[test]
fn the_history_of_mppc_is_wiped() {
    let text = b"what was said in an encrypted link, and is said again";
    let mut buf = [0; 128];
    let mut compressed = Vec::new();
    Memory::of(Compressor::new(mppc::level::Fast), |compressor| {
        compressed = compressor.compress(text, &mut buf[..text.len()]).unwrap().payload.to_vec();
    })
    .had(text);
    let mut compressor = Compressor::new(mppc::level::Fast);
    Memory::of(Decompressor::new(), |decompressor| {
        let packet = compressor.compress(text, &mut buf[..text.len()]).unwrap();
        decompressor.decompress(packet.flags, packet.payload, 128).unwrap();
    })
    .had(text);
}

#[test]
fn secrets_of_ms_chap_are_wiped() {
    let hash = NtHash::from_password("clientPass");
    Memory::of(hash.clone(), |_| {}).had(hash.as_bytes());
    Memory::of(hash.hash(), |_| {}).had(hash.hash().as_bytes());
    let challenges = v2::Challenges { authenticator: *b"[]|}{?/><,`!2&&(", peer: *b"!@#$%^&*()_+:3|~" };
    let (peer, response) = v2::Peer::respond(&hash, &challenges, b"User");
    let proof = v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &challenges.hash(b"User"));
    Memory::of(peer, |_| {}).had(proof.as_bytes());
    Memory::of(response.clone(), |_| {}).had(response.nt_response.as_bytes());
    // An authenticator keeps its reply, for the case that it gets lost.
    let packet = response.encode();
    let authenticator = v2::Authenticator::new(challenges.authenticator, 3);
    Memory::of(authenticator, |authenticator| {
        let account = Account::new(&hash);
        authenticator.handle_response(&packet, b"User", &account, [8; 16]).unwrap();
        assert!(authenticator.reply().unwrap().is_success());
    })
    .had(proof.as_bytes());
    let (_, response) = v1::Peer::respond(&hash, &[7; 8]);
    Memory::of(response.clone(), |_| {}).had(response.nt_response.as_bytes());
    let key = mschap::MasterKey::from_bytes([0xa5; 16]);
    Memory::of(key, |_| {}).had(&[0xa5; 16]);
}

#[test]
fn a_new_password_is_wiped() {
    let old = NtHash::from_password("clientPass");
    let sealed = mschap::EncryptedPassword::seal("a new password", &old, &[7; Password::MAX_BYTES]).unwrap();
    let password = sealed.open(&old).unwrap();
    let bytes = password.utf16le().to_vec();
    Memory::of(password, |_| {}).had(&bytes);
}

#[test]
fn keys_of_radius_are_wiped() {
    use mschap::radius::{HiddenKey, Hiding};

    let hiding = Hiding::new(b"secret", &[0x5a; 16]);
    let mut buf = [0; 240];
    let key = HiddenKey::hide(&[0xab; 32], [0x80, 0x01], &hiding, &mut buf).unwrap().reveal(&hiding).unwrap();
    Memory::of(key, |_| {}).had(&[0xab; 32]);
    let lm = mschap::radius::LmKey::from_bytes(*b"8 bytes.");
    Memory::of(lm, |_| {}).had(b"8 bytes.");
}
