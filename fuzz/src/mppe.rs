//! MPPE: the header, and a decryptor that is fed anything.

use mppe::{Config, DecryptError, Decryptor, Encryptor, FlushedRule, Header, Mode, StartKey, Strength};

/// Asserts that two bytes or more are a header, which is written back to the same bytes.
///
/// # Panics
///
/// When that does not hold.
pub fn header(data: &[u8]) {
    match Header::decode(data) {
        Ok((header, rest)) => {
            assert_eq!([&header.to_bytes()[..], rest].concat(), data);
            assert!(header.count.get() < 4096);
            assert_eq!(header.count.next().since(header.count), 1);
        }
        Err(error) => assert_eq!(error, DecryptError::Truncated { needed: 2, available: data.len() }),
    }
}

/// Asserts that a decryptor takes any packets in any order, in each mode. A refused packet leaves
/// its state unchanged, and in stateless mode a genuine packet that follows is decrypted after any
/// input. The first byte says how the rest is cut into packets.
///
/// # Panics
///
/// When that does not hold.
pub fn garbage(data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else { return };
    let start = StartKey::from_bytes(Strength::Bits128, [7; 16]);
    let configs = [
        Config::new(Mode::Stateless),
        Config::new(Mode::Stateful),
        Config::new(Mode::Stateful).with_flushed_rule(FlushedRule::Linux),
    ];
    for config in configs {
        let mut decryptor = Decryptor::new(&start, &config);
        for packet in bytes.chunks(usize::from(*cut).max(1)) {
            let mut plain = packet.to_vec();
            let before = decryptor.statistics();
            match decryptor.decrypt(&mut plain) {
                Ok(decrypted) => {
                    assert!(config.protocols().contains(decrypted.protocol()));
                    assert_eq!(decrypted.header, Header::decode(packet).expect("a header").0);
                }
                Err(_) => assert_eq!(plain, packet),
            }
            // No packet costs more key changes than is promised.
            let after = decryptor.statistics();
            let changes = after.rx_key_changes_computed - before.rx_key_changes_computed;
            assert!(changes <= u64::from(config.key_change_budget()) + 64, "{changes} key changes for one packet");
            assert_eq!(
                after.packets_decrypted + after.rx_packets_dropped,
                before.packets_decrypted + before.rx_packets_dropped + 1
            );
        }
        if config.mode() == Mode::Stateless && decryptor.statistics().packets_decrypted == 0 {
            let mut ip = [0; 20];
            (ip[0], ip[3]) = (0x45, 20);
            let mut buf = [0; 24];
            let sent = Encryptor::new(&start, &config).encrypt(0x0021, &ip, &mut buf).expect("there is room").len();
            assert_eq!(decryptor.decrypt(&mut buf[..sent]).expect("it is genuine").payload(), ip);
        }
    }
}
