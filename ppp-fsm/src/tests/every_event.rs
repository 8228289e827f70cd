//! RFC 1661 section 4.1 for each negotiator: every event in every state, by calls, packets and time, against the table.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::time::Duration;

use crate::automaton::{Action, Event, State};
use crate::ccp::{Encryption, MicrosoftCompression};
use crate::link::{self, Link};
use crate::negotiate::{self, Config, ControlProtocol, Negotiation, Refused};
use crate::{Code, Packet, ccp, ipcp, ipv6cp, lcp};

const NOW: Duration = Duration::ZERO;

/// A protocol: options that are acknowledged, options that are not, and an option that its own request is nak'ed with.
struct Bench<P: ControlProtocol> {
    make: fn() -> P,
    good: &'static [u8],
    bad: &'static [u8],
    nak: &'static [u8],
}

/// A machine, with what it sent last.
struct Driven<'b, P: ControlProtocol> {
    bench: &'b Bench<P>,
    machine: Negotiation<P>,
    now: Duration,
    request: Option<Vec<u8>>,
    identifier: u8,
}

impl<'b, P: ControlProtocol> Driven<'b, P> {
    /// Creates a bench where a request is sent `count` times, so that the timer may expire as
    /// often.
    fn new(bench: &'b Bench<P>, count: u8) -> Self {
        let config = Config::default().with_max_configure(count).with_max_terminate(count);
        let machine = Negotiation::new((bench.make)(), &config);
        Self { bench, machine, now: NOW, request: None, identifier: 0x80 }
    }

    fn packet(&mut self, code: Code, identifier: u8, data: &[u8]) -> Result<(), Refused> {
        self.machine.handle_packet(self.now, &Packet { code, identifier, data, padding: &[] })
    }

    /// Returns an answer to the last request.
    fn answer(&mut self, code: Code, data: Option<&[u8]>) -> Result<(), Refused> {
        let request = self.request.clone().unwrap_or_else(|| Vec::from([1, 0x70, 0, 4]));
        let request = Packet::decode(&request).unwrap();
        self.packet(code, request.identifier, data.unwrap_or(request.data))
    }

    fn apply(&mut self, event: Event) -> Result<(), Refused> {
        self.identifier = self.identifier.wrapping_add(1);
        let identifier = self.identifier;
        let now = self.now;
        match event {
            Event::Up => self.machine.up(now),
            Event::Down => self.machine.down(now),
            Event::Open => self.machine.open(now),
            Event::Close => self.machine.close(now),
            Event::Timeout | Event::TimeoutLast => {
                self.now = self.machine.poll_timeout().unwrap_or(now + Duration::from_secs(60));
                self.machine.handle_timeout(self.now);
            }
            Event::ReceiveConfigureRequestGood => {
                return self.packet(Code::CONFIGURE_REQUEST, identifier, self.bench.good);
            }
            Event::ReceiveConfigureRequestBad => {
                return self.packet(Code::CONFIGURE_REQUEST, identifier, self.bench.bad);
            }
            Event::ReceiveConfigureAck => return self.answer(Code::CONFIGURE_ACK, None),
            Event::ReceiveConfigureNak => return self.answer(Code::CONFIGURE_NAK, Some(self.bench.nak)),
            Event::ReceiveTerminateRequest => return self.packet(Code::TERMINATE_REQUEST, identifier, b"bye"),
            Event::ReceiveTerminateAck => return self.packet(Code::TERMINATE_ACK, identifier, b""),
            // Echoes of LCP are the link's, and no code of a negotiation.
            Event::ReceiveUnknownCode | Event::ReceiveEcho => return self.packet(Code(0x63), identifier, b"?"),
            Event::ReceiveRejectHarmless => return self.packet(Code::CODE_REJECT, identifier, &[14, 1, 0, 4]),
            Event::ReceiveRejectFatal => return self.packet(Code::CODE_REJECT, identifier, &[1, 1, 0, 4]),
        }
        Ok(())
    }

    /// Returns the codes of all that is sent now.
    fn sent(&mut self) -> Vec<Code> {
        let mut codes = Vec::new();
        let mut buf = [0; 600];
        while let Some(bytes) = self.machine.poll_transmit(self.now, &mut buf).unwrap() {
            let code = Packet::decode(bytes).unwrap().code;
            if code == Code::CONFIGURE_REQUEST {
                self.request = Some(bytes.to_vec());
            }
            codes.push(code);
        }
        codes.sort_unstable();
        codes
    }

    fn signals(&mut self) -> Vec<Signal> {
        let events = core::iter::from_fn(|| self.machine.poll_event());
        events
            .map(|event| match event {
                negotiate::Event::Up => Signal::Up,
                negotiate::Event::Down => Signal::Down,
                negotiate::Event::Started => Signal::Started,
                negotiate::Event::Finished(_) => Signal::Finished,
            })
            .collect()
    }

    fn reach(&mut self, state: State, with_time: bool) {
        use Event::{
            Close, Open, ReceiveConfigureAck, ReceiveConfigureRequestGood, ReceiveRejectFatal, ReceiveTerminateRequest,
            Up,
        };

        let opened = [Open, Up, ReceiveConfigureRequestGood, ReceiveConfigureAck];
        let stopping = if with_time { ReceiveRejectFatal } else { ReceiveTerminateRequest };
        let path: &[Event] = match state {
            State::Initial => &[],
            State::Starting => &[Open],
            State::Closed => &[Up],
            State::Stopped => &[Open, Up, ReceiveRejectFatal],
            State::Closing => &[Open, Up, Close],
            State::Stopping => &[opened[0], opened[1], opened[2], opened[3], stopping],
            State::RequestSent => &[Open, Up],
            State::AckReceived => &[Open, Up, ReceiveConfigureAck],
            State::AckSent => &[Open, Up, ReceiveConfigureRequestGood],
            State::Opened => &opened,
        };
        for event in path {
            self.apply(*event).unwrap();
            self.sent();
            self.signals();
        }
        assert_eq!(self.machine.state(), state);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    Up,
    Down,
    Started,
    Finished,
}

/// Returns what an action shows as: the code that is sent, or the signal.
fn shows(action: Action, event: Event) -> (Option<Code>, Option<Signal>) {
    match action {
        Action::SendConfigureRequest => (Some(Code::CONFIGURE_REQUEST), None),
        Action::SendConfigureAck => (Some(Code::CONFIGURE_ACK), None),
        // Which of them is up to the option; each bench has one that is rejected, or one that is nak'ed.
        Action::SendConfigureNak => (Some(Code::CONFIGURE_NAK), None),
        Action::SendTerminateRequest => (Some(Code::TERMINATE_REQUEST), None),
        Action::SendTerminateAck => (Some(Code::TERMINATE_ACK), None),
        Action::SendCodeReject => (Some(Code::CODE_REJECT), None),
        Action::SendEchoReply => panic!("no negotiation sends one at {event:?}"),
        Action::ThisLayerUp => (None, Some(Signal::Up)),
        Action::ThisLayerDown => (None, Some(Signal::Down)),
        Action::ThisLayerStarted => (None, Some(Signal::Started)),
        Action::ThisLayerFinished => (None, Some(Signal::Finished)),
        Action::InitializeRestartCount | Action::ZeroRestartCount => (None, None),
    }
}

/// Returns whether an event is dropped against the table, as `Negotiation` documents.
fn is_dropped(state: State, event: Event) -> bool {
    let is_answer = matches!(event, Event::ReceiveConfigureAck | Event::ReceiveConfigureNak);
    // A stray copy of what was answered already.
    is_answer && matches!(state, State::AckReceived | State::Opened)
}

fn check<P: ControlProtocol>(bench: &Bench<P>) -> usize {
    let mut cells = 0;
    for state in State::ALL {
        for event in Event::ALL {
            // The Ack that leads to Ack-Rcvd has set the counter, so that the last time-out is never there.
            if event == Event::ReceiveEcho || (state, event) == (State::AckReceived, Event::TimeoutLast) {
                continue;
            }
            cells += 1;
            let is_time = matches!(event, Event::Timeout | Event::TimeoutLast);
            let mut driven = Driven::new(bench, if event == Event::TimeoutLast { 1 } else { 5 });
            driven.reach(state, is_time);
            let result = driven.apply(event);
            let place = alloc::format!("{event:?} in {state:?}: {result:?}");
            let (sent, signals) = (driven.sent(), driven.signals());
            let transition = state.on(event).filter(|_| !is_dropped(state, event));
            let Some(transition) = transition else {
                assert_eq!((driven.machine.state(), sent, signals), (state, Vec::new(), Vec::new()), "{place}");
                let is_packet = !matches!(event, Event::Up | Event::Down | Event::Open | Event::Close) && !is_time;
                assert_eq!(result.is_err(), is_packet, "{place}");
                continue;
            };
            assert_eq!(result, Ok(()), "{place}");
            assert_eq!(driven.machine.state(), transition.state, "{place}");
            assert_eq!(driven.machine.poll_timeout().is_some(), transition.state.has_timer(), "{place}");
            let shown: Vec<_> = transition.actions.iter().map(|action| shows(action, event)).collect();
            let mut codes: Vec<_> = shown.iter().filter_map(|(code, _)| *code).collect();
            codes.sort_unstable();
            let nak_or_reject = |code: &Code| if *code == Code::CONFIGURE_REJECT { Code::CONFIGURE_NAK } else { *code };
            assert_eq!(sent.iter().map(nak_or_reject).collect::<Vec<_>>(), codes, "{place}");
            let mut expected: BTreeSet<_> = shown.iter().filter_map(|(_, signal)| *signal).collect();
            // Said when it was stopped, and once is enough.
            if state == State::Stopped {
                expected.remove(&Signal::Finished);
            }
            assert_eq!(signals.into_iter().collect::<BTreeSet<_>>(), expected, "{place}");
        }
    }
    cells
}

#[test]
fn rfc1661_section_4_1_every_event_in_every_state_of_lcp() {
    let make = || lcp::Negotiator::new(&lcp::Config::default(), [7; 32]);
    let (good, bad, nak) = (b"\x05\x06\x01\x02\x03\x04".as_slice(), b"\x0d\x03\x06".as_slice(), b"\x01\x04\x05\x78");
    assert_eq!(check(&Bench { make, good, bad, nak }), 149);
    // A Nak in place of a Reject.
    assert_eq!(check(&Bench { make, good, bad: b"\x01\x04\x00\x40", nak }), 149);
}

#[test]
fn rfc1661_section_4_1_every_event_in_every_state_of_ipcp() {
    let make = || {
        let config = ipcp::Config::new([10, 0, 0, 3].into()).with_other_address_taken(true);
        ipcp::Negotiator::new(&config.with_peer_address([10, 0, 0, 2].into()))
    };
    let (good, bad, nak) =
        (b"\x03\x06\x0a\0\0\x02".as_slice(), b"\x03\x06\0\0\0\0".as_slice(), b"\x03\x06\x0a\0\0\x01");
    assert_eq!(check(&Bench { make, good, bad, nak }), 149);
    assert_eq!(check(&Bench { make, good, bad: b"\x02\x06\x00\x2d\x0f\0", nak }), 149);
}

#[test]
fn rfc1661_section_4_1_every_event_in_every_state_of_ipv6cp() {
    let make = || ipv6cp::Negotiator::new(&ipv6cp::Config::default(), [7; 32]);
    let (good, bad) = (b"\x01\x0a\0\0\0\0\0\0\0\x02".as_slice(), b"\x01\x0a\0\0\0\0\0\0\0\0".as_slice());
    let nak = b"\x01\x0a\0\0\0\0\0\0\0\x03";
    assert_eq!(check(&Bench { make, good, bad, nak }), 149);
    assert_eq!(check(&Bench { make, good, bad: b"\x02\x04\x00\x2d", nak }), 149);
}

#[test]
fn rfc1661_section_4_1_every_event_in_every_state_of_ccp() {
    fn with(encryption: Encryption) -> ccp::Negotiator {
        let strengths = MicrosoftCompression::MPPE_128 | MicrosoftCompression::MPPE_40;
        let config = ccp::Config::default().with_encryption(encryption).with_strengths(strengths);
        let mut negotiator = ccp::Negotiator::new(&config);
        negotiator.set_keys(MicrosoftCompression::STRENGTHS);
        negotiator
    }
    let (good, nak) = (b"\x12\x06\x01\0\0\x40".as_slice(), b"\x12\x06\x01\0\0\x20".as_slice());
    for make in [|| with(Encryption::Required), || with(Encryption::Preferred)] {
        for bad in [b"\x12\x06\x01\0\0\x60".as_slice(), b"\x15\x03\x2f"] {
            assert_eq!(check(&Bench { make, good, bad, nak }), 149);
        }
    }
}

/// Echoes are the link's: the row RXR of the table.
#[test]
fn rfc1661_section_4_1_an_echo_in_every_state_of_lcp() {
    let good: &[u8] = &[0xff, 3, 0xc0, 0x21, 1, 0x80, 0, 4];
    let terminate: &[u8] = &[0xff, 3, 0xc0, 0x21, 5, 0x81, 0, 4];
    let echo: &[u8] = &[0xff, 3, 0xc0, 0x21, 9, 0x82, 0, 8, 0, 0, 0, 9];
    let mut answered = Vec::new();
    for state in State::ALL {
        let mut link = Link::new(&link::Config::default().with_ipcp(ipcp::Config::default()), [7; 32]);
        let mut buf = [0; Link::MAX_TRANSMIT];
        if state != State::Initial && state != State::Closed {
            link.open(NOW);
        }
        if state != State::Initial && state != State::Starting {
            link.up(NOW);
        }
        let acknowledges = [State::AckReceived, State::Opened, State::Closing, State::Stopping].contains(&state);
        let requests = [State::AckSent, State::Opened, State::Closing, State::Stopping].contains(&state);
        let request = link.poll_transmit(NOW, &mut buf).unwrap().map(<[u8]>::to_vec);
        if acknowledges {
            let mut ack = request.unwrap();
            ack[4] = 2;
            link.handle_frame(NOW, &ack).unwrap();
        }
        if requests {
            link.handle_frame(NOW, good).unwrap();
        }
        match state {
            State::Stopped => link.handle_frame(NOW, &[0xff, 3, 0xc0, 0x21, 7, 1, 0, 8, 1, 1, 0, 4]).map(drop).unwrap(),
            State::Closing => link.close(NOW),
            State::Stopping => link.handle_frame(NOW, terminate).map(drop).unwrap(),
            State::Initial
            | State::Starting
            | State::Closed
            | State::RequestSent
            | State::AckReceived
            | State::AckSent
            | State::Opened => {}
        }
        while link.poll_transmit(NOW, &mut buf).unwrap().is_some() {}
        let result = link.handle_frame(NOW, echo).map(drop);
        let reply = link.poll_transmit(NOW, &mut buf).unwrap().map(<[u8]>::to_vec);
        assert_eq!(result.is_ok(), reply.is_some(), "{state}");
        if let Some(reply) = reply {
            assert_eq!(reply[4..6], [10, 0x82]);
            answered.push(state);
        }
    }
    assert_eq!(answered, [State::Opened]);
}
