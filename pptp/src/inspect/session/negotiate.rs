//! The agreements of the two ends: LCP, CCP, IPCP.

use alloc::vec::Vec;

use mppe::{Algorithm, Mode, Strength};
use ppp_fsm::ccp::{ConfigurationOption as CcpOption, MicrosoftCompression};
use ppp_fsm::ipcp::ConfigurationOption as IpcpOption;
use ppp_fsm::lcp::MicrosoftTermination;
use ppp_fsm::{Code, Packet};

use super::super::encryption::Encryption;
use super::super::mppe_link::HeaderCompression;
use super::super::secret::Secrets;
use super::super::{Authentication, Cause, Content, Event, Outcome, Record};
use super::{CLIENT, Origin, SERVER, Session, Side, authentication_option, other};

/// Bytes of a terminating message that are kept.
const MAX_MESSAGE: usize = 64;

impl Session {
    pub(super) fn follow_lcp(
        &mut self,
        origin: Origin,
        packet: &Packet<'_>,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match packet.code {
            // The link starts again: everything is negotiated again.
            Code::CONFIGURE_REQUEST if self.is_open() => {
                self.mppe_wanted = false;
                for sender in [CLIENT, SERVER] {
                    self.end_encryption(Origin { sender, ..origin }, plain, sink);
                }
                self.sides.iter_mut().for_each(Side::restart);
            }
            Code::CONFIGURE_ACK => {
                // Without directions, the second one is taken for that of the other end.
                let is_second = !self.has_directions() && self.side(origin.sender).lcp_acknowledged;
                let side = self.side_mut(if is_second { other(origin.sender) } else { origin.sender });
                side.lcp_acknowledged = true;
                side.agreed_authentication = authentication_option(packet);
                self.start_seen |= self.is_open();
            }
            Code::TERMINATE_REQUEST => {
                let cause = self.cause_of_termination(packet.data);
                if let Some(end) = self.finish(Some(origin.sender), cause) {
                    let end = end.clone();
                    sink(self.record(origin, Content::Event(Event::Ends(&end))));
                }
            }
            _ => {}
        }
    }

    fn cause_of_termination(&self, data: &[u8]) -> Cause {
        let message = data.get(..MAX_MESSAGE).unwrap_or(data).to_vec();
        // Encryption was asked for, not agreed upon by both, and no packet came of it, nor one in the clear.
        let both_encrypt = self.sides.iter().all(|side| side.encryption.algorithm().is_some());
        let talked = self.sides.iter().any(|side| side.counters.clear != 0 || side.counters.compressed != 0);
        // Only where the start was captured: else an agreement may have been made before.
        let no_encryption = self.start_seen && self.mppe_wanted && !both_encrypt && !talked;
        match (MicrosoftTermination::decode(data), self.authentication().map(Authentication::outcome)) {
            // Windows sends its own number; zero is an ordinary hang-up.
            (Some(termination), _) if termination.error != 0 => Cause::MicrosoftError(termination.error),
            (_, Some(Outcome::Refused { code })) => Cause::AuthenticationFailed { code },
            _ if no_encryption || is_about_encryption(&message, talked || !self.start_seen) => {
                Cause::NoEncryption { message }
            }
            (Some(_), _) => Cause::Terminated { message: Vec::new() },
            (None, _) => Cause::Terminated { message },
        }
    }

    pub(super) fn follow_ccp(
        &mut self,
        origin: Origin,
        packet: &Packet<'_>,
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        match packet.code {
            // A side sends what it acknowledges.
            // A repeated Ack changes nothing: the keys run on.
            Code::CONFIGURE_ACK
                if self.side(origin.sender).ccp_identifier != Some(packet.identifier)
                    && self.may_agree_on_ccp(origin) =>
            {
                let receiver = self.receiver(origin.sender);
                self.side_mut(receiver).asks_for_ccp = false;
                self.end_encryption(origin, plain, sink);
                self.side_mut(origin.sender).ccp_identifier = Some(packet.identifier);
                let option = packet.options().map_while(Result::ok).next();
                match option.map(|raw| (raw.option_type, CcpOption::decode(raw))) {
                    Some((_, Ok(CcpOption::Microsoft(bits)))) => self.encrypts(origin, bits, secrets, sink),
                    Some((option_type, _)) => {
                        self.side_mut(origin.sender).encryption = Encryption::Other { option_type };
                    }
                    None => self.side_mut(origin.sender).encryption = Encryption::Without,
                }
            }
            Code::CONFIGURE_REQUEST => {
                self.side_mut(origin.sender).asks_for_ccp = true;
                let mut options = packet.options().map_while(Result::ok).map(CcpOption::decode);
                self.mppe_wanted |= options.any(|option| {
                    matches!(option, Ok(CcpOption::Microsoft(bits)) if bits.intersects(MicrosoftCompression::STRENGTHS))
                });
            }
            Code::RESET_REQUEST => {
                let counters = &mut self.side_mut(origin.sender).counters;
                counters.reset_requests = counters.reset_requests.saturating_add(1);
                // The receiver waits no longer, so neither do we.
                let origin = Origin { sender: other(origin.sender), ..origin };
                self.release_held(origin, true, plain, sink);
            }
            _ => {}
        }
    }

    /// Returns whether an Ack of CCP can be genuine: RFC 1661 section 5.2 has it answer a request. Where no agreement was
    /// seen, the request may have been missed.
    fn may_agree_on_ccp(&self, origin: Origin) -> bool {
        let is_asked = self.side(self.receiver(origin.sender)).asks_for_ccp;
        is_asked || !self.has_directions() || self.side(origin.sender).ccp_identifier.is_none()
    }

    /// Follows IPCP: a side may use what the other acknowledges (RFC 1332 section 4).
    pub(super) fn follow_ipcp(&mut self, origin: Origin, packet: &Packet<'_>) {
        if packet.code == Code::CONFIGURE_REQUEST {
            self.side_mut(origin.sender).asks_for_ipcp = true;
        }
        let receiver = self.receiver(origin.sender);
        let is_new = self.side(origin.sender).header_compression == HeaderCompression::NotSeen;
        // An Ack that nobody has asked for is not genuine, as with CCP.
        let may_agree = self.side(receiver).asks_for_ipcp || !self.has_directions() || is_new;
        if packet.code != Code::CONFIGURE_ACK || !may_agree {
            return;
        }
        self.side_mut(receiver).asks_for_ipcp = false;
        let mut options = packet.options().map_while(Result::ok).map(IpcpOption::decode);
        let agreed = options.any(|option| matches!(option, Ok(IpcpOption::IpCompressionProtocol(_))));
        self.side_mut(origin.sender).header_compression =
            if agreed { HeaderCompression::Agreed } else { HeaderCompression::NotAgreed };
    }

    fn encrypts(
        &mut self,
        origin: Origin,
        bits: MicrosoftCompression,
        secrets: &Secrets,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let strengths = [
            (MicrosoftCompression::MPPE_128, Strength::Bits128),
            (MicrosoftCompression::MPPE_56, Strength::Bits56),
            (MicrosoftCompression::MPPE_40, Strength::Bits40),
        ];
        let Some((_, strength)) = strengths.into_iter().find(|(bit, _)| bits.contains(*bit)) else {
            // Only MPPC, or nothing.
            self.side_mut(origin.sender).encryption = Encryption::Without;
            return;
        };
        let mode = if bits.contains(MicrosoftCompression::STATELESS) { Mode::Stateless } else { Mode::Stateful };
        let algorithm = Algorithm { strength, mode };
        let keys = self.start_keys(origin.sender, strength, secrets);
        let outcome = keys.as_ref().map(|_| ()).map_err(|reason| *reason);
        self.side_mut(origin.sender).encryption = match keys {
            Ok(keys) => keys.encryption(algorithm),
            Err(reason) => Encryption::NoKeys { algorithm: Some(algorithm), reason },
        };
        sink(self.record(origin, Content::Event(Event::Encrypts { algorithm, keys: outcome })));
    }
}

impl Side {
    /// Restarts, since LCP begins again.
    fn restart(&mut self) {
        self.encryption = Encryption::NotSeen;
        self.ccp_identifier = None;
        self.asks_for_ccp = false;
        self.asks_for_ipcp = false;
        self.lcp_acknowledged = false;
        self.agreed_authentication = None;
        self.header_compression = HeaderCompression::NotSeen;
        self.challenges.clear();
        self.authentication = None;
    }
}

/// Returns whether a Terminate-Request says in words that encryption is missing. pppd's begin so.
/// The second ones are also those of a session that ends as it should, after packets of data that
/// were captured or not.
fn is_about_encryption(message: &[u8], may_have_talked: bool) -> bool {
    message.starts_with(b"MPPE required") || !may_have_talked && message.starts_with(b"MPPE disabled")
}
