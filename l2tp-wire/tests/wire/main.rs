//! The pure layer against vectors and recordings of real peers, and against everything that could be wrong.
//!
//! Ground truth that is not part of the project lies in `../shared`; what needs it prints `SKIPPED` without it.

mod vectors;

use std::path::PathBuf;

/// Returns a file of the shared ground truth, or says that it is missing.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("SKIPPED: {name} is not there");
    None
}
