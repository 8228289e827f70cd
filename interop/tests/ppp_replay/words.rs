//! A packet in words, without what differs by chance: magic numbers, challenges, proofs, and identifiers of its own.

use ppp_fsm::{Frame, Packet, Protocol, RawOption, ccp, chap, ipcp, ipv6cp, lcp, pap};

/// Returns whether a frame is of a protocol that is compared, which all but data are.
pub fn is_control(protocol: Protocol) -> bool {
    protocol.0 >= 0x8000
}

/// The header of a frame, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub header: String,
    pub words: String,
}

impl Decision {
    pub fn new(frame: &Frame<'_>) -> Self {
        let mut header = [0; Frame::MAX_HEADER_LEN];
        let header = hex::encode(frame.encode_header(&mut header).unwrap());
        Self { header, words: packet(frame.protocol, frame.information) }
    }
}

fn packet(protocol: Protocol, bytes: &[u8]) -> String {
    match protocol {
        Protocol::CHAP => chap(&chap::Packet::decode(bytes).unwrap()),
        Protocol::PAP => {
            let decoded = pap::Packet::decode(bytes).unwrap();
            format!("PAP {}", pap::Packet { identifier: 0, ..decoded }).replacen("id 0 ", "", 1)
        }
        _ => control(protocol, &Packet::decode(bytes).unwrap()),
    }
}

/// Returns the texts of MS-CHAP without proof and challenge.
fn chap(packet: &chap::Packet<'_>) -> String {
    let text = |text: &ppp_fsm::Text<'_>| {
        let text = text.to_string();
        let words = text.split(' ').map(|word| match word.trim_start_matches('"').get(..2) {
            Some(key @ ("S=" | "C=")) => format!("{key}…"),
            _ => word.trim_matches('"').to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    };
    match &packet.message {
        chap::Message::Challenge(value) => format!("CHAP CHALLENGE from {}", value.name),
        chap::Message::Response(value) => format!("CHAP RESPONSE of {} bytes from {}", value.value.len(), value.name),
        chap::Message::Success(message) => format!("CHAP SUCCESS \"{}\"", text(message)),
        chap::Message::Failure(message) => format!("CHAP FAILURE \"{}\"", text(message)),
        other => format!("{other:?}"),
    }
}

fn control(protocol: Protocol, packet: &Packet<'_>) -> String {
    use ppp_fsm::Code;

    let name = packet.code.short_name().unwrap();
    // An answer repeats the identifier of what it answers. Others choose their own.
    let answers = [
        Code::CONFIGURE_ACK,
        Code::CONFIGURE_NAK,
        Code::CONFIGURE_REJECT,
        Code::TERMINATE_ACK,
        Code::ECHO_REPLY,
        Code::RESET_ACK,
    ];
    let mut words = format!("{protocol} {name}");
    if answers.contains(&packet.code) {
        words += &format!(" id {}", packet.identifier);
    }
    if packet.code.has_options() {
        let options: Vec<_> = packet.options().map(|option| self::option(protocol, option.unwrap())).collect();
        if !options.is_empty() {
            words += &format!(": {}", options.join(", "));
        }
    } else if packet.code == Code::TERMINATE_REQUEST {
        words += &match lcp::MicrosoftTermination::decode(packet.data) {
            Some(reason) => format!(": error {}", reason.error),
            None if packet.data.is_empty() => String::new(),
            None => format!(": {}", ppp_fsm::Text(packet.data)),
        };
    } else if packet.code == Code::PROTOCOL_REJECT && protocol == Protocol::LCP {
        let lcp::Message::ProtocolReject(reject) = lcp::Message::decode(packet.code, packet.data).unwrap() else {
            unreachable!()
        };
        words += &format!(": {}, {} bytes", reject.protocol, reject.information.len());
    }
    words
}

fn option(protocol: Protocol, raw: RawOption<'_>) -> String {
    if protocol == Protocol::LCP && raw.option_type == lcp::OptionType::MAGIC_NUMBER.0 {
        return "MagicNumber".to_owned();
    }
    match protocol {
        Protocol::LCP => lcp::ConfigurationOption::decode(raw).unwrap().to_string(),
        Protocol::IPCP => ipcp::ConfigurationOption::decode(raw).unwrap().to_string(),
        Protocol::IPV6CP => ipv6cp::ConfigurationOption::decode(raw).unwrap().to_string(),
        Protocol::CCP => ccp::ConfigurationOption::decode(raw).unwrap().to_string(),
        other => panic!("no options of {other} are known"),
    }
}
