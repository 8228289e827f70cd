//! One call as a machine: its data channel, and what it carries.

use core::time::Duration;

use l2tp_wire::avp::CallErrors;
use l2tp_wire::data;
use l2tp_wire::session::{LinkInfo, SessionId};

use ppp_session::call::Life;
use ppp_session::memory::Own;

use super::channel::Channel;
use super::config::Pseudowire;
use super::event::Waiting;
use super::{CallEvent, Reason};

#[cfg(feature = "alloc")]
mod batch;
mod data_path;

#[cfg(feature = "alloc")]
pub(crate) use batch::{Opening, Sealing};
pub(crate) use data_path::{Place, Proof, overhead};

/// Whether data packets come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    /// None has come.
    Silent,
    /// One has come.
    Heard,
}

/// The payload of a call.
#[derive(Debug)]
#[cfg_attr(not(feature = "alloc"), expect(clippy::large_enum_variant, reason = "without a heap it is in place"))]
pub(crate) enum Payload {
    Ppp(Own<ppp_session::Session>),
    /// The caller's own.
    Frames,
}

/// One end of a call.
#[derive(Debug)]
pub(crate) struct Machine {
    id: SessionId,
    life: Life<Reason>,
    path: Path,
    payload: Payload,
    channel: Channel,
    waiting: Waiting,
    since: Duration,
}

impl Machine {
    /// Makes a call that is up, and whose PPP, if it has one, begins to negotiate.
    pub(crate) fn new(
        now: Duration,
        id: SessionId,
        config: data::Config,
        pseudowire: &Pseudowire,
        ppp: Option<ppp_session::Session>,
    ) -> Self {
        let mut call = Self {
            id,
            life: Life::Up,
            path: Path::Silent,
            payload: ppp.map_or(Payload::Frames, |ppp| Payload::Ppp(Own::new(ppp))),
            channel: Channel::new(pseudowire.apply(config), pseudowire.reordering),
            waiting: Waiting::CONNECTED,
            since: now,
        };
        call.with_ppp(|ppp| ppp.open(now));
        call
    }

    pub(crate) const fn id(&self) -> SessionId {
        self.id
    }

    /// Returns since when it is up.
    pub(crate) const fn since(&self) -> Duration {
        self.since
    }

    pub(crate) fn ppp(&self) -> Option<&ppp_session::Session> {
        match &self.payload {
            Payload::Ppp(ppp) => Some(ppp),
            Payload::Frames => None,
        }
    }

    pub(crate) const fn channel(&self) -> &Channel {
        &self.channel
    }

    pub(crate) const fn channel_mut(&mut self) -> &mut Channel {
        &mut self.channel
    }

    /// Does the work, and notices the end of PPP: the one way in. The time is the session's, which
    /// never goes back.
    #[expect(clippy::inline_always, reason = "a result that goes through memory costs a data packet a tenth")]
    #[inline(always)]
    fn enter<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let result = work(self);
        // The tunnel says itself why it has ended the call.
        let end = self.ppp().and_then(ppp_session::Session::reason);
        if let Some(end) = end.filter(|end| !end.is_of_carrier()) {
            self.life.finish(self.reason_of(end));
        }
        result
    }

    /// Does something to PPP, which belongs to this call's user.
    pub(crate) fn with_ppp<T>(&mut self, work: impl FnOnce(&mut ppp_session::Session) -> T) -> Option<T> {
        self.enter(|call| match &mut call.payload {
            Payload::Ppp(ppp) => Some(work(ppp)),
            Payload::Frames => None,
        })
    }

    /// Returns what the end of PPP means here.
    fn reason_of(&self, end: ppp_session::Reason) -> Reason {
        use ppp_session::ppp::link;
        let is_silence =
            matches!(end, ppp_session::Reason::SetupTimeout | ppp_session::Reason::Link(link::Reason::NoAnswer));
        // Nothing came at all, so that nothing can be said about PPP.
        if is_silence && self.path == Path::Silent { Reason::NoData } else { Reason::from(end) }
    }

    /// Hangs up.
    pub(crate) fn close(&mut self, now: Duration) {
        self.end(now, Reason::Closed);
    }

    /// Ends the call for a reason of this side.
    pub(crate) fn end(&mut self, now: Duration, reason: Reason) {
        self.enter(|call| match &mut call.payload {
            Payload::Ppp(ppp) if reason == Reason::Closed && call.life.is_up() => ppp.close(now),
            Payload::Ppp(_) | Payload::Frames => call.life.finish(reason),
        });
    }

    /// Returns why the tunnel has to be asked to end the call, if it has to.
    pub(crate) const fn wants_clearing(&self) -> Option<Reason> {
        self.life.wants_clearing()
    }

    /// Takes note that the tunnel was asked to end the call.
    pub(crate) const fn asked_for_clearing(&mut self) {
        self.life.asked_for_clearing();
    }

    /// Takes note that the tunnel has ended the call. Returns why the call is over.
    pub(crate) fn cleared(&mut self, now: Duration, reason: Reason) -> Reason {
        // PPP hears of the end first, so that its reason counts before the tunnel's.
        self.with_ppp(|ppp| ppp.down(now));
        self.life.clear(reason)
    }

    /// Returns whether the tunnel has ended the call.
    pub(crate) const fn is_cleared(&self) -> bool {
        self.life.is_cleared()
    }

    /// Returns why the call is over, if it is.
    pub(crate) const fn reason(&self) -> Option<Reason> {
        self.life.reason()
    }

    /// Returns whether nothing new begins on it.
    pub(crate) const fn is_ending(&self) -> bool {
        !self.life.is_up()
    }

    /// Returns whether nothing can come of it any more.
    pub(crate) const fn is_over(&self) -> bool {
        self.life.is_over()
    }

    pub(crate) const fn link_info(&mut self, info: LinkInfo) {
        self.waiting.link_info(info);
    }

    pub(crate) const fn errors(&mut self, errors: CallErrors) {
        self.waiting.errors(errors);
    }

    /// Returns the next event: that it is up, then PPP's, then the peer's reports, then the end.
    pub(crate) fn poll_event(&mut self) -> Option<CallEvent> {
        // The order in which a caller can use it: an interface first, then its addresses, then its
        // end.
        if let Some(event) = self.waiting.pop_connected() {
            return Some(event);
        }
        if let Payload::Ppp(ppp) = &mut self.payload {
            while let Some(event) = ppp.poll_event() {
                // The call ends when the tunnel has ended it.
                if !matches!(event, ppp_session::Event::Closed(_)) {
                    return Some(CallEvent::Ppp(event));
                }
            }
        }
        if let Some(event) = self.waiting.pop_report() {
            return Some(event);
        }
        self.life.poll_end().map(CallEvent::Closed)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let timers = [self.ppp().and_then(ppp_session::Session::poll_timeout), self.channel.poll_timeout()];
        if self.is_cleared() { None } else { timers.into_iter().flatten().min() }
    }

    pub(crate) fn handle_timeout(&mut self, now: Duration) {
        if self.is_cleared() {
            return;
        }
        self.enter(|call| {
            if let Payload::Ppp(ppp) = &mut call.payload {
                ppp.handle_timeout(now);
            }
            call.channel.handle_timeout(now);
        });
    }
}
