//! Scripts of packets, one behaviour each.

#![expect(clippy::arithmetic_side_effects, reason = "in tests an overflow fails as it should")]

use core::time::Duration;

use super::*;

type Channel = ControlChannel<1024, 256>;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn channel() -> Channel {
    Channel::new(Config::new())
}

/// Returns what goes out at `now`: Ns, Nr and the first byte of the message.
fn sent(channel: &mut Channel, now: Duration) -> alloc::vec::Vec<(u16, u16, Option<u8>)> {
    core::iter::from_fn(|| {
        let next = channel.next(now)?;
        let packet = channel.packet(next)?;
        let told = (packet.ns, packet.nr, packet.message.map(|message| message[0]));
        channel.mark_sent(now, next);
        Some(told)
    })
    .collect()
}

/// Opens a window of four by slow start.
fn open(channel: &mut Channel) {
    for number in 0..4 {
        assert!(channel.push(&[100 + number]));
        assert_eq!(sent(channel, Duration::ZERO).len(), 1);
        let nr = u16::from(number) + 1;
        assert_eq!(channel.handle_packet(Duration::ZERO, 0, nr, None, true), Arrival::Acknowledgment);
    }
}

#[test]
fn time_outs_double_up_to_the_maximum_and_then_the_peer_is_silent() {
    let mut channel = channel();
    assert!(channel.push(b"a"));
    let mut now = Duration::ZERO;
    let mut times = alloc::vec::Vec::new();
    loop {
        let packets = sent(&mut channel, now);
        assert_eq!(packets, [(0, 0, Some(b'a'))]);
        times.push(now.as_secs());
        now = channel.poll_timeout().unwrap();
        if channel.handle_timeout(now) == Liveness::Silent {
            break;
        }
    }
    assert_eq!(times, [0, 1, 3, 7, 15, 23]);
    assert_eq!(now, Config::new().cycle());
}

#[test]
fn initial_retries_are_counted_apart_until_the_peer_is_heard() {
    let mut channel = Channel::new(Config::new().with_initial_retries(1).with_retries(3));
    assert!(channel.push(b"a"));
    sent(&mut channel, seconds(0));
    assert_eq!(channel.handle_timeout(seconds(1)), Liveness::Alive);
    sent(&mut channel, seconds(1));
    let mut heard = channel.clone();
    assert_eq!(channel.handle_timeout(seconds(3)), Liveness::Silent);
    assert_eq!(heard.handle_packet(seconds(2), 0, 0, Some(b"x"), true), Arrival::Next);
    assert_eq!(heard.handle_timeout(seconds(3)), Liveness::Alive);
}

#[test]
fn section_5_8_an_acknowledgment_waits_for_a_message_that_carries_it() {
    let mut channel = channel();
    assert_eq!(channel.handle_packet(seconds(0), 0, 0, Some(b"x"), true), Arrival::Next);
    assert_eq!(sent(&mut channel, seconds(0)), []);
    assert!(channel.push(b"a"));
    assert_eq!(sent(&mut channel, seconds(0)), [(0, 1, Some(b'a'))]);
    assert_eq!(sent(&mut channel, seconds(1)), []);
    assert_eq!(channel.handle_packet(seconds(1), 1, 1, Some(b"y"), true), Arrival::Next);
    let due = channel.poll_timeout().unwrap();
    assert_eq!(due, seconds(1) + Duration::from_millis(50));
    assert_eq!(channel.handle_timeout(due), Liveness::Alive);
    assert_eq!(channel.poll_timeout(), None);
    assert_eq!(sent(&mut channel, due), [(1, 2, None)]);
}

#[test]
fn a_repeated_message_is_acknowledged_at_once_by_the_oldest_of_ours() {
    let mut channel = channel();
    channel.handle_packet(seconds(0), 0, 0, Some(b"x"), true);
    assert!(channel.push(b"a"));
    sent(&mut channel, seconds(0));
    assert_eq!(channel.handle_packet(seconds(0), 0, 0, Some(b"x"), true), Arrival::Duplicate);
    assert_eq!(sent(&mut channel, seconds(0)), [(0, 1, Some(b'a'))]);
    // Not counted as a time-out: the peer that only repeats itself is given up nevertheless.
    assert_eq!(channel.poll_timeout(), Some(seconds(1)));
    channel.handle_packet(seconds(0), 1, 1, None, true);
    assert_eq!(channel.handle_packet(seconds(0), 0, 0, Some(b"x"), true), Arrival::Duplicate);
    assert_eq!(sent(&mut channel, seconds(0)), [(1, 1, None)]);
}

#[test]
fn early_messages_wait_and_come_out_in_order() {
    let mut channel = channel();
    let mut buffer = [0; 256];
    assert_eq!(channel.handle_packet(seconds(0), 2, 0, Some(b"c"), true), Arrival::Early);
    assert_eq!(channel.handle_packet(seconds(0), 1, 0, Some(b"b"), true), Arrival::Early);
    assert_eq!(channel.handle_packet(seconds(0), 1, 0, Some(b"b"), true), Arrival::Early);
    assert_eq!(channel.take_early(seconds(0), &mut buffer), None);
    assert_eq!(channel.handle_packet(seconds(0), 0, 0, Some(b"a"), true), Arrival::Next);
    assert_eq!(channel.take_early(seconds(0), &mut buffer), Some(&b"b"[..]));
    assert_eq!(channel.take_early(seconds(0), &mut buffer), Some(&b"c"[..]));
    assert_eq!(channel.take_early(seconds(0), &mut buffer), None);
    assert_eq!(channel.status().next_nr, 3);
    assert_eq!(channel.handle_packet(seconds(0), 5, 0, Some(&[0; 253]), true), Arrival::EarlyNoRoom);
}

#[test]
fn nr_counts_in_every_packet_whose_numbers_are_plausible() {
    for (ns, message) in [(1, Some(&b"early"[..])), (0xffff, Some(&b"old"[..])), (3, None), (0xffff, None)] {
        let mut channel = channel();
        assert!(channel.push(b"a"));
        sent(&mut channel, seconds(0));
        assert!(channel.handle_packet(seconds(0), ns, 1, message, true).is_plausible());
        assert!(channel.is_idle(), "Ns {ns}");
    }
    let mut channel = channel();
    assert!(channel.push(b"a"));
    sent(&mut channel, seconds(0));
    assert_eq!(channel.handle_packet(seconds(0), 0, 1, Some(b"busy"), false), Arrival::Busy);
    assert!(channel.is_idle());
    assert_eq!(channel.status().next_nr, 0);
}

#[test]
fn numbers_that_no_genuine_peer_sends_change_nothing() {
    let mut channel = channel();
    assert!(channel.push(b"a"));
    sent(&mut channel, seconds(0));
    let before = (channel.status(), channel.poll_timeout());
    for (ns, nr) in [(65, 1), (0x8000, 1), (0xffbf, 1), (0, 2), (0, 0x7fff)] {
        for message in [None, Some(&b"x"[..])] {
            assert!(!channel.handle_packet(seconds(0), ns, nr, message, true).is_plausible());
        }
    }
    assert_eq!((channel.status(), channel.poll_timeout()), before);
    assert_eq!(channel.counters().implausible, 10);
    assert_eq!(sent(&mut channel, seconds(0)), []);
}

#[test]
fn appendix_a_a_time_out_sends_all_again_one_by_one() {
    let mut channel = channel();
    open(&mut channel);
    for message in [b"a", b"b", b"c"] {
        assert!(channel.push(message));
    }
    assert_eq!(sent(&mut channel, seconds(0)).len(), 3);
    assert_eq!(channel.handle_timeout(seconds(1)), Liveness::Alive);
    assert_eq!(sent(&mut channel, seconds(1)), [(4, 0, Some(b'a'))]);
    channel.handle_packet(seconds(1), 0, 5, None, true);
    assert_eq!(sent(&mut channel, seconds(1)), [(5, 0, Some(b'b')), (6, 0, Some(b'c'))]);
    // The peer had kept the early ones: everything is acknowledged at once.
    channel.handle_packet(seconds(1), 0, 7, None, true);
    assert!(channel.is_idle());
    assert_eq!(channel.poll_timeout(), None);
    assert_eq!(channel.counters().retransmitted, 3);
}

#[test]
fn the_window_of_the_peer_holds_messages_back() {
    let mut channel = channel();
    channel.set_peer_window(2);
    open(&mut channel);
    for number in 0..5 {
        assert!(channel.push(&[number]));
    }
    assert_eq!(sent(&mut channel, seconds(0)), [(4, 0, Some(0)), (5, 0, Some(1))]);
    channel.handle_packet(seconds(0), 0, 5, None, true);
    assert_eq!(sent(&mut channel, seconds(0)), [(6, 0, Some(2))]);
    channel.forget_unsent();
    assert_eq!(channel.status().unsent, 0);
}

#[test]
fn three_packets_go_out_until_the_peer_has_proved_that_it_receives() {
    let mut channel = channel();
    channel.limit_until_proven(3);
    assert!(channel.push(b"a"));
    let mut count = 0;
    let mut now = Duration::ZERO;
    for _ in 0..40 {
        count += sent(&mut channel, now).len();
        now = channel.poll_timeout().unwrap_or(now);
        assert_eq!(channel.handle_timeout(now), Liveness::Alive);
    }
    assert_eq!((count, now), (3, seconds(7)));
    channel.prove_peer();
    assert_eq!(sent(&mut channel, now).len(), 1);
}

/// A peer that looks at Nr only in the message that it expects next, as xl2tpd does.
struct Picky {
    /// Ns of its oldest message that is not acknowledged, as far as it knows, and how many it has.
    first: u16,
    count: u16,
    expected: u16,
    again_at: Duration,
    timeout: Duration,
}

impl Picky {
    /// Takes a packet; returns whether it acknowledges at once.
    fn receive(&mut self, now: Duration, ns: u16, nr: u16, is_message: bool) -> bool {
        if ns == self.expected {
            let acknowledged = nr.wrapping_sub(self.first).min(self.count);
            self.first += acknowledged;
            self.count -= acknowledged;
            if acknowledged > 0 {
                self.timeout = seconds(1);
                self.again_at = now + self.timeout;
            }
            self.expected += u16::from(is_message);
        }
        is_message
    }
}

/// Runs two ends with four messages for each other, with one packet in four lost both ways. Returns
/// when both know that all have arrived.
fn meets_picky_peer(seed: u64) -> Duration {
    let mut random = testing::Random::new(seed);
    let mut ours = Channel::new(Config::new().with_retries(10).with_initial_retries(10));
    let mut peer = Picky { first: 0, count: 4, expected: 0, again_at: seconds(0), timeout: seconds(1) };
    for number in 0..4 {
        assert!(ours.push(&[number]));
    }
    let mut now = Duration::ZERO;
    while now < seconds(60) {
        let _ = ours.handle_timeout(now);
        let mut acknowledges = false;
        for (ns, nr, message) in sent(&mut ours, now) {
            if !random.per_mille(250) {
                acknowledges |= peer.receive(now, ns, nr, message.is_some());
            }
        }
        let mut packets = alloc::vec::Vec::new();
        if peer.count > 0 && peer.again_at <= now {
            packets.extend((0..peer.count).map(|number| (peer.first + number, true)));
            peer.again_at = now + peer.timeout;
            peer.timeout = (peer.timeout * 2).min(seconds(8));
        } else if acknowledges {
            packets.push((peer.first + peer.count, false));
        }
        for (ns, is_message) in packets {
            if !random.per_mille(250) {
                ours.handle_packet(now, ns, peer.expected, is_message.then_some(&b"x"[..]), true);
                let mut buffer = [0; 256];
                while ours.take_early(now, &mut buffer).is_some() {}
            }
        }
        if ours.is_idle() && peer.count == 0 {
            break;
        }
        now += Duration::from_millis(10);
    }
    now
}

#[test]
fn a_peer_that_looks_at_nr_only_in_what_it_expects_is_got_through_to() {
    let mut times: alloc::vec::Vec<_> = (0..200).map(meets_picky_peer).collect();
    times.sort();
    // Answered with acknowledgments alone, it takes 3.0 s and 24.0 s.
    let (half, most) = (times[100], times[190]);
    assert!(half < Duration::from_millis(2500) && most < seconds(20), "{half:?} {most:?}");
}

#[test]
fn all_numbers_wrap() {
    let (mut one, mut other) = (channel(), channel());
    let now = Duration::ZERO;
    for number in 0..70_000_u32 {
        let (from, to) = if number % 3 == 0 { (&mut other, &mut one) } else { (&mut one, &mut other) };
        assert!(from.push(&number.to_be_bytes()));
        let next = from.next(now).unwrap();
        let packet = from.packet(next).unwrap();
        assert_eq!(to.handle_packet(now, packet.ns, packet.nr, packet.message, true), Arrival::Next);
        assert_eq!(to.handle_packet(now, packet.ns, packet.nr, packet.message, true), Arrival::Duplicate);
        from.mark_sent(now, next);
        for (ns, nr, message) in sent(to, now) {
            assert_eq!(message, None);
            assert_eq!(from.handle_packet(now, ns, nr, None, true), Arrival::Acknowledgment);
        }
        assert!(from.is_idle());
    }
    assert!(one.counters().sent + other.counters().sent == 70_000);
}

#[test]
fn memory_is_what_the_documentation_says() {
    assert!(size_of::<ControlChannel<512, 256>>() <= 512 + 256 + 320, "{}", size_of::<ControlChannel<512, 256>>());
}
