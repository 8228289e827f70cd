//! The rules of RFC 2637 section 4, on whole tunnels.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

mod polled_late;
mod unproven;

use crate::{
    AcknowledgmentTimeout, BufferTooSmall, CallIds, Config, DecodeError, Event, HEADROOM, Header, InlineSlots,
    MAX_TRANSMIT, Packet, ReceiveError, Received, SendError, SequenceNumber, Slots, Tunnel, WindowPolicy,
};

type Inline = Tunnel<InlineSlots<8, 64>>;

const LOCAL: u16 = 7;
const PEER: u16 = 9;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn config() -> Config {
    Config::new(CallIds { local: LOCAL, peer: PEER })
}

fn tunnel() -> Inline {
    Tunnel::inline(config())
}

/// Returns a packet from the peer.
fn packet(number: u32, acknowledged: Option<u32>, payload: &[u8]) -> Vec<u8> {
    raw(Some(number), acknowledged, payload)
}

fn raw(number: Option<u32>, acknowledged: Option<u32>, payload: &[u8]) -> Vec<u8> {
    let header = Header { call_id: LOCAL, sequence_number: number, acknowledgment_number: acknowledged };
    let mut buf = vec![0; 128];
    Packet { header, payload, trailing: &[] }.encode(&mut buf).unwrap().to_vec()
}

/// Gives the tunnel packets whose payload is their number, and collects what comes out, by then and later.
fn arrive(tunnel: &mut Inline, now: Duration, numbers: &[u32]) -> Vec<u32> {
    let mut out = Vec::new();
    for &number in numbers {
        if let Ok(Received::Frame(frame) | Received::LateFrame(frame)) =
            tunnel.decapsulate(now, &packet(number, None, &number.to_be_bytes()))
        {
            out.push(number_of(frame));
        }
        out.extend(waited(tunnel, now));
    }
    out
}

fn waited<S: Slots<Item: crate::FrameBuffer>>(tunnel: &mut Tunnel<S>, now: Duration) -> Vec<u32> {
    let mut out = Vec::new();
    while let Some(frame) = tunnel.poll_receive(now) {
        out.push(number_of(frame));
    }
    out
}

fn number_of(frame: &[u8]) -> u32 {
    u32::from_be_bytes(frame.try_into().unwrap())
}

fn events(tunnel: &mut Inline) -> Vec<Event> {
    core::iter::from_fn(|| tunnel.poll_event()).collect()
}

#[test]
fn section_4_1_numbers_start_at_0_or_as_set_and_are_consecutive() {
    for first in [0, 1, u32::MAX - 1] {
        let mut tunnel = Inline::inline(config().with_first_sequence_number(SequenceNumber::new(first)));
        let mut buf = [0; 64];
        for step in 0..4 {
            let packet = Packet::decode(tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap()).unwrap();
            assert_eq!(packet.header.sequence_number, Some(first.wrapping_add(step)));
            assert_eq!((packet.header.call_id, packet.header.acknowledgment_number), (PEER, None));
            assert_eq!(packet.payload, b"frame");
        }
    }
}

#[test]
fn section_4_1_any_first_number_is_taken() {
    for first in [0u32, 1, 4_000_000_000, u32::MAX] {
        let numbers = [first, first.wrapping_add(1), first.wrapping_add(2)];
        assert_eq!(arrive(&mut tunnel(), ms(0), &numbers), numbers);
    }
}

#[test]
fn section_4_1_a_packet_of_another_call_or_form_is_refused() {
    let mut tunnel = tunnel();
    let mut other = packet(0, None, b"frame");
    other[7] ^= 1;
    let expected = ReceiveError::CallId { found: LOCAL ^ 1, expected: LOCAL };
    assert_eq!(tunnel.decapsulate(ms(0), &other), Err(expected));
    let version = tunnel.decapsulate(ms(0), &[0x20, 0x00, 0x65, 0x58]);
    assert_eq!(version, Err(ReceiveError::Decode(DecodeError::Version { found: 0 })));
    assert_eq!(tunnel.decapsulate(ms(0), &raw(None, None, b"")), Err(ReceiveError::Empty));
    // A length that is a lie, in both directions.
    let mut short = packet(0, None, b"frame");
    short[5] = 6;
    assert!(matches!(tunnel.decapsulate(ms(0), &short), Err(ReceiveError::Decode(DecodeError::Truncated { .. }))));
    short[5] = 2;
    assert_eq!(tunnel.decapsulate(ms(0), &short), Ok(Received::Frame(&b"fr"[..])));
    let statistics = tunnel.statistics();
    assert_eq!((statistics.other_call, statistics.malformed, statistics.packets_received), (1, 2, 1));
}

#[test]
fn section_4_1_acknowledges_with_data() {
    let mut tunnel = tunnel();
    let mut buf = [0; 64];
    arrive(&mut tunnel, ms(0), &[5, 6]);
    let sent = Packet::decode(tunnel.encapsulate(ms(1), b"x", &mut buf).unwrap()).unwrap().header;
    assert_eq!(sent.acknowledgment_number, Some(6));
    // Once is enough.
    let sent = Packet::decode(tunnel.encapsulate(ms(1), b"x", &mut buf).unwrap()).unwrap().header;
    assert_eq!(sent.acknowledgment_number, None);
    assert_eq!((tunnel.poll_timeout(), tunnel.poll_transmit(ms(1000), &mut buf)), (Some(ms(601)), Ok(None)));
}

#[test]
fn section_4_1_acknowledges_alone_after_a_while() {
    for (delay, expected) in [(0, 10), (50, 60), (500, 510), (60_000, 510)] {
        let mut tunnel = Inline::inline(config().with_acknowledgment_delay(ms(delay)));
        arrive(&mut tunnel, ms(10), &[3]);
        let mut buf = [0; MAX_TRANSMIT];
        if delay > 0 {
            // A call that is early changes nothing.
            tunnel.handle_timeout(ms(expected - 1));
            assert_eq!(tunnel.poll_timeout(), Some(ms(expected)));
            assert_eq!(tunnel.poll_transmit(ms(expected - 1), &mut buf), Ok(None));
            tunnel.handle_timeout(ms(expected));
        }
        assert_eq!(tunnel.poll_timeout(), None);
        // A short buffer loses nothing.
        let short = BufferTooSmall { needed: MAX_TRANSMIT, available: MAX_TRANSMIT - 1 };
        assert_eq!(tunnel.poll_transmit(ms(expected), &mut buf[1..]), Err(short));
        let sent = tunnel.poll_transmit(ms(expected), &mut buf).unwrap().unwrap();
        assert_eq!(sent, [0x20, 0x81, 0x88, 0x0b, 0, 0, 0, 9, 0, 0, 0, 3]);
        assert_eq!(tunnel.poll_transmit(ms(expected), &mut buf), Ok(None));
        assert_eq!(tunnel.statistics().acknowledgments_sent_alone, 1);
    }
}

#[test]
fn section_4_2_half_a_receive_window_is_acknowledged_at_once() {
    let mut tunnel = Inline::inline(config().with_receive_window(6));
    let mut buf = [0; MAX_TRANSMIT];
    arrive(&mut tunnel, ms(0), &[0, 1]);
    assert_eq!(tunnel.poll_transmit(ms(0), &mut buf), Ok(None));
    arrive(&mut tunnel, ms(0), &[2]);
    assert_eq!(tunnel.poll_transmit(ms(0), &mut buf).unwrap().map(|packet| packet[11]), Some(2));
}

#[test]
fn section_4_2_a_window_of_one_is_acknowledged_at_once() {
    for window in [0, 1, 3] {
        let mut tunnel = Inline::inline(config().with_receive_window(window));
        arrive(&mut tunnel, ms(0), &[0]);
        assert!(tunnel.poll_transmit(ms(0), &mut [0; MAX_TRANSMIT]).unwrap().is_some(), "{window}");
    }
}

#[test]
fn section_4_2_the_delay_counts_from_the_first_packet() {
    let mut tunnel = tunnel();
    arrive(&mut tunnel, ms(0), &[0]);
    arrive(&mut tunnel, ms(40), &[1]);
    assert_eq!(tunnel.poll_timeout(), Some(ms(50)));
    assert!(tunnel.poll_transmit(ms(50), &mut [0; MAX_TRANSMIT]).unwrap().is_some());
    // A packet that waits is acknowledged as any other.
    arrive(&mut tunnel, ms(100), &[3]);
    assert_eq!(tunnel.poll_timeout(), Some(ms(150)));
}

#[test]
fn section_4_2_a_full_window_refuses_before_anything_moves() {
    let config = config().with_window_policy(WindowPolicy::Honour).with_peer_receive_window(4);
    let mut tunnel = Inline::inline(config);
    arrive(&mut tunnel, ms(0), &[0]);
    let mut buf = [0; 64];
    tunnel.encapsulate(ms(0), b"0", &mut buf).unwrap();
    arrive(&mut tunnel, ms(0), &[1]);
    tunnel.encapsulate(ms(0), b"1", &mut buf).unwrap();
    arrive(&mut tunnel, ms(0), &[2]);
    assert!(!tunnel.is_writable());
    for _ in 0..3 {
        buf = [0xaa; 64];
        assert_eq!(tunnel.encapsulate(ms(0), b"2", &mut buf), Err(SendError::WouldBlock));
        assert_eq!(tunnel.encapsulate_in_place(ms(0), &mut buf), Err(SendError::WouldBlock));
        assert_eq!(tunnel.check_writable(ms(0)), Err(SendError::WouldBlock));
        assert_eq!(buf, [0xaa; 64]);
    }
    assert_eq!(events(&mut tunnel), []);
    // The acknowledgment opens it, and the number and the acknowledgment that was to go along are as they were.
    assert_eq!(tunnel.decapsulate(ms(5), &raw(None, Some(1), b"")), Ok(Received::Acknowledgment));
    assert_eq!(events(&mut tunnel), [Event::Writable]);
    let sent = Packet::decode(tunnel.encapsulate(ms(5), b"2", &mut buf).unwrap()).unwrap().header;
    assert_eq!((sent.sequence_number, sent.acknowledgment_number), (Some(2), Some(2)));
    assert_eq!(tunnel.statistics().window_full, 9);
    // Asking alone is enough to get the event.
    tunnel.encapsulate(ms(6), b"3", &mut buf).unwrap();
    tunnel.encapsulate(ms(6), b"4", &mut buf).unwrap();
    assert_eq!(tunnel.check_writable(ms(6)), Err(SendError::WouldBlock));
    tunnel.decapsulate(ms(7), &raw(None, Some(4), b"")).unwrap();
    assert_eq!(events(&mut tunnel), [Event::Writable]);
    assert_eq!(tunnel.check_writable(ms(7)), Ok(()));
}

#[test]
fn sends_nothing_that_it_cannot_send() {
    let mut tunnel = tunnel();
    let mut buf = vec![0; 70_000];
    assert_eq!(tunnel.encapsulate(ms(0), b"", &mut buf), Err(SendError::PayloadEmpty));
    assert_eq!(tunnel.encapsulate_in_place(ms(0), &mut buf[..HEADROOM]), Err(SendError::PayloadEmpty));
    let too_long = SendError::PayloadTooLong { length: 65536 };
    assert_eq!(tunnel.encapsulate(ms(0), &vec![0; 65536], &mut buf), Err(too_long));
    assert_eq!(tunnel.encapsulate_in_place(ms(0), &mut buf[..HEADROOM + 65536]), Err(too_long));
    let short = SendError::BufferTooSmall(BufferTooSmall { needed: 16, available: 15 });
    assert_eq!(tunnel.encapsulate(ms(0), b"four", &mut buf[..15]), Err(short));
    assert_eq!(tunnel.encapsulate_in_place(ms(0), &mut buf[..15]), Err(short));
    assert_eq!(tunnel.statistics().ss, SequenceNumber::new(0));
    assert_eq!(tunnel.encapsulate(ms(0), &vec![0; 65535], &mut buf).map(<[u8]>::len), Ok(12 + 65535));
    assert_eq!(tunnel.encapsulate_in_place(ms(0), &mut buf[..HEADROOM + 65535]).map(<[u8]>::len), Ok(12 + 65535));
    // The same in place, with an acknowledgment and without.
    arrive(&mut tunnel, ms(0), &[0]);
    for header_length in [16, 12] {
        let mut buf = *b"................payload";
        let sent = tunnel.encapsulate_in_place(ms(0), &mut buf).unwrap();
        assert_eq!(sent.len(), header_length + 7);
        assert_eq!(Packet::decode(sent).unwrap().payload, b"payload");
    }
}

#[test]
fn section_4_2_2_a_timeout_raises_the_alarm_and_opens_the_window() {
    let config = config()
        .with_window_policy(WindowPolicy::Honour)
        .with_peer_receive_window(8)
        .with_acknowledgment_timeout(AcknowledgmentTimeout::CISCO);
    let mut tunnel = Inline::inline(config);
    let mut buf = [0; 64];
    while tunnel.encapsulate(ms(3), b"frame", &mut buf).is_ok() {}
    assert_eq!(tunnel.poll_timeout(), Some(ms(1503)));
    tunnel.handle_timeout(ms(1502));
    assert_eq!(events(&mut tunnel), []);
    tunnel.handle_timeout(ms(1503));
    tunnel.handle_timeout(ms(1503));
    assert_eq!(tunnel.poll_timeout(), None);
    // One is late: the window opens at once, and the alarm waits for the next one.
    assert_eq!(events(&mut tunnel), [Event::Writable]);
    let statistics = tunnel.statistics();
    assert_eq!((statistics.alarm, statistics.alarms, statistics.time_outs, statistics.send_window), (false, 0, 1, 2));
    while tunnel.encapsulate(ms(1600), b"frame", &mut buf).is_ok() {}
    let next = tunnel.poll_timeout().unwrap();
    tunnel.handle_timeout(next);
    assert_eq!(events(&mut tunnel), [Event::FlowControlAlarmRaised, Event::Writable]);
    let statistics = tunnel.statistics();
    assert_eq!((statistics.alarm, statistics.alarms, statistics.time_outs, statistics.send_window), (true, 1, 2, 1));
    assert!(statistics.to_string().ends_with("Flow alarm is on."));
    // A whole window that is acknowledged clears it.
    while tunnel.encapsulate(next, b"frame", &mut buf).is_ok() {}
    assert_eq!(tunnel.decapsulate(next + ms(50), &raw(None, Some(6), b"")), Ok(Received::Acknowledgment));
    assert_eq!(events(&mut tunnel), [Event::FlowControlAlarmCleared, Event::Writable]);
    assert_eq!((tunnel.statistics().alarm, tunnel.statistics().alarms), (false, 1));
}

#[test]
fn section_4_2_5_a_stale_acknowledgment_does_not_make_a_packet_stale() {
    let mut tunnel = tunnel();
    let mut buf = [0; 64];
    for _ in 0..6 {
        tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap();
    }
    for (number, acknowledged) in [(0, 4), (1, 2), (2, 4), (3, 77), (4, u32::MAX)] {
        let received = packet(number, Some(acknowledged), b"frame");
        assert_eq!(tunnel.decapsulate(ms(1), &received), Ok(Received::Frame(&b"frame"[..])), "{acknowledged}");
    }
    let statistics = tunnel.statistics();
    assert_eq!(statistics.remote_nr, Some(SequenceNumber::new(4)));
    assert_eq!((statistics.acknowledgments_stale, statistics.acknowledgments_repeated), (2, 1));
    assert_eq!((statistics.acknowledgments_impossible, statistics.outstanding), (1, 1));
    // Alone, one that is impossible is good for nothing.
    let expected =
        ReceiveError::ImpossibleAcknowledgment { number: SequenceNumber::new(6), next: SequenceNumber::new(6) };
    assert_eq!(tunnel.decapsulate(ms(1), &raw(None, Some(6), b"")), Err(expected));
    assert_eq!(tunnel.decapsulate(ms(1), &raw(None, Some(1), b"")), Ok(Received::Acknowledgment));
}

#[test]
fn section_4_3_a_late_packet_acknowledges_all_the_same() {
    let mut tunnel = tunnel();
    tunnel.encapsulate(ms(0), b"frame", &mut [0; 64]).unwrap();
    arrive(&mut tunnel, ms(0), &[3, 4]);
    assert!(matches!(tunnel.decapsulate(ms(0), &packet(2, Some(0), b"frame")), Err(ReceiveError::Late { .. })));
    assert_eq!(tunnel.statistics().remote_nr, Some(SequenceNumber::new(0)));
}

#[test]
fn section_4_3_reorders_over_the_wrap() {
    let mut tunnel = tunnel();
    let start = u32::MAX - 2;
    let n = |step: u32| start.wrapping_add(step);
    assert_eq!(arrive(&mut tunnel, ms(0), &[n(0)]), [n(0)]);
    assert_eq!(arrive(&mut tunnel, ms(0), &[n(2), n(5), n(3)]), []);
    assert_eq!(arrive(&mut tunnel, ms(0), &[n(1)]), [n(1), n(2), n(3)]);
    assert_eq!(arrive(&mut tunnel, ms(0), &[n(4)]), [n(4), n(5)]);
    let statistics = tunnel.statistics();
    assert_eq!((statistics.out_of_order, statistics.lost, statistics.held), (3, 0, 0));
}

#[test]
fn section_4_3_acknowledges_the_highest_that_arrived() {
    let mut tunnel = tunnel();
    arrive(&mut tunnel, ms(0), &[0, 1, 2, 4]);
    let mut buf = [0; 64];
    let sent = Packet::decode(tunnel.encapsulate(ms(1), b"x", &mut buf).unwrap()).unwrap().header;
    assert_eq!(sent.acknowledgment_number, Some(4));
}

#[test]
fn section_4_3_duplicates_are_dropped_wherever_they_are() {
    let mut tunnel = tunnel();
    assert_eq!(arrive(&mut tunnel, ms(0), &[0, 0, 1, 3, 3, 1, 0]), [0, 1]);
    assert_eq!(arrive(&mut tunnel, ms(0), &[2, 2, 3]), [2, 3]);
    let statistics = tunnel.statistics();
    assert_eq!((statistics.duplicates, statistics.packets_received, statistics.lost), (6, 4, 0));
}

#[test]
fn section_4_3_a_missing_packet_is_waited_for_no_longer_than_the_timeout() {
    let mut tunnel = tunnel();
    assert_eq!(arrive(&mut tunnel, ms(0), &[0, 2]), [0]);
    // One more gap, missed since later.
    assert_eq!(arrive(&mut tunnel, ms(100), &[4, 3]), []);
    assert_eq!(arrive(&mut tunnel, ms(200), &[7, 6]), []);
    tunnel.poll_transmit(ms(250), &mut [0; 12]).unwrap();
    assert_eq!(tunnel.poll_timeout(), Some(ms(300)));
    tunnel.handle_timeout(ms(299));
    assert_eq!(waited(&mut tunnel, ms(299)), []);
    tunnel.handle_timeout(ms(300));
    assert_eq!(tunnel.poll_timeout(), None, "what is released is to be polled");
    assert_eq!(waited(&mut tunnel, ms(300)), [2, 3, 4]);
    assert_eq!(tunnel.poll_timeout(), Some(ms(500)));
    // Late is late.
    assert_eq!(arrive(&mut tunnel, ms(310), &[1]), []);
    // Without a call of handle_timeout the time counts, too.
    assert_eq!(waited(&mut tunnel, ms(500)), [6, 7]);
    let statistics = tunnel.statistics();
    assert_eq!((statistics.lost, statistics.late, statistics.out_of_order), (1, 1, 3));
}

#[test]
fn section_4_3_packets_that_wait_are_bounded() {
    let mut tunnel = tunnel();
    assert_eq!(arrive(&mut tunnel, ms(0), &[0, 2, 3, 4, 5, 6, 7, 8]), [0]);
    assert_eq!(tunnel.statistics().held, 7);
    // The slots do not reach from 1 to 9: 1 is given up.
    assert_eq!(arrive(&mut tunnel, ms(0), &[9]), [2, 3, 4, 5, 6, 7, 8, 9]);
    // Nothing waits: a gap that is larger than the slots is given up at once.
    assert_eq!(arrive(&mut tunnel, ms(0), &[50]), [50]);
    assert_eq!(tunnel.statistics().lost, 41);
    // A packet that waits has to be taken first, and nothing is lost then.
    assert_eq!(tunnel.decapsulate(ms(0), &packet(52, None, &52u32.to_be_bytes())), Ok(Received::Held));
    let far = packet(90, None, &90u32.to_be_bytes());
    assert_eq!(tunnel.decapsulate(ms(0), &far), Err(ReceiveError::Busy));
    assert_eq!(tunnel.decapsulate(ms(0), &far), Err(ReceiveError::Busy));
    assert_eq!(waited(&mut tunnel, ms(0)), [52]);
    assert_eq!(arrive(&mut tunnel, ms(0), &[90]), [90]);
}

#[test]
fn section_4_3_a_frame_that_is_too_long_to_wait_is_refused() {
    let mut tunnel = tunnel();
    arrive(&mut tunnel, ms(0), &[0]);
    let long = packet(2, None, &[0; 65]);
    assert_eq!(tunnel.decapsulate(ms(0), &long), Err(ReceiveError::FrameTooLong { length: 65 }));
    arrive(&mut tunnel, ms(0), &[1]);
    assert!(matches!(tunnel.decapsulate(ms(0), &long), Ok(Received::Frame(_))));
}

#[test]
fn section_4_3_without_slots_nothing_waits() {
    let mut tunnel = Tunnel::unordered(config());
    for (number, is_given) in [(0, true), (2, true), (1, false), (2, false), (3, true)] {
        let packet = packet(number, None, b"frame");
        assert_eq!(tunnel.decapsulate(ms(0), &packet).is_ok(), is_given, "{number}");
        assert_eq!(tunnel.poll_receive(ms(0)), None);
    }
    let statistics = tunnel.statistics();
    assert_eq!((statistics.late, statistics.duplicates, statistics.lost), (1, 1, 0));
}

#[test]
fn section_4_3_late_frames_are_for_mppe_alone_and_asked_for() {
    for (payload, is_given) in [
        (&[0xfd, 0x90, 0x00][..], true),
        (&[0x00, 0xfd, 0x90, 0x00], true),
        (&[0xff, 0x03, 0xfd, 0x90], true),
        (&[0xff, 0x03, 0x00, 0xfd], true),
        (&[0x21, 0xfd, 0x90, 0x00], false),
        (&[0xff, 0x03, 0xc0, 0x21], false),
        (&[0x00], false),
        (&[], false),
    ] {
        for wanted in [false, true] {
            let mut tunnel = Inline::inline(config().with_late_frames(wanted));
            arrive(&mut tunnel, ms(0), &[0, 9]);
            let late = packet(5, None, payload);
            if wanted && is_given {
                assert_eq!(tunnel.decapsulate(ms(1), &late), Ok(Received::LateFrame(payload)));
            } else {
                assert!(matches!(tunnel.decapsulate(ms(1), &late), Err(ReceiveError::Late { .. })), "{payload:?}");
            }
            // Once, and not when it was given up long ago.
            assert!(matches!(tunnel.decapsulate(ms(1), &late), Err(ReceiveError::Duplicate { .. })));
            arrive(&mut tunnel, ms(1), &(10..74).collect::<Vec<_>>());
            assert!(matches!(tunnel.decapsulate(ms(1), &packet(9, None, payload)), Err(ReceiveError::Late { .. })));
        }
    }
}

#[test]
fn one_strange_number_does_not_make_true_packets_late() {
    let mut tunnel = tunnel();
    arrive(&mut tunnel, ms(0), &[0, 1]);
    for number in [1_000_000, 0x8000_0000, u32::MAX - 5000, 5000] {
        assert_eq!(arrive(&mut tunnel, ms(0), &[number]), []);
    }
    // Nor does it acknowledge anything.
    tunnel.encapsulate(ms(0), b"frame", &mut [0; 64]).unwrap();
    let far = packet(5_000_000, Some(0), b"frame");
    assert!(matches!(tunnel.decapsulate(ms(0), &far), Err(ReceiveError::FarAhead { .. })));
    assert_eq!(tunnel.statistics().remote_nr, None);
    assert_eq!(arrive(&mut tunnel, ms(0), &[2]), [2]);
    // Two that follow each other are believed after silence: many were lost on the way.
    assert_eq!(arrive(&mut tunnel, ms(1999), &[100_000, 100_001, 100_002]), []);
    assert_eq!(arrive(&mut tunnel, ms(2000), &[100_003, 100_004]), [100_003, 100_004]);
    assert_eq!(events(&mut tunnel), []);
}

#[test]
fn numbers_that_start_anew_are_followed_after_a_silence() {
    let mut tunnel = tunnel();
    arrive(&mut tunnel, ms(0), &[10_000, 10_001]);
    assert_eq!(arrive(&mut tunnel, ms(1999), &[0, 1, 2]), []);
    assert_eq!(arrive(&mut tunnel, ms(2000), &[3, 4]), [3, 4]);
    assert_eq!(events(&mut tunnel), [Event::NumbersRestarted]);
    assert_eq!(tunnel.statistics().restarts, 1);
}

#[test]
fn time_that_goes_back_is_taken_for_the_latest() {
    let mut tunnel = tunnel();
    assert_eq!(arrive(&mut tunnel, ms(1000), &[0, 2]), [0]);
    assert_eq!(arrive(&mut tunnel, ms(5), &[4]), []);
    tunnel.encapsulate(ms(5), b"frame", &mut [0; 64]).unwrap();
    assert_eq!(tunnel.poll_timeout(), Some(ms(1300)));
    tunnel.handle_timeout(ms(0));
    assert_eq!(tunnel.poll_timeout(), Some(ms(1300)));
    tunnel.handle_timeout(Duration::MAX);
    assert_eq!(waited(&mut tunnel, ms(0)), [2, 4]);
    assert_eq!(tunnel.poll_timeout(), None);
    // At the end of time everything is due at once, and nothing loops.
    tunnel.encapsulate(ms(0), b"frame", &mut [0; 64]).unwrap();
    assert_eq!(arrive(&mut tunnel, ms(0), &[9]), [9]);
    tunnel.handle_timeout(ms(0));
    assert_eq!(tunnel.poll_timeout(), None);
}

#[test]
fn statistics_are_shown_as_operators_know_them() {
    let mut tunnel =
        Inline::inline(config().with_first_sequence_number(SequenceNumber::new(1)).with_peer_receive_window(16));
    assert!(tunnel.statistics().to_string().contains("Ss 1, Sr -, Remote Nr -, peer RWS 16"));
    for _ in 0..10 {
        tunnel.encapsulate(ms(0), &[0; 33], &mut [0; 64]).unwrap();
    }
    for number in 0..10 {
        tunnel.decapsulate(ms(80), &packet(number, Some(10), &[0; 44])).unwrap();
    }
    assert_eq!(
        tunnel.statistics().to_string(),
        "10 packets sent, 10 received, 330 bytes sent, 440 received\n\
         Ss 11, Sr 10, Remote Nr 10, peer RWS 16\n\
         0 out of order packets, 0 duplicates, 0 lost, 0 late\n\
         Flow alarm is clear."
    );
    assert_eq!(
        tunnel.statistics().window().to_string(),
        "Window  Outstanding  Peer RWS  RTT ms  ATO ms  Time-outs  Congestion  Alarms\n\
         9       0            16        97      600     0          clear       0"
    );
}

#[test]
fn memory_is_that_of_the_slots_and_a_little() {
    let little = size_of::<Tunnel<crate::NoSlots>>();
    assert!(little <= 1664, "{little}");
    assert!(size_of::<Tunnel<InlineSlots<16, 1500>>>() <= little + 16 * (1500 + 40));
    assert!(size_of::<ReceiveError>() <= 40 && size_of::<SendError>() <= 32);
}

#[cfg(feature = "alloc")]
#[test]
fn packets_may_wait_on_the_heap() {
    let mut tunnel = Tunnel::new(config(), vec![crate::Slot::<Vec<u8>>::default(); 4]);
    tunnel.decapsulate(ms(0), &packet(0, None, &[0; 60])).unwrap();
    assert_eq!(tunnel.decapsulate(ms(0), &packet(2, None, &2u32.to_be_bytes())), Ok(Received::Held));
    assert_eq!(tunnel.decapsulate(ms(0), &packet(3, None, &3u32.to_be_bytes())), Ok(Received::Held));
    tunnel.handle_timeout(ms(300));
    assert_eq!(waited(&mut tunnel, ms(300)), [2, 3]);
}

/// RFC 2637 section 4.2: the window opens once for each time that it was found full.
#[test]
fn section_4_2_writable_is_reported_once_to_whom_it_was_full_for() {
    let mut tunnel = Inline::inline(config().with_window_policy(WindowPolicy::Honour).with_peer_receive_window(4));
    let mut buf = [0; 64];
    for _ in 0..2 {
        tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap();
    }
    // Nobody has found it full.
    assert!(!tunnel.is_writable());
    tunnel.decapsulate(ms(1), &raw(None, Some(0), b"")).unwrap();
    assert!(tunnel.is_writable() && !tunnel.has_event());
    assert_eq!(events(&mut tunnel), []);
    tunnel.encapsulate(ms(1), b"frame", &mut buf).unwrap();
    assert_eq!(tunnel.encapsulate(ms(1), b"frame", &mut buf), Err(SendError::WouldBlock));
    tunnel.decapsulate(ms(2), &raw(None, Some(1), b"")).unwrap();
    assert!(tunnel.has_event());
    assert_eq!(events(&mut tunnel), [Event::Writable]);
    tunnel.decapsulate(ms(3), &raw(None, Some(2), b"")).unwrap();
    assert_eq!(events(&mut tunnel), []);
    assert_eq!((tunnel.packets_sent(), tunnel.statistics().packets_sent), (3, 3));
}

#[test]
fn only_packets_that_acknowledge_are_counted_as_such() {
    let mut tunnel = Inline::inline(config().with_late_frames(true));
    let mut buf = [0; 64];
    tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap();
    assert_eq!(tunnel.statistics().acknowledgments_sent_with_data, 0);
    tunnel.decapsulate(ms(0), &packet(0, None, b"frame")).unwrap();
    tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap();
    tunnel.encapsulate(ms(0), b"frame", &mut buf).unwrap();
    assert_eq!(tunnel.statistics().acknowledgments_sent_with_data, 1);
    // A late frame is delivered too.
    assert_eq!(tunnel.decapsulate(ms(0), &packet(2, None, &[0xfd, 1])), Ok(Received::Held));
    assert!(tunnel.poll_receive(ms(300)).is_some());
    assert!(matches!(tunnel.decapsulate(ms(300), &packet(1, None, &[0xfd, 2])), Ok(Received::LateFrame(_))));
    assert_eq!(tunnel.statistics().packets_received, 3);
}

#[test]
fn section_4_4_2_time_outs_are_counted() {
    let mut tunnel = tunnel();
    for expected in 1..=3 {
        tunnel.encapsulate(ms(expected * 10_000), b"frame", &mut [0; 64]).unwrap();
        tunnel.handle_timeout(ms(expected * 10_000 + 9_000));
        assert_eq!((tunnel.time_outs(), tunnel.statistics().time_outs), (expected, expected));
    }
}

/// RFC 2637 section 4.1: a packet that is cut short is refused with the field, by name.
#[test]
fn section_4_1_every_prefix_is_refused_by_field() {
    let whole = raw(Some(1), Some(2), b"frame");
    let fields =
        [(0, 8, "fixed header"), (8, 4, "sequence number"), (12, 4, "acknowledgment number"), (16, 5, "payload")];
    for (offset, needed, name) in fields {
        for available in 0..needed {
            let error = Packet::decode(&whole[..offset + available]).unwrap_err();
            let text = format!("GRE {name} cut short at offset {offset}: needs {needed} bytes, has {available}");
            assert_eq!(error.to_string(), text);
        }
    }
    assert!(Packet::decode(&whole).is_ok());
}

/// RFC 2637 section 4.1: there is nothing to acknowledge before the first packet.
#[test]
fn section_4_1_before_the_first_packet_no_number_is_the_highest() {
    let mut order = crate::Reorder::<crate::NoSlots>::new([]);
    assert_eq!(order.highest(), None);
    order.arrive(ms(0), SequenceNumber::new(7), |_| false);
    assert_eq!(order.highest(), Some(SequenceNumber::new(7)));
}

#[test]
fn frames_that_wait_are_not_printed() {
    let mut inline = crate::InlineFrame::<64>::default();
    assert!(crate::FrameBuffer::store(&mut inline, b"secret"));
    assert_eq!(format!("{inline:?}"), "InlineFrame { length: 6, .. }");
    let mut memory = [0; 64];
    let mut lent = crate::LentFrame::new(&mut memory);
    assert!(crate::FrameBuffer::store(&mut lent, b"secret"));
    assert_eq!(format!("{lent:?}"), "LentFrame { length: 6, .. }");
}

#[test]
fn a_frame_is_found_in_its_packet_by_range() {
    let mut tunnel = tunnel();
    let bytes = packet(0, None, b"frame");
    let received = tunnel.decapsulate_range(ms(0), &bytes).unwrap();
    let Received::Frame(range) = received else { panic!("{received:?}") };
    assert_eq!(&bytes[range], b"frame");
    assert_eq!(tunnel.config().call_ids(), CallIds { local: LOCAL, peer: PEER });
}

/// RFC 2637 section 4.1: the bits of the first two bytes, by the letters of the RFC.
#[test]
fn section_4_1_flags_and_numbers_are_printed() {
    assert_eq!(format!("{:?}", crate::Flags::from_bits(0x3081)), "Flags(0x3081 (K S A, version 1))");
    assert_eq!(crate::Flags::from_bits(0).to_string(), "0x0000 (version 0)");
    let window = tunnel().statistics().window().to_string();
    // No round trip was measured.
    assert!(window.lines().nth(1).is_some_and(|line| line.contains(" - ")), "{window}");
}
