//! Events that are polled late are those that are polled at once, merged by the rule of [`Event`].
#![expect(clippy::arithmetic_side_effects, reason = "a test may fail")]

use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::{Inline, config, events, ms, packet, raw};
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

/// All events of a run, in the order in which they were polled.
fn run(inputs: &[Input], polls_at_once: bool) -> Vec<Event> {
    let config = config()
        .with_window_policy(WindowPolicy::Honour)
        .with_peer_receive_window(4)
        .with_acknowledgment_timeout(AcknowledgmentTimeout::Static(ms(200)));
    let (mut tunnel, mut now, mut found) = (Inline::inline(config), Duration::ZERO, Vec::new());
    for input in inputs {
        match input {
            Input::Send => drop(tunnel.encapsulate(now, b"frame", &mut [0; 64])),
            Input::Acknowledge(number) => drop(tunnel.decapsulate(now, &raw(None, Some(*number), b""))),
            Input::Receive(number) => drop(tunnel.decapsulate(now, &packet(*number, None, b"frame"))),
            Input::Time(millis) => now += ms((*millis).into()),
        }
        tunnel.handle_timeout(now);
        while tunnel.poll_receive(now).is_some() {}
        tunnel.poll_transmit(now, &mut [0; MAX_TRANSMIT]).unwrap();
        if polls_at_once {
            found.extend(events(&mut tunnel));
        }
    }
    found.extend(events(&mut tunnel));
    found
}

/// The rule of [`Event`].
fn merged(events: &[Event]) -> Vec<Event> {
    let once = |kind| events.contains(&kind).then_some(kind);
    let alarm = [Event::FlowControlAlarmRaised, Event::FlowControlAlarmCleared];
    let changes: Vec<_> = events.iter().copied().filter(|event| alarm.contains(event)).collect();
    let last = changes.iter().copied().skip(changes.len().saturating_sub(2));
    once(Event::NumbersRestarted).into_iter().chain(last).chain(once(Event::Writable)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn late_polling_loses_no_event(inputs in prop::collection::vec(input(), 1..120)) {
        prop_assert_eq!(run(&inputs, false), merged(&run(&inputs, true)));
    }
}
