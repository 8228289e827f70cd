//! One guest, from its boot to its end.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use super::{Console, MODULES, Network, Terminal, command, module_files};

/// The first process of a guest, and that around it.
const INIT: &str = include_str!("../../uml/init");
const RUN: &str = include_str!("../../uml/run");

/// The abilities of every guest's kernel: PPP on lines and in PPTP with compression and encryption;
/// IPv6; packets that are lost, late, doubled or in another order
/// (`tc qdisc add dev vec0 root netem …`).
const DEFAULT_MODULES: [&str; 9] =
    ["ipv6", "ppp_async", "ppp_synctty", "ppp_deflate", "bsd_comp", "ppp_mppe", "gre", "pptp", "sch_netem"];

/// The equipment and the work of a guest.
pub struct Config<'n> {
    script: String,
    arguments: Vec<String>,
    network: Option<&'n Network>,
    cards: Vec<(String, Ipv4Addr)>,
    lines: Vec<String>,
    modules: Vec<String>,
    memory: u32,
    longest_life: Duration,
}

impl<'n> Config<'n> {
    /// Runs a shell script, and ends with it. Its input is what [`Guest::send`] sends.
    #[must_use]
    pub fn new(script: &str) -> Self {
        Self {
            script: script.to_owned(),
            arguments: Vec::new(),
            network: None,
            cards: Vec::new(),
            lines: Vec::new(),
            modules: DEFAULT_MODULES.map(str::to_owned).to_vec(),
            memory: 128,
            longest_life: Duration::from_secs(120),
        }
    }

    /// Adds an argument of the script.
    #[must_use]
    pub fn with_argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Adds a network card on a [tap device](Network::add_tap), `vec0` first. All are in the same
    /// network.
    #[must_use]
    pub fn with_card(mut self, network: &'n Network, tap: &str, address: Ipv4Addr) -> Self {
        self.network = Some(network);
        self.cards.push((tap.to_owned(), address));
        self
    }

    /// Adds a serial line, `/dev/ttyS1` first.
    #[must_use]
    pub fn with_line(mut self, terminal: &Terminal) -> Self {
        self.lines.push(terminal.path().to_owned());
        self
    }

    /// Adds a module of the kernel, after those that it needs.
    #[must_use]
    pub fn with_module(mut self, name: &str) -> Self {
        self.modules.push(name.to_owned());
        self
    }

    /// Sets the memory in MiB. Default: 128.
    #[must_use]
    pub fn with_memory(mut self, mebibytes: u32) -> Self {
        self.memory = mebibytes;
        self
    }

    /// Sets how long it lives when nobody ends it. Default: two minutes.
    #[must_use]
    pub fn with_longest_life(mut self, time: Duration) -> Self {
        self.longest_life = time;
        self
    }

    /// Returns what `init` runs.
    fn start(&self) -> String {
        let mut text = String::new();
        for (number, (_, address)) in self.cards.iter().enumerate() {
            writeln!(text, "ip addr add {address}/24 dev vec{number}\nip link set vec{number} up").unwrap();
        }
        text += "exec sh /run/host/script";
        for argument in &self.arguments {
            write!(text, " '{}'", argument.replace('\'', r"'\''")).unwrap();
        }
        text + "\n"
    }
}

/// A guest that was booted. It is killed when this is dropped.
pub struct Guest {
    process: Child,
    console: Console,
    reader: Option<JoinHandle<()>>,
    control: Terminal,
    folder: TempDir,
}

impl Guest {
    /// Boots one, which takes two or three seconds; does not wait for it.
    ///
    /// # Panics
    ///
    /// When it cannot be started: see [`is_available`](super::is_available).
    #[must_use]
    pub fn boot(config: Config<'_>) -> Self {
        let temporary = tempfile::Builder::new().prefix("pptp-interop-uml-").tempdir().unwrap();
        let folder = temporary.path();
        let control = Terminal::new();
        for (name, text) in [
            ("init", INIT),
            ("run", RUN),
            ("script", &config.script),
            ("start", &config.start()),
            ("modules", &modules(&config.modules)),
        ] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        // The kernel runs the one, `unshare` the other.
        for name in ["init", "run"] {
            std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let mut process = config.network.map_or_else(|| command("unshare"), |network| network.command("unshare"));
        if config.network.is_none() {
            process.arg("--net");
        }
        process.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        process.arg(folder.join("run")).arg(config.longest_life.as_secs().max(1).to_string());
        process.args([
            "root=/dev/root",
            "rootfstype=hostfs",
            "rootflags=/",
            "ro",
            "quiet",
            "con=null",
            "con0=null,fd:1",
        ]);
        process.arg(format!("mem={}M", config.memory));
        for (number, path) in std::iter::once(control.path()).chain(config.lines.iter().map(String::as_str)).enumerate()
        {
            process.arg(format!("ssl{number}=tty:{path}"));
        }
        for (number, (tap, _)) in config.cards.iter().enumerate() {
            process.arg(format!("vec{number}:transport=tap,ifname={tap}"));
        }
        process.arg(format!("init={}", folder.join("init").display())).arg(format!("FOLDER={}", folder.display()));
        // The kernel keeps a folder for each guest at home.
        process.env("HOME", folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = process.spawn().unwrap();
        let console = Console::default();
        let reader = console.read(process.stdout.take().unwrap());
        Self { process, console, reader: Some(reader), control, folder: temporary }
    }

    /// Returns what it prints.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Returns the folder that is `/run/host` in the guest. A file written there arrives when it is
    /// closed.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for a line on the console that begins so.
    ///
    /// # Panics
    ///
    /// When it does not come in time, or the guest is at its end.
    #[track_caller]
    #[must_use]
    pub fn wait_for(&self, beginning: &str, patience: Duration) -> String {
        self.console.wait_after(0, beginning, patience)
    }

    /// Waits until the guest has ended by itself: with its script, or because it was its time. Whether it has.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    #[must_use]
    pub fn wait_for_end(&mut self, patience: Duration) -> bool {
        self.console.wait_for_end(patience) && self.process.wait().is_ok()
    }

    /// Sends something to the script's input. May be called by many threads, with whole lines.
    ///
    /// # Panics
    ///
    /// When the guest does not take it.
    pub fn send(&self, text: &str) {
        self.control.own().write_all(text.as_bytes()).unwrap();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // With `unshare` its child, and with that, the first process of its namespace, all others there.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            crate::say!("the guest's console:\n{}", self.console.text());
        }
    }
}

/// Returns the files of modules for the kernel of guests, a line each.
fn modules(names: &[String]) -> String {
    let version = command("linux.uml").arg("--version").stdin(Stdio::null()).output().unwrap().stdout;
    let folder = Path::new(MODULES).join(String::from_utf8(version).unwrap().trim());
    module_files(&folder, names).iter().map(|file| format!("{}\n", file.display())).collect()
}
