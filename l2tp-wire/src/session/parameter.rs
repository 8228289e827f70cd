//! The parameters of a session that the two ends exchange.

use crate::Name;
use crate::code::{
    Bearer, CircuitStatus, DataSequencing, DisconnectCode, ErrorCode, Framing, PseudowireType, Q931Cause, SessionResult,
};
use crate::header::CookieSize;

/// The longest number or circuit name that is sent, and the longest that is kept of a peer's.
pub const MAX_LABEL: usize = 32;

/// RFC 2661 section 6.6, RFC 3931 section 6.8: what a request for a session says: ours, or the
/// peer's.
///
/// ```
/// use l2tp_wire::session::CallRequest;
///
/// // What Cisco's manual writes as `pseudowire 10.0.3.201 1234`: the VCID is the Remote End ID.
/// let request = CallRequest::new().with_remote_end_id("1234");
/// assert_eq!(request.remote_end_id.to_string(), "1234");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CallRequest {
    /// A number for both ends' logs. Windows sends 0.
    pub serial_number: u32,
    /// Version 2: the kind of line. None for calls that come from no telephone line.
    pub bearer: Bearer,
    /// Version 2, in OCRQ: the framing that is wanted.
    pub framing: Framing,
    /// Version 2, in OCRQ: the lowest acceptable speed, in bits per second.
    pub minimum_bps: u32,
    /// Version 2, in OCRQ: the highest acceptable speed, in bits per second.
    pub maximum_bps: u32,
    /// Version 2: the number that was called, or is to be called.
    pub called_number: Name<MAX_LABEL>,
    /// Version 2: the number of the caller.
    pub calling_number: Name<MAX_LABEL>,
    /// Version 3: what the session is connected to at the other end: Cisco's VCID.
    pub remote_end_id: Name<MAX_LABEL>,
    /// Version 3: what the session carries. PPP in version 2, always.
    pub pseudowire: PseudowireType,
}

impl CallRequest {
    /// Returns the request of a voluntary client: nothing but PPP, which every server takes.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            serial_number: 0,
            bearer: Bearer::NONE,
            // Speeds mean nothing in a VPN.
            framing: Framing::ANY,
            minimum_bps: 0,
            maximum_bps: 1_000_000_000,
            called_number: Name::EMPTY,
            calling_number: Name::EMPTY,
            remote_end_id: Name::EMPTY,
            pseudowire: PseudowireType::PPP,
        }
    }

    /// Sets the number for both ends' logs.
    #[must_use]
    pub const fn with_serial_number(mut self, number: u32) -> Self {
        self.serial_number = number;
        self
    }

    /// Sets what the session is connected to at the other end.
    #[must_use]
    pub fn with_remote_end_id(mut self, id: &str) -> Self {
        self.remote_end_id = Name::from(id);
        self
    }

    /// Sets what the session carries.
    #[must_use]
    pub const fn with_pseudowire(mut self, pseudowire: PseudowireType) -> Self {
        self.pseudowire = pseudowire;
        self
    }

    /// Sets the number that is to be called.
    #[must_use]
    pub fn with_called_number(mut self, number: &str) -> Self {
        self.called_number = Name::from(number);
        self
    }

    /// Sets the kind of line.
    #[must_use]
    pub const fn with_bearer(mut self, bearer: Bearer) -> Self {
        self.bearer = bearer;
        self
    }
}

impl Default for CallRequest {
    fn default() -> Self {
        Self::new()
    }
}

/// The wishes of one end for a session, which both the requesting and the accepting end send.
///
/// ```
/// use l2tp_wire::header::CookieSize;
/// use l2tp_wire::session::Terms;
///
/// let terms = Terms::new().with_cookie(CookieSize::Eight).with_sublayer(true);
/// assert_eq!(terms.cookie_size.len(), 8);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terms {
    /// The speed from the LAC to the client, in bits per second; servers and voluntary clients make
    /// it up.
    pub transmit_speed: u64,
    /// The speed from the client to the LAC, in bits per second; `None`: the same.
    pub receive_speed: Option<u64>,
    /// Version 2: the framing of the call.
    pub framing: Framing,
    /// The data packets that this end wants with sequence numbers. In version 2 a LAC that wants
    /// any has them all, always (RFC 2661 section 4.4.6, Sequencing Required), and an LNS sends
    /// them whenever it likes.
    pub sequencing: DataSequencing,
    /// Version 3: the cookie that this end wants in every data packet that it receives.
    pub cookie_size: CookieSize,
    /// Version 3: whether this end wants the default L2-Specific Sublayer in every data packet that
    /// it receives.
    pub has_sublayer: bool,
    /// Version 3: whether the circuit behind this end is up.
    pub circuit: CircuitStatus,
}

impl Terms {
    /// Returns what every peer takes: no numbers, no cookie, no sublayer.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            transmit_speed: 1_000_000_000,
            receive_speed: None,
            framing: Framing::SYNCHRONOUS,
            sequencing: DataSequencing::NONE,
            cookie_size: CookieSize::Zero,
            has_sublayer: false,
            circuit: CircuitStatus::ANY,
        }
    }

    /// Sets which data packets carry sequence numbers. In version 3 it asks for the sublayer that
    /// carries them too.
    #[must_use]
    pub const fn with_sequencing(mut self, sequencing: DataSequencing) -> Self {
        self.sequencing = sequencing;
        if sequencing.get() != DataSequencing::NONE.get() {
            self.has_sublayer = true;
        }
        self
    }

    /// Sets the size of the cookie.
    #[must_use]
    pub const fn with_cookie(mut self, size: CookieSize) -> Self {
        self.cookie_size = size;
        self
    }

    /// Sets whether the default L2-Specific Sublayer is wanted. Linux has it, Cisco does not.
    #[must_use]
    pub const fn with_sublayer(mut self, wants: bool) -> Self {
        self.has_sublayer = wants;
        self
    }

    /// Sets the speed of the line, in bits per second.
    #[must_use]
    pub const fn with_speed(mut self, bits_per_second: u64) -> Self {
        self.transmit_speed = bits_per_second;
        self
    }

    pub(crate) const fn wants_numbers(&self) -> bool {
        self.sequencing.get() != DataSequencing::NONE.get()
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self::new()
    }
}

/// RFC 2661 section 6.12: the reason that the peer gets when this side ends or refuses a session.
///
/// ```
/// use l2tp_wire::session::Disconnect;
///
/// assert_eq!(Disconnect::ADMINISTRATIVE.result.to_string(), "administrative (3)");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disconnect {
    /// The result.
    pub result: SessionResult,
    /// The error, if the result is "general error".
    pub error: ErrorCode,
    /// For telephone calls, a cause of Q.931.
    pub q931: Option<Q931Cause>,
    /// RFC 3145: why PPP ended.
    pub ppp: Option<DisconnectCode>,
}

impl Disconnect {
    /// The user wants it so.
    pub const ADMINISTRATIVE: Self = Self::new(SessionResult::ADMINISTRATIVE);
    /// The line, or PPP, is down: what xl2tpd, accel-ppp and Windows send for most ends.
    pub const LOST_CARRIER: Self = Self::new(SessionResult::LOST_CARRIER);
    /// There is no room now.
    pub const NO_FACILITIES: Self = Self::new(SessionResult::NO_FACILITIES_TEMPORARY);

    /// Returns a result without more.
    #[must_use]
    pub const fn new(result: SessionResult) -> Self {
        Self { result, error: ErrorCode::NONE, q931: None, ppp: None }
    }

    /// Adds why PPP ended (RFC 3145).
    #[must_use]
    pub const fn with_ppp(mut self, code: DisconnectCode) -> Self {
        self.ppp = Some(code);
        self
    }

    /// Adds an error code, for the result "general error".
    #[must_use]
    pub const fn with_error(mut self, error: ErrorCode) -> Self {
        self.error = error;
        self
    }
}
