//! The first two bytes of a GRE header.

/// RFC 2637 section 4.1, RFC 1701: the flags and version of a GRE header, bit by bit.
///
/// It reads the flags of any version, so an inspector can say what a foreign packet is.
///
/// ```
/// use pptp_gre::Flags;
///
/// let flags = Flags::from_bits(0x3081);
/// assert!(
///     flags.key_present()
///         && flags.sequence_number_present()
///         && flags.acknowledgment_number_present()
/// );
/// assert_eq!(flags.version(), 1);
/// assert!(flags.is_enhanced());
/// assert_eq!(flags.to_string(), "0x3081 (K S A, version 1)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Flags(u16);

impl Flags {
    const CHECKSUM: u16 = 0x8000;
    const ROUTING: u16 = 0x4000;
    const KEY: u16 = 0x2000;
    const SEQUENCE: u16 = 0x1000;
    const STRICT_SOURCE_ROUTE: u16 = 0x0800;
    const RECURSION_CONTROL: u16 = 0x0700;
    const ACKNOWLEDGMENT: u16 = 0x0080;
    const RESERVED: u16 = 0x0078;
    const VERSION: u16 = 0x0007;
    const MUST_BE_ZERO: u16 =
        Self::CHECKSUM | Self::ROUTING | Self::STRICT_SOURCE_ROUTE | Self::RECURSION_CONTROL | Self::RESERVED;

    /// Flags from the first two bytes of a header, big-endian.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Returns the two bytes, big-endian.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Creates the flags of an enhanced GRE header: K and version 1 always, S and A as given.
    #[must_use]
    pub const fn enhanced(sequence_number: bool, acknowledgment_number: bool) -> Self {
        let mut bits = Self::KEY | 1;
        if sequence_number {
            bits |= Self::SEQUENCE;
        }
        if acknowledgment_number {
            bits |= Self::ACKNOWLEDGMENT;
        }
        Self(bits)
    }

    /// Returns bit C: whether a checksum is present. Zero in enhanced GRE.
    #[must_use]
    pub const fn checksum_present(self) -> bool {
        self.0 & Self::CHECKSUM != 0
    }

    /// Returns bit R: whether routing is present. Zero in enhanced GRE.
    #[must_use]
    pub const fn routing_present(self) -> bool {
        self.0 & Self::ROUTING != 0
    }

    /// Returns bit K: whether a key is present. One in enhanced GRE.
    #[must_use]
    pub const fn key_present(self) -> bool {
        self.0 & Self::KEY != 0
    }

    /// Returns bit S: whether a sequence number, and so a payload, is present.
    #[must_use]
    pub const fn sequence_number_present(self) -> bool {
        self.0 & Self::SEQUENCE != 0
    }

    /// Returns bit s: whether the source route is strict. Zero in enhanced GRE.
    #[must_use]
    pub const fn strict_source_route(self) -> bool {
        self.0 & Self::STRICT_SOURCE_ROUTE != 0
    }

    /// Returns Recur, the three bits of recursion control. Zero in enhanced GRE.
    #[must_use]
    pub fn recursion_control(self) -> u8 {
        let [high, _] = self.0.to_be_bytes();
        high & 0x07
    }

    /// Returns bit A: whether an acknowledgment number is present. Only enhanced GRE has it.
    #[must_use]
    pub const fn acknowledgment_number_present(self) -> bool {
        self.0 & Self::ACKNOWLEDGMENT != 0
    }

    /// Returns Flags, the four reserved bits 9 to 12. Zero in enhanced GRE.
    #[must_use]
    pub fn reserved(self) -> u8 {
        let [_, low] = self.0.to_be_bytes();
        (low >> 3) & 0x0f
    }

    /// Returns Ver, the version, which is 1 in enhanced GRE.
    #[must_use]
    pub fn version(self) -> u8 {
        let [_, low] = (self.0 & Self::VERSION).to_be_bytes();
        low
    }

    /// Returns whether these are flags that RFC 2637 allows: K set, version 1, nothing but S and A
    /// beside them.
    #[must_use]
    pub const fn is_enhanced(self) -> bool {
        self.0 & !(Self::SEQUENCE | Self::ACKNOWLEDGMENT) == Self::KEY | 1
    }

    /// Returns whether a bit is set that RFC 2637 wants zero (C, R, s, Recur or Flags).
    #[must_use]
    pub const fn has_forbidden_bits(self) -> bool {
        self.0 & Self::MUST_BE_ZERO != 0
    }
}

impl core::fmt::Display for Flags {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:#06x} (", self.0)?;
        let letters = [
            (self.checksum_present(), 'C'),
            (self.routing_present(), 'R'),
            (self.key_present(), 'K'),
            (self.sequence_number_present(), 'S'),
            (self.strict_source_route(), 's'),
            (self.acknowledgment_number_present(), 'A'),
        ];
        let mut separator = "";
        for (_, letter) in letters.iter().filter(|(set, _)| *set) {
            write!(f, "{separator}{letter}")?;
            separator = " ";
        }
        if !separator.is_empty() {
            f.write_str(", ")?;
        }
        write!(f, "version {})", self.version())
    }
}

impl core::fmt::Debug for Flags {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Flags({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    /// C, R, K, S, s, Recur (3), A, Flags (4), Ver (3), from the first bit on.
    #[test]
    fn section_4_1_each_bit_is_read_by_its_name_alone() {
        for place in 0..16u32 {
            let flags = Flags::from_bits(0x8000 >> place);
            let read = [
                flags.checksum_present(),
                flags.routing_present(),
                flags.key_present(),
                flags.sequence_number_present(),
                flags.strict_source_route(),
                flags.recursion_control() == 4,
                flags.recursion_control() == 2,
                flags.recursion_control() == 1,
                flags.acknowledgment_number_present(),
                flags.reserved() == 8,
                flags.reserved() == 4,
                flags.reserved() == 2,
                flags.reserved() == 1,
                flags.version() == 4,
                flags.version() == 2,
                flags.version() == 1,
            ];
            let found: Vec<u32> = (0..16).zip(read).filter_map(|(place, is_read)| is_read.then_some(place)).collect();
            assert_eq!(found, [place], "{flags}");
            assert_eq!(flags.has_forbidden_bits(), ![2, 3, 8, 13, 14, 15].contains(&place), "{flags}");
        }
    }

    #[test]
    fn section_4_1_enhanced_gre_has_k_version_1_and_s_and_a_as_wanted() {
        for (s, a, bits) in [(false, false, 0x2001), (true, false, 0x3001), (false, true, 0x2081), (true, true, 0x3081)]
        {
            assert_eq!(Flags::enhanced(s, a).bits(), bits);
            assert!(Flags::from_bits(bits).is_enhanced());
        }
        for other in [0x3080, 0x3082, 0x1001, 0xb001, 0x3801, 0x3101, 0x3009] {
            assert!(!Flags::from_bits(other).is_enhanced(), "{other:#x}");
        }
        assert_eq!(Flags::from_bits(0).to_string(), "0x0000 (version 0)");
    }
}
