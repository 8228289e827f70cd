//! Clients of PPTP and of L2TP.

use alloc::boxed::Box;
use core::ffi::c_char;

use ppp_session::ppp::Random;
use ppp_session::ppp::auth::Ticket;

use crate::address::Address;
use crate::border::{array, buffer, buffers, bytes, deadline, place, structure, text, time, write_text};
use crate::config::{Config, Settings, make};
use crate::error::Error;
use crate::event::{Event, Happened, Status};
use crate::handle::{Object, ask, build, free, with};
use crate::machine::{Command, Machine};
use crate::packet::{Lent, Packet, give};
use crate::statistics::Statistics;

/// A client: one dialed call. Made by `pptp_client_new` or `pptp_client_new_l2tp`.
#[derive(Debug)]
pub struct Client {
    _private: [u8; 0],
}

pub(crate) struct Dialed {
    machine: Box<dyn Machine + Send>,
    /// The last event, for its text.
    happened: Option<Happened>,
}

impl Object for Dialed {
    type Opaque = Client;
    const TAG: usize = 0x7070_0004;
}

impl Dialed {
    fn new(machine: impl Machine + Send + 'static) -> Self {
        Self { machine: Box::new(machine), happened: None }
    }

    fn call(&self) -> Result<u32, Error> {
        self.machine.first_call().ok_or(Error::NotFound)
    }

    fn command(&mut self, now_ms: u64, command: Command<'_>) -> Result<i32, Error> {
        let call = self.call()?;
        self.machine.command(time(now_ms), call, command).map(|_| 0)
    }
}

/// Polls bytes into a buffer of the caller, and says where in it they lie.
///
/// # Safety
///
/// `client` is as for [`with`], `data` as for [`buffer`], and `packet` as for [`place`].
unsafe fn poll(
    client: *mut Client,
    (data, length): (*mut u8, usize),
    packet: *mut Packet,
    work: impl for<'b> FnOnce(&mut dyn Machine, &'b mut [u8]) -> Result<Option<Lent<'b>>, Error>,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe {
        with(client, |client: &mut Dialed| {
            let to = place(packet)?;
            Ok(give(to, 0, work(&mut *client.machine, buffer(data, length)?)?))
        })
    }
}

/// Makes a client of PPTP.
///
/// `config`: with a name and a password; it is copied. `entropy`: 32 unpredictable bytes of your
/// system (`getrandom(2)`), never used twice. `client`: gets the handle, for `pptp_client_free`.
///
/// Next: connect to TCP port 1723 of the server, open a raw socket of IP protocol 47, and call
/// `pptp_client_open`. A client that is up takes about 11 KiB. To dial again, make another one.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_new(config: *mut Config, entropy: *const u8, client: *mut *mut Client) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: 32 bytes, and room for a pointer.
        let (entropy, to) = unsafe { (array(entropy)?, place(client)?) };
        let dial = |settings: &mut Settings| {
            let config = pptp::client::Config::from(settings.client()?).with_session(settings.pptp());
            Ok(Dialed::new(pptp::client::Session::new(&config, entropy)))
        };
        // SAFETY: the caller's promise: a handle.
        Ok(unsafe { make(config, to, dial) })
    })
}

/// Makes a client of L2TP, version 2.
///
/// `config`: with a name and a password, and `pptp_config_set_host_name`; it is copied. `server`:
/// the server's address, with UDP port 1701. `entropy`: 32 unpredictable bytes, never used twice.
/// `client`: gets the handle, for `pptp_client_free`.
///
/// Next: open a UDP socket, and call `pptp_client_open`. There is no stream: the functions with
/// `stream` in their names return `PPTP_ERROR_OTHER_PROTOCOL`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_new_l2tp(
    config: *mut Config,
    server: *const Address,
    entropy: *const u8,
    client: *mut *mut Client,
) -> i32 {
    build(|| {
        // SAFETY: the caller's promise: a struct, 32 bytes, and room for a pointer.
        let (server, entropy, to) = unsafe { (structure(server)?.l2tp()?, array(entropy)?, place(client)?) };
        let dial = |settings: &mut Settings| {
            let config = l2tp_session::client::Config::new(settings.client()?, settings.l2tp());
            let mut random = Random::new(entropy);
            let ids = l2tp_session::wire::TunnelIds::new(random.entropy());
            Ok(Dialed::new(l2tp_session::client::Session::dial(&config, server, ids, random.entropy())))
        };
        // SAFETY: the caller's promise: a handle.
        Ok(unsafe { make(config, to, dial) })
    })
}

/// Frees a client, and wipes its keys and its password. NULL is allowed. Its unsent packets are
/// lost: the peer finds out by its own time-outs. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_free(client: *mut Client) -> i32 {
    // SAFETY: the caller's promise: NULL, or a handle that is not used any more.
    unsafe { free::<Dialed>(client) }
}

/// Begins: the TCP connection is open (PPTP), or packets can be sent (L2TP).
///
/// `now_ms`: here and everywhere, milliseconds since a moment of your choice, which never go back.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_open(client: *mut Client, now_ms: u64) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| client.machine.open(time(now_ms)).map(|()| 0)) }
}

/// Hangs up: PPP, the call, then the connection. The event `PPTP_EVENT_KIND_CLOSED` follows, after
/// some seconds at most; poll and send until `pptp_client_is_over`.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_close(client: *mut Client, now_ms: u64) -> i32 {
    let work = |client: &mut Dialed| {
        client.machine.close(time(now_ms));
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Returns 1 when everything is over and the client can be freed, 0 before, or a negative
/// `pptp_error`. Of PPTP, send first what `pptp_client_poll_stream` still gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_is_over(client: *mut Client) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| Ok(client.machine.is_over().into())) }
}

/// Returns 1 when the peer knows that the session is over, or does not answer any more; 0 before; or a
/// negative `pptp_error`. A program that ends may free the client then. One that goes on keeps a client
/// of L2TP until `pptp_client_is_over`, 31 seconds later, since the peer may repeat its last message.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_is_acknowledged(client: *mut Client) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| Ok(client.machine.is_acknowledged().into())) }
}

/// Returns 1 when the TCP connection should be read now, 0 when something has to be polled first, or
/// a negative `pptp_error`. PPTP only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_wants_read(client: *mut Client) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| client.machine.wants_read().map(i32::from)) }
}

/// Takes bytes that came by TCP, cut in any way. PPTP only.
///
/// Returns how many were taken, or a negative `pptp_error`. When `pptp_client_wants_read` has
/// returned 1, up to 252 bytes are taken in any case; otherwise the rest has to be given again
/// after events and output were polled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_handle_stream(
    client: *mut Client,
    now_ms: u64,
    data: *const u8,
    length: usize,
) -> i32 {
    let work = |client: &mut Dialed| {
        // SAFETY: the caller's promise: bytes of this length.
        let data = unsafe { bytes(data, length)? };
        crate::border::length(client.machine.handle_stream(time(now_ms), data)?)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Takes note that the TCP connection has ended. PPTP only. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_handle_disconnect(client: *mut Client, now_ms: u64) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| client.machine.handle_disconnect(time(now_ms)).map(|()| 0)) }
}

/// Gives the next bytes for the TCP connection. PPTP only.
///
/// `data`, `length`: a buffer; `PPTP_BUFFER_LENGTH` is enough. `packet`: gets the place of the bytes
/// in it. Send them all before the next call; while the socket is full, do not call.
///
/// Returns 1 for bytes, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_poll_stream(
    client: *mut Client,
    now_ms: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(client, (data, length), packet, |machine, buf| machine.poll_stream(time(now_ms), buf)) }
}

/// Takes a packet of the peer: of PPTP what IP protocol 47 carried, without the IP header; of L2TP
/// what UDP carried.
///
/// `source`: who has sent it; of PPTP it may be NULL. `data`, `length`: the packet, which is
/// decrypted where it lies. `scratch`, `scratch_length`: `PPTP_BUFFER_LENGTH` bytes where compression
/// is allowed; otherwise they may be NULL and 0. `packet`: gets the IP packet, in one of the two
/// buffers.
///
/// Returns 1 for an IP packet, 0 when there is nothing to deliver (negotiation, or it waits for an
/// earlier one), or a negative `pptp_error`. `PPTP_ERROR_REFUSED` and `PPTP_ERROR_NOT_FOUND` happen
/// on every path, and the client goes on. Afterwards poll everything,
/// `pptp_client_poll_receive` first: while packets wait there, `PPTP_ERROR_POLL_FIRST` may follow.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_handle_packet(
    client: *mut Client,
    now_ms: u64,
    source: *const Address,
    data: *mut u8,
    length: usize,
    scratch: *mut u8,
    scratch_length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a struct or NULL, two buffers, and room for a struct.
    unsafe {
        with(client, |client: &mut Dialed| {
            let (data, scratch) = buffers((data, length), (scratch, scratch_length))?;
            let source = if source.is_null() { None } else { Some(structure(source)?.l2tp()?) };
            let to = place(packet)?;
            let found = client.machine.handle_packet(time(now_ms), source, data, scratch)?;
            Ok(give(to, 0, found))
        })
    }
}

/// Gives the next packet to send that is no data: of PPTP for IP protocol 47, of L2TP for UDP, to the
/// `address` in `packet`.
///
/// `data`, `length`: a buffer; `PPTP_BUFFER_LENGTH` is enough. `packet`: gets the place of the packet
/// in it, which is not always the start.
///
/// Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_poll_packet(
    client: *mut Client,
    now_ms: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(client, (data, length), packet, |machine, buf| machine.poll_packet(time(now_ms), buf)) }
}

/// Gives the next IP packet that had to wait for an earlier one. Call it after each
/// `pptp_client_handle_packet` and `pptp_client_handle_timeout`, until it returns 0.
///
/// `data`, `length`: a buffer of `PPTP_BUFFER_LENGTH` bytes. `packet`: gets the packet.
///
/// Returns 1 for a packet, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_poll_receive(
    client: *mut Client,
    now_ms: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe { poll(client, (data, length), packet, |machine, buf| machine.poll_receive(time(now_ms), buf)) }
}

/// Encrypts an IP packet, and makes the packet around it that is to be sent.
///
/// `data`, `length`: a buffer whose first `PPTP_HEADROOM` bytes are free, and which ends with the IP
/// packet. `packet`: gets the packet to send, in the same buffer: of PPTP for IP protocol 47, of L2TP
/// for UDP.
///
/// Returns 0, or a negative `pptp_error`; then nothing has changed: `PPTP_ERROR_WOULD_BLOCK` when the
/// peer's window is full, `PPTP_ERROR_NOT_CONNECTED` before IP flows, `PPTP_ERROR_TOO_LONG` for more
/// than `pptp_client_mtu`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_send_ip(
    client: *mut Client,
    now_ms: u64,
    data: *mut u8,
    length: usize,
    packet: *mut Packet,
) -> i32 {
    // SAFETY: the caller's promise: a handle, a buffer, and room for a struct.
    unsafe {
        with(client, |client: &mut Dialed| {
            let (to, call) = (place(packet)?, client.call()?);
            let sent = client.machine.send_ip(time(now_ms), call, buffer(data, length)?)?;
            to.write(sent.packet(0));
            Ok(0)
        })
    }
}

/// Gives the next event. `event`: gets it.
///
/// Of each kind the latest waits; a client that is polled after each other call reports all.
///
/// Returns 1 for an event, 0 for none, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_poll_event(client: *mut Client, event: *mut Event) -> i32 {
    let work = |client: &mut Dialed| {
        // SAFETY: the caller's promise: room for a struct.
        let to = unsafe { place(event)? };
        let Some(happened) = client.machine.poll_event() else { return Ok(0) };
        client.happened = Some(happened);
        to.write(happened.flat(0));
        Ok(1)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Writes the last event that was polled as a line for a log; of an end, the reason.
///
/// `buffer`, `length`: as for `pptp_error_text`. Returns the length of the whole text, or a negative
/// `pptp_error`: `PPTP_ERROR_NOT_FOUND` before the first event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_event_text(client: *mut Client, buffer: *mut c_char, length: usize) -> i32 {
    // SAFETY: the caller's promise: a handle, and a buffer.
    unsafe {
        with(client, |client: &mut Dialed| write_text(buffer, length, client.happened.as_ref().ok_or(Error::NotFound)?))
    }
}

/// Writes what a person can do about the last event that was polled, which was an end.
///
/// `buffer`, `length`: as for `pptp_error_text`. Returns the length of the whole text, or a negative
/// `pptp_error`: `PPTP_ERROR_NOT_FOUND` before the first event.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_event_advice(client: *mut Client, buffer: *mut c_char, length: usize) -> i32 {
    // SAFETY: the caller's promise: a handle, and a buffer.
    unsafe {
        with(client, |client: &mut Dialed| {
            write_text(buffer, length, &client.happened.ok_or(Error::NotFound)?.advice())
        })
    }
}

/// Returns when `pptp_client_handle_timeout` has to be called, in milliseconds on the clock of
/// `now_ms`: not the time until then. `PPTP_NO_DEADLINE` when nothing is waited for, and for a wrong
/// handle. It changes with every other call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_poll_timeout(client: *const Client) -> u64 {
    // SAFETY: the caller's promise: a handle.
    unsafe { ask(client, u64::MAX, |client: &Dialed| deadline(client.machine.poll_timeout())) }
}

/// Does what is due. Early, late and repeated calls are harmless. Afterwards poll everything.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_handle_timeout(client: *mut Client, now_ms: u64) -> i32 {
    let work = |client: &mut Dialed| {
        client.machine.handle_timeout(time(now_ms));
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Returns the longest IP packet that may be sent now, in bytes: the MTU for a TUN device; or a
/// negative `pptp_error`: `PPTP_ERROR_NOT_FOUND` without a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_mtu(client: *mut Client) -> i32 {
    let work = |client: &mut Dialed| {
        let call = client.call()?;
        client.machine.mtu(call).map(i32::from).ok_or(Error::NotFound)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Returns one of `enum pptp_status`, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_status(client: *mut Client) -> i32 {
    let work = |client: &mut Dialed| {
        let ppp = client.machine.first_call().and_then(|call| client.machine.ppp(call));
        ppp.map_or(Status::Dialing, |ppp| Status::of(ppp.status())).code()
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Reads the counters of the call. `statistics`: gets them.
///
/// Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_FOUND` without a call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_statistics(client: *mut Client, statistics: *mut Statistics) -> i32 {
    let work = |client: &mut Dialed| {
        // SAFETY: the caller's promise: room for a struct.
        let to = unsafe { place(statistics)? };
        to.write(Statistics::of(&*client.machine, client.call()?).ok_or(Error::NotFound)?);
        Ok(0)
    };
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, work) }
}

/// Asks the peer for an answer now, by an Echo-Request of PPP. Returns 0, or a negative
/// `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_ping(client: *mut Client, now_ms: u64) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| client.command(now_ms, Command::Ping)) }
}

/// Answers `PPTP_EVENT_KIND_PASSWORD_EXPIRED` with a new password.
///
/// `password`: UTF-8 with a zero at its end, at most 256 characters.
///
/// Returns 0, or a negative `pptp_error`: `PPTP_ERROR_NOT_ASKED`, `PPTP_ERROR_TEXT`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_change_password(client: *mut Client, now_ms: u64, password: *const c_char) -> i32 {
    // SAFETY: the caller's promise: a handle, and a text.
    unsafe { with(client, |client: &mut Dialed| client.command(now_ms, Command::ChangePassword(text(password)?))) }
}

/// Answers `PPTP_EVENT_KIND_PROVE` with another name and password.
///
/// `ticket`: of the event. `name`, `password`: UTF-8 with a zero at the end.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_prove(
    client: *mut Client,
    now_ms: u64,
    ticket: u32,
    name: *const c_char,
    password: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and two texts.
    unsafe {
        with(client, |client: &mut Dialed| {
            client.command(now_ms, Command::Prove(Ticket::new(ticket), text(name)?, text(password)?))
        })
    }
}

/// Answers `PPTP_EVENT_KIND_PROVE` with a no: there is no other password. The session ends.
///
/// `ticket`: of the event. Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_client_decline(client: *mut Client, now_ms: u64, ticket: u32) -> i32 {
    // SAFETY: the caller's promise: a handle.
    unsafe { with(client, |client: &mut Dialed| client.command(now_ms, Command::Decline(Ticket::new(ticket)))) }
}
