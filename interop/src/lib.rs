#![doc = include_str!("../README.md")]

#[cfg(target_os = "linux")]
pub mod c_programs;
#[cfg(target_os = "linux")]
pub mod crowd;
pub mod examples;
#[cfg(target_os = "linux")]
pub mod freeradius;
#[cfg(target_os = "linux")]
pub mod matrix;
pub mod memory;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
pub mod ppp;
#[cfg(target_os = "linux")]
pub mod programs;
#[cfg(target_os = "linux")]
pub mod qemu;
pub mod radius;
#[cfg(target_os = "linux")]
pub mod traffic;
/// Prints a line that `cargo test` shows also when the test passes.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}

mod tally;
#[cfg(target_os = "linux")]
pub mod uml;
pub mod vector;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use tally::Tally;

/// Returns the folder of public captures and vectors, or `None`, with a message, where it is
/// absent.
#[must_use]
pub fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PPTP_SHARED").map_or_else(default, PathBuf::from);
    if folder.join("captures/expected").is_dir() {
        return Some(folder);
    }
    crate::say!("SKIPPED: no public captures and vectors at {}", folder.display());
    None
}

/// Returns the folder of our own captures.
#[must_use]
pub fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// Returns the names of our own captures, in order.
///
/// # Panics
///
/// When the folder cannot be read.
#[must_use]
pub fn capture_names() -> Vec<String> {
    let folders = std::fs::read_dir(captures()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Returns one entry of a capture's `about.txt`.
///
/// # Panics
///
/// When there is no such file or entry.
#[must_use]
pub fn about(capture: &str, key: &str) -> String {
    let text = std::fs::read_to_string(captures().join(capture).join("about.txt")).unwrap();
    let prefix = format!("{key}: ");
    text.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
}

/// Returns the objects of a file of JSON lines.
///
/// # Panics
///
/// When it cannot be read or is not JSON.
#[must_use]
pub fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns a JSON file.
///
/// # Panics
///
/// When it cannot be read or is not JSON.
#[must_use]
pub fn json_file(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the bytes of a hexadecimal member of an object.
///
/// # Panics
///
/// When it is missing.
#[must_use]
pub fn bytes(object: &Value, member: &str) -> Vec<u8> {
    hex::decode(object[member].as_str().unwrap_or_else(|| panic!("no {member} in {object}"))).unwrap()
}

/// Returns the same, of a fixed length.
///
/// # Panics
///
/// When it is missing or has another length.
#[must_use]
pub fn array<const N: usize>(object: &Value, member: &str) -> [u8; N] {
    bytes(object, member).try_into().unwrap_or_else(|bytes: Vec<u8>| panic!("{member}: {} bytes", bytes.len()))
}
