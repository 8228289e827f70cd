//! A FreeRADIUS server takes our attributes, and its keys are ours.
//!
//! The server is started with a configuration of its own, on this machine only, and ends with the test.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use mschap::radius::{
    AccessAccept, Attribute, Chap2Cpw, Chap2Response, ChapResponse, EncPw, EncryptionPolicy, EncryptionTypes, Hiding,
    attributes,
};
use mschap::{
    ChallengeResponse, EncryptedHash, Failure, FailureChallenge, FailureCode, LmHash, NamePolicy, Next, NtHash, v1, v2,
};
use ppp_fsm::auth::{self, Answer, Authenticator, Demand, Keys, Method, Methods, Peer, Presented, Secret};
use ppp_fsm::chap;
use pptp_interop::freeradius::FreeRadius;
use pptp_interop::namespace::{clock, pause};
use vpdn::radius::{self, AttributeKind, Code, Reply, Request, Settings, Sockets};

const SECRET: &[u8] = b"a secret of more than sixteen bytes";

/// The server's knowledge of each account, in its own language.
const ACCOUNTS: [(&str, &str); 10] = [
    ("alice", r#"Cleartext-Password := "wonderland""#),
    (r"CORP\alice", r#"Cleartext-Password := "wonderland""#),
    (r"CORP\eu\alice", r#"Cleartext-Password := "wonderland""#),
    ("alice@corp.example", r#"Cleartext-Password := "wonderland""#),
    ("Jürgen", r#"Cleartext-Password := "Grüße für 5 €""#),
    ("long", r#"Cleartext-Password := "more than fourteen bytes""#),
    // RFC 2759 section 9.2: the hash of "clientPass".
    ("hash", "NT-Password := 0x44ebba8d5312b8d611474411f56989ae"),
    // A normal account (U) that is locked out (L), or disabled (D).
    ("locked", "Cleartext-Password := \"wonderland\"\nSMB-Account-CTRL-TEXT := \"[UL]\""),
    ("disabled", "Cleartext-Password := \"wonderland\"\nSMB-Account-CTRL-TEXT := \"[UD]\""),
    // The output of `store`: the hash, and whether the password has expired.
    (
        "expired",
        "NT-Password := \"%{exec:/bin/cat FOLDER/hash}\"\nSMB-Account-CTRL-TEXT := \"%{exec:/bin/cat FOLDER/flags}\"",
    ),
];

/// Versions before 3.2.5 sign their answers only when the configuration says so.
const CONFIGURATION: &str = r#"
cleanup_delay = 1
client test {
    ipaddr = 127.0.0.1
    secret = "SECRET"
    require_message_authenticator = yes
}
modules {
    exec {
        wait = yes
        input_pairs = request
        shell_escape = yes
    }
    mschap {
        require_encryption = yes
        require_strong = yes
        passchange {
            local_cpw = "%{exec:/bin/sh FOLDER/store %{MS-CHAP-New-NT-Password}}"
        }
    }
    eap {
        default_eap_type = md5
        md5 {
        }
        mschapv2 {
        }
    }
}
server test {
    listen {
        type = auth
        ipaddr = 127.0.0.1
        port = PORT
    }
    authorize {
        switch "%{hex:User-Name}" {
ACCOUNTS
        }
        mschap
        eap
    }
    authenticate {
        eap
        Auth-Type MS-CHAP {
            mschap
        }
    }
    post-auth {
        update reply {
            Message-Authenticator := 0x00
        }
        Post-Auth-Type REJECT {
            update reply {
                Message-Authenticator := 0x00
            }
        }
        if (&MS-CHAP2-CPW) {
            update reply {
                Reply-Message := "%{MS-CHAP-New-Cleartext-Password}"
                Class := &request:MS-CHAP-New-NT-Password
            }
        }
    }
}
"#;

/// Takes the new hash; the password has not expired any more.
const STORE: &str = "printf %s \"$1\" >FOLDER/hash && printf [U] >FOLDER/flags && echo stored\n";

/// FreeRADIUS before 3.2.5 sets the length of RC4's key before it says that the cipher is RC4, which ends the server under
/// OpenSSL 3 (pull request 5340 of FreeRADIUS/freeradius-server). The length is the default one, so leaving that call
/// out mends it; with later servers this does nothing.
const MEND: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>

int EVP_CIPHER_CTX_set_key_length(void *context, int length)
{
    void *(*cipher)(void *) = (void *(*)(void *))dlsym(RTLD_NEXT, "EVP_CIPHER_CTX_get0_cipher");
    int (*set)(void *, int) = (int (*)(void *, int))dlsym(RTLD_NEXT, "EVP_CIPHER_CTX_set_key_length");
    return cipher(context) ? set(context, length) : 1;
}
"#;

/// A server, which ends when this does, and how to ask it.
struct Server {
    radius: FreeRadius,
    client: radius::Client,
    sockets: Sockets,
    start: Instant,
    requests: u8,
}

impl Server {
    /// Starts one, with or without [`MEND`]; `None`, with a message, where there is no such program.
    fn start(mended: bool) -> Option<Self> {
        let Some(program) = FreeRadius::find() else {
            pptp_interop::say!("SKIPPED: no program `freeradius` (of Debian's package `freeradius`)");
            return None;
        };
        // Between our asking for a free port and the server's taking it, another program may take it.
        (0..5).find_map(|_| Self::start_once(&program, mended)).or_else(|| panic!("no port to be had"))
    }

    fn start_once(program: &Path, mended: bool) -> Option<Self> {
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        // It does not outlive us, even if we are killed.
        let launcher = ["setpriv", "--pdeathsig", "KILL"];
        let radius = FreeRadius::start(&launcher, program, &configuration(port), |folder, command| {
            fill(folder);
            if mended {
                command.env("LD_PRELOAD", compile_mend(folder));
            }
        })?;
        let server = radius::Server::new((Ipv4Addr::LOCALHOST, port).into(), SECRET);
        // One try, and all answers have to be signed.
        let settings = Settings::new(vec![server]).with_timeout(Duration::from_secs(5)).with_tries(1);
        let client = radius::Client::new(settings, draw("entropy", 0));
        Some(Self { radius, client, sockets: Sockets::new(), start: clock(), requests: 0 })
    }

    fn log(&self) -> String {
        self.radius.log()
    }

    /// Passes a packet of EAP on (RFC 3579), and gives the reply.
    fn ask_eap(&mut self, name: &[u8], packet: &[u8], state: Option<&[u8]>) -> Reply {
        let mut request = Request::access();
        request.add(AttributeKind::USER_NAME, name).unwrap();
        if let Some(state) = state {
            request.add(AttributeKind::STATE, state).unwrap();
        }
        request.add_eap(packet);
        self.exchange(request)
    }

    /// Asks about these attributes, and gives the reply.
    fn ask(&mut self, name: &str, attributes: &[Attribute<'_>]) -> Reply {
        let mut request = Request::access();
        request.add(AttributeKind::USER_NAME, name.as_bytes()).unwrap();
        for attribute in attributes {
            request.add_microsoft(attribute).unwrap();
        }
        self.exchange(request)
    }

    fn exchange(&mut self, request: Request) -> Reply {
        self.requests += 1;
        let Self { client, sockets, start, .. } = self;
        let question = client.ask(start.elapsed(), request).unwrap();
        loop {
            sockets.flush(client, |_, _| {}).unwrap();
            let paths: Vec<_> = sockets.iter().map(|(path, _)| path).collect();
            for path in paths {
                sockets.receive(start.elapsed(), path, client, |error| panic!("{error}"));
            }
            client.handle_timeout(start.elapsed());
            if let Some(event) = client.poll_event() {
                assert_eq!(event.question, question);
                let radius::Answer::Reply(reply) = event.answer else { panic!("no answer in time") };
                return reply;
            }
            pause(Duration::from_millis(1));
        }
    }
}

fn configuration(port: u16) -> String {
    let mut accounts = String::new();
    for (name, control) in ACCOUNTS {
        let name = hex::encode(name);
        writeln!(accounts, "case \"{name}\" {{\nupdate control {{\n{control}\n}}\n}}").unwrap();
    }
    CONFIGURATION
        .replace("ACCOUNTS", &accounts)
        .replace("SECRET", std::str::from_utf8(SECRET).unwrap())
        .replace("PORT", &port.to_string())
}

/// Fills the folder with the files that the configuration reads and runs.
fn fill(folder: &Path) {
    std::fs::write(folder.join("store"), STORE.replace("FOLDER", folder.to_str().unwrap())).unwrap();
    let hash = NtHash::from_password("old password");
    std::fs::write(folder.join("hash"), format!("0x{}", hex::encode(hash.as_bytes()))).unwrap();
    std::fs::write(folder.join("flags"), "[Ue]").unwrap();
}

fn compile_mend(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("mend.c"), folder.join("mend.so"));
    std::fs::write(&source, MEND).unwrap();
    // Rust links with this program too.
    let status = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status().unwrap();
    assert!(status.success(), "cc");
    library
}

/// Returns bytes that differ from case to case. Nobody is here to predict them.
fn draw<const N: usize>(what: &str, number: u8) -> [u8; N] {
    use sha1::{Digest, Sha1};
    let mut bytes = Vec::new();
    while bytes.len() < N {
        bytes.extend(Sha1::digest(format!("{what} {number} {}", bytes.len())));
    }
    *bytes.first_chunk().unwrap()
}

/// Returns the values of the attributes that our crate takes.
fn ours(reply: &Reply) -> Vec<&[u8]> {
    reply.values(AttributeKind::VENDOR_SPECIFIC).collect()
}

fn error(reply: &Reply) -> Vec<u8> {
    for value in ours(reply) {
        for attribute in attributes(value).unwrap() {
            if let Attribute::ChapError(error) = attribute.unwrap() {
                return error.message.to_vec();
            }
        }
    }
    panic!("no MS-CHAP-Error in {reply:?}")
}

fn row(version: &str, name: &str, password: &str, outcome: &str) {
    pptp_interop::say!("{version:<3} {name:<20} {password:<26} {outcome}");
}

/// Which refusal, and whether another try is offered.
type Refused = (FailureCode, bool);
const WRONG: Option<Refused> = Some((FailureCode::AUTHENTICATION_FAILURE, true));

/// Asserts that the reply is a refusal for this reason, and shows it.
fn assert_refused(reply: &Reply, version: u32, (code, retry): Refused) -> Vec<u8> {
    assert_eq!(reply.code(), Code::ACCESS_REJECT);
    let message = error(reply);
    let failure = Failure::decode(&message);
    assert_eq!((failure.code, failure.retry), (Some(code), Some(retry)), "{}", message.escape_ascii());
    if code != FailureCode::CHANGING_PASSWORD {
        assert_eq!(failure.version, Some(version));
        assert!(matches!(
            (version, failure.challenge),
            (2, Some(FailureChallenge::V1(_))) | (3, Some(FailureChallenge::V2(_)))
        ));
    }
    message
}

/// Asserts what is the same in all accepts.
fn assert_accepted(reply: &Reply, accept: &AccessAccept<'_>) {
    assert_eq!(reply.code(), Code::ACCESS_ACCEPT);
    assert_eq!(accept.encryption_policy, Some(EncryptionPolicy::REQUIRED));
    assert_eq!(accept.encryption_types, Some(EncryptionTypes::BITS_128));
}

/// Asserts that proof and keys of an accept are those of this hash.
fn assert_keys_v2(reply: &Reply, peer: &v2::Peer, hash: &NtHash, response: &ChallengeResponse) {
    let accept = AccessAccept::decode(ours(reply), &reply.hiding()).unwrap();
    assert_accepted(reply, &accept);
    let message = accept.success.as_ref().unwrap().message();
    peer.handle_success(&message).unwrap();
    let keys = accept.start_keys().unwrap();

    let master = mschap::MasterKey::new(&hash.hash(), response);
    assert_eq!(keys.send.as_bytes(), master.authenticator_to_peer().as_bytes());
    assert_eq!(keys.receive.as_bytes(), master.peer_to_authenticator().as_bytes());
    let other = mppe::MasterKey::from_ms_chap_v2(hash.hash().as_bytes(), response.as_bytes());
    assert_eq!(other.expose_bytes(), master.as_bytes());
    for (key, direction) in [(&keys.send, mppe::Direction::Send), (&keys.receive, mppe::Direction::Receive)] {
        let start = other.start_key(mppe::Strength::Bits128, mppe::Side::Server, direction);
        assert_eq!(start.expose_bytes(), key.as_bytes());
    }
    // A packet that the NAS encrypts with the server's key, the peer decrypts with the password's.
    let config = mppe::Config::new(mppe::Mode::Stateless);
    let nas = mppe::StartKey::from_radius(mppe::Strength::Bits128, keys.send.as_bytes());
    let own = other.start_key(mppe::Strength::Bits128, mppe::Side::Client, mppe::Direction::Receive);
    let (ip, mut buf) = ([&[0x45, 0, 0, 20][..], &[0; 16]].concat(), [0; 24]);
    let sent = mppe::Encryptor::new(&nas, &config).encrypt(0x0021, &ip, &mut buf).unwrap().len();
    assert_eq!(mppe::Decryptor::new(&own, &config).decrypt(&mut buf[..sent]).unwrap().payload(), ip);
    // With another secret the keys are not those.
    let other = AccessAccept::decode(ours(reply), &Hiding::new(b"another secret", reply.request_authenticator()));
    assert!(!other.is_ok_and(|accept| accept.start_keys().is_ok_and(|found| found.send.ct_eq(&keys.send))));
}

fn version_1(server: &mut Server, name: &str, password: &str, lm: Option<&str>, refused: Option<Refused>) {
    let number = server.requests;
    let challenge = draw("challenge", number);
    let hash = NtHash::from_password(password);
    let (_, mut response) = v1::Peer::respond(&hash, &challenge);
    if let Some(lm) = lm {
        response = response.with_lm(&LmHash::from_password(lm).unwrap(), &challenge);
    }
    let reply = server.ask(
        name,
        &[Attribute::Challenge(&challenge), Attribute::ChapResponse(ChapResponse { ident: number, response })],
    );
    if let Some(refused) = refused {
        let message = assert_refused(&reply, 2, refused);
        return row("1", name, password, &message.escape_ascii().to_string());
    }
    let accept = AccessAccept::decode(ours(&reply), &reply.hiding()).unwrap();
    assert_accepted(&reply, &accept);
    let keys = accept.mppe_keys.as_ref().unwrap();
    assert!(keys.nt_key.ct_eq(&hash.hash()));
    let start = accept.v1_start_key(&challenge).unwrap();
    assert_eq!(start.as_bytes(), mschap::StartKey::from_v1(&hash.hash(), &challenge).as_bytes());
    let other = mppe::MsChapV1::new(challenge).with_nt_password_hash_hash(*hash.hash().as_bytes());
    let other = other.start_key(mppe::Strength::Bits128, mppe::ShortKeySource::LmHash).unwrap();
    assert_eq!(other.expose_bytes(), start.as_bytes());
    row("1", name, password, "accepted, NT-Key");
}

/// Logs in with version 2. `user` is what is hashed of the name.
fn version_2(server: &mut Server, name: &str, user: &[u8], password: &str, refused: Option<Refused>) {
    let number = server.requests;
    let challenges = v2::Challenges { authenticator: draw("challenge", number), peer: draw("peer", number) };
    let hash = NtHash::from_password(password);
    let (peer, response) = v2::Peer::respond(&hash, &challenges, user);
    let proof = response.nt_response.clone();
    let reply = server.ask(
        name,
        &[
            Attribute::Challenge(&challenges.authenticator),
            Attribute::Chap2Response(Chap2Response { ident: number, response }),
        ],
    );
    if let Some(refused) = refused {
        let message = assert_refused(&reply, 3, refused);
        return row("2", name, password, &message.escape_ascii().to_string());
    }
    assert_keys_v2(&reply, &peer, &hash, &proof);
    row("2", name, password, "accepted, proof, Send-Key, Recv-Key");
}

#[test]
fn a_real_server_takes_our_attributes_and_gives_our_keys() {
    let Some(mut server) = Server::start(false) else { return };
    let server = &mut server;
    pptp_interop::say!("{:<3} {:<20} {:<26} FreeRADIUS", "", "name", "password");
    let non_ascii = "Grüße für 5 €";

    version_1(server, "alice", "wonderland", None, None);
    version_1(server, "alice", "wonderland", Some("wonderland"), None);
    version_1(server, "alice", "Wonderland", None, WRONG);
    version_1(server, "nobody", "wonderland", None, WRONG);
    version_1(server, r"CORP\alice", "wonderland", None, None);
    version_1(server, "Jürgen", non_ascii, None, None);
    version_1(server, "long", "more than fourteen bytes", Some(""), None);
    version_1(server, "hash", "clientPass", None, None);

    for name in ["alice", r"CORP\alice", "alice@corp.example", "Jürgen", "long", "hash"] {
        let password = match name {
            "Jürgen" => non_ascii,
            "long" => "more than fourteen bytes",
            "hash" => "clientPass",
            _ => "wonderland",
        };
        let user = NamePolicy::default().user(name.as_bytes());
        version_2(server, name, user, password, None);
        version_2(server, name, user, "wrong", WRONG);
    }
    version_2(server, "nobody", b"nobody", "wonderland", WRONG);
    version_2(server, "locked", b"locked", "wonderland", Some((FailureCode::ACCOUNT_DISABLED, false)));
    let disabled = Some((FailureCode::AUTHENTICATION_FAILURE, false));
    version_2(server, "disabled", b"disabled", "wonderland", disabled);
    // A client that hashes another part of the name than the server seems to have another password.
    let name = r"CORP\eu\alice";
    version_2(server, name, NamePolicy::CutBehindFirstBackslash.user(name.as_bytes()), "wonderland", None);
    version_2(server, name, NamePolicy::CutBehindLastBackslash.user(name.as_bytes()), "wonderland", WRONG);
    version_2(server, r"CORP\alice", NamePolicy::Whole.user(br"CORP\alice"), "wonderland", WRONG);

    let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
    for at in 0..24 {
        let mut response = v2::Response::new(&NtHash::from_password("wonderland"), &challenges, b"alice");
        let mut bytes = *response.nt_response.as_bytes();
        bytes[at] ^= 0x10;
        response.nt_response = ChallengeResponse::from_bytes(bytes);
        let response = Attribute::Chap2Response(Chap2Response { ident: 1, response });
        let reply = server.ask("alice", &[Attribute::Challenge(&challenges.authenticator), response]);
        assert_refused(&reply, 3, WRONG.unwrap());
    }
    row("2", "alice", "wonderland", "each byte of the NT-Response changed: refused 24 times");
}

/// Asks to change the password of `expired`; `spoil` may change what is sent.
fn change(
    server: &mut Server,
    old: &str,
    new: &str,
    challenge: [u8; 16],
    spoil: impl Fn(&mut v2::ChangePassword),
) -> (Reply, v2::Peer, v2::ChangePassword) {
    let number = server.requests;
    let challenges = v2::Challenges { authenticator: challenge, peer: draw("peer", number) };
    let (old, padding) = (NtHash::from_password(old), draw("padding", number));
    let (peer, mut packet) = v2::Peer::change_password(&old, new, &challenges, b"expired", &padding).unwrap();
    spoil(&mut packet);
    let mut sent = vec![Attribute::Challenge(&challenge), Attribute::Chap2Cpw(Chap2Cpw::new(number, &packet))];
    sent.extend(EncPw::split(number, &packet.encrypted_password).map(Attribute::NtEncPw));
    let reply = server.ask("expired", &sent);
    (reply, peer, packet)
}

#[test]
fn a_real_server_changes_a_password() {
    let Some(mut server) = Server::start(true) else { return };
    let server = &mut server;
    let (old, new) = ("old password", "Neues Paßwort: 5 €");

    version_2(server, "expired", b"expired", "wrong", WRONG);
    // The password is right but has expired; the peer learns that it may change it.
    let challenges = v2::Challenges { authenticator: [1; 16], peer: [2; 16] };
    let (peer, response) = v2::Peer::respond(&NtHash::from_password(old), &challenges, b"expired");
    let response = Attribute::Chap2Response(Chap2Response { ident: 7, response });
    let reply = server.ask("expired", &[Attribute::Challenge(&challenges.authenticator), response]);
    let message = assert_refused(&reply, 3, (FailureCode::PASSWORD_EXPIRED, false));
    row("2", "expired", old, &message.escape_ascii().to_string());
    let Next::ChangePassword { challenge, version: 3 } = peer.handle_failure(&message).next else {
        panic!("the peer may not change it")
    };

    // A client that does not know the old password, or has not proved it, changes nothing.
    let (reply, ..) = change(server, "wrong", new, challenge, |_| {});
    let message = assert_refused(&reply, 3, (FailureCode::CHANGING_PASSWORD, false));
    row("cpw", "expired", "wrong", &message.escape_ascii().to_string());
    for at in 0..16 {
        let (reply, ..) = change(server, old, new, challenge, |packet| {
            let mut bytes = *packet.encrypted_hash.as_bytes();
            bytes[at] ^= 1;
            packet.encrypted_hash = EncryptedHash::from_bytes(bytes);
        });
        assert_refused(&reply, 3, (FailureCode::CHANGING_PASSWORD, false));
    }
    row("cpw", "expired", old, "each byte of the Encrypted-Hash changed: refused 16 times");

    let (reply, peer, packet) = change(server, old, new, challenge, |_| {});
    assert_keys_v2(&reply, &peer, &NtHash::from_password(new), &packet.nt_response);
    let decoded: Vec<_> =
        reply.values(AttributeKind::REPLY_MESSAGE).map(|text| std::str::from_utf8(text).unwrap()).collect();
    assert_eq!(decoded, [new]);
    let hashes: Vec<_> = reply.values(AttributeKind::CLASS).collect();
    assert_eq!(hashes, [NtHash::from_password(new).as_bytes()]);
    row("cpw", "expired", new, &format!("accepted, proof, keys; the server read \"{}\"", decoded[0]));

    // It is stored.
    version_2(server, "expired", b"expired", old, WRONG);
    version_2(server, "expired", b"expired", new, None);
    assert!(server.log().contains("stored"));
}

/// Returns what a server is asked about what a peer presents, as a program would that lets it
/// decide.
fn ask(server: &mut Server, presented: &Presented<'_>) -> Reply {
    let name = std::str::from_utf8(presented.name().unwrap().0).unwrap();
    match *presented {
        Presented::MsChap { version: 2, identifier: ident, challenge, response, .. } => {
            let response = v2::Response::decode(response).unwrap();
            let response = Attribute::Chap2Response(Chap2Response { ident, response });
            server.ask(name, &[Attribute::Challenge(challenge), response])
        }
        Presented::ChangePassword { code: chap::Code::CHANGE_PASSWORD_3, identifier, challenge, packet, .. } => {
            let change = v2::ChangePassword::decode(packet).unwrap();
            let mut sent =
                vec![Attribute::Challenge(challenge), Attribute::Chap2Cpw(Chap2Cpw::new(identifier, &change))];
            sent.extend(EncPw::split(identifier, &change.encrypted_password).map(Attribute::NtEncPw));
            server.ask(name, &sent)
        }
        _ => panic!("{presented:?}"),
    }
}

/// How our peer fares when its EAP is passed through, what the server has answered, and the keys of both.
fn pass_through(server: &mut Server, name: &str, password: &str, methods: &[Method]) -> (auth::Status, Vec<Code>) {
    let now = Duration::ZERO;
    let passed = auth::Config::default().with_eap_pass_through(true);
    let mut nas = Authenticator::new(&passed, draw("nas", 2));
    let mut peer = Peer::new(&auth::Config::default(), draw("peer", 2));
    nas.start(now, Method::Eap);
    peer.start(now, Methods::new(methods));
    let (mut buf, mut codes, mut state) = ([0; auth::MAX_PACKET_LEN], Vec::new(), None::<Vec<u8>>);
    for _ in 0..12 {
        if let Some(packet) = nas.poll_transmit(now, &mut buf).unwrap() {
            peer.handle_packet(now, packet).unwrap();
        }
        if let Some(demand) = peer.poll_demand() {
            let secret = Secret::Password(password.as_bytes());
            peer.prove(now, demand.ticket(), name.as_bytes(), &secret).unwrap();
        }
        if let Some(packet) = peer.poll_transmit(now, &mut buf).unwrap() {
            nas.handle_packet(now, packet).unwrap();
        }
        let Some(question) = nas.poll_question() else { continue };
        let Some(Presented::Eap { packet, .. }) = nas.presented() else { panic!("no EAP") };
        let reply = server.ask_eap(name.as_bytes(), packet, state.as_deref());
        state = reply.values(AttributeKind::STATE).next().map(<[u8]>::to_vec);
        codes.push(reply.code());
        let message = reply.eap();
        let answer = match reply.code() {
            Code::ACCESS_CHALLENGE => Answer::EapRequest(&message),
            Code::ACCESS_ACCEPT => Answer::Accept(&message),
            _ => Answer::Reject(&message),
        };
        nas.answer(now, question.ticket(), &answer).unwrap();
        if reply.code() == Code::ACCESS_ACCEPT {
            let accept = AccessAccept::decode(ours(&reply), &reply.hiding()).unwrap();
            let keys = accept.start_keys().ok();
            // A peer without keys: MD5-Challenge.
            assert_eq!(keys.is_some(), peer_keys(&peer).is_some());
            if let (Some(keys), Some(master)) = (keys, peer_keys(&peer)) {
                assert!(master.authenticator_to_peer().ct_eq(&keys.send));
                assert!(master.peer_to_authenticator().ct_eq(&keys.receive));
            }
        }
    }
    row("EAP", name, &format!("{methods:?}"), &format!("{codes:?} {:?}", peer.status()));
    (peer.status(), codes)
}

fn peer_keys(peer: &Peer) -> Option<mschap::MasterKey> {
    match peer.keys()? {
        Keys::MsChapV2 { hash, nt_response } => Some(mschap::MasterKey::new(hash, nt_response)),
        other => panic!("{other:?}"),
    }
}

fn is_refused(status: auth::Status, wanted: Method) -> bool {
    matches!(status, auth::Status::Failed(auth::Failure::Refused { method, code: None, .. }) if method == wanted)
}

/// RFC 3579: EAP of any type passes through to a real server, and its keys are those of our peer.
#[test]
fn a_real_server_is_the_other_end_of_eap() {
    let Some(mut server) = Server::start(true) else { return };
    let server = &mut server;
    let (challenge, accept, reject) = (Code::ACCESS_CHALLENGE, Code::ACCESS_ACCEPT, Code::ACCESS_REJECT);
    let (v2, md5) = (Method::EapMsChapV2, Method::Eap);
    // The server asks for MD5-Challenge first, which the second peer answers with a Nak.
    let (status, codes) = pass_through(server, "alice", "wonderland", &[md5]);
    assert_eq!((status, &codes[..]), (auth::Status::Accepted, &[challenge, accept][..]));
    let (status, codes) = pass_through(server, "alice", "wonderland", &[v2]);
    assert_eq!((status, &codes[..]), (auth::Status::Accepted, &[challenge, challenge, challenge, accept][..]));
    let (status, _) = pass_through(server, "hash", "clientPass", &[v2]);
    assert_eq!(status, auth::Status::Accepted);
    let (status, codes) = pass_through(server, "alice", "looking-glass", &[v2]);
    assert_eq!(codes.last(), Some(&reject));
    // FreeRADIUS sends E=691 only with `send_error`; without it, EAP's own Failure is all.
    assert!(is_refused(status, v2), "{status:?}");
    let (status, codes) = pass_through(server, "nobody", "wonderland", &[v2]);
    assert_eq!(codes.last(), Some(&reject));
    assert!(matches!(status, auth::Status::Failed(auth::Failure::Refused { .. })), "{status:?}");
    let (status, codes) = pass_through(server, "alice", "looking-glass", &[md5]);
    assert_eq!(codes.last(), Some(&reject));
    assert!(is_refused(status, md5), "{status:?}");
}

/// The machines of a link, with the server behind one of them: the password of a peer has expired, and it gets a new one.
#[test]
fn a_real_server_changes_the_password_of_a_peer_of_ours() {
    for method in [Method::MsChapV2, Method::EapMsChapV2] {
        change_password_of_peer(method);
    }
}

fn change_password_of_peer(method: Method) {
    let Some(mut server) = Server::start(true) else { return };
    let server = &mut server;
    let (now, config, new) = (Duration::ZERO, auth::Config::default(), "Neues Paßwort: 5 €");
    let (mut nas, mut peer) = (Authenticator::new(&config, draw("nas", 1)), Peer::new(&config, draw("peer", 1)));
    nas.start(now, method);
    peer.start(now, method);
    let (mut buf, mut keys, mut said) = ([0; auth::MAX_PACKET_LEN], None, Vec::new());
    // EAP begins with the name, and ends with an acknowledgment and its own Success.
    for _ in 0..8 {
        if let Some(packet) = nas.poll_transmit(now, &mut buf).unwrap() {
            peer.handle_packet(now, packet).unwrap();
        }
        match peer.poll_demand() {
            Some(Demand::NewPassword(ticket)) => {
                let old = Secret::Password(b"old password");
                peer.change_password(now, ticket, &old, new.into()).unwrap();
            }
            Some(demand) => {
                peer.prove(now, demand.ticket(), b"expired", &Secret::Password(b"old password")).unwrap();
            }
            None => {}
        }
        if let Some(packet) = peer.poll_transmit(now, &mut buf).unwrap() {
            nas.handle_packet(now, packet).unwrap();
        }
        let Some(question) = nas.poll_question() else { continue };
        let reply = ask(server, &nas.presented().unwrap());
        let answer = if reply.code() == Code::ACCESS_ACCEPT {
            let accept = AccessAccept::decode(ours(&reply), &reply.hiding()).unwrap();
            keys = Some(accept.start_keys().unwrap());
            let message = accept.success.as_ref().unwrap().message().to_vec();
            nas.answer(now, question.ticket(), &Answer::Accept(&message))
        } else {
            said.push(error(&reply));
            nas.answer(now, question.ticket(), &Answer::Reject(&error(&reply)))
        };
        row("ppp", "expired", &format!("{question:?}"), &format!("{answer:?}"));
    }
    assert_eq!((nas.status(), peer.status()), (auth::Status::Accepted, auth::Status::Accepted));
    let codes: Vec<_> = said.iter().map(|text| Failure::decode(text).code.unwrap()).collect();
    assert_eq!(codes, [FailureCode::PASSWORD_EXPIRED]);
    // The NAS got from the server what the client has made of the new password.
    let Some(Keys::MsChapV2 { hash, nt_response }) = peer.keys() else { panic!("no keys") };
    assert!(hash.ct_eq(&NtHash::from_password(new).hash()));
    let (master, keys) = (mschap::MasterKey::new(hash, nt_response), keys.unwrap());
    assert!(master.authenticator_to_peer().ct_eq(&keys.send) && master.peer_to_authenticator().ct_eq(&keys.receive));
    assert!(server.log().contains("stored"));
}
