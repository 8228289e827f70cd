//! A Windows 2000 client and a router, from a published trace of 7 March. The client's packets are
//! given to a link with that router's configuration, which has to take the same decisions.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::net::Ipv4Addr;
use core::time::Duration;

use crate::auth::{Answer, Method, Methods, Question};
use crate::ccp::{Encryption, MicrosoftCompression};
use crate::link::{Config, Event, Link, Phase, Reason, Refused};
use crate::negotiate::Opening;
use crate::{Frame, Packet, Protocol, Words, auth, ccp, chap, ipcp, lcp, negotiate};

/// Returns the router: it waits two seconds, wants MS-CHAP version 1, allows 40 bits, has one
/// address to give.
fn router() -> Config {
    let two_seconds = Duration::from_secs(2);
    let timers = negotiate::Config::default().with_restart_timeout(two_seconds);
    let ccp =
        ccp::Config::default().with_encryption(Encryption::Preferred).with_strengths(MicrosoftCompression::MPPE_40);
    Config::default()
        .with_lcp(router_lcp())
        .with_link_timers(timers.clone().with_opening(Opening::Wait(two_seconds)).with_identifier(7))
        .with_network_timers(timers.with_identifier(3))
        .with_authentication(auth::Config::default().with_name(b"angela  "))
        .with_ccp(ccp)
        .with_ipcp(router_ipcp())
}

fn router_lcp() -> lcp::Config {
    lcp::Config::default()
        .with_peer_authentication(Methods::new(&[Method::MsChapV1]))
        .with_protocol_compression(false)
        .with_address_control_compression(false)
}

fn router_ipcp() -> ipcp::Config {
    ipcp::Config::new(Ipv4Addr::new(172, 16, 10, 100)).with_peer_address(Ipv4Addr::new(172, 16, 10, 1))
}

struct Trace {
    link: Link,
    now: Duration,
    /// Configure-Requests that were sent.
    requests: Vec<(Protocol, Vec<u8>)>,
}

impl Trace {
    /// Sets the clock of the trace, in seconds after 04:21.
    fn at(&mut self, seconds: f32) {
        self.now = Duration::from_secs_f32(seconds);
        self.link.handle_timeout(self.now);
    }

    /// Returns what the link sends now: protocol and packet.
    fn sent(&mut self) -> Vec<(Protocol, Vec<u8>)> {
        let mut buf = [0; Link::MAX_TRANSMIT];
        let mut sent = Vec::new();
        while let Some(bytes) = self.link.poll_transmit(self.now, &mut buf).unwrap() {
            let frame = Frame::decode(bytes).unwrap();
            sent.push((frame.protocol, frame.information.to_vec()));
        }
        self.requests.extend(sent.iter().filter(|(_, packet)| packet[0] == 1).cloned());
        sent
    }

    /// Returns the only packet that the link sends now, besides a request that is repeated since
    /// its peer begins.
    fn one(&mut self, protocol: Protocol) -> Vec<u8> {
        let earlier = self.requests.clone();
        let mut sent = self.sent();
        if sent.len() == 2 && sent[0].1[0] == 1 {
            let repeated = sent.remove(0);
            assert!(earlier.contains(&repeated), "{repeated:02x?}");
        }
        assert_eq!(sent.len(), 1, "{sent:02x?}");
        let (found, packet) = sent.remove(0);
        assert_eq!(found, protocol);
        packet
    }

    fn receive(&mut self, protocol: Protocol, packet: &[u8]) {
        // The client's frames are complete before it opens, and compressed later; both are taken at any time.
        let frame = Frame { address_control: true, compressed: false, protocol, information: packet };
        self.link.handle_frame(self.now, frame.encode(&mut [0; 256]).unwrap()).unwrap();
    }

    fn receive_hex(&mut self, protocol: Protocol, packet: &str) {
        self.receive(protocol, &hex::decode(packet).unwrap());
    }

    fn events(&mut self) -> Vec<Event> {
        core::iter::from_fn(|| self.link.poll_event()).collect()
    }
}

/// Returns the Ack of a request that the link sent, as the client gave it.
fn ack(request: &[u8]) -> Vec<u8> {
    [&[2], &request[1..]].concat()
}

const ENDPOINT: &str = "1317016ac616b006cc4281a1ca941e39b9182600000008";
const SERVERS: &str = "810600000000820600000000830600000000840600000000";

/// Runs up to the Challenge.
fn authenticating(router: &Config) -> (Trace, Vec<u8>) {
    let mut trace = Trace { link: Link::new(router, [9; 32]), now: Duration::ZERO, requests: Vec::new() };
    trace.at(9.347);
    trace.link.open(trace.now);
    trace.link.up(trace.now);
    assert!(trace.sent().is_empty());
    trace.at(11.347);
    let request = trace.one(Protocol::LCP);
    // O CONFREQ id 7 len 15: authentication MS-CHAP, magic number.
    assert_eq!(request[..11], *b"\x01\x07\x00\x0f\x03\x05\xc2\x23\x80\x05\x06");
    trace.at(11.635);
    trace.receive(Protocol::LCP, &ack(&request));
    trace.at(13.327);
    trace.receive_hex(Protocol::LCP, &["0101002c050635be1cb0070208020d03061104064e", ENDPOINT].concat());
    // O CONFREJ id 1 len 34: callback, MRRU, endpoint discriminator.
    let reject = hex::decode(["040100220d03061104064e", ENDPOINT].concat()).unwrap();
    assert_eq!(trace.one(Protocol::LCP), reject);
    trace.at(13.347);
    // O CONFREQ id 8, the same options.
    let again = trace.one(Protocol::LCP);
    assert_eq!((again[1], &again[2..]), (8, &request[2..]));
    trace.at(13.647);
    trace.receive_hex(Protocol::LCP, "0102000e050635be1cb007020802");
    assert_eq!(trace.one(Protocol::LCP), hex::decode("0202000e050635be1cb007020802").unwrap());
    trace.at(13.723);
    trace.receive(Protocol::LCP, &ack(&again));
    // O CHALLENGE len 21 from the router.
    let challenge = trace.one(Protocol::CHAP);
    let decoded = chap::Packet::decode(&challenge).unwrap();
    assert!(matches!(decoded.message, chap::Message::Challenge(value) if value.value.len() == 8));
    assert_eq!(challenge.len(), 21);
    assert_eq!(trace.link.phase(), Phase::Authenticate);
    (trace, challenge)
}

/// Returns the line `I RESPONSE len 57 from "tac"` of the trace.
fn response(challenge: &[u8]) -> Vec<u8> {
    let value = challenge[5..13].try_into().unwrap();
    let response = mschap::v1::Response::new(&mschap::NtHash::from_password("admin"), &value).encode();
    let value = chap::Value { value: &response, name: crate::Text(b"tac") };
    let packet = chap::Packet { identifier: challenge[1], message: chap::Message::Response(value) };
    let mut buf = [0; 64];
    let bytes = packet.encode(&mut buf).unwrap().to_vec();
    assert_eq!(bytes.len(), 57);
    bytes
}

#[test]
fn the_router_of_7_march_takes_the_same_decisions() {
    let (mut trace, challenge) = authenticating(&router());
    trace.events();
    trace.at(14.035);
    trace.receive(Protocol::LCP, b"\x0c\x03\x00\x12\x35\xbe\x1c\xb0MSRASV5.00");
    trace.receive(Protocol::LCP, b"\x0c\x04\x00\x18\x35\xbe\x1c\xb0MSRAS-1-RSHANMUG");
    // Two of a kind that were not polled are one.
    assert_eq!(trace.events(), [Event::Identification]);
    assert_eq!(trace.link.peer_identification().0, b"MSRAS-1-RSHANMUG");
    trace.at(14.223);
    trace.receive(Protocol::CHAP, &response(&challenge));
    let [Event::Authenticate(question @ Question::Proof(_))] = trace.events()[..] else { panic!("nobody is asked") };
    assert!(trace.sent().is_empty());
    trace.at(14.239);
    trace.link.answer(trace.now, question.ticket(), &Answer::Password(b"admin")).unwrap();

    // O SUCCESS len 4, then both control protocols begin.
    let sent = trace.sent();
    assert_eq!(sent[0], (Protocol::CHAP, [3, challenge[1], 0, 4].to_vec()));
    let find = |wanted| sent.iter().find(|(protocol, _)| *protocol == wanted).unwrap().1.clone();
    let (ccp, ipcp) = (find(Protocol::CCP), find(Protocol::IPCP));
    assert_eq!(sent.len(), 3);
    assert_eq!(ccp, hex::decode("0103000a120601000020").unwrap());
    assert_eq!(ipcp[2..], hex::decode("000a0306ac100a64").unwrap());

    trace.at(14.523);
    trace.receive_hex(Protocol::CCP, "0105000a1206010000f1");
    assert_eq!(trace.one(Protocol::CCP), hex::decode("0305000a120601000020").unwrap());
    trace.at(14.607);
    trace.receive_hex(Protocol::IPCP, &["01060022030600000000", SERVERS].concat());
    assert_eq!(trace.one(Protocol::IPCP), hex::decode(["0406001c", SERVERS].concat()).unwrap());
    trace.receive(Protocol::IPCP, &ack(&ipcp));
    trace.receive(Protocol::CCP, &ack(&ccp));
    assert!(trace.sent().is_empty());
    trace.at(14.939);
    trace.receive_hex(Protocol::CCP, "0107000a120601000020");
    assert_eq!(trace.one(Protocol::CCP), hex::decode("0207000a120601000020").unwrap());
    let bits = MicrosoftCompression::STATELESS | MicrosoftCompression::MPPE_40;
    assert!(trace.events().contains(&Event::CompressionUp(ccp::Agreed { send: bits, receive: bits })));
    trace.at(14.991);
    trace.receive_hex(Protocol::IPCP, "0108000a030600000000");
    assert_eq!(trace.one(Protocol::IPCP), hex::decode("0308000a0306ac100a01").unwrap());
    trace.at(15.263);
    trace.receive_hex(Protocol::IPCP, "0109000a0306ac100a01");
    assert_eq!(trace.one(Protocol::IPCP), hex::decode("0209000a0306ac100a01").unwrap());
    let Some(Event::IpUp(agreed)) = trace.events().pop() else { panic!("IPCP is not open") };
    assert_eq!(agreed.peer_address, Some(Ipv4Addr::new(172, 16, 10, 1)));

    // I ECHOREP id 1 len 12, for the request before it.
    trace.at(22.0);
    trace.link.ping(trace.now);
    let echo = trace.one(Protocol::LCP);
    assert_eq!((echo[0], echo.len()), (9, 8));
    trace.at(22.571);
    trace.receive(Protocol::LCP, &[&[10, echo[1], 0, 12, 0x35, 0xbe, 0x1c, 0xb0], &[0; 4][..]].concat());
    assert!(trace.link.echo_statistics().last_round_trip.unwrap() > Duration::from_millis(500));

    // On 9 March another client ends with what its user sees as error 742.
    trace.at(30.0);
    trace.receive_hex(Protocol::LCP, "0507001079127fbe003ccd74000002e6");
    assert_eq!(trace.one(Protocol::LCP), [6, 7, 0, 4]);
    trace.at(40.0);
    let reason = Reason::PeerClosed { error: Some(742), words: Words::NONE };
    assert_eq!(trace.events().pop(), Some(Event::Closed(reason)));
}

#[test]
fn the_router_of_9_march_refuses_a_wrong_password_with_the_same_words() {
    let (mut trace, challenge) = authenticating(&router());
    trace.receive(Protocol::CHAP, &response(&challenge));
    let Some(Event::Authenticate(question)) = trace.events().pop() else { panic!("nobody is asked") };
    trace.link.answer(trace.now, question.ticket(), &Answer::Reject(b"E=691 R=0")).unwrap();
    let sent = trace.sent();
    // O FAILURE len 13, O TERMREQ.
    assert_eq!(sent[0].1, [&[4, challenge[1], 0, 13][..], b"E=691 R=0"].concat());
    assert_eq!((sent.len(), sent[1].0, sent[1].1[0]), (2, Protocol::LCP, 5));
    let error = lcp::MicrosoftTermination::decode(Packet::decode(&sent[1].1).unwrap().data).unwrap().error;
    assert_eq!(error, 691);
}

/// Runs up to the question, whose answer comes from a RADIUS server.
fn asked(router: &Config) -> (Trace, auth::Ticket) {
    let (mut trace, challenge) = authenticating(router);
    trace.receive(Protocol::CHAP, &response(&challenge));
    let Some(Event::Authenticate(question)) = trace.events().pop() else { panic!("nobody is asked") };
    (trace, question.ticket())
}

/// Returns the router of 8 March: encryption is required.
fn strict_router() -> Config {
    let ccp = ccp::Config::default().with_strengths(MicrosoftCompression::MPPE_40);
    router().with_ccp(ccp)
}

#[test]
fn the_router_of_8_march_ends_the_link_without_keying_material() {
    let (mut trace, ticket) = asked(&strict_router());
    trace.at(52.496);
    trace.link.answer(trace.now, ticket, &Answer::Accept(b"")).unwrap();
    // That router acknowledges CCP (O CONFACK id 7), finds that it has no keys, closes CCP, and then LCP, for what the
    // client shows as error 734. Ours knows that it has no keys when the answer comes: it says Success, and in the same
    // moment LCP's Terminate-Request, with the number for what is wrong.
    let sent = trace.sent();
    assert_eq!((sent[0].0, sent[0].1[0]), (Protocol::CHAP, 3));
    assert_eq!((sent.len(), sent[1].0, sent[1].1[0]), (2, Protocol::LCP, 5));
    let error = lcp::MicrosoftTermination::decode(Packet::decode(&sent[1].1).unwrap().data).unwrap().error;
    assert_eq!(error, 742);
    // I CCP CONFREQ id 7, I IPCP CONFREQ id 8: "LCP not open, discarding packet".
    for (protocol, packet) in [(Protocol::CCP, "0107000a120601000020"), (Protocol::IPCP, "0108000a030600000000")] {
        let packet = hex::decode(packet).unwrap();
        let frame = Frame { address_control: true, compressed: false, protocol, information: &packet };
        let mut buf = [0; 64];
        let refused = trace.link.handle_frame(trace.now, frame.encode(&mut buf).unwrap());
        assert_eq!(refused, Err(Refused::NotNow { protocol }));
        assert!(trace.sent().is_empty());
    }
    trace.at(52.776);
    trace.receive(Protocol::LCP, &[6, sent[1].1[1], 0, 4]);
    let reason = Reason::NoKeys { method: Some(Method::MsChapV1) };
    assert!(trace.events().contains(&Event::Closed(reason)));
    assert_eq!(reason.to_string(), "encryption required, but no keys: authenticated by MS-CHAP");
}

#[test]
fn the_router_of_8_march_goes_on_with_keying_material() {
    let (mut trace, ticket) = asked(&strict_router());
    trace.at(52.496);
    trace.link.set_external_keys(MicrosoftCompression::MPPE_40);
    trace.link.answer(trace.now, ticket, &Answer::Accept(b"")).unwrap();
    let ccp = trace.sent().into_iter().find(|(protocol, _)| *protocol == Protocol::CCP).unwrap().1;
    trace.receive(Protocol::CCP, &ack(&ccp));
    // I CONFREQ [ACKrcvd] id 7 len 10, O CONFACK [ACKrcvd] id 7 len 10, State is Open.
    trace.at(52.5);
    trace.receive_hex(Protocol::CCP, "0107000a120601000020");
    let sent = trace.sent();
    assert_eq!(sent[0], (Protocol::CCP, hex::decode("0207000a120601000020").unwrap()));
    assert!(trace.link.compression().unwrap().is_encrypted());
    // IPCP has waited for it. I CONFREQ id 8 len 10, O CONFNAK id 8 len 10.
    assert_eq!((sent.len(), sent[1].0), (2, Protocol::IPCP));
    trace.at(52.524);
    trace.receive_hex(Protocol::IPCP, "0108000a030600000000");
    assert_eq!(trace.one(Protocol::IPCP), hex::decode("0308000a0306ac100a01").unwrap());
}

#[test]
fn the_router_of_9_march_without_encryption_rejects_ccp_and_its_client_leaves_with_error_742() {
    let two_seconds = Duration::from_secs(2);
    let timers = negotiate::Config::default().with_restart_timeout(two_seconds);
    let router = Config::default()
        .with_lcp(router_lcp())
        .with_link_timers(timers.clone().with_opening(Opening::Wait(two_seconds)).with_identifier(7))
        .with_network_timers(timers.with_identifier(8))
        .with_authentication(auth::Config::default().with_name(b"angela  "))
        .with_ipcp(router_ipcp());
    let (mut trace, ticket) = asked(&router);
    trace.link.answer(trace.now, ticket, &Answer::Accept(b"")).unwrap();
    let ipcp = trace.sent().into_iter().find(|(protocol, _)| *protocol == Protocol::IPCP).unwrap().1;
    // O CONFREQ id 8, whose Ack comes below.
    assert_eq!(ipcp, hex::decode("0108000a0306ac100a64").unwrap());
    // I CONFREQ [Not negotiated] id 5 len 10, O PROTREJ id 18 len 16 protocol CCP.
    trace.at(14.868);
    let request = hex::decode("0105000a1206010000b1").unwrap();
    let mut buf = [0; 64];
    let frame = Frame { address_control: true, compressed: false, protocol: Protocol::CCP, information: &request };
    let refused = trace.link.handle_frame(trace.now, frame.encode(&mut buf).unwrap());
    assert_eq!(refused, Err(Refused::UnknownProtocol { protocol: Protocol::CCP }));
    let reject = trace.one(Protocol::LCP);
    assert_eq!((reject[0], &reject[2..]), (8, &hex::decode("001080fd0105000a1206010000b1").unwrap()[..]));
    // I CONFREQ [REQsent] id 6 len 34, O CONFREJ [REQsent] id 6 len 28.
    trace.at(14.876);
    trace.receive_hex(Protocol::IPCP, &["01060022030600000000", SERVERS].concat());
    assert_eq!(trace.one(Protocol::IPCP), hex::decode(["0406001c", SERVERS].concat()).unwrap());
    // I CONFACK [REQsent] id 8 len 10.
    trace.receive(Protocol::IPCP, &ack(&ipcp));
    assert!(trace.sent().is_empty());
    // I TERMREQ [Open] id 7 len 16, O TERMACK [Open] id 7 len 4; then the client clears the call.
    trace.at(15.024);
    trace.receive_hex(Protocol::LCP, "0507001079127fbe003ccd74000002e6");
    assert_eq!(trace.one(Protocol::LCP), [6, 7, 0, 4]);
    trace.at(15.152);
    trace.link.down(trace.now);
    assert_eq!(trace.events().pop(), Some(Event::Closed(Reason::PeerClosed { error: Some(742), words: Words::NONE })));
}
