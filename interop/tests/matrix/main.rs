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

/// Where the examples are: an environment variable.
const FOLDER: &str = "PPTP_EXAMPLES";
/// For all together: an idle machine takes a sixth of it.
const LIMIT: Duration = Duration::from_secs(900);

#[test]
fn real_peers() {
    if !uml::has_programs("real_peers", &["pppd", "pptp", "pptpd", "tc"]) || !uml::is_available("real_peers") {
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
        // It has been printed; the other cases are tried nevertheless.
        Err(_) => drop(failures.fetch_add(1, Ordering::Relaxed)),
    };
    let (booted, is_booted) = channel::<Lab<'_>>();
    let (network, folder, attempt) = (&network, &folder, &attempt);
    std::thread::scope(|scope| {
        // Our client, and a guest with pptpd.
        scope.spawn(|| {
            let lab = Lab::boot(network, folder, 0);
            for case in servers::cases() {
                attempt(&mut || servers::run(&lab, &case));
            }
        });
        // Our server, and a guest with pptp; at the end, with two of them.
        scope.spawn(move || {
            let lab = Lab::boot(network, folder, 1);
            for case in clients::cases() {
                attempt(&mut || clients::run(&lab, &case));
            }
            let other = is_booted.recv().unwrap();
            attempt(&mut || clients::two_guests(&lab, &other));
            attempt(&mut || clients::two_calls(&lab));
        });
        // Our server with RADIUS, and long silence, in another guest with pptp.
        scope.spawn(|| {
            let lab = Lab::boot(network, folder, 2);
            radius::run(&lab, attempt);
            attempt(&mut || clients::idle(&lab));
            booted.send(lab).unwrap();
        });
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|row| row.order);
    let table: String = rows.iter().map(|row| format!("{row}\n")).collect();
    say!("{}\n{table}{} cases in {:.0} s", Row::HEAD, rows.len(), begin.elapsed().as_secs_f64());
    assert_eq!(failures.into_inner(), 0, "cases that failed");
}
