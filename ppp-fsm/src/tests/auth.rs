//! PAP, CHAP, MS-CHAP and EAP: both sides against each other, with loss, and recorded packets.

use alloc::vec::Vec;
use core::time::Duration;

use crate::auth::{
    Answer, AnswerError, Authenticator, Config, Demand, Failure, MAX_PACKET_LEN, Method, Outcome, Peer, Presented,
    Question, Refused, Secret, Status,
};
use crate::{Words, chap, eap};

const NOW: Duration = Duration::ZERO;
const PASSWORD: &[u8] = b"wonderland";
const SECRET: Secret<'_> = Secret::Password(PASSWORD);

const METHODS: &[Method] = &[
    Method::Pap,
    Method::ChapMd5,
    Method::Eap,
    #[cfg(feature = "mschap")]
    Method::MsChapV1,
    #[cfg(feature = "mschap")]
    Method::MsChapV2,
    #[cfg(feature = "mschap")]
    Method::EapMsChapV2,
];

struct Pair {
    server: Authenticator,
    client: Peer,
    now: Duration,
    /// Bits: whether the next packet is lost.
    loss: u64,
    packets: usize,
    secrets: Vec<&'static [u8]>,
    stored: &'static [u8],
    retries: usize,
}

impl Pair {
    #[expect(clippy::needless_pass_by_value, reason = "calls are shorter so")]
    fn new(method: Method, config: Config) -> Self {
        let mut pair = Self {
            server: Authenticator::new(&config, [1; 32]),
            client: Peer::new(&config, [2; 32]),
            now: NOW,
            loss: 0,
            packets: 0,
            secrets: Vec::new(),
            stored: PASSWORD,
            retries: 0,
        };
        pair.server.start(NOW, method);
        pair.client.start(NOW, method);
        pair
    }

    fn is_lost(&mut self) -> bool {
        self.packets += 1;
        let lost = self.loss & 1 != 0;
        self.loss >>= 1;
        lost
    }

    /// Returns one round: packets, questions, demands. Whether something happened.
    fn step(&mut self) -> bool {
        let mut is_busy = false;
        let mut buf = [0; MAX_PACKET_LEN];
        if let Some(bytes) = self.server.poll_transmit(self.now, &mut buf).unwrap().map(<[u8]>::to_vec) {
            is_busy = true;
            if !self.is_lost() {
                let _ = self.client.handle_packet(self.now, &bytes);
            }
        }
        if let Some(bytes) = self.client.poll_transmit(self.now, &mut buf).unwrap().map(<[u8]>::to_vec) {
            is_busy = true;
            if !self.is_lost() {
                let _ = self.server.handle_packet(self.now, &bytes);
            }
        }
        if let Some(Demand::Proof { ticket, is_retry, .. }) = self.client.poll_demand() {
            is_busy = true;
            self.retries += usize::from(is_retry);
            let secret = self.secrets.pop().unwrap_or(PASSWORD);
            self.client.prove(self.now, ticket, b"alice", &Secret::Password(secret)).unwrap();
        }
        if let Some(Question::Proof(ticket)) = self.server.poll_question() {
            is_busy = true;
            assert_eq!(self.server.presented().unwrap().name().map(|name| name.0), Some(&b"alice"[..]));
            self.server.answer(self.now, ticket, &Answer::Password(self.stored)).unwrap();
        }
        is_busy
    }

    /// Runs both ends until nothing happens any more, now or later.
    fn run(&mut self) {
        loop {
            while self.step() {
                assert!(self.packets < 300);
            }
            let Some(at) = self.server.poll_timeout().into_iter().chain(self.client.poll_timeout()).min() else {
                return;
            };
            self.now = at;
            self.server.handle_timeout(at);
            self.client.handle_timeout(at);
            assert!(self.server.poll_timeout().is_none_or(|next| next > at));
            assert!(self.client.poll_timeout().is_none_or(|next| next > at));
        }
    }

    fn statuses(&self) -> [Status; 2] {
        [self.server.status(), self.client.status()]
    }
}

/// Answers what is demanded now.
fn prove(client: &mut Peer, name: &[u8]) -> Result<(), AnswerError> {
    let ticket = client.poll_demand().expect("something is demanded").ticket();
    client.prove(NOW, ticket, name, &SECRET)
}

/// Answers what is asked now.
fn answer(server: &mut Authenticator, answer: &Answer<'_>) -> Result<Outcome, AnswerError> {
    let ticket = server.poll_question().expect("something is asked").ticket();
    server.answer(NOW, ticket, answer)
}

#[test]
fn an_answer_that_comes_late_is_not_for_somebody_else() {
    let mut server = Authenticator::new(&Config::default(), [1; 32]);
    server.start(NOW, Method::Pap);
    server.handle_packet(NOW, b"\x01\x07\x00\x0c\x03bob\x03abc").unwrap();
    let late = server.poll_question().unwrap().ticket();
    // The link begins again, and somebody else is there.
    server.start(NOW, Method::Pap);
    server.handle_packet(NOW, b"\x01\x07\x00\x0c\x03eve\x03abc").unwrap();
    assert!(matches!(server.answer(NOW, late, &Answer::Accept(b"")), Err(AnswerError::NotAsked)));
    assert_eq!(server.status(), Status::Asking);
    assert!(matches!(answer(&mut server, &Answer::Reject(b"")), Ok(Outcome::Refused { goes_on: false })));
}

#[test]
fn every_method_accepts_whatever_is_lost_first() {
    for &method in METHODS {
        for loss in 0..256 {
            let mut pair = Pair::new(method, Config::default());
            pair.loss = loss;
            pair.run();
            assert_eq!(pair.statuses(), [Status::Accepted; 2], "{method} {loss:#b}");
        }
    }
}

#[test]
fn every_method_refuses_a_wrong_password() {
    for &method in METHODS {
        let mut pair = Pair::new(method, Config::default());
        pair.stored = b"looking-glass";
        pair.run();
        let code = method.has_keys().then_some(691);
        let expected = [Failure::RefusedPeer { method, code }, Failure::Refused { method, code, words: Words::NONE }]
            .map(Status::Failed);
        assert_eq!(pair.statuses(), expected);
    }
}

#[test]
fn every_method_ends_when_nobody_is_there() {
    for &method in METHODS {
        let mut pair = Pair::new(method, Config::default());
        pair.loss = u64::MAX;
        pair.run();
        assert_eq!(pair.statuses(), [Status::Failed(Failure::NoAnswer { method }); 2], "{method}");
        assert!(pair.packets <= 10, "{method} {}", pair.packets);
    }
}

/// Lets only the client's first Response through.
#[test]
fn rfc1994_section_4_2_a_lost_success_is_repeated() {
    // After EAP-MSCHAPv2 the client does not ask again: both sides have proved themselves.
    for &method in METHODS.iter().filter(|method| **method != Method::EapMsChapV2) {
        let mut pair = Pair::new(method, Config::default());
        while pair.server.status() != Status::Accepted {
            pair.step();
        }
        // The answer is lost. The client asks again and again; the server says the same.
        for _ in 0..3 {
            let mut buf = [0; MAX_PACKET_LEN];
            assert!(pair.server.poll_transmit(pair.now, &mut buf).unwrap().is_some(), "{method}");
            pair.now = pair.client.poll_timeout().unwrap();
            pair.client.handle_timeout(pair.now);
            let again = pair.client.poll_transmit(pair.now, &mut buf).unwrap().unwrap().to_vec();
            pair.server.handle_packet(pair.now, &again).unwrap();
            assert_eq!(pair.server.poll_question(), None);
        }
        pair.run();
        assert_eq!(pair.statuses(), [Status::Accepted; 2], "{method}");
    }
}

#[test]
fn rfc1994_section_2_the_peer_is_challenged_again() {
    let config = Config::default().with_rechallenge_interval(Some(Duration::from_secs(60)));
    for &method in METHODS {
        let mut pair = Pair::new(method, config.clone());
        while pair.step() {}
        #[cfg(feature = "mschap")]
        let keys = alloc::format!("{:?}", pair.server.keys());
        let before = pair.packets;
        for round in 1..4 {
            let Some(at) = pair.server.poll_timeout() else { break };
            assert_eq!(at, Duration::from_secs(60 * round));
            pair.now = at;
            pair.server.handle_timeout(at);
            while pair.step() {}
            assert_eq!(pair.statuses(), [Status::Accepted; 2], "{method}");
        }
        assert_eq!(pair.packets > before, method != Method::Pap);
        #[cfg(feature = "mschap")]
        assert_eq!(alloc::format!("{:?}", pair.server.keys()), keys);
        if method != Method::Pap {
            // The password was changed meanwhile.
            pair.stored = b"other";
            pair.server.rechallenge(pair.now);
            while pair.step() {}
            assert!(matches!(pair.server.status(), Status::Failed(Failure::RefusedPeer { .. })));
        }
    }
}

#[test]
fn rfc1994_section_4_1_a_recorded_exchange_with_md5() {
    // Identifier 1, a challenge of 16 bytes; password "secret". Computed apart from this crate.
    let mut client = Peer::new(&Config::default(), [0; 32]);
    client.start(NOW, Method::ChapMd5);
    let challenge = hex::decode("0101001a10000102030405060708090a0b0c0d0e0f7063656572").unwrap();
    client.handle_packet(NOW, &challenge).unwrap();
    let demand = client.poll_demand().unwrap();
    assert!(matches!(demand, Demand::Proof { method: Method::ChapMd5, is_retry: false, .. }));
    client.prove(NOW, demand.ticket(), b"u", &Secret::Password(b"secret")).unwrap();
    let mut buf = [0; 64];
    let response = client.poll_transmit(NOW, &mut buf).unwrap().unwrap();
    let chap::Message::Response(value) = chap::Packet::decode(response).unwrap().message else { panic!() };
    assert_eq!((value.value.len(), value.name.0), (16, &b"u"[..]));
    assert_eq!(hex::encode(value.value), MD5_OF_01_SECRET_CHALLENGE);
}

const MD5_OF_01_SECRET_CHALLENGE: &str = "740e86463bda3a4d7017d6e0fba0699d";

#[test]
fn packets_out_of_place_are_refused() {
    for &method in METHODS {
        let mut pair = Pair::new(method, Config::default());
        let mut buf = [0; MAX_PACKET_LEN];
        // Each of the own packets, at the wrong side.
        if let Some(bytes) = pair.server.poll_transmit(NOW, &mut buf).unwrap().map(<[u8]>::to_vec) {
            assert_eq!(pair.server.handle_packet(NOW, &bytes), Err(Refused::Unmatched));
            pair.client.handle_packet(NOW, &bytes).unwrap();
        }
        prove(&mut pair.client, b"alice").unwrap();
        let bytes = pair.client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
        assert_eq!(pair.client.handle_packet(NOW, &bytes), Err(Refused::Unmatched));
        if method != Method::Pap {
            let mut other = bytes.clone();
            other[1] = other[1].wrapping_add(5);
            assert_eq!(pair.server.handle_packet(NOW, &other), Err(Refused::Unmatched));
        }
        assert!(matches!(pair.server.handle_packet(NOW, &bytes[..3]), Err(Refused::Malformed(_))));
    }
    let mut idle = Authenticator::new(&Config::default(), [0; 32]);
    assert_eq!(idle.handle_packet(NOW, &[2, 1, 0, 4]), Err(Refused::NotAgreed));
    let mut other = Pair::new(Method::Pap, Config::default());
    let demanded = other.client.poll_demand().unwrap().ticket();
    assert!(matches!(idle.answer(NOW, demanded, &Answer::Password(b"")), Err(AnswerError::NotAsked)));
    let mut idle = Peer::new(&Config::default(), [0; 32]);
    assert_eq!(idle.handle_packet(NOW, &[1, 1, 0, 4]), Err(Refused::NotAgreed));
    assert_eq!(idle.prove(NOW, demanded, b"", &SECRET), Err(AnswerError::NotAsked));
}

#[test]
fn rfc1334_section_2_retries_of_pap() {
    let mut server = Authenticator::new(&Config::default().with_retries(1), [1; 32]);
    server.start(NOW, Method::Pap);
    let wrong = b"\x01\x07\x00\x0c\x03bob\x03abc";
    for (round, goes_on) in [(0, true), (1, false)] {
        server.handle_packet(NOW, wrong).unwrap();
        let outcome = answer(&mut server, &Answer::Reject(b"no")).unwrap();
        assert!(matches!(outcome, Outcome::Refused { goes_on: found } if found == goes_on), "{round}");
        assert_eq!(server.poll_transmit(NOW, &mut [0; 64]).unwrap(), Some(&b"\x03\x07\x00\x07\x02no"[..]));
    }
    assert!(matches!(server.status(), Status::Failed(_)));
}

#[test]
fn rfc3748_section_5_notification_and_nak() {
    let mut client = Peer::new(&Config::default(), [1; 32]);
    client.start(NOW, Method::Eap);
    let mut buf = [0; 64];
    client.handle_packet(NOW, b"\x01\x05\x00\x0a\x02hello").unwrap();
    assert_eq!(client.poll_transmit(NOW, &mut buf).unwrap(), Some(&b"\x02\x05\x00\x05\x02"[..]));
    assert_eq!(client.message().0, b"hello");
    // PEAP is not known: MD5 would be.
    client.handle_packet(NOW, b"\x01\x06\x00\x06\x19\x20").unwrap();
    assert_eq!(client.poll_transmit(NOW, &mut buf).unwrap(), Some(&b"\x02\x06\x00\x06\x03\x04"[..]));

    let mut server = Authenticator::new(&Config::default(), [1; 32]);
    server.start(NOW, Method::Eap);
    let identity = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
    server.handle_packet(NOW, &[2, identity, 0, 6, 1, b'x']).unwrap();
    let md5 = eap::Packet::decode(server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap().identifier;
    server.handle_packet(NOW, &[2, md5, 0, 6, 3, 26]).unwrap();
    assert_eq!(server.poll_transmit(NOW, &mut buf).unwrap(), Some(&[4, md5, 0, 4][..]));
    let (own, peer) = (eap::Types::new(&[eap::Type::MD5_CHALLENGE]), eap::Types::new(&[eap::Type::MS_CHAP_V2]));
    assert_eq!(server.status(), Status::Failed(Failure::NoCommonEapType { own, peer }));
    // The peer learns that the type was the reason, not the password.
    client.handle_packet(NOW, b"\x04\x06\x00\x04").unwrap();
    let (own, peer) = (own, eap::Types::new(&[eap::Type::PEAP]));
    assert_eq!(client.status(), Status::Failed(Failure::NoCommonEapType { own, peer }));
}

#[test]
fn rfc3748_section_2_3_pass_through() {
    let config = Config::default().with_eap_pass_through(true);
    let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
    server.start(NOW, Method::Eap);
    client.start(NOW, Method::Eap);
    let mut buf = [0; 64];
    let request = server.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
    client.handle_packet(NOW, &request).unwrap();
    let Some(Demand::Eap(ticket)) = client.poll_demand() else { panic!("nothing is demanded") };
    assert_eq!(client.eap_request(), Some(&request[..]));
    let identifier = request[1];
    assert_eq!(client.send_eap(NOW, ticket, &[2, identifier ^ 1, 0, 6, 1, b'x']), Err(AnswerError::Unsuitable));
    client.send_eap(NOW, ticket, &[2, identifier, 0, 6, 1, b'x']).unwrap();
    server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    assert!(matches!(server.presented(), Some(Presented::Eap { method_type: eap::Type::IDENTITY, .. })));
    assert_eq!(server.presented().unwrap().name().unwrap().0, b"x");
    // Another end of EAP goes on with a type that nobody here knows.
    let outcome = answer(&mut server, &Answer::EapRequest(&[1, 0x77, 0, 6, 26, 1])).unwrap();
    assert!(matches!(outcome, Outcome::Continued));
    client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    assert_eq!(client.send_eap(NOW, ticket, &[2, 0x77, 0, 6, 26, 2]), Err(AnswerError::NotAsked));
    let ticket = client.poll_demand().unwrap().ticket();
    client.send_eap(NOW, ticket, &[2, 0x77, 0, 6, 26, 2]).unwrap();
    server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    let ticket = server.poll_question().unwrap().ticket();
    assert!(matches!(server.answer(NOW, ticket, &Answer::Accept(&[4, 0x77, 0, 4])), Err(AnswerError::Unsuitable)));
    assert!(matches!(server.answer(NOW, ticket, &Answer::Accept(&[3, 0x77, 0, 4])), Ok(Outcome::Accepted)));
    client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
    assert_eq!([server.status(), client.status()], [Status::Accepted; 2]);
}

#[cfg(feature = "mschap")]
mod microsoft {
    use mschap::{Account, FailureCode, NtHash};

    use super::*;
    use crate::auth::Keys;

    const BOTH: [Method; 2] = [Method::MsChapV1, Method::MsChapV2];

    fn bytes(keys: Option<&Keys>) -> Vec<u8> {
        match keys.unwrap() {
            Keys::MsChapV1 { hash, challenge, .. } => [&hash.as_bytes()[..], challenge].concat(),
            Keys::MsChapV2 { hash, nt_response } => [&hash.as_bytes()[..], nt_response.as_bytes()].concat(),
        }
    }

    #[test]
    fn rfc3079_both_sides_have_the_same_keys() {
        for method in BOTH {
            let mut pair = Pair::new(method, Config::default());
            pair.run();
            assert_eq!(bytes(pair.server.keys()), bytes(pair.client.keys()));
        }
    }

    #[test]
    fn rfc2759_section_6_another_try_with_a_new_challenge() {
        for method in BOTH {
            for loss in 0..64 {
                let mut pair = Pair::new(method, Config::default().with_retries(2));
                pair.secrets = [PASSWORD, b"b", b"a"].into();
                pair.loss = loss;
                pair.run();
                assert_eq!(pair.statuses(), [Status::Accepted; 2], "{method} {loss:#b}");
                assert_eq!(pair.retries, 2);
                assert_eq!(bytes(pair.server.keys()), bytes(pair.client.keys()));
            }
            let mut pair = Pair::new(method, Config::default().with_retries(1));
            pair.secrets = [PASSWORD, b"b", b"a"].into();
            pair.run();
            assert_eq!(pair.retries, 1);
            assert!(matches!(pair.statuses(), [Status::Failed(_), Status::Failed(_)]));
        }
    }

    #[test]
    fn rfc2759_section_5_a_server_without_the_password_is_nobody() {
        let mut pair = Pair::new(Method::MsChapV2, Config::default());
        for _ in 0..2 {
            pair.step();
        }
        for message in [&b"S=0000000000000000000000000000000000000000 M=hello"[..], b"hello", b""] {
            let mut pair = Pair::new(Method::MsChapV2, Config::default());
            let mut identifier = 0;
            while pair.server.status() != Status::Asking {
                let mut buf = [0; MAX_PACKET_LEN];
                if let Some(bytes) = pair.server.poll_transmit(NOW, &mut buf).unwrap() {
                    pair.client.handle_packet(NOW, bytes).unwrap();
                    prove(&mut pair.client, b"alice").unwrap();
                    let bytes = pair.client.poll_transmit(NOW, &mut buf).unwrap().unwrap();
                    identifier = bytes[1];
                    pair.server.handle_packet(NOW, bytes).unwrap();
                }
            }
            // Its own call refuses what every client would; a Success of another server is refused by the client.
            let accepted = answer(&mut pair.server, &Answer::Accept(message));
            if message.starts_with(b"S=") {
                accepted.unwrap();
                pair.step();
            } else {
                assert_eq!(accepted.err(), Some(AnswerError::NoProof));
                let length = u8::try_from(message.len()).unwrap() + 4;
                let success = [&[3, identifier, 0, length][..], message].concat();
                pair.client.handle_packet(NOW, &success).unwrap();
            }
            assert_eq!(pair.client.status(), Status::Failed(Failure::NoMutualProof));
            assert!(pair.client.keys().is_none());
        }
    }

    /// Runs up to the first proof, which is on its way.
    #[expect(clippy::needless_pass_by_value, reason = "calls are shorter so")]
    fn proved(method: Method, config: Config, name: &[u8]) -> (Authenticator, Peer, Vec<u8>) {
        let (mut server, mut client) = (Authenticator::new(&config, [1; 32]), Peer::new(&config, [2; 32]));
        server.start(NOW, method);
        client.start(NOW, method);
        let mut buf = [0; MAX_PACKET_LEN];
        client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        prove(&mut client, name).unwrap();
        let proof = client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
        (server, client, proof)
    }

    /// Runs up to the question for the first proof.
    fn asked(method: Method, config: Config, name: &[u8]) -> (Authenticator, Peer) {
        let (mut server, client, proof) = proved(method, config, name);
        server.handle_packet(NOW, &proof).unwrap();
        (server, client)
    }

    #[test]
    fn somebody_else_says_that_the_password_has_expired() {
        let stored = NtHash::from_password("wonderland");
        let given = [0x11_u8; 16];
        for (method, text, expected) in [
            // RFC 2433 appendix B.1.5: without a challenge, it is the one that there was.
            (Method::MsChapV1, "E=648 R=0 V=2", None),
            (Method::MsChapV1, "E=648 R=0 C=1111111111111111 V=2", Some(&given[..8])),
            (Method::MsChapV2, "E=648 R=0 C=11111111111111111111111111111111 V=3", Some(&given[..])),
        ] {
            let (mut server, mut client) = asked(method, Config::default(), b"alice");
            let Some(Presented::MsChap { challenge, .. }) = server.presented() else { panic!("no response") };
            let challenge = expected.map_or_else(|| challenge.to_vec(), <[u8]>::to_vec);
            let outcome = answer(&mut server, &Answer::Reject(text.as_bytes())).unwrap();
            assert!(matches!(outcome, Outcome::Refused { goes_on: true }));
            let mut buf = [0; MAX_PACKET_LEN];
            client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
            let Some(Demand::NewPassword(ticket)) = client.poll_demand() else { panic!("nothing is demanded") };
            client.change_password(NOW, ticket, &SECRET, "looking-glass".into()).unwrap();
            let packet = client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
            // Another code parks nothing.
            for code in [0, 1, 3, 4, 8, 9, 255] {
                let other = [&[code][..], &packet[1..]].concat();
                assert!(server.handle_packet(NOW, &other).is_err());
            }
            server.handle_packet(NOW, &packet).unwrap();
            let presented = server.presented().unwrap();
            let Presented::ChangePassword { code, challenge: found, packet: change, identifier, .. } = presented else {
                panic!("{presented:?}")
            };
            assert_eq!((found, identifier), (&challenge[..], packet[1]), "{method} {text}");
            let opened = match code {
                chap::Code::CHANGE_PASSWORD_2 => {
                    let packet = mschap::v1::ChangePassword2::decode(change).unwrap();
                    packet.open(&Account::new(&stored), found.try_into().unwrap()).is_ok()
                }
                chap::Code::CHANGE_PASSWORD_3 => {
                    let packet = mschap::v2::ChangePassword::decode(change).unwrap();
                    packet.open(&stored, found.try_into().unwrap(), b"alice").is_ok()
                }
                _ => false,
            };
            assert!(opened, "{method} {text}");
            // A server that said so may leave the rest to us, too.
            let Some(Question::NewPassword(ticket)) = server.poll_question() else { panic!("nothing is asked") };
            let outcome = server.answer(NOW, ticket, &Answer::Reject(b"E=709 R=0")).unwrap();
            assert!(matches!(outcome, Outcome::Refused { goes_on: false }));
            let failure = Failure::RefusedPeer { method, code: Some(709) };
            assert_eq!(server.status(), Status::Failed(failure));
        }
    }

    #[test]
    fn somebody_else_allows_another_try() {
        let text = b"E=691 R=1 C=11111111111111111111111111111111 V=3 M=no";
        for retries in 0..3 {
            let (mut server, mut client) = asked(Method::MsChapV2, Config::default().with_retries(retries), b"alice");
            let mut buf = [0; MAX_PACKET_LEN];
            for left in (0..=retries).rev() {
                let outcome = answer(&mut server, &Answer::Reject(text)).unwrap();
                assert!(matches!(outcome, Outcome::Refused { goes_on } if goes_on == (left > 0)));
                let packet = server.poll_transmit(NOW, &mut buf).unwrap().unwrap();
                // It learns that it may only when it may.
                let expected = if left > 0 { &text[..9] } else { b"E=691 R=0" };
                assert_eq!(&packet[4..13], expected);
                client.handle_packet(NOW, packet).unwrap();
                if left > 0 {
                    prove(&mut client, b"alice").unwrap();
                    server.handle_packet(NOW, client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
                    let Some(Presented::MsChap { challenge, .. }) = server.presented() else { panic!("no response") };
                    assert_eq!(challenge, [0x11; 16]);
                }
            }
            assert!(matches!(server.status(), Status::Failed(_)));
        }
    }

    /// The same wrong proof under a new identifier costs a try like any other.
    #[test]
    fn a_wrong_proof_that_is_repeated_ends() {
        for method in BOTH {
            let (mut server, _, mut proof) = proved(method, Config::default().with_retries(2), b"alice");
            let other = NtHash::from_password("jabberwock");
            let mut rounds = 0;
            loop {
                rounds += 1;
                server.handle_packet(NOW, &proof).unwrap();
                let outcome = answer(&mut server, &Answer::Account(&Account::new(&other))).unwrap();
                if matches!(outcome, Outcome::Refused { goes_on: false }) {
                    break;
                }
                assert!(rounds < 4, "{method}");
                proof[1] = proof[1].wrapping_add(1);
            }
            assert!(matches!(server.status(), Status::Failed(_)));
        }
    }

    #[test]
    fn rfc2759_section_7_an_expired_password_is_changed() {
        for method in BOTH {
            for is_stored in [true, false] {
                let stored = NtHash::from_password("wonderland");
                let expired = Account::new(&stored).with_restriction(FailureCode::PASSWORD_EXPIRED);
                let (mut server, mut client) = asked(method, Config::default(), br"CORP\alice");
                let mut buf = [0; MAX_PACKET_LEN];
                let outcome = answer(&mut server, &Answer::Account(&expired)).unwrap();
                assert!(matches!(outcome, Outcome::Refused { goes_on: true }));
                client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
                let Some(Demand::NewPassword(ticket)) = client.poll_demand() else { panic!("nothing is demanded") };
                assert_eq!(client.prove(NOW, ticket, b"alice", &SECRET), Err(AnswerError::NotAsked));
                client.change_password(NOW, ticket, &SECRET, "looking-glass".into()).unwrap();
                let packet = client.poll_transmit(NOW, &mut buf).unwrap().unwrap().to_vec();
                server.handle_packet(NOW, &packet).unwrap();
                let Some(Question::NewPassword(ticket)) = server.poll_question() else { panic!("nothing is asked") };
                assert_eq!(server.presented().unwrap().name().unwrap().0, br"CORP\alice");
                let account = Account::new(&stored);
                let outcome = server.answer(NOW, ticket, &Answer::Account(&account)).unwrap();
                let Outcome::PasswordChanged(new) = outcome else { panic!("{outcome:?}") };
                assert!(new.nt_hash().ct_eq(&NtHash::from_password("looking-glass")));
                if !is_stored {
                    server.reject_change(NOW);
                }
                client.handle_packet(NOW, server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
                if is_stored {
                    assert_eq!([server.status(), client.status()], [Status::Accepted; 2], "{method}");
                    assert_eq!(bytes(server.keys()), bytes(client.keys()));
                    // The answer was lost: it is given again.
                    server.handle_packet(NOW, &packet).unwrap();
                    assert!(server.has_output());
                } else {
                    let code = Some(709);
                    assert_eq!(client.status(), Status::Failed(Failure::Refused { method, code, words: Words::NONE }));
                    assert_eq!(server.status(), Status::Failed(Failure::RefusedPeer { method, code }));
                }
            }
        }
    }

    #[test]
    fn an_account_that_is_disabled_is_told_to_who_knows_its_password() {
        let stored = NtHash::from_password("wonderland");
        let disabled = Account::new(&stored).with_restriction(FailureCode::ACCOUNT_DISABLED);
        let mut pair = Pair::new(Method::MsChapV2, Config::default().with_retries(3));
        let mut buf = [0; MAX_PACKET_LEN];
        pair.client.handle_packet(NOW, pair.server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        prove(&mut pair.client, b"alice").unwrap();
        pair.server.handle_packet(NOW, pair.client.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        answer(&mut pair.server, &Answer::Account(&disabled)).unwrap();
        pair.client.handle_packet(NOW, pair.server.poll_transmit(NOW, &mut buf).unwrap().unwrap()).unwrap();
        let failure = Failure::Refused { method: Method::MsChapV2, code: Some(647), words: Words::NONE };
        assert_eq!(pair.client.status(), Status::Failed(failure));
        assert_eq!(
            alloc::string::ToString::to_string(&failure),
            "the peer refused our authentication by MS-CHAP-V2, error 647"
        );
    }

    #[test]
    fn a_response_of_another_length_is_refused() {
        // Peers are known that agree on MS-CHAP and answer with 16 bytes.
        let mut server = Authenticator::new(&Config::default(), [1; 32]);
        server.start(NOW, Method::MsChapV2);
        let mut buf = [0; 64];
        let identifier = server.poll_transmit(NOW, &mut buf).unwrap().unwrap()[1];
        let mut response = hex::decode("02000016100000000000000000000000000000000061").unwrap();
        response[1] = identifier;
        server.handle_packet(NOW, &response).unwrap();
        assert!(matches!(answer(&mut server, &Answer::Password(PASSWORD)), Err(AnswerError::Malformed)));
        assert!(matches!(server.status(), Status::Failed(Failure::RefusedPeer { .. })));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let mut pair = Pair::new(Method::Pap, Config::default());
        pair.step();
        let printed = alloc::format!("{:?} {:?} {:?}", pair.client, SECRET, Answer::Password(PASSWORD));
        assert!(!printed.contains("wonder") && !printed.contains("119, 111, 110"), "{printed}");
    }
}
