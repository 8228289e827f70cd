//! The recordings, and the format of their files.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Returns the folder of the recordings, if it is there.
pub(crate) fn recordings() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures/l2tp-lab");
    folder.is_dir().then_some(folder)
}

/// A UDP payload of the recording.
pub(crate) struct Recorded {
    pub(crate) at: Duration,
    pub(crate) from_client: bool,
    pub(crate) bytes: Vec<u8>,
}

/// Reads the classic pcap format, with Ethernet frames that hold IPv4 and UDP; the client is 10.9.0.1.
pub(crate) fn read_pcap(path: &Path) -> Vec<Recorded> {
    let file = std::fs::read(path).unwrap();
    let mut rest = &file[24..];
    let mut packets = Vec::new();
    while rest.len() >= 16 {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let at = Duration::new(number(0).into(), number(4) * 1000);
        let length = usize::try_from(number(8)).unwrap();
        let frame = &rest[16..16 + length];
        rest = &rest[16 + length..];
        // Ethernet 14 bytes, IPv4 without options 20, protocol 17 at 23, source address at 26, UDP 8.
        if frame.len() > 42 && frame[12..15] == [8, 0, 0x45] && frame[23] == 17 {
            packets.push(Recorded { at, from_client: frame[26..30] == [10, 9, 0, 1], bytes: frame[42..].to_vec() });
        }
    }
    let start = packets.first().map_or(Duration::ZERO, |packet| packet.at);
    for packet in &mut packets {
        packet.at -= start;
    }
    packets
}
