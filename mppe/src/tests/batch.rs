//! Batches do what one by one does.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::{MODES, STRENGTHS};
use crate::{
    Batch, Config, Decryptor, EncryptError, Encryptor, Flags, Incoming, Mode, Outgoing, Receiving, Sending, StartKey,
    Strength,
};

/// A test case of one session: its mode and strength, its packets, and which of them are lost or
/// forged.
#[derive(Debug, Clone)]
struct Plan {
    strength: Strength,
    mode: Mode,
    lengths: Vec<usize>,
    /// 0 and 1: lost; 2: repeated; 3: a byte is wrong; 4: the next two change places; others: as they are.
    fates: Vec<u8>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let length = prop_oneof![Just(20usize), 20..70usize, 150..400usize, Just(1400usize)];
    (
        prop::sample::select(&STRENGTHS[..]),
        prop::sample::select(&MODES[..]),
        prop::collection::vec(length, 0..12),
        prop::collection::vec(0..16u8, 12),
    )
        .prop_map(|(strength, mode, lengths, fates)| Plan { strength, mode, lengths, fates })
}

fn ends(number: usize, plan: &Plan) -> (Encryptor, Decryptor) {
    let start = StartKey::from_bytes(plan.strength, [u8::try_from(number).unwrap() + 1; 16]);
    let config = Config::new(plan.mode);
    let (mut encryptor, mut decryptor) = (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
    // Not at the start of the stream, where all tables are new.
    for mark in 0..u32::try_from(number * 37).unwrap() {
        decryptor.decrypt(&mut super::sealed(&mut encryptor, &super::ip(mark, 30 + number))).unwrap();
    }
    (encryptor, decryptor)
}

fn buffers(plan: &Plan) -> Vec<Vec<u8>> {
    let packet = |(mark, length): (u32, &usize)| [&[0, 0, 0, 0x21], &super::ip(mark, *length)[..]].concat();
    (0..).zip(&plan.lengths).map(packet).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn both_directions_are_as_one_by_one(plans in prop::collection::vec(plan(), 1..9)) {
        let mut batch = Batch::new();
        let mut one_by_one: Vec<(Encryptor, Decryptor)> = (0..).zip(&plans).map(|(number, plan)| ends(number, plan)).collect();
        let mut batched: Vec<(Encryptor, Decryptor)> = (0..).zip(&plans).map(|(number, plan)| ends(number, plan)).collect();
        for (one, other) in one_by_one.iter_mut().zip(&mut batched).step_by(3) {
            one.0.handle_reset_request();
            other.0.handle_reset_request();
        }

        let mut expected: Vec<Vec<Vec<u8>>> = plans.iter().map(buffers).collect();
        let mut found = expected.clone();
        for ((encryptor, _), packets) in one_by_one.iter_mut().zip(&mut expected) {
            for packet in packets {
                let end = packet.len();
                encryptor.encrypt_in_place(packet, 2..end).unwrap();
            }
        }
        let mut outgoing: Vec<Vec<Outgoing<'_>>> = found
            .iter_mut()
            .map(|packets| packets.iter_mut().map(|packet| { let end = packet.len(); Outgoing::new(packet, 2..end) }).collect())
            .collect();
        let mut sessions: Vec<Sending<'_, '_>> =
            batched.iter_mut().zip(&mut outgoing).map(|((encryptor, _), packets)| Sending::new(encryptor, packets)).collect();
        batch.encrypt(&mut sessions);
        for packet in outgoing.iter().flatten() {
            prop_assert!(matches!(packet.packet(), Some(Ok(_))));
        }
        prop_assert_eq!(&found, &expected);

        // On the way some are lost, repeated, damaged, exchanged.
        let mut arrived: Vec<Vec<Vec<u8>>> = Vec::new();
        for (plan, packets) in plans.iter().zip(&found) {
            let mut session: Vec<Vec<u8>> = Vec::new();
            for (packet, fate) in packets.iter().zip(&plan.fates) {
                match fate {
                    0 | 1 => {}
                    2 => session.extend([packet.clone(), packet.clone()]),
                    3 => {
                        let mut damaged = packet.clone();
                        damaged[3] ^= 0x40;
                        session.push(damaged);
                    }
                    4 if !session.is_empty() => session.insert(session.len() - 1, packet.clone()),
                    _ => session.push(packet.clone()),
                }
            }
            arrived.push(session);
        }
        let mut expected = arrived.clone();
        let mut results = Vec::new();
        for ((_, decryptor), packets) in one_by_one.iter_mut().zip(&mut expected) {
            for packet in packets {
                results.push(decryptor.decrypt(packet).map(|decrypted| decrypted.header));
            }
        }
        let mut incoming: Vec<Vec<Incoming<'_>>> =
            arrived.iter_mut().map(|packets| packets.iter_mut().map(|packet| Incoming::new(packet)).collect()).collect();
        let mut sessions: Vec<Receiving<'_, '_>> =
            batched.iter_mut().zip(&mut incoming).map(|((_, decryptor), packets)| Receiving::new(decryptor, packets)).collect();
        batch.decrypt(&mut sessions);
        let found: Vec<_> = incoming.iter().flatten().map(|packet| packet.decrypted().unwrap().map(|decrypted| decrypted.header)).collect();
        prop_assert_eq!(found, results);
        prop_assert_eq!(arrived, expected);
        for ((_, one), (_, other)) in one_by_one.iter().zip(&batched) {
            prop_assert_eq!(one.statistics(), other.statistics());
        }
    }
}

#[test]
fn a_packet_that_cannot_be_encrypted_holds_up_no_other() {
    let plan = Plan { strength: Strength::Bits128, mode: Mode::Stateless, lengths: vec![], fates: vec![] };
    let (mut encryptor, mut decryptor) = ends(0, &plan);
    let mut buffers: Vec<Vec<u8>> = (0..3).map(|mark| [&[0, 0, 0, 0x21], &super::ip(mark, 20)[..]].concat()).collect();
    buffers[1][2..4].copy_from_slice(&[0xc0, 0x21]);
    let mut outgoing: Vec<Outgoing<'_>> = buffers.iter_mut().map(|buf| Outgoing::new(buf, 2..24)).collect();
    assert!(outgoing[0].packet().is_none());
    Batch::new().encrypt(&mut [Sending::new(&mut encryptor, &mut outgoing)]);
    assert_eq!(outgoing[1].packet(), Some(Err(EncryptError::Protocol { found: 0xc021 })));
    for mark in [0, 2] {
        let mut packet = outgoing[mark].packet().unwrap().unwrap().to_vec();
        assert!(decryptor.decrypt(&mut packet).is_ok());
    }

    // The output of MPPC is not looked into, and its bits are sent.
    let mut buffer = *b"--compressed";
    let mut outgoing = [Outgoing::compressed(&mut buffer, 2..12, Flags::COMPRESSED)];
    Batch::new().encrypt(&mut [Sending::new(&mut encryptor, &mut outgoing)]);
    let mut packet = outgoing[0].packet().unwrap().unwrap().to_vec();
    assert_eq!(decryptor.decrypt_pending(&mut packet).unwrap().plaintext(), b"compressed");
}

/// The packet behind two bytes for the header.
fn whole(packet: &mut [u8]) -> Outgoing<'_> {
    let end = packet.len();
    Outgoing::new(packet, 2..end)
}

/// More sessions than are worked on side by side have long packets of different lengths. Stateful
/// streams run through several of them.
#[test]
fn many_sessions_side_by_side_are_as_one_by_one() {
    for mode in MODES {
        let lengths = |number: usize| (0..6).map(|packet| 200 + (number * 131 + packet * 257) % 1200).collect();
        let of = |number| Plan { strength: Strength::Bits128, mode, lengths: lengths(number), fates: vec![] };
        let plans: Vec<Plan> = (0..20).map(of).collect();
        let pairs = || (0..).zip(&plans).map(|(number, plan)| ends(number, plan)).collect::<Vec<_>>();
        let (mut one_by_one, mut batched) = (pairs(), pairs());
        let clear: Vec<Vec<Vec<u8>>> = plans.iter().map(buffers).collect();
        let (mut expected, mut found) = (clear.clone(), clear.clone());
        for ((encryptor, _), packets) in one_by_one.iter_mut().zip(&mut expected) {
            for packet in packets {
                let end = packet.len();
                encryptor.encrypt_in_place(packet, 2..end).unwrap();
            }
        }
        let mut packets: Vec<Vec<Outgoing<'_>>> =
            found.iter_mut().map(|packets| packets.iter_mut().map(|packet| whole(packet)).collect()).collect();
        let both = batched.iter_mut().zip(&mut packets);
        let mut sessions: Vec<_> = both.map(|((encryptor, _), packets)| Sending::new(encryptor, packets)).collect();
        Batch::new().encrypt(&mut sessions);
        assert_eq!(found, expected, "{mode:?}");

        let mut packets: Vec<Vec<Incoming<'_>>> =
            found.iter_mut().map(|packets| packets.iter_mut().map(|packet| Incoming::new(packet)).collect()).collect();
        let both = batched.iter_mut().zip(&mut packets);
        let mut sessions: Vec<_> = both.map(|((_, decryptor), packets)| Receiving::new(decryptor, packets)).collect();
        Batch::new().decrypt(&mut sessions);
        assert!(packets.iter().flatten().all(|packet| matches!(packet.decrypted(), Some(Ok(_)))));
        // Each lies where it was, behind two bytes of header.
        let bodies = |all: &[Vec<Vec<u8>>]| all.iter().flatten().map(|packet| packet[2..].to_vec()).collect::<Vec<_>>();
        assert_eq!(bodies(&found), bodies(&clear), "{mode:?}");
    }
}
