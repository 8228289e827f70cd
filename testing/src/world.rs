//! Two endpoints, what lies between them, and the clock.

use std::fmt;
use std::time::Duration;

use crate::{Datagram, Endpoint, Output, Path, Pipe, Profile, Random};

/// The side that dials; of two equal ones, the first.
pub const CLIENT: usize = 0;
/// The other side.
pub const SERVER: usize = 1;

/// Sees what a side sends, and when. Returns whether it is lost.
pub type Filter = Box<dyn FnMut(Duration, usize, &[u8]) -> bool>;

/// Two endpoints with a path and a stream between them. Time goes from one thing that happens to the next.
pub struct World<A, B = A> {
    /// The time since the beginning.
    pub now: Duration,
    /// For the choices of a test; the path has its own.
    pub random: Random,
    /// The side [`CLIENT`].
    pub client: A,
    /// The side [`SERVER`].
    pub server: B,
    /// The path of datagrams.
    pub path: Path,
    /// The stream, by sender.
    pub pipes: [Pipe; 2],
    /// Which datagrams are lost besides.
    pub lose_datagram: Option<Filter>,
    /// Which messages of the stream are lost: no stream loses any, but a peer may forget them.
    pub lose_message: Option<Filter>,
    /// In how many of a thousand cases a side is not polled, until everything rests.
    pub laziness: [u64; 2],
    /// In how many of a thousand steps both sides are disturbed.
    pub disturbance: u64,
    /// How many steps have been made.
    pub steps: u64,
    /// How many steps may be made: a test that needs more does not end.
    pub max_steps: u64,
}

impl<A: fmt::Debug, B: fmt::Debug> fmt::Debug for World<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { now, client, server, steps, .. } = self;
        write!(f, "World {{ now: {now:?}, client: {client:?}, server: {server:?}, steps: {steps} }}")
    }
}

impl<A: Endpoint, B: Endpoint> World<A, B> {
    /// Creates a world at its beginning: both sides have said what they say first.
    #[must_use]
    pub fn new(seed: u64, profile: Profile, client: A, server: B) -> Self {
        let mut random = Random::new(seed);
        let path = Path::new(profile, random.number());
        let pipes = std::array::from_fn(|_| Pipe::new(profile, random.number()));
        let mut world = Self {
            now: Duration::ZERO,
            random,
            client,
            server,
            path,
            pipes,
            lose_datagram: None,
            lose_message: None,
            laziness: [0; 2],
            disturbance: 20,
            steps: 0,
            max_steps: 2_000_000,
        };
        world.settle();
        world
    }

    /// Returns one side, whatever it is.
    pub fn endpoint(&mut self, side: usize) -> &mut dyn Endpoint {
        if side == CLIENT { &mut self.client } else { &mut self.server }
    }

    /// Sends a datagram of this side on its way, unless a filter loses it.
    pub fn send_datagram(&mut self, from: usize, bytes: &[u8], mark: Option<u32>) {
        if !self.lose_datagram.as_mut().is_some_and(|lose| lose(self.now, from, bytes)) {
            self.path.send(self.now, from, bytes, mark);
        }
    }

    /// Hands a datagram to a side at once, and lets both sides act on it.
    pub fn deliver(&mut self, datagram: Datagram) {
        let now = self.now;
        self.endpoint(datagram.to).handle_datagram(now, datagram);
        self.settle();
    }

    /// Lets both sides do and say everything that they can now.
    pub fn settle(&mut self) {
        let is_lazy = self.laziness.map(|laziness| self.random.per_mille(laziness));
        self.settle_with(is_lazy);
    }

    fn settle_with(&mut self, is_lazy: [bool; 2]) {
        let mut rounds = 0;
        while self.settle_side(CLIENT, is_lazy[CLIENT]) | self.settle_side(SERVER, is_lazy[SERVER]) {
            rounds += 1;
            assert!(rounds < 1000, "it never comes to rest");
        }
    }

    /// Returns whether anything happened.
    fn settle_side(&mut self, side: usize, is_lazy: bool) -> bool {
        let now = self.now;
        let mut is_any = false;
        if self.endpoint(side).poll_timeout().is_some_and(|deadline| deadline <= now) {
            self.endpoint(side).handle_timeout(now);
            let next = self.endpoint(side).poll_timeout();
            assert!(next.is_none_or(|next| next > now), "side {side}: {next:?} after {now:?}");
            is_any = true;
        }
        is_any |= self.read_stream(side);
        if is_lazy {
            return is_any;
        }
        if self.pipes[side].take_was_full() {
            self.endpoint(side).handle_room();
        }
        let mut output = Output { room: self.pipes[side].room(), ..Output::default() };
        is_any |= self.endpoint(side).poll(now, &mut output);
        for datagram in output.datagrams {
            self.send_datagram(side, &datagram, None);
        }
        for message in output.stream {
            if !self.lose_message.as_mut().is_some_and(|lose| lose(now, side, &message)) {
                self.pipes[side].write(&message);
            }
        }
        is_any |= self.pipes[side].pump(now);
        if self.endpoint(side).has_closed() {
            is_any |= self.pipes[side].close(now);
        }
        is_any
    }

    fn read_stream(&mut self, side: usize) -> bool {
        let (now, from) = (self.now, 1 - side);
        let mut is_any = self.pipes[from].arrive(now);
        let waiting = std::mem::take(&mut self.pipes[from].waiting);
        if !waiting.is_empty() {
            let taken = self.endpoint(side).handle_stream(now, &waiting);
            is_any |= taken != 0;
            self.pipes[from].waiting = waiting[taken..].to_vec();
        }
        if self.pipes[from].takes_end() {
            self.endpoint(side).handle_stream_end(now);
            is_any = true;
        }
        is_any
    }

    /// Returns when something happens next.
    #[must_use]
    pub fn next_time(&self) -> Option<Duration> {
        let streams = self.pipes.iter().filter_map(Pipe::next_arrival);
        let deadlines = [self.path.next_arrival(), self.client.poll_timeout(), self.server.poll_timeout()];
        streams.chain(deadlines.into_iter().flatten()).min()
    }

    /// Goes on to what happens next, if it happens by `end`. Returns whether it does.
    pub fn step(&mut self, end: Duration) -> bool {
        let mut next = self.next_time().filter(|at| *at <= end);
        if next.is_none() && self.laziness != [0; 2] {
            // A poll that was skipped delays things; now it has to be made up for.
            self.settle_with([false; 2]);
            next = self.next_time().filter(|at| *at <= end);
        }
        let Some(at) = next else { return false };
        self.steps += 1;
        assert!(self.steps < self.max_steps, "it never ends");
        self.now = self.now.max(at);
        if self.random.per_mille(self.disturbance) {
            let early = self.now.saturating_sub(self.random.micros(Duration::from_secs(1)));
            self.client.disturb(early, &mut self.random);
            self.server.disturb(early, &mut self.random);
        }
        while let Some(datagram) = self.path.receive(self.now) {
            self.deliver(datagram);
        }
        self.settle();
        true
    }

    /// Runs for this long.
    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
        self.now = end;
        self.settle_with([false; 2]);
    }

    /// Runs until nothing is due and nothing is on its way, or for this long. Returns whether all came to rest.
    pub fn run_to_rest(&mut self, time: Duration) -> bool {
        let end = self.now + time;
        self.settle();
        while self.step(end) {}
        self.next_time().is_none()
    }

    /// Runs until something is so, for this long at most. Returns whether it is so.
    pub fn run_until(&mut self, time: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + time;
        loop {
            if is_so(self) {
                return true;
            }
            if !self.step(end) {
                return false;
            }
        }
    }

    /// Cuts the stream for both sides, with everything on its way.
    pub fn cut_stream(&mut self) {
        for pipe in &mut self.pipes {
            pipe.cut(self.now);
        }
        self.settle();
    }
}

impl<E> World<E> {
    /// Returns the side of this index.
    #[must_use]
    pub fn end(&self, side: usize) -> &E {
        if side == CLIENT { &self.client } else { &self.server }
    }

    /// Returns the side of this index.
    pub fn end_mut(&mut self, side: usize) -> &mut E {
        if side == CLIENT { &mut self.client } else { &mut self.server }
    }

    /// Returns both sides.
    #[must_use]
    pub fn ends(&self) -> [&E; 2] {
        [&self.client, &self.server]
    }

    /// Returns both sides.
    pub fn ends_mut(&mut self) -> [&mut E; 2] {
        [&mut self.client, &mut self.server]
    }
}
