//! The session is free while received packets are looked at.

use ppp_session::ppp::ccp::{Encryption, Modes};
use ppp_session::{Compression, Config, HEADROOM};

use crate::pair::{CLIENT, Pair, SERVER, ip};

/// Returns every way to send packets.
fn encodings() -> Vec<(&'static str, Config)> {
    let strict = Config::strict();
    let clear = strict.clone().with_encryption(Encryption::Refused);
    let stateful = strict.clone().with_modes(Modes::PreferStateful);
    let mut encodings = vec![
        ("none", clear.clone()),
        ("MPPE 128 bit, stateless", strict.clone()),
        ("MPPE 128 bit, stateful", stateful.clone()),
    ];
    if cfg!(feature = "mppc") {
        encodings.extend([
            ("MPPC", clear.with_compression(Compression::Fast)),
            ("MPPE 128 bit, stateless, MPPC", strict.with_compression(Compression::Default)),
            ("MPPE 128 bit, stateful, MPPC", stateful.with_compression(Compression::Max)),
        ]);
    }
    encodings
}

#[test]
fn eight_packets_of_a_burst_are_held_while_the_session_is_asked_and_driven() {
    for (name, config) in encodings() {
        let mut pair = Pair::connected(&config);
        let now = pair.now;
        assert_eq!(pair.ends[CLIENT].sending().to_string(), name);
        let mut sent: [Vec<u8>; 8] = core::array::from_fn(|mark| {
            let packet = ip(200 + mark * 10, u8::try_from(mark).unwrap());
            let mut buf = [&[0; HEADROOM][..], &packet].concat();
            let frame = pair.ends[CLIENT].send_ip(now, &mut buf, HEADROOM).unwrap();
            buf[frame].to_vec()
        });
        let server = &mut pair.ends[SERVER];
        let mut scratch = [[0; 2048]; 8];
        // A request that was repeated at once when the peer began has had a second answer.
        let refused = server.statistics().refused;
        let mut held = Vec::new();
        for (frame, scratch) in sent.iter_mut().zip(&mut scratch) {
            let received = server.handle_frame(now, frame, scratch).unwrap();
            held.push(received.ip().unwrap());
            // The session answers questions, and sends, while all of them are held.
            assert!(server.mtu() > 1000 && server.ip().is_some() && server.statistics().refused == refused);
            let mut buf = [&[0; HEADROOM][..], held[0]].concat();
            server.send_ip(now, &mut buf, HEADROOM).unwrap();
        }
        for (mark, packet) in (0_u8..).zip(held) {
            assert_eq!(packet, ip(200 + usize::from(mark) * 10, mark), "{name}");
        }
    }
}

#[test]
fn a_scratch_buffer_that_is_too_short_loses_nothing() {
    for (name, config) in encodings() {
        let mut pair = Pair::connected(&config);
        let needed = pair.ends[SERVER].scratch_len();
        assert_eq!(needed > 0, name.contains("MPPC"), "{name}");
        let now = pair.now;
        let mut buf = [&[0; HEADROOM][..], &ip(100, 7)].concat();
        let range = pair.ends[CLIENT].send_ip(now, &mut buf, HEADROOM).unwrap();
        let mut frame = buf[range].to_vec();
        if needed > 0 {
            let before = frame.clone();
            assert!(pair.ends[SERVER].handle_frame(now, &mut frame, &mut [0; 100]).is_err());
            assert_eq!(frame, before);
        }
        let mut scratch = vec![0; needed];
        let received = pair.ends[SERVER].handle_frame(now, &mut frame, &mut scratch).unwrap();
        assert_eq!(received.ip(), Some(&ip(100, 7)[..]), "{name}");
    }
}

/// A batch gives what the same packets give one by one.
#[cfg(feature = "alloc")]
#[test]
fn batches_are_as_one_by_one() {
    for (name, config) in encodings() {
        let (mut one, mut other) = (Pair::connected(&config), Pair::connected(&config));
        let now = one.now;
        let bufs: Vec<Vec<u8>> = (0..21_u8)
            .map(|mark| {
                [&[0; HEADROOM][..], &ip(if mark == 5 { 5000 } else { 60 + usize::from(mark) * 50 }, mark)].concat()
            })
            .collect();
        let mut batch = ppp_session::Batch::new();
        let expected: Vec<_> = bufs
            .iter()
            .map(|buf| {
                let mut buf = buf.clone();
                one.ends[CLIENT].send_ip(now, &mut buf, HEADROOM).map(|frame| buf[frame].to_vec())
            })
            .collect();
        let mut bufs = bufs;
        let mut lent: Vec<&mut [u8]> = bufs.iter_mut().map(Vec::as_mut_slice).collect();
        let mut sent = Vec::new();
        other.ends[CLIENT].send_ip_batch(now, &mut batch, &mut lent, HEADROOM, &mut |index, buf, frame| {
            assert_eq!(index, sent.len());
            sent.push(frame.map(|frame| buf[frame].to_vec()));
        });
        assert_eq!(sent, expected, "{name}");
        let mut frames: Vec<Vec<u8>> = sent.into_iter().flatten().collect();
        assert_eq!(frames.len(), 20);
        let mut scratch = [0; 2048];
        let expected: Vec<_> = frames
            .clone()
            .iter_mut()
            .map(|frame| one.ends[SERVER].handle_frame(now, frame, &mut scratch).unwrap().ip().unwrap().to_vec())
            .collect();
        let mut lent: Vec<&mut [u8]> = frames.iter_mut().map(Vec::as_mut_slice).collect();
        let mut received = Vec::new();
        other.ends[SERVER].handle_frames(now, &mut batch, &mut lent, &mut |index, packet| {
            assert_eq!(index, received.len());
            received.push(packet.unwrap().ip().unwrap().to_vec());
        });
        assert_eq!(received, expected, "{name}");
    }
}
