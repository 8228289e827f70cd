//! Requests, answers and streams over a real socket.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn pair(folder: &Path) -> (Listener, PathBuf) {
    let path = folder.join("socket");
    (Listener::bind(&path).unwrap(), path)
}

/// Serves one request in this thread while another one asks.
fn serve(listener: &Listener, path: &Path, request: &Request, serve: impl FnOnce(&mut Connection, Request)) -> String {
    std::thread::scope(|scope| {
        let asker = scope.spawn(|| {
            let mut out = Vec::new();
            ask(path, request, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        });
        let mut connection = loop {
            if let Some(connection) = listener.accept() {
                break connection;
            }
        };
        let request = loop {
            if let Some(request) = connection.handle_ready() {
                break request;
            }
        };
        serve(&mut connection, request);
        while !connection.is_over() {
            connection.handle_ready();
        }
        drop(connection);
        asker.join().unwrap()
    })
}

#[test]
fn a_request_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (listener, path) = pair(folder.path());
    let words = ["show", "vpdn"].map(str::to_owned).to_vec();
    let long = "a line\n".repeat(100_000);
    let answer = serve(&listener, &path, &Request::new(words.clone(), true), |connection, request| {
        assert_eq!(request, Request::new(words, true));
        connection.answer(&long);
    });
    assert_eq!(answer, long);
    // Only this user may ask.
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
    assert_eq!(Listener::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(listener);
    assert!(!path.exists());
}

#[test]
fn a_socket_without_a_listener_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    // As after SIGKILL: the file stays.
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    assert!(Listener::bind(&path).is_ok());
}

#[test]
fn http_is_a_path() {
    let request = Request::parse("GET /metrics HTTP/1.1\r");
    assert_eq!((request.words, request.http), (vec!["show".to_owned(), "metrics".to_owned()], true));
    assert!(http("x\n").ends_with("Content-Length: 2\r\nConnection: close\r\n\r\nx\n"));
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut connection = Connection { stream: ours, state: State::Answering { unsent: Vec::new(), goes_on: true } };
    let lines = vec![b'x'; 65_536];
    let count = (0..1000).take_while(|_| {
        connection.stream(&lines);
        !connection.is_over()
    });
    let count = count.count();
    assert!((16..40).contains(&count), "{count}");
    drop(theirs);
}

#[test]
fn a_request_has_a_bound() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut connection = Connection { stream: ours, state: State::Asking(Vec::new()) };
    theirs.write_all(&[b'x'; 8192]).unwrap();
    for _ in 0..20 {
        assert!(connection.handle_ready().is_none());
    }
    assert!(connection.is_over());
}
