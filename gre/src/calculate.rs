//! Sizes and delays to state to a peer.

use core::time::Duration;

use crate::Header;

/// The version of the outer IP packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(clippy::exhaustive_enums, reason = "there are two versions")]
pub enum IpVersion {
    /// 20 bytes and options. RFC 2637 knows nothing else.
    #[default]
    V4,
    /// 40 bytes and extension headers.
    V6,
}

/// How large a packet may be inside the tunnel, so that the outer one is not fragmented.
///
/// ```
/// use pptp_gre::{IpVersion, Mtu};
///
/// // Ethernet, IPv4: the 40 bytes less that RouterOS's manual tells.
/// let mtu = Mtu::new(1500);
/// assert_eq!((mtu.frame(), mtu.packet()), (1464, 1460));
/// // MPPE takes four bytes more, when address and control are not compressed.
/// assert_eq!(mtu.with_encryption(true).packet(), 1456);
/// // Over PPPoE and IPv6, encrypted, all that can be compressed compressed.
/// let mtu = Mtu::new(1492).with_ip_version(IpVersion::V6).with_encryption(true);
/// assert_eq!(
///     mtu.with_address_and_control(false).with_protocol_compression(true).packet(),
///     1431
/// );
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mtu {
    outer: u16,
    // The bytes that each part takes of it.
    ip: u16,
    ip_options: u16,
    gre: u16,
    address_and_control: u16,
    protocol: u16,
    encryption: u16,
}

impl Mtu {
    /// Creates the MTU of the link that the outer packets leave by. IPv4 without options, GRE with
    /// an acknowledgment, PPP without compression of its header or encryption.
    #[must_use]
    pub const fn new(outer: u16) -> Self {
        Self { outer, ip: 20, ip_options: 0, gre: 16, address_and_control: 2, protocol: 2, encryption: 0 }
    }

    /// Sets the version of the outer IP packets. Default: [`IpVersion::V4`].
    #[must_use]
    pub const fn with_ip_version(mut self, version: IpVersion) -> Self {
        self.ip = match version {
            IpVersion::V4 => 20,
            IpVersion::V6 => 40,
        };
        self
    }

    /// Sets the bytes of options or extension headers in the outer IP packets, and of any other
    /// headers around them. Default: 0.
    #[must_use]
    pub const fn with_ip_options(mut self, bytes: u16) -> Self {
        self.ip_options = bytes;
        self
    }

    /// Sets whether packets carry acknowledgments: four bytes. Default: yes, and it should stay,
    /// since any packet may.
    #[must_use]
    pub const fn with_acknowledgment(mut self, carried: bool) -> Self {
        self.gre = if carried { 16 } else { 12 };
        self
    }

    /// Sets whether frames have PPP's address and control field, two bytes. Default: yes.
    #[must_use]
    #[doc(alias = "ACFC")]
    pub const fn with_address_and_control(mut self, present: bool) -> Self {
        self.address_and_control = if present { 2 } else { 0 };
        self
    }

    /// Sets whether PPP's protocol fields are one byte where they can be. Default: no.
    #[must_use]
    #[doc(alias = "PFC")]
    pub const fn with_protocol_compression(mut self, compressed: bool) -> Self {
        self.protocol = if compressed { 1 } else { 2 };
        self
    }

    /// Sets whether packets are encrypted with MPPE: its header, and a second protocol field.
    /// Default: no.
    #[must_use]
    #[doc(alias = "MPPE")]
    pub const fn with_encryption(mut self, encrypted: bool) -> Self {
        // Behind the protocol 0x00fd: flags and coherency count (2), and the protocol of what is encrypted (2),
        // which Linux never compresses.
        self.encryption = if encrypted { 4 } else { 0 };
        self
    }

    /// Returns the longest PPP frame, which is the payload of the GRE packet.
    #[must_use]
    pub const fn frame(&self) -> u16 {
        self.outer.saturating_sub(self.ip).saturating_sub(self.ip_options).saturating_sub(self.gre)
    }

    /// Returns the longest IP packet inside the tunnel.
    #[must_use]
    pub const fn packet(&self) -> u16 {
        let frame = self.frame().saturating_sub(self.address_and_control);
        frame.saturating_sub(self.protocol).saturating_sub(self.encryption)
    }
}

/// Returns the Packet Processing Delay to state, in tenths of a second, rounded up (RFC 2637
/// section 4.4).
///
/// `mtu` is that of the link between the peers, `window` in packets, `connect_rate` of the line behind us in bits a
/// second,
/// `fudge` what our own work takes. A server without a slow line has a rate of 0 to state none: it gets `fudge`.
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::packet_processing_delay;
///
/// // A window of 8 packets of 1464 bytes takes 3.25 seconds at 28,800 bits a second.
/// assert_eq!(packet_processing_delay(1500, 8, 28_800, Duration::ZERO), 33);
/// assert_eq!(packet_processing_delay(1500, 64, 0, Duration::from_millis(50)), 1);
/// ```
#[must_use]
#[doc(alias = "PPD")]
pub fn packet_processing_delay(mtu: u16, window: u16, connect_rate: u32, fudge: Duration) -> u16 {
    /// IP (20) and GRE with both numbers (16), as the RFC counts.
    const HEADER: u16 = 20 + 16;
    let bits = u64::from(mtu.saturating_sub(HEADER)).saturating_mul(window.into()).saturating_mul(8);
    // A rate of 0 means "unknown" in messages of PPTP, and no delay follows from it.
    let micros = bits.saturating_mul(1_000_000).checked_div(connect_rate.into()).unwrap_or(0);
    let delay = Duration::from_micros(micros).saturating_add(fudge);
    u16::try_from(delay.as_millis().div_ceil(100)).unwrap_or(u16::MAX)
}

/// Returns the receive window that keeps a path full, in packets, at least 1 (RFC 2637 section
/// 4.4).
///
/// `rate` is that of the path in bits a second, `frame` the usual payload of a packet in bytes.
///
/// ```
/// use core::time::Duration;
///
/// use pptp_gre::receive_window;
///
/// // 10 megabits a second, a round trip of 60 ms, and an acknowledgment that waits for 50 ms.
/// assert_eq!(receive_window(10_000_000, Duration::from_millis(110), 1400), 98);
/// ```
#[must_use]
#[doc(alias = "RWS")]
pub fn receive_window(rate: u64, round_trip: Duration, frame: u16) -> u16 {
    let header = u16::try_from(Header::MAX_LEN).unwrap_or(u16::MAX);
    let packet_bits = u128::from(frame.saturating_add(header)).saturating_mul(8);
    let bits = u128::from(rate).saturating_mul(round_trip.as_micros()).div_ceil(1_000_000);
    u16::try_from(bits.div_ceil(packet_bits)).unwrap_or(u16::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_4_4_extremes_are_bounded() {
        assert_eq!(packet_processing_delay(0, 0, 0, Duration::ZERO), 0);
        assert_eq!(packet_processing_delay(u16::MAX, u16::MAX, 1, Duration::MAX), u16::MAX);
        assert_eq!(receive_window(0, Duration::ZERO, 0), 1);
        assert_eq!(receive_window(u64::MAX, Duration::MAX, u16::MAX), u16::MAX);
    }

    /// Outer IP takes 20 or 40 bytes, GRE 8 and 4 for each number, PPP 2 and 2, MPPE 2 and 2.
    #[test]
    fn each_part_of_a_packet_takes_its_bytes() {
        let mtu = Mtu::new(1500);
        assert_eq!((mtu.frame(), mtu.packet()), (1500 - 20 - 16, 1500 - 20 - 16 - 4));
        for (changed, frame, packet) in [
            (mtu.with_ip_version(IpVersion::V6), 1444, 1440),
            (mtu.with_ip_version(IpVersion::V6).with_ip_version(IpVersion::V4), 1464, 1460),
            (mtu.with_ip_options(8), 1456, 1452),
            (mtu.with_acknowledgment(false), 1468, 1464),
            (mtu.with_acknowledgment(false).with_acknowledgment(true), 1464, 1460),
            (mtu.with_address_and_control(false), 1464, 1462),
            (mtu.with_address_and_control(false).with_address_and_control(true), 1464, 1460),
            (mtu.with_protocol_compression(true), 1464, 1461),
            (mtu.with_protocol_compression(true).with_protocol_compression(false), 1464, 1460),
            (mtu.with_encryption(true), 1464, 1456),
            (mtu.with_encryption(true).with_encryption(false), 1464, 1460),
        ] {
            assert_eq!((changed.frame(), changed.packet()), (frame, packet), "{changed:?}");
        }
    }

    #[test]
    fn frames_fit_into_the_outer_packet() {
        for outer in [0, 16, 36, 37, 576, 1280, 1492, 1500, 9000, u16::MAX] {
            for options in [0, 4, 40] {
                let mtu = Mtu::new(outer).with_ip_options(options).with_encryption(true);
                let outer_length = u32::from(mtu.packet()) + 2 + 2 + 4 + 16 + 20 + u32::from(options);
                assert!(mtu.packet() == 0 || outer_length == u32::from(outer), "{mtu:?}");
            }
        }
    }
}
