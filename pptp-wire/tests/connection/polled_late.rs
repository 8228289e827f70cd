//! A run that is polled late has the events and the messages of the run that is polled at once, in the same order.

use proptest::prelude::*;

use pptp_wire::code::{Accm, Bearer, StopReason};
use pptp_wire::connection::{Connection, Event};
use pptp_wire::message::{
    CallClearRequest, EchoReply, EchoRequest, IncomingCallRequest, OutgoingCallRequest, SetLinkInfo,
    StopControlConnectionRequest,
};
use pptp_wire::{Message, code::EchoResult};

use crate::bench::Bench;

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

/// Returns what came of a stream: events, and messages sent.
fn run(stream: &[u8], polls_at_once: bool, ends: bool) -> (Vec<Event>, Vec<Message>) {
    let mut bench = Bench::established();
    let (mut events, mut sent) = (Vec::new(), Vec::new());
    let mut poll = |bench: &mut Bench| {
        sent.extend(bench.sent());
        events.extend(bench.events());
    };
    for read in stream.chunks(if polls_at_once { 7 } else { Connection::<3>::READ_LEN }) {
        if polls_at_once || !bench.machine.wants_read() {
            // Room that polling makes may be filled again.
            for _ in 0..100 {
                poll(&mut bench);
            }
        }
        assert_eq!(bench.machine.handle_stream(bench.now, read), read.len());
    }
    for _ in 0..100 {
        poll(&mut bench);
    }
    if ends {
        bench.machine.handle_disconnect(bench.now);
        poll(&mut bench);
    }
    // Calls that end with the connection end in no certain order.
    if let [before @ .., Event::Closed { .. }] = &mut events[..] {
        let ended = before.iter().rev().take_while(|event| matches!(event, Event::CallClosed { .. })).count();
        let first = before.len() - ended;
        before[first..].sort_by_key(|event| match event {
            Event::CallClosed { call, .. } => Some(*call),
            _ => None,
        });
    }
    (events, sent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn late_polling_loses_no_event_and_no_message(
        messages in prop::collection::vec(message(), 1..200),
        ends in any::<bool>(),
    ) {
        let mut buf = [0; Message::MAX_LEN];
        let stream: Vec<u8> = messages.iter().flat_map(|message| message.encode(&mut buf).unwrap().to_vec()).collect();
        prop_assert_eq!(run(&stream, false, ends), run(&stream, true, ends));
    }
}
