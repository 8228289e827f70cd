//! The settings of a user.

use core::time::Duration;

use crate::{AcknowledgmentTimeout, SequenceNumber, WindowPolicy};

/// RFC 2637 section 4.1: the call ids of one call. Each side chose one, and finds it in the packets it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a call has two ends")]
pub struct CallIds {
    /// The id that we chose: in the packets that we receive.
    pub local: u16,
    /// The id that the peer chose: in the packets that we send.
    pub peer: u16,
}

/// How one call's [`Tunnel`](crate::Tunnel) works.
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::{CallIds, Config, WindowPolicy};
///
/// // What the control connection agreed on, for a peer that acknowledges.
/// let config = Config::new(CallIds { local: 1, peer: 0x8000 })
///     .with_peer_receive_window(16)
///     .with_peer_packet_processing_delay(2)
///     .with_window_policy(WindowPolicy::Honour)
///     .with_acknowledgment_delay(Duration::from_millis(100));
/// assert_eq!(config.call_ids().peer, 0x8000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    pub(crate) call_ids: CallIds,
    pub(crate) first_sequence_number: SequenceNumber,
    pub(crate) window_policy: WindowPolicy,
    pub(crate) peer_receive_window: u16,
    pub(crate) peer_packet_processing_delay: u16,
    pub(crate) acknowledgment_timeout: AcknowledgmentTimeout,
    pub(crate) receive_window: u16,
    pub(crate) acknowledgment_delay: Duration,
    pub(crate) reorder_timeout: Duration,
    pub(crate) late_frames: bool,
}

impl Config {
    /// The default of [`with_receive_window`](Self::with_receive_window) and
    /// [`with_peer_receive_window`](Self::with_peer_receive_window).
    pub const DEFAULT_RECEIVE_WINDOW: u16 = 64;
    /// The default of [`with_acknowledgment_delay`](Self::with_acknowledgment_delay), which is pptpd's.
    pub const DEFAULT_ACKNOWLEDGMENT_DELAY: Duration = Duration::from_millis(50);
    /// The longest [`with_acknowledgment_delay`](Self::with_acknowledgment_delay), which is pptp-linux's.
    pub const MAX_ACKNOWLEDGMENT_DELAY: Duration = Duration::from_millis(500);
    /// The default of [`with_reorder_timeout`](Self::with_reorder_timeout), which is pptp-linux's and pptpd's.
    pub const DEFAULT_REORDER_TIMEOUT: Duration = Duration::from_millis(300);

    /// Creates the call that the control connection agreed on, and defaults.
    #[must_use]
    pub const fn new(call_ids: CallIds) -> Self {
        Self {
            call_ids,
            first_sequence_number: SequenceNumber::new(0),
            // Linux peers keep no window and never acknowledge alone: with theirs kept, a flow in
            // one direction would stop.
            window_policy: WindowPolicy::Ignore,
            peer_receive_window: Self::DEFAULT_RECEIVE_WINDOW,
            peer_packet_processing_delay: 0,
            acknowledgment_timeout: AcknowledgmentTimeout::adaptive(
                AcknowledgmentTimeout::DEFAULT_MINIMUM,
                AcknowledgmentTimeout::DEFAULT_MAXIMUM,
            ),
            receive_window: Self::DEFAULT_RECEIVE_WINDOW,
            acknowledgment_delay: Self::DEFAULT_ACKNOWLEDGMENT_DELAY,
            reorder_timeout: Self::DEFAULT_REORDER_TIMEOUT,
            late_frames: false,
        }
    }

    /// Returns the Packet Recv. Window Size that the peer gets, in packets (RFC 2637 section 4.2).
    #[must_use]
    pub const fn receive_window(&self) -> u16 {
        self.receive_window
    }

    /// Sets the call ids, for a configuration that serves many calls (RFC 2637 section 4.1).
    #[must_use]
    pub const fn with_call_ids(mut self, call_ids: CallIds) -> Self {
        self.call_ids = call_ids;
        self
    }

    /// Sets the number of the first packet that is sent (RFC 2637 section 4.1). Default: 0, as the
    /// RFC has it.
    ///
    /// pptp-linux, npppd and the Linux kernel start with 1. Any first number is taken on receipt.
    #[must_use]
    pub const fn with_first_sequence_number(mut self, number: SequenceNumber) -> Self {
        self.first_sequence_number = number;
        self
    }

    /// Sets what a full send window means (RFC 2637 section 4.2). Default:
    /// [`WindowPolicy::Ignore`], which says why.
    #[must_use]
    pub const fn with_window_policy(mut self, policy: WindowPolicy) -> Self {
        self.window_policy = policy;
        self
    }

    /// Sets the Packet Recv. Window Size that the peer stated, in packets (RFC 2637 section 4.2.1).
    /// Default: 64. 0 is as 1.
    #[must_use]
    #[doc(alias = "RWS")]
    pub const fn with_peer_receive_window(mut self, packets: u16) -> Self {
        self.peer_receive_window = packets;
        self
    }

    /// Sets the Packet Processing Delay that the peer stated, in tenths of a second (RFC 2637
    /// section 4.4). Default: 0.
    #[must_use]
    #[doc(alias = "PPD")]
    pub const fn with_peer_packet_processing_delay(mut self, tenths: u16) -> Self {
        self.peer_packet_processing_delay = tenths;
        self
    }

    /// Sets how long the peer's acknowledgment is waited for (RFC 2637 section 4.4). Default:
    /// adaptive, 0.6 to 3 seconds.
    #[must_use]
    pub const fn with_acknowledgment_timeout(mut self, timeout: AcknowledgmentTimeout) -> Self {
        self.acknowledgment_timeout = timeout;
        self
    }

    /// Sets the Packet Recv. Window Size that the peer got, in packets (RFC 2637 section 4.2).
    /// Default: 64.
    ///
    /// It costs no memory. When half of it was received, that is acknowledged at once.
    #[must_use]
    pub const fn with_receive_window(mut self, packets: u16) -> Self {
        self.receive_window = packets;
        self
    }

    /// Sets how long an acknowledgment waits for a packet that could carry it. Default: 50 ms. 0
    /// does not wait; more than 500 ms is taken for 500 ms, since peers take what is not
    /// acknowledged for lost soon after.
    #[must_use]
    pub const fn with_acknowledgment_delay(mut self, delay: Duration) -> Self {
        let longest = Self::MAX_ACKNOWLEDGMENT_DELAY.as_nanos();
        self.acknowledgment_delay = if delay.as_nanos() > longest { Self::MAX_ACKNOWLEDGMENT_DELAY } else { delay };
        self
    }

    /// Sets how long a missing packet is waited for (RFC 2637 section 4.3). Default: 300 ms. How
    /// many packets wait behind it is up to the tunnel's slots.
    #[must_use]
    pub const fn with_reorder_timeout(mut self, timeout: Duration) -> Self {
        self.reorder_timeout = timeout;
        self
    }

    /// Sets whether a late packet is given out, marked as late, when it holds MPPE data (PPP
    /// protocol 0x00fd), is new, and one of the last 64. Default: no, since RFC 2637 section 4.3
    /// forbids it.
    ///
    /// A decryptor that keeps old keys can use them; what comes out of it is out of order.
    #[must_use]
    pub const fn with_late_frames(mut self, give_out: bool) -> Self {
        self.late_frames = give_out;
        self
    }

    /// Returns the call ids.
    #[must_use]
    pub const fn call_ids(&self) -> CallIds {
        self.call_ids
    }
}
