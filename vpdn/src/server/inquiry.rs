//! Questions to RADIUS servers about those who want to come in: RFC 2865, RFC 2548. Nothing waits meanwhile.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use mschap::radius::{Attribute, Chap2Cpw, Chap2Response, ChapResponse, EncPw, attributes};
use mschap::{v1, v2};
use pptp::ppp::auth::{Presented, Question};
use pptp::ppp::chap::Code as ChapCode;
use pptp::ppp_session::ExternalKeys;

use super::calls::Key;
use super::output::complain;
use crate::config::RadiusSettings;
use crate::radius::{Answer, AttributeKind, Authorization, Client, Code, Event, QuestionId, Reply, Request};

/// The open questions to RADIUS servers, by call.
pub(super) struct Inquiries {
    pub(super) client: Client,
    nas_address: Ipv4Addr,
    nas_identifier: Option<String>,
    /// How many questions may be open for one address.
    max_per_address: usize,
    open: BTreeMap<QuestionId, Inquiry>,
    by_call: BTreeMap<Key, QuestionId>,
    by_address: BTreeMap<IpAddr, usize>,
}

struct Inquiry {
    call: Key,
    peer: IpAddr,
    question: Question,
    kind: Kind,
}

/// The source of the keys.
#[derive(Clone, Copy)]
enum Kind {
    MsChapV1([u8; 8]),
    MsChapV2,
    Other,
}

/// The verdict for a client.
pub(super) struct Verdict {
    /// Which client.
    pub(super) call: Key,
    /// The question that was asked of us.
    pub(super) question: Question,
    /// The answer.
    pub(super) decision: Decision,
}

/// The answer to a client.
pub(super) enum Decision {
    /// It may come in.
    Accept { message: Vec<u8>, keys: Option<ExternalKeys>, authorization: Box<Authorization> },
    /// It may not come in, and gets this message. Empty: the message that all get.
    Reject { message: Vec<u8> },
    /// No server has answered.
    Silence,
}

impl Decision {
    fn refused() -> Self {
        Self::Reject { message: Vec::new() }
    }
}

impl Inquiries {
    /// Asks nobody yet.
    pub(super) fn new(client: Client, settings: &RadiusSettings, own: Ipv4Addr, max_per_address: usize) -> Self {
        let nas_address = settings.nas_ip_address.unwrap_or(own);
        let (open, by_call, by_address) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let nas_identifier = settings.nas_identifier.clone();
        Self { client, nas_address, nas_identifier, max_per_address, open, by_call, by_address }
    }

    /// Asks about what a client presents. Returns a verdict when that cannot be asked.
    pub(super) fn ask(
        &mut self,
        now: Duration,
        call: Key,
        question: Question,
        presented: &Presented<'_>,
        peer: IpAddr,
    ) -> Option<Verdict> {
        let refused = Some(Verdict { call, question, decision: Decision::refused() });
        // A client that asks again has given up the question before.
        self.forget(call);
        if self.by_address.get(&peer).is_some_and(|open| *open >= self.max_per_address) {
            return refused;
        }
        let Some((request, kind)) = self.request(presented, peer, call) else { return refused };
        match self.client.ask(now, request) {
            Ok(id) => {
                self.open.insert(id, Inquiry { call, peer, question, kind });
                self.by_call.insert(call, id);
                *self.by_address.entry(peer).or_default() += 1;
                None
            }
            Err(error) => {
                complain(&error.to_string());
                refused
            }
        }
    }

    /// Forgets what was asked for a call that is over; its number is free.
    pub(super) fn forget(&mut self, call: Key) {
        if let Some(id) = self.by_call.get(&call).copied() {
            self.client.cancel(id);
            self.close(id);
        }
    }

    fn close(&mut self, id: QuestionId) -> Option<Inquiry> {
        let inquiry = self.open.remove(&id)?;
        self.by_call.remove(&inquiry.call);
        if let Some(open) = self.by_address.get_mut(&inquiry.peer) {
            *open -= 1;
            if *open == 0 {
                self.by_address.remove(&inquiry.peer);
            }
        }
        Some(inquiry)
    }

    /// Returns what the server has to know. `None` when the client presents what cannot be asked
    /// about.
    fn request(&self, presented: &Presented<'_>, peer: IpAddr, (_, call): Key) -> Option<(Request, Kind)> {
        let mut request = Request::access();
        request.add(AttributeKind::USER_NAME, presented.name()?.0).ok()?;
        request.add_nas(self.nas_address, self.nas_identifier.as_deref(), call.get().into());
        request.add_text(AttributeKind::CALLING_STATION_ID, &peer.to_string());
        let kind = match *presented {
            Presented::Pap { password, .. } => {
                request.add_password(password.as_octets());
                Kind::Other
            }
            Presented::Md5 { identifier, challenge, response, .. } => {
                request.add(AttributeKind::CHAP_PASSWORD, &[&[identifier], response].concat()).ok()?;
                request.add(AttributeKind::CHAP_CHALLENGE, challenge).ok()?;
                Kind::Other
            }
            Presented::MsChap { version: 1, identifier: ident, challenge, response, .. } => {
                let response = v1::Response::decode(response).ok()?;
                request.add_microsoft(&Attribute::Challenge(challenge)).ok()?;
                request.add_microsoft(&Attribute::ChapResponse(ChapResponse { ident, response })).ok()?;
                Kind::MsChapV1(challenge.try_into().ok()?)
            }
            Presented::MsChap { identifier: ident, challenge, response, .. } => {
                let response = v2::Response::decode(response).ok()?;
                request.add_microsoft(&Attribute::Challenge(challenge)).ok()?;
                request.add_microsoft(&Attribute::Chap2Response(Chap2Response { ident, response })).ok()?;
                Kind::MsChapV2
            }
            Presented::ChangePassword { code: ChapCode::CHANGE_PASSWORD_3, identifier, challenge, packet, .. } => {
                let change = v2::ChangePassword::decode(packet).ok()?;
                request.add_microsoft(&Attribute::Challenge(challenge)).ok()?;
                request.add_microsoft(&Attribute::Chap2Cpw(Chap2Cpw::new(identifier, &change))).ok()?;
                for piece in EncPw::split(identifier, &change.encrypted_password) {
                    request.add_microsoft(&Attribute::NtEncPw(piece)).ok()?;
                }
                Kind::MsChapV2
            }
            // Changes of version 1 are not asked about, nor is EAP.
            _ => return None,
        };
        Some((request, kind))
    }

    /// Returns the next verdict.
    pub(super) fn poll_verdict(&mut self) -> Option<Verdict> {
        loop {
            let Event { question: id, answer, .. } = self.client.poll_event()?;
            let Some(Inquiry { call, question, kind, .. }) = self.close(id) else { continue };
            let decision = match answer {
                Answer::Reply(reply) => decide(kind, &reply),
                Answer::Silence => Decision::Silence,
            };
            return Some(Verdict { call, question, decision });
        }
    }
}

/// Returns what an answer means for the client.
fn decide(kind: Kind, reply: &Reply) -> Decision {
    if reply.code() != Code::ACCESS_ACCEPT {
        let message = refusal(kind, reply).filter(|_| reply.code() == Code::ACCESS_REJECT);
        return message.map_or_else(Decision::refused, |message| Decision::Reject { message });
    }
    let (authorization, accept) = match Authorization::read(reply) {
        Ok(read) => read,
        Err(error) => {
            complain(&format!("the RADIUS server accepts, but: {error}"));
            return Decision::refused();
        }
    };
    let reply_message = || reply.values(AttributeKind::REPLY_MESSAGE).next().unwrap_or_default().to_vec();
    let (message, keys) = match kind {
        Kind::MsChapV1(challenge) => (reply_message(), ExternalKeys::from_radius_v1(&accept, &challenge)),
        Kind::MsChapV2 => {
            let Some(success) = &accept.success else {
                complain("the RADIUS server accepts without MS-CHAP2-Success, which the client has to have");
                return Decision::refused();
            };
            (success.message().to_vec(), ExternalKeys::from_radius(&accept))
        }
        Kind::Other => (reply_message(), ExternalKeys::from_radius(&accept)),
    };
    if let (Err(error), Kind::MsChapV1(_) | Kind::MsChapV2) = (&keys, kind) {
        complain(&format!("the RADIUS server accepts, and gives no keys for encryption: {error}"));
    }
    Decision::Accept { message, keys: keys.ok(), authorization: Box::new(authorization) }
}

/// Returns why a client is refused, as it is to be sent (RFC 2548 section 2.1.4).
fn refusal(kind: Kind, reply: &Reply) -> Option<Vec<u8>> {
    if let Kind::Other = kind {
        return Some(reply.values(AttributeKind::REPLY_MESSAGE).next().unwrap_or_default().to_vec());
    }
    let of_microsoft = reply.values(AttributeKind::VENDOR_SPECIFIC).filter_map(|value| attributes(value).ok());
    of_microsoft.flatten().flatten().find_map(|attribute| match attribute {
        Attribute::ChapError(error) => Some(error.message.to_vec()),
        _ => None,
    })
}
