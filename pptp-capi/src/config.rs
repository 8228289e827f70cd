//! The configuration of clients and servers.

mod ppp;

use alloc::string::String;
use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::net::Ipv4Addr;

use l2tp_session::wire;
use mschap::NtHash;
use ppp_session::Credentials;
use ppp_session::ppp::ccp::Encryption;
use pptp::gre::IpVersion;
use pptp::wire::Text;

use crate::border::{array, place, text};
use crate::error::Error;
use crate::handle::{Handle, Object, build, free, with};

pub use ppp::*;

/// The settings of a client or a server. Made by `pptp_config_new`; clients and servers copy it.
#[derive(Debug)]
pub struct Config {
    _private: [u8; 0],
}

/// Sets of settings to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
#[non_exhaustive]
pub enum Preset {
    /// MS-CHAPv2 alone, encryption with 128 bits, keys that change with every packet; or no session.
    Strict = 0,
    /// Connects to nearly every peer. An attacker on the path can have the password and the session.
    Interop = 1,
    /// L2TP within IPsec: as strict, but without encryption of PPP's own. Without IPsec everything is
    /// readable.
    WithinIpsec = 2,
}

/// The settings, as the setters left them.
#[derive(Debug)]
pub(crate) struct Settings {
    ppp: ppp_session::Config,
    credentials: Option<Credentials>,
    wanted_address: Option<Ipv4Addr>,
    server_address: Option<Ipv4Addr>,
    name_servers: [Option<Ipv4Addr>; 2],
    outer_mtu: u16,
    /// How this side calls itself: for L2TP, and for PPTP.
    host_name: String,
    host_text: Text<64>,
    tunnel_secret: Option<wire::Secret>,
    connections: usize,
    connections_per_address: usize,
    calls: usize,
}

impl Object for Settings {
    type Opaque = Config;
    const TAG: usize = 0x7070_0003;
}

/// Makes an object of a configuration, and gives its handle to C; nothing is written after an error. Returns what C gets.
///
/// # Safety
///
/// `config` is as for [`with`].
pub(crate) unsafe fn make<T: Object>(
    config: *mut Config,
    to: &mut MaybeUninit<*mut T::Opaque>,
    work: impl FnOnce(&mut Settings) -> Result<T, Error>,
) -> i32 {
    let mut made = None;
    let work = |settings: &mut Settings| {
        made = Some(work(settings)?);
        Ok(0)
    };
    // SAFETY: the caller's promise.
    let result = unsafe { with(config, work) };
    if let Some(object) = made {
        to.write(Handle::create(object));
    }
    result
}

impl Settings {
    fn new(preset: u32) -> Result<Self, Error> {
        let strict = ppp_session::Config::strict;
        let (ppp, outer_mtu) = match preset {
            0 => (strict(), 1500),
            1 => (ppp_session::Config::interop(), 1500),
            // The room that `l2tp_session::session::Config::within_ipsec` leaves for ESP.
            2 => (strict().with_encryption(Encryption::Refused), 1438),
            _ => return Err(Error::Argument),
        };
        Ok(Self {
            ppp,
            credentials: None,
            wanted_address: None,
            server_address: None,
            name_servers: [None; 2],
            outer_mtu,
            host_name: String::new(),
            host_text: Text::EMPTY,
            tunnel_secret: None,
            connections: 10_000,
            connections_per_address: 64,
            calls: 20_000,
        })
    }

    fn change_ppp(&mut self, change: impl FnOnce(ppp_session::Config) -> ppp_session::Config) {
        self.ppp = change(self.ppp.clone());
    }

    /// Returns the client of PPP.
    pub(crate) fn client(&self) -> Result<ppp_session::Client, Error> {
        let client = ppp_session::Client::with_credentials(self.credentials.clone().ok_or(Error::Incomplete)?);
        Ok(match self.wanted_address {
            Some(address) => client.with_address(address),
            None => client,
        })
    }

    pub(crate) fn server_address(&self) -> Result<Ipv4Addr, Error> {
        self.server_address.ok_or(Error::Incomplete)
    }

    pub(crate) const fn name_servers(&self) -> [Option<Ipv4Addr>; 2] {
        self.name_servers
    }

    pub(crate) fn pptp(&self) -> pptp::session::Config {
        pptp::session::Config::strict()
            .with_ppp(|_| self.ppp.clone())
            .with_outer_mtu(self.outer_mtu, IpVersion::V4)
            .with_identity(pptp::wire::connection::Identity::new(self.host_text, Text::EMPTY))
    }

    pub(crate) fn l2tp(&self) -> l2tp_session::session::Config {
        let config = l2tp_session::session::Config::strict(&self.host_name)
            .with_ppp(|_| self.ppp.clone())
            .with_outer_mtu(self.outer_mtu);
        match self.tunnel_secret.clone() {
            // RFC 2661 section 5.1.1: with a secret, both ends prove that they have it.
            Some(secret) => config.with_tunnel(|tunnel| {
                tunnel.with_authentication(wire::tunnel::Authentication::Challenge).with_password(secret)
            }),
            None => config,
        }
    }

    /// Returns the most connections, those of one address, and calls.
    pub(crate) const fn limits(&self) -> (usize, usize, usize) {
        (self.connections, self.connections_per_address, self.calls)
    }
}

/// Runs the work of a setter.
///
/// # Safety
///
/// `config` is a handle.
unsafe fn set(config: *mut Config, work: impl FnOnce(&mut Settings) -> Result<(), Error>) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { with(config, |settings: &mut Settings| work(settings).map(|()| 0)) }
}

/// Makes a configuration.
///
/// `preset`: one of `enum pptp_preset`. `config`: gets the handle, for `pptp_config_free`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_new(preset: u32, config: *mut *mut Config) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: room for a pointer.
        let to = unsafe { place(config)? };
        to.write(Handle::create(Settings::new(preset)?));
        Ok(0)
    })
}

/// Frees a configuration, and wipes the password in it. NULL is allowed. Clients and servers that
/// were made of it go on. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_free(config: *mut Config) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<Settings>(config) }
}

/// Sets a client's name and password. A client needs this, or `pptp_config_set_nt_hash`.
///
/// `name`: with its domain in front where there is one (`DOMAIN\name`). Both are UTF-8 with a zero at
/// the end, and copied.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_password(
    config: *mut Config,
    name: *const c_char,
    password: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and two texts.
    unsafe {
        set(config, |settings| {
            settings.credentials = Some(Credentials::with_password(text(name)?, text(password)?));
            Ok(())
        })
    }
}

/// Sets a client's name and the NT hash of its password, which is enough for MS-CHAP.
///
/// `name`: as for `pptp_config_set_password`. `hash`: 16 bytes, of `pptp_mschap_nt_hash`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_nt_hash(config: *mut Config, name: *const c_char, hash: *const u8) -> i32 {
    // SAFETY: the caller's promise: a handle, a text, and 16 bytes.
    unsafe {
        set(config, |settings| {
            let hash = NtHash::from_bytes(array(hash)?);
            settings.credentials = Some(Credentials::with_nt_hash(text(name)?, hash));
            Ok(())
        })
    }
}

/// Sets the address that a client asks for. Default: what the server gives.
///
/// `address`: four bytes in network order. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_wanted_address(config: *mut Config, address: *const u8) -> i32 {
    // SAFETY: the caller's promise: a handle, and four bytes.
    unsafe {
        set(config, |settings| {
            settings.wanted_address = Some(Ipv4Addr::from(array::<4>(address)?));
            Ok(())
        })
    }
}

/// Sets a server's own address in the calls. A server needs it; it may be the same in all calls.
///
/// `address`: four bytes in network order. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_server_address(config: *mut Config, address: *const u8) -> i32 {
    // SAFETY: the caller's promise: a handle, and four bytes.
    unsafe {
        set(config, |settings| {
            settings.server_address = Some(Ipv4Addr::from(array::<4>(address)?));
            Ok(())
        })
    }
}

/// Reads up to two addresses.
///
/// # Safety
///
/// Each is NULL, or four bytes.
pub(crate) unsafe fn pair(first: *const u8, second: *const u8) -> Result<[Option<Ipv4Addr>; 2], Error> {
    // SAFETY: the caller's promise.
    let one = |address: *const u8| unsafe {
        if address.is_null() { Ok(None) } else { array::<4>(address).map(|bytes| Some(Ipv4Addr::from(bytes))) }
    };
    Ok([one(first)?, one(second)?])
}

/// Sets the name servers (DNS) that a server hands out. Default: none.
///
/// `first`, `second`: four bytes each in network order, or NULL.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_name_servers(config: *mut Config, first: *const u8, second: *const u8) -> i32 {
    // SAFETY: the caller's promise: a handle, and four bytes twice.
    unsafe {
        set(config, |settings| {
            settings.name_servers = pair(first, second)?;
            Ok(())
        })
    }
}

/// Sets the MTU of the path between the two sides, in bytes, at least 576. Default: 1500. The MTU of
/// the tunnel follows from it.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_outer_mtu(config: *mut Config, bytes: u32) -> i32 {
    let work = |settings: &mut Settings| {
        // RFC 791: every host takes packets of this length.
        let bytes = u16::try_from(bytes).ok().filter(|bytes| (576..=1500).contains(bytes));
        settings.outer_mtu = bytes.ok_or(Error::Argument)?;
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}

/// Sets how this side calls itself on the control connection or in the tunnel. Default: nothing. L2TP
/// peers may choose their settings by it.
///
/// `name`: UTF-8 with a zero at its end, at most 63 bytes.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_host_name(config: *mut Config, name: *const c_char) -> i32 {
    // SAFETY: the caller's promise: a handle, and a text.
    unsafe {
        set(config, |settings| {
            let name = text(name)?;
            if name.len() > 63 {
                return Err(Error::Text);
            }
            settings.host_text = Text::new(name).map_err(|_| Error::Text)?;
            settings.host_name = name.into();
            Ok(())
        })
    }
}

/// Sets the password of L2TP tunnels, which both ends have to prove (RFC 2661 section 5.1.1).
/// Default: none, and nothing is proved.
///
/// `secret`: UTF-8 with a zero at its end.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_tunnel_secret(config: *mut Config, secret: *const c_char) -> i32 {
    // SAFETY: the caller's promise: a handle, and a text.
    unsafe {
        set(config, |settings| {
            let secret = wire::Secret::new(text(secret)?.as_bytes()).map_err(|_| Error::Text)?;
            settings.tunnel_secret = Some(secret);
            Ok(())
        })
    }
}

/// Sets a server's limits, which no peer can exceed.
///
/// `connections`: control connections or tunnels in all, by default 10000. `per_address`: those of
/// one address, by default 64; behind a NAT there are many clients. `calls`: calls in all, by
/// default 20000. A call that is up takes about 8.5 KiB.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_config_set_limits(
    config: *mut Config,
    connections: usize,
    per_address: usize,
    calls: usize,
) -> i32 {
    let work = |settings: &mut Settings| {
        settings.connections = connections;
        settings.connections_per_address = per_address;
        settings.calls = calls;
        Ok(())
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { set(config, work) }
}
