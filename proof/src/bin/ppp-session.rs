//! `ppp-session` has no way to panic. On a heap, the only ones are the allocator's.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::Ipv4Addr;
use core::time::Duration;

use link_proof::{some, unknown};
use ppp_session::mschap::{Account, NtHash, Password};
use ppp_session::ppp::auth::{Answer, Secret};
use ppp_session::ppp::ccp::Encryption;
#[cfg(feature = "alloc")]
use ppp_session::Batch;
use ppp_session::{Client, Compression, Config, Event, ExternalKeys, HEADROOM, IpVersions, Server, Session};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let config = unknown(Config::interop())
        .with_encryption(unknown(Encryption::Preferred))
        .with_compression(unknown(Compression::default()))
        .with_ip_versions(unknown(IpVersions::default()))
        .with_carrier_mru(unknown(1492))
        .with_mtu(unknown(1400))
        .with_mru(unknown(1500))
        .with_rechallenge_interval(unknown(None))
        .with_setup_timeout(unknown(Duration::from_secs(30)));
    let of_server = Server::new(Ipv4Addr::from_bits(unknown(1))).with_patience(unknown(Duration::from_secs(60)));
    let mut server = Session::server(&config, &of_server, unknown([1; 32]));
    let of_client = Client::new(unknown("alice"), unknown("wonderland")).with_name_servers_wanted(unknown(true));
    let mut client = Session::client(&config, &of_client, unknown([2; 32]));
    loop {
        negotiate(&mut server);
        negotiate(&mut client);
        receive(&mut server);
        send(&mut client);
        #[cfg(feature = "alloc")]
        many(&mut client, &mut server);
    }
}

fn negotiate(session: &mut Session) {
    let now = unknown(Duration::from_secs(1));
    let bytes = unknown([7; 700]);
    let text = some(&bytes, 9);
    session.open(now);
    match session.poll_event() {
        Some(Event::Authenticate(question)) => {
            let hash = NtHash::from_password(Password::Utf16Le(some(&bytes, 20)));
            let account = Account::new(&hash);
            let answer = match unknown(1) {
                1 => Answer::Password(text),
                2 => Answer::Account(&account),
                3 => Answer::Reject(text),
                _ => Answer::EapRequest(some(&bytes, 40)),
            };
            let _ = black_box(session.answer(now, question.ticket(), &answer).is_ok());
            let keys = ExternalKeys::new(text, some(&bytes, 16));
            let _ = black_box(session.accept(now, question.ticket(), text, Some(keys)).is_ok());
            session.reject_change(now);
        }
        Some(Event::Prove(demand)) => {
            let secret = Secret::Password(text);
            let _ = black_box(session.prove(now, demand.ticket(), unknown("bob"), &secret));
            let _ = black_box(session.send_eap(now, demand.ticket(), some(&bytes, 40)));
        }
        event => drop(black_box(event)),
    }
    let _ = black_box(session.change_password(now, unknown("looking-glass")));
    let mut buf = unknown([0; 1504]);
    let _ = black_box(session.poll_transmit(now, buf.get_mut(..unknown(1504)).unwrap_or(&mut [])));
    black_box((session.has_event(), session.poll_timeout(), session.presented().is_some()));
    session.handle_timeout(now);
    session.assign_address(Ipv4Addr::from_bits(unknown(1)));
    session.assign_own_address(Ipv4Addr::from_bits(unknown(2)));
    session.assign_name_servers(unknown([None; 2]));
    session.assign_netbios_name_servers(unknown([None; 2]));
    session.rechallenge(now);
    session.ping(now);
    session.send_time_remaining(now, unknown(9));
    black_box((session.ip(), session.ipv6(), session.mtu(), session.reason(), session.status(), session.changed_at()));
    black_box((session.sending(), session.receiving(), session.statistics()));
    if let Some(reason) = session.reason() {
        black_box((reason.windows_error(), reason.advice()));
    }
    session.close_with_error(now, unknown(691));
    session.close(now);
    session.down(now);
}

fn receive(session: &mut Session) {
    let now = unknown(Duration::from_secs(1));
    let (mut frame, mut scratch) = (unknown([7; 1500]), unknown([0; 1600]));
    let length = unknown(1400);
    let frame = frame.get_mut(..length).unwrap_or(&mut []);
    let scratch = scratch.get_mut(..unknown(1600)).unwrap_or(&mut []);
    let _ = black_box(session.handle_frame(now, frame, scratch));
    let _ = black_box(session.handle_frame_into(now, frame, scratch));
    black_box((session.scratch_len(), session.expects_sealed()));
    #[cfg(feature = "alloc")]
    session.handle_frames(now, &mut Batch::new(), &mut [frame, &mut unknown([8; 1500])], &mut |index, received| {
        let _ = black_box((index, received.is_ok()));
    });
}

fn send(session: &mut Session) {
    let now = unknown(Duration::from_secs(1));
    let mut buf = unknown([7; 1500]);
    let start = unknown(HEADROOM);
    let buf = buf.get_mut(..unknown(1400)).unwrap_or(&mut []);
    let _ = black_box(session.send_ip(now, buf, start));
    let _ = black_box(session.check_ip(buf, start));
    #[cfg(feature = "alloc")]
    send_batch(session, buf, start);
}

#[cfg(feature = "alloc")]
fn send_batch(session: &mut Session, buf: &mut [u8], start: usize) {
    let now = unknown(Duration::from_secs(1));
    let (mut batch, mut other) = (Batch::new(), unknown([8; 1500]));
    black_box(session.seals_in_place());
    let _ = black_box(session.begin_ip(buf, start));
    session.seal(&mut batch, &mut [&mut buf[..], &mut other]);
    session.send_ip_batch(now, &mut batch, &mut [buf, &mut other], start, &mut |index, buf, sent| {
        let _ = black_box((index, buf.len(), sent));
    });
}

#[cfg(feature = "alloc")]
fn many(client: &mut Session, server: &mut Session) {
    let now = unknown(Duration::from_secs(1));
    let (mut one, mut two, mut three, mut four) =
        (unknown([1; 99]), unknown([2; 99]), unknown([3; 99]), unknown([4; 99]));
    if let (Ok(mut one), Ok(mut two)) = (client.lend_decryptor(&mut one), server.lend_decryptor(&mut two)) {
        one.open();
        two.open();
        let _ = black_box(client.take_back(now, one));
        let _ = black_box(server.take_back(now, two));
    }
    let start = unknown(HEADROOM);
    if let (Ok((mut one, _)), Ok((mut two, _))) =
        (client.lend_encryptor(&mut three, start), server.lend_encryptor(&mut four, start))
    {
        one.seal();
        two.buf_mut().fill(unknown(1));
        black_box(client.take_back_sealed(one));
        black_box(server.take_back_sealed(two));
    }
}
