//! A RADIUS server's policy on encryption.

/// RFC 2548 section 2.4.4: MS-MPPE-Encryption-Policy, whether encryption is allowed or required.
///
/// ```
/// use mschap::radius::EncryptionPolicy;
///
/// assert!(
///     EncryptionPolicy::REQUIRED.is_required() && !EncryptionPolicy::ALLOWED.is_required()
/// );
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "a number of the wire, whatever its value")]
pub struct EncryptionPolicy(pub u32);

impl EncryptionPolicy {
    /// 1: any type of encryption that is allowed, or none.
    pub const ALLOWED: Self = Self(1);
    /// 2: one of the types that are allowed.
    pub const REQUIRED: Self = Self(2);

    /// Returns whether a session without encryption must end. True for every value but 1, so that
    /// no unknown one weakens it.
    #[must_use]
    pub const fn is_required(self) -> bool {
        self.0 != Self::ALLOWED.0
    }
}

impl core::fmt::Debug for EncryptionPolicy {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match *self {
            Self::ALLOWED => f.write_str("EncryptionPolicy(1, allowed)"),
            Self::REQUIRED => f.write_str("EncryptionPolicy(2, required)"),
            Self(other) => write!(f, "EncryptionPolicy({other})"),
        }
    }
}

/// RFC 2548 section 2.4.5: MS-MPPE-Encryption-Types, the lengths of keys that are allowed. 56 bits have no place in it.
///
/// ```
/// use mschap::radius::EncryptionTypes;
///
/// let types = EncryptionTypes(6);
/// assert!(types.allows_40_bit() && types.allows_128_bit());
/// assert_eq!(types.mppe_supported_bits(), 0x60);
/// assert_eq!(EncryptionTypes::BITS_128.mppe_supported_bits(), 0x40);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[expect(clippy::exhaustive_structs, reason = "bits of the wire, whatever their value")]
pub struct EncryptionTypes(pub u32);

impl EncryptionTypes {
    /// The L bit: 40-bit keys.
    pub const BITS_40: Self = Self(0x0000_0002);
    /// The S bit: 128-bit keys.
    pub const BITS_128: Self = Self(0x0000_0004);

    /// Returns whether 40-bit keys are allowed.
    #[must_use]
    pub const fn allows_40_bit(self) -> bool {
        self.0 & Self::BITS_40.0 != 0
    }

    /// Returns whether 128-bit keys are allowed.
    #[must_use]
    pub const fn allows_128_bit(self) -> bool {
        self.0 & Self::BITS_128.0 != 0
    }

    /// Returns the same as the L and S bits of RFC 3078 section 2, which CCP negotiates in its
    /// option 18.
    #[must_use]
    pub const fn mppe_supported_bits(self) -> u32 {
        let mut bits = 0;
        // RFC 2548 section 2.4.5 has no bit for 56 bits.
        if self.allows_40_bit() {
            bits |= 0x20;
        }
        if self.allows_128_bit() {
            bits |= 0x40;
        }
        bits
    }
}

impl core::ops::BitOr for EncryptionTypes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl core::fmt::Debug for EncryptionTypes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EncryptionTypes({:#x})", self.0)
    }
}
