//! A FreeRADIUS of a test's own.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// The beginning of every configuration: all in one folder, answers at once, one thread.
const GENERAL: &str = r"
logdir = FOLDER
raddbdir = FOLDER
run_dir = FOLDER
log {
    destination = stdout
}
security {
    reject_delay = 0
}
proxy_requests = no
thread pool {
    start_servers = 1
    max_servers = 1
    min_spare_servers = 1
    max_spare_servers = 1
}
";

/// A server, which ends when this does. Its log is printed when the test panics.
pub struct FreeRadius {
    process: Child,
    /// It is removed at the end.
    _folder: TempDir,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl FreeRadius {
    /// Returns where the program is, if it is installed.
    #[must_use]
    pub fn find() -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders.find_map(|folder| Some(folder.join("freeradius")).filter(|program| program.is_file()))
    }

    /// Starts it in the network of the calling thread, and waits until it takes requests. `FOLDER` in the configuration, which
    /// is what servers do not have in common, is a folder of its own. `launcher` is a program that starts it, with its
    /// arguments, or nothing; `prepare` may put more into the folder, and change the command.
    ///
    /// `None`: the server's port was taken.
    ///
    /// # Panics
    ///
    /// When it does not start for another reason.
    #[must_use]
    pub fn start(
        launcher: &[&str],
        program: &Path,
        configuration: &str,
        prepare: impl FnOnce(&Path, &mut Command),
    ) -> Option<Self> {
        let temporary = tempfile::Builder::new().prefix("pptp-interop-freeradius-").tempdir().unwrap();
        let folder = temporary.path();
        let text = format!("{GENERAL}{configuration}").replace("FOLDER", folder.to_str().unwrap());
        std::fs::write(folder.join("radiusd.conf"), text).unwrap();
        let mut words = launcher.iter().map(OsStr::new).chain([program.as_os_str()]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).args(["-X", "-n", "radiusd", "-d"]).arg(folder);
        prepare(folder, &mut command);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let (ready, is_ready) = channel();
        let kept = Arc::clone(&log);
        let reader = std::thread::spawn(move || {
            for line in output.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                if line.contains("Ready to process requests") {
                    let _ = ready.send(());
                }
                kept.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let server = Self { process, _folder: temporary, log, reader: Some(reader) };
        match is_ready.recv_timeout(Duration::from_secs(30)) {
            Ok(()) => Some(server),
            Err(RecvTimeoutError::Timeout) => panic!("the RADIUS server is not ready after 30 seconds"),
            Err(RecvTimeoutError::Disconnected) => {
                assert!(server.log().contains("Failed binding"), "the RADIUS server does not start");
                None
            }
        }
    }

    /// Returns what it has written.
    ///
    /// # Panics
    ///
    /// When the thread that reads it has panicked.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for FreeRadius {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            crate::say!("the RADIUS server's log:\n{}", self.log());
        }
    }
}
