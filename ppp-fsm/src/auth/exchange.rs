//! The common part of both sides of an authentication: one packet on the way, repeated until the
//! other side answers.

use core::time::Duration;

use md5::{Digest, Md5};

use super::answer::AnswerError;
use super::{Config, MAX_PACKET_LEN, Refused};
use crate::buffer::Buffer;
use crate::wire::Wire;
use crate::{BufferTooSmall, Packet, time};

/// The last packet of this side, and what is waited for.
#[derive(Debug)]
pub(super) struct Exchange {
    /// Of the last Challenge, Request or reply.
    pub(super) identifier: u8,
    outgoing: Buffer<MAX_PACKET_LEN>,
    is_due: bool,
    timer: Timer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timer {
    Off,
    /// The packet goes out again at this time, and as often afterwards.
    Repeat {
        at: Duration,
        left: u8,
    },
    /// The other side has to begin, or to go on, until this time.
    Wait {
        at: Duration,
    },
}

impl Exchange {
    pub(super) fn new(identifier: u8) -> Self {
        Self { identifier, outgoing: Buffer::default(), is_due: false, timer: Timer::Off }
    }

    /// Clears the exchange: nothing was sent, and nothing is waited for.
    pub(super) fn clear(&mut self) {
        self.forget();
        self.rest();
    }

    /// Forgets the last packet: it has done its work, or another one follows.
    pub(super) fn forget(&mut self) {
        self.outgoing.clear();
        self.is_due = false;
    }

    /// Writes a packet in place of the last one.
    pub(super) fn put(&mut self, packet: &impl Wire) -> Result<(), AnswerError> {
        self.is_due = false;
        Ok(self.outgoing.write(|buf| crate::wire::encode(packet, buf).map(<[u8]>::len))?)
    }

    /// Stores a packet of another end of EAP in place of the last one.
    pub(super) fn put_bytes(&mut self, packet: &[u8]) -> Result<(), AnswerError> {
        if packet.len() > MAX_PACKET_LEN {
            return Err(AnswerError::TooLong);
        }
        self.is_due = false;
        self.outgoing.set(packet);
        Ok(())
    }

    /// Returns whether there is a last packet.
    pub(super) fn has_packet(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Returns the code of the last packet.
    pub(super) fn code(&self) -> Option<u8> {
        self.outgoing.as_bytes().first().copied()
    }

    /// Sends the packet, and repeats it until the other side answers.
    pub(super) fn send(&mut self, now: Duration, config: &Config) {
        self.is_due = true;
        // RFC 1994 section 4.1: it is repeated, up to a counter.
        self.timer = Timer::repeat(now, config, config.max_tries.saturating_sub(1));
    }

    /// Sends the packet, and repeats it until the other side answers, or a person there, who needs more time.
    pub(super) fn send_until(&mut self, now: Duration, config: &Config, asks_person: bool) {
        // A person who is asked for a password needs more time than the restart timer gives.
        if !asks_person {
            self.send(now, config);
            return;
        }
        self.is_due = true;
        let tries = config.patience.as_millis().checked_div(config.restart_timeout.as_millis()).unwrap_or_default();
        let tries = u8::try_from(tries).unwrap_or(u8::MAX);
        self.timer = Timer::repeat(now, config, tries.max(config.max_tries.saturating_sub(1)));
    }

    /// Waits for a packet that may be lost, a quarter of the restart timeout.
    #[cfg(feature = "mschap")]
    pub(super) fn wait_shortly(&mut self, now: Duration, config: &Config) {
        // pppd 2.4.9 sends no Success of EAP-MSCHAPv2, and repeats its first request of CCP after 3 s. A whole restart
        // timeout would meet that, and its kernel then loses the keys.
        let wait = config.restart_timeout.checked_div(4);
        self.timer = wait.and_then(|wait| time::after(now, wait)).map_or(Timer::Off, |at| Timer::Wait { at });
    }

    /// Sends the packet once: it is an answer, and the other side asks again when it was lost.
    pub(super) const fn send_once(&mut self) {
        self.is_due = true;
    }

    /// Sends the last packet once more, if there is one: its copy was lost.
    pub(super) fn repeat(&mut self) {
        self.is_due = self.has_packet();
    }

    /// Waits for the other side to begin, or to go on.
    pub(super) fn wait(&mut self, now: Duration, config: &Config) {
        self.timer = time::after(now, config.patience).map_or(Timer::Off, |at| Timer::Wait { at });
    }

    /// Waits for nothing.
    pub(super) const fn rest(&mut self) {
        self.timer = Timer::Off;
    }

    /// Waits for the user: nothing is sent meanwhile.
    pub(super) const fn pause(&mut self) {
        self.timer = Timer::Off;
        self.is_due = false;
    }

    pub(super) fn poll_transmit<'b>(&mut self, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        if !self.is_due {
            return Ok(None);
        }
        let packet = self.outgoing.as_bytes();
        let (needed, available) = (packet.len(), buf.len());
        let written = buf.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
        written.copy_from_slice(packet);
        self.is_due = false;
        Ok(Some(written))
    }

    pub(super) const fn has_output(&self) -> bool {
        self.is_due
    }

    pub(super) const fn poll_timeout(&self) -> Option<Duration> {
        match self.timer {
            Timer::Off => None,
            Timer::Repeat { at, .. } | Timer::Wait { at } => Some(at),
        }
    }

    /// Repeats the packet. Returns whether the other side was waited for long enough.
    pub(super) fn handle_timeout(&mut self, now: Duration, config: &Config) -> bool {
        if !time::is_due(self.poll_timeout(), now) {
            return false;
        }
        if let Timer::Repeat { left, .. } = self.timer {
            if let Some(left) = left.checked_sub(1) {
                self.is_due = true;
                self.timer = Timer::repeat(now, config, left);
                return false;
            }
        }
        self.timer = Timer::Off;
        true
    }
}

impl Timer {
    fn repeat(now: Duration, config: &Config, left: u8) -> Self {
        time::after(now, config.restart_timeout).map_or(Self::Off, |at| Self::Repeat { at, left })
    }
}

/// Returns what answers a challenge (RFC 1994 section 4.1).
pub(super) fn md5_response(identifier: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    // In place: each move would leave a copy of the password behind.
    let mut md5 = Md5::new();
    md5.update([identifier]);
    md5.update(password);
    md5.update(challenge);
    md5.finalize_reset().into()
}

/// Returns the packet that its length field says, without padding.
pub(super) fn whole_packet(bytes: &[u8]) -> Result<&[u8], Refused> {
    let length = Packet::decode(bytes)?.encoded_len();
    // Bounded memory: what is longer than any packet of these methods is refused.
    if length > MAX_PACKET_LEN {
        return Err(Refused::TooLong { length });
    }
    // A packet that was decoded is not longer than its bytes.
    Ok(bytes.get(..length).unwrap_or(bytes))
}
