//! A machine of QEMU with Debian's kernel for such: for what the kernel of User-Mode Linux lacks, L2TPv3 above all.
//!
//! A [`Machine`] runs one script, `qemu/init`, from a file system in memory: busybox, iproute2, modules. It needs no rights
//! of hardware: QEMU computes what the processor would do, and it is up in some seconds.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::traffic::filler;
use crate::uml::{Console, Network, find, has_programs, module_files};

const INIT: &str = include_str!("../qemu/init");
/// The machine's own, and those of its tunnels.
const MODULES: [&str; 6] = ["virtio_pci", "virtio_net", "l2tp_ip", "l2tp_ip6", "l2tp_eth", "l2tp_netlink"];
/// How long one lives when nobody ends it, in seconds.
const LIFE: &str = "600";
/// Bytes of the file that it gives.
pub const SHORT: usize = 256_000;

/// An unpacked kernel, with its modules.
pub struct Kernel {
    image: PathBuf,
    modules: PathBuf,
}

impl Kernel {
    /// Finds the kernel that `.ci/l2tp-kernel` has unpacked. Without one, or without QEMU, a line names
    /// the reason for which `what` is skipped.
    #[must_use]
    pub fn find(what: &str) -> Option<Self> {
        if !has_programs(what, &["qemu-system-x86_64", "busybox", "ip", "timeout"]) {
            return None;
        }
        let folder = std::env::var_os("L2TP_KERNEL").map(PathBuf::from);
        let folder = folder.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/l2tp-kernel"));
        let found = entry(&folder.join("boot"), "vmlinuz-").zip(entry(&folder.join("lib/modules"), ""));
        if found.is_none() {
            crate::say!("SKIPPED: {what}: no kernel at {}: `.ci/l2tp-kernel` fetches one", folder.display());
        }
        found.map(|(image, modules)| Self { image, modules })
    }
}

/// Returns the only entry of a folder whose name begins so.
fn entry(folder: &Path, beginning: &str) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(folder).ok()?.map_while(Result::ok).map(|entry| entry.path());
    entries.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(beginning)))
}

/// A machine that was booted. It is killed when this is dropped.
pub struct Machine {
    process: Child,
    input: Mutex<ChildStdin>,
    console: Console,
    reader: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Machine {
    /// Boots one whose network card is a [tap device](Network::add_tap); does not wait for it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn boot(kernel: &Kernel, network: &Network, tap: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("pptp-interop-qemu-").tempdir().unwrap();
        let memory = folder.path().join("initramfs");
        make_file_system(kernel, &folder.path().join("root"), &memory);
        let mut process = network.command("timeout");
        process.args(["-k", "1", LIFE, "qemu-system-x86_64", "-accel", "tcg", "-m", "192", "-no-reboot"]);
        process.args(["-display", "none", "-monitor", "none", "-serial", "stdio"]);
        process.arg("-kernel").arg(&kernel.image).arg("-initrd").arg(&memory);
        process.args(["-append", "console=ttyS0 quiet panic=-1", "-device", "virtio-net-pci,netdev=card,romfile="]);
        process.arg("-netdev").arg(format!("tap,id=card,ifname={tap},script=no,downscript=no"));
        process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = process.spawn().unwrap();
        let console = Console::default();
        let reader = console.read(process.stdout.take().unwrap());
        let input = Mutex::new(process.stdin.take().unwrap());
        Self { process, input, console, reader: Some(reader), _folder: folder }
    }

    /// Returns what it prints.
    #[must_use]
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Has it do something, and waits for what it says behind this beginning.
    ///
    /// # Panics
    ///
    /// When it does not say so in time.
    #[track_caller]
    pub fn ask(&self, command: &str, beginning: &str, patience: Duration) -> String {
        let lines = self.console.len();
        self.input.lock().unwrap().write_all(format!("{command}\n").as_bytes()).unwrap();
        self.console.wait_after(lines, beginning, patience)[beginning.len()..].trim().to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // `timeout` gives the signal to what it has started, and ends.
        let pid = rustix::process::Pid::from_child(&self.process);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            crate::say!("the machine's console:\n{}", self.console.text());
        }
    }
}

/// Writes the archive that the kernel has its files from.
fn make_file_system(kernel: &Kernel, root: &Path, archive: &Path) {
    let copy = |from: &Path, to: &str| {
        let to = root.join(to.trim_start_matches('/'));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    };
    copy(&program("busybox"), "bin/busybox");
    let ip = program("ip");
    copy(&ip, "programs/ip");
    for library in libraries(&ip) {
        copy(Path::new(&library), &library);
    }
    let mut modules = String::new();
    for file in module_files(&kernel.modules, &MODULES) {
        let to = format!("/lib/{}", file.file_name().unwrap().to_string_lossy());
        copy(&file, &to);
        writeln!(modules, "{to}").unwrap();
    }
    std::fs::write(root.join("modules"), modules).unwrap();
    std::fs::write(root.join("short"), filler(SHORT, 2)).unwrap();
    std::fs::write(root.join("init"), INIT).unwrap();
    std::fs::set_permissions(root.join("init"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "find . | busybox cpio -o -H newc 2>/dev/null"]).current_dir(root);
    let status = command.stdout(std::fs::File::create(archive).unwrap()).status().unwrap();
    assert!(status.success(), "busybox cpio: {status}");
}

fn program(name: &str) -> PathBuf {
    find(name).unwrap_or_else(|| panic!("no program {name}"))
}

/// Returns the shared libraries of a program, the loader included, as `ldd` says.
fn libraries(program: &Path) -> Vec<String> {
    let output = Command::new("ldd").arg(program).output().unwrap().stdout;
    let text = String::from_utf8_lossy(&output);
    text.split_whitespace().filter(|word| word.starts_with('/')).map(str::to_owned).collect()
}
