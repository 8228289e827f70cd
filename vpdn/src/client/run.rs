//! One tunnel after the other.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use super::context::{Context, template};
use super::interface::Interface;
use super::l2tp;
use super::output::{complain, say};
use super::secret::Secret;
use super::tunnel::{End, Tunnel};
use crate::config::{Config, Protocol};
use crate::host::{Clock, Failure, Interest, Poller, Signals, entropy, status};

/// TCP port of RFC 2637 section 3.
const PORT: u16 = 1723;
/// The first pause before the server is dialed again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest one, where the configuration does not say.
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// A tunnel that was up for so long has done well: what comes after it begins with the first pause again.
const GOOD: Duration = Duration::from_secs(60);

/// Dials, carries packets until one side hangs up, and dials again if that is wanted.
///
/// # Errors
///
/// [`Failure`]: all but a hang-up of this side.
pub(super) fn run(config: &Config, trace: bool) -> Result<(), Failure> {
    let Some(client) = &config.client else { return Err(Failure::other("there is nobody to dial".to_owned())) };
    let secret = Secret::of(client)?;
    let new_password = secret.new_password(client)?;
    // Steps that need permission come first: nobody is dialed in vain.
    let with_ipv6 = template(config, client).ipv6;
    let mut context = Context {
        config,
        client,
        secret,
        new_password,
        clock: Clock::start(),
        interface: Interface::create(config.interface.as_deref(), with_ipv6, client)?,
        stop: Signals::of_the_end()?,
        report: Signals::of_reports()?,
        trace,
    };
    let max_pause = client.reconnect_max_pause.map_or(MAX_PAUSE, Duration::from_secs);
    let (mut pause, mut left) = (FIRST_PAUSE, client.reconnect.unwrap_or(0));
    loop {
        let begun = context.clock.now();
        let failure = match once(&mut context) {
            Ok(End::ByUs) => return Ok(()),
            Ok(End::Failed(failure)) | Err(failure) => failure,
        };
        // Another try helps against a bad path, not against a wrong password.
        if left == 0 || !is_worth_another_try(&failure) {
            return Err(failure);
        }
        // A session that was good for a while is no failed try.
        if context.clock.now().saturating_sub(begun) >= GOOD {
            pause = FIRST_PAUSE;
            left = client.reconnect.unwrap_or(0);
        }
        left -= 1;
        complain(&failure.text);
        say(&format_args!("dialing again in {} s, {left} more times after that", pause.as_secs()));
        if rest(&context, pause)? {
            return Ok(());
        }
        // The pause doubles, so that a server that has come back is not flooded by its clients.
        pause = pause.saturating_mul(2).min(max_pause);
    }
}

/// Returns whether dialing again may help: a wrong password does not become right, and asking again
/// may lock the account.
fn is_worth_another_try(failure: &Failure) -> bool {
    matches!(failure.status, status::NO_CONNECTION | status::GRE_BLOCKED | status::HUNG_UP)
}

fn once(context: &mut Context<'_>) -> Result<End, Failure> {
    // Each time: the address may have changed.
    let is_l2tp = matches!(context.client.protocol, Some(Protocol::L2tp | Protocol::L2tpv3));
    let end = if is_l2tp {
        let server = resolve(&context.client.connect_to, l2tp_session::wire::UDP_PORT, |_| true)?;
        context.interface.pin(server.ip())?;
        l2tp::Tunnel::dial(context, server)?.run()
    } else {
        let server = resolve(&context.client.connect_to, PORT, SocketAddr::is_ipv4)?;
        context.interface.pin(server.ip())?;
        let SocketAddr::V4(server) = server else {
            return Err(Failure::other(format!("{server} is no IPv4 address, and PPTP has no others")));
        };
        Tunnel::dial(context, server, entropy()?)?.run()
    };
    context.interface.ip_down(None);
    end
}

/// Returns the server's address, of those that are wanted the first.
fn resolve(name: &str, port: u16, is_wanted: impl Fn(&SocketAddr) -> bool) -> Result<SocketAddr, Failure> {
    let failed = |text| Failure { status: status::NO_CONNECTION, text };
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok((address, port).into());
    }
    // An address of IPv6 in brackets, without a port.
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if let Some(address) = bare.and_then(|name| name.parse::<IpAddr>().ok()) {
        return Ok((address, port).into());
    }
    let found = if name.contains(':') { name.to_socket_addrs() } else { (name, port).to_socket_addrs() };
    let mut found = found.map_err(|error| failed(format!("no address for {name}: {error}")))?;
    found.find(is_wanted).ok_or_else(|| failed(format!("{name} has no IPv4 address")))
}

/// Waits. Returns whether a signal has come meanwhile.
fn rest(context: &Context<'_>, pause: Duration) -> Result<bool, Failure> {
    let failed = |error| Failure::of_system("epoll", &error);
    let mut poller = Poller::new().map_err(failed)?;
    poller.add(&context.stop, 0, Interest::Read).map_err(failed)?;
    let deadline = context.clock.now().saturating_add(pause);
    loop {
        let left = deadline.saturating_sub(context.clock.now());
        if left.is_zero() {
            return Ok(false);
        }
        // An early return without a signal is one of another kind.
        let _ = poller.wait(Some(left)).map_err(failed)?.count();
        if context.stop.take() > 0 {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_both_versions_have_a_port_or_the_protocol_s_own() {
        let any = |name| resolve(name, 1701, |_| true).unwrap().to_string();
        assert_eq!(any("192.0.2.1"), "192.0.2.1:1701");
        assert_eq!(any("192.0.2.1:99"), "192.0.2.1:99");
        for (name, address) in [
            ("2001:db8::1", "[2001:db8::1]:1701"),
            ("[2001:db8::1]", "[2001:db8::1]:1701"),
            ("[2001:db8::1]:99", "[2001:db8::1]:99"),
        ] {
            assert_eq!(any(name), address);
        }
        let error = resolve("[2001:db8::1]:99", 1723, SocketAddr::is_ipv4).unwrap_err();
        assert_eq!(error.text, "[2001:db8::1]:99 has no IPv4 address");
    }
}
