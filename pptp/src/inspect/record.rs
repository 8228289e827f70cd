//! The output of an inspector: one record after another.

use core::net::{IpAddr, SocketAddr};

use mppe::{Algorithm, FlushedRule};
use ppp_fsm::{Frame, Protocol, chap, eap, pap};
use pptp_wire::Message;

use super::{Authentication, Direction, End, NotDecrypted, Proof, Roles, SessionId};

/// One layer of one packet, or something that follows from it. Borrowed: take what you need.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Record<'a> {
    /// The number that the caller gave with the packet: its number in a file.
    pub tag: u64,
    /// The session it belongs to, where that is known.
    pub session: Option<SessionId>,
    /// Where it goes, where there is a session.
    pub direction: Option<Direction>,
    /// Whether the same packet was seen before. Repeated ones change nothing.
    pub repeated: bool,
    /// The code of the packet.
    pub content: Content<'a>,
}

/// The content of a [`Record`]. The layers of a packet come outermost first.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Content<'a> {
    /// A message of the control connection.
    Control {
        /// The sender.
        source: SocketAddr,
        /// The receiver.
        destination: SocketAddr,
        /// The message; it is encoded to the bytes that were seen.
        message: &'a Message,
    },
    /// The control connection cannot be followed from here on, until a message starts with a segment again.
    ControlUnreadable {
        /// The sender.
        source: SocketAddr,
        /// The receiver.
        destination: SocketAddr,
        /// The error in it.
        error: pptp_wire::StreamError,
    },
    /// A GRE packet, of any version.
    Gre {
        /// The sender.
        source: IpAddr,
        /// The receiver.
        destination: IpAddr,
        /// The packet, or why it is not RFC 2637's.
        packet: Result<pptp_gre::Packet<'a>, pptp_gre::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A PPP frame.
    Frame {
        /// The frame, or the error.
        frame: Result<Frame<'a>, ppp_fsm::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A packet of LCP, CCP, IPCP, IPV6CP or another control protocol.
    ControlProtocol {
        /// The protocol.
        protocol: Protocol,
        /// The packet, or the error.
        packet: Result<ppp_fsm::Packet<'a>, ppp_fsm::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A packet of CHAP or MS-CHAP.
    Chap {
        /// The packet, or the error.
        packet: Result<chap::Packet<'a>, ppp_fsm::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A packet of PAP, with a password in the clear.
    Pap {
        /// The packet, or the error.
        packet: Result<pap::Packet<'a>, ppp_fsm::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A packet of EAP.
    Eap {
        /// The packet, or the error.
        packet: Result<eap::Packet<'a>, ppp_fsm::DecodeError>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// Protocol 0x00fd: encrypted or compressed.
    CompressedData {
        /// The header that it has if it is MPPE or MPPC. `None` when CCP agreed on something else, and when there are
        /// not two bytes.
        header: Option<mppe::Header>,
        /// All its bytes.
        bytes: &'a [u8],
    },
    /// A datagram of a network protocol, in the clear or decrypted.
    Datagram {
        /// The inner protocol: IP, IPv6, or one of header compression.
        protocol: Protocol,
        /// The datagram: an IP packet.
        bytes: &'a [u8],
        /// How it was decrypted; `None` when it was in the clear.
        decrypted: Option<Decryption<'a>>,
    },
    /// Compressed data that was not decrypted.
    NotDecrypted {
        /// Why.
        reason: NotDecrypted,
    },
    /// A packet whose end was not captured. Its contents, as far as they are whole, follow.
    NotCaptured(Cut<'a>),
    /// Something that follows from the packet before.
    Event(Event<'a>),
}

/// The captured part of a packet that was cut by the capture, at its snap length.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Cut<'a> {
    /// A message of the control connection.
    Control {
        /// The sender.
        source: SocketAddr,
        /// The receiver.
        destination: SocketAddr,
        /// Its length and type; `None` when not even these were captured.
        header: Option<pptp_wire::Header>,
    },
    /// A GRE packet, whose header was captured.
    Gre {
        /// The sender.
        source: IpAddr,
        /// The receiver.
        destination: IpAddr,
        /// Call ID, sequence and acknowledgment number.
        header: pptp_gre::Header,
        /// How many bytes of payload it has.
        payload_length: u16,
        /// The bytes that were captured.
        bytes: &'a [u8],
    },
    /// A PPP frame.
    Frame {
        /// Its protocol; `None` when not even that was captured.
        protocol: Option<Protocol>,
        /// The bytes that were captured.
        bytes: &'a [u8],
    },
}

/// How a datagram was decrypted.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Decryption<'a> {
    /// The MPPE header.
    pub header: mppe::Header,
    /// Strength and mode.
    pub algorithm: Algorithm,
    /// The whole plaintext: inner protocol field and datagram.
    pub plaintext: &'a [u8],
    /// Packets that were missed between the one that was decrypted before and this one.
    pub missed: u64,
    /// Whether its place in the key stream of stateful encryption was searched for and found, after a loss. The receiver
    /// cannot do that, and has discarded it.
    pub recovered: bool,
}

/// Something that follows from the packets so far.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A secret fits the response of the client.
    SecretFits {
        /// Which of the two proofs it was checked with.
        proof: Proof,
    },
    /// The secret does not fit.
    SecretDoesNotFit {
        /// Which of the two proofs failed.
        proof: Proof,
    },
    /// The authenticator has answered.
    Authenticated(&'a Authentication),
    /// One direction encrypts from here on.
    Encrypts {
        /// How.
        algorithm: Algorithm,
        /// Whether there are keys to decrypt it.
        keys: Result<(), NotDecrypted>,
    },
    /// It shows what a FLUSHED packet does to the key, which the RFC and Linux do differently.
    FlushedRule(FlushedRule),
    /// It was learnt that the client is the server and the other way round. The directions of earlier records were wrong.
    Roles(Roles),
    /// The session ends.
    Ends(&'a End),
}
