//! Recorded sessions: the machine in the place of each side comes to the same end.
//!
//! `sessions.txt` has the control connections of this project's recordings of pptp-linux 1.10.0
//! with pptpd 1.4.0 and with accel-ppp: seconds, who, and the bytes that TCP carried, or its end.
//! `00*59` stands for 59 bytes of zero. No recording holds anything of a real network.

use core::time::Duration;

use pptp_wire::code::{DisconnectResult, StopReason};
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, CallIdStyle, CommandError, Config, Connection, Disconnect, Event, Fault, Identity,
    Quirks,
};
use pptp_wire::message::{EchoRequest, OutgoingCallRequest};
use pptp_wire::{Message, Reassembler};

const END: &str = "fin";
const RESET: &str = "reset";
const ECHO: &str = "Echo-Request";
const CLEAR: &str = "Call-Clear-Request";
const NOTIFY: &str = "Call-Disconnect-Notify";
const STOP: &str = "Stop-Control-Connection-Request";

struct Step<'t> {
    time: Duration,
    client: bool,
    what: &'t str,
}

/// Returns the name and the steps of each session.
fn sessions() -> Vec<(&'static str, Vec<Step<'static>>)> {
    let blocks = include_str!("sessions.txt").split("\n\n").filter(|block| !block.trim().is_empty());
    let sessions = blocks.map(|block| {
        let mut lines = block.trim().lines();
        let name = lines.next().unwrap().strip_prefix("session ").unwrap();
        let steps = lines.map(|line| {
            let [time, who, what] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            assert!(["client", "server"].contains(&who));
            Step { time: Duration::from_secs_f64(time.parse().unwrap()), client: who == "client", what }
        });
        (name, steps.collect())
    });
    sessions.collect()
}

fn bytes(text: &str) -> Vec<u8> {
    let words = text.split_whitespace().map(|word| match word.strip_prefix("00*") {
        Some(count) => vec![0; count.parse().unwrap()],
        None => hex::decode(word).unwrap(),
    });
    words.collect::<Vec<_>>().concat()
}

fn decode(bytes: &[u8]) -> Vec<Message> {
    let (mut stream, mut messages, mut input) = (Reassembler::new(), Vec::new(), bytes);
    while let Some(message) = stream.next_message(&mut input).unwrap() {
        messages.push(message);
    }
    assert!(stream.pending().is_empty());
    messages
}

/// The outcome of a replay.
#[derive(Default)]
struct Outcome {
    sent: Vec<Message>,
    events: Vec<Event>,
}

impl Outcome {
    fn sent_names(&self) -> Vec<&'static str> {
        self.sent.iter().map(Message::name).collect()
    }

    /// Returns why the call was over. There was one, it was up, and then it and the connection were
    /// over.
    #[track_caller]
    fn check_end(&self, name: &str) -> CallCloseReason {
        let [.., Event::CallConnected { call: up, .. }, Event::CallClosed { call, reason }, Event::Closed { .. }] =
            self.events[..]
        else {
            panic!("{name}: {:?}", self.events)
        };
        assert_eq!(up, call, "{name}");
        reason
    }
}

/// Plays one side of a session: the other side's bytes come when they came, and the user does what
/// the recorded side did, when it did it. At the end of the recording, TCP is over.
fn replay(steps: &[Step<'_>], as_client: bool, machine: &mut Connection<2>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut call = None;
    for step in steps {
        let now = step.time;
        while let Some(deadline) = machine.poll_timeout().filter(|deadline| *deadline <= now) {
            machine.handle_timeout(deadline);
            settle(machine, deadline, &mut call, &mut outcome);
        }
        match (step.what, step.client == as_client) {
            ("open", _) => machine.open(now).unwrap(),
            (END | RESET, false) => machine.handle_disconnect(now),
            // pptpd ends its connections so; ours says it in words. If it is the answer to the client, ours has
            // answered already; and a client that has cleared its call waits for that, where pptp-linux does not.
            (END | RESET, true) if !as_client && is_first_to_end(steps) => machine.close(now, StopReason::NONE),
            (END | RESET, true) => {}
            (hex, false) => {
                let bytes = bytes(hex);
                assert_eq!(machine.handle_stream(now, &bytes), bytes.len());
            }
            (hex, true) => decode(&bytes(hex)).iter().for_each(|message| act(machine, now, message, &mut call)),
        }
        settle(machine, now, &mut call, &mut outcome);
    }
    let end = steps.last().unwrap().time;
    machine.handle_disconnect(end);
    settle(machine, end, &mut call, &mut outcome);
    outcome
}

/// Gives the command that made the recorded side send this message. A message that the machine
/// sends by itself needs no command.
fn act(machine: &mut Connection<2>, now: Duration, message: &Message, call: &mut Option<CallId>) {
    let refused = match message {
        Message::OutgoingCallRequest(request) => {
            *call = Some(machine.place_call(now, *request).unwrap());
            Ok(())
        }
        Message::CallClearRequest(_) => machine.clear_call(now, call.unwrap(), Disconnect::ADMIN_SHUTDOWN),
        Message::CallDisconnectNotify(notify) => {
            machine.clear_call(now, call.unwrap(), Disconnect::new(notify.result_code))
        }
        Message::StopControlConnectionRequest(request) => {
            machine.close(now, request.reason);
            Ok(())
        }
        _ => Ok(()),
    };
    // The recorded side was late: the other one has ended the call before, or ours has answered by itself.
    assert!(matches!(refused, Ok(()) | Err(CommandError::NoSuchCall { .. })), "{refused:?}");
}

fn settle(machine: &mut Connection<2>, now: Duration, call: &mut Option<CallId>, outcome: &mut Outcome) {
    while let Some(event) = machine.poll_event() {
        if let Event::CallRequested { call: requested } = event {
            *call = Some(requested);
            machine.accept_call(now, requested, Answer::new().with_window(3)).unwrap();
        }
        if let Event::CallConnected { call, .. } = event {
            // There is GRE in all recordings.
            machine.handle_data_seen(now, call);
        }
        outcome.events.push(event);
    }
    let mut buf = [0; Message::MAX_LEN];
    while let Some(bytes) = machine.poll_transmit(now, &mut buf).unwrap() {
        outcome.sent.extend(decode(bytes));
    }
}

/// Returns all messages that one side of a session sent.
fn recorded(steps: &[Step<'_>], client: bool) -> Vec<Message> {
    let own = steps.iter().filter(|step| step.client == client && !["open", END, RESET].contains(&step.what));
    own.flat_map(|step| decode(&bytes(step.what))).collect()
}

fn names(messages: &[Message]) -> Vec<&'static str> {
    messages.iter().map(Message::name).collect()
}

/// Returns whether the server ends the TCP connection, or says that it will, before the client
/// clears the call.
fn is_first_to_end(steps: &[Step<'_>]) -> bool {
    let ends = |step: &Step<'_>| match step.what {
        END | RESET => true,
        "open" => false,
        hex => names(&decode(&bytes(hex))).iter().any(|name| [CLEAR, STOP].contains(name)),
    };
    steps.iter().find(|step| ends(step)).is_some_and(|step| !step.client)
}

#[test]
fn our_client_comes_to_the_same_end() {
    let (mut count, mut late) = (0, 0);
    for (name, steps) in sessions() {
        let mut expected = recorded(&steps, true);
        let id = expected.iter().find_map(|message| match message {
            Message::OutgoingCallRequest(request) => Some(request.call_id),
            _ => None,
        });
        let style = CallIdStyle::Sequential { first: id.unwrap() };
        let config = Config::new(Identity::PPTP_LINUX).with_quirks(Quirks::new().with_call_id_style(style));
        let mut machine = Connection::originator(config, [1; 32]);
        let outcome = replay(&steps, true, &mut machine);

        let notified = names(&recorded(&steps, false)).contains(&NOTIFY);
        let server_first = is_first_to_end(&steps);
        if server_first {
            // pptp-linux clears its call after the connection is over, and gets RST at best. Ours says nothing then.
            assert_eq!(expected.pop().unwrap().name(), CLEAR, "{name}");
            late += 1;
        }
        assert_eq!(outcome.sent_names(), names(&expected), "{name}");
        for (ours, theirs) in outcome.sent.iter().zip(&expected) {
            assert_eq!(without_entropy(ours), without_entropy(theirs), "{name}");
        }
        let reason = outcome.check_end(name);
        match (server_first, notified) {
            (false, _) => assert_eq!(reason, CallCloseReason::Local, "{name}"),
            // accel-ppp, with our id instead of its own.
            (true, true) => {
                let result = DisconnectResult::ADMIN_SHUTDOWN;
                assert!(matches!(reason, CallCloseReason::Disconnected { result: found, .. } if found == result));
            }
            (true, false) => assert_eq!(reason, CallCloseReason::ConnectionClosed { fault: Fault::Network }, "{name}"),
        }
        count += 1;
    }
    assert_eq!((count, late), (30, 9));
}

/// Returns the message without the numbers that are made of entropy.
fn without_entropy(message: &Message) -> Message {
    match *message {
        Message::OutgoingCallRequest(request) => OutgoingCallRequest { call_serial_number: 0, ..request }.into(),
        Message::EchoRequest(_) => EchoRequest::new(0).into(),
        other => other,
    }
}

#[test]
fn our_server_comes_to_the_same_end() {
    let mut differences = (0, 0);
    for (name, steps) in sessions() {
        let accel = name.starts_with("x-accel");
        let identity = if accel { Identity::PPTP_LINUX.with_maximum_channels(1) } else { Identity::PPTPD };
        let config = Config::new(identity).with_outgoing_call_requests(true);
        let mut machine = Connection::receiver(config, [2; 32]);
        let outcome = replay(&steps, false, &mut machine);

        let theirs = recorded(&steps, false);
        let mut expected = names(&theirs);
        // The first echo is a race, where both sides ask after 60 seconds (k-idle-echo), and
        // accel-ppp was set to ask every 20 seconds. The client's later messages are sign of life
        // enough.
        expected.retain(|name| *name != ECHO);
        let mut sent = outcome.sent_names();
        sent.retain(|name| *name != ECHO);
        let in_words = expected.contains(&STOP) || expected.contains(&NOTIFY);
        let reason = if is_first_to_end(&steps) {
            if !in_words {
                // pptpd ends TCP without a word, ours says that it will.
                expected.push(STOP);
                differences.0 += 1;
            }
            if expected.contains(&NOTIFY) {
                CallCloseReason::Local
            } else {
                CallCloseReason::ConnectionClosed { fault: Fault::Nobody }
            }
        } else {
            if !in_words {
                // pptpd does not answer Call-Clear-Request, but ends TCP. Ours does what the RFC says.
                expected.push(NOTIFY);
                differences.1 += 1;
            }
            CallCloseReason::PeerCleared
        };
        assert_eq!(sent, expected, "{name}");
        // The identity is the same, byte by byte.
        assert_eq!(outcome.sent[0], theirs[0], "{name}");
        assert_eq!(outcome.check_end(name), reason, "{name}");
    }
    assert_eq!(differences, (6, 20));
}
