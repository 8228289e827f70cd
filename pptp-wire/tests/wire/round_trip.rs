//! Nothing is lost in either direction, whatever the bytes.

use pptp_wire::code::{ControlMessageType, MessageType};
use pptp_wire::message::UnknownMessage;
use pptp_wire::{BufferTooSmall, Message, UnknownMessageError};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::decode;

/// Returns bytes of a message of one of the fifteen types, with anything behind the type. A message
/// has no byte that its struct has not, so these are all possible messages.
pub(crate) fn known() -> impl Strategy<Value = Vec<u8>> {
    (1_u16..=15, vec(any::<u8>(), 220)).prop_map(|(control_message_type, filling)| {
        let length = ControlMessageType::new(control_message_type).message_len().unwrap();
        let header = [u16::try_from(length).unwrap(), 1, 0x1a2b, 0x3c4d, control_message_type];
        [&header.map(u16::to_be_bytes).concat(), &filling[10..length]].concat()
    })
}

/// Returns bytes of a message that is not one of the fifteen.
pub(crate) fn unknown() -> impl Strategy<Value = Vec<u8>> {
    let control = (prop_oneof![Just(0_u16), 16_u16..], vec(any::<u8>(), 2..=210));
    let other = (any::<u16>(), vec(any::<u8>(), 0..=212));
    prop_oneof![
        control.prop_map(|(number, body)| {
            Message::from(UnknownMessage::control(ControlMessageType::new(number), &body).unwrap())
        }),
        other.prop_filter_map("control message", |(number, body)| {
            UnknownMessage::other(MessageType::new(number), &body).ok().map(Message::from)
        }),
    ]
    .prop_map(|message| message.encode(&mut [0; Message::MAX_LEN]).unwrap().to_vec())
}

/// Returns bytes that are likely to be nearly a message.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    (0_u16..230, 0_u16..3, 0_u16..18, any::<bool>(), vec(any::<u8>(), 0..240)).prop_map(
        |(length, message_type, control_message_type, right, filling)| {
            let right = ControlMessageType::new(control_message_type).message_len().filter(|_| right);
            let length = right.map_or(length, |length| length.try_into().unwrap());
            let header = [length, message_type, 0x1a2b, 0x3c4d, control_message_type].map(u16::to_be_bytes).concat();
            [header, filling].concat()
        },
    )
}

proptest! {
    #[test]
    fn every_message_round_trips(bytes in prop_oneof![4 => known(), 1 => unknown()]) {
        let message = decode(&bytes);
        prop_assert_eq!(message.len(), bytes.len());
        let mut buf = [0xee; Message::MAX_LEN + 1];
        let written = message.encode(&mut buf).unwrap();
        prop_assert_eq!(written, &bytes[..]);
        prop_assert_eq!(decode(written), message);
        prop_assert!(buf[bytes.len()..].iter().all(|byte| *byte == 0xee));
        #[cfg(feature = "alloc")]
        prop_assert_eq!(message.to_vec(), &bytes[..]);
        #[cfg(feature = "bytes")]
        {
            let mut buf = bytes::BytesMut::new();
            message.encode_to(&mut buf).unwrap();
            prop_assert_eq!(&buf[..], &bytes[..]);
        }
        let trace = message.to_string();
        prop_assert!(trace.starts_with(message.name()));
        prop_assert!(trace.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", trace);
        let debug = format!("{message:?}");
        prop_assert!(debug.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{}", debug);
    }

    #[test]
    fn decoded_bytes_are_encoded_to_the_same_bytes(bytes in prop_oneof![nearly(), vec(any::<u8>(), 0..240)]) {
        if let Ok((message, rest)) = Message::decode(&bytes) {
            let mut buf = [0; Message::MAX_LEN];
            let written = message.encode(&mut buf).unwrap();
            prop_assert_eq!([written, rest].concat(), bytes);
        }
    }

    #[test]
    fn a_short_buffer_is_left_alone(bytes in prop_oneof![known(), unknown()], available in 0_usize..220) {
        let (message, needed) = (decode(&bytes), bytes.len());
        let mut buf = [0xee; Message::MAX_LEN];
        let encoded = message.encode(&mut buf[..available]).map(<[u8]>::len);
        #[cfg(feature = "bytes")]
        {
            let mut buf = [0xee; Message::MAX_LEN];
            let encoded_to = message.encode_to(&mut buf[..available]);
            prop_assert_eq!(encoded_to, encoded.map(|_| ()));
            prop_assert!(available >= needed || buf == [0xee; Message::MAX_LEN]);
        }
        if available < needed {
            let Err(BufferTooSmall { needed: n, available: a, .. }) = encoded else { panic!("{encoded:?}") };
            prop_assert_eq!((n, a), (needed, available));
            prop_assert_eq!(buf, [0xee; Message::MAX_LEN]);
        } else {
            prop_assert_eq!(encoded, Ok(needed));
        }
    }
}

#[test]
fn unknown_messages_have_bounds() {
    let control = |number, length| UnknownMessage::control(ControlMessageType::new(number), &[1; 300][..length]);
    let other = |number, length| UnknownMessage::other(MessageType::new(number), &[1; 300][..length]);
    for (message, length) in [(control(16, 2), 12), (control(0, 210), 220), (other(2, 0), 8), (other(0, 212), 220)] {
        let message = message.unwrap();
        assert_eq!(message.len(), length);
        assert_eq!(Message::from(message).len(), length);
    }
    assert_eq!(control(16, 1), Err(UnknownMessageError::Length { length: 11, minimum: 12 }));
    assert_eq!(control(16, 211), Err(UnknownMessageError::Length { length: 221, minimum: 12 }));
    assert_eq!(control(16, 213), Err(UnknownMessageError::Length { length: 223, minimum: 12 }));
    assert_eq!(other(2, 213), Err(UnknownMessageError::Length { length: 221, minimum: 8 }));
    for number in 1..=15 {
        let control_message_type = ControlMessageType::new(number);
        assert_eq!(control(number, 2), Err(UnknownMessageError::KnownControlMessageType { control_message_type }));
    }
    let message_type = MessageType::CONTROL;
    assert_eq!(other(1, 4), Err(UnknownMessageError::NoControlMessageType { message_type }));
}

#[test]
fn unknown_messages_are_traced() {
    let management = Message::from(UnknownMessage::other(MessageType::MANAGEMENT, b"\x01\xab").unwrap());
    assert_eq!(management.name(), "management message");
    assert_eq!(management.to_string(), "management message: message type 2, body 01ab");
    let other = Message::from(UnknownMessage::other(MessageType::new(9), b"").unwrap());
    assert_eq!(other.to_string(), "unknown message: message type 9");
    assert_eq!(format!("{other:?}"), "Unknown(UnknownMessage(unknown message: message type 9))");
}
