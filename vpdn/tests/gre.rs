//! Raw sockets in bursts, in both directions with one [`Gre`].
#![cfg(target_os = "linux")]
#![expect(clippy::std_instead_of_core, reason = "a test, not a library")]

use std::net::Ipv4Addr;

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
