//! The cells of the table of RFC 1661 section 4.1.

use core::fmt;

/// RFC 1661 section 4.2: the states, with their numbers in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these ten")]
pub enum State {
    /// 0: the lower layer is down, nobody has asked to open.
    #[default]
    Initial,
    /// 1: the lower layer is down, and wanted.
    Starting,
    /// 2: the lower layer is up, nobody has asked to open.
    Closed,
    /// 3: waits for the lower layer to go down, or for the peer to begin.
    Stopped,
    /// 4: is closing, a Terminate-Request was sent; then Closed.
    Closing,
    /// 5: the same, then Stopped.
    Stopping,
    /// 6: a Configure-Request was sent.
    #[doc(alias = "Req-Sent")]
    RequestSent,
    /// 7: and it was acknowledged.
    #[doc(alias = "Ack-Rcvd")]
    AckReceived,
    /// 8: a Configure-Request was sent, and the peer's was acknowledged.
    #[doc(alias = "Ack-Sent")]
    AckSent,
    /// 9: both were acknowledged.
    Opened,
}

/// RFC 1661 section 4.3: the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these sixteen")]
pub enum Event {
    /// The lower layer is ready to carry packets.
    Up,
    /// It is no more.
    Down,
    /// Traffic is wanted.
    Open,
    /// It is no more.
    Close,
    /// TO+: the restart timer expired, and there are tries left.
    #[doc(alias = "TO+")]
    Timeout,
    /// TO-: the restart timer expired after the last try.
    #[doc(alias = "TO-")]
    TimeoutLast,
    /// RCR+: a Configure-Request came, and all of it can be taken.
    #[doc(alias = "RCR+")]
    ReceiveConfigureRequestGood,
    /// RCR-: a Configure-Request came, and not all of it can be taken.
    #[doc(alias = "RCR-")]
    ReceiveConfigureRequestBad,
    /// RCA: a Configure-Ack came that fits the last request.
    #[doc(alias = "RCA")]
    ReceiveConfigureAck,
    /// RCN: a Configure-Nak or Configure-Reject came that fits the last request.
    #[doc(alias = "RCN")]
    ReceiveConfigureNak,
    /// RTR: a Terminate-Request came.
    #[doc(alias = "RTR")]
    ReceiveTerminateRequest,
    /// RTA: a Terminate-Ack came.
    #[doc(alias = "RTA")]
    ReceiveTerminateAck,
    /// RUC: a packet came with a code that is not known.
    #[doc(alias = "RUC")]
    ReceiveUnknownCode,
    /// RXJ+: a Code-Reject or Protocol-Reject came that one can live with.
    #[doc(alias = "RXJ+")]
    ReceiveRejectHarmless,
    /// RXJ-: a Code-Reject or Protocol-Reject came after which there is no point in going on.
    #[doc(alias = "RXJ-")]
    ReceiveRejectFatal,
    /// RXR: an Echo-Request, Echo-Reply or Discard-Request came.
    #[doc(alias = "RXR")]
    ReceiveEcho,
}

impl State {
    /// All ten, by their numbers.
    pub const ALL: [Self; 10] = [
        Self::Initial,
        Self::Starting,
        Self::Closed,
        Self::Stopped,
        Self::Closing,
        Self::Stopping,
        Self::RequestSent,
        Self::AckReceived,
        Self::AckSent,
        Self::Opened,
    ];

    /// Returns whether the restart timer runs, so that a timeout can happen (RFC 1661 section 4.1).
    #[must_use]
    pub const fn has_timer(self) -> bool {
        matches!(self, Self::Closing | Self::Stopping | Self::RequestSent | Self::AckReceived | Self::AckSent)
    }

    /// Returns the name as in the RFC.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initial => "Initial",
            Self::Starting => "Starting",
            Self::Closed => "Closed",
            Self::Stopped => "Stopped",
            Self::Closing => "Closing",
            Self::Stopping => "Stopping",
            Self::RequestSent => "Req-Sent",
            Self::AckReceived => "Ack-Rcvd",
            Self::AckSent => "Ack-Sent",
            Self::Opened => "Opened",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Event {
    /// All sixteen, in the order of the table.
    pub const ALL: [Self; 16] = [
        Self::Up,
        Self::Down,
        Self::Open,
        Self::Close,
        Self::Timeout,
        Self::TimeoutLast,
        Self::ReceiveConfigureRequestGood,
        Self::ReceiveConfigureRequestBad,
        Self::ReceiveConfigureAck,
        Self::ReceiveConfigureNak,
        Self::ReceiveTerminateRequest,
        Self::ReceiveTerminateAck,
        Self::ReceiveUnknownCode,
        Self::ReceiveRejectHarmless,
        Self::ReceiveRejectFatal,
        Self::ReceiveEcho,
    ];
}

/// RFC 1661 section 4.4: the actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these thirteen")]
pub enum Action {
    /// tlu: what is above may begin.
    #[doc(alias = "tlu")]
    ThisLayerUp,
    /// tld: what is above has to stop.
    #[doc(alias = "tld")]
    ThisLayerDown,
    /// tls: the lower layer is wanted.
    #[doc(alias = "tls")]
    ThisLayerStarted,
    /// tlf: the lower layer is not wanted any more.
    #[doc(alias = "tlf")]
    ThisLayerFinished,
    /// irc: all tries are there again.
    #[doc(alias = "irc")]
    InitializeRestartCount,
    /// zrc: no try is left; the timer starts, to wait once.
    #[doc(alias = "zrc")]
    ZeroRestartCount,
    /// scr: a Configure-Request is sent, the timer starts, a try is used.
    #[doc(alias = "scr")]
    SendConfigureRequest,
    /// sca: a Configure-Ack is sent.
    #[doc(alias = "sca")]
    SendConfigureAck,
    /// scn: a Configure-Nak or Configure-Reject is sent.
    #[doc(alias = "scn")]
    SendConfigureNak,
    /// str: a Terminate-Request is sent, the timer starts, a try is used.
    #[doc(alias = "str")]
    SendTerminateRequest,
    /// sta: a Terminate-Ack is sent.
    #[doc(alias = "sta")]
    SendTerminateAck,
    /// scj: a Code-Reject is sent.
    #[doc(alias = "scj")]
    SendCodeReject,
    /// ser: an Echo-Reply is sent, if it was an Echo-Request.
    #[doc(alias = "ser")]
    SendEchoReply,
}

/// RFC 1661 section 4.1: the actions of one transition, at most three, in the order of the table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Actions(pub(super) [Option<Action>; 3]);

impl Actions {
    /// Returns the actions in order.
    pub fn iter(&self) -> impl Iterator<Item = Action> + use<> {
        self.0.into_iter().flatten()
    }

    /// Returns whether this is one of them.
    #[must_use]
    pub fn contains(&self, action: Action) -> bool {
        self.iter().any(|found| found == action)
    }
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// RFC 1661 section 4.1: a cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a cell has no other parts")]
pub struct Transition {
    /// The actions to take.
    pub actions: Actions,
    /// The new state.
    pub state: State,
    /// A footnote of the table.
    pub note: Option<Note>,
}

/// RFC 1661 section 4.1: the footnotes of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these three")]
pub enum Note {
    /// p: with the passive option, a peer that does not answer is waited for: no This-Layer-Finished.
    Passive,
    /// r: with the restart option, Open is Down and Up instead.
    Restart,
    /// x: the packet crossed another one, or the other end was restarted.
    Crossed,
}
