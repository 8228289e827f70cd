//! The whole path of a data packet: IP in, GRE out, and at the other end IP again; beside its cipher alone.

use std::hint::black_box;
use std::time::Duration;

use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};
use pptp::session::{self, HEADROOM, MAX_RECEIVE};
use testing::pptp::{connected, exchange};

use crate::carrier::{Carrier, Header, L2tp, Pptp};
use crate::ratio::Group;

/// Packets of one call of the work.
const PACKETS: u32 = 64;
/// The time between two of them.
const PACE: Duration = Duration::from_micros(10);

/// Everything but the cipher takes at most a twentieth of it.
const GOAL: f64 = 1.0 / 1.05;

/// Returns all groups; a unit is a packet, there and decrypted.
#[must_use]
pub fn groups() -> Vec<Group> {
    let clear = [64, 1400].map(clear);
    [64, 512, 1400].map(group).into_iter().chain(clear).collect()
}

/// Returns the carriers without a cipher, each between a client and a server of many.
fn clear(length: usize) -> Group {
    fn path(mut carrier: impl Carrier) -> impl FnMut() {
        move || {
            for _ in 0..PACKETS {
                carrier.carry();
            }
            carrier.settle();
        }
    }
    let group = Group::new(format!("whole path in the clear, {length} bytes"), PACKETS)
        .with("PPTP", path(Pptp::in_the_clear(length)))
        .with("L2TP version 2", path(L2tp::in_the_clear(Header::V2, length)))
        .with("L2TP version 2 with Ns", path(L2tp::in_the_clear(Header::V2Numbered, length)))
        .with("L2TP version 3 with a cookie", path(L2tp::in_the_clear(Header::V3Cookie, length)));
    ["L2TP version 2", "L2TP version 2 with Ns", "L2TP version 3 with a cookie"]
        .into_iter()
        .fold(group, |group, of| group.goal(of, "PPTP", 1.0))
}

fn group(length: usize) -> Group {
    Group::new(format!("whole path, {length} bytes"), PACKETS)
        .with("cipher: encrypt and decrypt", cipher(length))
        .with("path: send_ip and handle_gre", path(length))
        .goal("path: send_ip and handle_gre", "cipher: encrypt and decrypt", GOAL)
}

/// Returns an IPv4 packet, with the length that its header says.
fn ip(length: usize) -> Vec<u8> {
    let mut packet = vec![0x5a; length];
    let total = u16::try_from(length).expect("a short packet").to_be_bytes();
    packet[..4].copy_from_slice(&[0x45, 0, total[0], total[1]]);
    packet
}

fn cipher(length: usize) -> impl FnMut() {
    let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
    let config = Config::new(Mode::Stateless);
    let (mut encryptor, mut decryptor) = (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
    let mut buf = vec![0, 0, 0x00, 0x21];
    buf.extend(ip(length));
    move || {
        for _ in 0..PACKETS {
            let end = buf.len();
            black_box(encryptor.encrypt_in_place(black_box(&mut buf), 2..end).is_ok());
            assert!(decryptor.decrypt(black_box(&mut buf)).is_ok());
        }
    }
}

fn path(length: usize) -> impl FnMut() {
    let mut now = Duration::ZERO;
    let (mut client, mut server, _) = connected(now, &session::Config::strict(), |_, _| ());
    let mut buf = vec![0; HEADROOM];
    buf.extend(ip(length));
    let mut waiting = vec![0; MAX_RECEIVE];
    move || {
        for _ in 0..PACKETS {
            now += PACE;
            let mut call = client.first_call_mut().expect("a call");
            let packet = call.send_ip(now, black_box(&mut buf)).expect("it is connected").len();
            // The packet lies at the end of the buffer, and what comes out of it is where it was.
            let start = buf.len() - packet;
            let (_, received) =
                server.handle_gre(now, black_box(&mut buf[start..]), black_box(&mut waiting)).expect("a good packet");
            assert_eq!(received.ip().map(<[u8]>::len), Some(length));
            // As a program does after each packet.
            assert!(server.poll_receive(now, &mut waiting).expect("room").is_none());
        }
        client.handle_timeout(now);
        server.handle_timeout(now);
        exchange(now, &mut client, &mut server, |_, _| ());
    }
}
