//! Events are never lost: a run that is polled late gives what the same run, polled at once, gives.

use std::time::Duration;

use l2tp_wire::Version;
use l2tp_wire::avp::{CallErrors, CircuitErrors, LinkAccm};
use l2tp_wire::code::Accm;
use l2tp_wire::message::{v2, v3};
use l2tp_wire::session::{CallRequest, Disconnect, Session, SessionId, State, Terms};
use l2tp_wire::tunnel::Event;
use testing::{Random, assert_late_polls_lose_nothing};

use crate::bench::{Bench, SESSION};

#[derive(Debug, Clone, Copy)]
enum Step {
    Connected,
    /// ICRQ or OCRQ, under this id.
    Request(bool, u16),
    Reply,
    CallConnected,
    LinkInfo(u32),
    Errors(u32),
    Disconnect,
    Stop,
    Announce,
    Accept,
    Clear,
    Close,
    Wait(u64),
}

fn apply(bench: &mut Bench, step: &Step) {
    let now = bench.now;
    let first = |bench: &Bench, state: State| {
        bench.tunnel.sessions().filter(|session| session.state() == state).map(Session::id).min()
    };
    match *step {
        Step::Connected => _ = bench.receive(0, &bench.connected()),
        Step::Request(is_incoming, id) => _ = bench.receive(0, &bench.call_request(is_incoming, SESSION + id)),
        Step::Reply => _ = bench.receive_session(&bench.call_reply(true)),
        Step::CallConnected => _ = bench.receive_session(&bench.call_connected(true)),
        Step::LinkInfo(number) => {
            let accm = LinkAccm { send: Accm::new(number), receive: Accm::NONE };
            bench.receive_session(&v2::SetLinkInfo::new(accm).into());
        }
        Step::Errors(number) => {
            let errors = CallErrors { crc_errors: number, ..CallErrors::default() };
            bench.receive_session(&v2::WanErrorNotify::new(errors).into());
        }
        Step::Disconnect => _ = bench.receive_session(&v2::CallDisconnectNotify::new().into()),
        Step::Stop => _ = bench.receive(0, &v2::StopControlConnectionNotification::new().into()),
        Step::Announce => _ = bench.tunnel.announce_call(now, CallRequest::new(), Terms::new()),
        Step::Accept => {
            if let Some(session) = first(bench, State::WaitAnswer) {
                bench.tunnel.accept_call(now, session, Terms::new()).unwrap();
            }
        }
        Step::Clear => {
            if let Some(session) = bench.session() {
                bench.tunnel.clear_call(now, session, Disconnect::ADMINISTRATIVE).unwrap();
            }
        }
        Step::Close => bench.tunnel.close(now),
        Step::Wait(seconds) => bench.now += Duration::from_secs(seconds),
    }
    bench.sent();
}

/// Returns steps with at most three sessions in all: a place that waits for its end to be polled
/// keeps the peer's next request waiting.
fn steps(random: &mut Random) -> Vec<Step> {
    let mut sessions = 0;
    let mut steps = vec![Step::Connected];
    for number in 0..random.below(20) {
        let number = u32::try_from(number).unwrap();
        let step = match random.below(12) {
            0 | 1 if sessions < 3 => {
                sessions += 1;
                Step::Request(random.one_in(2), sessions)
            }
            2 if sessions < 3 => {
                sessions += 1;
                Step::Announce
            }
            3 => Step::Reply,
            4 => Step::CallConnected,
            5 => Step::LinkInfo(number),
            6 => Step::Errors(number),
            7 => Step::Disconnect,
            8 => Step::Clear,
            9 if random.one_in(4) => Step::Stop,
            10 if random.one_in(4) => Step::Close,
            11 => Step::Wait(random.below(40)),
            _ => Step::Accept,
        };
        steps.push(step);
    }
    steps
}

/// Returns the written rule: in order for each session and for the tunnel; of reports, the latest
/// of each kind.
fn coalesce(events: Vec<Event>) -> Vec<Event> {
    let place = |event: &Event| -> (u8, Option<SessionId>, u8) {
        match *event {
            Event::Established => (0, None, 0),
            Event::CallRequested { session } => (1, Some(session), 0),
            Event::CallConnected { session } => (1, Some(session), 1),
            Event::LinkInfo { session, .. } => (1, Some(session), 2),
            Event::WanErrors { session, .. } => (1, Some(session), 3),
            Event::CallClosed { session, .. } => (1, Some(session), 4),
            Event::Stopped { .. } => (2, None, 0),
            _ => (3, None, 0),
        }
    };
    let mut events = events;
    events.sort_by_key(place);
    // The later one of the same place is kept.
    events.reverse();
    events.dedup_by_key(|event| place(event));
    events.reverse();
    events
}

#[test]
fn late_polls_lose_nothing() {
    for seed in 0..2000 {
        let mut random = Random::new(seed);
        let steps = steps(&mut random);
        assert_late_polls_lose_nothing(
            seed,
            &steps,
            || Bench::asked(Version::V2),
            apply,
            |bench| bench.tunnel.poll_event(),
            coalesce,
        );
    }
}

/// RFC 3931 section 6.13 describes the counters twice, with and without those of a line with frames.
#[test]
fn rfc3931_section_6_13_errors_of_the_line_are_taken_in_either_form_and_reported() {
    let mut bench = Bench::established(Version::V3).calls(true);
    bench.receive_session(&bench.call_reply(true));
    bench.clear();
    let session = bench.session().unwrap();
    let errors = CallErrors { hardware_overruns: 1, buffer_overruns: 2, timeout_errors: 3, ..CallErrors::default() };
    let errors = CallErrors { alignment_errors: 4, ..errors };
    let notify = v3::WanErrorNotify { remote_session_id: bench.named(), ..v3::WanErrorNotify::new(SESSION.into()) };
    let circuit = CircuitErrors {
        hardware_overruns: errors.hardware_overruns,
        buffer_overruns: errors.buffer_overruns,
        timeout_errors: errors.timeout_errors,
        alignment_errors: errors.alignment_errors,
    };
    for message in [
        v3::WanErrorNotify { call_errors: Some(errors), ..notify },
        v3::WanErrorNotify { circuit_errors: Some(circuit), ..notify },
    ] {
        bench.receive(0, &message.into());
        assert!(matches!(bench.events()[..], [Event::WanErrors { session: of, errors: found }]
            if of == session && found == errors));
    }
    bench.sent();
    bench.tunnel.report_wan_errors(bench.now, session, errors).unwrap();
    assert_eq!(bench.sent(), ["WAN-Error-Notify (15)"]);
}
