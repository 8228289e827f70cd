//! No way to panic in `pptp-gre`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;

use link_proof::{some, unknown};
use pptp_gre::{
    AcknowledgmentTimeout, CallIds, Config, Header, InlineSlots, LentFrame, Mtu, NoSlots, Packet, Received, Slot,
    Slots, Tunnel, WindowPolicy, packet_processing_delay, receive_window,
};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let config = Config::new(CallIds { local: unknown(7), peer: unknown(9) })
        .with_window_policy(unknown(WindowPolicy::Honour))
        .with_peer_receive_window(unknown(16))
        .with_acknowledgment_timeout(unknown(AcknowledgmentTimeout::default()))
        .with_late_frames(unknown(true));
    let mut memory = [0; 8 * 64];
    let mut frames = memory.chunks_exact_mut(64);
    let mut slots: [_; 8] = core::array::from_fn(|_| Slot::new(LentFrame::new(frames.next().unwrap_or(&mut []))));
    let mut lent = Tunnel::new(config, &mut slots[..]);
    let mut inline = Tunnel::<InlineSlots<16, 64>>::inline(config);
    let mut unordered = Tunnel::<NoSlots>::unordered(config);
    loop {
        drive(&mut lent);
        drive(&mut inline);
        drive(&mut unordered);
        codec();
    }
}

fn drive<S: Slots<Item: pptp_gre::FrameBuffer>>(tunnel: &mut Tunnel<S>) {
    let now = unknown(Duration::from_secs(1));
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 96]));
    let length = unknown(40);
    let _ = black_box(tunnel.encapsulate(now, some(&bytes, length), &mut buf));
    let _ = black_box(tunnel.encapsulate_in_place(now, buf.get_mut(..length).unwrap_or(&mut [])));
    let _ = black_box(tunnel.check_writable(now));
    let _ = black_box(tunnel.decapsulate(now, some(&bytes, length)));
    let _ = black_box(tunnel.decapsulate_in_place(now, buf.get_mut(..length).unwrap_or(&mut [])));
    let _ = black_box(tunnel.decapsulate_range(now, some(&bytes, length)));
    if let Ok(Received::Frame(frame)) = tunnel.decapsulate_unproven(now, some(&bytes, length)) {
        black_box((frame.range(), frame.number()));
        if unknown(true) {
            tunnel.confirm(now, &frame);
        } else {
            tunnel.refuse(now, &frame);
        }
    }
    black_box(tunnel.poll_receive(now));
    if let Some((frame, bytes)) = tunnel.poll_receive_unproven(now) {
        black_box(bytes);
        tunnel.refuse(now, &frame);
    }
    let _ = black_box(tunnel.poll_transmit(now, &mut buf));
    black_box((tunnel.has_event(), tunnel.poll_event(), tunnel.poll_timeout(), tunnel.is_writable()));
    tunnel.handle_timeout(now);
    black_box(tunnel.statistics());
}

fn codec() {
    let (bytes, mut buf) = (unknown([7; 64]), unknown([0; 96]));
    let length = unknown(40);
    let _ = black_box(Header::decode(some(&bytes, length)));
    if let Ok(packet) = Packet::decode(some(&bytes, length)) {
        let _ = black_box(packet.encode(buf.get_mut(..length).unwrap_or(&mut [])));
    }
    black_box((Mtu::new(unknown(1500)).frame(), Mtu::new(unknown(1500)).packet()));
    black_box(packet_processing_delay(unknown(1400), unknown(16), unknown(64_000), unknown(Duration::from_millis(3))));
    black_box(receive_window(unknown(64_000), unknown(Duration::from_millis(3)), unknown(1400)));
}
