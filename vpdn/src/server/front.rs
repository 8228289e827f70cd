//! The main thread: the first shard, and what all shards have in common. That is the TCP port, signals, the
//! control socket and reports.

use std::time::Duration;

use super::come::{Come, LISTENER, SIGNALS};
use super::command::{Selection, traced};
use super::controls::Controls;
use super::crew::Crew;
use super::listener::Listener;
use super::output::{complain, say};
use super::settings::Settings;
use super::shard::Next;
use super::show::View;
use crate::control::Request;
use crate::host::{Clock, Failure, Interest, Poller, Signals};

/// Reads the settings for new tunnels again.
pub(super) type Reload<'r> = dyn Fn() -> Result<Settings, Failure> + 'r;

/// The descriptors of the main thread, beside those of its shard.
pub(super) struct Front {
    pub(super) clock: Clock,
    /// Waits for those of its shard, too.
    pub(super) poller: Poller,
    pub(super) crew: Crew,
    /// `None`: PPTP is not accepted.
    pub(super) listener: Option<Listener>,
    pub(super) controls: Controls,
    pub(super) report_interval: Option<Duration>,
}

impl Front {
    /// Runs until a signal, and until all sessions are over after it.
    ///
    /// # Errors
    ///
    /// [`Failure`], of any shard.
    pub(super) fn run(mut self, reload: &Reload<'_>) -> Result<(), Failure> {
        let (stop, report, reloads) = (Signals::of_the_end()?, Signals::of_reports()?, Signals::of_reloads()?);
        self.wait_by([&stop, &report, &reloads]).map_err(|error| Failure::of_system("epoll", &error))?;
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        let mut next_report = self.report_interval;
        let mut stops = 0;
        let mut come = Come::nothing();
        loop {
            let now = self.clock.now();
            self.listen(now, &come)?;
            self.serve(now, &come);
            if stop.take_end(&mut stops)? {
                self.close_all(now);
            }
            if report.take() > 0 || next_report.is_some_and(|next| next <= now) {
                self.report(now);
                next_report = self.report_interval.and_then(|interval| now.checked_add(interval));
            }
            if reloads.take() > 0 {
                self.reload(reload);
            }
            let next = self.crew.main().shard.lock().turn(&come);
            self.controls.stream(&self.poller);
            let deadline = match (next, self.crew.has_ended()?) {
                (Next::Over, true) => return Ok(()),
                (Next::Over, false) => None,
                (Next::Wait(deadline), _) => deadline,
            };
            let pause = self.listener.as_ref().and_then(Listener::poll_timeout);
            let deadline = [deadline, pause, next_report].into_iter().flatten().min();
            come = Come::wait(&mut self.poller, self.clock, deadline)?;
            self.crew.main().note(&come);
        }
    }

    fn wait_by(&self, signals: [&Signals; 3]) -> std::io::Result<()> {
        let Self { poller, listener, controls, .. } = self;
        listener.iter().try_for_each(|listener| listener.wait_by(poller))?;
        signals.into_iter().try_for_each(|signals| poller.add(signals, SIGNALS, Interest::Read))?;
        controls.wait_by(poller)
    }

    /// Hands each new connection to the shard that has the fewest.
    fn listen(&mut self, now: Duration, come: &Come) -> Result<(), Failure> {
        let Self { poller, crew, listener: Some(listener), .. } = self else { return Ok(()) };
        if come.has(LISTENER) {
            for arrival in listener.accept(now, poller)? {
                crew.least().change(|shard| shard.take(now, arrival));
            }
        }
        listener.handle_timeout(now, poller)
    }

    fn close_all(&mut self, now: Duration) {
        say(&"ending all sessions");
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        if let Some(listener) = &mut self.listener {
            listener.close();
        }
        self.crew.each(|shard| shard.close_all(now));
    }

    /// Writes the counters of all calls.
    fn report(&self, now: Duration) {
        if self.listener.is_some() {
            self.crew.each(|shard| shard.pptp.iter().for_each(|pptp| pptp.report(now, &shard.state)));
            say(&format_args!("{} connections", self.crew.connections()));
        }
        self.crew.each(|shard| shard.l2tp.iter().for_each(|l2tp| l2tp.report(now, &shard.state)));
    }

    /// Has new tunnels begin with the settings that the configuration has now. The others keep theirs.
    fn reload(&self, reload: &Reload<'_>) {
        let mut settings = match reload() {
            Ok(settings) => settings,
            Err(failure) => return complain(&format!("the configuration stays as it was: {failure}")),
        };
        let has_l2tp = self.crew.main().shard.lock().l2tp.is_some();
        let protocols =
            [("PPTP", self.listener.is_some(), settings.pptp.is_some()), ("L2TP", has_l2tp, settings.l2tp.is_some())];
        self.crew.each(|shard| shard.set(&mut settings));
        for (protocol, ..) in protocols.into_iter().filter(|(_, before, after)| before != after) {
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
            ["show", what @ ..] => self.show(now, what, request.json),
            ["clear", what @ ..] => Selection::parse(what).map(|selection| {
                let mut count = 0;
                self.crew.each(|shard| count += shard.clear(now, selection));
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

    /// Shows all shards as they are at one moment.
    fn show(&self, now: Duration, what: &[&str], json: bool) -> Option<String> {
        let shards: Vec<_> = self.crew.members().map(|member| member.shard.lock()).collect();
        let view = View {
            shards: shards.iter().map(|shard| shard.shown()).collect(),
            now,
            questions: shards.iter().map(|shard| shard.questions()).sum(),
            pauses: self.listener.as_ref().map_or(0, Listener::pauses),
        };
        view.show(what, json)
    }
}
