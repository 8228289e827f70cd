//! `live_session`, `live_keys`: a client and a server that are connected, and forged GRE packets.

use core::time::Duration;
use std::collections::BTreeSet;

use pptp::session::Config;
use testing::pptp::OneCall as _;
use testing::pptp::{Client, Host, World, client_config, encode_gre, encode_packet, frame, numbered_ip, server_config};
use testing::{CLIENT, Profile, SERVER};

use super::{Control, DAY, JUMPS, cost, expected_body, is_fatal, keeps_number};
use crate::session::Input;

/// Asserts that genuine IP packets arrive among forged GRE packets, up to the `cost` of those that
/// are taken, and that the call stays up.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(first) = input.byte() else { return };
    let config = if first & 1 == 0 { Config::strict() } else { Config::interop() };
    let quiet = drive(&config, input, false);
    let forged = drive(&config, input, true);
    for side in [CLIENT, SERVER] {
        let lost: Vec<u32> = quiet.arrived[side].difference(&forged.arrived[side]).copied().collect();
        assert!(lost.len() <= forged.taken, "lost from side {side}, where {} may be: {lost:?}", forged.taken);
    }
}

/// Packets of an input, in each direction.
const WORK: u32 = 60;

fn connected(config: &Config) -> World {
    let client = Client::new(&client_config(config), [1; 32]);
    let server = Host::new(&server_config(config), [2; 32], false);
    let mut world = World::new(1, Profile { delay: Duration::from_millis(1), ..Profile::CLEAN }, client, server);
    assert!(world.run_until(Duration::from_secs(10), World::is_up));
    world.run(Duration::from_secs(1));
    world
}

/// Returns the number of the call at this side, and the sequence number that it expects next.
fn address(world: &World, to: usize) -> Option<(u16, u32)> {
    let call = world.server.session().calls().next().map(|call| call.id())?;
    let connection = world.server.session().connection();
    let id = if to == SERVER { call.get() } else { connection.call(call)?.peer_call_id()? };
    let statistics = if to == SERVER {
        world.client.session.statistics()?
    } else {
        world.server.session().call(call).map(|call| call.statistics())?
    };
    Some((id, statistics.tunnel.ss.get()))
}

/// The outcome of a run.
struct Outcome {
    /// The indices of genuine packets that arrived, by sender.
    arrived: [BTreeSet<u32>; 2],
    /// The cost of forged packets that were taken, or that wait for those before them.
    taken: usize,
}

fn drive(config: &Config, mut input: Input<'_>, is_forged: bool) -> Outcome {
    let mut world = connected(config);
    let mut taken = 0;
    let mut index = 0;
    let mut send = |world: &mut World, count: u32| {
        for _ in 0..count {
            for side in [CLIENT, SERVER] {
                // A call that has ended loses the packet.
                let _ = world.send(side, index, 60, false);
            }
            index += 1;
            world.run(Duration::from_millis(100));
        }
    };
    while let Some(step) = input.step() {
        let to = usize::from(step >> 7);
        let argument = step >> 3 & 15;
        match step & 7 {
            0 | 1 => {
                input.spend(argument.into());
                input.spend_under_fuzzer(argument.into());
                send(&mut world, u32::from(argument));
            }
            2 => {
                input.spend_under_fuzzer(argument.into());
                world.run(Duration::from_secs(u64::from(argument) * 10));
            }
            // A clock that jumps, while nothing is on its way: an answer that comes after it would come too late.
            3 => {
                input.spend_under_fuzzer(2);
                world.run(Duration::from_secs(1));
                world.now += DAY * u32::from(argument) / 8;
            }
            4 | 5 => {
                let Some(control) = Control::read(&mut input) else { continue };
                let jump = JUMPS[usize::from(argument & 7)];
                taken += forge(&mut world, to, jump, &control.frame(), is_forged);
            }
            6 => {
                let body = input.bytes();
                taken += forge(&mut world, to, JUMPS[usize::from(argument & 7)], body, is_forged);
            }
            _ => {
                // Two numbers in a row, and the one behind them every 1.9 s, beside genuine packets.
                let body = input.bytes();
                let jump = JUMPS[usize::from(argument & 7)];
                let count = u32::from(argument >> 1) + 1;
                let count = if cfg!(fuzzing) { count.min(input.left() / 8 + 1) } else { count };
                input.spend(count * 4);
                input.spend_under_fuzzer(count * 4);
                let Some((call, next)) = address(&world, to) else { continue };
                for number in 0..count {
                    let number = next.wrapping_add(jump).wrapping_add(number);
                    if is_forged && !is_fatal(body) {
                        let result = world.inject(to, &encode_gre(call, Some(number), None, body));
                        taken += cost(keeps_number(&result), jump, body);
                    }
                    if number != next.wrapping_add(jump) {
                        send(&mut world, 4);
                        world.run(Duration::from_millis(1500));
                    }
                }
            }
        }
    }
    world.run(Duration::from_secs(100));
    send(&mut world, 3);
    world.run(Duration::from_secs(1));
    let arrived = [CLIENT, SERVER].map(|side| {
        // Bits that a forger flips come out as other packets: those are not looked at.
        let packets = world.got(side).packets.iter();
        let genuine = packets.filter(|packet| packet.len() == 60);
        genuine.filter_map(|packet| Some(u32::from_be_bytes(*packet.get(20..)?.first_chunk()?))).collect()
    });
    Outcome { arrived, taken }
}

/// Returns what it may cost.
fn forge(world: &mut World, to: usize, jump: u32, payload: &[u8], is_forged: bool) -> usize {
    let is_sent = is_forged && !is_fatal(payload);
    let Some((call, next)) = address(world, to).filter(|_| is_sent) else { return 0 };
    let packet = encode_gre(call, Some(next.wrapping_add(jump)), None, payload);
    cost(keeps_number(&world.inject(to, &packet)), jump, payload)
}

/// Asserts that no two packets are encrypted with the same key stream, under any preset and any
/// input in the clear.
///
/// # Panics
///
/// When that does not hold.
pub fn keys(data: &[u8]) {
    let mut input = Input::new(data, WORK);
    let Some(first) = input.byte() else { return };
    let config = if first & 1 == 0 { Config::interop() } else { Config::strict() };
    let config = if first & 2 == 0 {
        config
    } else {
        config.with_ppp(|ppp| ppp.with_encryption(pptp::ppp::ccp::Encryption::Preferred))
    };
    let mut world = connected(&config);
    let mut streams = BTreeSet::new();
    let mut number = 0;
    while let Some(step) = input.step() {
        let to = usize::from(step >> 7);
        if step & 3 == 0 {
            number += 1;
            for side in [CLIENT, SERVER] {
                if let Some(stream) = key_stream(&mut world, side, number) {
                    assert!(streams.insert(stream), "one key stream for two packets");
                }
            }
        } else if step & 3 == 1 {
            world.run(Duration::from_secs(u64::from(step >> 2 & 15)));
        } else {
            // CCP begins again, or LCP, in the clear; or anything of CCP.
            input.spend_under_fuzzer(3);
            let protocol = if step & 4 == 0 { 0x80fd } else { 0xc021 };
            let code = if step & 8 == 0 { 1 } else { step >> 4 & 15 };
            let identifier = input.byte().unwrap_or(200);
            let body = if step & 0x40 == 0 { expected_body(protocol, identifier) } else { input.bytes().to_vec() };
            let packet = encode_packet(code, identifier, &body);
            if let Some((call, next)) = address(&world, to) {
                let _ = world.inject(to, &encode_gre(call, Some(next), None, &frame(protocol, &packet)));
            }
            world.run(Duration::from_secs(10));
        }
    }
}

/// Returns what a packet's first bytes were encrypted with, if it was. Key, not only position,
/// makes it.
fn key_stream(world: &mut World, side: usize, number: u8) -> Option<[u8; 16]> {
    let packet = numbered_ip(60, number);
    let mut buf = [&[0; pptp::session::HEADROOM][..], &packet].concat();
    let now = world.now;
    let sealed = world.side_mut(side).send_ip(now, &mut buf).ok()?;
    world.send_datagram(side, &sealed, None);
    world.run(Duration::from_millis(100));
    // The end of the packet lies at the end of the frame, whatever is in front.
    let (_, _, payload) = testing::pptp::decode_gre(&sealed);
    let (protocol, _) = testing::pptp::decode_frame(payload);
    let cipher = payload.get(payload.len().checked_sub(packet.len())?..)?.first_chunk::<16>()?;
    let plain = packet.first_chunk::<16>()?;
    (protocol == 0x00fd).then(|| core::array::from_fn(|place| cipher[place] ^ plain[place]))
}
