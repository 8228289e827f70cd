//! The start of the server: everything is opened, and shared out to the shards.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ::pptp::ppp::ipv6cp::InterfaceIdentifier;
use ::pptp::server::Shard as Part;

use super::addresses::Addresses;
use super::budget::Budget;
use super::calls::Calls;
use super::controls::Controls;
use super::crew::{Crew, Member};
use super::debug::Debugs;
use super::front::Front;
use super::l2tp::{self, L2tp};
use super::ledger::Ledger;
use super::listener::Listener;
use super::output::say;
use super::pptp::{self, Pptp};
use super::radius::Radius;
use super::routes::Routes;
use super::seats::Seats;
use super::settings::Settings;
use super::shard::{Parts, Shard};
use super::state::State;
use super::users::Users;
use crate::config::{Config, ConfigError, Protocol};
use crate::host::{Clock, Device, Failure, Poller, entropy};

/// Reads the configuration again.
pub(super) type Reload<'r> = dyn Fn() -> Result<Config, ConfigError> + 'r;

/// Takes calls until a signal comes, and ends all sessions. With `only`, it takes those of this protocol alone. `reload`
/// reads the configuration again.
///
/// # Errors
///
/// [`Failure`].
pub(super) fn run(config: &Config, only: Option<Protocol>, reload: &Reload<'_>) -> Result<(), Failure> {
    // One identifier for all tunnels: each device has the same address.
    let identifier = InterfaceIdentifier(u64::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default()));
    let mut settings = Settings::read(config, only, identifier)?;
    let common = Common::new(config)?;
    // The socket of L2TP is one shard's.
    let count = if settings.pptp.is_some() { config.cores() } else { 1 };
    let parts: Vec<_> = (0..count).filter_map(|index| Part::new(index, count)).collect();
    let mut states = Vec::new();
    for part in &parts {
        states.push(common.state(*part, config, &settings)?);
    }
    let mut places = Vec::new();
    let mut place = |port, protocol| {
        let address = config.listen.with_default_port(port);
        places.push(format!("{address} ({protocol})"));
        address
    };
    let mut listener = None;
    if settings.pptp.is_some() {
        let address = place(pptp::PORT, "PPTP");
        let SocketAddr::V4(address) = address else {
            return Err(Failure::other(format!("listening at {address}: PPTP has addresses of IPv4 alone")));
        };
        listener = Some(Listener::open(address, config.limits)?);
    }
    let mut l2tp = None;
    if let Some(settings) = settings.l2tp.take() {
        l2tp = Some(L2tp::open(place(l2tp::PORT, "L2TP"), settings, config.limits)?);
    }
    let interfaces: Vec<_> = states.iter().map(|state| state.device.name().to_owned()).collect();
    let mut members = Vec::new();
    for (part, mut state) in parts.into_iter().zip(states) {
        set_up(&mut state, &settings, identifier)
            .map_err(|error| Failure::of_system("the network interface", &error))?;
        let pptp = settings.pptp.clone().map(|settings| Pptp::new(settings, config.limits, part)).transpose()?;
        members.push(common.member(state, pptp, l2tp.take())?);
    }
    let mut members = members.into_iter();
    let (main, poller) = members.next().ok_or_else(|| Failure::other("there is no core".to_owned()))?;
    let front = Front {
        clock: common.clock,
        poller,
        listener,
        controls: Controls::open(config.control_socket.as_deref(), Arc::clone(&common.debugs))?,
        crew: Crew::start(common.clock, main, members)?,
        report_interval: config.status_interval.map(Duration::from_secs),
    };
    let own: BTreeSet<_> = settings.offers.values().map(|offer| offer.own).collect();
    let own: Vec<_> = own.into_iter().map(|own| own.to_string()).collect();
    let (places, interfaces) = (places.join(", "), interfaces.join(", "));
    say(&format_args!("listening at {places}, interface {interfaces}, {}", own.join(", ")));
    front.run(&|| Settings::read(&reload()?, only, identifier))
}

/// Switches the interface of a shard on.
fn set_up(state: &mut State, settings: &Settings, identifier: InterfaceIdentifier) -> std::io::Result<()> {
    state.device.set_up(settings.mtu)?;
    if settings.has_ipv6 {
        state.device.add_address(identifier.link_local().into(), None, 64)?;
    }
    state.set_offers(settings.offers.clone())
}

/// The parts that all shards have in common.
struct Common {
    clock: Clock,
    debugs: Arc<Debugs>,
    addresses: Arc<Addresses>,
    routes: Arc<Routes>,
    /// The places of questions to RADIUS servers.
    questions: Arc<Seats>,
    budget: Arc<Budget>,
    /// The first part of Acct-Session-Id.
    run: u32,
}

impl Common {
    fn new(config: &Config) -> Result<Self, Failure> {
        Ok(Self {
            clock: Clock::start(),
            debugs: Arc::default(),
            addresses: Arc::default(),
            routes: Arc::default(),
            questions: Seats::new(usize::MAX, config.limits.questions_per_address),
            budget: Arc::new(Budget::new(config.limits.calls)),
            run: u32::from_be_bytes(entropy()?.first_chunk().copied().unwrap_or_default()),
        })
    }

    /// Returns what a shard knows beside its sessions.
    fn state(&self, part: Part, config: &Config, settings: &Settings) -> Result<State, Failure> {
        let failed = |error| Failure::of_system("the users", &error);
        // Each shard has read the file of users, and reads it again when it has changed.
        let users = Users::open(&config.user, config.users.as_deref(), entropy()?).map_err(failed)?;
        // RADIUS servers know this one by one address, whatever the protocol.
        let own = settings.offers.values().next().map(|offer| offer.own);
        let ask = |(radius, own)| Radius::new(radius, own, Arc::clone(&self.questions));
        let radius = config.radius.as_ref().zip(own).map(ask).transpose()?;
        if radius.is_none() && users.is_empty() {
            return Err(Failure::other("nobody may come in: there are no users, and no RADIUS server".to_owned()));
        }
        let interface = config.interface.as_deref().map(|name| match part.count() {
            1 => name.to_owned(),
            _ => format!("{name}{}", part.index()),
        });
        Ok(State {
            users,
            radius,
            calls: Calls::new(Arc::clone(&self.addresses)),
            routes: Arc::clone(&self.routes),
            device: Device::create(interface.as_deref(), settings.has_ipv6)?,
            own: BTreeSet::new(),
            accepted: BTreeMap::new(),
            ledger: Ledger::default(),
            spoofed: BTreeMap::new(),
            run: self.run,
            accounts: 0,
            offers: BTreeMap::new(),
        })
    }

    /// Returns a shard, and the poller of the thread that drives it.
    fn member(&self, state: State, pptp: Option<Pptp>, l2tp: Option<L2tp>) -> Result<(Arc<Member>, Poller), Failure> {
        let load = Arc::default();
        let make = || {
            let poller = Poller::new()?;
            let shard = Shard::new(Parts {
                clock: self.clock,
                poller: poller.try_clone()?,
                state,
                pptp,
                l2tp,
                debugs: Arc::clone(&self.debugs),
                budget: Arc::clone(&self.budget),
                load: Arc::clone(&load),
            })?;
            Ok((Member::new(shard, &poller, Arc::clone(&load))?, poller))
        };
        make().map_err(|error| Failure::of_system("epoll", &error))
    }
}
