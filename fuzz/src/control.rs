//! Oracles of the control connection machine.

use std::collections::BTreeMap;
use std::time::Duration;

use arbitrary::{Arbitrary, Unstructured};
use pptp_wire::Message;
use pptp_wire::code::{Accm, Bearer, GeneralError, StartResult, StopReason};
use pptp_wire::connection::{
    Answer, CallId, CallState, CommandError, Config, Connection, Disconnect, EchoPolicy, Event, Identity, Quirks,
    Refusal, State, WanErrors,
};
use pptp_wire::message::{IncomingCallRequest, OutgoingCallRequest};
use pptp_wire::nat::{Owner, map_call_ids};

const CALLS: usize = 3;
/// Messages that wait as bytes, which are read as soon as polling makes room: the shortest has 8 bytes.
const KEPT: usize = Machine::READ_LEN / 8;
/// 16 and two for each call, and those that follow from the bytes that were kept.
const MAX_EVENTS: usize = 16 + 2 * CALLS + KEPT;
/// 8 and one for each call, and the same.
const MAX_MESSAGES: usize = 8 + CALLS + KEPT;

type Machine = Connection<CALLS>;

/// Feeds bytes in pieces to a machine in some state (target `control_stream`).
///
/// # Panics
///
/// When one of these promises is broken.
pub fn stream(data: &[u8]) {
    let Some((&[setup, pace], bytes)) = data.split_first_chunk() else {
        return;
    };
    let length = usize::from(pace).max(1);
    let whole = play(setup, std::iter::once(bytes));
    let pieces = play(setup, bytes.chunks(length));
    assert_eq!(whole, pieces);
}

/// Returns what a machine says to all of this.
fn play<'a>(setup: u8, pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<Event>) {
    let now = Duration::from_secs(1);
    let mut machine = machine(setup);
    machine.open(now).expect("a new machine can be opened");
    if setup & 2 != 0 {
        let _ = machine.handle_stream(now, &encode(&start(setup)));
    }
    let (mut told, mut sent) = (drain_events(&mut machine), drain(&mut machine, now));
    for piece in pieces {
        let mut rest = piece;
        loop {
            let taken = machine.handle_stream(now, rest);
            rest = &rest[taken..];
            let (events, messages) = (drain_events(&mut machine), drain(&mut machine, now));
            if taken == 0 && events.is_empty() && messages.is_empty() {
                assert!(rest.is_empty(), "bytes refused by a machine that is not full");
                break;
            }
            told.extend(events);
            sent.extend(messages);
        }
    }
    // Calls that end because the connection does end at the same time.
    let end = told.iter().rposition(|event| !matches!(event, Event::CallClosed { .. } | Event::Closed { .. }));
    told[end.map_or(0, |end| end + 1)..].sort_by_key(|event| match event {
        Event::CallClosed { call, .. } => call.get(),
        _ => u16::MAX,
    });
    (sent, told)
}

/// An action of a user or of the network.
#[derive(Debug, Arbitrary)]
enum Op {
    Receive(Message),
    ReceiveMany { count: u8, message: Message },
    Bytes([u8; 8]),
    Pass { millis: u16 },
    Due,
    Late { seconds: u32 },
    Back,
    Open,
    AcceptStart,
    RefuseStart { result: u8 },
    Close { reason: u8 },
    Place { window: u16 },
    Announce { window: u16 },
    Accept { call: u8, window: u16 },
    Refuse { call: u8 },
    Clear { call: u8 },
    LinkInfo { call: u8 },
    WanErrors { call: u8 },
    DataSeen { call: u8 },
    Disconnect,
    Collision { win: bool },
    Event,
    Transmit { room: u8 },
    Drain,
}

/// Runs operations in any order (target `control_ops`).
///
/// # Panics
///
/// When one of these promises is broken.
pub fn ops(data: &[u8]) {
    let mut source = Unstructured::new(data);
    let (Ok(setup), Ok(ops)) = (source.arbitrary::<u8>(), source.arbitrary_iter::<Op>()) else {
        return;
    };
    let (mut first, mut second) = (Runner::new(setup), Runner::new(setup));
    for op in ops.map_while(Result::ok) {
        first.run(&op);
        second.run(&op);
        assert_eq!(first.said, second.said, "not the same again");
    }
    first.finish();
}

struct Runner {
    machine: Machine,
    now: Duration,
    /// Calls that have begun, and whether they are connected or over.
    calls: BTreeMap<CallId, Phase>,
    opened: bool,
    closed: bool,
    /// All that came out at the last operation.
    said: (Vec<u8>, Vec<Event>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Begun,
    Connected,
    Over,
}

impl Runner {
    fn new(setup: u8) -> Self {
        let (machine, now) = (machine(setup), Duration::from_secs(1));
        let said = (Vec::new(), Vec::new());
        let mut runner = Self { machine, now, calls: BTreeMap::new(), opened: false, closed: false, said };
        if setup & 2 != 0 {
            runner.run(&Op::Open);
            runner.receive(&encode(&start(setup)));
        }
        runner
    }

    fn run(&mut self, op: &Op) {
        self.said = (Vec::new(), Vec::new());
        let now = self.now;
        match *op {
            Op::Receive(ref message) => self.receive(&encode(&self.about_our_calls(message))),
            Op::ReceiveMany { count, ref message } => {
                self.receive(&encode(&self.about_our_calls(message)).repeat(count.into()));
            }
            Op::Bytes(bytes) => self.receive(&bytes),
            Op::Pass { millis } => self.now += Duration::from_millis(millis.into()),
            Op::Due => {
                self.now = self.machine.poll_timeout().unwrap_or(now).max(now);
                self.handle_timeout();
            }
            Op::Late { seconds } => {
                self.now += Duration::from_secs(seconds.into());
                self.handle_timeout();
            }
            Op::Back => {
                self.machine.handle_timeout(Duration::ZERO);
                self.machine.handle_data_seen(Duration::ZERO, CallId::new(0));
            }
            Op::Open => self.opened |= self.command(|machine| machine.open(now)).is_some(),
            Op::AcceptStart => drop(self.command(|machine| machine.accept_start(now))),
            Op::RefuseStart { result } => {
                let result = StartResult::new(result);
                self.command(|machine| machine.refuse_start(now, result, GeneralError::NONE));
            }
            Op::Close { reason } => {
                // Without a TCP connection, it is over as well.
                self.machine.close(now, StopReason::new(reason));
                self.opened = true;
            }
            Op::Place { window } => {
                let request =
                    OutgoingCallRequest { packet_receive_window_size: window, ..OutgoingCallRequest::new(0, 0) };
                let call = self.command(|machine| machine.place_call(now, request));
                if let Some(call) = call {
                    self.begin(call);
                }
            }
            Op::Announce { window } => {
                let (request, answer) =
                    (IncomingCallRequest::new(0, 0, Bearer::ANY), Answer::new().with_window(window));
                let call = self.command(|machine| machine.announce_call(now, request, answer));
                if let Some(call) = call {
                    self.begin(call);
                }
            }
            Op::Accept { call, window } => {
                let (call, answer) = (self.some_call(call), Answer::new().with_window(window));
                self.command(|machine| machine.accept_call(now, call, answer));
            }
            Op::Refuse { call } => {
                let call = self.some_call(call);
                self.command(|machine| machine.refuse_call(now, call, Refusal::BUSY));
            }
            Op::Clear { call } => {
                let call = self.some_call(call);
                self.command(|machine| machine.clear_call(now, call, Disconnect::ADMIN_SHUTDOWN));
            }
            Op::LinkInfo { call } => {
                let call = self.some_call(call);
                self.command(|machine| machine.set_link_info(now, call, Accm::ALL, Accm::NONE));
            }
            Op::WanErrors { call } => {
                let call = self.some_call(call);
                self.command(|machine| machine.notify_wan_errors(now, call, WanErrors::default()));
            }
            Op::DataSeen { call } => {
                let call = self.some_call(call);
                self.machine.handle_data_seen(now, call);
            }
            Op::Disconnect => self.machine.handle_disconnect(now),
            Op::Collision { win } => {
                let (low, high) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
                let (ours, theirs) = if win { (high, low) } else { (low, high) };
                self.machine.handle_collision(now, ours, theirs);
            }
            Op::Event => {
                if let Some(event) = self.machine.poll_event() {
                    self.told(event);
                }
            }
            Op::Transmit { room } => self.transmit(room.into()),
            Op::Drain => self.drain(),
        }
        assert!(self.machine.calls().count() <= CALLS);
    }

    /// Ends TCP, and expects the end of everything.
    fn finish(&mut self) {
        self.machine.handle_disconnect(self.now);
        self.drain();
        assert_eq!(self.closed, self.opened);
        assert!(!self.opened || self.calls.values().all(|phase| *phase == Phase::Over), "{:?}", self.calls);
        assert_eq!(self.machine.calls().count(), 0);
        assert!(!self.opened || self.machine.poll_timeout().is_none());
    }

    fn receive(&mut self, bytes: &[u8]) {
        let taken = self.machine.handle_stream(self.now, bytes);
        assert!(taken <= bytes.len());
        assert!(self.machine.state() != State::Closed || taken == bytes.len());
    }

    fn handle_timeout(&mut self) {
        self.machine.handle_timeout(self.now);
        let deadline = self.machine.poll_timeout();
        assert!(deadline.is_none_or(|deadline| deadline > self.now), "{deadline:?} is not behind {:?}", self.now);
    }

    /// Returns a refused command changes nothing.
    fn command<T>(&mut self, run: impl FnOnce(&mut Machine) -> Result<T, CommandError>) -> Option<T> {
        let before = self.snapshot();
        match run(&mut self.machine) {
            Ok(value) => Some(value),
            Err(error) => {
                assert_eq!(self.snapshot(), before, "{error}");
                None
            }
        }
    }

    fn snapshot(&self) -> (State, Option<Duration>, Vec<(CallId, CallState)>) {
        let calls = self.machine.calls().map(|call| (call.id(), call.state()));
        (self.machine.state(), self.machine.poll_timeout(), calls.collect())
    }

    fn begin(&mut self, call: CallId) {
        assert_ne!(call.get(), 0);
        assert!(!self.closed);
        assert_eq!(self.calls.insert(call, Phase::Begun), None, "{call} again");
    }

    fn told(&mut self, event: Event) {
        assert!(!self.closed, "{event:?} after the end");
        match event {
            Event::CallRequested { call } => self.begin(call),
            Event::CallConnected { call, .. } => {
                assert_eq!(self.calls.insert(call, Phase::Connected), Some(Phase::Begun));
            }
            Event::ControlUpButNoData { call, .. } | Event::LinkInfo { call, .. } | Event::WanErrors { call, .. } => {
                assert_eq!(self.calls[&call], Phase::Connected);
            }
            Event::CallClosed { call, .. } => {
                assert!(self.calls.insert(call, Phase::Over).is_some_and(|phase| phase != Phase::Over));
                assert!(self.machine.call(call).is_some_and(|call| call.state() == CallState::Idle));
            }
            Event::Closed { .. } => self.closed = true,
            _ => {}
        }
        self.said.1.push(event);
    }

    fn transmit(&mut self, room: usize) {
        let mut buf = vec![0; room];
        match self.machine.poll_transmit(self.now, &mut buf) {
            Ok(bytes) => self.said.0.extend(bytes.unwrap_or_default()),
            Err(error) => {
                assert_eq!(error.available, room);
                assert!(room < error.needed && error.needed <= Machine::MAX_TRANSMIT);
                let mut buf = vec![0; error.needed];
                let bytes = self.machine.poll_transmit(self.now, &mut buf).expect("as much as was needed");
                assert_eq!(bytes.map(<[u8]>::len), Some(error.needed));
                self.said.0.extend(buf);
            }
        }
    }

    fn drain(&mut self) {
        // One by one: the place of a call may be given to another one at the next poll.
        let mut count = 0;
        while let Some(event) = self.machine.poll_event() {
            self.told(event);
            count += 1;
        }
        assert!(count <= MAX_EVENTS, "{count} events");
        self.said.0.extend(drain(&mut self.machine, self.now));
    }

    fn some_call(&self, which: u8) -> CallId {
        let calls: Vec<CallId> = self.machine.calls().map(pptp_wire::connection::Call::id).collect();
        calls.get(usize::from(which) % (CALLS + 1)).copied().unwrap_or(CallId::new(which.into()))
    }

    /// Returns the message with ids that are likely to mean something.
    fn about_our_calls(&self, message: &Message) -> Message {
        map_call_ids(message, |owner, id| match owner {
            Owner::Sender => id & 3,
            Owner::Receiver => self.some_call(id.to_be_bytes()[1]).get(),
        })
    }
}

fn machine(setup: u8) -> Machine {
    let identity = if setup & 4 == 0 { Identity::PPTPD } else { Identity::WINDOWS };
    let echo = match setup >> 3 & 3 {
        0 => EchoPolicy::Off,
        1 => EchoPolicy::Misses { interval: Duration::ZERO, count: 2 },
        2 => EchoPolicy::Deadline { idle: Duration::from_secs(1), reply: Duration::ZERO },
        _ => EchoPolicy::default(),
    };
    let timeout = if setup & 32 == 0 { Duration::from_secs(60) } else { Duration::ZERO };
    let config = Config::new(identity)
        .with_echo(echo)
        .with_reply_timeout(timeout)
        .with_disconnect_timeout(timeout)
        .with_answer_timeout(timeout)
        .with_no_data_timeout(timeout)
        .with_outgoing_call_requests(true)
        .with_incoming_call_requests(true)
        .with_manual_start(setup & 64 != 0)
        .with_quirks(Quirks::new().with_link_info_after_reply(setup & 128 != 0));
    let entropy = [setup; 32];
    if setup & 1 == 0 { Machine::originator(config, entropy) } else { Machine::receiver(config, entropy) }
}

/// Returns what establishes the connection.
fn start(setup: u8) -> Message {
    use pptp_wire::Text;
    use pptp_wire::message::{StartControlConnectionReply, StartControlConnectionRequest};

    if setup & 1 == 0 {
        StartControlConnectionReply::new(StartResult::SUCCESSFUL, Text::EMPTY, Text::EMPTY).into()
    } else {
        StartControlConnectionRequest::new(Text::EMPTY, Text::EMPTY).into()
    }
}

fn encode(message: &Message) -> Vec<u8> {
    message.encode(&mut [0; Message::MAX_LEN]).expect("room for any message").to_vec()
}

fn drain_events(machine: &mut Machine) -> Vec<Event> {
    let events: Vec<Event> = std::iter::from_fn(|| machine.poll_event()).collect();
    assert!(events.len() <= MAX_EVENTS, "{} events", events.len());
    events
}

fn drain(machine: &mut Machine, now: Duration) -> Vec<u8> {
    let (mut sent, mut buf, mut count) = (Vec::new(), [0; Machine::MAX_TRANSMIT], 0);
    while let Some(bytes) = machine.poll_transmit(now, &mut buf).expect("room for any message") {
        sent.extend_from_slice(bytes);
        count += 1;
    }
    assert!(count <= MAX_MESSAGES, "{count} messages");
    sent
}
