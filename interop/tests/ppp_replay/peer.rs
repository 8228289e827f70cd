//! The recorded peer, which answers what our link really sends.
//!
//! Its own requests, proofs and ends come as recorded. But an answer has to fit what it answers:
//! our magic numbers, challenges and identifiers are not those of the recording. So the peer is
//! asked again, by what the recording says of it: which options it acknowledged, which it rejected,
//! and what it suggested. The proofs are computed with the password.

use std::collections::BTreeMap;
use std::time::Duration;

use mschap::{NtHash, v1, v2};
use ppp_fsm::{Code, Frame, OptionWriter, Packet, Protocol, RawOption, chap, lcp, pap};

use crate::recording::{Session, Side};

type Owned = (u8, Vec<u8>);

/// The recording's view of one control protocol of the peer.
#[derive(Debug, Default)]
struct Opinion {
    acknowledged: Vec<Owned>,
    rejected: Vec<Owned>,
    suggested: Vec<Owned>,
    /// Its answers that have not come yet.
    answers_left: usize,
    /// The identifiers of its own requests, and how the recorded side answered.
    requests: BTreeMap<u8, Code>,
}

pub struct Peer {
    side: Side,
    name: Vec<u8>,
    password: String,
    opinions: BTreeMap<u16, Opinion>,
    /// The last request of our link in each protocol, while it has no answer.
    open: BTreeMap<u16, Vec<u8>>,
    /// The last requests that were made for the peer: identifiers that the recorded side never saw.
    further: BTreeMap<(u16, u8), Vec<u8>>,
    last_requests: BTreeMap<u16, Vec<u8>>,
    magic_number: u32,
    /// The last packets that our link sent, for answers to be right.
    challenge: Option<Vec<u8>>,
    response: Option<Vec<u8>>,
    recorded_challenge: Option<Vec<u8>>,
    reset: Option<u8>,
    has_terminated: bool,
    /// Protocols of data that our link did not agree to, and the recorded side did.
    not_agreed: Vec<Protocol>,
    /// Made for the peer, to come at a time.
    pub made: Vec<(Duration, Vec<u8>)>,
    /// How many requests were made for it.
    pub count: usize,
}

/// The time on the line of what is made.
const DELAY: Duration = Duration::from_millis(20);

fn options(packet: &Packet<'_>) -> Vec<Owned> {
    packet.options().map(|option| option.unwrap()).map(|option| (option.option_type, option.data.to_vec())).collect()
}

fn encode(protocol: Protocol, code: Code, identifier: u8, data: &[u8]) -> Vec<u8> {
    let mut packet = [0; 600];
    let packet = Packet { code, identifier, data, padding: &[] }.encode(&mut packet).unwrap();
    framed(protocol, packet)
}

fn framed(protocol: Protocol, packet: &[u8]) -> Vec<u8> {
    let frame = Frame { address_control: true, compressed: false, protocol, information: packet };
    frame.encode(&mut [0; 800]).unwrap().to_vec()
}

fn write(options: &[Owned]) -> Vec<u8> {
    let mut buf = [0; 512];
    let mut writer = OptionWriter::new(&mut buf);
    for (option_type, data) in options {
        writer.push(&RawOption { option_type: *option_type, data }).unwrap();
    }
    writer.as_bytes().to_vec()
}

fn is_negotiation(protocol: Protocol) -> bool {
    [Protocol::LCP, Protocol::CCP, Protocol::IPCP, Protocol::IPV6CP].contains(&protocol)
}

impl Peer {
    /// Creates the side that is not in `session`'s place.
    pub fn new(session: &Session, name: &str, password: &str) -> Self {
        let side = if session.place == Side::Client { Side::Server } else { Side::Client };
        let mut new = Self {
            side,
            name: name.as_bytes().to_vec(),
            password: password.to_owned(),
            opinions: BTreeMap::new(),
            open: BTreeMap::new(),
            further: BTreeMap::new(),
            last_requests: BTreeMap::new(),
            magic_number: 0,
            challenge: None,
            response: None,
            recorded_challenge: None,
            reset: None,
            has_terminated: false,
            not_agreed: Vec::new(),
            made: Vec::new(),
            count: 0,
        };
        for recorded in &session.frames {
            let frame = Frame::decode(&recorded.frame).unwrap();
            if is_negotiation(frame.protocol) {
                new.learn(recorded.from, frame.protocol, &Packet::decode(frame.information).unwrap());
            }
        }
        new
    }

    fn learn(&mut self, from: Side, protocol: Protocol, packet: &Packet<'_>) {
        let opinion = self.opinions.entry(protocol.0).or_default();
        let is_answer = [Code::CONFIGURE_ACK, Code::CONFIGURE_NAK, Code::CONFIGURE_REJECT].contains(&packet.code);
        if from != self.side {
            if is_answer {
                opinion.requests.insert(packet.identifier, packet.code);
            }
            return;
        }
        let list = match packet.code {
            Code::CONFIGURE_ACK => &mut opinion.acknowledged,
            Code::CONFIGURE_NAK => &mut opinion.suggested,
            Code::CONFIGURE_REJECT => &mut opinion.rejected,
            _ => return,
        };
        list.extend(options(packet));
        opinion.answers_left += 1;
    }

    /// Takes a frame that our link sends.
    pub fn take(&mut self, now: Duration, frame: &Frame<'_>) {
        let protocol = frame.protocol;
        match protocol {
            Protocol::CHAP => {
                let packet = frame.information.to_vec();
                match chap::Packet::decode(&packet).unwrap().message {
                    chap::Message::Challenge(_) => self.challenge = Some(packet),
                    chap::Message::Response(_) => self.response = Some(packet),
                    _ => {}
                }
            }
            Protocol::PAP => self.response = Some(frame.information.to_vec()),
            _ if is_negotiation(protocol) => self.take_control(now, protocol, frame.information),
            _ => {}
        }
    }

    fn take_control(&mut self, now: Duration, protocol: Protocol, bytes: &[u8]) {
        let packet = Packet::decode(bytes).unwrap();
        let opinion = self.opinions.entry(protocol.0).or_default();
        match packet.code {
            Code::CONFIGURE_REQUEST => {
                self.open.insert(protocol.0, bytes.to_vec());
                let is_known = !opinion.acknowledged.is_empty() || !opinion.suggested.is_empty();
                if opinion.answers_left == 0 && is_known {
                    let answer = self.answer(protocol).unwrap();
                    self.made.push((now + DELAY, answer));
                }
            }
            Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT => {
                // Where the recorded side took a request, and ours does not, the peer has to ask again.
                let recorded = opinion.requests.get(&packet.identifier);
                let further = self.further.get(&(protocol.0, packet.identifier));
                if recorded == Some(&Code::CONFIGURE_ACK) || further.is_some() {
                    let request = further.or(self.last_requests.get(&protocol.0)).unwrap();
                    let request = revised(&Packet::decode(request).unwrap(), &packet);
                    let identifier = packet.identifier.wrapping_add(0x40);
                    let frame = encode(protocol, Code::CONFIGURE_REQUEST, identifier, &request);
                    let packet = Frame::decode(&frame).unwrap().information.to_vec();
                    self.further.insert((protocol.0, identifier), packet);
                    self.made.push((now + DELAY, frame));
                    self.count += 1;
                    if protocol == Protocol::IPCP {
                        self.not_agreed.extend([Protocol::VJ_COMPRESSED, Protocol::VJ_UNCOMPRESSED]);
                    } else if protocol == Protocol::CCP {
                        self.not_agreed.push(Protocol::COMPRESSED);
                    }
                    assert!(self.count < 8, "no end of {protocol}");
                }
            }
            Code::TERMINATE_REQUEST if protocol == Protocol::LCP => self.has_terminated = true,
            Code::TERMINATE_REQUEST => {
                self.made.push((now + DELAY, encode(protocol, Code::TERMINATE_ACK, packet.identifier, &[])));
            }
            Code::RESET_REQUEST if protocol == Protocol::CCP => self.reset = Some(packet.identifier),
            Code::ECHO_REQUEST if protocol == Protocol::LCP => {
                let message = lcp::Message::EchoReply(lcp::Echo { magic_number: self.magic_number, data: &[] });
                let mut buf = [0; 16];
                let reply = lcp::Packet { identifier: packet.identifier, message }.encode(&mut buf).unwrap().to_vec();
                self.made.push((now + DELAY, framed(protocol, &reply)));
            }
            _ => {}
        }
    }

    /// Returns what the peer's frame has to be for our link; `None` when it answers nothing that
    /// our link sent.
    pub fn give(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let frame = Frame::decode(bytes).unwrap();
        let protocol = frame.protocol;
        let again =
            |packet: Vec<u8>| Some(Frame { information: &packet, ..frame }.encode(&mut [0; 800]).unwrap().to_vec());
        match protocol {
            Protocol::CHAP => again(self.give_chap(frame.information)?),
            Protocol::PAP if self.side == Side::Server => {
                let packet = pap::Packet::decode(frame.information).unwrap();
                let identifier = pap::Packet::decode(self.response.as_ref()?).unwrap().identifier;
                again(pap::Packet { identifier, message: packet.message }.encode(&mut [0; 300]).unwrap().to_vec())
            }
            _ if is_negotiation(protocol) => {
                let packet = Packet::decode(frame.information).unwrap();
                match packet.code {
                    Code::CONFIGURE_ACK | Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT => {
                        self.opinions.entry(protocol.0).or_default().answers_left -= 1;
                        self.answer(protocol)
                    }
                    Code::CONFIGURE_REQUEST => {
                        self.last_requests.insert(protocol.0, frame.information.to_vec());
                        let magic = |(option_type, data): (u8, Vec<u8>)| {
                            let number: Result<[u8; 4], _> = data.try_into();
                            (option_type == lcp::OptionType::MAGIC_NUMBER.0)
                                .then(|| u32::from_be_bytes(number.unwrap()))
                        };
                        if protocol == Protocol::LCP {
                            self.magic_number = options(&packet).into_iter().find_map(magic).unwrap_or(0);
                        }
                        Some(bytes.to_vec())
                    }
                    // It is made when our link asks.
                    Code::ECHO_REPLY if protocol == Protocol::LCP => None,
                    Code::TERMINATE_ACK if protocol == Protocol::LCP && !self.has_terminated => None,
                    Code::RESET_ACK if protocol == Protocol::CCP => {
                        again(encode_packet(Code::RESET_ACK, self.reset.take()?, &[]))
                    }
                    _ => Some(bytes.to_vec()),
                }
            }
            _ => (!self.not_agreed.contains(&protocol)).then(|| bytes.to_vec()),
        }
    }

    /// Returns the answer to the request of our link that waits for one.
    fn answer(&mut self, protocol: Protocol) -> Option<Vec<u8>> {
        let request = self.open.remove(&protocol.0)?;
        let request = Packet::decode(&request).unwrap();
        let opinion = &self.opinions[&protocol.0];
        let has_type = |list: &[Owned], option_type| list.iter().any(|(known, _)| *known == option_type);
        let (mut rejects, mut naks) = (Vec::new(), Vec::new());
        for option in options(&request) {
            let is_chance = protocol == Protocol::LCP && option.0 == lcp::OptionType::MAGIC_NUMBER.0;
            if is_chance || opinion.acknowledged.contains(&option) {
                continue;
            }
            let is_rejected = opinion.rejected.contains(&option)
                || (has_type(&opinion.rejected, option.0) && !has_type(&opinion.acknowledged, option.0));
            if is_rejected {
                rejects.push(option);
            } else if let Some(suggested) = opinion.suggested.iter().rfind(|(known, _)| *known == option.0) {
                naks.push(suggested.clone());
            }
        }
        let (code, data) = match (rejects.is_empty(), naks.is_empty()) {
            (false, _) => (Code::CONFIGURE_REJECT, write(&rejects)),
            (true, false) => (Code::CONFIGURE_NAK, write(&naks)),
            (true, true) => (Code::CONFIGURE_ACK, request.data.to_vec()),
        };
        Some(encode(protocol, code, request.identifier, &data))
    }

    fn give_chap(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        let packet = chap::Packet::decode(bytes).unwrap();
        let mut buf = [0; 400];
        match packet.message {
            chap::Message::Challenge(value) => {
                self.recorded_challenge = Some(value.value.to_vec());
                Some(bytes.to_vec())
            }
            chap::Message::Response(value) => {
                let challenge = self.challenge.as_ref()?;
                let challenge = chap::Packet::decode(challenge).unwrap();
                let chap::Message::Challenge(asked) = challenge.message else { unreachable!() };
                let answer = self.proof(challenge.identifier, asked.value, value.value);
                let message = chap::Message::Response(chap::Value { value: &answer, ..value });
                let packet = chap::Packet { identifier: challenge.identifier, message };
                Some(packet.encode(&mut buf).unwrap().to_vec())
            }
            chap::Message::Success(text) => {
                let Some(rest) = text.0.strip_prefix(b"S=") else { return Some(bytes.to_vec()) };
                let mut message = self.mutual_proof()?.to_vec();
                message.extend(&rest[40..]);
                let message = chap::Message::Success(message.as_slice().into());
                Some(chap::Packet { identifier: packet.identifier, message }.encode(&mut buf).unwrap().to_vec())
            }
            _ => Some(bytes.to_vec()),
        }
    }

    /// Returns the recorded client's answer, to another challenge.
    fn proof(&self, identifier: u8, challenge: &[u8], recorded: &[u8]) -> Vec<u8> {
        use md5::{Digest, Md5};

        let hash = NtHash::from_password(self.password.as_str());
        match (recorded.len(), challenge.len()) {
            (49, 8) => v1::Response::new(&hash, challenge.try_into().unwrap()).encode().to_vec(),
            (49, 16) => {
                let peer = recorded[..16].try_into().unwrap();
                let challenges = v2::Challenges { authenticator: challenge.try_into().unwrap(), peer };
                v2::Response::new(&hash, &challenges, self.user()).encode().to_vec()
            }
            _ => Md5::new()
                .chain_update([identifier])
                .chain_update(&self.password)
                .chain_update(challenge)
                .finalize()
                .to_vec(),
        }
    }

    /// Returns the recorded server's proof, of another response.
    fn mutual_proof(&self) -> Option<[u8; 42]> {
        let hash = NtHash::from_password(self.password.as_str());
        let response = chap::Packet::decode(self.response.as_ref()?).unwrap();
        let chap::Message::Response(value) = response.message else { unreachable!() };
        let response = v2::Response::decode(value.value).unwrap();
        let challenges = response.challenges(self.recorded_challenge.as_ref()?.as_slice().try_into().unwrap());
        let hashed = challenges.hash(self.user());
        Some(v2::AuthenticatorResponse::new(&hash.hash(), &response.nt_response, &hashed).to_text())
    }

    /// Returns the name as it is hashed, without the domain.
    fn user(&self) -> &[u8] {
        mschap::NamePolicy::default().user(&self.name)
    }
}

fn encode_packet(code: Code, identifier: u8, data: &[u8]) -> Vec<u8> {
    Packet { code, identifier, data, padding: &[] }.encode(&mut [0; 64]).unwrap().to_vec()
}

/// Returns a request without what was rejected, and with what was suggested.
fn revised(request: &Packet<'_>, answer: &Packet<'_>) -> Vec<u8> {
    let answered = options(answer);
    let mut revised = options(request);
    if answer.code == Code::CONFIGURE_REJECT {
        revised.retain(|option| !answered.contains(option));
    } else {
        for option in answered {
            match revised.iter_mut().find(|(option_type, _)| *option_type == option.0) {
                Some(place) => *place = option,
                None => revised.push(option),
            }
        }
    }
    write(&revised)
}
