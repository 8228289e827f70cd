//! pptp with pppd dials our server.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp_interop::examples::Program;
use pptp_interop::matrix::{Lab, Row};
use pptp_interop::namespace::{clock, pause};
use rustix::process::Signal;

use crate::case::{Case, End, Expected};
use crate::lab::{CALLS, PATIENCE};

const STRONG: &str = "refuse-eap require-mppe-128";
const BITS_128: &str = "MPPE 128 bit, stateless";

pub fn cases() -> Vec<Case> {
    let hung_up = |what, end| Case::up(what, "", STRONG, BITS_128).ended_by(end);
    let netem = |what, line| Case::up(what, "", STRONG, BITS_128).on(line).ended_by(End::Pppd);
    let wrong = "refuse-eap require-mppe-128 password looking-glass";
    vec![
        Case::up("MS-CHAPv2, 128 bit", "", STRONG, BITS_128).ended_by(End::Pppd),
        Case::up("MS-CHAPv2, 40 bit", "--mppe 40,required", "require-mppe-40", "MPPE 40 bit, stateless")
            .ended_by(End::Pppd),
        Case::up("MS-CHAPv1, 128 bit", "--auth mschap1", STRONG, BITS_128).ended_by(End::Pppd),
        Case::up("CHAP", "--auth chap --mppe none", "", "none"),
        Case::up("PAP", "--auth pap --mppe none", "", "none").ended_by(End::Pppd),
        Case::up(
            "stateful allowed, and preferred here",
            "--mppe 128,required,stateful",
            "require-mppe-128 mppe-stateful",
            "MPPE 128 bit, stateful",
        )
        .ended_by(End::Pppd),
        Case::up(
            "IPV6CP, name servers",
            "--ipv6 --dns 10.0.53.1 --dns 10.0.53.2",
            "require-mppe-128 +ipv6 usepeerdns",
            BITS_128,
        )
        .ended_by(End::Pppd),
        hung_up("our server hangs up", End::Ours),
        hung_up("pptp is asked to end", End::Pptp),
        netem("5 % loss", "loss 5%"),
        netem("reordering", "delay 5ms reorder 25% 50%"),
        netem("5 % duplicates", "duplicate 5%"),
        Case::refused("wrong password", "", wrong, (19, "error 691"), "E=691"),
        Case::refused(
            "wrong password, PAP",
            "--auth pap --mppe none",
            "password looking-glass",
            (19, "error 691"),
            "PAP authentication failed",
        ),
        Case::refused("no MPPE there, required here", "", "nomppe", (16, "error 742"), "LCP terminated by peer"),
        Case::refused("another key length there", "", "require-mppe-40", (10, "error 742"), ""),
    ]
    .into_iter()
    .chain(users_settings())
    .collect()
}

/// The options that Debian's `pptpsetup` writes for a tunnel.
macro_rules! pptpsetup {
    ($more:literal) => {
        concat!("lock noauth nobsdcomp nodeflate remotename work ", $more)
    };
}

/// The options that NetworkManager gives pppd, with its refusals for a user who has ticked MPPE.
macro_rules! network_manager {
    ($more:literal) => {
        concat!("lock usepeerdns noipdefault nodefaultroute noauth nobsdcomp nodeflate novj ", $more)
    };
}

/// Returns the settings that people have, and what they want besides. They are no different on the
/// wire, so that transfers are short.
fn users_settings() -> Vec<Case> {
    const BRIEF: &str = "delay 1ms";
    const SERVERS: &str = "--dns 10.0.53.1 --dns 10.0.53.2";
    const LENIENT: &str = "--interop --dns 10.0.53.1 --dns 10.0.53.2";
    const EAP: &str = "--auth eap --mppe none";
    let up = |what, ours, theirs, encoding| Case::up(what, ours, theirs, encoding).on(BRIEF).ended_by(End::Pppd);
    let no_mppe = (16, "error 742");
    vec![
        up("pptpsetup --encrypt", "", pptpsetup!("require-mppe-128"), BITS_128),
        Case::refused("pptpsetup without --encrypt", "", pptpsetup!(""), no_mppe, ""),
        up("pptpsetup without --encrypt, --interop", "--interop", pptpsetup!(""), "none"),
        up(
            "NetworkManager, MPPE of any length",
            SERVERS,
            network_manager!("refuse-eap refuse-pap refuse-chap require-mppe"),
            BITS_128,
        ),
        up(
            "NetworkManager, MPPE 128",
            SERVERS,
            network_manager!("refuse-eap refuse-pap refuse-chap require-mppe-128"),
            BITS_128,
        ),
        Case::refused(
            "NetworkManager, MPPE 40",
            SERVERS,
            network_manager!("refuse-eap refuse-pap refuse-chap require-mppe-40"),
            (10, "error 742"),
            "",
        ),
        up(
            "NetworkManager, MPPE 40, --interop",
            LENIENT,
            network_manager!("refuse-eap refuse-pap refuse-chap require-mppe-40"),
            "MPPE 40 bit, stateless",
        ),
        Case::refused("NetworkManager, MPPE not ticked", SERVERS, network_manager!(""), no_mppe, ""),
        up("NetworkManager, MPPE not ticked, --interop", LENIENT, network_manager!(""), "none"),
        up("EAP-MD5", EAP, "", "none"),
        up("EAP-MSCHAPv2, 128 bit", "--auth eap-mschap2", "require-mppe-128", BITS_128),
        Case::refused(
            "wrong password, EAP-MSCHAPv2",
            "--auth eap-mschap2",
            "require-mppe-128 password looking-glass",
            (19, "error 691"),
            "",
        ),
        Case::refused("wrong password, EAP-MD5", EAP, "password looking-glass", (19, "error 691"), ""),
        up("a free address is wanted", "", "refuse-eap require-mppe-128 10.98.1.17:", BITS_128),
        Case::refused(
            "an address that is not the server's is wanted",
            "",
            "refuse-eap require-mppe-128 10.97.1.17:",
            (10, "error 720"),
            "",
        ),
    ]
}

/// Returns the server in the tunnels.
pub fn gateway(lab: &Lab<'_>) -> Ipv4Addr {
    Ipv4Addr::new(10, 98, u8::try_from(lab.number).unwrap(), 1)
}

/// Starts our server, which asks `who`.
pub fn start_server(lab: &Lab<'_>, who: &str, arguments: &str) -> Program {
    let (address, listen) = (gateway(lab), lab.host);
    let net = format!("10.98.{}", lab.number);
    let all = format!("--listen {listen} --address {address} --pool {net}.10-{net}.20 {who} {arguments}");
    let mut server = lab.start("server", &all);
    server.wait_for("listening", PATIENCE);
    server
}

/// Returns a file of users as an argument.
fn users(lab: &Lab<'_>) -> String {
    let path = lab.folder().join("users");
    std::fs::write(&path, "alice wonderland\nbob wonderland\n").unwrap();
    format!("--users {}", path.display())
}

pub fn run(lab: &Lab<'_>, case: &Case) -> Row {
    let who = users(lab);
    run_with(lab, case, "server", &who, "alice")
}

pub fn run_with(lab: &Lab<'_>, case: &Case, side: &'static str, who: &str, user: &str) -> Row {
    let begin = clock();
    let what = case.what;
    let mut server = start_server(lab, who, case.ours);
    let options = format!("{} user {user} {}", lab.host, case.theirs);
    let mut row = Row::new((1, begin), side, what);
    match case.expected {
        Expected::Up { encoding, end, netem } => {
            let is_clean = netem.is_empty();
            let begin = clock();
            let (name, lost) = up_or_again(lab, what, netem, &options);
            let (name, exit) = (&name, format!("{name} exit"));
            row.up = begin.elapsed();
            server.wait_for("encoding:", PATIENCE);
            assert_eq!(server.line("encoding:").as_deref(), Some(encoding), "{what}: {}", server.output());
            row.came = encoding.to_owned();
            if lost > 0 {
                row.came += &format!("; lost calls: {lost}");
            }
            let heard = lab.hear(&format!("{name} up "));
            let own: Ipv4Addr = heard.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(heard, format!("{own} {}", gateway(lab)));
            if let Some(wish) = case.theirs.split(' ').find_map(|word| word.strip_suffix(':')) {
                assert_eq!(own.to_string(), wish, "{what}");
                row.came += ", with that address";
            }
            if case.theirs.contains("+ipv6") {
                let both = lab.hear(&format!("{name} up6"));
                let server = both.split(' ').next_back().unwrap();
                assert_eq!(lab.ask(&format!("ping6 {name} {server}"), &format!("{name} pings6")), "56 1", "{what}");
                row.came += ", ping in IPv6";
            }
            row.measured = Some(lab.exercise(name, gateway(lab), own, is_clean));
            let begin = clock();
            match end {
                End::Ours => server.signal(Signal::TERM),
                End::Pppd => lab.tell("signal pppd TERM"),
                End::Pptp => lab.tell("signal pptp TERM"),
            }
            let status = lab.hear(&exit);
            lab.until(&format!("{what}: over"), || ends(&server).len() > lost);
            row.down = Some(begin.elapsed());
            let _ = lab.ask(&format!("netem {name}"), &format!("{name} netem"));
            let logs = lab.ended(name);
            row.came = format!("{}; {}; pppd: {status}", row.came, ends(&server)[lost]);
            logs.expect(
                what,
                match end {
                    End::Ours => "LCP terminated by peer",
                    End::Pppd => "Terminating on signal 15",
                    End::Pptp => "Modem hangup",
                },
            );
            // 5 is pppd's own end; 16 is a line that hung up. Where packets are lost, pppd may wait for the answer to its
            // Terminate-Request when the end of the call hangs the line up.
            let is_right = match end {
                End::Pppd if is_clean => status == "5",
                End::Pppd => ["5", "16"].contains(&status.as_str()),
                End::Ours | End::Pptp => status == "16",
            };
            assert!(is_right, "{what}: pppd's exit status is {status}: {logs:?}");
            if case.theirs.contains("usepeerdns") {
                logs.expect(what, "primary   DNS address 10.0.53.1");
                logs.expect(what, "secondary DNS address 10.0.53.2");
                row.came += ", two name servers";
            }
            if let Some(length) = encoding.strip_prefix("MPPE ") {
                let bits = length.split(' ').next().unwrap();
                logs.expect(what, &format!("MPPE {bits}-bit"));
            }
        }
        Expected::Refused { status, text, log } => {
            let name = &lab.name();
            let begin = clock();
            let came = lab.ask(&format!("dial {name} {options}"), &format!("{name} exit"));
            lab.until(&format!("{what}: over"), || !ends(&server).is_empty());
            row.up = begin.elapsed();
            let logs = lab.ended(name);
            let sentence = &ends(&server)[0];
            let output = server.output();
            // 16, when the call ended before pppd's own Terminate-Request was answered.
            let is_right = [status.to_string().as_str(), "16"].contains(&came.as_str());
            assert!(is_right && sentence.contains(text), "{what}: {came}: {output}\n{}", logs.pppd);
            logs.expect(what, log);
            row.came = format!("{sentence}; pppd: {came}");
        }
    }
    stop(lab, &mut server);
    row
}

/// Has the guest dial until a call is up; its name, and how many were lost before, which may happen where packets are: see
/// [`crate::servers`].
fn up_or_again(lab: &Lab<'_>, what: &str, netem: &str, options: &str) -> (String, usize) {
    for lost in 0..CALLS {
        let name = lab.name();
        let (up, exit) = (format!("{name} up "), format!("{name} exit"));
        let _ = lab.ask(&format!("netem {name} {netem}"), &format!("{name} netem"));
        lab.tell(&format!("dial {name} {options}"));
        lab.until(&format!("{what}: up"), || lab.heard(&up).is_some() || lab.heard(&exit).is_some());
        let Some(status) = lab.heard(&exit) else { return (name, lost) };
        let logs = lab.ended(&name);
        let is_lost = netem.contains("loss") && logs.pppd.contains("MPPE disabled");
        assert!(is_lost, "{what}: pppd's exit status is {status}: {logs:?}");
    }
    panic!("{what}: {CALLS} calls were lost");
}

/// Returns why each call was over.
fn ends(server: &Program) -> Vec<String> {
    let output = server.output();
    let over = output.lines().filter_map(|line| line.split_once(": over: "));
    over.filter(|(who, _)| who.contains(" call ")).map(|(_, reason)| reason.to_owned()).collect()
}

/// Ends our server, if it has not ended; nothing is left of it.
pub fn stop(lab: &Lab<'_>, server: &mut Program) {
    server.end(Signal::TERM);
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.output());
    assert!(lab.left().is_empty(), "left behind: {:?}", lab.left());
}

/// Has the guest dial; its address in the tunnel.
fn up(lab: &Lab<'_>, name: &str, host: Ipv4Addr, options: &str) -> Ipv4Addr {
    let heard = lab.ask(&format!("dial {name} {host} {options}"), &format!("{name} up "));
    heard.split(' ').next().unwrap().parse().unwrap()
}

/// Runs two guests that call at once, with traffic at the same time.
pub fn two_guests(lab: &Lab<'_>, other: &Lab<'_>) -> Row {
    let begin = clock();
    let mut server = start_server(lab, &users(lab), "");
    let (first, second) = (lab.name(), other.name());
    let strong = |user| format!("user {user} {STRONG}");
    let far = std::thread::scope(|scope| {
        let one = scope.spawn(|| up(lab, &first, lab.host, &strong("alice")));
        let two = up(other, &second, lab.host, &strong("bob"));
        [one.join().unwrap(), two]
    });
    let time = begin.elapsed();
    assert_ne!(far[0], far[1]);
    let (near, [one, two]) = (gateway(lab), far);
    let measured = std::thread::scope(|scope| {
        let measured = scope.spawn(|| lab.exercise(&first, near, one, true));
        let _ = other.exercise(&second, near, two, true);
        measured.join().unwrap()
    });
    let end = clock();
    lab.tell("signal pppd TERM");
    assert_eq!(lab.hear(&format!("{first} exit")), "5");
    let down = end.elapsed();
    let _ = lab.ended(&first);
    // The other one goes on.
    let again = other.name();
    assert_eq!(other.ask(&format!("pings {again} {near}"), &format!("{again} pings ")), "56 1 1400 1");
    server.signal(Signal::TERM);
    assert_eq!(other.hear(&format!("{second} exit")), "16");
    let _ = other.ended(&second);
    stop(lab, &mut server);
    Row {
        order: (1, begin),
        side: "server",
        what: "two guests at once".to_owned(),
        came: format!("{BITS_128}; one ends, the other goes on"),
        up: time,
        measured: Some(measured),
        down: Some(down),
    }
}

/// Returns two calls of one guest, in one control connection.
pub fn two_calls(lab: &Lab<'_>) -> Row {
    let begin = clock();
    let mut server = start_server(lab, &users(lab), "");
    let (first, second) = (lab.name(), lab.name());
    let one = up(lab, &first, lab.host, &format!("user alice {STRONG}"));
    let two = up(lab, &second, lab.host, &format!("user bob {STRONG}"));
    let time = begin.elapsed();
    assert_ne!(one, two);
    assert_eq!(server.output().matches("\"local\"").count(), 1, "control connections: {}", server.output());
    let near = gateway(lab);
    for (name, device) in [(&first, "ppp0"), (&second, "ppp1")] {
        let said = lab.ask(&format!("pings {name}-{device} -I {device} {near}"), &format!("{name}-{device} pings "));
        assert_eq!(said, "56 1 1400 1", "{device}");
    }
    let measured = lab.exercise(&first, near, one, true);
    let end = clock();
    server.signal(Signal::TERM);
    for name in [&first, &second] {
        assert_eq!(lab.hear(&format!("{name} exit")), "16");
    }
    let down = end.elapsed();
    let _ = lab.ended(&first);
    stop(lab, &mut server);
    Row {
        order: (1, begin),
        side: "server",
        what: "two calls in one control connection".to_owned(),
        came: BITS_128.to_owned(),
        up: time,
        measured: Some(measured),
        down: Some(down),
    }
}

/// Leaves the line idle but for echoes: at first ours, then pptp's after its 60 s.
pub fn idle(lab: &Lab<'_>) -> Row {
    let begin = clock();
    let mut server = start_server(lab, &users(lab), "--set vpdn-group.default.pptp-tunnel-echo=3");
    let name = lab.name();
    let _ = up(lab, &name, lab.host, &format!("user alice {STRONG}"));
    pause(Duration::from_secs(11));
    server.signal(Signal::TERM);
    assert_eq!(lab.hear(&format!("{name} exit")), "16", "{}", server.output());
    let logs = lab.ended(&name);
    stop(lab, &mut server);
    let ours = logs.system.matches("Echo Request received").count();
    assert!(ours >= 2, "our echoes: {}", logs.system);

    let mut server = start_server(lab, &users(lab), "--set vpdn-group.default.pptp-tunnel-echo=100");
    let name = lab.name();
    let begin_up = clock();
    let far = up(lab, &name, lab.host, &format!("user alice {STRONG}"));
    let time = begin_up.elapsed();
    pause(Duration::from_secs(65));
    let measured = lab.exercise(&name, gateway(lab), far, true);
    let end = clock();
    lab.tell("signal pppd TERM");
    assert_eq!(lab.hear(&format!("{name} exit")), "5");
    let down = end.elapsed();
    let logs = lab.ended(&name);
    let theirs = logs.system.matches("Echo Reply received").count();
    assert!(theirs >= 1, "pptp's echoes: {}", logs.system);
    stop(lab, &mut server);
    Row {
        order: (1, begin),
        side: "server",
        what: "idle for 11 s, and for 65 s".to_owned(),
        came: format!("{BITS_128}; {ours} echoes of ours answered, then {theirs} of pptp's"),
        up: time,
        measured: Some(measured),
        down: Some(down),
    }
}
