//! Users of the configuration, and those whom RADIUS servers know: they are let in or refused.

use std::net::Ipv4Addr;
use std::time::Duration;

use pptp::ppp::auth::{Answer, Outcome, Presented, Question};
use pptp::ppp::link;
use pptp::ppp_session::{ExternalKeys, Reason};

use super::inquiry::{Decision, Verdict};
use super::key::{Key, Kind};
use super::line::Visit;
use super::output::complain;
use super::state::{Accepted, State};
use super::users::Known;
use crate::radius::{Authorization, FramedAddress, TerminateCause};

/// The message for a client of MS-CHAP that is not let in: a wrong name or password, in every case.
const REFUSED: &[u8] = b"E=691 R=0 V=3";
/// RAS: the account has no permission to dial in. All addresses are taken.
const NO_ADDRESS: &[u8] = b"E=649 R=0 V=3 M=No address is free";

impl State {
    /// Handles a client that presents itself, or a new password.
    pub(super) fn authenticate(&mut self, now: Duration, visit: &mut Visit<'_>, question: Question) {
        match &mut self.radius {
            Some(radius) => {
                if let Some(verdict) = radius.inquiries.ask(now, visit, question) {
                    self.apply(now, visit, verdict);
                }
            }
            None => self.ask_users(now, visit, question),
        }
    }

    /// Asks the users of the configuration. Before the answer, an address is held: a client without one is
    /// not let in. It is given back when the proof is wrong.
    fn ask_users(&mut self, now: Duration, visit: &mut Visit<'_>, question: Question) {
        let (key, kind) = (visit.key, visit.kind);
        let had_one = self.calls.address(key).is_some();
        let pool = self.pool(kind);
        let Self { users, calls, .. } = self;
        let room = |known: &Known| calls.assign(key, known.address, pool).is_some();
        match users.answer(now, visit.line, kind.service(), question, room) {
            Ok((outcome @ (Outcome::Accepted | Outcome::PasswordChanged(_)), known)) => {
                if matches!(outcome, Outcome::PasswordChanged(_)) {
                    visit.say(format_args!("password changed"));
                }
                if let Some(own) = known.own_address(&self.calls, &self.device) {
                    visit.line.assign_own_address(own);
                }
                let Known { address, routes, .. } = known;
                let address = address.map_or(FramedAddress::Pool, FramedAddress::Given);
                let authorization = Authorization { address, routes, ..Authorization::default() };
                self.let_in(now, visit, Accepted { authorization, by_radius: false });
            }
            Ok(_) => {
                if !had_one {
                    self.calls.remove(key);
                }
            }
            Err(error) => complain(&format!("{key}: {error}")),
        }
    }

    /// Lets in a client that has proved itself, and gives it its address.
    fn let_in(&mut self, now: Duration, visit: &mut Visit<'_>, accepted: Accepted) {
        let Some(address) = self.address_for(visit.key, visit.kind, &accepted.authorization) else {
            complain("all addresses of the pool are taken");
            visit.line.close(now);
            return;
        };
        visit.line.assign_address(address);
        // RFC 2548 sections 2.7.1 to 2.7.4: those of the user, where there are any, in place of the configuration's.
        let Authorization { name_servers, netbios_name_servers, .. } = accepted.authorization;
        if name_servers != [None; 2] {
            visit.line.assign_name_servers(name_servers);
        }
        if netbios_name_servers != [None; 2] {
            visit.line.assign_netbios_name_servers(netbios_name_servers);
        }
        self.accepted.insert(visit.key, accepted);
    }

    fn address_for(&mut self, key: Key, kind: Kind, authorization: &Authorization) -> Option<Ipv4Addr> {
        let wanted = match authorization.address {
            FramedAddress::Given(address) => Some(address),
            FramedAddress::Pool | FramedAddress::Client => None,
        };
        self.calls.assign(key, wanted, self.pool(kind))
    }

    /// Applies a RADIUS server's answer to a client.
    pub(super) fn apply(&mut self, now: Duration, visit: &mut Visit<'_>, verdict: Verdict) {
        let Verdict { question, decision, .. } = verdict;
        match decision {
            Decision::Accept { message, keys, authorization } => {
                self.accept(now, visit, question, (&message, keys), *authorization);
            }
            Decision::Reject { message } => refuse(now, visit, question, &message),
            Decision::EapRequest { packet } => {
                if let Err(error) = visit.line.answer(now, question.ticket(), &Answer::EapRequest(&packet)) {
                    complain(&format!("the RADIUS server's request of EAP is not sent: {error}"));
                    refuse(now, visit, question, b"");
                }
            }
            // As Cisco's `group radius local`: those of the configuration may come in when no server answers.
            Decision::Silence if !self.users.is_empty() => {
                complain("no RADIUS server answers: the users of the configuration are asked");
                self.ask_users(now, visit, question);
            }
            Decision::Silence => {
                complain("no RADIUS server answers");
                refuse(now, visit, question, b"");
            }
        }
    }

    /// Accepts a client, with a message for it and the keys of its encryption.
    fn accept(
        &mut self,
        now: Duration,
        visit: &mut Visit<'_>,
        question: Question,
        (message, keys): (&[u8], Option<ExternalKeys>),
        authorization: Authorization,
    ) {
        // Before it is accepted: a client without an address is not let in.
        if self.address_for(visit.key, visit.kind, &authorization).is_none() {
            complain("all addresses of the pool are taken");
            refuse(now, visit, question, NO_ADDRESS);
            return;
        }
        match visit.line.accept(now, question.ticket(), message, keys) {
            Ok(Outcome::Accepted | Outcome::PasswordChanged(_)) => {
                self.let_in(now, visit, Accepted { authorization, by_radius: true });
            }
            // The client has gone in the meantime, or does not take it.
            Ok(_) | Err(_) => self.calls.remove(visit.key),
        }
    }
}

/// Refuses a client.
fn refuse(now: Duration, visit: &mut Visit<'_>, question: Question, message: &[u8]) {
    let presented = visit.line.presented();
    let is_microsoft = matches!(presented, Some(Presented::MsChap { .. } | Presented::ChangePassword { .. }));
    // PAP and CHAP have a text for people, which is empty when there is nothing to say.
    let message = if message.is_empty() && is_microsoft { REFUSED } else { message };
    // It may have gone.
    let _ = visit.line.answer(now, question.ticket(), &Answer::Reject(message));
}

/// Returns the cause of the end of PPP, in the words of RFC 2866 section 5.10.
pub(super) fn cause_of(reason: &Reason) -> TerminateCause {
    match reason {
        Reason::Closed => TerminateCause::ADMIN_RESET,
        Reason::Link(link::Reason::PeerClosed { .. }) => TerminateCause::USER_REQUEST,
        Reason::Link(link::Reason::PeerSilent) => TerminateCause::LOST_CARRIER,
        _ => TerminateCause::PORT_ERROR,
    }
}
