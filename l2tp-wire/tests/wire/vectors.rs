//! `vectors/l2tp.json`: challenge responses, hidden values, digests, messages, malformed messages, both ways.

use std::fs;

use l2tp_wire::authenticate::{DigestKey, Nonces, challenge_response, verify};
use l2tp_wire::avp::{Avps, Value, Visibility};
use l2tp_wire::code::{AttributeType, MessageType, PseudowireType};
use l2tp_wire::header::Control;
use l2tp_wire::hide::{HidingKey, reveal};
use l2tp_wire::message::MessageWriter;
use l2tp_wire::{Message, Packet, Secret};
use serde_json::Value as Json;

fn vectors() -> Option<Json> {
    let text = fs::read_to_string(super::shared("vectors/l2tp.json")?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn rows<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    json[name].as_array().unwrap()
}

fn bytes(json: &Json) -> Vec<u8> {
    hex::decode(json.as_str().unwrap()).unwrap()
}

fn number(json: &Json) -> u16 {
    json.as_u64().unwrap().try_into().unwrap()
}

fn secret(json: &Json) -> Secret {
    let bytes = bytes(json);
    if bytes.is_empty() { Secret::empty() } else { Secret::new(&bytes).unwrap() }
}

/// RFC 2661 section 5.1.1.
#[test]
fn challenge_responses() {
    let Some(json) = vectors() else { return };
    for row in rows(&json, "challenge_response") {
        let message_type = MessageType::new(number(&row["message_type"]));
        let response = challenge_response(message_type, &secret(&row["secret"]), &bytes(&row["challenge"]));
        assert_eq!(response.as_bytes()[..], bytes(&row["response"]), "{}", row["source"]);
        let other = challenge_response(message_type, &Secret::new(b"another").unwrap(), &bytes(&row["challenge"]));
        assert_ne!(response, other);
    }
    say!("{} challenge responses", rows(&json, "challenge_response").len());
}

/// RFC 2661 section 4.3, RFC 3931 section 5.3.
#[test]
fn hidden_values_both_ways() {
    let Some(json) = vectors() else { return };
    for row in rows(&json, "hidden_avp") {
        let secret = secret(&row["secret"]);
        let key = if number(&row["version"]) == 2 { HidingKey::v2(&secret) } else { HidingKey::v3(&secret) };
        let attribute_type = AttributeType::new(number(&row["attribute_type"]));
        let (vector, hidden) = (bytes(&row["random_vector"]), bytes(&row["hidden_value"]));
        let value = bytes(&row["value"]);
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        let plain = [&length[..], &value, &bytes(&row["padding"])].concat();

        let mut worked = plain.clone();
        key.hide(attribute_type, &vector, &mut worked);
        assert_eq!(worked, hidden, "{}", row["source"]);
        key.unhide(attribute_type, &vector, &mut worked);
        assert_eq!(worked, plain);
    }
    say!("{} hidden values", rows(&json, "hidden_avp").len());
}

/// RFC 3931 sections 4.3 and 5.4.3.
#[test]
fn digests_both_ways() {
    let Some(json) = vectors() else { return };
    let mut digests = 0;
    for row in rows(&json, "v3_digest") {
        let key = DigestKey::new(&secret(&row["secret"]));
        let other = DigestKey::new(&Secret::new(b"another").unwrap());
        let (initiator, responder) = (bytes(&row["initiator_nonce"]), bytes(&row["responder_nonce"]));
        let both = Nonces { sender: &initiator, receiver: &responder };
        for message in rows(row, "messages") {
            let nonces = match (number(&message["message_type"]), message["from"].as_str().unwrap()) {
                (1, _) => Nonces::NONE,
                (_, "initiator") => both,
                _ => both.reversed(),
            };
            let bytes = bytes(&message["octets"]);
            verify(&[&key], nonces, &bytes).unwrap();
            verify(&[&other, &key], nonces, &bytes).unwrap();
            assert!(verify(&[&other], nonces, &bytes).is_err());
            assert!(verify(&[], nonces, &bytes).is_err());
            assert!(verify(&[&key], Nonces { sender: b"x", receiver: b"y" }, &bytes).is_err());

            // Signed again from zeros, and over what another key has signed.
            let mut signed = bytes.clone();
            other.sign(nonces, &mut signed).unwrap();
            assert_ne!(signed, bytes);
            key.sign(nonces, &mut signed).unwrap();
            assert_eq!(signed, bytes);
            digests += rows(message, "digests").len();

            // Any other bit makes it wrong. With two digests, one of which still fits, it is genuine.
            for at in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[at / 8] ^= 1 << (at % 8);
                let digest = rows(message, "digests").iter().any(|digest| {
                    let digest = self::bytes(digest);
                    let start = bytes.windows(digest.len()).position(|window| window == digest).unwrap();
                    (start..start + digest.len()).contains(&(at / 8))
                });
                let single = rows(message, "digests").len() == 1;
                assert_eq!(verify(&[&key], nonces, &changed).is_ok(), digest && !single, "bit {at}");
            }
        }
    }
    say!("{digests} digests");
}

/// Writes a message again, AVP by AVP.
fn written_again(message: &[u8]) -> Vec<u8> {
    let control = Control::decode(message).unwrap();
    let mut buf = vec![0; message.len()];
    let mut writer = MessageWriter::new(control.header, &mut buf).unwrap();
    let (message_type, _) = control.avps().message_type().unwrap();
    for avp in control.avps() {
        writer.put(&avp.unwrap().decode(message_type).unwrap()).unwrap();
    }
    writer.finish().unwrap().to_vec()
}

#[test]
fn digest_messages_are_read_and_written_again() {
    let Some(json) = vectors() else { return };
    for row in rows(&json, "v3_digest") {
        for message in rows(row, "messages") {
            let bytes = bytes(&message["octets"]);
            let control = Control::decode(&bytes).unwrap();
            let decoded = Message::decode(control.version(), control.avps()).unwrap();
            assert_eq!(decoded.message.message_type().get(), number(&message["message_type"]));
            // RFC 3931 section 5.4.4 wants M = 0 on Serial Number; the author of these sets M
            // everywhere.
            let again = written_again(&bytes);
            assert_eq!(again.len(), bytes.len());
            let different = again.iter().zip(&bytes).enumerate().filter(|(_, (again, byte))| again != byte);
            for (at, (again, byte)) in different {
                assert_eq!(*again, byte & 0x7f);
                assert_eq!(bytes[at + 4..at + 6], [0, 15]);
            }
        }
    }
}

#[test]
fn messages_of_other_projects() {
    let Some(json) = vectors() else { return };
    for row in rows(&json, "message") {
        let (bytes, expect) = (bytes(&row["octets"]), &row["expect"]);
        if expect["refused"].is_string() {
            let error = Packet::decode_udp(&bytes).unwrap_err();
            assert_eq!(error.to_string(), "L2TP control message with flags 0xc002: L and S must be 1, O must be 0");
            continue;
        }
        match Packet::decode_udp(&bytes).unwrap() {
            Packet::Control(control) => {
                assert_eq!(control.header.ns, number(&expect["ns"]));
                assert_eq!(control.header.nr, number(&expect["nr"]));
                assert_eq!(control.avps().count(), usize::from(number(&expect["avps"])));
                assert_eq!(control.is_zero_length_body(), expect["zlb"] == true);
                if !control.is_zero_length_body() {
                    let (message_type, _) = control.avps().message_type().unwrap();
                    assert_eq!(message_type.get(), number(&expect["message"]));
                    let decoded = Message::decode(control.version(), control.avps()).unwrap();
                    assert_eq!((decoded.message.message_type(), decoded.refusal), (message_type, None));
                    check_prol2tp(&control, expect);
                }
            }
            Packet::DataV2 { header, payload } => {
                assert_eq!((header.tunnel_id, header.session_id, payload), (0, 0, &b""[..]));
            }
            Packet::DataV3 { .. } => panic!("none of these"),
        }
    }
    say!("{} messages", rows(&json, "message").len());
}

/// Checks what the AVPs of the one message of version 3 among them hold.
fn check_prol2tp(control: &Control<'_>, expect: &Json) {
    use l2tp_wire::message::v3;
    let Ok(Message::V3(v3::Message::StartControlConnectionRequest(request))) =
        Message::decode(control.version(), control.avps()).map(|decoded| decoded.message)
    else {
        assert!(!expect["host_name"].is_string());
        return;
    };
    assert_eq!(request.host_name.to_str(), expect["host_name"].as_str());
    assert_eq!(request.vendor_name.unwrap().to_str(), expect["vendor_name"].as_str());
    assert_eq!(request.receive_window_size, Some(number(&expect["receive_window"])));
    assert_eq!(u64::from(request.router_id), expect["router_id"].as_u64().unwrap());
    assert_eq!(u64::from(request.assigned_control_connection_id), expect["assigned_ccid"].as_u64().unwrap());
    let wires: Vec<u16> = request.pseudowire_capabilities.unwrap().iter().map(PseudowireType::get).collect();
    assert_eq!(wires, [7, 5, 4]);
    // It sets no M bit but on Message Type and Host Name; everything else comes out again.
    let mandatory = control.avps().filter(|avp| avp.unwrap().is_mandatory).count();
    assert_eq!(mandatory, 3);
}

#[test]
fn malformed_messages_are_refused_with_the_place() {
    let Some(json) = vectors() else { return };
    let expected = [
        ("AVP length 0", "L2TP AVP at offset 20 has length 0, not 6 to 6"),
        ("AVP length beyond the message", "L2TP AVP at offset 20 has length 16, not 6 to 8"),
        ("Length beyond the datagram", "L2TP length 514, not 12 to 20"),
        ("control without L", "L2TP control message with flags 0x8802: L and S must be 1, O must be 0"),
        ("control with O", "L2TP control message with flags 0xca02: L and S must be 1, O must be 0"),
        ("version 0", "L2TP version 0, not 2 or 3"),
        ("Message Type of 1 octet", "L2TP Message Type (0) at offset 12 has a value of 1 bytes, not 2"),
        (
            "hidden AVP without Random Vector",
            "L2TP Host Name (7) at offset 20: it is hidden and no Random Vector AVP precedes it",
        ),
        ("hidden AVP with one octet", "L2TP Host Name (7) at offset 42: it is hidden and shorter than two bytes"),
        ("data: Offset Size beyond the packet", "L2TP offset pad cut short at offset 8: needs 65535 bytes, has 2"),
        ("two octets", "L2TP length cut short at offset 2: needs 2 bytes, has 0"),
    ];
    let mut expected = expected.into_iter();
    for row in rows(&json, "malformed") {
        if row["octets"].is_string() {
            let mut bytes = bytes(&row["octets"]);
            let (what, error) = expected.next().unwrap();
            assert_eq!(row["what"], what);
            assert_eq!(refusal(&mut bytes), error, "{what}");
        } else {
            hidden_length(row);
        }
    }
    assert_eq!(expected.next(), None);
    say!("{} malformed messages", rows(&json, "malformed").len());
}

/// Reads a datagram with the secret of the vectors, and returns what is wrong with it.
fn refusal(bytes: &mut [u8]) -> String {
    if let Err(error) = Packet::decode_udp(bytes) {
        return error.to_string();
    }
    let key = HidingKey::v2(&Secret::new(b"s3cr3t").unwrap());
    let (_, avps) = reveal(bytes, &key).unwrap();
    let read = |avps: Avps<'_>| {
        let (message_type, _) = avps.message_type()?;
        avps.into_iter().try_for_each(|avp| avp?.decode(message_type).map(|_| ()))
    };
    read(avps).unwrap_err().to_string()
}

/// Asserts that a deciphered length that lies is found, and that a true one is taken.
fn hidden_length(row: &Json) {
    let key = HidingKey::v2(&secret(&row["secret"]));
    let (vector, hidden) = (bytes(&row["random_vector"]), bytes(&row["hidden_value"]));
    let length = |value: &[u8], bits: u16| (u16::try_from(value.len() + 6).unwrap() | bits).to_be_bytes();
    let attribute_type = number(&row["attribute_type"]).to_be_bytes();
    let body = [
        &length(&vector, 0x8000)[..],
        &[0, 0, 0, 36],
        &vector,
        &length(&hidden, 0xc000),
        &[0, 0],
        &attribute_type,
        &hidden,
    ]
    .concat();
    let whole = u16::try_from(body.len() + 12).unwrap().to_be_bytes();
    let mut message = [&[0xc8, 2], &whole[..], &[0; 8], &body].concat();
    let (_, avps) = reveal(&mut message, &key).unwrap();
    let avp = avps.last().unwrap().unwrap();
    if row["accepted"] == true {
        assert_eq!(avp.visibility, Visibility::Revealed, "{}", row["what"]);
        assert_eq!(avp.value, bytes(&row["value"]));
        assert!(matches!(avp.decode(MessageType::HELLO), Ok(Value::HostName(_))));
    } else {
        let error = avp.decode(MessageType::HELLO).unwrap_err().to_string();
        assert!(error.contains("its deciphered length"), "{}: {error}", row["what"]);
        assert!(error.contains(&format!("at offset {}", 12 + 6 + vector.len())), "{error}");
    }
}
