//! Every statement of one side about itself, its calls and its refusals arrives at the other side,
//! field by field.

use core::hint::black_box;

use pptp_wire::code::{Bearer, CauseCode, DisconnectResult, Framing, GeneralError, OutgoingCallResult};
use pptp_wire::connection::{
    Answer, CallCloseReason, CallId, Connection, Disconnect, Event, Identity, Refusal, WanErrors,
};
use pptp_wire::message::OutgoingCallRequest;
use pptp_wire::{Message, Text};

use crate::bench::{ENTROPY, secs};

/// Two connections that talk to each other.
struct Pair {
    client: Connection<3>,
    server: Connection<3>,
}

impl Pair {
    fn new(client: &Identity, server: &Identity) -> Self {
        let config =
            |identity: &Identity| pptp_wire::connection::Config::new(*identity).with_outgoing_call_requests(true);
        let mut pair = Self {
            client: Connection::originator(config(client), ENTROPY),
            server: Connection::receiver(config(server), ENTROPY),
        };
        pair.client.open(secs(0)).unwrap();
        pair.server.open(secs(0)).unwrap();
        pair.run();
        pair
    }

    /// Passes messages until there are none; the events of the client and of the server.
    fn run(&mut self) -> [Vec<Event>; 2] {
        let mut buf = [0; Message::MAX_LEN];
        loop {
            let mut idle = true;
            while let Some(bytes) = self.client.poll_transmit(secs(0), &mut buf).unwrap() {
                assert_eq!(self.server.handle_stream(secs(0), bytes), bytes.len());
                idle = false;
            }
            while let Some(bytes) = self.server.poll_transmit(secs(0), &mut buf).unwrap() {
                assert_eq!(self.client.handle_stream(secs(0), bytes), bytes.len());
                idle = false;
            }
            if idle {
                let events = |machine: &mut Connection<3>| core::iter::from_fn(|| machine.poll_event()).collect();
                return [events(&mut self.client), events(&mut self.server)];
            }
        }
    }

    /// Returns the server's id of a call that the client asks for.
    fn requested(&mut self) -> CallId {
        self.client.place_call(secs(0), OutgoingCallRequest::new(0, 0)).unwrap();
        let [_, events] = self.run();
        let [.., Event::CallRequested { call }] = events[..] else { panic!("{events:?}") };
        call
    }

    fn connected(&mut self) -> CallId {
        let call = self.requested();
        self.server.accept_call(secs(0), call, Answer::default()).unwrap();
        self.run();
        call
    }

    fn refused(&mut self, refusal: Refusal) -> CallCloseReason {
        let call = self.requested();
        self.server.refuse_call(secs(0), call, refusal).unwrap();
        self.closed()
    }

    fn closed(&mut self) -> CallCloseReason {
        let [events, _] = self.run();
        let [.., Event::CallClosed { reason, .. }] = events[..] else { panic!("{events:?}") };
        reason
    }
}

#[test]
fn sections_2_1_and_2_2_both_sides_learn_who_the_other_is() {
    // Values that the compiler does not know, so that the setters run.
    let own = Identity::new(Text::new("client.example").unwrap(), Text::new("ours").unwrap())
        .with_framing(black_box(Framing::SYNCHRONOUS))
        .with_bearer(black_box(Bearer::DIGITAL))
        .with_maximum_channels(black_box(77))
        .with_firmware_revision(black_box(0x0102));
    for other in [Identity::PPTPD, Identity::WINDOWS, Identity::ORCKIT, Identity::PPTP_LINUX] {
        let pair = Pair::new(&own, &other);
        let (client, server) = (pair.server.peer().unwrap(), pair.client.peer().unwrap());
        assert_eq!((client, server), (&own, &other));
        assert_eq!(client.host_name().as_bytes(), b"client.example");
        assert_eq!(client.vendor_name().as_bytes(), b"ours");
        assert_eq!((client.framing(), client.bearer()), (Framing::SYNCHRONOUS, Bearer::DIGITAL));
        assert_eq!((client.maximum_channels(), client.firmware_revision()), (77, 0x0102));
    }
}

#[test]
fn section_2_8_a_refusal_says_what_and_why() {
    let mut pair = Pair::new(&Identity::PPTP_LINUX, &Identity::PPTPD);
    let cause = black_box(CauseCode::USER_BUSY);
    for (refusal, result) in [
        (Refusal::DO_NOT_ACCEPT, OutgoingCallResult::DO_NOT_ACCEPT),
        (Refusal::NO_CARRIER, OutgoingCallResult::NO_CARRIER),
        (Refusal::BUSY, OutgoingCallResult::BUSY),
        (Refusal::NO_DIAL_TONE, OutgoingCallResult::NO_DIAL_TONE),
        (Refusal::TIME_OUT, OutgoingCallResult::TIME_OUT),
    ] {
        let expected = CallCloseReason::OutgoingRefused { result, error: GeneralError::NONE, cause };
        assert_eq!(pair.refused(refusal.with_cause(cause)), expected);
    }
    let error = black_box(GeneralError::NO_RESOURCE);
    let (result, cause) = (OutgoingCallResult::GENERAL_ERROR, CauseCode::new(0));
    assert_eq!(pair.refused(Refusal::general_error(error)), CallCloseReason::OutgoingRefused { result, error, cause });
}

#[test]
fn section_2_8_an_answer_says_what_the_line_is_like() {
    let mut pair = Pair::new(&Identity::PPTP_LINUX, &Identity::PPTPD);
    let call = pair.requested();
    let answer = Answer::default()
        .with_window(black_box(9))
        .with_delay(black_box(7))
        .with_connect_speed(black_box(64_000))
        .with_physical_channel_id(black_box(3))
        .with_framing(black_box(Framing::ASYNCHRONOUS));
    pair.server.accept_call(secs(0), call, answer).unwrap();
    let [events, _] = pair.run();
    let [.., Event::CallConnected { parameters, .. }] = events[..] else { panic!("{events:?}") };
    assert_eq!((parameters.peer_window, parameters.connect_speed), (9, 64_000));
    assert_eq!(parameters.peer_delay, core::time::Duration::from_millis(700));
}

#[test]
fn section_2_13_a_disconnect_says_what_and_why() {
    let mut pair = Pair::new(&Identity::PPTP_LINUX, &Identity::PPTPD);
    let cause = black_box(CauseCode::NORMAL_CALL_CLEARING);
    for (disconnect, result, error) in [
        (Disconnect::ADMIN_SHUTDOWN, DisconnectResult::ADMIN_SHUTDOWN, GeneralError::NONE),
        (Disconnect::LOST_CARRIER, DisconnectResult::LOST_CARRIER, GeneralError::NONE),
        (
            Disconnect::general_error(black_box(GeneralError::NOT_CONNECTED)),
            DisconnectResult::GENERAL_ERROR,
            GeneralError::NOT_CONNECTED,
        ),
    ] {
        let call = pair.connected();
        pair.server.clear_call(secs(0), call, disconnect.with_cause(cause)).unwrap();
        assert_eq!(pair.closed(), CallCloseReason::Disconnected { result, error, cause });
    }
}

#[test]
fn section_2_14_errors_of_the_line_arrive() {
    let mut pair = Pair::new(&Identity::PPTP_LINUX, &Identity::PPTPD);
    let call = pair.connected();
    let errors = WanErrors {
        crc_errors: 1,
        framing_errors: 2,
        hardware_overruns: 3,
        buffer_overruns: 4,
        timeout_errors: 5,
        alignment_errors: 6,
    };
    pair.server.notify_wan_errors(secs(0), call, errors).unwrap();
    let [events, _] = pair.run();
    let [Event::WanErrors { errors: found, .. }] = events[..] else { panic!("{events:?}") };
    assert_eq!(found, errors);
}
