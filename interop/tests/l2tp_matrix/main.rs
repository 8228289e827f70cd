//! `vpdn-client` and `vpdn-server` with L2TP, against the other end of most such tunnels: Debian's xl2tpd and pppd, with
//! the kernel's L2TP and MPPE, in guests. The README has the table that this prints.
#![cfg(target_os = "linux")]

mod case;
mod clients;
mod lab;
mod servers;

use std::sync::mpsc::channel;

use pptp_interop::matrix::{self, Lab};
use pptp_interop::namespace::isolated;
use pptp_interop::{examples, say, uml};

use lab::{LIMIT, PLAN};

/// The folder of the programs: an environment variable.
const FOLDER: &str = "L2TP_PROGRAMS";

#[test]
fn real_peers() {
    let programs = ["pppd", "xl2tpd", "tc"];
    if !uml::has_programs("l2tp_matrix", &programs) || !uml::is_available("l2tp_matrix") {
        return;
    }
    isolated("real_peers", &[], LIMIT, || vec![(FOLDER, examples::build())], inside);
}

fn inside() {
    // One case alone, while somebody works on it.
    let only = std::env::var("L2TP_CASE").unwrap_or_default();
    let is_wanted = |what: &str| what.contains(only.as_str());
    matrix::run_all(FOLDER, |network, folder, attempt| {
        let (booted, is_booted) = channel::<Lab<'_>>();
        let is_wanted = &is_wanted;
        std::thread::scope(|scope| {
            // Our client, and a guest with xl2tpd as LNS.
            scope.spawn(|| {
                let lab = Lab::boot(&PLAN, network, folder, 0);
                for case in clients::cases().iter().filter(|case| is_wanted(case.what)) {
                    attempt(&mut || clients::run(&lab, case));
                }
            });
            // Our server, and a guest with xl2tpd as LAC; at the end, with two of them.
            scope.spawn(move || {
                let lab = Lab::boot(&PLAN, network, folder, 1);
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
                let lab = Lab::boot(&PLAN, network, folder, 2);
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
    });
}
