//! The output of a guest.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[derive(Default)]
struct Printed {
    lines: Vec<String>,
    ended: bool,
}

/// The lines that a guest has printed. A clone is the same console.
#[derive(Clone, Default)]
pub struct Console(Arc<(Mutex<Printed>, Condvar)>);

impl Console {
    /// Reads in a thread, until the end.
    pub(crate) fn read(&self, output: impl Read + Send + 'static) -> JoinHandle<()> {
        let Self(shared) = self.clone();
        std::thread::spawn(move || {
            let (printed, changed) = &*shared;
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                printed.lock().unwrap().lines.push(line);
                changed.notify_all();
            }
            printed.lock().unwrap().ended = true;
            changed.notify_all();
        })
    }

    /// Returns the first line that begins so, if it has come.
    #[must_use]
    pub fn find(&self, beginning: &str) -> Option<String> {
        self.find_after(0, beginning)
    }

    /// Returns the same, behind the first so many lines.
    #[must_use]
    pub fn find_after(&self, lines: usize, beginning: &str) -> Option<String> {
        find(&self.0.0.lock().unwrap(), lines, beginning)
    }

    /// Returns how many lines have come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.0.lock().unwrap().lines.len()
    }

    /// Returns whether none has come.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all lines that begin so, without the beginning.
    #[must_use]
    pub fn all(&self, beginning: &str) -> Vec<String> {
        let printed = self.0.0.lock().unwrap();
        printed.lines.iter().filter_map(|line| line.strip_prefix(beginning)).map(str::to_owned).collect()
    }

    /// Returns the whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.all("").join("\n")
    }

    /// Waits for a line that begins so, behind the first so many lines.
    ///
    /// # Panics
    ///
    /// When it does not come in time, or the guest is at its end.
    #[track_caller]
    #[must_use]
    pub fn wait_after(&self, lines: usize, beginning: &str, patience: Duration) -> String {
        let (printed, changed) = &*self.0;
        let deadline = clock() + patience;
        let mut guard = printed.lock().unwrap();
        loop {
            if let Some(line) = find(&guard, lines, beginning) {
                return line;
            }
            let left = deadline.saturating_duration_since(clock());
            if guard.ended || left.is_zero() {
                let how = if guard.ended { "the guest has ended" } else { "time is over" };
                let text = guard.lines.join("\n");
                drop(guard);
                panic!("no line {beginning:?}: {how}; the console:\n{text}");
            }
            guard = changed.wait_timeout(guard, left).unwrap().0;
        }
    }

    /// Waits until nothing can come any more. Whether that is so.
    pub(super) fn wait_for_end(&self, patience: Duration) -> bool {
        let (printed, changed) = &*self.0;
        let guard = printed.lock().unwrap();
        changed.wait_timeout_while(guard, patience, |printed| !printed.ended).unwrap().0.ended
    }
}

fn find(printed: &Printed, lines: usize, beginning: &str) -> Option<String> {
    printed.lines.iter().skip(lines).find(|line| line.starts_with(beginning)).cloned()
}

#[expect(clippy::disallowed_methods, reason = "a guest takes real time")]
fn clock() -> Instant {
    Instant::now()
}
