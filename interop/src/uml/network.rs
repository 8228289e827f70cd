//! A network of a test's own.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::{Child, Command, Stdio};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::command;

/// A network namespace, to which this machine's network and other tests' are unknown.
///
/// It is there as long as this, or a socket or a guest in it.
pub struct Network {
    holder: Child,
}

impl Network {
    /// Creates a new one, in which there is the loopback and nothing else.
    ///
    /// # Panics
    ///
    /// When there is no right to have one.
    #[must_use]
    pub fn new() -> Self {
        // It reads from a pipe whose other end closes with this process.
        let mut holder = command("unshare");
        holder.args(["--net", "sh", "-c", "ip link set lo up; echo; exec cat"]);
        let mut holder = holder.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = [0];
        std::io::Read::read_exact(holder.stdout.as_mut().unwrap(), &mut line).expect("a network of its own");
        Self { holder }
    }

    fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.holder.id())
    }

    /// Returns a program that is about to be started in this network.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = command("nsenter");
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }

    /// Runs a program in this network, until it ends.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[track_caller]
    pub fn run(&self, command: &str) {
        let mut words = command.split_whitespace();
        let status = self.command(words.next().unwrap()).args(words).status().unwrap();
        assert!(status.success(), "{command}: {status}");
    }

    /// Adds a network device that is the other end of a guest's card, with an address of this end.
    ///
    /// # Panics
    ///
    /// When that is not possible.
    #[track_caller]
    pub fn add_tap(&self, device: &str, address: Ipv4Addr) {
        self.run(&format!("ip tuntap add {device} mode tap"));
        self.run(&format!("ip addr add {address}/24 dev {device}"));
        self.run(&format!("ip link set {device} up"));
    }

    /// Adds network devices for several guests, which reach each other and one address of this end.
    ///
    /// # Panics
    ///
    /// When that is not possible.
    #[track_caller]
    pub fn add_bridge(&self, bridge: &str, taps: &[&str], address: Ipv4Addr) {
        self.run(&format!("ip link add {bridge} type bridge"));
        self.run(&format!("ip addr add {address}/24 dev {bridge}"));
        self.run(&format!("ip link set {bridge} up"));
        for tap in taps {
            self.run(&format!("ip tuntap add {tap} mode tap"));
            self.run(&format!("ip link set {tap} master {bridge}"));
            self.run(&format!("ip link set {tap} up"));
        }
    }

    /// Does something in this network. The sockets and processes that it makes stay there.
    ///
    /// # Panics
    ///
    /// When the network cannot be entered, and when `act` does.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let network = File::open(self.path()).unwrap();
        let act = move || {
            move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            act()
        };
        std::thread::scope(|scope| scope.spawn(act).join()).unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
