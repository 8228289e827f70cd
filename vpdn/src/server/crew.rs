//! The shards of the server, and the threads that drive them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use super::come::{Come, WAKE};
use super::fair::Fair;
use super::shard::{Next, Shard};
use crate::host::{Clock, Failure, Interest, Poller, Waker};

/// A shard, and how to reach the thread that drives it.
pub(super) struct Member {
    pub(super) shard: Fair<Shard>,
    waker: Waker,
    /// How many connections it has, to choose without its lock.
    load: Arc<AtomicUsize>,
}

/// All shards. The first one is the main thread's own, and each of the others has a thread.
pub(super) struct Crew {
    main: Arc<Member>,
    others: Vec<Arc<Member>>,
    threads: Vec<Thread>,
}

struct Thread {
    handle: JoinHandle<Result<(), Failure>>,
    is_over: Arc<AtomicBool>,
}

impl Member {
    /// Waits for those who wake its thread, too.
    ///
    /// # Errors
    ///
    /// The system's.
    pub(super) fn new(shard: Shard, poller: &Poller, load: Arc<AtomicUsize>) -> std::io::Result<Arc<Self>> {
        let waker = Waker::new()?;
        poller.add(&waker, WAKE, Interest::Read)?;
        Ok(Arc::new(Self { shard: Fair::new(shard), waker, load }))
    }

    fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Changes the shard, and has its thread look at that.
    pub(super) fn change(&self, change: impl FnOnce(&mut Shard)) {
        change(&mut self.shard.lock());
        self.waker.wake();
    }

    /// Notes what has woken the thread, before it is looked at.
    pub(super) fn note(&self, come: &Come) {
        if come.has(WAKE) {
            self.waker.reset();
        }
    }
}

/// Wakes the main thread when a thread ends, also by a panic.
struct EndNotice {
    main: Arc<Member>,
    is_over: Arc<AtomicBool>,
}

impl Drop for EndNotice {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        self.main.waker.wake();
    }
}

impl Crew {
    /// Starts a thread for each shard but that of the main thread, with the poller of the shard.
    ///
    /// # Errors
    ///
    /// The system has no more threads.
    pub(super) fn start(
        clock: Clock,
        main: Arc<Member>,
        others: impl Iterator<Item = (Arc<Member>, Poller)>,
    ) -> Result<Self, Failure> {
        let mut crew = Self { main, others: Vec::new(), threads: Vec::new() };
        for (member, poller) in others {
            crew.others.push(Arc::clone(&member));
            let is_over = Arc::new(AtomicBool::new(false));
            let notice = EndNotice { main: Arc::clone(&crew.main), is_over: Arc::clone(&is_over) };
            let thread = std::thread::Builder::new().name(format!("shard {}", crew.others.len()));
            let handle = thread.spawn(move || {
                let notice = notice;
                drive(&member, clock, poller, &notice.main)
            });
            let handle = handle.map_err(|error| Failure::of_system("a thread", &error))?;
            crew.threads.push(Thread { handle, is_over });
        }
        Ok(crew)
    }

    /// Returns the shard of the main thread.
    pub(super) fn main(&self) -> &Member {
        &self.main
    }

    /// Returns all shards.
    pub(super) fn members(&self) -> impl Iterator<Item = &Member> {
        [&self.main].into_iter().chain(&self.others).map(|member| &**member)
    }

    /// Returns how many connections there are.
    pub(super) fn connections(&self) -> usize {
        self.members().map(Member::load).sum()
    }

    /// Returns the shard with the fewest connections.
    pub(super) fn least(&self) -> &Member {
        self.members().min_by_key(|member| member.load()).unwrap_or(&self.main)
    }

    /// Changes each shard, and has its thread look at that.
    pub(super) fn each(&self, mut change: impl FnMut(&mut Shard)) {
        for member in self.members() {
            member.change(&mut change);
        }
    }

    /// Returns whether all threads have ended.
    ///
    /// # Errors
    ///
    /// The failure that has ended one.
    pub(super) fn has_ended(&mut self) -> Result<bool, Failure> {
        let (over, running): (Vec<_>, Vec<_>) =
            self.threads.drain(..).partition(|thread| thread.is_over.load(Ordering::Acquire));
        self.threads = running;
        for thread in over {
            match thread.handle.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(self.threads.is_empty())
    }
}

/// Drives a shard until its sessions are over.
fn drive(member: &Member, clock: Clock, mut poller: Poller, main: &Member) -> Result<(), Failure> {
    let mut come = Come::nothing();
    loop {
        let (next, has_lines) = {
            let mut shard = member.shard.lock();
            (shard.turn(&come), shard.has_lines())
        };
        // The main thread writes the lines to those who listen.
        if has_lines {
            main.waker.wake();
        }
        match next {
            Next::Over => return Ok(()),
            Next::Wait(deadline) => come = Come::wait(&mut poller, clock, deadline)?,
        }
        member.note(&come);
    }
}
