//! Frames that come in.

use core::time::Duration;

use super::machine::Link;
use super::stage::{Network, Stage};
use super::{Event, Phase, Reason, Received, Refused};
use crate::auth::{self, Failure};
use crate::ccp::{self, MicrosoftCompression};
use crate::negotiate::{ControlProtocol, Negotiation};
use crate::{Code, DecodeError, Frame, Packet, Protocol, chap, eap, lcp, pap, time};

impl Link {
    /// Takes a frame, without flags, escapes and check sequence: see [`hdlc`](crate::hdlc) for lines that have them.
    ///
    /// # Errors
    ///
    /// [`Refused`]: dropped.
    pub fn handle_frame<'p>(&mut self, now: Duration, bytes: &'p [u8]) -> Result<Received<'p>, Refused> {
        self.enter(now, |link, now| link.take_frame(now, bytes))
    }

    fn take_frame<'p>(&mut self, now: Duration, bytes: &'p [u8]) -> Result<Received<'p>, Refused> {
        let frame = match Frame::decode(bytes) {
            Ok(frame) => frame,
            Err(error) => {
                // RFC 1661 section 2: such a protocol is treated as one that is not known.
                if let DecodeError::InvalidProtocol { offset, found } = error {
                    let header = offset.saturating_add(2);
                    self.reject(found, bytes.get(header..).unwrap_or(&[]));
                }
                return Err(error.into());
            }
        };
        // Any frame is a sign of life for the keepalive.
        self.echo.traffic(self.config.keepalive.as_ref());
        let (protocol, information) = (frame.protocol, frame.information);
        let received = match protocol {
            Protocol::LCP => self.handle_lcp(now, information).map(|()| Received::Consumed),
            Protocol::PAP | Protocol::CHAP | Protocol::EAP => {
                self.handle_authentication(now, protocol, information).map(|()| Received::Consumed)
            }
            Protocol::CCP | Protocol::IPCP | Protocol::IPV6CP => {
                self.handle_control(now, protocol, information).map(|()| Received::Consumed)
            }
            // Encrypted packets are the caller's, who has the keys.
            Protocol::COMPRESSED if self.expects_compressed() => Ok(Received::Compressed(information)),
            Protocol::COMPRESSED if self.ccp.is_some() => Err(Refused::NotNow { protocol }),
            // A peer that sends clear text where encryption is agreed on is not obeyed: Linux
            // accepts such packets.
            Protocol::IP | Protocol::IPV6 if self.expects_encryption() => Err(Refused::NotEncrypted { protocol }),
            _ => self.accepts_network(protocol).map(|()| Received::Network { protocol, packet: information }),
        };
        if let Err(Refused::UnknownProtocol { protocol }) = received {
            self.reject(protocol, information);
        }
        received
    }

    /// Takes what came out of a [compressed](Received::Compressed) packet: the protocol, and what is behind it.
    ///
    /// An unknown protocol is dropped without a Protocol-Reject, which would show encrypted bytes
    /// to everybody.
    ///
    /// # Errors
    ///
    /// [`Refused`]: dropped.
    pub fn handle_decrypted<'p>(
        &mut self,
        now: Duration,
        protocol: Protocol,
        information: &'p [u8],
    ) -> Result<Received<'p>, Refused> {
        self.enter(now, |link, _| link.accepts(protocol).map(|()| Received::Network { protocol, packet: information }))
    }

    /// Checks whether a packet of this protocol is taken now, when it comes out of a
    /// [compressed](Received::Compressed) one.
    ///
    /// # Errors
    ///
    /// [`Refused`]: what [`handle_decrypted`](Self::handle_decrypted) would say.
    pub fn accepts(&self, protocol: Protocol) -> Result<(), Refused> {
        if !self.expects_compressed() {
            return Err(Refused::NotNow { protocol });
        }
        self.accepts_network(protocol)
    }

    /// Returns whether the peer agreed to any algorithm: CCP may be open without one.
    fn expects_compressed(&self) -> bool {
        self.compression().is_some_and(|agreed| agreed.receive != MicrosoftCompression::NONE)
    }

    /// Returns whether it is required, or the peer agreed to it.
    fn expects_encryption(&self) -> bool {
        let is_agreed = |agreed: ccp::Agreed| agreed.receive.intersects(MicrosoftCompression::STRENGTHS);
        self.config.requires_encryption() || self.compression().is_some_and(is_agreed)
    }

    fn accepts_network(&self, protocol: Protocol) -> Result<(), Refused> {
        // RFC 1661 section 5.7: a protocol without a negotiator here is an unknown one.
        let is_configured = match protocol {
            Protocol::IP => self.ipcp.is_some(),
            Protocol::IPV6 => self.ipv6cp.is_some(),
            _ => false,
        };
        if self.phase() != Phase::Network {
            Err(Refused::NotNow { protocol })
        } else if !is_configured {
            Err(Refused::UnknownProtocol { protocol })
        } else if self.is_open(protocol) {
            Ok(())
        } else {
            Err(Refused::NotNow { protocol })
        }
    }

    /// Rejects a protocol that is not known (RFC 1661 section 5.7).
    fn reject(&mut self, protocol: Protocol, information: &[u8]) {
        if self.phase() == Phase::Network {
            self.outbox.reject(protocol, information);
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what asks for nothing is dropped")]
    fn handle_lcp(&mut self, now: Duration, information: &[u8]) -> Result<(), Refused> {
        let packet = Packet::decode(information)?;
        let is_own = |code: Code| (Code::PROTOCOL_REJECT..=Code::TIME_REMAINING).contains(&code);
        if !is_own(packet.code) {
            if packet.code == Code::TERMINATE_REQUEST {
                self.peer_farewell.set(packet.data);
                self.note_hang_up();
            }
            return take(now, &mut self.lcp, &packet);
        }
        // RFC 1570 section 1.1: it may come at any time, to say who does not agree.
        if !self.lcp.is_open() && packet.code != Code::IDENTIFICATION {
            return Err(Refused::NotNow { protocol: Protocol::LCP });
        }
        let own_magic = self.lcp.protocol().receiving().magic_number;
        // RFC 1661 section 6.4: what we sent ourselves came back.
        let is_looped = |magic_number: u32| magic_number != 0 && magic_number == own_magic;
        match lcp::Message::decode(packet.code, packet.data)? {
            lcp::Message::EchoRequest(echo) if !is_looped(echo.magic_number) => {
                self.outbox.echo(packet.identifier, echo.data);
            }
            lcp::Message::EchoReply(echo) if !is_looped(echo.magic_number) => {
                self.echo.reply(now, packet.identifier);
            }
            lcp::Message::Identification(identification) => {
                self.peer_identification.set(identification.message.0);
                self.events.push(Event::Identification);
            }
            lcp::Message::TimeRemaining(time) => {
                self.events.push(Event::TimeRemaining { seconds: time.seconds });
            }
            lcp::Message::ProtocolReject(reject) => self.handle_protocol_reject(now, reject.protocol),
            _ => {}
        }
        Ok(())
    }

    fn handle_protocol_reject(&mut self, now: Duration, protocol: Protocol) {
        match protocol {
            // A peer that rejects LCP can agree on nothing.
            Protocol::LCP => self.lcp.reject_protocol(now),
            Protocol::CCP => self.ccp.iter_mut().for_each(|ccp| ccp.reject_protocol(now)),
            // The peer has no decryptor, though CCP is open: accel-ppp in one call of five.
            Protocol::COMPRESSED if self.compression().is_some() => self.events.push(Event::CompressedRejected),
            Protocol::IPCP => self.ipcp.iter_mut().for_each(|ipcp| ipcp.reject_protocol(now)),
            Protocol::IPV6CP => self.ipv6cp.iter_mut().for_each(|ipv6cp| ipv6cp.reject_protocol(now)),
            // A peer that was let in, or has let us in, knows the protocol.
            _ if self.phase() == Phase::Authenticate => {
                let method = self.authenticator.method().or(self.peer.method());
                if let Some(method) = method.filter(|method| method.protocol() == protocol) {
                    self.end(now, Reason::Authentication(Failure::NoAnswer { method }), None);
                }
            }
            _ => {}
        }
    }

    /// Notes that a peer that closes CCP and then LCP hangs up, as pppd does in this order (RFC
    /// 1661 section 3.7). It sends both before it has our answer to the first, so that the end of
    /// encryption is not why.
    fn note_hang_up(&mut self) {
        if let Stage::Terminate { end: Some(end @ Reason::EncryptionLost) } = &mut self.stage {
            *end = Reason::of_farewell(self.peer_farewell.as_bytes());
        }
    }

    fn handle_authentication(&mut self, now: Duration, protocol: Protocol, information: &[u8]) -> Result<(), Refused> {
        // RFC 1661 section 3.4: before LCP is open such packets are discarded in silence.
        if !self.lcp.is_open() {
            return Err(Refused::NotNow { protocol });
        }
        let code = Packet::decode(information)?.code.0;
        let is_for_peer = match protocol {
            Protocol::PAP => code != pap::Code::AUTHENTICATE_REQUEST.0,
            Protocol::EAP => code != eap::Code::RESPONSE.0,
            _ => [chap::Code::CHALLENGE.0, chap::Code::SUCCESS.0, chap::Code::FAILURE.0].contains(&code),
        };
        let (peer, authenticator) = (self.peer.method(), self.authenticator.method());
        let (method, other) = if is_for_peer { (peer, authenticator) } else { (authenticator, peer) };
        let is_used = |method: Option<auth::Method>| method.is_some_and(|method| method.protocol() == protocol);
        if !is_used(method) {
            // RFC 1661 section 5.7 is about unknown protocols, and the other role uses this one: an Android client takes
            // a Protocol-Reject of it for the end of the link.
            let is_known = is_used(other);
            return Err(if is_known { auth::Refused::NotAgreed.into() } else { Refused::UnknownProtocol { protocol } });
        }
        if is_for_peer {
            // RFC 1994 section 2.3: an attacker would let us answer our own question.
            if challenge_in(protocol, information).is_some_and(|challenge| self.authenticator.has_sent(challenge)) {
                return Err(auth::Refused::Unmatched.into());
            }
            self.peer.handle_packet(now, information)?;
        } else {
            self.authenticator.handle_packet(now, information)?;
        }
        Ok(())
    }

    /// Handles a packet of CCP, IPCP or IPV6CP.
    fn handle_control(&mut self, now: Duration, protocol: Protocol, information: &[u8]) -> Result<(), Refused> {
        let is_known = match protocol {
            Protocol::CCP => self.ccp.is_some(),
            Protocol::IPCP => self.ipcp.is_some(),
            _ => self.ipv6cp.is_some(),
        };
        // RFC 1661 section 3.4: other packets than LCP's "MUST be silently discarded" before LCP is
        // open.
        if !self.lcp.is_open() {
            return Err(Refused::NotNow { protocol });
        }
        if !is_known {
            let is_late = self.phase() == Phase::Network;
            // RFC 1661 section 3.5: during authentication other packets are discarded in silence,
            // and only later rejected.
            return Err(if is_late { Refused::UnknownProtocol { protocol } } else { Refused::NotNow { protocol } });
        }
        let packet = Packet::decode(information)?;
        let is_early = match self.stage {
            Stage::Network(Network::Started { .. }) => false,
            Stage::Network(Network::Held) => protocol != Protocol::CCP,
            Stage::Dead | Stage::Establish { .. } | Stage::Authenticate | Stage::Terminate { .. } => true,
        };
        if is_early {
            // Early requests are kept, and answered when their turn comes.
            return self.hold(protocol, &packet, information);
        }
        self.note_refused_network(protocol, &packet);
        match protocol {
            Protocol::CCP => self.handle_ccp(now, &packet),
            Protocol::IPCP => self.handle_ipcp(now, &packet),
            _ => self.ipv6cp.as_mut().map_or(Ok(()), |ipv6cp| take(now, ipv6cp, &packet)),
        }
    }

    /// Notes that IPCP was answered with a Terminate-Ack, as Windows and pppd do until CCP is open
    /// when they require encryption.
    fn note_refused_network(&mut self, protocol: Protocol, packet: &Packet<'_>) {
        let is_refusal = protocol != Protocol::CCP && packet.code == Code::TERMINATE_ACK;
        if let Stage::Network(Network::Started { is_refused }) = &mut self.stage {
            *is_refused |= is_refusal && self.ccp.as_ref().is_some_and(|ccp| !ccp.is_open());
        }
    }

    fn handle_ipcp(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        if packet.code == Code::TERMINATE_REQUEST {
            self.peer_farewell.set(packet.data);
        }
        let Some(ipcp) = &mut self.ipcp else { return Ok(()) };
        let before = ipcp.protocol().peer_wish();
        take(now, ipcp, packet)?;
        let wish = ipcp.protocol().peer_wish();
        // Some clients never take another address: a server may let them have theirs before they give up.
        if let Some(address) = wish.filter(|_| wish != before) {
            self.events.push(Event::AddressWanted(address));
        }
        Ok(())
    }

    fn handle_ccp(&mut self, now: Duration, packet: &Packet<'_>) -> Result<(), Refused> {
        let Some(ccp) = &mut self.ccp else { return Ok(()) };
        if matches!(packet.code, Code::RESET_REQUEST | Code::RESET_ACK) {
            // RFC 1962 section 4: Reset packets are for an open CCP only.
            if !ccp.is_open() {
                return Err(Refused::NotNow { protocol: Protocol::CCP });
            }
            if self.reset.handle_packet(packet) {
                self.events.push(Event::ResetRequested);
            }
            return Ok(());
        }
        if packet.code == Code::CODE_REJECT {
            self.reset.handle_code_reject(packet);
        }
        // The peer is deaf behind its first request alone; what answers a later one would be in the way of the next.
        let is_first = ccp.is_first_request(packet);
        take(now, ccp, packet)?;
        let is_client = self.authenticator.method().is_none() && self.peer.method().is_some();
        if [Code::CONFIGURE_ACK, Code::CONFIGURE_NAK, Code::CONFIGURE_REJECT].contains(&packet.code) {
            // The peer listens: it has answered.
            self.ccp_answer_after = None;
        }
        if is_first && is_client {
            self.ccp_answer_after = time::after(now, Self::ANSWER_DELAY);
        }
        Ok(())
    }

    /// Keeps an early Configure-Request, the latest, to be answered when its protocol has begun: some peers take a
    /// Terminate-Ack, and others silence, for the end of it.
    fn hold(&mut self, protocol: Protocol, packet: &Packet<'_>, information: &[u8]) -> Result<(), Refused> {
        let is_kept = packet.code == Code::CONFIGURE_REQUEST && packet.encoded_len() <= Self::HELD;
        match self.held.get_mut(place(protocol)) {
            Some(held) if is_kept => {
                held.set(information.get(..packet.encoded_len()).unwrap_or(information));
                Ok(())
            }
            _ => Err(Refused::NotNow { protocol }),
        }
    }

    /// Answers what was kept.
    pub(super) fn replay(&mut self, now: Duration, protocol: Protocol) {
        let Some(held) = self.held.get_mut(place(protocol)) else { return };
        let held = core::mem::take(held);
        if !held.is_empty() {
            // A fault in it would have had it dropped before, too.
            let _ = self.handle_control(now, protocol, held.as_bytes());
        }
    }
}

/// Gives a packet to a protocol. A peer that begins may have discarded packets from before it
/// listened, as accel-ppp's CCP does. So it is asked again at once, in front of the answer to its
/// own request.
fn take<P: ControlProtocol>(now: Duration, machine: &mut Negotiation<P>, packet: &Packet<'_>) -> Result<(), Refused> {
    let is_first = machine.is_first_request(packet);
    machine.handle_packet(now, packet)?;
    if is_first {
        machine.repeat_request(now);
    }
    Ok(())
}

/// Returns what the peer wants to have answered.
fn challenge_in(protocol: Protocol, information: &[u8]) -> Option<&[u8]> {
    if protocol == Protocol::CHAP {
        let packet = chap::Packet::decode(information).ok()?;
        return if let chap::Message::Challenge(value) = packet.message { Some(value.value) } else { None };
    }
    let packet = (protocol == Protocol::EAP).then(|| eap::Packet::decode(information).ok()).flatten()?;
    let eap::Message::Request(method) = packet.message else { return None };
    #[cfg(feature = "mschap")]
    if method.method_type == eap::Type::MS_CHAP_V2 {
        // OpCode, MS-CHAPv2-ID, MS-Length (2), Value-Size, and the challenge.
        return method.data.get(5..21);
    }
    Some(method.md5_challenge().ok()??.value)
}

fn place(protocol: Protocol) -> usize {
    match protocol {
        Protocol::CCP => 0,
        Protocol::IPCP => 1,
        _ => 2,
    }
}
