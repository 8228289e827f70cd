//! RFC 1055: IP packets on a serial line, which is a device of smoltcp.

use smoltcp::phy::{self, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use crate::board::Uart;

/// The longest IP packet on the line, in bytes.
pub const MTU: usize = 1500;

const END: u8 = 0xc0;
const ESCAPE: u8 = 0xdb;
const ESCAPED_END: u8 = 0xdc;
const ESCAPED_ESCAPE: u8 = 0xdd;

/// The packet that comes in.
enum State {
    /// Its next byte stands for itself.
    Plain,
    /// The byte before was an escape.
    Escaped,
    /// It is too long, and its rest is skipped.
    Skipped,
    /// It is whole, and waits to be taken.
    Whole,
}

/// A serial line.
pub struct Line {
    uart: Uart,
    frame: [u8; MTU],
    length: usize,
    state: State,
}

impl Line {
    pub const fn new(uart: Uart) -> Self {
        Self { uart, frame: [0; MTU], length: 0, state: State::Plain }
    }

    /// Takes what has come, until a packet is whole.
    fn read(&mut self) {
        while !matches!(self.state, State::Whole) {
            let Some(byte) = self.uart.read() else { return };
            self.take(byte);
        }
    }

    fn take(&mut self, byte: u8) {
        let byte = match (&self.state, byte) {
            (State::Skipped, END) => {
                self.clear();
                return;
            }
            (State::Skipped | State::Whole, _) => return,
            // Two ends in a row have nothing between them.
            (_, END) => {
                self.state = if self.length == 0 { State::Plain } else { State::Whole };
                return;
            }
            (State::Plain, ESCAPE) => {
                self.state = State::Escaped;
                return;
            }
            (State::Escaped, ESCAPED_END) => END,
            (State::Escaped, ESCAPED_ESCAPE) => ESCAPE,
            (State::Plain | State::Escaped, byte) => byte,
        };
        self.state = match self.frame.get_mut(self.length) {
            Some(place) => {
                *place = byte;
                self.length += 1;
                State::Plain
            }
            None => State::Skipped,
        };
    }

    fn clear(&mut self) {
        self.length = 0;
        self.state = State::Plain;
    }

    /// Returns what `read` finds in the next frame, and makes room for another one.
    pub fn next_frame<T>(&mut self, read: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        self.read();
        if !matches!(self.state, State::Whole) {
            return None;
        }
        let found = read(self.frame.get(..self.length).unwrap_or_default());
        self.clear();
        found
    }
}

fn send(uart: &mut Uart, packet: &[u8]) {
    for byte in packet {
        match *byte {
            END => [ESCAPE, ESCAPED_END].into_iter().for_each(|byte| uart.write(byte)),
            ESCAPE => [ESCAPE, ESCAPED_ESCAPE].into_iter().for_each(|byte| uart.write(byte)),
            byte => uart.write(byte),
        }
    }
    uart.write(END);
}

impl Device for Line {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = ToSend<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, ToSend<'_>)> {
        self.read();
        let is_whole = matches!(self.state, State::Whole);
        let Self { uart, frame, length, state } = self;
        is_whole.then_some((Received { frame, length, state }, ToSend(uart)))
    }

    fn transmit(&mut self, _: Instant) -> Option<ToSend<'_>> {
        Some(ToSend(&mut self.uart))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

/// A packet that has come.
pub struct Received<'l> {
    frame: &'l [u8],
    length: &'l mut usize,
    state: &'l mut State,
}

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, work: F) -> R {
        let result = work(self.frame.get(..*self.length).unwrap_or_default());
        *self.length = 0;
        *self.state = State::Plain;
        result
    }
}

/// Room for a packet that is to be sent.
pub struct ToSend<'l>(&'l mut Uart);

impl phy::TxToken for ToSend<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, work: F) -> R {
        let mut packet = [0; MTU];
        let packet = packet.get_mut(..length).unwrap_or_default();
        let result = work(packet);
        send(self.0, packet);
        result
    }
}
