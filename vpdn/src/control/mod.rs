//! The control socket of a server: one line of words in, an answer or a stream of lines out.
//!
//! The request is one line, as `show vpdn session all`, with ` --json` behind it where JSON is wanted. A line that begins
//! with `GET ` is answered as HTTP, so that Prometheus can read `show metrics`. The answer ends with the connection.
//!
//! Memory: at most [`MAX_CLIENTS`] connections, each with [`MAX_REQUEST`] bytes in and [`MAX_WAITING`] bytes out. One
//! that does not read what is streamed to it is closed when more would have to wait.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::umask;

use crate::host::Interest;

/// How many connections there may be.
pub const MAX_CLIENTS: usize = 16;
/// How long a request may be, in bytes.
pub const MAX_REQUEST: usize = 4096;
/// How many bytes of a stream may wait for its reader.
pub const MAX_WAITING: usize = 1 << 20;

/// A request of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// The words.
    pub words: Vec<String>,
    /// Whether the answer is to be JSON.
    pub json: bool,
    /// Whether it came as HTTP.
    pub http: bool,
}

impl Request {
    /// Makes a request.
    #[must_use]
    pub const fn new(words: Vec<String>, json: bool) -> Self {
        Self { words, json, http: false }
    }

    /// Reads a line. Of HTTP, the path is the words behind `show`.
    fn parse(line: &str) -> Self {
        let mut words: Vec<_> = line.split_ascii_whitespace().map(str::to_owned).collect();
        if words.first().is_some_and(|word| word == "GET") {
            let path = words.get(1).map_or("", String::as_str).trim_matches('/');
            let words = ["show"].into_iter().chain(path.split('/')).map(str::to_owned).collect();
            return Self { words, json: false, http: true };
        }
        let json = words.iter().any(|word| word == "--json");
        words.retain(|word| word != "--json");
        Self { words, json, http: false }
    }

    fn line(&self) -> String {
        let json = if self.json { " --json\n" } else { "\n" };
        self.words.join(" ") + json
    }
}

/// The socket that others connect to. Dropping it removes its file.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Makes the socket, for this user alone. A file that nobody listens at is replaced.
    ///
    /// # Errors
    ///
    /// Somebody listens there, or it cannot be made.
    pub fn bind(path: &Path) -> io::Result<Self> {
        if UnixStream::connect(path).is_ok() {
            return Err(io::Error::from(ErrorKind::AddrInUse));
        }
        // It may not be there.
        let _ = std::fs::remove_file(path);
        // Nobody else may connect, also not in the moment before its mode could be changed.
        let old = umask(Mode::RWXG | Mode::RWXO);
        let socket = UnixListener::bind(path);
        umask(old);
        let socket = socket?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned() })
    }

    /// Takes the next connection.
    #[must_use]
    pub fn accept(&self) -> Option<Connection> {
        let (stream, _) = self.socket.accept().ok()?;
        stream.set_nonblocking(true).ok()?;
        Some(Connection { stream, state: State::Asking(Vec::new()) })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Somebody who asks.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The request so far.
    Asking(Vec<u8>),
    /// The rest of an answer; whether more will come.
    Answering { unsent: Vec<u8>, goes_on: bool },
    /// It is over.
    Over,
}

impl Connection {
    /// Returns whether it is over and can be dropped.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Returns what to wait for.
    #[must_use]
    pub fn interest(&self) -> Interest {
        match &self.state {
            State::Asking(_) => Interest::Read,
            State::Answering { unsent, .. } if unsent.is_empty() => Interest::Nothing,
            State::Answering { .. } => Interest::Write,
            State::Over => Interest::Nothing,
        }
    }

    /// Reads and writes what is possible. Returns the request when it is complete, once.
    pub fn handle_ready(&mut self) -> Option<Request> {
        let State::Asking(line) = &mut self.state else {
            self.flush();
            // Nothing is said any more: what can be read is the end.
            if matches!((&self.stream).read(&mut [0]), Ok(0)) {
                self.state = State::Over;
            }
            return None;
        };
        let mut buf = [0; 512];
        match self.stream.read(&mut buf) {
            Ok(0) => self.state = State::Over,
            Ok(length) => line.extend(buf.get(..length).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return None,
            Err(_) => self.state = State::Over,
        }
        let State::Asking(line) = &mut self.state else { return None };
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line.get(..end).unwrap_or_default()).into_owned();
            self.state = State::Answering { unsent: Vec::new(), goes_on: true };
            return Some(Request::parse(&text));
        }
        // Bounded: a client that never ends its line is cut off.
        if line.len() > MAX_REQUEST {
            self.state = State::Over;
        }
        None
    }

    /// Sends an answer, after which nothing follows.
    pub fn answer(&mut self, text: &str) {
        self.state = State::Answering { unsent: text.as_bytes().to_vec(), goes_on: false };
        self.flush();
    }

    /// Sends more of a stream. A client that does not read is cut off.
    pub fn stream(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Answering { unsent, goes_on: true } if unsent.len().saturating_add(bytes.len()) <= MAX_WAITING => {
                unsent.extend(bytes);
            }
            _ => self.state = State::Over,
        }
        self.flush();
    }

    fn flush(&mut self) {
        let State::Answering { unsent, goes_on } = &mut self.state else { return };
        while !unsent.is_empty() {
            match self.stream.write(unsent) {
                Ok(written) => drop(unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.state = State::Over;
                    return;
                }
            }
        }
        if !*goes_on {
            self.state = State::Over;
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

/// Returns an answer as HTTP.
#[must_use]
pub fn http(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

/// Asks a server, and writes what it says, until it has said all.
///
/// # Errors
///
/// There is no server, or nobody reads the output.
pub fn ask(path: &Path, request: &Request, out: &mut impl Write) -> io::Result<()> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(request.line().as_bytes())?;
    let mut buf = [0; 4096];
    loop {
        match stream.read(&mut buf)? {
            0 => return Ok(()),
            length => {
                out.write_all(buf.get(..length).unwrap_or_default())?;
                out.flush()?;
            }
        }
    }
}

#[cfg(test)]
mod tests;
