//! One call's tunnel.

use core::convert::Infallible;
use core::ops::Range;
use core::time::Duration;

use crate::acknowledge::Acknowledgment;
use crate::event::Events;
use crate::window::{Acknowledged, SendWindow};
use crate::{
    Arrival, BufferTooSmall, Config, Event, FrameBuffer, Header, InlineSlots, NoSlots, Packet, ReceiveError, Reorder,
    SendError, SequenceNumber, Slot, Slots, Statistics,
};

/// The outcome of a packet in a tunnel. `F` is `&[u8]`, or `&mut [u8]` for
/// [`decapsulate_in_place`](Tunnel::decapsulate_in_place).
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received<F> {
    /// The next frame in order, within the packet. It may be empty. More may follow from
    /// [`poll_receive`](Tunnel::poll_receive).
    Frame(F),
    /// A frame that came late, within the packet: only with [`Config::with_late_frames`], or from
    /// [`decapsulate_unproven`](Tunnel::decapsulate_unproven).
    LateFrame(F),
    /// The frame was copied, and waits for an earlier one: [`poll_receive`](Tunnel::poll_receive) gives it in time.
    Held,
    /// There was no frame.
    Acknowledgment,
}

impl<F> Received<F> {
    fn map<G>(self, to: impl FnOnce(F) -> G) -> Received<G> {
        match self {
            Self::Frame(frame) => Received::Frame(to(frame)),
            Self::LateFrame(frame) => Received::LateFrame(to(frame)),
            Self::Held => Received::Held,
            Self::Acknowledgment => Received::Acknowledgment,
        }
    }
}

/// The place in the order that a packet with data has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Next,
    Late,
    Waiting,
}

impl Place {
    fn of<F>(self, frame: F) -> Received<F> {
        match self {
            Self::Next => Received::Frame(frame),
            Self::Late => Received::LateFrame(frame),
            Self::Waiting => Received::Held,
        }
    }
}

/// A frame of [`Tunnel::decapsulate_unproven`], whose packet anyone can have sent.
///
/// Open it, and pass it to [`Tunnel::confirm`], [`Tunnel::refuse`] or [`Tunnel::doubt`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the numbers move on when it is confirmed"]
pub struct Unproven {
    range: Range<usize>,
    number: SequenceNumber,
    claim: Claim,
}

/// The numbers that a frame's packet moves when it is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// It was in its place: all but the signs of life has moved.
    Placed,
    /// It would move the numbers far. Its acknowledgment waits for the proof as well.
    Far { acknowledged: Option<SequenceNumber> },
    /// Its number was taken by a packet that may be forged. Its acknowledgment waits for the proof as well.
    Doubted { acknowledged: Option<SequenceNumber> },
}

impl Unproven {
    /// Returns where in its packet the frame lies.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Returns the sequence number of its packet.
    #[must_use]
    pub const fn number(&self) -> SequenceNumber {
        self.number
    }
}

/// RFC 2637 section 4: the data tunnel of one call.
///
/// Frames go straight through the caller's memory. A packet that must wait for an earlier one is
/// copied once, into a slot of `S`. The caller sets their number and size, which is all the memory
/// that a peer can make a tunnel use. Which slots:
///
/// | constructor | packets that wait |
/// |---|---|
/// | [`Tunnel::inline`] | in the tunnel itself: `Tunnel<InlineSlots<16, 1500>>` |
/// | [`Tunnel::new`] | in any [`Slots`]: lent by the caller, or in a `Vec` |
/// | [`Tunnel::unordered`] | none: a missing packet is not waited for |
///
/// # Packets that anyone can send
///
/// GRE has no authentication. Which numbers are believed depends on how a packet is taken:
///
/// * [`decapsulate`](Self::decapsulate) and its relatives believe near numbers at once, and far ones after silence
///   (see [`Reorder`]). A forged packet can make up to 1023 genuine ones late.
/// * [`decapsulate_unproven`](Self::decapsulate_unproven) is for frames that are encrypted. Numbers
///   that would make others late move when the frame is [confirmed](Self::confirm), since it was
///   decrypted. A [refused](Self::refuse) one leaves its number to the genuine packet, and so does
///   one that is [doubted](Self::doubt). A forged packet can only wait in the place of a genuine
///   one: each costs one genuine packet at most.
///
/// `now` is the time since an origin that the caller picks. One that goes back is taken for the latest seen. Calls may
/// come in any order; what is not polled is delayed, not lost. The deadlines come from
/// [`poll_timeout`](Self::poll_timeout).
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::{CallIds, Config, HEADROOM, InlineSlots, Received, Tunnel};
///
/// let now = Duration::ZERO;
/// let mut client =
///     Tunnel::<InlineSlots<16, 1500>>::inline(Config::new(CallIds { local: 7, peer: 9 }));
/// let mut server =
///     Tunnel::<InlineSlots<16, 1500>>::inline(Config::new(CallIds { local: 9, peer: 7 }));
///
/// // The frame is laid out with room in front of it; the header goes there.
/// let mut buf = [0; HEADROOM + 4];
/// buf[HEADROOM..].copy_from_slice(b"ping");
/// let packet = client.encapsulate_in_place(now, &mut buf)?;
/// assert_eq!(server.decapsulate(now, packet)?, Received::Frame(&b"ping"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Tunnel<S> {
    config: Config,
    /// The latest `now`.
    clock: Duration,
    send: SendWindow,
    order: Reorder<S>,
    acknowledgment: Acknowledgment,
    /// A packet was refused since the window was full.
    blocked: bool,
    events: Events,
    counters: Counters,
}

/// Room for the longest header in front of a payload, for [`Tunnel::encapsulate_in_place`].
pub const HEADROOM: usize = Header::MAX_LEN;

/// The most bytes that [`Tunnel::poll_transmit`] writes: the fixed header (8) and the
/// acknowledgment number (4).
pub const MAX_TRANSMIT: usize = 8 + 4;

#[derive(Debug, Clone, Default)]
struct Counters {
    packets_sent: u64,
    packets_received: u64,
    bytes_sent: u64,
    bytes_received: u64,
    window_full: u64,
    malformed: u64,
    other_call: u64,
    sent_with_data: u64,
    sent_alone: u64,
    received_with_data: u64,
    received_alone: u64,
    repeated: u64,
    stale: u64,
    impossible: u64,
}

impl Tunnel<NoSlots> {
    /// Creates a tunnel that never waits for a missing packet. Later ones that come first are
    /// delivered first, and the missing one is dropped when it comes.
    #[must_use]
    pub fn unordered(config: Config) -> Self {
        Self::new(config, [])
    }
}

impl<const SLOTS: usize, const FRAME: usize> Tunnel<InlineSlots<SLOTS, FRAME>> {
    /// Creates a tunnel that holds up to `SLOTS` frames of up to `FRAME` bytes inside itself.
    #[must_use]
    pub fn inline(config: Config) -> Self {
        Self::new(config, core::array::from_fn(|_| Slot::default()))
    }
}

impl<S: Slots> Tunnel<S>
where
    S::Item: FrameBuffer,
{
    /// Creates a tunnel whose packets wait in `slots`.
    ///
    /// ```
    /// use pptp_gre::{CallIds, Config, LentFrame, Slot, Tunnel};
    ///
    /// let mut memory = [0; 8 * 1500];
    /// let mut frames = memory.chunks_exact_mut(1500);
    /// let mut slots: [_; 8] =
    ///     core::array::from_fn(|_| Slot::new(LentFrame::new(frames.next().unwrap_or_default())));
    /// let tunnel = Tunnel::new(Config::new(CallIds { local: 7, peer: 9 }), &mut slots[..]);
    /// assert_eq!(tunnel.poll_timeout(), None);
    /// ```
    #[must_use]
    pub fn new(config: Config, slots: S) -> Self {
        Self {
            clock: Duration::ZERO,
            send: SendWindow::new(
                config.window_policy,
                config.first_sequence_number,
                config.peer_receive_window,
                config.acknowledgment_timeout,
                config.peer_packet_processing_delay,
            ),
            order: Reorder::new(slots),
            acknowledgment: Acknowledgment::new(config.acknowledgment_delay, config.receive_window),
            blocked: false,
            events: Events::default(),
            counters: Counters::default(),
            config,
        }
    }

    /// Writes the packet that carries `payload` to the start of `out`, and gives it. It carries an acknowledgment if
    /// one is pending.
    ///
    /// # Errors
    ///
    /// The window is full, `out` is too small ([`HEADROOM`] and the payload are always enough), or the payload is empty
    /// or too long. Nothing is written, and no number is used up.
    pub fn encapsulate<'b>(&mut self, now: Duration, payload: &[u8], out: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        let header_length = self.check_send(now, payload.len())?;
        let needed = header_length.saturating_add(payload.len());
        let available = out.len();
        let packet = out.get_mut(..needed).ok_or(BufferTooSmall { needed, available })?;
        if let Some((header, body)) = packet.split_at_mut_checked(header_length) {
            body.copy_from_slice(payload);
            self.send(payload.len(), header)?;
        }
        Ok(packet)
    }

    /// Writes the header right in front of the payload, which is `buf` from [`HEADROOM`] on, and gives the packet. Its
    /// start is not always that of `buf`.
    ///
    /// # Errors
    ///
    /// As [`encapsulate`](Self::encapsulate).
    pub fn encapsulate_in_place<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<&'b [u8], SendError> {
        let available = buf.len();
        let payload_length = available.checked_sub(HEADROOM).ok_or(BufferTooSmall { needed: HEADROOM, available })?;
        let header_length = self.check_send(now, payload_length)?;
        // Without a number to acknowledge the header is shorter, and starts later in the headroom.
        let needed = header_length.saturating_add(payload_length);
        let start = available.checked_sub(needed).ok_or(BufferTooSmall { needed, available })?;
        let packet = buf.get_mut(start..).ok_or(BufferTooSmall { needed, available })?;
        self.send(payload_length, packet)?;
        Ok(packet)
    }

    /// Refuses as [`encapsulate`](Self::encapsulate) would when the window is full, for what has to be done to a
    /// payload before and cannot be undone, as encryption. Until the next packet is sent, the window stays as open as
    /// it was.
    ///
    /// # Errors
    ///
    /// [`SendError::WouldBlock`]: [`Event::Writable`] follows.
    pub fn check_writable(&mut self, now: Duration) -> Result<(), SendError> {
        self.advance(now);
        if self.send.is_open() {
            return Ok(());
        }
        // The caller is owed an event when the window opens again.
        self.blocked = true;
        self.counters.window_full = self.counters.window_full.saturating_add(1);
        Err(SendError::WouldBlock)
    }

    /// Returns whether a payload could be sent now, as far as the window goes.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.send.is_open()
    }

    /// Takes the payload of an IP packet of protocol [`IP_PROTOCOL`](crate::IP_PROTOCOL), and says what to do with it.
    ///
    /// After it, [`poll_receive`](Self::poll_receive) may have frames that follow.
    ///
    /// # Errors
    ///
    /// There is no frame in it that could be delivered: see [`ReceiveError`]. Its acknowledgment
    /// counts nevertheless, except when it is malformed, of another call,
    /// [`FarAhead`](ReceiveError::FarAhead) or [`Busy`](ReceiveError::Busy).
    pub fn decapsulate<'p>(&mut self, now: Duration, packet: &'p [u8]) -> Result<Received<&'p [u8]>, ReceiveError> {
        let received = self.receive(now, packet)?;
        Ok(received.map(|frame| {
            debug_assert!(frame.end <= packet.len(), "the frame is a part of the packet");
            packet.get(frame).unwrap_or_default()
        }))
    }

    /// Takes a packet as [`decapsulate`](Self::decapsulate) does, for a frame that is decrypted
    /// within the packet.
    ///
    /// # Errors
    ///
    /// As [`decapsulate`](Self::decapsulate).
    pub fn decapsulate_in_place<'p>(
        &mut self,
        now: Duration,
        packet: &'p mut [u8],
    ) -> Result<Received<&'p mut [u8]>, ReceiveError> {
        let received = self.receive(now, packet)?;
        Ok(received.map(|frame| {
            debug_assert!(frame.end <= packet.len(), "the frame is a part of the packet");
            packet.get_mut(frame).unwrap_or_default()
        }))
    }

    /// Takes a packet as [`decapsulate`](Self::decapsulate) does, and returns where in the packet
    /// the frame lies, for decrypting many packets at once.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use pptp_gre::{CallIds, Config, Received, Tunnel};
    ///
    /// let now = Duration::ZERO;
    /// let mut tunnel = Tunnel::unordered(Config::new(CallIds { local: 7, peer: 9 }));
    /// let packet = [0x30, 0x01, 0x88, 0x0b, 0, 2, 0, 7, 0, 0, 0, 0, 0x21, 0x45];
    /// assert_eq!(tunnel.decapsulate_range(now, &packet)?, Received::Frame(12..14));
    /// # Ok::<(), pptp_gre::ReceiveError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`decapsulate`](Self::decapsulate).
    pub fn decapsulate_range(&mut self, now: Duration, packet: &[u8]) -> Result<Received<Range<usize>>, ReceiveError> {
        self.receive(now, packet)
    }

    /// Takes a packet as [`decapsulate_range`](Self::decapsulate_range) does, for frames whose content shows whether they
    /// are genuine. Call [`confirm`](Self::confirm) or [`refuse`](Self::refuse) when that is known.
    ///
    /// No number is [too far ahead](ReceiveError::FarAhead): such a frame is given out, and moves nothing before it is
    /// confirmed. So is a frame of MPPE that is more than 64 numbers late, as a [`LateFrame`](Received::LateFrame).
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use pptp_gre::{CallIds, Config, Received, Tunnel};
    ///
    /// let now = Duration::ZERO;
    /// let mut tunnel = Tunnel::unordered(Config::new(CallIds { local: 7, peer: 9 }));
    /// let mut packet = [0x30, 0x01, 0x88, 0x0b, 0, 2, 0, 7, 0x30, 0, 0, 0, 0x21, 0x45];
    /// let Received::Frame(forged) = tunnel.decapsulate_unproven(now, &packet)? else {
    ///     return Ok(());
    /// };
    /// tunnel.refuse(now, &forged);
    /// // The number that it claimed makes no other late.
    /// packet[8] = 0;
    /// let Received::Frame(frame) = tunnel.decapsulate_unproven(now, &packet)? else {
    ///     return Ok(());
    /// };
    /// assert_eq!(packet[frame.range()], [0x21, 0x45]);
    /// tunnel.confirm(now, &frame);
    /// assert_eq!(tunnel.statistics().sr, Some(frame.number().next()));
    /// # Ok::<(), pptp_gre::ReceiveError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`decapsulate`](Self::decapsulate), without [`FarAhead`](ReceiveError::FarAhead).
    pub fn decapsulate_unproven(&mut self, now: Duration, packet: &[u8]) -> Result<Received<Unproven>, ReceiveError> {
        self.advance(now);
        let (packet, acknowledged) = self.decode(packet)?;
        let Some(number) = packet.header.sequence_number.map(SequenceNumber::new) else {
            return Ok(self.receive_acknowledgment(acknowledged)?.map(|never| match never {}));
        };
        let arrival = self.order.arrive_unproven(self.clock, number, |slot| slot.store(packet.payload));
        let claimed = |claim| Unproven { range: frame_range(&packet), number, claim };
        if arrival == Arrival::Unproven {
            return Ok(Received::Frame(claimed(Claim::Far { acknowledged })));
        }
        // Only MPPE packets prove themselves: LCP and IP in the clear could come from anybody.
        let is_sealed = is_compressed_data(packet.payload);
        // The numbers believed so far may be wrong, and a decryptor knows better.
        if arrival == Arrival::TooLate && is_sealed {
            return Ok(Received::LateFrame(claimed(Claim::Far { acknowledged })));
        }
        // The packet that has the number may be forged, and a decryptor knows whether this one is.
        if arrival == Arrival::Duplicate && is_sealed && self.order.is_doubted(number) {
            return Ok(Received::LateFrame(claimed(Claim::Doubted { acknowledged })));
        }
        let received = self.place(number, &packet, arrival);
        let may_be_late = arrival == Arrival::TooLate || arrival == Arrival::Late && self.config.late_frames;
        if may_be_late && received.is_err() {
            // It was no frame for a decryptor, so the genuine packet may still come.
            self.order.doubt(number);
        }
        self.acknowledge_with_data(acknowledged, received.as_ref().err());
        Ok(received?.of(claimed(Claim::Placed)))
    }

    /// Believes the number of a frame that is genuine, wherever the number is: it was decrypted, or could only be made
    /// by the peer.
    #[inline]
    pub fn confirm(&mut self, now: Duration, frame: &Unproven) {
        self.advance(now);
        let restarts = self.order.counters().restarts;
        self.order.confirm(self.clock, frame.number);
        // A restart is reported after the proof, never on the word of a packet.
        if self.order.counters().restarts != restarts {
            self.events.restarted();
        }
        if let Claim::Far { acknowledged } | Claim::Doubted { acknowledged } = frame.claim {
            self.acknowledgment.received(self.clock);
            self.counters.delivered(frame.range.len());
            self.acknowledge_with_data(acknowledged, None);
        }
    }

    /// Frees the number of a frame that is not genuine, for the genuine packet.
    pub fn refuse(&mut self, now: Duration, frame: &Unproven) {
        self.advance(now);
        match frame.claim {
            Claim::Placed | Claim::Far { .. } => self.order.refuse(frame.number),
            // The number is not this frame's, and may still be the genuine one's.
            Claim::Doubted { .. } => {}
        }
    }

    /// Leaves it open whether a frame is genuine: it is in the clear, where others are encrypted.
    ///
    /// Its number is taken, so that nothing waits for it. A frame of protocol 0x00fd may come with
    /// the same number, before 64 more have come. It is a [`LateFrame`](Received::LateFrame) for the
    /// decryptor to judge, and no duplicate.
    ///
    /// ```
    /// use core::time::Duration;
    ///
    /// use pptp_gre::{CallIds, Config, InlineSlots, Received, Tunnel};
    ///
    /// type Pipe = Tunnel<InlineSlots<16, 1500>>;
    /// let now = Duration::ZERO;
    /// let new = |local, peer| Pipe::inline(Config::new(CallIds { local, peer }));
    /// let (mut forger, mut genuine, mut tunnel) = (new(7, 9), new(7, 9), new(9, 7));
    /// let (lcp, sealed) = ([0xc0, 0x21, 9, 1, 0, 4], [0xfd, 0x90, 0x01, 0x22]);
    /// let mut buf = [0; 64];
    /// for is_confirmed in [true, false] {
    ///     let packet = forger.encapsulate(now, &lcp, &mut buf)?;
    ///     let Received::Frame(frame) = tunnel.decapsulate_unproven(now, packet)? else { break };
    ///     // The first number has to come from somewhere; afterwards LCP in the clear proves nothing.
    ///     if is_confirmed { tunnel.confirm(now, &frame) } else { tunnel.doubt(now, &frame) }
    /// }
    /// genuine.encapsulate(now, &sealed, &mut buf)?;
    /// let packet = genuine.encapsulate(now, &sealed, &mut buf)?;
    /// assert!(matches!(tunnel.decapsulate_unproven(now, packet)?, Received::LateFrame(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn doubt(&mut self, now: Duration, frame: &Unproven) {
        self.advance(now);
        self.order.doubt(frame.number);
    }

    /// Returns the next frame that waited and need not wait any more, in its slot. Call it until it
    /// gives `None`, after each packet and each [`handle_timeout`](Self::handle_timeout).
    pub fn poll_receive(&mut self, now: Duration) -> Option<&mut [u8]> {
        self.advance(now);
        let Self { order, counters, clock, config, .. } = self;
        let frame = order.release(*clock, config.reorder_timeout)?.frame_mut();
        counters.delivered(frame.len());
        Some(frame)
    }

    /// Returns what [`poll_receive`](Self::poll_receive) does, for packets that were taken by
    /// [`decapsulate_unproven`](Self::decapsulate_unproven). The range of the frame is all of the bytes.
    pub fn poll_receive_unproven(&mut self, now: Duration) -> Option<(Unproven, &mut [u8])> {
        self.advance(now);
        let Self { order, counters, clock, config, .. } = self;
        let (number, slot) = order.release_numbered(*clock, config.reorder_timeout)?;
        let frame = slot.frame_mut();
        counters.delivered(frame.len());
        Some((Unproven { range: 0..frame.len(), number, claim: Claim::Placed }, frame))
    }

    /// Returns whether frames wait for an earlier one. Without any, [`poll_receive`](Self::poll_receive) has nothing.
    #[must_use]
    pub const fn holds_frames(&self) -> bool {
        self.order.held() > 0
    }

    /// Writes the acknowledgment that is due to the start of `buf`, if one is: no payload came by that could carry it.
    ///
    /// # Errors
    ///
    /// `buf` is shorter than [`MAX_TRANSMIT`]. The acknowledgment stays due.
    pub fn poll_transmit<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<&'b [u8]>, BufferTooSmall> {
        self.advance(now);
        if !self.acknowledgment.is_due(self.clock) {
            return Ok(None);
        }
        let header = Header {
            call_id: self.config.call_ids.peer,
            sequence_number: None,
            // Section 4.1: "the highest numbered GRE packet received", also when others before it
            // are missing.
            acknowledgment_number: self.order.highest().map(SequenceNumber::get),
        };
        let bytes = header.encode(0, buf)?;
        self.acknowledgment.sent();
        self.counters.sent_alone = self.counters.sent_alone.saturating_add(1);
        Ok(Some(bytes))
    }

    /// Returns whether [`poll_event`](Self::poll_event) has something.
    #[must_use]
    pub const fn has_event(&self) -> bool {
        self.events.is_any()
    }

    /// Returns the next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.take()
    }

    /// Returns when to call [`handle_timeout`](Self::handle_timeout): for an acknowledgment to be
    /// sent alone, one taken for lost, or a missing packet given up.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let missing = self.order.deadline(self.config.reorder_timeout);
        [self.acknowledgment.deadline(), self.send.deadline(), missing].into_iter().flatten().min()
    }

    /// Does what is due at `now`. Afterwards [`poll_timeout`](Self::poll_timeout) is `None` or later than `now`.
    ///
    /// Poll for packets to send, frames and events then. Calls that are early, late or repeated are harmless.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        self.acknowledgment.handle_timeout(self.clock);
        self.order.expire(self.clock, self.config.reorder_timeout);
        let alarm = self.send.alarm();
        if self.send.handle_timeout(self.clock) {
            self.window_changed(alarm);
        }
    }

    /// Returns how often an acknowledgment did not come in time, as in
    /// [`statistics`](Self::statistics) (RFC 2637 section 4.4.2).
    #[must_use]
    pub const fn time_outs(&self) -> u64 {
        self.send.time_outs
    }

    /// Returns how many packets with a payload were sent, as in [`statistics`](Self::statistics).
    #[must_use]
    pub const fn packets_sent(&self) -> u64 {
        self.counters.packets_sent
    }

    /// Returns what happened so far.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let (counters, order, send) = (&self.counters, self.order.counters(), &self.send);
        let round_trip = send.round_trip();
        Statistics {
            packets_sent: counters.packets_sent,
            packets_received: counters.packets_received,
            bytes_sent: counters.bytes_sent,
            bytes_received: counters.bytes_received,
            ss: send.next(),
            sr: self.order.next(),
            remote_nr: send.remote(),
            peer_rws: send.maximum(),
            send_window: send.size(),
            outstanding: send.outstanding(),
            window_exceeded: send.exceeded,
            window_full: counters.window_full,
            out_of_order: order.out_of_order,
            duplicates: order.duplicates,
            lost: order.lost,
            late: order.late,
            far_ahead: order.far_ahead,
            receive_overflows: order.overflows,
            restarts: order.restarts,
            held: self.order.held(),
            malformed: counters.malformed,
            other_call: counters.other_call,
            acknowledgments_sent_with_data: counters.sent_with_data,
            acknowledgments_sent_alone: counters.sent_alone,
            acknowledgments_received_with_data: counters.received_with_data,
            acknowledgments_received_alone: counters.received_alone,
            acknowledgments_repeated: counters.repeated,
            acknowledgments_stale: counters.stale,
            acknowledgments_impossible: counters.impossible,
            alarm: send.alarm(),
            alarms: send.alarms,
            time_outs: send.time_outs,
            round_trip: round_trip.is_sampled().then(|| round_trip.estimate()),
            deviation: round_trip.deviation(),
            acknowledgment_timeout: round_trip.timeout(),
        }
    }

    /// Returns the configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    fn advance(&mut self, now: Duration) {
        self.clock = self.clock.max(now);
    }

    /// Returns whether a payload of this length may be sent; gives the length of its header.
    fn check_send(&mut self, now: Duration, payload_length: usize) -> Result<usize, SendError> {
        // Section 4.1 marks packets without payload as mere acknowledgments, so an empty frame
        // cannot be sent.
        if payload_length == 0 {
            return Err(SendError::PayloadEmpty);
        }
        if payload_length > usize::from(u16::MAX) {
            return Err(SendError::PayloadTooLong { length: payload_length });
        }
        self.check_writable(now)?;
        Ok(if self.acknowledgment.is_pending() { HEADROOM } else { MAX_TRANSMIT })
    }

    /// Writes the header to the start of `packet`. All was checked.
    fn send(&mut self, payload_length: usize, packet: &mut [u8]) -> Result<(), SendError> {
        let Ok(length) = u16::try_from(payload_length) else {
            return Err(SendError::PayloadTooLong { length: payload_length });
        };
        let acknowledges = self.acknowledgment.is_pending();
        let header = Header {
            call_id: self.config.call_ids.peer,
            sequence_number: Some(self.send.next().get()),
            acknowledgment_number: if acknowledges { self.order.highest().map(SequenceNumber::get) } else { None },
        };
        // Only when the header is written does the number move: an error leaves everything as
        // before.
        header.encode(length, packet)?;
        self.send.sent(self.clock);
        if acknowledges {
            self.acknowledgment.sent();
            self.counters.sent_with_data = self.counters.sent_with_data.saturating_add(1);
        }
        self.counters.packets_sent = self.counters.packets_sent.saturating_add(1);
        self.counters.bytes_sent = self.counters.bytes_sent.saturating_add(u64::from(length));
        Ok(())
    }

    /// Decodes a packet of this call, and the number it acknowledges. It has something of the two: data or that number.
    fn decode<'p>(&mut self, bytes: &'p [u8]) -> Result<(Packet<'p>, Option<SequenceNumber>), ReceiveError> {
        let packet = Packet::decode(bytes).inspect_err(|_| {
            self.counters.malformed = self.counters.malformed.saturating_add(1);
        })?;
        let Header { call_id, acknowledgment_number, .. } = packet.header;
        let expected = self.config.call_ids.local;
        // A raw socket of protocol 47 sees all calls of the peer; other ids are the ordinary case,
        // and are not answered.
        if call_id != expected {
            self.counters.other_call = self.counters.other_call.saturating_add(1);
            return Err(ReceiveError::CallId { found: call_id, expected });
        }
        Ok((packet, acknowledgment_number.map(SequenceNumber::new)))
    }

    fn receive(&mut self, now: Duration, bytes: &[u8]) -> Result<Received<Range<usize>>, ReceiveError> {
        self.advance(now);
        let (packet, acknowledged) = self.decode(bytes)?;
        let Some(number) = packet.header.sequence_number.map(SequenceNumber::new) else {
            return Ok(self.receive_acknowledgment(acknowledged)?.map(|never| match never {}));
        };
        let restarts = self.order.counters().restarts;
        let arrival = self.order.arrive(self.clock, number, |slot| slot.store(packet.payload));
        if self.order.counters().restarts != restarts {
            self.events.restarted();
        }
        let place = self.place(number, &packet, arrival);
        self.acknowledge_with_data(acknowledged, place.as_ref().err());
        Ok(place?.of(frame_range(&packet)))
    }

    fn receive_acknowledgment(&mut self, number: Option<SequenceNumber>) -> Result<Received<Infallible>, ReceiveError> {
        // Linux sends no such packet; pptp-linux, pptpd and FreeBSD do.
        let number = number.ok_or(ReceiveError::Empty)?;
        self.counters.received_alone = self.counters.received_alone.saturating_add(1);
        match self.acknowledge(number) {
            Acknowledged::Impossible => Err(ReceiveError::ImpossibleAcknowledgment { number, next: self.send.next() }),
            Acknowledged::New | Acknowledged::Again | Acknowledged::Stale => Ok(Received::Acknowledgment),
        }
    }

    /// Returns what becomes of a packet with data whose number has found its place.
    fn place(&mut self, number: SequenceNumber, packet: &Packet<'_>, arrival: Arrival) -> Result<Place, ReceiveError> {
        let expected = self.order.next().unwrap_or(number);
        let length = packet.payload.len();
        match arrival {
            Arrival::Next => {
                self.acknowledgment.received(self.clock);
                self.counters.delivered(length);
                Ok(Place::Next)
            }
            Arrival::Held => {
                self.acknowledgment.received(self.clock);
                Ok(Place::Waiting)
            }
            // Section 4.3 has late packets discarded, since PPP relies on order. MPPE in stateless
            // mode can decrypt them, if the caller asks for that.
            Arrival::Late if self.config.late_frames && is_compressed_data(packet.payload) => {
                self.counters.delivered(length);
                Ok(Place::Late)
            }
            Arrival::Late | Arrival::TooLate => Err(ReceiveError::Late { number, expected }),
            Arrival::Duplicate => Err(ReceiveError::Duplicate { number }),
            Arrival::FarAhead | Arrival::Unproven => Err(ReceiveError::FarAhead { number, expected }),
            Arrival::Busy => Err(ReceiveError::Busy),
            Arrival::Refused => Err(ReceiveError::FrameTooLong { length }),
        }
    }

    /// Processes the acknowledgment in a packet with data, unless the packet was refused as
    /// strange.
    fn acknowledge_with_data(&mut self, acknowledged: Option<SequenceNumber>, error: Option<&ReceiveError>) {
        // A packet whose number is not believed may be forged, and so may what it acknowledges.
        let is_strange = matches!(error, Some(ReceiveError::FarAhead { .. } | ReceiveError::Busy));
        if let Some(acknowledged) = acknowledged.filter(|_| !is_strange) {
            self.counters.received_with_data = self.counters.received_with_data.saturating_add(1);
            // A wrong one says nothing about the payload.
            self.acknowledge(acknowledged);
        }
    }

    fn acknowledge(&mut self, number: SequenceNumber) -> Acknowledged {
        let alarm = self.send.alarm();
        let acknowledged = self.send.acknowledge(self.clock, number);
        let counter = match acknowledged {
            Acknowledged::New => {
                self.window_changed(alarm);
                return acknowledged;
            }
            Acknowledged::Again => &mut self.counters.repeated,
            Acknowledged::Stale => &mut self.counters.stale,
            Acknowledged::Impossible => &mut self.counters.impossible,
        };
        *counter = counter.saturating_add(1);
        acknowledged
    }

    /// Reports a change of the window after an acknowledgment or a time-out; `alarm` is its state
    /// before.
    fn window_changed(&mut self, alarm: bool) {
        if self.send.alarm() != alarm {
            self.events.alarm(self.send.alarm());
        }
        // The caller has seen `WouldBlock` since the last event, and only then waits for one.
        if self.blocked && self.send.is_open() {
            self.blocked = false;
            self.events.writable();
        }
    }
}

impl Counters {
    fn delivered(&mut self, length: usize) {
        self.packets_received = self.packets_received.saturating_add(1);
        let bytes = u64::try_from(length).unwrap_or(u64::MAX);
        self.bytes_received = self.bytes_received.saturating_add(bytes);
    }
}

/// Returns where in its packet the frame lies.
const fn frame_range(packet: &Packet<'_>) -> Range<usize> {
    let start = packet.header.len();
    start..start.saturating_add(packet.payload.len())
}

/// Returns whether a PPP frame is of protocol 0x00fd, with or without address and control, its
/// protocol compressed or not.
const fn is_compressed_data(frame: &[u8]) -> bool {
    matches!(frame, [0xff, 0x03, 0x00, 0xfd, ..] | [0xff, 0x03, 0xfd, ..] | [0x00, 0xfd, ..] | [0xfd, ..])
}
