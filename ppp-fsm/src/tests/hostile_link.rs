//! Frames and calls that nobody sane would make, at a link in every phase.

use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::network::Network;
use crate::auth::{Answer, Method, Methods, Secret};
use crate::ccp::{Encryption, MicrosoftCompression};
use crate::link::{Config, Event, Keepalive, Link, Phase, Reason, Received};
use crate::{Frame, ccp, ipcp, ipv6cp, lcp};

pub(super) fn config(encryption: Encryption, method: Method, is_server: bool) -> Config {
    let lcp = lcp::Config::default();
    let methods = Methods::new(&[method]);
    let (lcp, ipcp) = if is_server {
        let ipcp = ipcp::Config::new([10, 0, 0, 1].into()).with_peer_address([10, 0, 0, 2].into());
        (lcp.with_peer_authentication(methods), ipcp)
    } else {
        (lcp.with_own_authentication(methods), ipcp::Config::default())
    };
    Config::default()
        .with_lcp(lcp)
        .with_ccp(ccp::Config::default().with_encryption(encryption).with_strengths(MicrosoftCompression::STRENGTHS))
        .with_ipcp(ipcp)
        .with_ipv6cp(ipv6cp::Config::default())
        .with_keepalive(Keepalive::new(Duration::from_secs(7)))
        .with_identification(b"test")
}

/// Returns all frames of a session, to be changed and given in any order.
pub(super) fn frames(encryption: Encryption, method: Method) -> Vec<Vec<u8>> {
    let mut network = Network::new(&config(encryption, method, true), &config(encryption, method, false), 1);
    network.run(Duration::from_secs(20));
    let now = network.now;
    network.ends[0].link.close(now);
    network.run(Duration::from_secs(100));
    let mut frames: Vec<Vec<u8>> = network.lines.into_iter().map(|(_, frame)| frame).collect();
    let more: [&[u8]; 9] = [
        &[0xfd, 0x90, 0, 1, 2, 3],
        &[0x21, 0x45, 0, 0, 20],
        &[0x57, 0x60, 0, 0, 0],
        &[0x80, 0xfd, 14, 1, 0, 4],
        &[0x80, 0xfd, 15, 1, 0, 4],
        &[0x80, 0xfd, 7, 1, 0, 8, 15, 1, 0, 4],
        &[0xff, 3, 0xc0, 0x21, 8, 1, 0, 6, 0x80, 0x21],
        &[0xff, 3, 0xc0, 0x21, 7, 1, 0, 8, 1, 1, 0, 4],
        &[0x80, 0x2b, 1, 1, 0, 4],
    ];
    frames.extend(more.map(<[u8]>::to_vec));
    frames
}

#[derive(Debug, Clone)]
enum Step {
    Frame(usize, Vec<(usize, u8)>),
    Noise(Vec<u8>),
    Wait(u16),
    Settle,
    Send,
    Call(u8),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (any::<usize>(), prop::collection::vec((any::<usize>(), any::<u8>()), 0..3))
            .prop_map(|(index, changes)| Step::Frame(index, changes)),
        1 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Step::Noise),
        2 => any::<u16>().prop_map(Step::Wait),
        4 => Just(Step::Settle),
        4 => Just(Step::Send),
        1 => (0_u8..9).prop_map(Step::Call),
    ]
}

pub(super) fn call(link: &mut Link, now: Duration, number: u8) {
    match number {
        0 => link.open(now),
        1 => link.up(now),
        2 => link.down(now),
        3 => link.close(now),
        4 => link.ping(now),
        5 => link.request_reset(now),
        6 => link.rechallenge(now),
        7 => link.send_time_remaining(now, 60),
        _ => link.note_traffic(),
    }
}

fn settle(link: &mut Link, now: Duration) {
    while let Some(event) = link.poll_event() {
        if let Event::Authenticate(question) = event {
            let _ = link.answer(now, question.ticket(), &Answer::Password(b"wonderland"));
        } else if let Event::Prove(demand) = event {
            let _ = link.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_of_calls_is_legal(
        steps in prop::collection::vec(any_step(), 0..80),
        encryption in prop_oneof![Just(Encryption::Required), Just(Encryption::Preferred), Just(Encryption::Refused)],
        method in prop_oneof![Just(Method::Pap), Just(Method::ChapMd5), Just(Method::Eap), Just(Method::MsChapV2)],
        is_server in any::<bool>(),
    ) {
        let frames = frames(encryption, method);
        let mut link = Link::new(&config(encryption, method, is_server), [5; 32]);
        let mut now = Duration::ZERO;
        link.open(now);
        link.up(now);
        for step in steps {
            match step {
                Step::Frame(index, changes) => {
                    let mut frame = frames[index % frames.len()].clone();
                    for (place, byte) in changes {
                        let length = frame.len();
                        frame[place % length] = byte;
                    }
                    if let Ok(Received::Network { .. }) = link.handle_frame(now, &frame) {
                        prop_assert!(encryption != Encryption::Required && link.phase() == Phase::Network);
                    }
                }
                Step::Noise(bytes) => drop(link.handle_frame(now, &bytes).is_ok()),
                Step::Wait(time) => {
                    now += Duration::from_millis(time.into());
                    link.handle_timeout(now);
                    prop_assert!(link.poll_timeout().is_none_or(|at| at > now));
                }
                Step::Settle => settle(&mut link, now),
                Step::Send => {
                    let mut buf = [0; Link::MAX_TRANSMIT];
                    let mut sent = 0;
                    while let Some(frame) = link.poll_transmit(now, &mut buf).unwrap() {
                        sent += 1;
                        prop_assert!(sent <= 16 && Frame::decode(frame).is_ok());
                    }
                }
                Step::Call(number) => call(&mut link, now, number),
            }
        }
        // Left alone by the peer, it comes to an end, with a reason if it was at work.
        for _ in 0..200 {
            settle(&mut link, now);
            while link.poll_transmit(now, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
            let Some(at) = link.poll_timeout() else { break };
            now = at;
            link.handle_timeout(now);
        }
        prop_assert_eq!(link.poll_timeout(), None);
    }
}

#[test]
fn events_that_nobody_polls_do_not_pile_up() {
    let mut link = Link::new(&config(Encryption::Refused, Method::Pap, true), [5; 32]);
    let now = Duration::ZERO;
    for round in 0..1000 {
        link.open(now);
        link.up(now);
        let _ = link.handle_frame(now, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4]);
        if round % 2 == 0 {
            link.down(now);
        }
    }
    link.down(now);
    // One of each kind, and the last state is among them.
    let events: Vec<Event> = core::iter::from_fn(|| link.poll_event()).collect();
    assert_eq!(events, [Event::Phase(Phase::Dead), Event::Closed(Reason::LowerLayerDown)]);
}

#[test]
fn a_link_is_not_larger_than_promised() {
    let promised = if cfg!(feature = "alloc") { 4 * 1024 } else { 14 * 1024 };
    assert!(size_of::<Link>() <= promised, "{}", size_of::<Link>());
}
