//! Whole links: phases, encryption that is required, failures and their reasons, every combination over a bad line.

#![expect(clippy::wildcard_enum_match_arm, reason = "other events do not matter here")]
#![expect(clippy::integer_division, reason = "digits of a number")]

use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use testing::Random;

use super::network::Network;
use crate::auth::{Failure, Method, Methods};
use crate::ccp::{Encryption, MicrosoftCompression, Modes};
use crate::link::{Config, Event, Keepalive, Link, NetworkPolicy, Phase, Reason, Received, Refused};
use crate::{Protocol, Words, auth, ccp, ipcp, ipv6cp, lcp, negotiate};

const LONG: Duration = Duration::from_secs(600);

fn methods(method: Method) -> Methods {
    Methods::new(&[method])
}

fn server(method: Option<Method>, ccp: Option<ccp::Config>) -> Config {
    let lcp = lcp::Config::default().with_peer_authentication(method.map(methods).unwrap_or_default());
    let ipcp = ipcp::Config::new(Ipv4Addr::new(10, 0, 0, 1)).with_peer_address(Ipv4Addr::new(10, 0, 0, 2));
    let config = Config::default().with_lcp(lcp).with_ipcp(ipcp);
    match ccp {
        Some(ccp) => config.with_ccp(ccp),
        None => config,
    }
}

fn client(method: Option<Method>, ccp: Option<ccp::Config>) -> Config {
    let lcp = lcp::Config::default().with_own_authentication(method.map(methods).unwrap_or_default());
    let config = Config::default().with_lcp(lcp).with_ipcp(ipcp::Config::default());
    match ccp {
        Some(ccp) => config.with_ccp(ccp),
        None => config,
    }
}

fn ccp_with(encryption: Encryption) -> ccp::Config {
    ccp::Config::default().with_encryption(encryption)
}

fn run(one: &Config, other: &Config) -> Network {
    let mut network = Network::new(one, other, 1);
    network.run(LONG);
    network
}

#[test]
fn a_link_that_waits_for_the_peer_to_begin_can_be_closed() {
    for opening in [negotiate::Opening::Silent, negotiate::Opening::Wait(Duration::from_secs(2))] {
        let timers = negotiate::Config::default().with_opening(opening);
        let mut link = Link::new(&server(None, None).with_link_timers(timers), [1; 32]);
        link.open(Duration::ZERO);
        link.up(Duration::ZERO);
        assert_eq!(link.poll_event(), Some(Event::Phase(Phase::Establish)));
        link.close(Duration::ZERO);
        assert_eq!(link.poll_event(), Some(Event::Phase(Phase::Dead)));
        assert_eq!(link.poll_event(), Some(Event::Closed(Reason::Closed)));
        assert_eq!((link.poll_event(), link.poll_timeout()), (None, None));
        assert_eq!(link.poll_transmit(Duration::ZERO, &mut [0; Link::MAX_TRANSMIT]), Ok(None));
    }
}

/// The peer learns that there is no common authentication, and not only that there is no link.
#[test]
fn the_peer_is_told_why_lcp_gave_up() {
    let mut network = Network::new(&server(Some(Method::MsChapV2), None), &client(Some(Method::Pap), None), 1);
    network.run(Duration::from_secs(2));
    let failure = matches!(network.ends[0].closed(), Some(Reason::Lcp(lcp::Failure::AuthenticationRefused { .. })));
    assert!(failure, "{:?}", network.ends[0].closed());
    let now = network.now;
    let (allowed, wanted) = (methods(Method::Pap), Some(Method::MsChapV2));
    let reason = Reason::Lcp(lcp::Failure::AuthenticationNotAllowed { allowed, wanted });
    assert_eq!(network.ends[1].link.ending(), Some(reason));
    network.ends[1].link.down(now);
    let last = core::iter::from_fn(|| network.ends[1].link.poll_event()).last();
    assert_eq!(last, Some(Event::Closed(reason)));
    assert_eq!(reason.windows_error(), Some(734));
    assert_eq!(reason.to_string(), "no common authentication: the peer requires MS-CHAP-V2, we offer PAP");
}

/// A peer that goes on without the method that was refused, and ends the link later, does so for another reason.
#[test]
fn a_method_that_was_given_up_is_no_reason() {
    let mut link = Link::new(&client(None, None), [1; 32]);
    let mut buf = [0; Link::MAX_TRANSMIT];
    link.open(Duration::ZERO);
    link.up(Duration::ZERO);
    let mut own = link.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap()[4..].to_vec();
    // The peer wants PAP, hears that it cannot have it, and asks for nothing.
    link.handle_frame(Duration::ZERO, &[0xc0, 0x21, 1, 1, 0, 8, 3, 4, 0xc0, 0x23]).unwrap();
    // Its own request once more, since the peer begins, and the Configure-Reject.
    assert_eq!(link.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap()[4], 1);
    assert_eq!(link.poll_transmit(Duration::ZERO, &mut buf).unwrap().unwrap()[4], 4);
    link.handle_frame(Duration::ZERO, &[0xc0, 0x21, 1, 2, 0, 4]).unwrap();
    own[0] = 2;
    link.handle_frame(Duration::ZERO, &[&[0xc0, 0x21][..], &own].concat()).unwrap();
    assert_eq!(link.phase(), Phase::Network);
    link.handle_frame(Duration::ZERO, &[0xc0, 0x21, 5, 3, 0, 4]).unwrap();
    link.down(Duration::ZERO);
    let last = core::iter::from_fn(|| link.poll_event()).last();
    assert_eq!(last, Some(Event::Closed(Reason::PeerClosed { error: None, words: Words::NONE })));
}

/// RFC 1661 section 5.5: who has acknowledged a Terminate-Request waits for a while; what carries the link need not.
#[cfg(feature = "mschap")]
#[test]
fn the_peer_ended_a_link_whose_line_goes_down_a_moment_later() {
    let required = ccp_with(Encryption::Required);
    let mut network =
        run(&server(Some(Method::MsChapV2), Some(required.clone())), &client(Some(Method::MsChapV2), Some(required)));
    let now = network.now;
    assert_eq!(network.ends[1].link.ending(), None);
    let farewell = [0xff, 0x03, 0xc0, 0x21, 5, 9, 0, 16, 1, 2, 3, 4, 0x00, 0x3c, 0xcd, 0x74, 0, 0, 2, 0xe6];
    network.ends[1].link.handle_frame(now, &farewell).unwrap();
    let reason = Reason::PeerClosed { error: Some(742), words: Words::NONE };
    assert_eq!((network.ends[1].link.phase(), network.ends[1].link.ending()), (Phase::Terminate, Some(reason)));
    network.ends[1].link.down(now);
    let last = core::iter::from_fn(|| network.ends[1].link.poll_event()).last();
    assert_eq!(last, Some(Event::Closed(reason)));
    assert_eq!(network.ends[1].link.ending(), None);

    // Without a word of the peer it is the line.
    network.ends[0].link.down(now);
    let last = core::iter::from_fn(|| network.ends[0].link.poll_event()).last();
    assert_eq!(last, Some(Event::Closed(Reason::LowerLayerDown)));
}

#[test]
fn rfc1661_section_3_from_dead_to_network_and_back() {
    let mut network = run(&server(Some(Method::ChapMd5), None), &client(Some(Method::ChapMd5), None));
    assert_eq!(network.phases(), [Phase::Network; 2]);
    assert!(network.carries_ip(0) && network.carries_ip(1));
    let phases: Vec<Phase> = network.ends[0]
        .events
        .iter()
        .filter_map(|event| if let Event::Phase(phase) = event { Some(*phase) } else { None })
        .collect();
    assert_eq!(phases, [Phase::Establish, Phase::Authenticate, Phase::Network]);
    let now = network.now;
    network.ends[1].link.close(now);
    assert!(network.run(LONG));
    assert_eq!(network.phases(), [Phase::Dead; 2]);
    assert_eq!(network.ends[0].closed(), Some(Reason::PeerClosed { error: None, words: Words::NONE }));
    assert_eq!(network.ends[1].closed(), Some(Reason::Closed));
    assert!(!network.carries_ip(0) && !network.carries_ip(1));
    for end in &network.ends {
        assert!(end.events.contains(&Event::IpDown));
    }
    // And again.
    for end in &mut network.ends {
        end.link.down(now);
        end.link.open(now);
        end.link.up(now);
    }
    network.run(LONG);
    assert_eq!(network.phases(), [Phase::Network; 2]);
}

#[test]
fn a_line_that_stays_carries_another_session() {
    let mut network = run(&server(None, None), &client(None, None));
    for first in [0, 1] {
        let now = network.now;
        network.ends[1].link.close(now);
        assert!(network.run(LONG));
        assert_eq!(network.phases(), [Phase::Dead; 2]);
        // The one that was left begins, or the one that has left.
        let now = network.now;
        network.ends[first].link.open(now);
        assert!(network.ends[first].link.poll_timeout().is_some(), "{first} does not begin");
        network.ends[1 - first].link.open(now);
        network.run(LONG);
        assert_eq!(network.phases(), [Phase::Network; 2], "{first}");
    }
}

#[cfg(feature = "mschap")]
#[test]
fn encryption_that_is_required_is_not_waited_for_in_silence() {
    let silent = negotiate::Config::default().with_opening(negotiate::Opening::Silent);
    for (encryption, is_end) in [(Encryption::Required, true), (Encryption::Passive, false)] {
        let one = server(Some(Method::MsChapV2), Some(ccp_with(encryption))).with_network_timers(silent.clone());
        // The other side has no CCP, and never begins.
        let mut network = run(&one, &client(Some(Method::MsChapV2), None));
        network.run(LONG);
        assert_eq!(network.phases()[0] == Phase::Dead, is_end, "{encryption:?}");
        let is_reason = matches!(network.ends[0].closed(), Some(Reason::EncryptionRequired { .. }));
        assert_eq!(is_reason, is_end);
    }
}

#[cfg(feature = "mschap")]
#[test]
fn rfc3078_section_3_network_protocols_wait_for_encryption() {
    let required = Some(ccp_with(Encryption::Required));
    let mut network = run(&server(Some(Method::MsChapV2), required.clone()), &client(Some(Method::MsChapV2), required));
    assert!(network.carries_ip(0) && network.carries_ip(1));
    for end in &mut network.ends {
        let position = |wanted: fn(&Event) -> bool| end.events.iter().position(wanted).unwrap();
        let encrypted = position(|event| matches!(event, Event::CompressionUp(agreed) if agreed.is_encrypted()));
        assert!(encrypted < position(|event| matches!(event, Event::IpUp(_))));
        // In the clear, nothing is taken.
        let clear = end.link.handle_frame(network.now, &[0x21, 0x45, 0, 0, 20]);
        assert_eq!(clear, Err(Refused::NotEncrypted { protocol: Protocol::IP }));
        // An unknown protocol in an encrypted packet is not rejected in the clear.
        let unknown = end.link.handle_decrypted(network.now, Protocol(0x2b), b"secret");
        assert_eq!(unknown, Err(Refused::UnknownProtocol { protocol: Protocol(0x2b) }));
        assert_eq!(end.link.poll_transmit(network.now, &mut [0; Link::MAX_TRANSMIT]).unwrap(), None);
    }
}

#[cfg(feature = "mschap")]
#[test]
fn an_early_request_is_held_and_answered_when_encryption_is_there() {
    // The client requires nothing, and starts with IPCP at once, as accel-ppp does.
    let server = server(Some(Method::MsChapV2), Some(ccp_with(Encryption::Required)));
    let network = run(&server, &client(Some(Method::MsChapV2), Some(ccp_with(Encryption::Preferred))));
    assert_eq!(network.phases(), [Phase::Network; 2]);
    // Nothing had to be repeated, and nothing was terminated.
    assert_eq!(network.now, Duration::ZERO);
    assert!(network.lines.iter().all(|(_, frame)| !matches!(frame[..], [0x80, 0x21, 5 | 6, ..])));
}

#[cfg(feature = "mschap")]
#[test]
fn losing_encryption_that_is_required_ends_the_link() {
    let required = Some(ccp_with(Encryption::Required));
    let mut network = run(&server(Some(Method::MsChapV2), required.clone()), &client(Some(Method::MsChapV2), required));
    let now = network.now;
    network.ends[0].link.handle_frame(now, &[0x80, 0xfd, 5, 9, 0, 4]).unwrap();
    network.run(LONG);
    assert_eq!(network.ends[0].closed(), Some(Reason::EncryptionLost));
    assert_eq!(network.ends[1].closed(), Some(Reason::PeerClosed { error: Some(742), words: Words::NONE }));
}

#[cfg(feature = "mschap")]
#[test]
fn a_rejected_packet_is_told_while_ccp_is_open() {
    let reject = [0xc0, 0x21, 8, 9, 0, 8, 0x00, 0xfd, 0x90, 0];
    let required = Some(ccp_with(Encryption::Required));
    let mut network = run(&server(Some(Method::MsChapV2), required.clone()), &client(Some(Method::MsChapV2), required));
    let link = &mut network.ends[0].link;
    link.handle_frame(network.now, &reject).unwrap();
    assert_eq!(link.poll_event(), Some(Event::CompressedRejected));
    assert!(link.compression().is_some());

    let mut network = run(&server(Some(Method::MsChapV2), None), &client(Some(Method::MsChapV2), None));
    let link = &mut network.ends[0].link;
    link.handle_frame(network.now, &reject).unwrap();
    assert_eq!(link.poll_event(), None);
}

#[cfg(feature = "mschap")]
#[test]
fn rfc3078_section_8_2_resets() {
    let required = Some(ccp_with(Encryption::Required));
    let mut network = run(&server(Some(Method::MsChapV2), required.clone()), &client(Some(Method::MsChapV2), required));
    let now = network.now;
    let link = &mut network.ends[0].link;
    let mut buf = [0; Link::MAX_TRANSMIT];
    link.handle_frame(now, &[0x80, 0xfd, 14, 9, 0, 4]).unwrap();
    assert_eq!(link.poll_event(), Some(Event::ResetRequested));
    assert_eq!(link.poll_transmit(now, &mut buf).unwrap(), Some(&[0x80, 0xfd, 15, 9, 0, 4][..]));
    // Windows does not know what that is. CCP stays open, and it gets none again.
    link.handle_frame(now, &[0x80, 0xfd, 7, 1, 0, 8, 15, 9, 0, 4]).unwrap();
    link.handle_frame(now, &[0x80, 0xfd, 14, 10, 0, 4]).unwrap();
    assert_eq!(link.poll_event(), Some(Event::ResetRequested));
    assert_eq!(link.poll_transmit(now, &mut buf).unwrap(), None);
    assert!(link.compression().is_some());

    // This side lost something: it asks until the peer has flushed.
    link.request_reset(now);
    let request = link.poll_transmit(now, &mut buf).unwrap().unwrap().to_vec();
    assert_eq!(request[..3], [0x80, 0xfd, 14]);
    let later = link.poll_timeout().unwrap();
    link.handle_timeout(later);
    assert_eq!(link.poll_transmit(later, &mut buf).unwrap(), Some(&request[..]));
    link.synchronized();
    assert_eq!(link.poll_timeout(), None);
}

#[test]
fn without_keys_encryption_that_is_required_ends_the_link_with_the_method() {
    let network = run(
        &server(Some(Method::Pap), Some(ccp_with(Encryption::Required))),
        &client(Some(Method::Pap), Some(ccp_with(Encryption::Preferred))),
    );
    let reason = network.ends[0].closed().unwrap();
    assert_eq!(reason, Reason::NoKeys { method: Some(Method::Pap) });
    assert_eq!(reason.to_string(), "encryption required, but no keys: authenticated by PAP");
    assert_eq!(network.ends[1].closed(), Some(Reason::PeerClosed { error: Some(742), words: Words::NONE }));
}

#[test]
fn an_authenticated_peer_is_not_believed_that_it_cannot() {
    let mut network = run(&server(Some(Method::ChapMd5), None), &client(Some(Method::ChapMd5), None));
    let now = network.now;
    for end in &mut network.ends {
        // A Protocol-Reject of CHAP in the running session.
        end.link.handle_frame(now, b"\xff\x03\xc0\x21\x08\x07\x00\x06\xc2\x23").unwrap();
    }
    network.run(LONG);
    assert_eq!(network.phases(), [Phase::Network; 2]);
    assert!(network.carries_ip(0) && network.carries_ip(1));
}

#[cfg(feature = "mschap")]
#[test]
fn a_passive_side_encrypts_when_the_peer_begins() {
    let encrypted = |one, other| {
        let server = server(Some(Method::MsChapV2), Some(ccp_with(one)));
        let mut network = run(&server, &client(Some(Method::MsChapV2), Some(ccp_with(other))));
        assert!(network.carries_ip(0) && network.carries_ip(1));
        let compression = network.ends.iter().map(|end| end.link.compression());
        compression.map(|agreed| agreed.is_some_and(|agreed| agreed.is_encrypted())).collect::<Vec<_>>()
    };
    for active in [Encryption::Preferred, Encryption::Required] {
        assert_eq!(encrypted(Encryption::Passive, active), [true; 2]);
        assert_eq!(encrypted(active, Encryption::Passive), [true; 2]);
    }
    for other in [Encryption::Passive, Encryption::Refused] {
        assert_eq!(encrypted(Encryption::Passive, other), [false; 2]);
    }
}

#[cfg(feature = "mschap")]
#[test]
fn rfc3079_section_2_short_keys_of_version_1_need_the_lan_manager_hash() {
    let short = ccp_with(Encryption::Required).with_strengths(MicrosoftCompression::MPPE_40);
    let (server, client) =
        (server(Some(Method::MsChapV1), Some(short.clone())), client(Some(Method::MsChapV1), Some(short)));
    assert!(run(&server, &client).carries_ip(0));
    // More than 14 characters have none.
    let mut network = Network::new(&server, &client, 1);
    for end in &mut network.ends {
        end.secret = b"through the looking-glass";
    }
    network.run(LONG);
    let reasons: Vec<_> = network.ends.iter().map(|end| end.closed().unwrap()).collect();
    assert!(reasons.contains(&Reason::NoKeys { method: Some(Method::MsChapV1) }), "{reasons:?}");
}

#[cfg(feature = "mschap")]
#[test]
fn a_peer_without_encryption_is_left_with_both_wishes() {
    let required = server(Some(Method::MsChapV2), Some(ccp_with(Encryption::Required)));
    for without in [None, Some(ccp_with(Encryption::Refused))] {
        let network = run(&required, &client(Some(Method::MsChapV2), without));
        let reason = network.ends[0].closed().unwrap();
        let expected =
            Reason::EncryptionRequired { allowed: MicrosoftCompression::from_bits(0x0100_0040), offered: None };
        assert_eq!(reason, expected);
        assert_eq!(reason.windows_error(), Some(742));
        assert_eq!(network.ends[1].closed(), Some(Reason::PeerClosed { error: Some(742), words: Words::NONE }));
    }
    let weak = ccp_with(Encryption::Required).with_strengths(MicrosoftCompression::MPPE_40);
    let network = run(&required, &client(Some(Method::MsChapV2), Some(weak)));
    let text = network.ends[0].closed().unwrap().to_string();
    assert!(text.contains("we allow H S 128 bit stateless") && text.contains("the peer offers H L 40"), "{text}");
}

/// pppd that wants other keys ends the link before it has our answer.
#[cfg(feature = "mschap")]
#[test]
fn a_peer_that_ends_the_link_for_want_of_encryption_is_left_with_both_wishes() {
    for (bits, is_reason) in [(0x0100_0020, true), (0x0100_0040, false), (0x0100_0060, false)] {
        let required = Some(ccp_with(Encryption::Required));
        let mut network =
            Network::new(&server(Some(Method::MsChapV2), required), &client(Some(Method::MsChapV2), None), 1);
        while network.ends[0].link.phase() != Phase::Network {
            assert!(network.send() || network.deliver());
        }
        let (now, link) = (network.now, &mut network.ends[0].link);
        let request = [&[0x80, 0xfd, 1, 1, 0, 10, 18, 6][..], &u32::to_be_bytes(bits)].concat();
        link.handle_frame(now, &request).unwrap();
        link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4]).unwrap();
        link.down(now);
        network.send();
        let (allowed, offered) =
            (MicrosoftCompression::from_bits(0x0100_0040), Some(MicrosoftCompression::from_bits(bits)));
        let expected = if is_reason {
            Reason::EncryptionRequired { allowed, offered }
        } else {
            Reason::PeerClosed { error: None, words: Words::NONE }
        };
        assert_eq!(network.ends[0].closed(), Some(expected));
    }
}

#[test]
fn a_wrong_password_is_told_before_the_link_ends() {
    for method in [Method::Pap, Method::ChapMd5, Method::Eap] {
        let mut network = Network::new(&server(Some(method), None), &client(Some(method), None), 1);
        network.ends[1].secret = b"looking-glass";
        network.run(LONG);
        let refused = Failure::RefusedPeer { method, code: None };
        assert_eq!(network.ends[0].closed(), Some(Reason::Authentication(refused)));
        let refused = Failure::Refused { method, code: None, words: Words::NONE };
        assert_eq!(network.ends[1].closed(), Some(Reason::Authentication(refused)));
        assert_eq!(network.ends[1].closed().unwrap().windows_error(), Some(691));
    }
}

/// pppd offers to hear another proof (`R=1`), and ends the link in the same breath.
#[cfg(feature = "mschap")]
#[test]
fn a_refusal_is_the_reason_when_the_peer_ends_the_link_instead_of_hearing_another_proof() {
    for method in [Method::MsChapV1, Method::MsChapV2] {
        let patient = server(Some(method), None).with_authentication(auth::Config::default().with_retries(3));
        let refused_once = || {
            let mut network = Network::new(&patient, &client(Some(method), None), 1);
            network.ends[1].secret = b"looking-glass";
            let is_retry = |event: &Event| matches!(event, Event::Prove(auth::Demand::Proof { is_retry: true, .. }));
            while !network.ends[1].events.iter().any(is_retry) {
                assert!(network.send() || network.deliver());
            }
            network
        };
        let refused = Some(Reason::Authentication(Failure::Refused { method, code: Some(691), words: Words::NONE }));

        let mut network = refused_once();
        let (now, link) = (network.now, &mut network.ends[1].link);
        link.handle_frame(now, b"\xff\x03\xc0\x21\x05\x02\x00\x1aAuthentication failed\0").unwrap();
        link.down(now);
        network.send();
        assert_eq!(network.ends[1].closed(), refused);

        // Or the line goes at once.
        let mut network = refused_once();
        let now = network.now;
        network.ends[1].link.down(now);
        network.send();
        assert_eq!(network.ends[1].closed(), refused);

        // When the next proof is taken, that is forgotten.
        let mut network = refused_once();
        network.ends[1].secret = b"wonderland";
        network.run(LONG);
        assert_eq!(network.phases(), [Phase::Network; 2]);
        let now = network.now;
        network.ends[0].link.close(now);
        network.run(LONG);
        assert_eq!(network.ends[1].closed(), Some(Reason::PeerClosed { error: None, words: Words::NONE }));
    }
}

#[test]
fn both_sides_prove_themselves() {
    let both = lcp::Config::default()
        .with_peer_authentication(methods(Method::ChapMd5))
        .with_own_authentication(methods(Method::ChapMd5));
    let (one, other) = (server(None, None).with_lcp(both.clone()), client(None, None).with_lcp(both));
    let network = run(&one, &other);
    assert_eq!(network.phases(), [Phase::Network; 2]);
    for end in &network.ends {
        assert!(end.events.contains(&Event::PeerAuthenticated));
    }
}

#[test]
fn rfc1994_section_2_3_our_own_challenge_is_not_answered() {
    for method in [Method::ChapMd5, Method::Eap] {
        let both =
            lcp::Config::default().with_peer_authentication(methods(method)).with_own_authentication(methods(method));
        let mut network =
            Network::new(&server(None, None).with_lcp(both.clone()), &client(None, None).with_lcp(both), 1);
        let mut challenge = None;
        for _ in 0..20 {
            let mut buf = [0; Link::MAX_TRANSMIT];
            let now = network.now;
            while let Some(frame) = network.ends[0].link.poll_transmit(now, &mut buf).unwrap() {
                // The Challenge of CHAP, and the Request of MD5-Challenge.
                if matches!(frame, [0xc2, 0x23, 1, ..] | [0xc2, 0x27, 1, _, _, _, 4, ..]) {
                    challenge = Some(frame.to_vec());
                } else {
                    let _ = network.ends[1].link.handle_frame(now, frame);
                }
            }
            while let Some(frame) = network.ends[1].link.poll_transmit(now, &mut buf).unwrap() {
                // Its name is said, so that there is a challenge.
                if !matches!(frame, [0xc2, 0x23, ..] | [0xc2, 0x27, 1, ..]) {
                    let _ = network.ends[0].link.handle_frame(now, frame);
                }
            }
            for end in &mut network.ends {
                end.settle(now);
            }
        }
        let challenge = challenge.unwrap();
        let refused = network.ends[0].link.handle_frame(network.now, &challenge);
        assert_eq!(refused, Err(Refused::Authentication(auth::Refused::Unmatched)), "{method}");
    }
}

#[test]
fn rfc1661_section_5_7_unknown_protocols_are_rejected_and_cut() {
    let (one, other) = (server(None, None), client(None, None));
    let other = other.with_lcp(lcp::Config::default().with_mru(200));
    let mut network = run(&one, &other);
    let link = &mut network.ends[0].link;
    let mut buf = [0; Link::MAX_TRANSMIT];
    let mut frame = [0xaa; 400];
    frame[..4].copy_from_slice(&[0xff, 0x03, 0x80, 0x2b]);
    let now = network.now;
    assert_eq!(link.handle_frame(now, &frame), Err(Refused::UnknownProtocol { protocol: Protocol(0x802b) }));
    let reject = link.poll_transmit(now, &mut buf).unwrap().unwrap();
    assert_eq!(reject[..5], [0xff, 0x03, 0xc0, 0x21, 8]);
    assert_eq!(reject[8..10], [0x80, 0x2b]);
    assert!(reject.len() <= 200 + 4 && reject.len() > 190);
    // CCP, which was not configured, is one of them.
    link.handle_frame(now, &[0x80, 0xfd, 1, 5, 0, 10, 0x12, 6, 1, 0, 0, 0xb1]).unwrap_err();
    let reject = link.poll_transmit(now, &mut buf).unwrap().unwrap();
    assert_eq!(reject[4..5], [8]);
    assert_eq!(reject[8..], [0x80, 0xfd, 1, 5, 0, 10, 0x12, 6, 1, 0, 0, 0xb1]);
    // A number that no protocol may have.
    assert!(matches!(link.handle_frame(now, &[0x80, 0x20, 1]), Err(Refused::Malformed(_))));
    assert_eq!(link.poll_transmit(now, &mut buf).unwrap().unwrap()[8..], [0x80, 0x20, 1]);
}

#[test]
fn rfc1661_section_5_8_echoes() {
    let (one, other) = (server(None, None), client(None, None));
    let other = other.with_lcp(lcp::Config::default().with_mru(130));
    let mut network = run(&one, &other);
    let link = &mut network.ends[0].link;
    let mut echo = [7; 300];
    echo[..12].copy_from_slice(&[0xff, 0x03, 0xc0, 0x21, 9, 0x33, 0x01, 0x28, 0, 0, 0, 1]);
    link.handle_frame(network.now, &echo).unwrap();
    let mut buf = [0; Link::MAX_TRANSMIT];
    let reply = link.poll_transmit(network.now, &mut buf).unwrap().unwrap();
    assert_eq!(reply[4..6], [10, 0x33]);
    assert_eq!(reply.len(), 130 + 4);
    // Round trips are measured.
    network.spoil(0, 0, 40);
    let now = network.now;
    network.ends[0].link.ping(now);
    network.run(LONG);
    let statistics = network.ends[0].link.echo_statistics();
    assert_eq!((statistics.sent, statistics.received, statistics.lost), (1, 1, 0));
    assert!(statistics.last_round_trip.unwrap() <= Duration::from_millis(80));
}

#[test]
fn rfc1661_section_5_8_a_silent_peer_is_left_and_traffic_is_as_good_as_an_answer() {
    let keepalive = Keepalive::new(Duration::from_secs(10));
    let mut network = run(&server(None, None), &client(None, None));
    assert_eq!(network.ends[0].link.poll_timeout(), None);

    let one = server(None, None).with_keepalive(keepalive);
    network = Network::new(&one, &client(None, None), 1);
    network.run(Duration::from_secs(95));
    // Nothing else is on the line, so every request is sent and answered, but for the first interval.
    let statistics = *network.ends[0].link.echo_statistics();
    assert!(statistics.sent == 8 && statistics.received == statistics.sent, "{statistics:?}");
    network.ends[0].link.note_traffic();
    let sent = statistics.sent;
    network.run(Duration::from_secs(105));
    assert_eq!(network.ends[0].link.echo_statistics().sent, sent);
    // Now the peer is gone.
    network.spoil(100, 0, 0);
    let gone = network.now;
    network.run(LONG);
    assert_eq!(network.ends[0].closed(), Some(Reason::PeerSilent));
    assert!(network.now.saturating_sub(gone) < Duration::from_secs(60));
}

#[test]
fn rfc1570_section_1_identification_and_time_remaining() {
    let one = server(None, None).with_identification(b"our server\x1b");
    let mut network = run(&one, &client(None, None));
    let now = network.now;
    network.ends[0].link.send_time_remaining(now, 3600);
    network.run(LONG);
    let client = &network.ends[1];
    assert!(client.events.contains(&Event::Identification));
    assert_eq!(client.link.peer_identification().to_string(), "our server\\x1b");
    assert!(client.events.contains(&Event::TimeRemaining { seconds: 3600 }));
}

#[test]
fn a_network_protocol_that_ends_is_not_the_end_of_the_link_unless_it_is_the_last() {
    let with_both = |config: Config| config.with_ipv6cp(ipv6cp::Config::default());
    let rejected = |policy| {
        let one = with_both(server(None, None)).with_network_policy(policy);
        let mut network = run(&one, &with_both(client(None, None)));
        assert!(network.ends[0].link.ipv6().is_some() && network.ends[0].link.ip().is_some());
        let now = network.now;
        // The peer rejects IPV6CP, now.
        network.ends[0].link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 8, 9, 0, 6, 0x80, 0x57]).unwrap();
        network.run(LONG);
        network
    };
    for policy in [NetworkPolicy::Keep, NetworkPolicy::EndWithLast] {
        let network = rejected(policy);
        assert!(network.ends[0].link.ipv6().is_none() && network.ends[0].link.ip().is_some());
        assert_eq!(network.ends[0].closed(), None);
    }
    assert_eq!(rejected(NetworkPolicy::EndWithAny).ends[0].closed(), Some(Reason::NoNetwork));
    // The only one ends.
    let network =
        run(&server(None, None).with_ipcp(ipcp::Config::new(Ipv4Addr::new(10, 0, 0, 1))), &client(None, None));
    let reason = Reason::NoIp(negotiate::Reason::Failed(ipcp::Failure::NoAddress));
    assert_eq!(network.ends[1].closed(), Some(reason));
    assert_eq!((reason.to_string(), reason.windows_error()), ("IPCP: the peer gives us no address".into(), Some(720)));
    assert_eq!(network.ends[0].closed(), Some(Reason::PeerClosed { error: Some(720), words: Words::NONE }));
}

/// Silence and disagreement have different reasons, for each protocol.
#[test]
fn a_peer_that_does_not_answer_a_protocol_is_silent_and_not_of_another_mind() {
    let silent = |protocol: u8, config: &Config, other: &Config| {
        let mut network = Network::new(config, other, 1);
        // Everything but this protocol comes through.
        for _ in 0..400 {
            let mut buf = [0; Link::MAX_TRANSMIT];
            let now = network.now;
            for from in [0, 1] {
                network.ends[from].settle(now);
                while let Some(frame) = network.ends[from].link.poll_transmit(now, &mut buf).unwrap() {
                    let frame = frame.to_vec();
                    if !frame.starts_with(&[0x80, protocol]) {
                        let _ = network.ends[1 - from].link.handle_frame(now, &frame);
                    }
                }
                network.ends[from].settle(now);
            }
            network.now = network.ends[0].link.poll_timeout().unwrap_or(now);
            let now = network.now;
            network.ends.iter_mut().for_each(|end| end.link.handle_timeout(now));
        }
        network.ends[0].closed().unwrap()
    };
    let reason = silent(0x21, &server(None, None), &client(None, None));
    assert_eq!(reason, Reason::NoIp(negotiate::Reason::NoAnswer));
    assert_eq!(reason.to_string(), "IPCP: the peer does not answer");
    if cfg!(feature = "mschap") {
        let required = || Some(ccp_with(Encryption::Required));
        let (one, other) = (server(Some(Method::MsChapV2), required()), client(Some(Method::MsChapV2), required()));
        let reason = silent(0xfd, &one, &other);
        assert_eq!((reason, reason.windows_error()), (Reason::EncryptionUnanswered, Some(742)));
        assert_eq!(reason.to_string(), "encryption required, and the peer does not answer CCP");
    }
}

#[test]
fn rfc1661_section_6_lcp_is_never_compressed() {
    let network = run(&server(Some(Method::ChapMd5), None), &client(Some(Method::ChapMd5), None));
    let mut others = 0;
    for (_, frame) in &network.lines {
        if frame.starts_with(&[0xff, 0x03]) {
            assert_eq!(frame[2..4], [0xc0, 0x21]);
        } else {
            assert!(matches!(frame[..2], [0xc2, 0x23] | [0x80, 0x21]));
            others += 1;
        }
    }
    assert!(others > 4);
    // A peer that did not agree gets everything in full.
    let plain = lcp::Config::default().with_address_control_compression(false).with_protocol_compression(false);
    let network = run(&server(None, None).with_lcp(plain), &client(None, None));
    assert!(network.lines.iter().filter(|(from, _)| *from == 1).all(|(_, frame)| frame.starts_with(&[0xff, 0x03])));
}

#[test]
fn rfc1661_section_4_3_a_peer_that_begins_again_has_to_prove_itself_again() {
    let mut network = run(&server(Some(Method::ChapMd5), None), &client(Some(Method::ChapMd5), None));
    assert!(network.carries_ip(0));
    let now = network.now;
    let before = network.ends[0].events.len();
    network.ends[0].link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 1, 0x99, 0, 4]).unwrap();
    assert_eq!(network.ends[0].link.phase(), Phase::Establish);
    assert!(!network.carries_ip(0) && network.ends[0].link.peer_name().0.is_empty());
    network.run(LONG);
    assert_eq!(network.phases(), [Phase::Network; 2]);
    assert!(network.carries_ip(0) && network.carries_ip(1));
    let after = &network.ends[0].events[before..];
    assert_eq!(after[..2], [Event::IpDown, Event::Phase(Phase::Establish)]);
    assert!(after.iter().any(|event| matches!(event, Event::Authenticate(_))));
}

#[test]
fn a_line_that_goes_down_is_told() {
    let mut network = run(&server(None, None), &client(None, None));
    let now = network.now;
    network.ends[0].link.down(now);
    network.run(LONG);
    assert_eq!(network.ends[0].closed(), Some(Reason::LowerLayerDown));
    assert_eq!(network.ends[0].link.phase(), Phase::Dead);
    // Nothing is taken there.
    assert!(network.ends[0].link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]).is_err());
    assert!(network.ends[0].link.handle_frame(now, &[0x21, 0x45]).is_err());
}

/// pppd closes the line as soon as its Terminate-Request is answered, when this side still waits for another one.
#[test]
fn a_line_that_goes_down_after_the_peers_goodbye_is_no_loss() {
    let terminate = |data: &[u8]| {
        let mut network = run(&server(None, None), &client(None, None));
        let (now, link) = (network.now, &mut network.ends[0].link);
        let length = u8::try_from(4 + data.len()).unwrap();
        link.handle_frame(now, &[&[0xff, 3, 0xc0, 0x21, 5, 9, 0, length], data].concat()).unwrap();
        assert_eq!(link.phase(), Phase::Terminate);
        network.send();
        network.ends[0].link.down(now);
        network.send();
        assert_eq!(network.ends[0].link.phase(), Phase::Dead);
        network.ends[0].closed()
    };
    let words = Words::new(b"User request");
    assert_eq!(terminate(b"User request"), Some(Reason::PeerClosed { error: None, words }));
    let error = lcp::MicrosoftTermination { magic_number: 1, error: 629 }.to_bytes();
    assert_eq!(terminate(&error), Some(Reason::PeerClosed { error: Some(629), words: Words::NONE }));
    // A goodbye of an earlier time is none.
    let mut network = run(&server(None, None), &client(None, None));
    let now = network.now;
    let link = &mut network.ends[0].link;
    link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 5, 9, 0, 4]).unwrap();
    for act in [Link::down, Link::open, Link::up, Link::down] {
        act(link, now);
    }
    network.send();
    assert_eq!(network.ends[0].closed(), Some(Reason::LowerLayerDown));
}

#[test]
fn a_peer_that_says_why_and_is_gone_at_once_has_closed() {
    let mut network = run(&server(None, None), &client(None, None));
    let now = network.now;
    let link = &mut network.ends[0].link;
    let farewell = hex::decode("ff03c0210507001079127fbe003ccd74000002e6").unwrap();
    link.handle_frame(now, &farewell).unwrap();
    assert_eq!(link.phase(), Phase::Terminate);
    link.down(now);
    network.run(LONG);
    assert_eq!(network.ends[0].closed(), Some(Reason::PeerClosed { error: Some(742), words: Words::NONE }));
}

#[test]
fn nobody_answers() {
    let mut network = Network::new(&server(None, None), &client(None, None), 1);
    network.spoil(100, 0, 0);
    assert!(network.run(LONG));
    assert_eq!(network.ends[0].closed(), Some(Reason::NoAnswer));
    assert_eq!(network.frames, 20);
}

#[test]
fn short_buffers_lose_nothing() {
    let one = server(Some(Method::ChapMd5), None).with_identification(b"x");
    let mut ends = alloc::vec![Link::new(&one, [1; 32]), Link::new(&client(Some(Method::ChapMd5), None), [2; 32])];
    for end in &mut ends {
        end.open(Duration::ZERO);
        end.up(Duration::ZERO);
    }
    let mut rounds = 0;
    while ends[0].ip().is_none() || ends[1].ip().is_none() {
        rounds += 1;
        assert!(rounds < 100);
        for from in 0..2 {
            let mut needed = 0;
            let frame = loop {
                let mut buf = alloc::vec![0; needed];
                match ends[from].poll_transmit(Duration::ZERO, &mut buf) {
                    Ok(frame) => break frame.map(<[u8]>::to_vec),
                    Err(error) => {
                        assert!(error.needed > needed && error.available == needed);
                        needed = error.needed;
                    }
                }
            };
            let to = &mut ends[1 - from];
            if let Some(frame) = frame {
                assert_eq!(frame.len(), needed);
                let taken = to.handle_frame(Duration::ZERO, &frame);
                // A request that is repeated before the first was answered.
                let is_busy = taken == Err(Refused::Negotiation(negotiate::Refused::Busy));
                assert!(is_busy || taken == Ok(Received::Consumed), "{taken:?}");
            }
            while let Some(event) = to.poll_event() {
                match event {
                    Event::Authenticate(question) => {
                        to.answer(Duration::ZERO, question.ticket(), &auth::Answer::Accept(b"")).unwrap();
                    }
                    Event::Prove(demand) => {
                        to.prove(Duration::ZERO, demand.ticket(), b"a", &auth::Secret::Password(b"b")).unwrap();
                    }
                    _ => {}
                }
            }
        }
    }
}

const METHODS: [Method; 6] =
    [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap, Method::EapMsChapV2];
const STRENGTHS: [MicrosoftCompression; 3] =
    [MicrosoftCompression::MPPE_40, MicrosoftCompression::MPPE_56, MicrosoftCompression::MPPE_128];
const MODES: [Modes; 2] = [Modes::Stateless, Modes::PreferStateful];
const ENCRYPTION: [Encryption; 3] = [Encryption::Required, Encryption::Preferred, Encryption::Refused];

/// 6 methods, and 3 strengths, 2 modes and 3 policies on each side.
const COMBINATIONS: usize = 6 * 18 * 18;

fn combination(number: usize) -> (Method, [ccp::Config; 2]) {
    let side = |number: usize| {
        ccp::Config::default()
            .with_strengths(STRENGTHS[number % 3])
            .with_modes(MODES[number / 3 % 2])
            .with_encryption(ENCRYPTION[number / 6 % 3])
    };
    (METHODS[number % 6], [side(number / 6 % 18), side(number / 108 % 18)])
}

/// The outcome that a combination must have when nothing is lost for good: open and encrypted, open
/// and clear, or closed.
#[derive(Debug, PartialEq, Clone, Copy)]
enum Expected {
    Encrypted,
    Clear,
    Closed,
}

fn expected(method: Method, sides: &[ccp::Config; 2]) -> Expected {
    let has_keys = method.has_keys();
    let common = sides[0].strengths() & sides[1].strengths();
    let wants = |side: &ccp::Config| side.encryption() != Encryption::Refused;
    let requires = |side: &ccp::Config| side.encryption() == Encryption::Required;
    let can = has_keys && common != MicrosoftCompression::NONE && sides.iter().all(wants);
    if can {
        Expected::Encrypted
    } else if sides.iter().any(requires) {
        Expected::Closed
    } else {
        Expected::Clear
    }
}

fn check(number: usize, seed: u64) {
    let (method, sides) = combination(number);
    if cfg!(not(feature = "mschap")) && method.has_keys() {
        return;
    }
    // Enough tries that a line with this loss is not given up.
    let timers = negotiate::Config::default().with_max_configure(40).with_max_terminate(10);
    let auth = auth::Config::default().with_max_tries(60).with_patience(Duration::from_secs(600));
    let patient = |config: Config| {
        config.with_link_timers(timers.clone()).with_network_timers(timers.clone()).with_authentication(auth.clone())
    };
    let [one, other] = sides.clone();
    let (one, other) = (patient(server(Some(method), Some(one))), patient(client(Some(method), Some(other))));
    let mut network = Network::new(&one, &other, seed);
    let mut random = Random::new(seed);
    if seed > 0 {
        network.spoil(random.below(30), random.below(20), random.below(1500));
    }
    let is_at_rest = network.run(Duration::from_secs(4000));
    let context = alloc::format!("{number} seed {seed}: {method} {sides:?}");
    assert!(is_at_rest, "{context}");
    let is_open = network.carries_ip(0) && network.carries_ip(1);
    let is_encrypted =
        network.ends.iter().all(|end| end.link.compression().is_some_and(|agreed| agreed.is_encrypted()));
    let found = match (is_open, is_encrypted) {
        (true, true) => Expected::Encrypted,
        (true, false) => Expected::Clear,
        (false, _) => Expected::Closed,
    };
    assert_eq!(
        found,
        expected(method, &sides),
        "{context} {:?}",
        network.ends.iter().map(super::network::End::closed).collect::<Vec<_>>()
    );
    if found == Expected::Closed {
        assert!(network.ends.iter().all(|end| end.closed().is_some()), "{context}");
        assert_eq!(network.phases(), [Phase::Dead; 2], "{context}");
    } else {
        let agreed = network.ends.iter().map(|end| end.link.compression()).collect::<Vec<_>>();
        if let (Some(one), Some(other)) = (agreed[0], agreed[1]) {
            assert_eq!((one.send, one.receive), (other.receive, other.send), "{context}");
        }
    }
    assert!(network.lines.iter().all(|(_, frame)| frame.len() <= 1500), "{context}");
}

#[test]
fn every_combination_comes_to_its_end_over_a_good_line() {
    for number in 0..COMBINATIONS {
        check(number, 0);
    }
}

#[test]
fn every_combination_comes_to_its_end_over_a_bad_line() {
    for seed in 1..=10_000 {
        check(usize::try_from(seed).unwrap() % COMBINATIONS, seed);
    }
}
