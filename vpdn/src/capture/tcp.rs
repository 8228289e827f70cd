//! TCP, as far as a capture needs it: each direction's bytes in order, over loss, retransmission and reordering.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use super::outer::Segment;

/// Directions that are followed at a time; the one that was quiet longest is dropped for another one.
const MAX_FLOWS: usize = 2048;

/// Bytes of a direction that wait for a gap to be filled; with more, the gap is taken as lost.
const MAX_WAITING: usize = 1 << 14;

/// Sender and receiver of one direction.
pub type Flow = (SocketAddr, SocketAddr);

/// The bytes of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Piece<'a> {
    /// A new connection: whatever was known of this direction is over.
    Start,
    /// The next bytes.
    Next(&'a [u8]),
    /// Bytes that were seen before: a retransmission.
    Repeated(&'a [u8]),
    /// The next bytes of a segment whose end was not captured.
    Cut(&'a [u8]),
    /// The capture has not seen as many bytes.
    Lost(u32),
    /// Nothing: a segment without bytes.
    Empty,
    /// The sender has closed its direction, or reset the connection.
    End,
}

/// The directions of all connections.
///
/// At most 2,048 are followed, each with at most 16 KB that wait for a gap to be filled.
#[derive(Debug, Default)]
pub struct Streams {
    /// The latest last.
    flows: VecDeque<(Flow, Direction)>,
}

#[derive(Debug, Default)]
struct Direction {
    /// The sequence number that comes next.
    next: Option<u32>,
    /// Segments that came too early, by how far behind `next` they start.
    waiting: BTreeMap<u32, Vec<u8>>,
    waiting_bytes: usize,
    ended: bool,
}

impl Streams {
    /// Hands to `each` what a segment brings, in order.
    pub fn handle(&mut self, segment: &Segment<'_>, each: &mut impl FnMut(Flow, Piece<'_>)) {
        let flow = (segment.source, segment.destination);
        let mut direction = match self.flows.iter().rposition(|(key, _)| *key == flow) {
            Some(index) => self.flows.remove(index).map(|(_, direction)| direction).unwrap_or_default(),
            None => Direction::default(),
        };
        if self.flows.len() >= MAX_FLOWS {
            self.flows.pop_front();
        }
        direction.handle(segment, &mut |piece| each(flow, piece));
        self.flows.push_back((flow, direction));
    }
}

impl Direction {
    fn handle(&mut self, segment: &Segment<'_>, each: &mut impl FnMut(Piece<'_>)) {
        if segment.synchronize {
            let first = segment.sequence_number.wrapping_add(1);
            // A repeated SYN is no new connection.
            if self.next != Some(first) {
                *self = Self { next: Some(first), ..Self::default() };
                each(Piece::Start);
            }
        }
        let sequence_number = segment.sequence_number.wrapping_add(segment.synchronize.into());
        match (segment.payload, segment.not_captured) {
            ([], 0) => {
                // A mere acknowledgment still shows the ports.
                if !(segment.synchronize || segment.finish || segment.reset) {
                    each(Piece::Empty);
                }
            }
            (bytes, 0) => self.bytes(sequence_number, bytes, each),
            (bytes, not_captured) => self.cut(sequence_number, bytes, not_captured, each),
        }
        if (segment.finish || segment.reset) && !self.ended {
            self.ended = true;
            each(Piece::End);
        }
    }

    /// Gives out a segment whose end was not captured, where it is next.
    fn cut(&mut self, sequence_number: u32, bytes: &[u8], not_captured: u32, each: &mut impl FnMut(Piece<'_>)) {
        let next = *self.next.get_or_insert(sequence_number);
        let end = sequence_number.wrapping_add(length(bytes)).wrapping_add(not_captured);
        // Serial arithmetic: more than half of the numbers ahead is behind.
        if end.wrapping_sub(next) > u32::MAX / 2 || sequence_number != next && end == next {
            return;
        }
        if sequence_number == next {
            each(Piece::Cut(bytes));
        } else {
            each(Piece::Lost(end.wrapping_sub(next)));
        }
        self.next = Some(end);
    }

    fn bytes(&mut self, sequence_number: u32, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        let next = *self.next.get_or_insert(sequence_number);
        // Serial arithmetic: more than half of the numbers ahead is behind.
        let ahead = sequence_number.wrapping_sub(next);
        if ahead == 0 {
            self.advance(bytes, each);
        } else if ahead > u32::MAX / 2 {
            let behind = usize::try_from(ahead.wrapping_neg()).unwrap_or(usize::MAX);
            let (old, new) = bytes.split_at_checked(behind).unwrap_or((bytes, &[]));
            // Bytes that were seen before are reported as repeated, and not read twice.
            each(Piece::Repeated(old));
            if !new.is_empty() {
                self.advance(new, each);
            }
        } else {
            // A retransmission may be longer than what waits: the longest copy has all that the others have.
            let known = self.waiting.get(&sequence_number).map_or(0, Vec::len);
            if bytes.len() > known {
                self.waiting_bytes += bytes.len() - known;
                self.waiting.insert(sequence_number, bytes.to_vec());
            }
            // Bounded: a gap in the capture is never filled.
            if self.waiting_bytes > MAX_WAITING {
                self.give_up(next, each);
            }
        }
    }

    /// Delivers the next bytes, and those that have waited for them.
    fn advance(&mut self, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        each(Piece::Next(bytes));
        let before = self.next.unwrap_or(0);
        let mut next = before.wrapping_add(length(bytes));
        self.next = Some(next);
        while let Some(start) = self.earliest(before).filter(|start| next.wrapping_sub(*start) <= u32::MAX / 2) {
            let Some(waited) = self.waiting.remove(&start) else { break };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(waited.len());
            let overlap = usize::try_from(next.wrapping_sub(start)).unwrap_or(usize::MAX);
            // Retransmissions overlap: only the new part is delivered.
            if let Some(new @ [_, ..]) = waited.get(overlap..) {
                each(Piece::Next(new));
                next = next.wrapping_add(length(new));
                self.next = Some(next);
            }
        }
    }

    /// Returns where the earliest bytes that wait start, all of which are ahead of `next`. It is a look-up,
    /// however many wait: a sender of many short segments makes none of them dear.
    fn earliest(&self, next: u32) -> Option<u32> {
        let (behind_wrap, ahead) = (self.waiting.range(..next), self.waiting.range(next..));
        ahead.chain(behind_wrap).next().map(|(start, _)| *start)
    }

    /// Takes the gap before the earliest bytes that wait as lost.
    fn give_up(&mut self, next: u32, each: &mut impl FnMut(Piece<'_>)) {
        let Some((start, waited)) = self.earliest(next).and_then(|start| self.waiting.remove_entry(&start)) else {
            return;
        };
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waited.len());
        each(Piece::Lost(start.wrapping_sub(next)));
        self.next = Some(start);
        self.advance(&waited, each);
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(segments: &[(u32, std::ops::Range<u8>, u32)]) -> (Vec<u8>, Vec<String>) {
        let mut streams = Streams::default();
        let (mut bytes, mut others) = (Vec::new(), Vec::new());
        for (sequence_number, range, not_captured) in segments {
            let payload: Vec<u8> = range.clone().collect();
            let ends = [1, 1723].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
            let segment = Segment {
                source: ends[0],
                destination: ends[1],
                sequence_number: *sequence_number,
                synchronize: false,
                finish: false,
                reset: false,
                payload: &payload,
                not_captured: *not_captured,
            };
            streams.handle(&segment, &mut |_, piece| match piece {
                Piece::Next(next) => bytes.extend(next),
                other => others.push(format!("{other:?}")),
            });
        }
        (bytes, others)
    }

    #[test]
    fn the_longest_copy_of_what_waits_is_kept() {
        let segments = [(0, 0..10, 0), (20, 20..25, 0), (20, 20..120, 0), (10, 10..20, 0), (120, 120..130, 0)];
        let (bytes, others) = pieces(&segments);
        assert_eq!(bytes, (0..130).collect::<Vec<u8>>());
        assert_eq!(others, Vec::<String>::new());
        // A shorter copy changes nothing.
        let segments = [(0, 0..10, 0), (20, 20..120, 0), (20, 20..25, 0), (10, 10..20, 0), (120, 120..130, 0)];
        assert_eq!(pieces(&segments).0, (0..130).collect::<Vec<u8>>());
    }

    /// The sequence numbers go round between what waits and what comes.
    #[test]
    fn waiting_bytes_are_found_over_the_wrap() {
        let start = 0xffff_fff0_u32;
        for order in [[3, 2, 1], [2, 3, 1], [1, 3, 2]] {
            let mut segments = vec![(start, 0..10u8, 0)];
            segments.extend(
                order.map(|place: u8| (start.wrapping_add(u32::from(place) * 10), place * 10..place * 10 + 10, 0)),
            );
            assert_eq!(pieces(&segments), ((0..40).collect(), Vec::new()), "{order:?}");
        }
    }

    /// Many short segments of many connections come too early. Each byte is given once at most. No more
    /// than 16 KB of a direction wait, in no more directions than are followed.
    #[test]
    fn a_segment_costs_its_own_bytes_and_what_waits_is_bounded() {
        let mut streams = Streams::default();
        let (mut bytes_in, mut given) = (0u64, 0u64);
        let mut send = |streams: &mut Streams, port: u16, sequence_number: u32, payload: &[u8]| {
            let ends = [port, 1723].map(|port| SocketAddr::from(([192, 0, 2, 1], port)));
            let segment = Segment {
                source: ends[0],
                destination: ends[1],
                sequence_number,
                synchronize: false,
                finish: false,
                reset: false,
                payload,
                not_captured: 0,
            };
            bytes_in += u64::try_from(payload.len()).unwrap();
            streams.handle(&segment, &mut |_, piece| {
                if let Piece::Next(bytes) | Piece::Repeated(bytes) | Piece::Cut(bytes) = piece {
                    given += u64::try_from(bytes.len()).unwrap();
                }
            });
        };
        for port in 0..3000 {
            send(&mut streams, port, 0, &[1; 4]);
            send(&mut streams, port, 100, &[1; 4]);
        }
        // Every second byte, so that nothing joins, and then each of them again, one byte longer.
        for round in 1..=2 {
            for place in 0..20_000 {
                send(&mut streams, 2999, 1000 + place * 2, &[0, 1][..round]);
                let (_, direction) = streams.flows.back().unwrap();
                assert!(direction.waiting_bytes <= MAX_WAITING && direction.waiting.len() <= MAX_WAITING);
            }
            let (_, direction) = streams.flows.back().unwrap();
            assert_eq!(direction.waiting_bytes, direction.waiting.values().map(Vec::len).sum::<usize>());
        }
        assert_eq!(streams.flows.len(), MAX_FLOWS);
        assert!(given <= bytes_in, "{given} bytes of {bytes_in}");
    }

    #[test]
    fn bytes_that_were_not_captured_are_stepped_over() {
        let (bytes, others) = pieces(&[(0, 0..10, 0), (10, 10..14, 6), (20, 20..30, 0), (10, 10..14, 6)]);
        assert_eq!(bytes, (0..10).chain(20..30).collect::<Vec<u8>>());
        assert_eq!(others, ["Cut([10, 11, 12, 13])"]);
    }
}
