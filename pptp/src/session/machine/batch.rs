//! Many packets at once, and packets lent for batches of many sessions.

use core::time::Duration;

use ppp_session::Batch;
use pptp_wire::connection::CallId;

use super::Session;
use super::data::call_id;
use crate::session::call::{Opening, Sealing};
use crate::session::{ReceiveError, Received, SendError};

impl<const CALLS: usize> Session<CALLS> {
    /// Takes many packets, in the order in which they came, as [`handle_gre`](Self::handle_gre)
    /// does; not more than may wait for a missing one
    /// ([`with_reorder_packets`](crate::session::Config::with_reorder_packets)) before
    /// [`poll_receive`](Self::poll_receive) is called. The result of each goes to `each`, with its
    /// index.
    pub fn handle_gre_batch(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packets: &mut [&mut [u8]],
        mut each: impl FnMut(usize, Result<(CallId, Received<'_>), ReceiveError>),
    ) {
        let mut first = 0_usize;
        let mut rest = packets;
        // Each run of packets of one call is a batch. `chunk_by_mut` has a way to panic that the compiler cannot rule out.
        while let Some(packet) = rest.first() {
            let id = call_id(packet);
            let count = rest.iter().take_while(|packet| call_id(packet) == id).count();
            let (run, behind) = core::mem::take(&mut rest).split_at_mut_checked(count).unwrap_or_default();
            rest = behind;
            let found = id.and_then(|id| Ok((id, self.live_call(now, id)?)));
            match found {
                Ok((id, index)) => {
                    self.enter_call(now, index, |call, now| {
                        call.handle_gre_batch(now, batch, run, &mut |index: usize, received| {
                            each(first.saturating_add(index), received.map(|received| (id, received)));
                        });
                    });
                }
                Err(error) => (first..).take(count).for_each(|index| each(index, Err(error))),
            }
            first = first.saturating_add(count);
        }
    }

    /// Begins with a packet that may be decrypted with those of other calls.
    pub(crate) fn lend<'p>(
        &mut self,
        now: Duration,
        id: CallId,
        batch: &mut Batch,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<Received<'_>, ReceiveError>),
    ) -> Option<Opening<'p>> {
        match self.live_call(now, id) {
            Ok(index) => self.enter_call(now, index, |call, now| call.lend(now, batch, packet, each)).flatten(),
            Err(error) => {
                each(Err(error));
                None
            }
        }
    }

    /// Gives a call back what it has lent, and returns what was in the packet.
    pub(crate) fn take_back<'p>(
        &mut self,
        now: Duration,
        id: CallId,
        opening: Opening<'p>,
    ) -> Result<Received<'p>, ReceiveError> {
        let index = self.live_call(now, id)?;
        let taken = self.enter_call(now, index, |call, now| call.take_back(now, opening));
        taken.unwrap_or(Err(ReceiveError::UnknownCall { call_id: id.get() }))
    }

    /// Begins with a packet that may be encrypted with those of other calls.
    pub(crate) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        id: CallId,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<&[u8], SendError>),
    ) -> Option<Sealing<'p>> {
        let Some(index) = self.calls.iter().position(|call| call.id() == id && !call.is_cleared()) else {
            each(Err(SendError::NoCall));
            return None;
        };
        self.enter_call(now, index, |call, now| call.lend_to_send(now, buf, each)).flatten()
    }

    /// Gives a call back what it has lent, and returns the packet.
    pub(crate) fn take_back_sealed<'p>(&mut self, id: CallId, sealing: Sealing<'p>) -> Option<&'p [u8]> {
        let index = self.calls.iter().position(|call| call.id() == id)?;
        self.enter_call(Duration::ZERO, index, |call, _| call.take_back_sealed(sealing))
    }
}
