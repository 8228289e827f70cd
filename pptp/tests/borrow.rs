//! The session is free while received packets are looked at: results borrow the caller's packets and scratch buffers.

use core::time::Duration;

use pptp::ppp::ccp::{Encryption, Modes};
use pptp::session::{Compression, Config, HEADROOM, MAX_RECEIVE, Received};
use testing::pptp::{connected, numbered_ip};

const NOW: Duration = Duration::ZERO;

/// Returns every way to send packets.
fn encodings() -> Vec<Config> {
    let clear = Config::strict().with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
    let stateful = Config::strict().with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful));
    let mut all = vec![clear.clone(), Config::strict(), stateful.clone()];
    if cfg!(feature = "mppc") {
        all.push(clear.with_ppp(|ppp| ppp.with_compression(Compression::Fast)));
        all.push(Config::strict().with_ppp(|ppp| ppp.with_compression(Compression::Default)));
        all.push(stateful.with_ppp(|ppp| ppp.with_compression(Compression::Max)));
    }
    all
}

#[test]
fn eight_packets_of_a_burst_are_held_while_the_session_is_asked_and_driven() {
    for config in encodings() {
        let (mut client, mut server, call) = connected(NOW, &config, |_, _| ());
        let mut packets: [Vec<u8>; 8] = core::array::from_fn(|mark| {
            let mut buf = [&[0; HEADROOM][..], &numbered_ip(300, u8::try_from(mark).unwrap())].concat();
            client.first_call_mut().unwrap().send_ip(NOW, &mut buf).unwrap().to_vec()
        });
        let mut scratch = [[0; MAX_RECEIVE]; 8];
        let mut held = Vec::new();
        for (packet, scratch) in packets.iter_mut().zip(&mut scratch) {
            let (of, received) = server.handle_gre(NOW, packet, scratch).unwrap();
            assert_eq!(of, call);
            let Received::Ip(ip) = received else { panic!("no IP packet: {received:?}") };
            held.push(ip);
            // Questions and commands, with all of them in hand.
            assert!(server.call(call).unwrap().mtu() > 1000 && server.poll_timeout().is_some());
            let mut buf = [&[0; HEADROOM][..], ip].concat();
            let answer = server.call_mut(call).unwrap().send_ip(NOW, &mut buf).unwrap().to_vec();
            let mut answer = answer;
            client.handle_gre(NOW, &mut answer, &mut [0; MAX_RECEIVE]).unwrap();
            while server.poll_event().is_some() {}
        }
        for (mark, ip) in (0_u8..).zip(held) {
            assert_eq!(ip, numbered_ip(300, mark));
        }
    }
}
