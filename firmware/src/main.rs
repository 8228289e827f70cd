//! A board that dials a PPTP server over a serial line, without an allocator.
//!
//! IP packets are on the line in SLIP. smoltcp is the stack outside the tunnel, with a TCP connection and
//! the packets of IP protocol 47. A second one, inside the tunnel, pings the server and answers pings.
//! Between both is [`pptp::client::Session`]: one value of 28 KiB on a machine of 64 bits, less on this one.
#![no_std]
#![no_main]

mod board;
mod client;
mod inner;
mod line;
mod order;

use core::fmt::Write as _;
use core::panic::PanicInfo;
use core::time::Duration;

use cortex_m::{Peripherals, singleton};
use cortex_m_rt::entry;
use smoltcp::time::Instant;

use board::Board;
use client::Client;
use line::Line;
use order::Order;

/// Returns a time as smoltcp has it.
fn at(now: Duration) -> Instant {
    Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}

#[entry]
fn main() -> ! {
    let Some(mut peripherals) = Peripherals::take() else { halt() };
    let Board { line, mut console } = Board::start(&mut peripherals.SYST);
    // `singleton!` gives the memory once, and this is once.
    let Some(line) = singleton!(: Line = Line::new(line)) else { halt() };
    let Some(room) = singleton!(: client::Room = client::Room::new()) else { halt() };
    let size = size_of::<pptp::client::Session>();
    // Writing to the console cannot fail.
    let _ = writeln!(console, "ready: a session takes {size} bytes");
    let order = loop {
        if let Some(order) = line.next_frame(Order::read) {
            break order;
        }
    };
    let _ = writeln!(console, "dialing {}", order.server);
    Client::new(&order, line, room).run(&mut console)
}

/// Stops: nothing is left to do.
fn halt() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    halt()
}
