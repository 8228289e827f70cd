//! Packets that broke other implementations, by name, given to whole links.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use super::network::Network;
use crate::auth::{Method, Methods};
use crate::link::{Config, Link, Phase, Refused};
use crate::{Code, Frame, Packet, Protocol, ccp, ipcp, ipv6cp, lcp};

pub(super) const NOW: Duration = Duration::ZERO;

pub(super) fn side(method: Method, is_server: bool, mru: u16) -> Config {
    let methods = Methods::new(&[method]);
    let lcp = lcp::Config::default().with_mru(mru);
    let (lcp, ipcp) = if is_server {
        let ipcp = ipcp::Config::new([10, 0, 0, 1].into()).with_peer_address([10, 0, 0, 2].into());
        (lcp.with_peer_authentication(methods), ipcp)
    } else {
        (lcp.with_own_authentication(methods), ipcp::Config::default())
    };
    let ccp = ccp::Config::default().with_encryption(ccp::Encryption::Preferred);
    Config::default().with_lcp(lcp).with_ccp(ccp).with_ipcp(ipcp).with_ipv6cp(ipv6cp::Config::default())
}

/// Returns a server that is open; the client takes frames of `mru`.
pub(super) fn open(mru: u16) -> Network {
    let mut network = Network::new(&side(Method::ChapMd5, true, 1500), &side(Method::ChapMd5, false, mru), 1);
    network.run(Duration::from_secs(1));
    assert_eq!(network.phases(), [Phase::Network; 2]);
    network
}

/// Returns a server that waits for the client to begin.
fn fresh() -> Link {
    let mut link = Link::new(&side(Method::ChapMd5, true, 1500), [5; 32]);
    link.open(NOW);
    link.up(NOW);
    sent(&mut link);
    link
}

pub(super) fn sent(link: &mut Link) -> Vec<Vec<u8>> {
    let mut buf = [0; Link::MAX_TRANSMIT];
    let mut sent = Vec::new();
    while let Some(frame) = link.poll_transmit(NOW, &mut buf).unwrap() {
        sent.push(frame.to_vec());
    }
    sent
}

/// Of one protocol: what was said of the packet, and the frames that were sent.
type Answers = (Protocol, Result<(), Refused>, Vec<Vec<u8>>);

/// Returns what a link that negotiates, and one that is open, answer to a packet in each control
/// protocol: packets, or nothing.
fn answers(packet: &[u8]) -> Vec<Answers> {
    let mut answers = Vec::new();
    for is_open in [false, true] {
        for protocol in [Protocol::LCP, Protocol::IPCP, Protocol::IPV6CP, Protocol::CCP] {
            let mut link = if is_open { open(1500).ends.remove(0).link } else { fresh() };
            let frame = Frame { address_control: true, compressed: false, protocol, information: packet };
            let mut buf = [0; 800];
            let result = link.handle_frame(NOW, frame.encode(&mut buf).unwrap()).map(|_| ());
            let sent = sent(&mut link);
            if is_open || protocol == Protocol::LCP {
                answers.push((protocol, result, sent));
            }
        }
    }
    assert_eq!(answers.len(), 5);
    answers
}

fn is_malformed(result: &Result<(), Refused>) -> bool {
    matches!(result, Err(Refused::Malformed(_) | Refused::Negotiation(crate::negotiate::Refused::Malformed(_))))
}

/// Asserts that the packet is dropped without an answer.
#[track_caller]
fn is_dropped(packet: &[u8]) {
    for (protocol, result, sent) in answers(packet) {
        assert!(is_malformed(&result) && sent.is_empty(), "{protocol}: {result:?}, {sent:02x?}");
    }
}

/// Returns the first answer of each protocol to a Configure-Request, without a frame around it.
fn first_answers(packet: &[u8]) -> Vec<(Protocol, Vec<u8>)> {
    let answers = answers(packet).into_iter().map(|(protocol, result, sent)| {
        assert_eq!(result, Ok(()), "{protocol}");
        let is_answer = |packet: &&[u8]| (2..=4).contains(&packet[0]);
        let packets = sent.iter().map(|frame| Frame::decode(frame).unwrap().information);
        (protocol, packets.into_iter().find(is_answer).unwrap().to_vec())
    });
    answers.collect()
}

#[test]
fn ppproto_0_2_1_an_option_of_length_zero_is_dropped() {
    is_dropped(&[1, 9, 0, 6, 0xee, 0]);
    is_dropped(&[1, 9, 0, 7, 0xee, 1, 0]);
}

#[test]
fn ppproto_0_2_1_an_unknown_option_with_more_than_four_bytes_is_rejected_whole() {
    for (protocol, answer) in first_answers(&[1, 9, 0, 13, 0xee, 9, 1, 2, 3, 4, 5, 6, 7]) {
        assert_eq!(answer, [4, 9, 0, 13, 0xee, 9, 1, 2, 3, 4, 5, 6, 7], "{protocol}");
    }
}

#[test]
fn ppproto_0_2_1_more_than_six_options_are_all_rejected() {
    let options: Vec<u8> = (0xe0..0xea).flat_map(|option_type| [option_type, 2]).collect();
    let packet = [&[1, 9, 0, 24], &options[..]].concat();
    for (protocol, answer) in first_answers(&packet) {
        assert_eq!(answer, [&[4, 9, 0, 24], &options[..]].concat(), "{protocol}");
    }
}

#[test]
fn ppproto_0_2_1_an_option_cut_short_in_a_nak_is_dropped() {
    // With the identifier of the request that is open, for those that have one.
    for identifier in 0..=255 {
        let mut link = fresh();
        assert!(link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 3, identifier, 0, 8, 1, 5, 5, 0x78]).is_err());
        assert!(sent(&mut link).is_empty());
    }
    is_dropped(&[3, 1, 0, 8, 3, 6, 10, 0]);
}

#[test]
fn ppproto_0_2_1_a_length_below_the_header_is_dropped() {
    for length in 0..4 {
        for code in 1..=15 {
            is_dropped(&[code, 9, 0, length, 0, 0]);
        }
    }
}

#[test]
fn cve_2014_3158_many_long_and_repeated_options_are_bounded() {
    // As many bytes of options as there may be, of any length, and more.
    for total in [255_usize, 508, 512, 513, 1400] {
        for length in [2_usize, 3, 6, 254, 255] {
            let mut options = Vec::new();
            while options.len() + length <= total {
                options.extend([2, u8::try_from(length).unwrap()]);
                options.resize(options.len() + length - 2, 7);
            }
            let [high, low] = u16::try_from(options.len() + 4).unwrap().to_be_bytes();
            let mut link = fresh();
            let frame = [&[0xff, 3, 0xc0, 0x21, 1, 7, high, low], &options[..]].concat();
            let result = link.handle_frame(NOW, &frame);
            assert_eq!(result.is_ok(), options.len() <= 512, "{total} {length}");
            let sent = sent(&mut link);
            assert!(sent.iter().map(Vec::len).sum::<usize>() <= frame.len() + 40);
        }
    }
}

#[test]
fn ccp_an_option_of_a_wrong_length_is_never_acknowledged() {
    for length in (2..=255_u8).filter(|length| *length != 6) {
        let mut options = alloc::vec![0; usize::from(length)];
        options[..2].copy_from_slice(&[0x12, length]);
        let packet = [&[1, 9, 0, 4 + length.min(251)], &options[..usize::from(length.min(251))]].concat();
        let mut link = open(1500).ends.remove(0).link;
        let frame = [&[0x80, 0xfd], &packet[..]].concat();
        let _ = link.handle_frame(NOW, &frame);
        for frame in sent(&mut link) {
            let packet = Packet::decode(Frame::decode(&frame).unwrap().information).unwrap();
            assert_ne!(packet.code, Code::CONFIGURE_ACK, "{length}");
        }
    }
}

#[test]
fn lcp_an_authentication_without_its_algorithm_is_not_read_past_its_end() {
    // pppd read the algorithm behind an option of four bytes. The bytes behind are another option
    // here: MD5's number.
    let mut link = Link::new(&side(Method::ChapMd5, false, 1500), [5; 32]);
    link.open(NOW);
    link.up(NOW);
    sent(&mut link);
    link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 10, 3, 4, 0xc2, 0x23, 5, 2]).unwrap();
    // Option 5 is too short, which is a Reject; and alone, the four bytes are a Nak that says what
    // would do.
    assert_eq!(sent(&mut link)[1..], [[0xff, 3, 0xc0, 0x21, 4, 1, 0, 6, 5, 2].to_vec()]);
    link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 1, 2, 0, 8, 3, 4, 0xc2, 0x23]).unwrap();
    assert_eq!(sent(&mut link), [[0xff, 3, 0xc0, 0x21, 3, 2, 0, 9, 3, 5, 0xc2, 0x23, 5].to_vec()]);
}

#[test]
fn lcp_an_mru_holds_only_when_it_was_good() {
    let mut network = open(1500);
    let link = &mut network.ends[0].link;
    let before = link.lcp().sending().mru;
    // npppd used the value before it looked at it.
    let _ = link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 1, 0x77, 0, 8, 1, 4, 0, 1]);
    sent(link);
    assert!(link.lcp().sending().mru >= 128 && before == 1500);
}

#[test]
fn no_frame_is_longer_than_the_peer_takes() {
    for mru in [128, 129, 200, 576] {
        let mut network = open(mru);
        let link = &mut network.ends[0].link;
        let mut most = 0;
        for length in [8_usize, 100, 124, 128, 132, 300, 508, 512, 520, 1400, 1500] {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            let packet = |code| [&[code, 0x55, high, low], &alloc::vec![0; length - 4][..]].concat();
            let frames = [
                [&[0xff, 3, 0xc0, 0x21], &packet(9)[..]].concat(),
                [&[0xff, 3, 0xc0, 0x21], &packet(99)[..]].concat(),
                [&[0x80, 0x21], &packet(99)[..]].concat(),
                [&[0x80, 0x57], &packet(99)[..]].concat(),
                [&[0x80, 0xfd], &packet(99)[..]].concat(),
                [&[0x80, 0x2b], &packet(1)[..]].concat(),
                [&[0x00, 0x2b], &packet(1)[..]].concat(),
            ];
            for frame in frames {
                let _ = link.handle_frame(NOW, &frame);
                for sent in sent(link) {
                    most = most.max(Frame::decode(&sent).unwrap().information.len());
                }
            }
        }
        // Nothing is repeated beyond 512 bytes.
        assert!(most >= usize::from(mru).min(516) && most <= usize::from(mru), "{most} of {mru}");
    }
}

#[test]
fn text_of_a_peer_is_printed_without_control_characters() {
    let mut network = open(1500);
    let link = &mut network.ends[0].link;
    let text = b"\x1b[2J\r\n\x00\x9b";
    let packet = |code, magic: &[u8]| {
        let length = u8::try_from(4 + magic.len() + text.len()).unwrap();
        [&[0xff, 3, 0xc0, 0x21, code, 1, 0, length], magic, text].concat()
    };
    link.handle_frame(NOW, &packet(12, &[0; 4])).unwrap();
    assert_eq!(link.peer_identification().0, text);
    link.handle_frame(NOW, &packet(5, &[])).unwrap();
    for shown in [link.peer_identification().to_string(), link.peer_farewell().to_string()] {
        assert!(shown.chars().all(|shown| (' '..='~').contains(&shown)), "{shown:?}");
    }
    let shown = alloc::format!("{:?} {:?}", link.peer_identification(), link.peer_farewell());
    assert!(shown.chars().all(|shown| (' '..='~').contains(&shown)), "{shown:?}");
}

#[test]
fn amplification_before_authentication_is_bounded() {
    // The bound of the output for an input: a header and an option of suggestions more, at most,
    // and one packet besides.
    for frame in [
        &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 4][..],
        &[0xff, 3, 0xc0, 0x21, 1, 1, 0, 8, 1, 4, 0, 1],
        &[0xff, 3, 0xc0, 0x21, 99, 1, 0, 4],
        &[0xff, 3, 0xc0, 0x21, 5, 1, 0, 4],
        &[0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 0, 0, 0, 1],
        &[0xc2, 0x23, 2, 1, 0, 5, 0],
        &[0x80, 0x21, 1, 1, 0, 4],
        &[0x80, 0x2b, 1, 1, 0, 4],
    ] {
        let mut link = fresh();
        let [mut received, mut answered] = [0, 0];
        for number in 0..200 {
            let mut frame = frame.to_vec();
            let place = if frame[0] == 0xff { 5 } else { 3 };
            frame[place] = number;
            received += frame.len();
            let _ = link.handle_frame(NOW, &frame);
            answered += sent(&mut link).iter().map(Vec::len).sum::<usize>();
            while link.poll_event().is_some() {}
        }
        assert!(answered <= 3 * received + 100, "{answered} for {received}: {frame:02x?}");
    }
}

#[test]
fn identifiers_wrap_in_a_session_of_years() {
    let mut network = open(1500);
    let mut now = network.now;
    for round in 0..700_u64 {
        now += Duration::from_secs(86_400);
        network.now = now;
        network.ends[0].link.rechallenge(now);
        network.ends[1].link.ping(now);
        network.ends[0].link.send_time_remaining(now, 60);
        network.ends[1].link.handle_frame(now, &[0x80, 0x2b, 1, 1, 0, 4]).unwrap_err();
        network.frames = 0;
        network.run(now + Duration::from_secs(1));
        assert_eq!(network.phases(), [Phase::Network; 2], "{round}");
        network.ends.iter_mut().for_each(|end| end.events.clear());
    }
    let statistics = network.ends[1].link.echo_statistics();
    assert_eq!((statistics.sent, statistics.received, statistics.lost), (700, 700, 0));
}
