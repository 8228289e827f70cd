//! Questions to a RADIUS server, and its answers: RFC 2865, RFC 2548. Nothing waits meanwhile.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use pptp::mschap::radius::{AccessAccept, Attribute, Chap2Cpw, Chap2Response, ChapResponse, EncPw, Hiding, attributes};
use pptp::mschap::{v1, v2};
use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Ticket};
use pptp::ppp::chap::Code;
use pptp::server::Session;
use pptp::session::ExternalKeys;

use crate::calls::Key;
use crate::complain;
use crate::host::entropy;
use crate::radius::{
    ACCESS_ACCEPT, ACCESS_REJECT, CALLING_STATION_ID, CHAP_CHALLENGE, CHAP_PASSWORD, FRAMED_PROTOCOL, NAS_IP_ADDRESS,
    NAS_PORT_TYPE, REPLY_MESSAGE, Reply, Request, SERVICE_TYPE, USER_NAME, VENDOR_SPECIFIC,
};

/// How long one try waits for an answer, and how many there are.
const PATIENCE: Duration = Duration::from_secs(2);
const TRIES: u8 = 3;

/// What is said to whom nothing better can be said: a wrong name or password.
const REFUSED: &[u8] = b"E=691 R=0 V=3 M=Authentication failed";

/// A RADIUS server, and what it was asked.
pub struct Inquiries {
    socket: UdpSocket,
    secret: Vec<u8>,
    must_be_signed: bool,
    nas: Ipv4Addr,
    next: u8,
    /// By the identifier of the request.
    open: BTreeMap<u8, Inquiry>,
}

struct Inquiry {
    call: Key,
    ticket: Ticket,
    kind: Kind,
    request: Request,
    deadline: Duration,
    tries: u8,
}

/// What the keys are made from.
#[derive(Clone, Copy)]
enum Kind {
    MsChapV1([u8; 8]),
    MsChapV2,
    Other,
}

/// What is to be said to a client.
pub struct Verdict {
    /// Which client.
    pub call: Key,
    ticket: Ticket,
    is_accepted: bool,
    keys: Option<ExternalKeys>,
    message: Vec<u8>,
}

impl Verdict {
    fn refused(call: Key, ticket: Ticket) -> Self {
        Self { call, ticket, is_accepted: false, keys: None, message: REFUSED.to_vec() }
    }

    /// Says it.
    ///
    /// # Errors
    ///
    /// The client has gone in the meantime, and does not hear it.
    pub fn apply(self, now: Duration, session: &mut Session) -> Result<Outcome, AnswerError> {
        let (_, call) = self.call;
        if self.is_accepted {
            session.accept(now, call, self.ticket, &self.message, self.keys)
        } else {
            session.answer(now, call, self.ticket, &Answer::Reject(&self.message))
        }
    }
}

impl Inquiries {
    /// The server at this address.
    ///
    /// # Errors
    ///
    /// There is no route to it.
    pub fn new(server: SocketAddr, secret: &str, must_be_signed: bool, nas: Ipv4Addr) -> io::Result<Self> {
        let any = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        let secret = secret.as_bytes().to_vec();
        Ok(Self { socket, secret, must_be_signed, nas, next: 0, open: BTreeMap::new() })
    }

    /// Asks about what a client presents. A verdict, when that cannot be asked.
    pub fn ask(
        &mut self,
        now: Duration,
        call: Key,
        ticket: Ticket,
        presented: &Presented<'_>,
        peer: IpAddr,
    ) -> Option<Verdict> {
        let free = (0..=u8::MAX).map(|step| self.next.wrapping_add(step)).find(|id| !self.open.contains_key(id));
        let (Some(identifier), Ok(octets)) = (free, entropy()) else {
            complain("256 questions wait for the RADIUS server: one more is refused");
            return Some(Verdict::refused(call, ticket));
        };
        self.next = identifier.wrapping_add(1);
        let mut request = Request::new(identifier, octets.first_chunk().copied().unwrap_or_default());
        let Some(kind) = self.fill(&mut request, presented, peer) else {
            return Some(Verdict::refused(call, ticket));
        };
        // What is lost is sent again.
        let _ = self.socket.send(request.finish(&self.secret));
        let deadline = now.saturating_add(PATIENCE);
        self.open.insert(identifier, Inquiry { call, ticket, kind, request, deadline, tries: 1 });
        None
    }

    /// What the server has to know. `None` when the client presents what cannot be asked about.
    fn fill(&self, request: &mut Request, presented: &Presented<'_>, peer: IpAddr) -> Option<Kind> {
        request.add(USER_NAME, presented.name()?.0);
        request.add(NAS_IP_ADDRESS, &self.nas.octets());
        // Virtual; Framed; PPP.
        for (kind, value) in [(NAS_PORT_TYPE, 5_u32), (SERVICE_TYPE, 2), (FRAMED_PROTOCOL, 1)] {
            request.add(kind, &value.to_be_bytes());
        }
        request.add(CALLING_STATION_ID, peer.to_string().as_bytes());
        let mut buf = [0; Attribute::MAX_LEN];
        let mut microsoft = |attribute: Attribute<'_>| -> Option<()> {
            request.add_whole(attribute.encode(&mut buf).ok()?);
            Some(())
        };
        Some(match *presented {
            Presented::Pap { password, .. } => {
                request.add_password(password.as_octets(), &self.secret);
                Kind::Other
            }
            Presented::Md5 { identifier, challenge, response, .. } => {
                let mut value = vec![identifier];
                value.extend(response);
                request.add(CHAP_PASSWORD, &value);
                request.add(CHAP_CHALLENGE, challenge);
                Kind::Other
            }
            Presented::MsChap { version: 1, identifier: ident, challenge, response, .. } => {
                let response = v1::Response::decode(response).ok()?;
                microsoft(Attribute::Challenge(challenge))?;
                microsoft(Attribute::ChapResponse(ChapResponse { ident, response }))?;
                Kind::MsChapV1(challenge.try_into().ok()?)
            }
            Presented::MsChap { identifier: ident, challenge, response, .. } => {
                let response = v2::Response::decode(response).ok()?;
                microsoft(Attribute::Challenge(challenge))?;
                microsoft(Attribute::Chap2Response(Chap2Response { ident, response }))?;
                Kind::MsChapV2
            }
            Presented::ChangePassword {
                code: Code::CHANGE_PASSWORD_3, identifier: ident, challenge, packet, ..
            } => {
                let change = v2::ChangePassword::decode(packet).ok()?;
                microsoft(Attribute::Challenge(challenge))?;
                microsoft(Attribute::Chap2Cpw(Chap2Cpw::new(ident, &change)))?;
                for piece in EncPw::split(ident, &change.encrypted_password) {
                    microsoft(Attribute::NtEncPw(piece))?;
                }
                Kind::MsChapV2
            }
            // Changes of version 1 are not asked about, nor is EAP.
            _ => return None,
        })
    }

    /// The next answer that has come.
    pub fn receive(&mut self) -> Option<Verdict> {
        let mut buf = [0; 4096];
        loop {
            let length = match self.socket.recv(&mut buf) {
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // "Port unreachable": it may come back before the last try.
                Err(_) => continue,
            };
            let Some(octets) = buf.get(..length) else { continue };
            let Some(inquiry) = octets.get(1).and_then(|identifier| self.open.get(identifier)) else { continue };
            let Some(reply) = inquiry.request.reply(octets, &self.secret, self.must_be_signed) else {
                complain("an answer of the RADIUS server is not genuine: do both know the same secret?");
                continue;
            };
            let verdict = verdict(inquiry, &reply, &self.secret);
            let identifier = octets.get(1).copied().unwrap_or_default();
            self.open.remove(&identifier);
            return Some(verdict);
        }
    }

    /// When to come back.
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.open.values().map(|inquiry| inquiry.deadline).min()
    }

    /// Asks again, or gives up: then there is a verdict, and maybe another one.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Verdict> {
        let mut given_up = None;
        for (identifier, inquiry) in &mut self.open {
            if inquiry.deadline > now {
                continue;
            }
            if inquiry.tries >= TRIES {
                given_up = Some(*identifier);
                break;
            }
            inquiry.tries += 1;
            inquiry.deadline = now.saturating_add(PATIENCE);
            let _ = self.socket.send(inquiry.request.octets());
        }
        let inquiry = self.open.remove(&given_up?)?;
        complain("the RADIUS server does not answer");
        Some(Verdict::refused(inquiry.call, inquiry.ticket))
    }
}

impl AsFd for Inquiries {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// What an answer means for the client.
fn verdict(inquiry: &Inquiry, reply: &Reply<'_>, secret: &[u8]) -> Verdict {
    let Inquiry { call, ticket, kind, request, .. } = inquiry;
    let refused = || Verdict::refused(*call, *ticket);
    let hiding = Hiding::new(secret, request.authenticator());
    if reply.code != ACCESS_ACCEPT {
        let message = refusal(*kind, reply).filter(|_| reply.code == ACCESS_REJECT);
        return Verdict { message: message.unwrap_or(REFUSED.to_vec()), ..refused() };
    }
    let accept = match AccessAccept::decode(reply.values(VENDOR_SPECIFIC), &hiding) {
        Ok(accept) => accept,
        Err(error) => {
            complain(&format!("the RADIUS server accepts, but: {error}"));
            return refused();
        }
    };
    let (message, keys) = match kind {
        Kind::MsChapV1(challenge) => (Vec::new(), ExternalKeys::from_radius_v1(&accept, challenge)),
        Kind::MsChapV2 => {
            let Some(success) = &accept.success else {
                complain("the RADIUS server accepts without MS-CHAP2-Success, which the client has to have");
                return refused();
            };
            (success.message().to_vec(), ExternalKeys::from_radius(&accept))
        }
        Kind::Other => (Vec::new(), ExternalKeys::from_radius(&accept)),
    };
    if let (Err(error), Kind::MsChapV1(_) | Kind::MsChapV2) = (&keys, kind) {
        complain(&format!("the RADIUS server accepts, and gives no keys for encryption: {error}"));
    }
    Verdict { is_accepted: true, keys: keys.ok(), message, ..refused() }
}

/// RFC 2548 section 2.1.4: why, as the client is to be told.
fn refusal(kind: Kind, reply: &Reply<'_>) -> Option<Vec<u8>> {
    if let Kind::Other = kind {
        return Some(reply.values(REPLY_MESSAGE).next().unwrap_or(b"Authentication failed").to_vec());
    }
    let of_microsoft = reply.values(VENDOR_SPECIFIC).filter_map(|value| attributes(value).ok());
    of_microsoft.flatten().flatten().find_map(|attribute| match attribute {
        Attribute::ChapError(error) => Some(error.message.to_vec()),
        _ => None,
    })
}
