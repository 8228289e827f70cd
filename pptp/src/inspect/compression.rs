//! MPPC under MPPE: what a compressor made of a packet before it was encrypted (RFC 3078 section 3, implementation note).

#[cfg(feature = "mppc")]
use alloc::boxed::Box;
use alloc::vec::Vec;

use mppe::Flags;

/// The outcome of an attempt to decompress.
pub(super) enum Decompressed {
    /// The packet was not compressed.
    AsItIs,
    /// It was, and this is the packet: an IP packet.
    Packet(Vec<u8>),
    /// It was, and the history that it needs is not known.
    Unknown,
    /// It is no packet: of another key, or forged.
    Wrong,
}

/// The history of one direction.
#[derive(Default)]
pub(super) struct Compression {
    /// Made with the first packet that is compressed.
    #[cfg(feature = "mppc")]
    decompressor: Option<Box<mppc::Decompressor>>,
}

impl Compression {
    /// Decompresses a packet behind a hole, or not behind one. The history moves only with a packet that makes sense: a
    /// forged one, whose key is wrong, does not.
    #[cfg(feature = "mppc")]
    pub(super) fn try_packet(&mut self, bits: Flags, plain: &[u8], has_hole: bool) -> Decompressed {
        /// Longer ones than any link takes.
        const LONGEST: usize = 1 << 13;
        let flags = ppp_session::compression_flags(bits);
        let behind_hole = |decompressor: &mut mppc::Decompressor| {
            if has_hole {
                // RFC 2118 section 4.3: a hole in the history spoils all that follows, until the next one that is flushed.
                decompressor.desynchronize();
            }
        };
        if !bits.contains(Flags::COMPRESSED) {
            // It makes sense by itself, so that it is not tried, and needs no history.
            if let Some(decompressor) = &mut self.decompressor {
                behind_hole(decompressor);
                let _ = decompressor.decompress(flags, plain, LONGEST);
            }
            return Decompressed::AsItIs;
        }
        let mut tried = self.decompressor.clone().unwrap_or_default();
        behind_hole(&mut tried);
        let outcome = match tried.decompress(flags, plain, LONGEST) {
            Ok(packet) if is_ip(packet) => Decompressed::Packet(packet.to_vec()),
            Err(mppc::DecompressError::NotSynchronized) => Decompressed::Unknown,
            Ok(_) | Err(_) => return Decompressed::Wrong,
        };
        self.decompressor = Some(tried);
        outcome
    }

    /// As with the feature `mppc`, but a compressed packet stays so.
    #[cfg(not(feature = "mppc"))]
    #[expect(clippy::unused_self, reason = "as with the feature mppc")]
    pub(super) const fn try_packet(&mut self, bits: Flags, _: &[u8], _: bool) -> Decompressed {
        if bits.contains(Flags::COMPRESSED) { Decompressed::Unknown } else { Decompressed::AsItIs }
    }
}

/// Returns whether a PPP packet can be one of IP: random bytes decompress to something.
#[cfg(feature = "mppc")]
fn is_ip(packet: &[u8]) -> bool {
    use ppp_fsm::{Frame, Protocol};
    let Ok(frame) = Frame::decode(packet) else { return false };
    let version = frame.information.first().map(|byte| byte >> 4);
    // RFC 1144's packets have a protocol of their own, and no version.
    let is_vj = matches!(frame.protocol.0, 0x002d | 0x002f);
    is_vj || matches!((frame.protocol, version), (Protocol::IP, Some(4)) | (Protocol::IPV6, Some(6)))
}
