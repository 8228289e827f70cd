//! A receiver beside a plain model of RFC 3078 section 8.1, over a link that loses, repeats and reorders.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use proptest::prelude::*;
use rc4::{KeyInit, Rc4, StreamCipher};
use sha1::{Digest, Sha1};

use core::time::Duration;

use super::{STRENGTHS, ip, sealed};
use crate::{Config, DecryptError, Decryptor, Encryptor, FlushedRule, Mode, StartKey, Strength};

/// RFC 3078 section 7.3, word by word, with other crates' SHA-1 and RC4.
struct PlainSender {
    strength: Strength,
    start: Vec<u8>,
    key: Vec<u8>,
    count: u16,
}

impl PlainSender {
    fn new(start: &StartKey) -> Self {
        let mut sender =
            Self { strength: start.strength(), start: start.expose_bytes().to_vec(), key: Vec::new(), count: 0 };
        sender.key = sender.digest(start.expose_bytes());
        sender.reduce();
        sender
    }

    fn digest(&self, key: &[u8]) -> Vec<u8> {
        let parts = [&self.start[..], &[0; 40], key, &[0xf2; 40]];
        Sha1::digest(parts.concat())[..self.start.len()].to_vec()
    }

    fn reduce(&mut self) {
        match self.strength {
            Strength::Bits40 => self.key[..3].copy_from_slice(&[0xd1, 0x26, 0x9e]),
            Strength::Bits56 => self.key[0] = 0xd1,
            Strength::Bits128 => {}
        }
    }

    fn change_key(&mut self) {
        let interim = self.digest(&self.key);
        self.key.clone_from(&interim);
        Rc4::new_from_slice(&interim).unwrap().apply_keystream(&mut self.key);
        self.reduce();
    }

    fn packet(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.change_key();
        let mut packet = (0x9000 | self.count).to_be_bytes().to_vec();
        packet.extend_from_slice(plaintext);
        Rc4::new_from_slice(&self.key).unwrap().apply_keystream(&mut packet[2..]);
        self.count = (self.count + 1) & 0x0fff;
        packet
    }
}

/// RFC 3078 sections 7.2 and 8.2, and Linux' way to answer a Reset-Request.
struct PlainStatefulSender {
    keys: PlainSender,
    stream: Rc4,
    rule: FlushedRule,
    reset: bool,
}

impl PlainStatefulSender {
    fn new(start: &StartKey, rule: FlushedRule) -> Self {
        let keys = PlainSender::new(start);
        let stream = Rc4::new_from_slice(&keys.key).unwrap();
        Self { keys, stream, rule, reset: false }
    }

    fn packet(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let flag = self.keys.count & 0xff == 0xff;
        let flushed = flag || self.reset;
        if flag || flushed && self.rule == FlushedRule::Linux {
            self.keys.change_key();
        }
        if flushed {
            self.stream = Rc4::new_from_slice(&self.keys.key).unwrap();
            self.reset = false;
        }
        let bits = if flushed { 0x9000 } else { 0x1000 };
        let mut packet = (bits | self.keys.count).to_be_bytes().to_vec();
        packet.extend_from_slice(plaintext);
        self.stream.apply_keystream(&mut packet[2..]);
        self.keys.count = (self.keys.count + 1) & 0x0fff;
        packet
    }
}

/// The output of a receiver without limits of time: each packet once, when it is not more than 64
/// behind.
#[derive(Default)]
struct PlainReceiver {
    next: u32,
    taken: BTreeSet<u32>,
}

impl PlainReceiver {
    fn takes(&mut self, mark: u32) -> bool {
        let takes = mark + 64 >= self.next && self.taken.insert(mark);
        if takes {
            self.next = self.next.max(mark + 1);
        }
        takes
    }
}

/// Generates when each packet arrives: never, once or twice, each time a little late or very late.
fn arrivals() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let delay = prop_oneof![4 => Just(0u32), 2 => 0..4u32, 1 => 0..100u32];
    let times = prop_oneof![1 => Just(0usize), 6 => Just(1usize), 1 => Just(2usize)];
    let packet = times.prop_flat_map(move |times| prop::collection::vec(delay.clone(), times));
    prop::collection::vec(packet, 1..300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn stateless_takes_what_the_model_takes(
        strength in prop::sample::select(&STRENGTHS[..]),
        // Packets before: the count wraps within the test as well.
        before in prop::sample::select(&[0u32, 3900, 8100][..]),
        arrivals in arrivals(),
    ) {
        let start = StartKey::from_bytes(strength, *b"0123456789abcdef");
        let mut sender = PlainSender::new(&start);
        let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateless));
        let mut model = PlainReceiver::default();
        for mark in 0..before {
            let payload = ip(mark, 20);
            let mut packet = sender.packet(&[&[0, 0x21], &payload[..]].concat());
            decryptor.decrypt(&mut packet).unwrap();
            model.takes(mark);
        }
        let mut events = Vec::new();
        for (mark, delays) in (before..).zip(arrivals) {
            let payload = ip(mark, 24);
            // One byte of protocol in every other packet.
            let protocol: &[u8] = if mark % 2 == 0 { &[0, 0x21] } else { &[0x21] };
            let packet = sender.packet(&[protocol, &payload[..]].concat());
            events.extend(delays.into_iter().map(|delay| (mark + delay, mark, payload.clone(), packet.clone())));
        }
        events.sort_by_key(|(time, mark, ..)| (*time, *mark));
        for (_, mark, payload, mut packet) in events {
            let expected = model.takes(mark).then_some(payload);
            let found = decryptor.decrypt(&mut packet).ok().map(|decrypted| decrypted.payload().to_vec());
            prop_assert_eq!(found, expected, "packet {}", mark);
        }
    }

    /// Stateful, under either rule, which the receiver does not know. Every output was sent, each
    /// packet comes once at most, and one Reset-Request brings both ends in step when the network
    /// is well again.
    #[test]
    fn stateful_takes_nothing_wrong_and_gets_in_step(
        strength in prop::sample::select(&STRENGTHS[..]),
        rule in prop::sample::select(&[FlushedRule::Rfc3078, FlushedRule::Linux][..]),
        before in prop::sample::select(&[0u32, 200, 3900][..]),
        arrivals in arrivals(),
        // Which Reset-Requests get lost. Linux' rule holds out eight lost answers.
        lost_requests in prop::collection::vec(any::<bool>(), 8),
    ) {
        let start = StartKey::from_bytes(strength, *b"0123456789abcdef");
        let mut sender = PlainStatefulSender::new(&start, rule);
        let mut decryptor = Decryptor::new(&start, &Config::new(Mode::Stateful));
        let mut now = Duration::ZERO;
        for mark in 0..before {
            decryptor.decrypt(&mut sender.packet(&[&[0x21], &ip(mark, 20)[..]].concat())).unwrap();
        }
        let mut on_the_way: Vec<(u32, u32, Vec<u8>)> = Vec::new();
        let mut taken = BTreeSet::new();
        let mut requests = lost_requests.into_iter();
        for (mark, delays) in (before..).zip(arrivals) {
            let packet = sender.packet(&[&[0, 0x21], &ip(mark, 24)[..]].concat());
            on_the_way.extend(delays.into_iter().map(|delay| (mark + delay, mark, packet.clone())));
            on_the_way.sort();
            while on_the_way.first().is_some_and(|(time, ..)| *time <= mark) {
                let (_, arrived, mut packet) = on_the_way.remove(0);
                if let Ok(decrypted) = decryptor.decrypt(&mut packet) {
                    prop_assert_eq!(decrypted.payload(), ip(arrived, 24));
                    prop_assert!(taken.insert(arrived), "packet {} was taken twice", arrived);
                }
            }
            now += Duration::from_millis(300);
            if decryptor.poll_reset_request(now).is_some() && requests.next() == Some(true) {
                sender.reset = true;
            }
        }
        // The network is well again: at most the packet that shows the loss, and the answer.
        let mut refused = 0;
        for mark in 0..3 {
            let payload = ip(mark, 40);
            let mut packet = sender.packet(&[&[0, 0x21], &payload[..]].concat());
            match decryptor.decrypt(&mut packet) {
                Ok(decrypted) => prop_assert_eq!(decrypted.payload(), payload),
                Err(_) => refused += 1,
            }
            now += Duration::from_secs(1);
            sender.reset |= decryptor.poll_reset_request(now).is_some();
        }
        prop_assert!(refused <= 1, "{} of 3 refused", refused);
    }

    /// The sender, beside the model.
    #[test]
    fn stateful_sends_what_the_model_sends(
        rule in prop::sample::select(&[FlushedRule::Rfc3078, FlushedRule::Linux][..]),
        resets in prop::collection::vec(prop::bool::weighted(0.02), 600),
    ) {
        let start = StartKey::from_bytes(Strength::Bits56, *b"0123456789abcdef");
        let mut model = PlainStatefulSender::new(&start, rule);
        let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateful).with_flushed_rule(rule));
        for (mark, reset) in (0..).zip(resets) {
            if reset {
                model.reset = true;
                encryptor.handle_reset_request();
            }
            let payload = ip(mark, 20);
            prop_assert_eq!(sealed(&mut encryptor, &payload), model.packet(&[&[0, 0x21], &payload[..]].concat()));
        }
    }

    /// The sender, beside the model.
    #[test]
    fn stateless_sends_what_the_model_sends(strength in prop::sample::select(&STRENGTHS[..]), lengths in prop::collection::vec(20..200usize, 1..50)) {
        let start = StartKey::from_bytes(strength, *b"0123456789abcdef");
        let mut model = PlainSender::new(&start);
        let mut encryptor = Encryptor::new(&start, &Config::new(Mode::Stateless));
        for (mark, length) in (0..).zip(lengths) {
            let payload = ip(mark, length);
            prop_assert_eq!(sealed(&mut encryptor, &payload), model.packet(&[&[0, 0x21], &payload[..]].concat()));
        }
    }
}

/// After every loss that the documentation speaks of, the packet that it names is decrypted at the latest, and none
/// before is taken for another one.
#[test]
fn long_losses_are_caught_up_with_as_documented() {
    let start = StartKey::from_bytes(Strength::Bits128, *b"0123456789abcdef");
    for budget in [0, 128, 256, 1000, 4095] {
        for lost in (0..4000).step_by(333).chain([1, 63, 64, 65, 127, 128, 129, 255, 256, 257, 258, 4030, 4031]) {
            let config = Config::new(Mode::Stateless).with_key_change_budget(budget);
            let (mut encryptor, mut decryptor) = (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
            for mark in 0..100 {
                decryptor.decrypt(&mut sealed(&mut encryptor, &ip(mark, 20))).unwrap();
            }
            let mut passed: Vec<Vec<u8>> = (0..lost).map(|mark| sealed(&mut encryptor, &ip(mark, 20))).collect();
            let budget = u32::from(budget.max(128));
            // The documented number of the packet.
            let last = u32::saturating_sub(lost, 1).div_ceil(budget - 1).max(1);
            for number in 1..=last {
                let before = decryptor.statistics().rx_key_changes_computed;
                let payload = ip(number, 60);
                let mut packet = sealed(&mut encryptor, &payload);
                let found = decryptor.decrypt(&mut packet).map(|decrypted| decrypted.payload().to_vec());
                let computed = decryptor.statistics().rx_key_changes_computed - before;
                assert!(computed <= u64::from(budget) + 1, "{computed} key changes for one packet");
                if number < last {
                    assert!(matches!(found, Err(DecryptError::CatchingUp { .. })), "{lost} lost, {number}: {found:?}");
                } else {
                    assert_eq!(found, Ok(payload), "{lost} lost, budget {budget}");
                }
            }
            // In step again; and those that were only late come in as far as their keys are kept.
            let payload = ip(0, 44);
            assert_eq!(decryptor.decrypt(&mut sealed(&mut encryptor, &payload)).unwrap().payload(), payload);
            if last == 1 {
                for (late, packet) in passed.iter_mut().rev().enumerate() {
                    assert_eq!(decryptor.decrypt(packet).is_ok(), late < 62, "{lost} lost, {late} late");
                }
            }
        }
    }
}
