//! The file format: pcap and pcapng, read in constant memory.

use std::io::Read;

use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{PcapBlockOwned, PcapError};

/// As much of the file as is in memory at a time, and the longest record.
const BUFFER: usize = 1 << 20;

/// Octets that are read first: a section header of pcapng with its options fits.
const FIRST: u64 = 1 << 16;

/// Interfaces of one pcapng section that are remembered; packets of further ones are passed over.
const MAX_INTERFACES: usize = 1024;

/// A captured frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Seconds and nanoseconds since 1970.
    pub time: (u64, u32),
    /// The link type, a number of the registry at tcpdump.org.
    pub link_type: i32,
    /// As many octets of it as were captured.
    pub octets: &'a [u8],
}

/// Why a file cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// It is neither pcap nor pcapng.
    NotACapture,
    /// It ends within a record; everything before was read.
    Cut,
    /// A record is longer than the buffer, or has no sense.
    BadRecord,
    /// The operating system could not read it.
    Read,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotACapture => "not a capture: neither pcap nor pcapng",
            Self::Cut => "the file is cut: it ends within a record",
            Self::BadRecord => "the file is damaged: a record has no sense",
            Self::Read => "the file cannot be read",
        })
    }
}

impl std::error::Error for Error {}

/// Reads a capture and hands each frame to `each`, in order; gives how many there were, and what stopped it early.
pub fn read(source: impl Read + Send, mut each: impl FnMut(Frame<'_>)) -> (u64, Result<(), Error>) {
    let mut number = 0;
    let mut source = source;
    // The format is told by the first block, which a pipe may give in pieces.
    let mut start = Vec::new();
    if source.by_ref().take(FIRST).read_to_end(&mut start).is_err() {
        return (number, Err(Error::Read));
    }
    let mut reader = match pcap_parser::create_reader(BUFFER, std::io::Cursor::new(start).chain(source)) {
        Ok(reader) => reader,
        Err(PcapError::ReadError) => return (number, Err(Error::Read)),
        Err(_) => return (number, Err(Error::NotACapture)),
    };
    let mut interfaces = Interfaces::default();
    let mut incomplete = None;
    let result = loop {
        match reader.next() {
            Ok((length, block)) => {
                if let Some((time, link_type, octets)) = interfaces.packet(&block) {
                    number += 1;
                    each(Frame { number, time, link_type, octets });
                }
                reader.consume(length);
                incomplete = None;
            }
            Err(PcapError::Eof) => break Ok(()),
            Err(PcapError::UnexpectedEof) => break Err(Error::Cut),
            Err(PcapError::Incomplete(_)) => {
                // No more octets than the last time: the record cannot be completed.
                let available = (reader.data().len(), reader.reader_exhausted());
                if incomplete == Some(available) {
                    break Err(if available.1 { Error::Cut } else { Error::BadRecord });
                }
                incomplete = Some(available);
                if reader.refill().is_err() {
                    break Err(Error::Read);
                }
            }
            Err(PcapError::ReadError) => break Err(Error::Read),
            Err(_) => break Err(Error::BadRecord),
        }
    };
    (number, result)
}

/// What the headers say about the packets behind them.
#[derive(Default)]
struct Interfaces {
    nanoseconds: bool,
    /// Link type and time stamp units of each interface of the section; a pcap file has one.
    list: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: i32,
    units_per_second: u64,
    offset: i64,
}

type Packet<'a> = ((u64, u32), i32, &'a [u8]);

impl Interfaces {
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.nanoseconds = header.is_nanosecond_precision();
                let interface = Interface { link_type: header.network.0, units_per_second: 0, offset: 0 };
                self.list = vec![interface];
                None
            }
            PcapBlockOwned::Legacy(block) => {
                let unit = if self.nanoseconds { 1 } else { 1_000 };
                let time = (u64::from(block.ts_sec), block.ts_usec.saturating_mul(unit));
                Some((time, self.list.first()?.link_type, block.data))
            }
            PcapBlockOwned::NG(block) => self.pcapng(block),
        }
    }

    fn pcapng<'a>(&mut self, block: &'a Block<'_>) -> Option<Packet<'a>> {
        match block {
            Block::SectionHeader(_) => {
                self.list.clear();
                None
            }
            Block::InterfaceDescription(description) => {
                if self.list.len() < MAX_INTERFACES {
                    self.list.push(Interface {
                        link_type: description.linktype.0,
                        units_per_second: description.ts_resolution().unwrap_or(1_000_000),
                        offset: description.ts_offset(),
                    });
                }
                None
            }
            Block::EnhancedPacket(packet) => {
                let interface = self.list.get(usize::try_from(packet.if_id).ok()?)?;
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                Some((interface.time(units), interface.link_type, packet.packet_data()))
            }
            Block::SimplePacket(packet) => Some(((0, 0), self.list.first()?.link_type, packet.packet_data())),
            _ => None,
        }
    }
}

impl Interface {
    fn time(&self, units: u64) -> (u64, u32) {
        let per_second = self.units_per_second.max(1);
        let seconds = (units / per_second).saturating_add_signed(self.offset);
        let nanoseconds = u128::from(units % per_second) * 1_000_000_000 / u128::from(per_second);
        (seconds, u32::try_from(nanoseconds).unwrap_or(0))
    }
}
