//! A side whose PPP begins as that of real peers does, and not as the RFC has it.

use std::collections::VecDeque;
use std::time::Duration;

use pptp::ppp::{Frame, Protocol};
use pptp::ppp_session;

use super::{Client, Host, OneCall as _, Tunnelled, decode_gre, encode_gre, frame};
use crate::{Datagram, Endpoint, Output, Random};

/// RFC 1661 section 5.9: a Discard-Request, which arrives in the place of a frame that PPP does not see: the tunnel has
/// counted it.
const DISCARD: [u8; 8] = [11, 0, 0, 8, 0, 0, 0, 0];

/// The oddity of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// Nothing.
    None,
    /// accel-ppp: it sends its first CCP request, and sees nothing of CCP for so long.
    DeafCcp(Duration),
    /// pppd, and accel-ppp's CCP: each control protocol begins so late, and sees nothing before.
    Late(Duration),
    /// pppd and Windows that require encryption: IPCP is answered by Terminate-Ack until CCP is open.
    RefusesEarlyIpcp,
    /// Android: it confirms CHAP Success by a Success of its own, and takes a Protocol-Reject of it for the end.
    ConfirmsSuccess,
    /// The kernel of Linux: it acknowledges with data of its own, and never alone.
    AcknowledgesWithData,
}

/// A side with PPP.
pub trait HasPpp: Tunnelled {
    /// Returns PPP of its newest call.
    fn ppp(&self) -> Option<&ppp_session::Session>;
}

impl HasPpp for Client {
    fn ppp(&self) -> Option<&ppp_session::Session> {
        self.session.ppp()
    }
}

impl<const N: usize> HasPpp for Host<N> {
    fn ppp(&self) -> Option<&ppp_session::Session> {
        self.session().call(self.call()?).map(|call| call.ppp())
    }
}

/// A side, and what is odd about it: its frames are changed, and what comes to it, with the numbers of the tunnel in order.
#[derive(Debug)]
pub struct Odd<E> {
    /// The side.
    pub inner: E,
    oddity: Oddity,
    /// When each protocol has begun: its first frame was ready to go.
    began: Vec<(Protocol, Duration)>,
    /// GRE packets, and when they go.
    going: VecDeque<(Duration, Vec<u8>)>,
    /// Those that go with the next poll.
    ready: Vec<Vec<u8>>,
    /// For each sequence number that went out, that of the side itself, which has not sent what was added.
    numbers: Vec<(u32, u32)>,
    added: u32,
    /// The call's number at the other side.
    peer_call: u16,
    /// How many Protocol-Rejects of CHAP have come.
    pub chap_rejects: usize,
    /// How many frames did not arrive as they were sent, or were added.
    pub changed: usize,
}

impl<E: HasPpp> Odd<E> {
    /// Makes a side odd.
    pub const fn new(inner: E, oddity: Oddity) -> Self {
        Self {
            inner,
            oddity,
            began: Vec::new(),
            going: VecDeque::new(),
            ready: Vec::new(),
            numbers: Vec::new(),
            added: 0,
            peer_call: 0,
            chap_rejects: 0,
            changed: 0,
        }
    }

    /// Sends an IP packet with the next poll.
    pub fn send(&mut self, now: Duration, packet: &[u8]) {
        let mut buf = [&[0; pptp::session::HEADROOM][..], packet].concat();
        let sealed = self.inner.send_ip(now, &mut buf).unwrap();
        self.put(now, &sealed);
    }

    /// Returns when the side begins with a protocol and listens to it.
    fn listens_at(&self, protocol: Protocol) -> Option<Duration> {
        let late = if let Oddity::Late(late) = self.oddity { late } else { Duration::ZERO };
        self.began.iter().find(|(found, _)| *found == protocol).map(|(_, at)| *at + late)
    }

    /// Takes a packet of the side's own.
    fn put(&mut self, now: Duration, packet: &[u8]) {
        let (sequence, acknowledgment, payload) = decode_gre(packet);
        if sequence.is_none() && self.oddity == Oddity::AcknowledgesWithData {
            self.changed += 1;
            return;
        }
        self.peer_call = u16::from_be_bytes([packet[6], packet[7]]);
        let mut at = now;
        if sequence.is_some() {
            let protocol = Frame::decode(payload).unwrap().protocol;
            if self.listens_at(protocol).is_none() {
                self.began.push((protocol, now));
            }
            at = at.max(self.listens_at(protocol).unwrap_or_default());
        }
        let number = sequence.map(|own| {
            self.numbers.push((own + self.added, own));
            own + self.added
        });
        self.push(at, encode_gre(self.peer_call, number, acknowledgment, payload));
    }

    /// Puts a packet in the order of sending.
    fn push(&mut self, at: Duration, packet: Vec<u8>) {
        let earliest = self.going.back().map_or(Duration::ZERO, |(at, _)| *at);
        self.going.push_back((at.max(earliest), packet));
    }

    fn take_due(&mut self, now: Duration) {
        while self.going.front().is_some_and(|(at, _)| *at <= now) {
            self.ready.extend(self.going.pop_front().map(|(_, packet)| packet));
        }
    }

    /// Sends a frame that the side itself knows nothing of.
    fn add(&mut self, now: Duration, frame: &[u8]) {
        let (last, own) = *self.numbers.last().unwrap();
        self.added += 1;
        self.changed += 1;
        self.numbers.push((last + 1, own));
        self.push(now, encode_gre(self.peer_call, Some(last + 1), None, frame));
    }

    /// Returns whether PPP sees the frame that has come.
    fn sees(&mut self, now: Duration, protocol: Protocol, information: &[u8]) -> bool {
        let [code, identifier, ..] = *information else { return true };
        match self.oddity {
            Oddity::None | Oddity::AcknowledgesWithData => true,
            Oddity::DeafCcp(time) => {
                protocol != Protocol::CCP || self.listens_at(protocol).is_some_and(|at| now >= at + time)
            }
            Oddity::Late(_) => {
                let is_control = [Protocol::LCP, Protocol::CCP, Protocol::IPCP].contains(&protocol);
                !is_control || self.listens_at(protocol).is_some_and(|at| now >= at)
            }
            Oddity::RefusesEarlyIpcp => {
                let is_early = self.inner.ppp().is_none_or(|ppp| ppp.link().compression().is_none());
                if protocol == Protocol::IPCP && is_early {
                    self.add(now, &frame(0x8021, &[6, identifier, 0, 4]));
                    return false;
                }
                true
            }
            Oddity::ConfirmsSuccess => {
                if protocol == Protocol::CHAP && code == 3 {
                    self.add(now, &frame(0xc223, &[3, identifier, 0, 4]));
                }
                let is_reject = protocol == Protocol::LCP && code == 8 && information[4..].starts_with(&[0xc2, 0x23]);
                self.chap_rejects += usize::from(is_reject);
                true
            }
        }
    }
}

impl<E: HasPpp> Endpoint for Odd<E> {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let (sequence, acknowledgment, payload) = decode_gre(&datagram.bytes);
        let own_call = u16::from_be_bytes([datagram.bytes[6], datagram.bytes[7]]);
        let mut payload = payload.to_vec();
        if sequence.is_some() {
            let (protocol, information) = super::decode_frame(&payload);
            if !self.sees(now, Protocol(protocol), &information) {
                self.changed += 1;
                payload = frame(Protocol::LCP.0, &DISCARD);
            }
        }
        let own = |number: u32| self.numbers.iter().rev().find(|(sent, _)| *sent <= number).map(|(_, own)| *own);
        datagram.bytes = encode_gre(own_call, sequence, acknowledgment.and_then(own), &payload);
        if sequence.is_some() || acknowledgment.and_then(own).is_some() {
            self.inner.handle_datagram(now, datagram);
        }
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> usize {
        self.inner.handle_stream(now, bytes)
    }

    fn handle_stream_end(&mut self, now: Duration) {
        self.inner.handle_stream_end(now);
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut own = Output { room: output.room, ..Output::default() };
        let mut is_any = self.inner.poll(now, &mut own);
        output.stream.append(&mut own.stream);
        for packet in own.datagrams {
            self.put(now, &packet);
        }
        self.take_due(now);
        is_any |= !self.ready.is_empty();
        output.datagrams.append(&mut self.ready);
        is_any
    }

    fn handle_room(&mut self) {
        self.inner.handle_room();
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.going.front().map(|(at, _)| *at).into_iter().chain(self.inner.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.take_due(now);
        self.inner.handle_timeout(now);
    }

    fn disturb(&mut self, early: Duration, random: &mut Random) {
        self.inner.disturb(early, random);
    }

    fn has_closed(&self) -> bool {
        self.inner.has_closed()
    }
}
