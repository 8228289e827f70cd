//! Events and messages that are polled late are those that are polled at once, in the same order.

use alloc::collections::VecDeque;

use proptest::prelude::*;

use pptp_wire::Message;
use pptp_wire::code::{Accm, Bearer, EchoResult, StopReason};
use pptp_wire::connection::Event;
use pptp_wire::message::{
    CallClearRequest, EchoReply, EchoRequest, IncomingCallRequest, OutgoingCallRequest, SetLinkInfo,
    StopControlConnectionRequest,
};

use testing::assert_late_polls_lose_nothing;

use crate::bench::Bench;

/// A message of the peer, or the end of TCP.
type Step = Option<Message>;

fn message() -> impl Strategy<Value = Message> {
    let id = 0..5u16;
    prop_oneof![
        20 => any::<u32>().prop_map(|identifier| EchoRequest::new(identifier).into()),
        3 => any::<u32>().prop_map(|identifier| EchoReply::new(identifier, EchoResult::OK).into()),
        20 => id.clone().prop_map(|id| OutgoingCallRequest::new(id, id).into()),
        5 => id.clone().prop_map(|id| IncomingCallRequest::new(id, id, Bearer::DIGITAL).into()),
        20 => id.clone().prop_map(|call_id| CallClearRequest::new(call_id).into()),
        10 => id.prop_map(|id| SetLinkInfo::new(id, Accm::ALL, Accm::ALL).into()),
        1 => Just(StopControlConnectionRequest::new(StopReason::NONE).into()),
    ]
}

#[derive(Debug, PartialEq)]
enum Output {
    Event(Event),
    Message(Message),
}

/// A connection, and what had to be polled of it before it wanted to be read again.
struct Driven {
    bench: Bench,
    polled: VecDeque<Output>,
}

impl Driven {
    fn new() -> Self {
        Self { bench: Bench::established(), polled: VecDeque::new() }
    }

    fn collect(&mut self) {
        // Room that polling makes may be filled again.
        loop {
            let waiting = self.polled.len();
            self.polled.extend(self.bench.sent().into_iter().map(Output::Message));
            self.polled.extend(self.bench.events().into_iter().map(Output::Event));
            if self.polled.len() == waiting {
                return;
            }
        }
    }

    fn apply(&mut self, step: &Step) {
        if let Some(message) = step {
            if !self.bench.machine.wants_read() {
                self.collect();
            }
            self.bench.receive(*message);
        } else {
            // A message that was not sent until then is not sent.
            self.collect();
            self.bench.machine.handle_disconnect(self.bench.now);
        }
    }

    fn poll(&mut self) -> Option<Output> {
        if self.polled.is_empty() {
            self.collect();
        }
        self.polled.pop_front()
    }
}

/// Returns the rule: nothing is coalesced. Events and messages are polled apart, and calls that end with the connection
/// end in no certain order.
fn coalesce(mut outputs: Vec<Output>) -> Vec<Output> {
    let ends = outputs.iter().any(|output| matches!(output, Output::Event(Event::Closed { .. })));
    outputs.sort_by_key(|output| match output {
        Output::Message(_) => (0, None),
        Output::Event(Event::CallClosed { call, .. }) if ends => (2, Some(*call)),
        Output::Event(Event::Closed { .. }) => (3, None),
        Output::Event(_) => (1, None),
    });
    outputs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn late_polling_loses_no_event_and_no_message(
        seed: u64,
        messages in prop::collection::vec(message(), 1..200),
        ends in any::<bool>(),
    ) {
        let steps = messages.into_iter().map(Some).chain(ends.then_some(None));
        let steps: Vec<Step> = steps.collect();
        assert_late_polls_lose_nothing(seed, &steps, Driven::new, Driven::apply, Driven::poll, coalesce);
    }
}
