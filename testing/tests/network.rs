//! The simulated network does what its profile says, and the same each time.
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test, not a library")]
#![expect(clippy::arithmetic_side_effects, reason = "a test that goes wrong stops")]

use std::collections::VecDeque;
use std::panic::catch_unwind;
use std::time::Duration;

use testing::{Datagram, Endpoint, Flight, Output, Path, Pipe, Profile, World, assert_late_polls_lose_nothing};

const MS: Duration = Duration::from_millis(1);

/// Sends so many numbers, one a millisecond, and each as a message of the stream, too.
#[derive(Default)]
struct Counter {
    count: u32,
    sent: u32,
    waiting: VecDeque<u32>,
    messages: VecDeque<u32>,
    arrived: Vec<u32>,
    read: Vec<u8>,
    is_ended: bool,
}

impl Endpoint for Counter {
    fn handle_datagram(&mut self, _now: Duration, datagram: Datagram) {
        let number = datagram.bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        self.arrived.extend(number);
    }

    fn handle_stream(&mut self, _now: Duration, bytes: &[u8]) -> usize {
        // One at a time, so that the rest is offered again.
        self.read.extend(bytes.first());
        1
    }

    fn handle_stream_end(&mut self, _now: Duration) {
        assert!(!self.is_ended);
        self.is_ended = true;
    }

    fn poll(&mut self, _now: Duration, output: &mut Output) -> bool {
        output.datagrams.extend(self.waiting.drain(..).map(|number| number.to_be_bytes().to_vec()));
        while output.stream.len() < output.room {
            let Some(number) = self.messages.pop_front() else { break };
            output.stream.push(number.to_be_bytes().to_vec());
        }
        !output.datagrams.is_empty() || !output.stream.is_empty()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        (self.sent < self.count).then(|| MS * (self.sent + 1))
    }

    fn handle_timeout(&mut self, now: Duration) {
        while self.poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.waiting.push_back(self.sent);
            self.messages.push_back(self.sent);
            self.sent += 1;
        }
    }

    fn has_closed(&self) -> bool {
        self.sent == self.count && self.messages.is_empty()
    }
}

fn run(seed: u64, profile: Profile, laziness: u64) -> World<Counter> {
    let counter = || Counter { count: 1000, ..Counter::default() };
    let mut world = World::new(seed, profile, counter(), counter());
    world.laziness = [laziness; 2];
    assert!(world.run_to_rest(Duration::from_secs(100)));
    world
}

#[test]
fn a_path_does_what_its_profile_says() {
    for (profile, laziness) in Profile::EACH.into_iter().flat_map(|profile| [(profile, 0), (profile, 700)]) {
        let world = run(3, profile, laziness);
        for (side, end) in world.ends().into_iter().enumerate() {
            let (arrived, lost) = (&end.arrived, world.path.traffic[1 - side].lost);
            let mut distinct = arrived.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), 1000 - usize::try_from(lost).unwrap(), "{}", profile.name);
            assert_eq!(lost == 0, profile.is_lossless(), "{}", profile.name);
            assert_eq!(arrived.is_sorted(), profile.jitter.is_zero(), "{}", profile.name);
            assert_eq!(arrived.len() > distinct.len(), profile.duplication > 0, "{}", profile.name);
            // The stream loses nothing, and ends behind it.
            let expected: Vec<u8> = (0..1000_u32).flat_map(u32::to_be_bytes).collect();
            assert!(end.read == expected && end.is_ended, "{}", profile.name);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let story = |seed| {
        let world = run(seed, Profile::ALL, 300);
        (world.client.arrived, world.server.arrived, world.steps, world.now)
    };
    assert_eq!(story(5), story(5));
    assert_ne!(story(5), story(6));
}

#[test]
fn a_rate_spaces_datagrams_and_a_cut_loses_them() {
    let mut path = Path::new(Profile { rate: Some(1000), ..Profile::DIRECT }, 1);
    for _ in 0..3 {
        path.send(Duration::ZERO, 0, &[0; 100], None);
    }
    assert_eq!(path.next_arrival(), Some(MS * 100));
    let mut times = Vec::new();
    while let Some(at) = path.next_arrival() {
        assert!(path.receive(at.saturating_sub(MS)).is_none());
        times.push(at);
        assert!(path.receive(at).is_some());
    }
    assert_eq!(times, [MS * 100, MS * 200, MS * 300]);
    path.send(Duration::ZERO, 1, &[0; 100], None);
    path.cut();
    path.send(MS, 1, &[0; 100], None);
    assert_eq!((path.next_arrival(), path.traffic[1].lost), (None, 1));
}

#[test]
fn corruption_changes_one_bit() {
    let mut path = Path::new(Profile { corruption: 1000, ..Profile::DIRECT }, 1);
    path.send(MS, 0, &[0; 100], Some(7));
    let datagram = path.receive(MS).unwrap();
    assert_eq!((datagram.to, datagram.mark), (1, Some(7)));
    assert_eq!(datagram.bytes.iter().map(|byte| byte.count_ones()).sum::<u32>(), 1);
    path.heal();
    path.send(MS, 0, &[0; 100], None);
    assert_eq!(path.receive(MS).unwrap().bytes, [0; 100]);
}

#[test]
fn a_stream_that_is_cut_ends_and_a_dead_one_does_not() {
    let mut pipe = Pipe::new(Profile { socket: 3, ..Profile::DIRECT }, 1);
    assert_eq!(pipe.room(), 1);
    pipe.write(&[1, 2, 3, 4]);
    assert!(pipe.pump(MS) && pipe.room() == 0 && pipe.take_was_full() && !pipe.take_was_full());
    assert!(pipe.arrive(MS) && pipe.waiting == [1, 2, 3]);
    pipe.cut(MS);
    assert!(pipe.arrive(MS) && !pipe.takes_end());
    pipe.waiting.clear();
    assert!(pipe.takes_end() && !pipe.takes_end());
    let mut pipe = Pipe::new(Profile::DIRECT, 1);
    pipe.write(&[1]);
    pipe.go_dead();
    assert!(!pipe.pump(MS) && !pipe.arrive(MS) && !pipe.takes_end() && !pipe.close(MS));
}

#[test]
fn datagrams_in_the_hands_of_a_fuzzer() {
    let mut flight = Flight::default();
    assert!(flight.take(0, 3).is_none() && !flight.repeat(0, 3) && !flight.damage(0, 3, 0, 1));
    for number in 0..70 {
        flight.put(1, vec![number]);
    }
    assert_eq!(flight.look(1, 64), Some(&[6][..]), "the oldest are lost");
    assert!(flight.damage(1, 1, 4, 0x80) && flight.repeat(1, 1));
    assert_eq!(flight.newest(1), Some(&[0x87][..]));
    assert_eq!(flight.take(1, 0), Some(vec![0x87]), "the newest took the place of one more");
    assert_eq!(flight.take_any(), Some((1, vec![8])));
}

/// A machine that has a loss, and one that has none.
#[test]
fn the_oracle_finds_a_lost_event() {
    let steps: Vec<u8> = (0..50).collect();
    let check = |limit: usize, coalesce: fn(Vec<u8>) -> Vec<u8>| {
        let apply = move |queue: &mut VecDeque<u8>, step: &u8| {
            if queue.len() < limit {
                queue.push_back(*step);
            }
        };
        assert_late_polls_lose_nothing(1, &steps, VecDeque::new, apply, VecDeque::pop_front, coalesce);
    };
    check(50, |events| events);
    assert!(catch_unwind(|| check(40, |events| events)).is_err());
    // Only the newest counts: a rule that this machine does not follow, and one that it does.
    assert!(catch_unwind(|| check(1, |events| events.into_iter().next_back().into_iter().collect())).is_err());
    check(1, |events| events.into_iter().take(1).collect());
}
