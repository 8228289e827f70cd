//! The board: two serial lines and a clock. Another board has another file in this place.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;

/// Cycles of the processor in a millisecond: it runs with 25 MHz.
const CYCLES: u32 = 25_000;

static MILLISECONDS: AtomicU32 = AtomicU32::new(0);

#[exception]
fn SysTick() {
    MILLISECONDS.fetch_add(1, Ordering::Relaxed);
}

/// The time since the board was started. It goes round after 49 days.
pub fn now() -> Duration {
    Duration::from_millis(MILLISECONDS.load(Ordering::Relaxed).into())
}

/// One of the UARTs of Arm's Cortex-M System Design Kit.
pub struct Uart {
    base: *mut u32,
}

impl Uart {
    const DATA: usize = 0;
    const STATE: usize = 1;
    const CONTROL: usize = 2;
    const BAUD_DIVISOR: usize = 4;

    const TRANSMITTER_FULL: u32 = 1;
    const RECEIVER_FULL: u32 = 2;

    fn new(address: usize) -> Self {
        let mut uart = Self { base: address as *mut u32 };
        uart.set(Self::BAUD_DIVISOR, 16);
        // Transmitter and receiver on.
        uart.set(Self::CONTROL, 3);
        uart
    }

    fn get(&self, register: usize) -> u32 {
        // SAFETY: `new` was given the address of a UART of this board, which has these registers.
        unsafe { self.base.add(register).read_volatile() }
    }

    fn set(&mut self, register: usize, value: u32) {
        // SAFETY: as in `get`.
        unsafe { self.base.add(register).write_volatile(value) }
    }

    /// Returns the next byte that has come.
    pub fn read(&mut self) -> Option<u8> {
        let is_there = self.get(Self::STATE) & Self::RECEIVER_FULL != 0;
        is_there.then(|| self.get(Self::DATA).to_le_bytes()[0])
    }

    /// Sends a byte, as soon as there is room for it.
    pub fn write(&mut self, byte: u8) {
        while self.get(Self::STATE) & Self::TRANSMITTER_FULL != 0 {}
        self.set(Self::DATA, byte.into());
    }
}

impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.write(byte));
        Ok(())
    }
}

/// The serial line that carries IP packets, and the one that carries text for people.
pub struct Board {
    pub line: Uart,
    pub console: Uart,
}

impl Board {
    /// Starts the clock and both lines.
    pub fn start(clock: &mut SYST) -> Self {
        clock.set_clock_source(SystClkSource::Core);
        clock.set_reload(CYCLES - 1);
        clock.clear_current();
        clock.enable_counter();
        clock.enable_interrupt();
        Self { line: Uart::new(0x4000_4000), console: Uart::new(0x4000_5000) }
    }
}
