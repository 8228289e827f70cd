//! Forged and repeated GRE packets.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::ppp::ccp::Modes;
use pptp::server::{Limits, Server};
use pptp::session::{CallEvent, Config, Reason, ReceiveError};

use testing::pptp::{Pair, To, decode_frame, decode_gre, encode_gre, encode_packet, frame, numbered_ip};

use crate::server_config;

/// Returns an IP packet in the clear, as what is forged.
fn forged() -> Vec<u8> {
    frame(0x0021, &numbered_ip(60, 1))
}

#[test]
fn a_guessed_call_id_is_refused_without_a_trace() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        let (id, before) = (pair.id(to), pair.statistics(to));
        for guess in (0..=u16::MAX).filter(|guess| *guess != id) {
            let packet = encode_gre(guess, Some(pair.next_number(to)), Some(0), &forged());
            assert_eq!(pair.raw(to, &packet), Err(ReceiveError::UnknownCall { call_id: guess }));
        }
        assert_eq!(pair.statistics(to), before);
    }
    pair.assert_alive();
}

#[test]
fn guessed_sequence_numbers_behind_are_refused() {
    let mut pair = Pair::strict();
    for _ in 0..100 {
        pair.assert_alive();
    }
    for to in To::BOTH {
        let next = pair.next_number(to);
        for number in (0..next).chain([u32::MAX, u32::MAX - 1000, 1 << 31]) {
            assert!(pair.raw(to, &encode_gre(pair.id(to), Some(number), None, &forged())).is_err(), "{number}");
        }
    }
    assert!(pair.nothing_delivered());
    pair.assert_alive();
}

/// A forged number that is a little ahead delays packets for as long as a missing packet is waited
/// for, and no longer.
#[test]
fn guessed_sequence_numbers_ahead_cost_little() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        for ahead in [5, 17, 31] {
            let number = pair.next_number(to) + ahead;
            let _ = pair.raw(to, &encode_gre(pair.id(to), Some(number), None, &forged()));
        }
        for number in 0..40 {
            pair.send(to, &numbered_ip(100, number));
        }
        pair.elapse(Duration::from_secs(1));
        // The numbers that were forged are lost for the true packets, and these alone.
        let delivered = std::mem::take(&mut pair.take_delivered()[to.index()]);
        assert!(delivered.len() >= 37, "{}", delivered.len());
        assert!(delivered.iter().all(|packet| packet.len() == 100));
    }
    pair.assert_alive();
}

/// One number from anywhere is not believed; what is ahead is not waited for without an end.
#[test]
fn huge_jumps_of_sequence_numbers_are_not_believed() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        let next = pair.next_number(to);
        for step in 1..2000u32 {
            let number = next.wrapping_add(step.wrapping_mul(2_000_003));
            assert!(pair.raw(to, &encode_gre(pair.id(to), Some(number), None, &forged())).is_err());
        }
        assert!(pair.statistics(to).tunnel.held == 0);
    }
    assert!(pair.nothing_delivered());
    pair.assert_alive();
}

#[test]
fn impossible_acknowledgments_change_nothing() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        let id = pair.id(to);
        for step in 0..1000u32 {
            let number = 0x0100_0000u32.wrapping_add(step.wrapping_mul(4_000_007));
            let _ = pair.raw(to, &encode_gre(id, None, Some(number), &[]));
        }
        let tunnel = pair.statistics(to).tunnel;
        assert_eq!(tunnel.acknowledgments_impossible + tunnel.acknowledgments_stale, 1000);
    }
    pair.assert_alive();
    assert!(!pair.statistics(To::Client).tunnel.alarm);
}

#[test]
fn malformed_headers_are_refused() {
    let mut pair = Pair::strict();
    for to in To::BOTH {
        let before = pair.statistics(to);
        let good = encode_gre(pair.id(to), Some(pair.next_number(to)), Some(0), &forged());
        // Each bit of the first four bytes, each length, each end.
        for bit in 0..32 {
            let mut packet = good.clone();
            packet[bit / 8] ^= 0x80 >> (bit % 8);
            let _ = pair.raw(to, &packet);
        }
        for length in [0u16, 1, 15, 17, 100, 0x7fff, 0xffff] {
            let mut packet = good.clone();
            packet[4..6].copy_from_slice(&length.to_be_bytes());
            let _ = pair.raw(to, &packet);
        }
        for end in 0..good.len() {
            assert!(pair.raw(to, &good[..end]).is_err());
        }
        assert!(pair.nothing_delivered());
        assert!(pair.statistics(to).tunnel.malformed > before.tunnel.malformed);
        // Some of these had the right number, so it is used up.
        while pair.statistics(to).tunnel.sr.unwrap().get() > pair.next_number(to) {
            let _ = pair.inject(to, &forged());
        }
    }
    pair.assert_alive();
}

#[test]
fn packets_from_another_address_reach_no_call() {
    let mut server: Server = Server::new(server_config(), Limits::default());
    let [owner, other] = [7, 8].map(|last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)));
    let now = Duration::ZERO;
    let id = server.accept(now, owner, [3; 32]).unwrap();
    let _ = server.accept(now, other, [4; 32]).unwrap();
    for bytes in [crate::calls::start(), crate::calls::call(1)] {
        assert_eq!(server.handle_stream(now, id, &bytes), bytes.len());
    }
    let call = server.session(id).unwrap().calls().next().map(|call| call.id()).unwrap();
    let echo = frame(0xc021, &encode_packet(1, 1, b""));
    for number in 0..1000 {
        let mut packet = encode_gre(call.get(), Some(number), None, &echo);
        let error = server.handle_gre(now, other, &mut packet, &mut []).unwrap_err();
        assert_eq!(error, ReceiveError::UnknownCall { call_id: call.get() });
    }
    assert_eq!(
        server.session(id).unwrap().call(call).map(|call| call.statistics()).unwrap().tunnel.packets_received,
        0
    );
    let mut packet = encode_gre(call.get(), Some(0), None, &echo);
    assert!(server.handle_gre(now, owner, &mut packet, &mut []).is_ok());
    // The same address, written as one of IPv6, is the same.
    let IpAddr::V4(v4) = owner else { unreachable!() };
    let mut packet = encode_gre(call.get(), Some(1), None, &echo);
    let result = server.handle_gre(now, IpAddr::V6(v4.to_ipv6_mapped()), &mut packet, &mut []);
    assert_ne!(result.err(), Some(ReceiveError::UnknownCall { call_id: call.get() }));
}

/// Everything that was ever sent comes again, with its own numbers: at once, and much later.
#[test]
fn recorded_packets_that_are_replayed_give_nothing() {
    for config in [Config::strict(), Config::strict().with_ppp(|ppp| ppp.with_modes(Modes::PreferStateful))] {
        let mut pair = Pair::connected(&config);
        for _ in 0..50 {
            pair.assert_alive();
        }
        let recorded = pair.recorded.clone();
        for wait in [0, 1, 10, 25] {
            pair.elapse(Duration::from_secs(wait));
            for to in To::BOTH {
                for packet in &recorded[usize::from(to == To::Server)] {
                    let _ = pair.raw(to, packet);
                }
            }
            pair.elapse(Duration::from_secs(1));
            assert!(pair.nothing_delivered(), "after {wait} s");
        }
        // Two packets in order after a silence can be a peer that has started again. Then the
        // numbers are the attacker's, and true packets are late until two seconds have passed in
        // which nothing else came.
        pair.elapse(Duration::from_secs(3));
        assert_eq!(pair.reasons(), [None, None]);
    }
}

/// The same, by somebody on the path who gives recorded packets the numbers that are expected.
#[test]
fn recorded_data_under_new_numbers_gives_nothing() {
    for modes in [Modes::Stateless, Modes::PreferStateful] {
        let mut pair = Pair::connected(&Config::strict().with_ppp(|ppp| ppp.with_modes(modes)));
        for _ in 0..20 {
            pair.assert_alive();
        }
        let recorded = pair.recorded.clone();
        for to in To::BOTH {
            for packet in &recorded[usize::from(to == To::Server)] {
                let (_, _, payload) = decode_gre(packet);
                if payload.get(..4) == Some(&[0xff, 3, 0, 0xfd]) || payload.first() == Some(&0xfd) {
                    let _ = pair.inject(to, payload);
                }
            }
        }
        assert!(pair.nothing_delivered());
        pair.elapse(Duration::from_secs(2));
        pair.assert_alive();
        assert_eq!(pair.reasons(), [None, None]);
    }
}

/// Recorded negotiation under new numbers: what was agreed on stays agreed on, or the session ends. Nothing is in the clear.
#[test]
fn recorded_negotiation_under_new_numbers_gives_no_cleartext() {
    let recorded = Pair::strict().recorded;
    for to in To::BOTH {
        for packet in &recorded[usize::from(to == To::Server)] {
            let (sequence, _, payload) = decode_gre(packet);
            if sequence.is_none() {
                continue;
            }
            let mut pair = Pair::strict();
            let _ = pair.inject(to, payload);
            pair.elapse(Duration::from_secs(10));
            assert!(pair.nothing_delivered());
            pair.assert_nothing_in_the_clear();
            match pair.reasons() {
                [None, None] => pair.assert_alive(),
                reasons => assert!(!reasons.contains(&Some(Reason::Closed)), "{reasons:?}"),
            }
        }
    }
}

/// A path that swallows data: the acknowledgment that does not come is asked for once, also where nothing gets through.
#[test]
fn lost_packets_ask_for_their_acknowledgment_once() {
    for (asks, swallows_all) in [(true, false), (true, true), (false, false), (false, true)] {
        let mut pair = Pair::connected(&Config::strict().with_echo_for_acknowledgment(asks));
        pair.assert_alive();
        pair.elapse(Duration::from_secs(2));
        pair.between = Box::new(move |to, frame| {
            let is_lost = to == To::Server && (swallows_all || decode_frame(frame).0 == 0x00fd);
            if is_lost { Vec::new() } else { vec![(to, frame.to_vec())] }
        });
        for round in 1..4 {
            pair.send(To::Server, &numbered_ip(60, 1));
            pair.send(To::Server, &numbered_ip(60, 2));
            pair.elapse(Duration::from_secs(5));
            let echo = pair.statistics(To::Client).ppp.echo;
            assert_eq!(echo.sent, if asks { round } else { 0 }, "{asks} {swallows_all}");
            assert_eq!(echo.received, if asks && !swallows_all { round } else { 0 });
        }
        // RFC 2637 section 4.4: an answer has the acknowledgment, and then there is no alarm.
        let is_alarmed = pair.events().any(|event| matches!(event, CallEvent::FlowAlarm { is_raised: true }));
        assert_eq!(is_alarmed, !asks || swallows_all, "{asks} {swallows_all}");
        assert_eq!(pair.statistics(To::Server).ppp.echo.sent, 0);
    }
}
