//! Bytes of real peers and of no peer at all, through the public interface.

extern crate alloc;

// Not `all(test, …)`: the lints know tests by `cfg(test)`.
#[cfg(test)]
#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(test)]
mod captures;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod values;

/// Returns the bytes of a text in hexadecimal, where `00*59` stands for 59 bytes of zero.
#[cfg(test)]
fn bytes(text: &str) -> Vec<u8> {
    let words = text.split_whitespace().map(|word| match word.strip_prefix("00*") {
        Some(count) => vec![0; count.parse().unwrap()],
        None => hex::decode(word).unwrap(),
    });
    words.collect::<Vec<_>>().concat()
}

/// Returns the only message in these bytes.
#[cfg(test)]
fn decode(bytes: &[u8]) -> pptp_wire::Message {
    let (message, rest) = pptp_wire::Message::decode(bytes).unwrap();
    assert!(rest.is_empty(), "{message}: bytes behind it");
    message
}
