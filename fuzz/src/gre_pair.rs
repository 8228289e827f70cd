//! `gre_pair`: two tunnels over a link that loses, doubles, reorders and damages packets, as the input says.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use pptp_gre::{
    AcknowledgmentTimeout, CallIds, Config, Event, HEADROOM, InlineFrame, MAX_TRANSMIT, ReceiveError, Received,
    SendError, SequenceNumber, Slot, Tunnel, WindowPolicy,
};
use testing::Flight;

/// The longest frame that may wait.
const FRAME: usize = 32;

type Slots<'s> = &'s mut [Slot<InlineFrame<FRAME>>];

struct End<'s> {
    tunnel: Tunnel<Slots<'s>>,
    honours: bool,
    blocked: bool,
    /// The index of the next frame.
    sent: u32,
    /// The index of the last frame that was delivered.
    delivered: Option<u32>,
    frames: u64,
}

struct World<'s> {
    now: Duration,
    ends: [End<'s>; 2],
    flight: Flight,
    /// Whether packets are damaged and forged: then frames need not come in order.
    forged: bool,
}

/// Asserts that frames come in order and once, and that nothing stalls.
///
/// # Panics
///
/// When that does not hold.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    // The input is at its end: that is all.
    let _ = drive(&mut input);
}

fn drive(input: &mut Unstructured<'_>) -> Result<()> {
    let mut memory: [Vec<_>; 2] = [slots(input)?, slots(input)?];
    let [one, other] = &mut memory;
    let ends = [end(input, 0, one)?, end(input, 1, other)?];
    let mut world = World { now: Duration::ZERO, ends, flight: Flight::default(), forged: input.arbitrary()? };
    while !input.is_empty() {
        world.operate(input)?;
        for end in &mut world.ends {
            end.check();
        }
    }
    world.settle();
    Ok(())
}

fn slots(input: &mut Unstructured<'_>) -> Result<Vec<Slot<InlineFrame<FRAME>>>> {
    Ok(vec![Slot::default(); input.int_in_range(0..=20)?])
}

fn end<'s>(input: &mut Unstructured<'_>, at: u16, slots: Slots<'s>) -> Result<End<'s>> {
    let millis = |input: &mut Unstructured<'_>| Ok(Duration::from_millis(input.int_in_range(0..=2000)?));
    let policy = *input.choose(&[WindowPolicy::Honour, WindowPolicy::Hint, WindowPolicy::Ignore])?;
    let timeout = if input.arbitrary()? {
        AcknowledgmentTimeout::Static(millis(input)?)
    } else {
        AcknowledgmentTimeout::adaptive(millis(input)?, millis(input)?)
    };
    let config = Config::new(CallIds { local: at, peer: 1 - at })
        .with_first_sequence_number(input.arbitrary()?)
        .with_window_policy(policy)
        .with_acknowledgment_timeout(timeout)
        .with_peer_receive_window(input.int_in_range(0..=40)?)
        .with_peer_packet_processing_delay(input.arbitrary()?)
        .with_receive_window(input.int_in_range(0..=40)?)
        .with_acknowledgment_delay(millis(input)?)
        .with_reorder_timeout(millis(input)?)
        .with_late_frames(input.arbitrary()?);
    let honours = policy == WindowPolicy::Honour;
    Ok(End { tunnel: Tunnel::new(config, slots), honours, blocked: false, sent: 0, delivered: None, frames: 0 })
}

/// Returns a place among the packets on their way, or among the bytes of one.
fn place(input: &mut Unstructured<'_>) -> Result<usize> {
    input.arbitrary::<u8>().map(usize::from)
}

impl World<'_> {
    fn operate(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let at = usize::from(input.arbitrary::<bool>()?);
        match input.int_in_range(0..=11)? {
            0..=2 => {
                let length = input.int_in_range(0..=FRAME)?;
                self.send(at, length, input.arbitrary()?);
            }
            3..=5 => {
                if let Some(mut packet) = self.flight.take(at, place(input)?) {
                    self.receive(at, &mut packet, input.arbitrary()?);
                }
            }
            6 => {
                self.flight.repeat(at, place(input)?);
            }
            7 => drop(self.flight.take(at, place(input)?)),
            8 if self.forged => {
                self.flight.damage(at, place(input)?, place(input)?, input.arbitrary()?);
            }
            9 => {
                let mut bytes = input.arbitrary::<Vec<u8>>()?;
                if self.forged {
                    self.receive(at, &mut bytes, input.arbitrary()?);
                }
            }
            10 => {
                // Time goes on, or back.
                let now = self.now + Duration::from_micros(input.int_in_range(0..=3_000_000)?);
                if input.ratio(9, 10)? {
                    self.now = now;
                }
                self.ends[at].handle_timeout(now);
            }
            _ => self.poll(at),
        }
        Ok(())
    }

    fn send(&mut self, at: usize, length: usize, in_place: bool) {
        let end = &mut self.ends[at];
        let before = end.tunnel.statistics();
        let mut frame = end.sent.to_be_bytes().to_vec();
        frame.resize(length, 0xfd);
        let mut buf = vec![0; HEADROOM + length];
        let sent = if in_place {
            buf[HEADROOM..].copy_from_slice(&frame);
            end.tunnel.encapsulate_in_place(self.now, &mut buf)
        } else {
            end.tunnel.encapsulate(self.now, &frame, &mut buf)
        };
        match sent {
            Ok(bytes) => {
                let bytes = bytes.to_vec();
                assert_eq!(end.tunnel.statistics().ss, before.ss.next());
                end.sent += 1;
                self.flight.put(1 - at, bytes);
            }
            Err(error) => {
                end.blocked |= error == SendError::WouldBlock;
                assert_eq!(error == SendError::PayloadEmpty, length == 0);
                let after = end.tunnel.statistics();
                assert_eq!((after.ss, after.packets_sent), (before.ss, before.packets_sent));
            }
        }
    }

    fn receive(&mut self, at: usize, bytes: &mut [u8], in_place: bool) {
        let end = &mut self.ends[at];
        let mut received = end.decapsulate(self.now, bytes, in_place);
        if received == Err(ReceiveError::Busy) {
            // When what waits was taken, there is room.
            while end.poll_receive(self.now, self.forged) {}
            received = end.decapsulate(self.now, bytes, in_place);
            assert_ne!(received, Err(ReceiveError::Busy));
        }
        if let Ok(Some(frame)) = received {
            end.deliver(&frame, self.forged);
        }
    }

    fn poll(&mut self, at: usize) {
        let end = &mut self.ends[at];
        end.poll_receive(self.now, self.forged);
        let mut buf = [0; MAX_TRANSMIT];
        let is_due = end.tunnel.poll_transmit(self.now, &mut buf[1..]).is_err();
        let sent = end.tunnel.poll_transmit(self.now, &mut buf).expect("room").map(<[u8]>::to_vec);
        assert_eq!(sent.is_some(), is_due, "a short buffer loses nothing");
        assert_eq!(end.tunnel.poll_transmit(self.now, &mut buf), Ok(None), "one acknowledgment is enough");
        if let Some(bytes) = sent {
            self.flight.put(1 - at, bytes);
        }
    }

    /// Loses all packets on the way, lets the deadlines pass, and expects that nothing is left to
    /// do.
    fn settle(&mut self) {
        for end in &mut self.ends {
            for _ in 0..200 {
                while end.poll_receive(self.now, self.forged) {}
                let Some(deadline) = end.tunnel.poll_timeout() else { break };
                self.now = self.now.max(deadline);
                end.handle_timeout(self.now);
            }
            assert_eq!(end.tunnel.poll_timeout(), None, "it comes to rest");
            assert_eq!(end.tunnel.statistics().held, 0);
            end.check();
            assert!(end.tunnel.is_writable() && !end.blocked, "nothing stalls");
        }
    }
}

impl End<'_> {
    fn handle_timeout(&mut self, now: Duration) {
        self.tunnel.handle_timeout(now);
        let next = self.tunnel.poll_timeout();
        assert!(next.is_none_or(|next| next > now), "{next:?} after {now:?}");
        self.tunnel.handle_timeout(now);
        assert_eq!(self.tunnel.poll_timeout(), next, "twice is once");
    }

    /// Returns the frame, if the packet has the next one.
    fn decapsulate(
        &mut self,
        now: Duration,
        packet: &mut [u8],
        in_place: bool,
    ) -> core::result::Result<Option<Vec<u8>>, ReceiveError> {
        if in_place {
            self.tunnel.decapsulate_in_place(now, packet).map(frame_of)
        } else {
            self.tunnel.decapsulate(now, packet).map(frame_of)
        }
    }

    fn poll_receive(&mut self, now: Duration, forged: bool) -> bool {
        let Some(frame) = self.tunnel.poll_receive(now).map(|frame| frame.to_vec()) else { return false };
        self.deliver(&frame, forged);
        true
    }

    fn deliver(&mut self, frame: &[u8], forged: bool) {
        self.frames += 1;
        let restarted = self.tunnel.statistics().restarts > 0;
        let Some(index) = frame.first_chunk().map(|index| u32::from_be_bytes(*index)) else { return };
        if !forged && !restarted {
            assert!(self.delivered.is_none_or(|last| last < index), "{index} after {:?}", self.delivered);
        }
        self.delivered = Some(index);
    }

    fn check(&mut self) {
        while let Some(event) = self.tunnel.poll_event() {
            if event == Event::Writable {
                assert!(self.blocked);
                self.blocked = false;
            }
        }
        let statistics = self.tunnel.statistics();
        assert!(statistics.packets_received >= self.frames);
        assert!((1..=statistics.peer_rws).contains(&statistics.send_window));
        if self.honours {
            assert!(statistics.outstanding <= statistics.send_window.into());
        }
        assert!(statistics.round_trip.is_none() || statistics.remote_nr.is_some());
        assert!(!statistics.ss.is_before(statistics.remote_nr.map_or(statistics.ss, SequenceNumber::next)));
        assert!(!statistics.to_string().is_empty() && !statistics.window().to_string().is_empty());
    }
}

fn frame_of(received: Received<impl AsRef<[u8]>>) -> Option<Vec<u8>> {
    if let Received::Frame(frame) = received { Some(frame.as_ref().to_vec()) } else { None }
}
