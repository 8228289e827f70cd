//! Every message in every state: one defined answer, always the same.
//!
//! `matrix.txt` has the answers. `L2TP_WIRE_MATRIX=1 cargo test … -- --nocapture` prints it again.

use l2tp_wire::avp::{CallErrors, LinkAccm, ResultCode};
use l2tp_wire::code::{Accm, ControlConnectionResult, MessageType, SessionResult};
use l2tp_wire::message::{v2, v3};
use l2tp_wire::session::Disconnect;
use l2tp_wire::tunnel::{Event, PacketError};
use l2tp_wire::{Message, Version};
use testing::{add_state, assert_table};

use crate::bench::{Bench, SESSION, TUNNEL};

/// Makes a tunnel in some state.
type Make = fn(Version) -> Bench;

fn lac_incoming(version: Version) -> Bench {
    Bench::established(version).calls(true)
}

fn lns_outgoing(version: Version) -> Bench {
    Bench::established(version).calls(false)
}

fn asked_for(version: Version, is_incoming: bool) -> Bench {
    Bench::established(version).and(|bench| bench.call_request(is_incoming, SESSION))
}

fn states() -> Vec<(&'static str, Make)> {
    vec![
        ("receiver, idle", Bench::receiver),
        ("originator, idle", Bench::originator),
        ("originator, wait-ctl-reply", Bench::opened),
        ("receiver, wait-ctl-conn", Bench::asked),
        ("established, no session", Bench::established),
        ("stopping", |version| {
            let mut bench = lac_incoming(version);
            bench.tunnel.close(bench.now);
            bench
        }),
        ("lingering", |version| {
            let mut bench = lac_incoming(version);
            bench.receive(0, &stop(version));
            bench
        }),
        ("closed", |version| {
            let mut bench = Bench::receiver(version);
            bench.tunnel.close(bench.now);
            bench
        }),
        ("incoming call, LAC, wait-tunnel", |version| Bench::originator(version).calls(true)),
        ("incoming call, LAC, wait-reply", lac_incoming),
        ("incoming call, LAC, established", |version| lac_incoming(version).and(|bench| bench.call_reply(true))),
        ("incoming call, LNS, wait-answer", |version| asked_for(version, true)),
        ("incoming call, LNS, wait-connect", |version| asked_for(version, true).accepts()),
        ("incoming call, LNS, established", |version| {
            asked_for(version, true).accepts().and(|bench| bench.call_connected(true))
        }),
        ("incoming call, LNS, cleared", |version| {
            let mut bench = asked_for(version, true).accepts();
            let session = bench.session().unwrap();
            bench.tunnel.clear_call(bench.now, session, Disconnect::ADMINISTRATIVE).unwrap();
            bench.sent();
            bench
        }),
        ("outgoing call, LNS, wait-reply", lns_outgoing),
        ("outgoing call, LNS, wait-connect", |version| lns_outgoing(version).and(|bench| bench.call_reply(false))),
        ("outgoing call, LNS, established", |version| {
            lns_outgoing(version).and(|bench| bench.call_reply(false)).and(|bench| bench.call_connected(false))
        }),
        ("outgoing call, LAC, wait-answer", |version| asked_for(version, false)),
        ("outgoing call, LAC, wait-cs-answer", |version| asked_for(version, false).accepts()),
        ("outgoing call, LAC, established", |version| {
            let mut bench = asked_for(version, false).accepts();
            let session = bench.session().unwrap();
            bench.tunnel.connect_call(bench.now, session).unwrap();
            bench.clear();
            bench
        }),
    ]
}

fn stop(version: Version) -> Message<'static> {
    let result = ResultCode::new(ControlConnectionResult::SHUTTING_DOWN);
    match version {
        Version::V2 => v2::StopControlConnectionNotification { result, assigned_tunnel_id: Some(TUNNEL) }.into(),
        Version::V3 => {
            let assigned_control_connection_id = Some(TUNNEL.into());
            v3::StopControlConnectionNotification { result, assigned_control_connection_id }.into()
        }
    }
}

fn disconnect(bench: &Bench, ours: u32, peers: u16) -> Message<'static> {
    let result = ResultCode::new(SessionResult::ADMINISTRATIVE);
    match bench.version {
        Version::V2 => {
            v2::CallDisconnectNotify { result, assigned_session_id: Some(peers), ..v2::CallDisconnectNotify::new() }
                .into()
        }
        Version::V3 => v3::CallDisconnectNotify {
            result,
            remote_session_id: ours,
            local_session_id: Some(peers.into()),
            ..v3::CallDisconnectNotify::new()
        }
        .into(),
    }
}

fn report(bench: &Bench, is_wan_error: bool) -> Message<'static> {
    let errors = CallErrors { crc_errors: 3, ..CallErrors::default() };
    match (bench.version, is_wan_error) {
        (Version::V2, true) => v2::WanErrorNotify::new(errors).into(),
        (Version::V2, false) => v2::SetLinkInfo::new(LinkAccm { send: Accm::ALL, receive: Accm::NONE }).into(),
        (Version::V3, true) => v3::WanErrorNotify {
            remote_session_id: bench.named(),
            call_errors: Some(errors),
            ..v3::WanErrorNotify::new(SESSION.into())
        }
        .into(),
        (Version::V3, false) => v3::SetLinkInfo {
            remote_session_id: bench.named(),
            circuit_status: Some(l2tp_wire::code::CircuitStatus::NONE),
            ..v3::SetLinkInfo::new(SESSION.into())
        }
        .into(),
    }
}

/// Lets the script say something.
type Say = fn(&mut Bench) -> Option<PacketError>;

fn messages() -> Vec<(&'static str, Say)> {
    vec![
        ("SCCRQ", |bench| bench.receive(0, &bench.start_request(TUNNEL))),
        ("SCCRQ of another tunnel", |bench| bench.receive(0, &bench.start_request(77))),
        ("SCCRP", |bench| bench.receive(0, &bench.start_reply())),
        ("SCCCN", |bench| bench.receive(0, &bench.connected())),
        ("StopCCN", |bench| bench.receive(0, &stop(bench.version))),
        ("HELLO", |bench| match bench.version {
            Version::V2 => bench.receive(0, &v2::Hello::new().into()),
            Version::V3 => bench.receive(0, &v3::Hello::new().into()),
        }),
        ("acknowledgment", Bench::acknowledge),
        ("ICRQ", |bench| bench.receive(0, &bench.call_request(true, 55))),
        ("ICRQ, id of the session", |bench| bench.receive(0, &bench.call_request(true, SESSION))),
        ("ICRP", |bench| bench.receive_session(&bench.call_reply(true))),
        ("ICCN", |bench| bench.receive_session(&bench.call_connected(true))),
        ("OCRQ", |bench| bench.receive(0, &bench.call_request(false, 55))),
        ("OCRP", |bench| bench.receive_session(&bench.call_reply(false))),
        ("OCCN", |bench| bench.receive_session(&bench.call_connected(false))),
        ("CDN", |bench| bench.receive_session(&disconnect(bench, bench.named(), SESSION))),
        ("CDN to session 0, by the peer's id", |bench| bench.receive(0, &disconnect(bench, 0, SESSION))),
        ("CDN of an unknown session", |bench| bench.receive(4660, &disconnect(bench, 4660, 99))),
        ("WEN", |bench| bench.receive_session(&report(bench, true))),
        ("SLI", |bench| bench.receive_session(&report(bench, false))),
        ("unknown message", |bench| bench.receive_unknown(99, [false, false])),
        ("unknown message that must be understood", |bench| bench.receive_unknown(99, [true, false])),
        ("HELLO with an unknown AVP", |bench| bench.receive_unknown(6, [true, false])),
        ("HELLO with an unknown AVP that must be understood", |bench| bench.receive_unknown(6, [true, true])),
        ("ICRQ to the session, without an id", |bench| {
            let session_type = MessageType::INCOMING_CALL_REQUEST.get();
            bench.receive_unknown(session_type, [true, false])
        }),
    ]
}

/// Returns the states of the tunnel and of its sessions.
fn snapshot(bench: &Bench) -> (String, Vec<String>) {
    let sessions = bench.tunnel.sessions().map(|session| format!("session {}", session.state())).collect();
    (bench.tunnel.state().to_string(), sessions)
}

/// Returns the answer: packets, events, and changes of state.
fn answer(version: Version, state: Make, say: Say) -> String {
    let mut bench = state(version);
    bench.clear();
    let before = snapshot(&bench);
    let refused = say(&mut bench);
    let mut lines = Vec::new();
    if let Some(error) = refused {
        lines.push(format!("is refused: {error}"));
    }
    lines.extend(bench.sent().into_iter().map(|message| format!("sends {message}")));
    for event in bench.events() {
        lines.push(match event {
            Event::Established => "reports Established".to_owned(),
            Event::CallRequested { .. } => "reports CallRequested".to_owned(),
            Event::CallConnected { .. } => "reports CallConnected".to_owned(),
            Event::LinkInfo { .. } => "reports LinkInfo".to_owned(),
            Event::WanErrors { .. } => "reports WanErrors".to_owned(),
            Event::CallClosed { reason, .. } => format!("reports CallClosed: {reason}"),
            Event::Stopped { reason } => format!("reports Stopped: {reason}"),
            event => format!("reports {event:?}"),
        });
    }
    let after = snapshot(&bench);
    if after != before {
        let sessions = after.1.iter().fold(String::new(), |sessions, session| sessions + ", " + session);
        lines.push(format!("becomes {}{sessions}", after.0));
    }
    if lines.is_empty() {
        lines.push("does nothing".to_owned());
    }
    lines.join("\n  ")
}

/// Returns the messages of each state, grouped by the answer.
fn matrix() -> String {
    let mut matrix = String::new();
    for version in [Version::V2, Version::V3] {
        for (name, state) in states() {
            let answers = messages().into_iter().map(|(message, say)| (message, answer(version, state, say)));
            add_state(&mut matrix, &format!("{version}, {name}"), answers);
        }
    }
    matrix
}

#[test]
fn every_message_in_every_state() {
    assert_table(matrix, include_str!("matrix.txt"), "L2TP_WIRE_MATRIX");
}

/// Three messages in a row in every state: nothing panics, and everything that begins also ends.
#[test]
fn every_three_messages_in_every_state() {
    let messages = messages();
    for version in [Version::V2, Version::V3] {
        for (name, state) in states() {
            for (number, (_, first)) in messages.iter().enumerate() {
                for (skipped, (_, second)) in messages.iter().enumerate() {
                    let (_, third) = messages.iter().cycle().nth(number * 5 + skipped * 3).unwrap();
                    let mut bench = state(version);
                    let mut events = bench.events();
                    for say in [first, second, third] {
                        say(&mut bench);
                        bench.sent();
                        events.extend(bench.events());
                    }
                    bench.tunnel.close(bench.now);
                    for _ in 0..100 {
                        bench.now = bench.tunnel.poll_timeout().unwrap_or(bench.now);
                        bench.sent();
                    }
                    events.extend(bench.events());
                    let count = |test: fn(&Event) -> bool| events.iter().filter(|event| test(event)).count();
                    assert_eq!(count(|event| matches!(event, Event::Stopped { .. })), 1, "{name}: {events:?}");
                    assert_eq!(events.last(), Some(&Event::Closed), "{name}: {events:?}");
                    assert_eq!(bench.tunnel.sessions().count(), 0);
                    let begun = count(|event| matches!(event, Event::CallRequested { .. }));
                    assert!(count(|event| matches!(event, Event::CallClosed { .. })) >= begun, "{name}: {events:?}");
                }
            }
        }
    }
}
