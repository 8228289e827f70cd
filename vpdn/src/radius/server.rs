//! The servers, and which question has which number there.

use std::net::SocketAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::question::QuestionId;

/// A RADIUS server.
#[derive(Clone)]
pub struct Server {
    address: SocketAddr,
    secret: Zeroizing<Vec<u8>>,
}

impl Server {
    /// Names a server by its address and the shared secret.
    #[must_use]
    pub fn new(address: SocketAddr, secret: &[u8]) -> Self {
        Self { address, secret: secret.to_vec().into() }
    }

    /// Returns the address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.secret
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Where a datagram goes or comes from: a server, and one of our sockets for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    pub(super) server: usize,
    pub(super) socket: usize,
}

/// A number in use: a question is known to its server by its path and this.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) path: Path,
    pub(super) identifier: u8,
}

/// The state of a server.
pub(super) struct ServerState {
    /// For each socket, who has which number.
    sockets: Vec<Box<[Option<QuestionId>; 256]>>,
    /// Where the next free number is looked for: an old one is not given again soon, so that a late reply finds nobody.
    next: u8,
    /// Until when it is asked last.
    dead_until: Option<Duration>,
    /// When it said something genuine.
    heard: Option<Duration>,
}

impl ServerState {
    pub(super) const fn new() -> Self {
        Self { sockets: Vec::new(), next: 0, dead_until: None, heard: None }
    }

    /// Gives a question a number, in a new socket where it is missing free.
    pub(super) fn take(&mut self, server: usize, question: QuestionId) -> Slot {
        let next = self.next;
        self.next = next.wrapping_add(1);
        // RFC 2865 section 3: the identifier has 8 bits, so more open questions need more sockets.
        for (socket, numbers) in self.sockets.iter_mut().enumerate() {
            for step in 0..=u8::MAX {
                let identifier = next.wrapping_add(step);
                if let Some(place @ None) = numbers.get_mut(usize::from(identifier)) {
                    *place = Some(question);
                    return Slot { path: Path { server, socket }, identifier };
                }
            }
        }
        let socket = self.sockets.len();
        let mut numbers = Box::new([None; 256]);
        if let Some(place) = numbers.get_mut(usize::from(next)) {
            *place = Some(question);
        }
        self.sockets.push(numbers);
        Slot { path: Path { server, socket }, identifier: next }
    }

    pub(super) fn free(&mut self, slot: Slot) {
        let numbers = self.sockets.get_mut(slot.path.socket);
        if let Some(place) = numbers.and_then(|numbers| numbers.get_mut(usize::from(slot.identifier))) {
            *place = None;
        }
    }

    pub(super) fn find(&self, socket: usize, identifier: u8) -> Option<QuestionId> {
        *self.sockets.get(socket)?.get(usize::from(identifier))?
    }

    pub(super) fn is_dead(&self, now: Duration) -> bool {
        self.dead_until.is_some_and(|until| until > now)
    }

    /// Notes a genuine reply: the server lives.
    pub(super) fn hear(&mut self, now: Duration) {
        self.heard = Some(now);
        self.dead_until = None;
    }

    /// Notes that a question was not answered that was first asked at `asked`. A server that
    /// answered another one since is not dead.
    pub(super) fn miss(&mut self, now: Duration, asked: Duration, dead_time: Duration) {
        if self.heard.is_none_or(|heard| heard < asked) {
            self.dead_until = Some(now.saturating_add(dead_time));
        }
    }
}
