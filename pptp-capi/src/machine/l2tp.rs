//! Sessions of L2TP.

#![expect(clippy::wildcard_enum_match_arm, reason = "errors and events of later versions are as the most general one")]

use core::time::Duration;

use l2tp_session::session::{HEADROOM, ReceiveError, Received, SendError, Session, SessionId, Transmit};
use ppp_session::ppp::auth::Outcome;

use super::{Command, Machine, Traffic, behind, carry_out};
use crate::address::Address;
use crate::error::Error;
use crate::event::Happened;
use crate::packet::Lent;

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoCall => Self::NotFound,
            SendError::Ppp(error) => error.into(),
            // The path is too narrow; the headroom is there.
            SendError::Data(_) => Self::TooLong,
            _ => Self::NotConnected,
        }
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::UnknownTunnel | ReceiveError::UnknownCall { .. } => Self::NotFound,
            ReceiveError::Full(_) => Self::Full,
            ReceiveError::Data(l2tp_session::wire::data::ReceiveError::Busy) => Self::PollFirst,
            ReceiveError::Ppp(error) => error.into(),
            _ => Self::Refused,
        }
    }
}

/// Returns the IP packet that a packet had in it. Frames of other calls are not the caller's.
pub(crate) fn ip(received: Received<'_>) -> Option<Lent<'_>> {
    match received {
        Received::Ip { call, packet } => Some(Lent { bytes: packet, call: call.get(), address: Address::NONE }),
        _ => None,
    }
}

fn lent(transmit: Transmit<'_>, call: u32) -> Lent<'_> {
    Lent { bytes: transmit.payload, call, address: transmit.destination.into() }
}

impl<const CALLS: usize> Machine for Session<CALLS> {
    fn open(&mut self, now: Duration) -> Result<(), Error> {
        self.open(now).map_err(|_| Error::Unsuitable)
    }

    fn close(&mut self, now: Duration) {
        self.close(now);
    }

    fn is_over(&self) -> bool {
        self.is_drained()
    }

    fn is_acknowledged(&self) -> bool {
        self.reason().is_some() && self.is_acknowledged()
    }

    fn first_call(&self) -> Option<u32> {
        self.first_call().map(|call| call.id().get())
    }

    fn ppp(&self, call: u32) -> Option<&ppp_session::Session> {
        self.call(SessionId::new(call))?.ppp()
    }

    fn mtu(&self, call: u32) -> Option<u16> {
        self.call(SessionId::new(call)).map(|call| call.mtu())
    }

    fn traffic(&self, call: u32) -> Option<Traffic> {
        let counters = self.call(SessionId::new(call))?.counters();
        Some(Traffic {
            packets_sent: counters.packets_sent,
            packets_received: counters.packets_received,
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
            out_of_order: counters.out_of_order,
            lost: counters.lost,
        })
    }

    fn handle_packet<'p>(
        &mut self,
        now: Duration,
        source: Option<l2tp_session::wire::Address>,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Option<Lent<'p>>, Error> {
        let source = source.ok_or(Error::NullPointer)?;
        Ok(ip(self.handle_datagram(now, source, packet, scratch)?))
    }

    fn poll_packet<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Ok(self.poll_transmit(now, buf)?.map(|transmit| lent(transmit, 0)))
    }

    fn poll_receive<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Ok(self.poll_receive(now, buf)?.and_then(ip))
    }

    fn send_ip<'b>(&mut self, now: Duration, call: u32, buf: &'b mut [u8]) -> Result<Lent<'b>, Error> {
        let mut handle = self.call_mut(SessionId::new(call)).ok_or(Error::NotFound)?;
        Ok(lent(handle.send_ip(now, behind(buf, HEADROOM)?)?, call))
    }

    fn poll_event(&mut self) -> Option<Happened> {
        self.poll_event().map(Happened::L2tp)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.handle_timeout(now);
    }

    fn command(&mut self, now: Duration, call: u32, command: Command<'_>) -> Result<Option<Outcome>, Error> {
        let call = self.call_mut(SessionId::new(call)).ok_or(Error::NotFound)?;
        carry_out!(call, now, command)
    }
}
