//! Control messages of somebody who does not see the tunnel, and packets that are sent again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use l2tp_session::ppp_session::ppp::ccp::Encryption;
use l2tp_session::session::{Config, ReceiveError};
use l2tp_session::wire::avp::ResultCode;
use l2tp_session::wire::code::{ControlConnectionResult, SessionResult};
use l2tp_session::wire::header::{ControlHeader, Recipient};
use l2tp_session::wire::message::{EncodeOptions, v2};
use l2tp_session::wire::tunnel::{Authentication, DigestHash, Versions};
use l2tp_session::wire::{Message, Secret};
use testing::l2tp::Outside;
use testing::{CLIENT, Random};

use crate::{assert_carries, connected, stranger};

/// Returns a message that ends a tunnel.
fn stop(tunnel_id: u16) -> v2::StopControlConnectionNotification<'static> {
    v2::StopControlConnectionNotification {
        result: ResultCode::new(ControlConnectionResult::CLEAR),
        assigned_tunnel_id: Some(tunnel_id),
    }
}

/// Returns messages that end a tunnel or a call, with these ids and numbers.
fn ends(tunnel_id: u16, session_id: u16, ns: u16, nr: u16) -> Vec<Vec<u8>> {
    let recipient = Recipient::V2 { tunnel_id, session_id };
    let header = ControlHeader { recipient, ns, nr };
    let clear = v2::CallDisconnectNotify {
        result: ResultCode::new(SessionResult::LOST_CARRIER),
        assigned_session_id: Some(session_id),
        ..v2::CallDisconnectNotify::new()
    };
    let stop = stop(tunnel_id);
    [Message::from(stop), Message::from(clear)]
        .iter()
        .map(|message| {
            let mut buf = [0; 256];
            message.encode(&header, &EncodeOptions::new(), &mut buf).unwrap().to_vec()
        })
        .collect()
}

#[test]
fn stops_and_disconnects_from_elsewhere_or_with_guessed_ids_end_nothing() {
    let mut world = connected(&Config::strict("lab"));
    let now = world.now;
    let ids = world.server.server.session(world.server.tunnel()).unwrap().tunnel().ids();
    let call = u16::try_from(world.server.call().get()).unwrap();
    let status = world.server.server.session(world.server.tunnel()).unwrap().tunnel().channel_status();
    // Everything is right, but the address.
    for packet in ends(ids.v2, call, status.next_nr, status.next_ns) {
        let error = world.server.receive(now, stranger(1), &packet).unwrap_err();
        assert!(matches!(error, ReceiveError::Control(_)), "{error}");
    }
    // The address is right, and the ids or the numbers are guessed.
    let mut random = Random::new(1);
    let here = Outside::Udp.address(CLIENT);
    for _ in 0..5000 {
        let tunnel_id = u16::try_from(random.below(0x10000)).unwrap();
        let ns = u16::try_from(random.below(0x10000)).unwrap();
        if tunnel_id != ids.v2 {
            for packet in ends(tunnel_id, call, status.next_nr, status.next_ns) {
                assert!(world.server.receive(now, here, &packet).is_err());
            }
        }
        if ns.wrapping_sub(status.next_nr) > 64 && status.next_nr.wrapping_sub(ns) > 64 {
            for packet in ends(ids.v2, call, ns, status.next_ns) {
                assert!(world.server.receive(now, here, &packet).is_err());
            }
        }
    }
    world.settle();
    assert_carries(&mut world);
}

/// RFC 3931 section 4.3: with a digest, not even somebody on the path ends a tunnel.
#[test]
fn with_a_digest_a_message_that_was_changed_in_any_bit_has_no_effect() {
    let config = Config::strict("lab").with_tunnel(|tunnel| {
        tunnel
            .with_versions(Versions::V3)
            .with_authentication(Authentication::Digest(DigestHash::Sha1))
            .with_password(Secret::new(b"s3cr3t-tunnel").unwrap())
    });
    let recorded = Rc::new(RefCell::new(Vec::new()));
    let mut world = connected(&config);
    let copy = Rc::clone(&recorded);
    world.lose_datagram = Some(Box::new(move |_, from, packet| {
        if from == CLIENT && packet[0] & 0x80 != 0 {
            copy.borrow_mut().push(packet.to_vec());
        }
        false
    }));
    // A Hello, and its acknowledgment.
    world.run(Duration::from_secs(70));
    let here = Outside::Udp.address(CLIENT);
    let now = world.now;
    let packets = recorded.borrow().clone();
    assert!(!packets.is_empty());
    for packet in &packets {
        for bit in 0..packet.len() * 8 {
            let mut changed = packet.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(world.server.receive(now, here, &changed).is_err(), "bit {bit} of {packet:02x?}");
        }
    }
    world.settle();
    assert_carries(&mut world);
}

#[test]
fn everything_that_was_sent_is_sent_again_and_gives_nothing() {
    for encryption in [Encryption::Required, Encryption::Refused] {
        let config = Config::strict("lab").with_ppp(|ppp| ppp.with_encryption(encryption));
        let mut world = connected(&config);
        let recorded = Rc::new(RefCell::new(Vec::new()));
        let copy = Rc::clone(&recorded);
        world.lose_datagram = Some(Box::new(move |_, from, packet| {
            copy.borrow_mut().push((from, packet.to_vec()));
            false
        }));
        assert_carries(&mut world);
        world.run(Duration::from_secs(70));
        let packets = recorded.borrow().clone();
        let came = world.server.packets().len();
        let now = world.now;
        for (from, packet) in packets {
            if from == CLIENT {
                let _ = world.server.receive(now, Outside::Udp.address(CLIENT), &packet);
            }
        }
        world.settle();
        world.run(Duration::from_secs(1));
        // In the clear, and without numbers, a packet is as good as its copy: L2TP has nothing against it.
        let again = usize::from(encryption == Encryption::Refused);
        assert_eq!(world.server.packets().len(), came + again, "{encryption}");
        world.lose_datagram = None;
        assert_carries(&mut world);
    }
}

/// RFC 2661 section 4.4.3: StopCCN to tunnel 0 names the tunnel by the peer's own id.
#[test]
fn a_stop_to_tunnel_0_ends_only_the_tunnel_of_its_sender() {
    let mut world = connected(&Config::strict("lab"));
    let now = world.now;
    let mut random = Random::new(2);
    for _ in 0..2000 {
        let guess = u16::try_from(1 + random.below(0xffff)).unwrap();
        let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
        let mut buf = [0; 256];
        let packet = Message::from(stop(guess)).encode(&header, &EncodeOptions::new(), &mut buf).unwrap().to_vec();
        assert!(world.server.receive(now, stranger(3), &packet).is_err());
    }
    world.settle();
    assert_carries(&mut world);
}
