//! MPPE of 128 bits beside the same written with OpenSSL, and with the crates `rc4` and `sha1`.

use mppe::{Config, Encryptor, Mode, StartKey, Strength};
use rc4::{KeyInit, Rc4, StreamCipher};
use sha1::{Digest, Sha1};

use crate::openssl::{Evp, LowLevel, Primitives};
use crate::ratio::Group;

const START: [u8; 16] = *b"start key of 16.";
/// Packets of one call.
const PACKETS: usize = 12;

/// The lengths of the packets of one call.
fn lengths(name: &str) -> [usize; PACKETS] {
    match name {
        // The mix of a busy link: seven small ones, four of middle length, a long one.
        "mix" => [64, 576, 64, 64, 576, 64, 1400, 64, 576, 64, 64, 576],
        length => [length.parse().expect("a length"); PACKETS],
    }
}

/// The crates, put together the plain way.
#[derive(Clone, Copy, Debug)]
struct Crates;

impl Primitives for Crates {
    type Cipher = Option<Rc4>;

    fn cipher(&self) -> Option<Rc4> {
        None
    }

    fn set_key(&self, cipher: &mut Option<Rc4>, key: &[u8]) {
        *cipher = Rc4::new_from_slice(key).ok();
    }

    fn apply(&self, cipher: &mut Option<Rc4>, data: &mut [u8]) {
        if let Some(cipher) = cipher {
            cipher.apply_keystream(data);
        }
    }

    fn sha1(&self, parts: [&[u8]; 4]) -> [u8; 20] {
        let mut hasher = Sha1::new();
        for part in parts {
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// A sender of 128 bits, written the plain way over a library.
struct Plain<P: Primitives> {
    primitives: P,
    cipher: P::Cipher,
    key: [u8; 16],
    count: u16,
    stateless: bool,
}

impl<P: Primitives> Plain<P> {
    fn new(primitives: P, mode: Mode) -> Self {
        let start = StartKey::from_octets(Strength::Bits128, START);
        let key: [u8; 16] = start.initial_session_key().expose_octets().try_into().expect("16 octets");
        let mut cipher = primitives.cipher();
        primitives.set_key(&mut cipher, &key);
        Self { primitives, cipher, key, count: 0, stateless: mode == Mode::Stateless }
    }

    fn change_key(&mut self) {
        let digest = self.primitives.sha1([&START, &[0; 40], &self.key, &[0xf2; 40]]);
        self.key.copy_from_slice(&digest[..16]);
        let interim = self.key;
        self.primitives.set_key(&mut self.cipher, &interim);
        self.primitives.apply(&mut self.cipher, &mut self.key);
        self.primitives.set_key(&mut self.cipher, &self.key);
    }

    fn encrypt(&mut self, packet: &mut [u8]) {
        let flag = self.count & 0xff == 0xff;
        if self.stateless || flag {
            self.change_key();
        }
        let (header, data) = packet.split_at_mut(2);
        let bits = if self.stateless || flag { 0x9000 } else { 0x1000 };
        header.copy_from_slice(&(bits | self.count).to_be_bytes());
        self.primitives.apply(&mut self.cipher, data);
        self.count = (self.count + 1) & 0x0fff;
    }
}

/// The packets of one call: room for the header, the inner protocol, the payload.
fn packets(name: &str) -> Vec<Vec<u8>> {
    lengths(name).iter().map(|length| vec![0x45; length + 4]).collect()
}

fn renew(packet: &mut [u8]) {
    packet[2..4].copy_from_slice(&[0x00, 0x21]);
}

/// One call of a plain sender.
fn plain<P: Primitives>(primitives: P, mode: Mode, name: &str) -> impl FnMut() + use<P> {
    let mut sender = Plain::new(primitives, mode);
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            renew(packet);
            sender.encrypt(packet);
        }
    }
}

/// One call of our sender, packet by packet.
fn single(mode: Mode, name: &str) -> impl FnMut() + use<> {
    let start = StartKey::from_octets(Strength::Bits128, START);
    let mut encryptor = Encryptor::new(&start, &Config::new(mode));
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            renew(packet);
            let end = packet.len();
            encryptor.encrypt_in_place(packet, 2..end).expect("a packet");
        }
    }
}

const OURS: &str = "ours, one by one";
const LOW: &str = "OpenSSL low level";
const EVP: &str = "OpenSSL EVP legacy";
const CRATES: &str = "crates rc4 and sha1";

/// All groups, with the goals.
#[must_use]
pub fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    let units = u32::try_from(PACKETS).expect("a few");
    for (name, low, evp, crates) in
        [("64", 1.9, 2.5, 2.0), ("512", 1.48, 1.8, 1.85), ("1400", 1.25, 1.4, 1.75), ("mix", 1.55, 1.8, 1.8)]
    {
        let mode = Mode::Stateless;
        groups.push(
            Group::new(format!("stateless {name}"), units)
                .with(OURS, single(mode, name))
                .with_maybe(LOW, LowLevel::load().map(|library| plain(library, mode, name)))
                .with_maybe(EVP, Evp::load().map(|library| plain(library, mode, name)))
                .with(CRATES, plain(Crates, mode, name))
                .goal(OURS, LOW, low)
                .goal(OURS, EVP, evp)
                .goal(OURS, CRATES, crates),
        );
    }
    for (name, low) in [("64", 0.93), ("512", 0.93), ("1400", 0.93), ("mix", 0.93)] {
        let mode = Mode::Stateful;
        groups.push(
            Group::new(format!("stateful {name}"), units)
                .with(OURS, single(mode, name))
                .with_maybe(LOW, LowLevel::load().map(|library| plain(library, mode, name)))
                .with(CRATES, plain(Crates, mode, name))
                .goal(OURS, LOW, low),
        );
    }
    groups
}
