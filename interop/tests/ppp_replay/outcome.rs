//! The outcome of a session: what both sides agreed on, and how it ended.

use std::collections::BTreeMap;

use ppp_fsm::auth::Method;
use ppp_fsm::ccp::MicrosoftCompression;
use ppp_fsm::ipv6cp::InterfaceIdentifier;
use ppp_fsm::link::{Event, Link, Phase, Reason};
use ppp_fsm::{Code, Frame, Packet, Protocol, RawOption, ccp, chap, ipcp, ipv6cp, lcp, pap};

use crate::recording::{Session, Side};

/// How far a session came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    #[default]
    NotAuthenticated,
    NotEncrypted,
    Opened,
}

/// The side that ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    ThisSide,
    Peer,
    #[default]
    Line,
}

/// As seen by one side: first what holds for it, then for the peer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    pub method: Option<Method>,
    /// How it sends and receives, where CCP opened with encryption.
    pub encryption: Option<[MicrosoftCompression; 2]>,
    pub addresses: Option<[Option<std::net::Ipv4Addr>; 2]>,
    pub name_servers: Vec<std::net::Ipv4Addr>,
    pub identifiers: Option<[Option<InterfaceIdentifier>; 2]>,
    pub stage: Stage,
    pub end: End,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let method = self.method.map_or("none".to_owned(), |method| method.to_string());
        write!(f, "{method}")?;
        match self.encryption {
            Some([send, receive]) => write!(f, "; sends {send}, receives {receive}")?,
            None => f.write_str("; in the clear")?,
        }
        let text = |address: Option<std::net::Ipv4Addr>| address.map_or("none".into(), |address| address.to_string());
        if let Some([own, peer]) = self.addresses {
            write!(f, "; {} to {}", text(own), text(peer))?;
        }
        for server in &self.name_servers {
            write!(f, ", name server {server}")?;
        }
        if self.identifiers.is_some() {
            f.write_str("; IPv6")?;
        }
        write!(
            f,
            "; {}",
            match self.stage {
                Stage::NotAuthenticated => "not authenticated",
                Stage::NotEncrypted => "no common encryption",
                Stage::Opened => "opened",
            }
        )
    }
}

/// The options of the last Configure-Ack of each side and protocol.
type Acknowledged = BTreeMap<(u16, bool), Vec<(u8, Vec<u8>)>>;

/// Returns what the recorded side came to.
pub fn recorded(session: &Session) -> Outcome {
    let mut acknowledged = Acknowledged::new();
    let mut outcome = Outcome::default();
    let mut is_refused = false;
    let mut has_ended = false;
    for recorded in &session.frames {
        let is_own = recorded.from == session.place;
        let frame = Frame::decode(&recorded.frame).unwrap();
        match frame.protocol {
            Protocol::CHAP => {
                let message = chap::Packet::decode(frame.information).unwrap().message;
                is_refused |= matches!(message, chap::Message::Failure(_));
            }
            Protocol::PAP => {
                let message = pap::Packet::decode(frame.information).unwrap().message;
                is_refused |= matches!(message, pap::Message::AuthenticateNak(_));
            }
            Protocol::LCP | Protocol::CCP | Protocol::IPCP | Protocol::IPV6CP => {
                let packet = Packet::decode(frame.information).unwrap();
                if packet.code == Code::CONFIGURE_ACK {
                    let options = packet.options().map(Result::unwrap);
                    let options = options.map(|option| (option.option_type, option.data.to_vec())).collect();
                    acknowledged.insert((frame.protocol.0, is_own), options);
                } else if packet.code == Code::TERMINATE_REQUEST && frame.protocol == Protocol::LCP && !has_ended {
                    has_ended = true;
                    outcome.end = if is_own { End::ThisSide } else { End::Peer };
                }
            }
            _ => {}
        }
    }
    let by_server = (Protocol::LCP.0, session.place == Side::Client);
    outcome.method = find(&acknowledged, by_server, |raw| match lcp::ConfigurationOption::decode(raw).unwrap() {
        lcp::ConfigurationOption::AuthenticationProtocol(protocol) => Method::from_option(&protocol),
        _ => None,
    });
    let address = |by_own| {
        find(&acknowledged, (Protocol::IPCP.0, by_own), |raw| match ipcp::ConfigurationOption::decode(raw).unwrap() {
            ipcp::ConfigurationOption::IpAddress(address) => Some(address),
            _ => None,
        })
    };
    let bits = |by_own| {
        find(&acknowledged, (Protocol::CCP.0, by_own), |raw| match ccp::ConfigurationOption::decode(raw).unwrap() {
            ccp::ConfigurationOption::Microsoft(bits) => Some(bits),
            _ => None,
        })
    };
    let identifier = |by_own| {
        find(&acknowledged, (Protocol::IPV6CP.0, by_own), |raw| {
            match ipv6cp::ConfigurationOption::decode(raw).unwrap() {
                ipv6cp::ConfigurationOption::InterfaceIdentifier(identifier) => Some(identifier),
                _ => None,
            }
        })
    };
    let is_open = |protocol: Protocol| [true, false].iter().all(|own| acknowledged.contains_key(&(protocol.0, *own)));
    if let (Some(send), Some(receive)) = (bits(true), bits(false)) {
        outcome.encryption = Some([send, receive]);
    }
    if is_open(Protocol::IPCP) {
        outcome.addresses = Some([address(false), address(true)]);
        let given =
            acknowledged[&(Protocol::IPCP.0, false)].iter().filter(|(option_type, _)| [129, 131].contains(option_type));
        outcome.name_servers = given.map(|(_, data)| <[u8; 4]>::try_from(data.as_slice()).unwrap().into()).collect();
    }
    if is_open(Protocol::IPV6CP) {
        outcome.identifiers = Some([identifier(false), identifier(true)]);
    }
    outcome.stage = match (is_refused, outcome.addresses) {
        (true, _) => Stage::NotAuthenticated,
        (false, None) => Stage::NotEncrypted,
        (false, Some(_)) => Stage::Opened,
    };
    outcome
}

fn find<T>(acknowledged: &Acknowledged, key: (u16, bool), read: impl Fn(RawOption<'_>) -> Option<T>) -> Option<T> {
    let options = acknowledged.get(&key)?;
    options.iter().find_map(|(option_type, data)| read(RawOption { option_type: *option_type, data }))
}

impl Outcome {
    /// Takes an event of our link.
    pub fn take(&mut self, link: &Link, event: Event) {
        match event {
            Event::Phase(Phase::Authenticate) => {
                self.method = link.lcp().sending().authentication.or(link.lcp().receiving().authentication);
            }
            Event::Phase(Phase::Network) => self.stage = Stage::NotEncrypted,
            Event::CompressionUp(agreed) if agreed.is_encrypted() => {
                self.encryption = Some([agreed.send, agreed.receive]);
            }
            Event::IpUp(agreed) => {
                self.addresses = Some([agreed.own_address, agreed.peer_address]);
                self.name_servers = agreed.name_servers.into_iter().flatten().collect();
                self.stage = Stage::Opened;
            }
            Event::Ipv6Up(agreed) => self.identifiers = Some([agreed.own, agreed.peer]),
            Event::Closed(reason) => {
                self.end = match reason {
                    Reason::PeerClosed { .. } => End::Peer,
                    Reason::LowerLayerDown => End::Line,
                    _ => End::ThisSide,
                }
            }
            _ => {}
        }
    }
}
