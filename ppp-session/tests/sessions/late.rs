//! Events that are polled late are those that are polled at once, up to the one rule.

use std::time::Duration;

use ppp_session::ppp::ccp::Encryption;
use ppp_session::{Config, Event, Session};
use testing::{Random, assert_late_polls_lose_nothing, keep_latest};

use crate::pair::{CLIENT, Pair, SERVER, Step, apply, client_of, frame, server_of};

/// Applies the rule: of each kind the latest, in the order in which they happened.
fn coalesce(events: Vec<Event>) -> Vec<Event> {
    keep_latest(events, Event::is_replaced_by)
}

/// Returns a run with everything that can happen, in an order that a seed says: what was done to
/// each end.
fn run(seed: u64, config: &Config) -> [Vec<Step>; 2] {
    let mut random = Random::new(seed);
    let mut pair = Pair::new(client_of(config), server_of(config));
    for _ in 0..40 {
        let side = random.index(2);
        let now = pair.now;
        match random.below(10) {
            0 => pair.step(side, Step::Ping(now)),
            // LCP or CCP begins again, as a peer may do.
            1 => pair.inject(side, &frame(0xc021, &[1, 77, 0, 4])),
            2 => pair.inject(side, &frame(0x80fd, &[1, 200, 0, 10, 18, 6, 1, 0, 0, 0x40])),
            3 => pair.inject(side, &frame(0x80fd, &[5, 201, 0, 4])),
            4 => pair.inject(side, &frame(0x8021, &[5, 202, 0, 4])),
            5 => pair.inject(side, &frame(0xc021, &[12, 1, 0, 11, 0, 0, 0, 0, b'w', b'h', b'o'])),
            6 => pair.inject(side, &frame(0xc021, &[8, 7, 0, 8, 0x00, 0xfd, 0x90, 0])),
            7 if random.per_mille(200) => pair.step(side, Step::Close(now)),
            7 if random.per_mille(100) => pair.step(side, Step::Down(now)),
            8 => pair.elapse(Duration::from_millis(random.below(4000))),
            _ => pair.send(side),
        }
    }
    pair.elapse(Duration::from_secs(100));
    pair.done
}

#[test]
fn events_polled_late_are_those_polled_at_once_up_to_the_rule() {
    let mut ups = 0;
    for seed in 0..60 {
        let config =
            if seed % 2 == 0 { Config::strict() } else { Config::strict().with_encryption(Encryption::Preferred) };
        let steps = run(seed, &config);
        for side in [CLIENT, SERVER] {
            let make = |config: &Config| if side == CLIENT { client_of(config) } else { server_of(config) };
            let mut machine = make(&config);
            for step in &steps[side] {
                apply(&mut machine, step);
                while let Some(event) = machine.poll_event() {
                    ups += usize::from(matches!(event, Event::IpUp(_)));
                }
            }
            assert_late_polls_lose_nothing(seed, &steps[side], || make(&config), apply, Session::poll_event, coalesce);
        }
    }
    assert!(ups > 120, "{ups}: the runs do not get far");
}
