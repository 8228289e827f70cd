//! A whole client of L2TP, versions 2 and 3, as firmware has it: one call, its socket calls in the place of `unknown`.
//! `.ci/code-size` measures it.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use l2tp_session::client::Config;
use l2tp_session::ppp_session::{Client, Event as PppEvent};
use l2tp_session::session::{self, CallEvent, Event, Session};
use l2tp_session::wire::{Address, TunnelIds};
use link_proof::unknown;

/// Dials, carries IP packets both ways, and ends.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let account = Client::new(unknown("alice"), unknown("wonderland"));
    let config = Config::new(account, session::Config::interop(unknown("laptop")));
    let peer = Address::udp(SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(unknown(1))), 1701));
    loop {
        let ids = TunnelIds::new(unknown([1; 32]));
        let mut session: Session<1> = Session::dial(&config, peer, ids, unknown([2; 32]));
        let _ = black_box(session.open(unknown(Duration::ZERO)));
        let mut buf = unknown([0; 2048]);
        while session.reason().is_none() {
            take(&mut session, peer, &mut buf);
            give(&mut session, &mut buf);
        }
    }
}

fn take(session: &mut Session<1>, peer: Address, buf: &mut [u8]) {
    let now = unknown(Duration::from_secs(1));
    let mut bytes = unknown([7; 1500]);
    let packet = bytes.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let _ = black_box(session.handle_datagram(now, peer, packet, buf).is_ok());
    if let Some(mut call) = session.first_call_mut() {
        let _ = black_box(call.send_ip(now, packet).is_ok());
    }
    session.handle_timeout(now);
    if unknown(false) {
        session.close(now);
    }
}

fn give(session: &mut Session<1>, buf: &mut [u8]) {
    let now = unknown(Duration::from_secs(1));
    let _ = black_box(session.poll_receive(now, buf).is_ok());
    match session.poll_event() {
        Some(Event::Call { event: CallEvent::Ppp(PppEvent::IpUp(ip)), .. }) => {
            black_box(ip);
        }
        Some(Event::Call { call, event: CallEvent::Ppp(PppEvent::Prove(demand)) }) => {
            if let Some(mut call) = session.call_mut(call) {
                let _ = black_box(call.decline(now, demand.ticket()));
            }
        }
        Some(Event::Closed(reason)) => {
            black_box((reason.windows_error(), reason.advice()));
        }
        _ => {}
    }
    let _ = black_box(session.poll_transmit(now, buf).is_ok());
    black_box(session.poll_timeout());
}
