//! Stateful mode: FLUSHED packets, and asking for them.

use core::time::Duration;

use super::state::{Decryptor, Kind, Plan, Reset};
use crate::cipher::HEAD_LEN;
use crate::config::FlushedRule;
use crate::count::CoherencyCount;
use crate::error::DecryptError;
use crate::header::{Flags, Header};
use crate::protocol::Proof;

/// Counts behind the expected one that are taken for late, not for far ahead.
const LATE: u16 = 64;

/// Under Linux' rule each Reset-Request that reached the peer changed its key once, though the answer may be lost.
/// So many lost answers in a row are made good.
const MAX_LOST_ANSWERS: u64 = 8;

impl<const KEYS: usize> Decryptor<KEYS> {
    pub(super) fn plan_stateful(&mut self, header: Header, data: &[u8], judged: bool) -> Result<Plan, DecryptError> {
        let Header { flags, count } = header;
        // A late packet has no key stream any more: RFC 3078 section 3 "expects packets to be
        // delivered in sequence".
        let distance = count.since(self.count());
        if distance >= CoherencyCount::SPACE.wrapping_sub(LATE) {
            return Err(DecryptError::Repeated { count });
        }
        let flushed = flags.contains(Flags::FLUSHED);
        if !flushed && distance != 0 {
            // RFC 3078 section 8.2: "the receiver SHOULD silently discard all packets until a
            // packet is received with the FLUSHED bit set".
            return Err(DecryptError::AwaitingFlushed { count });
        }
        if flushed || count.is_flag() {
            return self.plan_restarted(header, distance, data, judged);
        }
        let mut head = [0; HEAD_LEN];
        let length = data.len().min(HEAD_LEN);
        if let Some((used, _)) = head.split_at_mut_checked(length) {
            self.stream.apply(used);
        }
        // Without a loss the stream itself proves the packet; with a Reset-Request under way it may
        // stand wrong.
        let proof = if self.reset.is_none() { Proof::Expected } else { Proof::Unexpected };
        if judged && !self.is_plausible(&head, data, proof) {
            // The stream went over the forged bytes, and goes back for the genuine packet.
            self.stream.rewind(length);
            return Err(DecryptError::Implausible { count });
        }
        Ok(Plan { head, position: self.position, kind: Kind::Running })
    }

    /// Returns a packet before which the stream starts again: after how many key changes depends on
    /// the rule, and on how many of the peer's answers were lost.
    fn plan_restarted(
        &mut self,
        header: Header,
        distance: u16,
        data: &[u8],
        judged: bool,
    ) -> Result<Plan, DecryptError> {
        let Header { flags, count } = header;
        let position = self.position.saturating_add(distance.into());
        // RFC 3078 section 8.2: "It is possible that 256 or more consecutive packets could be
        // lost". Each flag packet among them changed the key.
        let missed_flags = (position >> 8).saturating_sub(self.position >> 8);
        let as_rfc3078 = missed_flags.saturating_add(count.is_flag().into());
        // Linux changes the key at every FLUSHED packet, also at one that answers a Reset-Request;
        // lwIP does so too.
        let as_linux = missed_flags.saturating_add((count.is_flag() || flags.contains(Flags::FLUSHED)).into());
        let preferred = match self.flushed_rule() {
            FlushedRule::Rfc3078 => as_rfc3078,
            FlushedRule::Linux => as_linux,
        };
        let last = if judged { as_linux.saturating_add(MAX_LOST_ANSWERS) } else { preferred };
        // A packet that moves the count, or is tried with several keys, has to show more.
        let proof = if distance == 0 && as_rfc3078 == as_linux { Proof::Expected } else { Proof::Unexpected };
        let rule = |changes| match changes {
            _ if as_rfc3078 == as_linux || !judged => None,
            _ if changes == as_rfc3078 => Some(FlushedRule::Rfc3078),
            _ => Some(FlushedRule::Linux),
        };
        // The rule that is thought of first, then all that can be, each one key change more.
        for changes in core::iter::once(preferred).chain(as_rfc3078..=last) {
            let Self { ahead, chain, key, generation, .. } = self;
            let target = generation.saturating_add(changes);
            self.candidate = ahead.walk(chain, (*generation, &key.0), target, u64::MAX, |_, _| {}).end.key;
            let head = self.chain.key(&self.candidate.0);
            // More keys, more chances for random bytes to look right: then only an IP header with
            // the right length counts.
            let proof = if changes > as_linux { Proof::Certain } else { proof };
            if !judged || self.is_plausible(&head, data, proof) {
                return Ok(Plan { head, position, kind: Kind::Restarted { changes, rule: rule(changes) } });
            }
        }
        Err(DecryptError::Implausible { count })
    }

    pub(super) fn commit_restarted(&mut self, position: u64, changes: u64, rule: Option<FlushedRule>) {
        let missed = position.saturating_sub(self.position);
        let statistics = &mut self.statistics;
        statistics.rx_missed_packets = statistics.rx_missed_packets.wrapping_add(missed);
        match rule {
            Some(FlushedRule::Rfc3078) => statistics.flushed_as_rfc3078 = statistics.flushed_as_rfc3078.wrapping_add(1),
            Some(FlushedRule::Linux) => statistics.flushed_as_linux = statistics.flushed_as_linux.wrapping_add(1),
            None => {}
        }
        self.generation = self.generation.saturating_add(changes);
        self.ahead.retire(self.generation);
        // The rule that was seen stays, for the next FLUSHED packet to be tried with first.
        self.observed_rule = rule.or(self.observed_rule);
        self.reset = None;
        self.key.0 = self.candidate.0;
        let (table, at) = self.chain.packet_stream();
        self.stream.table = *table;
        self.stream.position = at;
        self.position = position.saturating_add(1);
    }

    /// Returns the identifier of a CCP Reset-Request (without data) that is to be sent now (RFC
    /// 3078 section 8.2).
    ///
    /// Only one is outstanding: until a FLUSHED packet comes, the same identifier is given again each time that
    /// [`Config::with_reset_interval`](crate::Config::with_reset_interval) has passed. The peer's Reset-Ack has no
    /// meaning for MPPE.
    ///
    /// ```
    /// use core::time::Duration;
    /// use mppe::{Config, DecryptError, Decryptor, Encryptor, Mode, StartKey, Strength};
    ///
    /// let start = StartKey::from_bytes(Strength::Bits128, [1; 16]);
    /// let config = Config::new(Mode::Stateful);
    /// let (mut encryptor, mut decryptor) =
    ///     (Encryptor::new(&start, &config), Decryptor::new(&start, &config));
    /// // An IPv4 packet without data.
    /// let mut ip = [0; 20];
    /// (ip[0], ip[3]) = (0x45, 20);
    /// let mut buf = [0; 24];
    /// encryptor.encrypt(0x0021, &ip, &mut buf)?; // lost
    /// encryptor.encrypt(0x0021, &ip, &mut buf)?;
    /// assert!(matches!(decryptor.decrypt(&mut buf), Err(DecryptError::AwaitingFlushed { .. })));
    ///
    /// let now = Duration::ZERO;
    /// assert_eq!(decryptor.poll_reset_request(now), Some(1));
    /// assert_eq!(decryptor.poll_reset_request(now), None);
    /// assert_eq!(decryptor.poll_timeout(), Some(Duration::from_secs(1)));
    /// encryptor.handle_reset_request();
    /// encryptor.encrypt(0x0021, &ip, &mut buf)?;
    /// assert_eq!(decryptor.decrypt(&mut buf)?.payload(), ip);
    /// assert_eq!(decryptor.poll_timeout(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn poll_reset_request(&mut self, now: Duration) -> Option<u8> {
        self.handle_timeout(now);
        let reset = self.reset.as_mut().filter(|reset| reset.again.is_none())?;
        reset.again = Some(self.latest.saturating_add(self.config.reset_interval().max(Duration::from_millis(1))));
        self.statistics.ccp_resets_sent = self.statistics.ccp_resets_sent.wrapping_add(1);
        Some(reset.identifier)
    }

    /// Returns when the Reset-Request is to be sent again, by
    /// [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.reset.as_ref().and_then(|reset| reset.again)
    }

    /// Makes [`poll_reset_request`](Self::poll_reset_request) return a request again when the
    /// deadline has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.latest = self.latest.max(now);
        if let Some(reset) = &mut self.reset {
            reset.again = reset.again.filter(|again| *again > self.latest);
        }
    }

    pub(super) fn want_reset(&mut self) {
        if self.reset.is_none() {
            self.reset = Some(Reset { identifier: self.next_identifier, again: None });
            self.next_identifier = self.next_identifier.wrapping_add(1);
        }
    }

    /// Returns what FLUSHED packets have shown of the peer's rule: nothing before the first that
    /// answers a Reset-Request. Received packets are decrypted by it from then on; an
    /// [`Encryptor`](crate::Encryptor::set_flushed_rule) for the same peer should follow it too.
    #[must_use]
    pub const fn observed_rule(&self) -> Option<FlushedRule> {
        self.observed_rule
    }

    fn flushed_rule(&self) -> FlushedRule {
        self.observed_rule.unwrap_or(self.config.flushed_rule())
    }
}
