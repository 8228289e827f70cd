//! Raw sockets in bursts, in both directions with one [`Gre`].
#![cfg(target_os = "linux")]
#![expect(clippy::std_instead_of_core, reason = "a test, not a library")]

use std::net::Ipv4Addr;

use pptp::server::Shard;
use vpdn::host::{BURST, Gre, Interest, Poller};

/// Headers of system calls are used again and again: what one leaves there must not be written through by the next.
#[test]
fn bursts_go_out_and_come_in_by_turns() {
    let Ok(mut gre) = Gre::open() else {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "SKIPPED: bursts of GRE: no right to open a raw socket");
        return;
    };
    let mut poller = Poller::new().unwrap();
    poller.add(&gre, 1, Interest::Read).unwrap();
    // A version that no GRE has, so that no other program on this machine takes it.
    for round in 0..50_u8 {
        let count = usize::from(round) % BURST + 1;
        for number in 0..count {
            gre.send_to(Ipv4Addr::LOCALHOST, &[0x30, 0x07, 0x88, 0x0b, round, u8::try_from(number).unwrap()]);
        }
        gre.flush();
        let mut received = Vec::new();
        while received.len() < count {
            assert!(poller.wait(Some(std::time::Duration::from_secs(5))).unwrap().count() > 0, "{received:?}");
            let all = gre.receive().map(|(source, packet)| (source, packet.to_vec()));
            received.extend(all.filter(|(_, packet)| packet.get(1) == Some(&0x07) && packet.get(4) == Some(&round)));
        }
        let expected = (0..count)
            .map(|number| (Ipv4Addr::LOCALHOST, vec![0x30, 0x07, 0x88, 0x0b, round, u8::try_from(number).unwrap()]));
        assert_eq!(received, expected.collect::<Vec<_>>());
    }
}

/// RFC 2637 section 4.1: each shard of a server gets the packets with its own call ids, and what is too short for an id goes
/// nowhere.
#[test]
fn a_filter_keeps_the_call_ids_of_a_shard() {
    let Ok(mut sender) = Gre::open() else {
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), "SKIPPED: filters of GRE: no right to open a raw socket");
        return;
    };
    // An address that no other test has, and a byte by which sockets of other addresses know these packets.
    let address = Ipv4Addr::new(127, 9, 8, 7);
    let ids = [0, 1, 2, 3, 4, 255, 256, 0xffff_u16];
    let shards: Vec<_> = (0..3).filter_map(|index| Shard::new(index, 3)).collect();
    let mut sockets: Vec<_> = shards.iter().map(|_| Gre::open().unwrap()).collect();
    for (shard, socket) in shards.iter().zip(&sockets) {
        socket.filter(*shard).unwrap();
        socket.bind(address).unwrap();
    }
    sender.send_to(address, &[0x30, 0x09, 0x88, 0x0b, 0, 1]);
    for id in ids {
        let [high, low] = id.to_be_bytes();
        sender.send_to(address, &[0x30, 0x09, 0x88, 0x0b, 0, 1, high, low, 9]);
    }
    sender.flush();
    // On the loopback, what was sent has come.
    for (shard, socket) in shards.iter().zip(&mut sockets) {
        let mut received = Vec::new();
        loop {
            let burst: Vec<_> = socket.receive().map(|(_, packet)| packet.to_vec()).collect();
            if burst.is_empty() {
                break;
            }
            // Before it was bound, it had packets of others.
            received.extend(
                burst
                    .iter()
                    .filter(|packet| packet.len() == 9)
                    .filter_map(|packet| packet.get(6..8)?.first_chunk().copied()),
            );
        }
        let own = ids.into_iter().filter(|id| shard.includes(*id)).map(u16::to_be_bytes);
        assert_eq!(received, own.collect::<Vec<_>>(), "{shard:?}");
    }
}
