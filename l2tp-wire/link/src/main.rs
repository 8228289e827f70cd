//! A program without std, without alloc and without a panic handler that returns anywhere: every way to panic that is
//! left in the pure layer of `l2tp-wire` ends in a function that does not exist, so that the program links only when
//! there is none. Of libc it takes `memcpy` and the like.
//!
//! ```text
//! cargo rustc --release --manifest-path l2tp-wire/link/Cargo.toml -- -C link-arg=-nostartfiles -C link-arg=-lc
//! ```
#![no_std]
#![no_main]

use core::hint::black_box;

use l2tp_wire::authenticate::{DigestKey, Nonces, challenge_response, verify};
use l2tp_wire::avp::Value;
use l2tp_wire::code::{AttributeType, DigestType, MessageType};
use l2tp_wire::header::{Carrier, Control, ControlHeader, CookieSize, DataHeader, Recipient, Sequence};
use l2tp_wire::header::{Cookie, SessionHeader, SessionLayout, Sublayer};
use l2tp_wire::hide::{Hiding, HidingKey, reveal};
use l2tp_wire::message::{EncodeOptions, MessageWriter};
use l2tp_wire::{Message, Packet, Secret};

unsafe extern "C" {
    /// Nowhere.
    fn a_way_to_panic_is_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: it is never linked.
    unsafe { a_way_to_panic_is_left() }
}

/// What the compiler's own functions would need, if they could unwind.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let Ok(secret) = Secret::new(black_box(b"secret")) else { loop {} };
    let number = black_box(5u16);
    let (v2, v3) = (HidingKey::v2(&secret), HidingKey::v3(&secret));
    let digest = DigestKey::new(&secret);
    let mut buf = black_box([0; 1500]);
    loop {
        data(&mut buf, number);
        control(&mut buf, &v2, &digest);
        control(&mut buf, &v3, &digest);
        let challenge = buf.get(..number.into()).unwrap_or(&[]);
        black_box(challenge_response(MessageType::new(number), &secret, challenge));
    }
}

/// Headers of data.
fn data(buf: &mut [u8], number: u16) {
    let packet = black_box(&*buf);
    let _ = black_box(Packet::decode_udp(packet));
    let _ = black_box(Packet::decode_ip(packet));
    let layout = SessionLayout { cookie_size: black_box(CookieSize::Eight), has_sublayer: black_box(true) };
    let _ = black_box(layout.decode(black_box(Carrier::Ip), packet));
    let header = DataHeader {
        tunnel_id: number,
        session_id: number,
        is_priority: black_box(true),
        has_length: black_box(true),
        sequence: black_box(Some(Sequence { ns: number, nr: number })),
        offset_size: black_box(Some(number)),
    };
    let _ = black_box(header.encode(black_box(1400), buf).is_ok());
    let header = SessionHeader {
        session_id: number.into(),
        cookie: black_box(Cookie::Eight([1; 8])),
        sublayer: black_box(Some(Sublayer::with_sequence(number.into()))),
    };
    let _ = black_box(header.encode(black_box(Carrier::Udp), buf).is_ok());
}

/// Control messages, in the clear, hidden and signed.
fn control(buf: &mut [u8], key: &HidingKey, digest: &DigestKey) {
    let nonces = black_box(Nonces { sender: b"mine", receiver: b"yours" });
    let _ = black_box(digest.sign(nonces, buf));
    let _ = black_box(digest.sign_with(digest, nonces, buf));
    let _ = black_box(verify(&[digest, digest], nonces, buf));
    let mut other = black_box([0; 1500]);
    if let Ok((header, avps)) = reveal(buf, key) {
        let hiding = Hiding::new(key, black_box(b"vector")).with_padding(black_box(b"padding"));
        let _ = black_box(avps.find(black_box(AttributeType::HOST_NAME)));
        if let Ok(decoded) = Message::decode(header.recipient.version(), avps.clone()) {
            let options = EncodeOptions::new()
                .with_hiding(hiding)
                .with_two_digests(black_box(DigestType::HMAC_MD5), black_box(DigestType::HMAC_SHA1));
            let _ = black_box(decoded.message.encode(&header, &options, &mut other).is_ok());
        }
        again(&header, avps.filter_map(|avp| avp.ok()?.decode(black_box(MessageType::HELLO)).ok()), &mut other);
    }
    let header = ControlHeader { recipient: Recipient::V3 { control_connection_id: black_box(1) }, ns: 1, nr: 1 };
    let _ = black_box(header.overwrite(&mut other));
    let _ = black_box(Control::decode(&other).map(|control| control.avps().message_type()));
}

/// Writes AVPs one by one.
fn again<'a>(header: &ControlHeader, values: impl Iterator<Item = Value<'a>>, buf: &mut [u8]) {
    let Ok(mut writer) = MessageWriter::new(*header, buf) else { return };
    for value in values {
        let _ = black_box(writer.put(&value));
    }
    let _ = black_box(writer.finish().is_ok());
}
