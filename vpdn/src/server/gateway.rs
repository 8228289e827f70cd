//! The loop of the server: all protocols, between the network and one device.

use std::net::SocketAddr;
use std::time::Duration;

use ::pptp::ppp::ipv6cp::InterfaceIdentifier;

use super::calls::Calls;
use super::come::{Come, DEVICE, RADIUS, SIGNALS};
use super::command::{Selection, traced};
use super::controls::Controls;
use super::key::Key;
use super::l2tp::{self, L2tp};
use super::ledger::Ledger;
use super::line::Visit;
use super::output::{complain, say};
use super::pptp::{self, Pptp};
use super::radius::Radius;
use super::settings::Settings;
use super::show::View;
use super::state::State;
use super::users::Users;
use crate::config::{Config, ConfigError, Protocol};
use crate::control::Request;
use crate::host::{BURST, Clock, Device, Failure, Interest, Packets, Poller, Signals, entropy};
use crate::radius::TerminateCause;

/// How long the end of all sessions may take, whatever the clients do.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(15);
/// Room in front of a packet from the device, for every protocol.
const ROOM: usize = if pptp::ROOM > l2tp::ROOM { pptp::ROOM } else { l2tp::ROOM };

/// Reads the configuration again.
pub(super) type Reload<'r> = dyn Fn() -> Result<Config, ConfigError> + 'r;

/// Takes calls until a signal comes, and ends all sessions. With `only`, it takes those of this protocol alone. `reload`
/// reads the configuration again.
///
/// # Errors
///
/// [`Failure`].
pub(super) fn run(config: &Config, only: Option<Protocol>, reload: &Reload<'_>) -> Result<(), Failure> {
    // One identifier for all tunnels: the device has one address.
    let identifier = InterfaceIdentifier(u64::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default()));
    let settings = Settings::read(config, only, identifier)?;
    let mut state = state(config, &settings)?;
    let mut places = Vec::new();
    let limits = config.limits;
    let mut open_pptp = |settings| {
        let address = config.listen.with_default_port(pptp::PORT);
        let SocketAddr::V4(address) = address else {
            return Err(Failure::other(format!("listening at {address}: PPTP has addresses of IPv4 alone")));
        };
        places.push(format!("{address} (PPTP)"));
        Pptp::open(address, settings, limits)
    };
    let pptp = settings.pptp.map(&mut open_pptp).transpose()?;
    let mut open_l2tp = |settings| {
        let address = config.listen.with_default_port(l2tp::PORT);
        places.push(format!("{address} (L2TP)"));
        L2tp::open(address, settings, limits)
    };
    let l2tp = settings.l2tp.map(&mut open_l2tp).transpose()?;
    let failed = |error| Failure::of_system("the network interface", &error);
    state.device.set_up(settings.mtu).map_err(failed)?;
    if settings.has_ipv6 {
        state.device.add_address(identifier.link_local().into(), None, 64).map_err(failed)?;
    }
    state.set_offers(settings.offers).map_err(failed)?;
    let gateway = Gateway {
        config,
        clock: Clock::start(),
        poller: Poller::new().map_err(|error| Failure::of_system("epoll", &error))?,
        state,
        pptp,
        l2tp,
        outgoing: Packets::new(ROOM),
        controls: Controls::open(config.control_socket.as_deref())?,
        stage: Stage::Running,
    };
    let own: Vec<_> = gateway.state.own_addresses().map(|own| own.to_string()).collect();
    let (places, name) = (places.join(", "), gateway.state.device.name());
    say(&format_args!("listening at {places}, interface {name}, {}", own.join(", ")));
    gateway.run(&|| Settings::read(&reload()?, only, identifier))
}

/// Returns what the program knows beside the sessions.
fn state(config: &Config, settings: &Settings) -> Result<State, Failure> {
    let failed = |error| Failure::of_system("the users", &error);
    let users = Users::open(&config.user, config.users.as_deref(), entropy()?).map_err(failed)?;
    // RADIUS servers know this one by one address, whatever the protocol.
    let own = settings.offers.values().next().map(|offer| offer.own);
    let radius = config.radius.as_ref().zip(own).map(|(radius, own)| Radius::new(config, radius, own)).transpose()?;
    if radius.is_none() && users.is_empty() {
        return Err(Failure::other("nobody may come in: there are no users, and no RADIUS server".to_owned()));
    }
    Ok(State {
        users,
        radius,
        calls: Calls::default(),
        device: Device::create(config.interface.as_deref(), settings.has_ipv6)?,
        accepted: std::collections::BTreeMap::new(),
        ledger: Ledger::default(),
        spoofed: std::collections::BTreeMap::new(),
        run: u32::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default()),
        accounts: 0,
        offers: std::collections::BTreeMap::new(),
    })
}

/// Whether the server goes on.
enum Stage {
    Running,
    Closing { deadline: Duration },
}

/// All protocols, and what they are between.
struct Gateway<'c> {
    config: &'c Config,
    clock: Clock,
    poller: Poller,
    state: State,
    pptp: Option<Pptp>,
    l2tp: Option<L2tp>,
    outgoing: Packets,
    controls: Controls,
    stage: Stage,
}

impl Gateway<'_> {
    /// Runs until a signal. `reload` returns the settings for new tunnels.
    fn run(mut self, reload: &dyn Fn() -> Result<Settings, Failure>) -> Result<(), Failure> {
        let (stop, report, reloads) = (Signals::of_the_end()?, Signals::of_reports()?, Signals::of_reloads()?);
        self.wait_by([&stop, &report, &reloads]).map_err(|error| Failure::of_system("epoll", &error))?;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let interval = self.config.status_interval.map(Duration::from_secs);
        let mut next_report = interval;
        let mut stops = 0;
        loop {
            self.settle();
            if self.is_over() {
                return Ok(());
            }
            let come = self.wait(next_report)?;
            let now = self.clock.now();
            self.receive(now, &come)?;
            if come.has(DEVICE) {
                self.send(now);
            }
            self.hear(now, &come);
            self.handle_timeout(now)?;
            self.serve(now, &come);
            if stop.take_end(&mut stops)? {
                self.close_all(now);
            }
            if report.take() > 0 || next_report.is_some_and(|next| next <= now) {
                self.report(now);
                next_report = interval.and_then(|interval| now.checked_add(interval));
            }
            if reloads.take() > 0 {
                self.reload(reload);
            }
        }
    }

    fn wait_by(&self, signals: [&Signals; 3]) -> std::io::Result<()> {
        let Self { poller, state, pptp, l2tp, controls, .. } = self;
        pptp.iter().try_for_each(|pptp| pptp.wait_by(poller))?;
        l2tp.iter().try_for_each(|l2tp| l2tp.wait_by(poller))?;
        poller.add(&state.device, DEVICE, Interest::Read)?;
        signals.into_iter().try_for_each(|signals| poller.add(signals, SIGNALS, Interest::Read))?;
        controls.wait_by(poller)
    }

    fn is_over(&self) -> bool {
        let Stage::Closing { deadline } = self.stage else { return false };
        let now = self.clock.now();
        let is_reporting = self.state.radius.as_ref().is_some_and(Radius::is_reporting);
        let is_empty =
            self.pptp.as_ref().is_none_or(Pptp::is_over) && self.l2tp.as_ref().is_none_or(|l2tp| l2tp.is_over(now));
        (is_empty && !is_reporting) || deadline <= now
    }

    /// Waits until something has come.
    fn wait(&mut self, next_report: Option<Duration>) -> Result<Come, Failure> {
        let end = match self.stage {
            Stage::Running => None,
            Stage::Closing { deadline } => Some(deadline),
        };
        let deadlines = [
            next_report,
            end,
            self.state.radius.as_ref().and_then(Radius::poll_timeout),
            self.state.ledger.poll_timeout(),
            self.pptp.as_ref().and_then(Pptp::poll_timeout),
            self.l2tp.as_ref().and_then(L2tp::poll_timeout),
        ];
        let timeout = deadlines.into_iter().flatten().min().map(|deadline| deadline.saturating_sub(self.clock.now()));
        let come = self.poller.wait(timeout).map_err(|error| Failure::of_system("epoll", &error))?;
        Ok(Come::new(come))
    }

    /// Sends what the sessions have to send, and hears their events, until there is nothing more.
    fn settle(&mut self) {
        let now = self.clock.now();
        let Self { poller, state, pptp, l2tp, controls, .. } = self;
        if let Some(pptp) = pptp {
            pptp.settle(now, poller, state, controls.debugs());
        }
        if let Some(l2tp) = l2tp {
            l2tp.settle(now, state, controls.debugs());
        }
        state.device.flush();
        if let Some(radius) = &mut state.radius {
            radius.flush(poller);
        }
        controls.stream(poller);
    }

    /// Carries packets from the network to the device.
    fn receive(&mut self, now: Duration, come: &Come) -> Result<(), Failure> {
        let Self { poller, state, pptp, l2tp, controls, .. } = self;
        if let Some(pptp) = pptp {
            pptp.receive(now, come, poller, state, controls.debugs())?;
        }
        if let Some(l2tp) = l2tp {
            l2tp.receive(now, come, state, controls.debugs());
        }
        Ok(())
    }

    /// Carries packets from the device to the network.
    fn send(&mut self, now: Duration) {
        let Self { state, pptp, l2tp, outgoing, controls, .. } = self;
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
                pptp.send(now, &mut of_pptp, controls.debugs());
            }
            if let Some(l2tp) = l2tp.as_mut().filter(|_| !of_l2tp.is_empty()) {
                l2tp.send(now, &mut of_l2tp, controls.debugs());
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

    fn handle_timeout(&mut self, now: Duration) -> Result<(), Failure> {
        if let Some(pptp) = &mut self.pptp {
            pptp.handle_timeout(now, &self.poller)?;
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
        Ok(())
    }

    fn close_all(&mut self, now: Duration) {
        say(&"ending all sessions");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        self.stage = Stage::Closing { deadline: now.saturating_add(CLOSE_TIMEOUT) };
        let Self { state, pptp, l2tp, .. } = self;
        if let Some(pptp) = pptp {
            pptp.close_all(now, &mut state.ledger);
        }
        if let Some(l2tp) = l2tp {
            l2tp.close_all(now, &mut state.ledger);
        }
    }

    fn report(&self, now: Duration) {
        if let Some(pptp) = &self.pptp {
            pptp.report(now, &self.state);
        }
        if let Some(l2tp) = &self.l2tp {
            l2tp.report(now, &self.state);
        }
    }

    /// Has new tunnels begin with the settings that the configuration has now. The others keep theirs.
    fn reload(&mut self, reload: &dyn Fn() -> Result<Settings, Failure>) {
        let settings = match reload() {
            Ok(settings) => settings,
            Err(failure) => return complain(&format!("the configuration stays as it was: {failure}")),
        };
        let mut left_out = Vec::new();
        match (&mut self.pptp, settings.pptp) {
            (Some(pptp), Some(settings)) => pptp.set(settings),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => left_out.push("PPTP"),
        }
        match (&mut self.l2tp, settings.l2tp) {
            (Some(l2tp), Some(settings)) => l2tp.set(settings),
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => left_out.push("L2TP"),
        }
        if let Err(error) = self.state.set_offers(settings.offers) {
            complain(&format!("the network interface: {error}"));
        }
        for protocol in left_out {
            complain(&format!("whether {protocol} is accepted changes with the next start"));
        }
        say(&"the configuration was read again, for new tunnels");
    }

    /// Serves the clients of the control socket.
    fn serve(&mut self, now: Duration, come: &Come) {
        for (id, request) in self.controls.take(come, &self.poller) {
            self.answer(now, id, &request);
        }
        self.controls.settle(&self.poller);
    }

    fn answer(&mut self, now: Duration, id: u64, request: &Request) {
        let words: Vec<_> = request.words.iter().map(String::as_str).collect();
        let text = match &words[..] {
            ["show", what @ ..] => self.view(now).show(what, request.json),
            ["clear", what @ ..] => Selection::parse(what).map(|selection| {
                let count = self.clear(now, selection);
                format!("{count} tunnels cleared\n")
            }),
            ["debug", "ppp", "negotiation", rest @ ..] => match traced(rest) {
                Ok(wanted) => return self.controls.trace(id, wanted),
                Err(sentence) => Some(sentence),
            },
            _ => None,
        };
        let text = text.unwrap_or_else(|| format!("there is no command `{}`\n", request.words.join(" ")));
        self.controls.answer(id, request, &text);
    }

    fn view(&self, now: Duration) -> View<'_> {
        View {
            pptp: self.pptp.as_ref().map(Pptp::server),
            l2tp: self.l2tp.as_ref().map(L2tp::server),
            interface: self.state.device.name(),
            now,
            questions: self.state.radius.as_ref().map_or(0, |radius| radius.inquiries.client.open()),
            pauses: self.pptp.as_ref().map_or(0, Pptp::pauses),
        }
    }

    fn clear(&mut self, now: Duration, selection: Selection<'_>) -> usize {
        let Self { state, pptp, l2tp, .. } = self;
        let (cause, ledger) = (TerminateCause::ADMIN_RESET, &mut state.ledger);
        let of_pptp = pptp.as_mut().map_or(0, |pptp| pptp.close(now, cause, ledger, selection));
        let of_l2tp = l2tp.as_mut().map_or(0, |l2tp| l2tp.close(now, cause, ledger, selection));
        of_pptp + of_l2tp
    }
}
