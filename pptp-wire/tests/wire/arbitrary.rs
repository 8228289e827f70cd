//! Every value that a fuzzer makes is a message.

use arbitrary::{Arbitrary, Unstructured};
use pptp_wire::code::ControlMessageType;
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, EchoReply, EchoRequest, IncomingCallConnected, IncomingCallReply,
    IncomingCallRequest, OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, StartControlConnectionReply,
    StartControlConnectionRequest, StopControlConnectionReply, StopControlConnectionRequest, UnknownMessage,
    WanErrorNotify,
};
use pptp_wire::{Message, Text};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::decode;

#[track_caller]
fn round_trips(message: Message) {
    let mut buf = [0; Message::MAX_LEN];
    let bytes = message.encode(&mut buf).unwrap();
    assert_eq!(decode(bytes), message);
}

#[track_caller]
fn check<'a, M: Arbitrary<'a> + Into<Message>>(number: u16, seed: &'a [u8]) {
    let message = M::arbitrary(&mut Unstructured::new(seed)).unwrap().into();
    assert_eq!(message.control_message_type(), Some(ControlMessageType::new(number)));
    round_trips(message);
}

proptest! {
    #[test]
    fn every_message_round_trips(seed in vec(any::<u8>(), 0..400)) {
        check::<StartControlConnectionRequest>(1, &seed);
        check::<StartControlConnectionReply>(2, &seed);
        check::<StopControlConnectionRequest>(3, &seed);
        check::<StopControlConnectionReply>(4, &seed);
        check::<EchoRequest>(5, &seed);
        check::<EchoReply>(6, &seed);
        check::<OutgoingCallRequest>(7, &seed);
        check::<OutgoingCallReply>(8, &seed);
        check::<IncomingCallRequest>(9, &seed);
        check::<IncomingCallReply>(10, &seed);
        check::<IncomingCallConnected>(11, &seed);
        check::<CallClearRequest>(12, &seed);
        check::<CallDisconnectNotify>(13, &seed);
        check::<WanErrorNotify>(14, &seed);
        check::<SetLinkInfo>(15, &seed);
        // These two cannot be made of too few bytes, or of a type that is known.
        let mut source = Unstructured::new(&seed);
        if let Ok(message) = UnknownMessage::arbitrary(&mut source) {
            round_trips(message.into());
        }
        if let Ok(message) = Message::arbitrary(&mut Unstructured::new(&seed)) {
            round_trips(message);
        }
        let text = Text::<4>::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        prop_assert!(text.as_bytes().len() <= 4);
    }
}

#[test]
fn all_kinds_of_messages_are_made() {
    let mut seen = alloc::collections::BTreeSet::new();
    for seed in 0..=u8::MAX {
        let bytes: Vec<u8> = (0..=u8::MAX).cycle().map(|byte| byte ^ seed).take(400).collect();
        // The discriminant comes from the first bytes.
        let bytes = [&[seed; 4][..], &bytes[..]].concat();
        if let Ok(message) = Message::arbitrary(&mut Unstructured::new(&bytes)) {
            round_trips(message);
            seen.insert(message.name());
        }
    }
    assert!(seen.len() >= 16, "{seen:?}");
}
