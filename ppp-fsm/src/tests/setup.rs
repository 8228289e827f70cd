//! Peers whose beginning is odd, as real ones' is, and what a forger may start once all is up.

#![expect(clippy::wildcard_enum_match_arm, reason = "other events do not matter here")]

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use super::network::End;
use crate::auth::{
    self, Answer, Authenticator, Demand, Failure, MAX_PACKET_LEN, Method, Methods, Peer, Secret, Status,
};
use crate::ccp::Encryption;
use crate::link::{Config, Event, Link, Phase, Reason, Refused};
use crate::{Frame, Protocol, Words, ccp, ipcp, lcp};

const NOW: Duration = Duration::ZERO;
const MILLISECOND: Duration = Duration::from_millis(1);

fn config(encryption: Encryption, is_server: bool) -> Config {
    let methods = Methods::new(&[Method::MsChapV2]);
    let (lcp, ipcp) = if is_server {
        let ipcp = ipcp::Config::new([10, 0, 0, 1].into()).with_peer_address([10, 0, 0, 2].into());
        (lcp::Config::default().with_peer_authentication(methods), ipcp)
    } else {
        (lcp::Config::default().with_own_authentication(methods), ipcp::Config::default())
    };
    Config::default().with_lcp(lcp).with_ipcp(ipcp).with_ccp(ccp::Config::default().with_encryption(encryption))
}

/// The fate of a frame on its way to the odd peer.
enum Fate {
    Passes,
    IsLost,
    IsAnswered(Vec<u8>),
}

/// The odd peer is end 0, the link is end 1. A millisecond lies between them.
struct Line {
    ends: Vec<End>,
    now: Duration,
    on_the_way: VecDeque<(Duration, usize, Vec<u8>)>,
    /// When the odd peer has sent its first request of a protocol.
    began: Vec<(Protocol, Duration)>,
    /// How long the odd peer waits before it begins with a protocol.
    late: Duration,
}

impl Line {
    fn new(server: Encryption, client: Encryption, seed: u8) -> Self {
        let mut ends = Vec::from([End::new(&config(server, true), seed)]);
        ends.push(End::new(&config(client, false), seed.wrapping_add(1)));
        for end in &mut ends {
            end.link.open(NOW);
            end.link.up(NOW);
        }
        Self { ends, now: NOW, on_the_way: VecDeque::new(), began: Vec::new(), late: NOW }
    }

    fn send(&mut self) {
        for from in [0, 1] {
            let mut buf = [0; Link::MAX_TRANSMIT];
            let now = self.now;
            self.ends[from].settle(now);
            while let Some(frame) = self.ends[from].link.poll_transmit(now, &mut buf).unwrap() {
                let protocol = Frame::decode(frame).unwrap().protocol;
                if from == 0 && self.began.iter().all(|(found, _)| *found != protocol) {
                    self.began.push((protocol, now));
                }
                let at = now.max(if from == 0 { self.listens_at(protocol).unwrap() } else { NOW });
                self.put(at + MILLISECOND, 1 - from, frame.to_vec());
            }
        }
    }

    /// Returns when the odd peer begins with a protocol and listens to it.
    fn listens_at(&self, protocol: Protocol) -> Option<Duration> {
        self.began.iter().find(|(found, _)| *found == protocol).map(|(_, at)| *at + self.late)
    }

    /// Puts a frame on its way, in the order of time and of sending.
    fn put(&mut self, at: Duration, to: usize, frame: Vec<u8>) {
        let place = self.on_the_way.iter().take_while(|(found, ..)| *found <= at).count();
        self.on_the_way.insert(place, (at, to, frame));
    }

    /// Runs until both ends have IP, at most for half a second. Returns when that was.
    fn run(&mut self, fate: impl Fn(&mut Self, &Frame<'_>) -> Fate) -> Option<Duration> {
        let end = Duration::from_millis(500);
        while self.now <= end {
            self.send();
            let timers = self.ends.iter().filter_map(|end| end.link.poll_timeout());
            self.now = timers.chain(self.on_the_way.iter().map(|(at, ..)| *at)).min()?.max(self.now);
            while self.on_the_way.front().is_some_and(|(at, ..)| *at <= self.now) {
                let (_, to, bytes) = self.on_the_way.pop_front().unwrap();
                let frame = Frame::decode(&bytes).unwrap();
                match if to == 0 { fate(self, &frame) } else { Fate::Passes } {
                    Fate::Passes => drop(self.ends[to].link.handle_frame(self.now, &bytes).is_ok()),
                    Fate::IsLost => {}
                    Fate::IsAnswered(answer) => self.put(self.now + MILLISECOND, 1, answer),
                }
                self.ends[to].settle(self.now);
            }
            for end in &mut self.ends {
                end.link.handle_timeout(self.now);
            }
            if self.ends.iter().all(|end| end.link.may_send(Protocol::IP)) {
                return Some(self.now);
            }
        }
        None
    }

    fn is_encrypted(&self) -> bool {
        self.ends.iter().all(|end| end.link.compression().is_some_and(|agreed| agreed.is_encrypted()))
    }
}

const PRESETS: [[Encryption; 2]; 4] = [
    [Encryption::Required, Encryption::Required],
    [Encryption::Required, Encryption::Preferred],
    [Encryption::Preferred, Encryption::Required],
    [Encryption::Preferred, Encryption::Preferred],
];

/// Asserts that 100 links in every preset come up encrypted in half a second.
fn check(late: Duration, fate: impl Fn(&mut Line, &Frame<'_>) -> Fate + Copy) {
    for [server, client] in PRESETS {
        for seed in 0..100 {
            let mut line = Line::new(server, client, seed);
            line.late = late;
            let up = line.run(fate);
            assert!(up.is_some(), "{server} {client} {seed}: {:?}", line.ends[1].events);
            // IP may come before encryption that is preferred; the rest of the packets is on the way.
            line.run(|_, _| Fate::Passes);
            for _ in 0..100 {
                line.send();
                while let Some((_, to, bytes)) = line.on_the_way.pop_front() {
                    let _ = line.ends[to].link.handle_frame(line.now, &bytes);
                }
                line.now += MILLISECOND;
                line.ends.iter_mut().for_each(|end| end.link.handle_timeout(line.now));
            }
            assert!(line.is_encrypted(), "{server} {client} {seed}");
        }
    }
}

/// accel-ppp sends its request, and lets its kernel listen to CCP a moment later.
#[test]
fn a_peer_that_is_deaf_for_a_millisecond_after_its_ccp_request_hears_the_acknowledgment() {
    check(NOW, |line, frame| {
        // The way there and back takes two.
        let is_deaf = line.listens_at(Protocol::CCP).is_none_or(|at| line.now < at + 3 * MILLISECOND);
        if frame.protocol == Protocol::CCP && is_deaf { Fate::IsLost } else { Fate::Passes }
    });
}

/// pppd's first packet, and accel-ppp's CCP.
#[test]
fn a_peer_that_discards_a_request_which_comes_before_it_listens_is_asked_again_at_once() {
    check(20 * MILLISECOND, |line, frame| {
        let is_control = [Protocol::LCP, Protocol::CCP, Protocol::IPCP].contains(&frame.protocol);
        let listens = line.listens_at(frame.protocol).is_some_and(|at| at <= line.now);
        if is_control && !listens { Fate::IsLost } else { Fate::Passes }
    });
}

/// pppd and Windows that require encryption.
#[test]
fn a_peer_that_answers_early_ipcp_with_a_terminate_ack_is_asked_again_when_ccp_opens() {
    check(NOW, |line, frame| {
        let is_early = line.ends[0].link.compression().is_none();
        if frame.protocol == Protocol::IPCP && is_early {
            return Fate::IsAnswered(Vec::from([0xff, 3, 0x80, 0x21, 6, frame.information[1], 0, 4]));
        }
        Fate::Passes
    });
}

/// The smallest input: an Android client takes the Protocol-Reject for the end of the link.
#[test]
fn rfc1661_section_5_7_chap_for_the_other_role_is_dropped_and_not_rejected() {
    let mut line = Line::new(Encryption::Preferred, Encryption::Preferred, 1);
    line.run(|_, _| Fate::Passes).unwrap();
    let (now, server) = (line.now, &mut line.ends[0].link);
    while server.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
    let refused = server.handle_frame(now, &[0xff, 0x03, 0xc2, 0x23, 0x03, 0x0d, 0x00, 0x04]);
    assert_eq!(refused, Err(Refused::Authentication(auth::Refused::NotAgreed)));
    assert_eq!(server.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]), Ok(None));
    assert_eq!(server.phase(), Phase::Network);
}

/// A client that requires encryption names its best method, and gives in to a server that insists. One that merely
/// prefers it does not: pppd drops a method that is answered with a Nak, and ends the link when it has no other.
#[test]
fn a_client_that_requires_keys_asks_a_server_that_wants_pap_for_ms_chap_first() {
    let methods = Methods::new(&[Method::MsChapV2, Method::ChapMd5, Method::Pap]);
    for (encryption, first) in [(Encryption::Required, 3), (Encryption::Preferred, 2), (Encryption::Refused, 2)] {
        let lcp = lcp::Config::default().with_own_authentication(methods);
        let config = Config::default().with_lcp(lcp).with_ccp(ccp::Config::default().with_encryption(encryption));
        let mut link = Link::new(&config, [1; 32]);
        link.open(NOW);
        link.up(NOW);
        let answer = |link: &mut Link, identifier| {
            let mut buf = [0; Link::MAX_TRANSMIT];
            while link.poll_transmit(NOW, &mut buf).unwrap().is_some() {}
            link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 1, identifier, 0, 8, 3, 4, 0xc0, 0x23]).unwrap();
            let mut answers = Vec::new();
            while let Some(frame) = link.poll_transmit(NOW, &mut buf).unwrap() {
                answers.push(frame[4..].to_vec());
            }
            answers.pop().unwrap()
        };
        let answered = answer(&mut link, 1);
        assert_eq!(answered[0], first, "{encryption}");
        if first == 3 {
            assert_eq!(answered[4..], [3, 5, 0xc2, 0x23, 0x81]);
            assert_eq!(answer(&mut link, 2)[0], 2);
        }
    }
}

/// Lets all timers of an end run out, which nobody answers.
fn run_out(end: &mut End, now: &mut Duration) {
    for _ in 0..100 {
        while end.link.poll_transmit(*now, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
        let Some(at) = end.link.poll_timeout() else { break };
        *now = at;
        end.link.handle_timeout(*now);
    }
}

/// Case S5: a Challenge that the server never sent.
#[test]
fn a_forged_challenge_in_a_running_session_is_given_up_in_silence() {
    let mut line = Line::new(Encryption::Required, Encryption::Required, 1);
    line.run(|_, _| Fate::Passes).unwrap();
    let mut now = line.now;
    let client = &mut line.ends[1];
    let challenge = [&[0xff, 3, 0xc2, 0x23, 1, 77, 0, 22, 16][..], &[0x55; 16], b"x"].concat();
    client.link.handle_frame(now, &challenge).unwrap();
    client.settle(now);
    assert!(matches!(client.events.last(), Some(Event::Prove(Demand::Proof { is_retry: false, .. }))));
    // Whatever the answer is confirmed with proves nothing.
    assert!(client.link.handle_frame(now, b"\xff\x03\xc2\x23\x03\x4d\x00\x06OK").is_err());
    run_out(client, &mut now);
    assert_eq!((client.link.phase(), client.link.poll_timeout()), (Phase::Network, None));
    assert!(client.link.may_send(Protocol::IP));
}

/// Case S5, the other way round: a Failure of the answer to a Challenge that somebody else has sent.
#[test]
fn rfc1994_section_4_2_a_failure_after_success_waits_for_the_end_of_the_link() {
    let mut line = Line::new(Encryption::Required, Encryption::Required, 1);
    line.run(|_, _| Fate::Passes).unwrap();
    let mut now = line.now;
    let client = &mut line.ends[1];
    for (id, words) in [(77, &b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3"[..]), (78, b"E=647 R=0")] {
        let challenge = [&[0xff, 3, 0xc2, 0x23, 1, id, 0, 22, 16][..], &[id; 16], b"x"].concat();
        client.link.handle_frame(now, &challenge).unwrap();
        client.settle(now);
        while client.link.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
        let length = u8::try_from(words.len() + 4).unwrap();
        let failure = [&[0xff, 3, 0xc2, 0x23, 4, id, 0, length][..], words].concat();
        client.link.handle_frame(now, &failure).unwrap();
        client.settle(now);
        run_out(client, &mut now);
        assert_eq!((client.link.phase(), client.link.poll_timeout()), (Phase::Network, None));
        assert!(client.link.may_send(Protocol::IP));
    }
    // The authenticator that means it ends the link, and then this is why.
    client.link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4]).unwrap();
    client.settle(now);
    let reason = std::format!("{}", client.link.ending().unwrap());
    assert!(reason.contains("647"), "{reason}");
}

/// Case S6: EAP after Success.
#[test]
fn rfc3748_section_5_2_a_request_after_success_does_not_undo_it() {
    for request in [&b"\x01\xc8\x00\x07\x02hi"[..], b"\x01\xc8\x00\x07\x63hi", b"\x01\xc8\x00\x06\x04\x00"] {
        for success in [0, 1] {
            let mut client = Peer::new(&auth::Config::default(), [1; 32]);
            client.start(NOW, Method::Eap);
            client.handle_packet(NOW, b"\x01\x05\x00\x16\x04\x100123456789abcdef\0").unwrap();
            let ticket = client.poll_demand().unwrap().ticket();
            client.prove(NOW, ticket, b"alice", &Secret::Password(b"wonderland")).unwrap();
            // Not an older identifier; that of the Response, or pppd's, which is the next.
            assert!(client.handle_packet(NOW, &[3, 4, 0, 4]).is_err());
            client.handle_packet(NOW, &[3, 5 + success, 0, 4]).unwrap();
            assert_eq!(client.status(), Status::Accepted);
            let _ = client.handle_packet(NOW, request);
            while client.poll_transmit(NOW, &mut [0; MAX_PACKET_LEN]).unwrap().is_some() {}
            client.handle_timeout(Duration::from_secs(600));
            let is_demanded = client.poll_demand().is_some();
            assert_eq!(client.status() == Status::Accepted, !is_demanded, "{request:?}");
            assert_eq!(client.poll_timeout(), None);
        }
    }
}

/// Case S12: the peer becomes somebody else.
#[test]
fn an_accepted_peer_stays_the_same_peer() {
    for method in [Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap] {
        let mut server = Authenticator::new(&auth::Config::default(), [1; 32]);
        let mut client = Peer::new(&auth::Config::default(), [2; 32]);
        server.start(NOW, method);
        client.start(NOW, method);
        let mut refused = None;
        for name in [&b"alice"[..], b"mallory"] {
            for _ in 0..10 {
                let mut buf = [0; MAX_PACKET_LEN];
                if let Some(bytes) = server.poll_transmit(NOW, &mut buf).unwrap() {
                    let _ = client.handle_packet(NOW, bytes);
                }
                if let Some(demand) = client.poll_demand() {
                    client.prove(NOW, demand.ticket(), name, &Secret::Password(b"wonderland")).unwrap();
                }
                if let Some(bytes) = client.poll_transmit(NOW, &mut buf).unwrap() {
                    refused = server.handle_packet(NOW, bytes).err();
                }
                if let Some(question) = server.poll_question() {
                    server.answer(NOW, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
                }
            }
            if name == b"alice" {
                assert_eq!(server.status(), Status::Accepted, "{method}");
                server.rechallenge(NOW);
            }
        }
        assert_eq!(refused, Some(auth::Refused::OtherName), "{method}");
        assert_eq!((server.status(), server.peer_name().0), (Status::Waiting, &b"alice"[..]));
    }
}

/// `E=691 R=1`, and the client has no other password: 691 at once, on both sides.
#[test]
fn a_client_that_declines_another_try_was_refused_and_so_says_the_server() {
    let mut line = Line::new(Encryption::Required, Encryption::Required, 1);
    let retries = auth::Config::default().with_retries(3);
    let server = config(Encryption::Required, true).with_authentication(retries);
    line.ends[0] = End::new(&server, 1);
    line.ends[0].link.open(NOW);
    line.ends[0].link.up(NOW);
    line.ends[0].secret = b"looking-glass";
    let mut closed = [None, None];
    for _ in 0..200 {
        for from in [0, 1] {
            let mut buf = [0; Link::MAX_TRANSMIT];
            if from == 0 {
                line.ends[0].settle(NOW);
            }
            while let Some(event) = line.ends[from].link.poll_event() {
                match event {
                    Event::Prove(demand @ Demand::Proof { is_retry: true, .. }) => {
                        line.ends[from].link.decline(NOW, demand.ticket()).unwrap();
                    }
                    Event::Prove(demand) => {
                        let secret = Secret::Password(b"wonderland");
                        line.ends[from].link.prove(NOW, demand.ticket(), b"alice", &secret).unwrap();
                    }
                    Event::Closed(reason) => closed[from] = Some(reason),
                    _ => {}
                }
            }
            while let Some(frame) = line.ends[from].link.poll_transmit(NOW, &mut buf).unwrap() {
                let frame = frame.to_vec();
                let _ = line.ends[1 - from].link.handle_frame(NOW, &frame);
            }
        }
    }
    // The client waits for the Terminate-Ack no longer than its timer says; the server has it at once.
    let (method, code) = (Method::MsChapV2, Some(691));
    assert_eq!(closed[1], Some(Reason::Authentication(Failure::Refused { method, code, words: Words::NONE })));
    let ending = line.ends[0].link.ending();
    assert_eq!(ending, Some(Reason::Authentication(Failure::RefusedPeer { method, code })));
}
