//! Every message in every state: one defined answer, always the same.
//!
//! `matrix.txt` has the answers; ours is id 1, the peer's 9.
//! `PPTP_WIRE_MATRIX=1 cargo test … -- --nocapture` prints it again.

use pptp_wire::Message;
use pptp_wire::code::{
    Accm, Bearer, ControlMessageType, DisconnectResult, EchoResult, Framing, GeneralError, IncomingCallResult,
    MessageType, OutgoingCallResult, ProtocolVersion, StartResult, StopReason, StopResult,
};
use pptp_wire::connection::{Answer, CallIdStyle, Config, Connection, Disconnect, EchoPolicy, Event, Quirks, State};
use pptp_wire::message::{
    CallClearRequest, CallDisconnectNotify, EchoReply, EchoRequest, IncomingCallConnected, IncomingCallReply,
    IncomingCallRequest, OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, StartControlConnectionReply,
    StartControlConnectionRequest, StopControlConnectionReply, StopControlConnectionRequest, UnknownMessage,
    WanErrorNotify,
};
use testing::{add_state, assert_table};

use crate::bench::{self, Bench, ENTROPY, PEERS, incoming_request, outgoing_request, start_reply, start_request};

/// Our first id.
const OURS: u16 = 1;

fn config() -> Config {
    let quirks = Quirks::new().with_call_id_style(CallIdStyle::Sequential { first: OURS });
    bench::config().with_quirks(quirks).with_echo(EchoPolicy::Off)
}

fn established() -> Bench {
    Bench::established_with(config())
}

/// Returns an outgoing call of ours, connected or not, and cleared or not.
fn placed(connected: bool, cleared: bool) -> Bench {
    let mut bench = established();
    let call = if connected { bench.connected() } else { bench.placed() };
    if cleared {
        bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
    }
    bench
}

/// Returns a call that the peer asks for, accepted or not, connected or not.
fn requested(request: Message, accepted: bool, connected: bool) -> Bench {
    let mut bench = established();
    let call = bench.requested(request);
    if accepted {
        bench.machine.accept_call(bench.now, call, Answer::default()).unwrap();
    }
    if connected {
        bench.receive(IncomingCallConnected::new(OURS, 1, Framing::ANY));
    }
    bench
}

fn announced(connected: bool) -> Bench {
    let mut bench = established();
    bench.machine.announce_call(bench.now, incoming_request(), Answer::default()).unwrap();
    if connected {
        bench.receive(IncomingCallReply::new(PEERS, OURS));
    }
    bench
}

/// Makes a machine in some state.
type Make = fn() -> Bench;

fn states() -> Vec<(&'static str, Make)> {
    vec![
        ("originator, no TCP connection", || Bench::new(Connection::originator(config(), ENTROPY))),
        ("originator, wait_ctl_reply", || Bench::originator(config())),
        ("receiver, idle", || Bench::receiver(config())),
        ("receiver, idle, the user is asked", || {
            let mut bench = Bench::receiver(config().with_manual_start(true));
            bench.receive(start_request());
            bench
        }),
        ("receiver, silent after a collision", || {
            let mut bench = Bench::receiver(config());
            bench.machine.handle_collision(bench.now, "10.0.0.2".parse().unwrap(), "10.0.0.1".parse().unwrap());
            bench
        }),
        ("established, no call", established),
        ("receiver, established, no call", || {
            let mut bench = Bench::receiver(config());
            bench.receive(start_request());
            bench
        }),
        ("wait_stop_reply", || {
            let mut bench = placed(true, false);
            bench.machine.close(bench.now, StopReason::NONE);
            bench
        }),
        ("closed", || {
            let mut bench = placed(true, false);
            bench.machine.handle_disconnect(bench.now);
            bench
        }),
        ("outgoing call, PNS, wait_reply", || placed(false, false)),
        ("outgoing call, PNS, established", || placed(true, false)),
        ("outgoing call, PNS, wait_disconnect after wait_reply", || placed(false, true)),
        ("outgoing call, PNS, wait_disconnect after established", || placed(true, true)),
        ("outgoing call, PAC, wait_cs_ans", || requested(outgoing_request().into(), false, false)),
        ("outgoing call, PAC, established", || requested(outgoing_request().into(), true, false)),
        ("incoming call, PAC, wait_reply", || announced(false)),
        ("incoming call, PAC, established", || announced(true)),
        ("incoming call, PNS, idle", || requested(incoming_request().into(), false, false)),
        ("incoming call, PNS, wait_connect", || requested(incoming_request().into(), true, false)),
        ("incoming call, PNS, established", || requested(incoming_request().into(), true, true)),
        ("incoming call, PNS, wait_disconnect", || {
            let mut bench = requested(incoming_request().into(), true, true);
            let call = bench.machine.calls().next().unwrap().id();
            bench.machine.clear_call(bench.now, call, Disconnect::ADMIN_SHUTDOWN).unwrap();
            bench
        }),
    ]
}

fn messages() -> Vec<(&'static str, Message)> {
    let (none, new) = (GeneralError::NONE, PEERS + 1);
    vec![
        ("Start-Request", start_request().into()),
        (
            "Start-Request of an older version",
            StartControlConnectionRequest { protocol_version: ProtocolVersion::new(1), ..start_request() }.into(),
        ),
        ("Start-Reply", start_reply().into()),
        (
            "Start-Reply of an older version",
            StartControlConnectionReply { protocol_version: ProtocolVersion::new(1), ..start_reply() }.into(),
        ),
        (
            "Start-Reply that refuses",
            StartControlConnectionReply { result_code: StartResult::NOT_AUTHORIZED, ..start_reply() }.into(),
        ),
        ("Stop-Request", StopControlConnectionRequest::new(StopReason::NONE).into()),
        ("Stop-Reply", StopControlConnectionReply::new(StopResult::OK).into()),
        ("Echo-Request", EchoRequest::new(7).into()),
        ("Echo-Reply", EchoReply::new(7, EchoResult::OK).into()),
        ("Outgoing-Call-Request", OutgoingCallRequest::new(new, 0).into()),
        ("Outgoing-Call-Request, known id", outgoing_request().into()),
        ("Outgoing-Call-Reply", OutgoingCallReply::new(PEERS, OURS, 5).into()),
        ("Outgoing-Call-Reply, busy", OutgoingCallReply::refused(OURS, OutgoingCallResult::BUSY, none).into()),
        ("Incoming-Call-Request", IncomingCallRequest::new(new, 0, Bearer::ANALOG).into()),
        ("Incoming-Call-Request, known id", incoming_request().into()),
        ("Incoming-Call-Reply", IncomingCallReply::new(PEERS, OURS).into()),
        (
            "Incoming-Call-Reply, not accepted",
            IncomingCallReply::refused(OURS, IncomingCallResult::DO_NOT_ACCEPT, none).into(),
        ),
        ("Incoming-Call-Connected", IncomingCallConnected::new(OURS, 5, Framing::ANY).into()),
        ("Call-Clear-Request", CallClearRequest::new(PEERS).into()),
        ("Disconnect-Notify, PAC's id", CallDisconnectNotify::new(PEERS, DisconnectResult::ADMIN_SHUTDOWN).into()),
        ("Disconnect-Notify, our id", CallDisconnectNotify::new(OURS, DisconnectResult::ADMIN_SHUTDOWN).into()),
        ("Disconnect-Notify, other id", CallDisconnectNotify::new(77, DisconnectResult::REQUEST).into()),
        ("WAN-Error-Notify", WanErrorNotify::new(OURS).into()),
        ("Set-Link-Info", SetLinkInfo::new(OURS, Accm::ALL, Accm::ALL).into()),
        ("unknown", UnknownMessage::control(ControlMessageType::new(16), &[0, 0]).unwrap().into()),
        ("management", UnknownMessage::other(MessageType::MANAGEMENT, &[]).unwrap().into()),
    ]
}

/// Returns the states of the connection and of its calls.
fn snapshot(bench: &Bench) -> (State, Vec<String>) {
    let calls = bench.machine.calls().map(|call| format!("{} {}", call.id(), call.state())).collect();
    (bench.machine.state(), calls)
}

/// Returns what is sent and reported, and what changes.
fn answer(state: Make, message: &Message) -> String {
    let mut bench = state();
    bench.clear();
    let before = snapshot(&bench);
    let mut buf = [0; Message::MAX_LEN];
    let bytes = message.encode(&mut buf).unwrap();
    let taken = bench.machine.handle_stream(bench.now, bytes);
    let (sent, events, after) = (bench.sent(), bench.events(), snapshot(&bench));
    let mut lines = Vec::new();
    if taken != bytes.len() {
        lines.push(format!("takes {taken} bytes"));
    }
    for message in &sent {
        let text = message.to_string();
        // The texts and capabilities are always the same.
        lines.push(format!("sends {}", text.split(", framing capabilities").next().unwrap()));
    }
    for event in &events {
        lines.push(match event {
            Event::Unexpected { .. } => "tells Unexpected".to_owned(),
            Event::CallClosed { call, reason } => format!("tells CallClosed {call}: {reason}"),
            Event::Closed { reason } => format!("tells Closed: {reason}"),
            Event::CallConnected { call, peer_call_id, .. } => {
                format!("tells CallConnected {call} with {peer_call_id}")
            }
            Event::WanErrors { call, .. } => format!("tells WanErrors {call}"),
            event => format!("tells {event:?}"),
        });
    }
    if after != before {
        let calls = after.1.iter().fold(String::new(), |calls, call| calls + ", call " + call);
        lines.push(format!("becomes {}{calls}", after.0));
    }
    if lines.is_empty() {
        lines.push("does nothing".to_owned());
    }
    lines.join("\n  ")
}

/// Returns the messages of each state, grouped by the answer.
fn matrix() -> String {
    let mut matrix = String::new();
    for (name, state) in states() {
        add_state(&mut matrix, name, messages().iter().map(|(name, message)| (*name, answer(state, message))));
    }
    matrix
}

#[test]
fn every_message_in_every_state() {
    assert_table(matrix, include_str!("matrix.txt"), "PPTP_WIRE_MATRIX");
}

/// Two messages in a row, and three: nothing panics, and everything that begins also ends.
#[test]
fn every_three_messages_in_every_state() {
    let messages = messages();
    let mut buf = [0; Message::MAX_LEN];
    let bytes: Vec<Vec<u8>> = messages.iter().map(|(_, message)| message.encode(&mut buf).unwrap().to_vec()).collect();
    for (name, state) in states() {
        for (number, first) in bytes.iter().enumerate() {
            for (skipped, second) in bytes.iter().enumerate() {
                let third = bytes.iter().cycle().nth(number * 5 + skipped * 3).unwrap();
                let mut bench = state();
                let mut events = bench.events();
                let now = bench.now;
                for message in [first, second, third] {
                    let _ = bench.machine.handle_stream(now, message);
                    bench.sent();
                    events.extend(bench.events());
                }
                bench.machine.handle_disconnect(now);
                bench.machine.close(now, StopReason::NONE);
                events.extend(bench.events());
                let count = |test: fn(&Event) -> bool| events.iter().filter(|event| test(event)).count();
                let closed = count(|event| matches!(event, Event::Closed { .. }));
                assert_eq!(closed, 1, "{name}: {events:?}");
                let requested = count(|event| matches!(event, Event::CallRequested { .. }));
                let ended = count(|event| matches!(event, Event::CallClosed { .. }));
                assert!(ended >= requested && ended <= requested + 1, "{name}: {events:?}");
            }
        }
    }
}
