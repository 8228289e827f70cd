//! Tables of sizes beside the optimum.

use mppc::level::{self, Level};
use mppc::{Compressor, Expansion};

use super::corpus::{self, Corpus};
use super::foreign::{FreeRdp, Zlib};
use super::optimum::Optimum;
use super::{SETTINGS, Setting, ironrdp, send, send_freerdp};

fn size<L: Level>(level: L, expansion: Expansion, packets: &[Vec<u8>], flush: bool) -> usize {
    let mut compressor = Box::new(Compressor::new(level).with_expansion(expansion));
    send(&mut compressor, packets, flush).iter().map(|(_, payload)| payload.len()).sum()
}

fn ironrdp_size(packets: &[Vec<u8>], flush: bool) -> usize {
    let mut codec = ironrdp();
    let mut size = |packet: &Vec<u8>| {
        if flush {
            codec.reset();
        }
        codec.compress(packet).expect("a packet").0
    };
    packets.iter().map(&mut size).sum()
}

fn zlib_size(library: Zlib, packets: &[Vec<u8>], flush: bool) -> usize {
    let mut stream = library.deflater(1);
    let mut buf = vec![0; 16384];
    let mut size = |packet: &Vec<u8>| {
        if flush {
            stream.reset();
        }
        stream.compress(packet, &mut buf)
    };
    packets.iter().map(&mut size).sum()
}

/// One line: the least bytes, then everybody's.
struct Row {
    name: String,
    plain: usize,
    optimum: usize,
    ours: [usize; 3],
    peers: [Option<usize>; 3],
}

fn row(corpus: &Corpus, setting: Setting, expansion: Expansion) -> Row {
    let packets = corpus.packets(setting.size);
    let mut optimum = Optimum::new();
    let mut least = |packet: &Vec<u8>| {
        if setting.flush {
            optimum.flush();
        }
        optimum.packet(packet, expansion == Expansion::Flush)
    };
    let flush = setting.flush;
    let (keep, name) = match expansion {
        Expansion::Flush => (false, corpus.name.to_owned()),
        _ => (true, format!("{}, Keep", corpus.name)),
    };
    let freerdp = FreeRdp::load().filter(|_| !keep).map(|library| {
        let sent = send_freerdp(&mut library.context(true), &packets, flush);
        sent.iter().map(|(_, payload)| payload.len()).sum()
    });
    Row {
        name,
        plain: packets.iter().map(Vec::len).sum(),
        optimum: packets.iter().map(&mut least).sum(),
        ours: [
            size(level::Fast, expansion, &packets, flush),
            size(level::Default, expansion, &packets, flush),
            size(level::Max, expansion, &packets, flush),
        ],
        peers: [
            freerdp,
            (!keep).then(|| ironrdp_size(&packets, flush)),
            Zlib::load().filter(|_| !keep).map(|library| zlib_size(library, &packets, flush)),
        ],
    }
}

impl Row {
    fn over(&self, size: usize) -> f64 {
        (size as f64 / self.optimum as f64 - 1.0) * 100.0
    }

    fn print(&self) {
        print!("| {} | {:.3} |", self.name, self.plain as f64 / self.optimum as f64);
        for size in self.ours {
            print!(" {:.3} (+{:.1} %) |", self.plain as f64 / size as f64, self.over(size));
        }
        for peer in self.peers {
            match peer {
                Some(size) => print!(" {:.3} |", self.plain as f64 / size as f64),
                None => print!(" – |"),
            }
        }
        println!();
    }
}

/// Returns the geometric mean of how much more than the optimum somebody has, in percent.
fn mean(rows: &[Row], size: impl Fn(&Row) -> Option<usize>) -> Option<f64> {
    let logarithms: Option<Vec<f64>> =
        rows.iter().map(|row| Some((size(row)? as f64 / row.optimum as f64).ln())).collect();
    let logarithms = logarithms?;
    Some(((logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp() - 1.0) * 100.0)
}

fn goal(text: &str, reached: f64, at_most: f64) {
    let missed = if reached <= at_most { "" } else { "  MISSED" };
    println!("  {text}: {reached:.2} %, goal at most {at_most:.1} %{missed}");
}

/// Prints corpora, ratios and goals.
pub fn main() {
    let compressible = corpus::compressible();
    for corpus in compressible.iter().chain(&corpus::extreme()) {
        println!("{:8} {:7} bytes, SHA-256 {}, {}", corpus.name, corpus.bytes(), corpus.sha256(), corpus.source);
    }
    if FreeRdp::load().is_none() {
        println!("skipped: FreeRDP: libfreerdp2.so.2 is not there (Debian: apt-get install libfreerdp2-2)");
    }
    for setting in SETTINGS {
        println!("\n{setting}: plain / payload, and bytes over the optimum\n");
        println!("| corpus | optimum | Fast | Default | Max | FreeRDP | IronRDP | zlib 1 |");
        println!("|---|---|---|---|---|---|---|---|");
        let rows: Vec<Row> = compressible.iter().map(|corpus| row(corpus, setting, Expansion::Flush)).collect();
        for row in &rows {
            row.print();
        }
        for corpus in corpus::extreme() {
            row(&corpus, setting, Expansion::Flush).print();
        }
        for corpus in compressible.iter().filter(|corpus| corpus.name == "mixed" && !setting.flush) {
            row(corpus, setting, Expansion::Keep).print();
        }
        println!();
        for (level, name) in ["Fast", "Default", "Max"].into_iter().enumerate() {
            let mean = mean(&rows, |row| Some(row.ours[level])).unwrap_or(0.0);
            let worst = rows.iter().map(|row| row.over(row.ours[level])).fold(0.0, f64::max);
            match level {
                0 => println!("  Fast over the optimum: {mean:.2} %, at most {worst:.2} %"),
                1 => {
                    goal("Default over the optimum", mean, 6.0);
                    goal("Default, worst corpus", worst, 8.0);
                }
                _ => {
                    goal(&format!("{name} over the optimum"), mean, 2.0);
                    goal(&format!("{name}, worst corpus"), worst, 3.5);
                }
            }
        }
        for (peer, name) in ["FreeRDP", "IronRDP", "zlib level 1"].into_iter().enumerate() {
            let Some(mean) = mean(&rows, |row| row.peers[peer]) else { continue };
            let smaller = rows.iter().filter(|row| row.peers[peer].is_some_and(|size| row.ours[0] <= size)).count();
            let goal = if peer < 2 && smaller < rows.len() { "  MISSED" } else { "" };
            println!("  {name} over the optimum: {mean:.2} %; Fast is as small on {smaller} of {}{goal}", rows.len());
        }
    }
}
