//! Messages about the control connection.

use crate::Text;
use crate::avp::{Pseudowires, ResultCode, TieBreaker};
use crate::code::ControlConnectionResult;
use crate::message::layout::message;

message! {
    /// RFC 3931 section 6.1: asks for a control connection.
    ///
    /// ```
    /// use l2tp_wire::avp::Pseudowires;
    /// use l2tp_wire::message::v3::StartControlConnectionRequest;
    ///
    /// let request = StartControlConnectionRequest {
    ///     pseudowire_capabilities: Some(Pseudowires::PPP),
    ///     ..StartControlConnectionRequest::new("lac".into(), 0x0a09_0001, 0x1000_0000)
    /// };
    /// assert_eq!(request.nonce, None);
    /// ```
    #[doc(alias = "SCCRQ")]
    pub struct StartControlConnectionRequest<'a> = V3 START_CONTROL_CONNECTION_REQUEST;
    assumed {}
    required {
        /// The sender's name, by which the receiver looks up its policy and secret. A name is no proof.
        host_name: Text<'a> = HostName HOST_NAME;
        /// A number of the sender, often one of its IPv4 addresses; 0 is seen.
        router_id: u32 = RouterId ROUTER_ID;
    }
    assigned {
        /// The control connection id that the sender chose.
        assigned_control_connection_id: u32 = AssignedControlConnectionId ASSIGNED_CONTROL_CONNECTION_ID;
    }
    optional {
        /// Kinds of pseudowires that the sender has. The RFC requires it; without it, nothing is known.
        pseudowire_capabilities: Pseudowires<'a> = PseudowireCapabilities;
        /// How many control messages may be unacknowledged; 4 if it is missing. 0 is invalid, but
        /// is seen.
        receive_window_size: u16 = ReceiveWindowSize;
        /// The sender's maker.
        vendor_name: Text<'a> = VendorName;
        /// Which of two crossing requests wins.
        tie_breaker: TieBreaker = TieBreaker;
        /// The language in which texts to the sender are to be, as a tag of RFC 3066.
        preferred_language: Text<'a> = PreferredLanguage;
        /// Random bytes with which digests are mixed, 16 or more, when the control connection is authenticated.
        nonce: &'a [u8] = Nonce;
    }
}

message! {
    /// RFC 3931 section 6.2: grants a control connection.
    #[doc(alias = "SCCRP")]
    pub struct StartControlConnectionReply<'a> = V3 START_CONTROL_CONNECTION_REPLY;
    assumed {}
    required {
        /// The sender's name, by which the receiver looks up its policy and secret. A name is no proof.
        host_name: Text<'a> = HostName HOST_NAME;
        /// A number of the sender, often one of its IPv4 addresses; 0 is seen.
        router_id: u32 = RouterId ROUTER_ID;
    }
    assigned {
        /// The control connection id that the sender chose.
        assigned_control_connection_id: u32 = AssignedControlConnectionId ASSIGNED_CONTROL_CONNECTION_ID;
    }
    optional {
        /// Kinds of pseudowires that the sender has. The RFC requires it; without it, nothing is known.
        pseudowire_capabilities: Pseudowires<'a> = PseudowireCapabilities;
        /// How many control messages may be unacknowledged; 4 if it is missing. 0 is invalid, but
        /// is seen.
        receive_window_size: u16 = ReceiveWindowSize;
        /// The sender's maker.
        vendor_name: Text<'a> = VendorName;
        /// The language in which texts to the sender are to be, as a tag of RFC 3066.
        preferred_language: Text<'a> = PreferredLanguage;
        /// Random bytes with which digests are mixed, 16 or more, when the control connection is authenticated.
        nonce: &'a [u8] = Nonce;
    }
}

message! {
    /// RFC 3931 section 6.3: completes a control connection.
    #[doc(alias = "SCCCN")]
    pub struct StartControlConnectionConnected = V3 START_CONTROL_CONNECTION_CONNECTED;
    assumed {}
    required {}
    assigned {}
    optional {}
}

message! {
    /// RFC 3931 section 6.4: ends a control connection and all its sessions.
    #[doc(alias = "StopCCN")]
    pub struct StopControlConnectionNotification<'a> = V3 STOP_CONTROL_CONNECTION_NOTIFICATION;
    assumed {
        /// Why; 0, which is reserved, if the peer gives no reason.
        result: ResultCode<'a, ControlConnectionResult> = ControlConnectionResult or ResultCode::new(ControlConnectionResult::new(0));
    }
    required {}
    assigned {}
    optional {
        /// The control connection id that the sender chose; to be sent while the peer may not know it.
        assigned_control_connection_id: u32 = AssignedControlConnectionId;
    }
}

message! {
    /// RFC 3931 section 6.5: finds out whether the peer is alive.
    #[doc(alias = "HELLO")]
    pub struct Hello = V3 HELLO;
    assumed {}
    required {}
    assigned {}
    optional {}
}

message! {
    /// RFC 3931 section 6.15: acknowledges, and nothing else.
    ///
    /// It has the effect of a ZLB, and can carry a digest, which a ZLB cannot. It takes no number of its own.
    #[doc(alias = "ACK")]
    pub struct ExplicitAcknowledgement = V3 EXPLICIT_ACKNOWLEDGEMENT;
    assumed {}
    required {}
    assigned {}
    optional {}
}
