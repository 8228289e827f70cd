//! The states, with the RFC's names.

use core::fmt;

macro_rules! states {
    ($(#[$attribute:meta])* pub enum $state:ident { $($(#[$variant_attribute:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $state {
            $($(#[$variant_attribute])* $variant,)+
        }

        impl fmt::Display for $state {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $name,)+
                })
            }
        }
    };
}

states! {
    /// RFC 2637 section 3.1: the states of a control connection.
    ///
    /// ```
    /// assert_eq!(pptp_wire::connection::State::WaitCtlReply.to_string(), "wait_ctl_reply");
    /// ```
    pub enum State {
        /// There is no TCP connection yet, or (receiver) it waits for the Start-Control-Connection-Request.
        Idle = "idle",
        /// The originator waits for the Start-Control-Connection-Reply.
        WaitCtlReply = "wait_ctl_reply",
        /// Calls are possible.
        Established = "established",
        /// We wait for the Stop-Control-Connection-Reply.
        WaitStopReply = "wait_stop_reply",
        /// It is over, for good. (The RFC says idle again.)
        Closed = "closed",
    }
}

states! {
    /// RFC 2637 sections 3.2.3 and 3.2.4: the states of a call.
    ///
    /// ```
    /// assert_eq!(pptp_wire::connection::CallState::WaitCsAns.to_string(), "wait_cs_ans");
    /// ```
    pub enum CallState {
        /// A PNS was asked and has not answered yet; or the call is over.
        Idle = "idle",
        /// A PNS waits for the Outgoing-Call-Reply, or a PAC for the Incoming-Call-Reply.
        WaitReply = "wait_reply",
        /// A PNS waits for the Incoming-Call-Connected.
        WaitConnect = "wait_connect",
        /// A PAC was asked and has not answered yet: it may be dialing.
        WaitCsAns = "wait_cs_ans",
        /// Data may flow.
        Established = "established",
        /// A PNS has sent the Call-Clear-Request and waits for the Call-Disconnect-Notify.
        WaitDisconnect = "wait_disconnect",
    }
}
