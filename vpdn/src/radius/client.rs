//! Questions to several servers, each until it is answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::packet::{Reply, ReplyError, Request, Sent, ServerNumber, keyed_hash};
use super::question::QuestionId;
use super::server::{Path, Server, ServerState, Slot};

/// Which servers are asked, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    servers: Vec<Server>,
    timeout: Duration,
    tries: u8,
    dead_time: Duration,
    must_be_signed: bool,
    max_open: usize,
}

impl Settings {
    /// Asks these servers, the most wanted first.
    #[must_use]
    pub const fn new(servers: Vec<Server>) -> Self {
        Self {
            servers,
            timeout: Duration::from_secs(2),
            tries: 3,
            dead_time: Duration::from_secs(120),
            must_be_signed: true,
            max_open: 4096,
        }
    }

    /// Sets how long one try waits for an answer. Default: 2 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how often a server is asked before the next one is, at least once. Default: 3.
    #[must_use]
    pub fn with_tries(mut self, tries: u8) -> Self {
        self.tries = tries.max(1);
        self
    }

    /// Sets for how long a server that does not answer is asked last. Default: 120 s.
    #[must_use]
    pub fn with_dead_time(mut self, time: Duration) -> Self {
        self.dead_time = time;
        self
    }

    /// Sets whether answers to Access-Requests need a Message-Authenticator (CVE-2024-3596). Default: yes.
    #[must_use]
    pub fn with_signature_required(mut self, is_required: bool) -> Self {
        self.must_be_signed = is_required;
        self
    }

    /// Sets how many questions may be open. Default: 4096, which is 16 sockets a server.
    #[must_use]
    pub fn with_max_open(mut self, count: usize) -> Self {
        self.max_open = count;
        self
    }
}

/// The outcome of a question.
#[derive(Debug)]
#[non_exhaustive]
pub struct Event {
    /// Which question.
    pub question: QuestionId,
    /// The answer to it.
    pub answer: Answer,
    /// Which server has answered.
    pub server: Option<ServerNumber>,
}

/// The outcome of a question.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answer {
    /// A server has answered.
    Reply(Reply),
    /// No server has.
    Silence,
}

/// Why a question is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// As many are open as may be.
    #[error("{open} questions wait for the RADIUS servers, and no more may")]
    Full {
        /// How many are open.
        open: usize,
    },
    /// There is nobody to ask.
    #[error("there is no RADIUS server")]
    NoServer,
}

/// A datagram to send.
#[derive(Debug)]
#[non_exhaustive]
pub struct Transmit<'a> {
    /// The socket that it leaves by.
    pub path: Path,
    /// Where it goes.
    pub to: SocketAddr,
    /// The datagram.
    pub bytes: &'a [u8],
}

struct Question {
    request: Request,
    sent: Sent,
    slot: Slot,
    tries: u8,
    /// When it was asked first, of anybody.
    begun: Duration,
    /// When it was asked first, of this server.
    asked: Duration,
    deadline: Duration,
    /// Which servers are still to be asked, the next one last.
    others: Vec<usize>,
}

/// A client of RADIUS servers, without IO.
///
/// Memory: a question takes the length of its packet twice and some 200 bytes, until it is answered
/// or [cancelled](Client::cancel). There are at most [`Settings::with_max_open`] of them, and one
/// event for each.
pub struct Client {
    settings: Settings,
    servers: Vec<ServerState>,
    questions: BTreeMap<QuestionId, Question>,
    deadlines: BTreeSet<(Duration, QuestionId)>,
    outgoing: VecDeque<QuestionId>,
    events: VecDeque<Event>,
    key: Zeroizing<[u8; 32]>,
    next: u64,
}

impl Client {
    /// Asks nobody yet. `entropy` are 32 bytes that nobody can predict: all authenticators come of them.
    #[must_use]
    pub fn new(settings: Settings, entropy: [u8; 32]) -> Self {
        Self {
            servers: settings.servers.iter().map(|_| ServerState::new()).collect(),
            settings,
            questions: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            outgoing: VecDeque::new(),
            events: VecDeque::new(),
            key: Zeroizing::new(entropy),
            next: 0,
        }
    }

    /// Asks a question of the first server that lives, or of the one that it is [for](Request::to_server).
    ///
    /// # Errors
    ///
    /// [`AskError`]: there are too many questions, or no servers.
    pub fn ask(&mut self, now: Duration, request: Request) -> Result<QuestionId, AskError> {
        let open = self.questions.len();
        // Bounded: clients that fail again and again could open questions without end.
        if open >= self.settings.max_open {
            return Err(AskError::Full { open });
        }
        let (mut dead, mut others): (Vec<_>, Vec<_>) = (0..self.servers.len())
            .partition(|index| self.servers.get(*index).is_some_and(|server| server.is_dead(now)));
        // The next one is the last of the list; those that are dead come behind all others.
        others.append(&mut dead);
        others.reverse();
        if let Some(ServerNumber(only)) = request.server() {
            others.retain(|server| *server == only);
        }
        let server = others.pop().ok_or(AskError::NoServer)?;
        let id = QuestionId(self.next);
        self.next = self.next.wrapping_add(1);
        self.send(now, id, server, Pending { request, begun: now, others });
        Ok(id)
    }

    /// Forgets a question of a client that has gone. There will be no event of it.
    pub fn cancel(&mut self, id: QuestionId) {
        self.remove(id);
        self.events.retain(|event| event.question != id);
    }

    /// Returns how many questions are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.questions.len()
    }

    /// Returns the next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        // A question that was answered or cancelled in the meantime is passed over.
        let id = loop {
            let id = self.outgoing.pop_front()?;
            if self.questions.contains_key(&id) {
                break id;
            }
        };
        let question = self.questions.get(&id)?;
        let path = question.slot.path;
        let to = self.settings.servers.get(path.server)?.address();
        Some(Transmit { path, to, bytes: question.sent.bytes() })
    }

    /// Takes a datagram that came from a server.
    ///
    /// # Errors
    ///
    /// [`ReplyError`]: it is no answer, or is not genuine, and was passed over.
    pub fn handle_datagram(&mut self, now: Duration, path: Path, bytes: &[u8]) -> Result<(), ReplyError> {
        let identifier = *bytes.get(1).ok_or(ReplyError::Malformed)?;
        let state = self.servers.get_mut(path.server).ok_or(ReplyError::NotAsked)?;
        let id = state.find(path.socket, identifier).ok_or(ReplyError::NotAsked)?;
        let question = self.questions.get(&id).ok_or(ReplyError::NotAsked)?;
        let secret = self.settings.servers.get(path.server).map_or(&[][..], Server::secret);
        // Proved before anything moves: anybody can send from the server's address.
        let reply = question.sent.reply(bytes, secret, self.settings.must_be_signed)?;
        state.hear(now);
        self.remove(id);
        self.events.push_back(Event {
            question: id,
            answer: Answer::Reply(reply),
            server: Some(ServerNumber(path.server)),
        });
        Ok(())
    }

    /// Returns what became of a question.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) is to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Asks again, asks another server, or gives up, for each question whose time has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(&(deadline, id)) = self.deadlines.first() {
            if deadline > now {
                return;
            }
            self.deadlines.pop_first();
            let Some(question) = self.questions.get_mut(&id) else { continue };
            if question.tries < self.settings.tries {
                // RFC 2865 section 2.5: a repetition keeps identifier and authenticator.
                question.tries = question.tries.saturating_add(1);
                // Later than now in any case, or this would not end.
                question.deadline = now.saturating_add(self.settings.timeout.max(Duration::from_millis(1)));
                self.deadlines.insert((question.deadline, id));
                self.outgoing.push_back(id);
                continue;
            }
            let Some(mut question) = self.remove(id) else { continue };
            if let Some(server) = self.servers.get_mut(question.slot.path.server) {
                server.miss(now, question.asked, self.settings.dead_time);
            }
            match question.others.pop() {
                Some(server) => {
                    let Question { request, begun, others, .. } = question;
                    self.send(now, id, server, Pending { request, begun, others });
                }
                None => self.events.push_back(Event { question: id, answer: Answer::Silence, server: None }),
            }
        }
    }

    /// Asks a server the first time.
    fn send(&mut self, now: Duration, id: QuestionId, server: usize, pending: Pending) {
        let (Some(state), Some(settings)) = (self.servers.get_mut(server), self.settings.servers.get(server)) else {
            return;
        };
        let slot = state.take(server, id);
        let Pending { request, begun, others } = pending;
        // RFC 2865 section 3: unpredictable, and another one for each server.
        let server_number = u64::try_from(server).unwrap_or(u64::MAX);
        let random = keyed_hash(&*self.key, &[&id.0.to_be_bytes(), &server_number.to_be_bytes()]);
        let delay = u32::try_from(now.saturating_sub(begun).as_secs()).unwrap_or(u32::MAX);
        let sent = request.sign(slot.identifier, settings.secret(), random, delay);
        let deadline = now.saturating_add(self.settings.timeout.max(Duration::from_millis(1)));
        self.deadlines.insert((deadline, id));
        self.outgoing.push_back(id);
        self.questions.insert(id, Question { request, sent, slot, tries: 1, begun, asked: now, deadline, others });
    }

    fn remove(&mut self, id: QuestionId) -> Option<Question> {
        let question = self.questions.remove(&id)?;
        self.deadlines.remove(&(question.deadline, id));
        if let Some(server) = self.servers.get_mut(question.slot.path.server) {
            server.free(question.slot);
        }
        Some(question)
    }
}

/// A question that no server has got yet.
struct Pending {
    request: Request,
    begun: Duration,
    others: Vec<usize>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).field("open", &self.open()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
