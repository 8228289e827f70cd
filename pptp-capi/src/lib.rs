#![doc = include_str!("../README.md")]
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![expect(unsafe_code, reason = "C has pointers: `border`, `handle` and `memory` check what can be checked")]
#![expect(clippy::missing_safety_doc, reason = "the rules for pointers are the same everywhere: README, \"Rules\"")]

extern crate alloc;
// For `catch_unwind`: no panic crosses the border.
extern crate std;

mod address;
mod border;
mod client;
mod config;
mod error;
mod error_text;
mod event;
mod handle;
mod inspector;
mod machine;
mod memory;
mod mppe;
mod mschap;
mod packet;
mod presented;
mod server;
mod statistics;

pub use address::Address;
pub use client::*;
pub use config::*;
pub use error::Error;
pub use error_text::pptp_error_text;
pub use event::{Event, EventKind, Status};
pub use inspector::*;
pub use memory::{Allocator, pptp_set_allocator};
pub use mppe::{
    MPPE_HEADROOM, MppeDecryptor, MppeEncryptor, MppePacket, pptp_mppe_decrypt, pptp_mppe_decryptor_free,
    pptp_mppe_decryptor_new, pptp_mppe_encrypt, pptp_mppe_encryptor_free, pptp_mppe_encryptor_new,
    pptp_mppe_handle_reset_request, pptp_mppe_poll_reset_request,
};
pub use mschap::{
    MSCHAP_CHALLENGE_LENGTH, MSCHAP_HASH_LENGTH, MSCHAP_RESPONSE_LENGTH, MschapKeys, pptp_mschap_nt_hash,
    pptp_mschap_v2_check_success, pptp_mschap_v2_respond, pptp_mschap_v2_verify,
};
pub use packet::{BUFFER_LENGTH, ENTROPY_LENGTH, HEADROOM, NO_DEADLINE, Packet};
pub use presented::Presented;
pub use server::*;
pub use statistics::Statistics;
