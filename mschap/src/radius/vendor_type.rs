//! The numbers of the attributes.

/// RFC 2548: the Vendor-Type of an attribute of Microsoft.
///
/// ```
/// use mschap::radius::VendorType;
///
/// assert_eq!(VendorType::CHAP2_SUCCESS.to_string(), "MS-CHAP2-Success (26)");
/// assert_eq!(VendorType(99).to_string(), "99");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a number of the wire, whatever its value")]
pub struct VendorType(pub u8);

macro_rules! vendor_types {
    ($($(#[$meta:meta])* $constant:ident = $number:literal, $name:literal;)*) => {
        impl VendorType {
            $(
                $(#[$meta])*
                #[doc(alias = $name)]
                pub const $constant: Self = Self($number);
            )*

            /// Returns the name in the RFC, for the types that this crate reads and writes.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                Some(match self {
                    $(Self::$constant => $name,)*
                    _ => return None,
                })
            }
        }
    };
}

vendor_types! {
    /// Section 2.1.3.
    CHAP_RESPONSE = 1, "MS-CHAP-Response";
    /// Section 2.1.5.
    CHAP_ERROR = 2, "MS-CHAP-Error";
    /// Section 2.1.6.
    CPW_1 = 3, "MS-CHAP-CPW-1";
    /// Section 2.1.7.
    CPW_2 = 4, "MS-CHAP-CPW-2";
    /// Section 2.1.8.
    LM_ENC_PW = 5, "MS-CHAP-LM-Enc-PW";
    /// Section 2.2.
    NT_ENC_PW = 6, "MS-CHAP-NT-Enc-PW";
    /// Section 2.4.4.
    ENCRYPTION_POLICY = 7, "MS-MPPE-Encryption-Policy";
    /// Section 2.4.5.
    ENCRYPTION_TYPES = 8, "MS-MPPE-Encryption-Types";
    /// Section 2.1.4.
    DOMAIN = 10, "MS-CHAP-Domain";
    /// Section 2.1.2.
    CHALLENGE = 11, "MS-CHAP-Challenge";
    /// Section 2.4.1.
    MPPE_KEYS = 12, "MS-CHAP-MPPE-Keys";
    /// Section 2.4.2.
    SEND_KEY = 16, "MS-MPPE-Send-Key";
    /// Section 2.4.3.
    RECV_KEY = 17, "MS-MPPE-Recv-Key";
    /// Section 2.3.2.
    CHAP2_RESPONSE = 25, "MS-CHAP2-Response";
    /// Section 2.3.3.
    CHAP2_SUCCESS = 26, "MS-CHAP2-Success";
    /// Section 2.3.4.
    CHAP2_CPW = 27, "MS-CHAP2-CPW";
    /// Section 2.7.6.
    PRIMARY_DNS_SERVER = 28, "MS-Primary-DNS-Server";
    /// Section 2.7.7.
    SECONDARY_DNS_SERVER = 29, "MS-Secondary-DNS-Server";
    /// Section 2.7.8.
    PRIMARY_NBNS_SERVER = 30, "MS-Primary-NBNS-Server";
    /// Section 2.7.9.
    SECONDARY_NBNS_SERVER = 31, "MS-Secondary-NBNS-Server";
}

impl core::fmt::Display for VendorType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl core::fmt::Debug for VendorType {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "VendorType({self})")
    }
}
