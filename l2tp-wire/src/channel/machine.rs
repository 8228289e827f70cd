//! The channel itself: its two halves, joined.

use core::time::Duration;

use super::config::Config;
use super::receiver::{Acknowledgment, Place, Receiver};
use super::report::{Arrival, Counters, Status};
use super::sender::{Acknowledged, Credit, Sender};

/// RFC 2661 section 5.8: one end of a control connection's numbered messages.
///
/// It holds up to `QUEUE` bytes of messages that are not acknowledged, and up to `EARLY` bytes of
/// messages that came early. Each message costs two bytes more there, an early one four. Besides
/// these it takes at most 320 bytes. A packet costs work in proportion to what is held, never more.
///
/// ```
/// use core::time::Duration;
/// use l2tp_wire::channel::{Arrival, Config, ControlChannel};
///
/// let now = Duration::ZERO;
/// let mut ours: ControlChannel<512, 512> = ControlChannel::new(Config::new());
/// let mut theirs: ControlChannel<512, 512> = ControlChannel::new(Config::new());
/// assert!(ours.push(b"a message"));
///
/// let next = ours.next(now).unwrap();
/// let sent = ours.packet(next).unwrap();
/// assert_eq!((sent.ns, sent.nr, sent.message), (0, 0, Some(&b"a message"[..])));
/// assert_eq!(theirs.handle_packet(now, 0, 0, Some(b"a message"), true), Arrival::Next);
/// ours.mark_sent(now, next);
/// assert_eq!(ours.poll_timeout(), Some(Duration::from_secs(1)));
///
/// // Nothing else is to be sent, so the acknowledgment goes out alone after a while.
/// let later = theirs.poll_timeout().unwrap();
/// let next = theirs.next(later).unwrap();
/// let packet = theirs.packet(next).unwrap();
/// assert_eq!((packet.ns, packet.nr, packet.message), (0, 1, None));
/// assert_eq!(
///     ours.handle_packet(later, packet.ns, packet.nr, None, true),
///     Arrival::Acknowledgment
/// );
/// assert_eq!(ours.poll_timeout(), None);
/// ```
#[derive(Debug, Clone)]
pub struct ControlChannel<const QUEUE: usize, const EARLY: usize> {
    config: Config,
    sender: Sender<QUEUE>,
    receiver: Receiver<EARLY>,
    /// Set once a plausible packet of the peer has come.
    heard: bool,
    counters: Counters,
}

/// The next packet to send; [`ControlChannel::packet`] has the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next(NextKind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextKind {
    Message(u16),
    Acknowledgment,
}

/// The numbers and the message of a packet that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Packet<'a> {
    /// The number of this message, or of the next one in an acknowledgment alone.
    #[doc(alias = "Ns")]
    pub ns: u16,
    /// The number of the message that is expected next.
    #[doc(alias = "Nr")]
    pub nr: u16,
    /// The message as it was pushed; `None` in an acknowledgment alone.
    pub message: Option<&'a [u8]>,
}

/// The peer's state as far as acknowledgments show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a peer answers or does not")]
#[must_use = "a silent peer ends the control connection"]
pub enum Liveness {
    /// As far as is known.
    Alive,
    /// A message was sent as often as allowed, and not acknowledged.
    Silent,
}

impl<const QUEUE: usize, const EARLY: usize> ControlChannel<QUEUE, EARLY> {
    /// The largest plausible distance of Ns from the expected one, both ways, if the window is not
    /// larger.
    ///
    /// A peer has no more messages under way than the window that it was given, and some do not
    /// look at it. RFC 2661 section 5.8 takes half of all numbers for repetitions; but somebody who
    /// guesses a number would be right every second time then.
    pub const REACH: u16 = 64;
    /// RFC 2661 section 4.4.3: the peer's window until it has said one.
    pub const PEER_WINDOW: u16 = 4;

    /// Makes a channel on which nothing was sent and received.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            sender: Sender::new(Self::PEER_WINDOW),
            receiver: Receiver::new(),
            heard: false,
            counters: Counters {
                sent: 0,
                retransmitted: 0,
                acknowledgments_sent: 0,
                received: 0,
                acknowledgments_received: 0,
                duplicates: 0,
                early: 0,
                no_room: 0,
                implausible: 0,
            },
        }
    }

    /// Queues a message. Returns `false` if there is no room for it.
    #[must_use = "a message that had no room is not sent"]
    pub fn push(&mut self, message: &[u8]) -> bool {
        self.push_with(|free| {
            free.get_mut(..message.len())?.copy_from_slice(message);
            Some(message.len())
        })
    }

    /// Queues the message that `write` puts at the start of the free bytes. It returns the length,
    /// or `None` if there is too little room, as `push_with` then says.
    #[must_use = "a message that had no room is not sent"]
    pub fn push_with(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        self.sender.push_with(write)
    }

    /// Returns the length of the longest message that can be queued now.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.sender.room()
    }

    /// Drops queued messages that were never sent.
    pub fn forget_unsent(&mut self) {
        self.sender.forget_unsent();
    }

    /// Drops all queued messages, sent or not: what they say means nothing any more. Received ones
    /// are still acknowledged.
    pub fn abandon(&mut self) {
        self.sender.abandon();
    }

    /// Gives the peer all retries again, for the oldest message: it lives, as something else has
    /// shown.
    pub const fn begin_again(&mut self) {
        self.sender.begin_again();
    }

    /// Takes the peer's Receive Window Size (RFC 2661 section 4.4.3).
    pub fn set_peer_window(&mut self, messages: u16) {
        self.sender.set_peer_window(messages);
    }

    /// Allows so many packets to go out until [`prove_peer`](Self::prove_peer), not more.
    ///
    /// Each SCCRQ that comes again may renew it: so what somebody makes us send to a forged address
    /// stays in proportion to what they send.
    pub const fn limit_until_proven(&mut self, packets: u8) {
        self.sender.credit = Credit::Left(packets);
    }

    /// Takes note that the peer receives what is sent: there is no limit any more.
    pub const fn prove_peer(&mut self) {
        self.sender.credit = Credit::Unlimited;
    }

    /// Returns whether the peer has to prove yet that it receives.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        matches!(self.sender.credit, Credit::Left(_))
    }

    /// Takes a packet: its numbers, and its message unless it is an acknowledgment alone.
    ///
    /// `ready` says whether the caller can act on a message now. If not, the next message is
    /// dropped; what it acknowledges counts nevertheless.
    pub fn handle_packet(&mut self, now: Duration, ns: u16, nr: u16, message: Option<&[u8]>, ready: bool) -> Arrival {
        let arrival = self.place_packet(now, ns, nr, message, ready);
        self.count(arrival);
        self.heard |= arrival.is_plausible();
        arrival
    }

    fn place_packet(&mut self, now: Duration, ns: u16, nr: u16, message: Option<&[u8]>, ready: bool) -> Arrival {
        let place = self.receiver.place(ns, self.config.receive_window.max(Self::REACH));
        // An attacker off the path has to guess the number as well as the ids.
        if place == Place::Outside {
            return Arrival::OutOfWindow;
        }
        // Nr counts in every packet of the window, also in duplicates and early ones. xl2tpd looks
        // at it in the expected message alone, and then loses tunnels under loss.
        match self.sender.judge(nr) {
            Acknowledged::New(count) => self.sender.acknowledge(now, count, &self.config),
            Acknowledged::Old => {}
            Acknowledged::NeverSent => return Arrival::NeverSent,
        }
        // An acknowledgment alone gets no answer: two ends that answer it never come to rest.
        let Some(message) = message else {
            return Arrival::Acknowledgment;
        };
        match place {
            // Not acknowledged, so that it comes again; that is all the flow control there is.
            Place::Expected if !ready => Arrival::Busy,
            Place::Expected => {
                self.receiver.pass(now, self.config.acknowledge_delay);
                Arrival::Next
            }
            // Held, since peers that drop early messages pay a whole time-out for each: xl2tpd
            // sends SCCCN and ICRQ back to back.
            Place::Ahead if self.receiver.hold(ns, message) => Arrival::Early,
            Place::Ahead => Arrival::EarlyNoRoom,
            Place::Behind | Place::Outside => {
                // The peer has not seen our acknowledgment. If it looks at Nr only in a message that it expects, it
                // will not see the next one either.
                if !self.sender.provoke() {
                    self.receiver.acknowledgment = Acknowledgment::Now;
                }
                Arrival::Duplicate
            }
        }
    }

    fn count(&mut self, arrival: Arrival) {
        let counters = &mut self.counters;
        let counter = match arrival {
            Arrival::Next => &mut counters.received,
            Arrival::Early => &mut counters.early,
            Arrival::EarlyNoRoom | Arrival::Busy => &mut counters.no_room,
            Arrival::Duplicate => &mut counters.duplicates,
            Arrival::Acknowledgment => &mut counters.acknowledgments_received,
            Arrival::OutOfWindow | Arrival::NeverSent => &mut counters.implausible,
        };
        *counter = counter.saturating_add(1);
    }

    /// Moves the next message, if it came early, to `buffer`. Call it until it returns `None`.
    pub fn take_early<'b>(&mut self, now: Duration, buffer: &'b mut [u8; EARLY]) -> Option<&'b [u8]> {
        let message = self.receiver.take_expected(buffer)?;
        self.receiver.pass(now, self.config.acknowledge_delay);
        self.counters.received = self.counters.received.saturating_add(1);
        Some(message)
    }

    /// Returns what has to go out at `now`; nothing changes until [`mark_sent`](Self::mark_sent).
    #[must_use]
    pub fn next(&self, now: Duration) -> Option<Next> {
        if let Some(index) = self.sender.due() {
            return Some(Next(NextKind::Message(index)));
        }
        // A message that goes out acknowledges as well, so an acknowledgment alone comes last.
        let due = match self.receiver.acknowledgment {
            Acknowledgment::None => false,
            Acknowledgment::Later(at) => at <= now,
            Acknowledgment::Now => true,
        };
        (due && self.sender.may_send()).then_some(Next(NextKind::Acknowledgment))
    }

    /// Returns the numbers and the message of what [`next`](Self::next) gave. `None` only if it was
    /// given before something else happened.
    #[must_use]
    pub fn packet(&self, next: Next) -> Option<Packet<'_>> {
        let nr = self.receiver.expected();
        match next.0 {
            NextKind::Message(index) => {
                let (ns, message) = self.sender.message(index)?;
                Some(Packet { ns, nr, message: Some(message) })
            }
            NextKind::Acknowledgment => Some(Packet { ns: self.sender.next_ns(), nr, message: None }),
        }
    }

    /// Takes note that it was sent at `now`. A message acknowledges too.
    pub fn mark_sent(&mut self, now: Duration, next: Next) {
        let before = self.sender.next_ns();
        match next.0 {
            NextKind::Message(index) => self.sender.mark_sent(now, index, &self.config),
            NextKind::Acknowledgment => {
                self.sender.mark_acknowledgment();
                self.counters.acknowledgments_sent = self.counters.acknowledgments_sent.saturating_add(1);
            }
        }
        self.counters.sent = self.counters.sent.saturating_add(self.sender.next_ns().wrapping_sub(before).into());
        self.receiver.acknowledgment = Acknowledgment::None;
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) has something to do.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let acknowledgment = match self.receiver.acknowledgment {
            Acknowledgment::Later(at) => Some(at),
            Acknowledgment::None | Acknowledgment::Now => None,
        };
        [self.sender.deadline(), acknowledgment].into_iter().flatten().min()
    }

    /// Sends what was not acknowledged in time again, or finds that the peer is silent.
    pub fn handle_timeout(&mut self, now: Duration) -> Liveness {
        if matches!(self.receiver.acknowledgment, Acknowledgment::Later(at) if at <= now) {
            self.receiver.acknowledgment = Acknowledgment::Now;
        }
        // Nobody may be there at all: Cisco counts the first message's retries apart.
        let retries = if self.heard { self.config.retries } else { self.config.initial_retries };
        if self.sender.handle_timeout(now, retries) { Liveness::Alive } else { Liveness::Silent }
    }

    /// Returns whether every message was acknowledged.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.sender.len() == 0
    }

    /// Returns what has passed.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters { retransmitted: self.sender.retransmitted(), ..self.counters }
    }

    /// Returns the numbers as they are now, as `show l2tun tunnel all` prints them.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            next_ns: self.sender.next_ns(),
            next_nr: self.receiver.expected(),
            receive_window: self.config.receive_window,
            peer_window: self.sender.congestion().peer_window(),
            congestion_window: self.sender.congestion().window(),
            slow_start_threshold: self.sender.congestion().threshold(),
            unacknowledged: self.sender.unacknowledged(),
            unsent: self.sender.len().saturating_sub(self.sender.unacknowledged()),
            early: self.receiver.held(),
            retransmission_timeout: self.sender.timeout(&self.config),
        }
    }
}
