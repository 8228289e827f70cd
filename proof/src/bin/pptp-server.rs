//! The only ways to panic in the table of `pptp::server` are those of alloc: the allocator's, and of its `BTreeMap`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use link_proof::{some, unknown};
use pptp::ppp_session::Batch;
use pptp::server::{Config, ConnectionId, Limits, Server, SessionMut};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let limits = Limits::default()
        .with_connections(unknown(100))
        .with_connections_per_address(unknown(2))
        .with_calls(unknown(300));
    let config = Config::new(Ipv4Addr::from_bits(unknown(1))).with_idle_timeout(unknown(Duration::from_secs(9)));
    let mut server: Server<2> = Server::new(config, limits);
    let mut batch = Batch::new();
    loop {
        drive(&mut server, &mut batch);
    }
}

fn drive(server: &mut Server<2>, batch: &mut Batch) {
    let now = unknown(Duration::from_secs(1));
    let peer = IpAddr::V4(Ipv4Addr::from_bits(unknown(2)));
    let other = IpAddr::V6(unknown([7; 16]).into());
    if let Ok(id) = server.accept(now, peer, unknown([1; 32])) {
        stream(server, id);
    }
    packets(server, batch, [peer, other]);
    while let Some(session) = server.poll_ready() {
        poll(session);
    }
    server.handle_timeout(now);
    let oldest = server.connections().next();
    if let Some(id) = oldest {
        send(server, batch, id);
        if let Some(mut session) = server.session_mut(id) {
            session.close(now);
        }
        black_box((server.peer(id), server.session(id).is_some()));
        server.handle_disconnect(now, id);
        server.remove(id);
    }
    black_box((server.len(), server.is_empty(), server.poll_timeout()));
}

fn stream(server: &mut Server<2>, id: ConnectionId) {
    let now = unknown(Duration::from_secs(1));
    let bytes = unknown([7; 300]);
    black_box((id.get(), server.handle_stream(now, id, some(&bytes, 156))));
}

fn packets(server: &mut Server<2>, batch: &mut Batch, peers: [IpAddr; 2]) {
    let now = unknown(Duration::from_secs(1));
    let (mut packet, mut other, mut buf) = (unknown([7; 1500]), unknown([8; 1500]), unknown([0; 1600]));
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let buf = buf.get_mut(..unknown(1600)).unwrap_or(&mut []);
    let [peer, peer_of_other] = peers;
    black_box(server.handle_gre(now, peer, packet, buf).is_ok());
    server.handle_gre_batch(now, batch, &mut [(peer, packet), (peer_of_other, &mut other)], |index, received| {
        black_box((index, received.is_ok()));
    });
}

fn poll(mut session: SessionMut<'_, 2>) {
    let now = unknown(Duration::from_secs(1));
    let mut buf = unknown([0; 1600]);
    let buf = buf.get_mut(..unknown(1600)).unwrap_or(&mut []);
    black_box((session.id(), session.peer(), session.is_closed()));
    black_box(session.poll_event().is_some());
    let _ = black_box(session.poll_control(now, buf));
    let _ = black_box(session.poll_tunnel(now, buf));
    let _ = black_box(session.poll_receive(now, buf));
}

fn send(server: &mut Server<2>, batch: &mut Batch, id: ConnectionId) {
    let now = unknown(Duration::from_secs(1));
    let (mut packet, mut other) = (unknown([7; 1500]), unknown([8; 1500]));
    let Some(call) = server.session(id).and_then(|session| session.calls().next()).map(|call| call.id()) else { return };
    server.send_ip_batch(now, batch, &mut [(id, call, &mut packet), (id, call, &mut other)], |index, sent| {
        black_box((index, sent.is_ok()));
    });
}
