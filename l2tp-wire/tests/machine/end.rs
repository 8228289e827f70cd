//! One end of a tunnel, with a user that answers, as the simulated network drives it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use l2tp_wire::channel;
use l2tp_wire::code::DataSequencing;
use l2tp_wire::data::{DataChannel, Received};
use l2tp_wire::header::CookieSize;
use l2tp_wire::session::{CallRequest, Direction, SessionId, Terms};
use l2tp_wire::tunnel::{Authentication, Config, DigestHash, Event, Tunnel, Versions};
use l2tp_wire::{Address, Packet, Secret, TunnelIds, Version};
use testing::{Datagram, Endpoint, Output, Profile, Random, World};

pub(crate) const SESSIONS: usize = 8;

/// How a session's data is carried.
type Channel = DataChannel<8, 64>;

/// One end, and what its user has seen.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) tunnel: Tunnel<SESSIONS>,
    pub(crate) source: Address,
    /// The terms that it grants to calls of the peer; `None`: it does not answer.
    pub(crate) grants: Option<Terms>,
    pub(crate) events: Vec<Event>,
    pub(crate) data: BTreeMap<SessionId, Channel>,
    pub(crate) received: Vec<Vec<u8>>,
    /// Frames that wait to be sent, on all sessions.
    pub(crate) frames: Vec<Vec<u8>>,
    /// The input that was refused.
    pub(crate) refused: Vec<String>,
}

/// The common settings of the two ends of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) versions: [Versions; 2],
    pub(crate) is_ip: bool,
    pub(crate) authentication: Authentication,
    pub(crate) hidden: bool,
    pub(crate) sequencing: DataSequencing,
    pub(crate) cookie: CookieSize,
    /// The end that asks for the call: the one that asks for the tunnel, or the other one.
    pub(crate) caller: usize,
    pub(crate) direction: Direction,
    /// How often a message is sent again.
    pub(crate) retries: u8,
}

impl Variant {
    pub(crate) const PLAIN: Self = Self {
        versions: [Versions::V2; 2],
        is_ip: false,
        authentication: Authentication::None,
        hidden: false,
        sequencing: DataSequencing::NONE,
        cookie: CookieSize::Zero,
        caller: 0,
        direction: Direction::Incoming,
        retries: 5,
    };

    pub(crate) const V3: Self = Self { versions: [Versions::V3; 2], ..Self::PLAIN };

    pub(crate) const DIGEST: Self = Self { authentication: Authentication::Digest(DigestHash::Sha1), ..Self::V3 };

    /// Returns all that make sense, in a fixed order.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        let (v2, v3, both) = (Versions::V2, Versions::V3, Versions::Both);
        let pairs =
            [([v2, v2], false), ([both, v2], false), ([v2, both], false), ([v3, v3], false), ([both, v3], false)];
        for (versions, is_ip) in pairs.into_iter().chain([([both, both], false), ([v3, v3], true)]) {
            let authentications = [
                Authentication::None,
                Authentication::Challenge,
                Authentication::Digest(DigestHash::Md5),
                Authentication::Digest(DigestHash::Sha1),
            ];
            for authentication in authentications {
                let fits = match authentication {
                    Authentication::None => true,
                    Authentication::Challenge => versions == [v2, v2],
                    Authentication::Digest(_) => versions == [v3, v3],
                };
                for hidden in [false, true] {
                    for sequencing in [DataSequencing::NONE, DataSequencing::ALL] {
                        for cookie in [CookieSize::Zero, CookieSize::Four, CookieSize::Eight] {
                            for caller in [0, 1] {
                                for direction in [Direction::Incoming, Direction::Outgoing] {
                                    let cookie_fits = cookie.is_empty() || versions != [v2, v2];
                                    if fits && cookie_fits {
                                        all.push(Self {
                                            versions,
                                            is_ip,
                                            authentication,
                                            hidden,
                                            sequencing,
                                            cookie,
                                            caller,
                                            direction,
                                            ..Self::PLAIN
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        all
    }

    pub(crate) fn config(&self, side: usize) -> Config {
        let name = ["client", "server"][side];
        let config = Config::new(name)
            .with_versions(self.versions[side])
            .with_authentication(self.authentication)
            .with_channel(channel::Config::new().with_retries(self.retries))
            .with_hidden(self.hidden);
        let needs_password = self.hidden || self.authentication != Authentication::None;
        if needs_password { config.with_password(Secret::new(b"opensesame").unwrap()) } else { config }
    }

    /// Returns the version that the two ends should find.
    pub(crate) fn version(&self) -> Version {
        if self.versions.contains(&Versions::V2) { Version::V2 } else { Version::V3 }
    }

    pub(crate) fn terms(&self) -> Terms {
        Terms::new().with_cookie(self.cookie).with_sequencing(self.sequencing)
    }

    pub(crate) fn addresses(&self) -> [Address; 2] {
        ["192.0.2.1:1701", "192.0.2.2:1701"].map(|text| {
            let address: SocketAddr = text.parse().unwrap();
            if self.is_ip { Address::ip(address.ip()) } else { Address::udp(address) }
        })
    }

    pub(crate) fn ends(&self, random: &mut Random) -> (End, End) {
        let [client, server] = self.addresses();
        let ids = [TunnelIds::new(random.entropy()), TunnelIds::new(random.entropy())];
        let originator = Tunnel::originator(self.config(0), ids[0], server, random.entropy());
        let receiver = Tunnel::receiver(self.config(1), ids[1], random.entropy());
        (End::new(originator, server, Some(self.terms())), End::new(receiver, client, Some(self.terms())))
    }

    /// Creates both ends on a path, before anything was asked for.
    pub(crate) fn world(&self, seed: u64, profile: Profile) -> World<End> {
        let mut random = Random::new(seed ^ 0x1234_5678);
        let (client, server) = self.ends(&mut random);
        World::new(seed, profile, client, server)
    }
}

impl End {
    pub(crate) fn new(tunnel: Tunnel<SESSIONS>, source: Address, grants: Option<Terms>) -> Self {
        Self {
            tunnel,
            source,
            grants,
            events: Vec::new(),
            data: BTreeMap::new(),
            received: Vec::new(),
            frames: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Asks for a call, as the LAC or as the LNS.
    pub(crate) fn call(&mut self, now: Duration, direction: Direction, terms: Terms) -> SessionId {
        let request = CallRequest::new().with_called_number("5551234").with_serial_number(7);
        match direction {
            Direction::Incoming => self.tunnel.announce_call(now, request, terms).unwrap(),
            Direction::Outgoing => self.tunnel.place_call(now, request, terms).unwrap(),
        }
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events.iter().filter(|event| wanted(event)).count()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.count(|event| matches!(event, Event::CallConnected { .. })) > 0
    }

    fn answer(&mut self, now: Duration, event: &Event) {
        match *event {
            Event::CallRequested { session } => {
                let Some(terms) = self.grants else {
                    return;
                };
                self.tunnel.accept_call(now, session, terms).unwrap();
                if self.tunnel.session(session).unwrap().direction() == Direction::Outgoing {
                    self.tunnel.connect_call(now, session).unwrap();
                }
            }
            Event::CallConnected { session } => {
                let config = self.tunnel.data_config(session).unwrap();
                self.data.insert(session, Channel::new(config.with_reorder_timeout(Duration::from_millis(50))));
            }
            Event::CallClosed { session, .. } => {
                self.data.remove(&session);
            }
            _ => {}
        }
    }

    fn take_frames(&mut self, now: Duration) {
        for channel in self.data.values_mut() {
            while let Some(frame) = channel.poll_receive(now) {
                self.received.push(frame.to_vec());
            }
        }
    }
}

impl Endpoint for End {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        let decoded =
            if self.source.is_ip() { Packet::decode_ip(&datagram.bytes) } else { Packet::decode_udp(&datagram.bytes) };
        if !matches!(decoded, Ok(Packet::DataV2 { .. } | Packet::DataV3 { .. })) {
            if let Err(error) = self.tunnel.handle_packet(now, self.source, &mut datagram.bytes) {
                self.refused.push(error.to_string());
            }
            return;
        }
        self.take_frames(now);
        let mut taken = None;
        for channel in self.data.values_mut() {
            match channel.decapsulate(now, &datagram.bytes) {
                Ok(Received::Frame(frame)) => taken = Some(frame.to_vec()),
                Ok(_) => {}
                Err(_) => continue,
            }
            self.tunnel.handle_data_seen(now);
        }
        self.received.extend(taken);
        self.take_frames(now);
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let before = (self.events.len(), output.datagrams.len());
        while let Some(event) = self.tunnel.poll_event() {
            self.answer(now, &event);
            self.events.push(event);
        }
        let mut buf = [0; Tunnel::<SESSIONS>::MAX_TRANSMIT];
        while let Some(packet) = self.tunnel.poll_transmit(now, &mut buf).unwrap() {
            output.datagrams.push(packet.payload.to_vec());
        }
        for frame in std::mem::take(&mut self.frames) {
            for channel in self.data.values_mut() {
                output.datagrams.push(channel.encapsulate(&frame, None, &mut buf).unwrap().payload.to_vec());
            }
        }
        (self.events.len(), output.datagrams.len()) != before
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.data.values().filter_map(Channel::poll_timeout).chain(self.tunnel.poll_timeout()).min()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.tunnel.handle_timeout(now);
        for channel in self.data.values_mut() {
            channel.handle_timeout(now);
        }
        self.take_frames(now);
    }
}
