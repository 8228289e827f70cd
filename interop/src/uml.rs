//! A real Linux kernel as an ordinary process: Debian's User-Mode Linux, with the programs of this machine.
//!
//! A [`Guest`] runs one script. Its file system is this machine's, which it cannot change; `/etc/ppp`, `/run`, `/tmp` and
//! `/var` are empty, and `/run/host` is a folder that it shares with the test. Its network cards are in a [`Network`], its
//! serial lines are [terminals](Terminal) of the test's. Whatever happens to the test, the guest does not outlive it.
//!
//! ```
//! use pptp_interop::uml::{self, Guest};
//! use std::time::Duration;
//!
//! if uml::is_available("an example") {
//!     let guest = Guest::boot(
//!         uml::Config::new("echo \"READY $1\"; read -r word; echo \"heard $word\"")
//!             .with_argument("a b"),
//!     );
//!     assert_eq!(guest.wait_for("READY ", Duration::from_secs(30)), "READY a b");
//!     guest.send("something\n");
//!     assert_eq!(guest.wait_for("heard ", Duration::from_secs(10)), "heard something");
//! }
//! ```

mod console;
mod guest;
mod network;
mod terminal;

pub use console::Console;
pub use guest::{Config, Guest};
pub use network::Network;
pub use terminal::Terminal;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

// Here and in a guest.
use crate::namespace::PATH;

/// Returns whether guests can be booted here. If not, says why, and that `what` is skipped.
#[must_use]
pub fn is_available(what: &str) -> bool {
    let problem = missing();
    if let Some(problem) = &problem {
        crate::say!("SKIPPED: {what}: {problem}");
    }
    problem.is_none()
}

/// Returns whether the programs are there. If not, says which is not, and that `what` is skipped.
#[must_use]
pub fn has_programs(what: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| find(program).is_none());
    if let Some(program) = missing {
        crate::say!("SKIPPED: {what}: no program `{program}`");
    }
    missing.is_none()
}

fn missing() -> Option<String> {
    if !rustix::process::geteuid().is_root() {
        return Some("not root".into());
    }
    for program in ["linux.uml", "busybox", "ip", "unshare", "nsenter", "timeout"] {
        if find(program).is_none() {
            return Some(format!("no program `{program}`"));
        }
    }
    for file in ["/dev/net/tun", "/dev/ptmx", MODULES] {
        if !Path::new(file).exists() {
            return Some(format!("no {file}"));
        }
    }
    let mut probe = command("unshare");
    probe.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    probe.args(["ip", "tuntap", "add", "tap0", "mode", "tap"]).stdin(Stdio::null()).stderr(Stdio::null());
    let possible = probe.status().is_ok_and(|status| status.success());
    (!possible).then(|| "no right to make namespaces and network devices".into())
}

/// The modules of Debian's kernel; in it a folder for the version.
const MODULES: &str = "/usr/lib/uml/modules";

/// Returns the files of modules in the folder of a kernel's, each once and after those that it needs.
pub(crate) fn module_files(folder: &Path, names: &[impl AsRef<str>]) -> Vec<PathBuf> {
    let dependencies = std::fs::read_to_string(folder.join("modules.dep")).unwrap();
    let mut files: Vec<PathBuf> = Vec::new();
    for name in names {
        let name = name.as_ref();
        let end = format!("/{name}.ko");
        let mut lines = dependencies.lines().filter_map(|line| line.split_once(':'));
        let (path, needed) = lines.find(|(path, _)| path.ends_with(&end)).unwrap_or_else(|| panic!("no module {name}"));
        // Those that it needs are named in the opposite order.
        for path in needed.split_whitespace().rev().chain([path]) {
            let file = folder.join(path);
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    files
}

pub(crate) fn find(program: &str) -> Option<PathBuf> {
    PATH.split(':').map(|folder| Path::new(folder).join(program)).find(|path| path.exists())
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", PATH);
    command
}
