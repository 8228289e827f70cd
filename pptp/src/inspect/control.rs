//! Control connections: streams of messages, and what they say of calls.

use alloc::collections::VecDeque;
use core::net::{IpAddr, SocketAddr};

use pptp_wire::code::OutgoingCallResult;
use pptp_wire::{Message, Reassembler, TCP_PORT};

use super::session::{CLIENT, Origin};
use super::table::Sessions;
use super::{Cause, Content, Cut, Event, Record, Roles, SessionId};

/// Directions of control connections that are followed at a time; the one that was quiet longest is dropped.
const MAX_STREAMS: usize = 2048;

/// The input of one direction of a control connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlInput<'a> {
    /// A new connection starts.
    Start,
    /// The bytes that follow.
    Bytes(&'a [u8]),
    /// Bytes that were given before: a retransmission. They change nothing.
    Repeated(&'a [u8]),
    /// Bytes that follow, and the last message of which was not captured to its end. The stream goes on elsewhere.
    Cut(&'a [u8]),
    /// Bytes are missing here.
    Lost,
    /// A segment without bytes: it shows that there is a connection, and which end is at port 1723.
    Seen,
    /// The sender has closed its direction, or the connection was reset.
    End,
}

#[derive(Default)]
pub(super) struct Streams {
    /// The latest last.
    streams: VecDeque<(Key, Stream)>,
}

type Key = (SocketAddr, SocketAddr);

#[derive(Default)]
struct Stream {
    reassembler: Reassembler,
    /// It is not known where a message starts.
    lost: bool,
}

impl Streams {
    pub(super) fn handle(
        &mut self,
        tag: u64,
        (source, destination): Key,
        input: ControlInput<'_>,
        sessions: &mut Sessions,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        let key = (source, destination);
        let by_port = match (source.port() == TCP_PORT, destination.port() == TCP_PORT) {
            (false, true) => Some((source.ip(), destination.ip())),
            (true, false) => Some((destination.ip(), source.ip())),
            _ => None,
        };
        if let Some((client, server)) = by_port {
            learn(tag, (client, server), Roles::Port, sessions, sink);
        }
        // A packet without bytes still says which end has the port.
        if matches!(input, ControlInput::Seen) {
            return;
        }
        let known = self.streams.iter().rposition(|(other, _)| *other == key);
        let mut stream =
            known.and_then(|index| self.streams.remove(index)).map(|(_, stream)| stream).unwrap_or_default();
        match input {
            ControlInput::Start => stream = Stream::default(),
            // RFC 2637 section 1.4: the cookie is no means to find the next message, except where a
            // capture has a hole.
            ControlInput::Lost => stream = Stream { lost: true, ..Stream::default() },
            ControlInput::Cut(bytes) => {
                stream.read_cut(tag, key, bytes, sessions, sink);
                // The capture has only the start of the segment, so the stream goes on at an
                // unknown place.
                stream = Stream { lost: true, ..Stream::default() };
            }
            ControlInput::Seen => {}
            ControlInput::Bytes(bytes) => stream.read(tag, key, bytes, sessions, sink),
            ControlInput::Repeated(bytes) => repeat(tag, key, bytes, sink),
            ControlInput::End => {
                // A connection that ends without a message clears its calls as well.
                for id in sessions.of_connection(source, destination) {
                    let sender = sessions.sender(id, source);
                    end(tag, id, sender, Cause::ControlConnectionClosed, sessions, sink);
                }
            }
        }
        if !matches!(input, ControlInput::End) {
            // Bounded: a capture of a scan has a connection for every packet.
            if self.streams.len() >= MAX_STREAMS {
                self.streams.pop_front();
            }
            self.streams.push_back((key, stream));
        }
    }
}

impl Stream {
    fn read(
        &mut self,
        tag: u64,
        (source, destination): Key,
        bytes: &[u8],
        sessions: &mut Sessions,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        if self.lost {
            // Go on where a message starts with the bytes that were given.
            if pptp_wire::Header::decode(bytes).is_err() {
                return;
            }
            *self = Self::default();
        }
        let mut rest = bytes;
        loop {
            match self.reassembler.next_message(&mut rest) {
                Ok(Some(message)) => {
                    // The record comes first, so that what follows from it is read behind it.
                    sink(record(tag, false, Content::Control { source, destination, message: &message }));
                    follow(tag, (source, destination), &message, sessions, sink);
                }
                Ok(None) => return,
                Err(error) => {
                    self.lost = true;
                    sink(record(tag, false, Content::ControlUnreadable { source, destination, error }));
                    return;
                }
            }
        }
    }
}

/// Learns which of two hosts is the client of the other.
fn learn(
    tag: u64,
    (client, server): (IpAddr, IpAddr),
    roles: Roles,
    sessions: &mut Sessions,
    sink: &mut impl FnMut(Record<'_>),
) {
    for id in sessions.learn_roles(client, server, roles) {
        if let Some(session) = sessions.get_mut(id) {
            let origin = Origin { tag, sender: CLIENT, repeated: false };
            sink(session.record(origin, Content::Event(Event::Roles(roles))));
        }
    }
}

fn record(tag: u64, repeated: bool, content: Content<'_>) -> Record<'_> {
    Record { tag, session: None, direction: None, repeated, content }
}

impl Stream {
    /// Follows the messages that were captured to their end, and reports the known part of the one
    /// that was not.
    fn read_cut(
        &mut self,
        tag: u64,
        (source, destination): Key,
        bytes: &[u8],
        sessions: &mut Sessions,
        sink: &mut impl FnMut(Record<'_>),
    ) {
        // Bytes that go on with a message that began before look like those of the next one.
        // The rest of a message, whose length is not known, looks like data.
        let goes_on = !self.lost && !self.reassembler.pending().is_empty();
        let mut rest = if goes_on { &[] } else { bytes };
        while let Ok((message, behind)) = Message::decode(rest) {
            sink(record(tag, false, Content::Control { source, destination, message: &message }));
            follow(tag, (source, destination), &message, sessions, sink);
            rest = behind;
        }
        let header = pptp_wire::Header::decode(rest).ok();
        let cut = Cut::Control { source, destination, header };
        sink(record(tag, false, Content::NotCaptured(cut)));
    }
}

/// Shows messages that were given before, where they start with the bytes, without following them.
fn repeat(tag: u64, (source, destination): Key, bytes: &[u8], sink: &mut impl FnMut(Record<'_>)) {
    let mut rest = bytes;
    while let Ok((message, behind)) = Message::decode(rest) {
        sink(record(tag, true, Content::Control { source, destination, message: &message }));
        rest = behind;
    }
}

fn follow(
    tag: u64,
    (source, destination): Key,
    message: &Message,
    sessions: &mut Sessions,
    sink: &mut impl FnMut(Record<'_>),
) {
    match message {
        // Where neither port says more.
        Message::StartControlConnectionRequest(_) => {
            learn(tag, (source.ip(), destination.ip()), Roles::StartRequest, sessions, sink);
        }
        Message::OutgoingCallRequest(request) => {
            sessions.place_call(source, destination, request.call_id);
        }
        Message::IncomingCallRequest(request) => {
            sessions.place_call(source, destination, request.call_id);
        }
        Message::OutgoingCallReply(reply) => {
            let connected = reply.result_code == OutgoingCallResult::CONNECTED;
            let id = sessions.accept_call(source, destination, (reply.peer_call_id, reply.call_id), connected);
            if let (Some(id), false) = (id, connected) {
                let sender = sessions.sender(id, source);
                end(tag, id, sender, Cause::CallRefused(reply.result_code), sessions, sink);
            }
        }
        Message::IncomingCallReply(reply) => {
            let accepted = reply.result_code == pptp_wire::code::IncomingCallResult::CONNECT;
            sessions.accept_call(source, destination, (reply.peer_call_id, reply.call_id), accepted);
        }
        Message::CallClearRequest(request) => {
            // RFC 2637 section 2.12: the request has the id of its sender, the PNS.
            let id = sessions.of_call_id((source, destination), request.call_id);
            if let Some(id) = id {
                let sender = sessions.sender(id, source);
                end(tag, id, sender, Cause::CallCleared, sessions, sink);
            }
        }
        Message::CallDisconnectNotify(notify) => {
            // The sender's call id as the RFC says, or the receiver's as accel-ppp has it.
            let id = sessions
                .of_call_id((source, destination), notify.call_id)
                .or_else(|| sessions.of_call_id((destination, source), notify.call_id));
            if let Some(id) = id {
                let sender = sessions.sender(id, source);
                end(tag, id, sender, Cause::CallDisconnected(notify.result_code), sessions, sink);
            }
        }
        Message::StopControlConnectionRequest(request) => {
            for id in sessions.of_connection(source, destination) {
                let sender = sessions.sender(id, source);
                end(tag, id, sender, Cause::ControlConnectionStopped(request.reason), sessions, sink);
            }
        }
        // The others say nothing of calls.
        Message::StartControlConnectionReply(_)
        | Message::StopControlConnectionReply(_)
        | Message::EchoRequest(_)
        | Message::EchoReply(_)
        | Message::IncomingCallConnected(_)
        | Message::WanErrorNotify(_)
        | Message::SetLinkInfo(_)
        | Message::Unknown(_)
        | _ => {}
    }
}

fn end(
    tag: u64,
    id: SessionId,
    sender: Option<usize>,
    cause: Cause,
    sessions: &mut Sessions,
    sink: &mut impl FnMut(Record<'_>),
) {
    if let Some(session) = sessions.finish(id, sender, cause) {
        if let Some(end) = session.end() {
            let origin = Origin { tag, sender: sender.unwrap_or(0), repeated: false };
            sink(session.record(origin, Content::Event(Event::Ends(end))));
        }
    }
    sessions.note_end(id);
}
