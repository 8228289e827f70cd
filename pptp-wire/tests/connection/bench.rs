//! A machine on the bench: messages in, messages and events out.

use core::time::Duration;

use pptp_wire::code::StartResult;
use pptp_wire::connection::{CallId, Config, Connection, Event, Identity};
use pptp_wire::message::{
    IncomingCallRequest, OutgoingCallReply, OutgoingCallRequest, StartControlConnectionReply,
    StartControlConnectionRequest,
};
use pptp_wire::{Message, Reassembler, Text};

pub(crate) const ENTROPY: [u8; 32] = [0x5a; 32];

/// The peer's id in most tests.
pub(crate) const PEERS: u16 = 9;

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// Takes calls of both kinds.
pub(crate) fn config() -> Config {
    Config::new(Identity::PPTP_LINUX).with_outgoing_call_requests(true).with_incoming_call_requests(true)
}

pub(crate) struct Bench {
    pub(crate) machine: Connection<3>,
    pub(crate) now: Duration,
}

impl Bench {
    pub(crate) fn new(machine: Connection<3>) -> Self {
        Self { machine, now: secs(1000) }
    }

    /// Creates an originator that has sent its request.
    pub(crate) fn originator(config: Config) -> Self {
        let mut bench = Self::new(Connection::originator(config, ENTROPY));
        bench.machine.open(bench.now).unwrap();
        assert_eq!(bench.sent_names(), ["Start-Control-Connection-Request"]);
        bench
    }

    /// Creates a receiver that waits for the request.
    pub(crate) fn receiver(config: Config) -> Self {
        let mut bench = Self::new(Connection::receiver(config, ENTROPY));
        bench.machine.open(bench.now).unwrap();
        assert_eq!(bench.sent(), []);
        bench
    }

    /// Creates an established originator.
    pub(crate) fn established() -> Self {
        Self::established_with(config())
    }

    pub(crate) fn established_with(config: Config) -> Self {
        let mut bench = Self::originator(config);
        bench.receive(start_reply());
        assert_eq!(bench.events(), [Event::Established]);
        bench
    }

    /// Handles a message of the peer.
    #[track_caller]
    pub(crate) fn receive(&mut self, message: impl Into<Message>) {
        let bytes = message.into();
        let mut buf = [0; Message::MAX_LEN];
        let bytes = bytes.encode(&mut buf).unwrap();
        assert_eq!(self.machine.handle_stream(self.now, bytes), bytes.len());
    }

    /// Returns what it sends.
    pub(crate) fn sent(&mut self) -> Vec<Message> {
        let (mut stream, mut messages) = (Reassembler::new(), Vec::new());
        let mut buf = [0; Connection::<3>::MAX_TRANSMIT];
        while let Some(mut bytes) = self.machine.poll_transmit(self.now, &mut buf).unwrap() {
            while let Some(message) = stream.next_message(&mut bytes).unwrap() {
                messages.push(message);
            }
        }
        messages
    }

    pub(crate) fn sent_names(&mut self) -> Vec<&'static str> {
        self.sent().iter().map(Message::name).collect()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        core::iter::from_fn(|| self.machine.poll_event()).collect()
    }

    /// Clears everything that was sent and reported until now.
    pub(crate) fn clear(&mut self) {
        self.sent();
        self.events();
    }

    /// Returns the only event.
    #[track_caller]
    pub(crate) fn event(&mut self) -> Event {
        let events = self.events();
        let [event] = events[..] else { panic!("not one event: {events:?}") };
        event
    }

    /// Returns the only message.
    #[track_caller]
    pub(crate) fn message(&mut self) -> Message {
        let messages = self.sent();
        let [message] = messages[..] else { panic!("not one message: {messages:?}") };
        message
    }

    /// Handles the peer's request for a call.
    #[track_caller]
    pub(crate) fn requested(&mut self, message: impl Into<Message>) -> CallId {
        self.receive(message);
        assert_eq!(self.sent(), []);
        let Event::CallRequested { call } = self.event() else { panic!("no call requested") };
        call
    }

    /// Asks for an outgoing call.
    pub(crate) fn placed(&mut self) -> CallId {
        let call = self.machine.place_call(self.now, OutgoingCallRequest::new(0, 0)).unwrap();
        assert_eq!(self.sent_names(), ["Outgoing-Call-Request"]);
        call
    }

    /// Returns an outgoing call that the peer has connected.
    #[track_caller]
    pub(crate) fn connected(&mut self) -> CallId {
        let call = self.placed();
        self.receive(OutgoingCallReply::new(PEERS, call.get(), 1_000_000));
        let Event::CallConnected { call: connected, peer_call_id: PEERS, .. } = self.event() else {
            panic!("not connected")
        };
        assert_eq!(connected, call);
        call
    }

    /// Passes time, and does what is due.
    #[track_caller]
    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.machine.handle_timeout(self.now);
        assert!(self.machine.poll_timeout().is_none_or(|deadline| deadline > self.now));
    }
}

pub(crate) fn start_request() -> StartControlConnectionRequest {
    StartControlConnectionRequest::new(Text::new("peer").unwrap(), Text::EMPTY)
}

pub(crate) fn start_reply() -> StartControlConnectionReply {
    StartControlConnectionReply::new(StartResult::SUCCESSFUL, Text::new("peer").unwrap(), Text::EMPTY)
}

pub(crate) fn outgoing_request() -> OutgoingCallRequest {
    OutgoingCallRequest { packet_processing_delay: 3, ..OutgoingCallRequest::new(PEERS, 77) }
}

pub(crate) fn incoming_request() -> IncomingCallRequest {
    IncomingCallRequest::new(PEERS, 78, pptp_wire::code::Bearer::DIGITAL)
        .with_dialing_number(Text::new("0301234").unwrap())
}
