//! Wishes of the peer that this side can meet: an address of its own, and modes that differ between the directions.

use std::net::Ipv4Addr;

use ppp_session::ppp::ccp::{MicrosoftCompression, Modes};
use ppp_session::ppp::{ipcp, link, negotiate};
use ppp_session::{Client, Config, Event, Reason, Server, Session};

use crate::pair::{CLIENT, Pair, SERVER, client_of, frame, read, server_of};

const WISH: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 77);
const IPCP: u16 = 0x8021;

/// Returns a client that does not listen to another address: for it each Configure-Nak names its
/// own. `pool` are the addresses that it may have.
fn insisting(pool: &[Ipv4Addr]) -> Pair {
    let client = Client::new("alice", "wonderland").with_address(WISH).with_name_servers_wanted(false);
    let config = Config::strict();
    let mut pair = Pair::not_begun(Session::client(&config, &client, [1; 32]), server_of(&config));
    pair.pool = pool.to_vec();
    pair.between = Box::new(|to, bytes| {
        let (protocol, mut information) = read(bytes);
        if (to, protocol, information[0]) != (CLIENT, IPCP, 3) {
            return vec![(to, bytes.to_vec())];
        }
        // The header (4), the head of the one option (2).
        information[6..10].copy_from_slice(&WISH.octets());
        vec![(to, frame(IPCP, &information))]
    });
    pair.open();
    pair
}

fn wishes(pair: &Pair) -> Vec<Ipv4Addr> {
    let wishes = pair.events[SERVER].iter().filter_map(|event| match event {
        Event::AddressWanted(address) => Some(*address),
        _ => None,
    });
    wishes.collect()
}

#[test]
fn rfc1332_section_3_3_a_client_that_insists_gets_its_address_when_it_is_free() {
    let mut pair = insisting(&[WISH]);
    assert_eq!(wishes(&pair), [WISH]);
    let agreed = [CLIENT, SERVER].map(|end| pair.ends[end].ip().unwrap());
    assert_eq!((agreed[CLIENT].own_address, agreed[SERVER].peer_address), (Some(WISH), Some(WISH)));
    pair.assert_alive();
}

#[test]
fn rfc1332_section_3_3_a_client_that_insists_on_a_taken_address_is_told_why_it_ends() {
    let mut pair = insisting(&[Ipv4Addr::new(10, 0, 0, 78)]);
    pair.elapse(std::time::Duration::from_secs(70));
    // Once, however often it asks.
    assert_eq!(wishes(&pair), [WISH]);
    // The server rejects the option in the end, and the client goes without waiting for more.
    let failure = negotiate::Reason::Failed(ipcp::Failure::AddressRefused { own: WISH, wanted: Some(WISH) });
    assert_eq!(pair.reasons()[CLIENT], Some(Reason::Link(link::Reason::NoIp(failure))));
    assert_eq!(pair.reasons()[SERVER].and_then(|reason| reason.windows_error()), Some(720));
}

#[test]
fn a_client_without_a_wish_is_no_event() {
    let mut pair = Pair::connected(&Config::strict());
    assert!(wishes(&pair).is_empty());
    pair.assert_alive();
}

/// RFC 1332 section 3.3, RFC 1877 section 1: with the answer it is known who the client is, and so what it gets.
#[test]
fn a_client_gets_the_addresses_and_name_servers_that_are_its_own() {
    const OWN: Ipv4Addr = Ipv4Addr::new(10, 7, 0, 1);
    const NAME_SERVERS: [Option<Ipv4Addr>; 2] = [Some(Ipv4Addr::new(10, 7, 0, 54)), Some(Ipv4Addr::new(10, 7, 0, 55))];
    const NETBIOS: [Option<Ipv4Addr>; 2] = [Some(Ipv4Addr::new(10, 7, 0, 56)), None];
    let of_all = Some(Ipv4Addr::new(10, 0, 0, 53));
    let assign: fn(&mut Session) = |server| {
        server.assign_own_address(OWN);
        server.assign_name_servers(NAME_SERVERS);
        server.assign_netbios_name_servers(NETBIOS);
    };
    for is_before in [true, false] {
        let config = Config::strict();
        let server = Server::new(Ipv4Addr::new(10, 0, 0, 1)).with_name_servers([of_all, of_all]);
        let mut pair = Pair::not_begun(client_of(&config), Session::server(&config, &server, [2; 32]));
        if is_before {
            assign(&mut pair.ends[SERVER]);
        } else {
            pair.and_then = assign;
        }
        pair.open();
        let agreed = [CLIENT, SERVER].map(|end| pair.ends[end].ip().unwrap());
        assert_eq!((agreed[CLIENT].peer_address, agreed[SERVER].own_address), (Some(OWN), Some(OWN)));
        assert_eq!(agreed[CLIENT].name_servers, NAME_SERVERS);
        assert_eq!(agreed[CLIENT].netbios_name_servers, NETBIOS);
        pair.assert_alive();
    }
}

/// A recorded pptpd and pppd do this: what the client sends is stateless, what the server sends is stateful.
#[test]
fn rfc3078_section_2_stateful_in_one_direction_only_can_be_asked_for() {
    let client = Config::strict().with_receive_modes(Modes::PreferStateful);
    let server = Config::strict().with_send_modes(Modes::PreferStateful);
    let mut pair = Pair::new(client_of(&client), server_of(&server));
    let encodings = |session: &Session| [session.sending(), session.receiving()].map(|encoding| encoding.to_string());
    let (stateless, stateful) = ("MPPE 128 bit, stateless", "MPPE 128 bit, stateful");
    assert_eq!(encodings(&pair.ends[CLIENT]), [stateless, stateful]);
    assert_eq!(encodings(&pair.ends[SERVER]), [stateful, stateless]);
    for _ in 0..300 {
        pair.assert_alive();
    }
    // RFC 3078 sections 8.2 and 10: a loss costs the stateful direction a reset, and the other one nothing but the packet.
    for lossy in [CLIENT, SERVER] {
        pair.between = Box::new(move |to, bytes| {
            let is_lost = to == lossy && read(bytes).0 == 0x00fd;
            (!is_lost).then(|| (to, bytes.to_vec())).into_iter().collect()
        });
        pair.send(1 - lossy);
        pair.between = Box::new(|to, bytes| vec![(to, bytes.to_vec())]);
        if lossy == CLIENT {
            // This one shows the loss, and brings the reset about.
            pair.send(SERVER);
        }
        pair.assert_alive();
    }
}

/// Each direction is decided by its own two sides, whatever the other direction does.
#[test]
fn rfc3078_section_2_the_mode_of_a_direction_depends_on_its_own_two_sides_alone() {
    const MODES: [Modes; 3] = [Modes::Stateless, Modes::PreferStateless, Modes::PreferStateful];
    let one = || MODES.into_iter();
    let two = || one().flat_map(|first| one().map(move |second| [first, second]));
    for modes in two().flat_map(|[a, b]| two().map(move |[c, d]| [a, b, c, d])) {
        let config = |send, receive| Config::strict().with_send_modes(send).with_receive_modes(receive);
        let [client_sends, client_receives, server_sends, server_receives] = modes;
        let client = client_of(&config(client_sends, client_receives));
        let mut pair = Pair::new(client, server_of(&config(server_sends, server_receives)));
        let agreed = pair.ends[CLIENT].link().compression().unwrap();
        for (bits, sender, receiver) in
            [(agreed.send, client_sends, server_receives), (agreed.receive, server_sends, client_receives)]
        {
            // The receiver asks, in the mode that it prefers; the sender says which one it may be.
            let is_stateful = sender == Modes::PreferStateful && receiver != Modes::Stateless;
            assert_eq!(!bits.contains(MicrosoftCompression::STATELESS), is_stateful, "{modes:?}");
        }
        pair.assert_alive();
    }
}
