//! RFC 3931 section 6: the control messages of version 3.

mod connection;
mod session;

pub use connection::{
    ExplicitAcknowledgement, Hello, StartControlConnectionConnected, StartControlConnectionReply,
    StartControlConnectionRequest, StopControlConnectionNotification,
};
pub use session::{
    CallDisconnectNotify, IncomingCallConnected, IncomingCallReply, IncomingCallRequest, OutgoingCallConnected,
    OutgoingCallReply, OutgoingCallRequest, SetLinkInfo, WanErrorNotify,
};

use crate::message::layout::messages;

messages! {
    /// RFC 3931 section 6: a control message of version 3.
    borrowing {
        /// Section 6.1.
        StartControlConnectionRequest;
        /// Section 6.2.
        StartControlConnectionReply;
        /// Section 6.4.
        StopControlConnectionNotification;
        /// Section 6.6.
        IncomingCallRequest;
        /// Section 6.9.
        OutgoingCallRequest;
        /// Section 6.12.
        CallDisconnectNotify;
    }
    owning {
        /// Section 6.3.
        StartControlConnectionConnected;
        /// Section 6.5.
        Hello;
        /// Section 6.15.
        ExplicitAcknowledgement;
        /// Section 6.7.
        IncomingCallReply;
        /// Section 6.8.
        IncomingCallConnected;
        /// Section 6.10.
        OutgoingCallReply;
        /// Section 6.11.
        OutgoingCallConnected;
        /// Section 6.13.
        WanErrorNotify;
        /// Section 6.14.
        SetLinkInfo;
    }
}
