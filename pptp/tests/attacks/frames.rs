//! Frames of any bytes, packets that are encrypted with other keys, and events that nobody polls.

use pptp::ppp_session;
use std::time::Duration;

use pptp::ppp::ccp::Modes;
use pptp::session::{CallEvent, Config};

use testing::Random;
use testing::pptp::{Pair, To, encode_gre, encode_packet, frame, honest, numbered_ip};

use crate::{client_config, server_config};

const PROTOCOLS: [u16; 12] =
    [0xc021, 0xc023, 0xc223, 0xc227, 0x80fd, 0x8021, 0x8057, 0x0021, 0x0057, 0x00fd, 0xc025, 0x002d];

/// In each step of the setup, and in the session: random bytes of each length, bare and under each
/// protocol.
#[test]
fn random_frames_of_every_length_in_every_phase() {
    let mut noise = Random::new(1);
    // How many genuine frames get through before the noise.
    for phase in (0..40).step_by(3) {
        for to in To::BOTH {
            let mut pair = Pair::new(&client_config(), &server_config());
            let mut left = phase;
            pair.between = Box::new(move |to, bytes| {
                if left == 0 {
                    return vec![];
                }
                left -= 1;
                vec![(to, bytes.to_vec())]
            });
            pair.run();
            for length in 0..70 {
                let before = pair.recorded.iter().map(Vec::len).sum::<usize>();
                let bytes = noise.bytes(length);
                let _ = pair.inject(to, &bytes);
                for protocol in PROTOCOLS {
                    let _ = pair.inject(to, &frame(protocol, &bytes));
                    // The same with a header that is right.
                    let code = noise.byte() % 16;
                    let _ = pair.inject(to, &frame(protocol, &encode_packet(code, noise.byte(), &bytes)));
                }
                pair.run();
                let sent = pair.recorded.iter().map(Vec::len).sum::<usize>() - before;
                // Not more than one for each that came in, and a few of its own.
                assert!(sent <= 30, "{sent} packets in phase {phase}");
            }
            assert!(pair.nothing_delivered());
            pair.between = honest();
            pair.elapse(Duration::from_secs(1));
            pair.assert_nothing_in_the_clear();
        }
    }
}

#[test]
fn frames_that_are_too_long_are_refused() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        for length in [1501usize, 2046, 2049, 4000, 16_000, 65_000, 65_531] {
            for protocol in PROTOCOLS {
                let data = vec![1; length];
                let _ = pair.inject(to, &frame(protocol, &data));
                // Out of order, so that they would have to be kept.
                let ahead = pair.next_number(to) + 3;
                let _ = pair.raw(to, &encode_gre(pair.id(to), Some(ahead), None, &frame(protocol, &data)));
            }
            pair.elapse(Duration::from_secs(1));
        }
        assert!(pair.nothing_delivered());
    }
    if pair.reasons() == [None, None] {
        pair.elapse(Duration::from_secs(2));
        for _ in 0..40 {
            for to in To::BOTH {
                pair.send(to, &numbered_ip(60, 1));
            }
        }
        assert!(!pair.nothing_delivered());
    }
}

/// Packets that say that they are far ahead make the receiver compute keys: only so many for each.
#[test]
fn forged_coherency_counts_cost_a_bounded_number_of_keys() {
    let mut pair = Pair::strict();
    pair.assert_alive();
    let mut noise = Random::new(7);
    for to in To::BOTH {
        let mut before = pair.statistics(to).ppp.mppe.unwrap().received.rx_key_changes_computed;
        let mut total = 0;
        for _ in 0..5000 {
            let header = [0x90 | (noise.byte() & 0x0f), noise.byte()];
            let sealed = [&header[..], &noise.bytes(60)].concat();
            let _ = pair.inject(to, &frame(0x00fd, &sealed));
            let after = pair.statistics(to).ppp.mppe.unwrap().received.rx_key_changes_computed;
            assert!(after - before <= 512, "{} keys for one packet", after - before);
            total += after - before;
            before = after;
        }
        assert!(total < 5000 * 128, "{total}");
        // One in 65,536 or so looks right by chance.
        assert!(pair.take_delivered().iter().flatten().count() < 3);
    }
    let is_lost = |event: &&CallEvent| **event == CallEvent::Ppp(ppp_session::Event::CoherencyLost);
    assert!(pair.client.events.iter().filter(is_lost).count() <= 1);
    assert!(pair.server.call_events().filter(is_lost).count() <= 1);
    assert_eq!(pair.reasons(), [None, None]);
    pair.assert_alive();
}

/// The same in stateful mode: the peer is asked for a flush, once a second at most.
#[test]
fn forged_counts_of_stateful_encryption_ask_for_few_resets() {
    let mut pair = Pair::connected(&Config::strict().with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful)));
    pair.assert_alive();
    let mut noise = Random::new(9);
    for to in To::BOTH {
        let mut packets = 0;
        for _ in 0..5000 {
            let header = [0x10 | (noise.byte() & 0xef), noise.byte()];
            let sealed = [&header[..], &noise.bytes(60)].concat();
            let _ = pair.inject(to, &frame(0x00fd, &sealed));
            packets += pair.run();
        }
        // Nothing has elapsed: one request, its answer, acknowledgments.
        assert!(packets < 200, "{packets}");
        assert!(pair.take_delivered().iter().flatten().count() < 3);
    }
    pair.elapse(Duration::from_secs(3));
    // The next packets may be lost until the flush is through.
    for _ in 0..5 {
        for to in To::BOTH {
            pair.send(to, &numbered_ip(60, 1));
        }
        pair.elapse(Duration::from_secs(2));
    }
    assert_eq!(pair.reasons(), [None, None]);
    pair.assert_alive();
}

/// A packet of a few bytes that would become a long one.
#[test]
#[cfg(feature = "mppc")]
fn packets_that_decompress_to_too_much_are_refused() {
    use pptp::ppp::ccp::{Encryption, MicrosoftCompression};
    use pptp::session::Compression;
    let config = Config::strict().with_ppp(|ppp| {
        ppp.with_encryption(Encryption::Refused)
            .with_strengths(MicrosoftCompression::NONE)
            .with_compression(Compression::Fast)
    });
    let mut pair = Pair::connected(&config);
    pair.assert_alive();
    let mut noise = Random::new(3);
    for to in To::BOTH {
        // Literal bytes, then the longest matches that there are; and bytes of any kind.
        let mut bombs = vec![[&[0x00, 0x21, 0x45, 0x00][..], &[0xf0, 0x3f, 0xff, 0xff].repeat(100)].concat()];
        bombs.extend((0..3000).map(|length| noise.bytes(2 + length % 300)));
        bombs.push(vec![0xff; 1400]);
        for (number, bomb) in bombs.iter().enumerate() {
            let header = [[0x20, 0x60, 0xe0, 0xa0][number % 4], number as u8];
            let sealed = [&header[..], bomb].concat();
            let _ = pair.inject(to, &frame(0x00fd, &sealed));
            pair.run();
        }
        assert!(pair.take_delivered().iter().flatten().all(|packet| packet.len() <= 1502));
    }
    pair.elapse(Duration::from_secs(5));
    assert_eq!(pair.reasons(), [None, None]);
}

/// Nobody polls events for a long time; then everything goes on.
#[test]
fn events_that_nobody_polls_are_bounded_and_everything_resumes() {
    for to in To::BOTH {
        let mut pair = Pair::strict();
        pair.assert_alive();
        pair.set_polls(false);
        let shown = |pair: &Pair| format!("{pair:?}").len();
        let mut highest = 0;
        for round in 0..5000u32 {
            let _ = pair.inject(to, &frame(0xc021, &encode_packet(12, 1, b"\0\0\0\0who")));
            let _ = pair.inject(to, &frame(0xc021, &encode_packet(13, 1, b"\0\0\0\0\0\0\0\x09bye")));
            if round % 500 == 0 {
                pair.elapse(Duration::from_secs(1));
                highest = highest.max(shown(&pair));
            }
        }
        assert!(highest < 200_000, "{highest}");
        pair.set_polls(true);
        let before = pair.client.events.len() + pair.server.events.len();
        pair.run();
        assert!(pair.client.events.len() + pair.server.events.len() - before < 100);
        pair.elapse(Duration::from_secs(10));
        assert_eq!(pair.reasons(), [None, None]);
        pair.assert_alive();
        // The end is reported as well.
        pair.set_polls(false);
        for _ in 0..100 {
            let _ = pair.inject(to, &frame(0xc021, &encode_packet(12, 1, b"\0\0\0\0who")));
        }
        pair.client.session.close(pair.now);
        pair.elapse(Duration::from_secs(20));
        pair.set_polls(true);
        pair.elapse(Duration::from_secs(80));
        assert!(pair.reasons().iter().all(Option::is_some), "{:?}", pair.reasons());
        assert!(pair.server.closed.is_some());
    }
}
