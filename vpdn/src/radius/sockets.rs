//! The datagrams of a [`Client`] on sockets.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::time::Duration;

use super::client::{Client, Transmit};
use super::packet::{MAX_PACKET, ReplyError};
use super::server::Path;

/// A socket for every 256 questions of a server. Each takes datagrams of its server alone, and waits for nothing.
#[derive(Debug, Default)]
pub struct Sockets {
    sockets: BTreeMap<Path, UdpSocket>,
}

impl Sockets {
    /// Opens none yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends what the client has to send, and gives `opened` each socket that this has opened.
    ///
    /// # Errors
    ///
    /// A socket cannot be opened. A packet that was to leave by it counts as lost on the way, and
    /// is sent again in its time.
    pub fn flush(&mut self, client: &mut Client, mut opened: impl FnMut(Path, &UdpSocket)) -> io::Result<()> {
        let mut result = Ok(());
        while let Some(transmit) = client.poll_transmit() {
            let socket = match self.sockets.entry(transmit.path) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => match open(&transmit) {
                    Ok(socket) => {
                        opened(transmit.path, &socket);
                        entry.insert(socket)
                    }
                    Err(error) => {
                        result = Err(error);
                        continue;
                    }
                },
            };
            // A packet that is lost here is sent again, like one lost on the way.
            let _ = socket.send(transmit.bytes);
        }
        result
    }

    /// Reads a socket until it is empty. `refused` gets what each datagram that was passed over is.
    pub fn receive(&self, now: Duration, path: Path, client: &mut Client, mut refused: impl FnMut(ReplyError)) {
        let Some(socket) = self.sockets.get(&path) else { return };
        let mut buf = [0; MAX_PACKET];
        // A flood must not hold up the rest; what is left makes the socket readable again.
        for _ in 0..256 {
            match socket.recv(&mut buf) {
                Ok(length) => {
                    if let Err(error) = client.handle_datagram(now, path, buf.get(..length).unwrap_or_default()) {
                        refused(error);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // "Port unreachable", once: the server may come back before the last try.
                Err(_) => {}
            }
        }
    }

    /// Returns the sockets, to wait for them.
    pub fn iter(&self) -> impl Iterator<Item = (Path, &UdpSocket)> {
        self.sockets.iter().map(|(path, socket)| (*path, socket))
    }
}

fn open(transmit: &Transmit<'_>) -> io::Result<UdpSocket> {
    let any = match transmit.to {
        std::net::SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        std::net::SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect(transmit.to)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
