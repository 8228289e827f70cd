//! `live_link`: two links that are up, and forged frames of all protocols.

use core::time::Duration;

use ppp_fsm::link::{Link, Received};
use ppp_fsm::{Frame, Protocol};

use super::{Control, DAY};
use crate::ppp_machines::{config, settle};
use crate::session::Input;

/// Asserts that a link carries IP packets among forged frames, and for days after them.
///
/// Left out are the codes with which RFC 1661 ends or restarts a protocol: anyone who can write to
/// the line can do that.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(first) = input.byte() else { return };
    let quiet = World::new(first, false).verdicts(input);
    let forged = World::new(first, true).verdicts(input);
    for (place, (quiet, forged)) in quiet.iter().zip(&forged).enumerate() {
        assert!(!quiet || *forged, "check {place}: no IP packet comes through after forged frames");
    }
}

/// Steps of an input.
const WORK: u32 = 200;

struct World {
    links: [Link; 2],
    now: Duration,
    is_forged: bool,
}

impl World {
    fn new(first: u8, is_forged: bool) -> Self {
        // A method of authentication, and no encryption: IP packets show whether the link lives.
        let number = first & 7 | 2 << 3;
        let mut links = [Link::new(&config(number, true), [1; 32]), Link::new(&config(number, false), [2; 32])];
        for link in &mut links {
            link.open(Duration::ZERO);
            link.up(Duration::ZERO);
        }
        let mut world = Self { links, now: Duration::ZERO, is_forged };
        world.exchange();
        world
    }

    fn verdicts(mut self, mut input: Input<'_>) -> Vec<bool> {
        let mut verdicts = vec![self.is_alive()];
        assert!(verdicts[0], "the two come up");
        while let Some(step) = input.step() {
            let to = usize::from(step >> 7);
            match step & 7 {
                0 => verdicts.push(self.is_alive()),
                1 => self.pass(Duration::from_secs(u64::from(step >> 3 & 15) * 10)),
                // A clock that jumps.
                2 => self.pass_at_once(DAY * u32::from(step >> 3 & 15) / 8),
                3 => self.links[0].rechallenge(self.now),
                _ => {
                    let Some(frame) = Control::read(&mut input).map(|control| control.frame()) else { continue };
                    if self.is_forged {
                        let _ = self.links[to].handle_frame(self.now, &frame);
                    }
                }
            }
            self.exchange();
        }
        self.pass(Duration::from_secs(150));
        verdicts.push(self.is_alive());
        verdicts
    }

    /// Carries frames until neither end has more to send.
    fn exchange(&mut self) {
        let mut buf = [0; Link::MAX_TRANSMIT];
        for _ in 0..1000 {
            let mut is_quiet = true;
            for from in 0..2 {
                settle(&mut self.links[from], self.now);
                while let Some(frame) = self.links[from].poll_transmit(self.now, &mut buf).expect("there is room") {
                    is_quiet = false;
                    let _ = self.links[1 - from].handle_frame(self.now, frame);
                }
            }
            if is_quiet {
                return;
            }
        }
        panic!("they do not come to rest");
    }

    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.links.iter().filter_map(Link::poll_timeout).min().filter(|at| *at <= end) {
            self.pass_at_once(at.saturating_sub(self.now));
        }
        self.now = end;
    }

    fn pass_at_once(&mut self, time: Duration) {
        self.now += time;
        for link in &mut self.links {
            link.handle_timeout(self.now);
        }
        self.exchange();
    }

    /// Returns whether an IP packet goes from each end to the other.
    fn is_alive(&mut self) -> bool {
        let packet = [0x45, 0, 0, 20];
        let mut buf = [0; 16];
        (0..2).all(|from| {
            if !self.links[from].may_send(Protocol::IP) {
                return false;
            }
            let frame: Frame<'_> = self.links[from].frame(Protocol::IP, &packet);
            let frame = frame.encode(&mut buf).expect("there is room");
            let expected = Ok(Received::Network { protocol: Protocol::IP, packet: &packet[..] });
            self.links[1 - from].handle_frame(self.now, frame) == expected
        })
    }
}
