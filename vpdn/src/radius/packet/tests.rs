//! The examples of RFC 2865 section 7, and proofs that fail.

#![expect(clippy::arithmetic_side_effects, reason = "tests may fail")]

use super::*;

const SECRET: &[u8] = b"xyzzy5461";

/// RFC 2865 section 7.1: a request in which the server has to find the password, and the answer.
const REQUEST_AUTHENTICATOR: &str = "0f403f9473978057bd83d5cb98f4227a";
const REPLY: &str = "0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103";

fn authenticator() -> [u8; 16] {
    hex::decode(REQUEST_AUTHENTICATOR).unwrap().try_into().unwrap()
}

fn sent() -> Sent {
    Sent { code: Code::ACCESS_REQUEST, identifier: 0, authenticator: authenticator(), bytes: Vec::new() }
}

/// Returns a signed reply to a request, with the signature at any place.
pub(crate) fn reply(request: &[u8], code: Code, attributes: &[u8], secret: &[u8]) -> Vec<u8> {
    let (&[_, identifier, ..], _) = request.split_first_chunk::<4>().unwrap();
    let authenticator: [u8; 16] = request[4..20].try_into().unwrap();
    let mut attributes = attributes.to_vec();
    let at = attributes.len() + 2;
    attributes.extend([80, 18]);
    attributes.extend([0; 16]);
    let length = u16::try_from(20 + attributes.len()).unwrap().to_be_bytes();
    let head = [code.0, identifier, length[0], length[1]];
    let signature = keyed_hash(secret, &[&head, &authenticator, &attributes]);
    attributes[at..at + 16].copy_from_slice(&signature);
    let proof = hash(&[&head, &authenticator, &attributes, secret]);
    [&head[..], &proof, &attributes].concat()
}

#[test]
fn a_password_is_hidden_as_in_rfc_2865_section_7_1() {
    let hidden = hide(b"arctangent", SECRET, authenticator());
    assert_eq!(hex::encode(&*hidden), "0dbe708d93d413ce3196e43f782a0aee");
    // None at all is hidden too, and a long one block by block.
    assert_eq!(hide(b"", SECRET, authenticator()).len(), 16);
    assert_eq!(hide(&[b'x'; 17], SECRET, authenticator()).len(), 32);
    assert_eq!(hide(&[b'x'; 128], SECRET, authenticator()).len(), 128);
}

#[test]
fn an_answer_is_proved_as_in_rfc_2865_section_7_1() {
    let bytes = hex::decode(REPLY).unwrap();
    let reply = sent().reply(&bytes, SECRET, false).unwrap();
    assert_eq!(reply.code(), Code::ACCESS_ACCEPT);
    assert_eq!(reply.number(AttributeKind::SERVICE_TYPE), Some(1));
    // Login-IP-Host.
    assert_eq!(reply.number(AttributeKind(14)), Some(0xc0a8_0103));
    assert_eq!(sent().reply(&bytes, SECRET, true).unwrap_err(), ReplyError::NotSigned);
    assert_eq!(sent().reply(&bytes, b"another", false).unwrap_err(), ReplyError::NotGenuine);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            assert!(sent().reply(&bytes, SECRET, false).is_err(), "byte {at} bit {bit}");
        }
        assert!(sent().reply(&bytes[..at], SECRET, false).is_err(), "{at} bytes");
    }
}

#[test]
fn a_request_is_signed_as_in_rfc_3579_section_3_2() {
    let mut request = Request::access();
    request.add(AttributeKind::USER_NAME, b"nemo").unwrap();
    request.add_password(b"arctangent");
    let sent = request.sign(7, SECRET, authenticator(), 0);
    let bytes = sent.bytes();
    assert_eq!(usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), bytes.len());
    let kinds: Vec<_> = Attributes::new(&bytes[20..]).map(|(kind, _)| kind.0).collect();
    assert_eq!(kinds, [80, 1, 2], "the signature comes first");
    let mut cleared = bytes.to_vec();
    cleared[22..38].fill(0);
    assert_eq!(keyed_hash(SECRET, &[&cleared]), bytes[22..38]);
    assert!(!bytes.windows(10).any(|bytes| bytes == b"arctangent"));
}

#[test]
fn an_account_is_proved_as_in_rfc_2866_section_3() {
    let mut request = Request::accounting();
    request.add_number(AttributeKind::ACCT_STATUS_TYPE, 1);
    let sent = request.sign(9, SECRET, authenticator(), 3);
    let mut bytes = sent.bytes().to_vec();
    let proof: [u8; 16] = bytes[4..20].try_into().unwrap();
    bytes[4..20].fill(0);
    assert_eq!(hash(&[&bytes, SECRET]), proof);
    assert!(bytes.ends_with(&[41, 6, 0, 0, 0, 3]), "Acct-Delay-Time");
    // Its answer needs no signature, and an accept is none.
    let answer = reply(sent.bytes(), Code::ACCOUNTING_RESPONSE, &[], SECRET);
    assert_eq!(sent.reply(&answer, SECRET, true).unwrap().code(), Code::ACCOUNTING_RESPONSE);
    let answer = reply(sent.bytes(), Code::ACCESS_ACCEPT, &[], SECRET);
    assert_eq!(sent.reply(&answer, SECRET, true).unwrap_err(), ReplyError::NotAsked);
}

#[test]
fn signatures_of_replies() {
    let sent = Request::access().sign(1, SECRET, authenticator(), 0);
    let good = reply(sent.bytes(), Code::ACCESS_ACCEPT, &[18, 4, b'h', b'i'], SECRET);
    let read = sent.reply(&good, SECRET, true).unwrap();
    assert_eq!(read.values(AttributeKind::REPLY_MESSAGE).next(), Some(&b"hi"[..]));
    // A proof that fits, and a signature that does not: what CVE-2024-3596 makes.
    let mut forged = good.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    let proof = hash(&[&forged[..4], &authenticator(), &forged[20..], SECRET]);
    forged[4..20].copy_from_slice(&proof);
    assert_eq!(sent.reply(&forged, SECRET, true).unwrap_err(), ReplyError::NotGenuine);
    assert_eq!(sent.reply(&forged, SECRET, false).unwrap_err(), ReplyError::NotGenuine);
    // Two of them, and one that is too short.
    for attributes in [&[80, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[80, 4, 0, 0]] {
        let wrong = reply(sent.bytes(), Code::ACCESS_ACCEPT, attributes, SECRET);
        assert_eq!(sent.reply(&wrong, SECRET, true).unwrap_err(), ReplyError::Malformed);
    }
    // RFC 2865 section 3: padding is passed over.
    let padded = [&good[..], &[0; 7]].concat();
    assert!(sent.reply(&padded, SECRET, true).is_ok());
}

#[test]
fn rfc3579_section_3_1_a_packet_of_eap_travels_in_pieces() {
    let packet: Vec<u8> = (0..600_u16).map(|number| number.to_be_bytes()[1]).collect();
    let mut request = Request::access();
    request.add_eap(&packet);
    let sent = request.sign(7, SECRET, authenticator(), 0);
    let lengths: Vec<_> = Attributes::new(&sent.bytes[20..])
        .filter(|(kind, _)| *kind == AttributeKind::EAP_MESSAGE)
        .map(|(_, value)| value.len())
        .collect();
    assert_eq!(lengths, [253, 253, 94]);
    // The server's comes in the same way, with other attributes between.
    let bytes = reply(&sent.bytes, Code::ACCESS_CHALLENGE, &request.attributes, SECRET);
    assert_eq!(sent.reply(&bytes, SECRET, true).unwrap().eap(), packet);
    let bytes = reply(&sent.bytes, Code::ACCESS_REJECT, &[], SECRET);
    assert!(sent.reply(&bytes, SECRET, true).unwrap().eap().is_empty());
}

#[test]
fn rfc3579_section_3_1_eap_is_signed_whatever_the_settings_say() {
    let mut request = Request::access();
    request.add_eap(&[2, 1, 0, 5, 1]);
    let sent = request.sign(7, SECRET, authenticator(), 0);
    for (attributes, expected) in [(&[79, 6, 3, 1, 0, 4][..], Some(ReplyError::NotSigned)), (&[25, 3, 1], None)] {
        let length = u16::try_from(20 + attributes.len()).unwrap().to_be_bytes();
        let head = [Code::ACCESS_ACCEPT.0, 7, length[0], length[1]];
        let proof = hash(&[&head, &authenticator(), attributes, SECRET]);
        let bytes = [&head[..], &proof, attributes].concat();
        assert_eq!(sent.reply(&bytes, SECRET, false).err(), expected);
    }
}
