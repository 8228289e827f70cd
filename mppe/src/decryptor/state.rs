//! The state of a decryptor, for both modes.

use core::time::Duration;

use super::ahead::Ahead;
use super::late::LateKeys;
use crate::algorithm::{KEY_LEN, Mode};
use crate::chain::Chain;
use crate::cipher::{Cipher, HEAD_LEN};
use crate::config::{Config, FlushedRule};
use crate::count::CoherencyCount;
use crate::key::StartKey;
use crate::protocol::{self, Proof};
use crate::secret::Secret;
use crate::statistics::DecryptorStatistics;

/// RFC 3078: decrypts the packets of one direction.
///
/// `LATE` is how many old keys are kept in stateless mode for packets that come late: 33 bytes of
/// memory each, at most 2048 of them. [`Decryptor::new`] keeps 64,
/// `Decryptor::<256>::with_late_keys` as many as it says. With 64 a decryptor has less than 5 KiB.
///
/// With the feature `alloc` these keys are on the heap, and so are those of packets far ahead. A
/// decryptor then has less than 1.5 KiB, and up to 3.5 KiB there. In stateless mode it takes them with
/// the first packet that is not the next one, in stateful mode with the first key change.
///
/// ```
/// use mppe::{Config, Decryptor, Encryptor, Mode, StartKey, Strength};
///
/// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
/// let config = Config::new(Mode::Stateless);
/// let (mut encryptor, mut decryptor) =
///     (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
/// let mut buf = [0; 64];
/// let length = encryptor.encrypt(0x0021, &[0x45, 0, 0, 20], &mut buf)?.len();
/// let decrypted = decryptor.decrypt(&mut buf[..length])?;
/// assert_eq!(decrypted.protocol(), 0x0021);
/// assert_eq!(decrypted.payload(), [0x45, 0, 0, 20]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Work for a packet
///
/// Count and key move only when the plaintext can be right: its protocol is one of
/// [`Config::with_protocols`], and an IP packet has its version. When the count is not the expected
/// one, the length in the IP header must be that of the packet too. Until then nothing changes, the
/// bytes of the packet included.
///
/// *Stateless.* A packet with the expected count costs one key change. One that is late is decrypted with its key when
/// that is among the last `LATE` ones and was not used. One that is ahead costs as many key changes as packets are
/// missing, up to the [budget](Config::with_key_change_budget). One that is further ahead is refused with
/// [`CatchingUp`](crate::DecryptError::CatchingUp) and brings the decryptor nearer by the budget.
///
/// After the loss of `n` packets, up to 4031 (4095 - `LATE` with more than 64 late keys),
/// decryption works again within (`n` - 1) / (budget - 1) packets, rounded up. With the defaults
/// that is the sixteenth. This holds at the start of a link too, when no packet has arrived yet.
///
/// No packet costs more key changes than the budget and one. The keys ahead are computed once: what forged packets made
/// the decryptor compute is kept for genuine ones. It keeps every 48th, so a forged packet whose count was reached
/// before costs at most 48 key changes. Those that reach further cost 4096 key changes together, and one more for each
/// genuine packet that is decrypted.
///
/// *Stateful.* After a loss everything but the packet that was expected is refused until the peer answers the
/// [Reset-Request](Self::poll_reset_request) with a FLUSHED packet. Which [rule](crate::FlushedRule) that follows is
/// found out by trying; of Linux' rule up to eight answers may be lost. A key change is computed once: at most 25 behind the
/// key in use, however many packets are forged. Each FLUSHED packet costs at most 10 key schedules.
///
/// # Effect of forgery
///
/// MPPE has no authentication, so anyone who can write to the link can flip bits of a packet, and
/// the same bits of the plaintext flip. But a forged count leads to a wrong key, and so to random
/// bytes. With [`ProtocolSet::IP`] they are taken for an IP packet
///
/// * 1 time in 2000 when the count is the expected one: protocol of one byte (2 of 256) and version
///   (1 of 16). One packet of garbage is delivered, and the genuine one of the same count is
///   refused;
/// * 1 time in 100 million when it is not: the IP length (1 of 65 536) has to fit as well.
///
/// A protocol that is not IP shows nothing but itself: each that is in the set makes it 1 time in 256 more.
///
/// [`ProtocolSet::IP`]: crate::ProtocolSet::IP
pub struct Decryptor<const LATE: usize = 64> {
    pub(super) chain: Chain,
    pub(super) config: Config,
    /// The number of the expected packet since the start; its lower 12 bits are the count.
    pub(super) position: u64,
    /// Stateless: the expected packet's key. Stateful: the one in use.
    pub(super) key: Secret<KEY_LEN>,
    /// The value of `key` once the packet at hand is taken.
    pub(super) candidate: Secret<KEY_LEN>,
    pub(super) late: LateKeys<LATE>,
    /// Stateless: by position, which is as many key changes. Stateful: by `generation`.
    pub(super) ahead: Ahead,
    /// Stateless: a packet was too far ahead since the last one that was taken.
    pub(super) is_catching_up: bool,
    /// Stateful: key changes made for good.
    pub(super) generation: u64,
    /// Stateful: the stream that runs through the packets.
    pub(super) stream: Cipher,
    pub(super) reset: Option<Reset>,
    pub(super) next_identifier: u8,
    pub(super) observed_rule: Option<FlushedRule>,
    pub(super) latest: Duration,
    pub(super) implausible_run: u32,
    pub(super) statistics: DecryptorStatistics,
}

/// How a packet would be decrypted, and what would move when it is taken. The head of its key stream is made.
pub(super) struct Plan {
    pub(super) head: [u8; HEAD_LEN],
    pub(super) position: u64,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    /// Stateless, expected: the candidate is the next packet's key.
    Expected,
    /// Stateless, ahead: as expected. The walk to its key passed all keys from `passed_from` on.
    Ahead { passed_from: u64 },
    /// Stateless: an old key.
    Late,
    /// Stateful: the running stream, which stands behind the head.
    Running,
    /// Stateful: a new stream, keyed with the candidate.
    Restarted { changes: u64, rule: Option<FlushedRule> },
}

/// A Reset-Request that is not answered.
pub(super) struct Reset {
    pub(super) identifier: u8,
    /// When it is to be sent again; `None` when it is to be sent now.
    pub(super) again: Option<Duration>,
}

impl Decryptor {
    /// Creates a decryptor at the start of a link, with 64 late keys.
    #[must_use]
    pub fn new(start: &StartKey, config: &Config) -> Self {
        Self::with_late_keys(start, config)
    }
}

impl<const LATE: usize> Decryptor<LATE> {
    /// Sets a decryptor at the start of a link: count 0, initial session key.
    #[must_use]
    pub fn with_late_keys(start: &StartKey, config: &Config) -> Self {
        const { assert!(LATE <= 2048, "a late count must be nearer behind than ahead") };
        let mut chain = start.chain();
        let mut key = Secret(*start.initial_session_key().widened());
        let stream = Cipher::new(&key.0);
        if config.mode() == Mode::Stateless {
            // RFC 3078 section 7.1: the key is changed before the first packet too.
            key = Secret(chain.next(&key.0));
            chain.changes = 0;
        }
        Self {
            chain,
            config: *config,
            position: 0,
            key,
            candidate: Secret([0; KEY_LEN]),
            late: LateKeys::new(),
            ahead: Ahead::new(match config.mode() {
                Mode::Stateless => Ahead::MAX_SPACING,
                Mode::Stateful => 1,
            }),
            is_catching_up: false,
            generation: 0,
            stream,
            reset: None,
            next_identifier: 1,
            observed_rule: None,
            latest: Duration::ZERO,
            implausible_run: 0,
            statistics: DecryptorStatistics::default(),
        }
    }

    /// Returns the count of the packet that is expected next.
    #[must_use]
    pub const fn count(&self) -> CoherencyCount {
        let [low, high, ..] = self.position.to_le_bytes();
        CoherencyCount::new(u16::from_le_bytes([low, high]))
    }

    /// Returns whether the first bytes, decrypted with the head of a key stream, can be right.
    pub(super) fn is_plausible(&self, head: &[u8; HEAD_LEN], data: &[u8], proof: Proof) -> bool {
        let mut first = *head;
        let length = data.len().min(HEAD_LEN);
        for (stream, byte) in first.iter_mut().zip(data) {
            *stream ^= byte;
        }
        let first = first.split_at_checked(length).map_or(&[][..], |(first, _)| first);
        protocol::is_plausible(&self.config.protocols(), first, data.len(), proof)
    }
}
