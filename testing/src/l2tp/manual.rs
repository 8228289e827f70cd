//! A session without a tunnel, and its user.

use std::time::Duration;

use l2tp_session::manual::Session;
use l2tp_session::ppp_session::Event as PppEvent;
use l2tp_session::ppp_session::ppp::auth::Answer;
use l2tp_session::session::{CallEvent, HEADROOM, MAX_RECEIVE, Reason, ReceiveError, SendError};
use l2tp_session::wire::Address;

use super::{ADDRESS, PASSWORD};
use crate::{Datagram, Endpoint, Output};

/// A session without a tunnel, and its user.
#[derive(Debug)]
pub struct Manual {
    /// The session.
    pub session: Session,
    /// Where its peer sends from.
    pub peer: Address,
    /// IP packets and frames that came in.
    pub packets: Vec<Vec<u8>>,
    /// Whether IP, or frames, flow.
    pub is_connected: bool,
    /// Why it is over.
    pub reason: Option<Reason>,
    /// Why packets were refused.
    pub refused: Vec<ReceiveError>,
}

impl Manual {
    /// Makes the user of a session.
    #[must_use]
    pub fn new(session: Session, peer: Address) -> Self {
        Self { session, peer, packets: Vec::new(), is_connected: false, reason: None, refused: Vec::new() }
    }

    /// Makes the packet that carries an IP packet, or a frame.
    pub fn send(&mut self, now: Duration, content: &[u8]) -> Result<Vec<u8>, SendError> {
        let mut buf = [&[0; HEADROOM][..], content].concat();
        match self.session.send_ip(now, &mut buf) {
            Ok(packet) => Ok(packet.payload.to_vec()),
            Err(SendError::OtherPayload) => Ok(self.session.send_frame(now, &mut buf)?.payload.to_vec()),
            Err(error) => Err(error),
        }
    }

    fn event(&mut self, now: Duration, event: CallEvent) {
        match event {
            CallEvent::Connected => self.is_connected = self.session.call().ppp().is_none(),
            CallEvent::Ppp(PppEvent::Authenticate(question)) => {
                self.session.with_ppp(now, |ppp, now| {
                    ppp.assign_address(ADDRESS);
                    let _ = ppp.answer(now, question.ticket(), &Answer::Password(PASSWORD.as_bytes()));
                });
            }
            CallEvent::Ppp(PppEvent::IpUp(_)) => self.is_connected = true,
            CallEvent::Closed(reason) => self.reason = Some(reason),
            _ => {}
        }
    }
}

impl Endpoint for Manual {
    fn handle_datagram(&mut self, now: Duration, mut datagram: Datagram) {
        match self.session.handle_datagram(now, self.peer, &mut datagram.bytes, &mut [0; MAX_RECEIVE]) {
            Ok(received) => self.packets.extend(received.ip().or(received.frame()).map(<[u8]>::to_vec)),
            Err(error) => self.refused.push(error),
        }
    }

    fn poll(&mut self, now: Duration, output: &mut Output) -> bool {
        let mut is_any = false;
        let mut buf = [0; MAX_RECEIVE];
        while let Some(received) = self.session.poll_receive(now, &mut buf).unwrap() {
            self.packets.extend(received.ip().or(received.frame()).map(<[u8]>::to_vec));
            is_any = true;
        }
        while let Some(event) = self.session.poll_event() {
            self.event(now, event);
            is_any = true;
        }
        while let Some(packet) = self.session.poll_transmit(now, &mut buf).unwrap() {
            assert_eq!(packet.destination, self.peer);
            output.datagrams.push(packet.payload.to_vec());
            is_any = true;
        }
        is_any
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.session.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.session.handle_timeout(now);
    }
}
