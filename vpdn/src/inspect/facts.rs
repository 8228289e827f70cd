//! The facts in the AVPs of a control message, of either version.

use l2tp_wire::Text;
use l2tp_wire::avp::{Avps, ChallengeResponse, Detail, Value, Visibility};
use l2tp_wire::code::{ErrorCode, MessageType, PseudowireType, SublayerType};
use l2tp_wire::header::Cookie;

/// The facts of a message about tunnels and sessions. The first of several AVPs counts.
#[derive(Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) message_type: Option<MessageType>,
    pub(super) host_name: Option<Text<'a>>,
    /// Of version 2.
    pub(super) assigned_tunnel_id: Option<u16>,
    /// Of version 3.
    pub(super) assigned_connection_id: Option<u32>,
    /// The session, by the id that the sender chose.
    pub(super) sender_session: Option<u32>,
    /// The session, by the id that the receiver chose; in the header in version 2.
    pub(super) receiver_session: Option<u32>,
    pub(super) challenge: Option<&'a [u8]>,
    pub(super) response: Option<ChallengeResponse>,
    pub(super) nonce: Option<&'a [u8]>,
    pub(super) cookie: Option<Cookie>,
    pub(super) sublayer: Option<SublayerType>,
    pub(super) pseudowire: Option<PseudowireType>,
    pub(super) remote_end_id: Option<Text<'a>>,
    /// Result, error and text of StopCCN or CDN.
    pub(super) result: Option<String>,
    /// Whether an AVP is hidden and could not be deciphered.
    pub(super) has_unreadable: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn gather(avps: Avps<'a>) -> Self {
        let mut facts = Self { message_type: avps.message_type().ok().map(|(known, _)| known), ..Self::default() };
        let message_type = facts.message_type.unwrap_or(MessageType::new(0));
        let mut result: Option<String> = None;
        let mut cause = None;
        for avp in avps.map_while(Result::ok) {
            facts.has_unreadable |= matches!(avp.visibility, Visibility::Unreadable(_));
            let Ok(value) = avp.decode(message_type) else { continue };
            match value {
                Value::HostName(name) => _ = facts.host_name.get_or_insert(name),
                Value::AssignedTunnelId(id) => _ = facts.assigned_tunnel_id.get_or_insert(id),
                Value::AssignedControlConnectionId(id) => _ = facts.assigned_connection_id.get_or_insert(id),
                Value::AssignedSessionId(id) => _ = facts.sender_session.get_or_insert(id.into()),
                Value::LocalSessionId(id) => _ = facts.sender_session.get_or_insert(id),
                Value::RemoteSessionId(id) => _ = facts.receiver_session.get_or_insert(id),
                Value::Challenge(challenge) => _ = facts.challenge.get_or_insert(challenge),
                Value::ChallengeResponse(response) => _ = facts.response.get_or_insert(response),
                Value::Nonce(nonce) => _ = facts.nonce.get_or_insert(nonce),
                Value::AssignedCookie(cookie) => _ = facts.cookie.get_or_insert(cookie),
                Value::L2SpecificSublayer(sublayer) => _ = facts.sublayer.get_or_insert(sublayer),
                Value::PseudowireType(pseudowire) => _ = facts.pseudowire.get_or_insert(pseudowire),
                Value::RemoteEndId(id) => _ = facts.remote_end_id.get_or_insert(id),
                Value::ControlConnectionResult(code) => {
                    result.get_or_insert(words(&code.result.to_string(), code.detail));
                }
                Value::SessionResult(code) => _ = result.get_or_insert(words(&code.result.to_string(), code.detail)),
                // RFC 3145: why PPP ended, which the result does not say.
                Value::PppDisconnectCause(found) => {
                    let text = if found.message.is_empty() { String::new() } else { format!(" \"{}\"", found.message) };
                    cause.get_or_insert(format!("PPP: {}{text}", found.code));
                }
                _ => {}
            }
        }
        facts.result = match (result, cause) {
            (Some(result), Some(cause)) => Some(format!("{result}; {cause}")),
            (result, cause) => result.or(cause),
        };
        facts
    }

    /// Returns whether a tunnel is asked for.
    pub(super) fn is_request(&self) -> bool {
        self.message_type == Some(MessageType::START_CONTROL_CONNECTION_REQUEST)
    }

    /// Returns whether a session is asked for.
    pub(super) fn is_call(&self) -> bool {
        let calls = [MessageType::INCOMING_CALL_REQUEST, MessageType::OUTGOING_CALL_REQUEST];
        self.message_type.is_some_and(|message_type| calls.contains(&message_type))
    }
}

/// Puts result, error and text in words. Error 0 is left out.
fn words(result: &str, detail: Option<Detail<'_>>) -> String {
    let Some(detail) = detail else { return result.to_owned() };
    let error = if detail.error == ErrorCode::NONE { String::new() } else { format!(", {}", detail.error) };
    let text = if detail.message.is_empty() { String::new() } else { format!(", \"{}\"", detail.message) };
    format!("{result}{error}{text}")
}
