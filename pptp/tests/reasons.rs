//! Every reason has a text, advice, and no number that is no error; the table in the docs has them all.
#![expect(
    clippy::panic,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::unwrap_used,
    reason = "a test that goes wrong stops"
)]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use pptp::ppp::auth::{Failure, Method, Methods};
use pptp::ppp::ccp::MicrosoftCompression;
use pptp::ppp::{Words, eap, ipcp, lcp, link, negotiate};
use pptp::ppp_session;
use pptp::session::Reason;
use pptp::wire::Reassembler;
use pptp::wire::code::{
    CauseCode, DisconnectResult, GeneralError, IncomingCallResult, OutgoingCallResult, ProtocolVersion, StartResult,
    StopReason,
};
use pptp::wire::connection::{CallCloseReason, CallId, CloseReason, Fault};

const TABLE: &str = include_str!("../src/session/reasons.md");
const NOTHING: &str = "nothing has to be done";

fn of_authentication() -> Vec<Failure> {
    let method = Method::MsChapV2;
    let codes = [None, Some(691), Some(646), Some(647), Some(648), Some(649), Some(709)];
    let mut all = vec![
        Failure::NoAnswer { method },
        Failure::Declined { method },
        Failure::NoMutualProof,
        Failure::NoCommonEapType {
            own: eap::Types::new(&[eap::Type::MD5_CHALLENGE]),
            peer: eap::Types::new(&[eap::Type::TLS]),
        },
    ];
    all.extend(codes.map(|code| Failure::Refused { method, code, words: Words::NONE }));
    all.push(Failure::Refused { method: Method::Pap, code: None, words: Words::new(b"Login incorrect") });
    all.extend([None, Some(691)].map(|code| Failure::RefusedPeer { method, code }));
    all
}

fn of_ip() -> Vec<negotiate::Reason<ipcp::Failure>> {
    let (own, wanted) = (Ipv4Addr::new(10, 0, 0, 2), Ipv4Addr::new(10, 0, 0, 3));
    vec![
        negotiate::Reason::Closed,
        negotiate::Reason::NoAnswer,
        negotiate::Reason::Rejected,
        negotiate::Reason::NotConverging,
        negotiate::Reason::Failed(ipcp::Failure::NoAddress),
        negotiate::Reason::Failed(ipcp::Failure::AddressRefused { own, wanted: Some(wanted) }),
        negotiate::Reason::Failed(ipcp::Failure::PeerAddressRefused { given: own, wanted }),
    ]
}

fn of_link() -> Vec<link::Reason> {
    let allowed = MicrosoftCompression::STATELESS | MicrosoftCompression::MPPE_128;
    let methods = Methods::new(&[Method::MsChapV2]);
    let mut all = vec![
        link::Reason::Closed,
        link::Reason::PeerClosed { error: None, words: Words::NONE },
        link::Reason::PeerClosed { error: None, words: Words::new(b"User request") },
        link::Reason::PeerClosed { error: Some(718), words: Words::NONE },
        link::Reason::LowerLayerDown,
        link::Reason::NoAnswer,
        link::Reason::PeerSilent,
        link::Reason::NotConverging,
        link::Reason::LcpRejected,
        link::Reason::Lcp(lcp::Failure::Loopback),
        link::Reason::Lcp(lcp::Failure::AuthenticationRefused { required: methods, offered: Some(Method::Pap) }),
        link::Reason::Lcp(lcp::Failure::AuthenticationNotAllowed { allowed: methods, wanted: Some(Method::Pap) }),
    ];
    all.extend(of_authentication().into_iter().map(link::Reason::Authentication));
    all.extend([
        link::Reason::EncryptionRequired { allowed, offered: None },
        link::Reason::EncryptionUnanswered,
        link::Reason::NoKeys { method: Some(Method::Pap) },
        link::Reason::EncryptionLost,
    ]);
    all.extend(of_ip().into_iter().map(link::Reason::NoIp));
    let words = Words::new(b"Unauthorized remote IP address");
    all.push(link::Reason::IpClosed { words });
    all.push(link::Reason::NoNetwork);
    all
}

fn of_call() -> Vec<CallCloseReason> {
    let (error, cause) = (GeneralError::NONE, CauseCode::new(0));
    vec![
        CallCloseReason::Local,
        CallCloseReason::NotAnswered,
        CallCloseReason::OutgoingRefused { result: OutgoingCallResult::BUSY, error, cause },
        CallCloseReason::IncomingRefused { result: IncomingCallResult::DO_NOT_ACCEPT, error },
        CallCloseReason::Disconnected { result: DisconnectResult::ADMIN_SHUTDOWN, error, cause },
        CallCloseReason::PeerCleared,
        CallCloseReason::ConnectionClosed { fault: Fault::Network },
    ]
}

fn of_connection() -> Vec<CloseReason> {
    let no_pptp = Reassembler::new().next_message(&mut &b"HTTP/1.1 400 Bad Request\r\n"[..]).unwrap_err();
    vec![
        CloseReason::Local,
        CloseReason::StopTimeout,
        CloseReason::PeerStopped { reason: StopReason::STOP_LOCAL_SHUTDOWN },
        CloseReason::Disconnected,
        CloseReason::Cut,
        CloseReason::Refused { result: StartResult::NOT_AUTHORIZED, error: GeneralError::NONE },
        CloseReason::NotAccepted { result: StartResult::NOT_AUTHORIZED },
        CloseReason::Version { version: ProtocolVersion::new(0x0200) },
        CloseReason::StartTimeout,
        CloseReason::EchoTimeout,
        CloseReason::CallTimeout { call: CallId::new(7) },
        CloseReason::Stream(no_pptp),
        CloseReason::CollisionLost,
        CloseReason::CollisionWon,
    ]
}

fn all() -> Vec<Reason> {
    let mut all = vec![Reason::Closed];
    all.extend(of_link().into_iter().map(|reason| Reason::Ppp(ppp_session::Reason::Link(reason))));
    all.extend(
        [ppp_session::Reason::Closed, ppp_session::Reason::SetupTimeout, ppp_session::Reason::NotDecrypted]
            .map(Reason::Ppp),
    );
    all.push(Reason::Ppp(ppp_session::Reason::CannotProve { method: Some(Method::Pap) }));
    all.extend([Reason::GreBlocked, Reason::GreOneWay, Reason::FlowAlarm]);
    all.extend(of_call().into_iter().map(Reason::Call));
    all.extend(of_connection().into_iter().map(Reason::Control));
    all
}

fn row(reason: &Reason) -> String {
    let debug = format!("{reason:?}");
    // The inside of the innermost variant is an example.
    let name = match debug.split_once(" {") {
        Some((name, _)) => format!("{name} {{ .. }}{}", ")".repeat(name.matches('(').count())),
        None => debug,
    };
    let number = reason.windows_error().map_or("none".to_owned(), |number| number.to_string());
    format!("| `{name}` | {number} | {reason} | {} |\n", reason.advice())
}

/// Returns the table as it has to be.
fn table() -> String {
    let mut rows: Vec<String> = all().iter().map(row).collect();
    rows.dedup();
    format!(
        "| what happened | number | text, with examples of details | advice |\n|---|---|---|---|\n{}",
        rows.concat()
    )
}

/// Returns the names of an enum's variants in its source: one a line, four blanks in front.
fn variants(source: &str, head: &str) -> Vec<String> {
    let (_, body) = source.split_once(head).unwrap_or_else(|| panic!("{head}"));
    let (body, _) = body.split_once("\n}").unwrap();
    let of_line = |line: &str| {
        let name =
            line.strip_prefix("    ").filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase()))?;
        Some(name.split(|byte: char| !byte.is_ascii_alphanumeric()).next()?.to_owned())
    };
    body.lines().filter_map(of_line).collect()
}

#[test]
fn every_reason_has_advice_a_text_of_one_sentence_and_no_number_zero() {
    for reason in all() {
        let (text, advice) = (reason.to_string(), reason.advice());
        for sentence in [text.as_str(), advice] {
            assert!(!sentence.is_empty() && !sentence.contains(['\n', '|']), "{reason:?}: {sentence}");
            assert!(!sentence.ends_with('.') && !sentence.contains(". "), "{reason:?}: {sentence}");
        }
        assert_ne!(reason.windows_error(), Some(0), "{reason:?}");
        let is_own_wish = matches!(
            reason,
            Reason::Closed
                | Reason::Ppp(ppp_session::Reason::Closed | ppp_session::Reason::Link(link::Reason::Closed))
                | Reason::Call(CallCloseReason::Local)
                | Reason::Control(CloseReason::Local | CloseReason::StopTimeout)
        );
        assert_eq!(advice == NOTHING, is_own_wish, "{reason:?}: {advice}");
    }
}

/// A peer may send 0, and a server the failure `E=0`.
#[test]
fn a_peer_cannot_make_zero_an_error_number() {
    let method = Method::MsChapV2;
    for reason in [
        link::Reason::PeerClosed { error: Some(0), words: Words::NONE },
        link::Reason::Authentication(Failure::Refused { method, code: Some(0), words: Words::NONE }),
        link::Reason::Authentication(Failure::RefusedPeer { method, code: Some(0) }),
    ] {
        assert_ne!(reason.windows_error(), Some(0), "{reason:?}");
        assert!(!reason.advice().is_empty() && reason.advice() != NOTHING, "{reason:?}");
    }
}

/// Each number that a reason has itself has a text of its own, too.
#[test]
fn every_number_of_a_reason_has_a_text() {
    for number in all().iter().filter_map(Reason::windows_error) {
        assert!(link::windows_error_text(number).is_some(), "{number}");
    }
}

#[test]
fn the_table_in_the_docs_is_what_reasons_say() {
    if TABLE != table() {
        println!("{}", table());
        panic!("the table above has to be in src/session/reasons.md");
    }
}

/// A variant that is new has to come into the lists above.
#[test]
fn the_table_has_every_variant() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: BTreeSet<String> = all()
        .iter()
        .flat_map(|reason| {
            let text = format!("{reason:?}");
            text.split(|byte: char| !byte.is_ascii_alphanumeric()).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    for (path, head, least) in [
        ("src/session/reason.rs", "pub enum Reason {", 6),
        ("../ppp-session/src/reason.rs", "pub enum Reason {", 4),
        ("../ppp-fsm/src/link/reason.rs", "pub enum Reason {", 15),
        ("../ppp-fsm/src/auth/failure.rs", "pub enum Failure {", 6),
        ("../ppp-fsm/src/lcp/negotiator.rs", "pub enum Failure {", 3),
        ("../ppp-fsm/src/ipcp/negotiator.rs", "pub enum Failure {", 3),
        ("../ppp-fsm/src/negotiate/outcome.rs", "pub enum Reason<F> {", 6),
        ("../pptp-wire/src/connection/reason.rs", "pub enum CloseReason {", 14),
        ("../pptp-wire/src/connection/reason.rs", "pub enum CallCloseReason {", 7),
    ] {
        let Ok(source) = std::fs::read_to_string(folder.join(path)) else {
            println!("SKIPPED: {path} is not beside this crate");
            continue;
        };
        let variants = variants(&source, head);
        assert!(variants.len() >= least, "{path}: {variants:?}");
        for variant in variants {
            assert!(names.contains(&variant), "{path}: {variant} is not in the lists");
        }
    }
}
