//! The RADIUS servers of this one, and the sockets to them.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use super::come::RADIUS;
use super::inquiry::Inquiries;
use super::output::complain;
use super::seats::Seats;
use crate::config::{RadiusServer, RadiusSettings};
use crate::host::{Failure, Interest, Poller, entropy};
use crate::radius::{Answer, Client, Path, ReplyError, Request, Server, Settings, Sockets};

/// The purpose of a socket.
#[derive(Clone, Copy)]
enum Purpose {
    Authentication,
    Accounting,
}

/// RADIUS servers: those that say who may come in, and those that keep accounts.
pub(super) struct Radius {
    pub(super) inquiries: Inquiries,
    asking: Sockets,
    accounting: Client,
    reporting: Sockets,
    /// By number.
    paths: Vec<(Purpose, Path)>,
    pub(super) nas_address: Ipv4Addr,
    pub(super) nas_identifier: Option<String>,
    pub(super) interim_interval: Option<Duration>,
}

impl Radius {
    /// Asks nobody yet. `own` is the server's address in the tunnels, and `seats` bound the open questions.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(super) fn new(settings: &RadiusSettings, own: Ipv4Addr, seats: Arc<Seats>) -> Result<Self, Failure> {
        let client = |servers: &[RadiusServer]| -> Result<Client, Failure> {
            let servers = servers.iter().map(|server| Server::new(server.address, server.secret.expose().as_bytes()));
            // CVE-2024-3596: replies without Message-Authenticator can be forged, so it is required
            // unless the user says otherwise.
            let mut chosen = Settings::new(servers.collect())
                .with_signature_required(settings.require_message_authenticator.unwrap_or(true));
            if let Some(seconds) = settings.timeout {
                chosen = chosen.with_timeout(Duration::from_secs(seconds));
            }
            if let Some(tries) = settings.retransmit {
                chosen = chosen.with_tries(tries);
            }
            if let Some(seconds) = settings.deadtime {
                chosen = chosen.with_dead_time(Duration::from_secs(seconds));
            }
            Ok(Client::new(chosen, entropy()?))
        };
        Ok(Self {
            inquiries: Inquiries::new(client(&settings.authentication)?, settings, own, seats),
            asking: Sockets::new(),
            accounting: client(&settings.accounting)?,
            reporting: Sockets::new(),
            paths: Vec::new(),
            nas_address: settings.nas_ip_address.unwrap_or(own),
            nas_identifier: settings.nas_identifier.clone(),
            interim_interval: settings.interim_interval.map(Duration::from_secs),
        })
    }

    /// Reports an account, if somebody keeps them.
    pub(super) fn report(&mut self, now: Duration, request: Request) {
        match self.accounting.ask(now, request) {
            Ok(_) | Err(crate::radius::AskError::NoServer) => {}
            Err(error) => complain(&format!("an account is not reported: {error}")),
        }
    }

    /// Returns whether a report waits for its answer.
    pub(super) fn is_reporting(&self) -> bool {
        self.accounting.open() > 0
    }

    /// Sends all that waits.
    pub(super) fn flush(&mut self, poller: &Poller) {
        let Self { inquiries, asking, accounting, reporting, paths, .. } = self;
        let mut open = |purpose, path, socket: &UdpSocket| {
            let number = RADIUS.saturating_add(u64::try_from(paths.len()).unwrap_or(u64::MAX));
            if let Err(error) = poller.add(socket, number, Interest::Read) {
                complain(&format!("a socket to a RADIUS server: {error}"));
            }
            paths.push((purpose, path));
        };
        let sent = asking
            .flush(&mut inquiries.client, |path, socket| open(Purpose::Authentication, path, socket))
            .and_then(|()| reporting.flush(accounting, |path, socket| open(Purpose::Accounting, path, socket)));
        if let Err(error) = sent {
            complain(&format!("a socket to a RADIUS server: {error}"));
        }
    }

    /// Reads a socket that has something.
    pub(super) fn receive(&mut self, now: Duration, number: u64) {
        let index = number.checked_sub(RADIUS).and_then(|index| usize::try_from(index).ok());
        let Some((purpose, path)) = index.and_then(|index| self.paths.get(index)).copied() else { return };
        let refused = |error: ReplyError| {
            if error != ReplyError::NotAsked {
                complain(&format!("RADIUS: {error}"));
            }
        };
        match purpose {
            Purpose::Authentication => self.asking.receive(now, path, &mut self.inquiries.client, refused),
            Purpose::Accounting => self.reporting.receive(now, path, &mut self.accounting, refused),
        }
        self.hear_reports();
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        [self.inquiries.client.poll_timeout(), self.accounting.poll_timeout()].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        self.inquiries.client.handle_timeout(now);
        self.accounting.handle_timeout(now);
        self.hear_reports();
    }

    fn hear_reports(&mut self) {
        while let Some(event) = self.accounting.poll_event() {
            if let Answer::Silence = event.answer {
                complain("no RADIUS server has taken the report of an account");
            }
        }
    }
}
