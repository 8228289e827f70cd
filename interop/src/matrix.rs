//! Cases with real peers in guests, and a table of what came.

mod lab;
mod row;

pub use lab::{Lab, Logs, Measured, Plan};
pub use row::Row;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::namespace::{clock, run};
use crate::uml::Network;

/// Tries a case: one that panics does not keep the others from being tried.
pub type Attempt<'a> = dyn Fn(&mut dyn FnMut() -> Row) + Sync + 'a;

/// Runs the cases in a network of their own, with the programs in the folder that the environment
/// variable names. Prints the table.
///
/// # Panics
///
/// When a case has failed, after the last one.
pub fn run_all(folder: &str, cases: impl FnOnce(&Network, &Path, &Attempt<'_>)) {
    let begin = clock();
    let folder = std::env::var_os(folder).unwrap();
    let network = Network::new();
    network.enter(|| run("mount -t sysfs none /sys"));
    lab::make_network(&network);
    let rows = Mutex::new(Vec::new());
    let failures = AtomicU32::new(0);
    cases(&network, Path::new(&folder), &|act| match catch_unwind(AssertUnwindSafe(act)) {
        Ok(row) => {
            crate::say!("{row}");
            rows.lock().unwrap().push(row);
        }
        // The panic has been printed.
        Err(_) => drop(failures.fetch_add(1, Ordering::Relaxed)),
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|row| row.order);
    let table: String = rows.iter().map(|row| format!("{row}\n")).collect();
    crate::say!("{}\n{table}{} cases in {:.0} s", Row::HEAD, rows.len(), begin.elapsed().as_secs_f64());
    assert_eq!(failures.into_inner(), 0, "cases that failed");
}
