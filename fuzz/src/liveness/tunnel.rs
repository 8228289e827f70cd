//! `live_tunnel`: GRE packets whose frames prove themselves, and forged packets between them.

use core::time::Duration;
use std::collections::BTreeSet;

use pptp_gre::{CallIds, Config, HEADROOM, InlineSlots, MAX_TRANSMIT, ReceiveError, Received, Tunnel, Unproven};
use testing::pptp::{PROTOCOL_COMPRESSED, encode_gre};

use super::{DAY, JUMPS};
use crate::session::Input;

/// Packets that wait at most.
const SLOTS: usize = 16;

type Pipe = Tunnel<InlineSlots<SLOTS, 64>>;

/// A frame in the clear.
const PROTOCOL_LCP: [u8; 2] = [0xc0, 0x21];

/// The mark that makes a frame genuine, in place of a cipher.
const SEAL: [u8; 4] = *b"seal";

/// Asserts that frames arrive among forged packets, encrypted or in the clear, as without them, up
/// to one for each forged packet that waits in its place.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let input = Input::new(data, WORK);
    let (quiet, forged) = (World::new(false).run(input), World::new(true).run(input));
    let lost: Vec<u32> = quiet.delivered.difference(&forged.delivered).copied().collect();
    assert!(lost.len() <= forged.held, "lost with {} forged that waited: {lost:?}", forged.held);
}

/// Packets of an input.
const WORK: u32 = 1500;

struct World {
    sender: Pipe,
    receiver: Pipe,
    now: Duration,
    is_forged: bool,
    sent: u32,
    delivered: BTreeSet<u32>,
    /// Forged packets that wait, or waited.
    held: usize,
}

impl World {
    fn new(is_forged: bool) -> Self {
        let pipe = |local, peer| Tunnel::inline(Config::new(CallIds { local, peer }).with_late_frames(true));
        let (sender, receiver) = (pipe(1, 2), pipe(2, 1));
        let delivered = BTreeSet::new();
        Self { sender, receiver, now: Duration::ZERO, is_forged, sent: 0, delivered, held: 0 }
    }

    fn run(mut self, mut input: Input<'_>) -> Self {
        while let Some(step) = input.step() {
            let argument = step >> 3;
            match step & 7 {
                0 | 1 => {
                    input.spend(argument.into());
                    for _ in 0..=argument {
                        self.send(true);
                        self.pass(Duration::from_millis(5));
                    }
                }
                2 => {
                    input.spend(argument.into());
                    for _ in 0..=argument {
                        self.send(false);
                    }
                }
                3 => self.pass(Duration::from_millis(u64::from(argument) * 100)),
                4 => self.pass(DAY * u32::from(argument) / 16),
                5 | 6 => {
                    let jump = JUMPS[usize::from(argument & 7)].wrapping_sub(u32::from(argument >> 3 & 1));
                    let number = self.sender.statistics().ss.get().wrapping_add(jump);
                    let protocol = if argument & 16 == 0 { PROTOCOL_COMPRESSED } else { PROTOCOL_LCP };
                    let body = [&protocol[..], input.bytes()].concat();
                    let acknowledgment = (step & 7 == 5).then_some(u32::from(argument));
                    self.forge(&encode_gre(2, Some(number), acknowledgment, &body));
                }
                _ => {
                    let packet = input.bytes().to_vec();
                    self.forge(&packet);
                }
            }
        }
        // Those that wait come out, and what is sent then arrives.
        self.pass(Duration::from_secs(10));
        for _ in 0..20 {
            self.send(true);
            self.pass(Duration::from_millis(100));
        }
        self
    }

    fn send(&mut self, arrives: bool) {
        let frame = [&PROTOCOL_COMPRESSED[..], &SEAL, &self.sent.to_be_bytes()].concat();
        let mut buf = [&[0; HEADROOM][..], &frame].concat();
        // Nobody acknowledges, so the window is given up again and again.
        let Ok(packet) = self.sender.encapsulate_in_place(self.now, &mut buf) else { return };
        let packet = packet.to_vec();
        self.sent += 1;
        if arrives {
            let _ = self.receive(&packet);
        }
    }

    fn forge(&mut self, packet: &[u8]) {
        if self.is_forged {
            self.held += usize::from(self.receive(packet));
        }
    }

    /// Returns whether the packet waits.
    fn receive(&mut self, packet: &[u8]) -> bool {
        let mut received = self.receiver.decapsulate_unproven(self.now, packet);
        // The packets that wait come out first, and then this one is given again.
        for _ in 0..SLOTS {
            if received == Err(ReceiveError::Busy) {
                self.poll();
                received = self.receiver.decapsulate_unproven(self.now, packet);
            }
        }
        if let Ok(Received::Frame(unproven) | Received::LateFrame(unproven)) = &received {
            let frame = packet[unproven.range()].to_vec();
            self.open(unproven, &frame);
        }
        self.poll();
        received == Ok(Received::Held)
    }

    /// Returns a cipher's verdict on a frame, which it accepts once.
    fn open(&mut self, unproven: &Unproven, frame: &[u8]) {
        let index = frame.strip_prefix(&PROTOCOL_COMPRESSED).and_then(|frame| frame.strip_prefix(&SEAL));
        match index.and_then(|index| Some(u32::from_be_bytes(index.try_into().ok()?))) {
            Some(index) if index < self.sent && self.delivered.insert(index) => {
                self.receiver.confirm(self.now, unproven);
            }
            // A frame in the clear proves nothing, and costs nothing.
            _ if !frame.starts_with(&PROTOCOL_COMPRESSED) => self.receiver.doubt(self.now, unproven),
            _ => self.receiver.refuse(self.now, unproven),
        }
    }

    fn poll(&mut self) {
        while let Some((unproven, frame)) = self.receiver.poll_receive_unproven(self.now) {
            let frame = frame.to_vec();
            self.open(&unproven, &frame);
        }
        let mut buf = [0; MAX_TRANSMIT];
        if let Some(packet) = self.receiver.poll_transmit(self.now, &mut buf).expect("there is room") {
            let _ = self.sender.decapsulate(self.now, packet);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        for tunnel in [&mut self.sender, &mut self.receiver] {
            tunnel.handle_timeout(self.now);
            assert!(tunnel.poll_timeout().is_none_or(|at| at > self.now), "a deadline stays");
        }
        self.poll();
    }
}
