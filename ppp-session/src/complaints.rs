//! The peer's complaints of encrypted packets that it cannot decrypt.

use core::time::Duration;

/// Complaints of the peer, and how long it goes on with them. Some peers complain of each packet,
/// others once a second at most (pppd).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Complaints {
    /// No complaint since the keys were made.
    None,
    /// The peer complains, without a pause since then.
    Some(Run),
}

/// Complaints that follow one upon the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    since: Duration,
    latest: Duration,
    /// How many packets had been encrypted when the first and the latest came.
    first_sent: u64,
    sent: u64,
    number: u64,
}

/// The known facts about the peer that complains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// It may begin to decrypt: its last acknowledgment of CCP may be on the way.
    MayDecrypt,
    /// It rejects the protocol (RFC 1661 section 5.7), has never sent an encrypted packet, and was
    /// let into IPCP only after CCP.
    IsDeaf,
}

impl Complaints {
    /// A peer whose CCP is not open yet complains until it has repeated its request, which takes 3
    /// s or a few times that.
    const PATIENCE: Duration = Duration::from_secs(15);
    const LIMIT: u64 = 5;
    /// accel-ppp's kernel, when it begins to listen too late for CCP, rejects packet after packet
    /// without an end.
    const PATIENCE_WITH_DEAF: Duration = Duration::from_millis(800);
    /// Packets that are rarer say nothing about a second.
    const PAUSE_OF_DEAF: Duration = Duration::from_millis(250);
    /// A longer pause that saw more packets was a time in which the peer had nothing to complain
    /// of.
    const PAUSE: Duration = Duration::from_millis(3500);
    const PACKETS: u64 = 3;

    /// Takes one more complaint, after `sent` packets were encrypted. Returns whether the peer
    /// could not decrypt for too long.
    pub(crate) fn one_more(&mut self, now: Duration, sent: u64, peer: Peer) -> bool {
        let goes_on =
            |run: &Run| is_within(run.latest, Self::PAUSE, now) || sent.saturating_sub(run.sent) <= Self::PACKETS;
        // A pause without complaints, while packets went out, means that the peer decrypts again.
        let run = match *self {
            Self::Some(run) if goes_on(&run) => Run { latest: now, sent, number: run.number.saturating_add(1), ..run },
            Self::None | Self::Some(_) => Run { since: now, latest: now, first_sent: sent, sent, number: 1 },
        };
        *self = Self::Some(run);
        // accel-ppp in one call of five never starts its decryptor, and then rejects every packet.
        // A peer that may decrypt gets more patience.
        run.is_too_long() || (peer == Peer::IsDeaf && run.is_of_each_packet())
    }
}

impl Run {
    fn is_too_long(&self) -> bool {
        self.number >= Complaints::LIMIT && self.has_lasted(Complaints::PATIENCE)
    }

    fn has_lasted(&self, time: Duration) -> bool {
        self.since.checked_add(time).is_some_and(|end| end <= self.latest)
    }

    /// Returns whether nearly every packet of about a second came back.
    fn is_of_each_packet(&self) -> bool {
        let packets = self.sent.saturating_sub(self.first_sent);
        let longest = Complaints::PAUSE_OF_DEAF.saturating_mul(u32::try_from(self.number).unwrap_or(u32::MAX));
        self.number >= Complaints::LIMIT
            && self.has_lasted(Complaints::PATIENCE_WITH_DEAF)
            && is_within(self.since, longest, self.latest)
            && self.number.saturating_mul(4) >= packets.saturating_mul(3)
    }
}

/// Returns whether a moment comes at most so long after an earlier one.
///
/// A sum is compared, since core's difference of two `Duration`s has an `expect` in it.
fn is_within(earlier: Duration, time: Duration, moment: Duration) -> bool {
    earlier.checked_add(time).is_none_or(|end| moment <= end)
}
