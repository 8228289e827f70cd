//! Our client dials pptpd with pppd.

use std::net::Ipv4Addr;

use pptp_interop::examples::Program;
use pptp_interop::matrix::{Lab, Row};
use pptp_interop::namespace::clock;
use rustix::process::Signal;

use crate::case::{Case, End, Expected};
use crate::lab::{CALLS, PATIENCE};

/// The server in the tunnels.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
const STRONG: &str = "require-mschap-v2 require-mppe-128";
const ALICE: &str = "--user alice --password wonderland";
const BITS_128: &str = "MPPE 128 bit, stateless";

pub fn cases() -> Vec<Case> {
    let with_names = "require-mschap-v2 require-mppe-128 +ipv6 ms-dns 10.0.53.1 ms-dns 10.0.53.2";
    let netem = |what, line| Case::up(what, "", STRONG, BITS_128).on(line);
    vec![
        Case::up("MS-CHAPv2, 128 bit", "", STRONG, BITS_128),
        Case::up(
            "MS-CHAPv2, 40 bit",
            "--mppe 40,required",
            "require-mschap-v2 require-mppe-40",
            "MPPE 40 bit, stateless",
        ),
        Case::up("MS-CHAPv1, 128 bit", "--auth mschap1", "require-mschap require-mppe-128", BITS_128),
        Case::up("CHAP", "--auth chap --mppe none", "require-chap", "none").ended_by(End::Pppd),
        Case::up("PAP", "--auth pap --mppe none", "require-pap", "none"),
        Case::up(
            "stateful allowed, and preferred here",
            "--mppe 128,required,stateful",
            "require-mschap-v2 require-mppe-128 mppe-stateful",
            "MPPE 128 bit, stateful",
        ),
        Case::up("IPV6CP, name servers", "--ipv6", with_names, BITS_128).ended_by(End::Pppd),
        Case::up("the server hangs up", "", STRONG, BITS_128).ended_by(End::Pptp),
        netem("5 % loss", "loss 5%"),
        netem("reordering", "delay 5ms reorder 25% 50%"),
        netem("5 % duplicates", "duplicate 5%"),
        Case::refused(
            "wrong password",
            "--user alice --password looking-glass",
            STRONG,
            (6, "error 691"),
            "Peer alice failed CHAP authentication",
        ),
        Case::refused(
            "wrong password, PAP",
            "--user alice --password looking-glass --auth pap --mppe none",
            "require-pap",
            (6, "error 691"),
            "peer authentication failed for alice",
        ),
        Case::refused("no MPPE there, required here", ALICE, "require-mschap-v2 nomppe", (7, "error 742"), ""),
        Case::refused("another key length there", ALICE, "require-mschap-v2 require-mppe-40", (7, "error 742"), ""),
        Case::up("EAP-MD5", "--auth eap --mppe none", "require-eap", "none").on("delay 1ms"),
        Case::up("EAP-MSCHAPv2, 128 bit", "--auth eap-mschap2", "require-eap require-mppe-128", BITS_128)
            .on("delay 1ms"),
        Case::refused(
            "wrong password, EAP-MSCHAPv2",
            "--user alice --password looking-glass --auth eap-mschap2",
            "require-eap require-mppe-128",
            (6, "error 691"),
            "EAP: MSCHAPv2 failure",
        ),
        Case::refused(
            "wrong password, EAP-MD5",
            "--user alice --password looking-glass --auth eap --mppe none",
            "require-eap",
            (6, "error 691"),
            "",
        ),
    ]
}

/// Dials until a call is up; its name, and how many were lost before.
///
/// On a clean line it is the first that has to come up. On a path that loses packets, a pppd that
/// requires MPPE ends the call when a CCP request is repeated because its own acknowledgment was
/// lost. There is no other way to get that acknowledgment.
fn up(lab: &Lab<'_>, case: &Case, netem: &str, dial: impl Fn() -> Program) -> (Program, String, usize) {
    let what = case.what;
    for lost in 0..CALLS {
        let name = serve(lab, case);
        let _ = lab.ask(&format!("netem {name} {netem}"), &format!("{name} netem"));
        let mut client = dial();
        let is_up = |client: &Program| client.line("remote-address:").is_some();
        lab.until(&format!("{what}: up, or over"), || is_up(&client) || client.has_ended());
        if is_up(&client) {
            return (client, name, lost);
        }
        let (status, output) = (client.wait(PATIENCE).code(), client.output());
        let is_lost = netem.contains("loss") && status == Some(8) && output.contains("closed by the peer");
        assert!(is_lost, "{what}: {status:?}: {output}");
        lab.ended(&name).expect(what, "MPPE disabled");
    }
    panic!("{what}: {CALLS} calls were lost");
}

/// Has pptpd take the next call; a name for it.
fn serve(lab: &Lab<'_>, case: &Case) -> String {
    let name = lab.name();
    let _ = lab.ask(&format!("serve {name} {}", case.theirs), &format!("{name} serves"));
    name
}

pub fn run(lab: &Lab<'_>, case: &Case) -> Row {
    let begin = clock();
    let what = case.what;
    let dial = |arguments: &str| lab.start("client", &format!("{} {arguments}", lab.address));
    let mut row = Row::new((0, begin), "client", what);
    match case.expected {
        Expected::Up { encoding, end, netem } => {
            let is_clean = netem.is_empty();
            let begin = clock();
            let line = format!("{ALICE} {} --route 10.99.7.0/24", case.ours);
            let (mut client, name, lost) = up(lab, case, netem, || dial(&line));
            let name = &name;
            row.up = begin.elapsed();
            let own: Ipv4Addr = client.line("local-address:").unwrap().parse().unwrap();
            assert_eq!(client.line("remote-address:"), Some(GATEWAY.to_string()));
            assert_eq!(client.line("encoding:").as_deref(), Some(encoding), "{what}: {}", client.output());
            assert_eq!(lab.hear(&format!("{name} up ")), format!("{GATEWAY} {own}"), "{what}");
            row.came = encoding.to_owned();
            if lost > 0 {
                row.came += &format!("; lost calls: {lost}");
            }
            if case.theirs.contains("ms-dns") {
                client.wait_for("dns: 10.0.53.2", PATIENCE);
                assert_eq!(client.line("dns:").as_deref(), Some("10.0.53.1"));
                row.came += ", two name servers";
            }
            if case.theirs.contains("+ipv6") {
                client.wait_for("remote-ipv6-address:", PATIENCE);
                let both = lab.hear(&format!("{name} up6"));
                let theirs = both.split(' ').next_back().unwrap();
                let own = client.line("local-ipv6-address:").unwrap();
                assert_eq!(theirs.parse::<std::net::Ipv6Addr>().unwrap().to_string(), own, "{what}");
                assert_eq!(lab.ask(&format!("ping6 {name} {own}"), &format!("{name} pings6")), "56 1", "{what}");
                row.came += ", ping in IPv6";
            }
            row.measured = Some(lab.exercise(name, own, GATEWAY, is_clean));
            assert!(lab.left().iter().any(|line| line.contains("0007630A")), "{what}: the route is missing");
            let begin = clock();
            match end {
                End::Ours => client.signal(Signal::INT),
                End::Pppd => lab.tell("signal pppd TERM"),
                End::Pptp => lab.tell("signal pptpctrl TERM"),
            }
            let status = client.wait(PATIENCE).code();
            let output = client.output();
            assert_eq!(status, Some(if end == End::Ours { 0 } else { 8 }), "{what}: {output}");
            row.down = Some(begin.elapsed());
            if end != End::Ours {
                row.came = format!("{}; {}", row.came, output.lines().last().unwrap().trim_start_matches("client: "));
            }
            let _ = lab.ask(&format!("netem {name}"), &format!("{name} netem"));
            let logs = lab.ended(name);
            // pptpd gives a packet behind a lost one to pppd no sooner than the next one comes.
            let is_held = !is_clean && logs.pppd.contains("Modem hangup");
            logs.expect(
                what,
                match end {
                    End::Ours if is_held => "Modem hangup",
                    End::Ours => "LCP terminated by peer",
                    End::Pppd => "Terminating on signal 15",
                    End::Pptp => "Modem hangup",
                },
            );
            logs.expect(what, "control connection finished");
            if let Some(length) = encoding.strip_prefix("MPPE ") {
                let bits = length.split(' ').next().unwrap();
                logs.expect(what, &format!("MPPE {bits}-bit"));
            }
        }
        Expected::Refused { status, text, log } => {
            let name = &serve(lab, case);
            let begin = clock();
            let mut client = dial(case.ours);
            let came = client.wait(PATIENCE).code();
            let output = client.output();
            row.up = begin.elapsed();
            let sentence = output.lines().last().unwrap_or_default().trim_start_matches("client: ");
            let logs = lab.ended(name);
            assert!(came == Some(status) && sentence.contains(text), "{what}: {came:?}: {output}\n{}", logs.pppd);
            logs.expect(what, log);
            row.came = sentence.to_owned();
        }
    }
    assert!(lab.left().is_empty(), "{what}: left behind: {:?}", lab.left());
    row
}
