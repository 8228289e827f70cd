//! Link types: what the frames of a capture are.

use std::fmt;

/// The kind of frames in a capture: a number of the registry of link-layer header types at tcpdump.org.
///
/// These are read, and what is within them, to a depth of 12:
///
/// | number | name | frames |
/// |---|---|---|
/// | 0 | NULL | a family of addresses in the order of the host (4 bytes), then IP |
/// | 1 | ETHERNET | Ethernet, with IEEE 802.1Q and 802.1ad tags |
/// | 9 | PPP | PPP; or Cisco HDLC, when the first byte is 0f or 8f |
/// | 12, 14 | RAW | IP, as some systems write it |
/// | 50 | PPP_HDLC | as 9 |
/// | 51 | PPP_ETHER | the PPPoE header, then PPP |
/// | 100 | ATM_RFC1483 | logical link control: IP, or PPP (RFC 2364) |
/// | 101 | RAW | IP |
/// | 104 | C_HDLC | Cisco HDLC |
/// | 105 | IEEE802_11 | wireless LAN, data frames that are not encrypted |
/// | 108 | LOOP | OpenBSD's loopback: a family of addresses (4 bytes), then IP |
/// | 109 | ENC | OpenBSD's encapsulated IP: a header of 12 bytes, then IP |
/// | 113 | LINUX_SLL | Linux cooked capture |
/// | 127 | IEEE802_11_RADIOTAP | radio information, then as 105 |
/// | 166 | PPP_PPPD | PPP with the direction in place of the address |
/// | 204 | PPP_WITH_DIR | the direction, then PPP |
/// | 228, 229 | IPV4, IPV6 | IP |
/// | 276 | LINUX_SLL2 | Linux cooked capture, version 2 |
///
/// Within Ethernet, cooked frames and Cisco HDLC: IP, MPLS, PPPoE, PPP by its Ethernet type or, as Windows' NDISWAN
/// writes it, by that of its protocol, and LLC with SNAP. Within IP: IP, GRE of version 0 and 1, TCP port 1723,
/// L2TP on UDP port 1701 and as IP protocol 115. Within PPP: IP and MPLS.
///
/// ```
/// use vpdn::capture::LinkType;
///
/// assert_eq!(LinkType::ETHERNET.to_string(), "1 (ETHERNET)");
/// assert!(LinkType::ENC.is_read());
/// assert_eq!(LinkType(147).to_string(), "147");
/// assert!(!LinkType(147).is_read());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number")]
pub struct LinkType(pub i32);

macro_rules! link_types {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        impl LinkType {
            $(#[doc = concat!("LINKTYPE_", $text, ".")] pub const $name: Self = Self($number);)*

            /// Returns its name in the registry, if it is one of those that are read.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

link_types! {
    NULL = 0, "NULL";
    ETHERNET = 1, "ETHERNET";
    PPP = 9, "PPP";
    RAW_BSD = 12, "RAW";
    RAW_OPENBSD = 14, "RAW";
    PPP_HDLC = 50, "PPP_HDLC";
    PPP_ETHER = 51, "PPP_ETHER";
    ATM_RFC1483 = 100, "ATM_RFC1483";
    RAW = 101, "RAW";
    C_HDLC = 104, "C_HDLC";
    IEEE802_11 = 105, "IEEE802_11";
    LOOP = 108, "LOOP";
    ENC = 109, "ENC";
    LINUX_SLL = 113, "LINUX_SLL";
    IEEE802_11_RADIOTAP = 127, "IEEE802_11_RADIOTAP";
    PPP_PPPD = 166, "PPP_PPPD";
    PPP_WITH_DIR = 204, "PPP_WITH_DIR";
    IPV4 = 228, "IPV4";
    IPV6 = 229, "IPV6";
    LINUX_SLL2 = 276, "LINUX_SLL2";
}

impl LinkType {
    /// Returns the type that a file's header says. Its upper bits say how long a checksum is behind each frame.
    pub(super) const fn from_header(bits: i32) -> Self {
        Self(bits & 0x0fff_ffff)
    }

    /// Returns whether its frames are read.
    #[must_use]
    pub const fn is_read(self) -> bool {
        self.name().is_some()
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} ({name})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
