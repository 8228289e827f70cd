//! No text that can be printed shows a password, a hash or a key.

use pptp::client;
use pptp::mschap::{NtHash, Password};
use pptp::ppp::auth::{Answer, Keys, Method, Methods, Secret};
use pptp::ppp_session;
use pptp::session::{Config, ExternalKeys};

use testing::pptp::OneCall as _;
use testing::pptp::{PASSWORD, Pair};

use crate::{client_config, server_config};

/// Returns the ways in which bytes are printed.
fn spellings(bytes: &[u8]) -> Vec<String> {
    let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    vec![list.join(", "), hex.to_uppercase(), hex, bytes.escape_ascii().to_string()]
}

fn assert_hidden(printed: &str, secrets: &[Vec<u8>]) {
    assert!(printed.len() > 20);
    for secret in secrets {
        // Eight bytes are enough to be recognized, and too many to be there by chance.
        for part in secret.windows(8.min(secret.len())) {
            if part.iter().all(|byte| *byte == part[0]) {
                continue;
            }
            for spelling in spellings(part) {
                assert!(!printed.contains(&spelling), "{spelling} is printed");
            }
        }
    }
}

/// Returns all that can be computed from the password.
fn secrets() -> Vec<Vec<u8>> {
    let hash = NtHash::from_password(Password::Text(PASSWORD));
    vec![PASSWORD.as_bytes().to_vec(), hash.as_bytes().to_vec(), hash.hash().as_bytes().to_vec()]
}

#[test]
fn configurations_show_no_secret() {
    let config = client_config();
    assert_hidden(&format!("{config:?}{config:#?}"), &secrets());
    let hash = NtHash::from_password(Password::Text(PASSWORD));
    let config = client::Config::from(ppp_session::Client::with_nt_hash("alice", hash.clone()));
    assert_hidden(&format!("{config:?}"), &secrets());
    assert_hidden(&format!("{:?} {:?}", Secret::Password(PASSWORD.as_bytes()), Secret::NtHash(&hash)), &secrets());
    let key: Vec<u8> = (1..17).collect();
    assert_hidden(&format!("{:?}", ExternalKeys::new(&key, &key)), &[key]);
}

#[test]
fn sessions_and_events_show_no_secret_at_any_time() {
    for method in [Method::MsChapV2, Method::MsChapV1, Method::ChapMd5, Method::Pap] {
        let session = if method == Method::MsChapV2 { Config::strict() } else { Config::interop() };
        let session = session.with_ppp(|ppp| ppp.with_authentication(Methods::new(&[method])));
        let client = client_config().with_session(session.clone());
        let mut pair = Pair::new(&client, &server_config().with_session(session.clone()));
        pair.server.answers = false;
        let mut printed = Vec::new();
        for step in 0..3 {
            pair.run();
            printed.push(format!("{pair:?}"));
            printed.push(format!("{:?}", pair.events().collect::<Vec<_>>()));
            if let Some((call, question)) = pair.server.question.take() {
                printed.push(format!("{:?}", pair.server.session().call(call).and_then(|call| call.ppp().presented())));
                let answer = Answer::Password(PASSWORD.as_bytes());
                printed.push(format!("{answer:?}"));
                let now = pair.now;
                let outcome =
                    pair.server.with(|session| session.call_mut(call).unwrap().answer(now, question.ticket(), &answer));
                printed.push(format!("{outcome:?}"));
            }
            assert!(step < 3);
        }
        pair.assert_connected();
        pair.assert_alive();
        printed.push(format!("{pair:?}"));
        let mut secrets = secrets();
        if let Some(Keys::MsChapV2 { hash, .. }) = pair.client.session.link().unwrap().keys() {
            secrets.push(hash.as_bytes().to_vec());
        }
        assert_hidden(&printed.concat(), &secrets);
        for event in pair.events() {
            assert_hidden(&format!("{event:?}                    "), &secrets);
        }
    }
}
