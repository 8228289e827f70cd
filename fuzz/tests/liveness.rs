//! Genuine traffic beside forged input, in many variations.

use pptp_fuzz::liveness;
use testing::{Random, run_seeds};

/// Runs inputs that follow from seeds. `PPTP_LIVE_…_SEED=17` runs that one alone.
fn over_seeds(name: &str, count: u64, length: usize, oracle: fn(&[u8])) {
    run_seeds(name, count, |seed| {
        let input = Random::new(seed).some_bytes(length);
        // The test harness shows printed lines when the seed fails.
        println!("{name}, seed {seed}: {input:?}");
        oracle(&input);
    });
}

#[test]
fn a_decryptor_takes_genuine_packets_among_forged_ones() {
    over_seeds("PPTP_LIVE_DECRYPTOR", 3000, 60, liveness::decryptor);
}

#[test]
fn a_link_lives_among_forged_frames() {
    over_seeds("PPTP_LIVE_LINK", 2000, 100, liveness::link);
}

#[test]
fn a_tunnel_delivers_among_forged_packets() {
    over_seeds("PPTP_LIVE_TUNNEL", 3000, 80, liveness::tunnel);
}

#[test]
fn clients_of_a_server_go_on_beside_a_hostile_one() {
    over_seeds("PPTP_LIVE_SERVER", 100, 40, liveness::server);
}

#[test]
fn a_session_delivers_among_forged_packets() {
    over_seeds("PPTP_LIVE_SESSION", 200, 60, liveness::session);
}

#[test]
fn no_key_stream_is_used_twice() {
    over_seeds("PPTP_LIVE_KEYS", 400, 60, liveness::keys);
}

#[test]
fn an_inspector_decrypts_genuine_packets_among_forged_ones() {
    over_seeds("PPTP_LIVE_INSPECTOR", 1000, 80, liveness::inspector);
}
