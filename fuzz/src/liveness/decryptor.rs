//! `live_decryptor`: MPPE packets that are lost, and forged ones between them.

use core::time::Duration;

use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};

use crate::session::{Input, ip};

/// More lost packets than the 12 bits of the count tell apart, with all late keys.
const LOST: u64 = 4031;
/// Packets of an input, in each of its two runs.
const WORK: u32 = 2500;
/// Steps that a packet costs more under libFuzzer: so that 500 packets, and twice as many key set-ups, take 10 ms there.
const SHARE: u32 = 4;
/// The time from one packet to the next.
const PACE: Duration = Duration::from_millis(10);

/// Asserts that a stateless packet is decrypted among forged ones when it is without them. After
/// any loss within the range of the count, stateless packets are decrypted again as soon as the
/// documentation says. Stateful ones are after one interval of Reset-Requests, since a forged
/// packet may be why the first request is too early.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(first) = input.byte() else { return };
    match first >> 1 & 3 {
        0 => compare::<0>(first, input),
        1 => compare::<1>(first, input),
        _ => compare::<64>(first, input),
    }
}

fn compare<const LATE: usize>(first: u8, steps: Input<'_>) {
    let mode = if first & 1 == 0 { Mode::Stateless } else { Mode::Stateful };
    let Some(quiet) = World::<LATE>::new(mode, false).verdicts(steps) else { return };
    let Some(forged) = World::<LATE>::new(mode, true).verdicts(steps) else { return };
    if mode == Mode::Stateful {
        return;
    }
    for (place, (quiet, forged)) in quiet.iter().zip(&forged).enumerate() {
        assert!(!quiet || *forged, "genuine packet {place} is refused because of forged ones");
    }
}

struct World<const LATE: usize> {
    config: Config,
    encryptor: Encryptor,
    decryptor: Decryptor<LATE>,
    now: Duration,
    is_forged: bool,
    /// Packets that were sent.
    sent: u64,
    /// The number of the packet behind the newest that was decrypted.
    expected: u64,
    /// Packets that were lost when the last run of deliveries began, and deliveries since.
    missing: u64,
    delivered: u64,
}

impl<const LATE: usize> World<LATE> {
    fn new(mode: Mode, is_forged: bool) -> Self {
        let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
        let config = Config::new(mode);
        Self {
            config,
            encryptor: Encryptor::new(&start, &config),
            decryptor: Decryptor::with_late_keys(&start, &config),
            now: Duration::ZERO,
            is_forged,
            sent: 0,
            expected: 0,
            missing: 0,
            delivered: 0,
        }
    }

    /// Returns whether each genuine packet is decrypted. None when a forged packet looked right by
    /// chance, or when more was lost than the count shows.
    fn verdicts(mut self, mut input: Input<'_>) -> Option<Vec<bool>> {
        let mut verdicts = Vec::new();
        while let Some(step) = input.step() {
            let argument = usize::from(step >> 3);
            match step & 7 {
                0..=2 => {
                    input.spend(u32::from(step >> 3));
                    input.spend_under_fuzzer(u32::from(step >> 3) * SHARE);
                    for _ in 0..=argument {
                        verdicts.push(self.deliver());
                    }
                }
                3 => {
                    let count = u32::from(input.byte().unwrap_or(0)) * 5;
                    let count = if cfg!(fuzzing) { count.min(input.left() / (SHARE + 1)) } else { count };
                    input.spend(count);
                    input.spend_under_fuzzer(count * SHARE);
                    for _ in 0..count {
                        self.seal();
                    }
                    if self.sent.saturating_sub(self.expected) > LOST {
                        return None;
                    }
                    self.missing = self.sent - self.expected;
                    self.delivered = 0;
                }
                4..=6 => {
                    // Near the expected count, or anywhere.
                    let near = (i64::from(input.byte().unwrap_or(0)) - 128) * if step & 7 == 4 { 1 } else { 40 };
                    let count = self.sent.wrapping_add_signed(near) & 0x0fff;
                    let flags = if argument & 1 == 0 { 0x9000 } else { 0x1000 };
                    // The walk to a key that is ahead.
                    input.spend_under_fuzzer(8 * SHARE);
                    let body = input.bytes();
                    let mut packet = (u16::try_from(count).unwrap_or(0) | flags).to_be_bytes().to_vec();
                    packet.extend(body);
                    if self.is_forged && self.decryptor.decrypt(&mut packet).is_ok() {
                        return None;
                    }
                }
                _ => self.now += Duration::from_millis(u64::try_from(argument).unwrap_or(0) * 100),
            }
            self.reset();
        }
        Some(verdicts)
    }

    /// Carries a Reset-Request to the sender at once.
    fn reset(&mut self) {
        if self.decryptor.poll_reset_request(self.now).is_some() {
            self.encryptor.handle_reset_request();
        }
    }

    fn seal(&mut self) -> (Vec<u8>, Vec<u8>) {
        let number = u32::try_from(self.sent).unwrap_or(0);
        self.sent += 1;
        let packet = ip(number, 40);
        let mut buf = [0; 64];
        let sealed = self.encryptor.encrypt(0x0021, &packet, &mut buf).expect("there is room").to_vec();
        (packet, sealed)
    }

    fn deliver(&mut self) -> bool {
        let (packet, mut sealed) = self.seal();
        self.now += PACE;
        self.delivered += 1;
        let is_decrypted = match self.decryptor.decrypt(&mut sealed) {
            Ok(decrypted) => {
                assert_eq!(decrypted.payload(), packet);
                true
            }
            Err(_) => false,
        };
        if is_decrypted {
            self.expected = self.sent;
            self.missing = 0;
            self.delivered = 0;
        } else {
            let budget = u64::from(self.config.key_change_budget()) - 1;
            let bound = match self.config.mode() {
                Mode::Stateless => self.missing.saturating_sub(1).div_ceil(budget).max(1),
                Mode::Stateful => {
                    2 * u64::try_from(self.config.reset_interval().as_millis() / PACE.as_millis()).unwrap_or(0)
                }
            };
            self.reset();
            assert!(self.delivered < bound, "{} lost, and packet {} is refused", self.missing, self.delivered);
        }
        is_decrypted
    }
}
