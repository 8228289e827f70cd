//! Several servers, silence, floods, and questions of those who have gone.

#![expect(clippy::arithmetic_side_effects, reason = "tests may fail")]

use super::super::packet::tests::reply;
use super::*;
use crate::radius::Code;

const SECRETS: [&[u8]; 2] = [b"first", b"second"];

fn client(settings: impl FnOnce(Settings) -> Settings) -> Client {
    let servers = SECRETS.iter().zip(1..).map(|(secret, port)| Server::new(([10, 0, 0, 1], port).into(), secret));
    Client::new(settings(Settings::new(servers.collect())), [1; 32])
}

/// Returns all that the client sends now.
fn sent(client: &mut Client) -> Vec<(Path, Vec<u8>)> {
    let mut sent = Vec::new();
    while let Some(transmit) = client.poll_transmit() {
        assert_eq!(usize::from(transmit.to.port()), transmit.path.server + 1);
        sent.push((transmit.path, transmit.bytes.to_vec()));
    }
    sent
}

fn accept(client: &mut Client, now: Duration, (path, request): &(Path, Vec<u8>)) -> Result<(), ReplyError> {
    let bytes = reply(request, Code::ACCESS_ACCEPT, &[], SECRETS[path.server]);
    client.handle_datagram(now, *path, &bytes)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_next_server_is_asked_and_the_dead_one_last() {
    let mut client = client(|settings| settings.with_dead_time(seconds(60)));
    let question = client.ask(seconds(0), Request::access()).unwrap();
    let mut times = Vec::new();
    while let Some(deadline) = client.poll_timeout() {
        for (path, bytes) in sent(&mut client) {
            times.push((path.server, client.poll_timeout().unwrap().as_secs() - 2));
            if path.server == 1 && times.len() == 5 {
                accept(&mut client, seconds(8), &(path, bytes)).unwrap();
            }
        }
        client.handle_timeout(deadline);
    }
    assert_eq!(times, [(0, 0), (0, 2), (0, 4), (1, 6), (1, 8)]);
    let event = client.poll_event().unwrap();
    assert!(event.question == question && matches!(event.answer, Answer::Reply(_)));
    assert!(client.poll_event().is_none());
    // The first one is dead for a minute from then on.
    client.ask(seconds(65), Request::access()).unwrap();
    client.ask(seconds(66), Request::access()).unwrap();
    let paths: Vec<_> = sent(&mut client).iter().map(|(path, _)| path.server).collect();
    assert_eq!(paths, [1, 0]);
}

#[test]
fn a_packet_that_is_sent_again_is_the_same_and_one_to_another_server_is_not() {
    let mut client = client(|settings| settings.with_tries(2));
    client.ask(seconds(0), Request::access()).unwrap();
    let mut all = sent(&mut client);
    for time in [2, 4] {
        client.handle_timeout(seconds(time));
        all.extend(sent(&mut client));
    }
    assert_eq!(all[0], all[1]);
    assert_ne!(all[1].1[4..20], all[2].1[4..20], "the authenticator");
}

#[test]
fn a_server_that_answers_others_is_not_dead() {
    let mut client = client(|settings| settings.with_tries(1));
    client.ask(seconds(0), Request::access()).unwrap();
    client.ask(seconds(1), Request::access()).unwrap();
    let all = sent(&mut client);
    accept(&mut client, seconds(1), &all[1]).unwrap();
    client.handle_timeout(seconds(2));
    assert_eq!(sent(&mut client)[0].0.server, 1);
    client.ask(seconds(3), Request::access()).unwrap();
    assert_eq!(sent(&mut client)[0].0.server, 0);
}

/// 256 questions have one socket, and the next one has another.
#[test]
fn a_socket_for_every_256_questions() {
    let mut client = client(|settings| settings);
    let questions: Vec<_> = (0..600).map(|_| client.ask(seconds(0), Request::access()).unwrap()).collect();
    let mut all = sent(&mut client);
    let count = |socket: usize| all.iter().filter(|(path, _)| path.socket == socket).count();
    assert_eq!([count(0), count(1), count(2)], [256, 256, 88]);
    // Backwards: each is found.
    all.reverse();
    for one in &all {
        accept(&mut client, seconds(1), one).unwrap();
        assert_eq!(accept(&mut client, seconds(1), one), Err(ReplyError::NotAsked), "twice");
    }
    let answered: Vec<_> = std::iter::from_fn(|| client.poll_event()).map(|event| event.question).collect();
    assert_eq!(answered, questions.into_iter().rev().collect::<Vec<_>>());
    assert_eq!((client.open(), client.poll_timeout()), (0, None));
}

/// A forged answer changes nothing: the genuine answer is still taken.
#[test]
fn forged_answers_change_nothing() {
    let mut client = client(|settings| settings);
    client.ask(seconds(0), Request::access()).unwrap();
    let one = sent(&mut client).remove(0);
    let deadline = client.poll_timeout();
    for code in [Code::ACCESS_ACCEPT, Code::ACCESS_REJECT] {
        let forged = reply(&one.1, code, &[], b"guessed");
        assert_eq!(client.handle_datagram(seconds(1), one.0, &forged), Err(ReplyError::NotGenuine));
    }
    for other in [Path { socket: 1, ..one.0 }, Path { server: 1, ..one.0 }, Path { server: 9, ..one.0 }] {
        let good = reply(&one.1, Code::ACCESS_ACCEPT, &[], SECRETS[0]);
        assert_eq!(client.handle_datagram(seconds(1), other, &good), Err(ReplyError::NotAsked));
    }
    assert_eq!(client.handle_datagram(seconds(1), one.0, &[]), Err(ReplyError::Malformed));
    assert_eq!((client.poll_timeout(), client.open()), (deadline, 1));
    assert_eq!(accept(&mut client, seconds(1), &one), Ok(()));
}

#[test]
fn questions_are_bounded_and_those_of_the_dead_are_forgotten() {
    let mut client = client(|settings| settings.with_max_open(2).with_tries(1));
    let first = client.ask(seconds(0), Request::access()).unwrap();
    client.ask(seconds(0), Request::access()).unwrap();
    assert_eq!(client.ask(seconds(0), Request::access()), Err(AskError::Full { open: 2 }));
    let all = sent(&mut client);
    client.cancel(first);
    assert_eq!(accept(&mut client, seconds(0), &all[0]), Err(ReplyError::NotAsked));
    client.ask(seconds(0), Request::access()).unwrap();
    // An answer that was not polled is forgotten with its question.
    accept(&mut client, seconds(0), &all[1]).unwrap();
    let third = client.ask(seconds(0), Request::access()).unwrap();
    let last = sent(&mut client);
    accept(&mut client, seconds(0), &last[1]).unwrap();
    client.cancel(third);
    assert!(client.poll_event().is_some() && client.poll_event().is_none());
    let mut nobody = Client::new(Settings::new(Vec::new()), [0; 32]);
    assert_eq!(nobody.ask(seconds(0), Request::access()), Err(AskError::NoServer));
}

/// RFC 2866 section 5.2: the account says how long it has waited, when it goes to another server.
#[test]
fn an_account_says_how_old_it_is() {
    let mut client = client(|settings| settings.with_tries(2));
    client.ask(seconds(10), Request::accounting()).unwrap();
    client.handle_timeout(seconds(12));
    client.handle_timeout(seconds(14));
    let all = sent(&mut client);
    let delays: Vec<_> = all.iter().map(|(_, bytes)| bytes[bytes.len() - 1]).collect();
    assert_eq!(delays.last(), Some(&4));
    client.handle_timeout(seconds(30));
    client.handle_timeout(seconds(40));
    assert!(matches!(client.poll_event().unwrap().answer, Answer::Silence));
}

#[test]
fn rfc2865_section_5_24_a_conversation_goes_on_with_its_server() {
    let mut client = client(|settings| settings.with_tries(1));
    client.ask(seconds(0), Request::access()).unwrap();
    client.handle_timeout(seconds(2));
    let all = sent(&mut client);
    assert_eq!(all.last().unwrap().0.server, 1);
    accept(&mut client, seconds(2), all.last().unwrap()).unwrap();
    let server = client.poll_event().unwrap().server.unwrap();
    let mut request = Request::access();
    request.to_server(server);
    client.ask(seconds(3), request).unwrap();
    let paths: Vec<_> = sent(&mut client).iter().map(|(path, _)| path.server).collect();
    assert_eq!(paths, [1]);
    // Nobody else knows the state.
    client.handle_timeout(seconds(5));
    assert!(sent(&mut client).is_empty());
    assert!(matches!(client.poll_event().unwrap().answer, Answer::Silence));
}

#[derive(Debug)]
enum Step {
    Ask,
    Reply(Path, Vec<u8>),
    Timeout,
}

/// Does a step. Returns all that the client sends then.
fn apply(client: &mut Client, (now, step): &(Duration, Step)) -> Vec<(Path, Vec<u8>)> {
    match step {
        Step::Ask => drop(client.ask(*now, Request::access()).unwrap()),
        Step::Reply(path, bytes) => drop(client.handle_datagram(*now, *path, bytes).is_ok()),
        Step::Timeout => client.handle_timeout(*now),
    }
    sent(client)
}

#[test]
fn events_that_are_polled_late_are_those_that_are_polled_at_once() {
    let make = || client(|settings| settings.with_dead_time(seconds(20)));
    let mut answered = 0;
    for seed in 0..100 {
        let mut random = testing::Random::new(seed);
        let (mut recorded, mut now) = (make(), Duration::ZERO);
        let (mut steps, mut waiting) = (Vec::new(), Vec::new());
        for _ in 0..80 {
            now += random.micros(Duration::from_millis(1500));
            let step = match random.below(4) {
                0 => Step::Ask,
                1 if !waiting.is_empty() => {
                    // A repeated question is answered twice, which is once too often.
                    let (path, request): (Path, Vec<u8>) = waiting.swap_remove(random.index(waiting.len()));
                    Step::Reply(path, reply(&request, Code::ACCESS_ACCEPT, &[], SECRETS[path.server]))
                }
                _ => Step::Timeout,
            };
            steps.push((now, step));
            waiting.extend(apply(&mut recorded, &steps[steps.len() - 1]));
        }
        answered += std::iter::from_fn(|| recorded.poll_event()).count();
        let poll = |client: &mut Client| {
            let event = client.poll_event()?;
            Some((event.question, matches!(event.answer, Answer::Reply(_)), event.server))
        };
        testing::assert_late_polls_lose_nothing(seed, &steps, make, apply, poll, |events| events);
    }
    assert!(answered > 1000, "{answered}");
}
