//! Answers to `PPTP_EVENT_KIND_AUTHENTICATE`, now or later.

use core::ffi::c_char;

use mschap::{Account, FailureCode, NtHash};
use ppp_session::ExternalKeys;
use ppp_session::ppp::auth::{Answer, Outcome, Ticket};

use super::{Server, Serving};
use crate::border::{array, bytes, text, time};
use crate::error::Error;
use crate::handle::with;
use crate::machine::Command;

impl Serving {
    /// Gives an answer. Returns 1 when the client has proved itself, and 0 when it has not.
    fn answer(&mut self, now_ms: u64, connection: u64, call: u32, command: Command<'_>) -> Result<i32, Error> {
        let outcome = self.gateway.change(connection, |session| session.command(time(now_ms), call, command))?;
        match outcome {
            Some(Outcome::Accepted) => Ok(1),
            Some(Outcome::PasswordChanged(_)) => {
                // There is no way yet to hand out the new password, so that it must not count.
                let command = Command::RejectChange;
                self.gateway.change(connection, |session| session.command(time(now_ms), call, command))?;
                Ok(0)
            }
            Some(_) => Ok(0),
            None => Err(Error::Internal),
        }
    }
}

/// Answers with the password that is stored for the name: the library compares. It suits every
/// method.
///
/// `connection`, `call`, `ticket`: of the event. `password`: UTF-8 with a zero at its end.
///
/// Returns 1 when the client is let in, 0 when its password is wrong, or a negative `pptp_error`:
/// `PPTP_ERROR_NOT_ASKED` for an old ticket.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_answer_password(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    call: u32,
    ticket: u32,
    password: *const c_char,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and a text.
    unsafe {
        with(server, |server: &mut Serving| {
            let answer = Answer::Password(text(password)?.as_bytes());
            server.answer(now_ms, connection, call, Command::Answer(Ticket::new(ticket), answer))
        })
    }
}

/// Answers with the NT hash that is stored for the name: the library compares. It suits MS-CHAP.
///
/// `connection`, `call`, `ticket`: of the event. `hash`: 16 bytes, or NULL when there is no such
/// name: the same work is done then. `restriction`: an error number for a client whose password is
/// right, and that may not come in: 646 restricted hours, 647 disabled, 648 expired, 649 no
/// permission; 0 for none.
///
/// Returns 1 when the client is let in, 0 when it is refused, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_answer_nt_hash(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    call: u32,
    ticket: u32,
    hash: *const u8,
    restriction: u32,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and 16 bytes or NULL.
    unsafe {
        with(server, |server: &mut Serving| {
            let hash = if hash.is_null() { None } else { Some(NtHash::from_bytes(array(hash)?)) };
            let account = hash.as_ref().map_or(Account::unknown(), Account::new);
            let account = match restriction {
                0 => account,
                code => account.with_restriction(FailureCode(code)),
            };
            let answer = Answer::Account(&account);
            server.answer(now_ms, connection, call, Command::Answer(Ticket::new(ticket), answer))
        })
    }
}

/// Answers that another server, such as a RADIUS server, has found the proof good.
///
/// `connection`, `call`, `ticket`: of the event. `message`, `length`: what the client gets: of
/// MS-CHAPv2 the `S=` with 40 digits of MS-CHAP2-Success. `send_key`, `receive_key`: 16 bytes each,
/// MS-MPPE-Send-Key and MS-MPPE-Recv-Key, or both NULL without keys: nothing is encrypted then, and
/// the session ends where it has to be.
///
/// Returns 1 when the client is let in, 0 when not, or a negative `pptp_error`:
/// `PPTP_ERROR_UNSUITABLE` when the message lacks the proof.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_answer_accept(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    call: u32,
    ticket: u32,
    message: *const u8,
    length: usize,
    send_key: *const u8,
    receive_key: *const u8,
) -> i32 {
    // SAFETY: the caller's promise: a handle, bytes of this length, and 16 bytes twice, or NULL.
    unsafe {
        with(server, |server: &mut Serving| {
            let keys = match (send_key.is_null(), receive_key.is_null()) {
                (true, true) => None,
                _ => Some(ExternalKeys::new(&array::<16>(send_key)?, &array::<16>(receive_key)?)),
            };
            let command = Command::Accept(Ticket::new(ticket), bytes(message, length)?, keys);
            server.answer(now_ms, connection, call, command)
        })
    }
}

/// Answers that the client is refused.
///
/// `connection`, `call`, `ticket`: of the event. `message`, `length`: what the client gets: of
/// MS-CHAP `E=691 R=0 V=3`, of others any text, or nothing.
///
/// Returns 0, or a negative `pptp_error`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pptp_server_answer_reject(
    server: *mut Server,
    now_ms: u64,
    connection: u64,
    call: u32,
    ticket: u32,
    message: *const u8,
    length: usize,
) -> i32 {
    // SAFETY: the caller's promise: a handle, and bytes of this length.
    unsafe {
        with(server, |server: &mut Serving| {
            let answer = Answer::Reject(bytes(message, length)?);
            server.answer(now_ms, connection, call, Command::Answer(Ticket::new(ticket), answer))
        })
    }
}
