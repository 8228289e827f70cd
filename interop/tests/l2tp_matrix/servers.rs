//! xl2tpd, pppd and the kernel call our server.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp_interop::examples::Program;
use pptp_interop::matrix::{Lab, Row};
use pptp_interop::namespace::{clock, pause};
use rustix::process::Signal;

use crate::case::{Case, End, Expected};
use crate::lab::{PATIENCE, gateway, in_tunnel};

const STRONG: &str = "user alice,require-mppe-128";
const BITS_128: &str = "MPPE 128 bit, stateless";
const CHAP: &str = "--auth chap --mppe none";
const ALICE: &str = "user alice";

pub fn cases() -> Vec<Case> {
    let secret = "--auth chap --mppe none --tunnel-secret s3cr3t-tunnel";
    let soon = Duration::from_secs(5);
    vec![
        Case::up("plain, CHAP", CHAP, ALICE, "none"),
        Case::up("mutual tunnel authentication", secret, ALICE, "none").with_secret("s3cr3t-tunnel"),
        Case::up("MS-CHAPv2, 128 bit", "", STRONG, BITS_128),
        Case::up("PAP", "--auth pap --mppe none", ALICE, "none").ended_by(End::HangUp),
        Case::up("pppd gets SIGTERM", CHAP, ALICE, "none").ended_by(End::Pppd),
        Case::up("xl2tpd gets SIGTERM", "", STRONG, BITS_128).ended_by(End::Daemon),
        Case::up("5 % loss", "", STRONG, BITS_128).on("loss 5%"),
        Case::up("reordering", "", STRONG, BITS_128).on("delay 5ms reorder 25% 50%"),
        Case::refused("wrong tunnel secret", secret, "-", ALICE, (0, "proof is wrong", soon)),
        Case::refused(
            "wrong password, MS-CHAPv2",
            "",
            "-",
            "user alice,password looking-glass,require-mppe-128",
            (0, "we refused the peer's authentication", Duration::from_secs(20)),
        ),
    ]
}

/// Starts our server, and waits until it listens.
fn start(lab: &Lab<'_>, ours: &str) -> Program {
    let users = lab.folder().join("users");
    std::fs::write(&users, "alice wonderland\nbob wonderland\n").unwrap();
    let own = gateway(lab);
    let pool = format!("{}-{}", in_tunnel(lab, 10), in_tunnel(lab, 20));
    let (host, users) = (lab.host, users.display());
    let line = format!("--protocol l2tp --listen {host}:1701 --address {own} --pool {pool} --users {users} {ours}");
    let mut server = lab.start("server", &line);
    server.wait_for("listening at", PATIENCE);
    server
}

/// Returns why tunnels and calls were over.
fn ends(server: &Program) -> Vec<String> {
    let output = server.output();
    output.lines().filter_map(|line| line.split_once(": over: ")).map(|(_, reason)| reason.to_owned()).collect()
}

/// Ends our server; nothing is left of it.
fn stop(lab: &Lab<'_>, server: &mut Program) {
    server.signal(Signal::TERM);
    finish(lab, server);
}

/// Waits for the end of our server, which has got a signal. A second one would have it quit without a word.
fn finish(lab: &Lab<'_>, server: &mut Program) {
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
    assert!(lab.left().is_empty(), "left behind: {:?}", lab.left());
}

/// Has the guest call; returns its address in the tunnel, or nothing when the call is over before it is up.
fn try_call(lab: &Lab<'_>, server: &mut Program, name: &str, secret: &str, options: &str) -> Option<Ipv4Addr> {
    let (up, before) = (format!("{name} up "), ends(server).len());
    lab.tell(&format!("lac {name} {} {secret} {options}", lab.host));
    lab.until(&format!("{name}: up"), || lab.heard(&up).is_some() || server.has_ended() || ends(server).len() > before);
    lab.heard(&up).map(|heard| heard.split(' ').next().unwrap().parse().unwrap())
}

/// Has the guest call; returns its address in the tunnel.
fn call(lab: &Lab<'_>, server: &mut Program, name: &str, secret: &str, options: &str) -> Ipv4Addr {
    let address = try_call(lab, server, name, secret, options);
    address.unwrap_or_else(|| panic!("{name}: {}\n{}", server.output(), lab.ended(name)))
}

/// Has the guest call; on a spoiled path, up to four times, and the table has the number. When a Success of CHAP is lost,
/// pppd goes on waiting for it, and answers nothing else. When our repeated request of CCP is overtaken by our Ack, it
/// looks like a new negotiation. Both ends are for want of encryption.
fn call_or_again(lab: &Lab<'_>, server: &mut Program, name: &str, case: &Case, row: &mut Row) -> Ipv4Addr {
    for number in 2..=case.tries() {
        if let Some(address) = try_call(lab, server, name, case.secret, case.theirs) {
            return address;
        }
        let reason = ends(server).pop().unwrap_or_default();
        assert!(case.may_end_early(&reason), "{}: {reason}\n{}", case.what, server.output());
        row.again(number, &reason);
    }
    call(lab, server, name, case.secret, case.theirs)
}

pub fn run(lab: &Lab<'_>, case: &Case) -> Row {
    let what = case.what;
    let mut row = Row::new((1, clock()), "server", what);
    let mut server = start(lab, case.ours);
    let name = lab.name();
    match case.expected {
        Expected::Up { encoding, end, netem } => {
            let _ = lab.ask(&format!("netem {name} {netem}"), &format!("{name} netem"));
            let begin = clock();
            let far = call_or_again(lab, &mut server, &name, case, &mut row);
            row.up = begin.elapsed();
            assert!(server.output().contains(&format!("encoding: {encoding}\n")), "{what}: {}", server.output());
            row.came += encoding;
            row.measured = Some(lab.exercise(&name, gateway(lab), far, netem.is_empty()));
            let lost = ends(&server).len();
            let begin = clock();
            match end {
                End::Ours => server.signal(Signal::TERM),
                End::Pppd => lab.tell("signal pppd TERM"),
                End::Daemon => lab.tell("signal xl2tpd TERM"),
                End::HangUp => lab.tell("hangup"),
            }
            let _ = lab.hear(&format!("{name} down"));
            lab.until(&format!("{what}: over"), || ends(&server).len() > lost);
            row.down = Some(begin.elapsed());
            row.came = format!("{}; {}", row.came, ends(&server)[lost]);
            let _ = lab.ask(&format!("netem {name}"), &format!("{name} netem"));
            let logs = lab.ended(&name);
            if encoding == BITS_128 {
                logs.expect(what, "MPPE 128-bit stateless compression enabled");
            }
            if end == End::Ours {
                finish(lab, &mut server);
                return row;
            }
        }
        Expected::Refused { text, within, .. } => {
            let begin = clock();
            lab.tell(&format!("lac {name} {} {} {}", lab.host, case.secret, case.theirs));
            lab.until(&format!("{what}: over"), || !ends(&server).is_empty());
            row.up = begin.elapsed();
            let sentence = ends(&server)[0].clone();
            let _ = lab.ask(&format!("kill_l2tp {name}"), &format!("{name} killed"));
            let logs = lab.ended(&name);
            assert!(sentence.contains(text), "{what}: {}\n{logs}", server.output());
            assert!(row.up < within, "{what}: {:?}", row.up);
            row.came = sentence;
        }
    }
    stop(lab, &mut server);
    row
}

/// Kills xl2tpd and pppd without a word, and has them call again from the same port.
pub fn killed(lab: &Lab<'_>) -> Row {
    let what = "killed, and again from the same port";
    let mut row = Row::new((1, clock()), "server", what);
    let mut server = start(lab, "");
    let (first, second) = (lab.name(), lab.name());
    let one = call(lab, &mut server, &first, "-", STRONG);
    let _ = lab.ask(&format!("kill_l2tp {first}"), &format!("{first} killed"));
    let begin = clock();
    let two = call(lab, &mut server, &second, "-", STRONG);
    row.up = begin.elapsed();
    assert_ne!(one, two, "the old call may still be there");
    row.measured = Some(lab.exercise(&second, gateway(lab), two, true));
    let begin = clock();
    server.signal(Signal::TERM);
    let _ = lab.hear(&format!("{second} down"));
    row.down = Some(begin.elapsed());
    row.came = BITS_128.to_owned();
    let _ = lab.ended(&second);
    finish(lab, &mut server);
    row
}

/// Leaves the tunnel idle for longer than two Hellos of xl2tpd.
pub fn idle(lab: &Lab<'_>) -> Row {
    let what = "130 s idle, Hello";
    let mut row = Row::new((1, clock()), "server", what);
    let mut server = start(lab, "--keepalive 0");
    let name = lab.name();
    let begin = clock();
    let far = call(lab, &mut server, &name, "-", STRONG);
    row.up = begin.elapsed();
    pause(Duration::from_secs(130));
    assert!(ends(&server).is_empty(), "{what}: {}", server.output());
    row.measured = Some(lab.exercise(&name, gateway(lab), far, true));
    let begin = clock();
    server.signal(Signal::TERM);
    let _ = lab.hear(&format!("{name} down"));
    row.down = Some(begin.elapsed());
    row.came = BITS_128.to_owned();
    let _ = lab.ended(&name);
    finish(lab, &mut server);
    row
}

/// Runs two guests that call at once, with traffic at the same time.
pub fn two_guests(lab: &Lab<'_>, other: &Lab<'_>) -> Row {
    let what = "two guests at once";
    let mut row = Row::new((1, clock()), "server", what);
    let mut server = start(lab, "");
    let (first, second) = (lab.name(), other.name());
    let begin = clock();
    lab.tell(&format!("lac {first} {} - {STRONG}", lab.host));
    other.tell(&format!("lac {second} {} - user bob,require-mppe-128", lab.host));
    let address = |lab: &Lab<'_>, name: &str| -> Ipv4Addr {
        lab.hear(&format!("{name} up ")).split(' ').next().unwrap().parse().unwrap()
    };
    let (one, two) = (address(lab, &first), address(other, &second));
    row.up = begin.elapsed();
    assert_ne!(one, two);
    let near = gateway(lab);
    row.measured = Some(std::thread::scope(|scope| {
        let measured = scope.spawn(|| lab.exercise(&first, near, one, true));
        let _ = other.exercise(&second, near, two, true);
        measured.join().unwrap()
    }));
    lab.tell("signal pppd TERM");
    let _ = lab.hear(&format!("{first} down"));
    let _ = lab.ended(&first);
    // The other one goes on.
    let again = other.name();
    assert_eq!(other.ask(&format!("pings {again} {near}"), &format!("{again} pings ")), "56 1 1400 1");
    let begin = clock();
    server.signal(Signal::TERM);
    let _ = other.hear(&format!("{second} down"));
    row.down = Some(begin.elapsed());
    row.came = format!("{BITS_128}; one ends, the other goes on");
    let _ = other.ended(&second);
    finish(lab, &mut server);
    row
}
