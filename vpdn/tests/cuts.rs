//! Captures that begin late, or have one direction: nothing that is said of them is false.
//!
//! Twelve recorded sessions are cut at 20 places each, with and without the control connection, and once for each direction
//! that is missing. Every sentence of the summary and of the end is compared with what is in the cut, and with what the
//! whole capture shows.

#![expect(clippy::std_instead_of_alloc, reason = "a test, not a library")]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::integer_division,
    clippy::panic,
    reason = "tests may fail"
)]

mod common;

use std::collections::BTreeSet;

use common::{frames, pcap, recordings, say};
use pptp::inspect::{Inspector, Secrets};
use serde_json::Value;
use vpdn::capture::{self, outer::Carried, outer::Outer};
use vpdn::show::verdict::{self, Question, Seen};
use vpdn::show::{Lines, summary};

/// One of each kind of session.
const SESSIONS: [&str; 12] = [
    "a-mschapv2-mppe128",
    "b-mppe128-stateful",
    "c-mschapv2-mppe40",
    "d-mschapv1-mppe128",
    "e-chapmd5",
    "f-pap",
    "g-mschapv2-wrongpass",
    "h-server-requires-mppe-client-refuses",
    "k-idle-echo",
    "l-vj-bsdcomp",
    "m-pptp-term",
    "x-accel-mschapv2-mppe128",
];

/// The client of every recorded session is in this network.
const CLIENT: &str = "172.16.1.";

type Frame = ((u64, u32), Vec<u8>);

/// The output for a capture.
struct Told {
    lines: Vec<Value>,
    summary: String,
    sentences: Vec<String>,
    status: u8,
    /// Whether a segment from or to port 1723 is in it.
    has_port: bool,
}

fn read(frames: &[Frame], password: &str) -> Told {
    let file = pcap(1, frames);
    let mut inspector = Inspector::new(Secrets::new().with_password(None, password));
    let (mut lines, mut seen) = (Lines::new(Vec::new()), Seen::default());
    let report = capture::read(&file[..], &mut inspector, |place, item| {
        seen.item(&item);
        lines.item(place, item).unwrap();
    });
    let question = Question { file: "cut", password: true, ..Question::default() };
    let (status, sentences) = verdict::judge(&question, &inspector, &seen, &report);
    let mut text = Vec::new();
    summary::write(&mut text, &inspector).unwrap();
    let lines = String::from_utf8(lines.out).unwrap();
    let (mut outer, mut has_port) = (Outer::default(), false);
    capture::file::read(&file[..], |frame| {
        outer.handle(&frame, &mut |carried| has_port |= matches!(carried, Carried::Control(_)));
    })
    .1
    .unwrap();
    Told {
        lines: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        summary: String::from_utf8(text).unwrap(),
        sentences,
        status,
        has_port,
    }
}

impl Told {
    /// Returns how many lines are of a kind, have these numbers, and were sent by the client, by
    /// the server, or by either.
    fn count(&self, kind: &str, members: &[(&str, u64)], sender: Option<&str>) -> usize {
        let is_sender = |line: &Value| match sender {
            Some(sender) => line["src"].as_str().unwrap().starts_with(CLIENT) == (sender == "client"),
            None => true,
        };
        let has = |line: &Value| members.iter().all(|(name, value)| line[*name].as_u64() == Some(*value));
        self.lines.iter().filter(|line| line["k"] == kind && is_sender(line) && has(line)).count()
    }

    fn proofs(&self) -> usize {
        self.count("chap", &[("code", 2)], None) + self.count("pap", &[("code", 1)], None)
    }

    fn answers(&self) -> usize {
        let of = |kind, code| self.count(kind, &[("code", code)], None);
        of("chap", 3) + of("chap", 4) + of("pap", 2) + of("pap", 3)
    }

    fn authentication(&self) -> usize {
        self.count("chap", &[], None) + self.count("pap", &[], None)
    }

    /// Datagrams in the clear that a side has sent.
    fn clear(&self, sender: &str) -> usize {
        let of = |protocol| self.count("ppp", &[("protocol", protocol)], Some(sender));
        of(0x21) + of(0x57) + of(0x2d) + of(0x2f)
    }

    fn encrypted(&self, sender: &str) -> usize {
        self.count("comp", &[], Some(sender))
    }

    /// Acknowledgments of CCP by a side: what it will send.
    fn agreed(&self, sender: &str) -> bool {
        let is_ccp = |line: &&Value| line["proto"] == "ccp" && line["code"] == 2;
        let is_sender = |line: &Value| line["src"].as_str().unwrap().starts_with(CLIENT) == (sender == "client");
        self.lines.iter().filter(is_ccp).any(is_sender)
    }

    /// Returns what a line of the summary says behind its name.
    fn says(&self, name: &str) -> &str {
        self.summary.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default()
    }
}

/// Checks a line of the summary of a cut.
fn check_line(line: &str, cut: &Told, whole: &Told) {
    let line = line.trim_start();
    let (name, text) = line.split_once(": ").unwrap_or_else(|| panic!("no sentence: {line}"));
    match name {
        _ if name.starts_with("session ") => {
            let is_guess = cut.summary.contains("which is the client: a guess");
            assert!(is_guess || text.starts_with("client 172.16.1."), "{line}");
        }
        "which is the client" => {
            let is_known = cut.has_port || cut.authentication() > 0;
            assert!(!(is_known && text.starts_with("a guess")), "{line}");
        }
        "authentication" => check_authentication(text, cut, whole),
        "client" | "server" => check_side(name, text, cut, whole),
        "end" => check_end(text, cut, whole),
        _ if name.starts_with("it ") => assert!(whole.summary.contains(line), "{line}"),
        _ => panic!("unknown sentence: {line}"),
    }
}

fn check_authentication(text: &str, cut: &Told, whole: &Told) {
    let full = whole.says("  authentication: ");
    if let Some((method, _)) = text.split_once(" of \"") {
        // The name and the method are those of the whole capture.
        if !text.starts_with("a Challenge") {
            assert!(cut.proofs() > 0 && full.starts_with(text.split(',').next().unwrap()), "{method}: {text}\n{full}");
        }
    }
    for word in ["accepted", "refused"] {
        assert!(!text.contains(word) || cut.answers() > 0 && full.contains(word), "{text}");
    }
    for words in ["the given secret fits", "the given secret does not fit", "none: LCP agreed on none"] {
        assert!(!text.contains(words) || full.contains(words), "{text}\n{full}");
    }
    let is_true = match text {
        _ if text.contains("no answer was seen") => cut.answers() == 0 && cut.proofs() > 0,
        _ if text.contains("its Challenge was not captured") => cut.count("chap", &[("code", 1)], None) == 0,
        _ if text.contains("what the peer proved itself with was not captured") => cut.proofs() == 0,
        _ if text.starts_with("a Challenge of") => cut.proofs() == 0 && cut.count("chap", &[("code", 1)], None) > 0,
        _ if text.contains("no packet of it was captured") => cut.authentication() == 0,
        _ if text.starts_with("not captured") => cut.authentication() == 0,
        _ => cut.proofs() > 0,
    };
    assert!(is_true, "{text}");
    if text.contains("one direction only") {
        let of = |sender| cut.count("gre", &[], Some(sender));
        assert!(of("client") == 0 || of("server") == 0, "{text}");
    }
}

fn check_side(side: &str, text: &str, cut: &Told, whole: &Told) {
    // Where it is a guess, the names may be exchanged; nothing else may be wrong.
    let client_is_server = !cut.summary.contains("client 172.16.1.");
    let sender = match (side, client_is_server) {
        ("client", false) | ("server", true) => "client",
        _ => "server",
    };
    let full = whole.says(&format!("  {sender}: "));
    let is_true = match text {
        _ if text.starts_with("MPPE ") => full.starts_with(text.split(';').next().unwrap()),
        _ if text.starts_with("CCP option") => full.starts_with(text.split(';').next().unwrap()),
        _ if text.starts_with("encrypted or compressed; the agreement") => {
            cut.encrypted(sender) > 0 && !cut.agreed(sender)
        }
        _ if text.starts_with("not encrypted") => cut.encrypted(sender) == 0 && cut.clear(sender) > 0,
        _ if text.starts_with("no packet of data") => cut.encrypted(sender) == 0 && cut.clear(sender) == 0,
        _ => false,
    };
    assert!(is_true, "{side}: {text}\n{full}");
    let number = |what: &str| {
        let part = text.split(", ").flat_map(|part| part.split("; ")).find(|part| part.ends_with(what));
        part.map_or(0, |part| part.split(' ').next().unwrap().parse::<usize>().unwrap())
    };
    assert_eq!(number(" decrypted"), cut.count("plain", &[], Some(sender)), "{side}: {text}");
    assert_eq!(number(" that no key fits"), 0, "{side}: {text}");
    assert!(number(" frames") <= cut.count("ppp", &[], Some(sender)), "{side}: {text}");
}

fn check_end(text: &str, cut: &Told, whole: &Told) {
    let of = |kind: u64| cut.count("pptp", &[("control_message_type", kind)], None) > 0;
    let terminated = || cut.lines.iter().any(|line| line["proto"] == "lcp" && line["code"] == 5);
    let is_true = match text {
        "not captured" => true,
        _ if text == whole.says("  end: ") => true,
        _ if text.contains("for want of encryption") => whole.says("  end: ").contains("for want of encryption"),
        _ if text.contains("the authentication failed") => cut.answers() > 0,
        _ if text.contains("the call was cleared") => of(12),
        _ if text.contains("the call was disconnected") => of(13),
        _ if text.contains("the control connection was stopped") => of(3),
        _ if text.contains("the TCP connection was closed") => cut.has_port,
        _ if text.contains("the link was terminated") => terminated(),
        _ => false,
    };
    assert!(is_true, "end: {text}\n{}", whole.says("  end: "));
}

fn check_sentence(sentence: &str, cut: &Told, whole: &Told) {
    let encrypted = cut.count("comp", &[], None);
    let clear = cut.clear("client") + cut.clear("server");
    let halves = [1, 2].map(|code| cut.count("chap", &[("code", code)], None));
    let is_true = match sentence {
        _ if sentence.starts_with("no PPTP in") => cut.lines.is_empty(),
        _ if sentence.starts_with("no packet is encrypted") => encrypted == 0 && clear > 0,
        _ if sentence.starts_with("no packet of data was captured") => encrypted == 0 && clear == 0,
        _ if sentence.ends_with("not decrypted: the authentication was not captured") => cut.authentication() == 0,
        _ if sentence.ends_with("not decrypted: the Challenge or the Response was not captured") => halves.contains(&0),
        _ if sentence.ends_with("not decrypted: the authentication makes no keys") => {
            whole.count("plain", &[], None) == 0
        }
        _ => false,
    };
    assert!(is_true, "{sentence}");
}

/// Checks all that is said of a cut. Gives whether the roles are known.
fn check(place: &str, cut: &Told, whole: &Told, plaintexts: &BTreeSet<String>) -> bool {
    let outcome = std::panic::catch_unwind(|| {
        for line in cut.summary.lines().filter(|line| !line.is_empty()) {
            check_line(line, cut, whole);
        }
        for sentence in &cut.sentences {
            check_sentence(sentence, cut, whole);
        }
        for plain in cut.lines.iter().filter(|line| line["k"] == "plain") {
            assert!(plaintexts.contains(plain["plain"].as_str().unwrap()), "{plain}");
        }
    });
    assert!(outcome.is_ok(), "{place} is said to be:\n{}\n{:?}", cut.summary, cut.sentences);
    // A right password is never wrong.
    assert!([verdict::SUCCESS, verdict::NOTHING].contains(&cut.status), "{place}: {}", cut.status);
    !cut.summary.contains("a guess")
}

fn plaintexts(told: &Told) -> BTreeSet<String> {
    let plain = told.lines.iter().filter(|line| line["k"] == "plain");
    plain.map(|line| line["plain"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nothing_false_is_said_of_captures_that_begin_late_or_lack_a_direction() {
    let recordings = recordings();
    let (mut cuts, mut known, mut decrypted) = (0, 0, 0);
    for session in SESSIONS {
        let (_, path, password) = recordings.iter().find(|(name, ..)| name == session).unwrap();
        let frames = frames(path);
        let whole = read(&frames, password);
        let plain = plaintexts(&whole);
        assert!(check(session, &whole, &whole, &plain));
        for place in 1..=20 {
            let start = frames.len() * place / 21;
            let cut = read(&frames[start..], password);
            known += usize::from(check(&format!("{session} from frame {start}"), &cut, &whole, &plain));
            decrypted += cut.count("plain", &[], None);
            // The same without the control connection: the authentication shows the roles, or nothing does.
            let is_tcp = |frame: &Frame| frame.1[23] == 6;
            let tunnel: Vec<_> = frames[start..].iter().filter(|frame| !is_tcp(frame)).cloned().collect();
            let cut = read(&tunnel, password);
            known += usize::from(check(&format!("{session} from frame {start} without TCP"), &cut, &whole, &plain));
            cuts += 2;
        }
        for missing in ["client", "server"] {
            let sent = |frame: &&Frame| frame.1[26..29] == [172, 16, 1];
            let kept: Vec<_> = frames.iter().filter(|frame| sent(frame) != (missing == "client")).cloned().collect();
            let cut = read(&kept, password);
            known += usize::from(check(&format!("{session} without the {missing}'s"), &cut, &whole, &plain));
            cuts += 1;
        }
    }
    say!("{cuts} cuts: who is the client is known in {known}, right in all of these; {decrypted} packets decrypted");
    assert_eq!(cuts, 12 * (2 * 20 + 2));
    // Without TCP and authentication it is a guess.
    assert!((264..cuts).contains(&known));
}
