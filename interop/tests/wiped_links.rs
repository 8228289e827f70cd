//! No secret is left in the memory of what was dropped or stopped (case S7).
//!
//! Each value is dropped where it lies, and its memory is searched. A secret that was moved out leaves its bytes behind, which
//! no type shows.

use std::time::Duration;

use mschap::{LmHash, NtHash};
use ppp_fsm::Random;
use ppp_fsm::auth::{Answer, Authenticator, Config, Demand, MAX_PACKET_LEN, Method, Peer, Question, Secret, Status};
use ppp_fsm::link::{self, Event, Link};
use ppp_fsm::{ipcp, lcp};
use pptp_interop::memory::Place;

const NOW: Duration = Duration::ZERO;
const PASSWORD: &[u8] = b"wonderland";
const ENTROPY: [u8; 32] = *b"unpredictable entropy of a test.";

/// Returns what may be left of a password: itself, and every hash that MS-CHAP makes of it.
fn secrets() -> Vec<Vec<u8>> {
    let nt_hash = NtHash::from_password("wonderland");
    let hash = nt_hash.hash();
    let lm_hash = LmHash::from_oem(PASSWORD).unwrap();
    vec![
        PASSWORD.to_vec(),
        nt_hash.as_bytes().to_vec(),
        hash.as_bytes().to_vec(),
        lm_hash.as_bytes().to_vec(),
        ENTROPY.to_vec(),
    ]
}

const METHODS: [Method; 6] =
    [Method::Pap, Method::ChapMd5, Method::Eap, Method::MsChapV1, Method::MsChapV2, Method::EapMsChapV2];

/// Runs an exchange until both sides have accepted, or the client is challenged again and asked.
fn run(server: &mut Authenticator, client: &mut Peer, method: Method) {
    server.start(NOW, method);
    client.start(NOW, method);
    for round in 0..24 {
        let mut buf = [0; MAX_PACKET_LEN];
        if let Some(bytes) = server.poll_transmit(NOW, &mut buf).unwrap() {
            let _ = client.handle_packet(NOW, bytes);
        }
        if let Some(Demand::Proof { ticket, .. }) = client.poll_demand() {
            client.prove(NOW, ticket, b"alice", &Secret::Password(PASSWORD)).unwrap();
        }
        if let Some(bytes) = client.poll_transmit(NOW, &mut buf).unwrap() {
            let _ = server.handle_packet(NOW, bytes);
        }
        if let Some(Question::Proof(ticket)) = server.poll_question() {
            server.answer(NOW, ticket, &Answer::Password(PASSWORD)).unwrap();
        }
        if round == 10 {
            assert_eq!([server.status(), client.status()], [Status::Accepted; 2], "{method}");
            server.rechallenge(NOW);
        }
    }
}

/// The search finds what is there: a hash that is needed, in a machine that lives.
#[test]
fn keys_are_there_while_they_are_needed() {
    let config = Config::default();
    let (mut server, mut client) =
        (Place::new(Authenticator::new(&config, ENTROPY)), Place::new(Peer::new(&config, ENTROPY)));
    run(server.get(), client.get(), Method::MsChapV2);
    let hash = [NtHash::from_password("wonderland").hash().as_bytes().to_vec()];
    assert!(server.count(&hash)[0] > 0 && client.count(&hash)[0] > 0);
}

#[test]
fn nothing_is_left_of_either_side_of_an_authentication_that_is_stopped_or_dropped() {
    let config = Config::default();
    for method in METHODS {
        for is_stopped in [true, false] {
            clear_stack();
            let (mut server, mut client) =
                (Place::new(Authenticator::new(&config, ENTROPY)), Place::new(Peer::new(&config, ENTROPY)));
            run(server.get(), client.get(), method);
            if is_stopped {
                server.get().stop();
                client.get().stop();
            } else {
                server.drop_value();
                client.drop_value();
            }
            // A machine that is stopped keeps its generator, which gives the next challenge.
            let secrets = &secrets()[..if is_stopped { 4 } else { 5 }];
            assert!(server.count(secrets).iter().all(|count| *count == 0), "server, {method}, {is_stopped}");
            assert!(client.count(secrets).iter().all(|count| *count == 0), "client, {method}, {is_stopped}");
        }
    }
}

#[test]
fn nothing_is_left_of_a_generator() {
    let mut random = Place::new(Random::new(ENTROPY));
    assert_eq!(random.count(&[ENTROPY.to_vec()]), [1]);
    let drawn = random.get().entropy();
    // The state that was drawn from is gone, so that the same values cannot be drawn again.
    assert_eq!(random.count(&[ENTROPY.to_vec(), drawn.to_vec()]), [0, 0]);
    random.drop_value();
    assert!(random.bytes().iter().all(|byte| *byte == 0));
}

#[test]
fn nothing_is_left_of_a_link_that_is_down_or_dropped() {
    for is_down in [true, false] {
        for method in METHODS {
            clear_stack();
            check_link(method, is_down);
        }
    }
}

/// Overwrites the stack: what an earlier machine left there is not of this one.
#[inline(never)]
fn clear_stack() {
    std::hint::black_box(&mut [0_u8; 512 * 1024]).fill(0);
}

fn check_link(method: Method, is_down: bool) {
    let methods = ppp_fsm::auth::Methods::new(&[method]);
    let config = link::Config::default().with_ipcp(ipcp::Config::new([10, 0, 0, 1].into()));
    let server = lcp::Config::default().with_peer_authentication(methods);
    let client = lcp::Config::default().with_own_authentication(methods);
    let mut ends = [(server, ENTROPY), (client, [3; 32])]
        .map(|(lcp, entropy)| Place::new(Link::new(&config.clone().with_lcp(lcp), entropy)));
    for end in &mut ends {
        end.get().open(NOW);
        end.get().up(NOW);
    }
    let mut accepted = false;
    for round in 0..80 {
        let (from, mut buf) = (round % 2, [0; Link::MAX_TRANSMIT]);
        while let Some(event) = ends[from].get().poll_event() {
            let link = ends[from].get();
            match event {
                Event::Authenticate(question) => {
                    link.answer(NOW, question.ticket(), &Answer::Password(PASSWORD)).map(drop).unwrap();
                }
                Event::Prove(demand) => {
                    link.prove(NOW, demand.ticket(), b"alice", &Secret::Password(PASSWORD)).unwrap();
                }
                Event::PeerAuthenticated => accepted = true,
                _ => {}
            }
        }
        while let Some(frame) = ends[from].get().poll_transmit(NOW, &mut buf).unwrap().map(<[u8]>::to_vec) {
            let _ = ends[1 - from].get().handle_frame(NOW, &frame);
        }
    }
    assert!(accepted, "{method}");
    for (number, end) in ends.iter_mut().enumerate() {
        if is_down {
            end.get().down(NOW);
        } else {
            end.drop_value();
        }
        assert_eq!(end.count(&secrets()), [0; 5], "{method} {number} {is_down}");
    }
}
