//! A session of L2TP, with a tunnel or without, which is driven the same way.

use std::net::SocketAddr;
use std::time::Duration;

use l2tp_session::client::{Config as ClientConfig, Session as Signalled};
use l2tp_session::manual::{Payload, Session as Manual};
use l2tp_session::ppp_session;
use l2tp_session::session::{
    BufferTooSmall, Call, CallEvent, Config, Event, Reason, ReceiveError, Received, SendError, Transmit,
};
use l2tp_session::wire::data::{self, Sequencing as Numbers, SessionWire, Wire};
use l2tp_session::wire::header::Cookie;
use l2tp_session::wire::{Address, TunnelIds, UDP_PORT};
use pptp::ppp::auth::{AnswerError, Ticket};

use super::context::Context;
use crate::config::{Circuit, CookieText, IpProtocol, ManualSession, Sequencing};
use crate::host::{Carrier, Failure, entropy};

/// One session.
pub(super) enum Line {
    /// A tunnel sets it up.
    Signalled(Signalled),
    /// Its numbers are configured: `protocol none`.
    Manual(Manual),
}

/// The news of a session.
pub(super) enum News {
    /// The tunnel is up, whose other end has this name.
    Established(String),
    /// Frames of Ethernet may flow.
    Frames,
    Ppp(ppp_session::Event),
    Over(Reason),
    Other,
}

impl Line {
    /// Makes a session with a peer, and the sockets for it.
    ///
    /// # Errors
    ///
    /// A socket cannot be had, or the password of the tunnel is too long.
    pub(super) fn dial(context: &Context<'_>, server: SocketAddr) -> Result<(Self, Carrier), Failure> {
        let config = context.l2tp()?;
        let protocol = context.ip_protocol();
        let peer = match protocol {
            IpProtocol::Udp => Address::udp(server),
            IpProtocol::L2tp => Address::ip(server.ip()),
        };
        let local_port = context.client.manual.as_ref().map_or(0, |manual| manual.local_port.unwrap_or(UDP_PORT));
        let own = context.source_to(server.ip())?;
        let carrier = match protocol {
            IpProtocol::Udp => Carrier::udp((own, local_port).into())?,
            IpProtocol::L2tp => Carrier::ip(own)?,
        };
        if let Some(manual) = &context.client.manual {
            return Ok((Self::Manual(by_hand(context, manual, peer, &config)?), carrier));
        }
        let mut setup = ClientConfig::new(context.user(), config);
        if let Some(vcid) = context.client.vcid {
            setup = setup.with_remote_end_id(&vcid.to_string());
        }
        let line = Self::Signalled(Signalled::dial(&setup, peer, TunnelIds::new(entropy()?), entropy()?));
        Ok((line, carrier))
    }

    /// Begins.
    ///
    /// # Errors
    ///
    /// The tunnel cannot be asked for.
    pub(super) fn open(&mut self, now: Duration) -> Result<(), Failure> {
        match self {
            Self::Signalled(session) => session.open(now).map_err(|error| Failure::other(error.to_string())),
            // It is up.
            Self::Manual(_) => Ok(()),
        }
    }

    /// Hangs up.
    pub(super) fn close(&mut self, now: Duration) {
        match self {
            Self::Signalled(session) => session.close(now),
            Self::Manual(session) => session.close(now),
        }
    }

    /// Returns whether the peer knows of the end. Without a tunnel nothing can let it know.
    pub(super) const fn is_acknowledged(&self) -> bool {
        match self {
            Self::Signalled(session) => session.is_acknowledged(),
            Self::Manual(session) => session.reason().is_some(),
        }
    }

    /// Takes the length of the longest IP packet that the path carries.
    pub(super) fn handle_path_mtu(&mut self, mtu: u16) {
        match self {
            Self::Signalled(session) => session.handle_path_mtu(mtu),
            Self::Manual(session) => session.handle_path_mtu(mtu),
        }
    }

    pub(super) fn call(&self) -> Option<Call<'_>> {
        match self {
            Self::Signalled(session) => session.first_call(),
            Self::Manual(session) => Some(session.call()),
        }
    }

    pub(super) fn ppp(&self) -> Option<&ppp_session::Session> {
        self.call()?.ppp()
    }

    pub(super) fn poll_event(&mut self) -> Option<News> {
        let event = match self {
            Self::Signalled(session) => match session.poll_event()? {
                Event::Established => {
                    let name = session.tunnel().peer().map(|peer| peer.host_name.to_string());
                    return Some(News::Established(name.unwrap_or_default()));
                }
                Event::Closed(reason) => return Some(News::Over(reason)),
                Event::Call { event: CallEvent::Closed(_), .. } => return Some(News::Other),
                Event::Call { event, .. } => event,
                _ => return Some(News::Other),
            },
            Self::Manual(session) => session.poll_event()?,
        };
        Some(match event {
            CallEvent::Ppp(event) => News::Ppp(event),
            CallEvent::Closed(reason) => News::Over(reason),
            CallEvent::Connected if self.ppp().is_none() => News::Frames,
            _ => News::Other,
        })
    }

    pub(super) fn poll_transmit<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Transmit<'b>>, BufferTooSmall> {
        match self {
            Self::Signalled(session) => session.poll_transmit(now, buf),
            Self::Manual(session) => session.poll_transmit(now, buf),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        match self {
            Self::Signalled(session) => session.poll_timeout(),
            Self::Manual(session) => session.poll_timeout(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) {
        match self {
            Self::Signalled(session) => session.handle_timeout(now),
            Self::Manual(session) => session.handle_timeout(now),
        }
    }

    pub(super) fn handle_datagram<'p>(
        &mut self,
        now: Duration,
        source: Address,
        packet: &'p mut [u8],
        scratch: &'p mut [u8],
    ) -> Result<Received<'p>, ReceiveError> {
        match self {
            Self::Signalled(session) => session.handle_datagram(now, source, packet, scratch),
            Self::Manual(session) => session.handle_datagram(now, source, packet, scratch),
        }
    }

    pub(super) fn poll_receive<'b>(
        &mut self,
        now: Duration,
        buf: &'b mut [u8],
    ) -> Result<Option<Received<'b>>, BufferTooSmall> {
        match self {
            Self::Signalled(session) => session.poll_receive(now, buf),
            Self::Manual(session) => session.poll_receive(now, buf),
        }
    }

    /// Sends what came out of the device: an IP packet, or a frame where the session carries frames.
    pub(super) fn send<'b>(&mut self, now: Duration, buf: &'b mut [u8]) -> Result<Transmit<'b>, SendError> {
        match self {
            Self::Signalled(session) => session.first_call_mut().ok_or(SendError::NoCall)?.send_ip(now, buf),
            Self::Manual(session) if session.call().ppp().is_none() => session.send_frame(now, buf),
            Self::Manual(session) => session.send_ip(now, buf),
        }
    }

    /// Says that there is no other proof. The demand for one was just polled.
    pub(super) fn decline(&mut self, now: Duration, ticket: Ticket) {
        let declined = match self {
            Self::Signalled(session) => session.first_call_mut().map(|mut call| call.decline(now, ticket)),
            Self::Manual(session) => session.with_ppp(now, |ppp, now| ppp.decline(now, ticket)),
        };
        debug_assert!(declined.is_none_or(|result| result.is_ok()), "the demand was just polled");
    }

    /// Changes the password. `None`: there is no PPP any more.
    pub(super) fn change_password(&mut self, now: Duration, new: &str) -> Option<Result<(), AnswerError>> {
        match self {
            Self::Signalled(session) => session.first_call_mut().map(|mut call| call.change_password(now, new)),
            Self::Manual(session) => session.with_ppp(now, |ppp, now| ppp.change_password(now, new)),
        }
    }
}

/// Makes a session from its configured numbers.
fn by_hand(context: &Context<'_>, manual: &ManualSession, peer: Address, config: &Config) -> Result<Manual, Failure> {
    let pseudowire = context.config.classes(None, context.client.pseudowire_class.as_ref()).1;
    let has_sublayer = pseudowire.is_some_and(|class| class.sublayer || class.sequencing != Sequencing::Off);
    let wire = |session_id, cookie: &Option<CookieText>| SessionWire {
        session_id,
        cookie: cookie.as_ref().map_or(Cookie::Zero, CookieText::cookie),
        has_sublayer,
    };
    let local = wire(manual.local_id, &manual.local_cookie);
    let wire = Wire::V3 { local, peer: wire(manual.remote_id, &manual.remote_cookie) };
    let numbers = match pseudowire.map_or(Sequencing::Off, |class| class.sequencing) {
        Sequencing::Off => Numbers::Off,
        Sequencing::Transmit => Numbers::Transmit,
        Sequencing::Receive => Numbers::Receive,
        Sequencing::Both => Numbers::Both,
    };
    let payload = match manual.circuit {
        Circuit::Ppp => Payload::Client(context.user()),
        Circuit::Ethernet => Payload::Ethernet,
    };
    let wire = data::Config::new(peer, wire).with_sequencing(numbers);
    Ok(Manual::new(context.clock.now(), wire, config, payload, entropy()?))
}

/// Returns the longest packet in frames of Ethernet that fit into packets of so many bytes outside.
pub(super) fn ethernet_mtu(config: &data::Config, outside: u16) -> u16 {
    // RFC 791, RFC 8200, RFC 768; RFC 894: two addresses and a type.
    let ip = if config.peer().host().is_ipv6() { 40 } else { 20 };
    let udp = if config.peer().is_ip() { 0 } else { 8 };
    let headers = u16::try_from(config.header_len()).unwrap_or(u16::MAX).saturating_add(ip + udp + 14);
    outside.saturating_sub(headers)
}
