//! Packets of one call that are worked on together with those of other calls.

use core::time::Duration;

use l2tp_wire::session::SessionId;
use ppp_session::Batch;

use super::data_path::{Place, Proof, Unproven, judge, of_ppp};
use super::{Machine, Payload};
use crate::session::{HEADROOM, ReceiveError, Received, SendError, Transmit};

/// A packet whose decryptor was lent, to be decrypted together with packets of other calls.
pub(crate) struct Opening<'p> {
    pub(crate) call: SessionId,
    ppp: ppp_session::Opening<'p>,
    unproven: Unproven,
}

impl<'p> AsMut<ppp_session::Opening<'p>> for Opening<'p> {
    fn as_mut(&mut self) -> &mut ppp_session::Opening<'p> {
        &mut self.ppp
    }
}

/// A packet whose encryptor was lent, to be encrypted together with packets of other calls.
pub(crate) struct Sealing<'p> {
    pub(crate) call: SessionId,
    ppp: ppp_session::Sealing<'p>,
    place: Place,
}

impl<'p> AsMut<ppp_session::Sealing<'p>> for Sealing<'p> {
    fn as_mut(&mut self) -> &mut ppp_session::Sealing<'p> {
        &mut self.ppp
    }
}

impl Machine {
    /// Begins with a packet that may be decrypted with those of other calls. The result of one that
    /// is not goes to `each`.
    pub(crate) fn lend<'p>(
        &mut self,
        now: Duration,
        batch: &mut Batch,
        packet: &'p mut [u8],
        each: &mut impl FnMut(Result<(Received<'_>, Proof), ReceiveError>),
    ) -> Option<Opening<'p>> {
        self.enter(|call| {
            let unproven = match call.arrive(now, packet) {
                Ok(Some(unproven)) => unproven,
                Ok(None) => {
                    each(Ok((Received::Held, Proof::Nothing)));
                    return None;
                }
                Err(error) => {
                    each(Err(error));
                    return None;
                }
            };
            let frame = packet.get_mut(unproven.frame.clone()).unwrap_or_default();
            let Self { id, payload, channel, .. } = call;
            let Payload::Ppp(ppp) = payload else {
                each(Ok((Received::Frame { call: *id, frame }, Proof::Genuine)));
                return None;
            };
            match ppp.lend_decryptor(frame) {
                Ok(ppp) => Some(Opening { call: *id, ppp, unproven }),
                Err(frame) => {
                    let expects_sealed = ppp.expects_sealed();
                    ppp.handle_frames(now, batch, &mut [frame], &mut |_, received| {
                        let proof = judge(channel, &unproven, expects_sealed, &received);
                        each(received.map(|received| (of_ppp(*id, received), proof)).map_err(ReceiveError::from));
                    });
                    None
                }
            }
        })
    }

    /// Takes the decryptor back, and what it has made of the packet.
    pub(crate) fn take_back<'p>(
        &mut self,
        now: Duration,
        opening: Opening<'p>,
    ) -> Result<(Received<'p>, Proof), ReceiveError> {
        self.enter(|call| {
            let Self { id, payload, channel, .. } = call;
            let Payload::Ppp(ppp) = payload else { return Ok((Received::Consumed, Proof::Nothing)) };
            let received = ppp.take_back(now, opening.ppp);
            let proof = judge(channel, &opening.unproven, true, &received);
            Ok((of_ppp(*id, received?), proof))
        })
    }

    /// Begins with a packet that may be encrypted with those of other calls. The result of one that
    /// is not goes to `each`.
    pub(crate) fn lend_to_send<'p>(
        &mut self,
        now: Duration,
        buf: &'p mut [u8],
        each: &mut impl FnMut(Result<Transmit<'_>, SendError>),
    ) -> Option<Sealing<'p>> {
        // One in the clear has nothing to be encrypted, and a compressed one does not stay in place.
        if !self.ppp().is_some_and(ppp_session::Session::seals_in_place) {
            each(self.send_ip(now, buf));
            return None;
        }
        self.enter(|call| match call.begin_to_send(buf) {
            Ok(sealing) => Some(sealing),
            Err(error) => {
                each(Err(error));
                None
            }
        })
    }

    fn begin_to_send<'p>(&mut self, buf: &'p mut [u8]) -> Result<Sealing<'p>, SendError> {
        let type_of_service = self.check_send(buf)?;
        let Payload::Ppp(ppp) = &mut self.payload else { return Err(SendError::OtherPayload) };
        let (mut lent, frame) = ppp.lend_encryptor(buf, HEADROOM)?;
        let packet = self.encapsulate(lent.buf_mut(), frame.clone(), type_of_service);
        match packet.map(|packet| Place::before(frame.end, &packet)) {
            Ok(place) => Ok(Sealing { call: self.id, ppp: lent, place }),
            Err(error) => {
                if let Payload::Ppp(ppp) = &mut self.payload {
                    ppp.take_back_sealed(lent);
                }
                Err(error)
            }
        }
    }

    /// Takes the encryptor back, and returns the packet.
    pub(crate) fn take_back_sealed<'p>(&mut self, sealing: Sealing<'p>) -> Option<Transmit<'p>> {
        let Payload::Ppp(ppp) = &mut self.payload else { return None };
        Some(sealing.place.lay(ppp.take_back_sealed(sealing.ppp)))
    }
}
