//! The pure layer against vectors and recordings of real peers, and against everything that could be wrong.
//!
//! Ground truth that is not part of the project lies in a folder named `shared` beside the project's root, or at
//! `PPTP_SHARED`; tests that need it say `SKIPPED` without it.

#![cfg_attr(
    test,
    expect(clippy::arithmetic_side_effects, clippy::integer_division, reason = "a test that goes wrong stops")
)]

extern crate alloc;

/// Prints a line that `cargo test` shows also when the test passes.
#[cfg(test)]
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

// Not `all(test, …)`: the lints know tests by `cfg(test)`.
#[cfg(test)]
#[cfg(feature = "arbitrary")]
mod arbitrary;
#[cfg(test)]
mod deviations;
#[cfg(test)]
mod hidden;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod layout;
#[cfg(test)]
mod recordings;
#[cfg(test)]
mod vectors;

/// Returns a file of the shared ground truth, or says that it is missing.
#[cfg(test)]
fn shared(name: &str) -> Option<std::path::PathBuf> {
    let beside = || std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let path = std::env::var_os("PPTP_SHARED").map_or_else(beside, Into::into).join(name);
    if path.exists() {
        return Some(path);
    }
    say!("SKIPPED: no {}", path.display());
    None
}

/// Returns the L2TP payloads of our recordings, and what tshark reads in them.
#[cfg(test)]
fn recorded() -> Vec<recordings::Row> {
    let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../interop/captures-l2tp/expected");
    recordings::rows(&folder)
}
