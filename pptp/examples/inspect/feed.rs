//! From the file to the inspector: outer headers off, TCP put in order.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

use ppp_fsm::Protocol;
use pptp::inspect::{ControlInput, Direction, Inspector, Record};

use crate::file::{self, Frame};
use crate::outer::{Address, Carried, Carrier, Outer, Path};
use crate::tcp::{Piece, Streams};

/// What a record is about, as far as the inspector does not know it.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The number of the captured frame that was just read.
    pub number: u64,
    /// When it was captured: seconds and nanoseconds since 1970.
    pub time: (u64, u32),
    /// Sender and receiver of what carries PPP or GRE.
    pub path: Option<Path>,
    /// What carries PPP; `None` when it is GRE.
    pub carrier: Option<Carrier>,
}

/// What is told of a capture, in order.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A record of the inspector.
    Record(&'a Record<'a>),
    /// An IP fragment that is not whole yet.
    Fragment,
    /// An IP packet in a tunnel of another kind, in the clear; the place has its addresses.
    Tunnelled,
    /// All records of the captured frame were given.
    FrameEnd,
}

/// Reads a capture, feeds the inspector, and tells `each` what comes out. Gives how many frames there were, and what
/// stopped it early.
pub fn read(
    source: impl Read + Send,
    inspector: &mut Inspector,
    mut each: impl FnMut(&Place, Item<'_>),
) -> (u64, Result<(), file::Error>) {
    let mut outer = Outer::default();
    let mut streams = Streams::default();
    let mut last = Place { number: 0, time: (0, 0), path: None, carrier: None };
    let (frames, result) = file::read(source, |frame| {
        last = Place { number: frame.number, time: frame.time, path: None, carrier: None };
        outer.handle(&frame, &mut |carried| feed(&frame, &carried, inspector, &mut streams, &mut each));
        each(&last, Item::FrameEnd);
    });
    inspector.finish(last.number, &mut |record| each(&last, Item::Record(&record)));
    each(&last, Item::FrameEnd);
    (frames, result)
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
                    Piece::Next(octets) => ControlInput::Octets(octets),
                    Piece::Repeated(octets) => ControlInput::Repeated(octets),
                    Piece::Lost(_) => ControlInput::Lost,
                    Piece::End => ControlInput::End,
                };
                inspector.handle_control(tag, source, destination, input, &mut sink);
            });
        }
        Carried::Gre { path, octets } => {
            place.path = Some(path);
            if let (Address::Ip(source), Address::Ip(destination)) = path {
                inspector.handle_gre(tag, source, destination, octets, &mut |record| {
                    each(&place, Item::Record(&record));
                });
            }
        }
        Carried::Frame { path, carrier, octets } => {
            (place.path, place.carrier) = (path, Some(carrier));
            let (link, direction) = link(path, carrier);
            inspector.handle_frame(tag, link, direction, octets, &mut |record| each(&place, Item::Record(&record)));
        }
        Carried::Packet { path, protocol, octets } => {
            place.path = Some(path);
            let (link, direction) = link(Some(path), Carrier::Serial);
            inspector.handle_packet(tag, link, direction, Protocol(protocol), octets, &mut |record| {
                each(&place, Item::Record(&record));
            });
        }
        Carried::Fragment => each(&place, Item::Fragment),
        Carried::Tunnelled { path } => {
            place.path = Some(path);
            each(&place, Item::Tunnelled);
        }
    }
}

/// A number for the link, and one direction for each of its ends.
fn link(path: Option<Path>, carrier: Carrier) -> (u64, Direction) {
    let Some((source, destination)) = path else { return (0, Direction::ToServer) };
    let mut hasher = DefaultHasher::new();
    carrier.name().hash(&mut hasher);
    if let Carrier::Ethernet(session) = carrier {
        session.hash(&mut hasher);
    }
    source.min(destination).hash(&mut hasher);
    source.max(destination).hash(&mut hasher);
    (hasher.finish(), if source < destination { Direction::ToServer } else { Direction::ToClient })
}
