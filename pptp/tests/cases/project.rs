//! The project's side of a case: a client or a server with one call.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::mschap::NtHash;
use pptp::ppp::auth::{Answer, Method, Methods, Question};
use pptp::ppp::ccp::Encryption;
use pptp::session::{self, Event, MAX_TRANSMIT, Reason};
use pptp::wire::connection::CallId;
use pptp::{client, server};
use serde_json::Value;

/// A text of a case: itself, or one byte many times.
pub(crate) fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value["octet"].as_str().unwrap().repeat(value["times"].as_u64().unwrap() as usize),
    }
}

fn method(name: &str) -> Method {
    match name {
        "mschap2" => Method::MsChapV2,
        "mschap1" => Method::MsChapV1,
        "chap" => Method::ChapMd5,
        "pap" => Method::Pap,
        "eap" => Method::Eap,
        other => panic!("method {other}"),
    }
}

fn session_config(config: &Value) -> session::Config {
    let mut session = session::Config::strict();
    if let Some(methods) = config["methods"].as_array() {
        let methods: Vec<_> = methods.iter().map(|name| method(name.as_str().unwrap())).collect();
        session = session.with_authentication(Methods::new(&methods));
    }
    if let Some(encryption) = config["encryption"].as_str() {
        session = session.with_encryption(match encryption {
            "preferred" => Encryption::Preferred,
            "refused" => Encryption::Refused,
            other => panic!("encryption {other}"),
        });
    }
    if let Some(retries) = config["retries"].as_u64() {
        session = session.with_authentication_retries(retries as u8);
    }
    session
}

enum Session {
    Client(client::Session),
    Server(server::Session<1>),
}

/// A session and what came of it.
pub(crate) struct Project {
    session: Session,
    password: String,
    accept: Option<String>,
    call: Option<CallId>,
    pub(crate) reason: Option<Reason>,
    /// What `accept` returned.
    pub(crate) accepted: Option<Result<(), String>>,
}

impl Project {
    pub(crate) fn new(role: &str, config: &Value) -> Self {
        let user = text(&config["user"]);
        let password = if config["password"].is_null() { String::new() } else { text(&config["password"]) };
        let session = if role == "client" {
            let config = match config["nt_hash_of"].as_str() {
                Some(of) => client::Config::with_nt_hash(&user, NtHash::from_password(of)),
                None => client::Config::new(&user, &password),
            }
            .with_session(session_config(config));
            Session::Client(client::Session::new(&config, [3; 32]))
        } else {
            let config = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
                .with_client_address(Ipv4Addr::new(10, 0, 0, 2))
                .with_session(session_config(config));
            Session::Server(server::Session::new(&config, [3; 32]))
        };
        let accept = config["accept"].as_str().map(str::to_owned);
        Self { session, password, accept, call: None, reason: None, accepted: None }
    }

    pub(crate) fn open(&mut self, now: Duration) {
        match &mut self.session {
            Session::Client(session) => session.open(now),
            Session::Server(session) => session.open(now),
        }
    }

    pub(crate) fn handle_stream(&mut self, now: Duration, bytes: &[u8]) {
        let taken = match &mut self.session {
            Session::Client(session) => session.handle_stream(now, bytes),
            Session::Server(session) => session.handle_stream(now, bytes),
        };
        assert_eq!(taken, bytes.len());
    }

    pub(crate) fn handle_gre(&mut self, now: Duration, mut packet: Vec<u8>) {
        // A refused packet is part of some cases.
        match &mut self.session {
            Session::Client(session) => drop(session.handle_gre(now, &mut packet).map(drop)),
            Session::Server(session) => drop(session.handle_gre(now, &mut packet).map(drop)),
        }
    }

    pub(crate) fn poll_control(&mut self, now: Duration) -> Option<Vec<u8>> {
        let mut buf = [0; MAX_TRANSMIT];
        match &mut self.session {
            Session::Client(session) => session.poll_control(now, &mut buf),
            Session::Server(session) => session.poll_control(now, &mut buf),
        }
        .unwrap()
        .map(<[u8]>::to_vec)
    }

    pub(crate) fn poll_tunnel(&mut self, now: Duration) -> Option<Vec<u8>> {
        let mut buf = [0; MAX_TRANSMIT];
        match &mut self.session {
            Session::Client(session) => session.poll_tunnel(now, &mut buf),
            Session::Server(session) => session.poll_tunnel(now, &mut buf),
        }
        .unwrap()
        .map(<[u8]>::to_vec)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        match &self.session {
            Session::Client(session) => session.poll_timeout(),
            Session::Server(session) => session.poll_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        match &mut self.session {
            Session::Client(session) => session.handle_timeout(now),
            Session::Server(session) => session.handle_timeout(now),
        }
    }

    /// Handles the events that wait, and answers questions.
    pub(crate) fn settle(&mut self, now: Duration) {
        while let Some(event) = self.next_event() {
            match event {
                Event::Closed(reason) => self.reason = Some(reason),
                Event::Authenticate(question) => self.answer(now, question),
                _ => {}
            }
        }
    }

    fn next_event(&mut self) -> Option<Event> {
        match &mut self.session {
            Session::Client(session) => session.poll_event(),
            Session::Server(session) => loop {
                if let server::Event::Call { call, event } = session.poll_event()? {
                    self.call = Some(call);
                    return Some(event);
                }
            },
        }
    }

    fn answer(&mut self, now: Duration, question: Question) {
        let (Session::Server(session), Some(call)) = (&mut self.session, self.call) else { return };
        let result = match &self.accept {
            Some(message) => session.accept(now, call, question.ticket(), message.as_bytes(), None),
            None => session.answer(now, call, question.ticket(), &Answer::Password(self.password.as_bytes())),
        };
        self.accepted = Some(result.map(drop).map_err(|error| error.to_string()));
    }
}
