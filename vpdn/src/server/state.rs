//! The events of calls, and their consequences: addresses, routes, accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use pptp::ppp_session::{self, Event as Ppp};
use pptp::report::{ClientStatus, MppeReport};

use super::calls::Calls;
use super::key::{Key, Kind};
use super::ledger::{Due, Ledger, Terms};
use super::line::Visit;
use super::output::say;
use super::radius::Radius;
use super::routes::Routes;
use super::users::Users;
use crate::config::Pool;
use crate::host::Device;
use crate::radius::{Account, Authorization, Counters, TerminateCause};

/// The state of a shard beside its sessions.
pub(super) struct State {
    /// The users who may come in, from the configuration.
    pub(super) users: Users,
    /// The users who may come in, from others.
    pub(super) radius: Option<Radius>,
    /// Which call has which address.
    pub(super) calls: Calls,
    /// The routes to clients of all shards.
    pub(super) routes: Arc<Routes>,
    /// The interface of the tunnels of this shard.
    pub(super) device: Device,
    /// The server's own addresses that it has.
    pub(super) own: BTreeSet<Ipv4Addr>,
    /// The users who were let in, until their calls are over: IP may come up more than once.
    pub(super) accepted: BTreeMap<Key, Accepted>,
    /// Sessions that are up.
    pub(super) ledger: Ledger,
    /// Packets of each call that were dropped since their sender was not its client.
    pub(super) spoofed: BTreeMap<Key, u64>,
    /// The first part of Acct-Session-Id: another one each time that the server starts.
    pub(super) run: u32,
    /// Its last part, of the latest account.
    pub(super) accounts: u64,
    /// The offers to clients, by the kinds of tunnels.
    pub(super) offers: BTreeMap<Kind, Offer>,
}

/// The offer to clients that come by one kind of tunnel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Offer {
    /// The server's own address in the tunnels.
    pub(super) own: Ipv4Addr,
    /// `None`: each user has an address of its own.
    pub(super) pool: Option<Pool>,
    /// Session-Timeout of the configuration.
    pub(super) session_timeout: Option<Duration>,
}

/// Somebody who was let in.
#[derive(Clone)]
pub(super) struct Accepted {
    pub(super) authorization: Authorization,
    pub(super) by_radius: bool,
}

impl State {
    /// Takes these offers from now on. Those who were let in keep what they have.
    ///
    /// # Errors
    ///
    /// A new address of ours cannot be one of the device.
    pub(super) fn set_offers(&mut self, offers: BTreeMap<Kind, Offer>) -> std::io::Result<()> {
        for offer in offers.values() {
            self.calls.reserve(offer.own);
            if self.own.insert(offer.own) {
                self.device.add_address(offer.own.into(), None, 32)?;
            }
        }
        // Tunnels of a kind that is accepted no more may still be there.
        self.offers.extend(offers);
        Ok(())
    }

    pub(super) fn pool(&self, kind: Kind) -> Option<Pool> {
        self.offers.get(&kind).and_then(|offer| offer.pool)
    }

    /// Handles an event of PPP in a call.
    pub(super) fn ppp_event(&mut self, now: Duration, visit: &mut Visit<'_>, event: Ppp) {
        let key = visit.key;
        match event {
            Ppp::Authenticate(question) => self.authenticate(now, visit, question),
            Ppp::PeerAuthenticated => visit.say(format_args!("{} is who it says", visit.line.peer_name())),
            // RFC 1332 section 3.3: the client asks for this address instead of the one that it was given.
            Ppp::AddressWanted(wish) => {
                // A link that is configured again may have a route to the address of before.
                self.remove_routes(key);
                if self.calls.exchange(key, wish, self.pool(visit.kind)) {
                    visit.say(format_args!("{wish} as the client wants"));
                    visit.line.assign_address(wish);
                }
            }
            Ppp::IpUp(_) => self.ip_up(now, visit),
            // Where encryption is preferred, it may come after the first packets.
            Ppp::EncryptionUp(_) => {
                let status = visit.line.ppp().map(|ppp| ClientStatus::of_ppp(ppp, now));
                if let Some(status) = status.filter(|status| status.uptime.is_some()) {
                    visit.say(format_args!("status\n{status}"));
                }
            }
            Ppp::EncryptionDown => visit.say(format_args!("encryption: ended")),
            Ppp::IpDown => self.remove_routes(key),
            Ppp::Ipv6Up(agreed) => {
                if let Some(identifier) = agreed.peer {
                    self.calls.add(key, identifier.link_local());
                    visit.say(format_args!("{identifier}"));
                }
            }
            Ppp::Ipv6Down => self.calls.remove_ipv6(key),
            Ppp::CoherencyLost => visit.say(format_args!("packets decrypt to nonsense")),
            _ => {}
        }
    }

    /// Sets routes and the account, since IP is up.
    fn ip_up(&mut self, now: Duration, visit: &Visit<'_>) {
        let key = visit.key;
        let (Some(address), Some(ppp)) = (self.calls.address(key), visit.line.ppp()) else { return };
        // It stays: IPCP alone may begin again.
        let Some(accepted) = self.accepted.get(&key).cloned() else { return };
        let authorization = &accepted.authorization;
        // A client that has authenticated again may have others now.
        self.remove_routes(key);
        self.calls.remove_networks(key);
        // RFC 2865 section 5.12: Framed-MTU bounds the packets to the client.
        let mtu = authorization.mtu.map_or(visit.line.mtu(), |mtu| mtu.min(visit.line.mtu()));
        for network in authorization.routes.iter().copied().chain(authorization.network) {
            self.calls.add_network(key, network);
        }
        for network in self.calls.reaches(key) {
            if let Err(error) = self.routes.add(&self.device, key, network, mtu) {
                visit.say(format_args!("no route to {network}: {error}"));
            }
        }
        visit.say(format_args!("{address}, MTU {mtu}"));
        visit.say(format_args!("status\n{}", ClientStatus::of_ppp(ppp, now)));
        // A link that was configured again goes on with the account that it has.
        if self.ledger.account(key).is_none() {
            let user = ppp.link().peer_name().0;
            self.open_account(now, visit, user, address, accepted);
        }
    }

    fn open_account(&mut self, now: Duration, visit: &Visit<'_>, user: &[u8], address: Ipv4Addr, accepted: Accepted) {
        let Accepted { authorization, by_radius } = accepted;
        let Some(offer) = self.offers.get(&visit.kind) else { return };
        // Unique over restarts of the program, as RFC 2866 section 5.5 wants. Ids of calls come again.
        self.accounts = self.accounts.wrapping_add(1);
        let session = format!("{:08x}-{}-{}", self.run, visit.key.label(), self.accounts);
        let mut account = Account::new(session, user, address, visit.peer, offer.own);
        account.class = authorization.class;
        account.by_radius = by_radius;
        account.port = visit.key.port();
        account.tunnel = Some(visit.kind.tunnel_type());
        let mut interim = authorization.interim_interval;
        if let Some(radius) = &mut self.radius {
            account.nas_address = radius.nas_address;
            account.nas_identifier.clone_from(&radius.nas_identifier);
            interim = interim.or(radius.interim_interval);
            radius.report(now, account.start());
        }
        // The shorter of the server's limit and our own holds.
        let session = [authorization.session_timeout, offer.session_timeout].into_iter().flatten().min();
        self.ledger.begin(now, visit.key, account, Terms { session, idle: authorization.idle_timeout, interim });
    }

    /// Forgets a call that is over, for this reason. The cause is that of the client's end, or of the line's.
    pub(super) fn closed(&mut self, now: Duration, visit: &Visit<'_>, reason: &dyn Display, cause: TerminateCause) {
        let key = visit.key;
        visit.say(format_args!("over: {reason}"));
        if let Some(counters) = visit.line.counters() {
            visit.say(format_args!("counters\n{counters}"));
        }
        if let Some((account, since, our_cause)) = self.ledger.end(key) {
            let used = Counters { time: now.saturating_sub(since), ..visit.line.usage() };
            if let Some(radius) = &mut self.radius {
                radius.report(now, account.stop(&used, our_cause.unwrap_or(cause)));
            }
        }
        if let Some(radius) = &mut self.radius {
            radius.inquiries.forget(key);
        }
        self.remove_routes(key);
        self.calls.remove(key);
        self.accepted.remove(&key);
        self.spoofed.remove(&key);
    }

    fn remove_routes(&self, key: Key) {
        for network in self.calls.reaches(key) {
            self.routes.remove(&self.device, key, network);
        }
    }

    /// Reports accounts and names sessions whose time is over. `usage` says what passed through a call.
    pub(super) fn poll_end(&mut self, now: Duration, usage: impl Fn(Key) -> Option<Counters>) -> Option<Key> {
        loop {
            let packets = |key| {
                let used = usage(key).unwrap_or_default();
                used.input_packets.saturating_add(used.output_packets)
            };
            match self.ledger.poll_due(now, packets)? {
                Due::End(key) => return Some(key),
                Due::Interim(key) => {
                    let (Some((account, since)), Some(used)) = (self.ledger.account(key), usage(key)) else { continue };
                    let request = account.interim(&Counters { time: now.saturating_sub(since), ..used });
                    if let Some(radius) = &mut self.radius {
                        radius.report(now, request);
                    }
                }
            }
        }
    }

    /// Writes the counters of a call: what its protocol has, and what all have.
    pub(super) fn report(&self, key: Key, session: &dyn Display, ppp: Option<&ppp_session::Session>) {
        say(&session);
        let Some(ppp) = ppp else { return };
        if let Some(report) = MppeReport::of_ppp(ppp, self.device.name()) {
            say(&report);
        }
        let spoofed = self.spoofed.get(&key).copied().unwrap_or(0);
        let ppp_session::Statistics { refused, cleartext_dropped: clear, .. } = ppp.statistics();
        say(&format_args!("Refused frames {refused}, of them in the clear {clear}, of another sender {spoofed}"));
    }

    /// Carries a packet from a call to the device, if the client may send it.
    pub(super) fn deliver(&mut self, key: Key, packet: &[u8]) {
        if self.calls.may_send(key, packet) {
            self.device.send(packet);
        } else {
            *self.spoofed.entry(key).or_default() += 1;
        }
    }
}
