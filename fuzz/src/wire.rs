//! The control connection.

use arbitrary::{Arbitrary, Unstructured};
use pptp_wire::{DecodeError, Message, Reassembler, StreamError};

/// Asserts that any bytes give an error, or a message that is written back to the same bytes. It
/// can be printed, in ASCII.
///
/// # Panics
///
/// When that does not hold.
pub fn decode(data: &[u8]) {
    let Ok((message, rest)) = Message::decode(data) else { return };
    let bytes = &data[..data.len() - rest.len()];
    assert_eq!(message.to_vec(), bytes);
    assert!((8..=Message::MAX_LEN).contains(&bytes.len()));
    let shown = message.to_string();
    assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown}");
    // One byte less is cut short, one byte less of room is refused.
    assert!(matches!(Message::decode(&bytes[..bytes.len() - 1]), Err(DecodeError::Truncated { .. })));
    let mut buf = [0; Message::MAX_LEN];
    assert!(message.encode(&mut buf[..bytes.len() - 1]).is_err());
}

/// Asserts that any message that can be built is read back.
///
/// # Panics
///
/// When that does not hold.
pub fn round_trip(data: &[u8]) {
    let Ok(message) = Message::arbitrary(&mut Unstructured::new(data)) else { return };
    let bytes = message.to_vec();
    assert_eq!(Message::decode(&bytes), Ok((message, &[][..])));
}

/// Asserts that any way to cut a stream gives the same messages, and the same error at the same
/// place. The first byte says how it is cut.
///
/// # Panics
///
/// When that does not hold.
pub fn stream(data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else { return };
    let whole = read(&[bytes]);
    let size = usize::from(*cut).max(1);
    let pieces: Vec<_> = bytes.chunks(size).collect();
    assert_eq!(read(&pieces), whole, "cut into pieces of {size}");
    let single: Vec<_> = bytes.chunks(1).collect();
    assert_eq!(read(&single), whole, "byte by byte");
}

/// Returns the messages of a stream, and what ended it.
fn read(pieces: &[&[u8]]) -> (Vec<Message>, Option<StreamError>) {
    let mut stream = Reassembler::new();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            match stream.next_message(&mut input) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => {
                    // It stays dead, and takes nothing.
                    let before = input;
                    assert_eq!(stream.next_message(&mut input), Err(error));
                    assert_eq!(input, before);
                    return (messages, Some(error));
                }
            }
        }
        assert!(input.is_empty() && stream.pending().len() < Message::MAX_LEN);
    }
    (messages, None)
}
