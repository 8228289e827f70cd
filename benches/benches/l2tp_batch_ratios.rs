//! Packets of eight calls of one server, in a batch and one by one:
//! `cargo bench -p pptp-benches --bench l2tp_batch_ratios`
//!
//! Packets that come in have to be new each time. The clients make them one by one, and their time
//! is in both figures of "in".
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a measurement that goes wrong stops"
)]

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use l2tp_session::server::{Server, TunnelId};
use l2tp_session::session::{Batch, Config, HEADROOM, MAX_RECEIVE, SessionId};
use l2tp_session::wire::{Address, TunnelIds};
use l2tp_session::{client, server};
use pptp_benches::ratio::{self, Group};
use testing::l2tp::{Host, Outside, User, client_config, server_config};
use testing::{Output, SERVER};

/// Clients of the server.
const CLIENTS: usize = 8;
/// Packets of each client in one piece of work.
const EACH: usize = 8;

fn main() {
    ratio::main(|| [64, 512, 1400].into_iter().flat_map(|length| [leaving(length), arriving(length)]).collect());
}

/// A server, and clients that are connected to it.
struct World {
    server: Server,
    clients: Vec<(client::Session, Address)>,
    calls: Vec<(TunnelId, SessionId)>,
}

fn connected() -> World {
    let config = Config::strict("lab");
    let mut host = Host::new(&server_config(&config), Outside::Udp, 1);
    let mut clients: Vec<_> = (1..=CLIENTS).map(|number| connect(&mut host, &config, number)).collect();
    let calls = host.users.iter().map(|(id, user): (&TunnelId, &User)| (*id, user.connected[0])).collect();
    clients.sort_by_key(|(_, address)| *address);
    World { server: std::mem::replace(&mut host.server, empty()), clients, calls }
}

fn empty() -> Server {
    Server::new(server_config(&Config::strict("lab")), server::Limits::default(), [0; 32])
}

fn connect(host: &mut Host, config: &Config, number: usize) -> (client::Session, Address) {
    let number = u8::try_from(number).expect("a few clients");
    let address = Address::udp((Ipv4Addr::new(198, 51, 100, number), 1701).into());
    let (source, ids) = (Outside::Udp.address(SERVER), TunnelIds::new([number; 32]));
    let mut session = client::Session::dial(&client_config(config), source, ids, [number; 32]);
    session.open(Duration::ZERO).expect("it is new");
    let mut user = User::default();
    for tick in 0..40 {
        let now = Duration::from_millis(100 * tick);
        session.handle_timeout(now);
        host.server.handle_timeout(now);
        for _ in 0..20 {
            let mut output = Output::default();
            user.settle(now, &mut session, &mut output);
            for bytes in &output.datagrams {
                let _ = host.receive(now, address, bytes);
            }
            host.settle(now, |destination, mut bytes| {
                if destination == address {
                    let _ = session.handle_datagram(now, source, &mut bytes, &mut [0; MAX_RECEIVE]);
                }
            });
        }
    }
    assert!(!user.connected.is_empty(), "{user:?}");
    (session, address)
}

/// Returns room for the packets of one piece of work.
fn packets(length: usize) -> Vec<Vec<u8>> {
    vec![vec![0; HEADROOM + length]; CLIENTS * EACH]
}

/// Lays the start of an IP packet where there was ciphertext.
fn lay(buf: &mut [u8]) {
    let [high, low] = u16::try_from(buf.len() - HEADROOM).expect("a packet").to_be_bytes();
    buf[HEADROOM..][..4].copy_from_slice(&[0x45, 0, high, low]);
}

fn units() -> u32 {
    u32::try_from(CLIENTS * EACH).expect("a few packets")
}

fn leaving(length: usize) -> Group {
    let (mut one, mut other) = (connected(), connected());
    let (mut bufs, mut others) = (packets(length), packets(length));
    let mut batch = Batch::new();
    let now = Duration::from_secs(5);
    Group::new(format!("out, {length} bytes"), units())
        .with("one by one", move || {
            for (number, buf) in bufs.iter_mut().enumerate() {
                lay(buf);
                let (id, call) = one.calls[number % CLIENTS];
                let mut session = one.server.session_mut(id).expect("a tunnel");
                let mut call = session.call_mut(call).expect("a call");
                black_box(call.send_ip(now, buf).expect("it is connected").payload.len());
            }
        })
        .with("batch", move || {
            for buf in &mut others {
                lay(&mut buf[..]);
            }
            let calls = other.calls.iter().cycle();
            let mut lent: Vec<_> =
                calls.zip(&mut others).map(|((id, call), buf)| (*id, *call, buf.as_mut_slice())).collect();
            other.server.send_ip_batch(now, &mut batch, &mut lent, |_, sent| {
                black_box(sent.expect("it is connected").payload.len());
            });
        })
        .goal("batch", "one by one", 1.0)
}

/// Has the clients send, and gives what they send.
fn sent<'b>(clients: &mut [(client::Session, Address)], bufs: &'b mut [Vec<u8>]) -> Vec<(Address, &'b mut [u8])> {
    let now = Duration::from_secs(5);
    let send = bufs.iter_mut().enumerate().map(|(number, buf)| {
        lay(buf);
        let (client, address) = &mut clients[number % CLIENTS];
        let mut call = client.first_call_mut().expect("a call");
        let length = call.send_ip(now, buf).expect("it is connected").payload.len();
        let start = buf.len() - length;
        (*address, &mut buf[start..])
    });
    send.collect()
}

fn arriving(length: usize) -> Group {
    let (mut one, mut other) = (connected(), connected());
    let (mut bufs, mut others) = (packets(length), packets(length));
    let (mut batch, mut scratch) = (Batch::new(), [0; MAX_RECEIVE]);
    let now = Duration::from_secs(5);
    Group::new(format!("in, {length} bytes"), units())
        .with("one by one", move || {
            for (source, packet) in sent(&mut one.clients, &mut bufs) {
                let received = one.server.handle_datagram(now, source, packet, &mut scratch);
                assert!(black_box(received).is_ok_and(|(_, received)| received.ip().is_some()));
            }
        })
        .with("batch", move || {
            let mut lent = sent(&mut other.clients, &mut others);
            other.server.handle_datagrams(now, &mut batch, &mut lent, |_, received| {
                assert!(black_box(received).is_ok_and(|(_, received)| received.ip().is_some()));
            });
        })
        .goal("batch", "one by one", 1.0)
}
