//! Packets that real peers sent, and what they say.
//!
//! The first column names the source: files with the number of their frame, own recordings of Linux
//! pppd and accel-ppp, and a published trace of a Cisco router. The files are: `PcapPlusPlus`
//! GrePackets.pcap; `epiecs` packetlife-backup for Cisco; `realjimmy` sample-captures for Huawei,
//! the serial line, Windows XP and Telecom Italia. Further: `OISF` suricata-verify pppoe; `moxie0`
//! chapcrack; `joswr1ght` asleap, a Windows 2000 client; `openwall` john-samples, a Windows 7
//! client.

use alloc::format;
use alloc::string::{String, ToString};

use super::check;
use crate::{Packet, Protocol, ccp, chap, eap, ipcp, ipv6cp, lcp, pap};

/// Source, protocol, bytes, line of a trace.
#[rustfmt::skip]
pub(super) const PACKETS: &[(&str, Protocol, &str, &str)] = &[
    ("PcapPlusPlus GrePackets 1", Protocol::CCP, "06040004", "TERMACK id 4 len 4"),
    ("Huawei L2TP 7", Protocol::LCP, "01010014010405dc0206ffffffff0506b77311b9", "CONFREQ id 1 len 20 MRU 1500, ACCM 0xffffffff, MagicNumber 0xb77311b9"),
    ("Huawei L2TP 8", Protocol::LCP, "01010019010405dc0206ffffffff0305c223050506491c190d", "CONFREQ id 1 len 25 MRU 1500, ACCM 0xffffffff, AuthProto CHAP-MD5, MagicNumber 0x491c190d"),
    ("Huawei L2TP 9", Protocol::LCP, "02010019010405dc0206ffffffff0305c223050506491c190d", "CONFACK id 1 len 25 MRU 1500, ACCM 0xffffffff, AuthProto CHAP-MD5, MagicNumber 0x491c190d"),
    ("Huawei L2TP 13", Protocol::CHAP, "0101001510da66a9a988ebcd7488870d74f9d1063b", r#"CHALLENGE id 1 len 21 from """#),
    ("Huawei L2TP 14", Protocol::CHAP, "020100171062471b2f47b7064d0fb731be2e36327e6161", r#"RESPONSE id 1 len 23 from "aa""#),
    ("Huawei L2TP 15", Protocol::CHAP, "0301001057656c636f6d6520746f202e", r#"SUCCESS id 1 len 16 msg is "Welcome to .""#),
    ("Huawei L2TP 16", Protocol::IPCP, "0101000a030600000000", "CONFREQ id 1 len 10 Address 0.0.0.0"),
    ("Huawei L2TP 18", Protocol::IPCP, "0201000a0306ac1001fe", "CONFACK id 1 len 10 Address 172.16.1.254"),
    ("Huawei L2TP 20", Protocol::IPCP, "0302000a0306ac100101", "CONFNAK id 2 len 10 Address 172.16.1.1"),
    ("Huawei L2TP 26", Protocol::LCP, "09010008491c190d", "ECHOREQ id 1 len 8 magic 0x491c190d"),
    ("Huawei L2TP 27", Protocol::LCP, "0a010008a983859b", "ECHOREP id 1 len 8 magic 0xa983859b"),
    ("Cisco CHAP 6", Protocol::CHAP, "010100171041528c199fe22713cda522d45c7af9ad5231", r#"CHALLENGE id 1 len 23 from "R1""#),
    ("Cisco CHAP 10", Protocol::CHAP, "03010004", "SUCCESS id 1 len 4"),
    ("Cisco CHAP 16", Protocol::CDPCP, "01010004", "CONFREQ id 1 len 4"),
    ("Cisco CHAP 18", Protocol::CDPCP, "02010004", "CONFACK id 1 len 4"),
    ("Cisco EAP 1", Protocol::LCP, "0145000e0304c2270506012f4de5", "CONFREQ id 69 len 14 AuthProto EAP, MagicNumber 0x012f4de5"),
    ("Cisco EAP 5", Protocol::EAP, "015b000501", "REQUEST Identity id 91 len 5"),
    ("Cisco EAP 7", Protocol::EAP, "025b0007015232", "RESPONSE Identity id 91 len 7"),
    ("Cisco EAP 9", Protocol::EAP, "015c00180410bf09adbc1bedcb9fcda522d4262e34845231", "REQUEST MD5-Challenge id 92 len 24"),
    ("Cisco EAP 11", Protocol::EAP, "025c00180410b7df13cffeceb05d28d25a06e49322e65232", "RESPONSE MD5-Challenge id 92 len 24"),
    ("Cisco EAP 13", Protocol::EAP, "035c0004", "SUCCESS id 92 len 4"),
    ("Huawei auth nak 5", Protocol::LCP, "038900080304c023", "CONFNAK id 137 len 8 AuthProto PAP"),
    ("Huawei auth nak 8", Protocol::LCP, "058b0004", "TERMREQ id 139 len 4"),
    ("Huawei auth nak 10", Protocol::LCP, "068b0004", "TERMACK id 139 len 4"),
    ("Huawei CHAP 13", Protocol::CHAP, "020100191063d306604d6f1ac7ff3188c9f2c429f368636e70", r#"RESPONSE id 1 len 25 from "hcnp""#),
    ("Huawei PAP wrong 7", Protocol::PAP, "0101000e0468636e700434333536", r#"AUTH-REQ id 1 len 14 from "hcnp""#),
    ("Huawei PAP wrong 8", Protocol::PAP, "0301000500", "AUTH-NAK id 1 len 5"),
    ("serial line 4", Protocol::LCP, "01000014020600000000050643acefab07020802", "CONFREQ id 0 len 20 ACCM 0x00000000, MagicNumber 0x43acefab, PFC, ACFC"),
    ("serial line 5", Protocol::LCP, "0400000e050643acefab07020802", "CONFREJ id 0 len 14 MagicNumber 0x43acefab, PFC, ACFC"),
    ("serial line 15", Protocol::CCP, "0101000c1a04780018047800", "CONFREQ id 1 len 12 Deflate 0x7800, Deflate-Draft 0x7800"),
    ("serial line 16", Protocol::IPCP, "01010016030600000000810600000000830600000000", "CONFREQ id 1 len 22 Address 0.0.0.0, PrimaryDNS 0.0.0.0, SecondaryDNS 0.0.0.0"),
    ("serial line 17", Protocol::LCP, "0b02000843acefab", "DISCREQ id 2 len 8 magic 0x43acefab"),
    ("serial line 20", Protocol::LCP, "0803001280fd0101000c1a04780018047800", "PROTREJ id 3 len 18 rejected CCP, 12 bytes"),
    ("Windows XP cable 10", Protocol::LCP, "0100002f02060000000005067db940f5070208021104064e131701222e0ecf3c644d0eb50ac67e99de621100000000", "CONFREQ id 0 len 47 ACCM 0x00000000, MagicNumber 0x7db940f5, PFC, ACFC, MRRU 1614, EndpointDisc 1 Local 0x222e0ecf3c644d0eb50ac67e99de621100000000"),
    ("Windows XP cable 15", Protocol::IPCP, "010200280206002d0f010306c0a80132810600000000820600000000830600000000840600000000", "CONFREQ id 2 len 40 IPCompression VJ 16 slots, slot id compressed, Address 192.168.1.50, PrimaryDNS 0.0.0.0, PrimaryNBNS 0.0.0.0, SecondaryDNS 0.0.0.0, SecondaryNBNS 0.0.0.0"),
    ("Windows XP cable 18", Protocol::IPCP, "0402001c810600000000820600000000830600000000840600000000", "CONFREJ id 2 len 28 PrimaryDNS 0.0.0.0, PrimaryNBNS 0.0.0.0, SecondaryDNS 0.0.0.0, SecondaryNBNS 0.0.0.0"),
    ("suricata PPPoE 25", Protocol::CCP, "0101000f1a0478001804780015032f", "CONFREQ id 1 len 15 Deflate 0x7800, Deflate-Draft 0x7800, BSD-LZW 0x2f"),
    ("suricata PPPoE 27", Protocol::IPV6CP, "0101000e010aed1700a21baf229e", "CONFREQ id 1 len 14 InterfaceId fe80::ed17:a2:1baf:229e"),
    ("suricata PPPoE 30", Protocol::CCP, "02010004", "CONFACK id 1 len 4"),
    ("suricata PPPoE 31", Protocol::CCP, "0401000f1a0478001804780015032f", "CONFREJ id 1 len 15 Deflate 0x7800, Deflate-Draft 0x7800, BSD-LZW 0x2f"),
    ("Telecom Italia 10", Protocol::PAP, "0101001809616c6963656164736c09616c6963656164736c", r#"AUTH-REQ id 1 len 24 from "aliceadsl""#),
    ("Telecom Italia 12", Protocol::PAP, "0201000500", "AUTH-ACK id 1 len 5"),
    ("chapcrack 2", Protocol::CHAP, "02b0003b31abfe01e6c759850155b4d8d6258cdb6700000000000000001c93abce815400686baeca315f348469256420598a73ad49006d6f786965", r#"RESPONSE id 176 len 59 from "moxie""#),
    ("chapcrack 3", Protocol::CHAP, "03b0003f533d35343634344638314535463138433045453945323637373634393544364243374144444642373637204d3d416363657373206772616e746564", r#"SUCCESS id 176 len 63 msg is "S=54644F81E5F18C0EE9E26776495D6BC7ADDFB767 M=Access granted""#),
    ("asleap 47", Protocol::LCP, "0100002c05060015706a070208020d03061104064e1317017f6769e949404affbb24d0941651d7aa00000004", "CONFREQ id 0 len 44 MagicNumber 0x0015706a, PFC, ACFC, Callback 6 CBCP, MRRU 1614, EndpointDisc 1 Local 0x7f6769e949404affbb24d0941651d7aa00000004"),
    ("asleap 98", Protocol::LCP, "030100090305c22381", "CONFNAK id 1 len 9 AuthProto MS-CHAP-V2"),
    ("asleap 106", Protocol::CHAP, "0101001e10e3a5d0775370bda51e16219a06b0278f3132372e302e302e31", r#"CHALLENGE id 1 len 30 from "127.0.0.1""#),
    ("asleap 110", Protocol::LCP, "0c0300120015706a4d5352415356352e3030", r#"IDENT id 3 len 18 magic 0x0015706a "MSRASV5.00""#),
    ("asleap 118", Protocol::LCP, "070300160c0300120015706a4d5352415356352e3030", "CODEREJ id 3 len 22 rejected Identification, 18 bytes"),
    ("asleap 122", Protocol::CHAP, "0301002e533d43454538393934374632444341313843393546353531433245394536373635303431313243373232", r#"SUCCESS id 1 len 46 msg is "S=CEE89947F2DCA18C95F551C2E9E676504112C722""#),
    ("asleap 126", Protocol::CCP, "0101000a120601000040", "CONFREQ id 1 len 10 MS-PPC H S 128 bit stateless"),
    ("asleap 128", Protocol::CCP, "0105000a1206010000e1", "CONFREQ id 5 len 10 MS-PPC H M S L C 128/56/40 bit stateless MPPC"),
    ("asleap 137", Protocol::CCP, "0305000a120601000040", "CONFNAK id 5 len 10 MS-PPC H S 128 bit stateless"),
    ("john-samples 35", Protocol::CHAP, "0288003a31e2ae0995eaac6ceff0d9757428b515090000000000000000ed8cc90fd40faa2d6bcd0abd0b1f562fd777df6c5609c98b006c756c75", r#"RESPONSE id 136 len 58 from "lulu""#),
    ("john-samples 43", Protocol::IPCP, "06070004", "TERMACK id 7 len 4"),
    ("Windows XP cable 7", Protocol::LCP, "0504001016f01e10003ccd7400000000", "TERMREQ id 4 len 16 magic 0x16f01e10 error 0"),
    ("bad-pap 1", Protocol::PAP, "020100049486", "AUTH-ACK id 1 len 4"),
    ("pppd stateful", Protocol::CCP, "0e020004", "RESETREQ id 2 len 4"),
    ("pppd stateful", Protocol::CCP, "0f020004", "RESETACK id 2 len 4"),
    ("pppd stateful", Protocol::CCP, "0101000a120600000040", "CONFREQ id 1 len 10 MS-PPC S 128 bit stateful"),
    ("pppd 40 bit", Protocol::CCP, "0401000a120601000020", "CONFREJ id 1 len 10 MS-PPC H L 40 bit stateless"),
    ("pppd bsdcomp", Protocol::CCP, "050200194c6f737420636f6d7072657373696f6e2073796e63", "TERMREQ id 2 len 25"),
    ("pppd MPPE", Protocol::LCP, "050200114d5050452064697361626c6564", r#"TERMREQ id 2 len 17 "MPPE disabled""#),
    ("pppd MS-CHAP", Protocol::CHAP, "03120012416363657373206772616e746564", r#"SUCCESS id 18 len 18 msg is "Access granted""#),
    ("pppd MS-CHAP-V2, wrong password", Protocol::CHAP, "04740044453d36393120523d3120433d353731336338656665346434656364653638303162616336613635323030396620563d30204d3d4163636573732064656e696564", r#"FAILURE id 116 len 68 msg is "E=691 R=1 C=5713c8efe4d4ecde6801bac6a652009f V=0 M=Access denied""#),
    ("pppd MS-CHAP-V2, unknown user", Protocol::CHAP, "04470004", "FAILURE id 71 len 4"),
    ("pppd MS-CHAP-V2, domain", Protocol::CHAP, "0250004031853bd26d7aaee51df30486b9d680a0040000000000000000ddfe59d88d71f798861f2c4207223326dc60d7fa0943c6c200434f52505c616c696365", r#"RESPONSE id 80 len 64 from "CORP\\alice""#),
    ("accel-ppp, wrong password", Protocol::CHAP, "0401002a453d36393120523d3020563d33204d3d41757468656e7469636174696f6e206661696c757265", r#"FAILURE id 1 len 42 msg is "E=691 R=0 V=3 M=Authentication failure""#),
    ("accel-ppp MS-CHAP-V2", Protocol::CHAP, "0101001510e759c6e3e44eb682005186a7b1d2fbd5", r#"CHALLENGE id 1 len 21 from """#),
    ("accel-ppp", Protocol::LCP, "088a00068057", "PROTREJ id 138 len 6 rejected IPV6CP, 0 bytes"),
    ("accel-ppp", Protocol::LCP, "0401000e02060000000007020802", "CONFREJ id 1 len 14 ACCM 0x00000000, PFC, ACFC"),
    ("pppd PAP", Protocol::PAP, "0101001505616c6963650a776f6e6465726c616e64", r#"AUTH-REQ id 1 len 21 from "alice""#),
    ("pppd PAP", Protocol::PAP, "0201000d084c6f67696e206f6b", r#"AUTH-ACK id 1 len 13 msg is "Login ok""#),
    ("pppd PAP, wrong password", Protocol::PAP, "030100140f4c6f67696e20696e636f7272656374", r#"AUTH-NAK id 1 len 20 msg is "Login incorrect""#),
    ("Cisco trace", Protocol::LCP, "0107000f0305c2238005063050eb1f", "CONFREQ id 7 len 15 AuthProto MS-CHAP, MagicNumber 0x3050eb1f"),
    ("Cisco trace", Protocol::LCP, "0507001079127fbe003ccd74000002e6", "TERMREQ id 7 len 16 magic 0x79127fbe error 742"),
    ("Cisco trace", Protocol::LCP, "0812001080fd0105000a1206010000b1", "PROTREJ id 18 len 16 rejected CCP, 10 bytes"),
    ("Cisco trace", Protocol::CCP, "0105000a1206010000f1", "CONFREQ id 5 len 10 MS-PPC H M S L D C 128/56/40 bit stateless MPPC"),
    ("Cisco trace", Protocol::CHAP, "0415000d453d36393120523d30", r#"FAILURE id 21 len 13 msg is "E=691 R=0""#),
];

/// Returns the line of a trace for a packet of any protocol.
fn trace(protocol: Protocol, bytes: &[u8]) -> String {
    match protocol {
        Protocol::LCP => lcp::Packet::decode(bytes).unwrap().to_string(),
        Protocol::CHAP => chap::Packet::decode(bytes).unwrap().to_string(),
        Protocol::PAP => pap::Packet::decode(bytes).unwrap().to_string(),
        Protocol::EAP => eap::Packet::decode(bytes).unwrap().to_string(),
        _ => {
            let packet = Packet::decode(bytes).unwrap();
            let mut line = packet.to_string();
            if packet.code.has_options() {
                for (index, option) in packet.options().enumerate() {
                    let raw = option.unwrap();
                    line += if index == 0 { " " } else { ", " };
                    line += &match protocol {
                        Protocol::IPCP => ipcp::ConfigurationOption::decode(raw).unwrap().to_string(),
                        Protocol::IPV6CP => ipv6cp::ConfigurationOption::decode(raw).unwrap().to_string(),
                        Protocol::CCP => ccp::ConfigurationOption::decode(raw).unwrap().to_string(),
                        other => panic!("no options of {other} are known"),
                    };
                }
            }
            line
        }
    }
}

#[test]
fn real_packets_read_as_in_a_trace() {
    for (source, protocol, bytes, expected) in PACKETS {
        let bytes = hex::decode(bytes).unwrap();
        assert_eq!(trace(*protocol, &bytes), *expected, "{source}");
        check(*protocol, &bytes).unwrap();
    }
}

#[test]
fn options_show_their_bytes() {
    let request = hex::decode("010000150104057805060c6f3548070208020d0306").unwrap();
    let packet = Packet::decode(&request).unwrap();
    let lines = packet.options().map(|option| {
        let raw = option.unwrap();
        format!("{} ({raw})", lcp::ConfigurationOption::decode(raw).unwrap())
    });
    assert!(lines.eq([
        "MRU 1400 (0x01040578)",
        "MagicNumber 0x0c6f3548 (0x05060c6f3548)",
        "PFC (0x0702)",
        "ACFC (0x0802)",
        "Callback 6 CBCP (0x0d0306)",
    ]));
}

/// tcpdump's ppp-invalid-lengths.pcap: an IPCP Configure-Nak that says option 2 is 218 bytes long.
#[test]
fn a_nak_with_an_option_of_a_wrong_length_is_read_up_to_it() {
    let mut bytes = hex::decode("0380210302da006161616161636161616179").unwrap();
    let found = Packet::decode(&bytes).unwrap_err();
    assert_eq!(found.to_string(), "PPP packet data cut short at offset 4: needs 8447 bytes, has 14");
    // With a length that fits, the option does not.
    bytes[2..4].copy_from_slice(&18_u16.to_be_bytes());
    let packet = Packet::decode(&bytes).unwrap();
    let mut options = packet.options();
    let error = options.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "PPP option data cut short at offset 6: needs 216 bytes, has 12");
    assert_eq!(options.next(), None);
}

/// tcpdump's ppp_ccp_config_deflate_option_asan.pcap: a Deflate option of 5 bytes, three of them
/// missing.
#[test]
fn a_deflate_option_cut_short_is_an_error() {
    let bytes = hex::decode("01df00061805ff").unwrap();
    let packet = Packet::decode(&bytes).unwrap();
    assert!(packet.options().next().unwrap().is_err());
    assert_eq!(packet.padding, [0xff]);
}

/// tcpdump's mlppp-oobr.pcap: a multilink frame of one byte.
#[test]
fn a_multilink_frame_cut_short_is_a_frame() {
    let frame = crate::Frame::decode(&[0xff, 0x03, 0x3d, 0x30]).unwrap();
    assert_eq!((frame.protocol, frame.information), (Protocol::MULTILINK, &[0x30][..]));
    assert!(frame.compressed);
}
