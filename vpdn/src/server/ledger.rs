//! Accounts of sessions that are up, and when they end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::key::Key;
use crate::radius::{Account, TerminateCause};

/// How often a session with a limit for silence is looked at: so many times within the limit.
const LOOKS: u32 = 4;

/// How long a session may be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Terms {
    /// Session-Timeout.
    pub(super) session: Option<Duration>,
    /// Idle-Timeout.
    pub(super) idle: Option<Duration>,
    /// Acct-Interim-Interval.
    pub(super) interim: Option<Duration>,
}

/// The work that is due now.
pub(super) enum Due {
    /// The account is reported.
    Interim(Key),
    /// The session ends.
    End(Key),
}

/// All sessions that are up.
#[derive(Default)]
pub(super) struct Ledger {
    entries: BTreeMap<Key, Entry>,
    deadlines: BTreeSet<(Duration, Key)>,
}

struct Entry {
    account: Account,
    since: Duration,
    /// When the session ends, whatever it does.
    end: Option<Duration>,
    interim: Option<Every>,
    idle: Option<Idle>,
    /// Why we end it.
    cause: Option<TerminateCause>,
    deadline: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Every {
    interval: Duration,
    next: Duration,
}

/// The last sign of life: how many packets there were, and when that was seen to change.
#[derive(Clone, Copy)]
struct Idle {
    limit: Duration,
    next: Duration,
    packets: u64,
    changed: Duration,
}

impl Ledger {
    /// Begins the account of a session that is up.
    pub(super) fn begin(&mut self, now: Duration, key: Key, account: Account, terms: Terms) {
        let idle = |limit: Duration| {
            let next = now.saturating_add(limit.checked_div(LOOKS).unwrap_or(limit));
            Idle { limit, next, packets: 0, changed: now }
        };
        let every = |interval: Duration| Every { interval, next: now.saturating_add(interval) };
        let entry = Entry {
            account,
            since: now,
            end: terms.session.map(|time| now.saturating_add(time)),
            interim: terms.interim.map(every),
            idle: terms.idle.map(idle),
            cause: None,
            deadline: None,
        };
        self.entries.insert(key, entry);
        self.arm(key);
    }

    /// Returns the account of a session, and since when it is up.
    pub(super) fn account(&self, key: Key) -> Option<(&Account, Duration)> {
        self.entries.get(&key).map(|entry| (&entry.account, entry.since))
    }

    /// Sets the reason for which we end a session.
    pub(super) fn set_cause(&mut self, key: Key, cause: TerminateCause) {
        if let Some(entry) = self.entries.get_mut(&key) {
            // The first one stays.
            entry.cause.get_or_insert(cause);
        }
    }

    /// Ends the account of a session: returns it, since when it was up, and why we ended it.
    pub(super) fn end(&mut self, key: Key) -> Option<(Account, Duration, Option<TerminateCause>)> {
        let entry = self.entries.remove(&key)?;
        if let Some(deadline) = entry.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        Some((entry.account, entry.since, entry.cause))
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Returns what is to be done now. `packets` says how many packets a session has had, in both directions.
    pub(super) fn poll_due(&mut self, now: Duration, packets: impl Fn(Key) -> u64) -> Option<Due> {
        loop {
            let (_, key) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)?;
            let due = self.entries.get_mut(&key).and_then(|entry| entry.due(now, key, || packets(key)));
            self.arm(key);
            if due.is_some() {
                return due;
            }
        }
    }

    fn arm(&mut self, key: Key) {
        let Some(entry) = self.entries.get_mut(&key) else { return };
        let next = [entry.end, entry.interim.map(|interim| interim.next), entry.idle.map(|idle| idle.next)];
        let deadline = next.into_iter().flatten().min();
        if let Some(old) = std::mem::replace(&mut entry.deadline, deadline) {
            self.deadlines.remove(&(old, key));
        }
        self.deadlines.extend(deadline.map(|deadline| (deadline, key)));
    }
}

impl Entry {
    /// Returns each deadline that has passed is put off or taken away, one at a time.
    fn due(&mut self, now: Duration, key: Key, packets: impl FnOnce() -> u64) -> Option<Due> {
        // RFC 2865 section 5.27 counts from the beginning of the session.
        if self.end.take_if(|end| *end <= now).is_some() {
            self.cause.get_or_insert(TerminateCause::SESSION_TIMEOUT);
            return Some(Due::End(key));
        }
        if let Some(interim) = self.interim.as_mut().filter(|interim| interim.next <= now) {
            interim.next = now.saturating_add(interim.interval.max(Duration::from_secs(1)));
            return Some(Due::Interim(key));
        }
        let idle = self.idle.as_mut().filter(|idle| idle.next <= now)?;
        let packets = packets();
        // RFC 2865 section 5.28: any packet of the session begins the time again.
        if std::mem::replace(&mut idle.packets, packets) != packets {
            idle.changed = now;
        }
        if now.saturating_sub(idle.changed) >= idle.limit {
            self.idle = None;
            self.cause.get_or_insert(TerminateCause::IDLE_TIMEOUT);
            return Some(Due::End(key));
        }
        let step = idle.limit.checked_div(LOOKS).unwrap_or(idle.limit).max(Duration::from_millis(100));
        idle.next = now.saturating_add(step);
        None
    }
}
