//! Data packets of somebody else: ids and cookies that are guessed, numbers far ahead, cleartext.

use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::session::{Config, ReceiveError};
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::data::{self, Wire};
use l2tp_session::wire::header::{Cookie, CookieSize};
use l2tp_session::wire::tunnel::Versions;
use testing::l2tp::{Outside, Pair, ip_packet};
use testing::{CLIENT, Random};

use crate::{assert_carries, connected, stranger};

/// Returns how the client's data packets look.
fn wire_of_client(world: &Pair) -> data::Config {
    *world.client.session.first_call().unwrap().data_config()
}

/// Makes data packets as the client does, with other ids, cookies or numbers, around a frame.
fn forge(config: data::Config, skip: u32, frame: &[u8]) -> Vec<u8> {
    let mut channel: data::DataChannel = data::DataChannel::new(config);
    let mut buf = [0; 2048];
    for _ in 0..skip {
        channel.encapsulate(frame, None, &mut buf).unwrap();
    }
    channel.encapsulate(frame, None, &mut buf).unwrap().payload.to_vec()
}

/// Returns an IP packet in a frame of PPP in the clear.
fn clear() -> Vec<u8> {
    [&[0xff, 3, 0, 0x21][..], &ip_packet(99, 60)].concat()
}

#[test]
fn data_from_another_host_or_with_guessed_ids_reaches_no_call() {
    let config = Config::strict("lab").with_ppp(|ppp| ppp.with_encryption(Encryption::Refused));
    let mut world = connected(&config);
    let (now, came) = (world.now, world.server.packets().len());
    let genuine = forge(wire_of_client(&world), 0, &clear());
    let error = world.server.receive(now, stranger(1), &genuine).unwrap_err();
    assert_eq!(error, ReceiveError::OtherSource);
    let mut random = Random::new(1);
    for _ in 0..10_000 {
        let mut guessed = genuine.clone();
        let ids = u32::try_from(random.below(1 << 32)).unwrap().to_be_bytes();
        if guessed[2..6] != ids {
            guessed[2..6].copy_from_slice(&ids);
            let error = world.server.receive(now, Outside::Udp.address(CLIENT), &guessed).unwrap_err();
            assert_eq!(error, ReceiveError::UnknownTunnel);
        }
    }
    assert_eq!(world.server.packets().len(), came);
    assert_carries(&mut world);
}

#[test]
fn guessed_cookies_deliver_nothing_and_are_counted() {
    let config = Config::strict("lab")
        .with_ppp(|ppp| ppp.with_encryption(Encryption::Refused))
        .with_tunnel(|tunnel| tunnel.with_versions(Versions::V3))
        .with_terms(|terms| terms.with_cookie(CookieSize::Eight));
    let mut world = connected(&config);
    let (now, came) = (world.now, world.server.packets().len());
    let real = wire_of_client(&world);
    let wires = if let Wire::V3 { local, peer } = real.wire() { Some((local, peer)) } else { None };
    let (local, mut peer) = wires.unwrap();
    let right: [u8; 8] = peer.cookie.as_bytes().try_into().unwrap();
    let mut wrong = 0;
    for place in 0..8 {
        for value in 0..=255 {
            let mut guess = right;
            guess[place] = value;
            if guess != right {
                peer.cookie = Cookie::Eight(guess);
                let packet = forge(data::Config::new(real.peer(), Wire::V3 { local, peer }), 0, &clear());
                let error = world.server.receive(now, Outside::Udp.address(CLIENT), &packet).unwrap_err();
                assert_eq!(error, ReceiveError::Data(data::ReceiveError::WrongCookie));
                wrong += 1;
            }
        }
    }
    assert_eq!(world.server.packets().len(), came);
    let session = world.server.server.session(world.server.tunnel()).unwrap();
    assert_eq!(session.first_call().unwrap().counters().wrong_cookie, wrong);
    assert_carries(&mut world);
}

#[test]
fn cleartext_is_not_delivered_where_encryption_is_required() {
    let mut world = connected(&Config::strict("lab"));
    let (now, came) = (world.now, world.server.packets().len());
    let packet = forge(wire_of_client(&world), 0, &clear());
    assert!(world.server.receive(now, Outside::Udp.address(CLIENT), &packet).is_err());
    assert_eq!(world.server.packets().len(), came);
    assert_carries(&mut world);
}

/// Numbers move only for packets that are proved, where data is encrypted.
#[test]
fn forged_numbers_ahead_make_no_genuine_packet_late() {
    for versions in [Versions::V2, Versions::V3] {
        let config = Config::strict("lab")
            .with_tunnel(|tunnel| tunnel.with_versions(versions))
            .with_terms(|terms| terms.with_sequencing(DataSequencing::ALL));
        let mut world = connected(&config);
        assert_carries(&mut world);
        let now = world.now;
        // In the clear, encrypted nonsense, and an Echo-Request of LCP, which anybody can send.
        let nonsense = [&[0xff, 3, 0, 0xfd, 0x90, 0x05][..], &[0x5a; 60]].concat();
        let echo = [0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 0].to_vec();
        for frame in [clear(), nonsense, echo] {
            for ahead in [50, 100, 500, 900] {
                let packet = forge(wire_of_client(&world), ahead, &frame);
                let _ = world.server.receive(now, Outside::Udp.address(CLIENT), &packet);
            }
            assert_carries(&mut world);
        }
        world.settle();
        assert_carries(&mut world);
    }
}
