#![doc = include_str!("../README.md")]

pub mod control;
pub mod gre;
pub mod gre_pair;
pub mod inspect;
pub mod l2tp;
pub mod l2tp_inspect;
pub mod l2tp_machines;
pub mod l2tp_session;
#[cfg(fuzzing)]
pub mod limit;
pub mod liveness;
pub mod mppc;
pub mod mppe;
pub mod mschap;
pub mod mschap_eap;
pub mod mschap_machines;
pub mod ppp;
pub mod ppp_automaton;
pub mod ppp_machines;
pub(crate) mod session;
pub mod session_hostile;
pub mod session_pair;
pub mod wire;

/// The work of a fuzz target on an input: it panics when a promise is broken.
pub type Oracle = fn(&[u8]);

/// Every target by name: `fuzz_targets/NAME.rs`, `corpus/NAME/`.
pub const TARGETS: &[(&str, Oracle)] = &[
    ("gre_decode", gre::decode),
    ("gre_roundtrip", gre::round_trip),
    ("wire_decode", wire::decode),
    ("wire_roundtrip", wire::round_trip),
    ("wire_stream", wire::stream),
    ("l2tp_control", l2tp::control),
    ("l2tp_avp", l2tp::avps),
    ("l2tp_data", l2tp::data),
    ("l2tp_channel", l2tp_machines::channel),
    ("l2tp_hostile", l2tp_machines::hostile),
    ("gre_pair", gre_pair::run),
    ("control_stream", control::stream),
    ("control_ops", control::ops),
    ("ppp_frame", ppp::frame),
    ("ppp_packet", ppp::packet),
    ("ppp_options", ppp::options),
    ("ppp_hdlc", ppp_machines::hdlc),
    ("ppp_authentication", ppp_machines::authentication),
    ("ppp_link", ppp_machines::link),
    ("ppp_pair", ppp_machines::pair),
    ("ppp_automaton", ppp_automaton::run),
    ("mschap_text", mschap::text),
    ("mschap_response", mschap::response),
    ("mschap_attributes", mschap_machines::attributes),
    ("mschap_change_password", mschap_machines::change_password),
    ("mschap_authenticator", mschap_machines::authenticator),
    ("mschap_eap", mschap_eap::packet),
    ("live_eap", mschap_eap::live),
    ("mppe_header", mppe::header),
    ("mppe_garbage", mppe::garbage),
    ("mppc_decompress", mppc::decompress),
    ("mppc_roundtrip", mppc::round_trip),
    ("mppc_diff", mppc::diff),
    ("inspect_capture", inspect::capture),
    ("inspect_packets", inspect::packets),
    ("live_decryptor", liveness::decryptor),
    ("live_link", liveness::link),
    ("live_tunnel", liveness::tunnel),
    ("live_server", liveness::server),
    ("live_session", liveness::session),
    ("live_keys", liveness::keys),
    ("live_inspector", liveness::inspector),
    ("session_pair", session_pair::run),
    ("session_hostile", session_hostile::run),
    ("l2tp_inspect", l2tp_inspect::run),
    ("l2tp_session_pair", l2tp_session::pair),
    ("l2tp_session_hostile", l2tp_session::hostile),
];

/// Defines a fuzz target: libFuzzer's entry under `cargo fuzz`, where an input also has a limit of time, and a program that
/// replays the files it is given otherwise.
#[macro_export]
macro_rules! target {
    ($oracle:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::limit::run($oracle, data));

        #[cfg(not(fuzzing))]
        fn main() {
            for file in std::env::args_os().skip(1) {
                $oracle(&std::fs::read(&file).expect("the file can be read"));
            }
        }
    };
}
