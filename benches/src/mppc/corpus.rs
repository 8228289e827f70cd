//! Data to compress: text that a seed makes, and files that every Debian system has.

use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes of a corpus, about.
const LEN: usize = 512 * 1024;

/// SplitMix64: numbers that are the same everywhere.
#[derive(Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// Returns the next number.
    pub fn next_number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next_number() % end
    }

    fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[usize::try_from(self.below(values.len() as u64)).expect("an index")]
    }

    fn byte(&mut self) -> u8 {
        self.next_number().to_be_bytes()[0]
    }
}

/// How packets are made of the bytes.
#[derive(Debug, Clone, Copy)]
enum Cut {
    /// One piece after the other.
    Pieces,
    /// The same, and every eighth is random.
    Mixed,
    /// IPv4 and TCP headers in front of the pieces, with acknowledgements between.
    Ip,
}

/// A named body of packets.
#[derive(Debug)]
pub struct Corpus {
    /// Its name in the tables.
    pub name: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    bytes: Vec<u8>,
    cut: Cut,
}

impl Corpus {
    /// Returns the digest of the bytes, before they are cut.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns how many bytes there are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Returns packets of `size` bytes, which may be headers in part.
    #[must_use]
    pub fn packets(&self, size: usize) -> Vec<Vec<u8>> {
        let pieces = |size| self.bytes.chunks_exact(size).map(<[u8]>::to_vec);
        match self.cut {
            Cut::Pieces => pieces(size).collect(),
            Cut::Mixed => {
                let mut numbers = Numbers(77);
                let random = |size| std::iter::repeat_with(|| numbers.byte()).take(size).collect();
                let mut random: Box<dyn FnMut(usize) -> Vec<u8>> = Box::new(random);
                let mix = |(index, piece): (usize, Vec<u8>)| if index % 8 == 5 { random(size) } else { piece };
                pieces(size).enumerate().map(mix).collect()
            }
            Cut::Ip => ip(pieces(size - IP_HEADERS)),
        }
    }
}

/// PPP protocol (2), IPv4 (20), TCP (20) with timestamps (12).
const IP_HEADERS: usize = 54;

fn ip(pieces: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let (mut identification, mut sequence, mut clock) = (1000_u16, 0x1234_5678_u32, 0x0011_2233_u32);
    let mut headers = |length: usize, sequence: u32, from: u8, to: u8| {
        identification = identification.wrapping_add(1);
        clock = clock.wrapping_add(3);
        let total = u16::try_from(length + IP_HEADERS - 2).expect("a packet");
        let checksum = (identification ^ total).wrapping_mul(40_503);
        let mut packet = vec![0x00, 0x21, 0x45, 0x00];
        packet.extend(total.to_be_bytes());
        packet.extend(identification.to_be_bytes());
        packet.extend([0x40, 0x00, 64, 6]);
        packet.extend(checksum.to_be_bytes());
        packet.extend([10, 0, 0, from, 10, 0, 0, to, 0, 80, 0xc3, 0x50]);
        packet.extend(sequence.to_be_bytes());
        packet.extend([0x9a, 0xbc, 0xde, 0xf0, 0x80, 0x18, 0x01, 0xf5]);
        packet.extend(checksum.wrapping_mul(977).to_be_bytes());
        packet.extend([0, 0, 1, 1, 8, 10]);
        packet.extend(clock.to_be_bytes());
        packet.extend((clock - u32::from(identification & 7)).to_be_bytes());
        packet
    };
    for (index, piece) in pieces.enumerate() {
        let mut packet = headers(piece.len(), sequence, 1, 2);
        packet.extend(&piece);
        packets.push(packet);
        sequence = sequence.wrapping_add(u32::try_from(piece.len()).expect("a packet"));
        if index % 2 == 1 {
            packets.push(headers(0, sequence, 2, 1));
        }
    }
    packets
}

/// Returns the eight corpora over which means are taken; those whose files are missing are left out
/// with a message.
#[must_use]
pub fn compressible() -> Vec<Corpus> {
    let generated = |name, seed, bytes| Some(Corpus { name, source: seed, bytes, cut: Cut::Pieces });
    let corpora = [
        Some(from_seed()),
        file("text", "base-files: /usr/share/common-licenses/*", "/usr/share/common-licenses", "", 0),
        file(
            "perl",
            "perl-base: /usr/lib/x86_64-linux-gnu/perl-base/*.pm",
            "/usr/lib/x86_64-linux-gnu/perl-base",
            ".pm",
            0,
        ),
        file(
            "elf",
            "libc6: /lib/x86_64-linux-gnu/libc.so.6, second half MiB",
            "/lib/x86_64-linux-gnu/libc.so.6",
            "",
            LEN,
        ),
        generated("json", "seed 2", json()),
        generated("syslog", "seed 3", syslog()),
        Some(Corpus { name: "ip", source: "seed 1, with headers", bytes: html(), cut: Cut::Ip }),
        Some(Corpus { name: "mixed", source: "seed 1, one packet in eight random", bytes: html(), cut: Cut::Mixed }),
    ];
    corpora.into_iter().flatten().collect()
}

/// Returns a corpus that compresses well, and is the same on every machine.
#[must_use]
pub fn from_seed() -> Corpus {
    Corpus { name: "html", source: "seed 1", bytes: html(), cut: Cut::Pieces }
}

/// Returns the corpora at an end of the scale.
#[must_use]
pub fn extreme() -> Vec<Corpus> {
    let mut numbers = Numbers(9);
    let random = std::iter::repeat_with(|| numbers.byte()).take(LEN).collect();
    vec![
        Corpus { name: "zeros", source: "zeros", bytes: vec![0; LEN], cut: Cut::Pieces },
        Corpus { name: "random", source: "seed 9", bytes: random, cut: Cut::Pieces },
    ]
}

/// Returns a file, or the files of a folder in the order of their names, from a byte on.
fn file(name: &'static str, source: &'static str, path: &str, suffix: &str, from: usize) -> Option<Corpus> {
    let path = Path::new(path);
    let mut files = Vec::new();
    if let Ok(folder) = std::fs::read_dir(path) {
        let entries = folder.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        files.extend(entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(suffix)));
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut bytes: Vec<u8> = files.iter().flat_map(|path| std::fs::read(path).unwrap_or_default()).collect();
    bytes.drain(..from.min(bytes.len()));
    bytes.truncate(LEN);
    if bytes.len() < LEN / 4 {
        println!("skipped: corpus {name}: {} is not there", path.display());
        return None;
    }
    Some(Corpus { name, source, bytes, cut: Cut::Pieces })
}

/// Words of syllables; a low index is the more frequent.
struct Words(Vec<String>);

impl Words {
    fn new(numbers: &mut Numbers) -> Self {
        let onsets = [
            "b", "c", "d", "f", "g", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pr", "ch", "th", "sh", "qu",
            "",
        ];
        let vowels = ["a", "e", "i", "o", "u", "ea", "ou", "io"];
        let codas = ["", "n", "r", "s", "t", "l", "m", "nt", "ng", "st", "ck"];
        let mut word = || {
            let syllables = 1 + numbers.below(3);
            let syllable = |_| [*numbers.pick(&onsets), *numbers.pick(&vowels), *numbers.pick(&codas)].concat();
            (0..syllables).map(syllable).collect()
        };
        Self((0..1200).map(|_| word()).collect())
    }

    fn next(&self, numbers: &mut Numbers) -> &str {
        let index = numbers.below(1200).min(numbers.below(1200)).min(numbers.below(1200));
        &self.0[usize::try_from(index).expect("an index")]
    }
}

fn generated(seed: u64, mut more: impl FnMut(&mut Numbers, &Words, &mut String)) -> Vec<u8> {
    let mut numbers = Numbers(seed);
    let words = Words::new(&mut numbers);
    let mut text = String::new();
    while text.len() < LEN {
        more(&mut numbers, &words, &mut text);
    }
    text.truncate(LEN);
    text.into_bytes()
}

fn html() -> Vec<u8> {
    generated(1, |numbers, words, text| {
        let (name, kind) = (words.next(numbers), words.next(numbers));
        let (first, last) = (numbers.below(900), numbers.below(900));
        let primitive = *numbers.pick(&["bool", "u32", "usize", "str"]);
        *text += &format!(
            "<section id=\"method.{name}_{kind}\" class=\"method\"><a class=\"src rightside\" \
             href=\"../src/{name}/lib.rs.html#{first}-{last}\">Source</a><h4 class=\"code-header\">pub fn \
             <a href=\"#method.{name}_{kind}\" class=\"fn\">{name}_{kind}</a>(&amp;self, <a class=\"struct\" \
             href=\"struct.{kind}.html\" title=\"struct {name}::{kind}\">{kind}</a>) -&gt; <a class=\"primitive\" \
             href=\"https://doc.example.org/std/primitive.{primitive}.html\">{primitive}</a></h4></section>\n\
             <div class=\"docblock\"><p>"
        );
        for _ in 0..5 + numbers.below(30) {
            *text += words.next(numbers);
            *text += " ";
            if numbers.below(9) == 0 {
                *text += &format!("<code>{}</code> ", words.next(numbers));
            }
        }
        *text += "</p>\n</div>\n";
    })
}

fn json() -> Vec<u8> {
    let mut clock = 1_763_700_000_000_u64;
    generated(2, |numbers, words, text| {
        clock += numbers.below(5000);
        let level = *numbers.pick(&["INFO", "INFO", "WARN", "ERROR", "DEBUG"]);
        let service = *numbers.pick(&["api", "auth", "billing", "search"]);
        let (request, user) = (numbers.next_number(), numbers.below(100_000));
        let (first, last) = (words.next(numbers), words.next(numbers));
        let (whole, part) = (numbers.below(900), numbers.below(1000));
        *text += &format!(
            "{{\"timestamp\":{clock},\"level\":\"{level}\",\"service\":\"{service}\",\"request_id\":\"{request:016x}\",\
             \"user\":{{\"id\":{user},\"name\":\"{first} {last}\"}},\"duration_ms\":{whole}.{part:03},\"message\":\""
        );
        let message: Vec<&str> = (0..4).map(|_| words.next(numbers)).collect();
        *text += &message.join(" ");
        *text += "\"}\n";
    })
}

fn syslog() -> Vec<u8> {
    let mut clock = 30_000_u64;
    generated(3, |numbers, words, text| {
        clock += numbers.below(20);
        let (hour, minute, second) = (clock / 3600 % 24, clock / 60 % 60, clock % 60);
        let (address, user) = (numbers.below(250), words.next(numbers));
        let (process, port) = (numbers.below(30_000), 1024 + numbers.below(60_000));
        let message = match numbers.below(5) {
            0 => format!("sshd[{process}]: Accepted publickey for {user} from 192.0.2.{address} port {port} ssh2"),
            1 => {
                format!(
                    "sshd[{process}]: Failed password for invalid user {user} from 192.0.2.{address} port {port} ssh2"
                )
            }
            2 => {
                let (micros, length, ttl) = (numbers.below(1_000_000), numbers.below(1500), numbers.below(128));
                let to = numbers.pick(&[22, 80, 443, 23]);
                format!(
                    "kernel: [{}.{micros:06}] IN=eth0 OUT= SRC=192.0.2.{address} DST=198.51.100.7 LEN={length} \
                     TTL={ttl} PROTO=TCP SPT={port} DPT={to} SYN",
                    clock * 7
                )
            }
            3 => format!("systemd[1]: Started {user}.service - {} {}.", words.next(numbers), words.next(numbers)),
            _ => format!("CRON[{process}]: ({user}) CMD (/usr/lib/{}/{})", words.next(numbers), words.next(numbers)),
        };
        *text += &format!("Nov 21 {hour:02}:{minute:02}:{second:02} gateway {message}\n");
    })
}
