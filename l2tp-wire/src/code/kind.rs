//! Kinds of things.

use core::fmt;

number! {
    /// RFC 2661 section 4.1: whose attribute types an AVP uses; an enterprise number of IANA.
    ///
    /// ```
    /// use l2tp_wire::code::VendorId;
    ///
    /// assert_eq!(VendorId::CISCO.to_string(), "Cisco (9)");
    /// ```
    pub struct VendorId(u16);
    /// The attributes of the RFCs.
    IETF = 0, "IETF";
    /// Cisco: also the version 3 AVPs from before RFC 3931.
    CISCO = 9, "Cisco";
    /// 3Com, who had the PPP Disconnect Cause Code before RFC 3145.
    THREE_COM = 43, "3Com";
    /// Microsoft.
    MICROSOFT = 311, "Microsoft";
    /// Broadband Forum: access line information.
    BROADBAND_FORUM = 3561, "Broadband Forum";
}

number! {
    /// RFC 2661 section 4.4.5: how the LAC authenticated the caller.
    ///
    /// Windows sends 4 in voluntary tunnels, where there is nothing to proxy.
    ///
    /// ```
    /// use l2tp_wire::code::ProxyAuthenticationType;
    ///
    /// assert_eq!(ProxyAuthenticationType::new(2), ProxyAuthenticationType::CHAP);
    /// ```
    #[doc(alias = "Authen Type")]
    pub struct ProxyAuthenticationType(u16);
    /// Name and password as text.
    TEXT = 1, "textual username and password";
    /// CHAP.
    CHAP = 2, "CHAP";
    /// PAP.
    PAP = 3, "PAP";
    /// Not at all.
    NONE = 4, "none";
    /// MS-CHAP version 1.
    MS_CHAP_V1 = 5, "MS-CHAPv1";
}

number! {
    /// RFC 3931 sections 5.4.3 and 10.6: the kind of payload of a pseudowire.
    ///
    /// ```
    /// use l2tp_wire::code::PseudowireType;
    ///
    /// assert_eq!(PseudowireType::PPP.get(), 7);
    /// ```
    pub struct PseudowireType(u16);
    /// Frame Relay (RFC 4591).
    FRAME_RELAY = 1, "Frame Relay";
    /// ATM AAL5 (RFC 4454).
    ATM_AAL5 = 2, "ATM AAL5";
    /// ATM cells of a port (RFC 4454).
    ATM_PORT = 3, "ATM port";
    /// Ethernet with a VLAN tag (RFC 4719).
    ETHERNET_VLAN = 4, "Ethernet VLAN";
    /// Ethernet (RFC 4719).
    ETHERNET = 5, "Ethernet";
    /// HDLC (RFC 4349).
    HDLC = 6, "HDLC";
    /// PPP.
    PPP = 7, "PPP";
}

number! {
    /// RFC 3931 section 5.4.4: the header between cookie and payload.
    ///
    /// ```
    /// use l2tp_wire::code::SublayerType;
    ///
    /// assert_eq!(SublayerType::DEFAULT.to_string(), "default (1)");
    /// ```
    pub struct SublayerType(u16);
    /// Nothing. A missing AVP means the same.
    NONE = 0, "none";
    /// The default L2-Specific Sublayer of section 4.6.
    DEFAULT = 1, "default";
}

number! {
    /// RFC 3931 section 5.4.4: which data packets the sender wants with sequence numbers.
    ///
    /// ```
    /// use l2tp_wire::code::DataSequencing;
    ///
    /// assert_eq!(DataSequencing::ALL.get(), 2);
    /// ```
    pub struct DataSequencing(u16);
    /// None. A missing AVP means the same.
    NONE = 0, "none";
    /// Those that are not IP.
    NON_IP = 1, "non-IP";
    /// All.
    ALL = 2, "all";
}

number! {
    /// RFC 3931 section 5.4.1: with which hash a Message Digest is made.
    ///
    /// The table of the RFC has 0 and 1, its sentence about lengths has 1 and 2. Wireshark, go-l2tp and osmo-el2tpd
    /// use the table. The length of the AVP says the same, and the decoder goes by that.
    ///
    /// ```
    /// use l2tp_wire::code::DigestType;
    ///
    /// assert_eq!(DigestType::HMAC_MD5.get(), 0);
    /// ```
    pub struct DigestType(u8);
    /// HMAC-MD5: 16 bytes.
    HMAC_MD5 = 0, "HMAC-MD5";
    /// HMAC-SHA-1: 20 bytes.
    HMAC_SHA1 = 1, "HMAC-SHA-1";
}

/// RFC 2661 section 4.4.3: the Protocol Version AVP. Not the version in the header of each message.
///
/// ```
/// use l2tp_wire::code::ProtocolVersion;
///
/// assert_eq!(ProtocolVersion::V1_0.to_string(), "1.0");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct ProtocolVersion(u16);

impl ProtocolVersion {
    /// Version 1, revision 0: that of RFC 2661.
    pub const V1_0: Self = Self(0x0100);

    /// Returns the version with this number: the version in the upper byte, the revision in the lower one.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// Returns the number on the wire.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [version, revision] = self.0.to_be_bytes();
        write!(f, "{version}.{revision}")
    }
}

wire_number!(ProtocolVersion(u16));
