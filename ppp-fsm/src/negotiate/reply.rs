//! The answer to the last packet, which may have to repeat its octets.

use crate::buffer::checksum;
use crate::{Code, OptionWriter, Options, Packet, RawOption};

use super::protocol::{ControlProtocol, Verdict};

/// The most octets of options that are sent, and that are answered.
pub(super) const CAPACITY: usize = 512;

/// One packet. What was sent last stays, to be compared with.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) code: Code,
    pub(super) identifier: u8,
    data: [u8; CAPACITY],
    length: usize,
    pub(super) pending: bool,
    /// Of the request that was refused.
    refused: Option<u32>,
}

impl Default for Reply {
    fn default() -> Self {
        Self { code: Code(0), identifier: 0, data: [0; CAPACITY], length: 0, pending: false, refused: None }
    }
}

impl Reply {
    pub(super) fn data(&self) -> &[u8] {
        self.data.get(..self.length).unwrap_or_default()
    }

    /// Whether this is a copy of the request that was refused last, so that the answer is the same.
    pub(super) fn is_refusal_of(&self, request: &Packet<'_>) -> bool {
        matches!(self.code, Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT)
            && self.identifier == request.identifier
            && self.refused == Some(checksum(request.data))
    }

    /// A negotiation begins: copies of what was asked before are new.
    pub(super) fn forget(&mut self) {
        self.refused = None;
    }

    /// Puts as much of the data as fits.
    pub(super) fn set(&mut self, code: Code, identifier: u8, data: &[u8]) {
        self.length = 0;
        for (to, octet) in self.data.iter_mut().zip(data) {
            *to = *octet;
            self.length = self.length.saturating_add(1);
        }
        (self.code, self.identifier, self.pending, self.refused) = (code, identifier, true, None);
    }

    /// Puts as much of a packet as `limit` allows, as the data.
    pub(super) fn set_packet(&mut self, code: Code, identifier: u8, packet: &Packet<'_>, limit: usize) {
        let room = limit.saturating_sub(Packet::HEADER_LEN).min(CAPACITY);
        let length = packet.data.len().saturating_add(Packet::HEADER_LEN);
        let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        let header = [packet.code.0, packet.identifier, high, low];
        self.length = 0;
        for (to, octet) in self.data.iter_mut().zip(header.iter().chain(packet.data)).take(room) {
            *to = *octet;
            self.length = self.length.saturating_add(1);
        }
        (self.code, self.identifier, self.pending) = (code, identifier, true);
    }
}

/// What is made of a whole Configure-Request.
pub(super) enum Judgement {
    Good,
    Nak,
    Reject,
}

/// Judges all options, which were found to be whole, and writes the answer.
pub(super) fn judge(
    protocol: &mut impl ControlProtocol,
    request: &Packet<'_>,
    no_more_naks: bool,
    reply: &mut Reply,
) -> Judgement {
    let mut nak_octets = [0; CAPACITY];
    let mut naks = OptionWriter::new(&mut nak_octets);
    let mut reject_octets = [0; CAPACITY];
    let mut rejects = OptionWriter::new(&mut reject_octets);
    let mut any_nak = false;
    let mut any_reject = false;
    let mut seen = Seen::default();

    protocol.begin_request();
    for option in request.options().flatten() {
        let verdict = if seen.insert(option.option_type) {
            protocol.judge(option, &mut naks)
        } else {
            judge_again(request.options(), option)
        };
        match verdict {
            Verdict::Accept => {}
            Verdict::Nak if !no_more_naks => any_nak = true,
            Verdict::Nak | Verdict::Reject => {
                any_reject = true;
                // When not all fit, the peer asks again without these.
                let _ = rejects.push(&option);
            }
        }
    }
    if !any_reject && !no_more_naks {
        let before = naks.as_octets().len();
        protocol.judge_missing(&mut naks);
        any_nak |= naks.as_octets().len() > before;
    }
    if any_reject {
        reply.set(Code::CONFIGURE_REJECT, request.identifier, rejects.as_octets());
        reply.refused = Some(checksum(request.data));
        Judgement::Reject
    } else if any_nak {
        reply.set(Code::CONFIGURE_NAK, request.identifier, naks.as_octets());
        reply.refused = Some(checksum(request.data));
        Judgement::Nak
    } else {
        protocol.accept_request();
        reply.set(Code::CONFIGURE_ACK, request.identifier, request.data);
        Judgement::Good
    }
}

/// An option of a type that was there before: harmless when it says the same, else only one of them can hold.
fn judge_again(mut options: Options<'_>, option: RawOption<'_>) -> Verdict {
    let first = options.find_map(|found| found.ok().filter(|found| found.option_type == option.option_type));
    if first == Some(option) { Verdict::Accept } else { Verdict::Reject }
}

/// The types of options that were there.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    /// Whether the type is new.
    fn insert(&mut self, option_type: u8) -> bool {
        let bit = 1_u64.wrapping_shl(u32::from(option_type) & 0x3f);
        let Some(word) = self.0.get_mut(usize::from(option_type >> 6)) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
