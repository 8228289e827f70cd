//! Setting a tunnel up: RFC 2661 sections 5.1 and 7.2, RFC 3931 sections 3.3 and 4.7.

use core::time::Duration;

use super::config::{Authentication, MAX_HOST_NAME, Versions};
use super::error::CommandError;
use super::machine::{Tunnel, deadline};
use super::peer::Peer;
use super::reason::CloseReason;
use super::stage::{Challenge, Stage};
use crate::authenticate::challenge_response;
use crate::avp::{ChallengeResponse, Pseudowires, TieBreaker};
use crate::channel::ControlChannel;
use crate::code::{MessageType, PseudowireType};
use crate::message::{v2, v3};
use crate::{Address, Name, Secret, Text, Version};

/// The packets that go out for each request, until the peer has shown that it receives them.
const REPLIES: u8 = 3;

/// The content of SCCRQ or SCCRP, of either version.
pub(super) struct Start<'a> {
    pub(super) peer: Peer,
    window: Option<u16>,
    pub(super) challenge: Option<&'a [u8]>,
    response: Option<ChallengeResponse>,
    tie_breaker: Option<TieBreaker>,
    nonce: Option<&'a [u8]>,
}

fn name(text: Option<Text<'_>>) -> Name<MAX_HOST_NAME> {
    Name::new(text.unwrap_or_default().as_bytes())
}

fn capabilities(peer: &mut Peer, list: Option<Pseudowires<'_>>) {
    // Without the list nothing is known; then the peer says so itself.
    peer.has_ppp = list.is_none_or(|list| list.contains(PseudowireType::PPP));
    peer.has_ethernet = list.is_none_or(|list| list.contains(PseudowireType::ETHERNET));
}

impl<'a> Start<'a> {
    pub(super) fn request_v2(message: &v2::StartControlConnectionRequest<'a>) -> Self {
        let mut peer = Peer::new(message.assigned_tunnel_id.into());
        peer.host_name = name(Some(message.host_name));
        peer.vendor_name = name(message.vendor_name);
        peer.firmware_revision = message.firmware_revision.unwrap_or(0);
        peer.framing = message.framing_capabilities;
        peer.bearer = message.bearer_capabilities.unwrap_or(crate::code::Bearer::NONE);
        let (window, challenge, tie_breaker) = (message.receive_window_size, message.challenge, message.tie_breaker);
        Self { peer, window, challenge, response: None, tie_breaker, nonce: None }
    }

    /// Creates a request in the form of version 2, from an end that has version 3 too (RFC 3931
    /// section 4.7.3).
    pub(super) fn request_both(message: &v2::StartControlConnectionRequest<'a>, id: u32) -> Self {
        let mut start = Self::request_v2(message);
        start.peer.tunnel_id = id;
        start.peer.router_id = message.router_id.unwrap_or(0);
        capabilities(&mut start.peer, message.pseudowire_capabilities);
        start
    }

    pub(super) fn request_v3(message: &v3::StartControlConnectionRequest<'a>) -> Self {
        let mut peer = Peer::new(message.assigned_control_connection_id);
        peer.host_name = name(Some(message.host_name));
        peer.vendor_name = name(message.vendor_name);
        peer.router_id = message.router_id;
        capabilities(&mut peer, message.pseudowire_capabilities);
        let (window, tie_breaker, nonce) = (message.receive_window_size, message.tie_breaker, message.nonce);
        Self { peer, window, challenge: None, response: None, tie_breaker, nonce }
    }

    pub(super) fn reply_v2(message: &v2::StartControlConnectionReply<'a>) -> Self {
        let mut peer = Peer::new(message.assigned_tunnel_id.into());
        peer.host_name = name(Some(message.host_name));
        peer.vendor_name = name(message.vendor_name);
        peer.firmware_revision = message.firmware_revision.unwrap_or(0);
        peer.framing = message.framing_capabilities;
        peer.bearer = message.bearer_capabilities.unwrap_or(crate::code::Bearer::NONE);
        let (window, challenge) = (message.receive_window_size, message.challenge);
        Self { peer, window, challenge, response: message.challenge_response, tie_breaker: None, nonce: None }
    }

    pub(super) fn reply_v3(message: &v3::StartControlConnectionReply<'a>) -> Self {
        let mut peer = Peer::new(message.assigned_control_connection_id);
        peer.host_name = name(Some(message.host_name));
        peer.vendor_name = name(message.vendor_name);
        peer.router_id = message.router_id;
        capabilities(&mut peer, message.pseudowire_capabilities);
        let (window, nonce) = (message.receive_window_size, message.nonce);
        Self { peer, window, challenge: None, response: None, tie_breaker: None, nonce }
    }
}

/// RFC 2661 section 4.4.3: who goes on after both ends have asked each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// Neither cares: there are two tunnels.
    None,
    Won,
    Lost,
    Equal,
}

/// Compares our tie breaker and the peer's: the lower one wins, and one that is there wins over one
/// that is not.
pub(super) fn tie(ours: Option<TieBreaker>, peers: Option<TieBreaker>) -> Tie {
    match (ours, peers) {
        (None, None) => Tie::None,
        // RFC 2661 section 4.4.3: the end without the AVP loses.
        (Some(_), None) => Tie::Won,
        (None, Some(_)) => Tie::Lost,
        (Some(ours), Some(peers)) => match ours.cmp(&peers) {
            core::cmp::Ordering::Less => Tie::Won,
            core::cmp::Ordering::Equal => Tie::Equal,
            core::cmp::Ordering::Greater => Tie::Lost,
        },
    }
}

impl<const SESSIONS: usize> Tunnel<SESSIONS> {
    /// Asks the peer for the tunnel (RFC 2661 section 7.2.1, "Local Open request").
    ///
    /// # Errors
    ///
    /// Returns [`CommandError::State`] for the end that is asked, and if it was asked for before;
    /// [`CommandError::NeedsUdp`] if version 2 may be spoken, and the peer's address is one of IP.
    pub fn open(&mut self, now: Duration) -> Result<(), CommandError> {
        self.enter(now, |tunnel, now| {
            let (Stage::Idle, Some(address)) = (tunnel.stage, tunnel.address) else {
                return Err(CommandError::State);
            };
            // RFC 3931 section 4.7.1: there is no way back from IP to version 2.
            if address.is_ip() && tunnel.config.versions() != Versions::V3 {
                return Err(CommandError::NeedsUdp);
            }
            let challenge = tunnel.new_challenge();
            let tie_breaker = tunnel.config.tie_breaker.then(|| TieBreaker::from_bytes(tunnel.random.bytes()));
            if !tunnel.send_request(challenge.as_ref(), tie_breaker) {
                return Err(CommandError::Busy);
            }
            // RFC 2661 leaves the time for a set-up open; Cisco has `timeout setup` for it.
            let until = deadline(now, tunnel.config.setup_timeout);
            tunnel.move_to(Stage::WaitReply { until, challenge, tie_breaker });
            Ok(())
        })
    }

    fn new_challenge(&mut self) -> Option<Challenge> {
        (self.config.authentication == Authentication::Challenge).then(|| self.random.bytes())
    }

    /// Accepts the peer's request: this end becomes the one that is asked.
    pub(super) fn accept_request(&mut self, now: Duration, source: Address, version: Version, start: &Start<'_>) {
        self.version = version;
        self.address = Some(source);
        self.peer = Some(start.peer);
        self.heard = now;
        // Anybody can write a source address: what goes there is limited until it answers.
        self.channel.limit_until_proven(REPLIES);
        if let Some(window) = start.window {
            self.channel.set_peer_window(window);
        }
        if !self.proof.set_peer_nonce(start.nonce.unwrap_or_default()) {
            return self.stop(CloseReason::NoProof);
        }
        if let Some(reason) = self.refuses(start) {
            return self.stop(reason);
        }
        let challenge = self.new_challenge();
        if !self.send_reply(challenge.as_ref(), start.challenge) {
            return self.stop(CloseReason::SetupTimeout);
        }
        // A peer that never completes what it began must not hold a place forever.
        let until = deadline(now, self.config.setup_timeout);
        self.move_to(Stage::WaitConnected { until, challenge });
    }

    /// Refuses the peer's request before anything else is done about it.
    pub(super) fn refuse_request(&mut self, source: Address, version: Version, start: &Start<'_>, reason: CloseReason) {
        self.version = version;
        self.address = Some(source);
        self.peer = Some(start.peer);
        self.channel.limit_until_proven(REPLIES);
        self.proof.set_peer_nonce(start.nonce.unwrap_or_default());
        self.stop(reason);
    }

    fn refuses(&self, start: &Start<'_>) -> Option<CloseReason> {
        if self.config.terminate_from.is_some_and(|name| name != start.peer.host_name) {
            return Some(CloseReason::HostName);
        }
        (start.challenge.is_some() && self.config.password.is_none()).then_some(CloseReason::NoPassword)
    }

    /// Sends the reply again when the peer repeats its request: our reply was lost, or is late.
    pub(super) fn renew_replies(&mut self) {
        // With the peer's proof there is no limit to renew.
        if self.channel.is_limited() {
            self.channel.limit_until_proven(REPLIES);
        }
    }

    /// Gives way to the peer's request, which wins the tie (RFC 2661 section 4.4.3). Ours is
    /// forgotten.
    pub(super) fn lose_tie(&mut self) {
        self.channel = ControlChannel::new(self.config.channel);
        // The nonce of the request that was forgotten is not used again.
        self.proof = super::prove::Proof::new(&self.config, self.random.bytes());
        self.move_to(Stage::Idle);
    }

    pub(super) fn request_tie(&self, start: &Start<'_>) -> Tie {
        if let Stage::WaitReply { tie_breaker, .. } = self.stage {
            return tie(tie_breaker, start.tie_breaker);
        }
        Tie::None
    }

    /// Handles the peer's reply to our request.
    pub(super) fn handle_start_reply(&mut self, start: &Start<'_>) {
        let Stage::WaitReply { challenge, .. } = self.stage else {
            return self.stop(CloseReason::Unexpected(MessageType::START_CONTROL_CONNECTION_REPLY));
        };
        self.peer = Some(start.peer);
        if let Some(window) = start.window {
            self.channel.set_peer_window(window);
        }
        // Verified with this very nonce already.
        if !self.proof.set_peer_nonce(start.nonce.unwrap_or_default()) {
            return self.stop(CloseReason::NoProof);
        }
        // Section 5.1.1 leaves out that somebody may want our own answer from us.
        if challenge.is_some_and(|ours| start.challenge == Some(&ours[..])) {
            return self.stop(CloseReason::ReflectedChallenge);
        }
        let message_type = MessageType::START_CONTROL_CONNECTION_REPLY;
        let doubt = self.doubts(message_type, challenge, start.response).or_else(|| self.refuses(start));
        if let Some(reason) = doubt {
            return self.stop(reason);
        }
        if !self.send_connected(start.challenge) {
            return self.stop(CloseReason::SetupTimeout);
        }
        self.move_to(Stage::Established);
        self.request_waiting_calls();
    }

    /// Handles the peer's message that completes the tunnel.
    pub(super) fn handle_start_connected(&mut self, response: Option<ChallengeResponse>) {
        let message_type = MessageType::START_CONTROL_CONNECTION_CONNECTED;
        let Stage::WaitConnected { challenge, .. } = self.stage else {
            return self.stop(CloseReason::Unexpected(message_type));
        };
        if let Some(reason) = self.doubts(message_type, challenge, response) {
            return self.stop(reason);
        }
        self.move_to(Stage::Established);
        self.request_waiting_calls();
    }

    /// Returns the reason for which the peer's answer to our challenge proves nothing, if it does
    /// not.
    fn doubts(
        &self,
        message_type: MessageType,
        challenge: Option<Challenge>,
        response: Option<ChallengeResponse>,
    ) -> Option<CloseReason> {
        let challenge = challenge?;
        let Some(response) = response else {
            return Some(CloseReason::NoProof);
        };
        let right = |secret: &Secret| challenge_response(message_type, secret, &challenge) == response;
        if self.config.password.as_ref().is_some_and(right) || self.config.old_password.as_ref().is_some_and(right) {
            return None;
        }
        // Windows answers every challenge, with the empty password if it has none.
        Some(if right(&Secret::empty()) { CloseReason::EmptyPassword } else { CloseReason::WrongPassword })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_2661_section_4_4_3_the_lower_tie_breaker_wins() {
        let breaker = |byte| Some(TieBreaker::from_bytes([byte; 8]));
        assert_eq!(tie(None, None), Tie::None);
        assert_eq!((tie(breaker(1), None), tie(None, breaker(1))), (Tie::Won, Tie::Lost));
        assert_eq!((tie(breaker(1), breaker(0x80)), tie(breaker(0x80), breaker(1))), (Tie::Won, Tie::Lost));
        assert_eq!(tie(breaker(7), breaker(7)), Tie::Equal);
    }
}
