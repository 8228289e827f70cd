//! Packets lent for batches of many sessions.

use core::time::Duration;

use l2tp_wire::Address;
use l2tp_wire::demultiplexer::Key;
use l2tp_wire::session::SessionId;
use ppp_session::Batch;

use super::Session;
use crate::session::call::{Opening, Proof, Sealing};
use crate::session::{ReceiveError, Received, SendError, Transmit};

impl<const CALLS: usize> Session<CALLS> {
    /// Begins with a data packet that may be decrypted with those of other calls. The result of one
    /// that is not goes to `each`.
    pub(crate) fn lend<'p>(
        &mut self,
        now: Duration,
        (source, key): (Address, Key),
        batch: &mut Batch,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Opening<'p>> {
        let index = match self.call_of(source, key) {
            Ok(index) => index,
            Err(error) => {
                each(Err(error));
                return None;
            }
        };
        let mut proof = Proof::Nothing;
        let mut judged = |received: Result<(Received<'_>, Proof), ReceiveError>| {
            each(received.map(|(received, proved)| {
                proof = proved;
                received
            }));
        };
        let lent = self.enter_call(now, index, |call, now| call.lend(now, batch, packet, &mut judged)).flatten();
        self.note(proof);
        lent
    }

    /// Gives a call back what it has lent, and returns what was in the packet.
    pub(crate) fn take_back<'p>(&mut self, now: Duration, opening: Opening<'p>) -> Result<Received<'p>, ReceiveError> {
        let id = opening.call;
        let unknown = ReceiveError::UnknownCall { session_id: id.get() };
        let index = self.calls.iter().position(|call| call.id() == id).ok_or(unknown)?;
        let taken = self.enter_call(now, index, |call, now| call.take_back(now, opening));
        let (received, proof) = taken.unwrap_or(Err(unknown))?;
        self.note(proof);
        Ok(received)
    }

    /// Begins with a packet that may be encrypted with those of other calls. The result of one that
    /// is not goes to `each`.
    pub(crate) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        id: SessionId,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<Transmit<'_>, SendError>),
    ) -> Option<Sealing<'p>> {
        let Some(index) = self.calls.iter().position(|call| call.id() == id && !call.is_cleared()) else {
            each(Err(SendError::NoCall));
            return None;
        };
        self.enter_call(now, index, |call, now| call.lend_to_send(now, buf, each)).flatten()
    }

    /// Gives a call back what it has lent, and returns the packet.
    pub(crate) fn take_back_sealed<'p>(&mut self, sealing: Sealing<'p>) -> Option<Transmit<'p>> {
        let index = self.calls.iter().position(|call| call.id() == sealing.call)?;
        self.enter_call(Duration::ZERO, index, |call, _| call.take_back_sealed(sealing)).flatten()
    }
}
