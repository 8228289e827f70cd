//! The programs `vpdn-client` and `vpdn-server` as processes.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::namespace::{in_network, until};

/// Builds them, and gives the folder that they are in.
///
/// # Panics
///
/// When they cannot be built.
#[must_use]
pub fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // The profile of the tests, in which their dependencies are built already.
    command.args(["build", "--quiet", "--profile", "test", "--package", "vpdn"]);
    command.args(["--bin", "vpdn-client", "--bin", "vpdn-server", "--message-format", "json"]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the programs cannot be built: {}", output.status);
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.as_deref().and_then(Path::parent).expect("a folder").to_owned()
}

/// A process whose output is kept. It is killed when this is dropped.
pub struct Program {
    name: String,
    child: Child,
    output: Arc<Mutex<String>>,
    /// Of what it writes, and of its errors.
    readers: [JoinHandle<()>; 2],
}

impl Program {
    /// Starts one in a network: see [`in_network`].
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(network: Option<&str>, program: &Path, arguments: &str) -> Self {
        let mut command = Command::new(program);
        command.args(arguments.split_ascii_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = in_network(network, move || command.spawn().unwrap());
        let output = Arc::new(Mutex::new(String::new()));
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = [keep(stdout, &output), keep(stderr, &output)];
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, child, output, readers }
    }

    /// Returns all that it has written.
    ///
    /// # Panics
    ///
    /// When a reader has.
    #[must_use]
    pub fn output(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Returns the rest of the first line that starts so, behind blanks.
    #[must_use]
    pub fn line(&self, start: &str) -> Option<String> {
        let output = self.output();
        output.lines().find_map(|line| line.trim_start().strip_prefix(start)).map(|rest| rest.trim().to_owned())
    }

    /// Waits until it has written something.
    ///
    /// # Panics
    ///
    /// When it does not in time.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str, patience: Duration) {
        let mut ended = None;
        let found = until(patience, || {
            ended = ended.or_else(|| self.child.try_wait().unwrap());
            self.output().contains(text) || ended.is_some()
        });
        let output = self.output();
        assert!(found && output.contains(text), "{} did not say \"{text}\" ({ended:?}):\n{output}", self.name);
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends it a signal, unless it has ended.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    pub fn end(&mut self, signal: Signal) {
        if !self.has_ended() {
            self.signal(signal);
        }
    }

    /// Sends it a signal, and expects this status at its end.
    ///
    /// # Panics
    ///
    /// When it ends with another one, or not in time.
    #[track_caller]
    pub fn finish(mut self, signal: Signal, status: i32, patience: Duration) {
        self.signal(signal);
        assert_eq!(self.wait(patience).code(), Some(status), "{}", self.output());
    }

    /// Returns whether it has ended.
    ///
    /// # Panics
    ///
    /// When the system does not tell.
    #[must_use]
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end, and for all that it has written.
    ///
    /// # Panics
    ///
    /// When it does not end in time.
    #[track_caller]
    pub fn wait(&mut self, patience: Duration) -> ExitStatus {
        let mut status = None;
        until(patience, || {
            status = self.child.try_wait().unwrap();
            // A script of its own may hold its output open, and end later.
            status.is_some() && self.readers.iter().all(JoinHandle::is_finished)
        });
        status.unwrap_or_else(|| panic!("{} has not ended after {patience:?}:\n{}", self.name, self.output()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            crate::say!("{} has written:\n{}", self.name, self.output());
        }
    }
}

fn keep(stream: impl std::io::Read + Send + 'static, output: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let mut output = output.lock().unwrap();
            output.push_str(&String::from_utf8_lossy(&line));
            output.push('\n');
        }
    })
}
