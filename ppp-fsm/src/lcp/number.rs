//! Numbers in the options of LCP.

number! {
    /// RFC 1661 section 6: the type of an LCP option.
    ///
    /// ```
    /// use ppp_fsm::lcp::OptionType;
    ///
    /// assert_eq!(OptionType::MAGIC_NUMBER.to_string(), "Magic-Number");
    /// assert_eq!(OptionType(200).to_string(), "option 200");
    /// ```
    pub struct OptionType(u8), "option", "{}";

    /// RFC 2153: an option of a vendor's own.
    VENDOR_SPECIFIC = 0 => "Vendor-Specific";
    /// RFC 1661 section 6.1.
    #[doc(alias = "MRU")]
    MAXIMUM_RECEIVE_UNIT = 1 => "Maximum-Receive-Unit";
    /// RFC 1662 section 7.1.
    #[doc(alias = "ACCM")]
    ASYNC_CONTROL_CHARACTER_MAP = 2 => "Async-Control-Character-Map";
    /// RFC 1661 section 6.2.
    AUTHENTICATION_PROTOCOL = 3 => "Authentication-Protocol";
    /// RFC 1661 section 6.3.
    QUALITY_PROTOCOL = 4 => "Quality-Protocol";
    /// RFC 1661 section 6.4.
    MAGIC_NUMBER = 5 => "Magic-Number";
    /// RFC 1661 section 6.5.
    #[doc(alias = "PFC")]
    PROTOCOL_FIELD_COMPRESSION = 7 => "Protocol-Field-Compression";
    /// RFC 1661 section 6.6.
    #[doc(alias = "ACFC")]
    ADDRESS_AND_CONTROL_FIELD_COMPRESSION = 8 => "Address-and-Control-Field-Compression";
    /// RFC 1570 section 2.1.
    FCS_ALTERNATIVES = 9 => "FCS-Alternatives";
    /// RFC 1570 section 2.2.
    #[doc(alias = "SDP")]
    SELF_DESCRIBING_PADDING = 10 => "Self-Describing-Padding";
    /// RFC 1663.
    NUMBERED_MODE = 11 => "Numbered-Mode";
    /// RFC 1570 section 2.3.
    CALLBACK = 13 => "Callback";
    /// RFC 1570 section 2.4.
    COMPOUND_FRAMES = 15 => "Compound-Frames";
    /// RFC 1990 section 5.1.1.
    #[doc(alias = "MRRU")]
    MULTILINK_MRRU = 17 => "Multilink-MRRU";
    /// RFC 1990 section 5.1.2.
    #[doc(alias = "SSNHF")]
    MULTILINK_SHORT_SEQUENCE = 18 => "Multilink-Short-Sequence-Number";
    /// RFC 1990 section 5.1.3.
    ENDPOINT_DISCRIMINATOR = 19 => "Endpoint-Discriminator";
    /// RFC 2125.
    LINK_DISCRIMINATOR = 23 => "Link-Discriminator";
}

number! {
    /// RFC 1570 section 2.3: what the message of a callback option is.
    ///
    /// ```
    /// use ppp_fsm::lcp::CallbackOperation;
    ///
    /// assert_eq!(CallbackOperation::CBCP.to_string(), "CBCP");
    /// ```
    pub struct CallbackOperation(u8), "operation", "{}";

    /// Nothing: the authentication says where to call.
    AUTHENTICATION = 0 => "Authentication";
    /// The string to dial, for the device that calls.
    DIALING_STRING = 1 => "Dialing-String";
    /// A place, to be looked up.
    LOCATION = 2 => "Location";
    /// An E.164 number.
    E164 = 3 => "E.164";
    /// A distinguished name.
    DISTINGUISHED_NAME = 4 => "Distinguished-Name";
    /// Microsoft's Callback Control Protocol will say. Windows clients ask for it.
    CBCP = 6 => "CBCP";
}

number! {
    /// RFC 1990 section 5.1.3: what the address of an endpoint discriminator is.
    ///
    /// ```
    /// use ppp_fsm::lcp::EndpointClass;
    ///
    /// assert_eq!(EndpointClass::LOCAL.to_string(), "Local");
    /// ```
    pub struct EndpointClass(u8), "class", "{}";

    /// No address.
    NULL = 0 => "Null";
    /// Locally assigned, at most 20 bytes. Windows sends this.
    LOCAL = 1 => "Local";
    /// An IPv4 address.
    IP = 2 => "IP";
    /// A MAC address.
    MAC = 3 => "MAC";
    /// One to five magic numbers.
    MAGIC_NUMBER_BLOCK = 4 => "Magic-Number-Block";
    /// A telephone number, at most 15 bytes.
    TELEPHONE_NUMBER = 5 => "Telephone-Number";
}

/// RFC 1570 section 2.1: the frame check sequences that the sender takes, as bits; unknown bits are kept.
///
/// ```
/// use ppp_fsm::lcp::FcsAlternatives;
///
/// let both = FcsAlternatives::FCS_16.union(FcsAlternatives::FCS_32);
/// assert!(both.contains(FcsAlternatives::FCS_32) && !both.contains(FcsAlternatives::NULL));
/// assert_eq!(both.to_string(), "16 bit, 32 bit");
/// assert_eq!(FcsAlternatives::from_bits(0x11).to_string(), "null, 0x10");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct FcsAlternatives(u8);

impl FcsAlternatives {
    /// No check sequence.
    pub const NULL: Self = Self(1);
    /// CCITT, 16 bits: the usual one.
    pub const FCS_16: Self = Self(2);
    /// CCITT, 32 bits.
    pub const FCS_32: Self = Self(4);

    /// Creates the byte as it is on the wire.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// Returns the byte for the wire.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Returns whether all bits of `other` are set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Creates the bits of both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::fmt::Display for FcsAlternatives {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let known = [(Self::NULL, "null"), (Self::FCS_16, "16 bit"), (Self::FCS_32, "32 bit")];
        let mut separator = "";
        let mut unknown = self.0;
        for (bit, name) in known {
            unknown &= !bit.0;
            if self.contains(bit) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        match (unknown, separator) {
            (0, "") => f.write_str("none"),
            (0, _) => Ok(()),
            (bits, separator) => write!(f, "{separator}{bits:#04x}"),
        }
    }
}

impl core::fmt::Debug for FcsAlternatives {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "FcsAlternatives({self})")
    }
}
