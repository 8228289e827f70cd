//! The parts of a message that choose its tunnel.

use l2tp_wire::avp::{Value, Visibility};
use l2tp_wire::code::{AttributeType, MessageType};
use l2tp_wire::tunnel::{MAX_HOST_NAME, Versions};
use l2tp_wire::{Address, Name, Packet, Version};

/// A message to tunnel 0: RFC 2661 sections 6.1 and 6.4.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// Whether it asks for a tunnel.
    pub(super) asks: bool,
    pub(super) host_name: Name<MAX_HOST_NAME>,
    /// The versions that the sender speaks.
    pub(super) versions: Versions,
    /// The sender's ids of the tunnel, one for each version.
    pub(super) ids: PeerIds,
}

/// By which ids a sender calls its tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerIds {
    /// Those of version 2 and of version 3, as far as they are there.
    Visible([Option<u32>; 2]),
    /// One is hidden (RFC 2661 section 4.3), and has to be tried.
    Hidden,
}

impl Request {
    /// Reads it. Returns `None` for messages that a server does not answer.
    pub(super) fn read(source: Address, packet: &[u8]) -> Option<Self> {
        let decoded = if source.is_ip() { Packet::decode_ip(packet) } else { Packet::decode_udp(packet) };
        let Ok(Packet::Control(control)) = decoded else { return None };
        let (message_type, _) = control.avps().message_type().ok()?;
        let asks = match message_type {
            MessageType::START_CONTROL_CONNECTION_REQUEST => true,
            MessageType::STOP_CONTROL_CONNECTION_NOTIFICATION => false,
            _ => return None,
        };
        let mut ids = PeerIds::Visible([None; 2]);
        for (place, attribute) in
            [AttributeType::ASSIGNED_TUNNEL_ID, AttributeType::ASSIGNED_CONTROL_CONNECTION_ID].into_iter().enumerate()
        {
            let Some(avp) = control.avps().find(attribute) else { continue };
            // A hidden id is readable only for the tunnel that has the secret, so each of the
            // address is asked.
            if matches!(avp.visibility, Visibility::Unreadable(_)) {
                ids = PeerIds::Hidden;
            }
            let id = match avp.decode(message_type) {
                Ok(Value::AssignedTunnelId(id)) => Some(id.into()),
                Ok(Value::AssignedControlConnectionId(id)) => Some(id),
                _ => None,
            };
            if let PeerIds::Visible(visible) = &mut ids {
                if let Some(slot) = visible.get_mut(place) {
                    *slot = id;
                }
            }
        }
        // RFC 2661 section 4.3: the name is never hidden.
        let host_name = control.avps().find(AttributeType::HOST_NAME).map_or(Name::EMPTY, |avp| Name::new(avp.value));
        let has_id_of_v3 = control.avps().find(AttributeType::ASSIGNED_CONTROL_CONNECTION_ID).is_some();
        let versions = match (control.version(), has_id_of_v3) {
            (Version::V3, _) => Versions::V3,
            // RFC 3931 section 4.7.3: the form of version 2, and an id of version 3.
            (Version::V2, true) => Versions::Both,
            (Version::V2, false) => Versions::V2,
        };
        Some(Self { asks, host_name, versions, ids })
    }
}
