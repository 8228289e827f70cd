//! No way to panic in `ppp-fsm` with MS-CHAP: a link with all its layers, HDLC-like framing, and the codecs.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::Ipv4Addr;
use core::time::Duration;

use link_proof::{some, unknown};
use ppp_fsm::auth::{self, Answer, Method, Methods, Secret};
use ppp_fsm::link::{Config, Event, Keepalive, Link, NetworkPolicy, windows_error_text};
use ppp_fsm::{Frame, OptionWriter, Packet, Protocol, ccp, chap, eap, hdlc, ipcp, ipv6cp, lcp, pap};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let methods =
        Methods::new(&unknown([Method::Pap, Method::ChapMd5, Method::MsChapV1, Method::MsChapV2, Method::Eap]));
    let config = Config::default()
        .with_lcp(lcp::Config::default().with_peer_authentication(methods).with_own_authentication(methods))
        .with_authentication(
            auth::Config::default()
                .with_name(unknown(b"server"))
                .with_retries(unknown(3))
                .with_rechallenge_interval(unknown(Some(Duration::from_secs(60))))
                .with_eap_pass_through(unknown(true)),
        )
        .with_ccp(
            ccp::Config::default().with_compression(unknown(true)).with_encryption(unknown(ccp::Encryption::Passive)),
        )
        .with_ipcp(ipcp::Config::new(Ipv4Addr::from_bits(unknown(1))).with_name_servers_wanted(unknown(true)))
        .with_ipv6cp(ipv6cp::Config::default())
        .with_keepalive(Keepalive::new(unknown(Duration::from_secs(9))).with_adaptive(unknown(true)))
        .with_network_policy(unknown(NetworkPolicy::default()))
        .with_microsoft_termination(unknown(true))
        .with_identification(unknown(b"MSRASV5.20"));
    let mut link = Link::new(&config, unknown([1; 32]));
    let mut frame = [0; 64];
    let mut serial = hdlc::Decoder::new(&mut frame, hdlc::Config::default());
    loop {
        drive(&mut link);
        prove(&mut link);
        hdlc(&mut serial);
        packets();
        options();
    }
}

fn drive(link: &mut Link) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut buf) = (unknown([7; 700]), unknown([0; 1504]));
    let length = unknown(156);
    link.open(now);
    link.up(now);
    let _ = black_box(link.handle_frame(now, some(&bytes, length)));
    let protocol = Protocol(unknown(0x0021));
    let _ = black_box(link.handle_decrypted(now, protocol, some(&bytes, length)));
    black_box((link.accepts(protocol).is_ok(), link.may_send(protocol)));
    let _ = black_box(link.frame(protocol, some(&bytes, length)).encode(&mut buf));
    link.set_external_keys(ccp::MicrosoftCompression::from_bits(unknown(7)));
    link.set_peer_address(Ipv4Addr::from_bits(unknown(1)));
    link.set_own_address(Ipv4Addr::from_bits(unknown(2)));
    link.set_name_servers(unknown([None; 2]));
    link.set_netbios_name_servers(unknown([None; 2]));
    link.request_reset(now);
    link.synchronized();
    link.note_traffic();
    link.ping(now);
    link.send_time_remaining(now, unknown(9));
    let _ = black_box(link.poll_transmit(now, buf.get_mut(..length).unwrap_or(&mut [])));
    black_box((link.phase(), link.ending(), link.compression(), link.ip(), link.ipv6(), link.echo_statistics()));
    black_box((link.peer_identification(), link.peer_farewell(), link.peer_name(), link.authentication_message()));
    black_box((link.keys(), link.has_event(), link.poll_timeout()));
    link.handle_timeout(now);
    link.rechallenge(now);
    link.close_with_error(now, unknown(691));
    link.close(now);
    link.down(now);
}

fn prove(link: &mut Link) {
    let now = unknown(Duration::from_secs(1));
    let bytes = unknown([7; 700]);
    let (text, length) = (some(&bytes, 9), unknown(40));
    let hash = mschap::NtHash::from_password(mschap::Password::Utf16Le(some(&bytes, 20)));
    black_box(link.presented().and_then(|presented| presented.name()));
    match link.poll_event() {
        Some(Event::Authenticate(question)) => {
            let account = mschap::Account::new(&hash);
            let answer = match unknown(1) {
                1 => Answer::Password(text),
                2 => Answer::Account(&account),
                3 => Answer::Accept(text),
                4 => Answer::Reject(text),
                _ => Answer::EapRequest(some(&bytes, length)),
            };
            let _ = black_box(link.answer(now, question.ticket(), &answer).is_ok());
            link.reject_change(now);
        }
        Some(Event::Prove(demand)) => {
            let ticket = demand.ticket();
            let secret = if unknown(true) { Secret::Password(text) } else { Secret::NtHash(&hash) };
            let _ = black_box(link.prove(now, ticket, text, &secret));
            let _ = black_box(link.change_password(now, ticket, &secret, mschap::Password::Utf16Le(some(&bytes, 20))));
            black_box(link.eap_request());
            let _ = black_box(link.send_eap(now, ticket, some(&bytes, length)));
            let _ = black_box(link.decline(now, ticket));
        }
        event => drop(black_box(event)),
    }
}

fn hdlc(serial: &mut hdlc::Decoder<'_>) {
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 200]));
    let length = unknown(40);
    let config = hdlc::Config::default().with_control_characters(unknown(1)).with_fcs(unknown(hdlc::Fcs::Bits16));
    serial.set_config(config);
    let mut input = some(&bytes, length);
    while let Some(frame) = serial.decode(&mut input) {
        let _ = black_box(frame);
    }
    let mut encoder = hdlc::Encoder::new(some(&bytes, length), config).without_leading_flag();
    black_box(encoder.fill(buf.get_mut(..length).unwrap_or(&mut [])));
    let _ = black_box(hdlc::encode(some(&bytes, length), config, &mut buf));
}

fn packets() {
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 96]));
    let input = some(&bytes, 40);
    let room = buf.get_mut(..unknown(60)).unwrap_or(&mut []);
    let _ = black_box(Frame::decode(input).map(|frame| frame.encode(room).is_ok()));
    let _ = black_box(Packet::decode(input).map(|packet| packet.encode(room).is_ok()));
    let _ = black_box(lcp::Packet::decode(input).map(|packet| packet.encode(room).is_ok()));
    let _ = black_box(chap::Packet::decode(input).map(|packet| packet.encode(room).is_ok()));
    let _ = black_box(pap::Packet::decode(input).map(|packet| packet.encode(room).is_ok()));
    let _ = black_box(eap::Packet::decode(input).map(|packet| packet.encode(room).is_ok()));
    black_box((lcp::MicrosoftTermination::decode(input), windows_error_text(unknown(691))));
}

fn options() {
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 96]));
    let mut writer = OptionWriter::new(buf.get_mut(..unknown(60)).unwrap_or(&mut []));
    for option in ppp_fsm::Options::new(some(&bytes, 40)).flatten() {
        let _ = black_box(writer.push(&option));
        let _ = black_box(lcp::ConfigurationOption::decode(option).map(|option| writer.push(&option).is_ok()));
        let _ = black_box(ccp::ConfigurationOption::decode(option).map(|option| writer.push(&option).is_ok()));
        let _ = black_box(ipcp::ConfigurationOption::decode(option).map(|option| writer.push(&option).is_ok()));
        let _ = black_box(ipv6cp::ConfigurationOption::decode(option).map(|option| writer.push(&option).is_ok()));
    }
    black_box(writer.finish());
}
