//! The only ways to panic in `pptp::inspect` and `pptp::report` are those of alloc, of its `BTreeMap`, and of core's `fmt`.
#![no_std]
#![no_main]

use core::fmt::{self, Write as _};
use core::hint::black_box;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use link_proof::{some, unknown};
use pptp::client;
use pptp::inspect::{ControlInput, Direction, Inspector, Record, Secrets, Session};
use pptp::ppp::Protocol;
use pptp::report::{ClientStatus, SessionReport};

/// Where text goes.
struct Sink;

impl fmt::Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let bytes = unknown([7; 16]);
    let secrets = Secrets::new()
        .with_password(unknown(Some("alice")), unknown("wonderland"))
        .with_nt_hash(unknown(None), unknown([7; 16]))
        .with_start_key(some(&bytes, 8))
        .with_search_depth(unknown(9));
    let mut inspector = Inspector::new(secrets);
    loop {
        feed(&mut inspector);
        inspector.sessions().for_each(look);
        black_box(inspector.forgotten_sessions());
        report();
    }
}

fn feed(inspector: &mut Inspector) {
    let bytes = unknown([7; 1500]);
    let bytes = some(&bytes, 1400);
    let tag = unknown(1);
    let (one, other) = (IpAddr::V4(Ipv4Addr::from_bits(unknown(1))), IpAddr::V6(unknown([7; 16]).into()));
    let (client, server) = (SocketAddr::new(one, unknown(9)), SocketAddr::new(other, unknown(1723)));
    let mut sink = |record: Record<'_>| {
        black_box(&record);
    };
    for input in [
        ControlInput::Start,
        ControlInput::Octets(bytes),
        ControlInput::Repeated(bytes),
        ControlInput::Cut(bytes),
        ControlInput::Lost,
        ControlInput::Seen,
        ControlInput::End,
    ] {
        inspector.handle_control(tag, client, server, unknown(input), &mut sink);
    }
    inspector.handle_gre(tag, one, other, bytes, &mut sink);
    inspector.handle_cut_gre(tag, one, other, bytes, &mut sink);
    let direction = unknown(Some(Direction::ToServer));
    inspector.handle_frame(tag, unknown(1), direction, bytes, &mut sink);
    inspector.handle_cut_frame(tag, unknown(1), direction, bytes, &mut sink);
    inspector.handle_packet(tag, unknown(1), direction, unknown(Protocol::LCP), bytes, &mut sink);
    inspector.finish(tag, &mut sink);
}

fn look(session: &Session) {
    let direction = unknown(Direction::ToServer);
    black_box((session.id(), session.roles(), session.has_directions(), session.start(), session.client()));
    black_box((session.server(), session.call_ids(), session.unanswered_challenge(), session.agreed_authentication()));
    black_box((session.encryption(direction), session.protection(direction), session.flushed_rule(direction)));
    black_box((session.counters(direction), session.end().and_then(|end| end.windows_error())));
    if let Some(authentication) = session.authentication() {
        black_box((authentication.method(), authentication.name(), authentication.outcome(), authentication.verdict()));
    }
}

fn report() {
    let now = unknown(Duration::from_secs(1));
    let session = client::Session::new(&client::Config::new(unknown("alice"), unknown("wonderland")), unknown([1; 32]));
    let _ = write!(Sink, "{}", ClientStatus::of_session(&session, now));
    if let Some(call) = session.first_call() {
        let _ = write!(Sink, "{}{}", ClientStatus::of_call(call, now), SessionReport::of_call(call, now));
    }
}
