//! The sessions of `l2tp-session` have no way to panic. On a heap, the only ones are the allocator's.
//!
//! Not called: the table of `l2tp_session::server` and `l2tp_session::report`; see the page of this package.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use l2tp_session::client;
use l2tp_session::manual::{Payload, Session as Manual};
use l2tp_session::ppp_session::ppp::auth::{Answer, Secret as Proof};
use l2tp_session::ppp_session::{Client, Event as PppEvent, ExternalKeys};
use l2tp_session::server::Group;
use l2tp_session::session::{CallEvent, CallMut, Config, Event, Reordering, Session};
use l2tp_session::wire::code::DataSequencing;
use l2tp_session::wire::data::{self, SessionWire, TypeOfService, Wire};
use l2tp_session::wire::header::{Cookie, CookieSize};
use l2tp_session::wire::session::CallRequest;
use l2tp_session::wire::tunnel::Versions;
use l2tp_session::wire::{Address, TunnelIds};
use link_proof::{some, unknown};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let config = unknown(Config::interop(unknown("laptop")))
        .with_tunnel(|tunnel| tunnel.with_versions(unknown(Versions::Both)))
        .with_terms(|terms| terms.with_cookie(unknown(CookieSize::Eight)).with_sequencing(unknown(DataSequencing::ALL)))
        .with_reordering(unknown(Reordering::Wait(Duration::from_millis(9))))
        .with_path_mtu(unknown(true))
        .with_type_of_service(unknown(TypeOfService::Reflect))
        .with_outer_mtu(unknown(1500));
    let account = Client::new(unknown("alice"), unknown("wonderland"));
    let dialed = client::Config::new(account, config.clone()).with_remote_end_id(unknown("15"));
    let group = Group::new(config.clone(), Ipv4Addr::from_bits(unknown(1)));
    #[cfg(feature = "alloc")]
    let group = group.with_remote_end_id(unknown("15"));
    let peer = address();
    let mut one: Session<1> = Session::dial(&dialed, peer, TunnelIds::new(unknown([1; 32])), unknown([2; 32]));
    let mut many: Session<4> = Session::listen(&group, TunnelIds::new(unknown([3; 32])), unknown([4; 32]));
    let wire = SessionWire { session_id: unknown(1), cookie: Cookie::Four(unknown([1; 4])), has_sublayer: true };
    let wire = data::Config::new(peer, Wire::V3 { local: wire, peer: wire });
    let mut manual = Manual::new(unknown(Duration::ZERO), wire, &config, Payload::Ethernet, unknown([5; 32]));
    loop {
        drive(&mut one);
        drive(&mut many);
        drive_manual(&mut manual);
    }
}

fn address() -> Address {
    let host = IpAddr::V4(Ipv4Addr::from_bits(unknown(1)));
    if unknown(true) { Address::udp(SocketAddr::new(host, unknown(1701))) } else { Address::ip(host) }
}

fn drive<const CALLS: usize>(session: &mut Session<CALLS>) {
    let now = unknown(Duration::from_secs(1));
    let (mut packet, mut buf) = (unknown([7; 1500]), unknown([0; 2048]));
    let _ = black_box(session.open(now).is_ok());
    let _ = black_box(session.place_call(now, unknown(CallRequest::new())).is_ok());
    session.set_call_allowance(unknown(2));
    session.handle_path_mtu(unknown(1400));
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let buf = buf.get_mut(..unknown(2048)).unwrap_or(&mut []);
    let _ = black_box(session.handle_datagram(now, address(), packet, buf).is_ok());
    let _ = black_box(session.poll_receive(now, buf).is_ok());
    let _ = black_box(session.poll_transmit(now, buf).is_ok());
    let event = session.poll_event();
    if let Some(mut call) = session.first_call_mut() {
        command(&mut call, event.as_ref());
    }
    black_box((session.poll_timeout(), session.is_drained(), session.is_acknowledged(), session.calls().count()));
    if let Some(reason) = session.reason() {
        black_box((reason.windows_error(), reason.advice()));
    }
    if let Some(call) = session.first_call() {
        black_box((call.id(), call.mtu(), call.since(), call.counters(), call.ppp().is_some()));
    }
    session.handle_timeout(now);
    if unknown(false) {
        session.close(now);
    }
}

fn command<const CALLS: usize>(call: &mut CallMut<'_, CALLS>, event: Option<&Event>) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut packet) = (unknown([7; 700]), unknown([7; 1500]));
    let text = some(&bytes, 9);
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let _ = black_box(call.send_ip(now, packet).is_ok());
    let _ = black_box(call.send_frame(now, packet).is_ok());
    match event {
        Some(Event::Call { event: CallEvent::Ppp(PppEvent::Authenticate(question)), .. }) => {
            let _ = black_box(call.answer(now, question.ticket(), &Answer::Password(text)).is_ok());
            let keys = ExternalKeys::new(text, some(&bytes, 16));
            let _ = black_box(call.accept(now, question.ticket(), text, Some(keys)).is_ok());
            call.reject_change(now);
        }
        Some(Event::Call { event: CallEvent::Ppp(PppEvent::Prove(demand)), .. }) => {
            let _ = black_box(call.prove(now, demand.ticket(), unknown("bob"), &Proof::Password(text)));
            let _ = black_box(call.send_eap(now, demand.ticket(), some(&bytes, 40)));
        }
        event => {
            black_box(event);
        }
    }
    let _ = black_box(call.change_password(now, unknown("looking-glass")));
    call.assign_address(Ipv4Addr::from_bits(unknown(1)));
    call.assign_own_address(Ipv4Addr::from_bits(unknown(2)));
    call.assign_name_servers(unknown([None; 2]));
    call.assign_netbios_name_servers(unknown([None; 2]));
    call.rechallenge(now);
    call.send_time_remaining(now, unknown(9));
    call.ping(now);
    if unknown(false) {
        call.close(now);
    }
}

fn drive_manual(session: &mut Manual) {
    let now = unknown(Duration::from_secs(1));
    let (mut packet, mut buf) = (unknown([7; 1500]), unknown([0; 2048]));
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let buf = buf.get_mut(..unknown(2048)).unwrap_or(&mut []);
    black_box(session.is_for(address(), packet));
    let _ = black_box(session.handle_datagram(now, address(), packet, buf).is_ok());
    let _ = black_box(session.poll_receive(now, buf).is_ok());
    let _ = black_box(session.poll_transmit(now, buf).is_ok());
    let _ = black_box(session.send_ip(now, packet).is_ok());
    let _ = black_box(session.send_frame(now, packet).is_ok());
    session.handle_path_mtu(unknown(1400));
    black_box((session.poll_event(), session.poll_timeout(), session.reason(), session.call().mtu()));
    session.handle_timeout(now);
    session.close(now);
}
