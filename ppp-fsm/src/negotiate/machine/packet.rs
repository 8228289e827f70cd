//! Packets of the peer: requests, answers, rejects.

use super::super::outcome::{Reason, Refused};
use super::super::protocol::ControlProtocol;
use super::super::reply::{CAPACITY, Judgement, judge};
use super::Negotiation;
use crate::automaton::{self, State};
use crate::{Code, DecodeError, Field, Options, Packet};

impl<P: ControlProtocol> Negotiation<P> {
    pub(super) fn handle_request(&mut self, packet: &Packet<'_>) -> Result<(), Refused> {
        for option in packet.options() {
            option?;
        }
        if matches!(self.state, State::Closed) {
            self.terminate_ack = Some(packet.identifier);
        }
        if matches!(self.state, State::Closed | State::Closing | State::Stopping) {
            self.event(automaton::Event::ReceiveConfigureRequestGood);
            return Ok(());
        }
        let length = packet.data.len();
        if length > CAPACITY {
            return Err(Refused::TooLong { length });
        }
        if self.reply.pending {
            return Err(Refused::Busy);
        }
        self.end = None;
        let is_copy = self.reply.code == Code::CONFIGURE_ACK
            && self.reply.identifier == packet.identifier
            && self.reply.data() == packet.data;
        if self.state == State::Opened && is_copy {
            self.reply.pending = true;
            return Ok(());
        }
        if matches!(self.state, State::Stopped | State::Opened) {
            self.begin();
        }
        if self.reply.is_refusal_of(packet) {
            // The network made a copy, or the answer was lost. A peer that does nothing else is left at last.
            self.reply.pending = true;
            self.copies = self.copies.saturating_add(1);
            self.event(automaton::Event::ReceiveConfigureRequestBad);
            if self.copies > Self::MAX_COPIES {
                self.close_because(Reason::NotConverging);
            }
            return Ok(());
        }
        self.copies = 0;
        let max_failure = self.config.max_failure;
        let no_more_naks = self.refusals_sent >= max_failure;
        let event = match judge(&mut self.protocol, packet, no_more_naks, &mut self.reply) {
            Judgement::Good => {
                self.refusals_sent = 0;
                automaton::Event::ReceiveConfigureRequestGood
            }
            Judgement::Nak | Judgement::Reject => {
                self.refusals_sent = self.refusals_sent.saturating_add(1);
                automaton::Event::ReceiveConfigureRequestBad
            }
        };
        self.event(event);
        self.give_up_or_go_on(self.refusals_sent);
        Ok(())
    }

    pub(super) fn handle_answer(&mut self, packet: &Packet<'_>) -> Result<(), Refused> {
        for option in packet.options() {
            option?;
        }
        let event = if packet.code == Code::CONFIGURE_ACK {
            automaton::Event::ReceiveConfigureAck
        } else {
            automaton::Event::ReceiveConfigureNak
        };
        match self.state {
            State::Closed | State::Stopped => {
                self.terminate_ack = Some(packet.identifier);
                self.event(event);
                return Ok(());
            }
            State::Closing | State::Stopping => return Ok(()),
            State::Initial
            | State::Starting
            | State::RequestSent
            | State::AckReceived
            | State::AckSent
            | State::Opened => {}
        }
        if self.is_answered || packet.identifier != self.request_identifier {
            return Err(Refused::Unmatched);
        }
        let mut scratch = [0; CAPACITY];
        let request = self.own_request(&mut scratch).map_err(|_| Refused::Unmatched)?;
        match packet.code {
            Code::CONFIGURE_ACK if packet.data == request => {
                self.refusals_received = 0;
                self.protocol.accept();
            }
            Code::CONFIGURE_ACK => return Err(Refused::Unmatched),
            Code::CONFIGURE_NAK => {
                self.refusals_received = self.refusals_received.saturating_add(1);
                let as_reject = self.refusals_received > self.config.max_failure;
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
                if packet.options().flatten().any(|option| Options::new(request).flatten().all(|own| own != option)) {
                    return Err(Refused::Unmatched);
                }
                self.refusals_received = self.refusals_received.saturating_add(1);
                packet.options().flatten().for_each(|option| self.protocol.reject(option));
            }
        }
        (self.is_answered, self.request) = (true, None);
        self.event(event);
        self.give_up_or_go_on(self.refusals_received);
        Ok(())
    }

    pub(super) fn handle_code_reject(&mut self, packet: &Packet<'_>) -> Result<(), Refused> {
        let Some(&code) = packet.data.first() else {
            let field = Field::Header;
            return Err(DecodeError::Truncated { field, offset: Packet::HEADER_LEN, needed: 1, available: 0 }.into());
        };
        if Code(code) <= Code::CODE_REJECT {
            self.end = Some(Reason::Rejected);
            self.event(automaton::Event::ReceiveRejectFatal);
        } else {
            self.event(automaton::Event::ReceiveRejectHarmless);
        }
        Ok(())
    }

    /// Closes when there is no hope, or when the peer was refused, or refuses, without an end.
    pub(super) fn give_up_or_go_on(&mut self, refusals: u8) {
        if let Err(failure) = self.protocol.check() {
            self.close_because(Reason::Failed(failure));
        } else if refusals > self.config.max_failure.saturating_mul(3) {
            self.close_because(Reason::NotConverging);
        }
    }
}
