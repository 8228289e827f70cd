//! RFC 1661 sections 4 and 5: the machine, with a protocol made for these tests.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use crate::automaton::State;
use crate::negotiate::{Config, ControlProtocol, Event, Negotiation, Opening, Reason, Refused, Verdict};
use crate::{Code, EncodeError, OptionWriter, Packet, RawOption};

/// Option 1 is a number of which at most `most` is taken; option 2 is a flag that may be missing; 3 has to be there.
#[derive(Debug, Clone)]
struct Numbers {
    number: Option<u8>,
    most: u8,
    flag: bool,
    needs_3: bool,
    hopeless: bool,
    begun: u32,
}

impl Numbers {
    fn new(number: u8, most: u8) -> Self {
        Self { number: Some(number), most, flag: true, needs_3: false, hopeless: false, begun: 0 }
    }
}

impl ControlProtocol for Numbers {
    type Failure = &'static str;

    fn restart(&mut self) {
        self.begun += 1;
    }

    fn write_request(&self, options: &mut OptionWriter<'_>) -> Result<(), EncodeError> {
        if let Some(number) = self.number {
            options.push(&RawOption { option_type: 1, data: &[number] })?;
        }
        if self.flag { options.push(&RawOption { option_type: 2, data: &[] }) } else { Ok(()) }
    }

    fn judge(&mut self, option: RawOption<'_>, nak: &mut OptionWriter<'_>) -> Verdict {
        match option {
            RawOption { option_type: 1, data: &[number] } if number <= self.most => Verdict::Accept,
            RawOption { option_type: 1, .. } => {
                nak.push(&RawOption { option_type: 1, data: &[self.most] }).unwrap();
                Verdict::Nak
            }
            RawOption { option_type: 2, data: &[] } => Verdict::Accept,
            RawOption { option_type: 3, data: &[] } => {
                self.needs_3 = false;
                Verdict::Accept
            }
            _ => Verdict::Reject,
        }
    }

    fn judge_missing(&mut self, nak: &mut OptionWriter<'_>) {
        if self.needs_3 {
            nak.push(&RawOption { option_type: 3, data: &[] }).unwrap();
        }
    }

    fn nak(&mut self, option: RawOption<'_>) {
        if let RawOption { option_type: 1, data: &[number] } = option {
            self.number = Some(number);
        }
    }

    fn reject(&mut self, option: RawOption<'_>) {
        match option.option_type {
            1 => self.number = None,
            _ => self.flag = false,
        }
    }

    fn check(&self) -> Result<(), Self::Failure> {
        if self.hopeless { Err("hopeless") } else { Ok(()) }
    }
}

type Machine = Negotiation<Numbers>;

const START: Duration = Duration::ZERO;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn machine(config: &Config) -> Machine {
    let mut machine = Negotiation::new(Numbers::new(5, 9), config);
    machine.open(START);
    machine.up(START);
    assert_eq!(machine.poll_event(), Some(Event::Started));
    machine
}

fn send(machine: &mut Machine, now: Duration) -> Vec<Vec<u8>> {
    let mut buf = [0; Machine::MAX_TRANSMIT];
    let mut sent = Vec::new();
    while let Some(bytes) = machine.poll_transmit(now, &mut buf).unwrap() {
        sent.push(bytes.to_vec());
    }
    sent
}

fn take(machine: &mut Machine, now: Duration, packet: &[u8]) -> Result<(), Refused> {
    machine.handle_packet(now, &Packet::decode(packet).unwrap())
}

/// Gives a packet, and what comes back.
fn answer(machine: &mut Machine, packet: &[u8]) -> Vec<Vec<u8>> {
    take(machine, START, packet).unwrap();
    send(machine, START)
}

const REQUEST_1: &[u8] = b"\x01\x01\x00\x09\x01\x03\x05\x02\x02";
const ACK_1: &[u8] = b"\x02\x01\x00\x09\x01\x03\x05\x02\x02";
const PEER_REQUEST: &[u8] = b"\x01\x77\x00\x07\x01\x03\x09";
const PEER_ACK: &[u8] = b"\x02\x77\x00\x07\x01\x03\x09";

fn opened(config: &Config) -> Machine {
    let mut machine = machine(config);
    assert_eq!(send(&mut machine, START), [REQUEST_1]);
    assert_eq!(answer(&mut machine, PEER_REQUEST), [PEER_ACK]);
    assert_eq!(machine.state(), State::AckSent);
    assert_eq!(answer(&mut machine, ACK_1), [b""; 0]);
    assert_eq!((machine.state(), machine.poll_event()), (State::Opened, Some(Event::Up)));
    assert_eq!((machine.poll_event(), machine.poll_timeout()), (None, None));
    machine
}

#[test]
fn rfc1661_section_4_opens_in_both_orders() {
    opened(&Config::default());
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    assert!(answer(&mut machine, ACK_1).is_empty());
    assert_eq!(machine.state(), State::AckReceived);
    assert_eq!(answer(&mut machine, PEER_REQUEST), [PEER_ACK]);
    assert_eq!(machine.poll_event(), Some(Event::Up));
}

#[test]
fn rfc1661_section_4_6_max_configure() {
    let mut machine = machine(&Config::default());
    let mut sent = 0;
    while let Some(at) = machine.poll_timeout() {
        // One and the same request, so that a late answer fits.
        for packet in send(&mut machine, seconds(3 * sent)) {
            assert_eq!(packet, REQUEST_1);
            sent += 1;
        }
        assert_eq!(at, seconds(3 * sent));
        machine.handle_timeout(at.saturating_sub(Duration::from_nanos(1)));
        assert_eq!(machine.poll_timeout(), Some(at));
        machine.handle_timeout(at);
        assert!(machine.poll_timeout().is_none_or(|next| next > at));
    }
    assert_eq!((sent, machine.state()), (10, State::Stopped));
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::NoAnswer)));
    // The peer comes late, and all is well.
    assert_eq!(answer(&mut machine, PEER_REQUEST).len(), 2);
    assert_eq!(machine.state(), State::AckSent);
}

#[test]
fn rfc1661_section_4_6_max_terminate() {
    let mut machine = opened(&Config::default().with_max_terminate(3));
    machine.set_terminate_data(b"bye");
    machine.close(START);
    assert_eq!(machine.poll_event(), Some(Event::Down));
    let mut sent = 0;
    while let Some(at) = machine.poll_timeout() {
        for packet in send(&mut machine, at) {
            assert_eq!((packet[0], &packet[2..]), (5, &b"\x00\x07bye"[..]));
            sent += 1;
        }
        machine.handle_timeout(at);
    }
    assert_eq!((sent, machine.state()), (3, State::Closed));
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Closed)));
}

#[test]
fn rfc1661_section_5_2_answers_have_to_match() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    let wrong: [&[u8]; 5] = [
        b"\x02\x02\x00\x09\x01\x03\x05\x02\x02",
        b"\x02\x01\x00\x09\x01\x03\x06\x02\x02",
        b"\x02\x01\x00\x07\x01\x03\x05",
        b"\x04\x01\x00\x07\x01\x03\x06",
        b"\x03\x00\x00\x07\x01\x03\x06",
    ];
    for packet in wrong {
        assert_eq!(take(&mut machine, START, packet), Err(Refused::Unmatched));
        assert_eq!(machine.state(), State::RequestSent);
        assert!(send(&mut machine, START).is_empty());
    }
    let bad = take(&mut machine, START, b"\x03\x01\x00\x07\x01\x09\x06");
    assert!(matches!(bad, Err(Refused::Malformed(_))));
    take(&mut machine, START, ACK_1).unwrap();
    // Copies that the network made change nothing, now and when it is open.
    for packet in [ACK_1, b"\x03\x01\x00\x07\x01\x03\x06", b"\x04\x01\x00\x06\x02\x02"] {
        assert_eq!(take(&mut machine, START, packet), Err(Refused::Unmatched));
    }
    assert_eq!(machine.state(), State::AckReceived);
    answer(&mut machine, PEER_REQUEST);
    assert_eq!(take(&mut machine, START, ACK_1), Err(Refused::Unmatched));
    assert_eq!(machine.state(), State::Opened);
}

#[test]
fn rfc1661_section_5_1_identifiers_change_after_an_answer() {
    let mut machine = machine(&Config::default().with_identifier(7));
    assert_eq!(send(&mut machine, START)[0][1], 7);
    assert!(answer(&mut machine, b"\x02\x07\x00\x09\x01\x03\x05\x02\x02").is_empty());
    machine.handle_timeout(seconds(3));
    assert_eq!(machine.state(), State::RequestSent);
    assert_eq!(send(&mut machine, seconds(3))[0][1], 8);
}

#[test]
fn rfc1661_section_5_3_naks_and_rejects_are_followed() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    assert_eq!(answer(&mut machine, b"\x03\x01\x00\x07\x01\x03\x04"), [b"\x01\x02\x00\x09\x01\x03\x04\x02\x02"]);
    assert_eq!(answer(&mut machine, b"\x04\x02\x00\x06\x02\x02"), [b"\x01\x03\x00\x07\x01\x03\x04"]);
    assert!(answer(&mut machine, b"\x02\x03\x00\x07\x01\x03\x04").is_empty());
    assert_eq!(machine.state(), State::AckReceived);
}

#[test]
fn rfc1661_section_5_4_rejects_come_before_naks_and_in_order() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    let request = b"\x01\x05\x00\x10\x09\x03\xaa\x01\x03\x63\x08\x02\x07\x04\xbb\xcc";
    assert_eq!(answer(&mut machine, request), [b"\x04\x05\x00\x0d\x09\x03\xaa\x08\x02\x07\x04\xbb\xcc"]);
    assert_eq!(answer(&mut machine, b"\x01\x06\x00\x07\x01\x03\x63"), [b"\x03\x06\x00\x07\x01\x03\x09"]);
}

#[test]
fn rfc1661_section_5_duplicate_options() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    // The same twice is harmless; with another value it is not.
    let twice = b"\x01\x05\x00\x0a\x01\x03\x04\x01\x03\x08";
    assert_eq!(answer(&mut machine, twice), [b"\x04\x05\x00\x07\x01\x03\x08"]);
    let same = b"\x01\x06\x00\x0a\x01\x03\x04\x01\x03\x04";
    assert_eq!(answer(&mut machine, same), [b"\x02\x06\x00\x0a\x01\x03\x04\x01\x03\x04"]);
}

#[test]
fn rfc1661_section_4_6_max_failure_when_the_peer_asks_too_much() {
    let mut machine = machine(&Config::default().with_max_failure(3));
    send(&mut machine, START);
    let mut answers = Vec::new();
    for identifier in 0.. {
        if machine.state() == State::Closing {
            break;
        }
        take(&mut machine, START, &[1, identifier, 0, 7, 1, 3, 200]).unwrap();
        answers.extend(send(&mut machine, START).into_iter().map(|packet| packet[0]));
    }
    assert_eq!(answers, [3, 3, 3, 4, 4, 4, 4, 4, 4, 5]);
    machine.handle_timeout(seconds(3));
    machine.handle_timeout(seconds(6));
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::NotConverging)));
}

#[test]
fn copies_of_a_refused_request_are_answered_alike_and_not_for_ever() {
    let mut machine = machine(&Config::default().with_max_failure(1));
    send(&mut machine, START);
    let refused = b"\x01\x05\x00\x07\x01\x03\xc8";
    for _ in 0..=100 {
        assert_eq!(answer(&mut machine, refused), [b"\x03\x05\x00\x07\x01\x03\x09"]);
    }
    let end = answer(&mut machine, refused);
    assert_eq!((end.len(), end[0][0], machine.state()), (1, 5, State::Closing));
}

#[test]
fn rfc1661_section_4_6_missing_options_are_asked_for_until_max_failure() {
    let mut machine = machine(&Config::default().with_max_failure(2));
    machine.protocol_mut().needs_3 = true;
    send(&mut machine, START);
    assert_eq!(answer(&mut machine, b"\x01\x75\x00\x07\x01\x03\x09"), [b"\x03\x75\x00\x06\x03\x02"]);
    assert_eq!(answer(&mut machine, b"\x01\x76\x00\x07\x01\x03\x09"), [b"\x03\x76\x00\x06\x03\x02"]);
    assert_eq!(answer(&mut machine, PEER_REQUEST), [PEER_ACK]);
}

#[test]
fn a_peer_that_naks_for_ever_is_taken_to_reject_and_then_left() {
    let mut machine = machine(&Config::default().with_max_failure(2));
    let mut requests = Vec::new();
    for round in 0_u8.. {
        let sent = send(&mut machine, START);
        let [code, identifier] = [sent[0][0], sent[0][1]];
        requests.push((code, sent[0][4..].to_vec()));
        if code != 1 {
            break;
        }
        // Always something else, also of an option that is not asked for any more.
        take(&mut machine, START, &[3, identifier, 0, 7, 1, 3, round]).unwrap();
    }
    let with = |number| (1, vec![1, 3, number, 2, 2]);
    let without = (1, vec![2, 2]);
    assert_eq!(requests[..4], [with(5), with(0), with(1), without.clone()]);
    assert_eq!(requests[4..], [without.clone(), without.clone(), without, (5, vec![])]);
}

#[test]
fn rfc1661_section_5_6_code_rejects() {
    // Harmless: a code that one can do without.
    let mut machine = opened(&Config::default());
    take(&mut machine, START, b"\x07\x01\x00\x08\x0e\x01\x00\x04").unwrap();
    assert_eq!(machine.state(), State::Opened);
    // Fatal: without Configure-Request there is nothing.
    take(&mut machine, START, b"\x07\x02\x00\x08\x01\x01\x00\x04").unwrap();
    assert_eq!(machine.state(), State::Stopping);
    assert_eq!(send(&mut machine, START)[0][0], 5);
    take(&mut machine, START, b"\x06\x02\x00\x04").unwrap();
    assert_eq!(machine.poll_event(), Some(Event::Down));
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Rejected)));
    // Nothing in it.
    assert!(matches!(take(&mut machine, START, b"\x07\x02\x00\x04"), Err(Refused::Malformed(_))));
}

#[test]
fn an_end_is_told_once() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    machine.reject_protocol(START);
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Rejected)));
    machine.reject_protocol(START);
    take(&mut machine, START, b"\x07\x02\x00\x08\x01\x01\x00\x04").unwrap();
    machine.close(START);
    take(&mut machine, START, b"\x07\x03\x00\x08\x01\x01\x00\x04").unwrap();
    assert_eq!(machine.poll_event(), None);
    // And again when it was at work again.
    machine.open(START);
    machine.reject_protocol(START);
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Rejected)));
}

#[test]
fn rfc1661_section_5_6_unknown_codes_are_rejected_and_cut() {
    let mut machine = opened(&Config::default());
    machine.set_limit(10);
    let unknown = b"\x63\x09\x00\x0c12345678padding";
    assert_eq!(answer(&mut machine, unknown), [b"\x07\x02\x00\x0a\x63\x09\x00\x0c12"]);
    assert_eq!(machine.state(), State::Opened);
}

#[test]
fn rfc1661_section_5_7_a_protocol_reject_stops() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    machine.reject_protocol(START);
    assert_eq!(machine.state(), State::Stopped);
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Rejected)));
}

#[test]
fn rfc1661_section_5_5_terminate_requests_are_always_answered() {
    let mut machine = opened(&Config::default());
    for _ in 0..2 {
        assert_eq!(answer(&mut machine, b"\x05\x42\x00\x04"), [b"\x06\x42\x00\x04"]);
        assert_eq!(machine.state(), State::Stopping);
    }
    machine.handle_timeout(seconds(3));
    assert_eq!(machine.state(), State::Stopped);
    assert_eq!(machine.poll_event(), Some(Event::Down));
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::PeerClosed)));
    assert_eq!(answer(&mut machine, b"\x05\x43\x00\x04"), [b"\x06\x43\x00\x04"]);
    machine.close(START);
    // RFC 1661 section 4.2: in Closed, requests are answered with Terminate-Ack.
    assert_eq!(answer(&mut machine, PEER_REQUEST), [b"\x06\x77\x00\x04"]);
}

#[test]
fn rfc1661_section_4_3_a_new_request_in_opened_negotiates_again() {
    let mut machine = opened(&Config::default());
    let begun = machine.protocol().begun;
    // A copy of the old one does not: the Ack was lost.
    assert_eq!(answer(&mut machine, PEER_REQUEST), [PEER_ACK]);
    assert_eq!((machine.state(), machine.poll_event()), (State::Opened, None));
    let sent = answer(&mut machine, b"\x01\x78\x00\x07\x01\x03\x08");
    assert_eq!(sent, [&b"\x01\x02\x00\x09\x01\x03\x05\x02\x02"[..], b"\x02\x78\x00\x07\x01\x03\x08"]);
    assert_eq!(machine.poll_event(), Some(Event::Down));
    assert_eq!(machine.protocol().begun, begun + 1);
    take(&mut machine, START, b"\x02\x02\x00\x09\x01\x03\x05\x02\x02").unwrap();
    assert_eq!(machine.poll_event(), Some(Event::Up));
}

#[test]
fn going_down_and_up_between_two_polls_is_told_as_both() {
    let mut machine = opened(&Config::default());
    take(&mut machine, START, b"\x01\x78\x00\x07\x01\x03\x08").unwrap();
    send(&mut machine, START);
    take(&mut machine, START, b"\x02\x02\x00\x09\x01\x03\x05\x02\x02").unwrap();
    assert_eq!(machine.state(), State::Opened);
    assert_eq!(
        [machine.poll_event(), machine.poll_event(), machine.poll_event()],
        [Some(Event::Down), Some(Event::Up), None]
    );
}

#[test]
fn rfc1661_section_4_1_passive_silent_and_waiting() {
    let mut passive = machine(&Config::default().with_passive(true).with_max_configure(1));
    send(&mut passive, START);
    passive.handle_timeout(seconds(3));
    assert_eq!((passive.state(), passive.poll_event(), passive.poll_timeout()), (State::Stopped, None, None));
    assert_eq!(answer(&mut passive, PEER_REQUEST).len(), 2);

    let mut silent = machine(&Config::default().with_opening(Opening::Silent));
    assert_eq!((send(&mut silent, START).len(), silent.poll_timeout()), (0, None));
    assert_eq!(answer(&mut silent, PEER_REQUEST), [REQUEST_1, PEER_ACK]);

    let mut waiting = machine(&Config::default().with_opening(Opening::Wait(seconds(2))));
    assert_eq!((send(&mut waiting, START).len(), waiting.poll_timeout()), (0, Some(seconds(2))));
    // A stray packet does not stop the clock.
    assert_eq!(answer(&mut waiting, b"\x05\x42\x00\x04"), [b"\x06\x42\x00\x04"]);
    waiting.handle_timeout(seconds(2));
    assert_eq!(send(&mut waiting, seconds(2)), [REQUEST_1]);
    assert_eq!(waiting.state(), State::RequestSent);
}

#[test]
fn rfc1661_section_4_1_restart() {
    let mut machine = opened(&Config::default());
    machine.open(START);
    assert_eq!((machine.state(), machine.poll_event()), (State::Opened, None));
    let mut machine = opened(&Config::default().with_restart(true));
    machine.open(START);
    assert_eq!((machine.state(), machine.poll_event()), (State::RequestSent, Some(Event::Down)));
    assert_eq!(send(&mut machine, START)[0][1], 2);
}

#[test]
fn rfc1661_section_4_4_down_starts_again_at_up() {
    let mut machine = opened(&Config::default());
    machine.down(START);
    assert_eq!(take(&mut machine, START, PEER_REQUEST), Err(Refused::Down));
    assert_eq!((machine.state(), machine.poll_event()), (State::Starting, Some(Event::Down)));
    machine.up(START);
    assert_eq!(send(&mut machine, START)[0][..2], [1, 2]);
}

#[test]
fn no_hope_closes_with_the_reason() {
    let mut machine = machine(&Config::default());
    machine.protocol_mut().hopeless = true;
    send(&mut machine, START);
    take(&mut machine, START, PEER_REQUEST).unwrap();
    assert_eq!(machine.state(), State::Closing);
    // Nothing is acknowledged any more.
    let sent = send(&mut machine, START);
    assert_eq!((sent.len(), sent[0][0]), (1, 5));
    take(&mut machine, START, b"\x06\x02\x00\x04").unwrap();
    assert_eq!(machine.poll_event(), Some(Event::Finished(Reason::Failed("hopeless"))));
}

#[test]
fn a_short_buffer_loses_nothing_and_an_answer_not_sent_is_not_overwritten() {
    let mut machine = machine(&Config::default());
    let error = machine.poll_transmit(START, &mut [0; 8]).unwrap_err();
    assert_eq!((error.needed, error.available), (9, 8));
    take(&mut machine, START, PEER_REQUEST).unwrap();
    // A copy has the same answer, which is due; another request would need another one.
    assert_eq!(take(&mut machine, START, PEER_REQUEST), Ok(()));
    let mut other = PEER_REQUEST.to_vec();
    other[1] ^= 0x40;
    assert_eq!(take(&mut machine, START, &other), Err(Refused::Busy));
    assert_eq!(take(&mut machine, START, b"\x63\x77\x00\x04"), Err(Refused::Busy));
    assert_eq!(send(&mut machine, START), [REQUEST_1, PEER_ACK]);
}

/// A busy server reads several packets before it sends: a late copy of a request that it has refused, and the request that
/// the peer has made of the refusal. The peer would miss the answer to that one until its restart timer.
#[test]
fn a_request_takes_the_place_of_the_refusal_of_an_earlier_one() {
    let mut machine = machine(&Config::default());
    send(&mut machine, START);
    let (refused, better) = (b"\x01\x07\x00\x07\x01\x03\xff", b"\x01\x08\x00\x07\x01\x03\x01");
    take(&mut machine, START, refused).unwrap();
    assert_eq!(send(&mut machine, START)[0][..2], [3, 7]);
    take(&mut machine, START, refused).unwrap();
    take(&mut machine, START, better).unwrap();
    assert_eq!(send(&mut machine, START), [b"\x02\x08\x00\x07\x01\x03\x01"]);
    assert_eq!(machine.state(), State::AckSent);
}

#[test]
fn time_that_goes_back_is_the_latest_seen() {
    let mut machine = machine(&Config::default());
    machine.handle_timeout(seconds(2));
    machine.handle_timeout(seconds(1));
    assert_eq!(machine.poll_timeout(), Some(seconds(3)));
    machine.handle_timeout(seconds(1000));
    assert_eq!(machine.poll_timeout(), Some(seconds(1003)));
    // A deadline that no clock comes to is none.
    machine.handle_timeout(Duration::MAX);
    assert_eq!(machine.poll_timeout(), None);
}

#[test]
fn long_requests_are_refused_before_any_work() {
    let mut machine = machine(&Config::default());
    let data = [7, 2].repeat(257);
    let packet = Packet { code: Code::CONFIGURE_REQUEST, identifier: 1, data: &data, padding: &[] };
    assert_eq!(machine.handle_packet(START, &packet), Err(Refused::TooLong { length: 514 }));
    let data = [0; 2049];
    let packet = Packet { code: Code(99), identifier: 1, data: &data, padding: &[] };
    assert_eq!(machine.handle_packet(START, &packet), Err(Refused::TooLong { length: 2049 }));
}

/// One call of the machine.
#[derive(Debug, Clone)]
enum Step {
    Up,
    Down,
    Open,
    Close,
    Wait(u16),
    Packet(Vec<u8>),
    Send,
    ShortSend,
}

fn any_step() -> impl Strategy<Value = Step> {
    let options = prop::collection::vec(prop_oneof![Just(vec![1, 3, 5]), Just(vec![2, 2]), Just(vec![9, 3, 1])], 0..3);
    let packet = (1_u8..9, 0_u8..4, options).prop_map(|(code, identifier, options)| {
        let data = options.concat();
        let packet = Packet { code: Code(code), identifier, data: &data, padding: &[] };
        Step::Packet(packet.encode(&mut [0; 64]).unwrap().to_vec())
    });
    prop_oneof![
        1 => Just(Step::Up), 1 => Just(Step::Down), 1 => Just(Step::Open), 1 => Just(Step::Close),
        3 => (0_u16..7000).prop_map(Step::Wait), 8 => packet, 4 => Just(Step::Send), 1 => Just(Step::ShortSend),
    ]
}

proptest! {
    #[test]
    fn any_order_of_calls_is_legal(steps in prop::collection::vec(any_step(), 0..60), passive in any::<bool>(), wait in any::<bool>()) {
        let opening = if wait { Opening::Wait(seconds(1)) } else { Opening::Active };
        let config = Config::default().with_passive(passive).with_opening(opening).with_max_configure(3).with_identifier(0);
        let mut machine = Negotiation::new(Numbers::new(5, 9), &config);
        let mut now = START;
        let (mut is_up, mut taken, mut sent) = (false, 0, 0);
        let mut calls = 0;
        for step in steps {
            match step {
                Step::Up => { calls += 1; machine.up(now) }
                Step::Down => machine.down(now),
                Step::Open => { calls += 1; machine.open(now) }
                Step::Close => { calls += 1; machine.close(now) }
                Step::Wait(time) => {
                    now += Duration::from_millis(time.into());
                    machine.handle_timeout(now);
                    calls += 1;
                    prop_assert!(machine.poll_timeout().is_none_or(|at| at > now));
                }
                Step::Packet(bytes) => {
                    let state = machine.state();
                    if take(&mut machine, now, &bytes).is_ok() {
                        taken += 1;
                    } else {
                        prop_assert_eq!(state, machine.state());
                    }
                }
                Step::Send => sent += send(&mut machine, now).len(),
                Step::ShortSend => prop_assert!(!matches!(machine.poll_transmit(now, &mut [0; 3]), Ok(Some(_)))),
            }
            // A machine whose timer can expire has one.
            prop_assert_eq!(machine.state().has_timer(), machine.poll_timeout().is_some() && machine.state() != State::Stopped);
            while let Some(event) = machine.poll_event() {
                match event {
                    Event::Up => { prop_assert!(!is_up && machine.is_open()); is_up = true }
                    Event::Down => { prop_assert!(is_up); is_up = false }
                    Event::Started | Event::Finished(_) => {}
                }
            }
            prop_assert_eq!(is_up, machine.is_open());
        }
        prop_assert!(sent <= 3 * taken + 2 * calls, "{} packets for {} and {} calls", sent, taken, calls);
        // Left alone, it comes to rest.
        for _ in 0..20 {
            if let Some(at) = machine.poll_timeout() {
                machine.handle_timeout(at);
            }
        }
        prop_assert_eq!(machine.poll_timeout(), None);
    }
}
