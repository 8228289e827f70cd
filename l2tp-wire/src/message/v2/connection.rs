//! Messages about the tunnel.

use crate::Text;
use crate::avp::{ChallengeResponse, Pseudowires, ResultCode, TieBreaker};
use crate::code::{Bearer, ControlConnectionResult, Framing, ProtocolVersion};
use crate::message::layout::message;

message! {
    /// RFC 2661 section 6.1: asks for a tunnel.
    ///
    /// With the last three fields it is the request of RFC 3931 section 4.7.3, which an end that also has version 3 answers
    /// in version 3.
    ///
    /// ```
    /// use l2tp_wire::message::v2::StartControlConnectionRequest;
    ///
    /// let request = StartControlConnectionRequest {
    ///     receive_window_size: Some(8),
    ///     ..StartControlConnectionRequest::new("lac".into(), 0x1c2a)
    /// };
    /// assert_eq!(request.challenge, None);
    /// ```
    #[doc(alias = "SCCRQ")]
    pub struct StartControlConnectionRequest<'a> = V2 START_CONTROL_CONNECTION_REQUEST;
    assumed {
        /// The version of the protocol; 1.0 if it is missing.
        protocol_version: ProtocolVersion = ProtocolVersion or ProtocolVersion::V1_0;
        /// Framing that the sender takes; none if it is missing, and Cisco sends none.
        framing_capabilities: Framing = FramingCapabilities or Framing::NONE;
    }
    required {
        /// The sender's name, by which the receiver looks up its policy and secret. A name is no proof.
        host_name: Text<'a> = HostName HOST_NAME;
    }
    assigned {
        /// The tunnel id that the sender chose.
        assigned_tunnel_id: u16 = AssignedTunnelId ASSIGNED_TUNNEL_ID;
    }
    optional {
        /// Lines over which the sender can call.
        bearer_capabilities: Bearer = BearerCapabilities;
        /// The sender's firmware.
        firmware_revision: u16 = FirmwareRevision;
        /// The sender's maker.
        vendor_name: Text<'a> = VendorName;
        /// How many control messages may be unacknowledged; 4 if it is missing. 0 is invalid, but
        /// is seen.
        receive_window_size: u16 = ReceiveWindowSize;
        /// The receiver is to prove that it knows the secret: 1 to 1017 bytes.
        challenge: &'a [u8] = Challenge;
        /// Which of two crossing requests wins.
        tie_breaker: TieBreaker = TieBreaker;
        /// A number of the sender, for version 3.
        router_id: u32 = RouterId;
        /// The control connection id that the sender chose, for version 3.
        assigned_control_connection_id: u32 = AssignedControlConnectionId;
        /// Kinds of pseudowires that the sender has, for version 3.
        pseudowire_capabilities: Pseudowires<'a> = PseudowireCapabilities;
    }
}

message! {
    /// RFC 2661 section 6.2: grants a tunnel.
    #[doc(alias = "SCCRP")]
    pub struct StartControlConnectionReply<'a> = V2 START_CONTROL_CONNECTION_REPLY;
    assumed {
        /// The version of the protocol; 1.0 if it is missing.
        protocol_version: ProtocolVersion = ProtocolVersion or ProtocolVersion::V1_0;
        /// Framing that the sender takes; none if it is missing, and Cisco sends none.
        framing_capabilities: Framing = FramingCapabilities or Framing::NONE;
    }
    required {
        /// The sender's name, by which the receiver looks up its policy and secret. A name is no proof.
        host_name: Text<'a> = HostName HOST_NAME;
    }
    assigned {
        /// The tunnel id that the sender chose.
        assigned_tunnel_id: u16 = AssignedTunnelId ASSIGNED_TUNNEL_ID;
    }
    optional {
        /// Lines over which the sender can call.
        bearer_capabilities: Bearer = BearerCapabilities;
        /// The sender's firmware.
        firmware_revision: u16 = FirmwareRevision;
        /// The sender's maker.
        vendor_name: Text<'a> = VendorName;
        /// How many control messages may be unacknowledged; 4 if it is missing. 0 is invalid, but
        /// is seen.
        receive_window_size: u16 = ReceiveWindowSize;
        /// The receiver is to prove that it knows the secret: 1 to 1017 bytes.
        challenge: &'a [u8] = Challenge;
        /// The proof that was asked for.
        challenge_response: ChallengeResponse = ChallengeResponse;
    }
}

message! {
    /// RFC 2661 section 6.3: completes a tunnel.
    #[doc(alias = "SCCCN")]
    pub struct StartControlConnectionConnected = V2 START_CONTROL_CONNECTION_CONNECTED;
    assumed {}
    required {}
    assigned {}
    optional {
        /// The proof that was asked for.
        challenge_response: ChallengeResponse = ChallengeResponse;
    }
}

message! {
    /// RFC 2661 section 6.4: ends a tunnel and all its sessions.
    ///
    /// A peer that has no id of the other end yet sends it to tunnel 0; the assigned id then says which tunnel it is.
    #[doc(alias = "StopCCN")]
    pub struct StopControlConnectionNotification<'a> = V2 STOP_CONTROL_CONNECTION_NOTIFICATION;
    assumed {
        /// Why; 0, which is reserved, if the peer gives no reason.
        result: ResultCode<'a, ControlConnectionResult> = ControlConnectionResult or ResultCode::new(ControlConnectionResult::new(0));
    }
    required {}
    assigned {}
    optional {
        /// The tunnel id that the sender chose. The RFC requires it; some peers send none, or 0.
        assigned_tunnel_id: u16 = AssignedTunnelId;
    }
}

message! {
    /// RFC 2661 section 6.5: finds out whether the peer is alive.
    #[doc(alias = "HELLO")]
    pub struct Hello = V2 HELLO;
    assumed {}
    required {}
    assigned {}
    optional {}
}
