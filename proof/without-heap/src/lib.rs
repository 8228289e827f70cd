//! Sessions without the feature `alloc`: whole calls of PPTP and of L2TP, with encryption, and nothing on the heap. All of this
//! is a test: `cargo test --manifest-path proof/without-heap/Cargo.toml`.
#![cfg(test)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::Duration;

use l2tp_session::wire::{Address, TunnelIds};
use pptp::ppp::auth::Answer;
use pptp::ppp_session::{self, Client};

/// Counts what this thread allocates.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns how often `work` allocates.
fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// Packets in each direction.
const PACKETS: u8 = 200;
/// Their length, in bytes.
const LENGTH: usize = 700;

/// Writes an IP packet with this number in it behind the room for headers.
fn fill(buf: &mut [u8], headroom: usize, number: u8) {
    buf.fill(number);
    buf[headroom..headroom + 4].copy_from_slice(&[0x45, 0, 2, 188]);
}

/// One of ten is lost on the way to the client, and the next ones are still understood.
fn is_lost(number: u8) -> bool {
    number % 10 == 3
}

fn is_packet(packet: &[u8], number: u8) -> bool {
    packet.len() == LENGTH && packet[..4] == [0x45, 0, 2, 188] && packet[4..].iter().all(|byte| *byte == number)
}

/// Those of docs/MEMORY.md, which has a column for pointers of 64 bits and one for those of 32.
#[test]
fn the_state_of_a_session_is_in_place_and_has_the_size_that_the_documents_say() {
    let sizes = [
        ("pptp::client::Session", size_of::<pptp::client::Session>()),
        ("pptp::server::Session<1>", size_of::<pptp::server::Session<1>>()),
        ("pptp::server::Session<4>", size_of::<pptp::server::Session<4>>()),
        ("l2tp_session::client::Session", size_of::<l2tp_session::client::Session>()),
        ("ppp_session::Session", size_of::<ppp_session::Session>()),
        ("ppp_fsm::link::Link", size_of::<pptp::ppp::link::Link>()),
        ("pptp_wire::Connection<1>", size_of::<pptp::wire::connection::Connection<1>>()),
        ("pptp_gre::Tunnel", size_of::<pptp::gre::Tunnel<pptp::gre::NoSlots>>()),
        ("mppe::Decryptor", size_of::<pptp::mppe::Decryptor>()),
        ("mppe::Encryptor", size_of::<pptp::mppe::Encryptor>()),
    ];
    let page = include_str!("../../../docs/MEMORY.md");
    let column = if cfg!(target_pointer_width = "64") { 2 } else { 3 };
    let mut differences = String::new();
    for (name, size) in sizes {
        let number = if size < 1000 { size.to_string() } else { format!("{},{:03}", size / 1000, size % 1000) };
        println!("| `{name}` | {number} |");
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_default();
        if row.split('|').nth(column).map(str::trim) != Some(&number) {
            differences += &format!("{name}: {number} bytes, and docs/MEMORY.md says {row}\n");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

type Pptp = pptp::session::Session<1>;

/// Passes what waits at one end of a PPTP call to the other. Returns whether there was anything.
fn pass_pptp(from: &mut Pptp, to: &mut Pptp, now: Duration) -> bool {
    let (mut buf, mut packet) = ([0; pptp::session::MAX_TRANSMIT], [0; pptp::session::MAX_TRANSMIT]);
    let mut is_any = false;
    while let Some(found) = from.poll_tunnel(now, &mut buf).unwrap() {
        let packet = &mut packet[..found.len()];
        packet.copy_from_slice(found);
        let _ = to.handle_gre(now, packet, &mut []);
        is_any = true;
    }
    while let Some(bytes) = from.poll_control(now, &mut buf).unwrap() {
        to.handle_stream(now, bytes);
        is_any = true;
    }
    is_any
}

/// Lets both ends of a PPTP call talk until they have nothing more to say, and answers the server's question.
fn run_pptp(client: &mut Pptp, server: &mut Pptp, now: Duration) {
    use pptp::session::{CallEvent, Event};
    loop {
        let mut is_any = pass_pptp(client, server, now) | pass_pptp(server, client, now);
        while client.poll_event().is_some() {}
        while let Some(event) = server.poll_event() {
            is_any = true;
            let Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } = event else {
                continue;
            };
            let mut call = server.call_mut(call).unwrap();
            call.assign_address(CLIENT);
            call.answer(now, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
        }
        if !is_any {
            return;
        }
    }
}

/// Sends a packet through a PPTP call. One that is lost is sent and does not come.
fn carry_pptp(from: &mut Pptp, to: &mut Pptp, now: Duration, number: u8, is_lost: bool) {
    let mut buf = [0; pptp::session::HEADROOM + LENGTH];
    fill(&mut buf, pptp::session::HEADROOM, number);
    let length = from.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap().len();
    if !is_lost {
        let start = buf.len() - length;
        let (_, received) = to.handle_gre(now, &mut buf[start..], &mut []).unwrap();
        assert!(is_packet(received.ip().unwrap(), number));
    }
}

#[test]
fn a_call_of_pptp_comes_up_encrypts_and_ends_without_a_heap() {
    let count = allocations(|| {
        let config = pptp::client::Config::new("alice", "wonderland");
        let mut client = pptp::client::Session::new(&config, [1; 32]);
        let config = pptp::server::Config::new(SERVER);
        let mut server: pptp::server::Session<1> = pptp::server::Session::new(&config, [2; 32]);
        let mut now = Duration::ZERO;
        client.open(now);
        server.open(now);
        run_pptp(&mut client, &mut server, now);
        let ppp = client.first_call().unwrap().ppp();
        assert_eq!(ppp.ip().unwrap().own_address, Some(CLIENT));
        assert!(ppp.sending().encryption.is_some(), "MPPE is required by default");

        for number in 0..PACKETS {
            now += Duration::from_millis(1);
            carry_pptp(&mut client, &mut server, now, number, false);
            carry_pptp(&mut server, &mut client, now, number, is_lost(number));
            run_pptp(&mut client, &mut server, now);
        }
        client.close(now);
        run_pptp(&mut client, &mut server, now);
        assert!(client.reason().is_some() && client.calls().next().is_none());
    });
    assert_eq!(count, 0, "allocations");
}

type L2tp = l2tp_session::session::Session<1>;

/// Passes what waits at one end of an L2TP tunnel to the other, which gets it from this address. Returns whether there
/// was anything.
fn pass_l2tp(from: &mut L2tp, address: Address, to: &mut L2tp, now: Duration) -> bool {
    let mut buf = [0; l2tp_session::session::MAX_TRANSMIT];
    let mut packet = [0; l2tp_session::session::MAX_TRANSMIT];
    let mut is_any = false;
    while let Some(found) = from.poll_transmit(now, &mut buf).unwrap() {
        let packet = &mut packet[..found.payload.len()];
        packet.copy_from_slice(found.payload);
        let _ = to.handle_datagram(now, address, packet, &mut []);
        is_any = true;
    }
    is_any
}

/// Lets both ends of an L2TP tunnel talk until they have nothing more to say, and answers the server's question.
fn run_l2tp(client: &mut L2tp, server: &mut L2tp, [of_client, of_server]: [Address; 2], now: Duration) {
    use l2tp_session::session::{CallEvent, Event};
    loop {
        let mut is_any = pass_l2tp(client, of_client, server, now) | pass_l2tp(server, of_server, client, now);
        while client.poll_event().is_some() {}
        while let Some(event) = server.poll_event() {
            is_any = true;
            let Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } = event else {
                continue;
            };
            let mut call = server.call_mut(call).unwrap();
            call.assign_address(CLIENT);
            call.answer(now, question.ticket(), &Answer::Password(b"wonderland")).unwrap();
        }
        if !is_any {
            return;
        }
    }
}

/// Sends a packet through an L2TP call, from this address. One that is lost is sent and does not come.
fn carry_l2tp(from: &mut L2tp, address: Address, to: &mut L2tp, now: Duration, number: u8, is_lost: bool) {
    let mut buf = [0; l2tp_session::session::HEADROOM + LENGTH];
    fill(&mut buf, l2tp_session::session::HEADROOM, number);
    let length = from.first_call_mut().unwrap().send_ip(now, &mut buf).unwrap().payload.len();
    if !is_lost {
        let start = buf.len() - length;
        let received = to.handle_datagram(now, address, &mut buf[start..], &mut []).unwrap();
        assert!(is_packet(received.ip().unwrap(), number));
    }
}

#[test]
fn a_call_of_l2tp_comes_up_encrypts_and_ends_without_a_heap() {
    use l2tp_session::session::Config;
    let addresses = ["192.0.2.2:1701", "192.0.2.1:1701"].map(|address| Address::udp(address.parse().unwrap()));
    let [of_client, of_server] = addresses;
    let count = allocations(|| {
        let config = l2tp_session::client::Config::new(Client::new("alice", "wonderland"), Config::strict("laptop"));
        let ids = TunnelIds::new([1; 32]);
        let mut client = l2tp_session::client::Session::dial(&config, of_server, ids, [2; 32]);
        let group = l2tp_session::server::Group::new(Config::strict("lns"), SERVER);
        let mut server: l2tp_session::server::Session<1> =
            l2tp_session::server::Session::listen(&group, TunnelIds::new([3; 32]), [4; 32]);
        let mut now = Duration::ZERO;
        client.open(now).unwrap();
        // L2TP's server waits for the client's PPP to begin.
        for _ in 0..20 {
            run_l2tp(&mut client, &mut server, addresses, now);
            now += Duration::from_millis(100);
            client.handle_timeout(now);
            server.handle_timeout(now);
        }
        let ppp = client.first_call().unwrap().ppp().unwrap();
        assert_eq!(ppp.ip().unwrap().own_address, Some(CLIENT));

        for number in 0..PACKETS {
            now += Duration::from_millis(1);
            carry_l2tp(&mut client, of_client, &mut server, now, number, false);
            carry_l2tp(&mut server, of_server, &mut client, now, number, is_lost(number));
            run_l2tp(&mut client, &mut server, addresses, now);
        }
        client.close(now);
        run_l2tp(&mut client, &mut server, addresses, now);
        assert!(client.first_call().is_none());
    });
    assert_eq!(count, 0, "allocations");
}
