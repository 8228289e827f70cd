//! RFC 2866: what is reported of a session.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::attribute::AttributeKind;
use super::packet::Request;

/// RFC 2866 section 5.10: why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number, and nothing else")]
pub struct TerminateCause(pub u32);

impl TerminateCause {
    /// The user hung up.
    pub const USER_REQUEST: Self = Self(1);
    /// The line broke.
    pub const LOST_CARRIER: Self = Self(2);
    /// Nothing came for too long.
    pub const IDLE_TIMEOUT: Self = Self(4);
    /// The session was long enough.
    pub const SESSION_TIMEOUT: Self = Self(5);
    /// An operator ended it.
    pub const ADMIN_RESET: Self = Self(6);
    /// The server goes down.
    pub const ADMIN_REBOOT: Self = Self(7);
    /// Something is wrong on the line.
    pub const PORT_ERROR: Self = Self(8);
    /// The server could not go on.
    pub const NAS_REQUEST: Self = Self(10);
}

/// The usage of a session, from the server's side: input is what the client has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "RFC 2866 has these")]
pub struct Counters {
    /// How long it was up.
    pub time: Duration,
    /// Bytes from the client.
    pub input_bytes: u64,
    /// Bytes to the client.
    pub output_bytes: u64,
    /// Packets from the client.
    pub input_packets: u64,
    /// Packets to the client.
    pub output_packets: u64,
}

/// RFC 2868 section 3.1: the protocol of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number, and nothing else")]
pub struct TunnelType(pub u32);

impl TunnelType {
    /// PPTP.
    pub const PPTP: Self = Self(1);
    /// L2TP, of any version.
    pub const L2TP: Self = Self(3);
}

/// The account of a session.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Account {
    /// Acct-Session-Id: no other session has it, also not after the next start of the server.
    pub session: String,
    /// User-Name.
    pub user: Vec<u8>,
    /// Framed-IP-Address.
    pub address: Ipv4Addr,
    /// Where the client calls from.
    pub calling: IpAddr,
    /// NAS-IP-Address.
    pub nas_address: Ipv4Addr,
    /// NAS-Identifier.
    pub nas_identifier: Option<String>,
    /// NAS-Port.
    pub port: u32,
    /// Tunnel-Type: reported with Tunnel-Medium-Type and Tunnel-Client-Endpoint (RFC 2867 section 3).
    pub tunnel: Option<TunnelType>,
    /// The data that the accepting server wants back: RFC 2865 section 5.25.
    pub class: Vec<Vec<u8>>,
    /// Whether a RADIUS server accepted the user, or a file of ours.
    pub by_radius: bool,
}

impl Account {
    /// Opens an account.
    #[must_use]
    pub fn new(session: String, user: &[u8], address: Ipv4Addr, calling: IpAddr, nas_address: Ipv4Addr) -> Self {
        let user = user.to_vec();
        let (nas_identifier, port, tunnel, class, by_radius) = (None, 0, None, Vec::new(), true);
        Self { session, user, address, calling, nas_address, nas_identifier, port, tunnel, class, by_radius }
    }

    /// Reports that the session is up.
    #[must_use]
    pub fn start(&self) -> Request {
        self.request(1)
    }

    /// Reports what it has used so far.
    #[must_use]
    pub fn interim(&self, counters: &Counters) -> Request {
        let mut request = self.request(3);
        add_counters(&mut request, counters);
        request
    }

    /// Reports its end.
    #[must_use]
    pub fn stop(&self, counters: &Counters, cause: TerminateCause) -> Request {
        let mut request = self.request(2);
        add_counters(&mut request, counters);
        request.add_number(AttributeKind::ACCT_TERMINATE_CAUSE, cause.0);
        request
    }

    fn request(&self, status: u32) -> Request {
        let mut request = Request::accounting();
        request.add_number(AttributeKind::ACCT_STATUS_TYPE, status);
        request.add_text(AttributeKind::ACCT_SESSION_ID, &self.session);
        // RFC 2866 section 5.6: RADIUS (1), or local (2).
        request.add_number(AttributeKind::ACCT_AUTHENTIC, if self.by_radius { 1 } else { 2 });
        for (kind, value) in [(AttributeKind::USER_NAME, &self.user)]
            .into_iter()
            .chain(self.class.iter().map(|class| (AttributeKind::CLASS, class)))
        {
            // Both come from packets in which they had no more room than here.
            let added = request.add(kind, value);
            debug_assert!(added.is_ok(), "{added:?}");
        }
        request.add_number(AttributeKind::FRAMED_IP_ADDRESS, self.address.to_bits());
        add_nas(&mut request, self.nas_address, self.nas_identifier.as_deref(), self.port);
        request.add_text(AttributeKind::CALLING_STATION_ID, &self.calling.to_string());
        if let Some(tunnel) = self.tunnel {
            request.add_tunnel(tunnel, self.calling);
        }
        request
    }
}

/// Adds what each request says of us and of the line: a virtual port, framed, PPP.
pub(super) fn add_nas(request: &mut Request, address: Ipv4Addr, identifier: Option<&str>, port: u32) {
    request.add_number(AttributeKind::NAS_IP_ADDRESS, address.to_bits());
    if let Some(identifier) = identifier {
        request.add_text(AttributeKind::NAS_IDENTIFIER, identifier);
    }
    request.add_number(AttributeKind::NAS_PORT, port);
    let line =
        [(AttributeKind::NAS_PORT_TYPE, 5), (AttributeKind::SERVICE_TYPE, 2), (AttributeKind::FRAMED_PROTOCOL, 1)];
    for (kind, value) in line {
        request.add_number(kind, value);
    }
}

impl Request {
    /// Adds what each request says of us, and of the line: a virtual port, framed, PPP.
    pub fn add_nas(&mut self, address: Ipv4Addr, identifier: Option<&str>, port: u32) {
        add_nas(self, address, identifier, port);
    }

    /// Adds what RFC 2868 says of a tunnel of a client: its type, its medium, and the client's end.
    pub fn add_tunnel(&mut self, tunnel: TunnelType, client: IpAddr) {
        let client = client.to_canonical();
        // Section 3.1: the first byte is a tag, and 0 where there is one tunnel. The numbers are below 2^24.
        self.add_number(AttributeKind::TUNNEL_TYPE, tunnel.0);
        // Section 3.2: 1 is IPv4, and 2 is IPv6.
        self.add_number(AttributeKind::TUNNEL_MEDIUM_TYPE, if client.is_ipv4() { 1 } else { 2 });
        // Section 3.3: a digit is no tag.
        self.add_text(AttributeKind::TUNNEL_CLIENT_ENDPOINT, &client.to_string());
    }
}

fn add_counters(request: &mut Request, counters: &Counters) {
    let time = u32::try_from(counters.time.as_secs()).unwrap_or(u32::MAX);
    request.add_number(AttributeKind::ACCT_SESSION_TIME, time);
    let bytes = [
        (AttributeKind::ACCT_INPUT_OCTETS, AttributeKind::ACCT_INPUT_GIGAWORDS, counters.input_bytes),
        (AttributeKind::ACCT_OUTPUT_OCTETS, AttributeKind::ACCT_OUTPUT_GIGAWORDS, counters.output_bytes),
    ];
    for (low, high, bytes) in bytes {
        // RFC 2869 sections 5.1 and 5.2: what is above 32 bits.
        request.add_number(low, low_half(bytes));
        if let gigawords @ 1.. = low_half(bytes >> 32) {
            request.add_number(high, gigawords);
        }
    }
    let packets = [
        (AttributeKind::ACCT_INPUT_PACKETS, counters.input_packets),
        (AttributeKind::ACCT_OUTPUT_PACKETS, counters.output_packets),
    ];
    for (kind, packets) in packets {
        // RFC 2866 sections 5.8 and 5.9 have 32 bits for them, and nothing above; they begin again.
        request.add_number(kind, low_half(packets));
    }
}

fn low_half(number: u64) -> u32 {
    let [_, _, _, _, low @ ..] = number.to_be_bytes();
    u32::from_be_bytes(low)
}
