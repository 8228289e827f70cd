//! L2TP beside the crate `rl2tp` and plain code: `cargo bench -p pptp-benches --bench l2tp_ratios`
//!
//! `rl2tp` has the bits of the flags in the opposite order, so it reads no packet of a real peer.
//! It is given the same messages as it writes them. It prints every AVP that it reads, which is
//! part of what it costs.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    reason = "a measurement that goes wrong stops"
)]

use std::hint::black_box;

use l2tp_wire::authenticate::{DigestKey, Nonces, challenge_response, verify};
use l2tp_wire::code::{DigestType, MessageType};
use l2tp_wire::header::{Control, ControlHeader, DataHeader, Recipient};
use l2tp_wire::hide::{Hiding, HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, v2, v3};
use l2tp_wire::{Message, Secret};
use pptp_benches::ratio::{self, Group};
use rl2tp::avp::AVP;
use rl2tp::common::{SliceReader, VecWriter};

/// Packets of one call.
const PACKETS: u32 = 64;

/// The same instructions differ by as much between two runs.
const AS_FAST: f64 = 0.98;

/// An SCCRQ of xl2tpd from a recording: nine AVPs.
const SCCRQ: &str = "c80200640000000000000000800800000000000180080000000201008\
                     00a0000000300000003800a000000040000000000080000000606908009000000076c6163001300000008\
                     78656c6572616e63652e636f6d8008000000096d7880080000000a0004";

fn main() {
    ratio::main(groups);
}

fn groups() -> Vec<Group> {
    vec![decode_data(false), decode_data(true), encode_data(), control(), encode_control(), authentication()]
}

/// Returns a plain decoder as one writes it in C: every flag, and the payload's place.
#[inline(never)]
fn plain_decode(bytes: &[u8]) -> Option<(u16, u16, Option<u16>, usize)> {
    let word = |at: usize| Some(u16::from(*bytes.get(at)?) << 8 | u16::from(*bytes.get(at + 1)?));
    let flags = word(0)?;
    if flags & 0x800f != 2 {
        return None;
    }
    let mut at = 2;
    let mut end = bytes.len();
    if flags & 0x4000 != 0 {
        let length = usize::from(word(at)?);
        if length > end {
            return None;
        }
        end = length;
        at += 2;
    }
    let (tunnel, session) = (word(at)?, word(at + 2)?);
    at += 4;
    let mut ns = None;
    if flags & 0x0800 != 0 {
        ns = Some(word(at)?);
        at += 4;
    }
    if flags & 0x0200 != 0 {
        at += 2 + usize::from(word(at)?);
    }
    if at > end { None } else { Some((tunnel, session, ns, at)) }
}

#[inline(never)]
fn our_decode(bytes: &[u8]) -> bool {
    DataHeader::decode(bytes).is_ok_and(|(header, payload)| black_box(header).tunnel_id != 0 && !payload.is_empty())
}

/// Returns a plain encoder of the shortest header.
#[inline(never)]
fn plain_encode(tunnel: u16, session: u16, buf: &mut [u8]) -> bool {
    if buf.len() < 6 {
        return false;
    }
    buf[0] = 0;
    buf[1] = 2;
    buf[2..4].copy_from_slice(&tunnel.to_be_bytes());
    buf[4..6].copy_from_slice(&session.to_be_bytes());
    true
}

#[inline(never)]
fn our_encode(tunnel: u16, session: u16, buf: &mut [u8]) -> bool {
    DataHeader::new(tunnel, session).encode(64, buf).is_ok()
}

fn foreign(data: &[u8], sequence: bool) -> rl2tp::DataMessage<&[u8]> {
    rl2tp::DataMessage {
        is_prioritized: false,
        length: None,
        tunnel_id: 0x1c2a,
        session_id: 0xe7b0,
        ns_nr: sequence.then_some((1, 0)),
        offset: None,
        data,
    }
}

fn decode_data(sequence: bool) -> Group {
    let header = DataHeader::new(0x1c2a, 0xe7b0);
    let header = if sequence { header.with_sequence(1) } else { header };
    let mut buf = [0x55; 80];
    header.encode(64, &mut buf).expect("room");
    let ours = buf;
    let mut writer = VecWriter::new();
    rl2tp::Message::Data(foreign(&[0x55; 64], sequence)).write(&mut writer);
    let theirs = writer.data;
    let name = if sequence { "decode data with Ns" } else { "decode data" };
    Group::new(name, PACKETS)
        .with("l2tp-wire", move || {
            for _ in 0..PACKETS {
                black_box(our_decode(black_box(&ours)));
            }
        })
        .with("plain code", move || {
            for _ in 0..PACKETS {
                black_box(plain_decode(black_box(&ours)).is_some());
            }
        })
        .with("rl2tp", move || {
            for _ in 0..PACKETS {
                let mut reader = SliceReader::from(black_box(&theirs[..]));
                black_box(rl2tp::Message::<&[u8]>::try_read(&mut reader).is_ok());
            }
        })
        .goal("l2tp-wire", "plain code", AS_FAST)
        .goal("l2tp-wire", "rl2tp", 1.0)
}

fn encode_data() -> Group {
    let mut ours = [0; 80];
    let mut plain = [0; 80];
    let payload = [0x55; 64];
    Group::new("encode data", PACKETS)
        .with("l2tp-wire", move || {
            for _ in 0..PACKETS {
                black_box(our_encode(black_box(0x1c2a), black_box(0xe7b0), black_box(&mut ours)));
            }
        })
        .with("plain code", move || {
            for _ in 0..PACKETS {
                black_box(plain_encode(black_box(0x1c2a), black_box(0xe7b0), black_box(&mut plain)));
            }
        })
        // It always copies the payload too.
        .with("rl2tp", move || {
            for _ in 0..PACKETS {
                let mut writer = VecWriter::new();
                rl2tp::Message::Data(foreign(black_box(&payload), false)).write(&mut writer);
                black_box(writer.data.len());
            }
        })
        .goal("l2tp-wire", "plain code", AS_FAST)
        .goal("l2tp-wire", "rl2tp", 5.0)
}

/// Returns the SCCRQ as `rl2tp` writes it.
fn foreign_sccrq() -> Vec<u8> {
    use rl2tp::avp::types;
    let avps = vec![
        AVP::MessageType(types::MessageType::StartControlConnectionRequest),
        AVP::ProtocolVersion(types::ProtocolVersion { version: 1, revision: 0 }),
        AVP::FramingCapabilities(types::FramingCapabilities::new(true, true)),
        AVP::BearerCapabilities(types::BearerCapabilities::new(false, false)),
        AVP::FirmwareRevision(types::FirmwareRevision { value: 0x690 }),
        AVP::HostName(types::HostName { value: b"lac".to_vec() }),
        AVP::VendorName(types::VendorName { value: "xelerance.com".to_owned() }),
        AVP::AssignedTunnelId(types::AssignedTunnelId { value: 0x6d78 }),
        AVP::ReceiveWindowSize(types::ReceiveWindowSize { value: 4 }),
    ];
    let message = rl2tp::ControlMessage { length: 0, tunnel_id: 0, session_id: 0, ns: 0, nr: 0, avps };
    let mut writer = VecWriter::new();
    rl2tp::Message::<Vec<u8>>::Control(message).write(&mut writer);
    let bytes = writer.data;
    let mut reader = SliceReader::from(&bytes[..]);
    assert!(rl2tp::Message::<&[u8]>::try_read(&mut reader).is_ok());
    bytes
}

fn sccrq() -> Vec<u8> {
    let recorded = hex::decode(SCCRQ).expect("hexadecimal");
    let control = Control::decode(&recorded).expect("a message");
    assert_eq!(control.avps().count(), 9);
    recorded
}

fn control() -> Group {
    let (ours, theirs) = (sccrq(), foreign_sccrq());
    let walked = ours.clone();
    Group::new("decode SCCRQ", 1)
        .with("l2tp-wire", move || {
            let control = Control::decode(black_box(&ours)).expect("a message");
            black_box(Message::decode(control.version(), control.avps()).is_ok());
        })
        .with("l2tp-wire, AVPs alone", move || {
            let control = Control::decode(black_box(&walked)).expect("a message");
            for avp in control.avps() {
                black_box(avp.is_ok_and(|avp| avp.decode(MessageType::HELLO).is_ok()));
            }
        })
        .with("rl2tp", move || {
            let mut reader = SliceReader::from(black_box(&theirs[..]));
            black_box(rl2tp::Message::<&[u8]>::try_read(&mut reader).is_ok());
        })
        .goal("l2tp-wire", "rl2tp", 5.0)
}

fn encode_control() -> Group {
    let bytes: &'static [u8] = sccrq().leak();
    let mut buf = [0; 512];
    let control = Control::decode(bytes).expect("a message");
    let message = Message::decode(control.version(), control.avps()).expect("a message").message;
    Group::new("encode SCCRQ", 1).with("l2tp-wire", move || {
        let written = black_box(message).encode(&control.header, &EncodeOptions::new(), &mut buf);
        black_box(written.is_ok());
    })
}

fn authentication() -> Group {
    let secret = Secret::new(b"opensesame").expect("short");
    let hiding = HidingKey::v2(&secret);
    let digest = DigestKey::new(&secret);
    let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: 7 }, ns: 1, nr: 1 };
    let nonces = Nonces { sender: &[1; 16], receiver: &[2; 16] };
    let request = v3::StartControlConnectionRequest {
        vendor_name: Some("somebody, whose name is rather long, so that the message has 150 bytes".into()),
        ..v3::StartControlConnectionRequest::new("lac".into(), 1, 7)
    };
    let mut buf = [0; 512];
    let options = EncodeOptions::new().with_digest(DigestType::HMAC_MD5);
    let signed = Message::from(request).encode(&header, &options, &mut buf).expect("room");
    digest.sign(nonces, signed).expect("a digest");
    let signed = signed.to_vec();
    let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
    let request = v2::StartControlConnectionRequest::new("lac".into(), 7);
    let options = EncodeOptions::new().with_hiding(Hiding::new(&hiding, &[9; 16]));
    let hidden = Message::from(request).encode(&header, &options, &mut buf).expect("room").to_vec();
    let mut work = hidden.clone();
    Group::new("authentication", 1)
        .with("challenge response", move || {
            let message_type = MessageType::START_CONTROL_CONNECTION_REPLY;
            black_box(challenge_response(message_type, &secret, black_box(&[7; 16])));
        })
        .with("verify a digest, 150 bytes", move || {
            black_box(verify(&[&digest], nonces, black_box(&signed)).is_ok());
        })
        .with("reveal two hidden AVPs", move || {
            work.copy_from_slice(&hidden);
            black_box(reveal(black_box(&mut work), &hiding).is_ok());
        })
}
