//! Two endpoints, the TCP connection between them, and the path that their GRE packets take.
//!
//! Everything follows from a seed: delays, segments of TCP, what is lost, what comes twice. Time goes from one thing that
//! happens to the next. Every GRE packet that leaves an endpoint is looked at: see [`Watch`].

mod end;
mod packet;
mod path;

pub(crate) use end::{Client, Decision, End, Host, Output};
pub(crate) use packet::{index_of, ip_packet};
pub(crate) use path::{Pipe, Profile, Random};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pptp::gre;
use pptp::ppp::{Frame, Protocol};
use pptp::session::{HEADROOM, ReceiveError, SendError};

/// The sides, as indices.
pub(crate) const CLIENT: usize = 0;
pub(crate) const SERVER: usize = 1;

/// What was seen of the GRE packets and of the data of one direction; the index is that of the sender.
#[derive(Debug, Default, Clone)]
pub(crate) struct Watch {
    /// All GRE packets.
    pub(crate) packets: u64,
    /// PPP frames with a control protocol.
    pub(crate) control: u64,
    /// IP packets in the clear.
    pub(crate) clear: u64,
    /// Frames of protocol 0x00fd.
    pub(crate) sealed: u64,
    /// Of the packets that were sent by `send`, those that reached the other host at least once.
    pub(crate) arrived: BTreeSet<u32>,
    /// Those that the other side refused as late, repeated or too far ahead.
    pub(crate) late: BTreeSet<u32>,
    /// What the other side refused otherwise.
    pub(crate) refused: Vec<ReceiveError>,
    /// What the other side got, in order.
    pub(crate) delivered: Vec<u32>,
}

/// A GRE packet on its way.
struct Datagram {
    to: usize,
    octets: Vec<u8>,
    /// Of packets that were sent by `send`.
    index: Option<u32>,
}

/// What decides whether octets that a side sends are lost.
pub(crate) type Filter = Box<dyn FnMut(usize, &[u8]) -> bool>;

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) random: Random,
    pub(crate) profile: Profile,
    pub(crate) client: Client,
    pub(crate) host: Host,
    /// By sender.
    pub(crate) pipes: [Pipe; 2],
    flying: BTreeMap<(Duration, u64), Datagram>,
    count: u64,
    /// Without jitter no packet overtakes another one.
    last: [Duration; 2],
    pub(crate) watch: [Watch; 2],
    /// Which GRE packets are lost besides.
    pub(crate) lose_gre: Option<Filter>,
    /// Which control messages are lost: TCP does not lose any, but a peer may forget them.
    pub(crate) lose_message: Option<Filter>,
    pub(crate) steps: u64,
}

impl World {
    pub(crate) fn new(seed: u64, profile: Profile, client: Client, host: Host) -> Self {
        let mut random = Random(seed);
        let pipes = std::array::from_fn(|_| Pipe::new(profile.socket, random.next()));
        let mut world = Self {
            now: Duration::ZERO,
            random,
            profile,
            client,
            host,
            pipes,
            flying: BTreeMap::new(),
            count: 0,
            last: [Duration::ZERO; 2],
            watch: Default::default(),
            lose_gre: None,
            lose_message: None,
            steps: 0,
        };
        world.client.session.open(world.now);
        world.settle();
        world
    }

    pub(crate) fn end(&mut self, side: usize) -> &mut dyn End {
        if side == CLIENT { &mut self.client } else { &mut self.host }
    }

    /// Notes what a GRE packet is, and sends it on its way.
    fn carry(&mut self, from: usize, octets: &[u8], index: Option<u32>) {
        let watch = &mut self.watch[from];
        watch.packets += 1;
        let packet = gre::Packet::decode(octets).unwrap();
        if !packet.payload.is_empty() {
            match Frame::decode(packet.payload).unwrap().protocol {
                Protocol::COMPRESSED => watch.sealed += 1,
                Protocol::IP | Protocol::IPV6 => watch.clear += 1,
                _ => watch.control += 1,
            }
        }
        if self.lose_gre.as_mut().is_some_and(|lose| lose(from, octets)) {
            return;
        }
        let copies = 1 + u64::from(self.random.per_mille(self.profile.duplication));
        for _ in 0..copies {
            if self.random.per_mille(self.profile.loss) {
                continue;
            }
            let mut at = self.now + self.profile.delay + self.random.micros(self.profile.jitter);
            if self.profile.jitter.is_zero() {
                at = at.max(self.last[from]);
                self.last[from] = at;
            }
            self.count += 1;
            self.flying.insert((at, self.count), Datagram { to: 1 - from, octets: octets.to_vec(), index });
        }
    }

    /// A GRE packet from nowhere.
    pub(crate) fn inject(&mut self, to: usize, octets: &[u8]) -> Result<(), ReceiveError> {
        let now = self.now;
        let result = self.end(to).handle_gre(now, &mut octets.to_vec()).map(|_| ());
        self.settle();
        result
    }

    /// Sends the packet of this index.
    pub(crate) fn send(&mut self, from: usize, index: u32, length: usize, is_ipv6: bool) -> Result<(), SendError> {
        let packet = ip_packet(from, index, length, is_ipv6);
        let mut buf = vec![0; HEADROOM];
        buf.extend_from_slice(&packet);
        let now = self.now;
        let octets = self.end(from).send_ip(now, &mut buf)?;
        self.carry(from, &octets, Some(index));
        self.settle();
        Ok(())
    }

    fn receive(&mut self, datagram: Datagram) {
        let Datagram { to, mut octets, index } = datagram;
        let (now, from) = (self.now, 1 - to);
        if let Some(index) = index {
            self.watch[from].arrived.insert(index);
        }
        match self.end(to).handle_gre(now, &mut octets) {
            Ok(Some(packet)) => self.watch[from].delivered.push(index_of(from, &packet)),
            Ok(None) => {}
            Err(ReceiveError::Tunnel(_)) => self.watch[from].late.extend(index),
            Err(error) => self.watch[from].refused.push(error),
        }
    }

    /// Everything that both sides have to say and to do now.
    pub(crate) fn settle(&mut self) {
        let mut rounds = 0;
        while self.settle_side(CLIENT) | self.settle_side(SERVER) {
            rounds += 1;
            assert!(rounds < 1000, "it never comes to rest");
        }
    }

    /// Whether anything happened.
    fn settle_side(&mut self, side: usize) -> bool {
        let now = self.now;
        let mut is_any = false;
        if self.end(side).poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.end(side).handle_timeout(now);
            let next = self.end(side).poll_timeout();
            assert!(next.is_none_or(|next| next > now), "{next:?} after {now:?}");
            is_any = true;
        }
        // TCP, in.
        is_any |= self.pipes[1 - side].arrive(now);
        let waiting = std::mem::take(&mut self.pipes[1 - side].waiting);
        if !waiting.is_empty() {
            let taken = self.end(side).handle_stream(now, &waiting);
            is_any |= taken != 0;
            self.pipes[1 - side].waiting = waiting[taken..].to_vec();
        }
        if self.pipes[1 - side].takes_end() {
            self.end(side).handle_disconnect(now);
            is_any = true;
        }
        // All that comes out.
        if std::mem::take(&mut self.pipes[side].was_full) {
            self.end(side).look_again();
        }
        let mut output = Output { room: self.pipes[side].room(), ..Output::default() };
        is_any |= self.end(side).poll(now, &mut output);
        for packet in output.received {
            self.watch[1 - side].delivered.push(index_of(1 - side, &packet));
        }
        for packet in output.tunnel {
            self.carry(side, &packet, None);
        }
        for message in output.control {
            if !self.lose_message.as_mut().is_some_and(|lose| lose(side, &message)) {
                self.pipes[side].write(&message);
            }
        }
        is_any |= self.pipes[side].pump(now, &self.profile);
        if self.end(side).is_closed() && self.pipes[side].close(now, &self.profile) {
            is_any = true;
        }
        is_any
    }

    fn next(&mut self) -> Option<Duration> {
        let gre = self.flying.first_key_value().map(|((at, _), _)| *at);
        let tcp = self.pipes.iter().filter_map(Pipe::next).min();
        let deadlines = [self.client.poll_timeout(), self.host.poll_timeout()];
        gre.into_iter().chain(tcp).chain(deadlines.into_iter().flatten()).min()
    }

    /// Goes on to what happens next, if it happens by `end`.
    fn step(&mut self, end: Duration) -> bool {
        let Some(at) = self.next().filter(|at| *at <= end) else { return false };
        self.steps += 1;
        assert!(self.steps < 2_000_000, "it never ends");
        self.now = self.now.max(at);
        if self.random.per_mille(20) {
            // Early calls, and time that goes back, do no harm.
            let early = self.now.saturating_sub(self.random.micros(Duration::from_secs(1)));
            self.client.session.handle_timeout(early);
            assert!(self.client.session.handle_gre(early, &mut [0x30]).is_err());
        }
        while let Some(((at, _), _)) = self.flying.first_key_value() {
            if *at > self.now {
                break;
            }
            if let Some((_, datagram)) = self.flying.pop_first() {
                self.receive(datagram);
            }
            self.settle();
        }
        self.settle();
        true
    }

    /// Runs for so long.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
        self.settle();
    }

    /// Runs until something is so, for so long at most. Whether it is so.
    pub(crate) fn run_until(&mut self, time: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + time;
        loop {
            if is_so(self) {
                return true;
            }
            if !self.step(end) {
                return false;
            }
        }
    }

    /// Nothing is lost any more.
    pub(crate) fn heal(&mut self) {
        let Profile { name, delay, socket, segment, .. } = self.profile;
        self.profile = Profile { name, delay, socket, segment, ..Profile::CLEAN };
    }

    /// The TCP connection is gone for both, with all that was on its way.
    pub(crate) fn cut(&mut self) {
        for pipe in &mut self.pipes {
            pipe.cut(self.now);
        }
        self.settle();
    }

    /// Whether both sides have told that all is over.
    pub(crate) fn is_over(&self) -> bool {
        self.client.closed.is_some() && self.host.closed.is_some()
    }

    /// After the end: nothing is due, and nothing is sent.
    pub(crate) fn check_end(&mut self) {
        assert!(self.is_over(), "client {:?}, server {:?}", self.client.closed, self.host.closed);
        assert_eq!(self.client.poll_timeout(), None);
        // An answer of its user may still come.
        self.run(self.host.answer_delay);
        assert_eq!(self.host.poll_timeout(), None);
        let sent: [u64; 2] = [self.watch[0].packets, self.watch[1].packets];
        let events = (self.client.events.len(), self.host.events.len());
        self.run(Duration::from_secs(3600));
        assert_eq!(sent, [self.watch[0].packets, self.watch[1].packets], "packets after the end");
        assert_eq!(events, (self.client.events.len(), self.host.events.len()), "events after the end");
        assert!(matches!(self.send(CLIENT, 0, 40, false), Err(SendError::NoCall | SendError::NotConnected { .. })));
        assert_eq!(self.host.calls.len(), self.host.call_ends.len(), "each call ended once");
        self.host.check_removed();
    }
}
