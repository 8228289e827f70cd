//! The file format: pcap and pcapng, gzip around it or not, read in constant memory.

use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::read::MultiGzDecoder;
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{PcapBlockOwned, PcapError};

use super::LinkType;

/// As much of the file as is in memory at a time, and the longest record.
const BUFFER: usize = 1 << 20;

/// The most bytes that are read first: a section header of pcapng with its options fits.
const FIRST: u64 = 1 << 16;

/// The length of a pcap file's header, which is less than any section header of pcapng.
const PCAP_HEADER: u64 = 24;

/// Interfaces of one pcapng section that are remembered; packets of further ones are passed over.
const MAX_INTERFACES: usize = 1024;

/// A captured frame.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what each file format has of a frame")]
pub struct Frame<'a> {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Seconds and nanoseconds since 1970.
    pub time: (u64, u32),
    /// The code of the packet.
    pub link_type: LinkType,
    /// As many bytes of it as were captured.
    pub bytes: &'a [u8],
    /// How many bytes it had on the wire.
    pub length: usize,
}

impl Frame<'_> {
    /// Returns whether its end was not captured.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.length > self.bytes.len()
    }
}

/// Why a file cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It is neither pcap nor pcapng, nor a format that is known by name.
    NotACapture,
    /// It is a capture of another format.
    OtherFormat {
        /// Which, and what makes pcap of it.
        advice: &'static str,
    },
    /// It ends within a record, or within what gzip made; everything before was read.
    Cut,
    /// A record is longer than the buffer, or has no sense.
    BadRecord,
    /// The content of the gzip file is damaged; everything before was read.
    BadGzip,
    /// The operating system could not read it.
    Read,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotACapture => "not a capture: neither pcap nor pcapng, nor one of these in gzip",
            Self::OtherFormat { advice } => advice,
            Self::Cut => "the file is cut: it ends within a record",
            Self::BadRecord => "the file is damaged: a record has no sense",
            Self::BadGzip => "the file is damaged: what gzip made cannot be unpacked",
            Self::Read => "the file cannot be read",
        })
    }
}

impl std::error::Error for Error {}

/// The first bytes of formats that are not read, and what to do with such a file.
const OTHER_FORMATS: &[(&[u8], &str)] = &[
    (b"snoop\0\0\0", "a capture of snoop, not pcap: `editcap -F pcap OLD NEW` makes pcap of it"),
    (b"GMBU", "a capture of Microsoft Network Monitor 2, not pcap: `editcap -F pcap OLD NEW` makes pcap of it"),
    (b"RTSS", "a capture of Microsoft Network Monitor 1, not pcap: `editcap -F pcap OLD NEW` makes pcap of it"),
    (b"XCP\0", "a capture of Sniffer, not pcap: `editcap -F pcap OLD NEW` makes pcap of it"),
    (b"\x34\xcd\xb2\xa1", "a pcap file with changed records: `editcap -F pcap OLD NEW` makes plain pcap of it"),
    (b"\xa1\xb2\xcd\x34", "a pcap file with changed records: `editcap -F pcap OLD NEW` makes plain pcap of it"),
    (b"BZh", "packed with bzip2: unpack it with `bunzip2` first"),
    (b"\xfd7zXZ\0", "packed with xz: unpack it with `unxz` first"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it with `unzstd` first"),
    (b"PK\x03\x04", "a ZIP archive: unpack it with `unzip` first"),
];

/// RFC 1952 section 2.3.1: how what gzip made begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Recognizes pppd's option `record`: the time of the start (7), four bytes of it, then another of
/// the seven kinds of records.
fn is_pppd_record(start: &[u8]) -> bool {
    matches!(start, [7, _, _, _, _, 1..=7, ..])
}

fn other_format(start: &[u8]) -> Option<Error> {
    let known = OTHER_FORMATS.iter().find(|(first, _)| start.starts_with(first));
    let advice = match known {
        Some((_, advice)) => advice,
        None if is_pppd_record(start) => {
            "a record of pppd, not pcap: `editcap -F pcap OLD NEW` makes pcap of it, `pppdump -p` shows it"
        }
        None => return None,
    };
    Some(Error::OtherFormat { advice })
}

/// Reads a capture and hands each frame to `each`, in order. Returns how many there were, and what stopped it early.
///
/// ```
/// use vpdn::capture::file::{self, Error};
///
/// // A pcap file with one frame of four bytes, of which two were captured.
/// let mut pcap = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\0\0".to_vec();
/// pcap.extend(b"\x01\0\0\0\0\0\0\0\x02\0\0\0\x04\0\0\0\xff\xff");
/// let mut seen = Vec::new();
/// let outcome =
///     file::read(&pcap[..], |frame| seen.push((frame.bytes.to_vec(), frame.length)));
/// assert_eq!(outcome, (1, Ok(())));
/// assert_eq!(seen, [(vec![0xff, 0xff], 4)]);
/// assert_eq!(file::read(&b"some text"[..], |_| {}), (0, Err(Error::NotACapture)));
/// ```
pub fn read(source: impl Read + Send, mut each: impl FnMut(Frame<'_>)) -> (u64, Result<(), Error>) {
    let mut source = source;
    // The first block shows the format, and a pipe may give it in pieces.
    let Ok(start) = first(&mut source) else { return (0, Err(Error::Read)) };
    // Captures are often stored packed, so gzip is read as it comes.
    if !start.starts_with(&GZIP) {
        return frames(start, source, &mut each);
    }
    let trouble = Trouble::default();
    let mut unpacked =
        Unpacked { decoder: MultiGzDecoder::new(Cursor::new(start).chain(source)), trouble: trouble.clone() };
    let Ok(start) = first(&mut unpacked) else { return (0, Err(Error::BadGzip)) };
    let (number, result) = frames(start, unpacked, &mut each);
    // Where unpacking stopped, the rest is missing, whether within a record or between two.
    let result = match result {
        Err(Error::NotACapture) if trouble.is_bad() => Err(Error::BadGzip),
        _ if trouble.is_cut() => Err(Error::Cut),
        _ if trouble.is_bad() => Err(Error::BadGzip),
        result => result,
    };
    (number, result)
}

/// Reads as much as shows the format, and no more: a capture may be read while it is written.
fn first(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    source.take(PCAP_HEADER).read_to_end(&mut start)?;
    let missing = needed(&start).saturating_sub(PCAP_HEADER);
    source.take(missing).read_to_end(&mut start)?;
    Ok(start)
}

/// Returns how many bytes of a file show its format.
fn needed(start: &[u8]) -> u64 {
    match start {
        // RFC 1952, and pcap in either byte order, with microseconds or nanoseconds.
        [0x1f, 0x8b, ..] | [0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2, 0xa1, ..] | [0xa1, 0xb2, 0xc3 | 0x3c, 0xd4 | 0x4d, ..] => {
            PCAP_HEADER
        }
        // The section header of pcapng: type, length, and the mark of the byte order.
        [0x0a, 0x0d, 0x0d, 0x0a, a, b, c, d, order, ..] => {
            let length = [*a, *b, *c, *d];
            // The mark of the byte order says how the length of the block is to be read.
            let length = if *order == 0x4d { u32::from_le_bytes(length) } else { u32::from_be_bytes(length) };
            u64::from(length).min(FIRST)
        }
        _ => FIRST,
    }
}

/// The unpacked content of a gzip file. It ends where it cannot be unpacked any more, and `trouble`
/// says so.
struct Unpacked<R> {
    decoder: MultiGzDecoder<R>,
    trouble: Trouble,
}

/// Why unpacking stopped.
#[derive(Clone, Default)]
struct Trouble {
    cut: Arc<AtomicBool>,
    bad: Arc<AtomicBool>,
}

impl Trouble {
    fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    fn is_bad(&self) -> bool {
        self.bad.load(Ordering::Relaxed)
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.decoder.read(buf) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.trouble.cut.store(true, Ordering::Relaxed);
                Ok(0)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
                self.trouble.bad.store(true, Ordering::Relaxed);
                Ok(0)
            }
            result => result,
        }
    }
}

/// Reads a capture of which the start was read already.
fn frames(start: Vec<u8>, source: impl Read + Send, each: &mut impl FnMut(Frame<'_>)) -> (u64, Result<(), Error>) {
    let mut number = 0;
    if let Some(error) = other_format(&start) {
        return (number, Err(error));
    }
    let mut reader = match pcap_parser::create_reader(BUFFER, Cursor::new(start).chain(source)) {
        Ok(reader) => reader,
        Err(PcapError::ReadError) => return (number, Err(Error::Read)),
        Err(_) => return (number, Err(Error::NotACapture)),
    };
    let mut interfaces = Interfaces::default();
    let mut incomplete = None;
    let result = loop {
        match reader.next() {
            Ok((length, block)) => {
                if let Some(Packet { time, link_type, bytes, length }) = interfaces.packet(&block) {
                    // Every packet counts, read or not, so that the numbers are those of tshark.
                    number += 1;
                    each(Frame { number, time, link_type, bytes, length });
                }
                reader.consume(length);
                incomplete = None;
            }
            Err(PcapError::Eof) => break Ok(()),
            Err(PcapError::UnexpectedEof) => break Err(Error::Cut),
            Err(PcapError::Incomplete(_)) => {
                // No more bytes than the last time: the record cannot be completed.
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

/// The interfaces that the headers describe.
#[derive(Default)]
struct Interfaces {
    nanoseconds: bool,
    /// Link type and time stamp units of each interface of the section; a pcap file has one.
    list: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link_type: LinkType,
    units_per_second: u64,
    offset: i64,
}

struct Packet<'a> {
    time: (u64, u32),
    link_type: LinkType,
    bytes: &'a [u8],
    length: usize,
}

fn length(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

impl Interfaces {
    fn packet<'a>(&mut self, block: &'a PcapBlockOwned<'_>) -> Option<Packet<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.nanoseconds = header.is_nanosecond_precision();
                let link_type = LinkType::from_header(header.network.0);
                self.list = vec![Interface { link_type, units_per_second: 0, offset: 0 }];
                None
            }
            PcapBlockOwned::Legacy(block) => {
                let unit = if self.nanoseconds { 1 } else { 1_000 };
                let time = (u64::from(block.ts_sec), block.ts_usec.saturating_mul(unit));
                let link_type = self.list.first()?.link_type;
                Some(Packet { time, link_type, bytes: block.data, length: length(block.origlen) })
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
                // Bounded: a damaged file may describe interfaces without end.
                if self.list.len() < MAX_INTERFACES {
                    self.list.push(Interface {
                        link_type: LinkType::from_header(description.linktype.0),
                        units_per_second: description.ts_resolution().unwrap_or(1_000_000),
                        offset: description.ts_offset(),
                    });
                }
                None
            }
            Block::EnhancedPacket(packet) => {
                let interface = self.list.get(usize::try_from(packet.if_id).ok()?)?;
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                Some(Packet {
                    time: interface.time(units),
                    link_type: interface.link_type,
                    bytes: packet.packet_data(),
                    length: length(packet.origlen),
                })
            }
            Block::SimplePacket(packet) => Some(Packet {
                time: (0, 0),
                link_type: self.list.first()?.link_type,
                bytes: packet.packet_data(),
                length: length(packet.origlen),
            }),
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
