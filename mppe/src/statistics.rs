//! Counters, with the names that operators know from `show ppp mppe`.

use core::fmt;

use crate::count::CoherencyCount;

/// The counters of an [`Encryptor`](crate::Encryptor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EncryptorStatistics {
    /// Packets that were encrypted.
    pub packets_encrypted: u64,
    /// CCP Reset-Requests of the peer.
    pub ccp_resets_received: u64,
    /// The count of the next packet.
    pub next_tx_coherency: CoherencyCount,
    /// Key changes.
    pub tx_key_changes: u64,
}

/// The counters of a [`Decryptor`](crate::Decryptor).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct DecryptorStatistics {
    /// Packets that were decrypted.
    pub packets_decrypted: u64,
    /// CCP Reset-Requests that were given out to be sent, repetitions included.
    pub ccp_resets_sent: u64,
    /// The count of the next packet.
    pub next_rx_coherency: CoherencyCount,
    /// Key changes that were made for good.
    pub rx_key_changes: u64,
    /// Key changes that were computed, for nothing included.
    pub rx_key_changes_computed: u64,
    /// Packets that were refused, whatever the reason.
    pub rx_packets_dropped: u64,
    /// Packets that were decrypted with an old key, late, or refused as repeated.
    pub rx_out_of_order_packets: u64,
    /// Packets that had not arrived when a later one did.
    pub rx_missed_packets: u64,
    /// Refused: bit D was clear.
    pub not_encrypted: u64,
    /// Refused: bit A was clear in stateless mode.
    pub not_flushed: u64,
    /// Refused: the plaintext was nonsense.
    pub implausible: u64,
    /// FLUSHED packets that showed that the peer keeps its key, as RFC 3078 says.
    pub flushed_as_rfc3078: u64,
    /// FLUSHED packets that showed that the peer changes its key, as Linux does.
    pub flushed_as_linux: u64,
}

/// Both directions, printed as `show ppp mppe` does.
///
/// ```
/// use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Statistics, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let config = Config::new(Mode::Stateless);
/// let mut encryptor = Encryptor::new(&start, &config);
/// let decryptor = Decryptor::new(&start, &config);
/// encryptor.encrypt(0x0021, &[0x45], &mut [0; 8])?;
/// let statistics =
///     Statistics { sent: encryptor.statistics(), received: decryptor.statistics() };
/// let shown = statistics.to_string();
/// assert!(shown.starts_with("packets encrypted = 1"));
/// assert!(shown.contains("next tx coherency = 1"));
/// # Ok::<(), mppe::EncryptError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "there are two directions")]
pub struct Statistics {
    /// The encryptor's.
    pub sent: EncryptorStatistics,
    /// The decryptor's.
    pub received: DecryptorStatistics,
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sent, received } = self;
        let pairs = [
            [("packets encrypted", sent.packets_encrypted), ("packets decrypted", received.packets_decrypted)],
            [("sent CCP resets", received.ccp_resets_sent), ("receive CCP resets", sent.ccp_resets_received)],
            [
                ("next tx coherency", sent.next_tx_coherency.get().into()),
                ("next rx coherency", received.next_rx_coherency.get().into()),
            ],
            [("tx key changes", sent.tx_key_changes), ("rx key changes", received.rx_key_changes)],
            [
                ("rx pkt dropped", received.rx_packets_dropped),
                ("rx out of order pkt", received.rx_out_of_order_packets),
            ],
        ];
        for [(left, a), (right, b)] in pairs {
            writeln!(f, "{left} = {a}, {right} = {b}")?;
        }
        write!(f, "rx missed packets = {}", received.rx_missed_packets)
    }
}
