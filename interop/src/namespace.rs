//! Namespaces of one's own, for tests that start programs: networks, processes and mounts. The
//! kernel removes them with everything in them as soon as the first process there ends, for any
//! reason. Only root can make them.

use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where the programs are.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// The variable with the role of a process of the test: set inside.
const ROLE: &str = "PPTP_INTEROP_INSIDE";

/// Runs a test in namespaces of its own, for `limit` at most, if that is possible here; says why, if it is not.
///
/// The test's program starts itself again; `inside` runs in the other one alone. `prepare` runs in the first, before; it
/// gives environment variables for the second.
///
/// # Panics
///
/// When the test does.
pub fn isolated(
    test: &str,
    programs: &[&str],
    limit: Duration,
    prepare: impl FnOnce() -> Vec<(&'static str, PathBuf)>,
    inside: impl FnOnce(),
) {
    if std::env::var_os(ROLE).is_some() {
        watch(limit);
        run("mount -t tmpfs none /run");
        // It shows the network of the process that mounts it.
        run("mount -t sysfs none /sys");
        return inside();
    }
    let missing = |program: &&&str| !PATH.split(':').any(|folder| Path::new(folder).join(program).exists());
    if let Some(program) = ["ip", "unshare"].iter().chain(programs).find(missing) {
        return crate::say!("SKIPPED: {test}: no program `{program}`");
    }
    let unshare = || {
        let mut command = Command::new("unshare");
        command.env("PATH", PATH).args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        command
    };
    let mut probe = unshare();
    probe.args(["ip", "tuntap", "add", "t0", "mode", "tun"]);
    let possible = probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !rustix::process::geteuid().is_root() || !possible {
        return crate::say!("SKIPPED: {test}: no right to make namespaces, or no TUN devices");
    }
    let mut command = unshare();
    command.arg(std::env::current_exe().unwrap()).args(["--exact", test, "--nocapture"]).env(ROLE, "yes");
    command.envs(prepare()).stdin(Stdio::piped()).stdout(Stdio::null());
    // The pipe lets the other end know when this process ends.
    let mut child = command.spawn().unwrap();
    let lifeline = child.stdin.take();
    let status = child.wait().unwrap();
    drop(lifeline);
    assert!(status.success(), "{test}: {status}");
}

/// Ends this process when the outer one ends, or after a time.
fn watch(limit: Duration) {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(2);
    });
    std::thread::spawn(move || {
        pause(limit);
        let _ = writeln!(std::io::stderr(), "not finished after {limit:?}");
        std::process::exit(3);
    });
}

/// Runs a command of words without blanks.
///
/// # Panics
///
/// When it fails.
pub fn run(command: &str) {
    let mut words = command.split(' ');
    let status = Command::new(words.next().unwrap()).args(words).status().unwrap();
    assert!(status.success(), "{command}: {status}");
}

/// Does something in a network that `ip netns add` made, or in the test's first one, where `name` is `None`. Sockets and
/// processes that come of it stay there.
///
/// # Panics
///
/// When there is no such network.
pub fn in_network<T: Send>(name: Option<&str>, act: impl FnOnce() -> T + Send) -> T {
    let Some(name) = name else { return act() };
    let act = || {
        let network = File::open(format!("/run/netns/{name}")).unwrap();
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        act()
    };
    match std::thread::scope(|scope| scope.spawn(act).join()) {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Returns the names of the devices and the routes of the calling thread's network, for a look at
/// what is left behind.
///
/// # Panics
///
/// When there is no `/proc`.
#[must_use]
pub fn devices_and_routes() -> Vec<String> {
    let read = |name: &str| std::fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap();
    let devices = read("dev");
    let devices = devices.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned());
    let routes = read("route");
    // Interface, destination, gateway, flags; the eighth is the mask.
    let routes = routes.lines().skip(1).map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        format!("route {} {} {}", words[0], words[1], words[7])
    });
    let mut all: Vec<_> = devices.chain(routes).collect();
    all.sort();
    all
}

/// Returns the time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "real programs have the real time")]
pub fn clock() -> Instant {
    Instant::now()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "real programs take real time")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Asks again and again until it is so, for `patience` at most. Whether it was so.
pub fn until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = clock() + patience;
    loop {
        if is_so() {
            return true;
        }
        if clock() >= deadline {
            return false;
        }
        pause(Duration::from_millis(10));
    }
}
