//! Any message, written and read again: in the clear, hidden, signed.

use arbitrary::{Arbitrary, Unstructured};
use l2tp_wire::authenticate::{DigestKey, Nonces, verify};
use l2tp_wire::code::DigestType;
use l2tp_wire::header::{Carrier, Control, ControlHeader, DataHeader, Recipient, SessionHeader, SessionLayout};
use l2tp_wire::hide::{Hiding, HidingKey, reveal};
use l2tp_wire::message::EncodeOptions;
use l2tp_wire::{DecodeError, EncodeError, Message, Packet, Secret, Version};
use proptest::prelude::*;

fn header(message: &Message<'_>) -> ControlHeader {
    let recipient = match message.version() {
        Version::V2 => Recipient::V2 { tunnel_id: 0x1c2a, session_id: 0xe7b0 },
        Version::V3 => Recipient::V3 { control_connection_id: 0x1000_0001 },
    };
    ControlHeader { recipient, ns: 0xffff, nr: 0 }
}

proptest! {
    #[test]
    fn messages_survive(seed in prop::collection::vec(any::<u8>(), 0..600), padding in prop::collection::vec(any::<u8>(), 0..20)) {
        let message = Message::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        let header = header(&message);
        let secret = Secret::new(b"s3cr3t-tunnel").unwrap();
        let key = match message.version() {
            Version::V2 => HidingKey::v2(&secret),
            Version::V3 => HidingKey::v3(&secret),
        };
        let hiding = Hiding::new(&key, b"a vector").with_padding(&padding);
        let mut all = vec![EncodeOptions::new(), EncodeOptions::new().with_hiding(hiding)];
        if message.version() == Version::V3 {
            all.push(EncodeOptions::new().with_digest(DigestType::HMAC_MD5));
            let two = EncodeOptions::new().with_two_digests(DigestType::HMAC_SHA1, DigestType::HMAC_MD5);
            all.push(two.with_hiding(hiding));
        }
        for options in all {
            let mut bytes = match message.to_vec(&header, &options) {
                Ok(bytes) => bytes,
                Err(EncodeError::ValueTooLong { .. }) => continue,
                Err(error) => panic!("{error}"),
            };
            if message.version() == Version::V3 {
                let nonces = Nonces { sender: b"mine", receiver: b"yours" };
                let digest = DigestKey::new(&secret);
                if digest.sign(nonces, &mut bytes).is_ok() {
                    prop_assert_eq!(verify(&[&digest], nonces, &bytes), Ok(()));
                    prop_assert!(verify(&[&digest], nonces.reversed(), &bytes).is_err());
                }
            }
            prop_assert_eq!(Control::decode(&bytes).unwrap().header, header);
            let (_, avps) = reveal(&mut bytes, &key).unwrap();
            match Message::decode(message.version(), avps) {
                Ok(decoded) => {
                    prop_assert_eq!(decoded.message, message);
                    prop_assert_eq!(decoded.refusal, None);
                }
                // An assigned id of 0 can be written down, but nobody may take it.
                Err(DecodeError::Value { found, .. }) => prop_assert_eq!(found, 0),
                Err(error) => panic!("{error}: {message:?}"),
            }
        }
    }

    #[test]
    fn data_headers_survive(seed in prop::collection::vec(any::<u8>(), 0..40), payload in prop::collection::vec(any::<u8>(), 0..40)) {
        let header = DataHeader::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        let mut buf = vec![0xff; usize::from(u16::MAX) + 20];
        match header.encode(payload.len(), &mut buf) {
            Ok(bytes) => {
                prop_assert_eq!(bytes.len(), header.len());
                let packet = [&*bytes, &payload[..]].concat();
                prop_assert_eq!(Packet::decode_udp(&packet), Ok(Packet::DataV2 { header, payload: &payload }));
            }
            Err(error) => {
                let named = matches!(error, EncodeError::TooLong { .. });
                prop_assert!(named, "{}", error);
            }
        }
    }

    #[test]
    fn session_headers_survive(seed in prop::collection::vec(any::<u8>(), 0..40), payload in prop::collection::vec(any::<u8>(), 0..40)) {
        let header = SessionHeader::arbitrary(&mut Unstructured::new(&seed)).unwrap();
        let layout = SessionLayout { cookie_size: header.cookie.size(), has_sublayer: header.sublayer.is_some() };
        for carrier in [Carrier::Udp, Carrier::Ip] {
            let mut buf = [0; SessionHeader::MAX_LEN];
            let packet = [header.encode(carrier, &mut buf).unwrap(), &payload[..]].concat();
            prop_assert_eq!(packet.len(), header.len(carrier) + payload.len());
            let decoded = match carrier {
                Carrier::Udp => Packet::decode_udp(&packet),
                Carrier::Ip if header.session_id == 0 => continue,
                Carrier::Ip => Packet::decode_ip(&packet),
            };
            let Ok(Packet::DataV3 { session_id, rest }) = decoded else { panic!("{decoded:?}") };
            prop_assert_eq!(session_id, header.session_id);
            prop_assert_eq!(layout.decode(carrier, rest), Ok((header.cookie, header.sublayer, &payload[..])));
        }
    }

    /// Nothing panics, whatever comes.
    #[test]
    fn takes_anything(mut bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let _ = Packet::decode_udp(&bytes);
        let _ = Packet::decode_ip(&bytes);
        if bytes.len() >= 4 {
            let start = [0xc8, 2 + (bytes[1] & 1), 0, 12 + bytes[3] % 68];
            bytes[..4].copy_from_slice(&start);
        }
        let key = HidingKey::v2(&Secret::new(b"s").unwrap());
        if let Ok((header, avps)) = reveal(&mut bytes, &key) {
            let _ = Message::decode(header.recipient.version(), avps);
        }
    }
}
