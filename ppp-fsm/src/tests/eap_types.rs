//! EAP with several types, and EAP-MSCHAPv2, both sides against each other.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::time::Duration;

use mschap::{Account, FailureCode, NtHash};

use crate::auth::{
    Answer, Authenticator, Config, Demand, Failure, Keys, MAX_PACKET_LEN, Method, Methods, Outcome, Peer, Question,
    Refused, Secret, Status,
};
use crate::{Words, chap, eap};

const NOW: Duration = Duration::ZERO;
const SECRET: Secret<'_> = Secret::Password(b"wonderland");
const MD5: Method = Method::Eap;
const V2: Method = Method::EapMsChapV2;

/// Both sides, and every packet that one has sent to the other.
struct Pair {
    server: Authenticator,
    client: Peer,
    now: Duration,
    packets: Vec<Vec<u8>>,
    /// Passwords of the client, the last first; then comes the right one.
    passwords: Vec<&'static [u8]>,
    declines: bool,
    /// The restriction of the client's account.
    account: Option<FailureCode>,
    outcomes: Vec<Outcome>,
    new_password: &'static str,
}

impl Pair {
    fn new(server: &[Method], client: &[Method], retries: u8) -> Self {
        let config = Config::default().with_retries(retries).with_name(b"server");
        let mut pair = Self {
            server: Authenticator::new(&config, [1; 32]),
            client: Peer::new(&config, [2; 32]),
            now: NOW,
            packets: Vec::new(),
            passwords: Vec::new(),
            declines: false,
            account: None,
            outcomes: Vec::new(),
            new_password: "looking-glass",
        };
        pair.server.start(NOW, Methods::new(server));
        pair.client.start(NOW, Methods::new(client));
        pair
    }

    /// Does one thing; returns whether there was one.
    fn step(&mut self) -> bool {
        let mut buf = [0; MAX_PACKET_LEN];
        if let Some(bytes) = self.server.poll_transmit(self.now, &mut buf).unwrap() {
            self.packets.push(bytes.to_vec());
            let _ = self.client.handle_packet(self.now, bytes);
        } else if let Some(bytes) = self.client.poll_transmit(self.now, &mut buf).unwrap() {
            self.packets.push(bytes.to_vec());
            let _ = self.server.handle_packet(self.now, bytes);
        } else if let Some(demand) = self.client.poll_demand() {
            self.meet(demand);
        } else if let Some(question) = self.server.poll_question() {
            let hash = NtHash::from_password("wonderland");
            let mut account = Account::new(&hash);
            if let (Question::Proof(_), Some(code)) = (question, self.account) {
                account = account.with_restriction(code);
            }
            let is_md5 = self.server.method() == Some(MD5);
            let answer = if is_md5 { Answer::Password(b"wonderland") } else { Answer::Account(&account) };
            self.outcomes.push(self.server.answer(self.now, question.ticket(), &answer).unwrap());
        } else {
            return false;
        }
        true
    }

    fn meet(&mut self, demand: Demand) {
        match demand {
            Demand::Proof { ticket, is_retry: true, .. } if self.declines => {
                self.client.decline(self.now, ticket).unwrap();
            }
            Demand::NewPassword(ticket) if self.declines => self.client.decline(self.now, ticket).unwrap(),
            Demand::Proof { ticket, .. } => {
                let is_identity = self.packets.last().is_some_and(|packet| packet[4] == 1);
                let password = if is_identity { None } else { self.passwords.pop() };
                let secret = password.map_or(SECRET, Secret::Password);
                self.client.prove(self.now, ticket, b"alice", &secret).unwrap();
            }
            Demand::NewPassword(ticket) => {
                self.client.change_password(self.now, ticket, &SECRET, self.new_password.into()).unwrap();
            }
            Demand::Eap(_) => panic!("nothing is passed through"),
        }
    }

    /// Runs until nothing happens any more at this moment.
    fn run(&mut self) -> &mut Self {
        for _ in 0..60 {
            if !self.step() {
                return self;
            }
        }
        panic!("it goes on and on: {:x?}", self.packets);
    }

    /// Lets time pass until neither side waits.
    fn wait(&mut self) -> &mut Self {
        for _ in 0..100 {
            let Some(at) = self.server.poll_timeout().into_iter().chain(self.client.poll_timeout()).min() else {
                return self;
            };
            self.now = at;
            self.server.handle_timeout(at);
            self.client.handle_timeout(at);
            self.run();
        }
        panic!("it waits and waits");
    }

    fn statuses(&self) -> [Status; 2] {
        [self.server.status(), self.client.status()]
    }

    fn failures(&self) -> [Failure; 2] {
        self.statuses().map(|status| {
            let Status::Failed(failure) = status else { panic!("{status:?}") };
            failure
        })
    }

    /// The types in the packets, one for each.
    fn types(&self) -> Vec<Option<u8>> {
        self.packets.iter().map(|packet| packet.get(4).copied()).collect()
    }
}

fn key_bytes(keys: Option<&Keys>) -> Option<([u8; 16], [u8; 24])> {
    match keys? {
        Keys::MsChapV2 { hash, nt_response } => Some((*hash.as_bytes(), *nt_response.as_bytes())),
        other @ Keys::MsChapV1 { .. } => panic!("{other:?}"),
    }
}

#[test]
fn a_login_leaves_the_same_keys_on_both_sides() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    pair.run();
    assert_eq!(pair.statuses(), [Status::Accepted; 2]);
    assert_eq!((pair.server.method(), pair.client.method()), (Some(V2), Some(V2)));
    assert_eq!(pair.server.peer_name().0, b"alice");
    let keys = key_bytes(pair.server.keys());
    assert!(keys.is_some() && keys == key_bytes(pair.client.keys()));
    assert_eq!(pair.client.message().0.first_chunk(), Some(b"S="));
    let one = Some(1);
    let v2 = Some(26);
    assert_eq!(pair.types(), [one, one, v2, v2, v2, v2, None]);
    let operations: Vec<u8> = pair.packets[2..6].iter().map(|packet| packet[5]).collect();
    assert_eq!(operations, [1, 2, 3, 3]);
    assert_eq!(pair.packets[5].len(), 6, "the acknowledgment is its OpCode");
}

/// RFC 3748 section 5.3.1: which type is taken, and how often the server had to ask.
#[test]
fn rfc3748_section_5_3_1_the_first_type_that_both_have_is_taken() {
    for (server, client, taken, naks) in [
        (&[V2][..], &[V2, MD5][..], V2, 0),
        (&[V2, MD5], &[V2, MD5], V2, 0),
        (&[V2, MD5], &[MD5, V2], V2, 0),
        (&[MD5, V2], &[V2, MD5], MD5, 0),
        (&[V2, MD5], &[MD5], MD5, 1),
        (&[MD5, V2], &[V2], V2, 1),
        (&[MD5], &[V2, MD5], MD5, 0),
    ] {
        let mut pair = Pair::new(server, client, 0);
        pair.run();
        assert_eq!(pair.statuses(), [Status::Accepted; 2], "{server:?} {client:?}");
        assert_eq!((pair.server.method(), pair.client.method()), (Some(taken), Some(taken)));
        assert_eq!(pair.types().iter().filter(|found| **found == Some(3)).count(), naks, "{server:?} {client:?}");
        assert_eq!(pair.server.keys().is_some(), taken == V2);
    }
}

#[test]
fn types_that_do_not_meet_are_named_on_both_sides() {
    for (server, client) in [(V2, MD5), (MD5, V2)] {
        let mut pair = Pair::new(&[server], &[client], 0);
        pair.run();
        let types = |method: Method| eap::Types::new(&[method.eap_type().unwrap()]);
        let failures = [(server, client), (client, server)]
            .map(|(own, peer)| Failure::NoCommonEapType { own: types(own), peer: types(peer) });
        assert_eq!(pair.failures(), failures);
    }
    let mut pair = Pair::new(&[V2], &[MD5], 0);
    pair.run();
    let [server, client] = pair.failures().map(|failure| failure.to_string());
    assert_eq!(server, "no common type of EAP: we offer MS-CHAP-V2, the peer MD5-Challenge");
    assert_eq!(client, "no common type of EAP: we offer MD5-Challenge, the peer MS-CHAP-V2");
}

#[test]
fn a_nak_for_nothing_ends_the_authentication() {
    for wanted in [&[0][..], &[], &[25, 13]] {
        let mut pair = Pair::new(&[V2, MD5], &[V2], 0);
        while pair.packets.len() < 3 {
            assert!(pair.step());
        }
        let identifier = pair.packets[2][1];
        let length = u8::try_from(5 + wanted.len()).unwrap();
        pair.server.handle_packet(NOW, &[&[2, identifier, 0, length, 3][..], wanted].concat()).unwrap();
        let own = eap::Types::new(&[eap::Type::MS_CHAP_V2, eap::Type::MD5_CHALLENGE]);
        let peer = eap::Types::from_nak(wanted);
        assert_eq!(pair.server.status(), Status::Failed(Failure::NoCommonEapType { own, peer }));
    }
}

#[test]
fn a_peer_that_changes_its_mind_for_ever_is_not_asked_for_ever() {
    let mut pair = Pair::new(&[V2, MD5], &[V2], 0);
    let mut buf = [0; MAX_PACKET_LEN];
    let mut asked = Vec::new();
    let mut answer: &[u8] = b"\x01alice";
    for _ in 0..9 {
        let Some(request) = pair.server.poll_transmit(NOW, &mut buf).unwrap() else { break };
        asked.push(request.get(4).copied());
        let identifier = request[1];
        let length = u8::try_from(4 + answer.len()).unwrap();
        let packet = [&[2, identifier, 0, length][..], answer].concat();
        let _ = pair.server.handle_packet(NOW, &packet);
        answer = if answer == b"\x03\x04" { b"\x03\x1a" } else { b"\x03\x04" };
    }
    // Then the last word, as often as the peer goes on.
    assert_eq!(asked[..4], [Some(1), Some(26), Some(4), None]);
    assert!(asked[4..].iter().all(Option::is_none));
    assert!(matches!(pair.server.status(), Status::Failed(Failure::NoCommonEapType { .. })));
}

#[test]
fn a_wrong_password_is_told_and_acknowledged() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    pair.passwords = Vec::from([&b"looking-glass"[..]]);
    pair.run();
    let code = Some(691);
    assert_eq!(
        pair.failures(),
        [Failure::RefusedPeer { method: V2, code }, Failure::Refused { method: V2, code, words: Words::NONE }]
    );
    assert!(matches!(pair.outcomes[..], [Outcome::Refused { goes_on: false }]));
    let last: Vec<&[u8]> = pair.packets.iter().rev().take(2).map(Vec::as_slice).collect();
    assert_eq!((last[1][4..].to_vec(), last[0][0]), ([26, 4].to_vec(), 4));
    assert!(pair.server.keys().is_none() && pair.client.keys().is_none());
}

#[test]
fn another_password_may_be_tried_as_often_as_is_allowed() {
    let wrong: &[u8] = b"looking-glass";
    for tries in 1..=3 {
        let mut pair = Pair::new(&[V2], &[V2], 2);
        pair.passwords = [wrong].repeat(tries);
        pair.run();
        if tries < 3 {
            assert_eq!(pair.statuses(), [Status::Accepted; 2]);
            assert_eq!(key_bytes(pair.server.keys()), key_bytes(pair.client.keys()));
        } else {
            assert!(pair.statuses().iter().all(|status| matches!(status, Status::Failed(_))));
        }
        assert_eq!(pair.outcomes.len(), (tries + 1).min(3));
    }
}

#[test]
fn another_password_need_not_be_tried() {
    let mut pair = Pair::new(&[V2], &[V2], 2);
    pair.passwords = Vec::from([&b"looking-glass"[..]]);
    pair.declines = true;
    pair.run();
    let code = Some(691);
    assert_eq!(
        pair.failures(),
        [Failure::RefusedPeer { method: V2, code }, Failure::Refused { method: V2, code, words: Words::NONE }]
    );
}

#[test]
fn rfc2759_section_7_an_expired_password_is_changed_in_eap() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    pair.account = Some(FailureCode::PASSWORD_EXPIRED);
    pair.run();
    assert_eq!(pair.statuses(), [Status::Accepted; 2]);
    let Some(Outcome::PasswordChanged(new)) = pair.outcomes.last() else { panic!("{:?}", pair.outcomes) };
    assert!(new.nt_hash().ct_eq(&NtHash::from_password("looking-glass")));
    let keys = key_bytes(pair.server.keys());
    assert!(keys.is_some() && keys == key_bytes(pair.client.keys()));
    let longest = pair.packets.iter().map(Vec::len).max();
    assert_eq!(longest, Some(5 + 586));
}

#[test]
fn an_expired_password_need_not_be_changed() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    pair.account = Some(FailureCode::PASSWORD_EXPIRED);
    pair.declines = true;
    pair.run();
    let code = Some(648);
    assert_eq!(
        pair.failures(),
        [Failure::RefusedPeer { method: V2, code }, Failure::Refused { method: V2, code, words: Words::NONE }]
    );
}

#[test]
fn a_new_password_may_be_refused() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    pair.account = Some(FailureCode::PASSWORD_EXPIRED);
    while pair.outcomes.len() < 2 {
        assert!(pair.step());
    }
    pair.server.reject_change(NOW);
    pair.run();
    let code = Some(709);
    assert_eq!(
        pair.failures(),
        [Failure::RefusedPeer { method: V2, code }, Failure::Refused { method: V2, code, words: Words::NONE }]
    );
    assert!(pair.server.keys().is_none() && pair.client.keys().is_none());
}

#[test]
fn every_single_packet_may_be_lost() {
    for lost in 0..7 {
        let mut pair = Pair::new(&[V2], &[V2], 0);
        let mut count = 0;
        let mut buf = [0; MAX_PACKET_LEN];
        for _ in 0..100 {
            if pair.statuses() == [Status::Accepted; 2] {
                break;
            }
            let (from_server, packet) = if let Some(bytes) = pair.server.poll_transmit(pair.now, &mut buf).unwrap() {
                (true, bytes.to_vec())
            } else if let Some(bytes) = pair.client.poll_transmit(pair.now, &mut buf).unwrap() {
                (false, bytes.to_vec())
            } else if pair.step() {
                continue;
            } else {
                pair.now = pair.server.poll_timeout().into_iter().chain(pair.client.poll_timeout()).min().unwrap();
                pair.server.handle_timeout(pair.now);
                pair.client.handle_timeout(pair.now);
                continue;
            };
            pair.packets.push(packet.clone());
            count += 1;
            if count == lost + 1 {
                continue;
            }
            let _ = if from_server {
                pair.client.handle_packet(pair.now, &packet)
            } else {
                pair.server.handle_packet(pair.now, &packet)
            };
        }
        assert_eq!(pair.statuses(), [Status::Accepted; 2], "packet {lost} lost");
        assert!(pair.now <= Duration::from_secs(6), "packet {lost} lost: {:?}", pair.now);
        assert_eq!(key_bytes(pair.server.keys()), key_bytes(pair.client.keys()));
    }
}

/// RFC 3748 section 4.2.
#[test]
fn a_success_of_eap_is_nothing_before_the_authenticator_has_proved_itself() {
    for packets in 1..=4 {
        let mut pair = Pair::new(&[V2], &[V2], 0);
        while pair.packets.len() < packets {
            assert!(pair.step());
        }
        for identifier in 0..=255 {
            assert_eq!(pair.client.handle_packet(NOW, &[3, identifier, 0, 4]), Err(Refused::Unmatched));
        }
        assert!(pair.client.keys().is_none());
        pair.run();
        assert_eq!(pair.statuses(), [Status::Accepted; 2], "{packets}");
    }
}

#[test]
fn a_success_without_proof_ends_the_authentication() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    while pair.packets.len() < 4 {
        assert!(pair.step());
    }
    let identifier = pair.packets[3][1].wrapping_add(1);
    pair.client.handle_packet(NOW, &[1, identifier, 0, 11, 26, 3, identifier, 0, 6, b'h', b'i']).unwrap();
    assert_eq!(pair.client.status(), Status::Failed(Failure::NoMutualProof));
}

#[test]
fn a_peer_that_never_acknowledges_is_not_let_in() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    while pair.outcomes.is_empty() {
        assert!(pair.step());
    }
    assert!(matches!(pair.outcomes[..], [Outcome::Accepted]));
    assert_eq!(pair.server.status(), Status::Waiting);
    while let Some(at) = pair.server.poll_timeout() {
        pair.server.handle_timeout(at);
    }
    assert_eq!(pair.server.status(), Status::Failed(Failure::NoAnswer { method: V2 }));
}

#[test]
fn the_running_session_is_challenged_again() {
    let mut pair = Pair::new(&[V2, MD5], &[V2], 0);
    pair.run();
    let keys = key_bytes(pair.server.keys());
    for _ in 0..3 {
        pair.server.rechallenge(pair.now);
        pair.run();
        assert_eq!(pair.statuses(), [Status::Accepted; 2]);
        assert_eq!((key_bytes(pair.server.keys()), key_bytes(pair.client.keys())), (keys, keys));
    }
    // With another password the session ends.
    pair.passwords = Vec::from([&b"looking-glass"[..]]);
    pair.server.rechallenge(pair.now);
    pair.run();
    assert!(matches!(pair.server.status(), Status::Failed(Failure::RefusedPeer { method: V2, code: Some(691) })));
}

#[test]
fn a_radius_server_decides_with_the_attributes_of_ms_chap_v2() {
    use crate::auth::Presented;

    let mut pair = Pair::new(&[V2], &[V2], 1);
    let question = loop {
        if let Some(question) = pair.server.poll_question() {
            break question;
        }
        assert!(pair.step());
    };
    let hash = NtHash::from_password("wonderland");
    let mut radius = {
        let Some(Presented::MsChap { version: 2, challenge, .. }) = pair.server.presented() else { panic!("no proof") };
        mschap::v2::Authenticator::new(challenge.try_into().unwrap(), 0)
    };
    // It has expired, and the user gets a new one.
    let expired = Account::new(&hash).with_restriction(FailureCode::PASSWORD_EXPIRED);
    let Some(Presented::MsChap { response, name, .. }) = pair.server.presented() else { panic!("no proof") };
    radius.handle_response(response, name.0, &expired, [7; 16]).unwrap();
    let mut text = [0; 128];
    let text = radius.reply().unwrap().encode(&mut text).unwrap().to_vec();
    let outcome = pair.server.answer(NOW, question.ticket(), &Answer::Reject(&text)).unwrap();
    assert!(matches!(outcome, Outcome::Refused { goes_on: true }));
    let question = loop {
        if let Some(question) = pair.server.poll_question() {
            break question;
        }
        assert!(pair.step());
    };
    let Some(Presented::ChangePassword { code, name, packet, .. }) = pair.server.presented() else {
        panic!("no change")
    };
    assert_eq!((code, name.0), (chap::Code::CHANGE_PASSWORD_3, &b"alice"[..]));
    radius.handle_change_password(packet, name.0, &expired, [8; 16]).unwrap();
    let mut text = [0; 128];
    let text = radius.reply().unwrap().encode(&mut text).unwrap().to_vec();
    assert!(matches!(pair.server.answer(NOW, question.ticket(), &Answer::Accept(&text)), Ok(Outcome::Accepted)));
    pair.run();
    assert_eq!(pair.statuses(), [Status::Accepted; 2]);
    assert!(pair.server.keys().is_none(), "those are the RADIUS server's");
}

#[test]
fn nothing_is_let_in_without_its_proof_of_a_radius_server() {
    let mut pair = Pair::new(&[V2], &[V2], 0);
    let question = loop {
        if let Some(question) = pair.server.poll_question() {
            break question;
        }
        assert!(pair.step());
    };
    let error = pair.server.answer(NOW, question.ticket(), &Answer::Accept(b"welcome")).unwrap_err();
    assert_eq!(error, crate::auth::AnswerError::NoProof);
    pair.server.answer(NOW, question.ticket(), &Answer::Reject(b"E=691 R=1 C=00 V=3")).unwrap();
    pair.run();
    pair.wait();
    assert!(pair.statuses().iter().all(|status| matches!(status, Status::Failed(_))));
}
