//! The inner PPP protocol: which packets may be encrypted, and which decrypted ones can be right.

use core::fmt;

/// RFC 3078 section 3: a set of the PPP protocols that MPPE may carry, 0x0021 to 0x00fa.
///
/// A decryptor takes a plaintext for right only when its protocol is in the set, so the set should hold what was
/// negotiated and nothing else.
///
/// ```
/// use mppe::ProtocolSet;
///
/// let set = ProtocolSet::new().with(ProtocolSet::IPV4).with(ProtocolSet::IPV6);
/// assert_eq!(set, ProtocolSet::IP);
/// assert!(set.contains(0x0021) && !set.contains(0x002d));
/// // LCP is never encrypted.
/// assert!(!ProtocolSet::ALL.contains(0xc021));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolSet([u32; 8]);

impl ProtocolSet {
    /// RFC 1332: IPv4.
    pub const IPV4: u16 = 0x0021;
    /// RFC 5072: IPv6.
    pub const IPV6: u16 = 0x0057;
    /// RFC 1332 section 4: TCP/IP with the header compressed (Van Jacobson).
    pub const VJ_COMPRESSED: u16 = 0x002d;
    /// RFC 1332 section 4: TCP/IP with the header not compressed (Van Jacobson).
    pub const VJ_UNCOMPRESSED: u16 = 0x002f;

    /// The first protocol that may be encrypted.
    pub const FIRST: u16 = 0x0021;
    /// The last protocol that may be encrypted.
    pub const LAST: u16 = 0x00fa;

    /// IPv4 and IPv6.
    pub const IP: Self = Self::new().with(Self::IPV4).with(Self::IPV6);
    /// All protocols that may be encrypted: what an inspector wants, who does not know what was
    /// negotiated. Almost every second wrong plaintext is one of these, so they do not separate
    /// forged packets from genuine ones.
    pub const ALL: Self = {
        let mut set = Self::new();
        let mut protocol = Self::FIRST;
        while protocol <= Self::LAST {
            set = set.with(protocol);
            protocol = protocol.wrapping_add(1);
        }
        set
    };

    /// Creates a set without protocols.
    #[must_use]
    pub const fn new() -> Self {
        Self([0; 8])
    }

    /// Creates the set, and `protocol` in it. One that may not be encrypted is left out.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "`place` gives a word from 0 to 7")]
    pub const fn with(mut self, protocol: u16) -> Self {
        if is_encryptable(protocol) {
            let (word, bit) = Self::place(protocol);
            self.0[word] |= bit;
        }
        self
    }

    /// Returns whether `protocol` is in the set.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "`place` gives a word from 0 to 7")]
    pub const fn contains(&self, protocol: u16) -> bool {
        let (word, bit) = Self::place(protocol);
        is_encryptable(protocol) && self.0[word] & bit != 0
    }

    /// Returns which of the eight words, and which bit of it, stands for a protocol.
    #[expect(clippy::as_conversions, reason = "`usize::from` is not const")]
    const fn place(protocol: u16) -> (usize, u32) {
        ((protocol >> 5 & 7) as usize, 1 << (protocol & 31))
    }
}

impl Default for ProtocolSet {
    /// Returns [`ProtocolSet::IP`].
    fn default() -> Self {
        Self::IP
    }
}

impl fmt::Debug for ProtocolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        for protocol in (Self::FIRST..=Self::LAST).filter(|protocol| self.contains(*protocol)) {
            list.entry(&format_args!("{protocol:#06x}"));
        }
        list.finish()
    }
}

/// Returns whether a protocol may be encrypted (RFC 3078 section 3).
pub(crate) const fn is_encryptable(protocol: u16) -> bool {
    ProtocolSet::FIRST <= protocol && protocol <= ProtocolSet::LAST
}

/// Returns the protocol field at the start of a plaintext, one or two bytes, and what is behind it
/// (RFC 1661 section 2).
pub(crate) fn split(plaintext: &[u8]) -> Option<(u16, &[u8])> {
    match plaintext {
        [low, rest @ ..] if low & 1 == 1 => Some((u16::from(*low), rest)),
        [high, low, rest @ ..] => Some((u16::from_be_bytes([*high, *low]), rest)),
        _ => None,
    }
}

/// How much a plaintext has to show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// A protocol of the set, and the version of an IP packet: for a packet whose turn it is.
    Expected,
    /// Also an IP header whose length is that of the packet: for a packet that would move the count or the key.
    Unexpected,
    /// The same, and no other protocol than IP, which would show nothing: for a packet that several keys are tried on.
    Certain,
}

/// Returns whether a plaintext of `length` bytes that starts with `head` can be right.
pub(crate) fn is_plausible(set: &ProtocolSet, head: &[u8], length: usize, proof: Proof) -> bool {
    let Some((protocol, body)) = split(head) else {
        return false;
    };
    if !set.contains(protocol) {
        return false;
    }
    let behind_protocol = length.saturating_sub(head.len()).saturating_add(body.len());
    let stated = |high: u8, low: u8, more: u16| {
        u32::from(u16::from_be_bytes([high, low]))
            .checked_add(more.into())
            .and_then(|bytes| usize::try_from(bytes).ok())
    };
    match (protocol, body) {
        // For the packet whose turn it is the version is enough: only one count fits, and the
        // genuine packet comes next.
        (ProtocolSet::IPV4, [first, ..]) if proof == Proof::Expected => first >> 4 == 4,
        (ProtocolSet::IPV6, [first, ..]) if proof == Proof::Expected => first >> 4 == 6,
        // A count that jumps would move the key, so random bytes have to hit the length of the
        // packet as well.
        (ProtocolSet::IPV4, [first, _, high, low, ..]) => {
            first >> 4 == 4 && first & 0x0f >= 5 && stated(*high, *low, 0) == Some(behind_protocol)
        }
        (ProtocolSet::IPV6, [first, _, _, _, high, low, ..]) => {
            first >> 4 == 6 && stated(*high, *low, 40) == Some(behind_protocol)
        }
        // Too short for its header, so it is no IP packet.
        (ProtocolSet::IPV4 | ProtocolSet::IPV6, _) => false,
        _ => proof != Proof::Certain,
    }
}
