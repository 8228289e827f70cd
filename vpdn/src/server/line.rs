//! A call of any protocol, as the users and the accounts see it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use pptp::ppp::auth::{Answer, AnswerError, Outcome, Presented, Ticket};
use pptp::ppp_session::{ExternalKeys, Session as Ppp};

use super::key::{Key, Kind};
use super::output::say;
use crate::radius::Counters;

/// A call of any protocol. A call that is gone answers nothing and takes nothing.
pub(super) trait Line {
    /// Returns its PPP.
    fn ppp(&self) -> Option<&Ppp>;

    /// Returns the longest IP packet that goes to the client, in bytes.
    fn mtu(&self) -> u16;

    /// Returns what passed through it; its time is not set.
    fn usage(&self) -> Counters;

    /// Returns its counters in words.
    fn counters(&self) -> Option<String>;

    /// Answers the client.
    ///
    /// # Errors
    ///
    /// The session does not take the answer.
    fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError>;

    /// Lets the client in by the word of a RADIUS server.
    ///
    /// # Errors
    ///
    /// The session does not take it.
    fn accept(
        &mut self,
        now: Duration,
        ticket: Ticket,
        message: &[u8],
        keys: Option<ExternalKeys>,
    ) -> Result<Outcome, AnswerError>;

    /// Takes a change of the password back.
    fn reject_change(&mut self, now: Duration);

    /// Sets the client's address.
    fn assign_address(&mut self, address: Ipv4Addr);

    /// Sets the server's address for this client.
    fn assign_own_address(&mut self, address: Ipv4Addr);

    /// Sets the client's name servers of DNS.
    fn assign_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]);

    /// Sets the client's name servers of NetBIOS.
    fn assign_netbios_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]);

    /// Ends it.
    fn close(&mut self, now: Duration);

    /// Returns how the client presents itself, while that is not answered.
    fn presented(&self) -> Option<Presented<'_>> {
        self.ppp()?.presented()
    }

    /// Returns the name that the client has proved, or claims.
    fn peer_name(&self) -> String {
        self.ppp().map_or_else(String::new, |ppp| ppp.link().peer_name().to_string())
    }
}

/// Writes the commands of a [`Line`] that has a `session` and the id of a `call` of it: the handles of both protocols have
/// the same ones.
macro_rules! commands {
    () => {
        fn answer(&mut self, now: Duration, ticket: Ticket, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
            self.session.call_mut(self.call).ok_or(AnswerError::NotAsked)?.answer(now, ticket, answer)
        }

        fn accept(
            &mut self,
            now: Duration,
            ticket: Ticket,
            message: &[u8],
            keys: Option<ExternalKeys>,
        ) -> Result<Outcome, AnswerError> {
            self.session.call_mut(self.call).ok_or(AnswerError::NotAsked)?.accept(now, ticket, message, keys)
        }

        fn reject_change(&mut self, now: Duration) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.reject_change(now));
        }

        fn assign_address(&mut self, address: Ipv4Addr) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.assign_address(address));
        }

        fn assign_own_address(&mut self, address: Ipv4Addr) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.assign_own_address(address));
        }

        fn assign_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.assign_name_servers(servers));
        }

        fn assign_netbios_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.assign_netbios_name_servers(servers));
        }

        fn close(&mut self, now: Duration) {
            self.session.call_mut(self.call).into_iter().for_each(|mut call| call.close(now));
        }
    };
}
pub(super) use commands;

/// A call in which something happens.
pub(super) struct Visit<'v> {
    pub(super) key: Key,
    pub(super) kind: Kind,
    /// The address that the client calls from.
    pub(super) peer: IpAddr,
    pub(super) line: &'v mut dyn Line,
}

impl Visit<'_> {
    /// Writes a line about the call.
    pub(super) fn say(&self, text: fmt::Arguments<'_>) {
        say(&format_args!("{}: {text}", self.key));
    }
}
