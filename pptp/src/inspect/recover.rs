//! Stateful encryption after a loss: finding the place in the key stream.
//!
//! In stateful mode one RC4 stream runs through all packets until the key changes. So a receiver
//! that misses a packet has to wait for one with the FLUSHED bit: it does not know how long the
//! missing packet was. An inspector has time. It tries each place in the stream where the packet
//! may start, and knows the right one by the IPv4 header. Protocol, version, length and checksum
//! together are right by chance in less than one of 2^46 places.

use alloc::vec;
use alloc::vec::Vec;

use mppe::{CoherencyCount, Header, SessionKey, StartKey};

use super::evidence::has_right_checksum;

/// The furthest place that is tried, in bytes behind the last packet: some forty long packets.
const MAX_DISTANCE: usize = 1 << 16;

/// The longest plaintext of a missing packet that is reckoned with.
const MAX_PACKET: usize = 1600;

/// Inner protocol (2) and the IPv4 header without options (20).
const HEAD: usize = 2 + 20;

/// Where the stream stands.
#[derive(Default)]
pub(super) struct Place {
    /// The count of the last packet that was decrypted.
    count: CoherencyCount,
    /// Key changes since the start of the link.
    changes: u64,
    /// Bytes of the stream that were used since the last key change or restart.
    used: usize,
}

impl Place {
    /// Advances past a packet that was decrypted in order; `restarted` says that the stream began
    /// again with it.
    pub(super) fn advance(&mut self, count: CoherencyCount, changes: u64, length: usize, restarted: bool) {
        self.used = if restarted || changes != self.changes { length } else { self.used.saturating_add(length) };
        self.count = count;
        self.changes = changes;
    }

    /// Decrypts a packet that comes after a loss, if its place can be found.
    pub(super) fn find(&mut self, start: &StartKey, packet: &[u8], plain: &mut Vec<u8>) -> Option<Header> {
        let (header, encrypted) = Header::decode(packet).ok()?;
        let missing = usize::from(header.count.since(self.count)).checked_sub(1)?;
        // The key changes before each packet whose count ends in ff.
        let counts = (1..=header.count.since(self.count)).scan(self.count, |count, _| {
            *count = count.next();
            Some(*count)
        });
        let flags = counts.clone().filter(|count| count.is_flag()).count();
        let behind_flag = counts.collect::<Vec<_>>().into_iter().rev().take_while(|count| !count.is_flag()).count();
        // Without a key change between, the stream goes on behind the last packet; behind one it
        // begins again.
        let (first, packets) = if flags == 0 { (self.used, missing) } else { (0, behind_flag) };
        // The lengths of the lost packets are unknown, so every place up to the greatest is tried.
        let last = first.saturating_add(packets.saturating_mul(MAX_PACKET).min(MAX_DISTANCE));

        let changes = self.changes.saturating_add(u64::try_from(flags).ok()?);
        let mut stream = vec![0; last.saturating_add(encrypted.len())];
        key_after(start, changes).apply_keystream(&mut stream);
        let used = stream.windows(encrypted.len()).skip(first).position(|stream| is_ipv4(stream, encrypted))?;
        let used = first.saturating_add(used);
        plain.clear();
        plain.extend(stream.get(used..)?.iter().zip(encrypted).map(|(stream, byte)| stream ^ byte));
        self.count = header.count;
        self.changes = changes;
        self.used = used.saturating_add(encrypted.len());
        Some(header)
    }
}

/// Returns the session key after so many changes.
fn key_after(start: &StartKey, changes: u64) -> SessionKey {
    (0..changes).fold(start.initial_session_key(), |key, _| start.next_session_key(&key))
}

/// Returns whether a piece of the stream makes an IPv4 packet of the encrypted bytes.
fn is_ipv4(stream: &[u8], encrypted: &[u8]) -> bool {
    let (Some(stream), Some(bytes)) = (stream.first_chunk::<HEAD>(), encrypted.first_chunk::<HEAD>()) else {
        return false;
    };
    let mut head = [0; HEAD];
    for ((plain, stream), byte) in head.iter_mut().zip(stream).zip(bytes) {
        *plain = stream ^ byte;
    }
    let [0x00, 0x21, header @ ..] = &head else { return false };
    let [0x45, _, high, low, ..] = header else { return false };
    // The length and the checksum of the IP header: a chance of 1 in 2^32 for a wrong place.
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    length.saturating_add(2) == encrypted.len() && has_right_checksum(header)
}
