//! Every value that is written is read back, and every one that is read is written back.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use proptest::prelude::*;

use super::check;
use crate::{
    Code, EncodeError, EncodeOption, Frame, OptionWriter, Options, Packet, Protocol, RawOption, Text, ccp, chap, eap,
    ipcp, ipv6cp, lcp, pap,
};

fn bytes(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

/// The bytes of `$value`, the same from all ways to write it.
macro_rules! written {
    ($value:expr) => {{
        let mut buf = alloc::vec![0; $value.encoded_len()];
        let bytes = $value.encode(&mut buf).unwrap().to_vec();
        prop_assert_eq!(bytes.len(), $value.encoded_len());
        let short = bytes.len() - 1;
        prop_assert!(matches!($value.encode(&mut buf[..short]), Err(EncodeError::BufferTooSmall(e))
            if (e.needed, e.available) == (short + 1, short)));
        #[cfg(feature = "alloc")]
        prop_assert_eq!(&$value.to_vec().unwrap(), &bytes);
        #[cfg(feature = "bytes")]
        {
            let mut buf = bytes::BytesMut::new();
            $value.encode_to(&mut buf).unwrap();
            prop_assert_eq!(&buf[..], &bytes[..]);
            prop_assert!($value.encode_to(&mut &mut alloc::vec![0; short][..]).is_err());
        }
        bytes
    }};
}

fn lcp_option(choice: u8, number: u32, data: &[u8]) -> lcp::ConfigurationOption<'_> {
    use lcp::ConfigurationOption as O;
    let [high, low, ..] = number.to_be_bytes();
    let short = u16::from_be_bytes([high, low]);
    match choice % 16 {
        0 => O::MaximumReceiveUnit(short),
        1 => O::AsyncControlCharacterMap(number),
        2 => O::AuthenticationProtocol(lcp::AuthenticationProtocol { protocol: Protocol(short), data }),
        3 => O::QualityProtocol(lcp::QualityProtocol { protocol: Protocol(short), data }),
        4 => O::MagicNumber(number),
        5 => O::ProtocolFieldCompression,
        6 => O::AddressAndControlFieldCompression,
        7 => O::FcsAlternatives(lcp::FcsAlternatives::from_bits(low)),
        8 => O::SelfDescribingPadding(low),
        9 => O::Callback(lcp::Callback { operation: lcp::CallbackOperation(low), message: data }),
        10 => O::CompoundFrames,
        11 => O::MultilinkMrru(short),
        12 => O::MultilinkShortSequence,
        13 => {
            O::EndpointDiscriminator(lcp::EndpointDiscriminator { class: lcp::EndpointClass(low | 8), address: data })
        }
        14 => O::LinkDiscriminator(short),
        _ => O::Other(RawOption { option_type: low | 32, data }),
    }
}

fn ipcp_option(choice: u8, number: u32, data: &[u8]) -> ipcp::ConfigurationOption<'_> {
    use ipcp::ConfigurationOption as O;
    let [high, low, ..] = number.to_be_bytes();
    let address = Ipv4Addr::from_bits(number);
    match choice % 9 {
        0 => O::IpAddresses { source: address, destination: Ipv4Addr::from_bits(!number) },
        1 => {
            O::IpCompressionProtocol(ipcp::IpCompressionProtocol::VanJacobson { max_slot_id: high, comp_slot_id: low })
        }
        2 => O::IpCompressionProtocol(ipcp::IpCompressionProtocol::Other { protocol: Protocol(0x0061), data }),
        3 => O::IpAddress(address),
        4 => O::PrimaryDns(address),
        5 => O::PrimaryNbns(address),
        6 => O::SecondaryDns(address),
        7 => O::SecondaryNbns(address),
        _ => O::Other(RawOption { option_type: low & 0x7f | 32, data }),
    }
}

fn lcp_message(choice: u8, number: u32, data: &[u8]) -> lcp::Message<'_> {
    use lcp::Message as M;
    let echo = lcp::Echo { magic_number: number, data };
    let [high, low, ..] = number.to_be_bytes();
    match choice % 14 {
        0 => M::ConfigureRequest(data),
        1 => M::ConfigureAck(data),
        2 => M::ConfigureNak(data),
        3 => M::ConfigureReject(data),
        4 => M::TerminateRequest(data),
        5 => M::TerminateAck(data),
        6 => M::CodeReject(data),
        7 => M::ProtocolReject(lcp::ProtocolReject {
            protocol: Protocol(u16::from_be_bytes([high, low])),
            information: data,
        }),
        8 => M::EchoRequest(echo),
        9 => M::EchoReply(echo),
        10 => M::DiscardRequest(echo),
        11 => M::Identification(lcp::Identification { magic_number: number, message: Text(data) }),
        12 => M::TimeRemaining(lcp::TimeRemaining { magic_number: number, seconds: !number, message: Text(data) }),
        _ => M::Other { code: Code(low | 16), data },
    }
}

const PROTOCOLS: [Protocol; 8] = [
    Protocol::LCP,
    Protocol::IPCP,
    Protocol::IPV6CP,
    Protocol::CCP,
    Protocol::CDPCP,
    Protocol::PAP,
    Protocol::CHAP,
    Protocol::EAP,
];

proptest! {
    #[test]
    fn frames(number in any::<u16>(), ac in any::<bool>(), pfc in any::<bool>(), information in bytes(0..64)) {
        let protocol = Protocol(number & 0xfeff | 1);
        let frame = Frame { address_control: ac, compressed: pfc, protocol, information: &information };
        let bytes = written!(frame);
        let compressed = pfc && protocol.is_compressible();
        prop_assert_eq!(Frame::decode(&bytes), Ok(Frame { compressed, ..frame }));
        let header = bytes.len() - information.len();
        let mut buf = [0; Frame::MAX_HEADER_LEN];
        prop_assert_eq!(frame.encode_header(&mut buf), Ok(&bytes[..header]));
        #[cfg(feature = "bytes")]
        {
            let shared = bytes::Bytes::from(bytes);
            let (found, information) = Frame::decode_bytes(&shared).unwrap();
            prop_assert_eq!((found, &information[..]), (protocol, frame.information));
        }
    }

    #[test]
    fn invalid_protocols_are_not_written(number in any::<u16>()) {
        let protocol = Protocol(number);
        let frame = Frame { address_control: false, compressed: false, protocol, information: &[] };
        let expected = if protocol.is_valid() { Ok(2) } else { Err(EncodeError::InvalidProtocol { found: protocol }) };
        prop_assert_eq!(frame.encode(&mut [0; 2]).map(<[u8]>::len), expected);
    }

    #[test]
    fn any_bytes_as_a_frame(bytes in bytes(0..12), address in any::<bool>()) {
        let bytes = if address { [&[0xff, 0x03], &bytes[..]].concat() } else { bytes };
        if let Ok(frame) = Frame::decode(&bytes) {
            let mut buf = [0; 16];
            prop_assert_eq!(frame.encode(&mut buf), Ok(&bytes[..]));
        }
    }

    #[test]
    fn packets(code in any::<u8>(), identifier in any::<u8>(), data in bytes(0..64), padding in bytes(0..8)) {
        let packet = Packet { code: Code(code), identifier, data: &data, padding: &padding };
        let bytes = written!(packet);
        prop_assert_eq!(Packet::decode(&bytes), Ok(packet));
    }

    #[test]
    fn raw_options(option_type in any::<u8>(), data in bytes(0..=253)) {
        let raw = RawOption { option_type, data: &data };
        let bytes = written!(raw);
        prop_assert!(Options::new(&bytes).eq([Ok(raw)]));
    }

    #[test]
    fn lcp_options(list in prop::collection::vec((any::<u8>(), any::<u32>(), bytes(0..24)), 0..12)) {
        let options: Vec<_> = list.iter().map(|(choice, number, data)| lcp_option(*choice, *number, data)).collect();
        let mut buf = [0; 512];
        let mut writer = OptionWriter::new(&mut buf);
        for option in &options {
            let bytes = written!(option);
            let before = writer.as_bytes().len();
            writer.push(option).unwrap();
            prop_assert_eq!(&writer.as_bytes()[before..], bytes);
        }
        let read = Options::new(writer.finish()).map(|raw| raw.and_then(lcp::ConfigurationOption::decode));
        prop_assert!(read.eq(options.into_iter().map(Ok)));
    }

    #[test]
    fn ipcp_options(choice in any::<u8>(), number in any::<u32>(), data in bytes(0..24)) {
        let option = ipcp_option(choice, number, &data);
        let bytes = written!(option);
        let raw = Options::new(&bytes).next().unwrap().unwrap();
        prop_assert_eq!(raw.option_type, option.option_type().0);
        prop_assert_eq!(ipcp::ConfigurationOption::decode(raw), Ok(option));
    }

    #[test]
    fn ipv6cp_options(choice in 0..3, number in any::<u64>(), kind in 3_u8.., data in bytes(0..24)) {
        use ipv6cp::ConfigurationOption as O;
        let option = match choice {
            0 => O::InterfaceIdentifier(ipv6cp::InterfaceIdentifier(number)),
            1 => O::Ipv6CompressionProtocol { protocol: Protocol(0x004f), data: &data },
            _ => O::Other(RawOption { option_type: kind, data: &data }),
        };
        let bytes = written!(option);
        let raw = Options::new(&bytes).next().unwrap().unwrap();
        prop_assert_eq!(raw.option_type, option.option_type().0);
        prop_assert_eq!(O::decode(raw), Ok(option));
    }

    #[test]
    fn ccp_options(microsoft in any::<bool>(), bits in any::<u32>(), kind in 19_u8.., data in bytes(0..24)) {
        use ccp::ConfigurationOption as O;
        let bits = ccp::MicrosoftCompression::from_bits(bits);
        let option = if microsoft { O::Microsoft(bits) } else { O::Other(RawOption { option_type: kind, data: &data }) };
        let bytes = written!(option);
        let raw = Options::new(&bytes).next().unwrap().unwrap();
        prop_assert_eq!(raw.option_type, option.option_type().0);
        prop_assert_eq!(O::decode(raw), Ok(option));
    }

    #[test]
    fn lcp_packets(choice in any::<u8>(), number in any::<u32>(), identifier in any::<u8>(), data in bytes(0..64)) {
        let packet = lcp::Packet { identifier, message: lcp_message(choice, number, &data) };
        let bytes = written!(packet);
        prop_assert_eq!(bytes[0], packet.message.code().0);
        prop_assert_eq!(lcp::Packet::decode(&bytes), Ok(packet));
        prop_assert_eq!(packet.message.options().is_some(), packet.message.code().has_options());
    }

    #[test]
    fn terminations(magic_number in any::<u32>(), error in any::<u32>(), longer in bytes(13)) {
        let reason = lcp::MicrosoftTermination { magic_number, error };
        prop_assert_eq!(lcp::MicrosoftTermination::decode(&reason.to_bytes()), Some(reason));
        let (mut buf, bytes) = ([0; 12], reason.to_bytes());
        prop_assert_eq!(reason.encode(&mut buf), Ok(&bytes[..]));
        prop_assert!(reason.encode(&mut [0; 11]).is_err());
        prop_assert_eq!(lcp::MicrosoftTermination::decode(&longer), None);
        prop_assert_eq!(lcp::MicrosoftTermination::decode(&reason.to_bytes()[..11]), None);
    }

    #[test]
    fn chap_packets(choice in 0..5, identifier in any::<u8>(), code in 5_u8.., value in bytes(0..=255), data in bytes(0..32)) {
        let named = chap::Value { value: &value, name: Text(&data) };
        let message = match choice {
            0 => chap::Message::Challenge(named),
            1 => chap::Message::Response(named),
            2 => chap::Message::Success(Text(&data)),
            3 => chap::Message::Failure(Text(&data)),
            _ => chap::Message::Other { code: chap::Code(code), data: &data },
        };
        let packet = chap::Packet { identifier, message };
        let bytes = written!(packet);
        prop_assert_eq!(chap::Packet::decode(&bytes), Ok(packet));
    }

    #[test]
    fn pap_packets(choice in 0..5, identifier in any::<u8>(), code in 4_u8.., name in bytes(0..=255), password in bytes(0..=255), trailing in bytes(0..4)) {
        let request = pap::Request { peer_id: Text(&name), password: pap::Password::new(&password), trailing: &trailing };
        let message = match choice {
            0 => pap::Message::AuthenticateRequest(request),
            1 => pap::Message::AuthenticateAck(pap::Reply::Message { message: Text(&name), trailing: &trailing }),
            2 => pap::Message::AuthenticateNak(pap::Reply::Message { message: Text(&name), trailing: &trailing }),
            3 => pap::Message::AuthenticateAck(pap::Reply::Bare),
            _ => pap::Message::Other { code: pap::Code(code), data: &name },
        };
        let packet = pap::Packet { identifier, message };
        let bytes = written!(packet);
        let read = pap::Packet::decode(&bytes).unwrap();
        prop_assert_eq!(read.identifier, identifier);
        match (read.message, message) {
            (pap::Message::AuthenticateRequest(read), pap::Message::AuthenticateRequest(request)) => {
                prop_assert_eq!((read.peer_id, read.trailing), (request.peer_id, request.trailing));
                prop_assert_eq!(read.password.as_bytes(), &password);
                prop_assert!(read.password.matches(&password));
            }
            (pap::Message::AuthenticateAck(read), pap::Message::AuthenticateAck(reply))
            | (pap::Message::AuthenticateNak(read), pap::Message::AuthenticateNak(reply)) => {
                prop_assert_eq!(read, reply);
            }
            (pap::Message::Other { code: read, data }, pap::Message::Other { code, .. }) => {
                prop_assert_eq!((read, data), (code, &name[..]));
            }
            (read, message) => prop_assert!(false, "{:?} became {:?}", message, read),
        }
    }

    #[test]
    fn eap_packets(choice in 0..5, identifier in any::<u8>(), code in 5_u8.., number in any::<u8>(), data in bytes(0..64)) {
        let method = eap::Method { method_type: eap::Type(number), data: &data };
        let message = match choice {
            0 => eap::Message::Request(method),
            1 => eap::Message::Response(method),
            2 => eap::Message::Success(&data),
            3 => eap::Message::Failure(&data),
            _ => eap::Message::Other { code: eap::Code(code), data: &data },
        };
        let packet = eap::Packet { identifier, message };
        let bytes = written!(packet);
        prop_assert_eq!(eap::Packet::decode(&bytes), Ok(packet));
    }

    /// Any bytes, most of them with a code and a length that make sense.
    #[test]
    fn any_bytes_as_a_packet(bytes in bytes(0..48), code in 0_u8..17, padding in 0_u16..4, make_valid in 0..4) {
        let mut bytes = bytes;
        if make_valid != 0 && bytes.len() >= 8 {
            bytes[0] = code;
            let length = u16::try_from(bytes.len()).unwrap() - padding;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[5] %= 12;
        }
        for protocol in PROTOCOLS {
            if check(protocol, &bytes).is_ok() {
                prop_assert!(Packet::decode(&bytes).is_ok());
            }
        }
    }

    #[test]
    fn options_of_any_bytes_end(bytes in bytes(0..300), small in any::<bool>()) {
        let bytes: Vec<u8> = if small { bytes.iter().map(|byte| byte % 5).collect() } else { bytes };
        let bound = bytes.len().div_ceil(2);
        let mut options = Options::new(&bytes);
        prop_assert!(options.size_hint().1.unwrap() <= bound);
        let mut steps = 0;
        while options.next().is_some() {
            steps += 1;
            prop_assert!(steps <= bound);
            prop_assert!(options.offset() <= bytes.len());
        }
        prop_assert_eq!(options.next(), None);
    }
}

#[test]
fn lengths_that_no_field_can_say_are_refused() {
    let long = alloc::vec![0; 65536];
    let mut buf = alloc::vec![0; 70000];
    let refused = |found: Result<&[u8], EncodeError>| match found {
        Err(EncodeError::TooLong { length, maximum, .. }) => (length, maximum),
        other => panic!("{other:?}"),
    };
    let packet = Packet { code: Code(1), identifier: 1, data: &long[..65532], padding: &[] };
    assert_eq!(refused(packet.encode(&mut buf)), (65532, 65531));
    let packet = Packet { data: &long[..65531], padding: &long[..9], ..packet };
    assert_eq!(packet.encode(&mut buf).map(<[u8]>::len), Ok(65544));
    let packet = lcp::Packet { identifier: 1, message: lcp_message(8, 0, &long[..65528]) };
    assert_eq!(refused(packet.encode(&mut buf)), (65532, 65531));
    let packet = eap::Packet { identifier: 1, message: eap::Message::Success(&long[..65532]) };
    assert_eq!(refused(packet.encode(&mut buf)), (65532, 65531));
    let value = chap::Value { value: &long[..256], name: Text(&[]) };
    let packet = chap::Packet { identifier: 1, message: chap::Message::Response(value) };
    assert_eq!(refused(packet.encode(&mut buf)), (256, 255));
    let packet = chap::Packet { identifier: 1, message: chap::Message::Failure(Text(&long)) };
    assert_eq!(refused(packet.encode(&mut buf)), (65536, 65531));
    for (name, password) in [(256, 0), (0, 256)] {
        let password = pap::Password::new(&long[..password]);
        let request = pap::Request { peer_id: Text(&long[..name]), password, trailing: &[] };
        let packet = pap::Packet { identifier: 1, message: pap::Message::AuthenticateRequest(request) };
        assert_eq!(refused(packet.encode(&mut buf)), (256, 255));
    }
    let packet = pap::Packet { identifier: 1, message: pap::Message::Other { code: pap::Code(9), data: &long } };
    assert_eq!(refused(packet.encode(&mut buf)), (65536, 65531));
    let option = lcp_option(2, 0, &long[..252]);
    assert_eq!(refused(option.encode_option(&mut buf)), (254, 253));
}

#[test]
fn a_full_writer_keeps_what_it_has() {
    let mut buf = [0; 9];
    let mut writer = OptionWriter::new(&mut buf);
    let magic = lcp::ConfigurationOption::MagicNumber(1);
    writer.push(&magic).unwrap();
    let error = writer.push(&magic).unwrap_err();
    assert!(matches!(error, EncodeError::BufferTooSmall(e) if (e.needed, e.available) == (6, 3)));
    writer.push(&lcp::ConfigurationOption::ProtocolFieldCompression).unwrap();
    assert_eq!(writer.finish(), [5, 6, 0, 0, 0, 1, 7, 2]);
}

#[cfg(feature = "arbitrary")]
#[test]
fn arbitrary_values_are_written_and_read() {
    use arbitrary::{Arbitrary, Unstructured};

    fn try_all(seed: &[u8]) {
        let mut buf = [0; 512];
        let seed = &mut Unstructured::new(seed);
        if let Ok(Ok(bytes)) = Frame::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            Frame::decode(bytes).unwrap();
        }
        if let Ok(Ok(bytes)) = Packet::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            Packet::decode(bytes).unwrap();
        }
        if let Ok(Ok(bytes)) = lcp::Packet::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            assert!(check(Protocol::LCP, bytes).is_ok() || bytes[0] > 7);
        }
        if let Ok(Ok(bytes)) = pap::Packet::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            let _ = check(Protocol::PAP, bytes);
        }
        if let Ok(Ok(bytes)) = chap::Packet::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            let _ = check(Protocol::CHAP, bytes);
        }
        if let Ok(Ok(bytes)) = eap::Packet::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            let _ = check(Protocol::EAP, bytes);
        }
        if let Ok(Ok(bytes)) = ccp::ConfigurationOption::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            assert!(Options::new(bytes).all(|option| option.is_ok()));
        }
        if let Ok(Ok(bytes)) = ipcp::ConfigurationOption::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            assert!(Options::new(bytes).all(|option| option.is_ok()));
        }
        if let Ok(Ok(bytes)) = ipv6cp::ConfigurationOption::arbitrary(seed).map(|value| value.encode(&mut buf)) {
            assert!(Options::new(bytes).all(|option| option.is_ok()));
        }
    }

    let mut random = testing::Random::new(1);
    for _ in 0..200 {
        try_all(&random.bytes(400));
    }
}
