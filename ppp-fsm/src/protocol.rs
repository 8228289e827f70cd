//! The numbers of protocols.

number! {
    /// RFC 1661 section 2: the number of the protocol in a frame.
    ///
    /// ```
    /// use ppp_fsm::{Protocol, ProtocolKind};
    ///
    /// assert_eq!(Protocol::IPCP.to_string(), "IPCP");
    /// assert_eq!(Protocol::IPCP.kind(), ProtocolKind::NetworkControl);
    /// assert_eq!(Protocol::IPCP.network_protocol(), Some(Protocol::IP));
    /// assert!(Protocol::IP.is_compressible() && !Protocol::IPCP.is_compressible());
    /// assert!(!Protocol(0x8022).is_valid());
    /// assert_eq!(Protocol(0x4321).to_string(), "protocol 0x4321");
    /// ```
    pub struct Protocol(u16), "protocol", "{:#06x}";

    /// Padding Protocol: what follows is no packet.
    PADDING = 0x0001 => "Padding";
    /// Internet Protocol version 4.
    #[doc(alias = "IPv4")]
    IP = 0x0021 => "IP";
    /// OSI network layer.
    OSI = 0x0023 => "OSI";
    /// DECnet Phase IV.
    DECNET = 0x0027 => "DECnet";
    /// AppleTalk.
    APPLETALK = 0x0029 => "AppleTalk";
    /// Novell IPX.
    IPX = 0x002b => "IPX";
    /// Van Jacobson Compressed TCP/IP (RFC 1144).
    #[doc(alias = "VJ")]
    VJ_COMPRESSED = 0x002d => "VJ-Compressed";
    /// Van Jacobson Uncompressed TCP/IP (RFC 1144).
    #[doc(alias = "VJ")]
    VJ_UNCOMPRESSED = 0x002f => "VJ-Uncompressed";
    /// Bridging PDU.
    BRIDGING = 0x0031 => "Bridging";
    /// Multilink (RFC 1990).
    #[doc(alias = "MP")]
    MULTILINK = 0x003d => "Multilink";
    /// NetBIOS Framing.
    #[doc(alias = "NBF")]
    NETBIOS = 0x003f => "NetBIOS";
    /// Encrypted datagram of ECP (RFC 1968).
    ENCRYPTED = 0x0053 => "Encrypted";
    /// Encrypted datagram of one link of a bundle (RFC 1968).
    ENCRYPTED_LINK = 0x0055 => "Encrypted-Link";
    /// Internet Protocol version 6.
    IPV6 = 0x0057 => "IPv6";
    /// Compressed datagram of one link of a bundle (RFC 1962).
    COMPRESSED_LINK = 0x00fb => "Compressed-Link";
    /// Compressed datagram of CCP (RFC 1962), which is also what MPPE encrypts (RFC 3078).
    #[doc(alias = "MPPE")]
    #[doc(alias = "MPPC")]
    COMPRESSED = 0x00fd => "Compressed";
    /// Cisco Discovery Protocol.
    #[doc(alias = "CDP")]
    CISCO_DISCOVERY = 0x0207 => "CDP";
    /// MPLS unicast.
    MPLS_UNICAST = 0x0281 => "MPLS";
    /// MPLS multicast.
    MPLS_MULTICAST = 0x0283 => "MPLS-Multicast";
    /// Internet Protocol Control Protocol (RFC 1332).
    IPCP = 0x8021 => "IPCP";
    /// OSI Network Layer Control Protocol (RFC 1377).
    OSINLCP = 0x8023 => "OSINLCP";
    /// DECnet Phase IV Control Protocol (RFC 1762).
    DNCP = 0x8027 => "DNCP";
    /// AppleTalk Control Protocol (RFC 1378).
    ATCP = 0x8029 => "ATCP";
    /// Novell IPX Control Protocol (RFC 1552).
    IPXCP = 0x802b => "IPXCP";
    /// Bridging Control Protocol (RFC 3518).
    BCP = 0x8031 => "BCP";
    /// NetBIOS Framing Control Protocol (RFC 2097).
    NBFCP = 0x803f => "NBFCP";
    /// Encryption Control Protocol (RFC 1968).
    ECP = 0x8053 => "ECP";
    /// Encryption Control Protocol of one link of a bundle (RFC 1968).
    ECP_LINK = 0x8055 => "ECP-Link";
    /// IPv6 Control Protocol (RFC 5072).
    IPV6CP = 0x8057 => "IPV6CP";
    /// Compression Control Protocol of one link of a bundle (RFC 1962).
    CCP_LINK = 0x80fb => "CCP-Link";
    /// Compression Control Protocol (RFC 1962).
    CCP = 0x80fd => "CCP";
    /// Cisco Discovery Protocol Control Protocol.
    CDPCP = 0x8207 => "CDPCP";
    /// MPLS Control Protocol (RFC 3032).
    MPLSCP = 0x8281 => "MPLSCP";
    /// Link Control Protocol (RFC 1661).
    LCP = 0xc021 => "LCP";
    /// Password Authentication Protocol (RFC 1334).
    PAP = 0xc023 => "PAP";
    /// Link Quality Report (RFC 1989).
    LQR = 0xc025 => "LQR";
    /// Shiva Password Authentication Protocol.
    SPAP = 0xc027 => "SPAP";
    /// Callback Control Protocol of Microsoft.
    CBCP = 0xc029 => "CBCP";
    /// Bandwidth Allocation Control Protocol (RFC 2125).
    BACP = 0xc02b => "BACP";
    /// Bandwidth Allocation Protocol (RFC 2125).
    BAP = 0xc02d => "BAP";
    /// Challenge Handshake Authentication Protocol (RFC 1994), of whatever algorithm.
    CHAP = 0xc223 => "CHAP";
    /// Extensible Authentication Protocol (RFC 3748).
    EAP = 0xc227 => "EAP";
}

/// RFC 1661 section 2: what a protocol is for, by the range of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the four ranges are all numbers")]
pub enum ProtocolKind {
    /// 0000 to 3fff: datagrams of a network layer.
    Network,
    /// 4000 to 7fff: datagrams of low volume, without a control protocol.
    LowVolume,
    /// 8000 to bfff: a Network Control Protocol.
    #[doc(alias = "NCP")]
    NetworkControl,
    /// c000 to ffff: control of the link, and authentication.
    LinkControl,
}

impl Protocol {
    const EXTENSION: u16 = 0x0100;
    const LAST: u16 = 0x0001;
    const ALL_STATIONS: u16 = 0x00ff;
    const CONTROL: u16 = 0x8000;

    /// Returns whether the low byte is odd and the high byte even, which all protocols have to be
    /// (RFC 1661 section 2).
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 & Self::LAST != 0 && self.0 & Self::EXTENSION == 0
    }

    /// Returns whether one byte can say it (RFC 1661 section 6.5, RFC 1662 section 3.2). All valid
    /// ones below 0100 but 00ff.
    #[must_use]
    pub const fn is_compressible(self) -> bool {
        self.is_valid() && self.0 < Self::ALL_STATIONS
    }

    /// Returns what it is for, by its range.
    #[must_use]
    pub const fn kind(self) -> ProtocolKind {
        match self.0 {
            0x0000..=0x3fff => ProtocolKind::Network,
            0x4000..=0x7fff => ProtocolKind::LowVolume,
            0x8000..=0xbfff => ProtocolKind::NetworkControl,
            0xc000..=0xffff => ProtocolKind::LinkControl,
        }
    }

    /// Creates the datagrams that a Network Control Protocol is about: IP for IPCP.
    #[must_use]
    pub const fn network_protocol(self) -> Option<Self> {
        match self.kind() {
            ProtocolKind::NetworkControl => Some(Self(self.0 & !Self::CONTROL)),
            ProtocolKind::Network | ProtocolKind::LowVolume | ProtocolKind::LinkControl => None,
        }
    }
}
