//! `l2tp_channel`: two reliable channels over a bad path. `l2tp_hostile`: two tunnels, and somebody between them who
//! sends whatever the input says.

use std::collections::VecDeque;
use std::time::Duration;

use arbitrary::{Result, Unstructured};
use l2tp_wire::channel::{Arrival, Config as ChannelConfig, ControlChannel, Liveness};
use l2tp_wire::header::{Control, Recipient};
use l2tp_wire::session::{CallRequest, Terms};
use l2tp_wire::tunnel::{Authentication, Config, DigestHash, Event, State, Tunnel, Versions};
use l2tp_wire::{Address, Packet, Secret, TunnelIds};

/// Packets on the way: when there are more, the oldest is lost.
const FLYING: usize = 32;

type Channel = ControlChannel<512, 256>;

/// A packet of a channel: Ns, Nr, and the message.
type Flying = (u16, u16, Option<Vec<u8>>);

struct ChannelEnd {
    channel: Channel,
    /// Packets that were sent to it and are on the way.
    coming: VecDeque<Flying>,
    /// The number of the next message that it sends, and of the next that it is to receive.
    pushed: u32,
    taken: u32,
}

impl ChannelEnd {
    fn new(window: u16) -> Self {
        // Patient, so that only the path decides.
        let config = ChannelConfig::new().with_receive_window(window).with_retries(u8::MAX);
        let config = config.with_initial_retries(u8::MAX);
        Self { channel: Channel::new(config), coming: VecDeque::new(), pushed: 0, taken: 0 }
    }

    fn push(&mut self) {
        if self.channel.push(&self.pushed.to_be_bytes()) {
            self.pushed += 1;
        }
    }

    /// Asserts that messages come in order, and once each.
    fn take(&mut self, message: &[u8]) {
        assert_eq!(message, self.taken.to_be_bytes());
        self.taken += 1;
    }

    fn receive(&mut self, now: Duration, (ns, nr, message): &Flying, ready: bool) {
        let arrival = self.channel.handle_packet(now, *ns, *nr, message.as_deref(), ready);
        if arrival != Arrival::Next {
            return;
        }
        self.take(&message.clone().expect("only messages are next"));
        let mut buffer = [0; 256];
        while let Some(message) = self.channel.take_early(now, &mut buffer).map(<[u8]>::to_vec) {
            self.take(&message);
        }
    }

    fn transmit(&mut self, now: Duration, to: &mut VecDeque<Flying>) {
        for _ in 0..FLYING {
            let Some(next) = self.channel.next(now) else { return };
            let packet = self.channel.packet(next).expect("nothing happened in between");
            to.push_back((packet.ns, packet.nr, packet.message.map(<[u8]>::to_vec)));
            self.channel.mark_sent(now, next);
            while to.len() > FLYING {
                to.pop_front();
            }
        }
        panic!("it never stops to send");
    }

    fn pass_time(&mut self, now: Duration) {
        assert_eq!(self.channel.handle_timeout(now), Liveness::Alive);
        assert!(self.channel.poll_timeout().is_none_or(|at| at > now), "a deadline has passed");
    }
}

/// Asserts that messages come in order and once each on any path, and all of them when it heals.
///
/// # Panics
///
/// When that does not hold.
pub fn channel(data: &[u8]) {
    let mut input = Unstructured::new(data);
    // The input is at its end: that is all.
    let _ = drive_channels(&mut input);
}

fn drive_channels(input: &mut Unstructured<'_>) -> Result<()> {
    let (one, other) = (input.int_in_range(1..=8)?, input.int_in_range(1..=8)?);
    let mut ends = [ChannelEnd::new(one), ChannelEnd::new(other)];
    ends[0].channel.set_peer_window(other);
    ends[1].channel.set_peer_window(one);
    let mut now = Duration::ZERO;
    while !input.is_empty() {
        let operation: u8 = input.arbitrary()?;
        let [one, other] = &mut ends;
        let (end, peer) = if operation & 1 == 0 { (one, other) } else { (other, one) };
        match operation >> 1 & 7 {
            0 => end.push(),
            1 | 2 => end.transmit(now, &mut peer.coming),
            3 => {
                if let Some(packet) = end.coming.pop_front() {
                    end.receive(now, &packet, operation & 0x80 == 0);
                }
            }
            4 => _ = end.coming.pop_front(),
            5 => {
                if let Some(packet) = end.coming.pop_back() {
                    // The last one first, and once more later.
                    end.coming.push_front(packet.clone());
                    end.receive(now, &packet, true);
                }
            }
            6 => now += Duration::from_millis(u64::from(operation) * 10),
            _ => end.pass_time(now),
        }
    }
    settle_channels(&mut ends, now);
    Ok(())
}

fn settle_channels(ends: &mut [ChannelEnd; 2], mut now: Duration) {
    for _ in 0..4000 {
        let [one, other] = &mut *ends;
        one.transmit(now, &mut other.coming);
        other.transmit(now, &mut one.coming);
        for end in [&mut *one, &mut *other] {
            while let Some(packet) = end.coming.pop_front() {
                end.receive(now, &packet, true);
            }
            end.pass_time(now);
        }
        if one.channel.is_idle() && other.channel.is_idle() {
            assert_eq!((one.pushed, other.pushed), (other.taken, one.taken));
            return;
        }
        now += Duration::from_millis(100);
    }
    panic!("it never comes to rest: {ends:?}", ends = ends.each_ref().map(|end| &end.channel));
}

/// Two tunnels on a good path.
struct Pair {
    now: Duration,
    tunnels: [Tunnel<4>; 2],
    addresses: [Address; 2],
    /// All packets sent so far, by sender: for an attacker who sees everything.
    seen: Vec<(usize, Vec<u8>)>,
    connected: [usize; 2],
}

impl Pair {
    fn new(is_signed: bool) -> Self {
        let addresses =
            ["192.0.2.1:1701", "192.0.2.2:1701"].map(|text| Address::udp(text.parse().expect("an address")));
        let config = |name| {
            let config = Config::new(name).with_versions(Versions::V3);
            if is_signed {
                let password = Secret::new(b"opensesame").expect("short");
                config.with_authentication(Authentication::Digest(DigestHash::Sha1)).with_password(password)
            } else {
                config.with_versions(Versions::V2)
            }
        };
        let client = Tunnel::originator(config("client"), TunnelIds::new([1; 32]), addresses[1], [2; 32]);
        let server = Tunnel::receiver(config("server"), TunnelIds::new([3; 32]), [4; 32]);
        Self { now: Duration::ZERO, tunnels: [client, server], addresses, seen: Vec::new(), connected: [0; 2] }
    }

    /// Lets the two exchange what they have, until there is nothing more.
    fn exchange(&mut self) {
        for _ in 0..100 {
            let before = self.seen.len();
            for side in [0, 1] {
                self.transmit(side);
            }
            for side in [0, 1] {
                self.tunnels[side].handle_timeout(self.now);
                let next = self.tunnels[side].poll_timeout();
                assert!(next.is_none_or(|at| at > self.now), "a deadline has passed");
                self.poll(side);
            }
            if before == self.seen.len() {
                return;
            }
        }
        panic!("the two never come to rest");
    }

    fn transmit(&mut self, side: usize) {
        let mut buf = [0; Tunnel::<4>::MAX_TRANSMIT];
        while let Some(packet) = self.tunnels[side].poll_transmit(self.now, &mut buf).expect("enough room") {
            assert_eq!(packet.destination, self.addresses[1 - side], "nobody else is sent anything");
            let mut bytes = packet.payload.to_vec();
            if self.seen.len() < 4096 {
                self.seen.push((side, bytes.clone()));
            }
            let _ = self.tunnels[1 - side].handle_packet(self.now, self.addresses[side], &mut bytes);
        }
    }

    fn poll(&mut self, side: usize) {
        while let Some(event) = self.tunnels[side].poll_event() {
            match event {
                Event::CallRequested { session } => {
                    self.tunnels[side].accept_call(self.now, session, Terms::new()).expect("it waits for an answer");
                }
                Event::CallConnected { .. } => self.connected[side] += 1,
                event => assert!(
                    !matches!(event, Event::Stopped { .. } | Event::CallClosed { .. }),
                    "somebody else has ended it: {event:?}"
                ),
            }
        }
    }

    /// Asserts that a call comes up, and that the tunnel answers Hellos.
    fn assert_alive(&mut self) {
        let before = self.connected;
        if self.tunnels[0].sessions().count() < 4 {
            self.tunnels[0].announce_call(self.now, CallRequest::new(), Terms::new()).expect("there is room");
            self.wait(Duration::from_secs(70));
            assert_eq!(self.connected, before.map(|count| count + 1));
        }
        assert!(self.tunnels.iter().all(|tunnel| tunnel.state() == State::Established));
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        self.exchange();
        while let Some(at) = self.tunnels.iter().filter_map(Tunnel::poll_timeout).min().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.exchange();
        }
        self.now = end;
        self.exchange();
    }
}

/// Returns whether the ids and numbers of a packet are ones that only a peer, or a lucky guess,
/// has.
fn is_lucky(tunnel: &Tunnel<4>, bytes: &[u8]) -> bool {
    let Ok(control) = Control::decode(bytes) else { return false };
    let (ids, status) = (tunnel.ids(), tunnel.channel_status());
    let knows = match control.header.recipient {
        Recipient::V2 { tunnel_id, .. } => tunnel_id == ids.v2,
        Recipient::V3 { control_connection_id } => control_connection_id == ids.v3,
    };
    let near = control.header.ns.wrapping_sub(status.next_nr).wrapping_add(64) <= 128;
    // StopCCN to tunnel 0 needs the peer's id and its numbers.
    let stops = tunnel.peer().is_some() && bytes.len() > 12 && !knows && near && {
        let peer = tunnel.peer().map_or(0, |peer| peer.tunnel_id).to_be_bytes();
        bytes.windows(2).any(|pair| pair == &peer[2..])
    };
    knows && near || stops
}

/// Asserts that the two ends of a tunnel go on whatever a third party sends.
///
/// With digests, somebody may see everything, send it again and change it. Without, everything but ids and numbers.
///
/// # Panics
///
/// When that does not hold.
pub fn hostile(data: &[u8]) {
    let mut input = Unstructured::new(data);
    // The input is at its end: that is all.
    let _ = drive_hostile(&mut input);
}

fn drive_hostile(input: &mut Unstructured<'_>) -> Result<()> {
    let is_signed: bool = input.arbitrary()?;
    let mut pair = Pair::new(is_signed);
    pair.tunnels[0].open(pair.now).expect("for the first time");
    if is_signed && input.arbitrary()? {
        // From before the first genuine packet on.
        attack(&mut pair, input, is_signed)?;
    }
    pair.wait(Duration::from_secs(2));
    assert!(pair.tunnels.iter().all(|tunnel| tunnel.state() == State::Established), "it did not come up");
    pair.assert_alive();
    for _ in 0..64 {
        if input.is_empty() {
            break;
        }
        attack(&mut pair, input, is_signed)?;
        if input.ratio(1, 4)? {
            pair.wait(Duration::from_millis(input.int_in_range(0..=200_000)?));
        }
    }
    pair.wait(Duration::from_secs(1));
    pair.assert_alive();
    Ok(())
}

/// Returns one packet of somebody else.
fn attack(pair: &mut Pair, input: &mut Unstructured<'_>, is_signed: bool) -> Result<()> {
    let side: usize = input.int_in_range(0..=1)?;
    let mut bytes = if input.arbitrary()? && !pair.seen.is_empty() {
        let place = input.choose_index(pair.seen.len())?;
        let mut bytes = pair.seen[place].1.clone();
        for _ in 0..input.int_in_range(0..=4)? {
            let at = input.choose_index(bytes.len())?;
            bytes[at] = input.arbitrary()?;
        }
        bytes
    } else {
        let length = input.int_in_range(0..=100)?;
        input.bytes(length.min(input.len()))?.to_vec()
    };
    let from_peer: bool = input.arbitrary()?;
    let other = Address::udp("198.51.100.7:1701".parse().expect("an address"));
    let source = if from_peer { pair.addresses[1 - side] } else { other };
    let tunnel = &mut pair.tunnels[side];
    if !is_signed && from_peer && is_lucky(tunnel, &bytes) {
        return Ok(());
    }
    let is_data = matches!(Packet::decode_udp(&bytes), Ok(Packet::DataV2 { .. } | Packet::DataV3 { .. }));
    let result = tunnel.handle_packet(pair.now, source, &mut bytes);
    assert!(!is_data || result.is_err());
    let _ = result;
    pair.poll(side);
    Ok(())
}
