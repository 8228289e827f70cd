//! Packets that an outsider sends, in a tunnel whose frames prove themselves when they are opened.
#![expect(clippy::arithmetic_side_effects, reason = "a test may fail")]

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::{Inline, config, events, ms, packet};
use crate::{Event, MAX_TRANSMIT, Packet, ReceiveError, Received, SequenceNumber, Unproven};

const GENUINE: u8 = 0xaa;
const FORGED: u8 = 0x78;
/// A forged frame in the clear: of LCP, not of MPPE.
const CLEAR: u8 = 0x21;

/// Returns a frame of MPPE, as far as a tunnel can see, with its number.
fn frame(kind: u8, number: u32) -> Vec<u8> {
    let protocol = if kind == CLEAR { [0xc0, 0x21, 9] } else { [0xfd, 0x90, 0x00] };
    [&protocol[..], &[kind], &number.to_be_bytes()].concat()
}

/// Opens a frame: the number of a genuine one.
fn open(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0xfd, 0x90, 0x00, GENUINE, number @ ..] => Some(u32::from_be_bytes(number.try_into().unwrap())),
        _ => None,
    }
}

struct Receiver {
    tunnel: Inline,
    delivered: Vec<u32>,
    /// Genuine packets whose number a forged one held.
    pushed_out: BTreeSet<u32>,
}

impl Receiver {
    fn new() -> Self {
        let tunnel = Inline::inline(config().with_late_frames(true));
        Self { tunnel, delivered: Vec::new(), pushed_out: BTreeSet::new() }
    }

    fn conclude(&mut self, now: Duration, unproven: &Unproven, bytes: &[u8]) {
        match open(bytes) {
            // A decryptor takes each packet once.
            Some(number) if !self.delivered.contains(&number) => {
                self.tunnel.confirm(now, unproven);
                self.delivered.push(number);
            }
            _ if bytes.starts_with(&[0xc0, 0x21]) => self.tunnel.doubt(now, unproven),
            _ => self.tunnel.refuse(now, unproven),
        }
    }

    fn poll(&mut self, now: Duration) {
        self.tunnel.handle_timeout(now);
        while let Some((unproven, bytes)) = self.tunnel.poll_receive_unproven(now) {
            let bytes = bytes.to_vec();
            self.conclude(now, &unproven, &bytes);
        }
    }

    fn receive(&mut self, now: Duration, kind: u8, number: u32) {
        self.poll(now);
        let bytes = packet(number, None, &frame(kind, number));
        let mut received = self.tunnel.decapsulate_unproven(now, &bytes);
        if received == Err(ReceiveError::Busy) {
            self.poll(now);
            received = self.tunnel.decapsulate_unproven(now, &bytes);
        }
        match received {
            Ok(Received::Frame(unproven) | Received::LateFrame(unproven)) => {
                self.conclude(now, &unproven, &bytes[unproven.range()]);
            }
            Ok(Received::Held) if kind != GENUINE => drop(self.pushed_out.insert(number)),
            _ => {}
        }
        self.poll(now);
    }
}

/// Case S4: two forged packets far ahead, and the next number every 1.9 s.
#[test]
fn section_4_3_forged_numbers_silence_no_call() {
    for far in [0x3000_0000, 0x8000_0000, 0xf000_0000, 1000, 100, 9, 8, 1, 0] {
        let mut receiver = Receiver::new();
        let mut forged = far;
        for number in 0..700 {
            let now = ms(u64::from(number) * 100);
            if number >= 100 && number % 19 == 0 {
                for _ in 0..2 {
                    receiver.receive(now, FORGED, forged + number);
                    forged += 1;
                }
            }
            receiver.receive(now, GENUINE, number);
        }
        receiver.poll(ms(100_000));
        let missing = 700 - receiver.delivered.len();
        assert!(missing <= receiver.pushed_out.len(), "{far:#x}: {missing} of 700 are missing");
        if far > 8 {
            assert_eq!(receiver.delivered, (0..700).collect::<Vec<_>>(), "{far:#x}");
        }
        assert_eq!(events(&mut receiver.tunnel), [], "{far:#x}");
    }
}

/// A forged packet comes before the first genuine one, or claims the number that is next.
#[test]
fn section_4_1_a_forged_number_is_free_for_the_genuine_packet() {
    let mut receiver = Receiver::new();
    for number in 0..200 {
        receiver.receive(ms(0), FORGED, if number == 0 { 5_000_000 } else { number });
        receiver.receive(ms(0), GENUINE, number);
    }
    assert_eq!(receiver.delivered, (0..200).collect::<Vec<_>>());
    let statistics = receiver.tunnel.statistics();
    assert_eq!((statistics.duplicates, statistics.late, statistics.lost, statistics.restarts), (0, 0, 0, 0));
    assert_eq!(statistics.sr, Some(SequenceNumber::new(200)));
}

/// A forged frame in the clear has the number that is next, or that of a packet that is late.
#[test]
fn section_4_1_a_forged_frame_in_the_clear_leaves_its_number_to_the_genuine_packet() {
    let mut receiver = Receiver::new();
    receiver.receive(ms(0), GENUINE, 0);
    for number in 1..200 {
        let now = ms(u64::from(number) * 10);
        receiver.receive(now, CLEAR, number);
        assert_eq!(receiver.tunnel.poll_timeout().filter(|at| *at <= now), None, "nothing waits for it");
        receiver.receive(now, FORGED, number);
        receiver.receive(now, GENUINE, number);
        receiver.receive(now, GENUINE, number);
    }
    assert_eq!(receiver.delivered, (0..200).collect::<Vec<_>>());
    // One overtakes another, and the forger comes between the two.
    receiver.receive(ms(3000), GENUINE, 201);
    receiver.poll(ms(4000));
    receiver.receive(ms(4000), CLEAR, 200);
    receiver.receive(ms(4000), GENUINE, 200);
    assert_eq!(receiver.delivered[200..], [201, 200]);
    // The same before the first number that was believed.
    let mut early = Receiver::new();
    early.receive(ms(0), GENUINE, 1);
    early.receive(ms(0), CLEAR, 0);
    early.receive(ms(0), GENUINE, 0);
    assert_eq!(early.delivered, [1, 0]);
    // A copy of a frame in the clear is one.
    receiver.receive(ms(4000), CLEAR, 202);
    let copy = packet(202, None, &frame(CLEAR, 202));
    assert!(matches!(receiver.tunnel.decapsulate_unproven(ms(4000), &copy), Err(ReceiveError::Duplicate { .. })));
}

/// Packets that wait are forged, one behind the other, faster than genuine ones come.
#[test]
fn section_4_3_forged_packets_that_wait_do_not_lead_the_numbers_away() {
    let mut receiver = Receiver::new();
    let mut forged = 5;
    for number in 0..600 {
        let now = ms(u64::from(number) * 100);
        receiver.receive(now, GENUINE, number);
        let next = receiver.tunnel.statistics().sr.unwrap().get();
        forged = (next + 7).max(forged);
        receiver.receive(now, FORGED, forged);
    }
    receiver.poll(ms(100_000));
    let missing = 600 - receiver.delivered.len();
    assert!(missing <= receiver.pushed_out.len() && missing <= 200, "{missing} are missing");
    // When it stops, all is well.
    for number in 600..700 {
        receiver.receive(ms(100_000 + u64::from(number)), GENUINE, number);
    }
    let delivered = receiver.delivered.iter().filter(|number| **number >= 600).count();
    assert!(delivered >= 100 - 8, "{delivered} of 100");
}

#[test]
fn section_4_1_a_far_number_is_believed_when_its_frame_is_opened() {
    let mut receiver = Receiver::new();
    let mut buf = [0; MAX_TRANSMIT];
    for (at, number) in [(0, 0), (100, 1_000_000), (200, 1_000_001)] {
        receiver.receive(ms(at), GENUINE, number);
        receiver.receive(ms(at), FORGED, number + 2_000_000);
        let sent = receiver.tunnel.poll_transmit(ms(at + 60), &mut buf).unwrap().unwrap();
        assert_eq!(Packet::decode(sent).unwrap().header.acknowledgment_number, Some(number));
    }
    assert_eq!(receiver.delivered, [0, 1_000_000, 1_000_001]);
    // The acknowledgment of a forged packet counts as little as its number.
    for _ in 0..3 {
        receiver.tunnel.encapsulate(ms(300), b"frame", &mut [0; 64]).unwrap();
    }
    let far = packet(5, Some(2), &frame(FORGED, 5));
    assert!(matches!(receiver.tunnel.decapsulate_unproven(ms(300), &far), Ok(Received::LateFrame(_))));
    assert_eq!(receiver.tunnel.statistics().remote_nr, None);
}

#[test]
fn section_4_1_numbers_start_anew_when_the_frame_is_opened() {
    let mut receiver = Receiver::new();
    for number in [70_000, 70_001] {
        receiver.receive(ms(0), GENUINE, number);
    }
    receiver.receive(ms(10), FORGED, 3);
    assert_eq!(events(&mut receiver.tunnel), []);
    receiver.receive(ms(20), GENUINE, 0);
    assert_eq!(events(&mut receiver.tunnel), [Event::NumbersRestarted]);
    receiver.receive(ms(30), GENUINE, 1);
    assert_eq!(receiver.delivered, [70_000, 70_001, 0, 1]);
}

/// Frames that are not MPPE's, such as those of LCP, prove less: numbers start again with them
/// after silence.
#[test]
fn section_4_1_other_frames_start_numbers_anew_after_silence() {
    let mut tunnel = Inline::inline(config());
    let lcp = |number| packet(number, None, &[0xff, 0x03, 0xc0, 0x21]);
    for (millis, number, is_given) in [(0, 70_000, true), (1999, 0, false), (2000, 1, true), (2000, 2, true)] {
        let received = tunnel.decapsulate_unproven(ms(millis), &lcp(number));
        assert_eq!(received.is_ok(), is_given, "{number}: {received:?}");
        if let Ok(Received::Frame(unproven)) = received {
            tunnel.confirm(ms(millis), &unproven);
        }
    }
    assert_eq!(events(&mut tunnel), [Event::NumbersRestarted]);
}

/// Acknowledgments in packets with data, and the counters of what was delivered.
#[test]
fn section_4_1_what_a_confirmed_packet_acknowledges_counts() {
    let mut tunnel = Inline::inline(config().with_late_frames(true));
    for _ in 0..4 {
        tunnel.encapsulate(ms(0), b"frame", &mut [0; 64]).unwrap();
    }
    let receive = |tunnel: &mut Inline, number, acknowledged, kind| {
        let bytes = packet(number, Some(acknowledged), &frame(kind, number));
        match tunnel.decapsulate_unproven(ms(0), &bytes).unwrap() {
            Received::Frame(unproven) | Received::LateFrame(unproven) => Some(unproven),
            Received::Held | Received::Acknowledgment => None,
        }
    };
    // The first, then the next, then one in the place of a frame in the clear, then one that has to wait.
    let first = receive(&mut tunnel, 0, 0, GENUINE).unwrap();
    assert_eq!(tunnel.statistics().remote_nr, None, "before it is confirmed");
    tunnel.confirm(ms(0), &first);
    assert_eq!(tunnel.statistics().remote_nr.map(SequenceNumber::get), Some(0));
    let clear = receive(&mut tunnel, 1, 1, CLEAR).unwrap();
    assert_eq!(tunnel.statistics().remote_nr.map(SequenceNumber::get), Some(1));
    tunnel.doubt(ms(0), &clear);
    let genuine = receive(&mut tunnel, 1, 2, GENUINE).unwrap();
    assert_eq!(tunnel.statistics().remote_nr.map(SequenceNumber::get), Some(1), "before it is confirmed");
    tunnel.confirm(ms(0), &genuine);
    assert_eq!(tunnel.statistics().remote_nr.map(SequenceNumber::get), Some(2));
    assert_eq!(tunnel.statistics().packets_received, 3);
    assert_eq!(receive(&mut tunnel, 3, 3, GENUINE), None);
    assert!(tunnel.poll_receive_unproven(ms(300)).is_some());
    assert_eq!(tunnel.statistics().packets_received, 4);
}

/// A copy of a frame in the clear makes no room for a copy of the genuine one.
#[test]
fn section_4_3_a_copy_in_the_clear_of_a_number_that_was_confirmed_changes_nothing() {
    let mut receiver = Receiver::new();
    for number in 0..3 {
        receiver.receive(ms(0), GENUINE, number);
    }
    for kind in [CLEAR, GENUINE] {
        let bytes = packet(2, None, &frame(kind, 2));
        let outcome = receiver.tunnel.decapsulate_unproven(ms(0), &bytes);
        assert!(matches!(outcome, Err(ReceiveError::Duplicate { .. })), "{kind:#x}: {outcome:?}");
    }
    // And where late frames are not wanted, one that is late stays so.
    let mut tunnel = Inline::inline(config());
    for number in [0, 2] {
        if let Ok(Received::Frame(frame)) =
            tunnel.decapsulate_unproven(ms(0), &packet(number, None, &frame(GENUINE, number)))
        {
            tunnel.confirm(ms(0), &frame);
        }
    }
    assert!(tunnel.poll_receive_unproven(ms(300)).is_some());
    for kind in [CLEAR, GENUINE] {
        assert!(tunnel.decapsulate_unproven(ms(300), &packet(1, None, &frame(kind, 1))).is_err(), "{kind:#x}");
    }
}

/// The time of the proof is what ends a silence.
#[test]
fn section_4_1_silence_counts_from_the_proof() {
    let mut tunnel = Inline::inline(config());
    for (number, at) in [(5000, 0), (5001, 5000)] {
        let bytes = packet(number, None, &frame(GENUINE, number));
        let Ok(Received::Frame(frame)) = tunnel.decapsulate_unproven(ms(0), &bytes) else { panic!("{number}") };
        tunnel.confirm(ms(at), &frame);
    }
    let lcp = packet(0, None, &frame(CLEAR, 0));
    assert!(matches!(tunnel.decapsulate_unproven(ms(6999), &lcp), Err(ReceiveError::Late { .. })));
    assert!(matches!(tunnel.decapsulate_unproven(ms(7000), &lcp), Ok(Received::Frame(_))));
}

#[derive(Debug, Clone)]
enum Input {
    Genuine { late: u8 },
    Lost(u16),
    Forged { kind: u8, from_next: bool, number: u32 },
    Time(u16),
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let number = prop_oneof![0..20u32, any::<u32>(), 0..2000u32, (0..100u32).prop_map(u32::wrapping_neg)];
    let input = prop_oneof![
        8 => prop_oneof![4 => Just(0u8), 1 => 0..4u8].prop_map(|late| Input::Genuine { late }),
        1 => prop_oneof![0..10u16, 0..3000u16].prop_map(Input::Lost),
        6 => (prop_oneof![Just(FORGED), Just(CLEAR)], any::<bool>(), number)
            .prop_map(|(kind, from_next, number)| Input::Forged { kind, from_next, number }),
        2 => (0..2500u16).prop_map(Input::Time),
    ];
    prop::collection::vec(input, 1..100)
}

fn run(first: u32, inputs: &[Input], with_forged: bool) -> Receiver {
    let (mut receiver, mut number, mut now) = (Receiver::new(), first, ms(0));
    let mut waiting: Vec<(usize, u32)> = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        match input {
            Input::Genuine { late } => {
                waiting.push((at + usize::from(*late), number));
                number = number.wrapping_add(1);
            }
            Input::Lost(packets) => number = number.wrapping_add((*packets).into()),
            Input::Forged { kind, from_next, number } if with_forged => {
                let next = receiver.tunnel.statistics().sr.map_or(0, SequenceNumber::get);
                receiver.receive(now, *kind, number.wrapping_add(if *from_next { next } else { 0 }));
            }
            Input::Forged { .. } => {}
            Input::Time(millis) => now += ms((*millis).into()),
        }
        waiting.sort_unstable();
        while waiting.first().is_some_and(|(due, _)| *due <= at) {
            receiver.receive(now, GENUINE, waiting.remove(0).1);
        }
    }
    receiver.poll(now + ms(1000));
    receiver
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every frame that is delivered without forged packets is delivered with them, but for those
    /// in whose place a forged one waited.
    #[test]
    fn genuine_frames_get_what_they_get_without_forged_ones(
        first in prop_oneof![Just(0), any::<u32>()],
        inputs in inputs(),
    ) {
        let (with, without) = (run(first, &inputs, true), run(first, &inputs, false));
        for number in without.delivered {
            prop_assert!(
                with.delivered.contains(&number) || with.pushed_out.contains(&number),
                "{} is not delivered because of forged packets", number
            );
        }
    }
}

#[test]
fn a_frame_whose_proof_is_awaited_has_the_number_of_its_packet() {
    let mut tunnel = Inline::inline(config());
    let bytes = packet(7, None, &frame(GENUINE, 7));
    let Ok(Received::Frame(unproven)) = tunnel.decapsulate_unproven(ms(0), &bytes) else { panic!("it is the first") };
    assert_eq!(unproven.number(), SequenceNumber::new(7));
    assert_eq!(open(&bytes[unproven.range()]), Some(7));
}
