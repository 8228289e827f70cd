//! A guest with the programs of the other side, and our side of it.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::examples::Program;
use crate::namespace::{devices_and_routes, pause};
use crate::traffic::{self, digest, filler};
use crate::uml::{Config, Guest, Network};

/// The properties of the guests of one matrix.
#[derive(Debug)]
pub struct Plan {
    /// The commands of the guests, as a script.
    pub script: &'static str,
    /// The modules of their kernel.
    pub modules: &'static [&'static str],
    /// For how long a guest may live.
    pub life: Duration,
    /// For any one thing to happen.
    pub patience: Duration,
    /// For one reply to our ping.
    pub ping: Duration,
    /// Bytes of a transfer on a clean line.
    pub long: usize,
    /// Bytes of a transfer on another line.
    pub short: usize,
}

/// The first guest is on a line of its own, the others are on one bridge.
const TAPS: [&str; 3] = ["tap0", "tap1", "tap2"];

/// The modules that spoil a line.
const NETEM: &[&str] = &["ifb", "act_mirred", "cls_matchall", "sch_ingress"];

/// Makes the devices of all guests.
pub(super) fn make_network(network: &Network) {
    network.add_tap(TAPS[0], host(0));
    network.add_bridge("br0", &TAPS[1..], host(1));
    network.run(&format!("ip addr add {}/24 dev br0", host(2)));
}

/// Returns the address of our side towards a guest.
fn host(number: usize) -> Ipv4Addr {
    [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 1, 1), Ipv4Addr::new(10, 0, 1, 101)][number]
}

/// One guest, and our side of it.
pub struct Lab<'n> {
    plan: &'static Plan,
    network: &'n Network,
    guest: Guest,
    programs: &'n Path,
    /// Its number, from 0.
    pub number: usize,
    /// The address of our side that the guest reaches.
    pub host: Ipv4Addr,
    /// The guest's.
    pub address: Ipv4Addr,
}

impl<'n> Lab<'n> {
    /// Boots the guest.
    pub fn boot(plan: &'static Plan, network: &'n Network, programs: &'n Path, number: usize) -> Self {
        let address = Ipv4Addr::new(10, 0, u8::from(number != 0), 2 + u8::try_from(number).unwrap());
        let config = Config::new(plan.script).with_card(network, TAPS[number], address);
        let modules = NETEM.iter().chain(plan.modules);
        let config = modules.fold(config, |config, module| config.with_module(module));
        let config = config.with_argument(&number.to_string());
        let guest = Guest::boot(config.with_longest_life(plan.life));
        for (name, length) in [("long", plan.long), ("short", plan.short)] {
            std::fs::write(guest.folder().join(name), filler(length, 2)).unwrap();
        }
        let _ = guest.wait_for("READY", plan.patience);
        Self { plan, network, guest, programs, number, host: host(number), address }
    }

    /// Returns a name for one more call.
    pub fn name(&self) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        format!("call-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns the folder that the guest sees.
    pub fn folder(&self) -> &Path {
        self.guest.folder()
    }

    /// Returns the name of our network interface.
    pub fn interface(&self) -> String {
        format!("tun{}", self.number)
    }

    /// Starts the client or the server in the network, with its interface.
    pub fn start(&self, side: &str, arguments: &str) -> Program {
        let program = self.programs.join(format!("vpdn-{side}"));
        let arguments = format!("--tun {} {arguments}", self.interface());
        self.network.enter(|| Program::start(None, &program, &arguments))
    }

    /// Does something in the network.
    pub fn enter<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        self.network.enter(act)
    }

    /// Devices and routes of our side's end of the tunnel: none, when nothing is left behind.
    pub fn left(&self) -> Vec<String> {
        let name = self.interface();
        let all = self.enter(devices_and_routes);
        all.into_iter().filter(|line| line.split(' ').any(|word| word == name)).collect()
    }

    /// Has the guest do something.
    pub fn tell(&self, command: &str) {
        self.guest.send(&format!("{command}\n"));
    }

    /// Returns what the guest says behind this beginning, if it has.
    pub fn heard(&self, beginning: &str) -> Option<String> {
        self.guest.console().find(beginning).map(|line| line[beginning.len()..].trim().to_owned())
    }

    /// Waits for what the guest says behind this beginning.
    #[track_caller]
    pub fn hear(&self, beginning: &str) -> String {
        self.guest.wait_for(beginning, self.plan.patience)[beginning.len()..].trim().to_owned()
    }

    /// Has the guest do something, and waits for what it says.
    #[track_caller]
    pub fn ask(&self, command: &str, beginning: &str) -> String {
        self.tell(command);
        self.hear(beginning)
    }

    /// Waits until nothing is left of a call in the guest; its logs.
    #[track_caller]
    pub fn ended(&self, name: &str) -> Logs {
        let left = self.ask(&format!("ended {name}"), &format!("{name} ended"));
        let read = |end: &str| std::fs::read_to_string(self.guest.folder().join(format!("{name}.{end}")));
        let logs = Logs { pppd: read("log").unwrap_or_default(), system: read("syslog").unwrap_or_default() };
        assert_eq!(left, "", "{name}: left behind in the guest; {logs:?}");
        logs
    }

    /// Pings of 56 and 1400 bytes in both directions, then a transfer in each, with their checksums.
    #[track_caller]
    pub fn exercise(&self, name: &str, near: Ipv4Addr, far: Ipv4Addr, is_clean: bool) -> Measured {
        // On a clean line nothing may be lost.
        let tries = if is_clean { 1 } else { 8 };
        let ping = [56, 1400].map(|bytes| {
            let ping = || traffic::ping_within(self.plan.ping, far, bytes);
            // It fails at once while IPCP negotiates again, which a lost packet may make it do.
            let failed = |_| pause(Duration::from_millis(500));
            let reply = (0..tries).find_map(|_| self.enter(ping).map_err(failed).ok());
            reply.unwrap_or_else(|| panic!("{name}: no reply to {bytes} bytes"))
        });
        let said = self.ask(&format!("pings {name} {near}"), &format!("{name} pings "));
        let words: Vec<_> = said.split(' ').collect();
        let [one, two] = [1, 3].map(|at| words.get(at).and_then(|tries| tries.parse::<u32>().ok()));
        let (Some(one), Some(two)) = (one, two) else { panic!("{name}: pings of the guest: {said}") };
        assert!(one.max(two) <= tries, "{name}: pings of the guest: {said}");

        let (length, file) = if is_clean { (self.plan.long, "long") } else { (self.plan.short, "short") };
        // The guest runs each command beside the others: without its word, it may still give the file before.
        let _ = self.ask(&format!("give {name} {file}"), &format!("{name} gives"));
        let (there, back) = (filler(length, 1), filler(length, 2));
        let failed = |error| panic!("{name}: transfer: {error}");
        let lines = self.guest.console().len();
        let sent = self.enter(|| traffic::send(far, &there)).unwrap_or_else(failed);
        let sum = self.guest.console().wait_after(lines, "sink ", 3 * self.plan.patience);
        assert_eq!(sum.split(' ').nth(1), Some(hex::encode(digest(&there)).as_str()), "{name}: to the guest");
        let (came, received) = self.enter(|| traffic::receive(far)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(hex::encode(digest(&came)), hex::encode(digest(&back)), "{name}: from the guest");
        Measured { ping: ping[1], sent, received, length }
    }

    /// Asks again and again, until it is so.
    #[track_caller]
    pub fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..self.plan.patience.as_millis() / 20 {
            if is_so() {
                return;
            }
            pause(Duration::from_millis(20));
        }
        panic!("{what}: not so after {:?}", self.plan.patience);
    }
}

/// The measurements of [`Lab::exercise`].
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Round trip of 1400 bytes.
    pub ping: Duration,
    /// Transfer to the guest.
    pub sent: Duration,
    /// Transfer from it.
    pub received: Duration,
    /// Bytes of each transfer.
    pub length: usize,
}

/// The logs of the programs of the other side.
#[derive(Debug)]
pub struct Logs {
    /// pppd's.
    pub pppd: String,
    /// The system's, with those of the daemons.
    pub system: String,
}

impl Logs {
    /// Asserts that the text is in one of them.
    #[track_caller]
    pub fn expect(&self, name: &str, text: &str) {
        let Self { pppd, system } = self;
        assert!(pppd.contains(text) || system.contains(text), "{name}: no {text:?} in pppd's log:\n{self}");
    }
}

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.pppd, self.system)
    }
}
