#![doc = include_str!("../README.md")]

pub mod gre;
pub mod mppe;
pub mod mschap;
pub mod mschap_machines;
pub mod ppp;
pub mod wire;

/// What a fuzz target does with an input: it panics when a promise is broken.
pub type Oracle = fn(&[u8]);

/// Every target by name: `fuzz_targets/NAME.rs`, `corpus/NAME/`.
pub const TARGETS: &[(&str, Oracle)] = &[
    ("gre_decode", gre::decode),
    ("gre_roundtrip", gre::round_trip),
    ("wire_decode", wire::decode),
    ("wire_roundtrip", wire::round_trip),
    ("wire_stream", wire::stream),
    ("ppp_frame", ppp::frame),
    ("ppp_packet", ppp::packet),
    ("ppp_options", ppp::options),
    ("mschap_text", mschap::text),
    ("mschap_response", mschap::response),
    ("mschap_attributes", mschap_machines::attributes),
    ("mschap_change_password", mschap_machines::change_password),
    ("mschap_authenticator", mschap_machines::authenticator),
    ("mppe_header", mppe::header),
    ("mppe_garbage", mppe::garbage),
];

/// Defines a fuzz target: libFuzzer's entry under `cargo fuzz`, and a program that replays the files it is given otherwise.
#[macro_export]
macro_rules! target {
    ($oracle:path) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $oracle(data));

        #[cfg(not(fuzzing))]
        fn main() {
            for file in std::env::args_os().skip(1) {
                $oracle(&std::fs::read(&file).expect("the file can be read"));
            }
        }
    };
}
