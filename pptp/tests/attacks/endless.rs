//! Negotiations without an end: each has one, for a reason that says so, and with little said.

use pptp::ppp_session;
use std::time::Duration;

use pptp::session::{CallEvent, Config, Reason};

use testing::pptp::{Between, Pair, To, decode_frame, encode_packet, frame};

use crate::{client_config, server_config};

const LCP: u16 = 0xc021;
const CHAP: u16 = 0xc223;
const IPCP: u16 = 0x8021;

/// Returns how each side ends, and how many packets it took.
fn ends(between: Between) -> ([Option<Reason>; 2], usize) {
    let mut pair = Pair::new(&client_config(), &server_config());
    pair.between = between;
    let mut packets = 0;
    for _ in 0..80 {
        packets += pair.elapse(Duration::from_secs(1));
    }
    assert!(pair.reasons().iter().all(Option::is_some), "{:?} {:?}", pair.reasons(), pair.client.events);
    // The server may have the TCP connection for a minute more.
    pair.elapse(Duration::from_secs(70));
    assert!(pair.server.closed.is_some());
    assert!(pair.server.call_events().all(|event| !matches!(event, CallEvent::Ppp(ppp_session::Event::IpUp(_)))));
    (pair.reasons(), packets)
}

#[test]
fn a_peer_that_never_answers() {
    for silent in To::BOTH {
        let (reasons, packets) =
            ends(Box::new(move |to, bytes| if to == silent { vec![] } else { vec![(to, bytes.to_vec())] }));
        assert!(packets < 150, "{packets}");
        assert!(reasons.iter().flatten().all(|reason| *reason != Reason::Closed), "{reasons:?}");
    }
    let (reasons, packets) = ends(Box::new(|_, _| vec![]));
    assert!(packets < 100, "{packets}");
    assert_eq!(reasons[0], Some(Reason::GreBlocked));
}

#[test]
fn a_peer_that_answers_half() {
    // Each protocol alone is not answered.
    for protocol in [CHAP, 0x80fd, IPCP] {
        let (reasons, packets) = ends(Box::new(move |to, bytes| match decode_frame(bytes).0 {
            found if found == protocol => vec![],
            _ => vec![(to, bytes.to_vec())],
        }));
        assert!(packets < 300, "{protocol:x} {packets}");
        assert!(reasons.iter().flatten().any(|reason| reason.windows_error().is_some()), "{reasons:?}");
    }
    // Requests are answered, and nothing is ever asked for.
    for protocol in [LCP, 0x80fd, IPCP] {
        for quiet in To::BOTH {
            let (_, packets) = ends(Box::new(move |to, bytes| {
                let (found, information) = decode_frame(bytes);
                if found == protocol && to == quiet && information[0] == 1 {
                    vec![]
                } else {
                    vec![(to, bytes.to_vec())]
                }
            }));
            assert!(packets < 300, "{protocol:x} {packets}");
        }
    }
}

/// Each request is answered with a Nak that names another value.
#[test]
fn a_peer_that_naks_for_ever() {
    for (protocol, option) in [(LCP, 1u8), (LCP, 5), (0x80fd, 0x12), (IPCP, 3)] {
        for victim in To::BOTH {
            let mut value = 200u32;
            let (_, packets) = ends(Box::new(move |to, bytes| {
                let (found, information) = decode_frame(bytes);
                if found != protocol || information[0] != 1 || to == victim {
                    return vec![(to, bytes.to_vec())];
                }
                value += 1;
                let data =
                    if option == 1 { (value as u16).to_be_bytes().to_vec() } else { value.to_be_bytes().to_vec() };
                let nak = [&[option, data.len() as u8 + 2][..], &data].concat();
                vec![(victim, frame(protocol, &encode_packet(3, information[1], &nak)))]
            }));
            assert!(packets < 300, "{protocol:x} {packets}");
        }
    }
}

/// The peer asks for another address, or another value, each time it is refused.
#[test]
fn a_peer_that_asks_for_something_else_for_ever() {
    for (protocol, option) in [(LCP, 1u8), (0x80fd, 0x12), (IPCP, 3), (IPCP, 129)] {
        for victim in To::BOTH {
            let mut value = 0u32;
            let mut rounds = 0u32;
            let (_, packets) = ends(Box::new(move |to, bytes| {
                let (found, mut information) = decode_frame(bytes);
                if found != protocol {
                    return vec![(to, bytes.to_vec())];
                }
                if information[0] == 1 && to == victim {
                    // Never what it asked for in truth.
                    value += 1;
                    let data = if option == 1 {
                        (value as u16 % 60).to_be_bytes().to_vec()
                    } else {
                        (0x0a09_0000 + value).to_be_bytes().to_vec()
                    };
                    let identifier = information[1];
                    information = encode_packet(1, identifier, &[&[option, data.len() as u8 + 2][..], &data].concat());
                    return vec![(to, frame(protocol, &information))];
                }
                if (2..=4).contains(&information[0]) && to != victim {
                    // And for each answer, a new request at once, a hundred times.
                    rounds += 1;
                    value += 1;
                    let data = if option == 1 {
                        (value as u16 % 60).to_be_bytes().to_vec()
                    } else {
                        (0x0a09_0000 + value).to_be_bytes().to_vec()
                    };
                    let request =
                        encode_packet(1, rounds as u8, &[&[option, data.len() as u8 + 2][..], &data].concat());
                    return if rounds < 1000 { vec![(victim, frame(protocol, &request))] } else { vec![] };
                }
                vec![(to, bytes.to_vec())]
            }));
            assert!(packets < 2500, "{protocol:x} {option} {packets}");
        }
    }
}

/// LCP begins again with each packet of the authentication.
#[test]
fn a_peer_that_begins_lcp_again_for_ever() {
    for victim in To::BOTH {
        let mut count = 0u32;
        let (reasons, packets) = ends(Box::new(move |to, bytes| {
            let (protocol, _) = decode_frame(bytes);
            if protocol != LCP && to != victim {
                count += 1;
                // Another magic number, so that it is no copy.
                let option = [&[5, 6][..], &(0x0100_0000 + count).to_be_bytes()].concat();
                return if count < 500 {
                    vec![(victim, frame(LCP, &encode_packet(1, count as u8, &option)))]
                } else {
                    vec![]
                };
            }
            vec![(to, bytes.to_vec())]
        }));
        assert!(packets < 4000, "{packets}");
        let setup = reasons.iter().flatten().any(|reason| {
            matches!(reason, Reason::Ppp(ppp_session::Reason::SetupTimeout | ppp_session::Reason::Link(_)))
        });
        assert!(setup, "{reasons:?}");
    }
}

/// Patience ends a negotiation in which each packet has an answer that is not the last.
#[test]
fn the_setup_timeout_ends_what_the_counters_do_not() {
    let config = Config::strict().with_ppp(|ppp| ppp.with_setup_timeout(Duration::from_secs(10)));
    let mut pair =
        Pair::new(&client_config().with_session(config.clone()), &server_config().with_session(config.clone()));
    // CHAP is never through: the server's user never answers.
    pair.server.answers = false;
    let mut count = 0u32;
    for second in 0..30u32 {
        pair.elapse(Duration::from_secs(1));
        if pair.reasons() == [None, None] {
            count = second;
            // LCP again, each second.
            let option = [&[5, 6][..], &(0x0100_0000 + second).to_be_bytes()].concat();
            for to in To::BOTH {
                let _ = pair.inject(to, &frame(LCP, &encode_packet(1, second as u8, &option)));
            }
        }
    }
    assert!((8..=11).contains(&count), "{count}");
    assert!(pair.reasons().contains(&Some(Reason::Ppp(ppp_session::Reason::SetupTimeout))), "{:?}", pair.reasons());
}

/// A session that is up and negotiates again has as long as a new one.
#[test]
fn a_session_that_negotiates_again_and_never_ends_is_ended() {
    for victim in To::BOTH {
        let mut pair = Pair::strict();
        pair.between = Box::new(|_, _| vec![]);
        let option = [&[5, 6][..], &[9, 9, 9, 9]].concat();
        let _ = pair.inject(victim, &frame(LCP, &encode_packet(1, 1, &option)));
        let packets = pair.elapse(Duration::from_secs(150));
        assert!(packets < 200, "{packets}");
        assert!(pair.reasons().iter().all(Option::is_some), "{:?}", pair.reasons());
    }
}
