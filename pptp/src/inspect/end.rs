//! Why a session ended.

use alloc::vec::Vec;
use core::fmt;

use pptp_wire::code::{DisconnectResult, OutgoingCallResult, StopReason};

use super::Direction;

/// Why a session ended: the first evidence of it.
///
/// ```
/// use pptp::inspect::{Cause, End};
///
/// let end = End { sender: None, cause: Cause::MicrosoftError(742) };
/// assert_eq!(end.windows_error(), Some(742));
/// assert_eq!(
///     end.to_string(),
///     "the link was terminated with Windows error 742: \
///      the remote computer does not support the required encryption",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "who and why")]
pub struct End {
    /// The direction of that evidence, if it was a packet.
    pub sender: Option<Direction>,
    /// The evidence.
    pub cause: Cause,
}

/// The cause of the end of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The authenticator refused the client, with MS-CHAP's error number where it gave one.
    AuthenticationFailed {
        /// 691 for a wrong name or password.
        code: Option<u32>,
    },
    /// The link was terminated after CCP had come to nothing.
    NoEncryption {
        /// The text of the Terminate-Request, at most 64 bytes of it.
        message: Vec<u8>,
    },
    /// LCP Terminate-Request.
    Terminated {
        /// The text, at most 64 bytes of it.
        message: Vec<u8>,
    },
    /// LCP Terminate-Request of Windows, with an error number that is not 0.
    MicrosoftError(u32),
    /// The call was refused.
    CallRefused(OutgoingCallResult),
    /// Call-Clear-Request.
    CallCleared,
    /// Call-Disconnect-Notify.
    CallDisconnected(DisconnectResult),
    /// Stop-Control-Connection-Request.
    ControlConnectionStopped(StopReason),
    /// The TCP connection was closed without a word.
    ControlConnectionClosed,
}

impl End {
    /// Returns the number that Windows shows for such an end, where there is one.
    #[must_use]
    pub const fn windows_error(&self) -> Option<u32> {
        match &self.cause {
            Cause::AuthenticationFailed { code: Some(code) } | Cause::MicrosoftError(code) => Some(*code),
            // PAP and CHAP have no number; Windows shows this one for both.
            Cause::AuthenticationFailed { code: None } => Some(691),
            // Windows ends LCP with 742 when no encryption was agreed on.
            Cause::NoEncryption { .. } => Some(742),
            Cause::Terminated { .. }
            | Cause::CallRefused(_)
            | Cause::CallCleared
            | Cause::CallDisconnected(_)
            | Cause::ControlConnectionStopped(_)
            | Cause::ControlConnectionClosed => None,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sender {
            Some(Direction::ToServer) => f.write_str("by the client: ")?,
            Some(Direction::ToClient) => f.write_str("by the server: ")?,
            None => {}
        }
        match &self.cause {
            Cause::AuthenticationFailed { code: None } => f.write_str("the authentication failed"),
            Cause::AuthenticationFailed { code: Some(code) } => {
                write!(f, "the authentication failed with error {code}")?;
                explain(*code, f)
            }
            Cause::NoEncryption { message } => {
                f.write_str("the link was terminated for want of encryption")?;
                quote(message, f)
            }
            Cause::Terminated { message } => {
                f.write_str("the link was terminated")?;
                quote(message, f)
            }
            Cause::MicrosoftError(code) => {
                write!(f, "the link was terminated with Windows error {code}")?;
                explain(*code, f)
            }
            Cause::CallRefused(result) => write!(f, "the call was refused: {result}"),
            Cause::CallCleared => f.write_str("the call was cleared"),
            Cause::CallDisconnected(result) => write!(f, "the call was disconnected: {result}"),
            Cause::ControlConnectionStopped(reason) => write!(f, "the control connection was stopped: {reason}"),
            Cause::ControlConnectionClosed => f.write_str("the TCP connection was closed"),
        }
    }
}

fn explain(code: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match ppp_fsm::link::windows_error_text(code) {
        Some(text) => write!(f, ": {text}"),
        None => Ok(()),
    }
}

fn quote(message: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if message.is_empty() { Ok(()) } else { write!(f, ", \"{}\"", message.escape_ascii()) }
}
