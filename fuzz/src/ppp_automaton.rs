//! LCP as a machine beside the table of RFC 1661 section 4.1: the same states, packets and timers for any operations.

use core::time::Duration;

use ppp_fsm::automaton::{Action, Event, State};
use ppp_fsm::negotiate::{Config, Negotiation};
use ppp_fsm::{Code, Packet, lcp};

/// As many operations as come to no end of a loop of their own: Max-Failure is 80, and 240 refusals are the end.
const MAX_OPERATIONS: usize = 200;

/// The data that the table needs besides its states.
struct Model {
    state: State,
    restart_count: u8,
    /// The request that waits for an answer.
    open: Option<Vec<u8>>,
}

/// Returns what is left of an action that can be seen from outside.
fn code(action: Action) -> Option<Code> {
    match action {
        Action::SendConfigureRequest => Some(Code::CONFIGURE_REQUEST),
        Action::SendConfigureAck => Some(Code::CONFIGURE_ACK),
        Action::SendConfigureNak => Some(Code::CONFIGURE_REJECT),
        Action::SendTerminateRequest => Some(Code::TERMINATE_REQUEST),
        Action::SendTerminateAck => Some(Code::TERMINATE_ACK),
        Action::SendCodeReject => Some(Code::CODE_REJECT),
        Action::InitializeRestartCount
        | Action::ZeroRestartCount
        | Action::ThisLayerUp
        | Action::ThisLayerDown
        | Action::ThisLayerStarted
        | Action::ThisLayerFinished
        | Action::SendEchoReply => None,
    }
}

impl Model {
    const MAX_CONFIGURE: u8 = 10;
    const MAX_TERMINATE: u8 = 2;

    /// Returns the codes that are sent.
    fn apply(&mut self, event: Event) -> Vec<Code> {
        let Some(transition) = self.state.on(event) else { return Vec::new() };
        self.state = transition.state;
        let is_closing = matches!(self.state, State::Closing | State::Stopping);
        for action in transition.actions.iter() {
            match action {
                Action::InitializeRestartCount => {
                    self.restart_count = if is_closing { Self::MAX_TERMINATE } else { Self::MAX_CONFIGURE };
                }
                Action::ZeroRestartCount => self.restart_count = 0,
                Action::SendConfigureRequest | Action::SendTerminateRequest => {
                    self.restart_count = self.restart_count.saturating_sub(1);
                }
                Action::ThisLayerUp
                | Action::ThisLayerDown
                | Action::ThisLayerStarted
                | Action::ThisLayerFinished
                | Action::SendConfigureAck
                | Action::SendConfigureNak
                | Action::SendTerminateAck
                | Action::SendCodeReject
                | Action::SendEchoReply => {}
            }
        }
        transition.actions.iter().filter_map(code).collect()
    }
}

/// Runs a list of operations on both.
///
/// # Panics
///
/// When they differ.
pub fn run(data: &[u8]) {
    let mut now = Duration::ZERO;
    let config = Config::default()
        .with_max_configure(Model::MAX_CONFIGURE)
        .with_max_terminate(Model::MAX_TERMINATE)
        .with_max_failure(80);
    let mut machine = Negotiation::new(lcp::Negotiator::new(&lcp::Config::default(), [7; 32]), &config);
    let mut model = Model { state: State::Initial, restart_count: 0, open: None };
    for (number, operation) in data.iter().take(MAX_OPERATIONS).enumerate() {
        let identifier = u8::try_from(number).unwrap_or(u8::MAX);
        let expected = step(*operation, identifier, &mut now, &mut machine, &mut model);
        let mut sent = Vec::new();
        let mut buf = [0; 600];
        while let Some(bytes) = machine.poll_transmit(now, &mut buf).unwrap() {
            let packet = Packet::decode(bytes).unwrap();
            if packet.code == Code::CONFIGURE_REQUEST {
                model.open = Some(bytes.to_vec());
            }
            sent.push(packet.code);
        }
        sent.sort_unstable();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(sent, expected, "operation {number}, {operation}");
        assert_eq!(machine.state(), model.state, "operation {number}, {operation}");
        assert_eq!(machine.poll_timeout().is_some(), model.state.has_timer(), "operation {number}, {operation}");
        while machine.poll_event().is_some() {}
    }
}

fn step(
    operation: u8,
    identifier: u8,
    now: &mut Duration,
    machine: &mut Negotiation<lcp::Negotiator>,
    model: &mut Model,
) -> Vec<Code> {
    let mut take = |code: Code, identifier: u8, data: &[u8]| {
        machine.handle_packet(*now, &Packet { code, identifier, data, padding: &[] }).is_ok()
    };
    let open = model.open.clone();
    let (event, is_taken) = match operation & 15 {
        0 => (Event::Up, true),
        1 => (Event::Down, true),
        2 => (Event::Open, true),
        3 => (Event::Close, true),
        4 | 5 => {
            let Some(at) = machine.poll_timeout() else { return Vec::new() };
            *now = at;
            (if model.restart_count > 0 { Event::Timeout } else { Event::TimeoutLast }, true)
        }
        6 => {
            let option = [5, 6, 1, 2, 3, identifier];
            (Event::ReceiveConfigureRequestGood, take(Code::CONFIGURE_REQUEST, identifier, &option))
        }
        7 => (Event::ReceiveConfigureRequestBad, take(Code::CONFIGURE_REQUEST, identifier, &[13, 3, 6])),
        operation @ (8..=10) => {
            let packet =
                open.as_deref().map_or(Packet { code: Code(1), identifier: 0, data: &[], padding: &[] }, |open| {
                    Packet::decode(open).unwrap()
                });
            let is_wrong = operation == 10;
            let identifier = if is_wrong { packet.identifier.wrapping_add(1) } else { packet.identifier };
            let (event, is_taken) = if operation == 9 {
                (Event::ReceiveConfigureNak, take(Code::CONFIGURE_NAK, identifier, &[1, 4, 5, 120]))
            } else {
                (Event::ReceiveConfigureAck, take(Code::CONFIGURE_ACK, identifier, packet.data))
            };
            let is_negotiating =
                matches!(model.state, State::RequestSent | State::AckReceived | State::AckSent | State::Opened);
            // An answer to nothing that is open is dropped, where the table would begin again.
            if is_negotiating && (open.is_none() || is_wrong) {
                assert!(!is_taken, "an answer to nothing");
                return Vec::new();
            }
            if is_negotiating && is_taken {
                model.open = None;
            }
            (event, is_taken)
        }
        11 => (Event::ReceiveTerminateRequest, take(Code::TERMINATE_REQUEST, identifier, &[])),
        12 => (Event::ReceiveTerminateAck, take(Code::TERMINATE_ACK, identifier, &[])),
        13 => (Event::ReceiveUnknownCode, take(Code(operation | 0x60), identifier, &[])),
        14 => (Event::ReceiveRejectHarmless, take(Code::CODE_REJECT, identifier, &[14, 1, 0, 4])),
        _ => (Event::ReceiveRejectFatal, take(Code::CODE_REJECT, identifier, &[1, 1, 0, 4])),
    };
    match event {
        Event::Up => machine.up(*now),
        Event::Down => machine.down(*now),
        Event::Open => machine.open(*now),
        Event::Close => machine.close(*now),
        Event::Timeout | Event::TimeoutLast => machine.handle_timeout(*now),
        _ => assert_eq!(is_taken, model.state.on(event).is_some(), "{event:?} in {}", model.state),
    }
    if event == Event::Down {
        model.open = None;
    }
    model.apply(event)
}
