//! An inspector that is fed with the bytes of a running session reports all of it.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests may fail")]

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use pptp::inspect::{Content, ControlInput, Inspector, Record, Secrets};
use pptp::ppp::auth::{Method, Methods};
use pptp::ppp::ccp::{MicrosoftCompression, Modes};
use pptp::session::{Compression, Config, HEADROOM};
use testing::pptp::OneCall as _;
use testing::pptp::{Carried, connected};

const NOW: Duration = Duration::ZERO;
const CLIENT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// The output of the inspector: the lines of the negotiation, and the packets within.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    packets: Vec<Vec<u8>>,
    failures: Vec<String>,
}

impl Told {
    fn record(&mut self, record: &Record<'_>) {
        match record.content {
            Content::Control { message, .. } => self.lines.push(message.name().into()),
            Content::ControlProtocol { protocol, packet: Ok(packet), .. } => {
                self.lines.push(format!("{protocol} {}", packet.code));
            }
            Content::Datagram { bytes, decrypted: Some(_), .. } => self.packets.push(bytes.to_vec()),
            Content::NotDecrypted { reason } => self.failures.push(reason.to_string()),
            _ => {}
        }
    }
}

struct Wire {
    inspector: Inspector,
    told: Told,
    tag: u64,
}

impl Wire {
    fn tcp(&mut self, from_client: bool, bytes: &[u8]) {
        let ends = [SocketAddr::from((CLIENT, 49_152)), SocketAddr::from((SERVER, 1723))];
        let [source, destination] = if from_client { ends } else { [ends[1], ends[0]] };
        self.tag = self.tag.wrapping_add(1);
        let Self { inspector, told, tag } = self;
        inspector.handle_control(*tag, source, destination, ControlInput::Bytes(bytes), &mut |record| {
            told.record(&record);
        });
    }

    fn gre(&mut self, from_client: bool, packet: &[u8]) {
        let ends = [IpAddr::V4(CLIENT), IpAddr::V4(SERVER)];
        let [source, destination] = if from_client { ends } else { [ends[1], ends[0]] };
        self.tag = self.tag.wrapping_add(1);
        let Self { inspector, told, tag } = self;
        inspector.handle_gre(*tag, source, destination, packet, &mut |record| told.record(&record));
    }
}

/// Runs a session with these wishes under the eyes of an inspector, and sends packets in both directions.
fn watch(config: &Config) -> (Told, Vec<Vec<u8>>) {
    let secrets = Secrets::new().with_password(Some("alice"), "wonderland");
    let mut wire = Wire { inspector: Inspector::new(secrets), told: Told::default(), tag: 0 };
    let (mut client, mut server, call) = connected(NOW, config, |from, carried| match carried {
        Carried::Stream(bytes) => wire.tcp(from == testing::CLIENT, bytes),
        Carried::Datagram(packet) => wire.gre(from == testing::CLIENT, packet),
    });
    let mut sent = Vec::new();
    for number in 0..40_u8 {
        // An IPv4 packet whose content repeats itself and the packets before.
        let text = format!("packet {number}: for whom the bell tolls, the bell tolls for thee. ").repeat(4);
        let total = u16::try_from(text.len().saturating_add(20)).unwrap().to_be_bytes();
        let mut ip = vec![0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1];
        ip.extend(text.bytes());
        let mut buf = vec![0; HEADROOM];
        buf.extend(&ip);
        sent.push(ip);
        let from_client = number % 3 != 0;
        let packet = if from_client {
            client.send_ip(NOW, &mut buf).unwrap()
        } else {
            server.call_mut(call).unwrap().send_ip(NOW, &mut buf).unwrap()
        };
        wire.gre(from_client, packet);
    }
    (wire.told, sent)
}

#[test]
fn every_packet_of_a_running_session_is_told() {
    let methods = [Method::MsChapV2, Method::MsChapV1];
    let compressions = if cfg!(feature = "mppc") {
        vec![Compression::Off, Compression::Fast, Compression::Default, Compression::Max]
    } else {
        vec![Compression::Off]
    };
    for method in methods {
        for strength in [MicrosoftCompression::MPPE_128, MicrosoftCompression::MPPE_56, MicrosoftCompression::MPPE_40] {
            if method == Method::MsChapV1 && strength != MicrosoftCompression::MPPE_128 {
                // Short keys are made from the LAN Manager hash, which the inspector does not try.
                continue;
            }
            for modes in [Modes::Stateless, Modes::PreferStateful] {
                for compression in &compressions {
                    let config = Config::strict().with_ppp(|ppp| {
                        ppp.with_authentication(Methods::new(&[method]))
                            .with_strengths(strength)
                            .with_modes(modes)
                            .with_compression(*compression)
                    });
                    let (told, sent) = watch(&config);
                    assert_eq!(told.failures, [""; 0], "{method} {strength} {modes:?} {compression:?}");
                    assert!(told.packets == sent, "{method} {strength} {modes:?} {compression:?}");
                    for line in ["Outgoing-Call-Reply", "LCP Configure-Ack", "CCP Configure-Ack", "IPCP Configure-Ack"]
                    {
                        assert!(told.lines.iter().any(|told| told == line), "{line} in {:?}", told.lines);
                    }
                }
            }
        }
    }
}
