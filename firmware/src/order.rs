//! The order to dial: the first frame on the line.
//!
//! A product has its settings in flash, and random numbers from a generator. QEMU's board has neither, so the host gives
//! both: 64 random bytes, then the addresses of the server and of the board, name and password, with blanks between.

use core::net::Ipv4Addr;

/// The longest name or password, in bytes.
const LONGEST: usize = 32;

/// A short text.
#[derive(Clone, Copy)]
pub struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; LONGEST];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() })
    }

    pub fn get(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| core::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// The server to dial, and the name to dial it with.
pub struct Order {
    pub entropy: [u8; 32],
    /// For the numbers of TCP.
    pub seed: u64,
    pub server: Ipv4Addr,
    pub own: Ipv4Addr,
    pub name: Text,
    pub password: Text,
}

impl Order {
    /// Reads a frame. `None` when it is no order.
    pub fn read(frame: &[u8]) -> Option<Self> {
        let (entropy, rest) = frame.split_first_chunk()?;
        let (seed, rest) = rest.split_first_chunk()?;
        let text = core::str::from_utf8(rest.get(24..)?).ok()?;
        let mut words = text.split(' ');
        Some(Self {
            entropy: *entropy,
            seed: u64::from_le_bytes(*seed),
            server: words.next()?.parse().ok()?,
            own: words.next()?.parse().ok()?,
            name: Text::new(words.next()?)?,
            password: Text::new(words.next()?)?,
        })
    }
}
