//! Batches of few packets: each kind of packet gets the verdict, the bytes and the counters that it
//! gets alone.

use alloc::vec::Vec;

use super::{MODES, ip, sealed};
use crate::{
    Batch, Config, DecryptError, Decryptor, Encryptor, Incoming, Mode, Outgoing, Receiving, Sending, StartKey, Strength,
};

/// More than there are lanes.
const SESSIONS: u8 = 6;

const FLUSHED: u8 = 0x80;
const COMPRESSED: u8 = 0x20;
const ENCRYPTED: u8 = 0x10;

type Packets = Vec<Vec<u8>>;
type Verdicts = Vec<Result<(), DecryptError>>;

fn start(session: u8) -> StartKey {
    StartKey::from_bytes(Strength::Bits128, [session + 1; 16])
}

fn encryptors(mode: Mode) -> Vec<Encryptor> {
    (0..SESSIONS).map(|session| Encryptor::new(&start(session), &Config::new(mode))).collect()
}

/// Returns packets long enough for a lane, each of another length.
fn long(session: u8, count: u32) -> Packets {
    (0..count).map(|mark| ip(mark, 600 - usize::from(session) * 61 + usize::try_from(mark % 7).unwrap() * 40)).collect()
}

/// Returns the packet with bits of its header set and cleared.
fn with_bits(packet: &[u8], set: u8, cleared: u8) -> Vec<u8> {
    let mut changed = packet.to_vec();
    changed[0] = (changed[0] | set) & !cleared;
    changed
}

/// Returns the packet with another protocol inside.
fn forged(packet: &[u8]) -> Vec<u8> {
    let mut changed = packet.to_vec();
    changed[2] ^= 0x40;
    changed
}

/// Decrypts what arrived at each session, in a batch and one by one, and returns the verdicts of
/// each session.
fn decrypted(mode: Mode, arrived: &[Packets]) -> Vec<Verdicts> {
    let config = Config::new(mode);
    let make = || (0..SESSIONS).map(|session| Decryptor::new(&start(session), &config)).collect::<Vec<_>>();
    let (mut alone, mut batched) = (make(), make());
    let (mut expected, mut found) = (arrived.to_vec(), arrived.to_vec());
    let verdicts = alone.iter_mut().zip(&mut expected);
    let verdicts: Vec<Verdicts> = verdicts
        .map(|(decryptor, packets)| packets.iter_mut().map(|packet| decryptor.decrypt(packet).map(|_| ())).collect())
        .collect();

    let mut incoming: Vec<Vec<Incoming<'_>>> =
        found.iter_mut().map(|packets| packets.iter_mut().map(|packet| Incoming::new(packet)).collect()).collect();
    let sessions = batched.iter_mut().zip(&mut incoming);
    let mut sessions: Vec<_> = sessions.map(|(decryptor, packets)| Receiving::new(decryptor, packets)).collect();
    Batch::new().decrypt(&mut sessions);
    for (session, (packets, verdicts)) in incoming.iter().zip(&verdicts).enumerate() {
        for (number, (packet, verdict)) in packets.iter().zip(verdicts).enumerate() {
            assert_eq!(packet.decrypted().unwrap().map(|_| ()), *verdict, "{mode}, session {session}, packet {number}");
        }
    }
    assert_eq!(found, expected, "{mode}");
    for (alone, batched) in alone.iter().zip(&batched) {
        assert_eq!(alone.statistics(), batched.statistics(), "{mode}");
    }
    verdicts
}

/// Returns the packet of a buffer, behind two bytes for the header.
fn whole(buf: &mut [u8]) -> Outgoing<'_> {
    let end = buf.len();
    Outgoing::new(buf, 2..end)
}

/// Encrypts in a batch and one by one, and compares the bytes.
fn assert_encrypted_alike(mode: Mode, prepare: impl Fn(&mut [Encryptor])) {
    let (mut alone, mut batched) = (encryptors(mode), encryptors(mode));
    prepare(&mut alone);
    prepare(&mut batched);
    // Two batches: the second starts from what the first has left.
    for _ in 0..2 {
        let clear = (0..SESSIONS).map(|session| long(session, 3));
        let framed = |packet: &Vec<u8>| [&[0, 0, 0, 0x21], &packet[..]].concat();
        let mut bufs: Vec<Packets> = clear.clone().map(|packets| packets.iter().map(framed).collect()).collect();
        let expected: Vec<Packets> = alone
            .iter_mut()
            .zip(clear)
            .map(|(encryptor, packets)| packets.iter().map(|packet| sealed(encryptor, packet)).collect())
            .collect();
        let mut outgoing: Vec<Vec<Outgoing<'_>>> =
            bufs.iter_mut().map(|packets| packets.iter_mut().map(|buf| whole(buf)).collect()).collect();
        let sessions = batched.iter_mut().zip(&mut outgoing);
        let mut sessions: Vec<_> = sessions.map(|(encryptor, packets)| Sending::new(encryptor, packets)).collect();
        Batch::new().encrypt(&mut sessions);
        assert_eq!(bufs, expected, "{mode}");
    }
    for (alone, batched) in alone.iter().zip(&batched) {
        assert_eq!(alone.statistics(), batched.statistics(), "{mode}");
    }
}

/// RFC 3078 sections 3.1 and 8.1: FLUSHED is on every packet, and each has its own key.
#[test]
fn section_8_1_a_batch_judges_each_kind_of_stateless_packet_as_it_is_judged_alone() {
    let sent: Vec<Packets> = (0..)
        .zip(&mut encryptors(Mode::Stateless))
        .map(|(session, encryptor)| long(session, 5).iter().map(|packet| sealed(encryptor, packet)).collect())
        .collect();
    let mut arrived = sent.clone();
    arrived[1].insert(0, forged(&sent[1][0]));
    arrived[1].insert(3, forged(&sent[1][2]));
    arrived[2].insert(0, with_bits(&sent[2][0], COMPRESSED, 0));
    arrived[3].insert(0, with_bits(&sent[3][0], 0, FLUSHED));
    arrived[3].insert(2, with_bits(&sent[3][1], 0, ENCRYPTED));
    arrived[4].insert(0, sent[4][0][..2].to_vec());
    arrived[4].insert(1, sent[4][0][..1].to_vec());
    arrived[5].swap(0, 1);
    arrived[5].insert(2, sent[5][0].clone());
    let verdicts = decrypted(Mode::Stateless, &arrived);
    let refused = |session: usize| verdicts[session].iter().filter_map(|verdict| verdict.err()).collect::<Vec<_>>();
    assert_eq!(refused(0), []);
    assert!(matches!(refused(1)[..], [DecryptError::Implausible { .. }, DecryptError::Implausible { .. }]));
    assert_eq!(refused(2), [DecryptError::Compressed]);
    assert_eq!(refused(3), [DecryptError::NotFlushed, DecryptError::NotEncrypted]);
    assert!(matches!(refused(4)[..], [DecryptError::Truncated { available: 2, .. }, DecryptError::Truncated { .. }]));
    assert!(matches!(refused(5)[..], [DecryptError::Repeated { .. }]));
}

/// RFC 3078 sections 7.2 and 8.2: streams run through packets, and start again at FLUSHED ones and
/// at flag packets.
#[test]
fn section_8_2_a_batch_judges_each_kind_of_stateful_packet_as_it_is_judged_alone() {
    let mut encryptors = encryptors(Mode::Stateful);
    let mut sent: Vec<Packets> = (0..)
        .zip(&mut encryptors)
        .map(|(session, encryptor)| long(session, 5).iter().map(|packet| sealed(encryptor, packet)).collect())
        .collect();
    encryptors[4].handle_reset_request();
    sent[4].extend(long(4, 2).iter().map(|packet| sealed(&mut encryptors[4], packet)));
    // The flag packet is the 256th.
    sent[5].extend(long(5, 253).iter().map(|packet| sealed(&mut encryptors[5], packet)));
    let mut arrived = sent.clone();
    arrived[1].insert(1, forged(&sent[1][1]));
    arrived[2].insert(1, with_bits(&sent[2][1], COMPRESSED, 0));
    arrived[3].insert(1, with_bits(&sent[3][1], 0, ENCRYPTED));
    arrived[4].remove(2);
    let verdicts = decrypted(Mode::Stateful, &arrived);
    let refused = |session: usize| verdicts[session].iter().filter_map(|verdict| verdict.err()).collect::<Vec<_>>();
    assert_eq!((refused(0), refused(5)), (Vec::new(), Vec::new()));
    assert!(matches!(refused(1)[..], [DecryptError::Implausible { .. }]));
    assert_eq!(refused(2), [DecryptError::Compressed]);
    assert_eq!(refused(3), [DecryptError::NotEncrypted]);
    assert!(matches!(refused(4)[..], [DecryptError::AwaitingFlushed { .. }, DecryptError::AwaitingFlushed { .. }]));
}

/// Lanes are filled when the next packets of four sessions can be worked on side by side.
#[test]
fn section_3_a_batch_judges_packets_of_one_kind_as_they_are_judged_alone() {
    for mode in MODES {
        for (set, cleared) in [(COMPRESSED, 0), (0, ENCRYPTED), (FLUSHED, 0), (0, FLUSHED)] {
            let mut encryptors = encryptors(mode);
            let sent = (0..).zip(&mut encryptors).map(|(session, encryptor)| {
                let mut packets: Packets = long(session, 4).iter().map(|packet| sealed(encryptor, packet)).collect();
                packets.insert(2, with_bits(&packets[2], set, cleared));
                packets
            });
            let verdicts = decrypted(mode, &sent.collect::<Vec<_>>());
            let refused = match (set, cleared, mode) {
                (COMPRESSED, ..) => Some(DecryptError::Compressed),
                (0, ENCRYPTED, _) => Some(DecryptError::NotEncrypted),
                (0, FLUSHED, Mode::Stateless) => Some(DecryptError::NotFlushed),
                _ => continue,
            };
            assert!(verdicts.iter().all(|verdicts| verdicts[2].err() == refused && verdicts[3].is_ok()), "{mode}");
        }
    }
}

/// A reset that waits and a flag packet start the stream of a session again, and of no other.
#[test]
fn section_8_2_a_batch_sends_flushed_packets_where_they_are_due() {
    let advance = |encryptor: &mut Encryptor| {
        for mark in 0..254 {
            sealed(encryptor, &ip(mark, 20));
        }
    };
    for mode in MODES {
        assert_encrypted_alike(mode, |encryptors| {
            encryptors[1].handle_reset_request();
            advance(&mut encryptors[2]);
        });
        assert_encrypted_alike(mode, |encryptors| encryptors.iter_mut().for_each(advance));
        assert_encrypted_alike(mode, |encryptors| encryptors.iter_mut().for_each(Encryptor::handle_reset_request));
    }
}
