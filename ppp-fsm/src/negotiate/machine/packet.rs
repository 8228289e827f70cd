//! Packets of the peer: requests, answers, rejects.

use core::time::Duration;

use super::super::outcome::{Reason, Refused};
use super::super::protocol::ControlProtocol;
use super::super::reply::{CAPACITY, judge};
use super::super::request::Request;
use super::{End, Negotiation, Occasion};
use crate::automaton::{self, State};
use crate::{Code, DecodeError, Field, Options, Packet};

impl<P: ControlProtocol> Negotiation<P> {
    pub(super) fn handle_request(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        // All options are checked before one is judged: half a request must change nothing.
        for option in packet.options() {
            option?;
        }
        if matches!(self.state, State::Closed | State::Closing | State::Stopping) {
            // These cells judge nothing: Closed answers with a Terminate-Ack, the others are silent.
            self.apply(now, automaton::Event::ReceiveConfigureRequestGood, Occasion::Packet(packet));
            return Ok(());
        }
        let length = packet.data.len();
        if length > CAPACITY {
            return Err(Refused::TooLong { length });
        }
        if self.reply.is_due() {
            // A copy of what is about to be answered needs no other answer.
            let is_copy = self.reply.is_acknowledgment_of(packet) || self.reply.is_refusal_of(packet);
            if is_copy {
                return Ok(());
            }
            // A peer that asks for something else has heard the refusal, and a copy of its earlier request came late: the
            // refusal need not go once more. To drop this request instead would cost the peer its restart timer.
            if !self.reply.is_refusal() {
                return Err(Refused::Busy);
            }
        }
        if matches!(self.end, End::Coming(_)) {
            // A peer that begins again does not end.
            self.end = End::None;
        }
        if self.state == State::Opened && self.reply.is_acknowledgment_of(packet) {
            // The Ack was lost. RFC 1661 has a new negotiation here, which would bring both sides down.
            self.reply.repeat();
            return Ok(());
        }
        if matches!(self.state, State::Stopped | State::Opened) {
            self.begin();
        }
        if self.reply.is_refusal_of(packet) {
            self.handle_copy(now);
            return Ok(());
        }
        self.failures.copies = 0;
        self.failures.peer_has_begun = true;
        let no_more_naks = self.failures.sent >= self.config.max_failure;
        let answer = judge(&mut self.protocol, packet, no_more_naks);
        let event = if answer.code == Code::CONFIGURE_ACK {
            self.failures.sent = 0;
            automaton::Event::ReceiveConfigureRequestGood
        } else {
            self.failures.sent = self.failures.sent.saturating_add(1);
            automaton::Event::ReceiveConfigureRequestBad
        };
        self.apply(now, event, Occasion::Request(packet, &answer));
        self.give_up_or_go_on(now, self.failures.sent);
        Ok(())
    }

    /// Handles a copy of a packet: the network made it, or the answer was lost. A peer that does
    /// nothing else is left at last.
    fn handle_copy(&mut self, now: Duration) {
        self.failures.copies = self.failures.copies.saturating_add(1);
        self.apply(now, automaton::Event::ReceiveConfigureRequestBad, Occasion::Copy);
        if self.failures.copies > Self::MAX_COPIES {
            self.close_because(now, Reason::NotConverging);
        }
    }

    pub(super) fn handle_answer(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        // As with a request: half an answer must change nothing.
        for option in packet.options() {
            option?;
        }
        let event = if packet.code == Code::CONFIGURE_ACK {
            automaton::Event::ReceiveConfigureAck
        } else {
            automaton::Event::ReceiveConfigureNak
        };
        match self.state {
            State::Closed | State::Stopped | State::Closing | State::Stopping => {
                self.apply(now, event, Occasion::Packet(packet));
                return Ok(());
            }
            State::Initial
            | State::Starting
            | State::RequestSent
            | State::AckReceived
            | State::AckSent
            | State::Opened => {}
        }
        // RFC 1661 section 5.2: an answer that does not fit the last request is dropped.
        if !self.request.is_answered_by(packet.identifier) {
            return Err(Refused::Unmatched);
        }
        self.take_answer(packet)?;
        self.request = Request::None;
        self.apply(now, event, Occasion::Packet(packet));
        self.give_up_or_go_on(now, self.failures.received);
        Ok(())
    }

    /// Lets the protocol know what the peer said to its request.
    fn take_answer(&mut self, packet: &Packet<'_>) -> Result<(), Refused> {
        let mut scratch = [0; CAPACITY];
        let request = self.own_request(&mut scratch).map_err(|_| Refused::Unmatched)?;
        match packet.code {
            // RFC 1661 section 5.2: an Ack must repeat the last request exactly.
            Code::CONFIGURE_ACK if packet.data == request => {
                self.failures.received = 0;
                self.protocol.accept();
            }
            Code::CONFIGURE_ACK => return Err(Refused::Unmatched),
            Code::CONFIGURE_NAK => {
                self.failures.received = self.failures.received.saturating_add(1);
                // RFC 1661 section 4.6 has Max-Failure for a peer that never agrees.
                let as_reject = self.failures.received > self.config.max_failure;
                for option in packet.options().flatten() {
                    match Options::new(request).flatten().find(|own| own.option_type == option.option_type) {
                        Some(own) if as_reject => self.protocol.reject(own),
                        // Nothing more is taken up from a peer that does not come to an end.
                        None if as_reject => {}
                        Some(_) | None => self.protocol.nak(option),
                    }
                }
            }
            _ => {
                // RFC 1661 section 5.4: rejected options are those of the request, unchanged.
                if packet.options().flatten().any(|option| Options::new(request).flatten().all(|own| own != option)) {
                    return Err(Refused::Unmatched);
                }
                self.failures.received = self.failures.received.saturating_add(1);
                packet.options().flatten().for_each(|option| self.protocol.reject(option));
            }
        }
        Ok(())
    }

    pub(super) fn handle_code_reject(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        let Some(&code) = packet.data.first() else {
            let field = Field::Header;
            return Err(DecodeError::Truncated { field, offset: Packet::HEADER_LEN, needed: 1, available: 0 }.into());
        };
        // RFC 1661 section 5.6: without one of the codes of the automaton there is no point in going on. Nobody sends
        // code 0: who rejects it answers a packet that somebody else made.
        if (Code::CONFIGURE_REQUEST..=Code::CODE_REJECT).contains(&Code(code)) {
            self.will_end(Reason::Rejected);
            self.apply(now, automaton::Event::ReceiveRejectFatal, Occasion::Own);
        } else {
            self.apply(now, automaton::Event::ReceiveRejectHarmless, Occasion::Own);
        }
        Ok(())
    }

    /// Closes when there is no hope, or when the peer was refused, or refuses, without an end.
    fn give_up_or_go_on(&mut self, now: Duration, refusals: u8) {
        if let Err(failure) = self.protocol.check() {
            self.close_because(now, Reason::Failed(failure));
        } else if refusals > self.config.max_failure.saturating_mul(3) {
            self.close_because(now, Reason::NotConverging);
        }
    }
}
