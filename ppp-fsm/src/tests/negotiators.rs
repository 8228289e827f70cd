//! LCP, IPCP, IPV6CP and CCP: against recorded peers, and against themselves with every policy.

use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use crate::auth::{Method, Methods};
use crate::automaton::State;
use crate::ccp::{Encryption, MicrosoftCompression, Modes};
use crate::negotiate::{self, ControlProtocol, Event, Negotiation, Reason};
use crate::{Packet, ccp, ipcp, ipv6cp, lcp};

const NOW: Duration = Duration::ZERO;

fn start<P: ControlProtocol>(protocol: P) -> Negotiation<P> {
    let mut machine = Negotiation::new(protocol, &negotiate::Config::default());
    machine.open(NOW);
    machine.up(NOW);
    machine
}

fn sent<P: ControlProtocol>(machine: &mut Negotiation<P>) -> Option<Vec<u8>> {
    let mut buf = [0; 600];
    machine.poll_transmit(NOW, &mut buf).unwrap().map(<[u8]>::to_vec)
}

/// Gives a packet in hexadecimal digits, and what comes back.
fn answer<P: ControlProtocol>(machine: &mut Negotiation<P>, packet: &str) -> Option<alloc::string::String> {
    machine.handle_packet(NOW, &Packet::decode(&hex::decode(packet).unwrap()).unwrap()).unwrap();
    sent(machine).map(hex::encode)
}

/// Carries packets between two sides until there are none, or the time that both have runs out.
fn talk<P: ControlProtocol, Q: ControlProtocol>(one: &mut Negotiation<P>, other: &mut Negotiation<Q>) {
    let mut now = NOW;
    let mut packets = 0;
    loop {
        let mut is_quiet = true;
        let mut buf = [0; 600];
        while let Some(bytes) = one.poll_transmit(now, &mut buf).unwrap() {
            let _ = other.handle_packet(now, &Packet::decode(bytes).unwrap());
            (is_quiet, packets) = (false, packets + 1);
            if let Some(bytes) = other.poll_transmit(now, &mut [0; 600]).unwrap() {
                let _ = one.handle_packet(now, &Packet::decode(bytes).unwrap());
                packets += 1;
            }
        }
        while let Some(bytes) = other.poll_transmit(now, &mut buf).unwrap() {
            let _ = one.handle_packet(now, &Packet::decode(bytes).unwrap());
            (is_quiet, packets) = (false, packets + 1);
        }
        assert!(packets < 200, "they do not come to an end");
        if is_quiet {
            let Some(at) = one.poll_timeout().into_iter().chain(other.poll_timeout()).min() else { return };
            now = at;
            one.handle_timeout(now);
            other.handle_timeout(now);
        }
    }
}

fn reason<P: ControlProtocol>(machine: &mut Negotiation<P>) -> Option<Reason<P::Failure>> {
    let mut reason = None;
    while let Some(event) = machine.poll_event() {
        if let Event::Finished(found) = event {
            reason = Some(found);
        }
    }
    reason
}

#[expect(clippy::needless_pass_by_value, reason = "calls are shorter so")]
fn lcp_with(config: lcp::Config, seed: u8) -> Negotiation<lcp::Negotiator> {
    start(lcp::Negotiator::new(&config, [seed; 32]))
}

fn methods(methods: &[Method]) -> Methods {
    Methods::new(methods)
}

#[test]
fn rfc1661_section_5_4_a_windows_2000_client_is_refused_as_a_router_does() {
    // The request and the router's answer, from a published trace: callback, MRRU and endpoint discriminator.
    let mut server = lcp_with(lcp::Config::default().with_peer_authentication(methods(&[Method::MsChapV1])), 1);
    let request = hex::encode(sent(&mut server).unwrap());
    assert!(request.starts_with("010100130305c223800506"));
    let endpoint = "1317016ac616b006cc4281a1ca941e39b9182600000008";
    let reject = answer(&mut server, &["0101002c050635be1cb0070208020d03061104064e", endpoint].concat());
    assert_eq!(reject.unwrap(), ["040100220d03061104064e", endpoint].concat());
    assert_eq!(answer(&mut server, "0102000e050635be1cb007020802").unwrap(), "0202000e050635be1cb007020802");
    let sending = server.protocol().sending();
    assert_eq!((sending.magic_number, sending.mru), (0x35be_1cb0, 1500));
    assert!(sending.protocol_compression && sending.address_control_compression);
}

#[test]
fn rfc1661_section_6_4_a_loop_is_found() {
    let mut machine = lcp_with(lcp::Config::default(), 1);
    for _ in 0..100 {
        let Some(bytes) = sent(&mut machine) else { break };
        let _ = machine.handle_packet(NOW, &Packet::decode(&bytes).unwrap());
    }
    machine.handle_timeout(Duration::from_secs(100));
    machine.handle_timeout(Duration::from_secs(200));
    assert_eq!(reason(&mut machine), Some(Reason::Failed(lcp::Failure::Loopback)));
}

#[test]
fn rfc1661_section_6_4_the_same_number_by_chance_is_no_loop() {
    let (mut one, mut other) = (lcp_with(lcp::Config::default(), 1), lcp_with(lcp::Config::default(), 2));
    let own = hex::encode(&sent(&mut one).unwrap()[4..]);
    // A zero is not allowed, our own is refused with another.
    let nak = answer(&mut one, "0101000a050600000000").unwrap();
    assert!(nak.starts_with("0301000a0506") && !nak.ends_with("00000000"));
    let nak = answer(&mut one, &["0102000e", &own].concat()).unwrap();
    assert!(nak.starts_with("0302000a0506") && !nak.ends_with(&own));
    one = lcp_with(lcp::Config::default(), 3);
    talk(&mut one, &mut other);
    assert!(one.is_open() && other.is_open());
    assert_eq!(one.protocol().sending(), other.protocol().receiving());
}

#[test]
fn rfc1661_section_6_2_every_pair_of_lists_comes_to_the_best_common_method() {
    let all = [Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap];
    let lists: Vec<Vec<Method>> = (0_u8..32)
        .map(|bits| all.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 != 0).map(|(_, m)| m).collect())
        .collect();
    for required in &lists {
        for own in &lists {
            let mut server = lcp_with(lcp::Config::default().with_peer_authentication(methods(required)), 1);
            let own: Vec<Method> = own.iter().rev().copied().collect();
            let mut client = lcp_with(lcp::Config::default().with_own_authentication(methods(&own)), 2);
            talk(&mut server, &mut client);
            let agreed = server.protocol().receiving().authentication;
            if required.is_empty() {
                assert!(server.is_open() && agreed.is_none());
            } else if required.iter().any(|method| own.contains(method)) {
                assert!(server.is_open() && client.is_open());
                assert!(agreed.is_some_and(|method| required.contains(&method) && own.contains(&method)));
                assert_eq!(client.protocol().sending().authentication, agreed);
            } else {
                assert!(!server.is_open() && !client.is_open());
                let found = reason(&mut server);
                assert!(
                    matches!(found, Some(Reason::Failed(lcp::Failure::AuthenticationRefused { .. }))),
                    "{required:?} {own:?} {found:?}"
                );
            }
        }
    }
}

#[test]
fn the_reason_names_both_sides() {
    let mut server =
        lcp_with(lcp::Config::default().with_peer_authentication(methods(&[Method::MsChapV2, Method::Eap])), 1);
    let mut client = lcp_with(lcp::Config::default().with_own_authentication(methods(&[Method::Pap])), 2);
    talk(&mut server, &mut client);
    let Some(Reason::Failed(failure)) = reason(&mut server) else { panic!("it opened") };
    let text = alloc::string::ToString::to_string(&failure);
    assert_eq!(text, "no common authentication: we require MS-CHAP-V2, EAP, the peer offers PAP");
}

#[test]
fn rfc1661_section_6_1_mru() {
    let mut machine = lcp_with(lcp::Config::default().with_mru(1400), 1);
    assert!(hex::encode(sent(&mut machine).unwrap()).starts_with("0101001201040578"));
    assert_eq!(answer(&mut machine, "0101000801040064").unwrap(), "0301000801040080");
    // The peer wants us to want less.
    let again = answer(&mut machine, "0301000801040400").unwrap();
    assert!(again.starts_with("0102001201040400"), "{again}");
    // It cannot make us take more.
    let again = answer(&mut machine, "030200080104ffff").unwrap();
    assert!(again.starts_with("0103001201040400"), "{again}");
}

fn address(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(172, 16, 10, last)
}

#[test]
fn rfc1332_section_3_3_a_windows_2000_client_gets_its_address_as_from_a_router() {
    // From a published trace: name servers are rejected before the address is given.
    let config = ipcp::Config::new(address(100)).with_peer_address(address(1));
    let mut server = start(ipcp::Negotiator::new(&config));
    assert_eq!(hex::encode(sent(&mut server).unwrap()), "0101000a0306ac100a64");
    let servers = "810600000000820600000000830600000000840600000000";
    let reject = answer(&mut server, &["01060022030600000000", servers].concat());
    assert_eq!(reject.unwrap(), ["0406001c", servers].concat());
    assert_eq!(answer(&mut server, "0201000a0306ac100a64"), None);
    assert_eq!(answer(&mut server, "0108000a030600000000").unwrap(), "0308000a0306ac100a01");
    assert_eq!(answer(&mut server, "0109000a0306ac100a01").unwrap(), "0209000a0306ac100a01");
    assert!(server.is_open());
    let agreed = server.protocol().agreed();
    assert_eq!((agreed.own_address, agreed.peer_address), (Some(address(100)), Some(address(1))));
}

#[test]
fn rfc1877_client_and_server() {
    let client = ipcp::Config::default().with_name_servers_wanted(true).with_netbios_name_servers_wanted(true);
    let server = ipcp::Config::new(address(100))
        .with_peer_address(address(7))
        .with_name_servers([Some(address(53)), None])
        .with_netbios_name_servers([None, Some(address(139))]);
    let (mut client, mut server) = (start(ipcp::Negotiator::new(&client)), start(ipcp::Negotiator::new(&server)));
    talk(&mut client, &mut server);
    assert!(client.is_open() && server.is_open());
    let expected = ipcp::Agreed {
        own_address: Some(address(7)),
        peer_address: Some(address(100)),
        name_servers: [Some(address(53)), None],
        netbios_name_servers: [None, Some(address(139))],
    };
    assert_eq!(client.protocol().agreed(), &expected);
}

#[test]
fn rfc1332_section_3_a_peer_that_says_no_address_is_asked_for_it() {
    // A Yamaha router sends an empty request.
    let config = ipcp::Config::new(address(100)).with_peer_address(address(1));
    let mut server = start(ipcp::Negotiator::new(&config));
    sent(&mut server);
    for identifier in 1..=5 {
        let nak = answer(&mut server, &alloc::format!("01{identifier:02x}0004")).unwrap();
        assert_eq!(nak, alloc::format!("03{identifier:02x}000a0306ac100a01"));
    }
    assert_eq!(answer(&mut server, "01060004").unwrap(), "02060004");
}

#[test]
fn rfc1332_section_3_a_peer_that_insists_on_another_address_is_the_end() {
    let config = ipcp::Config::new(address(100)).with_peer_address(address(1));
    let mut server = start(ipcp::Negotiator::new(&config));
    sent(&mut server);
    for identifier in 1..=5 {
        let nak = answer(&mut server, &alloc::format!("01{identifier:02x}000a0306ac100a63")).unwrap();
        assert_eq!(nak, alloc::format!("03{identifier:02x}000a0306ac100a01"));
    }
    assert_eq!(answer(&mut server, "0106000a0306ac100a63").unwrap(), "0406000a0306ac100a63");
    // It goes on with its own address, without asking for it.
    let _ = answer(&mut server, "01070004");
    let refused = ipcp::Failure::PeerAddressRefused { given: address(1), wanted: address(0x63) };
    assert!(!server.is_open());
    (1..4).for_each(|round| server.handle_timeout(Duration::from_secs(600 * round)));
    assert_eq!(reason(&mut server), Some(Reason::Failed(refused)));
}

#[test]
fn rfc1332_section_3_2_old_addresses_and_compressed_headers_are_rejected() {
    let mut server = start(ipcp::Negotiator::new(&ipcp::Config::new(address(100))));
    sent(&mut server);
    let reject = answer(&mut server, "0101001a010aac100a01ac100a640206002d0f010306ac100a01");
    assert_eq!(reject.unwrap(), "04010014010aac100a01ac100a640206002d0f01");
}

#[test]
fn ipcp_without_an_address_fails_with_the_reason() {
    let server = ipcp::Config::new(address(100));
    let (mut client, mut server) =
        (start(ipcp::Negotiator::new(&ipcp::Config::default())), start(ipcp::Negotiator::new(&server)));
    talk(&mut client, &mut server);
    assert_eq!(reason(&mut client), Some(Reason::Failed(ipcp::Failure::NoAddress)));
    assert_eq!(reason(&mut server), Some(Reason::PeerClosed));

    // Both insist.
    let one = ipcp::Config::new(address(1)).with_peer_address(address(2));
    let other = ipcp::Config::new(address(9));
    let (mut one, mut other) = (start(ipcp::Negotiator::new(&one)), start(ipcp::Negotiator::new(&other)));
    talk(&mut one, &mut other);
    let refused = ipcp::Failure::AddressRefused { own: address(9), wanted: Some(address(2)) };
    assert_eq!(reason(&mut other), Some(Reason::Failed(refused)));
}

#[test]
fn rfc5072_section_4_1() {
    let mut machine = start(ipv6cp::Negotiator::new(&ipv6cp::Config::default(), [1; 32]));
    let own = hex::encode(&sent(&mut machine).unwrap()[4..]);
    let nak = answer(&mut machine, "0101000e010a0000000000000000").unwrap();
    assert!(nak.starts_with("0301000e010a") && !nak.ends_with("0000000000000000"));
    let nak = answer(&mut machine, &["0102000e", &own].concat()).unwrap();
    assert!(nak.starts_with("0302000e010a") && !nak.ends_with(&own));
    assert_eq!(answer(&mut machine, "0103000802040061").unwrap(), "0403000802040061");
    assert_eq!(answer(&mut machine, "0104000e010a90a0e2d5c9812b02").unwrap(), "0204000e010a90a0e2d5c9812b02");

    let mut one = start(ipv6cp::Negotiator::new(&ipv6cp::Config::default(), [1; 32]));
    let given = ipv6cp::InterfaceIdentifier(7);
    let mut other = start(ipv6cp::Negotiator::new(&ipv6cp::Config::default().with_peer_identifier(given), [2; 32]));
    talk(&mut one, &mut other);
    assert_eq!(one.protocol().agreed().own, Some(given));
    assert_eq!(other.protocol().agreed().peer, Some(given));
    assert_eq!(one.protocol().agreed().peer, other.protocol().agreed().own);
}

#[expect(clippy::needless_pass_by_value, reason = "calls are shorter so")]
fn ccp_with(config: ccp::Config) -> Negotiation<ccp::Negotiator> {
    let mut protocol = ccp::Negotiator::new(&config);
    protocol.set_keys(MicrosoftCompression::STRENGTHS);
    start(protocol)
}

fn bits(bits: u32) -> MicrosoftCompression {
    MicrosoftCompression::from_bits(bits)
}

#[test]
fn rfc3078_section_2_1_a_windows_2000_client_and_a_router() {
    // From a published trace: 40 bits on the router, everything on the client.
    let config = ccp::Config::default().with_strengths(MicrosoftCompression::MPPE_40);
    let mut server = ccp_with(config);
    assert_eq!(hex::encode(sent(&mut server).unwrap()), "0101000a120601000020");
    assert_eq!(answer(&mut server, "0105000a1206010000f1").unwrap(), "0305000a120601000020");
    assert_eq!(answer(&mut server, "0201000a120601000020"), None);
    assert_eq!(answer(&mut server, "0107000a120601000020").unwrap(), "0207000a120601000020");
    assert!(server.is_open());
    let both = ccp::Agreed { send: bits(0x0100_0020), receive: bits(0x0100_0020) };
    assert_eq!(server.protocol().agreed(), &both);
}

#[test]
fn rfc3078_section_2_1_the_strongest_is_named_and_taken() {
    let all = ccp::Config::default().with_strengths(MicrosoftCompression::STRENGTHS);
    let mut server = ccp_with(all);
    assert_eq!(hex::encode(sent(&mut server).unwrap()), "0101000a1206010000e0");
    assert_eq!(answer(&mut server, "0101000a1206010000e0").unwrap(), "0301000a120601000040");
    assert_eq!(answer(&mut server, "0102000a1206010000a0").unwrap(), "0302000a120601000080");
    // The obsolete bit and reserved ones are not taken, nor is compression.
    assert_eq!(answer(&mut server, "0103000a1206010000b1").unwrap(), "0303000a120601000080");
    assert_eq!(answer(&mut server, "0104000a120681000040").unwrap(), "0304000a120601000040");
    assert_eq!(answer(&mut server, "0105000a120601000020").unwrap(), "0205000a120601000020");
    assert_eq!(answer(&mut server, "0301000a120601000080").unwrap(), "0102000a120601000080");
    assert_eq!(answer(&mut server, "0202000a120601000080"), None);
    let agreed = server.protocol().agreed();
    assert_eq!((agreed.send, agreed.receive), (bits(0x0100_0020), bits(0x0100_0080)));
}

#[test]
fn rfc1962_other_algorithms_are_rejected() {
    let mut server = ccp_with(ccp::Config::default());
    sent(&mut server);
    // The offer of Linux: Deflate in both numbers, BSD.
    let request = "01010015 12060100 0040 1a047800 18047800 15032f".replace(' ', "");
    assert_eq!(answer(&mut server, &request).unwrap(), "0401000f1a0478001804780015032f");
}

#[test]
fn an_option_without_a_bit_and_an_empty_request_are_taken_by_policy() {
    let zero = "0101000a120600000000";
    for (encryption, expected) in [
        (Encryption::Required, "0301000a120601000040"),
        (Encryption::Preferred, "0201000a120600000000"),
        (Encryption::Refused, "0201000a120600000000"),
    ] {
        let mut server = ccp_with(ccp::Config::default().with_encryption(encryption));
        sent(&mut server);
        assert_eq!(answer(&mut server, zero).unwrap(), expected, "{encryption}");
        let empty = answer(&mut server, "01020004").unwrap();
        let expected = if encryption == Encryption::Required { "0302000a120601000040" } else { "02020004" };
        assert_eq!(empty, expected, "{encryption}");
    }
}

#[test]
fn a_peer_that_never_asks_for_encryption_is_left() {
    let mut server = ccp_with(ccp::Config::default());
    sent(&mut server);
    let mut last = None;
    for identifier in 1..20 {
        last = answer(&mut server, &alloc::format!("01{identifier:02x}0004"));
        if server.state() == State::Closing {
            break;
        }
    }
    assert!(last.unwrap().starts_with("05"));
    answer(&mut server, "06010004");
    let failure = ccp::Failure::EncryptionRequired { allowed: bits(0x0100_0040), offered: None };
    assert_eq!(reason(&mut server), Some(Reason::Failed(failure)));
    let text = alloc::string::ToString::to_string(&failure);
    assert_eq!(text, "encryption required: we allow H S 128 bit stateless, the peer offers none");
}

fn all_policies() -> Vec<ccp::Config> {
    let mut configs = Vec::new();
    for encryption in [Encryption::Required, Encryption::Preferred, Encryption::Refused] {
        for strengths in 1..8_u32 {
            for modes in [Modes::Stateless, Modes::PreferStateless, Modes::PreferStateful] {
                for compression in [false, true] {
                    configs.push(
                        ccp::Config::default()
                            .with_encryption(encryption)
                            .with_strengths(bits(strengths << 5))
                            .with_modes(modes)
                            .with_compression(compression),
                    );
                }
            }
        }
    }
    configs
}

#[test]
fn rfc3078_section_2_1_every_pair_of_policies_comes_to_an_end() {
    let configs = all_policies();
    let strengths = |config: &ccp::Config| {
        let mut machine = ccp_with(config.clone());
        let request = sent(&mut machine).unwrap();
        let [.., byte] = request[..] else { panic!() };
        bits(if request.len() > 4 { byte.into() } else { 0 }) & MicrosoftCompression::STRENGTHS
    };
    let allowed: Vec<MicrosoftCompression> = configs.iter().map(strengths).collect();
    let mut encrypted = 0;
    for (one_config, one_allows) in configs.iter().zip(&allowed) {
        for (other_config, other_allows) in configs.iter().zip(&allowed) {
            let (mut one, mut other) = (ccp_with(one_config.clone()), ccp_with(other_config.clone()));
            talk(&mut one, &mut other);
            let context = alloc::format!("{one_config:?} {other_config:?}");
            assert_eq!(one.is_open(), other.is_open(), "{context}");
            let common = *one_allows & *other_allows;
            let required = [one_config, other_config].iter().any(|c| c.encryption() == Encryption::Required);
            if !one.is_open() {
                assert!(required && common == MicrosoftCompression::NONE, "{context}");
                continue;
            }
            let (ours, theirs) = (one.protocol().agreed(), other.protocol().agreed());
            assert_eq!((ours.send, ours.receive), (theirs.receive, theirs.send), "{context}");
            let best = [0x40, 0x80, 0x20].map(bits).into_iter().find(|bit| common.contains(*bit));
            let best = best.unwrap_or_default();
            for direction in [ours.send, ours.receive] {
                assert_eq!(direction & MicrosoftCompression::STRENGTHS, best, "{context}");
            }
            assert!(!required || ours.is_encrypted(), "{context}");
            encrypted += usize::from(ours.is_encrypted());
        }
    }
    assert!(encrypted > 4000, "{encrypted}");
}

#[test]
fn rfc3078_each_direction_has_its_own_mode() {
    // The choice of Linux with one side stateless and the other stateful.
    let one = ccp::Config::default().with_modes(Modes::PreferStateful);
    let mut machine = ccp_with(one);
    assert_eq!(hex::encode(sent(&mut machine).unwrap()), "0101000a120600000040");
    // A peer that wants to be sent to without state is asked once whether it can do without.
    assert_eq!(answer(&mut machine, "0101000a120601000040").unwrap(), "0301000a120600000040");
    assert_eq!(answer(&mut machine, "0102000a120601000040").unwrap(), "0202000a120601000040");
    assert_eq!(answer(&mut machine, "0201000a120600000040"), None);
    let agreed = machine.protocol().agreed();
    assert_eq!((agreed.send, agreed.receive), (bits(0x0100_0040), bits(0x40)));
}

#[test]
fn without_keys_there_is_no_encryption() {
    let mut machine = start(ccp::Negotiator::new(&ccp::Config::default()));
    sent(&mut machine);
    answer(&mut machine, "0101000a120601000040");
    assert_eq!(machine.state(), State::Closing);
    answer(&mut machine, "06010004");
    assert_eq!(reason(&mut machine), Some(Reason::Failed(ccp::Failure::NoKeys)));

    let lenient = ccp::Config::default().with_encryption(Encryption::Preferred);
    let mut machine = start(ccp::Negotiator::new(&lenient));
    assert_eq!(hex::encode(sent(&mut machine).unwrap()), "01010004");
    assert_eq!(answer(&mut machine, "0101000a120601000040").unwrap(), "0401000a120601000040");
    assert_eq!(answer(&mut machine, "01020004").unwrap(), "02020004");
}

#[test]
fn rfc1962_section_3_resets() {
    let mut reset = ccp::Reset::default();
    let mut buf = [0; 8];
    let packet = |bytes: &'static [u8]| Packet::decode(bytes).unwrap();
    // npppd puts the bits into it.
    assert!(reset.handle_packet(&packet(&[14, 1, 0, 8, 1, 0, 0, 0x40])));
    assert!(reset.poll_transmit(&mut [0; 3]).is_err());
    assert_eq!(reset.poll_transmit(&mut buf).unwrap(), Some(&[15, 1, 0, 4][..]));
    // Windows does not know Reset-Ack, says so, and never gets one again.
    reset.handle_code_reject(&packet(&[7, 9, 0, 8, 15, 1, 0, 4]));
    assert!(reset.handle_packet(&packet(&[14, 2, 0, 4])));
    assert_eq!(reset.poll_transmit(&mut buf).unwrap(), None);

    // One request at a time, repeated with its identifier until there is an answer.
    reset.request(NOW, 5);
    reset.request(NOW, 6);
    for second in 1..4 {
        assert_eq!(reset.poll_transmit(&mut buf).unwrap(), Some(&[14, 5, 0, 4][..]));
        assert_eq!(reset.poll_transmit(&mut buf).unwrap(), None);
        assert_eq!(reset.poll_timeout(), Some(Duration::from_secs(second)));
        reset.handle_timeout(Duration::from_secs(second));
    }
    assert!(!reset.handle_packet(&packet(&[15, 4, 0, 4])));
    assert!(reset.poll_timeout().is_some());
    assert!(!reset.handle_packet(&packet(&[15, 5, 0, 4])));
    assert_eq!((reset.poll_timeout(), reset.poll_transmit(&mut buf).unwrap()), (None, None));
}
