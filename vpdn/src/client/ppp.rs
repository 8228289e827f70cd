//! The events of PPP, over any carrier.

use std::time::Duration;

use pptp::ppp::auth::{AnswerError, Ticket};
use pptp::ppp_session::{Event, Session, Status};
use pptp::report::ClientStatus;
use zeroize::Zeroizing;

use super::interface::Interface;
use super::output::say;
use crate::host::{Failure, status};

/// The task that an event leaves to the tunnel.
pub(super) enum Follow {
    /// Nothing.
    Nothing,
    /// To show the status.
    Status,
    /// To take the addresses back.
    IpDown,
    /// To change the password, which has expired.
    ChangePassword,
    /// To say that there is no other proof.
    Decline(Ticket),
}

/// Takes an event of PPP. `peer_name` and `mtu` are those of the call, and `is_connected` says whether IP flows in it.
///
/// # Errors
///
/// The system refuses an address or a route.
pub(super) fn event(
    interface: &mut Interface,
    event: Event,
    is_connected: bool,
    peer_name: &str,
    mtu: u16,
) -> Result<Follow, Failure> {
    match event {
        Event::Status(_) => return Ok(Follow::Status),
        // Where encryption is preferred, it may come after the first packets.
        Event::EncryptionUp(_) if is_connected => return Ok(Follow::Status),
        Event::IpUp(agreed) => interface.ip_up(&agreed, mtu, peer_name)?,
        Event::IpDown => return Ok(Follow::IpDown),
        Event::IpFailed(reason) => say(&format_args!("  no IPv4: {reason}")),
        Event::Ipv6Up(agreed) => interface.ipv6_up(&agreed, mtu)?,
        Event::Ipv6Failed(reason) => say(&format_args!("  no IPv6: {reason}")),
        Event::EncryptionDown => say(&"  encryption: ended"),
        Event::PasswordExpired => return Ok(Follow::ChangePassword),
        Event::Prove(demand) => return Ok(Follow::Decline(demand.ticket())),
        Event::CoherencyLost => say(&"  packets decrypt to nonsense"),
        _ => {}
    }
    Ok(Follow::Nothing)
}

/// Changes the password, which has expired, by `change`. Returns whether there is a new one.
pub(super) fn change_password(
    new: Option<&Zeroizing<String>>,
    change: impl FnOnce(&str) -> Option<Result<(), AnswerError>>,
) -> bool {
    let Some(new) = new else { return false };
    say(&"  the password has expired: changing it");
    if let Some(Err(error)) = change(new) {
        say(&format_args!("  the new password: {error}"));
    }
    true
}

/// Returns why the program ends when the password has expired, and there is no new one.
pub(super) fn expired() -> Failure {
    let text = "the password has expired (error 648): --new-password changes it".to_owned();
    Failure { status: status::NOT_AUTHENTICATED, text }
}

/// Returns the status of PPP, as operators know it.
pub(super) fn shown(ppp: Option<&Session>, now: Duration) -> ClientStatus {
    let mut shown = ClientStatus::default();
    if let Some(ppp) = ppp {
        shown.status = ppp.status();
        shown.uptime = (shown.status == Status::Connected).then(|| now.saturating_sub(ppp.changed_at()));
        shown.send = ppp.sending();
        shown.receive = ppp.receiving();
    }
    shown
}
