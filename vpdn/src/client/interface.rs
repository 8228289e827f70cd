//! The changes of a tunnel to the system: addresses, routes, name servers, scripts.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use pptp::ppp::{ipcp, ipv6cp};

use super::output::say;
use crate::config::{Client, Network};
use crate::host::{Device, Failure, Resolver, Restore, Script, Variables, status};

/// The program that has the name servers of the system.
const RESOLVCONF: &str = "resolvconf";
/// Where it is noted what has to be restored.
const STATE: &str = "/run/vpdn-client";

/// The network interface of the tunnel, and all that comes and goes with it.
pub(super) struct Interface {
    pub(super) device: Device,
    /// Those that were asked for one by one, and the halves of the default route.
    routes: Vec<Network>,
    halves: Vec<Network>,
    wants_name_servers: bool,
    ip_up: Option<PathBuf>,
    ip_down: Option<PathBuf>,
    /// `None` where nothing has to be restored that does not go with the device.
    restore: Option<Restore>,
    state: State,
}

/// Whether IPv4 is up.
enum State {
    Down,
    Up { own: Ipv4Addr, peer: Option<Ipv4Addr>, variables: Variables, script: Option<Script> },
}

impl Interface {
    /// Makes the interface, and restores what an earlier run has left.
    ///
    /// # Errors
    ///
    /// It needs the capability CAP_NET_ADMIN, and a folder to write into.
    pub(super) fn create(name: Option<&str>, with_ipv6: bool, client: &Client) -> Result<Self, Failure> {
        let device =
            if client.carries_ethernet() { Device::create_ethernet(name) } else { Device::create(name, with_ipv6) }?;
        let (routes, mut halves) = (client.routes.clone(), Vec::new());
        if client.add_default_route {
            // Two halves: they go before the default route of the system, which stays for when they are gone.
            let mut both = vec![(Ipv4Addr::UNSPECIFIED.into(), 1), (Ipv4Addr::new(128, 0, 0, 0).into(), 1)];
            if with_ipv6 {
                let upper = std::net::Ipv6Addr::from_bits(1 << 127);
                both.extend([(std::net::Ipv6Addr::UNSPECIFIED.into(), 1), (IpAddr::V6(upper), 1)]);
            }
            halves.extend(both.into_iter().map(|(address, prefix)| Network { address, prefix }));
        }
        let restore = if client.add_default_route || client.use_peer_dns {
            let folder = client.state_folder.as_deref().unwrap_or_else(|| Path::new(STATE));
            let failed = |error| Failure::of_system(&folder.display().to_string(), &error);
            Some(Restore::begin(folder, RESOLVCONF).map_err(failed)?)
        } else {
            None
        };
        let (ip_up, ip_down) = (client.ip_up.clone(), client.ip_down.clone());
        let wants_name_servers = client.use_peer_dns;
        Ok(Self { device, routes, halves, wants_name_servers, ip_up, ip_down, restore, state: State::Down })
    }

    /// Makes sure that packets to the server do not go into the tunnel.
    ///
    /// # Errors
    ///
    /// There is no route to the server, or one that was asked for leads to it through the tunnel.
    pub(super) fn pin(&mut self, server: IpAddr) -> Result<(), Failure> {
        let over = self.routes.iter().find(|route| route.contains(server));
        if let Some(route) = over {
            let text = format!("the route {route} has the server in it: its own packets would go into the tunnel");
            return Err(Failure { status: status::OTHER, text });
        }
        if let Some(restore) = self.restore.as_mut().filter(|_| !self.halves.is_empty()) {
            let failed = |error| Failure::of_system(&format!("the route to {server}"), &error);
            restore.pin(server).map_err(failed)?;
        }
        Ok(())
    }

    /// Switches an interface of Ethernet on. Its addresses are the operator's.
    ///
    /// # Errors
    ///
    /// The system refuses it.
    pub(super) fn ethernet_up(&self, mtu: u16) -> Result<(), Failure> {
        self.device.set_up(mtu).map_err(|error| Failure::of_system("the network interface", &error))?;
        say(&format_args!("  interface: {}, MTU {mtu}, Ethernet", self.device.name()));
        Ok(())
    }

    /// Changes the longest packet of a device that is up.
    ///
    /// # Errors
    ///
    /// The system refuses it.
    pub(super) fn change_mtu(&self, mtu: u16) -> Result<(), Failure> {
        self.device.set_up(mtu).map_err(|error| Failure::of_system("the network interface", &error))?;
        say(&format_args!("  interface: {}, MTU {mtu}", self.device.name()));
        Ok(())
    }

    /// Gives the device the addresses that were agreed on, and the routes.
    ///
    /// # Errors
    ///
    /// The system refuses one.
    pub(super) fn ip_up(&mut self, agreed: &ipcp::Agreed, mtu: u16, peer_name: &str) -> Result<(), Failure> {
        let Some(own) = agreed.own_address else {
            return Err(Failure { status: status::NO_AGREEMENT, text: "the server gave no address".to_owned() });
        };
        // Addresses may be agreed on again in the running session.
        self.ip_down(None);
        let failed = |error| Failure::of_system("the network interface", &error);
        let peer = agreed.peer_address;
        self.device.add_address(own.into(), peer.map(IpAddr::V4), 32).map_err(failed)?;
        let variables = Variables {
            interface: self.device.name().to_owned(),
            local: Some(own),
            remote: peer,
            peer: peer_name.to_owned(),
            name_servers: agreed.name_servers,
            netbios_name_servers: agreed.netbios_name_servers,
            used: None,
        };
        self.state = State::Up { own, peer, variables: variables.clone(), script: None };
        self.device.set_up(mtu).map_err(failed)?;
        // The kernel refuses routes to a device that is down.
        self.add_routes(IpAddr::is_ipv4)?;
        say(&format_args!("  interface: {}, MTU {mtu}", self.device.name()));
        say(&format_args!("  local-address: {own}"));
        if let Some(peer) = peer {
            say(&format_args!("  remote-address: {peer}"));
        }
        for (what, servers) in [("dns", agreed.name_servers), ("nbns", agreed.netbios_name_servers)] {
            for server in servers.into_iter().flatten() {
                say(&format_args!("  {what}: {server}"));
            }
        }
        self.set_name_servers(agreed.name_servers);
        if let (State::Up { script, .. }, Some(path)) = (&mut self.state, &self.ip_up) {
            *script = start(path, &variables);
        }
        Ok(())
    }

    fn add_routes(&self, is_wanted: impl Fn(&IpAddr) -> bool) -> Result<(), Failure> {
        for route in self.routes.iter().chain(&self.halves).filter(|route| is_wanted(&route.address)) {
            let failed = |error| Failure::of_system(&format!("the route to {route}"), &error);
            self.device.add_new_route(*route).map_err(failed)?;
        }
        Ok(())
    }

    fn set_name_servers(&mut self, servers: [Option<Ipv4Addr>; 2]) {
        let servers: Vec<_> = servers.into_iter().flatten().collect();
        // Only where the user asks for it: the file belongs to the system.
        let Some(restore) = self.restore.as_mut().filter(|_| self.wants_name_servers && !servers.is_empty()) else {
            return;
        };
        match Resolver::set(RESOLVCONF, self.device.name(), &servers) {
            Ok(resolver) => {
                if let Err(error) = restore.keep(Some(resolver)) {
                    say(&format_args!("  name servers: {error}"));
                }
            }
            // The tunnel is of use without them.
            Err(error) => say(&format_args!("  name servers: {error}")),
        }
    }

    /// Gives the device its IPv6 address.
    ///
    /// # Errors
    ///
    /// The system refuses the address.
    pub(super) fn ipv6_up(&mut self, agreed: &ipv6cp::Agreed, mtu: u16) -> Result<(), Failure> {
        let Some(own) = agreed.own else { return Ok(()) };
        let failed = |error| Failure::of_system("the network interface", &error);
        self.device.set_up(mtu).map_err(failed)?;
        self.device.add_address(own.link_local().into(), None, 64).map_err(failed)?;
        self.add_routes(IpAddr::is_ipv6)?;
        say(&format_args!("  local-ipv6-address: {own}"));
        if let Some(peer) = agreed.peer {
            say(&format_args!("  remote-ipv6-address: {peer}"));
        }
        Ok(())
    }

    /// Takes back what came with the addresses; the routes go with them. `used` is the time and the bytes that were sent and
    /// received.
    pub(super) fn ip_down(&mut self, used: Option<(std::time::Duration, u64, u64)>) {
        let State::Up { own, peer, variables, script } = std::mem::replace(&mut self.state, State::Down) else {
            return;
        };
        // The device may have gone already.
        let _ = self.device.remove_address(own.into(), peer.map(IpAddr::V4), 32);
        if let Some(restore) = &mut self.restore {
            // A change that cannot be noted was noted before.
            let _ = restore.keep(None);
        }
        // The script for the beginning ends by itself; nobody waits for it here.
        drop(script);
        if let Some(path) = &self.ip_down {
            drop(start(path, &Variables { used, ..variables }));
        }
    }
}

/// Starts a script, or says why not: the tunnel is of use without it.
fn start(path: &Path, variables: &Variables) -> Option<Script> {
    Script::start(path, variables).map_err(|error| say(&format_args!("  {}: {error}", path.display()))).ok()
}
