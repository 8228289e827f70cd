//! The control connection machine, through the public interface.

#![cfg_attr(
    test,
    expect(
        clippy::arithmetic_side_effects,
        clippy::wildcard_enum_match_arm,
        clippy::large_types_passed_by_value,
        reason = "in tests an overflow fails as it should, the rest of the events does not matter, and copies are cheap"
    )
)]

extern crate alloc;

// Not `all(test, …)`: the lints know tests by `cfg(test)`.
#[cfg(test)]
mod bench;
#[cfg(test)]
mod call_ids;
#[cfg(test)]
mod collision;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod control_connection;
#[cfg(test)]
mod incoming_call;
#[cfg(test)]
mod keep_alive;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod nat;
#[cfg(test)]
mod network;
#[cfg(test)]
mod outgoing_call;
#[cfg(test)]
mod polled_late;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod settings;
#[cfg(test)]
mod told;
