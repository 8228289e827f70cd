//! Two links and a network between them that loses, repeats and delays frames.

#![expect(clippy::wildcard_enum_match_arm, reason = "other events do not matter here")]

use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::{Answer, Question, Secret};
use crate::link::{Config, Event, Link, Phase, Reason, Received};
use crate::{Frame, Protocol};
use testing::{Path, Profile};

pub(super) struct End {
    pub(super) link: Link,
    pub(super) events: Vec<Event>,
    pub(super) secret: &'static [u8],
}

impl End {
    pub(super) fn new(config: &Config, seed: u8) -> Self {
        Self { link: Link::new(config, [seed; 32]), events: Vec::new(), secret: b"wonderland" }
    }

    /// Answers everything that is asked.
    pub(super) fn settle(&mut self, now: Duration) {
        while let Some(event) = self.link.poll_event() {
            self.events.push(event);
            match event {
                Event::Authenticate(question @ Question::Proof(_)) => {
                    assert_eq!(self.link.presented().unwrap().name().map(|name| name.0), Some(&b"alice"[..]));
                    self.link.answer(now, question.ticket(), &Answer::Password(self.secret)).unwrap();
                }
                Event::Prove(demand) => {
                    let secret = Secret::Password(self.secret);
                    self.link.prove(now, demand.ticket(), b"alice", &secret).unwrap();
                }
                _ => {}
            }
        }
    }

    pub(super) fn closed(&self) -> Option<Reason> {
        self.events.iter().rev().find_map(|event| match event {
            Event::Closed(reason) => Some(*reason),
            _ => None,
        })
    }
}

pub(super) struct Network {
    pub(super) ends: Vec<End>,
    pub(super) now: Duration,
    path: Path,
    pub(super) frames: usize,
    pub(super) lines: Vec<(usize, Vec<u8>)>,
}

impl Network {
    pub(super) fn new(one: &Config, other: &Config, seed: u64) -> Self {
        let mut network = Self {
            ends: alloc::vec![End::new(one, 1), End::new(other, 2)],
            now: Duration::ZERO,
            path: Path::new(Profile::DIRECT, seed),
            frames: 0,
            lines: Vec::new(),
        };
        for end in &mut network.ends {
            end.link.open(Duration::ZERO);
            end.link.up(Duration::ZERO);
        }
        network
    }

    /// Sets how many of 100 frames are lost and how many come twice, and the longest time on the
    /// way in milliseconds.
    pub(super) fn spoil(&mut self, loss: u64, twice: u64, delay: u64) {
        let jitter = Duration::from_millis(delay);
        self.path.profiles = [Profile { loss: loss * 10, duplication: twice * 10, jitter, ..Profile::DIRECT }; 2];
    }

    pub(super) fn send(&mut self) -> bool {
        let mut is_busy = false;
        for from in 0..2 {
            let mut buf = [0; Link::MAX_TRANSMIT];
            let now = self.now;
            self.ends[from].settle(now);
            while let Some(frame) = self.ends[from].link.poll_transmit(now, &mut buf).unwrap() {
                is_busy = true;
                self.frames += 1;
                if self.lines.len() < 200 {
                    self.lines.push((from, frame.to_vec()));
                }
                self.path.send(now, from, frame, None);
            }
            self.ends[from].settle(now);
        }
        is_busy
    }

    pub(super) fn deliver(&mut self) -> bool {
        let now = self.now;
        let Some(datagram) = self.path.receive(now) else { return false };
        let end = &mut self.ends[datagram.to];
        let _ = end.link.handle_frame(now, &datagram.bytes);
        end.settle(now);
        true
    }

    /// Runs until nothing is on the way and no timer runs, or until `end`. Whether all came to rest.
    pub(super) fn run(&mut self, end: Duration) -> bool {
        loop {
            assert!(self.frames < 4000, "no end");
            if self.send() || self.deliver() {
                continue;
            }
            let timers = self.ends.iter().filter_map(|end| end.link.poll_timeout());
            let Some(at) = timers.chain(self.path.next_arrival()).min() else { return true };
            if at > end {
                return false;
            }
            self.now = self.now.max(at);
            let now = self.now;
            for end in &mut self.ends {
                end.link.handle_timeout(now);
                assert!(end.link.poll_timeout().is_none_or(|next| next > now));
                end.settle(now);
            }
        }
    }

    pub(super) fn phases(&self) -> [Phase; 2] {
        [self.ends[0].link.phase(), self.ends[1].link.phase()]
    }

    /// Returns whether an IP packet goes from one end to the other, as it would be sent.
    pub(super) fn carries_ip(&mut self, from: usize) -> bool {
        let packet = [0x45, 0, 0, 20];
        let now = self.now;
        if !self.ends[from].link.may_send(Protocol::IP) {
            return false;
        }
        let is_encrypted = self.ends[from].link.compression().is_some_and(|agreed| agreed.is_encrypted());
        let mut buf = [0; 16];
        let protocol = if is_encrypted { Protocol::COMPRESSED } else { Protocol::IP };
        let frame: Frame<'_> = self.ends[from].link.frame(protocol, &packet);
        let frame = frame.encode(&mut buf).unwrap();
        let link = &mut self.ends[1 - from].link;
        let network = Ok(Received::Network { protocol: Protocol::IP, packet: &packet[..] });
        match link.handle_frame(now, frame) {
            Ok(Received::Compressed(inner)) => {
                assert_eq!(inner, packet);
                link.handle_decrypted(now, Protocol::IP, &packet) == network
            }
            other => other == network,
        }
    }
}
