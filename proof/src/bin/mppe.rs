//! No way to panic in `mppe`.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::time::Duration;

use link_proof::unknown;
use mppe::{
    Batch, Config, Decryptor, Direction, Encryptor, Flags, FlushedRule, Header, Incoming, MasterKey, Mode, MsChapV1,
    Outgoing, Receiving, Sending, ShortKeySource, Side, StartKey, Strength,
};

/// Calls everything with values that the compiler does not know.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let bytes: [u8; 64] = unknown([7; 64]);
    let strength = black_box(Strength::Bits40);
    let mode = black_box(Mode::Stateful);
    let (side, direction) = black_box((Side::Client, Direction::Send));
    let number = black_box(5usize);
    let now = black_box(Duration::from_secs(1));

    let master = MasterKey::from_ms_chap_v2(&black_box([1; 16]), &black_box([2; 24]));
    let start = master.start_key(strength, side, direction);
    black_box(StartKey::from_eap(strength, &bytes, side, direction).next_session_key(&start.initial_session_key()));
    black_box(StartKey::from_radius(strength, bytes.get(..number).unwrap_or(&[])).expose_bytes());
    let v1 = MsChapV1::new(black_box([1; 8])).with_lm_password_hash(black_box([3; 16]));
    let _ = black_box(v1.with_nt_password_hash_hash(black_box([4; 16])).start_key(strength, ShortKeySource::LmHash));

    let config = Config::new(mode).with_flushed_rule(black_box(FlushedRule::Linux));
    let mut encryptor = Encryptor::new(&start, &config);
    let mut decryptor = Decryptor::new(&start, &config);
    let mut buf = black_box([0; 1500]);
    let mut other = black_box([0; 1500]);
    loop {
        let number = black_box(number);
        let _ = black_box(Header::decode(bytes.get(..number).unwrap_or(&[])));
        let _ = black_box(encryptor.encrypt(black_box(0x0021), bytes.get(..number).unwrap_or(&[]), &mut buf));
        let _ = black_box(encryptor.encrypt_compressed_in_place(&mut buf, number..1400, Flags::COMPRESSED));
        encryptor.handle_reset_request();
        let packet = buf.get_mut(number..).unwrap_or(&mut []);
        let _ = black_box(decryptor.decrypt(packet).map(|decrypted| decrypted.protocol()));
        if let Ok(pending) = decryptor.decrypt_pending(packet) {
            if black_box(true) {
                black_box(pending.commit().payload());
            }
        }
        black_box(decryptor.poll_reset_request(now));
        decryptor.handle_timeout(now);
        black_box((
            decryptor.poll_timeout(),
            decryptor.statistics(),
            encryptor.statistics(),
            decryptor.observed_rule(),
        ));

        let mut batch = Batch::new();
        let mut outgoing = [Outgoing::new(&mut buf, number..700), Outgoing::new(&mut other, number..1400)];
        batch.encrypt(&mut [Sending::new(&mut encryptor, outgoing.get_mut(..number).unwrap_or(&mut []))]);
        black_box(outgoing.each_ref().map(|packet| packet.packet().is_some()));
        let mut incoming = [Incoming::new(&mut buf), Incoming::new(&mut other)];
        batch.decrypt(&mut [Receiving::new(&mut decryptor, incoming.get_mut(..number).unwrap_or(&mut []))]);
        black_box(incoming.each_ref().map(|packet| packet.decrypted().is_some()));
    }
}
