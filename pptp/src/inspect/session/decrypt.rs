//! Encrypted packets: keys for them, and what comes out.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use mppe::Strength;
use ppp_fsm::Frame;

use super::super::encryption::Encryption;
use super::super::mppe_link::{Decrypted, Held};
use super::super::secret::Secrets;
use super::super::trial::{Trial, Tried};
use super::super::{Content, Decryption, Event, NotDecrypted, Record};
use super::keys::{Keys, needed};
use super::{CLIENT, Origin, SERVER, Session};

impl Session {
    /// Returns the keys that a side may send with.
    pub(super) fn start_keys(
        &self,
        sender: usize,
        strength: Strength,
        secrets: &Secrets,
    ) -> Result<Keys, NotDecrypted> {
        // RFC 3079 section 3.3: the keys depend on which end has authenticated the other.
        let peer = if self.side(CLIENT).authentication.is_some() { CLIENT } else { SERVER };
        let from_authentication = match &self.side(peer).authentication {
            Some(authentication) => authentication.start_keys(strength, sender == peer),
            None if self.agreed_authentication().is_none() && self.start_seen => Err(NotDecrypted::NoKeys),
            None if self.unanswered_challenge().is_some() => Err(NotDecrypted::ChallengeNotSeen),
            None => Err(NotDecrypted::AuthenticationNotSeen),
        };
        match from_authentication {
            Ok(keys) => Ok(Keys { keys, proved: true }),
            Err(reason) => {
                // Keys that were given stand for an authentication that cannot be read.
                let given = secrets.start_keys.iter().filter(|key| key.strength() == strength).cloned();
                let keys: Vec<_> = given.collect();
                if keys.is_empty() { Err(reason) } else { Ok(Keys { keys, proved: false }) }
            }
        }
    }

    pub(super) fn decrypt(
        &mut self,
        origin: Origin,
        bytes: &[u8],
        secrets: &Secrets,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let counters = &mut self.side_mut(origin.sender).counters;
        counters.compressed = counters.compressed.saturating_add(1);
        if matches!(self.side(origin.sender).encryption, Encryption::NotSeen | Encryption::Without) {
            self.start_in_the_middle(origin.sender, secrets);
        }
        let side = self.side_mut(origin.sender);
        let vj = side.header_compression;
        let result = match &mut side.encryption {
            Encryption::NotSeen | Encryption::Without => Err(NotDecrypted::NoKeys),
            Encryption::Other { option_type } => Err(NotDecrypted::OtherCompression { option_type: *option_type }),
            Encryption::NoKeys { reason, .. } => Err(*reason),
            Encryption::Mppe(mppe) => mppe.handle(origin.tag, bytes, vj, plain),
            Encryption::Trial(trial) => {
                let tried = trial.handle(origin.tag, bytes, plain);
                self.tried(origin, tried, sink);
                self.release_held(origin, false, plain, sink);
                return;
            }
        };
        self.decrypted(origin, &result, plain, sink);
        self.release_held(origin, false, plain, sink);
    }

    /// Reports the outcome of keys that may be right.
    fn tried(&mut self, origin: Origin, tried: Tried, sink: &mut impl FnMut(Record<'_>)) {
        match tried {
            Tried::Waits => {
                sink(self.record(origin, Content::NotDecrypted { reason: NotDecrypted::Unproved }));
            }
            Tried::Proved(mppe) => self.side_mut(origin.sender).encryption = Encryption::Mppe(mppe),
            Tried::NoneFits(waiting) => self.none_fits(origin, waiting, sink),
        }
    }

    fn none_fits(&mut self, origin: Origin, waiting: VecDeque<Held>, sink: &mut impl FnMut(Record<'_>)) {
        for Held { tag, .. } in waiting {
            let counters = &mut self.side_mut(origin.sender).counters;
            counters.nonsense = counters.nonsense.saturating_add(1);
            let reason = NotDecrypted::Nonsense;
            sink(self.record(Origin { tag, ..origin }, Content::NotDecrypted { reason }));
        }
    }

    /// Tries all known keys, since the negotiation was not seen.
    fn start_in_the_middle(&mut self, sender: usize, secrets: &Secrets) {
        // The negotiation was not captured, so any strength may be in use.
        let strengths = [Strength::Bits128, Strength::Bits56, Strength::Bits40];
        let mut keys = Keys { keys: Vec::new(), proved: true };
        let mut reason = None;
        for found in strengths.map(|strength| self.start_keys(sender, strength, secrets)) {
            match found {
                Ok(found) => {
                    keys.proved &= found.proved;
                    keys.keys.extend(found.keys);
                }
                Err(why) => reason = reason.or(Some(why)),
            }
        }
        self.side_mut(sender).encryption = match (keys, reason) {
            (Keys { keys, .. }, Some(reason)) if keys.is_empty() => Encryption::NoKeys { algorithm: None, reason },
            (Keys { keys, proved }, _) => {
                let trial = Trial::joining(&keys, needed(proved), secrets.search_depth);
                Encryption::Trial(Box::new(trial))
            }
        };
    }

    /// Ends the keys of this side, and reports the packets that have waited.
    pub(in super::super) fn end_encryption(
        &mut self,
        origin: Origin,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        if let Encryption::Trial(trial) = &mut self.side_mut(origin.sender).encryption {
            let tried = trial.finish(plain);
            self.tried(origin, tried, sink);
        }
        self.release_held(origin, true, plain, sink);
    }

    /// Releases packets that waited, as far as they need not wait any more.
    pub(in super::super) fn release_held(
        &mut self,
        origin: Origin,
        give_up: bool,
        plain: &mut Vec<u8>,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        loop {
            let side = self.side_mut(origin.sender);
            let vj = side.header_compression;
            let Encryption::Mppe(mppe) = &mut side.encryption else { return };
            if give_up && mppe.has_held() {
                mppe.give_up();
            }
            let Some((tag, result)) = mppe.handle_held(vj, plain) else { return };
            self.decrypted(Origin { tag, ..origin }, &result, plain, sink);
        }
    }

    fn decrypted(
        &mut self,
        origin: Origin,
        result: &Result<Decrypted, NotDecrypted>,
        plain: &[u8],
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let counters = &mut self.side_mut(origin.sender).counters;
        let count = |counter: &mut u64| *counter = counter.saturating_add(1);
        let reason = match *result {
            Ok(Decrypted { header, algorithm, missed, recovered, rule }) => {
                count(&mut counters.decrypted);
                if recovered {
                    count(&mut counters.recovered);
                }
                counters.missed = counters.missed.saturating_add(missed);
                if let Some(rule) = rule {
                    sink(self.record(origin, Content::Event(Event::FlushedRule(rule))));
                }
                let Ok(frame) = Frame::decode(plain) else { return };
                let decryption = Decryption { header, algorithm, plaintext: plain, missed, recovered };
                let (protocol, bytes) = (frame.protocol, frame.information);
                sink(self.record(origin, Content::Datagram { protocol, bytes, decrypted: Some(decryption) }));
                return;
            }
            Err(reason) => reason,
        };
        if reason == NotDecrypted::AfterLoss {
            count(&mut counters.after_loss);
        } else if reason == NotDecrypted::Nonsense {
            count(&mut counters.nonsense);
        }
        sink(self.record(origin, Content::NotDecrypted { reason }));
    }
}
