//! Proofs that broke other implementations, or nearly: wrong lengths, wrong bytes, ways around.

use alloc::vec::Vec;

use super::hostile_peers::{NOW, open, sent, side};
use super::network::Network;
use crate::auth::{self, Answer, Authenticator, Method, Outcome, Peer, Secret, Status};
use crate::link::{Event, Link, Phase, Refused};
use crate::{chap, eap};

#[test]
fn cve_2020_8597_eap_no_length_of_a_value_goes_past_its_packet() {
    let [mut accepted, mut refused] = [0, 0];
    for is_server in [false, true] {
        for length in 0..=40_u8 {
            for size in 0..=255 {
                let mut packet = [0x61; 64];
                packet[..6].copy_from_slice(&[if is_server { 2 } else { 1 }, 1, 0, length, 4, size]);
                let bytes = &packet[..usize::from(length).max(6)];
                // The codec, and both machines behind it, on more bytes than the packet says.
                let fits = length >= 6 && usize::from(size) + 6 <= usize::from(length);
                if let Ok(eap::Packet {
                    message: eap::Message::Request(method) | eap::Message::Response(method), ..
                }) = eap::Packet::decode(bytes)
                {
                    assert_eq!(matches!(method.md5_challenge(), Ok(Some(_))), fits, "{length} {size}");
                }
                let mut client = Peer::new(&auth::Config::default(), [1; 32]);
                client.start(NOW, Method::Eap);
                if client.handle_packet(NOW, bytes).is_ok() && client.poll_demand().is_some() {
                    assert!(is_server || fits);
                    accepted += 1;
                } else {
                    refused += 1;
                }
                let mut server = Authenticator::new(&auth::Config::default(), [1; 32]);
                server.start(NOW, Method::Eap);
                let _ = server.handle_packet(NOW, bytes);
                let _ = server.presented();
            }
        }
    }
    assert!(accepted > 0 && refused > 0);
}

#[test]
fn chap_no_size_of_a_value_goes_past_its_packet() {
    for method in [Method::ChapMd5, Method::MsChapV1, Method::MsChapV2] {
        for length in 0..=64_u8 {
            for size in 0..=255 {
                for code in [1, 2] {
                    let mut packet = [0x61; 80];
                    packet[..5].copy_from_slice(&[code, 1, 0, length, size]);
                    let bytes = &packet[..usize::from(length).max(5)];
                    let fits = length >= 5 && usize::from(size) + 5 <= usize::from(length);
                    assert_eq!(chap::Packet::decode(bytes).is_ok(), fits, "{length} {size}");
                    let mut client = Peer::new(&auth::Config::default(), [1; 32]);
                    client.start(NOW, method);
                    assert!(client.handle_packet(NOW, bytes).is_err() || fits);
                    let mut server = Authenticator::new(&auth::Config::default(), [1; 32]);
                    server.start(NOW, method);
                    assert!(server.handle_packet(NOW, bytes).is_err() || fits);
                }
            }
        }
    }
}

#[test]
fn authentication_a_proof_that_is_wrong_in_any_byte_is_refused() {
    for method in [Method::ChapMd5, Method::MsChapV1, Method::MsChapV2] {
        let mut buf = [0; 256];
        let start = || {
            let mut server = Authenticator::new(&auth::Config::default(), [1; 32]);
            server.start(NOW, method);
            server
        };
        let mut client = Peer::new(&auth::Config::default(), [2; 32]);
        client.start(NOW, method);
        client.handle_packet(NOW, start().poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        let ticket = client.poll_demand().unwrap().ticket();
        client.prove(NOW, ticket, b"alice", &Secret::Password(b"wonderland")).unwrap();
        let response = client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
        let size = usize::from(response[4]);
        // MS-CHAP's proof is in the bytes 24 to 47; the first 24 are the LAN Manager's, or the
        // challenge and zeros.
        let proof = if method == Method::ChapMd5 { 0..size } else { 24..48 };
        for (index, bit) in proof.flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut wrong = response.clone();
            wrong[5 + index] ^= 1 << bit;
            let mut server = start();
            server.handle_packet(NOW, &wrong).unwrap();
            let ticket = server.poll_question().unwrap().ticket();
            let outcome = server.answer(NOW, ticket, &Answer::Password(b"wonderland")).unwrap();
            assert!(matches!(outcome, Outcome::Refused { .. }), "{method}, byte {index}");
            assert!(server.keys().is_none());
        }
        let mut server = start();
        server.handle_packet(NOW, &response).unwrap();
        let ticket = server.poll_question().unwrap().ticket();
        assert!(matches!(server.answer(NOW, ticket, &Answer::Password(b"wonderland")), Ok(Outcome::Accepted)));
    }
}

#[test]
fn authentication_nothing_lets_a_peer_in_but_the_answer() {
    // Up to the Challenge.
    let mut network = Network::new(&side(Method::ChapMd5, true, 1500), &side(Method::ChapMd5, false, 1500), 1);
    let mut buf = [0; Link::MAX_TRANSMIT];
    while network.ends[0].link.phase() != Phase::Authenticate {
        for from in 0..2 {
            while let Some(frame) = network.ends[from].link.poll_transmit(NOW, &mut buf).unwrap() {
                let _ = network.ends[1 - from].link.handle_frame(NOW, frame);
            }
        }
    }
    let link = &mut network.ends[0].link;
    for frame in [
        // Success, an Ack of PAP, EAP's Success, of any identifier; network protocols; data; what another method sends.
        &[0xc2, 0x23, 3, 1, 0, 4][..],
        &[0xc0, 0x23, 2, 1, 0, 5, 0],
        &[0xc0, 0x23, 1, 1, 0, 12, 1, b'a', 5, b'b', b'b', b'b', b'b', b'b'],
        &[0xc2, 0x27, 3, 1, 0, 4],
        &[0x80, 0x21, 1, 1, 0, 10, 3, 6, 10, 0, 0, 2],
        &[0x80, 0x21, 2, 1, 0, 10, 3, 6, 10, 0, 0, 1],
        &[0x80, 0xfd, 1, 1, 0, 4],
        &[0x21, 0x45, 0, 0, 20],
        &[0xfd, 0x90, 0, 0],
    ] {
        for identifier in 0..=255 {
            let mut frame = frame.to_vec();
            if frame.len() > 4 {
                frame[3] = identifier;
            }
            let _ = link.handle_frame(NOW, &frame);
            sent(link);
            assert_eq!(link.phase(), Phase::Authenticate, "{frame:02x?}");
        }
    }
    let events: Vec<_> = core::iter::from_fn(|| link.poll_event()).collect();
    assert!(events.iter().all(|event| !matches!(event, Event::PeerAuthenticated | Event::IpUp(_))));
}

#[test]
fn a_peer_that_is_not_asked_for_a_proof_gives_none() {
    // Mutual authentication is by wish: who did not agree to prove itself does not answer a Challenge.
    let mut link = open(1500).ends.remove(0).link;
    let challenge = [0xc2, 0x23, 1, 1, 0, 21, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    // Nor does it say that it does not know CHAP, since it has asked for a proof by it.
    assert_eq!(link.handle_frame(NOW, &challenge), Err(Refused::Authentication(auth::Refused::NotAgreed)));
    assert_eq!(link.poll_transmit(NOW, &mut [0; Link::MAX_TRANSMIT]), Ok(None));
    let events: Vec<_> = core::iter::from_fn(|| link.poll_event()).collect();
    assert!(events.iter().all(|event| !matches!(event, Event::Prove(_))));
    let mut client = Peer::new(&auth::Config::default(), [2; 32]);
    assert!(client.handle_packet(NOW, &challenge[2..]).is_err());
    assert_eq!(client.status(), Status::Idle);
}
