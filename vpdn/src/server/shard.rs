//! A part of the server that one thread drives: its sessions, its interface, its sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::budget::Budget;
use super::come::{CONNECTIONS, Come, DEVICE, RADIUS};
use super::command::Selection;
use super::debug::Debugs;
use super::key::Key;
use super::l2tp::{self, L2tp};
use super::line::Visit;
use super::listener::Arrival;
use super::output::complain;
use super::pptp::{self, Pptp};
use super::radius::Radius;
use super::settings::Settings;
use super::show::Shown;
use super::state::State;
use crate::host::{BURST, Clock, Interest, Packets, Poller};
use crate::radius::TerminateCause;

/// How long the end of all sessions may take, whatever the clients do.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// Room in front of a packet from the device, for every protocol.
const ROOM: usize = if pptp::ROOM > l2tp::ROOM { pptp::ROOM } else { l2tp::ROOM };

/// Whether the server goes on.
enum Stage {
    Running,
    Closing { deadline: Duration },
}

/// The sequel of a turn.
pub(super) enum Next {
    /// Waiting, until this deadline at most.
    Wait(Option<Duration>),
    /// Nothing: all sessions are over.
    Over,
}

/// Sessions of all protocols, and what they are between.
pub(super) struct Shard {
    clock: Clock,
    poller: Poller,
    pub(super) state: State,
    pub(super) pptp: Option<Pptp>,
    /// One shard has it: it has one socket.
    pub(super) l2tp: Option<L2tp>,
    outgoing: Packets,
    debugs: Arc<Debugs>,
    /// The calls of PPTP that all shards may still take.
    budget: Arc<Budget>,
    /// How many connections there are, for the thread that hands out new ones.
    load: Arc<AtomicUsize>,
    stage: Stage,
}

/// The parts of a shard, some of which it has in common with the others.
pub(super) struct Parts {
    pub(super) clock: Clock,
    pub(super) poller: Poller,
    pub(super) state: State,
    pub(super) pptp: Option<Pptp>,
    pub(super) l2tp: Option<L2tp>,
    pub(super) debugs: Arc<Debugs>,
    pub(super) budget: Arc<Budget>,
    pub(super) load: Arc<AtomicUsize>,
}

impl Shard {
    /// Waits for the descriptors of these parts from now on.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn new(parts: Parts) -> std::io::Result<Self> {
        let Parts { clock, poller, state, pptp, l2tp, debugs, budget, load } = parts;
        l2tp.iter().try_for_each(|l2tp| l2tp.wait_by(&poller))?;
        poller.add(&state.device, DEVICE, Interest::Read)?;
        let (outgoing, stage) = (Packets::new(ROOM), Stage::Running);
        Ok(Self { clock, poller, state, pptp, l2tp, outgoing, debugs, budget, load, stage })
    }

    /// Does all that is to be done, after these descriptors have something.
    pub(super) fn turn(&mut self, come: &Come) -> Next {
        let budget = Arc::clone(&self.budget);
        let lease = budget.lend(come.of(CONNECTIONS).next().is_some());
        if let Some(pptp) = &mut self.pptp {
            pptp.begin_turn(lease.spare());
        }
        let now = self.clock.now();
        self.receive(now, come);
        if come.has(DEVICE) {
            self.send(now);
        }
        self.hear(now, come);
        self.handle_timeout(now);
        self.settle();
        if let Some(pptp) = &mut self.pptp {
            let (before, after) = pptp.end_turn();
            lease.settle(before, after);
            self.load.store(pptp.server().len(), Ordering::Relaxed);
        }
        if self.is_over() { Next::Over } else { Next::Wait(self.poll_timeout()) }
    }

    fn is_over(&self) -> bool {
        let Stage::Closing { deadline } = self.stage else { return false };
        let now = self.clock.now();
        let is_reporting = self.state.radius.as_ref().is_some_and(Radius::is_reporting);
        let is_empty =
            self.pptp.as_ref().is_none_or(Pptp::is_over) && self.l2tp.as_ref().is_none_or(|l2tp| l2tp.is_over(now));
        (is_empty && !is_reporting) || deadline <= now
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let end = match self.stage {
            Stage::Running => None,
            Stage::Closing { deadline } => Some(deadline),
        };
        let deadlines = [
            end,
            self.state.radius.as_ref().and_then(Radius::poll_timeout),
            self.state.ledger.poll_timeout(),
            self.pptp.as_ref().and_then(Pptp::poll_timeout),
            self.l2tp.as_ref().and_then(L2tp::poll_timeout),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// Sends what the sessions have to send, and hears their events, until there is nothing more.
    fn settle(&mut self) {
        let now = self.clock.now();
        let Self { poller, state, pptp, l2tp, debugs, .. } = self;
        if let Some(pptp) = pptp {
            pptp.settle(now, poller, state, debugs);
        }
        if let Some(l2tp) = l2tp {
            l2tp.settle(now, state, debugs);
        }
        state.device.flush();
        if let Some(radius) = &mut state.radius {
            radius.flush(poller);
        }
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration, come: &Come) {
        let Self { state, pptp, l2tp, debugs, .. } = self;
        if let Some(pptp) = pptp {
            pptp.receive(now, come, state, debugs);
        }
        if let Some(l2tp) = l2tp {
            l2tp.receive(now, come, state, debugs);
        }
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { state, pptp, l2tp, outgoing, debugs, .. } = self;
        // In bursts, so that the other direction gets its turn.
        for _ in 0..BURST {
            if !state.device.receive(outgoing) {
                break;
            }
            let (mut of_pptp, mut of_l2tp) = (Vec::new(), Vec::new());
            for buf in outgoing.iter_mut() {
                match buf.get(ROOM..).and_then(|packet| state.calls.route(packet)) {
                    Some(Key::Pptp(id, call)) => {
                        of_pptp.extend(buf.get_mut(ROOM - pptp::ROOM..).map(|buf| (id, call, buf)));
                    }
                    Some(Key::L2tp(id, call)) => {
                        of_l2tp.extend(buf.get_mut(ROOM - l2tp::ROOM..).map(|buf| (id, call, buf)));
                    }
                    None => {}
                }
            }
            if let Some(pptp) = pptp.as_mut().filter(|_| !of_pptp.is_empty()) {
                pptp.send(now, &mut of_pptp, debugs);
            }
            if let Some(l2tp) = l2tp.as_mut().filter(|_| !of_l2tp.is_empty()) {
                l2tp.send(now, &mut of_l2tp, debugs);
            }
        }
        if let Some(pptp) = pptp {
            pptp.flush();
        }
        if let Some(l2tp) = l2tp {
            l2tp.flush();
        }
    }

    /// Takes replies of the RADIUS servers.
    fn hear(&mut self, now: Duration, come: &Come) {
        let Some(radius) = &mut self.state.radius else { return };
        for number in come.of(RADIUS) {
            radius.receive(now, RADIUS + number);
        }
        self.apply_verdicts(now);
    }

    fn apply_verdicts(&mut self, now: Duration) {
        while let Some(verdict) = self.state.radius.as_mut().and_then(|radius| radius.inquiries.poll_verdict()) {
            self.visit(verdict.call, |state, visit| state.apply(now, visit, verdict));
        }
    }

    /// Does something with a call, unless its tunnel is gone.
    fn visit(&mut self, key: Key, act: impl FnOnce(&mut State, &mut Visit<'_>)) {
        let Self { state, pptp, l2tp, .. } = self;
        match (key, pptp, l2tp) {
            (Key::Pptp(id, call), Some(pptp), _) => pptp.visit(id, call, |visit| act(state, visit)),
            (Key::L2tp(id, call), _, Some(l2tp)) => l2tp.visit(id, call, |visit| act(state, visit)),
            (Key::Pptp(..), None, _) | (Key::L2tp(..), _, None) => {}
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        if let Some(pptp) = &mut self.pptp {
            pptp.handle_timeout(now);
        }
        if let Some(l2tp) = &mut self.l2tp {
            l2tp.handle_timeout(now);
        }
        if let Some(radius) = &mut self.state.radius {
            radius.handle_timeout(now);
        }
        self.apply_verdicts(now);
        loop {
            let (pptp, l2tp) = (&self.pptp, &self.l2tp);
            let usage = |key| match key {
                Key::Pptp(id, call) => pptp.as_ref()?.usage(id, call),
                Key::L2tp(id, call) => l2tp.as_ref()?.usage(id, call),
            };
            let Some(key) = self.state.poll_end(now, usage) else { break };
            self.visit(key, |_, visit| {
                visit.say(format_args!("its time is over"));
                visit.line.close(now);
            });
        }
    }

    /// Returns whether there are lines for those who see a trace.
    pub(super) fn has_lines(&self) -> bool {
        self.debugs.has_lines()
    }

    /// Returns the sessions, to be shown.
    pub(super) fn shown(&self) -> Shown<'_> {
        let (pptp, l2tp) = (self.pptp.as_ref().map(Pptp::server), self.l2tp.as_ref().map(L2tp::server));
        Shown { pptp, l2tp, interface: self.state.device.name() }
    }

    /// Returns how many questions to RADIUS servers are open.
    pub(super) fn questions(&self) -> usize {
        self.state.radius.as_ref().map_or(0, |radius| radius.inquiries.client.open())
    }

    /// Takes a connection over. Another one is not held up when that fails.
    pub(super) fn take(&mut self, now: Duration, arrival: Arrival) {
        let Self { poller, load, pptp: Some(pptp), .. } = self else { return };
        let peer = arrival.peer;
        if let Err(failure) = pptp.take(now, arrival, poller) {
            complain(&format!("{peer}: {failure}"));
        }
        load.store(pptp.server().len(), Ordering::Relaxed);
    }

    /// Begins the end of all sessions.
    pub(super) fn close_all(&mut self, now: Duration) {
        self.stage = Stage::Closing { deadline: now.saturating_add(CLOSE_TIMEOUT) };
        let Self { state, pptp, l2tp, .. } = self;
        if let Some(pptp) = pptp {
            pptp.close_all(now, &mut state.ledger);
        }
        if let Some(l2tp) = l2tp {
            l2tp.close_all(now, &mut state.ledger);
        }
    }

    /// Ends tunnels, and returns how many.
    pub(super) fn clear(&mut self, now: Duration, selection: Selection<'_>) -> usize {
        let Self { state, pptp, l2tp, .. } = self;
        let (cause, ledger) = (TerminateCause::ADMIN_RESET, &mut state.ledger);
        let of_pptp = pptp.as_mut().map_or(0, |pptp| pptp.close(now, cause, ledger, selection));
        let of_l2tp = l2tp.as_mut().map_or(0, |l2tp| l2tp.close(now, cause, ledger, selection));
        of_pptp + of_l2tp
    }

    /// Has new tunnels begin with these settings. The others keep theirs. A protocol that is not accepted now stays so
    /// until the next start.
    pub(super) fn set(&mut self, settings: &mut Settings) {
        if let (Some(pptp), Some(settings)) = (&mut self.pptp, &settings.pptp) {
            pptp.set(settings.clone());
        }
        // One shard has L2TP, and takes its settings.
        if let Some(l2tp) = &mut self.l2tp {
            settings.l2tp.take().into_iter().for_each(|settings| l2tp.set(settings));
        }
        if let Err(error) = self.state.set_offers(settings.offers.clone()) {
            complain(&format!("the network interface: {error}"));
        }
    }
}
