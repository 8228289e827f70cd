//! L2TP in captures: every recording and public capture against what tshark reads, with tunnel secrets, hidden AVPs, layouts
//! of version 3 and MPPE inside.

#![expect(clippy::std_instead_of_alloc, reason = "a test, not a library")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may fail")]
#![expect(clippy::arithmetic_side_effects, reason = "counts")]

mod common;

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{frames, inspect, json_lines, pcap, say};
use l2tp_wire::header::{Carrier, CookieSize};
use l2tp_wire::session::{CallRequest, Terms};
use l2tp_wire::tunnel::{Authentication, Config, DigestHash, Tunnel, Versions};
use l2tp_wire::{Address, Secret, TunnelIds};
use pptp::inspect::{Direction, Inspector, Secrets};
use serde_json::Value;
use vpdn::capture;
use vpdn::inspect::{Evidence, Layout, Session, Tunnels, Verdict};

/// Lists the recorded sessions: name, capture, expected lines.
fn recordings() -> Vec<(String, PathBuf, PathBuf)> {
    let mut all: Vec<_> = common::tunnel_recordings()
        .map(|path| {
            let name = path.parent().and_then(Path::file_name).unwrap().to_str().unwrap().to_owned();
            let expected = common::tunnels().join(format!("expected/{name}.jsonl"));
            (name, path, expected)
        })
        .collect();
    all.sort();
    all
}

/// Returns the options that tshark got for the data of a session that was set up by hand.
fn options(name: &str) -> &'static [&'static str] {
    match name {
        "v3-udp-plain" | "v3-ip-plain" | "l2tpv3-udp-linux-icmp.pcap" => &["--l2tp-cookie", "0", "--l2tp-sublayer"],
        "v3-udp-ports" => &["--l2tp-cookie", "0", "--l2tp-sublayer", "--l2tp-port", "5001"],
        "v3-udp-ppp" | "l2tpv3-ip-cisco-ethernet.pcap" => &["--l2tp-cookie", "0"],
        "v3-udp-l2spec-none" => &["--l2tp-cookie", "4"],
        "v3-ip-cookie8-none" => &["--l2tp-cookie", "8"],
        "v3-udp-cookie8-seq" => &["--l2tp-cookie", "8", "--l2tp-sublayer"],
        _ if name.starts_with("v3-") || name == "q-ql2tpd" => &["--l2tp-cookie", "4", "--l2tp-sublayer"],
        _ => &[],
    }
}

fn expected(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Sorts lines by frame and kind.
fn sorted(lines: Vec<Value>) -> BTreeMap<(u64, String), Vec<Value>> {
    let mut sorted: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for line in lines {
        let key = (line["n"].as_u64().unwrap(), line["k"].as_str().unwrap().to_owned());
        sorted.entry(key).or_default().push(line);
    }
    sorted
}

/// Compares the lines of a capture with tshark's, and returns how many lines and members there
/// were.
fn compare(name: &str, capture: &Path, expected_lines: &Path) -> (usize, usize) {
    let found = sorted(json_lines(capture, options(name)));
    let (mut lines, mut members) = (0, 0);
    let expected = expected(expected_lines);
    // A datagram that met a closed port, which ICMP quotes: it has a line of its own before.
    let is_quoted = |line: &&Value| line["carrier"] == "ip" && line["version"] == 2;
    let quoted: Vec<_> = expected.iter().filter(is_quoted).map(|line| line["n"].as_u64().unwrap()).collect();
    for (key, mut expected) in sorted(expected) {
        let (number, kind) = &key;
        // tshark's own complaints.
        if kind == "expert" || quoted.contains(number) {
            continue;
        }
        let place = format!("{name} frame {number} {kind}");
        let mut found = found.get(&key).cloned().unwrap_or_default();
        let order = |line: &Value| line["via"].to_string();
        expected.sort_by_key(order);
        found.sort_by_key(order);
        assert_eq!(found.len(), expected.len(), "{place}: {found:?}");
        for (found, expected) in found.iter().zip(&expected) {
            lines += 1;
            for (member, value) in expected.as_object().unwrap() {
                // Lines of inner layers have the addresses of the carrier, on purpose.
                if kind != "l2tp" && ["src", "dst"].contains(&member.as_str()) {
                    continue;
                }
                let found = &found[member];
                if member == "avps" {
                    members += compare_avps(&place, found, value);
                } else {
                    assert_eq!(found, value, "{place}: {member}");
                    members += 1;
                }
            }
            let unknown = found.as_object().unwrap().keys().find(|name| expected.get(name.as_str()).is_none());
            assert!(unknown.is_none_or(|name| name == "revealed"), "{place}: {unknown:?} in {found}");
        }
    }
    (lines, members)
}

fn compare_avps(place: &str, found: &Value, expected: &Value) -> usize {
    let (found, expected) = (found.as_array().unwrap(), expected.as_array().unwrap());
    assert_eq!(found.len(), expected.len(), "{place}");
    for (found, expected) in found.iter().zip(expected) {
        for (part, value) in expected.as_array().unwrap().iter().enumerate() {
            // tshark reads no vendor in hidden AVPs.
            if !value.is_null() {
                assert_eq!(&found[part], value, "{place}: {expected}");
            }
        }
    }
    found.len() * 5
}

#[test]
fn every_recording_is_read_as_tshark_reads_it() {
    let (mut lines, mut members) = (0, 0);
    let recordings = recordings();
    assert_eq!(recordings.len(), 40);
    for (name, capture, expected) in &recordings {
        let compared = compare(name, capture, expected);
        (lines, members) = (lines + compared.0, members + compared.1);
    }
    say!("{} recordings: {lines} lines with {members} members are as tshark has them", recordings.len());
    assert!(lines > 2_000);
}

#[test]
fn every_public_capture_is_read_as_tshark_reads_it() {
    let Some(shared) = common::shared() else { return };
    let folder = shared.join("l2tp");
    let mut compared = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // Control messages without S bit and with a length beyond the packet, on purpose: see below.
        if path.extension().is_some_and(|extension| extension == "pcap") && !name.starts_with("bad-") {
            let (lines, members) = compare(&name, &path, &folder.join(format!("expected/{name}.jsonl")));
            compared.push(format!("{name} {lines} lines {members} members"));
        }
    }
    let huawei = shared.join("l2tp-huawei-chap.pcap");
    let (lines, members) = compare("huawei", &huawei, &folder.join("expected/l2tp-huawei-chap.pcap.jsonl"));
    compared.push(format!("huawei {lines} lines {members} members"));
    compared.sort();
    say!("{}", compared.join("\n"));
    assert_eq!(compared.len(), 7);
    // RFC 2661 section 3.1: L and S are set in control messages, and nothing is beyond the datagram.
    let bad = json_lines(&folder.join("bad-l2tp-avp-overflow.pcap"), &[]);
    assert!(bad.iter().filter(|line| line["k"] == "l2tp").all(|line| line["error"].is_string()));
    assert!(bad.len() >= 16);
}

/// Reads the tunnels and PPP sessions of a capture.
fn read(capture: &[u8], tunnels: Tunnels) -> (Tunnels, Inspector) {
    let mut inspector = Inspector::new(Secrets::new().with_password(None, "wonderland"));
    let mut tunnels = tunnels;
    let report = capture::read_with_tunnels(capture, &mut inspector, &mut tunnels, |_, _| {});
    assert_eq!(report.outcome, Ok(()));
    (tunnels, inspector)
}

fn recording(name: &str) -> Vec<u8> {
    std::fs::read(common::tunnels().join(name).join("session.pcap")).unwrap()
}

fn with_secret(secret: &str) -> Tunnels {
    Tunnels::new().with_secret(&Secret::new(secret.as_bytes()).unwrap())
}

const TO_LNS: Direction = Direction::ToServer;
const TO_LAC: Direction = Direction::ToClient;

/// RFC 2661 section 5.1.1.
#[test]
fn challenges_are_verified_with_the_secret() {
    use Verdict::{DoesNotFit, Fits, NoSecret};
    for (name, secret, expected) in [
        ("x-auth", Some("s3cr3t-tunnel"), [Some(Fits), Some(Fits)]),
        ("x-auth", Some("another"), [Some(DoesNotFit), Some(DoesNotFit)]),
        ("x-auth", None, [Some(NoSecret), Some(NoSecret)]),
        ("xa-clean", Some("opensesame"), [Some(Fits), Some(Fits)]),
        // The LAC has refused the answer of the LNS and not answered itself.
        ("x-auth-wrong", Some("right-secret"), [None, Some(Fits)]),
        ("x-auth-wrong", Some("wrong-secret"), [None, Some(DoesNotFit)]),
        ("x-clean", Some("s3cr3t-tunnel"), [None, None]),
    ] {
        let tunnels = secret.map_or_else(Tunnels::new, with_secret);
        let (tunnels, _) = read(&recording(name), tunnels);
        let tunnel = tunnels.tunnels().next().unwrap();
        let found = [TO_LNS, TO_LAC].map(|direction| tunnel.verdict(direction, Evidence::ChallengeResponse));
        assert_eq!(found, expected, "{name} {secret:?}");
        assert!(tunnel.is_start_seen());
    }
}

#[test]
fn windows_and_its_empty_secret_are_found_out() {
    let Some(shared) = common::shared() else { return };
    let capture = std::fs::read(shared.join("l2tp/l2tp-win2003-cisco-pap.pcap")).unwrap();
    let (tunnels, _) = read(&capture, Tunnels::new());
    let tunnel = tunnels.tunnels().find(|tunnel| tunnel.is_start_seen()).unwrap();
    assert_eq!(tunnel.verdict(TO_LNS, Evidence::ChallengeResponse), Some(Verdict::FitsEmpty));
    assert_eq!(tunnel.host_name(TO_LNS).to_string(), "albatross.dev.hsd.com.au");
}

/// RFC 2661 section 4.3: nothing of what accel-ppp hides is lost with the secret, and nothing is made up without it.
#[test]
fn hidden_avps_are_deciphered_with_the_secret_alone() {
    let capture = common::tunnels().join("aa-hidden/session.pcap");
    let hidden = |line: &&Value| line["avps"].as_array().is_some_and(|avps| avps.iter().any(|avp| avp[1] == 1));
    let lines = json_lines(&capture, &["--tunnel-secret", "opensesame"]);
    let (mut messages, mut avps) = (0, 0);
    for line in lines.iter().filter(hidden) {
        messages += 1;
        let count = line["avps"].as_array().unwrap().iter().filter(|avp| avp[1] == 1).count();
        assert_eq!(line["revealed"].as_array().unwrap().len(), count, "{line}");
        avps += count;
    }
    say!("{avps} hidden AVPs in {messages} messages are deciphered");
    assert_eq!(messages, 9);
    let assigned = lines.iter().find(|line| line["message"] == 2).unwrap()["revealed"].clone();
    let framing = serde_json::json!([3, "00000003"]);
    assert!(assigned.as_array().unwrap().contains(&framing), "{assigned}");
    for wrong in [&["--tunnel-secret", "guess"][..], &[]] {
        let lines = json_lines(&capture, wrong);
        assert!(lines.iter().all(|line| line.get("revealed").is_none()));
    }
    let (tunnels, _) = read(&recording("aa-hidden"), with_secret("opensesame"));
    assert_eq!(tunnels.tunnels().next().unwrap().verdict(TO_LAC, Evidence::HiddenAvps), Some(Verdict::Fits));
    assert_eq!(tunnels.tunnels().count(), 1);
    // Its ids are hidden.
    let ids: Vec<_> = tunnels.sessions().map(Session::ids).collect();
    assert_eq!(ids, [(Some(60_559), Some(44_876))]);
    let (tunnels, _) = read(&recording("aa-hidden"), with_secret("guess"));
    assert_eq!(tunnels.tunnels().next().unwrap().verdict(TO_LAC, Evidence::HiddenAvps), Some(Verdict::DoesNotFit));
}

#[test]
fn the_verdict_on_a_secret_and_the_exit_status() {
    let capture = common::tunnels().join("x-auth/session.pcap");
    for (arguments, status, sentence) in [
        (&["--tunnel-secret", "s3cr3t-tunnel"][..], 0, ""),
        (&["--tunnel-secret", "no"], 1, "wrong tunnel secret: it does not fit the Challenge Response of the responder"),
        (&[], 0, ""),
    ] {
        let output = inspect(&capture, arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(told.contains(sentence), "{told}");
        let text = String::from_utf8(output.stdout).unwrap();
        for part in
            ["tunnel 1: L2TPv2 over UDP, initiator 10.9.0.1:1701 \"lac\" id 51525", "responder 10.9.0.2:1701 \"lns\""]
        {
            assert!(text.contains(part), "{text}");
        }
        let verdict = if arguments.is_empty() { "no secret was given" } else { "the given secret " };
        assert!(text.contains(verdict), "{text}");
        assert!(
            text.contains("Host Name (7) \"lac\"") && text.contains("end: by the initiator: cleared (1)"),
            "{text}"
        );
    }
    let output = inspect(&common::tunnels().join("x-clean/session.pcap"), &["--tunnel-secret", "unused"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no tunnel asks for a secret"));
}

/// RFC 3931 section 4.1: one packet with an IP header or a PPP control packet shows where the payload begins.
#[test]
fn layouts_of_sessions_set_up_by_hand_are_found_out() {
    let mut sessions = 0;
    for (name, path, _) in recordings().iter().filter(|(name, ..)| name.starts_with("v3-")) {
        let tunnels = if *name == "v3-udp-ports" { Tunnels::new().with_port(5001) } else { Tunnels::new() };
        let (tunnels, _) = read(&std::fs::read(path).unwrap(), tunnels);
        let told = options(name);
        let expected = (told[1].to_owned(), told.contains(&"--l2tp-sublayer"));
        for session in tunnels.sessions() {
            sessions += 1;
            for direction in [TO_LNS, TO_LAC] {
                let (packets, _) = session.packets(direction);
                let layout = session.layout(direction);
                let Layout::Found(layout) = layout else { panic!("{name}: {packets} packets, {layout:?}") };
                // There the ends disagree: one sends cookies of eight bytes.
                if *name != "v3-udp-cookie-wrong" {
                    assert_eq!((layout.cookie_size.len().to_string(), layout.has_sublayer), expected, "{name}");
                }
            }
        }
    }
    say!("{sessions} sessions, each in both directions");
    assert_eq!(sessions, 13);
}

/// Returns the MPPE plaintexts of lines.
fn plaintexts(lines: &[Value]) -> Vec<(u64, String)> {
    let plain = lines.iter().filter(|line| line["plain"].is_string());
    plain.map(|line| (line["count"].as_u64().unwrap(), line["plain"].as_str().unwrap().to_owned())).collect()
}

#[test]
fn mppe_inside_a_tunnel_is_decrypted_also_in_pppoe() {
    let capture = common::tunnels().join("x-mppe128/session.pcap");
    let found = plaintexts(&json_lines(&capture, &["--password", "wonderland"]));
    let expected = plaintexts(&expected(&common::tunnels().join("expected/x-mppe128.decrypted.jsonl")));
    assert_eq!(found, expected);
    assert_eq!(found.len(), 26);
    // The same in PPPoE: session 7, and IP by its PPP number.
    let wrapped: Vec<_> = frames(&capture)
        .into_iter()
        .filter(|(_, frame)| frame[12..14] == [0x08, 0x00])
        .map(|(time, frame)| {
            let length = u16::try_from(frame.len() - 12).unwrap().to_be_bytes();
            let header = [&frame[..12], &[0x88, 0x64, 0x11, 0, 0, 7], &length, &[0, 0x21]].concat();
            (time, [&header, &frame[14..]].concat())
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pppoe.pcap");
    std::fs::write(&path, pcap(1, &wrapped)).unwrap();
    assert_eq!(plaintexts(&json_lines(&path, &["--password", "wonderland"])), expected);
}

#[test]
fn sessions_of_one_tunnel_are_told_apart() {
    let (tunnels, inspector) = read(&recording("x-two-sessions"), Tunnels::new());
    assert_eq!((tunnels.tunnels().count(), tunnels.sessions().count()), (1, 2));
    assert_eq!(inspector.sessions().count(), 2);
    // The LAC of the second had crashed: nothing came from it.
    let packets = tunnels.sessions().map(|session| [TO_LNS, TO_LAC].map(|direction| session.packets(direction).0));
    assert_eq!(packets.collect::<Vec<_>>(), [[13, 17], [0, 10]]);
    let ids: Vec<_> = tunnels.sessions().map(Session::ids).collect();
    assert!(ids.iter().all(|(caller, called)| caller.is_some() && called.is_some()), "{ids:?}");
}

/// A capture that begins within a session: both directions are one session, and nothing is said that is not known.
#[test]
fn a_capture_that_begins_late_joins_both_directions() {
    let all = frames(&common::tunnels().join("x-clean/session.pcap"));
    let whole = read(&pcap(1, &all), Tunnels::new());
    let late = read(&pcap(1, &all[14..]), Tunnels::new());
    assert_eq!(whole.1.sessions().count(), 1);
    assert_eq!(late.1.sessions().count(), 1);
    assert_eq!(late.0.sessions().count(), 1);
    let (one, other) = (whole.0.sessions().next().unwrap().ids(), late.0.sessions().next().unwrap().ids());
    assert!(one == other || one == (other.1, other.0), "{one:?} {other:?}");
    assert!(late.0.tunnels().all(|tunnel| !tunnel.is_start_seen()));
}

/// Returns the packets of two machines of version 3, over UDP or over IP.
fn version_3(secret: &str, address: fn([u8; 4]) -> Address) -> Vec<(bool, Vec<u8>)> {
    let (lac, lns) = (address([10, 9, 0, 1]), address([10, 9, 0, 2]));
    let config = |name| {
        Config::new(name)
            .with_versions(Versions::V3)
            .with_authentication(Authentication::Digest(DigestHash::Sha1))
            .with_password(Secret::new(secret.as_bytes()).unwrap())
    };
    let now = Duration::ZERO;
    let mut client: Tunnel<1> = Tunnel::originator(config("lac"), TunnelIds::new([1; 32]), lns, [2; 32]);
    let mut server: Tunnel<1> = Tunnel::receiver(config("lns"), TunnelIds::new([3; 32]), [4; 32]);
    client.open(now).unwrap();
    let terms = Terms::new().with_cookie(CookieSize::Eight);
    client.announce_call(now, CallRequest::new().with_remote_end_id("1234"), terms).unwrap();
    let mut packets = Vec::new();
    for _ in 0..20 {
        let mut buf = [0; Tunnel::<1>::MAX_TRANSMIT];
        while let Some(packet) = client.poll_transmit(now, &mut buf).unwrap() {
            packets.push((true, packet.payload.to_vec()));
            let _ = server.handle_packet(now, lac, &mut packet.payload.to_vec()).unwrap();
        }
        let mut buf = [0; Tunnel::<1>::MAX_TRANSMIT];
        while let Some(packet) = server.poll_transmit(now, &mut buf).unwrap() {
            packets.push((false, packet.payload.to_vec()));
            let _ = client.handle_packet(now, lns, &mut packet.payload.to_vec()).unwrap();
        }
        while let Some(event) = server.poll_event() {
            if let l2tp_wire::tunnel::Event::CallRequested { session, .. } = event {
                server.accept_call(now, session, terms).unwrap();
            }
        }
    }
    packets
}

/// RFC 3931 sections 4.3 and 5.4.4.
#[test]
fn digests_are_verified_and_layouts_of_version_3_are_taken_from_control_messages() {
    let over_udp: fn([u8; 4]) -> Address = |ip| Address::udp((ip, 1701).into());
    let over_ip: fn([u8; 4]) -> Address = |ip| Address::ip(ip.into());
    for (carrier, port, packets) in
        [(Carrier::Udp, 1701, version_3("opensesame", over_udp)), (Carrier::Ip, 0, version_3("opensesame", over_ip))]
    {
        let path = (([10, 9, 0, 1], port).into(), ([10, 9, 0, 2], port).into());
        for (secret, verdict) in [("opensesame", Verdict::Fits), ("guess", Verdict::DoesNotFit)] {
            let mut tunnels = with_secret(secret);
            for (from_lac, packet) in &packets {
                let path = if *from_lac { path } else { (path.1, path.0) };
                tunnels.handle(1, carrier, path, packet, &mut |_| {});
            }
            let tunnel = tunnels.tunnels().next().unwrap();
            for direction in [TO_LNS, TO_LAC] {
                assert_eq!(tunnel.verdict(direction, Evidence::MessageDigest), Some(verdict), "{direction:?}");
            }
            let session = tunnels.sessions().next().unwrap();
            assert_eq!(session.remote_end_id().to_string(), "1234");
            let Layout::Signalled(layout) = session.layout(TO_LNS) else { panic!("{:?}", session.layout(TO_LNS)) };
            assert_eq!(layout.cookie_size, CookieSize::Eight);
        }
    }
}

#[test]
fn hostile_packets_are_bounded() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut tunnels = with_secret("opensesame");
    let seeds: Vec<Vec<u8>> = frames(&common::tunnels().join("aa-hidden/session.pcap"))
        .into_iter()
        .filter_map(|(_, frame)| frame.get(42..).map(<[u8]>::to_vec))
        .collect();
    for round in 0..20_000 {
        let mut packet = seeds[random.usize(..seeds.len())].clone();
        for _ in 0..random.usize(0..6) {
            let at = random.usize(..packet.len());
            packet[at] = random.u8(..);
        }
        packet.truncate(random.usize(..=packet.len()));
        let ends = (([10, 9, random.u8(..), 1], random.u16(..)).into(), ([10, 9, 0, 2], 1701).into());
        let carrier = if round % 4 == 0 { Carrier::Ip } else { Carrier::Udp };
        if round % 3 == 0 {
            tunnels.handle_cut(round, carrier, ends, &packet, &mut |_| {});
        } else {
            tunnels.handle(round, carrier, ends, &packet, &mut |_| {});
        }
    }
    assert!(tunnels.tunnels().count() <= 1024 && tunnels.sessions().count() <= 4096);
    assert!(tunnels.forgotten() > 0);
}
