//! How a link ends: every cause in every phase, with the reason, its number, and what the peer is sent.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::super::hostile_link::config;
use super::super::network::Network;
use super::{Reaction, Table};
use crate::auth::Method;
use crate::ccp::Encryption;
use crate::link::{Config, Event, Keepalive, Link, Phase};
use crate::{Frame, Packet, Protocol, lcp};

/// Names of a cause, and what is done to the link.
type Cause = (&'static str, fn(&mut Network));

fn frame(network: &mut Network, bytes: &[u8]) {
    let now = network.now;
    let _ = network.ends[0].link.handle_frame(now, bytes);
}

const CAUSES: &[Cause] = &[
    ("Close", |network| network.ends[0].link.close(network.now)),
    ("Close with error 721", |network| network.ends[0].link.close_with_error(network.now, 721)),
    ("Down", |network| network.ends[0].link.down(network.now)),
    ("Close, Down", |network| {
        network.ends[0].link.close(network.now);
        network.ends[0].link.down(network.now);
    }),
    ("silence", |_| ()),
    ("Terminate-Request", |network| frame(network, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4])),
    ("Terminate-Request with error 742", |network| {
        let error = lcp::MicrosoftTermination { magic_number: 1, error: 742 }.to_bytes();
        frame(network, &[&[0xff, 3, 0xc0, 0x21, 5, 9, 0, 16][..], &error].concat());
    }),
    ("Terminate-Request, Down", |network| {
        frame(network, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4]);
        network.ends[0].link.down(network.now);
    }),
    ("Protocol-Reject of LCP", |network| frame(network, &[0xff, 3, 0xc0, 0x21, 8, 9, 0, 6, 0xc0, 0x21])),
    ("Protocol-Reject of CHAP", |network| frame(network, &[0xff, 3, 0xc0, 0x21, 8, 9, 0, 6, 0xc2, 0x23])),
    ("Protocol-Reject of CCP", |network| frame(network, &[0xff, 3, 0xc0, 0x21, 8, 9, 0, 6, 0x80, 0xfd])),
    ("Protocol-Reject of IPCP", |network| frame(network, &[0xff, 3, 0xc0, 0x21, 8, 9, 0, 6, 0x80, 0x21])),
    ("Code-Reject of Configure-Request", |network| {
        frame(network, &[0xff, 3, 0xc0, 0x21, 7, 9, 0, 8, 1, 1, 0, 4]);
    }),
    ("CCP Terminate-Request", |network| frame(network, &[0xff, 3, 0x80, 0xfd, 5, 9, 0, 4])),
    ("IPCP Terminate-Request", |network| frame(network, &[0xff, 3, 0x80, 0x21, 5, 9, 0, 4])),
    ("CHAP Failure E=691 R=0", |network| frame(network, &chap(network, b"E=691 R=0 V=3"))),
    ("CHAP Failure E=691 R=1, Terminate-Request", |network| {
        frame(network, &chap(network, b"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3"));
        frame(network, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4]);
    }),
    ("CHAP Success without a proof", |network| {
        let mut success = chap(network, b"welcome");
        success[4] = 3;
        frame(network, &success);
    }),
];

/// Returns a Failure for the last Response, as well as it is known.
fn chap(network: &Network, text: &[u8]) -> Vec<u8> {
    let mut responses = network.lines.iter().filter_map(|(from, line)| match Frame::decode(line) {
        Ok(Frame { protocol: Protocol::CHAP, information, .. }) if *from == 0 => information.get(1).copied(),
        _ => None,
    });
    let identifier = responses.next_back().unwrap_or(0);
    let length = u8::try_from(4 + text.len()).unwrap();
    [&[0xff, 3, 0xc2, 0x23, 4, identifier, 0, length][..], text].concat()
}

/// Brings a link, which is end 0, into a phase. Its peer does not answer after the cause.
fn reach(is_server: bool, encryption: Encryption, phase: Phase) -> Network {
    let patient = |config: Config| config.with_keepalive(Keepalive::new(Duration::from_secs(10)));
    let own = patient(config(encryption, Method::MsChapV2, is_server));
    let other = config(encryption, Method::MsChapV2, !is_server);
    let mut network = Network::new(&own, &other, 1);
    let is_there = |network: &Network| network.ends[0].link.phase() == phase;
    match phase {
        Phase::Dead => network.ends[0].link.down(Duration::ZERO),
        Phase::Establish => {}
        Phase::Authenticate => {
            // The client has sent its proof, or the server has sent its challenge.
            let is_proof = |(_, line): &(usize, Vec<u8>)| {
                matches!(Frame::decode(line), Ok(Frame { protocol: Protocol::CHAP, information: [2, ..], .. }))
            };
            while !is_there(&network) || !(is_server || network.lines.iter().any(is_proof)) {
                assert!(network.send() || network.deliver());
            }
        }
        Phase::Network | Phase::Terminate => {
            network.run(Duration::from_millis(1));
            assert!(network.carries_ip(0));
            if phase == Phase::Terminate {
                network.ends[0].link.close(network.now);
            }
        }
    }
    let now = network.now;
    let end = &mut network.ends[0];
    while end.link.poll_event().is_some() {}
    while end.link.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
    assert!(is_there(&network), "{phase:?}");
    network
}

/// Returns what the link sends and reports from now on, until it is at rest, when nobody answers.
fn react(network: &mut Network) -> Reaction {
    let mut lines = Reaction::new();
    let link = &mut network.ends[0].link;
    let start = network.now;
    let mut now = start;
    for _ in 0..60 {
        let mut buf = [0; Link::MAX_TRANSMIT];
        while let Some(frame) = link.poll_transmit(now, &mut buf).unwrap() {
            let frame = Frame::decode(frame).unwrap();
            let packet = Packet::decode(frame.information).unwrap();
            let is_end = frame.protocol == Protocol::LCP && [5, 6].contains(&packet.code.0);
            let error = lcp::MicrosoftTermination::decode(packet.data).map(|termination| termination.error);
            let text = match error {
                Some(error) => format!("sends {} {}, error {error}", frame.protocol, packet.code),
                None => format!("sends {} {}", frame.protocol, packet.code),
            };
            if is_end && !lines.contains(&text) {
                lines.push(text);
            }
        }
        while let Some(event) = link.poll_event() {
            if let Event::Closed(reason) = event {
                let after = now.saturating_sub(start);
                let number = reason.windows_error().map_or("no number".to_string(), |number| number.to_string());
                lines.push(format!("ends after {after:?}: {reason} ({number})"));
            }
        }
        let Some(at) = link.poll_timeout() else { break };
        now = at;
        link.handle_timeout(now);
    }
    if !lines.iter().any(|line| line.starts_with("ends")) {
        lines.push(format!("goes on: {:?}", link.phase()));
    }
    lines
}

#[test]
fn every_cause_of_an_end_in_every_phase_of_a_link() {
    let mut table = Table::default();
    for (role, is_server) in [("client", false), ("server", true)] {
        for (wish, encryption) in [("required", Encryption::Required), ("preferred", Encryption::Preferred)] {
            for phase in [Phase::Dead, Phase::Establish, Phase::Authenticate, Phase::Network, Phase::Terminate] {
                let mut rows: Vec<(String, Reaction)> = Vec::new();
                for (cause, act) in CAUSES {
                    let mut network = reach(is_server, encryption, phase);
                    act(&mut network);
                    rows.push((cause.to_string(), react(&mut network)));
                }
                table.section(&format!("{role}, encryption {wish}, {phase:?}"), rows);
            }
        }
    }
    table.check("ends.txt");
}
