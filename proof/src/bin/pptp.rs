//! The sessions of `pptp` have no way to panic. On a heap, the only ones are the allocator's.
//!
//! Not called: the table of `pptp::server`, `pptp::inspect` and `pptp::report`; see the page of this package.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::Ipv4Addr;
use core::time::Duration;

use link_proof::{some, unknown};
use pptp::gre::IpVersion;
use pptp::mschap::{Account, NtHash, Password};
use pptp::ppp::auth::{Answer, Secret};
#[cfg(feature = "alloc")]
use pptp::ppp_session::Batch;
use pptp::ppp_session::{Event as PppEvent, ExternalKeys};
use pptp::session::{CallEvent, CallMut, Config, Event, FlowAlarmPolicy, Session};
use pptp::{client, server};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let config = unknown(Config::interop())
        .with_outer_mtu(unknown(1500), unknown(IpVersion::V4))
        .with_reorder_packets(unknown(16))
        .with_flow_alarm(unknown(FlowAlarmPolicy::default()))
        .with_echo_for_acknowledgment(unknown(true));
    let client = client::Config::new(unknown("alice"), unknown("wonderland")).with_session(config.clone());
    let server = server::Config::new(Ipv4Addr::from_bits(unknown(1))).with_session(config);
    let mut one: Session<1> = Session::new(&client, unknown([1; 32]));
    let mut many: Session<4> = Session::new(&server, unknown([2; 32]));
    loop {
        drive(&mut one);
        drive(&mut many);
    }
}

fn drive<const CALLS: usize>(session: &mut Session<CALLS>) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut buf) = (unknown([7; 300]), unknown([0; 1600]));
    let length = unknown(156);
    session.open(now);
    black_box(session.handle_stream(now, some(&bytes, length)));
    let _ = black_box(session.poll_control(now, buf.get_mut(..length).unwrap_or(&mut [])));
    session.set_call_allowance(unknown(2));
    receive(session);
    let event = session.poll_event();
    if let Some(mut call) = session.first_call_mut() {
        command(&mut call, event.as_ref());
        send(&mut call);
    }
    black_box((session.poll_timeout(), session.is_closed(), session.mtu(), session.calls().count()));
    if let Some(reason) = session.reason() {
        black_box((reason.windows_error(), reason.advice(), reason.fault()));
    }
    if let Some(call) = session.first_call() {
        black_box((call.id(), call.peer_id(), call.host_name(), call.mtu(), call.statistics()));
    }
    session.handle_timeout(now);
    session.handle_disconnect(now);
    session.close(now);
}

fn receive<const CALLS: usize>(session: &mut Session<CALLS>) {
    let now = unknown(Duration::from_secs(1));
    let (mut packet, mut buf) = (unknown([7; 1500]), unknown([0; 1600]));
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let buf = buf.get_mut(..unknown(1600)).unwrap_or(&mut []);
    let _ = black_box(session.handle_gre(now, packet, buf).is_ok());
    #[cfg(feature = "alloc")]
    session.handle_gre_batch(now, &mut Batch::new(), &mut [packet, &mut unknown([8; 1500])], |index, received| {
        let _ = black_box((index, received.is_ok()));
    });
    let _ = black_box(session.poll_receive(now, buf));
    let _ = black_box(session.poll_tunnel(now, buf));
}

fn send<const CALLS: usize>(call: &mut CallMut<'_, CALLS>) {
    let now = unknown(Duration::from_secs(1));
    let mut packet = unknown([7; 1500]);
    let packet = packet.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let _ = black_box(call.send_ip(now, packet));
    #[cfg(feature = "alloc")]
    call.send_ip_batch(now, &mut Batch::new(), &mut [packet, &mut unknown([8; 1500])], |index, sent| {
        let _ = black_box((index, sent.is_ok()));
    });
}

fn command<const CALLS: usize>(call: &mut CallMut<'_, CALLS>, event: Option<&Event>) {
    let now = unknown(Duration::from_secs(1));
    let bytes = unknown([7; 700]);
    let text = some(&bytes, 9);
    match event {
        Some(Event::Call { event: CallEvent::Ppp(PppEvent::Authenticate(question)), .. }) => {
            let hash = NtHash::from_password(Password::Utf16Le(some(&bytes, 20)));
            let account = Account::new(&hash);
            let answer = if unknown(true) { Answer::Password(text) } else { Answer::Account(&account) };
            let _ = black_box(call.answer(now, question.ticket(), &answer).is_ok());
            let keys = ExternalKeys::new(text, some(&bytes, 16));
            let _ = black_box(call.accept(now, question.ticket(), text, Some(keys)).is_ok());
            call.reject_change(now);
        }
        Some(Event::Call { event: CallEvent::Ppp(PppEvent::Prove(demand)), .. }) => {
            let _ = black_box(call.prove(now, demand.ticket(), unknown("bob"), &Secret::Password(text)));
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
