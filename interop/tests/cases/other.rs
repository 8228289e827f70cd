//! The other side of a case: a control connection that works, and GRE packets whose frames the case chooses.

use std::time::Duration;

use pptp::gre;
use pptp::wire::connection::{self, Connection, EchoPolicy, Event};
use pptp::wire::{Text, code};

/// One end that sends nothing of its own accord in the tunnel; its packets acknowledge what it has got.
pub(crate) struct Other {
    pub(crate) control: Connection<1>,
    /// The call id that packets to the project carry.
    peer_call: Option<u16>,
    next: u32,
    acknowledges: bool,
    latest: Option<u32>,
    start_result: Option<u8>,
    /// Every frame that the project has sent.
    pub(crate) frames: Vec<Vec<u8>>,
}

impl Other {
    pub(crate) fn new(is_server: bool, acknowledges: bool, start_result: Option<u8>) -> Self {
        let text = |text: &str| Text::new(text.as_bytes()).unwrap();
        let identity = connection::Identity::new(text("other"), text("other"));
        let config = connection::Config::new(identity)
            .with_echo(EchoPolicy::Off)
            .with_outgoing_call_requests(true)
            .with_manual_start(start_result.is_some())
            .with_no_data_timeout(Duration::MAX);
        let control =
            if is_server { Connection::receiver(config, [9; 32]) } else { Connection::originator(config, [9; 32]) };
        Self { control, peer_call: None, next: 0, acknowledges, latest: None, start_result, frames: Vec::new() }
    }

    /// Handles what happened on the control connection: every call is taken.
    pub(crate) fn settle(&mut self, now: Duration, is_client: bool) {
        while let Some(event) = self.control.poll_event() {
            match event {
                Event::StartRequested => {
                    let result = code::StartResult::new(self.start_result.unwrap_or(1));
                    self.control.refuse_start(now, result, code::GeneralError::NONE).unwrap();
                }
                Event::Established if is_client => {
                    let request = pptp::wire::message::OutgoingCallRequest::new(0, 0);
                    self.control.place_call(now, request).unwrap();
                }
                Event::CallRequested { call } => {
                    self.control.accept_call(now, call, connection::Answer::new()).unwrap();
                }
                Event::CallConnected { peer_call_id, .. } => self.peer_call = Some(peer_call_id),
                _ => {}
            }
        }
    }

    /// Takes a GRE packet of the project.
    pub(crate) fn handle_gre(&mut self, packet: &[u8]) {
        let packet = gre::Packet::decode(packet).expect("the project sends whole packets");
        if let Some(number) = packet.header.sequence_number {
            self.latest = Some(number);
            self.frames.push(packet.payload.to_vec());
        }
    }

    /// Wraps a frame into the next GRE packet.
    pub(crate) fn wrap(&mut self, frame: &[u8]) -> Vec<u8> {
        let number = self.next;
        self.next += 1;
        self.gre(number, self.latest.filter(|_| self.acknowledges), frame)
    }

    fn gre(&self, sequence: u32, acknowledgment: Option<u32>, payload: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x30, if acknowledgment.is_some() { 0x81 } else { 0x01 }, 0x88, 0x0b];
        packet.extend((payload.len() as u16).to_be_bytes());
        packet.extend(self.peer_call.expect("a call that is up").to_be_bytes());
        packet.extend([sequence].into_iter().chain(acknowledgment).flat_map(u32::to_be_bytes));
        packet.extend(payload);
        packet
    }

    /// Returns the last packet of a protocol and code that the project has sent: identifier and
    /// data.
    pub(crate) fn last(&self, protocol: u16, code: u8) -> Option<(u8, Vec<u8>)> {
        self.frames.iter().rev().find_map(|frame| {
            let frame = pptp::ppp::Frame::decode(frame).ok()?;
            let &[found, identifier, high, low, ref data @ ..] = frame.information else { return None };
            let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(4)?;
            (frame.protocol.0 == protocol && found == code).then(|| Some((identifier, data.get(..length)?.to_vec())))?
        })
    }
}
