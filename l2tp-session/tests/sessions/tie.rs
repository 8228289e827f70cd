//! RFC 2661 section 4.4.3: both ends ask each other for a tunnel at once, and one is left.
//!
//! The ends are a client, or one that waits to be called, and an LNS that asks by itself
//! (`Session::dial` with a `Group`). A `Server` asks nobody, so it has no ties. Calls have none
//! either (RFC 3931 section 5.4.4): a client never takes the call that it would ask for, so no two
//! requests are for the same one.

use std::time::Duration;

use l2tp_session::server::Group;
use l2tp_session::session::{Config, HEADROOM, MAX_RECEIVE, Reason, Session, Setup};
use l2tp_session::wire::session::CallRequest;
use l2tp_session::wire::tunnel::{Authentication, State, Versions};
use l2tp_session::wire::{Address, Secret, TunnelIds};
use testing::l2tp::{Outside, SERVER_ADDRESS, User, client_config, ip_packet};
use testing::{CLIENT, Output, SERVER};

use crate::{plain, strict};

/// One end: a session, its user, its address, and what it has sent that is not delivered yet.
struct End {
    session: Session<2>,
    user: User,
    address: Address,
    sent: Vec<Vec<u8>>,
}

impl End {
    fn new(setup: impl Into<Setup>, side: usize, entropy: u8) -> Self {
        let addresses = [CLIENT, SERVER].map(|side| Outside::Udp.address(side));
        let (own, peer) = if side == CLIENT { (0, 1) } else { (1, 0) };
        let ids = TunnelIds::new([if side == CLIENT { 1 } else { 2 }; 32]);
        let session = Session::dial(setup, addresses[peer], ids, [entropy; 32]);
        Self { session, user: User::default(), address: addresses[own], sent: Vec::new() }
    }

    fn poll(&mut self, now: Duration) {
        let mut output = Output::default();
        self.user.settle(now, &mut self.session, &mut output);
        self.sent.append(&mut output.datagrams);
    }

    fn open(&mut self, now: Duration) {
        self.session.open(now).unwrap();
        self.poll(now);
    }
}

/// Delivers what one end has sent.
fn deliver(now: Duration, from: &mut End, to: &mut End) {
    for mut bytes in core::mem::take(&mut from.sent) {
        if let Ok(received) = to.session.handle_datagram(now, from.address, &mut bytes, &mut [0; MAX_RECEIVE]) {
            to.user.take(received);
        }
        to.poll(now);
    }
}

/// Lets both ends talk for so many tenths of a second.
fn talk(now: &mut Duration, one: &mut End, other: &mut End, tenths: usize) {
    for _ in 0..tenths {
        for _ in 0..10 {
            deliver(*now, one, other);
            deliver(*now, other, one);
        }
        *now += Duration::from_millis(100);
        for end in [&mut *one, &mut *other] {
            end.session.handle_timeout(*now);
            end.poll(*now);
        }
    }
}

/// The order in which the two requests are sent, and what becomes of them.
#[derive(Debug, Clone, Copy)]
enum Order {
    /// They cross: that of the client arrives first, or that of the LNS.
    Cross { client_first: bool },
    /// They cross, and one is lost, to be repeated.
    CrossAndLose { clients: bool },
    /// The second end asks when the first one's request is there.
    Late { client_first: bool },
}

const ORDERS: [Order; 6] = [
    Order::Cross { client_first: true },
    Order::Cross { client_first: false },
    Order::CrossAndLose { clients: true },
    Order::CrossAndLose { clients: false },
    Order::Late { client_first: true },
    Order::Late { client_first: false },
];

/// Has both ends ask, in this order.
fn ask(order: Order, client: &mut End, lns: &mut End) -> Duration {
    let mut now = Duration::ZERO;
    client.open(now);
    lns.open(now);
    match order {
        Order::Cross { client_first: true } => deliver(now, client, lns),
        Order::Cross { client_first: false } => deliver(now, lns, client),
        Order::CrossAndLose { clients } => {
            let lost = if clients { &mut *client } else { &mut *lns };
            lost.sent.clear();
        }
        Order::Late { client_first } => {
            let (first, second) = if client_first { (&mut *client, &mut *lns) } else { (&mut *lns, &mut *client) };
            // Its own request is still on its way when the first one's reply comes.
            let late = core::mem::take(&mut second.sent);
            deliver(now, first, second);
            deliver(now, second, first);
            second.sent.extend(late);
        }
    }
    talk(&mut now, client, lns, 80);
    now
}

/// Asserts that there is one tunnel with one call, that IP flows both ways, and that all of it ends.
fn one_tunnel_is_left(label: &str, mut now: Duration, client: &mut End, lns: &mut End) {
    let states = [&client.session, &lns.session].map(|session| session.tunnel().state());
    assert_eq!(states, [State::Established; 2], "{label}: {:?} {:?}", client.user, lns.user);
    let ids = |end: &End| (end.session.tunnel().ids(), end.session.tunnel().peer().unwrap().tunnel_id);
    let ((ours, theirs), (own, peers)) = (ids(client), ids(lns));
    assert!([own.v2.into(), own.v3].contains(&theirs) && [ours.v2.into(), ours.v3].contains(&peers), "{label}");
    assert_eq!((client.user.connected.len(), lns.user.connected.len()), (1, 1), "{label}");
    exchange(label, now, client, lns);
    exchange(label, now, lns, client);
    client.session.close(now);
    talk(&mut now, client, lns, 500);
    assert!(client.user.is_drained && lns.user.is_drained, "{label}");
}

/// Sends an IP packet from one end to the other.
fn exchange(label: &str, now: Duration, from: &mut End, to: &mut End) {
    let mut buf = [&[0; HEADROOM][..], &ip_packet(7, 84)].concat();
    let sent = from.session.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap().payload.to_vec();
    from.sent.push(sent);
    let before = to.user.packets.len();
    deliver(now, from, to);
    assert_eq!(to.user.packets.len(), before + 1, "{label}");
}

/// Returns each way to prove and each version, with tie breakers.
fn configs() -> Vec<(&'static str, Config)> {
    let secret = || Secret::new(b"s3cr3t-tunnel").unwrap();
    let tie = |config: Config| config.with_tunnel(|tunnel| tunnel.with_tie_breaker(true));
    let v3 = |config: Config| config.with_tunnel(|tunnel| tunnel.with_versions(Versions::V3));
    let challenge = |config: Config| {
        config.with_tunnel(|tunnel| tunnel.with_authentication(Authentication::Challenge).with_password(secret()))
    };
    let hidden = |config: Config| config.with_tunnel(|tunnel| tunnel.with_hidden(true));
    vec![
        ("version 2", tie(plain())),
        ("version 2, challenge, MPPE", tie(challenge(strict()))),
        ("version 2, challenge, hidden", tie(hidden(challenge(plain())))),
        ("version 3", tie(v3(plain()))),
    ]
}

#[test]
fn rfc2661_section_4_4_3_of_two_tunnels_one_is_left_in_every_order() {
    for (name, config) in configs() {
        for order in ORDERS {
            for seed in 0..6 {
                let label = format!("{name}, {order:?}, seed {seed}");
                let mut client = End::new(&client_config(&config), CLIENT, seed);
                let mut lns = End::new(&Group::new(config.clone(), SERVER_ADDRESS), SERVER, seed + 100);
                let now = ask(order, &mut client, &mut lns);
                one_tunnel_is_left(&label, now, &mut client, &mut lns);
            }
        }
    }
}

#[test]
fn a_client_that_waits_is_called_in_the_tunnel_that_is_left() {
    for (name, config) in configs() {
        for order in ORDERS {
            let label = format!("{name}, {order:?}");
            let setup = client_config(&config).with_outgoing_call_awaited();
            let mut client = End::new(&setup, CLIENT, 3);
            let mut lns = End::new(&Group::new(config.clone(), SERVER_ADDRESS), SERVER, 4);
            let mut now = ask(order, &mut client, &mut lns);
            lns.session.place_call(now, CallRequest::new()).unwrap();
            lns.poll(now);
            talk(&mut now, &mut client, &mut lns, 50);
            one_tunnel_is_left(&label, now, &mut client, &mut lns);
        }
    }
}

/// RFC 2661 section 4.4.3: "both sides MUST immediately discard their tunnels".
#[test]
fn rfc2661_section_4_4_3_equal_tie_breakers_end_both() {
    let (_, config) = configs().swap_remove(0);
    // The same entropy gives the same tie breaker.
    let mut client = End::new(&client_config(&config), CLIENT, 9);
    let mut lns = End::new(&Group::new(config, SERVER_ADDRESS), SERVER, 9);
    ask(Order::Cross { client_first: true }, &mut client, &mut lns);
    let reasons = [client.user.reason, lns.user.reason].map(|reason| reason.map(|reason: Reason| reason.to_string()));
    let text = "both sides asked for a tunnel with the same tie breaker";
    assert_eq!(reasons.map(Option::unwrap_or_default), [text, text]);
}

/// The end without a tie breaker gives way.
#[test]
fn rfc2661_section_4_4_3_an_end_without_a_tie_breaker_loses() {
    let (_, with) = configs().swap_remove(0);
    for (ours, theirs) in [(with.clone(), plain()), (plain(), with)] {
        for order in ORDERS {
            let mut client: End = End::new(&client_config(&ours), CLIENT, 1);
            let mut lns = End::new(&Group::new(theirs.clone(), SERVER_ADDRESS), SERVER, 2);
            let now = ask(order, &mut client, &mut lns);
            one_tunnel_is_left(&format!("{order:?}"), now, &mut client, &mut lns);
        }
    }
}
