//! Options of LCP and IPV6CP that few configurations use, and a link's settings on the wire.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::network::Network;
use crate::auth::{Method, Methods, Ticket};
use crate::hdlc::{self, Fcs};
use crate::link::{self, Keepalive, Link, Reason, Received};
use crate::negotiate::{self, ControlProtocol, Negotiation};
use crate::{Packet, Protocol, ipcp, ipv6cp, lcp};

const NOW: Duration = Duration::ZERO;

/// Returns a protocol that begins, and its first request in hexadecimal digits.
fn begun<P: ControlProtocol>(protocol: P) -> (Negotiation<P>, String) {
    let mut machine = Negotiation::new(protocol, &negotiate::Config::default());
    machine.open(NOW);
    machine.up(NOW);
    let request = sent(&mut machine);
    (machine, request)
}

fn sent<P: ControlProtocol>(machine: &mut Negotiation<P>) -> String {
    machine.poll_transmit(NOW, &mut [0; 600]).unwrap().map(hex::encode).unwrap_or_default()
}

/// Gives a packet in hexadecimal digits, and returns what comes back.
fn answer<P: ControlProtocol>(machine: &mut Negotiation<P>, packet: &str) -> String {
    machine.handle_packet(NOW, &Packet::decode(&hex::decode(packet).unwrap()).unwrap()).unwrap();
    sent(machine)
}

fn lcp_with(config: &lcp::Config) -> (Negotiation<lcp::Negotiator>, String) {
    begun(lcp::Negotiator::new(config, [1; 32]))
}

/// Options that a line does not need, so that the rest stands alone.
fn bare() -> lcp::Config {
    lcp::Config::default()
        .with_magic_number(false)
        .with_protocol_compression(false)
        .with_address_control_compression(false)
}

#[test]
fn rfc1662_section_7_1_a_nak_of_control_characters_has_more_of_them_escaped() {
    let config = bare().with_control_characters(0x000a_0000);
    let (mut machine, request) = lcp_with(&config);
    assert_eq!(request, "0101000a0206000a0000");
    // The characters of the peer are added to those of this side; none is taken away.
    assert_eq!(answer(&mut machine, "0301000a020600000001"), "0102000a0206000a0001");
    answer(&mut machine, "0202000a0206000a0001");
    assert_eq!(machine.protocol().receiving().control_characters, 0x000a_0001);

    let (mut machine, _) = lcp_with(&config);
    assert_eq!(answer(&mut machine, "0401000a0206000a0000"), "01020004");
    answer(&mut machine, "02020004");
    // RFC 1662 section 7.1: without the option all of them are escaped.
    assert_eq!(machine.protocol().receiving().control_characters, u32::MAX);
}

#[test]
fn rfc1661_section_5_3_a_nak_of_an_option_without_a_value_is_taken_for_a_reject() {
    let (mut machine, request) = lcp_with(&lcp::Config::default().with_magic_number(false));
    assert_eq!(request, "0101000807020802");
    assert_eq!(answer(&mut machine, "030100060702"), "010200060802");
    assert_eq!(answer(&mut machine, "030200060802"), "01030004");
    answer(&mut machine, "02030004");
    let receiving = *machine.protocol().receiving();
    assert!(!receiving.protocol_compression && !receiving.address_control_compression);
}

#[test]
fn rfc1661_section_5_3_a_nak_adds_no_option_that_this_side_does_not_want() {
    let (mut machine, request) = lcp_with(&bare());
    assert_eq!(request, "01010004");
    // A magic number, and a quality protocol.
    assert_eq!(answer(&mut machine, "03010012050600000001040800001234c025"), "01020004");
    answer(&mut machine, "02020004");
    assert_eq!(machine.protocol().receiving().magic_number, 0);
}

#[test]
fn rfc1661_sections_6_5_and_6_6_compressions_may_be_rejected() {
    let (mut machine, _) = lcp_with(&bare().with_compressions_taken(false));
    assert_eq!(answer(&mut machine, "0107000807020802"), "0407000807020802");
    let (mut machine, _) = lcp_with(&bare());
    assert_eq!(answer(&mut machine, "0107000807020802"), "0207000807020802");
}

#[test]
fn rfc1661_section_6_2_the_method_that_the_peer_asked_for_is_known_when_it_is_not_taken() {
    let config = bare().with_own_authentication(Methods::new(&[Method::Pap]));
    let (mut machine, _) = lcp_with(&config);
    assert_eq!(machine.protocol().config(), &config);
    assert_eq!(machine.protocol().peer_method(), None);
    assert_eq!(answer(&mut machine, "010100090305c22381"), "030100080304c023");
    assert_eq!(machine.protocol().peer_method(), Some(Method::MsChapV2));
    let refusal = machine.protocol().refusal().unwrap();
    assert_eq!(refusal.to_string(), "no common authentication: the peer requires MS-CHAP-V2, we offer PAP");
    // A protocol that nobody knows, here that of a token card.
    answer(&mut machine, "010200080304c227");
    answer(&mut machine, "010300080304c123");
    let unknown = machine.protocol().refusal().unwrap();
    assert_eq!(unknown.to_string(), "no common authentication: the peer requires another one, we offer PAP");
}

#[test]
fn rfc5072_section_4_1_an_identifier_that_is_set_is_asked_for_and_may_be_rejected() {
    let config = ipv6cp::Config::default().with_own_identifier(ipv6cp::InterfaceIdentifier(1));
    let (mut machine, request) = begun(ipv6cp::Negotiator::new(&config, [1; 32]));
    assert_eq!(request, "0101000e010a0000000000000001");
    assert_eq!(answer(&mut machine, "0401000e010a0000000000000001"), "01020004");
    answer(&mut machine, "02020004");
    assert_eq!(machine.protocol().agreed().own, None);
}

fn ends(config: link::Config) -> Network {
    let ipcp = ipcp::Config::new([10, 0, 0, 1].into()).with_peer_address([10, 0, 0, 2].into());
    let client = link::Config::default().with_ipcp(ipcp::Config::default());
    Network::new(&config.with_ipcp(ipcp), &client, 1)
}

#[test]
fn rfc1661_section_5_8_as_many_echoes_may_be_missed_as_are_set() {
    // At least one, or a link would end before it has asked.
    for (set, counted) in [(0, 1), (1, 1), (5, 5)] {
        let keepalive = Keepalive::new(Duration::from_secs(10)).with_max_missed(set);
        let mut network = ends(link::Config::default().with_keepalive(keepalive));
        network.run(Duration::from_secs(15));
        network.spoil(100, 0, 0);
        let sent = network.ends[0].link.echo_statistics().sent;
        network.run(Duration::from_secs(600));
        assert_eq!(network.ends[0].closed(), Some(Reason::PeerSilent));
        assert_eq!(network.ends[0].link.echo_statistics().sent - sent, counted, "{set}");
    }
}

#[test]
fn rfc1661_section_5_8_a_busy_link_is_asked_where_it_is_set_so() {
    for (is_adaptive, questions) in [(true, 0), (false, 6)] {
        let keepalive = Keepalive::new(Duration::from_secs(10)).with_adaptive(is_adaptive);
        let mut network = ends(link::Config::default().with_keepalive(keepalive));
        network.run(Duration::from_secs(5));
        let before = network.ends[0].link.echo_statistics().sent;
        for second in 6..=60 {
            network.ends[0].link.note_traffic();
            network.run(Duration::from_secs(second));
        }
        assert_eq!(network.ends[0].link.echo_statistics().sent - before, questions);
    }
}

/// Microsoft's number stands behind the magic number in the Terminate-Request.
#[test]
fn rfc1661_section_5_5_the_number_of_an_error_is_sent_where_it_is_set_so() {
    for sends in [true, false] {
        let mut network = ends(link::Config::default().with_microsoft_termination(sends));
        network.run(Duration::from_secs(1));
        let now = network.now;
        network.ends[0].link.close_with_error(now, 691);
        network.lines.clear();
        network.send();
        let (_, frame) = network.lines.iter().find(|(from, _)| *from == 0).unwrap();
        let number = 691_u32.to_be_bytes();
        assert_eq!(frame.ends_with(&number), sends, "{frame:02x?}");
    }
}

/// Returns the ticket of the only proof that is demanded of this side.
fn demanded(link: &mut Link) -> Ticket {
    let mut tickets = Vec::new();
    while let Some(event) = link.poll_event() {
        if let link::Event::Prove(demand) = event {
            tickets.push(demand.ticket());
        }
    }
    let [ticket] = tickets[..] else { panic!("not one demand") };
    ticket
}

/// RFC 3748 section 2.3, on a whole link: another end of EAP proves this side.
#[test]
fn rfc3748_section_2_3_a_link_passes_eap_of_this_side_through() {
    let lcp = bare().with_own_authentication(Methods::new(&[Method::Eap]));
    let config = link::Config::default().with_lcp(lcp);
    let config = config.with_authentication(crate::auth::Config::default().with_eap_pass_through(true));
    let mut link = Link::new(&config.with_ipcp(ipcp::Config::default()), [1; 32]);
    link.open(NOW);
    link.up(NOW);
    assert_eq!(link.eap_request(), None);
    for frame in ["c021010100080304c227", "c02102010004"] {
        link.handle_frame(NOW, &hex::decode(frame).unwrap()).unwrap();
        while link.poll_transmit(NOW, &mut [0; Link::MAX_TRANSMIT]).unwrap().is_some() {}
    }
    let request: &[u8] = &[1, 7, 0, 5, 1];
    link.handle_frame(NOW, &[&[0xc2, 0x27], request].concat()).unwrap();
    let ticket = demanded(&mut link);
    assert_eq!(link.eap_request(), Some(request));
    link.send_eap(NOW, ticket, &[2, 7, 0, 6, 1, b'x']).unwrap();
    let mut buf = [0; Link::MAX_TRANSMIT];
    let response = link.poll_transmit(NOW, &mut buf).unwrap().unwrap();
    assert!(response.ends_with(&[0xc2, 0x27, 2, 7, 0, 6, 1, b'x']), "{response:02x?}");
}

#[test]
fn rfc1334_section_2_2_2_the_text_of_an_acknowledgment_is_kept() {
    let lcp = bare().with_own_authentication(Methods::new(&[Method::Pap]));
    let mut link = Link::new(&link::Config::default().with_lcp(lcp).with_ipcp(ipcp::Config::default()), [1; 32]);
    link.open(NOW);
    link.up(NOW);
    for frame in ["c021010100080304c023", "c02102010004"] {
        link.handle_frame(NOW, &hex::decode(frame).unwrap()).unwrap();
    }
    let ticket = demanded(&mut link);
    link.prove(NOW, ticket, b"alice", &crate::auth::Secret::Password(b"x")).unwrap();
    let mut identifier = None;
    let mut buf = [0; Link::MAX_TRANSMIT];
    while let Some(frame) = link.poll_transmit(NOW, &mut buf).unwrap() {
        if let [.., 0xc0, 0x23, 1, found, 0, 12, 5, b'a', b'l', b'i', b'c', b'e', 1, b'x'] = frame {
            identifier = Some(*found);
        }
    }
    link.handle_frame(NOW, &[0xc0, 0x23, 2, identifier.unwrap(), 0, 8, 3, b'h', b'i', b'!']).unwrap();
    assert_eq!(link.authentication_message().0, b"hi!");
}

/// RFC 1662: the check sequence changes when LCP has agreed on another (RFC 1570 section 2.1).
#[test]
fn rfc1570_section_2_1_a_decoder_changes_its_check_sequence_between_frames() {
    let (short, long) = (hdlc::Config::default(), hdlc::Config::default().with_fcs(Fcs::Bits32));
    let frame = b"\xc0\x21\x01\x01\x00\x04";
    let mut buf = [0; 64];
    let mut decoder = hdlc::Decoder::new(&mut buf, short);
    for config in [short, long, short] {
        decoder.set_config(config);
        let line: Vec<u8> = hdlc::Encoder::new(frame, config).collect();
        assert_eq!(decoder.decode(&mut &line[..]), Some(Ok(&frame[..])));
    }
    assert!(!alloc::format!("{decoder:?}").contains("192"), "bytes of frames are not printed");
    let received = [
        Received::Consumed,
        Received::Network { protocol: Protocol::IP, packet: b"secret" },
        Received::Compressed(b"secret"),
    ];
    let printed = alloc::format!("{received:?}");
    assert_eq!(printed, "[Consumed, Network(IP, 6 bytes), Compressed(6 bytes)]");
}
