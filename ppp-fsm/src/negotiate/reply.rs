//! The answer to the last packet, which may have to repeat its bytes.

use crate::buffer::{Buffer, Short, checksum};
use crate::{Code, OptionWriter, Options, Packet, RawOption};

use super::protocol::{ControlProtocol, Verdict};

/// The most bytes of options that are sent, and that are answered.
pub(super) const CAPACITY: usize = 512;

/// One packet. The last reply stays, to be compared with.
#[derive(Debug)]
pub(super) struct Reply {
    code: Code,
    identifier: u8,
    data: Buffer<CAPACITY>,
    is_due: bool,
    /// The checksum of the request that was refused.
    refused: Option<u32>,
}

impl Default for Reply {
    fn default() -> Self {
        Self { code: Code(0), identifier: 0, data: Buffer::default(), is_due: false, refused: None }
    }
}

impl Reply {
    /// Returns what has to be sent: code, identifier, data.
    pub(super) fn due(&self) -> Option<(Code, u8, &[u8])> {
        self.is_due.then(|| (self.code, self.identifier, self.data.as_bytes()))
    }

    pub(super) const fn is_due(&self) -> bool {
        self.is_due
    }

    /// Settles the reply, which was sent or is void.
    pub(super) const fn settle(&mut self) {
        self.is_due = false;
    }

    /// Repeats the reply.
    pub(super) const fn repeat(&mut self) {
        self.is_due = true;
    }

    /// Returns whether this is a Nak or a Reject.
    pub(super) const fn is_refusal(&self) -> bool {
        matches!(self.code, Code::CONFIGURE_NAK | Code::CONFIGURE_REJECT)
    }

    /// Returns whether this is a copy of the request that was acknowledged last, so that the answer
    /// is the same.
    pub(super) fn is_acknowledgment_of(&self, request: &Packet<'_>) -> bool {
        self.code == Code::CONFIGURE_ACK
            && self.identifier == request.identifier
            && self.data.as_bytes() == request.data
    }

    /// Returns whether this is a copy of the request that was refused last, so that the answer is
    /// the same.
    pub(super) fn is_refusal_of(&self, request: &Packet<'_>) -> bool {
        self.is_refusal() && self.identifier == request.identifier && self.refused == Some(checksum(request.data))
    }

    /// Forgets what was refused: a negotiation begins, and a request that is the same is a new one.
    pub(super) const fn forget(&mut self) {
        self.refused = None;
    }

    /// Puts the answer to a Configure-Request (RFC 1661 actions sca and scn).
    pub(super) fn put_answer(&mut self, request: &Packet<'_>, answer: &Answer) {
        self.code = answer.code;
        self.identifier = request.identifier;
        self.data.set(answer.data.as_bytes());
        self.is_due = true;
        self.refused = (answer.code != Code::CONFIGURE_ACK).then(|| checksum(request.data));
    }

    /// Puts as much of a packet as `limit` allows into a Code-Reject (RFC 1661 action scj).
    pub(super) fn put_code_reject(&mut self, identifier: u8, packet: &Packet<'_>, limit: usize) {
        // RFC 1661 section 5.6: the rejected packet "MUST be truncated to comply with the peer's
        // established MRU".
        let room = limit.saturating_sub(Packet::HEADER_LEN);
        let length = packet.data.len().saturating_add(Packet::HEADER_LEN);
        let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
        let header = [packet.code.0, packet.identifier, high, low];
        let mut data = Short::<CAPACITY>::new(header.get(..room).unwrap_or(&header));
        let rest = room.saturating_sub(header.len());
        data.extend(packet.data.get(..rest).unwrap_or(packet.data));
        self.code = Code::CODE_REJECT;
        self.identifier = identifier;
        self.data.set(data.as_bytes());
        self.is_due = true;
    }
}

/// The answer to a Configure-Request, before the automaton has said whether it is sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: Code,
    data: Short<CAPACITY>,
}

/// Judges all options, which were found to be whole, and writes the answer.
pub(super) fn judge(protocol: &mut impl ControlProtocol, request: &Packet<'_>, no_more_naks: bool) -> Answer {
    let mut nak_bytes = [0; CAPACITY];
    let mut naks = OptionWriter::new(&mut nak_bytes);
    let mut reject_bytes = [0; CAPACITY];
    let mut rejects = OptionWriter::new(&mut reject_bytes);
    let mut any_nak = false;
    let mut any_reject = false;
    let mut seen = Seen::default();

    protocol.begin_request();
    for option in request.options().flatten() {
        // RFC 1661 section 6 lists no option more than once; pppd warns and ignores the others.
        let verdict = if seen.insert(option.option_type) {
            protocol.judge(option, &mut naks)
        } else {
            judge_again(request.options(), option)
        };
        match verdict {
            Verdict::Accept => {}
            Verdict::Nak if !no_more_naks => any_nak = true,
            // RFC 1661 section 4.6: after Max-Failure Naks, what would be a Nak is a Reject.
            Verdict::Nak | Verdict::Reject => {
                any_reject = true;
                // When not all fit, the peer asks again without these.
                let _ = rejects.push(&option);
            }
        }
    }
    if !any_reject && !no_more_naks {
        let before = naks.as_bytes().len();
        protocol.judge_missing(&mut naks);
        any_nak |= naks.as_bytes().len() > before;
    }
    // RFC 1661 section 5.4: Rejects come first; what they leave may be Nak'ed in the next request.
    let (code, data) = if any_reject {
        (Code::CONFIGURE_REJECT, rejects.as_bytes())
    } else if any_nak {
        (Code::CONFIGURE_NAK, naks.as_bytes())
    } else {
        protocol.accept_request();
        // RFC 1661 section 5.2: the options come back "exactly" as they were received.
        (Code::CONFIGURE_ACK, request.data)
    };
    Answer { code, data: Short::new(data) }
}

/// Judges an option of a type that was there before: harmless when it says the same, else only one of them can hold.
fn judge_again(mut options: Options<'_>, option: RawOption<'_>) -> Verdict {
    let first = options.find_map(|found| found.ok().filter(|found| found.option_type == option.option_type));
    if first == Some(option) { Verdict::Accept } else { Verdict::Reject }
}

/// The types of options that were there.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    /// Returns whether the type is new.
    fn insert(&mut self, option_type: u8) -> bool {
        let bit = 1_u64.wrapping_shl(u32::from(option_type) & 0x3f);
        let Some(word) = self.0.get_mut(usize::from(option_type >> 6)) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}
