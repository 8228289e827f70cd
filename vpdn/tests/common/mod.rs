//! The common part of the tests: captures, and the program.

#![expect(dead_code, reason = "each test needs a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Prints a line that `cargo test` shows also when the test passes.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($argument)*);
    }};
}
pub(crate) use say;

/// Runs the program.
pub(crate) fn inspect(path: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vpdn-inspect")).arg(path).args(arguments).output().unwrap()
}

/// Returns the JSON lines of a capture.
pub(crate) fn json_lines(path: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = inspect(path, &[&["--json"], arguments].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns the folder of this package's captures, cut from the recorded sessions.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Returns the recorded sessions: name, capture, password.
pub(crate) fn recordings() -> Vec<(String, PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures");
    let mut recordings = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let about = std::fs::read_to_string(entry.path().join("about.txt")).unwrap();
        let password = about.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
        for file in ["client.pcap", "server.pcap"].map(|file| entry.path().join(file)) {
            if file.exists() {
                recordings.push((entry.file_name().into_string().unwrap(), file, password.clone()));
            }
        }
    }
    recordings.sort();
    recordings
}

/// Returns the folder of the recorded sessions of L2TP.
pub(crate) fn tunnels() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures-l2tp")
}

/// Returns the recorded sessions of L2TP.
pub(crate) fn tunnel_recordings() -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(tunnels()).unwrap().map(|entry| entry.unwrap().path().join("session.pcap"));
    entries.filter(|path| path.exists())
}

/// Returns the folder of public captures, or `None`, with a message, where it is absent.
pub(crate) fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PPTP_SHARED").map_or_else(default, PathBuf::from).join("captures");
    if folder.join("expected").is_dir() {
        return Some(folder);
    }
    say!("SKIPPED: no public captures at {}", folder.display());
    None
}

/// Returns every capture that there is, and a password for it.
pub(crate) fn all_captures() -> Vec<(PathBuf, String)> {
    let mut all: Vec<_> = recordings().into_iter().map(|(_, path, password)| (path, password)).collect();
    let is_capture = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| ["pcap", "pcapng", "cap", "gz"].contains(&extension))
    };
    all.extend(tunnel_recordings().map(|path| (path, "wonderland".into())));
    for folder in [Some(data("")), shared()].into_iter().flatten() {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        all.extend(entries.filter(is_capture).map(|path| (path, "wonderland".into())));
    }
    all.sort();
    all
}

/// Returns the frames of a pcap file: the times of the records, and their bytes.
pub(crate) fn frames(path: &Path) -> Vec<((u64, u32), Vec<u8>)> {
    let mut frames = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    let (_, outcome) = vpdn::capture::file::read(file, |frame| frames.push((frame.time, frame.bytes.to_vec())));
    assert_eq!(outcome, Ok(()));
    frames
}

/// Returns a pcap file of frames.
pub(crate) fn pcap(link_type: u32, frames: &[((u64, u32), Vec<u8>)]) -> Vec<u8> {
    let mut file = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x04\0".to_vec();
    file.extend(link_type.to_le_bytes());
    for ((seconds, nanoseconds), bytes) in frames {
        let length = u32::try_from(bytes.len()).unwrap();
        let seconds = u32::try_from(*seconds).unwrap();
        for field in [seconds, nanoseconds / 1_000, length, length] {
            file.extend(field.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}
