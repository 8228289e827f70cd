//! A session of either carrier, as the functions see it.

#![expect(clippy::wildcard_enum_match_arm, reason = "errors and events of later versions are as the most general one")]

use core::net::Ipv4Addr;
use core::time::Duration;

use ppp_session::ExternalKeys;
use ppp_session::ppp::auth::{Answer, AnswerError, Outcome, Ticket};

use crate::error::Error;
use crate::event::Happened;
use crate::packet::Lent;

pub(crate) mod l2tp;
pub(crate) mod pptp;

/// A session: of PPTP a control connection with its calls, of L2TP a tunnel with its calls.
pub(crate) trait Machine {
    /// Begins.
    fn open(&mut self, now: Duration) -> Result<(), Error>;

    /// Hangs up.
    fn close(&mut self, now: Duration);

    /// Returns whether nothing is left to be sent or reported.
    fn is_over(&self) -> bool;

    /// Returns whether the peer knows that everything is over, or was given up.
    fn is_acknowledged(&self) -> bool;

    /// Returns the oldest call.
    fn first_call(&self) -> Option<u32>;

    /// Returns PPP of a call.
    fn ppp(&self, call: u32) -> Option<&ppp_session::Session>;

    /// Returns the longest IP packet that may be sent by a call.
    fn mtu(&self, call: u32) -> Option<u16>;

    /// Returns the counters of a call's packets.
    fn traffic(&self, call: u32) -> Option<Traffic>;

    /// Takes a packet.
    fn handle_packet<'p>(
        &mut self,
        now: Duration,
        source: Option<l2tp_session::wire::Address>,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Option<Lent<'p>>, Error>;

    /// Writes the next packet that is no data.
    fn poll_packet<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error>;

    /// Writes the next IP packet that had to wait.
    fn poll_receive<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error>;

    /// Sends an IP packet that lies behind `HEADROOM` bytes.
    fn send_ip<'b>(&mut self, now: Duration, call: u32, buf: &'b mut [u8]) -> Result<Lent<'b>, Error>;

    /// Returns the next event.
    fn poll_event(&mut self) -> Option<Happened>;

    fn poll_timeout(&self) -> Option<Duration>;

    fn handle_timeout(&mut self, now: Duration);

    /// Does something with a call.
    fn command(&mut self, now: Duration, call: u32, command: Command<'_>) -> Result<Option<Outcome>, Error>;

    /// Returns whether TCP should be read. L2TP has none.
    fn wants_read(&self) -> Result<bool, Error> {
        Err(Error::OtherProtocol)
    }

    /// Takes bytes of TCP.
    fn handle_stream(&mut self, _: Duration, _: &[u8]) -> Result<usize, Error> {
        Err(Error::OtherProtocol)
    }

    /// Takes the end of TCP.
    fn handle_disconnect(&mut self, _: Duration) -> Result<(), Error> {
        Err(Error::OtherProtocol)
    }

    /// Writes the next bytes for TCP.
    fn poll_stream<'b>(&mut self, _: Duration, _: &'b mut [u8]) -> Result<Option<Lent<'b>>, Error> {
        Err(Error::OtherProtocol)
    }
}

/// Something to do with a call.
pub(crate) enum Command<'a> {
    Close,
    Ping,
    Answer(Ticket, Answer<'a>),
    Accept(Ticket, &'a [u8], Option<ExternalKeys>),
    AssignAddress(Ipv4Addr),
    AssignNameServers([Option<Ipv4Addr>; 2]),
    ChangePassword(&'a str),
    Prove(Ticket, &'a str, &'a str),
    Decline(Ticket),
    RejectChange,
}

/// The counters of a call's packets.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Traffic {
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) out_of_order: u64,
    pub(crate) lost: u64,
}

/// Carries a command out, on the handle of a call. The two carriers' have the same methods.
macro_rules! carry_out {
    ($call:expr, $now:expr, $command:expr) => {{
        let (mut call, now) = ($call, $now);
        match $command {
            Command::Close => {
                call.close(now);
                Ok(None)
            }
            Command::Ping => {
                call.ping(now);
                Ok(None)
            }
            Command::Answer(ticket, answer) => call.answer(now, ticket, &answer).map(Some),
            Command::Accept(ticket, message, keys) => call.accept(now, ticket, message, keys).map(Some),
            Command::AssignAddress(address) => {
                call.assign_address(address);
                Ok(None)
            }
            Command::AssignNameServers(servers) => {
                call.assign_name_servers(servers);
                Ok(None)
            }
            Command::ChangePassword(new) => call.change_password(now, new).map(|()| None),
            Command::Prove(ticket, name, password) => call
                .prove(now, ticket, name, &ppp_session::ppp::auth::Secret::Password(password.as_bytes()))
                .map(|()| None),
            Command::Decline(ticket) => call.decline(now, ticket).map(|()| None),
            Command::RejectChange => {
                call.reject_change(now);
                Ok(None)
            }
        }
        .map_err(Error::from)
    }};
}
use carry_out;

impl From<AnswerError> for Error {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::NotAsked => Self::NotAsked,
            AnswerError::TooLong => Self::Text,
            _ => Self::Unsuitable,
        }
    }
}

impl From<ppp_session::BufferTooSmall> for Error {
    fn from(_: ppp_session::BufferTooSmall) -> Self {
        Self::BufferTooSmall
    }
}

impl From<ppp_session::SendError> for Error {
    fn from(error: ppp_session::SendError) -> Self {
        use ppp_session::SendError;
        match error {
            SendError::NotIp => Self::NotIp,
            SendError::TooLong { .. } => Self::TooLong,
            SendError::BufferTooSmall(_) => Self::BufferTooSmall,
            _ => Self::NotConnected,
        }
    }
}

impl From<ppp_session::ReceiveError> for Error {
    fn from(error: ppp_session::ReceiveError) -> Self {
        match error {
            ppp_session::ReceiveError::BufferTooSmall(_) => Self::BufferTooSmall,
            _ => Self::Refused,
        }
    }
}

/// Returns the part of a buffer that a carrier's own headroom begins.
fn behind(buf: &mut [u8], headroom: usize) -> Result<&mut [u8], Error> {
    let start = crate::packet::HEADROOM.saturating_sub(headroom);
    buf.get_mut(start..).ok_or(Error::BufferTooSmall)
}
