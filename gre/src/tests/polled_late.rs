//! Events that are polled late are those that are polled at once, merged by the rule of [`Event`].
#![expect(clippy::arithmetic_side_effects, reason = "a test may fail")]

use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use testing::assert_late_polls_lose_nothing;

use super::{Inline, config, ms, packet, raw};
use crate::{AcknowledgmentTimeout, Event, MAX_TRANSMIT, WindowPolicy};

#[derive(Debug, Clone)]
enum Input {
    Send,
    Acknowledge(u32),
    Receive(u32),
    Time(u16),
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        4 => Just(Input::Send),
        2 => (0..40u32).prop_map(Input::Acknowledge),
        2 => prop_oneof![0..20u32, any::<u32>()].prop_map(Input::Receive),
        2 => prop_oneof![0..100u16, 0..3000u16].prop_map(Input::Time),
    ]
}

/// A tunnel, and the time.
struct Driven(Inline, Duration);

impl Driven {
    fn new() -> Self {
        let config = config()
            .with_window_policy(WindowPolicy::Honour)
            .with_peer_receive_window(4)
            .with_acknowledgment_timeout(AcknowledgmentTimeout::Static(ms(200)));
        Self(Inline::inline(config), Duration::ZERO)
    }

    fn apply(&mut self, input: &Input) {
        let Self(tunnel, now) = self;
        match input {
            Input::Send => drop(tunnel.encapsulate(*now, b"frame", &mut [0; 64])),
            Input::Acknowledge(number) => drop(tunnel.decapsulate(*now, &raw(None, Some(*number), b""))),
            Input::Receive(number) => drop(tunnel.decapsulate(*now, &packet(*number, None, b"frame"))),
            Input::Time(millis) => *now += ms((*millis).into()),
        }
        tunnel.handle_timeout(*now);
        while tunnel.poll_receive(*now).is_some() {}
        tunnel.poll_transmit(*now, &mut [0; MAX_TRANSMIT]).unwrap();
    }
}

/// Returns the rule of [`Event`].
#[expect(clippy::needless_pass_by_value, reason = "the shared oracle gives the events away")]
fn merged(events: Vec<Event>) -> Vec<Event> {
    let once = |kind| events.contains(&kind).then_some(kind);
    let alarm = [Event::FlowControlAlarmRaised, Event::FlowControlAlarmCleared];
    let changes: Vec<_> = events.iter().copied().filter(|event| alarm.contains(event)).collect();
    let last = changes.iter().copied().skip(changes.len().saturating_sub(2));
    once(Event::NumbersRestarted).into_iter().chain(last).chain(once(Event::Writable)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn late_polling_loses_no_event(seed: u64, inputs in prop::collection::vec(input(), 1..120)) {
        assert_late_polls_lose_nothing(seed, &inputs, Driven::new, Driven::apply, |tunnel| tunnel.0.poll_event(), merged);
    }
}
