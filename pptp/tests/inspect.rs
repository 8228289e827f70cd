//! The example `inspect`, run as a program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// The program, which cargo builds before this test.
fn inspect(arguments: &[&str]) -> Output {
    let mut folder = std::env::current_exe().unwrap();
    // Up from `deps`.
    folder.pop();
    folder.pop();
    let program = folder.join("examples").join(format!("inspect{}", std::env::consts::EXE_SUFFIX));
    assert!(program.exists(), "{} is not built", program.display());
    Command::new(program).args(arguments).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).unwrap()
}

/// The folder of public captures, or `None`, with a message, where it is absent.
fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PPTP_SHARED").map_or_else(default, PathBuf::from).join("captures");
    if folder.join("expected").is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: no public captures at {}", folder.display());
    None
}

/// A capture of ours.
fn capture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures").join(name);
    path.to_str().unwrap().to_owned()
}

/// Why a line differs, on purpose: both are of captures that were made to be malformed.
fn reason(difference: &str) -> Option<&'static str> {
    if difference.starts_with("bad-pap-truncated.pcap line 2:") {
        return Some("the length says that there is no message length, tshark takes the padding for it");
    }
    if difference.starts_with("bad-ipcp-length.pcap line 2:") {
        return Some("we list all options before the malformed one, tshark the first one");
    }
    None
}

#[test]
fn json_agrees_line_by_line_with_tshark() {
    let Some(folder) = shared() else { return };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut files = 0;
    let mut differences = Vec::new();
    let mut expected_files: Vec<_> =
        std::fs::read_dir(folder.join("expected")).unwrap().map(|entry| entry.unwrap().path()).collect();
    expected_files.sort();
    for path in expected_files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.ends_with(".decrypted") {
            continue;
        }
        files += 1;
        let output = inspect(&["--json", folder.join(name).to_str().unwrap()]);
        assert!(output.status.success(), "{name}: {}", text(&output.stderr));
        let found: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected: Vec<Value> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["k"] != "expert")
            .collect();
        for index in 0..expected.len().max(found.len()) {
            let (expected, found) = (expected.get(index), found.get(index));
            if expected == found {
                let kind = expected.unwrap()["k"].as_str().unwrap();
                *counts.entry(kind.to_owned()).or_default() += 1;
            } else {
                let show = |line: Option<&Value>| line.map_or("no line".to_owned(), Value::to_string);
                differences.push(format!("{name} line {}:\n  {}\n  {}", index + 1, show(expected), show(found)));
            }
        }
    }
    differences.retain(|difference: &String| {
        let reason = reason(difference);
        let shown: String = difference.chars().take(200).collect();
        println!("{shown}\n  {}", reason.unwrap_or("WITHOUT A REASON"));
        reason.is_none()
    });
    println!("{} lines of {files} captures agree: {counts:?}", counts.values().sum::<u64>());
    assert_eq!(differences, Vec::<String>::new());
}
