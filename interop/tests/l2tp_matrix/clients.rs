//! Our client dials xl2tpd, pppd and the kernel.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp_interop::examples::Program;
use pptp_interop::matrix::{Lab, Row};
use pptp_interop::namespace::{clock, pause};
use rustix::process::Signal;

use crate::case::{Case, End, Expected};
use crate::lab::{PATIENCE, gateway};

const STRONG: &str = "require-mschap-v2,require-mppe-128";
const BITS_128: &str = "MPPE 128 bit, stateless";
const CHAP: &str = "--auth chap --mppe none";
/// RFC 2661 has no time for a refusal; people do not wait longer.
const SOON: Duration = Duration::from_secs(1);

pub fn cases() -> Vec<Case> {
    let late = Duration::from_secs(15);
    vec![
        Case::up("plain, CHAP", CHAP, "require-chap", "none"),
        Case::up(
            "mutual tunnel authentication",
            "--auth chap --mppe none --tunnel-secret s3cr3t-tunnel",
            "require-chap",
            "none",
        )
        .with_secret("s3cr3t-tunnel"),
        Case::up("MS-CHAPv2, 128 bit", "", STRONG, BITS_128),
        Case::up("PAP", "--auth pap --mppe none", "require-pap", "none"),
        Case::up("pppd gets SIGTERM", CHAP, "require-chap", "none").ended_by(End::Pppd),
        Case::up("xl2tpd gets SIGTERM", "", STRONG, BITS_128).ended_by(End::Daemon),
        Case::up("5 % loss", "", STRONG, BITS_128).on("loss 5%"),
        Case::up("reordering", "", STRONG, BITS_128).on("delay 5ms reorder 25% 50%"),
        Case::refused(
            "wrong tunnel secret",
            "--auth chap --mppe none --tunnel-secret wrong-secret",
            "right-secret",
            "require-chap",
            (6, "proof is wrong", SOON),
        ),
        Case::refused("wrong password, MS-CHAPv2", "--password looking-glass", "-", STRONG, (6, "error 691", late)),
    ]
}

/// Has xl2tpd take calls; returns a name for the next one.
fn serve(lab: &Lab<'_>, case: &Case) -> String {
    let name = lab.name();
    let _ = lab.ask(&format!("lns {name} {} {}", case.secret, case.theirs), &format!("{name} serves"));
    name
}

fn dial(lab: &Lab<'_>, ours: &str) -> Program {
    let password = if ours.contains("--password") { "" } else { "--password wonderland" };
    lab.start("client", &format!("{} --protocol l2tp --user alice {password} {ours}", lab.address))
}

pub fn run(lab: &Lab<'_>, case: &Case) -> Row {
    let what = case.what;
    let mut row = Row::new((0, clock()), "client", what);
    match case.expected {
        Expected::Up { encoding, end, netem } => up(lab, case, (encoding, end, netem), &mut row),
        Expected::Refused { status, text, within } => {
            let name = serve(lab, case);
            let begin = clock();
            let mut client = dial(lab, case.ours);
            let came = client.wait(PATIENCE).code();
            row.up = begin.elapsed();
            let output = client.output();
            let sentence = output.lines().last().unwrap_or_default().trim_start_matches("vpdn-client: ");
            let logs = lab.ended(&name);
            assert!(came == Some(status) && sentence.contains(text), "{what}: {came:?}: {output}\n{logs}");
            assert!(row.up < within, "{what}: {:?}", row.up);
            row.came = sentence.to_owned();
        }
    }
    assert!(lab.left().is_empty(), "{what}: left behind: {:?}", lab.left());
    row
}

fn up(lab: &Lab<'_>, case: &Case, (encoding, end, netem): (&str, End, &str), row: &mut Row) {
    let what = case.what;
    let mut name = serve(lab, case);
    let _ = lab.ask(&format!("netem {name} {netem}"), &format!("{name} netem"));
    let begin = clock();
    let dial_and_wait = || {
        let mut client = dial(lab, case.ours);
        lab.until(&format!("{what}: up, or over"), || client.line("remote-address:").is_some() || client.has_ended());
        client
    };
    let mut client = dial_and_wait();
    // On a spoiled path, up to four times, as with our server: `call_or_again` has the reasons.
    for number in 2..=case.tries() {
        if !client.has_ended() {
            break;
        }
        let output = client.output();
        assert!(output.contains("MPPE disabled"), "{what}: {output}\n{}", lab.ended(&name));
        row.again(number, output.lines().last().unwrap_or_default());
        name = serve(lab, case);
        client = dial_and_wait();
    }
    row.up = begin.elapsed();
    assert!(!client.has_ended(), "{what}: {}\n{}", client.output(), lab.ended(&name));
    let own: Ipv4Addr = client.line("local-address:").unwrap().parse().unwrap();
    assert_eq!(client.line("remote-address:"), Some(gateway(lab).to_string()));
    assert_eq!(client.line("encoding:").as_deref(), Some(encoding), "{what}: {}", client.output());
    assert_eq!(lab.hear(&format!("{name} up ")), format!("{} {own}", gateway(lab)), "{what}");
    row.came += encoding;
    row.measured = Some(lab.exercise(&name, own, gateway(lab), netem.is_empty()));
    let begin = clock();
    match end {
        End::Ours | End::HangUp => client.signal(Signal::INT),
        End::Pppd => lab.tell("signal pppd TERM"),
        End::Daemon => lab.tell("signal xl2tpd TERM"),
    }
    let status = client.wait(PATIENCE).code();
    let output = client.output();
    row.down = Some(begin.elapsed());
    assert_eq!(status, Some(if end == End::Ours { 0 } else { 8 }), "{what}: {output}");
    if end != End::Ours {
        row.came = format!("{}; {}", row.came, output.lines().last().unwrap().trim_start_matches("vpdn-client: "));
    }
    let _ = lab.ask(&format!("netem {name}"), &format!("{name} netem"));
    let logs = lab.ended(&name);
    if encoding == BITS_128 {
        logs.expect(what, "MPPE 128-bit stateless compression enabled");
    }
}

/// Leaves the tunnel idle for longer than two Hellos of xl2tpd.
pub fn idle(lab: &Lab<'_>) -> Row {
    let what = "130 s idle, Hello";
    let case = Case::up(what, "", STRONG, BITS_128).with_secret("s3cr3t-tunnel");
    let mut row = Row::new((0, clock()), "client", what);
    let name = serve(lab, &case);
    let begin = clock();
    // No echoes of PPP: Hello alone is left.
    let mut client = dial(lab, "--keepalive 0 --set l2tp-class.default.hello=20 --tunnel-secret s3cr3t-tunnel");
    lab.until(what, || client.line("remote-address:").is_some() || client.has_ended());
    assert!(!client.has_ended(), "{what}: {}", client.output());
    row.up = begin.elapsed();
    let own: Ipv4Addr = client.line("local-address:").unwrap().parse().unwrap();
    pause(Duration::from_secs(130));
    row.measured = Some(lab.exercise(&name, own, gateway(lab), true));
    let begin = clock();
    client.signal(Signal::INT);
    assert_eq!(client.wait(PATIENCE).code(), Some(0), "{}", client.output());
    row.down = Some(begin.elapsed());
    row.came = BITS_128.to_owned();
    let _ = lab.ended(&name);
    row
}
