//! Counters, with the names that operators know from `show vpdn session all` and `show vpdn session window`.

use core::fmt;
use core::time::Duration;

use crate::SequenceNumber;

/// The counters of a [`Tunnel`](crate::Tunnel), and its present state. Bytes are those of PPP
/// frames, without headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Statistics {
    /// Packets with a payload that were sent.
    pub packets_sent: u64,
    /// Packets with a payload that were given out, late ones included.
    pub packets_received: u64,
    /// Bytes of the payloads that were sent.
    pub bytes_sent: u64,
    /// Bytes of the payloads that were given out.
    pub bytes_received: u64,
    /// Ss: the number of the next packet to be sent.
    pub ss: SequenceNumber,
    /// Sr: the number of the next packet to be received; `None` before the first.
    pub sr: Option<SequenceNumber>,
    /// Remote Nr: the highest number that the peer acknowledged.
    pub remote_nr: Option<SequenceNumber>,
    /// The receive window that the peer stated, in packets.
    pub peer_rws: u16,
    /// The send window as it is, in packets.
    pub send_window: u16,
    /// Packets that await their acknowledgment.
    pub outstanding: u32,
    /// Packets that were sent beyond the window.
    pub window_exceeded: u64,
    /// How often a packet was refused since the window was full.
    pub window_full: u64,
    /// Packets that came after one with a higher number.
    pub out_of_order: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that never came.
    pub lost: u64,
    /// Packets that came too late to be delivered in order.
    pub late: u64,
    /// Packets whose number was too far ahead to be believed.
    pub far_ahead: u64,
    /// Packets that could not wait, for want of room.
    pub receive_overflows: u64,
    /// How often the peer's numbers started again.
    pub restarts: u64,
    /// Packets that wait for a missing one.
    pub held: u32,
    /// Bytes that were no enhanced GRE packet.
    pub malformed: u64,
    /// Packets of another call.
    pub other_call: u64,
    /// Acknowledgments that were sent with a payload.
    pub acknowledgments_sent_with_data: u64,
    /// Acknowledgments that were sent alone.
    pub acknowledgments_sent_alone: u64,
    /// Acknowledgments that came with a payload.
    pub acknowledgments_received_with_data: u64,
    /// Acknowledgments that came alone.
    pub acknowledgments_received_alone: u64,
    /// Acknowledgments that repeated the last one.
    pub acknowledgments_repeated: u64,
    /// Acknowledgments that were overtaken by later ones.
    pub acknowledgments_stale: u64,
    /// Acknowledgments of packets that were not sent.
    pub acknowledgments_impossible: u64,
    /// Whether the flow control alarm is on.
    pub alarm: bool,
    /// How often it went off.
    pub alarms: u64,
    /// Acknowledgments that did not come in time.
    pub time_outs: u64,
    /// RTT: the estimated round trip; `None` before the first acknowledgment.
    pub round_trip: Option<Duration>,
    /// DEV: its estimated mean deviation.
    pub deviation: Duration,
    /// ATO: how long an acknowledgment is waited for.
    pub acknowledgment_timeout: Duration,
}

impl Statistics {
    /// Returns the line of this session in `show vpdn session window`, with its heading.
    ///
    /// ```
    /// use pptp_gre::{CallIds, Config, Tunnel};
    ///
    /// let tunnel = Tunnel::unordered(Config::new(CallIds { local: 1, peer: 2 }));
    /// assert!(tunnel.statistics().window().to_string().contains("Congestion"));
    /// ```
    #[must_use]
    pub const fn window(&self) -> WindowLine<'_> {
        WindowLine(self)
    }
}

/// As in the last lines of `show vpdn session all`.
impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} packets sent, {} received, {} bytes sent, {} received",
            self.packets_sent, self.packets_received, self.bytes_sent, self.bytes_received
        )?;
        let (sr, nr) = (OrDash(self.sr), OrDash(self.remote_nr));
        writeln!(f, "Ss {}, Sr {sr}, Remote Nr {nr}, peer RWS {}", self.ss, self.peer_rws)?;
        writeln!(
            f,
            "{} out of order packets, {} duplicates, {} lost, {} late",
            self.out_of_order, self.duplicates, self.lost, self.late
        )?;
        write!(f, "Flow alarm is {}.", if self.alarm { "on" } else { "clear" })
    }
}

/// [`Statistics::window`].
#[derive(Debug, Clone, Copy)]
pub struct WindowLine<'a>(&'a Statistics);

impl fmt::Display for WindowLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(statistics) = self;
        writeln!(f, "Window  Outstanding  Peer RWS  RTT ms  ATO ms  Time-outs  Congestion  Alarms")?;
        write!(f, "{:<8}{:<13}", statistics.send_window, statistics.outstanding)?;
        write!(f, "{:<10}", statistics.peer_rws)?;
        match statistics.round_trip {
            Some(round_trip) => write!(f, "{:<8}", round_trip.as_millis())?,
            None => write!(f, "{:<8}", "-")?,
        }
        let congestion = if statistics.alarm { "on" } else { "clear" };
        write!(f, "{:<8}{:<11}", statistics.acknowledgment_timeout.as_millis(), statistics.time_outs)?;
        write!(f, "{congestion:<12}{}", statistics.alarms)
    }
}

struct OrDash(Option<SequenceNumber>);

impl fmt::Display for OrDash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(number) => number.fmt(f),
            None => f.write_str("-"),
        }
    }
}
