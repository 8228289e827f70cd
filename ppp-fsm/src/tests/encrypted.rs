//! Packets in the clear on a link that encrypts, and encrypted ones on a link that does not.

use alloc::vec::Vec;
use core::time::Duration;

use super::network::Network;
use crate::auth::{Method, Methods};
use crate::ccp::{Encryption, MicrosoftCompression};
use crate::link::{Config, Link, Phase, Reason, Received, Refused};
use crate::{Protocol, ccp, ipcp, ipv6cp, lcp};

const CLEAR: [(Protocol, &[u8]); 4] = [
    (Protocol::IP, &[0x21, 0x45, 0, 0, 20]),
    (Protocol::IPV6, &[0x57, 0x60, 0, 0, 0]),
    (Protocol::IP, &[0xff, 0x03, 0x00, 0x21, 0x45, 0, 0, 20]),
    (Protocol::IPV6, &[0xff, 0x03, 0x00, 0x57, 0x60, 0, 0, 0]),
];

fn sides(one: Encryption, other: Encryption) -> [Config; 2] {
    let methods = Methods::new(&[Method::MsChapV2]);
    let ccp = |encryption| ccp::Config::default().with_encryption(encryption);
    let server = Config::default()
        .with_lcp(lcp::Config::default().with_peer_authentication(methods))
        .with_ccp(ccp(one))
        .with_ipcp(ipcp::Config::new([10, 0, 0, 1].into()).with_peer_address([10, 0, 0, 2].into()))
        .with_ipv6cp(ipv6cp::Config::default());
    let client = Config::default()
        .with_lcp(lcp::Config::default().with_own_authentication(methods))
        .with_ccp(ccp(other))
        .with_ipcp(ipcp::Config::default())
        .with_ipv6cp(ipv6cp::Config::default());
    [server, client]
}

/// Lets `clear` look at the first end before and after each frame of a session that opens. All frames that it sent.
fn with_each_frame([one, other]: [Config; 2], mut clear: impl FnMut(&mut Link)) -> (Network, Vec<Vec<u8>>) {
    let mut network = Network::new(&one, &other, 1);
    let now = Duration::ZERO;
    let mut sent = Vec::new();
    let mut is_busy = true;
    while core::mem::take(&mut is_busy) {
        for from in 0..2 {
            let mut buf = [0; Link::MAX_TRANSMIT];
            while let Some(frame) = network.ends[from].link.poll_transmit(now, &mut buf).unwrap() {
                is_busy = true;
                if from == 0 {
                    sent.push(frame.to_vec());
                }
                clear(&mut network.ends[0].link);
                let _ = network.ends[1 - from].link.handle_frame(now, frame);
                network.ends[1 - from].settle(now);
                clear(&mut network.ends[0].link);
            }
        }
    }
    (network, sent)
}

/// Returns whether a Protocol-Reject was sent; it is LCP's code 8, and never compressed.
fn has_protocol_reject(sent: &[Vec<u8>]) -> bool {
    sent.iter().any(|frame| frame.starts_with(&[0xff, 0x03, 0xc0, 0x21, 8]))
}

#[test]
fn encryption_required_takes_nothing_in_the_clear_at_any_time_and_rejects_no_protocol() {
    let mut phases = Vec::new();
    let (mut network, sent) = with_each_frame(sides(Encryption::Required, Encryption::Required), |link| {
        phases.push((link.phase(), link.compression().is_some()));
        for (protocol, frame) in CLEAR {
            assert_eq!(link.handle_frame(Duration::ZERO, frame), Err(Refused::NotEncrypted { protocol }));
        }
    });
    for seen in
        [(Phase::Establish, false), (Phase::Authenticate, false), (Phase::Network, false), (Phase::Network, true)]
    {
        assert!(phases.contains(&seen), "{seen:?}");
    }
    assert!(network.carries_ip(0) && network.carries_ip(1));
    assert!(!has_protocol_reject(&sent));
}

#[test]
fn encryption_required_takes_nothing_in_the_clear_when_the_peer_does_not_encrypt() {
    let (mut network, sent) = with_each_frame(sides(Encryption::Required, Encryption::Refused), |link| {
        for (protocol, frame) in CLEAR {
            assert_eq!(link.handle_frame(Duration::ZERO, frame), Err(Refused::NotEncrypted { protocol }));
        }
    });
    assert!(!has_protocol_reject(&sent));
    network.run(Duration::from_secs(100));
    assert!(matches!(network.ends[0].closed(), Some(Reason::EncryptionRequired { offered: None, .. })));
}

#[test]
fn encryption_preferred_takes_nothing_in_the_clear_once_it_was_agreed() {
    let mut refused = 0;
    let (mut network, sent) = with_each_frame(sides(Encryption::Preferred, Encryption::Preferred), |link| {
        let is_agreed = link.compression().is_some_and(|agreed| agreed.is_encrypted());
        for (protocol, frame) in CLEAR {
            let received = link.handle_frame(Duration::ZERO, frame);
            if is_agreed {
                assert_eq!(received, Err(Refused::NotEncrypted { protocol }));
                refused += 1;
            } else {
                assert_ne!(received, Err(Refused::NotEncrypted { protocol }));
            }
        }
    });
    assert!(refused > 0 && network.carries_ip(0) && network.carries_ip(1));
    assert!(!has_protocol_reject(&sent));
}

#[test]
fn encryption_preferred_takes_packets_in_the_clear_when_the_peer_does_not_encrypt() {
    let (mut network, _) = with_each_frame(sides(Encryption::Preferred, Encryption::Refused), |_| {});
    let link = &mut network.ends[0].link;
    assert!(link.compression().is_none_or(|agreed| agreed.receive == MicrosoftCompression::NONE));
    for (protocol, frame) in CLEAR {
        let received = link.handle_frame(Duration::ZERO, frame);
        assert!(matches!(received, Ok(Received::Network { protocol: found, .. }) if found == protocol));
    }
    // CCP may be open, but nothing was agreed that these could be.
    let protocol = Protocol::COMPRESSED;
    assert_eq!(link.handle_frame(Duration::ZERO, &[0xfd, 0x90, 0, 1]), Err(Refused::NotNow { protocol }));
    let decrypted = link.handle_decrypted(Duration::ZERO, Protocol::IP, &[0x45]);
    assert_eq!(decrypted, Err(Refused::NotNow { protocol: Protocol::IP }));
}

#[test]
fn an_early_encrypted_packet_is_dropped_without_a_protocol_reject() {
    let protocol = Protocol::COMPRESSED;
    let (_, sent) = with_each_frame(sides(Encryption::Required, Encryption::Required), |link| {
        let received = link.handle_frame(Duration::ZERO, &[0xfd, 0x90, 0, 1, 2, 3]);
        match link.compression() {
            Some(_) => assert!(matches!(received, Ok(Received::Compressed(_)))),
            None => assert_eq!(received, Err(Refused::NotNow { protocol })),
        }
    });
    assert!(!has_protocol_reject(&sent));
}

#[test]
fn rfc1661_section_4_6_an_early_request_too_long_to_be_held_is_answered_when_it_is_repeated() {
    let options = [&[3, 6, 10, 0, 0, 2][..], &[0x2d; 45].repeat(4)].concat();
    let request = [&[0x80, 0x21, 1, 0x60, 0, 190][..], &options].concat();
    let (mut early, mut repeated) = (None, None);
    with_each_frame(sides(Encryption::Required, Encryption::Required), |link| {
        let is_time = link.phase() == Phase::Network;
        let place = if link.compression().is_some() { &mut repeated } else { &mut early };
        if is_time && place.is_none() {
            *place = Some(link.handle_frame(Duration::ZERO, &request).map(drop));
        }
    });
    assert_eq!(early, Some(Err(Refused::NotNow { protocol: Protocol::IPCP })));
    assert_eq!(repeated, Some(Ok(())));
}

#[test]
fn the_latest_early_request_is_held_and_answered_when_ccp_opens() {
    let mut has_asked = false;
    let (network, sent) = with_each_frame(sides(Encryption::Required, Encryption::Required), |link| {
        if link.phase() == Phase::Network && link.compression().is_none() && !has_asked {
            has_asked = true;
            // An address that it may not have, and then the one that it may; the same of IPV6CP.
            for (identifier, last) in [(0x51, 9), (0x52, 2)] {
                link.handle_frame(Duration::ZERO, &[0x80, 0x21, 1, identifier, 0, 10, 3, 6, 10, 0, 0, last]).unwrap();
                let request = [0x80, 0x57, 1, identifier, 0, 14, 1, 10, 0, 0, 0, 0, 0, 0, 0, last];
                link.handle_frame(Duration::ZERO, &request).unwrap();
            }
        }
    });
    assert!(has_asked);
    let agreed = sent.iter().position(|frame| frame.starts_with(&[0x80, 0xfd, 2])).unwrap();
    for protocol in [0x21, 0x57] {
        let position = |identifier| {
            let is_answer = |frame: &Vec<u8>| frame[..2] == [0x80, protocol] && frame[2..4] == [2, identifier];
            sent.iter().position(is_answer)
        };
        assert!(position(0x52).is_some_and(|at| at > agreed));
        // Neither the earlier one, nor an end of the protocol.
        assert!(sent.iter().all(|frame| !frame.starts_with(&[0x80, protocol]) || frame[3] != 0x51 && frame[2] < 5));
    }
    assert_eq!(network.phases(), [Phase::Network; 2]);
}
