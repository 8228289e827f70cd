//! Sessions of PPTP.

#![expect(clippy::wildcard_enum_match_arm, reason = "errors and events of later versions are as the most general one")]

use core::time::Duration;

use ppp_session::ppp::auth::Outcome;
use pptp::session::{HEADROOM, ReceiveError, SendError, Session};
use pptp::wire::connection::CallId;

use super::{Command, Machine, Traffic, behind, carry_out};
use crate::address::Address;
use crate::error::Error;
use crate::event::Happened;
use crate::packet::Lent;

/// Returns the id of a call; RFC 2637 has 16 bits.
fn call_id(call: u32) -> Option<CallId> {
    u16::try_from(call).ok().map(CallId::new)
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        match error {
            SendError::NoCall => Self::NotFound,
            SendError::WouldBlock => Self::WouldBlock,
            SendError::Ppp(error) => error.into(),
            _ => Self::NotConnected,
        }
    }
}

impl From<ReceiveError> for Error {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::UnknownCall { .. } => Self::NotFound,
            ReceiveError::Tunnel(pptp::gre::ReceiveError::Busy) => Self::PollFirst,
            ReceiveError::Ppp(error) => error.into(),
            _ => Self::Refused,
        }
    }
}

/// Returns bytes of a call, which go to the only peer there is.
pub(crate) fn lent(bytes: &[u8], call: u32) -> Lent<'_> {
    Lent { bytes, call, address: Address::NONE }
}

impl<const CALLS: usize> Machine for Session<CALLS> {
    fn open(&mut self, now: Duration) -> Result<(), Error> {
        self.open(now);
        Ok(())
    }

    fn close(&mut self, now: Duration) {
        self.close(now);
    }

    fn is_over(&self) -> bool {
        self.is_closed()
    }

    fn is_acknowledged(&self) -> bool {
        self.is_closed()
    }

    fn first_call(&self) -> Option<u32> {
        self.first_call().map(|call| call.id().get().into())
    }

    fn ppp(&self, call: u32) -> Option<&ppp_session::Session> {
        self.call(call_id(call)?).map(|call| call.ppp())
    }

    fn mtu(&self, call: u32) -> Option<u16> {
        self.call(call_id(call)?).map(|call| call.mtu())
    }

    fn traffic(&self, call: u32) -> Option<Traffic> {
        let tunnel = self.call(call_id(call)?)?.statistics().tunnel;
        Some(Traffic {
            packets_sent: tunnel.packets_sent,
            packets_received: tunnel.packets_received,
            bytes_sent: tunnel.bytes_sent,
            bytes_received: tunnel.bytes_received,
            out_of_order: tunnel.out_of_order,
            lost: tunnel.lost,
        })
    }

    fn handle_packet<'p>(
        &mut self,
        now: Duration,
        _: Option<l2tp_session::wire::Address>,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Option<Lent<'p>>, Error> {
        let (call, received) = self.handle_gre(now, packet, scratch)?;
        Ok(received.ip().map(|bytes| lent(bytes, call.get().into())))
    }

    fn poll_packet<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Ok(self.poll_tunnel(now, buf)?.map(|bytes| lent(bytes, 0)))
    }

    fn poll_receive<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Ok(self.poll_receive(now, buf)?.map(|(call, bytes)| lent(bytes, call.get().into())))
    }

    fn send_ip<'b>(&mut self, now: Duration, call: u32, buf: &'b mut [u8]) -> Result<Lent<'b>, Error> {
        let mut handle = call_id(call).and_then(|id| self.call_mut(id)).ok_or(Error::NotFound)?;
        let bytes = handle.send_ip(now, behind(buf, HEADROOM)?)?;
        Ok(lent(bytes, call))
    }

    fn poll_event(&mut self) -> Option<Happened> {
        self.poll_event().map(Happened::Pptp)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.handle_timeout(now);
    }

    fn command(&mut self, now: Duration, call: u32, command: Command<'_>) -> Result<Option<Outcome>, Error> {
        let call = call_id(call).and_then(|id| self.call_mut(id)).ok_or(Error::NotFound)?;
        carry_out!(call, now, command)
    }

    fn wants_read(&self) -> Result<bool, Error> {
        Ok(self.wants_read())
    }

    fn handle_stream(&mut self, now: Duration, bytes: &[u8]) -> Result<usize, Error> {
        Ok(self.handle_stream(now, bytes))
    }

    fn handle_disconnect(&mut self, now: Duration) -> Result<(), Error> {
        self.handle_disconnect(now);
        Ok(())
    }

    fn poll_stream<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Ok(self.poll_control(now, buf)?.map(|bytes| lent(bytes, 0)))
    }
}
