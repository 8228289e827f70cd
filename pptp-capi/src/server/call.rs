//! One call of a server: its address, its counters, and the proof of its client.

use core::net::Ipv4Addr;

use super::{Server, Serving};
use crate::border::{array, place};
use crate::config::pair;
use crate::error::Error;
use crate::event::Status;
use crate::handle::with;
use crate::machine::Command;
use crate::presented::Presented;
use crate::statistics::Statistics;

/// Sets the address that a client has to take. Call it before the answer that lets the client in; and
/// at `PPTP_EVENT_KIND_ADDRESS_WANTED`, for one that may have the address that it wants.
///
/// `address`: four bytes in network order.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_assign_address(
    server: *mut Server,
    connection: u64,
    call: u32,
    address: *const u8,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and four bytes.
    unsafe {
        with(server, |server: &mut Serving| {
            let address = Ipv4Addr::from(array::<4>(address)?);
            server.command(0, connection, call, Command::AssignAddress(address))
        })
    }
}

/// Sets the name servers (DNS) of one client, in place of those of the configuration. Call it before
/// the answer that lets the client in.
///
/// `first`, `second`: four bytes each in network order, or NULL.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_assign_name_servers(
    server: *mut Server,
    connection: u64,
    call: u32,
    first: *const u8,
    second: *const u8,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and four bytes twice.
    unsafe {
        with(server, |server: &mut Serving| {
            server.command(0, connection, call, Command::AssignNameServers(pair(first, second)?))
        })
    }
}

/// Returns the longest IP packet that may be sent by a call now, in bytes, or a negative
/// `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_mtu(server: *mut Server, connection: u64, call: u32) -> i32 {
    let work = |server: &mut Serving| server.gateway.look(connection)?.mtu(call).map(i32::from).ok_or(Error::NotFound);
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Returns one of `enum pptp_status` for a call, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_status(server: *mut Server, connection: u64, call: u32) -> i32 {
    let work = |server: &mut Serving| {
        let ppp = server.gateway.look(connection)?.ppp(call).ok_or(Error::NotFound)?;
        Status::of(ppp.status()).code()
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Reads the counters of a call. `statistics`: gets them. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_statistics(
    server: *mut Server,
    connection: u64,
    call: u32,
    statistics: *mut Statistics,
) -> i32 {
    let work = |server: &mut Serving| {
        // SAFETY: the caller's promise: room for a struct.
        let to = unsafe { place(statistics)? };
        to.write(Statistics::of(server.gateway.look(connection)?, call).ok_or(Error::NotFound)?);
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Reads what the client of a call presents, while `PPTP_EVENT_KIND_AUTHENTICATE` waits for an
/// answer. `presented`: gets it.
///
/// Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_ASKED` when nothing waits for an answer,
/// `PPTP_ERROR_TEXT` for a name of more than 256 bytes, which is to be refused.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_presented(
    server: *mut Server,
    connection: u64,
    call: u32,
    presented: *mut Presented,
) -> i32 {
    let work = |server: &mut Serving| {
        // SAFETY: the caller's promise: room for a struct.
        let to = unsafe { place(presented)? };
        let ppp = server.gateway.look(connection)?.ppp(call).ok_or(Error::NotFound)?;
        to.write(Presented::new(&ppp.presented().ok_or(Error::NotAsked)?)?);
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}
