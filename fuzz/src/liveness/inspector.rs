//! `live_inspector`: a session that an inspector follows, and forged packets between those of its ends.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use pptp::inspect::{Content, ControlInput, Inspector, Record, Secrets};
use pptp::ppp::ccp::Modes;
use pptp::session::{Compression, Config, HEADROOM};
use pptp::wire::code::{DisconnectResult, StopReason};
use pptp::wire::message::{
    CallClearRequest, CallDisconnectNotify, OutgoingCallReply, OutgoingCallRequest, StartControlConnectionRequest,
    StopControlConnectionRequest,
};
use pptp::wire::{Message, Text};
use testing::CLIENT;
use testing::pptp::OneCall as _;
use testing::pptp::{Carried, connected, encode_gre, numbered_ip};

use super::{Control, JUMPS, is_fatal};
use crate::session::Input;

const ENDS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);

/// Asserts that an inspector decrypts every genuine packet among forged ones, up to one for each forged packet that
/// makes sense as an encrypted one by chance.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(first) = input.byte() else { return };
    let recording = Recording::of(first);
    #[cfg(fuzzing)]
    crate::limit::allow(SETUP);
    let quiet = Watch::new(recording).run(input, false);
    assert_eq!(quiet.decrypted.len(), recording.packets.len() - recording.setup, "all packets without forged ones");
    let forged = Watch::new(recording).run(input, true);
    let lost: Vec<u64> = quiet.decrypted.difference(&forged.decrypted).copied().collect();
    assert!(lost.len() <= forged.taken, "lost, where {} forged ones were taken: {lost:?}", forged.taken);
}

/// The time for two set-ups, with coverage and debug assertions: a password is tried on each.
#[cfg(fuzzing)]
const SETUP: Duration = Duration::from_millis(40);
/// Steps of an input.
const WORK: u32 = 200;
/// Packets of data, of both directions: under libFuzzer, where an input may take 10 ms, fewer.
const PACKETS: u8 = if cfg!(fuzzing) { 12 } else { 40 };
/// Forged packets have tags from here on.
const FORGED: u64 = 1 << 32;

/// Bytes that an end has sent.
struct Packet {
    from: usize,
    /// Its sequence number, where it is GRE's and has one.
    number: Option<u32>,
    is_gre: bool,
    bytes: Vec<u8>,
}

/// A session as it was on the wire.
struct Recording {
    packets: Vec<Packet>,
    /// How many of them are before the first packet of data.
    setup: usize,
    /// The call ids in the packets to the client, and to the server.
    call_ids: [u16; 2],
}

impl Recording {
    /// Returns the recording that a byte says: stateless or stateful, with MPPC or without.
    fn of(choice: u8) -> &'static Self {
        static RECORDINGS: [OnceLock<Recording>; 4] = [const { OnceLock::new() }; 4];
        let index = usize::from(choice & 3);
        RECORDINGS[index].get_or_init(|| {
            let modes = if index & 1 == 0 { Modes::Stateless } else { Modes::PreferStateful };
            let compression = if index & 2 == 0 { Compression::Off } else { Compression::Default };
            Self::new(&Config::strict().with_ppp(|ppp| ppp.with_modes(modes).with_compression(compression)))
        })
    }

    fn new(config: &Config) -> Self {
        let mut packets = Vec::new();
        let mut call_ids = [0; 2];
        let mut note = |from: usize, carried: &Carried<'_>| {
            let (is_gre, bytes) = match carried {
                Carried::Stream(bytes) => (false, *bytes),
                Carried::Datagram(bytes) => (true, *bytes),
            };
            let header = is_gre.then(|| pptp_gre::Packet::decode(bytes).expect("our own").header);
            if let Some(header) = header {
                call_ids[1 - from] = header.call_id;
            }
            let number = header.and_then(|header| header.sequence_number);
            packets.push(Packet { from, number, is_gre, bytes: bytes.to_vec() });
        };
        let (mut client, mut server, call) = connected(Duration::ZERO, config, |from, carried| note(from, &carried));
        for number in 0..PACKETS {
            let mut buf = [&[0; HEADROOM][..], &numbered_ip(60, number)].concat();
            let from = usize::from(number % 3 == 0);
            let sent = if from == CLIENT {
                client.send_ip(Duration::ZERO, &mut buf)
            } else {
                server.call_mut(call).expect("it is up").send_ip(Duration::ZERO, &mut buf)
            };
            note(from, &Carried::Datagram(sent.expect("it is up")));
        }
        let setup = packets.len() - usize::from(PACKETS);
        Self { packets, setup, call_ids }
    }
}

/// An inspector, and what it has said.
struct Watch {
    recording: &'static Recording,
    inspector: Inspector,
    /// How many packets of the recording were given to it.
    given: usize,
    forged: u64,
    /// The genuine packets that were decrypted, by their places in the recording.
    decrypted: BTreeSet<u64>,
    /// Forged packets that were taken for encrypted ones.
    taken: usize,
}

impl Watch {
    fn new(recording: &'static Recording) -> Self {
        let secrets = Secrets::new().with_password(Some("alice"), "wonderland");
        let inspector = Inspector::new(secrets);
        Self { recording, inspector, given: 0, forged: 0, decrypted: BTreeSet::new(), taken: 0 }
    }

    fn run(mut self, mut input: Input<'_>, is_forged: bool) -> Self {
        while let Some(step) = input.step() {
            let argument = usize::from(step >> 3);
            // The receiver of what is forged.
            let to = argument & 1;
            match step & 7 {
                0 => self.give(argument),
                1 => self.give(1),
                2 | 3 => {
                    let control = Control::read(&mut input);
                    if let Some(control) = control.filter(|_| is_forged && self.is_set_up()) {
                        self.forge_gre(to, JUMPS[argument >> 1 & 7], &control.frame());
                    }
                }
                4 | 5 => {
                    let body = input.bytes();
                    // Half of them look like encrypted data.
                    let frame = if step & 1 == 0 { [&[0xfd], body].concat() } else { body.to_vec() };
                    if is_forged && self.is_set_up() && !is_fatal(&frame) {
                        self.forge_gre(to, JUMPS[argument >> 1 & 7], &frame);
                    }
                }
                6 => {
                    let body = input.bytes();
                    input.spend_under_fuzzer(u32::from(step >> 4) * 15);
                    if is_forged {
                        self.forge_calls(to, u16::from(step >> 4) * 100 + 1, step & 8 != 0, body);
                    }
                }
                _ => {
                    let kind = input.byte().unwrap_or(0);
                    // Before the call has packets, nothing shows which connection is its own.
                    if is_forged && (self.is_set_up() || kind & 8 != 0) {
                        self.forge_control(to, kind);
                    }
                }
            }
        }
        self.give(usize::MAX);
        let Self { inspector, decrypted, taken, .. } = &mut self;
        inspector.finish(FORGED, &mut |record| note(&record, decrypted, taken));
        self
    }

    const fn is_set_up(&self) -> bool {
        self.given >= self.recording.setup
    }

    /// Gives so many packets of the recording to the inspector.
    fn give(&mut self, count: usize) {
        let Self { inspector, decrypted, taken, .. } = self;
        for packet in self.recording.packets.iter().skip(self.given).take(count) {
            let tag = u64::try_from(self.given).expect("a small number");
            let mut sink = |record: Record<'_>| note(&record, decrypted, taken);
            let (source, destination) = (ENDS[packet.from], ENDS[1 - packet.from]);
            if packet.is_gre {
                inspector.handle_gre(tag, IpAddr::V4(source), IpAddr::V4(destination), &packet.bytes, &mut sink);
            } else {
                let ports = if packet.from == CLIENT { [49_152, 1723] } else { [1723, 49_152] };
                let ends = (SocketAddr::from((source, ports[0])), SocketAddr::from((destination, ports[1])));
                inspector.handle_control(tag, ends.0, ends.1, ControlInput::Bytes(&packet.bytes), &mut sink);
            }
            self.given += 1;
        }
    }

    /// Forges a packet of the call, whose number is so far ahead of the next genuine one.
    fn forge_gre(&mut self, to: usize, jump: u32, frame: &[u8]) {
        let next = self.recording.packets.iter().skip(self.given).filter(|packet| packet.from != to);
        let next = next.filter_map(|packet| packet.number).next().unwrap_or(0);
        let packet = encode_gre(self.recording.call_ids[to], Some(next.wrapping_add(jump)), None, frame);
        self.handle_forged(ENDS[1 - to], ENDS[to], &packet);
    }

    /// Forges packets of many calls, between the same hosts or from another one.
    fn forge_calls(&mut self, to: usize, count: u16, is_stranger: bool, frame: &[u8]) {
        let source = if is_stranger { STRANGER } else { ENDS[1 - to] };
        for number in 0..count {
            let call = if is_stranger { number } else { self.recording.call_ids[to].wrapping_add(number + 1) };
            self.handle_forged(source, ENDS[to], &encode_gre(call, Some(u32::from(number)), None, frame));
        }
    }

    fn handle_forged(&mut self, source: Ipv4Addr, destination: Ipv4Addr, packet: &[u8]) {
        self.forged += 1;
        let Self { inspector, decrypted, taken, forged, .. } = self;
        let mut sink = |record: Record<'_>| note(&record, decrypted, taken);
        inspector.handle_gre(FORGED + *forged, source.into(), destination.into(), packet, &mut sink);
    }

    /// Forges a message of another control connection of the same hosts, or of a stranger's.
    fn forge_control(&mut self, to: usize, kind: u8) {
        let [client_id, server_id] = self.recording.call_ids;
        let id = if kind & 0x10 == 0 { client_id } else { server_id };
        let other = if kind & 0x20 == 0 { client_id } else { server_id };
        let message: Message = match kind & 7 {
            0 => CallClearRequest::new(id).into(),
            1 => CallDisconnectNotify::new(id, DisconnectResult::ADMIN_SHUTDOWN).into(),
            2 => StopControlConnectionRequest::new(StopReason::NONE).into(),
            3 => OutgoingCallRequest::new(id, 0).into(),
            4 => OutgoingCallReply::new(id, other, 0).into(),
            _ => StartControlConnectionRequest::new(Text::EMPTY, Text::EMPTY).into(),
        };
        let source = if kind & 8 == 0 { ENDS[1 - to] } else { STRANGER };
        let ports = if kind & 0x40 == 0 { [40_000, 1723] } else { [1723, 40_000] };
        let ends = (SocketAddr::from((source, ports[0])), SocketAddr::from((ENDS[to], ports[1])));
        self.forged += 1;
        let Self { inspector, decrypted, taken, forged, .. } = self;
        let mut sink = |record: Record<'_>| note(&record, decrypted, taken);
        let bytes = message.to_vec();
        inspector.handle_control(FORGED + *forged, ends.0, ends.1, ControlInput::Bytes(&bytes), &mut sink);
        if kind & 0x80 != 0 {
            inspector.handle_control(FORGED + *forged, ends.0, ends.1, ControlInput::End, &mut sink);
        }
    }
}

/// Takes note of packets that were decrypted.
fn note(record: &Record<'_>, decrypted: &mut BTreeSet<u64>, taken: &mut usize) {
    if let Content::Datagram { decrypted: Some(_), .. } = record.content {
        if record.tag < FORGED {
            decrypted.insert(record.tag);
        } else {
            *taken += 1;
        }
    }
}
