//! The guests of other tests: they have what those need, and leave nothing behind.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use pptp_interop::uml::{self, Config, Guest, Network};

const PATIENCE: Duration = Duration::from_secs(90);
const HOST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// Returns the processes that name this folder in their command lines.
fn processes(folder: &Path) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path().join("cmdline"));
    let lines = entries.filter_map(|path| std::fs::read(path).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(folder.to_str().unwrap())).count()
}

#[test]
fn two_guests_talk_to_the_test_and_vanish() {
    if !uml::is_available("guests") {
        return;
    }
    let network = Network::new();
    network.add_bridge("br0", &["tap0", "tap1"], HOST);
    let listener = network.enter(|| TcpListener::bind((HOST, 0)).unwrap());
    let port = listener.local_addr().unwrap().port().to_string();
    let script = "tc qdisc add dev vec0 root netem delay 1ms && echo READY\n\
                  cat /run/host/script >/run/host/copy && echo 'from the guest' | busybox nc \"$1\" \"$2\" && sleep 60";
    let config = Config::new(script).with_argument(&HOST.to_string()).with_argument(&port);
    let first = Guest::boot(config.with_card(&network, "tap0", Ipv4Addr::new(10, 0, 0, 2)));
    let ping = Config::new("busybox ping -c 60 -i 0.5 10.0.0.2").with_longest_life(Duration::from_secs(20));
    let mut second = Guest::boot(ping.with_card(&network, "tap1", Ipv4Addr::new(10, 0, 0, 3)));
    let _ = first.wait_for("READY", PATIENCE);
    let _ = second.wait_for("64 bytes from 10.0.0.2", PATIENCE);
    let (mut stream, peer) = listener.accept().unwrap();
    assert_eq!(peer.ip(), Ipv4Addr::new(10, 0, 0, 2));
    let mut text = [0; 15];
    stream.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"from the guest\n");
    stream.write_all(b"and back").unwrap();
    assert!(std::fs::read_to_string(first.folder().join("copy")).unwrap().contains("netem delay"));

    let folders = [first.folder().to_owned(), second.folder().to_owned()];
    assert!(folders.iter().all(|folder| processes(folder) > 0));
    // One is dropped as a test that panics would do it, the other's time is over.
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _guest = first;
        std::panic::resume_unwind(Box::new(7));
    }));
    assert_eq!(panic.unwrap_err().downcast_ref(), Some(&7));
    assert_eq!(processes(&folders[0]), 0);
    assert!(second.wait_for_end(PATIENCE));
    assert_eq!(processes(&folders[1]), 0);
    drop(second);
    assert!(folders.iter().all(|folder| !folder.exists()));
}
