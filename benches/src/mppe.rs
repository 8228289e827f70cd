//! MPPE of 128 bits beside the same written with OpenSSL, and with the crates `rc4` and `sha1`.

use mppe::{
    Batch, Config, DecryptError, Decryptor, Encryptor, Incoming, Mode, Outgoing, Receiving, Sending, SessionKey,
    StartKey, Strength,
};
use rc4::{KeyInit, Rc4, StreamCipher};
use sha1::{Digest, Sha1};

use crate::openssl::{Evp, LowLevel, Primitives};
use crate::ratio::Group;

const START: [u8; 16] = *b"start key of 16.";
/// Packets of one call.
const PACKETS: usize = 24;

/// Returns the lengths of the packets of one call.
fn lengths(name: &str) -> [usize; PACKETS] {
    // A busy link: seven small ones, four of middle length, a long one.
    const MIX: [usize; 12] = [64, 576, 64, 64, 576, 64, 1400, 64, 576, 64, 64, 576];
    std::array::from_fn(|at| if name == "mix" { MIX[at % MIX.len()] } else { name.parse().expect("a length") })
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
        let start = StartKey::from_bytes(Strength::Bits128, START);
        let key: [u8; 16] = start.initial_session_key().expose_bytes().try_into().expect("16 bytes");
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

/// Returns the packets of one call: room for the header, the inner protocol, the payload.
fn packets(name: &str) -> Vec<Vec<u8>> {
    lengths(name).iter().map(|length| vec![0x45; length + 4]).collect()
}

fn renew(packet: &mut [u8]) {
    packet[2..4].copy_from_slice(&[0x00, 0x21]);
}

/// Returns one call of a plain sender.
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

/// Returns one call of our sender, packet by packet.
fn single(mode: Mode, name: &str) -> impl FnMut() + use<> {
    let start = StartKey::from_bytes(Strength::Bits128, START);
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

fn start(number: usize) -> StartKey {
    let mut bytes = START;
    bytes[0] = u8::try_from(number).expect("a few");
    StartKey::from_bytes(Strength::Bits128, bytes)
}

/// Returns the packets of one call, `N` at a time.
fn packets_by<const N: usize>(name: &str) -> Vec<[Vec<u8>; N]> {
    let mut packets = packets(name).into_iter();
    (0..PACKETS / N).map(|_| std::array::from_fn(|_| packets.next().expect("enough"))).collect()
}

/// Returns one call of our sender, `N` packets of one session at a time.
fn batch<const N: usize>(mode: Mode, name: &str) -> impl FnMut() + use<N> {
    let mut encryptor = Encryptor::new(&start(0), &Config::new(mode));
    let mut groups = packets_by::<N>(name);
    let mut batch = Batch::new();
    move || {
        for packets in &mut groups {
            let mut packets = packets.each_mut().map(|packet| outgoing(packet));
            batch.encrypt(&mut [Sending::new(&mut encryptor, &mut packets)]);
        }
    }
}

fn outgoing(packet: &mut [u8]) -> Outgoing<'_> {
    renew(packet);
    let end = packet.len();
    Outgoing::new(packet, 2..end)
}

/// Returns one call of our sender, a packet of each of `N` sessions at a time.
fn sessions<const N: usize>(mode: Mode, name: &str) -> impl FnMut() + use<N> {
    let mut encryptors: [Encryptor; N] =
        std::array::from_fn(|number| Encryptor::new(&start(number), &Config::new(mode)));
    let mut groups = packets_by::<N>(name);
    let mut batch = Batch::new();
    move || {
        for packets in &mut groups {
            let mut packets = packets.each_mut().map(|packet| [outgoing(packet)]);
            let mut packets = packets.iter_mut();
            let mut sessions = encryptors.each_mut().map(|encryptor| {
                Sending::new(encryptor, packets.next().map_or(&mut [][..], |packets| &mut packets[..]))
            });
            batch.encrypt(&mut sessions);
        }
    }
}

/// Encrypts IPv4 packets and decrypts them again, one by one.
fn there_and_back(mode: Mode, name: &str) -> impl FnMut() + use<> {
    let mut encryptor = Encryptor::new(&start(0), &Config::new(mode));
    let mut decryptor = Decryptor::new(&start(0), &Config::new(mode));
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            renew(packet);
            let end = packet.len();
            encryptor.encrypt_in_place(packet, 2..end).expect("a packet");
            decryptor.decrypt(packet).expect("the same packet");
        }
    }
}

/// Returns the same, `N` packets of one session at a time.
fn batch_there_and_back<const N: usize>(mode: Mode, name: &str) -> impl FnMut() + use<N> {
    let mut encryptor = Encryptor::new(&start(0), &Config::new(mode));
    let mut decryptor = Decryptor::new(&start(0), &Config::new(mode));
    let mut groups = packets_by::<N>(name);
    let mut batch = Batch::new();
    move || {
        for packets in &mut groups {
            let mut sent = packets.each_mut().map(|packet| outgoing(packet));
            batch.encrypt(&mut [Sending::new(&mut encryptor, &mut sent)]);
            let mut received = packets.each_mut().map(|packet| Incoming::new(packet));
            batch.decrypt(&mut [Receiving::new(&mut decryptor, &mut received)]);
            assert!(received.iter().all(|packet| matches!(packet.decrypted(), Some(Ok(_)))), "the same packet");
        }
    }
}

/// Returns the same, a packet of each of `N` sessions at a time.
fn sessions_there_and_back<const N: usize>(mode: Mode, name: &str) -> impl FnMut() + use<N> {
    let config = Config::new(mode);
    let mut encryptors: [Encryptor; N] = std::array::from_fn(|number| Encryptor::new(&start(number), &config));
    let mut decryptors: [Decryptor; N] = std::array::from_fn(|number| Decryptor::new(&start(number), &config));
    let mut groups = packets_by::<N>(name);
    let mut batch = Batch::new();
    move || {
        for packets in &mut groups {
            let mut sent = packets.each_mut().map(|packet| [outgoing(packet)]);
            let mut sent = sent.iter_mut();
            let mut sending = encryptors
                .each_mut()
                .map(|encryptor| Sending::new(encryptor, sent.next().map_or(&mut [][..], |packets| &mut packets[..])));
            batch.encrypt(&mut sending);
            let mut received = packets.each_mut().map(|packet| [Incoming::new(packet)]);
            let mut those = received.iter_mut();
            let mut receiving = decryptors.each_mut().map(|decryptor| {
                Receiving::new(decryptor, those.next().map_or(&mut [][..], |packets| &mut packets[..]))
            });
            batch.decrypt(&mut receiving);
            assert!(received.iter().all(|[packet]| matches!(packet.decrypted(), Some(Ok(_)))), "the same packet");
        }
    }
}

fn plain_there_and_back<P: Primitives>(primitives: P, mode: Mode, name: &str) -> impl FnMut() + use<P> {
    let mut sender = Plain::new(primitives.clone(), mode);
    let mut receiver = Plain::new(primitives, mode);
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            renew(packet);
            sender.encrypt(packet);
            receiver.encrypt(packet);
            assert!(packet[2..4] == [0x00, 0x21], "the same packet");
        }
    }
}

/// Runs RC4's key schedule and stream alone.
fn cipher<P: Primitives>(primitives: P, name: &str) -> impl FnMut() + use<P> {
    let mut cipher = primitives.cipher();
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            primitives.set_key(&mut cipher, &START);
            primitives.apply(&mut cipher, packet);
        }
    }
}

fn our_cipher(name: &str) -> impl FnMut() + use<> {
    let key = SessionKey::from_bytes(Strength::Bits128, START);
    let mut packets = packets(name);
    move || {
        for packet in &mut packets {
            key.apply_keystream(packet);
        }
    }
}

/// Key changes of one call.
const CHANGES: usize = 128;

fn key_changes<P: Primitives>(primitives: P) -> impl FnMut() + use<P> {
    let mut sender = Plain::new(primitives, Mode::Stateless);
    move || {
        for _ in 0..CHANGES {
            sender.change_key();
        }
    }
}

/// Returns a forged packet that is 127 ahead: so many key changes, one more for the packet, and its
/// refusal.
fn our_key_changes() -> impl FnMut() + use<> {
    let mut decryptor = Decryptor::new(&start(0), &Config::new(Mode::Stateless));
    move || {
        let mut forged = [0x90, 127, 0x55, 0x55, 0x55, 0x55];
        let forged = decryptor.decrypt(&mut forged);
        assert!(matches!(forged, Err(DecryptError::Implausible { .. } | DecryptError::CoherencyLost { .. })));
    }
}

const OURS: &str = "ours, one by one";
const FOUR: &str = "ours, batch of 4, one session";
const EIGHT: &str = "ours, batch of 8, one session";
const FOUR_SESSIONS: &str = "ours, batch over 4 sessions";
const EIGHT_SESSIONS: &str = "ours, batch over 8 sessions";
const LOW: &str = "OpenSSL low level";
const EVP: &str = "OpenSSL EVP legacy";
const CRATES: &str = "crates rc4 and sha1";

/// Returns all groups, with the goals.
#[must_use]
pub fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    let units = u32::try_from(PACKETS).expect("a few");
    let mode = Mode::Stateless;
    for (name, [low, evp, crates, one_session, many]) in [
        ("64", [1.9, 2.5, 2.0, 1.9, 2.5]),
        ("512", [1.48, 1.8, 1.85, 1.6, 1.85]),
        ("1400", [1.25, 1.4, 1.75, 1.45, 1.55]),
        ("mix", [1.55, 1.8, 1.8, 1.55, 1.85]),
    ] {
        groups.push(
            Group::new(format!("stateless {name}"), units)
                .with(OURS, single(mode, name))
                .with(FOUR, batch::<4>(mode, name))
                .with(EIGHT, batch::<8>(mode, name))
                .with(FOUR_SESSIONS, sessions::<4>(mode, name))
                .with(EIGHT_SESSIONS, sessions::<8>(mode, name))
                .with_maybe(LOW, LowLevel::load().map(|library| plain(library, mode, name)))
                .with_maybe(EVP, Evp::load().map(|library| plain(library, mode, name)))
                .with(CRATES, plain(Crates, mode, name))
                .goal(OURS, LOW, low)
                .goal(OURS, EVP, evp)
                .goal(OURS, CRATES, crates)
                .goal(FOUR, LOW, one_session)
                .goal(EIGHT, LOW, one_session)
                .goal(EIGHT_SESSIONS, LOW, many),
        );
    }
    let mode = Mode::Stateful;
    for name in ["64", "512", "1400", "mix"] {
        let group = Group::new(format!("stateful {name}"), units)
            .with(OURS, single(mode, name))
            .with(FOUR_SESSIONS, sessions::<4>(mode, name))
            .with_maybe(LOW, LowLevel::load().map(|library| plain(library, mode, name)))
            .with_maybe(EVP, Evp::load().map(|library| plain(library, mode, name)))
            .with(CRATES, plain(Crates, mode, name));
        groups.push(match name {
            "1400" => group.goal(OURS, LOW, 0.93).goal(FOUR_SESSIONS, LOW, 1.18),
            _ => group,
        });
    }
    for (mode, name) in [Mode::Stateless, Mode::Stateful]
        .into_iter()
        .flat_map(|mode| ["64", "512", "1400", "mix"].map(|name| (mode, name)))
    {
        groups.push(there_and_back_group(mode, name, units));
    }
    for name in ["64", "512", "1400"] {
        groups.push(
            Group::new(format!("RC4 alone {name}"), units)
                .with("ours", our_cipher(name))
                .with_maybe(LOW, LowLevel::load().map(|library| cipher(library, name)))
                .with_maybe(EVP, Evp::load().map(|library| cipher(library, name)))
                .with(CRATES, cipher(Crates, name)),
        );
    }
    groups.push(
        Group::new("key change alone", u32::try_from(CHANGES).expect("a few"))
            .with("ours, lost packets", our_key_changes())
            .with_maybe(LOW, LowLevel::load().map(key_changes))
            .with_maybe(EVP, Evp::load().map(key_changes))
            .with(CRATES, key_changes(Crates))
            .goal("ours, lost packets", LOW, 1.55),
    );
    groups
}

/// Measures encryption with decryption: no batch is slower than one by one.
fn there_and_back_group(mode: Mode, name: &str, units: u32) -> Group {
    let mut group = Group::new(format!("there and back, {mode} {name}"), units)
        .with(OURS, there_and_back(mode, name))
        .with_maybe(LOW, LowLevel::load().map(|library| plain_there_and_back(library, mode, name)))
        .with("ours, batch of 1, one session", batch_there_and_back::<1>(mode, name))
        .with("ours, batch of 2, one session", batch_there_and_back::<2>(mode, name))
        .with("ours, batch of 3, one session", batch_there_and_back::<3>(mode, name))
        .with(FOUR, batch_there_and_back::<4>(mode, name))
        .with(EIGHT, batch_there_and_back::<8>(mode, name))
        .with("ours, batch over 2 sessions", sessions_there_and_back::<2>(mode, name))
        .with("ours, batch over 3 sessions", sessions_there_and_back::<3>(mode, name))
        .with(FOUR_SESSIONS, sessions_there_and_back::<4>(mode, name))
        .with("ours, batch over 6 sessions", sessions_there_and_back::<6>(mode, name))
        .with(EIGHT_SESSIONS, sessions_there_and_back::<8>(mode, name));
    for of in group.names().into_iter().filter(|name| name.contains("batch")) {
        group = group.goal(of, OURS, 0.97);
    }
    group
}
