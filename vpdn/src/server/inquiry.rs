//! Questions to RADIUS servers about those who want to come in: RFC 2865, RFC 2548. Nothing waits meanwhile.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use mschap::radius::{Attribute, Chap2Cpw, Chap2Response, ChapResponse, EncPw, attributes};
use mschap::{v1, v2};
use pptp::ppp::auth::{Presented, Question};
use pptp::ppp::chap::Code as ChapCode;
use pptp::ppp::eap;
use pptp::ppp_session::ExternalKeys;

use super::key::Key;
use super::line::Visit;
use super::output::complain;
use super::seats::{Seat, Seats};
use crate::config::RadiusSettings;
use crate::radius::{
    Answer, AttributeKind, Authorization, Client, Code, Event, QuestionId, Reply, Request, ServerNumber,
};

/// The open questions to RADIUS servers, by call.
pub(super) struct Inquiries {
    pub(super) client: Client,
    nas_address: Ipv4Addr,
    nas_identifier: Option<String>,
    /// How many questions may be open for one address, in all shards.
    seats: Arc<Seats>,
    open: BTreeMap<QuestionId, Inquiry>,
    by_call: BTreeMap<Key, QuestionId>,
    /// The server and its State, for the next response of a client (RFC 3579 section 2).
    challenges: BTreeMap<Key, Challenge>,
}

/// The State of an Access-Challenge, which goes back with the answer to it (RFC 2865 section 5.24).
struct Challenge {
    server: Option<ServerNumber>,
    state: Option<Vec<u8>>,
}

struct Inquiry {
    call: Key,
    question: Question,
    kind: Kind,
    _seat: Seat,
}

/// The source of the keys.
#[derive(Clone, Copy)]
enum Kind {
    MsChapV1([u8; 8]),
    MsChapV2,
    Eap,
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
    /// The server's next request of EAP.
    EapRequest { packet: Vec<u8> },
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
    pub(super) fn new(client: Client, settings: &RadiusSettings, own: Ipv4Addr, seats: Arc<Seats>) -> Self {
        let nas_address = settings.nas_ip_address.unwrap_or(own);
        let (open, by_call, challenges) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let nas_identifier = settings.nas_identifier.clone();
        Self { client, nas_address, nas_identifier, seats, open, by_call, challenges }
    }

    /// Asks about what a client presents. Returns a verdict when that cannot be asked.
    pub(super) fn ask(&mut self, now: Duration, visit: &Visit<'_>, question: Question) -> Option<Verdict> {
        let call = visit.key;
        let refused = Some(Verdict { call, question, decision: Decision::refused() });
        let challenge = self.challenges.remove(&call);
        // A client that asks again has given up the question before.
        self.forget(call);
        // One address must not take every question.
        let Ok(seat) = self.seats.take(visit.peer) else { return refused };
        let Some((request, kind)) = self.request(visit, challenge) else { return refused };
        match self.client.ask(now, request) {
            Ok(id) => {
                self.open.insert(id, Inquiry { call, question, kind, _seat: seat });
                self.by_call.insert(call, id);
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
        self.challenges.remove(&call);
        if let Some(id) = self.by_call.get(&call).copied() {
            self.client.cancel(id);
            self.close(id);
        }
    }

    fn close(&mut self, id: QuestionId) -> Option<Inquiry> {
        let inquiry = self.open.remove(&id)?;
        self.by_call.remove(&inquiry.call);
        Some(inquiry)
    }

    /// Returns what the server has to know. `None` when the client presents what cannot be asked
    /// about.
    fn request(&self, visit: &Visit<'_>, challenge: Option<Challenge>) -> Option<(Request, Kind)> {
        let presented = visit.line.presented()?;
        let name = visit.line.ppp()?.link().peer_name().0;
        let mut request = Request::access();
        // RFC 3579 section 2.1: the name of EAP's Identity, with every response.
        request.add(AttributeKind::USER_NAME, presented.name().map_or(name, |name| name.0)).ok()?;
        request.add_nas(self.nas_address, self.nas_identifier.as_deref(), visit.key.port());
        request.add_text(AttributeKind::CALLING_STATION_ID, &visit.peer.to_string());
        request.add_tunnel(visit.kind.tunnel_type(), visit.peer);
        let kind = match presented {
            Presented::Pap { password, .. } => {
                request.add_password(password.as_bytes());
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
            Presented::Eap { packet, .. } => {
                // RFC 3579 section 2.4: Framed-MTU bounds the server's packets of EAP.
                request.add_number(AttributeKind::FRAMED_MTU, EAP_MTU);
                if let Some(Challenge { server, state }) = challenge {
                    // RFC 2865 section 5.24: State goes back unchanged, to the server that has sent
                    // it.
                    state.map_or(Ok(()), |state| request.add(AttributeKind::STATE, &state)).ok()?;
                    if let Some(server) = server {
                        request.to_server(server);
                    }
                }
                request.add_eap(packet);
                Kind::Eap
            }
            // Changes of version 1 are not asked about.
            _ => return None,
        };
        Some((request, kind))
    }

    /// Returns the next verdict.
    pub(super) fn poll_verdict(&mut self) -> Option<Verdict> {
        loop {
            let Event { question: id, answer, server, .. } = self.client.poll_event()?;
            let Some(Inquiry { call, question, kind, .. }) = self.close(id) else { continue };
            let decision = match (answer, kind) {
                (Answer::Reply(reply), Kind::Eap) => {
                    if reply.code() == Code::ACCESS_CHALLENGE {
                        let state = reply.values(AttributeKind::STATE).next().map(<[u8]>::to_vec);
                        self.challenges.insert(call, Challenge { server, state });
                    }
                    decide_eap(&reply)
                }
                (Answer::Reply(reply), _) => decide(kind, &reply),
                (Answer::Silence, Kind::Eap) => {
                    complain("no RADIUS server answers, and nobody else takes EAP");
                    Decision::refused()
                }
                (Answer::Silence, _) => Decision::Silence,
            };
            return Some(Verdict { call, question, decision });
        }
    }
}

/// The longest packet, by which a server cuts the pieces of TLS (RFC 3579 section 2.4).
const EAP_MTU: u32 = 1020;

/// Returns what an answer means for a client whose EAP is passed through.
fn decide_eap(reply: &Reply) -> Decision {
    let packet = reply.eap();
    let code = eap::Packet::decode(&packet).map(|packet| packet.message.code()).ok();
    match (reply.code(), code) {
        (Code::ACCESS_CHALLENGE, Some(eap::Code::REQUEST)) => Decision::EapRequest { packet },
        // RFC 3579 section 2.6.3: a server that accepts and sends a Failure, or nothing that can be read, contradicts itself.
        (Code::ACCESS_ACCEPT, Some(eap::Code::SUCCESS)) => decide(Kind::Eap, reply),
        (Code::ACCESS_REJECT, Some(eap::Code::FAILURE)) => Decision::Reject { message: packet },
        (Code::ACCESS_REJECT, _) => Decision::refused(),
        _ => {
            complain("the RADIUS server's EAP does not fit its answer");
            Decision::refused()
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
        // RFC 2548 section 2.4: methods of EAP leave 32 bytes in each key, of which MPPE takes the first 16.
        Kind::Eap => (reply.eap(), ExternalKeys::from_radius(&accept)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::{Server, Settings, reply};

    /// Returns a genuine reply of a server with these attributes.
    fn answer(code: Code, attributes: &[u8]) -> Reply {
        let server = Server::new(([10, 0, 0, 1], 1812).into(), b"secret");
        let mut client = Client::new(Settings::new(vec![server]), [1; 32]);
        client.ask(Duration::ZERO, Request::access()).unwrap();
        let sent = client.poll_transmit().unwrap();
        let (path, bytes) = (sent.path, reply(sent.bytes, code, attributes, b"secret"));
        client.handle_datagram(Duration::ZERO, path, &bytes).unwrap();
        match client.poll_event().unwrap().answer {
            Answer::Reply(reply) => reply,
            Answer::Silence => panic!("there was an answer"),
        }
    }

    /// RFC 3579 section 2.6.3: a server that says one thing by RADIUS and another by EAP lets nobody in.
    #[test]
    fn the_eap_of_a_server_has_to_fit_its_radius_answer() {
        let (request, success, failure) = ([79, 7, 1, 9, 0, 5, 1], [79, 6, 3, 9, 0, 4], [79, 6, 4, 9, 0, 4]);
        let (challenge, accept, reject) = (Code::ACCESS_CHALLENGE, Code::ACCESS_ACCEPT, Code::ACCESS_REJECT);
        for (code, attributes, expected) in [
            (challenge, &request[..], "request 5"),
            (challenge, &success, "refused"),
            (challenge, &[], "refused"),
            (accept, &success, "accepted 4"),
            (accept, &failure, "refused"),
            (accept, &request, "refused"),
            (accept, &[], "refused"),
            (reject, &failure, "refused 4"),
            (reject, &success, "refused"),
            (reject, &[], "refused"),
            (reject, &[79, 3, 4], "refused"),
        ] {
            let found = match decide_eap(&answer(code, attributes)) {
                Decision::EapRequest { packet } => format!("request {}", packet.len()),
                Decision::Accept { message, .. } => format!("accepted {}", message.len()),
                Decision::Reject { message } if message.is_empty() => "refused".to_owned(),
                Decision::Reject { message } => format!("refused {}", message.len()),
                Decision::Silence => "silence".to_owned(),
            };
            assert_eq!(found, expected, "{code:?} {attributes:?}");
        }
    }
}
