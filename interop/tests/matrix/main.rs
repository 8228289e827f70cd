//! The examples `client` and `server` of `pptp` against the programs and the kernel that people
//! have at the other end. In guests there are Debian's pptpd, pptp and pppd with the MPPE of a real
//! Linux, and FreeRADIUS. The assertions of each case, and the table that this prints, are in the
//! README.
#![cfg(target_os = "linux")]

mod case;
mod clients;
mod lab;
mod radius;
mod servers;

use std::sync::mpsc::channel;

use pptp_interop::matrix::{self, Lab};
use pptp_interop::namespace::isolated;
use pptp_interop::{examples, uml};

use lab::{LIMIT, PLAN};

/// Where the examples are: an environment variable.
const FOLDER: &str = "PPTP_EXAMPLES";

#[test]
fn real_peers() {
    if !uml::has_programs("real_peers", &["pppd", "pptp", "pptpd", "tc"]) || !uml::is_available("real_peers") {
        return;
    }
    isolated("real_peers", &[], LIMIT, || vec![(FOLDER, examples::build())], inside);
}

fn inside() {
    matrix::run_all(FOLDER, |network, folder, attempt| {
        let (booted, is_booted) = channel::<Lab<'_>>();
        std::thread::scope(|scope| {
            // Our client, and a guest with pptpd.
            scope.spawn(|| {
                let lab = Lab::boot(&PLAN, network, folder, 0);
                for case in servers::cases() {
                    attempt(&mut || servers::run(&lab, &case));
                }
            });
            // Our server, and a guest with pptp; at the end, with two of them.
            scope.spawn(move || {
                let lab = Lab::boot(&PLAN, network, folder, 1);
                for case in clients::cases() {
                    attempt(&mut || clients::run(&lab, &case));
                }
                let other = is_booted.recv().unwrap();
                attempt(&mut || clients::two_guests(&lab, &other));
                attempt(&mut || clients::two_calls(&lab));
            });
            // Our server with RADIUS, and long silence, in another guest with pptp.
            scope.spawn(|| {
                let lab = Lab::boot(&PLAN, network, folder, 2);
                radius::run(&lab, attempt);
                attempt(&mut || clients::idle(&lab));
                booted.send(lab).unwrap();
            });
        });
    });
}
