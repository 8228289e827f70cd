//! Recorded control connections with our machine in the place of each end: what became of tunnel and sessions there
//! becomes of them here, and where not, there is a reason.
//!
//! The user of our end does what the user of the recorded one did, at the same time: asks, accepts,
//! hangs up. The recorded packets of the other end come as they came. Only parts that depend on our
//! own numbers are put in: session ids, Nr, and the answer to our challenge, computed with the
//! other end's password.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use l2tp_wire::authenticate::challenge_response;
use l2tp_wire::code::{AttributeType, MessageType};
use l2tp_wire::header::{Control, ControlHeader, Recipient};
use l2tp_wire::hide::{HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, v2};
use l2tp_wire::session::{CallRequest, Disconnect, Session, SessionId, Terms};
use l2tp_wire::tunnel::{Authentication, Config, Event, Tunnel};
use l2tp_wire::{Address, Message, Packet, Secret, TunnelIds};

use crate::capture::{Recorded, read_pcap, recordings};

/// Where our end differs from the recorded one, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "x-no-answer",
        "client",
        "xl2tpd sends StopCCN to tunnel 0 four times when it gives up; RFC 2661 section 5.8 ends without a word.",
    ),
    ("xa-hidden", "client", "xl2tpd cannot decipher the hidden SCCRP of accel-ppp, and refuses it; we can."),
];

/// Returns the password of one end: in xl2tpd's file, or accel-ppp's, which is always the same
/// here.
fn password(folder: &Path, name: &str) -> Secret {
    let file = std::fs::read_to_string(folder.join(format!("{name}-secrets.txt"))).unwrap_or_default();
    let line = file.lines().find(|line| line.starts_with('*')).unwrap_or("* * opensesame");
    Secret::new(line.split_whitespace().nth(2).unwrap().as_bytes()).unwrap()
}

/// The outcome of a control connection.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    established: bool,
    sessions: usize,
    end: String,
}

/// Returns the AVPs of a message that was deciphered.
fn value_of(bytes: &[u8], key: &HidingKey, attribute: AttributeType) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let (_, avps) = reveal(&mut bytes, key).ok()?;
    avps.find(attribute).map(|avp| avp.value.to_vec())
}

fn type_of(bytes: &[u8]) -> Option<MessageType> {
    Control::decode(bytes).ok()?.avps().message_type().ok().map(|(message_type, _)| message_type)
}

fn header_of(bytes: &[u8]) -> Option<(ControlHeader, u16)> {
    let header = Control::decode(bytes).ok()?.header;
    match header.recipient {
        Recipient::V2 { session_id, .. } => Some((header, session_id)),
        Recipient::V3 { .. } => None,
    }
}

/// One replay: our machine, and how its ids and numbers correspond to the recorded ones.
struct Replay {
    tunnel: Tunnel<16>,
    peer: Address,
    peer_secret: Secret,
    /// Messages of the recorded end, in the order of their numbers.
    recorded_sent: Vec<MessageType>,
    /// Messages of ours.
    sent: Vec<MessageType>,
    /// Recorded session ids, and ours.
    sessions: Vec<(u16, SessionId)>,
    challenge: Option<Vec<u8>>,
    outcome: Outcome,
    /// Whether the script has stopped our end.
    told_to_stop: bool,
}

impl Replay {
    fn observe(&mut self, now: Duration) {
        let mut buf = [0; 1500];
        while let Some(packet) = self.tunnel.poll_transmit(now, &mut buf).unwrap() {
            let bytes = packet.payload;
            let Some((header, _)) = header_of(bytes) else { continue };
            if let Some(message_type) = type_of(bytes).filter(|_| usize::from(header.ns) == self.sent.len()) {
                self.sent.push(message_type);
                let control = Control::decode(bytes).unwrap();
                if let Some(avp) = control.avps().find(AttributeType::CHALLENGE) {
                    self.challenge = Some(avp.value.to_vec());
                }
            }
        }
        while let Some(event) = self.tunnel.poll_event() {
            match event {
                Event::Established => self.outcome.established = true,
                Event::CallConnected { .. } => self.outcome.sessions += 1,
                Event::Stopped { reason } => {
                    let who = if self.told_to_stop { "this side stopped" } else { "stopped" };
                    self.outcome.end = if reason.to_string() == "the tunnel was closed by this side" {
                        who.to_owned()
                    } else {
                        reason.to_string()
                    };
                }
                _ => {}
            }
        }
    }

    fn run_until(&mut self, now: Duration) {
        while let Some(at) = self.tunnel.poll_timeout().filter(|at| *at <= now) {
            self.tunnel.handle_timeout(at);
            self.observe(at);
        }
        self.observe(now);
    }

    /// Follows a message that the recorded end sent for the first time, with the command that made
    /// it.
    fn follow(&mut self, now: Duration, bytes: &[u8], key: &HidingKey, message_type: MessageType) {
        let session_of = |replay: &Self| {
            let id = value_of(bytes, key, AttributeType::ASSIGNED_SESSION_ID).unwrap();
            let id = u16::from_be_bytes(id.try_into().unwrap());
            let known = replay.sessions.iter().find(|(recorded, _)| *recorded == id).map(|(_, ours)| *ours);
            (id, known)
        };
        match message_type {
            MessageType::START_CONTROL_CONNECTION_REQUEST => self.tunnel.open(now).unwrap(),
            MessageType::INCOMING_CALL_REQUEST | MessageType::OUTGOING_CALL_REQUEST => {
                let (id, _) = session_of(self);
                let (request, terms) = (CallRequest::new(), Terms::new());
                let ours = if message_type == MessageType::INCOMING_CALL_REQUEST {
                    self.tunnel.announce_call(now, request, terms)
                } else {
                    self.tunnel.place_call(now, request, terms)
                };
                self.sessions.extend(ours.ok().map(|ours| (id, ours)));
            }
            MessageType::INCOMING_CALL_REPLY | MessageType::OUTGOING_CALL_REPLY => {
                let ((id, _), (_, peers)) = (session_of(self), header_of(bytes).unwrap());
                let asked = self.tunnel.sessions().find(|session| session.peer_terms().session_id == peers.into());
                if let Some(ours) = asked.map(Session::id) {
                    let _ = self.tunnel.accept_call(now, ours, Terms::new());
                    self.sessions.push((id, ours));
                }
            }
            MessageType::OUTGOING_CALL_CONNECTED => {
                for (_, ours) in self.sessions.clone() {
                    let _ = self.tunnel.connect_call(now, ours);
                }
            }
            MessageType::CALL_DISCONNECT_NOTIFY => {
                let (_, known) = session_of(self);
                if let Some(ours) = known {
                    let _ = self.tunnel.clear_call(now, ours, Disconnect::LOST_CARRIER);
                }
            }
            MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION => {
                self.told_to_stop = true;
                self.tunnel.close(now);
            }
            _ => {}
        }
        self.observe(now);
    }

    /// Returns how many of our messages the recorded Nr acknowledges: those that the recorded end
    /// had sent too, and all that it never sent.
    fn nr(&self, recorded: u16) -> u16 {
        let mut place = 0;
        let mut count = 0;
        for message_type in &self.sent {
            match self.recorded_sent[place..].iter().position(|sent| sent == message_type) {
                Some(offset) if place + offset >= recorded.into() => break,
                Some(offset) => place += offset + 1,
                None => {}
            }
            count += 1;
        }
        count
    }

    /// Delivers a message of the other end.
    fn deliver(&mut self, now: Duration, bytes: &[u8]) {
        match Packet::decode_udp(bytes) {
            Ok(Packet::Control(_)) => {}
            Ok(_) => return self.tunnel.handle_data_seen(now),
            Err(_) => return,
        }
        let (mut header, session) = header_of(bytes).unwrap();
        header.nr = self.nr(header.nr);
        if let Some((_, ours)) = self.sessions.iter().find(|(recorded, _)| *recorded == session) {
            let Recipient::V2 { tunnel_id, .. } = header.recipient else { return };
            header.recipient = Recipient::V2 { tunnel_id, session_id: u16::try_from(ours.get()).unwrap() };
        }
        let mut bytes = bytes.to_vec();
        if let Some(challenge) = self.challenge.clone() {
            bytes = self.answer(bytes, &challenge);
        }
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        header.overwrite(&mut bytes[..length]).unwrap();
        let _ = self.tunnel.handle_packet(now, self.peer, &mut bytes);
        self.observe(now);
    }

    /// Puts in the answer that the other end would have given to our challenge.
    fn answer(&self, bytes: Vec<u8>, challenge: &[u8]) -> Vec<u8> {
        let mut revealed = bytes.clone();
        let Ok((header, avps)) = reveal(&mut revealed, &HidingKey::v2(&self.peer_secret)) else { return bytes };
        let Ok(decoded) = Message::decode(l2tp_wire::Version::V2, avps) else { return bytes };
        let respond = |message_type| Some(challenge_response(message_type, &self.peer_secret, challenge));
        let message: Message<'_> = match decoded.message {
            Message::V2(v2::Message::StartControlConnectionReply(reply)) if reply.challenge_response.is_some() => {
                let challenge_response = respond(MessageType::START_CONTROL_CONNECTION_REPLY);
                v2::StartControlConnectionReply { challenge_response, ..reply }.into()
            }
            Message::V2(v2::Message::StartControlConnectionConnected(connected))
                if connected.challenge_response.is_some() =>
            {
                let challenge_response = respond(MessageType::START_CONTROL_CONNECTION_CONNECTED);
                v2::StartControlConnectionConnected { challenge_response }.into()
            }
            _ => return bytes,
        };
        let mut buf = [0; 1500];
        message.encode(&header, &EncodeOptions::new(), &mut buf).unwrap().to_vec()
    }
}

/// Returns the fate of the recorded end, as its packets show it.
fn recorded_outcome(packets: &[Recorded], is_client: bool) -> Outcome {
    let types: Vec<_> = packets
        .iter()
        .filter_map(|packet| type_of(&packet.bytes).map(|message_type| (packet.from_client == is_client, message_type)))
        .collect();
    let stop = MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION;
    let first_stop = types.iter().position(|(_, message_type)| *message_type == stop);
    let connected = MessageType::START_CONTROL_CONNECTION_CONNECTED;
    let completes = [MessageType::INCOMING_CALL_CONNECTED, MessageType::OUTGOING_CALL_CONNECTED];
    let mut sessions: Vec<_> = packets
        .iter()
        .filter(|packet| type_of(&packet.bytes).is_some_and(|message_type| completes.contains(&message_type)))
        .filter_map(|packet| header_of(&packet.bytes).map(|(_, session)| session))
        .collect();
    sessions.sort_unstable();
    sessions.dedup();
    let has_connected = types.iter().any(|(_, message_type)| *message_type == connected);
    // An SCCCN that is refused establishes nothing at the end that refuses it.
    let refused_at_once = packets.iter().any(|packet| {
        let result =
            Control::decode(&packet.bytes).ok().and_then(|control| control.avps().find(AttributeType::RESULT_CODE));
        packet.from_client == is_client
            && type_of(&packet.bytes) == Some(stop)
            && result.is_some_and(|result| result.value.starts_with(&[0, 2]))
    });
    let end = match first_stop.map(|stop| types[stop].0) {
        Some(true) => "this side stopped",
        Some(false) => "the other side stopped",
        None => "",
    };
    Outcome { established: has_connected && !refused_at_once, sessions: sessions.len(), end: end.to_owned() }
}

fn replay(folder: &Path, packets: &[Recorded], is_client: bool) -> Outcome {
    let names = if is_client { ["lac", "lns"] } else { ["lns", "lac"] };
    let [ours, peers] = names.map(|name| password(folder, name));
    let key = HidingKey::v2(&ours);
    let of_ours = |packet: &&Recorded| packet.from_client == is_client;
    let first = |wanted: MessageType| {
        packets.iter().filter(of_ours).find(|packet| type_of(&packet.bytes) == Some(wanted)).map(|packet| &packet.bytes)
    };
    let request = first(MessageType::START_CONTROL_CONNECTION_REQUEST);
    let start = request.or_else(|| first(MessageType::START_CONTROL_CONNECTION_REPLY));
    let mut ids = TunnelIds::new([1; 32]);
    let mut config = Config::new("ours").with_password(ours);
    if let Some(start) = start {
        let id = value_of(start, &key, AttributeType::ASSIGNED_TUNNEL_ID).unwrap();
        ids.v2 = u16::from_be_bytes(id.try_into().unwrap());
        if value_of(start, &key, AttributeType::CHALLENGE).is_some() {
            config = config.with_authentication(Authentication::Challenge);
        }
    }
    // By number: some were lost before they were recorded, and are there as retransmissions only.
    let recorded_sent: BTreeMap<u16, MessageType> = packets
        .iter()
        .filter(of_ours)
        .filter_map(|packet| Some((header_of(&packet.bytes)?.0.ns, type_of(&packet.bytes)?)))
        .collect();
    let host = if is_client { "10.9.0.2:1701" } else { "10.9.0.1:1701" };
    let peer = Address::udp(host.parse().unwrap());
    let tunnel = match request {
        Some(_) => Tunnel::originator(config, ids, peer, [2; 32]),
        None => Tunnel::receiver(config, ids, [2; 32]),
    };
    let mut replay = Replay {
        tunnel,
        peer,
        peer_secret: peers,
        recorded_sent: recorded_sent.into_values().collect(),
        sent: Vec::new(),
        sessions: Vec::new(),
        challenge: None,
        outcome: Outcome::default(),
        told_to_stop: false,
    };
    let mut seen = BTreeSet::new();
    for packet in packets {
        replay.run_until(packet.at);
        if packet.from_client != is_client {
            replay.deliver(packet.at, &packet.bytes);
            continue;
        }
        let (Some(message_type), Some((header, _))) = (type_of(&packet.bytes), header_of(&packet.bytes)) else {
            continue;
        };
        if seen.insert(header.ns) {
            replay.follow(packet.at, &packet.bytes, &key, message_type);
        }
    }
    let end = packets.last().map_or(Duration::ZERO, |packet| packet.at);
    replay.run_until(end + Duration::from_secs(1));
    replay.outcome
}

/// Returns whether the two ends of a tunnel say the same in different words.
fn agrees(recorded: &Outcome, ours: &Outcome) -> bool {
    let end = match recorded.end.as_str() {
        // It was stopped, or has found by itself what the recorded end found.
        "this side stopped" => ours.end == "this side stopped" || ours.end.contains("proof is wrong"),
        "the other side stopped" => ours.end.starts_with("the peer has ended the tunnel"),
        _ => ours.end.is_empty(),
    };
    end && (recorded.established, recorded.sessions) == (ours.established, ours.sessions)
}

#[test]
fn both_ends_of_every_recorded_control_connection_come_to_the_same_end() {
    let Some(folder) = recordings() else {
        println!("SKIPPED: the recordings are not here (../shared/captures/l2tp-lab)");
        return;
    };
    let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let (mut table, mut same, mut unexplained) = (String::new(), 0, Vec::new());
    let mut explained = 0;
    for path in names.iter().filter(|path| path.join("session.pcap").exists()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let packets = read_pcap(&path.join("session.pcap"));
        let sets_up = |packet: &Recorded| {
            header_of(&packet.bytes).is_some()
                && type_of(&packet.bytes) == Some(MessageType::START_CONTROL_CONNECTION_REQUEST)
        };
        if !packets.iter().any(sets_up) {
            println!("{name}: a static session, without a control connection that is set up");
            continue;
        }
        for (side, is_client) in [("client", true), ("server", false)] {
            let (recorded, ours) = (recorded_outcome(&packets, is_client), replay(path, &packets, is_client));
            let reason = DIFFERENCES.iter().find(|(known, end, _)| *known == name && *end == side);
            writeln!(table, "{name} {side}: recorded {recorded:?}, ours {ours:?}").unwrap();
            match (agrees(&recorded, &ours), reason) {
                (true, None) => same += 1,
                (false, Some((.., reason))) => {
                    explained += 1;
                    writeln!(table, "  {reason}").unwrap();
                }
                _ => unexplained.push(format!("{name} {side}: recorded {recorded:?}, ours {ours:?}")),
            }
        }
    }
    println!("{table}{same} ends came to the same end, {explained} differ with a reason");
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    assert!(same + explained >= 50);
}
