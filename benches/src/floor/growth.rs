//! Growth: what a packet, a timer and an event cost a server that has many sessions besides.

mod l2tp;
mod pptp;

use std::cell::RefCell;
use std::rc::Rc;

use super::Row;

/// Sessions whose event is measured, at the most.
const EVENTS: usize = 64;
/// Packets of one call of the work.
const PACKETS: usize = 64;

/// The form of a packet of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    Clear,
    Encrypted,
}

/// Returns how far a number is behind the first one: past the end of every list when it is before it.
fn index_from(first: u32, number: u32) -> usize {
    number.checked_sub(first).and_then(|index| usize::try_from(index).ok()).unwrap_or(usize::MAX)
}

/// A server with many sessions, of which the first ones are used.
trait Crowd: 'static {
    /// The carrier's name.
    const NAME: &'static str;

    /// Connects so many clients.
    fn new(sessions: usize) -> Self;
    /// Makes packets of 64 bytes, of a client of this kind.
    fn make_packets(&mut self, data: Data);
    /// Takes all packets that were made, and polls.
    fn take_packets(&mut self);
    /// Lets time pass: first until nothing is under way, and then until each session has sent a keepalive. Returns how
    /// many sessions were ready.
    fn pass_time(&mut self) -> usize;
    /// Makes the end of the first sessions.
    fn make_ends(&mut self, count: usize);
    /// Takes the ends that were made, polls the events, and removes the sessions. Returns how many there were.
    fn take_ends(&mut self) -> usize;
}

/// Returns the rows of servers with so many sessions, which are made at once.
pub fn rows(sessions: usize) -> impl Iterator<Item = Row> {
    // At most half of the 65,536 ids of version 2 are given to tunnels.
    let l2tp = (sessions <= l2tp_session::server::Limits::MAX_TUNNELS).then(|| of::<l2tp::Crowd>(sessions));
    of::<pptp::Crowd>(sessions).chain(l2tp.into_iter().flatten())
}

fn of<C: Crowd>(count: usize) -> impl Iterator<Item = Row> {
    let crowd = Rc::new(RefCell::new(C::new(count)));
    let encrypted = packet(Rc::clone(&crowd), Data::Encrypted);
    let clear = packet(Rc::clone(&crowd), Data::Clear);
    // In this order: the last one removes sessions.
    [encrypted, clear, timer(count, Rc::clone(&crowd)), event(count, crowd)].into_iter()
}

fn packet<C: Crowd>(crowd: Rc<RefCell<C>>, data: Data) -> Row {
    let kind = if data == Data::Clear { "clear" } else { "MPPE" };
    let mut is_made = false;
    Row::new(format!("{}: packet in, {kind}", C::NAME), PACKETS, move || {
        let mut crowd = crowd.borrow_mut();
        // The first call is not measured: it makes what the second one takes.
        if is_made {
            crowd.take_packets();
        } else {
            crowd.make_packets(data);
        }
        is_made = !is_made;
    })
}

fn timer<C: Crowd>(count: usize, crowd: Rc<RefCell<C>>) -> Row {
    let mut is_quiet = false;
    Row::new(format!("{}: timer, and its packet out", C::NAME), count, move || {
        let ready = crowd.borrow_mut().pass_time();
        assert!(!is_quiet || ready >= count, "{ready} of {count}");
        is_quiet = true;
    })
}

fn event<C: Crowd>(count: usize, crowd: Rc<RefCell<C>>) -> Row {
    let events = count.min(EVENTS);
    let mut is_made = false;
    Row::new(format!("{}: end of a session, with its events", C::NAME), events, move || {
        let mut crowd = crowd.borrow_mut();
        if is_made {
            assert_eq!(crowd.take_ends(), events);
        } else {
            crowd.make_ends(events);
        }
        is_made = true;
    })
}
