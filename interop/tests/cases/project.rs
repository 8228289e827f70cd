//! The project's side of a case: a client or a server with one call.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::mschap::NtHash;
use pptp::ppp::auth::{Answer, Method, Methods, Question};
use pptp::ppp::ccp::Encryption;
use pptp::session::{self, CallEvent, Event, MAX_RECEIVE, MAX_TRANSMIT, Reason, Session};
use pptp::wire::connection::CallId;
use pptp::{client, ppp_session, server};
use serde_json::Value;

/// Returns a text of a case: itself, or one byte many times.
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
    session::Config::strict().with_ppp(|mut ppp| {
        if let Some(methods) = config["methods"].as_array() {
            let methods: Vec<_> = methods.iter().map(|name| method(name.as_str().unwrap())).collect();
            ppp = ppp.with_authentication(Methods::new(&methods));
        }
        if let Some(encryption) = config["encryption"].as_str() {
            ppp = ppp.with_encryption(match encryption {
                "preferred" => Encryption::Preferred,
                "refused" => Encryption::Refused,
                other => panic!("encryption {other}"),
            });
        }
        match config["retries"].as_u64() {
            Some(retries) => ppp.with_authentication_retries(retries as u8),
            None => ppp,
        }
    })
}

/// A session and what came of it.
pub(crate) struct Project {
    session: Session<1>,
    password: String,
    accept: Option<String>,
    pub(crate) reason: Option<Reason>,
    /// The result of `accept`.
    pub(crate) accepted: Option<Result<(), String>>,
}

impl Project {
    pub(crate) fn new(role: &str, config: &Value) -> Self {
        let user = text(&config["user"]);
        let password = if config["password"].is_null() { String::new() } else { text(&config["password"]) };
        let session = if role == "client" {
            let client = match config["nt_hash_of"].as_str() {
                Some(of) => client::Config::new(&user, "")
                    .with_client(|_| ppp_session::Client::with_nt_hash(&user, NtHash::from_password(of))),
                None => client::Config::new(&user, &password),
            };
            Session::new(&client.with_session(session_config(config)), [3; 32])
        } else {
            let server = server::Config::new(Ipv4Addr::new(10, 0, 0, 1))
                .with_server(|server| server.with_client_address(Ipv4Addr::new(10, 0, 0, 2)))
                .with_session(session_config(config));
            Session::new(&server, [3; 32])
        };
        let accept = config["accept"].as_str().map(str::to_owned);
        Self { session, password, accept, reason: None, accepted: None }
    }

    pub(crate) fn open(&mut self, now: Duration) {
        self.session.open(now);
    }

    pub(crate) fn handle_stream(&mut self, now: Duration, bytes: &[u8]) {
        assert_eq!(self.session.handle_stream(now, bytes), bytes.len());
    }

    pub(crate) fn handle_gre(&mut self, now: Duration, mut packet: Vec<u8>) {
        // A refused packet is part of some cases.
        let _ = self.session.handle_gre(now, &mut packet, &mut [0; MAX_RECEIVE]);
    }

    pub(crate) fn poll_control(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.session.poll_control(now, &mut [0; MAX_TRANSMIT]).unwrap().map(<[u8]>::to_vec)
    }

    pub(crate) fn poll_tunnel(&mut self, now: Duration) -> Option<Vec<u8>> {
        self.session.poll_tunnel(now, &mut [0; MAX_TRANSMIT]).unwrap().map(<[u8]>::to_vec)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.session.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        self.session.handle_timeout(now);
    }

    /// Handles the events that wait, and answers questions.
    pub(crate) fn settle(&mut self, now: Duration) {
        while let Some(event) = self.session.poll_event() {
            match event {
                Event::Closed(reason) => self.reason = self.reason.or(Some(reason)),
                Event::Call { event: CallEvent::Closed(reason), .. } => self.reason = Some(reason),
                Event::Call { call, event: CallEvent::Ppp(ppp_session::Event::Authenticate(question)) } => {
                    self.answer(now, call, question);
                }
                _ => {}
            }
        }
    }

    fn answer(&mut self, now: Duration, call: CallId, question: Question) {
        let Some(mut call) = self.session.call_mut(call) else { return };
        let result = match &self.accept {
            Some(message) => call.accept(now, question.ticket(), message.as_bytes(), None),
            None => call.answer(now, question.ticket(), &Answer::Password(self.password.as_bytes())),
        };
        self.accepted = Some(result.map(drop).map_err(|error| error.to_string()));
    }
}
