//! A capture file of what was decrypted.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use pcap_parser::{LegacyPcapBlock, Linktype, PcapHeader, ToVec};

/// Writes raw IP packets as pcap, with microseconds.
#[derive(Debug)]
pub struct Packets {
    out: BufWriter<File>,
    packets: u64,
}

impl Packets {
    /// Creates the file.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut out = BufWriter::new(File::create(path)?);
        let mut header = PcapHeader::new();
        header.network = Linktype::RAW;
        header.snaplen = 1 << 18;
        out.write_all(&header.to_vec().map_err(io::Error::other)?)?;
        Ok(Self { out, packets: 0 })
    }

    /// Writes an IP packet, with the time when it was captured: seconds and nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn packet(&mut self, (seconds, nanoseconds): (u64, u32), bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let mut block = LegacyPcapBlock {
            ts_sec: u32::try_from(seconds).unwrap_or(u32::MAX),
            ts_usec: nanoseconds / 1_000,
            caplen: length,
            origlen: length,
            data: bytes,
        };
        self.packets += 1;
        self.out.write_all(&block.to_vec().map_err(io::Error::other)?)
    }

    /// Writes what is left. Returns the number of packets.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<u64> {
        self.out.flush()?;
        Ok(self.packets)
    }
}
