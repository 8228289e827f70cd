//! Servers of PPTP and of L2TP: many connections, each with its calls.

mod answer;
mod call;
mod table;

use core::ffi::c_char;

use ppp_session::ppp::Random;

pub use answer::*;
pub use call::*;
use table::Gateway;

use crate::address::Address;
use crate::border::{array, buffer, buffers, bytes, deadline, place, structure, time, write_text};
use crate::config::{Config, Settings, make};
use crate::error::Error;
use crate::event::{Event, Happened};
use crate::handle::{Object, ask, build, free, with};
use crate::machine::{Command, Machine};
use crate::packet::{Lent, Packet, give};

/// A server of many connections. Made by `pptp_server_new` or `pptp_server_new_l2tp`.
#[derive(Debug)]
pub struct Server {
    _private: [u8; 0],
}

pub(crate) struct Serving {
    gateway: Gateway,
    /// The last event, for its text.
    happened: Option<Happened>,
}

impl Object for Serving {
    type Opaque = Server;
    const TAG: usize = 0x7070_0005;
}

impl Serving {
    fn command(&mut self, now_ms: u64, connection: u64, call: u32, command: Command<'_>) -> Result<i32, Error> {
        self.gateway.change(connection, |session| session.command(time(now_ms), call, command)).map(|_| 0)
    }
}

/// Polls bytes of a connection or tunnel into a buffer of the caller, and says where in it they lie.
///
/// # Safety
///
/// `server` is as for [`with`], `data` as for [`buffer`], and `packet` as for [`place`].
unsafe fn poll(
    server: *mut Server,
    connection: u64,
    (data, length): (*mut u8, usize),
    packet: *mut Packet,
    work: impl for<'b> FnOnce(&mut dyn Machine, &'b mut [u8]) -> Result<Option<Lent<'b>>, Error>,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe {
        with(server, |server: &mut Serving| {
            let (data, to) = (buffer(data, length)?, place(packet)?);
            server.gateway.poll(connection, |session| Ok(give(to, connection, work(session, data)?)))
        })
    }
}

/// Makes a server of PPTP.
///
/// `config`: with `pptp_config_set_server_address`; it is copied. `server`: gets the handle, for
/// `pptp_server_free`.
///
/// Next: listen on TCP port 1723, open a raw socket of IP protocol 47, and give each TCP connection
/// to `pptp_server_accept`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_new(config: *mut Config, server: *mut *mut Server) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: room for a pointer.
        let to = unsafe { place(server)? };
        let serve = |settings: &mut Settings| Ok(Serving { gateway: Gateway::pptp(settings)?, happened: None });
        // SAFETY: the caller's promise: a handle.
        Ok(unsafe { make(config, to, serve) })
    })
}

/// Makes a server of L2TP, version 2.
///
/// `config`: with `pptp_config_set_server_address` and `pptp_config_set_host_name`; it is copied.
/// `entropy`: 32 unpredictable bytes, never used twice. `server`: gets the handle, for
/// `pptp_server_free`.
///
/// Next: open a UDP socket on port 1701. Tunnels come to be by `pptp_server_handle_packet`. There are
/// no streams: the functions with `stream` or `accept` in their names return
/// `PPTP_ERROR_OTHER_PROTOCOL`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_new_l2tp(
    config: *mut Config,
    entropy: *const u8,
    server: *mut *mut Server,
) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: 32 bytes, and room for a pointer.
        let (entropy, to) = unsafe { (array(entropy)?, place(server)?) };
        let serve = |settings: &mut Settings| {
            let gateway = Gateway::l2tp(settings, Random::new(entropy).entropy())?;
            Ok(Serving { gateway, happened: None })
        };
        // SAFETY: the caller's promise: a handle.
        Ok(unsafe { make(config, to, serve) })
    })
}

/// Frees a server with all its connections, and wipes their keys. NULL is allowed. Returns 0, or a
/// negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_free(server: *mut Server) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<Serving>(server) }
}

/// Takes a TCP connection that was accepted. PPTP only.
///
/// `peer`: its other end. `entropy`: 32 unpredictable bytes, never used twice. `connection`: gets its
/// number, from 1, which is not used again.
///
/// Returns 0, or a negative `pptp_error`: `PPTP_ERROR_FULL` when there are too many, in all or of
/// this address: close it then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_accept(
    server: *mut Server,
    now_ms: u64,
    peer: *const Address,
    entropy: *const u8,
    connection: *mut u64,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a struct, 32 bytes, and room for a number.
    unsafe {
        with(server, |server: &mut Serving| {
            let (peer, entropy, to) = (structure(peer)?.host()?, array(entropy)?, place(connection)?);
            to.write(server.gateway.accept(time(now_ms), peer, entropy)?);
            Ok(0)
        })
    }
}

/// Returns 1 when this TCP connection should be read now, 0 when something has to be polled first, or
/// a negative `pptp_error`. PPTP only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_wants_read(server: *mut Server, connection: u64) -> i32 {
    let work = |server: &mut Serving| server.gateway.look(connection)?.wants_read().map(i32::from);
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Takes bytes that came by a TCP connection, cut in any way. PPTP only.
///
/// Returns how many were taken, or a negative `pptp_error`. When `pptp_server_wants_read` has
/// returned 1, up to 252 bytes are taken in any case; otherwise the rest has to be given again
/// after events and output were polled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_handle_stream(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    data: *const u8,
    length: usize,
) -> i32 {
    let work = |server: &mut Serving| {
        // SAFETY: the caller's promise: bytes of this length.
        let data = unsafe { bytes(data, length)? };
        crate::border::length(server.gateway.handle_stream(time(now_ms), connection, data)?)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Takes note that a TCP connection has ended. PPTP only. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_handle_disconnect(server: *mut Server, now_ms: u64, connection: u64) -> i32 {
    let work = |server: &mut Serving| {
        server.gateway.change(connection, |session| session.handle_disconnect(time(now_ms))).map(|()| 0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Takes a packet of any peer: of PPTP what IP protocol 47 carried, without the IP header; of L2TP
/// what UDP carried. The server finds out whose it is.
///
/// `source`: who has sent it. `data`, `length`: the packet, which is decrypted where it lies.
/// `scratch`, `scratch_length`: `PPTP_BUFFER_LENGTH` bytes where compression is allowed; otherwise
/// they may be NULL and 0. `packet`: gets the IP packet, in one of the two buffers, and whose it is.
///
/// Returns 1 for an IP packet, 0 when there is nothing to deliver, or a negative `pptp_error`.
/// `PPTP_ERROR_REFUSED` and `PPTP_ERROR_NOT_FOUND` happen on every path, and leave `packet` as it
/// was. Otherwise poll the `connection` in `packet` with `pptp_server_poll_receive`, and then those
/// that are ready: while packets wait, `PPTP_ERROR_POLL_FIRST` may follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_handle_packet(
    server: *mut Server,
    now_ms: u64,
    source: *const Address,
    data: *mut u8,
    length: usize,
    scratch: *mut u8,
    scratch_length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a struct, two buffers, and room for a struct.
    unsafe {
        with(server, |server: &mut Serving| {
            // Copied first: it may be the address in `packet`.
            let source = *structure(source)?;
            let to = place(packet)?;
            let (data, scratch) = buffers((data, length), (scratch, scratch_length))?;
            let (connection, found) = server.gateway.handle_packet(time(now_ms), &source, data, scratch)?;
            Ok(give(to, connection, found))
        })
    }
}

/// Returns a connection or tunnel that may have something to send or to report. Returns 0 when
/// nothing is ready, for a wrong handle, and while memory has run out.
///
/// Call it after each input and each command, and after `pptp_server_handle_timeout`, until it
/// returns 0. Poll each one until nothing is left: it is not returned again before something
/// happens.
///
/// ```text
/// while ((id = pptp_server_poll_ready(server)) != 0) {
///     while (pptp_server_poll_event(server, id, &event) > 0) ...
///     while (pptp_server_poll_packet(server, now, id, buffer, sizeof buffer, &packet) > 0) ...
///     if (pptp_server_is_over(server, id) == 1) pptp_server_remove(server, now, id);
/// }
/// ```
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_ready(server: *mut Server) -> u64 {
    let mut found = 0;
    let work = |server: &mut Serving| {
        found = server.gateway.poll_ready();
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) };
    found
}

/// Gives the next bytes for a TCP connection. PPTP only. The arguments are those of
/// `pptp_client_poll_stream`, and the connection. While its socket is full, do not call; call again
/// when there is room.
///
/// Returns 1 for bytes, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_stream(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(server, connection, (data, length), packet, |session, buf| session.poll_stream(time(now_ms), buf)) }
}

/// Gives the next packet of a connection or tunnel that is no data. Of PPTP it is for IP protocol 47,
/// to the connection's peer; of L2TP for UDP, to the `address` in `packet`. The arguments are those of
/// `pptp_client_poll_packet`, and the connection.
///
/// Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_packet(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(server, connection, (data, length), packet, |session, buf| session.poll_packet(time(now_ms), buf)) }
}

/// Gives the next IP packet of a connection or tunnel that had to wait for an earlier one. The
/// arguments are those of `pptp_client_poll_receive`, and the connection.
///
/// Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_receive(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(server, connection, (data, length), packet, |session, buf| session.poll_receive(time(now_ms), buf)) }
}

/// Encrypts an IP packet for a call, and makes the packet around it that is to be sent. The other
/// arguments, and the result, are those of `pptp_client_send_ip`.
///
/// `connection`, `call`: of the event that said that IP is up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_send_ip(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    call: u32,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe {
        with(server, |server: &mut Serving| {
            let (data, to) = (buffer(data, length)?, place(packet)?);
            server.gateway.change(connection, |session| {
                to.write(session.send_ip(time(now_ms), call, data)?.packet(connection));
                Ok(0)
            })
        })
    }
}

/// Gives the next event of a connection or tunnel. `event`: gets it.
///
/// Returns 1 for an event, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_event(server: *mut Server, connection: u64, event: *mut Event) -> i32 {
    let work = |server: &mut Serving| {
        // SAFETY: the caller's promise: room for a struct.
        let to = unsafe { place(event)? };
        let polled = server.gateway.poll(connection, |session| Ok(session.poll_event()))?;
        let Some(happened) = polled else { return Ok(0) };
        server.happened = Some(happened);
        to.write(happened.flat(connection));
        Ok(1)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Writes the last event that was polled as a line for a log: see `pptp_client_event_text`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_event_text(server: *mut Server, buffer: *mut c_char, length: usize) -> i32 {
    // SAFETY: the caller's promise: a handle, and a buffer.
    unsafe {
        with(server, |server: &mut Serving| {
            write_text(buffer, length, server.happened.as_ref().ok_or(Error::NotFound)?)
        })
    }
}

/// Writes what a person can do about the last event that was polled: see
/// `pptp_client_event_advice`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_event_advice(server: *mut Server, buffer: *mut c_char, length: usize) -> i32 {
    // SAFETY: the caller's promise: a handle, and a buffer.
    unsafe {
        with(server, |server: &mut Serving| {
            write_text(buffer, length, &server.happened.ok_or(Error::NotFound)?.advice())
        })
    }
}

/// Returns when `pptp_server_handle_timeout` has to be called, or a moment before that: see
/// `pptp_client_poll_timeout`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_poll_timeout(server: *const Server) -> u64 {
    // SAFETY: the caller's promise: a handle.
    unsafe { ask(server, u64::MAX, |server: &Serving| deadline(server.gateway.poll_timeout())) }
}

/// Does what is due. Early, late and repeated calls are harmless. Afterwards poll those that are
/// ready.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_handle_timeout(server: *mut Server, now_ms: u64) -> i32 {
    let work = |server: &mut Serving| {
        server.gateway.handle_timeout(time(now_ms));
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Returns 1 when a connection or tunnel is over and can be removed, 0 before, or a negative
/// `pptp_error`. Of PPTP, send first what `pptp_server_poll_stream` still gives, then close the TCP
/// connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_is_over(server: *mut Server, connection: u64) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, |server: &mut Serving| Ok(server.gateway.look(connection)?.is_over().into())) }
}

/// Forgets a connection or tunnel, with its calls. Returns 0, also when it does not exist, or a
/// negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_remove(server: *mut Server, now_ms: u64, connection: u64) -> i32 {
    let work = |server: &mut Serving| {
        server.gateway.remove(time(now_ms), connection);
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Hangs up a connection or tunnel with all its calls. `PPTP_EVENT_KIND_CLOSED` follows, after some
/// seconds at most. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_close(server: *mut Server, now_ms: u64, connection: u64) -> i32 {
    let work = |server: &mut Serving| {
        server.gateway.change(connection, |session| {
            session.close(time(now_ms));
            Ok(0)
        })
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, work) }
}

/// Hangs up one call. `PPTP_EVENT_KIND_CALL_CLOSED` follows, after some seconds at most. Returns 0,
/// or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_close_call(server: *mut Server, now_ms: u64, connection: u64, call: u32) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(server, |server: &mut Serving| server.command(now_ms, connection, call, Command::Close)) }
}
