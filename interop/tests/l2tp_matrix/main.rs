//! `vpdn-client` and `vpdn-server` with L2TP, against the other end of most such tunnels: Debian's xl2tpd and pppd, with
//! the kernel's L2TP and MPPE, in guests. The README has the table that this prints.
#![cfg(target_os = "linux")]

mod case;
mod clients;
mod lab;
mod servers;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use pptp_interop::namespace::{clock, isolated, run};
use pptp_interop::uml::{self, Network};
use pptp_interop::{examples, say};

use case::Row;
use lab::Lab;

/// The folder of the programs: an environment variable.
const FOLDER: &str = "L2TP_PROGRAMS";
/// For all together.
const LIMIT: Duration = Duration::from_secs(900);

#[test]
fn real_peers() {
    let programs = ["pppd", "xl2tpd", "tc"];
    if !uml::has_programs("l2tp_matrix", &programs) || !uml::is_available("l2tp_matrix") {
        return;
    }
    isolated("real_peers", &[], LIMIT, || vec![(FOLDER, examples::build())], inside);
}

fn inside() {
    let begin = clock();
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let network = Network::new();
    network.enter(|| run("mount -t sysfs none /sys"));
    lab::make_network(&network);
    let rows = Mutex::new(Vec::new());
    let failures = AtomicU32::new(0);
    let attempt = |act: &mut dyn FnMut() -> Row| match catch_unwind(AssertUnwindSafe(act)) {
        Ok(row) => {
            say!("{row}");
            rows.lock().unwrap().push(row);
        }
        // The panic has been printed; the other cases are still tried.
        Err(_) => drop(failures.fetch_add(1, Ordering::Relaxed)),
    };
    // One case alone, while somebody works on it.
    let only = std::env::var("L2TP_CASE").unwrap_or_default();
    let is_wanted = |what: &str| what.contains(only.as_str());
    let (booted, is_booted) = channel::<Lab<'_>>();
    let (network, folder, attempt, is_wanted) = (&network, &folder, &attempt, &is_wanted);
    std::thread::scope(|scope| {
        // Our client, and a guest with xl2tpd as LNS.
        scope.spawn(|| {
            let lab = Lab::boot(network, folder, 0);
            for case in clients::cases().iter().filter(|case| is_wanted(case.what)) {
                attempt(&mut || clients::run(&lab, case));
            }
        });
        // Our server, and a guest with xl2tpd as LAC; at the end, with two of them.
        scope.spawn(move || {
            let lab = Lab::boot(network, folder, 1);
            for case in servers::cases().iter().filter(|case| is_wanted(case.what)) {
                attempt(&mut || servers::run(&lab, case));
            }
            if is_wanted("killed") {
                attempt(&mut || servers::killed(&lab));
            }
            if is_wanted("idle") {
                attempt(&mut || servers::idle(&lab));
            }
            let other = is_booted.recv().unwrap();
            if is_wanted("two guests") {
                attempt(&mut || servers::two_guests(&lab, &other));
            }
        });
        // Long silence, in another guest with xl2tpd as LNS. The test names a feature that its kernel lacks.
        scope.spawn(|| {
            let lab = Lab::boot(network, folder, 2);
            let name = lab.name();
            let lacks = lab.ask(&format!("static {name}"), &format!("{name} static"));
            if !lacks.is_empty() {
                say!("SKIPPED: l2tp_matrix: static L2TPv3{lacks}");
            }
            if is_wanted("idle") {
                attempt(&mut || clients::idle(&lab));
            }
            booted.send(lab).unwrap();
        });
    });
    let rows = rows.into_inner().unwrap();
    let table: String = rows.iter().map(|row| format!("{row}\n")).collect();
    say!("{}\n{table}{} cases in {:.0} s", Row::HEAD, rows.len(), begin.elapsed().as_secs_f64());
    assert_eq!(failures.into_inner(), 0, "cases that failed");
}
