//! Framing, negotiation, authentication and links of `ppp-fsm`.

use core::net::Ipv4Addr;
use core::time::Duration;

use mschap::{Account, FailureCode, NtHash};
use ppp_fsm::auth::{Answer, Authenticator, Demand, MAX_PACKET_LEN, Method, Methods, Peer, Secret, Ticket};
use ppp_fsm::hdlc::{Config as Line, Decoder, Encoder, Fcs, FrameError, max_encoded_len};
use ppp_fsm::link::{Config, Event, Keepalive, Link, Phase};
use ppp_fsm::{Frame, Protocol, auth, ccp, ipcp, ipv6cp, lcp, negotiate};

use crate::session::Input;

/// Bytes of an input, and steps of a machine.
const WORK: u32 = 500;

/// Asserts that pieces of any length find the same frames, and that each frame survives the way
/// back.
///
/// # Panics
///
/// When a promise is broken.
pub fn hdlc(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let (Some(map), Some(piece)) = (input.byte(), input.byte()) else { return };
    let line = input.rest();
    let fcs = if map & 1 == 0 { Fcs::Bits16 } else { Fcs::Bits32 };
    let config = Line::default().with_control_characters(u32::from(map) * 0x0101_0101).with_fcs(fcs);
    let read = |piece: usize| {
        let mut buf = [0; 256];
        let mut decoder = Decoder::new(&mut buf, config);
        let mut found: Vec<Result<Vec<u8>, FrameError>> = Vec::new();
        for mut bytes in line.chunks(piece.max(1)) {
            while let Some(frame) = decoder.decode(&mut bytes) {
                found.push(frame.map(<[u8]>::to_vec));
            }
        }
        found
    };
    let found = read(data.len());
    assert_eq!(found, read(piece.into()));
    for frame in found.iter().flatten() {
        let line: Vec<u8> = Encoder::new(frame, config).collect();
        assert!(line.len() <= max_encoded_len(frame.len()));
        let mut buf = [0; 256];
        assert_eq!(Decoder::new(&mut buf, config).decode(&mut &line[..]), Some(Ok(&frame[..])));
    }
}

fn method(number: u8) -> Method {
    let methods = [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap, Method::EapMsChapV2];
    methods[usize::from(number) % methods.len()]
}

/// Asserts that no packet is accepted as a proof of what it is not, that output is bounded, and
/// that timers go on.
///
/// # Panics
///
/// When a promise is broken.
pub fn authentication(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(number) = input.byte() else { return };
    let config = auth::Config::default().with_retries(number >> 4).with_eap_pass_through(number & 8 != 0);
    let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
    let mut now = Duration::ZERO;
    server.start(now, method(number & 7));
    client.start(now, method(number & 7));
    let mut buf = [0; MAX_PACKET_LEN];
    while let Some(step) = input.step() {
        match step & 3 {
            0 => drop(server.handle_packet(now, input.bytes())),
            1 => drop(client.handle_packet(now, input.bytes())),
            2 => {
                now += Duration::from_millis(u64::from(step) * 40);
                server.handle_timeout(now);
                client.handle_timeout(now);
                assert!(server.poll_timeout().is_none_or(|at| at > now));
                assert!(client.poll_timeout().is_none_or(|at| at > now));
            }
            _ => {
                let own = Secret::Password(b"wonderland");
                match client.poll_demand() {
                    Some(Demand::NewPassword(ticket)) => {
                        let _ = client.change_password(now, ticket, &own, "looking-glass".into());
                    }
                    Some(demand) => {
                        let _ = client.prove(now, demand.ticket(), input.bytes(), &own);
                    }
                    None => {}
                }
                if let Some(question) = server.poll_question() {
                    answer(&mut server, now, question.ticket(), step >> 2);
                }
            }
        }
        for _ in 0..2 {
            let _ = server.poll_transmit(now, &mut buf).expect("the buffer is large enough");
            let _ = client.poll_transmit(now, &mut buf).expect("the buffer is large enough");
        }
        assert!(!server.has_output() && !client.has_output());
    }
}

/// Gives one of the answers of a user who does not know the peer's password. Nobody is let in but
/// by a user that says so itself.
fn answer(server: &mut Authenticator, now: Duration, ticket: Ticket, number: u8) {
    let hash = NtHash::from_password("not to be guessed");
    let account = Account::new(&hash).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let answer = match number & 7 {
        0 | 1 => Answer::Password(b"not to be guessed"),
        2 => Answer::Account(&account),
        3 => Answer::Reject(b"E=648 R=0 C=000102030405060708090A0B0C0D0E0F V=3 M=expired"),
        4 => Answer::Reject(b"E=648 R=0 V=2"),
        5 => Answer::Reject(b"E=691 R=1 C=000102030405060708090A0B0C0D0E0F V=3 M=again"),
        6 => Answer::EapRequest(&[1, 9, 0, 5, 1]),
        _ => Answer::Accept(b"S=0123456789ABCDEF0123456789ABCDEF01234567"),
    };
    let presented = server.presented().is_some();
    let outcome = server.answer(now, ticket, &answer);
    assert!(presented || outcome.is_err(), "an answer to nothing");
    if !matches!(answer, Answer::Accept(_)) {
        assert!(!matches!(outcome, Ok(auth::Outcome::Accepted | auth::Outcome::PasswordChanged(_))));
    }
    // One that asks waits for its user; every other state has a deadline or an end.
    assert!(server.status() != auth::Status::Waiting || server.poll_timeout().is_some());
}

pub(crate) fn config(number: u8, is_server: bool) -> Config {
    let methods = Methods::new(&[method(number & 7)]);
    let lcp = if is_server {
        lcp::Config::default().with_peer_authentication(methods)
    } else {
        lcp::Config::default().with_own_authentication(methods)
    };
    let encryption = [ccp::Encryption::Required, ccp::Encryption::Preferred, ccp::Encryption::Refused];
    let ccp = ccp::Config::default()
        .with_encryption(encryption[usize::from(number >> 3) % 3])
        .with_strengths(ccp::MicrosoftCompression::STRENGTHS)
        .with_modes(ccp::Modes::PreferStateless)
        .with_compression(number & 0x20 != 0);
    let address = |last| Ipv4Addr::new(10, 0, 0, last);
    let ipcp =
        if is_server { ipcp::Config::new(address(1)).with_peer_address(address(2)) } else { ipcp::Config::default() };
    let config = Config::default()
        .with_lcp(lcp)
        .with_ccp(ccp)
        .with_ipcp(ipcp)
        .with_link_timers(negotiate::Config::default().with_restart(number & 0x40 != 0))
        .with_identification(b"fuzz");
    if number & 0x80 == 0 { config } else { config.with_ipv6cp(ipv6cp::Config::default()) }
}

/// Answers what a link asks.
pub(crate) fn settle(link: &mut Link, now: Duration) {
    while let Some(event) = link.poll_event() {
        match event {
            Event::Authenticate(question) => {
                drop(link.answer(now, question.ticket(), &Answer::Password(b"wonderland")));
            }
            Event::Prove(demand) => {
                let _ = link.prove(now, demand.ticket(), b"alice", &Secret::Password(b"wonderland"));
            }
            Event::Closed(reason) => assert!(!reason.to_string().is_empty()),
            _ => {}
        }
    }
}

/// Asserts for one link and any input that output can be read and is bounded, and that required
/// encryption holds.
///
/// # Panics
///
/// When a promise is broken.
pub fn link(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(number) = input.byte() else { return };
    let config = config(number, number & 1 != 0).with_keepalive(Keepalive::new(Duration::from_secs(5)));
    let requires_encryption = (number >> 3) % 3 == 0;
    let mut link = Link::new(&config, [1; 32]);
    let mut now = Duration::ZERO;
    let mut buf = [0; Link::MAX_TRANSMIT];
    link.open(now);
    link.up(now);
    while let Some(step) = input.step() {
        match step & 15 {
            0 => link.open(now),
            1 => link.up(now),
            2 => link.down(now),
            3 => link.close(now),
            4 => link.ping(now),
            5 => link.request_reset(now),
            6 => link.rechallenge(now),
            7 | 8 => {
                now += Duration::from_millis(u64::from(step) * 50);
                link.handle_timeout(now);
                assert!(link.poll_timeout().is_none_or(|at| at > now));
            }
            _ => {
                let bytes = input.bytes();
                let received = link.handle_frame(now, bytes);
                if let Ok(ppp_fsm::link::Received::Network { .. }) = received {
                    assert!(!requires_encryption && link.phase() == Phase::Network);
                }
            }
        }
        if step & 0x80 == 0 {
            settle(&mut link, now);
        }
        let mut frames = 0;
        while let Some(frame) = link.poll_transmit(now, &mut buf).expect("the buffer is large enough") {
            frames += 1;
            assert!(frames <= 16, "more frames than one step can ask for");
            Frame::decode(frame).expect("what is sent can be read");
        }
    }
    for protocol in [Protocol::IP, Protocol::IPV6] {
        assert!(!link.may_send(protocol) || link.phase() == Phase::Network);
    }
}

/// Asserts that two links come to rest over a line that loses and repeats frames.
///
/// # Panics
///
/// When a promise is broken.
pub fn pair(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let (Some(one), Some(other)) = (input.byte(), input.byte()) else { return };
    let mut links = vec![Link::new(&config(one, true), [1; 32]), Link::new(&config(other, false), [2; 32])];
    let mut now = Duration::ZERO;
    for link in &mut links {
        link.open(now);
        link.up(now);
    }
    let mut buf = [0; Link::MAX_TRANSMIT];
    let mut frames = 0;
    loop {
        let mut is_quiet = true;
        for from in 0..2 {
            settle(&mut links[from], now);
            while let Some(frame) = links[from].poll_transmit(now, &mut buf).expect("the buffer is large enough") {
                (is_quiet, frames) = (false, frames + 1);
                assert!(frames < 5000, "they do not come to an end");
                let copies = [1, 0, 2, 1][usize::from(input.byte().unwrap_or(0)) & 3];
                for _ in 0..copies {
                    let _ = links[1 - from].handle_frame(now, frame);
                }
                settle(&mut links[1 - from], now);
            }
        }
        if is_quiet {
            let Some(at) = links.iter().filter_map(Link::poll_timeout).min() else { break };
            now = at;
            for link in &mut links {
                link.handle_timeout(now);
            }
        }
    }
    // Neither is left between two phases, and both agree about what they do.
    let phases = [links[0].phase(), links[1].phase()];
    assert!(phases.iter().all(|phase| matches!(phase, Phase::Dead | Phase::Network)), "{phases:?}");
    if let (Some(ours), Some(theirs)) = (links[0].compression(), links[1].compression()) {
        assert_eq!((ours.send, ours.receive), (theirs.receive, theirs.send));
    }
}
