//! The pure layer allocates nothing.

#[cfg(test)]
mod tests {
    use l2tp_wire::authenticate::{DigestKey, Nonces, challenge_response, verify};
    use l2tp_wire::avp::Pseudowires;
    use l2tp_wire::code::{DigestType, MessageType};
    use l2tp_wire::header::{ControlHeader, DataHeader, Recipient, SessionHeader};
    use l2tp_wire::hide::{Hiding, HidingKey, reveal};
    use l2tp_wire::message::{EncodeOptions, v2, v3};
    use l2tp_wire::{Message, Packet, Secret, Version};

    #[test]
    fn nothing_is_allocated() {
        let secret = Secret::new(b"opensesame").unwrap();
        let (hiding, digest) = (HidingKey::v2(&secret), DigestKey::new(&secret));
        let mut buf = [0; 512];
        let mut messages = 0;
        let measured = allocation_counter::measure(|| {
            for _ in 0..10 {
                let header = ControlHeader { recipient: Recipient::V2 { tunnel_id: 0, session_id: 0 }, ns: 0, nr: 0 };
                let request = v2::StartControlConnectionRequest {
                    vendor_name: Some("somebody".into()),
                    challenge: Some(&[7; 16]),
                    ..v2::StartControlConnectionRequest::new("lac".into(), 7)
                };
                let options = EncodeOptions::new().with_hiding(Hiding::new(&hiding, &[9; 16]));
                let bytes = Message::from(request).encode(&header, &options, &mut buf).unwrap();
                let (_, avps) = reveal(bytes, &hiding).unwrap();
                messages += usize::from(Message::decode(Version::V2, avps).unwrap().message == request.into());
                let _ = challenge_response(MessageType::START_CONTROL_CONNECTION_REPLY, &secret, &[7; 16]);

                let recipient = Recipient::V3 { control_connection_id: 0 };
                let request = v3::StartControlConnectionRequest {
                    pseudowire_capabilities: Some(Pseudowires::PPP),
                    ..v3::StartControlConnectionRequest::new("lac".into(), 1, 7)
                };
                let options = EncodeOptions::new().with_digest(DigestType::HMAC_SHA1);
                let bytes =
                    Message::from(request).encode(&ControlHeader { recipient, ..header }, &options, &mut buf).unwrap();
                digest.sign(Nonces::NONE, bytes).unwrap();
                verify(&[&digest], Nonces::NONE, bytes).unwrap();
                let Ok(Packet::Control(control)) = Packet::decode_udp(bytes) else { panic!() };
                messages += usize::from(Message::decode(Version::V3, control.avps()).is_ok());

                DataHeader::new(1, 2).with_sequence(3).with_length().encode(100, &mut buf).unwrap();
                let header = SessionHeader { session_id: 1, cookie: l2tp_wire::header::Cookie::Zero, sublayer: None };
                header.encode(l2tp_wire::header::Carrier::Ip, &mut buf).unwrap();
            }
        });
        assert_eq!((measured.count_total, messages), (0, 20));
    }
}
