//! Genuine traffic beside forged input: what a forger sends does not change what genuine packets get.
//!
//! Each oracle runs an input twice, with and without its forged steps, and compares the verdicts on genuine packets.
//! An input is a list of steps; the forged ones are read in both runs, and done in one.

mod decryptor;
mod inspector;
mod link;
mod server;
mod session;
mod tunnel;

pub use decryptor::run as decryptor;
pub use inspector::run as inspector;
pub use link::run as link;
pub use server::run as server;
pub use session::{keys, run as session};
pub use tunnel::run as tunnel;

use core::time::Duration;

use crate::session::Input;

const DAY: Duration = Duration::from_secs(86_400);

/// Where forged sequence numbers are, beside the next one: near, and far ahead.
const JUMPS: [u32; 8] = [0, 1, 2, 60, 0x1000, 0x3000_0000, 0x7fff_ffff, 0x9000_0000];

/// Returns whether a GRE packet has used its number: its frame was taken, or refused for a reason
/// that a genuine one may have too, such as a repeated request. A number that a forgery had is left
/// to the genuine packet.
fn keeps_number<T>(result: &Result<T, pptp::session::ReceiveError>) -> bool {
    match result {
        Ok(_) => true,
        Err(pptp::session::ReceiveError::Ppp(error)) => !error.is_forgery(),
        Err(_) => false,
    }
}

/// Returns how many genuine packets a forged one costs at most, when a tunnel takes it.
///
/// It may hold a frame in the clear that the link takes. One that comes in its turn costs nothing. One that waits has its
/// number, in place of a genuine packet. Those before it are not waited for longer than the reorder timeout, but for
/// numbers that are far ahead.
///
/// A frame that looks like encrypted data may be taken for that by chance.
fn cost(is_taken: bool, jump: u32, payload: &[u8]) -> usize {
    let is_sealed =
        matches!(payload, [0xff, 0x03, 0x00, 0xfd, ..] | [0xff, 0x03, 0xfd, ..] | [0x00, 0xfd, ..] | [0xfd, ..]);
    let passed = if jump <= 60 { jump } else { 0 };
    let own = u32::from(jump != 0 || is_sealed);
    if is_taken { usize::try_from(passed + own).unwrap_or(0) } else { 0 }
}

/// Whether a frame ends or restarts a protocol, by right.
fn is_fatal(frame: &[u8]) -> bool {
    let Ok(frame) = ppp_fsm::Frame::decode(frame) else { return false };
    NEGOTIATED.contains(&frame.protocol.0) && frame.information.first().is_some_and(|code| FATAL.contains(code))
}

/// Protocols of forged frames.
const PROTOCOLS: [u16; 9] = [0xc223, 0xc227, 0xc023, 0xc021, 0x8021, 0x80fd, 0x8057, 0xc025, 0x0021];
/// LCP and its like, which have the codes of RFC 1661 section 5.
const NEGOTIATED: [u16; 4] = [0xc021, 0x8021, 0x80fd, 0x8057];
/// Codes with which RFC 1661 section 4.3 ends or restarts an open protocol.
const FATAL: [u8; 5] = [1, 5, 6, 7, 8];

/// A body that packets of a protocol have, with a number in it.
pub(super) fn expected_body(protocol: u16, number: u8) -> Vec<u8> {
    match protocol {
        // A value with its length, and a name: of MS-CHAP version 1 or of the others.
        0xc223 if number & 1 == 0 => [&[16][..], &[number; 16], b"x"].concat(),
        0xc223 => [&[8][..], &[number; 8], b"x"].concat(),
        // A type and what it says.
        0xc227 => vec![number & 7, b'h', b'i'],
        0xc023 => vec![1, b'x', 1, b'x'],
        // A magic number.
        0xc021 => vec![0, 0, 0, number],
        0x8021 => vec![3, 6, 10, 0, 0, number],
        // MPPE as it was agreed on.
        0x80fd => vec![0x12, 6, 1, 0, 0, 0x40],
        _ => vec![number; 8],
    }
}

/// A forged packet of a control protocol.
struct Control {
    protocol: u16,
    code: u8,
    identifier: u8,
    data: Vec<u8>,
}

impl Control {
    /// Reads a packet that does not end anything by right.
    ///
    /// Chance alone seldom makes one that a protocol looks at: most codes are small, and one of two bodies is what the
    /// protocol expects.
    fn read(input: &mut Input<'_>) -> Option<Self> {
        let (kind, code, identifier) = (input.byte()?, input.byte()?, input.byte()?);
        let protocol = PROTOCOLS[usize::from(kind & 0x7f) % PROTOCOLS.len()];
        let code = if kind & 0x80 == 0 { code & 15 } else { code };
        let form = input.byte().unwrap_or(0);
        let data = if form & 0x80 == 0 { expected_body(protocol, form) } else { input.bytes().to_vec() };
        let control = Self { protocol, code, identifier, data };
        (!is_fatal(&control.frame())).then_some(control)
    }

    fn frame(&self) -> Vec<u8> {
        testing::pptp::frame(self.protocol, &testing::pptp::encode_packet(self.code, self.identifier, &self.data))
    }
}
