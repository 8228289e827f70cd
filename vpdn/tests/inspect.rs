//! The program `vpdn-inspect`, run on captures.

#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test, not a library")]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    reason = "tests may fail"
)]

use std::collections::BTreeMap;
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

/// Returns the program, which cargo builds before this test.
fn inspect(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vpdn-inspect")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Returns the folder of public captures, or `None`, with a message, where it is absent.
fn shared() -> Option<PathBuf> {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("PPTP_SHARED").map_or_else(default, PathBuf::from).join("captures");
    if folder.join("expected").is_dir() {
        return Some(folder);
    }
    say!("SKIPPED: no public captures at {}", folder.display());
    None
}

/// Returns a capture of ours.
fn capture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures").join(name);
    path.to_str().unwrap().to_owned()
}

/// Returns why a line differs, on purpose: both are of captures that were made to be malformed.
fn reason(difference: &str) -> Option<&'static str> {
    if difference.starts_with("bad-pap-truncated.pcap line 2:") {
        return Some("the length says that there is no message length, tshark takes the padding for it");
    }
    if difference.starts_with("bad-ipcp-length.pcap line 2:") {
        return Some("the packet's end was not captured, which we say; tshark reads the options that there are");
    }
    if difference.starts_with("bad-mlppp.pcap line 2:") {
        return Some("the fragment's end was not captured, which we say in a line; tshark has none");
    }
    None
}

/// By capture and frame: sender and receiver of the packet that carries its records, the outermost tunnel first.
type Carriers = BTreeMap<(String, u64), Vec<[String; 2]>>;

fn carriers() -> Carriers {
    let mut carriers = Carriers::new();
    for line in include_str!("data/addresses.tsv").lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<_> = line.split('\t').collect();
        let frame = (columns[0].to_owned(), columns[1].parse().unwrap());
        carriers.entry(frame).or_default().push([columns[2].to_owned(), columns[3].to_owned()]);
    }
    carriers
}

/// Puts the addresses of the packet that carries a line in the place of those within it.
fn correct(carriers: &mut Carriers, name: &str, line: &mut Value) -> bool {
    let Some(tunnels) = carriers.get_mut(&(name.to_owned(), line["n"].as_u64().unwrap())) else { return false };
    let ends = if tunnels.len() > 1 { tunnels.remove(0) } else { tunnels[0].clone() };
    let line = line.as_object_mut().unwrap();
    for (member, end) in ["src", "dst"].into_iter().zip(ends) {
        match end.as_str() {
            "-" => drop(line.remove(member)),
            end => drop(line.insert(member.into(), end.into())),
        }
    }
    true
}

#[test]
fn json_agrees_line_by_line_with_tshark() {
    let Some(folder) = shared() else { return };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut files = 0;
    let mut carriers = carriers();
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
        let found = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap());
        // The test `tunnels` compares the lines of L2TP, which are not in these files.
        let found: Vec<Value> = found.filter(|line: &Value| line["k"] != "l2tp").collect();
        let mut expected: Vec<Value> = std::fs::read_to_string(&path)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &Value| line["k"] != "expert")
            .collect();
        let corrected = expected.iter_mut().map(|line| u64::from(correct(&mut carriers, name, line))).sum::<u64>();
        if corrected != 0 {
            *counts.entry("corrected addresses".to_owned()).or_default() += corrected;
        }
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
        say!("{shown}\n  {}", reason.unwrap_or("WITHOUT A REASON"));
        reason.is_none()
    });
    say!("{} lines of {files} captures agree: {counts:?}", counts.values().sum::<u64>());
    assert_eq!(differences, Vec::<String>::new());
}

/// Returns how many packets of a capture the program decrypts, and how many encrypted ones there
/// are.
fn decrypted(arguments: &[&str]) -> (usize, usize) {
    let output = inspect(&[&["--json"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    let lines: Vec<Value> = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &'static str| lines.iter().filter(move |line| line["k"] == kind);
    // A packet that came twice is decrypted once.
    let encrypted: std::collections::BTreeSet<_> =
        of("comp").map(|line| (line["src"].to_string(), line["dst"].to_string(), line["count"].to_string())).collect();
    (of("plain").count(), encrypted.len())
}

#[test]
fn every_encrypted_packet_of_our_captures_is_decrypted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/captures");
    let mut total = 0;
    for name in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()) {
        // No MPPE there: BSD-Compress.
        if name == "README.md" || name == "l-vj-bsdcomp" {
            continue;
        }
        let about = std::fs::read_to_string(folder.join(&name).join("about.txt")).unwrap();
        let password = about.lines().find_map(|line| line.strip_prefix("password: ")).unwrap();
        for file in ["client.pcap", "server.pcap"] {
            let path = folder.join(&name).join(file);
            if path.exists() {
                let (plain, encrypted) = decrypted(&[path.to_str().unwrap(), "--password", password]);
                assert_eq!(plain, encrypted, "{name}/{file}");
                total += plain;
            }
        }
    }
    say!("{total} packets decrypted, all there are");
    assert_eq!(total, 1947);
}

#[test]
fn every_encrypted_packet_of_the_public_sessions_is_decrypted() {
    let Some(folder) = shared() else { return };
    for (name, user, password, count) in [
        ("pptp-win7-pptpd-mschapv2.pcap", "lulu", "password", 25),
        ("pptp-win2000-poptop-80211.pcap", "scott", "turquoise", 18),
    ] {
        let path = folder.join(name);
        let counts = decrypted(&[path.to_str().unwrap(), "--user", user, "--password", password]);
        assert_eq!(counts, (count, count), "{name}");
    }
    // Three packets alone, without a control connection: the proofs fit.
    let path = folder.join("pptp-mschapv2-only.pcap");
    let output = inspect(&[path.to_str().unwrap(), "--password", "bPCFyF2uL1p5Lg5yrKmqmY"]);
    assert!(output.status.success());
    assert!(text(&output.stdout).contains(r#"MS-CHAP-V2 of "moxie", accepted; the given secret fits"#));
}

/// Returns the capture without its first frames.
fn without_start(capture: &str, frames: usize) -> tempfile::NamedTempFile {
    let bytes = std::fs::read(capture).unwrap();
    let (header, mut rest) = bytes.split_at(24);
    for _ in 0..frames {
        let length = u32::from_le_bytes(rest[8..12].try_into().unwrap());
        rest = &rest[16 + usize::try_from(length).unwrap()..];
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [header, rest].concat()).unwrap();
    file
}

#[test]
fn a_session_whose_start_is_missing_needs_the_keys() {
    // The start keys were computed by an implementation of its own.
    for (name, frames, keys, expected) in [
        ("a-mschapv2-mppe128", 60, ["d2a6df89ac1e9384faad10aca7991204", "8283ce62260dfaa28d05d2c495f9ea4c"], 49),
        ("c-mschapv2-mppe40", 60, ["26e16ac65ccc207d", "17aaefbe385fdc4a"], 45),
    ] {
        let file = without_start(&capture(&format!("{name}/client.pcap")), frames);
        let path = file.path().to_str().unwrap();
        let (plain, encrypted) = decrypted(&[path]);
        assert_eq!((plain, encrypted), (0, expected), "{name}");
        // Whichever of them is called which.
        for [send, receive] in [[keys[0], keys[1]], [keys[1], keys[0]]] {
            let counts = decrypted(&[path, "--send-key", send, "--recv-key", receive]);
            assert_eq!(counts, (expected, expected), "{name}");
        }
        let wrong = "00".repeat(keys[0].len() / 2);
        let output = inspect(&[path, "--send-key", &wrong]);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("does not fit session 1"), "{}", text(&output.stderr));
    }
}

#[test]
fn the_nt_hash_does_as_well_as_the_password() {
    // MD4 of "wonderland" in UTF-16LE.
    let path = capture("a-mschapv2-mppe128/client.pcap");
    let hash = hex::encode(mschap::NtHash::from_password("wonderland").as_bytes());
    assert_eq!(decrypted(&[&path, "--nt-hash", &hash]), (72, 72));
    // A domain before the name in the capture, or before the one that is given, does not matter; another name does.
    let path = capture("a-mschapv2-mppe128-domain/client.pcap");
    assert_eq!(decrypted(&[&path, "--user", "Alice", "--nt-hash", &hash]), (71, 71));
    assert_eq!(decrypted(&[&path, "--user", "OTHER\\alice", "--password", "wonderland"]), (71, 71));
    assert_eq!(decrypted(&[&path, "--user", "bob", "--password", "wonderland"]), (0, 71));
}

#[test]
fn written_captures_are_read_by_tshark() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner.pcap");
    let path = capture("a-mschapv2-mppe128/client.pcap");
    let output = inspect(&[&path, "--password", "wonderland", "--summary", "--write", inner.to_str().unwrap()]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("72 decrypted packets written"));
    let tshark = |arguments: &[&str]| Command::new("tshark").arg("-r").arg(&inner).args(arguments).output();
    let Ok(read) = tshark(&["-T", "fields", "-e", "frame.number"]) else {
        say!("SKIPPED: tshark is not installed");
        return;
    };
    assert!(read.status.success(), "{}", text(&read.stderr));
    assert_eq!(text(&read.stdout).lines().count(), 72);
    // The transfer in it: the decimal numbers from 1, a line each, cut at 24,576 bytes.
    let stream = tshark(&["-q", "-z", "follow,tcp,raw,0"]).unwrap();
    let bytes: Vec<u8> =
        text(&stream.stdout).lines().filter_map(|line| hex::decode(line.trim()).ok()).flatten().collect();
    let mut body: String = (1..).map(|number| format!("{number}\n")).take(6000).collect();
    body.truncate(24_576);
    let found = bytes.windows(body.len()).any(|window| window == body.as_bytes());
    assert!(found, "the body of the transfer is in the {} bytes of the stream", bytes.len());
    say!("tshark reads 72 packets, and follows a transfer of {} bytes", body.len());
}

#[test]
fn each_mishap_gets_one_sentence() {
    let run = |arguments: &[&str]| {
        let output = inspect(arguments);
        let sentences: Vec<_> = text(&output.stderr).lines().map(str::to_owned).collect();
        assert_eq!(sentences.len(), 1, "{sentences:?}");
        say!("{:?}: {}", output.status.code(), sentences[0]);
        (output.status.code(), sentences[0].clone(), text(&output.stdout).to_owned())
    };
    let good = capture("a-mschapv2-mppe128/client.pcap");

    let (status, sentence, _) = run(&[&good, "--password", "wonderlan"]);
    assert_eq!(status, Some(1));
    assert!(sentence.contains(r#"wrong password for "alice": it does not fit the client's Response"#));

    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (status, sentence, _) = run(&[&write("text", b"There is no capture in here, just a sentence or two.")]);
    assert_eq!(status, Some(2));
    assert!(sentence.contains("not a capture"));
    let (status, sentence, _) = run(&[&write("empty", b"")]);
    assert_eq!(status, Some(2));
    assert!(sentence.contains("not a capture"));
    let (status, sentence, _) = run(&["no/such/file"]);
    assert_eq!(status, Some(2));
    assert!(sentence.contains("No such file"));

    let bytes = std::fs::read(&good).unwrap();
    let (status, sentence, shown) = run(&[&write("cut", &bytes[..bytes.len() / 2]), "--password", "wonderland"]);
    assert_eq!(status, Some(2));
    assert!(sentence.contains("cut"));
    assert!(shown.contains("MPPE: I count 0") && shown.contains("session 1:"), "what could be read is shown");

    let (status, sentence, _) = run(&[&capture("a-mschapv2-mppe128/inner.pcap")]);
    assert_eq!(status, Some(3));
    assert!(sentence.contains("no PPTP"));

    let (status, sentence, _) = run(&[&capture("e-chapmd5/client.pcap"), "--password", "wonderland"]);
    assert_eq!(status, Some(0));
    assert!(sentence.contains("no packet is encrypted"));
}

#[test]
fn sessions_end_for_a_reason() {
    for (name, reason) in [
        (
            "g-mschapv2-wrongpass",
            "the authentication failed with error 691: the user name or the password is wrong (Windows shows error 691)",
        ),
        ("g-mschapv2-unknownuser", "the authentication failed (Windows shows error 691)"),
        ("f-pap-wrongpass", "the authentication failed (Windows shows error 691)"),
        ("c-mschapv2-mppe-mismatch", "(Windows shows error 742)"),
        (
            "h-server-requires-mppe-client-refuses",
            "by the server: the link was terminated for want of encryption, \"MPPE required but peer refused\" (Windows shows error 742)",
        ),
        ("b-mppe128-stateful-refused", "(Windows shows error 742)"),
        ("m-pptp-term", "by the client: the call was cleared"),
        ("e-chapmd5", "by the server: the link was terminated"),
        ("x-accel-wrongpass", "(Windows shows error 691)"),
    ] {
        let output = inspect(&["--summary", &capture(&format!("{name}/client.pcap"))]);
        let end = text(&output.stdout).lines().find(|line| line.starts_with("  end: ")).unwrap().to_owned();
        assert!(end.contains(reason), "{name}: {end}");
    }
}

#[test]
fn the_summary_tells_rules_losses_and_repeats() {
    let summary = |name: &str| {
        let output = inspect(&["--summary", "--password", "wonderland", &capture(name)]);
        text(&output.stdout).to_owned()
    };
    let drops = summary("b-mppe128-stateful-drops/server.pcap");
    assert!(drops.contains(
        "MPPE 128 bit, stateful; 293 frames, 278 encrypted or compressed, 278 decrypted, 18 of them after a loss"
    ));
    assert!(drops.contains("changes its key at a FLUSHED packet, as Linux does"));
    let loss = summary("i-loss/server.pcap");
    assert!(loss.contains(" lost"), "{loss}");
    let reorder = summary("i-reorder/server.pcap");
    assert!(reorder.contains(" late"), "{reorder}");
    let two = summary("m-two-clients/client.pcap");
    assert_eq!(two.matches("the given secret fits").count(), 2);
}

#[test]
fn no_colours_in_a_file_and_help_for_people() {
    let trace = inspect(&[&capture("a-mschapv2-mppe128/client.pcap")]);
    assert!(!trace.stdout.contains(&0x1b));
    let help = inspect(&["--help"]);
    let help = text(&help.stdout);
    for word in ["--user", "--password", "--nt-hash", "--send-key", "--recv-key", "--json", "--write", "Exit status"] {
        assert!(help.contains(word), "{word}");
    }
}
