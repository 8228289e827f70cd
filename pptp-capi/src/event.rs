//! Events: flat structs, and a text for each on demand.

#![expect(clippy::wildcard_enum_match_arm, reason = "errors and events of later versions are as the most general one")]

use core::fmt::{self, Display as _};
use core::time::Duration;

use l2tp_session::session as l2tp;
use ppp_session::Event as Ppp;
use ppp_session::ppp::auth::Demand;
use ppp_session::ppp::ccp::{self, MicrosoftCompression};
use ppp_session::ppp::{ipcp, ipv6cp};
use pptp::session as pptp;

use crate::address::four;
use crate::error::Error;

/// Kinds of events. Numbers are added at the end in later versions: ignore those that you do not
/// know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum EventKind {
    /// Something that this version of the library has no number for.
    Other = 0,
    /// The control connection (PPTP) or the tunnel (L2TP) is up.
    Established = 1,
    /// L2TP: a call is up; PPP begins.
    CallUp = 2,
    /// PPP is in another state: `number` is one of `enum pptp_status`.
    Status = 3,
    /// Server: a client presents a proof. `pptp_server_presented` has it, and one of the
    /// `pptp_server_answer_…` functions answers, now or later, with `ticket`.
    Authenticate = 4,
    /// Client: the proof was refused, and another may be given: `pptp_client_prove` or
    /// `pptp_client_decline`, with `ticket`.
    Prove = 5,
    /// Client: the password is right and has expired: `pptp_client_change_password`, or the session
    /// ends.
    PasswordExpired = 6,
    /// Server: the client has proved itself.
    PeerAuthenticated = 7,
    /// Packets are encrypted or compressed so from now on: `send_bits`, `receive_bits`,
    /// `stateless`, `compressed`.
    EncryptionUp = 8,
    /// Nothing is encrypted any more.
    EncryptionDown = 9,
    /// Server: the client asks for the address `peer_address`: `pptp_server_assign_address` gives
    /// it.
    AddressWanted = 10,
    /// IPv4 packets may flow: `own_address`, `peer_address`, `name_servers`.
    IpUp = 11,
    /// IPv4 packets may not flow any more.
    IpDown = 12,
    /// IPv4 was not agreed on.
    IpFailed = 13,
    /// IPv6 packets may flow: `own_identifier`, `peer_identifier`.
    Ipv6Up = 14,
    /// IPv6 packets may not flow any more.
    Ipv6Down = 15,
    /// IPv6 was not agreed on.
    Ipv6Failed = 16,
    /// So many packets decrypted to nonsense that the keys must differ, or somebody forges packets.
    CoherencyLost = 17,
    /// The peer has said what it is.
    Identification = 18,
    /// The session will end in `number` seconds.
    TimeRemaining = 19,
    /// PPTP: the call is up for `number` milliseconds, and no GRE packet has come: a firewall or a
    /// NAT most likely stops IP protocol 47.
    NoData = 20,
    /// PPTP: acknowledgments are late (`number` 1), or come in time again (0).
    FlowAlarm = 21,
    /// A packet may be sent again, after `PPTP_ERROR_WOULD_BLOCK`.
    Writable = 22,
    /// A call is over: its last event. `number` is an error number of Windows, 0 without one.
    CallClosed = 23,
    /// The session is over. `number` is an error number of Windows, 0 without one.
    Closed = 24,
    /// L2TP: nothing is sent or received any more: the last event.
    Drained = 25,
}

/// Where PPP of a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum Status {
    /// It negotiates, or has not begun.
    Dialing = 0,
    /// One side proves itself, or both.
    VerifyingPassword = 1,
    /// IP flows.
    Connected = 2,
    /// It is over.
    Terminated = 3,
}

impl Status {
    #[expect(clippy::as_conversions, reason = "the numbers of the enum are those of C")]
    const fn number(self) -> u32 {
        self as u32
    }

    /// Returns the number as functions return it.
    pub(crate) fn code(self) -> Result<i32, Error> {
        i32::try_from(self.number()).map_err(|_| Error::Internal)
    }

    pub(crate) const fn of(status: ppp_session::Status) -> Self {
        match status {
            ppp_session::Status::VerifyingPassword => Self::VerifyingPassword,
            ppp_session::Status::Connected => Self::Connected,
            ppp_session::Status::Terminated => Self::Terminated,
            _ => Self::Dialing,
        }
    }
}

/// An event. Members without a meaning for its kind are zero.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
#[expect(clippy::exhaustive_structs, reason = "a struct of C has the members that it has")]
pub struct Event {
    /// One of `enum pptp_event_kind`.
    pub kind: u32,
    /// The id of the call; 0 for the session.
    pub call: u32,
    /// Of a server: the connection (PPTP) or tunnel (L2TP). 0 of a client.
    pub connection: u64,
    /// The ticket that the answer to this event has to carry.
    pub ticket: u32,
    /// A number whose meaning the kind says.
    pub number: u32,
    /// This side's IPv4 address, in network order.
    pub own_address: [u8; 4],
    /// The peer's IPv4 address.
    pub peer_address: [u8; 4],
    /// The name servers (DNS) that the server gave, the second from byte 4 on.
    pub name_servers: [u8; 8],
    /// This side's interface identifier (IPv6).
    pub own_identifier: u64,
    /// The peer's interface identifier.
    pub peer_identifier: u64,
    /// Bits of the key that this side encrypts with: 40, 56, 128, or 0 for no encryption.
    pub send_bits: u8,
    /// Bits of the key that this side decrypts with.
    pub receive_bits: u8,
    /// 1 when the keys of both directions change with every packet.
    pub stateless: u8,
    /// 1 when packets may be compressed.
    pub compressed: u8,
}

/// The last event of a session, kept for its text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened {
    Pptp(pptp::Event),
    L2tp(l2tp::Event),
}

impl EventKind {
    #[expect(clippy::as_conversions, reason = "the numbers of the enum are those of C")]
    const fn number(self) -> u32 {
        self as u32
    }
}

impl Event {
    pub(crate) const fn new(kind: EventKind) -> Self {
        Self {
            kind: kind.number(),
            call: 0,
            connection: 0,
            ticket: 0,
            number: 0,
            own_address: [0; 4],
            peer_address: [0; 4],
            name_servers: [0; 8],
            own_identifier: 0,
            peer_identifier: 0,
            send_bits: 0,
            receive_bits: 0,
            stateless: 0,
            compressed: 0,
        }
    }

    fn with_number(kind: EventKind, number: u32) -> Self {
        Self { number, ..Self::new(kind) }
    }

    fn encryption(agreed: ccp::Agreed) -> Self {
        let has = |bits: MicrosoftCompression, bit| bits.contains(bit);
        let strength = |bits| match bits {
            bits if has(bits, MicrosoftCompression::MPPE_128) => 128,
            bits if has(bits, MicrosoftCompression::MPPE_56) => 56,
            bits if has(bits, MicrosoftCompression::MPPE_40) => 40,
            _ => 0,
        };
        let both = |bit| u8::from(has(agreed.send, bit) && has(agreed.receive, bit));
        let either = |bit| u8::from(has(agreed.send, bit) || has(agreed.receive, bit));
        Self {
            send_bits: strength(agreed.send),
            receive_bits: strength(agreed.receive),
            stateless: both(MicrosoftCompression::STATELESS),
            compressed: either(MicrosoftCompression::MPPC),
            ..Self::new(EventKind::EncryptionUp)
        }
    }

    fn ip(agreed: &ipcp::Agreed) -> Self {
        let mut name_servers = [0; 8];
        let bytes = agreed.name_servers.into_iter().flat_map(four);
        for (to, from) in name_servers.iter_mut().zip(bytes) {
            *to = from;
        }
        Self {
            own_address: four(agreed.own_address),
            peer_address: four(agreed.peer_address),
            name_servers,
            ..Self::new(EventKind::IpUp)
        }
    }

    fn ipv6(agreed: &ipv6cp::Agreed) -> Self {
        Self {
            own_identifier: agreed.own.map_or(0, |identifier| identifier.0),
            peer_identifier: agreed.peer.map_or(0, |identifier| identifier.0),
            ..Self::new(EventKind::Ipv6Up)
        }
    }

    fn ppp(event: &Ppp) -> Self {
        match event {
            Ppp::Status(status) => Self::with_number(EventKind::Status, Status::of(*status).number()),
            Ppp::Authenticate(question) => {
                Self { ticket: question.ticket().get(), ..Self::new(EventKind::Authenticate) }
            }
            Ppp::Prove(demand) => {
                let is_retry = matches!(demand, Demand::Proof { is_retry: true, .. });
                let ticket = demand.ticket().get();
                Self { ticket, ..Self::with_number(EventKind::Prove, is_retry.into()) }
            }
            Ppp::PasswordExpired => Self::new(EventKind::PasswordExpired),
            Ppp::PeerAuthenticated => Self::new(EventKind::PeerAuthenticated),
            Ppp::EncryptionUp(agreed) => Self::encryption(*agreed),
            Ppp::EncryptionDown => Self::new(EventKind::EncryptionDown),
            Ppp::AddressWanted(address) => {
                Self { peer_address: address.octets(), ..Self::new(EventKind::AddressWanted) }
            }
            Ppp::IpUp(agreed) => Self::ip(agreed),
            Ppp::IpDown => Self::new(EventKind::IpDown),
            Ppp::IpFailed(_) => Self::new(EventKind::IpFailed),
            Ppp::Ipv6Up(agreed) => Self::ipv6(agreed),
            Ppp::Ipv6Down => Self::new(EventKind::Ipv6Down),
            Ppp::Ipv6Failed(_) => Self::new(EventKind::Ipv6Failed),
            Ppp::CoherencyLost => Self::new(EventKind::CoherencyLost),
            Ppp::Identification => Self::new(EventKind::Identification),
            Ppp::TimeRemaining { seconds } => Self::with_number(EventKind::TimeRemaining, *seconds),
            // The call's own end follows, with this reason.
            _ => Self::new(EventKind::Other),
        }
    }

    fn pptp_call(event: &pptp::CallEvent) -> Self {
        let number = |elapsed: Duration| u32::try_from(elapsed.as_millis()).unwrap_or(u32::MAX);
        match event {
            pptp::CallEvent::Ppp(event) => Self::ppp(event),
            pptp::CallEvent::NoData { elapsed } => Self::with_number(EventKind::NoData, number(*elapsed)),
            pptp::CallEvent::FlowAlarm { is_raised } => Self::with_number(EventKind::FlowAlarm, u32::from(*is_raised)),
            pptp::CallEvent::Writable => Self::new(EventKind::Writable),
            pptp::CallEvent::Closed(reason) => {
                Self::with_number(EventKind::CallClosed, reason.windows_error().unwrap_or(0))
            }
            _ => Self::new(EventKind::Other),
        }
    }

    fn l2tp_call(event: &l2tp::CallEvent) -> Self {
        match event {
            l2tp::CallEvent::Connected => Self::new(EventKind::CallUp),
            l2tp::CallEvent::Ppp(event) => Self::ppp(event),
            l2tp::CallEvent::Closed(reason) => {
                Self::with_number(EventKind::CallClosed, reason.windows_error().unwrap_or(0))
            }
            _ => Self::new(EventKind::Other),
        }
    }
}

impl Happened {
    /// Makes what C gets of it.
    pub(crate) fn flat(&self, connection: u64) -> Event {
        let closed = |error: Option<u32>| Event::with_number(EventKind::Closed, error.unwrap_or(0));
        let event = match self {
            Self::Pptp(pptp::Event::Established) | Self::L2tp(l2tp::Event::Established) => {
                Event::new(EventKind::Established)
            }
            Self::Pptp(pptp::Event::Call { call, event }) => {
                Event { call: call.get().into(), ..Event::pptp_call(event) }
            }
            Self::L2tp(l2tp::Event::Call { call, event }) => Event { call: call.get(), ..Event::l2tp_call(event) },
            Self::Pptp(pptp::Event::Closed(reason)) => closed(reason.windows_error()),
            Self::L2tp(l2tp::Event::Closed(reason)) => closed(reason.windows_error()),
            Self::L2tp(l2tp::Event::Drained) => Event::new(EventKind::Drained),
            _ => Event::new(EventKind::Other),
        };
        Event { connection, ..event }
    }

    /// Returns what a person can do about an end.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Self::Pptp(
                pptp::Event::Closed(reason) | pptp::Event::Call { event: pptp::CallEvent::Closed(reason), .. },
            ) => reason.advice(),
            Self::L2tp(
                l2tp::Event::Closed(reason) | l2tp::Event::Call { event: l2tp::CallEvent::Closed(reason), .. },
            ) => reason.advice(),
            Self::Pptp(_) | Self::L2tp(_) => "nothing has to be done",
        }
    }
}

/// A line for a log.
impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pptp(
                pptp::Event::Closed(reason) | pptp::Event::Call { event: pptp::CallEvent::Closed(reason), .. },
            ) => reason.fmt(f),
            Self::L2tp(
                l2tp::Event::Closed(reason) | l2tp::Event::Call { event: l2tp::CallEvent::Closed(reason), .. },
            ) => reason.fmt(f),
            Self::Pptp(pptp::Event::Call { event: pptp::CallEvent::Ppp(event), .. })
            | Self::L2tp(l2tp::Event::Call { event: l2tp::CallEvent::Ppp(event), .. }) => ppp_line(f, event),
            Self::Pptp(pptp::Event::Established) => f.write_str("the control connection is up"),
            Self::L2tp(l2tp::Event::Established) => f.write_str("the tunnel is up"),
            Self::L2tp(l2tp::Event::Drained) => f.write_str("the peer knows that the tunnel is over"),
            Self::Pptp(pptp::Event::Call { event, .. }) => pptp_line(f, event),
            Self::L2tp(l2tp::Event::Call { event: l2tp::CallEvent::Connected, .. }) => f.write_str("the call is up"),
            Self::L2tp(l2tp::Event::Call { event, .. }) => write!(f, "{event:?}"),
            Self::Pptp(event) => write!(f, "{event:?}"),
            Self::L2tp(event) => write!(f, "{event:?}"),
        }
    }
}

fn pptp_line(f: &mut fmt::Formatter<'_>, event: &pptp::CallEvent) -> fmt::Result {
    match event {
        pptp::CallEvent::NoData { elapsed } => {
            write!(f, "the call is up for {} s, and no GRE packet has come", elapsed.as_secs())
        }
        pptp::CallEvent::FlowAlarm { is_raised: true } => f.write_str("acknowledgments are late"),
        pptp::CallEvent::FlowAlarm { is_raised: false } => f.write_str("acknowledgments come in time again"),
        pptp::CallEvent::Writable => f.write_str("the peer's window has room again"),
        other => write!(f, "{other:?}"),
    }
}

fn ppp_line(f: &mut fmt::Formatter<'_>, event: &Ppp) -> fmt::Result {
    match event {
        Ppp::Status(status) => status.fmt(f),
        Ppp::EncryptionUp(agreed) => write!(f, "encryption up: sends {}, receives {}", agreed.send, agreed.receive),
        Ppp::IpUp(agreed) => {
            f.write_str("IP is up")?;
            agreed.own_address.map_or(Ok(()), |address| write!(f, ", own address {address}"))?;
            agreed.peer_address.map_or(Ok(()), |address| write!(f, ", peer's address {address}"))
        }
        Ppp::EncryptionDown => f.write_str("encryption is down"),
        Ppp::Authenticate(_) => f.write_str("the client presents a proof"),
        Ppp::Prove(_) => f.write_str("the proof was refused, and another may be given"),
        Ppp::PasswordExpired => f.write_str("the password has expired"),
        Ppp::PeerAuthenticated => f.write_str("the client has proved itself"),
        Ppp::IpDown => f.write_str("IP is down"),
        Ppp::Ipv6Up(_) => f.write_str("IPv6 is up"),
        Ppp::Ipv6Down => f.write_str("IPv6 is down"),
        Ppp::CoherencyLost => f.write_str("packets decrypt to nonsense: the keys differ, or packets are forged"),
        Ppp::Identification => f.write_str("the peer has said what it is"),
        Ppp::AddressWanted(address) => write!(f, "the client asks for the address {address}"),
        Ppp::TimeRemaining { seconds } => write!(f, "the session ends in {seconds} s"),
        Ppp::IpFailed(reason) => reason.fmt(f),
        Ppp::Ipv6Failed(reason) => reason.fmt(f),
        other => write!(f, "{other:?}"),
    }
}
