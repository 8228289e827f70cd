//! The same messages and the same error, however the stream is cut.

use pptp_wire::message::{CallClearRequest, EchoRequest, IncomingCallRequest};
use pptp_wire::{DecodeError, Message, Reassembler, StreamError};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::round_trip::{known, unknown};

/// Returns all messages of a stream that comes in these pieces, and what ended it.
fn read(pieces: &[&[u8]]) -> (Vec<Message>, Option<StreamError>, Reassembler) {
    let (mut stream, mut messages, mut offset) = (Reassembler::new(), Vec::new(), 0_u64);
    for piece in pieces {
        let mut input = *piece;
        loop {
            let before = input.len();
            let result = stream.next_message(&mut input);
            offset = offset.saturating_add(before.saturating_sub(input.len()).try_into().unwrap());
            assert_eq!(stream.offset(), offset);
            assert!(stream.pending().len() <= Message::MAX_LEN);
            match result {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break assert!(input.is_empty()),
                Err(error) => {
                    assert_eq!(stream.error(), Some(error));
                    return (messages, Some(error), stream);
                }
            }
        }
    }
    (messages, None, stream)
}

/// Cuts the bytes in pieces of these lengths, over and over.
fn cut<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        let (piece, rest) = bytes.split_at(bytes.len().min(*length));
        pieces.push(piece);
        bytes = rest;
        if bytes.is_empty() {
            break;
        }
    }
    pieces
}

/// Returns what a reader that has the whole stream at once would say.
fn read_whole(bytes: &[u8]) -> (Vec<Message>, Option<StreamError>, &[u8]) {
    let (mut messages, mut rest) = (Vec::new(), bytes);
    loop {
        match Message::decode(rest) {
            Ok((message, behind)) => {
                messages.push(message);
                rest = behind;
            }
            Err(DecodeError::Truncated { .. }) => return (messages, None, rest),
            Err(error) => {
                // The error is not to be made outside of the crate: take it from a stream with the rest alone.
                let mut late = Reassembler::new().next_message(&mut &rest[..]).unwrap_err();
                assert_eq!(late.error, error);
                let message_offset = bytes.len().saturating_sub(rest.len());
                late.offset = late.offset.saturating_add(message_offset.try_into().unwrap());
                return (messages, Some(late), rest);
            }
        }
    }
}

/// Generates whole messages, one byte of which may be another.
fn streams() -> impl Strategy<Value = Vec<u8>> {
    let damage = proptest::option::of((any::<prop::sample::Index>(), 0_usize..12, any::<u8>()));
    (vec(prop_oneof![4 => known(), 1 => unknown()], 1..6), damage, 0_usize..220).prop_map(
        |(mut messages, damage, cut)| {
            if let Some((which, offset, byte)) = damage {
                let message = which.get_mut(&mut messages);
                if let Some(damaged) = message.get_mut(offset) {
                    *damaged = byte;
                }
            }
            let mut bytes = messages.concat();
            bytes.truncate(bytes.len().saturating_sub(cut));
            bytes
        },
    )
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same(bytes in streams(), lengths in vec(1_usize..300, 1..20)) {
        let (messages, error, rest) = read_whole(&bytes);
        for lengths in [&lengths[..], &[1], &[bytes.len().max(1)]] {
            let (found_messages, found_error, stream) = read(&cut(&bytes, lengths));
            prop_assert_eq!(&found_messages, &messages);
            prop_assert_eq!(found_error, error);
            prop_assert!(rest.starts_with(stream.pending()));
            prop_assert!(error.is_some() || stream.pending() == rest);
        }
    }

    #[cfg(feature = "bytes")]
    #[test]
    fn any_buf_gives_the_same(bytes in streams(), lengths in vec(1_usize..300, 1..20)) {
        use bytes::Buf;

        let (messages, error, _) = read_whole(&bytes);
        let mut stream = Reassembler::new();
        let mut pieces: alloc::collections::VecDeque<&[u8]> = cut(&bytes, &lengths).into();
        let mut found = Vec::new();
        // Two pieces at a time, so that a message may end in the second one.
        while let Some(first) = pieces.pop_front() {
            let mut input = first.chain(pieces.pop_front().unwrap_or_default());
            loop {
                match stream.next_message_from(&mut input) {
                    Ok(Some(message)) => found.push(message),
                    Ok(None) => break prop_assert!(!input.has_remaining()),
                    Err(found) => {
                        prop_assert_eq!(Some(found), error);
                        break;
                    }
                }
            }
        }
        prop_assert_eq!(found, messages);
        prop_assert_eq!(stream.error(), error);
    }
}

#[test]
fn a_dead_stream_says_the_same_again() {
    let mut bytes = Message::from(EchoRequest::new(1)).encode(&mut [0; 16]).unwrap().to_vec();
    bytes.extend(b"\x00\x10\x00\x01\x1a\x2b\x3c\x4d\x00\x01");
    let good = bytes.clone();
    let mut stream = Reassembler::new();
    let mut input = &bytes[..];
    assert_eq!(stream.next_message(&mut input), Ok(Some(EchoRequest::new(1).into())));
    let error = stream.next_message(&mut input).unwrap_err();
    // The length is wrong, which is at the start of the second message.
    assert_eq!(error.offset, 16);
    assert_eq!(
        error.to_string(),
        "byte 16 of the stream: PPTP length 16 of Start-Control-Connection-Request (1), not 156"
    );
    for _ in 0..3 {
        let mut input = &good[..];
        assert_eq!(stream.next_message(&mut input), Err(error));
        assert_eq!(input, good, "a dead stream takes nothing");
        assert_eq!(stream.next_message(&mut &b""[..]), Err(error));
        #[cfg(feature = "bytes")]
        assert_eq!(stream.next_message_from(&mut &b""[..]), Err(error));
    }
    assert_eq!(stream.error(), Some(error));
    assert_eq!(stream.offset(), 26);
    assert_eq!(stream.pending(), &good[16..]);
}

/// One message is given a call, so a caller may stop between two.
#[test]
fn leaves_what_is_behind_a_message() {
    let mut bytes = Vec::new();
    for message in [
        Message::from(CallClearRequest::new(1)),
        IncomingCallRequest::new(2, 0, pptp_wire::code::Bearer::ANALOG).into(),
        EchoRequest::new(3).into(),
    ] {
        bytes.extend(message.encode(&mut [0; Message::MAX_LEN]).unwrap());
    }
    let (mut stream, mut input) = (Reassembler::new(), &bytes[..]);
    for left in [236, 16, 0] {
        assert!(stream.next_message(&mut input).unwrap().is_some());
        assert_eq!(input.len(), left);
        assert!(stream.pending().is_empty());
    }
    assert_eq!(stream.next_message(&mut input), Ok(None));
    assert_eq!(stream.offset(), 252);
}

/// A message that is no control message is 8 bytes long at least: length, type, cookie.
#[test]
fn every_message_costs_its_sender_8_bytes() {
    // Every length that such a header can state, over and over.
    for length in (0..=300_u16).chain([u16::MAX]) {
        let [high, low] = length.to_be_bytes();
        let bytes = [high, low, 0, 2, 0x1a, 0x2b, 0x3c, 0x4d].repeat(40);
        let (messages, error, stream) = read(&[&bytes]);
        assert!(messages.len() * 8 <= bytes.len(), "{length}");
        assert!(stream.pending().len() <= Message::MAX_LEN, "{length}");
        match length {
            0..8 => assert!(messages.is_empty() && error.is_some(), "{length}"),
            8 => assert!(messages.len() == 40 && error.is_none()),
            _ => {}
        }
    }
}
