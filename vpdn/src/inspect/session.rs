//! One session of a tunnel, or one that was set up by hand.

use std::net::IpAddr;

use l2tp_wire::code::{MessageType, PseudowireType, SublayerType};
use l2tp_wire::header::{Carrier, Cookie, CookieSize, SessionLayout, Sublayer};
use l2tp_wire::{Name, Version};
use pptp::inspect::Direction;

use super::end::End;
use super::facts::Facts;
use super::layout;
use super::place::{SessionNumber, TunnelNumber, direction_of};

/// How it is known how data of version 3 looks in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// It is not: no packet that makes sense was seen.
    Unknown,
    /// Control messages said so.
    Signalled(SessionLayout),
    /// The caller said so.
    Given(SessionLayout),
    /// A packet makes sense in this layout alone: a PPP control packet, or an IP packet with a right checksum.
    Found(SessionLayout),
}

impl Layout {
    const fn get(self) -> Option<SessionLayout> {
        match self {
            Self::Unknown => None,
            Self::Signalled(layout) | Self::Given(layout) | Self::Found(layout) => Some(layout),
        }
    }
}

/// A session, as far as it is known.
#[derive(Debug)]
pub struct Session {
    pub(super) number: SessionNumber,
    pub(super) version: Version,
    pub(super) tunnel: Option<TunnelNumber>,
    pub(super) sides: [Side; 2],
    /// Which side is that of the caller: the LAC.
    pub(super) client: usize,
    /// `None` where no message has said so.
    pseudowire: Option<PseudowireType>,
    remote_end_id: Name<32>,
    pub(super) end: Option<End>,
}

/// One end of a session, and what it sends.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) address: IpAddr,
    /// Of version 2: the id of the tunnel that this side chose.
    pub(super) tunnel_id: Option<u32>,
    /// The id of the session that this side chose: it stands in what it receives.
    pub(super) id: Option<u32>,
    /// How data looks that this side receives.
    layout: Layout,
    pub(super) packets: u64,
    pub(super) bytes: u64,
}

impl Side {
    pub(super) const fn new(address: IpAddr, tunnel_id: Option<u32>) -> Self {
        Self { address, tunnel_id, id: None, layout: Layout::Unknown, packets: 0, bytes: 0 }
    }
}

impl Session {
    pub(super) const fn new(
        number: SessionNumber,
        version: Version,
        tunnel: Option<TunnelNumber>,
        sides: [Side; 2],
        client: usize,
    ) -> Self {
        let pseudowire = match version {
            Version::V2 => Some(PseudowireType::PPP),
            Version::V3 => None,
        };
        Self { number, version, tunnel, sides, client, pseudowire, remote_end_id: Name::EMPTY, end: None }
    }

    /// Returns its number.
    #[must_use]
    pub const fn number(&self) -> SessionNumber {
        self.number
    }

    /// Returns the tunnel that it belongs to; `None` for sessions that were set up by hand, and where no control
    /// message was captured.
    #[must_use]
    pub const fn tunnel(&self) -> Option<TunnelNumber> {
        self.tunnel
    }

    /// Returns the addresses of the caller and the other end.
    #[must_use]
    pub fn addresses(&self) -> (IpAddr, IpAddr) {
        let (caller, other) = self.ends();
        (caller.address, other.address)
    }

    /// Returns the ids that the caller and the other end chose, where they are known.
    #[must_use]
    pub const fn ids(&self) -> (Option<u32>, Option<u32>) {
        let (caller, other) = self.ends();
        (caller.id, other.id)
    }

    /// Returns what it carries, where that is known.
    #[must_use]
    pub const fn pseudowire(&self) -> Option<PseudowireType> {
        self.pseudowire
    }

    /// Returns to what the caller wants to be connected: the VCID of version 3. Empty if it names none.
    #[must_use]
    pub const fn remote_end_id(&self) -> &Name<32> {
        &self.remote_end_id
    }

    /// Returns how data of this direction looks. There is nothing to know in version 2.
    #[must_use]
    pub const fn layout(&self, direction: Direction) -> Layout {
        let (caller, other) = self.ends();
        match direction {
            Direction::ToServer => other.layout,
            Direction::ToClient => caller.layout,
        }
    }

    /// Returns the packets of this direction, and their bytes behind the session id.
    #[must_use]
    pub const fn packets(&self, direction: Direction) -> (u64, u64) {
        let (caller, other) = self.ends();
        match direction {
            Direction::ToServer => (caller.packets, caller.bytes),
            Direction::ToClient => (other.packets, other.bytes),
        }
    }

    /// Returns how it ended, if that was captured.
    #[must_use]
    pub const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    const fn ends(&self) -> (&Side, &Side) {
        let [one, other] = &self.sides;
        if self.client == 0 { (one, other) } else { (other, one) }
    }

    pub(super) const fn direction(&self, sender: usize) -> Direction {
        direction_of(sender, self.client)
    }

    /// Returns the sender of a packet, and the other side.
    pub(super) const fn sides_mut(&mut self, sender: usize) -> (&mut Side, &mut Side) {
        let [one, other] = &mut self.sides;
        if sender == 0 { (one, other) } else { (other, one) }
    }

    /// Takes the facts of a control message about the session.
    pub(super) fn follow(&mut self, sender: usize, facts: &Facts<'_>) {
        if let Some(pseudowire) = facts.pseudowire {
            self.pseudowire = Some(pseudowire);
        }
        if let Some(id) = facts.remote_end_id {
            self.remote_end_id = Name::new(id.as_bytes());
        }
        let version = self.version;
        let (sender, _) = self.sides_mut(sender);
        let starts = [
            MessageType::INCOMING_CALL_REQUEST,
            MessageType::INCOMING_CALL_REPLY,
            MessageType::OUTGOING_CALL_REQUEST,
            MessageType::OUTGOING_CALL_REPLY,
        ];
        // RFC 3931 section 5.4.4: what the sender wants to find in the data that it receives. A hidden AVP may
        // be the cookie.
        let says_layout = facts.message_type.is_some_and(|message_type| starts.contains(&message_type));
        if version == Version::V3 && says_layout && !facts.has_unreadable {
            let cookie_size = facts.cookie.map_or(CookieSize::Zero, |cookie| cookie.size());
            let has_sublayer = facts.sublayer == Some(SublayerType::DEFAULT);
            sender.layout = Layout::Signalled(SessionLayout { cookie_size, has_sublayer });
        }
    }

    /// Reads the bytes behind the session id of version 3, where it is known how they look.
    pub(super) fn read<'a>(
        &mut self,
        sender: usize,
        carrier: Carrier,
        rest: &'a [u8],
        given: Option<SessionLayout>,
    ) -> Option<(Cookie, Option<Sublayer>, &'a [u8], PseudowireType)> {
        let found = layout::find(rest);
        // RFC 3931 section 5.4.4: the receiver has chosen cookie and sublayer of the data that it
        // gets.
        let (_, receiver) = self.sides_mut(sender);
        if receiver.layout == Layout::Unknown {
            receiver.layout = match (given, found) {
                (Some(layout), _) => Layout::Given(layout),
                (None, Some((layout, _))) => Layout::Found(layout),
                (None, None) => return None,
            };
        }
        let layout = receiver.layout.get()?;
        if let (None, Some((_, pseudowire))) = (self.pseudowire, found.filter(|(found, _)| *found == layout)) {
            self.pseudowire = Some(pseudowire);
        }
        let (cookie, sublayer, payload) = layout.decode(carrier, rest).ok()?;
        // Until something shows what it is, nothing is looked for in it.
        Some((cookie, sublayer, payload, self.pseudowire.unwrap_or(PseudowireType::new(0))))
    }
}
