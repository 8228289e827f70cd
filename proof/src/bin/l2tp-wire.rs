//! No way to panic in `l2tp-wire`: the codecs, and the machines of tunnels, their channel and their data.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use l2tp_wire::authenticate::{DigestKey, Nonces, challenge_response, verify};
use l2tp_wire::avp::{CallErrors, Value};
use l2tp_wire::code::{Accm, AttributeType, CircuitStatus, DigestType, MessageType, SessionResult};
use l2tp_wire::data::{self, DataChannel, SessionWire, TunnelSession, Wire};
use l2tp_wire::demultiplexer::{Demultiplexer, Entry, Key, Route};
use l2tp_wire::header::{Carrier, Control, ControlHeader, CookieSize, DataHeader, Recipient, Sequence};
use l2tp_wire::header::{Cookie, SessionHeader, SessionLayout, Sublayer};
use l2tp_wire::hide::{Hiding, HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, MessageWriter};
use l2tp_wire::session::{CallRequest, Disconnect, SessionId, Terms};
use l2tp_wire::tunnel::{Authentication, Config, Tunnel, Versions};
use l2tp_wire::{Address, Message, Packet, Secret, TunnelIds};
use link_proof::{some, unknown};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let Ok(secret) = Secret::new(some(unknown(b"secret"), 5)) else { loop {} };
    let number = black_box(5u16);
    let (v2, v3) = (HidingKey::v2(&secret), HidingKey::v3(&secret));
    let digest = DigestKey::new(&secret);
    let mut buf = black_box([0; 1500]);
    let config = Config::new(unknown("host"))
        .with_password(secret.clone())
        .with_versions(unknown(Versions::Both))
        .with_authentication(unknown(Authentication::Challenge))
        .with_hidden(unknown(true))
        .with_hello_interval(unknown(None));
    let ids = TunnelIds::new(unknown([3; 32]));
    let mut receiver: Tunnel<1> =
        Tunnel::receiver(config.clone().with_old_password(secret.clone()), ids, unknown([1; 32]));
    let mut originator: Tunnel<4> = Tunnel::originator(config, ids, address(), unknown([2; 32]));
    let mut plain: DataChannel = DataChannel::new(data_config());
    let mut ordered: DataChannel<8, 64> = DataChannel::new(data_config());
    let mut table = Demultiplexer::new([const { None }; 16], unknown([1; 32]));
    loop {
        drive(&mut receiver);
        drive(&mut originator);
        carry(&mut plain);
        carry(&mut ordered);
        route(&mut table);
        data(&mut buf, number);
        control(&mut buf, &v2, &digest);
        control(&mut buf, &v3, &digest);
        let challenge = buf.get(..number.into()).unwrap_or(&[]);
        black_box(challenge_response(MessageType::new(number), &secret, challenge));
    }
}

fn address() -> Address {
    let host = IpAddr::V4(Ipv4Addr::from_bits(unknown(1)));
    if unknown(true) { Address::udp(SocketAddr::new(host, unknown(1701))) } else { Address::ip(host) }
}

/// Drives the control connection and its sessions.
fn drive<const SESSIONS: usize>(tunnel: &mut Tunnel<SESSIONS>) {
    let now = unknown(Duration::from_secs(1));
    let mut buf = unknown([7; 1500]);
    let length = unknown(156);
    let _ = black_box(tunnel.open(now));
    let _ = black_box(tunnel.handle_packet(now, address(), buf.get_mut(..length).unwrap_or(&mut [])));
    let session = SessionId::new(unknown(7));
    let terms = || Terms::new().with_cookie(unknown(CookieSize::Eight)).with_sublayer(unknown(true));
    let _ = black_box(tunnel.announce_call(now, CallRequest::new().with_serial_number(unknown(1)), terms()));
    let _ = black_box(tunnel.place_call(now, CallRequest::new().with_called_number(unknown("555")), terms()));
    let _ = black_box(tunnel.accept_call(now, session, terms()));
    let _ = black_box(tunnel.connect_call(now, session));
    let _ = black_box(tunnel.set_link_info(now, session, unknown(Accm::NONE), unknown(Accm::ALL)));
    let _ = black_box(tunnel.set_circuit_status(now, session, unknown(CircuitStatus::ACTIVE)));
    let _ = black_box(tunnel.report_wan_errors(now, session, unknown(CallErrors::default())));
    let _ = black_box(tunnel.clear_call(now, session, Disconnect::new(unknown(SessionResult::ADMINISTRATIVE))));
    tunnel.handle_data_seen(now);
    let _ = black_box(tunnel.poll_transmit(now, buf.get_mut(..length).unwrap_or(&mut [])).is_ok());
    black_box((tunnel.poll_event(), tunnel.poll_timeout(), tunnel.state(), tunnel.peer(), tunnel.channel_status()));
    tunnel.handle_timeout(now);
    black_box((tunnel.session(session), tunnel.sessions().count(), tunnel.data_config(session), tunnel.counters()));
    tunnel.close(now);
}

fn data_config() -> data::Config {
    let end = TunnelSession { tunnel_id: unknown(1), session_id: unknown(2) };
    let v3 =
        SessionWire { session_id: unknown(1), cookie: unknown(Cookie::Eight([1; 8])), has_sublayer: unknown(true) };
    let wire = if unknown(true) { Wire::V2 { local: end, peer: end } } else { Wire::V3 { local: v3, peer: v3 } };
    data::Config::new(address(), wire)
        .with_length_field(unknown(true))
        .with_sequencing(data::Sequencing::new(unknown(true), unknown(true)))
        .with_reorder_timeout(unknown(Duration::from_millis(50)))
        .with_path_mtu(unknown(true))
}

/// Carries the data of one session.
fn carry<const SLOTS: usize, const FRAME: usize>(channel: &mut DataChannel<SLOTS, FRAME>) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 128]));
    let length = unknown(40);
    let _ = black_box(channel.encapsulate(some(&bytes, length), unknown(Some(1)), &mut buf).is_ok());
    let _ = black_box(channel.encapsulate_in_place(unknown(None), buf.get_mut(..length).unwrap_or(&mut [])).is_ok());
    let _ = black_box(channel.decapsulate(now, some(&bytes, length)));
    let _ = black_box(channel.decapsulate_in_place(now, buf.get_mut(..length).unwrap_or(&mut [])));
    let _ = black_box(channel.decapsulate_range(now, some(&bytes, length)));
    black_box(channel.poll_receive(now));
    channel.handle_timeout(now);
    channel.handle_path_mtu(unknown(1400));
    black_box((channel.poll_timeout(), channel.session_mtu(), channel.counters()));
}

/// Runs the table of tunnels and sessions.
fn route(table: &mut Demultiplexer<u32, [Option<Entry<u32>>; 16]>) {
    let now = unknown(Duration::from_secs(1));
    let bytes = unknown([7; 64]);
    black_box(table.allocate(now));
    let _ = black_box(table.admit(address()));
    let key = unknown(Key::SessionV3(7));
    let _ = black_box(table.insert(key, address(), unknown(1)));
    let _ = black_box(table.insert_half_open(unknown(Key::TunnelV2(7)), address(), unknown(1)));
    table.prove(key);
    table.set_source(key, address());
    if let Ok(Route::Tunnel(tunnel) | Route::Session(tunnel)) = table.route(address(), some(&bytes, unknown(40))) {
        *tunnel = unknown(9);
    }
    black_box((table.tunnels_of(address()).count(), table.host_of(key), table.get_mut(key)));
    black_box(table.remove(now, key));
}

/// Headers of data.
fn data(buf: &mut [u8], number: u16) {
    let packet = black_box(&*buf);
    let _ = black_box(Packet::decode_udp(packet));
    let _ = black_box(Packet::decode_ip(packet));
    let layout = SessionLayout { cookie_size: black_box(CookieSize::Eight), has_sublayer: black_box(true) };
    let _ = black_box(layout.decode(black_box(Carrier::Ip), packet));
    let header = DataHeader {
        tunnel_id: number,
        session_id: number,
        is_priority: black_box(true),
        has_length: black_box(true),
        sequence: black_box(Some(Sequence { ns: number, nr: number })),
        offset_size: black_box(Some(number)),
    };
    let _ = black_box(header.encode(black_box(1400), buf).is_ok());
    let header = SessionHeader {
        session_id: number.into(),
        cookie: black_box(Cookie::Eight([1; 8])),
        sublayer: black_box(Some(Sublayer::with_sequence(number.into()))),
    };
    let _ = black_box(header.encode(black_box(Carrier::Udp), buf).is_ok());
}

/// Writes control messages in the clear, hidden and signed.
fn control(buf: &mut [u8], key: &HidingKey, digest: &DigestKey) {
    let nonces = black_box(Nonces { sender: b"mine", receiver: b"yours" });
    let _ = black_box(digest.sign(nonces, buf));
    let _ = black_box(digest.sign_with(digest, nonces, buf));
    let _ = black_box(verify(&[digest, digest], nonces, buf));
    let mut other = black_box([0; 1500]);
    if let Ok((header, avps)) = reveal(buf, key) {
        let hiding = Hiding::new(key, black_box(b"vector")).with_padding(black_box(b"padding"));
        let _ = black_box(avps.find(black_box(AttributeType::HOST_NAME)));
        if let Ok(decoded) = Message::decode(header.recipient.version(), avps.clone()) {
            let options = EncodeOptions::new()
                .with_hiding(hiding)
                .with_two_digests(black_box(DigestType::HMAC_MD5), black_box(DigestType::HMAC_SHA1));
            let _ = black_box(decoded.message.encode(&header, &options, &mut other).is_ok());
        }
        again(&header, avps.filter_map(|avp| avp.ok()?.decode(black_box(MessageType::HELLO)).ok()), &mut other);
    }
    let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: black_box(1) }, ns: 1, nr: 1 };
    let _ = black_box(header.overwrite(&mut other));
    let _ = black_box(Control::decode(&other).map(|control| control.avps().message_type()));
}

/// Writes AVPs one by one.
fn again<'a>(header: &ControlHeader, values: impl Iterator<Item = Value<'a>>, buf: &mut [u8]) {
    let Ok(mut writer) = MessageWriter::new(*header, buf) else { return };
    for value in values {
        let _ = black_box(writer.put(&value));
    }
    let _ = black_box(writer.finish().is_ok());
}
