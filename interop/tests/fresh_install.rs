//! A fresh machine: `cargo install --path vpdn`, the file of ten lines in the README of `vpdn`, and clients that come
//! up: ours, and Debian's `pptpsetup --encrypt` in a guest. Then the server is in the guest.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pptp_interop::examples::Program;
use pptp_interop::namespace::{devices_and_routes, isolated, run};
use pptp_interop::traffic::ping_within;
use pptp_interop::uml::{self, Config, Guest, Network};
use rustix::process::Signal;

/// The folder of the programs: an environment variable.
const FOLDER: &str = "INSTALLED_PROGRAMS";
const LIMIT: Duration = Duration::from_secs(400);
const PATIENCE: Duration = Duration::from_secs(60);
/// Our side, and the guest.
const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const GUEST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);
/// The server in the tunnels: see the README.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);

#[test]
fn installed_programs_run_with_the_file_of_the_readme() {
    let name = "installed_programs_run_with_the_file_of_the_readme";
    if !uml::has_programs(name, &["pppd", "pptp", "pptpsetup"]) || !uml::is_available(name) {
        return;
    }
    isolated(name, &[], LIMIT, || vec![(FOLDER, install())], inside);
}

/// Installs the programs as a user does, but for the profile, in which most of it is built already.
fn install() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("installed");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["install", "--quiet", "--locked", "--force", "--profile", "test", "--path", "../vpdn", "--root"]);
    let status = command.arg(&root).current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(status.success(), "cargo install: {status}");
    root.join("bin")
}

/// Returns the one file in the README of `vpdn`.
fn file_of_the_readme() -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../vpdn/README.md")).unwrap();
    let (_, rest) = readme.split_once("\n```toml\n").unwrap();
    let (file, _) = rest.split_once("```").unwrap();
    assert_eq!(file.lines().count(), 10, "{file}");
    file.to_owned()
}

fn inside() {
    let bin = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let mut installed: Vec<_> = std::fs::read_dir(&bin).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    installed.sort();
    assert_eq!(installed, ["vpdn-client", "vpdn-inspect", "vpdn-server"]);

    let network = Network::new();
    network.enter(|| run("mount -t sysfs none /sys"));
    network.add_tap("tap0", HOST);
    let before = network.enter(devices_and_routes);
    let config = Config::new(include_str!("../uml/tunnels")).with_card(&network, "tap0", GUEST);
    let guest = Guest::boot(config.with_module("tun").with_longest_life(LIMIT));
    let file = guest.folder().join("server.toml");
    std::fs::write(&file, file_of_the_readme()).unwrap();
    let _ = guest.wait_for("READY", PATIENCE);
    let start = |name: &str, arguments: &str| network.enter(|| Program::start(None, &bin.join(name), arguments));

    // Our server, and Debian's client as its manual says.
    let mut server = start("vpdn-server", &format!("--config {}", file.display()));
    server.wait_for("listening at", PATIENCE);
    guest.send(&format!(
        "mkdir -p /etc/ppp/peers; pptpsetup --create work --server {HOST} --username alice --password wonderland \
         --encrypt --start\n"
    ));
    let up = guest.wait_for("work up ", PATIENCE);
    assert!(up.ends_with(&format!(" {GATEWAY}")), "{up}");
    guest.send(&format!("pings work {GATEWAY}\n"));
    assert_eq!(guest.wait_for("work pings", PATIENCE), "work pings 56 1 1400 1");
    assert!(server.output().contains("encoding: MPPE 128 bit, stateless"), "{}", server.output());
    guest.send("signal pppd TERM\n");
    server.wait_for("counters", PATIENCE);
    server.finish(Signal::TERM, 0, PATIENCE);

    // Our server on the fresh machine, and our client. The guest sees this folder wherever the project is; its `/tmp`
    // is its own.
    std::fs::copy(bin.join("vpdn-server"), guest.folder().join("vpdn-server")).unwrap();
    guest.send(
        "mkdir -p /dev/net; [ -e /dev/net/tun ] || mknod /dev/net/tun c 10 200; \
         /run/host/vpdn-server --config /run/host/server.toml 2>&1 | while read -r line; do echo \"server: $line\"; done\n",
    );
    let _ = guest.wait_for("server: listening at", PATIENCE);
    let mut client = start("vpdn-client", &format!("{GUEST} --user alice --password wonderland"));
    client.wait_for("encoding: MPPE 128 bit, stateless", PATIENCE);
    for bytes in [56, 1400] {
        network.enter(|| ping_within(PATIENCE, GATEWAY, bytes)).unwrap();
    }
    client.finish(Signal::INT, 0, PATIENCE);
    guest.send("signal vpdn-server TERM\n");
    let _ = guest.wait_for("server: ending all sessions", PATIENCE);
    assert_eq!(network.enter(devices_and_routes), before, "left behind");
}
