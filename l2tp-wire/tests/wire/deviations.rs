//! Messages that real peers send and no RFC foresees: each is taken, and means what it should.

use l2tp_wire::authenticate::challenge_response;
use l2tp_wire::avp::{Detail, Digest, ResultCode, Value};
use l2tp_wire::code::{
    ControlConnectionResult, ErrorCode, Framing, MessageType, ProtocolVersion, ProxyAuthenticationType, SessionResult,
};
use l2tp_wire::header::Control;
use l2tp_wire::message::{v2, v3};
use l2tp_wire::{Message, Packet, Secret, Version};

/// Returns a message of version 2 with these AVPs in hexadecimal, behind its Message Type.
fn message(message_type: u8, avps: &str) -> Vec<u8> {
    let avps = hex::decode(avps).unwrap();
    let length = u16::try_from(20 + avps.len()).unwrap().to_be_bytes();
    [&[0xc8, 2], &length[..], &[0; 8], &[0x80, 8, 0, 0, 0, 0, 0, message_type], &avps].concat()
}

fn decode(bytes: &[u8]) -> Message<'_> {
    let control = Control::decode(bytes).unwrap();
    let decoded = Message::decode(control.version(), control.avps()).unwrap();
    assert_eq!(decoded.refusal, None);
    decoded.message
}

/// RFC 2661 section 4.4.2 has Result Code last; Windows has Assigned Tunnel ID first, xl2tpd too.
#[test]
fn stop_with_the_id_first_or_last_or_not_at_all() {
    let expected = |assigned_tunnel_id, error| {
        let mut stop = v2::StopControlConnectionNotification::new();
        stop.result = ResultCode { result: ControlConnectionResult::SHUTTING_DOWN, detail: error };
        stop.assigned_tunnel_id = assigned_tunnel_id;
        Message::from(stop)
    };
    let detail = Some(Detail { error: ErrorCode::NONE, message: "".into() });
    assert_eq!(
        decode(&message(4, "800800000009db58800a00000001 00060000".replace(' ', "").as_str())),
        expected(Some(0xdb58), detail)
    );
    assert_eq!(decode(&message(4, "800a0000000100060000800800000009db58")), expected(Some(0xdb58), detail));
    assert_eq!(decode(&message(4, "800a0000000100060000")), expected(None, detail));
    // The id is 0 when the sender had chosen none.
    assert_eq!(decode(&message(4, "8008000000090000800a0000000100060000")), expected(Some(0), detail));
    // RouterOS: a Result Code without error code.
    assert_eq!(decode(&message(4, "8008000000010006")), expected(None, None));
    // And one without any reason is still an end.
    let bytes = message(4, "");
    let Message::V2(v2::Message::StopControlConnectionNotification(stop)) = decode(&bytes) else { panic!() };
    assert_eq!(stop.result.to_string(), "unknown (0)");
}

/// Windows' CDN says "administrative" with error 0; xl2tpd's says "Goodbye!" in StopCCN.
#[test]
fn ends_of_windows_and_xl2tpd() {
    let bytes = message(14, "800a000000010003000080080000000e0001");
    let Message::V2(v2::Message::CallDisconnectNotify(end)) = decode(&bytes) else { panic!() };
    assert_eq!((end.result.result, end.assigned_session_id), (SessionResult::ADMINISTRATIVE, Some(1)));
    let bytes = message(4, "80120000000100010000476f6f6462796521");
    let Message::V2(v2::Message::StopControlConnectionNotification(end)) = decode(&bytes) else { panic!() };
    assert_eq!(end.result.to_string(), "cleared (1), no general error (0): Goodbye!");
}

/// RFC 2661 section 6.1 requires Protocol Version and Framing Capabilities; Cisco sends Framing Capabilities 0.
#[test]
fn requests_without_what_nothing_needs() {
    let bytes = message(1, "8009000000076c6163800800000009002a");
    let Message::V2(v2::Message::StartControlConnectionRequest(request)) = decode(&bytes) else { panic!() };
    assert_eq!((request.protocol_version, request.framing_capabilities), (ProtocolVersion::V1_0, Framing::NONE));
    assert_eq!(request.receive_window_size, None);
    // Without an id there is no way to answer.
    let bytes = message(1, "8009000000076c6163");
    let control = Control::decode(&bytes).unwrap();
    let error = Message::decode(Version::V2, control.avps()).unwrap_err();
    assert_eq!(error.to_string(), "L2TP Start-Control-Connection-Request (1) without Assigned Tunnel ID (9)");
    let bytes = message(1, "8009000000076c61638008000000090000");
    let error = Message::decode(Version::V2, Control::decode(&bytes).unwrap().avps()).unwrap_err();
    assert_eq!(error.to_string(), "L2TP Assigned Tunnel ID (9) at offset 29 has value 0");
}

/// Windows says "no authentication" of a caller that it does not have; Huawei and xl2tpd set M on Vendor Name.
#[test]
fn m_bits_and_proxies_of_no_consequence() {
    let bytes = message(12, "800a0000001805f5e100800a00000013000000018008 0000001d0004".replace(' ', "").as_str());
    let Message::V2(v2::Message::IncomingCallConnected(connected)) = decode(&bytes) else { panic!() };
    assert_eq!(connected.proxy_authen_type, Some(ProxyAuthenticationType::NONE));
    assert_eq!(connected.tx_connect_speed_bps, 100_000_000);
    // A Firmware Revision of one byte with M = 1 is ignored: whatever the bit, nothing depends on it.
    let bytes = message(1, "8009000000076c6163800800000009002a80070000000601");
    let Message::V2(v2::Message::StartControlConnectionRequest(request)) = decode(&bytes) else { panic!() };
    assert_eq!(request.firmware_revision, None);
}

/// A Windows client without secret answers the challenge of a Cisco with the empty one.
#[test]
fn the_empty_secret_is_recognised() {
    let challenge = hex::decode("b6649877b09c81bf59f12f80d3793d8c").unwrap();
    let bytes = message(3, "80160000000dc36008af9229c3ebe1df454feaa77e29");
    let Message::V2(v2::Message::StartControlConnectionConnected(connected)) = decode(&bytes) else { panic!() };
    let empty = challenge_response(MessageType::START_CONTROL_CONNECTION_CONNECTED, &Secret::empty(), &challenge);
    assert_eq!(connected.challenge_response, Some(empty));
}

/// RFC 3931 section 5.4.1: the digest type is 0 or 1 in one place, 1 or 2 in another.
#[test]
fn the_length_of_a_digest_says_its_type() {
    for (digest_type, length) in [(0, 16), (1, 20), (1, 16), (2, 20)] {
        let avp = [&[0x80, 7 + length, 0, 0, 0, 59, digest_type], &vec![7; length.into()][..]].concat();
        let avp = l2tp_wire::avp::Avps::new(&avp).next().unwrap().unwrap();
        let Value::MessageDigest(digest) = avp.decode(MessageType::HELLO).unwrap() else { panic!() };
        assert_eq!(matches!(digest, Digest::HmacSha1(_)), length == 20);
    }
}

/// ql2tpd's explicit acknowledgement, with nothing but its type: RFC 3931 section 6.15.
#[test]
fn explicit_acknowledgements() {
    let bytes = hex::decode("c803001400000bb8000000018008000000000014").unwrap();
    assert_eq!(decode(&bytes), v3::ExplicitAcknowledgement::new().into());
    // Version 2 knows no such message.
    let mut other = bytes;
    other[1] = 2;
    let control = Control::decode(&other).unwrap();
    let error = Message::decode(Version::V2, control.avps()).unwrap_err();
    assert_eq!(error.to_string(), "unknown L2TP message: vendor 0, type 20");
}

/// Over IP the session id of 0 precedes a control message; a message of version 2 cannot be there.
#[test]
fn control_over_ip() {
    let bytes = hex::decode("00000000c803001400000bb8000000008008000000000006").unwrap();
    let Packet::Control(control) = Packet::decode_ip(&bytes).unwrap() else { panic!() };
    assert_eq!(control.bytes(), &bytes[4..]);
    let mut other = bytes.clone();
    other[5] = 2;
    assert!(Packet::decode_ip(&other).is_err());
    assert!(Packet::decode_ip(&bytes[..3]).is_err());
    assert!(Packet::decode_ip(&bytes[..15]).is_err());
}

/// The protocol that was in the air before: L2F has version 1 and comes to the same port.
#[test]
fn other_protocols_on_the_port() {
    for (bytes, error) in [
        (&b"\x20\x01\0\0"[..], "L2TP version 1, not 2 or 3"),
        (b"\x80\x01\0\0", "L2TP version 1, not 2 or 3"),
        (b"GET /", "L2TP version 5, not 2 or 3"),
        (b"", "L2TP flags cut short at offset 0: needs 2 bytes, has 0"),
        (b"\xc8\x02\0\x0b\0\0\0\0\0\0\0\0", "L2TP length 11, not 12 to 12"),
    ] {
        assert_eq!(Packet::decode_udp(bytes).unwrap_err().to_string(), error);
    }
}
