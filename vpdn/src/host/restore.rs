//! The changes that have to be undone when the client is gone, also when it was killed.
//!
//! The default route of the system stays as it is: two routes to the halves of all addresses go
//! before it, and go with the device, however the program ends. The route to the server itself and
//! the record of `resolvconf` stay. Both are noted in a file before they are made. The next client
//! to start restores the entries of a file that nobody has locked.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::netlink::{Netlink, Via};
use super::resolver::Resolver;
use crate::config::Network;

/// The changes to undo. Dropping it does so.
#[derive(Debug)]
pub struct Restore {
    path: PathBuf,
    /// It is locked while this program runs.
    file: File,
    netlink: Netlink,
    pinned: Option<(Network, Via)>,
    resolver: Option<Resolver>,
}

impl Restore {
    /// Restores what earlier runs have left, and begins a note of what this one changes.
    ///
    /// # Errors
    ///
    /// The folder or the file cannot be made.
    pub fn begin(folder: &Path, resolvconf: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let netlink = Netlink::open()?;
        for entry in fs::read_dir(folder)? {
            restore_left(&netlink, &entry?.path(), resolvconf);
        }
        let path = folder.join(format!("{}.state", std::process::id()));
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Self { path, file, netlink, pinned: None, resolver: None })
    }

    /// Pins the way to an address: packets to it go as they do now, whatever other routes come.
    ///
    /// # Errors
    ///
    /// There is no way to it, or no right to make a route.
    pub fn pin(&mut self, address: IpAddr) -> io::Result<()> {
        self.unpin();
        let via = self.netlink.way_to(address)?;
        let network = Network::host(address);
        // Noted before it is made, or a kill between both would leave it forever.
        self.note(&route_line(network, &via))?;
        // A route of somebody else's to the same address is left alone, now and later.
        if self.netlink.add_new_route(network, &via)? {
            self.pinned = Some((network, via));
            Ok(())
        } else {
            self.note("")
        }
    }

    /// Takes the pinned route away.
    pub fn unpin(&mut self) {
        if let Some((network, via)) = self.pinned.take() {
            // With its interface it may have gone already.
            let _ = self.netlink.remove_route(network, &via);
            let _ = self.note("");
        }
    }

    /// Keeps a record of name servers until the end.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn keep(&mut self, resolver: Option<Resolver>) -> io::Result<()> {
        self.resolver = resolver;
        let pinned = self.pinned.as_ref().map_or_else(String::new, |(network, via)| route_line(*network, via));
        self.note(&pinned)
    }

    fn note(&mut self, route: &str) -> io::Result<()> {
        let resolver =
            self.resolver.as_ref().map_or_else(String::new, |resolver| format!("resolver {}\n", resolver.record()));
        self.file.set_len(0)?;
        io::Seek::rewind(&mut self.file)?;
        self.file.write_all(format!("{route}{resolver}").as_bytes())?;
        self.file.sync_data()
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        self.unpin();
        self.resolver = None;
        // Locked until it is closed: nobody reads it in between.
        let _ = fs::remove_file(&self.path);
    }
}

fn route_line(network: Network, via: &Via) -> String {
    let gateway = via.gateway.map_or_else(|| "-".to_owned(), |gateway| gateway.to_string());
    format!("route {network} {gateway} {}\n", via.device)
}

/// Restores what one file says, unless its program still runs.
fn restore_left(netlink: &Netlink, path: &Path, resolvconf: &str) {
    let Ok(file) = File::open(path) else { return };
    if path.extension().is_none_or(|extension| extension != "state")
        || flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
    {
        // No file of this program, or the lock is held by a program that still runs.
        return;
    }
    let text = fs::read_to_string(path).unwrap_or_default();
    for line in text.lines() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["route", network, gateway, device] => {
                if let (Ok(network), Ok(device)) = (network.parse(), device.parse()) {
                    let via = Via { gateway: gateway.parse().ok(), device };
                    // It may have gone with its interface.
                    let _ = netlink.remove_route(network, &via);
                }
            }
            ["resolver", record] => drop(Resolver::remove(resolvconf, record)),
            _ => {}
        }
    }
    let _ = fs::remove_file(path);
}
