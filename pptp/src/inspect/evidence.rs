//! Evidence that chance does not give: how much a plaintext shows that its key is right.

/// Evidence, in bits, that a key needs when nothing else speaks for it: two IPv4 headers, or two or three of IPv6.
///
/// A place in a key stream passes for an IPv4 packet by chance once in 2^44 times or less, for an
/// IPv6 packet once in 2^28 (see [`of_packet`]). At most 14 keys are tried, at 16 places and with
/// 32 packets of each of two directions. That is fewer than 2^11 tries for a first packet, and 32
/// for each that confirms it at the same place. So a key that is wrong decrypts something in fewer
/// than one of 2^70 sessions.
pub(super) const OF_A_GIVEN_KEY: u32 = 64;

/// Evidence, in bits, that a key of a proven password needs, where strength, mode or source of the key are not known.
///
/// The password is right, so only 14 choices at 16 places remain: one IP header decides between
/// them.
pub(super) const OF_A_PROVEN_PASSWORD: u32 = 36;

/// Returns how many bits of a plaintext, with its PPP protocol in front, are those that an IP header has to have.
///
/// 0 when it is not a whole IP packet. Chance gives `n` bits once in 2^n times.
pub(super) fn of_packet(plain: &[u8]) -> u32 {
    // RFC 1661 section 6.5: the protocol has one byte where that was agreed.
    let (protocol, bits, packet) = match plain {
        [low, rest @ ..] if low & 1 == 1 => (u16::from(*low), 8, rest),
        [high, low, rest @ ..] => (u16::from_be_bytes([*high, *low]), 16, rest),
        _ => return 0,
    };
    match protocol {
        // Version (4), total length (16), header checksum (16).
        mppe::ProtocolSet::IPV4 if is_ipv4(packet) => 36u32.wrapping_add(bits),
        // Version (4), payload length (16).
        mppe::ProtocolSet::IPV6 if is_ipv6(packet) => 20u32.wrapping_add(bits),
        _ => 0,
    }
}

/// Returns whether version, header length, total length and checksum are right (RFC 791 section
/// 3.1).
fn is_ipv4(packet: &[u8]) -> bool {
    let Some(&[first, _, high, low]) = packet.first_chunk() else { return false };
    let header_length = usize::from(first & 0x0f).saturating_mul(4);
    let total_length = usize::from(u16::from_be_bytes([high, low]));
    let header = packet.get(..header_length).unwrap_or_default();
    first >> 4 == 4 && header.len() >= 20 && total_length == packet.len() && has_right_checksum(header)
}

/// Returns whether version and payload length are right (RFC 8200 section 3).
fn is_ipv6(packet: &[u8]) -> bool {
    let Some((&[first, _, _, _, high, low], _)) = packet.split_first_chunk() else { return false };
    let payload_length = usize::from(u16::from_be_bytes([high, low]));
    first >> 4 == 6 && Some(payload_length) == packet.len().checked_sub(40)
}

/// Returns whether the sum of a header with its checksum, in one's complement, is all ones (RFC 791 section
/// 3.1).
pub(super) fn has_right_checksum(header: &[u8]) -> bool {
    let words = header.chunks_exact(2).filter_map(<[u8]>::first_chunk);
    let sum = words.fold(0u32, |sum, word| sum.wrapping_add(u16::from_be_bytes(*word).into()));
    // At most 30 words carry twice.
    let folded = (sum & 0xffff).wrapping_add(sum >> 16);
    (folded & 0xffff).wrapping_add(folded >> 16) == 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 1071's method in many texts: 172.16.10.99 to 172.16.10.12, TCP, 60 bytes.
    const HEADER: [u8; 20] = [
        0x45, 0x00, 0x00, 0x3c, 0x1c, 0x46, 0x40, 0x00, 0x40, 0x06, 0xb1, 0xe6, 0xac, 0x10, 0x0a, 0x63, 0xac, 0x10,
        0x0a, 0x0c,
    ];

    #[test]
    fn every_checked_bit_of_an_ipv4_header_counts() {
        let mut plain = [0; 62];
        plain[..2].copy_from_slice(&[0x00, 0x21]);
        plain[2..22].copy_from_slice(&HEADER);
        assert_eq!(of_packet(&plain), 52);
        // One byte of protocol shows less.
        assert_eq!(of_packet(&plain[1..]), 44);
        for index in 0..22 {
            for bit in 0..8 {
                let mut wrong = plain;
                wrong[index] ^= 1 << bit;
                assert_eq!(of_packet(&wrong), 0, "byte {index}, bit {bit}");
            }
        }
        assert_eq!(of_packet(&plain[..61]), 0);
    }

    #[test]
    fn an_ipv6_header_shows_less_and_nothing_else_shows_anything() {
        let mut plain = [0; 42];
        plain[..3].copy_from_slice(&[0x00, 0x57, 0x60]);
        assert_eq!(of_packet(&plain), 36);
        assert_eq!(of_packet(&plain[1..]), 28);
        assert_eq!(of_packet(&plain[..41]), 0);
        // A packet of Van Jacobson's compression shows nothing by itself.
        assert_eq!(of_packet(&[0x00, 0x2d, 0x45, 0x00]), 0);
        assert_eq!(of_packet(&[]), 0);
    }
}
