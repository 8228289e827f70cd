//! Situations that users of capture programs have reported: what the program has to say.

#![expect(clippy::unwrap_used, reason = "tests may fail")]

mod common;

use common::{data, inspect, json_lines, say};

/// A capture, the arguments besides it, and what has to come out.
#[derive(Default)]
struct Case<'a> {
    file: &'a str,
    arguments: &'a [&'a str],
    status: i32,
    /// How many JSON lines there are of a kind.
    lines: &'a [(&'a str, usize)],
    /// How many packets the summary says to be decrypted, in both directions together.
    decrypted: usize,
    says: &'a [&'a str],
    says_not: &'a [&'a str],
}

const ALICE: &[&str] = &["--user", "alice", "--password", "wonderland"];

/// Returns the sum of the numbers before `word` in a text.
fn sum_before(text: &str, word: &str) -> usize {
    let words: Vec<_> = text.split_whitespace().map(|word| word.trim_end_matches([',', ';'])).collect();
    let numbers = words.windows(2).filter(|pair| pair.last() == Some(&word));
    numbers.filter_map(|pair| pair.first()?.parse::<usize>().ok()).sum()
}

fn check(case: &Case<'_>) {
    let path = data(case.file);
    let output = inspect(&path, case.arguments);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    let place = format!("{} {:?}", case.file, case.arguments);
    assert_eq!(output.status.code(), Some(case.status), "{place}:\n{text}");
    assert_eq!(sum_before(&text, "decrypted"), case.decrypted, "{place}:\n{text}");
    for words in case.says {
        assert!(text.contains(words), "{place} has to say {words:?}:\n{text}");
    }
    for words in case.says_not {
        assert!(!text.contains(words), "{place} must not say {words:?}:\n{text}");
    }
    if !case.lines.is_empty() {
        let lines = json_lines(&path, case.arguments);
        for (kind, count) in case.lines {
            assert_eq!(lines.iter().filter(|line| line["k"] == *kind).count(), *count, "{place}: {kind}");
        }
    }
    say!("{place}: {}", text.lines().last().unwrap_or_default());
}

/// One recorded session, in the carriers that captures of users have had.
#[test]
fn a_session_is_found_in_every_carrier() {
    for file in [
        "bugs-plain.pcap",
        "bugs-plain.pcap.gz",
        "bugs-pppoe.pcap",
        "bugs-serial-ppp.pcap",
        "bugs-vlan.pcap",
        "bugs-ip-in-ip.pcap",
        "bugs-openbsd-loop.pcap",
        "bugs-enc.pcap",
    ] {
        check(&Case {
            file,
            arguments: ALICE,
            lines: &[("pptp", 4), ("gre", 45)],
            decrypted: 20,
            says: &["MS-CHAP-V2 of \"alice\", accepted; the given secret fits"],
            says_not: &["no TCP port 1723", "not needed"],
            ..Case::default()
        });
    }
}

/// 40 encrypted packets of both directions, from the 21st on, without the authentication.
#[test]
fn a_wrong_key_decrypts_nothing_in_the_middle_of_a_session() {
    for key in
        ["00112233445566778899aabbccddeeff", "0f1e2d3c4b5a69788796a5b4c3d2e1f0", "deadbeefdeadbeefdeadbeefdeadbeef"]
    {
        check(&Case {
            file: "bugs-joined-midway.pcap",
            arguments: &["--send-key", key],
            status: 1,
            says: &["does not fit session 1"],
            ..Case::default()
        });
    }
}

#[test]
fn the_right_keys_decrypt_from_the_middle_of_a_session_on() {
    let [of_client, of_server] = ["d2a6df89ac1e9384faad10aca7991204", "8283ce62260dfaa28d05d2c495f9ea4c"];
    for [send, receive] in [[of_client, of_server], [of_server, of_client]] {
        check(&Case {
            file: "bugs-joined-midway.pcap",
            arguments: &["--send-key", send, "--recv-key", receive],
            lines: &[("plain", 40)],
            decrypted: 40,
            says: &["MPPE 128 bit, stateless; 16 frames", "MPPE 128 bit, stateless; 24 frames"],
            says_not: &["not fit"],
            ..Case::default()
        });
    }
    // One key alone is for one direction, which is said.
    check(&Case {
        file: "bugs-joined-midway.pcap",
        arguments: &["--send-key", of_client],
        decrypted: 16,
        says: &["the given key is not that of what the server sends in session 1"],
        ..Case::default()
    });
}

#[test]
fn missing_packets_are_not_taken_for_missing_events() {
    check(&Case {
        file: "bugs-response-without-challenge.pcap",
        arguments: ALICE,
        says: &[
            "MS-CHAP-V2 of \"alice\", accepted; its Challenge was not captured",
            "20 encrypted packets were not decrypted: the Challenge or the Response was not captured",
        ],
        says_not: &["none was seen", "the authentication that was seen makes none"],
        ..Case::default()
    });
    check(&Case {
        file: "bugs-joined-midway.pcap",
        arguments: ALICE,
        says: &[
            "which is the client: a guess",
            "authentication: not captured",
            "the agreement on it was not captured",
            "40 encrypted packets were not decrypted: the authentication was not captured",
        ],
        says_not: &["the authentication that was seen makes none", "no MPPE", "not needed"],
        ..Case::default()
    });
}

/// 96 bytes of each frame were captured.
#[test]
fn a_snap_length_is_told_from_a_damaged_packet() {
    check(&Case {
        file: "bugs-snap-96.pcap",
        arguments: ALICE,
        lines: &[("gre", 45), ("ppp", 41), ("cut", 21)],
        says: &[
            "Start-Control-Connection-Request (1): the rest was not captured",
            "Outgoing-Call-Reply (8): the rest",
            "17 packets were not captured to their end",
        ],
        says_not: &["cut short at offset"],
        ..Case::default()
    });
}

#[test]
fn cisco_hdlc_is_not_ppp() {
    check(&Case {
        file: "bugs-cisco-hdlc-9.pcap",
        status: 3,
        says: &["no PPP in 3 frames"],
        says_not: &["0x000f", "0x008f"],
        ..Case::default()
    });
}

/// RFC 1661 section 2: control protocols have one format.
#[test]
fn every_network_control_protocol_has_lines() {
    check(&Case {
        file: "bugs-mplscp.pcap",
        lines: &[("cp", 4)],
        says: &["MPLS", "directions: the capture does not say which end has sent a frame"],
        says_not: &["which is the client", "one direction only"],
        ..Case::default()
    });
}
