//! Reading a capture file: from its bytes to the records of an inspector.
//!
//! [`mod@file`] reads the file, [`outer`] takes the outer headers off, [`tcp`] puts the control connection in order, and
//! [`read`] gives all of it to an [`Inspector`]. The table of what is read is at [`LinkType`].

pub mod file;
mod link_type;
pub mod outer;
pub mod tcp;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::mem;

use pptp::inspect::{ControlInput, Direction, Inspector, Record};

pub use link_type::LinkType;

use file::Frame;
use outer::{Address, Carried, Carrier, Outer, Path, Sender};
use tcp::{Piece, Streams};

use crate::inspect::{self, Tunnels};

/// Link types that are not read and yet counted one by one.
const MAX_UNREAD: usize = 64;

/// The parts of a record that the inspector does not know.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "programs make it for what they have not read from a file")]
pub struct Place {
    /// The number of the captured frame that was just read.
    pub number: u64,
    /// When it was captured: seconds and nanoseconds since 1970.
    pub time: (u64, u32),
    /// Sender and receiver of the packet that carries PPP, GRE or the control connection.
    pub path: Option<Path>,
    /// The carrier of PPP; `None` when it is GRE.
    pub carrier: Option<Carrier>,
}

/// The items of a capture, in order.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Item<'a> {
    /// A record of the inspector.
    Record(&'a Record<'a>),
    /// A packet of L2TP, or what follows from it.
    L2tp(&'a inspect::Record<'a>),
    /// An IP fragment that is not whole yet.
    Fragment,
    /// All records of the captured frame were given.
    FrameEnd,
}

/// The summary of reading a capture.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Captured frames.
    pub frames: u64,
    /// Of these, the ones whose end was not captured.
    pub cut: u64,
    /// Frames of each link type that is not read; at most 64 types.
    pub unread: BTreeMap<LinkType, u64>,
    /// The error that stopped the reading early.
    pub outcome: Result<(), file::Error>,
}

/// Reads a capture, feeds the inspector, and hands what comes out to `each`.
///
/// ```
/// use pptp::inspect::{Inspector, Secrets};
/// use vpdn::capture::{self, Item};
///
/// // A pcap file with one frame: PPP, an Echo-Request of LCP.
/// let mut pcap = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\x09\0\0\0".to_vec();
/// pcap.extend(
///     b"\x01\0\0\0\0\0\0\0\x0a\0\0\0\x0a\0\0\0\xc0\x21\x09\x01\0\x08\x01\x02\x03\x04",
/// );
/// let mut inspector = Inspector::new(Secrets::new());
/// let mut records = 0;
/// let report = capture::read(&pcap[..], &mut inspector, |_, item| {
///     records += usize::from(matches!(item, Item::Record(_)));
/// });
/// assert_eq!((report.frames, report.outcome), (1, Ok(())));
/// // The frame, and the packet in it.
/// assert_eq!(records, 2);
/// ```
pub fn read(source: impl Read + Send, inspector: &mut Inspector, each: impl FnMut(&Place, Item<'_>)) -> Report {
    read_with_tunnels(source, inspector, &mut Tunnels::new(), each)
}

/// Reads a capture as [`read`] does, with the secret of the tunnels of L2TP in it, and leaves in `tunnels` what was found
/// out about them.
pub fn read_with_tunnels(
    source: impl Read + Send,
    inspector: &mut Inspector,
    tunnels: &mut Tunnels,
    mut each: impl FnMut(&Place, Item<'_>),
) -> Report {
    let mut outer = Outer::new(mem::take(tunnels));
    let mut streams = Streams::default();
    let mut last = Place { number: 0, time: (0, 0), path: None, carrier: None };
    let (mut cut, mut unread) = (0, BTreeMap::new());
    let (frames, outcome) = file::read(source, |frame| {
        last = Place { number: frame.number, time: frame.time, path: None, carrier: None };
        cut += u64::from(frame.is_cut());
        // Bounded: a damaged file may name any number of link types.
        if !frame.link_type.is_read() && (unread.len() < MAX_UNREAD || unread.contains_key(&frame.link_type)) {
            *unread.entry(frame.link_type).or_default() += 1;
        }
        outer.handle(&frame, &mut |carried| feed(&frame, &carried, inspector, &mut streams, &mut each));
        each(&last, Item::FrameEnd);
    });
    // Packets that still wait are reported at the end of the file.
    inspector.finish(last.number, &mut |record| each(&last, Item::Record(&record)));
    each(&last, Item::FrameEnd);
    *tunnels = outer.into_tunnels();
    Report { frames, cut, unread, outcome }
}

fn feed(
    frame: &Frame<'_>,
    carried: &Carried<'_>,
    inspector: &mut Inspector,
    streams: &mut Streams,
    each: &mut impl FnMut(&Place, Item<'_>),
) {
    let tag = frame.number;
    let mut place = Place { number: frame.number, time: frame.time, path: None, carrier: None };
    match *carried {
        Carried::Control(segment) => {
            place.path = Some((Address::Ip(segment.source.ip()), Address::Ip(segment.destination.ip())));
            let mut sink = |record: Record<'_>| each(&place, Item::Record(&record));
            streams.handle(&segment, &mut |(source, destination), piece| {
                let input = match piece {
                    Piece::Start => ControlInput::Start,
                    Piece::Next(bytes) => ControlInput::Bytes(bytes),
                    Piece::Repeated(bytes) => ControlInput::Repeated(bytes),
                    Piece::Cut(bytes) => ControlInput::Cut(bytes),
                    Piece::Lost(_) => ControlInput::Lost,
                    Piece::Empty => ControlInput::Seen,
                    Piece::End => ControlInput::End,
                };
                inspector.handle_control(tag, source, destination, input, &mut sink);
            });
        }
        Carried::Gre { path, bytes, is_cut } => {
            place.path = Some(path);
            let (Address::Ip(source), Address::Ip(destination)) = path else { return };
            let mut sink = |record: Record<'_>| each(&place, Item::Record(&record));
            if is_cut {
                inspector.handle_cut_gre(tag, source, destination, bytes, &mut sink);
            } else {
                inspector.handle_gre(tag, source, destination, bytes, &mut sink);
            }
        }
        Carried::L2tp(record) => {
            place.path = Some((Address::Ip(record.source.ip()), Address::Ip(record.destination.ip())));
            each(&place, Item::L2tp(record));
        }
        Carried::Frame { path, sender, carrier, bytes, is_cut } => {
            place.path = path;
            place.carrier = Some(carrier);
            let (link, direction) = link(path, sender, carrier);
            let mut sink = |record: Record<'_>| each(&place, Item::Record(&record));
            if is_cut {
                inspector.handle_cut_frame(tag, link, direction, bytes, &mut sink);
            } else {
                inspector.handle_frame(tag, link, direction, bytes, &mut sink);
            }
        }
        Carried::Packet { path, protocol, bytes } => {
            place.path = Some(path);
            let (link, direction) = link(Some(path), None, Carrier::Serial);
            inspector.handle_packet(tag, link, direction, protocol, bytes, &mut |record| {
                each(&place, Item::Record(&record));
            });
        }
        Carried::Fragment { path } => {
            place.path = Some(path);
            each(&place, Item::Fragment);
        }
    }
}

/// Returns a number for the link, and one direction for each of its ends, where the file says which
/// has sent the frame.
fn link(path: Option<Path>, sender: Option<Sender>, carrier: Carrier) -> (u64, Option<Direction>) {
    let mut hasher = DefaultHasher::new();
    carrier.name().hash(&mut hasher);
    match carrier {
        Carrier::Ethernet(session) => session.hash(&mut hasher),
        Carrier::L2tp(session, direction) => {
            session.hash(&mut hasher);
            return (hasher.finish(), Some(direction));
        }
        Carrier::Serial => {}
    }
    // Without addresses the file itself may say which end has sent the frame.
    let Some((source, destination)) = path else {
        let direction = sender.map(|sender| match sender {
            Sender::Capturer => Direction::ToServer,
            Sender::Other => Direction::ToClient,
        });
        return (hasher.finish(), direction);
    };
    source.min(destination).hash(&mut hasher);
    source.max(destination).hash(&mut hasher);
    // The order of the addresses stands for the directions until the authentication shows the
    // server.
    (hasher.finish(), Some(if source < destination { Direction::ToServer } else { Direction::ToClient }))
}
