//! How data of version 3 looks, where no control message says it.

use l2tp_wire::code::PseudowireType;
use l2tp_wire::header::{CookieSize, SessionLayout, Sublayer};

/// RFC 1661 section 2 and RFC 1662 section 3.1: a frame of a control protocol begins like this.
const ADDRESS_CONTROL: [u8; 2] = [0xff, 0x03];

/// The longest padding of a short Ethernet frame.
const MAX_PADDING: usize = 46;

/// Looks for the layout in which a packet makes sense, by evidence that chance does not give: 32 bits at least.
///
/// A cookie of four bytes and a sublayer take as much room as a cookie of eight, and a sublayer alone as much as a
/// cookie. Of these, the sublayer is taken when it has no reserved bit and no sequence number, or a low one.
pub(super) fn find(rest: &[u8]) -> Option<(SessionLayout, PseudowireType)> {
    let at = |length: usize| rest.get(length..).and_then(pseudowire).map(|pseudowire| (length, pseudowire));
    let mut found = [0, 4, 8, 12].into_iter().filter_map(at);
    let (length, pseudowire) = found.next()?;
    // Two layouts fit, so one of them does by chance, and none is taken.
    if found.next().is_some() {
        return None;
    }
    let has_sublayer = length != 0 && rest.get(..length)?.last_chunk().is_some_and(|bytes| looks_like_sublayer(*bytes));
    let cookie_size = match (length, has_sublayer) {
        (12, _) | (8, false) => CookieSize::Eight,
        (8, true) | (4, false) => CookieSize::Four,
        _ => CookieSize::Zero,
    };
    Some((SessionLayout { cookie_size, has_sublayer: has_sublayer || length == 12 }, pseudowire))
}

/// Returns whether four bytes look like a sublayer (RFC 3931 section 4.6). Without S bit all is zero; sequence numbers
/// begin with 0 as a rule.
fn looks_like_sublayer(bytes: [u8; 4]) -> bool {
    matches!(bytes, [0, 0, 0, 0] | [0x40, 0, _, _]) && Sublayer::from_bytes(bytes).to_bytes() == bytes
}

/// Returns the kind of payload that the bytes are, if they can be no other.
fn pseudowire(bytes: &[u8]) -> Option<PseudowireType> {
    if is_ppp(bytes) {
        return Some(PseudowireType::PPP);
    }
    is_ethernet(bytes).then_some(PseudowireType::ETHERNET)
}

fn is_ppp(bytes: &[u8]) -> bool {
    let Some((&[address, control, high, low], packet)) = bytes.split_first_chunk() else { return false };
    if [address, control] != ADDRESS_CONTROL {
        return false;
    }
    match u16::from_be_bytes([high, low]) {
        0x0021 => is_ipv4(packet, 0),
        0x0057 => is_ipv6(packet, 0),
        // Control and authentication protocols have a code, an identifier and a length.
        0x8000..=0xcfff => matches!(packet, &[code, _, high, low, ..] if (1..=16).contains(&code)
            && usize::from(u16::from_be_bytes([high, low])) == packet.len()),
        _ => false,
    }
}

fn is_ethernet(bytes: &[u8]) -> bool {
    let Some(behind) = bytes.get(12..) else { return false };
    match behind.split_first_chunk() {
        Some((&[0x08, 0x00], packet)) => is_ipv4(packet, MAX_PADDING),
        Some((&[0x86, 0xdd], packet)) => is_ipv6(packet, MAX_PADDING),
        // Ethernet and IPv4, of six and four bytes.
        Some((&[0x08, 0x06], packet)) => packet.starts_with(&[0, 1, 8, 0, 6, 4, 0]),
        _ => false,
    }
}

/// Returns whether an IPv4 header has the right checksum and length, with at most so much behind the packet.
fn is_ipv4(packet: &[u8], padding: usize) -> bool {
    let Ok((header, _)) = etherparse::Ipv4Header::from_slice(packet) else { return false };
    let length = usize::from(header.total_len);
    header.header_checksum == header.calc_header_checksum()
        && packet.len().checked_sub(length).is_some_and(|behind| behind <= padding)
}

fn is_ipv6(packet: &[u8], padding: usize) -> bool {
    let Ok((header, rest)) = etherparse::Ipv6Header::from_slice(packet) else { return false };
    rest.len().checked_sub(header.payload_length.into()).is_some_and(|behind| behind <= padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LCP Echo-Request.
    const ECHO: &[u8] = b"\xff\x03\xc0\x21\x09\x00\x00\x08\x01\x02\x03\x04";

    #[test]
    fn each_layout_is_found_in_one_packet() {
        let layouts = [
            (&b""[..], CookieSize::Zero, false),
            (b"\0\0\0\0", CookieSize::Zero, true),
            (b"\x40\0\0\x07", CookieSize::Zero, true),
            (b"\xa1\xb2\xc3\xd4", CookieSize::Four, false),
            (b"\xa1\xb2\xc3\xd4\0\0\0\0", CookieSize::Four, true),
            (b"\xa1\xb2\xc3\xd4\x11\x22\x33\x44", CookieSize::Eight, false),
            (b"\xa1\xb2\xc3\xd4\x11\x22\x33\x44\x40\0\0\x01", CookieSize::Eight, true),
        ];
        for (before, cookie_size, has_sublayer) in layouts {
            let found = find(&[before, ECHO].concat());
            assert_eq!(found, Some((SessionLayout { cookie_size, has_sublayer }, PseudowireType::PPP)), "{before:?}");
        }
    }

    #[test]
    fn chance_finds_nothing() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..random.usize(0..200)).map(|_| random.u8(..)).collect();
            assert_eq!(find(&bytes), None, "{bytes:?}");
        }
    }
}
