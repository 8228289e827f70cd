//! A whole client of PPTP, as firmware has it: one call, the loop of `pptp::guide`, its socket calls in the place of
//! `unknown`. `.ci/code-size` measures it.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;

use link_proof::{some, unknown};
use pptp::client::{Config, Session};
use pptp::ppp_session::Event as PppEvent;
use pptp::session::{CallEvent, Event, MAX_RECEIVE};

/// Dials, carries IP packets both ways, and ends.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let config = Config::new(unknown("alice"), unknown("wonderland"));
    loop {
        let mut session = Session::new(&config, unknown([1; 32]));
        session.open(unknown(Duration::ZERO));
        let mut buf = [0; MAX_RECEIVE];
        while session.reason().is_none() {
            take(&mut session, &mut buf);
            give(&mut session, &mut buf);
        }
    }
}

fn take(session: &mut Session, buf: &mut [u8]) {
    let now = unknown(Duration::from_secs(1));
    let mut bytes = unknown([7; 1500]);
    if session.wants_read() {
        black_box(session.handle_stream(now, some(&bytes, 156)));
    }
    let packet = bytes.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let _ = black_box(session.handle_gre(now, packet, buf));
    if let Some(mut call) = session.first_call_mut() {
        let _ = black_box(call.send_ip(now, packet));
    }
    session.handle_timeout(now);
    if unknown(false) {
        session.handle_disconnect(now);
    }
    if unknown(false) {
        session.close(now);
    }
}

fn give(session: &mut Session, buf: &mut [u8]) {
    let now = unknown(Duration::from_secs(1));
    let _ = black_box(session.poll_receive(now, buf));
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
    let _ = black_box(session.poll_tunnel(now, buf));
    let _ = black_box(session.poll_control(now, buf));
    black_box(session.poll_timeout());
}
