//! Rows whose operation is a login, or the making of a whole session.

use std::hint::black_box;
use std::time::Duration;

use mschap::v2::{Challenges, Peer};
use mschap::{MasterKey, NtHash};
use pptp::session::Config;

use super::Row;
use crate::mschap::{logins, ours};

/// The rows.
pub(super) const ROWS: &[fn() -> Row] = &[login_server, login_client, set_up];

fn login_server() -> Row {
    let (hash, responses) = logins();
    Row::new("login MS-CHAPv2, server", responses.len(), move || {
        for response in &responses {
            assert!(ours(black_box(&hash), black_box(response)).is_some());
        }
    })
}

/// Answers a challenge with a stored hash, checks the proof, and makes both keys.
fn login_client() -> Row {
    const LOGINS: u8 = 16;
    let hash = NtHash::from_password("clientPass");
    Row::new("login MS-CHAPv2, client", LOGINS.into(), move || {
        for number in 0..LOGINS {
            let challenges = Challenges { authenticator: [7; 16], peer: [number; 16] };
            let (peer, response) = Peer::respond(black_box(&hash), black_box(&challenges), b"User");
            assert!(peer.handle_success(b"S=0000000000000000000000000000000000000000").is_err());
            let master = MasterKey::new(&hash.hash(), &response.nt_response);
            black_box((master.authenticator_to_peer(), master.peer_to_authenticator()));
        }
    })
}

/// Both ends, from nothing to IP that flows.
fn set_up() -> Row {
    Row::new("session PPTP from nothing, both ends", 1, || {
        black_box(testing::pptp::connected(Duration::ZERO, &Config::strict(), |_, _| ()));
    })
}
