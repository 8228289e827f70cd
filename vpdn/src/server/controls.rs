//! The clients of the control socket.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::come::{CONTROL, CONTROLS, Come};
use super::debug::{Debugs, Wanted};
use crate::control::{self, Connection, Listener, MAX_CLIENTS, Request};
use crate::host::{Failure, Interest, Poller};

/// The control socket, if there is one, those who ask, and the traces that they see.
pub(super) struct Controls {
    listener: Option<Listener>,
    clients: BTreeMap<u64, (Connection, Interest)>,
    next: u64,
    debugs: Arc<Debugs>,
}

impl Controls {
    /// Makes the socket, if there is a path for it.
    ///
    /// # Errors
    ///
    /// Somebody listens there, or it cannot be made.
    pub(super) fn open(path: Option<&Path>, debugs: Arc<Debugs>) -> Result<Self, Failure> {
        let bind =
            |path: &Path| Listener::bind(path).map_err(|error| Failure::of_system(&path.display().to_string(), &error));
        let listener = path.map(bind).transpose()?;
        Ok(Self { listener, clients: BTreeMap::new(), next: 0, debugs })
    }

    pub(super) fn wait_by(&self, poller: &Poller) -> std::io::Result<()> {
        self.listener.as_ref().map_or(Ok(()), |listener| poller.add(listener, CONTROL, Interest::Read))
    }

    /// Reads and writes what is possible. Returns the requests that are complete, each with the number of its client.
    pub(super) fn take(&mut self, come: &Come, poller: &Poller) -> Vec<(u64, Request)> {
        if come.has(CONTROL) {
            while let Some(connection) = self.listener.as_ref().and_then(Listener::accept) {
                // One more is closed at once.
                if self.clients.len() < MAX_CLIENTS {
                    let (id, interest) = (self.next, connection.interest());
                    self.next = (id + 1) & u64::from(u32::MAX);
                    if poller.add(&connection, CONTROLS | id, interest).is_ok() {
                        self.clients.insert(id, (connection, interest));
                    }
                }
            }
        }
        let mut requests = Vec::new();
        for id in come.of(CONTROLS) {
            let request = self.clients.get_mut(&id).and_then(|(connection, _)| connection.handle_ready());
            requests.extend(request.map(|request| (id, request)));
        }
        requests
    }

    /// Answers a request, after which nothing follows.
    pub(super) fn answer(&mut self, id: u64, request: &Request, text: &str) {
        if let Some((connection, _)) = self.clients.get_mut(&id) {
            if request.http {
                connection.answer(&control::http(text));
            } else {
                connection.answer(text);
            }
        }
    }

    /// Answers a request with a trace, which goes on until the client ends it.
    pub(super) fn trace(&mut self, id: u64, wanted: Wanted) {
        self.debugs.add(id, wanted);
    }

    /// Sends what the traces have to those who listen.
    pub(super) fn stream(&mut self, poller: &Poller) {
        if self.debugs.is_empty() {
            return;
        }
        for (id, lines) in self.debugs.take() {
            if let Some((connection, _)) = self.clients.get_mut(&id) {
                connection.stream(&lines);
            }
        }
        self.settle(poller);
    }

    /// Drops those who are gone, and waits for what the others do next.
    pub(super) fn settle(&mut self, poller: &Poller) {
        let Self { clients, debugs, .. } = self;
        clients.retain(|id, (connection, interest)| {
            let wanted = connection.interest();
            let is_changed = std::mem::replace(interest, wanted) != wanted;
            let is_kept =
                !connection.is_over() && (!is_changed || poller.modify(&*connection, CONTROLS | *id, wanted).is_ok());
            if !is_kept {
                debugs.remove(*id);
            }
            is_kept
        });
    }
}
